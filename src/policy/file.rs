//! The policy file, `iisaudit.toml`: read whole or refused with every mistake in it, each at its line and column and with the nearest right
//! word. A key that is not understood is never skipped, because a suppression or expectation that is silently ignored is worse than none.

use std::collections::BTreeMap;

use toml::Spanned;
use toml::de::{DeArray, DeTable, DeValue};

use super::date::Date;
use super::glob::{Glob, Of};
use crate::catalogue::{Kind, Setting, Value, access, entry};
use crate::explain;
use crate::input::{FileId, Place};
use crate::rules::{self, Group, POLICY_RULES, Profile, RULES, Severity};
use crate::server::Generation;

/// The name of the file that is looked for.
pub const FILE_NAME: &str = "iisaudit.toml";

/// More mistakes than this are counted and not listed.
const LISTED: usize = 50;
/// Beyond so many mistakes the file is no policy at all, and no right word is sought for the rest.
const MOST: usize = 200;

/// A line and column of the policy file.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Spot {
    /// Line, from 1.
    pub line: u32,
    /// Column, from 1.
    pub column: u32,
}

impl Spot {
    /// The place in the list of inputs.
    pub fn place(self, file: FileId) -> Place {
        Place { file, line: self.line, column: self.column }
    }
}

/// A mistake in a file of ours. The message can quote the file and must be escaped where it is printed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Mistake {
    /// Where, when it has a place.
    pub spot: Option<Spot>,
    /// What is wrong, and what would be right.
    pub message: String,
}

/// Least severity that makes a run fail; `None` is never.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct FailOn(pub Option<Severity>);

/// What a rule counts as: `None` is off.
pub type Level = Option<Severity>;

/// What a policy file says.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Policy {
    /// `fail-on`.
    pub fail_on: Option<FailOn>,
    /// `profile`.
    pub profile: Option<Profile>,
    /// `baseline`, as written: relative to the directory of the policy file.
    pub baseline: Option<String>,
    /// `[groups]`, each with its place.
    pub groups: Vec<(Group, Spot)>,
    /// `[nodes]`, each with its place.
    pub nodes: Vec<(Group, Spot)>,
    /// `[rules]`.
    pub levels: BTreeMap<&'static str, Level>,
    /// `[[expect]]`.
    pub expect: Vec<Expect>,
    /// `[[differs]]`.
    pub differs: Vec<Differs>,
    /// `[[suppress]]`.
    pub suppress: Vec<Suppress>,
    /// `[[cohort]]`.
    pub cohorts: Vec<Cohort>,
    /// `min-size` of `[fleet]`.
    pub min_size: Option<usize>,
    /// `threshold` of `[fleet]`, in percent.
    pub threshold: Option<u8>,
}

/// Sites of many servers that should behave alike.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Cohort {
    /// Where the entry begins.
    pub spot: Spot,
    /// Its name.
    pub name: String,
    /// Sites.
    pub sites: Names,
    /// Servers.
    pub servers: Names,
}

/// Names that an entry is about; without patterns it is about all.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Names(pub Vec<Glob>);

impl Names {
    /// Whether any of the patterns matches, or there is none.
    pub fn matches(&self, text: &str) -> bool {
        self.0.is_empty() || self.0.iter().any(|glob| glob.matches(text))
    }

    /// Whether any of the patterns matches the name or the id of a site, or there is none.
    pub fn matches_site(&self, id: Option<u32>, name: &str) -> bool {
        self.matches(name) || id.is_some_and(|id| self.matches(&id.to_string()))
    }
}

/// An expected value.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Expect {
    /// Where the entry begins.
    pub spot: Spot,
    /// Servers.
    pub servers: Names,
    /// Sites.
    pub sites: Names,
    /// URL paths.
    pub paths: Names,
    /// The setting.
    pub setting: Setting,
    /// What it should be.
    pub value: Expected,
    /// Why, may be empty.
    pub reason: String,
}

/// What a setting should be.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Expected {
    /// What the access flags make of client certificates.
    ClientCertificates(ClientCertificates),
    /// This value.
    Value(Value),
}

