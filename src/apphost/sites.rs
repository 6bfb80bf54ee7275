//! The server that the files describe: its sites with their bindings and URL paths, and what is in effect at each.

use std::collections::{BTreeMap, BTreeSet};
use std::rc::Rc;

use super::PlacedFile;
use super::locks::Locks;
use super::read::{Block, ConfigFile, SiteEntry, level};
use super::sections::{Absent, Layer, State};
use super::vocabulary::{SOURCES, Section};
use super::web_config::{Places, Target, segments};
use crate::catalogue::{Level, Setting, entry};
use crate::estate::FileKind;
use crate::input::{FileId, Place};
use crate::server::{
    Anomaly, AnomalyKind, Binding, Endpoint, EndpointKey, Generation, Notice, Product, Resolved, Scope, Server, Settings, Site,
};

const SERVER_LEVEL: &str = "the server level";
const LONE_WEB_CONFIG: &str = "(web.config)";
/// Separates the parts of a path in keys: it sorts before every character, so a path is directly followed by the paths below it, and
/// XML forbids it, so no part holds it.
const SEPARATOR: char = '\0';
/// Names are joined to every path below them; a longer one is no name that IIS accepts, and is cut.
const LONGEST_NAME: usize = 2048;

/// What is known of a site before its paths are worked out.
struct Draft<'a> {
    name: String,
    entry: Option<&'a SiteEntry>,
    place: Option<Place>,
}

/// A URL path of a site before its settings are worked out.
#[derive(Default)]
struct Seed {
    path: String,
    is_application: bool,
    /// Whether it belongs to Exchange, where it says so itself.
    exchange: Option<bool>,
    place: Option<Place>,
}

struct Assembly<'a> {
    generation: Generation,
    /// Whether the file is a web.config without the applicationHost.config above it.
    lone: bool,
    absent: Absent,
    /// What the file of the server says, by key.
    levels: BTreeMap<String, Vec<Layer<'a>>>,
    /// What the web.config files say, by site and key below it.
    web: BTreeMap<(usize, String), Vec<Layer<'a>>>,
    /// Directories of web.config files, by site and key, with their parts and place.
    web_directories: BTreeMap<(usize, String), (String, Place)>,
    /// The first site of every name, in lower case.
    by_name: BTreeMap<String, usize>,
    /// Locks that hold before any location tag.
    declared_locks: Locks,
    anomalies: Vec<Anomaly>,
    notices: BTreeSet<Notice>,
}

/// Works out the server that the files describe. A file without a list of sites has those that its location tags name; a lone
/// web.config is one site of unknown name.
pub fn assemble(host: &ConfigFile, web_configs: &[PlacedFile], redirection: Option<&ConfigFile>, name: String) -> Server {
    let lone = host.kind() == FileKind::WebConfig;
    let lists_sites = host.sites.is_some();
    let declared_locks = Locks::declared(host.declared.as_ref());
    let mut assembly = Assembly {
        generation: host.generation,
        lone,
        absent: if lone {
            Absent::Unknown("the applicationHost.config of the server")
        } else {
            Absent::Default("no level of the configuration sets it")
        },
        levels: BTreeMap::new(),
        web: BTreeMap::new(),
        web_directories: BTreeMap::new(),
        by_name: BTreeMap::new(),
        declared_locks,
        anomalies: Vec::new(),
        notices: BTreeSet::new(),
    };
    for block in &host.blocks {
        assembly.add_level(block);
    }
    let mut drafts = drafts(host, lone);
    for (index, draft) in drafts.iter().enumerate() {
        assembly.by_name.entry(key(&draft.name)).or_insert(index);
    }
    let places = Places::new(host.sites.as_ref());
    for placed in web_configs {
        assembly.add_web_config(placed, &places, &mut drafts, lists_sites);
    }
    for layers in assembly.web.values_mut() {
        layers.sort_by_key(|layer| layer.rank);
    }

    let mut server_state = State::new(assembly.declared_locks.clone());
    let added = server_state.take_in(assembly.levels.get("").map_or(&[], Vec::as_slice), assembly.generation);
    let mut settings = server_state.settings(assembly.generation, assembly.absent);
    let above = settings.clone();
    add_endpoint_settings(&mut settings);
    let scope = Scope {
        path: String::new(),
        store_path: String::new(),
        is_application: false,
        place: host.blocks.first().map(|block| block.place),
        product: None,
        settings,
        mappings: added.mappings,
    };
    let below_server = server_state.below();
    let sites: Vec<Site> =
        drafts.iter().enumerate().map(|(index, draft)| assembly.site(index, draft, host, &below_server, above.clone())).collect();
    let endpoints = endpoints(&sites);

    assembly.notice_endpoints(&sites, &endpoints);
    assembly.take_noticed(host);
    for file in [Some(host), redirection].into_iter().flatten() {
        if let Some(found) = file.redirection.as_ref().filter(|found| found.enabled) {
            let kind = AnomalyKind::Redirected { path: found.path.clone() };
            assembly.anomalies.push(Anomaly { kind, place: found.place, related: Vec::new(), site: None, path: None });
        }
    }
    if let Some(file) = redirection {
        assembly.anomalies.extend(file.noticed.iter().map(|(anomaly, _)| anomaly.clone()));
    }
    let mut inputs: Vec<FileId> = [Some(host.file), redirection.map(|file| file.file)].into_iter().flatten().collect();
    inputs.extend(web_configs.iter().map(|placed| placed.config.file));
    inputs.sort_unstable();
    inputs.dedup();
    assembly.anomalies.sort_by_key(|anomaly| (anomaly.place, anomaly.site));
    Server {
        name,
        generation: host.generation,
        inputs,
        scope,
        sites,
        endpoints,
        lists_sites,
        anomalies: assembly.anomalies,
        notices: assembly.notices.into_iter().collect(),
    }
}

