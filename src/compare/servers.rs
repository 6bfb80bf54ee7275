//! Two servers, or two directories of them: which sites and servers belong together, and what differs between those.

use std::collections::{BTreeMap, BTreeSet};

use serde::Serialize;

use super::pair::{Index, compare_indexed};
use super::{Difference, Reach, Said, Sides, SiteDiff, SiteRef};
use crate::catalogue::Setting;
use crate::server::{Server, Site};

/// Why two sites are compared with each other.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum MatchedBy {
    /// They have the same name, letter case aside.
    Name,
    /// They have the same number.
    Id,
    /// They serve the same host header.
    HostHeader,
}

/// Two sites that belong together.
#[derive(Debug, Clone)]
pub struct SitePair<'a> {
    /// The site on the left.
    pub left: SiteRef<'a>,
    /// The site on the right.
    pub right: SiteRef<'a>,
    /// Why they belong together.
    pub matched_by: MatchedBy,
    /// What differs between them.
    pub diff: SiteDiff,
}

/// What two servers do not have in common.
#[derive(Debug, Clone)]
pub struct ServerDiff<'a> {
    /// The servers.
    pub servers: Sides<&'a Server>,
    /// Settings that differ at server level. They hold for every site and URL that does not say otherwise, so that sites may repeat them.
    pub differences: Vec<Difference>,
    /// Sites that belong together, in the order of the left side, equal ones included.
    pub pairs: Vec<SitePair<'a>>,
    /// Sites that only one side has, in file order.
    pub only: Sides<Vec<SiteRef<'a>>>,
}

impl ServerDiff<'_> {
    /// Whether nothing differs.
    pub fn is_empty(&self) -> bool {
        self.differences.is_empty()
            && self.only.left.is_empty()
            && self.only.right.is_empty()
            && self.pairs.iter().all(|pair| pair.diff.is_empty())
            && self.servers.left.generation == self.servers.right.generation
    }
}

/// What two directories of servers do not have in common.
#[derive(Debug, Clone)]
pub struct EstateDiff<'a> {
    /// Servers that belong together, in the order of the left side.
    pub pairs: Vec<ServerDiff<'a>>,
    /// Servers that only one side has.
    pub only: Sides<Vec<&'a Server>>,
}

impl EstateDiff<'_> {
    /// Whether nothing differs.
    pub fn is_empty(&self) -> bool {
        self.only.left.is_empty() && self.only.right.is_empty() && self.pairs.iter().all(ServerDiff::is_empty)
    }
}

/// Compares two servers. Sites belong together by name, then by id, then by host header; each is matched once.
pub fn compare_servers<'a>(left: &'a Server, right: &'a Server) -> ServerDiff<'a> {
    let mut matching = Matching::new(left.sites.len(), right.sites.len());
    let sites = |server: &'a Server| server.sites.iter().enumerate();
    let by = |key: &dyn Fn(&Site) -> Vec<String>| -> Sides<Vec<(String, usize)>> {
        let keys = |server| sites(server).flat_map(|(index, site)| key(site).into_iter().map(move |key| (key, index))).collect();
        Sides { left: keys(left), right: keys(right) }
    };
    let named = |name: String| if name.is_empty() { Vec::new() } else { vec![name] };
    matching.pass(by(&|site| named(site.name.clone())), MatchedBy::Name);
    matching.pass(by(&|site| named(site.name.to_lowercase())), MatchedBy::Name);
    matching.pass(by(&|site| site.id.map(|id| id.to_string()).into_iter().collect()), MatchedBy::Id);
    matching.pass(by(&host_headers), MatchedBy::HostHeader);
    let (left_index, right_index) = (Index::new(left), Index::new(right));
    let pairs = matching.pairs.iter().map(|(left_site, (right_site, matched_by))| SitePair {
        left: SiteRef { server: left, site: *left_site },
        right: SiteRef { server: right, site: *right_site },
        matched_by: *matched_by,
        diff: compare_indexed(&left_index, *left_site, &right_index, *right_site),
    });
    let only = |server: &'a Server, matched: &[bool]| {
        (0..server.sites.len()).filter(|site| !matched[*site]).map(|site| SiteRef { server, site }).collect()
    };
    ServerDiff {
        servers: Sides { left, right },
        differences: server_level(left, right),
        pairs: pairs.collect(),
        only: Sides { left: only(left, &matching.matched.left), right: only(right, &matching.matched.right) },
    }
}

