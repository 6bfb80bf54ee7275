//! What the records of HTTP.sys add to the comparison of two sites: endpoints that no record serves, switches of TLS, and what clients meet
//! where one side asks for certificates early and the other late. Values are paired endpoint by endpoint and never guessed.

use std::collections::{BTreeMap, BTreeSet};

use super::decision::{Decision, Demand, LateTls13, Protocol, decide};
use super::pair::View;
use super::{Side, Sides};
use crate::catalogue::{Setting, access, entry};
use crate::httpsys::{Record, Source, Switch};
use crate::input::Place;
use crate::server::{Endpoint, EndpointKey, Generation, Resolved, Scope, Served};

/// The switches that are compared: which protocols the client can use.
const COMPARED: [Switch; 6] = [
    Switch::DisableHttp2,
    Switch::DisableQuic,
    Switch::DisableTls12,
    Switch::DisableTls13,
    Switch::DisableOcspStapling,
    Switch::DisableLegacyTls,
];

/// What the records of two sites do not have in common beyond settings.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct RecordFacts {
    /// Endpoints of each side that no record serves, so that connections are reset; sorted. Only of servers whose records were given.
    pub unserved: Sides<Vec<EndpointKey>>,
    /// Whether that is a difference: one side is served where the other is not.
    pub unserved_differ: bool,
    /// Switches that differ, in the order of the listing.
    pub switches: Vec<SwitchDifference>,
    /// Switches that one side states and the other does not, so that they may differ or not.
    pub switches_not_assessed: Vec<(Switch, Sides<Vec<EndpointKey>>)>,
    /// What clients meet on each side, where the record of one asks in the first handshake and that of the other does not.
    pub negotiation: Option<Negotiation>,
}

/// A switch that differs.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SwitchDifference {
    /// The switch.
    pub switch: Switch,
    /// What the sides have.
    pub said: Sides<SwitchSaid>,
}

/// A switch as one side has it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SwitchSaid {
    /// Whether it is on: most switches turn something off.
    pub on: bool,
    /// Where it is stated; `None` when a registry key leaves it at its default.
    pub place: Option<Place>,
    /// The endpoints on which it is so.
    pub endpoints: Vec<EndpointKey>,
}

/// What a client meets by the access flags of a path, the negotiation of the record, and the protocol.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Negotiation {
    /// The path on each side whose access flags count: the first that wants a certificate, or else the root.
    pub path: Sides<String>,
    /// Whether the first handshake asks.
    pub early: Sides<bool>,
    /// One row for each protocol.
    pub rows: Vec<NegotiationRow>,
}

/// What a client of one protocol meets.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NegotiationRow {
    /// The protocol.
    pub protocol: Protocol,
    /// The outcome; `None` where the record has the protocol switched off.
    pub decisions: Sides<Option<Decision>>,
}

impl RecordFacts {
    /// Whether nothing differs. The negotiation is a difference of its setting, and is not counted again.
    pub fn is_empty(&self) -> bool {
        !self.unserved_differ && self.switches.is_empty()
    }

    /// With the sides exchanged.
    pub fn mirrored(self) -> Self {
        let switch = |one: SwitchDifference| SwitchDifference { said: one.said.mirrored(), ..one };
        let row = |row: NegotiationRow| NegotiationRow { decisions: row.decisions.mirrored(), ..row };
        RecordFacts {
            unserved: self.unserved.mirrored(),
            unserved_differ: self.unserved_differ,
            switches: self.switches.into_iter().map(switch).collect(),
            switches_not_assessed: self.switches_not_assessed.into_iter().map(|(switch, keys)| (switch, keys.mirrored())).collect(),
            negotiation: self.negotiation.map(|one| Negotiation {
                path: one.path.mirrored(),
                early: one.early.mirrored(),
                rows: one.rows.into_iter().map(row).collect(),
            }),
        }
    }
}

/// Whether the endpoints of a side have values of their own, from records.
pub(super) fn has_values(view: &View<'_>) -> bool {
    view.at.server.records.is_some() || view.at.server.running.is_some()
}