/// The sites that the file lists, or those that it lets one guess at.
fn drafts(host: &ConfigFile, lone: bool) -> Vec<Draft<'_>> {
    if let Some(sites) = &host.sites {
        return sites.sites.iter().map(|entry| Draft { name: entry.name.clone(), entry: Some(entry), place: Some(entry.place) }).collect();
    }
    if lone {
        return vec![Draft { name: LONE_WEB_CONFIG.to_owned(), entry: None, place: host.blocks.first().map(|block| block.place) }];
    }
    let mut seen = BTreeSet::new();
    let mut drafts = Vec::new();
    for block in &host.blocks {
        if let Some(name) = segments(level(&block.path)).next()
            && seen.insert(name.to_lowercase())
        {
            drafts.push(Draft { name: name.to_owned(), entry: None, place: Some(block.place) });
        }
    }
    drafts
}

impl<'a> Assembly<'a> {
    fn add_level(&mut self, block: &'a Block) {
        let path = level(&block.path);
        let (key, name) = if self.lone {
            (join_key(&LONE_WEB_CONFIG.to_lowercase(), &key(path)), join(LONE_WEB_CONFIG, path))
        } else if path.is_empty() {
            (String::new(), SERVER_LEVEL.to_owned())
        } else {
            (key(path), path.to_owned())
        };
        self.levels.entry(key).or_default().push(Layer { rank: 0, block, name: Rc::from(name) });
    }

