//! `tls-required-unreachable`: a site demands https and cannot be reached over https.

use super::scopes::{access_text, set_access, site_key};
use super::steps::{self, Remedies};
use super::{Confidence, Context, Finding, Rule, Severity};
use crate::catalogue::{Setting, Value, access};
use crate::remedy::{Remedy, Risk, adsutil};
use crate::server::Generation;

pub(super) const RULE: Rule = Rule {
    name: "tls-required-unreachable",
    severity: Severity::High,
    confidence: Confidence::Firm,
    title: "https is demanded but the site cannot be reached over https",
    meaning: "The access flags at the root of the site demand https, but the site has no https binding, or on IIS 6 no server certificate to \
              show. Over http everybody is refused, over https nobody is answered: the site is closed. It happens when a certificate is removed \
              and the demand stays, or when a demand is inherited that nobody had in mind.",
    sees: "403.4 for everybody over http; https fails before IIS logs anything.",
    silent: "Silent when only a path below the root demands https, when the site has neither an http nor an https binding, and when the file has no \
             list of sites or does not tell whether there is a certificate. A missing certificate is only `likely`.",
    evidence: "MetaBase.xml, or applicationHost.config",
    fix: "Give the site an https binding with a certificate, or stop demanding https.",
    remedies: Remedies::both(
        &[steps::LOOK_BINDINGS, steps::SET_BINDINGS, steps::CERTIFICATE_6, steps::NO_HTTPS_6],
        &[
            steps::SHOW_RECORDS,
            steps::advice("add an https binding with a certificate to the site in IIS Manager, which writes the record"),
            steps::LOOK_ACCESS_7,
            steps::advice("or take Ssl out of the flags, which lets requests over http in"),
        ],
    ),
    references: &["KB224389", "KB198968", "KB243196"],
    check,
};

fn check(context: &Context<'_>, findings: &mut Vec<Finding>) {
    let server = context.server;
    if !server.lists_sites {
        return;
    }
    for site in server.sites.iter().filter(|site| site.declared) {
        let root = site.root();
        let Some(resolved) = root.settings.get(Setting::AccessFlags) else { continue };
        let Some(bits) = resolved.known().and_then(Value::flags) else { continue };
        let demand = bits & (access::SSL | access::SSL128);
        let https = site.has_binding("https");
        if demand == 0 || (!https && !site.has_binding("http")) {
            continue;
        }
        let certificate = root.settings.get(Setting::ServerCertificate);
        let bare = server.generation == Generation::Iis6 && certificate.and_then(|certificate| certificate.known()) == Some(&Value::None);
        let (lack, confidence) = match (https, bare) {
            (false, true) => ("has neither an https binding nor a server certificate", Confidence::Firm),
            (false, false) => ("has no https binding", Confidence::Firm),
            (true, true) => ("has an https binding but no server certificate", Confidence::Likely),
            (true, false) => continue,
        };
        let message = format!("The access flags {} demand https, but the site {lack}", access_text(server, bits));
        let mut finding = Finding::new(&RULE, server, message)
            .site(site)
            .path("/")
            .setting(Setting::AccessFlags)
            .at(resolved.origin.place())
            .related(site.place, "the site")
            .confidence(confidence)
            .remedy(Remedy::advice(
                Risk::Safe,
                match server.generation {
                    Generation::Iis6 => "install a server certificate with the wizard in IIS Manager; a command cannot set one",
                    Generation::Iis7 | Generation::IisExpress => "add an https binding with a server certificate in IIS Manager",
                },
            ));
        if let (Some(key), false) = (site_key(server, site), https) {
            finding = finding.remedy(Remedy::offer(
                Risk::Safe,
                "listens for https on port 443 of every address; choose another address if that one is taken; SecureBindings was empty",
                adsutil::set(&key, "SecureBindings", ":443:"),
            ));
        }
        let what = "serves the site over plain http and without client certificates, if neither is meant to be demanded";
        findings.push(finding.remedy(set_access(server, root, Risk::WeakensSecurity, what, bits, bits & !access::KNOWN)));
    }
}

#[cfg(test)]
mod tests {
    use super::super::testing::{SERVICE, apphost, findings, fixture, metabase, paths};
    use super::*;
    use crate::server::Server;

    fn iis6(service: &str, site: &str, root: &str) -> Server {
        metabase(&format!(
            r#"{service}<IIsWebServer Location="/LM/W3SVC/1" ServerBindings=":80:" {site}></IIsWebServer>
               <IIsWebVirtualDir Location="/LM/W3SVC/1/ROOT" {root}></IIsWebVirtualDir>
               <IIsWebVirtualDir Location="/LM/W3SVC/1/ROOT/app" AccessSSLFlags="8"></IIsWebVirtualDir>"#
        ))
    }

    const TLS: &str = r#"AccessSSLFlags="8""#;

    #[test]
    fn a_demand_without_an_https_binding_closes_the_site() {
        let found = findings(&RULE, &iis6(SERVICE, "", TLS));
        assert_eq!((found.len(), found[0].severity, found[0].confidence), (1, Severity::High, Confidence::Firm));
        assert_eq!(found[0].remedies.last().unwrap().risk, Risk::WeakensSecurity);
    }

    #[test]
    fn an_inherited_demand_counts_too() {
        let service = r#"<IIsWebService Location="/LM/W3SVC" AccessSSLFlags="264"></IIsWebService>"#;
        assert_eq!(findings(&RULE, &iis6(service, "", "")).len(), 1);
    }

    #[test]
    fn a_missing_certificate_is_likely() {
        let found = findings(&RULE, &iis6(SERVICE, r#"SecureBindings=":443:""#, TLS));
        assert_eq!(found[0].confidence, Confidence::Likely);
        assert!(found[0].message.contains("no server certificate"));
    }

    #[test]
    fn a_reachable_site_and_a_demand_below_the_root_are_silent() {
        assert!(findings(&RULE, &iis6(SERVICE, r#"SecureBindings=":443:" SSLCertHash="aa""#, TLS)).is_empty());
        assert!(findings(&RULE, &iis6(SERVICE, "", r#"AccessSSLFlags="0""#)).is_empty());
    }

    #[test]
    fn a_site_switched_off_is_low() {
        assert_eq!(findings(&RULE, &iis6(SERVICE, r#"ServerAutoStart="FALSE""#, TLS))[0].severity, Severity::Low);
    }

    #[test]
    fn on_iis_7_the_binding_decides() {
        let site = |bindings: &str| {
            apphost(&format!(
                r#"<system.applicationHost><sites><site name="S" id="1"><application path="/"/><bindings>{bindings}</bindings></site></sites></system.applicationHost>
                   <location path="S"><system.webServer><security><access sslFlags="Ssl"/></security></system.webServer></location>"#
            ))
        };
        let (http, https) =
            (r#"<binding protocol="http" bindingInformation="*:80:"/>"#, r#"<binding protocol="https" bindingInformation="*:443:"/>"#);
        assert_eq!(paths(&findings(&RULE, &site(http))), ["/"]);
        assert!(findings(&RULE, &site(&format!("{http}{https}"))).is_empty());
        assert!(findings(&RULE, &site("")).is_empty());
    }

    #[test]
    fn the_sample_with_this_state_is_found_and_a_file_without_sites_is_silent() {
        assert_eq!(paths(&findings(&RULE, &fixture("metabase/08_contradictory_flags.xml"))), ["/"]);
        assert!(findings(&RULE, &fixture("metabase/01_working_failing_pair.xml")).is_empty());
        assert!(findings(&RULE, &fixture("apphost/F5_locking_and_webconfig.config")).is_empty());
    }
}
