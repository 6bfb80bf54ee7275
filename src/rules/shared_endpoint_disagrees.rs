//! `shared-endpoint-disagrees`: sites on one endpoint write different settings for its single record.

use std::collections::BTreeMap;

use super::endpoints::{self, PROPERTIES, SWITCHES};
use super::record_differs_from_metabase::{of_record, same};
use super::record_options::endpoint;
use super::steps::{self, Remedies};
use super::{Confidence, Context, Finding, Rule, Severity};
use crate::catalogue::{Setting, Value, cert_check};
use crate::httpsys::Record;
use crate::remedy::{Lines, Remedy, Risk, netsh};
use crate::server::{Binding, Endpoint, EndpointKey, Generation, Served, Server, binding_flags};

pub(super) const RULE: Rule = Rule {
    name: "shared-endpoint-disagrees",
    severity: Severity::High,
    confidence: Confidence::Firm,
    title: "Sites on one endpoint write different settings for it",
    meaning: "HTTP.sys keeps one SSL record for an endpoint. When the sites on it write different certificates, revocation settings, trust \
              lists or switches, at least one of them does not run as its configuration says. Which one is not documented; likely the \
              site that registered the endpoint first is in effect, so that the order in which sites start can change the behaviour.",
    sees: "One of the sites shows the wrong server certificate, answers 403.13 or 403.7 without a reason in its own settings, or does not \
           check revocation although its settings say so. On IIS 6 the System log may hold an event of W3SVC about it.",
    silent: "When all properties are equal in meaning: letter case of thumbprints and stores, and absent values that equal the default, are no \
             difference. Values that are not known are not compared. An endpoint that no site gives a certificate has no record. \
             Switches of Central Certificate Store bindings are left to `ccs-flag-combination`. Low at most when the difference \
             is only with sites that do not start by themselves.",
    evidence: "MetaBase.xml; on IIS 7 and later the binding flags in applicationHost.config",
    fix: "Give all sites on the endpoint the same values, or give the site that must differ an IP address, a port or (IIS 8 and later) \
          an SNI binding of its own.",
    remedies: Remedies::both(
        &[steps::QUERY_SSL, steps::MODE, steps::OWN_ENDPOINT_6],
        &[steps::SHOW_RECORD, steps::BINDING_FLAGS, steps::OWN_ENDPOINT_7],
    ),
    references: &[
        "HTTP_SERVICE_CONFIG_SSL_PARAM (learn.microsoft.com)",
        "KB2405568",
        "MicrosoftDocs/iis-docs: .../sites/site/bindings/binding.md",
    ],
    check,
};

fn check(context: &Context<'_>, findings: &mut Vec<Finding>) {
    let server = context.server;
    if server.generation == Generation::Iis6 {
        let mut running: BTreeMap<&EndpointKey, &Record> = BTreeMap::new();
        for record in server.running.iter().flat_map(|running| &running.records) {
            running.entry(&record.key).or_insert(record);
        }
        let record = |endpoint: &Endpoint| running.get(&endpoint.key).copied();
        findings.extend(server.endpoints.iter().filter_map(|endpoint| properties(server, endpoint, record(endpoint))));
    } else {
        let endpoints = context.bindings_by_endpoint();
        // What no record serves is not shared.
        let served = |key: &EndpointKey| endpoint(server, key).is_none_or(|endpoint| endpoint.served != Served::Nobody);
        let shared = endpoints.iter().filter(|(key, _)| served(key));
        findings.extend(shared.filter_map(|(key, bindings)| flags(server, key, bindings)));
    }
}

/// A setting, and the sites by the value they write, the largest group first.
type Difference = (Setting, Vec<(String, Vec<usize>)>);

fn differences(server: &Server, sites: &[usize]) -> Vec<Difference> {
    let by_value = |setting| {
        let groups =
            endpoints::grouped(sites.iter().copied(), |site| endpoints::value(&server.sites[site], setting).map(endpoints::canonical));
        (groups.len() > 1).then_some((setting, groups))
    };
    PROPERTIES.into_iter().filter_map(by_value).collect()
}

