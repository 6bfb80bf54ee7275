//! The report of `iisaudit check`: the findings of every server, what was not assessed, what could not be read, and one line that sums up.
//! It never calls a server fine of which something was not assessed.

use std::collections::{BTreeMap, BTreeSet};
use std::io::Write;

use serde::Serialize;

use super::page::Page;
use super::parts::{self, Each, InputJson, SiteJson, count, to_json};
use super::place::{Location, Places};
use super::style::{self, DIM, Style};
use crate::catalogue::Setting;
use crate::estate::Estate;
use crate::remedy::{Remedy, Risk};
use crate::review::{GoneEntry, Judged, PolicyUse, Review, State};
use crate::rules::profiles::{Item, Profile};
use crate::rules::{Confidence, Finding, Severity};
use crate::server::{Endpoint, Server, Site};

/// Numbers of one run.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
pub struct Summary {
    /// New findings of high severity.
    pub high: usize,
    /// New findings of medium severity.
    pub medium: usize,
    /// New findings of low severity.
    pub low: usize,
    /// New findings that are information.
    pub info: usize,
    /// Findings that were there when the baseline was made.
    pub baselined: usize,
    /// Findings that a policy suppresses.
    pub suppressed: usize,
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
    pub fn of(review: &Review) -> Self {
        let estate = &review.estate;
        let with = |severity| review.new_findings().filter(|finding| finding.severity == severity).count();
        let in_state = |name| review.findings.iter().filter(|judged| judged.state.name() == name).count();
        Summary {
            high: with(Severity::High),
            medium: with(Severity::Medium),
            low: with(Severity::Low),
            info: with(Severity::Info),
            baselined: in_state("baselined"),
            suppressed: in_state("suppressed"),
            servers: estate.servers.len(),
            sites: estate.servers.iter().map(|server| server.sites.len()).sum(),
            inputs: estate.configuration_files().count(),
            unreadable: estate.configuration_files().filter(|input| input.error.is_some()).count(),
            skipped: estate.skipped,
        }
    }
}

/// How much of a finding is shown.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Detail {
    /// All of it. A remedy without a command that stood there for the same rule already is not repeated.
    Full,
    /// What is wrong and where.
    Short,
}

/// The report as text. Findings keep their order within their server.
pub fn table(review: &Review, detail: Detail, style: Style) -> String {
    let estate = &review.estate;
    let findings: Vec<&Finding> = review.new_findings().collect();
    let mut page = Page::new(style);
    let places = Places { inputs: &estate.inputs };
    let mut groups: BTreeMap<&str, Vec<&Finding>> = BTreeMap::new();
    for finding in findings.iter().copied() {
        groups.entry(&finding.server).or_default().push(finding);
    }
    let mut told = BTreeSet::new();
    let servers: BTreeMap<&str, &Server> = estate.servers.iter().map(|server| (server.name.as_str(), server)).collect();
    for (name, findings) in groups {
        page.gap();
        match servers.get(name) {
            Some(server) => page.heading(0, &format!("{name} ({})", server.system())),
            None => page.heading(0, name),
        }
        for finding in findings {
            page.gap();
            title(&mut page, finding);
            page.prose(4, &finding.message);
            if let Some(place) = finding.place {
                page.labelled(4, "at", DIM, &places.text(place));
            }
            let items: Vec<String> = finding.benchmarks().map(Item::label).collect();
            if !items.is_empty() {
                page.painted(4, DIM, &items.join(", "));
            }
            if detail == Detail::Full {
                self::detail(&mut page, finding, places, &mut told);
            }
        }
    }
    if detail == Detail::Short && !findings.is_empty() {
        page.gap();
        page.painted(
            0,
            DIM,
            "Without --quiet the report says what a client sees and what fixes it; `iisaudit explain RULE` explains a rule.",
        );
    }
    known(&mut page, review);
    parts::notices(&mut page, &estate.servers);
    parts::inputs(&mut page, estate);
    if let Some(policy) = review.policy.as_ref().filter(|policy| !policy.rules_off.is_empty()) {
        page.gap();
        page.heading(0, "Switched off by the policy file");
        page.prose(2, &policy.rules_off.join(", "));
    }
    page.gap();
    page.heading(0, &summary(review));
    page.finish()
}

