//! The report of `iisaudit diff`: what differs between two sites or two servers, first in effect and then in writing only, with both
//! places, what a client sees, and for a failing site what can cause it. It never calls equal what was not assessed.

use std::collections::{BTreeMap, BTreeSet};

use serde::Serialize;

use super::change::{ChangeJson, FindingsJson, MovesJson, Numbers};
use super::page::Page;
use super::parts::{self, InputJson, SettingJson, SiteJson, count, to_json};
use super::place::{Location, Places};
use super::records::{named, switch_name};
use super::style::{DIM, HEADING, Style};
use crate::catalogue::Setting;
use crate::change::{ServerChange, mappings};
use crate::compare::decision::{Certainty, Decision, Protocol};
use crate::compare::{
    Cause, Diagnosis, Difference, EstateDiff, MappingCount, MatchedBy, Negotiation, NegotiationRow, NotAssessed, Reach, RecordFacts, Said,
    ServerDiff, Side, Sides, SiteDiff, SitePair, SiteRef, SiteSummary, SwitchDifference, SwitchSaid,
};
use crate::estate::Estate;
use crate::httpsys::Switch;
use crate::remedy::Remedy;
use crate::server::{Binding, EndpointKey, Generation, Origin, Server};

/// What was compared.
#[derive(Debug, Clone, Copy)]
pub enum Compared<'a> {
    /// Two sites, with a diagnosis when one of them fails.
    Sites {
        /// What differs.
        diff: &'a SiteDiff,
        /// What can cause the failure.
        diagnosis: Option<&'a Diagnosis>,
    },
    /// Two states of a server, or of a directory of servers.
    Servers {
        /// What differs.
        diff: &'a EstateDiff<'a>,
        /// What that does, for each pair of servers.
        changes: &'a [ServerChange<'a>],
    },
}

/// The report as text. `estate` holds the files of both sides.
pub fn table(estate: &Estate, compared: Compared<'_>, style: Style) -> String {
    let mut page = Page::new(style);
    let places = Places { inputs: &estate.inputs };
    match compared {
        Compared::Sites { diff, diagnosis } => {
            let report = Sheet { names: names(diagnosis), places };
            report.sides(&mut page, 0, &diff.sites);
            if let Some(diagnosis) = diagnosis {
                report.diagnosis(&mut page, diff, diagnosis, &BTreeSet::new());
            }
            let told = diagnosis.map(|diagnosis| diagnosis.suspects.iter().map(|suspect| suspect.difference).collect());
            report.site_diff(&mut page, 0, diff, &told.unwrap_or_default());
        }
        Compared::Servers { diff, changes } => {
            super::change::page(&mut page, estate, diff, changes);
            return page.finish();
        }
    }
    parts::inputs(&mut page, estate);
    page.gap();
    page.heading(0, &summary_text(&Summary::of(compared)));
    page.finish()
}

/// The part about the failing site, for a report that has more to say.
pub(super) fn comparison(page: &mut Page, places: Places<'_>, diff: &SiteDiff, diagnosis: &Diagnosis, told: &BTreeSet<&str>) {
    let report = Sheet { names: names(Some(diagnosis)), places };
    report.sides(page, 2, &diff.sites);
    report.diagnosis(page, diff, diagnosis, told);
}

/// How the sides are called.
fn names(diagnosis: Option<&Diagnosis>) -> Sides<&'static str> {
    match diagnosis.map(|diagnosis| diagnosis.failing) {
        None => Sides { left: "left", right: "right" },
        Some(Side::Left) => Sides { left: "failing", right: "working" },
        Some(Side::Right) => Sides { left: "working", right: "failing" },
    }
}

/// What every part of the page needs.
struct Sheet<'a> {
    names: Sides<&'static str>,
    places: Places<'a>,
}

