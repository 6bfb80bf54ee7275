//! `record-asks-everyone`: the first handshake asks every visitor for a certificate.

use crate::catalogue::{Setting, Value};
use crate::diagnose::{Case, Cause, Judged, Likelihood};
use crate::remedy::{Remedy, Risk};
use crate::rules::Confidence;

pub(super) const CAUSE: Cause = Cause {
    id: "record-asks-everyone",
    statuses: &["prompt"],
    title: "The first handshake asks every visitor of the endpoint for a certificate",
    meaning: "Whether the first handshake asks is decided for the IP:port or host name and holds for all sites and URLs on it, those that need no certificate \
              included. The browser asks before the server knows which URL is wanted.",
    open: "Open while the record is not known.",
    evidence: "the HTTP.sys record, or SSLAlwaysNegoClientCert on IIS 6",
    likelihood: Likelihood::Common,
    references: &["TechNet cc778630", "techcommunity.microsoft.com: IIS Support Blog, TLS 1.3 and client certificates"],
    check,
};

fn check(case: &Case<'_>) -> Judged {
    let early = case.asks_early();
    let apart = Remedy::advice(
        Risk::Safe,
        "give the site that wants certificates a host name with SNI, an IP address or a port of its own, and let only that record ask",
    );
    let off = case.set(
        Setting::NegotiateClientCertificate,
        Risk::Safe,
        "asks only where a URL wants a certificate; large request bodies answer 413 there, and TLS 1.3 and HTTP/2 clients fail",
        &Value::Bool(false),
    );
    if early.may_be_yes() {
        return Judged::supported(Confidence::Firm, early.yes.iter().cloned()).needs(early.needs()).remedies([apart]).remedies(off);
    }
    if early.is_no().is_some() {
        return Judged::excluded_by(Confidence::Firm, early.no);
    }
    Judged::open().and(early.facts()).needs(early.needs()).remedies([apart])
}

#[cfg(test)]
mod tests {
    use super::super::super::testing::{iis6, iis7};
    use super::*;
    use crate::diagnose::Verdict;

    #[test]
    fn asking_in_the_first_handshake_supports_it() {
        for case in [iis6(0).with("SSLAlwaysNegoClientCert", "TRUE"), iis7(0).with("DefaultFlags", "2")] {
            let judged = case.judge(&CAUSE);
            assert_eq!((judged.verdict, judged.strength), (Verdict::Supported, Confidence::Firm));
            assert!(judged.because[0].place.is_some());
        }
    }

    #[test]
    fn not_asking_excludes_it() {
        assert_eq!(iis6(0).judge(&CAUSE).verdict, Verdict::Excluded);
        assert_eq!(iis7(0).judge(&CAUSE).verdict, Verdict::Excluded);
    }

    #[test]
    fn an_unknown_record_leaves_it_open() {
        assert_eq!(iis7(0).without_records().judge(&CAUSE).verdict, Verdict::Open);
    }
}
