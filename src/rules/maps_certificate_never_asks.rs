//! `maps-certificate-never-asks`: certificates are to be mapped to accounts, but none is ever asked for.

use super::scopes::{access_text, mended, risk_of, said_access, set_access};
use super::steps::{self, Remedies};
use super::{Confidence, Context, Finding, Rule, Severity};
use crate::catalogue::{Setting, access};
use crate::server::Generation;

pub(super) const RULE: Rule = Rule {
    name: "maps-certificate-never-asks",
    severity: Severity::Medium,
    confidence: Confidence::Firm,
    title: "Client certificates are to be mapped but never asked for",
    meaning: "The access flags of the URL map client certificates to accounts (128) without asking for one (32). Mapping works on a certificate \
              that the client has sent, and a client sends none unasked, so the mapping never happens.",
    sees: "The visitor is the anonymous user, or gets 401 where that is not allowed.",
    silent: "Silent on IIS 7 and later, where that flag is no regular one (see `ssl-map-cert-used`), and where a certificate is required as well \
             (`requires-certificate-never-asks` says it). Only `likely` where the endpoint asks in the first handshake.",
    evidence: "MetaBase.xml",
    fix: "Add AccessSSLNegotiateCert, or take AccessSSLMapCert away.",
    remedies: Remedies::iis6(
        &[
            steps::LOOK_ACCESS_6,
            steps::adsutil!("asks for a certificate", "set W3SVC/SITE-ID/ROOT/PATH/AccessSSLNegotiateCert TRUE"),
            steps::adsutil!("or maps none", "set W3SVC/SITE-ID/ROOT/PATH/AccessSSLMapCert FALSE"),
        ],
        "SslMapCert has no known effect there (`ssl-map-cert-used`)",
    ),
    references: &["IIScnfg.h (public SDK header): MD_ACCESS_MAP_CERT", "MSDN: AccessSSLMapCert"],
    check,
};

fn check(context: &Context<'_>, findings: &mut Vec<Finding>) {
    let server = context.server;
    if server.generation != Generation::Iis6 {
        return;
    }
    let endpoints = context.endpoints();
    for (said, bits) in said_access(server) {
        if bits & (access::MAP | access::NEGOTIATE | access::REQUIRE) != access::MAP {
            continue;
        }
        let mut message = format!("The access flags {} map client certificates but do not ask for one", access_text(server, bits));
        let negotiates = endpoints.negotiates(said.site_index);
        message.push_str(match negotiates {
            Some(true) => "; it can only work for as long as the endpoint asks in the first handshake",
            Some(false) => "",
            None => "; whether the endpoint asks in the first handshake cannot be told",
        });
        let (both, none) = (mended(bits | access::NEGOTIATE), bits & !access::MAP);
        findings.push(
            Finding::new(&RULE, server, message)
                .site(said.site)
                .path(&said.scope.path)
                .setting(Setting::AccessFlags)
                .at(said.resolved.origin.place())
                .confidence(if negotiates == Some(false) { Confidence::Firm } else { Confidence::Likely })
                .remedy(set_access(server, said.scope, risk_of(bits, both), "asks for the certificate that is to be mapped", bits, both))
                .remedy(set_access(server, said.scope, risk_of(bits, none), "removes the mapping, if none is meant", bits, none)),
        );
    }
}

#[cfg(test)]
mod tests {
    use super::super::testing::{SERVICE, findings, fixture, metabase, paths};
    use super::*;
    use crate::server::Server;

    fn iis6(flags: u32, site: &str) -> Server {
        metabase(&format!(
            r#"{SERVICE}<IIsWebServer Location="/LM/W3SVC/1" SecureBindings=":443:" {site}></IIsWebServer>
               <IIsWebVirtualDir Location="/LM/W3SVC/1/ROOT" AccessSSLFlags="{flags}"></IIsWebVirtualDir>"#
        ))
    }

    #[test]
    fn mapping_without_asking_is_found() {
        let found = findings(&RULE, &iis6(136, ""));
        assert_eq!((found.len(), found[0].severity, found[0].confidence), (1, Severity::Medium, Confidence::Firm));
        assert!(found[0].remedies[0].command.as_ref().unwrap().ends_with("AccessSSLFlags 168"));
    }

    #[test]
    fn early_negotiation_makes_it_likely() {
        assert_eq!(findings(&RULE, &iis6(136, r#"SSLAlwaysNegoClientCert="TRUE""#))[0].confidence, Confidence::Likely);
    }

    #[test]
    fn mapping_with_asking_and_requiring_without_asking_are_silent() {
        for flags in [8, 168, 232, 200] {
            assert!(findings(&RULE, &iis6(flags, "")).is_empty(), "{flags}");
        }
    }

    #[test]
    fn the_sample_with_this_state_is_found() {
        assert_eq!(paths(&findings(&RULE, &fixture("metabase/08_contradictory_flags.xml"))), ["/mapnoneg"]);
        assert!(findings(&RULE, &fixture("metabase/06_cert_mapping.xml")).is_empty());
    }
}
