//! `mapping-denies`: an entry of the certificate mapping denies its holder.

use crate::catalogue::{Setting, Value, access};
use crate::diagnose::{Case, Cause, Fact, Judged, Likelihood, Need};
use crate::remedy::{Remedy, Risk};
use crate::rules::Confidence;

pub(super) const CAUSE: Cause = Cause {
    id: "mapping-denies",
    statuses: &["403.12"],
    title: "An entry of the certificate mapping denies access, or the mapped account is denied",
    meaning: "The certificate was good. A many-to-one entry with permissionMode Deny matches it, perhaps because its criteria are wider than meant, or the account \
              that it maps to may not enter.",
    open: "Likely where the site has an enabled entry that denies. A hint where mapping is on without one: then the account is left. Open on IIS 6, whose \
           entries stand in no file that is read.",
    evidence: "the mapping entries of the site",
    likelihood: Likelihood::Common,
    references: &["KB248075", "MicrosoftDocs/iis-docs: iisClientCertificateMappingAuthentication/index.md"],
    check,
};

fn check(case: &Case<'_>) -> Judged {
    let remedies = [
        Remedy::advice(Risk::Safe, "narrow the criteria of the entry that denies, or correct the account that the certificate maps to"),
        Remedy::advice(Risk::WeakensSecurity, "to remove the entry admits every certificate that it was meant to keep out"),
    ];
    if case.is_iis6() {
        let maps = case.access_has(access::MAP);
        if maps.is_no().is_some() {
            return Judged::excluded_by(Confidence::Firm, maps.no);
        }
        let entries = Need::plain("the mapping entries of the site, from IIS Manager (Directory Security, Edit)");
        return Judged::open().and(maps.facts()).needs([entries]).remedies(remedies);
    }
    let maps = case.ask_url(Setting::IisCertificateMapping, Value::bool);
    if maps.is_no().is_some() {
        return Judged::excluded_by(Confidence::Firm, maps.no);
    }
    let entries = case.site().root().mappings.iter().chain(&case.server.scope.mappings);
    let denying: Vec<Fact> = entries
        .filter(|entry| entry.enabled && entry.deny)
        .map(|entry| Fact::at(format!("the entry \"{}\" denies access", entry.name), Some(entry.place)))
        .collect();
    if !maps.may_be_yes() {
        return Judged::open().and(denying).and(maps.facts()).needs(maps.needs()).remedies(remedies);
    }
    if denying.is_empty() {
        return Judged::supported(Confidence::Hint, maps.yes).remedies(remedies);
    }
    Judged::supported(Confidence::Likely, denying).and(maps.yes).remedies(remedies)
}

#[cfg(test)]
mod tests {
    use super::super::super::testing::{OneCase, iis6, iis7, mapping};
    use super::*;
    use crate::diagnose::Verdict;

    #[test]
    fn an_entry_that_denies_supports_it_more_than_mapping_alone() {
        let deny = r#"<iisClientCertificateMappingAuthentication enabled="true"><manyToOneMappings><add name="Old partners" permissionMode="Deny"><rules><add certificateField="Issuer" certificateSubField="O" matchCriteria="*"/></rules></add></manyToOneMappings></iisClientCertificateMappingAuthentication>"#;
        let judged = iis7(0).holding(deny).judge(&CAUSE);
        assert_eq!((judged.verdict, judged.strength), (Verdict::Supported, Confidence::Likely));
        assert!(judged.because[0].text.contains("Old partners") && judged.because[0].place.is_some());
        assert_eq!(iis7(0).holding(&mapping(true, false, "")).judge(&CAUSE).strength, Confidence::Hint);
    }

    #[test]
    fn without_mapping_it_is_excluded() {
        assert_eq!(iis7(0).judge(&CAUSE).verdict, Verdict::Excluded);
        assert_eq!(iis6(0).judge(&CAUSE).verdict, Verdict::Excluded);
    }

    #[test]
    fn entries_of_iis_6_are_not_known_and_leave_it_open() {
        assert_eq!(OneCase::iis6("AccessSSL | AccessSSLNegotiateCert | AccessSSLMapCert", None).judge(&CAUSE).verdict, Verdict::Open);
    }
}
