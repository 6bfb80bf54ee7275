//! Every console session in examples/, README.md and docs/ is run with the real binary and must print exactly what stands there.
//!
//! A session is a line `$ iisaudit ...` (or the `cargo run` form of the README) followed by what is printed, and, when it is not 0, a
//! line `[exit code: N]`. With `IISAUDIT_UPDATE=1` the sessions are rewritten instead.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "a test stops on anything unexpected")]

use std::path::{Path, PathBuf};
use std::process::Command;

const ROOT: &str = env!("CARGO_MANIFEST_DIR");

struct Session {
    command: String,
}

/// Splits a command line as a shell does, as far as the examples need it: blanks, single and double quotes.
fn words(line: &str) -> Vec<String> {
    let mut words = Vec::new();
    let mut word: Option<String> = None;
    let mut quote = None;
    for character in line.chars() {
        match (quote, character) {
            (Some(open), _) if open == character => quote = None,
            (None, '"' | '\'') => {
                quote = Some(character);
                word.get_or_insert_default();
            }
            (None, ' ') => words.extend(word.take()),
            _ => word.get_or_insert_default().push(character),
        }
    }
    assert!(quote.is_none(), "unclosed quote in {line}");
    words.extend(word);
    words
}

fn run(command: &str) -> String {
    let line =
        command.strip_prefix("cargo run --quiet -- ").or_else(|| command.strip_prefix("iisaudit ")).unwrap_or_else(|| panic!("{command}"));
    let output = Command::new(env!("CARGO_BIN_EXE_iisaudit"))
        .args(words(line))
        .current_dir(ROOT)
        .env_remove("NO_COLOR")
        .env_remove("CLICOLOR_FORCE")
        .output()
        .unwrap();
    let mut text = String::from_utf8(output.stdout).unwrap();
    text.push_str(&String::from_utf8(output.stderr).unwrap());
    match output.status.code() {
        Some(0) => {}
        code => text.push_str(&format!("[exit code: {}]\n", code.unwrap())),
    }
    // Editors and Git leave no blanks at line ends and one line break at the end of a file.
    let lines: Vec<&str> = text.lines().map(str::trim_end).collect();
    lines.join("\n").trim_end().to_owned() + "\n"
}

fn sessions(text: &str) -> Vec<Session> {
    let mut sessions: Vec<Session> = Vec::new();
    for line in text.lines() {
        if let Some(command) = line.strip_prefix("$ ") {
            sessions.push(Session { command: command.to_owned() });
        }
    }
    sessions
}

/// A Markdown page with every console session in it replaced by what it prints now, and the number of sessions.
fn refreshed(markdown: &str) -> (String, usize) {
    let mut page = String::new();
    let mut block: Option<String> = None;
    let mut count = 0;
    for line in markdown.lines() {
        match (&mut block, line) {
            (Some(text), "```") => {
                let printed: Vec<String> =
                    sessions(text).iter().map(|session| format!("$ {}\n{}", session.command, run(&session.command))).collect();
                assert!(!printed.is_empty(), "a console block without a command");
                count += printed.len();
                page.push_str(&printed.join("\n"));
                page.push_str("```\n");
                block = None;
            }
            (Some(text), _) => {
                text.push_str(line);
                text.push('\n');
            }
            (None, _) => {
                page.push_str(line);
                page.push('\n');
                if line == "```console" {
                    block = Some(String::new());
                }
            }
        }
    }
    assert!(block.is_none(), "an unclosed console block");
    (page, count)
}

fn files_below(directory: &str, extension: &str) -> Vec<PathBuf> {
    let mut pending = vec![Path::new(ROOT).join(directory)];
    let mut found = Vec::new();
    while let Some(directory) = pending.pop() {
        for entry in std::fs::read_dir(directory).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                pending.push(path);
            } else if path.extension().is_some_and(|found| found == extension) {
                found.push(path);
            }
        }
    }
    found.sort();
    found
}

#[test]
fn every_session_of_the_examples_prints_what_stands_there() {
    let update = std::env::var_os("IISAUDIT_UPDATE").is_some_and(|value| value == "1");
    let mut wrong = Vec::new();
    let files = files_below("examples", "console");
    assert!(!files.is_empty());
    for path in files {
        let text = std::fs::read_to_string(&path).unwrap();
        let sessions = sessions(&text);
        assert!(!sessions.is_empty(), "{} holds no session", path.display());
        let blocks: Vec<String> = sessions.iter().map(|session| format!("$ {}\n{}", session.command, run(&session.command))).collect();
        let actual = blocks.join("\n");
        if update {
            std::fs::write(&path, actual).unwrap();
        } else if actual != text.replace("\r\n", "\n") {
            wrong.push(format!("{}: now prints\n{actual}", path.display()));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn every_session_of_the_readme_and_the_docs_prints_what_stands_there() {
    let update = std::env::var_os("IISAUDIT_UPDATE").is_some_and(|value| value == "1");
    let mut pages = files_below("docs", "md");
    pages.push(Path::new(ROOT).join("README.md"));
    let mut sessions = 0;
    for path in pages {
        let text = std::fs::read_to_string(&path).unwrap().replace("\r\n", "\n");
        let (page, count) = refreshed(&text);
        sessions += count;
        if update {
            std::fs::write(&path, page).unwrap();
        } else {
            assert!(page == text, "{} now reads\n{page}", path.display());
        }
    }
    assert!(sessions > 0);
}
