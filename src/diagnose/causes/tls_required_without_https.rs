//! `tls-required-without-https`: the URL demands https, and the site cannot be reached by https at all.

use crate::catalogue::{Setting, Value, access};
use crate::diagnose::{Case, Cause, Fact, Judged, Likelihood};
use crate::remedy::{Remedy, Risk};
use crate::rules::Confidence;

pub(super) const CAUSE: Cause = Cause {
    id: "tls-required-without-https",
    statuses: &["403.4"],
    title: "The URL demands https, and the site has no https binding or no certificate",
    meaning: "Nobody can reach the URL: by http it answers 403.4, and https is not there. On IIS 6 this remains when a certificate is removed and the flag is not; \
              a level above supplies the flag again after it was cleared below.",
    open: "Open while the bindings are not known.",
    evidence: "the access flags at the URL, the bindings of the site, SSLCertHash on IIS 6",
    likelihood: Likelihood::Possible,
    references: &["KB224389", "KB198968"],
    check,
};

fn check(case: &Case<'_>) -> Judged {
    let demands = case.access_has(access::SSL | access::SSL128);
    if demands.is_no().is_some() {
        return Judged::excluded_by(Confidence::Firm, demands.no);
    }
    let site = case.site();
    let mut missing = Vec::new();
    if site.declared && !site.has_binding("https") && (!site.bindings.is_empty() || case.server.lists_sites) {
        missing.push(Fact::at(format!("{} has no https binding", site.label()), site.place));
    }
    let hash = case.is_iis6().then(|| case.ask(Setting::ServerCertificate, |value| Some(matches!(value, Value::Bytes(_)))));
    missing.extend(hash.iter().flat_map(|hash| hash.no.iter().cloned()));
    let bind = Remedy::advice(Risk::Safe, "give the site an https binding and a server certificate, and call it by https");
    let cleared = match case.access() {
        Some(bits) => case.set(
            Setting::AccessFlags,
            Risk::WeakensSecurity,
            "stops demanding https, so that requests over http are served; clear it at every level that says it",
            &Value::Flags(bits & !(access::SSL | access::SSL128)),
        ),
        None => None,
    };
    if demands.may_be_yes() && !missing.is_empty() {
        return Judged::supported(Confidence::Firm, missing).and(demands.yes).remedies([bind]).remedies(cleared);
    }
    if let (true, Some(binding)) = (missing.is_empty(), site.bindings.iter().find(|binding| binding.is_https())) {
        let fact = Fact::at(format!("{} has the https binding {}", site.label(), binding.written), Some(binding.place));
        return Judged::excluded(Confidence::Firm, fact);
    }
    Judged::open().and(demands.facts()).and(missing).needs([crate::diagnose::needs::configuration(case.server)]).remedies([bind])
}

#[cfg(test)]
mod tests {
    use super::super::super::testing::{OneCase, iis6, iis7};
    use super::*;
    use crate::diagnose::Verdict;

    #[test]
    fn https_that_is_demanded_and_not_there_supports_it() {
        let judged = OneCase::iis6_without_certificate().judge(&CAUSE);
        assert_eq!((judged.verdict, judged.strength), (Verdict::Supported, Confidence::Firm));
        assert_eq!(judged.remedies.last().map(|remedy| remedy.risk), Some(Risk::WeakensSecurity));
    }

    #[test]
    fn an_https_binding_and_no_demand_exclude_it() {
        for case in [iis6(0), iis7(0), OneCase::iis7("None", &[])] {
            assert_eq!(case.judge(&CAUSE).verdict, Verdict::Excluded);
        }
    }

    #[test]
    fn unknown_bindings_leave_it_open() {
        assert_eq!(OneCase::lone_web_config().judge(&CAUSE).verdict, Verdict::Open);
    }
}
