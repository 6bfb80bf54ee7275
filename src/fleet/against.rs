//! What changed since an earlier run over the same estate: findings, values, sites and servers.
//!
//! It promises that nothing counts as fixed, drifted, come or gone that merely was not read: where one of the runs would not have seen it,
//! that is said, with the reason. A run against itself has no changes, and what came the one way went the other way. Findings are matched by
//! what they mean, sites by server, id and name.

use std::cmp::Reverse;
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use super::collect::{Estate, Fact, Location, Member, RECORD, above};
use super::{Text, weight};
use crate::catalogue::{Level, Setting, Value, entry};
use crate::change::{self, Strength, Verdict};
use crate::estate::{FileKind, InputReport};
use crate::input::Place;
use crate::review::{Review, State};
use crate::rules::{Finding, Severity, WITHOUT_SERVER, profiles};
use crate::server::Generation;

/// The name under which it is compared what the bindings of a site are, addresses aside.
pub const BINDINGS: &str = "bindings";
/// What a server has whose rows came without findings.
const WITHOUT_FINDINGS: &str = "findings-not-given";

/// A run: what it saw, and what it found.
#[derive(Debug, Clone, Copy)]
pub struct Run<'a> {
    /// Sites and values.
    pub members: &'a Estate,
    /// Files and findings.
    pub review: &'a Review,
}

/// How the earlier run was made, where that is not as this one.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Made {
    /// With another policy file, so that expectations and groups were others.
    pub other_policy: bool,
    /// With another profile.
    pub other_profile: bool,
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

/// A finding, with its place as shown.
#[derive(Debug, Clone)]
pub struct Told {
    /// The finding. Its places are those of its own run.
    pub finding: Finding,
    /// Where.
    pub location: Option<Location>,
    /// The severity that it had before, where that changed.
    pub severity_before: Option<Severity>,
    /// Why nothing can be said of the other run; empty where something can.
    pub why: String,
    /// Whether the rule ran in both runs, so that the finding is compared at all.
    pub compared: bool,
}

/// A value of one of the runs.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Side {
    /// The value for showing.
    pub shown: Text,
    /// Where it is said.
    pub location: Option<Location>,
}

/// A value that both runs know and that is another one now.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Drift {
    /// The site, under the name that it has now.
    pub of: SiteOf,
    /// URL path; empty for the site as a whole.
    pub path: Text,
    /// The setting, or `bindings`.
    pub setting: Text,
    /// The value then.
    pub before: Side,
    /// The value now.
    pub after: Side,
    /// What that does to the protection.
    pub verdict: Verdict,
}

/// Settings of a site that only one of the runs knows.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NotKnown {
    /// The site, under the name that it has now.
    pub of: SiteOf,
    /// The settings.
    pub settings: BTreeSet<Text>,
}

/// What changed.
#[derive(Debug, Clone, Default)]
pub struct Changes {
    /// The earlier run, as it was named.
    pub earlier: String,
    /// What a reader of the comparison should know.
    pub notes: Vec<String>,
    /// Servers that were not there then.
    pub servers_came: Vec<Text>,
    /// Servers that are not there now.
    pub servers_went: Vec<Text>,
    /// Servers of which now is not read what was read then, and what that is.
    pub servers_not_read: Vec<(Text, String)>,
    /// Servers of which then was not read what is read now, and what that is.
    pub servers_not_read_then: Vec<(Text, String)>,
    /// Sites, of servers whose sites both runs read, that were not there then.
    pub sites_came: Vec<SiteOf>,
    /// Such sites that are not there now.
    pub sites_went: Vec<SiteOf>,
    /// Sites under the names that they had, with their names of now.
    pub sites_renamed: Vec<(SiteOf, Text)>,
    /// Findings that were not there then, the worst first.
    pub new: Vec<Told>,
    /// Findings that are not there any more, although all that they follow from was read.
    pub fixed: Vec<Told>,
    /// Findings that are worse than they were.
    pub worse: Vec<Told>,
    /// Findings that are milder than they were.
    pub milder: Vec<Told>,
    /// Findings that went with their site.
    pub went: Vec<Told>,
    /// Findings of then that this run would not have seen, with the reason.
    pub not_read: Vec<Told>,
    /// Findings of now that the run of then would not have seen, with the reason.
    pub not_read_then: Vec<Told>,
    /// Number of findings that are as they were.
    pub unchanged: usize,
    /// Values that drifted, the weaker first, then the heaviest.
    pub values: Vec<Drift>,
    /// What was known then and is not now.
    pub not_known_now: Vec<NotKnown>,
    /// What is known now and was not then.
    pub not_known_then: Vec<NotKnown>,
}

