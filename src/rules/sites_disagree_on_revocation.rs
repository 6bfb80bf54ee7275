//! `sites-disagree-on-revocation`: of sites that want client certificates, some check revocation otherwise than the others.

use std::collections::{BTreeMap, BTreeSet};

use super::disagreement::{self, Split, identity, names, split};
use super::endpoint_map::{EndpointMap, test_revocation};
use super::record_remedy::{Change, mode_changes, update};
use super::scopes::site_key;
use super::steps::{self, Remedies};
use super::{Confidence, Context, Finding, Rule, Severity};
use crate::catalogue::{Setting, Value, cert_check, entry};
use crate::remedy::{Remedy, Risk, adsutil};
use crate::server::{Origin, Server};

pub(super) const RULE: Rule = Rule {
    name: "sites-disagree-on-revocation",
    severity: Severity::Medium,
    confidence: Confidence::Firm,
    title: "Sites check client certificates for revocation in different ways",
    meaning: "Sites that want client certificates differ in CertCheckMode, in a freshness time that counts, or in the time-out for fetching CRLs. \
              One site then refuses a certificate that another accepts, and it is rarely seen why: an absent value means that revocation is \
              checked, so the difference may be a line that only one of them has.",
    sees: "One site answers 403.13 where the other accepts the same certificate.",
    silent: "Silent between sites on the same endpoints (`shared-endpoint-disagrees` says it) or records, for sites without an https endpoint or \
             record, for times that do not count with the mode, where a value is not known or the records of one site differ, and for records of \
             other products. With equally large sides no side is called wrong.",
    evidence: "MetaBase.xml; on IIS 7 and later the HTTP.sys record",
    fix: "Decide which value is intended and set it on all of them.",
    remedies: Remedies::both(
        &[
            steps::LOOK_MODE,
            steps::MODE,
            steps::adsutil!(
                "writes the freshness time, in seconds; it counts with mode 4",
                "set W3SVC/SITE-ID/RevocationFreshnessTime NUMBER"
            ),
            steps::adsutil!(
                "writes the time-out of fetching a CRL, in milliseconds",
                "set W3SVC/SITE-ID/RevocationURLRetrievalTimeout NUMBER"
            ),
        ],
        &[
            steps::SHOW_RECORDS,
            steps::REVOCATION_ON,
            steps::record!("gives the record the time-out of the other", "urlretrievaltimeout=NUMBER"),
        ],
    ),
    references: &["TechNet cc775782, cc756751, cc739775", "KB294305"],
    check,
};

/// How many records of a site get a command.
const SHOWN: usize = 4;

/// What is compared: the mode, and the times as far as they count with it.
type Check = (u32, Option<u64>, Option<u64>);

/// Sites on the same endpoints, which agree.
struct Unit {
    sites: Vec<usize>,
    check: Check,
}

