//! Elements of ASN.1: tag, length and content, one after the other, each with its byte in the file.
//!
//! Lengths are checked against the element around them, so that nothing is read twice or past its end. Lengths that are longer than they
//! need to be, and the indefinite lengths that some tools write around certificates, are taken as they are. There is no recursion: who wants
//! to know what is inside asks for it, and no reader asks deeper than its format goes.

use super::X509Error;
use super::time::Instant;

pub(super) mod tag {
    pub(in super::super) const BOOLEAN: u8 = 0x01;
    pub(in super::super) const INTEGER: u8 = 0x02;
    pub(in super::super) const BIT_STRING: u8 = 0x03;
    pub(in super::super) const OCTET_STRING: u8 = 0x04;
    pub(in super::super) const OID: u8 = 0x06;
    pub(in super::super) const ENUMERATED: u8 = 0x0a;
    pub(in super::super) const UTC_TIME: u8 = 0x17;
    pub(in super::super) const GENERALIZED_TIME: u8 = 0x18;
    pub(in super::super) const SEQUENCE: u8 = 0x30;
    pub(in super::super) const SET: u8 = 0x31;
}

/// A result of reading; the fault names the byte.
pub(super) type Read<T> = Result<T, X509Error>;

pub(super) fn fault(message: impl Into<String>, offset: usize) -> X509Error {
    X509Error { message: message.into(), offset, line: None }
}

/// Tag, number of bytes of tag and length, and length of the content, which is `None` when it is indefinite.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Header {
    pub(super) tag: u8,
    pub(super) bytes: usize,
    pub(super) content: Option<usize>,
}

impl Header {
    /// The header at the beginning of `bytes`, whether or not they hold its content.
    pub(super) fn read(bytes: &[u8], at: usize) -> Read<Header> {
        let cut = || fault("the file ends in the middle of an element", at);
        let (&tag, &first) = (bytes.first().ok_or_else(cut)?, bytes.get(1).ok_or_else(cut)?);
        if tag & 0x1f == 0x1f {
            return Err(fault("not understood: a tag of several bytes", at));
        }
        let count = match first {
            0..=0x7f => return Ok(Header { tag, bytes: 2, content: Some(usize::from(first)) }),
            // Only what has elements inside can end with one.
            0x80 if tag & 0x20 != 0 => return Ok(Header { tag, bytes: 2, content: None }),
            0x80 | 0xff => return Err(fault("not understood: a length that no element can have", at)),
            _ => usize::from(first & 0x7f),
        };
        let mut length = 0usize;
        for byte in bytes.get(2..2 + count).ok_or_else(cut)? {
            length = length
                .checked_mul(256)
                .and_then(|length| length.checked_add(usize::from(*byte)))
                .ok_or_else(|| fault("an element says that it is longer than anything can be", at))?;
        }
        Ok(Header { tag, bytes: 2 + count, content: Some(length) })
    }
}

/// One element.
#[derive(Debug, Clone, Copy)]
pub(super) struct Element<'a> {
    pub(super) tag: u8,
    pub(super) content: &'a [u8],
    /// With tag and length.
    pub(super) whole: &'a [u8],
    /// Byte of its tag.
    pub(super) at: usize,
    /// Byte of its content.
    pub(super) content_at: usize,
}

/// Elements one after the other.
#[derive(Debug, Clone)]
pub(super) struct Cursor<'a> {
    rest: &'a [u8],
    at: usize,
}

