//! `specific-ip-shadows-sni`: a record of a specific IP address outranks the SNI and CCS records of its port.

use std::collections::{BTreeMap, BTreeSet};

use super::endpoints;
use super::record_options::by_key;
use super::record_remedy::show;
use super::records::is_foreign;
use super::steps::{self, Remedies};
use super::{Confidence, Context, Finding, Rule, Severity};
use crate::httpsys::Record;
use crate::remedy::{Remedy, Risk, appcmd, netsh};
use crate::server::{Binding, EndpointKey, Generation, Server, binding_flags};

pub(super) const RULE: Rule = Rule {
    name: "specific-ip-shadows-sni",
    severity: Severity::Medium,
    confidence: Confidence::Likely,
    title: "A binding with an IP address outranks SNI bindings of the same port",
    meaning: "HTTP.sys looks for a record of the exact IP address and port first, and only then for one of the host name. Clients that reach the \
              server through that address get the certificate and the client-certificate options of that record, whatever host name they ask \
              for.",
    sees: "Through that address: the wrong server certificate, and 403.7 or 403.13 of another site's options.",
    silent: "For `0.0.0.0:port` and `[::]:port` beside SNI, the normal default site, which comes last. When every SNI binding of the port is limited \
             to another address. With the HTTP.sys records it is high and firm where there is a record for that address, with or without a \
             binding, and silent where there is none. For a record of another product, of which `foreign-record-owner` speaks. Likely, not firm, while the records \
             are not known.",
    evidence: "applicationHost.config; an HTTP.sys record makes it certain",
    fix: "Remove the binding and record with the IP address, turn it into an SNI binding, or move it to an address that the host names do not use.",
    remedies: Remedies::iis7(steps::NO_BINDING_FLAGS, &[steps::SHOW_RECORDS, steps::REMOVE_BINDING, steps::DELETE_RECORD]),
    references: &["learn.microsoft.com: AD FS troubleshooting, extranet (order of SSL bindings)", "KB4034932", "win-acme/win-acme#1686"],
    check,
};

fn check(context: &Context<'_>, findings: &mut Vec<Finding>) {
    let server = context.server;
    if server.generation == Generation::Iis6 {
        return;
    }
    let is_specific = |key: &EndpointKey| matches!(key, EndpointKey::IpPort(ip, _) if !matches!(ip.as_str(), "0.0.0.0" | "[::]"));
    if !server.endpoints.iter().any(|endpoint| is_specific(&endpoint.key)) {
        return;
    }
    let mut by_port: BTreeMap<u16, Named<'_>> = BTreeMap::new();
    for (site, binding) in endpoints::bindings(server) {
        match &binding.endpoint {
            Some(EndpointKey::HostPort(_, port) | EndpointKey::Ccs(port)) if server.sites[site].auto_start => {
                by_port.entry(*port).or_default().add(site, binding);
            }
            _ => {}
        }
    }
    let hosts: BTreeMap<u16, String> = by_port.iter().map(|(port, named)| (*port, endpoints::list(named.hosts.iter().cloned()))).collect();
    let bindings = context.bindings_by_endpoint();
    let numbers = by_key(server);
    for key in server.endpoints.iter().map(|endpoint| &endpoint.key) {
        let specific = bindings.get(key).map_or(&[][..], Vec::as_slice);
        let EndpointKey::IpPort(ip, port) = key else { continue };
        let (Some(named), Some(hosts)) = (by_port.get(port), hosts.get(port)) else { continue };
        if matches!(ip.as_str(), "0.0.0.0" | "[::]") || !named.reachable(ip) {
            continue;
        }
        if server.records.is_some() {
            // Without a record of exactly that address HTTP.sys goes on to the host name.
            let record = numbers.get(key).and_then(|number| server.records.as_ref()?.records.get(*number));
            // Of a record of another product `foreign-record-owner` speaks.
            let record = record.filter(|record| !is_foreign(record));
            findings.extend(record.map(|record| by_record(server, record, specific, named, hosts)));
            continue;
        }
        let started = specific.iter().find(|(site, _)| server.sites[*site].auto_start);
        let Some((site, binding)) = started.or(specific.first()) else { continue };
        let message = format!(
            "{key} of {} outranks the SNI and CCS bindings of port {port}: a client that reaches that address and asks for {} likely gets the \
             certificate and the client-certificate options of {key}",
            server.sites[*site].label(),
            hosts
        );
        let mut finding = Finding::new(&RULE, server, message).site(&server.sites[*site]).at(Some(binding.place)).subject(key.to_string());
        for (other, binding) in &named.first {
            finding = finding.related(Some(binding.place), format!("binding {} of {}", binding.written, server.sites[*other].label()));
        }
        finding = finding
            .remedy(Remedy::offer(
                Risk::ReadOnly,
                "shows whether HTTP.sys has a record for that address",
                netsh::show(key).and_then(|command| command.lines()),
            ))
            .remedy(Remedy::advice(
                Risk::Safe,
                "move the binding to an IP address that the host names do not resolve to, or give it a host name and SNI",
            ));
        if let Some(command) = appcmd::remove_binding(&server.sites[*site].name, &binding.protocol, &binding.written) {
            let what =
                format!("removes the binding {}, when nobody needs it; the HTTP.sys record must be removed as well", binding.written);
            finding = finding.remedy(Remedy::command(Risk::Safe, what, command));
        }
        findings.push(finding);
    }
}

