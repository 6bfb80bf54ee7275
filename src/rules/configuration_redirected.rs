//! `configuration-redirected`: the server reads its configuration from somewhere else.

use super::noticed::{each, noticed};
use super::steps::{self, Remedies};
use super::{Confidence, Context, Finding, Rule, Severity};
use crate::remedy::{Remedy, Risk};
use crate::server::AnomalyKind;

pub(super) const RULE: Rule = Rule {
    name: "configuration-redirected",
    severity: Severity::Info,
    confidence: Confidence::Firm,
    title: "The configuration is redirected to another directory",
    meaning: "redirection.config is enabled, so IIS reads applicationHost.config from a shared directory. The local file stays where it is and \
              is not read any more; what it says may be years old.",
    sees: "Nothing: another file is in effect.",
    silent: "Silent when redirection.config says enabled=\"false\" or was not given.",
    evidence: "redirection.config",
    fix: "Audit the applicationHost.config of the shared directory.",
    remedies: Remedies::iis7(
        "its metabase cannot be redirected",
        &[steps::advice(
            "read the applicationHost.config of the directory that redirection.config names, and this one only if it came from there",
        )],
    ),
    references: &["MicrosoftDocs/iis-docs: iis/configuration/configurationRedirection.md"],
    check,
};

fn check(context: &Context<'_>, findings: &mut Vec<Finding>) {
    let server = context.server;
    each(server, findings, |anomaly| {
        let AnomalyKind::Redirected { path } = &anomaly.kind else { return None };
        let message = format!(
            "IIS reads its configuration from \"{path}\": the applicationHost.config beside redirection.config may not be in effect"
        );
        let remedy =
            Remedy::advice(Risk::ReadOnly, "audit the applicationHost.config in that directory, and this file only if it came from there");
        Some(noticed(&RULE, server, anomaly, message).remedy(remedy))
    });
}

#[cfg(test)]
mod tests {
    use super::super::testing::findings;
    use super::*;
    use crate::input::FileId;
    use crate::server::Server;
    use crate::xml::Limits;

    fn server(enabled: bool) -> Server {
        let read = |text: &str, file| crate::apphost::read(text, FileId(file), Limits::default()).unwrap();
        let host = read("<configuration><system.applicationHost><sites/></system.applicationHost></configuration>", 0);
        let text = format!(
            r#"<configuration><configurationRedirection enabled="{enabled}" path="\\files\iis" userName="u" password="[enc:x:AA:enc]" /></configuration>"#
        );
        crate::apphost::assemble(&host, &[], Some(&read(&text, 1)), "server".to_owned())
    }

    #[test]
    fn an_enabled_redirection_is_information_and_says_where_to() {
        let found = findings(&RULE, &server(true));
        assert_eq!((found.len(), found[0].severity), (1, Severity::Info));
        assert!(found[0].message.contains(r"\\files\iis"));
        assert_eq!(found[0].place.unwrap().file, FileId(1));
    }

    #[test]
    fn a_redirection_that_is_switched_off_is_silent() {
        assert!(findings(&RULE, &server(false)).is_empty());
    }
}
