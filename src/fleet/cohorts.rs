//! Which sites are peers. Every cohort says why its sites belong together.

use std::borrow::Cow;
use std::collections::{BTreeSet, HashMap};
use std::hash::{BuildHasher, Hash};

use serde::Serialize;

use super::Text;
use super::collect::{Estate, Member};
use crate::hashing::Seed;
use crate::policy::Names;
use crate::spelling::folded;

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
                && (one.sites.matches_site(member.id, &member.site) || member.hosts().into_iter().any(|host| one.sites.matches(host)))
        };
        let members: Vec<usize> = estate.members.iter().enumerate().filter(|(_, member)| matches(member)).map(|(index, _)| index).collect();
        for member in &members {
            taken[*member] = true;
        }
        cohorts.push(Cohort { kind: CohortKind::Declared, name: one.name.clone(), members });
    }
    // Nearly every site has one.
    let mut hosts: Peers<&str> = Peers::with_room_for(estate.members.len());
    let members = || estate.members.iter().enumerate().filter(|(index, _)| !taken[*index]);
    for (index, member) in members() {
        for host in member.hosts() {
            hosts.add(host, index);
        }
    }
    // The cohort by name that each site is in.
    let mut by_name: Vec<Option<usize>> = vec![None; estate.members.len()];
    for (number, (_, members)) in by_site_name(members()).into_iter().enumerate() {
        for member in &members {
            by_name[*member] = Some(number);
        }
        let name = members.first().map(|member| estate.members[*member].site.to_string()).unwrap_or_default();
        cohorts.push(Cohort { kind: CohortKind::SiteName, name, members });
    }
    let mut has_peers: Vec<bool> = by_name.iter().map(Option::is_some).collect();
    let mut seen: BTreeSet<Vec<usize>> = BTreeSet::new();
    for (host, members) in hosts.sorted() {
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
    let mut roles: Peers<(&Text, &Text)> = Peers::with_room_for(0);
    for (index, member) in members().filter(|(index, member)| !has_peers[*index] && !member.role.is_empty()) {
        roles.add((&member.server, &member.role), index);
    }
    for ((server, role), members) in roles.sorted() {
        let paths: Vec<&str> = role.split('\n').collect();
        let more = paths.len().saturating_sub(3);
        let mut named = paths[..paths.len().min(3)].join(", ");
        if more > 0 {
            named.push_str(&format!(" and {more} more"));
        }
        cohorts.push(Cohort { kind: CohortKind::Applications, name: format!("{named} on {server}"), members });
    }
    cohorts
}

/// Members that share the name of their site with others, by that name in lower case, and ascending.
fn by_site_name<'a>(members: impl Iterator<Item = (usize, &'a Member)>) -> Vec<(Cow<'a, str>, Vec<usize>)> {
    // The names of thousands of sites lie at few places, so that few are looked at.
    let mut by_place: HashMap<usize, usize, Seed> = HashMap::default();
    let mut by_name: HashMap<Cow<'a, str>, usize, Seed> = HashMap::default();
    let mut numbered: Vec<(usize, usize)> = Vec::new();
    for (index, member) in members.filter(|(_, member)| !member.site.is_empty()) {
        let number = *by_place.entry(member.site.as_ptr().addr()).or_insert_with(|| {
            let next = by_name.len();
            *by_name.entry(folded(&member.site)).or_insert(next)
        });
        numbered.push((number, index));
    }
    numbered.sort_unstable();
    let mut names: Vec<(usize, Cow<'a, str>)> = by_name.into_iter().map(|(name, number)| (number, name)).collect();
    names.sort_unstable();
    let peers = numbered.chunk_by(|one, next| one.0 == next.0).zip(names).filter(|(peers, _)| peers.len() >= 2);
    let mut peers: Vec<_> = peers.map(|(peers, (_, name))| (name, peers.iter().map(|(_, index)| *index).collect())).collect();
    peers.sort_unstable_by(|(one, _), (other, _)| one.cmp(other));
    peers
}

/// Members by what they have in common.
struct Peers<K> {
    seed: Seed,
    /// A hash of each key, with the key and a member that has it.
    all: Vec<(u64, K, usize)>,
}

impl<K: Clone + Hash + Ord> Peers<K> {
    fn with_room_for(number: usize) -> Self {
        Peers { seed: Seed::default(), all: Vec::with_capacity(number) }
    }

    fn add(&mut self, key: K, member: usize) {
        self.all.push((self.seed.hash_one(&key), key, member));
    }

    /// Those with peers; members in the order in which they came. Most host names have one site only, which their hashes tell, so that few are
    /// left to be sorted.
    fn sorted(mut self) -> Vec<(K, Vec<usize>)> {
        self.all.sort_unstable_by_key(|(hash, _, member)| (*hash, *member));
        let mut peers: Vec<(K, Vec<usize>)> = Vec::new();
        for alike in self.all.chunk_by_mut(|one, next| one.0 == next.0).filter(|alike| alike.len() >= 2) {
            // Keys with one hash are nearly always one key.
            alike.sort_by(|one, next| one.1.cmp(&next.1));
            for same in alike.chunk_by(|one, next| one.1 == next.1).filter(|same| same.len() >= 2) {
                peers.push((same[0].1.clone(), same.iter().map(|(.., member)| *member).collect()));
            }
        }
        peers.sort_unstable_by(|one, other| one.0.cmp(&other.0));
        peers
    }
}
