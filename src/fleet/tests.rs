//! Rows made by hand, with what must and must not be said about them.

use std::num::NonZeroUsize;
use std::path::PathBuf;

use super::*;
use crate::policy::{Glob, Names, Of};
use crate::rules::Group as Role;

fn binding(server: &str) -> crate::facts::Fact<'static> {
    let row = serde_json::json!({
        "v": 1, "server": server, "generation": "iis-7-or-later", "windows": null, "level": "binding", "site_id": null, "site": "Portal",
        "path": null, "endpoint": "a:443", "setting": "binding", "type": "text", "value": "https *:443:a", "number": null, "known": true,
        "origin": "explicit", "origin_from": null, "why": null, "needs": null, "file": "f", "line": 1, "col": 1
    });
    serde_json::from_value(row).unwrap()
}

/// Rows of sites called `Portal`: server, path, setting, and the value or nothing where it was not assessed.
fn portals(rows: &[(&str, &str, &str, Option<&str>)]) -> Estate {
    let mut collector = Collector::default();
    for (server, path, setting, value) in rows {
        collector.fact(&binding(server));
        collector.observe(&Observation {
            server,
            site: "Portal",
            site_id: None,
            path,
            setting,
            value: *value,
            shown: value.unwrap_or("not assessed"),
            origin: "explicit",
            place: Some((server, 7, 3)),
        });
    }
    collector.finish()
}

fn compared(estate: &Estate) -> Fleet {
    compare(estate, &[], &[], Thresholds::default())
}

fn servers(count: usize) -> Vec<String> {
    (0..count).map(|number| format!("web{number:03}")).collect()
}

fn outliers(fleet: &Fleet) -> Vec<String> {
    let one = |outlier: &Outlier| {
        let all: Vec<String> = outlier
            .deviations
            .iter()
            .map(|one| format!("{} at {:?}: {} of {}: {}, here {}", one.setting, &*one.path, one.agree, one.of, one.expected, one.value))
            .collect();
        format!("{}: {}", outlier.server, all.join("; "))
    };
    fleet.outliers.iter().map(one).collect()
}

#[test]
fn a_host_name_with_several_bindings_is_one_and_its_bindings_are_told_in_lower_case_and_in_order() {
    let mut collector = Collector::default();
    for (column, value) in
        [(1, "https *:443:BÜRO.Example"), (2, "http *:80:büro.example"), (3, "https *:443:B"), (4, "net.pipe *"), (5, "http *:80:")]
    {
        let row = crate::facts::Fact { value: Some(value.into()), col: Some(column), ..binding("web01") };
        collector.fact(&row);
    }
    let estate = collector.finish();
    let [member] = estate.members.as_slice() else { panic!("{estate:?}") };
    assert_eq!(member.hosts(), ["b", "büro.example"]);
    let all: Vec<&str> = member.bindings().collect();
    assert_eq!(all, ["http 80  0", "http 80 büro.example 0", "https 443 b 0", "https 443 büro.example 0", "net.pipe *  0"]);
}

#[test]
fn one_of_many_is_an_outlier_with_counts_and_the_first_other_as_counterexample() {
    let names = servers(42);
    let rows: Vec<_> =
        names.iter().map(|name| (name.as_str(), "/", "access-flags", Some(if name == "web017" { "accept" } else { "require" }))).collect();
    let fleet = compared(&portals(&rows));
    assert_eq!(outliers(&fleet), ["web017: access-flags at \"/\": 41 of 42: require, here accept"]);
    let deviation = &fleet.outliers[0].deviations[0];
    assert_eq!(&*deviation.location.as_ref().unwrap().file, "web017");
    assert_eq!(&*deviation.counterexample.as_ref().unwrap().0, "web000");
}

#[test]
fn without_a_majority_nobody_is_blamed() {
    let names = servers(6);
    let rows: Vec<_> = names.iter().enumerate().map(|(at, name)| (name.as_str(), "/", "x", Some(if at < 3 { "a" } else { "b" }))).collect();
    let fleet = compared(&portals(&rows));
    assert_eq!((fleet.outliers.len(), fleet.groups.len(), fleet.splits.len()), (0, 0, 1));
    assert!(!fleet.splits[0].too_few);
    assert_eq!(fleet.splits[0].values.iter().map(|held| held.count).collect::<Vec<_>>(), [3, 3]);
}

#[test]
fn of_two_sites_none_is_the_odd_one_and_of_three_one_is() {
    let pair = compared(&portals(&[("a", "/", "x", Some("1")), ("b", "/", "x", Some("2"))]));
    assert!(pair.outliers.is_empty() && pair.splits[0].too_few);
    let three = compared(&portals(&[("a", "/", "x", Some("1")), ("b", "/", "x", Some("2")), ("c", "/", "x", Some("1"))]));
    assert_eq!(outliers(&three), ["b: x at \"/\": 2 of 3: 1, here 2"]);
}

