//! `metabase-key-twice`: a key, or a property of a key, is in the metabase twice.

use super::noticed::{each, noticed};
use super::steps::{self, Remedies};
use super::{Confidence, Context, Finding, Rule, Severity};
use crate::remedy::{Remedy, Risk};
use crate::server::AnomalyKind;

pub(super) const RULE: Rule = Rule {
    name: "metabase-key-twice",
    severity: Severity::Medium,
    confidence: Confidence::Likely,
    title: "A metabase key or property is there twice",
    meaning: "Two elements have the same Location, in any letter case, or one key holds a property as attribute and as Custom element, or in two \
              Custom elements. IIS never writes that; it comes from editing or merging by hand. Which of the two counts is not documented, \
              so what is in effect cannot be told from the file. Reports use the first.",
    sees: "Settings of one of the two are not in effect.",
    silent: "Silent when every Location, and every property of a key, is there once.",
    evidence: "MetaBase.xml",
    fix: "Merge the two into one while IIS is stopped.",
    remedies: Remedies::iis6(
        &[steps::advice("stop IIS, keep a copy of MetaBase.xml, merge the two into one, and start IIS")],
        steps::NO_METABASE,
    ),
    references: &["Metabase.xml structure (TechNet cc787880)"],
    check,
};

fn check(context: &Context<'_>, findings: &mut Vec<Finding>) {
    let server = context.server;
    each(server, findings, |anomaly| {
        let (what, subject) = match &anomaly.kind {
            AnomalyKind::KeyTwice { key } => (format!("The key {key} is there twice"), key.clone()),
            AnomalyKind::PropertyTwice { property, key } => (format!("{property} is set twice at {key}"), format!("{key} {property}")),
            _ => return None,
        };
        let message = format!("{what}: which of the two IIS uses is not documented; this report uses the first where both say something");
        let remedy = Remedy::advice(Risk::Safe, "merge the two into one while IIS is stopped, and keep a copy of the file");
        Some(noticed(&RULE, server, anomaly, message).subject(subject).remedy(remedy))
    });
}

#[cfg(test)]
mod tests {
    use super::super::testing::{SERVICE, findings, fixture, metabase};
    use super::*;

    #[test]
    fn two_spellings_of_one_key_are_reported_once() {
        let server = metabase(&format!(
            r#"{SERVICE}<IIsWebServer Location="/LM/W3SVC/1"></IIsWebServer>
               <IIsWebServer Location="/lm/w3svc/1/" CertCheckMode="1"></IIsWebServer>"#
        ));
        let found = findings(&RULE, &server);
        assert_eq!((found.len(), found[0].severity, found[0].confidence), (1, Severity::Medium, Confidence::Likely));
        assert_eq!(found[0].place.unwrap().line, 2);
    }

    #[test]
    fn a_property_that_is_there_as_attribute_and_as_custom_element_is_reported() {
        let server = metabase(&format!(
            r#"{SERVICE}<IIsWebServer Location="/LM/W3SVC/1" CertCheckMode="0">
               <Custom Name="CertCheckMode" ID="2160" Value="1" Type="DWORD" UserType="IIS_MD_UT_SERVER" Attributes="INHERIT" /></IIsWebServer>"#
        ));
        let found = findings(&RULE, &server);
        assert_eq!(found.len(), 1);
        assert!(found[0].message.starts_with("CertCheckMode is set twice at /LM/W3SVC/1"));
    }

    #[test]
    fn keys_that_are_there_once_are_silent() {
        for path in ["metabase/03_url_tree_overrides.xml", "metabase/09_hand_edited.xml"] {
            assert!(findings(&RULE, &fixture(path)).is_empty(), "{path}");
        }
    }
}
