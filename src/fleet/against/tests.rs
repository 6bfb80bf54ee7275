use super::super::collect::{Collector, Observation};
use super::*;

/// A path, a setting and its value.
type Row<'a> = (&'a str, &'a str, Option<&'a str>);

/// Servers with one site each, by server, name and number of the site.
fn named(servers: &[(&str, &str, u32, &[Row<'_>])]) -> Estate {
    let mut collector = Collector::default();
    for (server, site, id, rows) in servers {
        for (path, setting, value) in *rows {
            let place = Some(("file", 1, 1));
            let shown = value.unwrap_or("not assessed");
            collector.observe(&Observation {
                server,
                site,
                site_id: Some(*id),
                path,
                setting,
                value: *value,
                shown,
                origin: "explicit",
                place,
            });
        }
    }
    collector.finish()
}

fn estate(servers: &[(&str, &[Row<'_>])]) -> Estate {
    let servers: Vec<_> = servers.iter().map(|(server, rows)| (*server, "Shop", 1, *rows)).collect();
    named(&servers)
}

fn changes(before: &Estate, after: &Estate) -> Changes {
    let review = Review::default();
    against("last", Run { members: before, review: &review }, Run { members: after, review: &review }, Made::default())
}

#[test]
fn a_value_that_drifted_is_told_once_with_both_values_and_not_for_paths_that_inherit_it() {
    let (require, ssl) = ("Ssl,SslNegotiateCert,SslRequireCert", "Ssl");
    let before = estate(&[("a", &[("/", "access-flags", Some(require)), ("/api", "access-flags", Some(require))])]);
    let after = estate(&[("a", &[("/", "access-flags", Some(ssl)), ("/api", "access-flags", Some(ssl))])]);
    let found = changes(&before, &after).values;
    assert_eq!(found.len(), 1);
    assert_eq!((&*found[0].path, &*found[0].before.shown, &*found[0].after.shown), ("/", require, ssl));
    assert_eq!(found[0].verdict.strength, Strength::Weaker);
    assert!(found[0].verdict.why.contains("a client certificate is no longer required"), "{}", found[0].verdict.why);
    let alone = estate(&[("a", &[("/", "access-flags", Some(require)), ("/api", "access-flags", Some(ssl))])]);
    assert_eq!(&*changes(&before, &alone).values[0].path, "/api");
}

#[test]
fn what_becomes_known_or_unknown_is_no_drift_and_does_not_count() {
    let known = estate(&[("a", &[("", "cert-check-mode", Some("1")), ("/", "upload-read-ahead-size", Some("0"))])]);
    let unknown = estate(&[("a", &[("", "cert-check-mode", None), ("/", "upload-read-ahead-size", Some("0"))])]);
    let (lost, found) = (changes(&known, &unknown), changes(&unknown, &known));
    assert_eq!((lost.values.len(), lost.not_known_now.len(), lost.not_known_then.len()), (0, 1, 0));
    assert_eq!((found.values.len(), found.not_known_now.len(), found.not_known_then.len()), (0, 0, 1));
    assert!(lost.not_known_now[0].settings.iter().map(|name| &**name).eq(["cert-check-mode"]));
    assert!(!lost.is_bad(Severity::Info) && !found.is_bad(Severity::Info) && !lost.is_empty());
    assert!(changes(&unknown, &unknown).is_empty());
}

#[test]
fn a_run_against_itself_has_no_changes_and_the_other_way_round_is_the_mirror() {
    let a = estate(&[("a", &[("/", "access-flags", Some("Ssl"))]), ("b", &[("/", "access-flags", Some("Ssl"))])]);
    let b = estate(&[
        ("b", &[("/", "access-flags", Some("None")), ("", "ds-mapper", Some("true"))]),
        ("c", &[("/", "access-flags", Some("None"))]),
    ]);
    assert!(changes(&a, &a).is_empty() && changes(&b, &b).is_empty());
    let (there, back) = (changes(&a, &b), changes(&b, &a));
    assert_eq!((&there.servers_came, &there.servers_went), (&back.servers_went, &back.servers_came));
    assert_eq!((there.values.len(), back.values.len()), (1, 1));
    assert_eq!((&there.values[0].before, &there.values[0].after), (&back.values[0].after, &back.values[0].before));
    assert_eq!(there.values[0].verdict.strength.mirrored(), back.values[0].verdict.strength);
}

#[test]
fn a_site_with_another_name_is_the_same_site_and_one_of_another_number_as_well() {
    let rows: &[Row<'_>] = &[("/", "access-flags", Some("Ssl"))];
    let before = named(&[("a", "Shop", 1, rows), ("b", "Shop", 1, rows), ("c", "Shop", 1, rows)]);
    let after = named(&[("a", "Store", 1, rows), ("b", "shop", 7, rows), ("c", "Other", 2, rows)]);
    let found = changes(&before, &after);
    let renamed: Vec<_> = found.sites_renamed.iter().map(|(was, now)| (&*was.server, &*was.site, &**now)).collect();
    assert_eq!(renamed, [("a", "Shop", "Store"), ("b", "Shop", "shop")]);
    assert!(found.values.is_empty());
    let (went, came) = (&found.sites_went, &found.sites_came);
    assert_eq!((went.len(), &*went[0].server, came.len(), &*came[0].site), (1, "c", 1, "Other"));
}

#[test]
fn a_path_below_the_folder_of_a_server_stays_when_the_folder_is_elsewhere() {
    assert_eq!(below("a/2026-01/web01/app/web.config", "web01"), Some("app/web.config"));
    assert_eq!(below(r"D:\b\WEB01\app/web.config", "dc1/web01"), Some("app/web.config"));
    assert_eq!(below("app/web.config", "web01"), None);
}

/// A site with these bindings: protocol and text, and the number of their flags.
fn bound(bindings: &[(&str, &str)]) -> Estate {
    let mut collector = Collector::default();
    for (line, (binding, flags)) in bindings.iter().enumerate() {
        for (setting, kind, value, number) in [
            ("binding", "text", *binding, serde_json::Value::Null),
            ("binding-flags", "flags", *flags, flags.parse::<u32>().unwrap().into()),
        ] {
            let row = serde_json::json!({
                "v": 1, "server": "a", "generation": "iis-7-or-later", "windows": null, "level": "binding", "site_id": 1, "site": "Shop",
                "path": null, "endpoint": null, "setting": setting, "type": kind, "value": value, "number": number, "known": true,
                "origin": "explicit", "origin_from": null, "why": null, "needs": null, "file": "f", "line": line + 1, "col": 1
            });
            collector.fact(&serde_json::from_value(row).unwrap());
        }
    }
    collector.finish()
}

#[test]
fn bindings_that_changed_say_what_that_does() {
    let https = [("https *:443:shop", "1")];
    for (before, after, strength, shown) in [
        (&https[..], &[("https *:443:shop", "33")][..], Strength::Weaker, "https 443 for shop with binding flags 33"),
        (&[("https *:443:shop", "65")], &https, Strength::Weaker, "https 443 for shop with binding flags 1"),
        (&https, &[("http *:80:shop", "0")], Strength::Weaker, "http 80 for shop"),
        (&https, &[("https *:443:shop", "1"), ("https *:8443:", "0")], Strength::Neutral, "https 8443"),
    ] {
        let found = changes(&bound(before), &bound(after));
        let drift = &found.values[0];
        assert_eq!((found.values.len(), &*drift.setting, drift.verdict.strength), (1, BINDINGS, strength), "{drift:?}");
        assert_eq!(&*drift.after.shown, shown);
        assert!(found.not_known_now.is_empty(), "a site without https has no record to know of: {:?}", found.not_known_now);
    }
    // Another address of the server is no other binding.
    assert!(changes(&bound(&https), &bound(&[("https 10.0.0.1:443:shop", "1")])).is_empty());
}
