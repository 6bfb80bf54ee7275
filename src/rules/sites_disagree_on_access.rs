//! `sites-disagree-on-access`: of sites with the same role, some demand something else on a path than the others.

use std::collections::{BTreeMap, BTreeSet};

use super::disagreement::{Split, identity, names, split};
use super::scopes::{access_text, by_path, risk_of, set_access};
use super::{Confidence, Context, Finding, Rule, Severity};
use crate::catalogue::{Setting, Value};
use crate::server::{Origin, Scope, Server};

pub(super) const RULE: Rule = Rule {
    name: "sites-disagree-on-access",
    severity: Severity::Medium,
    confidence: Confidence::Likely,
    title: "Sites with the same role demand different things on one path",
    meaning: "Sites that should behave alike have different access flags in effect on the same path: one demands https or a client certificate, its \
              twin does not. Either a client is refused that should not be, or one gets in that should not.",
    sees: "One site answers 403.4 or 403.7, its twin serves the page.",
    silent: "Sites are compared when they are declared to be a group, serve the same host name or have the same applications. Silent for a path \
             whose application a site does not have, below a path with the same difference, at paths that a product's setup writes, such as those \
             of Exchange, and where a value is not known. With equally large sides no side is called wrong.",
    evidence: "MetaBase.xml, or applicationHost.config and web.config",
    fix: "Decide which value is intended and set it on all of them, or declare the groups that belong together.",
    references: &["KB224389", "MicrosoftDocs/iis-docs: iis/configuration/system.webServer/security/access.md"],
    check,
};

/// The flags of one path: for each site that is compared there, the index of the deciding scope and its bits.
type Row = BTreeMap<usize, (usize, u32)>;

fn check(context: &Context<'_>, findings: &mut Vec<Finding>) {
    let server = context.server;
    let mut seen = BTreeSet::new();
    for peers in context.access_peers() {
        let index: BTreeMap<usize, BTreeMap<String, usize>> =
            peers.sites.iter().map(|site| (*site, by_path(&server.sites[*site]))).collect();
        for (path, row) in rows(server, &index) {
            let parts = split(row.iter().map(|(site, (_, bits))| (*site, *bits)));
            let sides = match parts {
                Split::Agreed => continue,
                Split::Minorities { most, others } => others.into_iter().map(|other| vec![other, most.clone()]).collect(),
                Split::Tie(groups) => vec![groups],
            };
            for groups in sides {
                let members: Vec<Vec<usize>> = groups.iter().map(|(_, sites)| sites.clone()).collect();
                if seen.insert((path.clone(), members)) {
                    findings.push(report(server, &peers.why, &path, &row, &groups));
                }
            }
        }
    }
}

/// The paths at which the sites can differ, each with what is in effect on every site that has such a path. A path with the same values as the
/// nearest path above it is left out.
fn rows(server: &Server, index: &BTreeMap<usize, BTreeMap<String, usize>>) -> Vec<(String, Row)> {
    let all: BTreeSet<&str> = index.values().flat_map(|paths| paths.keys().map(String::as_str)).collect();
    let mut kept: BTreeMap<String, Row> = BTreeMap::new();
    let mut products: BTreeSet<&str> = BTreeSet::new();
    let mut rows = Vec::new();
    for path in all {
        let here = |site: &usize| index[site].get(path).map(|scope| &server.sites[*site].scopes[*scope]);
        let owned = index.keys().filter_map(here).any(|scope| scope.product.is_some());
        if owned || above(path).any(|above| products.contains(above)) {
            products.insert(path);
            continue;
        }
        let application = index.keys().filter(|site| index[site].contains_key(path)).find_map(|site| {
            std::iter::once(path)
                .chain(above(path))
                .find(|path| *path != "/" && index[site].get(*path).is_some_and(|scope| server.sites[*site].scopes[*scope].is_application))
        });
        let row: Row = index
            .iter()
            .filter(|(_, paths)| application.is_none_or(|application| paths.contains_key(application)))
            .filter_map(|(site, paths)| {
                let scope = *std::iter::once(path).chain(above(path)).find_map(|path| paths.get(path))?;
                Some((*site, (scope, server.sites[*site].scopes[scope].access()?)))
            })
            .collect();
        let bits = |row: &Row| row.iter().map(|(site, (_, bits))| (*site, *bits)).collect::<Vec<_>>();
        let same_above = above(path).find_map(|above| kept.get(above)).is_some_and(|above| {
            let above: BTreeMap<usize, u32> = bits(above).into_iter().collect();
            bits(&row).iter().all(|(site, bits)| above.get(site) == Some(bits))
        });
        if !same_above {
            rows.push((path.to_owned(), row.clone()));
        }
        kept.insert(path.to_owned(), row);
    }
    rows
}

