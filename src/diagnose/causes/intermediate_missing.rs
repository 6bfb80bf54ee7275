//! `intermediate-missing`: an intermediate authority of the client's chain is missing on the server.

use super::chains::{PARTIAL_CHAIN, asked, clients, listing, of_one, several, shown, usual_needs, with_error};
use crate::diagnose::{Case, Cause, Fact, Judged, Likelihood};
use crate::evidence::x509::in_store;
use crate::remedy::{Remedy, Risk};
use crate::rules::Confidence;

pub(super) const CAUSE: Cause = Cause {
    id: "intermediate-missing",
    statuses: &["403.16"],
    title: "An intermediate authority of the client's chain is missing on the server",
    meaning: "The server has the root and not the authority between it and the client, so that it finds no way up. A client may send the intermediate itself, which is why some clients pass.",
    open: "Open without a verification on the server, a result in the log or the certificates with a listing of CA. Likely where only a listing speaks, since a client may send what the server lacks.",
    evidence: "certutil -verify on the server, certutil -store CA, the log (sc-win32-status 2148204810)",
    likelihood: Likelihood::Common,
    references: &["KB942061", "KB943891"],
    check,
};

/// The result that says so.
const RESULTS: &[u32] = &[0x800b_010a];

fn check(case: &Case<'_>) -> Judged {
    let needs = match asked(case) {
        Ok(needs) => needs,
        Err(excluded) => return excluded,
    };
    let verified = with_error(case, PARTIAL_CHAIN, |_| true, |_| "has an issuer that the server does not find".to_owned());
    let (mut bad, mut strength, mut good) = (Vec::new(), verified.strength, Vec::new());
    good.extend(verified.rules_out(case.verifications()).into_iter().flatten());
    bad.extend(verified.bad);
    let stores: Vec<_> = ["CA", "Root"].iter().filter_map(|name| case.server.evidence.store(name)).collect();
    let mut reason = None;
    if let Some(first) = stores.iter().find(|store| store.is_called("CA")) {
        let clients = clients(case);
        let several = several(&clients);
        for link in clients.into_iter().flat_map(|chain| chain.links.into_iter().skip(1)).filter(|link| !link.is_own_issuer()) {
            let found: Vec<_> = stores.iter().map(|store| in_store(link, store)).collect();
            if found.contains(&Some(true)) {
                good.push(Fact::at(format!("the authority {}, is on the server", shown(link)), Some(first.place)));
            } else if found.first() == Some(&Some(false)) {
                bad.push(Fact::at(format!("the authority {}, is not in the store CA of the computer", shown(link)), Some(first.place)));
                bad.push(Fact::at("its certificate", Some(link.place)));
                strength = strength.max(Some(of_one(&several, Confidence::Likely, &mut reason)));
            }
        }
    }
    if let Some(fact) = case.logged_with("403.16", RESULTS) {
        bad.push(fact);
        strength = strength.max(Some(Confidence::Likely));
    }
    let remedies = [
        Remedy::command(
            Risk::ReadOnly,
            "lists the intermediate authorities of the computer; compare the thumbprints on every node",
            "certutil -store CA",
        ),
        Remedy::command(
            Risk::Safe,
            "puts the intermediate authority on this server; do it on every node",
            "certutil -addstore CA intermediate.cer",
        ),
    ];
    match strength {
        Some(strength) => Judged::supported(strength, bad).aside(reason).needs(needs).remedies(remedies),
        None if !good.is_empty() => Judged::excluded_by(Confidence::Likely, good),
        None => match case.logged_without("403.16", RESULTS) {
            Some(fact) => Judged::excluded(Confidence::Likely, fact),
            None => Judged::open().needs(usual_needs()).needs([listing("CA")]).needs(needs).remedies(remedies),
        },
    }
}

#[cfg(test)]
mod tests {
    use super::super::super::testing::{ALL_REACHED, CLIENT, ISSUING, OneCase, PARTIAL, ROOT, iis7};
    use super::*;
    use crate::diagnose::Verdict;

    const EMPTY: &str = "CA \"Intermediate\"\r\nCertUtil: -store command completed successfully.\r\n";

    #[test]
    fn a_verification_the_log_and_a_listing_without_it_support_it() {
        assert_eq!(iis7(1).verified(PARTIAL).judge(&CAUSE).strength, Confidence::Firm);
        assert_eq!(iis7(1).logging(&["403 16 2148204810"]).judge(&CAUSE).verdict, Verdict::Supported);
        let judged = iis7(1).file(CLIENT).file(ISSUING).file(ROOT).listing(EMPTY).judge(&CAUSE);
        assert_eq!((judged.verdict, judged.strength), (Verdict::Supported, Confidence::Likely));
    }

    #[test]
    fn a_good_verification_another_result_and_a_url_that_asks_for_none_exclude_it() {
        for case in [iis7(1).verified(ALL_REACHED), iis7(1).logging(&["403 16 2148204816"]), OneCase::iis7("Ssl", &[])] {
            assert_eq!(case.judge(&CAUSE).verdict, Verdict::Excluded);
        }
    }

    #[test]
    fn without_a_listing_it_is_open() {
        for case in [iis7(1), iis7(1).file(CLIENT).file(ISSUING)] {
            assert_eq!(case.judge(&CAUSE).verdict, Verdict::Open);
        }
    }
}