impl Sheet<'_> {
    fn label(&self, side: Side) -> String {
        format!("{:<7}", self.names.get(side))
    }

    fn sides(&self, page: &mut Page, indent: usize, sites: &Sides<SiteSummary>) {
        for side in [Side::Left, Side::Right] {
            let site = sites.get(side);
            let mut text = format!("{} on {} ({})", site.label, site.server, site.generation);
            if let Some(place) = site.place {
                text.push_str(&format!(", {}", self.places.text(place)));
            }
            page.labelled(indent, &self.label(side), HEADING, &text);
        }
    }

    fn site_diff(&self, page: &mut Page, indent: usize, diff: &SiteDiff, told: &BTreeSet<usize>) {
        let rest = diff.differences.iter().enumerate().filter(|(index, _)| !told.contains(index)).map(|(_, difference)| difference);
        let title = if told.is_empty() { "What differs in effect" } else { "What else differs in effect" };
        self.differences(page, indent, title, &rest.collect::<Vec<_>>());
        self.records(page, indent, &diff.records);
        self.site_facts(page, indent, diff);
        self.not_assessed(page, indent, &diff.not_assessed);
        self.switches_not_assessed(page, indent, diff);
    }

    /// Settings: those in effect, those whose difference is not in effect, and in a table those that are only written differently.
    fn differences(&self, page: &mut Page, indent: usize, title: &str, differences: &[&Difference]) {
        for (title, in_effect) in [(title, true), ("What is written differently and not in effect", false)] {
            let of_group = |difference: &&&Difference| difference.in_effect() == in_effect && difference.reach != Reach::WrittenOnly;
            let group: Vec<_> = differences.iter().filter(of_group).collect();
            if !group.is_empty() {
                page.gap();
                page.heading(indent, title);
                for difference in group {
                    page.gap();
                    self.difference(page, indent + 2, difference);
                }
            }
        }
        let written: Vec<Vec<String>> = differences
            .iter()
            .filter(|difference| difference.reach == Reach::WrittenOnly)
            .map(|difference| {
                let path = if difference.path.is_empty() { "server level" } else { &difference.path };
                vec![format!("{} at {path}", difference.setting), self.written(&difference.left), self.written(&difference.right)]
            })
            .collect();
        if !written.is_empty() {
            page.gap();
            page.heading(indent, "What is written differently with the same effect");
            page.gap();
            page.table(indent + 2, &["setting", self.names.left, self.names.right], &written);
        }
    }

    fn difference(&self, page: &mut Page, indent: usize, difference: &Difference) {
        let path = if difference.path.is_empty() { "server level" } else { &difference.path };
        page.heading(indent, &format!("{} at {path}", difference.setting));
        for side in [Side::Left, Side::Right] {
            let said = difference.said(side);
            page.labelled(indent + 2, &self.label(side), HEADING, &value(said));
            page.painted(indent + 10, DIM, &self.origin(said));
        }
        page.labelled(indent + 2, "effect ", DIM, &difference.effect(self.names.left, self.names.right));
        for cause in &difference.causes {
            self.cause(page, indent + 2, cause);
        }
    }

    fn cause(&self, page: &mut Page, indent: usize, cause: &Cause) {
        let likely = if cause.likely { ", likely" } else { "" };
        page.labelled(indent, &format!("{:<7}", cause.status), HEADING, &format!("{}{likely}: {}", self.names.get(cause.side), cause.why));
    }

    fn origin(&self, said: &Said) -> String {
        match &said.resolved.origin {
            Origin::Explicit { at } => self.places.text(*at),
            Origin::Inherited { from, at } if from.is_empty() => format!("inherited from the server level at {}", self.places.text(*at)),
            Origin::Inherited { from, at } => format!("inherited from {from} at {}", self.places.text(*at)),
            Origin::Default { why } => format!("default: {why}"),
            Origin::Unknown { needs } => format!("not assessed, needs {needs}"),
        }
    }

    /// Value and origin for a cell.
    fn written(&self, said: &Said) -> String {
        let value = match said.value() {
            value if value.is_empty() => "nothing".to_owned(),
            value => value,
        };
        match &said.resolved.origin {
            Origin::Default { .. } => format!("{value} (default)"),
            _ => format!("{value} ({})", self.origin(said)),
        }
    }

    /// What the records of HTTP.sys add: endpoints that none serves, switches, and what clients meet early and late.
    fn records(&self, page: &mut Page, indent: usize, facts: &RecordFacts) {
        if facts.unserved_differ {
            page.gap();
            page.heading(indent, "Endpoints that no record of HTTP.sys serves: connections are reset");
            for side in [Side::Left, Side::Right] {
                let keys = facts.unserved.get(side);
                let text = if keys.is_empty() { "none".to_owned() } else { named(keys) };
                page.labelled(indent + 2, &self.label(side), HEADING, &text);
            }
        }
        if !facts.switches.is_empty() {
            let cell = |said: &SwitchSaid| {
                let place = said.place.map_or_else(|| "not set".to_owned(), |place| self.places.text(place));
                format!("{} on {} ({place})", if said.on { "Enabled" } else { "Disabled" }, named(&said.endpoints))
            };
            let row = |one: &SwitchDifference| vec![one.switch.label().to_owned(), cell(&one.said.left), cell(&one.said.right)];
            page.gap();
            page.heading(indent, "Switches of the records");
            page.gap();
            page.table(indent + 2, &["switch", self.names.left, self.names.right], &facts.switches.iter().map(row).collect::<Vec<_>>());
        }
        if let Some(negotiation) = &facts.negotiation {
            page.gap();
            page.heading(indent, "What a client meets whose certificate is wanted");
            for side in [Side::Left, Side::Right] {
                let when = if *negotiation.early.get(side) { "in the first handshake" } else { "late, when the URL is known" };
                page.labelled(indent + 2, &self.label(side), HEADING, &format!("{}, asked {when}", negotiation.path.get(side)));
            }
            page.gap();
            let cell = |decision: &Option<Decision>| match decision {
                None => "switched off in the record".to_owned(),
                Some(decision) => format!("{}{}", decision.outcome.words(), doubt(decision.certainty)),
            };
            let row =
                |row: &NegotiationRow| vec![protocol_text(row.protocol).to_owned(), cell(&row.decisions.left), cell(&row.decisions.right)];
            page.table(indent + 2, &["client", self.names.left, self.names.right], &negotiation.rows.iter().map(row).collect::<Vec<_>>());
        }
    }

    fn switches_not_assessed(&self, page: &mut Page, indent: usize, diff: &SiteDiff) {
        if diff.records.switches_not_assessed.is_empty() {
            return;
        }
        page.gap();
        page.heading(indent, "Switches that a record does not list: they may differ or not");
        let mut groups: BTreeMap<String, Vec<&str>> = BTreeMap::new();
        for (switch, endpoints) in &diff.records.switches_not_assessed {
            let of = |side: Side| match endpoints.get(side).as_slice() {
                [] => None,
                keys => Some(format!("{}: {}", self.names.get(side), named(keys))),
            };
            let sides: Vec<String> = [Side::Left, Side::Right].into_iter().filter_map(of).collect();
            groups.entry(sides.join("; ")).or_default().push(switch.label());
        }
        for (sides, labels) in groups {
            page.prose(indent + 2, &format!("{}; {sides}", labels.join(", ")));
        }
    }

    /// What is not a setting: start state, mapping entries, bindings.
    fn site_facts(&self, page: &mut Page, indent: usize, diff: &SiteDiff) {
        let mut rows = Vec::new();
        let both = |of: &dyn Fn(&SiteSummary) -> String| [of(&diff.sites.left), of(&diff.sites.right)];
        let mut add = |what: &str, [left, right]: [String; 2]| rows.push(vec![what.to_owned(), left, right]);
        if diff.starts_differ() {
            add("starts by itself", both(&|site| if site.auto_start { "yes" } else { "no" }.to_owned()));
        }
        if diff.mappings_differ() {
            add("certificate mapping entries", both(&|site| mappings(&site.mappings)));
        }
        for pair in &diff.bindings.flags {
            add("binding flags", [self.binding(&pair.left), self.binding(&pair.right)]);
        }
        for binding in &diff.bindings.only.left {
            add("binding", [self.binding(binding), String::new()]);
        }
        for binding in &diff.bindings.only.right {
            add("binding", [String::new(), self.binding(binding)]);
        }
        if !rows.is_empty() {
            page.gap();
            page.heading(indent, "Bindings and site");
            page.gap();
            page.table(indent + 2, &["", self.names.left, self.names.right], &rows);
        }
    }

    fn binding(&self, binding: &Binding) -> String {
        format!("{} ({})", binding_text(binding), self.places.text(binding.place))
    }

    fn not_assessed(&self, page: &mut Page, indent: usize, items: &[NotAssessed]) {
        // Most items share what they need and where, and differ in the setting only.
        let mut groups: BTreeMap<(String, String), Vec<&str>> = BTreeMap::new();
        for item in items {
            let needs = match (&item.needs.left, &item.needs.right) {
                (Some(left), Some(right)) if left == right => left.clone(),
                (Some(left), Some(right)) => format!("{}: {left}; {}: {right}", self.names.left, self.names.right),
                (Some(left), None) => format!("{}: {left}", self.names.left),
                (None, right) => format!("{}: {}", self.names.right, right.as_deref().unwrap_or_default()),
            };
            let mut scope = if item.path == "/" { String::new() } else { format!(" at {}", item.path) };
            let keys = |keys: &[EndpointKey]| keys.iter().map(EndpointKey::to_string).collect::<Vec<_>>().join(", ");
            if item.same_records {
                scope.push_str(&format!("; the same for both, since {} serves both", keys(&item.endpoints.left)));
            } else if !item.endpoints.left.is_empty() || !item.endpoints.right.is_empty() {
                let of = |name: &str, list: &[EndpointKey]| if list.is_empty() { String::new() } else { format!("{name}: {}", keys(list)) };
                let sides = [of(self.names.left, &item.endpoints.left), of(self.names.right, &item.endpoints.right)];
                let sides = sides.into_iter().filter(|side| !side.is_empty()).collect::<Vec<_>>();
                scope.push_str(&format!("; {}", sides.join("; ")));
            }
            groups.entry((needs, scope)).or_default().push(item.setting.name());
        }
        if groups.is_empty() {
            return;
        }
        page.gap();
        page.heading(indent, "Not assessed: these may differ or not");
        for ((needs, scope), names) in groups {
            page.prose(indent + 2, &format!("{}{scope}", names.join(", ")));
            page.labelled(indent + 4, "needs", DIM, &needs);
        }
    }

    /// Commands that were `told` already are not told again.
    fn diagnosis(&self, page: &mut Page, diff: &SiteDiff, diagnosis: &Diagnosis, told: &BTreeSet<&str>) {
        let is_new = |remedy: &&Remedy| remedy.command.as_deref().is_none_or(|command| !told.contains(command));
        page.gap();
        match &diagnosis.status {
            Some(status) => page.heading(0, &format!("What can cause {status} on the failing site")),
            None => page.heading(0, "What can make the failing site fail"),
        }
        for statement in &diagnosis.verdict {
            page.labelled(2, "-", DIM, statement);
        }
        for suspect in &diagnosis.suspects {
            let Some(difference) = diff.differences.get(suspect.difference) else { continue };
            page.gap();
            self.difference(page, 2, difference);
            suspect.remedies.iter().filter(is_new).for_each(|remedy| parts::remedy(page, 4, remedy));
        }
        if !diagnosis.advice.is_empty() {
            page.gap();
            page.heading(2, "Look at");
            diagnosis.advice.iter().filter(is_new).for_each(|remedy| parts::remedy(page, 4, remedy));
        }
    }
}