/// The paths above `path`, nearest first, `/` last.
fn above(path: &str) -> impl Iterator<Item = &str> {
    let parents = path.rmatch_indices('/').map(|(at, _)| &path[..at]).filter(|parent| !parent.is_empty());
    parents.chain((path != "/").then_some("/"))
}

fn report(server: &Server, why: &str, path: &str, row: &Row, groups: &[(u32, Vec<usize>)]) -> Finding {
    let side = |(bits, sites): &(u32, Vec<usize>)| {
        let meaning = Value::Flags(*bits).meaning(Setting::AccessFlags);
        format!("{}: {} ({meaning})", names(server, sites), access_text(server, *bits))
    };
    let tie = groups.iter().all(|(_, sites)| sites.len() == groups[0].1.len()) || groups.len() > 2;
    let scope_of = |site: usize| row.get(&site).map(|(scope, _)| &server.sites[site].scopes[*scope]);
    let first = groups[0].1[0];
    let shown = scope_of(first).filter(|scope| scope.path.eq_ignore_ascii_case(path)).map_or(path, |scope| scope.path.as_str());
    let message = format!(
        "Different access flags are in effect on {shown}: {}{}; compared because {why}",
        if tie { "split: " } else { "" },
        groups.iter().map(side).collect::<Vec<_>>().join("; ")
    );
    let site = &server.sites[first];
    let subject: Vec<usize> = if tie { groups.iter().flat_map(|(_, sites)| sites.iter().copied()).collect() } else { groups[0].1.clone() };
    let mut finding = Finding::new(&RULE, server, message)
        .site(site)
        .path(shown)
        .setting(Setting::AccessFlags)
        .at(scope_of(first).and_then(said_at).or(site.place))
        .subject(identity(server, &subject));
    for (bits, sites) in &groups[1..] {
        let other = &server.sites[sites[0]];
        let said = scope_of(sites[0]).and_then(said_at);
        let how = if said.is_some() { "set here" } else { "not set, so the default counts" };
        finding = finding.related(said.or(other.place), format!("{}: {}, {how}", other.label(), access_text(server, *bits)));
    }
    // Only a scope that the site really has at this path can be written by its own name.
    let mut adopt = |site: usize, old: u32, model: usize, new: u32| {
        if let Some(scope) = scope_of(site).filter(|scope| scope.path.to_lowercase() == path) {
            let what = format!("makes {} demand what {} demands", server.sites[site].label(), server.sites[model].label());
            finding = finding.clone().remedy(set_access(server, scope, risk_of(old, new), &what, old, new));
        }
    };
    if let [(a, sites_a), (b, sites_b)] = groups {
        adopt(sites_a[0], *a, sites_b[0], *b);
        if tie {
            adopt(sites_b[0], *b, sites_a[0], *a);
        }
    }
    finding
}

fn said_at(scope: &Scope) -> Option<crate::input::Place> {
    match &scope.settings.get(Setting::AccessFlags)?.origin {
        Origin::Explicit { at } | Origin::Inherited { at, .. } => Some(*at),
        Origin::Default { .. } | Origin::Unknown { .. } => None,
    }
}

#[cfg(test)]
mod tests {
    use super::super::testing::{SERVICE, apphost, findings, fixture, metabase, paths};
    use super::*;

