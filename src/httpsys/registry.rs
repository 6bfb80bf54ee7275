//! The records of HTTP.sys as the registry keeps them, below `Services\HTTP\Parameters`.

use std::collections::BTreeSet;

use super::netsh::repeated_keys;
use super::record::{self, NO_RAW_FILTER, ReadRecords, Record, Source, StrayValue, Switch, Unknown};
use super::words::KeyLabel;
use crate::input::registry::{self as text, Data, Key, Value};
use crate::input::{Field, FileId, Place, Remark};
use crate::server::EndpointKey;

/// The key that holds everything.
const PARAMETERS: [&str; 3] = ["Services", "HTTP", "Parameters"];

/// Keys above records, with the family of the records below.
const FAMILIES: [(&str, KeyLabel); 4] = [
    ("SslBindingInfo", KeyLabel::Address),
    ("SslSniBindingInfo", KeyLabel::Host),
    ("SslCcsBindingInfo", KeyLabel::Ccs),
    ("SslScopedCcsBindingInfo", KeyLabel::ScopedCcs),
];

/// Reads the records in an export of the registry: a .reg file, the text of `reg query`, or a property list of PowerShell. Keys that
/// have nothing to do with HTTP.sys are passed over.
pub fn read_registry(export: &str, file: FileId) -> ReadRecords {
    let read = text::read(export, file);
    let mut out =
        ReadRecords { unknown: read.unknown.into_iter().map(|(text, place)| Unknown { text, place }).collect(), ..ReadRecords::default() };
    let sets: BTreeSet<Option<String>> = read.keys.iter().filter(|key| key.below(&PARAMETERS).is_some()).map(Key::control_set).collect();
    // The current control set is a link to one of the numbered ones, which hold the same or an older state.
    let current = Some("currentcontrolset".to_owned());
    let chosen = if sets.contains(&current) { Some(current) } else { sets.first().cloned() };
    let mut left: Option<Place> = None;
    for key in &read.keys {
        let Some(below) = key.below(&PARAMETERS) else { continue };
        if chosen.as_ref().is_some_and(|chosen| *chosen != key.control_set()) {
            left = left.or(Some(key.place));
            continue;
        }
        let Some((family, label)) = below.first().and_then(|name| FAMILIES.iter().find(|(family, _)| family.eq_ignore_ascii_case(name)))
        else {
            continue;
        };
        match below.as_slice() {
            [_] => out.stray.extend(key.values.iter().filter(|value| !value.name.is_empty()).map(|value| stray(key, value))),
            [_, name] => take_record(&mut out, key, family, *label, name),
            _ => unknown_key(&mut out, key),
        }
    }
    if let Some(place) = left {
        let set = chosen.flatten().unwrap_or_default();
        let message = format!("the export holds several control sets; only {set} was used");
        out.warnings.push(Remark { message, place: Some(place) });
    }
    repeated_keys(&mut out);
    out.warnings.sort_by_key(|warning| warning.place);
    out
}

fn take_record(out: &mut ReadRecords, key: &Key, family: &str, label: KeyLabel, name: &str) {
    // One revision of Windows names the subkeys by GUID and keeps the host name in a value.
    let named = key.values.iter().find_map(|value| match &value.data {
        Data::Text(text) if value.name.eq_ignore_ascii_case("HostnamePort") => Some(text.as_str()),
        _ => None,
    });
    let written = named.unwrap_or(name);
    let Some(endpoint) = endpoint(label, written) else {
        let message = format!("\"{written}\" below {family} is not the key of a record; its values are not used");
        out.warnings.push(Remark { message, place: Some(key.place) });
        return unknown_key(out, key);
    };
    if key.values.is_empty() {
        let message = format!("the record {written} has no values in this export; reg query shows them with /s");
        out.warnings.push(Remark { message, place: Some(key.place) });
        out.unknown.push(Unknown { text: key.path.clone(), place: key.place });
        return;
    }
    let mut record = Record::new(endpoint, written.to_owned(), key.place, Source::Registry);
    for value in &key.values {
        if !take_value(&mut record, value) {
            // Of a number that holds a bit too many, the other bits are understood.
            let text = match record.unknown_flags() {
                bits if bits != 0 && record.default_flags.place() == Some(value.place) => format!("the bits {bits:#x} of {}", value.text()),
                _ => value.text(),
            };
            record.unknown.push(Unknown { text, place: value.place });
        }
    }
    out.records.push(record);
}