/// What a URL does with client certificates.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ClientCertificates {
    /// None is asked for.
    Ignore,
    /// One is asked for, none is needed.
    Accept,
    /// One is needed.
    Require,
}

impl ClientCertificates {
    const ALL: [ClientCertificates; 3] = [ClientCertificates::Ignore, ClientCertificates::Accept, ClientCertificates::Require];

    /// The word of the policy file.
    pub const fn name(self) -> &'static str {
        match self {
            ClientCertificates::Ignore => "ignore",
            ClientCertificates::Accept => "accept",
            ClientCertificates::Require => "require",
        }
    }

    /// What access flags do. Flags that require a certificate and never ask for one require it; that they cannot work is the business of a
    /// rule.
    pub fn of(flags: u32) -> ClientCertificates {
        if flags & access::REQUIRE != 0 {
            ClientCertificates::Require
        } else if flags & access::NEGOTIATE != 0 {
            ClientCertificates::Accept
        } else {
            ClientCertificates::Ignore
        }
    }
}

/// The name of the setting that [`ClientCertificates`] are values of.
pub const CLIENT_CERTIFICATES: &str = "client-certificates";

/// What sites are compared in, for declared differences.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Subject {
    /// A setting.
    Setting(Setting),
    /// The switches for protocol versions and the like, at bindings and records.
    TlsSwitches,
    /// Client certificates of FTP.
    FtpClientCertificates,
}

/// Subjects that are no settings of the catalogue.
pub const SUBJECTS: [(&str, Subject); 3] = [
    (CLIENT_CERTIFICATES, Subject::Setting(Setting::AccessFlags)),
    ("tls-switches", Subject::TlsSwitches),
    ("ftp-client-certificates", Subject::FtpClientCertificates),
];

/// Sites that are meant to differ from the others.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Differs {
    /// Where the entry begins.
    pub spot: Spot,
    /// Servers.
    pub servers: Names,
    /// Sites.
    pub sites: Names,
    /// In what.
    pub subject: Subject,
    /// Why.
    pub reason: String,
}

/// A suppression. Every key that is given must match.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Suppress {
    /// Where the entry begins.
    pub spot: Spot,
    /// Rules, as names.
    pub rules: Option<Vec<&'static str>>,
    /// Servers.
    pub server: Option<Names>,
    /// Sites.
    pub site: Option<Names>,
    /// URL paths.
    pub path: Option<Names>,
    /// Settings.
    pub setting: Option<Vec<Setting>>,
    /// The last day on which it holds.
    pub until: Option<Date>,
    /// Why.
    pub reason: String,
    /// Its keys as written, to name it.
    pub label: String,
}

/// Reads a policy file. The error holds every mistake, in the order of the file.
pub fn parse(text: &str) -> Result<Policy, Vec<Mistake>> {
    let text = text.strip_prefix('\u{feff}').unwrap_or(text);
    let mut reading = Reading { lines: Lines::new(text), mistakes: Vec::new(), more: 0 };
    let (table, errors) = DeTable::parse_recoverable(text);
    let policy = if errors.is_empty() {
        reading.policy(table.get_ref())
    } else {
        reading.more = errors.len().saturating_sub(MOST);
        for error in errors.into_iter().take(MOST) {
            let spot = error.span().map(|span| reading.lines.spot(span.start));
            reading.mistakes.push(Mistake { spot, message: format!("no TOML: {}", error.message().replace('\n', "; ")) });
        }
        Policy::default()
    };
    let mut mistakes = reading.mistakes;
    if mistakes.is_empty() {
        return Ok(policy);
    }
    mistakes.sort_by(|a, b| a.spot.cmp(&b.spot).then_with(|| a.message.cmp(&b.message)));
    mistakes.dedup();
    let more = mistakes.len().saturating_sub(LISTED) + reading.more;
    if more > 0 {
        mistakes.truncate(LISTED);
        mistakes.push(Mistake { spot: None, message: format!("{more} more mistakes") });
    }
    Err(mistakes)
}

/// Where each line begins.
pub(super) struct Lines<'a> {
    text: &'a str,
    starts: Vec<usize>,
}

