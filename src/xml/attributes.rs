//! Attributes of a start tag, split strictly and without copying; their references are checked here, so reading a value cannot fail.

use std::borrow::Cow;

use super::limits::Limits;
use super::reader::XmlErrorKind;

/// One attribute of the current element, borrowed from the source text.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Attribute<'a> {
    /// Local name: the part behind a namespace prefix, spelled as in the file.
    pub name: &'a str,
    /// Value exactly as written: neither unescaped nor white-space normalised.
    pub raw: &'a str,
    /// Byte offset of the first byte of the name in the decoded text.
    pub(super) name_offset: usize,
}

impl<'a> Attribute<'a> {
    /// The value as XML defines it: references resolved, every literal line break or tab turned into a blank.
    pub fn value(&self) -> Cow<'a, str> {
        if memchr::memchr3(b'&', b'\n', b'\t', self.raw.as_bytes()).is_none() && !self.raw.contains('\r') {
            return Cow::Borrowed(self.raw);
        }
        Cow::Owned(unescape(self.raw, true))
    }

    /// The value with references resolved, but with every line break where it stands. IIS 6 separates the items of a MULTISZ list by line
    /// breaks inside the attribute, which XML normalisation turns into blanks.
    pub fn unfolded(&self) -> Cow<'a, str> {
        if memchr::memchr(b'&', self.raw.as_bytes()).is_none() {
            return Cow::Borrowed(self.raw);
        }
        Cow::Owned(unescape(self.raw, false))
    }
}

/// Splits `raw`, the text between the element name and the end of the tag, into `out`. `base` is the offset of `raw` in the source.
/// On failure gives the offset of the fault.
pub(super) fn split<'a>(raw: &'a str, base: usize, limits: &Limits, out: &mut Vec<Attribute<'a>>) -> Result<(), (usize, XmlErrorKind)> {
    out.clear();
    let bytes = raw.as_bytes();
    let mut at = 0;
    let mut prefixed = false;
    loop {
        let before_blank = at;
        while at < bytes.len() && is_blank(bytes[at]) {
            at += 1;
        }
        if at == bytes.len() {
            check_unique(out)?;
            if prefixed {
                for attribute in out {
                    attribute.name = local(attribute.name);
                }
            }
            return Ok(());
        }
        if at == before_blank {
            return Err((base + at, XmlErrorKind::Attribute("a blank between two attributes")));
        }
        let name_start = at;
        while at < bytes.len() && IN_NAME[usize::from(bytes[at])] {
            at += 1;
        }
        let ends = bytes.get(at).is_some_and(|byte| *byte == b'=' || is_blank(*byte));
        if !ends || !starts_name(bytes[name_start]) {
            while at < bytes.len() && !is_blank(bytes[at]) && bytes[at] != b'=' {
                at += 1;
            }
            if !is_name(&raw[name_start..at]) {
                return Err((base + name_start, XmlErrorKind::Attribute("an attribute name")));
            }
            prefixed = true;
        }
        let name = &raw[name_start..at];
        while at < bytes.len() && is_blank(bytes[at]) {
            at += 1;
        }
        if bytes.get(at) != Some(&b'=') {
            return Err((base + name_start, XmlErrorKind::Attribute("'=' behind the attribute name")));
        }
        at += 1;
        while at < bytes.len() && is_blank(bytes[at]) {
            at += 1;
        }
        let quote = match bytes.get(at) {
            Some(quote @ (b'"' | b'\'')) => *quote,
            _ => return Err((base + at.min(bytes.len()), XmlErrorKind::Attribute("a quoted value"))),
        };
        at += 1;
        let value_start = at;
        let rest = &bytes[at..];
        // Few values hold a reference, so one search ends most of them.
        let mut found = memchr::memchr3(quote, b'<', b'&', rest);
        let has_reference = found.is_some_and(|found| rest[found] == b'&');
        if has_reference {
            found = memchr::memchr2(quote, b'<', rest);
        }
        let length = match found {
            Some(length) if rest[length] == quote => length,
            Some(length) => return Err((base + at + length, XmlErrorKind::Attribute("the closing quote before '<'"))),
            None => return Err((base + at, XmlErrorKind::Attribute("the closing quote of the value"))),
        };
        if length > limits.attribute_bytes {
            return Err((base + value_start, XmlErrorKind::Limit("bytes in one attribute", limits.attribute_bytes as u64)));
        }
        let value = &raw[value_start..value_start + length];
        if has_reference {
            check_references(value).map_err(|(offset, kind)| (base + value_start + offset, kind))?;
        }
        at += length + 1;
        if out.len() == limits.attributes {
            return Err((base + name_start, XmlErrorKind::Limit("attributes of one element", limits.attributes as u64)));
        }
        out.push(Attribute { name, raw: value, name_offset: base + name_start });
    }
}

