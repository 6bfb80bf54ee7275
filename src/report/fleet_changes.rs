//! What changed in a fleet since an earlier run, as part of the report of `iisaudit fleet`.

use serde::Serialize;

use super::page::Page;
use super::parts::count;
use super::style::{DIM, HEADING};
use crate::fleet::{Changes, Drift, Drifted, Found, Location, SiteOf};
use crate::rules::Severity;

#[derive(Debug, Serialize)]
pub(super) struct ChangesJson<'a> {
    summary: SummaryJson,
    findings: FindingsJson<'a>,
    values: Vec<ValueJson<'a>>,
    servers: NamesJson<&'a str>,
    sites: NamesJson<SiteJson<'a>>,
}

#[derive(Debug, Serialize)]
struct SummaryJson {
    new: usize,
    fixed: usize,
    not_read: usize,
    unchanged: usize,
    values: usize,
}

#[derive(Debug, Serialize)]
struct FindingsJson<'a> {
    new: Vec<FoundJson<'a>>,
    fixed: Vec<FoundJson<'a>>,
    not_read: Vec<FoundJson<'a>>,
}

#[derive(Debug, Serialize)]
struct FoundJson<'a> {
    rule: &'static str,
    severity: Severity,
    server: &'a str,
    site: Option<SiteNameJson<'a>>,
    path: Option<&'a str>,
    message: &'a str,
    fingerprint: &'a str,
}

#[derive(Debug, Serialize)]
struct SiteNameJson<'a> {
    id: Option<u32>,
    name: &'a str,
}

#[derive(Debug, Serialize)]
struct ValueJson<'a> {
    server: &'a str,
    site: SiteNameJson<'a>,
    path: &'a str,
    setting: &'a str,
    drift: Drift,
    before: Option<SideJson<'a>>,
    after: Option<SideJson<'a>>,
}

#[derive(Debug, Serialize)]
struct SideJson<'a> {
    value: &'a str,
    location: Option<LocationJson<'a>>,
}

#[derive(Debug, Serialize)]
struct LocationJson<'a> {
    file: &'a str,
    line: u32,
    column: u32,
}

#[derive(Debug, Serialize)]
struct NamesJson<T> {
    came: Vec<T>,
    went: Vec<T>,
}

#[derive(Debug, Serialize)]
struct SiteJson<'a> {
    server: &'a str,
    site: SiteNameJson<'a>,
}

impl<'a> ChangesJson<'a> {
    pub(super) fn of(changes: &'a Changes) -> Self {
        let found = |all: &'a [Found]| all.iter().map(FoundJson::of).collect();
        let names = |all: &'a [crate::fleet::Name]| all.iter().map(|name| &**name).collect();
        let sites = |all: &'a [SiteOf]| {
            all.iter().map(|of| SiteJson { server: &of.server, site: SiteNameJson { id: of.id, name: &of.site } }).collect()
        };
        ChangesJson {
            summary: SummaryJson {
                new: changes.new.len(),
                fixed: changes.fixed.len(),
                not_read: changes.not_read.len(),
                unchanged: changes.unchanged,
                values: changes.values.len(),
            },
            findings: FindingsJson { new: found(&changes.new), fixed: found(&changes.fixed), not_read: found(&changes.not_read) },
            values: changes.values.iter().map(ValueJson::of).collect(),
            servers: NamesJson { came: names(&changes.servers_came), went: names(&changes.servers_went) },
            sites: NamesJson { came: sites(&changes.sites_came), went: sites(&changes.sites_went) },
        }
    }
}

impl<'a> FoundJson<'a> {
    fn of(found: &'a Found) -> Self {
        FoundJson {
            rule: found.rule,
            severity: found.severity,
            server: &found.server,
            site: found.site.as_ref().map(|(id, name)| SiteNameJson { id: *id, name }),
            path: found.path.as_deref(),
            message: &found.message,
            fingerprint: &found.fingerprint,
        }
    }
}

impl<'a> ValueJson<'a> {
    fn of(one: &'a Drifted) -> Self {
        let side = |side: &'a Option<(crate::fleet::Name, Option<Location>)>| {
            side.as_ref().map(|(value, at)| SideJson {
                value,
                location: at.as_ref().map(|at| LocationJson { file: &at.file, line: at.line, column: at.column }),
            })
        };
        ValueJson {
            server: &one.of.server,
            site: SiteNameJson { id: one.of.id, name: &one.of.site },
            path: &one.path,
            setting: &one.setting,
            drift: one.drift,
            before: side(&one.before),
            after: side(&one.after),
        }
    }
}

