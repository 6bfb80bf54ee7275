//! `late-request-body-limit`: the client certificate is asked for late, and a large request body stands in its way.

use super::endpoint_map::EndpointMap;
use super::endpoints;
use super::record_remedy::{Change, update};
use super::scopes::{parents, set_url, site_key};
use super::steps::{self, Remedies};
use super::{Confidence, Context, Finding, Rule, Severity};
use crate::catalogue::{Setting, Value, access, entry};
use crate::httpsys::{Record, Switch};
use crate::remedy::{Remedy, Risk, adsutil};
use crate::server::{Generation, Origin, Scope, Server};

pub(super) const RULE: Rule = Rule {
    name: "late-request-body-limit",
    severity: Severity::Medium,
    confidence: Confidence::Likely,
    title: "Large requests fail where the client certificate is asked for late",
    meaning: "Unless the endpoint asks for the client certificate in the first handshake, the server asks for it when it has seen the URL. The body of \
              the request is then already on its way and must fit into the read-ahead buffer; a larger one is refused before the application \
              sees it.",
    sees: "413 on large POST and PUT requests.",
    silent: "Silent where the endpoint asks in the first handshake, where a certificate is required but never asked for, without an https endpoint, \
             where no body larger than the buffer can come, and at paths that a product's setup writes, such as those of Exchange. On IIS 6 it needs \
             write, script or execute permission, and says only `info` with the default buffer and no write permission; on IIS 7 and later it \
             speaks only where the request limit or the buffer is configured, and says `low` without either once the record is known not to ask in \
             the first handshake. Silent for endpoints without a record, and for records of other products.",
    evidence: "MetaBase.xml; applicationHost.config, made certain by the HTTP.sys record",
    fix: "Ask for the certificate in the first handshake, or enlarge the read-ahead buffer on this path to the largest body that is expected.",
    remedies: Remedies::both(&[steps::NEGOTIATE_6, steps::READ_AHEAD_6], &[steps::NEGOTIATE_7, steps::READ_AHEAD_7]),
    references: &["TechNet cc737382, cc778630", "MicrosoftDocs/iis-docs: iis/configuration/system.webServer/serverRuntime.md"],
    check,
};

/// Bits of AccessFlags that let a client send a body worth speaking of.
const WRITE: u32 = 2;
const RUN: u32 = 4 | 512;

/// Where a late request can meet a large body.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Danger {
    read_ahead: u64,
    limit: u64,
    severity: Severity,
}

fn check(context: &Context<'_>, findings: &mut Vec<Finding>) {
    let server = context.server;
    let map = context.endpoints();
    for (index, site) in server.sites.iter().enumerate() {
        let negotiates = map.negotiates(index);
        if negotiates == Some(true) || map.indexes(index).is_empty() {
            continue;
        }
        // With the records given, either one is known not to ask early, or none is, but one of them is not listed in full.
        if map.out_of_reach(index) {
            continue;
        }
        let known = server.generation != Generation::Iis6 && map.late(index).next().is_some();
        let dangers: Vec<Option<Danger>> = site.scopes.iter().map(|scope| danger(server, scope, known)).collect();
        if dangers.iter().all(Option::is_none) {
            continue;
        }
        let late: Vec<String> = map.late(index).map(|endpoint| endpoint.key.to_string()).collect();
        for (scope, parent) in parents(site).into_iter().enumerate() {
            let Some(danger) = dangers[scope] else { continue };
            // What a path inherits whole was said above it.
            if parent.is_some_and(|parent| dangers[parent] == Some(danger)) {
                continue;
            }
            let scope = &site.scopes[scope];
            let limit = match danger.limit {
                4_294_967_295 => "requests of any size are accepted".to_owned(),
                limit => format!("requests of up to {limit} bytes are accepted"),
            };
            let mut message = format!(
                "The client certificate is asked for late, so a request body above {} bytes is refused with 413, although {limit}",
                danger.read_ahead
            );
            if known {
                message
                    .push_str(&format!(". The record that serves {} does not ask in the first handshake", endpoints::list(late.clone())));
            }
            match (negotiates, server.generation) {
                _ if known => {}
                (Some(_), _) => {}
                (None, Generation::Iis6) => message.push_str("; whether the endpoint asks in the first handshake cannot be told"),
                (None, _) => message.push_str(", unless the HTTP.sys record negotiates in the first handshake"),
            }
            let read_ahead = scope.settings.get(Setting::UploadReadAheadSize);
            let place = [Setting::UploadReadAheadSize, Setting::AccessFlags]
                .iter()
                .find_map(|setting| scope.settings.get(*setting).filter(|value| value.is_explicit())?.origin.place())
                .or(scope.settings.get(Setting::AccessFlags).and_then(|flags| flags.origin.place()));
            let mut finding = Finding::new(&RULE, server, message)
                .site(site)
                .path(&scope.path)
                .setting(Setting::UploadReadAheadSize)
                .at(place)
                .at_most(map.most(index))
                .severity(danger.severity);
            if let Some(at) = read_ahead.and_then(|value| value.origin.place()).filter(|at| Some(*at) != place) {
                finding = finding.related(Some(at), format!("read-ahead size {} here", danger.read_ahead));
            }
            if known {
                finding = finding.confidence(Confidence::Firm);
            }
            findings.push(if context.remedies { remedies(finding, map, index, scope, danger) } else { finding });
        }
    }
}

