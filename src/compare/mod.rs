//! Comparison of two sites, two servers or two estates: what differs in effect, what is only written differently, where each side says
//! it, and which status the difference can cause. Pure functions over the model; nothing here reads a file or changes a server.
//!
//! Comparing a site with itself finds nothing, and comparing in the other direction finds the same with the sides exchanged.

mod causes;
pub mod decision;
mod diagnosis;
mod pair;
mod records;
mod servers;
mod target;
#[cfg(test)]
pub(crate) mod testing;

use std::fmt;

use serde::Serialize;

use crate::catalogue::{Setting, Value, cert_check, entry};
use crate::input::Place;
use crate::server::{Binding, EndpointKey, Generation, Origin, Resolved, Server, Site};

pub use causes::status_matches;
pub use diagnosis::{Diagnosis, Suspect, diagnose};
pub(crate) use diagnosis::{Fix, revocation_looks};
pub use pair::compare_sites;
pub use records::{Negotiation, NegotiationRow, RecordFacts, SwitchDifference, SwitchSaid};
pub use servers::{EstateDiff, MatchedBy, ServerDiff, SitePair, compare_estates, compare_servers};
pub use target::{NoSite, find_site, split_target};

/// A site and the server it belongs to.
#[derive(Debug, Clone, Copy)]
pub struct SiteRef<'a> {
    /// The server.
    pub server: &'a Server,
    /// Index of the site in `server.sites`.
    pub site: usize,
}

impl<'a> SiteRef<'a> {
    /// The site itself.
    pub fn get(self) -> &'a Site {
        &self.server.sites[self.site]
    }
}

/// One of the two sides of a comparison.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Side {
    /// What was named first.
    Left,
    /// What was named second.
    Right,
}

impl Side {
    /// The other side.
    pub fn other(self) -> Side {
        match self {
            Side::Left => Side::Right,
            Side::Right => Side::Left,
        }
    }
}

impl fmt::Display for Side {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Side::Left => "left",
            Side::Right => "right",
        })
    }
}

/// The same thing on both sides.
#[derive(Debug, Clone, Default, PartialEq, Eq, PartialOrd, Ord, Serialize)]
pub struct Sides<T> {
    /// On the left.
    pub left: T,
    /// On the right.
    pub right: T,
}

impl<T> Sides<T> {
    /// What is on `side`.
    pub fn get(&self, side: Side) -> &T {
        match side {
            Side::Left => &self.left,
            Side::Right => &self.right,
        }
    }

    /// With the sides exchanged.
    pub fn mirrored(self) -> Self {
        Sides { left: self.right, right: self.left }
    }
}

/// What one side says of a setting, as seen from the path that is compared: a value written further up is inherited there.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Said {
    /// The setting.
    pub setting: Setting,
    /// The generation of the side, whose spelling is used.
    pub generation: Generation,
    /// Value and origin.
    pub resolved: Resolved,
}

impl Said {
    /// The value in the spelling of its generation. It comes from a file and must be escaped where it is printed.
    pub fn value(&self) -> String {
        self.resolved.value.show(self.setting, self.generation)
    }

    /// The value as a number, for settings that are numbers or bit sets.
    pub fn number(&self) -> Option<u64> {
        self.resolved.value.number()
    }

    /// What the value means.
    pub fn meaning(&self) -> String {
        self.resolved.value.meaning(self.setting)
    }

    /// Where it is written.
    pub fn place(&self) -> Option<Place> {
        self.resolved.origin.place()
    }

    /// Whether the two are written alike, apart from the place.
    fn written_like(&self, other: &Said) -> bool {
        let spelled = match (&self.resolved.value, &other.resolved.value) {
            (Value::Text(a), Value::Text(b)) => a == b,
            _ => true,
        };
        spelled && self.resolved.origin.kind() == other.resolved.origin.kind()
    }
}

/// How far a difference reaches: whether anybody can notice it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Reach {
    /// It is in effect on both sides: decided per URL, or by endpoints that each side has to itself.
    Everywhere,
    /// It holds at server level, for every site and URL that does not say otherwise.
    ServerLevel,
    /// Some endpoints serve both sites, so it is in effect only on those that one of them has to itself.
    Partly {
        /// The endpoints that serve both.
        shared: Vec<EndpointKey>,
        /// The endpoints that only one of them has.
        own: Sides<Vec<EndpointKey>>,
    },
    /// The same endpoints serve both sites: one record each, one value each, whatever the sites write.
    SameRecords(Vec<EndpointKey>),
    /// A side has no https binding, so no endpoint applies what it says.
    NoEndpoint(Sides<bool>),
    /// The metabase writes it so, while a record of HTTP.sys has another value now. The metabase most likely counts again when the web
    /// service is restarted.
    Pending,
    /// Something else makes the setting idle on both sides; the text says what.
    Idle(&'static str),
    /// The values are equal in meaning and only written differently.
    WrittenOnly,
}

