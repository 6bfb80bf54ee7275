//! Estates built by hand, and JSON Schema validation, for the tests of reports.

use crate::catalogue::{Setting, Value};
use crate::estate::{Estate, FileKind, InputError, InputReport};
use crate::input::{FileId, Place};
use crate::server::{Binding, Endpoint, EndpointKey, Generation, Notice, Origin, Resolved, Scope, Served, Server, Settings, Site};

pub(super) fn at(file: u32, line: u32) -> Place {
    Place { file: FileId(file), line, column: 5 }
}

pub(super) fn explicit(value: Value, place: Place) -> Resolved {
    Resolved { value, origin: Origin::Explicit { at: place } }
}

pub(super) fn input(path: &str, kind: FileKind, server: &str) -> InputReport {
    InputReport {
        path: path.to_owned(),
        kind: Some(kind),
        encoding: Some("UTF-8"),
        server: Some(server.to_owned()),
        error: None,
        warnings: Vec::new(),
    }
}

fn scope(path: &str, store_path: &str, is_application: bool, pairs: Vec<(Setting, Resolved)>) -> Scope {
    let mut settings = Settings::default();
    for (setting, resolved) in pairs {
        settings.set(setting, resolved);
    }
    Scope {
        path: path.to_owned(),
        store_path: store_path.to_owned(),
        is_application,
        place: None,
        product: None,
        settings,
        mappings: Vec::new(),
        routing: crate::server::Routing::default(),
    }
}

fn site(id: u32, name: &str, place: Place, binding: Binding, scopes: Vec<Scope>) -> Site {
    Site {
        id: Some(id),
        name: name.to_owned(),
        declared: true,
        place: Some(place),
        auto_start: true,
        bindings: vec![binding],
        above: Settings::default(),
        scopes,
        elements: crate::server::SiteElements::default(),
    }
}

fn server(name: &str, generation: Generation, file: u32, sites: Vec<Site>) -> Server {
    Server {
        name: name.to_owned(),
        generation,
        inputs: vec![FileId(file)],
        scope: scope("", "/LM/W3SVC", false, Vec::new()),
        sites,
        endpoints: Vec::new(),
        records: None,
        running: None,
        schannel: None,
        windows: None,
        evidence: crate::evidence::Evidence::default(),
        lists_sites: true,
        anomalies: Vec::new(),
        notices: Vec::new(),
    }
}

const NOT_SET: &str = "no key sets it, neither here nor above";

fn default(setting: Setting, why: &'static str) -> (Setting, Resolved) {
    let value = Value::default_of(setting, Generation::Iis6).unwrap();
    (setting, Resolved { value, origin: Origin::Default { why: why.into() } })
}

/// An IIS 6 server with two sites on one endpoint that disagree on CertCheckMode.
pub(super) fn iis6(name: &str, first: &str, second: &str) -> Server {
    let key = EndpointKey::IpPort("0.0.0.0".to_owned(), 443);
    let inherited = |value, from: &str, line| Resolved { value, origin: Origin::Inherited { from: from.to_owned(), at: at(0, line) } };
    let sites = vec![
        site(
            1,
            first,
            at(0, 20),
            Binding::parse("https", ":443:", true, None, at(0, 21)),
            vec![
                scope(
                    "/",
                    "/LM/W3SVC/1/ROOT",
                    true,
                    vec![
                        (Setting::AccessFlags, explicit(Value::Flags(104), at(0, 25))),
                        (Setting::CertCheckMode, explicit(Value::Flags(1), at(0, 22))),
                        default(Setting::RevocationFreshnessTime, NOT_SET),
                        default(Setting::CtlStoreName, "the key of the site does not set it, and it is never inherited"),
                        (Setting::ServerCertificate, explicit(Value::Bytes((1..=20).collect()), at(0, 23))),
                        (Setting::UploadReadAheadSize, inherited(Value::Number(49152), "/LM/W3SVC", 9)),
                    ],
                ),
                scope(
                    "/app",
                    "/LM/W3SVC/1/ROOT/app",
                    true,
                    vec![
                        (Setting::AccessFlags, explicit(Value::Malformed("AccessSSL | Acess".to_owned()), at(0, 30))),
                        (Setting::UploadReadAheadSize, inherited(Value::Number(49152), "/LM/W3SVC", 9)),
                    ],
                ),
                scope(
                    "/quiet",
                    "/LM/W3SVC/1/ROOT/quiet",
                    false,
                    vec![(Setting::AccessFlags, inherited(Value::Flags(104), "/LM/W3SVC/1/ROOT", 25))],
                ),
            ],
        ),
        site(
            2,
            second,
            at(0, 40),
            Binding::parse("https", "10.0.0.5:443", true, None, at(0, 41)),
            vec![scope("/", "/LM/W3SVC/2/ROOT", true, vec![default(Setting::CertCheckMode, NOT_SET)])],
        ),
    ];
    let mut server = server(name, Generation::Iis6, 0, sites);
    server.scope.settings.set(Setting::UploadReadAheadSize, explicit(Value::Number(49152), at(0, 9)));
    let mut settings = Settings::default();
    settings.set(Setting::CertCheckMode, Resolved::unknown("the value of the site that registered the endpoint"));
    settings.set(Setting::CtlStoreName, explicit(Value::None, at(0, 22)));
    server.endpoints = vec![Endpoint { key, sites: vec![0, 1], served: Served::NotGiven, settings }];
    server
}

