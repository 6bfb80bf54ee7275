//! `freshness-without-effect`: a freshness time is written, but the bit that makes it count is not set.

use super::endpoint_map::{modes, set_mode};
use super::freshness_too_small::SHORTEST;
use super::record_remedy::Change;
use super::scopes::site_key;
use super::steps::{self, Remedies};
use super::{Confidence, Context, Finding, Rule, Severity};
use crate::catalogue::{Setting, Value, cert_check};
use crate::remedy::{Remedy, Risk, adsutil};
use crate::server::Origin;

pub(super) const RULE: Rule = Rule {
    name: "freshness-without-effect",
    severity: Severity::Info,
    confidence: Confidence::Firm,
    title: "The freshness time of CRLs has no effect",
    meaning: "RevocationFreshnessTime says after how many seconds a CRL is fetched anew although the cached one is still valid. It counts only \
              while bit 4 of CertCheckMode is set; without it, whoever wrote the time believes in a rhythm that does not exist.",
    sees: "Nothing: CRLs are fetched anew only when the cached ones expire.",
    silent: "Silent for 86400, the default of IIS 6, for 0, which asks for nothing, where the HTTP.sys record was not given, and for records of other products.",
    evidence: "MetaBase.xml; on IIS 7 and later the HTTP.sys record",
    fix: "Remove the time, or set bit 4 of CertCheckMode.",
    remedies: Remedies::both(
        &[
            steps::adsutil!("either takes the time away", "delete W3SVC/SITE-ID/RevocationFreshnessTime"),
            steps::adsutil!(
                "or uses the time: 4 checks revocation and fetches CRLs when it is over; where the check was off, 403.13 may follow",
                "set W3SVC/SITE-ID/CertCheckMode 4"
            ),
        ],
        &[
            steps::SHOW_RECORD,
            steps::advice(
                "either write the record anew with the same time, for netsh sets the bit when a time is given; or delete it and add it with all other options and without the time",
            ),
        ],
    ),
    references: &["TechNet cc756751, cc775782", "HTTP_SERVICE_CONFIG_SSL_PARAM (learn.microsoft.com)"],
    check,
};

fn check(context: &Context<'_>, findings: &mut Vec<Finding>) {
    let server = context.server;
    let endpoints = context.endpoints();
    for mode in modes(server).filter(|mode| mode.bits & cert_check::FRESHNESS == 0) {
        let Some(time) = mode.site.root().settings.get(Setting::RevocationFreshnessTime) else { continue };
        let written = matches!(time.origin, Origin::Explicit { .. } | Origin::Inherited { .. });
        let Some(seconds) = time.known().and_then(Value::number) else { continue };
        if !written || seconds == 0 || time.known() == Value::default_of(Setting::RevocationFreshnessTime, server.generation).as_ref() {
            continue;
        }
        let message = format!(
            "RevocationFreshnessTime is {seconds} seconds, but CertCheckMode is {} without bit 4, so the time does not count",
            mode.bits
        );
        let mut finding = Finding::new(&RULE, server, message)
            .site(mode.site)
            .path("/")
            .setting(Setting::RevocationFreshnessTime)
            .at(time.origin.place())
            .related(mode.resolved.origin.place(), format!("CertCheckMode {} here", mode.bits))
            .subject(endpoints.keys_of(&mode));
        let said = mode.site.written(Setting::RevocationFreshnessTime).map(|written| &written.origin);
        let (key, whose) = match said {
            Some(Origin::Inherited { from, .. }) => (Some(from.clone()), format!("at {from}, from where other sites inherit it too")),
            Some(Origin::Explicit { .. }) => (site_key(server, mode.site), "of the site".to_owned()),
            _ => (None, String::new()),
        };
        if let Some(key) = key {
            let what =
                format!("removes the time {whose}, {seconds} until now, if none is meant; should the script refuse, use Metabase Explorer");
            finding = finding.remedy(Remedy::offer(Risk::Safe, what, adsutil::delete(&key, "RevocationFreshnessTime")));
        }
        let exclusive = cert_check::NO_REVOCATION | cert_check::CACHE_ONLY;
        let mut what = format!("or, if the time is meant, fetches CRLs anew after {seconds} seconds");
        if mode.bits & cert_check::NO_REVOCATION != 0 {
            what.push_str(
                "; this also switches the revocation check on, so clients get 403.13 where a CRL cannot be fetched: try it with certutil \
                 -verify -urlfetch first",
            );
        }
        if seconds < SHORTEST {
            what.push_str("; raise the time to an hour or more first, or CRLs are fetched all the time");
        }
        if let Some(remedy) = set_mode(server, &mode, Risk::Safe, &what, mode.bits & !exclusive | cert_check::FRESHNESS) {
            finding = finding.remedy(remedy);
        }
        findings.push(finding);
    }
    for used in context.records() {
        let mode = used.mode();
        let Some(time) = used.settings.get(Setting::RevocationFreshnessTime) else { continue };
        let Some(seconds) = time.known().and_then(Value::number).filter(|seconds| *seconds != 0) else { continue };
        if !mode.whole || mode.set & cert_check::FRESHNESS != 0 {
            continue;
        }
        let message = format!(
            "The freshness time of {} is {seconds} seconds, but {} without bit 4, so the time does not count",
            used.clause(),
            mode.words()
        );
        let short = if seconds < SHORTEST { "; give it an hour or more, or CRLs are fetched all the time" } else { "" };
        let what = format!("fetches CRLs anew after {seconds} seconds; netsh sets bit 4 together with the time{short}");
        let change = u32::try_from(seconds).ok().map(Change::Freshness);
        let exclusive = cert_check::NO_REVOCATION | cert_check::CACHE_ONLY;
        findings.push(
            used.finding(&RULE, Setting::RevocationFreshnessTime, message, time.origin.place())
                .related(used.mode_place(cert_check::FRESHNESS), format!("CertCheckMode {} here", mode.set))
                .remedies_of(change.filter(|_| mode.set & exclusive == 0).and_then(|change| used.set(Risk::Safe, &what, change))),
        );
    }
}

