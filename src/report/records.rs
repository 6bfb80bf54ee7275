//! SSL records of HTTP.sys and values of Schannel as reports show them: what serves an endpoint, what stands where nobody looks, and the
//! values that were given. What was not given is absent and never shown as a default.

use std::collections::BTreeMap;

use serde::Serialize;

use super::page::Page;
use super::parts::{self, count};
use super::place::{Location, Places, PlacesOfServer};
use super::style::{DIM, HEADING};
use crate::catalogue::Setting;
use crate::httpsys::{AppOwner, Record, Switch};
use crate::input::{Field, Place};
use crate::schannel::{Role, Schannel};
use crate::server::{Endpoint, EndpointKey, Origin, Served, Server, Site};

/// How many endpoints a text names before it counts them.
const NAMED: usize = 4;

/// A record in JSON.
#[derive(Debug, Serialize)]
pub(super) struct RecordJson<'a> {
    key: String,
    location: Location<'a>,
    owner: Option<&'a str>,
    app_id: Option<&'a str>,
    switches: BTreeMap<String, Option<bool>>,
    unknown: usize,
}

impl<'a> RecordJson<'a> {
    pub(super) fn new(record: &'a Record, places: Places<'a>) -> Self {
        RecordJson {
            key: record.key.to_string(),
            location: places.json(record.place),
            owner: owner_for_json(record),
            app_id: record.app_id.value().map(String::as_str),
            switches: record.switches.iter().map(|(switch, field)| (switch_name(*switch), field.value().copied())).collect(),
            unknown: record.unknown.len(),
        }
    }
}

fn owner_for_json(record: &Record) -> Option<&str> {
    match record.owner() {
        Some(AppOwner::Zero) => Some("none"),
        Some(owner) => Some(owner.name()),
        None => record.app_id.value().map(String::as_str),
    }
}

/// Who owns a record, for a text; it comes from a file and must be escaped where it is printed.
pub(super) fn owner(record: &Record) -> String {
    match (record.owner(), &record.app_id) {
        (Some(owner), _) => owner.name().to_owned(),
        (None, Field::Said(said)) => format!("application {}", said.value),
        (None, Field::Unreadable(said)) => format!("application id \"{}\" is none", said.value),
        (None, Field::Absent) => "not listed".to_owned(),
    }
}

/// The word of netsh; a switch without one is called by its label.
pub(super) fn switch_name(switch: Switch) -> String {
    match switch.word() {
        "" => switch.label().to_lowercase().replace(' ', ""),
        word => word.to_owned(),
    }
}

/// What serves an endpoint, as JSON names it.
pub(super) fn served_name(served: Served) -> &'static str {
    match served {
        Served::NotGiven => "not-given",
        Served::Own(_) => "own",
        Served::Other(_) => "other",
        Served::Nobody => "nobody",
    }
}

/// A value that stands where HTTP.sys does not look, in JSON.
#[derive(Debug, Serialize)]
pub(super) struct StrayJson<'a> {
    key: &'a str,
    name: &'a str,
    data: &'a str,
    location: Location<'a>,
}

impl<'a> StrayJson<'a> {
    pub(super) fn all(server: &'a Server, places: Places<'a>) -> Vec<Self> {
        let stray = server.records.iter().flat_map(|records| &records.stray);
        stray.map(|value| StrayJson { key: &value.key, name: &value.name, data: &value.data, location: places.json(value.place) }).collect()
    }
}

/// A value of Schannel in JSON.
#[derive(Debug, Serialize)]
pub(super) struct SchannelValueJson<'a> {
    name: String,
    /// A number, or the text of a value that is none.
    value: serde_json::Value,
    location: Location<'a>,
}

/// The values of Schannel that were given, in JSON; `None` when no export was.
pub(super) fn schannel_json<'a>(server: &'a Server, places: Places<'a>) -> Option<Vec<SchannelValueJson<'a>>> {
    let one = |value: Given| SchannelValueJson { name: value.name, value: value.value, location: places.json(value.place) };
    server.schannel.as_ref().map(|schannel| given(schannel).into_iter().map(one).collect())
}

/// A value that the export has.
struct Given {
    name: String,
    value: serde_json::Value,
    meaning: &'static str,
    place: Place,
}

