//! `two-mapping-kinds`: certificates are mapped by Active Directory and by the entries of IIS, which exclude one another.

use crate::catalogue::{Setting, Value, access};
use crate::diagnose::{Answer, Case, Cause, Judged, Likelihood, needs};
use crate::remedy::{Remedy, Risk};
use crate::rules::Confidence;

pub(super) const CAUSE: Cause = Cause {
    id: "two-mapping-kinds",
    statuses: &["401", "500"],
    title: "Certificates are mapped by Active Directory and by IIS at once, which exclude one another",
    meaning: "With mapping by Active Directory on, the one-to-one and many-to-one entries of IIS do not work: a certificate that only they know maps to nobody. \
              Readers of a field article met a plain 500 in this state; nobody established why.",
    open: "Likely with both kinds on: that the entries do not work is documented, the status is not. Open while one of the switches is not known.",
    evidence: "the authentication sections at the URL; AccessSSLMapCert and SslUseDsMapper on IIS 6",
    likelihood: Likelihood::Possible,
    references: &["TechNet cc780105, cc771382", "field article on client certificates of 2007 and its readers"],
    check,
};

fn check(case: &Case<'_>) -> Judged {
    let (iis, directory): (Answer, Answer) = if case.is_iis6() {
        (case.access_has(access::MAP), case.ask(Setting::DsMapper, Value::bool))
    } else {
        (case.ask_url(Setting::IisCertificateMapping, Value::bool), case.ask_url(Setting::AdCertificateMapping, Value::bool))
    };
    for one in [&iis, &directory] {
        if one.is_no().is_some() {
            return Judged::excluded_by(Confidence::Firm, one.no.iter().cloned());
        }
    }
    let setting = if case.is_iis6() { Setting::DsMapper } else { Setting::AdCertificateMapping };
    let off = case.set(
        setting,
        Risk::Safe,
        "for the entries of IIS: switches mapping by Active Directory off; it is decided for all sites where the server level says it",
        &Value::Bool(false),
    );
    let other = Remedy::advice(
        Risk::Safe,
        "for mapping by Active Directory: move what the entries of IIS map there, and switch mapping by IIS off",
    );
    let judged = if iis.may_be_yes() && directory.may_be_yes() {
        Judged::supported(Confidence::Likely, directory.yes).and(iis.yes)
    } else {
        Judged::open().and(iis.facts()).and(directory.facts()).needs(iis.needs()).needs(directory.needs())
    };
    judged.needs([needs::log()]).remedies(off).remedies([other])
}

#[cfg(test)]
mod tests {
    use super::super::super::testing::{OneCase, iis6, iis7, mapping};
    use super::*;
    use crate::diagnose::Verdict;

    #[test]
    fn both_kinds_on_support_it() {
        let both = iis7(0).holding(&mapping(true, true, ""));
        let judged = both.judge(&CAUSE);
        assert_eq!((judged.verdict, judged.strength, judged.because.len()), (Verdict::Supported, Confidence::Likely, 2));
        assert!(judged.because.iter().all(|fact| fact.place.is_some()));
        let old = OneCase::iis6("AccessSSL | AccessSSLNegotiateCert | AccessSSLMapCert", None).with_service("SslUseDsMapper", "TRUE");
        assert_eq!(old.judge(&CAUSE).verdict, Verdict::Supported);
    }

    #[test]
    fn one_kind_and_none_exclude_it() {
        assert_eq!(iis7(0).holding(&mapping(true, false, "")).judge(&CAUSE).verdict, Verdict::Excluded);
        assert_eq!(iis6(0).judge(&CAUSE).verdict, Verdict::Excluded);
    }

    #[test]
    fn a_switch_that_cannot_be_read_leaves_it_open() {
        let odd = mapping(true, true, "").replacen("enabled=\"true\"", "enabled=\"maybe\"", 1);
        assert_eq!(iis7(0).holding(&odd).judge(&CAUSE).verdict, Verdict::Open);
    }
}
