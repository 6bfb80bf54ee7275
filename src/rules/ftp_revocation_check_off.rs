//! `ftp-revocation-check-off`: an FTP site asks for client certificates and does not check whether they are revoked.

use super::steps::{self, Remedies};
use super::{Confidence, Context, Finding, Rule, Severity, ftp};
use crate::server::ftp_validation;

pub(super) const RULE: Rule = Rule {
    name: "ftp-revocation-check-off",
    severity: Severity::High,
    confidence: Confidence::Firm,
    title: "Client certificates of FTP are not checked for revocation",
    meaning: "The validation flags of the FTP site hold NoRevocationCheck, so a stolen or withdrawn client certificate still opens the door. FTP \
              keeps this in applicationHost.config and not in HTTP.sys, and its numbers are its own.",
    sees: "Nothing: revoked certificates are accepted over FTP with TLS.",
    silent: "Silent where client certificates are ignored (CertIgnore, the default), and for the flags that only restrict where CRLs come from. Says \
             `low` while the FTP site has no server certificate.",
    evidence: "applicationHost.config",
    fix: "Make the CRLs reachable from the server, then take NoRevocationCheck away.",
    remedies: Remedies::iis7(steps::NO_FTPS, &[steps::URLFETCH, steps::FTP_FLAGS]),
    references: &["MicrosoftDocs/iis-docs: .../sites/site/ftpServer/security/sslClientCertificates.md"],
    check,
};

fn check(context: &Context<'_>, findings: &mut Vec<Finding>) {
    let mends = "checks revocation again, once the CRLs are reachable";
    ftp::with_flag(&RULE, context.server, ftp_validation::NO_REVOCATION, "revocation is not checked", mends, findings);
}

#[cfg(test)]
mod tests {
    use super::super::testing::{apphost, findings};
    use super::*;
    use crate::rules::ftp::testing::sites;

    #[test]
    fn the_flag_is_found_where_certificates_are_asked_for_and_other_flags_stay() {
        let found = findings(
            &RULE,
            &sites(&[
                r#"clientCertificatePolicy="CertAllow" validationFlags="NoRevocationCheck, CertNoUsageCheck""#,
                r#"clientCertificatePolicy="CertRequire" validationFlags="1""#,
            ]),
        );
        assert_eq!((found.len(), found[0].severity, found[0].confidence), (2, Severity::High, Confidence::Firm));
        assert!(found[0].remedies[0].command.as_ref().unwrap().contains("validationFlags:CertNoUsageCheck\""));
        assert_eq!(found[1].remedies[0].command, None);
        assert!(found[1].message.contains("NoRevocationCheck") && found[1].message.contains("CertRequire"));
    }

    #[test]
    fn ignored_certificates_and_flags_that_still_check_are_silent() {
        for attributes in [
            r#"validationFlags="NoRevocationCheck""#,
            r#"clientCertificatePolicy="CertIgnore" validationFlags="NoRevocationCheck""#,
            r#"clientCertificatePolicy="CertRequire""#,
            r#"clientCertificatePolicy="CertRequire" validationFlags="CertChainRevocationCheckCacheOnly,CertChainCacheOnlyUrlRetrieval,CertNoUsageCheck""#,
        ] {
            assert!(findings(&RULE, &sites(&[attributes])).is_empty(), "{attributes}");
        }
    }

    #[test]
    fn site_defaults_count_for_ftp_sites_only_and_without_a_server_certificate_it_is_low() {
        let site = |name: &str, protocol: &str| {
            format!(r#"<site name="{name}" id="1"><bindings><binding protocol="{protocol}" bindingInformation="*:21:"/></bindings></site>"#)
        };
        let found = findings(
            &RULE,
            &apphost(&format!(
                r#"<system.applicationHost><sites>{}{}<siteDefaults><ftpServer><security>
                   <sslClientCertificates clientCertificatePolicy="CertRequire" validationFlags="NoRevocationCheck"/>
                   </security></ftpServer></siteDefaults></sites></system.applicationHost>"#,
                site("F", "ftp"),
                site("H", "http")
            )),
        );
        assert_eq!((found.len(), found[0].severity), (1, Severity::Low));
        assert!(found[0].message.contains("no server certificate"));
    }
}
