//! Where a setting is said: rules report a value once, at the place that says it, and not again at every path that inherits it.

use std::collections::{BTreeMap, BTreeSet};

use crate::catalogue::{Setting, Value, access, entry};
use crate::input::Place;
use crate::remedy::{Attribute, Remedy, Risk, adsutil};
use crate::server::{Generation, Origin, Resolved, Scope, Server, Site};

/// A value at the scope of a site where it is said.
#[derive(Debug, Clone, Copy)]
pub(super) struct Said<'a> {
    /// Index of the site.
    pub(super) site_index: usize,
    /// The site.
    pub(super) site: &'a Site,
    /// Index of the scope.
    pub(super) index: usize,
    /// The scope.
    pub(super) scope: &'a Scope,
    /// The value with its origin.
    pub(super) resolved: &'a Resolved,
}

/// Every place of a site that says `setting`. What is said above the site, at its key or at the server, counts as said at its `/`.
pub(super) fn said(server: &Server, setting: Setting) -> impl Iterator<Item = Said<'_>> {
    server.sites.iter().enumerate().flat_map(move |(site_index, site)| {
        site.scopes.iter().enumerate().filter_map(move |(index, scope)| {
            let resolved = scope.settings.get(setting)?;
            is_said_at(index, resolved).then_some(Said { site_index, site, index, scope, resolved })
        })
    })
}

/// Whether `resolved` is said at the scope with index `scope` of its site, or above the site and the scope is its `/`.
pub(super) fn is_said_at(scope: usize, resolved: &Resolved) -> bool {
    match resolved.origin {
        Origin::Explicit { .. } => true,
        Origin::Inherited { .. } => scope == 0,
        Origin::Default { .. } | Origin::Unknown { .. } => false,
    }
}

/// Access flags at the scope where they are said.
pub(super) fn said_access(server: &Server) -> impl Iterator<Item = (Said<'_>, u32)> {
    said(server, Setting::AccessFlags).filter_map(|said| Some((said, said.resolved.known()?.flags()?)))
}

/// For every scope of `site` the index of the nearest scope above it. All at once, because a site can have very many paths.
pub(super) fn parents(site: &Site) -> Vec<Option<usize>> {
    if site.scopes.len() == 1 {
        return vec![None];
    }
    tree(site.scopes.iter().map(|scope| scope.path.as_str())).into_iter().fold(
        vec![None; site.scopes.len()],
        |mut parents, (index, parent)| {
            parents[index] = parent;
            parents
        },
    )
}

/// The indexes of `paths` in an order in which every path stands behind those above it, each with the index of the nearest one above it.
pub(super) fn tree<'a>(paths: impl Iterator<Item = &'a str>) -> Vec<(usize, Option<usize>)> {
    // With the separator below every other character, a path stands directly before everything beneath it.
    let key = |path: &str| {
        let mut key = if path == "/" { Vec::new() } else { path.to_lowercase().into_bytes() };
        key.iter_mut().filter(|byte| **byte == b'/').for_each(|slash| *slash = 0);
        key
    };
    let keys: Vec<Vec<u8>> = paths.map(key).collect();
    let mut order: Vec<usize> = (0..keys.len()).collect();
    order.sort_by(|a, b| keys[*a].cmp(&keys[*b]).then(a.cmp(b)));
    let mut above: Vec<usize> = Vec::new();
    let mut tree = Vec::with_capacity(order.len());
    for index in order {
        let beneath = |other: &usize| keys[index].strip_prefix(keys[*other].as_slice()).is_some_and(|rest| rest.starts_with(b"\0"));
        while above.last().is_some_and(|other| !beneath(other)) {
            above.pop();
        }
        tree.push((index, above.last().copied()));
        above.push(index);
    }
    tree
}

/// Access flags of the nearest level above a scope that has bits which the scope lacks, and those bits.
#[derive(Debug, Clone, Copy)]
pub(super) struct Lost<'a> {
    /// The flags above.
    pub(super) parent: &'a Resolved,
    /// The bits above.
    pub(super) parent_bits: u32,
    /// Which level it is, for messages.
    pub(super) level: Level<'a>,
    /// The bits that are lost.
    pub(super) bits: u32,
}

/// A level above a scope.
#[derive(Debug, Clone, Copy)]
pub(super) enum Level<'a> {
    /// A scope of the site.
    Path(&'a str),
    /// The key of the site, of IIS 6.
    SiteKey,
    /// The server level.
    Server,
}

/// What a scope takes away from the access flags above it: TLS, 128 bit, asking for or requiring a certificate. `None` when it takes nothing.
pub(super) fn lost<'a>(server: &'a Server, said: &Said<'a>, bits: u32, parent: Option<usize>) -> Option<Lost<'a>> {
    let weigh = |resolved: Option<&'a Resolved>, level: Level<'a>| {
        let parent = resolved?;
        let parent_bits = parent.known()?.flags()?;
        let bits = parent_bits & !bits & (access::SSL | access::NEGOTIATE | access::REQUIRE | access::SSL128);
        (bits != 0).then_some(Lost { parent, parent_bits, level, bits })
    };
    if said.index != 0 {
        let parent = &said.site.scopes[parent?];
        return weigh(parent.settings.get(Setting::AccessFlags), Level::Path(&parent.path));
    }
    let above = if server.generation == Generation::Iis6 { Level::SiteKey } else { Level::Server };
    weigh(said.site.above.get(Setting::AccessFlags), above)
        .or_else(|| weigh(server.scope.settings.get(Setting::AccessFlags), Level::Server))
}

