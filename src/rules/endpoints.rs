//! What rules about bindings and the settings of endpoints share: who is on an endpoint, how sites fall into groups by value, and the words
//! and commands for it. `endpoint_map` is the view from a site.

use std::borrow::Cow;
use std::cmp::Reverse;
use std::collections::BTreeMap;
use std::hash::{BuildHasher, Hash};

use super::scopes::site_key;
use crate::catalogue::{Setting, Value, cert_check, entry};
use crate::hashing::Seed;
use crate::remedy::{Lines, Remedy, Risk, adsutil, appcmd};
use crate::server::{Binding, Endpoint, EndpointKey, Generation, Origin, Resolved, Server, Site, binding_flags};
use crate::spelling::folded;

/// The nine properties of an SSL record that every site of IIS 6 writes for itself, in the order of importance to a client.
pub(super) const PROPERTIES: [Setting; 9] = [
    Setting::ServerCertificate,
    Setting::ServerCertificateStore,
    Setting::CertCheckMode,
    Setting::RevocationFreshnessTime,
    Setting::RevocationUrlRetrievalTimeout,
    Setting::CtlIdentifier,
    Setting::CtlStoreName,
    Setting::NegotiateClientCertificate,
    Setting::DsMapper,
];

/// How many sites or bindings a sentence names before it only counts.
const NAMED: usize = 5;

/// The bindings of declared sites that lead to each endpoint, each with the index of its site.
pub(super) type BindingsByEndpoint<'a> = BTreeMap<&'a EndpointKey, Vec<(usize, &'a Binding)>>;

/// Looks at every binding once.
pub(super) fn bindings_by_endpoint(server: &Server) -> BindingsByEndpoint<'_> {
    let mut map = BindingsByEndpoint::new();
    for (index, binding) in bindings(server) {
        if let Some(key) = &binding.endpoint {
            map.entry(key).or_default().push((index, binding));
        }
    }
    map
}

/// All bindings of all sites, each with the index of its site.
pub(super) fn bindings(server: &Server) -> impl Iterator<Item = (usize, &Binding)> + Clone {
    server.sites.iter().enumerate().flat_map(|(index, site)| site.bindings.iter().map(move |binding| (index, binding)))
}

/// The SNI and CCS bindings of started sites, by port: what a record of one address outranks.
pub(super) struct Reached<'a>(BTreeMap<u16, Vec<(usize, &'a Binding)>>);

impl<'a> Reached<'a> {
    pub(super) fn new(server: &'a Server) -> Self {
        let mut by_port: BTreeMap<u16, Vec<(usize, &Binding)>> = BTreeMap::new();
        for (site, binding) in bindings(server) {
            if let Some(EndpointKey::HostPort(_, port) | EndpointKey::Ccs(port)) = &binding.endpoint
                && server.sites[site].auto_start
            {
                by_port.entry(*port).or_default().push((site, binding));
            }
        }
        Reached(by_port)
    }

    /// The bindings whose clients meet the record of `key` when they come through its address; none for a key that is no single address.
    pub(super) fn through(&self, key: &EndpointKey) -> Vec<(usize, &'a Binding)> {
        let EndpointKey::IpPort(ip, port) = key else { return Vec::new() };
        if matches!(ip.as_str(), "0.0.0.0" | "[::]") {
            return Vec::new();
        }
        let reachable = |binding: &Binding| ["*", "[::]", ip].contains(&binding.ip.as_str());
        self.0.get(port).map_or_else(Vec::new, |bindings| bindings.iter().filter(|(_, binding)| reachable(binding)).copied().collect())
    }
}

/// Whether the record can exist: some site on it has a server certificate, or it is not known that none has.
pub(super) fn may_have_certificate(server: &Server, endpoint: &Endpoint) -> bool {
    endpoint.sites.iter().any(|site| value(&server.sites[*site], Setting::ServerCertificate) != Some(&Value::None))
}

