//! The pages of values: number and names in both generations, bit by bit, and what they do together.

use super::pages::{self, Page, related};
use super::texts::texts;
use super::{Explanation, Kind, attribute};
use crate::catalogue::{Setting, Value, access, cert_check, entry};
use crate::server::{Generation, binding_flags};

/// The flags of a binding, by their full name.
pub(super) const BINDING_FLAGS: &str = "binding@sslFlags";
/// The attribute that two elements have.
pub(super) const AMBIGUOUS: &str = "sslFlags";

/// Bits of `AuthFlags` on IIS 6 (IIScnfg.h, MD_AUTHORIZATION).
const AUTH: &[(u32, &str)] = &[(1, "AuthAnonymous"), (2, "AuthBasic"), (4, "AuthNTLM"), (16, "AuthMD5"), (64, "AuthPassport")];

/// The page of `text` as a value of `setting`; `None` where it is none.
pub(super) fn value(setting: Setting, text: &str) -> Option<Explanation> {
    if setting == Setting::AnonymousAuthentication
        && let Some(bits) = auth_flags(text)
    {
        return Some(auth(bits));
    }
    // A file of IIS 6 joins names by `|` and one of IIS 7 by `,`; either may be asked about.
    let parsed = [Generation::Iis6, Generation::Iis7]
        .into_iter()
        .map(|generation| Value::parse(setting, generation, text))
        .find(|value| !matches!(value, Value::Malformed(_)))?;
    match &parsed {
        // An empty list is a value in applicationHost.config only.
        Value::Flags(_) if text.is_empty() && setting != Setting::AccessFlags => None,
        Value::Flags(bits) => Some(flags(setting, *bits)),
        Value::Number(number) => Some(number_page(setting, *number)),
        Value::Malformed(_) => None,
        Value::Bool(_) | Value::Bytes(_) | Value::Text(_) | Value::None => Some(plain(setting, &parsed)),
    }
}

/// The page of a bit set.
pub(super) fn flags(setting: Setting, bits: u32) -> Explanation {
    let entry = entry(setting);
    let value = Value::Flags(bits);
    let name = entry.iis6.as_ref().map_or(setting.name(), |iis6| iis6.property);
    let mut page = Page::new(Kind::Value, format!("{name} = {bits} ({bits:#x})")).items("Written as", written(setting, &value));
    let mut lines: Vec<String> = entry.bits.iter().filter(|bit| bits & bit.value != 0).map(pages::bit).collect();
    for bit in single_bits(unknown_bits(setting, bits)) {
        let other = if setting == Setting::AccessFlags { permission(bit) } else { None };
        lines.push(match other {
            Some(name) => format!("{bit} ({bit:#x}): no SSL flag; it is `{name}` of another property, `AccessFlags`"),
            None => format!("{bit} ({bit:#x}): no known meaning"),
        });
    }
    page = page.items("Bits", lines);
    let effect = match setting {
        Setting::CertCheckMode => cert_check_effect(bits),
        Setting::AccessFlags => access_effect(bits),
        _ => vec![value.meaning(setting)],
    };
    related(page.items("Effect", effect), setting).section("See also", format!("`{}`", setting.name())).done()
}

fn unknown_bits(setting: Setting, bits: u32) -> u32 {
    bits & !entry(setting).bits.iter().fold(0, |all, bit| all | bit.value)
}

fn single_bits(bits: u32) -> impl Iterator<Item = u32> {
    (0..u32::BITS).map(|shift| 1 << shift).filter(move |bit| bits & bit != 0)
}

fn permission(bit: u32) -> Option<&'static str> {
    entry(Setting::AccessPermissions).bits.iter().find(|other| other.value == bit).map(|other| other.iis6)
}

/// How each generation writes a value. Texts come from outside and are left out.
fn written(setting: Setting, value: &Value) -> Vec<String> {
    let entry = entry(setting);
    let mut lines = Vec::new();
    if matches!(value, Value::Text(_)) {
        return lines;
    }
    if let Some(iis6) = &entry.iis6 {
        let shown = value.show(setting, Generation::Iis6);
        lines.push(format!("IIS 6: `{}=\"{shown}\"`", iis6.property));
    }
    if let Some(iis7) = &entry.iis7 {
        lines.push(if iis7.record.is_empty() {
            format!("IIS 7 and later: `{}=\"{}\"`", attribute(setting).unwrap_or_default(), value.show(setting, Generation::Iis7))
        } else {
            let names = match value.flags() {
                Some(bits) => {
                    let names: Vec<_> = entry.bits.iter().filter(|bit| bits & bit.value != 0).map(|bit| bit.iis7).collect();
                    if names.is_empty() { String::new() } else { format!(" (in WMI: {})", names.join(", ")) }
                }
                None => String::new(),
            };
            format!(
                "IIS 7 and later: `{}` {} in the HTTP.sys record{names}; it is not in applicationHost.config",
                iis7.record,
                value.show(setting, Generation::Iis7)
            )
        });
    }
    if let Some(number) = value.number() {
        lines.push(format!("Number: {number}, hexadecimal {number:#x}"));
    }
    lines
}

