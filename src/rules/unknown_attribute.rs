//! `unknown-attribute`: an attribute or element that this tool does not know.

use super::noticed::{each, noticed};
use super::steps::{self, Remedies};
use super::{Confidence, Context, Finding, Rule, Severity};
use crate::remedy::{Remedy, Risk};
use crate::server::{Anomaly, AnomalyKind, Generation, Server};

pub(super) const RULE: Rule = Rule {
    name: "unknown-attribute",
    severity: Severity::Info,
    confidence: Confidence::Hint,
    title: "An attribute or element is not known",
    meaning: "The element is known and the attribute or child in it is not. It may be newer than this tool, belong to an extension of the \
              schema, or be misspelt. A misspelt name is refused by IIS 7 and later, and the setting that was meant is not made.",
    sees: "Nothing if IIS knows it; else 500.19 with HRESULT 0x8007000d.",
    silent: "Silent in sections that this tool does not read. In MetaBase.xml names are judged that are nearly those of audited properties (then \
             `medium` and likely); with MBSchema.xml beside it all others too, once for each type of key.",
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
        if let AnomalyKind::UnknownProperty { key_type, key, property, nearest } = &anomaly.kind {
            return Some(property_of_key(server, anomaly, [key_type, key, property], *nearest));
        }
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

/// The finding for an attribute of a metabase key.
fn property_of_key(server: &Server, anomaly: &Anomaly, [key_type, key, property]: [&str; 3], nearest: Option<&str>) -> Finding {
    let Some(nearest) = nearest else {
        let message = format!(
            "The schema that was given has no property {property}, which stands at {key} and perhaps at other keys of type {key_type}"
        );
        return noticed(&RULE, server, anomaly, message)
            .subject(format!("{key_type}@{property}"))
            .sees("Nothing; IIS most likely skips it.")
            .remedy(Remedy::advice(Risk::ReadOnly, "check the spelling against MBSchema.xml"));
    };
    let message = format!(
        "The attribute {property} at {key} is no known property, and nearly {nearest}. Names are case-sensitive, so IIS most likely skips it, and \
         {nearest} is not set by it"
    );
    noticed(&RULE, server, anomaly, message)
        .severity(Severity::Medium)
        .confidence(Confidence::Likely)
        .subject(format!("{key}@{property}"))
        .sees("Nothing at first: the setting that was meant is not made.")
        .remedy(Remedy::advice(
            Risk::ReadOnly,
            format!("if {nearest} is meant, take {property} out of MetaBase.xml while IIS is stopped, and set {nearest} with adsutil.vbs"),
        ))
}

#[cfg(test)]
mod tests {
    use super::super::testing::{findings, fixture, metabase, noticed};
    use super::*;

    #[test]
    fn an_unknown_attribute_of_a_binding_is_information_and_may_be_newer() {
        let found = findings(&RULE, &fixture("apphost/F8_rejected_by_iis.config"));
        assert_eq!(found.len(), 1);
        assert_eq!((found[0].severity, found[0].confidence), (Severity::Info, Confidence::Hint));
        assert!(found[0].message.contains("requireSni") && found[0].message.contains("may be newer than this tool"));
    }

    #[test]
    fn a_misspelt_property_of_the_metabase_is_told_with_the_one_that_was_meant() {
        let found = findings(
            &RULE,
            &metabase(
                r#"<IIsWebService Location="/LM/W3SVC" CertCheckMod="1" Blorp="x"></IIsWebService>
                   <IIsWebServer Location="/LM/W3SVC/1" Certcheckmode="1" ServerCommand="1"></IIsWebServer>
                   <IIsWebVirtualDir Location="/LM/W3SVC/1/ROOT" AccessSSLFlag="AccessSSL" AccessSSLFlags="8"></IIsWebVirtualDir>"#,
            ),
        );
        assert_eq!(found.len(), 3, "{found:?}");
        assert!(found.iter().all(|finding| (finding.severity, finding.confidence) == (Severity::Medium, Confidence::Likely)));
        for (finding, words) in found.iter().zip(["CertCheckMod at /LM/W3SVC", "Certcheckmode at /LM/W3SVC/1", "nearly AccessSSLFlags"]) {
            assert!(finding.message.contains(words), "{}", finding.message);
        }
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
