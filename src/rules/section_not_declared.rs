//! `section-not-declared`: the declarations of sections are missing, doubled or in the wrong place.

use super::noticed::{ALREADY_EXISTS, INVALID_DATA, Refusal, each, refused};
use super::steps::{self, Remedies};
use super::{Confidence, Context, Finding, Rule, Severity};
use crate::remedy::{Remedy, Risk};
use crate::server::AnomalyKind;

pub(super) const RULE: Rule = Rule {
    name: "section-not-declared",
    severity: Severity::High,
    confidence: Confidence::Firm,
    title: "Section declarations are missing, doubled or misplaced",
    meaning: "Every section that a file uses must be declared in configSections of that file or of one above it, and only once. configSections \
              must be the first child of configuration and stand there once. IIS refuses a file that breaks this; it happens after a \
              merge by hand, or when an optional role service was removed and its sections stayed.",
    sees: "500.19 with HRESULT 0x8007000d, or 0x800700b7 for a declaration that is there twice.",
    silent: "Silent in fragments without any configSections. A missing declaration is only likely, because machine.config and the root \
             web.config, which are not read, may declare it.",
    evidence: "applicationHost.config and web.config",
    fix: "Declare the section, install the role service that brings it, or remove the section; keep one declaration each.",
    remedies: Remedies::iis7(
        steps::NO_SECTIONS,
        &[steps::advice("install the role service or module that brings the section; or remove the section; keep one declaration of each")],
    ),
    references: &[
        "MicrosoftDocs/iis-docs: iis/get-started/planning-your-iis-architecture/deep-dive-into-iis-configuration-with-iis-7-and-iis-8.md",
        "KB942055",
    ],
    check,
};

fn check(context: &Context<'_>, findings: &mut Vec<Finding>) {
    let server = context.server;
    each(server, findings, |anomaly| match &anomaly.kind {
        AnomalyKind::SectionNotDeclared { section } => {
            let what = format!("The section {section} is used and not declared in configSections");
            Some(
                refused(&RULE, server, anomaly, Refusal { what, within: section, hresult: INVALID_DATA, confidence: Confidence::Likely })
                    .subject(section)
                    .remedy(Remedy::advice(Risk::Safe, "install the role service or module that brings the section, or declare it"))
                    .remedy(Remedy::advice(Risk::Safe, "if nothing needs it, remove the section")),
            )
        }
        AnomalyKind::SectionDeclaredTwice { section } => {
            let what = format!("The section {section} is declared twice in configSections");
            Some(
                refused(&RULE, server, anomaly, Refusal { what, within: "", hresult: ALREADY_EXISTS, confidence: Confidence::Firm })
                    .subject(format!("{section} twice"))
                    .remedy(Remedy::advice(Risk::Safe, "remove one of the two declarations")),
            )
        }
        AnomalyKind::ConfigSectionsMisplaced => {
            let what = "configSections must stand once, as the first child of configuration".to_owned();
            Some(
                refused(&RULE, server, anomaly, Refusal { what, within: "", hresult: INVALID_DATA, confidence: Confidence::Firm })
                    .subject("configSections")
                    .remedy(Remedy::advice(Risk::Safe, "merge all configSections into one at the start of configuration")),
            )
        }
        _ => None,
    });
}

#[cfg(test)]
mod tests {
    use super::super::testing::{apphost, findings, fixture};
    use super::*;

    const ACCESS: &str = r#"<system.webServer><security><access sslFlags="Ssl" /></security></system.webServer>"#;

    fn sections(declarations: &str) -> String {
        format!(
            r#"<configSections><sectionGroup name="system.webServer"><sectionGroup name="security">{declarations}</sectionGroup>
               </sectionGroup></configSections>"#
        )
    }

    const DECLARED: &str = r#"<section name="access" overrideModeDefault="Deny" />"#;

    #[test]
    fn a_section_that_no_configsections_declare_is_likely_refused() {
        let body = format!("{}{ACCESS}", sections(r#"<section name="requestFiltering" />"#));
        let found = findings(&RULE, &apphost(&body));
        assert_eq!((found.len(), found[0].confidence), (1, Confidence::Likely));
        assert!(found[0].sees.contains("0x8007000d") && found[0].message.contains("the whole server"));
    }

    #[test]
    fn a_doubled_declaration_and_doubled_configsections_are_refused() {
        let found = findings(&RULE, &apphost(&format!("{}{ACCESS}", sections(&DECLARED.repeat(2)))));
        assert_eq!(found.len(), 1);
        assert!(found[0].sees.contains("0x800700b7"));
        let found = findings(&RULE, &apphost(&format!("{ACCESS}{}", sections(DECLARED))));
        assert_eq!((found.len(), found[0].confidence), (1, Confidence::Firm));
        assert!(found[0].sees.contains("0x8007000d"));
    }

    #[test]
    fn declared_sections_and_fragments_are_silent() {
        assert!(findings(&RULE, &apphost(&format!("{}{ACCESS}", sections(DECLARED)))).is_empty());
        for path in
            ["apphost/F1_consistent_sni.config", "apphost/F4_flag_and_path_mistakes.config", "apphost/F5_locking_and_webconfig.config"]
        {
            assert!(findings(&RULE, &fixture(path)).is_empty(), "{path}");
        }
    }
}
