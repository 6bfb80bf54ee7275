//! One cohort: who agrees, who differs, and where there is no majority to differ from.

use std::cmp::Reverse;
use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::sync::Arc;

use super::cohorts::{Cohort, CohortKind};
use super::collect::{Estate, Fact, Location, Member, above};
use super::{Fleet, Text, Thresholds, weight};
use crate::hashing::Seed;

/// Members that deviate alike are a group when there are so many of them.
const GROUP: usize = 3;
/// Or when they are this many percent of the cohort, and at least two.
const GROUP_PERCENT: usize = 20;
/// In a cohort with more members, a path that fewer than one member in [`DENSE`] mentions is judged for these members only.
const SMALL: usize = 64;
/// See [`SMALL`].
const DENSE: usize = 8;
/// So many members are named where all of them would be too many.
const NAMED: usize = 8;

/// What a cohort came to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CohortReport {
    /// Its name.
    pub name: String,
    /// Why its sites are peers.
    pub kind: CohortKind,
    /// Number of sites.
    pub members: usize,
    /// Number of servers.
    pub servers: usize,
    /// Settings at paths that were compared.
    pub compared: usize,
    /// How many of them all known values agree on.
    pub agree: usize,
    /// Values that were not assessed.
    pub not_assessed: usize,
    /// Members that differ on their own.
    pub outliers: usize,
    /// Groups of members that differ together.
    pub groups: usize,
    /// Settings without a majority.
    pub splits: usize,
}

/// A setting in which a member differs from the majority.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Deviation {
    /// The setting.
    pub setting: Text,
    /// URL path; empty for the site as a whole.
    pub path: Text,
    /// The value here.
    pub value: Text,
    /// That of the majority.
    pub expected: Text,
    /// How many members have the value of the majority.
    pub agree: usize,
    /// How many members have a known value.
    pub of: usize,
    /// How many members have a value that was not assessed.
    pub not_assessed: usize,
    /// Kind of the origin of the value here.
    pub origin: Text,
    /// Where the value is said, or else where the site is declared.
    pub location: Option<Location>,
    /// The first member by name with the value of the majority: its server, its site, and where it says so.
    pub counterexample: Option<(Text, Text, Option<Location>)>,
    /// How much it matters.
    pub weight: u32,
}

/// A member that differs from its cohort.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Outlier {
    /// Name of the cohort.
    pub cohort: String,
    /// Why the cohort is one.
    pub kind: CohortKind,
    /// The server.
    pub server: Text,
    /// The site.
    pub site: Text,
    /// Its number.
    pub site_id: Option<u32>,
    /// In what it differs, the heaviest first.
    pub deviations: Vec<Deviation>,
}

impl Outlier {
    /// How much it matters: as its heaviest deviation.
    pub fn weight(&self) -> u32 {
        self.deviations.iter().map(|deviation| deviation.weight).max().unwrap_or_default()
    }

    pub(super) fn order(&self) -> impl Ord + use<> {
        let agree = self.deviations.iter().map(|deviation| deviation.agree).max().unwrap_or_default();
        let key = (self.kind, self.cohort.clone(), Arc::clone(&self.server), Arc::clone(&self.site), self.site_id);
        (Reverse(self.weight()), Reverse(agree), Reverse(self.deviations.len()), key)
    }
}

/// Members that differ from their cohort in the same way: rather a second standard than mistakes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Group {
    /// Name of the cohort.
    pub cohort: String,
    /// Why the cohort is one.
    pub kind: CohortKind,
    /// Number of sites in the cohort.
    pub cohort_members: usize,
    /// Its members: server, site, number.
    pub members: Vec<(Text, Text, Option<u32>)>,
    /// In what they differ; the place is that of the first member.
    pub deviations: Vec<Deviation>,
}

impl Group {
    /// How much it matters.
    pub fn weight(&self) -> u32 {
        self.deviations.iter().map(|deviation| deviation.weight).max().unwrap_or_default()
    }

    pub(super) fn order(&self) -> impl Ord + use<> {
        (Reverse(self.weight()), Reverse(self.members.len()), self.kind, self.cohort.clone(), self.members.clone())
    }
}

/// A value and who has it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Held {
    /// The value.
    pub value: Text,
    /// How many members have it.
    pub count: usize,
    /// The first of them by name: server, site, and where it is said.
    pub first: Vec<(Text, Text, Option<Location>)>,
}

