//! The XML declaration: version, encoding and standalone, in this order, each with a value that XML 1.0 allows. Blanks may stand
//! round `=`, as IIS 6 writes them.

use super::attributes::is_blank;

/// Whether a value is allowed.
type Allows = fn(&[u8]) -> bool;

/// What may stand in the declaration, in order, and what is said where its value is wrong.
const PARTS: [(&str, Allows, &str); 3] = [
    ("version", is_version, "a version such as 1.0"),
    ("encoding", is_encoding, "the name of an encoding"),
    ("standalone", |value| matches!(value, b"yes" | b"no"), "yes or no as the value of standalone"),
];

/// Checks `inner`, the text between `<?xml` and `?>`. On failure gives the offset of the fault and what was expected there.
pub(super) fn check(inner: &str) -> Result<(), (usize, &'static str)> {
    let bytes = inner.as_bytes();
    let blanks = |from: usize| from + bytes.iter().skip(from).take_while(|byte| is_blank(**byte)).count();
    let mut at = 0;
    let mut parts = PARTS.iter();
    loop {
        let start = blanks(at);
        let Some(rest) = bytes.get(start..).filter(|rest| !rest.is_empty()) else {
            // Only the version must be there.
            return if parts.len() == PARTS.len() { Err((start, "version=\"1.0\"")) } else { Ok(()) };
        };
        if start == at {
            return Err((at, "a blank"));
        }
        let length = rest.iter().take_while(|byte| !is_blank(**byte) && !matches!(byte, b'=' | b'"' | b'\'')).count();
        let is_first = parts.len() == PARTS.len();
        let named = parts.find(|(name, ..)| rest.get(..length) == Some(name.as_bytes()));
        let Some((name, allows, expected)) = named.filter(|(name, ..)| is_first == (*name == "version")) else {
            return Err((start, if is_first { "version=\"1.0\"" } else { "encoding, then standalone, each at most once, or '?>'" }));
        };
        at = blanks(start + name.len());
        if bytes.get(at) != Some(&b'=') {
            return Err((at, "'='"));
        }
        at = blanks(at + 1);
        let Some(quote) = bytes.get(at).filter(|byte| matches!(byte, b'"' | b'\'')) else { return Err((at, "a quoted value")) };
        at += 1;
        let value = bytes.get(at..).unwrap_or_default();
        let Some(length) = memchr::memchr(*quote, value) else { return Err((at, "the closing quote")) };
        if !value.get(..length).is_some_and(allows) {
            return Err((at, expected));
        }
        at += length + 1;
    }
}

fn is_version(value: &[u8]) -> bool {
    value.strip_prefix(b"1.").is_some_and(|minor| !minor.is_empty() && minor.iter().all(u8::is_ascii_digit))
}

fn is_encoding(value: &[u8]) -> bool {
    let [first, rest @ ..] = value else { return false };
    first.is_ascii_alphabetic() && rest.iter().all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'.' | b'_' | b'-'))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_iis_and_its_tools_write_is_accepted() {
        for inner in [
            " version =\"1.0\"",
            " version=\"1.0\" encoding=\"UTF-8\"",
            " version='1.0' encoding='utf-16' standalone='yes' ",
            "\r\n\tversion = '1.1'\tstandalone = \"no\"",
        ] {
            assert_eq!(check(inner), Ok(()), "{inner}");
        }
    }

    #[test]
    fn a_wrong_declaration_is_refused_where_it_is_wrong() {
        for (inner, at) in [
            ("", 0),
            (" ", 1),
            ("version='1.0'", 0),
            (" encoding='UTF-8'", 1),
            (" Version='1.0'", 1),
            (" versionX='1.0'", 1),
            (" version='1.0'encoding='UTF-8'", 14),
            (" version='1.0' encXding='UTF-8'", 15),
            (" version='1.0' version='1.0'", 15),
            (" version='1.0' standalone='no' encoding='UTF-8'", 31),
            (" version='1.0' encoding='UTF-8' x='y'", 32),
            (" version='1.0' \u{fc}='y'", 15),
            (" version '1.0'", 9),
            (" version=1.0", 9),
            (" version=", 9),
            (" version='1.0", 10),
            (" version='1.0\"", 10),
            (" version=''", 10),
            (" version='2.0'", 10),
            (" version='1.'", 10),
            (" version='1.0' encoding='8-UTF'", 25),
            (" version='1.0' encoding=''", 25),
            (" version='1.0' standalone='maybe'", 27),
        ] {
            assert_eq!(check(inner).map_err(|(at, _)| at), Err(at), "{inner}");
        }
    }
}
