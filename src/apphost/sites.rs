//! The server that the files describe: its sites with their bindings and URL paths, and what is in effect at each.

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::fmt::Write;
use std::rc::Rc;
use std::sync::Arc;

use super::PlacedFile;
use super::elements;
use super::locks::Locks;
use super::read::{Block, ConfigFile, SiteEntry, cut, level, push_few};
use super::sections::{Absent, Layer, State};
use super::vocabulary::{SOURCES, Section};
use super::web_config::{Places, Target, segments};
use crate::catalogue::{Level, Setting, entry};
use crate::estate::FileKind;
use crate::hashing;
use crate::input::{FileId, Place};
use crate::server::{
    Anomaly, AnomalyKind, Binding, Endpoint, EndpointKey, Generation, LONE_WEB_CONFIG, LogFile, Notice, Product, Resolved, Routing, Scope,
    Served, Server, Settings, Site,
};

const SERVER_LEVEL: &str = "the server level";
/// Separates the parts of a path in keys: it sorts before every character, so a path is directly followed by the paths below it, and
/// XML forbids it, so no part holds it.
const SEPARATOR: char = '\0';

/// Location tags of one path that a second site of the same name takes in.
const LAYERS_OF_A_REPEATED_SITE: usize = 16;

/// How many places a notice names before it only counts.
const NAMED: usize = 5;

/// Parts of a site's name that are told apart. IIS refuses a name with a single `/`.
const MOST_NAME_PARTS: usize = 8;

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
    /// Whose it is, where it is an application or virtual directory; otherwise that of the path above counts.
    product: Option<Option<Product>>,
    place: Option<Place>,
    physical: Option<String>,
}

/// The URL paths of a site in the making.
#[derive(Default)]
struct Seeds {
    root: Seed,
    /// By key. Most sites have none.
    below: BTreeMap<String, Seed>,
}

impl Seeds {
    /// That of a path, which is there from now on.
    fn at(&mut self, key: &str) -> &mut Seed {
        if key.is_empty() { &mut self.root } else { self.below.entry(key.to_owned()).or_default() }
    }

    fn has_product(&self, product: Product) -> bool {
        std::iter::once(&self.root).chain(self.below.values()).any(|seed| seed.product == Some(Some(product)))
    }
}

/// A place at which a web.config that was not given may set what is normally locked.
struct Delegated {
    site: usize,
    settings: Vec<Setting>,
    at: String,
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
    by_name: HashMap<String, usize, hashing::Seed>,
    /// Number of parts of the longest name.
    longest_name: usize,
    /// Locks that hold before any location tag.
    declared_locks: Locks,
    delegated: Vec<Delegated>,
    anomalies: Vec<Anomaly>,
    notices: BTreeSet<Notice>,
    /// The paths from the root of a site to where it is looked at, with what is in effect on each. Empty between sites, and kept for its room.
    line: Vec<(String, State, Option<Product>)>,
}

