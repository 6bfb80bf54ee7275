//! `no-certificate-sent`: the client was asked and sent no certificate.

use super::chains::{client_listing, required};
use crate::diagnose::{Case, Cause, Judged, Likelihood, needs};
use crate::remedy::{Remedy, Risk};

pub(super) const CAUSE: Cause = Cause {
    id: "no-certificate-sent",
    statuses: &["403.7"],
    title: "The client was asked and sent no certificate",
    meaning: "The client has no certificate for this server, its user cancelled the choice, or a device between ends TLS and does not pass it on.",
    open: "Open wherever a certificate is required: only the client tells, and it remains when every other cause is ruled out.",
    evidence: "certutil -user -store My on a refused client",
    likelihood: Likelihood::Common,
    references: &["KB186812", "KB190004", "KB942067"],
    check,
};

fn check(case: &Case<'_>) -> Judged {
    match required(case) {
        Err(excluded) => excluded,
        Ok(needs) => Judged::open().needs([client_listing(), needs::log()]).needs(needs).remedies([Remedy::advice(
            Risk::ReadOnly,
            "call the URL from the server itself with a certificate that is known to be good: if that works, look at the client and at what is between",
        )]),
    }
}

#[cfg(test)]
mod tests {
    use super::super::super::testing::{OneCase, iis7};
    use super::*;
    use crate::diagnose::Verdict;
    use crate::rules::Confidence;

    #[test]
    fn where_a_certificate_is_required_it_is_open() {
        assert_eq!(iis7(0).judge(&CAUSE).verdict, Verdict::Open);
    }

    #[test]
    fn where_none_is_required_it_is_excluded() {
        let judged = OneCase::iis7("Ssl, SslNegotiateCert", &[]).judge(&CAUSE);
        assert_eq!((judged.verdict, judged.strength), (Verdict::Excluded, Confidence::Firm));
    }
}
