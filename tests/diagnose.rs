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

/// A directory with these files, and their paths.
fn files(texts: &[(&str, &str)]) -> (tempfile::TempDir, Vec<String>) {
    let directory = tempfile::tempdir().unwrap();
    let paths = texts.iter().map(|(name, text)| {
        let path = directory.path().join(name);
        std::fs::write(&path, text).unwrap();
        path.to_str().unwrap().to_owned()
    });
    let paths = paths.collect();
    (directory, paths)
}

/// The conclusion of a page in one line.
fn conclusion_of(page: &str) -> String {
    let conclusion = page.split("\nConclusion\n").nth(1).unwrap().split("\n\n").next().unwrap();
    conclusion.split_whitespace().collect::<Vec<_>>().join(" ")
}

fn text_of(path: &str) -> String {
    std::fs::read_to_string(format!("{ROOT}/{path}")).unwrap()
}

const SUPPLIERS: &str = "examples/diagnose-unreachable-crl/MetaBase.xml";

/// A verification that was cut anywhere proves nothing: neither what stands before the cut nor what is missing.
#[test]
fn a_verification_that_was_cut_is_refused_with_its_place_above_the_conclusion_and_proves_nothing() {
    let whole = text_of("examples/diagnose-unreachable-crl/verify.txt");
    let (_, nothing) = report(&[SUPPLIERS, "--status", "403.13"]);
    let verdicts = |report: &Value| -> Vec<(String, String)> {
        let causes = report["causes"].as_array().unwrap();
        causes.iter().map(|cause| (cause["id"].to_string(), cause["verdict"].to_string())).collect()
    };
    for end in [900, whole.find("    http://crl-internal").unwrap(), whole.find("CertUtil: -verify").unwrap()] {
        let (_directory, paths) = files(&[("cut.txt", &whole[..end])]);
        let run = run(&[SUPPLIERS, "--status", "403.13", "--evidence", &paths[0], "--width", "200"]);
        let line = whole[..end].trim_end().lines().count();
        let place = format!("{}:{line}:", paths[0]);
        assert_eq!(run.code, 3, "{end}");
        assert!(run.err.contains(&place) && run.err.contains("it was cut"), "{}", run.err);
        let (said, conclusion) = (run.out.find(&place).unwrap(), run.out.find("Conclusion").unwrap());
        assert!(said < conclusion, "{}", run.out);
        let (code, report) = report(&[SUPPLIERS, "--status", "403.13", "--evidence", &paths[0]]);
        assert_eq!((code, verdicts(&report)), (3, verdicts(&nothing)), "{end}");
    }
}

#[test]
fn a_listing_of_records_that_was_cut_is_refused_with_its_place_and_proves_no_record_missing() {
    let whole = text_of("examples/diagnose-freshness/sslcert.txt");
    let end = whole.find("URL Retrieval").unwrap() + 9;
    let (_directory, paths) = files(&[("sslcert.txt", &whole[..end])]);
    let run = run(&["examples/diagnose-freshness/applicationHost.config", "--status", "403.13", "--evidence", &paths[0], "--width", "200"]);
    assert_eq!(run.code, 3, "{}", run.err);
    let place = format!("{}:{}:", paths[0], whole[..end].lines().count());
    assert!(run.err.contains(&place) && run.err.contains("the listing stops here"), "{}", run.err);
    assert!(run.out.find(&place).unwrap() < run.out.find("Conclusion").unwrap(), "{}", run.out);
    assert!(!run.out.contains("which no record serves"), "{}", run.out);
}

#[test]
fn junk_and_a_log_without_its_columns_are_refused_with_their_place_and_what_was_expected() {
    for (text, line, says) in [
        ("hello junk\n", 1, "it begins with \"hello junk\"; expected the output of `certutil -verify -urlfetch`"),
        ("\n\n  \u{1b}[31mred\n", 3, "not recognised"),
        (
            "#Version: 1.0\n#Fields: date time cs-method\n2026-11-22 10:00:00 GET\n",
            2,
            "expected at least sc-status, and sc-substatus and sc-win32-status",
        ),
        (" \n\n", 1, "nothing but blanks"),
    ] {
        let (_directory, paths) = files(&[("given", text)]);
        let run = run(&[SUPPLIERS, "--status", "403.13", "--evidence", &paths[0]]);
        assert_eq!(run.code, 3, "{text}");
        assert!(run.err.contains(&format!("{}:{line}:1: ", paths[0])) && run.err.contains(says), "{}", run.err);
        assert!(!run.err.contains("no XML") && !run.err.contains('\u{1b}'), "{}", run.err);
    }
}

