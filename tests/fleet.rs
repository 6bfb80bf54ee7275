//! An estate with known outliers, second groups and noise is written, and `fleet` must find all of them and nothing else; the order in which
//! servers are given must change nothing, and names must act nowhere.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::print_stdout, reason = "a test stops on anything unexpected")]

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};
use std::process::Command;

use serde_json::Value;

const ROOT: &str = env!("CARGO_MANIFEST_DIR");

struct Run {
    code: i32,
    out: String,
    err: String,
}

fn run(arguments: &[&str]) -> Run {
    let output = Command::new(env!("CARGO_BIN_EXE_iisaudit"))
        .args(arguments)
        .current_dir(ROOT)
        .env_remove("CLICOLOR_FORCE")
        .stdin(std::process::Stdio::null())
        .output()
        .unwrap();
    Run {
        code: output.status.code().unwrap(),
        out: String::from_utf8(output.stdout).unwrap(),
        err: String::from_utf8(output.stderr).unwrap(),
    }
}

fn json(arguments: &[&str]) -> Value {
    let run = run(&[&["fleet"], arguments, &["--format", "json"]].concat());
    let value: Value = serde_json::from_str(&run.out).unwrap_or_else(|error| panic!("{error}: {}", run.err));
    let text = std::fs::read_to_string(Path::new(ROOT).join("schemas/report-fleet.schema.json")).unwrap();
    let schema: Value = serde_json::from_str(&text).unwrap();
    jsonschema::meta::validate(&schema).unwrap();
    let validator = jsonschema::validator_for(&schema).unwrap();
    let errors: Vec<String> = validator.iter_errors(&value).map(|error| format!("{}: {error}", error.instance_path())).collect();
    assert!(errors.is_empty(), "{errors:#?}");
    value
}

fn write(path: &Path, text: &str) {
    std::fs::create_dir_all(path.parent().unwrap()).unwrap();
    std::fs::write(path, text).unwrap();
}

/// Numbers that look random and are the same everywhere.
struct Dice(u64);

impl Dice {
    fn roll(&mut self, sides: usize) -> usize {
        self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        usize::try_from(self.0 >> 33).unwrap() % sides
    }
}

/// What is written for one site of one server.
#[derive(Clone)]
struct Planned {
    name: String,
    flags: &'static str,
    admin: &'static str,
    ahead: u32,
    anonymous: bool,
    revocation: bool,
}

const REQUIRE: &str = "Ssl, SslNegotiateCert, SslRequireCert";

impl Planned {
    fn new(name: &str) -> Planned {
        Planned { name: name.to_owned(), flags: "Ssl, SslNegotiateCert", admin: REQUIRE, ahead: 49_152, anonymous: true, revocation: true }
    }
}

/// Server, site, path and setting.
type Truth = BTreeSet<(String, String, String, String)>;

fn truth(server: &str, site: &str, path: &str, setting: &str) -> (String, String, String, String) {
    (server.to_owned(), site.to_owned(), path.to_owned(), setting.to_owned())
}

fn server(directory: &Path, number: usize, sites: &[Planned], dice: &mut Dice) {
    let mut elements = String::new();
    let mut locations = String::new();
    let mut records = String::from("\r\nSSL Certificate bindings: \r\n------------------------- \r\n\r\n");
    for (index, site) in sites.iter().enumerate() {
        let host = format!("{}.example.org", site.name.to_lowercase());
        // Noise: spelling, order, addresses and explicit defaults that mean the same everywhere.
        let name = if dice.roll(4) == 0 { site.name.to_uppercase() } else { site.name.clone() };
        elements.push_str(&format!(
            "<site name=\"{name}\" id=\"{}\"><application path=\"/\"><virtualDirectory path=\"/\" physicalPath=\"D:\\w\\{number}\\{index}\" /></application>\
             <application path=\"/admin\"><virtualDirectory path=\"/\" physicalPath=\"D:\\a\" /></application>\
             <bindings><binding protocol=\"https\" bindingInformation=\"*:443:{host}\" sslFlags=\"1\" /></bindings></site>\n",
            index + 1
        ));
        let ahead = if site.ahead == 49_152 && dice.roll(2) == 0 {
            String::new()
        } else {
            format!("<serverRuntime uploadReadAheadSize=\"{}\" />", site.ahead)
        };
        let anonymous = if site.anonymous && dice.roll(2) == 0 {
            String::new()
        } else {
            format!("<authentication><anonymousAuthentication enabled=\"{}\" /></authentication>", site.anonymous)
        };
        let mut flags: Vec<&str> = site.flags.split(", ").collect();
        if dice.roll(2) == 0 {
            flags.reverse();
        }
        locations.push_str(&format!(
            "<location path=\"{name}\"><system.webServer>{ahead}<security><access sslFlags=\"{}\" />{anonymous}</security></system.webServer></location>\n\
             <location path=\"{name}/admin\"><system.webServer><security><access sslFlags=\"{}\" /></security></system.webServer></location>\n",
            flags.join(","),
            site.admin
        ));
        if dice.roll(3) == 0 {
            // A path of this server alone, which says what holds above it anyway.
            locations.push_str(&format!(
                "<location path=\"{name}/only{number}\"><system.webServer><security><access sslFlags=\"{}\" /></security></system.webServer></location>\n",
                site.flags
            ));
        }
        records.push_str(&format!(
            "    Hostname:port                : {host}:443\r\n    Certificate Hash             : {number:020x}{index:020x}\r\n    Application ID               : {{4dc3e181-e14b-4a21-b022-59fc669b0914}}\r\n    Certificate Store Name       : {}\r\n    Verify Client Certificate Revocation: {}\r\n    Verify Revocation Using Cached Client Certificate Only: Disabled\r\n    Usage Check                  : Enabled\r\n    Revocation Freshness Time    : 0\r\n    URL Retrieval Timeout        : 0\r\n    Ctl Identifier               : (null)\r\n    Ctl Store Name               : (null)\r\n    DS Mapper Usage              : Disabled\r\n    Negotiate Client Certificate : Enabled\r\n\r\n",
            if dice.roll(2) == 0 { "MY" } else { "My" },
            if site.revocation { "Enabled" } else { "Disabled" }
        ));
    }
    write(
        &directory.join("applicationHost.config"),
        &format!(
            "<?xml version=\"1.0\"?>\n<configuration><system.applicationHost><sites>\n{elements}</sites></system.applicationHost>\n{locations}</configuration>\n"
        ),
    );
    // Where the listing is missing, nothing is known of the records.
    if dice.roll(5) != 0 {
        write(&directory.join("sslcert.txt"), &records);
    }
}

