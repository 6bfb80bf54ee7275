use std::collections::BTreeSet;
use std::fmt::Write;

use proptest::prelude::*;
use roxmltree::{Document, Node};
use sha2::{Digest, Sha256};

use super::super::testing::{HOSTILE, acting, at, estate, iis6, input};
use super::*;
use crate::estate::{Estate, FileKind, InputError, Options};
use crate::remedy::{Remedy, Risk};
use crate::review::{BaselineUse, GoneEntry, Suppression};
use crate::rules::{Confidence, Context, Profile, RULES, Rule, check, profiles, rule};
use crate::server::Notice;

/// The page as XML; a panic when it is not well-formed.
fn parsed(page: &str) -> Document<'_> {
    let page = page.strip_prefix("<!DOCTYPE html>\n").unwrap_or_else(|| panic!("no HTML: {page:.100}"));
    Document::parse(page).unwrap_or_else(|error| panic!("{error}"))
}

fn elements<'a, 'b>(document: &'a Document<'b>) -> impl Iterator<Item = Node<'a, 'b>> {
    document.descendants().filter(Node::is_element)
}

/// The text in an element, with one blank for each run of white space.
fn text_in(node: Node<'_, '_>) -> String {
    let text: String = node.descendants().filter_map(|node| node.text().filter(|_| node.is_text())).collect();
    text.split_whitespace().collect::<Vec<_>>().join(" ")
}

/// Every element with the names of its attributes, nested: what names from files must never change.
fn shape(page: &str) -> String {
    let mut shape = String::new();
    for element in elements(&parsed(page)) {
        let attributes: Vec<&str> = element.attributes().map(|attribute| attribute.name()).collect();
        let depth = element.ancestors().count();
        writeln!(shape, "{depth} {} {}", element.tag_name().name(), attributes.join(" ")).unwrap();
    }
    shape
}

/// What a reader reads: a line for each block.
fn lines(page: &str) -> String {
    const BLOCKS: &[&str] = &["h1", "h2", "h3", "h4", "p", "li", "tr", "dd", "dt", "pre", "article", "footer", "summary", "div", "h5"];
    let document = parsed(page);
    let mut lines: Vec<String> = Vec::new();
    let mut last = None;
    for node in document.descendants().filter(Node::is_text) {
        if node.ancestors().any(|node| node.has_tag_name((XHTML, "style")) || node.has_tag_name((XHTML, "head"))) {
            continue;
        }
        let text = node.text().unwrap_or_default();
        if text.trim().is_empty() {
            continue;
        }
        let block = node.ancestors().find(|node| BLOCKS.contains(&node.tag_name().name())).map(|node| node.id());
        let cell = node.ancestors().find(|node| ["td", "th"].contains(&node.tag_name().name())).map(|node| node.id());
        match last {
            Some((same, same_cell)) if same == block => {
                let line = lines.last_mut().unwrap();
                if same_cell != cell {
                    line.push_str(" |");
                }
                write!(line, " {}", text.trim()).unwrap();
            }
            _ => lines.push(text.trim().to_owned()),
        }
        last = Some((block, cell));
    }
    lines.join("\n")
}

const XHTML: &str = "http://www.w3.org/1999/xhtml";

fn revocation_check_off() -> &'static Rule {
    rule("revocation-check-off").unwrap()
}