impl<'a> Cursor<'a> {
    /// Over `bytes`, which begin at byte `at` of the file.
    pub(super) fn new(bytes: &'a [u8], at: usize) -> Cursor<'a> {
        Cursor { rest: bytes, at }
    }

    pub(super) fn at(&self) -> usize {
        self.at
    }

    pub(super) fn is_at_end(&self) -> bool {
        self.rest.is_empty()
    }

    /// The tag of the next element.
    pub(super) fn tag(&self) -> Option<u8> {
        self.rest.first().copied()
    }

    pub(super) fn element(&mut self) -> Read<Element<'a>> {
        let header = Header::read(self.rest, self.at)?;
        let after = &self.rest[header.bytes..];
        let (content, end) = match header.content {
            Some(length) if length <= after.len() => (length, header.bytes + length),
            Some(length) => {
                let message = format!("an element says that it has {length} bytes, but only {} are left", after.len());
                return Err(fault(message, self.at));
            }
            None => {
                let length = length_to_end(after, self.at)?;
                (length, header.bytes + length + 2)
            }
        };
        let element = Element {
            tag: header.tag,
            content: &after[..content],
            whole: &self.rest[..end],
            at: self.at,
            content_at: self.at + header.bytes,
        };
        self.rest = &self.rest[end..];
        self.at += end;
        Ok(element)
    }

    /// The next element, when it has this tag.
    pub(super) fn optional(&mut self, tag: u8) -> Read<Option<Element<'a>>> {
        if self.tag() == Some(tag) { self.element().map(Some) } else { Ok(None) }
    }

    /// The next element, which must have this tag.
    pub(super) fn expect(&mut self, tag: u8, what: &str) -> Read<Element<'a>> {
        match self.tag() {
            Some(found) if found == tag => self.element(),
            Some(found) => Err(fault(format!("expected {what}, found an element with tag {found:#04x}"), self.at)),
            None => Err(fault(format!("{what} is missing"), self.at)),
        }
    }
}

/// Length of what lies before the end mark of an element without a length. Elements inside that have a length are passed over as a whole.
fn length_to_end(bytes: &[u8], at: usize) -> Read<usize> {
    let mut open = 1usize;
    let mut position = 0usize;
    while let Some(rest) = bytes.get(position..).filter(|rest| !rest.is_empty()) {
        if rest.starts_with(&[0, 0]) {
            open -= 1;
            if open == 0 {
                return Ok(position);
            }
            position += 2;
            continue;
        }
        let header = Header::read(rest, at + 2 + position)?;
        open += usize::from(header.content.is_none());
        position = position.saturating_add(header.bytes).saturating_add(header.content.unwrap_or(0));
    }
    Err(fault("an element without a length has no end", at))
}

impl<'a> Element<'a> {
    /// The elements inside.
    pub(super) fn inside(&self) -> Cursor<'a> {
        Cursor::new(self.content, self.content_at)
    }

    /// The only element inside, with this tag.
    pub(super) fn only(&self, tag: u8, what: &str) -> Read<Element<'a>> {
        self.inside().expect(tag, what)
    }

    /// An object identifier as text. One that cannot be written as numbers is given in hexadecimal, so that it can still be told from others.
    pub(super) fn oid(&self) -> String {
        oid_text(self.content).unwrap_or_else(|| format!("#{}", hex(self.content)))
    }

    /// A small number.
    pub(super) fn number(&self) -> Read<u32> {
        let digits = match self.content {
            [0, rest @ ..] => rest,
            all => all,
        };
        let small = !self.content.is_empty() && digits.len() <= 4 && self.content.first().is_some_and(|byte| byte & 0x80 == 0);
        if !small {
            return Err(fault("a number is missing or too large", self.at));
        }
        Ok(digits.iter().fold(0, |number, byte| number << 8 | u32::from(*byte)))
    }

    pub(super) fn is_true(&self) -> bool {
        self.content.iter().any(|byte| *byte != 0)
    }

    /// The first bits of a bit string, bit 0 of it as the lowest.
    pub(super) fn bits(&self) -> u16 {
        let [unused, bytes @ ..] = self.content else { return 0 };
        let length = (bytes.len() * 8).saturating_sub(usize::from(*unused)).min(16);
        (0..length).filter(|bit| bytes[bit / 8] >> (7 - bit % 8) & 1 == 1).fold(0, |bits, bit| bits | 1 << bit)
    }

    /// A point in time, of either kind.
    pub(super) fn time(&self) -> Read<Instant> {
        let text = std::str::from_utf8(self.content).ok();
        text.and_then(|text| time_of(text.trim(), self.tag)).ok_or_else(|| fault("a date that cannot be read", self.at))
    }
}

