//! `access-flags-unreadable`: the access flags are no flags, or hold bits that mean nothing there.

use super::endpoints::list;
use super::scopes::{risk_of, said, set_access};
use super::steps::{self, Remedies};
use super::{Confidence, Context, Finding, Rule, Severity};
use crate::catalogue::{Setting, Value, access, entry, readable_access};
use crate::remedy::{Attribute, Remedy, Risk, adsutil};
use crate::server::Generation;

pub(super) const RULE: Rule = Rule {
    name: "access-flags-unreadable",
    severity: Severity::Medium,
    confidence: Confidence::Firm,
    title: "The access flags cannot be read, or hold bits without a meaning",
    meaning: "The access flags of the URL are not a list of flag names: a name is misspelt, the separator is wrong, or the number has bits that \
              mean nothing there. On IIS 6 such bits are often those of AccessFlags, pasted into the wrong property; what was meant to be \
              protected is then not.",
    sees: "IIS 7 and later: possibly 500.19 on every request. IIS 6: other demands than intended.",
    silent: "Letter case, blanks between the names and a plain number with known bits are all right.",
    evidence: "MetaBase.xml, or applicationHost.config and web.config",
    fix: "Write the intended flags anew.",
    remedies: Remedies::both(&[steps::LOOK_ACCESS_6, steps::ACCESS_6], &[steps::LOOK_ACCESS_7, steps::ACCESS_7]),
    references: &[
        "IIScnfg.h (public SDK header): MD_SSL_ACCESS_PERM",
        "MicrosoftDocs/iis-docs: iis/configuration/system.webServer/security/access.md",
    ],
    check,
};

fn check(context: &Context<'_>, findings: &mut Vec<Finding>) {
    let server = context.server;
    let iis6 = server.generation == Generation::Iis6;
    for said in said(server, Setting::AccessFlags) {
        let (message, rewrite) = match said.resolved.known() {
            Some(Value::Malformed(text)) => {
                let separator = if iis6 { "|" } else { "," };
                let known = |bits: u32| Value::Flags(bits).show(Setting::AccessFlags, server.generation);
                let written = format!("The access flags are written as {text:?}");
                let message = match readable_access(text) {
                    (bits, unknown) if bits != 0 && !unknown.is_empty() => {
                        let (is, words) = (
                            if unknown.len() == 1 { "is no flag" } else { "are no flags" },
                            unknown.iter().map(|word| format!("{word:?}")),
                        );
                        format!(
                            "{written}: {} {is} known here. The others are {}; what the server makes of the whole is not known",
                            list(words),
                            known(bits)
                        )
                    }
                    _ => format!("{written}, which is no list of flag names separated by {separator:?}"),
                };
                (message, None)
            }
            Some(Value::Flags(bits)) if bits & !access::KNOWN != 0 => {
                let unknown = bits & !access::KNOWN;
                let mut message = format!("The access flags {bits} hold bits without a meaning there: {unknown} ({unknown:#x})");
                let pasted: u32 = entry(Setting::AccessPermissions).bits.iter().map(|bit| bit.value).fold(0, |all, bit| all | bit);
                if iis6 && unknown & !pasted == 0 {
                    let names = Value::Flags(unknown).show(Setting::AccessPermissions, server.generation);
                    message.push_str(&format!("; in AccessFlags they mean {names}, so the value was probably meant for that property"));
                }
                (message, Some((*bits, bits & access::KNOWN)))
            }
            _ => continue,
        };
        let shows = "shows what the server makes of it";
        let look = if iis6 {
            Some(Remedy::offer(Risk::ReadOnly, shows, adsutil::get(&said.scope.store_path, "AccessSSLFlags")))
        } else {
            Attribute::at(server, said.scope, Setting::AccessFlags).look(shows)
        };
        let mut finding = Finding::new(&RULE, server, message)
            .site(said.site)
            .path(&said.scope.path)
            .setting(Setting::AccessFlags)
            .at(said.resolved.origin.place())
            .sees(if iis6 { "Other demands than intended." } else { "Possibly 500.19 on every request of this path." });
        if let Some(look) = look {
            finding = finding.remedy(look);
        }
        if let Some((old, new)) = rewrite {
            let what = "keeps the bits that have a meaning; check that they are the intended ones";
            finding = finding.remedy(set_access(server, said.scope, risk_of(old, new), what, old, new));
        }
        findings.push(finding);
    }
}

#[cfg(test)]
mod tests {
    use super::super::testing::{SERVICE, apphost, findings, fixture, metabase, paths};
    use super::*;
    use crate::server::Server;

    fn iis6(flags: &str) -> Server {
        metabase(&format!(
            r#"{SERVICE}<IIsWebServer Location="/LM/W3SVC/1"></IIsWebServer>
               <IIsWebVirtualDir Location="/LM/W3SVC/1/ROOT" AccessSSLFlags="{flags}"></IIsWebVirtualDir>"#
        ))
    }

    #[test]
    fn flags_of_another_property_are_named() {
        let found = findings(&RULE, &iis6("513"));
        assert_eq!((found.len(), found[0].severity, found[0].confidence), (1, Severity::Medium, Confidence::Firm));
        assert!(found[0].message.contains("AccessRead | AccessScript"), "{}", found[0].message);
    }

    #[test]
    fn a_word_that_is_no_flag_is_named_and_the_flags_beside_it_are_told() {
        let message = findings(&RULE, &iis6("AccessSSL | AccessSSLNegotiateCert | AccessNew")).remove(0).message;
        assert!(message.contains("\"AccessNew\" is no flag known here. The others are AccessSSL | AccessSSLNegotiateCert"), "{message}");
        let server = apphost(
            r#"<system.applicationHost><sites><site name="S" id="1"><application path="/"/></site></sites></system.applicationHost>
               <location path="S"><system.webServer><security><access sslFlags="Ssl, SslRequireCert, Wibble"/></security></system.webServer></location>"#,
        );
        let message = findings(&RULE, &server).remove(0).message;
        assert!(message.contains("\"Wibble\" is no flag known here. The others are Ssl, SslRequireCert"), "{message}");
    }

    #[test]
    fn a_text_that_is_no_flag_is_shown_as_written() {
        assert!(findings(&RULE, &iis6("AccessSSL; AccessSSL128"))[0].message.contains("AccessSSL; AccessSSL128"));
    }

    #[test]
    fn names_in_any_case_and_numbers_are_silent() {
        for flags in ["0", "104", "0x68", "accessssl|AccessSSLNegotiateCert  |  ACCESSSSLREQUIRECERT"] {
            assert!(findings(&RULE, &iis6(flags)).is_empty(), "{flags}");
        }
    }

    #[test]
    fn the_sample_with_a_dot_for_a_comma_is_found() {
        let found = findings(&RULE, &fixture("apphost/F8_rejected_by_iis.config"));
        assert_eq!(paths(&found), ["/"]);
        assert!(found[0].message.contains("Ssl.SslRequireCert") && found[0].sees.contains("500.19"));
        assert!(findings(&RULE, &fixture("metabase/09_hand_edited.xml")).is_empty());
    }
}
