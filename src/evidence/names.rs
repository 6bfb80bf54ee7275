//! How many bytes a distinguished name takes in the list of issuers that a server sends, worked out from its text.
//!
//! The text does not tell which string type a value has, so the number is an estimate: values are counted as UTF-8, the shortest type that
//! can hold them.

/// Bytes of the name in the list of certificate authorities: its DER encoding and the two bytes of its length.
pub fn encoded_size(name: &str) -> usize {
    let sets: usize = split(name)
        .into_iter()
        .map(|(kind, value)| {
            let inner = tlv(identifier_bytes(kind)) + tlv(value_bytes(value));
            // SET of one SEQUENCE of identifier and value.
            tlv(tlv(inner))
        })
        .sum();
    2 + tlv(sets)
}

/// Bytes of an element with its tag and length.
fn tlv(content: usize) -> usize {
    let length = match content {
        0..=0x7f => 1,
        0x80..=0xff => 2,
        0x100..=0xffff => 3,
        _ => 4,
    };
    1 + length + content
}

/// Bytes of the object identifier of an attribute.
fn identifier_bytes(kind: &str) -> usize {
    let kind = kind.trim();
    let kind = kind.get(..4).filter(|head| head.eq_ignore_ascii_case("OID.")).map_or(kind, |_| &kind[4..]);
    if kind.starts_with(|c: char| c.is_ascii_digit()) {
        let arcs = kind.split('.').skip(2).map(|arc| arc.parse::<u128>().unwrap_or(0));
        return 1 + arcs.map(|arc| ((128 - arc.leading_zeros()).div_ceil(7)).max(1) as usize).sum::<usize>();
    }
    match kind.to_ascii_uppercase().as_str() {
        "DC" => 10,
        "E" | "EMAIL" | "EMAILADDRESS" | "UNSTRUCTUREDNAME" | "UNSTRUCTUREDADDRESS" => 9,
        // All of the others are below 2.5.4.
        _ => 3,
    }
}

/// Bytes of a value, without the quotes that the text puts round it.
fn value_bytes(value: &str) -> usize {
    let value = value.trim();
    match value.strip_prefix('"').and_then(|rest| rest.strip_suffix('"')) {
        Some(quoted) => quoted.len() - quoted.matches("\"\"").count(),
        None => value.len(),
    }
}

/// The attributes and values of a name as text. A comma or plus sign within a value is told from one between attributes by what follows:
/// an attribute and an equals sign.
fn split(name: &str) -> Vec<(&str, &str)> {
    let mut parts: Vec<(&str, &str)> = Vec::new();
    let mut rest = name.trim();
    while let Some((kind, value)) = rest.split_once('=') {
        let (value, next) = value_and_rest(value);
        parts.push((kind.trim(), value));
        rest = next;
    }
    parts
}

fn value_and_rest(text: &str) -> (&str, &str) {
    let mut quoted = false;
    let mut started = false;
    for (at, c) in text.char_indices() {
        match c {
            '"' if quoted || !started => quoted = !quoted,
            ',' | '+' | ';' if !quoted && starts_attribute(&text[at + 1..]) => return (&text[..at], text[at + 1..].trim_start()),
            _ => {}
        }
        started |= !c.is_whitespace();
    }
    (text, "")
}

/// Whether a name attribute begins here: white space, a short word or object identifier, and an equals sign.
fn starts_attribute(text: &str) -> bool {
    let bytes = text.as_bytes();
    let blanks = bytes.iter().take(8).take_while(|byte| **byte == b' ').count();
    let word = bytes.iter().skip(blanks).take(40).take_while(|byte| byte.is_ascii_alphanumeric() || **byte == b'.').count();
    word > 0 && bytes.get(blanks + word) == Some(&b'=')
}

/// Whether a text looks like a distinguished name.
pub(super) fn looks_like_name(text: &str) -> bool {
    starts_attribute(text)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn the_size_is_that_of_the_der_encoding_and_two_bytes() {
        // SEQUENCE { SET { SEQUENCE { OID 2.5.4.3, UTF8String "A" } } }: 30 0c 31 0a 30 08 06 03 55 04 03 0c 01 41.
        assert_eq!(encoded_size("CN=A"), 14 + 2);
        assert_eq!(encoded_size("CN=A, C=DE"), 2 + 12 + 13 + 2);
        assert_eq!(encoded_size("DC=local"), 2 + 2 + 2 + 12 + 7 + 2);
        assert_eq!(encoded_size("1.2.840.113549.1.9.1=a"), encoded_size("E=a"));
        assert_eq!(encoded_size(&format!("CN={}", "x".repeat(200))), 3 + 3 + 3 + 5 + 3 + 200 + 2);
        assert_eq!(encoded_size(""), 4);
    }

    #[test]
    fn commas_within_values_are_no_separators_with_or_without_quotes() {
        assert_eq!(split("O=Contoso, Inc., C=US"), [("O", "Contoso, Inc."), ("C", "US")]);
        assert_eq!(split("O=\"Contoso, C=Inc.\", C=US"), [("O", "\"Contoso, C=Inc.\""), ("C", "US")]);
        assert_eq!(split("CN=a=b + OU=c"), [("CN", "a=b "), ("OU", "c")]);
        assert_eq!(value_bytes("\"a \"\"b\"\" c\""), 7);
    }

    proptest! {
        #[test]
        fn any_text_has_a_size(text: String) {
            prop_assert!(encoded_size(&text) >= 4);
            let _ = looks_like_name(&text);
        }
    }
}
