//! `revocation-check-off`: bit 1 of CertCheckMode is set, revoked client certificates are accepted.

use super::endpoint_map::{EndpointMap, modes, set_mode, test_revocation};
use super::{Confidence, Context, Finding, Rule, Severity};
use crate::catalogue::{Setting, cert_check};
use crate::remedy::Risk;

pub(super) const RULE: Rule = Rule {
    name: "revocation-check-off",
    severity: Severity::High,
    confidence: Confidence::Firm,
    title: "Client certificates are not checked for revocation",
    meaning: "Bit 1 of CertCheckMode is set, so the server never asks whether a client certificate was revoked. It is often set to get rid \
              of 403.13 and then forgotten: from then on a stolen or withdrawn certificate still opens the door. Only bit 1 does this; the \
              values 2 and 4 still check, and a missing value means that the check is on.",
    sees: "Nothing: revoked certificates are accepted.",
    silent: "Says only `info` when no site on the endpoint wants client certificates. Silent where the HTTP.sys record was not given.",
    evidence: "MetaBase.xml; on IIS 7 and later the HTTP.sys record",
    fix: "Make the CRLs reachable from the server (`certutil -verify -urlfetch client.cer` shows each address), then set CertCheckMode to 0.",
    references: &["IIScnfg.h (public SDK header): MD_CERT_NO_REVOC_CHECK", "TechNet cc775782", "KB294305"],
    check,
};

fn check(context: &Context<'_>, findings: &mut Vec<Finding>) {
    let server = context.server;
    let endpoints = EndpointMap::new(server);
    for mode in modes(server).filter(|mode| mode.bits & cert_check::NO_REVOCATION != 0) {
        let keys = endpoints.keys(mode.index);
        let shared = endpoints.contested(mode.index, Setting::CertCheckMode);
        let mut message =
            format!("CertCheckMode is {}: revocation is not checked on {}", mode.bits, if keys.is_empty() { "this site" } else { &keys });
        if shared {
            message
                .push_str("; the endpoint is shared with a site that says otherwise, and likely the site that registered it first decides");
        }
        let without = cert_check::NO_REVOCATION | cert_check::CACHE_ONLY | cert_check::FRESHNESS;
        let unsure = shared || keys.is_empty() || mode.bits & (cert_check::CACHE_ONLY | cert_check::FRESHNESS) != 0;
        let mut finding = Finding::new(&RULE, server, message)
            .site(mode.site)
            .path("/")
            .setting(Setting::CertCheckMode)
            .at(mode.resolved.origin.place())
            .severity(if endpoints.wanted(mode.index) { Severity::High } else { Severity::Info })
            .confidence(if unsure { Confidence::Likely } else { Confidence::Firm })
            .subject(keys)
            .remedy(test_revocation());
        let what = "checks revocation again, once the CRLs are reachable";
        if let Some(remedy) = set_mode(server, &mode, Risk::Safe, what, mode.bits & !without) {
            finding = finding.remedy(remedy);
        }
        findings.push(finding);
    }
}

#[cfg(test)]
mod tests {
    use super::super::testing::{SERVICE, findings, metabase};
    use super::*;
    use crate::server::Server;

    fn site(mode: &str, access: u32) -> Server {
        metabase(&format!(
            r#"{SERVICE}<IIsWebServer Location="/LM/W3SVC/1" {mode} SecureBindings=":443:" SSLCertHash="aa"></IIsWebServer>
               <IIsWebVirtualDir Location="/LM/W3SVC/1/ROOT" AccessSSLFlags="{access}"></IIsWebVirtualDir>"#
        ))
    }

    #[test]
    fn a_site_that_requires_certificates_and_does_not_check_them_is_high() {
        let found = findings(&RULE, &site(r#"CertCheckMode="1""#, 104));
        assert_eq!(found.len(), 1);
        assert_eq!((found[0].severity, found[0].confidence), (Severity::High, Confidence::Firm));
        assert!(found[0].message.contains("0.0.0.0:443"));
    }

    #[test]
    fn it_is_information_when_nobody_wants_certificates() {
        assert_eq!(findings(&RULE, &site(r#"CertCheckMode="65537""#, 8))[0].severity, Severity::Info);
    }

    #[test]
    fn values_that_still_check_and_an_absent_value_are_silent() {
        for mode in ["", r#"CertCheckMode="0""#, r#"CertCheckMode="2""#, r#"CertCheckMode="4""#, r#"CertCheckMode="65536""#] {
            assert!(findings(&RULE, &site(mode, 104)).is_empty(), "{mode}");
        }
    }
}
