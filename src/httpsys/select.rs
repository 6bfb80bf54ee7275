//! The join: which record of HTTP.sys serves which endpoint, in the vendor's order of precedence, and what is therefore in effect for
//! each site.
//!
//! The order (learn.microsoft.com, AD FS troubleshooting "extranet"; the same in KB4034932): the exact IP:port; the host name with SNI;
//! the Central Certificate Store of the port; `[::]:port`; `0.0.0.0:port`.

use std::borrow::Cow;
use std::collections::{BTreeMap, BTreeSet};

use super::{Extent, ReadRecords, Record, Source, Switch};
use crate::catalogue::{Level, Setting, Value, entry};
use crate::input::{Field, Place};
use crate::server::{Endpoint, EndpointKey, Generation, Notice, Origin, Resolved, Served, Server, Settings};

/// What a shortened listing lacks.
const NEEDS_WHOLE_LISTING: &str = "the whole output of `netsh http show sslcert`: this record is not listed in full";
/// What a shortened registry export lacks.
const NEEDS_WHOLE_RECORD: &str = "an export of the whole registry key SslBindingInfo: this record is not there in full";
/// What an endpoint without a record lacks.
const NO_RECORD: &str = "nothing: no record of HTTP.sys serves this endpoint, so that no value is in effect";

/// What an export of the registry lacks that holds no record of an endpoint's kind.
const NEEDS_ALL_KEYS: &str = "an export of the whole registry key Services\\HTTP\\Parameters, or `netsh http show sslcert`: this export holds no record of this kind";

/// What is said of a file that should hold records and holds none.
const EMPTY_LISTING: &str =
    "and the file that was given for its records holds none: it is cut, or was asked for something else, or no https binding has a record";

/// What a listing of one record lacks.
const NEEDS_ALL_RECORDS: &str = "`netsh http show sslcert` without a key: the listing that was given holds a single record";

/// What tells the certificate of a record that names none.
const CENTRAL_STORE: &str = "the files of the Central Certificate Store, which has one for each host name";

/// Gives a server of IIS 7 or later its records: each endpoint gets the record that serves it and the values in effect, each site the
/// values of its endpoints, and records that no binding leads to become endpoints without a site.
pub fn join(server: &mut Server, records: ReadRecords) {
    // The metabase has these settings itself. Without it, the records are all that is known.
    if server.generation == Generation::Iis6 && server.lists_sites {
        return;
    }
    if records.records.is_empty() {
        // Help text, the answer to a question for one record, an export of other keys: that there are no records cannot be told from it.
        for notice in server.notices.iter_mut().filter(|notice| notice.name == "endpoint-not-assessed") {
            notice.message = notice.message.replace("whose records were not given", EMPTY_LISTING);
        }
        server.records = Some(Box::new(records)).filter(|records| !records.stray.is_empty());
        return;
    }
    server.notices.retain(|notice| notice.name != "endpoint-not-assessed");
    let index = Index::new(&records.records);
    let addresses = binding_addresses(server);
    let kind = std::mem::discriminant::<EndpointKey>;
    // A listing has all kinds of records, unless it was asked for one; the registry has a key for each kind, of which one alone may have
    // been exported.
    let listed = records.records.iter().any(|record| record.source != Source::Registry);
    let whole = listed && records.extent == Extent::Whole;
    let mut not_given = Vec::new();
    for endpoint in &mut server.endpoints {
        endpoint.served = index.serves(&endpoint.key, addresses.get(&endpoint.key));
        let exported =
            || records.records.iter().any(|record| record.source == Source::Registry && kind(&record.key) == kind(&endpoint.key));
        if !(whole || matches!(endpoint.served, Served::Own(_)) || exported()) {
            endpoint.served = Served::NotGiven;
            let needs = if listed { NEEDS_ALL_RECORDS } else { NEEDS_ALL_KEYS };
            endpoint.settings = endpoint_settings(|_| Resolved::unknown(needs));
            not_given.push(endpoint.key.to_string());
            continue;
        }
        endpoint.settings = match endpoint.served.record() {
            Some(number) => settings(&records.records[number]),
            None => endpoint_settings(|_| Resolved::unknown(NO_RECORD)),
        };
    }
    if !not_given.is_empty() {
        let keys = not_given.join(", ");
        let (message, needs) = if listed {
            let why = match records.extent {
                Extent::Asked => "its command asked for this one",
                Extent::Single | Extent::Whole => "it may be the answer to a question for this one",
            };
            (
                format!("the listing of SSL records holds a single record, and {why}: which record serves {keys} is not known"),
                "the output of `netsh http show sslcert` without a key",
            )
        } else {
            (
                format!("the registry export holds no record of the kind that serves {keys}"),
                "an export of the whole registry key Services\\HTTP\\Parameters, or `netsh http show sslcert > sslcert.txt`",
            )
        };
        server.notices.push(Notice { name: "endpoint-not-assessed", message, needs: needs.into() });
        server.notices.sort();
    }
    notice_shortened(server, &records);
    let taken: BTreeSet<EndpointKey> = server.endpoints.iter().map(|endpoint| endpoint.key.clone()).collect();
    for (key, number) in &index.by_key {
        if !taken.contains(key) {
            let settings = settings(&records.records[*number]);
            server.endpoints.push(Endpoint { key: (*key).clone(), sites: Vec::new(), served: Served::Own(*number), settings });
        }
    }
    server.endpoints.sort_by(|a, b| a.key.cmp(&b.key));
    drop(index);
    server.records = Some(Box::new(records));
    give_sites_their_values(server);
}

