//! Expected values: what is in effect at the sites and paths of an entry, compared with what it should be. A value that is not known is
//! neither; it becomes a notice.

use std::collections::{BTreeMap, BTreeSet};

use super::file::{CLIENT_CERTIFICATES, ClientCertificates, Expect, Expected};
use crate::catalogue::{Level, Setting, entry};
use crate::input::Place;
use crate::rules::{Finding, POLICY_RULES};
use crate::server::{Endpoint, Generation, Notice, Origin, Resolved, Server, Site};

/// The notice for a value that is not known.
const NOT_ASSESSED: &str = "expectation-not-assessed";
/// How many sites a notice names.
const NAMED: usize = 5;

/// What an entry came to on one server.
pub(super) struct Outcome {
    /// Values that differ.
    pub(super) findings: Vec<Finding>,
    /// Values that are not known.
    pub(super) notices: Vec<Notice>,
    /// Whether any site and path of the server is meant.
    pub(super) applies: bool,
}

/// Judges one entry, which stands at `at`, for one server.
pub(super) fn judge(expect: &Expect, server: &Server, at: Place) -> Outcome {
    let mut judging = Judging { expect, server, at, of_site: Vec::new(), findings: Vec::new(), unknown: BTreeMap::new(), applies: false };
    if expect.servers.matches(&server.name) {
        let meant = |site: &Site| expect.sites.matches_site(site.id, &site.name);
        if entry(expect.setting).level == Level::Endpoint {
            judging.of_site = vec![Vec::new(); server.sites.len()];
            for endpoint in &server.endpoints {
                for site in &endpoint.sites {
                    judging.of_site[*site].push(endpoint);
                }
            }
        }
        for (index, site) in server.sites.iter().enumerate().filter(|(_, site)| meant(site)) {
            match entry(expect.setting).level {
                Level::Url => judging.paths(site),
                Level::Endpoint if server.generation == Generation::Iis6 => judging.written(index, site),
                Level::Endpoint => judging.endpoints(index, site),
            }
        }
        // An entry for all sites is one for all records, also those whose site is not known.
        if expect.sites.0.is_empty() && entry(expect.setting).level == Level::Endpoint {
            for endpoint in server.endpoints.iter().filter(|endpoint| endpoint.sites.is_empty()) {
                let (key, value) = (endpoint.key.to_string(), endpoint.settings.get(expect.setting));
                judging.value(None, "", &key, value, None);
            }
        }
    }
    judging.done()
}

struct Judging<'a> {
    expect: &'a Expect,
    server: &'a Server,
    at: Place,
    /// For each site its endpoints, for a setting of endpoints.
    of_site: Vec<Vec<&'a Endpoint>>,
    findings: Vec<Finding>,
    /// What would tell, and for which sites.
    unknown: BTreeMap<String, Vec<String>>,
    applies: bool,
}