/// A binding with its flags and the endpoint it leads to.
pub(super) fn binding_text(binding: &Binding) -> String {
    let flags = parts::binding_flags(binding).map(|flags| format!(" ({flags})")).unwrap_or_default();
    let endpoint = binding.endpoint.as_ref().map(|key| format!(" → {key}")).unwrap_or_default();
    let fault = if binding.fault.is_some() { ", cannot be read" } else { "" };
    format!("{} {}{flags}{endpoint}{fault}", binding.protocol, binding.written)
}

fn protocol_text(protocol: Protocol) -> &'static str {
    match protocol {
        Protocol::Tls12Http1 => "TLS 1.2, HTTP/1.1",
        Protocol::Http2 => "HTTP/2",
        Protocol::Tls13 => "TLS 1.3, where offered",
    }
}

fn doubt(certainty: Certainty) -> &'static str {
    match certainty {
        Certainty::Documented => "",
        Certainty::Likely => " Likely: it follows from how the parts work.",
        Certainty::Open => " Uncertain: the sources do not settle it.",
    }
}

fn value(said: &Said) -> String {
    let text = parts::described(said.setting, &said.resolved.value, said.generation);
    match said.resolved.origin {
        Origin::Default { .. } => format!("not set → {text}"),
        _ => text,
    }
}

/// Numbers of one comparison.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize)]
pub struct Summary {
    /// Settings that differ in effect.
    pub in_effect: usize,
    /// Settings that are only written differently, or whose difference is not in effect.
    pub written: usize,
    /// Bindings that only one side has or that differ in their flags.
    pub bindings: usize,
    /// Switches of records that differ, and pairs of sites of which one has endpoints that no record serves.
    pub records: usize,
    /// Sites whose start state or mapping entries differ.
    pub sites: usize,
    /// Sites and servers that only one side has.
    pub unmatched: usize,
    /// Settings that were not assessed, counted for each pair of sites.
    pub not_assessed: usize,
}

impl Summary {
    /// Counts.
    pub fn of(compared: Compared<'_>) -> Self {
        let mut summary = Summary::default();
        match compared {
            Compared::Sites { diff, .. } => summary.add(diff),
            Compared::Servers { diff, .. } => {
                summary.unmatched += diff.only.left.len() + diff.only.right.len();
                for server in &diff.pairs {
                    summary.unmatched += server.only.left.len() + server.only.right.len();
                    summary.settings(&server.differences);
                    for pair in &server.pairs {
                        summary.add(&pair.diff);
                    }
                }
            }
        }
        summary
    }

    fn settings(&mut self, differences: &[Difference]) {
        let in_effect = differences.iter().filter(|difference| difference.in_effect()).count();
        self.in_effect += in_effect;
        self.written += differences.len() - in_effect;
    }

    fn add(&mut self, diff: &SiteDiff) {
        self.settings(&diff.differences);
        let bindings = &diff.bindings;
        self.bindings += bindings.only.left.len() + bindings.only.right.len() + bindings.flags.len();
        self.records += diff.records.switches.len() + usize::from(diff.records.unserved_differ);
        self.sites += usize::from(diff.starts_differ() || diff.mappings_differ());
        self.not_assessed += diff.not_assessed.len() + diff.records.switches_not_assessed.len();
    }
}

fn summary_text(summary: &Summary) -> String {
    let mut found = Vec::new();
    let mut add = |number: usize, one: &str, many: &str| {
        if number > 0 {
            found.push(count(number, one, many));
        }
    };
    add(summary.in_effect, "difference in effect", "differences in effect");
    add(summary.written, "difference without effect", "differences without effect");
    add(summary.bindings, "binding differs", "bindings differ");
    add(summary.records, "difference in records", "differences in records");
    add(summary.sites, "site differs in start state or mappings", "sites differ in start state or mappings");
    add(summary.unmatched, "site or server without a counterpart", "sites or servers without a counterpart");
    let found = if found.is_empty() { "no differences".to_owned() } else { found.join(", ") };
    match summary.not_assessed {
        0 => found,
        number => format!("{found}; {} not assessed", count(number, "setting", "settings")),
    }
}

/// The report as JSON, as `schemas/report-diff.schema.json` describes it. `estate` holds the files of both sides.
pub fn json(estate: &Estate, compared: Compared<'_>) -> String {
    let places = Places { inputs: &estate.inputs };
    let (sites, servers) = match compared {
        Compared::Sites { diff, diagnosis } => {
            let diagnosis = diagnosis.map(|diagnosis| DiagnosisJson::new(diagnosis, diff));
            (Some(SitesJson { pair: PairJson::new(diff, None, places), diagnosis }), None)
        }
        Compared::Servers { diff, changes } => (
            None,
            Some(ServersJson {
                changes: changes.iter().flat_map(|change| ChangeJson::all(change, places)).collect(),
                moves: changes.iter().map(|change| MovesJson::new(change, places)).collect(),
                findings: FindingsJson::new(changes, places),
                servers: diff.pairs.iter().map(|pair| ServerPairJson::new(pair, places)).collect(),
                only_left: diff.only.left.iter().map(|server| ServerJson::new(server)).collect(),
                only_right: diff.only.right.iter().map(|server| ServerJson::new(server)).collect(),
                differences: diff.pairs.iter().flat_map(|pair| PlacedDifferenceJson::all(pair, places)).collect(),
            }),
        ),
    };
    to_json(&ReportJson {
        format: "iisaudit-diff",
        version: 1,
        inputs: InputJson::all(estate),
        compared: if sites.is_some() { "sites" } else { "servers" },
        sites,
        servers,
        summary: NumbersJson {
            summary: Summary::of(compared),
            change: match compared {
                Compared::Sites { .. } => None,
                Compared::Servers { changes, .. } => Some(Numbers::of(changes)),
            },
        },
    })
}

#[derive(Debug, Serialize)]
struct ReportJson<'a> {
    format: &'static str,
    version: u32,
    inputs: Vec<InputJson<'a>>,
    compared: &'static str,
    #[serde(flatten)]
    sites: Option<SitesJson<'a>>,
    #[serde(flatten)]
    servers: Option<ServersJson<'a>>,
    summary: NumbersJson,
}

#[derive(Debug, Serialize)]
struct NumbersJson {
    #[serde(flatten)]
    summary: Summary,
    #[serde(flatten)]
    change: Option<Numbers>,
}

#[derive(Debug, Serialize)]
struct SitesJson<'a> {
    #[serde(flatten)]
    pair: PairJson<'a>,
    diagnosis: Option<DiagnosisJson<'a>>,
}

#[derive(Debug, Serialize)]
struct ServersJson<'a> {
    /// What is different, with a verdict each, the most important first within a server.
    changes: Vec<ChangeJson<'a>>,
    /// What came and went, for each pair of servers.
    moves: Vec<MovesJson<'a>>,
    findings: FindingsJson<'a>,
    servers: Vec<ServerPairJson<'a>>,
    only_left: Vec<ServerJson<'a>>,
    only_right: Vec<ServerJson<'a>>,
    /// The differences of all pairs in one list, for programs that ask only what differs and where.
    differences: Vec<PlacedDifferenceJson<'a>>,
}

/// A difference with the servers and sites it is between.
#[derive(Debug, Serialize)]
struct PlacedDifferenceJson<'a> {
    server: Sides<&'a str>,
    /// `None` at server level.
    site: Option<Sides<SiteJson<'a>>>,
    #[serde(flatten)]
    difference: DifferenceJson<'a>,
}

