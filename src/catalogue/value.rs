//! Values: read from text, compared by meaning, shown in the spelling of their generation.

use std::sync::OnceLock;

use super::setting::{Kind, Setting, entry};
use crate::server::Generation;

/// Bits of the SSL access flags (IIScnfg.h, MD_SSL_ACCESS_PERM; the same numbers in every generation).
pub mod access {
    /// https is required.
    pub const SSL: u32 = 8;
    /// The client is asked for a certificate.
    pub const NEGOTIATE: u32 = 32;
    /// A client certificate is required.
    pub const REQUIRE: u32 = 64;
    /// The certificate is mapped to an account.
    pub const MAP: u32 = 128;
    /// 128-bit encryption is required.
    pub const SSL128: u32 = 256;
    /// All bits with a meaning.
    pub const KNOWN: u32 = SSL | NEGOTIATE | REQUIRE | MAP | SSL128;
}

/// Bits of CertCheckMode (IIScnfg.h; the same numbers in an HTTP.sys record).
pub mod cert_check {
    /// No revocation check.
    pub const NO_REVOCATION: u32 = 1;
    /// Cached CRLs only; still a check.
    pub const CACHE_ONLY: u32 = 2;
    /// The freshness time counts; still a check.
    pub const FRESHNESS: u32 = 4;
    /// No usage check.
    pub const NO_USAGE: u32 = 0x1_0000;
    /// All bits with a meaning.
    pub const KNOWN: u32 = NO_REVOCATION | CACHE_ONLY | FRESHNESS | NO_USAGE;
}

/// The value of a setting.
#[derive(Debug, Clone)]
pub enum Value {
    /// Nothing: no text, no bytes.
    None,
    /// A bit set, unknown bits included.
    Flags(u32),
    /// A number in the setting's unit.
    Number(u64),
    /// True or false.
    Bool(bool),
    /// A text, spelled as written; compared without regard to case.
    Text(String),
    /// Bytes, such as a thumbprint.
    Bytes(Vec<u8>),
    /// A text that is no value of this setting, kept as written.
    Malformed(String),
}

impl PartialEq for Value {
    /// Equal in meaning: `MY` and `My` are one store, 40 hex digits are one thumbprint in either case.
    fn eq(&self, other: &Value) -> bool {
        match (self, other) {
            (Value::None, Value::None) => true,
            (Value::Flags(a), Value::Flags(b)) => a == b,
            (Value::Number(a), Value::Number(b)) => a == b,
            (Value::Bool(a), Value::Bool(b)) => a == b,
            (Value::Text(a), Value::Text(b)) => a.eq_ignore_ascii_case(b) || a.to_lowercase() == b.to_lowercase(),
            (Value::Bytes(a), Value::Bytes(b)) => a == b,
            (Value::Malformed(a), Value::Malformed(b)) => a == b,
            _ => false,
        }
    }
}

impl Eq for Value {}

impl Value {
    /// Reads `text` as a value of `setting`. IIS 6 joins flag names by `|` and accepts numbers; IIS 7 and later join them by `,`.
    /// A text that is no such value comes back as [`Value::Malformed`], never as a guess.
    pub fn parse(setting: Setting, generation: Generation, text: &str) -> Value {
        let trimmed = text.trim();
        let parsed = match entry(setting).kind {
            Kind::Flags => parse_flags(setting, generation, trimmed).map(Value::Flags),
            Kind::Number => parse_number(trimmed).map(Value::Number),
            Kind::Bool => parse_bool(trimmed).map(Value::Bool),
            // No name and (null) both mean the personal store, the default of every generation.
            Kind::Text if setting == Setting::ServerCertificateStore && (trimmed.is_empty() || trimmed == "(null)") => {
                Some(Value::Text("MY".to_owned()))
            }
            Kind::Text if trimmed.is_empty() => Some(Value::None),
            Kind::Text => Some(Value::Text(trimmed.to_owned())),
            Kind::Bytes if trimmed.is_empty() => Some(Value::None),
            Kind::Bytes => parse_bytes(trimmed).map(Value::Bytes),
        };
        parsed.unwrap_or_else(|| Value::Malformed(text.to_owned()))
    }