/// Settings of IIS 6 of which HTTP.sys has a copy that decides. The certificate is left out: a client sees it, and it allows nothing.
const RUNNING: [Setting; 7] = [
    Setting::CertCheckMode,
    Setting::RevocationFreshnessTime,
    Setting::RevocationUrlRetrievalTimeout,
    Setting::CtlIdentifier,
    Setting::CtlStoreName,
    Setting::DsMapper,
    Setting::NegotiateClientCertificate,
];

/// Gives a server of IIS 6 the records that HTTP.sys has now. What the record of an endpoint says is in effect on it and for its sites; what
/// they write instead is kept beside it.
pub fn run(server: &mut Server, records: ReadRecords) {
    let index = Index::new(&records.records);
    let mut of_site: Vec<Vec<usize>> = vec![Vec::new(); server.sites.len()];
    for (number, endpoint) in server.endpoints.iter_mut().enumerate() {
        let Some(record) = index.get(&endpoint.key).and_then(|record| records.records.get(record)) else { continue };
        let said = settings(record);
        for setting in RUNNING {
            let known = said.get(setting).filter(|resolved| resolved.known().is_some_and(|value| !matches!(value, Value::Malformed(_))));
            if let Some(resolved) = known {
                endpoint.settings.set(setting, resolved.clone());
            }
        }
        for site in &endpoint.sites {
            of_site[*site].push(number);
        }
    }
    // A site of which one endpoint alone has a record has several endpoints all the same.
    for (number, endpoint) in server.endpoints.iter().enumerate().filter(|(_, endpoint)| index.get(&endpoint.key).is_none()) {
        for site in &endpoint.sites {
            if !of_site[*site].is_empty() {
                of_site[*site].push(number);
            }
        }
    }
    for (site, endpoints) in server.sites.iter_mut().zip(of_site) {
        let Some(root) = site.scopes.first_mut() else { continue };
        for setting in RUNNING.into_iter().filter(|_| !endpoints.is_empty()) {
            let Some(written) = root.settings.get(setting).cloned() else { continue };
            let in_effect = agreed(server.endpoints.as_slice(), &endpoints, setting);
            if in_effect != written {
                site.overruled.set(setting, written);
                root.settings.set(setting, in_effect);
            }
        }
    }
    drop(index);
    server.running = Some(Box::new(records));
}

/// The value that all of `numbers` have, or which of them would have to be named.
fn agreed(endpoints: &[Endpoint], numbers: &[usize], setting: Setting) -> Resolved {
    let mut values = numbers.iter().filter_map(|number| endpoints[*number].settings.get(setting));
    let first = values.next();
    match first {
        Some(first) if values.all(|other| other.known() == first.known()) => first.clone(),
        _ => Resolved::unknown(differing(endpoints, numbers)),
    }
}

