//! `client-certificate-expired`: the client's own certificate has ended.

use super::chains::{EXPIRED, Verified, When, asked, clients, of_one, renew, several, shown, usual_needs, with_error, year};
use crate::diagnose::{Case, Cause, Fact, Judged, Likelihood};
use crate::evidence::Element;
use crate::rules::Confidence;

pub(super) const CAUSE: Cause = Cause {
    id: "client-certificate-expired",
    statuses: &["403.17"],
    title: "The client certificate has expired",
    meaning: "The certificate came, and by the server's clock its validity has ended. IIS has no setting that lets it in all the same.",
    open: "Open without the certificate or a verification of it. The error bit of a verification says that a certificate is outside its validity and not \
           on which side, so that it is likely unless the year tells. A certificate that is valid rules it out no more than likely, since the \
           refused client may have shown another one.",
    evidence: "the client's certificate, or the output of certutil -verify on the server; the log for the time",
    likelihood: Likelihood::Common,
    references: &["KB248031"],
    check,
};

fn check(case: &Case<'_>) -> Judged {
    let needs = match asked(case) {
        Ok(needs) => needs,
        Err(excluded) => return excluded,
    };
    let this_year = When::of(case, "403.17").and_then(|when| when.year());
    let before = |element: &Element| year(element.not_after.value()).zip(this_year).is_some_and(|(end, now)| end < now);
    let future = |element: &Element| year(element.not_before.value()).zip(this_year).is_some_and(|(begin, now)| begin > now);
    let end = |element: &Element| element.not_after.value().map(|end| format!(", its validity ends {end}")).unwrap_or_default();
    let says = |element: &Element| {
        let on = if before(element) { "has expired" } else { "is outside its validity" };
        format!("{on}{}", end(element))
    };
    let Verified { mut bad, mut good, strength } = with_error(case, EXPIRED, |element| element.index == 0 && !future(element), says);
    let sure = case.verifications().iter().flat_map(|one| &one.chains).flat_map(|chain| &chain.elements);
    let sure = sure.filter(|element| element.index == 0).any(before);
    let mut strength = strength.map(|strength| if sure { strength } else { strength.min(Confidence::Likely) });
    let mut reason = None;
    if let Some(when) = When::of(case, "403.17") {
        let clients = clients(case);
        let several = several(&clients);
        for chain in &clients {
            let Some(leaf) = chain.links.first() else { continue };
            if when.is_after(leaf) {
                let text = format!("{}, had expired {}: its validity ends {}", shown(leaf), when.words, leaf.not_after);
                bad.push(Fact::at(text, Some(leaf.place)));
                strength = strength.max(Some(of_one(&several, Confidence::Firm, &mut reason)));
            } else {
                let text = format!("{}, had not expired {}: its validity ends {}", shown(leaf), when.words, leaf.not_after);
                good.push(Fact::at(text, Some(leaf.place)));
            }
        }
    }
    match strength {
        Some(strength) => Judged::supported(strength, bad).aside(reason).needs(needs).remedies(renew("the client's certificate")),
        None if !good.is_empty() => Judged::excluded_by(Confidence::Likely, good),
        None => Judged::open().needs(usual_needs()).needs(needs).remedies(renew("the client's certificate")),
    }
}

#[cfg(test)]
mod tests {
    use super::super::super::testing::{ALL_REACHED, CLIENT, CLIENT_EXPIRED, OneCase, iis6, iis7};
    use super::*;
    use crate::diagnose::Verdict;

    #[test]
    fn a_certificate_that_had_ended_that_day_supports_it() {
        let judged = iis7(1).file(CLIENT).on("2031-04-06").judge(&CAUSE);
        assert_eq!((judged.verdict, judged.strength), (Verdict::Supported, Confidence::Firm));
        assert!(judged.because[0].text.contains("ends 2031-04-05"), "{}", judged.because[0].text);
        assert!(judged.because[0].place.is_some());
        assert_eq!(iis6(0).verified(CLIENT_EXPIRED).on("2027-01-01").judge(&CAUSE).strength, Confidence::Likely);
        assert_eq!(iis6(0).verified(CLIENT_EXPIRED).on("2028-01-01").judge(&CAUSE).strength, Confidence::Firm);
    }

    #[test]
    fn a_valid_certificate_a_good_verification_and_a_url_that_asks_for_none_exclude_it() {
        for case in [iis7(1).file(CLIENT).on("2027-01-01"), iis7(1).verified(ALL_REACHED), OneCase::iis7("Ssl", &[])] {
            assert_eq!(case.judge(&CAUSE).verdict, Verdict::Excluded);
        }
    }

    #[test]
    fn without_a_certificate_it_is_open_and_asks_for_one() {
        let judged = iis7(1).on("2027-01-01").judge(&CAUSE);
        assert_eq!(judged.verdict, Verdict::Open);
        assert!(judged.needs.iter().any(|need| need.command.as_deref() == Some("certutil -verify -urlfetch client.cer")));
    }
}
