//! `record-differs-from-metabase`: on IIS 6, HTTP.sys has other values for an endpoint than the metabase.

use std::collections::BTreeMap;

use super::endpoints::{list, names};
use super::steps::{self, Remedies};
use super::{Confidence, Context, Finding, Rule, Severity};
use crate::catalogue::{Setting, Value, entry};
use crate::httpsys::{Record, Switch};
use crate::input::{Field, Place};
use crate::remedy::{Remedy, Risk};
use crate::server::{Endpoint, EndpointKey, Generation, Origin, Resolved, Server};

pub(super) const RULE: Rule = Rule {
    name: "record-differs-from-metabase",
    severity: Severity::Medium,
    confidence: Confidence::Likely,
    title: "HTTP.sys has other values than the metabase",
    meaning: "IIS 6 keeps the certificate options of an endpoint twice: in the metabase, and in the SSL record of HTTP.sys that the web service \
              makes from it and that decides. The record has other values: it was written with httpcfg or in the registry, by another site or \
              product on the same address, or the files were taken at different times. That the web service copies the values unchanged is likely \
              and not documented.",
    sees: "What the record says and not what the metabase says, for example 403.13 although the metabase does not check revocation.",
    silent: "Without `httpcfg query ssl` or a registry export beside the metabase; for a setting that the record does not state, that the sites of \
             the endpoint write differently (`shared-endpoint-disagrees`), or that the metabase leaves to its default, except for the revocation \
             check, the mapper and the negotiation.",
    evidence: "MetaBase.xml and the output of `httpcfg query ssl`, or a registry export",
    fix: "Find out what wrote the record (`httpcfg query ssl` shows its owner), then set the property in the metabase and restart the web service.",
    remedies: Remedies::iis6(
        &[
            steps::run("shows the records with their owners", "httpcfg query ssl"),
            steps::adsutil!(
                "sets the value that is meant, then the web service writes the record anew when it is restarted",
                "set W3SVC/SITE-ID/CertCheckMode 0"
            ),
            steps::advice("restart the web service (IISADMIN and W3SVC) in a maintenance window, and list the records again"),
        ],
        "there the records are the only place of these settings",
    ),
    references: &["TechNet cc781601", "HTTP_SERVICE_CONFIG_SSL_PARAM (learn.microsoft.com)"],
    check,
};

/// Settings whose default both stores are known to share.
const SHARED_DEFAULTS: [Setting; 3] = [Setting::CertCheckMode, Setting::DsMapper, Setting::NegotiateClientCertificate];

fn check(context: &Context<'_>, findings: &mut Vec<Finding>) {
    let server = context.server;
    let Some(running) = server.running.as_ref().filter(|_| server.generation == Generation::Iis6) else { return };
    let mut records: BTreeMap<&EndpointKey, &Record> = BTreeMap::new();
    for record in &running.records {
        records.entry(&record.key).or_insert(record);
    }
    for endpoint in &server.endpoints {
        let Some(record) = records.get(&endpoint.key) else { continue };
        let differing: Vec<(Setting, &Resolved, Value, Place)> = endpoint
            .settings
            .iter()
            .filter_map(|(setting, _)| {
                let resolved = written(server, endpoint, setting)?;
                let (there, place) = of_record(record, setting)?;
                let comparable = match resolved.origin {
                    Origin::Explicit { .. } | Origin::Inherited { .. } => true,
                    Origin::Default { .. } => SHARED_DEFAULTS.contains(&setting),
                    Origin::Unknown { .. } => false,
                };
                let here = resolved.known().filter(|_| comparable)?;
                (!same(here, &there)).then_some((setting, resolved, there, place))
            })
            .collect();
        let Some((setting, first, _, place)) = differing.first() else { continue };
        let told = differing.iter().map(|(setting, here, there, _)| {
            let name = entry(*setting).iis6.as_ref().map_or(entry(*setting).title, |iis6| iis6.property);
            let show = |value: &Value| match value.show(*setting, server.generation) {
                text if text.is_empty() => "nothing".to_owned(),
                text => text,
            };
            format!("{name} is {} in the metabase and {} in the record", show(&here.value), show(there))
        });
        let message = format!(
            "The HTTP.sys record {} of {} differs from the metabase: {}. The record is in effect now; when the web service is restarted, the \
             values of the metabase most likely take its place",
            endpoint.key,
            names(server, endpoint.sites.iter().copied()),
            list(told)
        );
        let mut finding = Finding::new(&RULE, server, message)
            .setting(*setting)
            .at(first.origin.place().or(Some(*place)))
            .subject(endpoint.key.to_string())
            .related(Some(*place), "the value in the record")
            .remedy(Remedy::command(Risk::ReadOnly, "shows the records that HTTP.sys has now", "httpcfg query ssl"));
        if let Some(site) = endpoint.sites.iter().min_by_key(|site| (!server.sites[**site].auto_start, **site)) {
            finding = finding.site(&server.sites[*site]).path("/");
        }
        findings.push(finding);
    }
}

