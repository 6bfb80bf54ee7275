//! Two sites: their effective settings at every URL path of either, and how far each difference reaches.

use std::collections::{BTreeMap, BTreeSet};

use super::causes::{Point, causes};
use super::{
    BindingDiff, Contest, Difference, MappingCount, NotAssessed, Reach, Said, Side, Sides, SiteDiff, SiteRef, SiteSummary, inherited,
};
use crate::catalogue::{Level, Setting, Value, access, cert_check, entry};
use crate::server::{Binding, BindingFault, Endpoint, EndpointKey, Generation, Origin, Resolved, Scope, Server, Site};

/// How many contradicting sites a text names.
const CONTESTANTS: usize = 4;

/// Which endpoints serve each site of a server. Made once, so that comparing all sites stays linear in their number.
pub(super) struct Index<'a> {
    server: &'a Server,
    by_site: Vec<Vec<&'a Endpoint>>,
}

impl<'a> Index<'a> {
    pub(super) fn new(server: &'a Server) -> Self {
        let mut by_site = vec![Vec::new(); server.sites.len()];
        for endpoint in &server.endpoints {
            for site in &endpoint.sites {
                if let Some(endpoints) = by_site.get_mut(*site) {
                    endpoints.push(endpoint);
                }
            }
        }
        Index { server, by_site }
    }

    fn of(&self, site: usize) -> &[&'a Endpoint] {
        self.by_site.get(site).map(Vec::as_slice).unwrap_or_default()
    }
}

/// A site with what is asked of it again and again.
pub(super) struct View<'a> {
    pub(super) at: SiteRef<'a>,
    endpoints: &'a [&'a Endpoint],
    /// Whether some path asks for a client certificate, or the first handshake does.
    pub(super) asks: bool,
    /// Whether a client certificate may arrive, as far as is known.
    pub(super) may_ask: bool,
    /// Whether the first handshake asks for the certificate.
    pub(super) early: Option<bool>,
    /// CertCheckMode.
    pub(super) mode: Option<u32>,
}

impl<'a> View<'a> {
    fn new(at: SiteRef<'a>, index: &'a Index<'_>) -> Self {
        let site = at.get();
        let root = site.scopes.first();
        let early = root.and_then(|root| root.value(Setting::NegotiateClientCertificate)).and_then(Value::bool);
        let bits = |scope: &Scope| scope.access().unwrap_or_default();
        View {
            at,
            endpoints: index.of(at.site),
            asks: early == Some(true) || site.scopes.iter().any(|scope| bits(scope) & access::NEGOTIATE != 0),
            may_ask: early != Some(false) || site.scopes.iter().any(|scope| scope.wants_certificates() || scope.access().is_none()),
            early,
            mode: root.and_then(|root| root.value(Setting::CertCheckMode)).and_then(Value::flags),
        }
    }

    pub(super) fn generation(&self) -> Generation {
        self.at.server.generation
    }

    fn keys(&self) -> Vec<EndpointKey> {
        self.endpoints.iter().map(|endpoint| endpoint.key.clone()).collect()
    }

    /// Whether it is known that no endpoint serves the site.
    fn without_endpoint(&self) -> bool {
        let site = self.at.get();
        self.endpoints.is_empty() && site.declared && !site.has_binding("https")
    }

    fn summary(&self) -> SiteSummary {
        let site = self.at.get();
        SiteSummary {
            server: self.at.server.name.clone(),
            generation: self.generation(),
            id: site.id,
            name: site.name.clone(),
            label: site.label(),
            place: site.place,
            auto_start: site.auto_start,
            endpoints: self.keys(),
            mappings: count_mappings(site),
        }
    }

