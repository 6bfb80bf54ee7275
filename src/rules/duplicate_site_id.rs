//! `duplicate-site-id`: two sites have one id, so IIS 7 and later refuse the file.

use super::noticed::{ALREADY_EXISTS, concerning, repeated};
use super::steps::{self, Remedies};
use super::{Confidence, Context, Finding, Rule, Severity};
use crate::remedy::{Remedy, Risk};
use crate::server::Generation;

pub(super) const RULE: Rule = Rule {
    name: "duplicate-site-id",
    severity: Severity::High,
    confidence: Confidence::Firm,
    title: "Two sites have the same id",
    meaning: "The id of a site must be unique on a server: log directories, metabase paths and scripts refer to it. IIS 7 and later refuse a \
              file that holds an id twice, so no site of the server works.",
    sees: "500.19 with HRESULT 0x800700b7 on the whole server; sites may not start at all.",
    silent: "Silent for sites without an id that can be read. On IIS 6 two keys with one path are reported by metabase-key-twice.",
    evidence: "applicationHost.config",
    fix: "Give one of the sites a free id.",
    remedies: Remedies::iis7(
        "the id of a site is its key, so there can be no second (`metabase-key-twice` finds a broken file)",
        &[steps::advice(
            "write a free id into the element of one site with an editor: the tools do not read the file as long as both are in it",
        )],
    ),
    references: &["MicrosoftDocs/iis-docs: iis/configuration/system.applicationHost/sites/site/index.md", "KB942055"],
    check,
};

fn check(context: &Context<'_>, findings: &mut Vec<Finding>) {
    let server = context.server;
    if server.generation == Generation::Iis6 {
        return;
    }
    for sites in repeated(server, |site| site.id) {
        let [first, second, rest @ ..] = sites.as_slice() else { continue };
        let id = first.id.unwrap_or_default();
        let message = format!(
            "{} sites have the id {id}; IIS refuses this with 500.19, HRESULT {ALREADY_EXISTS}, which hits the whole server",
            sites.len()
        );
        let mut finding = concerning(Finding::new(&RULE, server, message), second)
            .at(second.place)
            .subject(id.to_string())
            .remedy(Remedy::advice(Risk::Safe, "give one of the sites a free id; its log directory W3SVC<id> changes with it"));
        for other in [first].into_iter().chain(rest) {
            finding = finding.related(other.place, format!("also site {}", other.label()));
        }
        findings.push(finding);
    }
}

#[cfg(test)]
mod tests {
    use super::super::testing::{apphost, findings, fixture};
    use super::*;

    #[test]
    fn an_id_that_is_there_twice_is_reported_at_the_second_site() {
        let found = findings(&RULE, &fixture("apphost/F8_rejected_by_iis.config"));
        assert_eq!(found.len(), 1);
        assert_eq!((found[0].subject.as_str(), found[0].place.unwrap().line), ("81", 14));
        assert_eq!(found[0].site, Some((Some(81), "B".to_owned())));
        assert_eq!(found[0].related[0].note, "also site \"A\" (id 81)");
    }

    #[test]
    fn different_ids_and_unreadable_ids_are_silent() {
        let server = apphost(
            r#"<system.applicationHost><sites><site name="A" id="1"><bindings/></site><site name="B" id="2"><bindings/></site>
               <site name="C" id="x"><bindings/></site><site name="D" id="x"><bindings/></site></sites></system.applicationHost>"#,
        );
        assert!(findings(&RULE, &server).is_empty());
    }
}
