//! What the causes of 500.19 share: the findings of rules that say that IIS refuses the configuration, and the results in the log.

use crate::diagnose::{Case, Fact, Judged, Need};
use crate::evidence::show_win32;
use crate::remedy::{Remedy, Risk};
use crate::rules::{Confidence, Context, Finding, rule};

/// Judges one way in which a configuration is refused, by the findings of `rules` and by the results that come with it and with the others.
pub(super) fn judge(case: &Case<'_>, rules: &[&str], results: &[u32], others: &[u32], more: Vec<Fact>) -> Judged {
    if case.is_iis6() {
        return Judged::excluded(Confidence::Firm, Fact::new("500.19 is no status of IIS 6"));
    }
    let logged = case.logged.iter().filter(|one| one.status == "500.19");
    let (mut said, mut denied, mut untold) = (None, None, false);
    for one in logged {
        match one.win32 {
            Some(code) if results.contains(&code) => said = said.or_else(|| Some(one.fact())),
            Some(code) if others.contains(&code) => denied = denied.or_else(|| Some((code, one.fact()))),
            _ => untold = true,
        }
    }
    let mut findings = Vec::new();
    let context = Context::new(case.server);
    for rule in rules.iter().filter_map(|name| rule(name)) {
        (rule.check)(&context, &mut findings);
    }
    findings.retain(|finding| finding.sees.contains("500.19") && reaches(case, finding));
    findings.sort_by(Finding::order);
    let look = Remedy::advice(Risk::ReadOnly, "open the URL on the server itself: the error page names the file, the line and the result");
    let page = Need::plain("the error page of 500.19, opened on the server itself: it names file, line and result");
    let files = Need::plain("applicationHost.config with the web.config files of the site");
    if said.is_none()
        && !untold
        && let Some((code, fact)) = denied
    {
        let text = format!("{}; {} means something else", fact.text, show_win32(code));
        return Judged::excluded(Confidence::Likely, Fact::at(text, fact.place));
    }
    let strength = findings.iter().map(|finding| finding.confidence).max().max((!more.is_empty()).then_some(Confidence::Likely));
    let facts =
        findings.iter().take(FINDINGS).map(|finding| Fact::at(format!("{} ({})", finding.message, finding.rule.name), finding.place));
    let facts: Vec<Fact> = more.into_iter().chain(facts).collect();
    match (strength, said) {
        (Some(strength), said) => {
            let untold = said.is_none().then(|| Fact::new("likely and no more: no result in a log says which fault IIS refuses"));
            let strength = if said.is_some() { strength } else { strength.min(Confidence::Likely) };
            let remedies = findings.into_iter().flat_map(|finding| finding.remedies).take(FINDINGS);
            Judged::supported(strength, facts).and(said).and(untold).needs([page]).remedies([look]).remedies(remedies)
        }
        (None, Some(said)) => Judged::supported(Confidence::Firm, [said]).needs([page, files]).remedies([look]),
        (None, None) => Judged::open().needs([page, files]).remedies([look]),
    }
}

/// So many findings are told.
const FINDINGS: usize = 5;

/// Whether a finding concerns the URL: it is of the server, or of the site at or above the path.
fn reaches(case: &Case<'_>, finding: &Finding) -> bool {
    let site = case.site();
    let here = finding.site.as_ref().is_none_or(|(id, name)| *id == site.id && *name == site.name);
    let path = case.url.path.to_lowercase();
    let above = |own: &String| {
        path.strip_prefix(own.to_lowercase().trim_end_matches('/')).is_some_and(|rest| rest.is_empty() || rest.starts_with('/'))
    };
    here && finding.path.as_ref().is_none_or(above)
}

/// Results that mean a lock, as HRESULT and as the log shortens it.
pub(super) const LOCKED: &[u32] = &[33, 0x8007_0021];
/// Results that mean something twice, malformed or unknown.
pub(super) const INVALID: &[u32] = &[183, 0x8007_00b7, 13, 0x8007_000d];
