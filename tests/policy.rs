//! The policy file and the baseline as a shell meets them: which file counts, what its mistakes do, and that a baseline of today makes a run
//! of today clean.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "a test stops on anything unexpected")]

use std::path::{Path, PathBuf};
use std::process::Command;

const ROOT: &str = env!("CARGO_MANIFEST_DIR");

/// What a command did; line breaks of its text are blanks, since a line may break anywhere.
#[derive(Debug)]
struct Run {
    code: i32,
    out: String,
    err: String,
}

fn run_in(directory: &Path, arguments: &[&str]) -> Run {
    let mut command = Command::new(env!("CARGO_BIN_EXE_iisaudit"));
    command.args(arguments).current_dir(directory).env_remove("CLICOLOR_FORCE").stdin(std::process::Stdio::null());
    let output = command.output().unwrap();
    let out = String::from_utf8(output.stdout).unwrap();
    Run {
        code: output.status.code().unwrap(),
        out: if arguments.contains(&"json") { out } else { out.split_whitespace().collect::<Vec<_>>().join(" ") },
        err: String::from_utf8(output.stderr).unwrap(),
    }
}

fn write(path: &Path, text: &str) {
    std::fs::create_dir_all(path.parent().unwrap()).unwrap();
    std::fs::write(path, text).unwrap();
}

/// A directory with the pair of IIS 6 in servers/web01.
fn servers() -> tempfile::TempDir {
    let directory = tempfile::tempdir().unwrap();
    let pair = std::fs::read_to_string(Path::new(ROOT).join("examples/working-failing/MetaBase.xml")).unwrap();
    write(&directory.path().join("servers/web01/MetaBase.xml"), &pair);
    std::fs::create_dir(directory.path().join(".git")).unwrap();
    directory
}

const SUPPRESS: &str = "[[suppress]]\nrule = '*'\nreason = 'all known'\n";

#[test]
fn the_nearest_policy_above_the_first_path_counts_and_the_last_line_names_it() {
    let directory = servers();
    let check = |arguments: &[&str]| run_in(directory.path(), &[&["check", "--quiet"], arguments].concat());
    assert_eq!(check(&["servers/web01/MetaBase.xml"]).code, 1);
    write(&directory.path().join("iisaudit.toml"), SUPPRESS);
    let all = check(&["servers/web01/MetaBase.xml"]);
    assert_eq!((all.code, all.err.as_str()), (0, ""));
    assert!(all.out.contains("by iisaudit.toml:1:1") && all.out.contains("read 1 of 1 file, with iisaudit.toml"), "{}", all.out);
    assert_eq!(check(&["servers/web01", "--no-config"]).code, 1);
    write(&directory.path().join("servers/iisaudit.toml"), "fail-on = 'never'\n");
    let nearer = check(&["./servers/web01"]);
    assert!(nearer.code == 0 && nearer.out.contains("with servers/iisaudit.toml") && !nearer.out.contains("Suppressed"), "{}", nearer.out);
    assert!(check(&["servers", "--config", "iisaudit.toml"]).out.contains("all known"));
    // The command line wins.
    assert_eq!(check(&["servers", "--fail-on", "low"]).code, 1);
    let inside = run_in(&directory.path().join("servers/web01"), &["check", "MetaBase.xml", "--quiet"]);
    assert!(inside.out.contains("../iisaudit.toml"), "{}", inside.out);
    let climbing = run_in(&directory.path().join("servers/web01"), &["check", "../web01/MetaBase.xml", "--quiet"]);
    assert!(climbing.out.contains("iisaudit.toml") && climbing.code == 0, "{}", climbing.out);
}

#[test]
fn a_policy_above_the_directory_of_git_belongs_to_somebody_else() {
    let directory = tempfile::tempdir().unwrap();
    write(&directory.path().join("iisaudit.toml"), SUPPRESS);
    let inner = servers();
    std::fs::rename(inner.path().join("servers"), directory.path().join("servers")).unwrap();
    assert_eq!(run_in(directory.path(), &["check", "servers"]).code, 0);
    std::fs::create_dir(directory.path().join("servers/.git")).unwrap();
    assert_eq!(run_in(directory.path(), &["check", "servers"]).code, 1);
}

