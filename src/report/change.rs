//! The report of a change: two states of a server, before and after. One line sums up, then what is weaker, what cannot be told, what is
//! stronger, which findings are new, and what came and went; what only looks different is counted and named last.

use std::collections::{BTreeMap, BTreeSet};

use serde::Serialize;

use super::check::{self, FindingJson};
use super::diff::{BindingJson, PlacedSiteJson, binding_text};
use super::page::Page;
use super::parts::{self, SettingJson, SiteJson, count};
use super::place::{Location, Places, PlacesOfServer};
use super::records::{named, switch_name};
use super::style::{DIM, HEADING};
use crate::catalogue::{Setting, Value};
use crate::change::{BindingMove, Change, Effect, Findings, Labels, Plain, ServerChange, SiteName, State, Strength, What, state};
use crate::compare::{EstateDiff, MatchedBy, Side, Sides};
use crate::estate::Estate;
use crate::rules::Finding;
use crate::server::{EndpointKey, Origin, Server};

/// How many lines a list of what has no effect may have.
const LISTED: usize = 8;
/// How many sites a heading names.
const SITES: usize = 3;

const SIDES: [Side; 2] = [Side::Left, Side::Right];

/// Puts the report on a page. `estate` holds the files of both sides.
pub(super) fn page(page: &mut Page, estate: &Estate, diff: &EstateDiff<'_>, changes: &[ServerChange<'_>]) {
    page.heading(0, &headline(diff, changes));
    for (side, what) in [(Side::Right, "is new"), (Side::Left, "is gone")] {
        for server in diff.only.get(side) {
            page.gap();
            page.heading(0, &format!("{} ({}) {what}", server.name, server.generation));
        }
    }
    let places = Places { inputs: &estate.inputs };
    // Those with the worst news first, and otherwise in the order of the estate.
    let mut order: Vec<&ServerChange<'_>> = changes.iter().collect();
    order.sort_by_key(|change| (!change.is_weaker(), !change.has_new_findings(), change.is_empty()));
    let mut alike = Vec::new();
    for change in order {
        if change.is_empty() && !has_reservations(change) {
            alike.push(change.servers.right.name.as_str());
            continue;
        }
        Sheet { change, places, sides: Sides { left: short(places, change, Side::Left), right: short(places, change, Side::Right) } }
            .server(page);
    }
    if !alike.is_empty() && changes.len() > 1 {
        page.gap();
        page.prose(0, &format!("{} the same before and after: {}", count(alike.len(), "server is", "servers are"), named(&alike)));
    }
    parts::inputs(page, estate);
}

fn short<'a>(places: Places<'a>, change: &ServerChange<'_>, side: Side) -> PlacesOfServer<'a> {
    PlacesOfServer::new(places, &change.servers.get(side).inputs)
}

/// Whether there is something to say although nothing is known to be different.
fn has_reservations(change: &ServerChange<'_>) -> bool {
    !change.untold.is_empty()
        || !change.switches_untold.is_empty()
        || !change.one_sided.left.is_empty()
        || !change.one_sided.right.is_empty()
        || !change.findings.untold.left.is_empty()
        || !change.findings.untold.right.is_empty()
}

/// One server in both states.
struct Sheet<'a> {
    change: &'a ServerChange<'a>,
    places: Places<'a>,
    sides: Sides<PlacesOfServer<'a>>,
}

