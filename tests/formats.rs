//! The formats of `check` for other programs, from the real binary over every example: each is what its readers take, and all say the same.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "a test stops on anything unexpected")]

use std::collections::BTreeMap;
use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};

use serde_json::Value;

const ROOT: &str = env!("CARGO_MANIFEST_DIR");
const PAIR: &str = "examples/working-failing/MetaBase.xml";
const FORMATS: [&str; 6] = ["json", "ndjson", "csv", "junit", "github", "markdown"];

fn iisaudit(arguments: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_iisaudit"));
    command.args(arguments).current_dir(ROOT);
    // Tests may themselves run in a workflow.
    for name in ["GITHUB_STEP_SUMMARY", "GITHUB_WORKSPACE", "NO_COLOR", "CLICOLOR_FORCE"] {
        command.env_remove(name);
    }
    command
}

fn text(output: &Output) -> (&str, &str) {
    (std::str::from_utf8(&output.stdout).unwrap(), std::str::from_utf8(&output.stderr).unwrap())
}

/// Writes every format of one run into `directory`.
fn reports(input: &[&str], directory: &Path) -> BTreeMap<&'static str, String> {
    let file = |format: &str| directory.join(format).to_str().unwrap().to_owned();
    let mut arguments = vec!["check".to_owned()];
    arguments.extend(input.iter().map(|input| (*input).to_owned()));
    for format in FORMATS {
        arguments.extend(["--report".to_owned(), format!("{format}={}", file(format))]);
    }
    let arguments: Vec<&str> = arguments.iter().map(String::as_str).collect();
    let output = iisaudit(&arguments).output().unwrap();
    assert!(matches!(output.status.code(), Some(0 | 1 | 3 | 4)), "{input:?}: {output:?}");
    FORMATS.into_iter().map(|format| (format, std::fs::read_to_string(file(format)).unwrap())).collect()
}

/// Every example and fixture, all of them at once, and what cannot be read.
fn runs(directory: &Path) -> Vec<Vec<String>> {
    let shown = |path: PathBuf| path.strip_prefix(ROOT).unwrap().to_str().unwrap().replace('\\', "/");
    let entries = |folder: &str| std::fs::read_dir(Path::new(ROOT).join(folder)).unwrap().map(move |entry| shown(entry.unwrap().path()));
    let mut inputs: Vec<String> = entries("examples").filter(|path| !path.ends_with(".md")).collect();
    inputs.extend(["apphost", "metabase", "netsh"].iter().flat_map(|folder| entries(&format!("tests/fixtures/{folder}"))));
    inputs.retain(|path| !path.ends_with(".md"));
    inputs.sort();
    assert!(inputs.len() > 20);
    let broken = directory.join("applicationHost.config");
    std::fs::write(&broken, "<configuration>\n<<<<<<< HEAD\n</configuration>").unwrap();
    let hostile = directory.join("evil.config");
    std::fs::write(&hostile, HOSTILE).unwrap();
    let mut runs: Vec<Vec<String>> = inputs.into_iter().map(|input| vec![input]).collect();
    runs.push(vec!["examples".to_owned(), "tests/fixtures".to_owned()]);
    runs.push(vec![PAIR.to_owned(), broken.to_str().unwrap().to_owned(), "no-such-file".to_owned()]);
    runs.push(vec![hostile.to_str().unwrap().to_owned()]);
    runs
}

/// A server whose site has a name for every format.
const HOSTILE: &str = r#"<configuration><system.applicationHost><sites>
    <site name="=cmd|x @admin #1 &lt;/details&gt;&lt;img src=x&gt; ]]&gt; %0A::error::x &#x202E;&#x9B; `a` |" id="1"><application path="/"/>
    <bindings><binding protocol="https" bindingInformation="*:443:" sslFlags="x"/></bindings></site></sites></system.applicationHost></configuration>"#;