#[test]
fn records_of_netsh_beside_iis_6_and_a_url_that_no_binding_has_are_said_before_the_conclusion() {
    let (_, report) = report(&[
        SUPPLIERS,
        "--status",
        "403.13",
        "--evidence",
        "examples/diagnose-freshness/sslcert.txt",
        "--url",
        "https://elsewhere.example.test:8443/x",
    ]);
    let notes: Vec<&str> = report["notes"].as_array().unwrap().iter().map(|note| note["text"].as_str().unwrap()).collect();
    assert!(notes[0].contains("sslcert.txt: not used: on IIS 6") && notes[0].contains("httpcfg query ssl"), "{notes:?}");
    assert!(notes[1].contains("leads to https://elsewhere.example.test:8443") && notes[1].contains("https 192.0.2.31:443:"), "{notes:?}");
    for url in ["https://192.0.2.31/x", "https://suppliers.example.test/", "/x"] {
        let (_, report) = self::report(&[SUPPLIERS, "--status", "403.13", "--url", url]);
        assert_eq!(report["notes"].as_array().unwrap().len(), 0, "{url}");
    }
}

const LOG: &str = "#Software: Microsoft Internet Information Services 6.0\n#Fields: date time s-sitename s-ip cs-method cs-uri-stem s-port sc-status sc-substatus sc-win32-status\n";

#[test]
fn a_log_tells_the_site_that_fails_and_the_one_that_works() {
    let pair = "examples/diagnose-absent-mode/MetaBase.xml";
    assert_eq!(run(&[pair, "--status", "403.13"]).code, 2, "two sites want certificates");
    let lines = "2026-11-22 10:00:00 W3SVC70311 192.0.2.31 GET / 443 403 13 2148081683\n2026-11-22 10:00:01 W3SVC70312 192.0.2.32 GET / 443 200 0 0\n";
    let (_directory, paths) = files(&[("ex.log", &format!("{LOG}{lines}"))]);
    let (code, report) = report(&[pair, "--evidence", &paths[0]]);
    assert_eq!((code, report["case"]["site"]["id"].as_u64(), report["case"]["status"].as_str()), (1, Some(70311), Some("403.13")));
    assert_eq!(report["case"]["chosen"], "the only site that the log has 403.13 of");
    // The comparison of both, without a word from the user.
    assert_eq!(report["case"]["working"]["site"]["id"].as_u64(), Some(70312));
    assert!(report["case"]["working"]["why"].as_str().unwrap().contains("1 served requests of it, and none with 403.13"), "{report:#}");
    assert_eq!(report["comparison"]["diagnosis"]["suspects"][0]["setting"], "cert-check-mode");
    let page = run(&[pair, "--evidence", &paths[0]]).out;
    assert!(page.find("Conclusion").unwrap() < page.find("Compared with the site that works").unwrap(), "{page}");
    // A log of another site counts for nothing, and that is said.
    let (_directory, other) = files(&[("ex.log", &format!("{LOG}{}", lines.lines().nth(1).unwrap()))]);
    let (_, report) = self::report(&[pair, "--site", "70311", "--status", "403.13", "--evidence", &other[0]]);
    assert!(report["notes"][0]["text"].as_str().unwrap().contains("it speaks of W3SVC70312"), "{report:#}");
    assert!(report["case"]["working"].is_null());
}

#[test]
fn a_day_that_is_named_counts_before_the_log_and_the_report_says_which_moment_counted() {
    let lines = "2026-11-22 10:00:00 W3SVC1 192.0.2.31 GET / 443 403 17 2148204801\n";
    let (_directory, paths) = files(&[("ex.log", &format!("{LOG}{lines}"))]);
    let arguments =
        ["examples/diagnose-expired-intermediate/MetaBase.xml", "--status", "403.17", "--evidence", "tests/fixtures/x509/client.cer"];
    let log = text_of("examples/diagnose-expired-intermediate/MetaBase.xml");
    let id = log.split("/LM/W3SVC/").filter_map(|rest| rest.split(|c: char| !c.is_ascii_digit()).next()).find(|id| !id.is_empty()).unwrap();
    std::fs::write(&paths[0], format!("{LOG}{}", lines.replace("W3SVC1", &format!("W3SVC{id}")))).unwrap();
    let told = |more: &[&str]| run(&[&arguments[..], &["--evidence", &paths[0]], more].concat()).out;
    let by_log = told(&[]);
    assert!(by_log.contains("what has expired is judged at 2026-11-22 10:00:00, the last refusal in the log"), "{by_log}");
    let named = told(&["--at", "2031-06-01"]);
    assert!(named.contains("what has expired is judged on 2031-06-01, the day of --at"), "{named}");
    let conclusion = named.split("Conclusion").nth(1).unwrap();
    assert!(conclusion.trim_start().starts_with("- The client certificate has expired"), "{named}");
    assert!(!by_log.split("Conclusion").nth(1).unwrap().trim_start().starts_with("- The client certificate has expired"), "{by_log}");
}

