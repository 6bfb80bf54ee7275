//! Typed view of `schemas/statuses.toml`, parsed once when it is first asked for.

use std::sync::OnceLock;

use serde::Deserialize;

use crate::catalogue::Setting;

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub(super) struct Texts {
    pub(super) status: Vec<Status>,
    pub(super) code: Vec<Code>,
    pub(super) binding_flag: Vec<BindingFlag>,
    pub(super) registry: Vec<Registry>,
    pub(super) event: Vec<Event>,
    pub(super) notice: Vec<Notice>,
    pub(super) setting: Vec<Judged>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Status {
    pub(super) name: String,
    #[serde(default)]
    pub(super) aliases: Vec<String>,
    pub(super) title: String,
    pub(super) meaning: String,
    pub(super) iis6: Vec<String>,
    pub(super) iis7: Vec<String>,
    pub(super) evidence: Vec<String>,
    pub(super) look: Vec<Step>,
    pub(super) safe: Vec<Step>,
    pub(super) weakens: Vec<Step>,
    pub(super) settings: Vec<Setting>,
    pub(super) rules: Vec<String>,
    pub(super) sources: Vec<Source>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Step {
    pub(super) what: String,
    #[serde(default)]
    pub(super) command: String,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Source {
    pub(super) trust: Trust,
    pub(super) text: String,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub(super) enum Trust {
    Documented,
    Seen,
    Likely,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Code {
    pub(super) value: u32,
    #[serde(default)]
    pub(super) win32: Option<u32>,
    #[serde(default)]
    pub(super) name: String,
    pub(super) meaning: String,
    pub(super) statuses: Vec<String>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct BindingFlag {
    pub(super) value: u32,
    pub(super) name: String,
    pub(super) since: String,
    pub(super) meaning: String,
    #[serde(default)]
    pub(super) certainty: String,
}

/// A value of the registry that holds for the whole server.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Registry {
    pub(super) name: String,
    pub(super) title: String,
    pub(super) key: String,
    pub(super) meaning: String,
    pub(super) absent: String,
    pub(super) values: Vec<String>,
    pub(super) statuses: Vec<String>,
    pub(super) rules: Vec<String>,
    pub(super) look: Vec<Step>,
    pub(super) sources: Vec<Source>,
}

/// An event of Windows.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Event {
    pub(super) id: u32,
    pub(super) source: String,
    pub(super) title: String,
    pub(super) meaning: String,
    pub(super) statuses: Vec<String>,
    pub(super) rules: Vec<String>,
    pub(super) look: Vec<Step>,
    pub(super) sources: Vec<Source>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Notice {
    pub(super) name: String,
    pub(super) when: String,
    pub(super) meaning: String,
    pub(super) give: String,
}

/// What is added to a setting of the catalogue: the rules that judge it, and what is often said of it and is not so.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Judged {
    pub(super) name: Setting,
    pub(super) rules: Vec<String>,
    pub(super) myths: Vec<Myth>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Myth {
    pub(super) wrong: String,
    pub(super) right: String,
}

const TEXT: &str = include_str!("../../schemas/statuses.toml");

pub(super) fn texts() -> &'static Texts {
    static TEXTS: OnceLock<Texts> = OnceLock::new();
    // The text is part of the program, and a test proves that it parses and is complete.
    #[expect(clippy::expect_used, reason = "compiled-in text, proven by a test")]
    TEXTS.get_or_init(|| toml::from_str(TEXT).expect("schemas/statuses.toml is valid"))
}

/// What is added to `setting`.
pub(super) fn judged(setting: Setting) -> Option<&'static Judged> {
    texts().setting.iter().find(|judged| judged.name == setting)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::catalogue::entry;
    use crate::rules::rule;

    #[test]
    fn every_setting_is_judged_once_and_every_status_it_names_is_explained() {
        assert_eq!(texts().setting.iter().map(|judged| judged.name).collect::<Vec<_>>(), Setting::ALL);
        for setting in Setting::ALL {
            for status in entry(*setting).statuses {
                assert!(texts().status.iter().any(|other| other.name == *status), "{setting} names {status}");
            }
        }
    }

    #[test]
    fn every_rule_that_a_text_names_exists() {
        let named = texts().status.iter().flat_map(|status| &status.rules).chain(texts().setting.iter().flat_map(|judged| &judged.rules));
        let named =
            named.chain(texts().registry.iter().flat_map(|value| &value.rules)).chain(texts().event.iter().flat_map(|event| &event.rules));
        let mut missing: Vec<_> = named.filter(|name| rule(name).is_none()).collect();
        missing.sort();
        missing.dedup();
        assert!(missing.is_empty(), "no such rules: {missing:?}");
    }

    #[test]
    fn every_status_says_what_makes_it_possible_what_tells_it_and_where_that_is_from() {
        for status in &texts().status {
            assert!(!status.iis6.is_empty() && !status.iis7.is_empty(), "{}", status.name);
            assert!(!status.evidence.is_empty() && !status.look.is_empty() && !status.safe.is_empty(), "{}", status.name);
            assert!(!status.settings.is_empty() && !status.sources.is_empty(), "{}", status.name);
        }
    }

    #[test]
    fn what_a_status_calls_likely_has_a_source_of_that_trust_or_says_why() {
        for status in texts().status.iter().filter(|status| status.sources.iter().any(|source| source.trust == Trust::Likely)) {
            let mut texts = status.iis6.iter().chain(&status.iis7).chain([&status.meaning]);
            let hedged = ["ikely", "never documented", "no source"];
            assert!(texts.any(|text| hedged.iter().any(|word| text.contains(word))), "{}", status.name);
        }
    }

    #[test]
    fn every_code_comes_with_a_status_that_is_explained() {
        for code in &texts().code {
            assert!(!code.statuses.is_empty());
            assert!(code.statuses.iter().all(|name| texts().status.iter().any(|status| status.name == *name)), "{:#x}", code.value);
            // A Win32 number in an HRESULT is its lower half.
            assert!(code.win32.is_none_or(|win32| code.value & 0xFFFF == win32), "{:#x}", code.value);
        }
    }
}
