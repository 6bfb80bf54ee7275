//! The report of `iisaudit check` as SARIF 2.1.0, the format of code scanning. Everything that a consumer would act on in a text, links and
//! placeholders included, is made visible, and every path becomes a URI that leads back to it. What does not fit is counted, never dropped
//! silently.

use std::borrow::Cow;
use std::cmp::Reverse;
use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write;

use serde::Serialize;

use super::escape::{self, Out, Sink, Terminal};
use super::explain::plain;
use super::parts::{count, to_json};
use super::place::Places;
use crate::catalogue::Setting;
use crate::estate::{Estate, FileKind, InputReport};
use crate::explain::explain;
use crate::input::{FileId, Place};
use crate::remedy::{Remedy, Risk};
use crate::review::{Judged, Review, State};
use crate::rules::profiles::{self, Item};
use crate::rules::{Confidence, Finding, Profile, RULES, Rule, Severity};
use crate::server::{Notice, Server};

/// The schema of SARIF 2.1.0 with its errata.
const SCHEMA: &str = "https://docs.oasis-open.org/sarif/sarif/v2.1.0/errata01/os/schemas/sarif-schema-2.1.0.json";
/// Of more results GitHub keeps only so many; those that count least are left out here, where that can be said.
const RESULTS: usize = 5_000;
/// Of more places in one result GitHub keeps only so many.
const LOCATIONS: usize = 100;
/// The name by which consumers know the directory that relative paths start from.
const ROOT: &str = "%SRCROOT%";

/// The report. The worst new findings come first, then those of the baseline and those that a policy suppresses. What is gone
/// from the baseline is told as a notification: as a result it would be shown as one more open alert by a consumer that knows no states.
pub fn render(review: &Review) -> String {
    render_at_most(review, RESULTS)
}

fn render_at_most(review: &Review, most: usize) -> String {
    let files = Files::new(&review.estate);
    let mut judged: Vec<&Judged> = review.findings.iter().collect();
    judged.sort_by_key(|judged| (rank(&judged.state), Reverse(judged.finding.severity)));
    // A consumer may take results without this property for findings that nobody judged, so all have it or none.
    let suppresses = judged.iter().any(|judged| matches!(judged.state, State::Suppressed(_)));
    let context = Context { files: &files, suppresses, has_baseline: review.baseline.is_some() };
    let results: Vec<ResultJson<'_>> = judged.iter().take(most).map(|judged| context.result(judged)).collect();
    let left_out = left_out(&judged, most);
    let notifications = Notifications::new(review, &files, left_out);
    let unassessed = review.estate.servers.is_empty() || review.estate.inputs.iter().any(|input| input.error.is_some());
    to_json(&Log {
        schema: SCHEMA,
        version: "2.1.0",
        runs: [Run {
            tool: Tool { driver: driver(&notifications) },
            invocations: [Invocation { execution_successful: !unassessed, tool_execution_notifications: notifications.all }],
            column_kind: "unicodeCodePoints",
            original_uri_base_ids: BTreeMap::from([(
                ROOT,
                BaseJson { description: Text::plain("The directory in which iisaudit ran; paths are as they were given.") },
            )]),
            artifacts: artifacts(&files),
            results,
        }],
    })
}

/// What counts comes first.
fn rank(state: &State) -> u8 {
    match state {
        State::New => 0,
        State::Baselined => 1,
        State::Suppressed(_) => 2,
    }
}

/// What to say of the results that there is no room for.
fn left_out(judged: &[&Judged], most: usize) -> Option<String> {
    if judged.len() <= most {
        return None;
    }
    let mut parts: BTreeMap<(u8, Reverse<Severity>), usize> = BTreeMap::new();
    for judged in judged.iter().skip(most) {
        *parts.entry((rank(&judged.state), Reverse(judged.finding.severity))).or_default() += 1;
    }
    let parts: Vec<String> = parts
        .into_iter()
        .map(|((rank, Reverse(severity)), number)| {
            let state = ["", " in the baseline", " suppressed"].get(usize::from(rank)).copied().unwrap_or_default();
            format!("{number} {}{state}", severity.name())
        })
        .collect();
    Some(format!(
        "{} left out ({}): GitHub code scanning keeps no more than {most}. The JSON report has all of them.",
        count(judged.len() - most, "result was", "results were"),
        parts.join(", "),
    ))
}

#[derive(Debug, Serialize)]
struct Log<'a> {
    #[serde(rename = "$schema")]
    schema: &'static str,
    version: &'static str,
    runs: [Run<'a>; 1],
}

#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
struct Run<'a> {
    tool: Tool,
    invocations: [Invocation; 1],
    column_kind: &'static str,
    original_uri_base_ids: BTreeMap<&'static str, BaseJson>,
    artifacts: Vec<ArtifactJson<'a>>,
    results: Vec<ResultJson<'a>>,
}

#[derive(Debug, Serialize)]
struct BaseJson {
    description: Text,
}

#[derive(Debug, Serialize)]
struct Tool {
    driver: Driver,
}

#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
struct Driver {
    name: &'static str,
    semantic_version: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    information_uri: Option<&'static str>,
    short_description: Text,
    rules: Vec<RuleJson>,
    notifications: Vec<DescriptorJson>,
}

/// A text, and the same as Markdown where that says more or says it better.
#[derive(Debug, Serialize)]
struct Text {
    text: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    markdown: Option<String>,
}

impl Text {
    /// Text that may hold pieces of files.
    fn plain(text: &str) -> Self {
        let mut out = Out::<Message>::default();
        out.text(text);
        Text { text: out.finish(), markdown: None }
    }
}

#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
struct RuleJson {
    id: &'static str,
    name: String,
    short_description: Text,
    full_description: Text,
    #[serde(skip_serializing_if = "Option::is_none")]
    help_uri: Option<String>,
    help: Text,
    default_configuration: Configuration,
    properties: RuleProperties,
}

#[derive(Debug, Serialize)]
struct Configuration {
    level: &'static str,
}

/// What SARIF has no place for. The names with dashes and dots are those that GitHub reads.
#[derive(Debug, Serialize)]
struct RuleProperties {
    severity: Severity,
    confidence: Confidence,
    #[serde(rename = "security-severity", skip_serializing_if = "Option::is_none")]
    security_severity: Option<&'static str>,
    precision: &'static str,
    #[serde(rename = "problem.severity")]
    problem_severity: &'static str,
    #[serde(rename = "onlyWith", skip_serializing_if = "<[_]>::is_empty")]
    only_with: &'static [Profile],
    tags: Vec<&'static str>,
}

fn driver(notifications: &Notifications) -> Driver {
    let repository = Some(env!("CARGO_PKG_REPOSITORY")).filter(|repository| repository.starts_with("https://"));
    Driver {
        name: env!("CARGO_PKG_NAME"),
        semantic_version: env!("CARGO_PKG_VERSION"),
        information_uri: repository,
        short_description: Text::plain(concat!(env!("CARGO_PKG_DESCRIPTION"), ".")),
        rules: RULES.iter().map(|rule| self::rule(rule, repository)).collect(),
        notifications: notifications.descriptors(),
    }
}

