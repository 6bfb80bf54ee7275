//! Estates built by hand, and JSON Schema validation, for the tests of reports.

use std::sync::Arc;

use crate::catalogue::{Setting, Value};
use crate::estate::{Estate, FileKind, InputError, InputReport};
use crate::input::{FileId, Place};
use crate::remedy::{Remedy, Risk};
use crate::review::{BaselineUse, GoneEntry, Review, State, Suppression};
use crate::rules::{Confidence, Finding, Severity};
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
        above: Arc::default(),
        scopes,
        elements: crate::server::SiteElements::default(),
        overruled: crate::server::Settings::default(),
    }
}

fn server(name: &str, generation: Generation, file: u32, sites: Vec<Site>) -> Server {
    Server {
        name: name.to_owned(),
        generation,
        inputs: vec![FileId(file)],
        scope: scope("", "/LM/W3SVC", false, Vec::new()).into(),
        sites,
        endpoints: Vec::new(),
        records: None,
        running: None,
        schannel: None,
        windows: None,
        evidence: crate::server::Rare::default(),
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
            Binding::parse("https", ":443", true, None, at(0, 41)),
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
        needs: needs.to_owned().into(),
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
        ..Estate::default()
    }
}

/// Findings in every state: two that are new, one of the baseline, one suppressed, one gone. Every text that can come from a file holds
/// `name`.
pub(super) fn judged(name: &str) -> Review {
    let mut estate = estate("Shop", "Shop (old)");
    if !name.is_empty() {
        estate.servers[0].sites[0].name = name.to_owned();
        estate.servers[1].name = format!("web02{name}");
        estate.servers[1].notices[0].message.push_str(name);
        estate.servers[1].notices[0].needs.to_mut().push_str(name);
        estate.inputs[0].path.push_str(name);
        estate.inputs[2].path.push_str(name);
        estate.inputs[2].error.as_mut().unwrap().message.push_str(name);
    }
    let rule = |name: &str| crate::rules::rule(name).unwrap();
    let (first, second) = (&estate.servers[0], &estate.servers[1]);
    let high = Finding::new(rule("revocation-check-off"), first, format!("CertCheckMode is 1: revocation is not checked{name}"))
        .site(&first.sites[0])
        .path(&format!("/app{name}"))
        .setting(Setting::CertCheckMode)
        .at(Some(at(0, 22)))
        .severity(Severity::High)
        .confidence(Confidence::Likely)
        .sees(format!("Nothing: revoked certificates are accepted.{name}"))
        .subject(format!("0.0.0.0:443{name}"))
        .related(Some(at(0, 40)), format!("\"Shop (old)\" (id 2) does not set it{name}"))
        .remedy(Remedy::command(Risk::ReadOnly, format!("shows the value{name}"), format!("adsutil.vbs get W3SVC/1/CertCheckMode{name}")))
        .remedy(Remedy::command(
            Risk::Safe,
            format!("checks revocation again{name}"),
            format!("adsutil.vbs set W3SVC/1/CertCheckMode 0{name}"),
        ))
        .remedy(Remedy::advice(Risk::WeakensSecurity, format!("leaves revoked certificates accepted{name}")));
    let info = Finding::new(rule("revocation-check-off"), second, format!("A second message.{name}")).severity(Severity::Info);
    let baselined =
        Finding::new(rule("plain-text-password"), first, format!("Known before.{name}")).site(&first.sites[1]).at(Some(at(0, 50)));
    let suppressed = Finding::new(rule("certificate-not-required"), first, format!("Wanted so.{name}")).site(&first.sites[1]);
    let mut review = Review::new(estate.clone(), vec![high, info, baselined, suppressed]);
    for judged in &mut review.findings {
        match judged.finding.rule.name {
            "plain-text-password" => judged.state = State::Baselined,
            "certificate-not-required" => {
                judged.state = State::Suppressed(Suppression {
                    reason: format!("the partner has no certificate yet{name}"),
                    until: Some("2031-12-31".to_owned()),
                    place: Some(at(0, 3)),
                });
                judged.severity_before = Some(Severity::High);
            }
            _ => {}
        }
    }
    review.baseline = Some(BaselineUse {
        path: format!("baseline.json{name}"),
        entries: 2,
        gone: vec![GoneEntry {
            fingerprint: "0123456789abcdef0123456789abcdef".to_owned(),
            rule: "usage-check-off".to_owned(),
            scope: format!("web01, \"Shop\"{name}"),
        }],
    });
    review
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
    Estate { inputs, servers: vec![server], skipped: 0, ..Estate::default() }
}