impl Sheet<'_> {
    fn server(&self, page: &mut Page) {
        page.gap();
        for side in SIDES {
            let server = self.change.servers.get(side);
            let files: Vec<&str> = server.inputs.iter().map(|file| self.places.path(*file)).collect();
            let files = if files.is_empty() { String::new() } else { format!(": {}", named(&files)) };
            let sites = count(server.sites.len(), "site", "sites");
            page.labelled(0, &label(side), HEADING, &format!("{} ({}), {sites}{files}", server.name, server.generation));
        }
        for side in SIDES {
            let kinds: Vec<&str> = self.change.one_sided.get(side).iter().map(|kind| kind.name()).collect();
            if !kinds.is_empty() {
                page.labelled(0, "note", HEADING, &format!("given only {}: {}", state(side), kinds.join(", ")));
            }
        }
        let of = |strength: Strength| self.change.changes.iter().filter(move |change| change.strength() == Some(strength));
        for (strength, title) in [(Strength::Weaker, "Weaker"), (Strength::Mixed, "Weaker in one way, stronger in another")] {
            self.changes(page, title, of(strength));
        }
        self.new_findings(page);
        for (strength, title) in
            [(Strength::Unclear, "Cannot be told"), (Strength::Stronger, "Stronger"), (Strength::Neutral, "Neither weaker nor stronger")]
        {
            self.changes(page, title, of(strength));
        }
        self.moves(page);
        self.fixed_findings(page);
        self.without_effect(page);
        self.untold(page);
    }

    fn changes<'c>(&self, page: &mut Page, title: &str, changes: impl Iterator<Item = &'c Change>) {
        for (index, change) in changes.enumerate() {
            page.gap();
            if index == 0 {
                page.heading(0, title);
            }
            self.one(page, change);
        }
    }

    fn one(&self, page: &mut Page, change: &Change) {
        page.heading(2, &heading(change));
        for side in SIDES {
            page.labelled(4, &label(side), HEADING, &self.said(change.states.get(side), side));
        }
        let likely = if change.verdict.likely && !change.verdict.why.starts_with("likely") { "likely: " } else { "" };
        page.labelled(4, "so    ", DIM, &format!("{likely}{}", change.verdict.why));
        let mut statuses = Vec::new();
        for (side, verb) in [(Side::Left, "could"), (Side::Right, "can")] {
            let one = |(status, likely): &(&str, bool)| format!("{status}{}", if *likely { " (likely)" } else { "" });
            let list: Vec<String> = change.statuses.get(side).iter().map(one).collect();
            if !list.is_empty() {
                statuses.push(format!("{verb} be {} {}", list.join(", "), state(side)));
            }
        }
        if !statuses.is_empty() {
            page.labelled(4, "status", DIM, &statuses.join("; "));
        }
    }

    /// The value with its place.
    fn said(&self, said: &State, side: Side) -> String {
        let places = self.sides.get(side);
        match said {
            State::Setting(said) => {
                let value = setting_value(said.setting, &said.resolved.value, &said.value());
                match &said.resolved.origin {
                    Origin::Explicit { at } => format!("{value} ({})", places.text(*at)),
                    Origin::Inherited { from, at } if from.is_empty() => format!("{value} (server level, {})", places.text(*at)),
                    Origin::Inherited { from, at } => format!("{value} (from {from}, {})", places.text(*at)),
                    Origin::Default { .. } => format!("not set → {value}"),
                    Origin::Unknown { needs } => format!("not assessed, needs {needs}"),
                }
            }
            State::Plain(Plain { text, place, is_default }) => match place {
                Some(place) if !is_default => format!("{text} ({})", places.text(*place)),
                _ if *is_default => format!("not set → {text}"),
                _ => text.clone(),
            },
        }
    }

    fn new_findings(&self, page: &mut Page) {
        let findings = &self.change.findings;
        if !findings.new.is_empty() || !findings.worse.is_empty() {
            page.gap();
            page.heading(0, "New findings");
        }
        for finding in &findings.new {
            check::title(page, finding);
            self.detail(page, finding);
        }
        for pair in &findings.worse {
            check::title(page, &pair.right);
            page.prose(4, &format!("was {} before", pair.left.severity.name()));
            self.detail(page, &pair.right);
        }
    }

    fn detail(&self, page: &mut Page, finding: &Finding) {
        page.prose(4, &finding.message);
        if let Some(place) = finding.place {
            page.labelled(4, "at", DIM, &self.sides.right.text(place));
        }
    }

    fn fixed_findings(&self, page: &mut Page) {
        let findings = &self.change.findings;
        if !findings.fixed.is_empty() || !findings.milder.is_empty() {
            page.gap();
            page.heading(0, "Fixed findings");
        }
        for finding in &findings.fixed {
            check::title(page, finding);
        }
        for pair in &findings.milder {
            check::title(page, &pair.right);
            page.prose(4, &format!("still there; was {} before", pair.left.severity.name()));
        }
    }

    /// What came and went: sites, bindings, endpoints.
    fn moves(&self, page: &mut Page) {
        let change = self.change;
        let mut lines = Vec::new();
        for renamed in &change.renamed {
            let (before, after) = (renamed.sites.left.get(), renamed.sites.right.get());
            let why = match renamed.matched_by {
                MatchedBy::Name => "the same name in another letter case",
                MatchedBy::Id => "the same id",
                MatchedBy::HostHeader => "the same host header",
            };
            lines.push(("=", format!("site {} is called {} now; {why}", before.label(), after.label())));
        }
        for (side, mark) in [(Side::Right, "+"), (Side::Left, "-")] {
            for site in change.sites.get(side) {
                let site = site.get();
                let bindings: Vec<String> = site.bindings.iter().map(|one| format!("{} {}", one.protocol, one.written)).collect();
                let bindings = if bindings.is_empty() { String::new() } else { format!(", {}", named(&bindings)) };
                lines.push((mark, format!("site {}{bindings}{}", site.label(), self.at(site.place, side))));
            }
        }
        for (side, mark) in [(Side::Right, "+"), (Side::Left, "-")] {
            for one in change.bindings.iter().filter(|one| one.side == side) {
                let text =
                    format!("binding {} of {}{}", binding_text(&one.binding), site(&one.site), self.at(Some(one.binding.place), side));
                lines.push((mark, text));
            }
        }
        for (side, mark) in [(Side::Right, "+"), (Side::Left, "-")] {
            let keys = change.endpoints.get(side);
            if !keys.is_empty() {
                lines.push((mark, format!("{} {}", if keys.len() == 1 { "endpoint" } else { "endpoints" }, named(keys))));
            }
        }
        if change.servers.left.generation != change.servers.right.generation {
            lines.push(("=", format!("{} is {} now", change.servers.left.generation, change.servers.right.generation)));
        }
        if !lines.is_empty() {
            page.gap();
            page.heading(0, "Come and gone");
        }
        for (mark, line) in lines {
            page.labelled(2, mark, HEADING, &line);
        }
    }

    fn at(&self, place: Option<crate::input::Place>, side: Side) -> String {
        place.map(|place| format!(" ({})", self.sides.get(side).text(place))).unwrap_or_default()
    }

    fn without_effect(&self, page: &mut Page) {
        let idle: Vec<&Change> = self.change.changes.iter().filter(|change| change.effect != Effect::Some).collect();
        if idle.is_empty() {
            return;
        }
        page.gap();
        page.heading(0, "Written differently, without effect");
        for change in idle.iter().take(LISTED) {
            let text = match &change.effect {
                Effect::None(why) => {
                    let value = |side| bare(change.states.get(side));
                    format!("{}: {} → {}; {why}", heading(change), value(Side::Left), value(Side::Right))
                }
                _ => {
                    let how = |side: Side| match change.states.get(side) {
                        State::Setting(said) => match &said.resolved.origin {
                            Origin::Explicit { .. } => "written here",
                            Origin::Inherited { .. } => "inherited",
                            _ => "not set",
                        },
                        State::Plain(_) => "written",
                    };
                    let (before, after) = (how(Side::Left), how(Side::Right));
                    let spelled = if before == after { "in another spelling".to_owned() } else { format!("{before} → {after}") };
                    format!("{}: {}; {spelled}", heading(change), bare(change.states.get(Side::Right)))
                }
            };
            page.prose(2, &text);
        }
        if idle.len() > LISTED {
            page.prose(2, &format!("and {} more; --format json lists all", idle.len() - LISTED));
        }
    }

    /// What could not be compared: settings by what is missing, then findings.
    fn untold(&self, page: &mut Page) {
        let change = self.change;
        let mut by_setting: BTreeMap<(Setting, String), Vec<&str>> = BTreeMap::new();
        for untold in &change.untold {
            let needs = &untold.item.needs;
            let needs = match (&needs.left, &needs.right) {
                (Some(left), Some(right)) if left == right => left.clone(),
                (Some(left), Some(right)) => format!("before: {left}; after: {right}"),
                (Some(left), None) => format!("before: {left}"),
                (None, right) => format!("after: {}", right.as_deref().unwrap_or_default()),
            };
            let sites = by_setting.entry((untold.item.setting, needs)).or_default();
            if sites.last() != Some(&untold.site.right.label.as_str()) {
                sites.push(&untold.site.right.label);
            }
        }
        let mut groups: BTreeMap<(String, Vec<&str>), Vec<&str>> = BTreeMap::new();
        for ((setting, needs), sites) in by_setting {
            groups.entry((needs, sites)).or_default().push(setting.name());
        }
        let switches: Vec<&str> = change.switches_untold.iter().map(|switch| switch.label()).collect();
        let mut reasons: BTreeMap<(&str, &str), BTreeMap<&str, usize>> = BTreeMap::new();
        for side in SIDES {
            for (finding, why) in change.findings.untold.get(side) {
                *reasons.entry((state(side), why)).or_default().entry(finding.rule.name).or_default() += 1;
            }
        }
        if groups.is_empty() && switches.is_empty() && reasons.is_empty() {
            return;
        }
        page.gap();
        page.heading(0, "Not assessed: these may differ or not");
        for ((needs, sites), settings) in groups {
            let sites = if sites.len() == self.change.servers.right.sites.len() { "all sites".to_owned() } else { list(&sites) };
            page.prose(2, &format!("{} of {sites}", settings.join(", ")));
            page.labelled(4, "needs", DIM, &needs);
        }
        if !switches.is_empty() {
            page.prose(2, &format!("switches that a record does not list: {}", switches.join(", ")));
        }
        for ((found, why), rules) in reasons {
            let rules: Vec<String> =
                rules.into_iter().map(|(rule, times)| if times == 1 { rule.to_owned() } else { format!("{rule} ({times})") }).collect();
            page.prose(2, &format!("findings that only the state {found} shows: {}", rules.join(", ")));
            page.labelled(4, "why", DIM, why);
        }
    }
}