fn rule(rule: &'static Rule, repository: Option<&str>) -> RuleJson {
    let mut tags = vec!["security", "iis", "tls", "client-certificate"];
    for profile in Profile::ALL {
        if profiles::items_of(rule.name).any(|item| item.profile == *profile) {
            tags.push(profile.name());
        }
    }
    RuleJson {
        id: rule.name,
        name: pascal_case(rule.name),
        short_description: Text::plain(&sentence(rule.title)),
        full_description: Text::plain(rule.meaning),
        help_uri: repository.map(|repository| format!("{}/blob/HEAD/docs/rules/{}.md", repository.trim_end_matches('/'), rule.name)),
        help: help(rule),
        default_configuration: Configuration { level: level(rule.severity) },
        properties: RuleProperties {
            severity: rule.severity,
            confidence: rule.confidence,
            security_severity: match rule.severity {
                Severity::High => Some("8.0"),
                Severity::Medium => Some("5.5"),
                Severity::Low => Some("2.0"),
                Severity::Info => None,
            },
            precision: match rule.confidence {
                Confidence::Firm => "very-high",
                Confidence::Likely => "medium",
                Confidence::Hint => "low",
            },
            problem_severity: match rule.severity {
                Severity::High => "error",
                Severity::Medium => "warning",
                Severity::Low | Severity::Info => "recommendation",
            },
            only_with: profiles::only_under(rule.name),
            tags,
        },
    }
}

/// The page of a rule. Its texts stand in the program and may mark code with backticks.
fn help(rule: &Rule) -> Text {
    let sections =
        [("What is seen", rule.sees), ("Fix", rule.fix), ("When the rule is silent", rule.silent), ("What the rule needs", rule.evidence)];
    let (mut text, mut markdown) = (rule.meaning.to_owned(), plain(rule.meaning));
    // Writing to a String cannot fail.
    for (heading, body) in sections {
        let _ = write!(text, "\n\n{heading}: {body}");
        let _ = write!(markdown, "\n\n## {heading}\n\n{}", plain(body));
    }
    let benchmarks: Vec<String> = profiles::items_of(rule.name).map(|item| format!("{}: {}", item.label(), item.title)).collect();
    let references = rule.references.iter().map(|reference| (*reference).to_owned()).collect();
    for (heading, items) in [("Benchmarks", benchmarks), ("References", references)] {
        if items.is_empty() {
            continue;
        }
        let _ = write!(text, "\n\n{heading}: {}", items.join("; "));
        let _ = write!(markdown, "\n\n## {heading}\n");
        for item in items {
            let _ = write!(markdown, "\n- {}", plain(&item));
        }
    }
    Text { text, markdown: Some(markdown) }
}

fn pascal_case(name: &str) -> String {
    let mut out = String::with_capacity(name.len());
    for word in name.split('-') {
        let mut letters = word.chars();
        out.extend(letters.next().map(|first| first.to_ascii_uppercase()));
        out.push_str(letters.as_str());
    }
    out
}

/// With a full stop, unless it ends already.
fn sentence(text: &str) -> Cow<'_, str> {
    if text.ends_with(['.', '!', '?', ':', '…']) { Cow::Borrowed(text) } else { Cow::Owned(format!("{text}.")) }
}

fn level(severity: Severity) -> &'static str {
    match severity {
        Severity::High => "error",
        Severity::Medium => "warning",
        Severity::Low | Severity::Info => "note",
    }
}

/// Plain text of SARIF: what a terminal would act on is visible, and nothing in it is a link or a placeholder. Braces around anything but a
/// number are left alone: no consumer takes them for a placeholder, and most would show them doubled.
#[derive(Debug)]
struct Message;

impl Sink for Message {
    fn escape(text: &str) -> Cow<'_, str> {
        let text = escape::terminal(text);
        if !text.contains("](") && !text.contains('{') {
            return text;
        }
        let mut out = String::with_capacity(text.len() + 16);
        let mut rest = &*text;
        while let Some(at) = rest.find([']', '{']) {
            let (before, found) = rest.split_at(at);
            out.push_str(before);
            let (c, after) = found.split_at(1);
            rest = after;
            match placeholder(found) {
                // That is one of our own: the same character, spelled without braces.
                Some(digits) if out.ends_with("\\u") => {
                    // Writing to a String cannot fail.
                    let _ = write!(out, "{digits:0>4}");
                    rest = &after[digits.len() + 1..];
                }
                Some(_) => out.push_str(r"\u{7b}"),
                None if c == "]" && after.starts_with('(') => out.push_str(r"\u{5d}"),
                None => out.push_str(c),
            }
        }
        out.push_str(rest);
        Cow::Owned(out)
    }
}

/// The number of the placeholder that the text begins with.
fn placeholder(text: &str) -> Option<&str> {
    let text = text.strip_prefix('{')?;
    let digits = text.find(|c: char| !c.is_ascii_digit())?;
    (digits > 0 && text[digits..].starts_with('}')).then(|| &text[..digits])
}

/// Markdown as GitHub reads it, within a paragraph: nothing in the text is markup, a link or HTML.
#[derive(Debug)]
struct Markdown;

impl Sink for Markdown {
    fn escape(text: &str) -> Cow<'_, str> {
        let text = Message::escape(text);
        let mut out = String::with_capacity(text.len() + 16);
        // A block begins with one of these, and a numbered list with a number.
        let mut could_begin = true;
        let mut before = None;
        let mut rest = text.chars().peekable();
        while let Some(c) = rest.next() {
            let acts = match c {
                '\\' | '`' | '*' | '_' | '[' | ']' | '<' | '>' | '|' | '~' | '&' | '#' | '@' | '!' => true,
                // Addresses become links without any brackets around them.
                ':' => rest.peek() == Some(&'/'),
                '.' => could_begin || matches!(before, Some('w' | 'W')),
                '-' | '+' | '=' | ')' => could_begin,
                _ => false,
            };
            if acts {
                out.push('\\');
            }
            out.push(c);
            could_begin &= c.is_ascii_digit() || c == ' ';
            before = Some(c);
        }
        Cow::Owned(out)
    }
}

/// A command as a code block within a list item. One that cannot be shown as it is would be another command.
fn code_block(out: &mut String, command: &str) {
    let acts = matches!(Terminal::escape(command), Cow::Owned(_))
        || command.match_indices('{').any(|(at, _)| placeholder(&command[at..]).is_some());
    if acts {
        out.push_str(" (The command has characters that cannot stand here; it is in the properties of the result.)");
        return;
    }
    let longest = command.split(|c| c != '`').map(str::len).max().unwrap_or_default();
    let fence = "`".repeat(longest.max(2) + 1);
    // Writing to a String cannot fail.
    let _ = write!(out, "\n\n  {fence}\n  {command}\n  {fence}");
}

