//! Values of binary XML as the text that Windows writes for them. Every kind and every length gives a text; a value whose length does not fit its
//! kind is read as far as it goes.

use std::fmt::Write as _;

use encoding_rs::WINDOWS_1252;

use crate::evidence::x509::Instant;

/// The kinds of values that the reader must tell from others.
pub(super) const NULL: u8 = 0x00;
pub(super) const STRING: u8 = 0x01;
pub(super) const BINARY_XML: u8 = 0x21;
/// Added to a kind: many values of it, one behind the other.
pub(super) const MANY: u8 = 0x80;

const ANSI: u8 = 0x02;
const SID: u8 = 0x13;

/// The text of one value.
pub(super) fn text(kind: u8, bytes: &[u8]) -> String {
    match kind {
        NULL => String::new(),
        STRING => utf16(bytes),
        ANSI => {
            let end = bytes.iter().position(|byte| *byte == 0).unwrap_or(bytes.len());
            lines(&WINDOWS_1252.decode_without_bom_handling(&bytes[..end]).0)
        }
        0x03 | 0x05 | 0x07 | 0x09 => signed(bytes).to_string(),
        0x04 | 0x06 | 0x08 | 0x0a => unsigned(bytes).to_string(),
        0x0b => match bytes.first_chunk() {
            Some(bytes) => f32::from_le_bytes(*bytes).to_string(),
            None => hex(bytes),
        },
        0x0c => match bytes.first_chunk() {
            Some(bytes) => f64::from_le_bytes(*bytes).to_string(),
            None => hex(bytes),
        },
        0x0d => match unsigned(bytes) {
            0 => "false".to_owned(),
            1 => "true".to_owned(),
            other => other.to_string(),
        },
        0x0f => guid(bytes),
        0x10 | 0x14 | 0x15 => format!("{:#x}", unsigned(bytes)),
        0x11 => filetime(unsigned(bytes)),
        0x12 => systemtime(bytes),
        SID => sid(bytes),
        _ => hex(bytes),
    }
}

/// The texts of many values of `kind`, which is without [`MANY`].
pub(super) fn texts(kind: u8, mut bytes: &[u8]) -> Vec<String> {
    let mut texts = Vec::new();
    let pointer = if bytes.len().is_multiple_of(8) { 8 } else { 4 };
    while !bytes.is_empty() {
        let length = match kind {
            STRING => bytes.chunks_exact(2).position(|unit| unit == [0, 0]).map_or(bytes.len(), |at| (at + 1) * 2),
            ANSI => bytes.iter().position(|byte| *byte == 0).map_or(bytes.len(), |at| at + 1),
            0x03 | 0x04 => 1,
            0x05 | 0x06 => 2,
            0x07 | 0x08 | 0x0b | 0x0d | 0x14 => 4,
            0x09 | 0x0a | 0x0c | 0x11 | 0x15 => 8,
            0x0f | 0x12 => 16,
            0x10 => pointer,
            SID => 8 + 4 * bytes.get(1).map_or(0, |count| usize::from(*count)),
            _ => bytes.len(),
        };
        let (one, rest) = bytes.split_at(length.min(bytes.len()));
        texts.push(text(kind, one));
        bytes = rest;
    }
    texts
}

/// UTF-16 up to its first zero. What is no character stands as U+FFFD.
pub(super) fn utf16(bytes: &[u8]) -> String {
    let units = bytes.chunks_exact(2).map(|unit| u16::from_le_bytes([unit[0], unit[1]])).take_while(|unit| *unit != 0);
    let text: String = char::decode_utf16(units).map(|unit| unit.unwrap_or(char::REPLACEMENT_CHARACTER)).collect();
    lines(&text)
}

/// Every line break as one line feed, as readers of XML give it.
fn lines(text: &str) -> String {
    if text.contains('\r') { text.replace("\r\n", "\n").replace('\r', "\n") } else { text.to_owned() }
}

fn unsigned(bytes: &[u8]) -> u64 {
    bytes.iter().take(8).rev().fold(0, |number, byte| number << 8 | u64::from(*byte))
}

fn signed(bytes: &[u8]) -> i64 {
    let unused = 64 - 8 * bytes.len().clamp(1, 8);
    (unsigned(bytes).cast_signed() << unused) >> unused
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().fold(String::with_capacity(bytes.len() * 2), |mut text, byte| {
        let _ = write!(text, "{byte:02X}");
        text
    })
}

fn guid(bytes: &[u8]) -> String {
    let Some(&[a, b, c, d, e, f, g, h, ref rest @ ..]) = bytes.first_chunk::<16>() else { return hex(bytes) };
    let (first, second) = rest.split_at(2);
    format!("{{{}-{}-{}-{}-{}}}", hex(&[d, c, b, a]), hex(&[f, e]), hex(&[h, g]), hex(first), hex(second))
}

