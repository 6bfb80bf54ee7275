//! What rules about the list of trusted issuers share: whether Schannel sends it, from which store it is made, and how long it would be.

use std::collections::BTreeSet;

use super::records::{Used, after_2008_r2, records};
use crate::catalogue::{Setting, Value};
use crate::evidence::{StoreListing, encoded_size};
use crate::input::Place;
use crate::server::{Generation, Server, Site};

/// The store that takes the issuers of client certificates, by its name for programs.
pub(crate) const ISSUERS: &str = "ClientAuthIssuer";

/// Whether the server sends the list, as far as that can be told.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Sending {
    /// The registry says so, here.
    Said(Place),
    /// It is the default of this Windows.
    ByDefault,
    /// The registry says that it does not, or that is the default.
    Not,
    /// The registry does not say it, and the default depends on the version of Windows, which is not known.
    Unknown,
}

impl Sending {
    /// Told by the registry, else by the version of Windows.
    pub(crate) fn of(server: &Server) -> Sending {
        let said = server.schannel.as_ref().map(|schannel| &schannel.send_trusted_issuer_list);
        match said.and_then(|field| field.value().zip(field.place())) {
            Some((0, _)) => Sending::Not,
            Some((_, place)) => Sending::Said(place),
            None if server.generation == Generation::Iis6 => Sending::ByDefault,
            None if after_2008_r2(server) => Sending::Not,
            None => Sending::Unknown,
        }
    }
}

/// A list of issuers that the server would send.
#[derive(Debug)]
pub(crate) struct List<'a> {
    /// The store that it is made of.
    pub(crate) store: &'a StoreListing,
    /// Number of different names.
    pub(crate) names: usize,
    /// Bytes that they take, as an estimate.
    pub(crate) bytes: usize,
    /// Whether a store that comes first was not listed, so that this one may not be the source.
    pub(crate) assumed: bool,
}

/// The longest list that fits into a handshake, in bytes.
pub(crate) fn limit(server: &Server) -> usize {
    if server.generation == Generation::Iis6 { 0x3000 } else { 0x4000 }
}

/// The lists that the server would send, as far as their stores were listed, each store once.
pub(crate) fn lists(server: &Server) -> Vec<List<'_>> {
    let mut lists: Vec<List<'_>> = Vec::new();
    let mut by_default = true;
    if server.generation == Generation::Iis6 {
        let mut sites = server.sites.iter().filter(|site| site.declared && site.wants_certificates()).peekable();
        // A trust list of the site takes the place of the roots.
        by_default = sites.peek().is_none() || sites.any(|site| !has_trust_list(site));
    } else if server.records.is_some() {
        let used = records(server);
        let mut own = BTreeSet::new();
        for name in used.iter().filter_map(issuer_store) {
            if let Some(store) = server.evidence.store(name).filter(|store| !store.certificates.is_empty())
                && own.insert(name.to_ascii_lowercase())
            {
                lists.push(list(store, false));
            }
        }
        by_default =
            used.is_empty() || used.iter().any(|used| issuer_store(used).is_none_or(|name| !own.contains(&name.to_ascii_lowercase())));
    }
    if by_default {
        let issuers = server.evidence.store(ISSUERS).filter(|_| server.generation != Generation::Iis6);
        let chosen = match issuers.filter(|store| !store.certificates.is_empty()) {
            Some(store) => Some(list(store, false)),
            None => {
                let assumed = server.generation != Generation::Iis6 && !issuers.is_some_and(StoreListing::is_empty);
                server.evidence.store("Root").map(|store| list(store, assumed))
            }
        };
        lists.extend(chosen.filter(|chosen| !lists.iter().any(|list| list.store.place == chosen.store.place)));
    }
    lists
}

/// The store of issuers that a record names.
pub(super) fn issuer_store<'a>(used: &Used<'a>) -> Option<&'a str> {
    match used.value(Setting::CtlStoreName) {
        Some(Value::Text(name)) => Some(name),
        _ => None,
    }
}

fn has_trust_list(site: &Site) -> bool {
    matches!(site.root().value(Setting::CtlIdentifier), Some(Value::Text(_)))
}

/// The list that a store makes. Of the roots only those count that are their own issuers: anything else there is a mistake that Schannel may
/// or may not send. A name that comes again counts once, so that the estimate is rather too low.
pub(crate) fn list(store: &StoreListing, assumed: bool) -> List<'_> {
    let roots_only = store.is_called("Root");
    let wanted = store.certificates.iter().filter(|certificate| !roots_only || certificate.is_self_signed() != Some(false));
    let names: BTreeSet<&str> = wanted.filter_map(|certificate| certificate.subject.value()).map(String::as_str).collect();
    let bytes = names.iter().map(|name| encoded_size(name)).sum();
    List { store, names: names.len(), bytes, assumed }
}

/// Whether client certificates are wanted: by a site, or possibly, when the sites are not known.
pub(crate) fn wanted(server: &Server) -> Option<bool> {
    let wanted = server.sites.iter().any(Site::wants_certificates);
    (wanted || server.lists_sites).then_some(wanted)
}
