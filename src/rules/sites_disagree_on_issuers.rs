//! `sites-disagree-on-issuers`: peers restrict the issuers of client certificates differently.

use super::endpoint_map::EndpointMap;
use super::endpoints;
use super::record_remedy::{Change, update};
use super::records::after_2008_r2;
use super::steps::{self, Remedies};
use super::{Confidence, Context, Finding, PeerSet, Rule, Severity};
use crate::catalogue::{Setting, Value};
use crate::input::Place;
use crate::remedy::{Remedy, Risk};
use crate::server::{Generation, Resolved};

pub(super) const RULE: Rule = Rule {
    name: "sites-disagree-on-issuers",
    severity: Severity::Medium,
    confidence: Confidence::Firm,
    title: "Comparable sites accept different issuers of client certificates",
    meaning: "A certificate trust list (CTL), or from Windows Server 2012 on a store of issuers, narrows which issuers a site accepts and which ones the \
              browser offers. Sites that should behave alike name different ones, so a certificate that one accepts is refused by the other.",
    sees: "One site answers 403.7, because the browser offers no certificate, or 403.16; the other accepts the same certificate.",
    silent: "When the sites are served by the same endpoints (then `shared-endpoint-disagrees`) or records, when a value is not known or the records of one \
             site differ, for records of other products, for a store without a \
             list on IIS 6, which restricts nothing, and for the record of AD FS (AdfsTrustedDevices). Where no value has a majority, no site \
             is called the odd one.",
    evidence: "MetaBase.xml; on IIS 7 and later the HTTP.sys records",
    fix: "Give the sites the same list, and prefer the side that restricts.",
    remedies: Remedies::both(
        &[
            steps::adsutil!("names the list of trusted issuers", "set W3SVC/SITE-ID/SslCtlIdentifier LIST"),
            steps::adsutil!("and its store", "set W3SVC/SITE-ID/SslCtlStoreName CA"),
        ],
        &[steps::SHOW_RECORDS, steps::ISSUERS, steps::record!("names the store of the issuers", "sslctlstorename=ClientAuthIssuer")],
    ),
    references: &["TechNet cc737514", "TechNet cc778242", "TLS - SSL (Schannel SSP) overview (learn.microsoft.com)"],
    check,
};

fn check(context: &Context<'_>, findings: &mut Vec<Finding>) {
    let map = context.endpoints();
    for set in context.certificate_peers() {
        peers(&set, map, findings);
    }
}

/// The issuers that a site names: list and store, in canonical spelling; `None` when they are not known or not comparable.
fn issuers(map: &EndpointMap<'_>, dead_lists: bool, site: usize) -> Option<(String, String)> {
    let store = map.in_effect(site, Setting::CtlStoreName)?.known()?;
    let list = if dead_lists { &Value::None } else { map.in_effect(site, Setting::CtlIdentifier)?.known()? };
    if matches!(store, Value::Text(name) if name.eq_ignore_ascii_case("AdfsTrustedDevices")) {
        return None;
    }
    let nothing = map.server().generation == Generation::Iis6 && *list == Value::None;
    let store = if nothing { &Value::None } else { store };
    Some((endpoints::canonical(list), endpoints::canonical(store)))
}

/// The issuers in words, with what they mean.
fn words(map: &EndpointMap<'_>, dead_lists: bool, site: usize) -> String {
    let server = map.server();
    let show = |setting| {
        let value = map.in_effect(site, setting).and_then(Resolved::known).filter(|_| !(dead_lists && setting == Setting::CtlIdentifier));
        value.map(|value| value.show(setting, server.generation)).filter(|text| !text.is_empty())
    };
    match (show(Setting::CtlIdentifier), show(Setting::CtlStoreName)) {
        (Some(list), Some(store)) => format!("issuers are restricted by the CTL {list} in the store {store}"),
        (Some(list), None) => format!("issuers are restricted by the CTL {list}, without a store name"),
        (None, Some(store)) if server.generation != Generation::Iis6 => format!("issuers are taken from the store {store}"),
        _ if server.generation != Generation::Iis6 => {
            "no store of issuers is named, so those in Client Authentication Issuers count, or else every root that the machine trusts"
                .to_owned()
        }
        _ => "no CTL is named, so every root that the machine trusts is acceptable".to_owned(),
    }
}

