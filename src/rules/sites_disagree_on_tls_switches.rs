//! `sites-disagree-on-tls-switches`: comparable bindings have different protocol switches.

use std::collections::{BTreeMap, BTreeSet};

use super::binding_flag_differs_from_record::stated_bits;
use super::endpoints::{self, SWITCHES};
use super::record_options::endpoint;
use super::steps::{self, Remedies};
use super::{Confidence, Context, Finding, Rule, Severity};
use crate::input::Place;
use crate::remedy::{Remedy, Risk};
use crate::server::{Binding, EndpointKey, Generation, Server, Site, binding_flags};

pub(super) const RULE: Rule = Rule {
    name: "sites-disagree-on-tls-switches",
    severity: Severity::Low,
    confidence: Confidence::Firm,
    title: "Comparable https bindings differ in their protocol switches",
    meaning: "The bits 4 to 128 of the binding flags switch HTTP/2, OCSP stapling, QUIC, TLS 1.3, legacy TLS and early negotiation. Bindings of one site \
              on one port, or of sites that serve the same purpose, have different ones, so a client meets another protocol behind another \
              host name.",
    sees: "Behaviour that depends on the host name: a late certificate request that works for one fails for the other, where HTTP/2 or TLS 1.3 \
           is still on.",
    silent: "For bindings that lead to one record (then `shared-endpoint-disagrees`), for different ports, for the Central Certificate Store, and for \
             sites that nothing makes comparable.",
    evidence: "applicationHost.config; the HTTP.sys records",
    fix: "Set the same switches on all of them.",
    remedies: Remedies::iis7(
        steps::NO_BINDING_FLAGS,
        &[steps::SHOW_RECORDS, steps::BINDING_FLAGS, steps::record!("gives the record the switch of the others", "OPTION=VALUE")],
    ),
    references: &[
        "MicrosoftDocs/iis-docs: .../sites/site/bindings/binding.md",
        "simple-acme/simple-acme: src/main.lib/Clients/IIS/SSLFlags.cs",
    ],
    check,
};

/// One binding for each record of a site, by port.
type Records<'a> = BTreeMap<u16, Vec<&'a Binding>>;

fn check(context: &Context<'_>, findings: &mut Vec<Finding>) {
    let server = context.server;
    if server.generation == Generation::Iis6 {
        return;
    }
    let mut words = endpoints::bindings(server).filter(|(_, binding)| binding.endpoint.is_some()).map(|(_, binding)| word(server, binding));
    let first = words.next();
    if words.all(|word| Some(word) == first) {
        return;
    }
    let records: Vec<Records<'_>> = server.sites.iter().map(records).collect();
    for (site, ports) in server.sites.iter().zip(&records) {
        for (port, bindings) in ports {
            let groups = endpoints::grouped(0..bindings.len(), |index| Some(word(server, bindings[index])));
            if groups.len() < 2 {
                continue;
            }
            let parts = groups.iter().map(|(word, members)| {
                let members = members.iter().map(|index| bindings[*index].written.clone());
                (*word, endpoints::list(members), bindings[groups_first(&groups, *word)].place)
            });
            findings.extend(report(
                server,
                site,
                parts.collect(),
                format!("On port {port} of {}", site.label()),
                format!("port {port}"),
                "",
            ));
        }
    }
    let map = context.endpoints();
    for set in context.access_peers() {
        let ports: BTreeSet<u16> = set.sites.iter().flat_map(|site| records[*site].keys().copied()).collect();
        for port in ports {
            // A site whose own bindings differ is told above; it has no single value to compare.
            let single = |site: usize| {
                let bindings = records[site].get(&port)?;
                let words: BTreeSet<u32> = bindings.iter().map(|binding| word(server, binding)).collect();
                words.first().copied().filter(|_| words.len() == 1)
            };
            let groups = endpoints::grouped(set.sites.iter().copied(), single);
            let members = || groups.iter().flat_map(|(_, sites)| sites.iter().copied());
            let Some(first) = members().next() else { continue };
            if members().all(|site| map.same(site, first)) {
                continue;
            }
            let parts = groups.iter().filter_map(|(word, sites)| {
                let place = records[*sites.first()?].get(&port)?.first()?.place;
                Some((*word, endpoints::names(server, sites.iter().copied()), place))
            });
            let odd = groups.last().and_then(|(_, sites)| sites.first()).map_or(first, |site| *site);
            let why = format!(". Compared because {}", set.why);
            let subject = format!("port {port} {}", set.why);
            let finding = report(server, &server.sites[odd], parts.collect(), format!("On port {port}"), subject, &why);
            findings.extend(finding.map(|finding| finding.sides(server, groups.iter().map(|(_, sites)| sites.as_slice()))));
        }
    }
}