fn given(schannel: &Schannel) -> Vec<Given> {
    let mut values = Vec::new();
    let mut add = |name: String, field: &Field<u32>, meaning: &dyn Fn(u32) -> &'static str| {
        let (value, meaning, place) = match field {
            Field::Said(said) => (said.value.into(), meaning(said.value), said.place),
            Field::Unreadable(said) => (said.value.as_str().into(), "cannot be read as a number", said.place),
            Field::Absent => return,
        };
        values.push(Given { name, value, meaning, place });
    };
    let plain = |_: u32| "";
    let on_off = |number: u32| if number == 0 { "off" } else { "on" };
    add("SendTrustedIssuerList".to_owned(), &schannel.send_trusted_issuer_list, &|number| {
        if number == 0 { "clients are not told which issuers are accepted" } else { "clients are told which issuers are accepted" }
    });
    add("ClientAuthTrustMode".to_owned(), &schannel.client_auth_trust_mode, &|number| match number {
        0 => "Machine Trust",
        1 => "Exclusive Root Trust",
        2 => "Exclusive CA Trust",
        _ => "no known trust mode",
    });
    add("MessageLimitServerClientAuth".to_owned(), &schannel.message_limit_server_client_auth, &plain);
    add("CertificateMappingMethods".to_owned(), &schannel.certificate_mapping_methods, &plain);
    add("EnableOcspStaplingForSni".to_owned(), &schannel.enable_ocsp_stapling_for_sni, &on_off);
    add("EventLogging".to_owned(), &schannel.event_logging, &plain);
    for protocol in &schannel.protocols {
        let role = match protocol.role {
            Role::Server => "Server",
            Role::Client => "Client",
        };
        add(format!(r"Protocols\{}\{role}\Enabled", protocol.name), &protocol.enabled, &on_off);
        add(format!(r"Protocols\{}\{role}\DisabledByDefault", protocol.name), &protocol.disabled_by_default, &plain);
    }
    add(r"HTTP\Parameters\EnableHttp2Tls".to_owned(), &schannel.http.enable_http2_tls, &on_off);
    add(r"HTTP\Parameters\EnableHttp2Cleartext".to_owned(), &schannel.http.enable_http2_cleartext, &on_off);
    add(r"HTTP\Parameters\EnableHttp3".to_owned(), &schannel.http.enable_http3, &on_off);
    add(r"HTTP\Parameters\EnableAltSvc".to_owned(), &schannel.http.enable_alt_svc, &on_off);
    values
}

/// Puts the values of Schannel on the page, if any were given.
pub(super) fn schannel(page: &mut Page, indent: usize, server: &Server, places: &PlacesOfServer<'_>) {
    let Some(schannel) = &server.schannel else { return };
    page.gap();
    page.heading(indent, "Schannel");
    let rows: Vec<Vec<String>> = given(schannel)
        .into_iter()
        .map(|value| {
            let shown = value.value.as_str().map_or_else(|| value.value.to_string(), |text| format!("\"{text}\""));
            let meaning = if value.meaning.is_empty() { String::new() } else { format!(": {}", value.meaning) };
            vec![value.name, format!("{shown}{meaning}"), places.text(value.place)]
        })
        .collect();
    if rows.is_empty() {
        page.prose(indent + 2, "The export sets none of the values that decide about certificates or protocols.");
    }
    page.table(indent + 2, &["value", "data", "where it comes from"], &rows);
}

/// Puts values above the records on the page, where HTTP.sys does not look.
pub(super) fn stray(page: &mut Page, indent: usize, server: &Server, places: &PlacesOfServer<'_>) {
    let stray = server.records.iter().flat_map(|records| &records.stray);
    let rows: Vec<Vec<String>> = stray.map(|value| vec![value.name.clone(), value.data.clone(), places.text(value.place)]).collect();
    if !rows.is_empty() {
        page.gap();
        page.heading(indent, "Values above the records, which HTTP.sys does not read");
        page.table(indent + 2, &["value", "data", "where it comes from"], &rows);
    }
}

/// What the line of a binding adds to its endpoint: the record that serves it, when that is not its own.
pub(super) fn serving(server: &Server, endpoint: &Endpoint) -> String {
    match endpoint.served {
        Served::Other(_) => server.record_of(endpoint).map(|record| format!(", served by {}", record.key)).unwrap_or_default(),
        Served::Nobody => ", no record: connections are reset".to_owned(),
        Served::NotGiven | Served::Own(_) => String::new(),
    }
}

