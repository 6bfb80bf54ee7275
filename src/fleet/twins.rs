//! Servers that do the same work, such as the nodes behind a load balancer: setting by setting, which node has which value. Nobody is blamed:
//! a client that succeeds on one node and fails on the next needs to know which is which.

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::hash::{BuildHasher, Hash, Hasher};
use std::ops::Range;
use std::sync::Arc;

use super::Text;
use super::collect::{Estate, Location, Member};
use super::judge::rows;
use crate::hashing::Seed;
use crate::rules;
use crate::spelling::folded;

/// Servers that do the same work.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Twins {
    /// Name of the role, or of the first server.
    pub name: String,
    /// Whether the user says that they are twins; otherwise they have the same sites with the same bindings, addresses aside.
    pub declared: bool,
    /// The servers, sorted.
    pub nodes: Vec<Text>,
    /// Declared nodes that were not found.
    pub missing: Vec<String>,
    /// What differs, by site, path and setting.
    pub rows: Vec<NodeRow>,
    /// Sites that only some of the nodes have, with those that have them.
    pub only_on: Vec<(Text, Vec<Text>)>,
}

impl Twins {
    /// Whether all known values agree.
    pub fn agree(&self) -> bool {
        self.rows.is_empty() && self.only_on.is_empty()
    }
}

/// A setting that differs between nodes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NodeRow {
    /// The site.
    pub site: Text,
    /// URL path; empty for the site as a whole.
    pub path: Text,
    /// The setting.
    pub setting: Text,
    /// The values, the most frequent first.
    pub values: Vec<NodeValue>,
    /// Nodes whose value was not assessed.
    pub not_assessed: Vec<Text>,
}

/// A value, and the nodes that have it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NodeValue {
    /// The value.
    pub value: Text,
    /// The nodes, sorted.
    pub nodes: Vec<Text>,
    /// Where the first of them says so.
    pub location: Option<Location>,
}

/// The sites of each server, by where they stand.
type Sites<'a> = HashMap<&'a Text, Range<usize>, Seed>;

/// All roles with at least two servers: declared ones first.
pub(super) fn of<'a>(estate: &'a Estate, nodes: &[rules::Group]) -> Vec<Twins> {
    // Nobody asks for it where no role is declared.
    let asked = if nodes.is_empty() { &[] } else { estate.servers.as_slice() };
    let by_lower: BTreeMap<String, &Text> = asked.iter().rev().map(|server| (server.to_lowercase(), server)).collect();
    // Sites of a server stand together.
    let mut sites: Sites<'_> = HashMap::default();
    let mut servers: Vec<(&Text, &[Member])> = Vec::new();
    let mut start = 0;
    for members in estate.members.chunk_by(|one, next| one.server == next.server) {
        let server = &members[0].server;
        sites.insert(server, start..start + members.len());
        servers.push((server, members));
        start += members.len();
    }
    let mut all = Vec::new();
    let mut taken: BTreeSet<&Text> = BTreeSet::new();
    for role in nodes {
        let (mut found, mut missing) = (BTreeSet::new(), Vec::new());
        for name in &role.sites {
            match by_lower.get(&name.to_lowercase()) {
                Some(server) => _ = found.insert(*server),
                None => missing.push(name.clone()),
            }
        }
        taken.extend(&found);
        all.push(twins(estate, &sites, role.name.clone(), true, found, missing));
    }
    // Without bindings a server is a piece of one.
    servers.retain(|(server, sites)| !taken.contains(*server) && sites.iter().any(|site| site.bindings().next().is_some()));
    // Most servers have no twin, which a hash tells at once.
    let hasher = sites.hasher();
    let hash_of = |sites: &[Member]| {
        let of_site = |site: &Member| {
            let mut hasher = hasher.build_hasher();
            folded(&site.site).hash(&mut hasher);
            site.bindings().for_each(|binding| binding.hash(&mut hasher));
            hasher.finish()
        };
        sites.iter().map(of_site).fold(0, u64::wrapping_add)
    };
    let mut hashed: Vec<(u64, &Text, &[Member])> = servers.into_iter().map(|(server, sites)| (hash_of(sites), server, sites)).collect();
    hashed.sort_unstable_by_key(|(hash, ..)| *hash);
    let mut alike: BTreeMap<Vec<(String, Vec<&str>)>, BTreeSet<&Text>> = BTreeMap::new();
    for (_, server, sites) in hashed.chunk_by(|one, next| one.0 == next.0).filter(|alike| alike.len() >= 2).flatten() {
        let bindings = |site: &'a Member| site.bindings().collect();
        let mut signature: Vec<(String, Vec<&str>)> = sites.iter().map(|site| (site.site.to_lowercase(), bindings(site))).collect();
        signature.sort();
        alike.entry(signature).or_default().insert(server);
    }
    let mut found: Vec<BTreeSet<&Text>> = alike.into_values().filter(|servers| servers.len() >= 2).collect();
    found.sort();
    for servers in found {
        let name = servers.first().map(|server| server.to_string()).unwrap_or_default();
        all.push(twins(estate, &sites, name, false, servers, Vec::new()));
    }
    all
}

fn twins(estate: &Estate, sites: &Sites<'_>, name: String, declared: bool, nodes: BTreeSet<&Text>, missing: Vec<String>) -> Twins {
    let mut by_site: BTreeMap<String, Vec<usize>> = BTreeMap::new();
    for index in nodes.iter().filter_map(|node| sites.get(*node)).cloned().flatten() {
        by_site.entry(estate.members[index].site.to_lowercase()).or_default().push(index);
    }
    let mut found = Vec::new();
    let mut only_on = Vec::new();
    for members in by_site.values_mut() {
        members.sort_unstable();
        let Some(site) = members.first().map(|index| Arc::clone(&estate.members[*index].site)) else { continue };
        let on: BTreeSet<&Text> = members.iter().map(|index| &estate.members[*index].server).collect();
        if on.len() < nodes.len() {
            only_on.push((Arc::clone(&site), on.into_iter().cloned().collect()));
        }
        rows(estate, members, |row| {
            // Each node may have a certificate of its own. What few of many nodes say is told as an outlier.
            if row.values.len() < 2 || &*row.setting == "server-certificate" || row.sparse_below.is_some() {
                return;
            }
            let node = |index: usize| Arc::clone(&estate.members[index].server);
            let sorted = |nodes: BTreeSet<Text>| nodes.into_iter().collect::<Vec<_>>();
            let mut values: Vec<NodeValue> = Vec::new();
            for with in row.values.values() {
                let Some((first, fact)) = with.first() else { continue };
                values.push(NodeValue {
                    value: Arc::clone(&fact.shown),
                    nodes: sorted(with.all().into_iter().map(|(index, _)| node(index)).collect()),
                    location: estate.members[first].location(&row.path, &row.setting),
                });
            }
            values.sort_by(|a, b| b.nodes.len().cmp(&a.nodes.len()).then_with(|| a.nodes.cmp(&b.nodes)));
            found.push(NodeRow {
                site: Arc::clone(&site),
                values,
                not_assessed: sorted(row.unknown().map(node).collect()),
                path: row.path,
                setting: row.setting,
            });
        });
    }
    Twins { name, declared, nodes: nodes.into_iter().cloned().collect(), missing, rows: found, only_on }
}
