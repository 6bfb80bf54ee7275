//! `shared-record-two-names`: several host names are served by one record, and so by one certificate.

use std::collections::BTreeSet;

use super::endpoints;
use super::record_options::endpoint;
use super::steps::{self, Remedies};
use super::{Confidence, Context, Finding, Rule, Severity};
use crate::remedy::{Remedy, Risk};
use crate::server::{EndpointKey, Generation, Served};

pub(super) const RULE: Rule = Rule {
    name: "shared-record-two-names",
    severity: Severity::Info,
    confidence: Confidence::Hint,
    title: "Several host names share one server certificate",
    meaning: "Without SNI the record, and with it the certificate, is chosen by address and port before the host name is known. All names on it \
              are served with one certificate, which must name them all.",
    sees: "A certificate-name error in the browser for every host name that the certificate does not cover.",
    silent: "For SNI and Central Certificate Store bindings, where the certificate follows the name. The certificate itself is not in the file, \
             so a wildcard certificate that covers all names cannot be told apart.",
    evidence: "applicationHost.config",
    fix: "Use one certificate that covers all names, or set the SNI bit on each binding and give each name its certificate.",
    remedies: Remedies::iis7(
        "it knows no SNI, so all names of an endpoint always share a certificate",
        &[
            steps::BINDING_FLAGS,
            steps::advice("then assign each binding its certificate in IIS Manager, or one certificate that covers all names"),
        ],
    ),
    references: &["KB2405568", "MicrosoftDocs/iis-docs: .../sites/site/bindings/binding.md"],
    check,
};

fn check(context: &Context<'_>, findings: &mut Vec<Finding>) {
    let server = context.server;
    if server.generation == Generation::Iis6 {
        return;
    }
    for (key, bindings) in context.bindings_by_endpoint() {
        // What no record serves is not shared.
        let served = endpoint(server, key).is_none_or(|endpoint| endpoint.served != Served::Nobody);
        if !served || !matches!(key, EndpointKey::IpPort(..)) {
            continue;
        }
        let started: Vec<_> =
            bindings.iter().filter(|(site, binding)| server.sites[*site].auto_start && !binding.host.is_empty()).collect();
        let hosts: BTreeSet<String> = started.iter().map(|(_, binding)| binding.host.to_lowercase()).collect();
        let ([(site, binding), rest @ ..], 2..) = (started.as_slice(), hosts.len()) else { continue };
        let message = format!("{key} serves {} with one server certificate", endpoints::list(hosts));
        let mut finding = Finding::new(&RULE, server, message)
            .site(&server.sites[*site])
            .at(Some(binding.place))
            .subject(key.to_string())
            .remedy(Remedy::advice(
                Risk::Safe,
                "make sure that the certificate covers every name; or give each binding the SNI bit (1) in its binding flags and a certificate \
                 of its own, with netsh or IIS Manager",
            ));
        for (other, binding) in rest.iter().take(8) {
            finding = finding.related(Some(binding.place), format!("{} of {}", binding.host, server.sites[*other].label()));
        }
        findings.push(finding);
    }
}

#[cfg(test)]
mod tests {
    use super::super::testing::{findings, fixture};
    use super::*;

    #[test]
    fn two_host_headers_without_sni_share_a_certificate() {
        let found = findings(&RULE, &fixture("apphost/F2_shared_ipport_hostheaders.config"));
        assert_eq!((found.len(), found[0].severity, found[0].confidence), (1, Severity::Info, Confidence::Hint));
        assert!(found[0].message.contains("citizen.fabrikam.test and officer.fabrikam.test"), "{}", found[0].message);
    }

    #[test]
    fn sni_the_central_store_and_iis_6_are_silent() {
        for path in [
            "apphost/F1_consistent_sni.config",
            "apphost/F7_ccs_and_new_bits.config",
            "apphost/F3_specific_ip_shadows_sni.config",
            "metabase/04_shared_endpoint_collision.xml",
        ] {
            assert!(findings(&RULE, &fixture(path)).is_empty(), "{path}");
        }
    }
}
