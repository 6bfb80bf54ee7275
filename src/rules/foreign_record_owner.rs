//! `foreign-record-owner`: the record that a binding of IIS needs belongs to another application.

use std::collections::{BTreeMap, BTreeSet};

use super::endpoints::{self, Reached};
use super::record_options::by_key;
use super::record_remedy::show;
use super::records::is_foreign;
use super::steps::{self, Remedies};
use super::{Confidence, Context, Finding, Rule, Severity};
use crate::remedy::{Remedy, Risk};
use crate::server::{EndpointKey, Generation};

pub(super) const RULE: Rule = Rule {
    name: "foreign-record-owner",
    severity: Severity::Medium,
    confidence: Confidence::Likely,
    title: "A record that IIS needs belongs to another product",
    meaning: "The SSL record of HTTP.sys that serves a binding of IIS carries the application id of another product, such as AD FS, a remote-access \
              service or a self-hosted program. Its server certificate and its client-certificate options are that product's choice, and it may \
              write them anew at any time.",
    sees: "Another server certificate, 403.7 or 403.13 that no setting of IIS explains, perhaps for clients over IPv6 alone; it may come back after \
           every update of the other product.",
    silent: "For records without an owner (an application id of zeros) and of IIS Express. Likely, because an administrator may have written the \
             record under a foreign id.",
    evidence: "applicationHost.config and the HTTP.sys records",
    fix: "Find out which product owns the record, and move the binding of IIS to another IP address, port or host name. The record belongs to that \
          product and must stay.",
    remedies: Remedies::iis7(steps::NO_RECORDS, &[steps::SHOW_RECORD, steps::BINDING_TEXT]),
    references: &["learn.microsoft.com: AD FS troubleshooting, extranet (order of SSL bindings)", "netsh http (learn.microsoft.com)"],
    check,
};

/// Whom of the clients of a site a record serves, the fewest first.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord)]
enum Whom {
    #[default]
    OverIpv6,
    AtItsAddress,
    Everybody,
}

fn check(context: &Context<'_>, findings: &mut Vec<Finding>) {
    let server = context.server;
    let Some(read) = server.records.as_ref().filter(|_| server.generation != Generation::Iis6) else { return };
    let bindings = context.bindings_by_endpoint();
    let reached = Reached::new(server);
    // By the record: whom of its sites it serves, the sites, and their endpoints.
    let mut needed: BTreeMap<usize, (Whom, BTreeSet<usize>, BTreeSet<String>)> = BTreeMap::new();
    let numbers = by_key(server);
    for endpoint in &server.endpoints {
        let Some(on) = bindings.get(&endpoint.key) else { continue };
        let Some(serving) = endpoint.served.record() else { continue };
        let mut need = |record: usize, whom: Whom| {
            if read.records.get(record).is_some_and(is_foreign) {
                let entry = needed.entry(record).or_default();
                entry.0 = entry.0.max(whom);
                entry.1.extend(on.iter().map(|(site, _)| *site));
                entry.2.insert(endpoint.key.to_string());
            }
        };
        need(serving, Whom::Everybody);
        // Connections over IPv6 to any address come to `[::]` first.
        if let Some(EndpointKey::IpPort(address, port)) = read.records.get(serving).map(|record| &record.key)
            && address == "0.0.0.0"
            && on.iter().any(|(_, binding)| binding.ip == "*")
            && let Some(v6) = numbers.get(&EndpointKey::IpPort("[::]".to_owned(), *port))
        {
            need(*v6, Whom::OverIpv6);
        }
    }
    // A record of one address comes before host names, for whoever reaches the server there.
    for (number, record) in read.records.iter().enumerate().filter(|(_, record)| is_foreign(record)) {
        let through = reached.through(&record.key);
        if !through.is_empty() {
            let entry = needed.entry(number).or_default();
            entry.0 = entry.0.max(Whom::AtItsAddress);
            entry.2.extend(through.iter().filter_map(|(_, binding)| Some(binding.endpoint.as_ref()?.to_string())));
            entry.1.extend(through.iter().map(|(site, _)| *site));
        }
    }
    for (number, (whom, sites, keys)) in needed {
        let record = &read.records[number];
        let owner = match (record.owner(), record.app_id.value()) {
            (Some(owner), _) => owner.name().to_owned(),
            (None, Some(id)) => format!("the application {id}"),
            (None, None) => continue,
        };
        let who = match whom {
            Whom::OverIpv6 => "serves the IPv6 clients of",
            Whom::AtItsAddress => "serves those who come through that address to",
            Whom::Everybody => "serves",
        };
        let message = format!(
            "The HTTP.sys record {} {who} {} ({}), but it belongs to {owner} and not to IIS, which likely decides its options",
            record.key,
            endpoints::names(server, sites.iter().copied()),
            endpoints::list(keys)
        );
        let speaker = sites.iter().copied().min_by_key(|site| (!server.sites[*site].auto_start, *site));
        let mut finding = Finding::new(&RULE, server, message)
            .at(record.app_id.place().or(Some(record.place)))
            .subject(record.key.to_string())
            .remedy(show(record))
            .remedy(Remedy::advice(
                Risk::Safe,
                "find out which product uses this application id, and give the binding of IIS another IP address, port or host name; leave the \
                 record itself to its owner",
            ));
        if let Some(speaker) = speaker {
            let site = &server.sites[speaker];
            finding = finding.site(site);
            let binding = site.bindings.iter().find(|binding| binding.endpoint.is_some());
            finding = finding.related(binding.map(|binding| binding.place), format!("a binding of {}", site.label()));
        }
        findings.push(finding);
    }
}

