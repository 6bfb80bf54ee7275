//! `plain-text-password`: a password stands readable in the configuration.

use super::noticed::{each, noticed, whereabouts};
use super::steps::{self, Remedies};
use super::{Confidence, Context, Finding, Rule, Severity};
use crate::remedy::{Remedy, Risk};
use crate::server::AnomalyKind;

pub(super) const RULE: Rule = Rule {
    name: "plain-text-password",
    severity: Severity::High,
    confidence: Confidence::Firm,
    title: "A password is stored in plain text",
    meaning: "IIS encrypts the passwords of mapping entries, virtual directories and application pools when its own tools write them, as \
              `[enc:provider:...:enc]`. Here a password was written by hand or by a script and can be read by everybody who can read the \
              file, its backups and its history. The password is never repeated in any output.",
    sees: "Nothing: IIS works, and the secret is readable.",
    silent: "Silent for empty values and for encrypted ones, whatever the provider.",
    evidence: "applicationHost.config and web.config",
    fix: "Change the password of the account, then enter the new one with appcmd or IIS Manager, which encrypt it.",
    remedies: Remedies::iis7(
        "it encrypts passwords in MetaBase.xml",
        &[steps::advice(
            "change the password of the account first, since it was readable; then enter the new one in IIS Manager or with appcmd, which write it encrypted",
        )],
    ),
    references: &["MicrosoftDocs/iis-docs: iis/manage/configuring-security/using-encryption-to-protect-passwords.md"],
    check,
};

fn check(context: &Context<'_>, findings: &mut Vec<Finding>) {
    let server = context.server;
    each(server, findings, |anomaly| {
        let AnomalyKind::PlainTextPassword { element, attribute } = &anomaly.kind else { return None };
        let message = format!("The attribute {attribute} of {element} is not encrypted ({})", whereabouts(server, anomaly));
        let finding = noticed(&RULE, server, anomaly, message)
            .subject(format!("{element}@{attribute}"))
            .remedy(Remedy::advice(
                Risk::Safe,
                "change the password of the account: it must be taken as known, from old copies of the file too",
            ))
            .remedy(Remedy::advice(Risk::Safe, "enter the new password with appcmd or IIS Manager, which write it encrypted"));
        Some(finding)
    });
}

#[cfg(test)]
mod tests {
    use super::super::testing::{apphost, findings, fixture};
    use super::*;

    fn server(password: &str) -> crate::server::Server {
        apphost(&format!(
            r#"<system.applicationHost><sites><site name="A" id="1"><application path="/">
               <virtualDirectory path="/" physicalPath="D:\a" userName="CONTOSO\web" password="{password}" />
               </application></site></sites></system.applicationHost>"#
        ))
    }

    #[test]
    fn a_readable_password_is_reported_and_never_repeated() {
        let found = findings(&RULE, &server("hunter2!"));
        assert_eq!((found.len(), found[0].severity), (1, Severity::High));
        assert!(!format!("{found:?}").contains("hunter2"));
    }

    #[test]
    fn encrypted_and_empty_passwords_are_silent() {
        assert!(findings(&RULE, &server("[enc:IISWASOnlyAesProvider:AAAA:enc]")).is_empty());
        assert!(findings(&RULE, &server("")).is_empty());
        assert!(findings(&RULE, &fixture("apphost/F6_mapping.config")).is_empty());
    }
}
