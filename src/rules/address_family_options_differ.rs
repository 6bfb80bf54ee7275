//! `address-family-options-differ`: the records for any IPv4 and any IPv6 address of a port have different options.

use super::record_options::{by_key, differences, sites_by_record, told};
use super::record_remedy::show;
use super::records::is_foreign;
use super::steps::{self, Remedies};
use super::{Confidence, Context, Finding, Rule, Severity};
use crate::httpsys::Record;
use crate::remedy::{Remedy, Risk};
use crate::server::{EndpointKey, Server};

pub(super) const RULE: Rule = Rule {
    name: "address-family-options-differ",
    severity: Severity::Medium,
    confidence: Confidence::Likely,
    title: "IPv6 clients meet other options than IPv4 clients",
    meaning: "There is a record for `[::]:port` and one for `0.0.0.0:port`, and they differ. HTTP.sys takes the first for connections over IPv6 and \
              the second for IPv4, so that one host name asks for client certificates, or checks them, in two ways.",
    sees: "Behaviour that comes and goes with the network of the client: over IPv6 another server certificate, 403.7 or 403.13, or none.",
    silent: "When the records are equal, for an option that one of them does not list, and when another product owns one of them (then \
             `foreign-record-owner`). Likely, because whether clients use IPv6 is not known.",
    evidence: "The HTTP.sys records",
    fix: "Write both records with the same options, or remove the one for `[::]` where nobody needs it.",
    remedies: Remedies::iis7(
        steps::NO_RECORDS,
        &[
            steps::SHOW_RECORDS,
            steps::record!(
                "writes the option that is meant into the record that lacks it; once with `ipport=0.0.0.0:443`, once with `ipport=[::]:443`",
                "OPTION=VALUE"
            ),
            steps::advice("or delete the record for `[::]`, when no client comes over IPv6"),
        ],
    ),
    references: &["learn.microsoft.com: AD FS troubleshooting, extranet (order of SSL bindings)", "KB4034932"],
    check,
};

fn check(context: &Context<'_>, findings: &mut Vec<Finding>) {
    let server = context.server;
    let Some(read) = &server.records else { return };
    let numbers = by_key(server);
    let sites = sites_by_record(server);
    for (key, v6) in &numbers {
        let EndpointKey::IpPort(address, port) = key else { continue };
        if address != "[::]" {
            continue;
        }
        let Some(v4) = numbers.get(&EndpointKey::IpPort("0.0.0.0".to_owned(), *port)) else { continue };
        let served = sites[*v6].iter().chain(&sites[*v4]).copied();
        let site = served.min_by_key(|site| (!server.sites[*site].auto_start, *site));
        findings.extend(report(server, &read.records[*v6], &read.records[*v4], site));
    }
}

fn report(server: &Server, v6: &Record, v4: &Record, site: Option<usize>) -> Option<Finding> {
    if is_foreign(v6) || is_foreign(v4) {
        return None;
    }
    let differences = differences(v6, v4);
    let certificate = match (v6.certificate.value(), v4.certificate.value()) {
        (Some(a), Some(b)) if a != b => v6.certificate.place(),
        _ => None,
    };
    if differences.is_empty() && certificate.is_none() {
        return None;
    }
    let mut parts = Vec::new();
    if certificate.is_some() {
        parts.push("They have different server certificates".to_owned());
    }
    if !differences.is_empty() {
        parts.push(told(v6, v4, &differences));
    }
    let message =
        format!("{} likely serves clients over IPv6 in another way than {} serves those over IPv4. {}", v6.key, v4.key, parts.join(". "));
    let (place, other) = match differences.first() {
        Some((a, b)) => (Some(a.place), Some(b.place)),
        None => (certificate, v4.certificate.place()),
    };
    let mut finding = Finding::new(&RULE, server, message)
        .at(place)
        .related(other, format!("the record {}", v4.key))
        .subject(v6.key.to_string())
        .remedy(show(v6))
        .remedy(show(v4))
        .remedy(Remedy::advice(Risk::Safe, "write both records with the same options, those that are meant for all clients"));
    if let Some(site) = site {
        finding = finding.site(&server.sites[site]);
    }
    Some(finding)
}

#[cfg(test)]
mod tests {
    use super::super::testing::{findings, records_alone};
    use super::*;
    use crate::httpsys::Switch;
    use crate::input::{Field, Said};

    #[test]
    fn a_record_for_ipv6_of_iis_that_asks_in_another_way_is_told_with_both_values() {
        let mut server = records_alone("netsh/o01_2012r2_conflict_revocation.txt");
        assert!(findings(&RULE, &server).is_empty(), "another product owns it");
        let records = &mut server.records.as_mut().unwrap().records;
        records[2].app_id = records[0].app_id.clone();
        let found = findings(&RULE, &server);
        assert_eq!((found.len(), found[0].severity, found[0].confidence), (1, Severity::Medium, Confidence::Likely));
        let text = "Verify Client Certificate Revocation: Enabled on [::]:443, Disabled on 0.0.0.0:443";
        assert!(found[0].message.contains(text), "{}", found[0].message);
    }

    #[test]
    fn equal_records_are_silent() {
        let mut server = records_alone("netsh/o01_2012r2_conflict_revocation.txt");
        let records = &mut server.records.as_mut().unwrap().records;
        let key = records[2].key.clone();
        records[2] = records[0].clone();
        records[2].key = key;
        assert!(findings(&RULE, &server).is_empty());
        let place = server.records.as_ref().unwrap().records[2].place;
        let records = &mut server.records.as_mut().unwrap().records;
        records[2].switches.insert(Switch::Negotiate, Field::Said(Said { value: true, place }));
        assert_eq!(findings(&RULE, &server).len(), 1);
    }
}
