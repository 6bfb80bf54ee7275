//! What a change does, by the example that shows it: a text comparison drowns the few lines that matter, the report has these only.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "a test stops on anything unexpected")]

use std::path::Path;
use std::process::{Command, Output};

const ROOT: &str = env!("CARGO_MANIFEST_DIR");
const OLD: &str = "examples/before-after/old";
const NEW: &str = "examples/before-after/new";

fn run(arguments: &[&str]) -> Output {
    Command::new(env!("CARGO_BIN_EXE_iisaudit")).args(arguments).current_dir(ROOT).output().unwrap()
}

fn lines(file: &str) -> Vec<String> {
    let text = std::fs::read_to_string(Path::new(ROOT).join(file)).unwrap();
    text.lines().map(|line| line.split_whitespace().collect::<Vec<_>>().join(" ")).collect()
}

/// How many lines the best text comparison shows as removed or added when it ignores blanks, as `diff -w` does.
fn changed_lines(file: &str) -> usize {
    let (old, new) = (lines(&format!("{OLD}/{file}")), lines(&format!("{NEW}/{file}")));
    let mut row = vec![0_usize; new.len() + 1];
    for a in &old {
        let mut diagonal = 0;
        for (column, b) in new.iter().enumerate() {
            let above = row[column + 1];
            row[column + 1] = if a == b { diagonal + 1 } else { above.max(row[column]) };
            diagonal = above;
        }
    }
    old.len() + new.len() - 2 * row[new.len()]
}

#[test]
fn the_report_is_a_page_where_a_text_comparison_has_hundreds_of_lines() {
    let text = changed_lines("applicationHost.config") + changed_lines("sslcert.txt");
    let report = String::from_utf8(run(&["diff", OLD, NEW, "--width", "80"]).stdout).unwrap();
    assert_eq!((text, report.lines().count()), (632, 81));
    let summary: String = report.lines().take_while(|line| !line.is_empty()).collect::<Vec<_>>().join(" ");
    assert_eq!(
        summary,
        "3 settings weaker, 3 stronger, 1 neutral, 1 without effect; 1 new site, 1 site renamed; 3 new findings, 1 fixed, 1 unchanged"
    );
}

#[test]
fn the_exit_code_says_what_was_asked_for() {
    let code = |arguments: &[&str]| run(&[&["diff"], arguments].concat()).status.code();
    assert_eq!(code(&[OLD, NEW]), Some(1));
    assert_eq!(code(&[OLD, NEW, "--fail-on", "weaker"]), Some(1));
    assert_eq!(code(&[OLD, NEW, "--fail-on", "new-finding"]), Some(1));
    assert_eq!(code(&[OLD, NEW, "--fail-on", "never"]), Some(0));
    assert_eq!(code(&[OLD, OLD]), Some(0));
    let (a, b) = ("examples/two-nodes/node-a", "examples/two-nodes/node-b");
    assert_eq!(code(&[a, b, "--fail-on", "weaker"]), Some(0), "when a certificate is asked for is no question of weaker or stronger");
    assert_eq!(code(&[a, b, "--fail-on", "weaker,new-finding"]), Some(1));
    assert_eq!(code(&[b, a, "--fail-on", "weaker,new-finding"]), Some(0));
    assert_eq!(code(&[b, a]), Some(1));
    let site = format!("{OLD}#Orders");
    assert_eq!(code(&[&site, "#Billing", "--fail-on", "weaker"]), Some(2));
    assert_eq!(code(&[&site, "#Billing", "--fail-on", "never"]), Some(0));
}

#[test]
fn a_copy_of_the_configuration_history_compares_with_another_whatever_the_folders_are_called() {
    let directory = tempfile::tempdir().unwrap();
    let copy = |number: u32, from: &str| {
        let folder = directory.path().join(format!("CFGHISTORY_{number:010}"));
        std::fs::create_dir_all(folder.join("schema")).unwrap();
        std::fs::copy(Path::new(ROOT).join(from).join("applicationHost.config"), folder.join("applicationHost.config")).unwrap();
        let administration = "<configuration><configSections/><moduleProviders/><administrators/></configuration>";
        std::fs::write(folder.join("administration.config"), administration).unwrap();
        let redirection = "<configuration><configSections><section name=\"configurationRedirection\"/></configSections>\
                           <configurationRedirection/></configuration>";
        std::fs::write(folder.join("redirection.config"), redirection).unwrap();
        std::fs::write(folder.join("schema/IIS_schema.xml"), "<configSchema><sectionSchema name=\"system.webServer/x\"/></configSchema>")
            .unwrap();
        folder.to_str().unwrap().to_owned()
    };
    let (first, second, third) = (copy(12, OLD), copy(13, OLD), copy(14, NEW));
    let same = run(&["diff", &first, &second]);
    let text = String::from_utf8(same.stdout).unwrap();
    assert_eq!((same.status.code(), String::from_utf8(same.stderr).unwrap().as_str()), (Some(0), ""), "{text}");
    assert!(text.starts_with("no differences; "), "{text}");
    let text = String::from_utf8(run(&["diff", &second, &third]).stdout).unwrap();
    assert!(text.contains("before CFGHISTORY_0000000013 (IIS 7 or later), 5 sites"), "{text}");
    assert!(text.contains("access-flags of \"Orders\" (id 11), /edi"), "{text}");
}

