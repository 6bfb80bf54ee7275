//! Servers built by hand, for the tests of comparisons: no reader is involved.

use std::collections::BTreeMap;
use std::sync::Arc;

use crate::catalogue::{Level, Setting, Value, entry};
use crate::input::{FileId, Place};
use crate::server::{Binding, Endpoint, EndpointKey, Generation, Origin, Resolved, Scope, Served, Server, Settings, Site};

/// Builds a server.
pub(crate) struct Build {
    generation: Generation,
    name: String,
    file: u32,
    service: Vec<(Setting, String)>,
    sites: Vec<BuildSite>,
}

/// Builds a site.
#[derive(Default)]
pub(crate) struct BuildSite {
    id: u32,
    name: String,
    stopped: bool,
    own: Vec<(Setting, String)>,
    paths: BTreeMap<String, Vec<(Setting, String)>>,
    bindings: Vec<(&'static str, String, Option<String>)>,
}

impl BuildSite {
    pub(crate) fn https(self, written: &str) -> Self {
        self.binding("https", written, None)
    }

    pub(crate) fn http(self, written: &str) -> Self {
        self.binding("http", written, None)
    }

    pub(crate) fn binding(mut self, protocol: &'static str, written: &str, flags: Option<&str>) -> Self {
        self.bindings.push((protocol, written.to_owned(), flags.map(str::to_owned)));
        self
    }

    /// An endpoint setting at the site, or a URL setting at the root.
    pub(crate) fn set(mut self, setting: Setting, value: &str) -> Self {
        self.own.push((setting, value.to_owned()));
        self
    }

    pub(crate) fn at(mut self, path: &str, setting: Setting, value: &str) -> Self {
        self.paths.entry(path.to_owned()).or_default().push((setting, value.to_owned()));
        self
    }

    /// A path at which nothing is said.
    pub(crate) fn path(mut self, path: &str) -> Self {
        self.paths.entry(path.to_owned()).or_default();
        self
    }

    pub(crate) fn stopped(mut self) -> Self {
        self.stopped = true;
        self
    }
}

impl Build {
    pub(crate) fn iis6() -> Self {
        Build { generation: Generation::Iis6, name: "WEB01".to_owned(), file: 0, service: Vec::new(), sites: Vec::new() }
    }

    pub(crate) fn iis7() -> Self {
        Build { generation: Generation::Iis7, ..Build::iis6() }
    }

    pub(crate) fn named(self, name: &str, file: u32) -> Self {
        Build { name: name.to_owned(), file, ..self }
    }

    /// A setting at server level.
    pub(crate) fn service(mut self, setting: Setting, value: &str) -> Self {
        self.service.push((setting, value.to_owned()));
        self
    }

    pub(crate) fn site(mut self, id: u32, name: &str, with: impl FnOnce(BuildSite) -> BuildSite) -> Self {
        self.sites.push(with(BuildSite { id, name: name.to_owned(), ..BuildSite::default() }));
        self
    }