/// An estate of `servers`, the outliers in it, and the members of its second groups.
fn estate(root: &Path, servers: usize, seed: u64) -> (Truth, Truth) {
    let mut dice = Dice(seed);
    let mut outliers = Truth::new();
    let mut groups = Truth::new();
    let mut plans: BTreeMap<usize, Vec<Planned>> = BTreeMap::new();
    for number in 0..servers {
        plans.insert(
            number,
            ["Portal", "Api", "Shop"].map(Planned::new).into_iter().chain([Planned::new(&format!("Own{number}"))]).collect(),
        );
    }
    let name = |number: usize| format!("srv{number:04}");
    // One server in ten follows a second standard on Shop: two settings differ together.
    for number in (0..servers).filter(|number| number % 10 == 7) {
        let plan = &mut plans.get_mut(&number).unwrap()[2];
        plan.ahead = 1_048_576;
        plan.anonymous = false;
        groups.insert(truth(&name(number), "Shop", "/", "upload-read-ahead-size"));
        groups.insert(truth(&name(number), "Shop", "/", "anonymous-authentication"));
    }
    // One-off mistakes, each with a value of its own or in a setting of its own, so that they make no group.
    for mistake in 0..servers / 10 {
        let number = dice.roll(servers);
        let site = dice.roll(2);
        let site_name = ["Portal", "Api"][site];
        let plan = &mut plans.get_mut(&number).unwrap()[site];
        match mistake % 4 {
            0 if !outliers.iter().any(|(_, site, path, _)| site == site_name && path == "/admin") => {
                plan.admin = "Ssl";
                outliers.insert(truth(&name(number), site_name, "/admin", "access-flags"));
            }
            1 if !outliers.iter().any(|(_, site, path, setting)| site == site_name && path == "/" && setting == "access-flags") => {
                plan.flags = "None";
                outliers.insert(truth(&name(number), site_name, "/", "access-flags"));
            }
            _ => {
                plan.ahead = 100_000 + u32::try_from(mistake).unwrap();
                outliers.insert(truth(&name(number), site_name, "/", "upload-read-ahead-size"));
            }
        }
    }
    for (number, plan) in &mut plans {
        plan.rotate_left(number % 3);
        server(&root.join(name(*number)), *number, plan, &mut dice);
    }
    // One record that does not check, on a server that has a listing.
    let listed = (0..servers).map(name).find(|name| root.join(name).join("sslcert.txt").exists()).unwrap();
    let path = root.join(&listed).join("sslcert.txt");
    let text = std::fs::read_to_string(&path).unwrap();
    let at = text.find("portal.example.org").unwrap();
    let changed = text[at..].replacen("Revocation: Enabled", "Revocation: Disabled", 1);
    std::fs::write(&path, format!("{}{changed}", &text[..at])).unwrap();
    outliers.insert(truth(&listed, "Portal", "", "cert-check-mode"));
    (outliers, groups)
}

fn canonical(site: &str) -> String {
    ["Portal", "Api", "Shop"].into_iter().find(|name| name.eq_ignore_ascii_case(site)).unwrap_or(site).to_owned()
}

fn found(report: &Value, list: &str) -> Truth {
    let mut found = Truth::new();
    for one in report[list].as_array().unwrap() {
        let members = if list == "groups" { one["members"].as_array().unwrap().clone() } else { vec![one.clone()] };
        for member in members {
            for deviation in one["deviations"].as_array().unwrap() {
                let text = |value: &Value| value.as_str().unwrap().to_owned();
                found.insert((
                    text(&member["server"]),
                    canonical(member["site"]["name"].as_str().unwrap()),
                    text(&deviation["path"]),
                    text(&deviation["setting"]),
                ));
            }
        }
    }
    found
}

/// Prints precision and recall; every false alarm is named.
fn measure(what: &str, planted: &Truth, found: &Truth) {
    let hits = planted.intersection(found).count();
    let ratio = |part: usize, all: usize| {
        if all == 0 { 1.0 } else { f64::from(u32::try_from(part).unwrap()) / f64::from(u32::try_from(all).unwrap()) }
    };
    let (precision, recall) = (ratio(hits, found.len()), ratio(hits, planted.len()));
    println!("{what}: planted {}, found {}, precision {precision:.3}, recall {recall:.3}", planted.len(), found.len());
    let missed: Vec<_> = planted.difference(found).collect();
    let false_alarms: Vec<_> = found.difference(planted).collect();
    assert!(missed.is_empty(), "{what}: missed {missed:?}");
    assert!(false_alarms.is_empty(), "{what}: false alarms {false_alarms:?}");
}

#[test]
fn every_planted_outlier_and_group_is_found_and_nothing_else() {
    for (servers, seed) in [(30, 1), (80, 2), (150, 3)] {
        let directory = tempfile::tempdir().unwrap();
        let (outliers, groups) = estate(directory.path(), servers, seed);
        let report = json(&[directory.path().to_str().unwrap()]);
        measure(&format!("outliers among {servers} servers"), &outliers, &found(&report, "outliers"));
        measure(&format!("groups among {servers} servers"), &groups, &found(&report, "groups"));
        assert_eq!(report["splits"].as_array().unwrap().len(), 0, "{:#}", report["splits"]);
        assert_eq!(report["summary"]["servers"], servers);
        let checked: Vec<&Value> =
            report["outliers"].as_array().unwrap().iter().flat_map(|one| one["deviations"].as_array().unwrap()).collect();
        assert!(checked.iter().all(|one| one["counterexample"]["location"]["line"].is_u64() && one["location"]["line"].is_u64()));
    }
}