/// A setting without a majority.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Split {
    /// Name of the cohort.
    pub cohort: String,
    /// Why the cohort is one.
    pub kind: CohortKind,
    /// The setting.
    pub setting: Text,
    /// URL path; empty for the site as a whole.
    pub path: Text,
    /// The values, the most frequent first.
    pub values: Vec<Held>,
    /// How many members have a known value.
    pub of: usize,
    /// How many members have a value that was not assessed.
    pub not_assessed: usize,
    /// Whether there are too few members to speak of a majority at all.
    pub too_few: bool,
}

impl Split {
    pub(super) fn order(&self) -> impl Ord + use<> {
        (
            Reverse(weight(&self.setting, 1, 1)),
            Reverse(self.of),
            self.kind,
            self.cohort.clone(),
            Arc::clone(&self.path),
            Arc::clone(&self.setting),
        )
    }
}

/// Members with one value, by those who say it in the same words.
#[derive(Default)]
pub(super) struct With<'a, 'r>(Vec<(&'a Fact, &'r [usize])>);

impl<'a> With<'a, '_> {
    fn count(&self) -> usize {
        self.0.iter().map(|(_, members)| members.len()).sum()
    }

    pub(super) fn first(&self) -> Option<(usize, &'a Fact)> {
        self.0.iter().filter_map(|(fact, members)| Some((*members.first()?, *fact))).min_by_key(|(index, _)| *index)
    }

    /// In ascending order.
    pub(super) fn all(&self) -> Vec<(usize, &'a Fact)> {
        let mut all: Vec<_> = self.0.iter().flat_map(|(fact, members)| members.iter().map(|index| (*index, *fact))).collect();
        all.sort_by_key(|(index, _)| *index);
        all
    }
}

/// A setting at a path, with the values of all members that have it. Members are told as those who say the same at all paths.
pub(super) struct Row<'a, 'r> {
    pub(super) path: Text,
    pub(super) setting: Text,
    pub(super) values: BTreeMap<&'a Text, With<'a, 'r>>,
    unknown: Vec<&'r [usize]>,
    /// Members whose value is that of the path above.
    inherited: Vec<&'r [usize]>,
    /// For a path that few mention: the path above that says what to expect.
    pub(super) sparse_below: Option<Text>,
}

impl Row<'_, '_> {
    fn known(&self) -> usize {
        self.values.values().map(With::count).sum()
    }

    fn not_assessed(&self) -> usize {
        self.unknown.iter().map(|members| members.len()).sum()
    }

    pub(super) fn unknown(&self) -> impl Iterator<Item = usize> {
        self.unknown.iter().flat_map(|members| members.iter().copied())
    }

    fn inherits(&self, member: usize) -> bool {
        self.inherited.iter().any(|members| members.binary_search(&member).is_ok())
    }

    /// Whether it says no more than the path above.
    fn is_inherited(&self) -> bool {
        self.inherited.iter().map(|members| members.len()).sum::<usize>() == self.known() + self.not_assessed()
    }
}

