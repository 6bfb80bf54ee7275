//! `location-without-site`: settings for a site that the file does not have.

use super::noticed::{each, noticed};
use super::steps::{self, Remedies};
use super::{Confidence, Context, Finding, Rule, Severity};
use crate::remedy::{Remedy, Risk};
use crate::server::AnomalyKind;

pub(super) const RULE: Rule = Rule {
    name: "location-without-site",
    severity: Severity::Medium,
    confidence: Confidence::Hint,
    title: "A location names a site that does not exist",
    meaning: "The first part of a location path is the name of a site, and no site of this file has that name. IIS accepts such a location and \
              never uses it. Often the site was renamed: the location kept the old name, and the new site runs without the settings, \
              for example without requiring a client certificate.",
    sees: "Nothing: the settings are not in effect anywhere.",
    silent: "Silent in files without a list of sites. A location may also be left over from a site that was deleted on purpose; nobody can \
             tell from the file, so it is a hint.",
    evidence: "applicationHost.config",
    fix: "If the site was renamed, rename the location path. If the site is gone, remove the location.",
    remedies: Remedies::iis7(
        steps::NO_SECTIONS,
        &[steps::advice("if the site was renamed, write its new name into the location path"), steps::CLEAR_ACCESS],
    ),
    references: &[
        "MicrosoftDocs/iis-docs: iis/get-started/planning-your-iis-architecture/deep-dive-into-iis-configuration-with-iis-7-and-iis-8.md",
    ],
    check,
};

fn check(context: &Context<'_>, findings: &mut Vec<Finding>) {
    let server = context.server;
    each(server, findings, |anomaly| {
        let AnomalyKind::LocationWithoutSite { path } = &anomaly.kind else { return None };
        let site = path.split('/').next().unwrap_or(path);
        let message = format!("The location \"{path}\" has no effect: no site of this file is called \"{site}\"");
        Some(
            noticed(&RULE, server, anomaly, message)
                .subject(path)
                .remedy(Remedy::advice(Risk::Safe, "if the site was renamed: write the new name into the location path"))
                .remedy(Remedy::advice(
                    Risk::Safe,
                    "if the site is gone: remove the location, so that a later site of that name does not get it",
                )),
        )
    });
}

#[cfg(test)]
mod tests {
    use super::super::testing::{findings, fixture};
    use super::*;

    #[test]
    fn the_location_of_a_missing_site_is_reported() {
        let found = findings(&RULE, &fixture("apphost/F4_flag_and_path_mistakes.config"));
        assert_eq!(found.iter().map(|finding| finding.subject.as_str()).collect::<Vec<_>>(), ["OldIntranet"]);
        assert_eq!((found[0].confidence, found[0].place.unwrap().line), (Confidence::Hint, 31));
    }

    #[test]
    fn a_file_without_sites_is_silent() {
        assert!(findings(&RULE, &fixture("apphost/F5_locking_and_webconfig.config")).is_empty());
    }
}
