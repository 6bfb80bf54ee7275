//! `revocation-value-on-parent-key`: a value of an SSL record stands on the key above the records, where HTTP.sys does not look.

use super::steps::{self, Remedies};
use super::{Confidence, Context, Finding, Rule, Severity};
use crate::catalogue::cert_check;
use crate::httpsys::StrayValue;
use crate::remedy::{Remedy, Risk};

pub(super) const RULE: Rule = Rule {
    name: "revocation-value-on-parent-key",
    severity: Severity::Low,
    confidence: Confidence::Likely,
    title: "A value of an SSL record stands above the records",
    meaning: "HTTP.sys keeps one subkey for each SSL record below SslBindingInfo and its siblings, and reads CertCheckMode \
              (DefaultSslCertCheckMode) and the other values there. Some instructions leave the subkey out of the path. A value on the key \
              itself has no effect, although somebody believes that revocation is switched off, or on, by it.",
    sees: "Nothing: the value of each record counts.",
    silent: "Info for values that have nothing to do with revocation. Silent where the registry was not given.",
    evidence: "an export of the registry: HTTP\\Parameters",
    fix: "Move the value to the subkey of the record that is meant, or delete it; then restart the HTTP service.",
    remedies: Remedies::iis7(
        steps::NO_RECORDS,
        &[
            steps::advice("move the value to the subkey of the record that is meant, or delete it; then restart the HTTP service"),
            steps::SHOW_RECORDS,
        ],
    ),
    references: &["HTTP_SERVICE_CONFIG_SSL_PARAM (learn.microsoft.com)", "KB294305"],
    check,
};

fn check(context: &Context<'_>, findings: &mut Vec<Finding>) {
    let server = context.server;
    for value in server.records.iter().flat_map(|records| &records.stray) {
        let mut message = format!("{} {} stands on {} itself, where it has no effect", value.name, value.data, value.key);
        if off(value) {
            message.push_str(": it was likely meant to switch the revocation check off");
        }
        let severity = if is_revocation(value) { Severity::Low } else { Severity::Info };
        findings.push(
            Finding::new(&RULE, server, message)
                .at(Some(value.place))
                .severity(severity)
                .subject(format!("{}\\{}", value.key, value.name))
                .remedy(Remedy::advice(
                    if off(value) { Risk::WeakensSecurity } else { Risk::Safe },
                    "move the value to the subkey of the record that is meant, such as 0.0.0.0:443, if it is wanted there; then restart the HTTP \
                     service (`net stop http`, `net start w3svc`)",
                ))
                .remedy(Remedy::advice(Risk::Safe, "or delete the value; that changes nothing but what a reader believes")),
        );
    }
}

fn is_revocation(value: &StrayValue) -> bool {
    let names = ["DefaultSslCertCheckMode", "DefaultSslRevocationFreshnessTime", "DefaultSslRevocationUrlRetrievalTimeout"];
    names.iter().any(|name| name.eq_ignore_ascii_case(&value.name))
}

/// Whether it is a CertCheckMode that would switch the check off.
fn off(value: &StrayValue) -> bool {
    value.name.eq_ignore_ascii_case("DefaultSslCertCheckMode")
        && value.number.is_some_and(|number| number & u64::from(cert_check::NO_REVOCATION) != 0)
}

#[cfg(test)]
mod tests {
    use super::super::testing::{findings, records_alone};
    use super::*;

    #[test]
    fn a_value_above_the_records_is_low_and_said_to_have_no_effect() {
        let found = findings(&RULE, &records_alone("netsh/o04_regquery_sslbindinginfo.txt"));
        assert_eq!((found.len(), found[0].severity, found[0].confidence), (1, Severity::Low, Confidence::Likely));
        assert!(
            found[0].message.contains("DefaultSslCertCheckMode")
                && found[0].message.contains("likely meant to switch the revocation check off")
        );
        assert_eq!(found[0].place.map(|place| place.line), Some(3));
        let risks: Vec<Risk> = found[0].remedies.iter().map(|remedy| remedy.risk).collect();
        assert_eq!(risks, [Risk::Safe, Risk::WeakensSecurity]);
    }

    #[test]
    fn a_listing_has_no_such_values() {
        assert!(findings(&RULE, &records_alone("netsh/o01_2012r2_conflict_revocation.txt")).is_empty());
    }
}