/// The first line: the numbers, the most important first.
fn headline(diff: &EstateDiff<'_>, changes: &[ServerChange<'_>]) -> String {
    let numbers = Numbers::of(changes);
    let mut settings = Vec::new();
    let mut moved = Vec::new();
    let mut findings = Vec::new();
    let add = |parts: &mut Vec<String>, number: usize, one: &str, many: &str| {
        if number > 0 {
            parts.push(count(number, one, many));
        }
    };
    let (done, found) = (&numbers.changes, &numbers.findings);
    for (number, what) in [
        (done.weaker, "weaker"),
        (done.mixed, "both weaker and stronger"),
        (done.cannot_be_told, "that cannot be told"),
        (done.stronger, "stronger"),
        (done.neutral, "neutral"),
        (done.without_effect, "without effect"),
    ] {
        // The first one names what is counted.
        let first = settings.is_empty();
        let (one, many) = (format!("setting {what}"), format!("settings {what}"));
        add(&mut settings, number, if first { &one } else { what }, if first { &many } else { what });
    }
    let [came, gone] = [Side::Right, Side::Left].map(|side| changes.iter().map(|change| change.sites.get(side).len()).sum::<usize>());
    add(&mut moved, came, "new site", "new sites");
    add(&mut moved, gone, "site gone", "sites gone");
    add(&mut moved, changes.iter().map(|change| change.renamed.len()).sum(), "site renamed", "sites renamed");
    let bindings = |side| changes.iter().flat_map(|change| &change.bindings).filter(|one: &&BindingMove| one.side == side).count();
    add(&mut moved, bindings(Side::Right), "new binding", "new bindings");
    add(&mut moved, bindings(Side::Left), "binding gone", "bindings gone");
    add(&mut moved, diff.only.right.len(), "new server", "new servers");
    add(&mut moved, diff.only.left.len(), "server gone", "servers gone");
    add(&mut findings, found.new, "new finding", "new findings");
    let first = |findings: &[String], text: &'static str, long: &'static str| if findings.is_empty() { long } else { text };
    for (number, text, one, many) in [
        (found.worse, "worse", "finding worse", "findings worse"),
        (found.fixed, "fixed", "finding fixed", "findings fixed"),
        (found.milder, "milder", "finding milder", "findings milder"),
        (found.unchanged, "unchanged", "finding unchanged", "findings unchanged"),
        (found.cannot_be_told, "that cannot be told", "finding that cannot be told", "findings that cannot be told"),
    ] {
        let (one, many) = (first(&findings, text, one), first(&findings, text, many));
        add(&mut findings, number, one, many);
    }
    let mut parts: Vec<String> = [settings, moved].into_iter().filter(|part| !part.is_empty()).map(|part| part.join(", ")).collect();
    let generation = changes.iter().any(|change| change.servers.left.generation != change.servers.right.generation);
    if parts.is_empty() && !generation && found.new + found.worse + found.fixed + found.milder == 0 {
        parts.push("no differences".to_owned());
    }
    if !findings.is_empty() {
        parts.push(findings.join(", "));
    }
    if numbers.not_assessed > 0 {
        parts.push(format!("{} not assessed", count(numbers.not_assessed, "setting", "settings")));
    }
    parts.join("; ")
}

