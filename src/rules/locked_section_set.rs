//! `locked-section-set`: a section or attribute is set below a lock.

use super::noticed::{LOCK_VIOLATION, Refusal, each, refused};
use super::steps::{self, Remedies};
use super::{Confidence, Context, Finding, Rule, Severity};
use crate::remedy::{Remedy, Risk, appcmd};
use crate::server::AnomalyKind;

pub(super) const RULE: Rule = Rule {
    name: "locked-section-set",
    severity: Severity::High,
    confidence: Confidence::Firm,
    title: "A locked section or attribute is set",
    meaning: "The section is locked at a level above, by overrideMode or overrideModeDefault `Deny` or by a lock attribute, and is set here all \
              the same. IIS does not ignore that: it refuses the configuration of the path, even when the value is the same as above. \
              The sections access, serverRuntime and all kinds of authentication are locked unless someone unlocked them.",
    sees: "500.19 with HRESULT 0x80070021 for this path and below.",
    silent: "Silent where the section is unlocked for the path. Likely, not firm, where the lock on an attribute and the attribute stand in the \
             same file, one location below the other.",
    evidence: "applicationHost.config together with web.config",
    fix: "Move the setting into a location of applicationHost.config and remove it here, or unlock the section for the path.",
    remedies: Remedies::iis7(
        steps::NO_SECTIONS,
        &[
            steps::advice(
                "write the setting into a location of applicationHost.config and remove it from the web.config: every request to the path fails until then",
            ),
            steps::UNLOCK_ACCESS,
        ],
    ),
    references: &["MicrosoftDocs/iis-docs: iis/get-started/planning-for-security/how-to-use-locking-in-iis-configuration.md", "KB942055"],
    check,
};

fn check(context: &Context<'_>, findings: &mut Vec<Finding>) {
    let server = context.server;
    each(server, findings, |anomaly| {
        let AnomalyKind::LockedSectionSet { section, attribute, level, same_file } = &anomaly.kind else { return None };
        let (what, subject) = match attribute {
            None => (format!("{section} is set although it is locked above"), section.clone()),
            Some(attribute) => (format!("{section}@{attribute} is set although it is locked above"), format!("{section}@{attribute}")),
        };
        if *same_file {
            let what =
                format!("{what}, by a location above in the same file: likely, for it is not documented whether such a lock binds there");
            let refusal = Refusal { what, within: section, hresult: LOCK_VIOLATION, confidence: Confidence::Likely };
            let advice = "set it at the level that holds the lock, or take the attribute out of the lock; then remove what is in the way";
            return Some(refused(&RULE, server, anomaly, refusal).subject(subject).remedy(Remedy::advice(Risk::Safe, advice)));
        }
        let finding =
            refused(&RULE, server, anomaly, Refusal { what, within: section, hresult: LOCK_VIOLATION, confidence: Confidence::Firm })
                .subject(subject)
                .remedy(Remedy::advice(
                    Risk::Safe,
                    "set it for this path in a location of applicationHost.config (appcmd with /commit:apphost), and remove it here",
                ));
        Some(match attribute {
            None if level.is_empty() => finding.remedy(Remedy::offer(
                Risk::WeakensSecurity,
                "unlocks the section for every site: whoever may write a web.config then decides it",
                appcmd::unlock_config(section),
            )),
            // A lock is undone only at the level that holds it.
            None => finding.remedy(Remedy::advice(
                Risk::WeakensSecurity,
                format!(
                    "set overrideMode=\"Allow\" on the location {level}, which holds the lock; to unlock the section for the whole server \
                     changes nothing there. Whoever may write a web.config below then decides it"
                ),
            )),
            Some(_) => finding.remedy(Remedy::advice(
                Risk::WeakensSecurity,
                "remove the attribute from the lock; whoever may write a web.config then decides it",
            )),
        })
    });
}

#[cfg(test)]
mod tests {
    use super::super::testing::{apphost, findings, fixture, noticed};
    use super::*;
    use crate::server::Generation;

    fn kind(attribute: Option<&str>) -> AnomalyKind {
        AnomalyKind::LockedSectionSet {
            section: "system.webServer/security/access".to_owned(),
            attribute: attribute.map(str::to_owned),
            level: String::new(),
            same_file: false,
        }
    }

    #[test]
    fn a_locked_section_is_refused_for_its_path_only() {
        let found = findings(&RULE, &noticed(Generation::Iis7, &kind(None), &[Some("/api")]));
        assert_eq!((found.len(), found[0].severity, found[0].confidence), (1, Severity::High, Confidence::Firm));
        assert!(found[0].message.contains("0x80070021, which hits only \"Shop\" (id 7) at /api and below"));
        let unlock = found[0].remedies.last().unwrap();
        assert_eq!(unlock.risk, Risk::WeakensSecurity);
        assert!(unlock.command.as_ref().unwrap().ends_with("appcmd.exe unlock config -section:system.webServer/security/access"));
    }

    #[test]
    fn a_locked_attribute_is_named_and_gets_no_command_that_unlocks_the_whole_section() {
        let found = findings(&RULE, &noticed(Generation::Iis7, &kind(Some("sslFlags")), &[Some("/")]));
        assert!(found[0].message.starts_with("system.webServer/security/access@sslFlags is set"));
        assert!(found[0].remedies.iter().all(|remedy| remedy.command.is_none()));
    }

    #[test]
    fn a_lock_of_a_location_is_undone_at_that_location() {
        let kind = AnomalyKind::LockedSectionSet {
            section: "system.webServer/security/access".to_owned(),
            attribute: None,
            level: "Shop/api".to_owned(),
            same_file: false,
        };
        let found = findings(&RULE, &noticed(Generation::Iis7, &kind, &[Some("/api")]));
        let unlock = found[0].remedies.last().unwrap();
        assert!(unlock.command.is_none() && unlock.what.contains("on the location Shop/api"), "{}", unlock.what);
    }

    #[test]
    fn an_attribute_below_a_lock_of_its_own_file_is_likely_refused_and_counts() {
        let body = |lock: &str| {
            apphost(&format!(
                r#"<system.applicationHost><sites><site name="O" id="1"><application path="/"/></site></sites></system.applicationHost>
                   <system.webServer><security><access sslFlags="Ssl, SslRequireCert" {lock}/></security></system.webServer>
                   <location path="O"><system.webServer><security><access sslFlags="Ssl"/></security></system.webServer></location>"#
            ))
        };
        let found = findings(&RULE, &body(r#"lockAttributes="sslFlags""#));
        assert_eq!((found.len(), found[0].confidence), (1, Confidence::Likely));
        assert!(found[0].message.contains("in the same file"), "{}", found[0].message);
        assert!(findings(&RULE, &body("")).is_empty());
    }

    #[test]
    fn locations_that_unlock_and_lock_are_silent_by_themselves() {
        assert!(findings(&RULE, &fixture("apphost/F5_locking_and_webconfig.config")).is_empty());
    }
}
