//! `child-weakens-parent`: a lower path takes away what the level above it demands.

use super::scopes::{Level, access_text, lost, mended, parents, risk_of, said_access, set_access};
use super::steps::{self, Remedies};
use super::{Confidence, Context, Finding, Rule, Severity};
use crate::catalogue::{Setting, access};
use crate::remedy::{Remedy, Risk};

pub(super) const RULE: Rule = Rule {
    name: "child-weakens-parent",
    severity: Severity::High,
    confidence: Confidence::Firm,
    title: "A path takes away protection that the level above it demands",
    meaning: "Access flags are one value: what a path says replaces what it would inherit, it is never added to it. So a path that was given one \
              flag for its own purpose silently drops the others, such as the demand for https or for a client certificate, for itself and for \
              everything below it.",
    sees: "The path is served without https, or without a client certificate, although the level above it demands one.",
    silent: "Says `low` when only asking for a certificate or 128-bit encryption is lost, or only the demand for https of a site without an \
             http binding. Silent at paths that a product's setup writes, such as those of Exchange, and where either value cannot be read.",
    evidence: "MetaBase.xml, or applicationHost.config and web.config",
    fix: "Repeat the demands of the level above in the value of the path, or remove that value so that it inherits. A path may be \
          public on purpose: a health probe, a place for CRLs, an enrolment page.",
    remedies: Remedies::both(
        &[
            steps::LOOK_ACCESS_6,
            steps::ACCESS_6,
            steps::adsutil!("or lets the path inherit", "delete W3SVC/SITE-ID/ROOT/PATH/AccessSSLFlags"),
        ],
        &[
            steps::LOOK_ACCESS_7,
            steps::ACCESS_7,
            steps::advice("or remove the section from the location or web.config that the finding names, so that the path inherits"),
        ],
    ),
    references: &[
        "TechNet cc787880 (inheritance in the metabase)",
        "MSDN: AccessSSLFlags",
        "MicrosoftDocs/iis-docs: iis/configuration/system.webServer/security/access.md",
    ],
    check,
};

/// The bits in the order of their weight, and what a visitor escapes when one is gone.
const DEMANDS: [(u32, &str); 4] = [
    (access::SSL, "the demand for https"),
    (access::REQUIRE, "the demand for a client certificate"),
    (access::NEGOTIATE, "the question for a client certificate"),
    (access::SSL128, "the demand for 128-bit encryption"),
];

fn check(context: &Context<'_>, findings: &mut Vec<Finding>) {
    let server = context.server;
    let mut above = (usize::MAX, Vec::new());
    for (said, bits) in said_access(server) {
        if said.scope.product.is_some() {
            continue;
        }
        // What stands above the root is no path of the site.
        if said.index != 0 && above.0 != said.site_index {
            above = (said.site_index, parents(said.site));
        }
        let Some(lost) = lost(server, &said, bits, above.1.get(said.index).copied().flatten()) else { continue };
        let names: Vec<&str> = DEMANDS.iter().filter(|(bit, _)| lost.bits & bit != 0).map(|(_, name)| *name).collect();
        let level = match lost.level {
            Level::Path(path) => path.to_owned(),
            Level::SiteKey if lost.parent.is_explicit() => "the key of the site".to_owned(),
            Level::SiteKey | Level::Server => "the server level".to_owned(),
        };
        let message = format!(
            "The access flags {} of {} replace {} of {level}; lost: {}",
            access_text(server, bits),
            said.scope.path,
            access_text(server, lost.parent_bits),
            names.join(", ")
        );
        // With 128-bit encryption still demanded, https may be demanded too: the sources do not say.
        let only_http = lost.bits & access::SSL != 0 && lost.bits & access::REQUIRE == 0;
        let unreachable = only_http && said.site.declared && !said.site.has_binding("http");
        let kept = lost.bits & access::SSL != 0 && bits & access::SSL128 != 0;
        let new = mended(bits | lost.bits);
        let mut finding = Finding::new(&RULE, server, message)
            .site(said.site)
            .path(&said.scope.path)
            .setting(Setting::AccessFlags)
            .at(said.resolved.origin.place())
            .related(lost.parent.origin.place(), format!("{} here", access_text(server, lost.parent_bits)))
            .severity(if lost.bits & (access::SSL | access::REQUIRE) != 0 && !unreachable { Severity::High } else { Severity::Low })
            .confidence(if kept && lost.bits & access::REQUIRE == 0 { Confidence::Likely } else { Confidence::Firm })
            .sees(match (lost.bits & access::SSL != 0, lost.bits & access::REQUIRE != 0) {
                (true, true) => "The path is served over http and without a client certificate.",
                (true, false) if unreachable => "Nothing as long as the site has no http binding.",
                (true, false) => "The path is served over http.",
                (false, true) => "The path is served without a client certificate.",
                (false, false) if lost.bits & access::NEGOTIATE != 0 => "No client certificate is asked for on this path.",
                (false, false) => "The path is served with weaker encryption as well.",
            })
            .remedy(set_access(server, said.scope, risk_of(bits, new), "demands here what is demanded above", bits, new));
        if bits & !lost.parent_bits == 0 && mended(lost.parent_bits) == lost.parent_bits {
            finding = finding.remedy(Remedy::advice(
                Risk::Safe,
                format!("or remove the value at this path, so that it inherits {} again", access_text(server, lost.parent_bits)),
            ));
        }
        findings.push(finding);
    }
}

#[cfg(test)]
mod tests {
    use super::super::testing::{SERVICE, apphost, findings, fixture, metabase, paths};
    use super::*;