impl<'a> PlacedDifferenceJson<'a> {
    fn all(diff: &'a ServerDiff<'a>, places: Places<'a>) -> Vec<Self> {
        let servers = || Sides { left: diff.servers.left.name.as_str(), right: diff.servers.right.name.as_str() };
        let one = |site: Option<&'a SiteDiff>, difference: &'a Difference| {
            let name = |site: &'a SiteSummary| SiteJson { id: site.id, name: &site.name };
            PlacedDifferenceJson {
                server: servers(),
                site: site.map(|site| Sides { left: name(&site.sites.left), right: name(&site.sites.right) }),
                difference: DifferenceJson::new(difference, places),
            }
        };
        let server_level = diff.differences.iter().map(|difference| one(None, difference));
        let sites = diff.pairs.iter().flat_map(|pair| pair.diff.differences.iter().map(|difference| one(Some(&pair.diff), difference)));
        server_level.chain(sites).collect()
    }
}

#[derive(Debug, Serialize)]
struct ServerJson<'a> {
    name: &'a str,
    generation: Generation,
}

impl<'a> ServerJson<'a> {
    fn new(server: &'a Server) -> Self {
        ServerJson { name: &server.name, generation: server.generation }
    }
}

#[derive(Debug, Serialize)]
struct ServerPairJson<'a> {
    left: ServerJson<'a>,
    right: ServerJson<'a>,
    differences: Vec<DifferenceJson<'a>>,
    sites: Vec<PairJson<'a>>,
    only_left: Vec<PlacedSiteJson<'a>>,
    only_right: Vec<PlacedSiteJson<'a>>,
}

impl<'a> ServerPairJson<'a> {
    fn new(diff: &'a ServerDiff<'a>, places: Places<'a>) -> Self {
        let only = |sites: &'a [SiteRef<'a>]| sites.iter().map(|site| PlacedSiteJson::new(*site, places)).collect();
        ServerPairJson {
            left: ServerJson::new(diff.servers.left),
            right: ServerJson::new(diff.servers.right),
            differences: diff.differences.iter().map(|difference| DifferenceJson::new(difference, places)).collect(),
            sites: diff.pairs.iter().map(|pair: &'a SitePair<'a>| PairJson::new(&pair.diff, Some(pair.matched_by), places)).collect(),
            only_left: only(&diff.only.left),
            only_right: only(&diff.only.right),
        }
    }
}

#[derive(Debug, Serialize)]
pub(super) struct PlacedSiteJson<'a> {
    #[serde(flatten)]
    site: SiteJson<'a>,
    location: Option<Location<'a>>,
}

impl<'a> PlacedSiteJson<'a> {
    pub(super) fn new(site: SiteRef<'a>, places: Places<'a>) -> Self {
        PlacedSiteJson { site: SiteJson::of(site.get()), location: site.get().place.map(|place| places.json(place)) }
    }
}

#[derive(Debug, Serialize)]
struct SummaryJson<'a> {
    server: &'a str,
    generation: Generation,
    site: SiteJson<'a>,
    location: Option<Location<'a>>,
    auto_start: bool,
    endpoints: Vec<String>,
    mappings: MappingCount,
}

#[derive(Debug, Serialize)]
struct PairJson<'a> {
    left: SummaryJson<'a>,
    right: SummaryJson<'a>,
    #[serde(skip_serializing_if = "Option::is_none")]
    matched_by: Option<MatchedBy>,
    same_server: bool,
    differences: Vec<DifferenceJson<'a>>,
    bindings: BindingsJson<'a>,
    switches: Vec<SwitchJson<'a>>,
    switches_not_assessed: Vec<SwitchNotAssessedJson>,
    unserved: UnservedJson,
    negotiation: Option<NegotiationJson<'a>>,
    not_assessed: Vec<NotAssessedJson<'a>>,
    compared_settings: Vec<&'static str>,
    compared_paths: usize,
}

impl<'a> PairJson<'a> {
    fn new(diff: &'a SiteDiff, matched_by: Option<MatchedBy>, places: Places<'a>) -> Self {
        let site = |site: &'a SiteSummary| SummaryJson {
            server: &site.server,
            generation: site.generation,
            site: SiteJson { id: site.id, name: &site.name },
            location: site.place.map(|place| places.json(place)),
            auto_start: site.auto_start,
            endpoints: keys(&site.endpoints),
            mappings: site.mappings,
        };
        let all = |bindings: &'a [Binding]| bindings.iter().map(|binding| BindingJson::new(binding, places)).collect();
        let pair =
            |pair: &'a Sides<Binding>| Sides { left: BindingJson::new(&pair.left, places), right: BindingJson::new(&pair.right, places) };
        PairJson {
            left: site(&diff.sites.left),
            right: site(&diff.sites.right),
            matched_by,
            same_server: diff.same_server,
            differences: diff.differences.iter().map(|difference| DifferenceJson::new(difference, places)).collect(),
            bindings: BindingsJson {
                only_left: all(&diff.bindings.only.left),
                only_right: all(&diff.bindings.only.right),
                flags: diff.bindings.flags.iter().map(pair).collect(),
            },
            switches: diff.records.switches.iter().map(|one| SwitchJson::new(one, places)).collect(),
            switches_not_assessed: diff.records.switches_not_assessed.iter().map(SwitchNotAssessedJson::new).collect(),
            unserved: UnservedJson {
                differs: diff.records.unserved_differ,
                left: keys(&diff.records.unserved.left),
                right: keys(&diff.records.unserved.right),
            },
            negotiation: diff.records.negotiation.as_ref().map(NegotiationJson::new),
            not_assessed: diff.not_assessed.iter().map(NotAssessedJson::new).collect(),
            compared_settings: diff.compared.iter().map(|setting| setting.name()).collect(),
            compared_paths: diff.paths,
        }
    }
}

fn keys(keys: &[EndpointKey]) -> Vec<String> {
    keys.iter().map(EndpointKey::to_string).collect()
}

#[derive(Debug, Serialize)]
struct DifferenceJson<'a> {
    setting: Setting,
    path: &'a str,
    left: SettingJson<'a>,
    right: SettingJson<'a>,
    in_effect: bool,
    effect: String,
    causes: &'a [Cause],
    only_on: Sides<Vec<String>>,
}

impl<'a> DifferenceJson<'a> {
    fn new(difference: &'a Difference, places: Places<'a>) -> Self {
        let said = |said: &'a Said| SettingJson::new(said.setting, &said.resolved, said.generation, places);
        DifferenceJson {
            setting: difference.setting,
            path: &difference.path,
            left: said(&difference.left),
            right: said(&difference.right),
            in_effect: difference.in_effect(),
            effect: difference.effect("left", "right"),
            causes: &difference.causes,
            only_on: Sides { left: keys(&difference.only_on.left), right: keys(&difference.only_on.right) },
        }
    }
}

#[derive(Debug, Serialize)]
struct BindingsJson<'a> {
    only_left: Vec<BindingJson<'a>>,
    only_right: Vec<BindingJson<'a>>,
    flags: Vec<Sides<BindingJson<'a>>>,
}

#[derive(Debug, Serialize)]
pub(super) struct BindingJson<'a> {
    protocol: &'a str,
    ip: &'a str,
    port: Option<u16>,
    host: &'a str,
    flags: Option<u32>,
    flags_written: Option<&'a str>,
    endpoint: Option<String>,
    written: &'a str,
    readable: bool,
    location: Location<'a>,
}

impl<'a> BindingJson<'a> {
    pub(super) fn new(binding: &'a Binding, places: Places<'a>) -> Self {
        BindingJson {
            protocol: &binding.protocol,
            ip: &binding.ip,
            port: binding.port,
            host: &binding.host,
            flags: binding.flags,
            flags_written: binding.flags_written.as_deref(),
            endpoint: binding.endpoint.as_ref().map(EndpointKey::to_string),
            written: &binding.written,
            readable: binding.fault.is_none(),
            location: places.json(binding.place),
        }
    }
}

/// A switch of records that differs.
#[derive(Debug, Serialize)]
struct SwitchJson<'a> {
    switch: String,
    left: SwitchSaidJson<'a>,
    right: SwitchSaidJson<'a>,
}

