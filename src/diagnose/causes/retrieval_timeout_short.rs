//! `retrieval-timeout-short`: fetching a revocation list takes longer than the server waits.

use super::revocation::{fetching, named, usual_needs};
use crate::catalogue::{Setting, Value};
use crate::diagnose::{Case, Cause, Fact, Judged, Likelihood};
use crate::evidence::Source;
use crate::remedy::{Remedy, Risk};
use crate::rules::Confidence;

pub(super) const CAUSE: Cause = Cause {
    id: "retrieval-timeout-short",
    statuses: &["403.13"],
    title: "Fetching a revocation list takes longer than the server waits",
    meaning: "A list that has not arrived when the retrieval time-out ends counts as unreachable. Large lists, LDAP addresses and full lines at peak hours \
              take long, and then clients are refused for a while and let in again.",
    open: "Likely where an address took longer than the time-out in effect; a hint where the time-out alone is shorter than 15 seconds, the documented \
           default of Windows Server 2003. With 0 the default of the system counts, which later versions do not document, so it stays open.",
    evidence: "the retrieval time-out in effect, the output of certutil -verify -urlfetch, which shows the seconds of each attempt",
    likelihood: Likelihood::Possible,
    references: &["KB884115", "TechNet cc739775", "m6mmik/IIS-ID: 403.13 at peak hours"],
    check,
};

/// Milliseconds that Windows Server 2003 waits by default.
const DEFAULT: u64 = 15_000;

fn check(case: &Case<'_>) -> Judged {
    let gate = match fetching(case) {
        Ok(gate) => gate,
        Err(excluded) => return excluded,
    };
    let timeouts = case.on_endpoints(Setting::RevocationUrlRetrievalTimeout);
    let shortest = timeouts.iter().filter_map(|(_, resolved)| resolved.known()?.number()).filter(|number| *number != 0).min();
    let limit = shortest.unwrap_or(DEFAULT);
    let mut slow = Vec::new();
    let mut longest = 0;
    for verification in case.verifications() {
        for (index, chain) in verification.chains.iter().enumerate() {
            for element in &chain.elements {
                for fetch in element.fetches.iter().filter(|fetch| matches!(fetch.source, Source::Cdp | Source::ListCdp | Source::Ocsp)) {
                    let Some(seconds) = fetch.seconds.map(u64::from) else { continue };
                    longest = longest.max(seconds);
                    if seconds.saturating_mul(1000) > limit {
                        let text = format!("{} took {seconds} seconds, for {}", fetch.urls.join(", "), named(verification, index, element));
                        slow.push(Fact::at(text, Some(fetch.place)));
                    }
                }
            }
        }
    }
    let short = case.ask(Setting::RevocationUrlRetrievalTimeout, |value| Some((1..DEFAULT).contains(&value.number()?)));
    // As long again as the slowest attempt, and no less than the default.
    let enough = DEFAULT.max(longest.saturating_mul(2000));
    let longer = case.set(
        Setting::RevocationUrlRetrievalTimeout,
        Risk::Safe,
        "gives lists more time to arrive; a request waits that long when an address is really unreachable",
        &Value::Number(enough),
    );
    let other = [
        Remedy::advice(Risk::Safe, "publish the list at an address that is near and fast, by http and before any LDAP address"),
        Remedy::advice(
            Risk::Safe,
            "fetch the lists into the cache by a regular job (certutil -verify -urlfetch), so that no request waits for them",
        ),
    ];
    let judged = if !slow.is_empty() {
        Judged::supported(Confidence::Likely, slow).and(short.yes.iter().cloned())
    } else if short.may_be_yes() {
        Judged::supported(Confidence::Hint, short.yes.iter().cloned())
    } else {
        let likelihood = if shortest.is_some() { Likelihood::Rare } else { Likelihood::Possible };
        Judged::open().and(short.facts()).likelihood(likelihood)
    };
    judged.and(gate.facts).needs(usual_needs()).needs(short.needs()).needs(gate.needs).remedies(longer).remedies(other)
}

#[cfg(test)]
mod tests {
    use super::super::super::testing::{ALL_REACHED, SLOW, iis6, iis7};
    use super::*;
    use crate::diagnose::Verdict;

    #[test]
    fn an_address_that_takes_longer_than_the_time_out_supports_it_more_than_the_time_out_alone() {
        let slow = iis6(0).with("RevocationURLRetrievalTimeout", "5000").verified(SLOW).judge(&CAUSE);
        assert_eq!((slow.verdict, slow.strength), (Verdict::Supported, Confidence::Likely));
        assert!(slow.because[0].text.contains("took 22 seconds"), "{:?}", slow.because);
        assert!(slow.remedies.iter().any(|remedy| remedy.command.as_deref().is_some_and(|command| command.ends_with("44000"))));
        let short = iis7(0).with("DefaultSslRevocationUrlRetrievalTimeout", "3000").judge(&CAUSE);
        assert_eq!((short.verdict, short.strength), (Verdict::Supported, Confidence::Hint));
    }

    #[test]
    fn where_nothing_is_fetched_it_is_excluded() {
        for case in [iis6(1), iis6(2), iis7(2)] {
            assert_eq!(case.verified(SLOW).judge(&CAUSE).verdict, Verdict::Excluded);
        }
    }

    #[test]
    fn the_default_of_the_system_and_quick_answers_leave_it_open() {
        assert_eq!(iis6(0).judge(&CAUSE).verdict, Verdict::Open);
        let quick = iis6(0).with("RevocationURLRetrievalTimeout", "60000").verified(ALL_REACHED).judge(&CAUSE);
        assert_eq!((quick.verdict, quick.likelihood), (Verdict::Open, Some(Likelihood::Rare)));
    }
}