/// A time in steps of 100 nanoseconds since 1601.
pub(super) fn filetime(ticks: u64) -> String {
    const SECOND: u64 = 10_000_000;
    /// Seconds from 1601 to 1970.
    const EPOCH: i64 = 11_644_473_600;
    let seconds = (ticks / SECOND).cast_signed() - EPOCH;
    let day = Instant(seconds).rfc3339();
    format!("{}.{:07}Z", day.trim_end_matches('Z'), ticks % SECOND)
}

fn systemtime(bytes: &[u8]) -> String {
    let Some(bytes) = bytes.first_chunk::<16>() else { return hex(bytes) };
    let part = |index: usize| u16::from_le_bytes([bytes[index * 2], bytes[index * 2 + 1]]);
    format!("{:04}-{:02}-{:02}T{:02}:{:02}:{:02}.{:03}Z", part(0), part(1), part(3), part(4), part(5), part(6), part(7))
}

fn sid(bytes: &[u8]) -> String {
    let Some((&[revision, _, a, b, c, d, e, f], rest)) = bytes.split_first_chunk() else { return hex(bytes) };
    let mut text = format!("S-{revision}-{}", u64::from_be_bytes([0, 0, a, b, c, d, e, f]));
    for part in rest.chunks_exact(4) {
        let _ = write!(text, "-{}", unsigned(part));
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_kind_is_written_as_windows_writes_it() {
        let sid = [1, 2, 0, 0, 0, 0, 0, 5, 32, 0, 0, 0, 0x20, 2, 0, 0];
        let guid = [0x32, 0x21, 0x67, 0x1f, 0x38, 0x59, 0x86, 0x46, 0x9f, 0xdc, 0xc8, 0xff, 0x68, 0xf1, 0x5c, 0x85];
        for (kind, bytes, wanted) in [
            (0x01, &b"a\0\r\0\n\0b\0\0\0c\0"[..], "a\nb"),
            (0x01, &[0x3d, 0xd8], "\u{fffd}"),
            (0x02, b"gr\xfcn\0x", "grün"),
            (0x03, &[0xff], "-1"),
            (0x04, &[0xff], "255"),
            (0x05, &[0xfe, 0xff], "-2"),
            (0x07, &[0x2a, 0, 0, 0], "42"),
            (0x08, &[0x0d, 0x03, 0x09, 0x80], "2148074253"),
            (0x09, &[0xff; 8], "-1"),
            (0x0a, &[0xff; 8], "18446744073709551615"),
            (0x0b, &1.5f32.to_le_bytes(), "1.5"),
            (0x0d, &[1, 0, 0, 0], "true"),
            (0x0d, &[16, 0, 0, 0], "16"),
            (0x0e, &[0x0a, 0xff], "0AFF"),
            (0x0f, &guid, "{1F672132-5938-4686-9FDC-C8FF68F15C85}"),
            (0x10, &[0x12, 0, 0, 0], "0x12"),
            (0x11, &133_540_992_000_000_001u64.to_le_bytes(), "2024-03-05T08:00:00.0000001Z"),
            (0x12, &[0xe8, 7, 3, 0, 2, 0, 5, 0, 8, 0, 14, 0, 22, 0, 7, 0], "2024-03-05T08:14:22.007Z"),
            (0x13, &sid, "S-1-5-32-544"),
            (0x14, &[0x0d, 0x03, 0x09, 0x80], "0x8009030d"),
            (0x15, &[0, 0, 0, 0, 0, 0, 0, 0x80], "0x8000000000000000"),
            (0x00, &[1, 2], ""),
        ] {
            assert_eq!(text(kind, bytes), wanted, "{kind:#x}");
        }
    }

    #[test]
    fn many_values_are_parted_by_their_length() {
        assert_eq!(texts(STRING, b"a\0\0\0\0\0b\0"), ["a", "", "b"]);
        assert_eq!(texts(ANSI, b"a\0b\0"), ["a", "b"]);
        assert_eq!(texts(0x06, &[1, 0, 2, 0, 3]), ["1", "2", "3"]);
        let sids = [1, 1, 0, 0, 0, 0, 0, 5, 18, 0, 0, 0, 1, 1, 0, 0, 0, 0, 0, 5, 19, 0, 0, 0];
        assert_eq!(texts(SID, &sids), ["S-1-5-18", "S-1-5-19"]);
        assert_eq!(texts(0x10, &[1, 0, 0, 0, 2, 0, 0, 0, 3, 0, 0, 0]), ["0x1", "0x2", "0x3"]);
    }

    #[test]
    fn any_kind_and_length_gives_a_text() {
        for kind in 0..=u8::MAX {
            for length in 0..20 {
                for fill in [0, 1, 0x7f, 0xff] {
                    let bytes = vec![fill; length];
                    let _ = (text(kind, &bytes), texts(kind, &bytes));
                }
            }
        }
    }
}
