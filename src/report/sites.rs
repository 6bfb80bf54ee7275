//! The report of `iisaudit sites`: every site, its bindings and endpoints, and what is in effect on each path and why.

use std::borrow::Cow;
use std::io::Write;

use serde::Serialize;

use super::page::Page;
use super::parts::{self, Each, InputJson, SettingsJson, SiteJson, count, to_json};
use super::place::{Location, Places, PlacesOfServer};
use super::records::{self, RecordJson, SchannelValueJson, StrayJson};
use super::style::{DIM, HEADING, Style};
use crate::catalogue::Setting;
use crate::estate::Estate;
use crate::server::{Binding, Endpoint, Generation, Notice, Resolved, Scope, Server, Site, WindowsVersion};

/// The report as text.
pub fn table(estate: &Estate, style: Style) -> String {
    let mut page = Page::new(style);
    let places = Places { inputs: &estate.inputs };
    for server in &estate.servers {
        self::server(&mut page, server, places);
    }
    if estate.servers.is_empty() {
        page.prose(0, "No configuration of a server was read.");
    }
    parts::notices(&mut page, &estate.servers);
    parts::inputs(&mut page, estate);
    if estate.skipped > 0 {
        page.gap();
        page.painted(0, DIM, &format!("{} no configuration of IIS.", count(estate.skipped, "other file is", "other files are")));
    }
    page.finish()
}

fn server(page: &mut Page, server: &Server, places: Places<'_>) {
    page.gap();
    page.heading(0, &format!("{} ({})", server.name, server.system()));
    for file in &server.inputs {
        let input = usize::try_from(file.0).ok().and_then(|index| places.inputs.get(index));
        if let Some(input) = input {
            let kind = input.kind.map_or("unknown kind", |kind| kind.name());
            page.painted(2, DIM, &format!("{} ({kind}{})", input.path, input.encoding.map(|name| format!(", {name}")).unwrap_or_default()));
        }
    }
    let here = PlacesOfServer::new(places, &server.inputs);
    if server.sites.is_empty() {
        page.prose(2, if server.lists_sites { "It has no sites." } else { "No list of sites was given." });
        parts::settings(page, 2, server.scope.settings.iter(), server.generation, &here);
    }
    let endpoints = endpoints_of_sites(server);
    for (index, site) in server.sites.iter().enumerate() {
        self::site(page, server, index, site, endpoints.get(index).map(Vec::as_slice).unwrap_or_default(), &here);
    }
    contradictions(page, server, &here);
    records::without_binding(page, 2, server, &here);
    records::stray(page, 2, server, &here);
    records::schannel(page, 2, server, &here);
}

/// The endpoints of each site, in the order of their keys.
fn endpoints_of_sites(server: &Server) -> Vec<Vec<&Endpoint>> {
    let mut of_sites = vec![Vec::new(); server.sites.len()];
    for endpoint in &server.endpoints {
        for site in &endpoint.sites {
            if let Some(endpoints) = of_sites.get_mut(*site) {
                endpoints.push(endpoint);
            }
        }
    }
    of_sites
}

fn site(page: &mut Page, server: &Server, index: usize, site: &Site, endpoints: &[&Endpoint], places: &PlacesOfServer<'_>) {
    page.gap();
    let state = match (site.declared, site.auto_start) {
        (true, true) => "starts by itself",
        (true, false) => "does not start by itself",
        (false, _) => "known from location tags only",
    };
    page.heading(2, &format!("{}, {state}", site.label()));
    if let Some(place) = site.place {
        page.painted(4, DIM, &places.text(place));
    }
    for binding in &site.bindings {
        page.labelled(4, &binding.protocol, anstyle::Style::new(), &self::binding(server, index, binding));
    }
    for (depth, scope) in site.scopes.iter().enumerate() {
        if depth == 0 {
            page.gap();
            let differing = records::differing(server, endpoints, site);
            let single = scope.settings.iter().filter(|(setting, _)| !differing.contains(setting));
            let note = |setting| if server.disputed(site, setting).is_some() { " (written; in effect not known)" } else { "" };
            parts::noted_settings(page, 4, single, server.generation, places, note);
            overruled(page, server, site, places);
            records::differing_values(page, 4, server, endpoints, &differing, places);
        } else if scope.settings.iter().any(|(_, resolved)| resolved.is_explicit()) {
            // What a path below the root inherits is read further up.
            page.gap();
            page.heading(4, &format!("{}{}", scope.path, if scope.is_application { " (application)" } else { "" }));
            let said = scope.settings.iter().filter(|(_, resolved)| resolved.is_explicit());
            parts::settings(page, 4, said, server.generation, places);
        }
    }
}

/// What the metabase writes and HTTP.sys has otherwise now.
fn overruled(page: &mut Page, server: &Server, site: &Site, places: &PlacesOfServer<'_>) {
    let differs = |(setting, written): &(Setting, &Resolved)| site.root().value(*setting) != written.known();
    let told: Vec<String> = site
        .overruled
        .iter()
        .filter(differs)
        .map(|(setting, written)| {
            let value = match written.value.show(setting, server.generation) {
                text if text.is_empty() => "nothing".to_owned(),
                text => text,
            };
            let place = written.origin.place().map_or_else(|| "not set".to_owned(), |place| places.text(place));
            format!("{} {value} ({place})", setting.name())
        })
        .collect();
    if !told.is_empty() {
        let told = told.join(", ");
        page.labelled(4, "written in the metabase, most likely in effect again when the web service is restarted:", HEADING, &told);
    }
}

/// The binding as written, its number of flags, its endpoint and with whom it shares that.
fn binding(server: &Server, index: usize, binding: &Binding) -> String {
    let mut text = binding.written.clone();
    if let Some(flags) = parts::binding_flags(binding) {
        text.push_str(&format!(" ({flags})"));
    }
    if let Some(key) = &binding.endpoint {
        text.push_str(&format!(" → {key}"));
        let found = server.endpoints.binary_search_by(|endpoint| endpoint.key.cmp(key)).ok();
        let endpoint = found.and_then(|found| server.endpoints.get(found));
        text.push_str(&endpoint.map(|endpoint| records::serving(server, endpoint)).unwrap_or_default());
        let sites = endpoint.map_or(&[][..], |endpoint| endpoint.sites.as_slice());
        let other = sites.iter().find(|other| **other != index).and_then(|other| server.sites.get(*other));
        if let Some(other) = other {
            text.push_str(&format!(", shared with {}", other.label()));
            // A hundred sites on one address would make every site's block a hundred names long.
            if sites.len() > 2 {
                text.push_str(&format!(" and {}", count(sites.len() - 2, "other site", "other sites")));
            }
        }
    }
    if binding.fault.is_some() {
        text.push_str(", cannot be read");
    }
    text
}

