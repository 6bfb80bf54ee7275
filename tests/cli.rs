//! The real binary as a shell sees it: exit codes, what goes to standard output and what to standard error, colour, pipes and options.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "a test stops on anything unexpected")]

use std::io::{Read, Write};
use std::path::Path;
use std::process::{Command, Stdio};

const PAIR: &str = "examples/working-failing/MetaBase.xml";

/// The command, with no colour settings of whoever runs the tests.
fn iisaudit(arguments: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_iisaudit"));
    command.args(arguments).current_dir(env!("CARGO_MANIFEST_DIR"));
    for name in ["NO_COLOR", "CLICOLOR", "CLICOLOR_FORCE"] {
        command.env_remove(name);
    }
    command
}

#[derive(Debug)]
struct Run {
    code: i32,
    out: String,
    err: String,
}

fn finish(mut command: Command) -> Run {
    let output = command.stdin(Stdio::null()).output().unwrap();
    Run {
        code: output.status.code().unwrap(),
        out: String::from_utf8(output.stdout).unwrap(),
        err: String::from_utf8(output.stderr).unwrap(),
    }
}

fn run(arguments: &[&str]) -> Run {
    finish(iisaudit(arguments))
}

/// Runs with `input` at standard input.
fn fed(arguments: &[&str], input: &[u8]) -> Run {
    let mut child = iisaudit(arguments).stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
    child.stdin.take().unwrap().write_all(input).unwrap();
    let output = child.wait_with_output().unwrap();
    Run {
        code: output.status.code().unwrap(),
        out: String::from_utf8(output.stdout).unwrap(),
        err: String::from_utf8(output.stderr).unwrap(),
    }
}

/// Fails with code and nothing on standard output, and says every part.
fn refused(arguments: &[&str], code: i32, says: &[&str]) {
    let run = run(arguments);
    assert_eq!((run.code, run.out.as_str()), (code, ""), "{arguments:?}: {run:?}");
    for part in says {
        assert!(run.err.contains(part), "{arguments:?} does not say {part:?}: {}", run.err);
    }
}

#[test]
fn every_exit_code_means_what_the_help_says() {
    let quiet = |arguments: &[&str], code: i32| {
        let run = run(arguments);
        assert_eq!((run.code, run.err.as_str()), (code, ""), "{arguments:?}");
        assert!(!run.out.is_empty(), "{arguments:?}");
    };
    quiet(&["sites", PAIR], 0);
    quiet(&["explain", "403.13"], 0);
    quiet(&["diff", PAIR, PAIR], 0);
    quiet(&["check", PAIR], 1);
    quiet(&["check", PAIR, "--rule", "sites-disagree-on-revocation", "--fail-on", "high"], 0);
    quiet(&["check", PAIR, "--rule", "sites-disagree-on-revocation", "--fail-on", "medium"], 1);
    quiet(&["check", PAIR, "--fail-on", "never"], 0);
    quiet(&["diff", &format!("{PAIR}#690402"), "#90326589"], 1);
    let empty = tempfile::tempdir().unwrap();
    let empty = empty.path().to_str().unwrap();
    refused(
        &["check", empty],
        4,
        &[empty, "no configuration of IIS found", "applicationHost.config", "netsh http show sslcert", "registry export"],
    );
    refused(&["diff", PAIR, empty], 4, &[empty, "no configuration of IIS found"]);
    let missing = run(&["check", PAIR, "examples/missing.xml"]);
    assert_eq!(missing.code, 3);
    assert!(missing.err.contains("error: examples/missing.xml: cannot be opened"), "{}", missing.err);
    assert!(missing.out.contains("sites-disagree-on-revocation") && missing.out.contains("Could not be read"), "{}", missing.out);
}