pub(super) fn is_time(tag: u8) -> bool {
    matches!(tag, tag::UTC_TIME | tag::GENERALIZED_TIME)
}

/// Seconds may be missing and an offset from UTC may stand for `Z`, as in the first certificates of the nineties.
fn time_of(text: &str, tag: u8) -> Option<Instant> {
    let digits = text.bytes().take_while(u8::is_ascii_digit).count();
    let (numbers, mut rest) = text.split_at(digits);
    let century = if tag == tag::UTC_TIME { 2 } else { 4 };
    let year: i64 = numbers.get(..century)?.parse().ok()?;
    let year = match (century, year) {
        (2, 50..) => 1900 + year,
        (2, _) => 2000 + year,
        _ => year,
    };
    let pairs = numbers.get(century..)?;
    if pairs.len() % 2 == 1 || !(6..=10).contains(&pairs.len()) {
        return None;
    }
    let pair = |index: usize| pairs.get(index * 2..index * 2 + 2).map_or(Some(0), |pair| pair.parse::<u32>().ok());
    let instant = Instant::of(year, pair(0)?, pair(1)?, pair(2)?, pair(3)?, pair(4)?)?;
    if let Some(fraction) = rest.strip_prefix(['.', ',']) {
        rest = fraction.trim_start_matches(|c: char| c.is_ascii_digit());
    }
    let sign = match rest.chars().next() {
        None | Some('Z' | 'z') => return (rest.len() <= 1).then_some(instant),
        Some('+') => 1,
        Some('-') => -1,
        Some(_) => return None,
    };
    let offset = rest.get(1..).filter(|offset| offset.len() == 4 && offset.bytes().all(|byte| byte.is_ascii_digit()))?;
    let (hours, minutes) = (offset.get(..2)?.parse::<i64>().ok()?, offset.get(2..)?.parse::<i64>().ok()?);
    Some(Instant(instant.0 - sign * (hours * 3600 + minutes * 60)))
}

/// Dotted numbers; `None` for bytes that are no object identifier or have a number beyond all reason.
fn oid_text(bytes: &[u8]) -> Option<String> {
    use std::fmt::Write as _;
    // Numbers that are really used are short; without a limit a large file could be one number.
    if bytes.is_empty() || bytes.len() > 64 || bytes.last().is_some_and(|byte| byte & 0x80 != 0) {
        return None;
    }
    let mut text = String::new();
    let mut number: u128 = 0;
    for byte in bytes {
        number = number.checked_mul(128)?.checked_add(u128::from(byte & 0x7f))?;
        if byte & 0x80 != 0 {
            continue;
        }
        if text.is_empty() {
            let first = (number / 40).min(2);
            let _ = write!(text, "{first}.{}", number - first * 40);
        } else {
            let _ = write!(text, ".{number}");
        }
        number = 0;
    }
    Some(text)
}

