//! Effective settings with their origin. Absence is where these audits begin, so an absent value always says why it is what it is.

use std::borrow::Cow;

use crate::catalogue::{Setting, Value};
use crate::input::Place;

/// Where an effective value comes from.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Origin {
    /// Written at this very place.
    Explicit {
        /// Where.
        at: Place,
    },
    /// Written above, and inherited.
    Inherited {
        /// The key or location path that says it, such as `/LM/W3SVC` or `Default Web Site`.
        from: String,
        /// Where.
        at: Place,
    },
    /// Nothing says it, so this is what IIS uses.
    Default {
        /// Why, in words.
        why: Cow<'static, str>,
    },
    /// It cannot be said: the store that decides it was not given, or holds contradictory claims.
    Unknown {
        /// What would tell.
        needs: Cow<'static, str>,
    },
}

impl Origin {
    /// The place that says the value.
    pub fn place(&self) -> Option<Place> {
        match self {
            Origin::Explicit { at } | Origin::Inherited { at, .. } => Some(*at),
            Origin::Default { .. } | Origin::Unknown { .. } => None,
        }
    }

    /// The kind, as JSON names it.
    pub fn kind(&self) -> &'static str {
        match self {
            Origin::Explicit { .. } => "explicit",
            Origin::Inherited { .. } => "inherited",
            Origin::Default { .. } => "default",
            Origin::Unknown { .. } => "unknown",
        }
    }
}

/// An effective value and where it comes from. With [`Origin::Unknown`] the value is [`Value::None`] and says nothing.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Resolved {
    /// The value.
    pub value: Value,
    /// Its origin.
    pub origin: Origin,
}

impl Resolved {
    /// A value that cannot be said, with what would tell it.
    pub fn unknown(needs: impl Into<Cow<'static, str>>) -> Self {
        Resolved { value: Value::None, origin: Origin::Unknown { needs: needs.into() } }
    }

    /// The value, unless it is unknown.
    pub fn known(&self) -> Option<&Value> {
        match self.origin {
            Origin::Unknown { .. } => None,
            _ => Some(&self.value),
        }
    }

    /// Whether it is unknown and a file could tell it. Where it is known that no value is in effect, because no record serves the endpoint
    /// or there is none, nothing is missing.
    pub fn lacks_evidence(&self) -> bool {
        matches!(&self.origin, Origin::Unknown { needs } if !needs.starts_with("nothing: "))
    }

    /// Whether a file says it at this very place.
    pub fn is_explicit(&self) -> bool {
        matches!(self.origin, Origin::Explicit { .. })
    }
}

/// Settings of one scope or endpoint, ordered as in reports.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Settings {
    /// A bit for each setting that is there. How many lower bits are set tells where it stands, so that of the settings of thousands of sites,
    /// which fit into no cache, only the one that is asked for is looked at.
    held: u64,
    all: Vec<(Setting, Resolved)>,
}

const _: () = assert!(Setting::ALL.len() <= 64, "each setting has a bit");

impl Settings {
    /// No settings.
    pub(crate) const NONE: Settings = Settings { held: 0, all: Vec::new() };

    /// No settings yet, with room for as many as will be set.
    pub(crate) fn with_room_for(number: usize) -> Self {
        Settings { held: 0, all: Vec::with_capacity(number) }
    }

    /// Where a setting stands, or would stand, and whether it is there.
    fn position(&self, setting: Setting) -> (usize, bool) {
        let bit = 1 << setting as u64;
        // There are at most as many as bits.
        ((self.held & (bit - 1)).count_ones() as usize, self.held & bit != 0)
    }

    /// The setting's value and origin; `None` where the generation or the level has no such setting.
    pub fn get(&self, setting: Setting) -> Option<&Resolved> {
        let (index, is_there) = self.position(setting);
        if is_there { self.all.get(index).map(|(_, resolved)| resolved) } else { None }
    }

    /// Sets it, replacing what was there.
    pub fn set(&mut self, setting: Setting, resolved: Resolved) {
        match self.position(setting) {
            (index, true) => self.all[index].1 = resolved,
            (index, false) => {
                self.all.insert(index, (setting, resolved));
                self.held |= 1 << setting as u64;
            }
        }
    }

    /// All of them, in the order of reports.
    pub fn iter(&self) -> impl Iterator<Item = (Setting, &Resolved)> {
        self.all.iter().map(|(setting, resolved)| (*setting, resolved))
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn settings_hold_what_was_set_last_in_the_order_of_reports(said in prop::collection::vec((0..Setting::ALL.len(), any::<u32>()), 0..80)) {
            let (mut settings, mut expected) = (Settings::default(), BTreeMap::new());
            for (setting, flags) in said {
                let (setting, resolved) = (Setting::ALL[setting], Resolved { value: Value::Flags(flags), origin: Origin::Default { why: "nothing says it".into() } });
                settings.set(setting, resolved.clone());
                expected.insert(setting, resolved);
            }
            prop_assert!(settings.iter().eq(expected.iter().map(|(setting, resolved)| (*setting, resolved))));
            for setting in Setting::ALL {
                prop_assert_eq!(settings.get(*setting), expected.get(setting));
            }
        }
    }
}