#[test]
fn wrong_usage_says_what_was_expected_and_what_to_do() {
    let failing = format!("{PAIR}#690402");
    refused(&[], 2, &["Usage: iisaudit", "Commands:"]);
    refused(&["chekc", PAIR], 2, &["'check'"]);
    refused(&["diff", PAIR], 2, &["<B>", "--failing"]);
    refused(&["diff", &failing, PAIR], 2, &["PATH#SITE"]);
    refused(&["diff", "#1", "#2"], 2, &["neither side names a file"]);
    refused(&["diff", &failing, "#nobody"], 2, &["nobody", "\"partner-b (works)\" (id 90326589)"]);
    refused(&["diff", "--failing", &failing, "--working", "#90326589", "--status", "403.99"], 2, &["403.99", "403.13"]);
    refused(&["sites", PAIR, "--site", "690402", "--site", "nobody"], 2, &["nobody", "\"partner-b (works)\" (id 90326589)"]);
    refused(&["check", PAIR, "--group", "pair=690402,nobody"], 2, &["--group pair", "nobody", "partner-b"]);
    refused(&["check", PAIR, "--group", "pair"], 2, &["NAME=SITE,SITE"]);
    refused(&["check", PAIR, "--rule", "revocation-chek-off"], 2, &["nearest: revocation-check-off", "explain rules"]);
    refused(&["check", PAIR, "--encoding", "klingon"], 2, &["windows-1252", "cp850"]);
    refused(&["check", "examples/sni-pair", "--windows", "2003"], 2, &["does not fit sni-pair", "IIS 7 or later"]);
    refused(&["diff", "examples/two-nodes/node-a", "examples/two-nodes/node-b", "--windows", "2003"], 2, &["does not fit node-a"]);
    refused(&["check", PAIR, "--windows", "95"], 2, &["2008-r2", "2025"]);
    refused(&["check", "examples", "--name", "x"], 2, &["exactly one server"]);
    refused(&["explain", "CertChekMode"], 2, &["nearest: CertCheckMode"]);
}

#[test]
fn a_site_name_that_fits_several_sites_is_refused() {
    let site = |id: u32| {
        format!(
            r#"<site name="S{id}" id="{id}"><application path="/"/><bindings><binding protocol="https" bindingInformation="10.0.0.{id}:443:www.example.com"/></bindings></site>"#
        )
    };
    let text =
        format!("<configuration><system.applicationHost><sites>{}{}</sites></system.applicationHost></configuration>", site(1), site(2));
    let run = fed(&["sites", "-", "--site", "www.example.com"], text.as_bytes());
    assert_eq!((run.code, run.out.as_str()), (2, ""));
    assert!(run.err.contains("several sites have the host header www.example.com: \"S1\" (id 1), \"S2\" (id 2)"), "{}", run.err);
}

#[test]
fn what_is_no_configuration_is_said_to_be_none_where_it_was_named() {
    let directory = tempfile::tempdir().unwrap();
    let path = |name: &str| directory.path().join(name).to_str().unwrap().to_owned();
    std::fs::write(path("notes.txt"), "no XML").unwrap();
    std::fs::write(path("other.xml"), "<other/>").unwrap();
    for (name, says) in [("notes.txt", "; expected MetaBase.xml"), ("other.xml", "not recognised; expected MetaBase.xml")] {
        let run = run(&["check", &path(name)]);
        assert_eq!(run.code, 3);
        assert!(run.err.contains(name) && run.err.contains(says), "{}", run.err);
    }
    refused(&["check", directory.path().to_str().unwrap()], 4, &["2 other files skipped"]);
    // A side that could not be read is not "missing on that side".
    refused(&["diff", PAIR, &path("other.xml")], 3, &["not recognised"]);
    let sites = run(&["diff", &format!("{}#1", path("gone")), "#2"]);
    assert_eq!((sites.code, sites.out.as_str(), sites.err.lines().count()), (3, "", 1), "{}", sites.err);
}