/// Whether no record serves any endpoint of a side.
pub(super) fn is_unserved(view: &View<'_>) -> bool {
    !view.endpoints.is_empty() && view.endpoints.iter().all(|endpoint| endpoint.served == Served::Nobody)
}

/// The value of a setting on each endpoint of a side that is served.
pub(super) fn values(view: &View<'_>, root: &Scope, setting: Setting) -> Vec<(EndpointKey, Resolved)> {
    let served = view.endpoints.iter().filter(|endpoint| endpoint.served != Served::Nobody);
    let value = |endpoint: &&Endpoint| {
        let own = if has_values(view) { endpoint.settings.get(setting) } else { root.settings.get(setting) };
        let needs = || entry(setting).iis7.as_ref().map(|iis7| iis7.needs).unwrap_or_default();
        (endpoint.key.clone(), own.cloned().unwrap_or_else(|| Resolved::unknown(needs())))
    };
    served.map(value).collect()
}

/// Whether the same records serve both sites of one server, whatever the keys of their endpoints.
pub(super) fn same_records(left: &View<'_>, right: &View<'_>) -> bool {
    let records = |view: &View<'_>| -> Option<BTreeSet<usize>> { view.endpoints.iter().map(|endpoint| endpoint.served.record()).collect() };
    matches!((records(left), records(right)), (Some(left), Some(right)) if !left.is_empty() && left == right)
}

/// Endpoints with something that they have in common.
type Group<T> = (Vec<EndpointKey>, T);

/// An endpoint, its value as a text that is equal for equal values, and what is said of it.
pub(super) type Item<T> = (EndpointKey, Option<String>, T);

/// Values of two sides, paired.
pub(super) struct Paired<T> {
    /// Values that differ, with the endpoints that have them.
    pub(super) differs: Vec<Sides<Group<T>>>,
    /// Endpoints whose value is not known, each with what is said of it.
    pub(super) unknown: Sides<Vec<(EndpointKey, T)>>,
}

/// Pairs the values of two sides. An endpoint that both have is compared with itself. Of the rest, values that both sides have are alike;
/// each other value is set against one of the other side. Linear in the endpoints, and the same in both directions.
pub(super) fn pair_up<T: Clone>(left: Vec<Item<T>>, right: Vec<Item<T>>) -> Paired<T> {
    let mut paired = Paired { differs: Vec::new(), unknown: Sides { left: Vec::new(), right: Vec::new() } };
    let keys = |items: &[Item<T>]| items.iter().map(|(key, ..)| key.clone()).collect::<BTreeSet<_>>();
    let (on_left, on_right) = (keys(&left), keys(&right));
    let split = |items: Vec<Item<T>>, other: &BTreeSet<EndpointKey>, unknown: &mut Vec<(EndpointKey, T)>| {
        let mut common = BTreeMap::new();
        let mut rest: Vec<(String, Group<T>)> = Vec::new();
        let mut seen: BTreeMap<String, usize> = BTreeMap::new();
        for (key, value, said) in items {
            let Some(value) = value else {
                unknown.push((key, said));
                continue;
            };
            if other.contains(&key) {
                common.insert(key, (value, said));
                continue;
            }
            match seen.get(&value).and_then(|index| rest.get_mut(*index)) {
                Some((_, (keys, _))) => keys.push(key),
                None => {
                    seen.insert(value.clone(), rest.len());
                    rest.push((value, (vec![key], said)));
                }
            }
        }
        (common, rest, seen)
    };
    let (left_common, left_rest, left_seen) = split(left, &on_right, &mut paired.unknown.left);
    let (mut right_common, right_rest, right_seen) = split(right, &on_left, &mut paired.unknown.right);
    // Endpoints of one key with the same pair of values are one difference.
    let mut grouped: BTreeMap<(String, String), usize> = BTreeMap::new();
    for (key, (left_value, left_said)) in left_common {
        let Some((right_value, right_said)) = right_common.remove(&key) else { continue };
        if left_value == right_value {
            continue;
        }
        let pair = (left_value, right_value);
        match grouped.get(&pair).and_then(|index| paired.differs.get_mut(*index)) {
            Some(difference) => {
                difference.left.0.push(key.clone());
                difference.right.0.push(key);
            }
            None => {
                grouped.insert(pair, paired.differs.len());
                paired.differs.push(Sides { left: (vec![key.clone()], left_said), right: (vec![key], right_said) });
            }
        }
    }
    let own = |rest: &[(String, Group<T>)], other: &BTreeMap<String, usize>| -> Vec<Group<T>> {
        rest.iter().filter(|(value, _)| !other.contains_key(value)).map(|(_, group)| group.clone()).collect()
    };
    let (mut left_own, mut right_own) = (own(&left_rest, &right_seen), own(&right_rest, &left_seen));
    if left_own.is_empty() && !right_own.is_empty() {
        left_own.extend(left_rest.into_iter().map(|(_, group)| group).next());
    } else if right_own.is_empty() && !left_own.is_empty() {
        right_own.extend(right_rest.into_iter().map(|(_, group)| group).next());
    }
    if let (Some(last_left), Some(last_right)) = (left_own.last().cloned(), right_own.last().cloned()) {
        for index in 0..left_own.len().max(right_own.len()) {
            let left = left_own.get(index).unwrap_or(&last_left).clone();
            let right = right_own.get(index).unwrap_or(&last_right).clone();
            paired.differs.push(Sides { left, right });
        }
    }
    paired
}

