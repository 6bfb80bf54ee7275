//! `crl-expired-in-cache`: only cached revocation lists count, and the cached one is missing or out of date.

use super::revocation::{expired_lists, gate, named, no_check, working_does_not_check};
use crate::catalogue::{Setting, Value, cert_check};
use crate::diagnose::{Case, Cause, Fact, Judged, Likelihood, Need, needs};
use crate::evidence::Revocation;
use crate::remedy::{Remedy, Risk};
use crate::rules::Confidence;

pub(super) const CAUSE: Cause = Cause {
    id: "crl-expired-in-cache",
    statuses: &["403.13"],
    title: "Only cached revocation lists count, and one is missing or has expired",
    meaning: "Bit 2 of CertCheckMode lets the server use the lists that it has and fetch none. The check goes on: when the job that installs the lists fails \
              once, or a new authority issues certificates, clients are refused.",
    open: "Open while it is not known which lists the server has. A verification that finds no current list makes it likely and not certain, since \
           certutil may look elsewhere than IIS.",
    evidence: "CertCheckMode in effect, the lists in the store CA of the computer and in the cache, the output of certutil -verify without -urlfetch",
    likelihood: Likelihood::Common,
    references: &["TechNet cc775782", "HTTP_SERVICE_CONFIG_SSL_PARAM (learn.microsoft.com)"],
    check,
};

fn check(case: &Case<'_>) -> Judged {
    let gate = match gate(case) {
        Ok(gate) => gate,
        Err(excluded) => return excluded,
    };
    let cached = case.mode_has(cert_check::CACHE_ONLY);
    if let Some(fact) = cached.is_no() {
        let text = format!("lists are fetched where the cache has none: {}", fact.text);
        return Judged::excluded(Confidence::Firm, Fact::at(text, fact.place)).and(cached.no.iter().skip(1).cloned());
    }
    let listed = [
        Need::command("the revocation lists that are installed on this server", "certutil -store CA"),
        Need::command(
            "the verification of a client certificate with what the server has, without fetching anything",
            "certutil -verify client.cer",
        ),
        needs::log(),
    ];
    if !cached.may_be_yes() {
        return Judged::open().and(gate.facts).likelihood(Likelihood::Possible).needs(cached.needs()).needs(listed);
    }
    let mut facts = Vec::new();
    for verification in case.verifications() {
        for (index, chain) in verification.chains.iter().enumerate() {
            for element in chain.elements.iter().filter(|element| verification.revocation(element) == Revocation::Offline) {
                let text = format!("there is no current revocation list for {}", named(verification, index, element));
                facts.push(Fact::at(text, element.status.error.place().or(element.place)));
            }
        }
    }
    facts.extend(working_does_not_check(case));
    facts.extend(expired_lists(case).0);
    let judged = if facts.is_empty() { Judged::open() } else { Judged::supported(Confidence::Likely, facts) };
    judged.and(gate.facts).needs(listed).needs(gate.needs).remedies(remedies(case))
}

fn remedies(case: &Case<'_>) -> Vec<Remedy> {
    let mut remedies = vec![
        Remedy::command(Risk::ReadOnly, "lists what is installed; the dates of each list stand in it", "certutil -store CA"),
        Remedy::command(
            Risk::Safe,
            "installs a current list; one for each authority of the chain, by a job that runs more often than the lists expire",
            "certutil -addstore CA authority.crl",
        ),
    ];
    let mode = case.on_endpoints(Setting::CertCheckMode).into_iter().find_map(|(_, resolved)| resolved.known()?.flags());
    if let Some(mode) = mode {
        remedies.extend(case.set(
            Setting::CertCheckMode,
            Risk::Safe,
            "fetches lists again, where the server can reach their addresses",
            &Value::Flags(mode & !cert_check::CACHE_ONLY),
        ));
        remedies.extend(no_check(case, mode));
    }
    remedies
}

#[cfg(test)]
mod tests {
    use super::super::super::testing::{SUBORDINATE_UNREACHABLE, iis6, iis7};
    use super::*;
    use crate::diagnose::Verdict;

    #[test]
    fn cached_lists_only_and_no_current_list_support_it() {
        let judged = iis6(2).verified(SUBORDINATE_UNREACHABLE).judge(&CAUSE);
        assert_eq!((judged.verdict, judged.strength), (Verdict::Supported, Confidence::Likely));
        assert!(judged.because[0].text.contains("CN=Sub CA 1"), "{:?}", judged.because);
        assert!(judged.remedies.iter().any(|remedy| remedy.command.as_deref().is_some_and(|command| command.ends_with("CertCheckMode 0"))));
    }

    #[test]
    fn every_other_mode_excludes_it() {
        for case in [iis6(0), iis7(0), iis6(4), iis7(1)] {
            assert_eq!(case.verified(SUBORDINATE_UNREACHABLE).judge(&CAUSE).verdict, Verdict::Excluded);
        }
    }

    #[test]
    fn an_unknown_mode_and_unknown_lists_leave_it_open() {
        assert_eq!(iis7(2).judge(&CAUSE).verdict, Verdict::Open);
        let unknown = iis7(2).without_records().judge(&CAUSE);
        assert_eq!((unknown.verdict, unknown.likelihood), (Verdict::Open, Some(Likelihood::Possible)));
    }
}
