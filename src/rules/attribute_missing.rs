//! `attribute-missing`: a required attribute is not there.

use super::noticed::{INVALID_DATA, Refusal, each, noticed, refused};
use super::steps::{self, Remedies};
use super::{Confidence, Context, Finding, Rule, Severity};
use crate::remedy::{Remedy, Risk};
use crate::server::{AnomalyKind, Generation};

pub(super) const RULE: Rule = Rule {
    name: "attribute-missing",
    severity: Severity::High,
    confidence: Confidence::Firm,
    title: "A required attribute is missing",
    meaning: "The schema of IIS requires some attributes, such as the name and id of a site, or the protocol and bindingInformation of a \
              binding. IIS 7 and later refuse the configuration when one is missing.",
    sees: "500.19 with HRESULT 0x8007000d.",
    silent: "Silent for attributes that have a default. On IIS 6 it is only likely, because IIS skips what its schema does not allow.",
    evidence: "applicationHost.config and web.config; MetaBase.xml",
    fix: "Write the attribute, or remove the element.",
    remedies: Remedies::both(
        &[steps::advice("write the property into the key with adsutil or IIS Manager; edit MetaBase.xml itself only while IIS is stopped")],
        &[steps::advice(
            "write the attribute into the file that the finding names, or remove the element; IIS reads the file as soon as it is saved",
        )],
    ),
    references: &["IIS_schema.xml of the server (required=\"true\")", "KB942055"],
    check,
};

fn check(context: &Context<'_>, findings: &mut Vec<Finding>) {
    let server = context.server;
    each(server, findings, |anomaly| {
        let AnomalyKind::MissingAttribute { element, attribute } = &anomaly.kind else { return None };
        let what = format!("{element} has no {attribute}, which is required");
        let finding = match server.generation {
            Generation::Iis6 => noticed(&RULE, server, anomaly, format!("{what}; IIS 6 most likely skips it"))
                .severity(Severity::Medium)
                .confidence(Confidence::Likely)
                .sees("The element is without effect."),
            Generation::Iis7 | Generation::IisExpress => {
                refused(&RULE, server, anomaly, Refusal { what, within: element, hresult: INVALID_DATA, confidence: Confidence::Firm })
            }
        };
        let remedy = Remedy::advice(Risk::Safe, format!("write {attribute}, or remove the element if it is a left-over"));
        Some(finding.subject(format!("{element}@{attribute}")).remedy(remedy))
    });
}

#[cfg(test)]
mod tests {
    use super::super::testing::{apphost, findings, fixture};
    use super::*;

    #[test]
    fn a_site_without_an_id_hits_the_whole_server() {
        let found = findings(
            &RULE,
            &apphost(r#"<system.applicationHost><sites><site name="A"><bindings/></site></sites></system.applicationHost>"#),
        );
        assert_eq!((found.len(), found[0].severity), (1, Severity::High));
        assert!(found[0].message.contains("has no id") && found[0].message.contains("0x8007000d, which hits the whole server"));
    }

    #[test]
    fn complete_elements_are_silent() {
        for path in ["apphost/F6_mapping.config", "apphost/F8_rejected_by_iis.config"] {
            assert!(findings(&RULE, &fixture(path)).is_empty(), "{path}");
        }
    }
}
