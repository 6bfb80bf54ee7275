//! Explanations as text for a terminal, as JSON, and as Markdown for the documentation.

use serde_json::json;

use super::{Page, Style, escape};
use crate::explain::{Explanation, List, POWERSHELL, Unknown};

/// How a body marks a command.
const COMMAND: &str = "    ";
/// More of a topic that is none is not shown.
const TOPIC: usize = 60;
/// So many words of a value that are no flags are named.
const WORDS: usize = 5;

/// The explanation as text; commands are never wrapped, so that they can be copied.
pub fn text(explanation: &Explanation, style: Style) -> String {
    let mut page = Page::new(style);
    page.heading(0, &explanation.title);
    for (heading, body) in &explanation.sections {
        page.gap();
        page.heading(0, heading);
        for line in body.lines() {
            if let Some(command) = line.strip_prefix(COMMAND) {
                page.verbatim(6, command);
            } else if let Some(item) = line.strip_prefix("- ") {
                page.labelled(2, "-", anstyle::Style::new(), item);
            } else {
                page.prose(2, line);
            }
        }
    }
    page.finish()
}

/// The list as a table, and what to do next.
pub fn list(list: &List, style: Style) -> String {
    let mut page = Page::new(style);
    page.heading(0, list.title);
    page.gap();
    page.table(2, list.columns, &list.rows);
    page.gap();
    page.prose(0, list.next);
    page.finish()
}

/// The list as JSON: `kind`, `title`, and `rows`, each an object with a text for every column.
pub fn list_json(list: &List) -> String {
    let object = |row: &Vec<String>| -> serde_json::Map<String, serde_json::Value> {
        list.columns.iter().zip(row).map(|(column, cell)| ((*column).to_owned(), cell.as_str().into())).collect()
    };
    let rows: Vec<_> = list.rows.iter().map(object).collect();
    format!("{:#}\n", json!({ "kind": list.kind, "title": list.title, "rows": rows }))
}

/// What to say of a topic that could not be explained, on one line: the topic, shortened, and what may be meant.
pub fn unknown(topic: &str, unknown: &Unknown) -> String {
    let mut shown: String = topic.chars().take(TOPIC).collect();
    if shown.len() < topic.len() {
        shown.push_str("...");
    }
    let words: Vec<String> =
        unknown.words.iter().take(WORDS).map(|word| format!("\"{}\"", word.chars().take(TOPIC).collect::<String>())).collect();
    let words = match words.as_slice() {
        [] => String::new(),
        [one] => format!("; {one} is no flag of it"),
        several => format!("; {} are no flags of it", several.join(", ")),
    };
    format!("{}: {}{}\n", escape::terminal(&shown), escape::terminal(&unknown.to_string()), escape::terminal(&words))
}

/// The explanation as JSON: `kind`, `title`, and `sections` in order, each with `heading` and `body`.
pub fn json(explanation: &Explanation) -> String {
    let sections: Vec<_> = explanation.sections.iter().map(|(heading, body)| json!({ "heading": heading, "body": body })).collect();
    let value = json!({ "kind": explanation.kind, "title": explanation.title, "sections": sections });
    format!("{value:#}\n")
}

/// The explanation as a page of Markdown.
pub fn markdown(explanation: &Explanation) -> String {
    markdown_at(explanation, 1)
}

/// The same with headings from `level` on, for pages that hold several explanations.
fn markdown_at(explanation: &Explanation, level: usize) -> String {
    let mut out = format!("{} {}\n", "#".repeat(level), plain(&explanation.title));
    for (heading, body) in &explanation.sections {
        out.push_str(&format!("\n{} {}\n", "#".repeat(level + 1), plain(heading)));
        let mut item = false;
        for line in body.lines() {
            if let Some(command) = line.strip_prefix(COMMAND) {
                let (shell, command) = match command.strip_prefix(POWERSHELL) {
                    Some(command) => ("powershell", command),
                    None => ("console", command),
                };
                if !out.ends_with("\n\n") {
                    out.push('\n');
                }
                out.push_str(&format!("  ```{shell}\n  {command}\n  ```\n\n"));
            } else if let Some(text) = line.strip_prefix("- ") {
                if !item && !out.ends_with("\n\n") {
                    out.push('\n');
                }
                item = true;
                out.push_str(&format!("- {}\n", plain(text)));
            } else {
                if !out.ends_with("\n\n") {
                    out.push('\n');
                }
                item = false;
                out.push_str(&format!("{}\n", plain(line)));
            }
        }
        // A command at the end leaves one blank line too many.
        out.truncate(out.trim_end().len());
        out.push('\n');
    }
    out
}