fn properties(server: &Server, endpoint: &Endpoint, record: Option<&Record>) -> Option<Finding> {
    if endpoint.sites.len() < 2 || !endpoints::may_have_certificate(server, endpoint) {
        return None;
    }
    let started: Vec<usize> = endpoint.sites.iter().copied().filter(|site| server.sites[*site].auto_start).collect();
    let (differences, severity) = match differences(server, &started) {
        found if !found.is_empty() => (found, Severity::High),
        _ => (differences(server, &endpoint.sites), Severity::Low),
    };
    let (first, _) = differences.first()?;
    let sites = if severity == Severity::High { &started } else { &endpoint.sites };
    let parts: Vec<String> = differences
        .iter()
        .map(|(setting, groups)| {
            let values: Vec<String> = groups
                .iter()
                .take(3)
                .map(|(_, members)| {
                    format!("{} at {}", said(server, members[0], *setting), endpoints::names(server, members.iter().copied()))
                })
                .collect();
            let more = groups.len().saturating_sub(3);
            let more = if more == 0 { String::new() } else { format!(", and {more} more values") };
            format!("{}: {}{more}", endpoints::title(server, *setting), values.join(", "))
        })
        .collect();
    let mut message = format!(
        "{} write different settings for the one SSL record of {}. {}. They conflict; ",
        endpoints::names(server, sites.iter().copied()),
        endpoint.key,
        parts.join(". ")
    );
    let now: Vec<String> = differences.iter().filter_map(|(setting, groups)| in_effect(server, record?, *setting, groups)).collect();
    if now.is_empty() {
        message.push_str("which of them is in effect is not documented, likely those of the site that registered the endpoint first");
    } else {
        message.push_str(&format!(
            "the record that HTTP.sys has now decides: {}. When the web service is restarted, likely those of the site that registers the \
             endpoint first are in effect",
            now.join("; ")
        ));
    }
    let one = sites[0];
    let place = |site: usize, setting: Setting| {
        server.sites[site].written(setting).and_then(|resolved| resolved.origin.place()).or(server.sites[site].place)
    };
    let mut finding = Finding::new(&RULE, server, message)
        .site(&server.sites[one])
        .at(place(one, *first))
        .severity(severity)
        .confidence(if surely_shared(server, endpoint) { Confidence::Firm } else { Confidence::Likely })
        .subject(endpoint.key.to_string())
        .remedy(Remedy::command(
            Risk::ReadOnly,
            "shows the record that HTTP.sys really uses (httpcfg.exe is in the Support Tools of Windows Server 2003)",
            "httpcfg query ssl",
        ));
    for (setting, groups) in &differences {
        for (_, members) in groups.iter().take(4) {
            let other = members[0];
            if other != one {
                let note = format!("{} of {}", endpoints::title(server, *setting), server.sites[other].label());
                finding = finding.related(place(other, *setting), note);
            }
        }
        let Some(target) = target(server, *setting, groups) else { continue };
        let strays = groups.iter().filter(|(key, _)| *key != endpoints::canonical(target)).flat_map(|(_, members)| members);
        for remedy in strays.take(4).filter_map(|site| endpoints::align(server, &server.sites[*site], *setting, target)) {
            finding = finding.remedy(remedy);
        }
    }
    if differences.iter().any(|(setting, _)| *setting == Setting::ServerCertificate) {
        finding = finding.remedy(Remedy::advice(
            Risk::Safe,
            "give all sites on the endpoint the same certificate with the certificate wizard of IIS Manager (one that names all their \
             hosts), or give one of them an IP address or port of its own in SecureBindings",
        ));
    }
    Some(finding)
}

/// Whether at least two sites lead to an endpoint by bindings that can be read.
fn surely_shared(server: &Server, endpoint: &Endpoint) -> bool {
    let leads = |binding: &Binding| binding.fault.is_none() && binding.endpoint.as_ref() == Some(&endpoint.key);
    endpoint.sites.iter().filter(|site| server.sites[**site].bindings.iter().any(leads)).take(2).count() == 2
}

/// The value that a record has, and whose it is.
fn in_effect(server: &Server, record: &Record, setting: Setting, groups: &[(String, Vec<usize>)]) -> Option<String> {
    let (value, _) = of_record(record, setting)?;
    let title = endpoints::title(server, setting);
    let shown = match value.show(setting, server.generation) {
        text if text.is_empty() => "nothing".to_owned(),
        text => text,
    };
    let writes = |site: usize| endpoints::value(&server.sites[site], setting).is_some_and(|written| same(written, &value));
    Some(match groups.iter().find(|(_, members)| members.first().is_some_and(|site| writes(*site))) {
        Some((_, members)) => format!("{title} is {shown}, as {} writes it", endpoints::names(server, members.iter().copied())),
        None => format!("{title} is {shown}, which none of them writes"),
    })
}

fn said(server: &Server, site: usize, setting: Setting) -> String {
    server.sites[site].written(setting).map(|resolved| endpoints::said(server, setting, resolved)).unwrap_or_default()
}

