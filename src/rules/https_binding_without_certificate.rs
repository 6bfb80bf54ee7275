//! `https-binding-without-certificate`: a site has a secure binding and no server certificate.

use std::collections::{BTreeMap, BTreeSet};

use super::endpoints;
use super::record_options::{by_key, endpoint};
use super::steps::{self, Remedies};
use super::{Confidence, Context, Finding, Rule, Severity};
use crate::catalogue::{Setting, Value};
use crate::httpsys::{Extent, Index, ReadRecords, Record, Source, Switch};
use crate::remedy::{Remedy, Risk, netsh};
use crate::server::{Binding, Endpoint, EndpointKey, Generation, Served, Server};

pub(super) const RULE: Rule = Rule {
    name: "https-binding-without-certificate",
    severity: Severity::High,
    confidence: Confidence::Likely,
    title: "A secure binding has no server certificate",
    meaning: "The site listens for https, but there is no server certificate for it: on IIS 6 neither the site nor the web service names one \
              (SSLCertHash), on IIS 7 and later HTTP.sys has no SSL record with the key that the binding leads to. Without a record HTTP.sys \
              cannot complete a TLS handshake.",
    sees: "The connection is reset or the handshake fails; nothing is written to the log of the site.",
    silent: "When the certificate cannot be known: an export without `/LM/W3SVC`, or IIS 7 and later without the HTTP.sys records. Medium when \
             another record serves it: that of another site on the endpoint, of any address of the port, of a wildcard host name, or of the \
             Central Certificate Store. Firm where the records are known; `likely` where the listing holds a single record, which may be one that was \
             asked for, and silent where the command in the file shows that it was.",
    evidence: "MetaBase.xml; on IIS 7 and later the HTTP.sys record",
    fix: "Assign a certificate with the certificate wizard, or remove the secure binding.",
    remedies: Remedies::both(
        &[steps::QUERY_SSL, steps::CERTIFICATE_6, steps::SET_BINDINGS],
        &[
            steps::SHOW_RECORDS,
            steps::advice("assign a certificate to the binding in IIS Manager, which writes the record"),
            steps::ADD_RECORD,
            steps::REMOVE_BINDING,
        ],
    ),
    references: &["SDK ms525719", "SDK ms524780", "TechNet cc739755"],
    check,
};

