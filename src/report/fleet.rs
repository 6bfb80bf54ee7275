//! The report of `iisaudit fleet`: the state of the whole first, then what differs, the heaviest first. The table and the
//! page are bounded, JSON is whole.

mod changes;
mod counts;
mod html;

use std::cmp::Reverse;
use std::collections::{BTreeMap, BTreeSet};
use std::io::Write;

use serde::Serialize;

use self::changes::ChangesJson;
use self::counts::{
    NoticeCount, RuleCount, ServerCount, ServerSetting, SettingCount, SummaryJson, SwitchCount, is_key, is_own, notices, rules,
    server_settings, servers, settings, summary, switches,
};
pub use self::html::html;
use super::html::{client_certificates, revocation};
use super::page::Page;
use super::parts::{self, Each, InputJson, count, to_json};
use super::style::{self, DIM, ERROR, HEADING, Style};
use crate::catalogue::{Setting, Value};
use crate::estate::InputReport;
use crate::fleet::{self, CohortKind, Deviation, Fleet, Held, Thresholds};
use crate::review::Review;
use crate::server::Generation;

/// What the report is made of.
#[derive(Debug, Clone, Copy)]
pub struct Survey<'a> {
    /// The files that were read, and the findings of the rules.
    pub review: &'a Review,
    /// The sites and their values.
    pub members: &'a fleet::Estate,
    /// What differs.
    pub fleet: &'a Fleet,
    /// Whose numbers decided.
    pub thresholds: Thresholds,
    /// What changed since an earlier run, when one was given.
    pub changes: Option<&'a fleet::Changes>,
}

#[derive(Debug, Serialize)]
struct ReportJson<'a, I> {
    format: &'static str,
    version: u32,
    summary: SummaryJson,
    thresholds: ThresholdsJson,
    cohorts: Vec<CohortJson<'a>>,
    outliers: Vec<OutlierJson<'a>>,
    groups: Vec<GroupJson<'a>>,
    splits: Vec<SplitJson<'a>>,
    twins: Vec<TwinsJson<'a>>,
    settings: Vec<SettingCount<'a>>,
    binding_flags: Vec<SwitchCount>,
    server_settings: Vec<ServerSetting<'a>>,
    rules: Vec<RuleCount>,
    servers: Vec<ServerCount<'a>>,
    not_assessed: Vec<NoticeCount<'a>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    changes: Option<ChangesJson<'a>>,
    inputs: I,
}

#[derive(Debug, Serialize)]
struct ThresholdsJson {
    min_size: usize,
    majority_percent: u8,
}

#[derive(Debug, Serialize)]
struct CohortJson<'a> {
    name: &'a str,
    kind: CohortKind,
    members: usize,
    servers: usize,
    compared: usize,
    agree: usize,
    not_assessed: usize,
    outliers: usize,
    groups: usize,
    splits: usize,
}

#[derive(Debug, Serialize)]
struct SiteJson<'a> {
    id: Option<u32>,
    name: &'a str,
}

#[derive(Debug, Serialize)]
struct LocationJson<'a> {
    file: &'a str,
    line: u32,
    column: u32,
}

#[derive(Debug, Serialize)]
struct AtJson<'a> {
    server: &'a str,
    site: &'a str,
    location: Option<LocationJson<'a>>,
}

#[derive(Debug, Serialize)]
struct CountsJson {
    agree: usize,
    known: usize,
    not_assessed: usize,
}

#[derive(Debug, Serialize)]
struct DeviationJson<'a> {
    setting: &'a str,
    path: &'a str,
    value: &'a str,
    expected: &'a str,
    counts: CountsJson,
    origin: &'a str,
    location: Option<LocationJson<'a>>,
    counterexample: Option<AtJson<'a>>,
    weight: u32,
}

#[derive(Debug, Serialize)]
struct OutlierJson<'a> {
    cohort: &'a str,
    cohort_kind: CohortKind,
    server: &'a str,
    site: SiteJson<'a>,
    weight: u32,
    settings: BTreeSet<&'a str>,
    deviations: Vec<DeviationJson<'a>>,
}

#[derive(Debug, Serialize)]
struct GroupJson<'a> {
    cohort: &'a str,
    cohort_kind: CohortKind,
    cohort_members: usize,
    weight: u32,
    members: Vec<MemberJson<'a>>,
    settings: BTreeSet<&'a str>,
    deviations: Vec<DeviationJson<'a>>,
}