#[test]
fn what_is_not_known_neither_agrees_nor_deviates_and_is_counted() {
    let mut rows = vec![("a", "", "x", Some("1")), ("b", "", "x", Some("1")), ("c", "", "x", Some("1")), ("d", "", "x", Some("2"))];
    rows.extend([("e", "", "x", None), ("f", "", "x", None)]);
    let fleet = compared(&portals(&rows));
    assert_eq!(outliers(&fleet), ["d: x at \"\": 3 of 4: 1, here 2"]);
    assert_eq!((fleet.outliers[0].deviations[0].not_assessed, fleet.cohorts[0].not_assessed), (2, 2));
    let unknown = compared(&portals(&[("a", "", "x", Some("1")), ("b", "", "x", None), ("c", "", "x", None)]));
    assert!(unknown.agrees());
}

#[test]
fn settings_that_deviate_on_one_site_are_one_outlier() {
    let names = servers(10);
    let mut rows = Vec::new();
    for name in &names {
        let value = Some(if name == "web004" { "b" } else { "a" });
        rows.extend([(name.as_str(), "/", "access-flags", value), (name.as_str(), "", "upload-read-ahead-size", value)]);
    }
    let fleet = compared(&portals(&rows));
    assert_eq!(fleet.outliers.len(), 1);
    let settings: Vec<&str> = fleet.outliers[0].deviations.iter().map(|one| &*one.setting).collect();
    assert_eq!(settings, ["access-flags", "upload-read-ahead-size"]);
}

#[test]
fn sites_that_deviate_together_are_a_group_and_one_of_them_can_be_an_outlier_besides() {
    let names = servers(20);
    let mut rows = Vec::new();
    for (at, name) in names.iter().enumerate() {
        let second = Some(if at >= 16 { "new" } else { "old" });
        rows.extend([(name.as_str(), "/", "x", second), (name.as_str(), "/", "y", second)]);
        rows.push((name.as_str(), "/", "z", Some(if at == 18 { "odd" } else { "plain" })));
    }
    let fleet = compared(&portals(&rows));
    assert_eq!(fleet.groups.len(), 1);
    let members: Vec<&str> = fleet.groups[0].members.iter().map(|(server, _, _)| &**server).collect();
    assert_eq!((members, fleet.groups[0].deviations.len()), (vec!["web016", "web017", "web018", "web019"], 2));
    assert_eq!(outliers(&fleet), ["web018: z at \"/\": 19 of 20: plain, here odd"]);
}

#[test]
fn a_path_that_only_some_mention_is_compared_with_what_the_others_inherit() {
    let mut rows = vec![];
    for server in ["a", "b", "c", "d"] {
        rows.push((server, "/", "x", Some("accept")));
        if server != "c" {
            rows.push((server, "/admin", "x", Some("require")));
        }
    }
    assert_eq!(outliers(&compared(&portals(&rows))), ["c: x at \"/admin\": 3 of 4: require, here accept"]);
}

#[test]
fn what_a_path_inherits_is_not_told_again() {
    let mut rows = vec![];
    for server in ["a", "b", "c", "d"] {
        let value = Some(if server == "d" { "odd" } else { "plain" });
        rows.extend([(server, "/", "x", value), (server, "/app", "x", value)]);
    }
    assert_eq!(outliers(&compared(&portals(&rows))), ["d: x at \"/\": 3 of 4: plain, here odd"]);
}

#[test]
fn among_many_sites_a_path_that_few_mention_is_judged_there_only() {
    let names = servers(100);
    let mut rows: Vec<_> = names.iter().map(|name| (name.as_str(), "/", "x", Some("plain"))).collect();
    rows.extend([("web007", "/only", "x", Some("odd")), ("web008", "/only", "x", Some("plain"))]);
    assert_eq!(outliers(&compared(&portals(&rows))), ["web007: x at \"/only\": 100 of 100: plain, here odd"]);
}

#[test]
fn certificates_differ_unless_most_share_one() {
    let own: Vec<String> = servers(5);
    let rows: Vec<_> = own.iter().map(|name| (name.as_str(), "", "server-certificate", Some(name.as_str()))).collect();
    assert!(compared(&portals(&rows)).agrees());
    let names = servers(12);
    let rows: Vec<_> =
        names.iter().map(|name| (name.as_str(), "", "server-certificate", Some(if name == "web003" { "old" } else { "new" }))).collect();
    assert_eq!(outliers(&compared(&portals(&rows))), ["web003: server-certificate at \"\": 11 of 12: new, here old"]);
}

#[test]
fn the_order_of_rows_changes_nothing() {
    let names = servers(9);
    let mut rows: Vec<_> = names.iter().map(|name| (name.as_str(), "/", "x", Some(if name == "web002" { "b" } else { "a" }))).collect();
    let first = compared(&portals(&rows));
    rows.reverse();
    assert_eq!(first, compared(&portals(&rows)));
}

