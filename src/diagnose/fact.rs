//! A fact: what some file says, and where.

use crate::catalogue::{Setting, Value, entry};
use crate::input::Place;
use crate::server::{Generation, Origin, Resolved};

/// Something that a file says, or that follows from it. The text may hold pieces of files and must be escaped where it is printed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Fact {
    /// What it is.
    pub text: String,
    /// Where it stands; `None` for what follows from a default or from the absence of something.
    pub place: Option<Place>,
    /// The setting whose value it tells as it is; reports have a table of these.
    pub setting: Option<Setting>,
}

impl Fact {
    /// A fact that stands nowhere.
    pub fn new(text: impl Into<String>) -> Self {
        Fact { text: text.into(), place: None, setting: None }
    }

    /// A fact and its place.
    pub fn at(text: impl Into<String>, place: Option<Place>) -> Self {
        Fact { text: text.into(), place, setting: None }
    }

    /// What `resolved` says of a setting; `of` names whose it is. A value that is not known says so, with what would tell it.
    pub fn setting(setting: Setting, resolved: &Resolved, of: &str, generation: Generation) -> Self {
        let title = &entry(setting).title;
        let value = || {
            let shown = resolved.value.show(setting, generation);
            let meaning = resolved.value.meaning(setting);
            match &resolved.value {
                Value::None | Value::Number(1..) => meaning,
                Value::Text(_) | Value::Bytes(_) => shown,
                Value::Malformed(_) => format!("\"{shown}\", {meaning}"),
                Value::Flags(bits) if setting == Setting::AccessFlags && *bits != 0 => format!("{shown} ({bits}): {meaning}"),
                _ if meaning.is_empty() => shown,
                _ => format!("{shown}: {meaning}"),
            }
        };
        let text = match &resolved.origin {
            Origin::Explicit { .. } => format!("{title} of {of} is {}", value()),
            Origin::Inherited { from, .. } if from.is_empty() => {
                format!("{title} of {of} is {}; it is inherited from the server level", value())
            }
            Origin::Inherited { from, .. } => format!("{title} of {of} is {}; it is inherited from {from}", value()),
            Origin::Default { why } => format!("{title} of {of} is not set, so it is {} ({why})", value()),
            Origin::Unknown { needs } => match needs.strip_prefix("nothing: ") {
                Some(why) => format!("{title} of {of} has no value: {why}"),
                None => format!("{title} of {of} is not known; what would tell: {needs}"),
            },
        };
        Fact { text, place: resolved.origin.place(), setting: Some(setting) }
    }
}
