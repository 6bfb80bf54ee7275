//! Who may say what: which sections and attributes a file further down may set, and which place forbids it.

use super::read::{Block, Declared, ElementLocks, Mode, SectionUse};
use super::vocabulary::{Node, SOURCES, Section};
use crate::input::Place;

/// The locks in force at one URL path. A lock binds only files below the file that holds it: files are ranked, the file of the server
/// has rank 0 and every file further down a higher rank.
#[derive(Debug, Clone, Default)]
pub(super) struct Locks {
    /// For every section the decisions of the files, by rank; of one file the nearest one counts.
    decisions: [Vec<Decision>; Section::ALL.len()],
    /// For every setting the first lock on its attribute.
    pins: [Option<(usize, Place)>; SOURCES.len()],
}

#[derive(Debug, Clone, Copy)]
struct Decision {
    rank: usize,
    allow: bool,
    /// Where it stands; `None` for a stock default.
    place: Option<Place>,
}

/// Why a section or attribute cannot be set: where it is locked, when a file says so.
pub(super) type Locked = Option<Place>;

impl Locks {
    /// What `configSections` says, or the stock file for what is not declared there.
    pub(super) fn declared(declared: Option<&Declared>) -> Locks {
        let mut locks = Locks::default();
        for section in Section::ALL {
            let said = declared.and_then(|declared| declared.sections.get(section.path()));
            let decision = match said {
                Some((place, allow)) => Decision { rank: 0, allow: *allow, place: Some(*place) },
                None => Decision { rank: 0, allow: !section.locked_in_stock(), place: None },
            };
            locks.decisions[section as usize].push(decision);
        }
        locks
    }

    /// Whether a file of `rank` finds the section locked.
    pub(super) fn section(&self, section: Section, rank: usize) -> Option<Locked> {
        self.decisions[section as usize].iter().find(|decision| decision.rank < rank && !decision.allow).map(|decision| decision.place)
    }

    /// Whether a file of `rank` finds the attribute of the setting with this index in [`SOURCES`] locked.
    pub(super) fn attribute(&self, source: usize, rank: usize) -> Option<Locked> {
        self.pins[source].filter(|(pinned_by, _)| *pinned_by < rank).map(|(_, place)| Some(place))
    }

    /// Takes in what `used`, which stands in `block` of a file of `rank`, locks and unlocks.
    pub(super) fn take_in(&mut self, block: &Block, used: &SectionUse, rank: usize) {
        if block.mode != Mode::Inherit {
            let decisions = &mut self.decisions[used.section as usize];
            let decision = Decision { rank, allow: block.mode == Mode::Allow, place: Some(block.place) };
            match decisions.last_mut().filter(|last| last.rank == rank) {
                Some(last) => *last = decision,
                None => decisions.push(decision),
            }
        }
        for (index, source) in SOURCES.iter().enumerate().filter(|(_, source)| source.section == used.section) {
            let place = if source.node == Node::RequestLimits {
                pins(&used.child_locks, source.attribute).or_else(|| holds_element(&used.locks, "requestLimits"))
            } else {
                pins(&used.locks, source.attribute)
            };
            if let (Some(place), None) = (place, self.pins[index]) {
                self.pins[index] = Some((rank, place));
            }
        }
    }
}

fn pins(locks: &ElementLocks, attribute: &str) -> Option<Place> {
    let named = |list: &[String]| list.iter().any(|name| name == attribute || name == "*");
    let locked = locks.item || named(&locks.attributes) || locks.all_attributes_except.as_ref().is_some_and(|list| !named(list));
    locks.place.filter(|_| locked)
}

fn holds_element(locks: &ElementLocks, element: &str) -> Option<Place> {
    let named = |list: &[String]| list.iter().any(|name| name == element || name == "*");
    let locked = locks.item || named(&locks.elements) || locks.all_elements_except.as_ref().is_some_and(|list| !named(list));
    locks.place.filter(|_| locked)
}
