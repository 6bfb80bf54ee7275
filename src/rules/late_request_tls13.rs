//! `late-request-tls13`: a client certificate is asked for late, and TLS 1.3 does not let the server ask late.

use super::late::late;
use super::record_remedy::Change;
use super::records::{Known, Proof};
use super::steps::{self, Remedies};
use super::{Confidence, Context, Finding, Rule, Severity};
use crate::compare::decision::{Demand, LateTls13, Protocol, decide};
use crate::httpsys::{Record, Switch};
use crate::remedy::Risk;
use crate::schannel::Role;
use crate::server::{Server, binding_flags};

pub(super) const RULE: Rule = Rule {
    name: "late-request-tls13",
    severity: Severity::High,
    confidence: Confidence::Firm,
    title: "Client certificates are asked for late, which fails under TLS 1.3",
    meaning: "A URL wants a client certificate, but the HTTP.sys record does not ask for one in the first handshake. The server must then ask when it \
              has seen the URL. TLS 1.3 has no renegotiation, and browsers do not offer the way that replaces it, so every client that speaks TLS \
              1.3 fails; those with TLS 1.2 work, which makes the fault look random.",
    sees: "Windows Server 2022 and Windows 11 before 24H2: the connection is reset and no log of IIS holds the request. Windows Server 2025 and \
           Windows 11 24H2: 500.0 with 0x80070032.",
    silent: "Silent when the record asks in the first handshake or is not known, when TLS 1.3 is off in the record, in the binding or in Schannel, \
             where the records are those of a Windows without TLS 1.3 (their listing has no such line), on IIS 6, for records of other products, at \
             paths that a product's setup writes, and for URLs that require a certificate without asking for one. Medium when certificates are only \
             accepted; `likely` where the record itself has no line for TLS 1.3, or comes from the registry.",
    evidence: "applicationHost.config and the HTTP.sys record; Schannel when given",
    fix: "Let the record ask in the first handshake, or switch TLS 1.3 off for this record.",
    remedies: Remedies::iis7(
        "it knows no TLS 1.3",
        &[
            steps::SHOW_RECORD,
            steps::NEGOTIATE_7,
            steps::record!(
                "or switches TLS 1.3 off for the record; a Windows that does not know the word changes nothing",
                "disabletls13=enable"
            ),
            steps::BINDING_FLAG_TLS13,
        ],
    ),
    references: &["techcommunity.microsoft.com: IIS Support Blog, TLS 1.3 and client certificates", "RFC 8446, section 4.6.2"],
    check,
};

fn check(context: &Context<'_>, findings: &mut Vec<Finding>) {
    let server = context.server;
    if schannel_off(server) {
        return;
    }
    let known = Known::new(server);
    let possible =
        |record: &Record| record.switch(Switch::DisableTls13) != Some(true) && known.proof(record, Switch::DisableTls13) != Proof::None;
    let reached =
        late(server, |used, bindings| possible(used.record) && !bindings.iter().any(|binding| binding.has_flag(binding_flags::NO_TLS13)));
    for late in reached {
        let record = late.used.record;
        let decision = decide(false, late.demand(), Protocol::Tls13, windows(&known));
        // The same lines appear on Windows Server 2019 with later updates, which does not speak TLS 1.3; those of 2022 do not.
        let firm = known.proof(record, Switch::DisableTls13) == Proof::Itself && known.has(Switch::EnableTokenBinding);
        let mut message = format!(
            "{}, but {} does not ask for one in the first handshake, and TLS 1.3 does not let it ask later",
            late.words(server),
            late.used.name()
        );
        if !firm {
            message.push_str("; likely, because the record itself does not show that this Windows offers TLS 1.3");
        }
        let place = record.switch_place(Switch::Negotiate);
        let severity = if late.demand() == Demand::Require { Severity::High } else { Severity::Medium };
        let off = "switches TLS 1.3 off for this record, so that asking late works again";
        findings.push(
            late.finding(&RULE, server, message, place, severity)
                .confidence(if firm { Confidence::Firm } else { Confidence::Likely })
                .sees(decision.outcome.words())
                .related(record.switch_place(Switch::DisableTls13), "TLS 1.3 is not off here")
                .remedies_of(late.used.set(Risk::Safe, off, Change::Switch(Switch::DisableTls13, true))),
        );
    }
}

/// Whether Schannel says that servers do not speak TLS 1.3.
fn schannel_off(server: &Server) -> bool {
    let protocols = server.schannel.iter().flat_map(|schannel| &schannel.protocols);
    protocols
        .filter(|protocol| protocol.role == Role::Server && protocol.name.eq_ignore_ascii_case("TLS 1.3"))
        .any(|protocol| protocol.enabled.value() == Some(&0) || protocol.disabled_by_default.value().is_some_and(|value| *value != 0))
}

/// What this Windows does when it must ask late, as far as the lines of its listing tell.
fn windows(known: &Known) -> LateTls13 {
    if known.has(Switch::DisableSessionId) || known.has(Switch::CachingClientHello) {
        LateTls13::NotSupported
    } else if known.has(Switch::EnableTokenBinding) {
        LateTls13::Reset
    } else {
        LateTls13::Either
    }
}

