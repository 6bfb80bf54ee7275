//! Which sites are peers. Every cohort says why its sites belong together.

use std::collections::{BTreeMap, BTreeSet};

use serde::Serialize;

use super::Text;
use super::collect::{Estate, Member};
use crate::policy::Names;

/// A cohort that the policy declares.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Declared {
    /// Its name.
    pub name: String,
    /// Its sites, by name, id or host name.
    pub sites: Names,
    /// The servers that they are on.
    pub servers: Names,
}

/// Why the sites of a cohort are peers.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum CohortKind {
    /// The policy says so.
    Declared,
    /// They have the same name, on different servers.
    SiteName,
    /// They serve the same host name.
    HostHeader,
    /// They have the same applications, on one server.
    Applications,
}

/// A cohort in the making.
pub(super) struct Cohort {
    pub(super) kind: CohortKind,
    pub(super) name: String,
    /// Indexes of the members, ascending.
    pub(super) members: Vec<usize>,
}

/// The cohorts of an estate: declared ones first, then by kind and name. A site of a declared cohort is in no other kind, a host name whose
/// sites all have one name makes no cohort of its own, and applications count only for sites that have no other peers.
pub(super) fn of(estate: &Estate, declared: &[Declared]) -> Vec<Cohort> {
    let mut cohorts = Vec::new();
    let mut taken = vec![false; estate.members.len()];
    for one in declared {
        let matches = |member: &Member| {
            one.servers.matches(&member.server)
                && (one.sites.matches_site(member.id, &member.site) || member.hosts.iter().any(|host| one.sites.matches(host)))
        };
        let members: Vec<usize> = estate.members.iter().enumerate().filter(|(_, member)| matches(member)).map(|(index, _)| index).collect();
        for member in &members {
            taken[*member] = true;
        }
        cohorts.push(Cohort { kind: CohortKind::Declared, name: one.name.clone(), members });
    }
    let mut names: BTreeMap<String, Vec<usize>> = BTreeMap::new();
    let mut hosts: BTreeMap<&Text, Vec<usize>> = BTreeMap::new();
    let mut roles: BTreeMap<(&Text, &Text), Vec<usize>> = BTreeMap::new();
    for (index, member) in estate.members.iter().enumerate().filter(|(index, _)| !taken[*index]) {
        if !member.site.is_empty() {
            names.entry(member.site.to_lowercase()).or_default().push(index);
        }
        for host in &member.hosts {
            hosts.entry(host).or_default().push(index);
        }
        if !member.role.is_empty() {
            roles.entry((&member.server, &member.role)).or_default().push(index);
        }
    }
    // The cohort by name that each site is in.
    let mut by_name: Vec<Option<usize>> = vec![None; estate.members.len()];
    for (number, members) in names.into_values().enumerate().filter(|(_, members)| members.len() >= 2) {
        for member in &members {
            by_name[*member] = Some(number);
        }
        let name = members.first().map(|member| estate.members[*member].site.to_string()).unwrap_or_default();
        cohorts.push(Cohort { kind: CohortKind::SiteName, name, members });
    }
    let mut has_peers: Vec<bool> = by_name.iter().map(Option::is_some).collect();
    let mut seen: BTreeSet<Vec<usize>> = BTreeSet::new();
    for (host, members) in hosts.into_iter().filter(|(_, members)| members.len() >= 2) {
        let first = members.first().and_then(|member| by_name[*member]);
        let within = first.is_some() && members.iter().all(|member| by_name[*member] == first);
        if !within && seen.insert(members.clone()) {
            for member in &members {
                has_peers[*member] = true;
            }
            cohorts.push(Cohort { kind: CohortKind::HostHeader, name: host.to_string(), members });
        }
    }
    // The same applications make sites peers only where nothing better does: portals and shops can both have /admin.
    for ((server, role), mut members) in roles {
        members.retain(|member| !has_peers[*member]);
        if members.len() >= 2 {
            let paths: Vec<&str> = role.split('\n').collect();
            let more = paths.len().saturating_sub(3);
            let mut named = paths[..paths.len().min(3)].join(", ");
            if more > 0 {
                named.push_str(&format!(" and {more} more"));
            }
            cohorts.push(Cohort { kind: CohortKind::Applications, name: format!("{named} on {server}"), members });
        }
    }
    cohorts
}
