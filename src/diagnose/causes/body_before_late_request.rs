//! `body-before-late-request`: the certificate is asked for late, and the request body does not fit into what is read ahead.

use crate::catalogue::{Setting, Value, access};
use crate::diagnose::{Case, Cause, Fact, Judged, Likelihood, needs};
use crate::remedy::Risk;
use crate::rules::Confidence;

pub(super) const CAUSE: Cause = Cause {
    id: "body-before-late-request",
    statuses: &["413"],
    title: "The certificate is asked for late, and the request body is larger than the read-ahead size",
    meaning: "The first handshake does not ask for the certificate, the URL does. Before the server can ask, it must take in the request body, and it takes no \
              more than the read-ahead size. A GET and small bodies pass, a large POST as the first request of a connection does not.",
    open: "Likely where the URL asks and the first handshake is known not to, since the size of the body that failed is not known. Open while it is not known \
           whether the first handshake asks.",
    evidence: "the access flags and the read-ahead size at the URL; whether the record or the site asks in the first handshake",
    likelihood: Likelihood::Common,
    references: &["TechNet cc737382", "MicrosoftDocs/iis-docs: iis/configuration/system.webServer/serverRuntime.md"],
    check,
};

fn check(case: &Case<'_>) -> Judged {
    if let Some(fact) = case.without_tls() {
        return Judged::excluded(Confidence::Firm, fact);
    }
    let wants = case.access_has(access::NEGOTIATE);
    if wants.is_no().is_some() {
        return Judged::excluded_by(Confidence::Firm, wants.no);
    }
    let early = case.asks_early();
    if early.is_yes() {
        let text = |fact: Fact| Fact::at(format!("the certificate is there before the body: {}", fact.text), fact.place);
        return Judged::excluded_by(Confidence::Firm, early.yes.into_iter().map(text));
    }
    let size = case.url_fact(Setting::UploadReadAheadSize);
    let ask = case.set(
        Setting::NegotiateClientCertificate,
        Risk::Safe,
        "asks for the certificate in the first handshake; every visitor of every site on the endpoint is then asked",
        &Value::Bool(true),
    );
    let larger = case.set(
        Setting::UploadReadAheadSize,
        Risk::WeakensSecurity,
        "reads more ahead, here for bodies up to 200 KB; above 64 KB the server can be made to run out of memory, so set it only at the path that needs it",
        &Value::Number(204_800),
    );
    let judged = if wants.may_be_yes() && !early.no.is_empty() {
        Judged::supported(Confidence::Likely, wants.yes).and(early.no.iter().cloned()).and(size)
    } else {
        Judged::open().and(wants.facts()).and(size)
    };
    judged.needs(early.needs()).needs([needs::log()]).remedies(ask).remedies(larger)
}

#[cfg(test)]
mod tests {
    use super::super::super::testing::{OneCase, iis6, iis7};
    use super::*;
    use crate::diagnose::Verdict;

    #[test]
    fn a_url_that_asks_late_supports_it_with_its_read_ahead_size() {
        for case in [iis6(0), iis7(0)] {
            let judged = case.judge(&CAUSE);
            assert_eq!((judged.verdict, judged.strength), (Verdict::Supported, Confidence::Likely));
            assert!(judged.because.iter().any(|fact| fact.text.contains("49152")), "{:?}", judged.because);
            assert_eq!(judged.remedies.last().map(|remedy| remedy.risk), Some(Risk::WeakensSecurity));
        }
    }

    #[test]
    fn asking_in_the_first_handshake_and_asking_never_exclude_it() {
        assert_eq!(iis6(0).with("SSLAlwaysNegoClientCert", "TRUE").judge(&CAUSE).verdict, Verdict::Excluded);
        assert_eq!(iis7(0).with("DefaultFlags", "2").judge(&CAUSE).verdict, Verdict::Excluded);
        assert_eq!(OneCase::iis6("AccessSSL", None).judge(&CAUSE).verdict, Verdict::Excluded);
    }

    #[test]
    fn without_the_record_it_is_open() {
        let judged = iis7(0).without_records().judge(&CAUSE);
        assert_eq!(judged.verdict, Verdict::Open);
        assert!(judged.needs.iter().any(|need| need.command.as_deref() == Some("netsh http show sslcert")));
    }
}