    fn add_web_config(&mut self, placed: &'a PlacedFile, places: &Places, drafts: &mut Vec<Draft<'a>>, lists_sites: bool) {
        let shown = placed.directory.iter().map(String::as_str).chain(["web.config"]).collect::<Vec<_>>().join("/");
        for (section, source) in &placed.config.elsewhere {
            self.notice_elsewhere(&shown, section, source);
        }
        let mut targets = places.find(&placed.directory);
        if targets.is_empty() && !lists_sites {
            targets = self.place_by_name(placed, drafts);
        }
        if targets.is_empty() {
            self.notices.insert(Notice {
                name: "web-config-not-placed",
                message: format!("{shown} was not used: its directory matches neither a physical path nor the name of a site"),
                needs: "the files in directories named like those of the server".to_owned(),
            });
        }
        for (number, target) in targets.iter().enumerate() {
            let parts = target.parts.join("/");
            let below = key(&parts);
            let site_name = drafts.get(target.site).map_or("", |draft| draft.name.as_str());
            if target.ignored {
                self.notices.insert(Notice {
                    name: "web-config-ignored",
                    message: format!(
                        "{shown} was not used: its virtual directory has allowSubDirConfig=\"false\", so IIS reads no web.config in directories below it"
                    ),
                    needs: "nothing".to_owned(),
                });
                continue;
            }
            let start = placed.config.blocks.first().map(|block| block.place);
            if let Some(place) = start {
                self.web_directories.entry((target.site, below.clone())).or_insert((parts.clone(), place));
            }
            let rank = 1 + target.parts.len();
            for block in &placed.config.blocks {
                let path = level(&block.path);
                let block_key = join_key(&below, &key(path));
                let name = join(&join(site_name, &parts), path);
                if !path.is_empty() {
                    self.web_directories.entry((target.site, block_key.clone())).or_insert((join(&parts, path), block.place));
                }
                self.web.entry((target.site, block_key)).or_default().push(Layer { rank, block, name: Rc::from(name) });
            }
            // What the file itself shows wrong is wrong once, however many sites share the file.
            if number == 0 {
                for (anomaly, block) in &placed.config.noticed {
                    let path = block.and_then(|block| placed.config.blocks.get(block)).map_or("", |block| level(&block.path));
                    let mut anomaly = anomaly.clone();
                    anomaly.site = Some(target.site);
                    anomaly.path = Some(format!("/{}", join(&parts, path)));
                    self.anomalies.push(anomaly);
                }
            }
        }
        if targets.is_empty() {
            self.anomalies.extend(placed.config.noticed.iter().map(|(anomaly, _)| anomaly.clone()));
        }
    }

    /// Without a list of sites a directory can only be known by its name: that of a site in a location tag, or else a site of its own.
    fn place_by_name(&mut self, placed: &PlacedFile, drafts: &mut Vec<Draft<'a>>) -> Vec<Target> {
        for (index, part) in placed.directory.iter().enumerate() {
            if let Some(site) = self.by_name.get(&key(part)) {
                return vec![Target { site: *site, parts: placed.directory[index + 1..].to_vec(), ignored: false }];
            }
        }
        let Some(name) = placed.directory.last() else { return Vec::new() };
        let place = placed.config.blocks.first().map(|block| block.place);
        self.by_name.insert(key(name), drafts.len());
        drafts.push(Draft { name: name.clone(), entry: None, place });
        vec![Target { site: drafts.len() - 1, parts: Vec::new(), ignored: false }]
    }

