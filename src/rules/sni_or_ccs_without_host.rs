//! `sni-or-ccs-without-host`: a binding asks for a record by host name and has no host name.

use super::endpoints;
use super::steps::{self, Remedies};
use super::{Confidence, Context, Finding, Rule, Severity};
use crate::remedy::{Remedy, Risk};
use crate::server::binding_flags;

pub(super) const RULE: Rule = Rule {
    name: "sni-or-ccs-without-host",
    severity: Severity::Medium,
    confidence: Confidence::Firm,
    title: "An SNI or CCS binding has no host name",
    meaning: "With the SNI bit the record is chosen by host name, and with the CCS bit the certificate file is. A binding without a host name gives \
              neither of them anything to look for.",
    sees: "The TLS handshake fails on that binding.",
    silent: "For bindings with a host name, and for bindings without the bits SNI (1) and CCS (2).",
    evidence: "applicationHost.config",
    fix: "Give the binding its host name, or clear the bits and give the address and port a record of their own.",
    remedies: Remedies::iis7(steps::NO_BINDING_FLAGS, &[steps::BINDING_TEXT, steps::BINDING_FLAGS]),
    references: &[
        "MicrosoftDocs/iis-docs: .../sites/site/bindings/binding.md",
        "MicrosoftDocs/iis-docs: iis-80-server-name-indication-sni-ssl-scalability.md",
    ],
    check,
};

fn check(context: &Context<'_>, findings: &mut Vec<Finding>) {
    let server = context.server;
    for (index, binding) in endpoints::bindings(server) {
        let asks = binding.is_https() && binding.has_flag(binding_flags::SNI | binding_flags::CCS);
        if !asks || binding.fault.is_some() || !binding.host.is_empty() {
            continue;
        }
        let site = &server.sites[index];
        let flags = binding.flags.unwrap_or_default();
        let what = match (flags & binding_flags::SNI != 0, flags & binding_flags::CCS != 0) {
            (true, true) => "SNI and the Central Certificate Store",
            (true, false) => "SNI",
            _ => "the Central Certificate Store",
        };
        let message = format!(
            "The binding \"{}\" has no host name, but its binding flags (the number binding@sslFlags) {flags} ask for {what}, which needs one",
            binding.written
        );
        let finding = Finding::new(&RULE, server, message)
            .site(site)
            .at(Some(binding.place))
            .subject(format!("{} {}", binding.protocol, binding.written))
            .remedy(Remedy::advice(Risk::Safe, "give the binding its host name in IIS Manager"));
        let cleared = flags & !(binding_flags::SNI | binding_flags::CCS);
        findings.push(match endpoints::set_flags(server, site, binding, cleared) {
            Some(command) => {
                let what = "clears the bits, when the binding is meant for any host name; it then needs a record for its address and port";
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

    fn binding(information: &str, flags: u32) -> Vec<Finding> {
        findings(
            &RULE,
            &apphost(&format!(
                r#"<system.applicationHost><sites><site name="A" id="1"><bindings>
                   <binding protocol="https" bindingInformation="{information}" sslFlags="{flags}" />
                   </bindings></site></sites></system.applicationHost>"#
            )),
        )
    }

    #[test]
    fn sni_and_ccs_need_a_host_name() {
        for flags in [1, 2, 3, 33] {
            let found = binding("*:443:", flags);
            assert_eq!((found.len(), found[0].severity, found[0].confidence), (1, Severity::Medium, Confidence::Firm), "{flags}");
        }
        let found = binding("*:443:", 5);
        assert!(found[0].message.contains("binding flags (the number binding@sslFlags) 5"), "{}", found[0].message);
        let command = found[0].remedies.iter().find_map(|remedy| remedy.command.as_deref()).unwrap();
        assert!(command.contains("sslFlags:4\""), "{command}");
    }

    #[test]
    fn a_host_name_or_no_such_bit_is_silent() {
        assert!(binding("*:443:a.test", 1).is_empty());
        assert!(binding("*:443:", 0).is_empty());
        assert!(binding("*:443:", 4).is_empty());
        assert!(findings(&RULE, &fixture("apphost/F7_ccs_and_new_bits.config")).is_empty());
    }
}