#[test]
fn with_the_certificates_of_two_users_nothing_is_more_than_likely_and_the_reason_is_told() {
    let metabase = "examples/diagnose-expired-intermediate/MetaBase.xml";
    let evidence = ["tests/fixtures/x509/client.cer", "tests/fixtures/x509/users.pem"];
    let of = |given: &[&str]| {
        let run = run(&[&[metabase, "--status", "403.17", "--at", "2033-01-01", "--format", "json", "--evidence"][..], given].concat());
        let report: Value = serde_json::from_str(&run.out).unwrap();
        cause(&report, "client-certificate-expired").clone()
    };
    assert_eq!(of(&evidence[..1])["strength"], "firm");
    let both = of(&evidence);
    assert_eq!((both["verdict"].as_str(), both["strength"].as_str()), (Some("supported"), Some("likely")));
    let page = run(&[&[metabase, "--status", "403.17", "--at", "2033-01-01", "--evidence"][..], &evidence].concat()).out;
    let conclusion = conclusion_of(&page);
    assert!(conclusion.contains("nothing tells which of them was sent"), "{page}");
    let facts = both["because"].as_array().unwrap();
    assert!(facts.iter().any(|fact| fact["text"].as_str().unwrap().contains("nothing tells which of them was sent")), "{facts:#?}");
}

/// What was revoked after the moment that counts is told in the conclusion, and is not the cause.
#[test]
fn a_revocation_after_the_day_that_was_named_is_told_and_is_not_the_cause() {
    let evidence = ["tests/fixtures/x509/users.pem", "tests/fixtures/x509/issuing2.b64", "tests/fixtures/x509/issuing2.crl"];
    let run = run(&[&[SUPPLIERS, "--status", "403.13", "--at", "2026-12-01", "--evidence"][..], &evidence].concat());
    let conclusion = conclusion_of(&run.out);
    assert!(conclusion.contains("which is later than the moment that counts (on 2026-12-01, the day of --at)"), "{}", run.out);
    assert_eq!(run.code, 0, "{}", run.out);
}

#[test]
fn endpoints_with_the_same_values_are_shown_once() {
    let bindings: String = (0..12)
        .map(|number| format!("<binding protocol=\"https\" bindingInformation=\"*:{}:h{number}.test\" sslFlags=\"1\"/>", 443 + number))
        .collect();
    let host = format!(
        "<configuration><system.applicationHost><sites><site name=\"Many\" id=\"1\"><application path=\"/\"/><bindings>{bindings}</bindings></site></sites></system.applicationHost><location path=\"Many\"><system.webServer><security><access sslFlags=\"Ssl, SslNegotiateCert, SslRequireCert\"/></security></system.webServer></location></configuration>"
    );
    let (_directory, paths) = files(&[("applicationHost.config", &host)]);
    let out = run(&[&paths[0], "--status", "403.13"]).out;
    assert_eq!(out.matches("\n  endpoint ").count(), 1, "{out}");
    assert!(out.contains("the same on h1.test:444, h10.test:453,"), "{out}");
    let (_, report) = report(&[&paths[0], "--status", "403.13"]);
    assert_eq!(report["case"]["endpoints"].as_array().unwrap().len(), 12);
}