#[derive(Debug, Serialize)]
struct SwitchSaidJson<'a> {
    enabled: bool,
    location: Option<Location<'a>>,
    endpoints: Vec<String>,
}

impl<'a> SwitchJson<'a> {
    fn new(difference: &SwitchDifference, places: Places<'a>) -> Self {
        let said = |said: &SwitchSaid| SwitchSaidJson {
            enabled: said.on,
            location: said.place.map(|place| places.json(place)),
            endpoints: keys(&said.endpoints),
        };
        SwitchJson { switch: switch_name(difference.switch), left: said(&difference.said.left), right: said(&difference.said.right) }
    }
}

#[derive(Debug, Serialize)]
struct SwitchNotAssessedJson {
    switch: String,
    endpoints: Sides<Vec<String>>,
}

impl SwitchNotAssessedJson {
    fn new((switch, endpoints): &(Switch, Sides<Vec<EndpointKey>>)) -> Self {
        let endpoints = Sides { left: keys(&endpoints.left), right: keys(&endpoints.right) };
        SwitchNotAssessedJson { switch: switch_name(*switch), endpoints }
    }
}

/// Endpoints that no record serves.
#[derive(Debug, Serialize)]
struct UnservedJson {
    differs: bool,
    left: Vec<String>,
    right: Vec<String>,
}

/// What clients meet early and late.
#[derive(Debug, Serialize)]
struct NegotiationJson<'a> {
    path: &'a Sides<String>,
    early: &'a Sides<bool>,
    clients: Vec<ClientJson>,
}

#[derive(Debug, Serialize)]
struct ClientJson {
    protocol: &'static str,
    left: Option<OutcomeJson>,
    right: Option<OutcomeJson>,
}

#[derive(Debug, Serialize)]
struct OutcomeJson {
    outcome: &'static str,
    certainty: &'static str,
}

impl<'a> NegotiationJson<'a> {
    fn new(negotiation: &'a Negotiation) -> Self {
        let outcome = |decision: &Decision| OutcomeJson {
            outcome: decision.outcome.words(),
            certainty: match decision.certainty {
                Certainty::Documented => "documented",
                Certainty::Likely => "likely",
                Certainty::Open => "open",
            },
        };
        let client = |row: &NegotiationRow| ClientJson {
            protocol: match row.protocol {
                Protocol::Tls12Http1 => "tls-1.2-http-1.1",
                Protocol::Http2 => "http-2",
                Protocol::Tls13 => "tls-1.3",
            },
            left: row.decisions.left.as_ref().map(outcome),
            right: row.decisions.right.as_ref().map(outcome),
        };
        NegotiationJson { path: &negotiation.path, early: &negotiation.early, clients: negotiation.rows.iter().map(client).collect() }
    }
}

#[derive(Debug, Serialize)]
struct NotAssessedJson<'a> {
    setting: Setting,
    path: &'a str,
    needs: &'a Sides<Option<String>>,
    endpoints: Sides<Vec<String>>,
    same_records: bool,
}

impl<'a> NotAssessedJson<'a> {
    fn new(item: &'a NotAssessed) -> Self {
        NotAssessedJson {
            setting: item.setting,
            path: &item.path,
            needs: &item.needs,
            endpoints: Sides { left: keys(&item.endpoints.left), right: keys(&item.endpoints.right) },
            same_records: item.same_records,
        }
    }
}

#[derive(Debug, Serialize)]
struct DiagnosisJson<'a> {
    failing: Side,
    status: Option<&'a str>,
    verdict: &'a [String],
    suspects: Vec<SuspectJson<'a>>,
    without_effect: Vec<ReferenceJson<'a>>,
    advice: &'a [Remedy],
}

/// The same in JSON: the differences that can cause the status, and what follows.
#[derive(Debug, Serialize)]
pub(super) struct ComparisonJson<'a> {
    diagnosis: DiagnosisJson<'a>,
    differences: Vec<DifferenceJson<'a>>,
}

impl<'a> ComparisonJson<'a> {
    pub(super) fn new(diff: &'a SiteDiff, diagnosis: &'a Diagnosis, places: Places<'a>) -> Self {
        let named = diagnosis.suspects.iter().map(|suspect| suspect.difference).chain(diagnosis.without_effect.iter().copied());
        let differences = named.filter_map(|index| diff.differences.get(index)).map(|difference| DifferenceJson::new(difference, places));
        ComparisonJson { diagnosis: DiagnosisJson::new(diagnosis, diff), differences: differences.collect() }
    }
}

/// A difference of the list, by its key.
#[derive(Debug, Serialize)]
struct ReferenceJson<'a> {
    setting: Setting,
    path: &'a str,
}

#[derive(Debug, Serialize)]
struct SuspectJson<'a> {
    #[serde(flatten)]
    difference: ReferenceJson<'a>,
    causes: &'a [Cause],
    remedies: &'a [Remedy],
}

