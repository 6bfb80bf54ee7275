//! `mapping-without-rules`: mapping by IIS is enabled and has nothing to map with.

use super::mapping;
use super::steps::{self, Remedies};
use super::{Confidence, Context, Finding, Rule, Severity};
use crate::catalogue::Setting;
use crate::remedy::{Remedy, Risk};
use crate::server::{Mapping, Scope, Server, Site};

pub(super) const RULE: Rule = Rule {
    name: "mapping-without-rules",
    severity: Severity::Medium,
    confidence: Confidence::Likely,
    title: "Certificate mapping by IIS is enabled without anything to map",
    meaning: "iisClientCertificateMappingAuthentication is enabled, but the site has no enabled entry, or an enabled many-to-one entry has no \
              rule and so never matches a certificate. Requests are then refused although the certificate and its chain are fine. Only the \
              entries of the site and of the server count; those of an application are ignored.",
    sees: "401 or 403 although the client certificate is valid.",
    silent: "Silent where mapping by IIS is off, and at paths that a product's setup writes, such as those of Exchange and of the RPC proxy of \
             Windows. An entry that denies is not reported for having no rules. Entries that a second file adds \
             are only seen when that file was given, which is why this is only likely, and a hint for a file without a list of sites.",
    evidence: "applicationHost.config and web.config",
    fix: "Add entries with rules to the site, or switch iisClientCertificateMappingAuthentication off.",
    remedies: Remedies::iis7(
        "its mapping entries are not in what is read",
        &[
            steps::advice("add the entries to the location of the site with the Configuration Editor of IIS Manager"),
            steps::section!(
                "or switches mapping by IIS off",
                "system.webServer/security/authentication/iisClientCertificateMappingAuthentication",
                "enabled",
                "false"
            ),
        ],
    ),
    references: &[mapping::IIS_REFERENCE],
    check,
};

const INVOLVED: &[Setting] = &[Setting::IisCertificateMapping];

fn check(context: &Context<'_>, findings: &mut Vec<Finding>) {
    let server = context.server;
    let confidence = if server.lists_sites { Confidence::Likely } else { Confidence::Hint };
    for site in &server.sites {
        if entries(context, site).any(|entry| entry.enabled) {
            continue;
        }
        let below =
            if site.scopes.iter().skip(1).any(|scope| !scope.mappings.is_empty()) { "; entries below the site do not count" } else { "" };
        let message =
            || format!("iisClientCertificateMappingAuthentication is enabled, but {} has no enabled mapping entry{below}", site.label());
        for scope in mapping::said_in(site, INVOLVED)
            .filter(|scope| scope.product.is_none() && mapping::is_on(scope, Setting::IisCertificateMapping))
        {
            let finding = Finding::new(&RULE, server, message()).confidence(confidence);
            findings.push(
                mapping::located(finding, server, site, scope, INVOLVED)
                    .remedy(Remedy::advice(
                        Risk::Safe,
                        "add one-to-one or many-to-one entries to the site, where certificates are to be mapped",
                    ))
                    .remedy(off(server, scope)),
            );
        }
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

/// The entries that count for `site`. Which path a lone web.config belongs to is not known, so there all entries may count.
fn entries<'a>(context: &Context<'a>, site: &'a Site) -> impl Iterator<Item = &'a Mapping> {
    let counting = if context.server.lists_sites { 1 } else { site.scopes.len() };
    site.scopes.iter().take(counting).chain([&*context.server.scope]).flat_map(|scope| &scope.mappings)
}

fn matches_nothing(entry: &Mapping) -> bool {
    entry.enabled && !entry.one_to_one && !entry.deny && entry.rules == 0
}

fn useless(context: &Context<'_>, entry: &Mapping) -> Finding {
    Finding::new(
        &RULE,
        context.server,
        format!("The many-to-one entry \"{}\" is enabled and has no rules: it never matches a certificate", entry.name),
    )
    .setting(Setting::IisCertificateMapping)
    .at(Some(entry.place))
    .subject(&entry.name)
}

fn off(server: &Server, scope: &Scope) -> Remedy {
    let what = "switches mapping off, where none is wanted; requests that failed so far may then be served without a mapped account";
    mapping::set(server, scope, Setting::IisCertificateMapping, Risk::WeakensSecurity, what, "false")
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
            r#"<system.applicationHost><sites><site name="A" id="1"><bindings/></site></sites></system.applicationHost>
               <location path="A"><system.webServer><security><authentication>{section}</authentication></security></system.webServer></location>"#
        ))
    }

    #[test]
    fn a_path_that_windows_sets_up_itself_is_left_alone() {
        let server = |physical: &str| {
            apphost(&format!(
                r#"<system.applicationHost><sites><site name="A" id="1"><application path="/"/><application path="/RpcWithCert">
                   <virtualDirectory path="/" physicalPath="{physical}"/></application></site></sites></system.applicationHost>
                   <location path="A/RpcWithCert"><system.webServer><security><authentication>
                   <iisClientCertificateMappingAuthentication enabled="true" />
                   </authentication></security></system.webServer></location>"#
            ))
        };
        assert_eq!(findings(&RULE, &server(r"C:\own")).len(), 1);
        assert!(findings(&RULE, &server(r"%windir%\System32\RpcProxy")).is_empty());
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
    fn a_lone_web_config_gives_a_hint_and_its_entries_count_wherever_they_stand() {
        let lone = |entries: &str| {
            apphost(&format!(
                r#"<location path="app"><system.webServer><security><authentication>
                   <iisClientCertificateMappingAuthentication enabled="true">{entries}</iisClientCertificateMappingAuthentication>
                   </authentication></security></system.webServer></location>"#
            ))
        };
        let found = findings(&RULE, &lone(""));
        assert_eq!((found.len(), found[0].confidence), (1, Confidence::Hint));
        assert!(found[0].remedies.iter().all(|remedy| remedy.command.is_none()));
        let entry = r#"<oneToOneMappings><add userName="u" password="[enc:x:AA:enc]" certificate="AA==" /></oneToOneMappings>"#;
        assert!(findings(&RULE, &lone(entry)).is_empty());
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