fn check(context: &Context<'_>, findings: &mut Vec<Finding>) {
    let server = context.server;
    let endpoints = context.endpoints();
    let mut seen = BTreeSet::new();
    for peers in context.certificate_peers() {
        let compared = units(endpoints, &peers.sites).into_iter().flat_map(|unit| {
            let check = unit.check;
            unit.sites.into_iter().map(move |site| (site, check))
        });
        match split(compared) {
            Split::Agreed => {}
            Split::Minorities { most, others } => {
                for (check, sites) in others {
                    if seen.insert((sites.clone(), most.1.clone())) {
                        let both = [check, most.0];
                        let lead =
                            format!("{}, while {}", clause(endpoints, check, &both, &sites), clause(endpoints, most.0, &both, &most.1));
                        let setting = differing(&both);
                        let finding =
                            report(endpoints, &peers.why, setting, lead, weaker(server, &[(check, &sites), (most.0, &most.1)]), &sites);
                        let finding = point_at(finding.sides(server, [sites.as_slice(), &most.1]), endpoints, setting, most.1[0]);
                        findings.push(adopt(finding, endpoints, sites[0], check, most.1[0], most.0));
                    }
                }
            }
            Split::Tie(groups) => {
                let all: Vec<usize> = groups.iter().flat_map(|(_, sites)| sites.iter().copied()).collect();
                if seen.insert((all.clone(), Vec::new())) {
                    let checks: Vec<Check> = groups.iter().map(|(check, _)| *check).collect();
                    let sides: Vec<String> = groups.iter().map(|(check, sites)| clause(endpoints, *check, &checks, sites)).collect();
                    let sides_of: Vec<(Check, &[usize])> = groups.iter().map(|(check, sites)| (*check, sites.as_slice())).collect();
                    let lead = sides.join(", while ");
                    let setting = differing(&checks);
                    let mut finding = report(endpoints, &peers.why, setting, lead, weaker(server, &sides_of), &all);
                    finding = finding.sides(server, groups.iter().map(|(_, sites)| sites.as_slice()));
                    for (_, sites) in &groups[1..] {
                        finding = point_at(finding, endpoints, setting, sites[0]);
                    }
                    if let [(a, sites_a), (b, sites_b)] = groups.as_slice() {
                        finding = adopt(finding, endpoints, sites_a[0], *a, sites_b[0], *b);
                        finding = adopt(finding, endpoints, sites_b[0], *b, sites_a[0], *a);
                    }
                    findings.push(finding);
                }
            }
        }
    }
}

/// The sites with an https endpoint and a known check, joined where they share their endpoints; those that share and disagree are left out,
/// because which of them is in effect is not known.
fn units(map: &EndpointMap<'_>, sites: &[usize]) -> Vec<Unit> {
    let known = |site: &usize| mode(map, *site).is_some() && !map.indexes(*site).is_empty();
    let sites: Vec<usize> = sites.iter().copied().filter(known).collect();
    // A time that one of them does not know is compared between none of them.
    let comparable = |setting| sites.iter().all(|site| number(map, *site, setting).is_some());
    let (fresh, timeout) = (comparable(Setting::RevocationFreshnessTime), comparable(Setting::RevocationUrlRetrievalTimeout));
    let mut joined: BTreeMap<&[usize], Vec<usize>> = BTreeMap::new();
    for site in &sites {
        joined.entry(map.deciders(*site)).or_default().push(*site);
    }
    let unit = |sites: Vec<usize>| {
        let mut checks = sites.iter().filter_map(|site| check_of(map, *site, fresh, timeout));
        let check = checks.next()?;
        checks.all(|other| other == check).then_some(Unit { sites, check })
    };
    joined.into_values().filter_map(unit).collect()
}

fn number(map: &EndpointMap<'_>, site: usize, setting: Setting) -> Option<u64> {
    map.in_effect(site, setting)?.known()?.number()
}

fn mode(map: &EndpointMap<'_>, site: usize) -> Option<u32> {
    map.in_effect(site, Setting::CertCheckMode)?.known()?.flags()
}

fn check_of(map: &EndpointMap<'_>, site: usize, fresh: bool, timeout: bool) -> Option<Check> {
    let mode = mode(map, site)?;
    let fresh = fresh && mode & cert_check::FRESHNESS != 0;
    // Without a check and with cached CRLs only, nothing is fetched.
    let timeout = timeout && mode & (cert_check::NO_REVOCATION | cert_check::CACHE_ONLY) == 0;
    let time = |wanted: bool, setting| if wanted { number(map, site, setting) } else { None };
    Some((mode, time(fresh, Setting::RevocationFreshnessTime), time(timeout, Setting::RevocationUrlRetrievalTimeout)))
}

