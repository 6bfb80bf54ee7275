//! `asks-everyone-needlessly`: every visitor is asked for a certificate that no path wants.

use super::endpoints;
use super::record_remedy::Change;
use super::records::Used;
use super::steps::{self, Remedies};
use super::{Confidence, Context, Finding, Rule, Severity};
use crate::catalogue::{Setting, Value};
use crate::httpsys::Switch;
use crate::remedy::Risk;
use crate::server::{EndpointKey, Generation, Server};

pub(super) const RULE: Rule = Rule {
    name: "asks-everyone-needlessly",
    severity: Severity::Low,
    confidence: Confidence::Firm,
    title: "Every visitor is asked for a certificate that nothing uses",
    meaning: "SSLAlwaysNegoClientCert, or `Negotiate Client Certificate` of the HTTP.sys record, makes the server ask for a client certificate in the first handshake of every connection, but no path of any site \
              on the endpoint accepts or requires one.",
    sees: "A certificate prompt in the browser of every visitor.",
    silent: "When any path of any site on the endpoint wants certificates, when the access flags or the setting itself are not known, for a record whose \
             sites are not known, and for records of other products.",
    evidence: "MetaBase.xml; on IIS 7 and later applicationHost.config and the HTTP.sys record",
    fix: "Set SSLAlwaysNegoClientCert to FALSE, or clientcertnegotiation to disable, unless an application reads the certificate itself.",
    remedies: Remedies::both(
        &[steps::adsutil!("asks only on the paths that want a certificate", "set W3SVC/SITE-ID/SSLAlwaysNegoClientCert FALSE")],
        &[steps::SHOW_RECORD, steps::record!("asks only on the paths that want a certificate", "clientcertnegotiation=disable")],
    ),
    references: &["TechNet cc778630", "SDK ms525641"],
    check,
};

fn check(context: &Context<'_>, findings: &mut Vec<Finding>) {
    let server = context.server;
    if server.generation != Generation::Iis6 {
        findings.extend(context.records().iter().filter_map(|used| by_record(server, used)));
        return;
    }
    for endpoint in server.endpoints.iter().filter(|endpoint| endpoints::may_have_certificate(server, endpoint)) {
        let negotiates = endpoint.settings.get(Setting::NegotiateClientCertificate).and_then(|resolved| resolved.known()?.bool());
        let unused = |site: &usize| server.sites[*site].scopes.iter().all(|scope| scope.access().is_some() && !scope.wants_certificates());
        if negotiates != Some(true) || !endpoint.sites.iter().all(unused) {
            continue;
        }
        let started = endpoint.sites.iter().copied().find(|site| server.sites[*site].auto_start);
        let Some(site) = started.or(endpoint.sites.first().copied()).map(|site| &server.sites[site]) else { continue };
        let resolved = site.root().settings.get(Setting::NegotiateClientCertificate);
        let message = format!(
            "SSLAlwaysNegoClientCert is {}: every visitor of {} is asked for a certificate, but no path of {} wants one",
            resolved.map(|resolved| endpoints::said(server, Setting::NegotiateClientCertificate, resolved)).unwrap_or_default(),
            endpoint.key,
            endpoints::names(server, endpoint.sites.iter().copied())
        );
        let mut finding = Finding::new(&RULE, server, message)
            .site(site)
            .setting(Setting::NegotiateClientCertificate)
            .at(resolved.and_then(|resolved| resolved.origin.place()).or(site.place))
            .subject(endpoint.key.to_string());
        for site in endpoint.sites.iter().take(4) {
            if let Some(remedy) = endpoints::align(server, &server.sites[*site], Setting::NegotiateClientCertificate, &Value::Bool(false)) {
                finding = finding.remedy(remedy);
            }
        }
        findings.push(finding);
    }
}