#[test]
fn the_order_of_directories_changes_nothing() {
    let directory = tempfile::tempdir().unwrap();
    estate(directory.path(), 24, 4);
    let mut paths: Vec<PathBuf> = std::fs::read_dir(directory.path()).unwrap().map(|entry| entry.unwrap().path()).collect();
    paths.sort();
    let texts = |paths: &[PathBuf]| paths.iter().map(|path| path.to_str().unwrap().to_owned()).collect::<Vec<_>>();
    let (first, mut second) = (texts(&paths), texts(&paths));
    let mut dice = Dice(5);
    for index in (1..second.len()).rev() {
        second.swap(index, dice.roll(index + 1));
    }
    assert_ne!(first, second);
    for format in ["json", "table"] {
        let of = |paths: &[String]| {
            let paths = paths.iter().map(String::as_str);
            run(&["fleet"].into_iter().chain(paths).chain(["--format", format]).collect::<Vec<_>>()).out
        };
        assert!(of(&first) == of(&second), "{format}");
    }
}

#[test]
fn many_unreadable_servers_are_counted_and_stop_nothing() {
    let directory = tempfile::tempdir().unwrap();
    estate(directory.path(), 12, 6);
    for number in 0..300 {
        write(&directory.path().join(format!("bad{number:03}/applicationHost.config")), "<configuration>\n<<<<<<< HEAD\n</configuration>");
    }
    let path = directory.path().to_str().unwrap();
    let done = run(&["fleet", path, "--width", "80"]);
    assert_eq!(done.code, 3);
    assert!(done.out.contains("300 files could not be read") && done.out.contains("12 servers"), "{}", done.out);
    assert!(done.err.lines().count() < 30 && done.err.contains("280 more files could not be read"), "{}", done.err);
    assert!(done.out.lines().all(|line| line.chars().count() <= 80 || !line.contains(' ')), "{}", done.out);
    let report = json(&[path]);
    assert_eq!(report["summary"]["unreadable"], 300);
    assert_eq!(report["inputs"].as_array().unwrap().iter().filter(|input| !input["error"].is_null()).count(), 300);
}

/// The planted estate, and the paths of its servers.
fn planted(servers: usize, seed: u64) -> (tempfile::TempDir, Vec<String>) {
    let directory = tempfile::tempdir().unwrap();
    estate(directory.path(), servers, seed);
    write(&directory.path().join("srv0003/broken/web.config"), "<configuration><<</configuration>");
    write(&directory.path().join("srv0004/notes.txt"), "nothing of IIS");
    let mut paths: Vec<String> =
        std::fs::read_dir(directory.path()).unwrap().map(|entry| entry.unwrap().path().to_str().unwrap().to_owned()).collect();
    paths.sort();
    (directory, paths)
}

/// Writes `servers` in so many parts; gives the files.
fn parts(directory: &Path, servers: &[String], count: usize, more: &[&str]) -> Vec<String> {
    let schema: Value =
        serde_json::from_str(&std::fs::read_to_string(Path::new(ROOT).join("schemas/fleet-line.schema.json")).unwrap()).unwrap();
    jsonschema::meta::validate(&schema).unwrap();
    let validator = jsonschema::validator_for(&schema).unwrap();
    let mut files = Vec::new();
    for (number, part) in servers.chunks(servers.len().div_ceil(count)).enumerate() {
        let part: Vec<&str> =
            ["fleet", "--format", "ndjson"].into_iter().chain(part.iter().map(String::as_str)).chain(more.iter().copied()).collect();
        let done = run(&part);
        assert!(done.code == 0 || done.code == 3, "{}", done.err);
        for line in done.out.lines().map(|line| serde_json::from_str::<Value>(line).unwrap()).filter(|line| !line["row"].is_null()) {
            assert!(validator.is_valid(&line), "{line}");
        }
        let file = directory.join(format!("part{count}-{number}.ndjson"));
        std::fs::write(&file, done.out).unwrap();
        files.push(file.to_str().unwrap().to_owned());
    }
    files
}

fn reduced<'a>(files: &'a [String], more: &[&'a str]) -> Run {
    run(&["fleet", "--facts"].into_iter().chain(files.iter().map(String::as_str)).chain(more.iter().copied()).collect::<Vec<_>>())
}

#[test]
fn the_rows_of_one_part_or_several_in_any_order_give_the_same_bytes_as_the_directories() {
    let (_directory, servers) = planted(30, 1);
    let elsewhere = tempfile::tempdir().unwrap();
    let policy = elsewhere.path().join("policy/iisaudit.toml");
    write(
        &policy,
        "[rules]\nrevocation-check-off = 'medium'\n\
         [[expect]]\nsites = 'Portal'\nsetting = 'upload-read-ahead-size'\nvalue = 49152\nreason = 'ours'\n\
         [[expect]]\nsites = 'Nobody'\nsetting = 'upload-read-ahead-size'\nvalue = 49152\nreason = 'unused'\n\
         [[cohort]]\nname = 'shops'\nsites = 'shop'\n",
    );
    let policy = policy.to_str().unwrap();
    for more in [["--nodes", "pair=srv0001,srv0029"].as_slice(), ["--config", policy].as_slice()] {
        // A rule that compares nodes sees those of one part only.
        let of_parts = if more[0] == "--nodes" { &[] } else { more };
        for format in if more[0] == "--nodes" { ["json"].as_slice() } else { &["json", "table"] } {
            let tail = ["--format", format];
            let all = servers.iter().map(String::as_str);
            let whole = run(&["fleet"].into_iter().chain(all).chain(more.iter().copied()).chain(tail).collect::<Vec<_>>());
            for count in [1, 3] {
                let mut files = parts(elsewhere.path(), &servers, count, of_parts);
                files.reverse();
                let again = reduced(&files, &[more, tail.as_slice()].concat());
                let same =
                    if more[0] == "--nodes" { without_nodes(&whole.out) == without_nodes(&again.out) } else { whole.out == again.out };
                assert!(same, "{count} parts, {more:?}, {format}");
                assert_eq!((whole.code, &whole.err), (again.code, &again.err));
            }
        }
    }
}

/// All but what a rule says that compares nodes.
fn without_nodes(report: &str) -> Option<Value> {
    let mut report: Value = serde_json::from_str(report).ok()?;
    for name in ["rules", "servers", "summary"] {
        report.as_object_mut()?.remove(name);
    }
    Some(report)
}

