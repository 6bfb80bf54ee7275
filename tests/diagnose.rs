//! `iisaudit diagnose` over the examples: each ends with the cause that it was made for, and without that piece of evidence the cause is
//! open and asks for it. How a site and a status are chosen where none is named.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "a test stops on anything unexpected")]

use std::process::Command;

use serde_json::Value;

const ROOT: &str = env!("CARGO_MANIFEST_DIR");

struct Run {
    code: i32,
    out: String,
    err: String,
}

fn run(arguments: &[&str]) -> Run {
    let output = Command::new(env!("CARGO_BIN_EXE_iisaudit")).arg("diagnose").args(arguments).current_dir(ROOT).output().unwrap();
    Run {
        code: output.status.code().unwrap(),
        out: String::from_utf8(output.stdout).unwrap(),
        err: String::from_utf8(output.stderr).unwrap(),
    }
}

fn report(arguments: &[&str]) -> (i32, Value) {
    let run = run(&[arguments, &["--format", "json", "--at", "2026-11-23"]].concat());
    (run.code, serde_json::from_str(&run.out).unwrap_or_else(|error| panic!("{arguments:?}: {error}: {}", run.err)))
}

fn cause<'a>(report: &'a Value, id: &str) -> &'a Value {
    report["causes"].as_array().unwrap().iter().find(|cause| cause["id"] == id).unwrap()
}

/// With the evidence the cause is on top, supported by a fact with a place; without it the cause is open and asks for `asks`.
fn decides(id: &str, with: &[&str], without: &[&str], asks: &str) {
    let (code, report) = self::report(with);
    let top = &report["causes"][0];
    assert_eq!((code, top["id"].as_str(), top["verdict"].as_str()), (1, Some(id), Some("supported")), "{top:#}");
    assert!(top["because"].as_array().unwrap().iter().any(|fact| !fact["location"].is_null()), "{top:#}");
    let (_, report) = self::report(without);
    let open = cause(&report, id);
    assert_eq!(open["verdict"], "open", "{open:#}");
    let needs = open["needs"].as_array().unwrap();
    assert!(needs.iter().any(|need| need["command"] == asks || need["what"].as_str().unwrap().contains(asks)), "{needs:#?}");
}

#[test]
fn a_site_that_works_and_does_not_check_points_at_the_check() {
    let file = "examples/diagnose-absent-mode/MetaBase.xml";
    decides(
        "crl-unreachable",
        &[file, "--site", "Suppliers", "--working", "Carriers", "--status", "403.13"],
        &[file, "--site", "Suppliers", "--status", "403.13"],
        "certutil -verify -urlfetch client.cer",
    );
    let (_, report) = report(&[file, "--site", "Suppliers", "--working", "Carriers", "--status", "403.13"]);
    assert_eq!(report["comparison"]["diagnosis"]["suspects"][0]["setting"], "cert-check-mode");
    let last = cause(&report, "crl-unreachable")["remedies"].as_array().unwrap().last().unwrap().clone();
    assert_eq!(last["risk"], "weakens-security");
    assert!(last["what"].as_str().unwrap().contains("revoked certificates are accepted"), "{last}");
}

#[test]
fn the_list_of_one_authority_that_cannot_be_fetched_is_found() {
    let file = "examples/diagnose-unreachable-crl/MetaBase.xml";
    decides(
        "crl-unreachable",
        &[file, "--status", "403.13", "--evidence", "examples/diagnose-unreachable-crl/verify.txt"],
        &[file, "--status", "403.13"],
        "certutil -verify -urlfetch client.cer",
    );
}

#[test]
fn fetching_every_two_minutes_is_told_by_the_record_alone() {
    decides(
        "freshness-refetch",
        &["examples/diagnose-freshness", "--status", "403.13"],
        &["examples/diagnose-freshness/applicationHost.config", "--status", "403.13"],
        "netsh http show sslcert",
    );
}

#[test]
fn both_kinds_of_mapping_are_found_where_the_service_is_known() {
    decides(
        "two-mapping-kinds",
        &["examples/diagnose-two-mappings/MetaBase.xml", "--status", "401"],
        &["examples/diagnose-two-mappings/export/site.xml", "--status", "401"],
        "the key /LM/W3SVC",
    );
    let (_, report) = report(&["examples/diagnose-two-mappings/MetaBase.xml", "--status", "401"]);
    let remedies = cause(&report, "two-mapping-kinds")["remedies"].as_array().unwrap().clone();
    assert!(remedies.iter().any(|one| one["command"].as_str().is_some_and(|line| line.ends_with("set W3SVC/SslUseDsMapper FALSE"))));
}

#[test]
fn a_delta_list_that_its_publisher_refuses_is_found_where_the_publisher_is_known() {
    let verify = "examples/diagnose-delta-crl/verify.txt";
    let web = "examples/diagnose-delta-crl/web";
    decides(
        "delta-crl-double-escaping",
        &[web, "examples/diagnose-delta-crl/pki", "--site", "Permits", "--status", "403.13", "--evidence", verify],
        &[web, "--site", "Permits", "--status", "403.13", "--evidence", verify],
        "applicationHost.config",
    );
}