/// The finding about a record of HTTP.sys.
fn by_record(server: &Server, used: &Used<'_>) -> Option<Finding> {
    let unused = |site: &usize| server.sites[*site].scopes.iter().all(|scope| scope.access().is_some() && !scope.wants_certificates());
    if used.negotiates() != Some(true) || used.sites.is_empty() || !used.sites.iter().chain(&passing(server, used)).all(unused) {
        return None;
    }
    let open = server.notices.iter().any(|notice| notice.name == "delegated-not-assessed");
    let mut message = format!("Every visitor is asked for a certificate by {}, but no path wants one", used.words());
    if open {
        message.push_str(", unless a web.config that was not given does");
    }
    let place = used.record.switch_place(Switch::Negotiate);
    Some(
        used.finding(&RULE, Setting::NegotiateClientCertificate, message, place)
            .confidence(if open { Confidence::Likely } else { Confidence::Firm })
            .remedies_of(used.set(
                Risk::Safe,
                "asks nobody, where no path was meant to want certificates (otherwise demand them there again)",
                Change::Switch(Switch::Negotiate, false),
            )),
    )
}

/// The sites that are reached through the record of a specific address although their bindings lead to others: it comes before SNI.
fn passing(server: &Server, used: &Used<'_>) -> Vec<usize> {
    let EndpointKey::IpPort(ip, port) = &used.record.key else { return Vec::new() };
    if ip == "0.0.0.0" || ip == "[::]" {
        return Vec::new();
    }
    let bindings = endpoints::bindings(server).filter(|(_, binding)| binding.endpoint.is_some() && binding.port == Some(*port));
    bindings.filter(|(_, binding)| binding.ip == "*" || binding.ip == *ip).map(|(site, _)| site).collect()
}

#[cfg(test)]
mod tests {
    use super::super::testing::{SERVICE, findings, fixture, https_site, joined, metabase, records_alone, registry, with_records};
    use super::*;

    fn site(negotiate: &str, access: &str) -> Vec<Finding> {
        findings(
            &RULE,
            &metabase(&format!(
                r#"{SERVICE}<IIsWebServer Location="/LM/W3SVC/1" SecureBindings=":443:" SSLCertHash="aa" {negotiate}></IIsWebServer>
                   <IIsWebVirtualDir Location="/LM/W3SVC/1/ROOT" AccessSSLFlags="8"></IIsWebVirtualDir>
                   <IIsWebVirtualDir Location="/LM/W3SVC/1/ROOT/app" AccessSSLFlags="{access}"></IIsWebVirtualDir>"#
            )),
        )
    }

    #[test]
    fn asking_where_nobody_wants_a_certificate_is_low() {
        let found = site(r#"SSLAlwaysNegoClientCert="TRUE""#, "8");
        assert_eq!((found.len(), found[0].severity, found[0].confidence), (1, Severity::Low, Confidence::Firm));
        assert!(found[0].message.contains("0.0.0.0:443"));
        assert!(found[0].remedies[0].command.as_deref().unwrap().ends_with("set W3SVC/1/SSLAlwaysNegoClientCert FALSE"));
    }

    #[test]
    fn one_path_that_wants_certificates_is_reason_enough() {
        assert!(site(r#"SSLAlwaysNegoClientCert="TRUE""#, "40").is_empty());
    }

    #[test]
    fn asking_late_and_flags_that_cannot_be_read_are_silent() {
        assert!(site("", "8").is_empty());
        assert!(site(r#"SSLAlwaysNegoClientCert="FALSE""#, "8").is_empty());
        assert!(site(r#"SSLAlwaysNegoClientCert="TRUE""#, "AccessSSL.Negotiate").is_empty());
        assert!(findings(&RULE, &fixture("metabase/07_renegotiation_413.xml")).is_empty());
    }

    #[test]
    fn a_record_that_asks_for_nobody_is_low_and_one_whose_sites_are_not_known_is_silent() {
        let asks = registry(&[("DefaultFlags", 2)]);
        let found = findings(&RULE, &joined(&https_site(1, "*:443:", "Ssl"), &asks));
        assert_eq!((found.len(), found[0].severity), (1, Severity::Low));
        assert!(found[0].remedies[0].command.as_ref().unwrap().contains("clientcertnegotiation=disable"));
        assert!(findings(&RULE, &joined(&https_site(1, "*:443:", "Ssl, SslNegotiateCert"), &asks)).is_empty());
        assert!(findings(&RULE, &records_alone("netsh/o03_2025_tls13_ctl_mapper.txt")).is_empty());
    }

    #[test]
    fn a_record_of_an_address_that_sites_with_sni_pass_through_is_not_called_needless() {
        let server = with_records("apphost/F3_specific_ip_shadows_sni.config", "netsh/o01_2012r2_conflict_revocation.txt");
        assert!(findings(&RULE, &server).is_empty());
    }
}
