//! `issuer-list-truncated`: the list of trusted issuers that the server sends is longer than what a handshake takes.

use super::issuers::{ISSUERS, List, Sending, limit, list, lists, wanted};
use super::steps::{self, Remedies};
use super::{Confidence, Context, Finding, Rule, Severity};
use crate::evidence::{Channel, Event};
use crate::remedy::{Remedy, Risk};
use crate::server::{Generation, Server};

pub(super) const RULE: Rule = Rule {
    name: "issuer-list-truncated",
    severity: Severity::High,
    confidence: Confidence::Firm,
    title: "The list of trusted issuers is cut off",
    meaning: "A server that asks for a client certificate can name the issuers that it accepts, and a browser then offers only certificates of these. \
              The list has room for 16 KB of encoded names (12 KB on Windows Server 2003). Issuers beyond that are left out, and Schannel logs event \
              36885. The usual reason is a store of trusted roots that an update has filled.",
    sees: "The browser offers no certificate, or not the right one, although the client has it: 403.7.",
    silent: "Firm with event 36885, one step less sure when the registry says that the list is not sent now. Without the event the store that the list is \
             made of decides: it is `likely`, because the text of a listing gives the size of a name only roughly. Low and a hint where the list is not \
             sent, as by default since Windows Server 2012 (there only roots beyond 16 KB count, which disturb Windows Server 2012 in any case), \
             or where it is not known. Low where no site wants client certificates. Silent when no store was listed.",
    evidence: "events of the System log, or the output of certutil -store Root and certutil -store ClientAuthIssuer with an export of the SCHANNEL key",
    fix: "Delete the roots that no client certificate comes from, put the issuers that are wanted into a store or list of their own, or do not send the \
          list (SendTrustedIssuerList 0).",
    remedies: Remedies::both(
        &[
            steps::run("shows the roots", "certutil -store Root"),
            steps::advice(
                "delete the roots that no client certificate comes from, or give the site a certificate trust list with the issuers that are wanted",
            ),
        ],
        &[
            steps::run("shows the roots", "certutil -store Root"),
            steps::run(
                "shows the store of issuers, from which the list is made when the record names it",
                "certutil -store ClientAuthIssuer",
            ),
            steps::advice(
                "put the issuers that are wanted into a store of their own, delete the roots that no client certificate comes from, or do not send the list (SendTrustedIssuerList 0, the default since Windows Server 2012)",
            ),
        ],
    ),
    references: &["KB933430", "KB2880390", "TLS - SSL (Schannel SSP) overview (learn.microsoft.com): Management of trusted issuers"],
    check,
};

/// The event that says it.
const TRUNCATED: u32 = 36885;

fn check(context: &Context<'_>, findings: &mut Vec<Finding>) {
    let server = context.server;
    let events: Vec<&Event> = server.evidence.events_of(Channel::Schannel, TRUNCATED).collect();
    let sending = Sending::of(server);
    if let Some(first) = events.first() {
        findings.push(by_event(server, first, events.len(), sending));
        return;
    }
    let limit = limit(server);
    if sending == Sending::Not {
        let roots = server.evidence.store("Root").filter(|_| server.generation != Generation::Iis6).map(|store| list(store, false));
        if let Some(roots) = roots.filter(|roots| roots.bytes > limit) {
            let message = format!(
                "{}. The list is not sent, but on Windows Server 2012 roots beyond that size disturb requests for client certificates in any case; on other \
                 versions nothing happens",
                size(&roots, limit)
            );
            findings.push(
                finding(server, message)
                    .at(Some(roots.store.place))
                    .subject(roots.store.label())
                    .severity(Severity::Low)
                    .confidence(Confidence::Hint),
            );
        }
        return;
    }
    for list in lists(server).iter().filter(|list| list.bytes > limit) {
        let (why, place) = match sending {
            Sending::Said(place) => ("SendTrustedIssuerList says that the list is sent", Some(place)),
            Sending::ByDefault => ("this Windows sends the list unless SendTrustedIssuerList is 0, which is not known to be so", None),
            _ => ("up to Windows Server 2008 R2 the list is sent by default, and later not; which this is, is not known", None),
        };
        let assumed = if list.assumed {
            format!(". The store {ISSUERS} comes first when it holds certificates; it was not listed")
        } else {
            String::new()
        };
        let mut finding = finding(server, format!("{}: issuers are likely left out; {why}{assumed}", size(list, limit)))
            .at(Some(list.store.place))
            .related(place, "the list is sent")
            .subject(list.store.label())
            .confidence(Confidence::Likely);
        if sending == Sending::Unknown {
            finding = finding.severity(Severity::Low).confidence(Confidence::Hint);
        }
        findings.push(finding);
    }
}

