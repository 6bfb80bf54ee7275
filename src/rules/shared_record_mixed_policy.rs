//! `shared-record-mixed-policy`: one record serves sites with different client-certificate policies.

use super::endpoints;
use super::records::is_foreign;
use super::steps::{self, Remedies};
use super::{Confidence, Context, Finding, Rule, Severity};
use crate::catalogue::Setting;
use crate::remedy::{Remedy, Risk};
use crate::server::{EndpointKey, Generation, Served, Site};

pub(super) const RULE: Rule = Rule {
    name: "shared-record-mixed-policy",
    severity: Severity::Low,
    confidence: Confidence::Firm,
    title: "One SSL record serves sites with different client-certificate policies",
    meaning: "Whether the certificate is asked for in the first handshake is decided once for the record, before the site is known. With sites \
              that want certificates beside sites that do not, either everybody is asked, or the certificate is asked for late, after the \
              request has arrived.",
    sees: "With negotiation in the first handshake: a certificate prompt for visitors of every site on the record. Without: a late request, \
           which can answer 413 to large bodies and, on newer systems, fail over TLS 1.3 or HTTP/2.",
    silent: "Only `info` for sites that accept beside sites that require certificates. Silent when each site has its own record, for sites that do \
             not start by themselves, and for the record of the Central Certificate Store, which cannot negotiate at all.",
    evidence: "MetaBase.xml, or applicationHost.config; the HTTP.sys record tells which of the two happens",
    fix: "Give the sites with another policy a record of their own: SNI (IIS 8 and later), an IP address or a port.",
    remedies: Remedies::both(&[steps::OWN_ENDPOINT_6], &[steps::SHOW_RECORD, steps::OWN_ENDPOINT_7]),
    references: &[
        "HTTP_SERVICE_CONFIG_SSL_PARAM (learn.microsoft.com)",
        "MicrosoftDocs/iis-docs: .../security/access.md",
        "TechNet cc778630",
    ],
    check,
};

#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Policy {
    None,
    Accept,
    Require,
}

impl Policy {
    fn words(self) -> &'static str {
        match self {
            Policy::None => "no certificate is wanted",
            Policy::Accept => "certificates are accepted",
            Policy::Require => "certificates are required",
        }
    }
}

/// The strictest policy of any path; `None` when flags that cannot be read could change it.
fn policy(site: &Site) -> Option<Policy> {
    if site.requires_certificates() {
        Some(Policy::Require)
    } else if site.scopes.iter().any(|scope| scope.access().is_none()) {
        None
    } else if site.wants_certificates() {
        Some(Policy::Accept)
    } else {
        Some(Policy::None)
    }
}