/// The first setting in which the checks differ.
fn differing(checks: &[Check]) -> Setting {
    let differ = |of: fn(&Check) -> Option<u64>| checks.windows(2).any(|pair| of(&pair[0]) != of(&pair[1]));
    if differ(|check| Some(u64::from(check.0))) {
        Setting::CertCheckMode
    } else if differ(|check| check.1) {
        Setting::RevocationFreshnessTime
    } else {
        Setting::RevocationUrlRetrievalTimeout
    }
}

/// One side in words: who, and in what they differ from the others.
fn clause(map: &EndpointMap<'_>, check: Check, all: &[Check], sites: &[usize]) -> String {
    let absent = |setting| sites.iter().all(|site| map.in_effect(*site, setting).is_some_and(|value| value.origin.place().is_none()));
    let said = |setting, property: &str, value: String| {
        if absent(setting) { format!("no {property}, so {value} counts") } else { format!("{property} {value}") }
    };
    let (mode, fresh, timeout) = check;
    let mut parts = Vec::new();
    if all.iter().any(|other| other.0 != mode) {
        let meaning = Value::Flags(mode).meaning(Setting::CertCheckMode);
        parts.push(format!("{} ({meaning})", said(Setting::CertCheckMode, "CertCheckMode", mode.to_string())));
    }
    // A time that only one side uses follows from its mode.
    if let Some(seconds) = fresh
        && all.iter().any(|other| other.1.is_some() && other.1 != fresh)
    {
        parts.push(said(Setting::RevocationFreshnessTime, "freshness time", format!("{seconds} seconds")));
    }
    if let Some(milliseconds) = timeout
        && all.iter().any(|other| other.2.is_some() && other.2 != timeout)
    {
        parts.push(said(Setting::RevocationUrlRetrievalTimeout, "time-out", format!("{milliseconds} milliseconds")));
    }
    disagreement::clause(map.server(), sites, ["has", "have"], &parts.join(" and "))
}

/// Names the side that accepts more, when the sides differ in that.
fn weaker(server: &Server, sides: &[(Check, &[usize])]) -> String {
    let holes = |(mode, _, _): Check| mode & (cert_check::NO_REVOCATION | cert_check::NO_USAGE);
    let open: Vec<&(Check, &[usize])> = sides.iter().filter(|(check, _)| holes(*check) & cert_check::NO_REVOCATION != 0).collect();
    let (open, what) = if open.is_empty() || open.len() == sides.len() {
        (sides.iter().filter(|(check, _)| holes(*check) & cert_check::NO_USAGE != 0).collect(), "certificates of any usage")
    } else {
        (open, "revoked certificates")
    };
    if open.is_empty() || open.len() == sides.len() {
        return String::new();
    }
    let sites: Vec<usize> = open.iter().flat_map(|(_, sites)| sites.iter().copied()).collect();
    let verb = if sites.len() == 1 { "is weaker: it accepts" } else { "are weaker: they accept" };
    format!(". {} {verb} {what}", names(server, &sites))
}

fn report(map: &EndpointMap<'_>, why: &str, setting: Setting, lead: String, weaker: String, sites: &[usize]) -> Finding {
    let server = map.server();
    let first = sites[0];
    let site = &server.sites[first];
    let place = map.in_effect(first, setting).and_then(|value| value.origin.place()).or(site.place);
    Finding::new(&RULE, server, format!("Revocation is checked in different ways: {lead}{weaker}. Compared because {why}"))
        .site(site)
        .at_most(map.most(first))
        .path("/")
        .setting(setting)
        .at(place)
        .subject(identity(server, sites))
        .remedy(test_revocation())
}

/// Points at the other side: where it says the setting, or at its declaration when nothing says it.
fn point_at(finding: Finding, map: &EndpointMap<'_>, setting: Setting, site: usize) -> Finding {
    let server = map.server();
    let Some(value) = map.in_effect(site, setting) else { return finding };
    let (place, how) = match value.origin {
        Origin::Explicit { at } => (Some(at), "set here"),
        Origin::Inherited { at, .. } => (Some(at), "inherited from here"),
        _ => (server.sites[site].place, "not set, so the default counts"),
    };
    let property = entry(setting).iis6.as_ref().map_or(setting.name(), |iis6| iis6.property);
    let shown = value.value.show(setting, server.generation);
    finding.related(place, format!("{}: {property} {shown}, {how}", server.sites[site].label()))
}

