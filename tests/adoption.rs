//! A repository whose configuration is not clean begins with one command, and is then told only what a change brings: in every format that
//! a pipeline shows, at the line of the change, with exit code 1.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "a test stops on anything unexpected")]

use std::path::{Path, PathBuf};
use std::process::Command;

use serde_json::Value;

const UNCLEAN: &str = "examples/path-mistakes/applicationHost.config";
const CLEAN: &str = "examples/sni-pair/applicationHost.config";

/// A directory as it is checked out: `config/web01` with faults that are known, `config/web02` without any.
struct Repository {
    directory: tempfile::TempDir,
}

struct Run {
    code: i32,
    out: String,
    err: String,
}

impl Repository {
    fn new() -> Self {
        let repository = Repository { directory: tempfile::tempdir().unwrap() };
        std::fs::create_dir(repository.path(".git")).unwrap();
        for (server, example) in [("web01", UNCLEAN), ("web02", CLEAN)] {
            let to = repository.path(&format!("config/{server}/applicationHost.config"));
            std::fs::create_dir_all(to.parent().unwrap()).unwrap();
            std::fs::copy(Path::new(env!("CARGO_MANIFEST_DIR")).join(example), to).unwrap();
        }
        repository
    }

    fn path(&self, path: &str) -> PathBuf {
        self.directory.path().join(path)
    }

    fn run(&self, arguments: &[&str]) -> Run {
        let mut command = Command::new(env!("CARGO_BIN_EXE_iisaudit"));
        for name in ["NO_COLOR", "CLICOLOR_FORCE", "GITHUB_STEP_SUMMARY", "GITHUB_WORKSPACE"] {
            command.env_remove(name);
        }
        let output = command.args(arguments).current_dir(self.directory.path()).output().unwrap();
        Run {
            code: output.status.code().unwrap(),
            out: String::from_utf8(output.stdout).unwrap(),
            err: String::from_utf8(output.stderr).unwrap(),
        }
    }

    fn adopt(&self) {
        let run = self.run(&["baseline", "create", "config", "-o", "iisaudit-baseline.json"]);
        assert_eq!(run.code, 0, "{}", run.err);
        let run = self.check(&[]);
        assert_eq!(run.code, 0, "{}", run.out);
    }

    fn check(&self, more: &[&str]) -> Run {
        self.run(&[&["check", "config", "--baseline", "iisaudit-baseline.json"], more].concat())
    }

    /// Replaces the first occurrence of a text in the file of `server`; the line it stands on.
    fn change_first(&self, server: &str, from: &str, to: &str) -> u64 {
        let file = self.path(&format!("config/{server}/applicationHost.config"));
        let text = std::fs::read_to_string(&file).unwrap();
        let at = text.find(from).unwrap();
        std::fs::write(&file, text.replacen(from, to, 1)).unwrap();
        text[..at].matches('\n').count() as u64 + 1
    }
}

/// Checks that every format names this rule at this line, and no other new finding.
fn one_new_finding(repository: &Repository, rule: &str, server: &str, line: u64) {
    let run = repository.check(&[
        "--format",
        "github",
        "--report",
        "sarif=out.sarif",
        "--report",
        "markdown=out.md",
        "--report",
        "junit=out.xml",
        "--report",
        "json=out.json",
    ]);
    assert_eq!(run.code, 1, "{}{}", run.out, run.err);
    let file = format!("config/{server}/applicationHost.config");
    let read = |name: &str| std::fs::read_to_string(repository.path(name)).unwrap();

    let sarif: Value = serde_json::from_str(&read("out.sarif")).unwrap();
    let results = sarif["runs"][0]["results"].as_array().unwrap();
    let new: Vec<&Value> = results.iter().filter(|result| result["baselineState"] == "new").collect();
    assert_eq!(new.len(), 1, "{new:?}");
    let place = &new[0]["locations"][0]["physicalLocation"];
    let found = (&new[0]["ruleId"], &place["artifactLocation"]["uri"], &place["region"]["startLine"]);
    assert_eq!(found, (&rule.into(), &file.as_str().into(), &line.into()));
    assert!(results.iter().filter(|result| result["baselineState"] == "unchanged").count() > 3);

    let annotations: Vec<&str> = run.out.lines().filter(|line| line.starts_with("::")).collect();
    assert_eq!(annotations.len(), 1, "{}", run.out);
    assert!(annotations[0].contains(&format!("file={file},line={line},")) && annotations[0].contains(rule), "{}", annotations[0]);

    let markdown = read("out.md");
    let rows: Vec<&str> = markdown.lines().filter(|line| line.starts_with("| 1 ") || line.starts_with("| 2 ")).collect();
    assert_eq!(rows.len(), 1, "{markdown}");
    assert!(rows[0].contains(&format!("`{rule}`")) && rows[0].contains(&format!("{file}:{line}:")), "{}", rows[0]);

    let junit = read("out.xml");
    let document = roxmltree::Document::parse(&junit).unwrap();
    let failures: Vec<_> = document.descendants().filter(|node| node.has_tag_name("failure")).collect();
    assert_eq!(failures.len(), 1, "{junit}");
    assert!(failures[0].text().unwrap().contains(&format!("{file}:{line}:")), "{junit}");
    assert!(failures[0].parent().unwrap().attribute("name").unwrap().contains(rule), "{junit}");

    let json: Value = serde_json::from_str(&read("out.json")).unwrap();
    assert_eq!(json["findings"].as_array().unwrap().iter().filter(|finding| finding["state"] == "new").count(), 1);
}

const REQUIRED: &str = "Ssl, SslNegotiateCert, SslRequireCert";

