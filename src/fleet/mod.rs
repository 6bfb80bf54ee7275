//! Many servers: which sites differ from their peers, and which servers from their twins.
//!
//! It promises that nobody is blamed without a majority, that what is not known is neither agreement nor deviation, and that the order in
//! which servers are given changes nothing. The work grows with the number of rows, never with its square.

mod against;
mod cohorts;
mod collect;
mod judge;
mod twins;

use std::sync::Arc;

pub use against::{BINDINGS, Changes, Drift, Made, NotKnown, Run, Side, SiteOf, Told, against};
pub use cohorts::{CohortKind, Declared};
pub use collect::{Collector, Estate, Fact, Location, Member, Observation};
pub use judge::{CohortReport, Deviation, Group, Held, Outlier, Split};
pub use twins::{NodeRow, NodeValue, Twins};

use crate::rules;
use crate::workers::Workers;

/// Whose numbers decide.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Thresholds {
    /// Cohorts in which fewer members have a known value name no culprit.
    pub min_size: usize,
    /// Percent of the members with a known value that make a majority; more than 50.
    pub majority: u8,
}

impl Default for Thresholds {
    /// Three members, two thirds of them: of three sites two outvote one, of two sites none does.
    fn default() -> Self {
        Thresholds { min_size: 3, majority: 66 }
    }
}

/// What the sites and servers of an estate do not have in common.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Fleet {
    /// The cohorts that were compared: declared ones first, then by kind and name.
    pub cohorts: Vec<CohortReport>,
    /// Members that differ from their cohort, the heaviest first.
    pub outliers: Vec<Outlier>,
    /// Members that differ together, the heaviest first.
    pub groups: Vec<Group>,
    /// Settings without a majority, pairs included.
    pub splits: Vec<Split>,
    /// Servers that do the same work.
    pub twins: Vec<Twins>,
}

impl Fleet {
    /// Whether all known values agree.
    pub fn agrees(&self) -> bool {
        self.outliers.is_empty() && self.groups.is_empty() && self.splits.is_empty() && self.twins.iter().all(Twins::agree)
    }
}

/// Compares every site with its peers, and every server with its twins. `nodes` are servers that are declared to be nodes of one role.
pub fn compare(estate: &Estate, declared: &[Declared], nodes: &[rules::Group], thresholds: Thresholds) -> Fleet {
    compare_with(&Workers::none(), estate, declared, nodes, thresholds)
}

/// The same, with several threads.
pub(crate) fn compare_with(
    workers: &Workers,
    estate: &Estate,
    declared: &[Declared],
    nodes: &[rules::Group],
    thresholds: Thresholds,
) -> Fleet {
    // Twins are looked for beside the cohorts.
    let work = cohorts::of(estate, declared).into_iter().map(Some).chain([None]).collect();
    let parts = workers.map(work, |cohort| {
        let mut part = Fleet::default();
        match cohort {
            Some(cohort) => judge::judge(estate, &cohort, thresholds, &mut part),
            None => part.twins = twins::of(estate, nodes),
        }
        part
    });
    let mut fleet = Fleet::default();
    for part in parts {
        fleet.cohorts.extend(part.cohorts);
        fleet.outliers.extend(part.outliers);
        fleet.groups.extend(part.groups);
        fleet.splits.extend(part.splits);
        fleet.twins.extend(part.twins);
    }
    fleet.outliers.sort_by_cached_key(Outlier::order);
    fleet.groups.sort_by_cached_key(Group::order);
    fleet.splits.sort_by_cached_key(Split::order);
    fleet
}

/// How much a deviation matters: what decides who gets in before what decides how, and the more agree on the other value, the more.
fn weight(setting: &str, agree: usize, of: usize) -> u32 {
    let class = match setting {
        "access-flags"
        | "cert-check-mode"
        | "ctl-identifier"
        | "ctl-store-name"
        | "ds-mapper"
        | "anonymous-authentication"
        | "iis-certificate-mapping"
        | "ad-certificate-mapping"
        | collect::RECORD => 3,
        "negotiate-client-certificate" | "access-permissions" | "revocation-freshness-time" | "revocation-url-retrieval-timeout" => 2,
        _ => 1,
    };
    let share = agree.saturating_mul(100).checked_div(of).unwrap_or_default();
    class * u32::try_from(share).unwrap_or(100)
}

/// Text that many rows share.
pub type Name = Arc<str>;
use Name as Text;

#[cfg(test)]
mod tests;
