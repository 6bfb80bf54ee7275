//! `duplicate-site-name`: two sites have one name, so IIS 7 and later refuse the file.

use super::noticed::{ALREADY_EXISTS, concerning, repeated};
use super::steps::{self, Remedies};
use super::{Confidence, Context, Finding, Rule, Severity};
use crate::remedy::{Remedy, Risk};
use crate::server::Generation;

pub(super) const RULE: Rule = Rule {
    name: "duplicate-site-name",
    severity: Severity::High,
    confidence: Confidence::Firm,
    title: "Two sites have the same name",
    meaning: "From IIS 7 on the name is what tells sites apart, in any letter case; location paths refer to it. IIS refuses a file that holds a \
              name twice, so no site of the server works.",
    sees: "500.19 with HRESULT 0x800700b7 on the whole server; sites may not start at all.",
    silent: "Silent on IIS 6, where the name is only a comment, and for sites without a name.",
    evidence: "applicationHost.config",
    fix: "Rename one of the sites together with its location paths, or remove it.",
    remedies: Remedies::iis7(
        "names are comments there, and may be equal",
        &[steps::advice(
            "write another name into the element of one site and into the location paths that belong to it, with an editor: the tools do not read the file as long as both are in it",
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
    for sites in repeated(server, |site| (!site.name.is_empty()).then(|| site.name.to_lowercase())) {
        let [first, second, rest @ ..] = sites.as_slice() else { continue };
        let message = format!(
            "{} sites are called \"{}\"; IIS refuses this with 500.19, HRESULT {ALREADY_EXISTS}, which hits the whole server",
            sites.len(),
            first.name
        );
        let mut finding = concerning(Finding::new(&RULE, server, message), second)
            .at(second.place)
            .subject(&first.name)
            .remedy(Remedy::advice(Risk::Safe, "rename one of the sites together with its location paths, or remove it if it is a copy"));
        for other in [first].into_iter().chain(rest) {
            finding = finding.related(other.place, format!("also site {}", other.label()));
        }
        findings.push(finding);
    }
}

#[cfg(test)]
mod tests {
    use super::super::testing::{SERVICE, apphost, findings, fixture, metabase};
    use super::*;

    fn sites(names: &[&str]) -> crate::server::Server {
        let sites: String = names
            .iter()
            .zip(1..)
            .map(|(name, id)| format!(r#"<site name="{name}" id="{id}" serverAutoStart="false"><bindings/></site>"#))
            .collect();
        apphost(&format!("<system.applicationHost><sites>{sites}</sites></system.applicationHost>"))
    }

    #[test]
    fn a_name_that_is_there_twice_is_reported_at_the_second_site() {
        let found = findings(&RULE, &fixture("apphost/F8_rejected_by_iis.config"));
        assert_eq!(found.len(), 1);
        assert_eq!((found[0].subject.as_str(), found[0].place.unwrap().line, found[0].related[0].place.line), ("A", 13, 4));
        assert!(found[0].sees.contains("0x800700b7"));
    }

    #[test]
    fn letter_case_makes_no_difference_and_a_stopped_site_hits_the_server_all_the_same() {
        let found = findings(&RULE, &sites(&["Shop", "SHOP", "shop", "Other"]));
        assert_eq!((found.len(), found[0].severity, found[0].related.len()), (1, Severity::High, 2));
    }

    #[test]
    fn different_names_and_comments_of_iis_6_are_silent() {
        assert!(findings(&RULE, &sites(&["Shop", "Shop2"])).is_empty());
        let server = metabase(&format!(
            r#"{SERVICE}<IIsWebServer Location="/LM/W3SVC/1" ServerComment="Shop"></IIsWebServer>
               <IIsWebServer Location="/LM/W3SVC/2" ServerComment="Shop"></IIsWebServer>"#
        ));
        assert!(findings(&RULE, &server).is_empty());
    }
}