impl Changes {
    /// Whether both runs came to the same.
    pub fn is_empty(&self) -> bool {
        self.servers_came.is_empty()
            && self.servers_went.is_empty()
            && self.servers_not_read.is_empty()
            && self.servers_not_read_then.is_empty()
            && self.sites_came.is_empty()
            && self.sites_went.is_empty()
            && self.sites_renamed.is_empty()
            && self.values.is_empty()
            && self.not_known_now.is_empty()
            && self.not_known_then.is_empty()
            && [&self.new, &self.fixed, &self.worse, &self.milder, &self.went, &self.not_read, &self.not_read_then]
                .iter()
                .all(|list| list.is_empty())
    }

    /// Whether anything is there that was not, or is worse than it was: a value that drifted, or a finding of at least this severity that
    /// nobody has seen before. What merely is not known any more is no change.
    pub fn is_bad(&self, least: Severity) -> bool {
        let findings = [&self.new, &self.worse, &self.not_read_then];
        let counts = |told: &Told| told.compared && told.finding.severity >= least;
        !self.values.is_empty() || findings.iter().any(|list| list.iter().any(counts))
    }

    /// How many values are of a strength.
    pub fn of_strength(&self, strength: Strength) -> usize {
        self.values.iter().filter(|drift| drift.verdict.strength == strength).count()
    }
}

/// Server, id and name of a site.
type SiteKey<'a> = (&'a str, Option<u32>, &'a str);

/// What one run read of the servers.
struct Read<'a> {
    run: Run<'a>,
    servers: BTreeSet<&'a str>,
    generations: BTreeMap<&'a str, Generation>,
    without_findings: BTreeSet<&'a str>,
    /// The files of each server that were read, by kind.
    files: BTreeMap<&'a str, BTreeMap<FileKind, Vec<&'a str>>>,
    /// Paths of the files of each server, read or not.
    named: BTreeMap<&'a str, Vec<&'a str>>,
    /// Paths of files that could not be read.
    unreadable: BTreeSet<&'a str>,
    /// Names of folders, in lower case, with a file below that could not be read.
    folders: BTreeMap<String, &'a str>,
    members: BTreeMap<SiteKey<'a>, &'a Member>,
}

impl<'a> Read<'a> {
    fn of(run: Run<'a>) -> Self {
        let estate = &run.review.estate;
        let mut read = Read {
            run,
            servers: run.members.servers.iter().map(|name| &**name).chain(estate.servers.iter().map(|one| one.name.as_str())).collect(),
            generations: estate.servers.iter().map(|server| (server.name.as_str(), server.generation)).collect(),
            without_findings: BTreeSet::new(),
            files: BTreeMap::new(),
            named: BTreeMap::new(),
            unreadable: BTreeSet::new(),
            folders: BTreeMap::new(),
            members: run.members.members.iter().map(|one| (key_of(one), one)).collect(),
        };
        for server in &estate.servers {
            if server.notices.iter().any(|notice| notice.name == WITHOUT_FINDINGS) {
                read.without_findings.insert(&server.name);
            }
        }
        for input in estate.configuration_files() {
            if let Some(server) = &input.server {
                read.named.entry(server).or_default().push(&input.path);
            }
            match (&input.error, &input.server, input.kind) {
                (Some(_), _, _) => {
                    read.unreadable.insert(&input.path);
                    for folder in folders(input) {
                        read.folders.entry(folder.to_lowercase()).or_insert(&input.path);
                    }
                }
                (None, Some(server), Some(kind)) => {
                    read.files.entry(server).or_default().entry(kind).or_default().push(&input.path);
                }
                (None, _, _) => {}
            }
        }
        read
    }