#[derive(Debug, Serialize)]
struct MemberJson<'a> {
    server: &'a str,
    site: SiteJson<'a>,
}

#[derive(Debug, Serialize)]
struct SplitJson<'a> {
    cohort: &'a str,
    cohort_kind: CohortKind,
    setting: &'a str,
    path: &'a str,
    reason: &'static str,
    known: usize,
    not_assessed: usize,
    values: Vec<HeldJson<'a>>,
}

#[derive(Debug, Serialize)]
struct HeldJson<'a> {
    value: &'a str,
    count: usize,
    first: Vec<AtJson<'a>>,
}

#[derive(Debug, Serialize)]
struct TwinsJson<'a> {
    name: &'a str,
    declared: bool,
    nodes: Vec<&'a str>,
    missing: &'a [String],
    differences: Vec<NodeRowJson<'a>>,
    only_on: Vec<OnlyOnJson<'a>>,
}

#[derive(Debug, Serialize)]
struct NodeRowJson<'a> {
    site: &'a str,
    path: &'a str,
    setting: &'a str,
    values: Vec<NodeValueJson<'a>>,
    not_assessed: Vec<&'a str>,
}

#[derive(Debug, Serialize)]
struct NodeValueJson<'a> {
    value: &'a str,
    nodes: Vec<&'a str>,
    location: Option<LocationJson<'a>>,
}

#[derive(Debug, Serialize)]
struct OnlyOnJson<'a> {
    site: &'a str,
    nodes: Vec<&'a str>,
}

fn location(at: Option<&fleet::Location>) -> Option<LocationJson<'_>> {
    at.map(|at| LocationJson { file: &at.file, line: at.line, column: at.column })
}

impl<'a> DeviationJson<'a> {
    fn of(one: &'a Deviation) -> Self {
        DeviationJson {
            setting: &one.setting,
            path: &one.path,
            value: &one.value,
            expected: &one.expected,
            counts: CountsJson { agree: one.agree, known: one.of, not_assessed: one.not_assessed },
            origin: &one.origin,
            location: location(one.location.as_ref()),
            counterexample: one.counterexample.as_ref().map(|(server, site, at)| AtJson { server, site, location: location(at.as_ref()) }),
            weight: one.weight,
        }
    }
}

fn held(held: &Held) -> HeldJson<'_> {
    HeldJson {
        value: &held.value,
        count: held.count,
        first: held.first.iter().map(|(server, site, at)| AtJson { server, site, location: location(at.as_ref()) }).collect(),
    }
}

/// The report as JSON.
pub fn json(survey: &Survey<'_>) -> String {
    to_json(&report(survey))
}

/// The same, written piece by piece.
///
/// # Errors
/// Those of `out`.
pub fn write_json(survey: &Survey<'_>, out: &mut dyn Write) -> std::io::Result<()> {
    parts::write_json(&report(survey), out)
}

fn report(survey: &Survey<'_>) -> impl Serialize {
    let fleet = survey.fleet;
    let mut inputs: Vec<&InputReport> = survey.review.estate.inputs.iter().collect();
    inputs.sort_by(|one, other| one.path.cmp(&other.path));
    ReportJson {
        format: "iisaudit-fleet",
        version: 1,
        summary: summary(survey),
        thresholds: ThresholdsJson { min_size: survey.thresholds.min_size, majority_percent: survey.thresholds.majority },
        cohorts: fleet
            .cohorts
            .iter()
            .map(|one| CohortJson {
                name: &one.name,
                kind: one.kind,
                members: one.members,
                servers: one.servers,
                compared: one.compared,
                agree: one.agree,
                not_assessed: one.not_assessed,
                outliers: one.outliers,
                groups: one.groups,
                splits: one.splits,
            })
            .collect(),
        outliers: fleet
            .outliers
            .iter()
            .map(|one| OutlierJson {
                cohort: &one.cohort,
                cohort_kind: one.kind,
                server: &one.server,
                site: SiteJson { id: one.site_id, name: &one.site },
                weight: one.weight(),
                settings: one.deviations.iter().map(|deviation| &*deviation.setting).collect(),
                deviations: one.deviations.iter().map(DeviationJson::of).collect(),
            })
            .collect(),
        groups: fleet
            .groups
            .iter()
            .map(|one| GroupJson {
                cohort: &one.cohort,
                cohort_kind: one.kind,
                cohort_members: one.cohort_members,
                weight: one.weight(),
                members: one
                    .members
                    .iter()
                    .map(|(server, site, id)| MemberJson { server, site: SiteJson { id: *id, name: site } })
                    .collect(),
                settings: one.deviations.iter().map(|deviation| &*deviation.setting).collect(),
                deviations: one.deviations.iter().map(DeviationJson::of).collect(),
            })
            .collect(),
        splits: fleet
            .splits
            .iter()
            .map(|one| SplitJson {
                cohort: &one.cohort,
                cohort_kind: one.kind,
                setting: &one.setting,
                path: &one.path,
                reason: if one.too_few { "too-few" } else { "no-majority" },
                known: one.of,
                not_assessed: one.not_assessed,
                values: one.values.iter().map(held).collect(),
            })
            .collect(),
        twins: fleet.twins.iter().map(twins).collect(),
        settings: settings(survey.members),
        binding_flags: switches(survey.members),
        server_settings: server_settings(survey.members),
        rules: rules(survey.review),
        servers: servers(survey.review),
        not_assessed: notices(survey.review),
        changes: survey.changes.map(ChangesJson::of),
        inputs: Each(move || inputs.clone().into_iter().map(InputJson::of)),
    }
}

