//! `freshness-too-small`: CRLs are fetched anew so often that the fetching becomes the fault.

use super::endpoint_map::modes;
use super::record_remedy::Change;
use super::scopes::site_key;
use super::steps::{self, Remedies};
use super::{Confidence, Context, Finding, Rule, Severity};
use crate::catalogue::{Setting, Value, cert_check};
use crate::remedy::{Remedy, Risk, adsutil};

/// Shortest time, in seconds, that is not reported. Our own measure: CRLs are rarely published more often than hourly.
pub(crate) const SHORTEST: u64 = 3600;

pub(super) const RULE: Rule = Rule {
    name: "freshness-too-small",
    severity: Severity::Medium,
    confidence: Confidence::Likely,
    title: "CRLs are fetched anew very often",
    meaning: "Bit 4 of CertCheckMode is set with a RevocationFreshnessTime below an hour. A CRL is no fresher than its publisher made it, so the \
              server fetches the same list again and again, and each time a slow or missing answer keeps clients waiting or refuses them.",
    sees: "Delays, and now and then 403.13 for valid certificates.",
    silent: "Says `low` when no site on the endpoint wants client certificates. `info` when the sites of a record are not known. Silent for 0, which means that CRLs are fetched when the cached \
             ones expire, without bit 4, where the HTTP.sys record was not given, and for records of other products.",
    evidence: "MetaBase.xml; on IIS 7 and later the HTTP.sys record",
    fix: "Use a time that fits the publishing interval of the CRLs; the default is a day.",
    remedies: Remedies::both(
        &[steps::adsutil!("fetches CRLs anew after a day", "set W3SVC/SITE-ID/RevocationFreshnessTime 86400")],
        &[steps::SHOW_RECORD, steps::record!("fetches CRLs anew after a day", "revocationfreshnesstime=86400")],
    ),
    references: &["TechNet cc756751", "KB289749"],
    check,
};

fn check(context: &Context<'_>, findings: &mut Vec<Finding>) {
    let server = context.server;
    let endpoints = context.endpoints();
    for mode in modes(server).filter(|mode| mode.bits & cert_check::FRESHNESS != 0) {
        let Some(time) = mode.site.root().settings.get(Setting::RevocationFreshnessTime) else { continue };
        let Some(seconds) = time.known().and_then(Value::number).filter(|seconds| (1..SHORTEST).contains(seconds)) else { continue };
        let message = format!(
            "RevocationFreshnessTime is {seconds} seconds and counts, because CertCheckMode is {}: CRLs are fetched anew more often than hourly",
            mode.bits
        );
        let mut finding = Finding::new(&RULE, server, message)
            .site(mode.site)
            .path("/")
            .setting(Setting::RevocationFreshnessTime)
            .at(time.origin.place())
            .related(mode.resolved.origin.place(), format!("CertCheckMode {} here", mode.bits))
            .severity(if endpoints.wanted(mode.index) { Severity::Medium } else { Severity::Low })
            .subject(endpoints.keys_of(&mode));
        if let Some(key) = site_key(server, mode.site) {
            let what = format!("fetches CRLs anew once a day; RevocationFreshnessTime {seconds} becomes 86400");
            finding = finding.remedy(Remedy::offer(Risk::Safe, what, adsutil::set(&key, "RevocationFreshnessTime", "86400")));
        }
        findings.push(finding);
    }
    for used in context.records().iter().filter(|used| used.mode().set & cert_check::FRESHNESS != 0) {
        let Some(time) = used.settings.get(Setting::RevocationFreshnessTime) else { continue };
        let Some(seconds) = time.known().and_then(Value::number).filter(|seconds| (1..SHORTEST).contains(seconds)) else { continue };
        let message = format!("The freshness time of {} is {seconds} seconds: CRLs are fetched anew more often than hourly", used.clause());
        let what = format!("fetches CRLs anew once a day; the freshness time {seconds} becomes 86400");
        findings.push(
            used.finding(&RULE, Setting::RevocationFreshnessTime, message, time.origin.place())
                .severity(used.weigh(Severity::Medium, Severity::Low))
                .remedies_of(used.set(Risk::Safe, &what, Change::Freshness(86400))),
        );
    }
}

#[cfg(test)]
mod tests {
    use super::super::testing::{SERVICE, findings, https_site, joined, metabase, registry, with_records};
    use super::*;

    fn site(mode: u32, seconds: &str, access: u32) -> Vec<Finding> {
        findings(
            &RULE,
            &metabase(&format!(
                r#"{SERVICE}<IIsWebServer Location="/LM/W3SVC/1" CertCheckMode="{mode}" {seconds} SecureBindings=":443:"></IIsWebServer>
                   <IIsWebVirtualDir Location="/LM/W3SVC/1/ROOT" AccessSSLFlags="{access}"></IIsWebVirtualDir>"#
            )),
        )
    }

    #[test]
    fn a_short_time_that_counts_is_likely_trouble() {
        let found = site(4, r#"RevocationFreshnessTime="120""#, 104);
        assert_eq!((found.len(), found[0].severity, found[0].confidence), (1, Severity::Medium, Confidence::Likely));
        assert!(found[0].message.contains("120 seconds"));
        assert_eq!(site(4, r#"RevocationFreshnessTime="120""#, 8)[0].severity, Severity::Low);
    }

    #[test]
    fn a_longer_time_the_default_zero_and_a_time_that_does_not_count_are_silent() {
        for (mode, seconds) in [(4, "3600"), (4, "0"), (0, "120"), (2, "120")] {
            assert!(site(mode, &format!(r#"RevocationFreshnessTime="{seconds}""#), 104).is_empty(), "{mode} {seconds}");
        }
        assert!(site(4, "", 104).is_empty());
    }

    #[test]
    fn a_record_that_fetches_often_is_found_once() {
        let values = [("DefaultSslCertCheckMode", 4), ("DefaultSslRevocationFreshnessTime", 60)];
        let found = findings(&RULE, &joined(&https_site(1, "*:443:", "Ssl, SslNegotiateCert"), &registry(&values)));
        assert_eq!((found.len(), found[0].severity), (1, Severity::Medium));
        assert!(found[0].remedies[0].command.as_ref().unwrap().contains("revocationfreshnesstime=86400"));
        let listed = with_records("apphost/F3_specific_ip_shadows_sni.config", "netsh/o01_2012r2_conflict_revocation.txt");
        assert!(findings(&RULE, &listed).is_empty(), "an hour is long enough");
    }
}