impl Judging<'_> {
    /// A setting that is decided per URL: at every path where something is said, and at the path that the pattern begins with.
    fn paths(&mut self, site: &Site) {
        let expect = self.expect;
        let mut meant: Vec<(&str, &Resolved, bool)> = Vec::new();
        let mut missing = false;
        let mut bases: Vec<String> = Vec::new();
        for base in expect.paths.0.iter().filter(|glob| glob.base().is_some_and(|base| glob.matches(&base))).filter_map(super::Glob::base) {
            let known = |path: &str| path.to_lowercase() == base.to_lowercase();
            if !site.scopes.iter().any(|scope| known(&scope.path)) && !bases.iter().any(|other| known(other)) {
                bases.push(base);
            }
        }
        for scope in site.scopes.iter().filter(|scope| expect.paths.matches(&scope.path)) {
            self.applies = true;
            match scope.settings.get(expect.setting) {
                Some(resolved) => meant.push((&scope.path, resolved, true)),
                None => missing = true,
            }
        }
        for base in &bases {
            self.applies = true;
            // Nothing is said at this path, so what the nearest path above it says is in effect there.
            let above = site.scopes.iter().filter(|scope| is_above(&scope.path, base)).max_by_key(|scope| scope.path.len());
            match above.and_then(|scope| scope.settings.get(expect.setting)) {
                Some(resolved) => meant.push((base, resolved, false)),
                None => missing = true,
            }
        }
        if missing {
            self.note(&site.label(), &format!("nothing: {} has no such setting", self.server.generation));
        }
        meant.sort_by_key(|(path, ..)| (path.len(), path.to_lowercase()));
        // What many paths inherit is one value.
        let mut told: BTreeSet<(Option<Place>, String)> = BTreeSet::new();
        for (path, resolved, own) in meant {
            let what = match &resolved.origin {
                Origin::Unknown { needs } => needs.to_string(),
                _ => resolved.value.show(expect.setting, self.server.generation),
            };
            if told.insert((resolved.origin.place(), what)) || (own && resolved.is_explicit()) {
                self.value(Some(site), path, "", Some(resolved), None);
            }
        }
    }

    /// A setting of an endpoint on IIS 6, where each site writes it and HTTP.sys takes that of one of them.
    fn written(&mut self, index: usize, site: &Site) {
        self.applies = true;
        let setting = self.expect.setting;
        let endpoints = self.of_site.get(index).cloned().unwrap_or_default();
        let contested = endpoints.into_iter().filter_map(|endpoint| endpoint.settings.get(setting)).find(|value| value.known().is_none());
        self.value(Some(site), "/", "", site.root().settings.get(setting), contested);
    }

    /// A setting of an endpoint on IIS 7 and later: every record that serves the site.
    fn endpoints(&mut self, index: usize, site: &Site) {
        self.applies = true;
        let endpoints = self.of_site.get(index).cloned().unwrap_or_default();
        if endpoints.is_empty() {
            self.note(&site.label(), "nothing: no https binding of the site can be read, so no record decides it");
        }
        for endpoint in endpoints {
            let key = endpoint.key.to_string();
            self.value(Some(site), "/", &key, endpoint.settings.get(self.expect.setting), None);
        }
    }

    fn note(&mut self, who: &str, needs: &str) {
        self.unknown.entry(needs.to_owned()).or_default().push(who.to_owned());
    }

    /// Compares one value. `contested` is the value of an endpoint that cannot be told from it.
    fn value(&mut self, site: Option<&Site>, path: &str, endpoint: &str, resolved: Option<&Resolved>, contested: Option<&Resolved>) {
        self.applies = true;
        let (expect, server) = (self.expect, self.server);
        let who = site.map_or_else(|| endpoint.to_owned(), Site::label);
        let Some(resolved) = resolved else {
            self.note(&who, &format!("nothing: {} has no such setting", server.generation));
            return;
        };
        let fits = match (resolved.known(), &expect.value) {
            (None, _) => None,
            (Some(value), Expected::Value(expected)) => Some(value == expected),
            (Some(value), Expected::ClientCertificates(expected)) => Some(value.flags().map(ClientCertificates::of) == Some(*expected)),
        };
        let unknown = match fits {
            None => Some(resolved),
            // Another site on the endpoint says something else, so this one may not be in effect.
            Some(true) => contested,
            Some(false) => None,
        };
        if let Some(Resolved { origin: Origin::Unknown { needs }, .. }) = unknown {
            self.note(&who, needs);
            return;
        }
        if fits != Some(false) {
            return;
        }
        let shown = resolved.value.show(expect.setting, server.generation);
        let meaning = resolved.value.meaning(expect.setting);
        let shown = match (shown.as_str(), &resolved.origin) {
            ("", _) => meaning,
            (shown, Origin::Default { .. }) => format!("not set, so {shown} counts ({meaning})"),
            (shown, _) if meaning.is_empty() || meaning == shown => shown.to_owned(),
            (shown, _) => format!("{shown} ({meaning})"),
        };
        let mut whereabouts = who;
        if !path.is_empty() && entry(expect.setting).level == Level::Url {
            whereabouts.push_str(&format!(" at {path}"));
        } else if site.is_some() && !endpoint.is_empty() {
            whereabouts.push_str(&format!(" on {endpoint}"));
        }
        let wanted = wanted(expect, server.generation);
        let message = format!("{} of {whereabouts} is {shown}; expected is {wanted}", expect.setting);
        let note = if expect.reason.is_empty() { "expected here".to_owned() } else { format!("expected here: {}", expect.reason) };
        let mut finding = Finding::new(POLICY_RULES.value_differs, server, message)
            .setting(expect.setting)
            .at(resolved.origin.place().or(site.and_then(|site| site.place)))
            .related(Some(self.at), note)
            .subject(if endpoint.is_empty() { wanted } else { format!("{endpoint} {wanted}") });
        if let Some(site) = site {
            finding = finding.site(site);
        }
        if !path.is_empty() {
            finding = finding.path(path);
        }
        self.findings.push(finding);
    }

    fn done(self) -> Outcome {
        let (expect, wanted) = (self.expect, wanted(self.expect, self.server.generation));
        let notice = |(needs, mut who): (String, Vec<String>)| {
            who.sort();
            who.dedup();
            let more = who.len().saturating_sub(NAMED);
            who.truncate(NAMED);
            let more = if more > 0 { format!(" and {more} more") } else { String::new() };
            let names = who.join(", ");
            let (why, needs) = match needs.strip_prefix("nothing: ") {
                Some(why) => (format!(" ({why})"), "nothing that can be read would tell".to_owned()),
                None => (String::new(), needs),
            };
            let message = format!("whether {} of {names}{more} is {wanted}, as the policy file expects, is not known{why}", expect.setting);
            Notice { name: NOT_ASSESSED, message, needs: needs.into() }
        };
        Outcome { findings: self.findings, notices: self.unknown.into_iter().map(notice).collect(), applies: self.applies }
    }
}

/// What is expected, in words.
fn wanted(expect: &Expect, generation: Generation) -> String {
    match &expect.value {
        Expected::ClientCertificates(value) => format!("{CLIENT_CERTIFICATES} {}", value.name()),
        Expected::Value(value) => {
            let shown = value.show(expect.setting, generation);
            if shown.is_empty() { "none".to_owned() } else { shown }
        }
    }
}

/// Whether `path` lies at or below the path of a scope.
fn is_above(scope: &str, path: &str) -> bool {
    let (scope, path) = (scope.to_lowercase(), path.to_lowercase());
    scope == "/" || path.strip_prefix(scope.as_str()).is_some_and(|rest| rest.is_empty() || rest.starts_with('/'))
}

/// The setting that an entry is about, as it is written.
pub(super) fn label(expect: &Expect) -> String {
    let name = if matches!(expect.value, Expected::ClientCertificates(_)) { CLIENT_CERTIFICATES } else { Setting::name(expect.setting) };
    let value = match &expect.value {
        Expected::ClientCertificates(value) => value.name().to_owned(),
        Expected::Value(value) => value.show(expect.setting, Generation::Iis7),
    };
    let mut label = format!("{name} = {value}");
    for (key, names) in [("servers", &expect.servers), ("sites", &expect.sites), ("paths", &expect.paths)] {
        if !names.0.is_empty() {
            let names: Vec<&str> = names.0.iter().map(super::Glob::text).collect();
            label.push_str(&format!(", {key} = {}", names.join(" or ")));
        }
    }
    label
}
