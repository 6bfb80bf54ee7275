//! `requires-certificate-never-asks`: a URL requires a client certificate and never asks for one.

use super::endpoints::list;
use super::scopes::{access_text, mended, risk_of, said_access, set_access};
use super::steps::{self, Remedies};
use super::{Confidence, Context, Finding, Rule, Severity};
use crate::catalogue::{Setting, access};
use crate::remedy::Risk;
use crate::server::Generation;

pub(super) const RULE: Rule = Rule {
    name: "requires-certificate-never-asks",
    severity: Severity::High,
    confidence: Confidence::Firm,
    title: "A client certificate is required but never asked for",
    meaning: "The access flags of the URL hold the bit that requires a client certificate (64) without the bit that asks for one (32). Asking \
              and requiring are two switches: no client sends a certificate that the server did not ask for, so everybody is refused. \
              IIS Manager always sets both; one alone comes from scripts and edited files.",
    sees: "403.7 on every request, with any certificate.",
    silent: "Says only `info` when the endpoint asks for the certificate in the first handshake: then one is there already. On IIS 7 and \
             later the HTTP.sys record decides that, so without the record the finding is `likely`.",
    evidence: "MetaBase.xml, or applicationHost.config and web.config; the HTTP.sys record makes it certain",
    fix: "Set both bits, or take the requirement away if no certificate is meant to be required.",
    remedies: Remedies::both(
        &[
            steps::LOOK_ACCESS_6,
            steps::adsutil!("asks for the certificate that is required", "set W3SVC/SITE-ID/ROOT/PATH/AccessSSLNegotiateCert TRUE"),
            steps::adsutil!(
                "or requires none, which lets everybody in without one",
                "set W3SVC/SITE-ID/ROOT/PATH/AccessSSLRequireCert FALSE"
            ),
        ],
        &[steps::LOOK_ACCESS_7, steps::REQUIRE_7],
    ),
    references: &[
        "IIScnfg.h (public SDK header): MD_ACCESS_NEGO_CERT, MD_ACCESS_REQUIRE_CERT",
        "MicrosoftDocs/iis-docs: iis/configuration/system.webServer/security/access.md",
        "KB186812, KB942067",
    ],
    check,
};

fn check(context: &Context<'_>, findings: &mut Vec<Finding>) {
    let server = context.server;
    let endpoints = context.endpoints();
    for (said, bits) in said_access(server) {
        if bits & (access::REQUIRE | access::NEGOTIATE) != access::REQUIRE {
            continue;
        }
        let negotiates = endpoints.negotiates(said.site_index);
        let mut message = format!("The access flags {} require a client certificate but do not ask for one", access_text(server, bits));
        let (severity, confidence) = match negotiates {
            Some(true) => {
                message.push_str("; it works only because the endpoint asks for a certificate in the first handshake");
                (Severity::Info, Confidence::Likely)
            }
            Some(false) if server.generation == Generation::Iis6 => (Severity::High, Confidence::Firm),
            Some(false) => (Severity::High, Confidence::Likely),
            None if endpoints.late(said.site_index).next().is_some() => {
                let late = list(endpoints.late(said.site_index).map(|endpoint| endpoint.key.to_string()));
                message.push_str(&format!(", and the record that serves {late} does not ask in the first handshake"));
                (Severity::High, Confidence::Likely)
            }
            None => {
                message.push_str(if server.generation == Generation::Iis6 {
                    "; whether the endpoint asks in the first handshake cannot be told"
                } else {
                    ", unless the HTTP.sys record asks in the first handshake"
                });
                (Severity::High, Confidence::Likely)
            }
        };
        let both = mended(bits);
        let none = bits & !access::REQUIRE;
        let mut finding = Finding::new(&RULE, server, message)
            .site(said.site)
            .path(&said.scope.path)
            .setting(Setting::AccessFlags)
            .at(said.resolved.origin.place())
            .severity(severity)
            .confidence(confidence)
            .remedy(set_access(server, said.scope, risk_of(bits, both), "asks for the certificate that is required", bits, both));
        if negotiates == Some(true) {
            finding = finding.sees("Nothing now; 403.7 on every request as soon as the endpoint stops asking in the first handshake.");
        } else {
            let what = "lets clients in without a certificate, if none is meant to be required";
            finding = finding.remedy(set_access(server, said.scope, Risk::WeakensSecurity, what, bits, none));
        }
        findings.push(finding);
    }
}

