//! `ctl-reference-incomplete`: a site names a certificate trust list without its store, or the store without a list.

use super::record_remedy::Change;
use super::records::{Used, after_2008_r2};
use super::scopes::site_key;
use super::steps::{self, Remedies};
use super::{Confidence, Context, Finding, Rule, Severity};
use crate::catalogue::{Setting, Value};
use crate::remedy::{Remedy, Risk, adsutil};
use crate::server::Generation;

pub(super) const RULE: Rule = Rule {
    name: "ctl-reference-incomplete",
    severity: Severity::High,
    confidence: Confidence::Firm,
    title: "A certificate trust list is only half named",
    meaning: "A certificate trust list is found by its name (SslCtlIdentifier) in its store (SslCtlStoreName), and neither of them inherits. Without the \
              store the list that should restrict the issuers cannot be found; a store without a name restricts nothing.",
    sees: "Issuers are likely not restricted, or clients are refused with 403.7 or 403.16.",
    silent: "When both are set or neither is. Low for a store alone. For a record of HTTP.sys only a list without its store counts, because \
             later a store alone is the regular form; silent for records of Windows Server 2012 and later (`ctl-identifier-dead`), and for those of \
             other products.",
    evidence: "MetaBase.xml; up to Windows Server 2008 R2 the HTTP.sys record",
    fix: "Set the missing property, or remove the other one.",
    remedies: Remedies::both(
        &[
            steps::adsutil!("names the store of the list", "set W3SVC/SITE-ID/SslCtlStoreName CA"),
            steps::adsutil!(
                "or takes the identifier away, after which every trusted issuer is accepted",
                "delete W3SVC/SITE-ID/SslCtlIdentifier"
            ),
        ],
        &[
            steps::SHOW_RECORD,
            steps::record!("up to Windows Server 2008 R2: names the store of the list", "sslctlstorename=CA"),
            steps::advice("from Windows Server 2012 on a store without an identifier is complete"),
        ],
    ),
    references: &["TechNet cc737514", "TechNet cc778242", "MBSchema.xml"],
    check,
};

fn check(context: &Context<'_>, findings: &mut Vec<Finding>) {
    let server = context.server;
    if server.generation != Generation::Iis6 {
        // Later versions have no lists: `ctl-identifier-dead` says that.
        if !after_2008_r2(server) {
            findings.extend(context.records().iter().filter_map(|used| by_record(used)));
        }
        return;
    }
    for site in server.sites.iter().filter(|site| site.declared) {
        let settings = &site.root().settings;
        let (Some(identifier), Some(store)) = (settings.get(Setting::CtlIdentifier), settings.get(Setting::CtlStoreName)) else { continue };
        let (message, setting, severity) = match (identifier.known(), store.known()) {
            (Some(list @ Value::Text(_)), Some(Value::None)) => {
                let list = list.show(Setting::CtlIdentifier, server.generation);
                let message = format!("SslCtlIdentifier is {list}, but SslCtlStoreName is not set: the list cannot be found");
                (message, Setting::CtlIdentifier, Severity::High)
            }
            (Some(Value::None), Some(name @ Value::Text(_))) => {
                let name = name.show(Setting::CtlStoreName, server.generation);
                let message = format!("SslCtlStoreName is {name}, but SslCtlIdentifier is not set: the store alone restricts nothing");
                (message, Setting::CtlStoreName, Severity::Low)
            }
            _ => continue,
        };
        let resolved = if setting == Setting::CtlIdentifier { identifier } else { store };
        let mut finding = Finding::new(&RULE, server, message).site(site).setting(setting).at(resolved.origin.place()).severity(severity);
        if let Some(key) = site_key(server, site) {
            finding = if setting == Setting::CtlIdentifier {
                finding
                    .remedy(Remedy::offer(
                        Risk::Safe,
                        "names the store, when the list lies in the usual one, CA",
                        adsutil::set(&key, "SslCtlStoreName", "CA"),
                    ))
                    .remedy(Remedy::offer(
                        Risk::WeakensSecurity,
                        "gives up the restriction of issuers: every root that the machine trusts is acceptable",
                        adsutil::delete(&key, "SslCtlIdentifier"),
                    ))
            } else {
                finding.sees("Nothing: issuers are not restricted.").remedy(Remedy::offer(
                    Risk::Safe,
                    "removes the store name that has no effect; or set SslCtlIdentifier, when issuers were meant to be restricted",
                    adsutil::delete(&key, "SslCtlStoreName"),
                ))
            };
        }
        findings.push(finding);
    }
}