/// A review with something of everything, in which `name` stands wherever a file, a policy or a user can put a text.
fn everything(name: &str) -> Review {
    let mut estate = estate(name, name);
    for server in &mut estate.servers {
        // The order of servers and notices must not depend on the name.
        server.name = format!("{}{name}", server.name);
        for notice in &mut server.notices {
            notice.message.push_str(name);
            notice.needs.to_mut().push_str(name);
        }
        for binding in server.sites.iter_mut().flat_map(|site| &mut site.bindings) {
            binding.written.push_str(name);
            binding.flags_written = Some(format!("33{name}"));
        }
        for scope in server.sites.iter_mut().flat_map(|site| site.scopes.iter_mut().skip(1)) {
            scope.path.push_str(name);
        }
    }
    for input in &mut estate.inputs {
        input.path.push_str(name);
        input.server = Some(name.to_owned());
        input.warnings.push(name.to_owned());
        if let Some(InputError { message, .. }) = &mut input.error {
            message.push_str(name);
        }
    }
    let first = &estate.servers[0];
    let finding = |message: &str| {
        let mut finding = Finding::new(revocation_check_off(), first, format!("{message}{name}"))
            .site(&first.sites[0])
            .path(&format!("/{name}"))
            .setting(crate::catalogue::Setting::CertCheckMode)
            .at(Some(at(0, 22)))
            .related(Some(at(1, 40)), format!("the other{name}"))
            .sees(format!("seen{name}"))
            .confidence(Confidence::Likely)
            .subject(message);
        finding = finding.remedy(Remedy::command(Risk::ReadOnly, format!("looks{name}"), format!("certutil {name}")));
        finding = finding.remedy(Remedy::command(Risk::Safe, format!("repairs {message}{name}"), format!("appcmd {message}{name}")));
        finding.remedy(Remedy::advice(Risk::WeakensSecurity, format!("or leave it{name}")))
    };
    let suppression = Suppression { reason: format!("because{name}"), until: Some("2031-12-31".to_owned()), place: Some(at(1, 3)) };
    let gone = GoneEntry { fingerprint: format!("00ff{name}"), rule: format!("gone{name}"), scope: format!("elsewhere{name}") };
    let judged = |message, state, before| Judged { finding: finding(message), state, severity_before: before };
    let findings = vec![
        judged("one", State::New, None),
        judged("two", State::New, Some(Severity::Low)),
        judged("three", State::Baselined, None),
        judged("four", State::Suppressed(suppression), Some(Severity::Info)),
    ];
    let baseline = BaselineUse { path: format!("baseline{name}"), entries: 2, gone: vec![gone] };
    Review { estate, findings, baseline: Some(baseline), policy: None }
}

/// Everything that examples and fixtures hold, reviewed under a profile, so that there are benchmark items and notices too.
fn real() -> Review {
    let root = std::path::Path::new(env!("CARGO_MANIFEST_DIR"));
    let mut estate = crate::estate::read(&[root.join("examples"), root.join("tests/fixtures")], &Options::default());
    for server in &mut estate.servers {
        let notices = profiles::notices(server, Profile::Stig);
        server.notices.extend(notices);
    }
    let found = |server| check(&Context { profile: Some(Profile::Stig), ..Context::new(server) });
    let findings = estate.servers.iter().flat_map(found).collect();
    Review::new(estate, findings)
}

#[test]
fn the_policy_names_the_hash_of_the_style() {
    let digest = Sha256::digest(STYLE.replace("\r\n", "\n").as_bytes());
    let alphabet = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    let mut base64 = String::new();
    for chunk in digest.chunks(3) {
        let number = (0..3).fold(0u32, |number, index| number << 8 | u32::from(chunk.get(index).copied().unwrap_or_default()));
        for index in 0..4u32 {
            let six = (number >> (18 - 6 * index)) & 63;
            base64.push(if index as usize <= chunk.len() { char::from(alphabet[six as usize]) } else { '=' });
        }
    }
    if std::env::var_os("IISAUDIT_UPDATE").is_some() {
        let path = concat!(env!("CARGO_MANIFEST_DIR"), "/src/report/html/style.sha256");
        std::fs::write(path, &base64).unwrap();
    }
    assert!(POLICY.contains(&format!("style-src 'sha256-{base64}';")), "the hash is {base64}; IISAUDIT_UPDATE=1 writes it");
}

#[test]
fn the_page_runs_nothing_and_fetches_nothing() {
    // In a style element of XML these would be markup.
    assert!(!STYLE.contains(['<', '&']) && !STYLE.contains("url(") && !STYLE.contains("@import"));
    let page = render(&everything("Shop"));
    for element in elements(&parsed(&page)) {
        let name = element.tag_name().name();
        assert!(!["script", "link", "img", "iframe", "object", "embed", "form", "base", "svg"].contains(&name), "{name}");
        for attribute in element.attributes() {
            let (key, value) = (attribute.name(), attribute.value());
            assert!(!key.starts_with("on") && key != "style" && key != "src", "{key}");
            assert!(key != "href" || value.starts_with('#'), "{value}");
        }
    }
    assert_eq!(elements(&parsed(&page)).filter(|element| element.has_tag_name((XHTML, "style"))).count(), 1);
    assert!(page.contains("default-src 'none'; style-src 'sha256-") && page.contains("base-uri 'none'; form-action 'none'"));
}

