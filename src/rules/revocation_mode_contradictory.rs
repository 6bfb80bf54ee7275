//! `revocation-mode-contradictory`: CertCheckMode holds more than one of the bits 1, 2 and 4, which exclude one another.

use super::endpoint_map::{modes, set_mode, test_revocation};
use super::steps::{self, Remedies};
use super::{Confidence, Context, Finding, Rule, Severity};
use crate::catalogue::{Setting, cert_check};
use crate::remedy::Risk;

pub(super) const RULE: Rule = Rule {
    name: "revocation-mode-contradictory",
    severity: Severity::Medium,
    confidence: Confidence::Firm,
    title: "CertCheckMode holds bits that exclude one another",
    meaning: "Of the bits 1 (no revocation check), 2 (cached CRLs only) and 4 (freshness time) at most one may be set. With several, which of them \
              is obeyed is not documented: the server may check nothing, or may refuse certificates that it should accept.",
    sees: "Undefined: either revoked certificates are accepted, or valid ones get 403.13.",
    silent: "Says `low` when no site on the endpoint wants client certificates. The bit for the usage check (65536) goes with any of the others. \
             Says `info` when the sites of a record are not known. Silent where the HTTP.sys record was not given, and for records of other \
             products.",
    evidence: "MetaBase.xml; on IIS 7 and later the HTTP.sys record",
    fix: "Decide on one: 0 checks online, 2 checks cached CRLs, 4 fetches CRLs after the freshness time.",
    remedies: Remedies::both(
        &[steps::LOOK_MODE, steps::MODE_0, steps::MODE],
        &[
            steps::SHOW_RECORD,
            steps::REVOCATION_ON,
            steps::record!("fetches CRLs that the cache lacks", "verifyrevocationwithcachedclientcertonly=disable"),
        ],
    ),
    references: &["TechNet cc775782", "IIScnfg.h (public SDK header): MD_CERT_NO_REVOC_CHECK and following"],
    check,
};

const EXCLUSIVE: [(u32, &str); 3] = [
    (cert_check::NO_REVOCATION, "1 = no revocation check"),
    (cert_check::CACHE_ONLY, "2 = cached CRLs only"),
    (cert_check::FRESHNESS, "4 = freshness time counts"),
];

fn check(context: &Context<'_>, findings: &mut Vec<Finding>) {
    let server = context.server;
    let endpoints = context.endpoints();
    for mode in modes(server) {
        let said = contradictions(mode.bits);
        if said.len() < 2 {
            continue;
        }
        let message = format!("{} and says {} at once; these exclude one another", mode.words(), said.join(" and "));
        let all = EXCLUSIVE.iter().fold(0, |all, (bit, _)| all | bit);
        let mut finding = Finding::new(&RULE, server, message)
            .site(mode.site)
            .path("/")
            .setting(Setting::CertCheckMode)
            .at(mode.resolved.origin.place())
            .severity(if endpoints.wanted(mode.index) { Severity::Medium } else { Severity::Low })
            .subject(endpoints.keys_of(&mode))
            .remedy(test_revocation());
        let what = "checks revocation online, once the CRLs can be reached";
        if let Some(remedy) = set_mode(server, &mode, Risk::Safe, what, mode.bits & !all) {
            finding = finding.remedy(remedy);
        }
        findings.push(finding);
    }
    for used in context.records() {
        let mode = used.mode();
        let said = contradictions(mode.set);
        if said.len() < 2 {
            continue;
        }
        let all = EXCLUSIVE.iter().fold(0, |all, (bit, _)| all | bit);
        let message = format!("{} for {} and says {} at once; these exclude one another", mode.words(), used.words(), said.join(" and "));
        let what = "checks revocation online, once the CRLs can be reached";
        findings.push(
            used.finding(&RULE, Setting::CertCheckMode, message, used.mode_place(mode.set & all))
                .severity(used.weigh(Severity::Medium, Severity::Low))
                .remedy(test_revocation())
                .remedies_of(used.set_mode(Risk::Safe, what, mode.set & !all)),
        );
    }
}

/// The bits that exclude one another and are set, in words.
fn contradictions(bits: u32) -> Vec<&'static str> {
    EXCLUSIVE.iter().filter(|(bit, _)| bits & bit != 0).map(|(_, name)| *name).collect()
}

#[cfg(test)]
mod tests {
    use super::super::testing::{SERVICE, findings, fixture, https_site, joined, metabase, registry};
    use super::*;

    fn site(mode: u32, access: u32) -> Vec<Finding> {
        findings(
            &RULE,
            &metabase(&format!(
                r#"{SERVICE}<IIsWebServer Location="/LM/W3SVC/1" CertCheckMode="{mode}" SecureBindings=":443:"></IIsWebServer>
                   <IIsWebVirtualDir Location="/LM/W3SVC/1/ROOT" AccessSSLFlags="{access}"></IIsWebVirtualDir>"#
            )),
        )
    }

    #[test]
    fn every_combination_of_exclusive_bits_is_found() {
        for mode in [3, 5, 6, 7, 65541] {
            assert_eq!(site(mode, 104)[0].severity, Severity::Medium, "{mode}");
        }
        assert!(site(5, 104)[0].message.contains("1 = no revocation check and 4 = freshness time counts"));
        assert!(site(65541, 104)[0].remedies[1].command.as_ref().unwrap().ends_with("CertCheckMode 65536"));
        assert_eq!(site(5, 8)[0].severity, Severity::Low);
    }

    #[test]
    fn one_bit_with_or_without_the_usage_bit_is_silent() {
        for mode in [0, 1, 2, 4, 65536, 65537, 65540] {
            assert!(site(mode, 104).is_empty(), "{mode}");
        }
    }

    #[test]
    fn the_sample_with_this_state_is_found() {
        assert_eq!(findings(&RULE, &fixture("metabase/08_contradictory_flags.xml")).len(), 1);
    }

    #[test]
    fn a_record_of_the_registry_is_judged_like_a_site_of_iis_6() {
        let server = |mode, access| joined(&https_site(1, "*:443:", access), &registry(&[("DefaultSslCertCheckMode", mode)]));
        let found = findings(&RULE, &server(3, "Ssl, SslNegotiateCert"));
        assert_eq!((found.len(), found[0].severity), (1, Severity::Medium));
        assert!(found[0].message.contains("CertCheckMode is 3 for the HTTP.sys record 0.0.0.0:443"), "{}", found[0].message);
        assert_eq!(findings(&RULE, &server(3, "Ssl"))[0].severity, Severity::Low);
        assert!(findings(&RULE, &server(0x1_0001, "Ssl, SslNegotiateCert")).is_empty());
    }
}
