//! `hsts-not-enforced`: a benchmark asks for HSTS, and the hsts element of the site does not give it.

use super::steps::{self, Remedies};
use super::{Confidence, Context, Finding, Profile, Rule, Severity};
use crate::remedy::{Remedy, Risk, appcmd};
use crate::server::{Generation, Hsts, WindowsVersion};

pub(super) const RULE: Rule = Rule {
    name: "hsts-not-enforced",
    severity: Severity::Low,
    confidence: Confidence::Likely,
    title: "HSTS is not on, as the benchmark asks",
    meaning: "With HSTS a browser that has seen the site once uses https only. CIS asks that it be on. The STIG asks it of the defaults of all \
              sites, with includeSubDomains, a max-age and the redirection of http; a site with an element of its own replaces the defaults as a \
              whole, so that each site is judged by what is in effect for it. Likely, because a custom header of the site can do the same.",
    sees: "Nothing: browsers may still come by http.",
    silent: "Runs under a profile only. Silent for sites without an https binding, on IIS 6 and IIS Express, and before Windows Server 2019, whose IIS \
             has no such element, where `--windows` or a file tells the version. A header written by customHeaders or by an application is not seen.",
    evidence: "applicationHost.config",
    fix: "Set the hsts element in siteDefaults, with a short max-age first: a browser that has remembered it comes by https only.",
    remedies: Remedies::iis7(
        "IIS 6 has no such element, only custom headers",
        &[
            steps::site_element!("switches HSTS on for the site; from Windows Server 2019 on", "hsts", "hsts", "enabled", "true"),
            steps::advice(
                "begin with a short max-age, and lengthen it when nothing breaks: a browser that has remembered it comes by https only",
            ),
        ],
    ),
    references: &[
        "STIG IIS 10.0 Server V3R7: V-218827",
        "CIS IIS 10: 7.1",
        "MicrosoftDocs/iis-docs: iis/configuration/system.applicationHost/sites/site/hsts.md",
    ],
    check,
};

fn check(context: &Context<'_>, findings: &mut Vec<Finding>) {
    let server = context.server;
    let Some(profile) = context.profile.filter(|_| server.generation == Generation::Iis7) else { return };
    if server.windows.is_some_and(|windows| windows < WindowsVersion::Server2019) {
        return;
    }
    for site in server.sites.iter().filter(|site| site.declared && site.has_binding("https")) {
        let hsts = site.elements.hsts.as_deref();
        let lacking = lacking(hsts, profile);
        if lacking.is_empty() {
            continue;
        }
        let message = match hsts {
            None => "Neither the site nor siteDefaults has an hsts element, so HSTS is off unless a header of the site does it".to_owned(),
            Some(_) => format!("The hsts element in effect has {}", lacking.join(", ")),
        };
        let values: &[(&str, &str)] = match profile {
            Profile::Stig => &[
                ("hsts.enabled", "true"),
                ("hsts.max-age", "480"),
                ("hsts.includeSubDomains", "true"),
                ("hsts.redirectHttpToHttps", "true"),
            ],
            Profile::Cis => &[("hsts.enabled", "true"), ("hsts.max-age", "480")],
        };
        let what = "puts HSTS into the site with a short time; raise it when every host name answers on https";
        findings.push(
            Finding::new(&RULE, server, message).site(site).at(hsts.map(|hsts| hsts.place).or(site.place)).remedy(Remedy::offer(
                Risk::Safe,
                what,
                appcmd::set_site(Some(&site.name), values),
            )),
        );
    }
}

/// What the element lacks of what the benchmark asks for.
fn lacking(hsts: Option<&Hsts>, profile: Profile) -> Vec<&'static str> {
    let Some(hsts) = hsts else { return vec!["no element"] };
    let mut lacking = Vec::new();
    if !hsts.enabled.value {
        lacking.push("enabled false");
    }
    if hsts.max_age.value == 0 {
        lacking.push("max-age 0");
    }
    if profile == Profile::Stig {
        if !hsts.include_sub_domains.value {
            lacking.push("includeSubDomains false");
        }
        if !hsts.redirect_http_to_https.value {
            lacking.push("redirectHttpToHttps false");
        }
    }
    lacking
}

#[cfg(test)]
mod tests {
    use super::super::testing::apphost;
    use super::*;

    fn found(own: &str, defaults: &str, profile: Profile, windows: Option<WindowsVersion>) -> Vec<Finding> {
        let mut server = apphost(&format!(
            r#"<system.applicationHost><sites><site name="A" id="1"><application path="/"/><bindings><binding protocol="https" bindingInformation="*:443:"/></bindings>{own}</site>
               <site name="B" id="2"><application path="/"/><bindings><binding protocol="http" bindingInformation="*:80:"/></bindings></site>
               <siteDefaults>{defaults}</siteDefaults></sites></system.applicationHost>"#
        ));
        server.windows = windows;
        let mut findings = Vec::new();
        (RULE.check)(&Context { profile: Some(profile), ..Context::new(&server) }, &mut findings);
        findings
    }

    const WHOLE: &str = r#"<hsts enabled="true" max-age="300" includeSubDomains="true" redirectHttpToHttps="true"/>"#;
    const SHORT: &str = r#"<hsts enabled="true" max-age="300"/>"#;

    #[test]
    fn the_stig_asks_for_more_than_cis_and_a_site_replaces_the_defaults() {
        assert!(found("", WHOLE, Profile::Stig, None).is_empty());
        let stig = found(SHORT, WHOLE, Profile::Stig, None);
        assert!(stig[0].message.contains("includeSubDomains false") && stig[0].message.contains("redirectHttpToHttps false"));
        assert!(found(SHORT, "", Profile::Cis, None).is_empty());
        let off = found(r#"<hsts enabled="false" max-age="300"/>"#, WHOLE, Profile::Cis, None);
        assert!(off.len() == 1 && off[0].message.contains("enabled false"));
    }

    #[test]
    fn a_site_without_any_element_is_told_and_an_older_windows_is_not_asked() {
        let none = found("", "", Profile::Cis, None);
        assert!(none.len() == 1 && none[0].message.contains("Neither"), "{none:?}");
        assert!(found("", "", Profile::Cis, Some(WindowsVersion::Server2016)).is_empty());
        assert_eq!(found("", "", Profile::Cis, Some(WindowsVersion::Server2019)).len(), 1);
    }
}