/// The files of a run, and how results refer to them.
struct Files<'a> {
    inputs: &'a [InputReport],
    uris: Vec<Uri>,
    servers: BTreeMap<&'a str, &'a Server>,
}

impl<'a> Files<'a> {
    fn new(estate: &'a Estate) -> Self {
        Files {
            inputs: &estate.inputs,
            uris: estate.inputs.iter().map(|input| Uri::of(&input.path)).collect(),
            servers: estate.servers.iter().map(|server| (server.name.as_str(), server)).collect(),
        }
    }

    fn artifact(&self, index: usize) -> Option<ArtifactLocation> {
        Some(self.uris.get(index)?.location(Some(index)))
    }

    fn at(&self, place: Place) -> Option<PhysicalLocation> {
        let artifact_location = self.artifact(index_of(place.file)?)?;
        // A binary log has records and no lines.
        let is_record = Places { inputs: self.inputs }.is_record(place);
        Some(PhysicalLocation { artifact_location, region: (!is_record).then(|| Region::new(place.line, Some(place.column))) })
    }

    /// The file that stands for a server as a whole; without a server, the first file of the run.
    fn main(&self, server: &str) -> Option<PhysicalLocation> {
        let own = self.servers.get(server).map_or(&[][..], |server| &server.inputs);
        let own: Vec<usize> = own.iter().filter_map(|file| index_of(*file)).filter(|index| *index < self.inputs.len()).collect();
        let is_main = |index: &&usize| {
            let kind = self.inputs.get(**index).and_then(|input| input.kind);
            matches!(kind, Some(FileKind::ApplicationHost | FileKind::MetaBase))
        };
        let index = own.iter().find(is_main).or(own.first()).copied().unwrap_or_default();
        Some(PhysicalLocation { artifact_location: self.artifact(index)?, region: None })
    }
}

fn index_of(file: FileId) -> Option<usize> {
    usize::try_from(file.0).ok()
}

/// A URI, and whether it says where the file is without knowing where the program ran.
struct Uri {
    text: String,
    absolute: bool,
}

impl Uri {
    /// The URI of a path as reports show it. Parts that are empty or `.` are left out.
    fn of(path: &str) -> Self {
        if path == "-" {
            return Uri { text: "stdin".to_owned(), absolute: false };
        }
        let path = path.replace('\\', "/");
        // The long form of Windows, which stands before a drive or a share.
        let path = match path.strip_prefix("//?/") {
            Some(long) => match long.split_at_checked(4) {
                Some((unc, share)) if unc.eq_ignore_ascii_case("UNC/") => format!("//{share}"),
                _ => long.to_owned(),
            },
            None => path,
        };
        let encoded = |path: &str| -> String {
            let parts: Vec<String> = path.split('/').filter(|part| !part.is_empty() && *part != ".").map(percent_encoded).collect();
            parts.join("/")
        };
        if let (Some(drive @ b'A'..=b'Z' | drive @ b'a'..=b'z'), Some(b':'), Some(b'/')) =
            (path.as_bytes().first(), path.as_bytes().get(1), path.as_bytes().get(2))
        {
            return Uri { text: format!("file:///{}:/{}", char::from(*drive), encoded(&path[2..])), absolute: true };
        }
        let share = path.strip_prefix("//").filter(|share| !share.is_empty() && !share.starts_with('/'));
        let text = match (share, path.strip_prefix('/')) {
            (Some(share), _) => format!("file://{}", encoded(share)),
            (None, Some(rest)) => format!("file:///{}", encoded(rest)),
            (None, None) => return Uri { text: encoded(&path), absolute: false },
        };
        Uri { text, absolute: true }
    }

    fn location(&self, index: Option<usize>) -> ArtifactLocation {
        ArtifactLocation { uri: self.text.clone(), uri_base_id: (!self.absolute).then_some(ROOT), index }
    }
}

/// One part of a path, for a URI. A colon is encoded, because it could end a scheme, and an at sign, because it could end a name of a user.
fn percent_encoded(part: &str) -> String {
    let mut out = String::with_capacity(part.len());
    for byte in part.bytes() {
        if byte.is_ascii_alphanumeric() || b"-._~!$&'()*+,;=".contains(&byte) {
            out.push(char::from(byte));
        } else {
            // Writing to a String cannot fail.
            let _ = write!(out, "%{byte:02X}");
        }
    }
    out
}

#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
struct ArtifactLocation {
    uri: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    uri_base_id: Option<&'static str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    index: Option<usize>,
}

#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
struct PhysicalLocation {
    artifact_location: ArtifactLocation,
    #[serde(skip_serializing_if = "Option::is_none")]
    region: Option<Region>,
}

#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
struct Region {
    start_line: u32,
    #[serde(skip_serializing_if = "Option::is_none")]
    start_column: Option<u32>,
}

impl Region {
    fn new(line: u32, column: Option<u32>) -> Self {
        Region { start_line: line.max(1), start_column: column.map(|column| column.max(1)) }
    }
}

#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
struct LogicalLocation {
    fully_qualified_name: String,
    kind: &'static str,
}

#[derive(Debug, Default, Serialize)]
#[serde(rename_all = "camelCase")]
struct LocationJson {
    #[serde(skip_serializing_if = "Option::is_none")]
    id: Option<usize>,
    #[serde(skip_serializing_if = "Option::is_none")]
    physical_location: Option<PhysicalLocation>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    logical_locations: Vec<LogicalLocation>,
    #[serde(skip_serializing_if = "Option::is_none")]
    message: Option<Text>,
}

#[derive(Debug, Serialize)]
struct ArtifactJson<'a> {
    location: ArtifactLocation,
    roles: [&'static str; 1],
    #[serde(skip_serializing_if = "Option::is_none")]
    encoding: Option<&'a str>,
    properties: ArtifactProperties<'a>,
}

#[derive(Debug, Serialize)]
struct ArtifactProperties<'a> {
    kind: Option<FileKind>,
    server: Option<&'a str>,
}

fn artifacts<'a>(files: &Files<'a>) -> Vec<ArtifactJson<'a>> {
    let artifact = |(index, input): (usize, &'a InputReport)| {
        Some(ArtifactJson {
            location: files.artifact(index)?,
            roles: [if input.path == "-" { "standardStream" } else { "analysisTarget" }],
            encoding: input.encoding,
            properties: ArtifactProperties { kind: input.kind, server: input.server.as_deref() },
        })
    };
    files.inputs.iter().enumerate().filter_map(artifact).collect()
}

