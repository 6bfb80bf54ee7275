//! The words of a listing: labels in English, and "enabled" and "disabled" in the languages of Windows. A word that is not known here
//! is told from its counterpart or left unknown; it is never taken for the likelier of the two.

use std::collections::BTreeSet;

use super::record::Switch;

/// What a line of a record is about.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Label {
    Key(KeyLabel),
    Hash,
    AppId,
    Store,
    Revocation,
    CachedOnly,
    UseFreshness,
    Usage,
    Freshness,
    UrlTimeout,
    CtlIdentifier,
    CtlStore,
    Switch(Switch),
    ExtendedProperties,
    PropertyId,
}

/// Which family of records a key line belongs to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum KeyLabel {
    Address,
    Host,
    Ccs,
    ScopedCcs,
}

/// English labels. A label that another one begins with comes after it.
const LABELS: &[(&str, Label)] = &[
    ("IP:port", Label::Key(KeyLabel::Address)),
    ("Hostname:port", Label::Key(KeyLabel::Host)),
    ("Host name:port", Label::Key(KeyLabel::Host)),
    ("CCS:port", Label::Key(KeyLabel::Ccs)),
    ("CCS port", Label::Key(KeyLabel::Ccs)),
    ("Central Certificate Store:port", Label::Key(KeyLabel::Ccs)),
    ("Central Certificate Store", Label::Key(KeyLabel::Ccs)),
    ("Scoped CCS:port", Label::Key(KeyLabel::ScopedCcs)),
    ("Scoped CCS Hostname:port", Label::Key(KeyLabel::ScopedCcs)),
    ("ScopedCCS:port", Label::Key(KeyLabel::ScopedCcs)),
    ("Scoped Central Certificate Store:port", Label::Key(KeyLabel::ScopedCcs)),
    ("Scoped Central Certificate Store", Label::Key(KeyLabel::ScopedCcs)),
    ("Certificate Hash", Label::Hash),
    ("Application ID", Label::AppId),
    ("Certificate Store Name", Label::Store),
    ("Verify Client Certificate Revocation", Label::Revocation),
    ("Verify Revocation Using Cached Client Certificate Only", Label::CachedOnly),
    ("Use Revocation Freshness Time", Label::UseFreshness),
    ("Usage Check", Label::Usage),
    ("Revocation Freshness Time", Label::Freshness),
    ("URL Retrieval Timeout", Label::UrlTimeout),
    ("Ctl Identifier", Label::CtlIdentifier),
    ("Ctl Store Name", Label::CtlStore),
    ("Extended Properties", Label::ExtendedProperties),
    ("PropertyId", Label::PropertyId),
];

/// The English label that `line` begins with and the value after its colon.
pub(super) fn english(line: &str) -> Option<(Label, &str)> {
    all_labels().find_map(|(text, label)| {
        let rest = after(line, text)?.trim_start();
        let value = rest.strip_prefix(':').or_else(|| rest.strip_prefix('：'))?;
        Some((label, value.trim()))
    })
}

/// The English label that `text` is, or that it ends in after the mark of a log such as `VERBOSE:`.
pub(super) fn english_label(text: &str) -> Option<Label> {
    if text.len() > 512 {
        return None;
    }
    let wanted = text.trim().to_lowercase();
    all_labels().find_map(|(label_text, label)| {
        let before = wanted.strip_suffix(&label_text.to_lowercase())?;
        let trimmed = before.trim_end();
        let fits = trimmed.is_empty() || (trimmed.len() < before.len() && trimmed.ends_with([':', ']', '>', '|', ')', '.', '-']));
        fits.then_some(label)
    })
}