fn differing(endpoints: &[Endpoint], numbers: &[usize]) -> String {
    let keys: Vec<String> = numbers.iter().map(|number| endpoints[*number].key.to_string()).collect();
    format!("one of the endpoints of this site, which differ in it: {}", keys.join(", "))
}

/// Whether the record that decides the value was given and leaves it out.
fn is_left_out(resolved: &Resolved) -> bool {
    matches!(&resolved.origin, Origin::Unknown { needs } if *needs == NEEDS_WHOLE_LISTING || *needs == NEEDS_WHOLE_RECORD)
}

/// Says which records do not tell all that is decided by them, so that what was not assessed of a site never looks like agreement.
fn notice_shortened(server: &mut Server, records: &ReadRecords) {
    let mut lacking: BTreeMap<Vec<Setting>, BTreeSet<String>> = BTreeMap::new();
    for endpoint in server.endpoints.iter().filter(|endpoint| !endpoint.sites.is_empty()) {
        let Some(record) = endpoint.served.record().and_then(|number| records.records.get(number)) else { continue };
        let settings: Vec<Setting> =
            endpoint.settings.iter().filter(|(_, resolved)| is_left_out(resolved)).map(|(setting, _)| setting).collect();
        if !settings.is_empty() {
            lacking.entry(settings).or_default().insert(record.key.to_string());
        }
    }
    for (settings, keys) in lacking {
        let names: Vec<&str> = settings.into_iter().map(Setting::name).collect();
        let keys = keys.into_iter().collect::<Vec<_>>().join(", ");
        server.notices.push(Notice {
            name: "record-not-assessed",
            message: format!("{keys} is not listed in full, so nothing can be said about: {}", names.join(", ")),
            needs: "the whole output of `netsh http show sslcert`, or a registry export for a system that is not English".into(),
        });
    }
    server.notices.sort();
}

/// Addresses of the bindings that lead to each endpoint, `*` for any.
fn binding_addresses(server: &Server) -> BTreeMap<EndpointKey, BTreeSet<String>> {
    let mut addresses: BTreeMap<EndpointKey, BTreeSet<String>> = BTreeMap::new();
    for binding in server.sites.iter().flat_map(|site| &site.bindings) {
        if let Some(key) = &binding.endpoint {
            addresses.entry(key.clone()).or_default().insert(binding.ip.clone());
        }
    }
    addresses
}

/// The records by key; of records that repeat a key the first counts.
pub(crate) struct Index<'a> {
    by_key: BTreeMap<&'a EndpointKey, usize>,
}

impl<'a> Index<'a> {
    /// Sorts the records.
    pub(crate) fn new(records: &'a [Record]) -> Self {
        let mut by_key = BTreeMap::new();
        for (number, record) in records.iter().enumerate() {
            by_key.entry(&record.key).or_insert(number);
        }
        Index { by_key }
    }

    fn get(&self, key: &EndpointKey) -> Option<usize> {
        self.by_key.get(key).copied()
    }

    /// The record that serves `key`, when clients reach it through `addresses` and there are no other records than these.
    pub(crate) fn serves(&self, key: &EndpointKey, addresses: Option<&BTreeSet<String>>) -> Served {
        let port = match key {
            EndpointKey::IpPort(_, port) | EndpointKey::HostPort(_, port) | EndpointKey::ScopedCcs(_, port) | EndpointKey::Ccs(port) => {
                *port
            }
        };
        // A binding with one specific address is reached through it alone, and a record for that address comes before SNI.
        let specific = addresses.filter(|addresses| addresses.len() == 1).and_then(|addresses| addresses.first());
        let exact = specific.filter(|address| *address != "*").map(|address| EndpointKey::IpPort(address.clone(), port));
        let any6 = EndpointKey::IpPort("[::]".to_owned(), port);
        let any4 = EndpointKey::IpPort("0.0.0.0".to_owned(), port);
        let mut candidates: Vec<EndpointKey> = Vec::new();
        match key {
            EndpointKey::IpPort(address, _) => {
                candidates.push(key.clone());
                if address.starts_with('[') {
                    candidates.push(any6.clone());
                }
                // Most clients come by IPv4, for which a record of [::] does not count; where both are there and differ, a rule says so.
                candidates.extend([any4, any6]);
            }
            EndpointKey::HostPort(host, _) | EndpointKey::ScopedCcs(host, _) => {
                candidates.extend(exact);
                candidates.push(key.clone());
                // A wildcard record holds for the left-most label alone (Windows Server 2016 and later).
                if let Some((_, domain)) = host.split_once('.') {
                    candidates.push(EndpointKey::HostPort(format!("*.{domain}"), port));
                }
                candidates.extend([EndpointKey::Ccs(port), any4, any6]);
            }
            EndpointKey::Ccs(_) => {
                candidates.extend(exact);
                candidates.extend([key.clone(), any4, any6]);
            }
        }
        for candidate in candidates {
            if let Some(number) = self.get(&candidate) {
                return if candidate == *key { Served::Own(number) } else { Served::Other(number) };
            }
        }
        Served::Nobody
    }
}