#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
struct ResultJson<'a> {
    rule_id: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    rule_index: Option<usize>,
    level: &'static str,
    message: Text,
    locations: Vec<LocationJson>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    related_locations: Vec<LocationJson>,
    partial_fingerprints: Fingerprints<'a>,
    #[serde(skip_serializing_if = "Option::is_none")]
    baseline_state: Option<&'static str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    suppressions: Option<Vec<SuppressionJson<'a>>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    properties: Option<ResultProperties<'a>>,
}

#[derive(Debug, Serialize)]
struct Fingerprints<'a> {
    #[serde(rename = "iisaudit/v1")]
    own: Cow<'a, str>,
}

#[derive(Debug, Serialize)]
struct SuppressionJson<'a> {
    kind: &'static str,
    status: &'static str,
    justification: Cow<'a, str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    location: Option<LocationJson>,
    #[serde(skip_serializing_if = "Option::is_none")]
    properties: Option<Until<'a>>,
}

#[derive(Debug, Serialize)]
struct Until<'a> {
    until: &'a str,
}

/// What SARIF has no place for, not escaped: this is for programs.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
struct ResultProperties<'a> {
    severity: Severity,
    #[serde(skip_serializing_if = "Option::is_none")]
    severity_before: Option<Severity>,
    confidence: Confidence,
    server: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    site_id: Option<u32>,
    #[serde(skip_serializing_if = "Option::is_none")]
    site: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    path: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    setting: Option<&'static str>,
    sees: &'a str,
    remedies: &'a [Remedy],
    #[serde(skip_serializing_if = "Vec::is_empty")]
    benchmarks: Vec<String>,
    #[serde(skip_serializing_if = "is_zero")]
    related_locations_left_out: usize,
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "serde hands over a reference")]
fn is_zero(number: &usize) -> bool {
    *number == 0
}

/// What is the same for all results of a run.
struct Context<'a> {
    files: &'a Files<'a>,
    suppresses: bool,
    has_baseline: bool,
}

