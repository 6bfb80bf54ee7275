//! `plain-http-beside-https`: a site has https, and serves the same over plain http.

use super::scopes::set_access;
use super::steps::{self, Remedies};
use super::{Confidence, Context, Finding, Rule, Severity};
use crate::catalogue::{Setting, access};
use crate::remedy::{Remedy, Risk, appcmd};
use crate::server::{Binding, Generation, Hsts, HttpRedirect, Site};

pub(super) const RULE: Rule = Rule {
    name: "plain-http-beside-https",
    severity: Severity::Info,
    confidence: Confidence::Likely,
    title: "A site with https serves the same over plain http",
    meaning: "The site has an http and an https binding, does not demand https at its root, and no file that was given redirects http to https. \
              Whoever types the name without https stays on plain http, where a page and its cookies can be read and changed, and where no \
              client certificate can be asked for.",
    sees: "The page is served over http.",
    silent: "Silent when the root demands https or wants certificates without it (then `certificate-wanted-without-tls`), when HSTS, \
             httpRedirect or a rule of the URL Rewrite module redirects to https, when no host name has both bindings, when http is bound to \
             the machine itself only, for sites that a product's setup writes (such as Exchange), for sites that do not start by themselves, \
             and for IIS Express. It is likely and not firm, because a web.config that was not given or the application itself may redirect. \
             IIS 6 is left out: its redirection is not read.",
    evidence: "applicationHost.config and web.config",
    fix: "Redirect with HSTS (IIS 10, version 1709), or demand https; leave it for a site that is meant to be public over http, such as one that \
          publishes CRLs.",
    remedies: Remedies::iis7(
        "the rule judges HSTS and redirects of later versions",
        &[
            steps::site_element!("says for how many seconds a browser keeps to https; HSTS needs IIS 10, version 1709, or later", "hsts", "hsts", "max-age", number "31536000"),
            steps::site_element!("redirects http to https", "hsts", "hsts", "redirectHttpToHttps", "true"),
            steps::site_element!("switches both on", "hsts", "hsts", "enabled", "true"),
            steps::HTTPS_7,
        ],
    ),
    references: &[
        "MicrosoftDocs/iis-docs: iis/configuration/system.applicationHost/sites/site/hsts.md",
        "MicrosoftDocs/iis-docs: iis/configuration/system.webServer/security/access.md",
    ],
    check,
};

/// A binding of http and one of https that the same name reaches.
fn pair(site: &Site) -> Option<(&Binding, &Binding)> {
    let of = |protocol: &'static str| {
        site.bindings.iter().filter(move |binding| binding.protocol.eq_ignore_ascii_case(protocol) && binding.fault.is_none())
    };
    let local =
        |binding: &Binding| binding.host.eq_ignore_ascii_case("localhost") || binding.ip == "[::1]" || binding.ip.starts_with("127.");
    let same = |a: &str, b: &str| a.is_empty() || b.is_empty() || a.eq_ignore_ascii_case(b);
    let https = of("https").next()?;
    of("http")
        .filter(|http| !local(http))
        .find_map(|http| Some((http, of("https").find(|https| same(&http.host, &https.host))?)))
        .filter(|_| !local(https))
}

/// Seconds in a year, the usual age of HSTS.
const YEAR: &str = "31536000";

/// The attributes of a `hsts` that redirects. One of the site replaces that of `siteDefaults`, so what is in effect is written along. With
/// an age of 0, the default, browsers would be told to forget what they know.
fn redirect(hsts: Option<&Hsts>) -> Vec<(&'static str, String)> {
    let mut attributes = vec![("hsts.enabled", "true".to_owned()), ("hsts.redirectHttpToHttps", "true".to_owned())];
    if hsts.is_none_or(|hsts| hsts.max_age.value == 0) {
        attributes.push(("hsts.max-age", YEAR.to_owned()));
    }
    if let Some(hsts) = hsts {
        let said = [
            ("hsts.max-age", hsts.max_age.place.filter(|_| hsts.max_age.value != 0).map(|_| hsts.max_age.value.to_string())),
            ("hsts.includeSubDomains", hsts.include_sub_domains.place.map(|_| hsts.include_sub_domains.value.to_string())),
            ("hsts.preload", hsts.preload.place.map(|_| hsts.preload.value.to_string())),
        ];
        attributes.extend(said.into_iter().filter_map(|(name, value)| Some((name, value?))));
    }
    attributes
}

