//! `attribute-value-invalid`: a value is not of the type that the schema demands.

use super::noticed::{INVALID_DATA, Refusal, each, noticed, refused};
use super::steps::{self, Remedies};
use super::{Confidence, Context, Finding, Rule, Severity};
use crate::remedy::{Remedy, Risk};
use crate::server::{AnomalyKind, Generation};

pub(super) const RULE: Rule = Rule {
    name: "attribute-value-invalid",
    severity: Severity::High,
    confidence: Confidence::Firm,
    title: "A value is not of the type that the schema demands",
    meaning: "An attribute holds a text that is no value of its type, such as `yes` where true or false is expected. IIS 7 and later refuse \
              the configuration. IIS 6 skips the value, so what was meant is not in effect.",
    sees: "500.19 with HRESULT 0x8007000d; on IIS 6 an event, and the inherited value or the default is in effect.",
    silent: "Silent for flags of bindings and access flags, which have rules of their own (binding-flags-not-numeric, \
             access-flags-unreadable). It is only likely where the schema lists names, because a newer IIS may know more of them.",
    evidence: "applicationHost.config and web.config; MetaBase.xml",
    fix: "Correct the value.",
    remedies: Remedies::both(
        &[steps::advice(
            "write the value anew with adsutil or IIS Manager, which know the type; edit MetaBase.xml itself only while IIS is stopped",
        )],
        &[steps::advice("correct the value in the file that the finding names, or with appcmd, which refuses a value of the wrong type")],
    ),
    references: &["IIS_schema.xml and MBSchema.xml of the server", "KB942055"],
    check,
};

fn check(context: &Context<'_>, findings: &mut Vec<Finding>) {
    let server = context.server;
    each(server, findings, |anomaly| {
        let AnomalyKind::InvalidValue { element, attribute, value, expected } = &anomaly.kind else { return None };
        if attribute == "sslFlags" && matches!(element.rsplit('/').next(), Some("binding" | "access")) {
            return None;
        }
        let what = format!("{element}@{attribute} is \"{value}\"; {expected} was expected");
        let finding = match server.generation {
            Generation::Iis6 => noticed(
                &RULE,
                server,
                anomaly,
                format!("{what}; IIS 6 most likely skips the value and uses the inherited one or the default"),
            )
            .severity(Severity::Medium)
            .confidence(Confidence::Likely)
            .sees("The value is not in effect; IIS writes an event when it reads the file."),
            Generation::Iis7 | Generation::IisExpress => {
                let plain = matches!(*expected, "true or false" | "an unsigned number");
                let confidence = if plain { Confidence::Firm } else { Confidence::Likely };
                refused(&RULE, server, anomaly, Refusal { what, within: element, hresult: INVALID_DATA, confidence })
            }
        };
        Some(finding.subject(format!("{element}@{attribute}={value}")).remedy(Remedy::advice(Risk::Safe, format!("write {expected}"))))
    });
}

#[cfg(test)]
mod tests {
    use super::super::testing::{SERVICE, apphost, findings, fixture, metabase};
    use super::*;

    #[test]
    fn a_wrong_value_of_a_section_hits_its_path_only_and_equal_ones_are_one_finding() {
        let wrong = r#"<system.webServer><security><authentication><anonymousAuthentication enabled="yes" /></authentication></security></system.webServer>"#;
        let found = findings(
            &RULE,
            &apphost(&format!(
                r#"<system.applicationHost><sites><site name="A" id="1"><bindings/></site></sites></system.applicationHost>
                   <location path="A">{wrong}</location><location path="A/app">{wrong}</location>"#
            )),
        );
        assert_eq!(found.iter().filter_map(|finding| finding.path.as_deref()).collect::<Vec<_>>(), ["/", "/app"]);
        assert_eq!((found[0].severity, found[0].confidence), (Severity::High, Confidence::Firm));
        assert!(found[1].message.contains("0x8007000d, which hits only \"A\" (id 1) at /app and below"));
    }

    #[test]
    fn a_lone_web_config_does_not_hit_the_whole_server() {
        let found = findings(
            &RULE,
            &apphost(
                r#"<system.webServer><security><authentication><anonymousAuthentication enabled="yes" /></authentication></security></system.webServer>"#,
            ),
        );
        assert_eq!(found.len(), 1);
        assert!(found[0].message.ends_with("which hits only \"(web.config)\" at / and below"));
    }

    #[test]
    fn flags_of_bindings_and_access_flags_are_left_to_their_own_rules() {
        assert!(findings(&RULE, &fixture("apphost/F8_rejected_by_iis.config")).is_empty());
    }

    #[test]
    fn iis_6_skips_the_value() {
        let server = metabase(&format!(r#"{SERVICE}<IIsWebServer Location="/LM/W3SVC/1" CertCheckMode="off"></IIsWebServer>"#));
        let found = findings(&RULE, &server);
        assert_eq!((found.len(), found[0].severity, found[0].confidence), (1, Severity::Medium, Confidence::Likely));
        assert!(!found[0].message.contains("500.19"));
        assert!(findings(&RULE, &fixture("metabase/09_hand_edited.xml")).is_empty());
    }
}
