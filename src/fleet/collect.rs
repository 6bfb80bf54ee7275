//! What is compared: sites with their values, made of servers or of rows. Equal texts are kept once, for an estate repeats few of them very
//! often.

use std::collections::{BTreeMap, BTreeSet, HashSet};
use std::sync::Arc;

use super::Text;
use crate::catalogue::{Level, Setting, Value, entry};
use crate::input::Place;
use crate::server::{Endpoint, Generation, Origin, Resolved, Served, Server, Site};

/// The name under which it is compared whether HTTP.sys has a record for a site at all.
pub(super) const RECORD: &str = "http-sys-record";

/// A place, with the path of its file.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Location {
    /// Path of the file as shown.
    pub file: Text,
    /// Line, from 1.
    pub line: u32,
    /// Column, from 1.
    pub column: u32,
}

/// One row: a setting of a site at a path, as it is in effect.
#[derive(Debug, Clone)]
pub struct Observation<'a> {
    /// Name of the server.
    pub server: &'a str,
    /// Name of the site.
    pub site: &'a str,
    /// Its number.
    pub site_id: Option<u32>,
    /// URL path; empty for what is decided for the site as a whole.
    pub path: &'a str,
    /// Name of the setting.
    pub setting: &'a str,
    /// The value, so that equal values have equal texts whatever the generation; `None` when it was not assessed.
    pub value: Option<&'a str>,
    /// The value as reports show it.
    pub shown: &'a str,
    /// Kind of the origin: `explicit`, `inherited`, `default` or `unknown`.
    pub origin: &'a str,
    /// Where it is said: path of the file, line and column.
    pub place: Option<(&'a str, u32, u32)>,
}

/// A site, for finding its peers.
#[derive(Debug, Clone, Default)]
pub struct Peer<'a> {
    /// Name of the server.
    pub server: &'a str,
    /// Name of the site.
    pub site: &'a str,
    /// Its number.
    pub site_id: Option<u32>,
    /// Its host names, in any order and case.
    pub hosts: Vec<String>,
    /// What its bindings are, addresses aside.
    pub bindings: Vec<String>,
    /// The applications below its root.
    pub applications: Vec<String>,
    /// Where it is declared: path of the file, line and column.
    pub place: Option<(&'a str, u32, u32)>,
}

/// A value in effect.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Fact {
    /// The value for comparing; `None` when it was not assessed.
    pub value: Option<Text>,
    /// The value for showing.
    pub shown: Text,
    /// Kind of its origin.
    pub origin: Text,
    /// Where it is said.
    pub at: Option<Location>,
}

/// A site of a server, with its values.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Member {
    /// Name of the server.
    pub server: Text,
    /// Name of the site.
    pub site: Text,
    /// Its number.
    pub id: Option<u32>,
    /// Its host names in lower case, sorted.
    pub hosts: Vec<Text>,
    /// Its bindings without addresses, sorted.
    pub bindings: Vec<Text>,
    /// The applications below its root, in lower case, sorted, as one text; empty for none.
    pub role: Text,
    /// Where it is declared.
    pub place: Option<Location>,
    /// Its values by path, in lower case, and setting.
    pub paths: BTreeMap<Text, BTreeMap<Text, Fact>>,
}

impl Member {
    /// The value of a setting at a path or, for a path at which nothing is said, at the nearest one above.
    pub(super) fn at(&self, path: &str, setting: &str) -> Option<&Fact> {
        let mut path = path;
        // Deeper paths than this are none of a web site; the bound keeps the work linear.
        for _ in 0..64 {
            if let Some(facts) = self.paths.get(path) {
                return facts.get(setting);
            }
            path = above(path)?;
        }
        self.paths.get("/")?.get(setting)
    }
}

/// The path above; `None` for the root and for the site as a whole.
pub(super) fn above(path: &str) -> Option<&str> {
    match path.trim_end_matches('/').rsplit_once('/')? {
        ("", "") => None,
        ("", _) => Some("/"),
        (above, _) => Some(above),
    }
}

/// All sites of all servers, in an order that does not depend on that of the input.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Estate {
    /// The sites, sorted by server, name and number.
    pub members: Vec<Member>,
    /// All servers by name, those without sites included.
    pub servers: Vec<Text>,
}

