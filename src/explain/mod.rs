//! Explains a rule, a setting, a value, a status, a code or a notice in plain words, from the catalogue and `schemas/statuses.toml`.
//!
//! It promises that nothing of the topic's own text comes back in an explanation, so a topic from anywhere is safe to ask about, and that
//! what is uncertain is called likely.

mod lists;
mod nearest;
mod pages;
mod texts;
mod values;

use std::fmt;

use serde::Serialize;

pub use lists::{List, list};
pub(crate) use nearest::nearest;
pub(crate) use pages::POWERSHELL;

use crate::catalogue::{Setting, entry};
use crate::diagnose::{CAUSES, Cause};
use crate::rules::{RULES, rule};

/// A longer topic is none.
const LONGEST: usize = 256;

/// What an explanation is about.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Kind {
    /// A rule.
    Rule,
    /// A setting.
    Setting,
    /// A value of a setting.
    Value,
    /// What a client gets.
    Status,
    /// A win32 status or HRESULT.
    Code,
    /// A cause of a status, as `diagnose` judges it.
    Cause,
    /// A value of the registry that holds for the whole server.
    Registry,
    /// An event of Windows.
    Event,
    /// What a report says about itself.
    Notice,
    /// A word with two meanings.
    Ambiguous,
}

/// An explanation: pure data, safe to print anywhere. In a body every line is a paragraph; one that starts with `- ` is an item of a
/// list, one that starts with four blanks is a command and must not be wrapped.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Explanation {
    /// What it is about.
    pub kind: Kind,
    /// One line.
    pub title: String,
    /// Heading and body, in order.
    pub sections: Vec<(String, String)>,
}

/// There is no such topic, or the value is none of its setting.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Unknown {
    /// The setting whose value cannot be read; `None` where the topic itself is not known.
    pub setting: Option<Setting>,
    /// The words of the value that are no flag of the setting, as they were asked for.
    pub words: Vec<String>,
    /// Topics that may be meant, the nearest first.
    pub nearest: Vec<String>,
}

impl fmt::Display for Unknown {
    /// The topic itself is not in it: it comes from outside, and whoever prints it must escape it.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.setting {
            Some(setting) => write!(f, "not a value of {setting}")?,
            None => f.write_str("no such topic")?,
        }
        if !self.nearest.is_empty() {
            write!(f, "; nearest: {}", self.nearest.join(", "))?;
        }
        Ok(())
    }
}

impl std::error::Error for Unknown {}

/// A word that [`explain`] knows. Values of settings, such as `CertCheckMode=5`, are known as well and not listed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Topic {
    /// The word.
    pub name: String,
    /// What it is.
    pub kind: Kind,
}

/// All topics, by kind, in the order of their tables.
pub fn topics() -> Vec<Topic> {
    let mut topics = Vec::new();
    let mut add = |kind: Kind, name: &str| topics.push(Topic { name: name.to_owned(), kind });
    for rule in RULES {
        add(Kind::Rule, rule.name);
    }
    // A cause and a rule can have one name; what is said of both stands on one page.
    for cause in CAUSES.iter().filter(|cause| rule(cause.id).is_none()) {
        add(Kind::Cause, cause.id);
    }
    for setting in Setting::ALL {
        for name in names(*setting) {
            add(Kind::Setting, &name);
        }
    }
    add(Kind::Setting, values::BINDING_FLAGS);
    add(Kind::Ambiguous, values::AMBIGUOUS);
    for setting in Setting::ALL {
        for bit in entry(*setting).bits {
            for name in [&bit.iis6, &bit.iis7].into_iter().filter(|name| !name.is_empty()) {
                add(Kind::Value, name);
            }
        }
    }
    for flag in &texts::texts().binding_flag {
        add(Kind::Value, &flag.name);
    }
    for status in &texts::texts().status {
        add(Kind::Status, &status.name);
        for alias in &status.aliases {
            add(Kind::Status, alias);
        }
    }
    for code in &texts::texts().code {
        if !code.name.is_empty() {
            add(Kind::Code, &code.name);
        }
        add(Kind::Code, &format!("{:#010x}", code.value));
        add(Kind::Code, &code.value.to_string());
        if let Some(win32) = code.win32 {
            add(Kind::Code, &win32.to_string());
        }
    }
    for setting in Setting::ALL {
        for name in registry(*setting) {
            add(Kind::Setting, name);
        }
    }
    for value in &texts::texts().registry {
        add(Kind::Registry, &value.name);
    }
    for event in &texts::texts().event {
        add(Kind::Event, &event.id.to_string());
    }
    for notice in &texts::texts().notice {
        add(Kind::Notice, &notice.name);
    }
    topics
}