/// The value that a site itself says, inherits or leaves to the default; `None` when that is not known.
pub(super) fn value(site: &Site, setting: Setting) -> Option<&Value> {
    site.written(setting).and_then(Resolved::known)
}

/// Values that are equal in meaning have the same canonical text.
pub(super) fn canonical(value: &Value) -> String {
    match value {
        Value::Text(text) => format!("text {}", text.to_lowercase()),
        other => format!("{other:?}"),
    }
}

/// Items by key, in the order of [`groups`]. Items without a key are left out.
pub(super) fn grouped<T: Copy + Ord, K: Ord>(items: impl IntoIterator<Item = T>, key: impl Fn(T) -> Option<K>) -> Vec<(K, Vec<T>)> {
    groups(items.into_iter().filter_map(|item| Some((item, key(item)?))))
}

/// Items by key, the largest group first, groups of equal size in the order of their first item.
pub(super) fn groups<T: Copy + Ord, K: Ord>(items: impl IntoIterator<Item = (T, K)>) -> Vec<(K, Vec<T>)> {
    let mut groups: BTreeMap<K, Vec<T>> = BTreeMap::new();
    for (item, key) in items {
        groups.entry(key).or_default().push(item);
    }
    let mut groups: Vec<(K, Vec<T>)> = groups.into_iter().collect();
    groups.sort_by_key(|(_, items)| (Reverse(items.len()), items.first().copied()));
    groups
}

/// Items whose key other items have as well, in the order of the keys and of the items. Most keys are there once, and to tell that by a hash
/// costs a fraction of a place in an order.
pub(super) fn shared<T, K: Ord + Hash>(items: impl Iterator<Item = (K, T)> + Clone) -> BTreeMap<K, Vec<T>> {
    let seed = Seed::default();
    let mut hashes: Vec<u64> = items.clone().map(|(key, _)| seed.hash_one(&key)).collect();
    hashes.sort_unstable();
    let several: Vec<u64> = hashes.chunk_by(|one, next| one == next).filter(|same| same.len() >= 2).map(|same| same[0]).collect();
    let mut shared: BTreeMap<K, Vec<T>> = BTreeMap::new();
    if several.is_empty() {
        return shared;
    }
    for (key, item) in items.filter(|(key, _)| several.binary_search(&seed.hash_one(key)).is_ok()) {
        shared.entry(key).or_default().push(item);
    }
    // Different keys can have one hash.
    shared.retain(|_, items| items.len() >= 2);
    shared
}

/// `a, b and c`; a long list is cut and counted.
pub(super) fn list(items: impl IntoIterator<Item = String>) -> String {
    let mut items: Vec<String> = items.into_iter().collect();
    if items.len() > NAMED + 1 {
        let more = items.len() - NAMED;
        items.truncate(NAMED);
        items.push(format!("{more} more"));
    }
    match items.pop() {
        Some(last) if !items.is_empty() => format!("{} and {last}", items.join(", ")),
        last => last.unwrap_or_default(),
    }
}

/// The sites by label, as a list.
pub(super) fn names(server: &Server, sites: impl IntoIterator<Item = usize>) -> String {
    list(sites.into_iter().map(|site| server.sites[site].label()))
}

/// What a setting is called where it is written: the metabase property, or the catalogue's title.
pub(super) fn title(server: &Server, setting: Setting) -> &'static str {
    let entry = entry(setting);
    match (&entry.iis6, server.generation) {
        (Some(iis6), Generation::Iis6) => iis6.property,
        _ => entry.title,
    }
}

