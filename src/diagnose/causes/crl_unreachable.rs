//! `crl-unreachable`: the revocation list of a certificate in the chain cannot be fetched.

use super::revocation::{NOT_CHECKABLE, about_address, fetching, named, remedies, sure, usual_needs, working_does_not_check};
use crate::diagnose::{Case, Cause, Fact, Judged, Likelihood, needs};
use crate::evidence::{Element, Fetch, Verification};
use crate::rules::Confidence;

pub(super) const CAUSE: Cause = Cause {
    id: "crl-unreachable",
    statuses: &["403.13"],
    title: "A revocation list of the chain cannot be fetched from this server",
    meaning: "Revocation is checked for every certificate of the chain but the root, and a list that cannot be fetched counts as if the certificate were \
              revoked. One address of one subordinate authority that the server cannot reach is enough, although the list of the client certificate \
              itself is there.",
    open: "Open without a verification that names an address, also after one that reached all of them: it ran under another account than IIS, \
           often with another proxy. Likely where a site that works does not check revocation, and where the stores of the user were used.",
    evidence: "the output of certutil -verify -urlfetch on the server, the log, CertCheckMode in effect",
    likelihood: Likelihood::Common,
    references: &["KB248058", "KB294305", "KB884115"],
    check,
};

fn check(case: &Case<'_>) -> Judged {
    let gate = match fetching(case) {
        Ok(gate) => gate,
        Err(excluded) => return excluded,
    };
    let mut facts = Vec::new();
    let mut strength = None;
    let mut reached = Vec::new();
    for verification in case.verifications() {
        let unreachable = verification.unreachable();
        for one in &unreachable {
            let place = one.failed.first().map(|fetch| fetch.place).or(one.element.place).or(Some(verification.place));
            facts.push(Fact::at(
                format!("no revocation list could be had for {}{}", named(verification, one.chain, one.element), why(&one.failed)),
                place,
            ));
            for url in one.failed.iter().flat_map(|fetch| &fetch.urls) {
                let url = url.rsplit(' ').next().unwrap_or(url);
                facts.extend(about_address(case, one.element, url));
            }
            strength = strength.max(Some(sure(verification)));
        }
        // Whoever sees a root without a list beside the others looks for the fault there.
        if let Some(root) = unreachable.first().and_then(|one| root(verification, one.chain)) {
            let text = format!("the root of the chain, \"{}\", is not checked for revocation: no list is needed for it", root.label());
            facts.push(Fact::at(text, root.place));
        }
        if unreachable.is_empty() && verification.says_offline() {
            let text = format!("certutil says of the whole chain of \"{}\" that a revocation list could not be had", verification.label());
            facts.push(Fact::at(text, Some(verification.place)));
            strength = strength.max(Some(Confidence::Likely));
        } else if unreachable.is_empty() && verification.tried_urls() && verification.reached_all() {
            let text = format!(
                "certutil reached an address for every certificate of the chain of \"{}\", as the one who ran it and not as IIS",
                verification.label()
            );
            reached.push(Fact::at(text, Some(verification.place)));
        }
    }
    if let Some(strength) = strength {
        return Judged::supported(gate.cap(strength), facts).and(gate.facts).needs(gate.needs).remedies(remedies(case));
    }
    if let Some(fact) = working_does_not_check(case) {
        let needs = usual_needs().into_iter().chain(gate.needs);
        return Judged::supported(Confidence::Likely, [fact]).and(gate.facts).and(reached).needs(needs).remedies(remedies(case));
    }
    if let Some(fact) = case.logged_with("403.13", NOT_CHECKABLE) {
        let needs = [needs::verification()].into_iter().chain(gate.needs);
        return Judged::supported(Confidence::Likely, [fact]).and(gate.facts).and(reached).needs(needs).remedies(remedies(case));
    }
    if let Some(fact) = case.logged_without("403.13", NOT_CHECKABLE) {
        return Judged::excluded(Confidence::Likely, fact);
    }
    let open = Judged::open().and(gate.facts).remedies(remedies(case));
    if reached.is_empty() {
        return open.needs(usual_needs()).needs(gate.needs);
    }
    open.and(reached).likelihood(Likelihood::Possible).needs([needs::proxy(case.server), needs::log()]).needs(gate.needs)
}

/// The root of a chain, when the chain reaches one.
fn root(verification: &Verification, chain: usize) -> Option<&Element> {
    let last = verification.chains.get(chain)?.elements.last()?;
    (last.issuer.value().is_some() && last.issuer.value() == last.subject.value()).then_some(last)
}

/// The addresses that failed, and why.
fn why(failed: &[&Fetch]) -> String {
    let one = |fetch: &&Fetch| {
        let urls = fetch.urls.join(", ");
        match &fetch.error {
            Some(error) => format!("{urls} ({})", error.label()),
            None => urls,
        }
    };
    let all: Vec<String> = failed.iter().map(one).collect();
    if all.is_empty() { String::new() } else { format!(": {}", all.join("; ")) }
}

#[cfg(test)]
mod tests {
    use super::super::super::testing::{ALL_REACHED, ISSUING, OneCase, SUBORDINATE_UNREACHABLE, iis6, iis7, publisher};
    use super::*;
    use crate::diagnose::Verdict;
    use crate::remedy::Risk;

