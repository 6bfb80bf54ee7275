//! The only way untrusted text gets out: one function for each kind of sink. Nothing is dropped; what a sink would act on is made visible.

mod csv;
mod json;
mod markdown;
mod workflow;
mod xml;

use std::borrow::Cow;
use std::fmt::Write;
use std::marker::PhantomData;

pub use csv::CsvCell;
pub use json::json_line;
pub use markdown::Markdown;
pub use workflow::{WorkflowMessage, WorkflowProperty};
pub use xml::Xml;

#[cfg(test)]
pub(super) use markdown::tests::read as read_markdown;
#[cfg(test)]
pub(super) use workflow::tests::unescape as unescape_workflow;

/// A kind of sink: what text has to look like so that nothing in it acts there.
pub trait Sink {
    /// Makes text harmless; what was in it stays readable.
    fn escape(text: &str) -> Cow<'_, str>;
}

/// Text on its way to one sink. Whatever is known only when the program runs can be added as text alone, which is escaped; as it is goes out
/// only what stands in the program itself. So a renderer cannot forget to escape.
#[derive(Debug)]
pub struct Out<S: Sink> {
    out: String,
    sink: PhantomData<S>,
}

impl<S: Sink> Default for Out<S> {
    fn default() -> Self {
        Out { out: String::new(), sink: PhantomData }
    }
}

impl<S: Sink> Out<S> {
    /// Adds markup that stands in the program.
    pub fn markup(&mut self, markup: &'static str) -> &mut Self {
        self.out.push_str(markup);
        self
    }

    /// Adds text from anywhere, escaped.
    pub fn text(&mut self, text: &str) -> &mut Self {
        self.out.push_str(&S::escape(text));
        self
    }

    /// Adds a number.
    pub fn number(&mut self, number: usize) -> &mut Self {
        self.text(&number.to_string())
    }

    /// Adds what another one of the same kind holds.
    pub fn append(&mut self, other: &Out<S>) -> &mut Self {
        self.out.push_str(&other.out);
        self
    }

    /// Bytes so far.
    pub fn len(&self) -> usize {
        self.out.len()
    }

    /// Whether nothing was added.
    pub fn is_empty(&self) -> bool {
        self.out.is_empty()
    }

    /// The result.
    pub fn finish(self) -> String {
        self.out
    }
}

/// A terminal or a log, one line.
#[derive(Debug)]
pub struct Terminal;

impl Sink for Terminal {
    fn escape(text: &str) -> Cow<'_, str> {
        terminal(text)
    }
}

/// HTML and XHTML: the text of an element, or the value of an attribute in double quotes. Nowhere else: not in a tag, a script or a style.
#[derive(Debug)]
pub struct Html;

impl Sink for Html {
    fn escape(text: &str) -> Cow<'_, str> {
        html(text)
    }
}

/// Text for HTML that is well-formed XML too. What moves the cursor of a terminal or cannot be seen becomes visible here as well: a page is
/// read by people, and XML allows no control characters at all.
fn html(text: &str) -> Cow<'_, str> {
    let needs = |c: char| matches!(c, '&' | '<' | '>' | '"' | '\'') || acts_or_hides(c) || is_noncharacter(c);
    let Some(first) = text.find(needs) else { return Cow::Borrowed(text) };
    let mut escaped = String::with_capacity(text.len() + 16);
    escaped.push_str(&text[..first]);
    for c in text[first..].chars() {
        match c {
            '&' => escaped.push_str("&amp;"),
            '<' => escaped.push_str("&lt;"),
            '>' => escaped.push_str("&gt;"),
            '"' => escaped.push_str("&quot;"),
            '\'' => escaped.push_str("&#39;"),
            _ if needs(c) => {
                // Writing to a String cannot fail.
                let _ = write!(escaped, "\\u{{{:x}}}", u32::from(c));
            }
            _ => escaped.push(c),
        }
    }
    Cow::Owned(escaped)
}

/// Whether Unicode will never give the number to a character; XML allows not all of them.
fn is_noncharacter(c: char) -> bool {
    let code = u32::from(c);
    code & 0xfffe == 0xfffe || (0xfdd0..=0xfdef).contains(&code)
}

/// Text for a terminal or a log. Everything that moves the cursor, ends a line, turns the writing direction or cannot be seen becomes a
/// visible escape such as `\u{1b}`. So does the first of two `#`, which Azure Pipelines and GitHub Actions take for the beginning of a
/// command (`##vso[`, `##[`) wherever it stands in a log. Escaping twice changes nothing more.
pub fn terminal(text: &str) -> Cow<'_, str> {
    if is_plain(text) {
        return Cow::Borrowed(text);
    }
    let Some(first) = text.find(acts_or_hides).into_iter().chain(text.find("##")).min() else { return Cow::Borrowed(text) };
    let mut escaped = String::with_capacity(text.len() + 16);
    escaped.push_str(&text[..first]);
    let mut rest = text[first..].chars().peekable();
    while let Some(c) = rest.next() {
        if acts_or_hides(c) || (c == '#' && rest.peek() == Some(&'#')) {
            // Writing to a String cannot fail.
            let _ = write!(escaped, "\\u{{{:x}}}", u32::from(c));
        } else {
            escaped.push(c);
        }
    }
    Cow::Owned(escaped)
}

/// Whether the text is of visible ASCII characters and blanks without a `#`, as most is: then nothing in it can act or hide.
fn is_plain(text: &str) -> bool {
    // Without an early end the compiler can use vector instructions.
    text.bytes().fold(true, |plain, byte| plain & matches!(byte, b' '..=b'~') & (byte != b'#'))
}

