//! What all reports of a fleet count alike.

use std::cmp::Reverse;
use std::collections::{BTreeMap, HashMap, HashSet};
use std::sync::Arc;

use serde::Serialize;

use super::Survey;
use crate::catalogue::Setting;
use crate::fleet;
use crate::hashing::Seed;
use crate::report::parts::switch_name;
use crate::review::Review;
use crate::rules::Severity;

/// The numbers of a run.
#[derive(Debug, Serialize)]
pub(super) struct SummaryJson {
    pub(super) servers: usize,
    pub(super) sites: usize,
    pub(super) cohorts: usize,
    pub(super) outliers: usize,
    pub(super) groups: usize,
    pub(super) splits: usize,
    pub(super) twins: usize,
    pub(super) twins_that_differ: usize,
    pub(super) high: usize,
    pub(super) medium: usize,
    pub(super) low: usize,
    pub(super) info: usize,
    pub(super) inputs: usize,
    pub(super) unreadable: usize,
}

/// How many sites have which value at their root, or as a whole.
#[derive(Debug, Serialize)]
pub(super) struct SettingCount<'a> {
    pub(super) setting: &'a str,
    pub(super) values: Vec<ValueCount<'a>>,
    pub(super) not_assessed: usize,
}

/// A value as shown, and how many sites have it.
#[derive(Debug, Serialize)]
pub(super) struct ValueCount<'a> {
    pub(super) value: &'a str,
    pub(super) sites: usize,
}

/// A rule, and what it found.
#[derive(Debug, Serialize)]
pub(super) struct RuleCount {
    pub(super) rule: &'static str,
    pub(super) severity: Severity,
    pub(super) findings: usize,
    pub(super) servers: usize,
}

/// The findings of a server.
#[derive(Debug, Serialize)]
pub(super) struct ServerCount<'a> {
    pub(super) server: &'a str,
    pub(super) high: usize,
    pub(super) medium: usize,
    pub(super) low: usize,
    pub(super) info: usize,
}

/// Something that was not assessed.
#[derive(Debug, Serialize)]
pub(super) struct NoticeCount<'a> {
    pub(super) name: &'a str,
    pub(super) servers: usize,
    pub(super) needs: &'a str,
}

pub(super) fn summary(survey: &Survey<'_>) -> SummaryJson {
    let fleet = survey.fleet;
    let of = |severity| survey.review.new_findings().filter(|finding| finding.severity == severity).count();
    let inputs = &survey.review.estate.inputs;
    SummaryJson {
        servers: survey.members.servers.len(),
        sites: survey.members.members.len(),
        cohorts: fleet.cohorts.len(),
        outliers: fleet.outliers.len(),
        groups: fleet.groups.len(),
        splits: fleet.splits.len(),
        twins: fleet.twins.len(),
        twins_that_differ: fleet.twins.iter().filter(|one| !one.agree()).count(),
        high: of(Severity::High),
        medium: of(Severity::Medium),
        low: of(Severity::Low),
        info: of(Severity::Info),
        inputs: inputs.len(),
        unreadable: inputs.iter().filter(|input| input.error.is_some()).count(),
    }
}

/// Values as shown and how many sites have them, by the value, and how many have none that is known.
type Values<'a> = (BTreeMap<&'a str, (&'a str, usize)>, usize);

/// Whose different values tell nothing, for each server may well have its own.
pub(super) fn is_own(setting: &str) -> bool {
    setting == Setting::ServerCertificate.name()
}

/// Settings that are told with every value, however much sites agree: they decide who is asked for a certificate, and what it is held against.
pub(super) fn is_key(setting: &str) -> bool {
    [Setting::AccessFlags, Setting::CertCheckMode, Setting::NegotiateClientCertificate, Setting::CtlIdentifier]
        .iter()
        .any(|key| key.name() == setting)
}

pub(super) fn settings(members: &fleet::Estate) -> Vec<SettingCount<'_>> {
    // Sites share few sets of values, so those are counted before what is in them.
    let mut sets: Vec<(&[Arc<fleet::Fact>], usize)> = Vec::new();
    let mut known: HashMap<usize, usize, Seed> = HashMap::default();
    for values in members.members.iter().flat_map(|member| ["", "/"].into_iter().filter_map(|path| member.values(path))) {
        let index = *known.entry(values.as_ptr().addr()).or_insert(sets.len());
        if index == sets.len() {
            sets.push((values, 0));
        }
        sets[index].1 += 1;
    }
    let mut counts: BTreeMap<&str, Values<'_>> = BTreeMap::new();
    for (values, sites) in sets {
        for fact in values {
            let (values, unknown) = counts.entry(&fact.setting).or_default();
            match &fact.value {
                Some(value) => values.entry(value).or_insert((&fact.shown, 0)).1 += sites,
                None => *unknown += sites,
            }
        }
    }
    let mut counts: Vec<SettingCount<'_>> = counts
        .into_iter()
        .map(|(setting, (values, not_assessed))| {
            let mut values: Vec<ValueCount<'_>> = values.into_values().map(|(value, sites)| ValueCount { value, sites }).collect();
            values.sort_by_key(|value| (Reverse(value.sites), value.value));
            SettingCount { setting, values, not_assessed }
        })
        .collect();
    let rank = |setting: &str| Setting::ALL.iter().position(|one| one.name() == setting).unwrap_or(usize::MAX);
    counts.sort_by_key(|count| (rank(count.setting), count.setting));
    counts
}

