//! `double-escaping-allowed`: request filtering lets double-escaped URLs pass, which benchmarks forbid.

use super::profiles::Profile;
use super::scopes::{said, set_url};
use super::steps::{self, Remedies};
use super::{Confidence, Context, Finding, Rule, Severity};
use crate::catalogue::{Setting, Value};
use crate::remedy::Risk;

pub(super) const RULE: Rule = Rule {
    name: "double-escaping-allowed",
    severity: Severity::Medium,
    confidence: Confidence::Firm,
    title: "Double-escaped URLs are let through, which the benchmark forbids",
    meaning: "With `allowDoubleEscaping` set to true, request filtering lets URLs pass that change when they are decoded twice, and so can hide \
              from filters what they ask for. The demand conflicts with publishing delta CRLs: their file names hold a `+`, which is refused \
              with 404.11 otherwise, and then other servers cannot check revocation and answer 403.13. A path that publishes CRLs needs the \
              exception; keep it to that path, and record it.",
    sees: "Nothing; URLs with `+` or double escaping are served.",
    silent: "Runs under a profile only. Paths that only inherit the value are not named again. Under the STIG it is `likely`, because its \
             text exempts SharePoint. Silent where the value is not known.",
    evidence: "applicationHost.config and web.config",
    fix: "Set `allowDoubleEscaping` to false, except on a path that publishes delta CRLs.",
    remedies: Remedies::iis7(
        steps::NO_BENCHMARK,
        &[steps::section!(
            "refuses double-escaped URLs; a path that publishes delta CRLs needs `true`",
            "system.webServer/security/requestFiltering",
            "allowDoubleEscaping",
            "false"
        )],
    ),
    references: &[
        "STIG IIS 10.0 Site V2R15: V-218757",
        "CIS Microsoft IIS 10 Benchmark: 4.5",
        "MicrosoftDocs/iis-docs: iis/configuration/system.webServer/security/requestFiltering/index.md",
    ],
    check,
};

fn check(context: &Context<'_>, findings: &mut Vec<Finding>) {
    let server = context.server;
    // The STIG exempts SharePoint, which no file names.
    let confidence = if context.profile == Some(Profile::Stig) { Confidence::Likely } else { Confidence::Firm };
    for said in said(server, Setting::AllowDoubleEscaping) {
        if said.resolved.known().and_then(Value::bool) != Some(true) {
            continue;
        }
        let message =
            "allowDoubleEscaping is true: double-escaped URLs pass request filtering. If this path publishes delta CRLs it needs that";
        findings.push(
            Finding::new(&RULE, server, message)
                .site(said.site)
                .path(&said.scope.path)
                .setting(Setting::AllowDoubleEscaping)
                .at(said.resolved.origin.place())
                .confidence(confidence)
                .remedy(set_url(
                    server,
                    said.scope,
                    Setting::AllowDoubleEscaping,
                    &said.scope.store_path,
                    Risk::Safe,
                    "refuses double-escaped URLs; do not use it on a path that publishes delta CRLs, which would answer 404.11",
                    "false",
                )),
        );
    }
}

#[cfg(test)]
mod tests {
    use super::super::testing::{apphost, findings, paths};
    use super::*;

    fn server(value: &str) -> Vec<Finding> {
        findings(
            &RULE,
            &apphost(&format!(
                r#"<system.applicationHost><sites><site name="A" id="1"><application path="/"/><application path="/crl"/></site></sites></system.applicationHost>
                   <location path="A/crl"><system.webServer><security><requestFiltering {value}/></security></system.webServer></location>"#
            )),
        )
    }

    #[test]
    fn the_path_that_allows_it_is_named_and_delta_crls_with_it() {
        let found = server(r#"allowDoubleEscaping="true""#);
        assert_eq!(paths(&found), ["/crl"]);
        assert!(found[0].message.contains("delta CRL"));
        assert!(found[0].remedies[0].command.as_ref().unwrap().contains("/allowDoubleEscaping:false"));
    }

    #[test]
    fn the_default_and_false_are_silent() {
        assert!(server("").is_empty());
        assert!(server(r#"allowDoubleEscaping="false""#).is_empty());
    }
}
