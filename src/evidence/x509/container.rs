//! What certificates come in: DER, PEM, bare Base64, PKCS #7 and the serialized stores of Windows, told by content.
//!
//! Whatever holds a private key is refused unread. What cannot be read in a container is told with its place, and the rest is read.

use sha1::{Digest, Sha1};

use super::tlv::{Cursor, Element, Header, Read, fault, is_time, tag};
use super::{Notes, ReadX509, X509Error, certificate, crl, ctl};
use crate::input::{FileId, decode_text};

/// What bytes begin with.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Shape {
    Certificate,
    Crl,
    SignedData,
    Store,
    Pfx,
    PrivateKey,
}

/// So much of a text is looked at to tell what it is.
const HEAD: usize = 64 << 10;
/// Begin of a serialized store: a version, and the word that it is one.
const STORE: &[u8] = b"\0\0\0\0CERT";
/// Begin of a private key in the format of Microsoft's older tools.
const PVK: &[u8] = &[0x1e, 0xf1, 0xb5, 0xb0];
const SIGNED_DATA: &[u8] = &[0x06, 9, 0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 1, 7, 2];
/// Begin of the identifiers of encryption with a password.
const BY_PASSWORD: [&[u8]; 2] =
    [&[0x06, 9, 0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 1, 5], &[0x06, 10, 0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 1, 12, 1]];
/// Name of a container.
pub const PKCS_7: &str = "PKCS #7";
/// Name of a container.
pub const SERIALIZED_STORE: &str = "serialized certificate store";
const REFUSED: &str = "holds a private key; not needed, not read";
const NOTHING_KNOWN: &str = "holds neither a certificate nor a revocation list, a trust list or PKCS #7";

/// Whether the beginning of a file is that of a binary file with certificates, revocation lists, trust lists or a private key.
pub fn is_binary(bytes: &[u8]) -> bool {
    shape(bytes).is_some()
}

/// Whether a text is PEM or Base64 of what is read here.
pub fn is_text(text: &str) -> bool {
    let mut end = text.len().min(HEAD);
    while !text.is_char_boundary(end) {
        end -= 1;
    }
    let head = &text[..end];
    let known = |label: &str| {
        ["CERTIFICATE", "X509 CRL", "PKCS7", "PKCS #7", "CMS", "CTL", "PRIVATE KEY", "PKCS12"].iter().any(|known| label.contains(known))
    };
    head.lines().any(|line| label_of(line).is_some_and(known)) || is_bare(head)
}

/// Reads a file of any of these kinds.
pub fn read(bytes: &[u8], file: FileId) -> Result<ReadX509, X509Error> {
    if is_binary(bytes) {
        return read_binary(bytes, file);
    }
    match decode_text(bytes, None) {
        Ok(decoded) if is_text(&decoded.text) => read_text(&decoded.text, file),
        _ => Err(fault(NOTHING_KNOWN, 0)),
    }
}

/// Reads a binary file.
pub fn read_binary(bytes: &[u8], file: FileId) -> Result<ReadX509, X509Error> {
    let mut reading = Reading::new(file);
    if let Err(error) = reading.objects(bytes) {
        reading.failed(error);
    }
    reading.finish()
}

/// Reads PEM, or Base64 without any lines around it.
pub fn read_text(text: &str, file: FileId) -> Result<ReadX509, X509Error> {
    let mut reading = Reading::new(file);
    if text.lines().any(|line| label_of(line).is_some()) {
        reading.pem(text);
    } else {
        let first = text.lines().position(|line| !line.trim().is_empty()).unwrap_or(0);
        reading.notes.line = Some(u32::try_from(first + 1).unwrap_or(u32::MAX));
        let mut decoder = Base64::default();
        text.lines().for_each(|line| decoder.take(line.trim()));
        reading.block(&decoder);
        reading.out.container = "Base64";
    }
    reading.finish()
}

