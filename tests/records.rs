//! What server files must report together with the records of HTTP.sys, what records must report alone, and what neither must.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "a test stops on anything unexpected")]

use std::path::PathBuf;

use iisaudit::estate::{self, Options};
use iisaudit::rules::{self, Confidence, Context, Finding, Severity};

/// The findings for records alone, or together with a server file in one directory.
fn findings(config: Option<&str>, records: &str) -> Vec<Finding> {
    let directory = tempfile::tempdir().unwrap();
    let fixtures: PathBuf = [env!("CARGO_MANIFEST_DIR"), "tests", "fixtures"].iter().collect();
    if let Some(config) = config {
        std::fs::copy(fixtures.join("apphost").join(config), directory.path().join("applicationHost.config")).unwrap();
    }
    std::fs::copy(fixtures.join("netsh").join(records), directory.path().join("records.txt")).unwrap();
    let estate = estate::read(&[directory.path().to_path_buf()], &Options::default());
    assert!(estate.inputs.iter().all(|input| input.error.is_none() && input.warnings.is_empty()), "{:?}", estate.inputs);
    let [server] = estate.servers.as_slice() else { panic!("{} servers", estate.servers.len()) };
    rules::check(&Context { server, groups: &[], profile: None })
}

/// The findings of a rule whose texts name `what`.
fn about<'a>(findings: &'a [Finding], rule: &str, what: &str) -> Vec<&'a Finding> {
    let names = |finding: &&Finding| {
        let notes: Vec<&str> = finding.related.iter().map(|related| related.note.as_str()).collect();
        format!("{} {} {}", finding.message, finding.subject, notes.join(" ")).contains(what)
    };
    findings.iter().filter(|finding| finding.rule.name == rule).filter(names).collect()
}

/// The first of them.
fn one<'a>(findings: &'a [Finding], rule: &str, what: &str) -> &'a Finding {
    about(findings, rule, what).first().copied().unwrap_or_else(|| panic!("no {rule} names {what}: {:#?}", told(findings)))
}

fn told(findings: &[Finding]) -> Vec<String> {
    findings
        .iter()
        .map(|finding| format!("{} {:?} {:?}: {}", finding.rule.name, finding.severity, finding.confidence, finding.message))
        .collect()
}

fn silent(findings: &[Finding], rules: &[&str]) {
    let loud: Vec<&Finding> = findings.iter().filter(|finding| rules.contains(&finding.rule.name)).collect();
    assert!(loud.is_empty(), "{:#?}", told(findings));
}

/// Rules that need to know the sites, and must be silent about records alone.
const ABOUT_SITES: &[&str] = &[
    "orphan-record",
    "foreign-record-owner",
    "https-binding-without-certificate",
    "binding-flag-differs-from-record",
    "late-request-tls13",
    "late-request-http2",
    "specific-ip-shadows-sni",
];

#[test]
fn a_specific_address_beside_the_wildcard_is_a_split_endpoint() {
    let found = findings(None, "o01_2012r2_conflict_revocation.txt");
    assert_eq!(one(&found, "revocation-check-off", "0.0.0.0:443").severity, Severity::Info);
    let split = one(&found, "split-endpoint", "10.20.0.5:443");
    assert!(split.severity <= Severity::Medium && split.confidence <= Confidence::Likely);
    one(&found, "split-endpoint", "0.0.0.0:443");
    // [::]:443 belongs to another product.
    silent(&found, &["address-family-options-differ"]);
    silent(&found, ABOUT_SITES);
}

#[test]
fn a_record_with_nothing_but_defaults_beside_a_twin_with_options_has_probably_lost_them() {
    let found = findings(None, "o02_2022_sni_drift_and_ccs.txt");
    let lost = one(&found, "record-options-lost", "billing.fabrikam.test:443");
    assert_eq!((lost.severity, lost.confidence), (Severity::Medium, Confidence::Hint));
    one(&found, "record-options-lost", "orders.fabrikam.test:443");
    one(&found, "revocation-check-off", "*.fabrikam.test:8443");
    silent(&found, ABOUT_SITES);
}