#[test]
fn every_anchor_is_there_once_and_every_link_leads_to_one() {
    for review in [everything("Shop"), real(), Review::default()] {
        let page = render(&review);
        let document = parsed(&page);
        let mut ids: Vec<&str> = elements(&document).filter_map(|element| element.attribute("id")).collect();
        let all = ids.len();
        ids.sort_unstable();
        ids.dedup();
        assert_eq!(ids.len(), all);
        for link in elements(&document).filter_map(|element| element.attribute("href")) {
            assert!(ids.binary_search(&&link[1..]).is_ok(), "{link} leads nowhere");
        }
        for element in elements(&document) {
            if let Some(label) = element.attribute("aria-labelledby") {
                assert!(ids.binary_search(&label).is_ok(), "{label}");
            }
        }
    }
}

#[test]
fn every_finding_notice_and_unreadable_file_is_on_the_page() {
    let mut review = real();
    review.estate.inputs.push(input("broken/MetaBase.xml", FileKind::MetaBase, "broken"));
    review.estate.inputs.last_mut().unwrap().error =
        Some(InputError { message: "it is cut off".to_owned(), line: Some(7), column: Some(3) });
    let page = render(&review);
    let document = parsed(&page);
    let by_id: BTreeMap<&str, Node<'_, '_>> = elements(&document).filter_map(|node| Some((node.attribute("id")?, node))).collect();
    assert!(review.findings.len() > 200, "{}", review.findings.len());
    let squeezed = |text: &str| crate::report::escape::terminal(text).split_whitespace().collect::<Vec<_>>().join(" ");
    let commands: BTreeSet<&str> = elements(&document)
        .filter(|node| node.has_tag_name((XHTML, "pre")))
        .filter_map(|node| node.first_element_child()?.text())
        .collect();
    for judged in &review.findings {
        let finding = &judged.finding;
        let node = by_id.get(format!("f-{}", finding.fingerprint()).as_str()).unwrap_or_else(|| panic!("{finding:?} is missing"));
        let text = text_in(*node);
        assert!(text.contains(&squeezed(&finding.message)), "{text} lacks {}", finding.message);
        let group = node.ancestors().find(|node| node.attribute("class") == Some("rule")).map(text_in).unwrap();
        for said in finding
            .remedies
            .iter()
            .map(|remedy| &remedy.what)
            .chain([&finding.sees])
            .chain(finding.related.iter().map(|related| &related.note))
        {
            assert!(group.replace('`', "").contains(&squeezed(said).replace('`', "")), "{group} lacks {said}");
        }
        for (_, command) in finding.remedies.iter().flat_map(Remedy::shown) {
            assert!(commands.contains(command), "{command}");
        }
    }
    let notices = text_in(by_id["not-assessed"]);
    for notice in review.estate.servers.iter().flat_map(|server| &server.notices) {
        assert!(notices.contains(&squeezed(&notice.message)) && notices.contains(&squeezed(&notice.needs)), "{notice:?}");
    }
    let inputs = text_in(by_id["inputs"]);
    assert!(inputs.contains("broken/MetaBase.xml:7:3 it is cut off"), "{inputs}");
    for input in &review.estate.inputs {
        assert!(inputs.contains(&input.path), "{}", input.path);
        assert!(input.warnings.iter().all(|warning| inputs.contains(&squeezed(warning))), "{:?}", input.warnings);
    }
}

#[test]
fn the_same_review_gives_the_same_bytes() {
    assert_eq!(render(&everything(HOSTILE)), render(&everything(HOSTILE)));
}