/// Whether a certificate is asked for at this path and a body can be too large for that.
fn danger(server: &Server, scope: &Scope, known: bool) -> Option<Danger> {
    if scope.access()? & access::NEGOTIATE == 0 || scope.product.is_some() {
        return None;
    }
    let number = |setting| scope.value(setting).and_then(Value::number);
    let read_ahead = number(Setting::UploadReadAheadSize)?;
    let limit = number(Setting::MaxContentLength)?;
    if limit <= read_ahead {
        return None;
    }
    let severity = if server.generation == Generation::Iis6 {
        let permissions = scope.value(Setting::AccessPermissions)?.flags()?;
        let usual = default_read_ahead();
        match (permissions & WRITE != 0, permissions & RUN != 0) {
            (true, _) => Severity::Medium,
            (false, true) if read_ahead < usual => Severity::Medium,
            (false, true) => Severity::Info,
            (false, false) => return None,
        }
    } else {
        let said = |setting| {
            let origin = scope.settings.get(setting).map(|value| &value.origin);
            matches!(origin, Some(Origin::Explicit { .. } | Origin::Inherited { .. }))
        };
        match (said(Setting::UploadReadAheadSize) || said(Setting::MaxContentLength), known) {
            (true, _) => Severity::Medium,
            // With the defaults nothing shows that large bodies are expected.
            (false, true) => Severity::Low,
            (false, false) => return None,
        }
    };
    Some(Danger { read_ahead, limit, severity })
}

/// The buffer that IIS 6 has when nothing is said.
fn default_read_ahead() -> u64 {
    Value::default_of(Setting::UploadReadAheadSize, Generation::Iis6).and_then(|value| value.number()).unwrap_or_default()
}

fn remedies(finding: Finding, map: &EndpointMap<'_>, site: usize, scope: &Scope, danger: Danger) -> Finding {
    let server = map.server();
    let key = site_key(server, &server.sites[site]);
    /// Large enough for most uploads, small enough to be held in memory for each connection.
    const EXAMPLE: u64 = 1_048_576;
    let size = danger.limit.min(EXAMPLE.max(danger.read_ahead.saturating_mul(2))).to_string();
    let enlarge = format!(
        "enlarges the buffer on this path; {} bytes become {size}, an example for the largest body that is expected; it is held in memory for \
         each connection, so keep it to the paths that need it",
        danger.read_ahead
    );
    let early = "asks every visitor of the endpoint in the first handshake, so that no body stands in the way";
    let property = entry(Setting::UploadReadAheadSize).iis6.as_ref().map_or("", |iis6| iis6.property);
    match key {
        Some(key) => finding
            .remedy(Remedy::offer(
                Risk::Safe,
                format!("{early}; SSLAlwaysNegoClientCert FALSE becomes true"),
                adsutil::set(&key, "SSLAlwaysNegoClientCert", "true"),
            ))
            .remedy(Remedy::offer(Risk::Safe, enlarge, adsutil::set(&scope.store_path, property, &size))),
        None if server.generation == Generation::Iis6 => finding,
        None => finding.remedies_of(ask_early(map, site, early)).remedy(set_url(
            server,
            scope,
            Setting::UploadReadAheadSize,
            &scope.store_path,
            Risk::Safe,
            &enlarge,
            &size,
        )),
    }
}

