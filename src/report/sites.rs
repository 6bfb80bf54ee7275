//! The report of `iisaudit sites`: every site, its bindings and endpoints, and what is in effect on each path and why.

use serde::Serialize;

use super::page::Page;
use super::parts::{self, InputJson, SettingsJson, SiteJson, count, to_json};
use super::place::{Location, Places};
use super::style::{DIM, Style};
use crate::estate::Estate;
use crate::server::{Binding, Generation, Notice, Scope, Server, Site};

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
    page.heading(0, &format!("{} ({})", server.name, server.generation));
    for file in &server.inputs {
        let input = usize::try_from(file.0).ok().and_then(|index| places.inputs.get(index));
        if let Some(input) = input {
            let kind = input.kind.map_or("unknown kind", |kind| kind.name());
            page.painted(2, DIM, &format!("{} ({kind}{})", input.path, input.encoding.map(|name| format!(", {name}")).unwrap_or_default()));
        }
    }
    if server.sites.is_empty() {
        page.prose(2, if server.lists_sites { "It has no sites." } else { "No list of sites was given." });
        parts::settings(page, 2, server.scope.settings.iter(), server.generation, places);
    }
    for (index, site) in server.sites.iter().enumerate() {
        self::site(page, server, index, site, places);
    }
    contradictions(page, server);
}

fn site(page: &mut Page, server: &Server, index: usize, site: &Site, places: Places<'_>) {
    page.gap();
    let state = match (site.declared, site.auto_start) {
        (true, true) => "starts by itself",
        (true, false) => "does not start by itself",
        (false, _) => "known from location tags only",
    };
    page.heading(2, &format!("{} {state}", site.label()));
    if let Some(place) = site.place {
        page.painted(4, DIM, &places.text(place));
    }
    for binding in &site.bindings {
        page.labelled(4, &binding.protocol, anstyle::Style::new(), &self::binding(server, index, binding));
    }
    for (depth, scope) in site.scopes.iter().enumerate() {
        if depth == 0 {
            page.gap();
            parts::settings(page, 4, scope.settings.iter(), server.generation, places);
        } else if scope.settings.iter().any(|(_, resolved)| resolved.is_explicit()) {
            // What a path below the root inherits is read further up.
            page.gap();
            page.heading(4, &format!("{}{}", scope.path, if scope.is_application { " (application)" } else { "" }));
            let said = scope.settings.iter().filter(|(_, resolved)| resolved.is_explicit());
            parts::settings(page, 4, said, server.generation, places);
        }
    }
}

/// The binding as written, its number of flags, its endpoint and with whom it shares that.
fn binding(server: &Server, index: usize, binding: &Binding) -> String {
    let mut text = binding.written.clone();
    if let Some(flags) = binding.flags_written.as_deref().filter(|flags| *flags != "0") {
        text.push_str(&format!(" (flags of the binding: {flags})"));
    }
    if let Some(key) = &binding.endpoint {
        text.push_str(&format!(" → {key}"));
        let shared = server.endpoints.binary_search_by(|endpoint| endpoint.key.cmp(key)).ok();
        let sites = shared.and_then(|found| server.endpoints.get(found)).map_or(&[][..], |endpoint| endpoint.sites.as_slice());
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
fn contradictions(page: &mut Page, server: &Server) {
    for endpoint in &server.endpoints {
        let known = endpoint.settings.iter().any(|(_, resolved)| resolved.known().is_some());
        let unknown: Vec<_> = endpoint.settings.iter().filter(|(_, resolved)| resolved.known().is_none()).collect();
        if known && !unknown.is_empty() {
            page.gap();
            page.heading(2, &format!("endpoint {}", endpoint.key));
            parts::settings(page, 4, unknown.into_iter(), server.generation, Places { inputs: &[] });
        }
    }
}

/// The report as JSON, as `schemas/report-sites.schema.json` describes it.
pub fn json(estate: &Estate) -> String {
    let places = Places { inputs: &estate.inputs };
    to_json(&ReportJson {
        format: "iisaudit-sites",
        version: 1,
        inputs: InputJson::all(estate),
        servers: estate.servers.iter().map(|server| ServerJson::new(server, places)).collect(),
        skipped: estate.skipped,
    })
}

#[derive(Debug, Serialize)]
struct ReportJson<'a> {
    format: &'static str,
    version: u32,
    inputs: Vec<InputJson<'a>>,
    servers: Vec<ServerJson<'a>>,
    skipped: usize,
}

#[derive(Debug, Serialize)]
struct ServerJson<'a> {
    name: &'a str,
    generation: Generation,
    inputs: Vec<&'a str>,
    defaults: DefaultsJson<'a>,
    sites: Vec<SiteBlockJson<'a>>,
    endpoints: Vec<EndpointJson<'a>>,
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
}

#[derive(Debug, Serialize)]
struct EndpointJson<'a> {
    key: String,
    sites: Vec<SiteJson<'a>>,
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
        let settings = |settings| SettingsJson { settings, generation: server.generation, places };
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
        };
        let site = |site: &'a Site| SiteBlockJson {
            id: site.id,
            name: &site.name,
            declared: site.declared,
            state: if site.auto_start { "auto-start" } else { "manual-start" },
            location: site.place.map(|place| places.json(place)),
            bindings: site.bindings.iter().map(binding).collect(),
            scopes: site.scopes.iter().map(scope).collect(),
        };
        let endpoints = server.endpoints.iter().map(|endpoint| EndpointJson {
            key: endpoint.key.to_string(),
            sites: endpoint.sites.iter().filter_map(|index| server.sites.get(*index)).map(SiteJson::of).collect(),
            settings: settings(&endpoint.settings),
        });
        let notice = |notice: &'a Notice| NoticeJson { name: notice.name, message: &notice.message, needs: &notice.needs };
        ServerJson {
            name: &server.name,
            generation: server.generation,
            inputs: server.inputs.iter().map(|file| places.path(*file)).collect(),
            defaults: DefaultsJson { settings: settings(&server.scope.settings) },
            sites: server.sites.iter().map(site).collect(),
            endpoints: endpoints.collect(),
            notices: server.notices.iter().map(notice).collect(),
        }
    }
}