fn label(side: Side) -> String {
    format!("{:<6}", state(side))
}

/// What it is, where.
fn heading(change: &Change) -> String {
    let mut text = match &change.what {
        What::Setting(setting) => setting.name().to_owned(),
        What::Switch(switch) => switch.label().to_owned(),
        What::Other(what) => what.clone(),
    };
    if change.server_level {
        text.push_str(" at server level");
        if !change.sites.is_empty() {
            text.push_str(&format!(", taken over by {}", sites(&change.sites)));
        }
        return text;
    }
    let keys = &change.endpoints;
    if keys.left == keys.right && !keys.left.is_empty() {
        text.push_str(&format!(" on {}", named(&keys.left)));
    } else if !keys.left.is_empty() || !keys.right.is_empty() {
        let side = |keys: &[EndpointKey]| if keys.is_empty() { "no endpoint".to_owned() } else { named(keys) };
        text.push_str(&format!(" on {} (before {})", side(&keys.right), side(&keys.left)));
    }
    text.push_str(&format!("{} {}", if keys.left.is_empty() && keys.right.is_empty() { " of" } else { "," }, sites(&change.sites)));
    if !change.path.is_empty() && change.path != "/" {
        text.push_str(&format!(", {}", change.path));
    }
    text
}

fn sites(sites: &[Labels]) -> String {
    let names: Vec<String> = sites.iter().map(site).collect();
    list(&names)
}

