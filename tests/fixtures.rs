//! What the fixtures must report, and what they must not.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "a test stops on anything unexpected")]

use std::path::PathBuf;

use iisaudit::estate::{self, Options};
use iisaudit::rules::{self, Confidence, Context, Finding, Severity};
use iisaudit::server::Server;

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
    for folder in ["metabase", "apphost"] {
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