    /// The endpoints among `keys` on which another site writes a different value of `setting`.
    fn contested(&self, setting: Setting, keys: &[EndpointKey]) -> Vec<Contest> {
        let mine = self.at.get().scopes.first().and_then(|root| root.value(setting));
        let mut contests = Vec::new();
        for endpoint in self.endpoints.iter().filter(|endpoint| endpoint.sites.len() > 1 && keys.contains(&endpoint.key)) {
            if endpoint.settings.get(setting).is_some_and(|effective| effective.known().is_some()) {
                continue;
            }
            let sites = &self.at.server.sites;
            let others = endpoint.sites.iter().filter(|other| **other != self.at.site).filter_map(|other| sites.get(*other));
            let with: Vec<&Site> =
                others.filter(|other| other.scopes.first().and_then(|root| root.value(setting)) != mine).take(CONTESTANTS + 1).collect();
            if !with.is_empty() {
                let mut with: Vec<String> = with.into_iter().map(Site::label).collect();
                if with.len() > CONTESTANTS {
                    with.truncate(CONTESTANTS);
                    with.push("others".to_owned());
                }
                contests.push(Contest { endpoint: endpoint.key.clone(), with });
            }
        }
        contests
    }
}

/// Compares two sites. They may belong to one server or to two, of one generation or of two.
pub fn compare_sites(left: SiteRef<'_>, right: SiteRef<'_>) -> SiteDiff {
    let left_index = Index::new(left.server);
    let right_index = Index::new(right.server);
    compare_indexed(&left_index, left.site, &right_index, right.site)
}

pub(super) fn compare_indexed(left: &Index<'_>, left_site: usize, right: &Index<'_>, right_site: usize) -> SiteDiff {
    let same_server = same_server(left.server, right.server);
    let left = View::new(SiteRef { server: left.server, site: left_site }, left);
    let right = View::new(SiteRef { server: right.server, site: right_site }, right);
    let mut walk = Walk { left: &left, right: &right, same_server, differences: Vec::new(), not_assessed: Vec::new(), compared: BTreeSet::new() };
    let paths = walk.run();
    let Walk { mut differences, not_assessed, mut compared, .. } = walk;
    differences.sort_by_key(|difference| !difference.in_effect());
    for item in &not_assessed {
        compared.remove(&item.setting);
    }
    SiteDiff {
        sites: Sides { left: left.summary(), right: right.summary() },
        same_server,
        differences,
        bindings: compare_bindings(left.at.get(), right.at.get()),
        not_assessed,
        compared: compared.into_iter().collect(),
        paths,
    }
}

/// Whether both sides look at one server: the same value, or one that was made from the same inputs.
fn same_server(left: &Server, right: &Server) -> bool {
    std::ptr::eq(left, right) || (!left.inputs.is_empty() && left.inputs == right.inputs && left.name == right.name)
}

/// What is known of a setting at a path, to recognise it at the paths below.
#[derive(PartialEq)]
enum State {
    Differs(Value, Value),
    NotAssessed(Sides<Option<String>>),
}

/// A path on the way from the root to the path at hand.
struct Above {
    key: String,
    scopes: Sides<Option<usize>>,
    states: BTreeMap<Setting, State>,
}

struct Walk<'w, 'a> {
    left: &'w View<'a>,
    right: &'w View<'a>,
    same_server: bool,
    differences: Vec<Difference>,
    not_assessed: Vec<NotAssessed>,
    compared: BTreeSet<Setting>,
}

/// A path as a sort key: without regard to case, a parent right before its children.
fn path_key(path: &str) -> String {
    path.trim_end_matches('/').to_lowercase().replace('/', "\0")
}

impl Walk<'_, '_> {
    /// Visits the union of the paths of both sites and returns their number. A side that has no such path is asked at the nearest path
    /// above.
    fn run(&mut self) -> usize {
        let mut paths: BTreeMap<String, Sides<Option<usize>>> = BTreeMap::new();
        for (side, view) in [(Side::Left, self.left), (Side::Right, self.right)] {
            for (index, scope) in view.at.get().scopes.iter().enumerate() {
                let entry = paths.entry(path_key(&scope.path)).or_default();
                let slot = match side {
                    Side::Left => &mut entry.left,
                    Side::Right => &mut entry.right,
                };
                // The first of two paths that differ only in case.
                slot.get_or_insert(index);
            }
        }
        let count = paths.len();
        let mut stack: Vec<Above> = Vec::new();
        for (key, own) in paths {
            while stack.last().is_some_and(|above| !is_below(&key, &above.key)) {
                stack.pop();
            }
            let above = stack.last();
            let scopes = Sides {
                left: own.left.or_else(|| above.and_then(|above| above.scopes.left)),
                right: own.right.or_else(|| above.and_then(|above| above.scopes.right)),
            };
            let states = self.visit(&key, &own, &scopes, above.map(|above| &above.states));
            stack.push(Above { key, scopes, states });
        }
        count
    }