/// A start tag as nearly all are.
pub(super) struct PlainTag {
    pub(super) name_length: usize,
    /// The offset behind its `>`.
    pub(super) end: usize,
    pub(super) is_empty: bool,
}

/// The attributes of the start tag that was read last. Most tags have the names of a tag before them, so those are looked for first:
/// what was found out about them is not found out again.
#[derive(Debug, Default)]
pub(super) struct Attributes<'a> {
    /// Those of the last tag, and behind them what a longer tag before it left.
    all: Vec<Attribute<'a>>,
    count: usize,
    /// Whether the names of `all` are all simple ones, and no two the same.
    is_plain: bool,
}

impl<'a> Attributes<'a> {
    /// In file order.
    pub(super) fn as_slice(&self) -> &[Attribute<'a>] {
        &self.all[..self.count]
    }

    /// As [`split`].
    pub(super) fn split(&mut self, raw: &'a str, base: usize, limits: &Limits) -> Result<(), (usize, XmlErrorKind)> {
        self.is_plain = false;
        let outcome = split(raw, base, limits, &mut self.all);
        self.count = self.all.len();
        outcome
    }

    /// Reads the start tag whose name begins at `start` in one pass, as [`split`] would, or gives `None` where anything about it is rare
    /// or wrong.
    pub(super) fn plain_tag(&mut self, text: &'a str, start: usize, limits: &Limits) -> Option<PlainTag> {
        let bytes = text.as_bytes();
        if !std::mem::take(&mut self.is_plain) {
            self.all.clear();
        }
        self.count = 0;
        let name_length = name_length(bytes.get(start..)?)?;
        let (alike, mut rest) = as_before(text, &bytes[start + name_length..], limits, &mut self.all);
        let mut count = alike;
        let mut is_new = false;
        let is_empty = loop {
            let named = from_no_blank(rest);
            match named {
                [b'>', after @ ..] => {
                    rest = after;
                    break false;
                }
                [b'/', b'>', after @ ..] => {
                    rest = after;
                    break true;
                }
                _ if named.len() == rest.len() || count == limits.attributes => return None,
                _ => {}
            }
            let name_offset = bytes.len() - named.len();
            let length = self::name_length(named)?;
            let name = &text[name_offset..name_offset + length];
            let [b'=', assigned @ ..] = from_no_blank(&named[length..]) else { return None };
            let [quote @ (b'"' | b'\''), quoted @ ..] = from_no_blank(assigned) else { return None };
            let value = value(text, quoted, *quote, limits)?;
            if !is_new {
                self.all.truncate(count);
                is_new = true;
            }
            self.all.push(Attribute { name, raw: value, name_offset });
            rest = &quoted[value.len() + 1..];
            count += 1;
        };
        if is_new {
            check_unique(&self.all).ok()?;
        }
        self.count = count;
        self.is_plain = true;
        Some(PlainTag { name_length, end: bytes.len() - rest.len(), is_empty })
    }
}

/// Reads attributes with the names of those in `before` into it, as many as follow each other in `rest`, which is the end of `text`.
/// Gives their number, and what is left of the rest.
fn as_before<'a, 'b>(text: &'a str, mut rest: &'b [u8], limits: &Limits, before: &mut [Attribute<'a>]) -> (usize, &'b [u8]) {
    let mut count = 0;
    for attribute in before {
        let named = from_no_blank(rest);
        if named.len() < rest.len()
            && let Some((name, [b'=', quote @ (b'"' | b'\''), quoted @ ..])) = named.split_at_checked(attribute.name.len())
            && is_same(name, attribute.name.as_bytes())
            && let Some(value) = value(text, quoted, *quote, limits)
        {
            attribute.raw = value;
            attribute.name_offset = text.len() - named.len();
            rest = &quoted[value.len() + 1..];
            count += 1;
        } else {
            break;
        }
    }
    (count, rest)
}

/// Whether two texts of the same length are the same. Most names have four to sixteen bytes, which two comparisons tell without a call.
#[inline]
fn is_same(one: &[u8], other: &[u8]) -> bool {
    match one.len() {
        8..=16 => one.first_chunk::<8>() == other.first_chunk::<8>() && one.last_chunk::<8>() == other.last_chunk::<8>(),
        4..8 => one.first_chunk::<4>() == other.first_chunk::<4>() && one.last_chunk::<4>() == other.last_chunk::<4>(),
        _ => one == other,
    }
}

/// The length of the simple name that starts here and does not end with the text.
#[inline]
fn name_length(bytes: &[u8]) -> Option<usize> {
    let mut length = 0;
    while IN_NAME[usize::from(*bytes.get(length)?)] {
        length += 1;
    }
    starts_name(*bytes.first()?).then_some(length)
}

/// What is left behind the blanks that stand here.
#[inline]
fn from_no_blank(mut bytes: &[u8]) -> &[u8] {
    while let [byte, rest @ ..] = bytes
        && is_blank(*byte)
    {
        bytes = rest;
    }
    bytes
}

/// The value whose opening quote stands before `quoted`, which is the end of `text`; `None` where it is not closed, is too long, or has
/// a reference or a `<` in it.
#[inline]
fn value<'a>(text: &'a str, quoted: &[u8], quote: u8, limits: &Limits) -> Option<&'a str> {
    let length = memchr::memchr3(quote, b'<', b'&', quoted)?;
    let start = text.len() - quoted.len();
    (quoted[length] == quote && length <= limits.attribute_bytes).then(|| &text[start..start + length])
}