/// Bytes in hexadecimal and lower case.
pub(super) fn hex(bytes: &[u8]) -> String {
    const DIGITS: &[u8; 16] = b"0123456789abcdef";
    let mut text = String::with_capacity(bytes.len() * 2);
    for byte in bytes {
        text.push(char::from(DIGITS[usize::from(byte >> 4)]));
        text.push(char::from(DIGITS[usize::from(byte & 15)]));
    }
    text
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn first(bytes: &[u8]) -> Read<Element<'_>> {
        Cursor::new(bytes, 100).element()
    }

    #[test]
    fn a_length_beyond_the_end_is_a_fault_with_its_byte() {
        let outer = first(&[0x30, 4, 0x04, 9, 1, 2]).unwrap();
        let error = outer.inside().element().unwrap_err();
        assert_eq!(error.to_string(), "an element says that it has 9 bytes, but only 2 are left (byte 102)");
        assert!(first(&[0x30, 0x89, 1, 1, 1, 1, 1, 1, 1, 1, 1]).unwrap_err().message.contains("longer than anything"));
        assert!(first(&[0x30, 0x84, 0xff]).unwrap_err().message.contains("ends in the middle"));
        assert_eq!(first(&[]).unwrap_err().offset, 100);
    }

    #[test]
    fn indefinite_lengths_end_at_their_own_mark() {
        // Outside: without length; inside: one without length that holds an octet string with the bytes of an end mark.
        let bytes = [0x30, 0x80, 0x30, 0x80, 0x04, 2, 0, 0, 0, 0, 0x05, 0, 0, 0, 0x99];
        let mut cursor = Cursor::new(&bytes, 0);
        let outer = cursor.element().unwrap();
        assert_eq!((outer.content.len(), outer.whole.len(), cursor.at()), (10, 14, 14));
        let mut inside = outer.inside();
        assert_eq!(inside.element().unwrap().content, [0x04, 2, 0, 0]);
        assert_eq!(inside.element().unwrap().tag, 0x05);
        assert!(inside.is_at_end());
        assert!(first(&[0x30, 0x80, 0x05, 0]).unwrap_err().message.contains("has no end"));
        assert!(first(&[0x04, 0x80, 0, 0]).is_err());
    }

    #[test]
    fn object_identifiers_are_dotted_numbers_or_hexadecimal() {
        let of = |content: &[u8]| first(&[&[0x06, content.len() as u8], content].concat()).unwrap().oid();
        assert_eq!(of(&[0x2b, 6, 1, 5, 5, 7, 3, 2]), "1.3.6.1.5.5.7.3.2");
        assert_eq!(of(&[0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 1, 1, 11]), "1.2.840.113549.1.1.11");
        assert_eq!(of(&[0x88, 0x37]), "2.999");
        assert_eq!(of(&[]), "#");
        assert_eq!(of(&[0x2a, 0x86]), "#2a86");
        assert!(of(&[0xff; 30]).starts_with("#ff"));
    }

    #[test]
    fn dates_are_read_with_and_without_seconds_and_with_offsets() {
        let of = |tag: u8, text: &str| time_of(text, tag).map(|instant| instant.to_string());
        assert_eq!(of(tag::UTC_TIME, "310405060708Z").as_deref(), Some("2031-04-05 06:07:08 UTC"));
        assert_eq!(of(tag::UTC_TIME, "500101000000Z").as_deref(), Some("1950-01-01 00:00:00 UTC"));
        assert_eq!(of(tag::UTC_TIME, "9601290000Z").as_deref(), Some("1996-01-29 00:00:00 UTC"));
        assert_eq!(of(tag::UTC_TIME, "960129020000+0200").as_deref(), Some("1996-01-29 00:00:00 UTC"));
        assert_eq!(of(tag::GENERALIZED_TIME, "99991231235959Z").as_deref(), Some("9999-12-31 23:59:59 UTC"));
        assert_eq!(of(tag::GENERALIZED_TIME, "20310405060708.25Z").as_deref(), Some("2031-04-05 06:07:08 UTC"));
        for wrong in ["", "Z", "310405", "319905060708Z", "310405060708X", "310405060708+02", "3104050607081Z", "\u{e9}"] {
            assert_eq!(of(tag::UTC_TIME, wrong), None, "{wrong}");
        }
    }

    #[test]
    fn bits_count_from_the_front() {
        assert_eq!(first(&[0x03, 2, 1, 0x86]).unwrap().bits(), 0b0110_0001);
        assert_eq!(first(&[0x03, 3, 7, 0x80, 0x80]).unwrap().bits(), 0b1_0000_0001);
        assert_eq!(first(&[0x03, 1, 0xff]).unwrap().bits(), 0);
        assert_eq!(first(&[0x03, 0]).unwrap().bits(), 0);
    }

    proptest! {
        #[test]
        fn any_bytes_are_elements_or_a_fault(bytes: Vec<u8>) {
            let mut cursor = Cursor::new(&bytes, 0);
            while let Ok(element) = cursor.element() {
                let _ = (element.oid(), element.number(), element.bits(), element.time(), element.inside().element());
                prop_assert!(element.content_at + element.content.len() <= cursor.at());
            }
            prop_assert!(cursor.at() <= bytes.len());
        }
    }
}
