//! One fact. Its fields are the columns of `schemas/facts.schema.json`, in their order.

use std::borrow::Cow;

use serde::{Deserialize, Serialize};

use crate::catalogue::{Setting, Value};
use crate::server::{Generation, WindowsVersion};

/// Version of the rows. It changes with every column and with the meaning of any.
pub const VERSION: u32 = 1;

/// One value of one setting at one place of one server. Its texts are those of the server where one was read, and its own where a row was.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Fact<'a> {
    /// Version of the row: [`VERSION`].
    pub v: u32,
    /// Name of the server.
    pub server: Cow<'a, str>,
    /// Its generation of IIS.
    pub generation: Generation,
    /// Its version of Windows, where that is known.
    pub windows: Option<WindowsVersion>,
    /// What the row is about.
    pub level: Level,
    /// Id of the site.
    pub site_id: Option<u32>,
    /// Name of the site; `None` where the row is about no site.
    pub site: Option<Cow<'a, str>>,
    /// URL path in the site, for [`Level::Path`].
    pub path: Option<Cow<'a, str>>,
    /// Key of the endpoint, for [`Level::Endpoint`], and for a binding that leads to one.
    pub endpoint: Option<Cow<'a, str>>,
    /// Name in the catalogue, or one of the names that docs/facts.md lists.
    pub setting: Cow<'a, str>,
    /// What kind of value it is.
    #[serde(rename = "type")]
    pub kind: ValueType,
    /// The value, spelled alike for all generations; `None` where it is not known.
    pub value: Option<Cow<'a, str>>,
    /// The value as a number: that of flags and numbers, 1 and 0 for true and false.
    pub number: Option<u64>,
    /// Whether the value is known.
    pub known: bool,
    /// Where the value comes from.
    pub origin: OriginKind,
    /// For an inherited value the key or location path that says it.
    pub origin_from: Option<Cow<'a, str>>,
    /// For a default the reason why it is in effect.
    pub why: Option<Cow<'a, str>>,
    /// For an unknown value what would tell it.
    pub needs: Option<Cow<'a, str>>,
    /// File that says the value.
    pub file: Option<Cow<'a, str>>,
    /// Line, from 1.
    pub line: Option<u32>,
    /// Column, from 1.
    pub col: Option<u32>,
}

/// What a row is about.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Level {
    /// What holds for the whole server where nothing else is said: settings above all sites, and Schannel.
    #[default]
    Server,
    /// A site as a whole: HSTS, log, FTP.
    Site,
    /// A URL path of a site.
    Path,
    /// A binding of a site.
    Binding,
    /// An endpoint, once for each site on it, or once without a site.
    Endpoint,
}

/// What kind of value a fact holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum ValueType {
    /// Nothing: no text, no bytes, or not known.
    None,
    /// A bit set.
    Flags,
    /// A number.
    Number,
    /// True or false.
    Bool,
    /// A text.
    Text,
    /// Bytes in hexadecimal.
    Bytes,
    /// A text that is no value of this setting.
    Malformed,
}

/// Where a value comes from.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum OriginKind {
    /// Written for this very place.
    Explicit,
    /// Written above, and inherited.
    Inherited,
    /// Nothing says it.
    Default,
    /// It cannot be said.
    Unknown,
}

impl Fact<'_> {
    /// The setting of the catalogue; `None` for the other names.
    pub fn setting(&self) -> Option<Setting> {
        Setting::ALL.iter().find(|setting| setting.name() == self.setting).copied()
    }

    /// The value as the model holds it; `None` where it is not known.
    pub fn model_value(&self) -> Option<Value> {
        let text = || self.value.as_deref().unwrap_or_default().to_owned();
        Some(match (self.known, self.kind) {
            (false, _) => return None,
            (true, ValueType::None) => Value::None,
            (true, ValueType::Flags) => Value::Flags(u32::try_from(self.number?).ok()?),
            (true, ValueType::Number) => Value::Number(self.number?),
            (true, ValueType::Bool) => Value::Bool(self.number? != 0),
            (true, ValueType::Text) => Value::Text(text()),
            (true, ValueType::Bytes) => {
                Value::parse(Setting::ServerCertificate, self.generation, self.value.as_deref().unwrap_or_default())
            }
            (true, ValueType::Malformed) => Value::Malformed(text()),
        })
    }

    /// What contradicts itself in the row, if anything does.
    pub fn fault(&self) -> Option<String> {
        if self.v != VERSION {
            return Some(format!("rows of version {} are not understood, only those of version {VERSION}", self.v));
        }
        if self.known == (self.origin == OriginKind::Unknown) {
            return Some("`known` and `origin` contradict each other".to_owned());
        }
        if self.known != self.value.is_some() {
            return Some("a value that is known must have a `value`, any other one none".to_owned());
        }
        if !self.known && (self.kind != ValueType::None || self.number.is_some()) {
            return Some("a value that is not known has the `type` none and no `number`".to_owned());
        }
        if matches!(self.kind, ValueType::Flags | ValueType::Number | ValueType::Bool) != self.number.is_some() {
            return Some("flags, numbers and truth values, and nothing else, have a `number`".to_owned());
        }
        if self.kind == ValueType::Bool && self.number > Some(1) {
            return Some("the `number` of a truth value is 0 or 1".to_owned());
        }
        if self.setting().is_some() && self.kind == ValueType::Flags && self.number > Some(u64::from(u32::MAX)) {
            return Some("the `number` of flags has more than 32 bits".to_owned());
        }
        if self.kind == ValueType::Bytes && !matches!(self.model_value(), Some(Value::Bytes(_) | Value::None)) {
            return Some("the `value` of the type bytes is not hexadecimal".to_owned());
        }
        None
    }
}
