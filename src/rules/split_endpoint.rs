//! `split-endpoint`: one port has a record for any address and one for a specific address, with different options.

use std::collections::BTreeMap;

use super::endpoints::{self, PROPERTIES};
use super::record_options::{differences, sites_by_record, told};
use super::record_remedy::show;
use super::records::is_foreign;
use super::steps::{self, Remedies};
use super::{Confidence, Context, Finding, Rule, Severity};
use crate::catalogue::Setting;
use crate::input::Place;
use crate::remedy::{Remedy, Risk};
use crate::server::{Endpoint, EndpointKey, Generation, Served, Server};

pub(super) const RULE: Rule = Rule {
    name: "split-endpoint",
    severity: Severity::Info,
    confidence: Confidence::Likely,
    title: "One port behaves differently on a specific address",
    meaning: "There is a record for every address of the port and another one for a specific address, and their options differ. The more exact \
              record is used for its address, so the same server treats client certificates differently, depending on the address used.",
    sees: "Behaviour that depends on the address a client uses: 403.13 or a certificate prompt on one, none on the other.",
    silent: "When only the server certificate differs, the usual reason for a second address, or when the options are equal. Medium when certificates \
             are wanted on either. Records of other products are left out. That the exact address wins is documented for Windows Server 2012 and later only, so it is likely.",
    evidence: "MetaBase.xml, or the HTTP.sys records",
    fix: "Give both endpoints the same options, or make sure that the difference is intended.",
    remedies: Remedies::both(
        &[steps::QUERY_SSL, steps::MODE],
        &[steps::SHOW_RECORDS, steps::record!("gives the record the option of the other", "OPTION=VALUE")],
    ),
    references: &[
        "learn.microsoft.com: AD FS troubleshooting, extranet (order of SSL bindings)",
        "HTTP_SERVICE_CONFIG_SSL_PARAM (learn.microsoft.com)",
    ],
    check,
};

fn check(context: &Context<'_>, findings: &mut Vec<Finding>) {
    let server = context.server;
    let joined = server.generation != Generation::Iis6 && server.records.is_some();
    let by_record = sites_by_record(server);
    let known = |endpoint: &&Endpoint| {
        joined && matches!(endpoint.served, Served::Own(_))
            || !joined && endpoints::may_have_certificate(server, endpoint) && !endpoint.sites.is_empty()
    };
    let mut by_port: BTreeMap<u16, (Vec<&Endpoint>, Vec<&Endpoint>)> = BTreeMap::new();
    for endpoint in server.endpoints.iter().filter(known) {
        match &endpoint.key {
            EndpointKey::IpPort(ip, port) if ip == "0.0.0.0" => by_port.entry(*port).or_default().0.push(endpoint),
            EndpointKey::IpPort(ip, port) if !ip.starts_with('[') => by_port.entry(*port).or_default().1.push(endpoint),
            _ => {}
        }
    }
    for (wildcards, specifics) in by_port.values() {
        for wildcard in wildcards {
            findings.extend(specifics.iter().filter_map(|specific| {
                if joined { compare_records(server, &by_record, wildcard, specific) } else { compare(server, wildcard, specific) }
            }));
        }
    }
}

/// The same for two records of HTTP.sys, with all the sites that they serve.
fn compare_records(server: &Server, by_record: &[Vec<usize>], wildcard: &Endpoint, specific: &Endpoint) -> Option<Finding> {
    let (any, exact) = (server.record_of(wildcard)?, server.record_of(specific)?);
    if is_foreign(any) || is_foreign(exact) {
        return None;
    }
    let differences = differences(any, exact);
    let (first, other) = differences.first()?;
    let sites_of = |endpoint: &Endpoint| endpoint.served.record().and_then(|number| by_record.get(number)).map_or(&[][..], Vec::as_slice);
    let (general, own) = (sites_of(wildcard), sites_of(specific));
    let started = |sites: &[usize]| sites.iter().copied().find(|site| server.sites[*site].auto_start);
    let wanted = general.iter().chain(own).any(|site| server.sites[*site].auto_start && server.sites[*site].wants_certificates());
    let message = format!(
        "{} and {} have different options, and for its address the more exact one likely counts. {}",
        any.key,
        exact.key,
        told(any, exact, &differences)
    );
    let of = match general {
        [] => String::new(),
        sites => format!(", which serves {}", endpoints::names(server, sites.iter().copied())),
    };
    let mut finding = Finding::new(&RULE, server, message);
    if let Some(site) = started(own).or(started(general)).or(own.first().copied()).or(general.first().copied()) {
        finding = finding.site(&server.sites[site]);
    }
    Some(
        finding
            .at(Some(other.place))
            .related(Some(first.place), format!("the record {}{of}", any.key))
            .severity(if wanted { Severity::Medium } else { Severity::Info })
            .subject(format!("{} {}", any.key, exact.key))
            .remedy(show(any))
            .remedy(show(exact))
            .remedy(Remedy::advice(Risk::Safe, "give both records the same options, or confirm that the difference is intended")),
    )
}

