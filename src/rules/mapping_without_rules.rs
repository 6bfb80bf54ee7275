//! `mapping-without-rules`: mapping by IIS is enabled and has nothing to map with.

use super::mapping::{self, IIS_SECTION};
use super::{Confidence, Context, Finding, Rule, Severity};
use crate::catalogue::Setting;
use crate::remedy::{Remedy, Risk, appcmd};
use crate::server::{Mapping, Scope};

pub(super) const RULE: Rule = Rule {
    name: "mapping-without-rules",
    severity: Severity::Medium,
    confidence: Confidence::Likely,
    title: "Certificate mapping by IIS is enabled without anything to map",
    meaning: "iisClientCertificateMappingAuthentication is enabled, but the site has no enabled entry, or an enabled many-to-one entry has no \
              rule and so never matches a certificate. Requests are then refused although the certificate and its chain are fine. Only the \
              entries of the site and of the server count; those of an application are ignored.",
    sees: "401 or 403 although the client certificate is valid.",
    silent: "Silent where mapping by IIS is off. An entry that denies is not reported for having no rules. Entries that a second file adds \
             are only seen when that file was given, which is why this is only likely.",
    evidence: "applicationHost.config and web.config",
    fix: "Add entries with rules to the site, or switch iisClientCertificateMappingAuthentication off.",
    references: &[mapping::IIS_REFERENCE],
    check,
};

const INVOLVED: &[Setting] = &[Setting::IisCertificateMapping];

fn check(context: &Context<'_>, findings: &mut Vec<Finding>) {
    let server = context.server;
    for (site, scope) in mapping::said(server, INVOLVED) {
        if !mapping::is_on(scope, Setting::IisCertificateMapping) || entries(site.root(), &server.scope).any(|entry| entry.enabled) {
            continue;
        }
        let below =
            if site.scopes.iter().skip(1).any(|scope| !scope.mappings.is_empty()) { "; entries below the site do not count" } else { "" };
        let message =
            format!("iisClientCertificateMappingAuthentication is enabled, but {} has no enabled mapping entry{below}", site.label());
        findings.push(
            mapping::located(Finding::new(&RULE, server, message), server, site, scope, INVOLVED)
                .remedy(Remedy::advice(
                    Risk::Safe,
                    "add one-to-one or many-to-one entries to the site, where certificates are to be mapped",
                ))
                .remedy(off(&scope.store_path)),
        );
    }
    for site in &server.sites {
        if site.scopes.iter().any(|scope| mapping::is_on(scope, Setting::IisCertificateMapping)) {
            for entry in site.root().mappings.iter().filter(|entry| matches_nothing(entry)) {
                findings.push(useless(context, entry).site(site).path("/").remedy(off_entry()));
            }
        }
    }
    // An entry of the server serves all sites and is reported once.
    let anywhere = server.sites.iter().flat_map(|site| &site.scopes).any(|scope| mapping::is_on(scope, Setting::IisCertificateMapping));
    for entry in server.scope.mappings.iter().filter(|entry| anywhere && matches_nothing(entry)) {
        findings.push(useless(context, entry).remedy(off_entry()));
    }
}

fn entries<'a>(root: &'a Scope, server: &'a Scope) -> impl Iterator<Item = &'a Mapping> {
    root.mappings.iter().chain(&server.mappings)
}

fn matches_nothing(entry: &Mapping) -> bool {
    entry.enabled && !entry.one_to_one && !entry.deny && entry.rules == 0
}

fn useless(context: &Context<'_>, entry: &Mapping) -> Finding {
    Finding::new(
        &RULE,
        context.server,
        format!("the many-to-one entry \"{}\" is enabled and has no rules: it never matches a certificate", entry.name),
    )
    .setting(Setting::IisCertificateMapping)
    .at(Some(entry.place))
    .subject(&entry.name)
}

fn off(location: &str) -> Remedy {
    Remedy::command(
        Risk::WeakensSecurity,
        "switches mapping off, where none is wanted; requests that failed so far may then be served without a mapped account",
        appcmd::set_config(location, IIS_SECTION, &[("enabled", "false")]),
    )
}

fn off_entry() -> Remedy {
    Remedy::advice(Risk::Safe, "add rules to the entry, or remove it")
}

#[cfg(test)]
mod tests {
    use super::super::testing::{apphost, findings, fixture};
    use super::*;
    use crate::server::Server;

    fn site(section: &str) -> Server {
        apphost(&format!(
            r#"<location path="A"><system.webServer><security><authentication>{section}</authentication></security></system.webServer></location>"#
        ))
    }

    #[test]
    fn an_enabled_entry_without_rules_is_named_and_a_denying_one_is_not() {
        let found = findings(&RULE, &fixture("apphost/F6_mapping.config"));
        assert_eq!(found.iter().map(|finding| finding.subject.as_str()).collect::<Vec<_>>(), ["Empty"]);
        assert_eq!((found[0].place.unwrap().line, found[0].severity), (34, Severity::Medium));
    }

    #[test]
    fn mapping_that_is_enabled_without_entries_is_reported() {
        let found = findings(&RULE, &site(r#"<iisClientCertificateMappingAuthentication enabled="true" />"#));
        assert_eq!((found.len(), found[0].confidence), (1, Confidence::Likely));
        assert_eq!(found[0].remedies.last().unwrap().risk, Risk::WeakensSecurity);
    }

    #[test]
    fn a_disabled_entry_does_not_count() {
        let section = |enabled| {
            format!(
                r#"<iisClientCertificateMappingAuthentication enabled="true"><oneToOneMappings>
                   <add enabled="{enabled}" userName="u" password="[enc:x:AA:enc]" certificate="AA==" />
                   </oneToOneMappings></iisClientCertificateMappingAuthentication>"#
            )
        };
        assert_eq!(findings(&RULE, &site(&section(false))).len(), 1);
        assert!(findings(&RULE, &site(&section(true))).is_empty());
    }

    #[test]
    fn mapping_that_is_off_is_silent() {
        assert!(findings(&RULE, &site(r#"<iisClientCertificateMappingAuthentication enabled="false" />"#)).is_empty());
        assert!(findings(&RULE, &site(r#"<clientCertificateMappingAuthentication enabled="true" />"#)).is_empty());
    }
}
