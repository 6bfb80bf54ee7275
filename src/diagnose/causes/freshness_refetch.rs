//! `freshness-refetch`: revocation lists are fetched again and again, and each attempt can fail.

use super::revocation::{fetching, usual_needs};
use crate::catalogue::{Setting, Value, cert_check};
use crate::diagnose::{Case, Cause, Fact, Judged, Likelihood};
use crate::remedy::Risk;
use crate::rules::{Confidence, SHORTEST_FRESHNESS};

pub(super) const CAUSE: Cause = Cause {
    id: "freshness-refetch",
    statuses: &["403.13"],
    title: "Revocation lists are fetched anew all the time, and one attempt that fails refuses clients",
    meaning: "Bit 4 of CertCheckMode makes the server fetch a list again after RevocationFreshnessTime, although the cached one is still valid. With a short \
              time every publisher, proxy and network on the way must answer all day long, and each failure is a 403.13. A list is no fresher for it \
              than its publisher made it.",
    open: "Likely with a time below an hour, since only the log can tell that an attempt failed. Open with a longer time, and while the value on the \
           endpoint is not known.",
    evidence: "CertCheckMode and the freshness time in effect, the log",
    likelihood: Likelihood::Rare,
    references: &["TechNet cc756751", "field reports of 403 with mode 4 and 120 seconds"],
    check,
};

fn check(case: &Case<'_>) -> Judged {
    let gate = match fetching(case) {
        Ok(gate) => gate,
        Err(excluded) => return excluded,
    };
    let fresh = case.mode_has(cert_check::FRESHNESS);
    if let Some(fact) = fresh.is_no() {
        let text = format!("the freshness time does not count: {}", fact.text);
        return Judged::excluded(Confidence::Firm, Fact::at(text, fact.place)).and(fresh.no.iter().skip(1).cloned());
    }
    if !fresh.may_be_yes() {
        return Judged::open().and(gate.facts).needs(fresh.needs());
    }
    let short = case.ask(Setting::RevocationFreshnessTime, |value| Some((1..SHORTEST_FRESHNESS).contains(&value.number()?)));
    let longer = case.set(
        Setting::RevocationFreshnessTime,
        Risk::Safe,
        "fetches lists once a day, or sooner when the cached one expires; revocation is checked as before",
        &Value::Number(86_400),
    );
    let looks = case.look(Setting::RevocationFreshnessTime);
    let judged = if short.may_be_yes() {
        Judged::supported(Confidence::Likely, short.yes.iter().cloned()).and(fresh.yes)
    } else {
        Judged::open().and(fresh.yes).and(short.facts())
    };
    judged.needs(short.needs()).needs(usual_needs()).remedies(longer).remedies(looks)
}

#[cfg(test)]
mod tests {
    use super::super::super::testing::{iis6, iis7};
    use super::*;
    use crate::diagnose::Verdict;

    #[test]
    fn mode_4_with_two_minutes_supports_it_and_a_day_cures_it() {
        let judged = iis6(4).with("RevocationFreshnessTime", "120").judge(&CAUSE);
        assert_eq!((judged.verdict, judged.strength), (Verdict::Supported, Confidence::Likely));
        assert!(judged.because[0].text.contains("120 seconds") && judged.because[0].place.is_some(), "{:?}", judged.because);
        assert!(judged.remedies.iter().any(|remedy| remedy.risk == Risk::Safe
            && remedy.command.as_deref().is_some_and(|command| command.ends_with("RevocationFreshnessTime 86400"))));
        assert_eq!(iis7(4).with("DefaultSslRevocationFreshnessTime", "120").judge(&CAUSE).verdict, Verdict::Supported);
    }

    #[test]
    fn without_bit_4_the_time_does_not_count() {
        let judged = iis6(0).with("RevocationFreshnessTime", "120").judge(&CAUSE);
        assert_eq!(judged.verdict, Verdict::Excluded);
        assert!(judged.because[0].text.starts_with("the freshness time does not count"), "{:?}", judged.because);
    }

    #[test]
    fn a_long_time_and_an_unknown_mode_leave_it_open() {
        assert_eq!(iis6(4).with("RevocationFreshnessTime", "86400").judge(&CAUSE).verdict, Verdict::Open);
        assert_eq!(iis7(4).without_records().judge(&CAUSE).verdict, Verdict::Open);
    }
}