    /// A file of the server that could not be read: one of those that the `other` run read of it, or one in a folder of its name. Servers of
    /// one name are told apart by the folders above.
    fn unreadable_of(&self, server: &str, other: &Read<'a>) -> Option<&'a str> {
        let known = other.named.get(server).into_iter().flatten().find(|path| self.unreadable.contains(**path));
        let folder = server.rsplit(['/', '\\']).next().unwrap_or(server).to_lowercase();
        known.copied().or_else(|| self.folders.get(&folder).copied())
    }

    fn location(&self, place: Option<Place>) -> Option<Location> {
        let place = place?;
        let input = self.run.review.estate.inputs.get(usize::try_from(place.file.0).ok()?)?;
        Some(Location { file: Arc::from(input.path.as_str()), line: place.line, column: place.column })
    }

    fn told(&self, finding: &Finding) -> Told {
        Told { finding: finding.clone(), location: self.location(finding.place), severity_before: None, why: String::new(), compared: true }
    }

    /// The file that a finding stands in.
    fn input(&self, finding: &Finding) -> Option<&'a InputReport> {
        self.run.review.estate.inputs.get(usize::try_from(finding.place?.file.0).ok()?)
    }

    /// Findings that are about the estate and that no policy suppresses.
    fn findings(&self) -> impl Iterator<Item = &'a Finding> {
        let counted = self.run.review.findings.iter().filter(|judged| !matches!(judged.state, State::Suppressed(_)));
        counted.map(|judged| &judged.finding).filter(|finding| finding.server != WITHOUT_SERVER)
    }
}

fn folders(input: &InputReport) -> impl Iterator<Item = &str> {
    let above = input.path.rsplit_once(['/', '\\']).map_or("", |(above, _)| above);
    above.split(['/', '\\']).filter(|folder| !folder.is_empty())
}

/// The part of a path that stays when servers are gathered into another folder: what is below the folder of the server. `None` where no
/// folder has its name.
fn below<'a>(path: &'a str, server: &str) -> Option<&'a str> {
    let name = server.rsplit(['/', '\\']).next().unwrap_or(server);
    let mut rest = path;
    let mut found = None;
    while let Some((folder, more)) = rest.split_once(['/', '\\']) {
        if folder.eq_ignore_ascii_case(name) {
            found = Some(more);
        }
        rest = more;
    }
    found
}

/// What of a server one run read and the other did not.
#[derive(Debug, Clone, Default)]
struct Lost<'a> {
    /// What, in words; empty where nothing but some files of their kinds are missing.
    why: String,
    /// Whether nothing of the server was read.
    absent: bool,
    /// Whether a file could not be read.
    unreadable: bool,
    /// Kinds of files of which fewer were read, or none.
    kinds: BTreeSet<FileKind>,
    /// The files, of kinds of which fewer were read, that are not in their place.
    files: BTreeSet<&'a str>,
}

impl Lost<'_> {
    /// Whether sites may be missing for it.
    fn hides_sites(&self) -> bool {
        self.unreadable || [FileKind::MetaBase, FileKind::ApplicationHost].iter().any(|kind| self.kinds.contains(kind))
    }
}

/// What the run `lacks` did not read of the servers of the other one.
fn lost<'a>(has: &Read<'a>, lacks: &Read<'a>) -> Losses<'a> {
    let mut all = BTreeMap::new();
    let none = BTreeMap::new();
    for server in &has.servers {
        let unreadable = lacks.unreadable_of(server, has).map(|path| format!("{path} could not be read"));
        if !lacks.servers.contains(server) {
            let unreadable = (unreadable.is_some(), unreadable);
            let why = unreadable.1.unwrap_or_else(|| "its server is not among those that were read".to_owned());
            all.insert(*server, Lost { why, absent: true, unreadable: unreadable.0, ..Lost::default() });
            continue;
        }
        // Rows of facts alone name no files, so that nothing follows from that.
        if lacks.without_findings.contains(server) {
            continue;
        }
        let (had, read) = (has.files.get(server).unwrap_or(&none), lacks.files.get(server).unwrap_or(&none));
        let mut lost = Lost::default();
        let mut whole = Vec::new();
        for (kind, files) in had {
            let others = read.get(kind).map_or(&[][..], Vec::as_slice);
            if others.len() >= files.len() {
                continue;
            }
            lost.kinds.insert(*kind);
            if others.is_empty() {
                whole.push(kind.name());
            }
            let place = |path: &'a str| below(path, server).unwrap_or(path);
            let places: BTreeSet<&str> = others.iter().map(|path| place(path)).collect();
            lost.files.extend(files.iter().filter(|path| !places.contains(place(path))));
        }
        lost.why = whole.join(", ");
        if let Some(why) = unreadable {
            lost.unreadable = true;
            lost.why = why;
        }
        if lost.unreadable || !lost.kinds.is_empty() {
            all.insert(*server, lost);
        }
    }
    all
}