/// Compares what the records of two sites say beyond settings.
pub(super) fn compare(left: &View<'_>, right: &View<'_>) -> RecordFacts {
    let mut facts = RecordFacts::default();
    if !has_values(left) && !has_values(right) {
        return facts;
    }
    facts.unserved = Sides { left: unserved(left), right: unserved(right) };
    facts.unserved_differ = has_values(left) && has_values(right) && unserved_differ(left, right);
    for switch in COMPARED {
        let (left_said, right_said) = (switches(left, switch), switches(right, switch));
        // A Windows that does not list a switch on either side is silent about it.
        let stated = |said: &[(EndpointKey, Option<bool>, Option<Place>)]| said.iter().any(|(_, on, _)| on.is_some());
        if left_said.is_empty() || right_said.is_empty() || !stated(&left_said) && !stated(&right_said) {
            continue;
        }
        let on: BTreeMap<(Side, EndpointKey), bool> = [(Side::Left, &left_said), (Side::Right, &right_said)]
            .into_iter()
            .flat_map(|(side, said)| said.iter().filter_map(move |(key, on, _)| Some(((side, key.clone()), (*on)?))))
            .collect();
        let item = |(key, on, place): (EndpointKey, Option<bool>, Option<Place>)| (key, on.map(|on| on.to_string()), place);
        let paired = pair_up(left_said.into_iter().map(item).collect(), right_said.into_iter().map(item).collect());
        for difference in paired.differs {
            let said = |side: Side, (endpoints, place): Group<Option<Place>>| {
                let on = endpoints.first().and_then(|key| on.get(&(side, key.clone()))).copied().unwrap_or_default();
                SwitchSaid { on, place, endpoints }
            };
            let said = Sides { left: said(Side::Left, difference.left), right: said(Side::Right, difference.right) };
            facts.switches.push(SwitchDifference { switch, said });
        }
        let keys = |unknown: Vec<(EndpointKey, Option<Place>)>| unknown.into_iter().map(|(key, _)| key).collect::<Vec<_>>();
        let unknown = Sides { left: keys(paired.unknown.left), right: keys(paired.unknown.right) };
        if !unknown.left.is_empty() || !unknown.right.is_empty() {
            facts.switches_not_assessed.push((switch, unknown));
        }
    }
    facts.negotiation = negotiation(left, right);
    facts
}

