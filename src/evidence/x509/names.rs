//! Distinguished names: the bytes to compare, and the text that Windows shows.

use std::cmp::Ordering;
use std::fmt;

use super::tlv::{Element, Read, hex, tag};

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

    /// The name of an element.
    pub(super) fn read(element: &Element<'_>) -> Read<Name> {
        let mut sets = Vec::new();
        let mut inside = element.inside();
        while !inside.is_at_end() {
            let set = inside.expect(tag::SET, "a part of a name")?;
            let mut parts = set.inside();
            let mut values = Vec::new();
            while !parts.is_at_end() {
                let part = parts.expect(tag::SEQUENCE, "an attribute of a name")?;
                let mut pair = part.inside();
                let kind = pair.expect(tag::OID, "the kind of an attribute of a name")?.oid();
                let value = pair.element()?;
                let label = label(&kind).map_or_else(|| format!("OID.{kind}"), str::to_owned);
                values.push(format!("{label}={}", quoted(&text_of(value.tag, value.content))));
            }
            sets.push(values.join(" + "));
        }
        sets.reverse();
        Ok(Name { shown: sets.join(", "), der: element.whole.to_vec() })
    }
}

/// The labels that certutil writes.
fn label(kind: &str) -> Option<&'static str> {
    Some(match kind {
        "2.5.4.3" => "CN",
        "2.5.4.4" => "SN",
        "2.5.4.5" => "SERIALNUMBER",
        "2.5.4.6" => "C",
        "2.5.4.7" => "L",
        "2.5.4.8" => "S",
        "2.5.4.9" => "STREET",
        "2.5.4.10" => "O",
        "2.5.4.11" => "OU",
        "2.5.4.12" => "T",
        "2.5.4.13" => "Description",
        "2.5.4.17" => "PostalCode",
        "2.5.4.18" => "POBox",
        "2.5.4.20" => "Phone",
        "2.5.4.42" => "G",
        "2.5.4.43" => "I",
        "2.5.4.46" => "dnQualifier",
        "1.2.840.113549.1.9.1" => "E",
        "1.2.840.113549.1.9.2" => "unstructuredName",
        "1.2.840.113549.1.9.8" => "unstructuredAddress",
        "0.9.2342.19200300.100.1.1" => "UID",
        "0.9.2342.19200300.100.1.25" => "DC",
        _ => return None,
    })
}

/// A value as Windows shows it: in quotation marks where it could be taken for something else.
fn quoted(value: &str) -> String {
    let special = |c: char| matches!(c, ',' | '+' | '=' | '"' | '\n' | '<' | '>' | '#' | ';');
    let blank = |c: Option<char>| c.is_some_and(char::is_whitespace);
    if value.is_empty() || value.contains(special) || blank(value.chars().next()) || blank(value.chars().next_back()) {
        return format!("\"{}\"", value.replace('"', "\"\""));
    }
    value.to_owned()
}

/// A string of any type as text. Bytes that are wrong for their type are read as Windows-1252, or replaced: the text is for people, names
/// are compared by their bytes.
pub(super) fn text_of(tag: u8, bytes: &[u8]) -> String {
    match tag {
        // UTF8String, NumericString, PrintableString, TeletexString, IA5String, VisibleString.
        0x0c | 0x12 | 0x13 | 0x14 | 0x16 | 0x1a => {
            if tag != 0x14
                && let Ok(text) = std::str::from_utf8(bytes)
            {
                return text.to_owned();
            }
            encoding_rs::WINDOWS_1252.decode_without_bom_handling(bytes).0.into_owned()
        }
        // BMPString.
        0x1e => encoding_rs::UTF_16BE.decode_without_bom_handling(bytes).0.into_owned(),
        // UniversalString.
        0x1c => bytes
            .chunks(4)
            .map(|unit| unit.iter().fold(0u32, |code, byte| code << 8 | u32::from(*byte)))
            .map(|code| char::from_u32(code).unwrap_or(char::REPLACEMENT_CHARACTER))
            .collect(),
        _ => format!("#{}", hex(bytes)),
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

#[cfg(test)]
mod tests {
    use super::super::tlv::Cursor;
    use super::*;

    fn tlv(tag: u8, content: &[u8]) -> Vec<u8> {
        assert!(content.len() < 128);
        [&[tag, content.len() as u8], content].concat()
    }

    fn part(kind: &[u8], tag: u8, value: &[u8]) -> Vec<u8> {
        tlv(0x30, &[tlv(0x06, kind), tlv(tag, value)].concat())
    }

    fn shown(sets: &[Vec<u8>]) -> String {
        let der = tlv(0x30, &sets.concat());
        let name = Name::read(&Cursor::new(&der, 0).element().unwrap()).unwrap();
        assert_eq!(name.der, der);
        assert_eq!(name.size_in_issuer_list(), der.len() + 2);
        name.shown
    }

    #[test]
    fn the_last_part_comes_first_and_odd_values_are_quoted() {
        let country = tlv(0x31, &part(&[0x55, 4, 6], 0x13, b"DE"));
        let organisation = tlv(0x31, &part(&[0x55, 4, 10], 0x0c, "Übung, \"Contoso\"".as_bytes()));
        let both = tlv(0x31, &[part(&[0x55, 4, 3], 0x0c, b"A"), part(&[0x55, 4, 99], 0x0c, b" b")].concat());
        assert_eq!(shown(&[country, organisation, both]), "CN=A + OID.2.5.4.99=\" b\", O=\"Übung, \"\"Contoso\"\"\", C=DE");
        assert_eq!(shown(&[]), "");
    }

    #[test]
    fn strings_of_every_type_are_read_and_none_is_fatal() {
        for (tag, bytes, text) in [
            (0x1e, &[0x00, 0xdc, 0x20, 0xac][..], "Ü€"),
            (0x1e, &[0xd8, 0x00][..], "\u{fffd}"),
            (0x14, &[0xdc][..], "Ü"),
            (0x0c, &[0xdc, b'x'][..], "Üx"),
            (0x13, "Ü".as_bytes(), "Ü"),
            (0x1c, &[0, 0, 0, 0x41][..], "A"),
            (0x04, &[1, 0xff][..], "#01ff"),
        ] {
            assert_eq!(text_of(tag, bytes), text, "{tag:#x}");
        }
    }
}