#[test]
fn rows_that_another_program_has_shuffled_and_split_give_the_same_bytes() {
    let (_directory, servers) = planted(12, 7);
    let elsewhere = tempfile::tempdir().unwrap();
    let files = parts(elsewhere.path(), &servers, 1, &[]);
    let whole = reduced(&files, &["--format", "json"]).out;
    let text = std::fs::read_to_string(&files[0]).unwrap();
    let mut lines: Vec<&str> = text.lines().collect();
    let mut dice = Dice(8);
    for index in (1..lines.len()).rev() {
        lines.swap(index, dice.roll(index + 1));
    }
    std::fs::write(&files[0], lines.join("\n")).unwrap();
    assert!(whole == reduced(&files, &["--format", "json"]).out);
}

#[test]
fn the_facts_of_sites_give_the_same_comparison_and_say_that_findings_are_missing() {
    let (directory, _) = planted(30, 2);
    let root = directory.path().to_str().unwrap();
    let whole = json(&[root]);
    let file = directory.path().join("facts.ndjson");
    std::fs::write(&file, run(&["sites", root, "--format", "ndjson"]).out).unwrap();
    let facts = json(&["--facts", file.to_str().unwrap()]);
    for list in ["cohorts", "outliers", "groups", "splits", "twins", "settings", "thresholds"] {
        assert_eq!(whole[list], facts[list], "{list}");
    }
    assert_eq!(facts["not_assessed"][0]["name"], "findings-not-given");
    assert_eq!((&facts["summary"]["servers"], &facts["summary"]["sites"]), (&whole["summary"]["servers"], &whole["summary"]["sites"]));
}

#[test]
fn lines_that_are_no_rows_are_told_with_their_place_and_stop_nothing() {
    let (_directory, servers) = planted(12, 9);
    let elsewhere = tempfile::tempdir().unwrap();
    let files = parts(elsewhere.path(), &servers, 1, &[]);
    let whole = reduced(&files, &["--format", "json"]).out;
    let text = std::fs::read_to_string(&files[0]).unwrap();
    let lines = text.lines().count();
    std::fs::write(
        &files[0],
        format!("{text}{{\"v\":1}}\n\u{1b}[31m\n{{\"v\":9,\"row\":\"end\",\"skipped\":0,\"expect\":[],\"groups\":[]}}\n"),
    )
    .unwrap();
    let again = reduced(&files, &["--format", "json"]);
    assert!(whole == again.out && again.code == 3);
    for line in 1..=3 {
        assert!(again.err.contains(&format!("part1-0.ndjson:{}: ", lines + line)), "{}", again.err);
    }
    assert!(!again.err.contains('\u{1b}'));
    // Half a part is none.
    let half: String = text.lines().take(lines / 2).map(|line| format!("{line}\n")).collect();
    std::fs::write(&files[0], half).unwrap();
    let cut = reduced(&files, &[]);
    assert!(cut.code == 3 && cut.err.contains("it was cut"), "{}", cut.err);
    // A part that is given twice is counted once, and told.
    std::fs::write(&files[0], &text).unwrap();
    let twice = reduced(&[files[0].clone(), files[0].clone()], &[]);
    assert!(twice.code == 3 && twice.err.contains("was already in these rows"), "{}", twice.err);
    assert_eq!(reduced(&["no-such-file".to_owned()], &[]).code, 3);
}

#[test]
fn two_servers_of_one_name_in_two_parts_are_told() {
    let directory = tempfile::tempdir().unwrap();
    for datacentre in ["a", "b"] {
        portal(&directory.path().join(datacentre), "web01", "Portal", REQUIRE);
    }
    let servers: Vec<String> = ["a", "b"].iter().map(|name| directory.path().join(name).to_str().unwrap().to_owned()).collect();
    let files = parts(directory.path(), &servers, 2, &[]);
    let done = reduced(&files, &[]);
    assert!(done.code == 3 && done.err.contains("two servers are called web01"), "{}", done.err);
}

fn portal(directory: &Path, server: &str, site: &str, flags: &str) {
    let text = format!(
        "<configuration><system.applicationHost><sites><site name=\"{site}\" id=\"1\"><application path=\"/\"><virtualDirectory path=\"/\" physicalPath=\"D:\\w\" /></application><bindings><binding protocol=\"https\" bindingInformation=\"*:443:{server}\" sslFlags=\"1\" /></bindings></site></sites></system.applicationHost><location path=\"{site}\"><system.webServer><security><access sslFlags=\"{flags}\" /></security></system.webServer></location></configuration>"
    );
    write(&directory.join(server).join("applicationHost.config"), &text);
}

#[test]
fn two_sites_that_differ_are_a_pair_and_nobody_is_blamed() {
    let directory = tempfile::tempdir().unwrap();
    portal(directory.path(), "a", "Portal", "Ssl");
    portal(directory.path(), "b", "portal", REQUIRE);
    let path = directory.path().to_str().unwrap();
    let report = json(&[path]);
    assert_eq!(report["outliers"].as_array().unwrap().len(), 0);
    assert_eq!((&report["splits"][0]["setting"], &report["splits"][0]["reason"]), (&"access-flags".into(), &"too-few".into()));
    assert_eq!(run(&["fleet", path, "--fail-on", "never"]).code, 0);
    assert_eq!(run(&["fleet", path, "--fail-on", "high"]).code, 1);
}

#[test]
fn a_cohort_of_the_policy_takes_its_sites_out_of_the_others() {
    let directory = tempfile::tempdir().unwrap();
    for (server, flags) in [("web1", REQUIRE), ("web2", REQUIRE), ("web3", REQUIRE), ("api1", "Ssl"), ("api2", "Ssl"), ("api3", "None")] {
        portal(directory.path(), server, "Portal", flags);
    }
    let path = directory.path().to_str().unwrap();
    assert_eq!(json(&[path])["splits"].as_array().unwrap().len(), 1);
    write(
        &directory.path().join("iisaudit.toml"),
        "[[cohort]]\nname = 'web'\nservers = 'WEB*'\n[[cohort]]\nname = 'api'\nsites = 'Portal'\nservers = 'api*'\n[[cohort]]\nname = 'none'\nsites = 'x'\n",
    );
    let report = json(&[path]);
    assert_eq!(report["splits"].as_array().unwrap().len(), 0);
    assert_eq!((&report["outliers"][0]["server"], &report["outliers"][0]["cohort"]), (&"api3".into(), &"api".into()));
    assert!(run(&["fleet", path]).out.contains("no site matches the declared cohort none"));
    write(&directory.path().join("iisaudit.toml"), "[fleet]\nmin-size = 3\nthreshold = 50\n");
    let refused = run(&["fleet", path]);
    assert_eq!(refused.code, 2);
    assert!(refused.err.contains("iisaudit.toml:3:13: expected a percentage from 51 to 100"), "{}", refused.err);
}

