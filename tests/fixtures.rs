//! What the fixtures must report, and what they must not.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "a test stops on anything unexpected")]

use std::path::PathBuf;

use iisaudit::catalogue::{Setting, Value};
use iisaudit::estate::{self, Options};
use iisaudit::httpsys::{AppOwner, ReadRecords, Record, Switch};
use iisaudit::rules::{self, Confidence, Context, Finding, Severity};
use iisaudit::server::{Endpoint, Served, Server};

fn server(name: &str) -> Server {
    let path: PathBuf = [env!("CARGO_MANIFEST_DIR"), "tests", "fixtures", name].iter().collect();
    let mut estate = estate::read(&[path], &Options::default());
    assert!(estate.inputs.iter().all(|input| input.error.is_none()), "{:?}", estate.inputs);
    assert_eq!(estate.servers.len(), 1);
    estate.servers.remove(0)
}

fn findings(name: &str) -> Vec<Finding> {
    rules::check(&Context { server: &server(name), groups: &[], profile: None })
}

/// The finding of a rule for a site (by id) and path; an empty path accepts any.
fn find<'a>(findings: &'a [Finding], rule: &str, site: u32, path: &str) -> &'a Finding {
    findings
        .iter()
        .find(|finding| {
            let of_site = site == 0 || finding.site.as_ref().is_some_and(|(id, _)| *id == Some(site));
            finding.rule.name == rule && of_site && (path.is_empty() || finding.path.as_deref() == Some(path))
        })
        .unwrap_or_else(|| panic!("no {rule} for site {site} at {path:?} among {:?}", names(findings)))
}

fn names(findings: &[Finding]) -> Vec<&'static str> {
    let mut names: Vec<_> = findings.iter().map(|finding| finding.rule.name).collect();
    names.sort_unstable();
    names
}

fn silent(findings: &[Finding], rules: &[&str]) {
    for rule in rules {
        let found: Vec<_> = findings.iter().filter(|finding| finding.rule.name == *rule).map(|finding| &finding.message).collect();
        assert!(found.is_empty(), "{rule} should be silent: {found:?}");
    }
}

#[test]
fn the_working_and_the_failing_site_disagree_on_revocation() {
    let found = findings("metabase/01_working_failing_pair.xml");
    find(&found, "sites-disagree-on-revocation", 0, "");
    let off = find(&found, "revocation-check-off", 90_326_589, "");
    assert_eq!(off.severity, Severity::High);
    assert!(off.message.contains("192.0.2.22:443"));
    silent(&found, &["shared-endpoint-disagrees"]);
}

#[test]
fn a_value_of_the_service_is_inherited_and_lost_where_a_child_says_otherwise() {
    let found = findings("metabase/02_service_level_inheritance.xml");
    assert_eq!(find(&found, "revocation-check-off", 1, "").severity, Severity::Info);
    find(&found, "child-weakens-parent", 1_209_711, "/");
    silent(&found, &["freshness-without-effect", "sites-disagree-on-revocation"]);
}

#[test]
fn paths_that_weaken_their_parent_are_named_with_what_they_lose() {
    let found = findings("metabase/03_url_tree_overrides.xml");
    assert_eq!(find(&found, "child-weakens-parent", 71_225, "/public").severity, Severity::High);
    assert_eq!(find(&found, "child-weakens-parent", 71_225, "/secure/health.htm").severity, Severity::High);
    assert_eq!(find(&found, "child-weakens-parent", 71_225, "/softcert").severity, Severity::Low);
    silent(&found, &["read-ahead-excessive"]);
}