fn check(context: &Context<'_>, findings: &mut Vec<Finding>) {
    let server = context.server;
    if server.generation != Generation::Iis6 {
        if let Some(read) = &server.records {
            let own = by_key(server);
            let single = single(read).then(|| Index::new(&read.records));
            for (key, bindings) in context.bindings_by_endpoint() {
                let without = |endpoint| without_record(server, endpoint, bindings, own.contains_key(key), single.as_ref());
                findings.extend(endpoint(server, key).and_then(without));
            }
        }
        return;
    }
    // Which started sites have a certificate on each endpoint.
    let mut served: BTreeMap<&EndpointKey, usize> = BTreeMap::new();
    for (index, binding) in endpoints::bindings(server) {
        let site = &server.sites[index];
        let has = site.auto_start && endpoints::value(site, Setting::ServerCertificate).is_some_and(|value| *value != Value::None);
        if let (true, Some(key)) = (has, &binding.endpoint) {
            served.entry(key).or_insert(index);
        }
    }
    for site in server.sites.iter().filter(|site| site.declared) {
        if endpoints::value(site, Setting::ServerCertificate) != Some(&Value::None) {
            continue;
        }
        let bindings: Vec<(&Binding, &EndpointKey)> =
            site.bindings.iter().filter_map(|binding| binding.endpoint.as_ref().map(|key| (binding, key))).collect();
        let other = |key: &EndpointKey| {
            let any = match key {
                EndpointKey::IpPort(_, port) => served.get(&EndpointKey::IpPort("0.0.0.0".to_owned(), *port)),
                _ => None,
            };
            served.get(key).or(any).copied()
        };
        let dead = bindings.iter().find(|(_, key)| other(key).is_none());
        let Some((binding, _)) = dead.or(bindings.first()) else { continue };
        let keys: BTreeSet<String> = bindings.iter().map(|(_, key)| key.to_string()).collect();
        let subject = keys.iter().cloned().collect::<Vec<_>>().join(", ");
        let keys = endpoints::list(keys);
        let mut message =
            format!("SecureBindings leads to {keys}, and no server certificate is set (SSLCertHash) at the site or at /LM/W3SVC");
        let mut finding_place = None;
        if dead.is_none() {
            let sites: BTreeSet<usize> = bindings.iter().filter_map(|(_, key)| other(key)).collect();
            finding_place = sites.first().copied();
            message.push_str(&format!("; it is likely served by the record of {}", endpoints::names(server, sites)));
        }
        let mut finding = Finding::new(&RULE, server, message)
            .site(site)
            .setting(Setting::ServerCertificate)
            .at(Some(binding.place))
            .severity(if dead.is_some() { Severity::High } else { Severity::Medium })
            .subject(subject)
            .remedy(Remedy::command(Risk::ReadOnly, "shows the records that HTTP.sys really has", "httpcfg query ssl"))
            .remedy(Remedy::advice(
                Risk::Safe,
                "assign a certificate with the certificate wizard of IIS Manager; SSLCertHash cannot be written as text with adsutil",
            ));
        if let Some(other) = finding_place {
            let other = &server.sites[other];
            let place = other.root().settings.get(Setting::ServerCertificate).and_then(|resolved| resolved.origin.place());
            finding = finding
                .related(place, format!("server certificate of {}", other.label()))
                .sees("The server certificate of another site, with that site's client-certificate options.");
        }
        findings.push(finding);
    }
}

/// Whether the records are those of a listing that holds one, and may be whole.
fn single(read: &ReadRecords) -> bool {
    // A record that is cut off shows that the listing is not whole.
    let whole = |record: &Record| record.cert_check_mode.number().is_some() && record.switches.contains_key(&Switch::Negotiate);
    read.extent == Extent::Single && read.records.iter().any(|record| record.source != Source::Registry && whole(record))
}

