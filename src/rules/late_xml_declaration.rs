//! `late-xml-declaration`: something stands before the XML declaration.

use super::noticed::{INVALID_DATA, Refusal, each, noticed, refused};
use super::steps::{self, Remedies};
use super::{Confidence, Context, Finding, Rule, Severity};
use crate::remedy::{Remedy, Risk};
use crate::server::{AnomalyKind, Generation};

pub(super) const RULE: Rule = Rule {
    name: "late-xml-declaration",
    severity: Severity::Medium,
    confidence: Confidence::Likely,
    title: "The XML declaration is not at the start of the file",
    meaning: "XML allows `<?xml ...?>` as the very first characters of a file only. A blank line or a comment before it makes the file no XML any \
              more, and IIS is likely to refuse it. It often happens when a file is copied out of a document or a ticket; then the file on \
              the server may be fine.",
    sees: "500.19 with HRESULT 0x8007000d; IIS 6 does not start.",
    silent: "Silent for files without a declaration, and for a byte order mark before it.",
    evidence: "every XML file",
    fix: "Remove what stands before the declaration.",
    remedies: Remedies::any(&[steps::advice(
        "remove what stands before `<?xml`, if the file on the server has it too; it often comes from copying",
    )]),
    references: &["Extensible Markup Language (XML) 1.0, section 2.8", "KB942055"],
    check,
};

fn check(context: &Context<'_>, findings: &mut Vec<Finding>) {
    let server = context.server;
    each(server, findings, |anomaly| {
        if anomaly.kind != AnomalyKind::LateDeclaration {
            return None;
        }
        let what = "Something stands before the XML declaration, which XML forbids";
        let finding = match server.generation {
            Generation::Iis6 => noticed(&RULE, server, anomaly, format!("{what}; IIS 6 most likely does not start with this file"))
                .sees("IIS most likely does not start."),
            Generation::Iis7 | Generation::IisExpress => {
                // Whether the parser of IIS is that strict is not documented.
                let refusal = Refusal { what: what.to_owned(), within: "", hresult: INVALID_DATA, confidence: Confidence::Likely };
                refused(&RULE, server, anomaly, refusal)
            }
        };
        let remedy = Remedy::advice(Risk::Safe, "remove what stands before the declaration, if the file on the server has it too");
        Some(finding.subject("declaration").remedy(remedy))
    });
}

#[cfg(test)]
mod tests {
    use super::super::testing::{findings, fixture, noticed};
    use super::*;
    use crate::input::FileId;
    use crate::server::Server;
    use crate::xml::Limits;

    fn server(text: &str) -> Server {
        let config = crate::apphost::read(text, FileId(0), Limits::default()).unwrap();
        crate::apphost::assemble(&config, &[], None, "server".to_owned())
    }

    #[test]
    fn a_declaration_after_a_blank_line_is_likely_refused() {
        let found = findings(&RULE, &server("\n<?xml version=\"1.0\"?>\n<configuration></configuration>"));
        assert_eq!((found.len(), found[0].severity, found[0].confidence), (1, Severity::Medium, Confidence::Likely));
        assert_eq!(found[0].place.unwrap().line, 2);
        assert!(found[0].sees.contains("0x8007000d"));
    }

    #[test]
    fn iis_6_does_not_start_with_it() {
        let found = findings(&RULE, &noticed(Generation::Iis6, &AnomalyKind::LateDeclaration, &[None]));
        assert!(found[0].message.contains("does not start") && !found[0].message.contains("500.19"));
    }

    #[test]
    fn a_declaration_at_the_start_or_none_is_silent() {
        assert!(findings(&RULE, &server("<?xml version=\"1.0\"?><configuration></configuration>")).is_empty());
        assert!(findings(&RULE, &server("<configuration></configuration>")).is_empty());
        assert!(findings(&RULE, &fixture("metabase/01_working_failing_pair.xml")).is_empty());
    }
}