/// Escapes what Markdown would read as markup, outside code spans. An underscore within a word is none.
pub(super) fn plain(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for (index, part) in text.split('`').enumerate() {
        if index > 0 {
            out.push('`');
        }
        for c in part.chars() {
            if index % 2 == 0 && matches!(c, '*' | '<' | '>' | '[' | ']' | '|' | '\\') {
                out.push('\\');
            }
            out.push(c);
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use std::path::{Path, PathBuf};

    use super::*;
    use crate::catalogue::Setting;
    use crate::explain::{Kind, cause_page, explain, statuses};

    fn sample() -> Explanation {
        let body = "One two three four five six seven eight nine.\n- item one two three four five six seven eight\n    command --with many words that stay on one line";
        Explanation { kind: Kind::Status, title: "403.13: a_title".to_owned(), sections: vec![("Heading".to_owned(), body.to_owned())] }
    }

    #[test]
    fn text_is_wrapped_and_commands_are_not() {
        assert_eq!(
            text(&sample(), Style::plain(40)),
            "403.13: a_title\n\nHeading\n  One two three four five six seven\n  eight nine.\n  - item one two three four five six\n    seven eight\n      command --with many words that stay on one line\n"
        );
        assert!(text(&sample(), Style { colour: true, width: 40 }).starts_with("\u{1b}[1m403.13"));
    }

    #[test]
    fn every_page_fits_its_width_but_for_commands() {
        for topic in crate::explain::topics() {
            let page = text(&explain(&topic.name).unwrap(), Style::plain(60));
            for line in page.lines().filter(|line| !line.starts_with("      ")) {
                assert!(line.chars().count() <= 60, "{line}");
            }
        }
    }

    #[test]
    fn a_topic_that_is_none_is_shown_escaped_and_shortened() {
        let said = |topic: &str| unknown(topic, &explain(topic).unwrap_err());
        assert_eq!(said("CertChekMode=5\u{1b}[2J"), "CertChekMode=5\\u{1b}[2J: no such topic; nearest: CertCheckMode, cert-check-mode\n");
        assert!(said(&"x".repeat(5000)).len() < 120);
    }

    #[test]
    fn a_list_fits_its_width_and_its_json_has_the_same_rows() {
        for word in ["", "rules", "settings", "statuses", "causes", "codes", "notices"] {
            let topics = crate::explain::list(word).unwrap();
            let page = list(&topics, Style::plain(80));
            assert!(page.lines().all(|line| line.chars().count() <= 80), "{page}");
            let value: serde_json::Value = serde_json::from_str(&list_json(&topics)).unwrap();
            assert_eq!(value["rows"].as_array().map(Vec::len), Some(topics.rows.len()));
        }
    }

    #[test]
    fn json_keeps_the_order_of_sections() {
        let json = json(&explain("403.13").unwrap());
        let value: serde_json::Value = serde_json::from_str(&json).unwrap();
        assert_eq!((value["kind"].as_str(), value["sections"][0]["heading"].as_str()), (Some("status"), Some("Meaning")));
        assert!(json.ends_with("}\n"));
    }

    #[test]
    fn markdown_escapes_markup_outside_code() {
        assert!(markdown(&sample()).starts_with("# 403.13: a_title\n\n## Heading\n\nOne two"));
        assert_eq!(plain("<n> `<n>` a*b"), "\\<n\\> `<n>` a\\*b");
    }

    fn docs() -> Vec<(PathBuf, String)> {
        let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("docs");
        let page = |topic: &str| explain(topic).unwrap();
        let mut files: Vec<_> = statuses().map(|name| (root.join("statuses").join(format!("{name}.md")), markdown(&page(name)))).collect();
        let mut settings = "# Settings\n\nEvery setting that is audited, by its name in reports.\n".to_owned();
        for setting in Setting::ALL {
            settings.push_str(&format!("\n{}", markdown_at(&page(setting.name()), 2)));
        }
        settings.push_str(&format!("\n{}", markdown_at(&page("binding@sslFlags"), 2)));
        files.push((root.join("settings.md"), settings));
        let of_cause =
            |cause: &&crate::diagnose::Cause| (root.join("causes").join(format!("{}.md", cause.id)), markdown(&cause_page(cause)));
        files.extend(crate::diagnose::CAUSES.iter().map(of_cause));
        files
    }

    #[test]
    fn the_pages_in_docs_are_those_of_the_program() {
        let update = std::env::var_os("IISAUDIT_UPDATE").is_some_and(|value| value == "1");
        let mut stale = Vec::new();
        for (path, page) in docs() {
            if update {
                std::fs::create_dir_all(path.parent().unwrap()).unwrap();
                std::fs::write(&path, &page).unwrap();
            }
            if std::fs::read_to_string(&path).unwrap_or_default().replace("\r\n", "\n") != page {
                stale.push(path);
            }
        }
        assert!(stale.is_empty(), "run this test with IISAUDIT_UPDATE=1 to write them anew: {stale:?}");
    }

    #[test]
    fn docs_hold_no_page_of_a_status_or_cause_that_is_gone() {
        let known: Vec<_> = docs().into_iter().map(|(path, _)| path).collect();
        for folder in ["docs/statuses", "docs/causes"] {
            for file in std::fs::read_dir(Path::new(env!("CARGO_MANIFEST_DIR")).join(folder)).unwrap() {
                let path = file.unwrap().path();
                assert!(known.iter().any(|other| other.file_name() == path.file_name()), "{}", path.display());
            }
        }
    }
}
