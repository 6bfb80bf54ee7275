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
