//! The report of `iisaudit diagnose`: what is in effect at the URL, then every cause of the status with its verdict, the facts it rests on,
//! what would decide it and what to do; at the end what to collect next. What is open is never left out.

use std::borrow::Cow;
use std::collections::BTreeMap;

use serde::Serialize;

use super::diff::ComparisonJson;
use super::page::Page;
use super::parts::{self, InputJson, SettingsJson, SiteJson, count, to_json};
use super::place::{Location, Places, PlacesOfServer};
use super::style::{self, DIM, HEADING, Style};
use crate::catalogue::{Setting, entry};
use crate::compare::{SiteRef, status_matches};
use crate::diagnose::{Case, Diagnosis, Fact, Finding, Likelihood, Need, Next, Step, Verdict};
use crate::estate::Estate;
use crate::explain::status_named;
use crate::remedy::Remedy;
use crate::rules::{Confidence, Severity};
use crate::server::{Endpoint, EndpointKey, Generation, Origin, Resolved, Served, Settings, WindowsVersion};

/// The settings that matter to the status: those that can cause it, and those that decide whether a certificate is asked for.
fn matter(case: &Case<'_>, settings: &Settings) -> Settings {
    let mut kept = Settings::default();
    for (setting, resolved) in settings.iter() {
        let always = matches!(setting, Setting::AccessFlags | Setting::NegotiateClientCertificate);
        if always || entry(setting).statuses.iter().any(|status| status_matches(status, &case.status)) {
            kept.set(setting, resolved.clone());
        }
    }
    kept
}

/// What is in effect at the URL; what endpoints decide is shown with them.
fn at_url(case: &Case<'_>) -> Settings {
    let mut kept = Settings::default();
    let by_endpoint = case.endpoints.first().map(|endpoint| &endpoint.settings);
    for (setting, resolved) in matter(case, &case.scope.settings).iter() {
        if by_endpoint.is_none_or(|settings| settings.get(setting).is_none()) {
            kept.set(setting, resolved.clone());
        }
    }
    kept
}

/// The report as text. What was not read, the conclusion and the next step come first: they must stand on the first screen.
pub fn table(estate: &Estate, case: &Case<'_>, diagnosis: &Diagnosis, style: Style) -> String {
    let mut page = Page::new(style);
    let places = Places { inputs: &estate.inputs };
    let short = PlacesOfServer::new(places, &case.server.inputs);
    let site = case.site();
    page.heading(0, &format!("{} at {} of {}, {} ({})", case.status, case.url.path, site.label(), case.server.name, case.server.system()));
    if let Some((_, title)) = status_named(&case.status) {
        page.prose(2, title);
    }
    if let Some(why) = &case.chosen {
        page.prose(2, &format!("{} is {why}; --site names another", site.label()));
    }
    if let Some(fact) = &case.status_from {
        page.prose(2, &format!("{}; --status names another status", with_place(fact, places)));
    }
    if let Some(moment) = diagnosis.moment.as_ref().filter(|moment| moment.matters) {
        page.prose(2, &format!("what has expired is judged {}", moment.words));
    }
    parts::unreadable(&mut page, estate);
    if !case.notes.is_empty() {
        page.gap();
        page.painted(0, style::severity(Severity::Medium), "Note");
        for note in &case.notes {
            page.labelled(2, "-", DIM, &with_place(note, places));
        }
    }
    page.gap();
    page.heading(0, "Conclusion");
    for (index, statement) in diagnosis.conclusion.iter().enumerate() {
        page.labelled(2, "-", DIM, statement);
        let first = diagnosis.with(Verdict::Supported).next().filter(|_| index == 0).and_then(|first| first.judged.because.first());
        if let Some(fact) = first {
            page.prose(4, &fact.text);
            place_of(&mut page, 4, fact, places);
        }
    }
    for fact in &diagnosis.contradictions {
        page.labelled(2, "-", DIM, &with_place(fact, places));
    }
    if let Some(step) = &diagnosis.step {
        page.gap();
        page.heading(0, "Next");
        match &step.risk {
            Some(risk) => page.labelled(2, parts::risk_label(*risk), DIM, &step.what),
            None => page.prose(2, &step.what),
        }
        if let Some(command) = &step.command {
            page.verbatim(4, command);
        }
    }
    page.gap();
    page.heading(0, "In effect");
    parts::settings(&mut page, 2, at_url(case).iter(), case.generation(), &short);
    for (endpoint, settings, same) in alike(case) {
        page.gap();
        page.heading(2, &endpoint_title(case, endpoint));
        if !same.is_empty() {
            let shown: Vec<String> = same.iter().take(ENDPOINTS).map(ToString::to_string).collect();
            let more = same.len().saturating_sub(ENDPOINTS);
            let more = if more > 0 { format!(" and {more} more") } else { String::new() };
            page.prose(4, &format!("the same on {}{more}", shown.join(", ")));
        }
        parts::settings(&mut page, 4, settings.iter(), case.generation(), &short);
    }
    for verdict in [Verdict::Supported, Verdict::Open, Verdict::Excluded] {
        let findings: Vec<&Finding> = diagnosis.with(verdict).collect();
        if findings.is_empty() {
            continue;
        }
        page.gap();
        page.heading(
            0,
            match verdict {
                Verdict::Supported => "Supported: something speaks for these",
                Verdict::Open => "Open: nothing that was given decides these",
                Verdict::Excluded => "Excluded: a fact rules these out",
            },
        );
        for finding in findings {
            page.gap();
            self::finding(&mut page, finding, &diagnosis.next, places);
        }
    }
    if let Some(comparison) = &diagnosis.comparison {
        page.gap();
        page.heading(0, "Compared with the site that works");
        if let Some(why) = &case.working_from {
            page.prose(2, why);
        }
        let supported = diagnosis.with(Verdict::Supported).flat_map(|finding| &finding.judged.remedies);
        let told = supported.filter_map(|remedy| remedy.command.as_deref()).collect();
        super::diff::comparison(&mut page, places, &comparison.diff, &comparison.diagnosis, &told);
    }
    if !diagnosis.next.is_empty() {
        page.gap();
        page.heading(0, "What to collect next");
        for (index, next) in diagnosis.next.iter().enumerate() {
            page.labelled(2, &format!("[{}]", index + 1), DIM, &format!("{}: for {}", next.need.what, next.causes.join(", ")));
            if let Some(command) = &next.need.command {
                page.verbatim(6, command);
            }
        }
    }
    parts::reservations(&mut page, estate);
    page.gap();
    let number = |verdict| diagnosis.with(verdict).count();
    page.heading(
        0,
        &format!(
            "{}: {} supported, {} open, {} excluded",
            count(diagnosis.findings.len(), "cause", "causes"),
            number(Verdict::Supported),
            number(Verdict::Open),
            number(Verdict::Excluded)
        ),
    );
    page.finish()
}

