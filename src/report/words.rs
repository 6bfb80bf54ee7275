//! What the formats for build servers and reviews say alike: whose finding it is, and why it does not count.

use crate::review::{Judged, State, Suppression};
use crate::rules::{Confidence, Finding};

/// The site as people call it: `"Shop" (id 1)`; `None` for a finding about the server.
pub(super) fn site(finding: &Finding) -> Option<String> {
    finding.site.as_ref().map(|(id, name)| match id {
        Some(id) if name.is_empty() => format!("site {id}"),
        Some(id) => format!("\"{name}\" (id {id})"),
        None => format!("\"{name}\""),
    })
}

/// Server, site and path, as far as the finding has them.
pub(super) fn scope(finding: &Finding) -> String {
    let mut scope = finding.server.clone();
    for part in [site(finding), finding.path.clone().filter(|path| !path.is_empty())].into_iter().flatten() {
        scope.push_str(", ");
        scope.push_str(&part);
    }
    scope
}

/// What follows the name of the rule when it is not certain.
pub(super) fn doubt(finding: &Finding) -> &'static str {
    match finding.confidence {
        Confidence::Firm => "",
        Confidence::Likely => " (likely)",
        Confidence::Hint => " (hint)",
    }
}

/// Why the finding does not count; `None` when it does.
pub(super) fn why_known(judged: &Judged) -> Option<String> {
    match &judged.state {
        State::New => None,
        State::Baselined => Some("in the baseline".to_owned()),
        State::Suppressed(Suppression { reason, until, .. }) => {
            Some(format!("suppressed{}: {reason}", until.as_ref().map(|until| format!(" until {until}")).unwrap_or_default()))
        }
    }
}
