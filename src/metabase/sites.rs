//! From the tree of keys to the server: sites, bindings, URL paths and endpoints with what is in effect on each.

use std::sync::Arc;

use super::inherit::{NEEDS_SERVICE, Tree, never_inherited};
use super::read::{Key, Level, Metabase, Property, Said};
use crate::catalogue::{Setting, Value, access};
use crate::server::{
    Anomaly, AnomalyKind, Binding, Endpoint, EndpointKey, Generation, Notice, Origin, Resolved, Scope, Served, Server, Settings, Site,
};

/// Settings that are decided at each URL.
const URL: &[Setting] = &[
    Setting::AccessFlags,
    Setting::UploadReadAheadSize,
    Setting::MaxContentLength,
    Setting::AccessPermissions,
    Setting::AnonymousAuthentication,
];

/// Settings that go into the record of an IP:port, from the key of the site or from /LM/W3SVC.
const ENDPOINT: &[Setting] = &[
    Setting::CertCheckMode,
    Setting::RevocationFreshnessTime,
    Setting::RevocationUrlRetrievalTimeout,
    Setting::NegotiateClientCertificate,
    Setting::ServerCertificate,
    Setting::ServerCertificateStore,
];

/// Settings that go into the record of an IP:port from the key of the site alone.
const SITE_ONLY: &[Setting] = &[Setting::CtlIdentifier, Setting::CtlStoreName];

/// The keys of one site, as indexes into the tree.
#[derive(Debug, Default)]
struct SiteKeys {
    site: Option<usize>,
    root: Option<usize>,
    below: Vec<usize>,
}

impl SiteKeys {
    fn first(&self) -> Option<usize> {
        self.site.or(self.root).or_else(|| self.below.first().copied())
    }
}

/// Works out the server that a metabase describes.
pub fn assemble(metabase: &Metabase, name: String) -> Server {
    let keys = metabase.tree.keys();
    // Sorted by path, the keys of a site follow one another.
    let mut groups: Vec<(&str, SiteKeys)> = Vec::new();
    for (index, key) in keys.iter().enumerate() {
        let level = key.level;
        if let Level::Site | Level::Root | Level::Url = level {
            let number = number_of_site(&key.path);
            if groups.last().is_none_or(|(last, _)| *last != number) {
                groups.push((number, SiteKeys::default()));
            }
            let Some((_, site)) = groups.last_mut() else { continue };
            match level {
                Level::Site => site.site = Some(index),
                Level::Root => site.root = Some(index),
                _ => site.below.push(index),
            }
        }
    }
    groups.sort_by_key(|(_, site)| site.first().and_then(|index| keys.get(index)).map(|key| key.place));

    let mut anomalies = metabase.file_anomalies();
    for key in keys.iter().filter(|key| matches!(key.level, Level::Above | Level::Service)) {
        notice_key(key, None, &mut anomalies);
    }
    let mut sites = Vec::with_capacity(groups.len());
    let common = Common::new(metabase);
    for (index, (number, group)) in groups.iter().enumerate() {
        for key in group.site.iter().chain(&group.root).chain(&group.below) {
            notice_key(&keys[*key], Some(index), &mut anomalies);
        }
        sites.push(site(metabase, &common, number, group));
    }
    anomalies.sort_by_key(|anomaly| anomaly.place);

    let endpoints = endpoints(&sites, &common.of_endpoints);
    let service = metabase.tree.service();
    Server {
        name,
        generation: Generation::Iis6,
        inputs: vec![metabase.file],
        scope: service_scope(metabase).into(),
        records: None,
        running: None,
        schannel: None,
        windows: None,
        evidence: crate::server::Rare::default(),
        lists_sites: service.is_some() || groups.iter().any(|(_, group)| group.site.is_some()),
        notices: notices(&sites, service.is_some()),
        sites,
        endpoints,
        anomalies,
    }
}

/// The number of a site in the path of its key, or of one below it.
fn number_of_site(path: &str) -> &str {
    let below = path.strip_prefix("/lm/w3svc/").unwrap_or_default();
    let end = below.bytes().position(|byte| byte == b'/').unwrap_or(below.len());
    below.get(..end).unwrap_or_default()
}

fn service_scope(metabase: &Metabase) -> Scope {
    let service = metabase.tree.service();
    let mut settings = Settings::default();
    for setting in URL.iter().chain(ENDPOINT).chain(&[Setting::DsMapper]) {
        settings.set(*setting, metabase.tree.effective(&metabase.facts, service, true, *setting));
    }
    let key = service.and_then(|index| metabase.tree.keys().get(index));
    Scope {
        path: String::new(),
        store_path: key.map_or_else(|| "/LM/W3SVC".to_owned(), |key| key.location.clone()),
        is_application: false,
        place: key.map(|key| key.place),
        product: None,
        settings,
        mappings: Vec::new(),
        routing: crate::server::Routing::default(),
    }
}

/// What holds for a site where none of its keys says anything.
struct Common {
    of_urls: Arc<Settings>,
    of_roots: Arc<Settings>,
    of_endpoints: Arc<Settings>,
}

/// So many settings go into records.
const OF_RECORDS: usize = ENDPOINT.len() + SITE_ONLY.len() + 1;

impl Common {
    fn new(metabase: &Metabase) -> Self {
        let (tree, facts) = (&metabase.tree, &metabase.facts);
        let above = |setting| tree.effective(facts, tree.above_sites(), false, setting);
        let mut of_urls = Settings::with_room_for(URL.len());
        for setting in URL {
            of_urls.set(*setting, above(*setting));
        }
        let of_urls = Arc::new(of_urls);
        let with_records = |mut settings: Settings| {
            for setting in ENDPOINT {
                settings.set(*setting, above(*setting));
            }
            for setting in SITE_ONLY {
                settings.set(*setting, never_inherited(facts, *setting));
            }
            settings.set(Setting::DsMapper, ds_mapper(metabase));
            Arc::new(settings)
        };
        let of_roots = with_records(Settings::over(&of_urls, OF_RECORDS));
        Common { of_urls, of_roots, of_endpoints: with_records(Settings::with_room_for(OF_RECORDS)) }
    }
}

