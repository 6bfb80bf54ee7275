//! Which sites are compared with each other. Never a silent guess: every set says why its sites are peers.

use std::borrow::Cow;
use std::collections::{BTreeMap, BTreeSet};

use super::{Context, endpoints};
use crate::server::{Ftp, Site};
use crate::spelling::folded;

/// Sites that the user declares to be peers.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Group {
    /// Name of the group.
    pub name: String,
    /// Its sites, each by id, name or host header, compared without regard to case.
    pub sites: Vec<String>,
}

/// Sites that should behave alike.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PeerSet {
    /// Why they should, to be put after "compared because".
    pub why: String,
    /// Indexes of the sites, ascending, at least two.
    pub sites: Vec<usize>,
}

impl PeerSet {
    /// Every pair of its sites.
    pub fn pairs(&self) -> impl Iterator<Item = (usize, usize)> {
        self.sites.iter().enumerate().flat_map(|(index, a)| self.sites[index + 1..].iter().map(move |b| (*a, *b)))
    }
}

impl Context<'_> {
    /// Peers for settings of the client-certificate check (revocation, CTL, negotiation, mapping): declared groups, or else all started
    /// sites of the server that want client certificates.
    pub fn certificate_peers(&self) -> Vec<PeerSet> {
        if !self.groups.is_empty() {
            return self.declared();
        }
        let sites = self.candidates(Site::wants_certificates);
        set("both ask for client certificates", sites).into_iter().collect()
    }

    /// Peers for access flags: declared groups, or else sites with an https binding that serve the same host name, or that have the
    /// same set of applications below the root.
    pub fn access_peers(&self) -> &[PeerSet] {
        self.shared.access_peers.get_or_init(|| self.access_peers_anew())
    }

    fn access_peers_anew(&self) -> Vec<PeerSet> {
        if !self.groups.is_empty() {
            return self.declared();
        }
        let server = self.server;
        let sites = self.candidates(|site| site.has_binding("https"));
        let mut playing: BTreeMap<Vec<String>, Vec<usize>> = BTreeMap::new();
        let serving =
            endpoints::shared(sites.iter().flat_map(|&site| hosts(&server.sites[site]).into_iter().map(move |host| (host, site))));
        for site in sites {
            let role = applications(&server.sites[site]);
            if !role.is_empty() {
                playing.entry(role).or_default().push(site);
            }
        }
        let mut sets: Vec<PeerSet> =
            serving.into_iter().filter_map(|(host, sites)| set(&format!("both serve the host name {host}"), sites)).collect();
        sets.extend(playing.into_iter().filter(|(_, sites)| sites.len() >= 2).filter_map(|(role, sites)| {
            // A long list would drown what the sites disagree on.
            let named = if role.len() > 5 { format!("{} and {} more", role[..5].join(", "), role.len() - 5) } else { role.join(", ") };
            set(&format!("both have the same applications: {named}"), sites)
        }));
        // A pair that serves one host name is not reported a second time for its applications.
        let mut seen = BTreeSet::new();
        sets.retain(|set| seen.insert(set.sites.clone()));
        sets
    }

    /// Peers for the security of FTP: the FTP sites of each declared group, or else all started FTP sites that want client certificates.
    pub fn ftp_peers(&self) -> Vec<PeerSet> {
        let server = self.server;
        if self.groups.is_empty() {
            let sites = self.candidates(|site| site.elements.ftp.as_deref().is_some_and(Ftp::wants_certificates));
            return set("both ask FTP clients for certificates", sites).into_iter().collect();
        }
        let with_ftp =
            |peers: PeerSet| set(&peers.why, peers.sites.into_iter().filter(|site| server.sites[*site].elements.ftp.is_some()).collect());
        self.declared().into_iter().filter_map(with_ftp).collect()
    }

    fn candidates(&self, wanted: impl Fn(&Site) -> bool) -> Vec<usize> {
        let sites = self.server.sites.iter().enumerate();
        sites.filter(|(_, site)| site.declared && site.auto_start && wanted(site)).map(|(index, _)| index).collect()
    }

    fn declared(&self) -> Vec<PeerSet> {
        let matches = |site: &Site, name: &String| {
            site.name.to_lowercase() == name.to_lowercase()
                || site.id.is_some_and(|id| id.to_string() == *name)
                || hosts(site).contains(&Cow::Owned(name.to_lowercase()))
        };
        let sets = self.groups.iter().filter_map(|group| {
            let members = self.server.sites.iter().enumerate().filter(|(_, site)| group.sites.iter().any(|name| matches(site, name)));
            set(&format!("both belong to the group {}", group.name), members.map(|(index, _)| index).collect())
        });
        sets.collect()
    }
}

fn set(why: &str, sites: Vec<usize>) -> Option<PeerSet> {
    (sites.len() >= 2).then(|| PeerSet { why: why.to_owned(), sites })
}

/// Sorted, in lower case, each once.
fn hosts(site: &Site) -> Vec<Cow<'_, str>> {
    let named = site.bindings.iter().map(|binding| binding.host.as_str()).filter(|host| !host.is_empty());
    let mut hosts: Vec<Cow<'_, str>> = named.map(folded).collect();
    hosts.sort_unstable();
    hosts.dedup();
    hosts
}

fn applications(site: &Site) -> Vec<String> {
    let mut paths: Vec<String> =
        site.scopes.iter().skip(1).filter(|scope| scope.is_application).map(|scope| scope.path.to_lowercase()).collect();
    paths.sort();
    paths.dedup();
    paths
}