/// What was not read, by server.
type Losses<'a> = BTreeMap<&'a str, Lost<'a>>;

/// Compares two runs. `earlier` names the first of them.
pub fn against(earlier: &str, before: Run<'_>, after: Run<'_>, made: Made) -> Changes {
    let (then, now) = (Read::of(before), Read::of(after));
    let mut changes = Changes { earlier: earlier.to_owned(), ..Changes::default() };
    if made.other_policy {
        let note =
            "it was made with another policy file: what that expects, and which groups it names, was judged then as it was written then";
        changes.notes.push(note.to_owned());
    }
    if made.other_profile {
        changes.notes.push("it was made with another --profile: findings of rules that only run under one are not compared".to_owned());
    }
    for (read, which) in [(&then, "that run"), (&now, "this run")] {
        if !read.without_findings.is_empty() {
            changes.notes.push(format!("the rows of {which} hold no findings of some servers, or of any: those are not compared"));
        }
    }
    let (lost_now, lost_then) = (lost(&then, &now), lost(&now, &then));
    servers(&lost_now, &lost_then, &mut changes);
    let pairs = sites(&then, &now, &lost_now, &lost_then, &mut changes);
    let sides = Sides { then: &then, now: &now, lost_now: &lost_now, lost_then: &lost_then, made };
    for (before, after) in &pairs {
        values(before, after, sides, &mut changes);
    }
    findings(sides, &pairs, &mut changes);
    changes.values.sort_by_cached_key(|one| {
        let order = (one.of.clone(), Arc::clone(&one.path), Arc::clone(&one.setting));
        (one.verdict.strength, Reverse(weight(&one.setting, 1, 1)), order)
    });
    changes
}

fn servers(lost_now: &Losses<'_>, lost_then: &Losses<'_>, changes: &mut Changes) {
    for (lost, went, list) in [
        (lost_now, &mut changes.servers_went, &mut changes.servers_not_read),
        (lost_then, &mut changes.servers_came, &mut changes.servers_not_read_then),
    ] {
        for (server, lost) in lost {
            if lost.absent && !lost.unreadable {
                went.push(Arc::from(*server));
            } else if !lost.why.is_empty() {
                list.push((Arc::from(*server), lost.why.clone()));
            }
        }
    }
}

fn key_of(member: &Member) -> SiteKey<'_> {
    (&member.server, member.id, &member.site)
}

fn name_of(member: &Member) -> SiteOf {
    SiteOf { server: Arc::clone(&member.server), site: Arc::clone(&member.site), id: member.id }
}

type Pair<'a> = (&'a Member, &'a Member);

