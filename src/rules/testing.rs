//! Helpers for the tests of rules: servers from pieces of configuration, and the findings of one rule.

use std::sync::Arc;

use super::{Context, Finding, Rule};
use crate::input::{FileId, Place};
use crate::server::{Anomaly, AnomalyKind, Generation, Scope, Server, Settings, Site};
use crate::xml::Limits;

/// A server of IIS 6 from metabase keys; the root elements are added.
pub(crate) fn metabase(keys: &str) -> Server {
    let text = format!("<configuration><MBProperty>{keys}</MBProperty></configuration>");
    let metabase = crate::metabase::read(&text, FileId(0), Limits::default(), None).unwrap();
    crate::metabase::assemble(&metabase, "server".to_owned())
}

/// A server of IIS 7 or later from the inside of `<configuration>`.
pub(crate) fn apphost(body: &str) -> Server {
    let text = format!("<configuration>{body}</configuration>");
    let config = crate::apphost::read(&text, FileId(0), Limits::default()).unwrap();
    crate::apphost::assemble(&config, &[], None, "server".to_owned())
}

/// A server from one of the project's fixtures, such as `metabase/04_shared_endpoint_collision.xml`.
pub(crate) fn fixture(path: &str) -> Server {
    let file = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures").join(path);
    let bytes = std::fs::read(&file).unwrap();
    let text = crate::input::decode(&bytes, None).unwrap().text;
    if path.starts_with("metabase/") {
        let metabase = crate::metabase::read(&text, FileId(0), Limits::default(), None).unwrap();
        crate::metabase::assemble(&metabase, "server".to_owned())
    } else {
        let config = crate::apphost::read(&text, FileId(0), Limits::default()).unwrap();
        crate::apphost::assemble(&config, &[], None, "server".to_owned())
    }
}

/// A server with its records: a fixture of applicationHost.config and one of `netsh http show sslcert`.
pub(crate) fn with_records(path: &str, listing: &str) -> Server {
    let mut server = fixture(path);
    crate::httpsys::join(&mut server, records(listing));
    server
}

/// A server of which only the records are known, from a fixture of `netsh http show sslcert` or of the registry.
pub(crate) fn records_alone(listing: &str) -> Server {
    let mut server = Server::unknown("server".to_owned(), Generation::Iis7);
    crate::httpsys::join(&mut server, records(listing));
    server
}

fn records(path: &str) -> crate::httpsys::ReadRecords {
    let file = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures").join(path);
    read_records(&std::fs::read_to_string(file).unwrap())
}

fn read_records(text: &str) -> crate::httpsys::ReadRecords {
    if text.contains("HKEY_LOCAL_MACHINE") {
        crate::httpsys::read_registry(text, FileId(1))
    } else {
        crate::httpsys::read_listing(text, FileId(1))
    }
}

/// A server of IIS 7 or later from the inside of `<configuration>` and the text of a listing or of `reg query`.
pub(crate) fn joined(body: &str, records: &str) -> Server {
    let mut server = apphost(body);
    crate::httpsys::join(&mut server, read_records(records));
    server
}

/// What `netsh http show sslcert` prints for these records of IIS, each with its first line and the values that differ from those of a stock
/// record; an empty value leaves the line out.
pub(crate) fn listing(records: &[(&str, &[(&str, &str)])]) -> String {
    const STOCK: [(&str, &str); 13] = [
        ("Certificate Hash", "1f0c6b7c2a9d4e58b3a7c0d1e2f30415263748a9"),
        ("Application ID", "{4dc3e181-e14b-4a21-b022-59fc669b0914}"),
        ("Certificate Store Name", "My"),
        ("Verify Client Certificate Revocation", "Enabled"),
        ("Verify Revocation Using Cached Client Certificate Only", "Disabled"),
        ("Usage Check", "Enabled"),
        ("Revocation Freshness Time", "0"),
        ("URL Retrieval Timeout", "0"),
        ("Ctl Identifier", "(null)"),
        ("Ctl Store Name", "(null)"),
        ("DS Mapper Usage", "Disabled"),
        ("Negotiate Client Certificate", "Disabled"),
        ("Reject Connections", "Disabled"),
    ];
    let mut text = "SSL Certificate bindings:\n-------------------------\n".to_owned();
    for (first, values) in records {
        text.push_str(&format!("\n    {first}\n"));
        for (label, stock) in STOCK {
            let value = values.iter().find(|(name, _)| *name == label).map_or(stock, |(_, value)| value);
            if !value.is_empty() {
                text.push_str(&format!("    {label} : {value}\n"));
            }
        }
    }
    text
}