fn site(labels: &Labels) -> String {
    labels.right.label.clone()
}

/// Names, cut and counted.
fn list<T: AsRef<str>>(names: &[T]) -> String {
    let mut text = names.iter().take(SITES).map(AsRef::as_ref).collect::<Vec<_>>().join(", ");
    if names.len() > SITES {
        text.push_str(&format!(" and {} more", names.len() - SITES));
    }
    text
}

/// The value without its place.
fn bare(said: &State) -> String {
    match said {
        State::Setting(said) => setting_value(said.setting, &said.resolved.value, &said.value()),
        State::Plain(plain) => plain.text.clone(),
    }
}

/// The value as it is written, with its unit; what it means is the business of the verdict.
fn setting_value(setting: Setting, value: &Value, shown: &str) -> String {
    match value {
        Value::None => "nothing".to_owned(),
        Value::Number(_) => format!("{shown} {}", crate::catalogue::entry(setting).unit).trim_end().to_owned(),
        Value::Malformed(_) => format!("\"{shown}\""),
        _ => shown.to_owned(),
    }
}

/// What is counted of a change.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize)]
pub(super) struct Numbers {
    changes: ChangeNumbers,
    findings: FindingNumbers,
    /// Settings and switches that could not be compared on some site, each counted once for its server.
    #[serde(skip)]
    not_assessed: usize,
}