/// What does not count: suppressed findings with their reasons, those of the baseline, and what has gone from it. They are named, so that
/// nothing is hidden by a file that nobody looks at.
fn known(page: &mut Page, review: &Review) {
    let places = Places { inputs: &review.estate.inputs };
    let suppressed = review.findings.iter().filter_map(|judged| match &judged.state {
        State::Suppressed(suppression) => Some((&judged.finding, suppression)),
        State::New | State::Baselined => None,
    });
    for (index, (finding, suppression)) in suppressed.enumerate() {
        if index == 0 {
            page.gap();
            page.heading(0, "Suppressed");
        }
        title(page, finding);
        let until = suppression.until.as_ref().map(|until| format!(" (until {until})")).unwrap_or_default();
        let place = suppression.place.map(|place| format!(", by {}", places.text(place))).unwrap_or_default();
        page.labelled(4, "reason", DIM, &format!("{}{until}{place}", suppression.reason));
    }
    let baselined = review.findings.iter().filter(|judged| judged.state == State::Baselined);
    for (index, judged) in baselined.enumerate() {
        if index == 0 {
            page.gap();
            page.heading(0, "In the baseline");
        }
        title(page, &judged.finding);
    }
    if let Some(baseline) = review.baseline.as_ref().filter(|baseline| !baseline.gone.is_empty()) {
        page.gap();
        page.heading(
            0,
            &format!(
                "In the baseline, not found any more; `iisaudit baseline prune` removes {}",
                if baseline.gone.len() == 1 { "it" } else { "them" }
            ),
        );
        for gone in &baseline.gone {
            page.prose(2, &format!("{} {}", gone.rule, gone.scope));
        }
    }
}

/// Severity, rule, site and path.
pub(super) fn title(page: &mut Page, finding: &Finding) {
    let severity = finding.severity.name();
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
}

/// Other places, what is seen, and remedies. `told` holds what stood in the report already: with hundreds of findings of one rule, its
/// general advice would drown what differs between them.
fn detail<'a>(page: &mut Page, finding: &'a Finding, places: Places<'_>, told: &mut BTreeSet<(&'a str, &'a str)>) {
    for related in &finding.related {
        page.labelled(4, "see", DIM, &format!("{}: {}", places.text(related.place), related.note));
    }
    let rule = finding.rule.name;
    if !finding.sees.is_empty() {
        page.labelled(4, "seen", DIM, &finding.sees);
    }
    let mut repeated = false;
    for remedy in &finding.remedies {
        // What changes something stands with every finding that it is for; what only looks is the same wherever it stands.
        let general = !remedy.has_command() || remedy.risk == Risk::ReadOnly;
        let command = remedy.command.as_deref().or(remedy.powershell.as_deref());
        if general && !told.insert((command.unwrap_or(rule), &remedy.what)) {
            repeated = true;
            continue;
        }
        parts::remedy(page, 4, remedy);
    }
    if repeated {
        page.painted(4, DIM, "[…] and what was advised above");
    }
}

/// The last line. Without findings it says what the silence is worth.
pub(super) fn summary(review: &Review) -> String {
    let (estate, summary) = (&review.estate, Summary::of(review));
    let findings = summary.high + summary.medium + summary.low + summary.info;
    let read = format!(
        "{}, {}, read {} of {}",
        count(summary.servers, "server", "servers"),
        count(summary.sites, "site", "sites"),
        summary.inputs - summary.unreadable,
        count(summary.inputs, "file", "files"),
    );
    let policy = review.policy.as_ref().map(|policy| format!(", with {}", policy.path)).unwrap_or_default();
    let read = format!("{read}{policy}");
    let mut missing = missing(estate);
    let known: Vec<_> = [(summary.baselined, "in the baseline"), (summary.suppressed, "suppressed")]
        .iter()
        .filter(|(number, _)| *number > 0)
        .map(|(number, name)| format!("{number} {name}"))
        .collect();
    let known = if known.is_empty() { String::new() } else { format!("; {}", known.join(", ")) };
    if findings > 0 {
        let numbers: Vec<_> = [(summary.high, "high"), (summary.medium, "medium"), (summary.low, "low"), (summary.info, "info")]
            .iter()
            .filter(|(number, _)| *number > 0)
            .map(|(number, name)| format!("{number} {name}"))
            .collect();
        if !missing.is_empty() {
            missing.insert_str(0, "; not assessed: ");
        }
        let new = if known.is_empty() { "" } else { "new " };
        return format!(
            "{} ({}){known}; {read}{missing}",
            count(findings, &format!("{new}finding"), &format!("{new}findings")),
            numbers.join(", ")
        );
    }
    if estate.servers.is_empty() {
        return format!("nothing was assessed: no configuration of a server was read; {read}");
    }
    let none = if known.is_empty() { "no findings" } else { "no new findings" };
    if missing.is_empty() { format!("{none}{known}; {read}") } else { format!("{none}{known}; not assessed: {missing}; {read}") }
}