fn twins(one: &fleet::Twins) -> TwinsJson<'_> {
    TwinsJson {
        name: &one.name,
        declared: one.declared,
        nodes: one.nodes.iter().map(|node| &**node).collect(),
        missing: &one.missing,
        differences: one
            .rows
            .iter()
            .map(|row| NodeRowJson {
                site: &row.site,
                path: &row.path,
                setting: &row.setting,
                values: row
                    .values
                    .iter()
                    .map(|value| NodeValueJson {
                        value: &value.value,
                        nodes: value.nodes.iter().map(|node| &**node).collect(),
                        location: location(value.location.as_ref()),
                    })
                    .collect(),
                not_assessed: row.not_assessed.iter().map(|node| &**node).collect(),
            })
            .collect(),
        only_on: one.only_on.iter().map(|(site, nodes)| OnlyOnJson { site, nodes: nodes.iter().map(|node| &**node).collect() }).collect(),
    }
}

/// So many values, nodes or members stand in one entry of the table.
const NAMED: usize = 6;

/// The report as text; of each list `limit` entries.
pub fn table(survey: &Survey<'_>, limit: usize, style: Style) -> String {
    let mut page = Page::new(style);
    let fleet = survey.fleet;
    head(&mut page, survey);
    if let Some(changes) = survey.changes {
        changes::table(&mut page, changes, limit);
    }
    if !fleet.outliers.is_empty() {
        page.gap();
        page.heading(0, "Outliers: sites that differ from the majority of their peers");
        for one in fleet.outliers.iter().take(limit) {
            page.gap();
            page.heading(2, &format!("{}, {} ({})", one.server, site(&one.site, one.site_id), cohort(one.kind, &one.cohort)));
            deviations(&mut page, &one.deviations, "here", limit);
        }
        more(&mut page, fleet.outliers.len(), limit, "outlier", "outliers");
    }
    if !fleet.groups.is_empty() {
        page.gap();
        page.heading(0, "Groups: peers that differ together, as a second standard would");
        for one in fleet.groups.iter().take(limit) {
            page.gap();
            let size = format!("{} of {}", one.members.len(), count(one.cohort_members, "site", "sites"));
            page.heading(2, &format!("{size} ({})", cohort(one.kind, &one.cohort)));
            let names: Vec<&str> = one.members.iter().map(|(server, _, _)| &**server).collect();
            page.prose(4, &listed(&names));
            deviations(&mut page, &one.deviations, "the group", limit);
        }
        more(&mut page, fleet.groups.len(), limit, "group", "groups");
    }
    if !fleet.splits.is_empty() {
        page.gap();
        page.heading(0, "Splits: no majority, so nobody is the one that differs");
        for one in fleet.splits.iter().take(limit) {
            let why = if one.too_few { ", too few to tell who is right" } else { "" };
            let unknown = unknown(one.not_assessed);
            page.heading(2, &format!("{} ({}{why}{unknown})", at(&one.setting, &one.path), cohort(one.kind, &one.cohort)));
            for value in one.values.iter().take(NAMED) {
                let names: Vec<&str> = value.first.iter().map(|(server, _, _)| &**server).collect();
                page.labelled(
                    4,
                    &format!("{} of {}:", value.count, one.of),
                    DIM,
                    &format!("{} ({})", in_words(&one.setting, &value.value), within(&names, value.count)),
                );
            }
            if one.values.len() > NAMED {
                page.prose(4, &format!("and {} more values", one.values.len() - NAMED));
            }
        }
        more(&mut page, fleet.splits.len(), limit, "split", "splits");
    }
    nodes(&mut page, fleet, limit);
    glance(&mut page, survey, limit);
    page.finish()
}