/// Puts the records on the page that no binding leads to. Without a list of sites these are all, and then their settings are shown too.
pub(super) fn without_binding(page: &mut Page, indent: usize, server: &Server, places: &PlacesOfServer<'_>) {
    let alone = || {
        let alone = server.endpoints.iter().filter(|endpoint| endpoint.sites.is_empty());
        alone.filter_map(|endpoint| Some((endpoint, server.record_of(endpoint)?)))
    };
    if alone().next().is_none() {
        return;
    }
    page.gap();
    if !server.lists_sites {
        for (endpoint, record) in alone() {
            page.gap();
            page.heading(indent, &format!("record {}, owner: {}", endpoint.key, owner(record)));
            page.painted(indent + 2, DIM, &places.text(record.place));
            parts::settings(page, indent + 2, endpoint.settings.iter(), server.generation, places);
            switches(page, indent + 2, record);
        }
        return;
    }
    let mut stands_in: BTreeMap<usize, Vec<&EndpointKey>> = BTreeMap::new();
    for endpoint in &server.endpoints {
        if let Served::Other(record) = endpoint.served {
            stands_in.entry(record).or_default().push(&endpoint.key);
        }
    }
    page.heading(indent, "Records without a binding");
    let rows: Vec<Vec<String>> = alone()
        .map(|(endpoint, record)| {
            let serves = endpoint.served.record().and_then(|record| stands_in.get(&record)).map_or(&[][..], Vec::as_slice);
            vec![endpoint.key.to_string(), owner(record), named(serves), places.text(record.place)]
        })
        .collect();
    if rows.iter().any(|row| !row[2].is_empty()) {
        page.table(indent + 2, &["record", "owner", "serves", "where it begins"], &rows);
    } else {
        let rows: Vec<Vec<String>> = rows
            .into_iter()
            .map(|mut row| {
                row.remove(2);
                row
            })
            .collect();
        page.table(indent + 2, &["record", "owner", "where it begins"], &rows);
    }
}

/// The switches that a record has on, beyond those that are settings.
fn switches(page: &mut Page, indent: usize, record: &Record) {
    let on = |switch: &Switch| record.switch(*switch) == Some(true) && !matches!(switch, Switch::DsMapper | Switch::Negotiate);
    let on: Vec<&str> = Switch::ALL.iter().filter(|switch| on(switch)).map(|switch| switch.label()).collect();
    if !on.is_empty() {
        page.labelled(indent, "switched on:", HEADING, &on.join(", "));
    }
    if !record.unknown.is_empty() {
        page.labelled(indent, "not understood:", HEADING, &count(record.unknown.len(), "line", "lines"));
    }
}

/// Names, cut and counted.
pub(super) fn named<T: ToString>(keys: &[T]) -> String {
    let mut text = keys.iter().take(NAMED).map(ToString::to_string).collect::<Vec<_>>().join(", ");
    if keys.len() > NAMED {
        text.push_str(&format!(" and {} more", keys.len() - NAMED));
    }
    text
}

/// The endpoint settings whose values differ between the endpoints of a site, so that the site has no single value.
pub(super) fn differing(server: &Server, endpoints: &[&Endpoint], site: &Site) -> Vec<Setting> {
    if server.records.is_none() && server.running.is_none() || endpoints.len() < 2 {
        return Vec::new();
    }
    let root = site.scopes.first();
    let unknown = root.into_iter().flat_map(|root| root.settings.iter()).filter(|(_, resolved)| resolved.known().is_none());
    let has_value = |setting: Setting| {
        endpoints.iter().any(|endpoint| endpoint.settings.get(setting).is_some_and(|resolved| resolved.known().is_some()))
    };
    unknown.map(|(setting, _)| setting).filter(|setting| has_value(*setting)).collect()
}

/// Puts those settings on the page, with the value that each endpoint has.
pub(super) fn differing_values(
    page: &mut Page,
    indent: usize,
    server: &Server,
    endpoints: &[&Endpoint],
    settings: &[Setting],
    places: &PlacesOfServer<'_>,
) {
    if settings.is_empty() {
        return;
    }
    page.gap();
    page.heading(indent, "differs between the endpoints of this site:");
    for setting in settings {
        // Endpoints with one value share a line, in the order of their keys.
        let mut groups: Vec<(String, Vec<String>, Option<Place>)> = Vec::new();
        let mut known: BTreeMap<String, usize> = BTreeMap::new();
        for endpoint in endpoints {
            let Some(resolved) = endpoint.settings.get(*setting) else { continue };
            // The line of its binding says that no record serves it.
            if endpoint.served == Served::Nobody {
                continue;
            }
            let text = match &resolved.origin {
                Origin::Unknown { needs } => format!("not assessed (needs: {needs})"),
                _ => parts::cell(*setting, &resolved.value, server.generation),
            };
            let group = *known.entry(text.clone()).or_insert_with(|| {
                groups.push((text, Vec::new(), resolved.origin.place()));
                groups.len() - 1
            });
            if let Some((_, keys, _)) = groups.get_mut(group) {
                keys.push(endpoint.key.to_string());
            }
        }
        page.prose(indent + 2, setting.name());
        for (text, keys, place) in groups {
            let place = place.map(|place| format!(" ({})", places.text(place))).unwrap_or_default();
            page.labelled(indent + 4, &format!("{}:", named(&keys)), DIM, &format!("{text}{place}"));
        }
    }
}