#[test]
fn the_verdict_never_sounds_better_than_what_was_assessed() {
    let heading = |review: &Review| {
        let page = render(review);
        let document = parsed(&page);
        let heading = elements(&document).find(|node| node.has_tag_name((XHTML, "h1"))).map(text_in);
        heading.unwrap()
    };
    let silent = |estate: Estate| Review::new(estate, Vec::new());
    assert_eq!(heading(&Review::default()), "Nothing was assessed: no configuration of a server was read.");
    assert_eq!(heading(&silent(estate("Shop", ""))), "No findings, but not everything was assessed.");
    let mut one = estate("Shop", "");
    one.servers = vec![iis6("web01", "Shop", "")];
    one.inputs.truncate(1);
    assert_eq!(heading(&silent(one.clone())), "No findings, but not everything was assessed.");
    one.servers[0].endpoints.clear();
    assert_eq!(heading(&silent(one)), "Nothing was found in what these files decide.");
    let mut review = everything("x");
    assert_eq!(heading(&review), "Needs attention: 2 new findings (2 high), and not everything was assessed.");
    review.findings.retain(|judged| judged.state != State::New);
    assert_eq!(heading(&review), "No new findings, but not everything was assessed.");
}

#[test]
fn sites_that_differ_from_the_others_are_marked_with_a_sign_and_a_word() {
    let mut estate = estate("Shop", "");
    estate.servers.truncate(1);
    let server = &mut estate.servers[0];
    let usual = server.sites[1].clone();
    for (id, name) in [(3, "third"), (4, "fourth")] {
        let mut site = usual.clone();
        (site.id, site.name) = (Some(id), name.to_owned());
        server.sites.push(site);
    }
    let page = render(&Review::new(estate, Vec::new()));
    let document = parsed(&page);
    let matrix = elements(&document).find(|node| node.attribute("class") == Some("matrix")).unwrap();
    let rows: Vec<String> = matrix.descendants().filter(|node| node.has_tag_name((XHTML, "tr"))).map(text_in).collect();
    let marked: Vec<&String> = rows.iter().filter(|row| row.contains("≠ differs: off (1)")).collect();
    assert!(marked.len() == 1 && marked[0].starts_with("Shop"), "{rows:#?}");
    assert!(rows.iter().any(|row| row.starts_with("/app") && row.contains("≠ differs: ! AccessSSL | Acess")), "{rows:#?}");
    assert!(rows.iter().all(|row| !row.starts_with("/quiet")), "a path that sets nothing is no row: {rows:#?}");
}

#[test]
fn of_very_many_sites_and_paths_the_rest_is_counted_and_those_that_differ_are_shown() {
    let mut estate = estate("Shop", "");
    estate.servers.truncate(1);
    let server = &mut estate.servers[0];
    let odd = server.sites[0].clone();
    let usual = server.sites[1].clone();
    server.sites = (0..700).map(|id| crate::server::Site { id: Some(id), name: format!("number {id}"), ..usual.clone() }).collect();
    let mut odd = crate::server::Site { name: "the odd one".to_owned(), ..odd };
    let path = odd.scopes[1].clone();
    odd.scopes.extend((0..49).map(|number| crate::server::Scope { path: format!("/path{number}"), ..path.clone() }));
    server.sites.push(odd);
    let page = render(&Review::new(estate, Vec::new()));
    let document = parsed(&page);
    let matrix = elements(&document).find(|node| node.attribute("class") == Some("matrix")).map(text_in).unwrap();
    assert_eq!((matrix.matches("number ").count(), matrix.matches("the odd one").count()), (499, 1));
    assert!(matrix.contains("201 more sites") && matrix.contains("20 more paths that set something"), "{matrix}");
}

#[test]
fn what_is_not_assessed_is_a_question_mark_with_its_reason_and_no_default() {
    let page = render(&Review::new(estate("Shop", ""), Vec::new()));
    let document = parsed(&page);
    let row = elements(&document)
        .filter(|node| node.has_tag_name((XHTML, "tr")))
        .find(|row| text_in(*row).starts_with("Default Web Site"))
        .unwrap();
    let cell = row.children().filter(Node::is_element).nth(4).unwrap();
    assert_eq!((text_in(cell).as_str(), cell.attribute("title")), ("?not assessed", Some("not assessed; needs: netsh http show sslcert")));
}

