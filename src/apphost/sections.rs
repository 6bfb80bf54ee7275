//! The value in effect at a URL path: for every attribute on its own, the nearest path that sets it, in whatever order the file names
//! the paths.

use std::rc::Rc;
use std::sync::Arc;

use super::elements;
use super::locks::{Locked, Locks};
use super::read::Block;
use super::vocabulary::{SOURCES, index_of};
use crate::catalogue::{Value, entry};
use crate::input::Place;
use crate::server::{Anomaly, AnomalyKind, Generation, HttpRedirect, Mapping, Origin, Resolved, Settings};

/// What one file says at one path.
#[derive(Debug, Clone)]
pub(super) struct Layer<'a> {
    /// 0 for the file of the server, higher for every file further down.
    pub(super) rank: usize,
    pub(super) block: &'a Block,
    /// How values that are inherited from here name it.
    pub(super) name: Rc<str>,
}

/// A value that some level says.
#[derive(Debug, Clone)]
struct Held {
    value: Value,
    at: Place,
    from: Rc<str>,
}

/// What is in effect at one path.
#[derive(Debug, Clone)]
pub(super) struct State {
    /// Shared with the paths above as long as nothing else is said.
    held: Rc<[Option<Held>; SOURCES.len()]>,
    /// Which of them are said at this very path.
    is_here: [bool; SOURCES.len()],
    /// Which of them are said below the level of the server.
    is_own: [bool; SOURCES.len()],
    pub(super) locks: Rc<Locks>,
    pub(super) redirect: Option<Box<HttpRedirect>>,
    pub(super) rewrites_to_https: Option<Place>,
}

/// What one path adds to what it inherits.
#[derive(Debug, Default)]
pub(super) struct Added {
    pub(super) mappings: Vec<Mapping>,
    pub(super) anomalies: Vec<Anomaly>,
}

impl State {
    /// What is in effect where no file says anything.
    pub(super) fn new(locks: Locks) -> State {
        State {
            held: Rc::new([const { None }; SOURCES.len()]),
            is_here: [false; SOURCES.len()],
            is_own: [false; SOURCES.len()],
            locks: Rc::new(locks),
            redirect: None,
            rewrites_to_https: None,
        }
    }

    /// The state one level down, before that level says anything.
    pub(super) fn below(&self) -> State {
        let mut state = State { is_here: [false; SOURCES.len()], ..self.clone() };
        if let Some(redirect) = &mut state.redirect {
            redirect.said_here = false;
        }
        state
    }

    /// The state of a site, before anything is said for it. `self` is that of the server.
    pub(super) fn of_site(&self) -> State {
        State { is_own: [false; SOURCES.len()], ..self.below() }
    }

    /// Takes in what is said at this path. `layers` are in ascending rank; where one file says a thing twice, the first one counts and
    /// the reader has noticed it.
    pub(super) fn take_in(&mut self, layers: &[Layer<'_>], generation: Generation) -> Added {
        let mut added = Added::default();
        let mut said_by: [Option<usize>; SOURCES.len()] = [None; SOURCES.len()];
        let mut redirected_by = None;
        // What a file locks here binds only what it says further down.
        let above = Rc::clone(&self.locks);
        for layer in layers {
            self.rewrites_to_https = layer.block.rewrites_to_https.or(self.rewrites_to_https);
            for used in &layer.block.sections {
                if let Some(lock) = self.locks.section(used.section, layer.rank) {
                    added.anomalies.push(locked(used.section.path(), None, used.place, lock));
                    continue;
                }
                for said in &used.values {
                    let Some(index) = index_of(said.setting) else { continue };
                    let lock = self.locks.attribute(index, layer.rank).filter(|lock| !lock.same_file);
                    let lock = lock.or_else(|| above.attribute(index, layer.rank));
                    let refused = lock.as_ref().is_some_and(|lock| !lock.same_file);
                    if let Some(lock) = lock {
                        added.anomalies.push(locked(used.section.path(), Some(SOURCES[index].attribute), said.place, lock));
                    }
                    if !refused && said_by[index] != Some(layer.rank) {
                        said_by[index] = Some(layer.rank);
                        let value = Value::parse(said.setting, generation, &said.text);
                        (self.is_here[index], self.is_own[index]) = (true, true);
                        Rc::make_mut(&mut self.held)[index] = Some(Held { value, at: said.place, from: Rc::clone(&layer.name) });
                    }
                }
                if let (Some(raw), true) = (&used.redirect, redirected_by != Some(layer.rank)) {
                    redirected_by = Some(layer.rank);
                    elements::redirect(self.redirect.get_or_insert_default(), raw, used.pattern_to_https);
                }
                added.mappings.extend(used.mappings.iter().cloned());
                // Most paths lock nothing, and share what is locked above them.
                if Locks::changed_by(layer.block, used) {
                    Rc::make_mut(&mut self.locks).take_in(layer.block, used, layer.rank);
                }
            }
        }
        added
    }

    /// The URL settings with their origins. `absent` tells what holds where nothing says anything.
    pub(super) fn settings(&self, generation: Generation, absent: Absent) -> Settings {
        let mut settings = Settings::with_room_for(SOURCES.len());
        for (index, source) in SOURCES.iter().enumerate() {
            settings.set(source.setting, self.resolved(index, generation, absent));
        }
        settings
    }

    /// The same below the level of the server. `common` is what holds where nothing is said below it, and more.
    pub(super) fn settings_over(&self, common: &Arc<Settings>, generation: Generation, absent: Absent) -> Settings {
        let mut settings = Settings::over(common, self.is_own.iter().filter(|is_own| **is_own).count());
        for (index, source) in SOURCES.iter().enumerate().filter(|(index, _)| self.is_own[*index]) {
            settings.set(source.setting, self.resolved(index, generation, absent));
        }
        settings
    }

    fn resolved(&self, index: usize, generation: Generation, absent: Absent) -> Resolved {
        let setting = SOURCES[index].setting;
        match (&self.held[index], absent) {
            (Some(held), _) if self.is_here[index] => Resolved { value: held.value.clone(), origin: Origin::Explicit { at: held.at } },
            (Some(held), _) => {
                Resolved { value: held.value.clone(), origin: Origin::Inherited { from: held.from.to_string(), at: held.at } }
            }
            (None, Absent::Unknown(needs)) => Resolved::unknown(needs),
            (None, Absent::Default(why)) => match Value::default_of(setting, generation) {
                Some(value) => Resolved { value, origin: Origin::Default { why: why.into() } },
                None => Resolved::unknown(entry(setting).iis7.as_ref().map_or("", |iis7| iis7.needs)),
            },
        }
    }
}

/// What holds where no file that was given says anything.
#[derive(Debug, Clone, Copy)]
pub(super) enum Absent {
    /// The default of IIS, with the reason.
    Default(&'static str),
    /// Nothing can be said without the file that is named.
    Unknown(&'static str),
}

fn locked(section: &str, attribute: Option<&str>, place: Place, lock: Locked) -> Anomaly {
    Anomaly {
        kind: AnomalyKind::LockedSectionSet {
            section: section.to_owned(),
            attribute: attribute.map(str::to_owned),
            level: lock.level.to_string(),
            same_file: lock.same_file,
        },
        place,
        related: lock.place.map(|lock| (lock, "locked here".to_owned())).into_iter().collect(),
        site: None,
        path: None,
    }
}
