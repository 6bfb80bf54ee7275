//! The tree of keys and the effective value of a setting at a key: the key's own, else that of the nearest ancestor whose property is
//! inheritable, else the default.

use std::borrow::Cow;
use std::cmp::Ordering;

use super::mbschema::Facts;
use super::read::{Key, Level, Property, Repeated};
use crate::catalogue::Setting;
use crate::server::{AnomalyKind, Origin, Resolved};

/// What would settle a value that an export does not show.
pub(super) const NEEDS_SERVICE: &str =
    "the key /LM/W3SVC, which is not in this file: copy the whole MetaBase.xml, or export again with `iiscnfg /export /inherited`";

/// The keys, sorted by path so that every key comes before those below it, each with its nearest ancestor in the file.
#[derive(Debug)]
pub(super) struct Tree {
    keys: Vec<Key>,
    parents: Vec<Option<usize>>,
    service: Option<usize>,
}

impl Tree {
    /// Builds the tree. Of keys with the same path the first in the file counts; the others are reported, and count only for what it does not say.
    pub(super) fn new(mut keys: Vec<Key>) -> (Tree, Vec<Repeated>) {
        keys.sort_by(|a, b| by_path(&a.path, &b.path).then(a.place.cmp(&b.place)));
        let mut unique: Vec<Key> = Vec::with_capacity(keys.len());
        let mut repeated = Vec::new();
        for key in keys {
            match unique.last_mut() {
                Some(first) if first.path == key.path => {
                    let kind = AnomalyKind::KeyTwice { key: key.location.clone() };
                    repeated.push(Repeated { kind, place: key.place, first: first.place });
                    first.absorb(key);
                }
                _ => unique.push(key),
            }
        }
        let mut parents = Vec::with_capacity(unique.len());
        let mut line: Vec<usize> = Vec::new();
        for (index, key) in unique.iter().enumerate() {
            while line.last().is_some_and(|above| !is_below(&key.path, &unique[*above].path)) {
                line.pop();
            }
            parents.push(line.last().copied());
            line.push(index);
        }
        let service = unique.iter().position(|key| key.level == Level::Service);
        (Tree { keys: unique, parents, service }, repeated)
    }

    /// All keys, sorted by path.
    pub(super) fn keys(&self) -> &[Key] {
        &self.keys
    }

    /// The nearest ancestor of the key with index `key` that is in the file.
    pub(super) fn parent(&self, key: usize) -> Option<usize> {
        self.parents.get(key).copied().flatten()
    }

    /// The key `/LM/W3SVC`.
    pub(super) fn service(&self) -> Option<usize> {
        self.service
    }

    /// What a site whose own key is not in the file inherits from: `/LM/W3SVC`, else `/LM` or `/`.
    pub(super) fn above_sites(&self) -> Option<usize> {
        // They sort first, so the search ends at once even for a thousand sites.
        self.service.or_else(|| self.keys.iter().take(2).rposition(|key| key.level == Level::Above))
    }

    /// The effective value of `setting` at `at`: a key, or with `own` false a place below it that has no key.
    pub(super) fn effective(&self, facts: &Facts, at: Option<usize>, own: bool, setting: Setting) -> Resolved {
        let mut here = own;
        let mut next = at;
        while let Some(index) = next {
            let key = &self.keys[index];
            if self.service.is_none() && key.level == Level::Above {
                // The missing /LM/W3SVC is nearer and may say something else.
                break;
            }
            if let Some(said) = key.says(Property::Setting(setting)).filter(|said| here || said.inherits) {
                let origin = if here {
                    Origin::Explicit { at: said.place }
                } else {
                    Origin::Inherited { from: key.location.clone(), at: said.place }
                };
                return Resolved { value: said.value.clone(), origin };
            }
            here = false;
            next = self.parent(index);
        }
        if self.service.is_none() {
            return Resolved::unknown(NEEDS_SERVICE);
        }
        default(
            facts,
            setting,
            "no key sets it, neither here nor above",
            "no key sets it, neither here nor above; the default is that of MBSchema.xml",
        )
    }

