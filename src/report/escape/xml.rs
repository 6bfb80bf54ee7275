//! XML, in text and in attributes alike.

use std::borrow::Cow;
use std::fmt::Write;

use super::{Sink, terminal};

/// Text and attribute values of XML 1.0. Characters that XML cannot hold, not even as references, become visible.
#[derive(Debug)]
pub struct Xml;

impl Sink for Xml {
    fn escape(text: &str) -> Cow<'_, str> {
        let visible = terminal(text);
        let mut escaped = String::with_capacity(visible.len() + 16);
        for c in visible.chars() {
            match c {
                '&' => escaped.push_str("&amp;"),
                '<' => escaped.push_str("&lt;"),
                '>' => escaped.push_str("&gt;"),
                '"' => escaped.push_str("&quot;"),
                '\'' => escaped.push_str("&apos;"),
                '\u{fffe}' | '\u{ffff}' => {
                    // Writing to a String cannot fail.
                    let _ = write!(escaped, "\\u{{{:x}}}", u32::from(c));
                }
                c => escaped.push(c),
            }
        }
        Cow::Owned(escaped)
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn markup_is_text_and_what_xml_cannot_hold_is_visible() {
        assert_eq!(Xml::escape(r#"<a b="c">&'"#), "&lt;a b=&quot;c&quot;&gt;&amp;&apos;");
        assert_eq!(Xml::escape("]]>\u{0}\u{ffff}\n"), r"]]&gt;\u{0}\u{ffff}\u{a}");
        assert_eq!(Xml::escape("Büro 日本"), "Büro 日本");
    }

    proptest! {
        #[test]
        fn any_text_is_read_back_as_it_was_made_visible(text in proptest::collection::vec(any::<char>(), 0..40)) {
            let text: String = text.into_iter().collect();
            let escaped = Xml::escape(&text);
            let document = format!("<e a=\"{escaped}\">{escaped}</e>");
            let read = roxmltree::Document::parse(&document).unwrap();
            let visible = terminal(&text).replace('\u{fffe}', r"\u{fffe}").replace('\u{ffff}', r"\u{ffff}");
            prop_assert_eq!(read.root_element().attribute("a"), Some(visible.as_str()));
            prop_assert_eq!(read.root_element().text().unwrap_or_default(), visible.as_str());
            prop_assert!(!read.root_element().has_children() || read.root_element().first_child().unwrap().is_text());
        }
    }
}
