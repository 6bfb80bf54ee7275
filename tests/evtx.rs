//! Binary logs of events through the real binary: what they say is what their export as XML says, in every format, with the number of the record
//! as place.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "a test stops on anything unexpected")]

#[path = "evtx/writer.rs"]
mod writer;

use std::fs;
use std::io::Write;
use std::path::Path;
use std::process::{Command, Stdio};

use serde_json::Value as Json;

use writer::{Event, Value, log};

const ROOT: &str = env!("CARGO_MANIFEST_DIR");

fn run(directory: &Path, arguments: &[&str], stdin: &[u8]) -> (i32, String, String) {
    let mut command = Command::new(env!("CARGO_BIN_EXE_iisaudit"));
    command.args(arguments).current_dir(directory).stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
    let mut child = command.spawn().unwrap();
    let mut pipe = child.stdin.take().unwrap();
    let bytes = stdin.to_vec();
    let writes = std::thread::spawn(move || drop(pipe.write_all(&bytes)));
    let output = child.wait_with_output().unwrap();
    writes.join().unwrap();
    let text = |bytes| String::from_utf8(bytes).unwrap();
    (output.status.code().unwrap(), text(output.stdout), text(output.stderr))
}

/// The events of examples/issuer-list-truncated/events.xml, behind one of another source.
fn events() -> Vec<Event> {
    // 2024-03-05 08:14:22.417 and 08:13:59.002.
    let at = |time| Event { level: 3, time, computer: "web01.fabrikam.example".to_owned(), ..Event::new("Schannel", 36885) };
    vec![Event::new("Service Control Manager", 7036), at(133_541_000_624_170_000), at(133_541_000_390_020_000)]
}

/// A server with a MetaBase.xml, or the example with an applicationHost.config and without its events.
fn server(example: &str) -> tempfile::TempDir {
    let directory = tempfile::tempdir().unwrap();
    let from = Path::new(ROOT).join("examples").join(example);
    for entry in fs::read_dir(from).unwrap() {
        let entry = entry.unwrap();
        if !matches!(entry.file_name().to_str(), Some("events.xml" | "session.console" | "roots.txt")) {
            fs::copy(entry.path(), directory.path().join(entry.file_name())).unwrap();
        }
    }
    directory
}

#[test]
fn a_cause_is_supported_by_a_record_of_a_binary_log() {
    let server = server("diagnose-truncated-list");
    fs::write(server.path().join("System.evtx"), log(&events())).unwrap();
    let arguments = ["diagnose", "MetaBase.xml", "--status", "403.7", "--at", "2026-11-23", "--evidence", "System.evtx"];
    let (code, text, error) = run(server.path(), &arguments, b"");
    assert_eq!((code, error.as_str()), (1, ""), "{text}");
    let supported = text.split("Supported:").nth(1).unwrap().split("Open:").next().unwrap();
    assert!(supported.contains("Schannel logged event 36885") && supported.contains("at System.evtx: record 2"), "{supported}");
    assert!(!text.contains("reservations"), "{text}");
    let (_, json, _) = run(server.path(), &[&arguments[..], &["--format", "json"]].concat(), b"");
    let report: Json = serde_json::from_str(&json).unwrap();
    let top = &report["causes"][0];
    assert_eq!((top["id"].as_str(), top["verdict"].as_str()), (Some("issuer-list-truncated"), Some("supported")));
    assert_eq!(top["because"][0]["location"], serde_json::json!({"file": "System.evtx", "line": 2, "column": 1}));
    let input = report["inputs"].as_array().unwrap().iter().find(|input| input["path"] == "System.evtx").unwrap();
    assert_eq!((input["kind"].as_str(), input["encoding"].is_null(), input["error"].is_null()), (Some("events"), true, true));
}

#[test]
fn the_codes_of_event_data_are_decoded() {
    let server = server("issuer-list-truncated");
    let mut event = Event::new("Schannel", 36870);
    event.data = vec![("Type".to_owned(), Value::Text("server".to_owned())), ("ErrorCode".to_owned(), Value::U32(0x8009_030d))];
    fs::write(server.path().join("System.evtx"), log(&[event])).unwrap();
    let arguments = ["diagnose", ".", "--status", "handshake", "--at", "2026-11-23", "--format", "json"];
    let (_, json, error) = run(server.path(), &arguments, b"");
    let report: Json = serde_json::from_str(&json).unwrap_or_else(|_| panic!("{error}"));
    let cause = report["causes"].as_array().unwrap().iter().find(|cause| cause["id"] == "server-private-key").unwrap();
    assert_eq!(cause["verdict"], "supported", "{cause:#}");
    assert_eq!(cause["because"][0]["location"]["file"], "System.evtx");
}

