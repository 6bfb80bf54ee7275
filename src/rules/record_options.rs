//! The options of an SSL record as values that can be compared and written back, each with its place, and what lies behind an endpoint.

use std::collections::BTreeMap;

use super::record_remedy::Change;
use crate::catalogue::cert_check;
use crate::httpsys::{Record, Source, Switch};
use crate::input::{Field, Place};
use crate::server::{Endpoint, EndpointKey, Server};

/// An option that a record states.
#[derive(Debug, Clone)]
pub(super) struct Stated {
    /// The option and its value, as the change that would write it.
    pub(super) value: Change,
    /// Where it is stated.
    pub(super) place: Place,
}

/// All options of a record in one order for all records; `None` for one that the record does not state. The server certificate and its
/// store are none of them.
pub(super) fn options(record: &Record) -> Vec<Option<Stated>> {
    // An absent value of the registry is the default, when the record is there whole, which its certificate tells.
    let whole = record.source == Source::Registry && !record.certificate.is_absent();
    let at = |place: Option<Place>| place.unwrap_or(record.place);
    let bit = |bit: u32, to: fn(bool) -> Change| {
        let on = record.cert_check_mode.get(bit).or(whole.then_some(false))?;
        Some(Stated { value: to(on), place: at(record.cert_check_mode.place(bit)) })
    };
    let number = |field: &Field<u64>, to: fn(u32) -> Change| {
        let number = match field.value() {
            Some(number) => u32::try_from(*number).ok()?,
            None => (whole && field.is_absent()).then_some(0)?,
        };
        Some(Stated { value: to(number), place: at(field.place()) })
    };
    let text = |field: &Field<Option<String>>, to: fn(Option<String>) -> Change| {
        let text = match field.value() {
            Some(text) => text.clone(),
            None => (whole && field.is_absent()).then_some(None)?,
        };
        Some(Stated { value: to(text), place: at(field.place()) })
    };
    let mut options = vec![
        bit(cert_check::NO_REVOCATION, |off| Change::Revocation(!off)),
        bit(cert_check::CACHE_ONLY, Change::CachedOnly),
        bit(cert_check::NO_USAGE, |off| Change::Usage(!off)),
        number(&record.freshness_seconds, Change::Freshness),
        number(&record.url_timeout_milliseconds, Change::UrlTimeout),
        text(&record.ctl_identifier, Change::CtlIdentifier),
        text(&record.ctl_store, Change::CtlStore),
    ];
    for switch in Switch::ALL {
        let on = record.switch(*switch).or((whole && record.default_flags.is_absent()).then_some(false));
        options.push(on.map(|on| Stated { value: Change::Switch(*switch, on), place: at(record.switch_place(*switch)) }));
    }
    options
}

/// The options that both records state and that differ, in pairs.
pub(super) fn differences(a: &Record, b: &Record) -> Vec<(Stated, Stated)> {
    let both = options(a).into_iter().zip(options(b)).filter_map(|(a, b)| Some((a?, b?)));
    both.filter(|(a, b)| !equal(&a.value, &b.value)).collect()
}

/// Whether two values are the same; stores have no letter case.
pub(super) fn equal(a: &Change, b: &Change) -> bool {
    let same = |a: &Option<String>, b: &Option<String>| match (a, b) {
        (Some(a), Some(b)) => a.to_lowercase() == b.to_lowercase(),
        (None, None) => true,
        _ => false,
    };
    match (a, b) {
        (Change::CtlIdentifier(a), Change::CtlIdentifier(b)) | (Change::CtlStore(a), Change::CtlStore(b)) => same(a, b),
        (a, b) => a == b,
    }
}

/// Whether it is what a new record has.
pub(super) fn is_default(value: &Change) -> bool {
    match value {
        Change::Revocation(on) | Change::Usage(on) => *on,
        Change::CachedOnly(on) | Change::Switch(_, on) => !*on,
        Change::Freshness(time) | Change::UrlTimeout(time) => *time == 0,
        Change::CtlIdentifier(text) | Change::CtlStore(text) => text.is_none(),
    }
}

/// Whether writing `new` in place of `old` makes the server accept more than before.
pub(super) fn weakens(new: &Change) -> bool {
    match new {
        Change::Revocation(on) | Change::Usage(on) => !*on,
        Change::CtlIdentifier(text) | Change::CtlStore(text) => text.is_none(),
        Change::Switch(Switch::DisableLegacyTls, on) => !*on,
        Change::Switch(Switch::DisableTls12 | Switch::DisableTls13, on) => *on,
        Change::CachedOnly(_) | Change::Freshness(_) | Change::UrlTimeout(_) | Change::Switch(..) => false,
    }
}