/// The remedies that make the records of a site ask in the first handshake: advice where the records were not given.
fn ask_early(map: &EndpointMap<'_>, site: usize, what: &str) -> Vec<Remedy> {
    let records: Vec<&Record> = map.late(site).filter_map(|endpoint| map.server().record_of(endpoint)).collect();
    if records.is_empty() {
        let advice = format!("{what}: write the HTTP.sys record anew with all its options and clientcertnegotiation=enable");
        return vec![Remedy::advice(Risk::Safe, advice)];
    }
    let change = [Change::Switch(Switch::Negotiate, true)];
    let mut remedies: Vec<Remedy> = records.into_iter().filter_map(|record| update(record, Risk::Safe, what, &change)).take(4).collect();
    remedies.dedup();
    remedies
}

#[cfg(test)]
mod tests {
    use super::super::testing::{SERVICE, apphost, findings, fixture, https_site, joined, metabase, paths, registry, with_records};
    use super::*;

    fn iis6(site: &str, root: &str) -> Vec<Finding> {
        findings(
            &RULE,
            &metabase(&format!(
                r#"{SERVICE}<IIsWebServer Location="/LM/W3SVC/1" SecureBindings=":443:" {site}></IIsWebServer>
                   <IIsWebVirtualDir Location="/LM/W3SVC/1/ROOT" {root}></IIsWebVirtualDir>
                   <IIsWebVirtualDir Location="/LM/W3SVC/1/ROOT/app" AccessSSLFlags="104"></IIsWebVirtualDir>"#
            )),
        )
    }

    const SCRIPTS: &str = r#"AccessSSLFlags="104" AccessFlags="AccessRead | AccessScript""#;

    #[test]
    fn scripts_with_the_usual_buffer_are_information_and_said_once() {
        let found = iis6("", SCRIPTS);
        assert_eq!((paths(&found), found[0].severity, found[0].confidence), (vec!["/"], Severity::Info, Confidence::Likely));
        assert!(found[0].message.contains("49152 bytes") && found[0].message.contains("any size"));
    }

