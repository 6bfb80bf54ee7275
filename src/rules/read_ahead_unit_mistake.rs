//! `read-ahead-unit-mistake`: the read-ahead size is so small that it was probably meant in kilobytes.

use super::scopes::{said, set_read_ahead, takers};
use super::steps::{self, Remedies};
use super::{Confidence, Context, Finding, Rule, Severity};
use crate::catalogue::{Setting, Value};

/// Sizes below this many bytes are hardly ever meant.
const SMALLEST: u64 = 1024;

pub(super) const RULE: Rule = Rule {
    name: "read-ahead-unit-mistake",
    severity: Severity::Medium,
    confidence: Confidence::Likely,
    title: "The read-ahead size looks like kilobytes, but counts bytes",
    meaning: "UploadReadAheadSize is a number of bytes. Documentation of IIS 6 once recommended 200 where 200 KB were meant, and the number was copied. \
              With a buffer of that size nearly every request with a body is too large where a client certificate is asked for late.",
    sees: "413 on almost every POST where the client certificate is asked for late.",
    silent: "Says `low` where no client certificates are wanted or the endpoint asks in the first handshake, and `info` for 0. Silent for 0 without \
             client certificates, and at paths that a product's setup writes, such as those of Exchange.",
    evidence: "MetaBase.xml, or applicationHost.config and web.config",
    fix: "Write the size in bytes.",
    remedies: Remedies::both(&[steps::READ_AHEAD_6], &[steps::READ_AHEAD_7]),
    references: &["TechNet cc737382", "MicrosoftDocs/iis-docs: iis/configuration/system.webServer/serverRuntime.md"],
    check,
};

fn check(context: &Context<'_>, findings: &mut Vec<Finding>) {
    let server = context.server;
    let endpoints = context.endpoints();
    let mut wanted = (usize::MAX, Default::default());
    for said in said(server, Setting::UploadReadAheadSize) {
        let Some(size) = said.resolved.known().and_then(Value::number).filter(|size| *size < SMALLEST) else { continue };
        if said.scope.product.is_some() {
            continue;
        }
        if wanted.0 != said.site_index {
            wanted = (said.site_index, takers(said.site, Setting::UploadReadAheadSize));
        }
        let taken = said.resolved.origin.place().is_some_and(|place| wanted.1.contains(&place));
        let late = taken && endpoints.negotiates(said.site_index) != Some(true) && !endpoints.out_of_reach(said.site_index);
        if size == 0 && !late {
            continue;
        }
        let severity = match (size, late) {
            (0, _) => Severity::Info,
            (_, true) => Severity::Medium,
            (_, false) => Severity::Low,
        };
        let mut message = if size == 0 {
            "The read-ahead size is 0: no byte of a body is read before a certificate is asked for".to_owned()
        } else {
            format!("The read-ahead size is {size} bytes; {size} KB, that is {} bytes, were probably meant", size * 1024)
        };
        if late {
            message.push_str("; the path or one below it asks for client certificates late");
        }
        let mut finding = Finding::new(&RULE, server, message)
            .site(said.site)
            .path(&said.scope.path)
            .setting(Setting::UploadReadAheadSize)
            .at(said.resolved.origin.place())
            .severity(severity);
        if !late {
            finding = finding.sees("Nothing as long as no client certificate is asked for late; then 413 on almost every POST.");
        }
        let new = if size == 0 { 49152 } else { size * 1024 };
        let what = if size == 0 { "reads the usual 48 KB ahead" } else { "reads ahead as many bytes as were probably meant" };
        findings.push(finding.remedy(set_read_ahead(&said, server, what, size, new)));
    }
}

#[cfg(test)]
mod tests {
    use super::super::testing::{SERVICE, apphost, findings, fixture, https_site, joined, metabase, paths, registry};
    use super::*;

    fn iis6(size: u32, access: u32, site: &str) -> Vec<Finding> {
        findings(
            &RULE,
            &metabase(&format!(
                r#"{SERVICE}<IIsWebServer Location="/LM/W3SVC/1" SecureBindings=":443:" {site}></IIsWebServer>
                   <IIsWebVirtualDir Location="/LM/W3SVC/1/ROOT" AccessSSLFlags="8" UploadReadAheadSize="{size}"></IIsWebVirtualDir>
                   <IIsWebVirtualDir Location="/LM/W3SVC/1/ROOT/app" AccessSSLFlags="{access}"></IIsWebVirtualDir>"#
            )),
        )
    }

    #[test]
    fn kilobytes_written_as_bytes_are_medium_where_certificates_are_asked_for_late() {
        let found = iis6(200, 104, "");
        assert_eq!((paths(&found), found[0].severity, found[0].confidence), (vec!["/"], Severity::Medium, Confidence::Likely));
        assert!(found[0].message.contains("200 bytes") && found[0].message.contains("204800"));
        assert!(found[0].remedies[0].command.as_ref().unwrap().ends_with("W3SVC/1/ROOT/UploadReadAheadSize 204800"));
    }

    #[test]
    fn it_is_low_without_certificates_or_with_early_negotiation() {
        assert_eq!(iis6(200, 8, "")[0].severity, Severity::Low);
        assert_eq!(iis6(200, 104, r#"SSLAlwaysNegoClientCert="TRUE""#)[0].severity, Severity::Low);
    }

    #[test]
    fn zero_is_information_and_real_sizes_are_silent() {
        assert_eq!(iis6(0, 104, "")[0].severity, Severity::Info);
        assert!(iis6(0, 8, "").is_empty());
        assert!(iis6(1024, 104, "").is_empty());
        assert!(iis6(49152, 104, "").is_empty());
    }

    #[test]
    fn it_reads_iis_7_too() {
        let found = findings(
            &RULE,
            &apphost(
                r#"<system.applicationHost><sites><site name="S" id="1"><application path="/"/></site></sites></system.applicationHost>
                   <location path="S"><system.webServer><serverRuntime uploadReadAheadSize="64"/></system.webServer></location>"#,
            ),
        );
        assert_eq!((paths(&found), found[0].severity), (vec!["/"], Severity::Low));
        assert!(found[0].remedies[0].command.as_ref().unwrap().contains("/uploadReadAheadSize:65536"));
    }

    #[test]
    fn the_sample_with_this_state_is_found_and_mended_where_it_is_said() {
        let found = findings(&RULE, &fixture("metabase/07_renegotiation_413.xml"));
        assert_eq!((paths(&found), found[0].severity), (vec!["/"], Severity::Medium));
        assert!(found[0].remedies[0].command.as_ref().unwrap().ends_with("W3SVC/77/UploadReadAheadSize 204800"), "{:?}", found[0].remedies);
    }

    #[test]
    fn a_record_that_asks_in_the_first_handshake_makes_it_low() {
        let body = https_site(1, "*:443:", "Ssl, SslNegotiateCert")
            + r#"<location path="S1"><system.webServer><serverRuntime uploadReadAheadSize="64"/></system.webServer></location>"#;
        assert_eq!(findings(&RULE, &joined(&body, &registry(&[("DefaultFlags", 2)])))[0].severity, Severity::Low);
        assert_eq!(findings(&RULE, &joined(&body, &registry(&[("DefaultFlags", 0)])))[0].severity, Severity::Medium);
    }
}