/// What is wrong with an endpoint of IIS 7 or later that has no record of its own. `single` holds the records of a listing of one.
fn without_record(
    server: &Server,
    endpoint: &Endpoint,
    bindings: &[(usize, &Binding)],
    has_own: bool,
    single: Option<&Index<'_>>,
) -> Option<Finding> {
    let read = server.records.as_ref()?;
    let key = &endpoint.key;
    let (site, binding) = bindings.iter().find(|(site, _)| server.sites[*site].auto_start).or(bindings.first())?;
    let sites: BTreeSet<usize> = bindings.iter().map(|(site, _)| *site).collect();
    let who = endpoints::names(server, sites);
    // A listing of one record may be whole; if it is, the missing record is a fault, and this the only sign of it.
    let single = single.filter(|_| endpoint.served == Served::NotGiven);
    let served = single.map_or(endpoint.served, |index| {
        let addresses = bindings.iter().map(|(_, binding)| binding.ip.clone()).collect();
        index.serves(key, Some(&addresses))
    });
    let single = single.is_some();
    let other = match served {
        Served::Nobody => None,
        // Where its own record exists as well, the other one only comes first, and `specific-ip-shadows-sni` tells it.
        Served::Other(number) if !has_own => Some(read.records.get(number)?),
        Served::Own(_) | Served::Other(_) | Served::NotGiven => return None,
    };
    let listed = || read.records.first().map_or_else(String::new, |record| record.key.to_string());
    let message = match other {
        _ if single => format!(
            "The binding \"{}\" of {who} leads to {key}, and the only SSL record in the listing is {}: if that is the whole listing, {}",
            binding.written,
            listed(),
            match other {
                None => "no record serves it".to_owned(),
                Some(record) => format!("it has no record of its own and is served by {}", record.key),
            }
        ),
        None => format!("The binding \"{}\" of {who} leads to {key}, and HTTP.sys has no SSL record that serves it", binding.written),
        Some(record) => format!(
            "The binding \"{}\" of {who} leads to {key}, which has no SSL record of its own; it is served by another record, {}",
            binding.written, record.key
        ),
    };
    // What shows one record alone says nothing about the others.
    let partial = single || read.not_found.is_some();
    let mut finding = Finding::new(&RULE, server, message)
        .site(&server.sites[*site])
        .setting(Setting::ServerCertificate)
        .at(Some(binding.place))
        .severity(if other.is_none() { Severity::High } else { Severity::Medium })
        .confidence(if partial { Confidence::Likely } else { Confidence::Firm })
        .subject(key.to_string())
        .remedy(Remedy::offer(
            Risk::ReadOnly,
            "shows whether HTTP.sys has such a record by now",
            netsh::show(key).and_then(|command| command.lines()),
        ))
        .remedy(Remedy::advice(
            Risk::Safe,
            "choose the server certificate in the binding in IIS Manager, which writes the record, or remove the binding when nobody needs it",
        ));
    if single {
        finding = finding.remedy(Remedy::command(
            Risk::ReadOnly,
            "lists all records, to be given in place of this listing",
            "netsh http show sslcert",
        ));
    }
    if let Some(record) = other {
        finding = finding
            .related(Some(record.place), format!("the record {}, which serves it", record.key))
            .sees("The server certificate of the other record, with its client-certificate options.");
    }
    Some(finding)
}

#[cfg(test)]
mod tests {
    use super::super::testing::{SERVICE, findings, fixture, metabase, with_records};
    use super::*;