    #[test]
    fn a_small_buffer_or_write_access_is_medium() {
        assert_eq!(iis6(r#"UploadReadAheadSize="4096""#, SCRIPTS)[0].severity, Severity::Medium);
        assert_eq!(iis6("", r#"AccessSSLFlags="104" AccessFlags="AccessRead | AccessWrite""#)[0].severity, Severity::Medium);
    }

    #[test]
    fn early_negotiation_read_only_paths_and_small_requests_are_silent() {
        assert!(iis6(r#"SSLAlwaysNegoClientCert="TRUE""#, SCRIPTS).is_empty());
        assert!(iis6("", r#"AccessSSLFlags="104" AccessFlags="AccessRead""#).is_empty());
        assert!(iis6(r#"MaxRequestEntityAllowed="49152""#, SCRIPTS).is_empty());
    }

    #[test]
    fn a_survey_gets_the_same_findings_without_remedies() {
        let site = r#"<IIsWebServer Location="/LM/W3SVC/1" SecureBindings=":443:"></IIsWebServer>"#;
        let server = metabase(&format!(r#"{SERVICE}{site}<IIsWebVirtualDir Location="/LM/W3SVC/1/ROOT" {SCRIPTS}></IIsWebVirtualDir>"#));
        let told = |remedies: bool| {
            let mut found = Vec::new();
            check(&Context { remedies, ..Context::new(&server) }, &mut found);
            found
        };
        let (mut with, without) = (told(true), told(false));
        assert!(with.len() == 1 && !with[0].remedies.is_empty());
        with[0].remedies.clear();
        assert_eq!(format!("{with:?}"), format!("{without:?}"));
    }

    #[test]
    fn a_requirement_that_never_asks_is_silent() {
        let server = metabase(&format!(
            r#"{SERVICE}<IIsWebServer Location="/LM/W3SVC/1" SecureBindings=":443:"></IIsWebServer>
               <IIsWebVirtualDir Location="/LM/W3SVC/1/ROOT" AccessSSLFlags="72" AccessFlags="AccessWrite"></IIsWebVirtualDir>"#
        ));
        assert!(findings(&RULE, &server).is_empty());
    }

    #[test]
    fn on_iis_7_a_configured_limit_is_likely_and_the_defaults_are_silent() {
        let site = |more: &str| {
            findings(
                &RULE,
                &apphost(&format!(
                    r#"<system.applicationHost><sites><site name="S" id="1"><application path="/"/><bindings>
                       <binding protocol="https" bindingInformation="*:443:"/></bindings></site></sites></system.applicationHost>
                       <location path="S"><system.webServer><security><access sslFlags="Ssl, SslNegotiateCert"/>{more}</security></system.webServer></location>"#
                )),
            )
        };
        assert!(site("").is_empty());
        let found = site(r#"<requestFiltering><requestLimits maxAllowedContentLength="2000000"/></requestFiltering>"#);
        assert_eq!((paths(&found), found[0].confidence), (vec!["/"], Confidence::Likely));
        assert!(found[0].message.contains("unless the HTTP.sys record negotiates in the first handshake"));
        assert!(site(r#"<requestFiltering><requestLimits maxAllowedContentLength="40000"/></requestFiltering>"#).is_empty());
    }

    #[test]
    fn the_samples_with_this_state_are_found() {
        let found = findings(&RULE, &fixture("metabase/07_renegotiation_413.xml"));
        assert_eq!((paths(&found), found[0].severity), (vec!["/upload"], Severity::Medium));
        assert!(found[0].message.contains("above 200 bytes"));
        assert!(found[0].remedies.iter().any(|remedy| remedy.command.as_ref().unwrap().ends_with("W3SVC/77/SSLAlwaysNegoClientCert true")));
        let found = findings(&RULE, &fixture("apphost/F6_mapping.config"));
        assert_eq!(paths(&found), ["/edi"]);
        assert!(found[0].message.contains("49152 bytes") && found[0].message.contains("104857600 bytes"));
        let found = findings(&RULE, &fixture("metabase/03_url_tree_overrides.xml"));
        assert!(found.iter().find(|finding| finding.path.as_deref() == Some("/secure")).unwrap().message.contains("2097152 bytes"));
    }

    #[test]
    fn a_known_record_makes_it_firm_or_silent() {
        let asks = with_records("apphost/F6_mapping.config", "netsh/o03_2025_tls13_ctl_mapper.txt");
        assert!(findings(&RULE, &asks).is_empty(), "the record asks in the first handshake");
        let late = with_records("apphost/F2_shared_ipport_hostheaders.config", "netsh/o01_2012r2_conflict_revocation.txt");
        let found = findings(&RULE, &late);
        assert_eq!((found.len(), found[0].severity, found[0].confidence), (2, Severity::Low, Confidence::Firm));
        assert!(found[0].remedies[0].command.as_ref().unwrap().contains("clientcertnegotiation=enable"));
        let nobody = joined(&https_site(1, "*:8443:", "Ssl, SslNegotiateCert"), &registry(&[]));
        assert!(findings(&RULE, &nobody).is_empty(), "no record serves it");
    }
}
