//! Explanations as text for a terminal, as JSON, and as Markdown for the documentation.

use anstyle::Style;
use serde_json::{Value, json};

use super::Explanation;

/// A narrower terminal is treated as this wide.
const NARROWEST: usize = 24;
const COMMAND: &str = "    ";

/// The explanation as text, wrapped at `width`; commands are never wrapped, so that they can be copied.
pub fn text(explanation: &Explanation, width: usize, colour: bool) -> String {
    let width = width.max(NARROWEST);
    let style = if colour { Style::new().bold() } else { Style::new() };
    let mut out = String::new();
    wrap(&mut out, &explanation.title, "", "", width);
    let title = out.trim_end().to_owned();
    out.clear();
    out.push_str(&format!("{style}{title}{style:#}\n"));
    for (heading, body) in &explanation.sections {
        out.push_str(&format!("\n{style}{heading}{style:#}\n"));
        for line in body.lines() {
            if let Some(command) = line.strip_prefix(COMMAND) {
                out.push_str("      ");
                out.push_str(command);
                out.push('\n');
            } else if let Some(item) = line.strip_prefix("- ") {
                wrap(&mut out, item, "  - ", "    ", width);
            } else {
                wrap(&mut out, line, "  ", "  ", width);
            }
        }
    }
    out
}

/// Writes `text` in lines of at most `width` characters where its words allow it.
fn wrap(out: &mut String, text: &str, first: &str, rest: &str, width: usize) {
    out.push_str(first);
    let mut column = first.chars().count();
    let mut empty = true;
    for word in text.split(' ').filter(|word| !word.is_empty()) {
        let length = word.chars().count();
        if !empty && column.saturating_add(1).saturating_add(length) > width {
            out.push('\n');
            out.push_str(rest);
            column = rest.chars().count();
            empty = true;
        }
        if !empty {
            out.push(' ');
            column += 1;
        }
        out.push_str(word);
        column += length;
        empty = false;
    }
    out.push('\n');
}

/// The explanation as JSON: `kind`, `title`, and `sections` in order, each with `heading` and `body`.
pub fn json(explanation: &Explanation) -> Value {
    let sections: Vec<_> = explanation.sections.iter().map(|(heading, body)| json!({ "heading": heading, "body": body })).collect();
    json!({ "kind": explanation.kind, "title": explanation.title, "sections": sections })
}

/// The explanation as a page of Markdown.
pub fn markdown(explanation: &Explanation) -> String {
    markdown_at(explanation, 1)
}

/// The same with headings from `level` on, for pages that hold several explanations.
pub(super) fn markdown_at(explanation: &Explanation, level: usize) -> String {
    let mut out = format!("{} {}\n", "#".repeat(level), escape(&explanation.title));
    for (heading, body) in &explanation.sections {
        out.push_str(&format!("\n{} {}\n", "#".repeat(level + 1), escape(heading)));
        let mut item = false;
        for line in body.lines() {
            if let Some(command) = line.strip_prefix(COMMAND) {
                out.push_str(&format!("\n  ```console\n  {command}\n  ```\n\n"));
            } else if let Some(text) = line.strip_prefix("- ") {
                if !item && !out.ends_with("\n\n") {
                    out.push('\n');
                }
                item = true;
                out.push_str(&format!("- {}\n", escape(text)));
            } else {
                if !out.ends_with("\n\n") {
                    out.push('\n');
                }
                item = false;
                out.push_str(&format!("{}\n", escape(line)));
            }
        }
        // A command at the end leaves one blank line too many.
        out.truncate(out.trim_end().len());
        out.push('\n');
    }
    out
}

/// Escapes what Markdown would read as markup, outside code spans. An underscore within a word is none.
fn escape(text: &str) -> String {
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

    use super::super::{Kind, explain, pages, texts};
    use super::*;
    use crate::catalogue::Setting;
    use crate::rules::RULES;

    fn sample() -> Explanation {
        let body = "One two three four five six seven.\n- item one two three four\n    command --with many words that stay on one line";
        Explanation { kind: Kind::Status, title: "403.13: a_title".to_owned(), sections: vec![("Heading".to_owned(), body.to_owned())] }
    }

    #[test]
    fn text_is_wrapped_and_commands_are_not() {
        assert_eq!(
            text(&sample(), 24, false),
            "403.13: a_title\n\nHeading\n  One two three four\n  five six seven.\n  - item one two three\n    four\n      command --with many words that stay on one line\n"
        );
        assert!(!text(&sample(), 80, false).contains('\u{1b}'));
        assert!(text(&sample(), 80, true).starts_with("\u{1b}[1m403.13"));
    }

    #[test]
    fn every_line_that_can_be_wrapped_is() {
        let page = text(&explain("403.13").unwrap(), 60, false);
        for line in page.lines().filter(|line| !line.starts_with("      ")) {
            assert!(line.chars().count() <= 60 || !line.trim_start().trim_start_matches("- ").contains(' '), "{line}");
        }
    }

    #[test]
    fn json_keeps_the_order_of_sections() {
        let value = json(&explain("403.13").unwrap());
        assert_eq!((value["kind"].as_str(), value["sections"][0]["heading"].as_str()), (Some("status"), Some("Meaning")));
    }

    #[test]
    fn markdown_escapes_markup_outside_code() {
        assert!(markdown(&sample()).starts_with("# 403.13: a_title\n\n## Heading\n\nOne two"));
        assert_eq!(escape("<n> `<n>` a*b"), "\\<n\\> `<n>` a\\*b");
    }

    fn docs() -> Vec<(PathBuf, String)> {
        let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("docs");
        let mut files: Vec<_> = texts::texts()
            .status
            .iter()
            .map(|status| (root.join("statuses").join(format!("{}.md", status.name)), markdown(&pages::status(status))))
            .collect();
        let mut settings = "# Settings\n\nEvery setting that is audited, by its name in reports.\n".to_owned();
        for setting in Setting::ALL {
            settings.push_str(&format!("\n{}", markdown_at(&pages::setting(*setting), 2)));
        }
        settings.push_str(&format!("\n{}", markdown_at(&pages::binding_flags(), 2)));
        files.push((root.join("settings.md"), settings));
        let mut rules = "# Rules\n\nEvery rule, by name. `iisaudit explain <rule>` shows the same text.\n".to_owned();
        for rule in RULES {
            rules.push_str(&format!("\n{}", markdown_at(&pages::rule(rule), 2)));
        }
        files.push((root.join("rules.md"), rules));
        files
    }

    #[test]
    fn the_pages_in_docs_are_those_of_the_program() {
        let update = std::env::var_os("IISAUDIT_UPDATE_DOCS").is_some_and(|value| value == "1");
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
        assert!(stale.is_empty(), "run this test with IISAUDIT_UPDATE_DOCS=1 to write them anew: {stale:?}");
    }

    #[test]
    fn docs_hold_no_page_of_a_status_that_is_gone() {
        let known: Vec<_> = docs().into_iter().map(|(path, _)| path).collect();
        let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("docs/statuses");
        for file in std::fs::read_dir(folder).unwrap() {
            let path = file.unwrap().path();
            assert!(known.iter().any(|other| other.file_name() == path.file_name()), "{}", path.display());
        }
    }
}
