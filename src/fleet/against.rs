//! What changed since an earlier run: findings that are new or gone, values in effect that drifted, servers and sites that came and went.
//!
//! It promises that a run against itself has no changes, that what came the one way went the other way, and that nothing counts as gone that
//! was merely not read.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use serde::Serialize;

use super::Text;
use super::collect::{Estate, Fact, Location, Member, above};
use crate::rules::{Finding, Severity};

/// One run.
#[derive(Debug, Clone, Copy)]
pub struct Run<'a> {
    /// Its sites and their values.
    pub members: &'a Estate,
    /// What its rules found.
    pub findings: &'a [&'a Finding],
    /// Servers of which a file could not be read.
    pub incomplete: &'a BTreeSet<String>,
}

/// A site of a server.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct SiteOf {
    /// Name of the server.
    pub server: Text,
    /// Name of the site.
    pub site: Text,
    /// Its number.
    pub id: Option<u32>,
}

/// A finding of one of the runs.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Found {
    /// How severe it is.
    pub severity: Severity,
    /// Name of the rule.
    pub rule: &'static str,
    /// Name of the server.
    pub server: String,
    /// Number and name of the site.
    pub site: Option<(Option<u32>, String)>,
    /// URL path.
    pub path: Option<String>,
    /// What the rule says.
    pub message: String,
    /// Follows from the meaning.
    pub fingerprint: String,
}

/// How a value changed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Drift {
    /// Both runs know it, and it is another one.
    Changed,
    /// The earlier run did not know it.
    BecameKnown,
    /// The later run does not know it.
    BecameUnknown,
    /// The site had no such setting, as a site without https has none of an endpoint.
    Came,
    /// The site has no such setting any more.
    Went,
}

/// A value that is another one now.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Drifted {
    /// Whose it is.
    pub of: SiteOf,
    /// URL path; empty for what is decided for the site as a whole.
    pub path: Text,
    /// Name of the setting.
    pub setting: Text,
    /// How it changed.
    pub drift: Drift,
    /// The value as it was, for showing, with its place; `None` where there was none.
    pub before: Option<(Text, Option<Location>)>,
    /// The value as it is.
    pub after: Option<(Text, Option<Location>)>,
}

/// What changed between two runs.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Changes {
    /// Findings of the later run alone, the severest first.
    pub new: Vec<Found>,
    /// Findings of the earlier run alone, on servers that were read whole.
    pub fixed: Vec<Found>,
    /// Findings of the earlier run alone, on servers that are not there now, or not whole: nothing is known of them.
    pub not_read: Vec<Found>,
    /// How many findings both have.
    pub unchanged: usize,
    /// Values that drifted. Of a path below one that drifted in the same way nothing is said.
    pub values: Vec<Drifted>,
    /// Servers of the later run alone.
    pub servers_came: Vec<Text>,
    /// Servers of the earlier run alone.
    pub servers_went: Vec<Text>,
    /// Sites of the later run alone, on servers that both have.
    pub sites_came: Vec<SiteOf>,
    /// Sites of the earlier run alone, on servers that both have.
    pub sites_went: Vec<SiteOf>,
}

impl Changes {
    /// Whether nothing changed.
    pub fn is_empty(&self) -> bool {
        *self == Changes { unchanged: self.unchanged, ..Changes::default() }
    }
}

/// Compares two runs.
pub fn against(before: Run<'_>, after: Run<'_>) -> Changes {
    let mut changes = Changes::default();
    findings(before, after, &mut changes);
    let servers = |run: Run<'_>| run.members.servers.iter().map(Arc::clone).collect::<BTreeSet<Text>>();
    let (old, new) = (servers(before), servers(after));
    changes.servers_came = new.difference(&old).cloned().collect();
    changes.servers_went = old.difference(&new).cloned().collect();
    let (old_sites, new_sites) = (sites(before.members), sites(after.members));
    for (site, member) in &new_sites {
        match old_sites.get(site) {
            Some(was) => drifted(site, was, member, &mut changes.values),
            None if old.contains(&site.server) => changes.sites_came.push(site.clone()),
            None => {}
        }
    }
    let went = old_sites.into_keys().filter(|site| new.contains(&site.server) && !new_sites.contains_key(site));
    changes.sites_went = went.filter(|site| !after.incomplete.contains(&*site.server)).collect();
    changes
}

