//! `url-asks`: the access flags at the URL ask for a certificate.

use crate::catalogue::{Setting, Value, access};
use crate::diagnose::{Case, Cause, Judged, Likelihood};
use crate::remedy::{Remedy, Risk};
use crate::rules::Confidence;

pub(super) const CAUSE: Cause = Cause {
    id: "url-asks",
    statuses: &["prompt"],
    title: "The access flags at the URL ask for a certificate",
    meaning: "The flag was set for the site or the server and is inherited by public paths, or it stands at the path itself. Whoever comes there is asked, also \
              where no certificate is required.",
    open: "Open where the flags cannot be read.",
    evidence: "the access flags in effect at the URL, and the level that says them",
    likelihood: Likelihood::Common,
    references: &["TechNet cc737338", "MicrosoftDocs/iis-docs: iis/configuration/system.webServer/security/access.md"],
    check,
};

fn check(case: &Case<'_>) -> Judged {
    if let Some(fact) = case.without_tls() {
        return Judged::excluded(Confidence::Firm, fact);
    }
    let asks = case.access_has(access::NEGOTIATE);
    if asks.is_no().is_some() {
        return Judged::excluded_by(Confidence::Firm, asks.no);
    }
    let down = Remedy::advice(Risk::Safe, "set the flag only at the paths that want certificates, and clear it above them");
    let cleared = case.access().and_then(|bits| {
        let what = "no longer asks for or requires a certificate at this path: only for a path that needs none";
        case.set(Setting::AccessFlags, Risk::WeakensSecurity, what, &Value::Flags(bits & !(access::NEGOTIATE | access::REQUIRE)))
    });
    let judged =
        if asks.is_yes() { Judged::supported(Confidence::Firm, asks.yes) } else { Judged::open().and(asks.facts()).needs(asks.needs()) };
    judged.remedies([down]).remedies(cleared)
}

#[cfg(test)]
mod tests {
    use super::super::super::testing::{OneCase, iis6, iis7};
    use super::*;
    use crate::diagnose::Verdict;

    #[test]
    fn the_flag_in_effect_supports_it() {
        assert_eq!(iis6(0).judge(&CAUSE).verdict, Verdict::Supported);
        assert_eq!(iis7(0).judge(&CAUSE).verdict, Verdict::Supported);
    }

    #[test]
    fn without_the_flag_it_is_excluded() {
        assert_eq!(OneCase::iis7("Ssl", &[]).judge(&CAUSE).verdict, Verdict::Excluded);
    }

    #[test]
    fn flags_that_cannot_be_read_leave_it_open() {
        assert_eq!(OneCase::iis7("SslNegotiate", &[]).judge(&CAUSE).verdict, Verdict::Open);
    }
}