fn compare(server: &Server, wildcard: &Endpoint, specific: &Endpoint) -> Option<Finding> {
    let certificate = |setting: &Setting| matches!(setting, Setting::ServerCertificate | Setting::ServerCertificateStore);
    let mut parts = Vec::new();
    let mut first = None;
    for setting in PROPERTIES.into_iter().filter(|setting| !certificate(setting)) {
        let (Some(a), Some(b)) = (wildcard.settings.get(setting), specific.settings.get(setting)) else { continue };
        let (Some(value), Some(other)) = (a.known(), b.known()) else { continue };
        if value != other {
            first.get_or_insert(setting);
            parts.push(format!(
                "{}: {} on {}, {} on {}",
                endpoints::title(server, setting),
                endpoints::said(server, setting, a),
                wildcard.key,
                endpoints::said(server, setting, b),
                specific.key
            ));
        }
    }
    let setting = first?;
    let wanted = wildcard.sites.iter().chain(&specific.sites).any(|site| server.sites[*site].wants_certificates());
    let place = |endpoint: &Endpoint| -> Option<Place> {
        let said = endpoint.settings.get(setting).and_then(|resolved| resolved.origin.place());
        said.or_else(|| binding(server, endpoint))
    };
    let started = |endpoint: &Endpoint| endpoint.sites.iter().copied().find(|site| server.sites[*site].auto_start);
    let severity = match (started(wildcard).is_some() && started(specific).is_some(), wanted) {
        (true, true) => Severity::Medium,
        _ => Severity::Info,
    };
    let site = started(specific).or(specific.sites.first().copied())?;
    let message = format!(
        "{} and {} have different options, and for its address the more exact one likely counts. {}",
        wildcard.key,
        specific.key,
        parts.join(". ")
    );
    Some(
        Finding::new(&RULE, server, message)
            .site(&server.sites[site])
            .at(place(specific))
            .related(
                place(wildcard),
                format!("the endpoint {}, of {}", wildcard.key, endpoints::names(server, wildcard.sites.iter().copied())),
            )
            .severity(severity)
            .subject(format!("{} {}", wildcard.key, specific.key))
            .remedy(Remedy::command(Risk::ReadOnly, "shows the records that HTTP.sys really uses", "httpcfg query ssl"))
            .remedy(Remedy::advice(
                Risk::Safe,
                "give the sites of both endpoints the same values, or confirm that the difference is intended",
            )),
    )
}

/// Where a binding leads to the endpoint.
fn binding(server: &Server, endpoint: &Endpoint) -> Option<Place> {
    let mut bindings = endpoint.sites.iter().flat_map(|site| &server.sites[*site].bindings);
    bindings.find(|binding| binding.endpoint.as_ref() == Some(&endpoint.key)).map(|binding| binding.place)
}

#[cfg(test)]
mod tests {
    use super::super::testing::{SERVICE, findings, fixture, metabase, records_alone, with_records};
    use super::*;

    fn pair(first: &str, second: &str, access: u32) -> Vec<Finding> {
        findings(
            &RULE,
            &metabase(&format!(
                r#"{SERVICE}<IIsWebServer Location="/LM/W3SVC/1" SecureBindings=":443:" SSLCertHash="aa" {first}></IIsWebServer>
                   <IIsWebVirtualDir Location="/LM/W3SVC/1/ROOT" AccessSSLFlags="{access}"></IIsWebVirtualDir>
                   <IIsWebServer Location="/LM/W3SVC/2" SecureBindings="10.0.0.5:443:" SSLCertHash="bb" {second}></IIsWebServer>"#
            )),
        )
    }

    #[test]
    fn different_options_on_a_specific_address_are_told_with_both_values() {
        let found = pair("", r#"CertCheckMode="1""#, 104);
        assert_eq!((found.len(), found[0].severity, found[0].confidence), (1, Severity::Medium, Confidence::Likely));
        assert!(found[0].message.contains("10.0.0.5:443") && found[0].message.contains("not set → 0"), "{}", found[0].message);
    }

    #[test]
    fn records_are_compared_with_and_without_their_sites() {
        let listing = "netsh/o01_2012r2_conflict_revocation.txt";
        let found = findings(&RULE, &records_alone(listing));
        assert_eq!((found.len(), found[0].severity), (1, Severity::Info));
        for label in
            ["Verify Client Certificate Revocation: Disabled on 0.0.0.0:443, Enabled on 10.20.0.5:443", "Revocation Freshness Time"]
        {
            assert!(found[0].message.contains(label), "{}", found[0].message);
        }
        let found = findings(&RULE, &with_records("apphost/F2_shared_ipport_hostheaders.config", listing));
        assert_eq!((found.len(), found[0].severity, found[0].confidence), (1, Severity::Medium, Confidence::Likely));
    }

    #[test]
    fn it_is_information_while_nobody_wants_certificates() {
        assert_eq!(pair("", r#"SSLAlwaysNegoClientCert="TRUE""#, 8)[0].severity, Severity::Info);
        assert_eq!(findings(&RULE, &fixture("metabase/02_service_level_inheritance.xml"))[0].severity, Severity::Info);
    }

    #[test]
    fn a_second_certificate_and_another_port_are_silent() {
        assert!(pair("", "", 104).is_empty());
        assert!(findings(&RULE, &fixture("metabase/04_shared_endpoint_collision.xml")).is_empty());
        assert!(findings(&RULE, &fixture("apphost/F3_specific_ip_shadows_sni.config")).is_empty());
    }
}