fn sites(members: &Estate) -> BTreeMap<SiteOf, &Member> {
    let key = |member: &Member| SiteOf { server: Arc::clone(&member.server), site: Arc::clone(&member.site), id: member.id };
    members.members.iter().map(|member| (key(member), member)).collect()
}

/// Findings by their fingerprints; of those that are alike as many as there are.
fn findings(before: Run<'_>, after: Run<'_>, changes: &mut Changes) {
    let mut left: BTreeMap<String, Vec<&Finding>> = BTreeMap::new();
    for finding in before.findings {
        left.entry(finding.fingerprint()).or_default().push(finding);
    }
    for finding in after.findings {
        let fingerprint = finding.fingerprint();
        match left.get_mut(&fingerprint).and_then(Vec::pop) {
            Some(_) => changes.unchanged += 1,
            None => changes.new.push(found(finding, fingerprint)),
        }
    }
    let there: BTreeSet<&str> = after.members.servers.iter().map(|name| &**name).collect();
    for (fingerprint, findings) in left {
        for finding in findings {
            let read = there.contains(finding.server.as_str()) && !after.incomplete.contains(&finding.server);
            let into = if read { &mut changes.fixed } else { &mut changes.not_read };
            into.push(found(finding, fingerprint.clone()));
        }
    }
    let severest_first = |found: &mut Vec<Found>| {
        found.sort();
        found.sort_by_key(|found| std::cmp::Reverse(found.severity));
    };
    severest_first(&mut changes.new);
    severest_first(&mut changes.fixed);
    severest_first(&mut changes.not_read);
}

fn found(finding: &Finding, fingerprint: String) -> Found {
    Found {
        severity: finding.severity,
        rule: finding.rule.name,
        server: finding.server.clone(),
        site: finding.site.clone(),
        path: finding.path.clone(),
        message: finding.message.clone(),
        fingerprint,
    }
}

fn drifted(site: &SiteOf, before: &Member, after: &Member, into: &mut Vec<Drifted>) {
    let paths: BTreeSet<&Text> = before.paths().chain(after.paths()).collect();
    for path in paths {
        let of = |member: &Member| -> BTreeSet<Text> {
            member.values(path).into_iter().flatten().map(|fact| Arc::clone(&fact.setting)).collect()
        };
        for setting in of(before).union(&of(after)) {
            let (was, now) = (before.at(path, setting), after.at(path, setting));
            let Some(kind) = drift(was, now) else { continue };
            // What a path inherits drifted where it is said.
            let same = |up: &str| text(before.at(up, setting)) == text(was) && text(after.at(up, setting)) == text(now);
            if !path.is_empty() && above(path).is_some_and(same) {
                continue;
            }
            let told = |member: &Member, fact: Option<&Fact>| fact.map(|fact| (Arc::clone(&fact.shown), member.location(path, setting)));
            into.push(Drifted {
                of: site.clone(),
                path: Arc::clone(path),
                setting: Arc::clone(setting),
                drift: kind,
                before: told(before, was),
                after: told(after, now),
            });
        }
    }
}

fn text(fact: Option<&Fact>) -> Option<&Text> {
    fact?.value.as_ref()
}

fn drift(before: Option<&Fact>, after: Option<&Fact>) -> Option<Drift> {
    match (before, after) {
        (None, None) => None,
        (None, Some(_)) => Some(Drift::Came),
        (Some(_), None) => Some(Drift::Went),
        (Some(before), Some(after)) => match (&before.value, &after.value) {
            (None, None) => None,
            (None, Some(_)) => Some(Drift::BecameKnown),
            (Some(_), None) => Some(Drift::BecameUnknown),
            (Some(before), Some(after)) => (before != after).then_some(Drift::Changed),
        },
    }
}