/// Gathers sites and rows.
#[derive(Debug, Default)]
pub struct Collector {
    texts: HashSet<Text>,
    servers: BTreeSet<Text>,
    sites: BTreeMap<(Text, Text, Option<u32>), Member>,
}

impl Collector {
    fn text(&mut self, text: &str) -> Text {
        if let Some(known) = self.texts.get(text) {
            return Arc::clone(known);
        }
        let new: Text = Arc::from(text);
        self.texts.insert(Arc::clone(&new));
        new
    }

    fn location(&mut self, place: Option<(&str, u32, u32)>) -> Option<Location> {
        place.map(|(file, line, column)| Location { file: self.text(file), line, column })
    }

    fn member(&mut self, server: &str, site: &str, id: Option<u32>) -> &mut Member {
        let (server, site, empty) = (self.text(server), self.text(site), self.text(""));
        self.servers.insert(Arc::clone(&server));
        self.sites.entry((Arc::clone(&server), Arc::clone(&site), id)).or_insert_with(|| Member {
            server,
            site,
            id,
            hosts: Vec::new(),
            bindings: Vec::new(),
            role: empty,
            place: None,
            paths: BTreeMap::new(),
        })
    }

    /// Adds a site. Of sites with the same server, name and number the first counts.
    pub fn site(&mut self, peer: &Peer<'_>) {
        let sorted = |texts: &[String]| texts.iter().map(|text| text.to_lowercase()).collect::<BTreeSet<String>>();
        let hosts: Vec<Text> = sorted(&peer.hosts).iter().map(|text| self.text(text)).collect();
        let bindings: Vec<Text> = sorted(&peer.bindings).iter().map(|text| self.text(text)).collect();
        // No path holds a line break.
        let role = sorted(&peer.applications).into_iter().collect::<Vec<_>>().join("\n");
        let role = self.text(&role);
        let place = self.location(peer.place);
        let member = self.member(peer.server, peer.site, peer.site_id);
        if member.place.is_none() && member.bindings.is_empty() && member.hosts.is_empty() {
            (member.hosts, member.bindings, member.role, member.place) = (hosts, bindings, role, place);
        }
    }

    /// Adds a row. Of rows for the same setting of the same path the first counts.
    pub fn observe(&mut self, row: &Observation<'_>) {
        let path = self.text(&row.path.to_lowercase());
        let setting = self.text(row.setting);
        let fact = Fact {
            value: row.value.map(|value| self.text(value)),
            shown: self.text(row.shown),
            origin: self.text(row.origin),
            at: self.location(row.place),
        };
        self.member(row.server, row.site, row.site_id).paths.entry(path).or_default().entry(setting).or_insert(fact);
    }

    /// Adds a server with all its sites. `file` tells the path of a file.
    pub fn server<'a>(&mut self, server: &'a Server, file: impl Fn(crate::input::FileId) -> &'a str) {
        let name = self.text(&server.name);
        self.servers.insert(name);
        let at = |place: Option<Place>| place.map(|place| (file(place.file), place.line, place.column));
        let mut endpoints: Vec<Vec<&Endpoint>> = vec![Vec::new(); server.sites.len()];
        for endpoint in &server.endpoints {
            for site in &endpoint.sites {
                if let Some(endpoints) = endpoints.get_mut(*site) {
                    endpoints.push(endpoint);
                }
            }
        }
        for (site, endpoints) in server.sites.iter().zip(&endpoints) {
            self.site(&Peer { server: &server.name, place: at(site.place), ..peer(site) });
            let mut row = |path: &str, setting: &str, resolved: &Resolved, value: Option<String>, shown: &str| {
                self.observe(&Observation {
                    server: &server.name,
                    site: &site.name,
                    site_id: site.id,
                    path,
                    setting,
                    value: value.as_deref(),
                    shown,
                    origin: resolved.origin.kind(),
                    place: at(resolved.origin.place()),
                });
            };
            for scope in &site.scopes {
                for (setting, resolved) in scope.settings.iter().filter(|(setting, _)| entry(*setting).level == Level::Url) {
                    let (value, shown) = texts(setting, resolved, server.generation);
                    row(&scope.path, setting.name(), resolved, value, &shown);
                }
            }
            if endpoints.is_empty() {
                continue;
            }
            for setting in Setting::ALL.iter().copied().filter(|setting| entry(*setting).level == Level::Endpoint) {
                if let Some((resolved, value, shown)) = of_endpoints(setting, endpoints, server.generation) {
                    row("", setting.name(), resolved, value, &shown);
                }
            }
            if endpoints.iter().all(|endpoint| endpoint.served != Served::NotGiven) {
                let nobody = endpoints.iter().any(|endpoint| endpoint.served == Served::Nobody);
                let word = if nobody { "missing" } else { "present" };
                let place = endpoints.iter().find_map(|endpoint| server.record_of(endpoint)).map(|record| record.place);
                let origin = place.map_or(Origin::Default { why: "".into() }, |at| Origin::Explicit { at });
                row("", RECORD, &Resolved { value: Value::None, origin }, Some(word.to_owned()), word);
            }
        }
    }

    /// All that was gathered.
    pub fn finish(self) -> Estate {
        let mut members: Vec<Member> = self.sites.into_values().collect();
        members.sort_by_cached_key(|member| {
            (member.server.to_lowercase(), Arc::clone(&member.server), member.site.to_lowercase(), Arc::clone(&member.site), member.id)
        });
        Estate { members, servers: self.servers.into_iter().collect() }
    }
}