/// The finding about a record of HTTP.sys. A store alone is the regular form from Windows Server 2012 on, whose listing looks the same.
fn by_record(used: &Used<'_>) -> Option<Finding> {
    let (Some(Value::Text(list)), Some(Value::None)) = (used.value(Setting::CtlIdentifier), used.value(Setting::CtlStoreName)) else {
        return None;
    };
    let message = format!(
        "The CTL identifier is {list}, but no CTL store is named for {}: up to Windows Server 2008 R2 the list cannot be found, and later \
         versions have no such lists. Which version it is cannot be told from this record",
        used.words()
    );
    let place = used.record.ctl_identifier.place();
    let what = "names the store, when the list lies in the usual one, CA, of Windows Server 2008 or 2008 R2";
    Some(
        used.finding(&RULE, Setting::CtlIdentifier, message, place)
            .severity(used.weigh(Severity::High, Severity::Low))
            .confidence(Confidence::Likely)
            .remedies_of(used.set(Risk::Safe, what, Change::CtlStore(Some("CA".to_owned())))),
    )
}

#[cfg(test)]
mod tests {
    use super::super::testing::{SERVICE, findings, fixture, metabase, records_alone};
    use super::*;

    fn site(attributes: &str) -> Vec<Finding> {
        findings(&RULE, &metabase(&format!(r#"{SERVICE}<IIsWebServer Location="/LM/W3SVC/1" {attributes}></IIsWebServer>"#)))
    }

    #[test]
    fn a_list_without_its_store_is_high() {
        let found = findings(&RULE, &fixture("metabase/08_contradictory_flags.xml"));
        assert_eq!((found.len(), found[0].severity, found[0].confidence), (1, Severity::High, Confidence::Firm));
        assert!(found[0].message.contains("{7D2B6F52-4C2E-4B0D-9B1C-0A6E6C0E2A11}") && found[0].place.is_some());
        let risks: Vec<Risk> = found[0].remedies.iter().map(|remedy| remedy.risk).collect();
        assert_eq!(risks, [Risk::Safe, Risk::WeakensSecurity]);
    }

    #[test]
    fn a_store_without_a_list_is_low() {
        assert_eq!(site(r#"SslCtlStoreName="CA""#)[0].severity, Severity::Low);
    }

    #[test]
    fn both_or_neither_is_silent() {
        assert!(site("").is_empty());
        assert!(site(r#"SslCtlIdentifier="" SslCtlStoreName="""#).is_empty());
        assert!(findings(&RULE, &fixture("metabase/04_shared_endpoint_collision.xml")).is_empty());
    }

    #[test]
    fn a_record_without_a_sign_of_its_version_is_likely_and_newer_ones_are_silent() {
        let mut server = records_alone("netsh/o01_2012r2_conflict_revocation.txt");
        let mut read = server.records.take().unwrap();
        read.records[0].ctl_identifier = crate::input::Field::said(Some("List".to_owned()), read.records[0].place);
        read.records[1].ctl_store = crate::input::Field::said(Some("CA".to_owned()), read.records[1].place);
        server.endpoints.clear();
        crate::httpsys::join(&mut server, *read);
        let found = findings(&RULE, &server);
        assert_eq!((found.len(), found[0].severity, found[0].confidence), (1, Severity::Info, Confidence::Likely));
        assert!(found[0].message.contains("List") && found[0].message.contains("0.0.0.0:443"));
        assert!(findings(&RULE, &records_alone("netsh/o03_2025_tls13_ctl_mapper.txt")).is_empty());
    }
}