fn cert_check_effect(bits: u32) -> Vec<String> {
    use cert_check::{CACHE_ONLY, FRESHNESS, NO_REVOCATION, NO_USAGE};
    let mut lines = Vec::new();
    match bits & (NO_REVOCATION | CACHE_ONLY | FRESHNESS) {
        0 => lines.push("Revocation is checked online: a CRL is fetched when the cached one is missing or out of date. One that cannot be fetched answers 403.13.".to_owned()),
        NO_REVOCATION => lines.push("Revocation is not checked: revoked certificates are accepted. Trust (403.16) and dates (403.17) are checked all the same.".to_owned()),
        CACHE_ONLY => lines.push("Revocation is checked against cached CRLs only, nothing is fetched: a missing or expired one answers 403.13.".to_owned()),
        FRESHNESS => lines.push("Revocation is checked, and the CRL is fetched anew after RevocationFreshnessTime seconds even if the cached one is still valid.".to_owned()),
        several => {
            let names: Vec<_> = single_bits(several).map(|bit| bit.to_string()).collect();
            let (last, first) = names.split_last().map(|(last, first)| (last.as_str(), first.join(", "))).unwrap_or_default();
            lines.push(format!("Bits {first} and {last} exclude one another (documented). What the server makes of them together is not documented."));
            lines.push(if several & NO_REVOCATION != 0 {
                "Likely revocation is not checked, because bit 1 says so; if it is, 403.13 where a CRL cannot be had.".to_owned()
            } else {
                "Likely revocation is checked, because bit 1 is clear; whether CRLs are fetched is open, so 403.13 is possible.".to_owned()
            });
        }
    }
    if bits & NO_USAGE != 0 {
        lines.push("The usage Client Authentication is not checked: certificates made for another purpose are accepted.".to_owned());
    } else {
        lines.push("The usage Client Authentication is checked.".to_owned());
    }
    if bits != 0 && bits & NO_REVOCATION == 0 {
        lines.push("The value is above 0 and revocation is still checked: only bit 1 switches that off.".to_owned());
    }
    if bits & !cert_check::KNOWN != 0 {
        lines.push("Bits without a known meaning: whether they have an effect is not known.".to_owned());
    }
    lines
}

fn access_effect(bits: u32) -> Vec<String> {
    use access::{MAP, NEGOTIATE, REQUIRE, SSL, SSL128};
    let mut lines: Vec<&str> = Vec::new();
    lines.push(match (bits & SSL != 0, bits & SSL128 != 0) {
        (true, false) => "https is required: plain http answers 403.4.",
        (true, true) => "https with 128-bit encryption is required: plain http answers 403.4, weak encryption 403.5.",
        (false, true) => "128-bit encryption is required (403.5). Whether https is demanded by that alone is not documented; likely it is, because tools treat it so.",
        (false, false) => "plain http is served.",
    });
    lines.push(match (bits & NEGOTIATE != 0, bits & REQUIRE != 0) {
        (false, false) => "Client certificates are ignored: none is asked for.",
        (true, false) => {
            "A client certificate is accepted: it is asked for, and a client without one is served. One that does not pass the checks is refused although none is required \
             (seen on IIS 10, likely the same on IIS 6)."
        }
        (true, true) => "A client certificate is required: it is asked for, and none answers 403.7.",
        (false, true) => {
            "The URL requires a certificate and never asks for one: 403.7 on every request, unless the endpoint asks in the first \
             handshake, which likely makes it work. \
             This is documented for IIS 6 and likely for IIS 7 and later, whose flags have the same definition."
        }
    });
    if bits & (NEGOTIATE | REQUIRE) != 0 && bits & (SSL | SSL128) == 0 {
        lines.push(if bits & REQUIRE != 0 {
            "Certificates are wanted without https: over http no certificate can arrive, and the answer is 403.7 with no hint that https is needed."
        } else {
            "Certificates are wanted without https: over http the page is served and nobody is asked."
        });
    }
    if bits & MAP != 0 {
        lines.push(if bits & NEGOTIATE != 0 {
            "The certificate is mapped to an account (IIS 6)."
        } else {
            "The flag that maps is set without the one that asks: mapping never happens (documented for IIS 6)."
        });
        lines.push(
            "On IIS 7 and later `SslMapCert` is doubtful: sources disagree whether it exists, so writing it may be answered with 500.19.",
        );
    }
    if bits & !access::KNOWN != 0 {
        lines.push("Bits outside 0x1e8 are no SSL flags; often a value of `AccessFlags` was pasted.");
    }
    lines.into_iter().map(str::to_owned).collect()
}