#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize)]
struct ChangeNumbers {
    weaker: usize,
    mixed: usize,
    cannot_be_told: usize,
    stronger: usize,
    neutral: usize,
    without_effect: usize,
}

#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize)]
struct FindingNumbers {
    new: usize,
    worse: usize,
    fixed: usize,
    milder: usize,
    unchanged: usize,
    cannot_be_told: usize,
}

impl Numbers {
    pub(super) fn of(changes: &[ServerChange<'_>]) -> Numbers {
        let mut numbers = Numbers::default();
        for server in changes {
            for change in &server.changes {
                *match change.strength() {
                    Some(Strength::Weaker) => &mut numbers.changes.weaker,
                    Some(Strength::Mixed) => &mut numbers.changes.mixed,
                    Some(Strength::Unclear) => &mut numbers.changes.cannot_be_told,
                    Some(Strength::Stronger) => &mut numbers.changes.stronger,
                    Some(Strength::Neutral) => &mut numbers.changes.neutral,
                    None => &mut numbers.changes.without_effect,
                } += 1;
            }
            let found: &Findings = &server.findings;
            numbers.findings.new += found.new.len();
            numbers.findings.worse += found.worse.len();
            numbers.findings.fixed += found.fixed.len();
            numbers.findings.milder += found.milder.len();
            numbers.findings.unchanged += found.unchanged;
            numbers.findings.cannot_be_told += found.untold.left.len() + found.untold.right.len();
            let settings: BTreeSet<Setting> = server.untold.iter().map(|untold| untold.item.setting).collect();
            numbers.not_assessed += settings.len() + server.switches_untold.len();
        }
        numbers
    }
}

/// A change in JSON.
#[derive(Debug, Serialize)]
pub(super) struct ChangeJson<'a> {
    server: Sides<&'a str>,
    what: String,
    setting: Option<Setting>,
    level: &'static str,
    sites: Vec<Sides<SiteJson<'a>>>,
    path: &'a str,
    endpoints: Sides<Vec<String>>,
    left: StateJson<'a>,
    right: StateJson<'a>,
    in_effect: bool,
    no_effect_because: Option<&'a str>,
    strength: Strength,
    likely: bool,
    why: &'a str,
    statuses: Sides<Vec<StatusJson>>,
}

#[derive(Debug, Serialize)]
struct StatusJson {
    status: &'static str,
    likely: bool,
}

#[derive(Debug, Serialize)]
#[serde(untagged)]
enum StateJson<'a> {
    Setting(Box<SettingJson<'a>>),
    Plain { value: &'a str, location: Option<Location<'a>> },
}

fn names<'a>(server: &ServerChange<'a>) -> Sides<&'a str> {
    let name = |server: &'a Server| server.name.as_str();
    Sides { left: name(server.servers.left), right: name(server.servers.right) }
}

fn site_json(name: &SiteName) -> SiteJson<'_> {
    SiteJson { id: name.id, name: &name.name }
}

