//! What changed in a fleet since an earlier run, as JSON and as text.

use std::cmp::Reverse;
use std::collections::BTreeMap;

use serde::Serialize;

use super::{LocationJson, SiteJson, in_words, location, more, place, site, within};
use crate::change::Strength;
use crate::fleet::{Changes, Drift, Name, NotKnown, Side, SiteOf, Told};
use crate::report::page::Page;
use crate::report::parts::count;
use crate::report::style::{self, DIM, ERROR, HEADING};
use crate::report::words;
use crate::rules::Severity;

#[derive(Debug, Serialize)]
pub(super) struct ChangesJson<'a> {
    earlier: &'a str,
    notes: &'a [String],
    summary: SummaryJson,
    servers: ServersJson<'a>,
    sites: SitesJson<'a>,
    findings: FindingsJson<'a>,
    values: Vec<DriftJson<'a>>,
    not_known_now: Vec<NotKnownJson<'a>>,
    not_known_then: Vec<NotKnownJson<'a>>,
}

#[derive(Debug, Serialize)]
struct SummaryJson {
    new: usize,
    fixed: usize,
    worse: usize,
    milder: usize,
    went: usize,
    not_read: usize,
    not_read_then: usize,
    unchanged: usize,
    values: usize,
    weaker: usize,
    stronger: usize,
}

#[derive(Debug, Serialize)]
struct ServersJson<'a> {
    came: Vec<&'a str>,
    went: Vec<&'a str>,
    not_read: Vec<NotReadJson<'a>>,
    not_read_then: Vec<NotReadJson<'a>>,
}

#[derive(Debug, Serialize)]
struct NotReadJson<'a> {
    server: &'a str,
    why: &'a str,
}

#[derive(Debug, Serialize)]
struct SitesJson<'a> {
    came: Vec<OnJson<'a>>,
    went: Vec<OnJson<'a>>,
    renamed: Vec<RenamedJson<'a>>,
}

#[derive(Debug, Serialize)]
struct OnJson<'a> {
    server: &'a str,
    site: SiteJson<'a>,
}

#[derive(Debug, Serialize)]
struct RenamedJson<'a> {
    #[serde(flatten)]
    was: OnJson<'a>,
    now: &'a str,
}

#[derive(Debug, Serialize)]
struct FindingsJson<'a> {
    new: Vec<ToldJson<'a>>,
    fixed: Vec<ToldJson<'a>>,
    worse: Vec<ToldJson<'a>>,
    milder: Vec<ToldJson<'a>>,
    went: Vec<ToldJson<'a>>,
    not_read: Vec<ToldJson<'a>>,
    not_read_then: Vec<ToldJson<'a>>,
}

#[derive(Debug, Serialize)]
struct ToldJson<'a> {
    fingerprint: String,
    rule: &'static str,
    severity: Severity,
    severity_before: Option<Severity>,
    server: &'a str,
    site: Option<SiteJson<'a>>,
    path: Option<&'a str>,
    setting: Option<&'static str>,
    message: &'a str,
    location: Option<LocationJson<'a>>,
    why: &'a str,
}

#[derive(Debug, Serialize)]
struct DriftJson<'a> {
    #[serde(flatten)]
    of: OnJson<'a>,
    path: &'a str,
    setting: &'a str,
    before: SideJson<'a>,
    after: SideJson<'a>,
    strength: Strength,
    likely: bool,
    why: &'a str,
}

#[derive(Debug, Serialize)]
struct SideJson<'a> {
    value: &'a str,
    location: Option<LocationJson<'a>>,
}

#[derive(Debug, Serialize)]
struct NotKnownJson<'a> {
    #[serde(flatten)]
    of: OnJson<'a>,
    settings: Vec<&'a str>,
}

impl<'a> OnJson<'a> {
    fn of(one: &'a SiteOf) -> Self {
        OnJson { server: &one.server, site: SiteJson { id: one.id, name: &one.site } }
    }
}

