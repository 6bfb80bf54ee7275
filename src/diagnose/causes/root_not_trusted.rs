//! `root-not-trusted`: the root of the client's chain is not trusted by the computer.

use super::chains::{UNTRUSTED_ROOT, asked, clients, listing, of_one, several, shown, usual_needs, with_error};
use crate::diagnose::{Case, Cause, Fact, Judged, Likelihood};
use crate::evidence::x509::{ChainEnd, in_store};
use crate::remedy::{Remedy, Risk};
use crate::rules::Confidence;

pub(super) const CAUSE: Cause = Cause {
    id: "root-not-trusted",
    statuses: &["403.16"],
    title: "The root of the client's chain is not trusted by the computer",
    meaning: "The chain ends in a root that is not in the store Root of the computer account on this node. The stores of a user, such as the administrator's own, do not count.",
    open: "Open without a verification on the server, a result in the log or the certificates with a listing of Root. Absence tells nothing where the listing is not whole.",
    evidence: "certutil -verify on the server, certutil -store Root, the log (sc-win32-status 2148204809)",
    likelihood: Likelihood::Common,
    references: &["KB942061", "KB252657"],
    check,
};

/// Results that say so.
const RESULTS: &[u32] = &[0x800b_0109, 0x800b_010d, 0x8009_0325];

fn check(case: &Case<'_>) -> Judged {
    let needs = match asked(case) {
        Ok(needs) => needs,
        Err(excluded) => return excluded,
    };
    let verified = with_error(case, UNTRUSTED_ROOT, |_| true, |_| "ends in or is a root that the computer does not trust".to_owned());
    let (mut bad, mut strength, mut good) = (Vec::new(), verified.strength, Vec::new());
    good.extend(verified.rules_out(case.verifications()).into_iter().flatten());
    bad.extend(verified.bad);
    let mut reason = None;
    if let Some(store) = case.server.evidence.store("Root") {
        let clients = clients(case);
        let several = several(&clients);
        for chain in &clients {
            let (Some(root), ChainEnd::SelfIssued) = (chain.links.last(), &chain.end) else { continue };
            match in_store(root, store) {
                Some(true) => good.push(Fact::at(format!("the root {}, is in the store Root", shown(root)), Some(store.place))),
                Some(false) => {
                    bad.push(Fact::at(format!("the root {}, is not in the store Root of the computer", shown(root)), Some(store.place)));
                    bad.push(Fact::at("the root certificate", Some(root.place)));
                    strength = strength.max(Some(of_one(&several, Confidence::Likely, &mut reason)));
                }
                None => {}
            }
        }
    }
    if let Some(fact) = case.logged_with("403.16", RESULTS) {
        bad.push(fact);
        strength = Some(Confidence::Firm);
    }
    let remedies = [
        Remedy::command(
            Risk::ReadOnly,
            "lists the roots that the computer trusts; compare the thumbprints on every node",
            "certutil -store Root",
        ),
        Remedy::command(
            Risk::WeakensSecurity,
            "trusts the root for everything on this computer: only for an authority that you know, by its thumbprint, and on every node; a policy may take \
             it away again",
            "certutil -addstore Root root-ca.cer",
        ),
    ];
    match strength {
        Some(strength) => Judged::supported(strength, bad).aside(reason).needs(needs).remedies(remedies),
        None if !good.is_empty() => Judged::excluded_by(Confidence::Likely, good),
        None => match case.logged_without("403.16", RESULTS) {
            Some(fact) => Judged::excluded(Confidence::Likely, fact),
            None => Judged::open().needs(usual_needs()).needs([listing("Root")]).needs(needs).remedies(remedies),
        },
    }
}

#[cfg(test)]
mod tests {
    use super::super::super::testing::{ALL_REACHED, CLIENT, ISSUING, OneCase, ROOT, UNTRUSTED, iis7};
    use super::*;
    use crate::diagnose::Verdict;

    const OTHER_ROOT: &str = "Root \"Roots\"\r\n================ Certificate 0 ================\r\nSerial Number: 01\r\nIssuer: CN=Other\r\nSubject: CN=Other\r\nCert Hash(sha1): 00112233445566778899aabbccddeeff00112233\r\nCertUtil: -store command completed successfully.\r\n";

    #[test]
    fn a_verification_the_log_and_a_listing_without_the_root_support_it() {
        assert_eq!(iis7(1).verified(UNTRUSTED).judge(&CAUSE).strength, Confidence::Firm);
        assert_eq!(iis7(1).logging(&["403 16 2148204809"]).judge(&CAUSE).verdict, Verdict::Supported);
        let judged = iis7(1).file(CLIENT).file(ISSUING).file(ROOT).listing(OTHER_ROOT).judge(&CAUSE);
        assert_eq!((judged.verdict, judged.strength), (Verdict::Supported, Confidence::Likely));
    }

    #[test]
    fn a_good_verification_another_result_and_a_url_that_asks_for_none_exclude_it() {
        for case in [iis7(1).verified(ALL_REACHED), iis7(1).logging(&["403 16 2148204816"]), OneCase::iis7("Ssl", &[])] {
            assert_eq!(case.judge(&CAUSE).verdict, Verdict::Excluded);
        }
    }

    #[test]
    fn without_a_listing_or_the_whole_of_one_it_is_open() {
        let cut = OTHER_ROOT.split("CertUtil").next().unwrap();
        for case in [iis7(1), iis7(1).file(CLIENT).file(ISSUING).file(ROOT), iis7(1).file(CLIENT).file(ISSUING).file(ROOT).listing(cut)] {
            assert_eq!(case.judge(&CAUSE).verdict, Verdict::Open);
        }
    }
}
