//! What one run of the rules came to, as pure data: the findings, each new, known or suppressed, and the estate they are about. Every output
//! format is a function of this and of nothing else.

use serde::Serialize;

use crate::estate::Estate;
use crate::input::Place;
use crate::rules::{Finding, Severity};

/// The result of one run.
#[derive(Debug, Clone, Default)]
pub struct Review {
    /// What was read, and what could not be.
    pub estate: Estate,
    /// Every finding, also those that are known or suppressed, in the order of reports.
    pub findings: Vec<Judged>,
    /// The baseline that findings were compared with, when one was given.
    pub baseline: Option<BaselineUse>,
    /// The policy file that was applied, when there was one.
    pub policy: Option<PolicyUse>,
}

/// The policy file of a run.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct PolicyUse {
    /// Its path, as in the list of inputs.
    pub path: String,
    /// Rules that it switches off.
    pub rules_off: Vec<&'static str>,
}

/// A finding and what was decided about it.
#[derive(Debug, Clone)]
pub struct Judged {
    /// The finding; its severity is the one that counts.
    pub finding: Finding,
    /// Whether it counts.
    pub state: State,
    /// The severity that the rule gave, where a policy changed it.
    pub severity_before: Option<Severity>,
}

/// Whether a finding counts.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum State {
    /// It counts, and makes the exit code 1 when it is severe enough.
    New,
    /// It was there when the baseline was made.
    Baselined,
    /// A policy suppresses it.
    Suppressed(Suppression),
}

impl State {
    /// The word in reports: `new`, `baselined` or `suppressed`.
    pub fn name(&self) -> &'static str {
        match self {
            State::New => "new",
            State::Baselined => "baselined",
            State::Suppressed(_) => "suppressed",
        }
    }
}

/// Why a finding does not count.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Suppression {
    /// The reason that the policy gives; never empty.
    pub reason: String,
    /// The last day on which it holds, as `YYYY-MM-DD`.
    pub until: Option<String>,
    /// Where the policy says so.
    pub place: Option<Place>,
}

/// The baseline of a run.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct BaselineUse {
    /// Path as given.
    pub path: String,
    /// Number of its entries.
    pub entries: usize,
    /// Entries for which nothing was found any more, in the order of the file.
    pub gone: Vec<GoneEntry>,
}

/// An entry of a baseline for which nothing was found: fixed, or not read this time.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct GoneEntry {
    /// Its fingerprint.
    pub fingerprint: String,
    /// Name of the rule.
    pub rule: String,
    /// Server, site and path, as the baseline has them.
    pub scope: String,
}

impl Review {
    /// A review without policy and baseline: every finding is new. Findings are put in the order of reports.
    pub fn new(estate: Estate, mut findings: Vec<Finding>) -> Self {
        findings.sort_by(Finding::order);
        let judged = |finding| Judged { finding, state: State::New, severity_before: None };
        Review { estate, findings: findings.into_iter().map(judged).collect(), baseline: None, policy: None }
    }

    /// The findings that count.
    pub fn new_findings(&self) -> impl Iterator<Item = &Finding> {
        self.findings.iter().filter(|judged| judged.state == State::New).map(|judged| &judged.finding)
    }

    /// Whether something that counts is at least this severe.
    pub fn has_new(&self, least: Severity) -> bool {
        self.new_findings().any(|finding| finding.severity >= least)
    }
}