#[test]
fn a_flag_that_a_change_takes_away_is_one_new_finding() {
    for (flags, rule) in
        [("Ssl, SslRequireCert", "requires-certificate-never-asks"), ("SslNegotiateCert, SslRequireCert", "certificate-wanted-without-tls")]
    {
        let repository = Repository::new();
        repository.adopt();
        let line = repository.change_first("web02", REQUIRED, flags);
        one_new_finding(&repository, rule, "web02", line);
    }
}

#[test]
fn a_flag_that_only_the_policy_expects_is_one_new_finding_too() {
    let repository = Repository::new();
    std::fs::write(
        repository.path("iisaudit.toml"),
        "[[expect]]\nservers = \"web02\"\nsetting = \"client-certificates\"\nvalue = \"require\"\n",
    )
    .unwrap();
    repository.adopt();
    let line = repository.change_first("web02", REQUIRED, "Ssl, SslNegotiateCert");
    one_new_finding(&repository, "expected-value-differs", "web02", line);
}

#[test]
fn what_changes_nothing_is_nothing_new() {
    let repository = Repository::new();
    repository.adopt();
    let file = repository.path("config/web01/applicationHost.config");
    let text = std::fs::read_to_string(&file).unwrap();
    let moved = text.replace("\r\n", "\n").replace('\n', "\r\n\r\n").replace("    ", "\t");
    std::fs::write(repository.path("config/web01/renamed.config"), moved).unwrap();
    std::fs::remove_file(&file).unwrap();
    let run = repository.check(&[]);
    assert_eq!(run.code, 0, "{}", run.out);
    assert!(run.out.contains("6 in the baseline"), "{}", run.out);
}

#[test]
fn what_is_fixed_is_named_until_the_baseline_is_pruned() {
    let repository = Repository::new();
    repository.adopt();
    repository.change_first("web01", "path=\"OldIntranet\"", "path=\"Intranet/old\"");
    let fixed = repository.check(&[]);
    assert_eq!(fixed.code, 0, "{}", fixed.out);
    assert!(fixed.out.contains("In the baseline, not found any more"), "{}", fixed.out);
    assert!(fixed.out.contains("location-without-site"), "{}", fixed.out);
    let pruned = repository.run(&["baseline", "prune", "config", "--baseline", "iisaudit-baseline.json"]);
    assert_eq!(pruned.code, 0, "{}", pruned.err);
    let clean = repository.check(&[]);
    assert!(!clean.out.contains("not found any more") && clean.out.contains("5 in the baseline"), "{}", clean.out);
}

fn root(path: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join(path)
}

/// The blocks of the README in this language.
fn blocks(language: &str) -> Vec<String> {
    let readme = std::fs::read_to_string(root("README.md")).unwrap();
    let begins = format!("```{language}\n");
    readme.split(&begins).skip(1).map(|rest| rest.split("```").next().unwrap().to_owned()).collect()
}

/// Every command of the README's shell blocks and of the pipelines in examples/ci, with its file.
fn pipeline_commands() -> Vec<(String, String)> {
    let shell = blocks("sh");
    let lines = shell.iter().flat_map(|block| block.lines()).filter(|line| line.starts_with("iisaudit "));
    let mut commands: Vec<_> = lines.map(|line| ("the README".to_owned(), line.to_owned())).collect();
    for entry in std::fs::read_dir(root("examples/ci")).unwrap() {
        let path = entry.unwrap().path();
        let name = path.file_name().unwrap().to_string_lossy().into_owned();
        for line in std::fs::read_to_string(&path).unwrap().lines() {
            let line = line.trim().trim_start_matches("- ");
            if line.starts_with("iisaudit ") {
                commands.push((name.clone(), line.to_owned()));
            }
        }
    }
    commands.sort();
    commands
}

#[test]
fn every_pipeline_runs_as_written() {
    let commands = pipeline_commands();
    for file in ["the README", "README.md", "azure-pipelines.yml", "github.yml", "gitlab-ci.yml"] {
        assert!(commands.iter().any(|(name, _)| name == file), "{file} has no command");
    }
    let repository = Repository::new();
    repository.adopt();
    // What the pipelines compare with: the state before the change.
    for server in ["web01", "web02"] {
        let to = repository.path(&format!(".before/config/{server}/applicationHost.config"));
        std::fs::create_dir_all(to.parent().unwrap()).unwrap();
        std::fs::copy(repository.path(&format!("config/{server}/applicationHost.config")), to).unwrap();
    }
    for (file, command) in commands {
        let arguments: Vec<&str> = command.split_whitespace().skip(1).collect();
        let run = repository.run(&arguments);
        assert_eq!(run.code, 0, "{file}: {command}: {}{}", run.out, run.err);
        for report in arguments.iter().filter_map(|argument| argument.split_once('=')).filter(|(format, _)| !format.starts_with('-')) {
            assert!(std::fs::metadata(repository.path(report.1)).unwrap().len() > 100, "{file}: {command} wrote no {}", report.1);
        }
    }
}

#[test]
fn what_the_readme_quotes_from_an_example_stands_there() {
    let examples = ["examples/diagnose-unreachable-crl", "examples/before-after"];
    let session = |example: &str| std::fs::read_to_string(root(example).join("session.console")).unwrap();
    let quoted = blocks("text");
    assert_eq!(quoted.len(), examples.len());
    for (quoted, example) in quoted.iter().zip(examples) {
        for part in quoted.split("[…]\n") {
            assert!(session(example).contains(part), "{example}: {part}");
        }
    }
    let session = session("examples/before-after");
    let readme = std::fs::read_to_string(root("README.md")).unwrap();
    let lines = session.lines().filter(|line| !line.starts_with("$ ") && !line.starts_with("[exit code")).count();
    assert!(readme.contains(&format!("this report has {lines},")), "{lines}");
}
