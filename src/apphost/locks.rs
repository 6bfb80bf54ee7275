//! Who may say what: which sections and attributes a file further down may set, and which place forbids it.

use std::rc::Rc;

use super::read::{Block, Declared, ElementLocks, Mode, SectionUse};
use super::vocabulary::{Node, SOURCES, Section};
use crate::input::Place;

/// The locks in force at one URL path. A lock binds only files below the file that holds it: files are ranked, the file of the server
/// has rank 0 and every file further down a higher rank.
#[derive(Debug, Clone, Default)]
pub(super) struct Locks {
    /// For every section the decisions of the files, by rank; of one file the nearest one counts.
    decisions: [Vec<Decision>; Section::ALL.len()],
    /// For every setting the first lock on its attribute: rank, place and location path.
    pins: [Option<(usize, Place, Level)>; SOURCES.len()],
}

/// The location path that holds a lock; empty for the level of the file itself.
type Level = Rc<str>;

#[derive(Debug, Clone)]
struct Decision {
    rank: usize,
    allow: bool,
    /// Where it stands; `None` for a stock default.
    place: Option<Place>,
    level: Level,
}

/// Why a section or attribute cannot be set.
#[derive(Debug, Clone)]
pub(super) struct Locked {
    /// Where it is locked, when a file says so.
    pub(super) place: Option<Place>,
    /// The location path that holds the lock; empty for the level of the file itself.
    pub(super) level: Level,
    /// Whether the lock stands in the file that it binds, at a location above.
    pub(super) same_file: bool,
}

impl Locks {
    /// What `configSections` says, or the stock file for what is not declared there.
    pub(super) fn declared(declared: Option<&Declared>) -> Locks {
        let mut locks = Locks::default();
        let level = Level::from("");
        for section in Section::ALL {
            let said = declared.and_then(|declared| declared.sections.get(section.path()));
            let decision = match said {
                Some((place, allow)) => Decision { rank: 0, allow: *allow, place: Some(*place), level: Rc::clone(&level) },
                None => Decision { rank: 0, allow: !section.locked_in_stock(), place: None, level: Rc::clone(&level) },
            };
            locks.decisions[section as usize].push(decision);
        }
        locks
    }

    /// Whether a file of `rank` finds the section locked.
    pub(super) fn section(&self, section: Section, rank: usize) -> Option<Locked> {
        let lock = self.decisions[section as usize].iter().find(|decision| decision.rank < rank && !decision.allow)?;
        Some(Locked { place: lock.place, level: Rc::clone(&lock.level), same_file: false })
    }

    /// Whether a file of `rank` finds the attribute of the setting with this index in [`SOURCES`] locked, by a file above or by itself
    /// at a location above.
    pub(super) fn attribute(&self, source: usize, rank: usize) -> Option<Locked> {
        let (pinned_by, place, level) = self.pins[source].as_ref().filter(|(pinned_by, ..)| *pinned_by <= rank)?;
        Some(Locked { place: Some(*place), level: Rc::clone(level), same_file: *pinned_by == rank })
    }

    /// Whether `used`, which stands in `block`, locks or unlocks anything.
    pub(super) fn changed_by(block: &Block, used: &SectionUse) -> bool {
        block.mode != Mode::Inherit || used.locks.place.is_some() || used.child_locks.place.is_some()
    }

    /// Takes in what `used`, which stands in `block` of a file of `rank`, locks and unlocks.
    pub(super) fn take_in(&mut self, block: &Block, used: &SectionUse, rank: usize) {
        if block.mode != Mode::Inherit {
            let decisions = &mut self.decisions[used.section as usize];
            let decision = Decision { rank, allow: block.mode == Mode::Allow, place: Some(block.place), level: block.path.as_str().into() };
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
            if let (Some(place), None) = (place, &self.pins[index]) {
                self.pins[index] = Some((rank, place, block.path.as_str().into()));
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

#[cfg(test)]
mod tests {
    use crate::apphost::{PlacedFile, assemble, read};
    use crate::input::FileId;
    use crate::server::{AnomalyKind, Server};
    use crate::xml::Limits;

    /// A server with the sections of `host` at an unlocked site, and a web.config of that site with the sections of `below`.
    fn server(host: &str, below: &str) -> Server {
        let wrap = |inside: &str| format!("<system.webServer><security>{inside}</security></system.webServer>");
        let host = format!(
            r#"<configuration><system.applicationHost><sites><site name="S" id="1"><application path="/"/></site></sites></system.applicationHost><location path="S" overrideMode="Allow">{}</location></configuration>"#,
            wrap(host)
        );
        let below = format!("<configuration>{}</configuration>", wrap(below));
        let host = read(&host, FileId(0), Limits::default()).unwrap();
        let placed = PlacedFile { directory: vec!["S".to_owned()], config: read(&below, FileId(1), Limits::default()).unwrap().into() };
        assemble(&host, &[placed], None, String::new())
    }

    /// The attributes that the web.config must not set, an empty text for a whole section.
    fn locked(host: &str, below: &str) -> Vec<String> {
        let name = |kind: &AnomalyKind| match kind {
            AnomalyKind::LockedSectionSet { attribute, .. } => attribute.clone().unwrap_or_default(),
            other => format!("{other:?}"),
        };
        server(host, below).anomalies.iter().map(|anomaly| name(&anomaly.kind)).collect()
    }

    const FILTERING: &str =
        r#"<requestFiltering allowDoubleEscaping="true"><requestLimits maxAllowedContentLength="1"/></requestFiltering>"#;

    #[test]
    fn each_kind_of_lock_holds_what_it_names() {
        for (attributes, expected) in [
            ("", vec![]),
            ("lockAttributes='other'", vec![]),
            ("lockAttributes='other, allowDoubleEscaping'", vec!["allowDoubleEscaping"]),
            ("lockAttributes='*'", vec!["allowDoubleEscaping"]),
            ("lockAllAttributesExcept='allowDoubleEscaping'", vec![]),
            ("lockAllAttributesExcept='other'", vec!["allowDoubleEscaping"]),
            ("lockElements='requestLimits'", vec!["maxAllowedContentLength"]),
            ("lockAllElementsExcept='verbs'", vec!["maxAllowedContentLength"]),
            ("lockAllElementsExcept='requestLimits'", vec![]),
            ("lockItem='false'", vec![]),
            ("lockItem='true'", vec!["allowDoubleEscaping", "maxAllowedContentLength"]),
        ] {
            assert_eq!(locked(&format!("<requestFiltering {attributes}/>"), FILTERING), expected, "{attributes}");
        }
        let child = "<requestFiltering><requestLimits lockAttributes='maxAllowedContentLength'/></requestFiltering>";
        assert_eq!(locked(child, FILTERING), ["maxAllowedContentLength"]);
    }

    #[test]
    fn sections_of_the_stock_file_are_locked_unless_a_location_tag_that_holds_them_opens_them() {
        let authentication = "<authentication><anonymousAuthentication enabled='false'/></authentication>";
        assert_eq!(locked("<access/>", authentication), [""]);
        assert_eq!(locked("<authentication><anonymousAuthentication/></authentication>", authentication), Vec::<String>::new());
        assert_eq!(locked("", FILTERING), Vec::<String>::new());
        assert_eq!(locked("", "<access/>"), [""]);
    }
}