#[test]
fn nothing_is_coloured_unless_a_terminal_or_the_user_asks() {
    let coloured = |variables: &[(&str, &str)], arguments: &[&str]| {
        let mut command = iisaudit(arguments);
        command.envs(variables.iter().copied());
        finish(command).out.contains('\u{1b}')
    };
    assert!(!coloured(&[], &["check", PAIR]));
    assert!(!coloured(&[("NO_COLOR", "1")], &["check", PAIR]));
    assert!(!coloured(&[("TERM", "dumb")], &["check", PAIR]));
    assert!(coloured(&[("CLICOLOR_FORCE", "1")], &["check", PAIR]));
    assert!(coloured(&[("NO_COLOR", "1")], &["check", PAIR, "--color", "always"]));
    assert!(!coloured(&[("CLICOLOR_FORCE", "1")], &["check", PAIR, "--color", "never"]));
    assert!(!coloured(&[], &["check", PAIR, "--color", "always", "--format", "json"]));
}

/// A server whose site has a name that would clear the screen and command a build server.
const HOSTILE: &str = r#"<configuration><system.applicationHost><sites><site name="&#x202E;evil&#x9B;2J##vso[x]" id="1"><application path="/"/>
    <bindings><binding protocol="https" bindingInformation="*:443:" sslFlags="x"/></bindings></site></sites></system.applicationHost></configuration>"#;

#[test]
fn with_colour_every_escape_sequence_is_ours_and_hostile_names_stay_visible() {
    for command in ["sites", "check"] {
        let run = fed(&[command, "-", "--color", "always"], HOSTILE.as_bytes());
        assert!(run.out.contains(r"\u{202e}evil\u{9b}2J"), "{}", run.out);
        let mut rest = run.out.as_str();
        while let Some(at) = rest.find('\u{1b}') {
            let sequence = &rest[at + 1..];
            let end = sequence.find('m').expect("every sequence sets a look");
            assert!(sequence[..end].strip_prefix('[').unwrap().bytes().all(|byte| byte.is_ascii_digit() || byte == b';'), "{sequence:?}");
            rest = &sequence[end..];
        }
        assert!(!run.out.chars().any(|c| matches!(c, '\u{202e}' | '\u{9b}')) && !run.out.contains("##vso"), "{}", run.out);
    }
    let run = fed(&["sites", "-", "--site", "\u{1b}[2J"], HOSTILE.as_bytes());
    assert!(run.code == 2 && !run.err.contains('\u{1b}') && run.err.contains(r"\u{1b}[2J"), "{}", run.err);
}

#[test]
fn a_reader_that_goes_away_is_no_failure_and_no_noise() {
    let table: &[&str] = &["check", "examples", "tests/fixtures", "--fail-on", "never"];
    let json: &[&str] = &["sites", "examples", "tests/fixtures", "--format", "json"];
    for arguments in [table, json] {
        let mut child = iisaudit(arguments).stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
        let mut first = [0; 16];
        let mut out = child.stdout.take().unwrap();
        out.read_exact(&mut first).unwrap();
        drop(out);
        let mut err = String::new();
        child.stderr.take().unwrap().read_to_string(&mut err).unwrap();
        let code = child.wait().unwrap().code();
        assert!(!err.contains("pipe") && !err.contains("panicked"), "{arguments:?}: {err}");
        assert!(matches!(code, Some(0 | 3)), "{arguments:?}: {code:?}");
    }
}

#[cfg(target_os = "linux")]
#[test]
fn a_full_disk_is_a_failure_that_a_script_notices() {
    let tables = [vec!["sites", PAIR], vec!["check", PAIR], vec!["diff", PAIR, PAIR], vec!["explain", "403.13"]];
    let json = ["sites", "check", "fleet"].map(|command| vec![command, PAIR, "--format", "json"]);
    for arguments in tables.into_iter().chain(json) {
        let full = std::fs::OpenOptions::new().write(true).open("/dev/full").unwrap();
        let output = iisaudit(&arguments).stdin(Stdio::null()).stdout(full).output().unwrap();
        assert_eq!(output.status.code(), Some(3), "{arguments:?}");
        assert!(String::from_utf8_lossy(&output.stderr).contains("cannot write the result"));
    }
}