/// Why a value that the metabase writes is not in effect.
pub(crate) const PENDING: &str = "this is what the metabase says, but HTTP.sys has a record of its own now, and what the metabase says most \
     likely counts again when the web service is restarted";

/// An endpoint whose sites contradict one another, so that the value in effect is not known.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Contest {
    /// The endpoint.
    pub endpoint: EndpointKey,
    /// The labels of the other sites on it, to be escaped where they are printed.
    pub with: Vec<String>,
}

/// A status that a difference can cause on one side and not, or not for this reason, on the other.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize)]
pub struct Cause {
    /// The status, such as `403.13`; `handshake` when the TLS handshake fails before there is any status.
    pub status: &'static str,
    /// The side that would answer it.
    pub side: Side,
    /// Whether it is only likely; the text says why.
    pub likely: bool,
    /// Why, said of "this site".
    pub why: String,
}

/// One setting that the two sides do not say alike.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Difference {
    /// The setting.
    pub setting: Setting,
    /// URL path at which it differs; empty at server level.
    pub path: String,
    /// What the left side says.
    pub left: Said,
    /// What the right side says.
    pub right: Said,
    /// How far it reaches.
    pub reach: Reach,
    /// Endpoints of each side on which a third site contradicts.
    pub contested: Sides<Vec<Contest>>,
    /// What it can cause, sorted by status and side. Empty when it is not in effect.
    pub causes: Vec<Cause>,
    /// The endpoints on which the values are in effect, where a side has other values on its other endpoints; empty otherwise.
    pub only_on: Sides<Vec<EndpointKey>>,
}

impl Difference {
    /// What `side` says.
    pub fn said(&self, side: Side) -> &Said {
        match side {
            Side::Left => &self.left,
            Side::Right => &self.right,
        }
    }

    /// Whether the difference is in effect, at least on some endpoint.
    pub fn in_effect(&self) -> bool {
        matches!(self.reach, Reach::Everywhere | Reach::ServerLevel | Reach::Partly { .. })
    }

    /// What a client sees of it, or why nobody sees anything. `left` and `right` name the sides in the text. Site names and values in it
    /// come from files and must be escaped where they are printed.
    pub fn effect(&self, left: &str, right: &str) -> String {
        let mut text = match &self.reach {
            Reach::WrittenOnly => return "written differently, same effect".to_owned(),
            Reach::Idle(why) => return format!("not in effect: {why}"),
            Reach::Pending => return format!("not in effect: {PENDING}"),
            Reach::SameRecords(keys) => {
                let (record, each) = if keys.len() == 1 { ("record", "one value") } else { ("records", "one value each") };
                return format!(
                    "not in effect: both sites are served by the same {record} {}, with {each} for all sites on it. Which of the two \
                     values that is cannot be told from the file; it is likely that of the site that registered first",
                    keys_text(keys)
                );
            }
            Reach::NoEndpoint(without) => {
                let who = match (without.left, without.right) {
                    (true, true) => "neither side has an https binding".to_owned(),
                    (true, false) => format!("{left} has no https binding"),
                    _ => format!("{right} has no https binding"),
                };
                return format!("not in effect: {who}, so no endpoint applies it there");
            }
            Reach::Everywhere => String::new(),
            Reach::ServerLevel => "for all sites and URLs that do not say otherwise: ".to_owned(),
            Reach::Partly { shared, own } => {
                let mine = |side: &str, keys: &[EndpointKey]| match keys {
                    [] => format!("{side} has no endpoint to itself"),
                    keys => format!("{} serves only {side}", keys_text(keys)),
                };
                format!(
                    "only partly in effect: {} serves both sites with one value, likely that of the site that registered first; {}; {}. ",
                    keys_text(shared),
                    mine(left, &own.left),
                    mine(right, &own.right)
                )
            }
        };
        for (name, keys) in [(left, &self.only_on.left), (right, &self.only_on.right)] {
            if !keys.is_empty() {
                text.push_str(&format!("{name} on {} alone. ", keys_text(keys)));
            }
        }
        text.push_str(&self.seen(left, right));
        for (name, contested) in [(left, &self.contested.left), (right, &self.contested.right)] {
            for contest in contested {
                text.push_str(&format!(
                    ". Uncertain on {}, which {name} shares with {}: they write different values, and which counts cannot be told from \
                     the file",
                    contest.endpoint,
                    contest.with.join(", ")
                ));
            }
        }
        text
    }

