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

use serde::Serialize;

pub use case::{Answer, Case};
pub use causes::CAUSES;
pub use fact::Fact;
pub use judged::{Judged, Likelihood, Need, Verdict};
pub(crate) use logged::is_served;
pub use logged::{Logged, logged, logged_by_site, named_in_logs};
pub use url::Url;

use crate::compare::{self, Side, SiteDiff, compare_sites, status_matches};
use crate::remedy::{Remedy, Risk};
use crate::rules::Confidence;

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
    // The plain 500 is a status of its own, `500 0 0` in the log, and what causes it causes no 500.19.
    let plain = status.starts_with("500.");
    CAUSES.iter().copied().filter(move |cause| cause.statuses.iter().any(|one| status_matches(one, status) && !(plain && *one == "500")))
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

/// One thing to do.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Step {
    /// What it changes; `None` for evidence that is only collected.
    pub risk: Option<Risk>,
    /// What it is and what it is for.
    pub what: String,
    /// The command; `None` where none does it.
    pub command: Option<String>,
}

/// A moment by which it is judged what has expired.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Moment {
    /// In words, as `on 2026-11-23`.
    pub words: String,
    /// Whether somebody has to know: it is not today, and there are certificates or lists that are judged by it.
    pub matters: bool,
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
    /// The next step: what the cause that is told first asks to be done, or the evidence that would decide most.
    pub step: Option<Step>,
    /// By which moment it was judged what has expired, for a status that asks it.
    pub moment: Option<Moment>,
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
            // What was given already is asked for again only where nothing else would decide the cause.
            if judged.needs.iter().any(|need| !needs::is_given(case, need)) {
                judged.needs.retain(|need| !needs::is_given(case, need));
            }
            Finding { cause, judged }
        })
        .collect();
    // The sort is stable: what is equal keeps the order of the table.
    findings.sort_by_key(|finding| finding.judged.rank());
    let contradictions = contradictions(case, &findings);
    let next = next(&findings);
    let comparison = comparison(case);
    let (step, moment) = (step(case, &findings, &next), moment(case));
    let mut diagnosis = Diagnosis { findings, contradictions, conclusion: Vec::new(), step, moment, next, comparison };
    diagnosis.conclusion = conclusion(case, &diagnosis);
    diagnosis
}

/// What to do next. A cause that is no more than likely is made sure first; of what can be done about a sure one, what was done already to
/// get the evidence is left out.
fn step(case: &Case<'_>, findings: &[Finding], next: &[Next]) -> Option<Step> {
    let of_need = |need: &Need| Step { risk: None, what: need.what.clone(), command: need.command.clone() };
    let first = findings.first().filter(|finding| finding.judged.verdict == Verdict::Supported);
    let Some(first) = first else {
        let next = next.first()?;
        let causes = match next.causes.len() {
            1 => "one cause".to_owned(),
            number => format!("{number} causes"),
        };
        let what = format!("{}: it would decide most, {causes}", next.need.what);
        return Some(Step { what, ..of_need(&next.need) });
    };
    if first.judged.strength != Confidence::Firm
        && let Some(need) = first.judged.needs.iter().find(|need| !needs::is_given(case, need))
    {
        return Some(of_need(need));
    }
    let done = |command: &str| needs::is_given(case, &Need::command("", command));
    let remedies = &first.judged.remedies;
    let safe = |remedy: &&Remedy| remedy.risk != Risk::WeakensSecurity;
    let with_command = remedies.iter().filter(safe).find(|remedy| remedy.command.as_deref().is_some_and(|command| !done(command)));
    let remedy = with_command.or_else(|| remedies.iter().find(safe)).or(remedies.first())?;
    Some(Step { risk: Some(remedy.risk), what: remedy.what.clone(), command: remedy.command.clone() })
}

fn moment(case: &Case<'_>) -> Option<Moment> {
    if !matches!(case.status.as_str(), "403.13" | "403.17") {
        return None;
    }
    let evidence = &case.server.evidence;
    let matters = !evidence.certificates.is_empty() || !evidence.crls.is_empty();
    causes::When::of(case, &case.status).map(|when| Moment { matters: matters && !when.is_today, words: when.words })
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
        statements.extend(asides(&first.judged));
        let others: Vec<&str> = supported.map(|finding| finding.cause.id).collect();
        if !others.is_empty() {
            statements.push(format!("something speaks for these as well: {}", others.join(", ")));
        }
    } else if !diagnosis.contradictions.is_empty() {
        statements.push(format!("{status} cannot come from here, as far as these files tell"));
    } else if diagnosis.with(Verdict::Open).next().is_some() {
        statements
            .push(format!("nothing that was given speaks for any cause of {status}; what is open below is neither proven nor ruled out"));
    }
    for text in diagnosis.with(Verdict::Open).flat_map(|finding| asides(&finding.judged)) {
        if !statements.contains(&text) {
            statements.push(text);
        }
    }
    statements
}

/// The first few of what belongs into the conclusion besides the verdict.
fn asides(judged: &Judged) -> impl Iterator<Item = String> {
    judged.asides.iter().take(ASIDES).map(|fact| fact.text.clone())
}

/// A store of certificates can hold many.
const ASIDES: usize = 3;

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