/// Many findings of one rule, each with its own subject.
fn many(number: usize) -> Review {
    let mut review = everything("Shop");
    let model = review.findings[0].finding.clone();
    let finding = |index: usize| {
        let mut finding = model.clone().subject(format!("{index}"));
        finding.message = format!("number {index}.");
        Judged { finding, state: State::New, severity_before: None }
    };
    review.findings = (0..number).map(finding).collect();
    review
}

#[test]
fn ten_thousand_findings_are_folded_counted_and_all_there() {
    let page = render(&many(10_000));
    let document = parsed(&page);
    let articles = elements(&document).filter(|node| node.has_tag_name((XHTML, "article"))).count();
    let ids = elements(&document).filter(|node| node.attribute("id").is_some_and(|id| id.starts_with("f-"))).count();
    assert_eq!((articles, ids), (200, 10_000));
    let text = text_in(document.root_element());
    assert!(text.contains("9800 more, in short") && text.contains("10000 findings") && text.contains("number 9999."));
    let rule = elements(&document).find(|node| node.attribute("class") == Some("rule")).unwrap();
    assert_eq!(rule.attribute("open"), None);
    assert!(page.len() < 6_000_000, "{}", page.len());
}

#[test]
fn what_all_findings_of_a_rule_advise_is_said_once() {
    let page = render(&everything("Shop"));
    assert_eq!(page.matches("certutil Shop").count(), 1);
    assert_eq!(page.matches("appcmd oneShop").count(), 1);
    assert!(page.contains("For all of these:"));
}

#[test]
fn findings_of_one_meaning_have_an_anchor_each() {
    let mut review = everything("Shop");
    let twice = review.findings[0].clone();
    review.findings.push(twice);
    let page = render(&review);
    let anchor = format!("f-{}", review.findings[0].finding.fingerprint());
    assert!(page.contains(&format!("id=\"{anchor}\"")) && page.contains(&format!("id=\"{anchor}-2\"")));
}

/// The colours of one block of the style, by name.
fn colours(block: &str) -> BTreeMap<&str, [f64; 3]> {
    let channel = |text: &str| {
        let value = f64::from(u8::from_str_radix(text, 16).unwrap()) / 255.0;
        if value <= 0.04045 { value / 12.92 } else { ((value + 0.055) / 1.055).powf(2.4) }
    };
    let declarations = block.split(';').filter_map(|declaration| declaration.trim().split_once(": #"));
    declarations.map(|(name, hex)| (name.trim(), [channel(&hex[0..2]), channel(&hex[2..4]), channel(&hex[4..6])])).collect()
}

#[test]
fn every_text_has_enough_contrast_in_light_and_in_dark() {
    let blocks: Vec<_> = STYLE.split(":root {").skip(1).map(|block| colours(block.split('}').next().unwrap())).collect();
    assert_eq!(blocks.len(), 2, "light and dark");
    let luminance = |[red, green, blue]: [f64; 3]| 0.2126 * red + 0.7152 * green + 0.0722 * blue;
    for colours in blocks {
        let pairs = ["text", "dim", "link", "high", "medium", "low", "info", "good", "note"].iter().flat_map(|front| {
            let own = format!("{front}-back");
            let backs = ["back", "panel"].iter().map(|back| (*back).to_owned()).chain([own]);
            backs.map(move |back| ((*front).to_owned(), back))
        });
        let on_tints = [
            ("text", "note-back"),
            ("text", "high-back"),
            ("text", "medium-back"),
            ("dim", "medium-back"),
            ("link", "note-back"),
            ("link", "low-back"),
            ("text", "low-back"),
            ("dim", "low-back"),
        ];
        let mut compared = 0;
        for (front, back) in pairs.chain(on_tints.iter().map(|(front, back)| ((*front).to_owned(), (*back).to_owned()))) {
            let (front, back) = (format!("--{front}"), format!("--{back}"));
            let Some(under) = colours.get(back.as_str()) else { continue };
            let (one, two) = (luminance(colours[front.as_str()]), luminance(*under));
            let contrast = (one.max(two) + 0.05) / (one.min(two) + 0.05);
            assert!(contrast >= 4.5, "{front} on {back}: {contrast:.2}");
            compared += 1;
        }
        assert!(compared > 28, "{compared}");
    }
}