#[cfg(test)]
mod tests {
    use super::super::testing::{findings, fixture, metabase, records_alone, with_records};
    use super::*;
    use crate::httpsys::Source;
    use crate::input::Field;
    use crate::schannel::{Protocol as Key, Schannel};

    fn billing() -> Server {
        with_records("apphost/F1_consistent_sni.config", "netsh/o02_2022_sni_drift_and_ccs.txt")
    }

    fn found(server: &Server) -> Vec<Finding> {
        findings(&RULE, server)
    }

    #[test]
    fn requiring_late_on_a_windows_with_tls_13_is_high_and_firm() {
        let found = found(&billing());
        assert_eq!((found.len(), found[0].severity, found[0].confidence), (1, Severity::High, Confidence::Firm));
        assert!(found[0].message.contains("\"Billing\" (id 12) requires client certificates at /"), "{}", found[0].message);
        assert!(found[0].message.contains("billing.fabrikam.test:443"));
        assert_eq!(found[0].sees, "The connection is reset.");
        let commands: Vec<&str> = found[0].remedies.iter().filter_map(|remedy| remedy.command.as_deref()).collect();
        assert_eq!(commands.len(), 3);
        assert!(commands[1].contains("clientcertnegotiation=enable") && commands[2].contains("disabletls13=enable"), "{commands:?}");
    }

    #[test]
    fn the_newest_windows_answers_with_a_status() {
        let mut server = billing();
        for record in &mut server.records.as_mut().unwrap().records {
            record.switches.insert(Switch::DisableSessionId, Field::said(false, record.place));
        }
        assert!(found(&server)[0].sees.contains("0x80070032"));
    }

    #[test]
    fn accepting_late_is_medium() {
        let mut server = billing();
        let value = crate::catalogue::Value::Flags(40);
        let settings = &mut server.sites[1].scopes[0].settings;
        let origin = settings.get(crate::catalogue::Setting::AccessFlags).unwrap().origin.clone();
        settings.set(crate::catalogue::Setting::AccessFlags, crate::server::Resolved { value, origin });
        let found = found(&server);
        assert_eq!((found.len(), found[0].severity), (1, Severity::Medium));
        assert!(found[0].message.contains("accepts"));
    }

    #[test]
    fn tls_13_that_is_off_in_record_binding_or_schannel_is_silent() {
        let mut server = billing();
        for record in &mut server.records.as_mut().unwrap().records {
            record.switches.insert(Switch::DisableTls13, Field::said(true, record.place));
        }
        assert!(found(&server).is_empty(), "record");
        let mut server = billing();
        server.sites[1].bindings[0].flags = Some(33);
        assert!(found(&server).is_empty(), "binding");
        let mut server = billing();
        let place = server.records.as_ref().unwrap().records[0].place;
        let off = Key {
            name: "TLS 1.3".to_owned(),
            role: Role::Server,
            enabled: Field::said(0, place),
            disabled_by_default: Field::Absent,
            place,
        };
        server.schannel = Some(Box::new(Schannel { protocols: vec![off], ..Schannel::default() }));
        assert!(found(&server).is_empty(), "Schannel");
    }

    #[test]
    fn a_windows_without_tls_13_iis_6_and_unknown_records_are_silent() {
        assert!(found(&with_records("apphost/F2_shared_ipport_hostheaders.config", "netsh/o01_2012r2_conflict_revocation.txt")).is_empty());
        assert!(found(&fixture("apphost/F1_consistent_sni.config")).is_empty());
        assert!(found(&records_alone("netsh/o02_2022_sni_drift_and_ccs.txt")).is_empty());
        assert!(found(&metabase("")).is_empty());
        let mut server = billing();
        for record in &mut server.records.as_mut().unwrap().records {
            record.source = Source::Registry;
        }
        assert_eq!(found(&server)[0].confidence, Confidence::Likely, "another record of the registry has the bit set");
        for record in &mut server.records.as_mut().unwrap().records {
            record.switches.insert(Switch::DisableTls13, Field::said(false, record.place));
        }
        assert!(found(&server).is_empty(), "the registry shows all bits, known to that Windows or not");
    }

    #[test]
    fn the_binding_that_switches_it_off_and_the_record_that_asks_are_silent_beside_one_that_fails() {
        let found = found(&with_records("apphost/F7_ccs_and_new_bits.config", "netsh/o02_2022_sni_drift_and_ccs.txt"));
        assert_eq!(found.len(), 1);
        assert!(found[0].message.contains("Shop") && !found[0].message.contains("Health\" (id 72) requires"), "{}", found[0].message);
        assert_eq!(found[0].confidence, Confidence::Likely, "the record of the central store has no such line");
    }

    #[test]
    fn a_record_of_another_product_is_left_alone() {
        let mut server = billing();
        for record in &mut server.records.as_mut().unwrap().records {
            record.app_id = Field::said("{5d89a20c-beab-4389-9447-324788eb944a}".to_owned(), record.place);
        }
        assert!(found(&server).is_empty());
    }
}