/// The changes on a page of text; at most `limit` of each kind, with a count of the others.
pub(super) fn table(page: &mut Page, changes: &Changes, limit: usize) {
    page.gap();
    page.heading(0, "Since the earlier run");
    if changes.is_empty() {
        page.prose(2, &format!("nothing changed; {} the same", count(changes.unchanged, "finding is", "findings are")));
        return;
    }
    let numbers = [
        count(changes.new.len(), "new finding", "new findings"),
        format!("{} fixed", changes.fixed.len()),
        format!("{} not read now", changes.not_read.len()),
        format!("{} unchanged", changes.unchanged),
        count(changes.values.len(), "value drifted", "values drifted"),
    ];
    page.prose(2, &numbers.join(", "));
    let servers = |names: &[crate::fleet::Name]| names.iter().take(limit).map(|name| name.to_string()).collect::<Vec<_>>();
    let sites = |sites: &[SiteOf]| sites.iter().take(limit).map(|of| format!("{} of {}", site(&of.site, of.id), of.server)).collect();
    listed(page, "servers that came:", servers(&changes.servers_came), changes.servers_came.len());
    listed(page, "servers that went, or were not read:", servers(&changes.servers_went), changes.servers_went.len());
    listed(page, "sites that came:", sites(&changes.sites_came), changes.sites_came.len());
    listed(page, "sites that went:", sites(&changes.sites_went), changes.sites_went.len());
    if !changes.values.is_empty() {
        page.gap();
        page.heading(2, "Values in effect that drifted");
        for one in changes.values.iter().take(limit) {
            value(page, one);
        }
        more(page, changes.values.len(), limit);
    }
    found(page, "New findings", &changes.new, limit);
    found(page, "Fixed", &changes.fixed, limit);
    found(page, "Of servers that were not read now, or not whole", &changes.not_read, limit);
}

fn listed(page: &mut Page, label: &str, names: Vec<String>, all: usize) {
    if !names.is_empty() {
        let more = all.saturating_sub(names.len());
        let more = if more > 0 { format!(" and {more} more") } else { String::new() };
        page.labelled(2, label, DIM, &format!("{}{more}", names.join(", ")));
    }
}

fn value(page: &mut Page, one: &Drifted) {
    let path = if one.path.is_empty() { String::new() } else { format!(" at {}", one.path) };
    page.painted(4, HEADING, &format!("{}{path} of {} on {}", one.setting, site(&one.of.site, one.of.id), one.of.server));
    let side = |side: &Option<(crate::fleet::Name, Option<Location>)>| match side {
        None => "not there".to_owned(),
        Some((value, None)) => value.to_string(),
        Some((value, Some(at))) => format!("{value} ({}:{}:{})", at.file, at.line, at.column),
    };
    page.labelled(6, "before", DIM, &side(&one.before));
    page.labelled(6, "now   ", DIM, &side(&one.after));
}

fn found(page: &mut Page, heading: &str, all: &[Found], limit: usize) {
    if all.is_empty() {
        return;
    }
    page.gap();
    page.heading(2, heading);
    for one in all.iter().take(limit) {
        let of = one.site.as_ref().map(|(id, name)| format!(", {}", site(name, *id))).unwrap_or_default();
        let path = one.path.as_deref().filter(|path| !path.is_empty()).map(|path| format!(", {path}")).unwrap_or_default();
        page.prose(4, &format!("{} {} {}{of}{path}: {}", one.severity.name(), one.rule, one.server, one.message));
    }
    more(page, all.len(), limit);
}

fn more(page: &mut Page, all: usize, limit: usize) {
    if all > limit {
        page.painted(4, DIM, &format!("and {} more; --limit shows more of them, --format json all", all - limit));
    }
}

fn site(name: &str, id: Option<u32>) -> String {
    match id {
        Some(id) if name.is_empty() => format!("site {id}"),
        Some(id) => format!("\"{name}\" (id {id})"),
        None => format!("\"{name}\""),
    }
}
