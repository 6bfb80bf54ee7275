//! The baseline: the findings that were there on one day, so that a later run can say which are new. It knows findings by meaning and never
//! by line, and its text is the same for the same findings: sorted, one finding a line, no date.

use std::collections::{BTreeMap, BTreeSet, VecDeque};

use serde::{Deserialize, Serialize};

use super::file::{Lines, Mistake, Spot};
use crate::estate::Estate;
use crate::input::FileId;
use crate::review::{BaselineUse, GoneEntry, PolicyUse, Review, State};
use crate::rules::{self, Finding, Identity, Profile, Severity, WITHOUT_SERVER, fingerprint, profiles};

/// The name that a baseline has when nothing else is said.
pub const FILE_NAME: &str = "iisaudit-baseline.json";
const FORMAT: &str = "iisaudit-baseline";
const VERSION: u32 = 1;
/// More mistakes than this are counted and not listed.
const LISTED: usize = 20;

/// A baseline.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Baseline {
    /// The servers that were read when it was made, sorted by name.
    pub servers: Vec<ServerRead>,
    /// The findings, sorted by meaning.
    pub entries: Vec<Entry>,
    /// Where each entry stands in the file that it was read from.
    spots: Vec<Spot>,
}

/// A server and what was read of it.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ServerRead {
    /// Its name.
    pub name: String,
    /// The kinds of its files, as JSON names them, sorted.
    pub files: Vec<String>,
    /// The settings that were not known of an endpoint with sites, sorted; absent when all were.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub not_known: Vec<String>,
}

/// A finding in a baseline. The order is that of the file.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Entry {
    /// Name of the server.
    pub server: String,
    /// Name of the rule.
    pub rule: String,
    /// Id and name of the site.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub site: Option<SiteName>,
    /// URL path.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub path: Option<String>,
    /// The setting.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub setting: Option<String>,
    /// What tells two findings of one rule at one scope apart.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub subject: String,
    /// How bad it was.
    pub severity: Level,
    /// The fingerprint, which follows from what stands before it.
    pub fingerprint: String,
}

/// A site, as a baseline names it.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SiteName {
    /// Its number.
    pub id: Option<u32>,
    /// Its name.
    pub name: String,
}

/// A severity in a baseline.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Level {
    /// Worth knowing.
    Info,
    /// Should be looked at.
    Low,
    /// Likely to break something or to weaken security.
    Medium,
    /// Breaks something or opens something.
    High,
}

impl From<Severity> for Level {
    fn from(severity: Severity) -> Self {
        match severity {
            Severity::Info => Level::Info,
            Severity::Low => Level::Low,
            Severity::Medium => Level::Medium,
            Severity::High => Level::High,
        }
    }
}

impl Level {
    /// The word in reports.
    pub fn name(self) -> &'static str {
        match self {
            Level::Info => Severity::Info.name(),
            Level::Low => Severity::Low.name(),
            Level::Medium => Severity::Medium.name(),
            Level::High => Severity::High.name(),
        }
    }
}

#[derive(Deserialize)]
struct Head {
    format: Option<String>,
    version: Option<u32>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Body {
    #[serde(rename = "format")]
    _format: String,
    #[serde(rename = "version")]
    _version: u32,
    servers: Vec<ServerRead>,
    findings: Vec<Entry>,
}

/// What of a run decides whether an entry could have been found.
#[derive(Debug, Clone, Copy)]
pub struct Ran<'a> {
    /// Only these rules; empty for all.
    pub rules: &'a [&'static str],
    /// The benchmark.
    pub profile: Option<Profile>,
}

/// Entries for which nothing was found, as indexes.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Missing {
    /// Those that are gone.
    pub gone: Vec<usize>,
    /// Those that this run cannot judge, and why.
    pub kept: Vec<(usize, String)>,
}

