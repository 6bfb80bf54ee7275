//! From the tree of keys to the server: sites, bindings, URL paths and endpoints with what is in effect on each.

use std::collections::BTreeMap;

use super::inherit::NEEDS_SERVICE;
use super::read::{Key, Level, Metabase, Property, Said};
use crate::catalogue::{Setting, Value, access};
use crate::server::{Anomaly, AnomalyKind, Binding, Endpoint, EndpointKey, Generation, Notice, Resolved, Scope, Server, Settings, Site};

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
    let mut by_number: BTreeMap<&str, SiteKeys> = BTreeMap::new();
    for (index, key) in keys.iter().enumerate() {
        let level = Level::of(&key.path);
        if let Level::Site | Level::Root | Level::Url = level {
            let site = by_number.entry(part(&key.path, 3)).or_default();
            match level {
                Level::Site => site.site = Some(index),
                Level::Root => site.root = Some(index),
                _ => site.below.push(index),
            }
        }
    }
    let mut groups: Vec<(&str, SiteKeys)> = by_number.into_iter().collect();
    groups.sort_by_key(|(_, site)| site.first().and_then(|index| keys.get(index)).map(|key| key.place));

    let mut anomalies = metabase.file_anomalies();
    for key in keys.iter().filter(|key| matches!(Level::of(&key.path), Level::Above | Level::Service)) {
        notice_key(key, None, &mut anomalies);
    }
    let mut sites = Vec::with_capacity(groups.len());
    for (index, (number, group)) in groups.iter().enumerate() {
        for key in group.site.iter().chain(&group.root).chain(&group.below) {
            notice_key(&keys[*key], Some(index), &mut anomalies);
        }
        sites.push(site(metabase, number, group));
    }
    anomalies.sort_by_key(|anomaly| anomaly.place);

    let endpoints = endpoints(&sites);
    let service = metabase.tree.service();
    Server {
        name,
        generation: Generation::Iis6,
        inputs: vec![metabase.file],
        scope: service_scope(metabase),
        lists_sites: service.is_some() || groups.iter().any(|(_, group)| group.site.is_some()),
        notices: notices(&sites, service.is_some()),
        sites,
        endpoints,
        anomalies,
    }
}

/// The part of a path with the given index; the path starts with a slash, so its first part is index 1.
fn part(path: &str, index: usize) -> &str {
    path.split('/').nth(index).unwrap_or_default()
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
    }
}

fn site(metabase: &Metabase, number: &str, group: &SiteKeys) -> Site {
    let (tree, facts) = (&metabase.tree, &metabase.facts);
    let keys = tree.keys();
    let own = group.site.map(|index| &keys[index]);
    // Where the key of the site is missing, its URLs inherit from what is above it.
    let at_site = group.site.or_else(|| tree.above_sites());
    let declared = group.site.is_some();

    let mut above = Settings::default();
    for setting in URL {
        above.set(*setting, tree.effective(facts, at_site, declared, *setting));
    }

    let mut root = match group.root {
        Some(index) => scope(metabase, index),
        None => Scope {
            path: "/".to_owned(),
            store_path: own.map_or_else(|| format!("/LM/W3SVC/{number}/ROOT"), |key| format!("{}/ROOT", key.location)),
            is_application: true,
            place: own.map(|key| key.place),
            product: None,
            settings: url_settings(metabase, at_site, false),
            mappings: Vec::new(),
        },
    };
    for setting in ENDPOINT {
        root.settings.set(*setting, tree.effective(facts, at_site, declared, *setting));
    }
    for setting in SITE_ONLY {
        let resolved = match group.site {
            Some(index) => tree.own(facts, index, *setting),
            None => Resolved::unknown("the key of the site, which is not in this file: copy the whole MetaBase.xml"),
        };
        root.settings.set(*setting, resolved);
    }
    root.settings.set(Setting::DsMapper, tree.effective(facts, tree.service(), false, Setting::DsMapper));
    if let Some(index) = tree.service() {
        // At /LM/W3SVC it holds for the whole service, whatever its attributes say.
        if let Some(said) = keys[index].says(Property::Setting(Setting::DsMapper)) {
            let origin = crate::server::Origin::Inherited { from: keys[index].location.clone(), at: said.place };
            root.settings.set(Setting::DsMapper, Resolved { value: said.value.clone(), origin });
        }
    }

    let mut scopes = vec![root];
    scopes.extend(group.below.iter().filter(|index| is_scope(&keys[**index])).map(|index| scope(metabase, *index)));
    scopes[1..].sort_by(|a, b| a.path.cmp(&b.path));
    Site {
        id: number.parse().ok(),
        name: own.and_then(|key| key.says(Property::ServerComment)).map(|said| said.text.clone()).unwrap_or_default(),
        declared,
        place: group.first().map(|index| keys[index].place),
        auto_start: own.and_then(|key| key.says(Property::ServerAutoStart)).and_then(|said| truth(&said.text)).unwrap_or(true),
        bindings: own.map(bindings).unwrap_or_default(),
        above,
        scopes,
    }
}

