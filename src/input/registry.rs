//! Exports of the registry: .reg files of both versions, the text of `reg query`, and property lists of PowerShell, mixed as they
//! come. It gives keys with their values and places; a line that is none of these is kept as unknown.

use super::{FileId, Place};

/// A text read as an export of the registry.
#[derive(Debug, Default)]
pub(crate) struct RegistryText {
    /// Keys in file order; one that is named twice stands twice.
    pub(crate) keys: Vec<Key>,
    /// Lines that are not understood: (text, place).
    pub(crate) unknown: Vec<(String, Place)>,
}

/// A key.
#[derive(Debug)]
pub(crate) struct Key {
    /// Its path as written.
    pub(crate) path: String,
    pub(crate) place: Place,
    pub(crate) values: Vec<Value>,
}

/// A value of a key.
#[derive(Debug)]
pub(crate) struct Value {
    /// Its name; empty for the default value.
    pub(crate) name: String,
    pub(crate) data: Data,
    /// Its data as the file shows it.
    pub(crate) shown: String,
    pub(crate) place: Place,
}

/// The data of a value.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Data {
    Number(u64),
    Text(String),
    Bytes(Vec<u8>),
    /// Anything else, such as data that cannot be read.
    Other,
}

impl Value {
    /// A number that fits into a DWORD. PowerShell shows numbers without their type, so digits alone are one too.
    pub(crate) fn dword(&self) -> Option<u32> {
        match &self.data {
            Data::Number(number) => u32::try_from(*number).ok(),
            _ => None,
        }
    }

    /// Its name and data on one line.
    pub(crate) fn text(&self) -> String {
        format!("{} = {}", if self.name.is_empty() { "(Default)" } else { &self.name }, self.shown)
    }
}

impl Key {
    /// The parts of the path below `parts`, which must be consecutive parts of it; without regard to letter case.
    pub(crate) fn below<'a>(&'a self, parts: &[&str]) -> Option<Vec<&'a str>> {
        let path: Vec<&str> = self.path.split('\\').take(64).collect();
        let at = path.windows(parts.len()).position(|window| window.iter().zip(parts).all(|(a, b)| a.eq_ignore_ascii_case(b)))?;
        Some(path[at + parts.len()..].to_vec())
    }

    /// The control set that the path names, such as `CurrentControlSet` or `ControlSet001`, in lower case.
    pub(crate) fn control_set(&self) -> Option<String> {
        self.path.split('\\').take(64).map(str::to_ascii_lowercase).find(|part| part.contains("controlset"))
    }
}

/// Reads `text`.
pub(crate) fn read(text: &str, file: FileId) -> RegistryText {
    let mut out = RegistryText::default();
    // Whether values may follow for the last key. A deleted key has none.
    let mut open = false;
    let mut list: Vec<Value> = Vec::new();
    let mut wide = true;
    let mut lines = text.lines().enumerate().peekable();
    while let Some((number, raw)) = lines.next() {
        let line = raw.trim_matches(|c: char| c.is_whitespace() || c == '\0' || c == '\u{feff}');
        let column = u32::try_from(raw.len() - raw.trim_start().len() + 1).unwrap_or(u32::MAX);
        let place = Place { file, line: u32::try_from(number + 1).unwrap_or(u32::MAX), column };
        if line.is_empty() {
            flush(&mut list, &mut out);
            continue;
        }
        if line.starts_with(';') || line.starts_with("Windows Registry Editor") || line.starts_with("! REG.EXE") {
            continue;
        }
        if line == "REGEDIT4" {
            wide = false;
            continue;
        }
        if let Some(path) = line.strip_prefix('[').and_then(|line| line.strip_suffix(']')) {
            open = !path.starts_with('-');
            if open {
                out.keys.push(Key { path: path.to_owned(), place, values: Vec::new() });
            } else {
                out.unknown.push((line.to_owned(), place));
            }
            continue;
        }
        if starts_key(line) {
            open = true;
            out.keys.push(Key { path: line.trim_end_matches('\\').to_owned(), place, values: Vec::new() });
            continue;
        }
        if line.starts_with('"') || line.starts_with("@=") {
            // Only hexadecimal data goes on behind a backslash; a text may end in one.
            let mut joined = line.to_owned();
            if !joined.ends_with('"') {
                while joined.ends_with('\\') {
                    joined.pop();
                    let Some((_, next)) = lines.next_if(|(_, next)| is_hex_continuation(next)) else { break };
                    joined.push_str(next.trim());
                }
            }
            match (exported(&joined, wide, place), out.keys.last_mut()) {
                (Some(value), Some(key)) if open => key.values.push(value),
                _ => out.unknown.push((joined, place)),
            }
            continue;
        }
        if let Some(value) = queried(line, place) {
            match out.keys.last_mut() {
                Some(key) if open => key.values.push(value),
                _ => out.unknown.push((line.to_owned(), place)),
            }
            continue;
        }
        if let Some((name, data)) = line.split_once(" :").filter(|(name, _)| is_property_name(name.trim())) {
            let mut data = data.trim().to_owned();
            // A list is as wide as the console was: the rest of a long value stands below it, behind many blanks.
            while let Some((_, next)) =
                lines.next_if(|(_, next)| next.starts_with("       ") && !next.contains(" : ") && !next.trim().is_empty())
            {
                data.push_str(next.trim());
            }
            list.push(listed(name.trim(), &data, place));
            continue;
        }
        if !line.starts_with("End of search") {
            out.unknown.push((line.to_owned(), place));
        }
    }
    flush(&mut list, &mut out);
    out
}

