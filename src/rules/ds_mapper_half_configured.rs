//! `ds-mapper-half-configured`: mapping by Active Directory is switched on in the SSL record or in IIS, but not in both.

use super::mapping::is_on;
use super::record_remedy::Change;
use super::records::Used;
use super::steps::{self, Remedies};
use super::{Confidence, Context, Finding, Rule, Severity};
use crate::catalogue::{Setting, Value};
use crate::httpsys::Switch;
use crate::remedy::{Remedy, Risk};
use crate::server::Server;

pub(super) const RULE: Rule = Rule {
    name: "ds-mapper-half-configured",
    severity: Severity::Medium,
    confidence: Confidence::Firm,
    title: "Mapping by Active Directory is switched on in one place of two",
    meaning: "Client certificates are mapped to accounts of Active Directory when clientCertificateMappingAuthentication is enabled in IIS and \
              the HTTP.sys record uses the DS mapper. With one of the two nobody is mapped. The switch of the record is easily lost when a \
              certificate is renewed.",
    sees: "401.x for users whose certificate should be mapped.",
    silent: "When both are on or both are off, when either is not known, for a record whose sites are not known or that serves none, and for records \
             of other products. On IIS 6 one setting does both.",
    evidence: "applicationHost.config and the HTTP.sys record",
    fix: "Switch both on (dsmapperusage=enable), or both off.",
    remedies: Remedies::iis7(
        "one property, SslUseDsMapper, decides for the whole service",
        &[
            steps::SHOW_RECORD,
            steps::record!("either lets the record map as well", "dsmapperusage=enable"),
            steps::MAPPER_ON,
            steps::advice("or switch both off: dsmapperusage=disable in the same complete command, and `false` in the section"),
        ],
    ),
    references: &[
        "MicrosoftDocs/iis-docs: iis/wmi-provider/sslbinding-class.md",
        "MicrosoftDocs/iis-docs: .../authentication/clientCertificateMappingAuthentication.md",
    ],
    check,
};

fn check(context: &Context<'_>, findings: &mut Vec<Finding>) {
    let server = context.server;
    findings.extend(context.records().iter().filter_map(|used| by_record(server, used)));
}

fn by_record(server: &Server, used: &Used<'_>) -> Option<Finding> {
    let scopes = || used.sites.iter().flat_map(|site| server.sites[*site].scopes.iter().map(|scope| (*site, scope)));
    let mapper = used.value(Setting::DsMapper)?.bool()?;
    let place = used.record.switch_place(Switch::DsMapper);
    let mapped = scopes().find(|(_, scope)| is_on(scope, Setting::AdCertificateMapping));
    match (mapper, mapped) {
        (false, Some((site, scope))) => {
            let message = format!(
                "Mapping by Active Directory is enabled at {} of {}, but the DS mapper is off in {}",
                scope.path,
                server.sites[site].label(),
                used.words()
            );
            let said = scope.settings.get(Setting::AdCertificateMapping).and_then(|resolved| resolved.origin.place());
            let finding = used.finding(&RULE, Setting::DsMapper, message, place).site(&server.sites[site]).path(&scope.path);
            let on = used.set(Risk::Safe, "maps certificates in the record as well", Change::Switch(Switch::DsMapper, true));
            Some(finding.related(said, "enabled here").remedies_of(on))
        }
        (true, None) => {
            let known = |value: Option<&Value>| value.and_then(Value::bool).is_some();
            if used.sites.is_empty() || !scopes().all(|(_, scope)| known(scope.value(Setting::AdCertificateMapping))) {
                return None;
            }
            let message = format!("The DS mapper is on in {}, but mapping by Active Directory is enabled nowhere there", used.words());
            let off = used.set(Risk::Safe, "maps nothing in the record, if no mapping is meant", Change::Switch(Switch::DsMapper, false));
            let on = Remedy::advice(
                Risk::Safe,
                "or enable clientCertificateMappingAuthentication where certificates are mapped, if mapping is meant",
            );
            Some(used.finding(&RULE, Setting::DsMapper, message, place).remedy(on).remedies_of(off))
        }
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::super::testing::{findings, records_alone, with_records};
    use super::*;
    use crate::input::Field;

    fn with_mapper(path: &str, listing: &str, on: bool) -> Server {
        let mut server = with_records(path, listing);
        let mut read = server.records.take().unwrap();
        for record in &mut read.records {
            record.switches.insert(Switch::DsMapper, Field::said(on, record.place));
        }
        crate::httpsys::join(&mut server, *read);
        server
    }

    #[test]
    fn mapping_in_iis_without_the_mapper_of_the_record_is_found_at_its_path() {
        let found = findings(&RULE, &with_records("apphost/F6_mapping.config", "netsh/o03_2025_tls13_ctl_mapper.txt"));
        assert_eq!((found.len(), found[0].severity, found[0].confidence), (1, Severity::Medium, Confidence::Firm));
        assert_eq!(found[0].path.as_deref(), Some("/edi"));
        assert!(found[0].message.contains("partner.fabrikam.test:443"));
        assert!(found[0].remedies[0].command.as_ref().unwrap().contains("dsmapperusage=enable"));
    }

    #[test]
    fn a_mapper_that_no_path_uses_is_found_too() {
        let found = findings(&RULE, &with_mapper("apphost/F1_consistent_sni.config", "netsh/o02_2022_sni_drift_and_ccs.txt", true));
        assert_eq!(found.len(), 2);
        assert!(found[0].message.contains("enabled nowhere"));
    }

    #[test]
    fn both_on_both_off_and_records_without_sites_are_silent() {
        assert!(findings(&RULE, &with_mapper("apphost/F6_mapping.config", "netsh/o03_2025_tls13_ctl_mapper.txt", true)).is_empty());
        assert!(findings(&RULE, &with_records("apphost/F1_consistent_sni.config", "netsh/o02_2022_sni_drift_and_ccs.txt")).is_empty());
        assert!(findings(&RULE, &records_alone("netsh/o03_2025_tls13_ctl_mapper.txt")).is_empty());
    }
}
