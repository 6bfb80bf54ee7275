//! The number of threads changes nothing but the time: every command writes the same bytes with one thread and with eight.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "a test stops on anything unexpected")]

use std::fs;
use std::path::Path;
use std::process::{Command, Output};

fn iisaudit(arguments: &[&str], directory: &Path, threads: &str) -> Output {
    Command::new(env!("CARGO_BIN_EXE_iisaudit")).args(arguments).args(["--threads", threads]).current_dir(directory).output().unwrap()
}

/// Says that both outputs and the exit code are the same; gives the results.
fn same(arguments: &[&str], directory: &Path) -> String {
    let (one, eight) = (iisaudit(arguments, directory, "1"), iisaudit(arguments, directory, "8"));
    let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
    assert!(one.stdout == eight.stdout, "{arguments:?} writes something else with 8 threads");
    assert_eq!(text(&one.stderr), text(&eight.stderr));
    assert_eq!(one.status.code(), eight.status.code());
    text(&one.stdout)
}

#[test]
fn examples_and_fixtures_give_the_same_with_one_thread_and_with_eight() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    for directory in ["examples", "tests/fixtures", "tests/fixtures/metabase", "tests/fixtures/apphost", "tests/fixtures/netsh"] {
        for command in [["check", "--format", "json"], ["sites", "--format", "json"]] {
            let results = same(&[command.as_slice(), &[directory, "--verbose"]].concat(), root);
            assert!(results.len() > 1_000, "{directory} gave nothing to compare");
        }
    }
}

#[test]
fn two_hundred_servers_with_unreadable_and_foreign_files_among_them_give_the_same() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let metabase = fs::read(root.join("examples/contradictory-flags/MetaBase.xml")).unwrap();
    let host = r#"<configuration><system.applicationHost><sites><site name="S" id="1"><bindings><binding protocol="https" bindingInformation="*:443:"/></bindings></site></sites></system.applicationHost></configuration>"#;
    let schema = r#"<MetaData><Collection InternalName="PropertyMeta"></Collection></MetaData>"#;
    let directory = tempfile::tempdir().unwrap();
    // Written from the last to the first, so that the order in the directory is not that of the names.
    for number in (0..200).rev() {
        let server = directory.path().join(format!("web{number:03}"));
        fs::create_dir(&server).unwrap();
        // Skipped files have no number, unreadable ones have.
        fs::write(server.join("notes.txt"), "nothing of IIS").unwrap();
        match number % 5 {
            0 => fs::write(server.join("MetaBase.xml"), &metabase).unwrap(),
            1 => fs::write(server.join("applicationHost.config"), host).unwrap(),
            2 => fs::write(server.join("applicationHost.config"), &host[..host.len() / 2]).unwrap(),
            3 => {
                fs::write(server.join("MBSchema.xml"), schema).unwrap();
                fs::write(server.join("MetaBase.xml"), &metabase).unwrap();
            }
            _ => {
                fs::write(server.join("applicationHost.config"), host).unwrap();
                fs::write(server.join("web.config"), "<configuration><system.webServer/></configuration>").unwrap();
                fs::write(server.join("a.xml"), "<other/>").unwrap();
            }
        }
    }
    let results = same(&["check", "--format", "json", "--verbose", "."], directory.path());
    assert!(results.contains("web199") && results.contains("web002/applicationHost.config"));
    same(&["sites", "--format", "json", "."], directory.path());
    same(&["fleet", "--format", "json", "."], directory.path());
    same(&["fleet", "--format", "ndjson", "."], directory.path());
}

#[test]
fn no_threads_at_all_are_wrong_usage() {
    let output = iisaudit(&["check", "x"], Path::new("."), "0");
    assert_eq!(output.status.code(), Some(2));
}