    fn twins(sites: &[(&str, &[(&str, &str)])]) -> Vec<Finding> {
        let mut declarations = String::new();
        let mut locations = String::new();
        for ((applications, flags), id) in sites.iter().zip(1..) {
            let applications: String = applications.split_whitespace().map(|path| format!(r#"<application path="{path}"/>"#)).collect();
            declarations.push_str(&format!(
                r#"<site name="S{id}" id="{id}">{applications}<bindings><binding protocol="https" bindingInformation="10.0.0.{id}:443:"/></bindings></site>"#
            ));
            for (path, flags) in *flags {
                locations.push_str(&format!(
                    r#"<location path="S{id}{path}"><system.webServer><security><access sslFlags="{flags}"/></security></system.webServer></location>"#
                ));
            }
        }
        findings(&RULE, &apphost(&format!("<system.applicationHost><sites>{declarations}</sites></system.applicationHost>{locations}")))
    }

    #[test]
    fn twins_that_differ_on_a_path_are_split_with_both_values_and_the_reason() {
        let found = twins(&[("/ /api", &[("/api", "Ssl")]), ("/ /api", &[("/api", "Ssl, SslNegotiateCert, SslRequireCert")])]);
        assert_eq!((paths(&found), found[0].severity, found[0].confidence), (vec!["/api"], Severity::Medium, Confidence::Likely));
        let message = &found[0].message;
        assert!(message.contains("split: \"S1\" (id 1): Ssl (8) (https is required"), "{message}");
        assert!(
            message.contains("Ssl, SslNegotiateCert, SslRequireCert (104)")
                && message.contains("compared because both have the same applications: /api")
        );
        assert_eq!((found[0].remedies.len(), found[0].related.len()), (2, 1));
    }

    #[test]
    fn a_minority_is_measured_against_the_most_and_reported_once() {
        let ssl: &[(&str, &str)] = &[("", "Ssl")];
        let found = twins(&[("/ /x", ssl), ("/ /x", &[]), ("/ /x", ssl), ("/ /x", &[]), ("/ /x", ssl)]);
        assert_eq!(paths(&found), ["/"]);
        assert!(!found[0].message.contains("split") && found[0].message.contains("\"S2\" (id 2), \"S4\" (id 4): None (0)"));
    }

    #[test]
    fn what_follows_from_the_difference_above_is_not_said_again() {
        let found = twins(&[("/ /x /y", &[("", "Ssl"), ("/x", "Ssl")]), ("/ /x /y", &[])]);
        assert_eq!(paths(&found), ["/"]);
    }

    #[test]
    fn twins_that_agree_and_sites_without_a_common_role_are_silent() {
        assert!(twins(&[("/ /x", &[("", "Ssl"), ("/x", "Ssl")]), ("/ /x", &[("", "Ssl")])]).is_empty());
        assert!(twins(&[("/ /x", &[("", "Ssl")]), ("/ /y", &[])]).is_empty());
        for name in
            ["apphost/F1_consistent_sni.config", "apphost/F2_shared_ipport_hostheaders.config", "metabase/01_working_failing_pair.xml"]
        {
            assert!(findings(&RULE, &fixture(name)).is_empty(), "{name}");
        }
    }

    #[test]
    fn sites_of_iis_6_with_one_host_name_are_compared_at_their_roots() {
        let site = |id: u32, flags: u32| {
            format!(
                r#"<IIsWebServer Location="/LM/W3SVC/{id}" SecureBindings="192.0.2.{id}:443:www.example.com"></IIsWebServer>
                   <IIsWebVirtualDir Location="/LM/W3SVC/{id}/ROOT" AccessSSLFlags="{flags}"></IIsWebVirtualDir>"#
            )
        };
        let found = findings(&RULE, &metabase(&format!("{SERVICE}{}{}", site(1, 8), site(2, 104))));
        assert_eq!(paths(&found), ["/"]);
        assert!(found[0].message.contains("www.example.com"));
    }
}