/// What was not assessed, in few words; empty when all was.
pub(super) fn missing(estate: &Estate) -> String {
    let mut names: BTreeMap<&str, usize> = BTreeMap::new();
    for server in &estate.servers {
        let mut own: Vec<&str> = server.notices.iter().map(|notice| notice.name).collect();
        own.sort_unstable();
        own.dedup();
        for name in own {
            *names.entry(name).or_default() += 1;
        }
    }
    let short = |name: &str| name.strip_suffix("-not-assessed").unwrap_or(name).to_owned();
    let mut parts: Vec<String> =
        names.into_iter().map(|(name, servers)| format!("{} ({})", short(name), count(servers, "server", "servers"))).collect();
    // A reader may know that a value is unknown without a notice that says so.
    let silent = estate.servers.iter().filter(|server| server.notices.is_empty()).flat_map(unknown).collect::<BTreeSet<_>>();
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
        .filter(|(_, resolved)| resolved.lacks_evidence())
        .map(|(setting, _)| setting)
}

/// The report as JSON, as `schemas/report-check.schema.json` describes it. Findings keep their order.
pub fn json(review: &Review) -> String {
    to_json(&report(review))
}

/// The same, written piece by piece.
///
/// # Errors
/// Those of `out`.
pub fn write_json(review: &Review, out: &mut dyn Write) -> std::io::Result<()> {
    parts::write_json(&report(review), out)
}

fn report(review: &Review) -> impl Serialize {
    let estate = &review.estate;
    let places = Places { inputs: &estate.inputs };
    ReportJson {
        format: "iisaudit-check",
        version: 1,
        inputs: Each(|| estate.inputs.iter().map(InputJson::of)),
        findings: Each(move || review.findings.iter().map(move |judged| FindingJson::new(judged, places))),
        baseline: review.baseline.as_ref().map(|baseline| BaselineJson {
            path: &baseline.path,
            entries: baseline.entries,
            gone: &baseline.gone,
        }),
        policy: review.policy.as_ref(),
        notices: NoticeJson::all(estate),
        summary: Summary::of(review),
    }
}

#[derive(Debug, Serialize)]
struct ReportJson<'a, I, F> {
    format: &'static str,
    version: u32,
    inputs: I,
    findings: F,
    #[serde(skip_serializing_if = "Option::is_none")]
    baseline: Option<BaselineJson<'a>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    policy: Option<&'a PolicyUse>,
    notices: Vec<NoticeJson<'a>>,
    summary: Summary,
}

#[derive(Debug, Serialize)]
struct BaselineJson<'a> {
    path: &'a str,
    entries: usize,
    gone: &'a [GoneEntry],
}

/// A finding in JSON, for every format that is made of JSON.
#[derive(Debug, Serialize)]
pub(super) struct FindingJson<'a> {
    rule: &'a str,
    severity: Severity,
    #[serde(skip_serializing_if = "Option::is_none")]
    severity_before: Option<Severity>,
    #[serde(skip_serializing_if = "Option::is_none")]
    state: Option<&'static str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    suppression: Option<SuppressionJson<'a>>,
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
    #[serde(skip_serializing_if = "Vec::is_empty")]
    benchmarks: Vec<BenchmarkJson>,
}

#[derive(Debug, Serialize)]
struct SuppressionJson<'a> {
    reason: &'a str,
    until: Option<&'a str>,
    location: Option<Location<'a>>,
}

#[derive(Debug, Serialize)]
struct BenchmarkJson {
    profile: Profile,
    id: &'static str,
    also: &'static str,
    severity: &'static str,
    title: &'static str,
}

impl BenchmarkJson {
    fn new(item: &'static Item) -> Self {
        BenchmarkJson { profile: item.profile, id: item.id, also: item.also, severity: item.severity, title: item.title }
    }
}

#[derive(Debug, Serialize)]
struct RelatedJson<'a> {
    #[serde(flatten)]
    location: Location<'a>,
    note: &'a str,
}