/// Whether a key below ROOT is worth a scope of its own.
fn is_scope(key: &Key) -> bool {
    key.is_virtual_directory || URL.iter().any(|setting| key.says(Property::Setting(*setting)).is_some())
}

/// The scope of ROOT or of a key below it.
fn scope(metabase: &Metabase, index: usize) -> Scope {
    let key = &metabase.tree.keys()[index];
    let url = key.location.splitn(6, '/').nth(5).unwrap_or_default();
    Scope {
        path: format!("/{url}"),
        store_path: key.location.clone(),
        is_application: key.is_virtual_directory || url.is_empty(),
        place: Some(key.place),
        product: None,
        settings: url_settings(metabase, Some(index), true),
        mappings: Vec::new(),
    }
}

fn url_settings(metabase: &Metabase, at: Option<usize>, own: bool) -> Settings {
    let mut settings = Settings::default();
    for setting in URL {
        settings.set(*setting, metabase.tree.effective(&metabase.facts, at, own, *setting));
    }
    settings
}

fn bindings(key: &Key) -> Vec<Binding> {
    let mut bindings = Vec::new();
    for said in &key.said {
        let (protocol, secure) = match said.property {
            Property::SecureBindings => ("https", true),
            Property::ServerBindings => ("http", false),
            _ => continue,
        };
        bindings.extend(said.text.split_terminator('\n').map(|item| Binding::parse(protocol, item, secure, None, said.place)));
    }
    bindings
}

fn endpoints(sites: &[Site]) -> Vec<Endpoint> {
    let mut by_key: BTreeMap<&EndpointKey, Vec<usize>> = BTreeMap::new();
    for (index, site) in sites.iter().enumerate() {
        for key in site.bindings.iter().filter_map(|binding| binding.endpoint.as_ref()) {
            let on_it = by_key.entry(key).or_default();
            if on_it.last() != Some(&index) {
                on_it.push(index);
            }
        }
    }
    let endpoint = |(key, on_it): (&EndpointKey, Vec<usize>)| {
        let mut settings = Settings::default();
        for setting in ENDPOINT.iter().chain(SITE_ONLY).chain(&[Setting::DsMapper]) {
            if let Some(resolved) = agreed(*setting, &on_it, sites) {
                settings.set(*setting, resolved);
            }
        }
        Endpoint { key: key.clone(), sites: on_it, settings }
    };
    by_key.into_iter().map(endpoint).collect()
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
    let level = Level::of(&key.path);
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
            let same_as_absent = Value::default_of(setting, Generation::Iis6).is_some_and(|default| default == said.value);
            if let (Level::Service, Some(property), false) = (level, property, same_as_absent) {
                kinds.push(AnomalyKind::CertificateAtService { property });
            }
            // Access flags that cannot be read are judged where they are in effect.
            if matches!(said.value, Value::Malformed(_)) && setting != Setting::AccessFlags {
                let property = crate::catalogue::entry(setting).iis6.as_ref().map_or("", |iis6| iis6.property.as_str());
                kinds.push(invalid(property, "a value of the property's type"));
            }
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
            needs: "on IIS 7 and later applicationHost.config, on IIS 6 the whole MetaBase.xml".to_owned(),
        });
    } else if !has_service {
        notices.push(Notice {
            name: "inheritance-not-assessed",
            message: "the file is a partial export without /LM/W3SVC: what a site does not set may be inherited from there".to_owned(),
            needs: NEEDS_SERVICE.to_owned(),
        });
    }
    let maps = |scope: &Scope| scope.access().is_some_and(|bits| bits & access::MAP != 0);
    if sites.iter().flat_map(|site| &site.scopes).any(maps) {
        notices.push(Notice {
            name: "mapping-data-not-visible",
            message: "certificate mapping is switched on, but the stored mappings cannot be read from MetaBase.xml".to_owned(),
            needs: "the list of mappings of each site, from Internet Information Services Manager (Directory Security, Edit)".to_owned(),
        });
    }
    notices
}
