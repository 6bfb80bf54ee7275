//! What a text is, told by its content: a listing of certificate stores, a verification of a certificate, or events.

use super::{events, store, verify};

/// Bytes that are looked at.
const HEAD: usize = 64 << 10;

/// What a text is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum TextKind {
    /// `certutil -store`.
    Stores,
    /// `certutil -verify`.
    Verifications,
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
    if verify::is_verification(head) {
        return Some(TextKind::Verifications);
    }
    events::is_text(head).then_some(TextKind::Events)
}