#[cfg(test)]
mod tests {
    use super::super::testing::{findings, joined, listing, records_alone, sni_site, with_records};
    use super::*;

    #[test]
    fn the_ipv6_clients_of_a_binding_for_any_address_meet_the_record_of_another_product() {
        let server = with_records("apphost/F2_shared_ipport_hostheaders.config", "netsh/o01_2012r2_conflict_revocation.txt");
        let found = findings(&RULE, &server);
        assert_eq!((found.len(), found[0].severity, found[0].confidence), (1, Severity::Medium, Confidence::Likely));
        let message = &found[0].message;
        assert!(message.contains("[::]:443 serves the IPv6 clients of") && message.contains("{ba195980-"), "{message}");
        assert!(found[0].remedies.iter().all(|remedy| !format!("{remedy:?}").contains("delete")), "{:?}", found[0].remedies);
    }

    #[test]
    fn a_record_of_one_address_that_comes_before_host_names_is_told_with_its_owner() {
        let foreign = ("Application ID", "{5d89a20c-beab-4389-9447-324788eb944a}");
        let records = listing(&[("Hostname:port : a.test:443", &[]), ("IP:port : 10.1.1.1:443", &[foreign])]);
        let found = findings(&RULE, &joined(&sni_site(1, "a.test"), &records));
        assert_eq!(found.len(), 1);
        assert!(found[0].message.contains("10.1.1.1:443 serves those who come through that address to \"S1\""), "{}", found[0].message);
        let other_port = listing(&[("Hostname:port : a.test:443", &[]), ("IP:port : 10.1.1.1:8443", &[foreign])]);
        assert!(findings(&RULE, &joined(&sni_site(1, "a.test"), &other_port)).is_empty());
    }

    #[test]
    fn a_record_that_serves_everybody_is_told_once() {
        let mut server = with_records("apphost/F2_shared_ipport_hostheaders.config", "netsh/o01_2012r2_conflict_revocation.txt");
        let records = &mut server.records.as_mut().unwrap().records;
        records[0].app_id = records[2].app_id.clone();
        let found = findings(&RULE, &server);
        assert_eq!(found.len(), 2);
        assert!(found[0].message.contains("0.0.0.0:443 serves \""), "{}", found[0].message);
    }

    #[test]
    fn records_of_iis_and_records_alone_are_silent() {
        assert!(findings(&RULE, &with_records("apphost/F1_consistent_sni.config", "netsh/o02_2022_sni_drift_and_ccs.txt")).is_empty());
        assert!(findings(&RULE, &records_alone("netsh/o01_2012r2_conflict_revocation.txt")).is_empty());
    }
}