impl<'a> Lines<'a> {
    pub(super) fn new(text: &'a str) -> Self {
        let starts = std::iter::once(0).chain(text.bytes().enumerate().filter(|(_, byte)| *byte == b'\n').map(|(at, _)| at + 1)).collect();
        Lines { text, starts }
    }

    /// The offset of a line and a byte in it, both from 1, moved back to where a character begins.
    pub(super) fn offset(&self, line: usize, column: usize) -> usize {
        let start = self.starts.get(line.saturating_sub(1)).copied().unwrap_or(self.text.len());
        let mut offset = start.saturating_add(column.saturating_sub(1)).min(self.text.len());
        while !self.text.is_char_boundary(offset) {
            offset -= 1;
        }
        offset
    }

    pub(super) fn spot(&self, offset: usize) -> Spot {
        let line = self.starts.partition_point(|start| *start <= offset);
        let start = self.starts.get(line.saturating_sub(1)).copied().unwrap_or_default();
        let column = self.text.get(start..offset).map_or(1, |before| before.chars().count() + 1);
        let number = |count: usize| u32::try_from(count).unwrap_or(u32::MAX);
        Spot { line: number(line.max(1)), column: number(column) }
    }
}

/// The names of a setting that a policy file understands: the catalogue's and those that files write.
pub fn setting_names() -> Vec<(String, Setting)> {
    Setting::ALL.iter().flat_map(|setting| explain::names(*setting).into_iter().map(|name| (name, *setting))).collect()
}

fn setting_called(name: &str) -> Option<Setting> {
    setting_names().into_iter().find(|(other, _)| other.eq_ignore_ascii_case(name)).map(|(_, setting)| setting)
}

struct Reading<'a> {
    lines: Lines<'a>,
    mistakes: Vec<Mistake>,
    /// Mistakes that are counted only.
    more: usize,
}

type Node<'i> = Spanned<DeValue<'i>>;