    /// The value of a setting that counts only where it is written: at the key `at` itself.
    pub(super) fn own(&self, facts: &Facts, at: usize, setting: Setting) -> Resolved {
        match self.keys[at].says(Property::Setting(setting)) {
            Some(said) => Resolved { value: said.value.clone(), origin: Origin::Explicit { at: said.place } },
            None => never_inherited(facts, setting),
        }
    }
}

/// The value of such a setting where no key writes it.
pub(super) fn never_inherited(facts: &Facts, setting: Setting) -> Resolved {
    default(
        facts,
        setting,
        "the key of the site does not set it, and it is never inherited",
        "the key of the site does not set it, and it is never inherited; the default is that of MBSchema.xml",
    )
}

fn default(facts: &Facts, setting: Setting, why: &'static str, why_schema: &'static str) -> Resolved {
    let fact = facts.of(setting);
    let why = if fact.from_schema { why_schema } else { why };
    Resolved { value: fact.default.clone(), origin: Origin::Default { why: Cow::Borrowed(why) } }
}

/// Orders paths so that whatever is below a path follows it at once: `/` sorts before every other character.
fn by_path(a: &str, b: &str) -> Ordering {
    const BLOCK: usize = 64;
    let (a, b) = (a.as_bytes(), b.as_bytes());
    // Deep trees share long beginnings, which whole blocks pass quickly.
    let same = a.chunks_exact(BLOCK).zip(b.chunks_exact(BLOCK)).take_while(|(a, b)| a == b).count() * BLOCK;
    let rank = |byte: &u8| if *byte == b'/' { 0 } else { *byte };
    a[same..].iter().map(rank).cmp(b[same..].iter().map(rank))
}

fn is_below(path: &str, above: &str) -> bool {
    above == "/" || path.strip_prefix(above).is_some_and(|rest| rest.starts_with('/'))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn whatever_is_below_a_path_follows_it_at_once() {
        let long = "x".repeat(130);
        let mut paths = ["/lm/a-b", "/lm/a/b", "/lm", "/lm/a", "/lm/a/b/c", "/lm/a b", "/", "/lm/\u{e4}"].map(str::to_owned).to_vec();
        paths.extend([format!("/{long}-"), format!("/{long}/a"), format!("/{long}")]);
        paths.sort_by(|a, b| by_path(a, b));
        let expected = ["/", "/lm", "/lm/a", "/lm/a/b", "/lm/a/b/c", "/lm/a b", "/lm/a-b", "/lm/\u{e4}"].map(str::to_owned).to_vec();
        assert_eq!(paths[..8], expected);
        assert_eq!(paths[8..], [format!("/{long}"), format!("/{long}/a"), format!("/{long}-")]);
    }

    #[test]
    fn a_path_is_below_another_only_at_a_slash() {
        assert!(is_below("/lm/a", "/") && is_below("/lm/a/b", "/lm/a"));
        assert!(!is_below("/lm/ab", "/lm/a") && !is_below("/lm/a", "/lm/a"));
    }

    #[test]
    fn a_deep_and_a_broad_tree_cost_no_more_than_their_size() {
        let mut text = String::from("<c><m><k Location='/LM/W3SVC'/>");
        let mut path = String::from("/LM/W3SVC/1/ROOT");
        text.push_str(&format!("<k Location='{path}{}' AccessSSLFlags='8'/>", "/a".repeat(500_000)));
        for depth in 0..1000 {
            path.push_str("/a");
            text.push_str(&format!("<k Location='{path}' AccessSSLFlags='{}'/><k Location='/LM/W3SVC/{}'/>", depth % 2, depth + 2));
        }
        text.push_str("</m></c>");
        let start = std::time::Instant::now();
        let metabase = super::super::read(&text, crate::input::FileId(0), crate::xml::Limits::default(), None).unwrap();
        let server = super::super::assemble(&metabase, String::new());
        assert_eq!((server.sites.len(), server.sites[0].scopes.len()), (1001, 1002));
        // Quadratic work on this text takes minutes, even optimised; linear work takes a fraction of a second.
        assert!(start.elapsed().as_secs() < 20);
    }
}
