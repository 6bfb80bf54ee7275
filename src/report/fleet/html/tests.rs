//! The page of an estate that is as large as they get, in which nothing is in order.

use super::*;
use crate::estate::{InputError, InputReport};
use crate::fleet::{Changes, Collector, Estate, Fleet, Made, Observation, Run, Thresholds, against, compare};
use crate::input::{FileId, Place};
use crate::review::Review;
use crate::rules::Finding;
use crate::server::{Generation, Notice, Server};

/// Settings of the root, each with a value that most have and one that one in five has.
const SETTINGS: [(&str, &str, &str); 6] = [
    ("access-flags", "Ssl, SslNegotiateCert, SslRequireCert", "Ssl"),
    ("upload-read-ahead-size", "49152", "1048576"),
    ("max-content-length", "30000000", "4294967295"),
    ("anonymous-authentication", "true", "false"),
    ("iis-certificate-mapping", "false", "true"),
    ("allow-double-escaping", "false", "true"),
];

fn server(number: usize) -> String {
    format!("datacentre-{}/rack-{:03}/web-{number:05}.production.example.org", number % 3, number % 180)
}

/// Sites in cohorts of five, of which one differs; `shift` says which.
fn estate(servers: usize, shift: usize) -> Estate {
    let mut collector = Collector::default();
    for number in 0..servers {
        let name = server(number);
        let file = format!("//files/share/gathered/{name}/config/applicationHost.config");
        let site = format!("Customer portal {}", number % servers.div_ceil(5));
        for path in ["/", "/api/v1/orders"] {
            for (setting, most, other) in SETTINGS {
                let odd = number / servers.div_ceil(5) == shift;
                let value = if odd { other } else { most };
                collector.observe(&Observation {
                    server: &name,
                    site: &site,
                    site_id: Some(1),
                    path,
                    setting,
                    value: Some(value),
                    shown: value,
                    origin: "explicit",
                    place: Some((&file, 1234, 56)),
                });
            }
        }
        collector.observe(&Observation {
            server: &name,
            site: &site,
            site_id: Some(1),
            path: "",
            setting: "server-certificate",
            value: Some(&format!("{number:040x}")),
            shown: &format!("{number:040x}"),
            origin: "explicit",
            place: Some((&file, 1234, 56)),
        });
    }
    collector.finish()
}

/// Three findings of every server, something that was not assessed of each, and a file of each that could not be read.
fn review(servers: usize, subject: &str) -> Review {
    let mut estate = crate::estate::Estate::default();
    let mut findings = Vec::new();
    for number in 0..servers {
        let name = server(number);
        let place = Place { file: FileId(u32::try_from(number).unwrap()), line: 1234, column: 56 };
        for (rule, severity) in [
            ("revocation-check-off", Severity::High),
            ("late-request-body-limit", Severity::Medium),
            ("asks-everyone-needlessly", Severity::Low),
        ] {
            let mut finding = Finding::recalled(crate::rules::rule(rule).unwrap(), name.clone(), severity, severity);
            finding.site = Some((Some(1), format!("Customer portal {}", number % servers.div_ceil(5))));
            finding.path = Some("/api/v1/orders".to_owned());
            finding.message = "What is wrong with this site at this path is told here in a sentence or two. ".repeat(4);
            finding.subject = subject.to_owned();
            finding.place = Some(place);
            findings.push(finding);
        }
        let notice = Notice { name: "endpoint-not-assessed", message: String::new(), needs: format!("the listing of {name}").into() };
        estate.servers.push(Server { notices: vec![notice], ..Server::unknown(name.clone(), Generation::Iis7) });
        let path = format!("//files/share/gathered/{name}/inetpub/web.config");
        let error = InputError { message: "the file ends too early: a tag is not closed".to_owned(), line: Some(1), column: Some(1) };
        estate.inputs.push(InputReport { path, kind: None, encoding: None, server: None, error: Some(error), warnings: Vec::new() });
    }
    Review::new(estate, findings)
}

struct Large {
    members: Estate,
    review: Review,
    fleet: Fleet,
    changes: Changes,
}