#[test]
fn sites_on_one_endpoint_that_disagree_are_one_finding_and_suppress_the_others() {
    let found = findings("metabase/04_shared_endpoint_collision.xml");
    let shared = find(&found, "shared-endpoint-disagrees", 0, "");
    assert!(shared.message.contains("0.0.0.0:443"));
    let off = find(&found, "revocation-check-off", 40_001, "");
    assert_eq!((off.severity, off.confidence), (Severity::High, Confidence::Likely));
    silent(&found, &["sites-disagree-on-revocation", "sites-disagree-on-issuers"]);
    assert!(found.iter().all(|finding| !finding.message.contains("192.0.2.50:8443")), "{:?}", names(&found));
}

#[test]
fn custom_elements_count_only_where_they_have_an_effect() {
    let found = findings("metabase/05_custom_elements.xml");
    assert_eq!(found.iter().filter(|finding| finding.rule.name == "setting-without-effect-here").count(), 2);
    find(&found, "child-weakens-parent", 5531, "/bin");
    assert_eq!(find(&found, "two-mapping-kinds-enabled", 5531, "").severity, Severity::Info);
    find(&found, "anonymous-beside-mapping", 5531, "");
    silent(&found, &["revocation-check-off"]);
}

#[test]
fn cached_crls_are_a_check_and_stored_mappings_are_not_visible() {
    let found = findings("metabase/06_cert_mapping.xml");
    find(&found, "revocation-cache-only", 6144, "");
    silent(&found, &["revocation-check-off", "anonymous-beside-mapping"]);
    assert!(server("metabase/06_cert_mapping.xml").notices.iter().any(|notice| notice.name == "mapping-data-not-visible"));
}

#[test]
fn a_read_ahead_of_200_bytes_is_a_mistake_of_units() {
    let found = findings("metabase/07_renegotiation_413.xml");
    find(&found, "read-ahead-unit-mistake", 77, "");
    let late = find(&found, "late-request-body-limit", 77, "/upload");
    assert!(late.message.contains("200"));
}

#[test]
fn contradictory_flags_are_all_reported() {
    let found = findings("metabase/08_contradictory_flags.xml");
    find(&found, "tls-required-unreachable", 88, "/");
    find(&found, "ctl-reference-incomplete", 88, "");
    find(&found, "revocation-mode-contradictory", 88, "");
    find(&found, "requires-certificate-never-asks", 88, "/reqnoneg");
    find(&found, "certificate-wanted-without-tls", 88, "/reqnossl");
    find(&found, "child-weakens-parent", 88, "/reqnossl");
    find(&found, "maps-certificate-never-asks", 88, "/mapnoneg");
    for finding in found.iter().filter(|finding| finding.rule.name == "revocation-check-off") {
        assert_eq!((finding.severity, finding.confidence), (Severity::Info, Confidence::Likely));
    }
}

#[test]
fn a_hand_edited_metabase_is_understood() {
    let found = findings("metabase/09_hand_edited.xml");
    assert_eq!(find(&found, "malformed-binding", 99, "").confidence, Confidence::Likely);
    assert_eq!(find(&found, "revocation-check-off", 99, "").severity, Severity::High);
    assert_eq!(server("metabase/09_hand_edited.xml").sites.len(), 1);
}

#[test]
fn consistent_sni_sites_give_notices_and_no_finding() {
    let server = server("apphost/F1_consistent_sni.config");
    let found = rules::check(&Context { server: &server, groups: &[], profile: None });
    assert!(found.is_empty(), "{:?}", names(&found));
    let text: String = server.notices.iter().map(|notice| format!("{} {} {}", notice.name, notice.message, notice.needs)).collect();
    assert!(
        text.contains("endpoint-not-assessed") && text.contains("orders.fabrikam.test:443") && text.contains("billing.fabrikam.test:443")
    );
}

#[test]
fn host_headers_without_sni_share_one_record() {
    let found = findings("apphost/F2_shared_ipport_hostheaders.config");
    assert_eq!(find(&found, "shared-record-mixed-policy", 0, "").severity, Severity::Info);
    find(&found, "shared-record-two-names", 0, "");
    silent(&found, &["duplicate-binding-across-sites", "revocation-check-off"]);
}