fn place_of(page: &mut Page, indent: usize, fact: &Fact, places: Places<'_>) {
    if let Some(place) = fact.place {
        page.painted(indent, DIM, &format!("at {}", places.text(place)));
    }
}

/// So many endpoints with the same values are named.
const ENDPOINTS: usize = 12;

/// So many facts of one kind of setting are told, one for each endpoint.
const FACTS: usize = 6;

/// The endpoints, each with what matters there and the further ones that have the same values.
fn alike<'a>(case: &'a Case<'_>) -> Vec<(&'a Endpoint, Settings, Vec<&'a EndpointKey>)> {
    let kind = |origin: &Origin| match origin {
        Origin::Explicit { .. } => String::new(),
        Origin::Inherited { from, .. } => format!("from {from}"),
        Origin::Default { why } => format!("default {why}"),
        Origin::Unknown { needs } => format!("unknown {needs}"),
    };
    let mut found: Vec<(&Endpoint, Settings, Vec<&EndpointKey>)> = Vec::new();
    let mut by_values: BTreeMap<String, usize> = BTreeMap::new();
    for endpoint in &case.endpoints {
        let settings = matter(case, &endpoint.settings);
        let value = |(setting, resolved): (Setting, &Resolved)| {
            format!("{setting}\n{}\n{}", resolved.value.show(setting, case.generation()), kind(&resolved.origin))
        };
        let served = matches!(endpoint.served, Served::Other(_) | Served::Nobody);
        let values: Vec<String> = settings.iter().map(value).collect();
        // Whom another record serves, or none, is told by itself.
        match by_values.get(&values.join("\n")).filter(|_| !served).and_then(|index| found.get_mut(*index)) {
            Some((_, _, same)) => same.push(&endpoint.key),
            None => {
                if !served {
                    by_values.insert(values.join("\n"), found.len());
                }
                found.push((endpoint, settings, Vec::new()));
            }
        }
    }
    found
}