#[test]
fn a_ctl_identifier_without_effect_and_modes_of_checking_are_named_for_records_alone() {
    let found = findings(None, "o03_2025_tls13_ctl_mapper.txt");
    one(&found, "revocation-check-off", "0.0.0.0:443");
    let dead = one(&found, "ctl-identifier-dead", "MyIssuersCtl");
    assert_eq!(dead.confidence, Confidence::Firm);
    one(&found, "revocation-cache-only", "partner.fabrikam.test:443");
    one(&found, "usage-check-off", "partner.fabrikam.test:443");
    silent(&found, ABOUT_SITES);
}

#[test]
fn a_mode_on_the_key_above_the_records_is_named_and_not_taken_for_one_in_effect() {
    let found = findings(None, "o04_regquery_sslbindinginfo.txt");
    let stray = one(&found, "revocation-value-on-parent-key", "DefaultSslCertCheckMode");
    assert_eq!((stray.severity, stray.confidence), (Severity::Low, Confidence::Likely));
    silent(&found, &["revocation-check-off"]);
    silent(&found, ABOUT_SITES);
}

#[test]
fn a_renewal_that_lost_options_breaks_late_requests() {
    let found = findings(Some("F1_consistent_sni.config"), "o02_2022_sni_drift_and_ccs.txt");
    let late = one(&found, "late-request-tls13", "billing.fabrikam.test:443");
    assert_eq!((late.severity, late.confidence), (Severity::High, Confidence::Firm));
    assert!(late.site.as_ref().is_some_and(|(id, _)| *id == Some(12)), "{late:?}");
    let http2 = one(&found, "late-request-http2", "billing.fabrikam.test:443");
    assert_eq!((http2.severity, http2.confidence), (Severity::Medium, Confidence::Likely));
    for rule in ["late-request-tls13", "late-request-http2"] {
        assert!(about(&found, rule, "orders.fabrikam.test:443").is_empty(), "{:#?}", told(&found));
    }
    one(&found, "sites-disagree-on-issuers", "ClientAuthIssuer");
    one(&found, "sites-disagree-on-revocation", "15000");
    one(&found, "record-options-lost", "billing.fabrikam.test:443");
    one(&found, "orphan-record", "*.fabrikam.test:8443");
    one(&found, "orphan-record", "ccs:443");
    for host in ["orders.fabrikam.test:443", "billing.fabrikam.test:443"] {
        assert!(about(&found, "orphan-record", host).is_empty(), "{:#?}", told(&found));
    }
    silent(&found, &["https-binding-without-certificate", "foreign-record-owner", "binding-flag-differs-from-record"]);
}

#[test]
fn one_record_for_two_host_headers_is_judged_with_what_its_sites_want() {
    let found = findings(Some("F2_shared_ipport_hostheaders.config"), "o01_2012r2_conflict_revocation.txt");
    assert_eq!(one(&found, "revocation-check-off", "0.0.0.0:443").severity, Severity::High);
    assert!(found.iter().any(|finding| finding.rule.name == "late-request-body-limit"), "{:#?}", told(&found));
    one(&found, "split-endpoint", "10.20.0.5:443");
    // A stale record for one address takes its clients away from every other record.
    assert_eq!(one(&found, "orphan-record", "10.20.0.5:443").severity, Severity::Medium);
    let foreign = one(&found, "foreign-record-owner", "[::]:443");
    assert_eq!((foreign.severity, foreign.confidence), (Severity::Medium, Confidence::Likely));
    assert!(foreign.remedies.iter().all(|remedy| remedy.command.as_ref().is_none_or(|command| !command.contains("delete"))));
    // Windows Server 2012 R2 knows neither TLS 1.3 nor HTTP/2.
    silent(&found, &["late-request-tls13", "late-request-http2", "address-family-options-differ"]);
    assert!(about(&found, "orphan-record", "[::]:443").is_empty(), "{:#?}", told(&found));
}