/// The conclusion and the next command stand on the first screen of the smallest terminal.
#[test]
fn the_conclusion_and_the_next_command_stand_on_the_first_screen() {
    for arguments in [
        &[
            "examples/diagnose-unreachable-crl/MetaBase.xml",
            "--status",
            "403.13",
            "--evidence",
            "examples/diagnose-unreachable-crl/verify.txt",
        ][..],
        &["examples/diagnose-unreachable-crl/MetaBase.xml", "--status", "403.13"],
        &["examples/diagnose-absent-mode/MetaBase.xml", "--site", "Suppliers", "--working", "Carriers", "--status", "403.13"],
        &["examples/diagnose-truncated-list/MetaBase.xml", "--status", "403.7", "--evidence", "examples/diagnose-truncated-list/roots.txt"],
    ] {
        let out = run(&[arguments, &["--width", "80"]].concat()).out;
        let screen: Vec<&str> = out.lines().take(24).collect();
        // Commands are never wrapped, so that they can be copied.
        assert!(out.lines().all(|line| line.chars().count() <= 80 || line.contains('\\')), "{out}");
        let next = screen.iter().position(|line| *line == "Next").unwrap_or_else(|| panic!("{arguments:?}: {out}"));
        let end = screen.iter().skip(next).position(|line| line.is_empty());
        assert!(end.is_some(), "{arguments:?}: {out}");
    }
}

/// What was given is not asked for again where something else would decide the cause.
#[test]
fn the_next_step_is_never_the_evidence_that_was_just_given() {
    for (metabase, status, evidence, command) in [
        ("diagnose-unreachable-crl", "403.13", "verify.txt", "certutil -verify -urlfetch client.cer"),
        ("diagnose-truncated-list", "403.7", "roots.txt", "certutil -store Root"),
        ("diagnose-no-private-key", "403.7", "my.txt", "certutil -user -store My"),
    ] {
        let evidence = format!("examples/{metabase}/{evidence}");
        let (_, report) = report(&[&format!("examples/{metabase}/MetaBase.xml"), "--status", status, "--evidence", &evidence]);
        assert!(!report["step"]["what"].as_str().unwrap().is_empty());
        assert_ne!(report["step"]["command"], command);
        let next = report["next"].as_array().unwrap();
        assert!(next.iter().all(|next| next["command"] != command), "{next:#?}");
    }
}

#[test]
fn a_web_config_that_sets_what_is_locked_and_one_that_cannot_be_read_are_causes_of_500_19() {
    let host = r#"<configuration><configSections><sectionGroup name="system.applicationHost"><section name="sites"/></sectionGroup><sectionGroup name="system.webServer"><sectionGroup name="security"><section name="access" overrideModeDefault="Deny"/></sectionGroup></sectionGroup></configSections><system.applicationHost><sites><site name="Orders" id="1"><application path="/"><virtualDirectory path="/" physicalPath="D:\web\orders"/></application><bindings><binding protocol="https" bindingInformation="*:443:"/></bindings></site></sites></system.applicationHost></configuration>"#;
    let of = |text: &str| {
        let directory = tempfile::tempdir().unwrap();
        std::fs::create_dir_all(directory.path().join("web/orders")).unwrap();
        std::fs::write(directory.path().join("applicationHost.config"), host).unwrap();
        std::fs::write(directory.path().join("web/orders/web.config"), text).unwrap();
        let run = run(&[directory.path().to_str().unwrap(), "--status", "500.19", "--format", "json"]);
        (run.code, serde_json::from_str::<Value>(&run.out).unwrap_or_else(|error| panic!("{error}: {}", run.err)))
    };
    let (code, locked) =
        of("<configuration><system.webServer><security><access sslFlags=\"Ssl\"/></security></system.webServer></configuration>");
    assert_eq!((code, locked["causes"][0]["id"].as_str()), (1, Some("configuration-locked")), "{locked:#}");
    assert!(locked["causes"][0]["because"][0]["location"]["file"].as_str().unwrap().ends_with("web.config"), "{locked:#}");
    let (code, broken) = of("<configuration><system.webServer></configuration>");
    assert_eq!((code, broken["causes"][0]["id"].as_str()), (3, Some("configuration-invalid")), "{broken:#}");
    let (code, sound) = of("<configuration/>");
    assert_eq!((code, sound["summary"]["open"].as_u64()), (0, Some(2)), "{sound:#}");
}

#[test]
fn the_publisher_of_a_delta_list_is_told_why_it_answers_404_11() {
    let (code, report) =
        report(&["examples/diagnose-delta-crl/pki", "--status", "404.11", "--url", "http://pki.contoso.test/crld/sub+.crl"]);
    let top = &report["causes"][0];
    assert_eq!((code, top["id"].as_str(), top["strength"].as_str()), (1, Some("double-escaping-refused"), Some("firm")), "{report:#}");
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
