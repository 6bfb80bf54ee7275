//! Two sites: their effective settings at every URL path of either, and how far each difference reaches.

use std::collections::{BTreeMap, BTreeSet};

use super::causes::{Point, causes};
use super::records;
use super::{
    BindingDiff, Contest, Difference, MappingCount, NotAssessed, Reach, Said, Side, Sides, SiteDiff, SiteRef, SiteSummary, inherited,
};
use crate::catalogue::{Level, Setting, Value, access, cert_check, entry};
use crate::server::{Binding, Endpoint, EndpointKey, Generation, Origin, Resolved, Scope, Server, Site};

/// How many contradicting sites a text names.
const CONTESTANTS: usize = 4;
/// Among how many sites of an endpoint those are sought.
const LOOKED_AT: usize = 256;

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
    pub(super) endpoints: &'a [&'a Endpoint],
    /// Whether some path asks for a client certificate, or the first handshake does.
    pub(super) asks: bool,
    /// Whether a client certificate may arrive, as far as is known.
    pub(super) may_ask: bool,
    /// Whether the first handshake asks for the certificate.
    pub(super) early: Option<bool>,
    /// CertCheckMode.
    pub(super) mode: Option<u32>,
    /// Seconds of the freshness time.
    freshness: Option<u64>,
}

impl<'a> View<'a> {
    fn new(at: SiteRef<'a>, index: &'a Index<'_>) -> Self {
        let site = at.get();
        let root = site.scopes.first();
        let endpoints = index.of(at.site);
        let early = root.and_then(|root| root.value(Setting::NegotiateClientCertificate)).and_then(Value::bool);
        // Where the endpoints of a site differ, one that asks early is enough for a certificate to arrive.
        let some_early = early == Some(true)
            || (at.server.records.is_some() || at.server.running.is_some())
                && endpoints.iter().any(|endpoint| {
                    let asks = endpoint.settings.get(Setting::NegotiateClientCertificate).and_then(Resolved::known);
                    asks.and_then(Value::bool) == Some(true)
                });
        let bits = |scope: &Scope| scope.access().unwrap_or_default();
        View {
            at,
            endpoints,
            asks: some_early || site.scopes.iter().any(|scope| bits(scope) & access::NEGOTIATE != 0),
            may_ask: early != Some(false) || site.scopes.iter().any(|scope| scope.wants_certificates() || scope.access().is_none()),
            early,
            mode: root.and_then(|root| root.value(Setting::CertCheckMode)).and_then(Value::flags),
            freshness: root.and_then(|root| root.value(Setting::RevocationFreshnessTime)).and_then(Value::number),
        }
    }

    /// The same site as a client sees it that comes through one of its endpoints.
    fn through(&self, key: Option<&EndpointKey>) -> View<'a> {
        let endpoint = self.endpoints.iter().find(|endpoint| Some(&endpoint.key) == key).filter(|_| records::has_values(self));
        let Some(endpoint) = endpoint else { return View { ..*self } };
        let known = |setting| endpoint.settings.get(setting).and_then(Resolved::known);
        let early = known(Setting::NegotiateClientCertificate).and_then(Value::bool);
        let scopes = &self.at.get().scopes;
        let bits = |scope: &Scope| scope.access().unwrap_or_default();
        View {
            asks: early == Some(true) || scopes.iter().any(|scope| bits(scope) & access::NEGOTIATE != 0),
            may_ask: early != Some(false) || scopes.iter().any(|scope| scope.wants_certificates() || scope.access().is_none()),
            early,
            mode: known(Setting::CertCheckMode).and_then(Value::flags),
            freshness: known(Setting::RevocationFreshnessTime).and_then(Value::number),
            ..*self
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
        let keys: BTreeSet<&EndpointKey> = keys.iter().collect();
        let mut contests = Vec::new();
        for endpoint in self.endpoints.iter().filter(|endpoint| endpoint.sites.len() > 1 && keys.contains(&endpoint.key)) {
            if endpoint.settings.get(setting).is_some_and(|effective| effective.known().is_some()) {
                continue;
            }
            // That they contradict is known; only their names are sought, so a few hundred sites are enough to look at.
            let sites = &self.at.server.sites;
            let others =
                endpoint.sites.iter().filter(|other| **other != self.at.site).take(LOOKED_AT).filter_map(|other| sites.get(*other));
            let other_value = |other: &&Site| other.scopes.first().and_then(|root| root.value(setting)) != mine;
            let mut with: Vec<String> = others.filter(other_value).take(CONTESTANTS + 1).map(Site::label).collect();
            if with.len() > CONTESTANTS || with.is_empty() {
                with.truncate(CONTESTANTS);
                with.push("other sites".to_owned());
            }
            contests.push(Contest { endpoint: endpoint.key.clone(), with });
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
    let mut walk =
        Walk { left: &left, right: &right, same_server, differences: Vec::new(), not_assessed: Vec::new(), compared: BTreeSet::new() };
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
        records: records::compare(&left, &right),
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
                if entry(setting).level == Level::Endpoint && self.by_endpoint(setting, &path, left, right) {
                    self.pending(setting, &path);
                    continue;
                }
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
            if key.is_empty() {
                self.pending(setting, &path);
            }
            if a == b && left_said.written_like(&right_said) {
                continue;
            }
            let state = State::Differs(a.clone(), b.clone());
            if !seen_above(&state) {
                let left_point = point(self.left, &left_said, left);
                let right_point = point(self.right, &right_said, right);
                let difference = self.difference(setting, path.clone(), left_point, right_point);
                self.differences.push(difference);
            }
            states.insert(setting, state);
        }
        states
    }

