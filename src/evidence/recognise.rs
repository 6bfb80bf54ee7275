//! What a text is, told by its content: a listing of certificate stores, or events.

use super::{events, store};

/// Bytes that are looked at.
const HEAD: usize = 64 << 10;

/// What a text is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum TextKind {
    /// `certutil -store`.
    Stores,
    /// Events as text or in columns.
    Events,
}

/// Tells what a text is; `None` for everything that is none of these, and for XML.
pub fn recognise_text(text: &str) -> Option<TextKind> {
    let mut end = text.len().min(HEAD);
    while !text.is_char_boundary(end) {
        end -= 1;
    }
    let head = &text[..end];
    if head.trim_start_matches(|c: char| c.is_whitespace() || c == '\u{feff}').starts_with('<') {
        return None;
    }
    if store::is_listing(head) {
        return Some(TextKind::Stores);
    }
    events::is_text(head).then_some(TextKind::Events)
}