/// Ends a property list: PSPath says which key it is of.
fn flush(list: &mut Vec<Value>, out: &mut RegistryText) {
    if list.is_empty() {
        return;
    }
    let values = std::mem::take(list);
    let path = values.iter().find(|value| value.name.eq_ignore_ascii_case("PSPath")).and_then(|value| {
        let shown = value.shown.trim();
        let path = shown.split_once("::").map_or(shown, |(_, path)| path);
        starts_key(path).then(|| (path.to_owned(), value.place))
    });
    match path {
        Some((path, at)) => {
            let place = values.first().map_or(at, |value| value.place);
            let values = values.into_iter().filter(|value| !is_provider_property(&value.name)).collect();
            out.keys.push(Key { path, place, values });
        }
        None => out.unknown.extend(values.into_iter().map(|value| (format!("{} : {}", value.name, value.shown), value.place))),
    }
}

fn is_provider_property(name: &str) -> bool {
    ["PSPath", "PSParentPath", "PSChildName", "PSDrive", "PSProvider"].iter().any(|known| name.eq_ignore_ascii_case(known))
}

fn is_property_name(name: &str) -> bool {
    !name.is_empty() && name.len() <= 255 && !name.contains(char::is_whitespace)
}

fn starts_key(line: &str) -> bool {
    let starts = |head: &str| line.get(..head.len()).is_some_and(|start| start.eq_ignore_ascii_case(head));
    starts("HKEY_") || starts("HKLM\\") || starts("HKU\\")
}

fn is_hex_continuation(line: &str) -> bool {
    let line = line.trim();
    !line.is_empty() && line.bytes().all(|byte| byte.is_ascii_hexdigit() || matches!(byte, b',' | b'\\' | b' '))
}

/// A value of a .reg file.
fn exported(line: &str, wide: bool, place: Place) -> Option<Value> {
    let (name, rest) = match line.strip_prefix('@') {
        Some(rest) => (String::new(), rest),
        None => quoted(line)?,
    };
    let shown = rest.trim_start().strip_prefix('=')?.trim().to_owned();
    if shown == "-" {
        return None;
    }
    let data = if shown.starts_with('"') {
        match quoted(&shown) {
            Some((text, rest)) if rest.trim().is_empty() => Data::Text(text),
            _ => Data::Other,
        }
    } else if let Some(digits) = shown.strip_prefix("dword:") {
        u32::from_str_radix(digits.trim(), 16).map_or(Data::Other, |number| Data::Number(u64::from(number)))
    } else if let Some((kind, digits)) = shown.strip_prefix("hex").and_then(|rest| rest.split_once(':')) {
        let bytes: Option<Vec<u8>> = digits
            .split(',')
            .map(str::trim)
            .filter(|digits| !digits.is_empty())
            .map(|digits| u8::from_str_radix(digits, 16).ok())
            .collect();
        match (kind, bytes) {
            (_, None) => Data::Other,
            ("(1)" | "(2)", Some(bytes)) => Data::Text(text_of(&bytes, wide)),
            ("(4)" | "(b)" | "(B)", Some(bytes)) if bytes.len() <= 8 => {
                Data::Number(bytes.iter().rev().fold(0, |number, byte| number << 8 | u64::from(*byte)))
            }
            (_, Some(bytes)) => Data::Bytes(bytes),
        }
    } else {
        Data::Other
    };
    Some(Value { name, data, shown, place })
}