#[test]
fn a_record_for_one_address_shadows_sni_for_certain() {
    let found = findings(Some("F3_specific_ip_shadows_sni.config"), "o01_2012r2_conflict_revocation.txt");
    let shadow = one(&found, "specific-ip-shadows-sni", "10.20.0.5:443");
    assert_eq!((shadow.severity, shadow.confidence), (Severity::High, Confidence::Firm));
    for key in ["[fd00:20::5]:443", "portal.fabrikam.test:443", "api.fabrikam.test:443"] {
        let missing = one(&found, "https-binding-without-certificate", key);
        // Another record takes over: the handshake works, with its certificate and options.
        assert_eq!(missing.severity, Severity::Medium, "{}", missing.message);
    }
    assert!(about(&found, "https-binding-without-certificate", "\"Legacy\"").iter().all(|finding| !finding.subject.contains("10.20.0.5")));
    silent(&found, &["late-request-tls13", "late-request-http2"]);
}

#[test]
fn a_mapper_that_is_on_in_iis_and_off_in_the_record_is_half_configured() {
    let found = findings(Some("F6_mapping.config"), "o03_2025_tls13_ctl_mapper.txt");
    silent(&found, &["late-request-body-limit", "late-request-tls13", "late-request-http2"]);
    one(&found, "revocation-cache-only", "partner.fabrikam.test:443");
    one(&found, "usage-check-off", "partner.fabrikam.test:443");
    let half = one(&found, "ds-mapper-half-configured", "partner.fabrikam.test:443");
    assert_eq!((half.severity, half.confidence), (Severity::Medium, Confidence::Firm));
    assert_eq!(one(&found, "orphan-record", "0.0.0.0:443").severity, Severity::Low);
}

#[test]
fn what_a_binding_asks_for_is_held_against_the_record_that_serves_it() {
    let found = findings(Some("F7_ccs_and_new_bits.config"), "o02_2022_sni_drift_and_ccs.txt");
    assert_eq!(one(&found, "revocation-check-off", "*.fabrikam.test:8443").severity, Severity::High);
    let flag = one(&found, "binding-flag-differs-from-record", "8443");
    assert!(flag.message.contains("TLS 1.3"), "{}", flag.message);
    for finding in about(&found, "binding-flag-differs-from-record", "8443") {
        // The binding asks for negotiation, and the record negotiates.
        assert!(!finding.message.to_lowercase().contains("negotiat"), "{}", finding.message);
    }
    let nobody = one(&found, "https-binding-without-certificate", "9443");
    assert_eq!((nobody.severity, nobody.confidence), (Severity::High, Confidence::Firm));
    // The record of the central store serves it.
    let central = about(&found, "https-binding-without-certificate", "health.fabrikam.test:443");
    assert!(central.iter().all(|finding| finding.severity <= Severity::Medium), "{:#?}", told(&found));
    let late = about(&found, "late-request-tls13", "health.fabrikam.test:8443");
    assert!(late.is_empty(), "{:#?}", told(&found));
}

#[test]
fn fingerprints_are_unique_with_records_too() {
    for (config, records) in [
        ("F1_consistent_sni.config", "o02_2022_sni_drift_and_ccs.txt"),
        ("F2_shared_ipport_hostheaders.config", "o01_2012r2_conflict_revocation.txt"),
        ("F3_specific_ip_shadows_sni.config", "o01_2012r2_conflict_revocation.txt"),
        ("F6_mapping.config", "o03_2025_tls13_ctl_mapper.txt"),
        ("F7_ccs_and_new_bits.config", "o02_2022_sni_drift_and_ccs.txt"),
    ] {
        let found = findings(Some(config), records);
        let mut prints: Vec<_> = found.iter().map(|finding| (finding.fingerprint(), finding.rule.name, &finding.message)).collect();
        prints.sort();
        for pair in prints.windows(2) {
            assert_ne!(pair[0].0, pair[1].0, "{config}: {pair:?}");
        }
    }
}