/// Works out the server that the files describe. A file without a list of sites has those that its location tags name; a lone
/// web.config is one site of unknown name.
pub fn assemble(host: &ConfigFile, web_configs: &[PlacedFile], redirection: Option<&ConfigFile>, name: String) -> Server {
    let lone = host.file.is_some() && host.kind() == FileKind::WebConfig;
    let lists_sites = host.sites.is_some();
    let declared_locks = Locks::declared(host.declared.as_ref());
    let mut assembly = Assembly {
        generation: host.generation,
        lone,
        absent: if host.kind() == FileKind::ApplicationHost && host.is_whole() {
            Absent::Default("no level of the configuration sets it")
        } else {
            Absent::Unknown("the applicationHost.config of the server")
        },
        levels: BTreeMap::new(),
        web: BTreeMap::new(),
        web_directories: BTreeMap::new(),
        by_name: HashMap::default(),
        longest_name: 1,
        declared_locks,
        delegated: Vec::new(),
        anomalies: Vec::new(),
        notices: BTreeSet::new(),
        line: Vec::new(),
    };
    for block in &host.blocks {
        assembly.add_level(block);
    }
    let mut drafts = drafts(host, lone);
    for (index, draft) in drafts.iter().enumerate() {
        assembly.by_name.entry(key(&draft.name)).or_insert(index);
        assembly.longest_name = assembly.longest_name.max(segments(&draft.name).take(MOST_NAME_PARTS).count());
    }
    let places = Places::new(host.sites.as_ref().filter(|_| !web_configs.is_empty()));
    for placed in web_configs {
        assembly.add_web_config(placed, &places, &mut drafts, lists_sites);
    }
    for layers in assembly.web.values_mut() {
        layers.sort_by_key(|layer| layer.rank);
    }

    let mut server_state = State::new(assembly.declared_locks.clone());
    let added = server_state.take_in(assembly.levels.get("").map_or(&[], Vec::as_slice), assembly.generation);
    let above = Arc::new(server_state.settings(assembly.generation, assembly.absent));
    let mut settings = Settings::over(&above, ENDPOINT_SETTINGS);
    add_endpoint_settings(&mut settings, None);
    let scope = Scope {
        path: String::new(),
        store_path: String::new(),
        is_application: false,
        place: host.blocks.first().map(|block| block.place),
        product: None,
        settings,
        mappings: added.mappings,
        routing: Routing {
            physical_path: None,
            redirect: server_state.redirect.clone(),
            rewrites_to_https: server_state.rewrites_to_https,
        },
    };
    let above = AboveSites::new(above, server_state.of_site(), host, assembly.absent);
    let sites: Vec<Site> = drafts.iter().enumerate().map(|(index, draft)| assembly.site(index, draft, host, &above)).collect();
    let endpoints = endpoints(&sites);

    assembly.notice_delegated(&sites);
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
    let mut inputs: Vec<FileId> = [Some(host), redirection].into_iter().flatten().filter_map(|file| file.file).collect();
    inputs.extend(web_configs.iter().filter_map(|placed| placed.config.file));
    inputs.sort_unstable();
    inputs.dedup();
    assembly.anomalies.sort_by_key(|anomaly| (anomaly.place, anomaly.site));
    Server {
        name,
        generation: host.generation,
        inputs,
        scope: scope.into(),
        sites,
        endpoints,
        records: None,
        running: None,
        schannel: None,
        windows: None,
        evidence: crate::server::Rare::default(),
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
            (join_key(&LONE_WEB_CONFIG.to_lowercase(), &key(path)), Rc::from(join(LONE_WEB_CONFIG, cut(path))))
        } else if path.is_empty() {
            (String::new(), Rc::from(SERVER_LEVEL))
        } else {
            (key(path), Rc::from(cut(path)))
        };
        push_few(self.levels.entry(key).or_default(), Layer { rank: 0, block, name });
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
                needs: "the files in directories named like those of the server".into(),
            });
        }
        let mut told = targets.is_empty();
        if told {
            self.anomalies.extend(placed.config.noticed.iter().map(|(anomaly, _)| anomaly.clone()));
        }
        for target in &targets {
            let parts = target.parts.join("/");
            let below = key(&parts);
            let site_name = drafts.get(target.site).map_or("", |draft| cut(&draft.name));
            if target.ignored {
                self.notices.insert(Notice {
                    name: "web-config-ignored",
                    message: format!(
                        "{shown} was not used: its virtual directory has allowSubDirConfig=\"false\", so IIS reads no web.config in directories below it"
                    ),
                    needs: "nothing".into(),
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
                let name = join(&join(site_name, &parts), cut(path));
                if !path.is_empty() {
                    self.web_directories.entry((target.site, block_key.clone())).or_insert((join(&parts, path), block.place));
                }
                self.web.entry((target.site, block_key)).or_default().push(Layer { rank, block, name: Rc::from(name) });
            }
            // What the file itself shows wrong is wrong once, however many sites share the file.
            if !told {
                told = true;
                for (anomaly, block) in &placed.config.noticed {
                    let path = block.and_then(|block| placed.config.blocks.get(block)).map_or("", |block| level(&block.path));
                    let mut anomaly = anomaly.clone();
                    anomaly.site = Some(target.site);
                    anomaly.path = Some(format!("/{}", join(&parts, cut(path))));
                    self.anomalies.push(anomaly);
                }
            }
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

    fn site(&mut self, index: usize, draft: &Draft<'a>, host: &ConfigFile, server: &AboveSites) -> Site {
        let bindings = draft.entry.map(|entry| bindings(entry, host)).unwrap_or_default();
        let name = cut(&draft.name);
        let site_key = key(&draft.name);
        // IIS refuses a second site of the same name, so which one the location tags below mean cannot be known: the first gets them.
        let first = self.by_name.get(&site_key) == Some(&index);
        let seeds = self.seeds(index, draft, &site_key, first, host);
        // Exchange also writes to the root of its sites; the other products keep to their own paths.
        let of_exchange = seeds.has_product(Product::Exchange).then_some(Product::Exchange);
        let mut scopes = Vec::with_capacity(seeds.below.len() + 1);
        let mut line = std::mem::take(&mut self.line);
        let paths = std::iter::once((String::new(), seeds.root)).chain(seeds.below);
        for (path_key, seed) in paths {
            while line.last().is_some_and(|(above, _, _)| !is_below(&path_key, above)) {
                line.pop();
            }
            let mut state = line.last().map_or_else(|| server.state.clone(), |(_, state, _)| state.below());
            let locks_above = line.last().map(|(_, state, _)| Rc::clone(&state.locks));
            let full_key = join_key(&site_key, &path_key);
            let said = self.levels.get(&full_key).filter(|_| !site_key.is_empty()).into_iter().flatten();
            // Bounded for repeated names, so that many sites of one name under many tags of one path cost no more than their sum.
            let mut layers: Vec<Layer<'a>> = said.take(if first { usize::MAX } else { LAYERS_OF_A_REPEATED_SITE }).cloned().collect();
            if !self.web.is_empty() {
                layers.extend(self.web.get(&(index, path_key.clone())).into_iter().flatten().cloned());
            }
            let added = state.take_in(&layers, self.generation);
            let is_root = path_key.is_empty();
            let path = if is_root { "/".to_owned() } else { format!("/{}", seed.path) };
            for mut anomaly in added.anomalies {
                anomaly.site = Some(index);
                anomaly.path = Some(cut(&path).to_owned());
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
            self.find_delegated(index, draft, &path, &path_key, &state.locks, locks_above.as_deref());
            let product = seed.product.unwrap_or_else(|| line.last().and_then(|(_, _, product)| *product));
            let common = match is_root && draft.entry.is_some() {
                false => &server.of_urls,
                true if has_no_https(&bindings) => &server.of_roots_without_https,
                true => &server.of_roots,
            };
            let settings = state.settings_over(common, self.generation, self.absent);
            scopes.push(Scope {
                store_path: join(name, &seed.path),
                path,
                is_application: seed.is_application,
                place: seed.place.or(if is_root { draft.place } else { None }),
                product: product.or(of_exchange.filter(|_| is_root)),
                settings,
                mappings: added.mappings,
                routing: Routing {
                    physical_path: seed.physical,
                    redirect: state.redirect.clone(),
                    rewrites_to_https: state.rewrites_to_https,
                },
            });
            line.push((path_key, state, product));
        }
        line.clear();
        self.line = line;
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
            bindings,
            above: Arc::clone(&server.settings),
            scopes,
            elements: draft.entry.map(|entry| elements::site(entry, host, server.usual_log.as_ref())).unwrap_or_default(),
            overruled: Settings::default(),
        }
    }

    /// The URL paths of a site, by key.
    fn seeds(&self, index: usize, draft: &Draft<'_>, site_key: &str, first: bool, host: &ConfigFile) -> Seeds {
        let mut seeds = Seeds { root: Seed { place: draft.place, ..Seed::default() }, below: BTreeMap::new() };
        if let Some(entry) = draft.entry {
            let pool_default = entry.defaults.pool.as_deref().or(host.sites.as_ref().and_then(|sites| sites.defaults.pool.as_deref()));
            for application in &entry.applications {
                let pool = application.pool.as_deref().or(pool_default).unwrap_or_default();
                let path = cut(application.path.trim().trim_matches('/'));
                let physical = application.directories.iter().find(|directory| segments(&directory.path).next().is_none());
                let of_pool = starts_with_ignoring_case(pool, "MSExchange").then_some(Product::Exchange);
                let owner = of_pool.or_else(|| physical.and_then(|found| product_in(&found.physical)));
                let seed = seeds.at(&key(path));
                seed.product = Some(owner.or(seed.product.flatten()));
                if !seed.is_application {
                    seed.is_application = true;
                    seed.path = segments(path).collect::<Vec<_>>().join("/");
                    seed.physical = physical.map(|found| cut(&found.physical).to_owned());
                    // The root begins where the site does.
                    if !path.is_empty() {
                        seed.place = Some(application.place);
                    }
                }
                for directory in application.directories.iter().filter(|directory| segments(&directory.path).next().is_some()) {
                    let path = join(path, cut(directory.path.trim().trim_matches('/')));
                    let seed = seeds.at(&key(&path));
                    if !seed.is_application {
                        seed.is_application = true;
                        seed.path = segments(&path).collect::<Vec<_>>().join("/");
                        seed.place = Some(directory.place);
                        seed.product = product_in(&directory.physical).map(Some);
                        seed.physical = Some(cut(&directory.physical).to_owned());
                    }
                }
            }
        }
        if first && !site_key.is_empty() {
            let prefix = format!("{site_key}{SEPARATOR}");
            for (full_key, layers) in self.levels.range(prefix.clone()..) {
                let Some(below) = full_key.strip_prefix(&prefix) else { break };
                let Some(layer) = layers.first() else { continue };
                let seed = seeds.at(below);
                if seed.path.is_empty() {
                    // Paths of a web.config are relative to it; others begin with the site.
                    let names_site = if self.lone { 0 } else { segments(&draft.name).count() };
                    seed.path = segments(level(&layer.block.path)).skip(names_site).collect::<Vec<_>>().join("/");
                    seed.place = Some(layer.block.place);
                }
            }
        }
        for ((_, below), (path, place)) in self.web_directories.range((index, String::new())..(index + 1, String::new())) {
            let seed = seeds.at(below);
            if seed.path.is_empty() && !below.is_empty() {
                seed.path = segments(path).collect::<Vec<_>>().join("/");
                seed.place = Some(*place);
            }
        }
        // Exchange lets some of its paths run in pools of Windows, or names them in location tags only.
        if seeds.has_product(Product::Exchange) {
            for (_, seed) in seeds.below.iter_mut().filter(|(key, _)| is_named_by_exchange(key)) {
                seed.product = Some(Some(Product::Exchange));
            }
        }
        seeds
    }

    /// Remembers where a web.config could change a setting that is normally locked, when none was given for that place.
    fn find_delegated(&mut self, site: usize, draft: &Draft<'_>, path: &str, path_key: &str, locks: &Locks, above: Option<&Locks>) {
        if self.lone {
            return;
        }
        let open = |locks: &Locks, index: usize| {
            locks.section(SOURCES[index].section, 1).is_none() && locks.attribute(index, 1).is_none_or(|lock| lock.same_file)
        };
        let mut settings = Vec::new();
        for (index, source) in SOURCES.iter().enumerate() {
            let usually_open = self.declared_locks.section(source.section, 1).is_none();
            if open(locks, index) && !above.is_some_and(|above| open(above, index)) && (!usually_open || source.section == Section::Access)
            {
                settings.push(source.setting);
            }
        }
        if settings.is_empty() {
            return;
        }
        let given = self
            .web_directories
            .range((site, path_key.to_owned())..)
            .next()
            .is_some_and(|((found, below), _)| *found == site && (below == path_key || is_below(below, path_key)));
        if !given {
            self.delegated.push(Delegated { site, settings, at: join(cut(&draft.name), path.trim_start_matches('/')) });
        }
    }

    /// One notice for all places at which web.config files may set the same things. The read-ahead size is left out for a site where it
    /// cannot matter: where no path asks for client certificates, but those of a product, which are not audited for it.
    fn notice_delegated(&mut self, sites: &[Site]) {
        let wants = |site: &Site| site.scopes.iter().any(|scope| scope.product.is_none() && scope.wants_certificates());
        let wanting: Vec<bool> = sites.iter().map(wants).collect();
        let mut by_titles: BTreeMap<String, Vec<String>> = BTreeMap::new();
        for mut found in std::mem::take(&mut self.delegated) {
            let matters = found.settings.contains(&Setting::AccessFlags) || wanting.get(found.site) == Some(&true);
            found.settings.retain(|setting| *setting != Setting::UploadReadAheadSize || matters);
            let titles: Vec<&str> = found.settings.iter().map(|setting| entry(*setting).title).collect();
            if !titles.is_empty() {
                by_titles.entry(titles.join(", ")).or_default().push(found.at);
            }
        }
        for (titles, places) in by_titles {
            let more = places.len().saturating_sub(NAMED);
            let named = places.iter().take(NAMED).map(String::as_str).collect::<Vec<_>>().join(", ");
            let places = if more == 0 { named } else { format!("{named} and {more} more") };
            self.notices.insert(Notice {
                name: "delegated-not-assessed",
                message: format!("web.config files may set this at {places}, and none of them was given: {titles}"),
                needs: format!("the web.config files of {places}").into(),
            });
        }
    }

    fn notice_elsewhere(&mut self, file: &str, section: &str, source: &str) {
        self.notices.insert(Notice {
            name: "config-source-not-read",
            message: format!("{file} keeps {section} in {source}, which was not read"),
            needs: source.to_owned().into(),
        });
    }

    fn notice_endpoints(&mut self, sites: &[Site], endpoints: &[Endpoint]) {
        if endpoints.is_empty() && !sites.iter().any(Site::wants_certificates) {
            return;
        }
        let mut of = String::new();
        for (index, endpoint) in endpoints.iter().enumerate() {
            // Writing to a text cannot fail.
            let _ = write!(of, "{}{}", if index == 0 { ": " } else { ", " }, endpoint.key);
        }
        self.notices.insert(Notice {
            name: "endpoint-not-assessed",
            message: format!(
                "revocation checking, trust lists, negotiation in the first handshake and server certificates are kept by HTTP.sys, whose records were not given{of}"
            ),
            needs: "`netsh http show sslcert > sslcert.txt` on the server, or an export of its registry key SslBindingInfo".into(),
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
            if segments(path).next().is_some() && self.site_of(cut(path)).is_none() && seen.insert(path.to_lowercase()) {
                let kind = AnomalyKind::LocationWithoutSite { path: block.path.clone() };
                self.anomalies.push(Anomaly { kind, place: block.place, related: Vec::new(), site: None, path: None });
            }
        }
    }

    fn locate(&self, block: &Block) -> (Option<usize>, Option<String>) {
        let path = cut(level(&block.path));
        if self.lone {
            return (Some(0), Some(format!("/{path}")));
        }
        match self.site_of(path) {
            Some((site, below)) => (Some(site), Some(format!("/{below}"))),
            None => (None, None),
        }
    }

    /// The site that a location path begins with, and the rest of the path. A name may hold `/`, although IIS refuses it: the shortest
    /// name counts.
    fn site_of<'p>(&self, path: &'p str) -> Option<(usize, &'p str)> {
        let mut ends = path.match_indices('/').map(|(at, _)| at).chain([path.len()]).filter(|end| *end > 0).take(self.longest_name);
        ends.find_map(|end| {
            let site = self.by_name.get(&key(&path[..end]))?;
            Some((*site, path[end..].trim_start_matches('/')))
        })
    }
}

fn bindings(entry: &SiteEntry, host: &ConfigFile) -> Vec<Binding> {
    let inherited = host.sites.as_ref().filter(|_| !entry.clears).map_or(&[][..], |sites| &sites.bindings);
    inherited
        .iter()
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
    let mut settings = Settings::with_room_for(ENDPOINT_SETTINGS);
    add_endpoint_settings(&mut settings, None);
    let settings = Arc::new(settings);
    let endpoint = |(key, sites): (&EndpointKey, BTreeSet<usize>)| Endpoint {
        key: key.clone(),
        sites: sites.into_iter().collect(),
        served: Served::NotGiven,
        settings: Settings::over(&settings, 0),
    };
    found.into_iter().map(endpoint).collect()
}

/// No listing would tell anything of a site that has bindings and none of them for https.
fn has_no_https(bindings: &[Binding]) -> bool {
    !bindings.is_empty() && bindings.iter().all(|binding| binding.endpoint.is_none() && binding.fault.is_none())
}

/// What sites inherit.
struct AboveSites {
    /// The settings at the level of the server.
    settings: Arc<Settings>,
    state: State,
    /// What holds at a path of a site where nothing is said for the site or below.
    of_urls: Arc<Settings>,
    /// The same at its root, where it also has what HTTP.sys keeps.
    of_roots: Arc<Settings>,
    of_roots_without_https: Arc<Settings>,
    usual_log: Option<Arc<LogFile>>,
}

impl AboveSites {
    fn new(settings: Arc<Settings>, state: State, host: &ConfigFile, absent: Absent) -> Self {
        let generation = host.generation;
        let of_urls = Arc::new(state.settings(generation, absent));
        let of_roots = |unserved| {
            let mut settings = Settings::over(&of_urls, ENDPOINT_SETTINGS);
            add_endpoint_settings(&mut settings, unserved);
            Arc::new(settings)
        };
        let (served, unserved) = (of_roots(None), of_roots(Some(NO_HTTPS_BINDING)));
        AboveSites { settings, state, of_urls, of_roots: served, of_roots_without_https: unserved, usual_log: elements::usual_log(host) }
    }
}

/// Why such a site has no value.
const NO_HTTPS_BINDING: &str = "nothing: the site has no https binding, so no record of HTTP.sys serves it";

/// So many settings, or a few less, are kept by HTTP.sys.
const ENDPOINT_SETTINGS: usize = Setting::ALL.len() - SOURCES.len();

/// The settings that HTTP.sys keeps, of which no configuration file says anything. `why` tells why no record would, either.
fn add_endpoint_settings(settings: &mut Settings, why: Option<&'static str>) {
    for setting in Setting::ALL {
        let entry = entry(*setting);
        if let Some(iis7) = entry.iis7.as_ref().filter(|_| entry.level == Level::Endpoint) {
            settings.set(*setting, Resolved::unknown(why.unwrap_or(iis7.needs)));
        }
    }
}

/// The product in whose directory an application lies.
fn product_in(physical: &str) -> Option<Product> {
    // All names below have one of these words, and few other directories do.
    if !has_word_of_product(physical.as_bytes()) {
        return None;
    }
    let physical = physical.to_lowercase().replace('/', "\\");
    let marks = ["\\microsoft\\exchange", "\\exchange server\\", "%exchangeinstallpath%", "\\exchsrvr\\", "\\\\.\\backofficestorage"];
    if marks.iter().any(|mark| physical.contains(mark)) {
        return Some(Product::Exchange);
    }
    physical.trim_end_matches('\\').ends_with("\\system32\\rpcproxy").then_some(Product::RpcProxy)
}

/// Whether the first part of a path has the name of a virtual directory that Exchange sets up and hardly anybody else does. Its `api` and
/// `public` are told by pool and directory alone, because many sites have paths of these names.
fn is_named_by_exchange(path_key: &str) -> bool {
    const NAMES: [&str; 14] = [
        "autodiscover",
        "ecp",
        "ews",
        "exadmin",
        "exchange",
        "exchweb",
        "mapi",
        "microsoft-server-activesync",
        "oab",
        "owa",
        "powershell",
        "pushnotifications",
        "rpc",
        "rpcwithcert",
    ];
    let first = path_key.split(SEPARATOR).next().unwrap_or_default();
    NAMES.contains(&first)
}

fn starts_with_ignoring_case(text: &str, prefix: &str) -> bool {
    text.get(..prefix.len()).is_some_and(|start| start.eq_ignore_ascii_case(prefix))
}

/// Whether one of these words is in it, in whatever letters.
fn has_word_of_product(text: &[u8]) -> bool {
    let begins = |at: usize, word: &[u8]| text.get(at..at + word.len()).is_some_and(|part| part.eq_ignore_ascii_case(word));
    text.iter().enumerate().any(|(at, byte)| match byte {
        b'e' | b'E' => begins(at, b"exch"),
        b'o' | b'O' => begins(at, b"office"),
        b'r' | b'R' => begins(at, b"rpc"),
        _ => false,
    })
}

/// The key of a path: its parts in lower case.
fn key(path: &str) -> String {
    let mut key = String::with_capacity(path.len());
    for part in segments(path) {
        if !key.is_empty() {
            key.push(SEPARATOR);
        }
        let start = key.len();
        if part.is_ascii() {
            key.push_str(part);
            key[start..].make_ascii_lowercase();
        } else {
            key.push_str(&part.to_lowercase());
        }
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

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::apphost::read;
    use crate::catalogue::Value;
    use crate::server::{BindingFault, Origin};
    use crate::xml::Limits;

    macro_rules! fixture {
        ($name:literal) => {
            server(include_str!(concat!("../../tests/fixtures/apphost/", $name, ".config")))
        };
    }

    fn config(text: &str, file: u32) -> ConfigFile {
        read(text, FileId(file), Limits::default()).unwrap()
    }

    fn server(text: &str) -> Server {
        assemble(&config(text, 0), &[], None, "server".to_owned())
    }

    /// A server from the inside of `<configuration>` and web.config files, each from its directory and the inside of `<configuration>`.
    fn with_web_configs(body: &str, files: &[(&str, &str)]) -> Server {
        let placed: Vec<PlacedFile> = files
            .iter()
            .enumerate()
            .map(|(index, (directory, body))| PlacedFile {
                directory: directory.split('/').map(str::to_owned).collect(),
                config: config(&format!("<configuration>{body}</configuration>"), index as u32 + 1).into(),
            })
            .collect();
        assemble(&config(&format!("<configuration>{body}</configuration>"), 0), &placed, None, "server".to_owned())
    }

    fn site(name: &str, applications: &str) -> String {
        format!(
            r#"<system.applicationHost><sites><site name="{name}" id="1"><application path="/"><virtualDirectory path="/" physicalPath="D:\web\{name}"/></application>{applications}<bindings><binding protocol="https" bindingInformation="*:443:"/></bindings></site></sites></system.applicationHost>"#
        )
    }

    fn access(flags: &str) -> String {
        format!(r#"<system.webServer><security><access sslFlags="{flags}"/></security></system.webServer>"#)
    }

    fn location(path: &str, attributes: &str, inside: &str) -> String {
        format!(r#"<location path="{path}" {attributes}>{inside}</location>"#)
    }

    fn scope<'s>(server: &'s Server, site: usize, path: &str) -> &'s Scope {
        server.sites[site].scopes.iter().find(|scope| scope.path == path).unwrap()
    }

    /// Path and SSL access flags of every scope of a site.
    fn flags(server: &Server, site: usize) -> Vec<(&str, Option<u32>)> {
        server.sites[site].scopes.iter().map(|scope| (scope.path.as_str(), scope.access())).collect()
    }

    fn origin(server: &Server, site: usize, path: &str, setting: Setting) -> String {
        match &scope(server, site, path).settings.get(setting).unwrap().origin {
            Origin::Explicit { at } => format!("explicit at {}:{}:{}", at.file.0, at.line, at.column),
            Origin::Inherited { from, at } => format!("from {from} at {}:{}:{}", at.file.0, at.line, at.column),
            Origin::Default { .. } => "default".to_owned(),
            Origin::Unknown { needs } => format!("unknown without {needs}"),
        }
    }

    fn anomalies(server: &Server) -> Vec<(u32, u32, &AnomalyKind)> {
        server.anomalies.iter().map(|anomaly| (anomaly.place.line, anomaly.place.column, &anomaly.kind)).collect()
    }

    fn notices<'s>(server: &'s Server, name: &str) -> Vec<&'s str> {
        server.notices.iter().filter(|notice| notice.name == name).map(|notice| notice.message.as_str()).collect()
    }

    fn keys(server: &Server) -> Vec<(String, Vec<usize>)> {
        server.endpoints.iter().map(|endpoint| (endpoint.key.to_string(), endpoint.sites.clone())).collect()
    }

    #[test]
    fn two_consistent_sni_sites_give_two_endpoints_that_cannot_be_judged_and_nothing_else() {
        let server = fixture!("F1_consistent_sni");
        assert_eq!(flags(&server, 0), [("/", Some(104))]);
        assert_eq!(flags(&server, 1), [("/", Some(104))]);
        assert_eq!(keys(&server), [("billing.fabrikam.test:443".to_owned(), vec![1]), ("orders.fabrikam.test:443".to_owned(), vec![0])]);
        assert_eq!(anomalies(&server), []);
        assert_eq!(server.notices.len(), 1);
        let message = notices(&server, "endpoint-not-assessed")[0];
        assert!(message.contains("orders.fabrikam.test:443") && message.contains("billing.fabrikam.test:443"));
        assert_eq!(origin(&server, 0, "/", Setting::AccessFlags), "explicit at 0:45:17");
        assert_eq!(server.sites[1].place.map(|place| (place.line, place.column)), Some((26, 7)));
        assert_eq!((server.sites[1].bindings[0].place.line, server.sites[1].bindings[0].place.column), (31, 11));
        assert_eq!(server.generation, Generation::Iis7);
    }

    #[test]
    fn no_listing_would_tell_anything_of_a_site_that_has_bindings_and_none_for_https() {
        let needs = |bindings: &str| {
            let server = server(&format!(
                r#"<configuration><system.applicationHost><sites><site name="A" id="1"><application path="/"/><bindings>{bindings}</bindings></site></sites></system.applicationHost></configuration>"#
            ));
            (
                origin(&server, 0, "/", Setting::CertCheckMode),
                scope(&server, 0, "/").settings.get(Setting::CertCheckMode).unwrap().lacks_evidence(),
            )
        };
        let http = r#"<binding protocol="http" bindingInformation="*:80:"/>"#;
        let https = r#"<binding protocol="https" bindingInformation="*:443:"/>"#;
        let unreadable = r#"<binding protocol="https" bindingInformation="*:x:"/>"#;
        assert_eq!(needs(http), (format!("unknown without {NO_HTTPS_BINDING}"), false));
        for bindings in ["", https, unreadable, &format!("{http}{https}")] {
            assert_eq!(needs(bindings), ("unknown without netsh http show sslcert".to_owned(), true), "{bindings}");
        }
    }

    #[test]
    fn a_lone_location_tag_is_about_the_site_that_its_path_names() {
        let server = server(&location("Shop/cart", "", &access("Ssl")));
        assert_eq!(server.sites[0].name, "Shop");
        assert_eq!(flags(&server, 0), [("/", None), ("/cart", Some(8))]);
        assert_eq!(anomalies(&server), []);
        let mapping = r#"<system.webServer><security><authentication><iisClientCertificateMappingAuthentication enabled="true"><oneToOneMappings><add userName="u" password="[enc:x]" certificate="AA"/></oneToOneMappings></iisClientCertificateMappingAuthentication></authentication></security></system.webServer>"#;
        assert_eq!(anomalies(&self::server(&location("Shop", "", mapping))), [], "the entries stand at the site, where they count");
        assert!(matches!(anomalies(&self::server(&location("Shop/x", "", mapping)))[..], [(_, _, AnomalyKind::MappingBelowSite)]));
    }

    #[test]
    fn what_http_sys_keeps_is_unknown_and_never_a_default() {
        let server = fixture!("F1_consistent_sni");
        for settings in [&server.scope.settings, &server.sites[0].scopes[0].settings, &server.endpoints[0].settings] {
            let resolved = settings.get(Setting::CertCheckMode).unwrap();
            assert_eq!(resolved.origin, Origin::Unknown { needs: "netsh http show sslcert".into() });
        }
        assert!(server.endpoints[0].settings.get(Setting::AccessFlags).is_none());
    }

    #[test]
    fn host_header_sites_without_sni_share_the_record_of_the_address() {
        let server = fixture!("F2_shared_ipport_hostheaders");
        assert_eq!(keys(&server), [("0.0.0.0:443".to_owned(), vec![0, 1])]);
        assert_eq!((flags(&server, 0), flags(&server, 1)), (vec![("/", Some(40))], vec![("/", Some(360))]));
        assert_eq!(anomalies(&server), []);
    }

    #[test]
    fn specific_addresses_and_sni_hosts_are_endpoints_of_their_own() {
        let server = fixture!("F3_specific_ip_shadows_sni");
        let keys: Vec<_> = keys(&server).into_iter().map(|(key, _)| key).collect();
        assert_eq!(keys, ["10.20.0.5:443", "[fd00:20::5]:443", "api.fabrikam.test:443", "portal.fabrikam.test:443"]);
        assert_eq!(server.sites[1].bindings[1].flags, Some(5));
        assert_eq!(origin(&server, 0, "/", Setting::AccessFlags), "default");
    }

    #[test]
    fn paths_that_differ_in_case_are_one_path_and_a_path_without_site_is_reported() {
        let server = fixture!("F4_flag_and_path_mistakes");
        assert_eq!(flags(&server, 0), [("/", Some(96)), ("/api", Some(72)), ("/api/health", Some(0))]);
        let section = "system.webServer/security/access".to_owned();
        assert_eq!(
            anomalies(&server),
            [
                (27, 3, &AnomalyKind::LocationCaseVariants { section, path: "intranet/API".into(), other: "Intranet/api".into() }),
                (31, 3, &AnomalyKind::LocationWithoutSite { path: "OldIntranet".into() }),
            ]
        );
        assert_eq!(server.anomalies[0].related[0].0.line, 28);
        assert_eq!((server.anomalies[0].site, server.anomalies[0].path.as_deref()), (Some(0), Some("/API")));
        let api = scope(&server, 0, "/api");
        assert_eq!((api.store_path.as_str(), api.is_application, api.place.unwrap().line), ("Intranet/api", true, 6));
        assert!(!scope(&server, 0, "/api/health").is_application);
        assert_eq!(origin(&server, 0, "/api/health", Setting::AnonymousAuthentication), "default");
    }

    #[test]
    fn a_file_without_sites_has_those_of_its_location_tags_and_pinned_attributes_are_not_delegated() {
        let server = fixture!("F5_locking_and_webconfig");
        assert!(!server.lists_sites && server.sites.iter().all(|site| !site.declared && site.id.is_none()));
        assert_eq!(server.sites.iter().map(|site| site.name.as_str()).collect::<Vec<_>>(), ["Dept", "Dept2"]);
        assert_eq!((flags(&server, 0), flags(&server, 1)), (vec![("/", Some(8))], vec![("/", Some(104))]));
        assert_eq!(scope(&server, 1, "/").value(Setting::AllowDoubleEscaping), Some(&Value::Bool(true)));
        assert_eq!(server.scope.access(), Some(0));
        assert!(server.scope.settings.get(Setting::AccessFlags).unwrap().is_explicit());
        assert!(server.sites[0].above.get(Setting::AccessFlags).unwrap().is_explicit());
        assert_eq!(anomalies(&server), []);
        let delegated = notices(&server, "delegated-not-assessed");
        assert!(delegated.len() == 1 && delegated[0].contains("at Dept,") && delegated[0].contains("SSL access flags"), "{delegated:?}");
    }

    #[test]
    fn a_web_config_that_sets_what_is_locked_is_reported_and_not_merged() {
        let text = include_str!("../../tests/fixtures/apphost/F5_locking_and_webconfig.config");
        let companion = r#"<configuration><system.webServer><security><access sslFlags="Ssl,SslNegotiateCert" /></security></system.webServer></configuration>"#;
        let placed = |directory: &str| PlacedFile { directory: vec!["web".into(), directory.into()], config: config(companion, 1).into() };
        let server = assemble(&config(text, 0), &[placed("dept3"), placed("dept"), placed("dept2")], None, "server".to_owned());
        let name = |name: &str| server.sites.iter().position(|site| site.name == name).unwrap();
        let section = || "system.webServer/security/access".to_owned();
        let at = |site: usize| -> Vec<_> {
            server.anomalies.iter().filter(|anomaly| anomaly.site == Some(site)).map(|anomaly| &anomaly.kind).collect()
        };
        // Dept3 has no location tag: the whole section is locked by configSections.
        assert_eq!(
            at(name("dept3")),
            [&AnomalyKind::LockedSectionSet { section: section(), attribute: None, level: String::new(), same_file: false }]
        );
        assert_eq!(flags(&server, name("dept3")), [("/", Some(0))]);
        // Dept is unlocked.
        assert!(at(name("Dept")).is_empty());
        assert_eq!(flags(&server, name("Dept")), [("/", Some(40))]);
        assert_eq!(origin(&server, name("Dept"), "/", Setting::AccessFlags), "explicit at 1:1:52");
        // Dept2 is unlocked except for the one attribute.
        assert_eq!(
            at(name("Dept2")),
            [&AnomalyKind::LockedSectionSet {
                section: section(),
                attribute: Some("sslFlags".into()),
                level: "Dept2".into(),
                same_file: false
            }]
        );
        assert_eq!(flags(&server, name("Dept2")), [("/", Some(104))]);
        let places: Vec<_> = server.anomalies.iter().map(|anomaly| (anomaly.place, anomaly.related[0].0)).collect();
        let at = |file, line, column| Place { file: FileId(file), line, column };
        assert_eq!(places, [(at(1, 1, 44), at(0, 5, 9)), (at(1, 1, 52), at(0, 27, 64))]);
        assert!(notices(&server, "delegated-not-assessed").is_empty());
    }

    #[test]
    fn mapping_entries_are_kept_without_accounts_and_below_a_site_they_are_reported() {
        let server = fixture!("F6_mapping");
        let root = scope(&server, 0, "/");
        let summary: Vec<_> =
            root.mappings.iter().map(|entry| (entry.one_to_one, entry.name.as_str(), entry.enabled, entry.deny, entry.rules)).collect();
        assert_eq!(
            summary,
            [
                (false, "Fabrikam suppliers", true, false, 2),
                (false, "Blocked issuer", true, true, 1),
                (false, "Empty", true, false, 0),
                (true, "", true, false, 0)
            ]
        );
        assert_eq!(root.mappings[2].place.line, 34);
        let edi = scope(&server, 0, "/edi");
        assert_eq!(edi.mappings.len(), 1);
        assert_eq!(edi.value(Setting::AdCertificateMapping), Some(&Value::Bool(true)));
        assert_eq!(edi.value(Setting::MaxContentLength), Some(&Value::Number(104_857_600)));
        assert_eq!(edi.value(Setting::UploadReadAheadSize), Some(&Value::Number(49152)));
        assert_eq!(origin(&server, 0, "/edi", Setting::AnonymousAuthentication), "from Partner at 0:18:36");
        assert_eq!(origin(&server, 0, "/edi", Setting::MaxContentLength), "explicit at 0:57:42");
        assert_eq!(anomalies(&server), [(53, 15, &AnomalyKind::MappingBelowSite)]);
        assert!(!format!("{server:?}").contains("svc-suppliers"));
    }

    #[test]
    fn central_store_bindings_lead_to_the_record_of_their_port() {
        let server = fixture!("F7_ccs_and_new_bits");
        let keys = keys(&server);
        assert_eq!(
            keys.iter().map(|(key, _)| key.as_str()).collect::<Vec<_>>(),
            ["health.fabrikam.test:443", "health.fabrikam.test:8443", "ccs:443", "ccs:9443"]
        );
        assert_eq!(server.sites[1].bindings.iter().map(|binding| binding.flags).collect::<Vec<_>>(), [Some(33), Some(129), Some(130)]);
        assert_eq!(anomalies(&server), []);
    }

    #[test]
    fn sites_that_iis_refuses_are_all_kept() {
        let server = fixture!("F8_rejected_by_iis");
        let sites: Vec<_> = server.sites.iter().map(|site| (site.name.as_str(), site.id)).collect();
        assert_eq!(sites, [("A", Some(81)), ("A", Some(82)), ("B", Some(81)), ("C", Some(83))]);
        assert_eq!(server.sites[0].bindings.len(), 2);
        let binding = "sites/site/bindings/binding".to_owned();
        assert_eq!(
            anomalies(&server),
            [
                (
                    17,
                    71,
                    &AnomalyKind::InvalidValue {
                        element: binding.clone(),
                        attribute: "sslFlags".into(),
                        value: "Sni".into(),
                        expected: "an unsigned number"
                    }
                ),
                (18, 71, &AnomalyKind::UnknownAttribute { element: binding, attribute: "requireSni".into() }),
            ]
        );
        assert!(server.anomalies.iter().all(|anomaly| anomaly.site == Some(3)));
        let flags = scope(&server, 3, "/").settings.get(Setting::AccessFlags).unwrap();
        assert_eq!(flags.value, Value::Malformed("Ssl.SslRequireCert".into()));
        assert_eq!(origin(&server, 3, "/", Setting::AccessFlags), "explicit at 0:23:58");
        assert_eq!(server.sites[3].bindings[0].endpoint, None);
    }

    #[test]
    fn certificate_properties_of_iis_6_are_residue_of_the_site_with_that_id() {
        let server = fixture!("F9_upgrade_leftover_5506");
        assert_eq!(anomalies(&server), [(5, 9, &AnomalyKind::CertificateResidue { key: "LM/W3SVC/91".into(), id: 5506 })]);
        assert_eq!(server.anomalies[0].site, Some(0));
    }

    #[test]
    fn each_attribute_comes_from_the_nearest_path_that_sets_it() {
        let body = [
            site(
                "Shop",
                r#"<application path="/a"><virtualDirectory path="/" physicalPath="D:\a"/><virtualDirectory path="/v" physicalPath="E:\v"/></application>"#,
            ),
            access("Ssl"),
            location(
                "SHOP/A/",
                "",
                r#"<system.webServer><security><access/><authentication><anonymousAuthentication enabled="false"/></authentication></security></system.webServer>"#,
            ),
            location("Shop/a/v/deep", "", &access("None")),
        ];
        let server = with_web_configs(&body.concat(), &[]);
        assert_eq!(flags(&server, 0), [("/", Some(8)), ("/a", Some(8)), ("/a/v", Some(8)), ("/a/v/deep", Some(0))]);
        assert!(origin(&server, 0, "/a", Setting::AccessFlags).starts_with("from the server level at 0:1:"));
        assert!(origin(&server, 0, "/a/v", Setting::AnonymousAuthentication).starts_with("from SHOP/A at 0:1:"));
        assert!(scope(&server, 0, "/a/v").is_application);
        assert_eq!(scope(&server, 0, "/a").store_path, "Shop/a");
        assert_eq!(anomalies(&server), []);
    }

    #[test]
    fn a_location_of_a_site_whose_name_holds_a_slash_has_a_site() {
        let body = [site("Shop/Old", ""), location("shop/old", "", &access("Ssl")), location("Shop/Old/a", "", &access("None"))];
        let server = with_web_configs(&body.concat(), &[]);
        assert_eq!(flags(&server, 0), [("/", Some(8)), ("/a", Some(0))]);
        assert_eq!(anomalies(&server), []);
        let other = with_web_configs(&[site("Shop/Old", ""), location("Shop/New", "", &access("Ssl"))].concat(), &[]);
        assert!(matches!(anomalies(&other).as_slice(), [(_, _, AnomalyKind::LocationWithoutSite { .. })]));
    }

    #[test]
    fn an_empty_path_or_a_dot_is_the_level_of_the_file() {
        for path in ["", ".", "/"] {
            let server = with_web_configs(&format!("{}{}", site("Shop", ""), location(path, "", &access("Ssl"))), &[]);
            assert_eq!((server.scope.access(), flags(&server, 0)), (Some(8), vec![("/", Some(8))]), "{path:?}");
            assert_eq!(anomalies(&server), []);
        }
        let twice = with_web_configs(&format!("{}{}{}", site("Shop", ""), access("Ssl"), location(".", "", &access("None"))), &[]);
        let kinds: Vec<_> = twice.anomalies.iter().map(|anomaly| &anomaly.kind).collect();
        let section = "system.webServer/security/access".to_owned();
        assert_eq!(kinds, [&AnomalyKind::SectionDefinedTwice { section, location: String::new() }]);
    }

    #[test]
    fn web_config_files_are_merged_where_the_section_is_open() {
        let body = [
            site(
                "Shop",
                r#"<application path="/pay"><virtualDirectory path="/" physicalPath="%SystemDrive%\apps\payment"/></application>"#,
            ),
            location("Shop", "overrideMode='Allow'", &access("Ssl")),
        ]
        .concat();
        let nested = format!("{}{}", access("None"), location("sub", "", &access("SslNegotiateCert")));
        let server = with_web_configs(
            &body,
            &[
                ("backup/WEB/shop", &access("Ssl,SslNegotiateCert")),
                ("c/apps/Payment/inner", &nested),
                ("backup/web/shop/Inner", &access("Ssl128")),
                ("elsewhere", &access("Ssl")),
            ],
        );
        assert_eq!(
            flags(&server, 0),
            [("/", Some(40)), ("/Inner", Some(256)), ("/pay", Some(40)), ("/pay/inner", Some(0)), ("/pay/inner/sub", Some(32))]
        );
        assert!(origin(&server, 0, "/pay", Setting::AccessFlags).starts_with("from Shop at 1:1:"));
        assert_eq!(anomalies(&server), []);
        let lost = notices(&server, "web-config-not-placed");
        assert!(lost.len() == 1 && lost[0].starts_with("elsewhere/web.config"), "{lost:?}");
        assert_eq!(server.inputs, [0, 1, 2, 3, 4].map(FileId));
    }

    #[test]
    fn a_web_config_can_be_placed_by_the_name_of_its_site() {
        let body = format!("{}{}", site("Shop", ""), location("Shop", "allowOverride='true'", &access("Ssl")));
        let server = with_web_configs(&body, &[("sites/SHOP/admin", &access("None"))]);
        assert_eq!(flags(&server, 0), [("/", Some(8)), ("/admin", Some(0))]);
    }

    #[test]
    fn of_two_web_config_files_the_one_further_down_counts_in_whatever_order_they_are_given() {
        let body = format!("{}{}", site("Shop", ""), location("Shop", "overrideMode='Allow'", &access("Ssl")));
        let above = ("web/shop", location("a", "", &access("Ssl128")));
        let below = ("web/shop/a", access("None"));
        for files in [[&above, &below], [&below, &above]] {
            let server = with_web_configs(&body, &files.map(|(directory, inside)| (*directory, inside.as_str())));
            assert_eq!(flags(&server, 0), [("/", Some(8)), ("/a", Some(0))]);
        }
    }

    #[test]
    fn a_web_config_locks_the_files_below_it() {
        let body = format!("{}{}", site("Shop", ""), location("Shop", "overrideMode='Allow'", &access("Ssl")));
        let locking = location("a", "overrideMode='Deny'", &access("None"));
        let server = with_web_configs(&body, &[("web/shop", &locking), ("web/shop/a/b", &access("Ssl128"))]);
        assert_eq!(flags(&server, 0), [("/", Some(8)), ("/a", Some(0)), ("/a/b", Some(0))]);
        assert_eq!(server.anomalies.len(), 1);
        assert_eq!((server.anomalies[0].place.file, server.anomalies[0].related[0].0.file), (FileId(2), FileId(1)));
        assert_eq!(server.anomalies[0].path.as_deref(), Some("/a/b"));
    }

    #[test]
    fn a_location_counts_below_a_lock_of_its_own_file_and_the_lock_on_its_attribute_is_told() {
        let pinned = access("Ssl").replace("<access", "<access lockAttributes='sslFlags'");
        let body = [site("Shop", ""), location("Shop", "overrideMode='Deny'", &pinned), location("Shop/a", "", &access("None"))];
        let server = with_web_configs(&body.concat(), &[]);
        assert_eq!(flags(&server, 0), [("/", Some(8)), ("/a", Some(0))]);
        let told: Vec<_> = server.anomalies.iter().map(|anomaly| &anomaly.kind).collect();
        assert!(matches!(told[..], [AnomalyKind::LockedSectionSet { attribute: Some(_), same_file: true, .. }]), "{told:?}");
    }

    #[test]
    fn directories_whose_web_config_iis_does_not_read_are_left_out() {
        let body = [
            r#"<system.applicationHost><sites><site name="S" id="1"><application path="/"><virtualDirectory path="/" physicalPath="D:\s"/></application></site><virtualDirectoryDefaults allowSubDirConfig="false"/></sites></system.applicationHost>"#.to_owned(),
            location("", "overrideMode='Allow'", &access("Ssl")),
        ];
        let server = with_web_configs(&body.concat(), &[("s", &access("Ssl128")), ("s/below", &access("None"))]);
        assert_eq!(flags(&server, 0), [("/", Some(256))]);
        assert_eq!(notices(&server, "web-config-ignored").len(), 1);
    }

    #[test]
    fn a_lone_web_config_is_one_site_and_what_it_does_not_say_is_unknown() {
        let server = server(&format!("<configuration>{}</configuration>", location("admin", "", &access("Ssl"))));
        assert_eq!((server.sites.len(), server.sites[0].name.as_str(), server.sites[0].declared), (1, "(web.config)", false));
        assert_eq!(flags(&server, 0), [("/", None), ("/admin", Some(8))]);
        assert!(origin(&server, 0, "/", Setting::AccessFlags).starts_with("unknown without the applicationHost.config"));
    }

    #[test]
    fn a_piece_of_a_file_leaves_open_what_the_rest_of_it_would_say() {
        let server = server(
            r#"<site name="A" id="1"><application path="/"/><bindings><binding protocol="https" bindingInformation="*:443:"/></bindings></site>"#,
        );
        assert_eq!(
            (server.lists_sites, keys(&server), flags(&server, 0)),
            (true, vec![("0.0.0.0:443".to_owned(), vec![0])], vec![("/", None)])
        );
        assert!(origin(&server, 0, "/", Setting::AccessFlags).starts_with("unknown without the applicationHost.config"));
    }

    #[test]
    fn bindings_of_site_defaults_hold_unless_they_are_cleared_and_other_protocols_have_no_port() {
        let server = server(
            r#"<configuration><system.applicationHost><sites>
            <site name="A" id="1"><bindings><binding protocol="net.tcp" bindingInformation="808:*"/></bindings></site>
            <site name="B" id="x"><bindings><clear/><binding protocol="HTTPS" bindingInformation=":443"/></bindings></site>
            <siteDefaults serverAutoStart="false"><bindings><binding protocol="http" bindingInformation="*:80:"/></bindings></siteDefaults>
            </sites></system.applicationHost></configuration>"#,
        );
        let written = |site: usize| server.sites[site].bindings.iter().map(|binding| binding.written.as_str()).collect::<Vec<_>>();
        assert_eq!((written(0), written(1)), (vec!["*:80:", "808:*"], vec![":443"]));
        let tcp = &server.sites[0].bindings[1];
        assert_eq!((tcp.fault, tcp.port, tcp.endpoint.is_none(), tcp.protocol.as_str()), (None, None, true, "net.tcp"));
        assert_eq!(server.sites[1].bindings[0].fault, Some(BindingFault::SecondColon));
        assert_eq!((server.sites[1].id, server.sites[0].auto_start), (None, false));
        assert_eq!(server.anomalies.len(), 1);
        assert_eq!((server.anomalies[0].place.line, server.anomalies[0].place.column, server.anomalies[0].site), (3, 28, Some(1)));
    }

    #[test]
    fn paths_of_exchange_are_known_by_pool_or_directory_and_so_is_its_site() {
        let server = server(
            r#"<configuration><system.applicationHost><sites><site name="Mail" id="1">
            <application path="/"><virtualDirectory path="/" physicalPath="C:\inetpub"/></application>
            <application path="/owa" applicationPool="msexchangeOWAAppPool"><virtualDirectory path="/" physicalPath="x"/></application>
            <application path="/ews"><virtualDirectory path="/" physicalPath="C:\Program Files\Microsoft\Exchange Server\V15\ews"/></application>
            <application path="/own"/></site></sites></system.applicationHost><location path="Mail/owa/auth"/></configuration>"#,
        );
        let owned: Vec<_> = server.sites[0].scopes.iter().map(|scope| (scope.path.as_str(), scope.product.is_some())).collect();
        assert_eq!(owned, [("/", true), ("/ews", true), ("/owa", true), ("/owa/auth", true), ("/own", false)]);
    }

    #[test]
    fn within_a_site_of_exchange_its_virtual_directories_are_known_by_name_and_others_stay_the_administrators() {
        let site = |owa: &str| {
            format!(
                r#"<configuration><system.applicationHost><sites><site name="Mail" id="1"><application path="/"/>
                   <application path="/{owa}" applicationPool="MSExchangeOWAAppPool"/><application path="/RpcWithCert" applicationPool="DefaultAppPool"/>
                   <application path="/api" applicationPool="Own"/></site></sites></system.applicationHost>
                   <location path="Mail/MAPI/emsmdb"/><location path="Mail/shop/owa"/></configuration>"#
            )
        };
        let owned = |server: &Server| -> Vec<(String, bool)> {
            server.sites[0].scopes.iter().map(|scope| (scope.path.clone(), scope.product == Some(Product::Exchange))).collect()
        };
        let expected = [("/", true), ("/api", false), ("/MAPI/emsmdb", true), ("/owa", true), ("/RpcWithCert", true), ("/shop/owa", false)];
        assert_eq!(owned(&server(&site("owa"))), expected.map(|(path, owned)| (path.to_owned(), owned)));
        let elsewhere = site("owa").replace("MSExchangeOWAAppPool", "Own");
        assert!(owned(&server(&elsewhere)).iter().all(|(_, owned)| !owned), "a name alone says nothing");
    }

    #[test]
    fn the_rpc_proxy_of_windows_owns_its_applications_and_not_their_site() {
        let server = server(
            r#"<configuration><system.applicationHost><sites><site name="A" id="1"><application path="/"/>
            <application path="/Rpc"><virtualDirectory path="/" physicalPath="%windir%\System32\RpcProxy"/></application>
            </site></sites></system.applicationHost></configuration>"#,
        );
        assert_eq!((scope(&server, 0, "/").product, scope(&server, 0, "/Rpc").product), (None, Some(Product::RpcProxy)));
    }

    #[test]
    fn places_with_the_same_delegation_share_a_notice_and_the_read_ahead_size_needs_a_reason() {
        let sites: String = (1..=7).map(|id| format!(r#"<site name="S{id}" id="{id}"><application path="/"/></site>"#)).collect();
        let host = |unlocked: &str, rest: &str| {
            server(&format!(
                r#"<configuration><system.applicationHost><sites>{sites}</sites></system.applicationHost>
                   <location path="" overrideMode="Allow"><system.webServer>{unlocked}</system.webServer></location>{rest}</configuration>"#
            ))
        };
        let flags = host("<security><access/></security>", "");
        let found = notices(&flags, "delegated-not-assessed");
        assert_eq!(found, ["web.config files may set this at S1, S2, S3, S4, S5 and 2 more, and none of them was given: SSL access flags"]);
        assert_eq!(notices(&host("<serverRuntime/>", ""), "delegated-not-assessed"), [""; 0]);
        let asking = host("<serverRuntime/>", &location("S3", "", &access("Ssl, SslNegotiateCert")));
        let found = notices(&asking, "delegated-not-assessed");
        assert!(found.len() == 1 && found[0].contains("at S3,") && found[0].contains("read-ahead"), "{found:?}");
    }

    #[test]
    fn a_section_that_stands_in_another_file_is_named() {
        let body = r#"<system.webServer><security><access configSource="access.config"/></security></system.webServer>"#;
        let server = with_web_configs(&format!("{}{body}", site("Shop", "")), &[]);
        let notices = notices(&server, "config-source-not-read");
        assert!(notices.len() == 1 && notices[0].contains("access.config") && notices[0].contains("security/access"));
        assert_eq!(anomalies(&server), []);
    }

    #[test]
    fn a_redirection_is_told_from_either_file() {
        let redirection = config(r#"<configuration><configurationRedirection enabled="true" path="\\filer\iis"/></configuration>"#, 1);
        assert_eq!(redirection.kind(), FileKind::Redirection);
        let host = config(&format!("<configuration>{}</configuration>", site("Shop", "")), 0);
        let server = assemble(&host, &[], Some(&redirection), "server".to_owned());
        let kinds: Vec<_> = server.anomalies.iter().map(|anomaly| &anomaly.kind).collect();
        assert_eq!(kinds, [&AnomalyKind::Redirected { path: r"\\filer\iis".into() }]);
    }

    #[test]
    fn a_redirection_alone_says_nothing_of_any_site() {
        let redirection = config(r#"<configuration><configurationRedirection enabled="true" path="\\filer\iis"/></configuration>"#, 3);
        let server = assemble(&ConfigFile::default(), &[], Some(&redirection), "server".to_owned());
        assert_eq!((server.sites.len(), server.lists_sites, server.inputs.as_slice()), (0, false, [FileId(3)].as_slice()));
        assert_eq!((server.anomalies.len(), server.notices.len(), server.scope.access()), (1, 0, None));
    }

    #[test]
    fn a_section_default_of_allow_is_told_once_for_each_site() {
        let declared = r#"<configSections><sectionGroup name="system.webServer"><sectionGroup name="security"><section name="access" overrideModeDefault="Allow"/></sectionGroup></sectionGroup><sectionGroup name="system.applicationHost"><section name="sites"/></sectionGroup></configSections>"#;
        let body = format!("{declared}{}{}", site("Shop", ""), location("Shop/a", "", &access("Ssl")));
        let server = with_web_configs(&body, &[]);
        let delegated = notices(&server, "delegated-not-assessed");
        assert!(delegated.len() == 1 && delegated[0].contains("at Shop,") && delegated[0].contains("SSL access flags"), "{delegated:?}");
        assert_eq!(anomalies(&server), []);
        let given = with_web_configs(&body, &[("web/shop/a", "")]);
        assert!(notices(&given, "delegated-not-assessed").is_empty());
    }

    #[test]
    fn many_sites_of_one_name_cost_no_more_than_their_number() {
        let entry = r#"<site name="A" id="1"/>"#.repeat(20_000);
        let tags = location("A/b", "", &access("Ssl")).repeat(10_000) + &location("A", "", &access("Ssl")).repeat(10_000);
        let body = format!("<system.applicationHost><sites>{entry}</sites></system.applicationHost>{tags}");
        let server = with_web_configs(&body, &[]);
        assert_eq!(
            (server.sites.len(), flags(&server, 0), flags(&server, 19_999)),
            (20_000, vec![("/", Some(8)), ("/b", Some(8))], vec![("/", Some(8))])
        );
    }

    #[test]
    fn a_long_path_of_many_parts_is_read_in_one_go() {
        let long = "x/".repeat(200_000);
        let body = format!(
            "{}{}{}",
            site("Shop", ""),
            location(&format!("Shop/{long}"), "", &access("Ssl")),
            location("Shop", "", &access("Ssl128"))
        );
        let server = with_web_configs(&body, &[]);
        assert_eq!(flags(&server, 0).iter().map(|(_, flags)| *flags).collect::<Vec<_>>(), [Some(256), Some(8)]);
    }

    /// What the order of location tags must not change: paths, values and where each value comes from, but for the places.
    fn outcome(server: &Server) -> Vec<(String, String, String)> {
        let mut outcome = Vec::new();
        for scope in std::iter::once(&*server.scope).chain(server.sites.iter().flat_map(|site| &site.scopes)) {
            for (setting, resolved) in scope.settings.iter() {
                let from = match &resolved.origin {
                    Origin::Inherited { from, .. } => from.clone(),
                    other => other.kind().to_owned(),
                };
                outcome.push((scope.path.clone(), format!("{setting} {:?}", resolved.value), from));
            }
        }
        outcome
    }

    proptest! {
        #[test]
        fn the_order_of_location_tags_changes_nothing(
            order in Just((0..8usize).collect::<Vec<_>>()).prop_shuffle(),
            flags in prop::collection::vec(prop::sample::select(vec!["None", "Ssl", "SslNegotiateCert", "Ssl, Ssl128"]), 8),
        ) {
            let paths = ["", "Shop", "Shop/a", "Shop/a/b", "Shop/a/b/c", "shop/d", "Shop/a-b", "Other/x"];
            let tags: Vec<String> = paths.iter().zip(&flags).map(|(path, flags)| location(path, "", &access(flags))).collect();
            let shuffled: String = order.iter().map(|index| tags[*index].as_str()).collect();
            let straight = with_web_configs(&format!("{}{}", site("Shop", ""), tags.concat()), &[]);
            let turned = with_web_configs(&format!("{shuffled}{}", site("Shop", "")), &[]);
            prop_assert_eq!(outcome(&straight), outcome(&turned));
        }

        #[test]
        fn the_value_at_a_path_is_that_of_the_longest_location_above_it(
            set in prop::collection::btree_map(prop::collection::vec(prop::sample::select(vec!["a", "b", "C"]), 0..4), prop::sample::select(vec![0u32, 8, 32, 256]), 0..8),
        ) {
            let names = |bits: u32| match bits { 8 => "Ssl", 32 => "SslNegotiateCert", 256 => "Ssl128", _ => "None" };
            let tags: String = set.iter().map(|(parts, bits)| location(&["Shop"].iter().chain(parts).copied().collect::<Vec<_>>().join("/"), "", &access(names(*bits)))).collect();
            let server = with_web_configs(&format!("{}{tags}", site("Shop", "")), &[]);
            for scope in &server.sites[0].scopes {
                let parts: Vec<&str> = scope.path.split('/').filter(|part| !part.is_empty()).collect();
                let expected = (0..=parts.len()).rev().find_map(|length| set.get(&parts[..length])).copied().unwrap_or(0);
                prop_assert_eq!(scope.access(), Some(expected), "{}", scope.path);
            }
        }

        #[test]
        fn damaged_files_never_panic(cut in 0usize..3000, at in 0usize..3000, byte in any::<u8>()) {
            for text in [include_str!("../../tests/fixtures/apphost/F6_mapping.config"), include_str!("../../tests/fixtures/apphost/F5_locking_and_webconfig.config")] {
                let mut bytes = text.as_bytes().to_vec();
                let length = bytes.len();
                bytes[at % length] = byte;
                if cut % 2 == 0 {
                    bytes.truncate(cut);
                }
                let damaged = String::from_utf8_lossy(&bytes);
                if let Ok(file) = read(&damaged, FileId(0), Limits::default()) {
                    let again = PlacedFile { directory: vec!["web".into(), "partner".into()], config: read(&damaged, FileId(1), Limits::default()).unwrap().into() };
                    let server = assemble(&file, &[again], Some(&file), String::new());
                    prop_assert!(server.sites.iter().all(|site| !site.scopes.is_empty() && site.scopes[0].path == "/"));
                }
            }
        }
    }
}