/// Sites of both runs: those of one name and id, then of one id, then of one name.
fn sites<'a>(then: &Read<'a>, now: &Read<'a>, lost_now: &Losses<'_>, lost_then: &Losses<'_>, changes: &mut Changes) -> Vec<Pair<'a>> {
    let mut pairs = Vec::new();
    let mut left: BTreeMap<SiteKey<'a>, &'a Member> = BTreeMap::new();
    for (key, member) in &then.members {
        match now.members.get(key) {
            Some(other) => pairs.push((*member, *other)),
            None => _ = left.insert(*key, member),
        }
    }
    let mut right: BTreeMap<SiteKey<'a>, &'a Member> =
        now.members.iter().filter(|(key, _)| !then.members.contains_key(*key)).map(|(key, member)| (*key, *member)).collect();
    for by_id in [true, false] {
        let key = |member: &'a Member| -> Option<(&'a str, Option<u32>, String)> {
            if by_id {
                Some((&*member.server, Some(member.id?), String::new()))
            } else {
                Some((&*member.server, None, member.site.to_lowercase()))
            }
        };
        let unique = |members: &BTreeMap<SiteKey<'a>, &'a Member>| {
            let mut found: BTreeMap<_, Option<&'a Member>> = BTreeMap::new();
            for member in members.values() {
                if let Some(key) = key(member) {
                    found.entry(key).and_modify(|one| *one = None).or_insert(Some(*member));
                }
            }
            found
        };
        let (ours, theirs) = (unique(&left), unique(&right));
        for (key, one) in ours {
            let (Some(one), Some(Some(other))) = (one, theirs.get(&key)) else { continue };
            left.remove(&key_of(one));
            right.remove(&key_of(other));
            if one.site != other.site {
                changes.sites_renamed.push((name_of(one), Arc::clone(&other.site)));
            }
            pairs.push((one, *other));
        }
    }
    let judged = |other: &Read<'_>, lost: &Losses<'_>, member: &Member| {
        other.servers.contains(&*member.server) && !lost.get(&*member.server).is_some_and(Lost::hides_sites)
    };
    changes.sites_went = left.into_values().filter(|member| judged(now, lost_now, member)).map(name_of).collect();
    changes.sites_came = right.into_values().filter(|member| judged(then, lost_then, member)).map(name_of).collect();
    changes.sites_went.sort();
    changes.sites_came.sort();
    changes.sites_renamed.sort();
    pairs.sort_by_key(|(_, after)| (&after.server, &after.site, after.id));
    pairs
}

fn site_of(finding: &Finding) -> Option<SiteKey<'_>> {
    finding.site.as_ref().map(|(id, name)| (finding.server.as_str(), *id, name.as_str()))
}

/// Both runs, and what each did not read.
#[derive(Clone, Copy)]
struct Sides<'s, 'a> {
    then: &'s Read<'a>,
    now: &'s Read<'a>,
    lost_now: &'s Losses<'a>,
    lost_then: &'s Losses<'a>,
    made: Made,
}

