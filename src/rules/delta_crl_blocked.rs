//! `delta-crl-blocked`: a path that seems to publish CRLs refuses the names of delta CRLs.

use super::scopes::{parents, set_url};
use super::steps::{self, Remedies};
use super::{Confidence, Context, Finding, Rule, Severity};
use crate::catalogue::{Setting, Value};
use crate::remedy::Risk;
use crate::server::Scope;

pub(super) const RULE: Rule = Rule {
    name: "delta-crl-blocked",
    severity: Severity::Info,
    confidence: Confidence::Hint,
    title: "A path that seems to publish CRLs refuses delta CRLs",
    meaning: "The file name of a delta CRL ends with a plus sign, such as `CA+.crl`. Request filtering takes a plus sign for double escaping and \
              refuses it unless allowDoubleEscaping is true. Servers that fetch the delta CRL from here then cannot check revocation.",
    sees: "404.11 for the delta CRL here; 403.13 on the servers that want to check certificates with it.",
    silent: "Looks only at paths and directories with a part named certenroll, crl, pki, aia or cdp, and not again below such a path. Silent where the \
             value is not known. A CA that publishes no delta CRLs is not affected.",
    evidence: "applicationHost.config and web.config",
    fix: "Set allowDoubleEscaping to true on that path only.",
    remedies: Remedies::iis7(
        "it has no request filtering of its own; UrlScan, where it is installed, has a setting of that kind",
        &[steps::section!(
            "lets `+` through on the path of the CRLs alone",
            "system.webServer/security/requestFiltering",
            "allowDoubleEscaping",
            "true"
        )],
    ),
    references: &["MicrosoftDocs/iis-docs: iis/configuration/system.webServer/security/requestFiltering/index.md"],
    check,
};

const NAMES: [&str; 5] = ["certenroll", "crl", "pki", "aia", "cdp"];

/// The part of the path or directory that suggests that CRLs are published there.
fn suggests(scope: &Scope) -> Option<&str> {
    let directory = scope.routing.physical_path.as_deref().unwrap_or_default();
    let parts = scope.path.split('/').chain(directory.split(['\\', '/']));
    parts.map(str::trim).find(|part| NAMES.iter().any(|name| name.eq_ignore_ascii_case(part)))
}

fn check(context: &Context<'_>, findings: &mut Vec<Finding>) {
    let server = context.server;
    for site in &server.sites {
        let refuses = |scope: &Scope| scope.value(Setting::AllowDoubleEscaping) == Some(&Value::Bool(false));
        if !site.scopes.iter().any(|scope| refuses(scope) && suggests(scope).is_some()) {
            continue;
        }
        for (scope, parent) in site.scopes.iter().zip(parents(site)) {
            let Some(name) = suggests(scope).filter(|_| refuses(scope)) else { continue };
            if parent.is_some_and(|parent| suggests(&site.scopes[parent]).is_some() && refuses(&site.scopes[parent])) {
                continue;
            }
            let message = format!(
                "The path seems to publish CRLs (\"{name}\"), but allowDoubleEscaping is false there, so a delta CRL such as CA+.crl is refused"
            );
            let place = scope.settings.get(Setting::AllowDoubleEscaping).and_then(|resolved| resolved.origin.place());
            let what = "lets delta CRLs be fetched from this path, and any other name with a plus sign or double escapes";
            findings.push(
                Finding::new(&RULE, server, message)
                    .site(site)
                    .path(&scope.path)
                    .setting(Setting::AllowDoubleEscaping)
                    .at(scope.place.or(place))
                    .related(place.filter(|_| scope.place.is_some()), "allowDoubleEscaping is set here")
                    .remedy(set_url(server, scope, Setting::AllowDoubleEscaping, &scope.store_path, Risk::WeakensSecurity, what, "true")),
            );
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::testing::{SERVICE, apphost, findings, metabase, paths};
    use super::*;

    fn site(directories: &[(&str, &str)], body: &str) -> Vec<Finding> {
        let directories: String =
            directories.iter().map(|(path, physical)| format!(r#"<virtualDirectory path="{path}" physicalPath="{physical}"/>"#)).collect();
        findings(
            &RULE,
            &apphost(&format!(
                r#"<system.applicationHost><sites><site name="S" id="1"><application path="/">{directories}</application></site></sites></system.applicationHost>{body}"#
            )),
        )
    }

    #[test]
    fn the_name_of_the_path_or_of_its_directory_suggests_it() {
        let found = site(
            &[
                ("/", r"C:\inetpub\wwwroot"),
                ("/CertEnroll", r"C:\Windows\system32\CertSrv\CertEnroll"),
                ("/files", r"D:\PKI\www"),
                ("/a", "x"),
            ],
            "",
        );
        assert_eq!(
            (paths(&found), found[0].severity, found[0].confidence),
            (vec!["/CertEnroll", "/files"], Severity::Info, Confidence::Hint)
        );
        let remedy = &found[0].remedies[0];
        assert_eq!(remedy.risk, Risk::WeakensSecurity);
        assert!(remedy.command.as_ref().unwrap().contains("allowDoubleEscaping:true"), "{remedy:?}");
    }

    #[test]
    fn the_topmost_path_is_told_and_not_what_lies_below() {
        assert_eq!(paths(&site(&[("/", r"D:\cdp"), ("/x/crl", r"D:\cdp\x")], r#"<location path="S/y"/>"#)), ["/"]);
    }

    #[test]
    fn where_it_is_allowed_not_known_or_only_part_of_a_name_it_is_silent() {
        let allow = |path: &str| {
            format!(
                r#"<location path="{path}"><system.webServer><security><requestFiltering allowDoubleEscaping="true"/></security></system.webServer></location>"#
            )
        };
        assert!(site(&[("/", r"D:\crl")], &allow("S")).is_empty());
        assert!(site(&[("/", r"D:\web"), ("/pki", r"D:\web")], &allow("S/PKI")).is_empty());
        assert!(site(&[("/", r"D:\crls"), ("/pkiadmin", r"D:\my-pki")], "").is_empty());
        let iis6 = metabase(&format!(
            r#"{SERVICE}<IIsWebServer Location="/LM/W3SVC/1"></IIsWebServer><IIsWebVirtualDir Location="/LM/W3SVC/1/ROOT/crl"></IIsWebVirtualDir>"#
        ));
        assert!(findings(&RULE, &iis6).is_empty());
    }
}