    pub(crate) fn server(self) -> Server {
        let generation = self.generation;
        let mut line = 1;
        let file = FileId(self.file);
        let mut place = || {
            line += 1;
            Place { file, line, column: 3 }
        };
        let has = |setting: Setting| match generation {
            Generation::Iis6 => entry(setting).iis6.is_some(),
            _ => entry(setting).iis7.is_some(),
        };
        let mut top = Settings::default();
        for setting in Setting::ALL.iter().copied().filter(|setting| has(*setting)) {
            let resolved = match Value::default_of(setting, generation) {
                Some(value) => Resolved { value, origin: Origin::Default { why: "not set anywhere".into() } },
                None => Resolved::unknown("netsh http show sslcert"),
            };
            top.set(setting, resolved);
        }
        let explicit = |settings: &mut Settings, said: &[(Setting, String)], place: &mut dyn FnMut() -> Place| {
            for (setting, text) in said {
                let value = Value::parse(*setting, generation, text);
                settings.set(*setting, Resolved { value, origin: Origin::Explicit { at: place() } });
            }
        };
        explicit(&mut top, &self.service, &mut place);
        let below = |settings: &Settings, from: &str, url_only: bool| {
            let mut child = Settings::default();
            for (setting, resolved) in settings.iter() {
                if !url_only || entry(setting).level == Level::Url {
                    child.set(setting, super::inherited(resolved, from));
                }
            }
            child
        };
        let scope = |path: &str, store_path: String, settings: Settings| Scope {
            path: path.to_owned(),
            store_path,
            is_application: false,
            place: None,
            product: None,
            settings,
            mappings: Vec::new(),
            routing: crate::server::Routing::default(),
        };
        let service_path = if generation == Generation::Iis6 { "/LM/W3SVC" } else { "" };
        let mut sites = Vec::new();
        let mut endpoints: BTreeMap<EndpointKey, Vec<usize>> = BTreeMap::new();
        for (index, build) in self.sites.into_iter().enumerate() {
            let root_path = match generation {
                Generation::Iis6 => format!("/LM/W3SVC/{}/ROOT", build.id),
                _ => build.name.clone(),
            };
            let mut root = below(&top, service_path, false);
            explicit(&mut root, &build.own, &mut place);
            let mut scopes = vec![scope("/", root_path.clone(), root)];
            for (path, said) in &build.paths {
                // The nearest path above is the last one that is a prefix, since paths come in order.
                let parent = scopes
                    .iter()
                    .rev()
                    .find(|parent| parent.path == "/" || path.to_lowercase().starts_with(&format!("{}/", parent.path.to_lowercase())));
                let mut settings = below(&parent.unwrap().settings, &parent.unwrap().store_path, true);
                explicit(&mut settings, said, &mut place);
                scopes.push(scope(path, format!("{root_path}{path}"), settings));
            }
            let bindings: Vec<Binding> = build
                .bindings
                .into_iter()
                .map(|(protocol, written, flags)| Binding::parse(protocol, &written, protocol == "https", flags, place()))
                .collect();
            for key in bindings.iter().filter_map(|binding| binding.endpoint.clone()) {
                let sites = endpoints.entry(key).or_default();
                if sites.last() != Some(&index) {
                    sites.push(index);
                }
            }
            sites.push(Site {
                id: Some(build.id),
                name: build.name,
                declared: true,
                place: Some(place()),
                auto_start: !build.stopped,
                bindings,
                above: Arc::default(),
                scopes,
                elements: crate::server::SiteElements::default(),
                overruled: crate::server::Settings::default(),
            });
        }
        let endpoints = endpoints.into_iter().map(|(key, on)| {
            let mut settings = Settings::default();
            for setting in Setting::ALL.iter().copied().filter(|setting| entry(*setting).level == Level::Endpoint && has(*setting)) {
                let first = sites[on[0]].root().settings.get(setting).unwrap();
                let agree = on.iter().all(|site| sites[*site].root().settings.get(setting).unwrap().value == first.value);
                settings.set(setting, if agree { first.clone() } else { Resolved::unknown("the sites disagree") });
            }
            Endpoint { key, sites: on, served: Served::NotGiven, settings }
        });
        Server {
            name: self.name,
            generation,
            inputs: vec![file],
            scope: scope("", service_path.to_owned(), top).into(),
            endpoints: endpoints.collect(),
            sites,
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
}

/// A record for [`give_records`]: its key, then whether revocation is checked, the first handshake asks, and HTTP/2 is off; `None` leaves
/// the line out, as a shortened listing or an older Windows does.
pub(crate) type BuildRecord = (&'static str, Option<bool>, Option<bool>, Option<bool>);

/// Gives a server records of HTTP.sys; nothing happens on IIS 6.
pub(crate) fn give_records(server: &mut Server, records: &[BuildRecord], file: u32) {
    let mut text = "\nSSL Certificate bindings:\n-------------------------\n".to_owned();
    for (key, revocation, negotiate, http2_off) in records {
        let label = if key.starts_with(|c: char| c.is_ascii_digit() || c == '[') { "IP:port" } else { "Hostname:port" };
        text.push_str(&format!("\n    {label:<28} : {key}\n    Certificate Hash             : {}\n", "ab".repeat(20)));
        let lines = [
            ("Verify Client Certificate Revocation", revocation),
            ("Verify Revocation Using Cached Client Certificate Only", &revocation.map(|_| false)),
            ("Usage Check                 ", &revocation.map(|_| true)),
            ("Negotiate Client Certificate", negotiate),
            ("Disable HTTP2               ", http2_off),
        ];
        for (label, on) in lines {
            if let Some(on) = on {
                text.push_str(&format!("    {label} : {}\n", if *on { "Enabled" } else { "Disabled" }));
            }
        }
        if revocation.is_some() {
            text.push_str("    Revocation Freshness Time    : 0\n");
        }
    }
    crate::httpsys::join(server, crate::httpsys::read_listing(&text, FileId(file)));
}