/// Compares two directories of servers. Servers belong together by name; a single server on each side belongs to the other whatever its
/// name.
pub fn compare_estates<'a>(left: &'a [Server], right: &'a [Server]) -> EstateDiff<'a> {
    let mut matching = Matching::new(left.len(), right.len());
    if let ([_], [_]) = (left, right) {
        matching.add(0, 0, MatchedBy::Name);
    }
    for fold in [false, true] {
        let keys = |servers: &[Server]| {
            let name = |server: &Server| if fold { server.name.to_lowercase() } else { server.name.clone() };
            servers.iter().enumerate().map(|(index, server)| (name(server), index)).collect()
        };
        matching.pass(Sides { left: keys(left), right: keys(right) }, MatchedBy::Name);
    }
    let only = |servers: &'a [Server], matched: &[bool]| {
        servers.iter().zip(matched).filter(|(_, matched)| !**matched).map(|(server, _)| server).collect()
    };
    EstateDiff {
        pairs: matching.pairs.iter().map(|(a, (b, _))| compare_servers(&left[*a], &right[*b])).collect(),
        only: Sides { left: only(left, &matching.matched.left), right: only(right, &matching.matched.right) },
    }
}

fn host_headers(site: &Site) -> Vec<String> {
    let hosts = site.bindings.iter().map(|binding| binding.host.to_lowercase()).filter(|host| !host.is_empty());
    hosts.collect::<BTreeSet<_>>().into_iter().collect()
}

/// Settings of the server level, where both generations have them and know their values.
fn server_level(left: &Server, right: &Server) -> Vec<Difference> {
    let mut differences = Vec::new();
    for setting in Setting::ALL.iter().copied() {
        let (Some(a), Some(b)) = (left.scope.settings.get(setting), right.scope.settings.get(setting)) else { continue };
        let (Some(a_value), Some(b_value)) = (a.known(), b.known()) else { continue };
        let left_said = Said { setting, generation: left.generation, resolved: a.clone() };
        let right_said = Said { setting, generation: right.generation, resolved: b.clone() };
        let reach = if a_value != b_value { Reach::ServerLevel } else { Reach::WrittenOnly };
        if reach == Reach::WrittenOnly && left_said.written_like(&right_said) {
            continue;
        }
        differences.push(Difference {
            setting,
            path: String::new(),
            left: left_said,
            right: right_said,
            reach,
            contested: Sides::default(),
            causes: Vec::new(),
            only_on: Sides::default(),
        });
    }
    differences.sort_by_key(|difference| !difference.in_effect());
    differences
}

/// Pairs in the making. Every pass goes by sorted keys and file order, so that both directions give the same pairs.
struct Matching {
    pairs: BTreeMap<usize, (usize, MatchedBy)>,
    matched: Sides<Vec<bool>>,
}

impl Matching {
    fn new(left: usize, right: usize) -> Self {
        Matching { pairs: BTreeMap::new(), matched: Sides { left: vec![false; left], right: vec![false; right] } }
    }

    fn add(&mut self, left: usize, right: usize, by: MatchedBy) {
        self.pairs.insert(left, (right, by));
        self.matched.left[left] = true;
        self.matched.right[right] = true;
    }

