//! The JSON form of the listing, `netsh http show sslcert json=enable`. No public description of it exists, so every object is taken
//! that has a key of a record and names which match the labels of the listing; names that are not known are reported.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::Value;

use super::netsh::{close, english_key, extent, repeated_keys, state};
use super::record::{self, ReadRecords, Record, Source, Unknown};
use super::words::{self, KeyLabel, Label};
use crate::input::{FileId, Place, Remark};
use crate::server::EndpointKey;

/// Reads the JSON form of the listing. A text that is no JSON gives no record and a warning that says where it ends to be JSON.
pub fn read_json(text: &str, file: FileId) -> ReadRecords {
    let mut out = ReadRecords::default();
    let start = Place { file, line: 1, column: 1 };
    let root: Value = match serde_json::from_str(text.trim_start_matches('\u{feff}')) {
        Ok(root) => root,
        Err(error) => {
            let number = |number: usize| u32::try_from(number).unwrap_or(u32::MAX).max(1);
            let place = Place { file, line: number(error.line()), column: number(error.column()) };
            let message = format!("this is no valid JSON, so that nothing of it counts: {error}");
            out.cut = Some(Remark { message, place: Some(place) });
            return out;
        }
    };
    let places = places(text, file);
    let mut strange = BTreeSet::new();
    // The name under which an object stands may itself be the key of its record.
    let mut waiting: Vec<(Option<&str>, &Value)> = vec![(None, &root)];
    while let Some((name, value)) = waiting.pop() {
        match value {
            Value::Array(items) => waiting.extend(items.iter().rev().map(|item| (name, item))),
            Value::Object(members) => match key_of(name, members) {
                Some((key, written, label)) => {
                    let place = places.get(written).copied().unwrap_or(start);
                    out.records.push(take(Record::new(key, written.to_owned(), place, Source::Json), members, label, &mut strange));
                }
                None => {
                    for (name, value) in members.iter().rev() {
                        if matches!(value, Value::Array(_) | Value::Object(_)) {
                            waiting.push((Some(name), value));
                        } else if words::squeezed_label(name).is_none() {
                            strange.insert(name.clone());
                        } else {
                            let place = places.get(name.as_str()).copied().unwrap_or(start);
                            out.unknown.push(Unknown { text: format!("{name}: {value}"), place });
                        }
                    }
                }
            },
            _ => {}
        }
    }
    if out.records.is_empty() {
        out.warnings.push(Remark { message: "no record was found in this JSON".to_owned(), place: None });
    }
    if !strange.is_empty() {
        let names: Vec<String> = strange.into_iter().take(40).collect();
        out.warnings.push(Remark { message: format!("names that are not known here: {}", names.join(", ")), place: None });
    }
    out.extent = extent(out.records.len(), (false, false));
    repeated_keys(&mut out);
    out
}

/// The key of the record that an object is: from a member that holds it, or from the name under which it stands.
fn key_of<'a>(name: Option<&'a str>, members: &'a serde_json::Map<String, Value>) -> Option<(EndpointKey, &'a str, Option<&'a str>)> {
    let member = members.iter().find_map(|(label, value)| {
        let Some(Label::Key(kind)) = words::squeezed_label(label) else { return None };
        let written = value.as_str()?;
        Some((english_key(kind, written)?, written, Some(label.as_str())))
    });
    let has_fields =
        || members.keys().filter_map(|label| words::squeezed_label(label)).any(|label| matches!(label, Label::Hash | Label::AppId));
    member.or_else(|| {
        let name = name.filter(|_| has_fields())?;
        let key = record::parse_key(name).or_else(|| english_key(KeyLabel::Ccs, name))?;
        Some((key, name, None))
    })
}