/// A site with one SNI binding, which requires client certificates.
pub(crate) fn sni_site(id: u32, host: &str) -> String {
    https_site(id, &format!("*:443:{host}"), "Ssl, SslNegotiateCert, SslRequireCert").replacen(
        "bindingInformation",
        "sslFlags=\"1\" bindingInformation",
        1,
    )
}

/// A site with one https binding, and what its root says of `access@sslFlags`.
pub(crate) fn https_site(id: u32, binding: &str, access: &str) -> String {
    format!(
        r#"<system.applicationHost><sites><site name="S{id}" id="{id}"><application path="/"/><bindings><binding protocol="https"
           bindingInformation="{binding}"/></bindings></site></sites></system.applicationHost><location path="S{id}"><system.webServer>
           <security><access sslFlags="{access}"/></security></system.webServer></location>"#
    )
}

/// The record 0.0.0.0:443 of IIS as `reg query` shows it, with these values besides: name and number.
pub(crate) fn registry(values: &[(&str, u32)]) -> String {
    let key = r"HKEY_LOCAL_MACHINE\SYSTEM\CurrentControlSet\Services\HTTP\Parameters\SslBindingInfo\0.0.0.0:443";
    let values: String = values.iter().map(|(name, value)| format!("    {name}    REG_DWORD    {value:#x}\r\n")).collect();
    format!(
        "\r\n{key}\r\n    AppId    REG_BINARY    81E1C34D4BE1214AB02259FC669B0914\r\n    SslCertHash    REG_BINARY    \
         1F0C6B7C2A9D4E58B3A7C0D1E2F30415263748A9\r\n{values}"
    )
}

/// The findings of one rule.
pub(crate) fn findings(rule: &'static Rule, server: &Server) -> Vec<Finding> {
    let mut findings = Vec::new();
    (rule.check)(&Context::new(server), &mut findings);
    findings
}

/// A `/LM/W3SVC` key, so that absent values are defaults and not unknown.
pub(crate) const SERVICE: &str = r#"<IIsWebService Location="/LM/W3SVC"></IIsWebService>"#;

/// The URL paths of findings, in their order.
pub(crate) fn paths(findings: &[Finding]) -> Vec<&str> {
    findings.iter().filter_map(|finding| finding.path.as_deref()).collect()
}

/// A server in which a reader noticed `kind`, on line 7, once for each of `places`: the path in the only site `Shop` (id 7), or the
/// level of the server.
pub(crate) fn noticed(generation: Generation, kind: &AnomalyKind, places: &[Option<&str>]) -> Server {
    let scope = |path: &str, store_path: &str| Scope {
        path: path.to_owned(),
        store_path: store_path.to_owned(),
        is_application: false,
        place: None,
        product: None,
        settings: Settings::default(),
        mappings: Vec::new(),
        routing: crate::server::Routing::default(),
    };
    let site = Site {
        id: Some(7),
        name: "Shop".to_owned(),
        declared: true,
        place: None,
        auto_start: true,
        bindings: Vec::new(),
        above: Arc::default(),
        scopes: vec![scope("/", "Shop")],
        elements: crate::server::SiteElements::default(),
        overruled: crate::server::Settings::default(),
    };
    let anomalies = places.iter().zip(7..).map(|(path, line)| Anomaly {
        kind: kind.clone(),
        place: Place { file: FileId(0), line, column: 1 },
        related: Vec::new(),
        site: path.map(|_| 0),
        path: path.map(str::to_owned),
    });
    Server {
        name: "server".to_owned(),
        generation,
        inputs: vec![FileId(0)],
        scope: scope("", "").into(),
        anomalies: anomalies.collect(),
        sites: vec![site],
        endpoints: Vec::new(),
        records: None,
        running: None,
        schannel: None,
        windows: None,
        evidence: crate::server::Rare::default(),
        lists_sites: true,
        notices: Vec::new(),
    }
}

/// What a server shows beside its configuration: the text of `certutil -store`, and events as text or XML. Empty texts were not given.
pub(crate) fn evidence(stores: &str, events: &str) -> crate::server::Rare<crate::evidence::Evidence> {
    let mut evidence = crate::server::Rare::<crate::evidence::Evidence>::default();
    evidence.stores = crate::evidence::read_stores(stores, FileId(3)).stores;
    if !events.is_empty() {
        evidence.events = Some(crate::evidence::read_events(events, FileId(4)).events);
    }
    evidence
}

/// The values of Schannel with one of them set.
pub(crate) fn schannel(name: &str, value: u32) -> Box<crate::schannel::Schannel> {
    let key = r"HKEY_LOCAL_MACHINE\SYSTEM\CurrentControlSet\Control\SecurityProviders\SCHANNEL";
    let text = format!("Windows Registry Editor Version 5.00\n\n[{key}]\n\"{name}\"=dword:{value:08x}\n");
    Box::new(crate::schannel::read_schannel(&text, FileId(2)))
}
