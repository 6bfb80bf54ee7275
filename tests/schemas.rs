//! The JSON of every command over every example and fixture is what the schemas in schemas/ say, and the same on every run.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "a test stops on anything unexpected")]

use std::path::{Path, PathBuf};
use std::process::Command;

use serde_json::Value;

const ROOT: &str = env!("CARGO_MANIFEST_DIR");

fn validator(name: &str) -> jsonschema::Validator {
    let text = std::fs::read_to_string(Path::new(ROOT).join("schemas").join(name)).unwrap();
    let schema: Value = serde_json::from_str(&text).unwrap();
    jsonschema::meta::validate(&schema).unwrap();
    jsonschema::validator_for(&schema).unwrap()
}

fn run(arguments: &[&str]) -> String {
    let output =
        Command::new(env!("CARGO_BIN_EXE_iisaudit")).args(arguments).args(["--format", "json"]).current_dir(ROOT).output().unwrap();
    String::from_utf8(output.stdout).unwrap()
}

/// Directories of examples and single fixture files.
fn inputs() -> Vec<String> {
    let mut inputs: Vec<PathBuf> =
        std::fs::read_dir(Path::new(ROOT).join("examples")).unwrap().map(|entry| entry.unwrap().path()).collect();
    for folder in ["metabase", "apphost", "netsh"] {
        inputs.extend(std::fs::read_dir(Path::new(ROOT).join("tests/fixtures").join(folder)).unwrap().map(|entry| entry.unwrap().path()));
    }
    inputs.push(Path::new(ROOT).join("examples"));
    inputs.push(Path::new(ROOT).join("tests/fixtures"));
    let mut inputs: Vec<String> = inputs.iter().map(|path| path.strip_prefix(ROOT).unwrap().to_str().unwrap().replace('\\', "/")).collect();
    inputs.sort();
    assert!(inputs.len() > 20);
    inputs
}

fn assert_valid(validator: &jsonschema::Validator, text: &str, what: &str) {
    let value: Value = serde_json::from_str(text).unwrap_or_else(|error| panic!("{what}: {error}"));
    let errors: Vec<String> = validator.iter_errors(&value).map(|error| format!("{}: {error}", error.instance_path())).collect();
    assert!(errors.is_empty(), "{what}: {errors:#?}");
}

#[test]
fn sites_and_check_give_what_their_schemas_say_for_every_example_and_fixture() {
    let sites = validator("report-sites.schema.json");
    let check = validator("report-check.schema.json");
    for input in inputs() {
        assert_valid(&sites, &run(&["sites", &input]), &format!("sites {input}"));
        assert_valid(&check, &run(&["check", &input]), &format!("check {input}"));
    }
}

#[test]
fn unreadable_and_missing_inputs_are_described_by_the_schemas_too() {
    let directory = tempfile::tempdir().unwrap();
    let broken = directory.path().join("applicationHost.config");
    std::fs::write(&broken, "<configuration>\n<<<<<<< HEAD\n</configuration>").unwrap();
    let path = directory.path().to_str().unwrap();
    assert_valid(&validator("report-sites.schema.json"), &run(&["sites", path]), "sites");
    assert_valid(&validator("report-check.schema.json"), &run(&["check", path, "no-such-file"]), "check");
}

#[test]
fn diff_gives_what_its_schema_says() {
    let diff = validator("report-diff.schema.json");
    for arguments in [
        &["diff", "examples/working-failing/MetaBase.xml#690402", "#90326589"][..],
        &["diff", "--failing", "examples/working-failing/MetaBase.xml#690402", "--working", "#90326589", "--status", "403.13"],
        &["diff", "--failing", "examples/shared-endpoint/MetaBase.xml#690402", "--working", "#90326589", "--status", "403.13"],
        &["diff", "examples/sni-pair/applicationHost.config#Orders", "#Billing"],
        &["diff", "examples/working-failing", "examples/shared-endpoint"],
        &["diff", "examples/working-failing", "examples/working-failing"],
        &["diff", "examples/path-mistakes", "examples/certificate-mapping"],
        &["diff", "examples/before-after/old", "examples/before-after/new"],
        &["diff", "examples/two-nodes/node-a", "examples/two-nodes/node-b"],
        &["diff", "examples/sni-pair", "examples/renewal-drift"],
        &["diff", "examples/flat-folder", "examples/two-nodes"],
        &["diff", "examples", "tests/fixtures"],
    ] {
        assert_valid(&diff, &run(arguments), &arguments.join(" "));
    }
}

