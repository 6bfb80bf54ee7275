//! `binding-flag-unknown`: binding flags hold bits without a known meaning.

use super::endpoints;
use super::steps::{self, Remedies};
use super::{Confidence, Context, Finding, Rule, Severity};
use crate::remedy::{Remedy, Risk};
use crate::server::binding_flags;

pub(super) const RULE: Rule = Rule {
    name: "binding-flag-unknown",
    severity: Severity::Info,
    confidence: Confidence::Hint,
    title: "Binding flags hold bits without a known meaning",
    meaning: "The bits 1 to 128 of the binding flags have a known meaning. A higher bit may belong to a newer version of IIS than this program \
              knows, or be a mistake; whether IIS refuses it is not documented.",
    sees: "Unknown; the bit may be ignored or refused.",
    silent: "For all bits from 1 to 128.",
    evidence: "applicationHost.config",
    fix: "Compare the number with the check boxes of the binding in IIS Manager.",
    remedies: Remedies::iis7(
        steps::NO_BINDING_FLAGS,
        &[
            steps::advice(
                "compare the number with the check boxes of the binding in IIS Manager; a newer version of Windows may know the bits",
            ),
            steps::BINDING_FLAGS,
        ],
    ),
    references: &[
        "MicrosoftDocs/iis-docs: .../sites/site/bindings/binding.md",
        "simple-acme/simple-acme: src/main.lib/Clients/IIS/SSLFlags.cs",
    ],
    check,
};

fn check(context: &Context<'_>, findings: &mut Vec<Finding>) {
    let server = context.server;
    for (index, binding) in endpoints::bindings(server) {
        let flags = binding.flags.unwrap_or_default();
        let unknown = flags & !binding_flags::KNOWN;
        if unknown == 0 {
            continue;
        }
        let message = format!(
            "The binding flags (the number binding@sslFlags) {flags} of \"{}\" hold bits without a known meaning: {unknown} ({unknown:#x}). They may \
             be newer than this program",
            binding.written
        );
        findings.push(
            Finding::new(&RULE, server, message)
                .site(&server.sites[index])
                .at(Some(binding.place))
                .subject(format!("{} {}", binding.protocol, binding.written))
                .remedy(Remedy::advice(Risk::ReadOnly, "compare the number with the check boxes of the binding in IIS Manager")),
        );
    }
}

#[cfg(test)]
mod tests {
    use super::super::testing::{apphost, findings};
    use super::*;

    fn flags(flags: u32) -> Vec<Finding> {
        findings(
            &RULE,
            &apphost(&format!(
                r#"<system.applicationHost><sites><site name="A" id="1"><bindings>
                   <binding protocol="https" bindingInformation="*:443:a.test" sslFlags="{flags}" />
                   </bindings></site></sites></system.applicationHost>"#
            )),
        )
    }

    #[test]
    fn only_bits_above_128_are_unknown() {
        let found = flags(256 + 1);
        assert_eq!((found.len(), found[0].severity, found[0].confidence), (1, Severity::Info, Confidence::Hint));
        assert!(found[0].message.contains("257") && found[0].message.contains("0x100"), "{}", found[0].message);
        assert!(flags(255).is_empty());
    }
}
