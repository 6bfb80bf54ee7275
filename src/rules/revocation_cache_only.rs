//! `revocation-cache-only`: bit 2 of CertCheckMode is set, revocation is checked against cached CRLs and nothing is fetched.

use super::endpoint_map::{modes, set_mode, test_revocation};
use super::steps::{self, Remedies};
use super::{Confidence, Context, Finding, Rule, Severity};
use crate::catalogue::{Setting, cert_check};
use crate::remedy::Risk;

pub(super) const RULE: Rule = Rule {
    name: "revocation-cache-only",
    severity: Severity::Low,
    confidence: Confidence::Firm,
    title: "Revocation is checked against cached CRLs only",
    meaning: "Bit 2 of CertCheckMode is set: the server still checks client certificates for revocation, but never fetches a CRL. That is sound \
              where a job installs fresh CRLs on the server, and a time bomb where none does.",
    sees: "403.13 for every client as soon as a CRL of the chain is missing from the cache or has expired.",
    silent: "Says only `info` when no site on the endpoint wants client certificates or its sites are not known. Silent when bit 1 is set as well \
             (`revocation-mode-contradictory` says it), where the HTTP.sys record was not given, and for records of other products.",
    evidence: "MetaBase.xml; on IIS 7 and later the HTTP.sys record",
    fix: "Let the server fetch CRLs itself, or make sure that a job installs them before they expire.",
    remedies: Remedies::both(
        &[steps::URLFETCH, steps::MODE_0],
        &[
            steps::SHOW_RECORD,
            steps::URLFETCH,
            steps::record!("lets the server fetch CRLs", "verifyrevocationwithcachedclientcertonly=disable"),
        ],
    ),
    references: &["IIScnfg.h (public SDK header): MD_CERT_CACHE_RETRIEVAL_ONLY", "TechNet cc775782"],
    check,
};

fn check(context: &Context<'_>, findings: &mut Vec<Finding>) {
    let server = context.server;
    let endpoints = context.endpoints();
    for mode in modes(server) {
        if mode.bits & (cert_check::CACHE_ONLY | cert_check::NO_REVOCATION) != cert_check::CACHE_ONLY {
            continue;
        }
        let message = format!("{}: revocation is checked against cached CRLs only, none is fetched", mode.words());
        let mut finding = Finding::new(&RULE, server, message)
            .site(mode.site)
            .path("/")
            .setting(Setting::CertCheckMode)
            .at(mode.resolved.origin.place())
            .severity(if endpoints.wanted(mode.index) { Severity::Low } else { Severity::Info })
            .confidence(if endpoints.contests(&mode) { Confidence::Likely } else { Confidence::Firm })
            .subject(endpoints.keys_of(&mode))
            .remedy(test_revocation());
        let what = "fetches CRLs that are missing or out of date, once they can be reached";
        if let Some(remedy) = set_mode(server, &mode, Risk::Safe, what, mode.bits & !cert_check::CACHE_ONLY) {
            finding = finding.remedy(remedy);
        }
        findings.push(finding);
    }
    for used in context.records() {
        let mode = used.mode();
        if mode.set & (cert_check::CACHE_ONLY | cert_check::NO_REVOCATION) != cert_check::CACHE_ONLY {
            continue;
        }
        let message = format!("{}: {} checks revocation against cached CRLs only, none is fetched", mode.words(), used.clause());
        let what = "fetches CRLs that are missing or out of date, once they can be reached";
        findings.push(
            used.finding(&RULE, Setting::CertCheckMode, message, used.mode_place(cert_check::CACHE_ONLY))
                .severity(used.weigh(Severity::Low, Severity::Info))
                .remedy(test_revocation())
                .remedies_of(used.set_mode(Risk::Safe, what, mode.set & !cert_check::CACHE_ONLY)),
        );
    }
}

#[cfg(test)]
mod tests {
    use super::super::testing::{SERVICE, findings, fixture, metabase, records_alone, with_records};
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
    fn cached_crls_only_is_low_where_certificates_are_wanted_and_the_usage_bit_is_kept() {
        let found = site(65538, 104);
        assert_eq!(found[0].severity, Severity::Low);
        assert!(found[0].remedies[1].command.as_ref().unwrap().ends_with("CertCheckMode 65536"));
        assert_eq!(site(2, 8)[0].severity, Severity::Info);
    }

    #[test]
    fn other_modes_are_silent() {
        for mode in [0, 1, 3, 4, 65536] {
            assert!(site(mode, 104).is_empty(), "{mode}");
        }
    }

    #[test]
    fn the_sample_with_this_state_is_found() {
        let found = findings(&RULE, &fixture("metabase/06_cert_mapping.xml"));
        assert_eq!((found.len(), found[0].severity, found[0].confidence), (1, Severity::Low, Confidence::Firm));
    }

    #[test]
    fn a_record_with_cached_crls_only_is_low_with_its_site_and_information_alone() {
        let found = findings(&RULE, &with_records("apphost/F6_mapping.config", "netsh/o03_2025_tls13_ctl_mapper.txt"));
        assert_eq!((found.len(), found[0].severity), (1, Severity::Low));
        let command = found[0].remedies[1].command.as_ref().unwrap();
        assert!(command.contains("cachedclientcertonly=disable") && command.contains("usagecheck=disable"), "{command}");
        assert_eq!(findings(&RULE, &records_alone("netsh/o03_2025_tls13_ctl_mapper.txt"))[0].severity, Severity::Info);
    }
}