    #[test]
    fn the_host_of_the_address_that_failed_is_looked_for_in_the_certificate_and_among_the_servers() {
        let publisher = publisher("");
        let judged = iis7(0).verified(SUBORDINATE_UNREACHABLE).beside(publisher).judge(&CAUSE);
        let told = |judged: &Judged, text: &str| judged.because.iter().any(|fact| fact.text.contains(text));
        assert!(told(&judged, "crl.contoso.test is a host of \"CRL\" (id 5) of pki: look there first"), "{:?}", judged.because);
        let case = iis7(0).file(ISSUING).verified(SUBORDINATE_UNREACHABLE);
        let case = case.changed(|server| {
            let hash = server.evidence.certificates[0].thumbprint.to_vec();
            let place = server.evidence.certificates[0].place;
            server.evidence.verifications[0].chains[0].elements[1].hash = crate::input::Field::said(hash, place);
        });
        let judged = case.judge(&CAUSE);
        assert!(told(&judged, "names other addresses for its list than the one that failed: "), "{:?}", judged.because);
        assert!(!told(&judged, "is a host of"), "{:?}", judged.because);
    }

    #[test]
    fn the_subordinate_whose_list_could_not_be_fetched_is_named_with_its_address() {
        for case in [iis6(0), iis7(0)] {
            let judged = case.verified(SUBORDINATE_UNREACHABLE).judge(&CAUSE);
            assert_eq!((judged.verdict, judged.strength), (Verdict::Supported, Confidence::Firm));
            let text = &judged.because[0].text;
            assert!(
                text.contains("CN=Sub CA 1") && text.contains("certificate 2 of 3") && text.contains("http://crl.contoso.test/root.crl"),
                "{text}"
            );
            assert!(judged.because[0].place.is_some());
            assert!(judged.because.iter().any(|fact| fact.text.contains("the root of the chain") && fact.text.contains("is not checked")));
            assert_eq!(judged.remedies.last().map(|remedy| remedy.risk), Some(Risk::WeakensSecurity));
        }
    }

    #[test]
    fn an_output_that_was_cut_proves_no_address_reached_and_the_status_of_the_chain_still_counts() {
        let cut = iis6(0).verified(SUBORDINATE_UNREACHABLE).cut_before("CertContext[0][0]").judge(&CAUSE);
        assert_eq!((cut.verdict, cut.strength), (Verdict::Supported, Confidence::Likely));
        assert!(cut.because[0].text.contains("of the whole chain"), "{:?}", cut.because);
        let reached = iis7(0).verified(ALL_REACHED).cut_before("CertContext[0][1]").judge(&CAUSE);
        assert_eq!((reached.verdict, reached.likelihood), (Verdict::Open, None));
        assert!(!reached.because.iter().any(|fact| fact.text.contains("reached an address")), "{:?}", reached.because);
    }

    #[test]
    fn it_is_likely_where_a_site_that_works_does_not_check_and_open_without_that_site() {
        let case = iis6(0).with_working(1);
        let judged = case.judge(&CAUSE);
        assert_eq!((judged.verdict, judged.strength), (Verdict::Supported, Confidence::Likely));
        assert!(judged.because[0].text.contains("works and does not check revocation"), "{:?}", judged.because);
        assert_eq!(iis6(0).judge(&CAUSE).verdict, Verdict::Open);
    }

    #[test]
    fn the_code_in_the_log_supports_or_excludes_it() {
        let logged = iis7(0).logging(&["403 13 2148081683"]).judge(&CAUSE);
        assert_eq!((logged.verdict, logged.strength), (Verdict::Supported, Confidence::Likely));
        assert_eq!(iis7(0).logging(&["403 13 2148081680"]).judge(&CAUSE).verdict, Verdict::Excluded);
        assert_eq!(iis7(0).logging(&["200 0 0"]).judge(&CAUSE).verdict, Verdict::Open);
    }

    #[test]
    fn without_the_check_without_fetching_and_where_nothing_is_asked_it_is_excluded_by_a_fact() {
        for case in [iis6(1), iis7(1), iis6(2), iis7(2)] {
            let judged = case.verified(SUBORDINATE_UNREACHABLE).judge(&CAUSE);
            assert_eq!(judged.verdict, Verdict::Excluded);
            assert!(judged.because[0].text.contains("CertCheckMode") && judged.because[0].place.is_some(), "{:?}", judged.because);
        }
        assert_eq!(OneCase::iis6("AccessSSL", None).judge(&CAUSE).verdict, Verdict::Excluded);
    }

    #[test]
    fn nothing_given_and_addresses_that_somebody_else_reached_leave_it_open() {
        let nothing = iis7(0).without_records().judge(&CAUSE);
        assert_eq!(nothing.verdict, Verdict::Open);
        assert!(nothing.needs.iter().any(|need| need.command.as_deref() == Some("netsh http show sslcert")));
        assert!(nothing.needs.iter().any(|need| need.command.as_deref() == Some("certutil -verify -urlfetch client.cer")));
        let reached = iis7(0).verified(ALL_REACHED).judge(&CAUSE);
        assert_eq!((reached.verdict, reached.likelihood), (Verdict::Open, Some(Likelihood::Possible)));
        assert!(reached.needs.iter().any(|need| need.command.as_deref() == Some("netsh winhttp show proxy")));
    }
}