impl<'a> ToldJson<'a> {
    fn all(all: &'a [Told]) -> Vec<Self> {
        all.iter().map(ToldJson::of).collect()
    }

    fn of(told: &'a Told) -> Self {
        let finding = &told.finding;
        ToldJson {
            fingerprint: finding.fingerprint(),
            rule: finding.rule.name,
            severity: finding.severity,
            severity_before: told.severity_before,
            server: &finding.server,
            site: finding.site.as_ref().map(|(id, name)| SiteJson { id: *id, name }),
            path: finding.path.as_deref(),
            setting: finding.setting.map(|setting| setting.name()),
            message: &finding.message,
            location: location(told.location.as_ref()),
            why: &told.why,
        }
    }
}

impl<'a> ChangesJson<'a> {
    pub(super) fn of(changes: &'a Changes) -> Self {
        let names = |all: &'a [Name]| all.iter().map(|name| &**name).collect();
        let not_read = |all: &'a [(Name, String)]| all.iter().map(|(server, why)| NotReadJson { server, why }).collect();
        let sites = |all: &'a [SiteOf]| all.iter().map(OnJson::of).collect();
        let not_known = |all: &'a [NotKnown]| {
            let one =
                |one: &'a NotKnown| NotKnownJson { of: OnJson::of(&one.of), settings: one.settings.iter().map(|name| &**name).collect() };
            all.iter().map(one).collect()
        };
        ChangesJson {
            earlier: &changes.earlier,
            notes: &changes.notes,
            summary: SummaryJson {
                new: changes.new.len(),
                fixed: changes.fixed.len(),
                worse: changes.worse.len(),
                milder: changes.milder.len(),
                went: changes.went.len(),
                not_read: changes.not_read.len(),
                not_read_then: changes.not_read_then.len(),
                unchanged: changes.unchanged,
                values: changes.values.len(),
                weaker: changes.of_strength(Strength::Weaker),
                stronger: changes.of_strength(Strength::Stronger),
            },
            servers: ServersJson {
                came: names(&changes.servers_came),
                went: names(&changes.servers_went),
                not_read: not_read(&changes.servers_not_read),
                not_read_then: not_read(&changes.servers_not_read_then),
            },
            sites: SitesJson {
                came: sites(&changes.sites_came),
                went: sites(&changes.sites_went),
                renamed: changes.sites_renamed.iter().map(|(was, now)| RenamedJson { was: OnJson::of(was), now }).collect(),
            },
            findings: FindingsJson {
                new: ToldJson::all(&changes.new),
                fixed: ToldJson::all(&changes.fixed),
                worse: ToldJson::all(&changes.worse),
                milder: ToldJson::all(&changes.milder),
                went: ToldJson::all(&changes.went),
                not_read: ToldJson::all(&changes.not_read),
                not_read_then: ToldJson::all(&changes.not_read_then),
            },
            values: changes.values.iter().map(drift).collect(),
            not_known_now: not_known(&changes.not_known_now),
            not_known_then: not_known(&changes.not_known_then),
        }
    }
}

fn drift(one: &Drift) -> DriftJson<'_> {
    fn side(side: &Side) -> SideJson<'_> {
        SideJson { value: &side.shown, location: location(side.location.as_ref()) }
    }
    DriftJson {
        of: OnJson::of(&one.of),
        path: &one.path,
        setting: &one.setting,
        before: side(&one.before),
        after: side(&one.after),
        strength: one.verdict.strength,
        likely: one.verdict.likely,
        why: &one.verdict.why,
    }
}

/// One line on what became of the findings.
pub(super) fn in_a_line(changes: &Changes) -> String {
    let mut parts = vec![format!("{} new", changes.new.len()), format!("{} fixed", changes.fixed.len())];
    let more = [
        (changes.worse.len(), "worse"),
        (changes.milder.len(), "milder"),
        (changes.went.len(), "gone with their site"),
        (changes.not_read.len(), "not read now"),
        (changes.not_read_then.len(), "not read then"),
    ];
    parts.extend(more.iter().filter(|(number, _)| *number > 0).map(|(number, what)| format!("{number} {what}")));
    parts.push(format!("{} unchanged", changes.unchanged));
    parts.join(", ")
}

