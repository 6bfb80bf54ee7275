//! Markdown as GitHub, GitLab and Azure DevOps show it in comments.

use std::borrow::Cow;

use super::{Out, Sink, terminal};

/// Markdown text within a line: a paragraph, a list item or a cell of a table.
///
/// A word in which anything could act becomes code: those who turn mentions, references, hashes and addresses into links do so after
/// Markdown was read, when an escaped `@` is an `@` again, but never in code. The two signs that end code or a cell stand between pieces of
/// code as character references, so that the same text is right in and outside of tables.
#[derive(Debug)]
pub struct Markdown;

impl Sink for Markdown {
    fn escape(text: &str) -> Cow<'_, str> {
        let visible = terminal(text);
        let mut escaped = String::with_capacity(visible.len() + 16);
        for (index, word) in visible.split(' ').enumerate() {
            if index > 0 {
                escaped.push(' ');
            }
            if word.is_empty() {
                continue;
            }
            if index == 0 && begins_block(word) {
                push_code(&mut escaped, word);
            } else if acts(word) {
                // Brackets, quotes and what ends a sentence belong to the text around the word.
                let core = word.trim_start_matches(['(', '"', '\'']);
                let before = &word[..word.len() - core.len()];
                let has_pair = core.contains('(');
                let core = core.trim_end_matches(|c| matches!(c, '.' | ',' | ';' | ':' | '?' | '"' | '\'') || (c == ')' && !has_pair));
                let (before, core) = if core.is_empty() { ("", word) } else { (before, core) };
                escaped.push_str(before);
                push_code(&mut escaped, core);
                escaped.push_str(&word[before.len() + core.len()..]);
            } else {
                escaped.push_str(word);
            }
        }
        // Blanks at the ends would make code of the line, or break it.
        if escaped.starts_with(' ') {
            escaped.replace_range(..1, "&#32;");
        }
        if escaped.ends_with(' ') {
            escaped.truncate(escaped.len() - 1);
            escaped.push_str("&#32;");
        }
        Cow::Owned(escaped)
    }
}

/// Whether Markdown, or what comes after it, could make more of the word than its letters.
fn acts(word: &str) -> bool {
    let plain = |c: char| {
        !c.is_ascii()
            || c.is_ascii_alphanumeric()
            || matches!(c, '.' | ',' | ';' | ':' | '\'' | '"' | '(' | ')' | '/' | '-' | '+' | '=' | '?')
    };
    let bytes = word.as_bytes();
    !word.chars().all(plain)
        // Addresses, emoji and references of other kinds have a colon inside.
        || word.trim_end_matches(':').contains(':')
        || word.to_ascii_lowercase().contains("www.")
        // Tickets: GH-12.
        || bytes.windows(2).any(|pair| pair[0] == b'-' && pair[1].is_ascii_digit())
        || word.split(|c: char| !c.is_ascii_alphanumeric()).any(|run| run.len() >= 7 && run.bytes().all(|byte| byte.is_ascii_hexdigit()))
}

/// Whether a line that begins with the word would be something else than text: an item of a list, or the line below a heading.
fn begins_block(word: &str) -> bool {
    let number = word.trim_start_matches(|c: char| c.is_ascii_digit());
    word.starts_with(['-', '+', '=']) || (number.len() < word.len() && matches!(number, "." | ")"))
}

fn push_code(out: &mut String, text: &str) {
    let mut rest = text;
    while !rest.is_empty() {
        let end = rest.find(['`', '|']).unwrap_or(rest.len());
        let (code, after) = rest.split_at(end);
        if !code.is_empty() {
            out.push('`');
            out.push_str(code);
            out.push('`');
        }
        rest = after;
        if let Some(after) = rest.strip_prefix('`') {
            out.push_str("&#96;");
            rest = after;
        } else if let Some(after) = rest.strip_prefix('|') {
            out.push_str("&#124;");
            rest = after;
        }
    }
}

impl Out<Markdown> {
    /// Adds text as a block of code, whose fence is longer than any row of backticks in it.
    pub fn fenced(&mut self, text: &str) -> &mut Self {
        let visible = terminal(text);
        let longest = visible.split(|c| c != '`').map(str::len).max().unwrap_or(0);
        let fence = "`".repeat(3.max(longest + 1));
        for part in [&fence, "text\n", &visible, "\n", &fence, "\n"] {
            self.out.push_str(part);
        }
        self
    }
}

#[cfg(test)]
pub(in crate::report) mod tests {
    use proptest::prelude::*;
    use pulldown_cmark::{CodeBlockKind, Event, Options, Parser, Tag, TagEnd};

    use super::*;