/// The label whose letters and digits are those of `name`: for JSON, where names have no blanks.
pub(super) fn squeezed_label(name: &str) -> Option<Label> {
    let name = squeeze(name);
    let other = match name.as_str() {
        "ipport" | "ip" | "ipendpoint" => Some(Label::Key(KeyLabel::Address)),
        "hostnameport" | "hostname" | "host" => Some(Label::Key(KeyLabel::Host)),
        "ccs" => Some(Label::Key(KeyLabel::Ccs)),
        "scopedccs" => Some(Label::Key(KeyLabel::ScopedCcs)),
        "certhash" | "sslcerthash" | "sslhash" | "hash" | "thumbprint" => Some(Label::Hash),
        "appid" => Some(Label::AppId),
        "certstorename" | "sslcertstorename" | "certificatestore" => Some(Label::Store),
        "verifyrevocationwithcachedclientcertonly" => Some(Label::CachedOnly),
        "verifyclientcertrevocation" => Some(Label::Revocation),
        "sslctlidentifier" => Some(Label::CtlIdentifier),
        "sslctlstorename" => Some(Label::CtlStore),
        "" => return None,
        _ => None,
    };
    other
        .or_else(|| Switch::ALL.iter().copied().find(|switch| switch.word() == name).map(Label::Switch))
        .or_else(|| all_labels().find(|(text, _)| squeeze(text) == name).map(|(_, label)| label))
}

fn squeeze(name: &str) -> String {
    name.chars().filter(|c| c.is_alphanumeric()).flat_map(char::to_lowercase).collect()
}

fn all_labels() -> impl Iterator<Item = (&'static str, Label)> {
    LABELS.iter().copied().chain(Switch::ALL.iter().map(|switch| (switch.label(), Label::Switch(*switch))))
}

/// The rest of `line` after `label`, without regard to letter case and to the number of blanks.
fn after<'a>(line: &'a str, label: &str) -> Option<&'a str> {
    let mut rest = line;
    for (number, word) in label.split(' ').enumerate() {
        if number > 0 {
            let trimmed = rest.trim_start();
            if trimmed.len() == rest.len() {
                return None;
            }
            rest = trimmed;
        }
        let head = rest.get(..word.len())?;
        if !head.eq_ignore_ascii_case(word) {
            return None;
        }
        rest = &rest[word.len()..];
    }
    Some(rest)
}

/// A switch whose technical name survives translation: nobody translates QUIC.
pub(super) fn technical_switch(label: &str) -> Option<Switch> {
    let label = squeeze(label);
    let named: Vec<Switch> = [
        ("http2", Switch::DisableHttp2),
        ("quic", Switch::DisableQuic),
        ("tls12", Switch::DisableTls12),
        ("tls13", Switch::DisableTls13),
        ("ocsp", Switch::DisableOcspStapling),
    ]
    .into_iter()
    .filter(|(name, _)| label.contains(name))
    .map(|(_, switch)| switch)
    .collect();
    match named.as_slice() {
        [switch] => Some(*switch),
        _ => None,
    }
}

const ON: &[&str] = &[
    "enabled",
    "set",
    "enable",
    "true",
    "yes",
    "aktiviert",
    "festgelegt",
    "activé",
    "activée",
    "activado",
    "habilitado",
    "habilitada",
    "abilitato",
    "abilitata",
    "attivato",
    "ativado",
    "ativada",
    "ingeschakeld",
    "aktiverad",
    "aktiveret",
    "aktivert",
    "käytössä",
    "włączone",
    "włączony",
    "povoleno",
    "zapnuto",
    "engedélyezve",
    "включено",
    "включена",
    "включен",
    "etkin",
    "已启用",
    "启用",
    "已啟用",
    "啟用",
    "有効",
    "사용",
    "사용함",
    "défini",
    "establecido",
    "impostato",
    "definido",
    "已设置",
    "已設定",
    "задано",
    "设置",
];

const OFF: &[&str] = &[
    "disabled",
    "not set",
    "disable",
    "false",
    "no",
    "deaktiviert",
    "nicht festgelegt",
    "désactivé",
    "désactivée",
    "desactivado",
    "deshabilitado",
    "deshabilitada",
    "desabilitado",
    "desabilitada",
    "disabilitato",
    "disabilitata",
    "disattivato",
    "desativado",
    "desativada",
    "uitgeschakeld",
    "inaktiverad",
    "deaktiveret",
    "deaktivert",
    "ei käytössä",
    "wyłączone",
    "wyłączony",
    "zakázáno",
    "vypnuto",
    "letiltva",
    "отключено",
    "отключена",
    "отключен",
    "devre dışı",
    "已禁用",
    "禁用",
    "已停用",
    "停用",
    "無効",
    "사용 안 함",
    "non défini",
    "no establecido",
    "non impostato",
    "não definido",
    "未设置",
    "未設定",
    "не задано",
];