fn labels_json(labels: &Labels) -> Sides<SiteJson<'_>> {
    Sides { left: site_json(&labels.left), right: site_json(&labels.right) }
}

impl<'a> ChangeJson<'a> {
    pub(super) fn all(server: &'a ServerChange<'a>, places: Places<'a>) -> impl Iterator<Item = Self> {
        server.changes.iter().map(move |change| ChangeJson::new(server, change, places))
    }

    fn new(server: &'a ServerChange<'a>, change: &'a Change, places: Places<'a>) -> Self {
        let state = |state: &'a State| match state {
            State::Setting(said) => StateJson::Setting(Box::new(SettingJson::new(said.setting, &said.resolved, said.generation, places))),
            State::Plain(plain) => StateJson::Plain { value: &plain.text, location: plain.place.map(|place| places.json(place)) },
        };
        let statuses = |list: &[(&'static str, bool)]| list.iter().map(|(status, likely)| StatusJson { status, likely: *likely }).collect();
        let keys = |keys: &[EndpointKey]| keys.iter().map(EndpointKey::to_string).collect();
        ChangeJson {
            server: names(server),
            what: match &change.what {
                What::Setting(setting) => setting.name().to_owned(),
                What::Switch(switch) => switch_name(*switch),
                What::Other(what) => what.clone(),
            },
            setting: match change.what {
                What::Setting(setting) => Some(setting),
                _ => None,
            },
            level: if change.server_level { "server" } else { "site" },
            sites: change.sites.iter().map(labels_json).collect(),
            path: &change.path,
            endpoints: Sides { left: keys(&change.endpoints.left), right: keys(&change.endpoints.right) },
            left: state(&change.states.left),
            right: state(&change.states.right),
            in_effect: change.effect == Effect::Some,
            no_effect_because: match &change.effect {
                Effect::Some => None,
                Effect::None(why) => Some(why),
                Effect::WrittenOnly => Some("written differently, with the same effect"),
            },
            strength: change.verdict.strength,
            likely: change.verdict.likely,
            why: &change.verdict.why,
            statuses: Sides { left: statuses(&change.statuses.left), right: statuses(&change.statuses.right) },
        }
    }
}

/// What came and went, in JSON.
#[derive(Debug, Serialize)]
pub(super) struct MovesJson<'a> {
    server: Sides<&'a str>,
    sites_gone: Vec<PlacedSiteJson<'a>>,
    sites_new: Vec<PlacedSiteJson<'a>>,
    sites_renamed: Vec<RenamedJson<'a>>,
    bindings_gone: Vec<BindingMoveJson<'a>>,
    bindings_new: Vec<BindingMoveJson<'a>>,
    endpoints_gone: Vec<String>,
    endpoints_new: Vec<String>,
}

#[derive(Debug, Serialize)]
struct RenamedJson<'a> {
    left: PlacedSiteJson<'a>,
    right: PlacedSiteJson<'a>,
    matched_by: MatchedBy,
}

#[derive(Debug, Serialize)]
struct BindingMoveJson<'a> {
    site: Sides<SiteJson<'a>>,
    binding: BindingJson<'a>,
}

impl<'a> MovesJson<'a> {
    pub(super) fn new(server: &'a ServerChange<'a>, places: Places<'a>) -> Self {
        let sites = |side| server.sites.get(side).iter().map(|site| PlacedSiteJson::new(*site, places)).collect();
        let bindings = |side| {
            let of_side = server.bindings.iter().filter(|one| one.side == side);
            let one =
                |one: &'a BindingMove| BindingMoveJson { site: labels_json(&one.site), binding: BindingJson::new(&one.binding, places) };
            of_side.map(one).collect()
        };
        let endpoints = |side| server.endpoints.get(side).iter().map(EndpointKey::to_string).collect();
        MovesJson {
            server: names(server),
            sites_gone: sites(Side::Left),
            sites_new: sites(Side::Right),
            sites_renamed: server
                .renamed
                .iter()
                .map(|renamed| RenamedJson {
                    left: PlacedSiteJson::new(renamed.sites.left, places),
                    right: PlacedSiteJson::new(renamed.sites.right, places),
                    matched_by: renamed.matched_by,
                })
                .collect(),
            bindings_gone: bindings(Side::Left),
            bindings_new: bindings(Side::Right),
            endpoints_gone: endpoints(Side::Left),
            endpoints_new: endpoints(Side::Right),
        }
    }
}