/// Names of all statuses, each of which has a page in the documentation.
pub fn statuses() -> impl Iterator<Item = &'static str> {
    texts::texts().status.iter().map(|status| status.name.as_str())
}

/// The page of a cause alone, also where a rule has the same name.
pub fn cause_page(cause: &Cause) -> Explanation {
    pages::cause(cause)
}

/// The name of the status that is called `text`, and its title.
pub fn status_named(text: &str) -> Option<(&'static str, &'static str)> {
    let same = |name: &str| name.eq_ignore_ascii_case(text.trim());
    let status = texts::texts().status.iter().find(|status| same(&status.name) || status.aliases.iter().any(|alias| same(alias)))?;
    Some((&status.name, &status.title))
}

/// Explains `topic`: a rule, a setting by any of its names, a value such as `CertCheckMode=5`, a flag, a status such as `403.13`, a win32
/// status or HRESULT as number or name, or a notice. Letter case does not matter.
pub fn explain(topic: &str) -> Result<Explanation, Unknown> {
    let topic = topic.trim();
    if topic.len() > LONGEST {
        return Err(Unknown { setting: None, words: Vec::new(), nearest: Vec::new() });
    }
    if let Some((name, value)) = topic.split_once('=') {
        return explain_value(name.trim(), unquote(value.trim()));
    }
    let same = |name: &str| name.eq_ignore_ascii_case(topic);
    let texts = texts::texts();
    if let Some(rule) = rule(topic) {
        let mut page = pages::rule(rule);
        let both = crate::diagnose::cause(topic).map(pages::cause);
        page.sections
            .extend(both.into_iter().flat_map(|page| page.sections).map(|(heading, body)| (format!("As a cause: {heading}"), body)));
        return Ok(page);
    }
    if let Some(cause) = crate::diagnose::cause(topic) {
        return Ok(pages::cause(cause));
    }
    if let Some(setting) = setting(topic) {
        return Ok(pages::setting(setting));
    }
    if same(values::BINDING_FLAGS) {
        return Ok(pages::binding_flags());
    }
    if same(values::AMBIGUOUS) {
        return Ok(pages::ambiguous());
    }
    for setting in Setting::ALL {
        if let Some(bit) = entry(*setting).bits.iter().find(|bit| !topic.is_empty() && (same(bit.iis6) || same(bit.iis7))) {
            return Ok(values::flags(*setting, bit.value));
        }
    }
    if let Some(flag) = texts.binding_flag.iter().find(|flag| same(&flag.name)) {
        return Ok(values::binding(flag.value));
    }
    if let Some(status) = texts.status.iter().find(|status| same(&status.name) || status.aliases.iter().any(|alias| same(alias))) {
        return Ok(pages::status(status));
    }
    let number = code_number(topic);
    let is_code = |code: &&texts::Code| {
        (!code.name.is_empty() && same(&code.name)) || number.is_some_and(|n| n == code.value || Some(n) == code.win32)
    };
    if let Some(code) = texts.code.iter().find(is_code) {
        return Ok(pages::code(code));
    }
    if let Some(value) = texts.registry.iter().find(|value| same(&value.name)) {
        return Ok(pages::registry(value));
    }
    if let Some(event) = texts.event.iter().find(|event| number == Some(event.id)) {
        return Ok(pages::event(event));
    }
    if let Some(notice) = texts.notice.iter().find(|notice| same(&notice.name)) {
        return Ok(pages::notice(notice));
    }
    Err(unknown(topic))
}

