//! `no-mapping-matches`: the certificate maps to no account, and nothing else lets its holder in.

use crate::catalogue::{Setting, Value, access};
use crate::diagnose::{Case, Cause, Fact, Judged, Likelihood, Need, needs};
use crate::remedy::{Remedy, Risk};
use crate::rules::Confidence;
use crate::server::Mapping;

pub(super) const CAUSE: Cause = Cause {
    id: "no-mapping-matches",
    statuses: &["401"],
    title: "The certificate maps to no account, and nothing else lets its holder in",
    meaning: "Certificates are mapped to accounts at the URL and anonymous users are not let in, so a certificate without a mapping is nobody. A renewed \
              certificate has lost its one-to-one mapping, which compares the whole certificate; entries below the site are not used; the account's password \
              or right to log on may be wrong.",
    open: "Likely where the site has no entry that could match. A hint where mapping is on with entries, since no file tells which certificate was shown. Open \
           where a switch is not known, and on IIS 6, whose entries stand in no file that is read.",
    evidence: "the authentication sections at the URL, the entries of the site, the substatus in the log",
    likelihood: Likelihood::Common,
    references: &["TechNet cc770866, cc780105", "chiranth, 2016-07-14: entries below the site are ignored"],
    check,
};

fn check(case: &Case<'_>) -> Judged {
    let anonymous = case.ask_url(Setting::AnonymousAuthentication, Value::bool);
    if anonymous.is_yes() {
        let text = |fact: Fact| Fact::at(format!("whoever is not mapped enters as the anonymous user: {}", fact.text), fact.place);
        return Judged::excluded_by(Confidence::Likely, anonymous.yes.into_iter().map(text));
    }
    let remedies = [
        Remedy::advice(Risk::Safe, "add or correct the entry for the refused certificate; a renewed one needs a new one-to-one entry"),
        Remedy::advice(Risk::Safe, "enter the password of the mapped account again, and see that it may log on"),
        Remedy::advice(Risk::WeakensSecurity, "to let anonymous users in admits everybody whose certificate maps to nobody"),
    ];
    let maps = if case.is_iis6() {
        case.access_has(access::MAP)
    } else {
        let iis = case.ask_url(Setting::IisCertificateMapping, Value::bool);
        if iis.may_be_yes() {
            iis
        } else {
            let mut directory = case.ask_url(Setting::AdCertificateMapping, Value::bool);
            directory.no.extend(if directory.may_be_yes() { Vec::new() } else { iis.no });
            directory.unknown.extend(iis.unknown);
            directory
        }
    };
    if maps.is_no().is_some() {
        return Judged::excluded_by(Confidence::Firm, maps.no);
    }
    if !maps.may_be_yes() || anonymous.no.is_empty() {
        return Judged::open().and(maps.facts()).and(anonymous.facts()).needs(maps.needs()).needs([needs::log()]).remedies(remedies);
    }
    if case.is_iis6() {
        let entries = Need::plain("the mapping entries of the site, from IIS Manager (Directory Security, Edit)");
        return Judged::open()
            .likelihood(Likelihood::Common)
            .and(maps.yes)
            .and(anonymous.no)
            .needs([entries, needs::log()])
            .remedies(remedies);
    }
    let by_iis = case.ask_url(Setting::IisCertificateMapping, Value::bool).may_be_yes();
    let usable = |entry: &&Mapping| entry.enabled && !entry.deny && (entry.one_to_one || entry.rules > 0);
    let counting = case.site().root().mappings.iter().chain(&case.server.scope.mappings);
    let entries = counting.filter(usable).count();
    let below: Vec<&Mapping> = case.site().scopes.iter().skip(1).flat_map(|scope| &scope.mappings).collect();
    let strength = if by_iis && entries == 0 { Confidence::Likely } else { Confidence::Hint };
    let mut facts = Vec::new();
    if by_iis {
        facts.push(match entries {
            0 => Fact::new(format!("{} has no enabled entry that maps a certificate", case.site().label())),
            1 => Fact::new(format!("{} has 1 entry that maps certificates; another certificate maps to nobody", case.site().label())),
            number => Fact::new(format!("{} has {number} entries that map certificates; any other maps to nobody", case.site().label())),
        });
        facts.extend(below.first().map(|entry| Fact::at("entries below the site are not used", Some(entry.place))));
    }
    facts.extend(maps.yes);
    Judged::supported(strength, facts).and(anonymous.no).needs([needs::log()]).remedies(remedies)
}

#[cfg(test)]
mod tests {
    use super::super::super::testing::{OneCase, iis6, iis7, mapping};
    use super::*;
    use crate::diagnose::Verdict;

    const CLOSED: &str = r#"<anonymousAuthentication enabled="false"/>"#;

    #[test]
    fn mapping_without_entries_and_without_anonymous_users_supports_it() {
        let judged = iis7(0).holding(&mapping(true, false, CLOSED)).judge(&CAUSE);
        assert_eq!((judged.verdict, judged.strength), (Verdict::Supported, Confidence::Likely));
        assert!(judged.because[0].text.contains("no enabled entry"), "{:?}", judged.because);
        assert_eq!(iis7(0).holding(&mapping(false, true, CLOSED)).judge(&CAUSE).strength, Confidence::Hint);
    }

    #[test]
    fn anonymous_users_and_no_mapping_exclude_it() {
        assert_eq!(iis7(0).holding(&mapping(true, false, "")).judge(&CAUSE).verdict, Verdict::Excluded);
        assert_eq!(iis7(0).holding(&mapping(false, false, CLOSED)).judge(&CAUSE).verdict, Verdict::Excluded);
        assert_eq!(iis6(0).judge(&CAUSE).verdict, Verdict::Excluded);
    }

    #[test]
    fn entries_of_iis_6_are_not_known_and_leave_it_open() {
        let case = OneCase::iis6("AccessSSL | AccessSSLNegotiateCert | AccessSSLMapCert", None).with_service("AuthFlags", "0");
        assert_eq!(case.judge(&CAUSE).verdict, Verdict::Open);
    }
}