/// Adds the commands that make one site check like the other.
fn adopt(mut finding: Finding, map: &EndpointMap<'_>, site: usize, old: Check, model: usize, new: Check) -> Finding {
    let server = map.server();
    let like = format!("makes {} check like {}", server.sites[site].label(), server.sites[model].label());
    let Some(key) = site_key(server, &server.sites[site]) else { return adopt_record(finding, map, site, &like, old, new) };
    if old.0 != new.0 {
        let opens = (cert_check::NO_REVOCATION | cert_check::NO_USAGE) & new.0 & !old.0;
        let risk = if opens == 0 { Risk::Safe } else { Risk::WeakensSecurity };
        let what = format!("{like}; CertCheckMode {} becomes {}", old.0, new.0);
        finding = finding.remedy(Remedy::offer(risk, what, adsutil::set(&key, "CertCheckMode", &new.0.to_string())));
    }
    let times = [("RevocationFreshnessTime", old.1, new.1), ("RevocationURLRetrievalTimeout", old.2, new.2)];
    for (property, old, new) in times {
        if let (Some(old), Some(new)) = (old, new)
            && old != new
        {
            let what = format!("{like}; {property} {old} becomes {new}");
            finding = finding.remedy(Remedy::offer(Risk::Safe, what, adsutil::set(&key, property, &new.to_string())));
        }
    }
    finding
}

/// The same for the records that serve the site.
fn adopt_record(finding: Finding, map: &EndpointMap<'_>, site: usize, like: &str, old: Check, new: Check) -> Finding {
    let opens = (cert_check::NO_REVOCATION | cert_check::NO_USAGE) & new.0 & !old.0;
    let risk = if opens == 0 { Risk::Safe } else { Risk::WeakensSecurity };
    let mut changes = mode_changes(old.0, new.0);
    let mut what = like.to_owned();
    if old.0 != new.0 {
        what.push_str(&format!("; CertCheckMode {} becomes {}", old.0, new.0));
    }
    // A mode that does not use a time says nothing of it; the record has it all the same.
    let has = |setting| number(map, site, setting);
    for (name, old, new, change) in [
        ("freshness time", old.1.or_else(|| has(Setting::RevocationFreshnessTime)), new.1, Change::Freshness as fn(u32) -> Change),
        ("time-out", old.2.or_else(|| has(Setting::RevocationUrlRetrievalTimeout)), new.2, Change::UrlTimeout as fn(u32) -> Change),
    ] {
        if let Some(to) = new.filter(|new| old != Some(*new)).and_then(|new| u32::try_from(new).ok()) {
            what.push_str(&format!("; the {name} becomes {to}"));
            changes.retain(|change| !matches!((change, name), (Change::Freshness(_), "freshness time")));
            changes.push(change(to));
        }
    }
    finding.remedies_of(map.records(site).into_iter().take(SHOWN).filter_map(|record| update(record, risk, &what, &changes)))
}

#[cfg(test)]
mod tests {
    use super::super::Group;
    use super::super::testing::{SERVICE, findings, fixture, joined, listing, metabase, registry, sni_site, with_records};
    use super::*;

    fn site(id: u32, properties: &str) -> String {
        format!(
            r#"<IIsWebServer Location="/LM/W3SVC/{id}" SecureBindings="192.0.2.{id}:443:" {properties}></IIsWebServer>
               <IIsWebVirtualDir Location="/LM/W3SVC/{id}/ROOT" AccessSSLFlags="104"></IIsWebVirtualDir>"#
        )
    }

