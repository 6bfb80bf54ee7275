//! `no-record`: no SSL record with a certificate serves the endpoint, so that no handshake can succeed.

use crate::catalogue::{Setting, Value};
use crate::diagnose::{Case, Cause, Fact, Judged, Likelihood, needs};
use crate::remedy::{Remedy, Risk};
use crate::rules::Confidence;
use crate::server::Served;

pub(super) const CAUSE: Cause = Cause {
    id: "no-record",
    statuses: &["handshake"],
    title: "No SSL record with a certificate serves the endpoint",
    meaning: "A binding only names an endpoint. Without a record of HTTP.sys that fits it, or on IIS 6 without SSLCertHash, there is no certificate to show: the \
              connection is reset, and no log of IIS has a line for it.",
    open: "Open while the records are not known. On IIS 6 likely at most: what HTTP.sys really has may differ from the metabase.",
    evidence: "the output of netsh http show sslcert without a key; MetaBase.xml on IIS 6",
    likelihood: Likelihood::Common,
    references: &["learn.microsoft.com: AD FS troubleshooting, order of SSL records", "KB2405568"],
    check,
};

fn check(case: &Case<'_>) -> Judged {
    if let Some(fact) = case.without_tls() {
        return Judged::excluded(Confidence::Firm, fact);
    }
    let bind = Remedy::advice(
        Risk::Safe,
        "assign a certificate to the binding in IIS Manager, which writes the record; then compare its options with those of its neighbours, for a new \
         record starts without them",
    );
    if case.is_iis6() {
        let hash = case.ask(Setting::ServerCertificate, |value| Some(matches!(value, Value::Bytes(_))));
        let judged = if !hash.no.is_empty() {
            Judged::supported(Confidence::Likely, hash.no)
        } else if hash.is_yes() {
            Judged::excluded_by(Confidence::Likely, hash.yes)
        } else {
            Judged::open().and(hash.facts())
        };
        return judged.needs([needs::records(case.server)]).remedies([bind]);
    }
    let mut nobody = Vec::new();
    let mut served = Vec::new();
    let mut unknown = case.endpoints.is_empty();
    for endpoint in &case.endpoints {
        match (endpoint.served, case.server.record_of(endpoint)) {
            (Served::Nobody, _) => {
                let binding = case.site().bindings.iter().find(|binding| binding.endpoint.as_ref() == Some(&endpoint.key));
                let text = format!("no record serves {}, to which a binding leads", endpoint.key);
                nobody.push(Fact::at(text, binding.map(|binding| binding.place)));
            }
            (Served::Own(_) | Served::Other(_), Some(record)) => {
                served.push(Fact::at(format!("the record {} serves {}", record.key, endpoint.key), Some(record.place)));
            }
            _ => unknown = true,
        }
    }
    if !nobody.is_empty() {
        return Judged::supported(Confidence::Firm, nobody).remedies([bind]);
    }
    if unknown {
        return Judged::open().and(served).needs([needs::records(case.server)]).remedies([bind]);
    }
    Judged::excluded_by(Confidence::Firm, served)
}

#[cfg(test)]
mod tests {
    use super::super::super::testing::{OneCase, iis6, iis7};
    use super::*;
    use crate::diagnose::Verdict;

    #[test]
    fn an_endpoint_that_no_record_serves_supports_it() {
        let judged = iis7(0).changed(|server| server.endpoints[0].served = Served::Nobody).judge(&CAUSE);
        assert_eq!((judged.verdict, judged.strength), (Verdict::Supported, Confidence::Firm));
        assert!(judged.because[0].text.contains("0.0.0.0:443") && judged.because[0].place.is_some());
        let without = OneCase::iis6_without_certificate().judge(&CAUSE);
        assert_eq!((without.verdict, without.strength), (Verdict::Supported, Confidence::Likely));
    }

    #[test]
    fn a_record_excludes_it() {
        assert_eq!(iis7(0).judge(&CAUSE).verdict, Verdict::Excluded);
        assert_eq!(iis6(0).judge(&CAUSE).verdict, Verdict::Excluded);
    }

    #[test]
    fn unknown_records_leave_it_open() {
        assert_eq!(iis7(0).without_records().judge(&CAUSE).verdict, Verdict::Open);
    }
}
