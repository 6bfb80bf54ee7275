//! `unknown-attribute`: an attribute or element that this tool does not know.

use super::noticed::{each, noticed};
use super::steps::{self, Remedies};
use super::{Confidence, Context, Finding, Rule, Severity};
use crate::remedy::{Remedy, Risk};
use crate::server::{AnomalyKind, Generation};

pub(super) const RULE: Rule = Rule {
    name: "unknown-attribute",
    severity: Severity::Info,
    confidence: Confidence::Hint,
    title: "An attribute or element is not known",
    meaning: "The element is known and the attribute or child in it is not. It may be newer than this tool, belong to an extension of the \
              schema, or be misspelt. A misspelt name is refused by IIS 7 and later, and the setting that was meant is not made.",
    sees: "Nothing if IIS knows it; else 500.19 with HRESULT 0x8007000d.",
    silent: "Silent in sections that this tool does not read.",
    evidence: "applicationHost.config and web.config; MetaBase.xml",
    fix: "Check the spelling against the schema files of the server.",
    remedies: Remedies::both(
        &[steps::advice("compare the spelling with MBSchema.xml beside MetaBase.xml; edit MetaBase.xml itself only while IIS is stopped")],
        &[steps::advice(
            "compare the spelling with the schema files in %windir%\\system32\\inetsrv\\config\\schema, and correct it in the file that the finding names",
        )],
    ),
    references: &["IIS_schema.xml of the server", "KB942055"],
    check,
};

fn check(context: &Context<'_>, findings: &mut Vec<Finding>) {
    let server = context.server;
    let else_refused = match server.generation {
        Generation::Iis6 => "",
        Generation::Iis7 | Generation::IisExpress => "; if IIS does not know it either, it answers 500.19, HRESULT 0x8007000d",
    };
    each(server, findings, |anomaly| {
        let (message, subject) = match &anomaly.kind {
            AnomalyKind::UnknownAttribute { element, attribute } => {
                (format!("The attribute {attribute} of {element} is not known"), format!("{element}@{attribute}"))
            }
            AnomalyKind::UnknownElement { parent, element } => {
                (format!("The element {element} in {parent} is not known"), format!("{parent}/{element}"))
            }
            _ => return None,
        };
        let finding = noticed(&RULE, server, anomaly, format!("{message}; it may be newer than this tool{else_refused}"));
        Some(finding.subject(subject).remedy(Remedy::advice(Risk::ReadOnly, "check the spelling against the schema files of the server")))
    });
}

#[cfg(test)]
mod tests {
    use super::super::testing::{findings, fixture, noticed};
    use super::*;

    #[test]
    fn an_unknown_attribute_of_a_binding_is_information_and_may_be_newer() {
        let found = findings(&RULE, &fixture("apphost/F8_rejected_by_iis.config"));
        assert_eq!(found.len(), 1);
        assert_eq!((found[0].severity, found[0].confidence), (Severity::Info, Confidence::Hint));
        assert!(found[0].message.contains("requireSni") && found[0].message.contains("may be newer than this tool"));
    }

    #[test]
    fn an_unknown_element_is_reported_once_for_each_path() {
        let kind = AnomalyKind::UnknownElement { parent: "sites/site".to_owned(), element: "tracing".to_owned() };
        let found = findings(&RULE, &noticed(Generation::Iis7, &kind, &[Some("/"), Some("/"), Some("/app"), None]));
        assert_eq!(found.iter().map(|finding| finding.related.len()).collect::<Vec<_>>(), [1, 0, 0]);
        assert_ne!(found[0].fingerprint(), found[1].fingerprint());
    }

    #[test]
    fn known_attributes_are_silent() {
        for path in ["apphost/F1_consistent_sni.config", "apphost/F5_locking_and_webconfig.config", "apphost/F6_mapping.config"] {
            assert!(findings(&RULE, &fixture(path)).is_empty(), "{path}");
        }
    }
}