/// Whether `word` means enabled or set; `None` when it is not known.
pub(super) fn meaning(word: &str) -> Option<bool> {
    let word = word.trim().to_lowercase();
    if ON.contains(&word.as_str()) {
        Some(true)
    } else if OFF.contains(&word.as_str()) {
        Some(false)
    } else {
        None
    }
}

/// The two words that one file uses for enabled and disabled.
#[derive(Debug, Default)]
pub(super) struct Vocabulary {
    words: BTreeSet<String>,
}

impl Vocabulary {
    /// Takes note of a word that stands where only enabled or disabled can stand.
    pub(super) fn hear(&mut self, word: &str) {
        // More than a handful of words is no vocabulary, and a hostile file shall not fill the memory with them.
        if self.words.len() < 8 {
            self.words.insert(word.trim().to_lowercase());
        }
    }

    /// What `word` means: as known, or the contrary of the only other word if that one is known, or told by a negation that makes
    /// the only other word of it (`aktiviert`, `deaktiviert`).
    pub(super) fn meaning(&self, word: &str) -> Option<bool> {
        if let Some(known) = meaning(word) {
            return Some(known);
        }
        let word = word.trim().to_lowercase();
        let mut others = self.words.iter().filter(|other| **other != word);
        let (Some(other), None) = (others.next(), others.next()) else { return None };
        if !self.words.contains(&word) {
            return None;
        }
        let long = word.chars().count() >= 4 && other.chars().count() >= 4;
        match meaning(other) {
            Some(known) => Some(!known),
            None if long && other.ends_with(&word) => Some(true),
            None if long && word.ends_with(other.as_str()) => Some(false),
            None => None,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn labels_are_found_in_any_case_and_spacing() {
        assert_eq!(english("IP:port  : 0.0.0.0:443"), Some((Label::Key(KeyLabel::Address), "0.0.0.0:443")));
        assert_eq!(english("certificate   HASH: (null)"), Some((Label::Hash, "(null)")));
        assert_eq!(english("Ctl Identifier : a : b"), Some((Label::CtlIdentifier, "a : b")));
        assert_eq!(english("Central Certificate Store:port : 443"), Some((Label::Key(KeyLabel::Ccs), "443")));
        assert_eq!(english("Disable TLS1.3:Set"), Some((Label::Switch(Switch::DisableTls13), "Set")));
        assert_eq!(english("Disable AIA : Not Set"), None);
        assert_eq!(english("Certificate Hashes : x"), None);
    }

    #[test]
    fn a_longer_label_is_not_taken_for_the_known_one_that_it_ends_in() {
        assert_eq!(english_label("VERBOSE:    Usage Check"), Some(Label::Usage));
        assert_eq!(english_label("Strict Usage Check"), None);
        assert_eq!(english_label("XUsage Check"), None);
    }

    #[test]
    fn an_unknown_word_is_told_from_its_counterpart_or_not_at_all() {
        let vocabulary = |words: &[&str]| {
            let mut vocabulary = Vocabulary::default();
            words.iter().for_each(|word| vocabulary.hear(word));
            vocabulary
        };
        assert_eq!(vocabulary(&[]).meaning("Aktiviert"), Some(true));
        assert_eq!(vocabulary(&["已启用", "xyz"]).meaning("xyz"), Some(false));
        assert_eq!(vocabulary(&["activ?", "d?sactiv?"]).meaning("d?sactiv?"), Some(false));
        assert_eq!(vocabulary(&["activ?", "d?sactiv?"]).meaning("activ?"), Some(true));
        assert_eq!(vocabulary(&["blue", "green"]).meaning("blue"), None);
        assert_eq!(vocabulary(&["enabled", "green", "blue"]).meaning("blue"), None);
    }
}