    fn site(&mut self, index: usize, draft: &Draft<'a>, host: &ConfigFile, below_server: &State, above: Settings) -> Site {
        let name = cut(&draft.name);
        let site_key = key(&draft.name);
        // IIS refuses a second site of the same name, so which one the location tags below mean cannot be known: the first gets them.
        let first = self.by_name.get(&site_key) == Some(&index);
        let mut seeds = self.seeds(index, draft, &site_key, first, host);
        let exchange_below = seeds.values().any(|seed| seed.exchange == Some(true));
        let root = seeds.remove("").unwrap_or_default();
        let mut scopes = Vec::with_capacity(seeds.len() + 1);
        let mut stack: Vec<(String, State, bool)> = Vec::new();
        let paths = std::iter::once((String::new(), root)).chain(seeds);
        for (path_key, seed) in paths {
            while stack.last().is_some_and(|(above, _, _)| !is_below(&path_key, above)) {
                stack.pop();
            }
            let mut state = stack.last().map_or_else(|| below_server.clone(), |(_, state, _)| state.below());
            let locks_above = stack.last().map(|(_, state, _)| &state.locks).cloned();
            let full_key = join_key(&site_key, &path_key);
            let mut layers: Vec<Layer<'a>> =
                if site_key.is_empty() { Vec::new() } else { self.levels.get(&full_key).cloned().unwrap_or_default() };
            layers.extend(self.web.get(&(index, path_key.clone())).into_iter().flatten().cloned());
            let added = state.take_in(&layers, self.generation);
            let is_root = path_key.is_empty();
            let path = if is_root { "/".to_owned() } else { format!("/{}", seed.path) };
            for mut anomaly in added.anomalies {
                anomaly.site = Some(index);
                anomaly.path = Some(path.clone());
                self.anomalies.push(anomaly);
            }
            if let (false, Some(mapping)) = (is_root, added.mappings.first()) {
                self.anomalies.push(Anomaly {
                    kind: AnomalyKind::MappingBelowSite,
                    place: mapping.place,
                    related: Vec::new(),
                    site: Some(index),
                    path: Some(path.clone()),
                });
            }
            self.notice_delegated(index, draft, &path, &path_key, &state.locks, locks_above.as_ref());
            let exchange = seed.exchange.unwrap_or_else(|| stack.last().is_some_and(|(_, _, exchange)| *exchange));
            let owned = exchange || (is_root && exchange_below);
            let mut settings = state.settings(self.generation, self.absent);
            if is_root && draft.entry.is_some() {
                add_endpoint_settings(&mut settings);
            }
            scopes.push(Scope {
                store_path: join(name, &seed.path),
                path,
                is_application: seed.is_application,
                place: seed.place.or(if is_root { draft.place } else { None }),
                product: owned.then_some(Product::Exchange),
                settings,
                mappings: added.mappings,
            });
            stack.push((path_key, state, exchange));
        }
        if let Some((_, below)) = scopes.split_first_mut() {
            below.sort_by_cached_key(|scope| scope.path.to_lowercase());
        }
        Site {
            id: draft.entry.and_then(|entry| entry.id),
            name: draft.name.clone(),
            declared: draft.entry.is_some(),
            place: draft.place,
            auto_start: draft
                .entry
                .and_then(|entry| entry.auto_start)
                .or(host.sites.as_ref().and_then(|sites| sites.auto_start))
                .unwrap_or(true),
            bindings: draft.entry.map(|entry| bindings(entry, host)).unwrap_or_default(),
            above,
            scopes,
        }
    }

    /// The URL paths of a site, by key.
    fn seeds(&self, index: usize, draft: &Draft<'_>, site_key: &str, first: bool, host: &ConfigFile) -> BTreeMap<String, Seed> {
        let mut seeds: BTreeMap<String, Seed> = BTreeMap::new();
        seeds.insert(String::new(), Seed { place: draft.place, ..Seed::default() });
        if let Some(entry) = draft.entry {
            let pool_default = entry.defaults.pool.as_deref().or(host.sites.as_ref().and_then(|sites| sites.defaults.pool.as_deref()));
            for application in &entry.applications {
                let pool = application.pool.as_deref().or(pool_default).unwrap_or_default();
                let path = cut(application.path.trim().trim_matches('/'));
                let physical = application.directories.iter().find(|directory| segments(&directory.path).next().is_none());
                let owned = starts_with_ignoring_case(pool, "MSExchange") || physical.is_some_and(|found| in_exchange(&found.physical));
                let seed = seeds.entry(key(path)).or_default();
                seed.exchange = Some(owned || seed.exchange == Some(true));
                if !seed.is_application {
                    seed.is_application = true;
                    seed.path = segments(path).collect::<Vec<_>>().join("/");
                    // The root begins where the site does.
                    if !path.is_empty() {
                        seed.place = Some(application.place);
                    }
                }
                for directory in application.directories.iter().filter(|directory| segments(&directory.path).next().is_some()) {
                    let path = join(path, cut(directory.path.trim().trim_matches('/')));
                    let seed = seeds.entry(key(&path)).or_default();
                    if !seed.is_application {
                        seed.is_application = true;
                        seed.path = segments(&path).collect::<Vec<_>>().join("/");
                        seed.place = Some(directory.place);
                        seed.exchange = in_exchange(&directory.physical).then_some(true);
                    }
                }
            }
        }
        if first && !site_key.is_empty() {
            let prefix = format!("{site_key}{SEPARATOR}");
            for (full_key, layers) in self.levels.range(prefix.clone()..) {
                let Some(below) = full_key.strip_prefix(&prefix) else { break };
                let Some(layer) = layers.first() else { continue };
                let seed = seeds.entry(below.to_owned()).or_default();
                if seed.path.is_empty() {
                    // Paths of a web.config are relative to it; others begin with the site.
                    let names_site = usize::from(!self.lone);
                    seed.path = segments(level(&layer.block.path)).skip(names_site).collect::<Vec<_>>().join("/");
                    seed.place = Some(layer.block.place);
                }
            }
        }
        for ((_, below), (path, place)) in self.web_directories.range((index, String::new())..(index + 1, String::new())) {
            let seed = seeds.entry(below.clone()).or_default();
            if seed.path.is_empty() && !below.is_empty() {
                seed.path = segments(path).collect::<Vec<_>>().join("/");
                seed.place = Some(*place);
            }
        }
        seeds
    }