#[test]
fn nodes_show_who_has_which_value_and_a_declared_node_that_is_missing_is_named() {
    let estate = portals(&[("n1", "", "x", Some("1")), ("n2", "", "x", Some("1")), ("n3", "", "x", Some("2")), ("n4", "", "x", None)]);
    let role = Role { name: "portal".to_owned(), sites: ["N1", "n2", "n3", "n4", "n9"].map(str::to_owned).to_vec() };
    let fleet = compare(&estate, &[], &[role], Thresholds::default());
    let [twins] = fleet.twins.as_slice() else { panic!("{:?}", fleet.twins) };
    assert_eq!((twins.declared, twins.missing.as_slice()), (true, &["n9".to_owned()][..]));
    let row = &twins.rows[0];
    let nodes: Vec<String> = row.values.iter().map(|value| format!("{}: {}", value.value, value.nodes.join(", "))).collect();
    assert_eq!((nodes, row.not_assessed.join(", ")), (vec!["1: n1, n2".to_owned(), "2: n3".to_owned()], "n4".to_owned()));
}

#[test]
fn a_declared_cohort_has_its_sites_to_itself_and_may_be_empty() {
    let mut rows = vec![];
    for (server, value) in [("w1", "a"), ("w2", "a"), ("w3", "a"), ("x1", "b"), ("x2", "b"), ("x3", "b")] {
        rows.push((server, "/", "x", Some(value)));
    }
    let names = |text: &str| Names(vec![Glob::parse(text, Of::Name).unwrap()]);
    let declared = |name: &str, servers: &str| Declared { name: name.to_owned(), sites: names("portal"), servers: names(servers) };
    let estate = portals(&rows);
    assert_eq!(compared(&estate).splits.len(), 1);
    let fleet = compare(&estate, &[declared("w", "w*"), declared("none", "y*")], &[], Thresholds::default());
    let cohorts: Vec<(&str, usize)> = fleet.cohorts.iter().map(|cohort| (cohort.name.as_str(), cohort.members)).collect();
    assert_eq!(cohorts, [("w", 3), ("none", 0), ("Portal", 3)]);
    assert!(fleet.splits.is_empty());
}

#[test]
fn a_path_with_very_many_parts_is_survived() {
    let deep = "/a".repeat(50_000);
    let rows: Vec<_> = ["a", "b", "c"].iter().map(|name| (*name, deep.as_str(), "x", Some("1"))).collect();
    assert!(compared(&portals(&rows)).agrees());
}

#[test]
fn what_was_gathered_apart_is_put_together_as_if_it_had_been_gathered_at_once() {
    let row = |server: &'static str, path: &'static str, setting: &'static str, value: Option<&'static str>, line: u32| Observation {
        server,
        site: "Portal",
        site_id: None,
        path,
        setting,
        value,
        shown: value.unwrap_or("not assessed"),
        origin: "explicit",
        place: Some((server, line, 3)),
    };
    let rows = [
        row("a", "/", "client-certificate", Some("require"), 7),
        row("a", "/admin", "client-certificate", Some("accept"), 9),
        // The same value is said twice; the first place counts, whoever saw it.
        row("a", "/", "client-certificate", Some("accept"), 4),
        row("b", "/", "client-certificate", Some("require"), 7),
        row("b", "/", "tls-required", None, 8),
    ];
    let mut once = Collector::default();
    rows.iter().for_each(|row| once.observe(row));
    ["a", "b"].iter().for_each(|server| once.fact(&binding(server)));
    let once = once.finish();
    for parts in [[0, 0, 0, 0, 0], [0, 1, 2, 3, 4], [0, 1, 1, 0, 1], [4, 3, 2, 1, 0]] {
        let (mut all, mut apart) = (Collector::default(), Vec::new());
        for part in 0..5 {
            let alone = || {
                let mut alone = Collector::default();
                rows.iter().zip(parts).filter(|(_, of)| *of == part).for_each(|(row, _)| alone.observe(row));
                ["a", "b"].iter().filter(|_| part % 2 == 0).for_each(|server| alone.fact(&binding(server)));
                alone
            };
            all.absorb(alone());
            apart.push(alone());
        }
        assert_eq!(all.finish(), once, "{parts:?}");
        assert_eq!(Collector::finish_all(apart, &two_threads()), once, "{parts:?}");
    }
}

fn two_threads() -> Workers {
    Workers::new(NonZeroUsize::new(2), usize::MAX)
}

#[test]
fn servers_that_several_threads_gathered_come_to_what_one_thread_makes_of_them() {
    let estate = crate::estate::read(&[PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("examples")], &crate::estate::Options::default());
    let mut once = Collector::default();
    estate.servers.iter().for_each(|server| once.server(server, &estate.inputs));
    let once = once.finish();
    let mut apart = [(); 3].map(|()| Collector::default());
    for (index, server) in estate.servers.iter().enumerate() {
        apart[index % 3].server(server, &estate.inputs);
    }
    let together = Collector::finish_all(apart.into(), &two_threads());
    assert!(together.servers.len() > 10 && together.members == once.members && together.servers == once.servers);
    assert_eq!(together.registry, once.registry);
    assert_eq!(
        format!("{:?}", compare_with(&two_threads(), &together, &[], &[], Thresholds::default())),
        format!("{:?}", compare(&once, &[], &[], Thresholds::default()))
    );
}
