//! `revocation-mode-unknown-bits`: CertCheckMode holds something that has no known meaning.

use super::endpoint_map::{modes, set_mode};
use super::records::without_contradiction;
use super::scopes::site_key;
use super::steps::{self, Remedies};
use super::{Confidence, Context, Finding, Rule, Severity};
use crate::catalogue::{Setting, Value, cert_check};
use crate::remedy::{Remedy, Risk, adsutil};
use crate::server::Generation;

pub(super) const RULE: Rule = Rule {
    name: "revocation-mode-unknown-bits",
    severity: Severity::Low,
    confidence: Confidence::Firm,
    title: "CertCheckMode holds bits without a known meaning",
    meaning: "CertCheckMode is a number made of bits, of which 1, 2, 4 and 65536 mean something. Others are ignored as far as anybody knows, so \
              whoever wrote them meant something that does not happen. A text that is no number is not a CertCheckMode at all.",
    sees: "Nothing that is known.",
    silent: "Silent where the HTTP.sys record was not given, in a listing of netsh, which prints no other bits, and for records of other products.",
    evidence: "MetaBase.xml; on IIS 7 and later the HTTP.sys record",
    fix: "Write the intended value anew.",
    remedies: Remedies::both(
        &[steps::LOOK_MODE, steps::MODE],
        &[
            steps::SHOW_RECORD,
            steps::advice("netsh has no word for the bits: delete the record and add it anew with all its options, which leaves them out"),
        ],
    ),
    references: &[
        "IIScnfg.h (public SDK header): MD_CERT_NO_REVOC_CHECK and following",
        "HTTP_SERVICE_CONFIG_SSL_PARAM (learn.microsoft.com)",
    ],
    check,
};

fn check(context: &Context<'_>, findings: &mut Vec<Finding>) {
    let server = context.server;
    let endpoints = context.endpoints();
    for mode in modes(server) {
        let unknown = mode.bits & !cert_check::KNOWN;
        if unknown == 0 {
            continue;
        }
        let message = format!("{} and holds bits without a known meaning: {unknown} ({unknown:#x})", mode.words());
        let mut finding = Finding::new(&RULE, server, message)
            .site(mode.site)
            .path("/")
            .setting(Setting::CertCheckMode)
            .at(mode.resolved.origin.place())
            .subject(endpoints.keys_of(&mode));
        let what = "keeps the bits that have a meaning; check that they are the intended ones";
        if let Some(remedy) = set_mode(server, &mode, Risk::Safe, what, without_contradiction(mode.bits & cert_check::KNOWN)) {
            finding = finding.remedy(remedy);
        }
        findings.push(finding);
    }
    for used in context.records() {
        let mode = used.mode();
        let unknown = mode.set & !cert_check::KNOWN;
        if unknown == 0 {
            continue;
        }
        let message = format!("{} for {} and holds bits without a known meaning: {unknown} ({unknown:#x})", mode.words(), used.clause());
        let new = without_contradiction(mode.set & cert_check::KNOWN);
        let checks = if new == mode.set & cert_check::KNOWN {
            ""
        } else {
            "; revocation is then checked, for the bits 1, 2 and 4 exclude one another"
        };
        let advice = Remedy::advice(
            Risk::Safe,
            format!("write the record anew with netsh, which sets no such bit; CertCheckMode {} becomes {new}{checks}", mode.set),
        );
        findings.push(
            used.finding(&RULE, Setting::CertCheckMode, message, used.mode_place(unknown))
                .severity(used.weigh(Severity::Low, Severity::Low))
                .remedy(advice),
        );
    }
    if server.generation != Generation::Iis6 {
        return;
    }
    for (index, site) in server.sites.iter().enumerate() {
        let Some(resolved) = site.root().settings.get(Setting::CertCheckMode) else { continue };
        let Some(Value::Malformed(text)) = resolved.known() else { continue };
        let mut finding = Finding::new(&RULE, server, format!("CertCheckMode is written as {text:?}, which is no number"))
            .site(site)
            .path("/")
            .setting(Setting::CertCheckMode)
            .at(resolved.origin.place())
            .sees("Not known; likely the value is skipped and revocation is checked.")
            .subject(endpoints.keys(index));
        if let Some(key) = site_key(server, site) {
            let command = adsutil::get(&key, "CertCheckMode");
            finding = finding.remedy(Remedy::offer(Risk::ReadOnly, "shows what the server makes of it", command));
        }
        findings.push(finding);
    }
}

#[cfg(test)]
mod tests {
    use super::super::testing::{SERVICE, findings, https_site, joined, metabase, registry, with_records};
    use super::*;

    fn site(mode: &str) -> Vec<Finding> {
        findings(
            &RULE,
            &metabase(&format!(
                r#"{SERVICE}<IIsWebServer Location="/LM/W3SVC/1" CertCheckMode="{mode}" SecureBindings=":443:"></IIsWebServer>
                   <IIsWebVirtualDir Location="/LM/W3SVC/1/ROOT" AccessSSLFlags="104"></IIsWebVirtualDir>"#
            )),
        )
    }

    #[test]
    fn bits_without_a_meaning_are_named_and_the_others_kept() {
        let found = site("9");
        assert_eq!((found.len(), found[0].severity), (1, Severity::Low));
        assert!(found[0].message.contains("8 (0x8)"));
        assert!(found[0].remedies[0].command.as_ref().unwrap().ends_with("CertCheckMode 1"));
    }

    #[test]
    fn what_netsh_writes_holds_neither_unknown_bits_nor_a_contradiction() {
        let server = joined(&https_site(1, "*:443:", "Ssl, SslNegotiateCert"), &registry(&[("DefaultSslCertCheckMode", u32::MAX)]));
        let what = &findings(&RULE, &server)[0].remedies[0].what;
        assert!(what.contains("4294967295 becomes 65536; revocation is then checked"), "{what}");
    }

    #[test]
    fn a_text_is_shown_as_written() {
        assert!(site("off")[0].message.contains("\"off\""));
    }

    #[test]
    fn known_bits_are_silent() {
        for mode in ["0", "1", "0x1", "7", "65540"] {
            assert!(site(mode).is_empty(), "{mode}");
        }
    }

    #[test]
    fn a_record_of_the_registry_can_hold_such_bits_and_a_listing_cannot() {
        let site = https_site(1, "*:443:", "Ssl, SslNegotiateCert");
        let found = findings(&RULE, &joined(&site, &registry(&[("DefaultSslCertCheckMode", 8)])));
        assert_eq!((found.len(), found[0].severity), (1, Severity::Low));
        assert!(found[0].message.contains("8 (0x8)"));
        let listed = with_records("apphost/F6_mapping.config", "netsh/o03_2025_tls13_ctl_mapper.txt");
        assert!(findings(&RULE, &listed).is_empty());
    }
}
