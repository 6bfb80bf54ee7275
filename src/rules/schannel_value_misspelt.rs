//! `schannel-value-misspelt`: a value of Schannel has nearly the name of one that Windows reads.

use super::steps::{self, Remedies};
use super::{Confidence, Context, Finding, Rule, Severity};
use crate::remedy::{Remedy, Risk};

pub(super) const RULE: Rule = Rule {
    name: "schannel-value-misspelt",
    severity: Severity::Low,
    confidence: Confidence::Hint,
    title: "A value of Schannel is probably misspelt",
    meaning: "Windows reads values of the registry by their exact name and passes over all others in silence. A name that is nearly a known one was \
              probably meant to be that one, so the setting that somebody believes in is not in effect.",
    sees: "Nothing: the default counts.",
    silent: "Silent for names that are not close to a known one, and where the registry was not given.",
    evidence: "an export of the SCHANNEL key of the registry",
    fix: "Write the value under its right name and delete the misspelt one.",
    remedies: Remedies::any(&[steps::advice(
        "write the value under its right name in the registry editor, delete the misspelt one, and restart the server",
    )]),
    references: &["TLS registry settings (learn.microsoft.com)"],
    check,
};

fn check(context: &Context<'_>, findings: &mut Vec<Finding>) {
    let server = context.server;
    for value in server.schannel.iter().flat_map(|schannel| &schannel.misspelt) {
        let message = format!(
            "The value {} in {} has no effect; {} was probably meant. Its data is {}",
            value.name, value.key, value.meant, value.data
        );
        findings.push(Finding::new(&RULE, server, message).at(Some(value.place)).subject(format!("{}\\{}", value.key, value.name)).remedy(
            Remedy::advice(
                Risk::Safe,
                format!(
                    "write the value as {} if it is meant, then delete {}; Schannel reads it when the computer starts",
                    value.meant, value.name
                ),
            ),
        ));
    }
}

#[cfg(test)]
mod tests {
    use super::super::testing::{findings, fixture};
    use super::*;
    use crate::input::{FileId, Place};
    use crate::schannel::{Misspelt, Schannel};

    #[test]
    fn a_name_that_is_nearly_a_known_one_is_a_hint() {
        let mut server = fixture("apphost/F1_consistent_sni.config");
        assert!(findings(&RULE, &server).is_empty());
        server.schannel = Some(Box::new(Schannel::default()));
        assert!(findings(&RULE, &server).is_empty());
        let place = Place { file: FileId(2), line: 4, column: 1 };
        let misspelt = Misspelt {
            key: r"HKEY_LOCAL_MACHINE\SYSTEM\CurrentControlSet\Control\SecurityProviders\SCHANNEL".to_owned(),
            name: "SendTrusterIssuerList".to_owned(),
            meant: "SendTrustedIssuerList",
            data: "0x0".to_owned(),
            place,
        };
        server.schannel = Some(Box::new(Schannel { misspelt: vec![misspelt], ..Schannel::default() }));
        let found = findings(&RULE, &server);
        assert_eq!((found.len(), found[0].severity, found[0].confidence), (1, Severity::Low, Confidence::Hint));
        assert!(
            found[0].message.contains("SendTrusterIssuerList") && found[0].message.contains("SendTrustedIssuerList was probably meant")
        );
        assert_eq!(found[0].place, Some(place));
    }
}