impl<'a> Context<'a> {
    fn result(&self, judged: &'a Judged) -> ResultJson<'a> {
        let finding = &judged.finding;
        let related = finding.related.iter().take(LOCATIONS - 1).enumerate().map(|(index, related)| LocationJson {
            id: Some(index + 1),
            physical_location: self.files.at(related.place),
            message: Some(Text::plain(&related.note)),
            ..LocationJson::default()
        });
        ResultJson {
            rule_id: finding.rule.name,
            rule_index: RULES.binary_search_by_key(&finding.rule.name, |rule| rule.name).ok(),
            level: level(finding.severity),
            message: message(finding),
            locations: vec![LocationJson {
                physical_location: finding.place.and_then(|place| self.files.at(place)).or_else(|| self.files.main(&finding.server)),
                logical_locations: vec![logical(finding)],
                ..LocationJson::default()
            }],
            related_locations: related.collect(),
            partial_fingerprints: Fingerprints { own: finding.fingerprint().into() },
            baseline_state: match judged.state {
                State::New if self.has_baseline => Some("new"),
                State::Baselined => Some("unchanged"),
                State::New | State::Suppressed(_) => None,
            },
            suppressions: self.suppresses.then(|| self.suppressions(&judged.state)),
            properties: Some(ResultProperties {
                severity: finding.severity,
                severity_before: judged.severity_before,
                confidence: finding.confidence,
                server: &finding.server,
                site_id: finding.site.as_ref().and_then(|(id, _)| *id),
                site: finding.site.as_ref().map(|(_, name)| name.as_str()),
                path: finding.path.as_deref(),
                setting: finding.setting.map(Setting::name),
                sees: &finding.sees,
                remedies: &finding.remedies,
                benchmarks: finding.benchmarks().map(Item::label).collect(),
                related_locations_left_out: finding.related.len().saturating_sub(LOCATIONS - 1),
            }),
        }
    }

    fn suppressions(&self, state: &'a State) -> Vec<SuppressionJson<'a>> {
        let State::Suppressed(suppression) = state else { return Vec::new() };
        let place = suppression.place.and_then(|place| self.files.at(place));
        vec![SuppressionJson {
            kind: "external",
            status: "accepted",
            justification: Terminal::escape(&suppression.reason),
            location: place.map(|place| LocationJson { physical_location: Some(place), ..LocationJson::default() }),
            properties: suppression.until.as_deref().map(|until| Until { until }),
        }]
    }
}

/// What is wrong and where in the configuration, since a consumer may show nothing else; as Markdown with what is seen and what to do.
fn message(finding: &Finding) -> Text {
    let message = sentence(&finding.message);
    let mut scope = format!("Server {}", finding.server);
    match &finding.site {
        Some((Some(id), name)) if name.is_empty() => scope.push_str(&format!(", site {id}")),
        Some((Some(id), name)) => scope.push_str(&format!(", site \"{name}\" (id {id})")),
        Some((None, name)) => scope.push_str(&format!(", site \"{name}\"")),
        None => {}
    }
    if let Some(path) = finding.path.as_deref().filter(|path| !path.is_empty()) {
        scope.push_str(&format!(", path {path}"));
    }
    scope.push_str(match finding.confidence {
        Confidence::Firm => ".",
        Confidence::Likely => ". This is likely, not certain.",
        Confidence::Hint => ". This is a hint.",
    });
    let mut text = Out::<Message>::default();
    text.text(&message).markup(" ").text(&scope);
    let mut markdown = Out::<Markdown>::default();
    markdown.text(&message).markup("\n\n").text(&scope);
    if !finding.sees.is_empty() {
        markdown.markup("\n\n**Seen:** ").text(&finding.sees);
    }
    let mut markdown = markdown.finish();
    for remedy in &finding.remedies {
        let mut item = Out::<Markdown>::default();
        item.markup(match remedy.risk {
            Risk::ReadOnly => "\n\n- **Read-only:** ",
            Risk::Safe => "\n\n- **Safe:** ",
            Risk::WeakensSecurity => "\n\n- **Weakens security:** ",
        });
        item.text(&remedy.what);
        markdown.push_str(&item.finish());
        for (_, command) in remedy.shown() {
            code_block(&mut markdown, command);
        }
    }
    Text { text: text.finish(), markdown: Some(markdown) }
}

/// `server/site/path#setting`, as far as the finding names them.
fn logical(finding: &Finding) -> LogicalLocation {
    let mut name = finding.server.clone();
    let mut kind = "server";
    if let Some((id, site)) = &finding.site {
        kind = "site";
        match id {
            Some(id) if site.is_empty() => name.push_str(&format!("/{id}")),
            _ => name.push_str(&format!("/{site}")),
        }
    }
    if let Some(path) = finding.path.as_deref().map(|path| path.trim_matches('/')).filter(|path| !path.is_empty()) {
        kind = "path";
        name.push_str(&format!("/{path}"));
    }
    if let Some(setting) = finding.setting {
        kind = "setting";
        name.push_str(&format!("#{}", setting.name()));
    }
    LogicalLocation { fully_qualified_name: Terminal::escape(&name).into_owned(), kind }
}

#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
struct Invocation {
    execution_successful: bool,
    tool_execution_notifications: Vec<NotificationJson>,
}

#[derive(Debug, Serialize)]
struct NotificationJson {
    descriptor: DescriptorReference,
    level: &'static str,
    message: Text,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    locations: Vec<LocationJson>,
}

#[derive(Debug, Serialize)]
struct DescriptorReference {
    id: &'static str,
    index: usize,
}

#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
struct DescriptorJson {
    id: &'static str,
    name: String,
    short_description: Text,
    full_description: Text,
    help: Text,
    default_configuration: Configuration,
}

const UNREADABLE: &str = "input-unreadable";
const RESERVATION: &str = "input-reservation";
const NOTHING: &str = "nothing-assessed";
const LEFT_OUT: &str = "results-left-out";
const GONE: &str = "baseline-entries-gone";
/// So many entries of a baseline are named.
const NAMED: usize = 20;

/// What is known of a notice without a page.
const NOT_ASSESSED: &str = "Something was not assessed.";

/// The kinds of notifications that are no notices of a server.
const OWN: [(&str, &str, &str); 5] = [
    (RESERVATION, "warning", "A file was read, and a reader of the report should know something about it."),
    (UNREADABLE, "error", "A file could not be read. Nothing is known about what it says."),
    (NOTHING, "error", "No configuration of a server was read, so nothing was assessed."),
    (GONE, "note", "The baseline has entries for which nothing is found any more. They are fixed, or their files were not read this time."),
    (LEFT_OUT, "warning", "There are more results than GitHub code scanning keeps."),
];

/// What there is to say about the run itself.
struct Notifications {
    /// The names of all kinds, sorted.
    names: Vec<&'static str>,
    all: Vec<NotificationJson>,
}

impl Notifications {
    fn new(review: &Review, files: &Files<'_>, left_out: Option<String>) -> Self {
        let estate = &review.estate;
        let notices = || estate.servers.iter().flat_map(|server| server.notices.iter().map(move |notice| (server, notice)));
        let names: BTreeSet<&'static str> = OWN.iter().map(|own| own.0).chain(notices().map(|(_, notice)| notice.name)).collect();
        let mut notifications = Notifications { names: names.into_iter().collect(), all: Vec::new() };
        if estate.servers.is_empty() {
            notifications.add(NOTHING, "error", Text::plain("No configuration of a server was read. Nothing was assessed."), None);
        }
        if let Some(left_out) = left_out {
            notifications.add(LEFT_OUT, "warning", Text::plain(&left_out), None);
        }
        if let Some(baseline) = review.baseline.as_ref().filter(|baseline| !baseline.gone.is_empty()) {
            let mut named: Vec<String> = baseline.gone.iter().take(NAMED).map(|gone| format!("{} at {}", gone.rule, gone.scope)).collect();
            if baseline.gone.len() > NAMED {
                named.push(format!("{} more", baseline.gone.len() - NAMED));
            }
            let text = format!(
                "{} of the baseline {} not found any more: {}.",
                count(baseline.gone.len(), "entry", "entries"),
                if baseline.gone.len() == 1 { "is" } else { "are" },
                named.join("; ")
            );
            let place = PhysicalLocation { artifact_location: Uri::of(&baseline.path).location(None), region: None };
            notifications.add(GONE, "note", Text::plain(&text), Some(place));
        }
        for (index, input) in estate.inputs.iter().enumerate() {
            let place = |region| files.artifact(index).map(|artifact_location| PhysicalLocation { artifact_location, region });
            if let Some(error) = &input.error {
                let region = error.line.map(|line| Region::new(line, error.column));
                let text = format!("{} could not be read: {}", input.path, error.message);
                notifications.add(UNREADABLE, "error", Text::plain(&sentence(&text)), place(region));
            }
            for warning in &input.warnings {
                let text = format!("{}: {warning}", input.path);
                notifications.add(RESERVATION, "warning", Text::plain(&sentence(&text)), place(None));
            }
        }
        for (server, notice) in notices() {
            notifications.add(notice.name, "note", not_assessed(server, notice), files.main(&server.name));
        }
        notifications
    }

    fn add(&mut self, id: &'static str, level: &'static str, message: Text, place: Option<PhysicalLocation>) {
        let index = self.names.binary_search(&id).unwrap_or_default();
        let location = place.map(|place| LocationJson { physical_location: Some(place), ..LocationJson::default() });
        let descriptor = DescriptorReference { id, index };
        self.all.push(NotificationJson { descriptor, level, message, locations: location.into_iter().collect() });
    }

    fn descriptors(&self) -> Vec<DescriptorJson> {
        let descriptor = |id: &&'static str| {
            let own = OWN.iter().find(|own| own.0 == *id);
            // The page of a notice says when it is given, what it means and what would tell.
            let page = if own.is_none() { explain(id).ok() } else { None };
            let sections: Vec<&str> = page.iter().flat_map(|page| &page.sections).map(|(_, body)| body.as_str()).collect();
            let (level, short) = own.map_or(("note", sections.first().copied().unwrap_or(NOT_ASSESSED)), |own| (own.1, own.2));
            let full = sections.get(1).copied().unwrap_or(short);
            let help = if sections.is_empty() { short.to_owned() } else { sections.join("\n\n") };
            DescriptorJson {
                id,
                name: pascal_case(id),
                short_description: Text::plain(short),
                full_description: Text::plain(full),
                help: Text { markdown: Some(plain(&help)), text: help },
                default_configuration: Configuration { level },
            }
        };
        self.names.iter().map(descriptor).collect()
    }
}

fn not_assessed(server: &Server, notice: &Notice) -> Text {
    Text::plain(&format!(
        "Not assessed on server {}: {}. Needs: {}",
        server.name,
        notice.message.trim_end_matches('.'),
        sentence(&notice.needs)
    ))
}

#[cfg(test)]
mod tests {
    use std::sync::OnceLock;

    use proptest::prelude::*;
    use serde_json::Value;

    use super::super::testing::{HOSTILE, acting, at, estate};
    use super::*;
    use crate::review::{BaselineUse, GoneEntry, Suppression};

    /// The only run of a valid log.
    fn valid(text: &str) -> Value {
        static VALIDATOR: OnceLock<jsonschema::Validator> = OnceLock::new();
        let validator = VALIDATOR.get_or_init(|| {
            let mut schema: Value = serde_json::from_str(include_str!("../../tests/schemas/sarif-2.1.0.json")).unwrap();
            // The pattern for languages, which are not written, is no regular expression for a strict reader.
            for definition in ["run", "toolComponent"] {
                schema["definitions"][definition]["properties"]["language"].as_object_mut().unwrap().remove("pattern");
            }
            jsonschema::options().should_validate_formats(true).build(&schema).unwrap()
        });
        let mut log: Value = serde_json::from_str(text).unwrap();
        let errors: Vec<String> = validator.iter_errors(&log).map(|error| format!("{}: {error}", error.instance_path())).collect();
        assert!(errors.is_empty(), "{errors:#?}");
        log["runs"][0].take()
    }