fn findings(sides: Sides<'_, '_>, pairs: &[Pair<'_>], changes: &mut Changes) {
    let Sides { then, now, .. } = sides;
    let was: BTreeMap<SiteKey<'_>, &Member> = pairs.iter().map(|(before, after)| (key_of(after), *before)).collect();
    let is: BTreeMap<SiteKey<'_>, &Member> = pairs.iter().map(|(before, after)| (key_of(before), *after)).collect();
    // Of servers of which a record is not known any more nothing follows for what belongs to no site.
    let unknown = |list: &[NotKnown]| -> BTreeSet<Text> {
        let of_endpoint = |one: &&NotKnown| one.settings.iter().any(|name| is_of_endpoint(name));
        list.iter().filter(of_endpoint).map(|one| Arc::clone(&one.of.server)).collect()
    };
    let (unknown_now, unknown_then) = (unknown(&changes.not_known_now), unknown(&changes.not_known_then));
    let mut known: BTreeMap<String, Vec<&Finding>> = BTreeMap::new();
    for finding in then.findings() {
        known.entry(finding.fingerprint()).or_default().push(finding);
    }
    for of_one in known.values_mut() {
        of_one.sort_by_key(|finding| finding.severity);
    }
    for finding in now.findings() {
        // Under the name that its site had.
        let site = site_of(finding).map(|key| was.get(&key).map_or((key.1, key.2), |before| (before.id, &*before.site)));
        let print = finding.fingerprint_as(&finding.server, site);
        let mut told = now.told(finding);
        match known.get_mut(&print).and_then(Vec::pop) {
            Some(before) if before.severity == finding.severity => changes.unchanged += 1,
            Some(before) => {
                told.severity_before = Some(before.severity);
                if finding.severity > before.severity { changes.worse.push(told) } else { changes.milder.push(told) }
            }
            None => {
                let member = site_of(finding).and_then(|key| was.get(&key)).copied();
                let lacking = Lacking { has: now, lacks: then, lost: sides.lost_then, unknown: &unknown_then, made: sides.made };
                match lacking.unseen_then(finding, member) {
                    None => changes.new.push(told),
                    Some(why) => {
                        let compared = lacking.rule_did_not_run(finding).is_none();
                        changes.not_read_then.push(Told { why, compared, ..told });
                    }
                }
            }
        }
    }
    let lacking = Lacking { has: then, lacks: now, lost: sides.lost_now, unknown: &unknown_now, made: sides.made };
    for finding in known.into_values().flatten() {
        let told = then.told(finding);
        let member = site_of(finding).and_then(|key| is.get(&key)).copied();
        match lacking.unseen(finding, member) {
            Unseen::Went => changes.went.push(told),
            Unseen::No => changes.fixed.push(told),
            Unseen::Because(why) => changes.not_read.push(Told { why, ..told }),
        }
    }
    for list in [
        &mut changes.new,
        &mut changes.fixed,
        &mut changes.worse,
        &mut changes.milder,
        &mut changes.went,
        &mut changes.not_read,
        &mut changes.not_read_then,
    ] {
        list.sort_by_cached_key(|told| {
            let finding = &told.finding;
            let scope = (finding.server.clone(), finding.site.clone(), finding.path.clone());
            (Reverse(finding.severity), scope, finding.rule.name, finding.subject.clone(), told.location.clone())
        });
    }
}

fn is_of_endpoint(name: &str) -> bool {
    name == RECORD || Setting::ALL.iter().any(|setting| setting.name() == name && entry(*setting).level == Level::Endpoint)
}

/// Whether the other run would have seen a finding.
enum Unseen {
    /// It would.
    No,
    /// What it is about is not there.
    Went,
    /// It would not.
    Because(String),
}

/// A run that does not have what the other one has.
struct Lacking<'s, 'a> {
    has: &'s Read<'a>,
    lacks: &'s Read<'a>,
    lost: &'s Losses<'a>,
    /// Servers with settings of records that it does not know, unlike the other run.
    unknown: &'s BTreeSet<Text>,
    made: Made,
}

impl Lacking<'_, '_> {
    /// Why the rule of a finding says nothing in the run that lacks it.
    fn rule_did_not_run(&self, finding: &Finding) -> Option<String> {
        let server = finding.server.as_str();
        if self.made.other_profile && !profiles::only_under(finding.rule.name).is_empty() {
            return Some("its rule did not run".to_owned());
        }
        if self.made.other_policy && finding.rule.evidence.contains("the policy file") {
            return Some("the policy file was another one".to_owned());
        }
        self.lacks.without_findings.contains(server).then(|| "the rows of its server hold no findings".to_owned())
    }

    /// Why the earlier run says nothing about a finding that is there now; `None` where it is new. In doubt it is new.
    fn unseen_then(&self, finding: &Finding, member: Option<&Member>) -> Option<String> {
        let server = finding.server.as_str();
        if let Some(why) = self.rule_did_not_run(finding) {
            return Some(why);
        }
        if let Some(lost) = self.lost.get(server) {
            if lost.unreadable {
                return Some(format!("not read: {}", lost.why));
            }
            let input = self.has.input(finding).filter(|input| lost.files.contains(input.path.as_str()));
            if let Some(kind) = input.and_then(|input| input.kind) {
                return Some(format!("not read: {}", kind.name()));
            }
        }
        self.value_not_known(finding, member)
    }

    /// Why this run says nothing about a finding that was there then. `member` is the site of the finding in this run. In doubt it was not
    /// read.
    fn unseen(&self, finding: &Finding, member: Option<&Member>) -> Unseen {
        let server = finding.server.as_str();
        if let Some(why) = self.rule_did_not_run(finding) {
            return Unseen::Because(why);
        }
        if let Some(lost) = self.lost.get(server) {
            if !lost.why.is_empty() {
                return Unseen::Because(format!("not read: {}", lost.why));
            }
            let input = self.has.input(finding);
            if let Some(path) = input.map(|input| input.path.as_str()).filter(|path| lost.files.contains(path)) {
                return Unseen::Because(format!("not read: {path}"));
            }
        }
        if finding.site.is_some() && member.is_none() {
            return Unseen::Went;
        }
        self.value_not_known(finding, member).map_or(Unseen::No, Unseen::Because)
    }

    /// A value that one run knows and the other does not decides nothing.
    fn value_not_known(&self, finding: &Finding, member: Option<&Member>) -> Option<String> {
        let of_records = finding.rule.evidence.contains("HTTP.sys");
        let Some(own) = site_of(finding) else {
            let lost = of_records && self.unknown.contains(finding.server.as_str());
            return lost.then(|| "not known: records of HTTP.sys".to_owned());
        };
        let (before, member) = (self.has.members.get(&own)?, member?);
        let path = finding.path.as_deref().unwrap_or("/").to_lowercase();
        let unknown = |name: &&str| {
            let path = if is_of_endpoint(name) { "" } else { path.as_str() };
            let known_there = before.at(path, name).is_some_and(|fact| fact.value.is_some());
            known_there && member.at(path, name).is_none_or(|fact| fact.value.is_none())
        };
        let of_endpoints = || {
            let settings = Setting::ALL.iter().filter(|setting| entry(**setting).level == Level::Endpoint).map(|setting| setting.name());
            settings.chain([RECORD]).collect()
        };
        let concerned: Vec<&str> = match finding.setting {
            Some(setting) => vec![setting.name()],
            None if of_records => of_endpoints(),
            None => Vec::new(),
        };
        concerned.into_iter().find(unknown).map(|name| format!("not known: {name}"))
    }
}

impl Sides<'_, '_> {
    /// A verdict on values, one of which stands in a file that only one of the runs read.
    fn doubted(self, mut verdict: Verdict, before: &Side, after: &Side, server: &str) -> Verdict {
        let in_lost = |side: &Side, lost: &Losses<'_>| {
            let file = side.location.as_ref().map(|at| &*at.file);
            file.is_some_and(|file| lost.get(server).is_some_and(|lost| lost.files.contains(file)))
        };
        for (side, lost, doubt) in [
            (before, self.lost_now, "likely, for the file that said the value then was not read now"),
            (after, self.lost_then, "likely, for the file that says the value now was not read then"),
        ] {
            if in_lost(side, lost) {
                verdict.why = format!("{}; {doubt}", verdict.why);
                verdict.likely = true;
            }
        }
        verdict
    }
}