/// The finding about a record that is known.
fn by_record(server: &Server, record: &Record, specific: &[(usize, &Binding)], named: &Named<'_>, hosts: &str) -> Finding {
    let key = &record.key;
    let of = match specific {
        [] => "which no binding leads to,".to_owned(),
        bindings => {
            let sites: BTreeSet<usize> = bindings.iter().map(|(site, _)| *site).collect();
            format!("of {},", endpoints::names(server, sites))
        }
    };
    let message = format!(
        "The HTTP.sys record {key}, {of} outranks the SNI and CCS bindings of port {}: a client that reaches that address and asks for {hosts} gets \
         the certificate and the client-certificate options of {key}",
        named.first.first().and_then(|(_, binding)| binding.port).unwrap_or_default(),
    );
    let mut finding = Finding::new(&RULE, server, message)
        .at(specific.first().map(|(_, binding)| binding.place).or(Some(record.place)))
        .subject(key.to_string())
        .related((!specific.is_empty()).then_some(record.place), format!("the record {key}"))
        .remedy(show(record))
        .remedy(Remedy::advice(
            Risk::Safe,
            "move what needs the address to one that the host names do not resolve to, or give it a host name and SNI",
        ));
    // Where no binding leads to the record, a site that loses by it speaks.
    let speaker = specific.iter().map(|(site, _)| *site).find(|site| server.sites[*site].auto_start);
    if let Some(site) = speaker.or(named.first.first().map(|(site, _)| *site)) {
        finding = finding.site(&server.sites[site]);
    }
    for (other, binding) in &named.first {
        finding = finding.related(Some(binding.place), format!("binding {} of {}", binding.written, server.sites[*other].label()));
    }
    finding = finding.confidence(Confidence::Firm).severity(Severity::High);
    let what = "deletes the record, when nobody needs it; a binding with this address must be removed as well, or it has no certificate";
    finding.remedy(Remedy::offer(Risk::Safe, what, netsh::delete(key).and_then(|command| command.lines())))
}

/// The SNI and CCS bindings of one port.
#[derive(Default)]
struct Named<'a> {
    /// The first few, with their sites.
    first: Vec<(usize, &'a Binding)>,
    /// What clients ask for.
    hosts: BTreeSet<String>,
    /// The addresses they answer on.
    addresses: BTreeSet<&'a str>,
}

