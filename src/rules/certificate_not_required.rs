//! `certificate-not-required`: a benchmark asks that the site require client certificates, and its root does not.

use super::profiles::roots;
use super::scopes::{access_text, set_access};
use super::steps::{self, Remedies};
use super::{Confidence, Context, Finding, Rule, Severity};
use crate::catalogue::{Setting, access};
use crate::remedy::Risk;

pub(super) const RULE: Rule = Rule {
    name: "certificate-not-required",
    severity: Severity::Medium,
    confidence: Confidence::Likely,
    title: "The site does not require client certificates, as the benchmark asks",
    meaning: "The benchmark asks of a private site that its access flags hold `SslRequireCert`, so that nobody comes in without a certificate. \
              Merely asking for one is not enough for it. Whether a site is private, or one of the services that the text exempts, is in no file, \
              so the finding is likely.",
    sees: "Visitors without a certificate are served.",
    silent: "Runs under a profile only. Judges the root of a site; `child-weakens-parent` speaks of paths below it that give the demand up, \
             and `requires-certificate-never-asks` of a demand that cannot be met. Silent for IIS 6, for sites with neither an http nor an https \
             binding, and where the flags cannot be read.",
    evidence: "applicationHost.config and web.config",
    fix: "Set the access flags of the site to ask for and require a certificate, over https.",
    remedies: Remedies::iis7(steps::NO_BENCHMARK, &[steps::LOOK_ACCESS_7, steps::REQUIRE_7]),
    references: &["STIG IIS 10.0 Site V2R15: V-218749", "MicrosoftDocs/iis-docs: iis/configuration/system.webServer/security/access.md"],
    check,
};

fn check(context: &Context<'_>, findings: &mut Vec<Finding>) {
    let server = context.server;
    for (site, root, resolved, bits) in roots(server).filter(|(.., bits)| bits & access::REQUIRE == 0) {
        let mut message = format!("The access flags at the root are {}, without SslRequireCert", access_text(server, bits));
        message.push_str(match bits & access::NEGOTIATE {
            0 => ": no certificate is asked for",
            _ => ": a certificate is accepted, and not required",
        });
        findings.push(
            Finding::new(&RULE, server, message)
                .site(site)
                .path("/")
                .setting(Setting::AccessFlags)
                .at(resolved.origin.place().or(site.place))
                .remedy(set_access(
                    server,
                    root,
                    Risk::Safe,
                    "requires a client certificate; visitors without one get 403.7",
                    bits,
                    bits | access::SSL | access::NEGOTIATE | access::REQUIRE,
                )),
        );
    }
}

#[cfg(test)]
mod tests {
    use super::super::testing::{apphost, findings};
    use super::*;

    fn site(flags: &str) -> Vec<Finding> {
        findings(
            &RULE,
            &apphost(&format!(
                r#"<system.applicationHost><sites><site name="S" id="1"><application path="/"/><bindings><binding protocol="https" bindingInformation="*:443:"/></bindings></site></sites></system.applicationHost>
                   <location path="S"><system.webServer><security><access sslFlags="{flags}"/></security></system.webServer></location>"#
            )),
        )
    }

    #[test]
    fn accepting_a_certificate_is_not_requiring_it() {
        assert!(site("Ssl")[0].message.contains("no certificate is asked for"));
        let found = site("Ssl, SslNegotiateCert");
        assert!(found[0].message.contains("accepted, and not required"));
        assert!(found[0].remedies[0].command.as_ref().unwrap().contains("SslRequireCert"));
    }

    #[test]
    fn a_site_that_requires_one_is_silent() {
        assert!(site("Ssl, SslNegotiateCert, SslRequireCert").is_empty());
    }
}