#[test]
fn the_codes_tell_whether_anything_speaks_for_a_cause() {
    let pair = "examples/working-failing/MetaBase.xml";
    assert_eq!(report(&[pair, "--site", "690402", "--status", "403.13"]).0, 0, "open is not supported");
    let (code, report) = report(&[pair, "--site", "90326589", "--status", "403.13"]);
    assert_eq!((code, report["summary"]["open"].as_u64()), (0, Some(0)));
    assert!(report["contradictions"][0]["text"].as_str().unwrap().contains("CertCheckMode"), "{report:#}");
    for arguments in [
        &[pair, "--status", "403.13"][..],
        &[pair, "--site", "690402"],
        &[pair, "--site", "nobody", "--status", "403.13"],
        &[pair, "--site", "690402", "--working", "690402", "--status", "403.13"],
        &[pair, "--site", "690402", "--status", "403.99"],
        &[pair, "--site", "690402", "--status", "403.13", "--at", "yesterday"],
        &[pair, "--site", "690402", "--status", "403.13", "--url", "orders"],
    ] {
        let run = run(arguments);
        assert_eq!((run.code, run.out.as_str()), (2, ""), "{arguments:?}");
        assert!(!run.err.is_empty());
    }
    assert!(run(&[pair, "--status", "403.13"]).err.contains("\"partner-a (403.13)\" (id 690402)"));
    assert_eq!(run(&[pair, "--site", "690402", "--status", "403.13", "--evidence", "no-such-file"]).code, 3);
    let directory = tempfile::tempdir().unwrap();
    assert_eq!(run(&[directory.path().to_str().unwrap(), "--site", "1", "--status", "403.13"]).code, 4);
}

#[test]
fn a_site_is_written_as_in_diff_and_evidence_counts_for_its_server_alone() {
    let verify = "tests/fixtures/evidence/e06_verify_four_levels.txt";
    let (code, of_file) = report(&["--site", "examples/working-failing/MetaBase.xml#690402", "--status", "403.13", "--evidence", verify]);
    assert_eq!((code, of_file["case"]["site"]["id"].as_u64()), (1, Some(690402)));
    let estate = ["examples/working-failing", "examples/shared-endpoint", verify];
    let several = run(&[&estate[..], &["--site", "690402", "--status", "403.13"]].concat());
    assert_eq!(several.code, 2);
    assert!(several.err.contains("several servers have a site 690402: shared-endpoint, working-failing"), "{}", several.err);
    let named =
        [&estate[..], &["--site", "examples/working-failing/MetaBase.xml#690402", "--status", "403.13", "--evidence", verify]].concat();
    let (_, named) = report(&named);
    assert_eq!(cause(&named, "crl-unreachable")["verdict"], "supported");
    let twice = named["inputs"].as_array().unwrap().iter().filter(|input| input["path"] == verify).count();
    assert_eq!((named["case"]["server"].as_str(), twice), (Some("working-failing"), 1));
}

#[test]
fn configuration_among_the_evidence_is_refused() {
    let pair = "examples/working-failing/MetaBase.xml";
    let run = run(&[pair, "--site", "690402", "--status", "403.13", "--evidence", "examples/sni-pair/applicationHost.config"]);
    assert_eq!(run.code, 3);
    assert!(run.err.contains("it is configuration and no evidence"), "{}", run.err);
}

#[test]
fn an_intermediate_that_has_expired_is_found_behind_403_17() {
    decides(
        "chain-certificate-expired",
        &[
            "examples/diagnose-expired-intermediate/MetaBase.xml",
            "--status",
            "403.17",
            "--evidence",
            "examples/diagnose-expired-intermediate/user.cer",
            "--evidence",
            "examples/diagnose-expired-intermediate/authorities.cer",
        ],
        &[
            "examples/diagnose-expired-intermediate/MetaBase.xml",
            "--status",
            "403.17",
            "--evidence",
            "examples/diagnose-expired-intermediate/user.cer",
        ],
        "certutil -verify -urlfetch client.cer",
    );
}

#[test]
fn a_trust_list_that_does_not_name_the_issuer_is_found() {
    decides(
        "issuer-not-in-ctl",
        &[
            "examples/diagnose-ctl/MetaBase.xml",
            "--status",
            "403.7",
            "--evidence",
            "examples/diagnose-ctl/chain.cer",
            "--evidence",
            "examples/diagnose-ctl/partners.stl",
        ],
        &["examples/diagnose-ctl/MetaBase.xml", "--status", "403.7", "--evidence", "examples/diagnose-ctl/chain.cer"],
        ".stl",
    );
}

#[test]
fn an_empty_choice_of_certificates_is_explained_by_the_roots() {
    decides(
        "blank-certificate-chooser",
        &[
            "examples/diagnose-blank-chooser/MetaBase.xml",
            "--status",
            "403.7",
            "--evidence",
            "examples/diagnose-blank-chooser/chain.cer",
            "--evidence",
            "examples/diagnose-blank-chooser/roots.txt",
        ],
        &["examples/diagnose-blank-chooser/MetaBase.xml", "--status", "403.7", "--evidence", "examples/diagnose-blank-chooser/chain.cer"],
        "certutil -store Root",
    );
}

#[test]
fn a_list_of_issuers_that_is_too_long_is_found() {
    decides(
        "issuer-list-truncated",
        &["examples/diagnose-truncated-list/MetaBase.xml", "--status", "403.7", "--evidence", "examples/diagnose-truncated-list/roots.txt"],
        &["examples/diagnose-truncated-list/MetaBase.xml", "--status", "403.7"],
        "certutil -store Root",
    );
}

#[test]
fn a_certificate_without_its_private_key_is_found_on_the_client() {
    decides(
        "client-certificate-without-private-key",
        &["examples/diagnose-no-private-key/MetaBase.xml", "--status", "403.7", "--evidence", "examples/diagnose-no-private-key/my.txt"],
        &["examples/diagnose-no-private-key/MetaBase.xml", "--status", "403.7"],
        "certutil -user -store My",
    );
}
