//! `certificate-revoked`: a certificate of the chain is really revoked.

use super::chains::{When, clients, of_one, several, shown};
use super::revocation::{REALLY_REVOKED, gate, named, sure, usual_needs};
use crate::diagnose::{Case, Cause, Fact, Judged, Likelihood};
use crate::evidence::x509::Validity;
use crate::evidence::{LeafCheck, Revocation, x509};
use crate::remedy::{Remedy, Risk};
use crate::rules::Confidence;

pub(super) const CAUSE: Cause = Cause {
    id: "certificate-revoked",
    statuses: &["403.13"],
    title: "A certificate of the chain is revoked",
    meaning: "The revocation list or OCSP answer of its issuer names the client certificate or an authority of its chain. The check does what it is for; \
              to switch it off would let the revoked certificate in.",
    open: "Open without a verification or a result in the log that says so. A verification that finds no certificate revoked rules it out for the \
           chain that it is about and no more than likely, since the refused client may have shown another one.",
    evidence: "the output of certutil -verify on the server, the client's certificate with the revocation list as files, the log (sc-win32-status 2148081680)",
    likelihood: Likelihood::Possible,
    references: &["KB248058", "KB289749"],
    check,
};

fn check(case: &Case<'_>) -> Judged {
    let gate = match gate(case) {
        Ok(gate) => gate,
        Err(excluded) => return excluded,
    };
    let mut revoked = Vec::new();
    let mut strength = None;
    let mut good = Vec::new();
    for verification in case.verifications() {
        let before = revoked.len();
        let mut complete = !verification.chains.is_empty();
        for (index, chain) in verification.chains.iter().enumerate() {
            for element in &chain.elements {
                match verification.revocation(element) {
                    Revocation::Revoked => {
                        let text = format!("{} is revoked", named(verification, index, element));
                        revoked.push(Fact::at(text, element.status.error.place().or(element.place)));
                    }
                    Revocation::Good | Revocation::NotChecked => {}
                    Revocation::Offline | Revocation::Unknown | Revocation::NotSaid => complete = false,
                }
            }
        }
        if let (LeafCheck::Revoked(reason), true) = (&verification.leaf, revoked.len() == before) {
            let reason = reason.map(|reason| format!(", reason {reason}")).unwrap_or_default();
            revoked.push(Fact::at(format!("\"{}\" is revoked{reason}", verification.label()), Some(verification.place)));
        }
        if revoked.len() > before {
            strength = strength.max(Some(sure(verification)));
        } else if complete {
            let text = format!("the chain of \"{}\" was verified, and none of its certificates is revoked", verification.label());
            good.push(Fact::at(text, Some(verification.place)));
        }
    }
    let mut later = Vec::new();
    let mut one_of = None;
    if let Some(when) = When::of(case, "403.13") {
        let clients = clients(case);
        let several = several(&clients);
        for link in clients.into_iter().flat_map(|chain| chain.links) {
            let of_files = x509::revoked(link, &case.server.evidence.crls, when.last);
            let x509::Revocation::Revoked { entry, crl, list } = of_files else { continue };
            let reason = entry.reason.and_then(x509::Reason::name).map(|name| format!(" ({name})")).unwrap_or_default();
            let named = format!("the revocation list of \"{}\" names {} since {}{reason}", crl.issuer.shown, shown(link), entry.date);
            // A list tells from when on: one that was made later than the refusal may name what was good then.
            if entry.date > when.last {
                let text = format!("{named}, which is later than the moment that counts ({}): by then it was not revoked", when.words);
                later.push(Fact::at(text, Some(crl.place)));
                continue;
            }
            let expired = match (list, crl.next_update) {
                (Validity::Expired, Some(end)) => format!("; the list itself had expired {}: it counts until {end}", when.words),
                (Validity::NotYet, _) => format!("; the list itself was made later, at {}", crl.this_update),
                _ => String::new(),
            };
            revoked.push(Fact::at(format!("{named}{expired}; no signature was checked"), Some(crl.place)));
            strength = strength.max(Some(of_one(&several, Confidence::Likely, &mut one_of)));
        }
    }
    if let Some(fact) = case.logged_with("403.13", REALLY_REVOKED) {
        strength = Some(Confidence::Firm);
        revoked.push(fact);
    }
    if let Some(strength) = strength {
        return Judged::supported(gate.cap(strength), revoked).aside(one_of).and(gate.facts).needs(gate.needs).remedies(remedies());
    }
    if let Some(fact) = case.logged_without("403.13", REALLY_REVOKED) {
        return Judged::excluded(Confidence::Likely, fact).and(good).aside(later);
    }
    let all_good = good.len() == case.verifications().len();
    let mut good = good.into_iter();
    match good.next().filter(|_| all_good) {
        Some(first) => Judged::excluded(Confidence::Likely, first).and(good).aside(later),
        None => Judged::open().aside(later).and(gate.facts).needs(usual_needs()).needs(gate.needs).remedies(remedies()),
    }
}

