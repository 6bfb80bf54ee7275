//! `client-certificate-not-yet-valid`: the validity of the client's own certificate begins later.

use super::chains::{EXPIRED, When, asked, clients, of_one, several, shown, usual_needs, with_error, year};
use crate::diagnose::{Case, Cause, Fact, Judged, Likelihood};
use crate::evidence::Element;
use crate::remedy::{Remedy, Risk};
use crate::rules::Confidence;

pub(super) const CAUSE: Cause = Cause {
    id: "client-certificate-not-yet-valid",
    statuses: &["403.17"],
    title: "The validity of the client certificate has not begun",
    meaning: "A certificate that was just issued counts from a moment that by the server's clock is still to come: the clocks of authority and server differ, or \
              it was issued ahead.",
    open: "Open without the certificate or a verification of it: the error bit of a verification is that of an expired certificate, too.",
    evidence: "the client's certificate, or the output of certutil -verify on the server",
    likelihood: Likelihood::Rare,
    references: &["KB248031"],
    check,
};

fn check(case: &Case<'_>) -> Judged {
    let needs = match asked(case) {
        Ok(needs) => needs,
        Err(excluded) => return excluded,
    };
    let wait = Remedy::advice(
        Risk::Safe,
        "wait until the validity begins, compare the clocks of the authority and of this server, or let the authority issue it with a beginning in the past",
    );
    let this_year = When::of(case, "403.17").and_then(|when| when.year());
    let future = |element: &Element| year(element.not_before.value()).zip(this_year).is_some_and(|(begin, now)| begin > now);
    let begin = |element: &Element| {
        let begin = element.not_before.value().map(String::as_str).unwrap_or_default();
        format!("is not yet valid, its validity begins {begin}")
    };
    let verified = with_error(case, EXPIRED, |element| element.index == 0 && future(element), begin);
    let (mut bad, mut strength, mut good) = (verified.bad, verified.strength, Vec::new());
    // Where the bit is set and the year does not tell, either side is possible.
    if with_error(case, EXPIRED, |element| element.index == 0, |_| String::new()).bad.is_empty() {
        good.extend(verified.good);
    }
    let mut reason = None;
    if let Some(when) = When::of(case, "403.17") {
        let clients = clients(case);
        let several = several(&clients);
        for chain in &clients {
            let Some(leaf) = chain.links.first() else { continue };
            if when.is_before(leaf) {
                let text = format!("{}, was not yet valid {}: its validity begins {}", shown(leaf), when.words, leaf.not_before);
                bad.push(Fact::at(text, Some(leaf.place)));
                strength = strength.max(Some(of_one(&several, Confidence::Firm, &mut reason)));
            } else {
                good.push(Fact::at(format!("{}, counts since {}", shown(leaf), leaf.not_before), Some(leaf.place)));
            }
        }
    }
    match strength {
        Some(strength) => Judged::supported(strength, bad).aside(reason).needs(needs).remedies([wait]),
        None if !good.is_empty() => Judged::excluded_by(Confidence::Likely, good),
        None => Judged::open().needs(usual_needs()).needs(needs).remedies([wait]),
    }
}

#[cfg(test)]
mod tests {
    use super::super::super::testing::{CLIENT, CLIENT_EXPIRED, OneCase, iis7};
    use super::*;
    use crate::diagnose::Verdict;

    #[test]
    fn a_validity_that_begins_later_supports_it() {
        let judged = iis7(1).file(CLIENT).on("2026-04-04").judge(&CAUSE);
        assert_eq!((judged.verdict, judged.strength), (Verdict::Supported, Confidence::Firm));
        assert_eq!(iis7(1).verified(CLIENT_EXPIRED).on("2025-06-01").judge(&CAUSE).verdict, Verdict::Supported);
    }

    #[test]
    fn a_validity_that_has_begun_and_a_url_that_asks_for_none_exclude_it() {
        for case in [iis7(1).file(CLIENT).on("2027-01-01"), OneCase::iis7("Ssl", &[])] {
            assert_eq!(case.judge(&CAUSE).verdict, Verdict::Excluded);
        }
    }

    #[test]
    fn an_error_bit_without_a_year_that_tells_leaves_it_open() {
        assert_eq!(iis7(1).verified(CLIENT_EXPIRED).on("2026-06-01").judge(&CAUSE).verdict, Verdict::Open);
        assert_eq!(iis7(1).judge(&CAUSE).verdict, Verdict::Open);
    }
}