impl Reading<'_> {
    fn wrong(&mut self, offset: usize, message: impl Into<String>) {
        if self.mistakes.len() >= MOST {
            self.more += 1;
            return;
        }
        let spot = Some(self.lines.spot(offset));
        self.mistakes.push(Mistake { spot, message: message.into() });
    }

    /// Words that may be meant.
    fn nearest<'b>(&self, word: &str, candidates: impl Iterator<Item = &'b str>) -> Vec<String> {
        if self.mistakes.len() >= MOST { Vec::new() } else { explain::nearest(word, candidates) }
    }

    /// A word that is none of those that can stand here.
    fn no_such<'b>(&mut self, offset: usize, what: &str, word: &str, candidates: impl Iterator<Item = &'b str> + Clone) {
        let nearest = self.nearest(word, candidates.clone());
        let hint = if nearest.is_empty() {
            let all: Vec<&str> = candidates.take(12).collect();
            format!("there are: {}", all.join(", "))
        } else {
            format!("nearest: {}", nearest.join(", "))
        };
        self.wrong(offset, format!("no such {what}: {word}; {hint}"));
    }

    /// Reports the keys that are none of `known`.
    fn keys(&mut self, table: &DeTable<'_>, known: &[&str]) {
        for (key, _) in table {
            if !known.contains(&key.get_ref().as_ref()) {
                self.no_such(key.span().start, "key", key.get_ref(), known.iter().copied());
            }
        }
    }

    fn policy(&mut self, root: &DeTable<'_>) -> Policy {
        let known = ["baseline", "cohort", "differs", "expect", "fail-on", "fleet", "groups", "nodes", "profile", "rules", "suppress"];
        self.keys(root, &known);
        let mut policy = Policy::default();
        if let Some(node) = root.get("fail-on") {
            policy.fail_on = self.word(node, "severity", &["high", "medium", "low", "info", "never"]).map(|word| FailOn(severity(word)));
        }
        if let Some(node) = root.get("profile") {
            let names: Vec<&str> = Profile::ALL.iter().map(|profile| profile.name()).collect();
            let word = self.word(node, "profile", &names);
            policy.profile = word.and_then(|word| Profile::ALL.iter().copied().find(|profile| profile.name() == word));
        }
        if let Some(node) = root.get("baseline") {
            policy.baseline = self.text(node, "the path of a file").map(|(text, _)| text);
        }
        policy.groups = self.groups(root.get("groups"), "a group needs at least two sites");
        policy.nodes = self.groups(root.get("nodes"), "a role needs at least two servers");
        policy.levels = self.levels(root.get("rules"));
        for (spot, table) in self.entries(root.get("expect"), "expect") {
            policy.expect.extend(self.expect(spot, table));
        }
        for (spot, table) in self.entries(root.get("differs"), "differs") {
            policy.differs.extend(self.differs(spot, table));
        }
        for (spot, table) in self.entries(root.get("suppress"), "suppress") {
            policy.suppress.extend(self.suppress(spot, table));
        }
        for (spot, table) in self.entries(root.get("cohort"), "cohort") {
            policy.cohorts.extend(self.cohort(spot, table));
        }
        if let Some(node) = root.get("fleet") {
            (policy.min_size, policy.threshold) = self.fleet(node);
        }
        policy
    }

    /// The tables of `[[name]]`, each with the offset at which it begins.
    fn entries<'t, 'i>(&mut self, node: Option<&'t Node<'i>>, name: &str) -> Vec<(usize, &'t DeTable<'i>)> {
        let Some(node) = node else { return Vec::new() };
        let Some(array) = node.get_ref().as_array() else {
            self.wrong(node.span().start, format!("expected [[{name}]], with two brackets: there can be several"));
            return Vec::new();
        };
        let mut tables = Vec::new();
        for node in array {
            match node.get_ref().as_table() {
                Some(table) => tables.push((node.span().start, table)),
                None => self.wrong(node.span().start, format!("expected a table, as [[{name}]] begins one")),
            }
        }
        tables
    }

    fn expect(&mut self, at: usize, table: &DeTable<'_>) -> Option<Expect> {
        self.keys(table, &["paths", "reason", "servers", "setting", "sites", "value"]);
        let servers = self.globs(table.get("servers"), Of::Name);
        let sites = self.globs(table.get("sites"), Of::Name);
        let paths = self.globs(table.get("paths"), Of::Path);
        let reason = match table.get("reason") {
            Some(node) => self.text(node, "a reason").map(|(text, _)| text),
            None => Some(String::new()),
        };
        let value = self.needed(at, table, "value", "[[expect]]");
        let setting = self.needed(at, table, "setting", "[[expect]]").and_then(|node| self.text(node, "the name of a setting"));
        let (name, offset) = setting?;
        let (setting, value) = if name.eq_ignore_ascii_case(CLIENT_CERTIFICATES) {
            let names: Vec<&str> = ClientCertificates::ALL.iter().map(|one| one.name()).collect();
            let word = self.word(value?, "value of client-certificates", &names)?;
            let value = ClientCertificates::ALL.into_iter().find(|one| one.name() == word)?;
            (Setting::AccessFlags, Expected::ClientCertificates(value))
        } else {
            let setting = self.setting(&name, offset, &[CLIENT_CERTIFICATES])?;
            (setting, Expected::Value(self.value(value?, setting)?))
        };
        if !paths.as_ref()?.0.is_empty() && entry(setting).level == crate::catalogue::Level::Endpoint {
            let offset = table.get("paths").map_or(at, |node| node.span().start);
            self.wrong(offset, format!("{setting} is decided for a whole site and never for a path"));
            return None;
        }
        Some(Expect { spot: self.lines.spot(at), servers: servers?, sites: sites?, paths: paths?, setting, value, reason: reason? })
    }

    fn cohort(&mut self, at: usize, table: &DeTable<'_>) -> Option<Cohort> {
        self.keys(table, &["name", "servers", "sites"]);
        let servers = self.globs(table.get("servers"), Of::Name);
        let sites = self.globs(table.get("sites"), Of::Name);
        let (name, offset) = self.needed(at, table, "name", "[[cohort]]").and_then(|node| self.text(node, "a name"))?;
        if name.trim().is_empty() {
            self.wrong(offset, "the name is empty: reports call the cohort by it");
            return None;
        }
        if !table.contains_key("sites") && !table.contains_key("servers") {
            self.wrong(at, "a cohort needs at least one of sites and servers; it would hold every site there is");
            return None;
        }
        Some(Cohort { spot: self.lines.spot(at), name, sites: sites?, servers: servers? })
    }

    fn fleet(&mut self, node: &Node<'_>) -> (Option<usize>, Option<u8>) {
        let Some(table) = node.get_ref().as_table() else {
            self.wrong(node.span().start, "expected a table with lines such as min-size = 3");
            return (None, None);
        };
        self.keys(table, &["min-size", "threshold"]);
        let min_size = table.get("min-size").and_then(|node| self.number(node, 2, 1_000_000, "a number of sites, at least 2"));
        let threshold = table.get("threshold").and_then(|node| self.number(node, 51, 100, "a percentage from 51 to 100"));
        (min_size.and_then(|size| usize::try_from(size).ok()), threshold.and_then(|percent| u8::try_from(percent).ok()))
    }

    fn number(&mut self, node: &Node<'_>, least: u64, most: u64, what: &str) -> Option<u64> {
        let number = match node.get_ref() {
            DeValue::Integer(number) => u64::from_str_radix(number.as_str(), number.radix()).ok(),
            _ => None,
        };
        let number = number.filter(|number| (least..=most).contains(number));
        if number.is_none() {
            self.wrong(node.span().start, format!("expected {what}"));
        }
        number
    }

    fn differs(&mut self, at: usize, table: &DeTable<'_>) -> Option<Differs> {
        self.keys(table, &["reason", "servers", "setting", "sites"]);
        let servers = self.globs(table.get("servers"), Of::Name);
        let sites = match self.needed(at, table, "sites", "[[differs]]") {
            Some(node) => self.globs(Some(node), Of::Name),
            None => None,
        };
        let reason = self.reason(at, table, "[[differs]]");
        let setting = self.needed(at, table, "setting", "[[differs]]").and_then(|node| self.text(node, "the name of a setting"));
        let (name, offset) = setting?;
        let subject = match SUBJECTS.iter().find(|(other, _)| name.eq_ignore_ascii_case(other)) {
            Some((_, subject)) => *subject,
            None => Subject::Setting(self.setting(&name, offset, &SUBJECTS.map(|(name, _)| name))?),
        };
        Some(Differs { spot: self.lines.spot(at), servers: servers?, sites: sites?, subject, reason: reason? })
    }

    fn suppress(&mut self, at: usize, table: &DeTable<'_>) -> Option<Suppress> {
        const KEYS: [&str; 5] = ["rule", "server", "site", "path", "setting"];
        self.keys(table, &["path", "reason", "rule", "server", "setting", "site", "until"]);
        let mut optional = |key: &str, of: Of| match table.get(key) {
            Some(node) => self.globs(Some(node), of).map(Some),
            None => Some(None),
        };
        let server = optional("server", Of::Name);
        let site = optional("site", Of::Name);
        let path = optional("path", Of::Path);
        let rules = match table.get("rule") {
            Some(node) => self.rules(node).map(Some),
            None => Some(None),
        };
        let setting = match table.get("setting") {
            Some(node) => self.settings(node).map(Some),
            None => Some(None),
        };
        let until = match table.get("until") {
            Some(node) => self.date(node).map(Some),
            None => Some(None),
        };
        let reason = self.reason(at, table, "[[suppress]]");
        if !KEYS.iter().any(|key| table.contains_key(*key)) {
            self.wrong(at, "a suppression needs at least one of rule, server, site, path and setting; it would suppress everything");
            return None;
        }
        let shown = |key: &&str| Some(format!("{key} = {}", written(table.get(*key)?.get_ref())));
        let label = KEYS.iter().filter_map(shown).collect::<Vec<_>>().join(", ");
        Some(Suppress {
            spot: self.lines.spot(at),
            rules: rules?,
            server: server?,
            site: site?,
            path: path?,
            setting: setting?,
            until: until?,
            reason: reason?,
            label,
        })
    }

    fn needed<'t, 'i>(&mut self, at: usize, table: &'t DeTable<'i>, key: &str, entry: &str) -> Option<&'t Node<'i>> {
        let node = table.get(key);
        if node.is_none() {
            self.wrong(at, format!("{entry} needs the key {key}"));
        }
        node
    }

    fn reason(&mut self, at: usize, table: &DeTable<'_>, entry: &str) -> Option<String> {
        let (text, offset) = self.needed(at, table, "reason", entry).and_then(|node| self.text(node, "a reason"))?;
        if text.trim().is_empty() {
            self.wrong(offset, "the reason is empty: whoever reads the report must learn why");
            return None;
        }
        Some(text)
    }

    /// A text and where it stands.
    fn text(&mut self, node: &Node<'_>, what: &str) -> Option<(String, usize)> {
        match node.get_ref().as_str() {
            Some(text) => Some((text.to_owned(), node.span().start)),
            None => {
                self.wrong(node.span().start, format!("expected {what} in quotes, not {}", kind(node.get_ref())));
                None
            }
        }
    }

    /// A text that is one of `words`, in any letter case.
    fn word<'w>(&mut self, node: &Node<'_>, what: &str, words: &[&'w str]) -> Option<&'w str> {
        let (text, offset) = self.text(node, &format!("one of {}", words.join(", ")))?;
        let found = words.iter().copied().find(|word| word.eq_ignore_ascii_case(&text));
        if found.is_none() {
            let hint = self.nearest(&text, words.iter().copied());
            let hint = if hint.is_empty() { String::new() } else { format!("; nearest: {}", hint.join(", ")) };
            self.wrong(offset, format!("no such {what}: {text}{hint}; there are: {}", words.join(", ")));
        }
        found
    }

    /// One text, or several in brackets.
    fn texts(&mut self, node: &Node<'_>, what: &str) -> Option<Vec<(String, usize)>> {
        let Some(array) = node.get_ref().as_array() else { return self.text(node, what).map(|text| vec![text]) };
        if array.is_empty() {
            self.wrong(node.span().start, format!("expected {what}: an empty list matches nothing"));
            return None;
        }
        // All are read before one of them stops, so that every mistake is told.
        let texts: Vec<Option<(String, usize)>> = array.iter().map(|node| self.text(node, what)).collect();
        texts.into_iter().collect()
    }

    fn globs(&mut self, node: Option<&Node<'_>>, of: Of) -> Option<Names> {
        let Some(node) = node else { return Some(Names::default()) };
        let texts = self.texts(node, "a name or pattern")?;
        let mut globs = Vec::new();
        let count = texts.len();
        for (text, offset) in texts {
            match Glob::parse(&text, of) {
                Ok(glob) => globs.push(glob),
                Err(why) => self.wrong(offset, why),
            }
        }
        (globs.len() == count).then_some(Names(globs))
    }

    fn setting(&mut self, name: &str, offset: usize, besides: &[&str]) -> Option<Setting> {
        let found = setting_called(name);
        if found.is_none() {
            if name.eq_ignore_ascii_case("sslFlags") {
                self.wrong(
                    offset,
                    "sslFlags has two meanings; access@sslFlags is the setting access-flags, and the number binding@sslFlags is none",
                );
                return None;
            }
            let names = setting_names();
            let candidates = Setting::ALL.iter().map(|setting| setting.name()).chain(besides.iter().copied());
            self.no_such(offset, "setting", name, candidates.chain(names.iter().map(|(name, _)| name.as_str())));
        }
        found
    }

    fn settings(&mut self, node: &Node<'_>) -> Option<Vec<Setting>> {
        let texts = self.texts(node, "the name of a setting")?;
        let mut settings = Vec::new();
        let mut fine = true;
        for (text, offset) in texts {
            if !Glob::is_pattern(&text) {
                let setting = if text.eq_ignore_ascii_case(CLIENT_CERTIFICATES) {
                    Some(Setting::AccessFlags)
                } else {
                    self.setting(&text, offset, &[CLIENT_CERTIFICATES])
                };
                fine &= setting.is_some();
                settings.extend(setting);
                continue;
            }
            let before = settings.len();
            match Glob::parse(&text, Of::Name) {
                Ok(glob) => settings.extend(Setting::ALL.iter().copied().filter(|setting| glob.matches(setting.name()))),
                Err(why) => self.wrong(offset, why),
            }
            if settings.len() == before {
                fine = false;
                self.wrong(offset, format!("the pattern {text} matches no setting"));
            }
        }
        settings.sort_unstable();
        settings.dedup();
        fine.then_some(settings)
    }

    fn rules(&mut self, node: &Node<'_>) -> Option<Vec<&'static str>> {
        let texts = self.texts(node, "the name of a rule")?;
        let mut names = Vec::new();
        let mut fine = true;
        for (text, offset) in texts {
            if !Glob::is_pattern(&text) {
                match self.rule(&text, offset) {
                    Some(name) if is_about_policy(name) => {
                        fine = false;
                        self.wrong(
                            offset,
                            format!("{name} is about this file and is not suppressed; `{name} = \"off\"` under [rules] ends it"),
                        );
                    }
                    Some(name) => names.push(name),
                    None => fine = false,
                }
                continue;
            }
            let before = names.len();
            match Glob::parse(&text, Of::Name) {
                Ok(glob) => {
                    let all = RULES.iter().map(|rule| rule.name);
                    names.extend(all.filter(|name| !is_about_policy(name) && glob.matches(name)));
                }
                Err(why) => self.wrong(offset, why),
            }
            if names.len() == before {
                fine = false;
                self.wrong(offset, format!("the pattern {text} matches no rule"));
            }
        }
        names.sort_unstable();
        names.dedup();
        fine.then_some(names)
    }

    fn rule(&mut self, name: &str, offset: usize) -> Option<&'static str> {
        let found = rules::rule(name).map(|rule| rule.name);
        if found.is_none() {
            let nearest = self.nearest(name, RULES.iter().map(|rule| rule.name));
            let hint = if nearest.is_empty() { String::new() } else { format!("; nearest: {}", nearest.join(", ")) };
            self.wrong(offset, format!("no such rule: {name}{hint}; `iisaudit rules` lists all"));
        }
        found
    }

    fn levels(&mut self, node: Option<&Node<'_>>) -> BTreeMap<&'static str, Level> {
        let mut levels = BTreeMap::new();
        let Some(node) = node else { return levels };
        let Some(table) = node.get_ref().as_table() else {
            self.wrong(node.span().start, "expected [rules] with lines such as revocation-check-off = \"high\"");
            return levels;
        };
        for (key, node) in table {
            let rule = self.rule(key.get_ref(), key.span().start);
            let level = self.word(node, "level", &["off", "info", "low", "medium", "high"]);
            if let (Some(rule), Some(level)) = (rule, level)
                && levels.insert(rule, severity(level)).is_some()
            {
                self.wrong(key.span().start, format!("{rule} has two levels"));
            }
        }
        levels
    }

    fn groups(&mut self, node: Option<&Node<'_>>, too_few: &str) -> Vec<(Group, Spot)> {
        let mut groups = Vec::new();
        let Some(node) = node else { return groups };
        let Some(table) = node.get_ref().as_table() else {
            self.wrong(node.span().start, "expected a table with lines such as partners = [\"Orders\", \"Billing\"]");
            return groups;
        };
        for (key, node) in table {
            let Some(texts) = self.texts(node, "a list of names") else { continue };
            if texts.len() < 2 {
                self.wrong(node.span().start, too_few);
                continue;
            }
            let group = Group { name: key.get_ref().to_string(), sites: texts.into_iter().map(|(text, _)| text).collect() };
            groups.push((group, self.lines.spot(key.span().start)));
        }
        groups
    }

    fn date(&mut self, node: &Node<'_>) -> Option<Date> {
        let expected = "expected a day such as 2027-03-31";
        let read = match node.get_ref() {
            DeValue::String(text) => text.parse(),
            DeValue::Datetime(datetime) => match (datetime.date, datetime.time) {
                (Some(date), None) => Date::new(date.year, date.month, date.day).ok_or("there is no such day"),
                _ => Err(expected),
            },
            _ => Err(expected),
        };
        match read {
            Ok(date) => Some(date),
            Err(why) => {
                self.wrong(node.span().start, why);
                None
            }
        }
    }

    /// A value of `setting`: TOML's own type, or the text that IIS writes.
    fn value(&mut self, node: &Node<'_>, setting: Setting) -> Option<Value> {
        let expected = match entry(setting).kind {
            Kind::Flags => "names of flags, in quotes or a list, or a number",
            Kind::Number => "a number",
            Kind::Bool => "true or false",
            Kind::Text => "a text in quotes, empty for none",
            Kind::Bytes => "hexadecimal digits in quotes, empty for none",
        };
        let value = match (node.get_ref(), entry(setting).kind) {
            (DeValue::Boolean(value), Kind::Bool) => Some(Value::Bool(*value)),
            (DeValue::Integer(number), Kind::Flags) => u32::from_str_radix(number.as_str(), number.radix()).ok().map(Value::Flags),
            (DeValue::Integer(number), Kind::Number) => u64::from_str_radix(number.as_str(), number.radix()).ok().map(Value::Number),
            (DeValue::Array(flags), Kind::Flags) => return self.flags(flags, setting),
            (DeValue::String(text), kind) => {
                let text = match kind {
                    Kind::Bytes => text.replace([':', '-'], ""),
                    _ => text.to_string(),
                };
                match read(setting, &text) {
                    Some(value) => Some(value),
                    None if kind == Kind::Flags => return self.no_flag(node.span().start, setting, &text),
                    None => None,
                }
            }
            _ => None,
        };
        if value.is_none() {
            self.wrong(node.span().start, format!("no value of {setting}; expected {expected}"));
        }
        value
    }

    fn flags(&mut self, flags: &DeArray<'_>, setting: Setting) -> Option<Value> {
        let mut bits = Some(0);
        for node in flags {
            let one = match self.text(node, "the name of a flag") {
                Some((text, offset)) => match read(setting, &text).and_then(|value| value.flags()) {
                    Some(one) => Some(one),
                    None => self.no_flag(offset, setting, &text).and_then(|value: Value| value.flags()),
                },
                None => None,
            };
            bits = bits.zip(one).map(|(bits, one)| bits | one);
        }
        bits.map(Value::Flags)
    }

    fn no_flag(&mut self, offset: usize, setting: Setting, text: &str) -> Option<Value> {
        let names: Vec<&str> = entry(setting).bits.iter().flat_map(|bit| [bit.iis7, bit.iis6]).filter(|name| !name.is_empty()).collect();
        let word = text.split([',', '|']).map(str::trim).find(|word| read(setting, word).is_none()).unwrap_or(text);
        self.no_such(offset, &format!("flag of {setting}"), word, names.iter().copied());
        None
    }
}

/// A value as any generation writes it.
fn read(setting: Setting, text: &str) -> Option<Value> {
    [Generation::Iis7, Generation::Iis6]
        .into_iter()
        .map(|generation| Value::parse(setting, generation, text))
        .find(|value| !matches!(value, Value::Malformed(_)))
}

fn severity(word: &str) -> Option<Severity> {
    [Severity::Info, Severity::Low, Severity::Medium, Severity::High].into_iter().find(|severity| severity.name() == word)
}

/// Whether a rule judges the entries of the policy itself.
fn is_about_policy(rule: &str) -> bool {
    rule == POLICY_RULES.entry_unused.name || rule == POLICY_RULES.suppression_expired.name
}

fn kind(value: &DeValue<'_>) -> &'static str {
    match value {
        DeValue::String(_) => "a text",
        DeValue::Integer(_) | DeValue::Float(_) => "a number",
        DeValue::Boolean(_) => "true or false",
        DeValue::Datetime(_) => "a date",
        DeValue::Array(_) => "a list",
        DeValue::Table(_) => "a table",
    }
}

/// Texts of a key as a label shows them.
fn written(value: &DeValue<'_>) -> String {
    match value {
        DeValue::Array(array) => array.iter().map(|node| written(node.get_ref())).collect::<Vec<_>>().join(" or "),
        value => value.as_str().unwrap_or_default().to_owned(),
    }
}