fn explain_value(name: &str, value: &str) -> Result<Explanation, Unknown> {
    let unreadable = |setting: Option<Setting>, nearest: &[&str]| Unknown {
        setting,
        words: setting.map(|setting| no_flags(setting, value)).unwrap_or_default(),
        nearest: nearest.iter().map(|&n| n.to_owned()).collect(),
    };
    if name.eq_ignore_ascii_case(values::BINDING_FLAGS) {
        return values::parse_binding(value).map(values::binding).ok_or_else(|| unreadable(None, &[values::BINDING_FLAGS]));
    }
    if name.eq_ignore_ascii_case(values::AMBIGUOUS) {
        return Ok(values::ambiguous(value));
    }
    match setting(name) {
        Some(setting) => values::value(setting, value).ok_or_else(|| unreadable(Some(setting), &[setting.name()])),
        None => Err(unknown(name)),
    }
}

/// The words of a list that are neither a flag of the setting nor a number; nothing for a setting without flags.
fn no_flags(setting: Setting, value: &str) -> Vec<String> {
    let bits = &entry(setting).bits;
    if bits.is_empty() {
        return Vec::new();
    }
    let is_flag = |word: &str| bits.iter().any(|bit| [&bit.iis6, &bit.iis7].iter().any(|name| name.eq_ignore_ascii_case(word)));
    let words = value.split(['|', ',']).map(str::trim).filter(|word| !word.is_empty());
    words.filter(|word| !is_flag(word) && code_number(word).is_none()).map(str::to_owned).collect()
}

fn unknown(word: &str) -> Unknown {
    let topics = topics();
    Unknown { setting: None, words: Vec::new(), nearest: nearest(word, topics.iter().map(|topic| topic.name.as_str())) }
}

/// The setting that any generation, record or file calls `name`.
fn setting(name: &str) -> Option<Setting> {
    Setting::ALL.iter().copied().find(|setting| {
        names(*setting).iter().any(|other| other.eq_ignore_ascii_case(name))
            || netsh(*setting).iter().chain(registry(*setting)).any(|other| other.eq_ignore_ascii_case(name))
    })
}

/// Every name of `setting` that is one word, each once: the catalogue's, the metabase property, `section@attribute`, the record's field.
pub(crate) fn names(setting: Setting) -> Vec<String> {
    let entry = entry(setting);
    let mut names = vec![setting.name().to_owned()];
    let mut add = |name: &str| {
        if !name.is_empty() && !name.contains(' ') && !names.iter().any(|other| other.eq_ignore_ascii_case(name)) {
            names.push(name.to_owned());
        }
    };
    if let Some(iis6) = &entry.iis6 {
        add(iis6.property);
    }
    if let Some(iis7) = &entry.iis7 {
        if let Some(written) = attribute(setting) {
            add(&written);
            // `enabled` and the like belong to many sections and name nothing by themselves.
            let bare = iis7.attribute.rsplit('/').next().unwrap_or_default();
            if !bare.eq_ignore_ascii_case("enabled") && !bare.eq_ignore_ascii_case(values::AMBIGUOUS) {
                add(bare);
            }
        }
        add(iis7.record);
    }
    names
}

/// How applicationHost.config says `setting`: element and attribute, such as `access@sslFlags`.
fn attribute(setting: Setting) -> Option<String> {
    let iis7 = entry(setting).iis7.as_ref().filter(|iis7| !iis7.section.is_empty())?;
    let (element, attribute) = match iis7.attribute.rsplit_once('/') {
        Some((element, attribute)) => (element, attribute),
        None => (iis7.section.rsplit('/').next().unwrap_or_default(), iis7.attribute),
    };
    Some(format!("{element}@{attribute}"))
}