#[cfg(test)]
mod tests {
    use super::super::collect::{Collector, Observation};
    use super::*;

    /// A path, a setting and its value.
    type Row<'a> = (&'a str, &'a str, Option<&'a str>);

    /// Servers with one site each.
    fn estate(servers: &[(&str, &[Row<'_>])]) -> Estate {
        let mut collector = Collector::default();
        for (server, rows) in servers {
            for (path, setting, value) in *rows {
                let place = Some(("file", 1, 1));
                let shown = value.unwrap_or("not assessed");
                collector.observe(&Observation {
                    server,
                    site: "Shop",
                    site_id: Some(1),
                    path,
                    setting,
                    value: *value,
                    shown,
                    origin: "explicit",
                    place,
                });
            }
        }
        collector.finish()
    }

    fn changes(before: &Estate, after: &Estate) -> Changes {
        let none = BTreeSet::new();
        let run = |members| Run { members, findings: &[], incomplete: &none };
        against(run(before), run(after))
    }

    #[test]
    fn a_value_that_drifted_is_told_once_with_both_values_and_not_for_paths_that_inherit_it() {
        let before = estate(&[("a", &[("/", "access-flags", Some("104")), ("/api", "access-flags", Some("104"))])]);
        let after = estate(&[("a", &[("/", "access-flags", Some("8")), ("/api", "access-flags", Some("8"))])]);
        let found = changes(&before, &after).values;
        assert_eq!(found.len(), 1);
        let shown = |side: &Option<(Text, Option<Location>)>| side.as_ref().unwrap().0.to_string();
        assert_eq!((&*found[0].path, shown(&found[0].before), shown(&found[0].after)), ("/", "104".to_owned(), "8".to_owned()));
        let alone = estate(&[("a", &[("/", "access-flags", Some("104")), ("/api", "access-flags", Some("8"))])]);
        assert_eq!(&*changes(&before, &alone).values[0].path, "/api");
    }

    #[test]
    fn what_becomes_known_or_unknown_is_not_called_a_change() {
        let known = estate(&[("a", &[("", "cert-check-mode", Some("1"))])]);
        let unknown = estate(&[("a", &[("", "cert-check-mode", None)])]);
        assert_eq!(changes(&known, &unknown).values[0].drift, Drift::BecameUnknown);
        assert_eq!(changes(&unknown, &known).values[0].drift, Drift::BecameKnown);
        assert!(changes(&unknown, &unknown).is_empty());
    }

    #[test]
    fn a_run_against_itself_has_no_changes_and_the_other_way_round_is_the_mirror() {
        let a = estate(&[("a", &[("/", "access-flags", Some("104"))]), ("b", &[("/", "access-flags", Some("8"))])]);
        let b = estate(&[
            ("b", &[("/", "access-flags", Some("40")), ("", "ds-mapper", Some("1"))]),
            ("c", &[("/", "access-flags", Some("0"))]),
        ]);
        assert!(changes(&a, &a).is_empty() && changes(&b, &b).is_empty());
        let (there, back) = (changes(&a, &b), changes(&b, &a));
        assert_eq!((&there.servers_came, &there.servers_went), (&back.servers_went, &back.servers_came));
        let turned = |drift: Drift| match drift {
            Drift::Came => Drift::Went,
            Drift::Went => Drift::Came,
            other => other,
        };
        let mirrored: Vec<Drifted> = back
            .values
            .iter()
            .cloned()
            .map(|one| Drifted {
                drift: turned(one.drift),
                before: one.after,
                after: one.before,
                of: one.of,
                path: one.path,
                setting: one.setting,
            })
            .collect();
        assert_eq!(there.values, mirrored);
        assert_eq!(there.values.len(), 2);
    }
}
