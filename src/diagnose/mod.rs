//! From a status to its cause: every cause that is known for it is judged by the configuration in effect at one URL and by what the server
//! shows besides, and each verdict names the fact that it rests on and the place of that fact.
//!
//! What is not known is open, never excluded and never in order: a cause is excluded by a fact alone. Pure functions over the model; nothing
//! here reads a file.

pub(crate) mod case;
pub mod causes;
mod fact;
mod judged;
mod logged;
mod needs;
#[cfg(test)]
pub(crate) mod testing;
mod url;

use std::collections::BTreeMap;

pub use case::{Answer, Case};
pub use causes::CAUSES;
pub use fact::Fact;
pub use judged::{Judged, Likelihood, Need, Verdict};
pub use logged::{Logged, logged};
pub use url::Url;

use crate::compare::{self, Side, SiteDiff, compare_sites, status_matches};

/// A cause of a status.
#[derive(Debug)]
pub struct Cause {
    /// Kebab-case name.
    pub id: &'static str,
    /// The statuses that it is a cause of, by their names in `explain`.
    pub statuses: &'static [&'static str],
    /// One line: what is wrong.
    pub title: &'static str,
    /// What it means, and why it leads to the status.
    pub meaning: &'static str,
    /// When it stays open, and when it is no more than likely.
    pub open: &'static str,
    /// What decides it.
    pub evidence: &'static str,
    /// How often it is the cause, as far as the sources tell, where nothing speaks for or against it.
    pub likelihood: Likelihood,
    /// Where the facts come from.
    pub references: &'static [&'static str],
    /// Judges it.
    pub check: fn(&Case<'_>) -> Judged,
}

/// The cause called `id`.
pub fn cause(id: &str) -> Option<&'static Cause> {
    CAUSES.iter().find(|cause| cause.id.eq_ignore_ascii_case(id)).copied()
}

/// The causes of a status, in the order of the table. `403` asks for every 403.
pub fn causes_of(status: &str) -> impl Iterator<Item = &'static Cause> {
    CAUSES.iter().copied().filter(move |cause| cause.statuses.iter().any(|one| status_matches(one, status)))
}

/// A cause with its verdict.
#[derive(Debug)]
pub struct Finding {
    /// The cause.
    pub cause: &'static Cause,
    /// What is known of it here.
    pub judged: Judged,
}

/// A piece of evidence, and the causes that it would decide.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Next {
    /// The evidence.
    pub need: Need,
    /// Ids of the causes, in the order of the diagnosis.
    pub causes: Vec<&'static str>,
}

/// What is known of all causes of a status.
#[derive(Debug)]
pub struct Diagnosis {
    /// The causes: those that something speaks for first, then the open ones by likelihood, then those that are excluded.
    pub findings: Vec<Finding>,
    /// What speaks against the question itself: the status cannot come from here, as far as the files tell.
    pub contradictions: Vec<Fact>,
    /// What follows, one statement each.
    pub conclusion: Vec<String>,
    /// What to collect next: the evidence that would decide most of what is open comes first.
    pub next: Vec<Next>,
    /// The comparison with the site that works, where it finds a difference that matters to the status.
    pub comparison: Option<Comparison>,
}

/// The failing site, on the left, against the one that works.
#[derive(Debug)]
pub struct Comparison {
    /// What differs.
    pub diff: SiteDiff,
    /// What of it can cause the status.
    pub diagnosis: compare::Diagnosis,
}

impl Diagnosis {
    /// The findings with this verdict.
    pub fn with(&self, verdict: Verdict) -> impl Iterator<Item = &Finding> {
        self.findings.iter().filter(move |finding| finding.judged.verdict == verdict)
    }

    /// The verdict on one cause.
    pub fn finding(&self, id: &str) -> Option<&Finding> {
        self.findings.iter().find(|finding| finding.cause.id == id)
    }
}

/// Judges every cause of the status of `case`.
pub fn diagnose(case: &Case<'_>) -> Diagnosis {
    let mut findings: Vec<Finding> = causes_of(&case.status)
        .map(|cause| {
            let mut judged = (cause.check)(case);
            judged.likelihood = judged.likelihood.or(Some(cause.likelihood));
            Finding { cause, judged }
        })
        .collect();
    // The sort is stable: what is equal keeps the order of the table.
    findings.sort_by_key(|finding| finding.judged.rank());
    let contradictions = contradictions(case, &findings);
    let next = next(&findings);
    let comparison = comparison(case);
    let mut diagnosis = Diagnosis { findings, contradictions, conclusion: Vec::new(), next, comparison };
    diagnosis.conclusion = conclusion(case, &diagnosis);
    diagnosis
}