fn size(list: &List<'_>, limit: usize) -> String {
    format!(
        "The {} names in the store {} take about {} bytes in the list of trusted issuers, which has room for {limit}",
        list.names,
        list.store.label(),
        list.bytes
    )
}

fn by_event(server: &Server, first: &Event, count: usize, sending: Sending) -> Finding {
    let times = if count == 1 { "once".to_owned() } else { format!("{count} times") };
    let time = if first.time.is_empty() { String::new() } else { format!(", the first in the file at {}", first.time) };
    let now = if sending == Sending::Not { ". As far as is known the list is not sent now, so the events may be older" } else { "" };
    let message = format!("Schannel logged event {TRUNCATED} {times}{time}: the list of trusted issuers was cut off{now}");
    let confidence = if sending == Sending::Not { Confidence::Likely } else { Confidence::Firm };
    let mut finding = finding(server, message).at(Some(first.place)).subject("event").confidence(confidence);
    for list in lists(server).iter().filter(|list| list.bytes > limit(server)) {
        finding = finding.related(Some(list.store.place), format!("{} names, about {} bytes", list.names, list.bytes));
    }
    finding
}

fn finding(server: &Server, message: String) -> Finding {
    let mut finding = Finding::new(&RULE, server, message)
        .remedy(Remedy::command(Risk::ReadOnly, "lists the roots; each that no client certificate comes from is a candidate", "certutil -store Root"))
        .remedy(Remedy::command(
            Risk::Safe,
            "sends no list any more: clients offer every certificate that they have, and which are accepted does not change; Schannel reads it \
             when the computer starts",
            r"reg add HKLM\SYSTEM\CurrentControlSet\Control\SecurityProviders\SCHANNEL /v SendTrustedIssuerList /t REG_DWORD /d 0 /f",
        ));
    finding = if server.generation == Generation::Iis6 {
        finding.remedy(Remedy::advice(
            Risk::Safe,
            "give the site a certificate trust list of the issuers that it accepts (SslCtlIdentifier, SslCtlStoreName)",
        ))
    } else {
        finding.remedy(Remedy::command(
            Risk::Safe,
            "Windows Server 2012 and later: puts an issuer into the store Client Authentication Issuers, from which the list is then made; once for \
             each issuer",
            "certutil -addstore ClientAuthIssuer issuing-ca.cer",
        ))
    };
    if wanted(server) == Some(false) { finding.at_most(Severity::Low) } else { finding }
}

#[cfg(test)]
mod tests {
    use super::super::testing::{apphost, evidence, findings, https_site, metabase, schannel};
    use super::*;

    /// A listing of a store with so many certificates that are their own issuers, each name 2 + 63 bytes long.
    fn listing(name: &str, count: usize) -> String {
        let entry = |number: usize| {
            let subject = format!("CN=Invented Root Authority {number:04}, O=Example Trust");
            format!(
                "================ Certificate {number} ================\r\nSerial Number: {number:04x}\r\nIssuer: {subject}\r\nSubject: {subject}\r\n\r\n"
            )
        };
        let entries: String = (0..count).map(entry).collect();
        format!("{name} \"Title\"\r\n{entries}CertUtil: -store command completed successfully.\r\n")
    }

