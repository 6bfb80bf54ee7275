//! `ssl-map-cert-used`: a flag that IIS 7 and later may not know.

use super::scopes::{access_text, risk_of, said_access, set_access};
use super::steps::{self, Remedies};
use super::{Confidence, Context, Finding, Rule, Severity};
use crate::catalogue::{Setting, access};
use crate::server::Generation;

pub(super) const RULE: Rule = Rule {
    name: "ssl-map-cert-used",
    severity: Severity::Low,
    confidence: Confidence::Hint,
    title: "The access flag SslMapCert is used on IIS 7 or later",
    meaning: "The sources disagree whether the access flags of IIS 7 and later have SslMapCert at all: part of the documentation lists it, the \
              schema does not. No effect of it is known; mapping is switched on in the authentication sections instead.",
    sees: "Possibly 500.19; otherwise nothing, and no mapping either.",
    silent: "Silent on IIS 6, where the flag with the number 128 is a regular one.",
    evidence: "applicationHost.config and web.config",
    fix: "Take the flag away and configure certificate mapping in its authentication section.",
    remedies: Remedies::iis7("AccessSSLMapCert has its effect there", &[steps::LOOK_ACCESS_7, steps::ACCESS_7]),
    references: &["MicrosoftDocs/iis-docs#523", "MicrosoftDocs/iis-docs: iis/configuration/system.webServer/security/access.md"],
    check,
};

fn check(context: &Context<'_>, findings: &mut Vec<Finding>) {
    let server = context.server;
    if server.generation == Generation::Iis6 {
        return;
    }
    for (said, bits) in said_access(server).filter(|(_, bits)| bits & access::MAP != 0) {
        let message = format!("The access flags {} hold SslMapCert, which this generation may not know", access_text(server, bits));
        let new = bits & !access::MAP;
        findings.push(
            Finding::new(&RULE, server, message)
                .site(said.site)
                .path(&said.scope.path)
                .setting(Setting::AccessFlags)
                .at(said.resolved.origin.place())
                .remedy(set_access(server, said.scope, risk_of(bits, new), "takes the flag away", bits, new)),
        );
    }
}

#[cfg(test)]
mod tests {
    use super::super::testing::{apphost, findings, fixture, paths};
    use super::*;

    fn site(flags: &str) -> Vec<Finding> {
        findings(
            &RULE,
            &apphost(&format!(
                r#"<system.applicationHost><sites><site name="S" id="1"><application path="/"/></site></sites></system.applicationHost>
                   <location path="S"><system.webServer><security><access sslFlags="{flags}"/></security></system.webServer></location>"#
            )),
        )
    }

    #[test]
    fn the_flag_is_a_hint() {
        let found = site("Ssl, SslNegotiateCert, SslMapCert");
        assert_eq!((paths(&found), found[0].severity, found[0].confidence), (vec!["/"], Severity::Low, Confidence::Hint));
        assert!(found[0].remedies[0].command.as_ref().unwrap().contains(r#"/sslFlags:"Ssl,SslNegotiateCert""#));
    }

    #[test]
    fn other_flags_and_iis_6_are_silent() {
        assert!(site("Ssl, SslNegotiateCert, SslRequireCert").is_empty());
        assert!(findings(&RULE, &fixture("metabase/06_cert_mapping.xml")).is_empty());
    }
}
