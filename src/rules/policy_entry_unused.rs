//! `policy-entry-unused`: an entry of the policy file that matches nothing. The findings are made in `policy::apply`.

use super::steps::{self, Remedies};
use super::{Confidence, Rule, Severity, found_with_a_policy};

pub(super) const RULE: Rule = Rule {
    name: "policy-entry-unused",
    severity: Severity::Info,
    confidence: Confidence::Firm,
    title: "An entry of the policy file matches nothing",
    meaning: "A suppression or a declared difference matches no finding, an expectation matches no site or path, or a group or role names \
              fewer than two sites or servers of this run. Either what it was made for is gone, and it would hide the next case silently, or a \
              name in it is misspelt, and it never did what it should.",
    sees: "Nothing.",
    silent: "Silent when an input could not be read, because that may be why, and for a suppression of a rule that did not run because it \
             belongs to a benchmark. With a part of the servers as input it is expected for entries about the others.",
    evidence: "the policy file",
    fix: "Remove the entry, or correct its names; `iisaudit sites` lists the sites, `iisaudit rules` the rules.",
    remedies: Remedies::any(&[steps::advice("remove the entry from the policy, or correct what it names")]),
    references: &["docs/policy.md"],
    check: found_with_a_policy,
};