/// One sentence on all that became of the estate.
pub(super) fn in_a_sentence(changes: &Changes) -> String {
    if changes.is_empty() {
        return "Nothing changed since the earlier run.".to_owned();
    }
    let mut parts = vec![format!("Findings since the earlier run: {}", in_a_line(changes)), values_in_a_line(changes)];
    let others = [
        (changes.servers_came.len(), "server", "servers", "came"),
        (changes.servers_went.len(), "server", "servers", "gone or not given"),
        (changes.servers_not_read.len(), "server", "servers", "of which less was read"),
        (changes.servers_not_read_then.len(), "server", "servers", "of which more was read"),
        (changes.sites_came.len(), "site", "sites", "came"),
        (changes.sites_went.len(), "site", "sites", "gone"),
        (changes.sites_renamed.len(), "site", "sites", "renamed"),
    ];
    let others = others.iter().filter(|(number, ..)| *number > 0);
    parts.extend(others.map(|(number, one, many, what)| format!("{} {what}", count(*number, one, many))));
    format!("{}.", parts.join("; "))
}

/// Of values: how many drifted, and which way.
pub(super) fn values_in_a_line(changes: &Changes) -> String {
    let parts: Vec<String> = [Strength::Weaker, Strength::Mixed, Strength::Unclear, Strength::Stronger, Strength::Neutral]
        .into_iter()
        .map(|strength| (changes.of_strength(strength), strength.words()))
        .filter(|(number, _)| *number > 0)
        .map(|(number, words)| format!("{number} {words}"))
        .collect();
    let all = count(changes.values.len(), "value drifted", "values drifted");
    if parts.is_empty() { all } else { format!("{all}: {}", parts.join(", ")) }
}

