//! `ctl-identifier-dead`: a record names a certificate trust list on a Windows that has none any more.

use super::record_remedy::{Change, update};
use super::records::after_2008_r2;
use super::steps::{self, Remedies};
use super::{Confidence, Context, Finding, Rule, Severity};
use crate::catalogue::{Setting, Value};
use crate::remedy::{Remedy, Risk};
use crate::server::{Generation, WindowsVersion};

pub(super) const RULE: Rule = Rule {
    name: "ctl-identifier-dead",
    severity: Severity::Medium,
    confidence: Confidence::Firm,
    title: "A certificate trust list is named that has no effect",
    meaning: "Windows Server 2012 and later no longer restrict the issuers of client certificates by a certificate trust list. netsh still shows and \
              takes the identifier, often carried over from IIS 6 or Windows Server 2008, so that the record looks restricted while every issuer \
              that the machine trusts is accepted.",
    sees: "Nothing: certificates of issuers that should be refused are accepted.",
    silent: "Silent up to Windows Server 2008 R2, where lists work, as far as the version can be told: `--windows` or an export of the registry names it, \
             and keys by host name, lines of newer versions and binding flags prove a later one. Where nothing does, it is `likely` for a list with its store, and a list without one is left to \
             `ctl-reference-incomplete`. Info when the sites of the record are not known or none wants certificates. Silent for records of other \
             products.",
    evidence: "the HTTP.sys record",
    fix: "Put the issuers into the store Client Authentication Issuers, name it (sslctlstorename=ClientAuthIssuer), and drop the identifier.",
    remedies: Remedies::iis7(
        "certificate trust lists have an effect there",
        &[
            steps::SHOW_RECORD,
            steps::ISSUERS,
            steps::advice(
                "delete the record and add it anew with all its other options, with sslctlstorename=ClientAuthIssuer and without sslctlidentifier: whether `update` takes an option away that is left out is not documented",
            ),
        ],
    ),
    references: &["TLS - SSL (Schannel SSP) overview (learn.microsoft.com): Management of trusted issuers"],
    check,
};

fn check(context: &Context<'_>, findings: &mut Vec<Finding>) {
    let server = context.server;
    let firm = after_2008_r2(server);
    if server.generation == Generation::Iis6 || server.windows.is_some_and(|windows| windows < WindowsVersion::Server2012) {
        return;
    }
    for used in context.records() {
        let Some(Value::Text(list)) = used.value(Setting::CtlIdentifier) else { continue };
        let store = match used.value(Setting::CtlStoreName) {
            Some(Value::Text(store)) => Some(store.clone()),
            _ => None,
        };
        if !firm && store.is_none() {
            continue;
        }
        let (since, confidence) = match firm {
            true => match server.windows {
                Some(windows) => (format!("this is {windows}, which restricts no issuers by such a list"), Confidence::Firm),
                None => ("this Windows restricts no issuers by such a list".to_owned(), Confidence::Firm),
            },
            false => (
                "from Windows Server 2012 on, which this likely is, no issuers are restricted by such a list".to_owned(),
                Confidence::Likely,
            ),
        };
        let message = format!("The CTL identifier {list} of {} has no effect: {since}", used.clause());
        let mut finding = used
            .finding(&RULE, Setting::CtlIdentifier, message, used.record.ctl_identifier.place())
            .severity(used.weigh(Severity::Medium, Severity::Info))
            .confidence(confidence)
            .remedy(Remedy::command(
                Risk::Safe,
                "puts an issuer into the store Client Authentication Issuers; once for each issuer that should be accepted",
                "certutil -addstore ClientAuthIssuer issuing-ca.cer",
            ));
        let mut changes = vec![Change::CtlIdentifier(None)];
        if store.is_none() {
            changes.push(Change::CtlStore(Some("ClientAuthIssuer".to_owned())));
        }
        finding = finding.remedies_of(update(used.record, Risk::Safe, "then restricts the issuers by that store", &changes));
        findings.push(finding);
    }
}

