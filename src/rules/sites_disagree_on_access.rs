//! `sites-disagree-on-access`: of sites with the same role, some demand something else on a path than the others.

use std::collections::{BTreeMap, BTreeSet};

use super::disagreement::{Split, clause, identity, split};
use super::scopes::{access_text, by_path, risk_of, set_access, tree};
use super::steps::{self, Remedies};
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
             of Exchange, and where a value is not known. Of very many sites with very many paths only the roots are compared. With equally large \
             sides no side is called wrong.",
    evidence: "MetaBase.xml, or applicationHost.config and web.config",
    fix: "Decide which value is intended and set it on all of them, or declare the groups that belong together.",
    remedies: Remedies::both(&[steps::LOOK_ACCESS_6, steps::ACCESS_6], &[steps::LOOK_ACCESS_7, steps::ACCESS_7]),
    references: &["KB224389", "MicrosoftDocs/iis-docs: iis/configuration/system.webServer/security/access.md"],
    check,
};

/// More comparisons than this are not made; then only the roots are compared.
const MOST: usize = 2_000_000;

/// What is in effect for one site on one path.
#[derive(Debug, Clone, Copy)]
struct Cell {
    /// Index of the scope that decides.
    scope: usize,
    /// Its access flags, when they are known.
    bits: Option<u32>,
    /// Whether the site has the application that the path belongs to.
    present: bool,
}

/// One path, with a cell for each site.
#[derive(Debug)]
struct Row {
    path: String,
    cells: Vec<Cell>,
}

fn check(context: &Context<'_>, findings: &mut Vec<Finding>) {
    let server = context.server;
    let mut seen = BTreeSet::new();
    for peers in context.access_peers().iter().filter(|peers| !are_alike(server, &peers.sites)) {
        for row in rows(server, &peers.sites) {
            let present = peers.sites.iter().zip(&row.cells).filter(|(_, cell)| cell.present);
            let sides = match split(present.filter_map(|(site, cell)| Some((*site, cell.bits?)))) {
                Split::Agreed => continue,
                Split::Minorities { most, others } => others.into_iter().map(|other| (false, vec![other, most.clone()])).collect(),
                Split::Tie(groups) => vec![(true, groups)],
            };
            let scopes: BTreeMap<usize, usize> = peers.sites.iter().zip(&row.cells).map(|(site, cell)| (*site, cell.scope)).collect();
            for (tie, groups) in sides {
                let members: Vec<Vec<usize>> = groups.iter().map(|(_, sites)| sites.clone()).collect();
                if seen.insert((row.path.clone(), members)) {
                    findings.push(report(server, &peers.why, &row.path, &scopes, tie, &groups));
                }
            }
        }
    }
}

/// Whether the sites have the same paths, spelled alike, with the same flags on each, as most peers have.
fn are_alike(server: &Server, sites: &[usize]) -> bool {
    let scopes = |site: usize| &server.sites[site].scopes;
    let alike = |a: &Scope, b: &Scope| a.path == b.path && a.is_application == b.is_application && a.access() == b.access();
    sites.windows(2).all(|pair| {
        let (a, b) = (scopes(pair[0]), scopes(pair[1]));
        a.len() == b.len() && a.iter().zip(b).all(|(a, b)| alike(a, b))
    })
}

/// The paths at which the sites can differ. A path with the same values as the nearest path above it is left out.
fn rows(server: &Server, sites: &[usize]) -> Vec<Row> {
    let index: Vec<BTreeMap<String, usize>> = sites.iter().map(|site| by_path(&server.sites[*site])).collect();
    let paths: BTreeSet<&str> = index.iter().flat_map(|paths| paths.keys().map(String::as_str)).collect();
    let mut paths: Vec<&str> = paths.into_iter().collect();
    if paths.len().saturating_mul(sites.len()) > MOST {
        paths.retain(|path| *path == "/");
    }
    let mut rows: Vec<Option<Row>> = paths.iter().map(|_| None).collect();
    let mut told = Vec::new();
    for (this, parent) in tree(paths.iter().copied()) {
        let path = paths[this];
        let own: Vec<Option<&Scope>> =
            sites.iter().zip(&index).map(|(site, paths)| paths.get(path).map(|scope| &server.sites[*site].scopes[*scope])).collect();
        let parent = match parent.map(|parent| &rows[parent]) {
            None => None,
            Some(Some(row)) => Some(row),
            // Below a path that a product owns.
            Some(None) => continue,
        };
        if own.iter().flatten().any(|scope| scope.product.is_some()) {
            continue;
        }
        let application = path != "/" && own.iter().flatten().any(|scope| scope.is_application);
        let cells: Option<Vec<Cell>> = (0..sites.len())
            .map(|site| {
                let above = parent.map(|row| row.cells[site]);
                let present = if application { own[site].is_some() } else { above.is_none_or(|above| above.present) };
                match own[site] {
                    Some(scope) => Some(Cell { scope: *index[site].get(path)?, bits: scope.access(), present }),
                    None => above.map(|above| Cell { present, ..above }),
                }
            })
            .collect();
        let Some(cells) = cells else { continue };
        let same = parent.is_some_and(|parent| {
            let pairs = cells.iter().zip(&parent.cells);
            pairs.filter(|(cell, _)| cell.present).all(|(cell, above)| above.present && above.bits == cell.bits)
        });
        if !same {
            told.push(this);
        }
        rows[this] = Some(Row { path: path.to_owned(), cells });
    }
    told.into_iter().filter_map(|this| rows[this].take()).collect()
}