/// What the key at `from` says, or one above it up to that of its site, as a bit for each setting.
fn said_for_site(tree: &Tree, from: Option<usize>) -> u64 {
    let keys = std::iter::successors(from, |index| tree.parent(*index)).filter_map(|index| tree.keys().get(index));
    let of_site = keys.take_while(|key| !matches!(key.level, Level::Above | Level::Service));
    of_site.flat_map(|key| &key.said).fold(0, |said, one| match one.property {
        Property::Setting(setting) => said | setting.bit(),
        _ => said,
    })
}

/// Those of `wanted` with a bit in `said`.
fn of_bits(said: u64, wanted: &[Setting]) -> impl Iterator<Item = Setting> {
    wanted.iter().copied().filter(move |setting| said & setting.bit() != 0)
}

/// What is decided at each URL, at the key `at` or, with `own` false, at a place below it that has no key.
fn url_settings(metabase: &Metabase, common: &Common, at: Option<usize>, own: bool) -> Settings {
    let said = said_for_site(&metabase.tree, at);
    let mut settings = Settings::over(&common.of_urls, of_bits(said, URL).count());
    for setting in of_bits(said, URL) {
        settings.set(setting, metabase.tree.effective(&metabase.facts, at, own, setting));
    }
    settings
}

/// The same at the root of a site, with what goes into records.
fn root_settings(metabase: &Metabase, common: &Common, group: &SiteKeys) -> Settings {
    let (tree, facts) = (&metabase.tree, &metabase.facts);
    let (at, own) = (group.root.or(group.site), group.root.is_some());
    let (said, said_by_site) = (said_for_site(tree, at), said_for_site(tree, group.site));
    let number = of_bits(said, URL).chain(of_bits(said_by_site, ENDPOINT)).chain(of_bits(said_by_site, SITE_ONLY)).count();
    let mut settings = Settings::over(&common.of_roots, number);
    for setting in of_bits(said, URL) {
        settings.set(setting, tree.effective(facts, at, own, setting));
    }
    for setting in of_bits(said_by_site, ENDPOINT) {
        settings.set(setting, tree.effective(facts, group.site, true, setting));
    }
    match group.site {
        Some(site) => of_bits(said_by_site, SITE_ONLY).for_each(|setting| settings.set(setting, tree.own(facts, site, setting))),
        None => {
            for setting in SITE_ONLY {
                settings.set(*setting, Resolved::unknown("the key of the site, which is not in this file: copy the whole MetaBase.xml"));
            }
        }
    }
    settings
}

fn site(metabase: &Metabase, common: &Common, number: &str, group: &SiteKeys) -> Site {
    let keys = metabase.tree.keys();
    let own = group.site.map(|index| &keys[index]);
    let settings = root_settings(metabase, common, group);
    let root = match group.root {
        Some(index) => scope(metabase, settings, index),
        None => Scope {
            path: "/".to_owned(),
            store_path: own.map_or_else(|| format!("/LM/W3SVC/{number}/ROOT"), |key| format!("{}/ROOT", key.location)),
            is_application: true,
            place: own.map(|key| key.place),
            product: None,
            settings,
            mappings: Vec::new(),
            routing: crate::server::Routing::default(),
        },
    };
    let mut scopes = vec![root];
    let below = |index: usize| scope(metabase, url_settings(metabase, common, Some(index), true), index);
    scopes.extend(group.below.iter().filter(|index| is_scope(&keys[**index])).map(|index| below(*index)));
    scopes[1..].sort_by(|a, b| a.path.cmp(&b.path));
    Site {
        id: number.parse().ok(),
        name: own.and_then(|key| key.says(Property::ServerComment)).map(|said| said.text.clone()).unwrap_or_default(),
        declared: group.site.is_some(),
        place: group.first().map(|index| keys[index].place),
        auto_start: own.and_then(|key| key.says(Property::ServerAutoStart)).and_then(|said| truth(&said.text)).unwrap_or(true),
        bindings: own.map(bindings).unwrap_or_default(),
        above: Arc::new(url_settings(metabase, common, group.site, true)),
        scopes,
        elements: crate::server::SiteElements::default(),
        overruled: Settings::default(),
    }
}

/// The directory service mapper belongs to /LM/W3SVC alone; what a site writes about it does not count.
fn ds_mapper(metabase: &Metabase) -> Resolved {
    let service = metabase.tree.service();
    let mut resolved = metabase.tree.effective(&metabase.facts, service, true, Setting::DsMapper);
    if let (Origin::Explicit { at }, Some(index)) = (&resolved.origin, service) {
        resolved.origin = Origin::Inherited { from: metabase.tree.keys()[index].location.clone(), at: *at };
    }
    resolved
}

/// Whether a key below ROOT is worth a scope of its own.
fn is_scope(key: &Key) -> bool {
    key.is_virtual_directory || URL.iter().any(|setting| key.says(Property::Setting(*setting)).is_some())
}

/// The scope of ROOT or of a key below it.
fn scope(metabase: &Metabase, settings: Settings, index: usize) -> Scope {
    let key = &metabase.tree.keys()[index];
    let url = key.location.splitn(6, '/').nth(5).unwrap_or_default();
    Scope {
        path: format!("/{url}"),
        store_path: key.location.clone(),
        is_application: key.is_virtual_directory || url.is_empty(),
        place: Some(key.place),
        product: None,
        settings,
        mappings: Vec::new(),
        routing: crate::server::Routing::default(),
    }
}