fn place(map: &EndpointMap<'_>, setting: Setting, site: usize) -> Option<Place> {
    let said = |setting| map.in_effect(site, setting).and_then(|resolved| resolved.origin.place());
    said(setting).or_else(|| said(Setting::CtlStoreName)).or(map.server().sites[site].place)
}

fn peers(set: &PeerSet, map: &EndpointMap<'_>, findings: &mut Vec<Finding>) {
    let server = map.server();
    // From Windows Server 2012 on a list has no effect, so only the store can make a difference.
    let dead_lists = after_2008_r2(server);
    let setting = if server.generation == Generation::Iis6 { Setting::CtlIdentifier } else { Setting::CtlStoreName };
    let groups = endpoints::grouped(set.sites.iter().copied(), |site| issuers(map, dead_lists, site));
    let [(_, largest), rest @ ..] = groups.as_slice() else { return };
    let same = |a: usize, b: usize| map.same(a, b);
    let tied = rest.iter().take_while(|(_, sites)| sites.len() == largest.len()).count();
    for (index, (_, smaller)) in rest.iter().enumerate() {
        // Only sites that some site of the other group does not share all its endpoints with really differ in effect.
        let one = largest.iter().copied().find(|site| !same(*site, largest[0]));
        let odd: Vec<usize> = smaller.iter().copied().filter(|site| one.is_some() || !same(*site, largest[0])).collect();
        let Some(first) = odd.first().copied() else { continue };
        let others: Vec<usize> = largest.iter().copied().filter(|site| !same(*site, first)).collect();
        let Some(other) = others.first().copied() else { continue };
        let split = index < tied;
        let message = if split {
            format!(
                "Sites that should agree are split: at {} {}; at {} {}. Compared because {}",
                endpoints::names(server, others.iter().copied()),
                words(map, dead_lists, other),
                endpoints::names(server, odd.iter().copied()),
                words(map, dead_lists, first),
                set.why
            )
        } else {
            format!(
                "At {} {}; at the other {}, such as {}, {}. Compared because {}",
                endpoints::names(server, odd.iter().copied()),
                words(map, dead_lists, first),
                others.len(),
                endpoints::names(server, others.iter().copied()),
                words(map, dead_lists, other),
                set.why
            )
        };
        let started = |sites: &[usize]| sites.iter().any(|site| server.sites[*site].auto_start);
        let severity = if started(&odd) && started(&others) { Severity::Medium } else { Severity::Low };
        let mut finding = Finding::new(&RULE, server, message)
            .site(&server.sites[first])
            .setting(setting)
            .at(place(map, setting, first))
            .related(place(map, setting, other), format!("the other value, at {}", server.sites[other].label()))
            .at_most(map.most(first))
            .severity(severity)
            .subject(set.why.clone())
            .sides(server, [odd.as_slice(), others.as_slice()]);
        // Towards the side that restricts; without one, towards the majority.
        let restricts = |site: usize| map.in_effect(site, setting).is_some_and(|value| value.value != Value::None);
        let (strays, model) = if restricts(first) && !restricts(other) { (&others, first) } else { (&odd, other) };
        for stray in strays.iter().take(4) {
            if server.generation != Generation::Iis6 {
                let Some(Value::Text(store)) = map.in_effect(model, setting).map(|value| &value.value) else { continue };
                let what = format!("gives {} the store of issuers of {}", server.sites[*stray].label(), server.sites[model].label());
                let change = [Change::CtlStore(Some(store.clone()))];
                finding = finding
                    .remedies_of(map.records(*stray).into_iter().take(4).filter_map(|record| update(record, Risk::Safe, &what, &change)));
                continue;
            }
            for setting in [Setting::CtlIdentifier, Setting::CtlStoreName] {
                let Some(value) = endpoints::value(&server.sites[model], setting) else { continue };
                if endpoints::value(&server.sites[*stray], setting) == Some(value) {
                    continue;
                }
                if let Some(remedy) = endpoints::align(server, &server.sites[*stray], setting, value) {
                    finding = finding.remedy(remedy);
                }
            }
        }
        if finding.remedies.is_empty() {
            finding = finding.remedy(Remedy::advice(Risk::Safe, "give the records of these sites the same sslctlstorename with netsh"));
        }
        findings.push(finding);
    }
}