    fn found(sites: &[&str]) -> Vec<Finding> {
        let sites: String = sites.iter().zip(1..).map(|(properties, id)| site(id, properties)).collect();
        findings(&RULE, &metabase(&format!("{SERVICE}{sites}")))
    }

    const OFF: &str = r#"CertCheckMode="1""#;

    #[test]
    fn a_time_out_that_both_records_have_is_no_change_and_the_record_is_updated() {
        let off = ("Verify Client Certificate Revocation", "Disabled");
        let records = listing(&[("Hostname:port : a.test:443", &[off]), ("Hostname:port : b.test:443", &[])]);
        let found = findings(&RULE, &joined(&(sni_site(1, "a.test") + &sni_site(2, "b.test")), &records));
        let like_b = found[0].remedies.iter().find(|remedy| remedy.what.contains("CertCheckMode 1 becomes 0")).unwrap();
        assert!(!like_b.what.contains("time-out") && like_b.command.as_ref().unwrap().contains("update sslcert"), "{like_b:?}");
    }

    #[test]
    fn the_site_that_has_the_line_and_the_one_that_lacks_it_are_named_with_what_they_do() {
        let found = findings(&RULE, &fixture("metabase/01_working_failing_pair.xml"));
        assert_eq!((found.len(), found[0].severity, found[0].confidence), (1, Severity::Medium, Confidence::Firm));
        let message = &found[0].message;
        assert!(
            message.contains("\"partner-a (403.13)\" (id 690402) has no CertCheckMode, so 0 counts (revocation is checked"),
            "{message}"
        );
        assert!(message.contains("\"partner-b (works)\" (id 90326589) has CertCheckMode 1 (revocation is not checked"), "{message}");
        assert!(
            message.contains("\"partner-b (works)\" (id 90326589) is weaker: it accepts revoked")
                && message.contains("Compared because both ask"),
            "{message}"
        );
        assert_eq!(found[0].related.len(), 1);
        let risks: Vec<Risk> = found[0].remedies.iter().map(|remedy| remedy.risk).collect();
        assert_eq!(risks, [Risk::ReadOnly, Risk::Safe, Risk::WeakensSecurity]);
        assert!(found[0].remedies[1].command.as_ref().unwrap().ends_with("W3SVC/90326589/CertCheckMode 0"));
    }

    #[test]
    fn one_deviating_group_is_one_finding_however_many_sites_agree_otherwise() {
        let mut sites = vec![""; 9];
        sites[3] = OFF;
        sites[7] = OFF;
        let found = found(&sites);
        assert_eq!(found.len(), 1);
        assert!(
            found[0].message.contains("site 4 and site 8 have CertCheckMode 1")
                && found[0].message.contains("site 6 and 2 more have no CertCheckMode, so 0 counts")
        );
    }

    #[test]
    fn equally_large_sides_are_a_split_at_the_first_site() {
        let found = found(&["", OFF, OFF, ""]);
        assert_eq!(found.len(), 1);
        assert!(
            found[0].message.contains("site 1 and site 4 have no CertCheckMode, so 0 counts")
                && found[0].message.contains("while site 2 and site 3 have CertCheckMode 1")
        );
    }

