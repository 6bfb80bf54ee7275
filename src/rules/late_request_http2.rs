//! `late-request-http2`: a client certificate is asked for late, and HTTP/2 does not let the server ask late.

use super::late::late;
use super::record_remedy::Change;
use super::records::Known;
use super::steps::{self, Remedies};
use super::{Confidence, Context, Finding, Rule, Severity};
use crate::compare::decision::{LateTls13, Protocol, decide};
use crate::httpsys::{Record, Switch};
use crate::remedy::Risk;
use crate::server::binding_flags;

pub(super) const RULE: Rule = Rule {
    name: "late-request-http2",
    severity: Severity::Medium,
    confidence: Confidence::Likely,
    title: "Client certificates are asked for late, which HTTP/2 forbids",
    meaning: "A URL wants a client certificate, but the HTTP.sys record does not ask for one in the first handshake. HTTP/2 forbids asking again on a \
              connection that is in use, so the request fails or the client starts over with HTTP/1.1. Which of the two happens depends on the \
              client, and the vendor does not describe it.",
    sees: "Browsers get 403.7 or a reset connection, while clients with HTTP/1.1 such as many services work.",
    silent: "Silent when the record asks in the first handshake or is not known, when HTTP/2 is off in the record, in the binding or by EnableHttp2Tls 0, \
             where the records are those of a Windows without HTTP/2 (their listing has no such line), on IIS 6, for records of other products, at \
             paths that a product's setup writes, and for URLs that require a certificate without asking for one.",
    evidence: "applicationHost.config and the HTTP.sys record; the values of HTTP\\Parameters when given",
    fix: "Let the record ask in the first handshake, or switch HTTP/2 off for this record.",
    remedies: Remedies::iis7(
        "it knows no HTTP/2",
        &[
            steps::SHOW_RECORD,
            steps::NEGOTIATE_7,
            steps::record!(
                "or switches HTTP/2 off for the record; an older Windows does not know the word and changes nothing",
                "disablehttp2=enable"
            ),
            steps::BINDING_FLAG_HTTP2,
        ],
    ),
    references: &["RFC 9113, section 9.2.1", "RFC 8740"],
    check,
};

fn check(context: &Context<'_>, findings: &mut Vec<Finding>) {
    let server = context.server;
    if server.schannel.as_ref().is_some_and(|schannel| schannel.http.enable_http2_tls.value() == Some(&0)) {
        return;
    }
    let known = Known::new(server);
    let possible = |record: &Record| record.switch(Switch::DisableHttp2) != Some(true) && known.has(Switch::DisableHttp2);
    let reached =
        late(server, |used, bindings| possible(used.record) && !bindings.iter().any(|binding| binding.has_flag(binding_flags::NO_HTTP2)));
    for late in reached {
        let record = late.used.record;
        let message = format!(
            "{}, but {} does not ask for one in the first handshake, and HTTP/2 likely does not let it ask later",
            late.words(server),
            late.used.name()
        );
        let off = "switches HTTP/2 off for this record, so that asking late works again";
        findings.push(
            late.finding(&RULE, server, message, record.switch_place(Switch::Negotiate), Severity::Medium)
                .sees(decide(false, late.demand(), Protocol::Http2, LateTls13::Either).outcome.words())
                .related(record.switch_place(Switch::DisableHttp2), "HTTP/2 is not off here")
                .remedies_of(late.used.set(Risk::Safe, off, Change::Switch(Switch::DisableHttp2, true))),
        );
    }
}

#[cfg(test)]
mod tests {
    use super::super::testing::{findings, fixture, with_records};
    use super::*;
    use crate::input::Field;
    use crate::schannel::{HttpValues, Schannel};
    use crate::server::Server;

    fn billing() -> Server {
        with_records("apphost/F1_consistent_sni.config", "netsh/o02_2022_sni_drift_and_ccs.txt")
    }

    #[test]
    fn requiring_late_with_http_2_is_likely_trouble() {
        let found = findings(&RULE, &billing());
        assert_eq!((found.len(), found[0].severity, found[0].confidence), (1, Severity::Medium, Confidence::Likely));
        assert!(found[0].message.contains("\"Billing\" (id 12)") && found[0].sees.contains("403.7"), "{}", found[0].message);
        assert!(found[0].remedies[2].command.as_ref().unwrap().contains("disablehttp2=enable"), "{:?}", found[0].remedies);
    }

    #[test]
    fn http_2_that_is_off_in_record_binding_or_for_the_whole_server_is_silent() {
        let mut server = billing();
        for record in &mut server.records.as_mut().unwrap().records {
            record.switches.insert(Switch::DisableHttp2, Field::said(true, record.place));
        }
        assert!(findings(&RULE, &server).is_empty(), "record");
        let mut server = billing();
        server.sites[1].bindings[0].flags = Some(5);
        assert!(findings(&RULE, &server).is_empty(), "binding");
        let mut server = billing();
        let place = server.records.as_ref().unwrap().records[0].place;
        let http = HttpValues { enable_http2_tls: Field::said(0, place), ..HttpValues::default() };
        server.schannel = Some(Box::new(Schannel { http, ..Schannel::default() }));
        assert!(findings(&RULE, &server).is_empty(), "EnableHttp2Tls");
    }

    #[test]
    fn a_windows_without_http_2_and_unknown_records_are_silent() {
        let old = with_records("apphost/F2_shared_ipport_hostheaders.config", "netsh/o01_2012r2_conflict_revocation.txt");
        assert!(findings(&RULE, &old).is_empty());
        assert!(findings(&RULE, &fixture("apphost/F1_consistent_sni.config")).is_empty());
        let asks = with_records("apphost/F6_mapping.config", "netsh/o03_2025_tls13_ctl_mapper.txt");
        assert!(findings(&RULE, &asks).is_empty(), "the record asks in the first handshake");
    }
}
