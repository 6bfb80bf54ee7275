//! What several reports show alike: inputs, notices, sites and settings, as text and as JSON.

use std::borrow::Cow;
use std::collections::BTreeMap;
use std::io::Write;

use serde::ser::SerializeMap;
use serde::{Serialize, Serializer};

use super::page::Page;
use super::place::{Places, PlacesOfServer};
use super::style::{DIM, ERROR, HEADING};
use crate::catalogue::{Setting, Value};
use crate::estate::{Estate, FileKind, InputReport};
use crate::explain::POWERSHELL;
use crate::remedy::{Remedy, Risk};
use crate::server::{Binding, Generation, Notice, Origin, Resolved, Server, Settings, Site, binding_flags as bits};

/// JSON with a line break at its end.
pub(super) fn to_json<T: Serialize>(report: &T) -> String {
    // Every type that is given here has text keys and writes to memory, so there is nothing that could fail.
    #[expect(clippy::expect_used, reason = "no type of a report can fail to serialise")]
    let mut text = super::json::pretty(report).expect("reports serialise");
    text.push('\n');
    text
}

/// The same, written piece by piece.
pub(super) fn write_json<T: Serialize>(report: &T, out: &mut dyn Write) -> std::io::Result<()> {
    super::json::write_pretty(report, out)
}

/// A list whose items are made when they are written.
pub(super) struct Each<F>(pub(super) F);

impl<I: Iterator<Item: Serialize>, F: Fn() -> I> Serialize for Each<F> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_seq((self.0)())
    }
}

/// `1 site`, `2 sites`.
pub(super) fn count(number: usize, one: &str, many: &str) -> String {
    format!("{number} {}", if number == 1 { one } else { many })
}

/// An input file in JSON.
#[derive(Debug, Serialize)]
pub(super) struct InputJson<'a> {
    pub(super) path: &'a str,
    kind: Option<FileKind>,
    encoding: Option<&'a str>,
    server: Option<&'a str>,
    error: Option<InputErrorJson<'a>>,
    warnings: &'a [String],
}

#[derive(Debug, Serialize)]
struct InputErrorJson<'a> {
    message: &'a str,
    line: Option<u32>,
    column: Option<u32>,
}

impl<'a> InputJson<'a> {
    pub(super) fn all(estate: &'a Estate) -> Vec<Self> {
        estate.inputs.iter().map(Self::of).collect()
    }

    pub(super) fn of(input: &'a InputReport) -> Self {
        InputJson {
            path: &input.path,
            kind: input.kind,
            encoding: input.encoding,
            server: input.server.as_deref(),
            error: input.error.as_ref().map(|error| InputErrorJson { message: &error.message, line: error.line, column: error.column }),
            warnings: &input.warnings,
        }
    }
}

/// A site in JSON, where it is only named.
#[derive(Debug, Serialize)]
pub(super) struct SiteJson<'a> {
    pub(super) id: Option<u32>,
    pub(super) name: &'a str,
}

impl<'a> SiteJson<'a> {
    pub(super) fn of(site: &'a Site) -> Self {
        SiteJson { id: site.id, name: &site.name }
    }
}

/// Settings in JSON: an object with the catalogue's names, in the order of reports.
#[derive(Debug)]
pub(super) struct SettingsJson<'a> {
    pub(super) settings: Cow<'a, Settings>,
    pub(super) generation: Generation,
    pub(super) places: Places<'a>,
}

impl Serialize for SettingsJson<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut map = serializer.serialize_map(None)?;
        for (setting, resolved) in self.settings.iter() {
            map.serialize_entry(setting.name(), &SettingJson::new(setting, resolved, self.generation, self.places))?;
        }
        map.end()
    }
}

/// An effective value in JSON.
#[derive(Debug, Serialize)]
pub(super) struct SettingJson<'a> {
    value: serde_json::Value,
    #[serde(skip_serializing_if = "Option::is_none")]
    number: Option<u32>,
    meaning: String,
    origin: OriginJson<'a>,
}

#[derive(Debug, Serialize)]
struct OriginJson<'a> {
    kind: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    from: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    why: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    needs: Option<&'a str>,
    #[serde(flatten)]
    location: Option<super::place::Location<'a>>,
}