    /// The value where nothing says anything, in `generation`; `None` where that generation has no such setting or keeps it in a
    /// store of its own, so that nothing can be said.
    pub fn default_of(setting: Setting, generation: Generation) -> Option<Value> {
        static DEFAULTS: OnceLock<Vec<[Option<Value>; 2]>> = OnceLock::new();
        let both = |setting: &Setting| [Generation::Iis6, Generation::Iis7].map(|generation| Value::read_default(*setting, generation));
        let defaults = DEFAULTS.get_or_init(|| Setting::ALL.iter().map(both).collect());
        defaults[setting as usize][usize::from(generation != Generation::Iis6)].clone()
    }

    fn read_default(setting: Setting, generation: Generation) -> Option<Value> {
        let entry = entry(setting);
        let text = match generation {
            Generation::Iis6 => entry.iis6.as_ref()?.default,
            Generation::Iis7 | Generation::IisExpress => entry.iis7.as_ref().filter(|iis7| iis7.record.is_empty())?.default,
        };
        if setting == Setting::AnonymousAuthentication && generation == Generation::Iis6 {
            return Some(Value::Bool(true));
        }
        Some(Value::parse(setting, generation, text))
    }

    /// The bits of a bit set.
    pub fn flags(&self) -> Option<u32> {
        match self {
            Value::Flags(bits) => Some(*bits),
            _ => None,
        }
    }

    /// The number.
    pub fn number(&self) -> Option<u64> {
        match self {
            Value::Number(number) => Some(*number),
            Value::Flags(bits) => Some(u64::from(*bits)),
            _ => None,
        }
    }

    /// The truth value.
    pub fn bool(&self) -> Option<bool> {
        match self {
            Value::Bool(value) => Some(*value),
            _ => None,
        }
    }

    /// The value as `generation` writes it: flag names, `true`, hexadecimal digits. Unknown bits of a bit set are shown as a number.
    /// The text comes from a file and may hold anything: it must be escaped for where it is printed.
    pub fn show(&self, setting: Setting, generation: Generation) -> String {
        match self {
            Value::None => String::new(),
            Value::Flags(bits) => show_flags(setting, generation, *bits),
            Value::Number(number) => number.to_string(),
            Value::Bool(value) => match generation {
                Generation::Iis6 => if *value { "TRUE" } else { "FALSE" }.to_owned(),
                Generation::Iis7 | Generation::IisExpress => value.to_string(),
            },
            Value::Text(text) | Value::Malformed(text) => text.clone(),
            Value::Bytes(bytes) => bytes.iter().map(|byte| format!("{byte:02x}")).collect(),
        }
    }

    /// What the value means for a client or an administrator, in the words of the catalogue.
    pub fn meaning(&self, setting: Setting) -> String {
        let entry = entry(setting);
        match self {
            Value::None => entry.when_none.to_owned(),
            Value::Flags(0) | Value::Number(0) if !entry.when_zero.is_empty() => entry.when_zero.to_owned(),
            Value::Flags(bits) => {
                let mut parts: Vec<String> =
                    entry.bits.iter().filter(|bit| bits & bit.value != 0).map(|bit| bit.meaning.to_owned()).collect();
                let revocation = cert_check::NO_REVOCATION | cert_check::CACHE_ONLY | cert_check::FRESHNESS;
                if setting == Setting::CertCheckMode && bits & revocation == 0 {
                    parts.insert(0, entry.when_zero.to_owned());
                }
                let unknown = bits & !entry.bits.iter().fold(0, |all, bit| all | bit.value);
                if unknown != 0 {
                    parts.push(format!("bits {unknown:#x} have no known meaning"));
                }
                parts.join("; ")
            }
            Value::Number(number) => format!("{number} {}", entry.unit),
            Value::Bool(true) => entry.when_true.to_owned(),
            Value::Bool(false) => entry.when_false.to_owned(),
            Value::Text(_) | Value::Bytes(_) => entry.title.to_owned(),
            Value::Malformed(_) => "not a value of this setting".to_owned(),
        }
    }
}