/// The value with its origin and meaning: `not set → 0 (revocation is checked, ...)`.
pub(super) fn said(server: &Server, setting: Setting, resolved: &Resolved) -> String {
    let shown = resolved.value.show(setting, server.generation);
    let said = match &resolved.origin {
        Origin::Explicit { .. } if shown.is_empty() => "empty".to_owned(),
        Origin::Explicit { .. } => shown,
        Origin::Inherited { from, .. } => format!("{shown}, inherited from {from}"),
        Origin::Default { .. } if shown.is_empty() => "not set".to_owned(),
        Origin::Default { .. } => format!("not set → {shown}"),
        Origin::Unknown { .. } => return "not known".to_owned(),
    };
    match resolved.value {
        Value::Text(_) | Value::Bytes(_) => said,
        _ => format!("{said} ({})", resolved.value.meaning(setting)),
    }
}

/// The command that gives `site` the value `to` for an endpoint property of IIS 6; `None` where no command can write it.
pub(super) fn align(server: &Server, site: &Site, setting: Setting, to: &Value) -> Option<Remedy> {
    let key = site_key(server, site)?;
    let property = &entry(setting).iis6.as_ref()?.property;
    let from = value(site, setting)?;
    // A thumbprint cannot be written as text, and the mapper belongs to the whole service.
    let writable = !matches!(setting, Setting::ServerCertificate | Setting::ServerCertificateStore | Setting::DsMapper);
    if !writable || matches!(to, Value::Malformed(_)) {
        return None;
    }
    let shown = to.show(setting, server.generation);
    let weaker = match (setting, from, to) {
        (Setting::CertCheckMode, Value::Flags(from), Value::Flags(to)) => {
            to & !from & (cert_check::NO_REVOCATION | cert_check::NO_USAGE) != 0
        }
        (Setting::CtlIdentifier | Setting::CtlStoreName, from, _) => *from != Value::None,
        _ => false,
    };
    let risk = if weaker { Risk::WeakensSecurity } else { Risk::Safe };
    let label = site.label();
    Some(match to {
        Value::None => Remedy::offer(risk, format!("removes {property} from {label}"), adsutil::delete(&key, property)),
        _ => {
            let checks = setting == Setting::CertCheckMode && !weaker && *to != *from;
            let when = if checks { ", once the CRLs are reachable from the server" } else { "" };
            Remedy::offer(risk, format!("sets {property} of {label} to {shown}{when}"), adsutil::set(&key, property, &shown))
        }
    })
}

/// The command that writes the complete list of secure bindings of a site of IIS 6; `None` when a binding is not fit for a command line.
pub(super) fn set_secure_bindings(server: &Server, site: &Site, bindings: &[&str]) -> Option<String> {
    adsutil::set_list(&site_key(server, site)?, "SecureBindings", bindings)
}

/// The command that gives a binding of IIS 7 or later other binding flags.
pub(super) fn set_flags(server: &Server, site: &Site, binding: &Binding, flags: u32) -> Option<Lines> {
    if server.generation == Generation::Iis6 || site.name.is_empty() {
        return None;
    }
    appcmd::set_binding(&site.name, &binding.protocol, &binding.written, "sslFlags", &flags.to_string())
}

/// Whether the binding is of http or https, whose text is `ip:port:host`.
pub(super) fn is_web(binding: &Binding) -> bool {
    binding.is_https() || binding.protocol.eq_ignore_ascii_case("http")
}

/// Protocol, address, port and host of a binding in one spelling. Other protocols than http and https have a text of their own.
pub(super) type Identity<'a> = (Cow<'a, str>, Cow<'a, str>, Option<u16>, Cow<'a, str>);

/// Identity of a binding; `None` when it cannot be read.
pub(super) fn identity(binding: &Binding) -> Option<Identity<'_>> {
    let protocol = folded(&binding.protocol);
    if !is_web(binding) {
        return Some((protocol, folded(binding.written.trim()), None, Cow::Borrowed("")));
    }
    binding.fault.is_none().then(|| (protocol, folded(&binding.ip), binding.port, folded(&binding.host)))
}