    fn visit(
        &mut self,
        key: &str,
        own: &Sides<Option<usize>>,
        scopes: &Sides<Option<usize>>,
        above: Option<&BTreeMap<Setting, State>>,
    ) -> BTreeMap<Setting, State> {
        let mut states = BTreeMap::new();
        let left = scopes.left.and_then(|index| self.left.at.get().scopes.get(index));
        let right = scopes.right.and_then(|index| self.right.at.get().scopes.get(index));
        let (Some(left), Some(right)) = (left, right) else { return states };
        // Both sides spell the path; the choice must not depend on the order of the sides.
        let path = [own.left.map(|_| &left.path), own.right.map(|_| &right.path)].into_iter().flatten().min().cloned().unwrap_or_default();
        for setting in Setting::ALL.iter().copied() {
            if !key.is_empty() && entry(setting).level == Level::Endpoint {
                continue;
            }
            let Some(left_said) = said(self.left.generation(), setting, left, own.left.is_some()) else { continue };
            let Some(right_said) = said(self.right.generation(), setting, right, own.right.is_some()) else { continue };
            let explicit = left_said.resolved.is_explicit() || right_said.resolved.is_explicit();
            let seen_above = |state: &State| !explicit && above.and_then(|above| above.get(&setting)) == Some(state);
            let (Some(a), Some(b)) = (left_said.resolved.known(), right_said.resolved.known()) else {
                let needs = |said: &Said| match &said.resolved.origin {
                    Origin::Unknown { needs } => Some(needs.clone().into_owned()),
                    _ => None,
                };
                let needs = Sides { left: needs(&left_said), right: needs(&right_said) };
                let state = State::NotAssessed(needs.clone());
                if !seen_above(&state) {
                    self.add_not_assessed(setting, &path, needs);
                }
                states.insert(setting, state);
                continue;
            };
            self.compared.insert(setting);
            if a == b && left_said.written_like(&right_said) {
                continue;
            }
            let state = State::Differs(a.clone(), b.clone());
            if !seen_above(&state) {
                let access = Sides { left: left.access(), right: right.access() };
                let read_ahead = |scope: &Scope| scope.value(Setting::UploadReadAheadSize).and_then(Value::number);
                let anonymous = |scope: &Scope| scope.value(Setting::AnonymousAuthentication).and_then(Value::bool);
                let freshness = |scope: &Scope| scope.value(Setting::RevocationFreshnessTime).and_then(Value::number);
                let point = |view, said, access, scope| Point {
                    view,
                    said,
                    access,
                    read_ahead: read_ahead(scope),
                    anonymous: anonymous(scope),
                    freshness: freshness(scope),
                    uncertain: false,
                };
                let left_point = point(self.left, &left_said, access.left, left);
                let right_point = point(self.right, &right_said, access.right, right);
                let difference = self.difference(setting, path.clone(), left_point, right_point);
                self.differences.push(difference);
            }
            states.insert(setting, state);
        }
        states
    }