#[test]
fn a_specific_address_shadows_sni() {
    let found = findings("apphost/F3_specific_ip_shadows_sni.config");
    let shadow = find(&found, "specific-ip-shadows-sni", 31, "");
    assert_eq!((shadow.severity, shadow.confidence), (Severity::Medium, Confidence::Likely));
    find(&found, "ip-in-sni-binding", 32, "");
    assert_eq!(find(&found, "sites-disagree-on-tls-switches", 0, "").severity, Severity::Low);
}

#[test]
fn mistakes_in_flags_and_paths_are_found() {
    let found = findings("apphost/F4_flag_and_path_mistakes.config");
    find(&found, "certificate-wanted-without-tls", 41, "/");
    find(&found, "requires-certificate-never-asks", 41, "/api");
    find(&found, "child-weakens-parent", 41, "/api/health");
    find(&found, "location-case-variants", 0, "");
    let orphan = find(&found, "location-without-site", 0, "");
    assert!(orphan.message.contains("OldIntranet"));
}

#[test]
fn a_file_without_sites_says_nothing_about_missing_sites() {
    let server = server("apphost/F5_locking_and_webconfig.config");
    let found = rules::check(&Context { server: &server, groups: &[], profile: None });
    silent(&found, &["location-without-site", "tls-required-unreachable"]);
    let delegated: Vec<_> = server.notices.iter().filter(|notice| notice.name == "delegated-not-assessed").collect();
    assert!(delegated.iter().any(|notice| notice.message.contains("Dept")), "{delegated:?}");
    assert!(delegated.iter().all(|notice| !notice.message.contains("Dept2")), "{delegated:?}");
}

#[test]
fn mapping_mistakes_are_found() {
    let found = findings("apphost/F6_mapping.config");
    find(&found, "anonymous-beside-mapping", 61, "/");
    find(&found, "mapping-not-required", 61, "/");
    assert!(find(&found, "mapping-without-rules", 61, "").message.contains("Empty"));
    find(&found, "mapping-at-application-level", 61, "/edi");
    find(&found, "two-mapping-kinds-enabled", 61, "/edi");
    let late = find(&found, "late-request-body-limit", 61, "/edi");
    assert!(late.confidence <= Confidence::Likely && late.message.contains("49152") && late.message.contains("104857600"));
    silent(&found, &["plain-text-password"]);
}

#[test]
fn the_central_store_and_new_bits_are_judged() {
    let found = findings("apphost/F7_ccs_and_new_bits.config");
    find(&found, "ccs-cannot-negotiate", 71, "");
    assert!(find(&found, "ccs-flag-combination", 72, "").message.contains("9443"));
}

#[test]
fn a_file_that_iis_refuses_gives_all_reasons_and_nothing_else() {
    let found = findings("apphost/F8_rejected_by_iis.config");
    assert_eq!(
        names(&found),
        [
            "access-flags-unreadable",
            "binding-flags-not-numeric",
            "duplicate-binding-in-site",
            "duplicate-site-id",
            "duplicate-site-name",
            "unknown-attribute"
        ]
    );
}

#[test]
fn certificate_residue_of_an_upgrade_is_named() {
    let found = findings("apphost/F9_upgrade_leftover_5506.config");
    assert!(find(&found, "legacy-certificate-residue", 91, "").message.contains("5506"));
    assert_eq!(found.iter().filter(|finding| finding.rule.name == "legacy-certificate-residue").count(), 1);
}

#[test]
fn no_finding_about_a_file_alone_says_that_revocation_is_in_order() {
    for fixture in ["F1_consistent_sni", "F2_shared_ipport_hostheaders", "F4_flag_and_path_mistakes", "F7_ccs_and_new_bits"] {
        let server = server(&format!("apphost/{fixture}.config"));
        assert!(server.notices.iter().any(|notice| notice.name == "endpoint-not-assessed"), "{fixture}");
        for site in &server.sites {
            let revocation = site.root().settings.get(iisaudit::catalogue::Setting::CertCheckMode);
            assert!(revocation.is_some_and(|resolved| resolved.known().is_none()), "{fixture}");
        }
    }
}