impl<'a> DiagnosisJson<'a> {
    fn new(diagnosis: &'a Diagnosis, diff: &'a SiteDiff) -> Self {
        let reference = |index: usize| {
            diff.differences.get(index).map(|difference| ReferenceJson { setting: difference.setting, path: &difference.path })
        };
        let suspects = diagnosis.suspects.iter().filter_map(|suspect| {
            let difference = reference(suspect.difference)?;
            Some(SuspectJson { difference, causes: &suspect.why, remedies: &suspect.remedies })
        });
        DiagnosisJson {
            failing: diagnosis.failing,
            status: diagnosis.status.as_deref(),
            verdict: &diagnosis.verdict,
            suspects: suspects.collect(),
            without_effect: diagnosis.without_effect.iter().filter_map(|index| reference(*index)).collect(),
            advice: &diagnosis.advice,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::testing::{HOSTILE, acting, at, estate, iis6, iis7, input, too_wide, violations, with_records};
    use super::*;
    use crate::catalogue::Value;
    use crate::change::changes;
    use crate::compare::{compare_estates, compare_sites, diagnose};
    use crate::estate::FileKind;
    use crate::input::FileId;
    use crate::input::decode;
    use crate::server::Resolved;
    use crate::xml::Limits;

    fn read(change: impl Fn(&str) -> String) -> Estate {
        let bytes = include_bytes!("../../tests/fixtures/metabase/01_working_failing_pair.xml");
        let text = change(&decode(bytes, None).unwrap().text);
        let metabase = crate::metabase::read(&text, FileId(0), Limits::default(), None).unwrap();
        let server = crate::metabase::assemble(&metabase, "web03".to_owned());
        Estate {
            inputs: vec![input("estate/web03/MetaBase.xml", FileKind::MetaBase, "web03")],
            servers: vec![server],
            skipped: 0,
            ..Estate::default()
        }
    }

    fn diagnosed(estate: &Estate) -> String {
        let server = &estate.servers[0];
        let (failing, working) = (SiteRef { server, site: 0 }, SiteRef { server, site: 1 });
        let diff = compare_sites(failing, working);
        let diagnosis = diagnose(&diff, Side::Left, failing, Some("403.13"));
        table(estate, Compared::Sites { diff: &diff, diagnosis: Some(&diagnosis) }, Style::plain(80))
    }

    /// The JSON of two states.
    fn json_of(estate: &Estate, left: &[Server], right: &[Server]) -> String {
        let diff = compare_estates(left, right);
        let changes = changes(&diff, &estate.inputs);
        json(estate, Compared::Servers { diff: &diff, changes: &changes })
    }

    /// Lines that are wider than the page, other than commands, which are never wrapped.
    fn wide(text: &str) -> Vec<&str> {
        let commands = ["cscript ", "%windir%", "netsh http "];
        too_wide(text, 80).into_iter().filter(|line| !commands.iter().any(|command| line.trim_start().starts_with(command))).collect()
    }

    #[test]
    fn a_failing_and_a_working_site_are_told_apart_by_the_value_that_only_one_of_them_has() {
        insta::assert_snapshot!(diagnosed(&read(str::to_owned)), @r#"
        failing "partner-a (403.13)" (id 690402) on web03 (IIS 6),
                estate/web03/MetaBase.xml:31:1
        working "partner-b (works)" (id 90326589) on web03 (IIS 6),
                estate/web03/MetaBase.xml:50:1

        What can cause 403.13 on the failing site
          - the difference in CertCheckMode at / can cause 403.13
          - the working site is the weaker one: it works because it does not check
            revocation, and so it also accepts revoked certificates

          cert-check-mode at /
            failing not set → 0: revocation is checked, CRLs are fetched online when the
                    cached one is missing or out of date
                    default: no key sets it, neither here nor above
            working 1: revocation is not checked: revoked certificates are accepted
                    estate/web03/MetaBase.xml:51:3
            effect  failing: a revoked certificate is refused, and so is one for which
                    no valid CRL can be had. working: revoked certificates are accepted
            403.13  failing: this site asks for client certificates and checks
                    revocation: when the server can reach no valid CRL for a certificate
                    of the chain, the client is refused as if it were revoked
            [read-only] shows what is said at this very place now; an error means
                        nothing is
              cscript //nologo %SystemDrive%\Inetpub\AdminScripts\adsutil.vbs get W3SVC/690402/CertCheckMode
            [read-only] on the server, with a client's certificate: names each CRL
                        address of the chain and whether it can be reached
              certutil -verify -urlfetch client.cer
            [read-only] shows the WinHTTP proxy that CRL downloads likely go through;
                        from Windows Server 2008 on it is `netsh winhttp show proxy`
              proxycfg
            [safe] make every CRL address of the chain reachable from this server:
                   firewall, proxy, name resolution; nothing else has to change
            [safe] where the CRLs can never be reached: install them on this computer
                   (certutil -addstore CA file.crl), renew them before they expire, and
                   check against them only; a missing or expired one still answers
                   403.13 (replaces 0)
              cscript //nologo %SystemDrive%\Inetpub\AdminScripts\adsutil.vbs set W3SVC/690402/CertCheckMode 2
            [weakens security] the last resort: like the working site, this site then
                               accepts revoked certificates. The working site is the
                               weaker one, and better made to check as well (replaces 0)
              cscript //nologo %SystemDrive%\Inetpub\AdminScripts\adsutil.vbs set W3SVC/690402/CertCheckMode 1

        What else differs in effect

          server-certificate at /
            failing 3f6c1e0a9b8d7c6e5f4a3b2c1d0e9f8a7b6c5d4e
                    estate/web03/MetaBase.xml:32:3
            working b07a11c2d35e44f09981a7c6d5e4f3b2a1908f7e
                    estate/web03/MetaBase.xml:52:3
            effect  clients are shown different certificates

        Bindings and site

                   failing                           working
          ───────────────────────────────────────────────────────────────────────────
          binding  http 192.0.2.21:80:
                   (estate/web03/MetaBase.xml:36:3)
          binding  https 192.0.2.21:443: →
                   192.0.2.21:443
                   (estate/web03/MetaBase.xml:34:3)
          binding                                    http 192.0.2.22:80:
                                                     (estate/web03/MetaBase.xml:56:3)
          binding                                    https 192.0.2.22:443: →
                                                     192.0.2.22:443
                                                     (estate/web03/MetaBase.xml:54:3)

        2 differences in effect, 4 bindings differ
        "#);
    }

    #[test]
    fn on_one_record_the_report_does_not_promise_that_changing_the_value_helps() {
        insta::assert_snapshot!(diagnosed(&read(|text| text.replace("192.0.2.22:443:", "192.0.2.21:443:"))), @r#"
        failing "partner-a (403.13)" (id 690402) on web03 (IIS 6),
                estate/web03/MetaBase.xml:31:1
        working "partner-b (works)" (id 90326589) on web03 (IIS 6),
                estate/web03/MetaBase.xml:50:1

        What can cause 403.13 on the failing site
          - the difference in CertCheckMode is only written: 192.0.2.21:443 serves both
            sites with one value, so changing it on the failing site may change nothing,
            and it cannot be why one site fails and the other works

          Look at
            [read-only] shows the records that are really in effect, with their
                        CertCheckMode
              httpcfg query ssl
            [read-only] look at what differs outside of these settings: which client
                        certificates and issuers use which site, the access flags of the
                        paths they ask for, and whether sc-win32-status in the log says
                        revoked or not checkable
            [read-only] on the server, with a client's certificate: names each CRL
                        address of the chain and whether it can be reached
              certutil -verify -urlfetch client.cer
            [read-only] shows the WinHTTP proxy that CRL downloads likely go through;
                        from Windows Server 2008 on it is `netsh winhttp show proxy`
              proxycfg

        What is written differently and not in effect

          cert-check-mode at /
            failing not set → 0: revocation is checked, CRLs are fetched online when the
                    cached one is missing or out of date
                    default: no key sets it, neither here nor above
            working 1: revocation is not checked: revoked certificates are accepted
                    estate/web03/MetaBase.xml:51:3
            effect  not in effect: both sites are served by the same record
                    192.0.2.21:443, with one value for all sites on it. Which of the two
                    values that is cannot be told from the file; it is likely that of
                    the site that registered first

          server-certificate at /
            failing 3f6c1e0a9b8d7c6e5f4a3b2c1d0e9f8a7b6c5d4e
                    estate/web03/MetaBase.xml:32:3
            working b07a11c2d35e44f09981a7c6d5e4f3b2a1908f7e
                    estate/web03/MetaBase.xml:52:3
            effect  not in effect: both sites are served by the same record
                    192.0.2.21:443, with one value for all sites on it. Which of the two
                    values that is cannot be told from the file; it is likely that of
                    the site that registered first

        Bindings and site

                   failing                           working
          ───────────────────────────────────────────────────────────────────────────
          binding  http 192.0.2.21:80:
                   (estate/web03/MetaBase.xml:36:3)
          binding                                    http 192.0.2.22:80:
                                                     (estate/web03/MetaBase.xml:56:3)

        2 differences without effect, 2 bindings differ
        "#);
    }

    #[test]
    fn a_site_compared_with_itself_has_no_differences() {
        let estate = read(str::to_owned);
        let this = SiteRef { server: &estate.servers[0], site: 0 };
        let diff = compare_sites(this, this);
        let text = table(&estate, Compared::Sites { diff: &diff, diagnosis: None }, Style::plain(80));
        assert!(text.ends_with("\nno differences\n"), "{text}");
    }

    #[test]
    fn what_was_not_assessed_is_said_and_never_called_equal() {
        let (left, mut right) = (iis7("web01", "a"), iis7("web02", "a"));
        right.inputs = vec![FileId(0)];
        right.sites[0].auto_start = true;
        let estate = estate("x", "y");
        let diff = compare_estates(std::slice::from_ref(&left), std::slice::from_ref(&right));
        let changes = changes(&diff, &estate.inputs);
        insta::assert_snapshot!(table(&estate, Compared::Servers { diff: &diff, changes: &changes }, Style::plain(80)), @r#"
        1 setting neutral; 9 settings not assessed

        before web01 (IIS 7 or later), 1 site: estate/web02/applicationHost.config
        after  web02 (IIS 7 or later), 1 site: estate/web01/MetaBase.xml
        note given only before: applicationHost.config
        note given only after: MetaBase.xml

        Neither weaker nor stronger
          starts by itself of "a" (id 7)
            before no
            after  yes
            so     whether the site runs after a restart

        Not assessed: these may differ or not
          cert-check-mode, revocation-freshness-time, revocation-url-retrieval-timeout,
          ctl-identifier, ctl-store-name, ds-mapper, negotiate-client-certificate,
          server-certificate, server-certificate-store of all sites
            needs netsh http show sslcert

        Could not be read
          estate/web03/MetaBase.xml:128:5: the end tag </IIsWebService> has no start tag

        Read with reservations
          estate/web02/applicationHost.config: the XML declaration does not stand at the
          start of the file
        "#);
    }

    fn with_o02(config: &[u8]) -> Estate {
        with_records(config, include_bytes!("../../tests/fixtures/netsh/o02_2022_sni_drift_and_ccs.txt"))
    }

    #[test]
    fn with_records_a_403_7_is_traced_to_the_record_that_asks_late() {
        let estate = with_o02(include_bytes!("../../tests/fixtures/apphost/F1_consistent_sni.config"));
        let server = &estate.servers[0];
        let (left, right) = (SiteRef { server, site: 0 }, SiteRef { server, site: 1 });
        let diff = compare_sites(left, right);
        let diagnosis = diagnose(&diff, Side::Right, right, Some("403.7"));
        let text = table(&estate, Compared::Sites { diff: &diff, diagnosis: Some(&diagnosis) }, Style::plain(80));
        insta::assert_snapshot!(text, @r#"
        working "Orders" (id 11) on web01 (IIS 7 or later),
                web01/applicationHost.config:18:7
        failing "Billing" (id 12) on web01 (IIS 7 or later),
                web01/applicationHost.config:26:7

        What can cause 403.7 on the failing site
          - the difference in Negotiate client certificate at / is likely to cause 403.7

          negotiate-client-certificate at /
            working true: every client is asked for a certificate in the first handshake
                    web01/sslcert.txt:17:5
            failing false: the certificate is asked for late, only where a URL wants it;
                    the request body read so far is limited by the read-ahead size
                    web01/sslcert.txt:48:5
            effect  working: every client is asked for a certificate in the first
                    handshake. failing: the certificate is asked for late, only where a
                    URL wants it; the request body read so far is limited by the
                    read-ahead size
            403.7   failing, likely: the certificate is asked for late, which HTTP/2
                    does not allow: the client likely shows none
            413     failing: the client certificate is asked for late; a request body
                    larger than the read-ahead size of its URL is refused
            500     failing, likely: the certificate is asked for late, which TLS 1.3
                    does not allow in the same way: where the server offers TLS 1.3, the
                    request likely fails or the connection is reset
            [read-only] shows what is said at this very place now; an error means
                        nothing is
              netsh http show sslcert
            [safe] asks for the certificate in the first handshake, like the working
                   site; every visitor of every site on the endpoint is then asked
                   (replaces false)
              netsh http update sslcert hostnameport=billing.fabrikam.test:443 certhash=9b8a7c6d5e4f30211203f4e5d6c7b8a990817263 appid="{4dc3e181-e14b-4a21-b022-59fc669b0914}" certstorename=WebHosting verifyclientcertrevocation=enable verifyrevocationwithcachedclientcertonly=disable usagecheck=enable dsmapperusage=disable clientcertnegotiation=enable reject=disable disablehttp2=disable disablequic=disable disablelegacytls=disable disabletls12=disable disabletls13=disable disableocspstapling=disable enabletokenbinding=disable logextendedevents=disable enablesessionticket=disable

        What else differs in effect

          revocation-url-retrieval-timeout at /
            working 15000 milliseconds
                    web01/sslcert.txt:13:5
            failing 0: the time-out of the system applies
                    web01/sslcert.txt:44:5
            effect  working: 15000 milliseconds. failing: the time-out of the system
                    applies

          ctl-store-name at /
            working ClientAuthIssuer
                    web01/sslcert.txt:15:5
            failing no store named
                    web01/sslcert.txt:46:5
            effect  working: CTL store name ClientAuthIssuer. failing: no store named
            403.16  working, likely: this site accepts only issuers from the store
                    ClientAuthIssuer; the certificate of another issuer is likely not
                    trusted
            403.7   working, likely: this site accepts only issuers from the store
                    ClientAuthIssuer; a client of another issuer finds no certificate to
                    show

          server-certificate at /
            working 1f0c6b7c2a9d4e58b3a7c0d1e2f30415263748a9
                    web01/sslcert.txt:6:5
            failing 9b8a7c6d5e4f30211203f4e5d6c7b8a990817263
                    web01/sslcert.txt:37:5
            effect  clients are shown different certificates

        What a client meets whose certificate is wanted
          working /, asked in the first handshake
          failing /, asked late, when the URL is known

          client                  working                    failing
          ──────────────────────────────────────────────────────────────────────────────
          TLS 1.2, HTTP/1.1       It works; 403.7 without a  It works; 413 where the
                                  certificate.               request body is larger than
                                                             the read-ahead size, and
                                                             403.7 without a
                                                             certificate.
          HTTP/2                  It works; 403.7 without a  403.7, or the connection is
                                  certificate.               reset. Uncertain: the
                                                             sources do not settle it.
          TLS 1.3, where offered  It works; 403.7 without a  The connection is reset
                                  certificate.               (Windows Server 2022,
                                                             Windows 11 before 24H2), or
                                                             500.0 with 0x80070032
                                                             (Windows Server 2025,
                                                             Windows 11 24H2).

        Bindings and site

                   working                           failing
          ────────────────────────────────────────────────────────────────────────────
          binding  https *:443:orders.fabrikam.test
                   (binding flags 1: SNI) →
                   orders.fabrikam.test:443 (web01/
                   applicationHost.config:23:11)
          binding                                    https *:443:billing.fabrikam.test
                                                     (binding flags 1: SNI) →
                                                     billing.fabrikam.test:443 (web01/
                                                     applicationHost.config:31:11)

        4 differences in effect, 2 bindings differ
        "#);
    }

    #[test]
    fn json_with_records_keeps_to_its_schema_in_every_pair_of_sites() {
        let schema = include_str!("../../schemas/report-diff.schema.json");
        let f1 = with_o02(include_bytes!("../../tests/fixtures/apphost/F1_consistent_sni.config"));
        let f7 = with_o02(include_bytes!("../../tests/fixtures/apphost/F7_ccs_and_new_bits.config"));
        let switched = listed("Disabled", "Enabled");
        for estate in [&f1, &f7, &switched] {
            let server = &estate.servers[0];
            for (a, b) in [(0, 1), (1, 0), (0, 0)] {
                let (left, right) = (SiteRef { server, site: a }, SiteRef { server, site: b });
                let diff = compare_sites(left, right);
                let diagnosis = diagnose(&diff, Side::Right, right, None);
                for diagnosis in [None, Some(&diagnosis)] {
                    let compared = Compared::Sites { diff: &diff, diagnosis };
                    assert_eq!(violations(schema, &json(estate, compared)), "");
                    assert_eq!(wide(&table(estate, compared, Style::plain(80))), Vec::<&str>::new());
                }
            }
            assert_eq!(violations(schema, &json_of(estate, &estate.servers, &f1.servers)), "");
        }
    }

    /// Two sites on records that differ in one switch.
    fn listed(first: &str, second: &str) -> Estate {
        let site = |id: u32, host: &str| {
            format!(
                r#"<site name="{host}" id="{id}"><application path="/"/><bindings><binding protocol="https" bindingInformation="*:443:{host}" sslFlags="1"/></bindings></site>"#
            )
        };
        let sites = site(1, "a.test") + &site(2, "b.test");
        let config = format!("<configuration><system.applicationHost><sites>{sites}</sites></system.applicationHost></configuration>");
        let record = |host: &str, switch: &str| {
            let switch = if switch.is_empty() { String::new() } else { format!("    Disable TLS1.3               : {switch}\n") };
            format!(
                "\n    Hostname:port                : {host}:443\n    Certificate Hash             : {}\n    Negotiate Client Certificate : \
                 Disabled\n{switch}",
                "ab".repeat(20)
            )
        };
        let listing =
            format!("\nSSL Certificate bindings:\n-------------------------\n{}{}", record("a.test", first), record("b.test", second));
        with_records(config.as_bytes(), listing.as_bytes())
    }

    #[test]
    fn a_switch_of_records_that_differs_is_shown_with_both_places_and_one_that_is_not_listed_never_counts_as_equal() {
        let text = |estate: &Estate| {
            let server = &estate.servers[0];
            let diff = compare_sites(SiteRef { server, site: 0 }, SiteRef { server, site: 1 });
            table(estate, Compared::Sites { diff: &diff, diagnosis: None }, Style::plain(120))
        };
        let differs = text(&listed("Disabled", "Enabled"));
        assert!(differs.contains("Disable TLS1.3") && differs.contains("Enabled on b.test:443 (web01/sslcert.txt:"), "{differs}");
        assert!(differs.contains("1 difference in records"), "{differs}");
        let unknown = text(&listed("Disabled", ""));
        assert!(
            unknown.contains("Switches that a record does not list: they may differ or not\n  Disable TLS1.3; right: b.test:443"),
            "{unknown}"
        );
        let older = text(&listed("", ""));
        assert!(!older.contains("TLS1.3"), "a Windows without the line is silent about it: {older}");
    }

    #[test]
    fn an_endpoint_that_only_one_side_has_a_record_for_is_a_difference_of_its_own() {
        let mut estate = listed("Disabled", "Disabled");
        let mut records = estate.servers[0].records.take().unwrap();
        records.records.remove(1);
        crate::httpsys::join(&mut estate.servers[0], *records);
        let server = &estate.servers[0];
        let (left, right) = (SiteRef { server, site: 0 }, SiteRef { server, site: 1 });
        let diff = compare_sites(left, right);
        assert!(!diff.is_empty() && diff.not_assessed.iter().all(|item| item.setting.name() != "negotiate-client-certificate"));
        let diagnosis = diagnose(&diff, Side::Right, right, None);
        let text = table(&estate, Compared::Sites { diff: &diff, diagnosis: Some(&diagnosis) }, Style::plain(120));
        assert!(text.contains("no record of HTTP.sys serves b.test:443 of the failing site"), "{text}");
        assert!(text.contains("Endpoints that no record of HTTP.sys serves: connections are reset"), "{text}");
        assert!(compare_sites(right, right).is_empty());
    }

    #[test]
    fn hostile_names_stay_text_and_keep_to_the_width() {
        let mut estate = estate(HOSTILE, &"long/".repeat(40));
        estate.servers[0].sites[1].bindings[0].place = at(0, 1);
        let server = &estate.servers[0];
        let (left, right) = (SiteRef { server, site: 0 }, SiteRef { server, site: 1 });
        let diff = compare_sites(left, right);
        let diagnosis = diagnose(&diff, Side::Right, right, None);
        for diagnosis in [None, Some(&diagnosis)] {
            let text = table(&estate, Compared::Sites { diff: &diff, diagnosis }, Style::plain(80));
            assert_eq!(acting(&text), "");
            assert_eq!(wide(&text), Vec::<&str>::new());
        }
    }

    #[test]
    fn json_keeps_to_its_schema() {
        let schema = include_str!("../../schemas/report-diff.schema.json");
        for estate in [read(str::to_owned), estate(HOSTILE, "")] {
            for server in &estate.servers {
                let (left, right) = (SiteRef { server, site: 0 }, SiteRef { server, site: server.sites.len() - 1 });
                let diff = compare_sites(left, right);
                for status in [None, Some("403.13")] {
                    let diagnosis = diagnose(&diff, Side::Right, right, status);
                    for diagnosis in [None, Some(&diagnosis)] {
                        assert_eq!(violations(schema, &json(&estate, Compared::Sites { diff: &diff, diagnosis })), "");
                    }
                }
            }
            let other = [iis6("web01", "other", ""), iis7("web09", "b")];
            assert_eq!(violations(schema, &json_of(&estate, &estate.servers, &other)), "");
        }
    }

    #[test]
    fn json_of_two_servers_lists_every_difference_at_the_top_with_its_sites() {
        let estate = read(str::to_owned);
        let mut other = estate.servers.clone();
        let changed = Resolved { value: Value::Flags(2), origin: Origin::Explicit { at: at(0, 9) } };
        other[0].sites[1].scopes[0].settings.set(Setting::CertCheckMode, changed.clone());
        other[0].scope.settings.set(Setting::CertCheckMode, changed);
        let report: serde_json::Value = serde_json::from_str(&json_of(&estate, &estate.servers, &other)).unwrap();
        let listed = report["differences"].as_array().unwrap();
        let site = |difference: &serde_json::Value| (difference["site"]["left"]["id"].clone(), difference["path"].clone());
        let nested = &report["servers"][0]["sites"][1]["differences"][0];
        let own =
            listed.iter().find(|difference| difference["site"]["left"]["id"] == report["servers"][0]["sites"][1]["left"]["site"]["id"]);
        assert_eq!(
            own.map(|own| (&own["setting"], &own["left"], &own["right"])),
            Some((&nested["setting"], &nested["left"], &nested["right"]))
        );
        assert!(listed.iter().any(|difference| site(difference) == (serde_json::Value::Null, "".into())), "{listed:?}");
        let total = report["summary"]["in_effect"].as_u64().unwrap() + report["summary"]["written"].as_u64().unwrap();
        assert_eq!(listed.len() as u64, total);
        let report: serde_json::Value = serde_json::from_str(&json_of(&estate, &estate.servers, &estate.servers)).unwrap();
        assert_eq!(report["differences"], serde_json::json!([]));
    }

    #[test]
    fn json_holds_both_sides_with_origin_effect_and_causes() {
        let estate = read(str::to_owned);
        let server = &estate.servers[0];
        let diff = compare_sites(SiteRef { server, site: 0 }, SiteRef { server, site: 1 });
        let diagnosis = diagnose(&diff, Side::Left, SiteRef { server, site: 0 }, Some("403.13"));
        let report: serde_json::Value =
            serde_json::from_str(&json(&estate, Compared::Sites { diff: &diff, diagnosis: Some(&diagnosis) })).unwrap();
        insta::assert_snapshot!(format!("{:#}", report["differences"][0]), @r#"
        {
          "causes": [
            {
              "likely": false,
              "side": "left",
              "status": "403.13",
              "why": "this site asks for client certificates and checks revocation: when the server can reach no valid CRL for a certificate of the chain, the client is refused as if it were revoked"
            }
          ],
          "effect": "left: a revoked certificate is refused, and so is one for which no valid CRL can be had. right: revoked certificates are accepted",
          "in_effect": true,
          "left": {
            "meaning": "revocation is checked, CRLs are fetched online when the cached one is missing or out of date",
            "number": 0,
            "origin": {
              "kind": "default",
              "why": "no key sets it, neither here nor above"
            },
            "value": "0"
          },
          "only_on": {
            "left": [],
            "right": []
          },
          "path": "/",
          "right": {
            "meaning": "revocation is not checked: revoked certificates are accepted",
            "number": 1,
            "origin": {
              "column": 3,
              "file": "estate/web03/MetaBase.xml",
              "kind": "explicit",
              "line": 51
            },
            "value": "1"
          },
          "setting": "cert-check-mode"
        }
        "#);
        assert_eq!(report["diagnosis"]["suspects"][0]["setting"], "cert-check-mode");
        assert_eq!(report["left"]["site"]["id"], 690402);
        assert_eq!(report["summary"]["in_effect"], 2);
    }
}
