//! `section-defined-twice`: one section or lock is said twice for one path, so IIS refuses the file.

use super::noticed::{ALREADY_EXISTS, INVALID_DATA, Refusal, each, refused};
use super::steps::{self, Remedies};
use super::{Confidence, Context, Finding, Rule, Severity};
use crate::remedy::{Remedy, Risk};
use crate::server::AnomalyKind;

pub(super) const RULE: Rule = Rule {
    name: "section-defined-twice",
    severity: Severity::High,
    confidence: Confidence::Firm,
    title: "A section or lock is given twice for the same path",
    meaning: "A configuration file may hold a section once for each path. Two location tags with one path are fine only while their sections \
              differ; a section outside of any location and again inside `path=\".\"` is the same section twice. Likewise overrideMode and \
              allowOverride say the same thing and may not stand on one location tag.",
    sees: "500.19 with HRESULT 0x800700b7 for every path that the file serves.",
    silent: "Silent for several location tags with one path that hold different sections. Paths that differ in letter case are left to \
             location-case-variants.",
    evidence: "applicationHost.config and web.config",
    fix: "Merge the two into one.",
    remedies: Remedies::iis7(
        steps::NO_SECTIONS,
        &[steps::advice(
            "keep one of the two with the stricter values, with an editor: the tools do not read the file as long as both are in it",
        )],
    ),
    references: &[
        "MicrosoftDocs/iis-docs: iis/get-started/planning-for-security/how-to-use-locking-in-iis-configuration.md",
        "elmah/Elmah#259",
    ],
    check,
};

fn check(context: &Context<'_>, findings: &mut Vec<Finding>) {
    let server = context.server;
    each(server, findings, |anomaly| match &anomaly.kind {
        AnomalyKind::SectionDefinedTwice { section, location } => {
            let at = if location.is_empty() { "at the level of the file".to_owned() } else { format!("for the location \"{location}\"") };
            let what = format!("{section} is defined twice {at}");
            let finding =
                refused(&RULE, server, anomaly, Refusal { what, within: section, hresult: ALREADY_EXISTS, confidence: Confidence::Firm })
                    .subject(format!("{section} {location}"));
            Some(finding.remedy(Remedy::advice(Risk::Safe, "keep one of the two with the stricter value and remove the other")))
        }
        AnomalyKind::OverrideGivenTwice => {
            let what = "overrideMode and allowOverride stand on one location tag".to_owned();
            // That it is an error is documented, its number is not.
            let finding =
                refused(&RULE, server, anomaly, Refusal { what, within: "", hresult: INVALID_DATA, confidence: Confidence::Likely });
            Some(finding.subject("overrideMode").remedy(Remedy::advice(Risk::Safe, "keep overrideMode and remove allowOverride")))
        }
        _ => None,
    });
}

#[cfg(test)]
mod tests {
    use super::super::testing::{apphost, findings, fixture};
    use super::*;

    const ACCESS: &str = r#"<system.webServer><security><access sslFlags="Ssl" /></security></system.webServer>"#;

    #[test]
    fn one_section_twice_for_one_path_is_refused() {
        for body in [
            format!(r#"<location path="A">{ACCESS}</location><location path="A">{ACCESS}</location>"#),
            format!(r#"{ACCESS}<location path=".">{ACCESS}</location>"#),
        ] {
            let found = findings(&RULE, &apphost(&body));
            assert_eq!((found.len(), found[0].severity), (1, Severity::High), "{body}");
            assert!(found[0].message.contains("500.19") && found[0].sees.contains("0x800700b7"));
        }
    }

    #[test]
    fn both_words_for_the_lock_on_one_tag_are_refused() {
        let found =
            findings(&RULE, &apphost(&format!(r#"<location path="A" overrideMode="Allow" allowOverride="true">{ACCESS}</location>"#)));
        assert_eq!(found.len(), 1);
        assert!(found[0].sees.contains("0x8007000d"));
    }

    #[test]
    fn different_sections_for_one_path_are_silent() {
        let other = r#"<system.webServer><serverRuntime uploadReadAheadSize="1" /></system.webServer>"#;
        let server = apphost(&format!(r#"{other}<location path="A">{ACCESS}</location><location path="A">{other}</location>"#));
        assert!(findings(&RULE, &server).is_empty());
        assert!(findings(&RULE, &fixture("apphost/F5_locking_and_webconfig.config")).is_empty());
    }
}