/// Endpoint settings that the sites on one endpoint write differently: which value counts is not known, and no site's own block says so.
fn contradictions(page: &mut Page, server: &Server, places: &PlacesOfServer<'_>) {
    for endpoint in server.endpoints.iter().filter(|endpoint| !endpoint.sites.is_empty()) {
        let known = endpoint.settings.iter().any(|(_, resolved)| resolved.known().is_some());
        let unknown: Vec<_> = endpoint.settings.iter().filter(|(_, resolved)| resolved.known().is_none()).collect();
        if known && !unknown.is_empty() {
            page.gap();
            page.heading(2, &format!("endpoint {}", endpoint.key));
            parts::settings(page, 4, unknown.into_iter(), server.generation, places);
        }
    }
}

/// The report as JSON, as `schemas/report-sites.schema.json` describes it.
pub fn json(estate: &Estate) -> String {
    to_json(&report(estate))
}

/// The same, written piece by piece.
///
/// # Errors
/// Those of `out`.
pub fn write_json(estate: &Estate, out: &mut dyn Write) -> std::io::Result<()> {
    parts::write_json(&report(estate), out)
}

fn report(estate: &Estate) -> impl Serialize {
    let places = Places { inputs: &estate.inputs };
    ReportJson {
        format: "iisaudit-sites",
        version: 1,
        inputs: Each(|| estate.inputs.iter().map(InputJson::of)),
        servers: Each(move || estate.servers.iter().map(move |server| ServerJson::new(server, places))),
        skipped: estate.skipped,
    }
}

#[derive(Debug, Serialize)]
struct ReportJson<I, S> {
    format: &'static str,
    version: u32,
    inputs: I,
    servers: S,
    skipped: usize,
}

#[derive(Debug, Serialize)]
struct ServerJson<'a> {
    name: &'a str,
    generation: Generation,
    #[serde(skip_serializing_if = "Option::is_none")]
    windows: Option<WindowsVersion>,
    inputs: Vec<&'a str>,
    defaults: DefaultsJson<'a>,
    sites: Vec<SiteBlockJson<'a>>,
    endpoints: Vec<EndpointJson<'a>>,
    stray: Vec<StrayJson<'a>>,
    schannel: Option<Vec<SchannelValueJson<'a>>>,
    notices: Vec<NoticeJson<'a>>,
}

#[derive(Debug, Serialize)]
struct DefaultsJson<'a> {
    settings: SettingsJson<'a>,
}

#[derive(Debug, Serialize)]
struct SiteBlockJson<'a> {
    id: Option<u32>,
    name: &'a str,
    declared: bool,
    state: &'static str,
    location: Option<Location<'a>>,
    bindings: Vec<BindingJson<'a>>,
    scopes: Vec<ScopeJson<'a>>,
}

#[derive(Debug, Serialize)]
struct BindingJson<'a> {
    protocol: &'a str,
    ip: &'a str,
    port: Option<u16>,
    host: &'a str,
    flags: Option<u32>,
    flags_written: Option<&'a str>,
    endpoint: Option<String>,
    written: &'a str,
    readable: bool,
    location: Location<'a>,
}

#[derive(Debug, Serialize)]
struct ScopeJson<'a> {
    path: &'a str,
    store_path: &'a str,
    application: bool,
    settings: SettingsJson<'a>,
    /// What the file says of settings that something else decides.
    #[serde(skip_serializing_if = "Option::is_none")]
    written: Option<SettingsJson<'a>>,
}

#[derive(Debug, Serialize)]
struct EndpointJson<'a> {
    key: String,
    sites: Vec<SiteJson<'a>>,
    served: &'static str,
    record: Option<RecordJson<'a>>,
    settings: SettingsJson<'a>,
}

#[derive(Debug, Serialize)]
struct NoticeJson<'a> {
    name: &'a str,
    message: &'a str,
    needs: &'a str,
}