impl<'a> SettingJson<'a> {
    pub(super) fn new(setting: Setting, resolved: &'a Resolved, generation: Generation, places: Places<'a>) -> Self {
        let (from, why, needs) = match &resolved.origin {
            Origin::Explicit { .. } => (None, None, None),
            Origin::Inherited { from, .. } => (Some(from.as_str()), None, None),
            Origin::Default { why } => (None, Some(why.as_ref()), None),
            Origin::Unknown { needs } => (None, None, Some(needs.as_ref())),
        };
        let origin =
            OriginJson { kind: resolved.origin.kind(), from, why, needs, location: resolved.origin.place().map(|at| places.json(at)) };
        let Some(known) = resolved.known() else {
            return SettingJson { value: serde_json::Value::Null, number: None, meaning: "not assessed".to_owned(), origin };
        };
        let value = match known {
            Value::None => serde_json::Value::Null,
            Value::Number(number) => (*number).into(),
            Value::Bool(value) => (*value).into(),
            Value::Flags(_) | Value::Text(_) | Value::Bytes(_) | Value::Malformed(_) => known.show(setting, generation).into(),
        };
        SettingJson { value, number: known.flags(), meaning: known.meaning(setting), origin }
    }
}

/// The value with its meaning: `0: revocation is checked …`, `86400 seconds`, a thumbprint, or what its absence means.
pub(super) fn described(setting: Setting, value: &Value, generation: Generation) -> String {
    let shown = value.show(setting, generation);
    let meaning = value.meaning(setting);
    match value {
        Value::None if meaning.is_empty() => "nothing".to_owned(),
        Value::None => meaning,
        Value::Text(_) | Value::Bytes(_) => shown,
        Value::Number(number) if *number != 0 => meaning,
        Value::Malformed(_) => format!("\"{shown}\" is {meaning}"),
        Value::Flags(_) | Value::Number(_) | Value::Bool(_) if meaning.is_empty() => shown,
        Value::Flags(_) | Value::Number(_) | Value::Bool(_) => format!("{shown}: {meaning}"),
    }
}

/// The value for a table: bit sets whose names speak for themselves are shown as names and number, the rest with its meaning.
pub(super) fn cell(setting: Setting, value: &Value, generation: Generation) -> String {
    match (setting, value) {
        (Setting::AccessFlags | Setting::AccessPermissions, Value::Flags(bits)) if *bits != 0 => {
            format!("{} ({bits})", value.show(setting, generation))
        }
        _ => described(setting, value, generation),
    }
}

/// The flags of a binding with what they do, such as `binding flags 33: SNI, no TLS 1.3`; `None` when there are none.
pub(super) fn binding_flags(binding: &Binding) -> Option<String> {
    let flags = binding.flags_written.as_deref().filter(|flags| *flags != "0")?;
    let names = binding.flags.map(flag_names).filter(|names| !names.is_empty());
    Some(format!("binding flags {flags}{}", names.map(|names| format!(": {names}")).unwrap_or_default()))
}

/// What the bits of `binding@sslFlags` do.
const SWITCHES: [(u32, &str); 8] = [
    (bits::SNI, "SNI"),
    (bits::CCS, "Central Certificate Store"),
    (bits::NO_HTTP2, "no HTTP/2"),
    (bits::NO_OCSP_STAPLING, "no OCSP stapling"),
    (bits::NO_QUIC, "no QUIC"),
    (bits::NO_TLS13, "no TLS 1.3"),
    (bits::NO_LEGACY_TLS, "no legacy TLS"),
    (bits::NEGOTIATE, "client certificate in the first handshake"),
];

/// What one of these bits does.
pub(super) fn switch_name(bit: u32) -> &'static str {
    SWITCHES.iter().find(|(known, _)| *known == bit).map_or("a bit without a known meaning", |(_, name)| name)
}

/// What all bits that are set do.
pub(super) fn flag_names(flags: u32) -> String {
    let mut names: Vec<String> = SWITCHES.iter().filter(|(bit, _)| flags & bit != 0).map(|(_, name)| (*name).to_owned()).collect();
    let unknown = flags & !bits::KNOWN;
    if unknown != 0 {
        names.push(format!("bits {unknown:#x} have no known meaning"));
    }
    names.join(", ")
}

/// Puts settings on the page as a table, then what is behind the marks in it and what is not known.
pub(super) fn settings<'a>(
    page: &mut Page,
    indent: usize,
    shown: impl Iterator<Item = (Setting, &'a Resolved)>,
    generation: Generation,
    places: &PlacesOfServer<'_>,
) {
    noted_settings(page, indent, shown, generation, places, |_| "");
}