impl<'a> Named<'a> {
    fn add(&mut self, site: usize, binding: &'a Binding) {
        if self.first.len() < 8 {
            self.first.push((site, binding));
        }
        self.addresses.insert(&binding.ip);
        self.hosts.insert(match binding.host.as_str() {
            "" => format!("the {} binding {}", if binding.has_flag(binding_flags::CCS) { "CCS" } else { "SNI" }, binding.written),
            host => host.to_lowercase(),
        });
    }

    /// Whether any of them answers on the address.
    fn reachable(&self, ip: &str) -> bool {
        ["*", "[::]", ip].iter().any(|address| self.addresses.contains(address))
    }
}

#[cfg(test)]
mod tests {
    use super::super::testing::{apphost, findings, fixture, joined, listing, sni_site, with_records};
    use super::*;

    fn two(first: &str, second: &str, flags: u32) -> Vec<Finding> {
        findings(
            &RULE,
            &apphost(&format!(
                r#"<system.applicationHost><sites>
                   <site name="A" id="1"><bindings><binding protocol="https" bindingInformation="{first}" /></bindings></site>
                   <site name="B" id="2"><bindings><binding protocol="https" bindingInformation="{second}" sslFlags="{flags}" /></bindings></site>
                   </sites></system.applicationHost>"#
            )),
        )
    }

    #[test]
    fn both_addresses_of_the_old_site_outrank_the_names_of_the_new_one() {
        let found = findings(&RULE, &fixture("apphost/F3_specific_ip_shadows_sni.config"));
        assert_eq!(found.len(), 2);
        for (finding, key) in found.iter().zip(["10.20.0.5:443", "[fd00:20::5]:443"]) {
            assert!(finding.message.starts_with(key), "{}", finding.message);
            assert!(finding.message.contains("api.fabrikam.test and portal.fabrikam.test"), "{}", finding.message);
            assert_eq!((finding.severity, finding.confidence), (Severity::Medium, Confidence::Likely));
        }
        assert_ne!(found[0].fingerprint(), found[1].fingerprint());
    }

    #[test]
    fn a_record_of_that_address_makes_it_high_and_firm_and_an_address_without_one_is_silent() {
        let server = with_records("apphost/F3_specific_ip_shadows_sni.config", "netsh/o01_2012r2_conflict_revocation.txt");
        let found = findings(&RULE, &server);
        assert_eq!(found.len(), 1);
        assert_eq!((found[0].severity, found[0].confidence), (Severity::High, Confidence::Firm));
        assert!(found[0].message.contains("10.20.0.5:443") && found[0].message.contains("Legacy"), "{}", found[0].message);
    }

    #[test]
    fn a_record_of_another_product_is_left_to_the_rule_about_owners() {
        let found = |id: &str| {
            let records = listing(&[("Hostname:port : a.test:443", &[]), ("IP:port : 10.1.1.1:443", &[("Application ID", id)])]);
            findings(&RULE, &joined(&sni_site(1, "a.test"), &records)).len()
        };
        assert_eq!((found("{5d89a20c-beab-4389-9447-324788eb944a}"), found("{4dc3e181-e14b-4a21-b022-59fc669b0914}")), (0, 1));
    }

    #[test]
    fn the_central_store_is_outranked_too() {
        assert_eq!(two("10.0.0.5:443:", "*:443:b.test", 2).len(), 1);
    }

    #[test]
    fn a_default_site_another_port_and_another_address_are_silent() {
        assert!(two("*:443:", "*:443:b.test", 1).is_empty());
        assert!(two("[::]:443:", "*:443:b.test", 1).is_empty());
        assert!(two("10.0.0.5:8443:", "*:443:b.test", 1).is_empty());
        assert!(two("10.0.0.5:443:", "10.0.0.6:443:b.test", 1).is_empty());
        assert!(two("10.0.0.5:443:", "*:443:b.test", 0).is_empty());
    }
}