#[test]
fn diagnose_gives_what_its_schema_says() {
    let diagnose = validator("report-diagnose.schema.json");
    for (input, site) in [
        ("examples/working-failing/MetaBase.xml", "690402"),
        ("examples/shared-endpoint/MetaBase.xml", "690402"),
        ("examples/sni-pair", "Orders"),
        ("examples/flat-folder/web01.config", "1"),
        ("examples/issuer-list-truncated", "Orders"),
    ] {
        for status in ["403.13", "403"] {
            let report = run(&["diagnose", input, "--site", site, "--status", status, "--at", "2026-11-23"]);
            assert_valid(&diagnose, &report, &format!("{input} {site} {status}"));
        }
    }
    let evidence = "tests/fixtures/evidence/e06_verify_four_levels.txt";
    let pair = "examples/working-failing/MetaBase.xml";
    let report = run(&[
        "diagnose",
        pair,
        "--site",
        "690402",
        "--working",
        "90326589",
        "--status",
        "403.13",
        "--at",
        "2026-11-23",
        "--evidence",
        evidence,
    ]);
    assert_valid(&diagnose, &report, "with evidence");
    let report: Value = serde_json::from_str(&report).unwrap();
    assert_eq!((report["causes"][0]["id"].as_str(), report["causes"][0]["verdict"].as_str()), (Some("crl-unreachable"), Some("supported")));
    assert_eq!(report["causes"][0]["because"][0]["location"]["file"], evidence);
}

#[test]
fn a_check_under_a_profile_and_the_catalogue_of_rules_give_what_their_schemas_say() {
    let check = validator("report-check.schema.json");
    let rules = validator("report-rules.schema.json");
    assert_valid(&rules, &run(&["rules"]), "rules");
    for profile in ["stig", "cis"] {
        assert_valid(&rules, &run(&["rules", "--profile", profile]), profile);
        for input in inputs() {
            assert_valid(&check, &run(&["check", &input, "--profile", profile]), &format!("check {input} --profile {profile}"));
        }
    }
    let report: Value =
        serde_json::from_str(&run(&["check", "tests/fixtures/apphost/F1_consistent_sni.config", "--profile", "stig"])).unwrap();
    assert_eq!(report["findings"][0]["benchmarks"][0]["id"], "V-218768");
    let notices: Vec<&Value> =
        report["notices"].as_array().unwrap().iter().filter(|notice| notice["name"] == "benchmark-not-assessed").collect();
    assert!(notices.iter().any(|notice| notice["message"].as_str().unwrap().contains("V-218821")));
}

#[test]
fn the_same_input_gives_the_same_bytes() {
    for command in ["sites", "check"] {
        assert_eq!(run(&[command, "examples"]), run(&[command, "examples"]));
        assert_eq!(run(&[command, "tests/fixtures"]), run(&[command, "tests/fixtures"]));
    }
}

#[test]
fn a_finding_is_described_alike_wherever_it_stands() {
    let read = |name: &str| -> Value {
        serde_json::from_str(&std::fs::read_to_string(Path::new(ROOT).join("schemas").join(name)).unwrap()).unwrap()
    };
    let (mut check, diff) = (read("report-check.schema.json"), read("report-diff.schema.json"));
    // No policy or baseline is asked about the findings of a comparison.
    let finding = &mut check["$defs"]["finding"];
    for only_of_check in ["state", "suppression", "severity_before"] {
        finding["properties"].as_object_mut().unwrap().remove(only_of_check);
        finding["required"].as_array_mut().unwrap().retain(|name| name != only_of_check);
    }
    for part in ["finding", "related", "remedy", "benchmark", "site", "location"] {
        assert_eq!(check["$defs"][part], diff["$defs"][part], "{part}");
    }
}