fn head(page: &mut Page, survey: &Survey<'_>) {
    let all = summary(survey);
    page.heading(0, &format!("{}, {}", count(all.servers, "server", "servers"), count(all.sites, "site", "sites")));
    let differs = if survey.fleet.agrees() {
        "all known values agree".to_owned()
    } else {
        [
            count(all.outliers, "outlier", "outliers"),
            count(all.groups, "group", "groups"),
            count(all.splits, "split", "splits"),
            format!("{} of {} differ", all.twins_that_differ, count(all.twins, "set of twins", "sets of twins")),
        ]
        .join(", ")
    };
    page.prose(2, &format!("{}: {differs}", count(all.cohorts, "cohort of peers", "cohorts of peers")));
    page.prose(2, &format!("findings: {} high, {} medium, {} low, {} info", all.high, all.medium, all.low, all.info));
    let empty: Vec<&str> = survey.fleet.cohorts.iter().filter(|one| one.members == 0).map(|one| one.name.as_str()).collect();
    if !empty.is_empty() {
        page.painted(2, ERROR, &format!("no site matches the declared cohort {}", listed(&empty)));
    }
    if all.unreadable > 0 {
        page.painted(2, ERROR, &format!("{} could not be read", count(all.unreadable, "file", "files")));
    }
}

fn site(name: &str, id: Option<u32>) -> String {
    match id {
        Some(id) if name.is_empty() => format!("site {id}"),
        Some(id) => format!("\"{name}\" (id {id})"),
        None => format!("\"{name}\""),
    }
}

fn cohort(kind: CohortKind, name: &str) -> String {
    match kind {
        CohortKind::Declared => format!("cohort {name}"),
        CohortKind::SiteName => format!("sites called {name}"),
        CohortKind::HostHeader => format!("sites that serve {name}"),
        CohortKind::Applications => format!("sites with {name}"),
    }
}

fn at(setting: &str, path: &str) -> String {
    if path.is_empty() { setting.to_owned() } else { format!("{setting} at {path}") }
}

/// The value in few words, where it is a number or a list of flags: what they do, and the flags as they were shown.
fn in_words(setting: &str, shown: &str) -> String {
    let parsed = |setting| match Value::parse(setting, Generation::Iis7, shown) {
        Value::Malformed(_) => Value::parse(setting, Generation::Iis6, shown).flags(),
        value => value.flags(),
    };
    if setting == Setting::AccessFlags.name() {
        return parsed(Setting::AccessFlags).map_or_else(|| shown.to_owned(), |bits| format!("{}: {shown}", client_certificates(bits)));
    }
    if setting == Setting::CertCheckMode.name() {
        return parsed(Setting::CertCheckMode).map_or_else(|| shown.to_owned(), revocation);
    }
    shown.to_owned()
}

fn unknown(count: usize) -> String {
    if count == 0 { String::new() } else { format!("; {count} not assessed") }
}

/// Names, the first of them at least.
fn listed(names: &[&str]) -> String {
    within(names, names.len())
}

fn within(names: &[&str], all: usize) -> String {
    let shown = names.iter().take(NAMED).copied().collect::<Vec<_>>().join(", ");
    let rest = all.saturating_sub(names.len().min(NAMED));
    if rest == 0 { shown } else { format!("{shown} and {rest} more") }
}

fn more(page: &mut Page, all: usize, limit: usize, one: &str, many: &str) {
    if all > limit {
        page.painted(
            2,
            DIM,
            &format!("and {}; --format json lists all", count(all - limit, &format!("more {one}"), &format!("more {many}"))),
        );
    }
}

fn place(at: Option<&fleet::Location>) -> String {
    at.map_or_else(|| "no place".to_owned(), |at| format!("{}:{}:{}", at.file, at.line, at.column))
}