/// Every endpoint setting of IIS 7 and later.
fn endpoint_settings(of: impl Fn(Setting) -> Resolved) -> Settings {
    let mut settings = Settings::default();
    for setting in Setting::ALL.iter().filter(|setting| entry(**setting).level == Level::Endpoint && entry(**setting).iis7.is_some()) {
        settings.set(*setting, of(*setting));
    }
    settings
}

/// What a record puts into effect.
fn settings(record: &Record) -> Settings {
    endpoint_settings(|setting| match setting {
        Setting::CertCheckMode => cert_check_mode(record),
        Setting::RevocationFreshnessTime => number(record, &record.freshness_seconds),
        Setting::RevocationUrlRetrievalTimeout => number(record, &record.url_timeout_milliseconds),
        Setting::CtlIdentifier => text(record, setting, &record.ctl_identifier),
        Setting::CtlStoreName => text(record, setting, &record.ctl_store),
        Setting::DsMapper => switch(record, Switch::DsMapper),
        Setting::NegotiateClientCertificate => switch(record, Switch::Negotiate),
        // A record of the Central Certificate Store names no certificate: the file of the host is taken.
        Setting::ServerCertificate
            if matches!(record.key, EndpointKey::Ccs(_) | EndpointKey::ScopedCcs(..)) && record.certificate.value() == Some(&None) =>
        {
            Resolved::unknown(CENTRAL_STORE)
        }
        Setting::ServerCertificate => {
            let value = |hash: &Option<Vec<u8>>| hash.clone().map_or(Value::None, Value::Bytes);
            resolved(record, &record.certificate, value, Value::None)
        }
        Setting::ServerCertificateStore => text(record, setting, &record.store),
        _ => Resolved::unknown(NEEDS_WHOLE_LISTING),
    })
}

fn explicit(value: Value, at: Place) -> Resolved {
    Resolved { value, origin: Origin::Explicit { at } }
}

/// What an absent field means: nothing in a listing, which may be shortened; the default in the registry, when the record is there
/// whole, which its certificate tells.
fn absent(record: &Record, default: Value) -> Resolved {
    match record.source {
        Source::Registry if !record.certificate.is_absent() => {
            Resolved { value: default, origin: Origin::Default { why: Cow::Borrowed("the registry key of the record does not set it") } }
        }
        Source::Registry => Resolved::unknown(NEEDS_WHOLE_RECORD),
        Source::Listing | Source::Json | Source::Httpcfg => Resolved::unknown(NEEDS_WHOLE_LISTING),
    }
}

fn resolved<T>(record: &Record, field: &Field<T>, value: impl Fn(&T) -> Value, default: Value) -> Resolved {
    match field {
        Field::Said(said) => explicit(value(&said.value), said.place),
        Field::Unreadable(said) => explicit(Value::Malformed(said.value.clone()), said.place),
        Field::Absent => absent(record, default),
    }
}

fn number(record: &Record, field: &Field<u64>) -> Resolved {
    resolved(record, field, |number| Value::Number(*number), Value::Number(0))
}

fn text(record: &Record, setting: Setting, field: &Field<Option<String>>) -> Resolved {
    let value = |text: Option<&str>| Value::parse(setting, Generation::Iis7, text.unwrap_or_default());
    resolved(record, field, |text| value(text.as_deref()), value(None))
}