#[test]
fn mistakes_stop_the_run_with_their_places_and_hostile_text_stays_text() {
    let directory = servers();
    let path = directory.path().join("iisaudit.toml");
    write(&path, "fail-on = 'hihg'\n\"\\u001b[2J\" = 1\n[[suppress]]\nrule = 'revocation-chek-off'\nreason = ''\n");
    for command in [&["check"][..], &["baseline", "create"], &["baseline", "prune"]] {
        let run = run_in(directory.path(), &[command, &["servers"]].concat());
        assert_eq!((run.code, run.out.as_str()), (2, ""), "{command:?}");
        for part in [
            "iisaudit.toml:1:11:",
            "iisaudit.toml:2:1: no such key: \\u{1b}[2J",
            "iisaudit.toml:4:8: no such rule",
            "nearest: revocation-check-off",
            "iisaudit.toml:5:10:",
        ] {
            assert!(run.err.contains(part), "{part}: {}", run.err);
        }
        assert!(!run.err.contains('\u{1b}'));
    }
    std::fs::write(&path, [b'#', 0xff]).unwrap();
    assert!(run_in(directory.path(), &["check", "servers"]).err.contains("is no UTF-8: line 1"));
    let gone = run_in(directory.path(), &["check", "servers", "--config", "gone.toml"]);
    assert!(gone.code == 2 && gone.err.contains("gone.toml: cannot be read"), "{}", gone.err);
    let at = run_in(directory.path(), &["check", "servers", "--at", "2027-02-30"]);
    assert!(at.code == 2 && at.err.contains("there is no such day"), "{}", at.err);
}

#[test]
fn places_in_the_policy_are_in_the_json_and_it_counts_as_no_configuration() {
    let run = run_in(Path::new(ROOT), &["check", "examples/policy", "--at", "2027-03-31", "--format", "json"]);
    let report: serde_json::Value = serde_json::from_str(&run.out).unwrap();
    assert_eq!(report["summary"]["inputs"], 2);
    assert_eq!(report["policy"]["path"], "examples/policy/iisaudit.toml");
    let inputs: Vec<&str> = report["inputs"].as_array().unwrap().iter().map(|input| input["kind"].as_str().unwrap()).collect();
    assert_eq!(inputs, ["application-host", "ssl-cert", "policy"]);
    let suppressed = report["findings"].as_array().unwrap().iter().find(|finding| finding["state"] == "suppressed").unwrap();
    assert_eq!(suppressed["suppression"]["location"]["file"], "examples/policy/iisaudit.toml");
}

/// Every example and every fixture.
fn inputs() -> Vec<PathBuf> {
    let mut inputs = Vec::new();
    for directory in ["examples", "tests/fixtures/metabase", "tests/fixtures/apphost"] {
        inputs.extend(std::fs::read_dir(Path::new(ROOT).join(directory)).unwrap().map(|entry| entry.unwrap().path()));
    }
    inputs.push(Path::new(ROOT).join("tests/fixtures"));
    inputs.retain(|path| path.is_file() || path.join("session.console").exists() || path.ends_with("fixtures"));
    inputs.retain(|path| path.extension().is_none_or(|extension| extension != "md"));
    assert!(inputs.len() > 25);
    inputs.sort();
    inputs
}

/// What was said besides that logs were not read, which lie among the fixtures.
fn besides_logs(err: &str) -> &str {
    match err.split_once('\n') {
        Some((first, rest)) if first.ends_with("log files were not read; `iisaudit diagnose` reads them") => rest,
        _ => err,
    }
}

#[test]
fn a_baseline_of_today_leaves_no_new_finding_in_any_example() {
    let directory = tempfile::tempdir().unwrap();
    let file = directory.path().join("baseline.json");
    let file = file.to_str().unwrap();
    for input in inputs() {
        let input = input.to_str().unwrap();
        let created = run_in(Path::new(ROOT), &["baseline", "create", input, "-o", file]);
        assert_eq!((created.code, besides_logs(&created.err)), (0, ""), "{input}");
        let first = std::fs::read(file).unwrap();
        let check = run_in(Path::new(ROOT), &["check", input, "--baseline", file, "--fail-on", "info", "--quiet"]);
        assert_eq!((check.code, besides_logs(&check.err)), (0, ""), "{input}: {}", check.out);
        let pruned = run_in(Path::new(ROOT), &["baseline", "prune", input, "--baseline", file]);
        assert!(pruned.code == 0 && pruned.out.contains(": 0 removed"), "{input}: {pruned:?}");
        run_in(Path::new(ROOT), &["baseline", "create", input, "-o", file]);
        assert_eq!(std::fs::read(file).unwrap(), first, "{input}");
    }
}