fn number_page(setting: Setting, number: u64) -> Explanation {
    let entry = entry(setting);
    let name = entry.iis6.as_ref().map_or(setting.name(), |iis6| iis6.property);
    let value = Value::Number(number);
    let mut effect = vec![format!("{number} {}{}", entry.unit, in_words(entry.unit, number))];
    if number == 0 && !entry.when_zero.is_empty() {
        effect.push(entry.when_zero.to_owned());
    }
    match setting {
        Setting::RevocationFreshnessTime => {
            effect.push("It counts only while bit 4 of `CertCheckMode` is set.".to_owned());
            if number > 0 && number < 3600 {
                effect.push(
                    "Less than an hour means many fetches: delays, and 403.13 when one fails. An hour is our own threshold.".to_owned(),
                );
            }
        }
        Setting::UploadReadAheadSize if number > 0 && number < 1024 => {
            effect.push("Likely a mistake in the unit: it counts in bytes, not KB. Where a certificate is asked for late, almost every POST answers 413.".to_owned());
        }
        Setting::UploadReadAheadSize if number > 65536 => {
            effect.push("Above 65536: the server buffers this much of every request, which invites denial of service where no certificate is wanted.".to_owned());
        }
        _ => {}
    }
    let page = Page::new(Kind::Value, format!("{name} = {number} ({number:#x})"))
        .items("Written as", written(setting, &value))
        .items("Effect", effect);
    related(page, setting).section("See also", format!("`{}`", setting.name())).done()
}

/// A number in a larger unit, where that is exact.
fn in_words(unit: &str, number: u64) -> String {
    let steps: &[(u64, &str)] = match unit {
        "seconds" => &[(86400, "days"), (3600, "hours"), (60, "minutes")],
        "milliseconds" => &[(60_000, "minutes"), (1000, "seconds")],
        "bytes" => &[(1 << 20, "MB"), (1 << 10, "KB")],
        _ => &[],
    };
    match steps.iter().find(|(size, _)| number >= *size && number.is_multiple_of(*size)) {
        Some((size, name)) => {
            let count = number / size;
            let name = if count == 1 { name.trim_end_matches('s') } else { name };
            format!(", that is {count} {name}")
        }
        None => String::new(),
    }
}

/// The page of a truth value, a text, a thumbprint, or nothing.
fn plain(setting: Setting, value: &Value) -> Explanation {
    let entry = entry(setting);
    let name = entry.iis6.as_ref().map_or(setting.name(), |iis6| iis6.property);
    let title = match value {
        Value::Bool(value) => format!("{name} = {value}"),
        Value::None => format!("{name} without a value"),
        _ => format!("A value of {name}"),
    };
    let mut effect = match value {
        Value::Text(_) | Value::Bytes(_) => vec![entry.about.to_owned()],
        _ => vec![value.meaning(setting)],
    };
    match value {
        Value::Text(_) => effect.push("Two spellings that differ in letter case only are the same.".to_owned()),
        Value::Bytes(bytes) if bytes.len() != 20 => {
            effect.push(format!("It has {} bytes; a SHA-1 thumbprint has 20, so it is likely cut or no thumbprint.", bytes.len()));
        }
        _ => {}
    }
    let page = Page::new(Kind::Value, title).items("Written as", written(setting, value)).items("Effect", effect);
    related(page, setting).section("See also", format!("`{}`", setting.name())).done()
}

fn auth_flags(text: &str) -> Option<u32> {
    if text.is_empty() {
        return None;
    }
    if let Some(number) = super::code_number(text) {
        return Some(number);
    }
    text.split('|')
        .map(str::trim)
        .try_fold(0, |bits, name| AUTH.iter().find(|(_, other)| other.eq_ignore_ascii_case(name)).map(|(bit, _)| bits | bit))
}

fn auth(bits: u32) -> Explanation {
    let setting = Setting::AnonymousAuthentication;
    let names: Vec<_> = AUTH.iter().filter(|(bit, _)| bits & bit != 0).map(|(_, name)| *name).collect();
    let mut lines: Vec<String> =
        AUTH.iter().filter(|(bit, _)| bits & bit != 0).map(|(bit, name)| format!("{bit} ({bit:#x}), `{name}`")).collect();
    let unknown = bits & !AUTH.iter().fold(0, |all, (bit, _)| all | bit);
    lines.extend(single_bits(unknown).map(|bit| format!("{bit} ({bit:#x}): no known meaning")));
    let written = [
        format!("IIS 6: `AuthFlags=\"{}\"`", if names.is_empty() { "0".to_owned() } else { names.join(" | ") }),
        format!("IIS 7 and later: `anonymousAuthentication@enabled=\"{}\"`, and a section of its own for each other method", bits & 1 != 0),
        format!("Number: {bits}, hexadecimal {bits:#x}"),
    ];
    let page = Page::new(Kind::Value, format!("AuthFlags = {bits} ({bits:#x})"))
        .items("Written as", written)
        .items("Bits", lines)
        .items("Effect", [Value::Bool(bits & 1 != 0).meaning(setting)]);
    related(page, setting).section("See also", format!("`{}`", setting.name())).done()
}