fn deviations(page: &mut Page, all: &[Deviation], here: &str, limit: usize) {
    for one in all.iter().take(limit) {
        page.prose(
            4,
            &format!(
                "{}: {} of {}: {}; {here}: {}{}",
                at(&one.setting, &one.path),
                one.agree,
                one.of,
                in_words(&one.setting, &one.expected),
                in_words(&one.setting, &one.value),
                unknown(one.not_assessed)
            ),
        );
        let why = if &*one.origin == "default" { " (not set)" } else { "" };
        page.labelled(6, here, DIM, &format!("{}{why}", place(one.location.as_ref())));
        if let Some((server, _, location)) = &one.counterexample {
            page.labelled(6, "as on", DIM, &format!("{server}: {}", place(location.as_ref())));
        }
    }
    more(page, all.len(), limit, "setting", "settings");
}

fn nodes(page: &mut Page, fleet: &Fleet, limit: usize) {
    let differing: Vec<_> = fleet.twins.iter().filter(|one| !one.agree() || !one.missing.is_empty()).collect();
    if differing.is_empty() {
        return;
    }
    page.gap();
    page.heading(0, "Twins: servers that do the same work, node by node");
    for one in differing.iter().take(limit) {
        page.gap();
        let names: Vec<&str> = one.nodes.iter().map(|node| &**node).collect();
        let why = if one.declared { format!("{}: ", one.name) } else { "same sites and bindings: ".to_owned() };
        page.heading(2, &format!("{why}{}", listed(&names)));
        if !one.missing.is_empty() {
            let missing: Vec<&str> = one.missing.iter().map(String::as_str).collect();
            page.painted(4, ERROR, &format!("not found: {}", listed(&missing)));
        }
        let rows: Vec<Vec<String>> = one.rows.iter().take(limit).flat_map(node_rows).collect();
        page.table(4, &["site", "setting", "value", "nodes"], &rows);
        more(page, one.rows.len(), limit, "setting", "settings");
        for (site, on) in one.only_on.iter().take(limit) {
            let on: Vec<&str> = on.iter().map(|node| &**node).collect();
            page.prose(4, &format!("\"{site}\" is a site of {} only", listed(&on)));
        }
    }
    more(page, differing.len(), limit, "set of twins", "sets of twins");
}

fn node_rows(row: &fleet::NodeRow) -> Vec<Vec<String>> {
    let names = |nodes: &[std::sync::Arc<str>]| listed(&nodes.iter().map(|node| &**node).collect::<Vec<_>>());
    let mut values: Vec<(String, String)> =
        row.values.iter().take(NAMED).map(|value| (in_words(&row.setting, &value.value), names(&value.nodes))).collect();
    if row.values.len() > NAMED {
        values.push((format!("{} more values", row.values.len() - NAMED), String::new()));
    }
    if !row.not_assessed.is_empty() {
        values.push(("not assessed".to_owned(), names(&row.not_assessed)));
    }
    let mut rows = Vec::new();
    for (index, (value, nodes)) in values.into_iter().enumerate() {
        let (site, setting) = if index == 0 { (row.site.to_string(), at(&row.setting, &row.path)) } else { Default::default() };
        rows.push(vec![site, setting, value, nodes]);
    }
    rows
}

/// Sites of which a value is known, and not known.
fn spread(one: &SettingCount<'_>) -> (usize, usize) {
    (one.values.iter().map(|value| value.sites).sum(), one.not_assessed)
}