fn bindings(key: &Key) -> Vec<Binding> {
    let protocol = |said: &Said| match said.property {
        Property::SecureBindings => Some("https"),
        Property::ServerBindings => Some("http"),
        _ => None,
    };
    let lists = || key.said.iter().filter_map(|said| Some((protocol(said)?, said)));
    // A site has one or two, and each is as large as all else of it, so that no room is left for more.
    let mut bindings = Vec::with_capacity(lists().map(|(_, said)| said.text.split_terminator('\n').count()).sum());
    for (protocol, said) in lists() {
        let items = said.text.split_terminator('\n');
        bindings.extend(items.map(|item| Binding::parse(protocol, item, protocol == "https", None, said.place)));
    }
    bindings
}

fn endpoints(sites: &[Site], common: &Arc<Settings>) -> Vec<Endpoint> {
    let mut by_key: Vec<(&EndpointKey, usize)> = Vec::with_capacity(sites.len());
    for (index, site) in sites.iter().enumerate() {
        by_key.extend(site.bindings.iter().filter_map(|binding| Some((binding.endpoint.as_ref()?, index))));
    }
    by_key.sort_unstable();
    by_key.dedup();
    let endpoint = |same: &[(&EndpointKey, usize)]| {
        let key = same[0].0;
        let on_it: Vec<usize> = same.iter().map(|(_, site)| *site).collect();
        // What none of its sites says is common to all sites.
        let is_own = |setting: &&Setting| on_it.iter().any(|site| sites[*site].root().settings.is_own(**setting));
        let own = || ENDPOINT.iter().chain(SITE_ONLY).filter(is_own);
        let mut settings = Settings::over(common, own().count());
        for setting in own() {
            if let Some(resolved) = agreed(*setting, &on_it, sites) {
                settings.set(*setting, resolved);
            }
        }
        Endpoint { key: key.clone(), sites: on_it, served: Served::NotGiven, settings }
    };
    by_key.chunk_by(|(a, _), (b, _)| a == b).map(endpoint).collect()
}

/// The value that all sites of an endpoint write, with the origin of the first.
fn agreed(setting: Setting, on_it: &[usize], sites: &[Site]) -> Option<Resolved> {
    let mut said = on_it.iter().filter_map(|index| sites[*index].root().settings.get(setting));
    let first = said.next()?;
    for other in said {
        if other.known().is_none() {
            return Some(other.clone());
        }
        if first.known().is_some() && first.value != other.value {
            return Some(Resolved::unknown(
                "the sites on this endpoint write different values; which one is in effect depends on the site that registered it first: \
                 `httpcfg query ssl` on the server shows it",
            ));
        }
    }
    Some(first.clone())
}

fn truth(text: &str) -> Option<bool> {
    match text.trim() {
        "1" => Some(true),
        "0" => Some(false),
        text if text.eq_ignore_ascii_case("true") => Some(true),
        text if text.eq_ignore_ascii_case("false") => Some(false),
        _ => None,
    }
}

/// Notes what a key says that has no effect there, or that cannot be read.
fn notice_key(key: &Key, site: Option<usize>, anomalies: &mut Vec<Anomaly>) {
    let level = key.level;
    let path = match level {
        Level::Root | Level::Url => Some(format!("/{}", key.location.splitn(6, '/').nth(5).unwrap_or_default())),
        _ => None,
    };
    for said in &key.said {
        for kind in kinds(key, level, said) {
            anomalies.push(Anomaly { kind, place: said.place, related: Vec::new(), site, path: path.clone() });
        }
    }
}

fn kinds(key: &Key, level: Level, said: &Said) -> Vec<AnomalyKind> {
    let mut kinds = Vec::new();
    let invalid = |attribute: &str, expected| AnomalyKind::InvalidValue {
        element: key.location.clone(),
        attribute: attribute.to_owned(),
        value: said.text.clone(),
        expected,
    };
    match said.property {
        Property::Setting(setting) => {
            if let Some(counts_at) = counts_elsewhere(setting, level, said.inherits) {
                kinds.push(AnomalyKind::WithoutEffect { setting, key: key.location.clone(), value: said.text.clone(), counts_at });
            }
            let property = match setting {
                Setting::ServerCertificate => Some("SSLCertHash"),
                Setting::ServerCertificateStore => Some("SSLStoreName"),
                _ => None,
            };
            // An empty hash and the store MY are what a site without either has anyway.
            let same_as_absent = || Value::default_of(setting, Generation::Iis6).is_some_and(|default| default == said.value);
            if let (Level::Service, Some(property)) = (level, property)
                && !same_as_absent()
            {
                kinds.push(AnomalyKind::CertificateAtService { property });
            }
            // Access flags that cannot be read are judged where they are in effect.
            if matches!(said.value, Value::Malformed(_)) && setting != Setting::AccessFlags {
                let property = crate::catalogue::entry(setting).iis6.as_ref().map_or("", |iis6| iis6.property);
                kinds.push(invalid(property, "a value of the property's type"));
            }
        }
        // IIS itself lists ServerBindings at /LM/W3SVC, so only its secure twin is a mistake there.
        Property::SecureBindings if level != Level::Site => {
            kinds.push(AnomalyKind::BindingsWithoutEffect {
                property: "SecureBindings",
                key: key.location.clone(),
                value: said.text.clone(),
            });
        }
        Property::ServerBindings if matches!(level, Level::Root | Level::Url) => {
            kinds.push(AnomalyKind::BindingsWithoutEffect {
                property: "ServerBindings",
                key: key.location.clone(),
                value: said.text.clone(),
            });
        }
        Property::ServerAutoStart if level == Level::Site && truth(&said.text).is_none() => {
            kinds.push(invalid("ServerAutoStart", "TRUE or FALSE"));
        }
        Property::DisableSocketPooling if level != Level::Above => kinds.push(AnomalyKind::SocketPoolingIgnored),
        _ => {}
    }
    kinds
}