/// Findings and the servers that have them, by severity and rule.
type ByRule<'a> = BTreeMap<(Reverse<Severity>, &'static str), (usize, HashSet<&'a str, Seed>)>;

pub(super) fn rules(review: &Review) -> Vec<RuleCount> {
    let mut counts: ByRule<'_> = BTreeMap::new();
    for finding in review.new_findings() {
        let (findings, servers) = counts.entry((Reverse(finding.severity), finding.rule.name)).or_default();
        *findings += 1;
        servers.insert(&finding.server);
    }
    let mut counts: Vec<RuleCount> = counts
        .into_iter()
        .map(|((Reverse(severity), rule), (findings, servers))| RuleCount { rule, severity, findings, servers: servers.len() })
        .collect();
    counts.sort_by_key(|one| (Reverse(one.severity), Reverse(one.findings), one.rule));
    counts
}

pub(super) fn servers(review: &Review) -> Vec<ServerCount<'_>> {
    let mut counts: HashMap<&str, [usize; 4], Seed> = HashMap::default();
    for finding in review.new_findings() {
        let slot = match finding.severity {
            Severity::High => 0,
            Severity::Medium => 1,
            Severity::Low => 2,
            Severity::Info => 3,
        };
        counts.entry(&finding.server).or_default()[slot] += 1;
    }
    let mut counts: Vec<ServerCount<'_>> =
        counts.into_iter().map(|(server, [high, medium, low, info])| ServerCount { server, high, medium, low, info }).collect();
    counts.sort_by_key(|one| (Reverse((one.high, one.medium, one.low, one.info)), one.server));
    counts
}

pub(super) fn notices(review: &Review) -> Vec<NoticeCount<'_>> {
    // With the last server that was counted, so that it is counted once.
    let mut counts: BTreeMap<(&str, &str), (usize, &str)> = BTreeMap::new();
    for server in &review.estate.servers {
        for notice in &server.notices {
            let (servers, last) = counts.entry((notice.name, &notice.needs)).or_default();
            *servers += usize::from(*servers == 0 || *last != server.name);
            *last = &server.name;
        }
    }
    let mut counts: Vec<NoticeCount<'_>> =
        counts.into_iter().map(|((name, needs), (servers, _))| NoticeCount { name, servers, needs }).collect();
    counts.sort_by_key(|one| (Reverse(one.servers), one.name, one.needs));
    counts
}

/// A flag of bindings, and how many sites have it on at least one.
#[derive(Debug, Serialize)]
pub(super) struct SwitchCount {
    /// The bit of `binding@sslFlags`.
    pub(super) bit: u32,
    pub(super) name: &'static str,
    pub(super) sites: usize,
    /// How many sites have an https binding.
    pub(super) of: usize,
}

/// Flags of bindings that any site has.
pub(super) fn switches(members: &fleet::Estate) -> Vec<SwitchCount> {
    let (mut counts, mut of) = ([0_usize; 32], 0);
    for member in &members.members {
        let Some(any) = member.binding_flags().reduce(|any, flags| any | flags) else { continue };
        of += 1;
        for (bit, count) in counts.iter_mut().enumerate() {
            *count += usize::from(any >> bit & 1 == 1);
        }
    }
    let counts = counts.iter().enumerate().filter(|(_, sites)| **sites > 0);
    counts.map(|(bit, sites)| SwitchCount { bit: 1 << bit, name: switch_name(1 << bit), sites: *sites, of }).collect()
}

/// A value of the registry that holds for whole servers.
#[derive(Debug, Serialize)]
pub(super) struct ServerSetting<'a> {
    pub(super) setting: &'a str,
    pub(super) values: Vec<ServerValue<'a>>,
}

/// A value, and how many servers have it.
#[derive(Debug, Serialize)]
pub(super) struct ServerValue<'a> {
    pub(super) value: &'a str,
    pub(super) servers: usize,
}

pub(super) fn server_settings(members: &fleet::Estate) -> Vec<ServerSetting<'_>> {
    let mut counts = Vec::with_capacity(members.registry.len());
    for (setting, values) in &members.registry {
        let mut values: Vec<ServerValue<'_>> = values.iter().map(|(value, servers)| ServerValue { value, servers: *servers }).collect();
        values.sort_by_key(|value| (Reverse(value.servers), value.value));
        counts.push(ServerSetting { setting, values });
    }
    counts
}
