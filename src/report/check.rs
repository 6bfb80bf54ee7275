//! The report of `iisaudit check`: the findings of every server, what was not assessed, what could not be read, and one line that sums up.
//! It never calls a server fine of which something was not assessed.

use std::collections::BTreeMap;

use serde::Serialize;

use super::page::Page;
use super::parts::{self, InputJson, SiteJson, count, to_json};
use super::place::{Location, Places};
use super::style::{self, DIM, HEADING, Style};
use crate::catalogue::Setting;
use crate::estate::Estate;
use crate::remedy::{Remedy, Risk};
use crate::rules::{Confidence, Finding, Severity};
use crate::server::{Endpoint, Server, Site};

/// Numbers of one run.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
pub struct Summary {
    /// Findings of high severity.
    pub high: usize,
    /// Findings of medium severity.
    pub medium: usize,
    /// Findings of low severity.
    pub low: usize,
    /// Findings that are information.
    pub info: usize,
    /// Servers.
    pub servers: usize,
    /// Sites of all servers.
    pub sites: usize,
    /// Files that were recognised, or named by the user.
    pub inputs: usize,
    /// Those of them that could not be read.
    pub unreadable: usize,
    /// Files that are no configuration of IIS.
    pub skipped: usize,
}

impl Summary {
    /// Counts.
    pub fn of(estate: &Estate, findings: &[Finding]) -> Self {
        let with = |severity| findings.iter().filter(|finding| finding.severity == severity).count();
        Summary {
            high: with(Severity::High),
            medium: with(Severity::Medium),
            low: with(Severity::Low),
            info: with(Severity::Info),
            servers: estate.servers.len(),
            sites: estate.servers.iter().map(|server| server.sites.len()).sum(),
            inputs: estate.inputs.len(),
            unreadable: estate.inputs.iter().filter(|input| input.error.is_some()).count(),
            skipped: estate.skipped,
        }
    }
}

/// The report as text. Findings keep their order within their server.
pub fn table(estate: &Estate, findings: &[Finding], style: Style) -> String {
    let mut page = Page::new(style);
    let places = Places { inputs: &estate.inputs };
    let mut groups: BTreeMap<&str, Vec<&Finding>> = BTreeMap::new();
    for finding in findings {
        groups.entry(&finding.server).or_default().push(finding);
    }
    let servers: BTreeMap<&str, &Server> = estate.servers.iter().map(|server| (server.name.as_str(), server)).collect();
    for (name, findings) in groups {
        page.gap();
        match servers.get(name) {
            Some(server) => page.heading(0, &format!("{name} ({})", server.generation)),
            None => page.heading(0, name),
        }
        for finding in findings {
            page.gap();
            self::finding(&mut page, finding, places);
        }
    }
    parts::notices(&mut page, &estate.servers);
    parts::inputs(&mut page, estate);
    page.gap();
    page.heading(0, &summary(estate, findings));
    page.finish()
}

fn finding(page: &mut Page, finding: &Finding, places: Places<'_>) {
    let severity = severity_name(finding.severity);
    let mut title = finding.rule.name.to_owned();
    match finding.confidence {
        Confidence::Firm => {}
        Confidence::Likely => title.push_str(" (likely)"),
        Confidence::Hint => title.push_str(" (hint)"),
    }
    match &finding.site {
        Some((Some(id), name)) if name.is_empty() => title.push_str(&format!(", site {id}")),
        Some((Some(id), name)) => title.push_str(&format!(", \"{name}\" (id {id})")),
        Some((None, name)) => title.push_str(&format!(", \"{name}\"")),
        None => {}
    }
    if let Some(path) = finding.path.as_deref().filter(|path| !path.is_empty()) {
        title.push_str(&format!(", {path}"));
    }
    page.labelled(2, severity, style::severity(finding.severity), &title);
    page.prose(4, &finding.message);
    if let Some(place) = finding.place {
        page.labelled(4, "at", DIM, &places.text(place));
    }
    for related in &finding.related {
        page.labelled(4, "see", DIM, &format!("{}: {}", places.text(related.place), related.note));
    }
    if !finding.sees.is_empty() {
        page.labelled(4, "seen", DIM, &finding.sees);
    }
    for remedy in &finding.remedies {
        page.labelled(4, risk_label(remedy.risk), HEADING, &remedy.what);
        if let Some(command) = &remedy.command {
            page.verbatim(6, command);
        }
    }
}

fn severity_name(severity: Severity) -> &'static str {
    match severity {
        Severity::High => "high",
        Severity::Medium => "medium",
        Severity::Low => "low",
        Severity::Info => "info",
    }
}

fn risk_label(risk: Risk) -> &'static str {
    match risk {
        Risk::ReadOnly => "[read-only]",
        Risk::Safe => "[safe]",
        Risk::WeakensSecurity => "[weakens security]",
    }
}