    fn server(stores: &[(&str, usize)], sends: Option<u32>) -> Server {
        let mut server = apphost(&https_site(1, "*:443:", "Ssl, SslNegotiateCert"));
        let text: String = stores.iter().map(|(name, count)| listing(name, *count)).collect();
        server.evidence = evidence(&text, "");
        server.schannel = sends.map(|value| schannel("SendTrustedIssuerList", value));
        server
    }

    #[test]
    fn the_event_is_firm_and_counted() {
        let mut server = server(&[], None);
        server.evidence = evidence("", include_str!("../../tests/fixtures/evidence/e02_schannel_wevtutil.txt"));
        let found = findings(&RULE, &server);
        assert_eq!((found.len(), found[0].severity, found[0].confidence), (1, Severity::High, Confidence::Firm));
        assert!(found[0].message.contains("36885 2 times"), "{}", found[0].message);
        server.schannel = Some(schannel("SendTrustedIssuerList", 0));
        assert_eq!(findings(&RULE, &server)[0].confidence, Confidence::Likely);
        server.evidence.events.iter_mut().flatten().for_each(|event| event.provider = "Other".to_owned());
        assert!(findings(&RULE, &server).is_empty());
    }

    #[test]
    fn a_store_beyond_the_limit_counts_only_when_the_list_is_sent() {
        let found = findings(&RULE, &server(&[("Root", 300), ("ClientAuthIssuer", 0)], Some(1)));
        assert_eq!((found.len(), found[0].severity, found[0].confidence), (1, Severity::High, Confidence::Likely));
        assert!(found[0].message.starts_with("The 300 names in the store Root take about "), "{}", found[0].message);
        assert!(findings(&RULE, &server(&[("Root", 100), ("ClientAuthIssuer", 0)], Some(1))).is_empty());
        let off = findings(&RULE, &server(&[("Root", 300)], Some(0)));
        assert_eq!((off.len(), off[0].severity, off[0].confidence), (1, Severity::Low, Confidence::Hint));
        let unknown = findings(&RULE, &server(&[("Root", 300)], None));
        assert_eq!((unknown.len(), unknown[0].severity, unknown[0].confidence), (1, Severity::Low, Confidence::Hint));
    }

    #[test]
    fn the_store_of_issuers_takes_the_place_of_the_roots() {
        assert!(findings(&RULE, &server(&[("Root", 300), ("ClientAuthIssuer", 2)], Some(1))).is_empty());
        let found = findings(&RULE, &server(&[("Root", 2), ("ClientAuthIssuer", 300)], Some(1)));
        assert!(found[0].message.contains("in the store ClientAuthIssuer"), "{}", found[0].message);
    }

    #[test]
    fn a_server_whose_sites_want_no_certificates_has_it_low_at_most() {
        let mut server = server(&[("Root", 300), ("ClientAuthIssuer", 0)], Some(1));
        server.sites.clear();
        assert_eq!(findings(&RULE, &server)[0].severity, Severity::Low);
    }

    #[test]
    fn iis_6_sends_the_list_by_default_and_has_less_room() {
        let keys = |list: &str| {
            format!(
                "<IIsWebService Location=\"/LM/W3SVC\"></IIsWebService><IIsWebServer Location=\"/LM/W3SVC/1\" SecureBindings=\":443:\"{list}></IIsWebServer>\
                 <IIsWebVirtualDir Location=\"/LM/W3SVC/1/ROOT\" AccessSSLFlags=\"AccessSSL | AccessSSLNegotiateCert\"></IIsWebVirtualDir>"
            )
        };
        let mut server = metabase(&keys(""));
        server.evidence = evidence(&listing("Root", 200), "");
        let found = findings(&RULE, &server);
        assert_eq!((found.len(), found[0].severity), (1, Severity::High));
        assert!(found[0].message.contains("room for 12288"), "{}", found[0].message);
        server.schannel = Some(schannel("SendTrustedIssuerList", 0));
        assert!(findings(&RULE, &server).is_empty());
        let mut listed = metabase(&keys(" SslCtlIdentifier=\"L\" SslCtlStoreName=\"CA\""));
        listed.evidence = evidence(&listing("Root", 200), "");
        assert!(findings(&RULE, &listed).is_empty(), "the site has a list of its own");
    }
}