/// The option and its value as an English listing has them: `Negotiate Client Certificate: Disabled`.
pub(super) fn shown(value: &Change) -> String {
    let (label, value) = label(value);
    format!("{label}: {value}")
}

/// The label of an option in an English listing.
pub(super) fn label(value: &Change) -> (&'static str, String) {
    let enabled = |on: bool| if on { "Enabled" } else { "Disabled" }.to_owned();
    let text = |text: &Option<String>| text.clone().unwrap_or_else(|| "(null)".to_owned());
    match value {
        Change::Revocation(on) => ("Verify Client Certificate Revocation", enabled(*on)),
        Change::CachedOnly(on) => ("Verify Revocation Using Cached Client Certificate Only", enabled(*on)),
        Change::Usage(on) => ("Usage Check", enabled(*on)),
        Change::Freshness(seconds) => ("Revocation Freshness Time", seconds.to_string()),
        Change::UrlTimeout(milliseconds) => ("URL Retrieval Timeout", milliseconds.to_string()),
        Change::CtlIdentifier(value) => ("Ctl Identifier", text(value)),
        Change::CtlStore(value) => ("Ctl Store Name", text(value)),
        Change::Switch(switch @ (Switch::DsMapper | Switch::Negotiate | Switch::Reject), on) => (switch.label(), enabled(*on)),
        Change::Switch(switch, on) => (switch.label(), if *on { "Set" } else { "Not Set" }.to_owned()),
    }
}

/// `label: value on a, value on b`, for all differences.
pub(super) fn told(a: &Record, b: &Record, differences: &[(Stated, Stated)]) -> String {
    let parts = differences.iter().map(|(left, right)| {
        let (label, left) = label(&left.value);
        format!("{label}: {left} on {}, {} on {}", a.key, self::label(&right.value).1, b.key)
    });
    parts.collect::<Vec<_>>().join(". ")
}

/// The endpoint with this key.
pub(super) fn endpoint<'a>(server: &'a Server, key: &EndpointKey) -> Option<&'a Endpoint> {
    server.endpoints.binary_search_by(|endpoint| endpoint.key.cmp(key)).ok().and_then(|index| server.endpoints.get(index))
}

/// The numbers of the records by their keys; of those that repeat a key the first counts.
pub(super) fn by_key(server: &Server) -> BTreeMap<&EndpointKey, usize> {
    let mut numbers = BTreeMap::new();
    for (number, record) in server.records.iter().flat_map(|read| &read.records).enumerate() {
        numbers.entry(&record.key).or_insert(number);
    }
    numbers
}

/// For each record, by its number, the indexes of the sites that it serves, ascending.
pub(super) fn sites_by_record(server: &Server) -> Vec<Vec<usize>> {
    let mut sites = vec![Vec::new(); server.records.as_ref().map_or(0, |records| records.records.len())];
    for endpoint in &server.endpoints {
        if let Some(list) = endpoint.served.record().and_then(|number| sites.get_mut(number)) {
            list.extend_from_slice(&endpoint.sites);
        }
    }
    for list in &mut sites {
        list.sort_unstable();
        list.dedup();
    }
    sites
}

#[cfg(test)]
mod tests {
    use super::super::testing::records_alone;
    use super::*;

    fn labels(server: &Server, a: usize, b: usize) -> Vec<&'static str> {
        let records = &server.records.as_ref().unwrap().records;
        differences(&records[a], &records[b]).iter().map(|(value, _)| label(&value.value).0).collect()
    }

    #[test]
    fn records_differ_in_what_they_state_and_not_in_what_one_of_them_lacks() {
        let server = records_alone("netsh/o02_2022_sni_drift_and_ccs.txt");
        assert_eq!(labels(&server, 0, 1), ["URL Retrieval Timeout", "Ctl Store Name", "Negotiate Client Certificate"]);
        // The record of the store has no line for the protocol switches.
        assert_eq!(labels(&server, 2, 3), ["Verify Client Certificate Revocation", "Negotiate Client Certificate"]);
        assert!(labels(&server, 1, 3).is_empty());
    }
}