#[test]
fn a_small_report_reads_like_this() {
    let mut review = everything("");
    review.findings.remove(1);
    insta::assert_snapshot!(lines(&render(&review)), @r#"
    Skip to the report
    iisaudit · SSL and client certificates of IIS
    Needs attention: 1 new finding (1 high), and not everything was assessed.
    Overview
    Sites 3
    Findings 1
    Known 2
    Not assessed 2
    Files 3
    Overview
    1 ▲ high
    0 ◆ medium
    0 ● low
    0 ○ info
    1 in the baseline
    1 suppressed
    2 servers, 3 sites; read 2 of 3 files, 1 could not be read ; 3 other files are no configuration of IIS.
    ? Not assessed
    What follows is unknown, not in order: silence about it means nothing.
    web02 : how HTTP.sys checks client certificates
    web01 : CertCheckMode, at least in part
    1 file could not be read
    What would settle it
    Server | Generation | Sites | ▲ high | ◆ medium | ● low | ○ info | Not assessed
    web01 | IIS 6 | 2 | 1 | 0 | 0 | 0 | 1
    web02 | IIS 7 or later | 1 | 0 | 0 | 0 | 0 | 1
    Sites
    ≠ differs from most sites of its server, or where there is no majority from some; on a path: from the root of its site
    ? not assessed: the file that decides it was not given, or its claims contradict each other
    ! a text that is no value of the setting
    default nothing sets it; inherited it is set above
    Point at a cell for its meaning and place; iisaudit sites prints all of them.
    Site | Findings | Client certificates | https | Revocation check | Server certificate
    web01 IIS 6
    site 1 https :443: binding flags 33 | ▲ 1 , the worst is high | require | required | ≠ differs: off (1) | 01020304…
    /app | ≠ differs: ! AccessSSL | Acess no value | ≠ differs: ! AccessSSL | Acess no value
    site 2 https :443 binding flags 33 | – | – | ≠ differs: on (0) default | –
    web02 IIS 7 or later
    Default Web Site id 7 does not start by itself https *:443:www.contoso.com binding flags 33: SNI, no TLS 1.3 | ignore | not required | ? not assessed | –
    The same everywhere
    CRL freshness
    86400 s (default, where it is known)
    CTL store
    none (default)
    Read-ahead
    49152 bytes (inherited)
    Known for no site
    ? CTL, Asks in the first handshake : not assessed; needs: netsh http show sslcert
    Findings
    ▲ High 1 finding: breaks something or opens something
    ▲ high
    Client certificates are not checked for revocation
    1 finding
    Bit 1 of CertCheckMode is set, so the server never asks whether a client certificate was revoked. It is often set to get rid of 403.13 and then forgotten: from then on a stolen or withdrawn certificate still opens the door. Only bit 1 does this; the values 2 and 4 still check, and a missing value means that the check is on.
    web01 › site 1 › / likely #
    one
    Place
    estate/web01/MetaBase.xml:22:5
    See also
    estate/web02/applicationHost.config:40:5 the other
    Seen
    seen
    Setting
    CertCheckMode cert-check-mode
    ⌕ read-only looks
    certutil
    ✓ safe repairs one
    appcmd one
    ! weakens security or leave it
    iisaudit explain revocation-check-off tells when this rule is silent and where its facts come from.
    Known
    These do not count, and are named so that nothing disappears in a file that nobody reads.
    Suppressed by the policy
    1
    Finding | Reason | Until
    ▲ high revocation-check-off web01 › site 1 › / (info by the rule) four estate/web01/MetaBase.xml:22:5 | because estate/web02/applicationHost.config:3:5 | 2031-12-31
    Compared with the baseline baseline , which has 2 entries.
    In the baseline
    1
    Finding
    ▲ high revocation-check-off web01 › site 1 › / three estate/web01/MetaBase.xml:22:5
    In the baseline, not found any more
    1
    Fixed, or not read this time. iisaudit baseline prune removes them.
    Rule | Where | Fingerprint
    gone | elsewhere | 00ff
    Not assessed
    What | Servers | Needs
    how HTTP.sys checks client certificates endpoint-not-assessed | web02 | netsh http show sslcert
    CertCheckMode, at least in part | web01 | the value of the site that registered the endpoint
    Files
    ! Could not be read
    estate/web03/MetaBase.xml:128:5 the end tag </IIsWebService> has no start tag
    Read with reservations
    3
    estate/web01/MetaBase.xml
    estate/web02/applicationHost.config the XML declaration does not stand at the start of the file
    estate/web02/applicationHost.config
    estate/web03/MetaBase.xml
    All files
    3
    File | Kind | Encoding | Server
    estate/web01/MetaBase.xml | MetaBase.xml | UTF-8
    estate/web02/applicationHost.config | applicationHost.config | UTF-8
    estate/web03/MetaBase.xml | MetaBase.xml | could not be read
    3 other files are no configuration of IIS.
    Made by iisaudit 0.1.0 from the files listed above, offline. The page is complete in itself: it holds no script and fetches nothing. iisaudit explain RULE says what a rule means, when it stays silent and where its facts come from. Commands are suggestions for people to read first; nothing was run.
    "#);
}

#[test]
fn headings_go_down_one_level_at_a_time_and_tables_have_headers_with_a_scope() {
    let page = render(&real());
    let document = parsed(&page);
    let mut level = 0;
    for element in elements(&document) {
        if let Some(next) = element.tag_name().name().strip_prefix('h').and_then(|digit| digit.parse::<u32>().ok()) {
            assert!(next <= level + 1, "h{level} is followed by h{next}: {}", text_in(element));
            level = next;
        }
        if element.has_tag_name((XHTML, "th")) {
            assert!(element.attribute("scope").is_some(), "{}", text_in(element));
        }
        // Who scrolls with the keyboard must get there, and hear where.
        if element.attribute("class") == Some("scroll") {
            assert!(element.attribute("tabindex") == Some("0") && element.attribute("aria-label").is_some());
        }
    }
    assert_eq!(document.root_element().attribute("lang"), Some("en"));
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(48))]
    #[test]
    fn no_name_makes_an_element_or_an_attribute(
        name in proptest::collection::vec(prop_oneof![any::<char>(), prop::sample::select(vec!['<', '>', '&', '"', '\'', '`', '/', '=', ';', '-', 'a'])], 1..40),
    ) {
        let name: String = name.into_iter().collect();
        let page = render(&everything(&name));
        prop_assert_eq!(shape(&page), shape(&render(&everything("harmless"))));
        prop_assert_eq!(acting(&page), "");
    }
}

#[test]
fn no_well_known_attack_makes_an_element_or_an_attribute() {
    let harmless = shape(&render(&everything("harmless")));
    for name in [
        "<script>alert(1)</script>",
        "\"><img src=x onerror=alert(1)>",
        "' onmouseover='x",
        "</style><script>",
        "]]>",
        "<!--",
        "javascript:alert(1)",
        HOSTILE,
    ] {
        let page = render(&everything(name));
        assert_eq!(shape(&page), harmless, "{name}");
    }
    assert!(RULES.len() > 50);
}

#[test]
fn a_notice_of_many_servers_is_said_once() {
    let mut estate = estate("Shop", "");
    let notice = Notice { name: "endpoint-not-assessed", message: "something else".to_owned(), needs: "a file".into() };
    estate.servers[0].notices = vec![notice, estate.servers[1].notices[0].clone()];
    let page = render(&Review::new(estate, Vec::new()));
    let text = text_in(parsed(&page).root_element());
    assert!(text.contains("web01, web02: how HTTP.sys checks client certificates and 1 more of this kind"), "{text}");
    assert!(text.contains("web01, web02 netsh http show sslcert") || text.contains("web01, web02netsh"), "{text}");
}