#[cfg(test)]
mod tests {
    use super::super::testing::{findings, records_alone};
    use super::*;
    use crate::httpsys::Switch;
    use crate::input::Field;
    use crate::server::{EndpointKey, Server};

    fn listed(list: Option<&str>, store: Option<&str>, newer: bool) -> Server {
        let mut server = records_alone("netsh/o01_2012r2_conflict_revocation.txt");
        let mut read = server.records.take().unwrap();
        let record = &mut read.records[0];
        record.ctl_identifier = Field::said(list.map(str::to_owned), record.place);
        record.ctl_store = Field::said(store.map(str::to_owned), record.place);
        if newer {
            record.switches.insert(Switch::Reject, Field::said(false, record.place));
        }
        server.endpoints.clear();
        crate::httpsys::join(&mut server, *read);
        server
    }

    #[test]
    fn a_list_on_a_newer_windows_has_no_effect() {
        let found = findings(&RULE, &records_alone("netsh/o03_2025_tls13_ctl_mapper.txt"));
        assert_eq!((found.len(), found[0].severity, found[0].confidence), (1, Severity::Info, Confidence::Firm));
        assert!(found[0].message.contains("MyIssuersCtl") && found[0].message.contains("0.0.0.0:443"));
        assert!(found[0].remedies.iter().any(|remedy| remedy.what.contains("sslctlstorename=ClientAuthIssuer")));
        let text = r#"<configuration><system.applicationHost><sites><site name="S" id="1"><application path="/"/><bindings>
            <binding protocol="https" bindingInformation="*:443:"/></bindings></site></sites></system.applicationHost>
            <location path="S"><system.webServer><security><access sslFlags="Ssl, SslNegotiateCert"/></security></system.webServer></location>
            </configuration>"#;
        let config = crate::apphost::read(text, crate::input::FileId(0), crate::xml::Limits::default()).unwrap();
        let mut server = crate::apphost::assemble(&config, &[], None, "server".to_owned());
        let records = records_alone("netsh/o03_2025_tls13_ctl_mapper.txt").records.unwrap();
        crate::httpsys::join(&mut server, *records);
        assert!(server.endpoints.iter().any(|endpoint| endpoint.key == EndpointKey::IpPort("0.0.0.0".to_owned(), 443)));
        assert_eq!(findings(&RULE, &server)[0].severity, Severity::Medium);
    }

    #[test]
    fn without_a_sign_of_the_version_a_list_with_its_store_is_likely_dead() {
        let found = findings(&RULE, &listed(Some("A"), Some("CA"), false));
        assert_eq!((found.len(), found[0].confidence), (1, Confidence::Likely));
        assert!(findings(&RULE, &listed(Some("A"), None, false)).is_empty(), "ctl-reference-incomplete says it");
        assert_eq!(findings(&RULE, &listed(Some("A"), None, true))[0].confidence, Confidence::Firm);
    }

    #[test]
    fn a_known_version_decides() {
        let of = |windows| {
            let mut server = listed(Some("A"), Some("CA"), false);
            server.windows = Some(windows);
            findings(&RULE, &server)
        };
        assert!(of(WindowsVersion::Server2008R2).is_empty());
        let mut old = listed(Some("A"), Some("CA"), false);
        old.generation = Generation::Iis6;
        assert!(findings(&RULE, &old).is_empty(), "the records of httpcfg");
        let found = of(WindowsVersion::Server2012);
        assert!(found[0].confidence == Confidence::Firm && found[0].message.contains("this is Windows Server 2012,"), "{found:?}");
    }

    #[test]
    fn a_store_without_a_list_is_the_regular_form() {
        assert!(findings(&RULE, &listed(None, Some("ClientAuthIssuer"), true)).is_empty());
        assert!(findings(&RULE, &records_alone("netsh/o02_2022_sni_drift_and_ccs.txt")).is_empty());
    }
}