    #[test]
    fn times_count_only_with_the_mode_that_uses_them() {
        assert!(found(&["", r#"RevocationFreshnessTime="7200""#]).is_empty());
        assert_eq!(found(&[r#"CertCheckMode="4""#, r#"CertCheckMode="4" RevocationFreshnessTime="7200""#]).len(), 1);
        let timeouts = found(&["", r#"RevocationURLRetrievalTimeout="5000""#]);
        assert_eq!((timeouts.len(), timeouts[0].setting), (1, Some(Setting::RevocationUrlRetrievalTimeout)));
        assert!(
            timeouts[0].message.contains("no time-out, so 0 milliseconds counts")
                && timeouts[0].message.contains("time-out 5000 milliseconds")
        );
        assert!(found(&[OFF, r#"CertCheckMode="1" RevocationURLRetrievalTimeout="5000""#]).is_empty());
    }

    #[test]
    fn an_explicit_default_and_an_absent_value_agree() {
        assert!(found(&["", r#"CertCheckMode="0" RevocationURLRetrievalTimeout="0""#]).is_empty());
    }

    #[test]
    fn the_samples_that_share_an_endpoint_or_want_no_certificates_are_silent() {
        for name in
            ["metabase/02_service_level_inheritance.xml", "metabase/04_shared_endpoint_collision.xml", "apphost/F1_consistent_sni.config"]
        {
            assert!(findings(&RULE, &fixture(name)).is_empty(), "{name}");
        }
        let shared = |id: u32, mode: &str| {
            format!(
                r#"<IIsWebServer Location="/LM/W3SVC/{id}" SecureBindings=":443:" {mode}></IIsWebServer>
                   <IIsWebVirtualDir Location="/LM/W3SVC/{id}/ROOT" AccessSSLFlags="104"></IIsWebVirtualDir>"#
            )
        };
        assert!(findings(&RULE, &metabase(&format!("{SERVICE}{}{}", shared(1, OFF), shared(2, "")))).is_empty());
    }

    #[test]
    fn sites_of_different_declared_groups_are_not_compared() {
        let server = metabase(&format!("{SERVICE}{}{}{}", site(1, ""), site(2, OFF), site(3, OFF)));
        let group =
            |name: &str, sites: &[&str]| Group { name: name.to_owned(), sites: sites.iter().map(|site| (*site).to_owned()).collect() };
        let run = |groups: &[Group]| {
            let mut findings = Vec::new();
            (RULE.check)(&Context { groups, ..Context::new(&server) }, &mut findings);
            findings
        };
        assert!(run(&[group("one", &["1"]), group("two", &["2", "3"])]).is_empty());
        let found = run(&[group("pair", &["1", "2"])]);
        assert!(found[0].message.contains("Compared because both belong to the group pair"));
    }

    #[test]
    fn the_records_of_two_sites_are_compared_and_the_time_out_is_one_of_the_values() {
        let found = findings(&RULE, &with_records("apphost/F1_consistent_sni.config", "netsh/o02_2022_sni_drift_and_ccs.txt"));
        assert_eq!((found.len(), found[0].setting), (1, Some(Setting::RevocationUrlRetrievalTimeout)));
        assert!(found[0].message.contains("15000 milliseconds") && found[0].message.contains("0 milliseconds"), "{}", found[0].message);
        assert!(found[0].remedies.iter().any(|remedy| {
            remedy.command.as_ref().is_some_and(|command| command.contains("billing") && command.contains("urlretrievaltimeout=15000"))
        }));
        let shared = with_records("apphost/F2_shared_ipport_hostheaders.config", "netsh/o01_2012r2_conflict_revocation.txt");
        assert!(findings(&RULE, &shared).is_empty(), "one record serves both");
    }

    #[test]
    fn an_absent_value_and_the_same_value_are_no_difference() {
        let site = |id: u32| {
            format!(
                r#"<site name="S{id}" id="{id}"><application path="/"/><bindings><binding protocol="https" bindingInformation="*:{}:"/></bindings></site>"#,
                442 + id
            )
        };
        let body = format!(
            r#"<system.applicationHost><sites>{}{}</sites></system.applicationHost><system.webServer><security>
               <access sslFlags="Ssl, SslNegotiateCert"/></security></system.webServer>"#,
            site(1),
            site(2)
        );
        let records = |mode| registry(&[]) + &registry(&[("DefaultSslCertCheckMode", mode)]).replace("0.0.0.0:443", "0.0.0.0:444");
        assert!(findings(&RULE, &joined(&body, &records(0))).is_empty());
        assert_eq!(findings(&RULE, &joined(&body, &records(1))).len(), 1);
    }
}