fn for_every_run(check: impl Fn(&[&str], &BTreeMap<&'static str, String>)) {
    let directory = tempfile::tempdir().unwrap();
    for run in runs(directory.path()) {
        let run: Vec<&str> = run.iter().map(String::as_str).collect();
        check(&run, &reports(&run, directory.path()));
    }
}

#[test]
fn every_format_has_every_finding() {
    let schema: Value =
        serde_json::from_str(&std::fs::read_to_string(Path::new(ROOT).join("schemas/report-check-line.schema.json")).unwrap()).unwrap();
    jsonschema::meta::validate(&schema).unwrap();
    let validator = jsonschema::validator_for(&schema).unwrap();
    for_every_run(|run, reports| {
        let report: Value = serde_json::from_str(&reports["json"]).unwrap();
        let findings = report["findings"].as_array().unwrap();
        let unreadable = report["summary"]["unreadable"].as_u64().unwrap() as usize;

        let lines: Vec<Value> = reports["ndjson"].lines().map(|line| serde_json::from_str(line).unwrap()).collect();
        for line in &lines {
            let errors: Vec<String> = validator.iter_errors(line).map(|error| error.to_string()).collect();
            assert!(errors.is_empty(), "{run:?}: {errors:?}");
        }
        assert_eq!(lines.iter().filter(|line| line["type"] == "finding").count(), findings.len(), "{run:?}");
        assert_eq!(lines.last().unwrap()["type"], "summary");

        let mut rows = csv::Reader::from_reader(reports["csv"].as_bytes());
        let column = rows.headers().unwrap().iter().position(|name| name == "fingerprint").unwrap();
        let fingerprints: Vec<String> = rows.records().map(|row| row.unwrap()[column].to_owned()).collect();
        let expected: Vec<&str> = findings.iter().map(|finding| finding["fingerprint"].as_str().unwrap()).collect();
        assert_eq!(fingerprints, expected, "{run:?}");

        let junit = roxmltree::Document::parse(&reports["junit"]).unwrap();
        let elements = |name: &str| junit.descendants().filter(|node| node.has_tag_name(name)).count();
        let nothing = usize::from(report["summary"]["servers"] == 0 && unreadable == 0);
        let new = findings.iter().filter(|finding| finding["state"] == "new").count();
        assert_eq!((elements("failure"), elements("error")), (new, unreadable + nothing), "{run:?}");

        let markdown = &reports["markdown"];
        assert!(markdown.starts_with("## iisaudit: ") && markdown.len() <= 65_536, "{run:?}");
        for event in pulldown_cmark::Parser::new_ext(markdown, pulldown_cmark::Options::all()) {
            use pulldown_cmark::{Event, Tag};
            let foreign = match &event {
                Event::Html(html) => !["<details>", "</details>", "<summary>"].iter().any(|ours| html.starts_with(ours)),
                Event::InlineHtml(_) | Event::Start(Tag::Link { .. } | Tag::Image { .. }) => true,
                _ => false,
            };
            assert!(!foreign, "{run:?}: {event:?}");
        }

        let github = &reports["github"];
        for (command, most) in [("::error ", 10), ("::warning ", 10), ("::notice ", 10)] {
            assert!(github.lines().filter(|line| line.starts_with(command)).count() <= most, "{run:?}");
        }
        assert!(
            github.lines().all(|line| ["::error ", "::warning ", "::notice ", "iisaudit: "].iter().any(|start| line.starts_with(start))),
            "{run:?}"
        );
        assert_eq!(github.lines().filter(|line| line.starts_with("iisaudit: ")).count(), 1, "{run:?}");
    });
}

#[test]
fn junit_is_what_the_schema_of_jenkins_says() {
    if Command::new("xmllint").arg("--version").output().is_err() {
        assert!(
            std::env::var_os("IISAUDIT_CI").is_none(),
            "xmllint is missing: install libxml2-utils, so that the output of --format junit is validated"
        );
        // Not by a macro, whose words nobody sees when the test passes.
        let skipped = "SKIPPED: xmllint is missing, so the output of --format junit is not validated; install libxml2-utils";
        writeln!(std::io::stderr(), "{skipped}").unwrap();
        return;
    }
    for_every_run(|run, reports| {
        let directory = tempfile::tempdir().unwrap();
        let file = directory.path().join("junit.xml");
        std::fs::write(&file, &reports["junit"]).unwrap();
        let output = Command::new("xmllint")
            .args(["--noout", "--nonet", "--schema", "tests/schemas/junit-10.xsd"])
            .arg(&file)
            .current_dir(ROOT)
            .output()
            .unwrap();
        assert!(output.status.success(), "{run:?}: {}", text(&output).1);
    });
}

#[test]
fn the_same_input_gives_the_same_bytes_in_every_format() {
    let directory = tempfile::tempdir().unwrap();
    let run = ["examples"];
    assert_eq!(reports(&run, directory.path()), reports(&run, directory.path()));
}

#[test]
fn annotations_name_files_as_the_repository_does() {
    let annotated = |here: &Path, path: &str| {
        let output = iisaudit(&["check", path, "--format", "github"]).env("GITHUB_WORKSPACE", ROOT).current_dir(here).output().unwrap();
        assert_eq!(output.status.code(), Some(1));
        text(&output).0.to_owned()
    };
    let expected = format!("file={PAIR},line=");
    let absolute = Path::new(ROOT).join(PAIR);
    assert!(annotated(Path::new(ROOT), absolute.to_str().unwrap()).contains(&expected));
    let below = annotated(&Path::new(ROOT).join("examples"), "working-failing");
    assert!(below.contains(&expected), "{below}");
}

#[test]
fn in_a_workflow_the_report_is_added_to_the_summary_of_the_job() {
    let directory = tempfile::tempdir().unwrap();
    let file = directory.path().join("summary.md");
    let run = |format: &str| iisaudit(&["check", PAIR, "--format", format]).env("GITHUB_STEP_SUMMARY", &file).output().unwrap();
    run("markdown");
    assert!(!file.exists());
    std::fs::write(&file, "from another step").unwrap();
    let output = run("github");
    assert_eq!((output.status.code(), text(&output).1), (Some(1), ""));
    let summary = std::fs::read_to_string(&file).unwrap();
    assert!(summary.starts_with("from another step\n## iisaudit: "), "{summary}");
    // Nothing is written that would make GitHub drop the whole summary.
    std::fs::write(&file, vec![b'x'; (1 << 20) - 4000]).unwrap();
    let output = run("github");
    assert_eq!(output.status.code(), Some(1));
    assert!(text(&output).1.contains("GITHUB_STEP_SUMMARY: the summary of this step is full"), "{output:?}");
    assert_eq!(std::fs::metadata(&file).unwrap().len(), (1 << 20) - 4000);
    let output = iisaudit(&["check", PAIR, "--format", "github"]).env("GITHUB_STEP_SUMMARY", directory.path()).output().unwrap();
    assert_eq!(output.status.code(), Some(3));
    assert!(text(&output).1.contains("cannot write the summary of the job"), "{output:?}");
}

#[test]
fn the_help_says_what_each_format_is_for() {
    let output = iisaudit(&["check", "--help"]).output().unwrap();
    let help = text(&output).0;
    for format in FORMATS {
        assert!(help.contains(&format!("- {format}:")), "{format}: {help}");
    }
}