    fn iis6(root: u32, app: &str) -> Vec<Finding> {
        findings(
            &RULE,
            &metabase(&format!(
                r#"{SERVICE}<IIsWebServer Location="/LM/W3SVC/1" SecureBindings=":443:"></IIsWebServer>
                   <IIsWebVirtualDir Location="/LM/W3SVC/1/ROOT" AccessSSLFlags="{root}"></IIsWebVirtualDir>
                   <IIsWebVirtualDir Location="/LM/W3SVC/1/ROOT/app" {app}></IIsWebVirtualDir>
                   <IIsWebDirectory Location="/LM/W3SVC/1/ROOT/app/dir"></IIsWebDirectory>"#
            )),
        )
    }

    #[test]
    fn losing_https_or_the_requirement_is_high_and_names_what_is_lost() {
        let found = iis6(360, r#"AccessSSLFlags="32""#);
        assert_eq!((paths(&found), found[0].severity), (vec!["/app"], Severity::High));
        assert!(
            found[0]
                .message
                .ends_with("lost: the demand for https, the demand for a client certificate, the demand for 128-bit encryption")
        );
        assert_eq!(found[0].related.len(), 1);
        assert!(found[0].remedies[0].command.as_ref().unwrap().ends_with("W3SVC/1/ROOT/app/AccessSSLFlags 360"));
    }

    #[test]
    fn losing_only_the_question_or_128_bits_is_low() {
        assert_eq!(iis6(264, r#"AccessSSLFlags="8""#)[0].severity, Severity::Low);
        assert_eq!(iis6(40, r#"AccessSSLFlags="8""#)[0].severity, Severity::Low);
    }

    #[test]
    fn a_path_that_inherits_repeats_or_adds_is_silent() {
        for app in ["", r#"AccessSSLFlags="8""#, r#"AccessSSLFlags="104""#] {
            assert!(iis6(8, app).is_empty(), "{app}");
        }
    }

    #[test]
    fn on_iis_7_a_location_below_a_protected_site_is_found_and_exchange_is_not() {
        let site = |pool: &str| {
            apphost(&format!(
                r#"<system.applicationHost><sites><site name="S" id="1"><application path="/"/><application path="/x" applicationPool="{pool}"/></site></sites></system.applicationHost>
                   <location path="S"><system.webServer><security><access sslFlags="Ssl, SslNegotiateCert, SslRequireCert"/></security></system.webServer></location>
                   <location path="S/x"><system.webServer><security><access sslFlags="None"/></security></system.webServer></location>"#
            ))
        };
        let found = findings(&RULE, &site("Own"));
        assert_eq!(paths(&found), ["/x"]);
        assert!(
            found[0].message.contains("None (0) of /x replace Ssl, SslNegotiateCert, SslRequireCert (104) of /;"),
            "{}",
            found[0].message
        );
        assert!(findings(&RULE, &site("MSExchangeOWAAppPool")).is_empty());
    }

    #[test]
    fn losing_https_is_low_where_the_site_has_no_http_binding() {
        let found = iis6(8, r#"AccessSSLFlags="0""#);
        assert_eq!(found[0].severity, Severity::Low);
        assert!(found[0].sees.contains("no http binding"));
    }

    #[test]
    fn the_remedy_asks_for_what_it_requires_and_broken_flags_are_not_recommended() {
        let found = iis6(72, r#"AccessSSLFlags="8""#);
        let commands: Vec<_> = found[0].remedies.iter().map(|remedy| remedy.command.as_deref().unwrap_or_default()).collect();
        assert_eq!(commands.len(), 1);
        assert!(commands[0].ends_with("AccessSSLFlags 104"), "{commands:?}");
    }

    #[test]
    fn the_service_and_the_site_key_are_levels_too() {
        let found = findings(&RULE, &fixture("metabase/02_service_level_inheritance.xml"));
        assert_eq!(found.len(), 1);
        assert_eq!(found[0].site.as_ref().unwrap().0, Some(1209711));
        assert!(found[0].message.contains("AccessSSL (8) of the server level"), "{}", found[0].message);
        assert_eq!((found[0].path.as_deref(), found[0].severity), (Some("/"), Severity::High));
        let found = findings(
            &RULE,
            &metabase(
                r#"<IIsWebService Location="/LM/W3SVC" AccessSSLFlags="8"></IIsWebService>
                   <IIsWebServer Location="/LM/W3SVC/1" AccessSSLFlags="0"></IIsWebServer>
                   <IIsWebVirtualDir Location="/LM/W3SVC/1/ROOT"></IIsWebVirtualDir>"#,
            ),
        );
        assert_eq!(paths(&found), ["/"]);
        assert!(found[0].message.contains("the server level"));
    }

    #[test]
    fn the_samples_with_this_state_are_found() {
        let found = findings(&RULE, &fixture("metabase/03_url_tree_overrides.xml"));
        let found: Vec<_> = found.iter().map(|finding| (finding.path.as_deref().unwrap(), finding.severity)).collect();
        assert_eq!(found, [("/public", Severity::High), ("/secure/health.htm", Severity::High), ("/softcert", Severity::Low)]);
        assert_eq!(paths(&findings(&RULE, &fixture("metabase/05_custom_elements.xml"))), ["/bin"]);
        assert!(paths(&findings(&RULE, &fixture("metabase/08_contradictory_flags.xml"))).contains(&"/reqnossl"));
        assert!(paths(&findings(&RULE, &fixture("apphost/F4_flag_and_path_mistakes.config"))).contains(&"/api/health"));
        assert!(findings(&RULE, &fixture("apphost/F1_consistent_sni.config")).is_empty());
    }
}
