//! `ftp-not-encrypted`: a benchmark asks that FTP demand TLS on both channels, and the site does not.

use super::steps::{self, Remedies};
use super::{Confidence, Context, Finding, Rule, Severity};
use crate::remedy::{Remedy, Risk, appcmd};
use crate::server::{FtpChannel, Generation};

pub(super) const RULE: Rule = Rule {
    name: "ftp-not-encrypted",
    severity: Severity::Medium,
    confidence: Confidence::Firm,
    title: "FTP does not demand TLS, as the benchmark asks",
    meaning: "FTP carries the user name, the password and the files in clear text unless both the control channel and the data channel demand TLS \
              (`SslRequire`, the default of both). CIS asks for it on all FTP sites.",
    sees: "Clients without TLS are served.",
    silent: "Runs under a profile only. Silent for sites without an ftp binding. A site that demands TLS and has no server certificate serves nobody, \
             which is not this rule's business.",
    evidence: "applicationHost.config",
    fix: "Give the FTP site a server certificate, then set both channel policies to SslRequire.",
    remedies: Remedies::iis7(
        "its FTP service has no TLS",
        &[
            steps::advice("give the FTP site a server certificate first, or it serves nobody"),
            steps::site_element!(
                "demands TLS for commands and passwords",
                "ftpServer.security.ssl",
                "ftpServer/security/ssl",
                "controlChannelPolicy",
                "SslRequire"
            ),
            steps::site_element!(
                "demands TLS for the files",
                "ftpServer.security.ssl",
                "ftpServer/security/ssl",
                "dataChannelPolicy",
                "SslRequire"
            ),
        ],
    ),
    references: &["CIS IIS 10: 6.1", "MicrosoftDocs/iis-docs: .../sites/site/ftpServer/security/ssl.md"],
    check,
};

fn check(context: &Context<'_>, findings: &mut Vec<Finding>) {
    let server = context.server;
    if server.generation != Generation::Iis7 {
        return;
    }
    for site in &server.sites {
        let Some(ftp) = &site.elements.ftp else { continue };
        let channels = [("controlChannelPolicy", ftp.control_channel), ("dataChannelPolicy", ftp.data_channel)];
        let open: Vec<String> = channels
            .iter()
            .filter(|(_, policy)| policy.value != FtpChannel::Require)
            .map(|(name, policy)| format!("{name} is {}", word(policy.value)))
            .collect();
        if open.is_empty() {
            continue;
        }
        let place = channels.iter().find(|(_, policy)| policy.value != FtpChannel::Require).and_then(|(_, policy)| policy.place);
        let mut finding =
            Finding::new(&RULE, server, format!("ftpServer/security/ssl@{}: FTP does not demand TLS", open.join(", "))).site(site);
        if !ftp.can_use_tls() {
            finding = finding.remedy(Remedy::advice(
                Risk::Safe,
                "first give the FTP site a server certificate; without one nobody could log on once TLS is demanded",
            ));
        }
        let values =
            [("ftpServer.security.ssl.controlChannelPolicy", "SslRequire"), ("ftpServer.security.ssl.dataChannelPolicy", "SslRequire")];
        findings.push(finding.at(place.or(site.place)).remedy(Remedy::offer(
            Risk::Safe,
            "demands TLS on both channels",
            appcmd::set_site(Some(&site.name), &values),
        )));
    }
}

fn word(policy: FtpChannel) -> &'static str {
    match policy {
        FtpChannel::Allow => "SslAllow",
        FtpChannel::Require => "SslRequire",
        FtpChannel::RequireCredentialsOnly => "SslRequireCredentialsOnly",
        FtpChannel::Deny => "SslDeny",
    }
}

#[cfg(test)]
mod tests {
    use super::super::testing::{apphost, findings};
    use super::*;

    fn found(protocol: &str, ssl: &str) -> Vec<Finding> {
        findings(
            &RULE,
            &apphost(&format!(
                r#"<system.applicationHost><sites><site name="F" id="1"><bindings><binding protocol="{protocol}" bindingInformation="*:21:"/></bindings>
                   <ftpServer><security><ssl {ssl}/></security></ftpServer></site></sites></system.applicationHost>"#
            )),
        )
    }

    #[test]
    fn each_channel_that_lets_clear_text_through_is_named() {
        let found = found("ftp", r#"controlChannelPolicy="SslRequireCredentialsOnly" dataChannelPolicy="SslAllow""#);
        assert_eq!(found.len(), 1);
        assert!(
            found[0].message.contains("controlChannelPolicy is SslRequireCredentialsOnly, dataChannelPolicy is SslAllow"),
            "{}",
            found[0].message
        );
        assert!(found[0].remedies.iter().any(|remedy| remedy.what.contains("server certificate")));
    }

    #[test]
    fn the_defaults_and_other_protocols_are_silent() {
        assert!(found("ftp", "").is_empty());
        assert!(found("http", r#"controlChannelPolicy="SslAllow""#).is_empty());
    }
}