/// What became of the findings, in JSON.
#[derive(Debug, Serialize)]
pub(super) struct FindingsJson<'a> {
    new: Vec<FindingJson<'a>>,
    fixed: Vec<FindingJson<'a>>,
    worse: Vec<Sides<FindingJson<'a>>>,
    milder: Vec<Sides<FindingJson<'a>>>,
    cannot_be_told: Vec<UntoldJson<'a>>,
}

#[derive(Debug, Serialize)]
struct UntoldJson<'a> {
    found_on: Side,
    why: &'a str,
    finding: FindingJson<'a>,
}

impl<'a> FindingsJson<'a> {
    pub(super) fn new(servers: &'a [ServerChange<'a>], places: Places<'a>) -> Self {
        let one = |finding: &'a Finding| FindingJson::unjudged(finding, places);
        let both = |pair: &'a Sides<Finding>| Sides { left: one(&pair.left), right: one(&pair.right) };
        let all = || servers.iter().map(|server| &server.findings);
        let untold = |found: &'a Findings| {
            let of = move |found_on: Side| {
                let list = found.untold.get(found_on).iter();
                list.map(move |(finding, why)| UntoldJson { found_on, why, finding: FindingJson::unjudged(finding, places) })
            };
            of(Side::Left).chain(of(Side::Right))
        };
        FindingsJson {
            new: all().flat_map(|found| &found.new).map(one).collect(),
            fixed: all().flat_map(|found| &found.fixed).map(one).collect(),
            worse: all().flat_map(|found| &found.worse).map(both).collect(),
            milder: all().flat_map(|found| &found.milder).map(both).collect(),
            cannot_be_told: all().flat_map(untold).collect(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::style::Style;
    use super::super::testing::{HOSTILE, acting, estate, iis6, iis7, too_wide};
    use super::*;
    use crate::compare::compare_estates;
    use crate::input::FileId;

    fn text(estate: &Estate, left: &[Server], right: &[Server]) -> String {
        let diff = compare_estates(left, right);
        let changes = crate::change::changes(&diff, &estate.inputs);
        let mut out = Page::new(Style::plain(80));
        page(&mut out, estate, &diff, &changes);
        out.finish()
    }

    #[test]
    fn hostile_names_stay_text_and_keep_to_the_width() {
        let estate = estate(HOSTILE, &"long/".repeat(40));
        let mut other = vec![iis6("web01", "Shop", HOSTILE), iis7("web03", HOSTILE)];
        other[0].inputs = vec![FileId(1)];
        other[0].sites[1].bindings.clear();
        for (left, right) in [(&estate.servers, &other), (&other, &estate.servers)] {
            let text = text(&estate, left, right);
            assert_eq!(acting(&text), "");
            assert_eq!(too_wide(&text, 80), Vec::<&str>::new());
            assert!(text.contains("web01"), "{text}");
        }
    }

    #[test]
    fn a_server_that_only_one_state_has_is_said_and_the_others_are_counted() {
        let estate = estate("Shop", "Shop (old)");
        let changed = [iis6("web01", "Shop", "Shop (old)"), iis7("web05", "a")];
        let text = text(&estate, &estate.servers, &changed);
        assert!(text.starts_with("no differences; ") || text.starts_with("1 new server, 1 server gone"), "{text}");
        assert!(text.contains("\nweb05 (IIS 7 or later) is new\n") && text.contains("\nweb02 (IIS 7 or later) is gone\n"), "{text}");
    }
}