fn switch(record: &Record, switch: Switch) -> Resolved {
    match record.switches.get(&switch) {
        Some(field) => resolved(record, field, |on| Value::Bool(*on), Value::Bool(false)),
        None => absent(record, Value::Bool(false)),
    }
}

fn cert_check_mode(record: &Record) -> Resolved {
    let bits = &record.cert_check_mode;
    match (bits.number(), bits.said.is_empty()) {
        // The place of the line that sets a bit says more than that of the first line.
        (Some(number), false) => {
            let at = bits.place(number).filter(|_| number != 0).or_else(|| bits.said.first().map(|said| said.place));
            explicit(Value::Flags(number), at.unwrap_or(record.place))
        }
        (Some(number), true) => explicit(Value::Flags(number), record.place),
        (None, true) => absent(record, Value::Flags(0)),
        (None, false) => Resolved::unknown(NEEDS_WHOLE_LISTING),
    }
}

/// A site has the values of its endpoints; where they differ no single value can be said for the site.
fn give_sites_their_values(server: &mut Server) {
    let mut of_site: Vec<Vec<usize>> = vec![Vec::new(); server.sites.len()];
    for (number, endpoint) in server.endpoints.iter().enumerate() {
        for site in &endpoint.sites {
            of_site[*site].push(number);
        }
    }
    for (site, mut endpoints) in server.sites.iter_mut().zip(of_site) {
        // Where no record serves, nothing is in effect that could differ from the rest.
        if endpoints.iter().any(|number| server.endpoints[*number].served != Served::Nobody) {
            endpoints.retain(|number| server.endpoints[*number].served != Served::Nobody);
        }
        let Some(root) = site.scopes.first_mut() else { continue };
        let Some((first, rest)) = endpoints.split_first() else { continue };
        for (setting, value) in server.endpoints[*first].settings.iter() {
            let differs = rest.iter().any(|other| {
                let other = server.endpoints[*other].settings.get(setting);
                other.is_none_or(|other| other.known() != value.known())
            });
            let value = if differs { Resolved::unknown(differing(&server.endpoints, &endpoints)) } else { value.clone() };
            root.settings.set(setting, value);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::httpsys::read_listing;
    use crate::input::FileId;
    use crate::xml::Limits;

    fn server(sites: &str) -> Server {
        let text = format!("<configuration><system.applicationHost><sites>{sites}</sites></system.applicationHost></configuration>");
        let config = crate::apphost::read(&text, FileId(0), Limits::default()).unwrap();
        crate::apphost::assemble(&config, &[], None, "server".to_owned())
    }

    #[test]
    fn a_record_that_is_not_listed_in_full_and_a_listing_without_records_are_told() {
        let told = |listing: &str| {
            let mut server = server(&site(1, "*:443:", 0));
            join(&mut server, read_listing(listing, FileId(1)));
            server.notices.iter().map(|notice| format!("{}: {}", notice.name, notice.message)).collect::<Vec<_>>().join("\n")
        };
        let short =
            "\n    IP:port : 0.0.0.0:443\n    Certificate Hash : 1f0c6b7c2a9d4e58b3a7c0d1e2f30415263748a9\n    Usage Check : Enabled\n";
        let said = told(short);
        assert!(said.starts_with("record-not-assessed: 0.0.0.0:443 is not listed in full") && said.contains("cert-check-mode"), "{said}");
        let said = told("\nSSL Certificate bindings:\n-------------------------\n\n");
        assert!(said.contains("the file that was given for its records holds none"), "{said}");
    }

    fn site(id: u32, binding: &str, flags: u32) -> String {
        format!(
            r#"<site name="S{id}" id="{id}"><application path="/"/><bindings><binding protocol="https" bindingInformation="{binding}" sslFlags="{flags}"/></bindings></site>"#
        )
    }

    /// A record of the twelve classic lines; `revocation` is Enabled or Disabled.
    fn record(label: &str, key: &str, revocation: &str) -> String {
        format!(
            "\n    {label:<28} : {key}\n    Certificate Hash             : 1f0c6b7c2a9d4e58b3a7c0d1e2f30415263748a9\n    \
             Application ID               : {{4dc3e181-e14b-4a21-b022-59fc669b0914}}\n    Certificate Store Name       : MY\n    \
             Verify Client Certificate Revocation : {revocation}\n    Verify Revocation Using Cached Client Certificate Only : Disabled\n    \
             Usage Check                  : Enabled\n    Revocation Freshness Time    : 0\n    URL Retrieval Timeout        : 0\n    \
             Ctl Identifier               : (null)\n    Ctl Store Name               : (null)\n    DS Mapper Usage              : Disabled\n    \
             Negotiate Client Certificate : Enabled\n"
        )
    }

    fn joined(sites: &str, records: &[String]) -> Server {
        let mut server = server(sites);
        let text = format!("C:\\>netsh http show sslcert\n\nSSL Certificate bindings:\n-------------------------\n{}", records.concat());
        join(&mut server, read_listing(&text, FileId(1)));
        server
    }

    /// The same for a file of one record, after `command`.
    fn joined_one(sites: &str, command: &str, record: &str) -> Server {
        let mut server = server(sites);
        join(&mut server, read_listing(&format!("{command}\n\nSSL Certificate bindings:\n-------------------------\n{record}"), FileId(1)));
        server
    }

    fn served_by(server: &Server, key: &str) -> String {
        let endpoint = server.endpoints.iter().find(|endpoint| endpoint.key.to_string() == key).unwrap();
        match endpoint.served {
            Served::Own(_) => "own".to_owned(),
            Served::Nobody => "nobody".to_owned(),
            Served::NotGiven => "not given".to_owned(),
            Served::Other(number) => server.records.as_ref().unwrap().records[number].key.to_string(),
        }
    }

    fn mode(server: &Server, site: usize) -> Option<u32> {
        server.sites[site].root().value(Setting::CertCheckMode).and_then(Value::flags)
    }

    #[test]
    fn each_site_gets_the_values_of_its_own_record_with_their_places() {
        let server = joined(
            &(site(1, "*:443:a.test", 1) + &site(2, "*:443:b.test", 1)),
            &[record("Hostname:port", "a.test:443", "Disabled"), record("Hostname:port", "b.test:443", "Enabled")],
        );
        assert_eq!((mode(&server, 0), mode(&server, 1)), (Some(1), Some(0)));
        let origin = &server.sites[0].root().settings.get(Setting::CertCheckMode).unwrap().origin;
        assert_eq!(origin.place().map(|place| (place.file, place.line)), Some((FileId(1), 10)));
        assert_eq!(server.sites[0].root().value(Setting::NegotiateClientCertificate).and_then(Value::bool), Some(true));
        assert!(server.notices.iter().all(|notice| notice.name != "endpoint-not-assessed"));
    }

    #[test]
    fn on_iis_6_a_record_gives_its_endpoint_and_sites_their_values_and_what_is_written_is_kept() {
        let text = r#"<configuration><MBProperty><IIsWebService Location="/LM/W3SVC"/>
            <IIsWebServer Location="/LM/W3SVC/1" SecureBindings=":443:" CertCheckMode="1"/>
            <IIsWebServer Location="/LM/W3SVC/2" SecureBindings=":443:b.test 10.0.0.2:443:"/></MBProperty></configuration>"#;
        let metabase = crate::metabase::read(text, FileId(0), crate::xml::Limits::default(), None).unwrap();
        let mut server = crate::metabase::assemble(&metabase, String::new());
        let text = "    IP            : 0.0.0.0:443\n    CertCheckMode : 1\n    Flags         : 2\n";
        run(&mut server, super::super::read_httpcfg(text, FileId(1)));
        let flags = |resolved: Option<&Resolved>| resolved.and_then(|resolved| resolved.known()?.flags());
        let of_endpoint = |index: usize| server.endpoints[index].settings.get(Setting::CertCheckMode);
        assert_eq!((flags(of_endpoint(0)), flags(of_endpoint(1))), (Some(1), Some(0)));
        assert_eq!(of_endpoint(0).and_then(|resolved| resolved.origin.place()).map(|place| place.file), Some(FileId(1)));
        // Its two endpoints have different values, so the second site has none, and both still write what they write.
        let root = |index: usize| server.sites[index].root().settings.get(Setting::CertCheckMode);
        assert_eq!((flags(root(0)), flags(root(1))), (Some(1), None));
        assert_eq!(
            (flags(server.sites[0].written(Setting::CertCheckMode)), flags(server.sites[1].written(Setting::CertCheckMode))),
            (Some(1), Some(0))
        );
        let negotiates = server.sites[0].root().value(Setting::NegotiateClientCertificate).and_then(Value::bool);
        assert_eq!(negotiates, Some(true));
        assert!(server.sites[0].overruled.get(Setting::ServerCertificate).is_none(), "the certificate stays that of the metabase");
    }

    #[test]
    fn the_order_of_precedence_is_ip_then_sni_then_central_store_then_any_address() {
        let ip = record("IP:port", "10.0.0.5:443", "Disabled");
        let sni = record("Hostname:port", "a.test:443", "Enabled");
        let ccs = record("Central Certificate Store", "443", "Enabled");
        let any = record("IP:port", "0.0.0.0:443", "Enabled");
        let any6 = record("IP:port", "[::]:443", "Enabled");
        let all = [ip.clone(), sni.clone(), ccs.clone(), any.clone(), any6.clone()];
        assert_eq!(served_by(&joined(&site(1, "*:443:a.test", 1), &all), "a.test:443"), "own");
        assert_eq!(served_by(&joined(&site(1, "10.0.0.5:443:a.test", 1), &all), "a.test:443"), "10.0.0.5:443");
        assert_eq!(served_by(&joined(&site(1, "*:443:a.test", 1), &[ccs.clone(), any.clone()]), "a.test:443"), "ccs:443");
        assert_eq!(served_by(&joined(&site(1, "*:443:a.test", 1), &[any.clone(), any6.clone()]), "a.test:443"), "0.0.0.0:443");
        assert_eq!(served_by(&joined(&site(1, "10.0.0.5:443:", 0), std::slice::from_ref(&any)), "10.0.0.5:443"), "0.0.0.0:443");
        assert_eq!(served_by(&joined(&site(1, "[fd00::1]:443:", 0), &[any.clone(), any6.clone()]), "[fd00::1]:443"), "[::]:443");
        assert_eq!(served_by(&joined(&site(1, "*:443:a.test", 3), &[ccs]), "ccs:443"), "own");
        assert_eq!(served_by(&joined(&site(1, "*:8443:a.test", 1), &all), "a.test:8443"), "nobody");
        assert_eq!(
            served_by(&joined(&site(1, "*:443:x.a.test", 1), &[record("Hostname:port", "*.a.test:443", "Enabled")]), "x.a.test:443"),
            "*.a.test:443"
        );
    }

    #[test]
    fn a_record_without_binding_is_an_endpoint_without_site() {
        let server =
            joined(&site(1, "*:443:", 0), &[record("IP:port", "0.0.0.0:443", "Enabled"), record("IP:port", "0.0.0.0:8443", "Enabled")]);
        let orphan = server.endpoints.iter().find(|endpoint| endpoint.key.to_string() == "0.0.0.0:8443").unwrap();
        assert!(orphan.sites.is_empty() && matches!(orphan.served, Served::Own(_)));
    }

    #[test]
    fn an_endpoint_without_record_has_no_value_in_effect_and_is_not_called_checked() {
        let server = joined(&site(1, "*:443:a.test", 1), &[record("Hostname:port", "b.test:443", "Enabled")]);
        assert_eq!(mode(&server, 0), None);
    }

    #[test]
    fn a_record_of_the_central_store_is_not_called_a_record_without_certificate() {
        let ccs = record("Central Certificate Store", "443", "Enabled").replace("1f0c6b7c2a9d4e58b3a7c0d1e2f30415263748a9", "(null)");
        let server = joined(&site(1, "*:443:a.test", 3), &[ccs]);
        let certificate = server.sites[0].root().settings.get(Setting::ServerCertificate).unwrap();
        assert_eq!(certificate, &Resolved::unknown(CENTRAL_STORE));
    }

    #[test]
    fn an_endpoint_without_record_does_not_hide_what_is_in_effect_on_the_others() {
        let bindings = r#"<site name="S" id="1"><application path="/"/><bindings><binding protocol="https" bindingInformation="*:443:a.test" sslFlags="1"/><binding protocol="https" bindingInformation="*:8443:a.test" sslFlags="1"/></bindings></site>"#;
        let server = joined(bindings, &[record("Hostname:port", "a.test:443", "Disabled")]);
        assert_eq!(served_by(&server, "a.test:8443"), "nobody");
        assert_eq!(mode(&server, 0), Some(1));
    }

    #[test]
    fn a_listing_of_a_single_record_serves_its_own_endpoint_and_says_nothing_of_others() {
        let sites = site(1, "*:443:", 0) + &site(2, "*:443:a.test", 1) + &site(3, "*:8443:", 0);
        for (command, why) in [("", "may be the answer"), ("C:\\>netsh http show sslcert ipport=0.0.0.0:443", "asked for this one")] {
            let server = joined_one(&sites, command, &record("IP:port", "0.0.0.0:443", "Disabled"));
            assert_eq!((served_by(&server, "0.0.0.0:443").as_str(), mode(&server, 0)), ("own", Some(1)));
            for key in ["a.test:443", "0.0.0.0:8443"] {
                assert_eq!(served_by(&server, key), "not given");
            }
            assert_eq!(server.sites[2].root().settings.get(Setting::CertCheckMode), Some(&Resolved::unknown(NEEDS_ALL_RECORDS)));
            let [notice] = server.notices.as_slice() else { panic!("{:?}", server.notices) };
            assert!(notice.message.contains(why) && notice.message.contains("0.0.0.0:8443, a.test:443"), "{}", notice.message);
        }
        let whole = joined_one(&sites, "C:\\>netsh http show sslcert", &record("IP:port", "0.0.0.0:443", "Disabled"));
        assert_eq!((served_by(&whole, "a.test:443").as_str(), served_by(&whole, "0.0.0.0:8443").as_str()), ("0.0.0.0:443", "nobody"));
        let only = joined_one(&site(1, "*:443:", 0), "", &record("IP:port", "0.0.0.0:443", "Disabled"));
        assert!(only.notices.is_empty() && mode(&only, 0) == Some(1));
    }

    #[test]
    fn text_without_any_record_does_not_prove_that_there_is_none() {
        for text in ["SSL Certificate bindings:\n-------------------------\n\nThe system cannot find the file specified.\n", ""] {
            let mut server = server(&site(1, "*:443:a.test", 1));
            join(&mut server, read_listing(text, FileId(1)));
            assert_eq!(served_by(&server, "a.test:443"), "not given");
            assert!(server.notices.iter().any(|notice| notice.name == "endpoint-not-assessed"));
        }
    }

    #[test]
    fn a_registry_export_of_one_kind_of_records_says_nothing_of_the_other_kinds() {
        let export = "Windows Registry Editor Version 5.00\n\n[HKEY_LOCAL_MACHINE\\SYSTEM\\CurrentControlSet\\Services\\HTTP\\Parameters\\\
                      SslBindingInfo\\0.0.0.0:443]\n\"SslCertHash\"=hex:1f,0c,6b,7c,2a,9d,4e,58,b3,a7,c0,d1,e2,f3,04,15,26,37,48,a9\n";
        let mut server = server(&(site(1, "*:443:a.test", 1) + &site(2, "*:443:", 0)));
        join(&mut server, crate::httpsys::read_registry(export, FileId(1)));
        assert_eq!(served_by(&server, "a.test:443"), "not given");
        assert_eq!(served_by(&server, "0.0.0.0:443"), "own");
        assert!(server.notices.iter().any(|notice| notice.message.contains("a.test:443")));
    }

    #[test]
    fn a_site_whose_endpoints_differ_has_no_single_value() {
        let bindings = r#"<site name="S" id="1"><application path="/"/><bindings><binding protocol="https" bindingInformation="*:443:a.test" sslFlags="1"/><binding protocol="https" bindingInformation="*:443:b.test" sslFlags="1"/></bindings></site>"#;
        let server =
            joined(bindings, &[record("Hostname:port", "a.test:443", "Disabled"), record("Hostname:port", "b.test:443", "Enabled")]);
        assert_eq!(mode(&server, 0), None);
        assert_eq!(server.sites[0].root().value(Setting::NegotiateClientCertificate).and_then(Value::bool), Some(true));
    }
}