fn unserved(view: &View<'_>) -> Vec<EndpointKey> {
    let nobody = view.endpoints.iter().filter(|endpoint| endpoint.served == Served::Nobody);
    nobody.map(|endpoint| endpoint.key.clone()).collect()
}

fn unserved_differ(left: &View<'_>, right: &View<'_>) -> bool {
    // A side without endpoints has none that could be unserved.
    if left.endpoints.is_empty() || right.endpoints.is_empty() {
        return false;
    }
    let state = |view: &View<'_>| (is_unserved(view), unserved(view).is_empty());
    let served = |view: &View<'_>| -> BTreeMap<EndpointKey, bool> {
        view.endpoints.iter().map(|endpoint| (endpoint.key.clone(), endpoint.served == Served::Nobody)).collect()
    };
    let theirs = served(right);
    state(left) != state(right) || served(left).iter().any(|(key, nobody)| theirs.get(key).is_some_and(|other| other != nobody))
}

/// A switch on each endpoint of a side that a record serves.
fn switches(view: &View<'_>, switch: Switch) -> Vec<(EndpointKey, Option<bool>, Option<Place>)> {
    let of = |endpoint: &&Endpoint| {
        let record = view.at.server.record_of(endpoint)?;
        Some((endpoint.key.clone(), state(record, switch), record.switch_place(switch)))
    };
    view.endpoints.iter().filter_map(of).collect()
}

/// The state of a switch, where the record states it or leaves it at its default.
fn state(record: &Record, switch: Switch) -> Option<bool> {
    let whole = record.source == Source::Registry && !record.certificate.is_absent() && record.default_flags.is_absent();
    record.switch(switch).or_else(|| (whole && !record.switches.contains_key(&switch)).then_some(false))
}

/// Explains a difference in negotiation, where each side has one value and they differ.
fn negotiation(left: &View<'_>, right: &View<'_>) -> Option<Negotiation> {
    let later = |view: &View<'_>| view.generation() != Generation::Iis6;
    if !later(left) || !later(right) || left.endpoints.is_empty() || right.endpoints.is_empty() {
        return None;
    }
    let early = Sides { left: left.early?, right: right.early? };
    let (left_path, right_path) = (wanting(left)?, wanting(right)?);
    let demands = Sides { left: Demand::of(left_path.access()?), right: Demand::of(right_path.access()?) };
    if early.left == early.right || demands.left == Demand::Nothing && demands.right == Demand::Nothing {
        return None;
    }
    let row = |protocol| {
        let decision =
            |view: &View<'_>, early, demand| (!is_off(view, protocol)).then(|| decide(early, demand, protocol, LateTls13::Either));
        let decisions = Sides { left: decision(left, early.left, demands.left), right: decision(right, early.right, demands.right) };
        NegotiationRow { protocol, decisions }
    };
    let rows = [Protocol::Tls12Http1, Protocol::Http2, Protocol::Tls13].map(row).to_vec();
    Some(Negotiation { path: Sides { left: left_path.path.clone(), right: right_path.path.clone() }, early, rows })
}

/// The first path of a site that wants a certificate, or else its root.
fn wanting<'a>(view: &View<'a>) -> Option<&'a Scope> {
    let wants = |scope: &&Scope| scope.access().is_some_and(|bits| bits & (access::NEGOTIATE | access::REQUIRE) != 0);
    let scopes = &view.at.get().scopes;
    scopes.iter().find(wants).or_else(|| scopes.first())
}

/// Whether every record of a side has the protocol switched off.
pub(super) fn is_off(view: &View<'_>, protocol: Protocol) -> bool {
    let switch = match protocol {
        Protocol::Tls12Http1 => return false,
        Protocol::Http2 => Switch::DisableHttp2,
        Protocol::Tls13 => Switch::DisableTls13,
    };
    let mut stated = switches(view, switch).into_iter().map(|(_, on, _)| on).peekable();
    stated.peek().is_some() && stated.all(|on| on == Some(true))
}