    /// Notes what the metabases write differently, where a record of HTTP.sys has another value, so that the values in effect do not show it.
    fn pending(&mut self, setting: Setting, path: &str) {
        let (left, right) = (self.left.at.get(), self.right.at.get());
        if left.overruled.get(setting).is_none() && right.overruled.get(setting).is_none() {
            return;
        }
        let (Some(a), Some(b)) = (left.written(setting), right.written(setting)) else { return };
        let counts = |site: &Site, written: &Resolved| site.root().value(setting) == written.known();
        if a.known().is_none() || b.known().is_none() || a.value == b.value || (counts(left, a) && counts(right, b)) {
            return;
        }
        let said = |view: &View<'_>, resolved: &Resolved| Said { setting, generation: view.generation(), resolved: resolved.clone() };
        self.differences.push(Difference {
            setting,
            path: path.to_owned(),
            left: said(self.left, a),
            right: said(self.right, b),
            reach: Reach::Pending,
            contested: Sides::default(),
            causes: Vec::new(),
            only_on: Sides::default(),
        });
    }

    /// Compares a setting endpoint by endpoint, where the records of HTTP.sys give a site several values or none. Whether it could.
    fn by_endpoint(&mut self, setting: Setting, path: &str, left: &Scope, right: &Scope) -> bool {
        if !records::has_values(self.left) && !records::has_values(self.right) {
            return false;
        }
        let values = Sides { left: records::values(self.left, left, setting), right: records::values(self.right, right, setting) };
        // Where no record serves a side there is no value to compare, which is told on its own.
        let served = |view: &View<'_>, values: &[(EndpointKey, Resolved)]| !values.is_empty() || !records::is_unserved(view);
        if !served(self.left, &values.left) || !served(self.right, &values.right) {
            return true;
        }
        if values.left.is_empty() || values.right.is_empty() {
            return false;
        }
        // Texts are equal in any letter case.
        let text = |value: &Value| match value {
            Value::Text(text) => text.to_lowercase(),
            value => format!("{value:?}"),
        };
        let item = |(key, resolved): &(EndpointKey, Resolved)| (key.clone(), resolved.known().map(text), resolved.clone());
        let paired = records::pair_up(values.left.iter().map(item).collect(), values.right.iter().map(item).collect());
        if !paired.differs.is_empty() || paired.unknown.left.is_empty() && paired.unknown.right.is_empty() {
            self.compared.insert(setting);
        }
        for Sides { left: (left_keys, left_value), right: (right_keys, right_value) } in paired.differs {
            let left_said = Said { setting, generation: self.left.generation(), resolved: left_value };
            let right_said = Said { setting, generation: self.right.generation(), resolved: right_value };
            // What follows from a value follows for clients of its endpoints, where other settings may differ too.
            let (left_view, right_view) = (self.left.through(left_keys.first()), self.right.through(right_keys.first()));
            let left_point = point(&left_view, &left_said, left);
            let right_point = point(&right_view, &right_said, right);
            let mut causes = causes(setting, &left_point, &right_point);
            let reach = match idle(setting, &left_view, &right_view) {
                Some(why) => {
                    causes.clear();
                    Reach::Idle(why)
                }
                None => Reach::Everywhere,
            };
            let some = |keys: Vec<EndpointKey>, all: &[(EndpointKey, Resolved)]| if keys.len() < all.len() { keys } else { Vec::new() };
            self.differences.push(Difference {
                setting,
                path: path.to_owned(),
                left: left_said,
                right: right_said,
                reach,
                contested: Sides::default(),
                causes,
                only_on: Sides { left: some(left_keys, &values.left), right: some(right_keys, &values.right) },
            });
        }
        if !paired.unknown.left.is_empty() || !paired.unknown.right.is_empty() {
            let needs = |unknown: &[(EndpointKey, Resolved)]| {
                unknown.iter().find_map(|(_, resolved)| match &resolved.origin {
                    Origin::Unknown { needs } => Some(needs.clone().into_owned()),
                    _ => None,
                })
            };
            let keys = |unknown: &[(EndpointKey, Resolved)]| unknown.iter().map(|(key, _)| key.clone()).collect::<Vec<_>>();
            let needs = Sides { left: needs(&paired.unknown.left), right: needs(&paired.unknown.right) };
            let same_records = self.same_server && records::same_records(self.left, self.right);
            let endpoints = Sides { left: keys(&paired.unknown.left), right: keys(&paired.unknown.right) };
            self.not_assessed.push(NotAssessed { setting, path: path.to_owned(), needs, endpoints, same_records });
        }
        true
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
            let own = match &reach {
                Reach::Everywhere => keys,
                Reach::Partly { own, .. } => own.clone(),
                _ => Sides::default(),
            };
            contested.left = self.left.contested(setting, &own.left);
            contested.right = self.right.contested(setting, &own.right);
            let partly = matches!(reach, Reach::Partly { .. });
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
            only_on: Sides::default(),
        };
        if difference.in_effect() {
            difference.causes = causes(setting, &left, &right);
        }
        difference
    }

    fn add_not_assessed(&mut self, setting: Setting, path: &str, needs: Sides<Option<String>>) {
        let endpoint = entry(setting).level == Level::Endpoint;
        if endpoint && self.left.without_endpoint() && self.right.without_endpoint() {
            // No record applies to either side, so there is none to ask for.
            return;
        }
        let endpoints = if endpoint { Sides { left: self.left.keys(), right: self.right.keys() } } else { Sides::default() };
        let same_keys = !endpoints.left.is_empty() && endpoints.left == endpoints.right;
        let same_records = endpoint && self.same_server && (same_keys || records::same_records(self.left, self.right));
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
            Resolved::unknown(record.needs)
        }
    };
    Some(Said { setting, generation, resolved })
}

