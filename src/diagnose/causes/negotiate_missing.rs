//! `negotiate-missing`: a certificate is required, and nothing asks for one.

use super::chains::required;
use crate::catalogue::{Setting, Value, access};
use crate::diagnose::{Case, Cause, Judged, Likelihood};
use crate::remedy::Risk;
use crate::rules::Confidence;

pub(super) const CAUSE: Cause = Cause {
    id: "negotiate-missing",
    statuses: &["403.7"],
    title: "A certificate is required, and nothing asks for one",
    meaning: "The access flags require a certificate without the flag that asks for it, and the first handshake does not ask either. No client is ever asked, so none can send one.",
    open: "Open while the access flags or the record are not known.",
    evidence: "the access flags at the URL, the HTTP.sys record",
    likelihood: Likelihood::Possible,
    references: &["KB186812", "KB245331"],
    check,
};

fn check(case: &Case<'_>) -> Judged {
    let needs = match required(case) {
        Ok(needs) => needs,
        Err(excluded) => return excluded,
    };
    let negotiate = case.access_has(access::NEGOTIATE);
    if negotiate.is_yes() {
        return Judged::excluded_by(Confidence::Firm, negotiate.yes);
    }
    let early = case.asks_early();
    if early.is_yes() {
        return Judged::excluded_by(Confidence::Likely, early.yes);
    }
    let ask = case.access().and_then(|bits| {
        let value = Value::Flags(bits | access::NEGOTIATE | access::SSL);
        case.set(Setting::AccessFlags, Risk::Safe, "asks for the certificate that is required", &value)
    });
    let judged = if negotiate.is_no().is_some() && !early.no.is_empty() {
        Judged::supported(Confidence::Firm, negotiate.no).and(early.no.iter().cloned())
    } else {
        Judged::open().and(negotiate.facts()).and(early.facts()).needs(negotiate.needs())
    };
    judged.needs(early.needs()).needs(needs).remedies(ask)
}

#[cfg(test)]
mod tests {
    use super::super::super::testing::{OneCase, iis7};
    use super::*;
    use crate::diagnose::Verdict;

    #[test]
    fn requiring_without_asking_supports_it() {
        let judged = OneCase::iis7("Ssl, SslRequireCert", &[("DefaultSslCertCheckMode", 0)]).judge(&CAUSE);
        assert_eq!((judged.verdict, judged.strength), (Verdict::Supported, Confidence::Firm));
        assert_eq!(OneCase::iis6("AccessSSL | AccessSSLRequireCert", None).judge(&CAUSE).verdict, Verdict::Supported);
    }

    #[test]
    fn the_flag_the_first_handshake_and_a_url_that_requires_none_exclude_it() {
        let early = OneCase::iis7("Ssl, SslRequireCert", &[("DefaultFlags", 2)]);
        for case in [iis7(0), early, OneCase::iis7("Ssl", &[])] {
            assert_eq!(case.judge(&CAUSE).verdict, Verdict::Excluded);
        }
    }

    #[test]
    fn an_unknown_record_leaves_it_open() {
        assert_eq!(OneCase::iis7("Ssl, SslRequireCert", &[]).without_records().judge(&CAUSE).verdict, Verdict::Open);
    }
}