impl Entry {
    fn of(finding: &Finding) -> Self {
        Entry {
            server: finding.server.clone(),
            rule: finding.rule.name.to_owned(),
            site: finding.site.as_ref().map(|(id, name)| SiteName { id: *id, name: name.clone() }),
            path: finding.path.clone(),
            setting: finding.setting.map(|setting| setting.name().to_owned()),
            subject: finding.subject.clone(),
            severity: finding.severity.into(),
            fingerprint: finding.fingerprint(),
        }
    }

    /// Its fingerprint on a server of another name.
    fn fingerprint_on(&self, server: &str) -> String {
        fingerprint(&Identity {
            rule: &self.rule,
            server,
            site: self.site.as_ref().map(|site| (site.id, site.name.as_str())),
            path: self.path.as_deref(),
            setting: self.setting.as_deref(),
            subject: &self.subject,
        })
    }

    /// Server, site and path in words.
    pub fn scope(&self) -> String {
        let site = match &self.site {
            Some(SiteName { id: Some(id), name }) if name.is_empty() => format!(", site {id}"),
            Some(SiteName { id: Some(id), name }) => format!(", \"{name}\" (id {id})"),
            Some(SiteName { id: None, name }) => format!(", \"{name}\""),
            None => String::new(),
        };
        let path = self.path.as_ref().filter(|path| !path.is_empty()).map(|path| format!(", {path}")).unwrap_or_default();
        format!("{}{site}{path}", self.server)
    }
}

impl Baseline {
    /// The baseline of a run: every finding that is not suppressed, and what was read of each server.
    pub fn of(review: &Review) -> Self {
        let counted = review.findings.iter().filter(|judged| !matches!(judged.state, State::Suppressed(_)));
        let mut entries: Vec<Entry> = counted.map(|judged| Entry::of(&judged.finding)).collect();
        entries.sort();
        let mut not_known = not_known(&review.estate);
        let server = |(name, files): (String, BTreeSet<String>)| {
            let not_known = not_known.remove(&name).unwrap_or_default().into_keys().collect();
            ServerRead { name, files: files.into_iter().collect(), not_known }
        };
        Baseline { servers: kinds(&review.estate).into_iter().map(server).collect(), entries, spots: Vec::new() }
    }

    /// Its text.
    pub fn to_json(&self) -> String {
        let lines = |values: Vec<String>| {
            if values.is_empty() { "[]".to_owned() } else { format!("[\n    {}\n  ]", values.join(",\n    ")) }
        };
        let servers = self.servers.iter().map(json).collect();
        let entries = self.entries.iter().map(json).collect();
        format!(
            "{{\n  \"format\": \"{FORMAT}\",\n  \"version\": {VERSION},\n  \"servers\": {},\n  \"findings\": {}\n}}\n",
            lines(servers),
            lines(entries)
        )
    }

    /// Reads a baseline. Every fingerprint must follow from its entry, so that an entry that somebody edited is not taken for another
    /// finding.
    pub fn parse(text: &str) -> Result<Baseline, Vec<Mistake>> {
        let text = text.strip_prefix('\u{feff}').unwrap_or(text);
        let lines = Lines::new(text);
        let told = |error: serde_json::Error| {
            let message = error.to_string();
            let message = message.rsplit_once(" at line ").map_or(message.as_str(), |(message, _)| message).to_owned();
            vec![Mistake { spot: Some(lines.nearest(error.line(), error.column())), message: format!("no baseline: {message}") }]
        };
        let head: Head = serde_json::from_str(text).map_err(told)?;
        let start = Some(Spot { line: 1, column: 1 });
        if head.format.as_deref() != Some(FORMAT) {
            let message = format!("no baseline: expected \"format\": \"{FORMAT}\"; `iisaudit baseline create` writes one");
            return Err(vec![Mistake { spot: start, message }]);
        }
        if head.version != Some(VERSION) {
            return Err(vec![Mistake { spot: start, message: format!("no baseline of version {VERSION}, the only one that is known") }]);
        }
        let body: Body = serde_json::from_str(text).map_err(told)?;
        let spots: Vec<Spot> = objects_of(text, "findings").into_iter().map(|offset| lines.spot(offset)).collect();
        let mut mistakes = Vec::new();
        for (index, entry) in body.findings.iter().enumerate() {
            if entry.fingerprint != entry.fingerprint_on(&entry.server) {
                let message = "the fingerprint is not that of the entry, which was likely edited; `iisaudit baseline create` makes it anew";
                mistakes.push(Mistake { spot: spots.get(index).copied(), message: message.to_owned() });
            }
        }
        if mistakes.len() > LISTED {
            let more = mistakes.len() - LISTED;
            mistakes.truncate(LISTED);
            mistakes.push(Mistake { spot: None, message: format!("{more} more mistakes") });
        }
        if !mistakes.is_empty() {
            return Err(mistakes);
        }
        let mut servers = body.servers;
        servers.sort();
        Ok(Baseline { servers, entries: body.findings, spots })
    }