fn comparison(case: &Case<'_>) -> Option<Comparison> {
    let failing = case.site_ref();
    let diff = compare_sites(failing, case.working?);
    let diagnosis = compare::diagnose(&diff, Side::Left, failing, Some(&case.status));
    let helps = !diagnosis.suspects.is_empty() || !diagnosis.without_effect.is_empty();
    helps.then_some(Comparison { diff, diagnosis })
}

/// Where every cause is excluded although somebody met the status, the files and what was met do not belong together.
fn contradictions(case: &Case<'_>, findings: &[Finding]) -> Vec<Fact> {
    if findings.is_empty() || findings.iter().any(|finding| finding.judged.verdict != Verdict::Excluded) {
        return Vec::new();
    }
    let mut facts: Vec<Fact> = Vec::new();
    for fact in findings.iter().flat_map(|finding| &finding.judged.because) {
        if facts.len() < 5 && !facts.contains(fact) {
            facts.push(fact.clone());
        }
    }
    let text = format!(
        "if {} is answered all the same, another server, node or endpoint answered it, or these files are not what is in effect",
        case.status
    );
    facts.push(Fact::new(text));
    facts
}

fn conclusion(case: &Case<'_>, diagnosis: &Diagnosis) -> Vec<String> {
    let mut statements = Vec::new();
    let status = &case.status;
    let mut supported = diagnosis.with(Verdict::Supported);
    if let Some(first) = supported.next() {
        statements.push(format!("{}{}", first.cause.title, first.judged.doubt()));
        let others: Vec<&str> = supported.map(|finding| finding.cause.id).collect();
        if !others.is_empty() {
            statements.push(format!("something speaks for these as well: {}", others.join(", ")));
        }
    } else if !diagnosis.contradictions.is_empty() {
        statements.push(format!("{status} cannot come from here, as far as these files tell"));
    } else if diagnosis.with(Verdict::Open).next().is_some() {
        statements
            .push(format!("nothing that was given speaks for any cause of {status}; what is open below is neither proven nor ruled out"));
        if let Some(first) = diagnosis.next.first() {
            let causes = match first.causes.len() {
                1 => "one cause".to_owned(),
                number => format!("{number} causes"),
            };
            let command = first.need.command.as_ref().map(|command| format!(" (`{command}`)")).unwrap_or_default();
            statements.push(format!("{}{command} would decide most: {causes}", first.need.what));
        }
    }
    statements
}

/// The evidence that open and uncertain causes ask for, the most useful first.
fn next(findings: &[Finding]) -> Vec<Next> {
    let mut order: Vec<&Need> = Vec::new();
    let mut causes: BTreeMap<&Need, Vec<&'static str>> = BTreeMap::new();
    for finding in findings.iter().filter(|finding| finding.judged.verdict != Verdict::Excluded) {
        for need in &finding.judged.needs {
            let of = causes.entry(need).or_insert_with(|| {
                order.push(need);
                Vec::new()
            });
            if of.last() != Some(&finding.cause.id) {
                of.push(finding.cause.id);
            }
        }
    }
    let mut next: Vec<Next> =
        order.into_iter().map(|need| Next { need: need.clone(), causes: causes.remove(need).unwrap_or_default() }).collect();
    next.sort_by_key(|next| std::cmp::Reverse(next.causes.len()));
    next
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;
    use crate::explain::statuses;

    #[test]
    fn causes_are_named_in_kebab_case_once_and_fully_documented() {
        let ids: BTreeSet<&str> = CAUSES.iter().map(|cause| cause.id).collect();
        assert_eq!(ids.len(), CAUSES.len());
        let known: Vec<&str> = statuses().collect();
        for cause in CAUSES {
            assert!(cause.id.bytes().all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'-'), "{}", cause.id);
            assert!(!cause.statuses.is_empty() && cause.statuses.iter().all(|status| known.contains(status)), "{}", cause.id);
            for text in [cause.meaning, cause.open] {
                assert!(text.ends_with('.') && !text.contains("  "), "{}: {text}", cause.id);
            }
            assert!(!cause.title.ends_with('.') && !cause.evidence.is_empty() && !cause.references.is_empty(), "{}", cause.id);
        }
    }
}