/// The words by which `netsh http add sslcert` sets it.
fn netsh(setting: Setting) -> &'static [&'static str] {
    match setting {
        Setting::CertCheckMode => &["verifyclientcertrevocation", "verifyrevocationwithcachedclientcertonly", "usagecheck"],
        Setting::RevocationFreshnessTime => &["revocationfreshnesstime"],
        Setting::RevocationUrlRetrievalTimeout => &["urlretrievaltimeout"],
        Setting::CtlIdentifier => &["sslctlidentifier"],
        Setting::CtlStoreName => &["sslctlstorename"],
        Setting::DsMapper => &["dsmapperusage"],
        Setting::NegotiateClientCertificate => &["clientcertnegotiation"],
        Setting::ServerCertificate => &["certhash"],
        Setting::ServerCertificateStore => &["certstorename"],
        _ => &[],
    }
}

/// How the registry calls it, in the key of a record below `SslBindingInfo`.
fn registry(setting: Setting) -> &'static [&'static str] {
    match setting {
        Setting::CertCheckMode => &["DefaultSslCertCheckMode"],
        Setting::RevocationFreshnessTime => &["DefaultSslRevocationFreshnessTime"],
        Setting::RevocationUrlRetrievalTimeout => &["DefaultSslRevocationUrlRetrievalTimeout"],
        _ => &[],
    }
}

fn unquote(text: &str) -> &str {
    text.strip_prefix('"').and_then(|text| text.strip_suffix('"')).unwrap_or(text)
}

