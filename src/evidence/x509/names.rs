//! Distinguished names: the bytes to compare, and the text that Windows shows.

use std::cmp::Ordering;
use std::fmt;

/// A distinguished name.
///
/// Two names are the same when their bytes are, which is how Windows looks for an issuer. The text is for people.
#[derive(Debug, Clone, Default)]
pub struct Name {
    /// As Windows shows it: `CN=…, O=…`, the last part of the encoding first. It may hold any character.
    pub shown: String,
    /// Its encoding, with tag and length.
    pub der: Vec<u8>,
}

impl Name {
    /// Bytes that it takes in the list of issuers that a server sends: its encoding and the two bytes of its length.
    pub fn size_in_issuer_list(&self) -> usize {
        self.der.len() + 2
    }

    /// Whether it has no parts at all.
    pub fn is_empty(&self) -> bool {
        self.der.len() <= 2
    }
}

impl PartialEq for Name {
    fn eq(&self, other: &Name) -> bool {
        self.der == other.der
    }
}

impl Eq for Name {}

impl PartialOrd for Name {
    fn partial_cmp(&self, other: &Name) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl Ord for Name {
    fn cmp(&self, other: &Name) -> Ordering {
        self.der.cmp(&other.der)
    }
}

impl fmt::Display for Name {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(&self.shown)
    }
}