/// Calls `take` for every setting at every path at which any member says something, unless all merely inherit there. Paths come sorted, so
/// that a path comes after those above it.
pub(super) fn rows<'a>(estate: &'a Estate, members: &[usize], mut take: impl FnMut(Row<'a, '_>)) {
    let alike = alike(estate, members);
    let mut paths: BTreeMap<&Text, Vec<&Alike<'_>>> = BTreeMap::new();
    for one in &alike {
        for path in one.first.paths() {
            paths.entry(path).or_default().push(one);
        }
    }
    let is_dense = |count: usize| members.len() <= SMALL || count * DENSE >= members.len();
    let count = |with: &[&Alike<'_>]| with.iter().map(|one| one.members.len()).sum();
    let dense: BTreeSet<&str> = paths.iter().filter(|(_, with)| is_dense(count(with))).map(|(path, _)| &***path).collect();
    let all: Vec<&Alike<'_>> = alike.iter().collect();
    for (path, with) in &paths {
        let is_dense = dense.contains(&***path);
        let above_here = nearest(path, &dense);
        let mut by_setting: BTreeMap<&'a Text, Row<'a, '_>> = BTreeMap::new();
        for one in if is_dense { &all } else { with } {
            let Some(facts) = one.first.values_at(path) else { continue };
            let above = above_here.and_then(|above| one.first.values_at(above));
            for fact in facts {
                let row = by_setting.entry(&fact.setting).or_insert_with(|| Row {
                    path: Arc::clone(path),
                    setting: Arc::clone(&fact.setting),
                    values: BTreeMap::new(),
                    unknown: Vec::new(),
                    inherited: Vec::new(),
                    sparse_below: if is_dense { None } else { above_here.map(Arc::from) },
                });
                match &fact.value {
                    Some(value) => row.values.entry(value).or_default().0.push((fact, &one.members)),
                    None => row.unknown.push(&one.members),
                }
                let position = |above: &'a [Arc<Fact>]| above.binary_search_by(|other| other.setting.cmp(&fact.setting)).ok();
                let said_above = above.and_then(|above| above.get(position(above)?));
                if said_above.is_some_and(|above| above.value == fact.value) {
                    row.inherited.push(&one.members);
                }
            }
        }
        by_setting.into_values().filter(|row| !row.is_inherited()).for_each(&mut take);
    }
}

/// Members that say the same at the same paths.
struct Alike<'a> {
    first: &'a Member,
    /// Ascending.
    members: Vec<usize>,
}

/// Members put together by what they say, so that what thousands say is looked at once.
fn alike<'a>(estate: &'a Estate, members: &[usize]) -> Vec<Alike<'a>> {
    let mut by_address: HashMap<usize, usize, Seed> = HashMap::default();
    let mut by_hash: HashMap<u64, Vec<usize>, Seed> = HashMap::default();
    let seed = by_hash.hasher().clone();
    let mut all: Vec<Alike<'a>> = Vec::new();
    for index in members {
        let member = &estate.members[*index];
        let at = *by_address.entry(member.address_of_values()).or_insert_with(|| {
            let same = by_hash.entry(member.hash_of_values(&seed)).or_default();
            let known = same.iter().copied().find(|at| all[*at].first.says_the_same(member));
            known.unwrap_or_else(|| {
                same.push(all.len());
                all.push(Alike { first: member, members: Vec::new() });
                all.len() - 1
            })
        });
        all[at].members.push(*index);
    }
    all
}

/// The nearest path above among those that all members are judged at.
fn nearest<'p>(path: &str, dense: &BTreeSet<&'p str>) -> Option<&'p str> {
    let mut path = path;
    for _ in 0..64 {
        path = above(path)?;
        if let Some(found) = dense.get(path) {
            return Some(found);
        }
    }
    dense.get("/").copied()
}

/// The majority at a path.
struct Majority {
    value: Text,
    shown: Text,
    agree: usize,
    of: usize,
    not_assessed: usize,
    typical: Option<(Text, Text, Option<Location>)>,
}