/// What was not assessed, in JSON.
#[derive(Debug, Serialize)]
pub(super) struct NoticeJson<'a> {
    server: &'a str,
    name: &'a str,
    message: &'a str,
    needs: &'a str,
}

impl<'a> NoticeJson<'a> {
    /// What was not assessed, server by server.
    pub(super) fn all(estate: &'a Estate) -> Vec<Self> {
        let of_server = |server: &'a Server| {
            server.notices.iter().map(|notice| NoticeJson {
                server: &server.name,
                name: notice.name,
                message: &notice.message,
                needs: &notice.needs,
            })
        };
        estate.servers.iter().flat_map(of_server).collect()
    }
}

impl<'a> FindingJson<'a> {
    pub(super) fn new(judged: &'a Judged, places: Places<'a>) -> Self {
        let suppression = match &judged.state {
            State::Suppressed(suppression) => Some(SuppressionJson {
                reason: &suppression.reason,
                until: suppression.until.as_deref(),
                location: suppression.place.map(|place| places.json(place)),
            }),
            State::New | State::Baselined => None,
        };
        FindingJson {
            severity_before: judged.severity_before,
            state: Some(judged.state.name()),
            suppression,
            ..FindingJson::unjudged(&judged.finding, places)
        }
    }

    /// A finding that no policy or baseline was asked about.
    pub(super) fn unjudged(finding: &'a Finding, places: Places<'a>) -> Self {
        let related = finding.related.iter();
        FindingJson {
            rule: finding.rule.name,
            severity: finding.severity,
            severity_before: None,
            state: None,
            suppression: None,
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
            benchmarks: finding.benchmarks().map(BenchmarkJson::new).collect(),
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::super::testing::{HOSTILE, acting, at, estate, iis6, too_wide, violations};
    use super::*;
    use crate::rules::RULES;

    const SCHEMA: &str = include_str!("../../schemas/report-check.schema.json");

    fn findings(estate: &Estate) -> Vec<Finding> {
        let (first, second) = (&estate.servers[0], &estate.servers[1]);
        let rule = RULES.iter().find(|rule| rule.name == "revocation-check-off").unwrap();
        let mut bad = Finding::new(rule, first, "CertCheckMode is 1: revocation is not checked on 0.0.0.0:443")
            .site(&first.sites[0])
            .path("/")
            .setting(Setting::CertCheckMode)
            .at(Some(at(0, 22)))
            .severity(Severity::High)
            .confidence(Confidence::Likely)
            .subject("0.0.0.0:443")
            .related(Some(at(0, 40)), format!("{} does not set it", first.sites[1].label()));
        for (risk, what, command) in [
            (Risk::ReadOnly, "shows whether each CRL can be reached", Some("certutil -verify -urlfetch client.cer".to_owned())),
            (
                Risk::Safe,
                "checks revocation again",
                crate::remedy::adsutil::set("/LM/W3SVC/1/A rather long key of a rather long site", "CertCheckMode", "0"),
            ),
            (Risk::WeakensSecurity, "leaves revoked certificates accepted, and says so in the policy", None),
        ] {
            bad = bad.remedy(Remedy { risk, what: what.to_owned(), command, powershell: None });
        }
        let mut hint = Finding::new(rule, second, "A second message.").severity(Severity::Info).confidence(Confidence::Hint);
        hint.sees = String::new();
        vec![bad, hint]
    }

    fn review(estate: &Estate) -> Review {
        Review::new(estate.clone(), findings(estate))
    }

    fn silent(estate: &Estate) -> Review {
        Review::new(estate.clone(), Vec::new())
    }

    #[test]
    fn at_80_columns_prose_is_wrapped_and_commands_are_not() {
        let estate = estate("Shop", "Shop (old)");
        insta::assert_snapshot!(table(&review(&estate), Detail::Full, Style::plain(80)), @r#"
        web01 (IIS 6)

          high revocation-check-off (likely), "Shop" (id 1), /
            CertCheckMode is 1: revocation is not checked on 0.0.0.0:443
            at estate/web01/MetaBase.xml:22:5
            see estate/web01/MetaBase.xml:40:5: "Shop (old)" (id 2) does not set it
            seen Nothing: revoked certificates are accepted.
            [read-only] shows whether each CRL can be reached
              certutil -verify -urlfetch client.cer
            [safe] checks revocation again
              cscript //nologo %SystemDrive%\Inetpub\AdminScripts\adsutil.vbs set "W3SVC/1/A rather long key of a rather long site/CertCheckMode" 0
            [weakens security] leaves revoked certificates accepted, and says so in the
                               policy

        web02 (IIS 7 or later)

          info revocation-check-off (hint)
            A second message.

        Not assessed
          endpoint-not-assessed (web02): how HTTP.sys checks client certificates
            needs netsh http show sslcert

        Could not be read
          estate/web03/MetaBase.xml:128:5: the end tag </IIsWebService> has no start tag

        Read with reservations
          estate/web02/applicationHost.config: the XML declaration does not stand at the
          start of the file

        2 findings (1 high, 1 info); 2 servers, 3 sites, read 2 of 3 files; not
        assessed: endpoint (1 server), cert-check-mode, 1 file that could not be read
        "#);
    }

    #[test]
    fn at_120_columns_the_same_needs_fewer_lines() {
        let estate = estate("Shop", "Shop (old)");
        insta::assert_snapshot!(table(&review(&estate), Detail::Full, Style::plain(120)), @r#"
        web01 (IIS 6)

          high revocation-check-off (likely), "Shop" (id 1), /
            CertCheckMode is 1: revocation is not checked on 0.0.0.0:443
            at estate/web01/MetaBase.xml:22:5
            see estate/web01/MetaBase.xml:40:5: "Shop (old)" (id 2) does not set it
            seen Nothing: revoked certificates are accepted.
            [read-only] shows whether each CRL can be reached
              certutil -verify -urlfetch client.cer
            [safe] checks revocation again
              cscript //nologo %SystemDrive%\Inetpub\AdminScripts\adsutil.vbs set "W3SVC/1/A rather long key of a rather long site/CertCheckMode" 0
            [weakens security] leaves revoked certificates accepted, and says so in the policy

        web02 (IIS 7 or later)

          info revocation-check-off (hint)
            A second message.

        Not assessed
          endpoint-not-assessed (web02): how HTTP.sys checks client certificates
            needs netsh http show sslcert

        Could not be read
          estate/web03/MetaBase.xml:128:5: the end tag </IIsWebService> has no start tag

        Read with reservations
          estate/web02/applicationHost.config: the XML declaration does not stand at the start of the file

        2 findings (1 high, 1 info); 2 servers, 3 sites, read 2 of 3 files; not assessed: endpoint (1 server), cert-check-mode,
        1 file that could not be read
        "#);
    }

    #[test]
    fn every_command_stands_whole_on_a_line_of_its_own() {
        let estate = estate("Shop", "Shop (old)");
        let findings = findings(&estate);
        let text = table(&Review::new(estate.clone(), findings.clone()), Detail::Full, Style::plain(40));
        for command in findings.iter().flat_map(|finding| &finding.remedies).filter_map(|remedy| remedy.command.as_ref()) {
            assert!(text.lines().any(|line| line.trim_start() == command), "{command}");
        }
    }

    #[test]
    fn no_findings_is_no_praise_while_something_was_not_assessed() {
        let estate = estate("Shop", "Shop (old)");
        let text = table(&silent(&estate), Detail::Full, Style::plain(80));
        insta::assert_snapshot!(text, @r"
        Not assessed
          endpoint-not-assessed (web02): how HTTP.sys checks client certificates
            needs netsh http show sslcert

        Could not be read
          estate/web03/MetaBase.xml:128:5: the end tag </IIsWebService> has no start tag

        Read with reservations
          estate/web02/applicationHost.config: the XML declaration does not stand at the
          start of the file

        no findings; not assessed: endpoint (1 server), cert-check-mode, 1 file that
        could not be read; 2 servers, 3 sites, read 2 of 3 files
        ");
    }

    #[test]
    fn an_unknown_value_without_a_notice_is_said_too() {
        let mut one = estate("Shop", "");
        one.servers = vec![iis6("web01", "Shop", "")];
        one.inputs.truncate(1);
        let text = table(&silent(&one), Detail::Full, Style::plain(200));
        assert!(text.ends_with("no findings; not assessed: cert-check-mode; 1 server, 2 sites, read 1 of 1 file\n"), "{text}");
    }

    #[test]
    fn only_when_all_was_assessed_are_no_findings_the_whole_story() {
        let mut one = estate("Shop", "");
        one.servers = vec![iis6("web01", "Shop", "")];
        one.servers[0].endpoints.clear();
        one.inputs.truncate(1);
        assert_eq!(table(&silent(&one), Detail::Full, Style::plain(80)), "no findings; 1 server, 2 sites, read 1 of 1 file\n");
    }

    #[test]
    fn an_empty_estate_was_not_assessed() {
        let text = table(&Review::default(), Detail::Full, Style::plain(80));
        insta::assert_snapshot!(text, @r"
        nothing was assessed: no configuration of a server was read; 0 servers, 0 sites,
        read 0 of 0 files
        ");
    }

    #[test]
    fn a_notice_of_many_servers_is_said_once() {
        let mut many = estate("Shop", "");
        let mut third = many.servers[1].clone();
        third.name = "web04".to_owned();
        many.servers.push(third);
        let text = table(&silent(&many), Detail::Full, Style::plain(120));
        assert!(text.contains("endpoint-not-assessed (web02, web04): "), "{text}");
        assert!(text.contains("not assessed: endpoint (2 servers)"), "{text}");
    }

    #[test]
    fn json_keeps_to_its_schema() {
        for estate in [estate("Shop", "Shop (old)"), estate(HOSTILE, "")] {
            assert_eq!(violations(SCHEMA, &json(&review(&estate))), "");
            assert_eq!(violations(SCHEMA, &json(&silent(&estate))), "");
        }
        assert_eq!(violations(SCHEMA, &json(&Review::default())), "");
    }

    #[test]
    fn json_says_for_a_finding_what_the_text_says() {
        let estate = estate("Shop", "Shop (old)");
        let report: serde_json::Value = serde_json::from_str(&json(&review(&estate))).unwrap();
        insta::assert_snapshot!(format!("{:#}", report["findings"][0]), @r#"
        {
          "confidence": "likely",
          "fingerprint": "4b7d31660d7984039ac088c490915b79",
          "location": {
            "column": 5,
            "file": "estate/web01/MetaBase.xml",
            "line": 22
          },
          "message": "CertCheckMode is 1: revocation is not checked on 0.0.0.0:443",
          "path": "/",
          "related": [
            {
              "column": 5,
              "file": "estate/web01/MetaBase.xml",
              "line": 40,
              "note": "\"Shop (old)\" (id 2) does not set it"
            }
          ],
          "remedies": [
            {
              "command": "certutil -verify -urlfetch client.cer",
              "risk": "read-only",
              "what": "shows whether each CRL can be reached"
            },
            {
              "command": "cscript //nologo %SystemDrive%\\Inetpub\\AdminScripts\\adsutil.vbs set \"W3SVC/1/A rather long key of a rather long site/CertCheckMode\" 0",
              "risk": "safe",
              "what": "checks revocation again"
            },
            {
              "risk": "weakens-security",
              "what": "leaves revoked certificates accepted, and says so in the policy"
            }
          ],
          "rule": "revocation-check-off",
          "sees": "Nothing: revoked certificates are accepted.",
          "server": "web01",
          "setting": "cert-check-mode",
          "severity": "high",
          "site": {
            "id": 1,
            "name": "Shop"
          },
          "state": "new"
        }
        "#);
        insta::assert_snapshot!(report["summary"].to_string(), @r#"
        {"baselined":0,"high":1,"info":1,"inputs":3,"low":0,"medium":0,"servers":2,"sites":3,"skipped":3,"suppressed":0,"unreadable":1}
        "#);
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(64))]
        #[test]
        fn no_name_gets_a_control_character_out(name in proptest::collection::vec(any::<char>(), 0..60), width in 40usize..140) {
            let name: String = name.into_iter().collect();
            let mut estate = estate(&name, HOSTILE);
            estate.inputs[0].path = name.clone();
            let mut findings = findings(&estate);
            findings[0].message.push_str(&name);
            findings[0].sees.push_str(&name);
            findings[1].path = Some(name.clone());
            let text = table(&Review::new(estate.clone(), findings.clone()), Detail::Full, Style::plain(width));
            prop_assert_eq!(acting(&text), "");
            // A command may be wider, because it must be copyable.
            prop_assert!(too_wide(&text, width).iter().all(|line| line.contains("adsutil") || line.contains("certutil")));
            prop_assert_eq!(violations(SCHEMA, &json(&Review::new(estate, findings))), "");
        }
    }
}