fn take(mut record: Record, members: &serde_json::Map<String, Value>, key: Option<&str>, strange: &mut BTreeSet<String>) -> Record {
    let place = record.place;
    let mut use_freshness = None;
    for (name, value) in members.iter().filter(|(name, _)| Some(name.as_str()) != key) {
        let text = format!("{name}: {value}");
        let Some(label) = words::squeezed_label(name) else {
            strange.insert(name.clone());
            record.unknown.push(Unknown { text, place });
            continue;
        };
        let (shown, meaning) = match value {
            Value::Null => ("(null)".to_owned(), None),
            Value::Bool(on) => (on.to_string(), Some(*on)),
            Value::Number(number) => (number.to_string(), None),
            Value::String(text) => (text.clone(), words::meaning(text)),
            Value::Array(_) | Value::Object(_) => {
                record.unknown.push(Unknown { text, place });
                continue;
            }
        };
        match label {
            Label::UseFreshness if meaning.is_some() => use_freshness = Some((meaning, place)),
            label => state(&mut record, label, &shown, meaning, &text, place),
        }
    }
    close(&mut record, use_freshness);
    record
}

/// Where each quoted text first stands, so that a record can be found in the file.
fn places(text: &str, file: FileId) -> BTreeMap<&str, Place> {
    let mut places = BTreeMap::new();
    for (number, line) in text.lines().enumerate() {
        let mut column = 1_u32;
        for (index, part) in line.split('"').enumerate() {
            if index % 2 == 1 {
                let line = u32::try_from(number + 1).unwrap_or(u32::MAX);
                places.entry(part).or_insert(Place { file, line, column: column.saturating_sub(1) });
            }
            column = column.saturating_add(u32::try_from(part.chars().count() + 1).unwrap_or(u32::MAX));
        }
    }
    places
}

#[cfg(test)]
mod tests {
    use super::super::record::Switch;
    use super::*;

    #[test]
    fn an_array_of_objects_with_the_labels_of_the_listing_is_read() {
        let text = r#"{ "SslCertificateBindings": [
          { "IPPort": "0.0.0.0:443", "CertificateHash": "1f0c6b7c2a9d4e58b3a7c0d1e2f30415263748a9",
            "ApplicationId": "{4DC3E181-E14B-4A21-B022-59FC669B0914}", "CertificateStoreName": null,
            "VerifyClientCertificateRevocation": "Disabled", "UsageCheck": true, "RevocationFreshnessTime": 60,
            "NegotiateClientCertificate": false, "DisableTLS13": "Set", "Surprise": 7 },
          { "HostnamePort": "A.test:443", "CertHash": "nonsense" } ] }"#;
        let out = read_json(text, FileId(0));
        assert_eq!(out.records.len(), 2);
        let first = &out.records[0];
        assert_eq!(first.key.to_string(), "0.0.0.0:443");
        assert_eq!((first.place.line, first.source), (2, Source::Json));
        assert_eq!(first.owner(), Some(record::AppOwner::Iis));
        assert_eq!(first.store.value(), Some(&None));
        assert_eq!((first.cert_check_mode.set, first.cert_check_mode.known), (5, 0x1_0005));
        assert_eq!((first.switch(Switch::Negotiate), first.switch(Switch::DisableTls13)), (Some(false), Some(true)));
        assert_eq!(first.unknown.len(), 1);
        assert_eq!(out.records[1].key, EndpointKey::HostPort("a.test".to_owned(), 443));
        assert_eq!(out.records[1].unknown.len(), 1);
        assert!(out.warnings.iter().any(|warning| warning.message.ends_with("Surprise")), "{:?}", out.warnings);
    }

    #[test]
    fn objects_named_by_their_key_are_read() {
        let out = read_json(r#"{"[::]:443": {"Certificate Hash": "(null)", "Application ID": 1}, "443": {"AppId": null}}"#, FileId(0));
        let keys: Vec<String> = out.records.iter().map(|record| record.key.to_string()).collect();
        assert_eq!(keys, ["ccs:443", "[::]:443"]);
        assert_eq!(out.records[1].certificate.value(), Some(&None));
    }

    #[test]
    fn what_is_no_json_or_has_no_record_says_so() {
        let broken = read_json("{\n \"a\": ", FileId(0));
        assert_eq!(broken.cut.and_then(|cut| cut.place).map(|place| place.line), Some(2));
        assert!(read_json("[1, 2]", FileId(0)).warnings[0].message.contains("no record"));
        assert!(read_json(&"[".repeat(100_000), FileId(0)).records.is_empty());
    }
}
