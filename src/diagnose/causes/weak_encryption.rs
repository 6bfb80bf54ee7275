//! `weak-encryption`: the URL demands 128 bits, and the connection has fewer.

use crate::catalogue::{Setting, Value, access};
use crate::diagnose::{Case, Cause, Judged, Likelihood, needs};
use crate::remedy::{Remedy, Risk};
use crate::rules::Confidence;

pub(super) const CAUSE: Cause = Cause {
    id: "weak-encryption",
    statuses: &["403.5"],
    title: "The URL demands a 128-bit key, and the connection has a weaker one",
    meaning: "Schannel agreed to a weak cipher, and the flag refuses what it agreed to. Clients are very old, or the server itself is limited to export \
              cryptography, which locks everybody out.",
    open: "Likely where the flag is in effect, for nothing else is known to answer this status. Open where the flags cannot be read.",
    evidence: "the access flags at the URL",
    likelihood: Likelihood::Common,
    references: &["KB243196", "KB224389"],
    check,
};

fn check(case: &Case<'_>) -> Judged {
    let demands = case.access_has(access::SSL128);
    if demands.is_no().is_some() {
        return Judged::excluded_by(Confidence::Firm, demands.no);
    }
    let ciphers = Remedy::advice(
        Risk::Safe,
        "switch weak ciphers off in Schannel, so that they are never agreed to, and bring old clients up to date",
    );
    let cleared = case.access().and_then(|bits| {
        let what = "demands https and no longer 128 bits; only the ciphers of Schannel count then";
        case.set(Setting::AccessFlags, Risk::WeakensSecurity, what, &Value::Flags(bits & !access::SSL128 | access::SSL))
    });
    let judged = if demands.is_yes() {
        Judged::supported(Confidence::Likely, demands.yes)
    } else {
        Judged::open().and(demands.facts()).needs(demands.needs())
    };
    judged.needs([needs::log()]).remedies([ciphers]).remedies(cleared)
}

#[cfg(test)]
mod tests {
    use super::super::super::testing::{OneCase, iis6};
    use super::*;
    use crate::diagnose::Verdict;

    #[test]
    fn the_flag_in_effect_supports_it() {
        assert_eq!(OneCase::iis6("AccessSSL | AccessSSL128", None).judge(&CAUSE).verdict, Verdict::Supported);
    }

    #[test]
    fn without_the_flag_it_is_excluded() {
        assert_eq!(iis6(0).judge(&CAUSE).verdict, Verdict::Excluded);
    }

    #[test]
    fn flags_that_cannot_be_read_leave_it_open() {
        assert_eq!(OneCase::iis7("Ssl.Ssl128", &[]).judge(&CAUSE).verdict, Verdict::Open);
    }
}
