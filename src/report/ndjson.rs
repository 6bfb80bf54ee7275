//! The report of `check` as one JSON object a line, for streams and log stores. Each line says its type; the numbers of the run are the last
//! line, so that a report that was cut off can be told from a whole one.

use serde::Serialize;

use super::check::{FindingJson, NoticeJson, Summary};
use super::escape::json_line;
use super::parts::InputJson;
use super::place::Places;
use crate::review::{GoneEntry, Review};

/// One line.
#[derive(Debug, Serialize)]
#[serde(tag = "type", rename_all = "kebab-case")]
enum Line<'a> {
    Input(InputJson<'a>),
    Finding(Box<FindingJson<'a>>),
    Notice(NoticeJson<'a>),
    Gone(&'a GoneEntry),
    Summary(Summary),
}

/// The report, as `schemas/report-check-line.schema.json` describes each line.
pub fn render(review: &Review) -> String {
    let places = Places { inputs: &review.estate.inputs };
    let inputs = InputJson::all(&review.estate).into_iter().map(Line::Input);
    let findings = review.findings.iter().map(|judged| Line::Finding(Box::new(FindingJson::new(judged, places))));
    let notices = NoticeJson::all(&review.estate).into_iter().map(Line::Notice);
    let gone = review.baseline.iter().flat_map(|baseline| &baseline.gone).map(Line::Gone);
    let summary = std::iter::once(Line::Summary(Summary::of(review)));
    let mut text = String::new();
    for line in inputs.chain(findings).chain(notices).chain(gone).chain(summary) {
        // Every type of a line has text keys and writes to memory, so there is nothing that could fail.
        #[expect(clippy::expect_used, reason = "no type of a report can fail to serialise")]
        let json = serde_json::to_string(&line).expect("lines serialise");
        text.push_str(&json_line(&json));
        text.push('\n');
    }
    text
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use serde_json::Value;

    use super::super::testing::{HOSTILE, acting, judged, violations};
    use super::*;

    const SCHEMA: &str = include_str!("../../schemas/report-check-line.schema.json");

    fn lines(text: &str) -> Vec<Value> {
        text.lines().map(|line| serde_json::from_str(line).unwrap()).collect()
    }

    #[test]
    fn every_line_says_its_type_and_the_numbers_come_last() {
        let short: Vec<String> = render(&judged("")).lines().map(|line| line.chars().take(110).collect()).collect();
        insta::assert_snapshot!(short.join("\n"), @r#"
        {"type":"input","path":"estate/web01/MetaBase.xml","kind":"meta-base","encoding":"UTF-8","server":"web01","err
        {"type":"input","path":"estate/web02/applicationHost.config","kind":"application-host","encoding":"UTF-8","ser
        {"type":"input","path":"estate/web03/MetaBase.xml","kind":"meta-base","encoding":null,"server":"web03","error"
        {"type":"finding","rule":"revocation-check-off","severity":"high","state":"new","confidence":"likely","server"
        {"type":"finding","rule":"plain-text-password","severity":"high","state":"baselined","confidence":"firm","serv
        {"type":"finding","rule":"certificate-not-required","severity":"medium","severity_before":"high","state":"supp
        {"type":"finding","rule":"revocation-check-off","severity":"info","state":"new","confidence":"firm","server":"
        {"type":"notice","server":"web02","name":"endpoint-not-assessed","message":"how HTTP.sys checks client certifi
        {"type":"gone","fingerprint":"0123456789abcdef0123456789abcdef","rule":"usage-check-off","scope":"web01, \"Sho
        {"type":"summary","high":1,"medium":0,"low":0,"info":1,"baselined":1,"suppressed":1,"servers":2,"sites":3,"inp
        "#);
    }

    #[test]
    fn every_line_keeps_to_the_schema() {
        for review in [judged(""), judged(HOSTILE), Review::default()] {
            for line in render(&review).lines() {
                assert_eq!(violations(SCHEMA, line), "", "{line}");
            }
        }
    }

    #[test]
    fn a_line_has_the_same_fields_as_the_object_in_the_report() {
        let line: Value = serde_json::from_str(SCHEMA).unwrap();
        let report: Value = serde_json::from_str(include_str!("../../schemas/report-check.schema.json")).unwrap();
        let gone = report["properties"]["baseline"]["properties"]["gone"]["items"]["properties"].clone();
        for (name, definition) in line["$defs"].as_object().unwrap() {
            let mut properties = definition["properties"].clone();
            let is_line = properties.as_object_mut().unwrap().remove("type").is_some_and(|kind| kind["const"] == name.as_str());
            let expected = if name == "gone" { &gone } else { &report["$defs"][name]["properties"] };
            assert_eq!(&properties, expected, "{name}");
            assert_eq!(is_line, ["input", "finding", "notice", "gone", "summary"].contains(&name.as_str()), "{name}");
        }
    }

    #[test]
    fn the_findings_are_those_of_the_report() {
        let review = judged(HOSTILE);
        let report: Value = serde_json::from_str(&super::super::check::json(&review)).unwrap();
        let mut findings: Vec<Value> = lines(&render(&review)).into_iter().filter(|line| line["type"] == "finding").collect();
        for finding in &mut findings {
            finding.as_object_mut().unwrap().remove("type");
        }
        assert_eq!(Value::Array(findings), report["findings"]);
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(64))]
        #[test]
        fn no_name_breaks_a_line_or_acts(name in proptest::collection::vec(any::<char>(), 0..40)) {
            let name: String = name.into_iter().chain("\u{85}\u{2028}\u{202e}##vso[".chars()).collect();
            let text = render(&judged(&name));
            prop_assert_eq!(acting(&text), "");
            prop_assert!(!text.contains(['\u{85}', '\u{2028}', '\u{2029}']) && !text.contains("##"), "{}", text);
            let lines = lines(&text);
            prop_assert_eq!(lines.len(), 3 + 4 + 1 + 1 + 1);
            prop_assert_eq!(&lines[3]["site"]["name"], &Value::String(name));
        }
    }
}