fn groups_first(groups: &[(u32, Vec<usize>)], word: u32) -> usize {
    groups.iter().find(|(other, _)| *other == word).and_then(|(_, members)| members.first().copied()).unwrap_or_default()
}

/// The switches in effect for a binding: those that its record states, and else its own. Whether a record negotiates is no protocol.
fn word(server: &Server, binding: &Binding) -> u32 {
    let flags = binding.flags.unwrap_or_default() & SWITCHES & binding_flags::KNOWN;
    let record = binding.endpoint.as_ref().and_then(|key| server.record_of(endpoint(server, key)?));
    let Some(record) = record else { return flags };
    let (stated, on) = stated_bits(record);
    ((flags & !stated) | on) & !binding_flags::NEGOTIATE
}

fn records(site: &Site) -> Records<'_> {
    let mut seen = BTreeSet::new();
    let mut records: Records<'_> = BTreeMap::new();
    for binding in &site.bindings {
        let Some(EndpointKey::IpPort(_, port) | EndpointKey::HostPort(_, port)) = binding.endpoint else { continue };
        if seen.insert(&binding.endpoint) {
            records.entry(port).or_default().push(binding);
        }
    }
    records
}

/// A finding about groups of bindings or sites, the largest first; `None` when they agree.
fn report(server: &Server, site: &Site, parts: Vec<(u32, String, Place)>, begin: String, subject: String, why: &str) -> Option<Finding> {
    let bits = endpoints::differing(parts.iter().map(|(word, ..)| *word));
    if bits == 0 {
        return None;
    }
    let texts: Vec<String> =
        parts.iter().take(4).map(|(word, members, _)| format!("{} at {members}", endpoints::switch_list(word & bits))).collect();
    let (_, _, place) = parts.last()?;
    let what = if server.records.is_some() {
        "the HTTP.sys records, or the binding flags (the number binding@sslFlags) where a record does not state them,"
    } else {
        "the binding flags (the number binding@sslFlags)"
    };
    let message = format!("{begin} {what} differ in their switches: {}{why}", texts.join("; "));
    let mut finding = Finding::new(&RULE, server, message).site(site).at(Some(*place)).subject(subject).remedy(Remedy::advice(
        Risk::Safe,
        "set the same switches on all of them in IIS Manager; switching legacy TLS on again would weaken them",
    ));
    for (word, members, place) in parts.iter().rev().skip(1).take(4) {
        finding = finding.related(Some(*place), format!("{} at {members}", endpoints::switch_list(word & bits)));
    }
    Some(finding)
}

#[cfg(test)]
mod tests {
    use super::super::testing::{apphost, findings, fixture};
    use super::*;

    #[test]
    fn two_names_of_one_site_differ_in_http_2() {
        let found = findings(&RULE, &fixture("apphost/F3_specific_ip_shadows_sni.config"));
        assert_eq!((found.len(), found[0].severity, found[0].confidence), (1, Severity::Low, Confidence::Firm));
        let message = &found[0].message;
        for text in ["Portal", "HTTP/2 off at 10.20.0.6:443:api.fabrikam.test", "no switch set at *:443:portal.fabrikam.test"] {
            assert!(message.contains(text), "{text}: {message}");
        }
        assert_eq!(found[0].related.len(), 1);
    }

    #[test]
    fn sites_that_serve_one_name_are_compared_and_say_why() {
        let server = apphost(
            r#"<system.applicationHost><sites>
               <site name="A" id="1"><bindings><binding protocol="https" bindingInformation="10.0.0.5:443:a.test" sslFlags="32" /></bindings></site>
               <site name="B" id="2"><bindings><binding protocol="https" bindingInformation="10.0.0.6:443:a.test" /></bindings></site>
               </sites></system.applicationHost>"#,
        );
        let found = findings(&RULE, &server);
        assert_eq!(found.len(), 1);
        assert!(found[0].message.contains("TLS 1.3 off at \"A\"") && found[0].message.contains("both serve the host name a.test"));
    }

    #[test]
    fn equal_switches_other_ports_one_record_and_unrelated_sites_are_silent() {
        for path in
            ["apphost/F1_consistent_sni.config", "apphost/F2_shared_ipport_hostheaders.config", "apphost/F7_ccs_and_new_bits.config"]
        {
            assert!(findings(&RULE, &fixture(path)).is_empty(), "{path}");
        }
        let server = apphost(
            r#"<system.applicationHost><sites><site name="A" id="1"><bindings>
               <binding protocol="https" bindingInformation="*:443:a.test" sslFlags="4" />
               <binding protocol="https" bindingInformation="*:443:b.test" sslFlags="0" />
               </bindings></site></sites></system.applicationHost>"#,
        );
        assert!(findings(&RULE, &server).is_empty(), "one record");
    }
}