/// Takes one value; false when it is not understood.
fn take_value(record: &mut Record, value: &Value) -> bool {
    let place = value.place;
    match value.name.to_ascii_lowercase().as_str() {
        "hostnameport" | "" => matches!(value.data, Data::Text(_)),
        "sslcerthash" | "sslhash" => {
            let hash = match &value.data {
                Data::Bytes(bytes) if bytes.is_empty() => Some(None),
                Data::Bytes(bytes) if bytes.len() == 20 => Some(Some(bytes.clone())),
                Data::Text(text) => record::parse_hash(text).map(Some),
                _ => None,
            };
            put(&mut record.certificate, hash, value)
        }
        "appid" => {
            let id = match &value.data {
                Data::Bytes(bytes) => guid_of(bytes),
                Data::Text(text) => record::parse_guid(text),
                _ => None,
            };
            put(&mut record.app_id, id, value)
        }
        "sslcertstorename" => put(&mut record.store, text_or_null(value), value),
        "defaultsslctlidentifier" => put(&mut record.ctl_identifier, text_or_null(value), value),
        "defaultsslctlstorename" => put(&mut record.ctl_store, text_or_null(value), value),
        "defaultsslrevocationfreshnesstime" => put(&mut record.freshness_seconds, value.dword().map(u64::from), value),
        "defaultsslrevocationurlretrievaltimeout" => put(&mut record.url_timeout_milliseconds, value.dword().map(u64::from), value),
        "defaultsslcertcheckmode" => match value.dword() {
            Some(bits) if record.cert_check_mode.known == 0 => {
                record.cert_check_mode.state(u32::MAX, false, place);
                record.cert_check_mode.set = bits;
                true
            }
            _ => false,
        },
        "defaultflags" => {
            let flags = value.dword();
            if record.default_flags.is_absent() {
                for switch in Switch::ALL {
                    if let (Some(bit), Some(flags)) = (switch.bit(), flags) {
                        record.switches.insert(*switch, Field::said(flags & bit != 0, place));
                    }
                }
            }
            put(&mut record.default_flags, flags, value) && flags.is_none_or(|flags| flags & !known_flags() == 0)
        }
        _ => false,
    }
}

fn known_flags() -> u32 {
    Switch::ALL.iter().filter_map(|switch| switch.bit()).fold(NO_RAW_FILTER, |all, bit| all | bit)
}

fn put<T>(field: &mut Field<T>, read: Option<T>, value: &Value) -> bool {
    if !field.is_absent() {
        return false;
    }
    let readable = read.is_some();
    *field = read.map_or_else(|| Field::unreadable(value.shown.as_str(), value.place), |read| Field::said(read, value.place));
    readable
}

fn text_or_null(value: &Value) -> Option<Option<String>> {
    match &value.data {
        Data::Text(text) if text.is_empty() || text == "(null)" => Some(None),
        Data::Text(text) => Some(Some(text.clone())),
        _ => None,
    }
}

/// A GUID in memory: the first three groups are numbers with the lowest byte first.
fn guid_of(bytes: &[u8]) -> Option<String> {
    let b: [u8; 16] = bytes.try_into().ok()?;
    let first = u32::from_le_bytes([b[0], b[1], b[2], b[3]]);
    let (second, third) = (u16::from_le_bytes([b[4], b[5]]), u16::from_le_bytes([b[6], b[7]]));
    let rest: String = b[10..].iter().map(|byte| format!("{byte:02x}")).collect();
    Some(format!("{{{first:08x}-{second:04x}-{third:04x}-{:02x}{:02x}-{rest}}}", b[8], b[9]))
}

fn endpoint(label: KeyLabel, name: &str) -> Option<EndpointKey> {
    match label {
        KeyLabel::Address => {
            let (host, port) = record::parse_host_port(name)?;
            record::parse_address(&host).map(|address| EndpointKey::IpPort(address, port))
        }
        KeyLabel::Host => {
            let (host, port) = record::parse_host_port(name)?;
            record::is_host(&host).then(|| EndpointKey::HostPort(host.to_lowercase(), port))
        }
        KeyLabel::Ccs | KeyLabel::ScopedCcs => super::netsh::english_key(label, name),
    }
}

fn stray(key: &Key, value: &Value) -> StrayValue {
    let number = match value.data {
        Data::Number(number) => Some(number),
        _ => None,
    };
    StrayValue { key: key.path.clone(), name: value.name.clone(), data: value.shown.clone(), number, place: value.place }
}