/// A text in quotation marks, and what follows it.
fn quoted(text: &str) -> Option<(String, &str)> {
    let inner = text.strip_prefix('"')?;
    let mut out = String::new();
    let mut chars = inner.char_indices();
    while let Some((at, c)) = chars.next() {
        match c {
            '"' => return Some((out, &inner[at + 1..])),
            '\\' => out.push(chars.next()?.1),
            c => out.push(c),
        }
    }
    None
}

fn text_of(bytes: &[u8], wide: bool) -> String {
    let text: String = if wide {
        let units = bytes.chunks_exact(2).map(|pair| u16::from_le_bytes([pair[0], pair[1]]));
        char::decode_utf16(units).map(|unit| unit.unwrap_or(char::REPLACEMENT_CHARACTER)).collect()
    } else {
        bytes.iter().copied().map(char::from).collect()
    };
    text.trim_end_matches('\0').to_owned()
}

/// A value of `reg query`: name, type and data between blanks or tabs.
fn queried(line: &str, place: Place) -> Option<Value> {
    let at = line.match_indices("REG_").map(|(at, _)| at).find(|at| line[..*at].ends_with([' ', '\t']))?;
    let (name, rest) = (line[..at].trim(), &line[at..]);
    let (kind, shown) = rest.split_once(char::is_whitespace).unwrap_or((rest, ""));
    let shown = shown.trim();
    let number = || {
        // Windows XP adds the decimal number in parentheses.
        let first = shown.split_whitespace().next().unwrap_or(shown);
        match first.strip_prefix("0x").or_else(|| first.strip_prefix("0X")) {
            Some(digits) => u64::from_str_radix(digits, 16).ok(),
            None => first.parse().ok(),
        }
    };
    let data = match kind {
        "REG_DWORD" | "REG_QWORD" | "REG_DWORD_LITTLE_ENDIAN" => number().map_or(Data::Other, Data::Number),
        "REG_SZ" | "REG_EXPAND_SZ" => Data::Text(shown.to_owned()),
        "REG_BINARY" | "REG_NONE" => hex_pairs(shown).map_or(Data::Other, Data::Bytes),
        kind if kind.bytes().all(|byte| byte.is_ascii_uppercase() || byte == b'_') => Data::Other,
        _ => return None,
    };
    let name = if name == "(Default)" || name == "<NO NAME>" { "" } else { name };
    Some(Value { name: name.to_owned(), data, shown: shown.to_owned(), place })
}

fn hex_pairs(text: &str) -> Option<Vec<u8>> {
    let digits: Vec<u32> = text.chars().map(|digit| digit.to_digit(16)).collect::<Option<_>>()?;
    let pairs = digits.chunks_exact(2);
    if !pairs.remainder().is_empty() {
        return None;
    }
    pairs.map(|pair| u8::try_from(pair[0] * 16 + pair[1]).ok()).collect()
}