/// What all sites of an endpoint write, with the origin of the first; `None` where they do not write the same.
fn written<'a>(server: &'a Server, endpoint: &Endpoint, setting: Setting) -> Option<&'a Resolved> {
    let mut written = endpoint.sites.iter().filter_map(|site| server.sites.get(*site)?.written(setting));
    let first = written.next()?;
    written.all(|other| other.known() == first.known()).then_some(first)
}

/// What a record states for a setting, and where.
pub(super) fn of_record(record: &Record, setting: Setting) -> Option<(Value, Place)> {
    let at = |place: Option<Place>| place.unwrap_or(record.place);
    let number = |field: &Field<u64>| Some((Value::Number(*field.value()?), at(field.place())));
    let text = |field: &Field<Option<String>>| {
        let value = field.value()?.as_deref().unwrap_or_default();
        Some((Value::parse(setting, Generation::Iis6, value), at(field.place())))
    };
    let switch = |switch: Switch| Some((Value::Bool(record.switch(switch)?), at(record.switch_place(switch))));
    match setting {
        Setting::CertCheckMode => {
            let bits = record.cert_check_mode.number()?;
            Some((Value::Flags(bits), at(record.cert_check_mode.said.first().map(|said| said.place))))
        }
        Setting::RevocationFreshnessTime => number(&record.freshness_seconds),
        Setting::RevocationUrlRetrievalTimeout => number(&record.url_timeout_milliseconds),
        Setting::CtlIdentifier => text(&record.ctl_identifier),
        Setting::CtlStoreName => text(&record.ctl_store),
        Setting::DsMapper => switch(Switch::DsMapper),
        Setting::NegotiateClientCertificate => switch(Switch::Negotiate),
        Setting::ServerCertificate => {
            let hash = record.certificate.value()?;
            Some((hash.clone().map_or(Value::None, Value::Bytes), at(record.certificate.place())))
        }
        Setting::ServerCertificateStore => text(&record.store),
        _ => None,
    }
}

pub(super) fn same(a: &Value, b: &Value) -> bool {
    match (a, b) {
        (Value::Text(a), Value::Text(b)) => a.eq_ignore_ascii_case(b),
        (Value::Text(text), Value::None) | (Value::None, Value::Text(text)) => text.eq_ignore_ascii_case("MY"),
        (a, b) => a == b,
    }
}

#[cfg(test)]
mod tests {
    use super::super::testing::{SERVICE, findings, metabase};
    use super::*;
    use crate::input::FileId;

    const O05: &str = include_str!("../../tests/fixtures/netsh/o05_2003_httpcfg_query_ssl.txt");

    fn found(attributes: &str) -> Vec<Finding> {
        let mut server =
            metabase(&format!(r#"{SERVICE}<IIsWebServer Location="/LM/W3SVC/1" SecureBindings=":443:" {attributes}></IIsWebServer>"#));
        crate::httpsys::run(&mut server, crate::httpsys::read_httpcfg(O05, FileId(1)));
        findings(&RULE, &server)
    }

    #[test]
    fn a_mode_that_only_the_metabase_has_is_told_with_both_values_and_places() {
        let found = found(r#"CertCheckMode="1" RevocationURLRetrievalTimeout="20000""#);
        assert_eq!((found.len(), found[0].severity, found[0].confidence), (1, Severity::Medium, Confidence::Likely));
        let message = &found[0].message;
        assert!(message.contains("CertCheckMode is 1 in the metabase and 0 in the record"), "{message}");
        assert!(message.contains("RevocationURLRetrievalTimeout is 20000 in the metabase and 0"), "{message}");
        assert!(message.contains("in effect now; when the web service is restarted, the values of the metabase most likely"), "{message}");
        assert_eq!((found[0].place.map(|place| place.file), found[0].related[0].place.file), (Some(FileId(0)), FileId(1)));
    }

    #[test]
    fn a_default_of_the_metabase_counts_where_both_stores_share_it() {
        let mut server =
            metabase(&format!(r#"{SERVICE}<IIsWebServer Location="/LM/W3SVC/1" SecureBindings="10.20.0.5:443:"></IIsWebServer>"#));
        crate::httpsys::run(&mut server, crate::httpsys::read_httpcfg(O05, FileId(1)));
        let message = findings(&RULE, &server).remove(0).message;
        assert!(message.contains("CertCheckMode") && message.contains("SSLAlwaysNegoClientCert"), "{message}");
        assert!(!message.contains("RevocationFreshnessTime"), "{message}");
    }

    #[test]
    fn equal_values_other_endpoints_and_metabases_alone_are_silent() {
        assert!(found("").is_empty());
        assert!(found(r#"CertCheckMode="0" SSLStoreName="my" SSLCertHash="1f0c6b7c2a9d4e58b3a7c0d1e2f30415263748a9""#).is_empty());
        let elsewhere =
            metabase(&format!(r#"{SERVICE}<IIsWebServer Location="/LM/W3SVC/1" SecureBindings=":443:" CertCheckMode="1"></IIsWebServer>"#));
        assert!(findings(&RULE, &elsewhere).is_empty());
    }
}