#[test]
fn one_node_in_four_that_differs_is_told_node_by_node() {
    let nodes = "portal=web01,web02,web03,web04";
    let report = json(&["examples/fleet", "--nodes", nodes]);
    let role = report["twins"].as_array().unwrap().iter().find(|one| one["declared"] == true).unwrap();
    let row = role["differences"].as_array().unwrap().iter().find(|row| row["setting"] == "cert-check-mode").unwrap();
    let nodes: Vec<&Value> = row["values"].as_array().unwrap().iter().map(|value| &value["nodes"]).collect();
    assert_eq!(nodes, [&serde_json::json!(["web01", "web02", "web03"]), &serde_json::json!(["web04"])]);
}

#[test]
fn hostile_names_act_nowhere() {
    let directory = tempfile::tempdir().unwrap();
    for (server, flags) in [("a", REQUIRE), ("b", REQUIRE), ("c\u{202e}##vso[x]", "None")] {
        portal(directory.path(), server, "Por\u{202e}tal&#x9;##vso[task.complete]&lt;script&gt;", flags);
    }
    let path = directory.path().to_str().unwrap();
    let table = run(&["fleet", path]).out;
    assert!(table.contains("Outliers") && !table.contains(['\u{202e}', '\t', '\u{1b}']) && !table.contains("##vso"), "{table}");
    assert_eq!(json(&[path])["summary"]["outliers"], 1);
}

#[test]
fn the_examples_and_fixtures_give_what_the_schema_says() {
    for path in ["examples", "tests/fixtures", "examples/fleet", "examples/two-nodes", "no-such-directory"] {
        let _ = json(&[path]);
    }
}

/// What a run of today says about the rows of an earlier one.
fn against(rows: &Path, paths: &[&str]) -> Value {
    json(&[paths, &["--against", rows.to_str().unwrap()]].concat())
}

/// Writes the rows of a run.
fn last(path: &str, rows: &Path) {
    write(rows, &run(&["fleet", path, "--format", "ndjson"]).out);
}

/// Copies a directory with directories of files.
fn copied(from: &str, to: &Path) {
    for server in std::fs::read_dir(Path::new(ROOT).join(from)).unwrap().map(|entry| entry.unwrap()) {
        if server.path().is_dir() {
            for file in std::fs::read_dir(server.path()).unwrap().map(|entry| entry.unwrap()) {
                write(&to.join(server.file_name()).join(file.file_name()), &std::fs::read_to_string(file.path()).unwrap());
            }
        }
    }
}

/// A server with one site that requires certificates, and its record, with the check of revocation on or off.
fn checked(directory: &Path, server: &str, checks: bool) {
    portal(directory, server, "Portal", REQUIRE);
    let word = if checks { "Enabled" } else { "Disabled" };
    let listing = format!(
        "\r\nSSL Certificate bindings: \r\n------------------------- \r\n\r\n    Hostname:port                : {server}:443\r\n    Certificate Hash             : 00112233445566778899aabbccddeeff00112233\r\n    Application ID               : {{4dc3e181-e14b-4a21-b022-59fc669b0914}}\r\n    Certificate Store Name       : MY\r\n    Verify Client Certificate Revocation : {word}\r\n    Verify Revocation Using Cached Client Certificate Only : Disabled\r\n    Usage Check                  : Enabled\r\n    Revocation Freshness Time    : 0\r\n    URL Retrieval Timeout        : 0\r\n    Ctl Identifier               : (null)\r\n    Ctl Store Name               : (null)\r\n    DS Mapper Usage              : Disabled\r\n    Negotiate Client Certificate : Enabled\r\n\r\n"
    );
    write(&directory.join(server).join("sslcert.txt"), &listing);
}

fn servers_of(list: &Value) -> Vec<&str> {
    list.as_array().unwrap().iter().map(|one| one["server"].as_str().unwrap_or_else(|| one.as_str().unwrap())).collect()
}

#[test]
fn a_listing_that_is_missing_now_fixes_nothing_and_lets_nothing_drift() {
    let directory = tempfile::tempdir().unwrap();
    let (servers, rows) = (directory.path().join("servers"), directory.path().join("last.ndjson"));
    copied("examples/fleet", &servers);
    let path = servers.to_str().unwrap();
    last(path, &rows);
    std::fs::remove_file(servers.join("web04/sslcert.txt")).unwrap();
    let report = against(&rows, &[path]);
    let changes = &report["changes"];
    assert_eq!(changes["findings"]["fixed"], serde_json::json!([]), "{changes:#}");
    assert_eq!(changes["values"], serde_json::json!([]), "{changes:#}");
    let not_read = changes["findings"]["not_read"].as_array().unwrap();
    let off = not_read.iter().find(|one| one["rule"] == "revocation-check-off").unwrap();
    assert_eq!((&off["server"], &off["why"]), (&"web04".into(), &"not read: netsh http show sslcert".into()));
    assert_eq!(servers_of(&changes["servers"]["not_read"]), ["web04"]);
    assert_eq!(servers_of(&changes["not_known_now"]), ["web04"]);
    assert!(changes["not_known_now"][0]["settings"].as_array().unwrap().contains(&"cert-check-mode".into()));
    let table = run(&["fleet", path, "--against", rows.to_str().unwrap()]);
    assert_eq!(table.code, 0, "what is not known any more is no drift: {}", table.out);
    for text in ["0 fixed", "0 values drifted", "not read now netsh http show sslcert: web04", "Known then and not now"] {
        assert!(table.out.contains(text), "{text}: {}", table.out);
    }
    // Seen from the other side the finding is one that nobody has seen before.
    let today = directory.path().join("today.ndjson");
    last(path, &today);
    let back = run(&["fleet", "--facts", rows.to_str().unwrap(), "--against", today.to_str().unwrap()]);
    assert!(back.code == 1 && back.out.contains("Not read then, so perhaps not new"), "{}", back.out);
    assert!(back.out.contains("0 new") && back.out.contains("0 values drifted"), "{}", back.out);
}

