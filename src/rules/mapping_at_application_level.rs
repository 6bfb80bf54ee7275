//! `mapping-at-application-level`: mapping entries stand where IIS never reads them.

use super::noticed::{each, noticed, whereabouts};
use super::steps::{self, Remedies};
use super::{Confidence, Context, Finding, Rule, Severity, mapping};
use crate::catalogue::Setting;
use crate::remedy::{Remedy, Risk};
use crate::server::AnomalyKind;

pub(super) const RULE: Rule = Rule {
    name: "mapping-at-application-level",
    severity: Severity::Medium,
    confidence: Confidence::Firm,
    title: "Certificate mapping entries below the site are ignored",
    meaning: "One-to-one and many-to-one mapping entries count for the server and for a site only. Entries of an application or directory are \
              accepted by IIS and never read; the list of the site is used instead, so the intended users are not mapped, or mapped to \
              other accounts.",
    sees: "401, or the account of the site's entry, for certificates that only the application's entries name.",
    silent: "Silent for entries of a site or of the server. Whether mapping is enabled may be said at any path.",
    evidence: "applicationHost.config and web.config",
    fix: "Move the entries to the site.",
    remedies: Remedies::iis7(
        "its mappings stand at the site and are not in what is read",
        &[steps::advice(
            "move the entries into the location of the site in applicationHost.config; a password goes in with IIS Manager or appcmd, which encrypt it",
        )],
    ),
    references: &[mapping::IIS_REFERENCE],
    check,
};

fn check(context: &Context<'_>, findings: &mut Vec<Finding>) {
    let server = context.server;
    each(server, findings, |anomaly| {
        (anomaly.kind == AnomalyKind::MappingBelowSite).then(|| {
            let message = format!("The mapping entries of {} are ignored: IIS uses the entries of the site", whereabouts(server, anomaly));
            noticed(&RULE, server, anomaly, message).setting(Setting::IisCertificateMapping).remedy(Remedy::advice(
                Risk::Safe,
                "move the entries to the site and remove them here; the accounts then hold for the whole site",
            ))
        })
    });
}

#[cfg(test)]
mod tests {
    use super::super::testing::{findings, fixture, noticed};
    use super::*;
    use crate::server::Generation;

    #[test]
    fn entries_of_an_application_are_reported_once_for_its_path() {
        let found = findings(&RULE, &noticed(Generation::Iis7, &AnomalyKind::MappingBelowSite, &[Some("/edi"), Some("/edi")]));
        assert_eq!((found.len(), found[0].related.len()), (1, 1));
        assert!(found[0].message.starts_with("The mapping entries of \"Shop\" (id 7) at /edi are ignored"));
    }

    #[test]
    fn entries_of_the_site_are_silent_and_those_of_its_application_are_not() {
        let found = findings(&RULE, &fixture("apphost/F6_mapping.config"));
        assert_eq!(found.iter().map(|finding| finding.path.as_deref()).collect::<Vec<_>>(), [Some("/edi")]);
    }
}
