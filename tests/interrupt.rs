//! Who interrupts a run finds nothing of it: no half report, no temporary file, and what was there before is still there.
#![cfg(unix)]
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "a test stops on anything unexpected")]

use std::io::Write;
use std::os::unix::process::ExitStatusExt;
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

const HOST: &str = r#"<configuration><system.applicationHost><sites><site name="S" id="1"><bindings><binding protocol="https" bindingInformation="*:443:"/></bindings></site></sites></system.applicationHost></configuration>"#;

/// Servers, and a pipe that nobody writes to: a run that reads it never ends by itself.
fn servers(root: &Path) {
    for number in 0..20 {
        let server = root.join(format!("servers/web{number:02}"));
        std::fs::create_dir_all(&server).unwrap();
        std::fs::write(server.join("applicationHost.config"), HOST).unwrap();
    }
    assert!(Command::new("mkfifo").arg(root.join("pipe")).status().unwrap().success());
    std::fs::create_dir(root.join("out")).unwrap();
}

fn interrupted(mut child: Child) {
    // Long enough for all that can be done before the pipe.
    std::thread::sleep(Duration::from_millis(300));
    assert!(child.try_wait().unwrap().is_none(), "the run ended before it was interrupted");
    // As Ctrl-C does, but a shell that runs tests in the background makes them deaf to SIGINT.
    assert!(Command::new("kill").args(["-TERM", &child.id().to_string()]).status().unwrap().success());
    let asked = Instant::now();
    let status = child.wait().unwrap();
    assert_eq!(status.signal(), Some(15), "{status}");
    assert!(asked.elapsed() < Duration::from_secs(5));
}

#[test]
fn an_interrupted_run_leaves_no_half_report_and_no_temporary_file() {
    let directory = tempfile::tempdir().unwrap();
    let root = directory.path();
    servers(root);
    let report = root.join("out/report.json");
    std::fs::write(&report, "of the last run").unwrap();
    let check = ["check", "servers", "pipe", "--report", "json=out/report.json", "--report", "html=out/report.html"];
    let child = Command::new(env!("CARGO_BIN_EXE_iisaudit"))
        .args(check)
        .current_dir(root)
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .spawn()
        .unwrap();
    interrupted(child);
    let left: Vec<_> = std::fs::read_dir(root.join("out")).unwrap().map(|entry| entry.unwrap().file_name()).collect();
    assert_eq!(left, ["report.json"]);
    assert_eq!(std::fs::read_to_string(&report).unwrap(), "of the last run");
}

#[test]
fn an_interrupted_survey_writes_nothing_and_a_part_that_was_cut_is_told() {
    let directory = tempfile::tempdir().unwrap();
    let root = directory.path();
    servers(root);
    for format in ["json", "ndjson"] {
        let out = root.join("out/fleet");
        let child = Command::new(env!("CARGO_BIN_EXE_iisaudit"))
            .args(["fleet", "servers", "pipe", "--format", format])
            .current_dir(root)
            .stdin(Stdio::null())
            .stdout(std::fs::File::create(&out).unwrap())
            .stderr(Stdio::null())
            .spawn()
            .unwrap();
        interrupted(child);
        assert_eq!(std::fs::metadata(&out).unwrap().len(), 0, "{format}");
    }
    // What a shell had redirected is there all the same, and must not be taken for a part without servers.
    std::fs::File::create(root.join("out/cut.ndjson"))
        .unwrap()
        .write_all(b"{\"v\":1,\"row\":\"part\",\"policy\":null,\"profile\":null}\n")
        .unwrap();
    for (file, told) in [("out/fleet", "it holds no rows"), ("out/cut.ndjson", "it was cut")] {
        let output = Command::new(env!("CARGO_BIN_EXE_iisaudit")).args(["fleet", "--facts", file]).current_dir(root).output().unwrap();
        assert_eq!(output.status.code(), Some(3));
        assert!(String::from_utf8(output.stderr).unwrap().contains(told), "{file}");
    }
    assert_eq!(std::fs::read_dir(root.join("out")).unwrap().count(), 2);
}

/// Runs the program in a shell that has prepared something for it. The shell becomes the program, so both have one number.
fn after(prepared: &str, root: &Path, arguments: &[&str]) -> std::process::Output {
    Command::new("sh")
        .args(["-c", &format!("{prepared}; exec \"$@\""), "sh", env!("CARGO_BIN_EXE_iisaudit")])
        .args(arguments)
        .current_dir(root)
        .stdin(Stdio::null())
        .output()
        .unwrap()
}

fn names(directory: &Path) -> Vec<String> {
    let mut names: Vec<String> =
        std::fs::read_dir(directory).unwrap().map(|entry| entry.unwrap().file_name().into_string().unwrap()).collect();
    names.sort();
    names
}

#[cfg(target_os = "linux")]
#[test]
fn a_run_that_is_killed_while_it_writes_its_report_leaves_nothing_of_it() {
    let directory = tempfile::tempdir().unwrap();
    let root = directory.path();
    servers(root);
    for (command, format) in [("check", "json"), ("fleet", "html"), ("fleet", "ndjson")] {
        for before in [None, Some("of the last run")] {
            let report = root.join("out/report");
            if let Some(text) = before {
                std::fs::write(&report, text).unwrap();
            }
            // The kernel kills who writes more than this to a file, in the middle of the write.
            let to = format!("{format}=out/report");
            let output = after("ulimit -c 0; ulimit -f 4", root, &[command, "servers", "--report", &to]);
            assert_eq!(output.status.signal(), Some(25), "{command} {format}: {}", String::from_utf8_lossy(&output.stderr));
            assert_eq!(names(&root.join("out")), before.map(|_| "report".to_owned()).into_iter().collect::<Vec<_>>(), "{command} {format}");
            if let Some(text) = before {
                assert_eq!(std::fs::read_to_string(&report).unwrap(), text);
                std::fs::remove_file(&report).unwrap();
            }
        }
    }
}

#[test]
fn what_a_killed_run_of_the_same_number_left_does_not_disturb_the_next_one() {
    let directory = tempfile::tempdir().unwrap();
    let root = directory.path();
    servers(root);
    std::fs::write(root.join("out/report.json"), "of the last run").unwrap();
    let check = ["check", "servers", "--report", "json=out/report.json"];
    let output = after("echo half > out/.report.json.$$.part", root, &check);
    assert_eq!(output.status.code(), Some(0), "{}", String::from_utf8_lossy(&output.stderr));
    assert!(std::fs::read_to_string(root.join("out/report.json")).unwrap().contains("iisaudit-check"));
    assert_eq!(names(&root.join("out")).len(), 2);
}