/// How many comparisons [`check_unique`] makes at most for `count` attributes.
pub(super) fn comparisons(count: usize) -> usize {
    if count <= FEW { count * count / 2 } else { count * count.ilog2() as usize }
}

/// Up to this many attributes, comparing each with each is faster than sorting.
const FEW: usize = 16;

/// Refuses the same name twice. Sorting keeps it n log n up to the attribute limit.
fn check_unique(attributes: &[Attribute<'_>]) -> Result<(), (usize, XmlErrorKind)> {
    // Length and ends of the names tell nearly always that no two are the same.
    let mut seen = 0u64;
    let is_told_apart = attributes.iter().all(|attribute| {
        let (first, last) = match attribute.name.as_bytes() {
            [first, .., last] => (usize::from(*first), usize::from(*last)),
            _ => (usize::from(attribute.name.as_bytes().first().copied().unwrap_or_default()), 0),
        };
        let bit = 1 << ((attribute.name.len() + 7 * first + 3 * last) % 64);
        let is_new = seen & bit == 0;
        seen |= bit;
        is_new
    });
    if is_told_apart {
        return Ok(());
    }
    let same = |a: &str, b: &str| a.len() == b.len() && a.as_bytes().first() == b.as_bytes().first() && a == b;
    let repeated = if attributes.len() <= FEW {
        attributes
            .iter()
            .enumerate()
            .find(|(index, attribute)| attributes[..*index].iter().any(|earlier| same(earlier.name, attribute.name)))
            .map(|(_, attribute)| attribute.name_offset)
    } else {
        let mut names: Vec<(&str, usize)> = attributes.iter().map(|attribute| (attribute.name, attribute.name_offset)).collect();
        names.sort_unstable();
        names.windows(2).filter(|pair| pair[0].0 == pair[1].0).map(|pair| pair[1].1).min()
    };
    repeated.map_or(Ok(()), |offset| Err((offset, XmlErrorKind::DuplicateAttribute)))
}

/// The part of a name behind its namespace prefix. A namespace declaration keeps its prefix, so that it never looks like a setting.
pub(super) fn local(name: &str) -> &str {
    match name.split_once(':') {
        Some(("xmlns", _)) => name,
        Some((_, local)) => local,
        None => name,
    }
}

#[inline]
pub(super) fn is_blank(byte: u8) -> bool {
    matches!(byte, b' ' | b'\t' | b'\r' | b'\n')
}

/// Whether `name` is a legal XML name of ASCII characters without a namespace prefix, as nearly all are.
pub(super) fn is_simple_name(name: &str) -> bool {
    match name.as_bytes() {
        [first, rest @ ..] => starts_name(*first) && rest.iter().all(|byte| IN_NAME[usize::from(*byte)]),
        [] => false,
    }
}

#[inline]
fn starts_name(byte: u8) -> bool {
    byte.is_ascii_alphabetic() || byte == b'_'
}

/// The ASCII characters that may stand in a name behind its first one, but for the colon.
const IN_NAME: [bool; 256] = {
    let mut table = [false; 256];
    let mut byte = 0;
    while byte < 128 {
        let character = byte as u8;
        table[byte] = character.is_ascii_alphanumeric() || matches!(character, b'_' | b'-' | b'.');
        byte += 1;
    }
    table
};

/// Whether `name` is a legal XML name (productions 4 and 5, NameStartChar and NameChar) with at most one namespace prefix.
pub(super) fn is_name(name: &str) -> bool {
    let starts = |c: char| {
        matches!(c, 'A'..='Z' | 'a'..='z' | '_' | '\u{c0}'..='\u{d6}' | '\u{d8}'..='\u{f6}' | '\u{f8}'..='\u{2ff}' | '\u{370}'..='\u{37d}'
            | '\u{37f}'..='\u{1fff}' | '\u{200c}'..='\u{200d}' | '\u{2070}'..='\u{218f}' | '\u{2c00}'..='\u{2fef}' | '\u{3001}'..='\u{d7ff}'
            | '\u{f900}'..='\u{fdcf}' | '\u{fdf0}'..='\u{fffd}' | '\u{10000}'..='\u{effff}')
    };
    let continues = |c: char| starts(c) || matches!(c, '0'..='9' | '-' | '.' | '\u{b7}' | '\u{300}'..='\u{36f}' | '\u{203f}'..='\u{2040}');
    let mut parts = 0;
    name.split(':').all(|part| {
        parts += 1;
        let mut characters = part.chars();
        parts <= 2 && characters.next().is_some_and(starts) && characters.all(continues)
    })
}

/// Checks that every `&` of `raw` starts a predefined entity or a reference to a legal character.
pub(super) fn check_references(raw: &str) -> Result<(), (usize, XmlErrorKind)> {
    for at in memchr::memchr_iter(b'&', raw.as_bytes()) {
        let rest = &raw[at + 1..];
        // The longest legal reference body is "#x10FFFF" with leading zeros; 32 bytes keep the search linear on hostile input.
        let end = rest.bytes().take(32).position(|byte| byte == b';');
        if end.and_then(|end| resolve(&rest[..end])).is_none() {
            return Err((at, XmlErrorKind::Reference));
        }
    }
    Ok(())
}

fn resolve(body: &str) -> Option<char> {
    match body {
        "lt" => Some('<'),
        "gt" => Some('>'),
        "amp" => Some('&'),
        "apos" => Some('\''),
        "quot" => Some('"'),
        _ => {
            let digits = body.strip_prefix('#')?;
            let number = match digits.strip_prefix('x') {
                Some(hex) if hex.bytes().all(|byte| byte.is_ascii_hexdigit()) => u32::from_str_radix(hex, 16).ok()?,
                None if digits.bytes().all(|byte| byte.is_ascii_digit()) => digits.parse().ok()?,
                _ => return None,
            };
            char::from_u32(number).filter(|character| is_xml_char(*character))
        }
    }
}

/// A text whose references were checked, with them resolved.
pub(super) fn resolved(raw: &str) -> String {
    unescape(raw, false)
}

/// Whether XML 1.0 allows `character` (production 2, Char).
pub(super) fn is_xml_char(character: char) -> bool {
    !matches!(character, '\0'..='\u{8}' | '\u{b}' | '\u{c}' | '\u{e}'..='\u{1f}' | '\u{fffe}' | '\u{ffff}')
}

fn unescape(raw: &str, normalise: bool) -> String {
    let mut text = String::with_capacity(raw.len());
    let mut rest = raw;
    while let Some(at) = rest.find(['&', '\n', '\r', '\t']) {
        text.push_str(&rest[..at]);
        let tail = &rest[at..];
        if let Some(reference) = tail.strip_prefix('&') {
            match reference.find(';').and_then(|end| resolve(&reference[..end]).map(|character| (end, character))) {
                Some((end, character)) => {
                    text.push(character);
                    rest = &reference[end + 1..];
                }
                None => {
                    text.push('&');
                    rest = reference;
                }
            }
        } else if normalise {
            text.push(' ');
            // A CR LF pair is one line break before it is one blank.
            rest = tail.strip_prefix("\r\n").unwrap_or(&tail[1..]);
        } else {
            text.push_str(&tail[..1]);
            rest = &tail[1..];
        }
    }
    text.push_str(rest);
    text
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn names_and_values(raw: &str) -> Vec<(String, String)> {
        let mut out = Vec::new();
        split(raw, 0, &Limits::default(), &mut out).unwrap();
        out.iter().map(|attribute| (attribute.name.to_owned(), attribute.value().into_owned())).collect()
    }

    fn fault(raw: &str) -> XmlErrorKind {
        split(raw, 0, &Limits::default(), &mut Vec::new()).unwrap_err().1
    }

    #[test]
    fn blanks_and_tabs_round_the_equals_sign_are_accepted() {
        assert_eq!(names_and_values("\tLocation =\"/LM\" b= 'x' "), [("Location".into(), "/LM".into()), ("b".into(), "x".into())]);
    }

    #[test]
    fn references_are_resolved_and_line_breaks_become_blanks() {
        assert_eq!(names_and_values(" a=\"x &amp; &#x41;\r\n\ty\"")[0].1, "x & A  y");
    }

    #[test]
    fn a_list_keeps_the_line_breaks_between_its_items() {
        let mut out = Vec::new();
        split(" a=\":80:x\r\n\t:81:y z&#13;&#10;:82:\" b=\":80:\r\n:81:\"", 0, &Limits::default(), &mut out).unwrap();
        assert_eq!(out[0].unfolded(), ":80:x\r\n\t:81:y z\r\n:82:");
        assert!(matches!(out[1].unfolded(), Cow::Borrowed(":80:\r\n:81:")));
    }

    #[test]
    fn what_xml_forbids_is_refused() {
        assert!(matches!(fault(" a=\"1\"b=\"2\""), XmlErrorKind::Attribute(_)));
        assert!(matches!(fault(" 1a=\"1\""), XmlErrorKind::Attribute(_)));
        assert!(matches!(fault(" a=\"<\""), XmlErrorKind::Attribute(_)));
        assert!(matches!(fault(" a"), XmlErrorKind::Attribute(_)));
        assert!(matches!(fault(" a=\"1\" a='2'"), XmlErrorKind::DuplicateAttribute));
        assert!(matches!(fault(" a=\"&nbsp;\""), XmlErrorKind::Reference));
        assert!(matches!(fault(" a=\"&#x1;\""), XmlErrorKind::Reference));
        assert!(matches!(fault(" a=\"&#xD800;\""), XmlErrorKind::Reference));
        assert!(matches!(fault(" a=\"x & y\""), XmlErrorKind::Reference));
        assert!(matches!(fault(" a=\"&amp; &lt\""), XmlErrorKind::Reference));
        assert!(matches!(fault(" a=\"& <\""), XmlErrorKind::Attribute(_)));
    }

    proptest! {
        #[test]
        fn names_are_split_and_judged_as_the_plain_rules_say(names in proptest::collection::vec("[a-zA-Z0-9_.:\u{b7}\u{e4}\\-&]{1,4}", 1..5)) {
            let raw: String = names.iter().map(|name| format!(" {name}='v'")).collect();
            let mut out = Vec::new();
            let outcome = split(&raw, 0, &Limits::default(), &mut out);
            let repeated = names.iter().enumerate().any(|(index, name)| names[..index].contains(name));
            match names.iter().position(|name| !is_name(name)) {
                Some(wrong) => {
                    let at = 1 + names[..wrong].iter().map(|name| name.len() + 5).sum::<usize>();
                    prop_assert_eq!(outcome, Err((at, XmlErrorKind::Attribute("an attribute name"))));
                }
                None if repeated => prop_assert!(matches!(outcome, Err((_, XmlErrorKind::DuplicateAttribute)))),
                None => {
                    prop_assert_eq!(outcome, Ok(()));
                    let found: Vec<&str> = out.iter().map(|attribute| attribute.name).collect();
                    prop_assert_eq!(found, names.iter().map(|name| local(name)).collect::<Vec<_>>());
                }
            }
        }

        #[test]
        fn a_simple_name_is_a_name_of_ascii_characters_without_a_colon(name in "[a-zA-Z0-9_.:\u{b7}\u{e4}\\- =-]{0,6}") {
            prop_assert_eq!(is_simple_name(&name), is_name(&name) && name.is_ascii() && !name.contains(':'));
        }
    }

    #[test]
    fn a_name_may_hold_what_xml_allows_beyond_ascii() {
        for name in ["\u{e4}", "\u{60b}", "a\u{b7}\u{301}", "x:\u{4e2d}", "\u{10400}"] {
            assert!(is_name(name), "{name}");
        }
        for name in ["", "\u{b7}", "\u{301}a", "\u{d7}", "\u{2014}", "a:1", ":a", "a:b:c"] {
            assert!(!is_name(name), "{name}");
        }
    }

    #[test]
    fn a_duplicate_among_many_attributes_is_found() {
        let mut raw: String = (0..100).map(|index| format!(" a{index}=\"\"")).collect();
        raw.push_str(" a7=\"\"");
        assert!(matches!(fault(&raw), XmlErrorKind::DuplicateAttribute));
    }

    #[test]
    fn a_prefix_is_stripped_but_a_namespace_declaration_is_not() {
        assert_eq!(
            names_and_values(" x:path=\"a\" xmlns:path=\"b\"").into_iter().map(|pair| pair.0).collect::<Vec<_>>(),
            ["path", "xmlns:path"]
        );
    }
}