    /// What a client sees of two values that are both in effect.
    fn seen(&self, left: &str, right: &str) -> String {
        let values = (&self.left.resolved.value, &self.right.resolved.value);
        match (self.setting, values) {
            (_, (Value::Malformed(_), _) | (_, Value::Malformed(_))) => {
                "one value cannot be read, so what IIS makes of it is not known".to_owned()
            }
            (Setting::AccessFlags | Setting::AccessPermissions, (Value::Flags(a), Value::Flags(b))) => {
                let only = |name: &str, bits: u32| match bits {
                    0 => None,
                    bits => Some(format!("only {name}: {}", Value::Flags(bits).meaning(self.setting))),
                };
                [only(left, a & !b), only(right, b & !a)].into_iter().flatten().collect::<Vec<_>>().join(". ")
            }
            (Setting::CertCheckMode, (Value::Flags(a), Value::Flags(b))) => seen_by_mode(*a, *b, left, right),
            (Setting::ServerCertificate, (Value::Bytes(_), Value::Bytes(_))) => "clients are shown different certificates".to_owned(),
            (Setting::CtlIdentifier | Setting::CtlStoreName, (Value::Text(_), Value::Text(_))) => {
                "client certificates of different issuers are accepted".to_owned()
            }
            (setting, (a, b)) => {
                // A text means no more than its setting's title, so it is named.
                let sees = |value: &Value, said: &Said| match value {
                    Value::Text(_) | Value::Bytes(_) => format!("{} {}", entry(setting).title, said.value()),
                    _ => said.meaning(),
                };
                format!("{left}: {}. {right}: {}", sees(a, &self.left), sees(b, &self.right))
            }
        }
    }

    fn mirrored(self) -> Difference {
        let mut causes: Vec<Cause> = self.causes.into_iter().map(|cause| Cause { side: cause.side.other(), ..cause }).collect();
        causes.sort();
        let reach = match self.reach {
            Reach::Partly { shared, own } => Reach::Partly { shared, own: own.mirrored() },
            Reach::NoEndpoint(without) => Reach::NoEndpoint(without.mirrored()),
            reach => reach,
        };
        Difference {
            left: self.right,
            right: self.left,
            reach,
            contested: self.contested.mirrored(),
            causes,
            only_on: self.only_on.mirrored(),
            ..self
        }
    }
}

/// A setting that could not be compared because at least one side does not know its value. It may differ or not.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NotAssessed {
    /// The setting.
    pub setting: Setting,
    /// URL path.
    pub path: String,
    /// What would tell the value, on the side that does not know it.
    pub needs: Sides<Option<String>>,
    /// The endpoints that decide it, when it is decided by endpoints.
    pub endpoints: Sides<Vec<EndpointKey>>,
    /// Whether the same records serve both sites, so that it cannot differ between them, whatever it is.
    pub same_records: bool,
}

/// Bindings that only one side has, or that differ in their flags. They are compared as sets.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct BindingDiff {
    /// Bindings of one side whose protocol, address, port and host the other side has not, sorted.
    pub only: Sides<Vec<Binding>>,
    /// Bindings that are the same apart from the number `binding@sslFlags`, sorted.
    pub flags: Vec<Sides<Binding>>,
}

impl BindingDiff {
    /// Whether the bindings are the same.
    pub fn is_empty(&self) -> bool {
        self.only.left.is_empty() && self.only.right.is_empty() && self.flags.is_empty()
    }
}

/// How many certificate mapping entries a site has.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize)]
pub struct MappingCount {
    /// Enabled one-to-one entries.
    pub one_to_one: usize,
    /// Enabled many-to-one entries that map.
    pub many_to_one: usize,
    /// Enabled many-to-one entries that deny access.
    pub deny: usize,
    /// Entries that are not enabled.
    pub disabled: usize,
    /// Entries below the site, which IIS ignores.
    pub below_site: usize,
}

/// One of the two sites, as far as a report names it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SiteSummary {
    /// Name of its server.
    pub server: String,
    /// Generation of its server.
    pub generation: Generation,
    /// Its number.
    pub id: Option<u32>,
    /// Its name.
    pub name: String,
    /// Name and number for messages, to be escaped where they are printed.
    pub label: String,
    /// Where it is declared.
    pub place: Option<Place>,
    /// Whether it starts with the service.
    pub auto_start: bool,
    /// The endpoints that serve it, sorted.
    pub endpoints: Vec<EndpointKey>,
    /// Its certificate mapping entries.
    pub mappings: MappingCount,
}

