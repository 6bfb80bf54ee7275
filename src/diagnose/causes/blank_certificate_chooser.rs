//! `blank-certificate-chooser`: the server announces issuers, and the client's is not among them.

use super::chains::{clients, files, is_same, listing, required, several, shown};
use crate::diagnose::{Case, Cause, Fact, Judged, Likelihood};
use crate::evidence::x509::ChainEnd;
use crate::remedy::{Remedy, Risk};
use crate::rules::Confidence;
use crate::rules::issuers::{ISSUERS, Sending, lists};

pub(super) const CAUSE: Cause = Cause {
    id: "blank-certificate-chooser",
    statuses: &["403.7"],
    title: "The server announces issuers, and the client's is not among them",
    meaning: "The browser shows an empty choice of certificates, although the client has one: the list of issuers that the server sends is made of a store that has no authority of the client's chain.",
    open: "Likely where the store that the list is made of was listed whole and has none of the client's authorities. Open without the listing, the client's certificates, or while it is not known whether the list is sent.",
    evidence: "certutil -store Root and certutil -store ClientAuthIssuer, the client's certificates, an export of the SCHANNEL key",
    likelihood: Likelihood::Common,
    references: &["KB186812", "KB933430"],
    check,
};

fn check(case: &Case<'_>) -> Judged {
    let needs = match required(case) {
        Ok(needs) => needs,
        Err(excluded) => return excluded,
    };
    let sending = Sending::of(case.server);
    if sending == Sending::Not {
        let place = case.server.schannel.as_ref().and_then(|schannel| schannel.send_trusted_issuer_list.place());
        return Judged::excluded(
            Confidence::Likely,
            Fact::at("this server sends no list of trusted issuers (SendTrustedIssuerList)", place),
        );
    }
    let (mut bad, mut good) = (Vec::new(), Vec::new());
    let clients = clients(case);
    for list in lists(case.server).iter().filter(|list| !list.assumed) {
        let holds = |link: &&crate::evidence::x509::X509| {
            let named = |one: &crate::evidence::Certificate| one.subject.value().is_some_and(|name| *name == link.subject.shown);
            list.store.certificates.iter().any(|one| is_same(one, link) || named(one))
        };
        for chain in &clients {
            let Some(leaf) = chain.links.first() else { continue };
            if let Some(link) = chain.links.iter().skip(1).find(|link| holds(link)) {
                let text = format!("the store {} has {}, which stands above {}", list.store.label(), shown(link), shown(leaf));
                good.push(Fact::at(text, Some(list.store.place)));
            } else if chain.links.len() > 1 && matches!(chain.end, ChainEnd::SelfIssued) && list.store.is_whole() {
                let text = format!(
                    "the list of issuers is made of the store {}, which has no authority of the chain of {}",
                    list.store.label(),
                    shown(leaf)
                );
                bad.push(Fact::at(text, Some(list.store.place)));
                bad.push(Fact::at("the client's certificate", Some(leaf.place)));
            }
        }
    }
    let mut remedies = vec![Remedy::command(Risk::ReadOnly, "lists the roots that are announced by default", "certutil -store Root")];
    if case.is_iis6() {
        remedies.push(Remedy::command(
            Risk::WeakensSecurity,
            "trusts the root for everything on this computer: only for an authority that you know",
            "certutil -addstore Root root-ca.cer",
        ));
    } else {
        remedies.push(Remedy::command(
            Risk::Safe,
            "announces the issuer, once for each",
            "certutil -addstore ClientAuthIssuer issuing-ca.cer",
        ));
    }
    if !bad.is_empty() && good.is_empty() && sending != Sending::Unknown {
        return Judged::supported(Confidence::Likely, bad).aside(several(&clients)).needs(needs).remedies(remedies);
    }
    if !good.is_empty() && bad.is_empty() {
        return Judged::excluded_by(Confidence::Likely, good);
    }
    let mut wanted = vec![listing("Root"), files()];
    if !case.is_iis6() {
        wanted.push(listing(ISSUERS));
    }
    Judged::open().and(bad).needs(wanted).needs(needs).remedies(remedies)
}

#[cfg(test)]
mod tests {
    use super::super::super::testing::{CLIENT, ISSUING, OneCase, ROOT, iis6, iis7};
    use super::*;
    use crate::diagnose::Verdict;
    use crate::rules::testing::schannel;

    fn roots(subject: &str) -> String {
        format!(
            "Root \"Roots\"\r\n================ Certificate 0 ================\r\nSerial Number: 01\r\nIssuer: {subject}\r\nSubject: {subject}\r\nCertUtil: -store command completed successfully.\r\n"
        )
    }

    fn whole() -> OneCase {
        iis6(0).file(CLIENT).file(ISSUING).file(ROOT)
    }

    #[test]
    fn a_store_without_the_authorities_of_the_client_supports_it() {
        let judged = whole().listing(&roots("CN=Other")).judge(&CAUSE);
        assert_eq!((judged.verdict, judged.strength), (Verdict::Supported, Confidence::Likely));
    }

    #[test]
    fn a_store_with_one_and_a_list_that_is_not_sent_exclude_it() {
        let off = iis7(0).changed(|server| server.schannel = Some(schannel("SendTrustedIssuerList", 0)));
        for case in [whole().listing(&roots("CN=Contoso Root CA, O=\"Contoso, Ltd.\", C=DE")), off, OneCase::iis7("Ssl", &[])] {
            assert_eq!(case.judge(&CAUSE).verdict, Verdict::Excluded);
        }
    }

    #[test]
    fn without_the_listing_or_the_certificates_it_is_open() {
        for case in [whole(), iis6(0).listing(&roots("CN=Other")), iis6(0).file(CLIENT).listing(&roots("CN=Other"))] {
            assert_eq!(case.judge(&CAUSE).verdict, Verdict::Open);
        }
    }
}