/// Where a setting would count, when it does not count at `level`.
fn counts_elsewhere(setting: Setting, level: Level, inherits: bool) -> Option<&'static str> {
    let above_site = matches!(level, Level::Above | Level::Service);
    let below_site = matches!(level, Level::Root | Level::Url);
    if SITE_ONLY.contains(&setting) {
        (level != Level::Site).then_some("the key of the site, /LM/W3SVC/<n>")
    } else if setting == Setting::DsMapper {
        (level == Level::Site || below_site).then_some("/LM/W3SVC")
    } else if ENDPOINT.contains(&setting) && below_site {
        Some("the key of the site, /LM/W3SVC/<n>, or /LM/W3SVC")
    } else if !inherits && (above_site || level == Level::Site && URL.contains(&setting)) {
        // Keys below do not see it, and nothing is decided at this key itself.
        Some("keys below, once its attributes hold INHERIT")
    } else {
        None
    }
}

fn notices(sites: &[Site], has_service: bool) -> Vec<Notice> {
    let mut notices = Vec::new();
    if !has_service && sites.is_empty() {
        notices.push(Notice {
            name: "no-web-service-key",
            message: "the file holds neither /LM/W3SVC nor a web site: it belongs to a server of IIS 7 or later, to a server without web \
                      service, or is a partial export"
                .to_owned(),
            needs: "on IIS 7 and later applicationHost.config, on IIS 6 the whole MetaBase.xml".into(),
        });
    } else if !has_service {
        notices.push(Notice {
            name: "inheritance-not-assessed",
            message: "the file is a partial export without /LM/W3SVC: what a site does not set may be inherited from there".to_owned(),
            needs: NEEDS_SERVICE.into(),
        });
    }
    let maps = |scope: &Scope| scope.access().is_some_and(|bits| bits & access::MAP != 0);
    if sites.iter().flat_map(|site| &site.scopes).any(maps) {
        notices.push(Notice {
            name: "mapping-data-not-visible",
            message: "certificate mapping is switched on, but the stored mappings cannot be read from MetaBase.xml".to_owned(),
            needs: "the list of mappings of each site, from Internet Information Services Manager (Directory Security, Edit)".into(),
        });
    }
    notices
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap as Map;

    use proptest::prelude::*;

    use super::super::{MbSchema, read};
    use super::*;
    use crate::input::{FileId, decode};
    use crate::xml::Limits;

    macro_rules! fixture {
        ($name:literal) => {
            server(&decode(include_bytes!(concat!("../../tests/fixtures/metabase/", $name)), None).unwrap().text)
        };
    }

    fn server(text: &str) -> Server {
        assemble(&read(text, FileId(0), Limits::default(), None).unwrap(), "server".to_owned())
    }

    fn of(keys: &str) -> Server {
        server(&format!("<configuration><MBProperty>{keys}</MBProperty></configuration>"))
    }

    fn site(server: &Server, id: u32) -> &Site {
        server.sites.iter().find(|site| site.id == Some(id)).unwrap()
    }

    /// `value kind from line:column`, as far as each exists.
    fn says(settings: &Settings, setting: Setting) -> String {
        let resolved = settings.get(setting).unwrap();
        let mut text = format!("{} {}", resolved.value.show(setting, Generation::Iis6), resolved.origin.kind());
        if let Origin::Inherited { from, .. } = &resolved.origin {
            text = format!("{text} {from}");
        }
        match resolved.origin.place() {
            Some(place) => format!("{text} {}:{}", place.line, place.column),
            None => text,
        }
    }

    fn root(server: &Server, id: u32, setting: Setting) -> String {
        says(&site(server, id).root().settings, setting)
    }

    fn access_by_path(server: &Server, id: u32) -> Vec<(&str, u32)> {
        site(server, id).scopes.iter().map(|scope| (scope.path.as_str(), scope.access().unwrap())).collect()
    }

    fn kinds(server: &Server) -> Vec<&AnomalyKind> {
        server.anomalies.iter().map(|anomaly| &anomaly.kind).collect()
    }

    #[test]
    fn an_absent_mode_is_a_default_and_a_written_one_is_explicit_with_its_place() {
        let server = fixture!("01_working_failing_pair.xml");
        assert_eq!(root(&server, 690402, Setting::CertCheckMode), "0 default");
        assert_eq!(root(&server, 90326589, Setting::CertCheckMode), "1 explicit 51:3");
        assert_eq!(access_by_path(&server, 690402), [("/", 104)]);
        assert_eq!(access_by_path(&server, 90326589), [("/", 104)]);
        assert_eq!(server.sites[0].name, "partner-a (403.13)");
        assert_eq!(server.sites[0].root().store_path, "/LM/W3SVC/690402/root");
        assert_eq!(
            server.endpoints.iter().map(|endpoint| endpoint.key.to_string()).collect::<Vec<_>>(),
            ["192.0.2.21:443", "192.0.2.22:443"]
        );
        assert_eq!(says(&server.endpoints[1].settings, Setting::CertCheckMode), "1 explicit 51:3");
        assert!(server.lists_sites && server.notices.is_empty() && server.anomalies.is_empty());
    }

    #[test]
    fn a_site_inherits_from_the_service_unless_it_says_otherwise() {
        let server = fixture!("02_service_level_inheritance.xml");
        assert_eq!(root(&server, 1, Setting::CertCheckMode), "1 inherited /LM/W3SVC 27:3");
        assert_eq!(root(&server, 1, Setting::AccessFlags), "AccessSSL inherited /LM/W3SVC 22:3");
        assert_eq!(root(&server, 1209711, Setting::CertCheckMode), "0 explicit 53:3");
        assert_eq!(root(&server, 1209711, Setting::AccessFlags), "0 explicit 64:3");
        assert_eq!(says(&site(&server, 1209711).above, Setting::AccessFlags), "AccessSSL inherited /LM/W3SVC 22:3");
        assert_eq!(says(&server.scope.settings, Setting::CertCheckMode), "1 explicit 27:3");
    }

    #[test]
    fn access_flags_replace_at_every_url_and_the_read_ahead_size_flows_down() {
        let server = fixture!("03_url_tree_overrides.xml");
        let expected = [("/", 264), ("/public", 0), ("/secure", 360), ("/secure/health.htm", 8), ("/softcert", 40)];
        assert_eq!(access_by_path(&server, 71225), expected);
        let scopes = &site(&server, 71225).scopes;
        assert_eq!(says(&scopes[2].settings, Setting::UploadReadAheadSize), "2097152 explicit 58:3");
        assert_eq!(says(&scopes[3].settings, Setting::UploadReadAheadSize), "2097152 inherited /LM/W3SVC/71225/root/secure 58:3");
        assert_eq!(says(&scopes[1].settings, Setting::UploadReadAheadSize), "49152 default");
        assert_eq!(scopes.iter().map(|scope| scope.is_application).collect::<Vec<_>>(), [true, false, true, false, true]);
        assert!(scopes[1].settings.get(Setting::CertCheckMode).is_none());
    }

    #[test]
    fn sites_on_one_endpoint_that_disagree_leave_its_value_unknown() {
        let server = fixture!("04_shared_endpoint_collision.xml");
        let shared = &server.endpoints[0];
        assert_eq!((shared.key.to_string().as_str(), shared.sites.as_slice()), ("0.0.0.0:443", [0, 1].as_slice()));
        for setting in [Setting::CertCheckMode, Setting::ServerCertificate, Setting::CtlIdentifier, Setting::CtlStoreName] {
            assert!(shared.settings.get(setting).unwrap().known().is_none(), "{setting}");
        }
        assert_eq!(says(&shared.settings, Setting::ServerCertificateStore), "MY explicit 34:3");
        let own = &server.endpoints[1];
        assert_eq!((own.key.to_string().as_str(), own.sites.as_slice()), ("192.0.2.50:8443", [1].as_slice()));
        assert_eq!(says(&own.settings, Setting::CtlStoreName), "CA explicit 61:3");
        let http: Vec<_> = server.sites[0].bindings.iter().filter(|binding| !binding.is_https()).map(|binding| &binding.written).collect();
        assert_eq!(http, [":80:www.example.com", ":80:example.com"]);
        assert_eq!(server.sites[0].bindings[0].place.line, 35);
    }

    #[test]
    fn custom_elements_count_by_number_and_are_reported_where_they_do_not_count() {
        let server = fixture!("05_custom_elements.xml");
        assert_eq!(root(&server, 5531, Setting::CertCheckMode), "0 default");
        assert_eq!(root(&server, 5531, Setting::DsMapper), "TRUE inherited /LM/W3SVC 29:3");
        assert_eq!(access_by_path(&server, 5531), [("/", 232), ("/bin", 8)]);
        assert_eq!(says(&site(&server, 5531).scopes[1].settings, Setting::AccessFlags), "AccessSSL explicit 88:3");
        let found: Vec<_> = server.anomalies.iter().map(|anomaly| (&anomaly.kind, anomaly.place.line, anomaly.path.as_deref())).collect();
        let without_effect = |setting, key: &str, value: &str, counts_at| AnomalyKind::WithoutEffect {
            setting,
            key: key.to_owned(),
            value: value.to_owned(),
            counts_at,
        };
        assert_eq!(
            found,
            [
                (&without_effect(Setting::DsMapper, "/LM/W3SVC/5531", "0", "/LM/W3SVC"), 59, None),
                (
                    &without_effect(Setting::CertCheckMode, "/LM/W3SVC/5531/root", "1", "the key of the site, /LM/W3SVC/<n>, or /LM/W3SVC"),
                    77,
                    Some("/")
                ),
            ]
        );
        assert_eq!(server.anomalies[0].site, Some(0));
    }

    #[test]
    fn mapping_is_seen_but_not_its_data() {
        let server = fixture!("06_cert_mapping.xml");
        assert_eq!(root(&server, 6144, Setting::CertCheckMode), "2 explicit 32:3");
        assert_eq!(root(&server, 6144, Setting::AnonymousAuthentication), "FALSE explicit 50:3");
        assert_eq!(server.notices.iter().map(|notice| notice.name).collect::<Vec<_>>(), ["mapping-data-not-visible"]);
    }

    #[test]
    fn a_url_setting_of_the_site_key_reaches_every_url() {
        let server = fixture!("07_renegotiation_413.xml");
        let site = site(&server, 77);
        assert_eq!(says(&site.scopes[1].settings, Setting::UploadReadAheadSize), "200 inherited /LM/W3SVC/77 39:3");
        assert_eq!(says(&site.above, Setting::UploadReadAheadSize), "200 explicit 39:3");
        assert_eq!(says(&site.scopes[1].settings, Setting::AccessPermissions), "AccessRead | AccessWrite | AccessScript explicit 53:3");
        assert_eq!(root(&server, 77, Setting::NegotiateClientCertificate), "FALSE explicit 32:3");
    }

    #[test]
    fn contradictions_are_kept_as_written() {
        let server = fixture!("08_contradictory_flags.xml");
        assert_eq!(access_by_path(&server, 88), [("/", 8), ("/mapnoneg", 136), ("/reqnoneg", 72), ("/reqnossl", 96)]);
        assert_eq!(root(&server, 88, Setting::CertCheckMode), "5 explicit 32:3");
        assert_eq!(root(&server, 88, Setting::CtlIdentifier), "{7D2B6F52-4C2E-4B0D-9B1C-0A6E6C0E2A11} explicit 37:3");
        assert_eq!(root(&server, 88, Setting::CtlStoreName), " default");
        assert_eq!(root(&server, 88, Setting::ServerCertificate), " default");
        assert!(server.endpoints.is_empty());
    }

    #[test]
    fn a_hand_edited_file_means_what_its_author_meant() {
        let server = fixture!("09_hand_edited.xml");
        assert_eq!(server.sites.len(), 1);
        assert_eq!(root(&server, 99, Setting::CertCheckMode), "1 explicit 35:3");
        assert_eq!(access_by_path(&server, 99), [("/", 104), ("/app", 104)]);
        let site = site(&server, 99);
        assert_eq!(site.root().store_path, "/LM/W3SVC/99/Root");
        assert_eq!(site.scopes[1].store_path, "/LM/W3SVC/99/ROOT/app");
        assert_eq!(site.bindings[0].fault, Some(crate::server::BindingFault::SecondColon));
        assert!(site.auto_start);
        assert_eq!(site.root().value(Setting::ServerCertificateStore), Some(&Value::Text("MY".to_owned())));
        assert!(server.anomalies.is_empty());
    }

    #[test]
    fn in_a_partial_export_an_absent_value_is_unknown_unless_it_never_inherits() {
        let server = of(r#"<IIsWebServer Location="/LM/W3SVC/7" SecureBindings=":443:" CertCheckMode="2"/>
                           <IIsWebVirtualDir Location="/LM/W3SVC/7/ROOT" AccessSSLFlags="8"/>"#);
        assert_eq!(root(&server, 7, Setting::CertCheckMode), "2 explicit 1:88");
        assert_eq!(root(&server, 7, Setting::RevocationFreshnessTime), " unknown");
        assert_eq!(root(&server, 7, Setting::DsMapper), " unknown");
        assert_eq!(root(&server, 7, Setting::CtlIdentifier), " default");
        assert_eq!(root(&server, 7, Setting::UploadReadAheadSize), " unknown");
        assert_eq!(says(&server.scope.settings, Setting::AccessFlags), " unknown");
        assert!(server.endpoints[0].settings.get(Setting::ServerCertificate).unwrap().known().is_none());
        assert_eq!(server.notices.iter().map(|notice| notice.name).collect::<Vec<_>>(), ["inheritance-not-assessed"]);
        assert!(server.lists_sites);
    }

    #[test]
    fn a_value_above_a_missing_service_key_does_not_pass_for_the_effective_one() {
        let server = of(r#"<IIsComputer Location="/LM"><Custom ID="2160" Value="1" Attributes="INHERIT"/></IIsComputer>
                           <IIsWebServer Location="/LM/W3SVC/7"/>"#);
        assert_eq!(root(&server, 7, Setting::CertCheckMode), " unknown");
        let server = of(r#"<IIsComputer Location="/LM"><Custom ID="2160" Value="1" Attributes="INHERIT"/></IIsComputer>
                           <IIsWebService Location="/LM/W3SVC"/><IIsWebServer Location="/LM/W3SVC/7"/>"#);
        assert!(root(&server, 7, Setting::CertCheckMode).starts_with("1 inherited /LM "));
    }

    #[test]
    fn a_file_without_web_service_lists_no_sites_and_says_so() {
        let server = of(r#"<IIsSmtpServer Location="/LM/SmtpSvc/1" AccessSSLFlags="8" SSLCertHash="aa"/>"#);
        assert!(server.sites.is_empty() && !server.lists_sites && server.anomalies.is_empty());
        assert_eq!(server.notices.iter().map(|notice| notice.name).collect::<Vec<_>>(), ["no-web-service-key"]);
    }

    #[test]
    fn a_property_without_inherit_is_invisible_below_its_key() {
        let server = of(r#"<IIsWebService Location="/LM/W3SVC">
                             <Custom ID="6030" Value="8" Attributes="NO_ATTRIBUTES"/><Custom ID="2160" Value="1"/>
                             <Custom ID="5521" Value="1" Attributes="INHERIT | REFERENCE"/>
                           </IIsWebService>
                           <IIsWebServer Location="/LM/W3SVC/1"/>
                           <IIsWebVirtualDir Location="/LM/W3SVC/1/ROOT"/>"#);
        assert_eq!(root(&server, 1, Setting::AccessFlags), "0 default");
        assert!(root(&server, 1, Setting::CertCheckMode).starts_with("1 inherited"));
        assert!(root(&server, 1, Setting::NegotiateClientCertificate).starts_with("TRUE inherited"));
        assert!(matches!(kinds(&server)[..], [AnomalyKind::WithoutEffect { setting: Setting::AccessFlags, .. }]));
    }

    #[test]
    fn what_has_no_effect_at_its_key_is_reported_once_each() {
        let server = of(r#"<IIsWebService Location="/LM/W3SVC" SSLCertHash="aabb" SSLStoreName="My" DisableSocketPooling="TRUE">
                             <Custom ID="5517" Value="CA"/><Custom ID="2021" Value=":443:"/>
                           </IIsWebService>
                           <IIsWebServer Location="/LM/W3SVC/1" ServerAutoStart="perhaps"/>
                           <IIsWebVirtualDir Location="/LM/W3SVC/1/ROOT" CertCheckMode="x"><Custom ID="2160" Value="1"/></IIsWebVirtualDir>
                           <IIsWebServer Location="/lm//w3svc/1/" CertCheckMode="1" ServerAutoStart="FALSE"/>"#);
        let found = kinds(&server);
        assert_eq!(found.len(), 9, "{found:?}");
        assert!(matches!(found[0], AnomalyKind::CertificateAtService { property: "SSLCertHash" }));
        assert!(matches!(found[1], AnomalyKind::SocketPoolingIgnored));
        assert!(matches!(found[2], AnomalyKind::WithoutEffect { setting: Setting::CtlStoreName, .. }));
        assert!(matches!(found[3], AnomalyKind::BindingsWithoutEffect { property: "SecureBindings", .. }));
        assert!(matches!(found[4], AnomalyKind::InvalidValue { attribute, .. } if attribute == "ServerAutoStart"));
        assert!(matches!(found[5], AnomalyKind::WithoutEffect { setting: Setting::CertCheckMode, .. }));
        assert!(matches!(found[6], AnomalyKind::InvalidValue { attribute, .. } if attribute == "CertCheckMode"));
        assert!(matches!(found[7], AnomalyKind::PropertyTwice { property, .. } if property == "2160"));
        assert!(matches!(found[8], AnomalyKind::KeyTwice { key } if key == "/lm/w3svc/1"));
        assert_eq!(server.sites.len(), 1);
        assert!(root(&server, 1, Setting::CertCheckMode).starts_with("1 explicit"), "what only the second key says still counts");
        assert!(site(&server, 1).auto_start, "what both keys say is taken from the first");
    }

    #[test]
    fn a_site_without_root_key_still_has_its_root_and_urls_without_site_key_still_have_a_site() {
        let server = of(r#"<IIsWebService Location="/LM/W3SVC" AccessSSLFlags="8"/><IIsWebServer Location="/LM/W3SVC/1"/>
                           <IIsWebDirectory Location="/LM/W3SVC/2/ROOT/a" AccessSSLFlags="0"/>"#);
        assert!(root(&server, 1, Setting::AccessFlags).starts_with("AccessSSL inherited /LM/W3SVC"));
        assert_eq!(site(&server, 1).root().store_path, "/LM/W3SVC/1/ROOT");
        assert_eq!(access_by_path(&server, 2), [("/", 8), ("/a", 0)]);
        assert!(site(&server, 1).declared && !site(&server, 2).declared);
        assert_eq!(root(&server, 2, Setting::CtlIdentifier), " unknown");
    }

    #[test]
    fn secrets_and_unaudited_properties_are_not_kept() {
        let text = r#"<configuration><MBProperty><IIsWebServer Location="/LM/W3SVC/1" AdminACL="49634462aa" UNCPassword="geheim"
                      ServerComment="49634462c0ffee" SslCtlIdentifier="49634B62c0ffee"><Custom Name="AnonymousUserPass" ID="6021" Value="geheim"/>
                      </IIsWebServer></MBProperty></configuration>"#;
        let metabase = read(text, FileId(0), Limits::default(), None).unwrap();
        let seen = format!("{metabase:?}{:?}", assemble(&metabase, String::new())).to_lowercase();
        for secret in ["geheim", "c0ffee", "49634462aa"] {
            assert!(!seen.contains(secret), "{secret}");
        }
    }

    #[test]
    fn a_schema_of_the_server_comes_before_the_catalogue() {
        let schema = r#"<MetaData xmlns="x"><DatabaseMeta><Collection InternalName="IIsConfigObject">
            <Property InternalName="CertCheckMode" ID="2160" Type="DWORD" Attributes="NO_ATTRIBUTES" DefaultValue="4"/>
            <Property InternalName="AccessSSLFlags" ID="6030" Type="DWORD" Attributes="INHERIT" DefaultValue="0">
              <Flag InternalName="AccessSSL" Value="8"/><Flag InternalName="AccessNew" Value="4096"/></Property>
            </Collection></DatabaseMeta></MetaData>"#;
        let schema = MbSchema::read(schema, FileId(1), Limits::default()).unwrap();
        let text = r#"<c><m><IIsWebService Location="/LM/W3SVC" CertCheckMode="1" AccessSSLFlags="AccessSSL | AccessNew"/>
                      <IIsWebServer Location="/LM/W3SVC/1"/></m></c>"#;
        let server = assemble(&read(text, FileId(0), Limits::default(), Some(&schema)).unwrap(), String::new());
        assert_eq!(root(&server, 1, Setting::CertCheckMode), "4 default");
        assert_eq!(site(&server, 1).root().access(), Some(4104));
        let Origin::Default { why } = &site(&server, 1).root().settings.get(Setting::CertCheckMode).unwrap().origin else { panic!() };
        assert!(why.contains("MBSchema.xml"));
    }

    #[test]
    fn with_a_schema_a_name_that_it_does_not_have_is_told_once_for_each_type_of_key() {
        let schema = r#"<MetaData xmlns="x"><DatabaseMeta><Collection InternalName="IIsConfigObject">
            <Property InternalName="CertCheckMod" ID="9999" Type="DWORD"/></Collection></DatabaseMeta></MetaData>"#;
        let schema = MbSchema::read(schema, FileId(1), Limits::default()).unwrap();
        let text = r#"<c><m><IIsWebServer Location="/LM/W3SVC/1" FrobNicate="7" CertCheckMod="1"/>
                      <IIsWebServer Location="/LM/W3SVC/2" FrobNicate="7"/></m></c>"#;
        let unknown = |schema| -> Vec<AnomalyKind> {
            let server = assemble(&read(text, FileId(0), Limits::default(), schema).unwrap(), String::new());
            server.anomalies.into_iter().map(|anomaly| anomaly.kind).collect()
        };
        let found = unknown(Some(&schema));
        assert_eq!(found.len(), 1, "{found:?}");
        assert!(matches!(&found[0], AnomalyKind::UnknownProperty { property, nearest: None, .. } if property == "FrobNicate"));
        assert!(matches!(unknown(None)[..], [AnomalyKind::UnknownProperty { nearest: Some("CertCheckMode"), .. }]));
    }

    type Keys = Map<String, Map<&'static str, &'static str>>;

    const PATHS: &[&str] = &[
        "/",
        "/LM",
        "/LM/W3SVC",
        "/LM/W3SVC/1",
        "/LM/W3SVC/1/ROOT",
        "/LM/W3SVC/1/ROOT/a",
        "/LM/W3SVC/1/ROOT/a/b",
        "/LM/W3SVC/1/ROOT/a-b",
        "/LM/W3SVC/12",
        "/LM/W3SVC/12/Root",
        "/LM/W3SVC/12/root/a/b/c",
        "/LM/W3SVC/Info",
    ];

    fn some_keys() -> impl Strategy<Value = Keys> {
        let attributes = proptest::collection::btree_map(
            prop::sample::select(vec!["AccessSSLFlags", "CertCheckMode", "SslCtlStoreName", "SSLCertHash", "UploadReadAheadSize"]),
            prop::sample::select(vec!["0", "1", "8", "104"]),
            0..4,
        );
        proptest::collection::btree_map(prop::sample::select(PATHS.to_vec()).prop_map(str::to_owned), attributes, 1..PATHS.len())
    }

    fn written(keys: &[(String, Vec<(&str, &str)>)]) -> String {
        let key = |(path, attributes): &(String, Vec<(&str, &str)>)| {
            let attributes: String = attributes.iter().map(|(name, value)| format!(" {name}=\"{value}\"")).collect();
            let bindings = if path.matches('/').count() == 3 { " SecureBindings=\":443:\"" } else { "" };
            format!("<IIsWebVirtualDir{attributes} Location=\"{path}\"{bindings}/>")
        };
        format!("<c><m>{}</m></c>", keys.iter().map(key).collect::<String>())
    }

    /// What is in effect, without places and without the order of sites.
    fn effective(server: &Server) -> Vec<String> {
        let mut lines = Vec::new();
        for site in &server.sites {
            for scope in &site.scopes {
                for (setting, resolved) in scope.settings.iter() {
                    let from = match &resolved.origin {
                        Origin::Inherited { from, .. } => from.as_str(),
                        other => other.kind(),
                    };
                    lines.push(format!("{:?} {} {setting} {:?} {from}", site.id, scope.path, resolved.value));
                }
            }
        }
        for endpoint in &server.endpoints {
            lines.extend(endpoint.settings.iter().map(|(setting, resolved)| format!("{} {setting} {:?}", endpoint.key, resolved.known())));
        }
        lines.extend(server.anomalies.iter().map(|anomaly| format!("{:?}", anomaly.kind)));
        lines.sort();
        lines
    }

    /// The rule of inheritance in its plainest form: cut the path shorter until a key says something.
    fn plainest(keys: &Keys, path: &str, attribute: &str) -> Option<String> {
        let lower: Map<String, _> = keys.iter().map(|(path, said)| (path.to_lowercase(), said)).collect();
        let mut path = path.to_lowercase();
        loop {
            if let Some(value) = lower.get(&path).and_then(|said| said.get(attribute)) {
                return Some((*value).to_owned());
            }
            if path == "/" {
                return None;
            }
            path.truncate(path.rfind('/')?);
            if path.is_empty() {
                path.push('/');
            }
        }
    }

    proptest! {
        #[test]
        fn the_order_of_keys_and_attributes_changes_nothing_in_effect(
            (sorted, shuffled) in some_keys().prop_flat_map(|keys| {
                let sorted: Vec<(String, Vec<_>)> = keys.into_iter().map(|(path, said)| (path, said.into_iter().collect())).collect();
                let reversed = sorted.iter().cloned().map(|(path, said)| (path, said.into_iter().rev().collect())).collect::<Vec<_>>();
                (Just(sorted), Just(reversed).prop_shuffle())
            })
        ) {
            prop_assert_eq!(effective(&server(&written(&sorted))), effective(&server(&written(&shuffled))));
        }

        #[test]
        fn the_effective_value_is_that_of_the_nearest_key_that_says_it(keys in some_keys()) {
            let mut keys = keys;
            keys.entry("/LM/W3SVC".to_owned()).or_default();
            let list: Vec<_> = keys.iter().map(|(path, said)| (path.clone(), said.iter().map(|(a, b)| (*a, *b)).collect())).collect();
            let server = server(&written(&list));
            for site in &server.sites {
                for scope in &site.scopes {
                    let expected = plainest(&keys, &scope.store_path, "AccessSSLFlags").unwrap_or_else(|| "0".to_owned());
                    prop_assert_eq!(scope.access(), expected.parse().ok(), "{}", scope.store_path);
                }
                let key = format!("/LM/W3SVC/{}", site.id.unwrap());
                let expected = plainest(&keys, &key, "CertCheckMode").unwrap_or_else(|| "0".to_owned());
                let value = site.root().value(Setting::CertCheckMode).and_then(Value::flags);
                prop_assert_eq!(value, expected.parse().ok());
            }
        }

        #[test]
        fn a_damaged_file_never_panics(at in 0usize..2300, length in 0usize..40, insert in "[<>/\"'&;= a-zA-Z0-9|\\r\\n]{0,12}") {
            let bytes = include_bytes!("../../tests/fixtures/metabase/05_custom_elements.xml");
            let mut text = decode(bytes, None).unwrap().text.into_owned();
            let at = at.min(text.len());
            text.replace_range(at..(at + length).min(text.len()), &insert);
            for text in [text.as_str(), &text[..at]] {
                if let Ok(metabase) = read(text, FileId(0), Limits::default(), None) {
                    assemble(&metabase, String::new());
                }
                let _ = MbSchema::read(text, FileId(0), Limits::default());
            }
        }

        #[test]
        fn any_locations_and_values_are_survived(
            keys in proptest::collection::vec(("[/a-zA-Z0-9İ. ]{0,12}|(/LM/W3SVC/[0-9]{0,12}(/ROOT|/root|//)?(/[a-c/]{0,6})?)", "[^<&\"]{0,10}"), 0..20)
        ) {
            let keys: String = keys
                .iter()
                .filter(|(_, value)| value.chars().all(|c| !c.is_control() && c != '\u{fffe}' && c != '\u{ffff}'))
                .map(|(path, value)| format!("<k Location=\"{path}\" SecureBindings=\"{value}\" AccessSSLFlags=\"{value}\" CertCheckMode=\"{value}\"/>"))
                .collect();
            let server = of(&keys);
            prop_assert!(server.sites.iter().all(|site| site.root().path == "/"));
        }
    }
}