fn report(server: &Server, why: &str, path: &str, scopes: &BTreeMap<usize, usize>, tie: bool, groups: &[(u32, Vec<usize>)]) -> Finding {
    let scope_of = |site: usize| scopes.get(&site).map(|scope| &server.sites[site].scopes[*scope]);
    let side = |(bits, sites): &(u32, Vec<usize>)| {
        let meaning = Value::Flags(*bits).meaning(Setting::AccessFlags);
        let absent = sites.iter().all(|site| scope_of(*site).is_some_and(|scope| said_at(scope).is_none()));
        let flags = access_text(server, *bits);
        let what = if absent { format!("none set, so {flags} counts ({meaning})") } else { format!("{flags} ({meaning})") };
        clause(server, sites, ["has", "have"], &what)
    };
    let first = groups[0].1[0];
    let shown = scope_of(first).filter(|scope| scope.path.eq_ignore_ascii_case(path)).map_or(path, |scope| scope.path.as_str());
    let message = format!(
        "Different access flags are in effect on {shown}: {}. Compared because {why}",
        groups.iter().map(side).collect::<Vec<_>>().join(", while ")
    );
    let site = &server.sites[first];
    let subject: Vec<usize> = if tie { groups.iter().flat_map(|(_, sites)| sites.iter().copied()).collect() } else { groups[0].1.clone() };
    let mut finding = Finding::new(&RULE, server, message)
        .site(site)
        .path(shown)
        .setting(Setting::AccessFlags)
        .at(scope_of(first).and_then(said_at).or(site.place))
        .subject(identity(server, &subject))
        .sides(server, groups.iter().map(|(_, sites)| sites.as_slice()));
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
        assert!(message.contains("\"S1\" (id 1) has Ssl (8) (https is required"), "{message}");
        assert!(
            message.contains("Ssl, SslNegotiateCert, SslRequireCert (104)")
                && message.contains("Compared because both have the same applications: /api")
        );
        assert_eq!((found[0].remedies.len(), found[0].related.len()), (2, 1));
    }

    #[test]
    fn a_minority_is_measured_against_the_most_and_reported_once() {
        let ssl: &[(&str, &str)] = &[("", "Ssl")];
        let found = twins(&[("/ /x", ssl), ("/ /x", &[]), ("/ /x", ssl), ("/ /x", &[]), ("/ /x", ssl)]);
        assert_eq!(paths(&found), ["/"]);
        assert!(found[0].message.contains("\"S2\" (id 2) and \"S4\" (id 4) have none set, so None (0) counts"));
    }

    #[test]
    fn what_follows_from_the_difference_above_is_not_said_again() {
        let found = twins(&[("/ /x /y", &[("", "Ssl"), ("/x", "Ssl")]), ("/ /x /y", &[])]);
        assert_eq!(paths(&found), ["/"]);
    }

    #[test]
    fn a_path_of_an_application_that_the_twin_lacks_is_not_compared() {
        let server = |path: &str| {
            let site = |id: u32, more: &str| {
                format!(
                    r#"<IIsWebServer Location="/LM/W3SVC/{id}" SecureBindings="192.0.2.{id}:443:www.example.com"></IIsWebServer>
                       <IIsWebVirtualDir Location="/LM/W3SVC/{id}/ROOT" AccessSSLFlags="8"></IIsWebVirtualDir>{more}"#
                )
            };
            metabase(&format!("{SERVICE}{}{}", site(1, path), site(2, "")))
        };
        let key = |kind: &str| format!(r#"<{kind} Location="/LM/W3SVC/1/ROOT/x" AccessSSLFlags="104"></{kind}>"#);
        assert!(findings(&RULE, &server(&key("IIsWebVirtualDir"))).is_empty());
        assert_eq!(paths(&findings(&RULE, &server(&key("IIsWebDirectory")))), ["/x"]);
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
