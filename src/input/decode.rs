//! Bytes to text. Whatever cannot be decoded without loss is an error with the offset of the first wrong byte, never a replacement
//! character.

use std::borrow::Cow;
use std::fmt;

use encoding_rs::{DecoderResult, Encoding, UTF_8, UTF_16BE, UTF_16LE, WINDOWS_1252};

use super::oem::CodePage;

/// Text of a file, and how its bytes were understood.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Decoded<'a> {
    /// The characters, without a byte order mark.
    pub text: Cow<'a, str>,
    /// Name of the encoding as the WHATWG Encoding Standard spells it.
    pub encoding: &'static str,
    /// Something a reader should know about the encoding, such as a declaration that had to be believed.
    pub warning: Option<String>,
}

/// An encoding that a user can name.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Charset {
    /// One of the WHATWG Encoding Standard.
    Standard(&'static Encoding),
    /// A code page of the console, which the standard does not have.
    Oem(CodePage),
}

impl Charset {
    /// Finds an encoding by any of its names, such as `windows-1252`, `cp850` or `ibm866`.
    pub fn for_label(label: &str) -> Option<Charset> {
        Encoding::for_label(label.as_bytes()).map(Charset::Standard).or_else(|| CodePage::for_label(label).map(Charset::Oem))
    }

    /// Its name in reports.
    pub fn name(self) -> &'static str {
        match self {
            Charset::Standard(encoding) => encoding.name(),
            Charset::Oem(page) => page.name(),
        }
    }
}

/// Bytes that are no text in the encoding they should have.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DecodeError {
    /// Offset of the first wrong byte in the file, from 0.
    pub offset: usize,
    /// Line of that byte, from 1.
    pub line: u32,
    /// The encoding that was tried.
    pub encoding: &'static str,
}

impl fmt::Display for DecodeError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "the byte at offset {} (line {}) is not {}; if the file is in another encoding, name it with --encoding",
            self.offset, self.line, self.encoding
        )
    }
}

impl std::error::Error for DecodeError {}

/// Decodes `bytes`: a byte order mark decides, then UTF-16 is known by its shape, then UTF-8 is tried, then `fallback` (an option of
/// the user), then the encoding that the XML declaration names.
pub fn decode<'a>(bytes: &'a [u8], fallback: Option<Charset>) -> Result<Decoded<'a>, DecodeError> {
    if let Some((encoding, length, warning)) = of_head(bytes) {
        return decode_as(&bytes[length..], length, encoding, warning);
    }
    let utf8 = decode_as(bytes, 0, UTF_8, None);
    let Err(error) = utf8 else { return utf8 };
    let declared = || declared_encoding(bytes).filter(|encoding| encoding.is_ascii_compatible() && *encoding != UTF_8);
    match fallback.or_else(|| declared().map(Charset::Standard)) {
        Some(charset) => decode_named(bytes, charset, &error),
        None => Err(error),
    }
}

/// The encoding that the first bytes of an XML text speak for, the length of the byte order mark, and what should be known about it.
pub(super) fn of_head(bytes: &[u8]) -> Option<(&'static Encoding, usize, Option<String>)> {
    if let Some((encoding, length)) = Encoding::for_bom(bytes) {
        return Some((encoding, length, None));
    }
    let encoding = match bytes {
        [b'<', 0, ..] => UTF_16LE,
        [0, b'<', ..] => UTF_16BE,
        _ => return None,
    };
    Some((encoding, 0, Some(format!("{} without a byte order mark", encoding.name()))))
}

/// Decodes the output of a console command or an export of the registry, which is no XML and names no encoding. A byte order mark
/// decides, then UTF-16 is known by its shape, then UTF-8 is tried, then `fallback` (an option of the user), then the single-byte code
/// page that its accented letters speak for; the last step cannot fail.
pub fn decode_text<'a>(bytes: &'a [u8], fallback: Option<Charset>) -> Result<Decoded<'a>, DecodeError> {
    let marked = Encoding::for_bom(bytes);
    let shaped = || utf16_by_shape(bytes).map(|encoding| (encoding, 0));
    if let Some((encoding, length)) = marked.or_else(shaped) {
        let mut rest = &bytes[length..];
        let mut warning = (length == 0).then(|| format!("{} without a byte order mark", encoding.name()));
        if encoding != UTF_8 && rest.len() % 2 == 1 {
            // Half a character at the end is what a cut file looks like; the rest is worth reading.
            rest = &rest[..rest.len() - 1];
            warning = Some(format!("{} that ends in the middle of a character; the file may have been cut", encoding.name()));
        }
        return decode_as(rest, length, encoding, warning);
    }
    let utf8 = decode_as(bytes, 0, UTF_8, None);
    let Err(error) = utf8 else { return utf8 };
    if let Some(charset) = fallback {
        return decode_named(bytes, charset, &error);
    }
    let warning = |name: &str| Some(format!("not UTF-8 at offset {}; read as {name}", error.offset));
    if speaks_for_ansi(bytes) {
        return decode_as(bytes, 0, WINDOWS_1252, warning("windows-1252; --encoding names another"));
    }
    let page = CodePage::Cp850;
    Ok(Decoded {
        text: Cow::Owned(page.decode(bytes)),
        encoding: page.name(),
        warning: warning("IBM850, the code page of western consoles; --encoding names another"),
    })
}

