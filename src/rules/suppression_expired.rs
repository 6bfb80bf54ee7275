//! `suppression-expired`: the last day of a suppression is over. The findings are made in `policy::apply`.

use super::steps::{self, Remedies};
use super::{Confidence, Rule, Severity, found_with_a_policy};

pub(super) const RULE: Rule = Rule {
    name: "suppression-expired",
    severity: Severity::Low,
    confidence: Confidence::Firm,
    title: "A suppression has expired",
    meaning: "The day that a `[[suppress]]` entry of `iisaudit.toml` gives as `until` is over. What it suppressed counts again: what was to be \
              fixed by then is still there, or the entry is no longer needed.",
    sees: "Nothing.",
    silent: "Silent on the last day itself. The day is that of the clock in UTC, or the one of `--at`.",
    evidence: "the policy file and the clock",
    fix: "Fix what was suppressed and remove the entry, or decide anew: give it another day and another reason.",
    remedies: Remedies::any(&[
        steps::advice("fix what the entry suppressed, then remove the entry"),
        steps::advice("or decide anew, and write another day and why"),
    ]),
    references: &["docs/policy.md"],
    check: found_with_a_policy,
};