#[test]
fn fingerprints_are_unique_within_a_file() {
    for folder in ["metabase", "apphost", "netsh"] {
        let directory: PathBuf = [env!("CARGO_MANIFEST_DIR"), "tests", "fixtures", folder].iter().collect();
        for entry in std::fs::read_dir(directory).unwrap() {
            let name = format!("{folder}/{}", entry.unwrap().file_name().to_string_lossy());
            let found = findings(&name);
            let mut prints: Vec<_> = found.iter().map(|finding| (finding.fingerprint(), finding.rule.name, &finding.message)).collect();
            prints.sort();
            for pair in prints.windows(2) {
                assert_ne!(pair[0].0, pair[1].0, "{name}: {pair:?}");
            }
        }
    }
}

/// A server file and a listing or registry export, as one directory holds them.
fn pair(config: &str, records: &str) -> Server {
    let directory = tempfile::tempdir().unwrap();
    let fixtures: PathBuf = [env!("CARGO_MANIFEST_DIR"), "tests", "fixtures"].iter().collect();
    std::fs::copy(fixtures.join("apphost").join(config), directory.path().join("applicationHost.config")).unwrap();
    std::fs::copy(fixtures.join("netsh").join(records), directory.path().join("records.txt")).unwrap();
    let mut estate = estate::read(&[directory.path().to_path_buf()], &Options::default());
    assert!(estate.inputs.iter().all(|input| input.error.is_none() && input.warnings.is_empty()), "{:?}", estate.inputs);
    assert_eq!((estate.servers.len(), estate.inputs.len()), (1, 2));
    estate.servers.remove(0)
}

fn records(server: &Server) -> &ReadRecords {
    server.records.as_ref().unwrap()
}

fn record<'a>(server: &'a Server, key: &str) -> &'a Record {
    let mut found = records(server).records.iter().filter(|record| record.key.to_string() == key);
    let record = found.next().unwrap_or_else(|| panic!("no record {key}: {:?}", keys(server)));
    assert!(found.next().is_none(), "{key} twice");
    record
}

fn keys(server: &Server) -> Vec<String> {
    records(server).records.iter().map(|record| record.key.to_string()).collect()
}

fn endpoint<'a>(server: &'a Server, key: &str) -> &'a Endpoint {
    server.endpoints.iter().find(|endpoint| endpoint.key.to_string() == key).unwrap_or_else(|| panic!("no endpoint {key}"))
}

/// The key of the record that serves an endpoint; empty when there is none.
fn serves(server: &Server, key: &str) -> String {
    let served = endpoint(server, key).served;
    assert!(served != Served::NotGiven, "{key}");
    served.record().map(|number| records(server).records[number].key.to_string()).unwrap_or_default()
}

fn in_effect(server: &Server, key: &str, setting: Setting) -> Value {
    endpoint(server, key)
        .settings
        .get(setting)
        .and_then(|resolved| resolved.known())
        .cloned()
        .unwrap_or_else(|| panic!("{key}: {setting:?}"))
}