#[test]
fn standard_input_is_read_like_a_file() {
    let text = std::fs::read(Path::new(env!("CARGO_MANIFEST_DIR")).join(PAIR)).unwrap();
    let piped = fed(&["sites", "-"], &text);
    assert_eq!(piped.code, 0);
    assert!(piped.out.starts_with("stdin (IIS 6)\n") && piped.out.contains("-:51:3"), "{}", piped.out);
    let named = fed(&["sites", "-", "--name", "web01", "--as", "metabase"], &text);
    assert!(named.out.starts_with("web01 (IIS 6)\n"), "{}", named.out);
    let nothing = fed(&["sites", "-"], b"");
    assert_eq!(nothing.code, 3);
    assert!(nothing.err.contains("-: the file is empty"), "{}", nothing.err);
}

#[test]
fn several_paths_are_read_together_and_their_order_does_not_matter() {
    let (one, two) = ("examples/working-failing", "examples/sni-pair");
    let run = run(&["sites", one, two]);
    assert_eq!(run.code, 0);
    assert!(run.out.contains("sni-pair (IIS 7 or later)") && run.out.contains("working-failing (IIS 6)"));
    assert_eq!(finish(iisaudit(&["check", two, one, "--quiet"])).out, finish(iisaudit(&["check", one, two, "--quiet"])).out);
}

#[test]
fn line_ends_of_windows_and_blanks_in_paths_change_nothing() {
    let directory = tempfile::tempdir().unwrap();
    let folder = directory.path().join("web server 1");
    std::fs::create_dir(&folder).unwrap();
    let text = std::fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join(PAIR)).unwrap();
    let path = folder.join("Meta Base.xml");
    std::fs::write(&path, text.replace("\r\n", "\n").replace('\n', "\r\n")).unwrap();
    let target = format!("{}#partner-a (403.13)", path.display());
    let run = run(&["diff", "--failing", &target, "--working", "#partner-b (works)", "--status", "403.13"]);
    assert_eq!((run.code, run.err.as_str()), (1, ""));
    assert!(
        run.out.contains("the difference in CertCheckMode at / can cause 403.13") && run.out.contains("on web server 1"),
        "{}",
        run.out
    );
}

#[test]
fn as_decides_where_the_content_leaves_it_open_and_never_against_the_content() {
    let piece = br#"<configuration><system.webServer><security><access sslFlags="Ssl" /></security></system.webServer></configuration>"#;
    assert!(fed(&["sites", "-", "--as", "web-config"], piece).out.contains("web.config"));
    assert!(fed(&["sites", "-", "--as", "application-host"], piece).out.contains("applicationHost.config"));
    let wrong = run(&["check", PAIR, "--as", "application-host"]);
    assert_eq!(wrong.code, 3);
    assert!(wrong.err.contains("not that of applicationHost.config, as --as says, but that of MetaBase.xml"), "{}", wrong.err);
}

