//! What a policy and a baseline make of findings, and what they say to somebody who writes one.

use proptest::prelude::*;

use super::baseline::{Missing, Ran};
use super::*;
use crate::estate::{Estate, FileKind, InputError, InputReport};
use crate::review::{Review, State};
use crate::rules::testing::{SERVICE, apphost, joined, metabase, registry};
use crate::rules::{Context, Finding, Severity, check};
use crate::server::Server;

/// A policy with every key.
pub(super) const EVERYTHING: &str = r#"
fail-on = "medium"
profile = "stig"
baseline = "iisaudit-baseline.json"

[groups]
partners = ["Orders", "Billing"]

[nodes]
web = ["web01", "web02"]

[rules]
revocation-check-off = "medium"
unknown-attribute = "off"

[[expect]]
servers = "web*"
sites = ["*.payments", "7"]
paths = "/app/**"
setting = "client-certificates"
value = "require"
reason = "signed orders"

[[expect]]
setting = "CertCheckMode"
value = 0

[[expect]]
setting = "access-flags"
value = ["Ssl", "AccessSSLNegotiateCert"]

[[expect]]
setting = "SSLCertHash"
value = "3f:6c:1e"

[[differs]]
sites = "archive"
setting = "cert-check-mode"
reason = "machines only"

[[suppress]]
rule = "sites-disagree-*"
server = "web01"
site = "Orders"
path = "/app/**"
setting = ["access-flags", "revocation-*"]
reason = "known"
until = 2027-03-31

[[cohort]]
name = "portals"
sites = ["portal*", "*.example.org"]
servers = "web*"

[fleet]
min-size = 4
threshold = 75
"#;

const PAIR: &str = r#"<IIsWebServer Location="/LM/W3SVC/1" ServerComment="Orders" SecureBindings="192.0.2.1:443:" CertCheckMode="1"></IIsWebServer>
    <IIsWebVirtualDir Location="/LM/W3SVC/1/ROOT" AccessSSLFlags="104"></IIsWebVirtualDir>
    <IIsWebVirtualDir Location="/LM/W3SVC/1/ROOT/open" AccessSSLFlags="8"></IIsWebVirtualDir>
    <IIsWebServer Location="/LM/W3SVC/2" ServerComment="Billing" SecureBindings="192.0.2.2:443:"></IIsWebServer>
    <IIsWebVirtualDir Location="/LM/W3SVC/2/ROOT" AccessSSLFlags="104"></IIsWebVirtualDir>"#;

fn pair() -> Server {
    metabase(&format!("{SERVICE}{PAIR}"))
}

fn day(text: &str) -> Date {
    text.parse().unwrap()
}

fn estate(servers: Vec<Server>) -> Estate {
    let input = |server: &Server| InputReport {
        path: format!("{}/MetaBase.xml", server.name),
        kind: Some(FileKind::MetaBase),
        encoding: Some("UTF-8"),
        server: Some(server.name.clone()),
        error: None,
        warnings: Vec::new(),
    };
    Estate { inputs: servers.iter().map(input).collect(), servers, skipped: 0, ..Estate::default() }
}

fn findings(estate: &Estate) -> Vec<Finding> {
    estate.servers.iter().flat_map(|server| check(&Context::new(server))).collect()
}

fn reviewed_at(text: &str, servers: Vec<Server>, today: &str) -> Review {
    let policy = parse(text).unwrap_or_else(|mistakes| panic!("{mistakes:?}"));
    let mut estate = estate(servers);
    let findings = findings(&estate);
    let file = estate.add_own_file("iisaudit.toml".to_owned(), FileKind::Policy);
    apply(&Applied { policy: &policy, file, today: day(today), profile: None, own_groups: true, own_nodes: true }, estate, findings)
}

fn reviewed(text: &str, server: Server) -> Review {
    reviewed_at(text, vec![server], "2027-01-01")
}