    /// Says where a web.config could change a setting that is normally locked, when none was given for that place.
    fn notice_delegated(&mut self, site: usize, draft: &Draft<'_>, path: &str, path_key: &str, locks: &Locks, above: Option<&Locks>) {
        if self.lone {
            return;
        }
        let open = |locks: &Locks, index: usize| locks.section(SOURCES[index].section, 1).is_none() && locks.attribute(index, 1).is_none();
        let mut titles = Vec::new();
        for (index, source) in SOURCES.iter().enumerate() {
            let usually_open = self.declared_locks.section(source.section, 1).is_none();
            if open(locks, index) && !above.is_some_and(|above| open(above, index)) && (!usually_open || source.section == Section::Access)
            {
                titles.push(entry(source.setting).title.as_str());
            }
        }
        if titles.is_empty() {
            return;
        }
        let given = self
            .web_directories
            .range((site, path_key.to_owned())..)
            .next()
            .is_some_and(|((found, below), _)| *found == site && (below == path_key || is_below(below, path_key)));
        if !given {
            let at = join(&draft.name, path.trim_start_matches('/'));
            self.notices.insert(Notice {
                name: "delegated-not-assessed",
                message: format!("web.config files may set {} at {at}, and none of them was given", titles.join(", ")),
                needs: format!("the web.config files of {at}"),
            });
        }
    }

    fn notice_elsewhere(&mut self, file: &str, section: &str, source: &str) {
        self.notices.insert(Notice {
            name: "config-source-not-read",
            message: format!("{file} keeps {section} in {source}, which was not read"),
            needs: source.to_owned(),
        });
    }

    fn notice_endpoints(&mut self, sites: &[Site], endpoints: &[Endpoint]) {
        if endpoints.is_empty() && !sites.iter().any(Site::wants_certificates) {
            return;
        }
        let keys = endpoints.iter().map(|endpoint| endpoint.key.to_string()).collect::<Vec<_>>().join(", ");
        let of = if keys.is_empty() { String::new() } else { format!(": {keys}") };
        self.notices.insert(Notice {
            name: "endpoint-not-assessed",
            message: format!(
                "revocation checking, trust lists, negotiation in the first handshake and server certificates are kept by HTTP.sys, whose records were not given{of}"
            ),
            needs: "`netsh http show sslcert > sslcert.txt` on the server, or an export of its registry key SslBindingInfo".to_owned(),
        });
    }

    /// Takes over what was noticed in the file of the server, and notices location tags without a site.
    fn take_noticed(&mut self, host: &ConfigFile) {
        for (section, source) in &host.elsewhere {
            let file = host.kind().name();
            self.notice_elsewhere(file, section, source);
        }
        for (anomaly, block) in &host.noticed {
            let mut anomaly = anomaly.clone();
            if let Some(block) = block.and_then(|block| host.blocks.get(block)) {
                (anomaly.site, anomaly.path) = self.locate(block);
            }
            if let AnomalyKind::CertificateResidue { key, .. } = &anomaly.kind {
                let id = key.trim_matches('/').rsplit('/').next().and_then(|id| id.parse::<u32>().ok());
                anomaly.site = host.sites.as_ref().and_then(|sites| sites.sites.iter().position(|site| id.is_some() && site.id == id));
            }
            self.anomalies.push(anomaly);
        }
        if self.lone || host.sites.is_none() {
            return;
        }
        let mut seen = BTreeSet::new();
        for block in host.blocks.iter().skip(1) {
            let path = level(&block.path);
            if let Some(name) = segments(path).next()
                && !self.by_name.contains_key(&key(name))
                && seen.insert(path.to_lowercase())
            {
                let kind = AnomalyKind::LocationWithoutSite { path: block.path.clone() };
                self.anomalies.push(Anomaly { kind, place: block.place, related: Vec::new(), site: None, path: None });
            }
        }
    }