/// What the first bytes are. Lengths are not compared with what follows, so that the head of a file is enough.
fn shape(bytes: &[u8]) -> Option<Shape> {
    if bytes.starts_with(STORE) {
        return Some(Shape::Store);
    }
    if bytes.starts_with(PVK) {
        return Some(Shape::PrivateKey);
    }
    // Headers give way to their content one by one.
    let enter = |bytes: &[u8], tag: u8| -> Option<usize> {
        let header = Header::read(bytes, 0).ok()?;
        (header.tag == tag).then_some(header.bytes)
    };
    let outer = bytes.get(enter(bytes, tag::SEQUENCE)?..)?;
    if outer.starts_with(SIGNED_DATA) {
        return Some(Shape::SignedData);
    }
    match outer {
        [0x02, 1, 3, 0x30, ..] => return Some(Shape::Pfx),
        [0x02, 1, 0, 0x02, ..] | [0x02, 1, 1, 0x04, ..] => return Some(Shape::PrivateKey),
        [0x02, 1, 0 | 1, 0x30, ..] => {
            let algorithm = outer.get(3..)?;
            let inside = algorithm.get(enter(algorithm, tag::SEQUENCE)?..)?;
            return (inside.first() == Some(&tag::OID)).then_some(Shape::PrivateKey);
        }
        _ => {}
    }
    let mut rest = outer.get(enter(outer, tag::SEQUENCE)?..)?;
    if BY_PASSWORD.iter().any(|kind| rest.starts_with(kind)) {
        return Some(Shape::PrivateKey);
    }
    let mut pass = |wanted: u8| -> Option<bool> {
        let header = Header::read(rest, 0).ok()?;
        if header.tag != wanted {
            return Some(false);
        }
        rest = rest.get(header.bytes.checked_add(header.content?)?..)?;
        Some(true)
    };
    let versioned = pass(0xa0)?;
    pass(tag::INTEGER)?;
    if !pass(tag::SEQUENCE)? || !pass(tag::SEQUENCE)? {
        return None;
    }
    match rest.first() {
        Some(&tag::SEQUENCE) => Some(Shape::Certificate),
        Some(found) if is_time(*found) && !versioned => Some(Shape::Crl),
        _ => None,
    }
}

/// The label of a line that begins a block of PEM.
fn label_of(line: &str) -> Option<&str> {
    between(line, "-----BEGIN ")
}

fn between<'a>(line: &'a str, begin: &str) -> Option<&'a str> {
    line.trim_matches(|c: char| c.is_whitespace() || c == '\u{feff}' || c == '\0').strip_prefix(begin)?.strip_suffix("-----")
}

/// Whether a text is nothing but Base64 that begins with something known.
fn is_bare(head: &str) -> bool {
    let head = head.trim_start_matches(|c: char| c.is_whitespace() || c == '\u{feff}');
    // Known beginnings are elements of more than 127 bytes, or a serialized store.
    if !head.starts_with(['M', 'A']) || !head.bytes().all(|byte| byte.is_ascii_whitespace() || byte == b'=' || digit(byte).is_some()) {
        return false;
    }
    let mut decoder = Base64::default();
    decoder.take(head);
    shape(&decoder.bytes).is_some()
}

fn digit(byte: u8) -> Option<u8> {
    Some(match byte {
        b'A'..=b'Z' => byte - b'A',
        b'a'..=b'z' => byte - b'a' + 26,
        b'0'..=b'9' => byte - b'0' + 52,
        b'+' => 62,
        b'/' => 63,
        _ => return None,
    })
}

/// Decodes Base64 line by line. Where a line breaks does not matter.
#[derive(Default)]
struct Base64 {
    bytes: Vec<u8>,
    group: u32,
    digits: u8,
    /// Padding was seen, after which nothing may come.
    ended: bool,
    wrong: bool,
}

impl Base64 {
    fn take(&mut self, line: &str) {
        for byte in line.bytes().filter(|byte| !byte.is_ascii_whitespace()) {
            match digit(byte) {
                Some(value) if !self.ended => {
                    self.group = self.group << 6 | u32::from(value);
                    self.digits += 1;
                    if self.digits >= 2 {
                        let shift = match self.digits {
                            2 => 4,
                            3 => 2,
                            _ => 0,
                        };
                        self.bytes.push((self.group >> shift & 0xff) as u8);
                    }
                    if self.digits == 4 {
                        (self.group, self.digits) = (0, 0);
                    }
                }
                None if byte == b'=' => self.ended = true,
                _ => self.wrong = true,
            }
        }
    }
}

struct Reading {
    out: ReadX509,
    notes: Notes,
    /// The first thing that could not be read.
    fault: Option<X509Error>,
}

impl Reading {
    fn new(file: FileId) -> Reading {
        Reading { out: ReadX509::default(), notes: Notes::new(file), fault: None }
    }

    fn is_empty(&self) -> bool {
        self.out.certificates.is_empty() && self.out.crls.is_empty() && self.out.ctls.is_empty() && self.out.private_keys == 0
    }

    /// Keeps what is wrong with a part of the file.
    fn failed(&mut self, mut error: X509Error) {
        error.line = self.notes.line;
        self.notes.warn(format!("not read: {}", error.message), error.offset);
        self.fault.get_or_insert(error);
    }