/// Whether a terminal would act on the character, or show nothing for it.
fn acts_or_hides(c: char) -> bool {
    c.is_control()
        || matches!(c,
            // Bidi marks, embeddings, overrides and isolates.
            '\u{061c}' | '\u{200e}' | '\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}'
            // Line and paragraph separators.
            | '\u{2028}' | '\u{2029}'
            // Characters without width or shape: two names that differ only in them would look the same.
            | '\u{00ad}' | '\u{034f}' | '\u{115f}' | '\u{1160}' | '\u{17b4}' | '\u{17b5}' | '\u{180e}' | '\u{200b}'..='\u{200d}'
            | '\u{2060}'..='\u{2065}' | '\u{206a}'..='\u{206f}' | '\u{3164}' | '\u{feff}' | '\u{ffa0}' | '\u{fff9}'..='\u{fffb}'
            // Tags, which spell hidden text.
            | '\u{e0000}'..='\u{e007f}')
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    /// Independent of the function under test: what must never reach a terminal.
    fn is_harmful(c: char) -> bool {
        let code = u32::from(c);
        code < 0x20
            || (0x7f..0xa0).contains(&code)
            || [0x200e, 0x200f, 0x2028, 0x2029, 0x061c, 0x200b, 0xfeff].contains(&code)
            || (0x202a..=0x202e).contains(&code)
            || (0x2066..=0x2069).contains(&code)
    }

    #[test]
    fn harmless_text_of_any_script_is_left_alone() {
        for text in ["", "Default Web Site", r"C:\Inetpub\\u{1b}", "日本語サイト", "Büro — Zürich", "موقع", "a\u{a0}b"] {
            assert!(matches!(terminal(text), Cow::Borrowed(same) if same == text), "{text}");
        }
    }

    #[test]
    fn what_a_terminal_acts_on_or_hides_becomes_visible() {
        assert_eq!(terminal("a\u{1b}[31mred"), r"a\u{1b}[31mred");
        assert_eq!(terminal("\u{9b}31m"), r"\u{9b}31m");
        assert_eq!(terminal("one\r\ntwo\tthree"), r"one\u{d}\u{a}two\u{9}three");
        assert_eq!(terminal("\u{202e}evil\u{2069}"), r"\u{202e}evil\u{2069}");
        assert_eq!(terminal("x ##vso[task] C#"), r"x \u{23}#vso[task] C#");
        assert_eq!(terminal("pay\u{200b}roll\u{7f}"), r"pay\u{200b}roll\u{7f}");
    }

    /// What a parser makes of `text` in the content of an element and in an attribute; a panic when the element is not alone.
    fn parsed_back(text: &str) -> (String, String) {
        let mut out = Out::<Html>::default();
        out.markup("<a b=\"").text(text).markup("\">").text(text).markup("</a>");
        let page = out.finish();
        let document = roxmltree::Document::parse(&page).unwrap_or_else(|error| panic!("{error}: {page:?}"));
        let root = document.root_element();
        assert_eq!((root.attributes().len(), document.descendants().filter(roxmltree::Node::is_element).count()), (1, 1), "{page:?}");
        (root.text().unwrap_or_default().to_owned(), root.attribute("b").unwrap_or_default().to_owned())
    }

    #[test]
    fn what_would_be_markup_is_text() {
        for text in ["", "a & b", "</a><script>alert(1)</script>", "\" onload=\"x", "' x='", "<!--", "]]>", "&amp;", "a/b=`c`"] {
            assert_eq!(parsed_back(text), (text.to_owned(), text.to_owned()));
        }
        assert_eq!(Html::escape("a\u{1b}\n\u{202e}\u{fffe}b"), r"a\u{1b}\u{a}\u{202e}\u{fffe}b");
        assert!(matches!(Html::escape("Büro — ##C#"), Cow::Borrowed("Büro — ##C#")));
    }

    proptest! {
        #[test]
        fn no_input_is_markup_in_a_page(
            text in proptest::collection::vec(prop_oneof![any::<char>(), prop::sample::select(vec!['<', '>', '&', '"', '\'', '/', '!', ';', '#'])], 0..40),
        ) {
            let text: String = text.into_iter().collect();
            let (content, attribute) = parsed_back(&text);
            prop_assert_eq!(&content, &attribute);
            prop_assert!(!content.chars().any(is_harmful), "{:?}", content);
            // What is neither hidden nor acts is all there, in its order.
            let kept: String = text.chars().filter(|c| !acts_or_hides(*c) && !is_noncharacter(*c)).collect();
            let mut rest = content.chars();
            prop_assert!(kept.chars().all(|c| rest.any(|other| other == c)), "{:?} is not in {:?}", kept, content);
        }

        #[test]
        fn no_input_gets_a_control_or_bidi_character_out(text in proptest::collection::vec(any::<char>(), 0..40)) {
            let text: String = text.into_iter().collect();
            let escaped = terminal(&text);
            prop_assert!(!escaped.chars().any(is_harmful), "{escaped:?}");
            prop_assert_eq!(terminal(&escaped), escaped.clone());
            prop_assert!(escaped.chars().count() >= text.chars().count());
        }

        #[test]
        fn not_even_among_the_characters_that_are_harmful(codes in proptest::collection::vec(0u32..0x2070, 0..40)) {
            let text: String = codes.into_iter().filter_map(char::from_u32).collect();
            prop_assert!(!terminal(&text).chars().any(is_harmful));
        }
    }
}
