//! `chain-certificate-expired`: an authority of the chain is outside its validity.

use super::chains::{EXPIRED, Verified, When, asked, clients, of_one, renew, several, shown, usual_needs, with_error};
use crate::diagnose::{Case, Cause, Fact, Judged, Likelihood};
use crate::evidence::Element;
use crate::evidence::x509::ChainEnd;
use crate::remedy::{Remedy, Risk};
use crate::rules::Confidence;

pub(super) const CAUSE: Cause = Cause {
    id: "chain-certificate-expired",
    statuses: &["403.17"],
    title: "An authority of the chain has expired or is not yet valid",
    meaning: "The client's own certificate is in order, and one that stands above it is not: often the old certificate of an authority that was renewed, which the \
              server still has, or an intermediate that nobody renewed. Every client of that authority is refused at once.",
    open: "Likely at most: that an authority outside its validity gives 403.17 follows from how chains are judged and is not documented. Open \
           without the certificates of the whole chain or a verification.",
    evidence: "the output of certutil -verify on the server, or the certificates of the chain",
    likelihood: Likelihood::Possible,
    references: &["KB248031", "KB943891"],
    check,
};

fn check(case: &Case<'_>) -> Judged {
    let needs = match asked(case) {
        Ok(needs) => needs,
        Err(excluded) => return excluded,
    };
    let says = |element: &Element| {
        let span = |text: Option<&String>| text.map(String::as_str).unwrap_or("unknown").to_owned();
        format!("is outside its validity, from {} to {}", span(element.not_before.value()), span(element.not_after.value()))
    };
    let Verified { mut bad, mut good, mut strength } = with_error(case, EXPIRED, |element| element.index > 0, says);
    let mut reason = None;
    if let Some(when) = When::of(case, "403.17") {
        let clients = clients(case);
        let several = several(&clients);
        for chain in &clients {
            let before = bad.len();
            for link in chain.links.iter().skip(1) {
                let how = match (when.is_after(link), when.is_before(link)) {
                    (true, _) => format!("had expired {}: its validity ends {}", when.words, link.not_after),
                    (_, true) => format!("was not yet valid {}: its validity begins {}", when.words, link.not_before),
                    _ => continue,
                };
                let fact = Fact::at(format!("the authority {}, {how}", shown(link)), Some(link.place));
                if !bad.contains(&fact) {
                    bad.push(fact);
                }
                strength = strength.max(Some(of_one(&several, Confidence::Likely, &mut reason)));
            }
            if let (Some(leaf), true, ChainEnd::SelfIssued) = (chain.links.first(), bad.len() == before, &chain.end) {
                good.push(Fact::at(format!("every authority above {}, was valid {}", shown(leaf), when.words), Some(leaf.place)));
            }
        }
    }
    let install = Remedy::command(
        Risk::Safe,
        "puts the renewed certificate of the authority on this server; do it on every node",
        "certutil -addstore CA intermediate.cer",
    );
    let remedies = renew("the certificate of the authority").into_iter().chain([install]);
    match strength {
        Some(strength) => Judged::supported(strength.min(Confidence::Likely), bad).aside(reason).needs(needs).remedies(remedies),
        None if !good.is_empty() => Judged::excluded_by(Confidence::Likely, good),
        None => Judged::open().needs(usual_needs()).needs(needs).remedies(remedies),
    }
}

#[cfg(test)]
mod tests {
    use super::super::super::testing::{ALL_REACHED, AUTHORITY_EXPIRED, CLIENT, ISSUING, OneCase, ROOT, iis6, iis7};
    use super::*;
    use crate::diagnose::Verdict;

    #[test]
    fn an_authority_outside_its_validity_is_named_and_likely() {
        let judged = iis6(0).verified(AUTHORITY_EXPIRED).judge(&CAUSE);
        assert_eq!((judged.verdict, judged.strength), (Verdict::Supported, Confidence::Likely));
        assert!(judged.because[0].text.starts_with("\"CN=Sub CA 1\""), "{}", judged.because[0].text);
        let judged = iis7(1).file(CLIENT).file(ISSUING).file(ROOT).on("2052-01-01").judge(&CAUSE);
        assert_eq!(judged.verdict, Verdict::Supported);
        assert!(judged.because[0].text.contains("Contoso Issuing CA 2"), "{}", judged.because[0].text);
    }

    #[test]
    fn a_whole_chain_that_is_valid_and_a_url_that_asks_for_none_exclude_it() {
        let whole = iis7(1).file(CLIENT).file(ISSUING).file(ROOT).on("2027-01-01");
        for case in [whole, iis7(1).verified(ALL_REACHED), OneCase::iis7("Ssl", &[])] {
            assert_eq!(case.judge(&CAUSE).verdict, Verdict::Excluded);
        }
    }

    #[test]
    fn without_the_authority_it_is_open() {
        assert_eq!(iis7(1).file(CLIENT).on("2052-01-01").judge(&CAUSE).verdict, Verdict::Open);
        assert_eq!(iis7(1).file(CLIENT).on("2027-01-01").judge(&CAUSE).verdict, Verdict::Open);
        assert_eq!(iis7(1).judge(&CAUSE).verdict, Verdict::Open);
    }
}