    fn finish(mut self) -> Result<ReadX509, X509Error> {
        if self.is_empty() {
            if let Some(error) = self.fault {
                return Err(error);
            }
            self.notes.warn("holds no certificate, revocation list or trust list".to_owned(), 0);
        }
        self.out.warnings = self.notes.warnings;
        Ok(self.out)
    }

    fn private_key(&mut self, at: usize) {
        self.out.private_keys += 1;
        self.notes.warn(REFUSED.to_owned(), at);
    }

    /// Reads what stands one after the other in `bytes`.
    fn objects(&mut self, bytes: &[u8]) -> Read<()> {
        let mut at = 0;
        while let Some(rest) = bytes.get(at..).filter(|rest| !rest.is_empty()) {
            let Some(shape) = shape(rest) else {
                if at == 0 {
                    return Err(fault(NOTHING_KNOWN, 0));
                }
                if !rest.iter().all(|byte| matches!(byte, 0 | b'\r' | b'\n' | b' ' | 0x1a)) {
                    self.notes.warn(format!("{} bytes after it are not read", rest.len()), at);
                }
                return Ok(());
            };
            match shape {
                Shape::Store => {
                    self.out.container = SERIALIZED_STORE;
                    return self.store(rest, at);
                }
                Shape::Pfx | Shape::PrivateKey => {
                    self.out.container = if shape == Shape::Pfx { "PKCS #12" } else { "private key" };
                    self.private_key(at);
                    return Ok(());
                }
                Shape::Certificate | Shape::Crl | Shape::SignedData => {}
            }
            let mut cursor = Cursor::new(rest, at);
            let element = cursor.element()?;
            at = cursor.at();
            self.out.container = if shape == Shape::SignedData { PKCS_7 } else { "DER" };
            let outcome = match shape {
                Shape::Certificate => self.certificate(&element),
                Shape::Crl => self.crl(&element),
                _ => self.signed_data(&element),
            };
            if let Err(error) = outcome {
                self.failed(error);
            }
        }
        Ok(())
    }

    fn certificate(&mut self, element: &Element<'_>) -> Read<()> {
        let read = certificate::read(element, &mut self.notes)?;
        self.out.certificates.push(read);
        Ok(())
    }

    fn crl(&mut self, element: &Element<'_>) -> Read<()> {
        let read = crl::read(element, &mut self.notes)?;
        self.out.crls.push(read);
        Ok(())
    }

    /// PKCS #7 with its certificates and revocation lists, and the trust list that is its content, if one is.
    fn signed_data(&mut self, whole: &Element<'_>) -> Read<()> {
        let mut outside = whole.inside();
        outside.expect(tag::OID, "the kind of PKCS #7")?;
        let body = outside.expect(0xa0, "the content of PKCS #7")?.only(tag::SEQUENCE, "signed data")?;
        let mut inside = body.inside();
        inside.expect(tag::INTEGER, "the version of PKCS #7")?;
        inside.expect(tag::SET, "the hashes of PKCS #7")?;
        let content = inside.expect(tag::SEQUENCE, "the content of PKCS #7")?;
        let mut parts = content.inside();
        let kind = parts.expect(tag::OID, "the kind of the content")?.oid();
        let (first, mut skipped) = (self.out.certificates.len(), 0usize);
        let mut signers = 0;
        while !inside.is_at_end() {
            let part = inside.element()?;
            let mut list = part.inside();
            while !list.is_at_end() {
                let one = list.element()?;
                let outcome = match (part.tag, one.tag) {
                    (0xa0, tag::SEQUENCE) => self.certificate(&one),
                    (0xa1, tag::SEQUENCE) => self.crl(&one),
                    (tag::SET, _) => {
                        signers += 1;
                        Ok(())
                    }
                    _ => {
                        skipped += 1;
                        Ok(())
                    }
                };
                if let Err(error) = outcome {
                    self.failed(error);
                }
            }
        }
        if skipped > 0 {
            self.notes.warn(format!("{skipped} parts of PKCS #7 are no certificates or revocation lists and are not read"), whole.at);
        }
        if kind == ctl::CONTENT {
            let wrapped = parts.expect(0xa0, "the trust list")?;
            let mut body = wrapped.inside().element()?;
            if body.tag == tag::OCTET_STRING {
                body = body.only(tag::SEQUENCE, "the trust list")?;
            }
            let mut list = ctl::read(&body, &mut self.notes)?;
            list.thumbprint = Sha1::digest(whole.whole).into();
            list.signers = signers;
            list.enclosed = self.out.certificates[first..].iter().map(|certificate| certificate.thumbprint).collect();
            list.place = self.notes.place(whole.at);
            self.out.ctls.push(list);
        }
        Ok(())
    }