fn point<'v, 'a>(view: &'v View<'a>, said: &'v Said, scope: &Scope) -> Point<'v, 'a> {
    Point {
        view,
        said,
        access: scope.access(),
        read_ahead: scope.value(Setting::UploadReadAheadSize).and_then(Value::number),
        anonymous: scope.value(Setting::AnonymousAuthentication).and_then(Value::bool),
        freshness: view.freshness,
        uncertain: false,
    }
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
    let unreadable = binding.fault.is_some() || binding.port.is_none();
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

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::super::testing::{Build, BuildSite, give_records};
    use super::*;
    use crate::input::{FileId, Place};
    use crate::server::Mapping;

    fn diff(server: &Server) -> SiteDiff {
        compare_sites(SiteRef { server, site: 0 }, SiteRef { server, site: 1 })
    }

    #[test]
    fn a_binding_without_its_second_colon_is_told_beside_the_whole_one() {
        let bindings = diff(&article("10.0.0.1:443", "10.0.0.1:443:")).bindings;
        let written = |only: &[Binding]| only.iter().map(|binding| binding.written.clone()).collect::<Vec<_>>();
        assert_eq!(
            (written(&bindings.only.left), written(&bindings.only.right)),
            (vec!["10.0.0.1:443".to_owned()], vec!["10.0.0.1:443:".to_owned()])
        );
    }

    fn lines(diff: &SiteDiff) -> Vec<String> {
        let line = |difference: &Difference| {
            let said = |said: &Said| format!("{} ({})", said.value(), said.resolved.origin.kind());
            let effect = if difference.in_effect() { "" } else { " not in effect" };
            format!("{} {}: {} / {}{effect}", difference.path, difference.setting, said(&difference.left), said(&difference.right))
        };
        diff.differences.iter().map(line).collect()
    }

    fn partner(site: BuildSite, binding: &str) -> BuildSite {
        site.https(binding).set(Setting::AccessFlags, "104")
    }

    /// The failing site 690402 says nothing, the working site 90326589 switches revocation off.
    fn article(left: &str, right: &str) -> Server {
        Build::iis6()
            .site(690402, "partner-a", |site| partner(site, left))
            .site(90326589, "partner-b", |site| partner(site, right).set(Setting::CertCheckMode, "1"))
            .server()
    }

    #[test]
    fn an_absent_cert_check_mode_differs_in_effect_from_1_and_is_what_can_answer_403_13() {
        let diff = diff(&article("192.0.2.21:443:", "192.0.2.22:443:"));
        assert_eq!(lines(&diff), ["/ cert-check-mode: 0 (default) / 1 (explicit)"]);
        let difference = &diff.differences[0];
        assert!(difference.left.meaning().starts_with("revocation is checked"));
        assert!(difference.right.meaning().contains("revoked certificates are accepted"));
        assert_eq!((difference.left.number(), difference.left.place()), (Some(0), None));
        assert!(difference.right.place().is_some());
        let causes: Vec<_> = difference.causes.iter().map(|cause| (cause.status, cause.side, cause.likely)).collect();
        assert_eq!(causes, [("403.13", Side::Left, false)]);
    }

    #[test]
    fn sites_on_one_record_differ_only_in_what_is_written() {
        let diff = diff(&article(":443:", ":443:www.fabrikam.com"));
        assert_eq!(lines(&diff), ["/ cert-check-mode: 0 (default) / 1 (explicit) not in effect"]);
        let effect = diff.differences[0].effect("left", "right");
        assert!(effect.contains("same record 0.0.0.0:443") && effect.contains("likely"), "{effect}");
        assert!(diff.differences[0].causes.is_empty());
    }

    #[test]
    fn sites_that_share_some_endpoints_differ_only_on_the_others() {
        let server = Build::iis6()
            .site(1, "a", |site| partner(site, ":443:").https("192.0.2.1:443:"))
            .site(2, "b", |site| partner(site, ":443:").set(Setting::CertCheckMode, "1"))
            .server();
        let diff = diff(&server);
        assert!(diff.differences[0].in_effect());
        let effect = diff.differences[0].effect("left", "right");
        assert!(effect.contains("192.0.2.1:443 serves only left") && effect.contains("right has no endpoint to itself"), "{effect}");
        assert!(diff.differences[0].causes.iter().all(|cause| cause.likely));
    }

    #[test]
    fn an_endpoint_that_a_third_site_contests_is_uncertain() {
        let server = Build::iis6()
            .site(1, "a", |site| partner(site, "192.0.2.1:443:"))
            .site(2, "b", |site| partner(site, "192.0.2.2:443:").set(Setting::CertCheckMode, "1"))
            .site(3, "c", |site| partner(site, "192.0.2.1:443:").set(Setting::CertCheckMode, "2"))
            .server();
        let diff = diff(&server);
        let effect = diff.differences[0].effect("left", "right");
        assert!(effect.contains("Uncertain on 192.0.2.1:443, which left shares with \"c\" (id 3)"), "{effect}");
        assert!(diff.differences[0].causes[0].likely);
    }

    #[test]
    fn an_explicit_default_is_written_differently_and_means_the_same() {
        let server = Build::iis6()
            .site(1, "a", |site| partner(site, "192.0.2.1:443:").set(Setting::CertCheckMode, "0"))
            .site(2, "b", |site| partner(site, "192.0.2.2:443:").set(Setting::ServerCertificateStore, "my"))
            .server();
        let diff = diff(&server);
        assert_eq!(
            lines(&diff),
            [
                "/ cert-check-mode: 0 (explicit) / 0 (default) not in effect",
                "/ server-certificate-store: MY (default) / my (explicit) not in effect"
            ]
        );
        assert_eq!(diff.differences[0].effect("left", "right"), "written differently, same effect");
    }

    #[test]
    fn what_differs_in_effect_comes_before_what_is_only_written_differently() {
        let server = Build::iis6()
            .site(1, "a", |site| partner(site, "192.0.2.1:443:").set(Setting::CertCheckMode, "0").set(Setting::UploadReadAheadSize, "1"))
            .site(2, "b", |site| partner(site, "192.0.2.2:443:"))
            .server();
        assert_eq!(
            lines(&diff(&server)),
            ["/ upload-read-ahead-size: 1 (explicit) / 49152 (default)", "/ cert-check-mode: 0 (explicit) / 0 (default) not in effect"]
        );
    }

    #[test]
    fn a_path_of_one_site_is_compared_with_the_nearest_path_of_the_other() {
        let server = Build::iis6()
            .site(1, "a", |site| site.set(Setting::AccessFlags, "8").at("/App", Setting::AccessFlags, "104").path("/App/sub"))
            .site(2, "b", |site| site.set(Setting::AccessFlags, "8").at("/app/SUB", Setting::UploadReadAheadSize, "9").path("/app-2"))
            .server();
        assert_eq!(
            lines(&diff(&server)),
            [
                "/App access-flags: AccessSSL | AccessSSLNegotiateCert | AccessSSLRequireCert (explicit) / AccessSSL (inherited)",
                "/App/sub upload-read-ahead-size: 49152 (default) / 9 (explicit)",
            ]
        );
    }

    #[test]
    fn a_difference_that_a_path_inherits_is_reported_once_and_one_that_it_says_again_twice() {
        let server = Build::iis6()
            .site(1, "a", |site| site.set(Setting::AccessFlags, "104").path("/app").at("/app/x", Setting::AccessFlags, "104"))
            .site(2, "b", |site| site.path("/app"))
            .server();
        let diff = diff(&server);
        let paths: Vec<_> = diff.differences.iter().map(|difference| difference.path.as_str()).collect();
        assert_eq!(paths, ["/", "/app/x"]);
    }

    #[test]
    fn what_only_an_http_sys_record_tells_is_not_assessed_and_never_equal() {
        let server = Build::iis7()
            .site(1, "a", |site| site.binding("https", "*:443:a.test", Some("1")))
            .site(2, "b", |site| site.binding("https", "*:443:b.test", Some("1")))
            .server();
        let diff = diff(&server);
        assert!(diff.differences.is_empty());
        let item = diff.not_assessed.iter().find(|item| item.setting == Setting::CertCheckMode).unwrap();
        assert_eq!(item.needs.left.as_deref(), Some("netsh http show sslcert"));
        assert_eq!((item.endpoints.left[0].to_string(), item.endpoints.right[0].to_string()), ("a.test:443".into(), "b.test:443".into()));
        assert!(!item.same_records);
        assert!(!diff.compared.contains(&Setting::CertCheckMode) && diff.compared.contains(&Setting::AccessFlags));
    }

    #[test]
    fn generations_are_compared_by_meaning_and_what_one_has_not_is_skipped() {
        let old = Build::iis6()
            .site(1, "a", |site| partner(site, ":443:").set(Setting::CertCheckMode, "1").set(Setting::AccessPermissions, "513"))
            .server();
        let new = Build::iis7()
            .site(1, "a", |site| site.binding("https", "*:443:", None).set(Setting::AccessFlags, "Ssl,SslNegotiateCert,SslRequireCert"));
        let new = new.named("WEB02", 1).server();
        let diff = compare_sites(SiteRef { server: &old, site: 0 }, SiteRef { server: &new, site: 0 });
        assert_eq!(lines(&diff), ["/ max-content-length: 4294967295 (default) / 30000000 (default)"]);
        let item = diff.not_assessed.iter().find(|item| item.setting == Setting::CertCheckMode).unwrap();
        assert_eq!((item.needs.left.is_none(), item.needs.right.is_some()), (true, true));
        assert!(diff.bindings.is_empty(), "{:?}", diff.bindings);
    }

    #[test]
    fn an_idle_setting_is_not_in_effect() {
        let idle = |setting, value: &str, mode: &str, access: &str| {
            let with =
                |site: BuildSite, binding: &str| site.https(binding).set(Setting::AccessFlags, access).set(Setting::CertCheckMode, mode);
            let server = Build::iis6()
                .site(1, "a", |site| with(site, "192.0.2.1:443:").set(setting, value))
                .site(2, "b", |site| with(site, "192.0.2.2:443:"))
                .server();
            let diff = diff(&server);
            (!diff.differences[0].in_effect()).then(|| diff.differences[0].effect("left", "right"))
        };
        assert!(idle(Setting::RevocationFreshnessTime, "60", "0", "104").unwrap().contains("bit 4"));
        assert_eq!(idle(Setting::RevocationFreshnessTime, "60", "4", "104"), None);
        assert!(idle(Setting::RevocationUrlRetrievalTimeout, "60", "2", "104").unwrap().contains("fetches"));
        assert!(idle(Setting::CtlStoreName, "CA", "0", "104").unwrap().contains("CTL"));
        assert!(idle(Setting::CtlIdentifier, "{x}", "0", "8").unwrap().contains("neither site asks"));
        assert_eq!(idle(Setting::CtlIdentifier, "{x}", "0", "104"), None);
    }

    #[test]
    fn without_an_https_binding_an_endpoint_setting_is_not_in_effect() {
        let server = Build::iis6()
            .site(1, "a", |site| site.http(":80:").set(Setting::AccessFlags, "104"))
            .site(2, "b", |site| partner(site, ":443:").set(Setting::CertCheckMode, "1"))
            .server();
        let diff = diff(&server);
        assert_eq!(
            diff.differences[0].effect("left", "right"),
            "not in effect: left has no https binding, so no endpoint applies it there"
        );
    }

    #[test]
    fn flags_say_only_what_one_side_adds() {
        let server = Build::iis6()
            .site(1, "a", |site| partner(site, "192.0.2.1:443:").http(":80:"))
            .site(2, "b", |site| site.https("192.0.2.2:443:").set(Setting::AccessFlags, "AccessSSL | AccessSSL128"))
            .server();
        let diff = diff(&server);
        assert_eq!(
            diff.differences[0].effect("A", "B"),
            "only A: the client is asked for a certificate; a client certificate is required, none answers 403.7. \
             only B: 128-bit encryption is required, weaker answers 403.5"
        );
        let causes: Vec<_> = diff.differences[0].causes.iter().map(|cause| (cause.status, cause.side)).collect();
        assert_eq!(
            causes,
            [
                ("403.13", Side::Left),
                ("403.16", Side::Left),
                ("403.17", Side::Left),
                ("403.5", Side::Right),
                ("403.7", Side::Left),
                ("413", Side::Left)
            ]
        );
    }

    #[test]
    fn requiring_without_asking_can_cause_403_7_where_asking_does_not() {
        let server = Build::iis6()
            .site(1, "a", |site| site.https("192.0.2.1:443:").set(Setting::AccessFlags, "72"))
            .site(2, "b", |site| partner(site, "192.0.2.2:443:"))
            .server();
        let diff = diff(&server);
        let cause = diff.differences[0].causes.iter().find(|cause| (cause.status, cause.side) == ("403.7", Side::Left)).unwrap();
        assert!(cause.why.contains("never asked for") && !cause.likely);
    }

    #[test]
    fn a_site_without_https_answers_403_4_and_nothing_that_needs_a_certificate() {
        let server = Build::iis6()
            .site(1, "a", |site| site.http(":80:").set(Setting::AccessFlags, "104"))
            .site(2, "b", |site| site.http(":81:"))
            .server();
        let diff = diff(&server);
        assert_eq!(diff.differences[0].causes.iter().map(|cause| cause.status).collect::<Vec<_>>(), ["403.4"]);
        assert!(diff.differences[0].causes[0].why.contains("nobody can reach"));
    }

    #[test]
    fn bindings_are_compared_as_sets_and_flags_apart() {
        let server = Build::iis7()
            .site(1, "a", |site| site.http("*:80:").binding("https", "*:443:A.test", Some("1")).http(":8080:"))
            .site(2, "b", |site| site.http("*:8080:").binding("HTTPS", "*:443:a.test", Some("33")).http("*:81:"))
            .server();
        let diff = diff(&server);
        assert_eq!(diff.bindings.only.left.iter().map(|binding| binding.written.as_str()).collect::<Vec<_>>(), ["*:80:"]);
        assert_eq!(diff.bindings.only.right.iter().map(|binding| binding.written.as_str()).collect::<Vec<_>>(), ["*:81:"]);
        assert_eq!(diff.bindings.flags.iter().map(|pair| (pair.left.flags, pair.right.flags)).collect::<Vec<_>>(), [(Some(1), Some(33))]);
    }

    #[test]
    fn start_state_and_mapping_entries_are_differences() {
        let mut server = Build::iis6().site(1, "a", |site| site).site(2, "b", |site| site.stopped()).server();
        assert!(diff(&server).starts_differ() && !diff(&server).mappings_differ());
        let place = Place { file: FileId(0), line: 1, column: 1 };
        let mapping = Mapping { one_to_one: false, name: String::new(), enabled: true, deny: true, rules: 0, place };
        server.sites[0].scopes[0].mappings.push(mapping);
        assert!(diff(&server).mappings_differ());
        assert_eq!(diff(&server).sites.left.mappings, MappingCount { deny: 1, ..MappingCount::default() });
    }

    #[test]
    fn a_site_without_scopes_is_survived() {
        let mut server = article("192.0.2.1:443:", "192.0.2.2:443:");
        server.sites[0].scopes.clear();
        assert!(diff(&server).differences.is_empty());
    }

    #[test]
    fn the_working_and_the_failing_site_of_a_metabase_differ_in_cert_check_mode_alone() {
        let text = include_str!("../../tests/fixtures/metabase/01_working_failing_pair.xml").trim_start_matches('\u{feff}');
        let read = |text: &str| {
            let metabase = crate::metabase::read(text, FileId(0), crate::xml::Limits::default(), None).unwrap();
            crate::metabase::assemble(&metabase, "WEB03".to_owned())
        };
        let apart = diff(&read(text));
        assert_eq!(apart.differences[0].setting, Setting::CertCheckMode, "{:?}", lines(&apart));
        assert_eq!((apart.sites.left.id, apart.sites.right.id), (Some(690402), Some(90326589)));
        assert_eq!(apart.differences[0].left.resolved.origin.kind(), "default");
        assert!(apart.differences[0].right.place().is_some_and(|place| place.line > 50));
        let statuses: Vec<_> = apart.differences[0].causes.iter().map(|cause| (cause.status, cause.side)).collect();
        assert_eq!(statuses, [("403.13", Side::Left)]);
        assert_eq!(
            apart.in_effect().map(|difference| difference.setting).collect::<Vec<_>>(),
            [Setting::CertCheckMode, Setting::ServerCertificate]
        );

        let together = diff(&read(&text.replace("192.0.2.22:443:", "192.0.2.21:443:")));
        assert_eq!(together.in_effect().count(), 0, "{:?}", lines(&together));
        assert!(together.differences.iter().any(|difference| difference.setting == Setting::CertCheckMode));
    }

    // Servers of either generation with everything that a comparison looks at, from few values, so that much coincides.
    fn any_server(file: u32) -> impl Strategy<Value = Server> {
        let said = prop::collection::vec((0..Setting::ALL.len(), 0..4usize), 0..5);
        let path = prop::sample::select(vec!["/App", "/app", "/app/x", "/app-2", "/z/y"]);
        let at = prop::collection::vec((path, 0..Setting::ALL.len(), 0..4usize), 0..4);
        let binding = (
            prop::sample::select(vec!["http", "https", "https", "net.tcp"]),
            prop::sample::select(vec!["*:443:", "*:443:a.test", "10.0.0.1:443:", ":443", "nonsense", "*:80:A.test"]),
            prop::sample::select(vec![None, Some("1"), Some("3"), Some("bad")]),
        );
        let site =
            (said.clone(), at, prop::collection::vec(binding, 0..4), any::<bool>(), 1..4u32, prop::sample::select(vec!["a", "A", "b", ""]));
        let record = (
            prop::sample::select(vec!["a.test:443", "0.0.0.0:443", "10.0.0.1:443", "[::]:443"]),
            prop::option::of(any::<bool>()),
            prop::option::of(any::<bool>()),
            prop::option::of(any::<bool>()),
        );
        let records = prop::option::of(prop::collection::vec(record, 0..4));
        (any::<bool>(), said, prop::collection::vec(site, 1..4), records).prop_map(move |(old, service, sites, records)| {
            let text = |setting: Setting, value: usize| match entry(setting).kind {
                crate::catalogue::Kind::Flags => ["0", "104", "1", "x"][value],
                crate::catalogue::Kind::Number => ["0", "60", "49152", "-"][value],
                crate::catalogue::Kind::Bool => ["true", "false", "TRUE", "maybe"][value],
                crate::catalogue::Kind::Text => ["MY", "my", "", "CA"][value],
                crate::catalogue::Kind::Bytes => ["aa", "AA", "", "a"][value],
            };
            let mut build = if old { Build::iis6() } else { Build::iis7() }.named("WEB", file);
            for (setting, value) in service {
                build = build.service(Setting::ALL[setting], text(Setting::ALL[setting], value));
            }
            for (said, at, bindings, stopped, id, name) in sites {
                build = build.site(id, name, |mut site| {
                    for (setting, value) in said {
                        site = site.set(Setting::ALL[setting], text(Setting::ALL[setting], value));
                    }
                    for (path, setting, value) in at {
                        if entry(Setting::ALL[setting]).level == Level::Url {
                            site = site.at(path, Setting::ALL[setting], text(Setting::ALL[setting], value));
                        }
                    }
                    for (protocol, written, flags) in bindings {
                        site = site.binding(protocol, written, flags);
                    }
                    if stopped { site.stopped() } else { site }
                });
            }
            let mut server = build.server();
            if let Some(records) = records {
                give_records(&mut server, &records, file + 10);
            }
            server
        })
    }

    proptest! {
        #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

        #[test]
        fn comparing_the_other_way_round_is_the_mirror_image(left in any_server(0), right in any_server(1), same in any::<bool>()) {
            let right = if same { &left } else { &right };
            for a in 0..left.sites.len() {
                for b in 0..right.sites.len() {
                    let (a, b) = (SiteRef { server: &left, site: a }, SiteRef { server: right, site: b });
                    let forth = compare_sites(a, b);
                    prop_assert_eq!(compare_sites(b, a), forth.clone().mirrored());
                    prop_assert_eq!(forth.clone().mirrored().mirrored(), forth);
                }
            }
        }

        #[test]
        fn a_site_does_not_differ_from_itself(server in any_server(0)) {
            let copy = Build::iis6().named("other", 7).server();
            let copy = Server { inputs: copy.inputs, ..server.clone() };
            for site in 0..server.sites.len() {
                let this = SiteRef { server: &server, site };
                prop_assert!(compare_sites(this, this).is_empty());
                let other = SiteRef { server: &copy, site };
                prop_assert!(compare_sites(this, other).is_empty());
            }
        }

        #[test]
        fn servers_are_matched_alike_in_both_directions(left in any_server(0), right in any_server(1)) {
            let forth = super::super::compare_servers(&left, &right);
            let back = super::super::compare_servers(&right, &left);
            let mut pairs: Vec<_> = back.pairs.iter().map(|pair| (pair.right.site, pair.left.site)).collect();
            pairs.sort();
            prop_assert_eq!(forth.pairs.iter().map(|pair| (pair.left.site, pair.right.site)).collect::<Vec<_>>(), pairs);
            prop_assert_eq!(forth.pairs.len() + forth.only.left.len(), left.sites.len());
            prop_assert_eq!(forth.pairs.len() + forth.only.right.len(), right.sites.len());
            prop_assert!(super::super::compare_servers(&left, &left).is_empty());
        }
    }
}