    fn finding(estate: &Estate, rule: &str, message: &str) -> Finding {
        let server = &estate.servers[0];
        Finding::new(crate::rules::rule(rule).unwrap(), server, message)
            .site(&server.sites[0])
            .path("/app")
            .setting(Setting::CertCheckMode)
            .at(Some(at(0, 22)))
            .related(Some(at(1, 40)), "the other one does not set it")
            .remedy(Remedy::command(Risk::Safe, "checks revocation again", "adsutil set W3SVC/1/CertCheckMode 0"))
    }

    fn review(first: &str) -> Review {
        let estate = estate(first, "Shop (old)");
        let finding = finding(&estate, "revocation-check-off", "CertCheckMode is 1").severity(Severity::High);
        Review::new(estate, vec![finding])
    }

    fn results(run: &Value) -> &Vec<Value> {
        run["results"].as_array().unwrap()
    }

    #[test]
    fn a_finding_says_what_is_wrong_where_and_what_to_do() {
        let run = valid(&render(&review("Shop")));
        let mut result = results(&run)[0].clone();
        assert_eq!(result["properties"].as_object_mut().unwrap().remove("remedies").unwrap()[0]["risk"], "safe");
        insta::assert_snapshot!(result["message"]["markdown"].as_str().unwrap(), @r#"
        CertCheckMode is 1.

        Server web01, site "Shop" (id 1), path /app.

        **Seen:** Nothing: revoked certificates are accepted.

        - **Safe:** checks revocation again

          ```
          adsutil set W3SVC/1/CertCheckMode 0
          ```
        "#);
        result["message"].as_object_mut().unwrap().remove("markdown");
        result.as_object_mut().unwrap().remove("ruleIndex");
        insta::assert_snapshot!(format!("{result:#}"), @r#"
        {
          "level": "error",
          "locations": [
            {
              "logicalLocations": [
                {
                  "fullyQualifiedName": "web01/Shop/app#cert-check-mode",
                  "kind": "setting"
                }
              ],
              "physicalLocation": {
                "artifactLocation": {
                  "index": 0,
                  "uri": "estate/web01/MetaBase.xml",
                  "uriBaseId": "%SRCROOT%"
                },
                "region": {
                  "startColumn": 5,
                  "startLine": 22
                }
              }
            }
          ],
          "message": {
            "text": "CertCheckMode is 1. Server web01, site \"Shop\" (id 1), path /app."
          },
          "partialFingerprints": {
            "iisaudit/v1": "eca45a4409d0a1cbbceb36d5d65ecfd7"
          },
          "properties": {
            "confidence": "firm",
            "path": "/app",
            "sees": "Nothing: revoked certificates are accepted.",
            "server": "web01",
            "setting": "cert-check-mode",
            "severity": "high",
            "site": "Shop",
            "siteId": 1
          },
          "relatedLocations": [
            {
              "id": 1,
              "message": {
                "text": "the other one does not set it"
              },
              "physicalLocation": {
                "artifactLocation": {
                  "index": 1,
                  "uri": "estate/web02/applicationHost.config",
                  "uriBaseId": "%SRCROOT%"
                },
                "region": {
                  "startColumn": 5,
                  "startLine": 40
                }
              }
            }
          ],
          "ruleId": "revocation-check-off"
        }
        "#);
    }

    #[test]
    fn every_rule_has_a_page_within_the_limits_of_github() {
        let run = valid(&render(&Review::default()));
        let rules = run["tool"]["driver"]["rules"].as_array().unwrap();
        assert_eq!(rules.len(), RULES.len());
        assert_eq!(run["tool"]["driver"]["semanticVersion"], env!("CARGO_PKG_VERSION"));
        for (json, rule) in rules.iter().zip(RULES) {
            assert_eq!(json["id"], rule.name);
            let name = json["name"].as_str().unwrap();
            assert!(name.chars().all(|c| c.is_ascii_alphanumeric()) && name.starts_with(|c: char| c.is_ascii_uppercase()), "{name}");
            for text in ["shortDescription", "fullDescription"] {
                assert!(json[text]["text"].as_str().unwrap().len() <= 1024, "{text} of {name}");
            }
            for text in [rule.meaning, rule.sees, rule.fix, rule.silent, rule.evidence].iter().chain(rule.references) {
                assert!(json["help"]["text"].as_str().unwrap().contains(text), "{name}: {text}");
                assert!(json["help"]["markdown"].as_str().unwrap().contains(&plain(text)), "{name}: {text}");
            }
            let tags = json["properties"]["tags"].as_array().unwrap();
            assert!(tags.len() <= 10 && tags[0] == "security");
            let score: Option<f64> = json["properties"]["security-severity"].as_str().map(|score| score.parse().unwrap());
            assert_eq!(score.map(|score| score >= 7.0), (rule.severity != Severity::Info).then_some(rule.severity == Severity::High));
        }
        assert_eq!(rules[RULES.iter().position(|rule| rule.name == "revocation-check-off").unwrap()]["name"], "RevocationCheckOff");
    }

    #[test]
    fn what_could_not_be_read_or_assessed_is_a_notification() {
        let run = valid(&render(&review("Shop")));
        let invocation = &run["invocations"][0];
        assert_eq!(invocation["executionSuccessful"], false);
        let notifications = invocation["toolExecutionNotifications"].as_array().unwrap();
        let brief: Vec<String> = notifications
            .iter()
            .map(|notification| {
                let place = &notification["locations"][0]["physicalLocation"];
                let (uri, line) = (&place["artifactLocation"]["uri"], &place["region"]["startLine"]);
                format!("{} {} {uri} {line} {}", notification["level"], notification["descriptor"]["id"], notification["message"]["text"])
            })
            .collect();
        insta::assert_snapshot!(brief.join("\n"), @r#"
        "warning" "input-reservation" "estate/web02/applicationHost.config" null "estate/web02/applicationHost.config: the XML declaration does not stand at the start of the file."
        "error" "input-unreadable" "estate/web03/MetaBase.xml" 128 "estate/web03/MetaBase.xml could not be read: the end tag </IIsWebService> has no start tag."
        "note" "endpoint-not-assessed" "estate/web02/applicationHost.config" null "Not assessed on server web02: how HTTP.sys checks client certificates. Needs: netsh http show sslcert."
        "#);
        assert_eq!(valid(&render(&Review::default()))["invocations"][0]["executionSuccessful"], false);
        let mut whole = review("Shop");
        whole.estate.inputs.truncate(2);
        assert_eq!(valid(&render(&whole))["invocations"][0]["executionSuccessful"], true);
    }

    #[test]
    fn a_finding_without_a_place_is_at_the_main_file_of_its_server() {
        let mut review = review("Shop");
        review.estate.servers[0].inputs = vec![FileId(2), FileId(0)];
        review.estate.inputs[2].kind = Some(FileKind::MbSchema);
        let uri = |review: &Review| {
            let physical = results(&valid(&render(review)))[0]["locations"][0]["physicalLocation"].clone();
            assert_eq!(physical.get("region"), None);
            physical["artifactLocation"]["uri"].as_str().unwrap().to_owned()
        };
        review.findings[0].finding.place = None;
        assert_eq!(uri(&review), "estate/web01/MetaBase.xml");
        review.estate.servers[0].inputs = vec![FileId(1)];
        review.estate.inputs[1].kind = Some(FileKind::SslCert);
        assert_eq!(uri(&review), "estate/web02/applicationHost.config");
        // A place in a file that is not in the list.
        review.findings[0].finding.place = Some(at(u32::MAX, 3));
        assert_eq!(uri(&review), "estate/web02/applicationHost.config");
        review.findings[0].finding.server = "unknown".to_owned();
        assert_eq!(uri(&review), "estate/web01/MetaBase.xml");
    }

    #[test]
    fn baseline_and_policy_are_said_in_the_words_of_sarif() {
        let mut review = review("Shop");
        let mut judge = |rule: &str, state: State| {
            let finding = finding(&review.estate, rule, rule);
            review.findings.push(Judged { finding, state, severity_before: Some(Severity::Low) });
        };
        judge("usage-check-off", State::Baselined);
        let reason = "accepted by [the board](https://example.test)".to_owned();
        judge("tls-not-required", State::Suppressed(Suppression { reason, until: Some("2030-01-31".to_owned()), place: Some(at(1, 7)) }));
        assert!(results(&valid(&render(&review))).iter().all(|result| result["baselineState"] != "new"));
        let gone = |rule: &str| GoneEntry { fingerprint: "00ff".to_owned(), rule: rule.to_owned(), scope: "web01/Shop".to_owned() };
        let gone = vec![gone("revocation-cache-only"), gone("of-another-version")];
        review.baseline = Some(BaselineUse { path: "policy/iis audit.json".to_owned(), entries: 3, gone });
        let run = valid(&render(&review));
        let brief: Vec<String> = results(&run)
            .iter()
            .map(|result| {
                let index = result["ruleIndex"].as_u64().map(|index| RULES[usize::try_from(index).unwrap()].name);
                let (state, level) = (&result["baselineState"], &result["level"]);
                format!("{} {index:?} {state} {level} {}", result["ruleId"], result["suppressions"])
            })
            .collect();
        insta::assert_snapshot!(brief.join("\n"), @r#"
        "revocation-check-off" Some("revocation-check-off") "new" "error" []
        "usage-check-off" Some("usage-check-off") "unchanged" "warning" []
        "tls-not-required" Some("tls-not-required") null "warning" [{"justification":"accepted by [the board](https://example.test)","kind":"external","location":{"physicalLocation":{"artifactLocation":{"index":1,"uri":"estate/web02/applicationHost.config","uriBaseId":"%SRCROOT%"},"region":{"startColumn":5,"startLine":7}}},"properties":{"until":"2030-01-31"},"status":"accepted"}]
        "#);
        let notifications = run["invocations"][0]["toolExecutionNotifications"].as_array().unwrap();
        let gone = notifications.iter().find(|one| one["descriptor"]["id"] == GONE).unwrap();
        assert_eq!(
            gone["message"]["text"],
            "2 entries of the baseline are not found any more: revocation-cache-only at web01/Shop; of-another-version at web01/Shop."
        );
        assert_eq!(gone["locations"][0]["physicalLocation"]["artifactLocation"]["uri"], "policy/iis%20audit.json");
        assert_eq!(results(&run)[1]["properties"]["severityBefore"], "low");
    }

    #[test]
    fn what_github_would_not_keep_is_left_out_and_counted() {
        let mut review = review("Shop");
        let low = finding(&review.estate, "revocation-check-off", "low").severity(Severity::Low);
        let judged = |finding: &Finding, state| Judged { finding: finding.clone(), state, severity_before: None };
        let high = review.findings[0].finding.clone();
        review.findings =
            vec![judged(&high, State::Baselined), judged(&low, State::New), judged(&high, State::New), judged(&low, State::Baselined)];
        review.baseline = Some(BaselineUse { path: "b.json".to_owned(), entries: 9, gone: Vec::new() });
        let said = |most| {
            let run = valid(&render_at_most(&review, most));
            let states: Vec<String> =
                results(&run).iter().map(|one| format!("{} {}", one["baselineState"], one["level"]).replace('"', "")).collect();
            let notifications = run["invocations"][0]["toolExecutionNotifications"].as_array().unwrap().clone();
            let said = notifications.iter().find(|one| one["descriptor"]["id"] == LEFT_OUT).map(|one| one["message"]["text"].clone());
            (states.join(", "), said.map(|said| said.as_str().unwrap().split(':').next().unwrap().to_owned()))
        };
        let all = "new error, new note, unchanged error, unchanged note";
        assert_eq!(said(4), (all.to_owned(), None));
        let one = "1 result was left out (1 low in the baseline)";
        assert_eq!(said(3), (all.strip_suffix(", unchanged note").unwrap().to_owned(), Some(one.to_owned())));
        let many = "3 results were left out (1 low, 1 high in the baseline, 1 low in the baseline)";
        assert_eq!(said(1), ("new error".to_owned(), Some(many.to_owned())));
    }

    #[test]
    fn more_places_than_github_keeps_are_counted() {
        let mut review = review("Shop");
        let related = review.findings[0].finding.related[0].clone();
        review.findings[0].finding.related = vec![related; 150];
        let run = valid(&render(&review));
        assert_eq!(results(&run)[0]["relatedLocations"].as_array().unwrap().len(), 99);
        assert_eq!(results(&run)[0]["properties"]["relatedLocationsLeftOut"], 51);
    }

    #[test]
    fn paths_become_uris() {
        let uri = |path: &str| Uri::of(path).text;
        assert_eq!(uri("estate/web01/MetaBase.xml"), "estate/web01/MetaBase.xml");
        assert_eq!(uri("./a//b/./Büro 100%#1?.xml"), "a/b/B%C3%BCro%20100%25%231%3F.xml");
        assert_eq!(uri("../other/a(1)[2].xml"), "../other/a(1)%5B2%5D.xml");
        assert_eq!(uri("C:x/y.xml"), "C%3Ax/y.xml");
        assert_eq!(uri("/srv/a b.xml"), "file:///srv/a%20b.xml");
        assert_eq!(uri(r"C:\Windows\System32\inetsrv\a b.config"), "file:///C:/Windows/System32/inetsrv/a%20b.config");
        assert_eq!(uri(r"\\?\c:\a.config"), "file:///c:/a.config");
        assert_eq!(uri(r"\\web01\c$\a.config"), "file://web01/c$/a.config");
        assert_eq!(uri(r"\\?\UNC\web01\c$\a.config"), "file://web01/c$/a.config");
        assert_eq!(uri("///a"), "file:///a");
        assert_eq!(uri("-"), "stdin");
        assert_eq!(Uri::of("a").location(None).uri_base_id, Some(ROOT));
        assert_eq!(Uri::of("/a").location(None).uri_base_id, None);
    }

    #[test]
    fn standard_input_is_a_stream() {
        let mut review = review("Shop");
        review.estate.inputs[0].path = "-".to_owned();
        let run = valid(&render(&review));
        assert_eq!(run["artifacts"][0]["roles"][0], "standardStream");
        assert_eq!(results(&run)[0]["locations"][0]["physicalLocation"]["artifactLocation"]["uri"], "stdin");
    }

    #[test]
    fn texts_hold_no_links_and_no_placeholders() {
        let shown = |text: &str| Text::plain(text).text;
        assert_eq!(shown("[here](1) {0} {x} {12 a"), r"[here\u{5d}(1) \u{7b}0} {x} {12 a");
        assert_eq!(shown("a\tb\u{1b}[2J {7D2B-1}"), r"a\u0009b\u{1b}[2J {7D2B-1}");
        assert_eq!(shown("日本]語"), "日本]語");
    }

    #[test]
    fn markdown_of_names_is_no_markup() {
        let escaped = |text: &str| Markdown::escape(text).into_owned();
        assert_eq!(escaped("<img src=x>"), r"\<img src=x\>");
        assert_eq!(escaped("*a* _b_ `c` [d](e) | ~~f~~ &amp;"), r"\*a\* \_b\_ \`c\` \[d\\u{5d}(e) \| \~\~f\~\~ \&amp;");
        assert_eq!(escaped("- a"), r"\- a");
        assert_eq!(escaped("12. a"), r"12\. a");
        assert_eq!(escaped("https://x www.x.test @y"), r"https\://x www\.x.test \@y");
        assert_eq!(escaped("access@sslFlags is 8: demands 0.0.0.0:443"), r"access\@sslFlags is 8: demands 0.0.0.0:443");
        let mut block = String::new();
        code_block(&mut block, "appcmd set `a``` {1A}");
        assert_eq!(block, "\n\n  ````\n  appcmd set `a``` {1A}\n  ````");
        for hidden in ["appcmd {0}", "appcmd \u{202e}"] {
            let mut block = String::new();
            code_block(&mut block, hidden);
            assert!(!block.contains("appcmd") && block.contains("properties"), "{block}");
        }
    }

    /// The path that a URI leads to.
    fn decoded(uri: &str) -> String {
        let path = match uri.strip_prefix("file://") {
            Some(path) if path.as_bytes().get(2) == Some(&b':') => &path[1..],
            Some(path) if path.starts_with('/') => path,
            Some(_) => &uri["file:".len()..],
            None => uri,
        };
        let mut bytes = Vec::new();
        let mut rest = path.as_bytes();
        while let Some((first, after)) = rest.split_first() {
            if *first == b'%' {
                bytes.push(u8::from_str_radix(std::str::from_utf8(&after[..2]).unwrap(), 16).unwrap());
                rest = &after[2..];
            } else {
                bytes.push(*first);
                rest = after;
            }
        }
        String::from_utf8(bytes).unwrap()
    }

    fn texts_of(value: &Value, out: &mut Vec<(String, String)>) {
        match value {
            Value::Object(map) => {
                for (name, inner) in map {
                    match inner {
                        Value::String(text) if name == "text" || name == "markdown" || name == "fullyQualifiedName" => {
                            out.push((name.clone(), text.clone()))
                        }
                        _ if name != "properties" && name != "tool" => texts_of(inner, out),
                        _ => {}
                    }
                }
            }
            Value::Array(list) => list.iter().for_each(|inner| texts_of(inner, out)),
            _ => {}
        }
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(48))]
        #[test]
        fn no_name_breaks_the_log_or_acts_in_a_text(
            name in proptest::collection::vec(any::<char>(), 0..40),
            path in r"[a-zA-Z0-9 %#?\[\]{}():@é日.]{1,8}",
        ) {
            let name: String = name.into_iter().collect();
            for name in [name, HOSTILE.to_owned(), format!("{{0}}[{path}](1)<b>{path}")] {
                let mut review = review(&name);
                let finding = &mut review.findings[0].finding;
                finding.server = name.clone();
                finding.message.push_str(&name);
                finding.sees.push_str(&name);
                finding.path = Some(name.clone());
                finding.related[0].note = name.clone();
                finding.remedies.push(Remedy::command(Risk::Safe, name.clone(), name.clone()));
                review.estate.inputs[0].path = format!("a/{path}/{}", name.replace('\\', "/"));
                review.estate.inputs[2].error.as_mut().unwrap().message.push_str(&name);
                review.estate.inputs[1].warnings.push(name.clone());
                review.estate.servers[1].notices[0].message.push_str(&name);
                let run = valid(&render(&review));
                let mut texts = Vec::new();
                texts_of(&run, &mut texts);
                prop_assert!(texts.len() >= 8, "{}", texts.len());
                for (name, text) in texts {
                    prop_assert_eq!(acting(&text), "");
                    // A name of a logical location is no message.
                    let holds_placeholder = text.match_indices('{').any(|(at, _)| placeholder(&text[at..]).is_some());
                    prop_assert!(name == "fullyQualifiedName" || !holds_placeholder, "{}", text);
                }
                for result in results(&run) {
                    prop_assert!(!result["message"]["text"].as_str().unwrap().contains("]("));
                }
                prop_assert_eq!(&results(&run)[0]["properties"]["server"], &Value::String(name));
            }
        }

        #[test]
        fn every_uri_is_legal_and_leads_back_to_its_path(
            path in proptest::collection::vec(any::<char>(), 1..30),
            root in r"|/|[A-Z]:/|//[a-z@: ]{1,5}/|\.\./",
        ) {
            let path: String = path.into_iter().filter(|c| *c != '\\').collect();
            let parts: Vec<&str> = path.split('/').filter(|part| !part.is_empty() && *part != ".").collect();
            let path = format!("{root}{}", parts.join("/"));
            prop_assume!(path != "-" && !path.is_empty() && !parts.is_empty());
            let uri = Uri::of(&path).text;
            let legal = |byte: u8| byte.is_ascii_alphanumeric() || b"%-._~!$&'()*+,;=/".contains(&byte);
            let rest = uri.strip_prefix("file://").unwrap_or(&uri);
            let drive = uri.starts_with("file:///") && rest.as_bytes().get(2) == Some(&b':');
            let rest = if drive { &rest[3..] } else { rest };
            prop_assert!(rest.bytes().all(legal), "{uri}");
            prop_assert_eq!(decoded(&uri), path);
        }
    }
}
