//! The report of `check` as JUnit XML, as the xUnit plugin of Jenkins accepts it. Every server is a suite and every finding a test that
//! failed, or was skipped where the finding is known; a server without findings has one test that passed, and what was not assessed is
//! skipped, so that nothing looks tested that was not. No times and no host: the same input gives the same bytes.

use std::collections::BTreeMap;

use super::escape::{Out, Xml};
use super::parts::risk_label;
use super::place::Places;
use super::words;
use crate::review::{Judged, Review};
use crate::rules::Finding;
use crate::server::Server;

/// What became of a test.
enum Outcome {
    Passed,
    Failure { severity: &'static str, message: String, text: Out<Xml> },
    Error { message: String },
    Skipped { message: String },
}

struct Case {
    class: String,
    name: String,
    outcome: Outcome,
}

struct Suite {
    name: String,
    cases: Vec<Case>,
}

/// Number of tests, and of those that did not pass.
#[derive(Default, Clone, Copy)]
struct Counts {
    tests: usize,
    failures: usize,
    errors: usize,
    skipped: usize,
}

impl Counts {
    fn of(cases: &[Case]) -> Self {
        let mut counts = Counts { tests: cases.len(), ..Counts::default() };
        for case in cases {
            match case.outcome {
                Outcome::Passed => {}
                Outcome::Failure { .. } => counts.failures += 1,
                Outcome::Error { .. } => counts.errors += 1,
                Outcome::Skipped { .. } => counts.skipped += 1,
            }
        }
        counts
    }
}

/// The document.
pub fn render(review: &Review) -> String {
    let suites = suites(review);
    let counts: Vec<Counts> = suites.iter().map(|suite| Counts::of(&suite.cases)).collect();
    let mut out = Out::<Xml>::default();
    out.markup("<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<testsuites name=\"iisaudit\" tests=\"")
        .number(counts.iter().map(|counts| counts.tests).sum())
        .markup("\" failures=\"")
        .number(counts.iter().map(|counts| counts.failures).sum())
        .markup("\" errors=\"")
        .number(counts.iter().map(|counts| counts.errors).sum())
        .markup("\">\n");
    for (suite, counts) in suites.iter().zip(counts) {
        out.markup("  <testsuite name=\"").text(&suite.name).markup("\" tests=\"").number(counts.tests);
        out.markup("\" failures=\"").number(counts.failures).markup("\" errors=\"").number(counts.errors);
        out.markup("\" skipped=\"").number(counts.skipped).markup("\">\n");
        for case in &suite.cases {
            write(&mut out, case);
        }
        out.markup("  </testsuite>\n");
    }
    out.markup("</testsuites>\n");
    out.finish()
}

fn write(out: &mut Out<Xml>, case: &Case) {
    out.markup("    <testcase classname=\"").text(&case.class).markup("\" name=\"").text(&case.name).markup("\"");
    match &case.outcome {
        Outcome::Passed => {
            out.markup("/>\n");
            return;
        }
        Outcome::Failure { severity, message, text } => {
            out.markup(">\n      <failure type=\"").text(severity).markup("\" message=\"").text(message).markup("\">");
            out.append(text).markup("</failure>\n");
        }
        Outcome::Error { message } => {
            out.markup(">\n      <error type=\"unreadable\" message=\"").text(message).markup("\"/>\n");
        }
        Outcome::Skipped { message } => {
            out.markup(">\n      <skipped message=\"").text(message).markup("\"/>\n");
        }
    }
    out.markup("    </testcase>\n");
}

/// A suite a server, in the order of the estate, and one for what could not be read.
fn suites(review: &Review) -> Vec<Suite> {
    let places = Places { inputs: &review.estate.inputs };
    let mut findings: BTreeMap<&str, Vec<&Judged>> = BTreeMap::new();
    for judged in &review.findings {
        findings.entry(&judged.finding.server).or_default().push(judged);
    }
    let mut suites: Vec<Suite> = review
        .estate
        .servers
        .iter()
        .map(|server| {
            let judged = findings.remove(server.name.as_str()).unwrap_or_default();
            Suite { name: server.name.clone(), cases: cases(server, &judged, places) }
        })
        .collect();
    let mut unread: Vec<Case> = review
        .estate
        .inputs
        .iter()
        .filter_map(|input| Some((input, input.error.as_ref()?)))
        .map(|(input, error)| {
            let mut place = input.path.clone();
            for number in [error.line, error.column].into_iter().map_while(|number| number) {
                place.push_str(&format!(":{number}"));
            }
            let message = format!("{place}: {}", error.message);
            Case { class: "inputs".to_owned(), name: input.path.clone(), outcome: Outcome::Error { message } }
        })
        .collect();
    if suites.is_empty() && unread.is_empty() {
        // A report without tests would look like one without failures.
        let message = "nothing was assessed: no configuration of a server was read".to_owned();
        unread.push(Case { class: "inputs".to_owned(), name: "servers".to_owned(), outcome: Outcome::Error { message } });
    }
    if !unread.is_empty() {
        suites.push(Suite { name: "inputs that could not be read".to_owned(), cases: unread });
    }
    for suite in &mut suites {
        tell_apart(&mut suite.cases);
    }
    suites
}

fn cases(server: &Server, judged: &[&Judged], places: Places<'_>) -> Vec<Case> {
    let mut cases: Vec<Case> = judged
        .iter()
        .map(|judged| {
            let finding = &judged.finding;
            let outcome = match words::why_known(judged) {
                Some(message) => Outcome::Skipped { message },
                None => {
                    Outcome::Failure { severity: finding.severity.name(), message: finding.message.clone(), text: text(finding, places) }
                }
            };
            Case { class: class(&server.name, finding), name: name(finding), outcome }
        })
        .collect();
    if judged.is_empty() {
        let name = if server.notices.is_empty() { "no findings" } else { "no findings in what was assessed" };
        cases.push(Case { class: server.name.clone(), name: name.to_owned(), outcome: Outcome::Passed });
    }
    cases.extend(server.notices.iter().map(|notice| Case {
        class: server.name.clone(),
        name: notice.name.to_owned(),
        outcome: Outcome::Skipped { message: format!("not assessed: {}; needs {}", notice.message, notice.needs) },
    }));
    cases
}

/// Server and site. What stands before the last dot is shown as a package, so that a site has none of its own.
fn class(server: &str, finding: &Finding) -> String {
    match &finding.site {
        Some((Some(id), name)) if name.is_empty() => format!("{server}.site {id}"),
        Some((_, name)) => format!("{server}.{}", name.replace('.', "_")),
        None => server.to_owned(),
    }
}

/// Rule, path and what else tells findings of the rule apart, without anything that changes from run to run.
fn name(finding: &Finding) -> String {
    let mut name = finding.rule.name.to_owned();
    if let Some(path) = finding.path.as_deref().filter(|path| !path.is_empty()) {
        name.push_str(&format!(" {path}"));
    }
    if !finding.subject.is_empty() {
        name.push_str(&format!(" ({})", finding.subject));
    }
    name
}

/// Numbers cases that would have the same name: build servers would take them for one.
fn tell_apart(cases: &mut [Case]) {
    let mut seen: BTreeMap<(String, String), usize> = BTreeMap::new();
    for case in cases {
        let times = seen.entry((case.class.clone(), case.name.clone())).or_default();
        *times += 1;
        if *times > 1 {
            case.name.push_str(&format!(" [{times}]"));
        }
    }
}

/// All that the finding says, a line each.
fn text(finding: &Finding, places: Places<'_>) -> Out<Xml> {
    let mut text = Out::<Xml>::default();
    text.text(&finding.message).markup("\n");
    text.markup(finding.rule.name).markup(words::doubt(finding)).markup(", ").text(&words::scope(finding)).markup("\n");
    if let Some(place) = finding.place {
        text.markup("at ").text(&places.text(place)).markup("\n");
    }
    for related in &finding.related {
        text.markup("see ").text(&places.text(related.place)).markup(": ").text(&related.note).markup("\n");
    }
    if !finding.sees.is_empty() {
        text.markup("seen: ").text(&finding.sees).markup("\n");
    }
    for remedy in &finding.remedies {
        text.markup(risk_label(remedy.risk)).markup(" ").text(&remedy.what).markup("\n");
        for (is_powershell, command) in remedy.shown() {
            text.markup(if is_powershell { "  PowerShell: " } else { "  " }).text(command).markup("\n");
        }
    }
    text
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use roxmltree::{Document, Node};

    use super::super::testing::{HOSTILE, acting, estate, judged};
    use super::*;

    /// Proves the counts, and that only the elements and attributes of the schema are there; the names of the tests.
    fn proven(text: &str) -> Vec<String> {
        let document = Document::parse(text).unwrap();
        let number = |node: Node<'_, '_>, name: &str| node.attribute(name).unwrap().parse::<usize>().unwrap();
        let elements = |node: Node<'_, '_>, name: &str| node.descendants().filter(|node| node.has_tag_name(name)).count();
        let allowed = [
            ("testsuites", "name tests failures errors"),
            ("testsuite", "name tests failures errors skipped"),
            ("testcase", "classname name"),
            ("failure", "type message"),
            ("error", "type message"),
            ("skipped", "message"),
        ];
        for node in document.descendants().filter(Node::is_element) {
            let names: Vec<&str> = node.attributes().map(|attribute| attribute.name()).collect();
            assert!(allowed.contains(&(node.tag_name().name(), &names.join(" "))), "{node:?}");
        }
        let root = document.root_element();
        for suite in root.children().filter(Node::is_element).chain([root]) {
            for (attribute, element) in [("tests", "testcase"), ("failures", "failure"), ("errors", "error")] {
                assert_eq!(number(suite, attribute), elements(suite, element), "{attribute}");
            }
        }
        for suite in root.children().filter(Node::is_element) {
            assert_eq!(number(suite, "skipped"), elements(suite, "skipped"));
            assert!(number(suite, "tests") > 0);
        }
        let cases = document.descendants().filter(|node| node.has_tag_name("testcase"));
        cases.map(|case| format!("{}: {}", case.attribute("classname").unwrap(), case.attribute("name").unwrap())).collect()
    }

    #[test]
    fn every_server_is_a_suite_and_every_finding_a_test() {
        let text = render(&judged(""));
        proven(&text);
        insta::assert_snapshot!(text, @r#"
        <?xml version="1.0" encoding="UTF-8"?>
        <testsuites name="iisaudit" tests="6" failures="2" errors="1">
          <testsuite name="web01" tests="3" failures="1" errors="0" skipped="2">
            <testcase classname="web01.Shop" name="revocation-check-off /app (0.0.0.0:443)">
              <failure type="high" message="CertCheckMode is 1: revocation is not checked">CertCheckMode is 1: revocation is not checked
        revocation-check-off (likely), web01, &quot;Shop&quot; (id 1), /app
        at estate/web01/MetaBase.xml:22:5
        see estate/web01/MetaBase.xml:40:5: &quot;Shop (old)&quot; (id 2) does not set it
        seen: Nothing: revoked certificates are accepted.
        [read-only] shows the value
          adsutil.vbs get W3SVC/1/CertCheckMode
        [safe] checks revocation again
          adsutil.vbs set W3SVC/1/CertCheckMode 0
        [weakens security] leaves revoked certificates accepted
        </failure>
            </testcase>
            <testcase classname="web01.Shop (old)" name="plain-text-password">
              <skipped message="in the baseline"/>
            </testcase>
            <testcase classname="web01.Shop (old)" name="certificate-not-required">
              <skipped message="suppressed until 2031-12-31: the partner has no certificate yet"/>
            </testcase>
          </testsuite>
          <testsuite name="web02" tests="2" failures="1" errors="0" skipped="1">
            <testcase classname="web02" name="revocation-check-off">
              <failure type="info" message="A second message.">A second message.
        revocation-check-off, web02
        seen: Nothing: revoked certificates are accepted.
        </failure>
            </testcase>
            <testcase classname="web02" name="endpoint-not-assessed">
              <skipped message="not assessed: how HTTP.sys checks client certificates; needs netsh http show sslcert"/>
            </testcase>
          </testsuite>
          <testsuite name="inputs that could not be read" tests="1" failures="0" errors="1" skipped="0">
            <testcase classname="inputs" name="estate/web03/MetaBase.xml">
              <error type="unreadable" message="estate/web03/MetaBase.xml:128:5: the end tag &lt;/IIsWebService&gt; has no start tag"/>
            </testcase>
          </testsuite>
        </testsuites>
        "#);
    }

    #[test]
    fn a_server_without_findings_passes_one_test_and_what_was_not_assessed_is_skipped() {
        let review = Review::new(estate("Shop", ""), Vec::new());
        let text = render(&review);
        assert_eq!(
            proven(&text),
            [
                "web01: no findings",
                "web02: no findings in what was assessed",
                "web02: endpoint-not-assessed",
                "inputs: estate/web03/MetaBase.xml"
            ]
        );
        assert!(text.contains("<testcase classname=\"web01\" name=\"no findings\"/>"), "{text}");
    }

    #[test]
    fn nothing_at_all_is_no_success() {
        let text = render(&Review::default());
        assert_eq!(proven(&text), ["inputs: servers"]);
        assert!(text.contains("errors=\"1\""));
    }

    #[test]
    fn two_findings_of_one_name_are_told_apart() {
        let mut review = judged("");
        review.findings.push(review.findings[0].clone());
        let names = proven(&render(&review));
        assert!(names.contains(&"web01.Shop: revocation-check-off /app (0.0.0.0:443) [2]".to_owned()), "{names:?}");
    }

    #[test]
    fn a_site_with_dots_in_its_name_is_one_class_of_its_server() {
        assert!(proven(&render(&judged("www.contoso.com")))[0].starts_with("web01.www_contoso_com: "));
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(64))]
        #[test]
        fn no_name_gets_out_of_its_text(name in proptest::collection::vec(any::<char>(), 0..40)) {
            let name: String = "]]></failure>\u{0}\u{fffe}".chars().chain(name).collect();
            let text = render(&judged(&name));
            prop_assert_eq!(acting(&text), "");
            prop_assert_eq!(proven(&text).len(), 6);
            prop_assert_eq!(text.lines().count(), render(&judged(HOSTILE)).lines().count());
        }
    }
}