#[test]
fn a_listing_of_2012_r2_gives_every_record_in_full_and_nothing_that_it_does_not_print() {
    let server = server("netsh/o01_2012r2_conflict_revocation.txt");
    assert_eq!(keys(&server), ["0.0.0.0:443", "10.20.0.5:443", "[::]:443"]);
    assert!(records(&server).unknown.is_empty());
    for record in &records(&server).records {
        // A freshness time is in effect with the bit 4 of CertCheckMode, which a listing shows by the time alone.
        let mode = if record.key_written == "10.20.0.5:443" { 4 } else { u32::from(record.key_written == "0.0.0.0:443") };
        assert!(record.unknown.is_empty() && !record.certificate.is_absent() && !record.app_id.is_absent() && !record.store.is_absent());
        assert_eq!(record.cert_check_mode.number(), Some(mode), "{}", record.key_written);
        assert_eq!(
            (record.switch(Switch::DsMapper), record.switch(Switch::Reject), record.switch(Switch::DisableTls13)),
            (Some(false), None, None)
        );
    }
    let specific = record(&server, "10.20.0.5:443");
    assert_eq!((specific.freshness_seconds.value(), specific.url_timeout_milliseconds.value()), (Some(&3600), Some(&15_000)));
    assert_eq!(specific.switch(Switch::Negotiate), Some(true));
    assert_eq!(record(&server, "0.0.0.0:443").owner(), Some(AppOwner::Iis));
    assert_eq!(record(&server, "[::]:443").owner(), None);
}

#[test]
fn a_listing_with_a_record_of_the_central_store_is_read_to_its_end() {
    let server = server("netsh/o02_2022_sni_drift_and_ccs.txt");
    assert_eq!(keys(&server), ["orders.fabrikam.test:443", "billing.fabrikam.test:443", "*.fabrikam.test:8443", "ccs:443"]);
    let central = record(&server, "ccs:443");
    assert_eq!((central.certificate.value(), central.store.value()), (Some(&None), Some(&None)));
    assert_eq!((central.cert_check_mode.number(), central.switch(Switch::DisableHttp2)), (Some(0), None));
    let wildcard = record(&server, "*.fabrikam.test:8443");
    assert_eq!((wildcard.cert_check_mode.number(), wildcard.switch(Switch::DisableTls13)), (Some(1), Some(true)));
    assert_eq!(wildcard.extended.len(), 2);
}

#[test]
fn a_listing_of_2025_gives_its_new_lines() {
    let server = server("netsh/o03_2025_tls13_ctl_mapper.txt");
    assert_eq!(keys(&server), ["0.0.0.0:443", "partner.fabrikam.test:443"]);
    let wildcard = record(&server, "0.0.0.0:443");
    assert_eq!(wildcard.ctl_identifier.value(), Some(&Some("MyIssuersCtl".to_owned())));
    assert_eq!(wildcard.switches.get(&Switch::CachingClientHello).and_then(|field| field.value()), Some(&false));
    assert_eq!((wildcard.switch(Switch::DsMapper), wildcard.switch(Switch::Negotiate)), (Some(true), Some(false)));
    let partner = record(&server, "partner.fabrikam.test:443");
    assert_eq!(partner.cert_check_mode.number(), Some(0x1_0002));
    assert_eq!((partner.switch(Switch::DisableHttp2), partner.switch(Switch::DisableLegacyTls)), (Some(true), Some(true)));
}

#[test]
fn a_value_on_the_key_above_the_records_is_kept_and_has_no_effect() {
    let server = server("netsh/o04_regquery_sslbindinginfo.txt");
    assert_eq!(keys(&server), ["0.0.0.0:443"]);
    let [stray] = records(&server).stray.as_slice() else { panic!("{:?}", records(&server).stray) };
    assert_eq!((stray.name.as_str(), stray.number), ("DefaultSslCertCheckMode", Some(1)));
    let record = record(&server, "0.0.0.0:443");
    assert_eq!((record.cert_check_mode.number(), record.default_flags.value()), (Some(0), Some(&0x42)));
    assert_eq!((record.switch(Switch::Negotiate), record.switch(Switch::DisableTls13)), (Some(true), Some(true)));
    assert_eq!(record.app_id.value().map(String::as_str), Some("{4dc3e181-e14b-4a21-b022-59fc669b0914}"));
    silent(&findings("netsh/o04_regquery_sslbindinginfo.txt"), &["revocation-check-off"]);
}