    /// Marks the findings that the baseline knows, and says which of its entries were not found. A finding that is worse than its entry is
    /// new: somebody accepted less. `file` is the baseline in the list of inputs.
    pub fn mark(&self, review: &mut Review, file: FileId, ran: &Ran<'_>) -> Missing {
        let renamed = self.renamed(&review.estate);
        if let Some((old, new)) = &renamed
            && let Some(input) = usize::try_from(file.0).ok().and_then(|file| review.estate.inputs.get_mut(file))
        {
            input.warnings.push(format!("it is about one server, {old}, and this run about one other, {new}: they are taken for the same"));
        }
        let name = |entry: &Entry| match &renamed {
            Some((old, new)) if *old == entry.server => new.clone(),
            _ => entry.server.clone(),
        };
        let mut known: BTreeMap<String, VecDeque<usize>> = BTreeMap::new();
        let mut by_severity: Vec<usize> = (0..self.entries.len()).collect();
        by_severity.sort_by_key(|index| (self.entries[*index].severity, *index));
        for index in by_severity {
            let entry = &self.entries[index];
            known.entry(entry.fingerprint_on(&name(entry))).or_default().push_back(index);
        }
        // The least severe first on both sides, so that each finding takes the least severe entry that covers it.
        let mut order: Vec<usize> = (0..review.findings.len()).collect();
        order.sort_by_key(|index| (review.findings[*index].finding.severity, *index));
        let mut milder: BTreeMap<String, Vec<usize>> = BTreeMap::new();
        let mut worse: Vec<(usize, String)> = Vec::new();
        for index in order {
            let judged = &mut review.findings[index];
            let fingerprint = judged.finding.fingerprint();
            let Some(entries) = known.get_mut(&fingerprint) else { continue };
            let severity = Level::from(judged.finding.severity);
            while let Some(entry) = entries.front().copied().filter(|entry| self.entries[*entry].severity < severity) {
                entries.pop_front();
                milder.entry(fingerprint.clone()).or_default().push(entry);
            }
            match entries.pop_front() {
                Some(_) if judged.state == State::New => judged.state = State::Baselined,
                Some(_) => {}
                None => worse.push((index, fingerprint)),
            }
        }
        for (index, fingerprint) in worse {
            let Some(entry) = milder.get_mut(&fingerprint).and_then(Vec::pop) else { continue };
            let judged = &mut review.findings[index];
            let note = format!("worse than in the baseline, where it is {}", self.entries[entry].severity.name());
            let place = self.spots.get(entry).map(|spot| spot.place(file));
            judged.finding = judged.finding.clone().related(place, note);
        }
        let mut left: Vec<usize> = known.into_values().flatten().chain(milder.into_values().flatten()).collect();
        left.sort_unstable();
        let read = Read::of(review, ran);
        let mut missing = Missing::default();
        for index in left {
            let entry = &self.entries[index];
            match self.cannot_judge(&read, entry, &name(entry)) {
                Some(why) => missing.kept.push((index, why)),
                None => missing.gone.push(index),
            }
        }
        missing
    }

