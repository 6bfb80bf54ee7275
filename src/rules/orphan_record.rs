//! `orphan-record`: HTTP.sys has a record of IIS that no binding leads to.

use std::collections::BTreeSet;

use super::endpoints;
use super::record_remedy::show;
use super::steps::{self, Remedies};
use super::{Confidence, Context, Finding, Rule, Severity};
use crate::httpsys::{AppOwner, Record};
use crate::remedy::{Remedy, Risk, netsh};
use crate::server::{EndpointKey, Generation, Served, Server};

pub(super) const RULE: Rule = Rule {
    name: "orphan-record",
    severity: Severity::Low,
    confidence: Confidence::Firm,
    title: "An SSL record of IIS has no binding",
    meaning: "HTTP.sys has a record that carries the application id of IIS, and no binding of any site leads to it or is served by it. It is left over \
              from a binding that was removed or moved, with a server certificate that nobody renews. A record for a specific IP address comes \
              before SNI, so that it can take over for every host name that is reached through that address.",
    sees: "Nothing at first; an expired server certificate or unexpected client-certificate options once clients reach it.",
    silent: "Without a list of the sites; for records of other products and of no owner; on ports that other products use (49443 AD FS, 8172 Web \
             Management Service, 5986 WinRM, 44300 to 44399 IIS Express). Medium for a specific IP address.",
    evidence: "applicationHost.config and the HTTP.sys records",
    fix: "Note the record, make sure that no other program uses it, and delete it with `netsh http delete sslcert`.",
    remedies: Remedies::iis7(steps::NO_RECORDS, &[steps::SHOW_RECORD, steps::DELETE_RECORD]),
    references: &["netsh http (learn.microsoft.com)", "win-acme/win-acme#1686", "KB4034932"],
    check,
};

fn check(context: &Context<'_>, findings: &mut Vec<Finding>) {
    let server = context.server;
    let Some(read) = server.records.as_ref().filter(|_| server.lists_sites && server.generation != Generation::Iis6) else { return };
    let used: BTreeSet<usize> =
        server.endpoints.iter().filter(|endpoint| !endpoint.sites.is_empty()).filter_map(|endpoint| endpoint.served.record()).collect();
    // The ports on which `[::]` serves the IPv6 clients of bindings for any address.
    let any: BTreeSet<u16> = endpoints::bindings(server)
        .filter(|(_, binding)| binding.is_https() && binding.ip == "*")
        .filter_map(|(_, binding)| binding.port)
        .collect();
    let shared: BTreeSet<u16> = used
        .iter()
        .filter_map(|number| match &read.records.get(*number)?.key {
            EndpointKey::IpPort(address, port) if address == "0.0.0.0" && any.contains(port) => Some(*port),
            _ => None,
        })
        .collect();
    for endpoint in server.endpoints.iter().filter(|endpoint| endpoint.sites.is_empty()) {
        let Served::Own(number) = endpoint.served else { continue };
        let Some(record) = read.records.get(number).filter(|_| !used.contains(&number)) else { continue };
        let specific = match &record.key {
            EndpointKey::IpPort(address, port) if address == "[::]" && shared.contains(port) => continue,
            EndpointKey::IpPort(address, _) => !matches!(address.as_str(), "0.0.0.0" | "[::]"),
            EndpointKey::HostPort(..) | EndpointKey::Ccs(_) => false,
            // Bindings of the Central Certificate Store may be served by it, and no command names it.
            EndpointKey::ScopedCcs(..) => continue,
        };
        if is_of_another_product(server, record) {
            continue;
        }
        findings.push(report(server, record, specific));
    }
}

fn is_of_another_product(server: &Server, record: &Record) -> bool {
    let port = match &record.key {
        EndpointKey::IpPort(_, port) | EndpointKey::HostPort(_, port) | EndpointKey::Ccs(port) | EndpointKey::ScopedCcs(_, port) => *port,
    };
    let known_port = matches!(port, 49443 | 8172 | 5986 | 44300..=44399);
    let own = match record.owner() {
        Some(AppOwner::Iis) => true,
        Some(AppOwner::IisExpress) => server.generation == Generation::IisExpress,
        _ => false,
    };
    known_port || !own
}

fn report(server: &Server, record: &Record, specific: bool) -> Finding {
    let key = &record.key;
    let why = if specific { ". It comes before SNI for every host name that is reached through this address" } else { "" };
    let message = format!("The HTTP.sys record {key} belongs to IIS, but no binding of any site leads to it{why}");
    let what = "deletes the record, once its options are noted and it is sure that no other program uses it";
    Finding::new(&RULE, server, message)
        .at(Some(record.place))
        .severity(if specific { Severity::Medium } else { Severity::Low })
        .subject(key.to_string())
        .remedy(show(record))
        .remedy(Remedy::offer(Risk::Safe, what, netsh::delete(key).and_then(|command| command.lines())))
}

#[cfg(test)]
mod tests {
    use super::super::testing::{findings, records_alone, with_records};
    use super::*;

    fn found(config: &str, listing: &str) -> Vec<(String, Severity)> {
        findings(&RULE, &with_records(config, listing)).into_iter().map(|finding| (finding.subject, finding.severity)).collect()
    }

    #[test]
    fn records_that_no_binding_leads_to_are_told_with_the_command_that_deletes_them() {
        let low = |key: &str| (key.to_owned(), Severity::Low);
        let pair = ("apphost/F1_consistent_sni.config", "netsh/o02_2022_sni_drift_and_ccs.txt");
        assert_eq!(found(pair.0, pair.1), [low("*.fabrikam.test:8443"), low("ccs:443")]);
        assert_eq!(found("apphost/F6_mapping.config", "netsh/o03_2025_tls13_ctl_mapper.txt"), [low("0.0.0.0:443")]);
        let commands: Vec<_> = findings(&RULE, &with_records(pair.0, pair.1))
            .into_iter()
            .flat_map(|finding| finding.remedies)
            .filter_map(|remedy| remedy.command)
            .collect();
        assert!(commands.contains(&"netsh http delete sslcert hostnameport=\"*.fabrikam.test:8443\"".to_owned()), "{commands:?}");
    }

    #[test]
    fn a_specific_address_is_medium_and_another_product_keeps_its_record() {
        let found = found("apphost/F2_shared_ipport_hostheaders.config", "netsh/o01_2012r2_conflict_revocation.txt");
        assert_eq!(found, [("10.20.0.5:443".to_owned(), Severity::Medium)]);
    }

    #[test]
    fn ports_of_other_products_and_records_alone_are_silent() {
        assert!(findings(&RULE, &records_alone("netsh/o01_2012r2_conflict_revocation.txt")).is_empty());
        let mut server = with_records("apphost/F2_shared_ipport_hostheaders.config", "netsh/o01_2012r2_conflict_revocation.txt");
        server.records.as_mut().unwrap().records[1].key = EndpointKey::IpPort("0.0.0.0".to_owned(), 44301);
        assert!(findings(&RULE, &server).is_empty());
    }

    #[test]
    fn a_record_that_serves_a_binding_in_place_of_its_own_is_no_orphan() {
        let found = found("apphost/F3_specific_ip_shadows_sni.config", "netsh/o01_2012r2_conflict_revocation.txt");
        assert!(found.is_empty(), "{found:?}");
    }
}