/// A report without what the name and kind of the file with events makes different.
fn without_places(report: &str) -> Json {
    fn clean(value: &mut Json) {
        match value {
            Json::Array(all) => {
                all.retain(|one| one.get("kind").is_none_or(|kind| kind != "events"));
                all.iter_mut().for_each(clean);
            }
            Json::Object(all) => {
                all.remove("location");
                all.values_mut().for_each(clean);
            }
            _ => {}
        }
    }
    let mut report: Json = serde_json::from_str(report).unwrap();
    clean(&mut report);
    report
}

#[test]
fn check_finds_in_a_binary_log_what_it_finds_in_its_export() {
    let binary = server("issuer-list-truncated");
    fs::write(binary.path().join("System.evtx"), log(&events())).unwrap();
    let exported = server("issuer-list-truncated");
    let xml = fs::read_to_string(Path::new(ROOT).join("examples/issuer-list-truncated/events.xml")).unwrap();
    // Numbers of records are those of time, and fractions of a second have seven digits.
    fs::write(exported.path().join("System.xml"), xml.replace("22.417Z", "22.4170000Z")).unwrap();
    let of = |directory: &Path| {
        let (code, json, error) = run(directory, &["check", ".", "--name", "web01", "--format", "json"], b"");
        assert_eq!((code, error.as_str()), (1, ""));
        json
    };
    let (one, other) = (of(binary.path()), of(exported.path()));
    assert!(one.contains("Schannel logged event 36885 2 times"), "{one}");
    assert_eq!(without_places(&one), without_places(&other));
}

#[test]
fn no_format_calls_the_number_of_a_record_a_line() {
    let server = server("issuer-list-truncated");
    fs::write(server.path().join("System.evtx"), log(&events())).unwrap();
    let of = |format: &str| run(server.path(), &["check", ".", "--format", format], b"").1;
    assert!(of("table").contains("at System.evtx: record 2"), "{}", of("table"));
    assert!(of("markdown").contains("System.evtx"));
    assert!(of("html").contains("System.evtx: record 2"));
    let sarif: Json = serde_json::from_str(&of("sarif")).unwrap();
    let results = sarif["runs"][0]["results"].as_array().unwrap();
    let found = results.iter().find(|result| result["ruleId"].as_str().unwrap().contains("issuer-list-truncated")).unwrap();
    let place = &found["locations"][0]["physicalLocation"];
    assert_eq!((place["artifactLocation"]["uri"].as_str(), place["region"].is_null()), (Some("System.evtx"), true), "{found:#}");
    let github = of("github");
    let line = github.lines().find(|line| line.contains("file=System.evtx")).unwrap();
    assert!(line.starts_with("::error file=System.evtx,title="), "{line}");
}

#[test]
fn standard_input_is_read_and_a_wrong_kind_is_told() {
    let server = server("issuer-list-truncated");
    let (_, text, _) = run(server.path(), &["check", "applicationHost.config", "-"], &log(&events()));
    assert!(text.contains("Schannel logged event 36885 2 times") && text.contains("at -: record 2"), "{text}");
    let (code, _, error) = run(server.path(), &["check", "-", "--as", "sslcert"], &log(&events()));
    assert_eq!(code, 3);
    assert!(error.contains("binary log of events"), "{error}");
}

#[test]
fn a_log_without_an_event_of_interest_says_so_only_when_it_was_named() {
    let server = server("issuer-list-truncated");
    fs::write(server.path().join("Security.evtx"), log(&[Event::new("Microsoft-Windows-Security-Auditing", 4624)])).unwrap();
    let told = "only others (1)";
    let (_, text, _) = run(server.path(), &["check", "."], b"");
    assert!(!text.contains("reservations"), "{text}");
    let (_, text, _) = run(server.path(), &["check", "applicationHost.config", "Security.evtx"], b"");
    assert!(text.split_whitespace().collect::<Vec<_>>().join(" ").contains(told), "{text}");
}

#[test]
fn what_is_wrong_with_a_log_is_told_and_the_rest_of_it_counts() {
    let server = server("issuer-list-truncated");
    let file = log(&events());
    // Within the last of the records.
    let end = 4096 + u32::from_le_bytes(file[4096 + 48..4096 + 52].try_into().unwrap()) as usize - 8;
    fs::write(server.path().join("System.evtx"), &file[..end]).unwrap();
    let (_, text, _) = run(server.path(), &["check", "."], b"");
    assert!(text.contains("Schannel logged event 36885"), "{text}");
    let told: String = text.split_whitespace().collect::<Vec<_>>().join(" ");
    assert!(told.contains(&format!("System.evtx: byte {end}: the file ends within a block of records")), "{told}");
    fs::write(server.path().join("System.evtx"), &file[..100]).unwrap();
    let (code, text, error) = run(server.path(), &["check", "."], b"");
    assert_eq!(code, 3, "{text}{error}");
    assert!(format!("{text}{error}").contains("the file ends within its header"));
}