#[test]
fn a_shorter_listing_fixes_nothing_either() {
    let directory = tempfile::tempdir().unwrap();
    let (servers, rows) = (directory.path().join("servers"), directory.path().join("last.ndjson"));
    checked(&servers, "web01", false);
    let path = servers.to_str().unwrap();
    last(path, &rows);
    let listing = std::fs::read_to_string(servers.join("web01/sslcert.txt")).unwrap();
    // The record of another name alone: what was asked for, or what is left.
    write(&servers.join("web01/sslcert.txt"), &listing.replace("web01:443", "other:443"));
    let other = &against(&rows, &[path])["changes"];
    let off = |list: &str| {
        other["findings"][list].as_array().unwrap().iter().any(|one| one["rule"] == "revocation-check-off" && one["site"] != Value::Null)
    };
    assert!(!off("fixed") && off("not_read"), "{other:#}");
    assert_eq!(servers_of(&other["not_known_now"]), ["web01"]);
    assert_eq!(other["values"], serde_json::json!([]), "{other:#}");
}

#[test]
fn a_web_config_that_is_missing_now_fixes_nothing_and_one_that_was_gathered_elsewhere_is_the_same() {
    let directory = tempfile::tempdir().unwrap();
    let (server, rows) = (directory.path().join("today/delegation"), directory.path().join("last.ndjson"));
    last("examples/delegation", &rows);
    for file in ["config/applicationHost.config", "web/orders/api/web.config", "web/billing/web.config"] {
        write(&server.join(file), &std::fs::read_to_string(Path::new(ROOT).join("examples/delegation").join(file)).unwrap());
    }
    let path = server.to_str().unwrap();
    let moved = &against(&rows, &[path])["changes"];
    assert_eq!(
        (&moved["summary"]["unchanged"], &moved["summary"]["not_read"], &moved["values"]),
        (&2.into(), &0.into(), &serde_json::json!([]))
    );
    std::fs::remove_file(server.join("web/billing/web.config")).unwrap();
    let fewer = &against(&rows, &[path])["changes"];
    assert_eq!((&fewer["summary"]["unchanged"], &fewer["summary"]["fixed"]), (&1.into(), &0.into()), "{fewer:#}");
    let lost = &fewer["findings"]["not_read"][0];
    assert_eq!(
        (&lost["rule"], &lost["why"]),
        (&"locked-section-set".into(), &"not read: examples/delegation/web/billing/web.config".into())
    );
    std::fs::remove_file(server.join("web/orders/api/web.config")).unwrap();
    let none = &against(&rows, &[path])["changes"];
    assert_eq!((&none["summary"]["not_read"], &none["summary"]["fixed"]), (&2.into(), &0.into()), "{none:#}");
    assert_eq!(servers_of(&none["servers"]["not_read"]), ["delegation"]);
    // The value above it is in effect, unless the file is there after all.
    let value = &none["values"][0];
    assert_eq!((&value["strength"], &value["likely"], &value["path"]), (&"stronger".into(), &true.into(), &"/api".into()));
    assert!(value["why"].as_str().unwrap().contains("was not read now"), "{value}");
}

#[test]
fn what_changed_since_an_earlier_run_is_told_and_what_was_not_read_is_not_fixed() {
    let directory = tempfile::tempdir().unwrap();
    let (estate, rows) = (directory.path().join("estate"), directory.path().join("last.ndjson"));
    for (server, checks) in
        [("fixed", false), ("gone", false), ("broken", false), ("unlisted", false), ("same", false), ("new", true), ("drift", true)]
    {
        checked(&estate, server, checks);
    }
    let path = estate.to_str().unwrap();
    last(path, &rows);
    let none = &against(&rows, &[path])["changes"];
    assert_eq!((&none["summary"]["new"], &none["values"]), (&0.into(), &serde_json::json!([])), "{none:#}");
    assert!(none["summary"]["unchanged"].as_u64().unwrap() >= 5);
    let again = run(&["fleet", path, "--against", rows.to_str().unwrap()]);
    assert!(again.code == 0 && again.out.contains("nothing changed"), "what is old does not count: {}", again.out);
    // The order of rows is nothing that a run knows.
    let text = std::fs::read_to_string(&rows).unwrap();
    let shuffled: String = text.lines().rev().map(|line| format!("{line}\n")).collect();
    write(&directory.path().join("shuffled/last.ndjson"), &shuffled);
    let shuffled = against(&directory.path().join("shuffled/last.ndjson"), &[path]);
    assert_eq!((&shuffled["changes"]["summary"], &shuffled["changes"]["values"]), (&none["summary"], &none["values"]));

    checked(&estate, "fixed", true);
    std::fs::remove_dir_all(estate.join("gone")).unwrap();
    write(&estate.join("broken/applicationHost.config"), "<configuration><");
    std::fs::remove_file(estate.join("broken/sslcert.txt")).unwrap();
    std::fs::remove_file(estate.join("unlisted/sslcert.txt")).unwrap();
    checked(&estate, "new", false);
    portal(&estate, "drift", "Portal", "Ssl");
    checked(&estate, "came", true);
    let report = against(&rows, &[path]);
    let changes = &report["changes"];
    let of = |list: &str| {
        let all = changes["findings"][list].as_array().unwrap();
        let off = all.iter().filter(|one| one["rule"] == "revocation-check-off");
        off.map(|one| one["server"].as_str().unwrap()).collect::<Vec<_>>()
    };
    assert_eq!(of("fixed"), ["fixed"], "{changes:#}");
    assert_eq!(of("new"), ["new"], "{changes:#}");
    assert_eq!(of("not_read"), ["broken", "gone", "unlisted"], "{changes:#}");
    assert_eq!(servers_of(&changes["servers"]["came"]), ["came"]);
    assert_eq!(servers_of(&changes["servers"]["went"]), ["gone"]);
    assert_eq!(servers_of(&changes["servers"]["not_read"]), ["broken", "unlisted"]);
    assert!(changes["servers"]["not_read"][0]["why"].as_str().unwrap().contains("broken/applicationHost.config"));
    assert_eq!(servers_of(&changes["not_known_now"]), ["unlisted"]);
    let drifted: Vec<String> = changes["values"]
        .as_array()
        .unwrap()
        .iter()
        .map(|one| {
            format!("{} {} {}: {}", one["strength"], one["server"], one["setting"], one["after"]["location"]["line"]).replace('"', "")
        })
        .collect();
    assert_eq!(
        drifted,
        ["weaker drift access-flags: 1", "weaker new cert-check-mode: 9", "stronger fixed cert-check-mode: 9"],
        "{changes:#}"
    );
    assert!(changes["values"][0]["why"].as_str().unwrap().contains("a client certificate is no longer required"));

    let table = run(&["fleet", path, "--against", rows.to_str().unwrap(), "--width", "200"]).out;
    for text in [
        "Since the earlier run (",
        "servers that went, or were not given: gone",
        "applicationHost.config could not be read: broken",
        "Not read now, so neither fixed nor there",
        "weaker access-flags at / of \"Portal\" (id 1) of drift",
        "before require: Ssl, SslNegotiateCert, SslRequireCert",
        "now    ignore: Ssl (",
        "before on (0)",
        "now    off (1)",
        "why    a client certificate is no longer required",
    ] {
        assert!(table.contains(text), "{text}: {table}");
    }
    assert_eq!(run(&["fleet", path, "--against", rows.to_str().unwrap(), "--fail-on", "never"]).code, 3, "a file could not be read");
    let today = directory.path().join("today.ndjson");
    last(path, &today);
    // Rows of the estate say the same as the estate.
    assert_eq!(against(&rows, &["--facts", today.to_str().unwrap()])["changes"], report["changes"]);
    // The other way round what came went.
    let back = &json(&["--facts", rows.to_str().unwrap(), "--against", today.to_str().unwrap()])["changes"];
    assert_eq!(servers_of(&back["servers"]["went"]), ["came"]);
    assert_eq!(servers_of(&back["servers"]["not_read_then"]), ["broken", "unlisted"]);
    assert_eq!((&back["summary"]["weaker"], &back["summary"]["stronger"]), (&1.into(), &2.into()));
}