/// A property of a PowerShell list: digits are a number, a list in braces are bytes when it is not shortened.
fn listed(name: &str, data: &str, place: Place) -> Value {
    let parsed = if let Ok(number) = data.parse::<u64>() {
        Data::Number(number)
    } else if let Some(inner) = data.strip_prefix('{').and_then(|data| data.strip_suffix('}')).filter(|inner| inner.contains(',')) {
        let bytes: Option<Vec<u8>> = inner.split(',').map(|byte| byte.trim().parse().ok()).collect();
        bytes.map_or(Data::Other, Data::Bytes)
    } else {
        Data::Text(data.to_owned())
    };
    Value { name: name.to_owned(), data: parsed, shown: data.to_owned(), place }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn one(text: &str) -> Key {
        let mut out = read(text, FileId(0));
        assert_eq!(out.unknown.len(), 0, "{:?}", out.unknown);
        assert_eq!(out.keys.len(), 1);
        out.keys.remove(0)
    }

    fn data(key: &Key, name: &str) -> Data {
        key.values.iter().find(|value| value.name == name).map(|value| value.data.clone()).unwrap()
    }

    #[test]
    fn a_reg_file_is_read_with_continued_hexadecimal_data_and_escapes() {
        let key = one(
            "Windows Registry Editor Version 5.00\r\n\r\n; a note\r\n[HKEY_LOCAL_MACHINE\\A\\B]\r\n\"Hash\"=hex:01,02,\\\r\n  0a,ff\r\n\
             \"Path\"=\"C:\\\\x \\\"y\\\"\\\\\"\r\n\"Wide\"=hex(2):4d,00,59,00,00,00\r\n\"N\"=dword:00010001\r\n\"Q\"=hex(b):01,00,00,00,01,00,00,00\r\n@=\"d\"\r\n",
        );
        assert_eq!(key.path, "HKEY_LOCAL_MACHINE\\A\\B");
        assert_eq!(data(&key, "Hash"), Data::Bytes(vec![1, 2, 10, 255]));
        assert_eq!(data(&key, "Path"), Data::Text("C:\\x \"y\"\\".to_owned()));
        assert_eq!(data(&key, "Wide"), Data::Text("MY".to_owned()));
        assert_eq!(data(&key, "N"), Data::Number(0x1_0001));
        assert_eq!(data(&key, "Q"), Data::Number(0x1_0000_0001));
        assert_eq!(data(&key, ""), Data::Text("d".to_owned()));
        assert_eq!((key.place.line, key.values[1].place.line), (4, 7));
    }

    #[test]
    fn an_old_reg_file_has_texts_of_single_bytes() {
        let key = one("REGEDIT4\n\n[HKEY_LOCAL_MACHINE\\A]\n\"Wide\"=hex(2):4d,59,00\n");
        assert_eq!(data(&key, "Wide"), Data::Text("MY".to_owned()));
    }

    #[test]
    fn the_text_of_reg_query_is_read_with_blanks_and_with_tabs() {
        let key = one(
            "\r\nHKLM\\A\\0.0.0.0:443\r\n    (Default)    REG_SZ    x y\r\n    My Name    REG_DWORD    0x1f\r\n\tOld\tREG_DWORD\t0x2 (2)\r\n\
             \x20   B    REG_BINARY    0AFF\r\n    Empty    REG_SZ\r\n\r\nEnd of search: 4 match(es) found.\r\n",
        );
        assert_eq!(data(&key, ""), Data::Text("x y".to_owned()));
        assert_eq!(data(&key, "My Name"), Data::Number(31));
        assert_eq!(data(&key, "Old"), Data::Number(2));
        assert_eq!(data(&key, "B"), Data::Bytes(vec![10, 255]));
        assert_eq!(data(&key, "Empty"), Data::Text(String::new()));
    }

    #[test]
    fn a_property_list_of_powershell_belongs_to_its_path_even_when_that_is_wrapped() {
        let key = one(
            "SendTrustedIssuerList : 1\nSslCertHash           : {31, 12, 255}\nPSPath                : Microsoft.PowerShell.Core\\Registry::HKEY_LOCAL_MACHINE\\SYS\n\
             \x20                       TEM\\X\nPSChildName           : X\n",
        );
        assert_eq!(key.path, "HKEY_LOCAL_MACHINE\\SYSTEM\\X");
        assert_eq!(data(&key, "SendTrustedIssuerList"), Data::Number(1));
        assert_eq!(data(&key, "SslCertHash"), Data::Bytes(vec![31, 12, 255]));
        assert_eq!(key.values.len(), 2);
    }

    #[test]
    fn what_deletes_and_what_is_none_of_this_is_kept_as_unknown() {
        let out = read(
            "\"early\"=dword:1\n[-HKEY_LOCAL_MACHINE\\A]\n\"x\"=dword:1\n[HKEY_LOCAL_MACHINE\\B]\n\"y\"=-\nhello\n\"z\"=hex:zz\n",
            FileId(0),
        );
        let unknown: Vec<u32> = out.unknown.iter().map(|(_, place)| place.line).collect();
        assert_eq!(unknown, [1, 2, 3, 5, 6]);
        assert_eq!(out.keys[0].values[0].data, Data::Other);
        assert_eq!(out.keys[0].values[0].shown, "hex:zz");
    }
}