    /// The use of the baseline for reports.
    pub fn in_use(&self, path: &str, missing: &Missing) -> BaselineUse {
        let gone = missing.gone.iter().filter_map(|index| self.entries.get(*index));
        let gone = gone.map(|entry| GoneEntry { fingerprint: entry.fingerprint.clone(), rule: entry.rule.clone(), scope: entry.scope() });
        BaselineUse { path: path.to_owned(), entries: self.entries.len(), gone: gone.collect() }
    }

    /// The baseline without the entries that are gone.
    pub fn without(&self, missing: &Missing) -> Baseline {
        let gone: BTreeSet<usize> = missing.gone.iter().copied().collect();
        let kept = self.entries.iter().enumerate().filter(|(index, _)| !gone.contains(index));
        let mut entries: Vec<Entry> = kept.map(|(_, entry)| entry.clone()).collect();
        entries.sort();
        Baseline { servers: self.servers.clone(), entries, spots: Vec::new() }
    }

    /// Old and new name, when the baseline and the run hold one server each, of different names: the name is that of a file or directory,
    /// and those get renamed.
    fn renamed(&self, estate: &Estate) -> Option<(String, String)> {
        match (self.servers.as_slice(), estate.servers.as_slice()) {
            ([old], [new]) if old.name != new.name => Some((old.name.clone(), new.name.clone())),
            _ => None,
        }
    }

    /// Why a run says nothing about an entry that it did not find; `None` when the finding is gone.
    fn cannot_judge(&self, read: &Read<'_>, entry: &Entry, server: &str) -> Option<String> {
        if read.not_all {
            return Some("a file could not be read".to_owned());
        }
        let only = profiles::only_under(&entry.rule);
        let asked = read.ran.rules.is_empty() || read.ran.rules.contains(&entry.rule.as_str());
        let off = read.policy.is_some_and(|policy| policy.rules_off.contains(&entry.rule.as_str()));
        if off || !asked || (!only.is_empty() && !read.ran.profile.is_some_and(|profile| only.contains(&profile))) {
            return Some("its rule did not run".to_owned());
        }
        if server == WITHOUT_SERVER {
            return read.policy.is_none().then(|| "no policy file was used".to_owned());
        }
        let Some(now) = read.servers.get(server) else { return Some("its server was not read".to_owned()) };
        let at = self.servers.binary_search_by(|other| other.name.as_str().cmp(&entry.server)).ok()?;
        let before = &self.servers.get(at)?.files;
        let missing: Vec<&str> = before.iter().map(String::as_str).filter(|kind| !now.contains(*kind)).collect();
        if !missing.is_empty() {
            return Some(format!("not all that was read of its server then was read now: {}", missing.join(", ")));
        }
        // What no record of HTTP.sys decides does not depend on them.
        if !rules::rule(&entry.rule).is_some_and(|rule| rule.evidence.contains("HTTP.sys")) {
            return None;
        }
        let known_then = &self.servers.get(at)?.not_known;
        let concerns =
            |sites: &BTreeSet<(Option<u32>, String)>| entry.site.as_ref().is_none_or(|site| sites.contains(&(site.id, site.name.clone())));
        let unknown_now = read.not_known.get(server)?.iter().find(|(what, sites)| !known_then.contains(what) && concerns(sites))?;
        Some(format!("not known now: {}", unknown_now.0))
    }
}

/// What a run read.
struct Read<'a> {
    ran: &'a Ran<'a>,
    policy: Option<&'a PolicyUse>,
    /// Whether a file could not be read.
    not_all: bool,
    /// For each server the kinds of its files.
    servers: BTreeMap<String, BTreeSet<String>>,
    not_known: BTreeMap<String, NotKnown>,
}