fn unknown_key(out: &mut ReadRecords, key: &Key) {
    out.unknown.push(Unknown { text: key.path.clone(), place: key.place });
    out.unknown.extend(key.values.iter().map(|value| Unknown { text: value.text(), place: value.place }));
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::super::record::AppOwner;
    use super::*;

    const O04: &str = include_str!("../../tests/fixtures/netsh/o04_regquery_sslbindinginfo.txt");
    const ROOT: &str = "HKEY_LOCAL_MACHINE\\SYSTEM\\CurrentControlSet\\Services\\HTTP\\Parameters";

    fn read(text: &str) -> ReadRecords {
        read_registry(text, FileId(0))
    }

    #[test]
    fn reg_query_gives_the_record_and_the_stray_value_above_it() {
        let out = read(O04);
        assert_eq!(out.records.len(), 1);
        let record = &out.records[0];
        assert_eq!((record.key.to_string(), record.place.line, record.source), ("0.0.0.0:443".to_owned(), 5, Source::Registry));
        assert_eq!(record.owner(), Some(AppOwner::Iis));
        assert_eq!(record.certificate.value(), Some(&record::parse_hash("1f0c6b7c2a9d4e58b3a7c0d1e2f30415263748a9")));
        assert_eq!(record.store.value(), Some(&Some("My".to_owned())));
        assert_eq!(record.cert_check_mode.number(), Some(0));
        assert_eq!(record.default_flags.value(), Some(&0x42));
        assert_eq!((record.switch(Switch::Negotiate), record.switch(Switch::DisableTls13)), (Some(true), Some(true)));
        assert_eq!((record.switch(Switch::DsMapper), record.switch(Switch::CachingClientHello)), (Some(false), None));
        assert!(record.ctl_identifier.is_absent());
        assert!(record.unknown.is_empty() && out.unknown.is_empty() && out.warnings.is_empty());
        assert_eq!(out.stray.len(), 1);
        assert_eq!((out.stray[0].name.as_str(), out.stray[0].number, out.stray[0].place.line), ("DefaultSslCertCheckMode", Some(1), 3));
    }

    #[test]
    fn a_reg_file_gives_records_of_all_families() {
        let out = read(&format!(
            "Windows Registry Editor Version 5.00\r\n\r\n[{ROOT}\\SslBindingInfo\\[::]:443]\r\n\"DefaultFlags\"=dword:00008002\r\n\
             \"DefaultSslCertCheckMode\"=dword:00010001\r\n\"AppId\"=\"{{5D89A20C-BEAB-4389-9447-324788EB944A}}\"\r\n\"New\"=dword:1\r\n\r\n\
             [{ROOT}\\SslSniBindingInfo\\Www.Contoso.test:443]\r\n\"SslCertHash\"=hex:1f,0c,6b,7c,2a,9d,4e,58,b3,a7,\\\r\n  c0,d1,e2,f3,04,15,26,37,48,a9\r\n\r\n\
             [{ROOT}\\SslSniBindingInfo\\{{00000000-1111-2222-3333-444444444444}}]\r\n\"HostnamePort\"=\"b.contoso.test:8443\"\r\n\"SslCertHash\"=hex:00\r\n\r\n\
             [{ROOT}\\SslCcsBindingInfo\\443]\r\n\"AppId\"=hex:81,e1,c3,4d,4b,e1,21,4a,b0,22,59,fc,66,9b,09,14\r\n\r\n\
             [{ROOT}\\SslBindingInfo\\nonsense]\r\n\"DefaultFlags\"=dword:2\r\n"
        ));
        let keys: Vec<String> = out.records.iter().map(|record| record.key.to_string()).collect();
        assert_eq!(keys, ["[::]:443", "www.contoso.test:443", "b.contoso.test:8443", "ccs:443"]);
        let first = &out.records[0];
        assert_eq!((first.cert_check_mode.number(), first.unknown_flags()), (Some(0x1_0001), 0x8000));
        assert_eq!(first.owner(), Some(AppOwner::AdFs));
        assert_eq!(
            first.unknown.iter().map(|unknown| unknown.text.as_str()).collect::<Vec<_>>(),
            ["the bits 0x8000 of DefaultFlags = dword:00008002", "New = dword:1"]
        );
        assert_eq!(out.records[1].certificate.value().and_then(Option::as_ref).map(Vec::len), Some(20));
        assert!(out.records[1].cert_check_mode.said.is_empty() && out.records[1].switches.is_empty());
        assert!(matches!(out.records[2].certificate, Field::Unreadable(_)));
        assert_eq!(out.records[3].owner(), Some(AppOwner::Iis));
        assert_eq!(out.unknown.len(), 2);
        assert!(out.warnings[0].message.contains("nonsense"));
    }

    #[test]
    fn a_listing_of_keys_without_values_says_nothing_about_records() {
        let out = read(&format!("\r\n{ROOT}\\SslBindingInfo\\0.0.0.0:443\r\n{ROOT}\\SslBindingInfo\\0.0.0.0:8172\r\n"));
        assert!(out.records.is_empty());
        assert_eq!((out.unknown.len(), out.warnings.len()), (2, 2));
    }

    #[test]
    fn of_several_control_sets_the_current_one_counts() {
        let key = |set: &str| format!("[{}\\SslBindingInfo\\0.0.0.0:443]\n", ROOT.replace("CurrentControlSet", set));
        let text = format!("{}\"DefaultFlags\"=dword:1\n{}\"DefaultFlags\"=dword:2\n", key("ControlSet001"), key("CurrentControlSet"));
        let out = read(&text);
        assert_eq!((out.records.len(), out.records[0].default_flags.value()), (1, Some(&2)));
        assert_eq!(out.warnings.len(), 1);
        let alone = read(&format!("{}\"DefaultFlags\"=dword:1\n", key("ControlSet001")));
        assert_eq!((alone.records.len(), alone.warnings.len()), (1, 0));
    }

    proptest! {
        #[test]
        fn no_text_makes_it_panic(text in "\\PC*", cut in 0_usize..600, insert in "[\\[\\]\"\\\\=:{}0-9a-fA-Z@ \n-]{0,12}") {
            let _ = read(&text);
            let cut = O04.floor_char_boundary(cut.min(O04.len()));
            let text = format!("{}{insert}{}", &O04[..cut], &O04[cut..]);
            let _ = read(&text);
            let _ = crate::schannel::read_schannel(&text, FileId(0));
        }
    }
}