/// Access flags as a person writes them, with their number: `Ssl, SslRequireCert (72)`.
pub(super) fn access_text(server: &Server, bits: u32) -> String {
    let shown = Value::Flags(bits).show(Setting::AccessFlags, server.generation);
    if shown == bits.to_string() { shown } else { format!("{shown} ({bits})") }
}

/// A remedy that replaces the access flags of a scope. `what` says what it does; the old and the new value are added to it.
pub(super) fn set_access(server: &Server, scope: &Scope, risk: Risk, what: &str, old: u32, new: u32) -> Remedy {
    // appcmd knows flags by name only, so what has no name cannot be kept.
    let new = if server.generation == Generation::Iis6 { new } else { new & access::KNOWN };
    let what = format!("{what}; the access flags {} become {}", access_text(server, old), access_text(server, new));
    let flags = if server.generation == Generation::Iis6 {
        new.to_string()
    } else {
        Value::Flags(new).show(Setting::AccessFlags, server.generation)
    };
    set_url(server, scope, Setting::AccessFlags, &scope.store_path, risk, &what, &flags)
}

/// A remedy that sets a setting of a URL at `scope`. On IIS 6 it is written at `key`; a value that is said above it is not changed there.
pub(super) fn set_url(server: &Server, scope: &Scope, setting: Setting, key: &str, risk: Risk, what: &str, value: &str) -> Remedy {
    if server.generation == Generation::Iis6 {
        let property = entry(setting).iis6.as_ref().map_or("", |iis6| iis6.property);
        return Remedy::offer(risk, what, adsutil::set(key, property, value));
    }
    Attribute::at(server, scope, setting).set(risk, what, value).unwrap_or_else(|| Remedy::advice(risk, what))
}

/// Access flags with what makes a demand for a certificate work: it is asked for, over https.
pub(super) fn mended(bits: u32) -> u32 {
    let asked = if bits & access::REQUIRE != 0 { bits | access::NEGOTIATE } else { bits };
    if asked & access::NEGOTIATE != 0 { asked | access::SSL } else { asked }
}

/// Whether replacing `old` by `new` lets anybody in who was kept out before.
pub(super) fn risk_of(old: u32, new: u32) -> Risk {
    let guards = access::SSL | access::NEGOTIATE | access::REQUIRE | access::SSL128;
    if old & !new & guards == 0 { Risk::Safe } else { Risk::WeakensSecurity }
}

/// The key of a site, of IIS 6.
pub(super) fn site_key(server: &Server, site: &Site) -> Option<String> {
    if server.generation != Generation::Iis6 {
        return None;
    }
    site.id.map(|id| format!("/LM/W3SVC/{id}"))
}

/// The scopes of a site by path in lower case.
pub(super) fn by_path(site: &Site) -> BTreeMap<String, usize> {
    site.scopes.iter().enumerate().map(|(index, scope)| (scope.path.to_lowercase(), index)).collect()
}

/// The places from which paths of `site` that want client certificates take their value of `setting`.
pub(super) fn takers(site: &Site, setting: Setting) -> BTreeSet<Place> {
    site.scopes.iter().filter(|scope| scope.wants_certificates()).filter_map(|scope| scope.settings.get(setting)?.origin.place()).collect()
}

/// A remedy that replaces the read-ahead size where it is said.
pub(super) fn set_read_ahead(said: &Said<'_>, server: &Server, what: &str, old: u64, new: u64) -> Remedy {
    let what = format!("{what}; {old} bytes become {new}");
    let key = match &said.resolved.origin {
        Origin::Inherited { from, .. } if from.starts_with('/') => from,
        _ => &said.scope.store_path,
    };
    set_url(server, said.scope, Setting::UploadReadAheadSize, key, Risk::Safe, &what, &new.to_string())
}

#[cfg(test)]
mod tests {
    use super::super::testing::{SERVICE, apphost, metabase};
    use super::*;

    #[test]
    fn the_parent_of_a_path_is_the_nearest_one_above_it_whatever_its_letter_case() {
        let keys: String = ["", "/app", "/App/dir", "/app-two", "/app/a/b", "/app/dir/x"]
            .iter()
            .map(|path| format!(r#"<IIsWebVirtualDir Location="/LM/W3SVC/1/ROOT{path}" AccessSSLFlags="8"></IIsWebVirtualDir>"#))
            .collect();
        let server = metabase(&format!(r#"{SERVICE}<IIsWebServer Location="/LM/W3SVC/1"></IIsWebServer>{keys}"#));
        let site = &server.sites[0];
        let found: BTreeMap<&str, &str> = parents(site)
            .iter()
            .enumerate()
            .filter_map(|(index, parent)| Some((site.scopes[index].path.as_str(), site.scopes[(*parent)?].path.as_str())))
            .collect();
        let expected = [("/App/dir", "/app"), ("/app", "/"), ("/app-two", "/"), ("/app/a/b", "/app"), ("/app/dir/x", "/App/dir")];
        assert_eq!(found, BTreeMap::from(expected));
    }

    #[test]
    fn a_value_of_the_server_is_said_once_for_each_site_and_not_at_its_paths() {
        let server = apphost(
            r#"<system.applicationHost><sites><site name="A" id="1"><application path="/"/><application path="/x"/></site></sites></system.applicationHost>
               <system.webServer><security><access sslFlags="Ssl"/></security></system.webServer>
               <location path="A/x"><system.webServer><serverRuntime uploadReadAheadSize="1"/></system.webServer></location>"#,
        );
        assert_eq!(said_access(&server).map(|(said, bits)| (said.scope.path.as_str(), bits)).collect::<Vec<_>>(), [("/", 8)]);
    }
}