/// The value to agree on: the stricter one where there is one, else that of most sites.
fn target<'a>(server: &'a Server, setting: Setting, groups: &[(String, Vec<usize>)]) -> Option<&'a Value> {
    let values: Vec<&Value> = groups
        .iter()
        .filter_map(|(_, members)| endpoints::value(&server.sites[members[0]], setting))
        .filter(|value| !matches!(value, Value::Malformed(_)))
        .collect();
    let strict = |value: &&&Value| match (setting, value) {
        (Setting::CertCheckMode, Value::Flags(bits)) => bits & (cert_check::NO_REVOCATION | cert_check::NO_USAGE) == 0,
        (Setting::CtlIdentifier | Setting::CtlStoreName, value) => ***value != Value::None,
        _ => true,
    };
    values.iter().find(strict).or(values.first()).copied()
}

fn flags(server: &Server, key: &EndpointKey, bindings: &[(usize, &Binding)]) -> Option<Finding> {
    if bindings.len() < 2 || matches!(key, EndpointKey::Ccs(_)) {
        return None;
    }
    let word = |binding: &Binding| binding.flags.unwrap_or_default() & SWITCHES;
    let differ = |indexes: &[usize]| endpoints::differing(indexes.iter().map(|index| word(bindings[*index].1)));
    let all: Vec<usize> = (0..bindings.len()).collect();
    let started: Vec<usize> = all.iter().copied().filter(|index| server.sites[bindings[*index].0].auto_start).collect();
    let (indexes, severity) = if differ(&started) != 0 { (started, Severity::High) } else { (all, Severity::Low) };
    let bits = differ(&indexes);
    if bits == 0 {
        return None;
    }
    let groups = endpoints::grouped(indexes.iter().copied(), |index| Some(word(bindings[index].1)));
    let parts: Vec<String> = groups
        .iter()
        .map(|(word, members)| {
            let members = members.iter().map(|index| {
                let (site, binding) = bindings[*index];
                format!("{} of {}", binding.written, server.sites[site].label())
            });
            format!("{} at {}", endpoints::switch_list(word & bits), endpoints::list(members))
        })
        .collect();
    let message = format!(
        "Bindings that lead to the one HTTP.sys record {key} differ in their binding flags (the number binding@sslFlags): {}. They conflict; \
         which of them is in effect is not documented",
        parts.join("; ")
    );
    let (site, binding) = bindings[*indexes.first()?];
    let mut finding = Finding::new(&RULE, server, message)
        .site(&server.sites[site])
        .at(Some(binding.place))
        .severity(severity)
        .subject(key.to_string())
        .remedy(Remedy::command(Risk::ReadOnly, "shows the record that is in effect", show_record(key)));
    for index in indexes.iter().skip(1).take(8) {
        let (site, binding) = bindings[*index];
        finding = finding.related(Some(binding.place), format!("binding {} of {}", binding.written, server.sites[site].label()));
    }
    // The larger group is followed, but never by switching legacy TLS on again.
    let strict = |word: &u32| word & binding_flags::NO_LEGACY_TLS != 0;
    let target = groups.iter().map(|(word, _)| *word).find(strict).or(groups.first().map(|(word, _)| *word))?;
    for index in indexes.iter().filter(|index| word(bindings[**index].1) != target).take(4) {
        let (site, binding) = bindings[*index];
        let flags = (binding.flags.unwrap_or_default() & !SWITCHES) | target;
        if let Some(command) = endpoints::set_flags(server, &server.sites[site], binding, flags) {
            let what = format!("gives the binding {} of {} the switches of the others", binding.written, server.sites[site].label());
            finding = finding.remedy(Remedy::command(Risk::Safe, what, command));
        }
    }
    Some(finding)
}

/// The command that shows one record, or all where a name is not fit for a command line.
fn show_record(key: &EndpointKey) -> Lines {
    netsh::show(key).and_then(|command| command.lines()).unwrap_or_else(|| "netsh http show sslcert".into())
}

#[cfg(test)]
mod tests {
    use super::super::testing::{SERVICE, apphost, findings, fixture, metabase};
    use super::*;

    #[test]
    fn an_address_without_its_second_colon_is_not_put_on_the_endpoint_of_all_addresses() {
        let server = |second: &str| {
            metabase(&format!(
                r#"{SERVICE}<IIsWebServer Location="/LM/W3SVC/1" SecureBindings=":443:" SSLCertHash="aa" CertCheckMode="1"></IIsWebServer>
                   <IIsWebServer Location="/LM/W3SVC/2" SecureBindings="{second}" SSLCertHash="aa"></IIsWebServer>"#
            ))
        };
        assert!(findings(&RULE, &server("10.0.0.1:443")).is_empty());
        assert_eq!(findings(&RULE, &server(":443"))[0].confidence, Confidence::Likely);
        assert_eq!(findings(&RULE, &server("*:443:"))[0].confidence, Confidence::Firm);
    }

