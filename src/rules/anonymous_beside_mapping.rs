//! `anonymous-beside-mapping`: certificates are mapped, and who is not mapped enters as the anonymous user.

use super::steps::{self, Remedies};
use super::{Confidence, Context, Finding, Rule, Severity, mapping};
use crate::catalogue::Setting;
use crate::remedy::{Remedy, Risk, adsutil};
use crate::server::Generation;

pub(super) const RULE: Rule = Rule {
    name: "anonymous-beside-mapping",
    severity: Severity::Medium,
    confidence: Confidence::Firm,
    title: "Anonymous authentication is enabled beside certificate mapping",
    meaning: "Certificate mapping is meant to turn a certificate into an account. While anonymous authentication is enabled on the same path, \
              a user whose certificate maps to nothing is not turned away but served as the anonymous user, so the mapping does not \
              protect anything.",
    sees: "Nothing: users without a mapped certificate are served as the anonymous user.",
    silent: "Silent where the state of anonymous authentication is not known. Paths that only inherit the state are not named again. An \
             application that checks the certificate itself may want exactly this: there the finding is none.",
    evidence: "applicationHost.config and web.config; MetaBase.xml",
    fix: "Switch anonymous authentication off on the path; keep another kind of authentication if some users have no certificate.",
    remedies: Remedies::both(
        &[steps::adsutil!(
            "switches anonymous authentication off; the other kinds stay as they are",
            "set W3SVC/SITE-ID/ROOT/PATH/AuthAnonymous FALSE"
        )],
        &[steps::section!(
            "switches anonymous authentication off; where the section is unlocked, a web.config can switch it on again",
            "system.webServer/security/authentication/anonymousAuthentication",
            "enabled",
            "false"
        )],
    ),
    references: &[
        "MicrosoftDocs/iis-docs: iis/configuration/system.webServer/security/authentication/anonymousAuthentication.md",
        "IIScnfg.h (public SDK header): MD_AUTH_ANONYMOUS",
        mapping::IIS_REFERENCE,
    ],
    check,
};

fn check(context: &Context<'_>, findings: &mut Vec<Finding>) {
    let server = context.server;
    let switches = mapping::switches(server.generation).iter().copied();
    let involved: Vec<Setting> = switches.chain([Setting::AnonymousAuthentication]).collect();
    for (site, scope) in mapping::said(server, &involved) {
        let Some(kind) = mapping::enabled(server.generation, scope) else { continue };
        if !mapping::is_on(scope, Setting::AnonymousAuthentication) {
            continue;
        }
        // Settings that are off have no part in the state.
        let on: Vec<Setting> =
            involved.iter().copied().filter(|setting| server.generation == Generation::Iis6 || mapping::is_on(scope, *setting)).collect();
        let by_default = scope.settings.get(Setting::AnonymousAuthentication).is_some_and(|resolved| resolved.origin.place().is_none());
        let message = format!(
            "{kind} is enabled, and so is anonymous authentication{}: users without a mapped certificate enter as the anonymous user",
            if by_default { " (it is unless a file says otherwise)" } else { "" }
        );
        let what = "lets no one in without a mapped certificate or another kind of authentication";
        let remedy = match server.generation {
            Generation::Iis6 => Remedy::offer(Risk::Safe, what, adsutil::set(&scope.store_path, "AuthAnonymous", "FALSE")),
            Generation::Iis7 | Generation::IisExpress => {
                mapping::set(server, scope, Setting::AnonymousAuthentication, Risk::Safe, what, "false")
            }
        };
        findings.push(mapping::located(Finding::new(&RULE, server, message), server, site, scope, &on).remedy(remedy));
    }
}

#[cfg(test)]
mod tests {
    use super::super::testing::{SERVICE, apphost, findings, fixture, metabase, paths};
    use super::*;

    #[test]
    fn a_site_that_maps_and_lets_anonymous_users_in_is_reported() {
        let found = findings(&RULE, &fixture("apphost/F6_mapping.config"));
        // The application enables mapping itself once more and inherits anonymous authentication.
        assert_eq!(paths(&found), ["/", "/edi"]);
        assert_eq!(found[0].place.unwrap().line, 20);
        assert!(found[0].related.iter().any(|related| related.note == "Anonymous authentication is true" && related.place.line == 18));
        assert!(found[0].remedies[0].command.as_ref().unwrap().ends_with("anonymousAuthentication /enabled:false /commit:apphost"));
    }

    #[test]
    fn anonymous_authentication_counts_although_no_file_says_it() {
        let mapping = |anonymous: &str| {
            apphost(&format!(
                r#"<system.applicationHost><sites><site name="A" id="1"><bindings/></site></sites></system.applicationHost>
                   <location path="A"><system.webServer><security><authentication>{anonymous}
                   <iisClientCertificateMappingAuthentication enabled="true" /></authentication></security></system.webServer></location>"#
            ))
        };
        let found = findings(&RULE, &mapping(""));
        assert_eq!(paths(&found), ["/"]);
        assert!(found[0].message.contains("unless a file says otherwise"));
        assert!(findings(&RULE, &mapping(r#"<anonymousAuthentication enabled="false" />"#)).is_empty());
    }

    #[test]
    fn anonymous_authentication_alone_is_silent() {
        for path in ["apphost/F1_consistent_sni.config", "metabase/01_working_failing_pair.xml"] {
            assert!(findings(&RULE, &fixture(path)).is_empty(), "{path}");
        }
    }

    #[test]
    fn on_iis_6_the_mapping_bit_beside_anonymous_users_is_reported_where_it_is_set() {
        assert_eq!(paths(&findings(&RULE, &fixture("metabase/05_custom_elements.xml"))), ["/"]);
        assert!(findings(&RULE, &fixture("metabase/06_cert_mapping.xml")).is_empty());
        let server = metabase(&format!(
            r#"{SERVICE}<IIsWebServer Location="/LM/W3SVC/1"></IIsWebServer>
               <IIsWebVirtualDir Location="/LM/W3SVC/1/ROOT" AccessSSLFlags="232" AuthFlags="4"></IIsWebVirtualDir>
               <IIsWebVirtualDir Location="/LM/W3SVC/1/ROOT/app" AuthFlags="5"></IIsWebVirtualDir>"#
        ));
        let found = findings(&RULE, &server);
        assert_eq!(paths(&found), ["/app"]);
        assert!(found[0].remedies[0].command.as_ref().unwrap().contains("W3SVC/1/ROOT/app/AuthAnonymous"));
    }
}