fn endpoint_title(case: &Case<'_>, endpoint: &Endpoint) -> String {
    let record = case.server.record_of(endpoint).map(|record| record.key.to_string());
    match (endpoint.served, record) {
        (Served::Other(_), Some(record)) => format!("endpoint {}, served by the record {record}", endpoint.key),
        (Served::Nobody, _) => format!("endpoint {}, which no record serves", endpoint.key),
        _ => format!("endpoint {}", endpoint.key),
    }
}

fn with_place(fact: &Fact, places: Places<'_>) -> String {
    match fact.place {
        Some(place) => format!("{} [{}]", fact.text, places.text(place)),
        None => fact.text.clone(),
    }
}

fn finding(page: &mut Page, finding: &Finding, next: &[Next], places: Places<'_>) {
    let judged = &finding.judged;
    let look = match (judged.verdict, judged.strength) {
        (Verdict::Supported, Confidence::Firm) => style::severity(Severity::High),
        (Verdict::Supported, _) => style::severity(Severity::Medium),
        _ => HEADING,
    };
    let degree = match judged.verdict {
        Verdict::Open => judged.likelihood.map(|likelihood| format!(" ({})", likelihood.name())).unwrap_or_default(),
        _ => judged.doubt().to_owned(),
    };
    page.painted(2, look, &format!("{}{degree}", finding.cause.id));
    page.prose(4, finding.cause.title);
    // What settings say stands above; it is told again only where it decides.
    let told = judged.because.iter().filter(|fact| judged.verdict != Verdict::Open || fact.setting.is_none());
    // One fact is enough to rule a cause out; JSON has all.
    let mut of_setting: BTreeMap<Setting, usize> = BTreeMap::new();
    for fact in told.take(if judged.verdict == Verdict::Excluded { 1 } else { usize::MAX }) {
        if let Some(setting) = fact.setting {
            let count = of_setting.entry(setting).or_default();
            *count += 1;
            if *count > FACTS {
                continue;
            }
        }
        page.labelled(4, "-", DIM, &fact.text);
        place_of(page, 6, fact, places);
    }
    for (setting, count) in of_setting.into_iter().filter(|(_, count)| *count > FACTS) {
        page.labelled(4, "-", DIM, &format!("{} of {} more endpoints; --format json has them all", entry(setting).title, count - FACTS));
    }
    if judged.verdict == Verdict::Excluded {
        return;
    }
    if !judged.needs.is_empty() {
        let label = if judged.verdict == Verdict::Open { "decided by" } else { "made sure by" };
        let number = |need: &Need| next.iter().position(|next| next.need == *need).map(|index| format!("[{}]", index + 1));
        let shown = |need: &Need| match (number(need), &need.command) {
            (Some(number), Some(command)) => format!("{number} {command}"),
            (Some(number), None) => number,
            (None, command) => command.clone().unwrap_or_else(|| need.what.clone()),
        };
        let needs: Vec<String> = judged.needs.iter().map(shown).collect();
        page.labelled(4, label, DIM, &needs.join("; "));
    }
    // What to do about an open cause is told once it is more than one of many; JSON has it.
    if judged.verdict == Verdict::Supported {
        judged.remedies.iter().for_each(|remedy| parts::remedy(page, 4, remedy));
    }
}

#[derive(Debug, Serialize)]
struct ReportJson<'a> {
    format: &'static str,
    version: u32,
    case: CaseJson<'a>,
    summary: SummaryJson,
    notes: Vec<FactJson<'a>>,
    conclusion: &'a [String],
    step: Option<&'a Step>,
    contradictions: Vec<FactJson<'a>>,
    causes: Vec<CauseJson<'a>>,
    next: Vec<NextJson<'a>>,
    comparison: Option<ComparisonJson<'a>>,
    inputs: Vec<InputJson<'a>>,
}

#[derive(Debug, Serialize)]
struct CaseJson<'a> {
    status: &'a str,
    title: Option<&'a str>,
    status_from: Option<FactJson<'a>>,
    server: &'a str,
    generation: Generation,
    windows: Option<WindowsVersion>,
    site: SiteJson<'a>,
    chosen: Option<&'a str>,
    url: &'a str,
    scope: &'a str,
    at: Option<String>,
    moment: Option<&'a str>,
    working: Option<WorkingJson<'a>>,
    settings: SettingsJson<'a>,
    endpoints: Vec<EndpointJson<'a>>,
}

#[derive(Debug, Serialize)]
struct WorkingJson<'a> {
    server: &'a str,
    site: SiteJson<'a>,
    why: Option<&'a str>,
}