fn values(before: &Member, after: &Member, sides: Sides<'_, '_>, changes: &mut Changes) {
    let Sides { then, now, .. } = sides;
    let of = name_of(after);
    let generation = |read: &Read<'_>, member: &Member| read.generations.get(&*member.server).copied().unwrap_or(Generation::Iis7);
    let generations = [generation(then, before), generation(now, after)];
    let (mut lost, mut gained) = (BTreeSet::new(), BTreeSet::new());
    let paths: BTreeSet<&Text> = before.paths().chain(after.paths()).collect();
    for path in paths {
        let settings: BTreeSet<&Text> =
            [before, after].into_iter().flat_map(|member| member.values_at(path).unwrap_or_default()).map(|fact| &fact.setting).collect();
        for setting in settings {
            let pair = |path: &str| (before.at(path, setting), after.at(path, setting));
            let (old, new) = pair(path);
            if text(old) == text(new) {
                continue;
            }
            // What is merely inherited is told where it is said.
            let inherited = above(path).is_some_and(|above| {
                let (old_above, new_above) = pair(above);
                text(old_above) == text(old) && text(new_above) == text(new)
            });
            if inherited {
                continue;
            }
            let side = |member: &Member, fact: &Fact| Side { shown: Arc::clone(&fact.shown), location: member.location(path, setting) };
            match (old.zip(text(old)), new.zip(text(new))) {
                (Some((old, old_value)), Some((new, new_value))) => {
                    let verdict = verdict(setting, old_value, new_value, generations);
                    let (old, new) = (side(before, old), side(after, new));
                    changes.values.push(Drift {
                        of: of.clone(),
                        path: Arc::clone(path),
                        setting: Arc::clone(setting),
                        verdict: sides.doubted(verdict, &old, &new, &after.server),
                        before: old,
                        after: new,
                    });
                }
                (Some(_), None) if !has_no_such_setting(after, path, new) => _ = lost.insert(Arc::clone(setting)),
                (None, Some(_)) if !has_no_such_setting(before, path, old) => _ = gained.insert(Arc::clone(setting)),
                _ => {}
            }
        }
    }
    if !before.bindings().eq(after.bindings()) {
        changes.values.push(bindings(&of, before, after));
    }
    for (settings, list) in [(lost, &mut changes.not_known_now), (gained, &mut changes.not_known_then)] {
        if !settings.is_empty() {
            list.push(NotKnown { of: of.clone(), settings });
        }
    }
}

