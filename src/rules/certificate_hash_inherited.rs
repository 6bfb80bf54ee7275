//! `certificate-hash-inherited`: a server certificate stands at the web service, so sites without their own use it.

use super::endpoints;
use super::steps::{self, Remedies};
use super::{Confidence, Context, Finding, Rule, Severity};
use crate::catalogue::{Setting, Value, entry};
use crate::remedy::{Remedy, Risk};
use crate::server::{Anomaly, AnomalyKind, Origin, Server};

pub(super) const RULE: Rule = Rule {
    name: "certificate-hash-inherited",
    severity: Severity::Medium,
    confidence: Confidence::Firm,
    title: "A server certificate is set for the whole web service",
    meaning: "SSLCertHash and SSLStoreName belong to a site. At `/LM/W3SVC` every site without its own inherits them, and so runs with a certificate \
              that nobody chose for it, usually one left over from a removed site.",
    sees: "Sites show a certificate with a wrong name or an expired one, or fail the handshake although the wizard shows no certificate.",
    silent: "When only the store is set there and it is MY, the default. Low when only another store is set.",
    evidence: "MetaBase.xml",
    fix: "Give each site its own certificate, then clear SSLCertHash and SSLStoreName at the service.",
    remedies: Remedies::iis6(
        &[
            steps::CERTIFICATE_6,
            steps::adsutil!(
                "then takes the certificate from the service; adsutil may refuse this property, and then a script has to clear it with PutEx",
                "delete W3SVC/SSLCertHash"
            ),
            steps::adsutil!("takes the store from the service as well", "delete W3SVC/SSLStoreName"),
        ],
        "certificates stand in the records of HTTP.sys and are not inherited",
    ),
    references: &["KB243196", "SDK ms525719", "MBSchema.xml"],
    check,
};

fn check(context: &Context<'_>, findings: &mut Vec<Finding>) {
    let server = context.server;
    let at = |wanted: &str| {
        server.anomalies.iter().find(|anomaly| matches!(anomaly.kind, AnomalyKind::CertificateAtService { property } if property == wanted))
    };
    let (hash, store) = (at(name(Setting::ServerCertificate)), at(name(Setting::ServerCertificateStore)));
    if let Some(anomaly) = hash {
        findings.push(report(server, Setting::ServerCertificate, anomaly, store, Severity::Medium));
    } else if let Some(anomaly) = store {
        // The store alone counts only where it is not what every site would use anyway.
        let default = Value::default_of(Setting::ServerCertificateStore, server.generation);
        if server.scope.value(Setting::ServerCertificateStore) != default.as_ref() {
            findings.push(report(server, Setting::ServerCertificateStore, anomaly, None, Severity::Low));
        }
    }
}

fn name(setting: Setting) -> &'static str {
    entry(setting).iis6.as_ref().map_or("", |iis6| iis6.property)
}

fn report(server: &Server, setting: Setting, anomaly: &Anomaly, other: Option<&Anomaly>, severity: Severity) -> Finding {
    let inherits = |site: &usize| {
        let resolved = server.sites[*site].root().settings.get(setting);
        resolved.is_some_and(|resolved| matches!(resolved.origin, Origin::Inherited { .. }))
    };
    let secure = |site: &usize| server.sites[*site].declared && server.sites[*site].has_binding("https");
    let heirs: Vec<usize> = (0..server.sites.len()).filter(|site| secure(site) && inherits(site)).collect();
    let who = if heirs.is_empty() {
        "no https site uses it now, but the next one without its own will".to_owned()
    } else {
        format!("inherited by {}", endpoints::names(server, heirs))
    };
    Finding::new(&RULE, server, format!("{} is set at /LM/W3SVC, for the whole web service: {who}", name(setting)))
        .setting(setting)
        .at(Some(anomaly.place))
        .related(other.map(|other| other.place), "the store beside it")
        .severity(severity)
        .remedy(Remedy::advice(
            Risk::Safe,
            "first give each site its own certificate with the wizard; then clear both properties at the service with a script: \
             GetObject(\"IIS://localhost/w3svc\"), PutEx 1 for SSLCertHash and SSLStoreName, SetInfo",
        ))
}

#[cfg(test)]
mod tests {
    use super::super::testing::{SERVICE, findings, fixture, metabase};
    use super::*;

    fn service(attributes: &str) -> Vec<Finding> {
        findings(
            &RULE,
            &metabase(&format!(
                r#"<IIsWebService Location="/LM/W3SVC" {attributes}></IIsWebService>
                   <IIsWebServer Location="/LM/W3SVC/1" SecureBindings=":443:"></IIsWebServer>
                   <IIsWebServer Location="/LM/W3SVC/2" SecureBindings=":444:" SSLCertHash="bb" SSLStoreName="MY"></IIsWebServer>"#
            )),
        )
    }

    #[test]
    fn the_sites_that_inherit_the_certificate_are_named() {
        let found = service(r#"SSLCertHash="aa" SSLStoreName="MY""#);
        assert_eq!((found.len(), found[0].severity, found[0].confidence), (1, Severity::Medium, Confidence::Firm));
        assert!(found[0].message.contains("inherited by site 1") && !found[0].message.contains("site 2"), "{}", found[0].message);
    }

    #[test]
    fn the_default_store_is_silent_and_another_one_is_low() {
        assert!(service(r#"SSLStoreName="My""#).is_empty());
        assert_eq!(service(r#"SSLStoreName="WebHosting""#)[0].severity, Severity::Low);
    }

    #[test]
    fn certificates_at_sites_are_silent() {
        assert!(findings(&RULE, &metabase(SERVICE)).is_empty());
        assert!(findings(&RULE, &fixture("metabase/01_working_failing_pair.xml")).is_empty());
    }
}