/// A later server whose HTTP.sys records were not given.
pub(super) fn iis7(name: &str, site_name: &str) -> Server {
    let key = EndpointKey::HostPort("www.contoso.com".to_owned(), 443);
    let needs = "netsh http show sslcert";
    let unknown = [Setting::CertCheckMode, Setting::RevocationFreshnessTime, Setting::CtlIdentifier, Setting::NegotiateClientCertificate];
    let mut settings = Settings::default();
    let mut pairs = vec![(Setting::AccessFlags, explicit(Value::Flags(0), at(1, 12)))];
    for setting in unknown {
        settings.set(setting, Resolved::unknown(needs));
        pairs.push((setting, Resolved::unknown(needs)));
    }
    let binding = Binding::parse("https", "*:443:www.contoso.com", true, Some("33".to_owned()), at(1, 8));
    let mut one = site(7, site_name, at(1, 6), binding, vec![scope("/", site_name, true, pairs)]);
    one.auto_start = false;
    let mut server = server(name, Generation::Iis7, 1, vec![one]);
    server.endpoints = vec![Endpoint { key, sites: vec![0], served: Served::NotGiven, settings }];
    server.notices = vec![Notice {
        name: "endpoint-not-assessed",
        message: "how HTTP.sys checks client certificates".to_owned(),
        needs: needs.to_owned(),
    }];
    server
}

/// Both servers, with one file that cannot be read.
pub(super) fn estate(first: &str, second: &str) -> Estate {
    let mut broken = input("estate/web03/MetaBase.xml", FileKind::MetaBase, "web03");
    broken.encoding = None;
    broken.error =
        Some(InputError { message: "the end tag </IIsWebService> has no start tag".to_owned(), line: Some(128), column: Some(5) });
    let mut host = input("estate/web02/applicationHost.config", FileKind::ApplicationHost, "web02");
    host.warnings = vec!["the XML declaration does not stand at the start of the file".to_owned()];
    Estate {
        inputs: vec![input("estate/web01/MetaBase.xml", FileKind::MetaBase, "web01"), host, broken],
        servers: vec![iis6("web01", first, second), iis7("web02", "Default Web Site")],
        skipped: 3,
    }
}

/// A name with everything that a terminal or a table could stumble over.
pub(super) const HOSTILE: &str = "evil\u{1b}[2J\r\n::error::\u{202e}gpj\t日本語";

/// What `json` violates of the schema, one line each; empty when it is valid.
pub(super) fn violations(schema: &str, json: &str) -> String {
    let schema: serde_json::Value = serde_json::from_str(schema).unwrap();
    let json: serde_json::Value = serde_json::from_str(json).unwrap();
    jsonschema::meta::validate(&schema).unwrap();
    let validator = jsonschema::validator_for(&schema).unwrap();
    validator.iter_errors(&json).map(|error| format!("{}: {error}\n", error.instance_path())).collect()
}

/// Lines of a report that are wider than `width`.
pub(super) fn too_wide(text: &str, width: usize) -> Vec<&str> {
    text.lines().filter(|line| tabled::grid::util::string::get_string_width(line) > width).collect()
}

/// The characters of a report that a terminal would act on, line breaks excepted.
pub(super) fn acting(text: &str) -> String {
    text.chars().filter(|c| c.is_control() && *c != '\n' || ('\u{202a}'..='\u{202e}').contains(c)).collect()
}

/// A server with its records, from files that were read.
pub(super) fn with_records(config: &[u8], listing: &[u8]) -> Estate {
    let text = |bytes: &[u8]| crate::input::decode(bytes, None).unwrap().text.into_owned();
    let config = crate::apphost::read(&text(config), FileId(0), crate::xml::Limits::default()).unwrap();
    let mut server = crate::apphost::assemble(&config, &[], None, "web01".to_owned());
    server.inputs = vec![FileId(0), FileId(1)];
    crate::httpsys::join(&mut server, crate::httpsys::read_listing(&text(listing), FileId(1)));
    let inputs = vec![
        input("web01/applicationHost.config", FileKind::ApplicationHost, "web01"),
        input("web01/sslcert.txt", FileKind::SslCert, "web01"),
    ];
    Estate { inputs, servers: vec![server], skipped: 0 }
}
