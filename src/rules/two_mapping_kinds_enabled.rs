//! `two-mapping-kinds-enabled`: mapping by IIS and mapping by Active Directory exclude each other, and both are on.

use super::mapping;
use super::steps::{self, Remedies};
use super::{Confidence, Context, Finding, Rule, Severity};
use crate::catalogue::{Setting, access};
use crate::remedy::{Remedy, Risk, adsutil};
use crate::server::Generation;

pub(super) const RULE: Rule = Rule {
    name: "two-mapping-kinds-enabled",
    severity: Severity::Medium,
    confidence: Confidence::Firm,
    title: "Certificates are to be mapped by IIS and by Active Directory at once",
    meaning: "Client certificates are mapped to accounts either by the entries of IIS or by Active Directory. With both enabled on one path \
              the one-to-one and many-to-one entries of IIS do not work, although nothing says so. On IIS 6 SslUseDsMapper does this to \
              the whole web service.",
    sees: "401 for users whose certificate only has an entry in IIS, or a different account than expected.",
    silent: "On IIS 6 it is only a hint: where the mapping entries are stored is not documented, so nobody can tell whether there are any. \
             Paths that only inherit the state are not named again. Silent at paths that a product's setup writes, such as those of Exchange \
             and of the RPC proxy of Windows.",
    evidence: "applicationHost.config and web.config; MetaBase.xml",
    fix: "Decide for one kind and switch the other off: `enabled=\"false\"` in the other section, or SslUseDsMapper FALSE on IIS 6.",
    remedies: Remedies::both(
        &[steps::adsutil!(
            "maps by the entries of the sites and no longer by Active Directory; restart IIS afterwards",
            "set W3SVC/SslUseDsMapper FALSE"
        )],
        &[
            steps::MAPPER_OFF,
            steps::section!(
                "or switches mapping by IIS off",
                "system.webServer/security/authentication/iisClientCertificateMappingAuthentication",
                "enabled",
                "false"
            ),
        ],
    ),
    references: &["TechNet cc771382, cc772272", "TechNet cc780105, cc787839", mapping::IIS_REFERENCE],
    check,
};

const SWITCHES: &[Setting] = &[Setting::IisCertificateMapping, Setting::AdCertificateMapping];

fn check(context: &Context<'_>, findings: &mut Vec<Finding>) {
    match context.server.generation {
        Generation::Iis6 => check_iis6(context, findings),
        Generation::Iis7 | Generation::IisExpress => check_iis7(context, findings),
    }
}

fn check_iis6(context: &Context<'_>, findings: &mut Vec<Finding>) {
    let server = context.server;
    for (site, scope) in mapping::said(server, &[Setting::AccessFlags]) {
        let maps = scope.access().is_some_and(|bits| bits & access::MAP != 0);
        let Some(mapper) = site.root().settings.get(Setting::DsMapper) else { continue };
        if !maps || mapper.known().and_then(|value| value.bool()) != Some(true) {
            continue;
        }
        let message = "AccessSSLMapCert is set while SslUseDsMapper is TRUE: Active Directory maps, and one-to-one and many-to-one mapping of \
                       IIS are off for the whole web service";
        let finding = Finding::new(&RULE, server, message).severity(Severity::Info).confidence(Confidence::Hint);
        findings.push(
            mapping::located(finding, server, site, scope, &[Setting::AccessFlags])
                .related(mapper.origin.place(), "SslUseDsMapper is TRUE")
                .remedy(Remedy::offer(
                    Risk::Safe,
                    "for mapping by IIS: switches mapping by Active Directory off for all sites",
                    adsutil::set("/LM/W3SVC", "SslUseDsMapper", "FALSE"),
                ))
                .remedy(Remedy::advice(
                    Risk::Safe,
                    "for mapping by Active Directory: move the entries of IIS there and leave the rest as it is",
                )),
        );
    }
}

fn check_iis7(context: &Context<'_>, findings: &mut Vec<Finding>) {
    let server = context.server;
    for (site, scope) in mapping::said(server, SWITCHES) {
        if scope.product.is_some() || !SWITCHES.iter().all(|setting| mapping::is_on(scope, *setting)) {
            continue;
        }
        let message = "clientCertificateMappingAuthentication and iisClientCertificateMappingAuthentication are both enabled: they exclude each \
                       other, and the entries of IIS do not work";
        findings.push(
            mapping::located(Finding::new(&RULE, server, message), server, site, scope, SWITCHES)
                .remedy(mapping::set(
                    server,
                    scope,
                    Setting::IisCertificateMapping,
                    Risk::Safe,
                    "for mapping by Active Directory: switches the entries of IIS off",
                    "false",
                ))
                .remedy(mapping::set(
                    server,
                    scope,
                    Setting::AdCertificateMapping,
                    Risk::Safe,
                    "for the entries of IIS: switches mapping by Active Directory off",
                    "false",
                )),
        );
    }
}

#[cfg(test)]
mod tests {
    use super::super::testing::{apphost, findings, fixture};
    use super::*;

    #[test]
    fn both_kinds_on_an_application_are_reported_there_and_not_on_the_site() {
        let found = findings(&RULE, &fixture("apphost/F6_mapping.config"));
        assert_eq!(found.len(), 1);
        assert_eq!(found[0].path.as_deref(), Some("/edi"));
        assert_eq!((found[0].severity, found[0].confidence), (Severity::Medium, Confidence::Firm));
        assert_eq!((found[0].place.unwrap().line, found[0].related.len()), (51, 1));
        assert!(found[0].remedies[0].command.as_ref().unwrap().contains("\"Partner/edi\""));
    }

    #[test]
    fn a_path_that_only_inherits_the_state_is_not_named_again() {
        let server = apphost(
            r#"<system.applicationHost><sites><site name="A" id="1"><bindings/></site></sites></system.applicationHost>
               <system.webServer><security><authentication>
                 <clientCertificateMappingAuthentication enabled="true" />
                 <iisClientCertificateMappingAuthentication enabled="true" />
               </authentication></security></system.webServer>
               <location path="A/app"><system.webServer><security><access sslFlags="Ssl" /></security></system.webServer></location>"#,
        );
        let found = findings(&RULE, &server);
        assert_eq!(found.iter().map(|finding| finding.path.as_deref()).collect::<Vec<_>>(), [Some("/")]);
    }

    #[test]
    fn the_rpc_proxy_of_windows_is_set_up_with_both() {
        let server = |physical: &str| {
            apphost(&format!(
                r#"<system.applicationHost><sites><site name="A" id="1"><application path="/"/><application path="/RpcWithCert">
                   <virtualDirectory path="/" physicalPath="{physical}"/></application></site></sites></system.applicationHost>
                   <location path="A/RpcWithCert"><system.webServer><security><authentication>
                   <clientCertificateMappingAuthentication enabled="true" />
                   <iisClientCertificateMappingAuthentication enabled="true" />
                   </authentication></security></system.webServer></location>"#
            ))
        };
        assert_eq!(findings(&RULE, &server(r"C:\own")).len(), 1);
        assert!(findings(&RULE, &server(r"%windir%\System32\RpcProxy")).is_empty());
    }

    #[test]
    fn on_iis_6_the_mapper_of_the_service_beside_mapping_is_a_hint() {
        let found = findings(&RULE, &fixture("metabase/05_custom_elements.xml"));
        assert_eq!(found.len(), 1);
        assert_eq!((found[0].severity, found[0].confidence), (Severity::Info, Confidence::Hint));
        assert!(findings(&RULE, &fixture("metabase/06_cert_mapping.xml")).is_empty());
    }
}