impl<'a> ServerJson<'a> {
    fn new(server: &'a Server, places: Places<'a>) -> Self {
        let settings = |settings| SettingsJson { settings: Cow::Borrowed(settings), generation: server.generation, places };
        let binding = |binding: &'a Binding| BindingJson {
            protocol: &binding.protocol,
            ip: &binding.ip,
            port: binding.port,
            host: &binding.host,
            flags: binding.flags,
            flags_written: binding.flags_written.as_deref(),
            endpoint: binding.endpoint.as_ref().map(ToString::to_string),
            written: &binding.written,
            readable: binding.fault.is_none(),
            location: places.json(binding.place),
        };
        let scope = |scope: &'a Scope| ScopeJson {
            path: &scope.path,
            store_path: &scope.store_path,
            application: scope.is_application,
            settings: settings(&scope.settings),
            written: None,
        };
        let root = |site: &'a Site, root: &'a Scope| {
            let (mut in_effect, mut written) = (scope(root), site.overruled.clone());
            for (setting, said) in root.settings.iter() {
                // What sites of one endpoint write differently is in effect for one of them at most.
                if let Some((_, unknown)) = server.disputed(site, setting) {
                    written.set(setting, said.clone());
                    in_effect.settings.settings.to_mut().set(setting, unknown.clone());
                }
            }
            let some = written.iter().next().is_some();
            let written = SettingsJson { settings: Cow::Owned(written), generation: server.generation, places };
            in_effect.written = some.then_some(written);
            in_effect
        };
        let site = |site: &'a Site| SiteBlockJson {
            id: site.id,
            name: &site.name,
            declared: site.declared,
            state: if site.auto_start { "auto-start" } else { "manual-start" },
            location: site.place.map(|place| places.json(place)),
            bindings: site.bindings.iter().map(binding).collect(),
            scopes: site.scopes.iter().enumerate().map(|(depth, at)| if depth == 0 { root(site, at) } else { scope(at) }).collect(),
        };
        let endpoints = server.endpoints.iter().map(|endpoint| EndpointJson {
            key: endpoint.key.to_string(),
            sites: endpoint.sites.iter().filter_map(|index| server.sites.get(*index)).map(SiteJson::of).collect(),
            served: records::served_name(endpoint.served),
            record: server.record_of(endpoint).map(|record| RecordJson::new(record, places)),
            settings: settings(&endpoint.settings),
        });
        let notice = |notice: &'a Notice| NoticeJson { name: notice.name, message: &notice.message, needs: &notice.needs };
        ServerJson {
            name: &server.name,
            generation: server.generation,
            windows: server.windows,
            inputs: server.inputs.iter().map(|file| places.path(*file)).collect(),
            defaults: DefaultsJson { settings: settings(&server.scope.settings) },
            sites: server.sites.iter().map(site).collect(),
            endpoints: endpoints.collect(),
            stray: StrayJson::all(server, places),
            schannel: records::schannel_json(server, places),
            notices: server.notices.iter().map(notice).collect(),
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::super::testing::{HOSTILE, acting, estate, iis7, input, too_wide, violations, with_records};
    use super::*;
    use crate::estate::FileKind;
    use crate::input::{FileId, decode};
    use crate::xml::Limits;

    const SCHEMA: &str = include_str!("../../schemas/report-sites.schema.json");

    #[test]
    fn at_80_columns_every_value_says_where_it_comes_from() {
        insta::assert_snapshot!(table(&estate("Shop", "Shop (old)"), Style::plain(80)), @r#"
        web01 (IIS 6)
          estate/web01/MetaBase.xml (MetaBase.xml, UTF-8)

          "Shop" (id 1), starts by itself
            MetaBase.xml:20:5
            https :443: → 0.0.0.0:443, shared with "Shop (old)" (id 2)

            setting                 value                       where it comes from
            ────────────────────────────────────────────────────────────────────────────
            access-flags            AccessSSL |                 MetaBase.xml:25:5
                                    AccessSSLNegotiateCert |
                                    AccessSSLRequireCert (104)
            cert-check-mode         1: revocation is not        MetaBase.xml:22:5
                                    checked: revoked
                                    certificates are accepted
                                    (written; in effect not
                                    known)
            revocation-freshness-   not set → 86400 seconds     default [1]
            time
            ctl-store-name          not set → no store named    default [2]
            server-certificate      0102030405060708090a0b0c0d  MetaBase.xml:23:5
                                    0e0f1011121314
            upload-read-ahead-size  49152 bytes                 inherited from /LM/W3SVC
                                                                at MetaBase.xml:9:5
            [1] no key sets it, neither here nor above
            [2] the key of the site does not set it, and it is never inherited

            /app (application)
            setting       value                                  where it comes from
            ────────────────────────────────────────────────────────────────────────
            access-flags  "AccessSSL | Acess" is not a value of  MetaBase.xml:30:5
                          this setting

          "Shop (old)" (id 2), starts by itself
            MetaBase.xml:40:5
            https :443 → 0.0.0.0:443, shared with "Shop" (id 1), cannot be read

            setting          value                                 where it comes from
            ──────────────────────────────────────────────────────────────────────────
            cert-check-mode  not set → 0: revocation is checked,   default [1]
                             CRLs are fetched online when the
                             cached one is missing or out of date
                             (written; in effect not known)
            [1] no key sets it, neither here nor above

          endpoint 0.0.0.0:443
            not assessed: cert-check-mode (needs: the value of the site that registered
                          the endpoint)

        web02 (IIS 7 or later)
          estate/web02/applicationHost.config (applicationHost.config, UTF-8)

          "Default Web Site" (id 7), does not start by itself
            applicationHost.config:6:5
            https *:443:www.contoso.com (binding flags 33: SNI, no TLS 1.3) →
                  www.contoso.com:443

            setting       value                            where it comes from
            ──────────────────────────────────────────────────────────────────────────
            access-flags  None: plain http is served, no   applicationHost.config:12:5
                          client certificate is asked for
            not assessed: cert-check-mode, revocation-freshness-time, ctl-identifier,
                          negotiate-client-certificate (needs: netsh http show sslcert)

        Not assessed
          endpoint-not-assessed (web02): how HTTP.sys checks client certificates
            needs netsh http show sslcert

        Could not be read
          estate/web03/MetaBase.xml:128:5: the end tag </IIsWebService> has no start tag

        Read with reservations
          estate/web02/applicationHost.config: the XML declaration does not stand at the
          start of the file

        3 other files are no configuration of IIS.
        "#);
    }

    #[test]
    fn at_120_columns_most_rows_are_one_line() {
        insta::assert_snapshot!(table(&estate("Shop", "Shop (old)"), Style::plain(120)), @r#"
        web01 (IIS 6)
          estate/web01/MetaBase.xml (MetaBase.xml, UTF-8)

          "Shop" (id 1), starts by itself
            MetaBase.xml:20:5
            https :443: → 0.0.0.0:443, shared with "Shop (old)" (id 2)

            setting                    value                                                      where it comes from
            ─────────────────────────────────────────────────────────────────────────────────────────────────────────────────
            access-flags               AccessSSL | AccessSSLNegotiateCert | AccessSSLRequireCert  MetaBase.xml:25:5
                                       (104)
            cert-check-mode            1: revocation is not checked: revoked certificates are     MetaBase.xml:22:5
                                       accepted (written; in effect not known)
            revocation-freshness-time  not set → 86400 seconds                                    default [1]
            ctl-store-name             not set → no store named                                   default [2]
            server-certificate         0102030405060708090a0b0c0d0e0f1011121314                   MetaBase.xml:23:5
            upload-read-ahead-size     49152 bytes                                                inherited from /LM/W3SVC at
                                                                                                  MetaBase.xml:9:5
            [1] no key sets it, neither here nor above
            [2] the key of the site does not set it, and it is never inherited

            /app (application)
            setting       value                                               where it comes from
            ─────────────────────────────────────────────────────────────────────────────────────
            access-flags  "AccessSSL | Acess" is not a value of this setting  MetaBase.xml:30:5

          "Shop (old)" (id 2), starts by itself
            MetaBase.xml:40:5
            https :443 → 0.0.0.0:443, shared with "Shop" (id 1), cannot be read

            setting          value                                                                        where it comes from
            ─────────────────────────────────────────────────────────────────────────────────────────────────────────────────
            cert-check-mode  not set → 0: revocation is checked, CRLs are fetched online when the cached  default [1]
                             one is missing or out of date (written; in effect not known)
            [1] no key sets it, neither here nor above

          endpoint 0.0.0.0:443
            not assessed: cert-check-mode (needs: the value of the site that registered the endpoint)

        web02 (IIS 7 or later)
          estate/web02/applicationHost.config (applicationHost.config, UTF-8)

          "Default Web Site" (id 7), does not start by itself
            applicationHost.config:6:5
            https *:443:www.contoso.com (binding flags 33: SNI, no TLS 1.3) → www.contoso.com:443

            setting       value                                                           where it comes from
            ─────────────────────────────────────────────────────────────────────────────────────────────────────────
            access-flags  None: plain http is served, no client certificate is asked for  applicationHost.config:12:5
            not assessed: cert-check-mode, revocation-freshness-time, ctl-identifier, negotiate-client-certificate (needs: netsh
                          http show sslcert)

        Not assessed
          endpoint-not-assessed (web02): how HTTP.sys checks client certificates
            needs netsh http show sslcert

        Could not be read
          estate/web03/MetaBase.xml:128:5: the end tag </IIsWebService> has no start tag

        Read with reservations
          estate/web02/applicationHost.config: the XML declaration does not stand at the start of the file

        3 other files are no configuration of IIS.
        "#);
    }

    #[test]
    fn a_hostile_name_is_shown_and_does_nothing() {
        let long = "long-".repeat(40);
        let text = table(&estate(HOSTILE, &long), Style::plain(80));
        assert!(text.contains(r"evil\u{1b}[2J\u{d}\u{a}::error::\u{202e}gpj\u{9}日本語"), "{text}");
        assert_eq!(too_wide(&text, 80), Vec::<&str>::new());
        assert_eq!(text.matches("long-").count(), 2 * 40, "the name of the second site is shown whole, twice");
    }

    #[test]
    fn an_empty_estate_says_that_nothing_was_read() {
        insta::assert_snapshot!(table(&Estate { skipped: 1, ..Estate::default() }, Style::plain(80)), @r"
        No configuration of a server was read.

        1 other file is no configuration of IIS.
        ");
    }

    fn two_sites_of_iis_6() -> Server {
        let text = r#"<configuration><MBProperty><IIsWebService Location="/LM/W3SVC"/>
            <IIsWebServer Location="/LM/W3SVC/1" SecureBindings=":443:" CertCheckMode="1"/>
            <IIsWebServer Location="/LM/W3SVC/2" SecureBindings=":443:b.test"/></MBProperty></configuration>"#;
        crate::metabase::assemble(&crate::metabase::read(text, FileId(0), Limits::default(), None).unwrap(), "web03".to_owned())
    }

    fn of_server(server: Server) -> String {
        table(
            &Estate {
                servers: vec![server],
                inputs: vec![input("MetaBase.xml", FileKind::MetaBase, "web03"), input("httpcfg.txt", FileKind::Httpcfg, "web03")],
                ..Estate::default()
            },
            Style::plain(120),
        )
    }

    #[test]
    fn what_sites_of_one_endpoint_write_differently_is_not_shown_as_in_effect() {
        let text = of_server(two_sites_of_iis_6());
        let told: String = text.split_whitespace().collect::<Vec<_>>().join(" ");
        assert_eq!(told.matches("(written; in effect not known)").count(), 2, "{text}");
    }

    #[test]
    fn a_record_that_http_sys_has_on_iis_6_is_shown_with_what_the_metabase_writes() {
        let mut server = two_sites_of_iis_6();
        let record = "    IP            : 0.0.0.0:443\n    CertCheckMode : 0\n    Flags         : 0\n";
        crate::httpsys::run(&mut server, crate::httpsys::read_httpcfg(record, FileId(1)));
        let text = of_server(server);
        let told: String = text.split_whitespace().collect::<Vec<_>>().join(" ");
        assert!(!told.contains("in effect not known") && told.contains("httpcfg.txt:2"), "{text}");
        assert!(
            told.contains("written in the metabase, most likely in effect again when the web service is restarted: cert-check-mode 1"),
            "{text}"
        );
    }

    #[test]
    fn json_keeps_to_its_schema_and_ends_with_a_line_break() {
        for estate in [Estate::default(), estate("Shop", "Shop (old)"), estate(HOSTILE, "")] {
            let json = json(&estate);
            assert_eq!(violations(SCHEMA, &json), "");
            assert!(json.ends_with("}\n"));
        }
    }

    #[test]
    fn a_metabase_that_was_read_gives_json_that_keeps_to_its_schema_and_a_table_that_keeps_to_its_width() {
        for bytes in [
            include_bytes!("../../tests/fixtures/metabase/01_working_failing_pair.xml").as_slice(),
            include_bytes!("../../tests/fixtures/metabase/03_url_tree_overrides.xml").as_slice(),
            include_bytes!("../../tests/fixtures/metabase/04_shared_endpoint_collision.xml").as_slice(),
            include_bytes!("../../tests/fixtures/metabase/05_custom_elements.xml").as_slice(),
            include_bytes!("../../tests/fixtures/metabase/08_contradictory_flags.xml").as_slice(),
        ] {
            let metabase = crate::metabase::read(&decode(bytes, None).unwrap().text, FileId(0), Limits::default(), None).unwrap();
            let server = crate::metabase::assemble(&metabase, "web01".to_owned());
            let inputs = vec![input("MetaBase.xml", FileKind::MetaBase, "web01")];
            let estate = Estate { inputs, servers: vec![server], skipped: 0, ..Estate::default() };
            assert_eq!(violations(SCHEMA, &json(&estate)), "");
            let text = table(&estate, Style::plain(80));
            assert_eq!(too_wide(&text, 80), Vec::<&str>::new());
            assert!(text.contains("cert-check-mode"), "{text}");
        }
    }

    #[test]
    fn the_schema_refuses_what_the_report_does_not_promise() {
        let mut report: serde_json::Value = serde_json::from_str(&json(&estate("Shop", ""))).unwrap();
        report["servers"][0]["sites"][0]["scopes"][0]["settings"]["cert-check-mode"]["origin"]["why"] = "guess".into();
        assert_ne!(violations(SCHEMA, &report.to_string()), "");
        let mut report: serde_json::Value = serde_json::from_str(&json(&estate("Shop", ""))).unwrap();
        report["servers"][0]["surprise"] = 1.into();
        assert_ne!(violations(SCHEMA, &report.to_string()), "");
    }

    fn one_record_each() -> Estate {
        with_records(
            include_bytes!("../../tests/fixtures/apphost/F1_consistent_sni.config"),
            include_bytes!("../../tests/fixtures/netsh/o02_2022_sni_drift_and_ccs.txt"),
        )
    }

    fn other_records() -> Estate {
        with_records(
            include_bytes!("../../tests/fixtures/apphost/F3_specific_ip_shadows_sni.config"),
            include_bytes!("../../tests/fixtures/netsh/o01_2012r2_conflict_revocation.txt"),
        )
    }

    #[test]
    fn with_records_every_value_of_a_site_has_its_place_in_the_listing() {
        insta::assert_snapshot!(table(&one_record_each(), Style::plain(80)), @r#"
        web01 (IIS 7 or later)
          web01/applicationHost.config (applicationHost.config, UTF-8)
          web01/sslcert.txt (netsh http show sslcert, UTF-8)

          "Orders" (id 11), starts by itself
            applicationHost.config:18:7
            https *:443:orders.fabrikam.test (binding flags 1: SNI) →
                  orders.fabrikam.test:443

            setting                   value                     where it comes from
            ────────────────────────────────────────────────────────────────────────────
            access-flags              Ssl, SslNegotiateCert,    applicationHost.config:4
                                      SslRequireCert (104)      5:17
            cert-check-mode           0: revocation is          sslcert.txt:9:5
                                      checked, CRLs are
                                      fetched online when the
                                      cached one is missing or
                                      out of date
            revocation-freshness-     0: the CRL is fetched     sslcert.txt:12:5
            time                      anew only when the
                                      cached one has expired
            revocation-url-           15000 milliseconds        sslcert.txt:13:5
            retrieval-timeout
            ctl-identifier            no CTL: every root that   sslcert.txt:14:5
                                      the machine trusts is
                                      acceptable
            ctl-store-name            ClientAuthIssuer          sslcert.txt:15:5
            ds-mapper                 false: certificates are   sslcert.txt:16:5
                                      not mapped by Active
                                      Directory
            negotiate-client-         true: every client is     sslcert.txt:17:5
            certificate               asked for a certificate
                                      in the first handshake
            server-certificate        1f0c6b7c2a9d4e58b3a7c0d1  sslcert.txt:6:5
                                      e2f30415263748a9
            server-certificate-store  WebHosting                sslcert.txt:8:5
            upload-read-ahead-size    not set → 49152 bytes     default [1]
            max-content-length        not set → 30000000 bytes  default [1]
            anonymous-authentication  not set → true: users     default [1]
                                      without credentials
                                      enter as the anonymous
                                      user
            iis-certificate-mapping   not set → false: no       default [1]
                                      mapping by IIS
            ad-certificate-mapping    not set → false: no       default [1]
                                      mapping by Active
                                      Directory in IIS
            allow-double-escaping     not set → false: URLs     default [1]
                                      with '+' in a name, such
                                      as delta CRLs, answer
                                      404.11
            [1] no level of the configuration sets it

          "Billing" (id 12), starts by itself
            applicationHost.config:26:7
            https *:443:billing.fabrikam.test (binding flags 1: SNI) →
                  billing.fabrikam.test:443

            setting                   value                     where it comes from
            ────────────────────────────────────────────────────────────────────────────
            access-flags              Ssl, SslNegotiateCert,    applicationHost.config:5
                                      SslRequireCert (104)      2:17
            cert-check-mode           0: revocation is          sslcert.txt:40:5
                                      checked, CRLs are
                                      fetched online when the
                                      cached one is missing or
                                      out of date
            revocation-freshness-     0: the CRL is fetched     sslcert.txt:43:5
            time                      anew only when the
                                      cached one has expired
            revocation-url-           0: the time-out of the    sslcert.txt:44:5
            retrieval-timeout         system applies
            ctl-identifier            no CTL: every root that   sslcert.txt:45:5
                                      the machine trusts is
                                      acceptable
            ctl-store-name            no store named            sslcert.txt:46:5
            ds-mapper                 false: certificates are   sslcert.txt:47:5
                                      not mapped by Active
                                      Directory
            negotiate-client-         false: the certificate    sslcert.txt:48:5
            certificate               is asked for late, only
                                      where a URL wants it;
                                      the request body read so
                                      far is limited by the
                                      read-ahead size
            server-certificate        9b8a7c6d5e4f30211203f4e5  sslcert.txt:37:5
                                      d6c7b8a990817263
            server-certificate-store  WebHosting                sslcert.txt:39:5
            upload-read-ahead-size    not set → 49152 bytes     default [1]
            max-content-length        not set → 30000000 bytes  default [1]
            anonymous-authentication  not set → true: users     default [1]
                                      without credentials
                                      enter as the anonymous
                                      user
            iis-certificate-mapping   not set → false: no       default [1]
                                      mapping by IIS
            ad-certificate-mapping    not set → false: no       default [1]
                                      mapping by Active
                                      Directory in IIS
            allow-double-escaping     not set → false: URLs     default [1]
                                      with '+' in a name, such
                                      as delta CRLs, answer
                                      404.11
            [1] no level of the configuration sets it

          Records without a binding
            record                owner  where it begins
            ─────────────────────────────────────────────
            *.fabrikam.test:8443  IIS    sslcert.txt:67:5
            ccs:443               IIS    sslcert.txt:98:5
        "#);
        insta::assert_snapshot!(table(&one_record_each(), Style::plain(120)), @r#"
        web01 (IIS 7 or later)
          web01/applicationHost.config (applicationHost.config, UTF-8)
          web01/sslcert.txt (netsh http show sslcert, UTF-8)

          "Orders" (id 11), starts by itself
            applicationHost.config:18:7
            https *:443:orders.fabrikam.test (binding flags 1: SNI) → orders.fabrikam.test:443

            setting                           value                                                 where it comes from
            ────────────────────────────────────────────────────────────────────────────────────────────────────────────────────
            access-flags                      Ssl, SslNegotiateCert, SslRequireCert (104)           applicationHost.config:45:17
            cert-check-mode                   0: revocation is checked, CRLs are fetched online     sslcert.txt:9:5
                                              when the cached one is missing or out of date
            revocation-freshness-time         0: the CRL is fetched anew only when the cached one   sslcert.txt:12:5
                                              has expired
            revocation-url-retrieval-timeout  15000 milliseconds                                    sslcert.txt:13:5
            ctl-identifier                    no CTL: every root that the machine trusts is         sslcert.txt:14:5
                                              acceptable
            ctl-store-name                    ClientAuthIssuer                                      sslcert.txt:15:5
            ds-mapper                         false: certificates are not mapped by Active          sslcert.txt:16:5
                                              Directory
            negotiate-client-certificate      true: every client is asked for a certificate in the  sslcert.txt:17:5
                                              first handshake
            server-certificate                1f0c6b7c2a9d4e58b3a7c0d1e2f30415263748a9              sslcert.txt:6:5
            server-certificate-store          WebHosting                                            sslcert.txt:8:5
            upload-read-ahead-size            not set → 49152 bytes                                 default [1]
            max-content-length                not set → 30000000 bytes                              default [1]
            anonymous-authentication          not set → true: users without credentials enter as    default [1]
                                              the anonymous user
            iis-certificate-mapping           not set → false: no mapping by IIS                    default [1]
            ad-certificate-mapping            not set → false: no mapping by Active Directory in    default [1]
                                              IIS
            allow-double-escaping             not set → false: URLs with '+' in a name, such as     default [1]
                                              delta CRLs, answer 404.11
            [1] no level of the configuration sets it

          "Billing" (id 12), starts by itself
            applicationHost.config:26:7
            https *:443:billing.fabrikam.test (binding flags 1: SNI) → billing.fabrikam.test:443

            setting                           value                                                 where it comes from
            ────────────────────────────────────────────────────────────────────────────────────────────────────────────────────
            access-flags                      Ssl, SslNegotiateCert, SslRequireCert (104)           applicationHost.config:52:17
            cert-check-mode                   0: revocation is checked, CRLs are fetched online     sslcert.txt:40:5
                                              when the cached one is missing or out of date
            revocation-freshness-time         0: the CRL is fetched anew only when the cached one   sslcert.txt:43:5
                                              has expired
            revocation-url-retrieval-timeout  0: the time-out of the system applies                 sslcert.txt:44:5
            ctl-identifier                    no CTL: every root that the machine trusts is         sslcert.txt:45:5
                                              acceptable
            ctl-store-name                    no store named                                        sslcert.txt:46:5
            ds-mapper                         false: certificates are not mapped by Active          sslcert.txt:47:5
                                              Directory
            negotiate-client-certificate      false: the certificate is asked for late, only where  sslcert.txt:48:5
                                              a URL wants it; the request body read so far is
                                              limited by the read-ahead size
            server-certificate                9b8a7c6d5e4f30211203f4e5d6c7b8a990817263              sslcert.txt:37:5
            server-certificate-store          WebHosting                                            sslcert.txt:39:5
            upload-read-ahead-size            not set → 49152 bytes                                 default [1]
            max-content-length                not set → 30000000 bytes                              default [1]
            anonymous-authentication          not set → true: users without credentials enter as    default [1]
                                              the anonymous user
            iis-certificate-mapping           not set → false: no mapping by IIS                    default [1]
            ad-certificate-mapping            not set → false: no mapping by Active Directory in    default [1]
                                              IIS
            allow-double-escaping             not set → false: URLs with '+' in a name, such as     default [1]
                                              delta CRLs, answer 404.11
            [1] no level of the configuration sets it

          Records without a binding
            record                owner  where it begins
            ─────────────────────────────────────────────
            *.fabrikam.test:8443  IIS    sslcert.txt:67:5
            ccs:443               IIS    sslcert.txt:98:5
        "#);
    }

    #[test]
    fn another_record_that_serves_and_values_that_differ_between_endpoints_are_shown() {
        insta::assert_snapshot!(table(&other_records(), Style::plain(80)), @r#"
        web01 (IIS 7 or later)
          web01/applicationHost.config (applicationHost.config, UTF-8)
          web01/sslcert.txt (netsh http show sslcert, UTF-8)

          "Legacy" (id 31), starts by itself
            applicationHost.config:4:7
            https 10.20.0.5:443: → 10.20.0.5:443
            https [fd00:20::5]:443: → [fd00:20::5]:443, served by [::]:443

            setting                   value                          where it comes from
            ────────────────────────────────────────────────────────────────────────────
            access-flags              not set → None: plain http is  default [1]
                                      served, no client certificate
                                      is asked for
            ctl-identifier            no CTL: every root that the    sslcert.txt:28:5
                                      machine trusts is acceptable
            ctl-store-name            no store named                 sslcert.txt:29:5
            ds-mapper                 false: certificates are not    sslcert.txt:30:5
                                      mapped by Active Directory
            server-certificate-store  My                             sslcert.txt:22:5
            upload-read-ahead-size    not set → 49152 bytes          default [1]
            max-content-length        not set → 30000000 bytes       default [1]
            anonymous-authentication  not set → true: users without  default [1]
                                      credentials enter as the
                                      anonymous user
            iis-certificate-mapping   not set → false: no mapping    default [1]
                                      by IIS
            ad-certificate-mapping    not set → false: no mapping    default [1]
                                      by Active Directory in IIS
            allow-double-escaping     not set → false: URLs with     default [1]
                                      '+' in a name, such as delta
                                      CRLs, answer 404.11
            [1] no level of the configuration sets it

            differs between the endpoints of this site:
              cert-check-mode
                10.20.0.5:443: 4: revocation is checked, the CRL is fetched anew after
                               the freshness time (sslcert.txt:26:5)
                [fd00:20::5]:443: 0: revocation is checked, CRLs are fetched online when
                                  the cached one is missing or out of date
                                  (sslcert.txt:37:5)
              revocation-freshness-time
                10.20.0.5:443: 3600 seconds (sslcert.txt:26:5)
                [fd00:20::5]:443: 0: the CRL is fetched anew only when the cached one
                                  has expired (sslcert.txt:40:5)
              revocation-url-retrieval-timeout
                10.20.0.5:443: 15000 milliseconds (sslcert.txt:27:5)
                [fd00:20::5]:443: 0: the time-out of the system applies
                                  (sslcert.txt:41:5)
              negotiate-client-certificate
                10.20.0.5:443: true: every client is asked for a certificate in the
                               first handshake (sslcert.txt:31:5)
                [fd00:20::5]:443: false: the certificate is asked for late, only where a
                                  URL wants it; the request body read so far is limited
                                  by the read-ahead size (sslcert.txt:45:5)
              server-certificate
                10.20.0.5:443: 9b8a7c6d5e4f30211203f4e5d6c7b8a990817263
                               (sslcert.txt:20:5)
                [fd00:20::5]:443: 1f0c6b7c2a9d4e58b3a7c0d1e2f30415263748a9
                                  (sslcert.txt:34:5)

          "Portal" (id 32), starts by itself
            applicationHost.config:11:7
            https *:443:portal.fabrikam.test (binding flags 1: SNI) →
                  portal.fabrikam.test:443, served by 0.0.0.0:443
            https 10.20.0.6:443:api.fabrikam.test (binding flags 5: SNI, no HTTP/2) →
                  api.fabrikam.test:443, served by 0.0.0.0:443

            setting                   value                     where it comes from
            ────────────────────────────────────────────────────────────────────────────
            access-flags              Ssl, SslNegotiateCert,    applicationHost.config:2
                                      SslRequireCert (104)      4:25
            cert-check-mode           1: revocation is not      sslcert.txt:9:5
                                      checked: revoked
                                      certificates are
                                      accepted
            revocation-freshness-     0: the CRL is fetched     sslcert.txt:12:5
            time                      anew only when the
                                      cached one has expired
            revocation-url-           0: the time-out of the    sslcert.txt:13:5
            retrieval-timeout         system applies
            ctl-identifier            no CTL: every root that   sslcert.txt:14:5
                                      the machine trusts is
                                      acceptable
            ctl-store-name            no store named            sslcert.txt:15:5
            ds-mapper                 false: certificates are   sslcert.txt:16:5
                                      not mapped by Active
                                      Directory
            negotiate-client-         false: the certificate    sslcert.txt:17:5
            certificate               is asked for late, only
                                      where a URL wants it;
                                      the request body read so
                                      far is limited by the
                                      read-ahead size
            server-certificate        1f0c6b7c2a9d4e58b3a7c0d1  sslcert.txt:6:5
                                      e2f30415263748a9
            server-certificate-store  My                        sslcert.txt:8:5
            upload-read-ahead-size    not set → 49152 bytes     default [1]
            max-content-length        not set → 30000000 bytes  default [1]
            anonymous-authentication  not set → true: users     default [1]
                                      without credentials
                                      enter as the anonymous
                                      user
            iis-certificate-mapping   not set → false: no       default [1]
                                      mapping by IIS
            ad-certificate-mapping    not set → false: no       default [1]
                                      mapping by Active
                                      Directory in IIS
            allow-double-escaping     not set → false: URLs     default [1]
                                      with '+' in a name, such
                                      as delta CRLs, answer
                                      404.11
            [1] no level of the configuration sets it

          Records without a binding
            record       owner                   serves                 where it begins
            ────────────────────────────────────────────────────────────────────────────
            0.0.0.0:443  IIS                     api.fabrikam.test:443  sslcert.txt:5:5
                                                 ,
                                                 portal.fabrikam.test:
                                                 443
            [::]:443     application {ba195980-  [fd00:20::5]:443       sslcert.txt:33:5
                         cd49-458b-9e23-
                         c84ee0adcd75}
        "#);
        insta::assert_snapshot!(table(&other_records(), Style::plain(120)), @r#"
        web01 (IIS 7 or later)
          web01/applicationHost.config (applicationHost.config, UTF-8)
          web01/sslcert.txt (netsh http show sslcert, UTF-8)

          "Legacy" (id 31), starts by itself
            applicationHost.config:4:7
            https 10.20.0.5:443: → 10.20.0.5:443
            https [fd00:20::5]:443: → [fd00:20::5]:443, served by [::]:443

            setting                   value                                                                  where it comes from
            ────────────────────────────────────────────────────────────────────────────────────────────────────────────────────
            access-flags              not set → None: plain http is served, no client certificate is asked   default [1]
                                      for
            ctl-identifier            no CTL: every root that the machine trusts is acceptable               sslcert.txt:28:5
            ctl-store-name            no store named                                                         sslcert.txt:29:5
            ds-mapper                 false: certificates are not mapped by Active Directory                 sslcert.txt:30:5
            server-certificate-store  My                                                                     sslcert.txt:22:5
            upload-read-ahead-size    not set → 49152 bytes                                                  default [1]
            max-content-length        not set → 30000000 bytes                                               default [1]
            anonymous-authentication  not set → true: users without credentials enter as the anonymous user  default [1]
            iis-certificate-mapping   not set → false: no mapping by IIS                                     default [1]
            ad-certificate-mapping    not set → false: no mapping by Active Directory in IIS                 default [1]
            allow-double-escaping     not set → false: URLs with '+' in a name, such as delta CRLs, answer   default [1]
                                      404.11
            [1] no level of the configuration sets it

            differs between the endpoints of this site:
              cert-check-mode
                10.20.0.5:443: 4: revocation is checked, the CRL is fetched anew after the freshness time (sslcert.txt:26:5)
                [fd00:20::5]:443: 0: revocation is checked, CRLs are fetched online when the cached one is missing or out of
                                  date (sslcert.txt:37:5)
              revocation-freshness-time
                10.20.0.5:443: 3600 seconds (sslcert.txt:26:5)
                [fd00:20::5]:443: 0: the CRL is fetched anew only when the cached one has expired (sslcert.txt:40:5)
              revocation-url-retrieval-timeout
                10.20.0.5:443: 15000 milliseconds (sslcert.txt:27:5)
                [fd00:20::5]:443: 0: the time-out of the system applies (sslcert.txt:41:5)
              negotiate-client-certificate
                10.20.0.5:443: true: every client is asked for a certificate in the first handshake (sslcert.txt:31:5)
                [fd00:20::5]:443: false: the certificate is asked for late, only where a URL wants it; the request body read so
                                  far is limited by the read-ahead size (sslcert.txt:45:5)
              server-certificate
                10.20.0.5:443: 9b8a7c6d5e4f30211203f4e5d6c7b8a990817263 (sslcert.txt:20:5)
                [fd00:20::5]:443: 1f0c6b7c2a9d4e58b3a7c0d1e2f30415263748a9 (sslcert.txt:34:5)

          "Portal" (id 32), starts by itself
            applicationHost.config:11:7
            https *:443:portal.fabrikam.test (binding flags 1: SNI) → portal.fabrikam.test:443, served by 0.0.0.0:443
            https 10.20.0.6:443:api.fabrikam.test (binding flags 5: SNI, no HTTP/2) → api.fabrikam.test:443, served by
                  0.0.0.0:443

            setting                           value                                                 where it comes from
            ────────────────────────────────────────────────────────────────────────────────────────────────────────────────────
            access-flags                      Ssl, SslNegotiateCert, SslRequireCert (104)           applicationHost.config:24:25
            cert-check-mode                   1: revocation is not checked: revoked certificates    sslcert.txt:9:5
                                              are accepted
            revocation-freshness-time         0: the CRL is fetched anew only when the cached one   sslcert.txt:12:5
                                              has expired
            revocation-url-retrieval-timeout  0: the time-out of the system applies                 sslcert.txt:13:5
            ctl-identifier                    no CTL: every root that the machine trusts is         sslcert.txt:14:5
                                              acceptable
            ctl-store-name                    no store named                                        sslcert.txt:15:5
            ds-mapper                         false: certificates are not mapped by Active          sslcert.txt:16:5
                                              Directory
            negotiate-client-certificate      false: the certificate is asked for late, only where  sslcert.txt:17:5
                                              a URL wants it; the request body read so far is
                                              limited by the read-ahead size
            server-certificate                1f0c6b7c2a9d4e58b3a7c0d1e2f30415263748a9              sslcert.txt:6:5
            server-certificate-store          My                                                    sslcert.txt:8:5
            upload-read-ahead-size            not set → 49152 bytes                                 default [1]
            max-content-length                not set → 30000000 bytes                              default [1]
            anonymous-authentication          not set → true: users without credentials enter as    default [1]
                                              the anonymous user
            iis-certificate-mapping           not set → false: no mapping by IIS                    default [1]
            ad-certificate-mapping            not set → false: no mapping by Active Directory in    default [1]
                                              IIS
            allow-double-escaping             not set → false: URLs with '+' in a name, such as     default [1]
                                              delta CRLs, answer 404.11
            [1] no level of the configuration sets it

          Records without a binding
            record       owner                                               serves                    where it begins
            ───────────────────────────────────────────────────────────────────────────────────────────────────────────
            0.0.0.0:443  IIS                                                 api.fabrikam.test:443,    sslcert.txt:5:5
                                                                             portal.fabrikam.test:443
            [::]:443     application {ba195980-cd49-458b-9e23-c84ee0adcd75}  [fd00:20::5]:443          sslcert.txt:33:5
        "#);
    }

    #[test]
    fn json_with_records_keeps_to_its_schema_and_names_the_record_that_serves() {
        for estate in [one_record_each(), other_records()] {
            assert_eq!(violations(SCHEMA, &json(&estate)), "");
        }
        let report: serde_json::Value = serde_json::from_str(&json(&other_records())).unwrap();
        let endpoints = report["servers"][0]["endpoints"].as_array().unwrap();
        let portal = endpoints.iter().find(|endpoint| endpoint["key"] == "portal.fabrikam.test:443").unwrap();
        assert_eq!((&portal["served"], &portal["record"]["key"]), (&"other".into(), &"0.0.0.0:443".into()));
        assert_eq!(portal["record"]["owner"], "IIS");
        assert_eq!(portal["record"]["switches"]["clientcertnegotiation"], false);
        assert_eq!(report["servers"][0]["schannel"], serde_json::Value::Null);
    }

    #[test]
    fn schannel_values_and_values_where_nobody_looks_are_shown_with_their_places() {
        let mut estate = one_record_each();
        let export = "Windows Registry Editor Version 5.00\n\n[HKEY_LOCAL_MACHINE\\SYSTEM\\CurrentControlSet\\Control\\SecurityProviders\\\
                      SCHANNEL]\n\"SendTrustedIssuerList\"=dword:00000001\n";
        estate.servers[0].schannel = Some(Box::new(crate::schannel::read_schannel(export, FileId(1))));
        let place = estate.servers[0].records.as_ref().unwrap().records[0].place;
        let stray = crate::httpsys::StrayValue {
            key: HOSTILE.to_owned(),
            name: HOSTILE.to_owned(),
            data: "0x1".to_owned(),
            number: Some(1),
            place,
        };
        estate.servers[0].records.as_mut().unwrap().stray.push(stray);
        let text = table(&estate, Style::plain(140));
        assert!(text.contains("1: clients are told which issuers are accepted") && text.contains("sslcert.txt:4:"), "{text}");
        assert!(text.contains("Values above the records, which HTTP.sys does not read"), "{text}");
        assert_eq!((acting(&text).as_str(), too_wide(&text, 140)), ("", Vec::new()));
        assert_eq!(violations(SCHEMA, &json(&estate)), "");
    }

    #[test]
    fn a_listing_without_a_list_of_sites_shows_its_records_with_their_values() {
        let mut estate = one_record_each();
        let server = &mut estate.servers[0];
        server.lists_sites = false;
        server.sites.clear();
        server.endpoints.iter_mut().for_each(|endpoint| endpoint.sites.clear());
        let text = table(&estate, Style::plain(80));
        assert!(text.contains("record ccs:443, owner: IIS") && text.contains("cert-check-mode"), "{text}");
    }

    #[test]
    fn an_endpoint_without_a_record_says_that_connections_are_reset() {
        let estate = with_records(
            br#"<configuration><system.applicationHost><sites><site name="S" id="1"><application path="/"/><bindings>
                <binding protocol="https" bindingInformation="*:8444:a.test" sslFlags="1"/></bindings></site></sites>
                </system.applicationHost></configuration>"#,
            include_bytes!("../../tests/fixtures/netsh/o02_2022_sni_drift_and_ccs.txt"),
        );
        let text = table(&estate, Style::plain(120));
        assert!(text.contains("a.test:8444, no record: connections are reset") && text.contains("no value: cert-check-mode, "), "{text}");
        assert!(json(&estate).contains("\"served\": \"nobody\""));
    }

    #[test]
    fn a_value_in_json_has_number_meaning_and_origin() {
        let report: serde_json::Value = serde_json::from_str(&json(&estate("Shop", ""))).unwrap();
        let settings = &report["servers"][0]["sites"][0]["scopes"][0]["settings"];
        insta::assert_snapshot!(format!("{:#}", settings["access-flags"]), @r#"
        {
          "meaning": "https is required, http answers 403.4; the client is asked for a certificate; a client certificate is required, none answers 403.7",
          "number": 104,
          "origin": {
            "column": 5,
            "file": "estate/web01/MetaBase.xml",
            "kind": "explicit",
            "line": 25
          },
          "value": "AccessSSL | AccessSSLNegotiateCert | AccessSSLRequireCert"
        }
        "#);
        insta::assert_snapshot!(format!("{:#}", settings["revocation-freshness-time"]), @r#"
        {
          "meaning": "86400 seconds",
          "origin": {
            "kind": "default",
            "why": "no key sets it, neither here nor above"
          },
          "value": 86400
        }
        "#);
        let unknown = &report["servers"][1]["sites"][0]["scopes"][0]["settings"]["cert-check-mode"];
        insta::assert_snapshot!(format!("{unknown:#}"), @r#"
        {
          "meaning": "not assessed",
          "origin": {
            "kind": "unknown",
            "needs": "netsh http show sslcert"
          },
          "value": null
        }
        "#);
    }

    #[test]
    fn endpoint_settings_that_were_not_given_are_never_shown_as_values() {
        let estate = Estate { servers: vec![iis7("web02", "x")], ..Estate::default() };
        let text = table(&estate, Style::plain(200));
        assert!(text.contains("not assessed: cert-check-mode, "), "{text}");
        assert!(!text.contains("revocation is checked"), "{text}");
    }

    #[test]
    fn binding_flags_are_named_and_unknown_bits_are_kept() {
        assert_eq!(parts::flag_names(33), "SNI, no TLS 1.3");
        assert_eq!(parts::flag_names(0x401), "SNI, bits 0x400 have no known meaning");
    }

    #[test]
    fn many_sites_on_one_endpoint_are_counted_and_not_listed_again_and_again() {
        let mut server = iis7("web02", "x");
        server.sites = vec![server.sites[0].clone(); 100];
        server.endpoints[0].sites = (0..100).collect();
        let text = table(&Estate { servers: vec![server], ..Estate::default() }, Style::plain(80));
        assert!(text.contains("and 98 other sites"), "{text}");
        assert!(text.len() < 100 * 2_000);
    }

    #[test]
    fn colours_change_nothing_but_colours() {
        let estate = estate("Shop", HOSTILE);
        let coloured = table(&estate, Style { colour: true, width: 80 });
        assert!(coloured.contains('\u{1b}'));
        let mut stripped = String::new();
        for (index, part) in coloured.split('\u{1b}').enumerate() {
            stripped.push_str(if index == 0 { part } else { part.split_once('m').unwrap().1 });
        }
        assert_eq!(stripped, table(&estate, Style::plain(80)));
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(64))]
        #[test]
        fn no_name_gets_a_control_character_out_or_a_line_too_wide(
            first in proptest::collection::vec(any::<char>(), 0..60),
            second in "[\\x00-\\x20a\u{80}-\u{9f}\u{2028}\u{202a}-\u{202e}\u{300}日]{0,60}",
            width in 40usize..140,
        ) {
            let first: String = first.into_iter().collect();
            let mut estate = estate(&first, &second);
            estate.servers[0].sites[1].bindings[0].protocol = first.clone();
            estate.servers[0].sites[1].bindings[0].flags_written = Some(first);
            let text = table(&estate, Style::plain(width));
            prop_assert_eq!(acting(&text), "");
            prop_assert_eq!(too_wide(&text, width), Vec::<&str>::new());
            prop_assert_eq!(violations(SCHEMA, &json(&estate)), "");
        }
    }
}