#[test]
fn only_what_is_new_or_drifted_counts_against_an_earlier_run() {
    let directory = tempfile::tempdir().unwrap();
    let (servers, rows) = (directory.path().join("servers"), directory.path().join("last.ndjson"));
    for server in ["a", "b", "c"] {
        portal(&servers, server, "Portal", if server == "c" { "SslRequireCert" } else { REQUIRE });
    }
    let (path, rows) = (servers.to_str().unwrap(), rows.to_str().unwrap());
    last(path, Path::new(rows));
    std::fs::remove_dir_all(servers.join("c")).unwrap();
    assert_eq!(run(&["fleet", path, "--against", rows]).code, 0, "a server that was not given is no change for the worse");
    portal(&servers, "b", "Portal", "Ssl");
    assert_eq!(run(&["fleet", path, "--against", rows]).code, 1);
    assert_eq!(run(&["fleet", path, "--against", rows, "--fail-on", "never"]).code, 0);
    // Rows without findings say nothing about findings, but all about values.
    let facts = directory.path().join("facts.ndjson");
    write(&facts, &run(&["sites", path, "--format", "ndjson"]).out);
    let without = run(&["fleet", path, "--against", facts.to_str().unwrap()]);
    assert!(without.code == 0 && without.out.contains("those are not compared"), "{}", without.out);
    // Another name, and the same number: it is the same site, and its findings are no new ones.
    last(path, Path::new(rows));
    portal(&servers, "a", "Entrance", REQUIRE);
    let renamed = &against(Path::new(rows), &[path])["changes"];
    assert_eq!(renamed["sites"]["renamed"][0]["now"], "Entrance");
    assert_eq!(
        (&renamed["summary"]["new"], &renamed["sites"]["came"], &renamed["values"]),
        (&0.into(), &serde_json::json!([]), &serde_json::json!([])),
        "{renamed:#}"
    );
}

#[test]
fn an_earlier_run_that_cannot_be_trusted_is_refused_with_its_line() {
    let directory = tempfile::tempdir().unwrap();
    checked(directory.path(), "web01", true);
    let path = directory.path().join("web01");
    let rows = run(&["fleet", path.to_str().unwrap(), "--format", "ndjson"]).out;
    let file = directory.path().join("last.ndjson");
    let count = rows.lines().count();
    let lines: Vec<&str> = rows.lines().collect();
    for (text, expected) in [
        (rows.replacen("\"row\":\"server\"", "\"row\":\"sorcerer\"", 1), "no row: unknown variant".to_owned()),
        (lines[..count - 1].join("\n"), format!("last.ndjson:{count}: it does not end as it was written")),
        (format!("{rows}oops\n"), format!("last.ndjson:{}: no fact", count + 1)),
        ("{\n".to_owned(), "last.ndjson:1: ".to_owned()),
        (String::new(), "it holds no rows".to_owned()),
    ] {
        std::fs::write(&file, text).unwrap();
        let done = run(&["fleet", path.to_str().unwrap(), "--against", file.to_str().unwrap()]);
        assert_eq!((done.code, done.out.as_str()), (2, ""), "{}", done.err);
        assert!(done.err.contains(&expected) && done.err.contains("last.ndjson:"), "{expected}: {}", done.err);
    }
    let done = run(&["fleet", path.to_str().unwrap(), "--against", "no-such-file"]);
    assert!(done.code == 2 && done.err.contains("no-such-file"), "{}", done.err);
}