#[cfg(test)]
mod tests {
    use super::super::testing::{SERVICE, findings, fixture, metabase, with_records};
    use super::*;

    const CTL: &str = r#"SslCtlIdentifier="{A}" SslCtlStoreName="CA""#;

    fn site(id: usize, attributes: &str) -> String {
        format!(
            r#"<IIsWebServer Location="/LM/W3SVC/{id}" SecureBindings="10.0.{}.{}:443:" SSLCertHash="aa" {attributes}></IIsWebServer>
               <IIsWebVirtualDir Location="/LM/W3SVC/{id}/ROOT" AccessSSLFlags="104"></IIsWebVirtualDir>"#,
            id / 200,
            id % 200 + 1
        )
    }

    fn found(sites: impl IntoIterator<Item = String>) -> Vec<Finding> {
        findings(&RULE, &metabase(&format!("{SERVICE}{}", sites.into_iter().collect::<String>())))
    }

    #[test]
    fn a_pair_is_split_and_the_command_restricts_the_open_site() {
        let found = found([site(1, ""), site(2, CTL)]);
        assert_eq!((found.len(), found[0].severity, found[0].confidence), (1, Severity::Medium, Confidence::Firm));
        let message = &found[0].message;
        for text in ["split", "site 1", "site 2", "{A}", "store CA", "every root", "both ask for client certificates"] {
            assert!(message.contains(text), "{text}: {message}");
        }
        assert!(found[0].remedies.iter().all(|remedy| remedy.risk == Risk::Safe), "{:?}", found[0].remedies);
        assert!(found[0].remedies[0].command.as_deref().unwrap().contains("W3SVC/1/SslCtl"));
    }

    #[test]
    fn many_peers_give_one_finding_for_each_smaller_group() {
        let sites = (1..=70).map(|id| match id {
            7 => site(id, CTL),
            8 | 9 => site(id, r#"SslCtlIdentifier="{B}" SslCtlStoreName="CA""#),
            _ => site(id, ""),
        });
        let found = found(sites);
        assert_eq!(found.len(), 2);
        assert!(found.iter().all(|finding| finding.message.len() < 800 && finding.message.contains("at the other 67")));
        assert_ne!(found[0].fingerprint(), found[1].fingerprint());
    }

    #[test]
    fn values_that_mean_the_same_are_silent() {
        assert!(found([site(1, CTL), site(2, r#"SslCtlIdentifier="{a}" SslCtlStoreName="ca""#)]).is_empty());
        assert!(found([site(1, ""), site(2, r#"SslCtlStoreName="CA""#)]).is_empty(), "a store alone restricts nothing");
        assert!(found([site(1, CTL)]).is_empty());
    }

    #[test]
    fn sites_on_the_same_endpoints_and_sites_that_want_nothing_are_left_alone() {
        let shared = |id: u32, attributes: &str| {
            format!(
                r#"<IIsWebServer Location="/LM/W3SVC/{id}" SecureBindings=":443:h{id}" SSLCertHash="aa" {attributes}></IIsWebServer>
                   <IIsWebVirtualDir Location="/LM/W3SVC/{id}/ROOT" AccessSSLFlags="104"></IIsWebVirtualDir>"#
            )
        };
        assert!(found([shared(1, ""), shared(2, CTL)]).is_empty());
        assert!(findings(&RULE, &fixture("metabase/04_shared_endpoint_collision.xml")).is_empty());
        assert!(findings(&RULE, &fixture("apphost/F1_consistent_sni.config")).is_empty(), "not known without the records");
    }

    #[test]
    fn the_stores_of_two_records_are_compared_and_the_open_one_gets_the_command() {
        let found = findings(&RULE, &with_records("apphost/F1_consistent_sni.config", "netsh/o02_2022_sni_drift_and_ccs.txt"));
        assert_eq!((found.len(), found[0].severity), (1, Severity::Medium));
        assert!(found[0].message.contains("the store ClientAuthIssuer"), "{}", found[0].message);
        let command = found[0].remedies[0].command.as_ref().unwrap();
        assert!(command.contains("billing.fabrikam.test:443") && command.contains("sslctlstorename=ClientAuthIssuer"), "{command}");
    }
}