impl<'a> Read<'a> {
    fn of(review: &'a Review, ran: &'a Ran<'a>) -> Self {
        let not_all = review.estate.inputs.iter().any(|input| input.error.is_some());
        Read { ran, policy: review.policy.as_ref(), not_all, servers: kinds(&review.estate), not_known: not_known(&review.estate) }
    }
}

impl Lines<'_> {
    /// The place that a reader of JSON names by line and byte.
    fn nearest(&self, line: usize, column: usize) -> Spot {
        self.spot(self.offset(line, column))
    }
}

fn json<T: Serialize>(value: &T) -> String {
    // Texts, numbers and lists of texts, written to memory: there is nothing that could fail.
    serde_json::to_string(value).unwrap_or_default()
}

/// What is not known of the endpoints of a server: the key, with the setting where others are known, and the sites on the endpoint.
type NotKnown = BTreeMap<String, BTreeSet<(Option<u32>, String)>>;

/// For each server what is not known of its endpoints.
fn not_known(estate: &Estate) -> BTreeMap<String, NotKnown> {
    let mut servers: BTreeMap<String, NotKnown> = BTreeMap::new();
    for server in &estate.servers {
        for endpoint in server.endpoints.iter().filter(|endpoint| !endpoint.sites.is_empty()) {
            let lacking: Vec<&str> =
                endpoint.settings.iter().filter(|(_, resolved)| resolved.lacks_evidence()).map(|(setting, _)| setting.name()).collect();
            if lacking.is_empty() {
                continue;
            }
            let sites: BTreeSet<_> =
                endpoint.sites.iter().filter_map(|site| server.sites.get(*site)).map(|site| (site.id, site.name.clone())).collect();
            let all = lacking.len() == endpoint.settings.iter().count();
            let of_server = servers.entry(server.name.clone()).or_default();
            if all {
                of_server.insert(endpoint.key.to_string(), sites);
            } else {
                of_server.extend(lacking.into_iter().map(|setting| (format!("{} {setting}", endpoint.key), sites.clone())));
            }
        }
    }
    servers
}

/// For each server the kinds of files that were read of it, as JSON names them.
fn kinds(estate: &Estate) -> BTreeMap<String, BTreeSet<String>> {
    let mut kinds: BTreeMap<String, BTreeSet<String>> =
        estate.servers.iter().map(|server| (server.name.clone(), BTreeSet::new())).collect();
    let name = |kind| serde_json::to_value(kind).ok().and_then(|value| value.as_str().map(str::to_owned));
    for input in estate.configuration_files().filter(|input| input.error.is_none()) {
        if let Some(of_server) = input.server.as_ref().and_then(|server| kinds.get_mut(server)) {
            of_server.extend(input.kind.and_then(name));
        }
    }
    kinds
}

/// Where the objects in the array `name` of the top-level object begin. The text is known to be JSON.
fn objects_of(text: &str, name: &str) -> Vec<usize> {
    let mut found = Vec::new();
    let (mut depth, mut key, mut from) = (0_usize, "", None);
    let (mut escaped, bytes) = (false, text.as_bytes());
    for (at, byte) in bytes.iter().copied().enumerate() {
        if let Some(start) = from {
            match byte {
                _ if escaped => escaped = false,
                b'\\' => escaped = true,
                b'"' => {
                    from = None;
                    if depth == 1 {
                        key = text.get(start..at).unwrap_or_default();
                    }
                }
                _ => {}
            }
            continue;
        }
        match byte {
            b'"' => from = Some(at + 1),
            b'{' | b'[' => {
                if depth == 2 && key == name && byte == b'{' {
                    found.push(at);
                }
                depth += 1;
            }
            b'}' | b']' => depth = depth.saturating_sub(1),
            _ => {}
        }
    }
    found
}