/// Judges one cohort and adds what was found.
pub(super) fn judge(estate: &Estate, cohort: &Cohort, thresholds: Thresholds, fleet: &mut Fleet) {
    // Members are sorted by server.
    let servers = cohort.members.chunk_by(|one, next| estate.members[*one].server == estate.members[*next].server);
    let mut report = CohortReport {
        name: cohort.name.clone(),
        kind: cohort.kind,
        members: cohort.members.len(),
        servers: servers.count(),
        compared: 0,
        agree: 0,
        not_assessed: 0,
        outliers: 0,
        groups: 0,
        splits: 0,
    };
    let mut majorities: BTreeMap<(Text, Text), Majority> = BTreeMap::new();
    let mut deviating: BTreeMap<usize, Vec<Deviation>> = BTreeMap::new();
    rows(estate, &cohort.members, |row| {
        report.not_assessed += row.not_assessed();
        let known = row.known();
        if let Some(above) = &row.sparse_below {
            sparse(estate, &row, above, &majorities, &mut deviating);
            return;
        }
        if known < 2 {
            return;
        }
        report.compared += 1;
        let top = row.values.iter().max_by_key(|(value, with)| (with.count(), Reverse(**value)));
        let Some((value, with)) = top else { return };
        let enough = known >= thresholds.min_size.max(2);
        let is_majority = with.count() * 100 >= usize::from(thresholds.majority.max(51)) * known;
        if row.values.len() == 1 {
            report.agree += 1;
        }
        if row.values.len() == 1 || enough && is_majority {
            let typical = with.first();
            let majority = Majority {
                value: Arc::clone(value),
                shown: typical.map_or_else(|| Arc::clone(value), |(_, fact)| Arc::clone(&fact.shown)),
                agree: with.count(),
                of: known,
                not_assessed: row.not_assessed(),
                typical: typical.map(|(index, _)| named(&estate.members[index], &row.path, &row.setting)),
            };
            let above = nearest_majority(&row.path, &row.setting, &majorities);
            let same_above = above.is_some_and(|above| above.value == majority.value);
            for (other, with) in row.values.iter().filter(|(other, _)| *other != value) {
                for (index, fact) in with.all().into_iter().filter(|(index, _)| !(same_above && row.inherits(*index))) {
                    let one = deviation(&estate.members[index], fact, &row, &majority);
                    debug_assert_ne!(**other, majority.value);
                    deviating.entry(index).or_default().push(one);
                }
            }
            majorities.insert((Arc::clone(&row.path), Arc::clone(&row.setting)), majority);
            return;
        }
        // Every server may well have a certificate of its own; one that differs from all others is told above.
        if &*row.setting == "server-certificate" {
            return;
        }
        report.splits += 1;
        let mut values: Vec<Held> = row.values.values().map(|with| held(estate, &row.path, &row.setting, with)).collect();
        values.sort_by(|a, b| b.count.cmp(&a.count).then_with(|| a.value.cmp(&b.value)));
        fleet.splits.push(Split {
            cohort: cohort.name.clone(),
            kind: cohort.kind,
            not_assessed: row.not_assessed(),
            setting: row.setting,
            path: row.path,
            values,
            of: known,
            too_few: !enough,
        });
    });
    let (groups, rest) = grouped(deviating, cohort.members.len());
    report.groups = groups.len();
    for (members, mut deviations) in groups {
        deviations.sort_by(heaviest);
        let members = members.iter().map(|index| {
            let member = &estate.members[*index];
            (Arc::clone(&member.server), Arc::clone(&member.site), member.id)
        });
        fleet.groups.push(Group {
            cohort: cohort.name.clone(),
            kind: cohort.kind,
            cohort_members: cohort.members.len(),
            members: members.collect(),
            deviations,
        });
    }
    report.outliers = rest.len();
    for (index, mut deviations) in rest {
        deviations.sort_by(heaviest);
        let member = &estate.members[index];
        fleet.outliers.push(Outlier {
            cohort: cohort.name.clone(),
            kind: cohort.kind,
            server: Arc::clone(&member.server),
            site: Arc::clone(&member.site),
            site_id: member.id,
            deviations,
        });
    }
    fleet.cohorts.push(report);
}

fn heaviest(a: &Deviation, b: &Deviation) -> std::cmp::Ordering {
    b.weight.cmp(&a.weight).then_with(|| a.path.cmp(&b.path)).then_with(|| a.setting.cmp(&b.setting))
}

/// A path that few members mention: they are expected to do there what the majority does above.
fn sparse(
    estate: &Estate,
    row: &Row<'_, '_>,
    above: &Text,
    majorities: &BTreeMap<(Text, Text), Majority>,
    deviating: &mut BTreeMap<usize, Vec<Deviation>>,
) {
    let found = majorities.get(&(Arc::clone(above), Arc::clone(&row.setting)));
    let Some(majority) = found.or_else(|| nearest_majority(above, &row.setting, majorities)) else { return };
    for with in row.values.iter().filter(|(value, _)| ***value != majority.value).map(|(_, with)| with) {
        for (index, fact) in with.all().into_iter().filter(|(index, _)| !row.inherits(*index)) {
            deviating.entry(index).or_default().push(deviation(&estate.members[index], fact, row, majority));
        }
    }
}

fn nearest_majority<'m>(path: &str, setting: &Text, majorities: &'m BTreeMap<(Text, Text), Majority>) -> Option<&'m Majority> {
    let mut path = path;
    for _ in 0..64 {
        path = above(path)?;
        if let Some(found) = majorities.get(&(Arc::from(path), Arc::clone(setting))) {
            return Some(found);
        }
    }
    None
}

fn named(member: &Member, path: &str, setting: &str) -> (Text, Text, Option<Location>) {
    (Arc::clone(&member.server), Arc::clone(&member.site), member.location(path, setting))
}