/// The lists of findings, each with its title, in the order of reports.
pub(super) fn lists(changes: &Changes) -> [(&'static str, &[Told]); 7] {
    [
        ("New findings", &changes.new),
        ("Worse than they were", &changes.worse),
        ("Fixed", &changes.fixed),
        ("Milder than they were", &changes.milder),
        ("Gone with their site", &changes.went),
        ("Not read now, so neither fixed nor there", &changes.not_read),
        ("Not read then, so perhaps not new", &changes.not_read_then),
    ]
}

/// Servers of which less was read, by what is missing: what most miss comes first.
pub(super) fn by_reason(all: &[(Name, String)]) -> Vec<(&str, Vec<&str>)> {
    let mut reasons: BTreeMap<&str, Vec<&str>> = BTreeMap::new();
    for (server, why) in all {
        reasons.entry(why).or_default().push(server);
    }
    let mut reasons: Vec<_> = reasons.into_iter().collect();
    reasons.sort_by_key(|(_, servers)| Reverse(servers.len()));
    reasons
}

/// A site of a server in words.
pub(super) fn on(one: &SiteOf) -> String {
    format!("{} of {}", site(&one.site, one.id), one.server)
}

/// The changes on a page of text; at most `limit` of each kind, with a count of the others.
pub(super) fn table(page: &mut Page, changes: &Changes, limit: usize) {
    page.gap();
    page.heading(0, &format!("Since the earlier run ({})", changes.earlier));
    for note in &changes.notes {
        page.labelled(2, "note", DIM, note);
    }
    if changes.is_empty() {
        page.prose(2, &format!("nothing changed; {} the same", count(changes.unchanged, "finding is", "findings are")));
        return;
    }
    page.prose(2, &format!("findings: {}", in_a_line(changes)));
    page.prose(2, &values_in_a_line(changes));
    names(page, "servers that came:", &changes.servers_came, |name| name.to_string(), limit);
    names(page, "servers that went, or were not given:", &changes.servers_went, |name| name.to_string(), limit);
    for (label, list) in [("not read now", &changes.servers_not_read), ("not read then", &changes.servers_not_read_then)] {
        let reasons = by_reason(list);
        for (why, servers) in reasons.iter().take(limit) {
            page.labelled(2, label, ERROR, &format!("{why}: {}", within(servers, servers.len())));
        }
        more(page, reasons.len(), limit, "reason", "reasons");
    }
    names(page, "sites that came:", &changes.sites_came, on, limit);
    names(page, "sites that went:", &changes.sites_went, on, limit);
    names(page, "sites with other names:", &changes.sites_renamed, |(was, now)| format!("{}, now \"{now}\"", on(was)), limit);
    if !changes.values.is_empty() {
        page.gap();
        page.heading(2, "Values in effect that drifted");
        for one in changes.values.iter().take(limit) {
            drifted(page, one);
        }
        more(page, changes.values.len(), limit, "value", "values");
    }
    for (title, list) in lists(changes) {
        told(page, title, list, limit);
    }
    for (title, list) in [("Known then and not now", &changes.not_known_now), ("Known now and not then", &changes.not_known_then)] {
        if list.is_empty() {
            continue;
        }
        page.gap();
        page.heading(2, title);
        for one in list.iter().take(limit) {
            let settings: Vec<&str> = one.settings.iter().map(|setting| &**setting).collect();
            page.labelled(4, &format!("{}:", on(&one.of)), HEADING, &settings.join(", "));
        }
        more(page, list.len(), limit, "site", "sites");
    }
}

fn names<T>(page: &mut Page, label: &str, all: &[T], name: impl Fn(&T) -> String, limit: usize) {
    if !all.is_empty() {
        let shown: Vec<String> = all.iter().take(limit).map(name).collect();
        let rest = all.len().saturating_sub(limit);
        let rest = if rest > 0 { format!(" and {rest} more") } else { String::new() };
        page.labelled(2, label, DIM, &format!("{}{rest}", shown.join(", ")));
    }
}

fn drifted(page: &mut Page, one: &Drift) {
    let paint = match one.verdict.strength {
        Strength::Weaker | Strength::Mixed => style::severity(Severity::High),
        _ => DIM,
    };
    let path = if one.path.is_empty() { String::new() } else { format!(" at {}", one.path) };
    let likely = if one.verdict.likely { "likely " } else { "" };
    page.labelled(4, &format!("{likely}{}", one.verdict.strength.words()), paint, &format!("{}{path} of {}", one.setting, on(&one.of)));
    let side = |side: &Side| match &side.location {
        None => in_words(&one.setting, &side.shown),
        Some(at) => format!("{} ({})", in_words(&one.setting, &side.shown), place(Some(at))),
    };
    page.labelled(6, "before", DIM, &side(&one.before));
    page.labelled(6, "now   ", DIM, &side(&one.after));
    page.labelled(6, "why   ", DIM, &one.verdict.why);
}

fn told(page: &mut Page, title: &str, list: &[Told], limit: usize) {
    if list.is_empty() {
        return;
    }
    page.gap();
    page.heading(2, title);
    for one in list.iter().take(limit) {
        let finding = &one.finding;
        let before = one.severity_before.map(|severity| format!(" (was {})", severity.name())).unwrap_or_default();
        let label = format!("{:6}", finding.severity.name());
        let whose = format!("{}{before}: {}", finding.rule.name, words::scope(finding));
        page.labelled(4, &label, style::severity(finding.severity), &whose);
        page.prose(6, &finding.message);
        if let Some(at) = &one.location {
            page.labelled(6, "at", DIM, &place(Some(at)));
        }
        if !one.why.is_empty() {
            page.labelled(6, "because", DIM, &one.why);
        }
    }
    more(page, list.len(), limit, "finding", "findings");
}