/// A code as logs and tools write it: decimal, `0x` and hexadecimal digits, or decimal with a sign.
fn code_number(text: &str) -> Option<u32> {
    if let Some(digits) = text.strip_prefix("0x").or_else(|| text.strip_prefix("0X")) {
        return if digits.bytes().all(|byte| byte.is_ascii_hexdigit()) { u32::from_str_radix(digits, 16).ok() } else { None };
    }
    if text.starts_with('-') {
        return text.parse::<i32>().ok().map(i32::cast_unsigned);
    }
    if text.bytes().all(|byte| byte.is_ascii_digit()) { text.parse().ok() } else { None }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn whole(explanation: &Explanation) -> String {
        explanation.sections.iter().fold(explanation.title.clone(), |page, (heading, body)| format!("{page}\n{heading}\n{body}"))
    }

    fn page(topic: &str) -> String {
        let explanation = explain(topic).unwrap_or_else(|unknown| panic!("{topic}: {unknown}"));
        whole(&explanation)
    }

    fn says(topic: &str, parts: &[&str]) {
        let page = page(topic);
        for part in parts {
            assert!(page.contains(part), "{topic} does not say {part:?}:\n{page}");
        }
    }

    #[test]
    fn every_topic_explains_itself_and_mentions_its_name() {
        for topic in topics() {
            let explanation = explain(&topic.name).unwrap();
            assert_eq!(explanation.kind, topic.kind, "{}", topic.name);
            assert!(explanation.sections.iter().all(|(heading, body)| !heading.is_empty() && !body.is_empty()), "{}", topic.name);
            assert!(page(&topic.name).to_lowercase().contains(&topic.name.to_lowercase()), "{}", topic.name);
            assert!(page(&topic.name.to_uppercase()).len() > 40, "{}", topic.name);
        }
    }

    #[test]
    fn no_word_names_two_topics() {
        let mut names: Vec<_> = topics().into_iter().map(|topic| topic.name.to_lowercase()).collect();
        names.sort();
        let doubled: Vec<_> = names.windows(2).filter(|pair| pair[0] == pair[1]).map(|pair| &pair[0]).collect();
        assert!(doubled.is_empty(), "{doubled:?}");
    }

    #[test]
    fn contradictory_modes_say_which_bits_exclude_one_another() {
        says(
            "CertCheckMode=5",
            &["CertCheckMode = 5 (0x5)", "Bits 1 and 4 exclude one another (documented)", "Likely", "revocation-mode-contradictory"],
        );
        says("cert-check-mode=7", &["Bits 1, 2 and 4 exclude one another (documented)"]);
        says("DefaultCertCheckMode=0x6", &["Bits 2 and 4 exclude one another (documented)", "6 (0x6)"]);
    }

    #[test]
    fn modes_without_bit_1_are_not_called_off() {
        for mode in ["2", "4", "65536", "0x10000"] {
            says(&format!("CertCheckMode={mode}"), &["above 0 and revocation is still checked: only bit 1 switches that off"]);
        }
        says("CertCheckMode=0", &["Revocation is checked online"]);
        says("CertCheckMode=1", &["Revocation is not checked: revoked certificates are accepted", "403.16", "403.17"]);
        assert!(!page("CertCheckMode=1").contains("still checked: only"));
    }

    #[test]
    fn the_usage_bit_combines_with_a_mode() {
        says("CertCheckMode=0x10001", &["65537 (0x10001)", "Revocation is not checked", "The usage Client Authentication is not checked"]);
        assert!(!page("CertCheckMode=0x10001").contains("exclude one another (documented)"));
    }

    #[test]
    fn access_flags_say_what_they_do_in_both_spellings() {
        let require = [
            "104 (0x68)",
            "AccessSSL | AccessSSLNegotiateCert | AccessSSLRequireCert",
            "Ssl, SslNegotiateCert, SslRequireCert",
            "is required",
        ];
        for topic in [
            "AccessSSLFlags=104",
            "access-flags=0x68",
            "access-flags=Ssl,SslNegotiateCert,SslRequireCert",
            "access@sslFlags=\"Ssl, SslNegotiateCert, SslRequireCert\"",
        ] {
            says(topic, &require);
        }
        says("access-flags=Ssl,SslNegotiateCert", &["40 (0x28)", "accepted", "refused although none is required"]);
        says("AccessSSLFlags=72", &["requires a certificate and never asks", "403.7", "likely"]);
        says("AccessSSLFlags=96", &["without https"]);
        says("AccessSSLFlags=136", &["mapping never happens"]);
        says("AccessSSLFlags=256", &["not documented"]);
        says("AccessSSLFlags=0", &["plain http"]);
    }

    #[test]
    fn unknown_bits_are_named_one_by_one() {
        says("AccessSSLFlags=0x219", &["1 (0x1)", "AccessRead", "16 (0x10)", "512 (0x200)", "AccessScript", "no SSL flag"]);
        says("CertCheckMode=0x28", &["8 (0x8)", "32 (0x20)", "no known meaning"]);
        says("binding@sslFlags=256", &["256 (0x100)", "no known meaning"]);
    }

    #[test]
    fn binding_flags_name_the_record_and_each_bit() {
        says("binding@sslFlags=33", &["33 (0x21)", "host name and port", "TLS 1.3 over TCP is off", "DisableTLS13"]);
        says("binding@sslFlags=0", &["IP address and port"]);
        says("binding@sslFlags=6", &["Central Certificate Store", "likely"]);
        says("binding@sslFlags=129", &["the number is likely"]);
    }

    #[test]
    fn the_bare_attribute_asks_which_of_the_two_is_meant() {
        says("sslFlags", &["access@sslFlags", "binding@sslFlags", "Which"]);
        assert_eq!(explain("sslFlags").unwrap().kind, Kind::Ambiguous);
        says("sslFlags=33", &["access@sslFlags", "binding@sslFlags", "TLS 1.3"]);
        says("sslFlags=Ssl", &["https is required", "must be a number"]);
        // A made-up value shows what the two are, and nothing of itself.
        assert!(!page("sslFlags=<script>").contains("script"));
    }

    #[test]
    fn statuses_are_found_with_their_causes_and_steps_in_order_of_risk() {
        for status in ["403.13", "403.7", "403.4", "403.5", "403.12", "403.16", "403.17", "413", "401", "500", "500.19", "404.11"] {
            assert_eq!(explain(status).unwrap().kind, Kind::Status);
        }
        says("403.13", &["only bit 1 does", "2148081683", "certutil -verify -urlfetch client.cer", "revocation-check-off"]);
        let page = page("403.13");
        let at = |heading: &str| page.find(heading).unwrap();
        assert!(at("Look first") < at("Fixes that weaken nothing") && at("Fixes that weaken nothing") < at("Last resort"));
    }

    #[test]
    fn codes_are_found_in_every_notation() {
        for topic in ["2148081683", "0x80092013", "0X80092013", "crypt_e_revocation_offline", "-2146885613"] {
            says(topic, &["CRYPT_E_REVOCATION_OFFLINE", "0x80092013", "2148081683", "403.13"]);
        }
        says("0x800700b7", &["duplicate", "500.19"]);
        says("50", &["0x80070032"]);
    }

    #[test]
    fn numbers_are_explained_in_their_unit() {
        says("RevocationFreshnessTime=120", &["120 seconds", "2 minutes", "bit 4", "freshness-too-small"]);
        says("uploadReadAheadSize=200", &["200 bytes", "bytes, not KB"]);
        says("UploadReadAheadSize=204800", &["denial of service"]);
        says("SSLAlwaysNegoClientCert=TRUE", &["first handshake"]);
        says("AuthFlags=5", &["AuthAnonymous", "AuthNTLM"]);
    }

    #[test]
    fn names_of_the_registry_and_events_are_explained() {
        says("DefaultSslCertCheckMode", &["cert-check-mode", "`DefaultSslCertCheckMode`", "SslBindingInfo"]);
        says("DefaultSslCertCheckMode=1", &["revocation is not checked"]);
        says("SendTrustedIssuerList", &["Windows Server 2012", "16 KB", "36885", "SCHANNEL"]);
        says("ClientAuthTrustMode", &["Exclusive CA Trust", "403.16"]);
        says("36885", &["Schannel", "truncated", "403.7"]);
        says("15300", &["HttpEvent", "5506"]);
    }

    #[test]
    fn the_nearest_topics_are_suggested() {
        let nearest = |topic: &str| explain(topic).unwrap_err().nearest;
        assert_eq!(nearest("403")[0], "403.4");
        assert!(nearest("revocation-check-of").contains(&"revocation-check-off".to_owned()));
        assert!(nearest("CertChekMode").contains(&"CertCheckMode".to_owned()));
        assert!(nearest("CertChekMode=5").contains(&"CertCheckMode".to_owned()));
        assert!(nearest("").is_empty());
        let unreadable = explain("AccessSSLFlags=Ssl.SslRequireCert").unwrap_err();
        assert_eq!((unreadable.setting, unreadable.nearest), (Some(Setting::AccessFlags), vec!["access-flags".to_owned()]));
        assert_eq!(unreadable.words, ["Ssl.SslRequireCert"]);
        assert_eq!(explain("AccessSSLFlags=Ssl,Foo").unwrap_err().words, ["Foo"]);
        assert_eq!(explain("CertCheckMode=").unwrap_err().setting, Some(Setting::CertCheckMode));
    }

    proptest! {
        #[test]
        fn any_topic_is_explained_or_refused(topic in any::<String>()) {
            match explain(&topic) {
                Ok(explanation) => prop_assert!(!explanation.sections.is_empty()),
                Err(unknown) => prop_assert!(!unknown.to_string().is_empty()),
            }
        }

        #[test]
        fn any_value_is_explained_or_refused_and_never_shown_raw(
            index in 0usize..64,
            value in prop_oneof![any::<String>(), any::<u64>().prop_map(|n| n.to_string()), any::<u32>().prop_map(|n| format!("{n:#x}"))],
        ) {
            let topics = topics();
            let name = &topics[index % topics.len()].name;
            if let Ok(explanation) = explain(&format!("{name}={value}\u{1b}")) {
                let escaped = whole(&explanation).chars().all(|c| c == '\n' || !c.is_control());
                prop_assert!(escaped);
            }
        }
    }
}