/// Reads the flags of a binding: a number, or names, which IIS itself does not accept.
pub(super) fn parse_binding(text: &str) -> Option<u32> {
    if text.is_empty() || text.starts_with('-') {
        return None;
    }
    if let Some(number) = super::code_number(text) {
        return Some(number);
    }
    text.split(',').map(str::trim).try_fold(0, |bits, name| {
        texts().binding_flag.iter().find(|flag| flag.name.eq_ignore_ascii_case(name)).map(|flag| bits | flag.value)
    })
}

/// The page of flags of a binding.
pub(super) fn binding(bits: u32) -> Explanation {
    Page::new(Kind::Value, format!("{BINDING_FLAGS} = {bits} ({bits:#x})"))
        .section(
            "Written as",
            format!(
                "`{BINDING_FLAGS}=\"{bits}\"`, hexadecimal {bits:#x}. In the file it must be a decimal number; IIS 6 has no such setting."
            ),
        )
        .items("Bits", binding_bits(bits))
        .items("Effect", binding_effect(bits))
        .section("See also", format!("`{BINDING_FLAGS}`; what a URL demands is another setting, `access-flags`"))
        .done()
}

fn binding_bits(bits: u32) -> Vec<String> {
    let known = texts().binding_flag.iter().filter(|flag| bits & flag.value != 0).map(pages::binding_bit);
    let unknown =
        single_bits(bits & !binding_flags::KNOWN).map(|bit| format!("{bit} ({bit:#x}): no known meaning; it may be newer than this tool"));
    known.chain(unknown).collect()
}

fn binding_effect(bits: u32) -> Vec<String> {
    use binding_flags::{CCS, SNI};
    let mut lines = vec![if bits & CCS != 0 {
        "The binding is served by the record of its port for the Central Certificate Store (`ccs:port`), shared by all such bindings."
            .to_owned()
    } else if bits & SNI != 0 {
        "The binding is served by the record of its host name and port; a record of the exact IP address and port would win over it."
            .to_owned()
    } else {
        "The binding is served by the record of its IP address and port, which it shares with all such bindings whatever their host names."
            .to_owned()
    }];
    if bits & (CCS | SNI) != 0 {
        lines.push("A host name is needed.".to_owned());
    }
    if bits & CCS != 0 && bits & !(CCS | SNI) != 0 {
        lines.push("The other bits together with the Central Certificate Store are likely refused or ignored: open-source clients treat them as incompatible, the vendor does not say it.".to_owned());
    }
    if bits & !(CCS | SNI) & binding_flags::KNOWN != 0 {
        lines.push("What is in effect is what the HTTP.sys record says; the record may have been changed without the binding.".to_owned());
    }
    lines
}

/// Both readings of a value whose attribute two elements have.
pub(super) fn ambiguous(text: &str) -> Explanation {
    let bits = value(Setting::AccessFlags, text).filter(|_| !text.is_empty());
    let access = bits.map(|page| (page.title.clone(), section(&page, "Effect")));
    let access = match access {
        Some((title, effect)) => format!("What a URL demands. Read so it is {title}:\n{effect}"),
        None => "What a URL demands, a list of names. The value is none of it.".to_owned(),
    };
    let number = parse_binding(text);
    let binding = match number {
        Some(bits) if text.bytes().all(|byte| byte.is_ascii_digit()) => {
            let lines = binding_effect(bits).into_iter().chain(binding_bits(bits));
            format!(
                "Which record serves a binding. Read so it is {bits} ({bits:#x}):\n{}",
                lines.map(|line| format!("- {line}")).collect::<Vec<_>>().join("\n")
            )
        }
        _ => "Which record serves a binding. There it must be a number, which this value is not.".to_owned(),
    };
    Page::new(Kind::Ambiguous, "Which is meant: access@sslFlags or binding@sslFlags?")
        .section("access@sslFlags", access)
        .section("binding@sslFlags", binding)
        .done()
}

fn section(page: &Explanation, heading: &str) -> String {
    page.sections.iter().find(|(other, _)| other == heading).map(|(_, body)| body.clone()).unwrap_or_default()
}