#[cfg(test)]
mod tests {
    use super::super::testing::{SERVICE, apphost, findings, fixture, https_site, joined, metabase, paths, registry};
    use super::*;
    use crate::server::Server;

    fn iis6(flags: &str, site: &str) -> Server {
        metabase(&format!(
            r#"{SERVICE}<IIsWebServer Location="/LM/W3SVC/1" {site} SecureBindings=":443:" SSLCertHash="aa"></IIsWebServer>
               <IIsWebVirtualDir Location="/LM/W3SVC/1/ROOT" AccessSSLFlags="{flags}"></IIsWebVirtualDir>
               <IIsWebVirtualDir Location="/LM/W3SVC/1/ROOT/app"></IIsWebVirtualDir>"#
        ))
    }

    #[test]
    fn requiring_without_asking_is_high_and_said_once_where_it_is_written() {
        let found = findings(&RULE, &iis6("72", ""));
        assert_eq!(found.len(), 1);
        assert_eq!((found[0].severity, found[0].confidence), (Severity::High, Confidence::Firm));
        assert!(found[0].message.contains("AccessSSL | AccessSSLRequireCert (72)"), "{}", found[0].message);
        assert_eq!(found[0].remedies[0].risk, Risk::Safe);
        assert!(found[0].remedies[0].command.as_ref().unwrap().ends_with("W3SVC/1/ROOT/AccessSSLFlags 104"));
        assert_eq!(found[0].remedies[1].risk, Risk::WeakensSecurity);
    }

    #[test]
    fn an_endpoint_that_asks_early_makes_it_information() {
        let found = findings(&RULE, &iis6("72", r#"SSLAlwaysNegoClientCert="TRUE""#));
        assert_eq!(found[0].severity, Severity::Info);
        assert!(found[0].message.contains("first handshake"));
    }

    #[test]
    fn asking_with_or_without_requiring_is_silent() {
        for flags in ["0", "8", "40", "104", "232"] {
            assert!(findings(&RULE, &iis6(flags, "")).is_empty(), "{flags}");
        }
    }

    #[test]
    fn on_iis_7_it_is_likely_and_fires_in_the_paths_of_products_too() {
        let found = findings(
            &RULE,
            &apphost(
                r#"<system.applicationHost><sites><site name="S" id="1"><application path="/"/>
                   <application path="/EWS" applicationPool="MSExchangeServicesAppPool"/></site></sites></system.applicationHost>
                   <location path="S/EWS"><system.webServer><security><access sslFlags="Ssl, SslRequireCert"/></security></system.webServer></location>"#,
            ),
        );
        assert_eq!(paths(&found), ["/EWS"]);
        assert_eq!(found[0].confidence, Confidence::Likely);
        assert!(found[0].message.contains("unless the HTTP.sys record"));
        assert!(found[0].remedies[0].command.as_ref().unwrap().contains(r#"/sslFlags:"Ssl,SslNegotiateCert,SslRequireCert""#));
    }

    #[test]
    fn the_samples_with_this_state_are_found() {
        assert_eq!(paths(&findings(&RULE, &fixture("metabase/08_contradictory_flags.xml"))), ["/reqnoneg"]);
        assert_eq!(paths(&findings(&RULE, &fixture("apphost/F4_flag_and_path_mistakes.config"))).len(), 1);
        assert!(findings(&RULE, &fixture("metabase/01_working_failing_pair.xml")).is_empty());
    }

    #[test]
    fn a_record_that_asks_in_the_first_handshake_makes_it_information_and_one_that_does_not_keeps_it_high() {
        let found =
            |flags| findings(&RULE, &joined(&https_site(1, "*:443:", "Ssl, SslRequireCert"), &registry(&[("DefaultFlags", flags)])));
        assert_eq!(found(2)[0].severity, Severity::Info);
        let late = found(0);
        assert_eq!((late[0].severity, late[0].confidence), (Severity::High, Confidence::Likely));
        assert!(!late[0].message.contains("unless"), "{}", late[0].message);
    }
}
