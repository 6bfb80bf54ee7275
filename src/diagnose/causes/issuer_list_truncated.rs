//! `issuer-list-truncated`: the list of trusted issuers is cut off, and the client's issuer is not in what is left.

use super::chains::{listing, required};
use crate::diagnose::{Case, Cause, Fact, Judged, Likelihood, Need};
use crate::evidence::Channel;
use crate::remedy::{Remedy, Risk};
use crate::rules::Confidence;
use crate::rules::issuers::{ISSUERS, Sending, limit, lists};

pub(super) const CAUSE: Cause = Cause {
    id: "issuer-list-truncated",
    statuses: &["403.7"],
    title: "The list of trusted issuers is cut off, and the client's issuer is not in what is left",
    meaning: "The server names the issuers that it accepts in the handshake, and the list has room for 12,288 bytes on Windows Server 2003 and 16,384 later. A browser offers only certificates of issuers that are named: one that was cut off leaves the choice empty.",
    open: "Likely with the event, because it does not tell which issuers were cut off, and likely where the listed store is larger than the room and the list is known to be sent. Open without event and listing, and while it is not known whether the list is sent.",
    evidence: "event 36885, certutil -store Root and certutil -store ClientAuthIssuer, an export of the SCHANNEL key",
    likelihood: Likelihood::Possible,
    references: &["KB933430", "KB2880390"],
    check,
};

fn check(case: &Case<'_>) -> Judged {
    let needs = match required(case) {
        Ok(needs) => needs,
        Err(excluded) => return excluded,
    };
    let server = case.server;
    let limit = limit(server);
    let sending = Sending::of(server);
    let remedies = [
        Remedy::command(
            Risk::ReadOnly,
            "lists the roots; each that no client certificate comes from is a candidate",
            "certutil -store Root",
        ),
        Remedy::command(
            Risk::Safe,
            "sends no list any more: clients offer every certificate that they have, and which are accepted does not change; Schannel reads it when the \
             computer starts",
            r"reg add HKLM\SYSTEM\CurrentControlSet\Control\SecurityProviders\SCHANNEL /v SendTrustedIssuerList /t REG_DWORD /d 0 /f",
        ),
        Remedy::advice(Risk::Safe, "delete the roots that no client certificate comes from"),
    ];
    let key = Need::command(
        "the SCHANNEL key of the registry",
        r"reg export HKLM\SYSTEM\CurrentControlSet\Control\SecurityProviders\SCHANNEL schannel.reg",
    );
    let mut wanted = vec![listing("Root")];
    if !case.is_iis6() {
        wanted.push(listing(ISSUERS));
    }
    wanted.push(key);
    if let Some(event) = server.evidence.events_of(Channel::Schannel, 36885).next() {
        let strength = if sending == Sending::Not { Confidence::Hint } else { Confidence::Likely };
        let fact = Fact::at("Schannel logged event 36885: the list of trusted issuers was cut off", Some(event.place));
        return Judged::supported(strength, [fact]).needs(wanted).needs(needs).remedies(remedies);
    }
    if sending == Sending::Not {
        let place = server.schannel.as_ref().and_then(|schannel| schannel.send_trusted_issuer_list.place());
        return Judged::excluded(
            Confidence::Likely,
            Fact::at("this server sends no list of trusted issuers (SendTrustedIssuerList)", place),
        );
    }
    let lists = lists(server);
    let fact = |list: &crate::rules::issuers::List<'_>| {
        let text = format!(
            "the {} names in the store {} take about {} bytes in the list of trusted issuers, which has room for {limit}",
            list.names,
            list.store.label(),
            list.bytes
        );
        Fact::at(text, Some(list.store.place))
    };
    let long: Vec<Fact> = lists.iter().filter(|list| list.bytes > limit).map(fact).collect();
    if !long.is_empty() {
        let judged = if sending == Sending::Unknown { Judged::open().and(long) } else { Judged::supported(Confidence::Likely, long) };
        return judged.needs(wanted).needs(needs).remedies(remedies);
    }
    // The size is an estimate, so that a list must be clearly shorter.
    let short = |list: &crate::rules::issuers::List<'_>| list.store.is_whole() && !list.assumed && list.bytes < limit / 10 * 9;
    if !lists.is_empty() && lists.iter().all(short) {
        return Judged::excluded_by(Confidence::Likely, lists.iter().map(fact));
    }
    Judged::open().needs(wanted).needs(needs).remedies(remedies)
}

#[cfg(test)]
mod tests {
    use super::super::super::testing::{OneCase, iis6, iis7};
    use super::*;
    use crate::diagnose::Verdict;
    use crate::rules::testing::schannel;

    fn roots(count: usize) -> String {
        let entry = |number: usize| {
            let subject = format!("CN=Invented Root Authority {number:04}, O=Example Trust");
            format!(
                "================ Certificate {number} ================\r\nSerial Number: {number:04x}\r\nIssuer: {subject}\r\nSubject: {subject}\r\n\r\n"
            )
        };
        format!("Root \"Roots\"\r\n{}CertUtil: -store command completed successfully.\r\n", (0..count).map(entry).collect::<String>())
    }

    #[test]
    fn more_names_than_there_is_room_for_support_it() {
        let judged = iis6(0).listing(&roots(200)).judge(&CAUSE);
        assert_eq!((judged.verdict, judged.strength), (Verdict::Supported, Confidence::Likely));
        assert!(judged.because[0].text.contains("room for 12288"), "{}", judged.because[0].text);
    }

    #[test]
    fn a_short_list_none_at_all_and_a_url_that_requires_none_exclude_it() {
        let off = iis7(0).changed(|server| server.schannel = Some(schannel("SendTrustedIssuerList", 0)));
        for case in [iis6(0).listing(&roots(20)), off, OneCase::iis7("Ssl", &[])] {
            assert_eq!(case.judge(&CAUSE).verdict, Verdict::Excluded);
        }
    }

    #[test]
    fn without_a_listing_it_is_open_and_asks_for_the_roots() {
        let judged = iis6(0).judge(&CAUSE);
        assert_eq!(judged.verdict, Verdict::Open);
        assert_eq!(judged.needs[0].command.as_deref(), Some("certutil -store Root"));
    }
}