fn text(fact: Option<&Fact>) -> Option<&Text> {
    fact?.value.as_ref()
}

/// Whether a site has no value because nothing of it could have one: without https there is no record of HTTP.sys, and one that is missing
/// says nothing. What its bindings are, and that the record is missing, is compared by itself.
fn has_no_such_setting(member: &Member, path: &str, fact: Option<&Fact>) -> bool {
    let is_https = member.bindings().any(|binding| binding.starts_with("https "));
    let is_missing = text(member.at("", RECORD)).is_some_and(|record| &**record == "missing");
    path.is_empty() && fact.is_none() && (!is_https || is_missing)
}

/// A binding as it is compared: protocol, port, host name, flags.
fn parts(binding: &str) -> (&str, &str) {
    binding.rsplit_once(' ').unwrap_or((binding, "0"))
}

fn shown(binding: &str) -> String {
    let (endpoint, flags) = parts(binding);
    let mut words = endpoint.splitn(3, ' ');
    let (protocol, port, host) = (words.next().unwrap_or_default(), words.next().unwrap_or_default(), words.next().unwrap_or_default());
    let host = if host.is_empty() { String::new() } else { format!(" for {host}") };
    let flags = if flags == "0" { String::new() } else { format!(" with binding flags {flags}") };
    format!("{protocol} {port}{host}{flags}")
}

fn bindings(of: &SiteOf, before: &Member, after: &Member) -> Drift {
    fn only<'a>(own: &'a Member, other: &Member) -> Vec<&'a str> {
        let others: BTreeSet<&str> = other.bindings().collect();
        own.bindings().filter(|one| !others.contains(one)).collect()
    }
    let (gone, come) = (only(before, after), only(after, before));
    let side = |own: &[&str], member: &Member| {
        let all: Vec<String> = own.iter().map(|one| shown(one)).collect();
        Side { shown: Arc::from(if all.is_empty() { "none of these".to_owned() } else { all.join(", ") }), location: member.place.clone() }
    };
    let has = |member: &Member, protocol: &str| member.bindings().any(|one| one.starts_with(protocol));
    let verdict = if has(before, "https ") && !has(after, "https ") && has(after, "http ") {
        Verdict::new(Strength::Weaker, "no https binding is left, so clients connect without encryption and without a certificate")
    } else {
        // Where only flags differ, what each does is known.
        let old: BTreeMap<&str, &str> = gone.iter().map(|one| parts(one)).collect();
        let judged = |(endpoint, new): (&str, &str)| Some(change::judge_binding_flags(old.get(endpoint)?.parse().ok(), new.parse().ok()));
        let flags: Vec<Verdict> = come.iter().filter_map(|one| judged(parts(one))).collect();
        let only_flags = flags.len() == come.len() && flags.len() == gone.len();
        let worst = flags.into_iter().min_by_key(|verdict| verdict.strength);
        worst.filter(|_| only_flags).unwrap_or_else(|| Verdict::neutral("other bindings"))
    };
    Drift {
        of: of.clone(),
        path: Arc::from(""),
        setting: Arc::from(BINDINGS),
        before: side(&gone, before),
        after: side(&come, after),
        verdict,
    }
}

/// What another value does to the protection, as far as the order of values is known.
fn verdict(setting: &str, before: &str, after: &str, generations: [Generation; 2]) -> Verdict {
    let Some(known) = Setting::ALL.iter().find(|one| one.name() == setting) else {
        return match after {
            "missing" => Verdict::unclear("no record of HTTP.sys serves the site any more, so https is reset"),
            _ => Verdict::neutral("a record of HTTP.sys serves the site now"),
        };
    };
    let by_endpoint = |value: &str| entry(*known).level == Level::Endpoint && value.contains(" | ");
    if by_endpoint(before) || by_endpoint(after) {
        return Verdict::unclear("the endpoints of the site have different values");
    }
    // Values for comparing are spelled as by IIS 7 and later, whatever the server is.
    let value = |text: &str| match text.strip_prefix("malformed: ") {
        Some(text) => Value::Malformed(text.to_owned()),
        None => Value::parse(*known, Generation::Iis7, text),
    };
    change::judge(*known, &value(before), &value(after), generations)
}

#[cfg(test)]
mod tests;
