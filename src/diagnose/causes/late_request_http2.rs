//! `late-request-http2`: the certificate is asked for late, and HTTP/2 does not let the server ask late.

use super::chains::required;
use crate::catalogue::{Setting, Value, access};
use crate::diagnose::{Case, Cause, Fact, Judged, Likelihood, Need};
use crate::httpsys::{Record, Switch};
use crate::remedy::record::{Change, update};
use crate::remedy::{Remedy, Risk};
use crate::rules::Confidence;
use crate::server::{Endpoint, WindowsVersion, binding_flags};

pub(super) const CAUSE: Cause = Cause {
    id: "late-request-http2",
    statuses: &["403.7", "handshake"],
    title: "The certificate is asked for late on an HTTP/2 connection, which cannot be done",
    meaning: "The URL requires a certificate that the first handshake did not ask for. HTTP/2 forbids to ask again on a connection that is in use, neither by \
              renegotiation nor, with TLS 1.3, after the handshake. Where the URL lies below pages that need no certificate, browsers come to it on such a \
              connection. They get 403.7 or a connection error, while clients with HTTP/1.1 work.",
    open: "Likely at most: no log of IIS that is read here tells the protocol of the refused requests, and the vendor does not say which of 403.7, a reset and a \
           fresh connection with HTTP/1.1 follows. Open while the record or the version of Windows is not known.",
    evidence: "the access flags at the URL, the HTTP.sys record (Disable HTTP2), EnableHttp2Tls, the version of Windows; a call with curl --http1.1 that works",
    likelihood: Likelihood::Possible,
    references: &["RFC 9113, section 9.2.1", "RFC 8740", "field reports: browsers get 403.7, curl and Java do not"],
    check,
};

fn check(case: &Case<'_>) -> Judged {
    if case.is_iis6() {
        return Judged::excluded(Confidence::Firm, Fact::new("IIS 6 has no HTTP/2"));
    }
    if let Some(fact) = case.without_tls() {
        return Judged::excluded(Confidence::Firm, fact);
    }
    let known = case.server.windows;
    if let Some(windows) = known.filter(|windows| *windows < WindowsVersion::Server2016) {
        return Judged::excluded(Confidence::Firm, Fact::new(format!("{windows} has no HTTP/2")));
    }
    let needs = match required(case) {
        Ok(needs) => needs,
        Err(excluded) => return excluded,
    };
    let wants = case.access_has(access::NEGOTIATE);
    if wants.is_no().is_some() {
        return Judged::excluded_by(Confidence::Firm, wants.no);
    }
    let early = case.asks_early();
    if early.is_yes() {
        return Judged::excluded_by(Confidence::Firm, early.yes);
    }
    if let Some(schannel) = case.server.schannel.as_ref().filter(|schannel| schannel.http.enable_http2_tls.value() == Some(&0)) {
        let fact = Fact::at("HTTP/2 is off for the whole server: EnableHttp2Tls is 0", schannel.http.enable_http2_tls.place());
        return Judged::excluded(Confidence::Firm, fact);
    }
    let off: Vec<Fact> = case.endpoints.iter().filter_map(|endpoint| off(case, endpoint)).collect();
    if !off.is_empty() && off.len() == case.endpoints.len() {
        return Judged::excluded_by(Confidence::Firm, off);
    }
    let records: Vec<&Record> = case.endpoints.iter().filter_map(|endpoint| case.server.record_of(endpoint)).collect();
    let on = |record: &&Record| record.switch(Switch::DisableHttp2) == Some(false);
    let on: Vec<Fact> = records
        .iter()
        .copied()
        .filter(on)
        .map(|record| Fact::at(format!("HTTP/2 is not off in the record {}", record.key), record.switch_place(Switch::DisableHttp2)))
        .collect();
    let ask = case.set(
        Setting::NegotiateClientCertificate,
        Risk::Safe,
        "asks for the certificate in the first handshake; every visitor of every site on the endpoint is then asked",
        &Value::Bool(true),
    );
    let without = match records.as_slice() {
        [record] => update(
            record,
            Risk::Safe,
            "switches HTTP/2 off for the record, so that asking late works again with TLS 1.2; an older Windows does not know the word",
            &[Change::Switch(Switch::DisableHttp2, true)],
        ),
        _ => None,
    };
    let try_it = Remedy::command(
        Risk::ReadOnly,
        "calls the URL with HTTP/1.1 and a certificate that is known to be good: if that works and a browser does not, it is this",
        "curl --http1.1 --cert client.pfx --cert-type P12 -v https://HOST/PATH",
    );
    let has_http2 = !on.is_empty() || known.is_some();
    let judged = if has_http2 && wants.may_be_yes() && !early.no.is_empty() {
        let why =
            "likely and no more: no log that is read here tells the protocol of the refused requests, and what follows is not documented";
        Judged::supported(Confidence::Likely, early.no.iter().cloned()).and(on).and(below(case)).and(wants.yes).and([Fact::new(why)])
    } else {
        Judged::open().and(wants.facts()).and(early.facts()).and(on)
    };
    let version = Need::command("the version of Windows (--windows), since HTTP/2 came with Windows Server 2016", "ver");
    let call = Need::command(
        "a call with HTTP/1.1, of a client with a good certificate",
        "curl --http1.1 --cert client.pfx --cert-type P12 -v https://HOST/PATH",
    );
    judged
        .needs([call])
        .needs((!has_http2).then_some(version))
        .needs(early.needs())
        .needs(needs)
        .remedies([try_it])
        .remedies(ask)
        .remedies(without)
}