/// The last line. Without findings it says what the silence is worth.
fn summary(estate: &Estate, findings: &[Finding]) -> String {
    let summary = Summary::of(estate, findings);
    let read = format!(
        "{}, {}, read {} of {}",
        count(summary.servers, "server", "servers"),
        count(summary.sites, "site", "sites"),
        summary.inputs - summary.unreadable,
        count(summary.inputs, "file", "files"),
    );
    let missing = missing(estate);
    if !findings.is_empty() {
        let numbers: Vec<_> = [(summary.high, "high"), (summary.medium, "medium"), (summary.low, "low"), (summary.info, "info")]
            .iter()
            .filter(|(number, _)| *number > 0)
            .map(|(number, name)| format!("{number} {name}"))
            .collect();
        let missing = if missing.is_empty() { String::new() } else { format!("; not assessed: {missing}") };
        return format!("{} ({}); {read}{missing}", count(findings.len(), "finding", "findings"), numbers.join(", "));
    }
    if estate.servers.is_empty() {
        return format!("nothing was assessed: no configuration of a server was read; {read}");
    }
    if missing.is_empty() { format!("no findings; {read}") } else { format!("no findings; not assessed: {missing}; {read}") }
}

/// What was not assessed, in few words; empty when all was.
fn missing(estate: &Estate) -> String {
    let mut names: BTreeMap<&str, usize> = BTreeMap::new();
    for server in &estate.servers {
        let mut own: Vec<&str> = server.notices.iter().map(|notice| notice.name).collect();
        own.sort_unstable();
        own.dedup();
        for name in own {
            *names.entry(name).or_default() += 1;
        }
    }
    let mut parts: Vec<String> =
        names.into_iter().map(|(name, servers)| format!("{name} on {}", count(servers, "server", "servers"))).collect();
    // A reader may know that a value is unknown without a notice that says so.
    let silent =
        estate.servers.iter().filter(|server| server.notices.is_empty()).flat_map(unknown).collect::<std::collections::BTreeSet<_>>();
    if !silent.is_empty() {
        parts.push(silent.into_iter().map(Setting::name).collect::<Vec<_>>().join(", "));
    }
    let unreadable = estate.inputs.iter().filter(|input| input.error.is_some()).count();
    if unreadable > 0 {
        parts.push(count(unreadable, "file that could not be read", "files that could not be read"));
    }
    parts.join(", ")
}

/// Settings whose value is unknown somewhere on the server.
fn unknown(server: &Server) -> impl Iterator<Item = Setting> {
    let roots = server.sites.iter().filter_map(|site: &Site| site.scopes.first()).map(|scope| &scope.settings);
    let endpoints = server.endpoints.iter().map(|endpoint: &Endpoint| &endpoint.settings);
    roots
        .chain(endpoints)
        .flat_map(|settings| settings.iter())
        .filter(|(_, resolved)| resolved.known().is_none())
        .map(|(setting, _)| setting)
}

/// The report as JSON, as `schemas/report-check.schema.json` describes it. Findings keep their order.
pub fn json(estate: &Estate, findings: &[Finding]) -> String {
    let places = Places { inputs: &estate.inputs };
    let notices = estate.servers.iter().flat_map(|server| {
        server.notices.iter().map(|notice| NoticeJson {
            server: &server.name,
            name: notice.name,
            message: &notice.message,
            needs: &notice.needs,
        })
    });
    to_json(&ReportJson {
        format: "iisaudit-check",
        version: 1,
        inputs: InputJson::all(estate),
        findings: findings.iter().map(|finding| FindingJson::new(finding, places)).collect(),
        notices: notices.collect(),
        summary: Summary::of(estate, findings),
    })
}

#[derive(Debug, Serialize)]
struct ReportJson<'a> {
    format: &'static str,
    version: u32,
    inputs: Vec<InputJson<'a>>,
    findings: Vec<FindingJson<'a>>,
    notices: Vec<NoticeJson<'a>>,
    summary: Summary,
}

#[derive(Debug, Serialize)]
struct FindingJson<'a> {
    rule: &'a str,
    severity: Severity,
    confidence: Confidence,
    server: &'a str,
    site: Option<SiteJson<'a>>,
    path: Option<&'a str>,
    setting: Option<&'static str>,
    message: &'a str,
    sees: &'a str,
    location: Option<Location<'a>>,
    related: Vec<RelatedJson<'a>>,
    remedies: &'a [Remedy],
    fingerprint: String,
}

#[derive(Debug, Serialize)]
struct RelatedJson<'a> {
    #[serde(flatten)]
    location: Location<'a>,
    note: &'a str,
}

#[derive(Debug, Serialize)]
struct NoticeJson<'a> {
    server: &'a str,
    name: &'a str,
    message: &'a str,
    needs: &'a str,
}

impl<'a> FindingJson<'a> {
    fn new(finding: &'a Finding, places: Places<'a>) -> Self {
        let related = finding.related.iter();
        FindingJson {
            rule: finding.rule.name,
            severity: finding.severity,
            confidence: finding.confidence,
            server: &finding.server,
            site: finding.site.as_ref().map(|(id, name)| SiteJson { id: *id, name }),
            path: finding.path.as_deref(),
            setting: finding.setting.map(Setting::name),
            message: &finding.message,
            sees: &finding.sees,
            location: finding.place.map(|place| places.json(place)),
            related: related.map(|related| RelatedJson { location: places.json(related.place), note: &related.note }).collect(),
            remedies: &finding.remedies,
            fingerprint: finding.fingerprint(),
        }
    }
}