fn check(context: &Context<'_>, findings: &mut Vec<Finding>) {
    let server = context.server;
    for endpoint in &server.endpoints {
        let sites = endpoint.sites.iter().copied().filter(|site| server.sites[*site].declared && server.sites[*site].auto_start);
        if endpoint.sites.len() < 2 || matches!(endpoint.key, EndpointKey::Ccs(_)) || !endpoints::may_have_certificate(server, endpoint) {
            continue;
        }
        // Without a record nothing is shared, and the record of another product is its owner's.
        if endpoint.served == Served::Nobody || server.record_of(endpoint).is_some_and(is_foreign) {
            continue;
        }
        let mut groups = endpoints::grouped(sites, |site| policy(&server.sites[site]));
        groups.sort_by_key(|(policy, _)| std::cmp::Reverse(*policy));
        let [(_, strictest), .., (least, _)] = groups.as_slice() else { continue };
        let severity = if *least == Policy::None { Severity::Low } else { Severity::Info };
        let parts: Vec<String> = groups
            .iter()
            .map(|(policy, sites)| format!("{} at {}", policy.words(), endpoints::names(server, sites.iter().copied())))
            .collect();
        let early = endpoint.settings.get(Setting::NegotiateClientCertificate).and_then(|resolved| resolved.known()?.bool());
        let how = match (early, server.record_of(endpoint).is_some()) {
            (Some(true), true) => ". It negotiates in the first handshake, so that visitors of all of them are asked for a certificate",
            (Some(false), true) => ". It does not negotiate in the first handshake, so that the certificate is asked for late",
            _ => "",
        };
        let message = format!("The one SSL record of {} serves sites with different policies: {}{how}", endpoint.key, parts.join(", "));
        let site = &server.sites[strictest[0]];
        let mut finding = Finding::new(&RULE, server, message)
            .site(site)
            .setting(Setting::AccessFlags)
            .at(place(site))
            .severity(severity)
            .subject(endpoint.key.to_string());
        if let Some(early) = early {
            finding = finding.sees(if early {
                "Every visitor of these sites is asked for a certificate in the first handshake."
            } else {
                "The certificate is asked for late, after the request has arrived: large bodies can answer 413."
            });
        }
        for (policy, sites) in groups.iter().skip(1) {
            let other = &server.sites[sites[0]];
            finding = finding.related(place(other), format!("{} at {}", policy.words(), other.label()));
        }
        let advice = match server.generation {
            Generation::Iis6 => "give the sites with another policy an IP address or port of their own in SecureBindings",
            Generation::Iis7 | Generation::IisExpress => {
                "give the sites with another policy a record of their own: an SNI binding with its own certificate (IIS 8 and later), another \
                 IP address, or another port"
            }
        };
        findings.push(finding.remedy(Remedy::advice(Risk::Safe, advice)));
    }
}

/// Where the policy is said: the first path that wants certificates, or else the root.
fn place(site: &Site) -> Option<crate::input::Place> {
    let scope = site.scopes.iter().find(|scope| scope.wants_certificates()).unwrap_or(site.root());
    scope.settings.get(Setting::AccessFlags).and_then(|resolved| resolved.origin.place()).or(site.place)
}

#[cfg(test)]
mod tests {
    use super::super::testing::{SERVICE, findings, fixture, metabase};
    use super::*;

    fn pair(first: u32, second: u32, rest: &str) -> Vec<Finding> {
        findings(
            &RULE,
            &metabase(&format!(
                r#"{SERVICE}<IIsWebServer Location="/LM/W3SVC/1" SecureBindings=":443:a" SSLCertHash="aa"></IIsWebServer>
                   <IIsWebVirtualDir Location="/LM/W3SVC/1/ROOT" AccessSSLFlags="{first}"></IIsWebVirtualDir>
                   <IIsWebServer Location="/LM/W3SVC/2" SecureBindings=":443:b" SSLCertHash="aa" {rest}></IIsWebServer>
                   <IIsWebVirtualDir Location="/LM/W3SVC/2/ROOT" AccessSSLFlags="{second}"></IIsWebVirtualDir>"#
            )),
        )
    }

    #[test]
    fn requiring_beside_not_asking_is_low_and_beside_accepting_is_information() {
        let found = pair(8, 104, "");
        assert_eq!((found.len(), found[0].severity), (1, Severity::Low));
        assert!(found[0].message.contains("certificates are required at site 2") && found[0].message.contains("wanted at site 1"));
        assert!(found[0].sees.contains("late"));
        assert_eq!(pair(40, 104, "")[0].severity, Severity::Info);
    }

    #[test]
    fn equal_policies_and_stopped_sites_are_silent() {
        assert!(pair(104, 104, "").is_empty());
        assert!(pair(8, 0, "").is_empty());
        assert!(pair(8, 104, r#"ServerAutoStart="FALSE""#).is_empty());
    }

    #[test]
    fn host_headers_on_one_record_are_seen_on_iis_7_and_sni_is_silent() {
        let found = findings(&RULE, &fixture("apphost/F2_shared_ipport_hostheaders.config"));
        assert_eq!((found.len(), found[0].severity), (1, Severity::Info));
        assert!(found[0].message.contains("0.0.0.0:443") && found[0].message.contains("Officer"));
        assert!(findings(&RULE, &fixture("apphost/F1_consistent_sni.config")).is_empty());
    }
}