    fn pair(first: &str, second: &str) -> Server {
        metabase(&format!(
            r#"{SERVICE}<IIsWebServer Location="/LM/W3SVC/1" SecureBindings=":443:a" SSLCertHash="aa" {first}></IIsWebServer>
               <IIsWebServer Location="/LM/W3SVC/2" SecureBindings="0.0.0.0:443:b" {second}></IIsWebServer>"#
        ))
    }

    #[test]
    fn the_collision_names_every_property_that_differs_with_both_values() {
        let found = findings(&RULE, &fixture("metabase/04_shared_endpoint_collision.xml"));
        assert_eq!(found.len(), 1);
        let message = &found[0].message;
        for text in [
            "0.0.0.0:443",
            "\"www\" (id 40001)",
            "\"api\" (id 40002)",
            "SSLCertHash",
            "3f6c1e0a9b8d7c6e5f4a3b2c1d0e9f8a7b6c5d4e",
            "CertCheckMode: 1 (revocation is not checked",
            "not set → 0",
            "SslCtlIdentifier",
            "SslCtlStoreName",
        ] {
            assert!(message.contains(text), "{text}: {message}");
        }
        assert!(!message.contains("SSLStoreName") && !message.contains("8443"), "{message}");
        assert_eq!((found[0].severity, found[0].confidence), (Severity::High, Confidence::Firm));
        assert!(!found[0].related.is_empty());
        let weak = found[0].remedies.iter().filter(|remedy| remedy.risk == Risk::WeakensSecurity).count();
        assert_eq!(weak, 0, "{:?}", found[0].remedies);
        let commands: Vec<&str> = found[0].remedies.iter().filter_map(|remedy| remedy.command.as_deref()).collect();
        assert!(commands.iter().any(|command| command.ends_with("set W3SVC/40001/CertCheckMode 0")), "{commands:?}");
    }

    #[test]
    fn sites_with_the_same_meaning_agree() {
        for (first, second) in [
            ("", r#"SSLCertHash="AA""#),
            (r#"SSLStoreName="MY""#, r#"SSLCertHash="aa" SSLStoreName="my""#),
            (r#"CertCheckMode="0""#, r#"SSLCertHash="aa""#),
            (r#"RevocationFreshnessTime="86400""#, r#"SSLCertHash="aa""#),
        ] {
            assert!(findings(&RULE, &pair(first, second)).is_empty(), "{first} {second}");
        }
    }

    #[test]
    fn different_endpoints_and_a_sound_pair_are_silent() {
        assert!(findings(&RULE, &fixture("metabase/01_working_failing_pair.xml")).is_empty());
        assert!(findings(&RULE, &fixture("apphost/F2_shared_ipport_hostheaders.config")).is_empty());
        assert!(findings(&RULE, &fixture("apphost/F1_consistent_sni.config")).is_empty());
    }

    #[test]
    fn a_difference_with_a_stopped_site_only_is_low() {
        let found = findings(&RULE, &pair("", r#"SSLCertHash="bb" ServerAutoStart="FALSE""#));
        assert_eq!(found[0].severity, Severity::Low);
    }

    #[test]
    fn many_sites_on_one_endpoint_give_one_finding_that_stays_short() {
        let sites: String = (1..=70)
            .map(|id| {
                format!(
                    r#"<IIsWebServer Location="/LM/W3SVC/{id}" SecureBindings=":443:h{id}" SSLCertHash="{:02x}"></IIsWebServer>"#,
                    id % 7
                )
            })
            .collect();
        let found = findings(&RULE, &metabase(&format!("{SERVICE}{sites}")));
        assert_eq!(found.len(), 1);
        assert!(found[0].message.len() < 2000, "{}", found[0].message);
    }

    #[test]
    fn binding_flags_of_one_record_must_not_differ() {
        let site = |first: u32, second: u32| {
            apphost(&format!(
                r#"<system.applicationHost><sites>
                   <site name="A" id="1"><bindings><binding protocol="https" bindingInformation="*:443:a.test" sslFlags="{first}" /></bindings></site>
                   <site name="B" id="2"><bindings><binding protocol="https" bindingInformation="*:443:b.test" sslFlags="{second}" /></bindings></site>
                   </sites></system.applicationHost>"#
            ))
        };
        let found = findings(&RULE, &site(4, 0));
        assert_eq!(found.len(), 1);
        assert!(found[0].message.contains("HTTP/2 off") && found[0].message.contains("0.0.0.0:443"), "{}", found[0].message);
        assert!(found[0].message.contains("binding flags (the number binding@sslFlags)"));
        assert!(findings(&RULE, &site(4, 4)).is_empty());
        assert!(findings(&RULE, &site(1, 5)).is_empty(), "each has its own record");
        assert!(findings(&RULE, &site(2, 6)).is_empty(), "the store's record takes no switches");
    }
}