/// Decodes bytes that are not UTF-8, as `error` tells, in the encoding that somebody named.
fn decode_named<'a>(bytes: &'a [u8], charset: Charset, error: &DecodeError) -> Result<Decoded<'a>, DecodeError> {
    let warning = Some(format!("not UTF-8 at offset {}; read as {}", error.offset, charset.name()));
    match charset {
        Charset::Standard(encoding) => decode_as(bytes, 0, encoding, warning),
        Charset::Oem(page) => Ok(Decoded { text: Cow::Owned(page.decode(bytes)), encoding: page.name(), warning }),
    }
}

/// Tells UTF-16 without a byte order mark: of the first characters most are ASCII, whose other byte is zero.
fn utf16_by_shape(bytes: &[u8]) -> Option<&'static Encoding> {
    let head = &bytes[..bytes.len().min(4096) & !1];
    let (mut low, mut high) = (0, 0);
    for pair in head.chunks_exact(2) {
        match pair {
            [first, 0] if *first != 0 => low += 1,
            [0, second] if *second != 0 => high += 1,
            _ => {}
        }
    }
    let enough = head.len() / 4;
    if low > enough {
        Some(UTF_16LE)
    } else if high > enough {
        Some(UTF_16BE)
    } else {
        None
    }
}

/// Whether a single-byte text is of Windows rather than of a console: accented small letters stand from 0xE0 on there, and from 0x81 to
/// 0xA7 here. An old export of the registry is never of a console.
fn speaks_for_ansi(bytes: &[u8]) -> bool {
    let console = bytes.iter().filter(|byte| matches!(byte, 0x80..=0xa7)).count();
    let windows = bytes.iter().filter(|byte| matches!(byte, 0xc0..=0xff)).count();
    bytes.starts_with(b"REGEDIT4") || windows > console
}

fn decode_as<'a>(
    bytes: &'a [u8],
    skipped: usize,
    encoding: &'static Encoding,
    warning: Option<String>,
) -> Result<Decoded<'a>, DecodeError> {
    let wrong = |at: usize, line: usize| DecodeError {
        offset: skipped + at,
        line: u32::try_from(line + 1).unwrap_or(u32::MAX),
        encoding: encoding.name(),
    };
    let text = if encoding == UTF_8 {
        match std::str::from_utf8(bytes) {
            Ok(text) => Cow::Borrowed(text),
            Err(error) => {
                let at = error.valid_up_to();
                return Err(wrong(at, memchr::memchr_iter(b'\n', &bytes[..at]).count()));
            }
        }
    } else {
        let mut decoder = encoding.new_decoder_without_bom_handling();
        let mut text = String::new();
        let mut at = 0;
        loop {
            let needed = decoder.max_utf8_buffer_length_without_replacement((bytes.len() - at).min(1 << 16)).unwrap_or(1 << 18);
            text.reserve(needed);
            let end = bytes.len().min(at + (1 << 16));
            let (result, read) = decoder.decode_to_string_without_replacement(&bytes[at..end], &mut text, end == bytes.len());
            at += read;
            match result {
                DecoderResult::InputEmpty if at == bytes.len() => break,
                DecoderResult::InputEmpty | DecoderResult::OutputFull => {}
                DecoderResult::Malformed(length, after) => {
                    let start = at.saturating_sub(usize::from(length) + usize::from(after));
                    return Err(wrong(start, memchr::memchr_iter(b'\n', text.as_bytes()).count()));
                }
            }
        }
        text.shrink_to_fit();
        Cow::Owned(text)
    };
    Ok(Decoded { text, encoding: encoding.name(), warning })
}

