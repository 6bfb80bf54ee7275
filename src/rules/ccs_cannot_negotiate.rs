//! `ccs-cannot-negotiate`: a site on the Central Certificate Store wants client certificates, which its record cannot ask for early.

use std::collections::{BTreeMap, BTreeSet};

use super::endpoints;
use super::record_options::{by_key, endpoint};
use super::steps::{self, Remedies};
use super::{Confidence, Context, Finding, Rule, Severity};
use crate::httpsys::Switch;
use crate::remedy::{Remedy, Risk};
use crate::server::{Binding, EndpointKey, Served, Server, binding_flags};

pub(super) const RULE: Rule = Rule {
    name: "ccs-cannot-negotiate",
    severity: Severity::Medium,
    confidence: Confidence::Likely,
    title: "A site that wants client certificates uses the Central Certificate Store",
    meaning: "The record of the Central Certificate Store takes default options only: it cannot ask for the client certificate in the first \
              handshake. The certificate is therefore always asked for late, after the request has arrived, which TLS 1.3 and HTTP/2 make \
              difficult.",
    sees: "Over TLS 1.3 or HTTP/2 a reset connection, 403.7 or 500.0; 413 for request bodies larger than the read-ahead size.",
    silent: "For sites where no path accepts or requires certificates, and where HTTP/2 and TLS 1.3 are both switched off in the binding flags. With the \
             HTTP.sys records also where a scoped record, which takes options, or no record at all serves the host. Likely, because the versions \
             of Windows and TLS decide.",
    evidence: "applicationHost.config; the HTTP.sys records show a scoped record",
    fix: "Give the host name an SNI record with its own certificate instead, and let it negotiate in the first handshake.",
    remedies: Remedies::iis7(
        steps::NO_BINDING_FLAGS,
        &[
            steps::advice(
                "assign a certificate of the local store to the binding in IIS Manager, with SNI and without the Central Certificate Store; that writes a record for the host name",
            ),
            steps::NEGOTIATE_HOST,
        ],
    ),
    references: &[
        "segor/SslCertBinding.Net: README",
        "MicrosoftDocs/iis-docs: iis-80-centralized-ssl-certificate-support-ssl-scalability-and-manageability.md",
    ],
    check,
};

fn check(context: &Context<'_>, findings: &mut Vec<Finding>) {
    let server = context.server;
    let numbers = by_key(server);
    let both_off = |binding: &Binding| binding.has_flag(binding_flags::NO_HTTP2) && binding.has_flag(binding_flags::NO_TLS13);
    for site in server.sites.iter().filter(|site| site.wants_certificates()) {
        let bindings: Vec<&Binding> = site
            .bindings
            .iter()
            .filter(|binding| {
                matches!(binding.endpoint, Some(EndpointKey::Ccs(_))) && !both_off(binding) && is_late(server, &numbers, binding)
            })
            .collect();
        let Some(first) = bindings.first() else { continue };
        let keys: BTreeSet<String> = bindings.iter().filter_map(|binding| binding.endpoint.as_ref()).map(ToString::to_string).collect();
        let subject = keys.into_iter().collect::<Vec<_>>().join(", ");
        let policy = if site.requires_certificates() { "requires" } else { "accepts" };
        let message = format!(
            "{} {policy} client certificates, but the record of the Central Certificate Store ({subject}), which serves {}, likely cannot ask for \
             them in the first handshake",
            site.label(),
            endpoints::list(bindings.iter().map(|binding| binding.written.clone()))
        );
        let wanting = site.scopes.iter().find(|scope| scope.wants_certificates());
        let said = wanting.and_then(|scope| scope.settings.get(crate::catalogue::Setting::AccessFlags)?.origin.place());
        let mut finding = Finding::new(&RULE, server, message).site(site).at(Some(first.place)).subject(subject);
        finding = finding.related(said, "client certificates are wanted here").remedy(Remedy::advice(
            Risk::Safe,
            "use SNI without the Central Certificate Store for these host names, each with a record that has clientcertnegotiation=enable",
        ));
        for binding in bindings.iter().skip(1).take(8) {
            finding = finding.related(Some(binding.place), format!("binding {}", binding.written));
        }
        findings.push(finding);
    }
}

/// Whether the record of the store serves the binding, as far as the records are known, and does not negotiate.
fn is_late(server: &Server, numbers: &BTreeMap<&EndpointKey, usize>, binding: &Binding) -> bool {
    let Some(key @ EndpointKey::Ccs(port)) = &binding.endpoint else { return false };
    let Some(endpoint) = endpoint(server, key).filter(|_| server.records.is_some()) else { return true };
    let scoped = EndpointKey::ScopedCcs(binding.host.to_lowercase(), *port);
    let early = server.record_of(endpoint).and_then(|record| record.switch(Switch::Negotiate)) == Some(true);
    matches!(endpoint.served, Served::Own(_)) && !early && !numbers.contains_key(&scoped)
}

#[cfg(test)]
mod tests {
    use super::super::testing::{apphost, findings, fixture, with_records};
    use super::*;

    fn site(flags: u32, access: &str) -> Vec<Finding> {
        findings(
            &RULE,
            &apphost(&format!(
                r#"<system.applicationHost><sites><site name="A" id="1"><bindings>
                   <binding protocol="https" bindingInformation="*:443:a.test" sslFlags="{flags}" />
                   </bindings></site></sites></system.applicationHost>
                   <location path="A"><system.webServer><security><access sslFlags="{access}" /></security></system.webServer></location>"#
            )),
        )
    }

    #[test]
    fn both_bindings_of_the_shop_lead_to_the_store() {
        let found = findings(&RULE, &fixture("apphost/F7_ccs_and_new_bits.config"));
        let shop = found.iter().find(|finding| finding.message.contains("Shop")).unwrap();
        assert_eq!((shop.severity, shop.confidence), (Severity::Medium, Confidence::Likely));
        assert!(
            shop.message.contains("shop.fabrikam.test") && shop.message.contains("www.fabrikam.test") && shop.message.contains("ccs:443")
        );
        assert_eq!(found.iter().filter(|finding| finding.message.contains("Shop")).count(), 1);
    }

    #[test]
    fn only_what_the_record_of_the_store_serves_is_late() {
        let found = findings(&RULE, &with_records("apphost/F7_ccs_and_new_bits.config", "netsh/o02_2022_sni_drift_and_ccs.txt"));
        assert!(found.iter().any(|finding| finding.message.contains("Shop")), "{found:?}");
        assert!(found.iter().all(|finding| !finding.subject.contains("9443")), "no record serves that port: {found:?}");
    }

    #[test]
    fn a_site_without_client_certificates_or_without_the_store_is_silent() {
        assert_eq!(site(2, "Ssl, SslNegotiateCert").len(), 1);
        assert!(site(2, "Ssl").is_empty());
        assert!(site(1, "Ssl, SslNegotiateCert").is_empty());
        assert!(site(2 + 4 + 32, "Ssl, SslNegotiateCert").is_empty());
    }
}