    fn site(id: u32, attributes: &str) -> String {
        format!(r#"<IIsWebServer Location="/LM/W3SVC/{id}" {attributes}></IIsWebServer>"#)
    }

    fn found(sites: &[String]) -> Vec<Finding> {
        findings(&RULE, &metabase(&format!("{SERVICE}{}", sites.concat())))
    }

    #[test]
    fn a_secure_binding_without_certificate_is_high_and_reported_once_per_site() {
        let found = found(&[site(1, r#"SecureBindings=":443:  10.0.0.5:8443:""#)]);
        assert_eq!((found.len(), found[0].severity, found[0].confidence), (1, Severity::High, Confidence::Likely));
        assert!(found[0].message.contains("0.0.0.0:443") && found[0].message.contains("10.0.0.5:8443"), "{}", found[0].message);
    }

    #[test]
    fn a_site_that_another_record_serves_is_medium_and_names_it() {
        for binding in [":443:b", "10.0.0.5:443:"] {
            let found = found(&[site(1, r#"SecureBindings=":443:" SSLCertHash="aa""#), site(2, &format!(r#"SecureBindings="{binding}""#))]);
            assert_eq!((found.len(), found[0].severity), (1, Severity::Medium), "{binding}");
            assert!(found[0].message.contains("record of site 1"));
        }
    }

    #[test]
    fn an_own_or_inherited_certificate_and_a_plain_site_are_silent() {
        assert!(found(&[site(1, r#"SecureBindings=":443:" SSLCertHash="aa""#)]).is_empty());
        assert!(found(&[site(1, r#"ServerBindings=":80:""#)]).is_empty());
        let service = r#"<IIsWebService Location="/LM/W3SVC" SSLCertHash="aa"></IIsWebService>"#;
        assert!(findings(&RULE, &metabase(&format!("{service}{}", site(1, r#"SecureBindings=":443:""#)))).is_empty());
    }

    fn records(config: &str, listing: &str) -> Vec<(String, Severity, Confidence)> {
        let found = findings(&RULE, &with_records(config, listing));
        found.into_iter().map(|finding| (finding.subject, finding.severity, finding.confidence)).collect()
    }

    #[test]
    fn a_binding_that_no_record_serves_is_firm_and_one_that_another_serves_is_medium() {
        let found = records("apphost/F7_ccs_and_new_bits.config", "netsh/o02_2022_sni_drift_and_ccs.txt");
        let of = |key: &str| found.iter().find(|(subject, ..)| subject == key).map(|(_, severity, confidence)| (*severity, *confidence));
        assert_eq!(of("ccs:9443"), Some((Severity::High, Confidence::Firm)), "{found:?}");
        assert_eq!(of("health.fabrikam.test:443"), Some((Severity::Medium, Confidence::Firm)), "{found:?}");
        assert_eq!(of("ccs:443"), None);
        let found = records("apphost/F3_specific_ip_shadows_sni.config", "netsh/o01_2012r2_conflict_revocation.txt");
        let keys: Vec<&str> = found.iter().map(|(subject, ..)| subject.as_str()).collect();
        assert_eq!(keys, ["[fd00:20::5]:443", "api.fabrikam.test:443", "portal.fabrikam.test:443"]);
        assert!(found.iter().all(|(_, severity, _)| *severity == Severity::Medium));
        assert!(records("apphost/F1_consistent_sni.config", "netsh/o02_2022_sni_drift_and_ccs.txt").is_empty());
    }

    #[test]
    fn a_listing_of_one_record_makes_the_missing_one_likely_and_a_question_for_it_makes_it_unknown() {
        let sites = super::super::testing::https_site(1, "*:443:", "Ssl") + &super::super::testing::https_site(2, "*:8443:", "Ssl");
        let sites = sites + &super::super::testing::https_site(3, "10.0.0.5:443:", "Ssl");
        let record = "SSL Certificate bindings:\n---------\n\n    IP:port : 0.0.0.0:443\n    Certificate Hash : 1f0c6b7c2a9d4e58b3a7c0d1e2f30415263748a9\n";
        let cut = record;
        let whole = "    Verify Client Certificate Revocation : Enabled\n    Verify Revocation Using Cached Client Certificate Only : Disabled\n    Usage Check : Enabled\n    Revocation Freshness Time : 0\n    Negotiate Client Certificate : Disabled\n";
        let record = format!("{cut}{whole}");
        let shortened = findings(&RULE, &super::super::testing::joined(&sites, cut));
        assert!(shortened.is_empty(), "a record that is cut off shows that the listing is");
        let found = |command: &str| findings(&RULE, &super::super::testing::joined(&sites, &format!("{command}\n\n{record}")));
        let told: Vec<_> = found("").into_iter().map(|finding| (finding.subject, finding.severity, finding.confidence)).collect();
        assert_eq!(
            told,
            [
                ("0.0.0.0:8443".to_owned(), Severity::High, Confidence::Likely),
                ("10.0.0.5:443".to_owned(), Severity::Medium, Confidence::Likely)
            ]
        );
        assert!(found("")[0].message.contains("if that is the whole listing, no record serves it"), "{}", found("")[0].message);
        assert!(found("C:\\>netsh http show sslcert ipport=0.0.0.0:443").is_empty());
        let whole = found("C:\\>netsh http show sslcert");
        assert!(whole.len() == 2 && whole.iter().all(|finding| finding.confidence == Confidence::Firm));
    }

    #[test]
    fn what_cannot_be_known_is_not_said() {
        assert!(findings(&RULE, &metabase(&site(1, r#"SecureBindings=":443:""#))).is_empty(), "an export without the service");
        assert!(findings(&RULE, &fixture("apphost/F1_consistent_sni.config")).is_empty());
        assert!(findings(&RULE, &fixture("metabase/08_contradictory_flags.xml")).is_empty(), "no secure binding at all");
    }
}