/// The encoding that an XML declaration names. The declaration is ASCII in every encoding considered here.
fn declared_encoding(bytes: &[u8]) -> Option<&'static Encoding> {
    let head = &bytes[..bytes.len().min(256)];
    let head = std::str::from_utf8(&head[..head.iter().position(|byte| !byte.is_ascii()).unwrap_or(head.len())]).ok()?;
    let declaration = head.trim_start().strip_prefix("<?xml")?.split("?>").next()?;
    let (_, rest) = declaration.split_once("encoding")?;
    let rest = rest.trim_start().strip_prefix('=')?.trim_start();
    let quote = rest.chars().next().filter(|quote| matches!(quote, '"' | '\''))?;
    Encoding::for_label(rest[1..].split(quote).next()?.as_bytes())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn text(bytes: &[u8]) -> String {
        decode(bytes, None).unwrap().text.into_owned()
    }

    fn utf16(text: &str, big: bool) -> Vec<u8> {
        text.encode_utf16().flat_map(|unit| if big { unit.to_be_bytes() } else { unit.to_le_bytes() }).collect()
    }

    #[test]
    fn utf8_and_utf16_with_and_without_a_byte_order_mark_give_the_same_text() {
        let source = "<a b='grün 😀'/>";
        let with = |mark: &[u8], rest: Vec<u8>| [mark, &rest].concat();
        assert_eq!(text(source.as_bytes()), source);
        assert_eq!(text(&with(b"\xef\xbb\xbf", source.into())), source);
        assert_eq!(text(&with(b"\xff\xfe", utf16(source, false))), source);
        assert_eq!(text(&with(b"\xfe\xff", utf16(source, true))), source);
        assert_eq!(text(&utf16(source, false)), source);
        assert!(decode(&utf16(source, true), None).unwrap().warning.is_some());
    }

    #[test]
    fn a_long_utf16_text_is_decoded_whole() {
        let source = format!("<a>{}</a>", "grün 😀 ".repeat(40_000));
        assert_eq!(text(&[&b"\xff\xfe"[..], &utf16(&source, false)].concat()), source);
    }

    #[test]
    fn a_wrong_byte_is_an_error_with_its_offset_and_line() {
        let error = decode(b"<a>\n gr\xfcn</a>", None).unwrap_err();
        assert_eq!((error.offset, error.line, error.encoding), (7, 2, "UTF-8"));
        let lone_surrogate = [b"\xff\xfe".as_slice(), &utf16("<a/>", false), &[0x00, 0xd8, b'x', 0]].concat();
        assert_eq!(decode(&lone_surrogate, None).unwrap_err().offset, 10);
        assert!(decode(b"\xff\xfe<\0a", None).is_err());
    }

    #[test]
    fn the_declared_encoding_is_believed_only_when_the_bytes_are_not_utf8() {
        let declared = b"<?xml version=\"1.0\" encoding=\"windows-1252\"?><a b='gr\xfcn'/>";
        let decoded = decode(declared, None).unwrap();
        assert!(decoded.text.contains("grün") && decoded.warning.is_some());
        let wrong = "<?xml version=\"1.0\" encoding=\"utf-16\"?><a b='grün'/>";
        assert_eq!(decode(wrong.as_bytes(), None).unwrap().encoding, "UTF-8");
    }

    #[test]
    fn the_encoding_of_the_user_comes_before_the_declared_one() {
        let bytes = b"<?xml version=\"1.0\" encoding=\"windows-1252\"?><a b='\xcf\xf0'/>";
        let decoded = decode(bytes, Charset::for_label("windows-1251")).unwrap();
        assert!(decoded.text.contains("Пр"));
    }

    fn console(bytes: &[u8]) -> (String, &'static str) {
        let decoded = decode_text(bytes, None).unwrap();
        (decoded.text.into_owned(), decoded.encoding)
    }

    #[test]
    fn the_output_of_a_console_is_read_in_whatever_it_was_redirected() {
        let source = "Clés : désactivé";
        assert_eq!(console(source.as_bytes()), (source.to_owned(), "UTF-8"));
        assert_eq!(console(&utf16(source, false)), (source.to_owned(), "UTF-16LE"));
        assert_eq!(console(&utf16(source, true)), (source.to_owned(), "UTF-16BE"));
        assert_eq!(console(&[&b"\xff\xfe"[..], &utf16(source, false)].concat()), (source.to_owned(), "UTF-16LE"));
        assert_eq!(console(b"Cl\x82s : d\x82sactiv\x82"), (source.to_owned(), "IBM850"));
        assert_eq!(console(b"Cl\xe9s : d\xe9sactiv\xe9"), (source.to_owned(), "windows-1252"));
        assert_eq!(console(b"REGEDIT4\r\n\x84").1, "windows-1252");
        assert!(decode_text(b"Cl\x82s", None).unwrap().warning.is_some());
        let named = decode_text(b"\x82\xa0", Charset::for_label("shift_jis")).unwrap();
        assert_eq!(named.text, "あ");
    }

    #[test]
    fn a_code_page_of_the_console_can_be_named_by_its_usual_names() {
        for name in ["cp437", "IBM437", "437", "oem437"] {
            let decoded = decode_text(b"\x9b", Charset::for_label(name)).unwrap();
            assert_eq!((&*decoded.text, decoded.encoding), ("\u{a2}", "IBM437"), "{name}");
        }
        assert_eq!(decode_text(b"\x9b", Charset::for_label("cp850")).unwrap().text, "\u{f8}");
        let xml = decode(b"<a b='gr\x81n'/>", Charset::for_label("ibm850")).unwrap();
        assert!(xml.text.contains("grün") && xml.warning.is_some_and(|warning| warning.contains("IBM850")));
        assert_eq!(Charset::for_label("ibm866").map(Charset::name), Some("IBM866"));
        assert_eq!(Charset::for_label("klingon"), None);
    }

    #[test]
    fn a_text_that_was_cut_in_the_middle_of_a_character_is_read() {
        let mut bytes = utf16("Hash : 12", false);
        bytes.pop();
        assert_eq!(console(&bytes).0, "Hash : 1");
    }
}