/// Messages of the findings of one rule that count.
fn messages<'a>(review: &'a Review, rule: &str) -> Vec<&'a str> {
    review.new_findings().filter(|finding| finding.rule.name == rule).map(|finding| finding.message.as_str()).collect()
}

/// Rule, place and state of everything.
fn states(review: &Review) -> Vec<String> {
    review.findings.iter().map(|judged| format!("{} {}", judged.finding.fingerprint(), judged.state.name())).collect()
}

fn reasons(review: &Review) -> Vec<(&str, &str)> {
    let of = |judged: &'_ crate::review::Judged| match &judged.state {
        State::Suppressed(suppression) => Some((judged.finding.rule.name, suppression.reason.clone())),
        _ => None,
    };
    review.findings.iter().filter_map(of).map(|(rule, reason)| (rule, &*reason.leak())).collect()
}

#[test]
fn every_mistake_is_told_at_once_at_its_place_with_the_nearest_right_word() {
    let text = r#"fail-on = "hihg"
suppres = []
[rules]
revocation-check-of = "high"
revocation-check-off = "loud"
[[expect]]
site = "*"
setting = "sslFlags"
value = 1
[[expect]]
setting = "CertChekMode"
value = 1
[[expect]]
setting = "access-flags"
value = "Ssl, SslRequireCertt"
[[expect]]
setting = "upload-read-ahead-size"
value = "big"
[[expect]]
setting = "cert-check-mode"
paths = "app"
value = true
[[expect]]
setting = "client-certificates"
value = "required"
[[differs]]
sites = []
setting = "tls-switch"
[[suppress]]
reason = "everything"
[[suppress]]
rule = ["nothing-*", "suppression-expired"]
reason = ""
until = 2027-02-30T00:00:00
[[suppress]]
site = 7
until = "2027-02-30"
[suppress.x]
[groups]
one = ["a"]
"#;
    let told = |text: &str| {
        let mistakes = parse(text).unwrap_err();
        let line = |mistake: &Mistake| {
            let place = mistake.spot.map(|spot| format!("{}:{}: ", spot.line, spot.column)).unwrap_or_default();
            format!("{place}{}", mistake.message)
        };
        mistakes.iter().map(line).collect::<Vec<_>>().join("\n")
    };
    // A day that does not exist is already no TOML.
    insta::assert_snapshot!(told(text), @"34:9: no TOML: invalid date, expected day between 01 and 28");
    insta::assert_snapshot!(told(&text.replace("until = 2027-02-30T00:00:00\n", "until = 2027-02-20T00:00:00\n")), @r#"
    1:11: no such severity: hihg; there are: high, medium, low, info, never
    2:1: no such key: suppres; nearest: suppress
    4:1: no such rule: revocation-check-of; nearest: revocation-check-off, ftp-revocation-check-off; `iisaudit rules` lists all
    5:24: no such level: loud; there are: off, info, low, medium, high
    7:1: no such key: site; nearest: sites
    8:11: sslFlags has two meanings; access@sslFlags is the setting access-flags, and the number binding@sslFlags is none
    11:11: no such setting: CertChekMode; nearest: CertCheckMode, cert-check-mode
    15:9: no such flag of access-flags: SslRequireCertt; nearest: SslRequireCert
    18:9: no value of upload-read-ahead-size; expected a number
    21:9: the pattern of a path begins with / or *, such as /app/**
    22:9: no value of cert-check-mode; expected names of flags, in quotes or a list, or a number
    25:9: no such value of client-certificates: required; nearest: require; there are: ignore, accept, require
    26:1: [[differs]] needs the key reason
    27:9: expected a name or pattern: an empty list matches nothing
    28:11: no such setting: tls-switch; nearest: tls-switches
    29:1: a suppression needs at least one of rule, server, site, path and setting; it would suppress everything
    32:9: the pattern nothing-* matches no rule
    32:22: suppression-expired is about this file and is not suppressed; `suppression-expired = "off"` under [rules] ends it
    33:10: the reason is empty: whoever reads the report must learn why
    34:9: expected a day such as 2027-03-31
    35:1: [[suppress]] needs the key reason
    36:8: expected a name or pattern in quotes, not a number
    37:9: there is no such day
    38:11: no such key: x; there are: path, reason, rule, server, setting, site, until
    40:7: a group needs at least two sites
    "#);
}

#[test]
fn a_file_of_nothing_but_mistakes_is_refused_in_a_moment() {
    let words: String = (0..40_000).map(|number| format!("'revocation-{number}',")).collect();
    for text in [
        format!("suppress = [{{rule = [{words}], reason = 'x'}}]"),
        format!("x = {}", "[".repeat(500_000)),
        "=\n".repeat(300_000),
        "[a.b.c.d.e.f.g.h]\n".repeat(20_000),
    ] {
        let mistakes = parse(&text).unwrap_err();
        assert!(!mistakes.is_empty() && mistakes.len() <= 51, "{}", mistakes.len());
    }
    let mistakes = parse(&format!("suppress = [{{rule = [{words}], reason = 'x'}}]")).unwrap_err();
    assert_eq!(mistakes.last().unwrap().message, "39950 more mistakes");
    for text in ["[".repeat(500_000), format!("{{\"findings\":{}", "[{".repeat(200_000))] {
        assert!(Baseline::parse(&text).is_err());
    }
}

#[test]
fn a_policy_with_every_key_is_read() {
    let policy = parse(EVERYTHING).unwrap();
    assert_eq!(
        (policy.expect.len(), policy.differs.len(), policy.suppress.len(), policy.groups.len(), policy.nodes.len()),
        (4, 1, 1, 1, 1)
    );
    assert_eq!(policy.levels["unknown-attribute"], None);
    assert_eq!(policy.suppress[0].rules.as_ref().unwrap().len(), 4);
    assert_eq!(policy.suppress[0].spot, Spot { line: 41, column: 1 });
    assert!(parse(&format!("\u{feff}{EVERYTHING}")).is_ok());
}

#[test]
fn an_expected_value_that_differs_is_told_where_it_is_said_and_once_for_all_that_inherit_it() {
    let text = "[[expect]]\nsites = 'orders'\nsetting = 'client-certificates'\nvalue = 'require'\n";
    let review = reviewed(text, pair());
    let messages = messages(&review, "expected-value-differs");
    assert_eq!(messages.len(), 1, "{messages:?}");
    assert!(
        messages[0].contains("\"Orders\" (id 1) at /open is AccessSSL") && messages[0].ends_with("expected is client-certificates require")
    );
    let finding = review.new_findings().find(|finding| finding.rule.name == "expected-value-differs").unwrap();
    assert_eq!((finding.severity, finding.place.unwrap().line, finding.related[0].place.line), (Severity::Medium, 3, 1));
}

#[test]
fn a_path_at_which_nothing_is_said_is_judged_by_what_is_above_it() {
    let expect = |path: &str| {
        let text = format!("[[expect]]\nsites = '1'\npaths = '{path}'\nsetting = 'AccessSSLFlags'\nvalue = 'AccessSSL'\n");
        let review = reviewed(&text, pair());
        messages(&review, "expected-value-differs").iter().map(|message| (*message).to_owned()).collect::<Vec<_>>()
    };
    assert!(expect("/secret/**")[0].contains("at /secret is AccessSSL | AccessSSLNegotiateCert"));
    assert_eq!(expect("/open/deeper"), Vec::<String>::new());
    assert_eq!(expect("/OPEN"), Vec::<String>::new());
    assert_eq!(expect("/**").len(), 1);
}

#[test]
fn values_are_compared_by_meaning_and_defaults_count() {
    let differs = |setting: &str, value: &str| {
        let review = reviewed(&format!("[[expect]]\nsetting = '{setting}'\nvalue = {value}\n"), pair());
        messages(&review, "expected-value-differs").len()
    };
    assert_eq!(differs("CertCheckMode", "0"), 1);
    assert_eq!(differs("cert-check-mode", "'MD_CERT_NO_REVOC_CHECK'"), 1);
    assert_eq!(differs("revocation-freshness-time", "86400"), 0);
    assert_eq!(differs("SslUseDsMapper", "false"), 0);
    assert_eq!(differs("SslUseDsMapper", "'TRUE'"), 2);
    assert_eq!(differs("ctl-store-name", "''"), 0);
}

#[test]
fn a_value_that_is_not_known_is_a_notice_and_never_fine() {
    let site = r#"<system.applicationHost><sites><site name="A" id="1"><application path="/"/><bindings><binding protocol="https"
        bindingInformation="*:443:"/></bindings></site><site name="B" id="2"><application path="/"/></site></sites></system.applicationHost>"#;
    let text = "[[expect]]\nsetting = 'cert-check-mode'\nvalue = 1\n[[expect]]\nsetting = 'access-permissions'\nvalue = 1\n";
    let notices = |server: Server| {
        let review = reviewed(text, server);
        assert!(messages(&review, "policy-entry-unused").is_empty());
        let all = review.estate.servers[0].notices.iter().filter(|notice| notice.name == "expectation-not-assessed");
        all.map(|notice| format!("{}; needs {}", notice.message, notice.needs)).collect::<Vec<_>>()
    };
    let without = notices(apphost(site));
    assert_eq!(without.len(), 3, "{without:?}");
    assert!(
        without[0].contains("\"A\" (id 1) is 1, as the policy file expects, is not known; needs") && without[0].contains("netsh"),
        "{without:?}"
    );
    assert!(without[1].contains("no https binding") && without[2].contains("has no such setting"), "{without:?}");
    let with = notices(joined(site, &registry(&[("DefaultSslCertCheckMode", 1)])));
    assert_eq!(with.len(), 2, "{with:?}");
    let review = reviewed(text, joined(site, &registry(&[("DefaultSslCertCheckMode", 4)])));
    assert!(
        messages(&review, "expected-value-differs")[0].contains("on 0.0.0.0:443 is 4 ("),
        "{:?}",
        messages(&review, "expected-value-differs")
    );
}

#[test]
fn a_value_that_another_site_on_the_endpoint_contradicts_is_not_known() {
    let server = metabase(&format!(
        r#"{SERVICE}<IIsWebServer Location="/LM/W3SVC/1" SecureBindings=":443:" CertCheckMode="1"></IIsWebServer>
           <IIsWebServer Location="/LM/W3SVC/2" SecureBindings=":443:" CertCheckMode="0"></IIsWebServer>"#
    ));
    let review = reviewed("[[expect]]\nsetting = 'CertCheckMode'\nvalue = 1\n", server);
    assert_eq!(messages(&review, "expected-value-differs").len(), 1);
    assert!(review.estate.servers[0].notices.iter().any(|notice| notice.name == "expectation-not-assessed"));
}

#[test]
fn a_level_is_what_a_rule_counts_and_a_stopped_site_stays_low() {
    let text = "[rules]\nrevocation-check-off = 'info'\nsites-disagree-on-revocation = 'off'\n";
    let review = reviewed(text, pair());
    let off = review.findings.iter().find(|judged| judged.finding.rule.name == "revocation-check-off").unwrap();
    assert_eq!((off.finding.severity, off.severity_before), (Severity::Info, Some(Severity::High)));
    assert!(messages(&review, "sites-disagree-on-revocation").is_empty());
    assert_eq!(review.policy.unwrap().rules_off, ["sites-disagree-on-revocation"]);
    let stopped = metabase(&format!("{SERVICE}{}", PAIR.replace("CertCheckMode=\"1\"", "CertCheckMode=\"1\" ServerAutoStart=\"FALSE\"")));
    let review = reviewed("[rules]\nrevocation-check-off = 'high'\n", stopped);
    let severity = review.new_findings().find(|finding| finding.rule.name == "revocation-check-off").unwrap().severity;
    assert_eq!(severity, Severity::Low);
}

#[test]
fn a_suppression_holds_until_its_last_day_and_then_fails_open_and_says_so() {
    let text = "[[suppress]]\nrule = 'revocation-check-off'\nsite = 'ORD*'\nreason = 'proxy'\nuntil = 2027-03-31\n";
    let before = reviewed_at(text, vec![pair()], "2027-03-31");
    assert_eq!(reasons(&before), [("revocation-check-off", "proxy")]);
    assert!(messages(&before, "suppression-expired").is_empty());
    let after = reviewed_at(text, vec![pair()], "2027-04-01");
    assert_eq!(reasons(&after), []);
    assert_eq!(messages(&after, "revocation-check-off").len(), 1);
    let expired = messages(&after, "suppression-expired");
    assert!(expired[0].contains("ended on 2027-03-31; what it suppressed counts again: 1 finding") && expired[0].contains("proxy"));
    assert!(messages(&after, "policy-entry-unused").is_empty());
}

#[test]
fn a_suppression_needs_every_key_to_match_and_one_that_matches_nothing_is_named() {
    for (keys, matches) in [
        ("rule = 'revocation-check-off'", true),
        ("setting = 'CertCheckMode'", true),
        ("site = '1'\npath = '/'", true),
        ("rule = 'revocation-check-off'\nserver = 'other'", false),
        ("rule = 'revocation-check-off'\nsite = 'Billing'", false),
        ("rule = 'revocation-check-off'\npath = '/app/**'", false),
        ("rule = 'revocation-check-off'\nsetting = 'access-flags'", false),
        ("rule = 'plain-text-password'", false),
    ] {
        let review = reviewed(&format!("[[suppress]]\n{keys}\nreason = 'x'\n"), pair());
        assert_eq!(!reasons(&review).is_empty(), matches, "{keys}");
        assert_eq!(messages(&review, "policy-entry-unused").is_empty(), matches, "{keys}");
    }
}

#[test]
fn a_declared_difference_suppresses_what_is_left_without_the_declared_sites() {
    let declared = |sites: &str, setting: &str| {
        let review = reviewed(&format!("[[differs]]\nsites = {sites}\nsetting = '{setting}'\nreason = 'meant'\n"), pair());
        let unused = messages(&review, "policy-entry-unused").len();
        (reasons(&review).contains(&("sites-disagree-on-revocation", "meant")), unused)
    };
    assert_eq!(declared("'Orders'", "cert-check-mode"), (true, 0));
    assert_eq!(declared("'Billing'", "CertCheckMode"), (true, 0));
    assert_eq!(declared("'Other'", "cert-check-mode"), (false, 1));
    assert_eq!(declared("'Orders'", "tls-switches"), (false, 1));
    // Two sites against two: with one of them declared the other still disagrees.
    let more = PAIR.replace("W3SVC/1", "W3SVC/3").replace("W3SVC/2", "W3SVC/4").replace("192.0.2.", "198.51.100.").replace("Orders", "C");
    let four = metabase(&format!("{SERVICE}{PAIR}{}", more.replace("Billing", "D")));
    let text = |sites: &str| format!("[[differs]]\nsites = {sites}\nsetting = 'cert-check-mode'\nreason = 'meant'\n");
    assert_eq!(messages(&reviewed(&text("'Orders'"), four.clone()), "sites-disagree-on-revocation").len(), 1);
    assert_eq!(messages(&reviewed(&text("['Orders', 'C']"), four), "sites-disagree-on-revocation").len(), 0);
}

#[test]
fn entries_that_match_nothing_are_named_but_not_where_a_file_could_not_be_read() {
    let text =
        "[groups]\ng = ['x', 'y']\n[nodes]\nn = ['server', 'gone']\n[[expect]]\nsites = 'nobody'\nsetting = 'cert-check-mode'\nvalue = 0\n";
    let review = reviewed(text, pair());
    assert_eq!(messages(&review, "policy-entry-unused").len(), 3, "{:?}", messages(&review, "policy-entry-unused"));
    assert!(
        review
            .new_findings()
            .filter(|finding| finding.rule.name == "policy-entry-unused")
            .all(|finding| finding.severity == Severity::Info)
    );
    let policy = parse(text).unwrap();
    let mut estate = estate(vec![pair()]);
    estate.inputs[0].error = Some(InputError { message: String::new(), line: None, column: None });
    let file = estate.add_own_file("iisaudit.toml".to_owned(), FileKind::Policy);
    let applied = Applied { policy: &policy, file, today: day("2027-01-01"), profile: None, own_groups: true, own_nodes: true };
    assert!(messages(&apply(&applied, estate, Vec::new()), "policy-entry-unused").is_empty());
}

fn run(server: Server) -> Review {
    let estate = estate(vec![server]);
    let findings = findings(&estate);
    Review::new(estate, findings)
}

const ALL: Ran<'static> = Ran { rules: &[], profile: None };

/// The baseline of one server, applied to another.
fn marked(old: Server, new: Server) -> (Review, Missing) {
    let baseline = Baseline::parse(&Baseline::of(&run(old)).to_json()).unwrap();
    let mut review = run(new);
    let file = review.estate.add_own_file("iisaudit-baseline.json".to_owned(), FileKind::Baseline);
    let missing = baseline.mark(&mut review, file, &ALL);
    (review, missing)
}

#[test]
fn a_baseline_knows_what_it_was_made_of_although_lines_move_and_the_only_server_is_renamed() {
    let moved = metabase(&format!("\n\n{SERVICE}\n{}", PAIR.replace("ServerComment", "\n   ServerComment")));
    let (review, missing) = marked(pair(), moved);
    assert_eq!((review.new_findings().count(), missing), (0, Missing::default()));
    assert!(!review.findings.is_empty());
    let mut renamed = pair();
    renamed.name = "other".to_owned();
    let (review, missing) = marked(pair(), renamed);
    assert_eq!((review.new_findings().count(), missing), (0, Missing::default()));
    let warnings = &review.estate.inputs.last().unwrap().warnings;
    assert!(warnings[0].contains("server, server, and") && warnings[0].contains("other: they are taken for the same"), "{warnings:?}");
}

#[test]
fn of_several_servers_none_is_taken_for_another() {
    let named = |name: &str| Server { name: name.to_owned(), ..pair() };
    let two = |names: [&str; 2]| {
        let estate = estate(names.into_iter().map(named).collect());
        let findings = findings(&estate);
        Review::new(estate, findings)
    };
    let baseline = Baseline::of(&two(["a", "b"]));
    let mut review = two(["a", "c"]);
    let missing = baseline.mark(&mut review, crate::input::FileId(9), &ALL);
    assert!(review.findings.iter().all(|judged| (judged.finding.server == "a") == (judged.state == State::Baselined)));
    assert!(missing.gone.is_empty() && missing.kept.iter().all(|(_, why)| why == "its server was not read"), "{missing:?}");
    assert_eq!(missing.kept.len(), baseline.entries.len() / 2);
    assert_eq!(baseline.without(&missing).entries, baseline.entries);
}

#[test]
fn what_is_worse_than_in_the_baseline_is_new_and_what_is_fixed_is_gone() {
    let mut milder = run(pair());
    for judged in &mut milder.findings {
        judged.finding = judged.finding.clone().severity(Severity::Info);
    }
    let baseline = Baseline::parse(&Baseline::of(&milder).to_json()).unwrap();
    let mut review = run(pair());
    let missing = baseline.mark(&mut review, crate::input::FileId(0), &ALL);
    let worse = review.new_findings().find(|finding| finding.rule.name == "revocation-check-off").unwrap();
    assert_eq!(worse.related.last().unwrap().note, "worse than in the baseline, where it is info");
    assert_eq!(missing, Missing::default());
    let fixed = metabase(&format!("{SERVICE}{}", PAIR.replace(" CertCheckMode=\"1\"", "")));
    let (review, missing) = marked(pair(), fixed);
    assert_eq!(review.new_findings().count(), 0);
    let baseline = Baseline::of(&run(pair()));
    let gone = baseline.in_use("b.json", &missing).gone;
    assert!(gone.iter().any(|gone| gone.rule == "revocation-check-off" && gone.scope == "server, \"Orders\" (id 1), /"), "{gone:?}");
    assert_eq!(baseline.without(&missing).entries.len(), baseline.entries.len() - gone.len());
}

#[test]
fn what_a_run_cannot_judge_is_kept() {
    let baseline = Baseline::of(&run(pair()));
    let why = |change: fn(&mut Review), ran: &Ran<'_>| {
        let mut review = run(pair());
        review.findings.clear();
        change(&mut review);
        let missing = baseline.mark(&mut review, crate::input::FileId(9), ran);
        let mut reasons: Vec<String> = missing.kept.into_iter().map(|(_, why)| why).collect();
        reasons.dedup();
        reasons.join("; ")
    };
    assert_eq!(why(|_| (), &ALL), "");
    assert_eq!(why(|_| (), &Ran { rules: &["plain-text-password"], profile: None }), "its rule did not run");
    assert_eq!(why(|review| review.estate.servers.clear(), &ALL), "its server was not read");
    assert_eq!(
        why(|review| review.estate.inputs[0].error = Some(InputError { message: String::new(), line: None, column: None }), &ALL),
        "a file could not be read"
    );
    assert_eq!(
        why(|review| review.estate.inputs[0].kind = Some(FileKind::WebConfig), &ALL),
        "not all that was read of its server then was read now: meta-base"
    );
}

#[test]
fn a_file_that_is_no_baseline_is_refused_at_its_place() {
    let good = Baseline::of(&run(pair())).to_json();
    let wrong = |text: &str| {
        let mistakes = Baseline::parse(text).unwrap_err();
        let spot = mistakes[0].spot.unwrap();
        format!("{}:{} {}", spot.line, spot.column, mistakes[0].message)
    };
    insta::assert_snapshot!(wrong(""), @r#"1:1 no baseline: EOF while parsing a value"#);
    insta::assert_snapshot!(wrong("{}"), @r#"1:1 no baseline: expected "format": "iisaudit-baseline"; `iisaudit baseline create` writes one"#);
    insta::assert_snapshot!(wrong(&good.replace("\"version\": 1", "\"version\": 2")), @r#"1:1 no baseline of version 1, the only one that is known"#);
    insta::assert_snapshot!(wrong(&good.replace("\"rule\":\"revocation-check-off\"", "\"rule\":\"other\"")), @r#"11:5 the fingerprint is not that of the entry, which was likely edited; `iisaudit baseline create` makes it anew"#);
    insta::assert_snapshot!(wrong(&good.replace("\"severity\":\"high\"", "\"severity\":\"awful\"")), @r#"8:143 no baseline: unknown variant `awful`, expected one of `info`, `low`, `medium`, `high`"#);
    insta::assert_snapshot!(wrong(&good.replace("\"findings\"", "\"findngs\"")), @r#"7:11 no baseline: unknown field `findngs`, expected one of `format`, `version`, `servers`, `findings`"#);
}

#[test]
fn the_text_of_a_baseline_has_one_finding_a_line_and_depends_on_nothing_else() {
    let review = run(pair());
    let text = Baseline::of(&review).to_json();
    let mut turned = run(pair());
    turned.findings.reverse();
    assert_eq!(Baseline::of(&turned).to_json(), text);
    assert_eq!(text.lines().filter(|line| line.contains("\"fingerprint\"")).count(), review.findings.len());
    let again = Baseline::parse(&text).unwrap();
    assert_eq!(again.to_json(), text);
    // Another layout is read all the same.
    let pretty = serde_json::to_string_pretty(&serde_json::from_str::<serde_json::Value>(&text).unwrap()).unwrap();
    assert_eq!(Baseline::parse(&pretty).unwrap().to_json(), text);
}

#[test]
fn what_is_written_keeps_to_the_schema_of_baselines() {
    let schema = include_str!("../../schemas/baseline.schema.json");
    let schema: serde_json::Value = serde_json::from_str(schema).unwrap();
    jsonschema::meta::validate(&schema).unwrap();
    let validator = jsonschema::validator_for(&schema).unwrap();
    for review in [run(pair()), Review::default(), reviewed(EVERYTHING, pair())] {
        let value: serde_json::Value = serde_json::from_str(&Baseline::of(&review).to_json()).unwrap();
        let errors: Vec<String> = validator.iter_errors(&value).map(|error| error.to_string()).collect();
        assert!(errors.is_empty(), "{errors:?}");
    }
    let wrong = serde_json::json!({ "format": "iisaudit-baseline", "version": 1, "servers": [], "findings": [{ "rule": "x" }] });
    assert!(!validator.is_valid(&wrong));
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(48))]

    #[test]
    fn the_order_of_entries_changes_nothing(order in Just((0..6_usize).collect::<Vec<_>>()).prop_shuffle()) {
        let entries = [
            "[[suppress]]\nsite = '1'\nreason = 'b'\nuntil = 2027-01-01\n",
            "[[suppress]]\nrule = 'revocation-*'\nreason = 'a'\n",
            "[[suppress]]\nrule = 'revocation-check-off'\nreason = 'c'\nuntil = '2020-01-01'\n",
            "[[differs]]\nsites = 'Billing'\nsetting = 'cert-check-mode'\nreason = 'd'\n",
            "[[expect]]\nsetting = 'client-certificates'\nvalue = 'require'\n",
            "[[expect]]\nsetting = 'cert-check-mode'\nvalue = 4\n",
        ];
        let text: String = order.iter().map(|index| entries[*index]).collect();
        let (plain, turned) = (reviewed(&entries.concat(), pair()), reviewed(&text, pair()));
        let sorted = |review: &Review| {
            let mut states = states(review);
            states.sort();
            states
        };
        prop_assert_eq!(sorted(&plain), sorted(&turned));
        let sorted_reasons = |review: &Review| {
            let mut reasons: Vec<(String, String)> = reasons(review).into_iter().map(|(rule, reason)| (rule.to_owned(), reason.to_owned())).collect();
            reasons.sort();
            reasons
        };
        prop_assert_eq!(sorted_reasons(&plain), sorted_reasons(&turned));
    }

    #[test]
    fn what_is_suppressed_is_what_is_found_without_the_policy(rule in "[a-z*?-]{1,6}", site in "[a-zA-Z*?]{1,4}") {
        let text = format!("[rules]\npolicy-entry-unused = 'off'\n[[suppress]]\nrule = ['*{rule}*', '*']\nsite = '{site}'\nreason = 'x'\n");
        let Ok(_) = parse(&text) else { return Ok(()) };
        let fingerprints = |review: &Review| review.findings.iter().map(|judged| judged.finding.fingerprint()).collect::<Vec<_>>();
        prop_assert_eq!(fingerprints(&reviewed(&text, pair())), fingerprints(&run(pair())));
    }

    #[test]
    fn no_bytes_make_a_reader_panic(bytes in proptest::collection::vec(any::<u8>(), 0..200), at in 0..2000_usize) {
        let text = String::from_utf8_lossy(&bytes);
        let _ = (parse(&text).is_ok(), Baseline::parse(&text).is_ok());
        let baseline = Baseline::of(&run(pair())).to_json();
        for good in [EVERYTHING, baseline.as_str()] {
            let mut cut = at % (good.len() + 1);
            while !good.is_char_boundary(cut) {
                cut -= 1;
            }
            let spoilt = format!("{}{text}{}", &good[..cut], &good[cut..]);
            let _ = (parse(&spoilt).is_ok(), Baseline::parse(&spoilt).is_ok());
        }
    }
}