    fn pass(&mut self, keys: Sides<Vec<(String, usize)>>, by: MatchedBy) {
        let mut groups: BTreeMap<String, Sides<Vec<usize>>> = BTreeMap::new();
        for (key, index) in keys.left {
            groups.entry(key).or_default().left.push(index);
        }
        for (key, index) in keys.right {
            groups.entry(key).or_default().right.push(index);
        }
        for Sides { left, right } in groups.into_values() {
            let left: Vec<usize> = left.into_iter().filter(|index| !self.matched.left[*index]).collect();
            let right: Vec<usize> = right.into_iter().filter(|index| !self.matched.right[*index]).collect();
            for (left, right) in left.into_iter().zip(right) {
                self.add(left, right, by);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::testing::Build;
    use super::*;

    fn matched(diff: &ServerDiff<'_>) -> Vec<(usize, usize, MatchedBy)> {
        diff.pairs.iter().map(|pair| (pair.left.site, pair.right.site, pair.matched_by)).collect()
    }

    #[test]
    fn sites_are_matched_by_name_then_id_then_host_header_and_the_rest_is_added_or_removed() {
        let left = Build::iis6()
            .site(1, "Orders", |site| site)
            .site(2, "Billing", |site| site)
            .site(3, "old", |site| site.https(":443:www.contoso.com"))
            .site(4, "gone", |site| site)
            .server();
        let right = Build::iis6()
            .named("WEB02", 1)
            .site(9, "orders", |site| site)
            .site(2, "Invoices", |site| site)
            .site(8, "new", |site| site.https(":443:WWW.contoso.com"))
            .site(7, "added", |site| site)
            .server();
        let diff = compare_servers(&left, &right);
        assert_eq!(matched(&diff), [(0, 0, MatchedBy::Name), (1, 1, MatchedBy::Id), (2, 2, MatchedBy::HostHeader)]);
        assert_eq!(diff.only.left.iter().map(|site| site.get().name.as_str()).collect::<Vec<_>>(), ["gone"]);
        assert_eq!(diff.only.right.iter().map(|site| site.get().name.as_str()).collect::<Vec<_>>(), ["added"]);
        assert!(!diff.is_empty());
    }

    #[test]
    fn a_name_goes_before_an_id_and_each_site_is_matched_once() {
        let left = Build::iis6().site(1, "a", |site| site).site(2, "b", |site| site).site(2, "b", |site| site).server();
        let right = Build::iis6().named("WEB02", 1).site(2, "a", |site| site).site(1, "b", |site| site).server();
        assert_eq!(matched(&compare_servers(&left, &right)), [(0, 0, MatchedBy::Name), (1, 1, MatchedBy::Name)]);
    }

    #[test]
    fn a_setting_of_the_server_level_is_reported_there() {
        let left = Build::iis6().service(Setting::CertCheckMode, "1").server();
        let right = Build::iis6().named("WEB02", 1).service(Setting::UploadReadAheadSize, "49152").server();
        let diff = compare_servers(&left, &right);
        let said: Vec<_> = diff.differences.iter().map(|difference| (difference.setting, difference.in_effect())).collect();
        assert_eq!(said, [(Setting::CertCheckMode, true), (Setting::UploadReadAheadSize, false)]);
        assert!(
            diff.differences[0]
                .effect("left", "right")
                .starts_with("for all sites and URLs that do not say otherwise: left: revoked certificates are accepted")
        );
    }

    #[test]
    fn servers_are_matched_by_name_and_a_single_pair_whatever_its_names() {
        let server = |name, file| Build::iis6().named(name, file).server();
        let left = [server("WEB01", 0), server("WEB02", 1)];
        let right = [server("web02", 2), server("WEB03", 3)];
        let diff = compare_estates(&left, &right);
        assert_eq!(
            diff.pairs.iter().map(|pair| (&*pair.servers.left.name, &*pair.servers.right.name)).collect::<Vec<_>>(),
            [("WEB02", "web02")]
        );
        assert_eq!((diff.only.left[0].name.as_str(), diff.only.right[0].name.as_str()), ("WEB01", "WEB03"));
        let single = compare_estates(&left[..1], &right[1..]);
        assert!(single.is_empty() && single.pairs.len() == 1);
    }
}
