//! `crl-not-named`: a certificate of the chain does not say where its revocation list is.

use super::revocation::{NOTHING_TO_CHECK_WITH, gate, named, no_check, sure, usual_needs};
use crate::catalogue::Setting;
use crate::diagnose::{Case, Cause, Fact, Judged, Likelihood};
use crate::evidence::Revocation;
use crate::remedy::{Remedy, Risk};
use crate::rules::Confidence;

pub(super) const CAUSE: Cause = Cause {
    id: "crl-not-named",
    statuses: &["403.13"],
    title: "A certificate of the chain names no revocation list, and the server has none",
    meaning: "A certificate without a distribution point or OCSP address can be checked only with a list that is installed on the server. Without one its \
              state is not known, and that counts as if it were revoked. Certificates from test tools are often made so.",
    open: "Open without a verification. Likely and not certain with one, since the server may have got a list after it.",
    evidence: "the output of certutil -verify on the server, the log (sc-win32-status 2148081682)",
    likelihood: Likelihood::Rare,
    references: &["KB294305", "HTTP_SERVICE_CONFIG_SSL_PARAM (learn.microsoft.com)"],
    check,
};

fn check(case: &Case<'_>) -> Judged {
    let gate = match gate(case) {
        Ok(gate) => gate,
        Err(excluded) => return excluded,
    };
    let mut facts = Vec::new();
    let mut strength = None;
    let mut known = 0;
    for verification in case.verifications() {
        let mut said = !verification.chains.is_empty();
        for (index, chain) in verification.chains.iter().enumerate() {
            for element in &chain.elements {
                match verification.revocation(element) {
                    Revocation::Unknown => {
                        let text = format!(
                            "whether {} is revoked could not be found out, and nothing says that it was tried",
                            named(verification, index, element)
                        );
                        facts.push(Fact::at(text, element.status.error.place().or(element.place)));
                        strength = strength.max(Some(sure(verification).min(Confidence::Likely)));
                    }
                    Revocation::NotSaid => said = false,
                    Revocation::Good | Revocation::Offline | Revocation::Revoked | Revocation::NotChecked => {}
                }
            }
        }
        known += usize::from(said);
    }
    let mut remedies = vec![
        Remedy::command(
            Risk::Safe,
            "installs the list of the authority; renew it before it expires",
            "certutil -addstore CA authority.crl",
        ),
        Remedy::advice(Risk::Safe, "let the authority put an address of its list into what it issues, and issue the certificate anew"),
    ];
    let mode = case.on_endpoints(Setting::CertCheckMode).into_iter().find_map(|(_, resolved)| resolved.known()?.flags());
    remedies.extend(mode.and_then(|mode| no_check(case, mode)));
    if let (None, Some(fact)) = (strength, case.logged_without("403.13", NOTHING_TO_CHECK_WITH)) {
        return Judged::excluded(Confidence::Likely, fact);
    }
    match (strength, case.verifications().first()) {
        (Some(strength), _) => Judged::supported(gate.cap(strength), facts).and(gate.facts).needs(gate.needs).remedies(remedies),
        (None, Some(first)) if known == case.verifications().len() => Judged::excluded(
            Confidence::Likely,
            Fact::at(
                format!("for every certificate of the chain of \"{}\" there was a list or an address to try", first.label()),
                Some(first.place),
            ),
        ),
        _ => Judged::open().and(gate.facts).needs(usual_needs()).needs(gate.needs).remedies(remedies),
    }
}

#[cfg(test)]
mod tests {
    use super::super::super::testing::{ALL_REACHED, NO_LIST_NAMED, iis6, iis7};
    use super::*;
    use crate::diagnose::Verdict;

    #[test]
    fn an_unknown_state_without_an_attempt_supports_it() {
        let judged = iis7(0).verified(NO_LIST_NAMED).judge(&CAUSE);
        assert_eq!((judged.verdict, judged.strength), (Verdict::Supported, Confidence::Likely));
        assert!(judged.because[0].text.contains("CN=Client"), "{:?}", judged.because);
    }

    #[test]
    fn a_chain_with_addresses_excludes_it() {
        assert_eq!(iis6(0).verified(ALL_REACHED).judge(&CAUSE).verdict, Verdict::Excluded);
        assert_eq!(iis6(1).verified(NO_LIST_NAMED).judge(&CAUSE).verdict, Verdict::Excluded);
    }

    #[test]
    fn without_a_verification_it_is_open() {
        assert_eq!(iis6(0).judge(&CAUSE).verdict, Verdict::Open);
    }
}
