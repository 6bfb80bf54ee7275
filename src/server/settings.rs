//! Effective settings with their origin. Absence is where these audits begin, so an absent value always says why it is what it is.

use std::borrow::Cow;
use std::sync::Arc;

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

/// Settings of one scope or endpoint, ordered as in reports. What thousands of sites have alike is kept once.
#[derive(Debug, Clone, Default)]
pub struct Settings {
    /// A bit for each setting that is its own. How many lower bits are set tells where it stands, so that of the settings of thousands of
    /// sites, which fit into no cache, only the one that is asked for is looked at.
    held: u64,
    all: Vec<(Setting, Resolved)>,
    /// What holds besides.
    common: Option<Arc<Settings>>,
}

const _: () = assert!(Setting::ALL.len() <= 64, "each setting has a bit");

impl Settings {
    /// No settings.
    pub(crate) const NONE: Settings = Settings { held: 0, all: Vec::new(), common: None };

    /// No settings yet, with room for as many as will be set.
    pub(crate) fn with_room_for(number: usize) -> Self {
        Settings { all: Vec::with_capacity(number), ..Settings::NONE }
    }

    /// Those of `common`, with room for as many as will be set to something else.
    pub(crate) fn over(common: &Arc<Settings>, number: usize) -> Self {
        Settings { common: Some(Arc::clone(common)), ..Settings::with_room_for(number) }
    }

    /// Whether it was set here, and is not one of what is common.
    pub(crate) fn is_own(&self, setting: Setting) -> bool {
        self.held & setting.bit() != 0
    }

    /// Where a setting of its own stands, or would stand.
    fn position(&self, setting: Setting) -> usize {
        // There are at most as many as bits.
        (self.held & (setting.bit() - 1)).count_ones() as usize
    }

    /// The setting's value and origin; `None` where the generation or the level has no such setting.
    pub fn get(&self, setting: Setting) -> Option<&Resolved> {
        match self.is_own(setting) {
            true => self.all.get(self.position(setting)).map(|(_, resolved)| resolved),
            false => self.common.as_ref()?.get(setting),
        }
    }

    /// Sets it, replacing what was there.
    pub fn set(&mut self, setting: Setting, resolved: Resolved) {
        let index = self.position(setting);
        if self.is_own(setting) {
            self.all[index].1 = resolved;
        } else {
            self.all.insert(index, (setting, resolved));
            self.held |= setting.bit();
        }
    }

    /// A bit for each setting that is there.
    fn bits(&self) -> u64 {
        self.held | self.common.as_ref().map_or(0, |common| common.bits())
    }

    /// All of them, in the order of reports.
    pub fn iter(&self) -> impl Iterator<Item = (Setting, &Resolved)> {
        let mut left = self.bits();
        std::iter::from_fn(move || {
            let setting = *Setting::ALL.get(left.trailing_zeros() as usize)?;
            left &= left - 1;
            Some((setting, self.get(setting)?))
        })
    }
}

impl PartialEq for Settings {
    fn eq(&self, other: &Self) -> bool {
        self.iter().eq(other.iter())
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn settings_hold_what_was_set_last_in_the_order_of_reports(
            said in prop::collection::vec((0..Setting::ALL.len(), any::<u32>()), 0..80),
            common in 0_usize..80,
        ) {
            let (mut settings, mut expected, mut plain) = (Settings::default(), BTreeMap::new(), Settings::default());
            for (number, (setting, flags)) in said.into_iter().enumerate() {
                if number == common {
                    settings = Settings::over(&Arc::new(settings), 0);
                }
                let (setting, resolved) = (Setting::ALL[setting], Resolved { value: Value::Flags(flags), origin: Origin::Default { why: "nothing says it".into() } });
                settings.set(setting, resolved.clone());
                plain.set(setting, resolved.clone());
                expected.insert(setting, resolved);
            }
            prop_assert_eq!(&settings, &plain);
            prop_assert!(settings.iter().eq(expected.iter().map(|(setting, resolved)| (*setting, resolved))));
            for setting in Setting::ALL {
                prop_assert_eq!(settings.get(*setting), expected.get(setting));
            }
        }
    }
}
