//! `crl-expired`: the revocation list can be fetched, and it is out of date.

use super::revocation::{expired_lists, fetching, named, remedies, sure, usual_needs};
use crate::diagnose::{Case, Cause, Fact, Judged, Likelihood};
use crate::evidence::{FetchOutcome, Revocation};
use crate::remedy::{Remedy, Risk};

pub(super) const CAUSE: Cause = Cause {
    id: "crl-expired",
    statuses: &["403.13"],
    title: "A revocation list that is published has expired",
    meaning: "The authority did not publish its list in time. The list is fetched, is older than it may be, and counts as none: every certificate that the \
              authority issued is refused until a new list is there.",
    open: "Likely where the list of a file had expired, since the server may have fetched a later one. Open without a verification that says what became of each address. One that fetched a valid list for every certificate leaves it open, too, \
           because a list expires and is renewed again.",
    evidence: "the output of certutil -verify -urlfetch on the server, of the time of the refusals; the revocation lists as files",
    likelihood: Likelihood::Possible,
    references: &["KB248058", "KB289749"],
    check,
};

fn check(case: &Case<'_>) -> Judged {
    let gate = match fetching(case) {
        Ok(gate) => gate,
        Err(excluded) => return excluded,
    };
    let mut facts = Vec::new();
    let mut strength = None;
    for verification in case.verifications() {
        for (index, chain) in verification.chains.iter().enumerate() {
            for element in &chain.elements {
                let good = verification.revocation(element) == Revocation::Good;
                for fetch in element.fetches.iter().filter(|fetch| fetch.outcome == FetchOutcome::Expired && !good) {
                    let text = format!(
                        "the revocation list for {} was fetched and has expired: {}",
                        named(verification, index, element),
                        fetch.urls.join(", ")
                    );
                    facts.push(Fact::at(text, Some(fetch.place)));
                    strength = strength.max(Some(sure(verification)));
                }
            }
        }
    }
    let (of_files, by_files) = expired_lists(case);
    facts.extend(of_files);
    strength = strength.max(by_files);
    let publish = Remedy::advice(
        Risk::Safe,
        "let the authority publish a new list, and see why its regular publication stopped (certutil -CRL on the authority publishes one now)",
    );
    match strength {
        Some(strength) => {
            Judged::supported(gate.cap(strength), facts).and(gate.facts).needs(gate.needs).remedies([publish]).remedies(remedies(case))
        }
        None => Judged::open().and(gate.facts).needs(usual_needs()).needs(gate.needs).remedies([publish]),
    }
}

#[cfg(test)]
mod tests {
    use super::super::super::testing::{ALL_REACHED, CLIENT, CRL, EXPIRED_LIST, ISSUING, iis6, iis7};
    use super::*;
    use crate::diagnose::Verdict;
    use crate::rules::Confidence;

    #[test]
    fn a_list_that_was_fetched_and_has_expired_is_named() {
        let judged = iis7(0).verified(EXPIRED_LIST).judge(&CAUSE);
        assert_eq!((judged.verdict, judged.strength), (Verdict::Supported, Confidence::Firm));
        assert!(
            judged.because[0].text.contains("has expired: [0.0] http://crl.contoso.test/sub.crl")
                || judged.because[0].text.contains("http://crl.contoso.test/sub.crl")
        );
    }

    #[test]
    fn a_file_of_a_list_that_had_expired_is_named_with_its_end() {
        let judged = iis7(0).file(CLIENT).file(ISSUING).file(CRL).on("2031-05-01").judge(&CAUSE);
        assert_eq!((judged.verdict, judged.strength), (Verdict::Supported, Confidence::Likely));
        assert!(judged.because[0].text.contains("counts until 2031-04-09 06:07:08"), "{}", judged.because[0].text);
        let alone = iis7(0).file(CRL).on("2031-05-01").judge(&CAUSE);
        assert_eq!((alone.verdict, alone.strength), (Verdict::Supported, Confidence::Hint));
        assert_eq!(iis7(0).file(CLIENT).file(ISSUING).file(CRL).on("2031-04-05").judge(&CAUSE).verdict, Verdict::Open);
    }

    #[test]
    fn where_nothing_is_fetched_it_is_excluded() {
        for case in [iis6(1), iis6(2)] {
            assert_eq!(case.verified(EXPIRED_LIST).judge(&CAUSE).verdict, Verdict::Excluded);
        }
    }

    #[test]
    fn without_a_verification_and_after_a_good_one_it_is_open() {
        assert_eq!(iis6(0).judge(&CAUSE).verdict, Verdict::Open);
        assert_eq!(iis6(0).verified(ALL_REACHED).judge(&CAUSE).verdict, Verdict::Open);
    }
}
