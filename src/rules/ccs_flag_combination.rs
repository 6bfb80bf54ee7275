//! `ccs-flag-combination`: binding flags combine the Central Certificate Store with a switch that its record cannot hold.

use super::endpoints::{self, SWITCHES};
use super::steps::{self, Remedies};
use super::{Confidence, Context, Finding, Rule, Severity};
use crate::remedy::{Remedy, Risk};
use crate::server::binding_flags;

pub(super) const RULE: Rule = Rule {
    name: "ccs-flag-combination",
    severity: Severity::Medium,
    confidence: Confidence::Likely,
    title: "A Central Certificate Store binding carries switches that its record cannot hold",
    meaning: "All bindings with the CCS bit share one record per port, and that record takes default options only. The bits 4 to 128 of the binding \
              flags (HTTP/2, OCSP stapling, QUIC, TLS versions, negotiation) have nothing to act on.",
    sees: "The switch is likely refused or ignored: a protocol that should be off stays on, or certificates are not asked for early.",
    silent: "For bindings without the CCS bit (2), and for CCS alone or with SNI. Likely, because the limit is known from tools that manage \
             certificates, not from the vendor's documentation.",
    evidence: "applicationHost.config",
    fix: "Clear the switches, or replace the Central Certificate Store by an SNI record with its own certificate on that binding.",
    remedies: Remedies::iis7(
        steps::NO_BINDING_FLAGS,
        &[
            steps::BINDING_FLAGS,
            steps::advice("or assign a certificate of the local store to the binding, with SNI: such a record can hold the switches"),
        ],
    ),
    references: &["simple-acme/simple-acme: src/main.lib/Clients/IIS/SSLFlags.cs", "segor/SslCertBinding.Net: README"],
    check,
};

fn check(context: &Context<'_>, findings: &mut Vec<Finding>) {
    let server = context.server;
    for (index, binding) in endpoints::bindings(server) {
        let flags = binding.flags.unwrap_or_default();
        let switches = flags & SWITCHES & binding_flags::KNOWN;
        if !binding.is_https() || flags & binding_flags::CCS == 0 || switches == 0 {
            continue;
        }
        let site = &server.sites[index];
        let message = format!(
            "The binding flags (the number binding@sslFlags) {flags} of \"{}\" combine the Central Certificate Store with switches that its \
             record likely cannot hold: {}",
            binding.written,
            endpoints::switch_list(switches)
        );
        let finding = Finding::new(&RULE, server, message)
            .site(site)
            .at(Some(binding.place))
            .subject(format!("{} {}", binding.protocol, binding.written))
            .remedy(Remedy::advice(
                Risk::Safe,
                "when the switches are needed, replace the Central Certificate Store by SNI with a certificate of its own on that binding",
            ));
        findings.push(match endpoints::set_flags(server, site, binding, flags & !switches) {
            Some(command) => {
                // What has no effect can be cleared without loss, but the intention behind it is given up.
                let what = "clears the switches, when they are not needed";
                finding.remedy(Remedy::command(Risk::Safe, what, command))
            }
            None => finding,
        });
    }
}

#[cfg(test)]
mod tests {
    use super::super::testing::{apphost, findings, fixture};
    use super::*;

    #[test]
    fn the_store_with_a_switch_is_told_and_the_store_alone_is_not() {
        let found = findings(&RULE, &fixture("apphost/F7_ccs_and_new_bits.config"));
        assert_eq!((found.len(), found[0].severity, found[0].confidence), (1, Severity::Medium, Confidence::Likely));
        let message = &found[0].message;
        assert!(
            message.contains("130") && message.contains("*:9443:health.fabrikam.test") && message.contains("first handshake"),
            "{message}"
        );
    }

    #[test]
    fn sni_with_switches_and_unknown_bits_are_silent() {
        for flags in [1, 3, 5, 33, 2 + 256] {
            let server = apphost(&format!(
                r#"<system.applicationHost><sites><site name="A" id="1"><bindings>
                   <binding protocol="https" bindingInformation="*:443:a.test" sslFlags="{flags}" />
                   </bindings></site></sites></system.applicationHost>"#
            ));
            assert!(findings(&RULE, &server).is_empty(), "{flags}");
        }
    }
}
