//! `strict-access-flags`: a benchmark asks for four access flags together, and the root of the site lacks some.

use super::profiles::roots;
use super::scopes::{access_text, set_access};
use super::steps::{self, Remedies};
use super::{Confidence, Context, Finding, Rule, Severity};
use crate::catalogue::{Setting, access};
use crate::remedy::Risk;

const WANTED: u32 = access::SSL | access::NEGOTIATE | access::REQUIRE | access::SSL128;

pub(super) const RULE: Rule = Rule {
    name: "strict-access-flags",
    severity: Severity::High,
    confidence: Confidence::Likely,
    title: "The site lacks access flags that the benchmark asks for together",
    meaning: "The benchmark asks of a private site that TLS and a client certificate be required and that the flags hold `Ssl128` too; that is \
              `Ssl, SslNegotiateCert, SslRequireCert, Ssl128`. Where only `Ssl128` is missing little changes for clients, because current Windows \
              versions negotiate no weaker encryption by default; the item is open all the same. Whether a site is private, or one of the \
              services that the text exempts, is in no file, so the finding is likely.",
    sees: "Depends on what is missing: the site answers over http, or without a certificate, or to weak encryption.",
    silent: "Runs under a profile only. Judges the root of a site. Silent for IIS 6, for sites with neither an http nor an https binding, and \
             where the flags cannot be read. Older releases of the benchmark rate the item medium.",
    evidence: "applicationHost.config and web.config",
    fix: "Set the access flags of the site to all four.",
    remedies: Remedies::iis7(
        steps::NO_BENCHMARK,
        &[
            steps::LOOK_ACCESS_7,
            steps::section!(
                "writes all four flags",
                "system.webServer/security/access",
                "sslFlags",
                "Ssl,SslNegotiateCert,SslRequireCert,Ssl128"
            ),
        ],
    ),
    references: &[
        "STIG IIS 10.0 Site V2R15: V-218768",
        "microsoft/PowerStig: source/StigData/Processed/IISSite-10.0-2.15.xml",
        "MicrosoftDocs/iis-docs: iis/configuration/system.webServer/security/access.md",
    ],
    check,
};

fn check(context: &Context<'_>, findings: &mut Vec<Finding>) {
    let server = context.server;
    for (site, root, resolved, bits) in roots(server).filter(|(.., bits)| WANTED & !bits != 0) {
        let message =
            format!("The access flags at the root are {}, and lack {}", access_text(server, bits), access_text(server, WANTED & !bits));
        let sees = if WANTED & !bits == access::SSL128 { "Encryption below 128 bits is not refused by IIS itself." } else { RULE.sees };
        findings.push(
            Finding::new(&RULE, server, message)
                .site(site)
                .path("/")
                .setting(Setting::AccessFlags)
                .at(resolved.origin.place().or(site.place))
                .sees(sees)
                .remedy(set_access(server, root, Risk::Safe, "sets all four flags", bits, bits | WANTED)),
        );
    }
}

#[cfg(test)]
mod tests {
    use super::super::testing::{apphost, findings};
    use super::*;

    fn site(flags: &str) -> Vec<Finding> {
        findings(
            &RULE,
            &apphost(&format!(
                r#"<system.applicationHost><sites><site name="S" id="1"><application path="/"/><bindings><binding protocol="https" bindingInformation="*:443:"/></bindings></site></sites></system.applicationHost>
                   <location path="S"><system.webServer><security><access sslFlags="{flags}"/></security></system.webServer></location>"#
            )),
        )
    }

    #[test]
    fn each_missing_flag_is_named() {
        assert!(site("Ssl, SslNegotiateCert, SslRequireCert")[0].message.ends_with("lack Ssl128 (256)"));
        assert!(site("Ssl, SslRequireCert, Ssl128")[0].message.ends_with("lack SslNegotiateCert (32)"));
        let bare = &site("None")[0].message;
        assert!(["Ssl", "SslNegotiateCert", "SslRequireCert", "Ssl128"].iter().all(|name| bare.contains(name)), "{bare}");
    }

    #[test]
    fn all_four_in_any_order_are_enough() {
        assert!(site("Ssl128,SslRequireCert, SslNegotiateCert,Ssl").is_empty());
    }
}
