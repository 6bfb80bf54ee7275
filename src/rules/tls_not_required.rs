//! `tls-not-required`: a benchmark asks that the site demand https, and its root does not.

use super::profiles::roots;
use super::scopes::{access_text, set_access};
use super::steps::{self, Remedies};
use super::{Confidence, Context, Finding, Rule, Severity};
use crate::catalogue::{Setting, access};
use crate::remedy::{Remedy, Risk};

pub(super) const RULE: Rule = Rule {
    name: "tls-not-required",
    severity: Severity::Medium,
    confidence: Confidence::Likely,
    title: "The site does not demand https, as the benchmark asks",
    meaning: "The benchmark asks of a private site, and of a public one with authentication, that its access flags hold `Ssl`, so that nothing is \
              served over plain http. `SslNegotiateCert` and the like hold the word but not the flag. Whether a site is private, public or \
              behind something that ends TLS for it is in no file, so the finding is likely and the exemptions of the text are yours to judge.",
    sees: "The site answers over plain http.",
    silent: "Runs under a profile only. Judges the root of a site; `child-weakens-parent` speaks of paths below it that give the demand up. \
             Silent for IIS 6, for sites with neither an http nor an https binding, and where the flags cannot be read.",
    evidence: "applicationHost.config and web.config",
    fix: "Add `Ssl` to the access flags of the site; give it an https binding first if it has none.",
    remedies: Remedies::iis7(steps::NO_BENCHMARK, &[steps::LOOK_ACCESS_7, steps::HTTPS_7]),
    references: &[
        "STIG IIS 10.0 Site V2R15: V-218737, V-218738",
        "MicrosoftDocs/iis-docs: iis/configuration/system.webServer/security/access.md",
    ],
    check,
};

fn check(context: &Context<'_>, findings: &mut Vec<Finding>) {
    let server = context.server;
    for (site, root, resolved, bits) in roots(server).filter(|(.., bits)| bits & access::SSL == 0) {
        let https = site.has_binding("https");
        let mut message = format!("The access flags at the root are {}, without Ssl: https is not demanded", access_text(server, bits));
        message.push_str(match (https, site.declared) {
            (true, _) => "",
            (false, true) => "; the site has no https binding",
            (false, false) => "; the bindings of the site are not in this file",
        });
        let mut finding = Finding::new(&RULE, server, message)
            .site(site)
            .path("/")
            .setting(Setting::AccessFlags)
            .at(resolved.origin.place().or(site.place));
        if site.declared && !https {
            finding = finding.remedy(Remedy::advice(
                Risk::Safe,
                "first add an https binding with a server certificate in IIS Manager; without one the site would answer nobody",
            ));
        }
        findings.push(finding.remedy(set_access(server, root, Risk::Safe, "demands https", bits, bits | access::SSL)));
    }
}

#[cfg(test)]
mod tests {
    use super::super::testing::{apphost, findings, paths};
    use super::*;

    fn site(bindings: &str, flags: &str) -> Vec<Finding> {
        findings(
            &RULE,
            &apphost(&format!(
                r#"<system.applicationHost><sites><site name="S" id="1"><application path="/"/><bindings>{bindings}</bindings></site></sites></system.applicationHost>
                   <location path="S"><system.webServer><security><access sslFlags="{flags}"/></security></system.webServer></location>"#
            )),
        )
    }

    const HTTPS: &str = r#"<binding protocol="https" bindingInformation="*:443:"/>"#;
    const HTTP: &str = r#"<binding protocol="http" bindingInformation="*:80:"/>"#;

    #[test]
    fn flags_are_a_set_and_a_name_that_begins_with_ssl_is_not_the_flag() {
        for flags in ["None", "SslNegotiateCert", "SslNegotiateCert, SslRequireCert", "Ssl128"] {
            assert_eq!(paths(&site(HTTPS, flags)), ["/"], "{flags}");
        }
        for flags in ["Ssl", "SslNegotiateCert,  Ssl", "ssl,Ssl128"] {
            assert!(site(HTTPS, flags).is_empty(), "{flags}");
        }
    }

    #[test]
    fn a_site_without_https_is_told_to_get_a_binding_first() {
        let found = site(HTTP, "None");
        assert!(found[0].message.contains("no https binding"));
        assert!(found[0].remedies[0].command.is_none() && found[0].remedies[1].command.is_some());
    }

    #[test]
    fn a_site_that_speaks_neither_is_silent() {
        assert!(site(r#"<binding protocol="net.tcp" bindingInformation="808:*"/>"#, "None").is_empty());
    }
}