#[test]
fn sni_sites_get_the_values_of_their_own_records() {
    let server = pair("F1_consistent_sni.config", "o02_2022_sni_drift_and_ccs.txt");
    for host in ["orders.fabrikam.test:443", "billing.fabrikam.test:443"] {
        assert_eq!(serves(&server, host), host);
    }
    assert!(matches!(endpoint(&server, "orders.fabrikam.test:443").served, Served::Own(_)));
    let [orders, billing] = ["orders.fabrikam.test:443", "billing.fabrikam.test:443"]
        .map(|host| in_effect(&server, host, Setting::RevocationUrlRetrievalTimeout));
    assert_eq!((orders, billing), (Value::Number(15_000), Value::Number(0)));
    assert!(server.notices.iter().all(|notice| notice.name != "endpoint-not-assessed"));
    let found = rules::check(&Context { server: &server, groups: &[], profile: None });
    assert!(find(&found, "sites-disagree-on-revocation", 0, "").message.contains("15000"));
    assert!(find(&found, "sites-disagree-on-issuers", 0, "").message.contains("ClientAuthIssuer"));
}

#[test]
fn a_record_that_serves_two_host_headers_decides_for_both() {
    let server = pair("F2_shared_ipport_hostheaders.config", "o01_2012r2_conflict_revocation.txt");
    assert_eq!(serves(&server, "0.0.0.0:443"), "0.0.0.0:443");
    assert_eq!(endpoint(&server, "0.0.0.0:443").sites.len(), 2);
    assert!(endpoint(&server, "10.20.0.5:443").sites.is_empty());
    let found = rules::check(&Context { server: &server, groups: &[], profile: None });
    let off: Vec<_> = found.iter().filter(|finding| finding.rule.name == "revocation-check-off").collect();
    assert!(off.iter().all(|finding| finding.severity == Severity::High && finding.message.contains("0.0.0.0:443")), "{off:?}");
    assert!(!off.is_empty());
}

#[test]
fn a_record_for_one_address_serves_it_and_the_wildcard_serves_what_has_no_record() {
    let server = pair("F3_specific_ip_shadows_sni.config", "o01_2012r2_conflict_revocation.txt");
    assert_eq!(serves(&server, "10.20.0.5:443"), "10.20.0.5:443");
    assert_eq!(serves(&server, "[fd00:20::5]:443"), "[::]:443");
    for host in ["portal.fabrikam.test:443", "api.fabrikam.test:443"] {
        assert_eq!(serves(&server, host), "0.0.0.0:443");
        assert!(matches!(endpoint(&server, host).served, Served::Other(_)));
    }
}

#[test]
fn a_record_that_negotiates_leaves_no_late_request() {
    let server = pair("F6_mapping.config", "o03_2025_tls13_ctl_mapper.txt");
    assert_eq!(in_effect(&server, "partner.fabrikam.test:443", Setting::NegotiateClientCertificate), Value::Bool(true));
    assert_eq!(in_effect(&server, "partner.fabrikam.test:443", Setting::DsMapper), Value::Bool(false));
    let found = rules::check(&Context { server: &server, groups: &[], profile: None });
    silent(&found, &["late-request-body-limit", "late-request-tls13", "late-request-http2"]);
    find(&found, "revocation-cache-only", 61, "");
    find(&found, "usage-check-off", 61, "");
}

#[test]
fn a_wildcard_host_and_the_central_store_serve_hosts_without_a_record() {
    let server = pair("F7_ccs_and_new_bits.config", "o02_2022_sni_drift_and_ccs.txt");
    assert_eq!(serves(&server, "ccs:443"), "ccs:443");
    assert_eq!(serves(&server, "health.fabrikam.test:8443"), "*.fabrikam.test:8443");
    assert_eq!(serves(&server, "health.fabrikam.test:443"), "ccs:443");
    assert_eq!(serves(&server, "ccs:9443"), "");
}