/// The same, with a note behind values of which there is more to say.
pub(super) fn noted_settings<'a>(
    page: &mut Page,
    indent: usize,
    shown: impl Iterator<Item = (Setting, &'a Resolved)>,
    generation: Generation,
    places: &PlacesOfServer<'_>,
    note: impl Fn(Setting) -> &'static str,
) {
    let mut rows = Vec::new();
    let mut reasons: Vec<&str> = Vec::new();
    let mut unknown: BTreeMap<&str, Vec<&str>> = BTreeMap::new();
    for (setting, resolved) in shown {
        let (value, origin) = match &resolved.origin {
            Origin::Unknown { needs } => {
                unknown.entry(needs).or_default().push(setting.name());
                continue;
            }
            Origin::Explicit { at } => (cell(setting, &resolved.value, generation), places.text(*at)),
            Origin::Inherited { from, at } => {
                (cell(setting, &resolved.value, generation), format!("inherited from {from} at {}", places.text(*at)))
            }
            Origin::Default { why } => {
                let mark = match reasons.iter().position(|reason| reason == why) {
                    Some(index) => index + 1,
                    None => {
                        reasons.push(why);
                        reasons.len()
                    }
                };
                let effect = described(setting, &resolved.value, generation);
                (format!("not set → {effect}"), format!("default [{mark}]"))
            }
        };
        rows.push(vec![setting.name().to_owned(), value + note(setting), origin]);
    }
    page.table(indent, &["setting", "value", "where it comes from"], &rows);
    for (index, reason) in reasons.iter().enumerate() {
        page.labelled(indent, &format!("[{}]", index + 1), DIM, reason);
    }
    for (needs, names) in unknown {
        // Where no record serves the endpoint nothing is missing that would tell.
        if let Some(why) = needs.strip_prefix("nothing: ") {
            page.labelled(indent, "no value:", HEADING, &format!("{} ({why})", names.join(", ")));
            continue;
        }
        page.labelled(indent, "not assessed:", HEADING, &format!("{} (needs: {needs})", names.join(", ")));
    }
}

/// More reservations than this are counted, not listed.
const WARNINGS: usize = 20;

/// Puts the files that could not be read on the page, and what a reader should know of the others.
pub(super) fn inputs(page: &mut Page, estate: &Estate) {
    unreadable(page, estate);
    reservations(page, estate);
}

/// Puts the files that could not be read on the page, or not to their end.
pub(super) fn unreadable(page: &mut Page, estate: &Estate) {
    let unreadable: Vec<_> = estate.inputs.iter().filter_map(|input| input.error.as_ref().map(|error| (input, error))).collect();
    if !unreadable.is_empty() {
        page.gap();
        page.painted(0, ERROR, "Could not be read");
        for (input, error) in unreadable {
            let mut place = input.path.clone();
            for number in [error.line, error.column].into_iter().map_while(|number| number) {
                place.push_str(&format!(":{number}"));
            }
            page.prose(2, &format!("{place}: {}", error.message));
        }
    }
}

/// Puts what a reader should know of files that were read on the page.
pub(super) fn reservations(page: &mut Page, estate: &Estate) {
    let warned: Vec<_> = estate.inputs.iter().flat_map(|input| input.warnings.iter().map(move |warning| (input, warning))).collect();
    if !warned.is_empty() {
        page.gap();
        page.heading(0, "Read with reservations");
        // A directory of pasted pieces has one for each file.
        for (input, warning) in warned.iter().take(WARNINGS) {
            page.prose(2, &format!("{}: {warning}", input.path));
        }
        if warned.len() > WARNINGS {
            page.prose(2, &format!("and {} more; --format json lists all, as `warnings` of each input", warned.len() - WARNINGS));
        }
    }
}

/// What was not assessed, each notice once with the names of the servers that share it.
pub(super) fn shared_notices(servers: &[Server]) -> BTreeMap<&Notice, Vec<&str>> {
    let mut shared: BTreeMap<&Notice, Vec<&str>> = BTreeMap::new();
    for server in servers {
        for notice in &server.notices {
            let names = shared.entry(notice).or_default();
            if names.last() != Some(&server.name.as_str()) {
                names.push(&server.name);
            }
        }
    }
    shared
}

/// What stands before a remedy.
pub(super) fn risk_label(risk: Risk) -> &'static str {
    match risk {
        Risk::ReadOnly => "[read-only]",
        Risk::Safe => "[safe]",
        Risk::WeakensSecurity => "[weakens security]",
    }
}

/// Puts what was not assessed on the page; a notice that several servers share is said once.
pub(super) fn notices(page: &mut Page, servers: &[Server]) {
    let shared = shared_notices(servers);
    if shared.is_empty() {
        return;
    }
    page.gap();
    page.heading(0, "Not assessed");
    for (notice, names) in shared {
        page.prose(2, &format!("{} ({}): {}", notice.name, names.join(", "), notice.message));
        page.labelled(4, "needs", DIM, &notice.needs);
    }
}
/// A remedy: what it does, then its commands. That for PowerShell stands there where it is another one and changes something; what only
/// looks is shown for one shell.
pub(super) fn remedy(page: &mut Page, indent: usize, remedy: &Remedy) {
    page.labelled(indent, risk_label(remedy.risk), HEADING, &remedy.what);
    for (is_powershell, command) in remedy.shown() {
        page.verbatim(indent + 2, &format!("{}{command}", if is_powershell { POWERSHELL } else { "" }));
    }
}