fn check(context: &Context<'_>, findings: &mut Vec<Finding>) {
    let server = context.server;
    if server.generation != Generation::Iis7 {
        return;
    }
    for site in server.sites.iter().filter(|site| site.declared && site.auto_start) {
        let root = site.root();
        // Wishes for a certificate without TLS are worse, and have a rule of their own.
        let told = access::SSL | access::SSL128 | access::NEGOTIATE | access::REQUIRE | access::MAP;
        let Some(bits) = root.access().filter(|bits| bits & told == 0) else { continue };
        let hsts = site.elements.hsts.as_deref();
        let redirected = hsts.is_some_and(Hsts::redirects)
            || root.routing.redirect.as_deref().and_then(HttpRedirect::to_https).is_some()
            || root.routing.rewrites_to_https.is_some();
        if redirected || root.product.is_some() {
            continue;
        }
        let Some((http, https)) = pair(site) else { continue };
        let mut message = format!(
            "The site is served over plain http ({}) beside https ({}): its root does not demand https, and no file that was given redirects to it",
            http.written, https.written
        );
        if let Some(hsts) = hsts.filter(|hsts| hsts.enabled.value) {
            message.push_str("; HSTS is on without the redirect, so a browser uses https only after it has been there once");
            if hsts.max_age.value == 0 {
                message.push_str(", and with max-age 0 not even then");
            }
        }
        let mut finding = Finding::new(&RULE, server, message)
            .site(site)
            .path("/")
            .setting(Setting::AccessFlags)
            .at(Some(http.place))
            .related(Some(https.place), "the https binding");
        if https.port == Some(443) {
            let command = {
                let attributes = redirect(hsts);
                let attributes: Vec<(&str, &str)> = attributes.iter().map(|(name, value)| (*name, value.as_str())).collect();
                appcmd::set_site(Some(&site.name), &attributes)
            };
            let what = "redirects http to https on port 443, with HSTS; needs IIS 10, version 1709, or later";
            finding = finding.remedy(Remedy::offer(Risk::Safe, what, command));
        }
        let what = "demands https; whoever comes over http is then refused with 403.4";
        findings.push(finding.remedy(set_access(server, root, Risk::Safe, what, bits, bits | access::SSL)));
    }
}

#[cfg(test)]
mod tests {
    use super::super::testing::{SERVICE, apphost, findings, fixture, metabase};
    use super::*;

    fn site(bindings: &[(&str, &str)], inside: &str, body: &str) -> Vec<Finding> {
        let bindings: String =
            bindings.iter().map(|(protocol, text)| format!(r#"<binding protocol="{protocol}" bindingInformation="{text}"/>"#)).collect();
        findings(
            &RULE,
            &apphost(&format!(
                r#"<system.applicationHost><sites><site name="S" id="1"><application path="/"/><bindings>{bindings}</bindings>{inside}</site></sites></system.applicationHost>{body}"#
            )),
        )
    }

    const BOTH: &[(&str, &str)] = &[("http", "*:80:"), ("https", "*:443:")];

    #[test]
    fn http_that_nothing_redirects_is_told_once() {
        let found = site(BOTH, "", "");
        assert_eq!((found.len(), found[0].severity, found[0].confidence), (1, Severity::Info, Confidence::Likely));
        assert!(found[0].message.contains("*:80:") && found[0].remedies.len() == 2);
        let half = site(BOTH, r#"<hsts enabled="true"/>"#, "");
        assert!(half[0].message.contains("without the redirect") && half[0].message.contains("max-age 0"));
        let command = |inside: &str| site(BOTH, inside, "")[0].remedies[0].command.clone().unwrap();
        assert!(command(r#"<hsts enabled="false" max-age="7"/>"#).contains("[name='S'].hsts.max-age:7\""));
        assert!(command("").contains("hsts.max-age:31536000"), "{}", command(""));
        assert_eq!(site(BOTH, r#"<hsts redirectHttpToHttps="true"/>"#, "").len(), 1);
    }

    #[test]
    fn a_redirect_of_any_kind_or_a_demand_for_https_is_silent() {
        let web = |inside: &str| format!("<system.webServer>{inside}</system.webServer>");
        assert!(site(BOTH, r#"<hsts enabled="true" redirectHttpToHttps="true"/>"#, "").is_empty());
        assert!(site(BOTH, "", &web(r#"<httpRedirect enabled="true" destination="https://a"/>"#)).is_empty());
        assert!(site(BOTH, "", &web(r#"<security><access sslFlags="Ssl128"/></security>"#)).is_empty());
        let rule = r#"<rewrite><globalRules><rule name="r"><action type="Redirect" url="https://{HTTP_HOST}/{R:1}"/></rule></globalRules></rewrite>"#;
        assert!(site(BOTH, "", &web(rule)).is_empty());
        assert_eq!(site(BOTH, "", &web(r#"<httpRedirect enabled="true" destination="/owa"/>"#)).len(), 1);
    }

    #[test]
    fn only_bindings_that_one_name_reaches_stand_beside_each_other() {
        assert!(site(&[("http", "*:80:a.test"), ("https", "*:443:b.test")], "", "").is_empty());
        assert!(site(&[("http", "127.0.0.1:80:"), ("https", "*:443:")], "", "").is_empty());
        assert!(site(&[("http", "*:80:localhost"), ("https", "*:443:")], "", "").is_empty());
        assert!(site(&[("http", "*:80:")], "", "").is_empty());
        let found = site(&[("http", "*:80:x.test"), ("http", "*:80:B.test"), ("https", "*:8443:b.test")], "", "");
        assert!(found.len() == 1 && found[0].message.contains("*:80:B.test") && found[0].remedies.len() == 1);
    }

    #[test]
    fn exchange_iis_express_iis_6_and_sites_without_http_are_silent() {
        assert!(site(BOTH, r#"<application path="/owa" applicationPool="MSExchangeOWAAppPool"/>"#, "").is_empty());
        assert!(site(BOTH, "", "<add image='%IIS_BIN%'/>").is_empty());
        let iis6 = metabase(&format!(
            r#"{SERVICE}<IIsWebServer Location="/LM/W3SVC/1" ServerBindings=":80:" SecureBindings=":443:"></IIsWebServer>"#
        ));
        assert!(findings(&RULE, &iis6).is_empty());
        for path in ["apphost/F1_consistent_sni.config", "apphost/F4_flag_and_path_mistakes.config"] {
            assert!(findings(&RULE, &fixture(path)).is_empty(), "{path}");
        }
    }
}