/// The switches of binding flags that are on, in words.
pub(super) fn switches(bits: u32) -> Vec<String> {
    const NAMES: [(u32, &str); 6] = [
        (binding_flags::NO_HTTP2, "HTTP/2 off"),
        (binding_flags::NO_OCSP_STAPLING, "OCSP stapling off"),
        (binding_flags::NO_QUIC, "QUIC off"),
        (binding_flags::NO_TLS13, "TLS 1.3 off"),
        (binding_flags::NO_LEGACY_TLS, "legacy TLS off"),
        (binding_flags::NEGOTIATE, "client certificate negotiated in the first handshake"),
    ];
    let mut names: Vec<String> = NAMES.iter().filter(|(bit, _)| bits & bit != 0).map(|(_, name)| (*name).to_owned()).collect();
    let unknown = bits & !binding_flags::KNOWN;
    if unknown != 0 {
        names.push(format!("bits {unknown:#x} without a known meaning"));
    }
    names
}

/// The switches of `bits` as a list, or the words for none.
pub(super) fn switch_list(bits: u32) -> String {
    let names = switches(bits);
    if names.is_empty() { "no switch set".to_owned() } else { names.join(", ") }
}

/// The bits of binding flags that are switches, not the choice of the record.
pub(super) const SWITCHES: u32 = !(binding_flags::SNI | binding_flags::CCS);

/// What of the flags differ between words: set in one, clear in another.
pub(super) fn differing(words: impl IntoIterator<Item = u32>) -> u32 {
    let (any, all) = words.into_iter().fold((0, u32::MAX), |(any, all), word| (any | word, all & word));
    any & !all
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::input::{FileId, Place};

    fn binding(protocol: &str, written: &str) -> Binding {
        Binding::parse(protocol, written, protocol == "https", None, Place { file: FileId(0), line: 1, column: 1 })
    }

    #[test]
    fn a_long_list_is_cut_and_counted() {
        let items = |count: usize| list((1..=count).map(|item| item.to_string()));
        assert_eq!(items(0), "");
        assert_eq!(items(1), "1");
        assert_eq!(items(3), "1, 2 and 3");
        assert_eq!(items(6), "1, 2, 3, 4, 5 and 6");
        assert_eq!(items(70), "1, 2, 3, 4, 5 and 65 more");
    }

    proptest::proptest! {
        #[test]
        fn what_is_shared_are_the_keys_that_several_items_have(keys in proptest::collection::vec(0..20_u8, 0..30)) {
            let items = || keys.iter().enumerate().map(|(item, key)| (*key, item));
            let mut expected: BTreeMap<u8, Vec<usize>> = BTreeMap::new();
            items().for_each(|(key, item)| expected.entry(key).or_default().push(item));
            expected.retain(|_, items| items.len() >= 2);
            proptest::prop_assert_eq!(shared(items()), expected);
        }
    }

    #[test]
    fn groups_are_largest_first_and_leave_out_what_has_no_key() {
        let groups = grouped([1, 2, 3, 4, 5], |item| (item != 5).then_some(item == 2));
        assert_eq!(groups, [(false, vec![1, 3, 4]), (true, vec![2])]);
    }

    #[test]
    fn one_binding_has_one_identity_however_it_is_spelled() {
        for written in [":443:WWW.contoso.com", "*:443:www.contoso.com", "0.0.0.0:443:www.Contoso.com"] {
            assert_eq!(identity(&binding("HTTPS", written)), identity(&binding("https", "*:443:www.contoso.com")), "{written}");
        }
        assert_ne!(identity(&binding("net.tcp", "808:*")), identity(&binding("net.tcp", "809:*")));
        assert_eq!(identity(&binding("https", ":443")), None);
    }

    #[test]
    fn only_bits_that_are_not_the_same_everywhere_differ() {
        assert_eq!(differing([4 | 32, 32]), 4);
        assert_eq!(differing([32, 32]), 0);
        assert_eq!(switch_list(4 | 0x100), "HTTP/2 off, bits 0x100 without a known meaning");
    }
}