    /// A serialized store: elements and their properties, each with a number, an encoding and a length in four bytes.
    fn store(&mut self, bytes: &[u8], at: usize) -> Read<()> {
        const CERTIFICATE: u32 = 32;
        const CRL: u32 = 33;
        const CTL: u32 = 34;
        const SHA1: u32 = 3;
        let mut position = STORE.len();
        let mut properties = 0usize;
        let mut stored_hash: Option<&[u8]> = None;
        let number = |position: usize| -> Read<u32> {
            let cut = || fault("the store ends in the middle of an element", at + position);
            let four = bytes.get(position..position.saturating_add(4)).ok_or_else(cut)?;
            Ok(four.iter().rev().fold(0, |number, byte| number << 8 | u32::from(*byte)))
        };
        loop {
            let kind = number(position)?;
            if kind == 0 {
                break;
            }
            let length = number(position + 8)? as usize;
            let content_at = position + 12;
            let Some(content) = bytes.get(content_at..content_at.saturating_add(length)) else {
                let left = bytes.len().saturating_sub(content_at);
                return Err(fault(format!("an element says that it has {length} bytes, but only {left} are left"), at + position));
            };
            match kind {
                CERTIFICATE | CRL | CTL => {
                    let outcome = Cursor::new(content, at + content_at).element().and_then(|element| match kind {
                        CERTIFICATE => self.certificate(&element),
                        CRL => self.crl(&element),
                        _ => self.signed_data(&element),
                    });
                    if let Err(error) = outcome {
                        self.failed(error);
                    }
                    let hash: [u8; 20] = Sha1::digest(content).into();
                    if stored_hash.take().is_some_and(|stored| stored != hash) {
                        self.notes.warn("its SHA-1 hash is not the one that the store has for it".to_owned(), at + position);
                    }
                }
                SHA1 => {
                    properties += 1;
                    stored_hash = Some(content);
                }
                _ => properties += 1,
            }
            position = content_at + length;
        }
        self.out.properties += properties;
        Ok(())
    }

    /// Every block of a PEM file. What stands before, between and after the blocks is for people.
    fn pem(&mut self, text: &str) {
        struct Block<'a> {
            label: &'a str,
            line: u32,
            decoder: Base64,
        }
        let mut open: Option<Block<'_>> = None;
        self.out.container = "PEM";
        for (index, line) in text.lines().enumerate() {
            let number = u32::try_from(index + 1).unwrap_or(u32::MAX);
            if let Some(label) = label_of(line) {
                if let Some(block) = open.replace(Block { label, line: number, decoder: Base64::default() }) {
                    self.not_ended(block.line);
                }
                continue;
            }
            let Some(block) = &mut open else { continue };
            if between(line, "-----END ").is_some() {
                self.notes.line = Some(block.line);
                if is_private(block.label) {
                    self.private_key(0);
                } else if block.label.contains("REQUEST") {
                    self.notes.warn("a request for a certificate; not read".to_owned(), 0);
                } else {
                    let decoder = std::mem::take(&mut block.decoder);
                    self.block(&decoder);
                }
                open = None;
            } else if !is_private(block.label) && !line.contains(':') {
                // Lines with a colon are headers, such as those of keys and of mail.
                block.decoder.take(line);
            }
        }
        if let Some(block) = open {
            if is_private(block.label) {
                self.notes.line = Some(block.line);
                self.private_key(0);
            } else {
                self.not_ended(block.line);
            }
        }
        self.out.container = "PEM";
    }

    fn not_ended(&mut self, line: u32) {
        self.notes.line = Some(line);
        self.failed(fault("the block has no end; the file may have been cut", 0));
    }

    /// What a block of Base64 holds. Its label is not asked: `certutil -encode` calls everything a certificate.
    fn block(&mut self, decoder: &Base64) {
        let outcome = if decoder.wrong || decoder.digits == 1 {
            Err(fault("it is no Base64", decoder.bytes.len()))
        } else {
            self.objects(&decoder.bytes)
        };
        if let Err(error) = outcome {
            self.failed(error);
        }
    }
}

fn is_private(label: &str) -> bool {
    label.contains("PRIVATE KEY") || label.contains("PKCS12")
}
