//! What `check --format sarif` writes over every example is SARIF 2.1.0, leads to places that exist, and is the same on every run.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "a test stops on anything unexpected")]

use std::path::Path;
use std::process::{Command, Stdio};

use serde_json::Value;

const ROOT: &str = env!("CARGO_MANIFEST_DIR");

fn run(arguments: &[&str], directory: &Path) -> (String, i32) {
    let command =
        Command::new(env!("CARGO_BIN_EXE_iisaudit")).arg("check").args(arguments).current_dir(directory).stdin(Stdio::null()).output();
    let output = command.unwrap();
    (String::from_utf8(output.stdout).unwrap(), output.status.code().unwrap())
}

fn sarif(arguments: &[&str], directory: &Path) -> String {
    run(&[arguments, &["--format", "sarif"]].concat(), directory).0
}

fn validator() -> jsonschema::Validator {
    let mut schema: Value = serde_json::from_str(include_str!("schemas/sarif-2.1.0.json")).unwrap();
    // The pattern for languages, which are not written, is no regular expression for a strict reader.
    for definition in ["run", "toolComponent"] {
        assert!(schema["definitions"][definition]["properties"]["language"].as_object_mut().unwrap().remove("pattern").is_some());
    }
    jsonschema::options().should_validate_formats(true).build(&schema).unwrap()
}

/// The only run of a valid log.
fn valid(validator: &jsonschema::Validator, text: &str, what: &str) -> Value {
    let mut log: Value = serde_json::from_str(text).unwrap_or_else(|error| panic!("{what}: {error}"));
    let errors: Vec<String> = validator.iter_errors(&log).map(|error| format!("{}: {error}", error.instance_path())).collect();
    assert!(errors.is_empty(), "{what}: {errors:#?}");
    assert_eq!(log["runs"].as_array().unwrap().len(), 1, "{what}");
    log["runs"][0].take()
}

/// Every example, and the benchmarks over all of them.
fn examples() -> Vec<Vec<String>> {
    let entries = std::fs::read_dir(Path::new(ROOT).join("examples")).unwrap().map(|entry| entry.unwrap());
    let mut examples: Vec<Vec<String>> = entries
        .filter(|entry| entry.file_type().unwrap().is_dir() && entry.file_name() != "collect")
        .map(|entry| vec![format!("examples/{}", entry.file_name().to_str().unwrap())])
        .collect();
    assert!(examples.len() > 10);
    for profile in ["stig", "cis"] {
        examples.push(vec!["examples".to_owned(), "--profile".to_owned(), profile.to_owned()]);
    }
    examples.push(vec!["tests/fixtures".to_owned()]);
    examples.sort();
    examples
}

#[test]
fn every_example_gives_valid_sarif_with_all_findings_of_the_json_report_at_places_that_exist() {
    let validator = validator();
    for arguments in examples() {
        let arguments: Vec<&str> = arguments.iter().map(String::as_str).collect();
        let what = arguments.join(" ");
        let run_of = valid(&validator, &sarif(&arguments, Path::new(ROOT)), &what);
        let json: Value = serde_json::from_str(&run(&[&arguments[..], &["--format", "json"]].concat(), Path::new(ROOT)).0).unwrap();
        let rules = run_of["tool"]["driver"]["rules"].as_array().unwrap();
        let results = run_of["results"].as_array().unwrap();
        let findings = json["findings"].as_array().unwrap();
        assert_eq!(results.len(), findings.len(), "{what}");
        for (result, finding) in results.iter().zip(findings) {
            assert_eq!(result["partialFingerprints"]["iisaudit/v1"], finding["fingerprint"], "{what}");
            assert_eq!(rules[usize::try_from(result["ruleIndex"].as_u64().unwrap()).unwrap()]["id"], finding["rule"], "{what}");
            assert_eq!(result["ruleId"], finding["rule"], "{what}");
            let physical = &result["locations"][0]["physicalLocation"];
            let file = Path::new(ROOT).join(physical["artifactLocation"]["uri"].as_str().unwrap());
            let text = String::from_utf8_lossy(&std::fs::read(&file).unwrap()).into_owned();
            let line = physical["region"]["startLine"].as_u64();
            assert_eq!(line, finding["location"]["line"].as_u64(), "{what}");
            assert!(line.is_none_or(|line| usize::try_from(line).unwrap() <= text.lines().count()), "{what}: {physical}");
        }
        for notification in run_of["invocations"][0]["toolExecutionNotifications"].as_array().unwrap() {
            let index = usize::try_from(notification["descriptor"]["index"].as_u64().unwrap()).unwrap();
            assert_eq!(run_of["tool"]["driver"]["notifications"][index]["id"], notification["descriptor"]["id"], "{what}");
        }
    }
}

#[test]
fn the_same_input_gives_the_same_bytes_on_standard_output_and_in_a_file() {
    let directory = tempfile::tempdir().unwrap();
    let file = directory.path().join("out.sarif");
    let to_stdout = sarif(&["examples"], Path::new(ROOT));
    let (table, code) = run(&["examples", "--report", &format!("sarif={}", file.display())], Path::new(ROOT));
    assert_eq!(std::fs::read_to_string(&file).unwrap(), to_stdout);
    assert!(table.contains("findings") && code == 1);
}

#[test]
fn an_unreadable_file_makes_the_run_unsuccessful_and_is_named_with_its_line() {
    let directory = tempfile::tempdir().unwrap();
    std::fs::create_dir(directory.path().join("web 01")).unwrap();
    std::fs::write(directory.path().join("web 01/applicationHost.config"), "<configuration>\n<<<<<<< HEAD\n</configuration>").unwrap();
    let text = sarif(&["./web 01", "no-such-file"], directory.path());
    let run = valid(&validator(), &text, "unreadable");
    assert_eq!(run["invocations"][0]["executionSuccessful"], false);
    let notifications = run["invocations"][0]["toolExecutionNotifications"].as_array().unwrap();
    let unreadable: Vec<&Value> =
        notifications.iter().filter(|notification| notification["descriptor"]["id"] == "input-unreadable").collect();
    assert_eq!(unreadable.len(), 2);
    let broken = unreadable.iter().find(|one| one["message"]["text"].as_str().unwrap().contains("web 01/applicationHost.config")).unwrap();
    assert_eq!(broken["level"], "error");
    let place = &broken["locations"][0]["physicalLocation"];
    assert_eq!(place["artifactLocation"]["uri"], "web%2001/applicationHost.config");
    assert_eq!(place["region"]["startLine"], 2);
    assert!(notifications.iter().any(|notification| notification["descriptor"]["id"] == "nothing-assessed"));
}

#[test]
fn a_directory_without_configuration_gives_a_log_that_says_so() {
    let directory = tempfile::tempdir().unwrap();
    let text = sarif(&["."], directory.path());
    let run = valid(&validator(), &text, "empty");
    assert_eq!(run["results"], serde_json::json!([]));
    assert_eq!(run["invocations"][0]["executionSuccessful"], false);
    assert_eq!(run["invocations"][0]["toolExecutionNotifications"][0]["descriptor"]["id"], "nothing-assessed");
}