fn remedies() -> [Remedy; 2] {
    [
        Remedy::advice(Risk::Safe, "issue the client a new certificate; where mapping is one to one, map the new one as well"),
        Remedy::advice(
            Risk::Safe,
            "if it was revoked by mistake and only put on hold, let the authority take that back and publish a new list; cached lists count until they expire",
        ),
    ]
}

#[cfg(test)]
mod tests {
    use super::super::super::testing::{ALL_REACHED, CRL, ISSUING, REVOKED, SUBORDINATE_UNREACHABLE, USERS, iis6, iis7};
    use super::*;
    use crate::diagnose::Verdict;

    #[test]
    fn a_verification_that_says_revoked_proves_it_and_nothing_weakens_the_check() {
        let judged = iis7(0).verified(REVOKED).judge(&CAUSE);
        assert_eq!((judged.verdict, judged.strength), (Verdict::Supported, Confidence::Firm));
        assert!(judged.because[0].text.contains("CN=Client") && judged.because[0].text.ends_with("is revoked"), "{:?}", judged.because);
        assert!(judged.remedies.iter().all(|remedy| remedy.risk != Risk::WeakensSecurity));
    }

    #[test]
    fn the_code_in_the_log_proves_it_or_excludes_it() {
        assert_eq!(iis7(0).logging(&["403 13 2148081680"]).judge(&CAUSE).strength, Confidence::Firm);
        assert_eq!(iis7(0).logging(&["403 13 2148081683"]).judge(&CAUSE).verdict, Verdict::Excluded);
    }

    #[test]
    fn a_chain_that_is_good_and_a_check_that_is_off_exclude_it() {
        assert_eq!(iis6(0).verified(ALL_REACHED).judge(&CAUSE).verdict, Verdict::Excluded);
        assert_eq!(iis6(1).verified(REVOKED).judge(&CAUSE).verdict, Verdict::Excluded);
    }

    #[test]
    fn no_verification_and_one_that_could_not_check_leave_it_open() {
        assert_eq!(iis6(0).judge(&CAUSE).verdict, Verdict::Open);
        assert_eq!(iis6(0).verified(SUBORDINATE_UNREACHABLE).judge(&CAUSE).verdict, Verdict::Open);
    }

    #[test]
    fn a_revocation_list_of_a_file_that_names_the_certificate_supports_it() {
        let case = iis7(0).file(USERS).file(ISSUING).file(CRL);
        let judged = case.clone().on("2031-04-02").judge(&CAUSE);
        assert_eq!((judged.verdict, judged.strength), (Verdict::Supported, Confidence::Likely));
        assert!(
            judged.because[0].text.contains("Bob Example") && judged.because[0].text.contains("keyCompromise"),
            "{}",
            judged.because[0].text
        );
        let expired = case.clone().on("2031-05-01").judge(&CAUSE);
        assert!(expired.because[0].text.contains("the list itself had expired on 2031-05-01"), "{}", expired.because[0].text);
        assert!(!judged.because[0].text.contains("expired"), "{}", judged.because[0].text);
        assert!(judged.because.iter().any(|fact| fact.text.contains("nothing tells which of them was sent")), "{:?}", judged.because);
        let later = case.on("2026-12-01").judge(&CAUSE);
        assert_eq!(later.verdict, Verdict::Open, "it was revoked later");
        assert!(later.because[0].text.contains("later than the moment that counts (on 2026-12-01"), "{}", later.because[0].text);
    }
}
