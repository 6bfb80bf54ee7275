//! `location-case-variants`: one path is configured twice, in two spellings.

use std::collections::BTreeMap;

use super::noticed::{each, noticed};
use super::steps::{self, Remedies};
use super::{Confidence, Context, Finding, Rule, Severity};
use crate::catalogue::Setting;
use crate::remedy::{Remedy, Risk};
use crate::server::{AnomalyKind, Server};

pub(super) const RULE: Rule = Rule {
    name: "location-case-variants",
    severity: Severity::Medium,
    confidence: Confidence::Likely,
    title: "Two location paths differ only in letter case and hold the same section",
    meaning: "Location paths that differ only in letter case name the same place, so the section is configured twice there. Either one of the \
              two is in effect, and it is not documented which, or IIS refuses the file. A person who edits one of them may see no change.",
    sees: "One of the two values is in effect; or 500.19 with HRESULT 0x800700b7.",
    silent: "Silent when the two locations hold different sections. It is only likely, because that IIS compares these paths without regard to \
             case is observed and not documented.",
    evidence: "applicationHost.config and web.config",
    fix: "Merge the two locations into one.",
    remedies: Remedies::iis7(
        steps::NO_SECTIONS,
        &[steps::advice(
            "merge both into one location with the stricter values and remove the other, with an editor: which of the two a tool writes to is not certain",
        )],
    ),
    references: &[
        "MicrosoftDocs/iis-docs: iis/get-started/planning-your-iis-architecture/deep-dive-into-iis-configuration-with-iis-7-and-iis-8.md",
    ],
    check,
};

fn check(context: &Context<'_>, findings: &mut Vec<Finding>) {
    let server = context.server;
    if !server.anomalies.iter().any(|anomaly| matches!(anomaly.kind, AnomalyKind::LocationCaseVariants { .. })) {
        return;
    }
    let access = access_in_effect(server);
    each(server, findings, |anomaly| {
        let AnomalyKind::LocationCaseVariants { section, path, other } = &anomaly.kind else { return None };
        let mut message = format!(
            "The locations \"{path}\" and \"{other}\" are one path and both hold {section}: only one of them can be in effect, or IIS refuses \
             the file with 500.19, HRESULT 0x800700b7"
        );
        if section.ends_with("/access")
            && let Some(flags) = access.get(&path.to_lowercase())
        {
            message.push_str(&format!("; the rest of this report takes the access flags to be {flags}"));
        }
        Some(
            noticed(&RULE, server, anomaly, message)
                .subject(format!("{section} {path}"))
                .remedy(Remedy::advice(Risk::Safe, "merge both into one location with the stricter value, and remove the other")),
        )
    });
}

/// The access flags that are assumed at each location, by its path in lower case.
fn access_in_effect(server: &Server) -> BTreeMap<String, String> {
    let scopes = server.sites.iter().flat_map(|site| &site.scopes);
    let known = scopes.filter_map(|scope| Some((scope, scope.value(Setting::AccessFlags)?)));
    known.map(|(scope, value)| (scope.store_path.to_lowercase(), value.show(Setting::AccessFlags, server.generation))).collect()
}

#[cfg(test)]
mod tests {
    use super::super::testing::{apphost, findings, fixture};
    use super::*;

    #[test]
    fn two_spellings_of_one_path_are_reported_with_the_value_that_is_assumed() {
        let found = findings(&RULE, &fixture("apphost/F4_flag_and_path_mistakes.config"));
        assert_eq!((found.len(), found[0].confidence), (1, Confidence::Likely));
        assert!(found[0].message.contains("\"Intranet/api\"") && found[0].message.contains("\"intranet/API\""));
        assert!(found[0].message.contains("takes the access flags to be Ssl"));
        let notes: Vec<_> = found[0].related.iter().map(|related| (related.place.line, related.note.as_str())).collect();
        assert_eq!(
            notes,
            [(28, "\"intranet/API\" sets access-flags to \"Ssl\""), (20, "\"Intranet/api\" sets access-flags to \"Ssl, SslRequireCert\"")]
        );
    }

    #[test]
    fn two_spellings_with_different_sections_are_silent() {
        let server = apphost(
            r#"<location path="A/x"><system.webServer><security><access sslFlags="Ssl" /></security></system.webServer></location>
               <location path="a/X"><system.webServer><serverRuntime uploadReadAheadSize="1" /></system.webServer></location>"#,
        );
        assert!(findings(&RULE, &server).is_empty());
    }
}