/// The words of a list of SSL access flags that is no value as a whole: the bits of those that are flags in any generation, and the others.
pub fn readable_access(text: &str) -> (u32, Vec<&str>) {
    let mut unknown = Vec::new();
    let words = text.split(['|', ',']).map(str::trim).filter(|word| !word.is_empty());
    let bits = words.fold(0, |bits, word| {
        let named =
            entry(Setting::AccessFlags).bits.iter().find(|bit| [&bit.iis6, &bit.iis7].iter().any(|name| name.eq_ignore_ascii_case(word)));
        match named.map(|bit| bit.value).or_else(|| u32::try_from(parse_number(word)?).ok()) {
            Some(bit) => bits | bit,
            None => {
                unknown.push(word);
                bits
            }
        }
    });
    (bits, unknown)
}

fn parse_flags(setting: Setting, generation: Generation, text: &str) -> Option<u32> {
    if text.is_empty() {
        // An empty list of flags is no flag in applicationHost.config; the metabase always writes 0.
        return Some(0);
    }
    let separator = if generation == Generation::Iis6 { '|' } else { ',' };
    text.split(separator).map(str::trim).try_fold(0, |bits, name| {
        let bit = match entry(setting).bits.iter().find(|bit| flag_name(bit, generation).eq_ignore_ascii_case(name)) {
            Some(bit) if !name.is_empty() => bit.value,
            _ if name.eq_ignore_ascii_case("None") && generation != Generation::Iis6 => 0,
            _ => u32::try_from(parse_number(name)?).ok()?,
        };
        Some(bits | bit)
    })
}

fn flag_name(bit: &super::setting::Bit, generation: Generation) -> &'static str {
    match generation {
        Generation::Iis6 => bit.iis6,
        Generation::Iis7 | Generation::IisExpress => bit.iis7,
    }
}

fn show_flags(setting: Setting, generation: Generation, bits: u32) -> String {
    if setting == Setting::CertCheckMode {
        // Written as a number everywhere; its constants appear in no file.
        return bits.to_string();
    }
    if bits == 0 {
        return if generation == Generation::Iis6 { "0" } else { "None" }.to_owned();
    }
    let mut rest = bits;
    let mut names = Vec::new();
    for bit in entry(setting).bits {
        if bits & bit.value != 0 && !flag_name(bit, generation).is_empty() {
            names.push(flag_name(bit, generation).to_owned());
            rest &= !bit.value;
        }
    }
    if rest != 0 {
        names.push(format!("{rest:#x}"));
    }
    names.join(if generation == Generation::Iis6 { " | " } else { ", " })
}

/// An unsigned number, decimal or with `0x`.
fn parse_number(text: &str) -> Option<u64> {
    match text.strip_prefix("0x").or_else(|| text.strip_prefix("0X")) {
        Some(digits) if digits.bytes().all(|byte| byte.is_ascii_hexdigit()) => u64::from_str_radix(digits, 16).ok(),
        None if text.bytes().all(|byte| byte.is_ascii_digit()) => text.parse().ok(),
        _ => None,
    }
}

fn parse_bool(text: &str) -> Option<bool> {
    // 0 and 1 are how a DWORD in a Custom element says it.
    match text {
        "1" => Some(true),
        "0" => Some(false),
        _ if text.eq_ignore_ascii_case("true") => Some(true),
        _ if text.eq_ignore_ascii_case("false") => Some(false),
        _ => None,
    }
}