#[derive(Debug, Serialize)]
struct EndpointJson<'a> {
    endpoint: String,
    served: &'static str,
    record: Option<String>,
    settings: SettingsJson<'a>,
}

#[derive(Debug, Serialize)]
struct SummaryJson {
    supported: usize,
    open: usize,
    excluded: usize,
}

#[derive(Debug, Serialize)]
struct FactJson<'a> {
    text: &'a str,
    location: Option<Location<'a>>,
}

#[derive(Debug, Serialize)]
struct CauseJson<'a> {
    id: &'a str,
    title: &'a str,
    statuses: &'a [&'a str],
    verdict: Verdict,
    strength: Option<Confidence>,
    likelihood: Option<Likelihood>,
    because: Vec<FactJson<'a>>,
    needs: &'a [Need],
    remedies: &'a [Remedy],
}

#[derive(Debug, Serialize)]
struct NextJson<'a> {
    #[serde(flatten)]
    need: &'a Need,
    causes: &'a [&'a str],
}

/// The report as JSON, described by schemas/report-diagnose.schema.json.
pub fn json<'a>(estate: &'a Estate, case: &'a Case<'a>, diagnosis: &'a Diagnosis) -> String {
    let places = Places { inputs: &estate.inputs };
    let generation = case.generation();
    let fact = |fact: &Fact| fact.place.map(|place| places.json(place));
    let of_url = at_url(case);
    let of_endpoints: Vec<Settings> = case.endpoints.iter().map(|endpoint| matter(case, &endpoint.settings)).collect();
    let endpoints = case.endpoints.iter().zip(&of_endpoints).map(|(endpoint, settings)| EndpointJson {
        endpoint: endpoint.key.to_string(),
        served: match endpoint.served {
            Served::NotGiven => "not-given",
            Served::Own(_) => "own",
            Served::Other(_) => "other",
            Served::Nobody => "nobody",
        },
        record: case.server.record_of(endpoint).map(|record| record.key.to_string()),
        settings: SettingsJson { settings: Cow::Borrowed(settings), generation, places },
    });
    let why = case.working_from.as_deref();
    let working = |working: SiteRef<'a>| WorkingJson { server: &working.server.name, site: SiteJson::of(working.get()), why };
    let number = |verdict| diagnosis.with(verdict).count();
    let report = ReportJson {
        format: "iisaudit-diagnose",
        version: 1,
        case: CaseJson {
            status: &case.status,
            title: status_named(&case.status).map(|(_, title)| title),
            status_from: case.status_from.as_ref().map(|one| FactJson { text: &one.text, location: fact(one) }),
            server: &case.server.name,
            generation,
            windows: case.server.windows,
            site: SiteJson::of(case.site()),
            chosen: case.chosen.as_deref(),
            url: &case.url.path,
            scope: &case.scope.path,
            at: case.at.map(|at| at.to_string()),
            moment: diagnosis.moment.as_ref().map(|moment| moment.words.as_str()),
            working: case.working.map(working),
            settings: SettingsJson { settings: Cow::Borrowed(&of_url), generation, places },
            endpoints: endpoints.collect(),
        },
        summary: SummaryJson { supported: number(Verdict::Supported), open: number(Verdict::Open), excluded: number(Verdict::Excluded) },
        notes: case.notes.iter().map(|one| FactJson { text: &one.text, location: fact(one) }).collect(),
        conclusion: &diagnosis.conclusion,
        step: diagnosis.step.as_ref(),
        contradictions: diagnosis.contradictions.iter().map(|one| FactJson { text: &one.text, location: fact(one) }).collect(),
        causes: diagnosis
            .findings
            .iter()
            .map(|finding| CauseJson {
                id: finding.cause.id,
                title: finding.cause.title,
                statuses: finding.cause.statuses,
                verdict: finding.judged.verdict,
                strength: (finding.judged.verdict != Verdict::Open).then_some(finding.judged.strength),
                likelihood: (finding.judged.verdict == Verdict::Open).then_some(finding.judged.likelihood).flatten(),
                because: finding.judged.because.iter().map(|one| FactJson { text: &one.text, location: fact(one) }).collect(),
                needs: &finding.judged.needs,
                remedies: &finding.judged.remedies,
            })
            .collect(),
        next: diagnosis.next.iter().map(|next| NextJson { need: &next.need, causes: &next.causes }).collect(),
        comparison: diagnosis.comparison.as_ref().map(|one| ComparisonJson::new(&one.diff, &one.diagnosis, places)),
        inputs: InputJson::all(estate),
    };
    to_json(&report)
}