fn peer(site: &Site) -> Peer<'_> {
    let applications = site.scopes.iter().skip(1).filter(|scope| scope.is_application).map(|scope| scope.path.clone());
    Peer {
        server: "",
        site: &site.name,
        site_id: site.id,
        hosts: site.bindings.iter().map(|binding| binding.host.clone()).filter(|host| !host.is_empty()).collect(),
        bindings: site
            .bindings
            .iter()
            .map(|binding| {
                let port = binding.port.map_or_else(|| binding.written.clone(), |port| port.to_string());
                format!("{} {port} {} {}", binding.protocol, binding.host, binding.flags_written.as_deref().unwrap_or("0"))
            })
            .collect(),
        applications: applications.collect(),
        place: None,
    }
}

/// The value for comparing, and for showing.
fn texts(setting: Setting, resolved: &Resolved, generation: Generation) -> (Option<String>, String) {
    let Some(value) = resolved.known() else { return (None, "not assessed".to_owned()) };
    let canonical = match value {
        // A malformed value equals no other kind of value, whatever its text is.
        Value::Malformed(text) => format!("malformed: {text}"),
        value => value.show(setting, Generation::Iis7).to_lowercase(),
    };
    let shown = value.show(setting, generation);
    (Some(canonical), if shown.is_empty() { "none".to_owned() } else { shown })
}

/// What holds on all endpoints of a site. Endpoints with different values make a value of their own, for which one a client meets depends
/// on the address it uses; with the values unknown in part nothing is known, for the rest could differ.
fn of_endpoints<'a>(
    setting: Setting,
    endpoints: &[&'a Endpoint],
    generation: Generation,
) -> Option<(&'a Resolved, Option<String>, String)> {
    // An endpoint that nobody serves has no values to compare; that it is not served is compared by itself.
    let served = endpoints.iter().filter(|endpoint| endpoint.served != Served::Nobody);
    let all: Vec<&Resolved> = served.filter_map(|endpoint| endpoint.settings.get(setting)).collect();
    let first = *all.first()?;
    let mut values: Vec<(Option<String>, String)> = all.iter().map(|resolved| texts(setting, resolved, generation)).collect();
    values.sort();
    values.dedup();
    if let Some(at) = values.iter().position(|(value, _)| value.is_none()) {
        let unknown = all.iter().find(|resolved| resolved.known().is_none()).copied().unwrap_or(first);
        return Some((unknown, None, values.swap_remove(at).1));
    }
    // Equal values can be spelled differently.
    values.dedup_by(|a, b| a.0 == b.0);
    match values.as_slice() {
        [(value, shown)] => Some((first, value.clone(), shown.clone())),
        _ => {
            let canonical: Vec<&str> = values.iter().filter_map(|(value, _)| value.as_deref()).collect();
            let shown: Vec<&str> = values.iter().map(|(_, shown)| shown.as_str()).collect();
            Some((first, Some(canonical.join(" | ")), format!("{} by endpoint", shown.join(" and "))))
        }
    }
}