#[cfg(test)]
mod tests {
    use super::super::testing::{SERVICE, findings, fixture, https_site, joined, metabase, registry, with_records};
    use super::*;

    fn site(properties: &str) -> Vec<Finding> {
        findings(
            &RULE,
            &metabase(&format!(
                r#"{SERVICE}<IIsWebServer Location="/LM/W3SVC/1" {properties} SecureBindings=":443:"></IIsWebServer>
                   <IIsWebVirtualDir Location="/LM/W3SVC/1/ROOT" AccessSSLFlags="104"></IIsWebVirtualDir>"#
            )),
        )
    }

    #[test]
    fn a_time_without_bit_4_is_information() {
        let found = site(r#"RevocationFreshnessTime="7200""#);
        assert_eq!((found.len(), found[0].severity), (1, Severity::Info));
        assert!(found[0].message.contains("7200 seconds") && found[0].message.contains("CertCheckMode is 0"));
        assert!(found[0].remedies[0].command.as_ref().unwrap().ends_with("delete W3SVC/1/RevocationFreshnessTime"));
        assert!(found[0].remedies[1].command.as_ref().unwrap().ends_with("CertCheckMode 4"));
        assert!(!found[0].remedies[1].what.contains("403.13") && !found[0].remedies[1].what.contains("an hour"));
    }

    #[test]
    fn making_the_time_count_says_that_the_check_comes_back_and_that_a_minute_is_too_short() {
        let found = site(r#"CertCheckMode="65537" RevocationFreshnessTime="60""#);
        let remedy = &found[0].remedies[1];
        assert!(remedy.command.as_ref().unwrap().ends_with("CertCheckMode 65540"));
        assert!(remedy.what.contains("switches the revocation check on") && remedy.what.contains("403.13"), "{}", remedy.what);
        assert!(remedy.what.contains("an hour or more"), "{}", remedy.what);
    }

    #[test]
    fn a_time_of_the_service_is_taken_away_there() {
        let found = findings(
            &RULE,
            &metabase(
                r#"<IIsWebService Location="/LM/W3SVC" RevocationFreshnessTime="7200"></IIsWebService>
                   <IIsWebServer Location="/LM/W3SVC/1" SecureBindings=":443:"></IIsWebServer>"#,
            ),
        );
        assert!(found[0].remedies[0].command.as_ref().unwrap().ends_with("delete W3SVC/RevocationFreshnessTime"));
        assert!(found[0].remedies[0].what.contains("other sites inherit it too"), "{}", found[0].remedies[0].what);
    }

    #[test]
    fn bit_4_the_default_and_nothing_written_are_silent() {
        for properties in [
            "",
            r#"RevocationFreshnessTime="86400""#,
            r#"RevocationFreshnessTime="0""#,
            r#"CertCheckMode="4" RevocationFreshnessTime="7200""#,
        ] {
            assert!(site(properties).is_empty(), "{properties}");
        }
        assert!(findings(&RULE, &fixture("metabase/02_service_level_inheritance.xml")).is_empty());
    }

    #[test]
    fn a_record_with_a_time_that_does_not_count_is_found_and_netsh_makes_it_count() {
        let site = https_site(1, "*:443:", "Ssl, SslNegotiateCert");
        let found = findings(&RULE, &joined(&site, &registry(&[("DefaultSslRevocationFreshnessTime", 7200)])));
        assert_eq!((found.len(), found[0].severity), (1, Severity::Info));
        assert!(found[0].remedies[0].command.as_ref().unwrap().contains("revocationfreshnesstime=7200"));
        assert!(findings(&RULE, &joined(&site, &registry(&[("DefaultSslRevocationUrlRetrievalTimeout", 15000)]))).is_empty());
        let listed = with_records("apphost/F3_specific_ip_shadows_sni.config", "netsh/o01_2012r2_conflict_revocation.txt");
        assert!(findings(&RULE, &listed).is_empty(), "in a listing a time that is not zero counts");
    }
}