fn held(estate: &Estate, path: &str, setting: &str, with: &With<'_, '_>) -> Held {
    Held {
        value: with.first().map(|(_, fact)| Arc::clone(&fact.shown)).unwrap_or_else(|| Arc::from("")),
        count: with.count(),
        first: with.all().iter().take(NAMED).map(|(index, _)| named(&estate.members[*index], path, setting)).collect(),
    }
}

fn deviation(member: &Member, fact: &Fact, row: &Row<'_, '_>, majority: &Majority) -> Deviation {
    Deviation {
        setting: Arc::clone(&row.setting),
        path: Arc::clone(&row.path),
        value: Arc::clone(&fact.shown),
        expected: Arc::clone(&majority.shown),
        agree: majority.agree,
        of: majority.of,
        not_assessed: majority.not_assessed,
        origin: Arc::clone(&fact.origin),
        location: member.location(&row.path, &row.setting),
        counterexample: majority.typical.clone(),
        weight: weight(&row.setting, majority.agree, majority.of),
    }
}

/// What tells whether two deviations are the same.
type Item = (Text, Text, Text);

fn item(deviation: &Deviation) -> Item {
    (Arc::clone(&deviation.path), Arc::clone(&deviation.setting), Arc::clone(&deviation.value))
}

type Groups = Vec<(Vec<usize>, Vec<Deviation>)>;

/// Takes members that deviate together out of those that deviate on their own. A member of a group can deviate on its own in other settings.
fn grouped(deviating: BTreeMap<usize, Vec<Deviation>>, members: usize) -> (Groups, BTreeMap<usize, Vec<Deviation>>) {
    let is_group = |count: usize| count >= GROUP || count >= 2 && count * 100 >= GROUP_PERCENT * members;
    let mut support: BTreeMap<Item, usize> = BTreeMap::new();
    for one in deviating.values().flatten() {
        *support.entry(item(one)).or_default() += 1;
    }
    // Members by what they share with enough others.
    let mut shared: BTreeMap<Vec<Item>, Vec<usize>> = BTreeMap::new();
    for (index, all) in &deviating {
        let mut items: Vec<Item> = all.iter().map(item).filter(|item| support.get(item).is_some_and(|count| is_group(*count))).collect();
        items.sort();
        if !items.is_empty() {
            shared.entry(items).or_default().push(*index);
        }
    }
    let (mut groups, loose): (Vec<_>, Vec<_>) = shared.into_iter().partition(|(_, with)| is_group(with.len()));
    // Who shares more than a group does, or with several groups, belongs to those whose deviations it has in full.
    let mut by_item: BTreeMap<Item, Vec<usize>> = BTreeMap::new();
    for (number, (items, _)) in groups.iter().enumerate() {
        if let Some(first) = items.first() {
            by_item.entry(first.clone()).or_default().push(number);
        }
    }
    let mut joining: Vec<(usize, Vec<usize>)> = Vec::new();
    for (items, with) in loose {
        for item in &items {
            // The bound keeps the work linear; that many groups with the same first deviation are none of a sane estate.
            for number in by_item.get(item).into_iter().flatten().take(8) {
                if groups[*number].0.iter().all(|needed| items.binary_search(needed).is_ok()) {
                    joining.push((*number, with.clone()));
                }
            }
        }
    }
    for (number, with) in joining {
        groups[number].1.extend(with);
    }
    let mut rest = deviating;
    let mut taken = Vec::new();
    for (items, mut with) in groups {
        with.sort_unstable();
        with.dedup();
        let wanted: BTreeSet<&Item> = items.iter().collect();
        let first = with.first().and_then(|index| rest.get(index));
        let deviations: Vec<Deviation> = first.into_iter().flatten().filter(|one| wanted.contains(&item(one))).cloned().collect();
        taken.push((with, items, deviations));
    }
    let mut groups = Vec::new();
    for (with, items, deviations) in taken {
        let wanted: BTreeSet<Item> = items.into_iter().collect();
        for index in &with {
            if let Some(all) = rest.get_mut(index) {
                all.retain(|one| !wanted.contains(&item(one)));
            }
        }
        groups.push((with, deviations));
    }
    rest.retain(|_, all| !all.is_empty());
    (groups, rest)
}