    fn difference(&self, setting: Setting, path: String, mut left: Point<'_, '_>, mut right: Point<'_, '_>) -> Difference {
        let mut contested = Sides::default();
        let reach = if left.said.resolved.value == right.said.resolved.value {
            Reach::WrittenOnly
        } else if entry(setting).level == Level::Url {
            Reach::Everywhere
        } else {
            let keys = Sides { left: self.left.keys(), right: self.right.keys() };
            let reach = endpoint_reach(setting, self.left, self.right, &keys, self.same_server);
            let shared: &[EndpointKey] = if let Reach::Partly { shared, .. } = &reach { shared } else { &[] };
            let own = |keys: &[EndpointKey]| keys.iter().filter(|key| !shared.contains(key)).cloned().collect::<Vec<_>>();
            if matches!(reach, Reach::Everywhere | Reach::Partly { .. }) {
                contested.left = self.left.contested(setting, &own(&keys.left));
                contested.right = self.right.contested(setting, &own(&keys.right));
            }
            let partly = !shared.is_empty();
            left.uncertain = partly || !contested.left.is_empty();
            right.uncertain = partly || !contested.right.is_empty();
            reach
        };
        let mut difference = Difference {
            setting,
            path,
            left: left.said.clone(),
            right: right.said.clone(),
            reach,
            contested,
            causes: Vec::new(),
        };
        if difference.in_effect() {
            difference.causes = causes(setting, &left, &right);
        }
        difference
    }

    fn add_not_assessed(&mut self, setting: Setting, path: &str, needs: Sides<Option<String>>) {
        let endpoint = entry(setting).level == Level::Endpoint;
        let endpoints = if endpoint { Sides { left: self.left.keys(), right: self.right.keys() } } else { Sides::default() };
        let same_records = endpoint && self.same_server && !endpoints.left.is_empty() && endpoints.left == endpoints.right;
        self.not_assessed.push(NotAssessed { setting, path: path.to_owned(), needs, endpoints, same_records });
    }
}

fn is_below(key: &str, above: &str) -> bool {
    above.is_empty() || key.strip_prefix(above).is_some_and(|rest| rest.starts_with('\0'))
}

/// What a scope says of a setting; `None` where its generation has no such setting. `own` is whether the scope is at the path at hand and
/// not above.
fn said(generation: Generation, setting: Setting, scope: &Scope, own: bool) -> Option<Said> {
    let resolved = match scope.settings.get(setting) {
        Some(resolved) if own => resolved.clone(),
        Some(resolved) => inherited(resolved, &scope.store_path),
        None => {
            let record = entry(setting).iis7.as_ref().filter(|iis7| generation != Generation::Iis6 && !iis7.record.is_empty())?;
            Resolved::unknown(record.needs.as_str())
        }
    };
    Some(Said { setting, generation, resolved })
}

/// How far a difference in an endpoint setting reaches.
fn endpoint_reach(setting: Setting, left: &View<'_>, right: &View<'_>, keys: &Sides<Vec<EndpointKey>>, same_server: bool) -> Reach {
    if same_server {
        if !keys.left.is_empty() && keys.left == keys.right {
            return Reach::SameRecords(keys.left.clone());
        }
        let (on_left, on_right): (BTreeSet<_>, BTreeSet<_>) = (keys.left.iter().collect(), keys.right.iter().collect());
        let shared: Vec<EndpointKey> = on_left.intersection(&on_right).map(|key| (*key).clone()).collect();
        if !shared.is_empty() && idle(setting, left, right).is_none() {
            let own = |mine: &BTreeSet<&EndpointKey>, other| mine.difference(other).map(|key| (*key).clone()).collect();
            return Reach::Partly { shared, own: Sides { left: own(&on_left, &on_right), right: own(&on_right, &on_left) } };
        }
    }
    let without = Sides { left: left.without_endpoint(), right: right.without_endpoint() };
    if without.left || without.right {
        return Reach::NoEndpoint(without);
    }
    match idle(setting, left, right) {
        Some(why) => Reach::Idle(why),
        None => Reach::Everywhere,
    }
}