/// What two sites do not have in common.
#[derive(Debug, Clone, PartialEq)]
pub struct SiteDiff {
    /// The two sites.
    pub sites: Sides<SiteSummary>,
    /// Whether both are sites of one server.
    pub same_server: bool,
    /// Settings that differ: first those in effect, then those only written differently; each by path and setting.
    pub differences: Vec<Difference>,
    /// Bindings that differ.
    pub bindings: BindingDiff,
    /// What the records of HTTP.sys say beyond settings.
    pub records: RecordFacts,
    /// Settings that could not be compared. They are neither equal nor different as far as anyone can tell.
    pub not_assessed: Vec<NotAssessed>,
    /// Settings whose values are known on both sides at every path, different or not.
    pub compared: Vec<Setting>,
    /// Number of URL paths at which settings were compared.
    pub paths: usize,
}

impl SiteDiff {
    /// Whether nothing differs. What was not assessed is not counted: see [`SiteDiff::not_assessed`] before calling the sites equal.
    pub fn is_empty(&self) -> bool {
        self.differences.is_empty()
            && self.bindings.is_empty()
            && self.records.is_empty()
            && !self.starts_differ()
            && !self.mappings_differ()
    }

    /// Whether one site starts with the service and the other does not.
    pub fn starts_differ(&self) -> bool {
        self.sites.left.auto_start != self.sites.right.auto_start
    }

    /// Whether the sites have different numbers of certificate mapping entries.
    pub fn mappings_differ(&self) -> bool {
        self.sites.left.mappings != self.sites.right.mappings
    }

    /// The differences that are in effect.
    pub fn in_effect(&self) -> impl Iterator<Item = &Difference> {
        self.differences.iter().filter(|difference| difference.in_effect())
    }

    /// The same with the sides exchanged: what comparing in the other direction gives.
    pub fn mirrored(self) -> SiteDiff {
        let bindings =
            BindingDiff { only: self.bindings.only.mirrored(), flags: self.bindings.flags.into_iter().map(Sides::mirrored).collect() };
        let not_assessed = self.not_assessed.into_iter().map(|item| NotAssessed {
            needs: item.needs.mirrored(),
            endpoints: item.endpoints.mirrored(),
            ..item
        });
        SiteDiff {
            sites: self.sites.mirrored(),
            differences: self.differences.into_iter().map(Difference::mirrored).collect(),
            bindings,
            records: self.records.mirrored(),
            not_assessed: not_assessed.collect(),
            ..self
        }
    }
}

/// What clients see of two values of CertCheckMode; what is the same on both sides is left out.
fn seen_by_mode(a: u32, b: u32, left: &str, right: &str) -> String {
    let revocation = |bits: u32| match bits & (cert_check::NO_REVOCATION | cert_check::CACHE_ONLY | cert_check::FRESHNESS) {
        cert_check::NO_REVOCATION => "revoked certificates are accepted",
        bits if bits & cert_check::NO_REVOCATION != 0 => {
            "revoked certificates are likely accepted; what bit 1 means together with 2 or 4, which exclude it, is not documented"
        }
        0 => "a revoked certificate is refused, and so is one for which no valid CRL can be had",
        bits if bits & cert_check::CACHE_ONLY != 0 => {
            "a revoked certificate is refused, and so is one whose CRL is not cached or has expired"
        }
        _ => "a revoked certificate is refused, and so is one whose CRL cannot be fetched anew in time",
    };
    let usage = |bits: u32| match bits & cert_check::NO_USAGE {
        0 => "one that is not meant for client authentication is likely refused",
        _ => "one that is not meant for client authentication is accepted",
    };
    let mut sides = [Vec::new(), Vec::new()];
    for text in [&revocation as &dyn Fn(u32) -> &'static str, &usage] {
        if text(a) != text(b) {
            sides[0].push(text(a));
            sides[1].push(text(b));
        }
    }
    match sides {
        [a, b] if a.is_empty() && b.is_empty() => "the values differ only in bits without a known effect here".to_owned(),
        [a, b] => format!("{left}: {}. {right}: {}", a.join("; "), b.join("; ")),
    }
}

/// Endpoint keys for a text.
fn keys_text(keys: &[EndpointKey]) -> String {
    keys.iter().map(EndpointKey::to_string).collect::<Vec<_>>().join(", ")
}

/// The origin as seen from further down: what is written above is inherited.
fn inherited(resolved: &Resolved, from: &str) -> Resolved {
    match &resolved.origin {
        Origin::Explicit { at } => Resolved { value: resolved.value.clone(), origin: Origin::Inherited { from: from.to_owned(), at: *at } },
        _ => resolved.clone(),
    }
}
