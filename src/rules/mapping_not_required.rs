//! `mapping-not-required`: certificates are mapped on a path that does not require one.

use super::steps::{self, Remedies};
use super::{Confidence, Context, Finding, Rule, Severity, mapping};
use crate::catalogue::{Setting, Value, access};
use crate::remedy::Risk;
use crate::server::Generation;

pub(super) const RULE: Rule = Rule {
    name: "mapping-not-required",
    severity: Severity::Info,
    confidence: Confidence::Firm,
    title: "Certificates are mapped, but a client certificate is not required",
    meaning: "Certificate mapping is enabled on a path whose access flags only accept a client certificate, or do not even ask for one. Users \
              without a certificate are not refused with 403.7; they go on to whatever other authentication the path has.",
    sees: "Users without a certificate get another log-on, the anonymous user, or 401.",
    silent: "Says only `info`, because a second kind of authentication is often intended. Silent where the access flags are not known, and \
             on IIS 6. Where certificates are not asked for at all it says `likely`: the HTTP.sys record may ask in the first handshake.",
    evidence: "applicationHost.config and web.config",
    fix: "Set Ssl, SslNegotiateCert and SslRequireCert where every user is to have a certificate.",
    remedies: Remedies::iis7("the rule judges authentication sections, which it does not have", &[steps::LOOK_ACCESS_7, steps::REQUIRE_7]),
    references: &["MicrosoftDocs/iis-docs: iis/configuration/system.webServer/security/access.md", mapping::IIS_REFERENCE],
    check,
};

fn check(context: &Context<'_>, findings: &mut Vec<Finding>) {
    let server = context.server;
    if server.generation == Generation::Iis6 {
        return;
    }
    let involved = [Setting::AccessFlags, Setting::IisCertificateMapping, Setting::AdCertificateMapping];
    for (site, scope) in mapping::said(server, &involved) {
        let Some(kind) = mapping::enabled(server.generation, scope) else { continue };
        let Some(bits) = scope.access().filter(|bits| bits & access::REQUIRE == 0) else { continue };
        let asks = bits & access::NEGOTIATE != 0;
        let written = Value::Flags(bits).show(Setting::AccessFlags, server.generation);
        let message = if asks {
            format!("{kind} is enabled, and the access flags are {written}: a client certificate is accepted but not required")
        } else {
            format!(
                "{kind} is enabled, and the access flags are {written}: no client certificate is asked for, so most likely none is ever mapped"
            )
        };
        let on: Vec<Setting> =
            involved.into_iter().filter(|setting| *setting == Setting::AccessFlags || mapping::is_on(scope, *setting)).collect();
        // A bit without a name cannot be written as a name.
        let required = Value::Flags(bits & access::KNOWN | access::SSL | access::NEGOTIATE | access::REQUIRE)
            .show(Setting::AccessFlags, server.generation);
        let finding = Finding::new(&RULE, server, message).confidence(if asks { Confidence::Firm } else { Confidence::Likely });
        findings.push(mapping::located(finding, server, site, scope, &on).remedy(mapping::set(
            server,
            scope,
            Setting::AccessFlags,
            Risk::Safe,
            "requires a client certificate, where every user has one",
            &required,
        )));
    }
}

#[cfg(test)]
mod tests {
    use super::super::testing::{apphost, findings, fixture};
    use super::*;
    use crate::server::Server;

    fn site(flags: &str, mapping: bool) -> Server {
        apphost(&format!(
            r#"<system.applicationHost><sites><site name="A" id="1"><bindings/></site></sites></system.applicationHost>
               <location path="A"><system.webServer><security><access sslFlags="{flags}" /><authentication>
               <clientCertificateMappingAuthentication enabled="{mapping}" /></authentication></security></system.webServer></location>"#
        ))
    }

    #[test]
    fn a_site_that_maps_and_only_accepts_is_information_and_its_requiring_application_is_silent() {
        let found = findings(&RULE, &fixture("apphost/F6_mapping.config"));
        assert_eq!(found.len(), 1);
        assert_eq!((found[0].path.as_deref(), found[0].severity, found[0].confidence), (Some("/"), Severity::Info, Confidence::Firm));
        assert!(found[0].message.ends_with("accepted but not required"));
        assert!(found[0].remedies[0].command.as_ref().unwrap().contains(r#"/sslFlags:"Ssl,SslNegotiateCert,SslRequireCert""#));
    }

    #[test]
    fn a_site_that_does_not_even_ask_is_only_likely() {
        let found = findings(&RULE, &site("Ssl", true));
        assert_eq!((found.len(), found[0].confidence), (1, Confidence::Likely));
    }

    #[test]
    fn required_certificates_and_sites_without_mapping_are_silent() {
        assert!(findings(&RULE, &site("Ssl, SslNegotiateCert, SslRequireCert", true)).is_empty());
        assert!(findings(&RULE, &site("Ssl, SslNegotiateCert", false)).is_empty());
    }
}