fn values(page: &mut Page, survey: &Survey<'_>) {
    let mut rows = Vec::new();
    // Settings with one value, by how many sites have it.
    let mut same: BTreeMap<Reverse<(usize, usize)>, Vec<String>> = BTreeMap::new();
    for one in &settings(survey.members) {
        let mut name = one.setting.to_owned();
        if let ([value], false) = (one.values.as_slice(), is_key(one.setting)) {
            same.entry(Reverse(spread(one))).or_default().push(format!("{name} {}", in_words(one.setting, value.value)));
            continue;
        }
        // Thumbprints that each stand for one server tell nothing here.
        let shown = if is_own(one.setting) { 0 } else { NAMED };
        for value in one.values.iter().take(shown) {
            rows.push(vec![std::mem::take(&mut name), in_words(one.setting, value.value), value.sites.to_string()]);
        }
        if one.values.len() > shown {
            let rest = one.values.iter().skip(shown);
            let sites: usize = rest.clone().map(|value| value.sites).sum();
            let more = if shown == 0 { "different values" } else { "more values" };
            rows.push(vec![std::mem::take(&mut name), format!("{} {more}", rest.count()), sites.to_string()]);
        }
        if one.not_assessed > 0 {
            rows.push(vec![name, "not assessed".to_owned(), one.not_assessed.to_string()]);
        }
    }
    if rows.is_empty() && same.is_empty() {
        return;
    }
    page.gap();
    page.heading(0, "Values in effect at the root of each site");
    page.table(2, &["setting", "value", "sites"], &rows);
    for (Reverse((sites, not_assessed)), all) in same {
        let rest = if not_assessed == 0 { String::new() } else { format!(", not assessed on {not_assessed}") };
        page.labelled(2, &format!("the same on {}{rest}:", count(sites, "site", "sites")), DIM, &all.join("; "));
    }
    let flags: Vec<String> = switches(survey.members).iter().map(|one| format!("{} on {} of {}", one.name, one.sites, one.of)).collect();
    if !flags.is_empty() {
        page.labelled(2, "flags of https bindings, by site:", DIM, &flags.join("; "));
    }
    let registry = server_settings(survey.members);
    if !registry.is_empty() {
        page.gap();
        page.heading(0, "Registry values of servers; a value that is not there is not listed");
        for one in registry {
            let mut values: Vec<String> = Vec::new();
            values.extend(
                one.values.iter().take(NAMED).map(|value| format!("{} on {}", value.value, count(value.servers, "server", "servers"))),
            );
            if one.values.len() > NAMED {
                values.push(format!("{} more values", one.values.len() - NAMED));
            }
            page.labelled(2, one.setting, HEADING, &values.join(", "));
        }
    }
}

fn glance(page: &mut Page, survey: &Survey<'_>, limit: usize) {
    values(page, survey);
    let rules = rules(survey.review);
    if !rules.is_empty() {
        page.gap();
        page.heading(0, "Findings by rule; iisaudit check tells each");
        for one in rules.iter().take(limit) {
            let label = format!("{:6}", one.severity.name());
            let text = format!("{}: {} on {}", one.rule, one.findings, count(one.servers, "server", "servers"));
            page.labelled(2, &label, style::severity(one.severity), &text);
        }
        more(page, rules.len(), limit, "rule", "rules");
        page.gap();
        page.heading(0, "Servers by findings");
        let servers = servers(survey.review);
        let rows: Vec<Vec<String>> = servers
            .iter()
            .take(limit)
            .map(|one| vec![one.server.to_owned(), one.high.to_string(), one.medium.to_string(), one.low.to_string(), one.info.to_string()])
            .collect();
        page.table(2, &["server", "high", "medium", "low", "info"], &rows);
        more(page, servers.len(), limit, "server", "servers");
    }
    let notices = notices(survey.review);
    if !notices.is_empty() {
        page.gap();
        page.heading(0, "Not assessed");
        for one in notices.iter().take(limit) {
            page.labelled(2, one.name, HEADING, &format!("on {}; needs: {}", count(one.servers, "server", "servers"), one.needs));
        }
        more(page, notices.len(), limit, "notice", "notices");
    }
    let mut unreadable: Vec<&InputReport> = survey.review.estate.inputs.iter().filter(|input| input.error.is_some()).collect();
    unreadable.sort_by_key(|input| &input.path);
    if !unreadable.is_empty() {
        page.gap();
        page.painted(0, ERROR, "Could not be read");
        for input in unreadable.iter().take(limit) {
            let message = input.error.as_ref().map(|error| error.message.as_str()).unwrap_or_default();
            page.prose(2, &format!("{}: {message}", input.path));
        }
        more(page, unreadable.len(), limit, "file", "files");
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn flags_are_said_in_words_with_what_was_written_and_other_values_as_they_are() {
        for (setting, shown, words) in [
            ("access-flags", "Ssl, SslNegotiateCert, SslRequireCert", "require: Ssl, SslNegotiateCert, SslRequireCert"),
            ("access-flags", "AccessSSL | AccessSSLNegotiateCert", "accept: AccessSSL | AccessSSLNegotiateCert"),
            ("access-flags", "None", "ignore: None"),
            ("access-flags", "Ssl, Sslx", "Ssl, Sslx"),
            ("cert-check-mode", "1", "off (1)"),
            ("cert-check-mode", "2", "on, cached CRLs only (2)"),
            ("cert-check-mode", "0 and 1 by endpoint", "0 and 1 by endpoint"),
            ("cert-check-mode", "not assessed", "not assessed"),
            ("upload-read-ahead-size", "49152", "49152"),
        ] {
            assert_eq!(in_words(setting, shown), words);
        }
    }
}