    /// What a reader of Markdown sees, and everything that is not text, code, or a block that the program itself makes.
    pub(in crate::report) fn read(markdown: &str) -> (String, Vec<String>) {
        let options = Options::ENABLE_TABLES
            | Options::ENABLE_STRIKETHROUGH
            | Options::ENABLE_TASKLISTS
            | Options::ENABLE_MATH
            | Options::ENABLE_FOOTNOTES
            | Options::ENABLE_GFM;
        let (mut text, mut others) = (String::new(), Vec::new());
        for event in Parser::new_ext(markdown, options) {
            match event {
                Event::Text(part) | Event::Code(part) => text.push_str(&part),
                Event::Start(Tag::Paragraph | Tag::TableCell | Tag::TableRow | Tag::TableHead | Tag::Table(_) | Tag::HtmlBlock) => {}
                Event::Start(Tag::CodeBlock(CodeBlockKind::Fenced(info))) if &*info == "text" => {}
                Event::End(TagEnd::Link | TagEnd::Image) => others.push("end of a link".to_owned()),
                Event::End(_) => text.push('\n'),
                other => others.push(format!("{other:?}")),
            }
        }
        (text, others)
    }

    #[test]
    fn words_of_every_day_stay_as_they_are() {
        for text in ["Default Web Site", "\"Shop (old)\" (id 2): a/b.c, 100?", "Büro — Zürich", "日本語サイト", ""] {
            assert_eq!(Markdown::escape(text), text);
        }
    }

    #[test]
    fn what_could_act_is_code() {
        assert_eq!(Markdown::escape("ask @admin, see #12 or GH-7"), "ask `@admin`, see `#12` or `GH-7`");
        assert_eq!(Markdown::escape("<b>x</b> [a](b) ![c](d)"), "`<b>x</b>` `[a](b)` `![c](d)`");
        assert_eq!(Markdown::escape("www.evil.example https://evil :tada:"), "`www.evil.example` `https://evil` `:tada`:");
        assert_eq!(Markdown::escape("a|b `x` *"), "`a`&#124;`b` &#96;`x`&#96; `*`");
        assert_eq!(Markdown::escape("(id 90326589), ..@:"), "(id `90326589`), `..@`:");
        assert_eq!(Markdown::escape("- item"), "`-` item");
        assert_eq!(Markdown::escape("1. item"), "`1.` item");
        assert_eq!(Markdown::escape("fixed in 0a1b2c3d."), "fixed in `0a1b2c3d`.");
        assert_eq!(Markdown::escape("one\ntwo"), r"`one\u{a}two`");
    }

    #[test]
    fn a_fence_is_longer_than_the_backticks_in_it() {
        let mut out = Out::<Markdown>::default();
        out.fenced("a ```` b\n```");
        assert_eq!(out.finish(), "`````text\na ```` b\\u{a}```\n`````\n");
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(2000))]
        #[test]
        fn any_text_is_text_or_code_and_is_read_back(text in "[-@#|`\\\\*_~<>()\\[\\]!$&;:/.0-9a-f\n ]{0,24}|[ -~]{0,30}|\\PC{0,20}") {
            let escaped = Markdown::escape(&text);
            let squeeze = |text: &str| text.split_whitespace().collect::<Vec<_>>().join(" ");
            let visible = squeeze(&terminal(&text));
            for document in [escaped.clone().into_owned(), format!("Seen {escaped}\n")] {
                let (read, others) = self::read(&document);
                prop_assert!(others.is_empty(), "{:?} from {:?}", others, document);
                prop_assert!(squeeze(&read).ends_with(&visible), "{:?} from {:?}", read, document);
            }
            let table = format!("| a | b |\n|---|---|\n| {escaped} | end |\n\nafter\n");
            let (read, others) = self::read(&table);
            prop_assert!(others.is_empty(), "{:?} from {:?}", others, table);
            prop_assert_eq!(squeeze(&read), squeeze(&format!("a b {visible} end after")), "{:?}", table);
        }

        #[test]
        fn what_others_make_links_of_stands_in_code_only(text in "[@#!~$%a-f0-9:/. |`-]{0,30}|https?://[a-z.]{1,9}|[A-Z]{2}-[0-9]{1,3}|@[a-z]{1,5}") {
            let document = format!("x {}", Markdown::escape(&text));
            for event in Parser::new_ext(&document, Options::all()) {
                if let Event::Text(part) = event {
                    prop_assert!(!part.contains(['@', '#', '!', '~', '$', '%']) && !part.contains("://"), "{:?} in {:?}", part, document);
                }
            }
        }

        #[test]
        fn no_text_gets_out_of_a_block_of_code(text in "[`~\n a-z<@]{0,40}|\\PC{0,30}") {
            let mut out = Out::<Markdown>::default();
            out.fenced(&text).markup("\nafter\n");
            let (read, others) = self::read(&out.finish());
            prop_assert!(others.is_empty(), "{:?}", others);
            prop_assert_eq!(read, format!("{}\n\nafter\n", terminal(&text)));
        }
    }
}