fn parse_bytes(text: &str) -> Option<Vec<u8>> {
    let mut bytes = Vec::with_capacity(text.len() / 2);
    let mut first = None;
    for byte in text.bytes().filter(|byte| !byte.is_ascii_whitespace()) {
        let digit = u8::try_from(char::from(byte).to_digit(16)?).ok()?;
        match first.take() {
            None => first = Some(digit),
            Some(first) => bytes.push(first << 4 | digit),
        }
    }
    first.is_none().then_some(bytes)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bytes_are_pairs_of_hexadecimal_digits_in_either_case() {
        let read = |text: &str| Value::parse(Setting::ServerCertificate, Generation::Iis6, text);
        assert_eq!(read("00aB Ff\t1 0"), Value::Bytes(vec![0, 0xab, 0xff, 0x10]));
        for text in ["a", "abc", "+f", "ag", "\u{ff11}1"] {
            assert_eq!(read(text), Value::Malformed(text.to_owned()));
        }
    }

    fn flags(generation: Generation, text: &str) -> Value {
        Value::parse(Setting::AccessFlags, generation, text)
    }

    #[test]
    fn access_flags_are_read_from_names_numbers_and_mixtures() {
        for text in [
            "104",
            "0x68",
            "AccessSSL | AccessSSLNegotiateCert | AccessSSLRequireCert",
            "accessssl|96",
            "AccessSSL|AccessSSLNegotiateCert |AccessSSLRequireCert",
        ] {
            assert_eq!(flags(Generation::Iis6, text), Value::Flags(104), "{text}");
        }
        for text in ["Ssl, SslNegotiateCert, SslRequireCert", "ssl,sslnegotiatecert,SslRequireCert", "104"] {
            assert_eq!(flags(Generation::Iis7, text), Value::Flags(104), "{text}");
        }
        assert_eq!(flags(Generation::Iis7, "None"), Value::Flags(0));
        assert_eq!(flags(Generation::Iis7, ""), Value::Flags(0));
    }

    #[test]
    fn what_is_no_flag_is_kept_and_not_guessed() {
        for text in ["Ssl.SslRequireCert", "Ssl, Sni", "Ssl,,SslRequireCert", "-1", "99999999999", "0x"] {
            assert_eq!(flags(Generation::Iis7, text), Value::Malformed(text.to_owned()), "{text}");
        }
    }

    #[test]
    fn unknown_bits_are_kept_and_shown() {
        let value = flags(Generation::Iis6, "521");
        assert_eq!(value, Value::Flags(521));
        assert_eq!(value.show(Setting::AccessFlags, Generation::Iis6), "AccessSSL | 0x201");
        assert!(value.meaning(Setting::AccessFlags).contains("0x201"));
    }

    #[test]
    fn cert_check_mode_says_what_each_bit_does_and_only_bit_1_switches_the_check_off() {
        let meaning = |bits| Value::Flags(bits).meaning(Setting::CertCheckMode);
        assert!(meaning(0).starts_with("revocation is checked"));
        assert!(meaning(1).contains("not checked"));
        assert!(meaning(2).contains("cached CRLs only"));
        assert!(meaning(4).contains("fetched anew"));
        assert!(meaning(0x1_0000).starts_with("revocation is checked") && meaning(0x1_0000).contains("usage"));
        assert_eq!(Value::parse(Setting::CertCheckMode, Generation::Iis6, "0x1"), Value::Flags(1));
    }

    #[test]
    fn values_are_equal_by_meaning() {
        let hash = |text| Value::parse(Setting::ServerCertificate, Generation::Iis6, text);
        assert_eq!(hash("3F6C1E"), hash("3f6c1e"));
        let store = |text: &str| Value::parse(Setting::ServerCertificateStore, Generation::Iis6, text);
        assert_eq!(store("MY"), store("my"));
        assert_eq!(store(""), store("MY"));
    }

    #[test]
    fn defaults_follow_the_generation_and_are_unknown_where_a_record_decides() {
        assert_eq!(Value::default_of(Setting::RevocationFreshnessTime, Generation::Iis6), Some(Value::Number(86400)));
        assert_eq!(Value::default_of(Setting::CertCheckMode, Generation::Iis7), None);
        assert_eq!(Value::default_of(Setting::AccessFlags, Generation::Iis7), Some(Value::Flags(0)));
        assert_eq!(Value::default_of(Setting::AllowDoubleEscaping, Generation::Iis6), None);
    }
}
