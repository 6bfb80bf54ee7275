//! `ftp-usage-check-off`: an FTP site accepts client certificates whatever they were issued for.

use super::steps::{self, Remedies};
use super::{Confidence, Context, Finding, Rule, Severity, ftp};
use crate::server::ftp_validation;

pub(super) const RULE: Rule = Rule {
    name: "ftp-usage-check-off",
    severity: Severity::Medium,
    confidence: Confidence::Firm,
    title: "Client certificates of FTP are not checked for their usage",
    meaning: "The validation flags of the FTP site hold CertNoUsageCheck (8), so a certificate is accepted although it was not issued for Client \
              Authentication. For FTP the number is 8; for HTTP.sys the same switch is 0x10000.",
    sees: "Nothing: certificates of any usage are accepted over FTP with TLS.",
    silent: "Silent where client certificates are ignored (CertIgnore, the default). Says `low` while the FTP site has no server certificate.",
    evidence: "applicationHost.config",
    fix: "Take CertNoUsageCheck away.",
    remedies: Remedies::iis7(steps::NO_FTPS, &[steps::FTP_FLAGS]),
    references: &["MicrosoftDocs/iis-docs: .../sites/site/ftpServer/security/sslClientCertificates.md"],
    check,
};

fn check(context: &Context<'_>, findings: &mut Vec<Finding>) {
    let mends = "checks the usage again; certificates without Client Authentication are then refused";
    ftp::with_flag(&RULE, context.server, ftp_validation::NO_USAGE, "the usage is not checked", mends, findings);
}

#[cfg(test)]
mod tests {
    use super::super::testing::findings;
    use super::*;
    use crate::rules::ftp::testing::sites;

    #[test]
    fn the_bit_of_ftp_is_eight() {
        let site = |flags: &str| findings(&RULE, &sites(&[&format!(r#"clientCertificatePolicy="CertRequire" validationFlags="{flags}""#)]));
        let found = site("CertNoUsageCheck,NoRevocationCheck");
        assert_eq!((found.len(), found[0].severity), (1, Severity::Medium));
        assert!(found[0].remedies[0].command.as_ref().unwrap().contains("validationFlags:NoRevocationCheck\""));
        assert_eq!((site("8").len(), site("65536").len(), site("NoRevocationCheck").len()), (1, 0, 0));
    }

    #[test]
    fn ignored_certificates_are_silent() {
        assert!(findings(&RULE, &sites(&[r#"validationFlags="CertNoUsageCheck""#])).is_empty());
    }
}