/// Why nobody can notice what either side says of an endpoint setting.
fn idle(setting: Setting, left: &View<'_>, right: &View<'_>) -> Option<&'static str> {
    let both = |test: fn(u32) -> bool| left.mode.is_some_and(test) && right.mode.is_some_and(test);
    let no_ctl = |view: &View<'_>| {
        let root = view.at.get().scopes.first();
        view.generation() == Generation::Iis6 && root.and_then(|root| root.value(Setting::CtlIdentifier)) == Some(&Value::None)
    };
    let for_certificates = matches!(
        setting,
        Setting::CertCheckMode
            | Setting::RevocationFreshnessTime
            | Setting::RevocationUrlRetrievalTimeout
            | Setting::CtlIdentifier
            | Setting::CtlStoreName
            | Setting::DsMapper
    );
    if for_certificates && !left.may_ask && !right.may_ask {
        return Some("neither site asks for client certificates at any path");
    }
    match setting {
        Setting::RevocationFreshnessTime if both(|mode| mode & cert_check::FRESHNESS == 0) => {
            Some("it counts only while bit 4 of CertCheckMode is set, and it is set on neither side")
        }
        Setting::RevocationUrlRetrievalTimeout if both(|mode| mode & (cert_check::NO_REVOCATION | cert_check::CACHE_ONLY) != 0) => {
            Some("by CertCheckMode neither side fetches any CRL")
        }
        Setting::CtlStoreName if no_ctl(left) && no_ctl(right) => Some("neither side names a CTL, and the store alone restricts nothing"),
        _ => None,
    }
}

fn count_mappings(site: &Site) -> MappingCount {
    let mut count = MappingCount::default();
    for (index, scope) in site.scopes.iter().enumerate() {
        for mapping in &scope.mappings {
            let counter = match (index, mapping.enabled, mapping.one_to_one, mapping.deny) {
                (1.., ..) => &mut count.below_site,
                (_, false, ..) => &mut count.disabled,
                (_, _, true, _) => &mut count.one_to_one,
                (_, _, _, true) => &mut count.deny,
                _ => &mut count.many_to_one,
            };
            *counter += 1;
        }
    }
    count
}

/// What makes two bindings the same binding: protocol, address, port, host, and the text of one that cannot be read.
type BindingKey = (String, String, Option<u16>, String, Option<String>);
/// The number `binding@sslFlags`, or the text that is none.
type FlagsKey = (Option<u32>, Option<String>);

fn compare_bindings(left: &Site, right: &Site) -> BindingDiff {
    let mut all: BTreeMap<BindingKey, Sides<BTreeMap<FlagsKey, &Binding>>> = BTreeMap::new();
    for binding in &left.bindings {
        all.entry(binding_key(binding)).or_default().left.entry(flags_key(binding)).or_insert(binding);
    }
    for binding in &right.bindings {
        all.entry(binding_key(binding)).or_default().right.entry(flags_key(binding)).or_insert(binding);
    }
    let mut diff = BindingDiff::default();
    for Sides { left, right } in all.into_values() {
        let only = |mine: &BTreeMap<FlagsKey, &Binding>, other: &BTreeMap<FlagsKey, &Binding>| -> Vec<Binding> {
            mine.iter().filter(|(key, _)| !other.contains_key(*key)).map(|(_, binding)| (*binding).clone()).collect()
        };
        let (mut lefts, mut rights) = (only(&left, &right).into_iter(), only(&right, &left).into_iter());
        loop {
            match (lefts.next(), rights.next()) {
                (Some(left), Some(right)) => diff.flags.push(Sides { left, right }),
                (Some(left), None) => diff.only.left.push(left),
                (None, Some(right)) => diff.only.right.push(right),
                (None, None) => break,
            }
        }
    }
    diff
}

fn binding_key(binding: &Binding) -> BindingKey {
    let unreadable = !matches!(binding.fault, None | Some(BindingFault::SecondColon)) || binding.port.is_none();
    (
        binding.protocol.to_lowercase(),
        binding.ip.clone(),
        binding.port,
        binding.host.to_lowercase(),
        unreadable.then(|| binding.written.trim().to_lowercase()),
    )
}

fn flags_key(binding: &Binding) -> FlagsKey {
    (binding.flags, if binding.flags.is_none() { binding.flags_written.clone() } else { None })
}