#[test]
fn prune_keeps_what_a_shorter_listing_cannot_judge() {
    let directory = tempfile::tempdir().unwrap();
    let example = Path::new(ROOT).join("examples/endpoint-join");
    for name in ["applicationHost.config", "sslcert.txt"] {
        std::fs::copy(example.join(name), directory.path().join(name)).unwrap();
    }
    let at = |arguments: &[&str]| run_in(directory.path(), arguments);
    assert_eq!(at(&["baseline", "create", ".", "--output", "known.json"]).code, 0);
    let listing = std::fs::read_to_string(directory.path().join("sslcert.txt")).unwrap();
    let cut: String = listing.lines().filter(|line| !line.contains("Verify")).map(|line| format!("{line}\n")).collect();
    std::fs::write(directory.path().join("sslcert.txt"), cut).unwrap();
    let pruned = at(&["baseline", "prune", ".", "--baseline", "known.json"]);
    assert!(pruned.code == 0 && pruned.out.contains("known.json: 0 removed") && pruned.out.contains("not known now"), "{pruned:?}");
    let json = at(&["check", ".", "--format", "json"]).out;
    assert!(json.contains("record-not-assessed"), "{json}");
}

#[test]
fn a_baseline_survives_a_renamed_file_and_prune_removes_only_what_is_gone() {
    let directory = servers();
    let at = |arguments: &[&str]| run_in(directory.path(), arguments);
    write(&directory.path().join("iisaudit.toml"), "baseline = 'known/baseline.json'\n");
    assert!(at(&["check", "servers"]).err.contains("known/baseline.json: there is no such baseline"));
    std::fs::create_dir(directory.path().join("known")).unwrap();
    assert_eq!(at(&["baseline", "create", "servers"]).code, 0);
    assert_eq!(at(&["check", "servers"]).code, 0);
    std::fs::rename(directory.path().join("servers/web01"), directory.path().join("servers/renamed")).unwrap();
    std::fs::rename(directory.path().join("servers/renamed/MetaBase.xml"), directory.path().join("servers/renamed/old.xml")).unwrap();
    let renamed = at(&["check", "servers", "--quiet"]);
    assert!(renamed.code == 0 && renamed.out.contains("they are taken"), "{}", renamed.out);
    let before = std::fs::read_to_string(directory.path().join("known/baseline.json")).unwrap();
    // A file that cannot be read may hold what was not found.
    write(&directory.path().join("servers/renamed/applicationHost.config"), "<broken");
    let kept = at(&["baseline", "prune", "servers"]);
    assert!(kept.code == 3 && kept.out.contains(": 0 removed"), "{kept:?}");
    assert_eq!(std::fs::read_to_string(directory.path().join("known/baseline.json")).unwrap(), before);
    assert_eq!(at(&["baseline", "create", "servers"]).code, 3);
    std::fs::remove_file(directory.path().join("servers/renamed/applicationHost.config")).unwrap();
    let text = std::fs::read_to_string(directory.path().join("servers/renamed/old.xml")).unwrap();
    write(&directory.path().join("servers/renamed/old.xml"), &text.replace("CertCheckMode=\"1\"", ""));
    let gone = at(&["check", "servers", "--quiet"]);
    assert!(gone.code == 0 && gone.out.contains("not found any more; `iisaudit baseline prune` removes them"), "{}", gone.out);
    let pruned = at(&["baseline", "prune", "servers"]);
    assert!(pruned.code == 0 && pruned.out.contains("Removed, not found any more revocation-check-off web01"), "{pruned:?}");
    let shown = at(&["baseline", "show", "known/baseline.json"]);
    assert!(shown.code == 0 && !shown.out.contains("revocation-check-off"), "{}", shown.out);
    assert_eq!(
        at(&["baseline", "show", "known/baseline.json", "--format", "json"]).out,
        std::fs::read_to_string(directory.path().join("known/baseline.json")).unwrap()
    );
    let other = at(&["baseline", "create", "servers", "-o", "servers/renamed/old.xml"]);
    assert!(other.code == 2 && other.err.contains("is no baseline, so it is not replaced"), "{}", other.err);
}
