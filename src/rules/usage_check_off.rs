//! `usage-check-off`: the usage of client certificates is not checked.

use super::endpoint_map::{modes, set_mode};
use super::steps::{self, Remedies};
use super::{Confidence, Context, Finding, Rule, Severity};
use crate::catalogue::{Setting, cert_check};
use crate::remedy::Risk;

pub(super) const RULE: Rule = Rule {
    name: "usage-check-off",
    severity: Severity::Medium,
    confidence: Confidence::Firm,
    title: "Client certificates are not checked for their usage",
    meaning: "Bit 65536 (0x10000) of CertCheckMode is set, so a certificate is accepted although it was not issued for Client Authentication: that \
              of a web server, or one for signing mail, opens the door as well.",
    sees: "Nothing: certificates without the usage Client Authentication are accepted.",
    silent: "Silent when nothing on the endpoint asks for client certificates, where the HTTP.sys record was not given, and for records of other \
             products. Says `info` when the sites of a record are not known.",
    evidence: "MetaBase.xml; on IIS 7 and later the HTTP.sys record",
    fix: "Take the bit away, unless smart cards without that usage must be accepted.",
    remedies: Remedies::both(
        &[
            steps::LOOK_MODE,
            steps::adsutil!(
                "checks the usage again and leaves revocation checked; name 1, 2 or 4 where one of them is meant to stay",
                "set W3SVC/SITE-ID/CertCheckMode 0"
            ),
        ],
        &[steps::SHOW_RECORD, steps::record!("checks the usage again", "usagecheck=enable")],
    ),
    references: &["IIScnfg.h (public SDK header): MD_CERT_NO_USAGE_CHECK", "HTTP_SERVICE_CONFIG_SSL_PARAM (learn.microsoft.com)"],
    check,
};

fn check(context: &Context<'_>, findings: &mut Vec<Finding>) {
    let server = context.server;
    let endpoints = context.endpoints();
    for mode in modes(server).filter(|mode| mode.bits & cert_check::NO_USAGE != 0) {
        if !endpoints.wanted(mode.index) && endpoints.negotiates(mode.index) != Some(true) {
            continue;
        }
        let message = format!("{} ({:#x}): the usage Client Authentication is not checked", mode.words(), mode.bits);
        let mut finding = Finding::new(&RULE, server, message)
            .site(mode.site)
            .path("/")
            .setting(Setting::CertCheckMode)
            .at(mode.resolved.origin.place())
            .confidence(if endpoints.contests(&mode) { Confidence::Likely } else { Confidence::Firm })
            .subject(endpoints.keys_of(&mode));
        let what = "checks the usage again; certificates without Client Authentication are then refused";
        if let Some(remedy) = set_mode(server, &mode, Risk::Safe, what, mode.bits & !cert_check::NO_USAGE) {
            finding = finding.remedy(remedy);
        }
        findings.push(finding);
    }
    for used in context.records() {
        let mode = used.mode();
        let asks = used.wanted || used.negotiates() == Some(true) || used.sites.is_empty();
        if mode.set & cert_check::NO_USAGE == 0 || !asks {
            continue;
        }
        let message = format!("{}: {} does not check the usage Client Authentication", mode.words(), used.clause());
        let what = "checks the usage again; certificates without Client Authentication are then refused";
        findings.push(
            used.finding(&RULE, Setting::CertCheckMode, message, used.mode_place(cert_check::NO_USAGE))
                .severity(used.weigh(Severity::Medium, Severity::Medium))
                .remedies_of(used.set_mode(Risk::Safe, what, mode.set & !cert_check::NO_USAGE)),
        );
    }
}

#[cfg(test)]
mod tests {
    use super::super::testing::{SERVICE, findings, https_site, joined, metabase, records_alone, registry, with_records};
    use super::*;

    fn site(mode: u32, access: u32, more: &str) -> Vec<Finding> {
        findings(
            &RULE,
            &metabase(&format!(
                r#"{SERVICE}<IIsWebServer Location="/LM/W3SVC/1" CertCheckMode="{mode}" SecureBindings=":443:" {more}></IIsWebServer>
                   <IIsWebVirtualDir Location="/LM/W3SVC/1/ROOT" AccessSSLFlags="{access}"></IIsWebVirtualDir>"#
            )),
        )
    }

    #[test]
    fn the_bit_is_found_where_certificates_are_asked_for() {
        let found = site(65537, 104, "");
        assert_eq!((found.len(), found[0].severity, found[0].confidence), (1, Severity::Medium, Confidence::Firm));
        assert!(found[0].remedies[0].command.as_ref().unwrap().ends_with("CertCheckMode 1"));
        assert_eq!(site(65536, 8, r#"SSLAlwaysNegoClientCert="TRUE""#).len(), 1);
    }

    #[test]
    fn without_the_bit_or_without_a_question_it_is_silent() {
        for mode in [0, 1, 2, 4] {
            assert!(site(mode, 104, "").is_empty(), "{mode}");
        }
        assert!(site(65536, 8, "").is_empty());
    }

    #[test]
    fn a_record_is_medium_where_it_asks_and_information_while_its_sites_are_not_known() {
        let found = findings(&RULE, &with_records("apphost/F6_mapping.config", "netsh/o03_2025_tls13_ctl_mapper.txt"));
        assert_eq!((found.len(), found[0].severity), (1, Severity::Medium));
        let command = found[0].remedies[0].command.as_ref().unwrap();
        assert!(command.contains("usagecheck=enable") && command.contains("cachedclientcertonly=enable"), "{command}");
        assert_eq!(findings(&RULE, &records_alone("netsh/o03_2025_tls13_ctl_mapper.txt"))[0].severity, Severity::Info);
        let silent = joined(&https_site(1, "*:443:", "Ssl"), &registry(&[("DefaultSslCertCheckMode", 0x1_0000)]));
        assert!(findings(&RULE, &silent).is_empty(), "nothing asks for a certificate");
    }
}