#[test]
fn rows_and_other_reports_are_written_in_one_run() {
    let directory = tempfile::tempdir().unwrap();
    let to = |format: &str| format!("{format}={}", directory.path().join(format).display());
    let (rows, page, report) = (to("ndjson"), to("html"), to("json"));
    let done = run(&["fleet", "examples/fleet", "--report", &rows, "--report", &page, "--report", &report]);
    assert!(done.code == 1 && done.out.starts_with("6 servers, 6 sites"), "{}{}", done.out, done.err);
    let written = |format: &str| std::fs::read_to_string(directory.path().join(format)).unwrap();
    assert_eq!(run(&["fleet", "examples/fleet", "--format", "ndjson"]).out, written("ndjson"));
    assert_eq!(run(&["fleet", "examples/fleet", "--format", "html"]).out, written("html"));
    assert_eq!(run(&["fleet", "examples/fleet", "--format", "json"]).out, written("json"));
    assert_eq!(std::fs::read_dir(directory.path()).unwrap().count(), 3);
    // Standard output can be for rows, and rows alone need nothing else.
    let alone = run(&["fleet", "examples/fleet", "--report", "ndjson=-"]);
    assert_eq!((alone.code, alone.out), (0, written("ndjson")));
    let twice = run(&["fleet", "examples/fleet", "--report", "ndjson=a", "--report", "json=a"]);
    assert!(twice.code == 2 && twice.err.contains("two results would go to a"), "{}", twice.err);
    let again = run(&["fleet", "--facts", directory.path().join("ndjson").to_str().unwrap(), "--report", "ndjson=b"]);
    assert!(again.code == 2 && again.err.contains("rows were given"), "{}", again.err);
    let nowhere = run(&["fleet", "examples/fleet", "--report", "ndjson=no-such-directory/rows"]);
    assert!(nowhere.code == 3 && nowhere.out.starts_with("6 servers"), "{}", nowhere.err);
}

#[test]
fn flags_of_bindings_and_values_of_the_registry_are_counted_over_the_estate() {
    let directory = tempfile::tempdir().unwrap();
    for (server, value) in [("a", "00000001"), ("b", "00000001"), ("c", "00000000")] {
        portal(directory.path(), server, "Portal", REQUIRE);
        let export = format!(
            "Windows Registry Editor Version 5.00\r\n\r\n[HKEY_LOCAL_MACHINE\\SYSTEM\\CurrentControlSet\\Control\\SecurityProviders\\SCHANNEL]\r\n\"SendTrustedIssuerList\"=dword:{value}\r\n"
        );
        write(&directory.path().join(server).join("schannel.reg"), &export);
    }
    let path = directory.path().to_str().unwrap();
    let report = json(&[path]);
    assert_eq!(report["binding_flags"], serde_json::json!([{ "bit": 1, "name": "SNI", "sites": 3, "of": 3 }]));
    let all = report["server_settings"].as_array().unwrap();
    let sent =
        all.iter().find(|one| one["setting"].as_str().unwrap().ends_with("SendTrustedIssuerList")).unwrap_or_else(|| panic!("{all:#?}"));
    assert_eq!((&sent["values"][0]["servers"], &sent["values"][1]["servers"]), (&2.into(), &1.into()));
    let table = run(&["fleet", path]).out;
    assert!(table.contains("flags of https bindings, by site: SNI on 3 of 3") && table.contains("SendTrustedIssuerList"), "{table}");
    let page = run(&["fleet", path, "--format", "html"]).out;
    assert!(page.contains("Flags of https bindings") && page.contains("Registry of the servers"));
}

/// Every element of a page with the names of its attributes.
fn shape(page: &str) -> Vec<String> {
    let page = page.strip_prefix("<!DOCTYPE html>\n").unwrap();
    let document = roxmltree::Document::parse(page).unwrap();
    let elements = document.descendants().filter(roxmltree::Node::is_element);
    let attributes =
        |node: &roxmltree::Node<'_, '_>| node.attributes().map(|attribute| attribute.name().to_owned()).collect::<Vec<_>>().join(" ");
    elements.map(|node| format!("{} {}", node.tag_name().name(), attributes(&node))).collect()
}

#[test]
fn the_page_of_an_estate_is_complete_in_itself_and_hostile_names_change_none_of_its_elements() {
    let page = |site: &str, odd: &str| {
        let directory = tempfile::tempdir().unwrap();
        for (server, flags) in [("a", REQUIRE), ("b", REQUIRE), (odd, "None")] {
            portal(directory.path(), server, site, flags);
        }
        let to = directory.path().join("estate.html");
        let written = run(&["fleet", directory.path().to_str().unwrap(), "--report", &format!("html={}", to.display())]);
        assert!(written.code == 1 && written.out.contains("Outliers"), "the table comes as well: {}", written.err);
        std::fs::read_to_string(to).unwrap()
    };
    let (tame, hostile) = (page("Portal", "c"), page("Por&#x202e;&quot;&gt;&lt;script&gt;alert(1)&lt;/script&gt;", "c\u{202e}'x onload=y"));
    assert_eq!(shape(&hostile), shape(&tame));
    assert!(!hostile.contains("<script") && !hostile.contains("<img") && !hostile.contains('\u{202e}'));
    assert!(tame.contains("2 of 3") && tame.contains("Content-Security-Policy") && tame.contains("default-src 'none'"));
    for outside in ["http://", "src=", "url("] {
        assert!(!tame.replace("http://www.w3.org/", "").contains(outside), "{outside}");
    }
}

#[test]
fn the_head_of_the_page_says_what_changed() {
    let directory = tempfile::tempdir().unwrap();
    let (servers, rows) = (directory.path().join("servers"), directory.path().join("last.ndjson"));
    for server in ["web01", "web02"] {
        checked(&servers, server, true);
    }
    let path = servers.to_str().unwrap();
    last(path, &rows);
    let head = || {
        let page = run(&["fleet", path, "--against", rows.to_str().unwrap(), "--format", "html"]).out;
        page.split("</h1>\n<p>").nth(1).unwrap().split("</p>").next().unwrap().to_owned()
    };
    assert_eq!(head(), "Nothing changed since the earlier run.");
    portal(&servers, "web02", "Shop", REQUIRE);
    assert_eq!(head(), "Findings since the earlier run: 0 new, 0 fixed, 0 unchanged; 0 values drifted; 1 site renamed.");
    checked(&servers, "web02", false);
    checked(&servers, "web03", true);
    assert_eq!(head(), "Findings since the earlier run: 1 new, 0 fixed, 0 unchanged; 1 value drifted: 1 weaker; 1 server came.");
    std::fs::remove_file(servers.join("web01/sslcert.txt")).unwrap();
    std::fs::remove_dir_all(servers.join("web02")).unwrap();
    assert_eq!(
        head(),
        "Findings since the earlier run: 0 new, 0 fixed, 0 unchanged; 0 values drifted; 1 server came; 1 server gone or not given; 1 server of which less was read."
    );
    let page = run(&["fleet", path, "--format", "html"]).out;
    assert!(!page.contains("earlier run"), "nobody named one");
}
