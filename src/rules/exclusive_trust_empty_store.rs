//! `exclusive-trust-empty-store`: only issuers of one store are trusted, and that store is empty.

use super::issuers::{ISSUERS, issuer_store, wanted};
use super::steps::{self, Remedies};
use super::{Confidence, Context, Finding, Rule, Severity};
use crate::catalogue::Setting;
use crate::evidence::StoreListing;
use crate::remedy::{Remedy, Risk};
use crate::server::Generation;

pub(super) const RULE: Rule = Rule {
    name: "exclusive-trust-empty-store",
    severity: Severity::High,
    confidence: Confidence::Likely,
    title: "Only one store of issuers is trusted, and it is empty",
    meaning: "ClientAuthTrustMode 1 (Exclusive Root Trust) and 2 (Exclusive CA Trust) accept a client certificate only when its chain leads to a certificate of \
              the store of issuers: the one that the HTTP.sys record names, or Client Authentication Issuers. While that store is empty, no client \
              certificate can be accepted.",
    sees: "403.16 for every client certificate.",
    silent: "Silent with ClientAuthTrustMode 0 or without it, and when the store was not listed or its listing is not complete. Low where no site wants client \
             certificates, info where the sites of the record are not known. That the record falls back to the store Client Authentication Issuers is \
             likely, so nothing here is firm.",
    evidence: "an export of the SCHANNEL key, the output of certutil -store of the store, and the HTTP.sys records",
    fix: "Put the issuing authorities into the store, name the right store in the record, or set ClientAuthTrustMode to 0.",
    remedies: Remedies::iis7(
        "Schannel of Windows Server 2003 has no such mode",
        &[
            steps::run("shows the store", "certutil -store ClientAuthIssuer"),
            steps::run(
                "shows the mode",
                r"reg query HKLM\SYSTEM\CurrentControlSet\Control\SecurityProviders\SCHANNEL /v ClientAuthTrustMode",
            ),
            steps::advice(
                "put the issuing authorities into the store, name the right store in the record, or set ClientAuthTrustMode to 0",
            ),
        ],
    ),
    references: &["TLS - SSL (Schannel SSP) overview (learn.microsoft.com): Trusted issuer store management, ClientAuthTrustMode"],
    check,
};

fn check(context: &Context<'_>, findings: &mut Vec<Finding>) {
    let server = context.server;
    let Some(schannel) = server.schannel.as_ref().filter(|_| server.generation != Generation::Iis6) else { return };
    let (Some(mode), place) = (schannel.client_auth_trust_mode.value(), schannel.client_auth_trust_mode.place()) else { return };
    let mode = match mode {
        1 => "ClientAuthTrustMode is 1, Exclusive Root Trust",
        2 => "ClientAuthTrustMode is 2, Exclusive CA Trust",
        _ => return,
    };
    let empty = |name: &str| server.evidence.store(name).filter(|store| store.is_empty());
    let finish = |finding: Finding, store: &StoreListing, name: &str| {
        finding
            .related(place, mode)
            .related(Some(store.place), format!("the listing of {}", store.label()))
            .confidence(Confidence::Likely)
            .remedy(Remedy::offer(
                Risk::Safe,
                "puts an issuing authority into the store; once for each",
                simple(name).then(|| format!("certutil -addstore {name} issuing-ca.cer")),
            ))
            .remedy(Remedy::command(
                Risk::WeakensSecurity,
                "trusts every issuer that the computer trusts, as without the value; Schannel reads it when the computer starts",
                r"reg add HKLM\SYSTEM\CurrentControlSet\Control\SecurityProviders\SCHANNEL /v ClientAuthTrustMode /t REG_DWORD /d 0 /f",
            ))
    };
    if server.records.is_none() {
        if let Some(store) = empty(ISSUERS) {
            let severity = if wanted(server) == Some(false) { Severity::Low } else { Severity::High };
            let message = format!(
                "{mode}, and the store {ISSUERS} is empty: client certificates are likely refused on every record that names no other store"
            );
            findings.push(finish(Finding::new(&RULE, server, message).at(place).severity(severity).subject(ISSUERS), store, ISSUERS));
        }
        return;
    }
    for used in context.records() {
        let named = issuer_store(used);
        let name = named.unwrap_or(ISSUERS);
        let Some(store) = empty(name) else { continue };
        let which = if named.is_some() { "the store that it names," } else { "the store of records that name none," };
        let message = format!("{mode}, and {which} {name}, is empty: {} likely accepts no client certificate", used.name());
        let finding = used.finding(&RULE, Setting::CtlStoreName, message, used.record.ctl_store.place());
        findings.push(finish(finding.severity(used.weigh(Severity::High, Severity::Low)), store, name));
    }
}