#[test]
fn an_encoding_that_the_file_does_not_name_can_be_given() {
    let mut text = br#"<configuration><system.applicationHost><sites><site name="B"#.to_vec();
    text.push(0xfc);
    text.extend_from_slice(br#"ro" id="1" /></sites></system.applicationHost></configuration>"#);
    let refused = fed(&["sites", "-"], &text);
    assert!(refused.code == 3 && refused.err.contains("error: -:1"), "{}", refused.err);
    let read = fed(&["sites", "-", "--encoding", "windows-1252"], &text);
    assert!(read.code == 0 && read.out.contains("Büro"), "{}", read.out);
    let text: Vec<u8> = text.iter().map(|byte| if *byte == 0xfc { 0x81 } else { *byte }).collect();
    for page in ["cp850", "ibm850", "CP437", "437"] {
        let read = fed(&["sites", "-", "--encoding", page], &text);
        assert!(read.code == 0 && read.out.contains("Büro"), "{page}: {}", read.out);
    }
}

#[test]
fn the_version_of_windows_can_be_named_and_decides_what_some_flags_mean() {
    let unknown = run(&["check", "examples/sni-pair"]);
    assert!(!unknown.out.contains("sni-on-old-version"), "{}", unknown.out);
    let old = run(&["check", "examples/sni-pair", "--windows", "2008-r2"]);
    assert!(old.code == 1 && old.out.contains("sni-on-old-version"), "{}", old.out);
    assert!(old.out.contains("(IIS 7 or later, Windows Server 2008 R2)"), "{}", old.out);
    let json = run(&["sites", "examples/sni-pair", "--windows", "2019", "--format", "json"]);
    assert!(json.out.contains("\"windows\": \"2019\""), "{}", json.out);
}

#[test]
fn a_declared_group_says_what_is_compared_and_a_rule_runs_alone() {
    let revocation = run(&["check", PAIR, "--rule", "sites-disagree-on-revocation", "--group", "partners=690402,partner-b (works)"]);
    assert_eq!(revocation.code, 1);
    assert!(revocation.out.replace("\n    ", " ").contains("Compared because both belong to the group partners"), "{}", revocation.out);
    let other = run(&["check", PAIR, "--rule", "plain-text-password"]);
    assert_eq!(other.code, 0);
    assert!(other.out.starts_with("no findings"), "{}", other.out);
}

#[test]
fn quiet_keeps_every_finding_and_its_place_and_leaves_out_what_to_do() {
    let (full, quiet) = (run(&["check", "examples"]), run(&["check", "examples", "-q"]));
    assert_eq!(full.code, quiet.code);
    let findings = |run: &Run| {
        let begins = |line: &&str| {
            ["high ", "medium ", "low ", "info "].iter().any(|word| line.strip_prefix("  ").is_some_and(|l| l.starts_with(word)))
        };
        run.out.lines().filter(begins).map(str::to_owned).collect::<Vec<_>>()
    };
    assert_eq!(findings(&full), findings(&quiet));
    assert_eq!(full.out.matches("\n    at ").count(), quiet.out.matches("\n    at ").count());
    assert!(full.out.contains("[safe]") && !quiet.out.contains("[safe]") && !quiet.out.contains("appcmd"));
    assert_eq!(full.out.lines().last(), quiet.out.lines().last());
}

#[test]
fn explain_lists_what_can_be_asked_for() {
    let topics = run(&["explain"]);
    assert_eq!(topics.code, 0);
    for word in ["rules", "settings", "statuses", "codes", "notices"] {
        assert!(topics.out.contains(&format!(" {word}\n")), "{}", topics.out);
        assert_eq!(run(&["explain", word]).code, 0);
    }
    assert!(run(&["explain", "rules"]).out.contains("  high      requires-certificate-never-asks"));
}

#[test]
fn many_reservations_are_counted_and_not_listed() {
    let directory = tempfile::tempdir().unwrap();
    for number in 0..30 {
        let text = format!(r#"<site name="S{number}" id="{number}" />"#);
        std::fs::write(directory.path().join(format!("{number}.config")), text).unwrap();
    }
    let run = run(&["sites", directory.path().to_str().unwrap()]);
    assert_eq!((run.code, run.err.as_str()), (0, ""));
    assert!(run.out.contains("and 10 more; --format json lists all"), "{}", run.out);
}

#[test]
fn every_shell_gets_a_completion_script_that_knows_the_commands() {
    for shell in ["bash", "zsh", "fish", "powershell", "elvish"] {
        let script = run(&["completions", shell]);
        assert_eq!((script.code, script.err.as_str()), (0, ""), "{shell}");
        for word in ["check", "fail-on", "explain"] {
            assert!(script.out.contains(word), "{shell} does not know {word}");
        }
    }
}

#[test]
#[cfg(unix)]
fn bash_accepts_its_completion_script() {
    let script = run(&["completions", "bash"]).out;
    let mut bash = Command::new("bash").arg("-n").stdin(Stdio::piped()).spawn().unwrap();
    bash.stdin.take().unwrap().write_all(script.as_bytes()).unwrap();
    assert!(bash.wait().unwrap().success());
}

#[test]
fn the_manual_has_a_page_for_every_command_and_each_names_its_options() {
    let directory = tempfile::tempdir().unwrap();
    let written = run(&["man", "--into", directory.path().to_str().unwrap()]);
    assert_eq!((written.code, written.out.as_str(), written.err.as_str()), (0, "", ""));
    let mut names: Vec<_> =
        std::fs::read_dir(directory.path()).unwrap().map(|entry| entry.unwrap().file_name().into_string().unwrap()).collect();
    names.sort();
    let commands: Vec<String> = run(&["--help"])
        .out
        .lines()
        .skip_while(|line| *line != "Commands:")
        .skip(1)
        .take_while(|line| !line.is_empty())
        .filter_map(|line| {
            line.split_whitespace()
                .next()
                .filter(|name| *name != "help" && line.starts_with("  ") && !line.starts_with("   "))
                .map(str::to_owned)
        })
        .collect();
    assert!(commands.len() >= 7, "{commands:?}");
    let mut expected: Vec<_> = commands.iter().map(|name| format!("iisaudit-{name}.1")).collect();
    expected.push("iisaudit.1".to_owned());
    expected.sort();
    assert_eq!(names, expected);
    let page = run(&["man", "check"]).out;
    assert_eq!(page, std::fs::read_to_string(directory.path().join("iisaudit-check.1")).unwrap());
    for option in ["fail\\-on", "report", "color"] {
        assert!(page.contains(&format!("\\-\\-{option}")), "{option}");
    }
    refused(&["man", "chekc"], 2, &["there is no such command", "check"]);
}

#[test]
fn verbose_says_on_standard_error_what_each_file_was_taken_for() {
    let quiet = run(&["sites", "examples/endpoint-join"]);
    let verbose = run(&["sites", "examples/endpoint-join", "-v"]);
    assert_eq!(quiet.out, verbose.out);
    assert_eq!(quiet.err, "");
    assert!(verbose.err.contains("applicationHost.config, UTF-8, server endpoint-join"), "{}", verbose.err);
    assert!(verbose.err.contains("netsh http show sslcert"), "{}", verbose.err);
}

#[test]
fn several_results_are_written_in_one_run_and_all_say_the_same() {
    let directory = tempfile::tempdir().unwrap();
    let file = directory.path().join("report.json");
    let option = format!("json={}", file.display());
    let both = run(&["check", PAIR, "--report", &option]);
    assert_eq!(both.out, run(&["check", PAIR]).out);
    assert_eq!(std::fs::read_to_string(&file).unwrap(), run(&["check", PAIR, "--format", "json"]).out);
    assert_eq!(run(&["check", PAIR, "--report", "json=-"]).out, run(&["check", PAIR, "--format", "json"]).out);
    refused(&["check", PAIR, "--format", "table", "--report", "json=-"], 2, &["two results would go to standard output"]);
}

#[test]
fn a_report_that_cannot_be_written_is_said_and_stops_no_other() {
    let directory = tempfile::tempdir().unwrap();
    let (missing, good) = (directory.path().join("missing/a.json"), directory.path().join("b.json"));
    let run = run(&["check", PAIR, "--report", &format!("json={}", missing.display()), "--report", &format!("json={}", good.display())]);
    assert_eq!(run.code, 3);
    assert!(run.err.contains("cannot write the report"), "{}", run.err);
    assert!(good.exists() && run.out.contains("finding"));
}

#[test]
fn a_result_without_colour_goes_out_as_it_would_stand_in_a_file() {
    let directory = tempfile::tempdir().unwrap();
    let input = directory.path().join("applicationHost.config");
    let site =
        "<site name=\"a\u{7f}\u{9b}31mb\" id=\"1\"><bindings><binding protocol=\"https\" bindingInformation=\"*:0:\"/></bindings></site>";
    let text = format!("<configuration><system.applicationHost><sites>{site}</sites></system.applicationHost></configuration>");
    std::fs::write(&input, text).unwrap();
    let report = directory.path().join("report.json");
    let to_file = format!("json={}", report.to_str().unwrap());
    let run = run(&["check", input.to_str().unwrap(), "--format", "json", "--report", &to_file]);
    assert!(run.out.contains("a\u{7f}\u{9b}31mb"), "{}", run.out);
    assert_eq!(run.out, std::fs::read_to_string(report).unwrap());
}