/// That HTTP/2 is off on an endpoint.
fn off(case: &Case<'_>, endpoint: &Endpoint) -> Option<Fact> {
    if let Some(record) = case.server.record_of(endpoint).filter(|record| record.switch(Switch::DisableHttp2) == Some(true)) {
        return Some(Fact::at(format!("HTTP/2 is off in the record {}", record.key), record.switch_place(Switch::DisableHttp2)));
    }
    let mut bindings = case.site().bindings.iter().filter(|binding| binding.endpoint.as_ref() == Some(&endpoint.key)).peekable();
    let first = bindings.peek()?.place;
    bindings
        .all(|binding| binding.has_flag(binding_flags::NO_HTTP2))
        .then(|| Fact::at(format!("HTTP/2 is off in the binding to {} (binding@sslFlags)", endpoint.key), Some(first)))
}

/// That the URL lies below one that asks for no certificate, so that a connection is in use before it is wanted.
fn below(case: &Case<'_>) -> Option<Fact> {
    let root = case.site().root().settings.get(Setting::AccessFlags)?;
    let asks = root.known()?.flags()? & access::NEGOTIATE != 0;
    (!asks && case.scope.path != "/").then(|| {
        let text = format!(
            "/ of the site asks for no certificate and {} does, so that browsers come to it on a connection that is in use",
            case.scope.path
        );
        Fact::at(text, case.scope.settings.get(Setting::AccessFlags).and_then(|resolved| resolved.origin.place()))
    })
}

#[cfg(test)]
mod tests {
    use super::super::super::testing::{OneCase, iis6, iis7};
    use super::*;
    use crate::diagnose::Verdict;

    #[test]
    fn asking_late_where_the_windows_has_http2_is_likely() {
        let judged = iis7(0).changed(|server| server.windows = Some(WindowsVersion::Server2019)).judge(&CAUSE);
        assert_eq!((judged.verdict, judged.strength), (Verdict::Supported, Confidence::Likely));
        assert!(judged.needs[0].command.as_deref().is_some_and(|command| command.starts_with("curl --http1.1")), "{:?}", judged.needs);
    }

    #[test]
    fn iis_6_an_older_windows_asking_early_and_http2_that_is_off_exclude_it() {
        let old = iis7(0).changed(|server| server.windows = Some(WindowsVersion::Server2012R2));
        let accepts = OneCase::iis7("Ssl, SslNegotiateCert", &[]);
        for case in [iis6(0), old, accepts, iis7(0).with("DefaultFlags", "2"), iis7(0).with("DefaultFlags", "16")] {
            assert_eq!(case.judge(&CAUSE).verdict, Verdict::Excluded);
        }
    }

    #[test]
    fn an_unknown_record_or_windows_leaves_it_open() {
        assert_eq!(iis7(0).judge(&CAUSE).verdict, Verdict::Open);
        assert_eq!(iis7(0).without_records().judge(&CAUSE).verdict, Verdict::Open);
    }
}