/// Two sites of IIS 6 with a mode of checking for each in the metabase, and the records that HTTP.sys has for both: it checks.
fn overruled(directory: &Path, modes: [&str; 2]) {
    let site = |number: usize, mode: &str| {
        format!(
            "<IIsWebServer Location=\"/LM/W3SVC/{number}\" ServerComment=\"site {number}\" CertCheckMode=\"{mode}\" SecureBindings=\"10.0.0.{number}:443:\" />\r\n\
             <IIsWebVirtualDir Location=\"/LM/W3SVC/{number}/ROOT\" AccessSSLFlags=\"AccessSSL | AccessSSLNegotiateCert | AccessSSLRequireCert\" />\r\n"
        )
    };
    let metabase = format!(
        "<configuration><MBProperty>\r\n<IIsWebService Location=\"/LM/W3SVC\" />\r\n{}{}</MBProperty></configuration>\r\n",
        site(1, modes[0]),
        site(2, modes[1])
    );
    let record = |number: usize| {
        format!(
            "\r\n    IP                      : 10.0.0.{number}:443\r\n    Hash                    : 1f c6b7c2a9d4e58b3a7c0d1e2f3 415263748a9\r\n\
             \x20   Guid                    : {{4dc3e181-e14b-4a21-b022-59fc669b0914}}\r\n    CertStoreName           : MY\r\n\
             \x20   CertCheckMode           : 0\r\n    RevocationFreshnessTime : 0\r\n    UrlRetrievalTimeout     : 0\r\n\
             \x20   SslCtlIdentifier        : (null)\r\n    SslCtlStoreName         : (null)\r\n    Flags                   : 0\r\n{}\r\n",
            "-".repeat(78)
        )
    };
    std::fs::create_dir_all(directory).unwrap();
    std::fs::write(directory.join("MetaBase.xml"), metabase).unwrap();
    std::fs::write(directory.join("httpcfg.txt"), [record(1), record(2)].concat()).unwrap();
}

#[test]
fn what_a_record_overrules_in_the_metabase_is_told_as_not_in_effect() {
    let directory = tempfile::tempdir().unwrap();
    let (old, new) = (directory.path().join("old"), directory.path().join("new"));
    overruled(&old, ["0", "1"]);
    overruled(&new, ["0", "4"]);
    let said = |arguments: &[&str]| {
        let report = run(&[&["diff"], arguments, &["--width", "200"]].concat());
        String::from_utf8(report.stdout).unwrap().split_whitespace().collect::<Vec<_>>().join(" ")
    };
    let (old, new) = (old.display().to_string(), new.display().to_string());
    let (one, two) = (format!("{old}#1"), format!("{old}#2"));
    let sites = said(&[&one, &two]);
    assert!(sites.contains("not in effect: this is what the metabase says, but HTTP.sys has a record of its own now"), "{sites}");
    assert!(sites.contains("1 difference without effect"), "{sites}");
    let cause = said(&["--failing", &one, "--working", &two]);
    assert!(cause.contains("- the difference in CertCheckMode is not in effect: this is what the metabase says"), "{cause}");
    let change = said(&[&old, &new]);
    let why = "so revocation is checked now; this is what the metabase says, but HTTP.sys has a record of its own now, and what the metabase says most likely counts again when the web service is restarted";
    assert!(change.contains(why), "{change}");
    // Where the record says the same as the metabase there is nothing to tell.
    overruled(directory.path().join("old").as_path(), ["0", "0"]);
    let same = said(&[&one, &two]);
    assert!(!same.contains("metabase says"), "{same}");
}