impl Large {
    fn of(servers: usize) -> Large {
        let (before, members) = (estate(servers, 1), estate(servers, 3));
        let (then, review) = (review(servers, "then"), review(servers, "now"));
        let fleet = compare(&members, &[], &[], Thresholds::default());
        let changes =
            against("last.ndjson", Run { members: &before, review: &then }, Run { members: &members, review: &review }, Made::default());
        Large { members, review, fleet, changes }
    }

    fn page(&self) -> String {
        html(&Survey {
            review: &self.review,
            members: &self.members,
            fleet: &self.fleet,
            thresholds: Thresholds::default(),
            changes: Some(&self.changes),
        })
    }
}

/// How often a piece of text is on a page.
fn times(page: &str, text: &str) -> usize {
    page.matches(text).count()
}

#[test]
fn the_page_of_ten_thousand_servers_is_small_and_says_what_it_leaves_out() {
    let large = Large::of(10_000);
    assert_eq!((large.fleet.outliers.len(), large.changes.values.len()), (2000, 2 * 2000 * SETTINGS.len()));
    let page = large.page();
    assert!(page.len() < 4_000_000, "{} bytes", page.len());
    roxmltree::Document::parse_with_options(
        page.strip_prefix("<!DOCTYPE html>\n").unwrap(),
        roxmltree::ParsingOptions { nodes_limit: u32::MAX, ..roxmltree::ParsingOptions::default() },
    )
    .unwrap();
    // Servers are told in full as long as there is room, then as rows, then they are counted.
    let whole = times(&page, "<details class=\"rule server\">");
    assert!(whole > 50, "{whole}");
    assert!(page.contains(&format!("{} more servers", 10_000 - whole)));
    assert!(
        page.contains("<code>iisaudit sites</code> shows every setting of a server")
            && page.contains("ndjson</code> has all of all servers")
    );
    // Each link within the page leads somewhere.
    for link in page.split("href=\"#").skip(1).filter_map(|rest| rest.split('"').next()) {
        assert!(page.contains(&format!("id=\"{link}\"")), "{link}");
    }
    for cut in ["more outliers", "more values", "more findings", "more servers", "more cohorts", "more notices", "more files"] {
        assert!(page.contains(cut), "{cut}");
    }
}

#[test]
fn every_server_of_a_small_estate_is_told_in_full_with_every_setting_and_its_place() {
    let page = Large::of(20).page();
    assert_eq!(times(&page, "<details class=\"rule server\">"), 20);
    assert!(!page.contains("with numbers only"));
    for number in 0..20 {
        let name = server(number);
        let at = page.find(&format!("<details class=\"rule server\">\n<summary><h3><bdi>{name}</bdi>")).unwrap();
        let own = page[at..].split("<details class=\"rule server\">").nth(1).unwrap();
        for (setting, most, other) in SETTINGS {
            assert!(own.contains(&format!("<code>{setting}</code>")), "{name}: {setting}");
            assert!(own.contains(most) || own.contains(other), "{name}: {setting}");
        }
        assert!(own.contains(&format!("{name}/config/applicationHost.config:1234:56")), "{name}");
        assert!(own.contains(&format!("{number:040x}")), "{name}");
        assert!(own.contains(" at <code>/api/v1/orders</code>"));
    }
}

#[test]
fn one_enormous_entry_hides_no_other_and_does_not_make_the_page_large() {
    let mut review = review(30, "now");
    review.findings[0].finding.message = "x".repeat(5_000_000);
    let members = estate(30, 3);
    let fleet = compare(&members, &[], &[], Thresholds::default());
    let page = html(&Survey { review: &review, members: &members, fleet: &fleet, thresholds: Thresholds::default(), changes: None });
    assert!(page.len() < 4_000_000, "{} bytes", page.len());
    assert_eq!(times(&page, "<details class=\"rule server\">"), 29);
    assert!(page.contains("1 more server<"));
}

#[test]
fn changes_are_told_with_their_effect_and_what_was_not_read_apart() {
    let page = Large::of(20).page();
    let changes = page.split("<section id=\"changes\"").nth(1).unwrap().split("</section>").next().unwrap();
    for text in
        ["</span> weaker</span>", "</span> stronger</span>", "a client certificate is no longer required", "require: Ssl, SslNegotiateCert"]
    {
        assert!(changes.contains(text), "{text}: {changes}");
    }
    assert!(page.contains("<a href=\"#changes\">Changes</a>"));
}