    fn locate(&self, block: &Block) -> (Option<usize>, Option<String>) {
        let path = level(&block.path);
        if self.lone {
            return (Some(0), Some(format!("/{path}")));
        }
        let (name, below) = path.split_once('/').unwrap_or((path, ""));
        match self.by_name.get(&key(name)) {
            Some(site) if !name.is_empty() => (Some(*site), Some(format!("/{below}"))),
            _ => (None, None),
        }
    }
}

fn bindings(entry: &SiteEntry, host: &ConfigFile) -> Vec<Binding> {
    let inherited = host.sites.iter().filter(|_| !entry.clears).flat_map(|sites| &sites.bindings);
    inherited
        .chain(&entry.bindings)
        .map(|binding| {
            let protocol = binding.protocol.trim();
            let secure = protocol.eq_ignore_ascii_case("https");
            let mut parsed = Binding::parse(protocol, &binding.information, secure, binding.flags.clone(), binding.place);
            if !secure && !protocol.eq_ignore_ascii_case("http") {
                // Other protocols write their bindings in ways of their own.
                parsed.ip = "*".to_owned();
                parsed.port = None;
                parsed.host = String::new();
                parsed.fault = None;
            }
            parsed
        })
        .collect()
}

fn endpoints(sites: &[Site]) -> Vec<Endpoint> {
    let mut found: BTreeMap<&EndpointKey, BTreeSet<usize>> = BTreeMap::new();
    for (index, site) in sites.iter().enumerate() {
        for key in site.bindings.iter().filter_map(|binding| binding.endpoint.as_ref()) {
            found.entry(key).or_default().insert(index);
        }
    }
    found
        .into_iter()
        .map(|(key, sites)| {
            let mut settings = Settings::default();
            add_endpoint_settings(&mut settings);
            Endpoint { key: key.clone(), sites: sites.into_iter().collect(), settings }
        })
        .collect()
}

/// The settings that HTTP.sys keeps, of which no configuration file says anything.
fn add_endpoint_settings(settings: &mut Settings) {
    for setting in Setting::ALL {
        let entry = entry(*setting);
        if let Some(iis7) = entry.iis7.as_ref().filter(|_| entry.level == Level::Endpoint) {
            settings.set(*setting, Resolved::unknown(iis7.needs.as_str()));
        }
    }
}

fn in_exchange(physical: &str) -> bool {
    let physical = physical.to_lowercase();
    physical.contains("\\microsoft\\exchange") || physical.contains("\\exchange server\\") || physical.contains("%exchangeinstallpath%")
}

fn starts_with_ignoring_case(text: &str, prefix: &str) -> bool {
    text.get(..prefix.len()).is_some_and(|start| start.eq_ignore_ascii_case(prefix))
}

/// The key of a path: its parts in lower case.
fn key(path: &str) -> String {
    let mut key = String::with_capacity(path.len());
    for part in segments(path) {
        if !key.is_empty() {
            key.push(SEPARATOR);
        }
        key.push_str(&part.to_lowercase());
    }
    key
}

fn join_key(above: &str, below: &str) -> String {
    match (above.is_empty(), below.is_empty()) {
        (true, _) => below.to_owned(),
        (_, true) => above.to_owned(),
        _ => format!("{above}{SEPARATOR}{below}"),
    }
}

fn join(above: &str, below: &str) -> String {
    match (above.is_empty(), below.is_empty()) {
        (true, _) => below.to_owned(),
        (_, true) => above.to_owned(),
        _ => format!("{above}/{below}"),
    }
}

/// Whether `key` lies below `above`.
fn is_below(key: &str, above: &str) -> bool {
    above.is_empty() || key.strip_prefix(above).is_some_and(|rest| rest.starts_with(SEPARATOR))
}

fn cut(name: &str) -> &str {
    if name.len() <= LONGEST_NAME {
        return name;
    }
    let mut end = LONGEST_NAME;
    while !name.is_char_boundary(end) {
        end -= 1;
    }
    &name[..end]
}
