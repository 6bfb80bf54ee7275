//! `proxy`: revocation lists are fetched through a proxy that the system does not know, or that wants a name and password.

use super::revocation::{fetching, named, sure, usual_needs};
use crate::diagnose::{Case, Cause, Fact, Judged, Likelihood, needs};
use crate::remedy::{Remedy, Risk};
use crate::rules::Confidence;
use crate::server::Generation;

pub(super) const CAUSE: Cause = Cause {
    id: "proxy",
    statuses: &["403.13"],
    title: "The system has no proxy for fetching revocation lists, or the proxy refuses it",
    meaning: "Lists are fetched by the account of the system with the proxy of WinHTTP. The proxy of a user, of Internet Explorer or of web.config does not \
              count, so that everything works for the administrator at the console and fails for IIS. A proxy that wants a name and password answers \
              407 to the system.",
    open: "Open unless a verification shows that a proxy stood in the way, since no file that is read holds the WinHTTP proxy. Likely at most: a verification \
           runs under the account of the one who starts it.",
    evidence: "netsh winhttp show proxy, the output of certutil -verify -urlfetch run by the account of the system, the log",
    likelihood: Likelihood::Common,
    references: &["KB294305", "m6mmik/IIS-ID: 403.13 on some servers only"],
    check,
};

/// Results of a fetch that a proxy or its lack explains: 407, no automatic detection.
const PROXY: [u32; 2] = [0x8019_0197, 0x8007_2f94];

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
                for fetch in &element.fetches {
                    let Some(error) = fetch.error.as_ref().filter(|error| PROXY.contains(&error.value)) else { continue };
                    let text =
                        format!("{} failed with {}, for {}", fetch.urls.join(", "), error.label(), named(verification, index, element));
                    facts.push(Fact::at(text, Some(fetch.place)));
                    strength = strength.max(Some(sure(verification).min(Confidence::Likely)));
                }
            }
        }
    }
    let judged = match strength {
        Some(strength) => Judged::supported(gate.cap(strength), facts),
        None => Judged::open(),
    };
    judged
        .and(gate.facts)
        .needs([needs::proxy(case.server)])
        .needs(usual_needs())
        .needs(gate.needs)
        .remedies(crate::compare::revocation_looks(case.generation()))
        .remedies(remedies(case))
}

fn remedies(case: &Case<'_>) -> [Remedy; 2] {
    let set = if case.generation() == Generation::Iis6 {
        Remedy::command(
            Risk::Safe,
            "gives the system a proxy; the part behind -b names what is reached without one",
            "proxycfg -p proxy.example.com:8080 -b \"<local>\"",
        )
    } else {
        Remedy::command(
            Risk::Safe,
            "gives the system a proxy; the second part names what is reached without one",
            "netsh winhttp set proxy proxy.example.com:8080 \"<local>\"",
        )
    };
    [set, Remedy::advice(Risk::Safe, "let the proxy pass the addresses of the lists without a name and password")]
}

#[cfg(test)]
mod tests {
    use super::super::super::testing::{PROXY_WANTS_PASSWORD, SUBORDINATE_UNREACHABLE, iis6, iis7};
    use super::*;
    use crate::diagnose::Verdict;

    #[test]
    fn a_407_of_the_proxy_supports_it() {
        let judged = iis7(0).verified(PROXY_WANTS_PASSWORD).judge(&CAUSE);
        assert_eq!((judged.verdict, judged.strength), (Verdict::Supported, Confidence::Likely));
        assert!(judged.because[0].text.contains("HTTP_E_STATUS_PROXY_AUTH_REQ"), "{:?}", judged.because);
    }

    #[test]
    fn where_nothing_is_fetched_it_is_excluded() {
        assert_eq!(iis6(2).verified(PROXY_WANTS_PASSWORD).judge(&CAUSE).verdict, Verdict::Excluded);
    }

    #[test]
    fn without_a_sign_of_a_proxy_it_is_open_and_asks_for_the_proxy_of_the_system() {
        for judged in [iis6(0).judge(&CAUSE), iis7(0).verified(SUBORDINATE_UNREACHABLE).judge(&CAUSE)] {
            assert_eq!(judged.verdict, Verdict::Open);
            assert!(matches!(judged.needs[0].command.as_deref(), Some("proxycfg" | "netsh winhttp show proxy")));
        }
    }
}
