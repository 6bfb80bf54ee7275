//! `binding-flags-not-numeric`: binding flags are no number.

use super::endpoints;
use super::steps::{self, Remedies};
use super::{Confidence, Context, Finding, Rule, Severity};
use crate::remedy::{Remedy, Risk};

pub(super) const RULE: Rule = Rule {
    name: "binding-flags-not-numeric",
    severity: Severity::High,
    confidence: Confidence::Firm,
    title: "Binding flags are not a number",
    meaning: "The flags of a binding are an unsigned number (1 for SNI, 2 for the Central Certificate Store, and so on). The names that the access \
              section of a URL uses are not allowed there, and IIS refuses the file.",
    sees: "500.19: the attribute is invalid, not a valid unsigned integer. No site of the server works.",
    silent: "For an absent attribute and for every unsigned number.",
    evidence: "applicationHost.config",
    fix: "Write the number.",
    remedies: Remedies::iis7(
        steps::NO_BINDING_FLAGS,
        &[steps::advice(
            "write the number into the file itself, because appcmd and IIS Manager refuse to read it as long as it is not one: 0 for an IP address, 1 for SNI, 2 and 3 for the Central Certificate Store",
        )],
    ),
    references: &["MicrosoftDocs/iis-docs: .../sites/site/bindings/binding.md", "jexuswebserver/JexusManager: configuration tests"],
    check,
};

fn check(context: &Context<'_>, findings: &mut Vec<Finding>) {
    let server = context.server;
    for (index, binding) in endpoints::bindings(server) {
        let (None, Some(written)) = (binding.flags, &binding.flags_written) else { continue };
        let message = format!(
            "The binding flags (the number binding@sslFlags) of \"{}\" are \"{written}\", which is not an unsigned number: IIS refuses the file",
            binding.written
        );
        // Other attributes of IIS accept hexadecimal numbers; whether this one does is not documented.
        let hexadecimal = written.trim().get(..2).is_some_and(|start| start.eq_ignore_ascii_case("0x"));
        findings.push(
            Finding::new(&RULE, server, message)
                .site(&server.sites[index])
                .at(Some(binding.place))
                .confidence(if hexadecimal { Confidence::Likely } else { Confidence::Firm })
                .subject(format!("{} {}", binding.protocol, binding.written))
                .remedy(Remedy::advice(
                    Risk::Safe,
                    "write the number in an editor (1 for SNI): appcmd and IIS Manager cannot load the file while it is invalid",
                )),
        );
    }
}

#[cfg(test)]
mod tests {
    use super::super::testing::{findings, fixture};
    use super::*;

    #[test]
    fn a_name_instead_of_a_number_is_high() {
        let found = findings(&RULE, &fixture("apphost/F8_rejected_by_iis.config"));
        assert_eq!((found.len(), found[0].severity, found[0].confidence), (1, Severity::High, Confidence::Firm));
        assert!(found[0].message.contains("\"Sni\"") && found[0].message.contains("*:443:c.test"), "{}", found[0].message);
    }

    #[test]
    fn numbers_and_an_absent_attribute_are_silent() {
        assert!(findings(&RULE, &fixture("apphost/F7_ccs_and_new_bits.config")).is_empty());
        assert!(findings(&RULE, &fixture("apphost/F2_shared_ipport_hostheaders.config")).is_empty());
        assert!(findings(&RULE, &fixture("metabase/01_working_failing_pair.xml")).is_empty());
    }
}
