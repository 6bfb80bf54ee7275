//! `late-request-unsupported`: the certificate is asked for late, and TLS 1.3 does not let the server ask late.

use crate::catalogue::{Setting, Value, access};
use crate::diagnose::{Case, Cause, Fact, Judged, Likelihood, needs};
use crate::httpsys::Switch;
use crate::remedy::Risk;
use crate::remedy::record::{Change, update};
use crate::rules::Confidence;
use crate::server::WindowsVersion;

pub(super) const CAUSE: Cause = Cause {
    id: "late-request-unsupported",
    statuses: &["500.0", "handshake"],
    title: "The certificate is asked for late on a TLS 1.3 connection, which cannot be done",
    meaning: "The URL wants a certificate that the first handshake did not ask for. TLS 1.3 has no renegotiation, and browsers do not offer what replaced it. \
              Windows Server 2025 answers 500.0 with 0x80070032; Windows Server 2022 resets the connection, and no log of IIS has the request. Clients with \
              TLS 1.2 work, which makes it look random.",
    open: "Firm with the code in the log. Likely where the first handshake is known not to ask and TLS 1.3 is not switched off, because it is not known what \
           the client speaks. Open while the record is not known.",
    evidence: "the access flags at the URL, the HTTP.sys record, the version of Windows, the log (500 0 50)",
    likelihood: Likelihood::Common,
    references: &["techcommunity.microsoft.com: IIS Support Blog, TLS 1.3 and client certificates", "RFC 8446, section 4.6.2"],
    check,
};

fn check(case: &Case<'_>) -> Judged {
    if case.is_iis6() {
        return Judged::excluded(Confidence::Firm, Fact::new("IIS 6 has no TLS 1.3"));
    }
    if let Some(fact) = case.without_tls() {
        return Judged::excluded(Confidence::Firm, fact);
    }
    if let Some(windows) = case.server.windows.filter(|windows| *windows < WindowsVersion::Server2022) {
        return Judged::excluded(Confidence::Firm, Fact::new(format!("{windows} has no TLS 1.3 for servers")));
    }
    let wants = case.access_has(access::NEGOTIATE);
    if wants.is_no().is_some() {
        return Judged::excluded_by(Confidence::Firm, wants.no);
    }
    let early = case.asks_early();
    if early.is_yes() {
        return Judged::excluded_by(Confidence::Firm, early.yes);
    }
    let records: Vec<_> = case.endpoints.iter().filter_map(|endpoint| case.server.record_of(endpoint)).collect();
    let off = |record: &&crate::httpsys::Record| record.switch(Switch::DisableTls13) == Some(true);
    if !records.is_empty() && records.len() == case.endpoints.len() && records.iter().all(off) {
        let fact = |record: &&crate::httpsys::Record| {
            Fact::at(format!("TLS 1.3 is off in the record {}", record.key), record.switch_place(Switch::DisableTls13))
        };
        return Judged::excluded_by(Confidence::Firm, records.iter().map(fact));
    }
    let ask = case.set(
        Setting::NegotiateClientCertificate,
        Risk::Safe,
        "asks for the certificate in the first handshake; every visitor of every site on the endpoint is then asked",
        &Value::Bool(true),
    );
    let what = "switches TLS 1.3 off for the record, so that asking late works again; clients fall back to TLS 1.2";
    let without = match records.as_slice() {
        [record] => update(record, Risk::WeakensSecurity, what, &[Change::Switch(Switch::DisableTls13, true)]),
        _ => None,
    };
    let logged = case.logged_with("500.0", &[50, 0x8007_0032]);
    let judged = if let Some(fact) = logged {
        Judged::supported(Confidence::Firm, [fact]).and(wants.facts()).and(early.facts())
    } else if wants.may_be_yes() && !early.no.is_empty() {
        Judged::supported(Confidence::Likely, wants.yes).and(early.no.iter().cloned()).needs([needs::log()])
    } else {
        Judged::open().and(wants.facts()).and(early.facts()).needs([needs::log()])
    };
    judged.needs(early.needs()).remedies(ask).remedies(without)
}

#[cfg(test)]
mod tests {
    use super::super::super::testing::{iis6, iis7};
    use super::*;
    use crate::diagnose::Verdict;

    #[test]
    fn asking_late_supports_it_and_the_code_in_the_log_makes_it_firm() {
        assert_eq!((iis7(0).judge(&CAUSE).verdict, iis7(0).judge(&CAUSE).strength), (Verdict::Supported, Confidence::Likely));
        assert_eq!(iis7(0).logging(&["500 0 50"]).judge(&CAUSE).strength, Confidence::Firm);
    }

    #[test]
    fn iis_6_an_older_windows_asking_early_and_tls_13_that_is_off_exclude_it() {
        let old = iis7(0).changed(|server| server.windows = Some(WindowsVersion::Server2016));
        for case in [iis6(0), old, iis7(0).with("DefaultFlags", "2"), iis7(0).with("DefaultFlags", "64")] {
            assert_eq!(case.judge(&CAUSE).verdict, Verdict::Excluded);
        }
    }

    #[test]
    fn an_unknown_record_leaves_it_open() {
        assert_eq!(iis7(0).without_records().judge(&CAUSE).verdict, Verdict::Open);
    }
}
