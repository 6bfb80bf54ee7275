//! `expected-value-differs`: a setting is not what the policy file expects it to be. The findings are made in `policy::expect`.

use super::steps::{self, Remedies};
use super::{Confidence, Rule, Severity, found_with_a_policy};

pub(super) const RULE: Rule = Rule {
    name: "expected-value-differs",
    severity: Severity::Medium,
    confidence: Confidence::Firm,
    title: "A setting is not what the policy file expects",
    meaning: "An `[[expect]]` entry of `iisaudit.toml` says which value a setting should have at these sites and paths, and another value is in \
              effect there. What is expected is the decision of whoever wrote the entry; whether it is a good one is not judged.",
    sees: "Whatever the value in effect makes of a request, and not what the policy promises.",
    silent: "Silent without a policy file. A value that is not known is never taken for the expected one: the notice \
             `expectation-not-assessed` names it. A value that many paths inherit is reported once, at the first of them.",
    evidence: "the policy file, and the store that decides the setting",
    fix: "Set the expected value where the finding points to, or change the entry of the policy file when the other value is the intended one.",
    remedies: Remedies::any(&[
        steps::advice("set the value that the policy expects, at the place that the finding names"),
        steps::advice("or change the expectation in the policy, when the value is meant"),
    ]),
    references: &["docs/policy.md"],
    check: found_with_a_policy,
};