/// Whether a name reaches a program unchanged on any command line.
fn simple(name: &str) -> bool {
    !name.is_empty() && name.bytes().all(|byte| byte.is_ascii_alphanumeric())
}

#[cfg(test)]
mod tests {
    use super::super::testing::{evidence, findings, https_site, joined, registry, schannel};
    use super::*;
    use crate::server::Server;

    const EMPTY: &str = "ClientAuthIssuer \"Client Authentication Issuers\"\r\nCertUtil: -store command completed successfully.\r\n";
    const NONE: &str = "C:\\>certutil -store ClientAuthIssuer\r\nCertUtil: -store command FAILED: 0x80070002 (WIN32: 2)\r\n";
    const ONE: &str = "ClientAuthIssuer \"x\"\r\n================ Certificate 0 ================\r\nSerial Number: 01\r\nIssuer: CN=A\r\nSubject: \
                       CN=B\r\nCertUtil: -store command completed successfully.\r\n";

    fn server(mode: u32, access: &str, stores: &str) -> Server {
        let mut server = joined(&https_site(1, "*:443:", access), &registry(&[]));
        server.schannel = Some(schannel("ClientAuthTrustMode", mode));
        server.evidence = evidence(stores, "");
        server
    }

    #[test]
    fn an_empty_or_missing_store_refuses_everybody() {
        for (mode, stores) in [(1, EMPTY), (2, EMPTY), (2, NONE)] {
            let found = findings(&RULE, &server(mode, "Ssl, SslNegotiateCert, SslRequireCert", stores));
            assert_eq!((found.len(), found[0].severity, found[0].confidence), (1, Severity::High, Confidence::Likely));
            assert!(found[0].message.contains("0.0.0.0:443") && found[0].message.contains("ClientAuthIssuer"), "{}", found[0].message);
            assert_eq!(found[0].related.len(), 2);
        }
        assert_eq!(findings(&RULE, &server(1, "Ssl", EMPTY))[0].severity, Severity::Low);
    }

    #[test]
    fn it_is_silent_without_exclusive_trust_or_without_knowledge_of_the_store() {
        const WANTS: &str = "Ssl, SslNegotiateCert";
        assert!(findings(&RULE, &server(0, WANTS, EMPTY)).is_empty());
        assert!(findings(&RULE, &server(1, WANTS, ONE)).is_empty());
        assert!(findings(&RULE, &server(1, WANTS, "")).is_empty());
        assert!(findings(&RULE, &server(1, WANTS, EMPTY.lines().next().unwrap())).is_empty(), "the listing is cut");
        let mut unset = server(1, WANTS, EMPTY);
        unset.schannel = None;
        assert!(findings(&RULE, &unset).is_empty());
    }

    #[test]
    fn without_records_the_store_of_all_records_is_judged() {
        let mut server = server(2, "Ssl, SslNegotiateCert", EMPTY);
        server.records = None;
        let found = findings(&RULE, &server);
        assert_eq!((found.len(), found[0].severity), (1, Severity::High));
    }
}
