//! Facts as rows, written one at a time: exact as JSON lines, and as a table for spreadsheets, in which no cell is taken for a formula.

use std::io::{Result, Write};

use serde::Serialize;
use serde_json::Value;

use super::escape::{CsvCell, Out, json_line};
use crate::facts::{Fact, Row};

/// Writes each fact as a line of JSON, as `schemas/facts.schema.json` describes it.
pub fn ndjson<'a>(facts: impl Iterator<Item = Fact<'a>>, out: &mut dyn Write) -> Result<()> {
    let mut facts = facts;
    facts.try_for_each(|fact| line(&fact, out))
}

/// Writes rows of the other kinds as lines of JSON, as `schemas/fleet-line.schema.json` describes them.
pub fn rows(rows: impl Iterator<Item = Row>, out: &mut dyn Write) -> Result<()> {
    let mut rows = rows;
    rows.try_for_each(|row| line(&row, out))
}

fn line(row: &impl Serialize, out: &mut dyn Write) -> Result<()> {
    let json = serde_json::to_string(row)?;
    out.write_all(json_line(&json).as_bytes())?;
    out.write_all(b"\n")
}

/// Names of the columns.
const COLUMNS: [&str; 21] = [
    "v",
    "server",
    "generation",
    "windows",
    "level",
    "site_id",
    "site",
    "path",
    "endpoint",
    "setting",
    "type",
    "value",
    "number",
    "known",
    "origin",
    "origin_from",
    "why",
    "needs",
    "file",
    "line",
    "col",
];

/// Writes the facts as a table, RFC 4180: the names of the columns, then one fact a row and a line. What is null is an empty cell.
pub fn csv<'a>(facts: impl Iterator<Item = Fact<'a>>, out: &mut dyn Write) -> Result<()> {
    row(out, COLUMNS.iter().map(|name| (*name).to_owned()))?;
    for fact in facts {
        let fact = serde_json::to_value(&fact)?;
        row(
            out,
            COLUMNS.iter().map(|name| match fact.get(*name) {
                None | Some(Value::Null) => String::new(),
                Some(Value::String(text)) => text.clone(),
                Some(other) => other.to_string(),
            }),
        )?;
    }
    Ok(())
}

fn row(out: &mut dyn Write, cells: impl Iterator<Item = String>) -> Result<()> {
    let mut line = Out::<CsvCell>::default();
    for (index, cell) in cells.enumerate() {
        if index > 0 {
            line.markup(",");
        }
        line.text(&cell);
    }
    line.markup("\r\n");
    out.write_all(line.finish().as_bytes())
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use std::borrow::Cow;

    use super::super::testing::{HOSTILE, acting, estate, iis7, violations, with_records};
    use super::*;
    use crate::estate::Estate;
    use crate::facts::{FactError, Level, OriginKind, Reader, ValueType, of_estate};
    use crate::server::Generation;

    fn lines<'a>(facts: impl Iterator<Item = Fact<'a>>) -> String {
        let mut out = Vec::new();
        ndjson(facts, &mut out).unwrap();
        String::from_utf8(out).unwrap()
    }

    fn back(text: &[u8]) -> Vec<std::result::Result<Fact<'static>, FactError>> {
        Reader::new(text, "facts.ndjson".to_owned()).collect()
    }

    fn messages(text: &[u8]) -> Vec<String> {
        back(text).into_iter().filter_map(|row| row.err().map(|error| error.to_string())).collect()
    }

    /// Text with everything in it that matters somewhere.
    fn any_text() -> impl Strategy<Value = String> {
        let hostile = "\u{0}\n\r\u{85}\u{2028}\u{202e}\u{feff}##\"\\'=,;日\u{1F600}\u{7f}";
        proptest::collection::vec(prop_oneof![any::<char>(), proptest::sample::select(hostile.chars().collect::<Vec<_>>())], 0..12)
            .prop_map(|text| text.into_iter().collect())
    }

    prop_compose! {
        fn any_fact()(
            server in any_text(),
            site in proptest::option::of(any_text()),
            others in proptest::collection::vec(proptest::option::of(any_text()), 6),
            setting in any_text(),
            value in any_text(),
            kind in 0usize..6,
            number in any::<u64>(),
            place in any::<(Option<u32>, Option<u32>, Option<u32>)>(),
            origin in 0usize..4,
        ) -> Fact<'static> {
            let origin = [OriginKind::Explicit, OriginKind::Inherited, OriginKind::Default, OriginKind::Unknown][origin];
            let known = origin != OriginKind::Unknown;
            let kinds = [ValueType::None, ValueType::Flags, ValueType::Number, ValueType::Bool, ValueType::Text, ValueType::Malformed];
            let kind = if known { kinds[kind] } else { ValueType::None };
            let number = match kind {
                ValueType::Flags => Some(number >> 32),
                ValueType::Number => Some(number),
                ValueType::Bool => Some(number & 1),
                _ => None,
            };
            let mut others = others.into_iter();
            let mut other = || others.next().unwrap().map(Cow::Owned);
            Fact {
                v: crate::facts::VERSION, server: Cow::Owned(server), generation: Generation::Iis7, windows: None, level: Level::Path, site_id: place.0, site: site.map(Cow::Owned),
                path: other(), endpoint: other(), setting: Cow::Owned(setting), kind, value: known.then_some(Cow::Owned(value)), number, known, origin,
                origin_from: other(), why: other(), needs: other(), file: other(), line: place.1, col: place.2,
            }
        }
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(128))]
        #[test]
        fn any_facts_are_read_back_as_they_were_and_nothing_in_them_acts(facts in proptest::collection::vec(any_fact(), 0..4)) {
            let text = lines(facts.clone().into_iter());
            prop_assert_eq!(text.matches(['\n', '\r', '\u{85}', '\u{2028}']).count(), facts.len());
            prop_assert_eq!(acting(&text), "");
            prop_assert_eq!(back(text.as_bytes()).into_iter().collect::<std::result::Result<Vec<_>, _>>().unwrap(), facts.clone());
            let mut table = Vec::new();
            csv(facts.clone().into_iter(), &mut table).unwrap();
            let table = String::from_utf8(table).unwrap();
            prop_assert_eq!(table.matches(['\n', '\r']).count(), 2 * (facts.len() + 1));
            prop_assert_eq!(acting(&table.replace("\r\n", "\n")), "");
            for record in ::csv::Reader::from_reader(table.as_bytes()).records() {
                let record = record.unwrap();
                prop_assert_eq!(record.len(), COLUMNS.len());
                prop_assert!(record.iter().all(|cell| !cell.trim_start().starts_with(['=', '+', '-', '@'])), "{:?}", record);
            }
        }

        #[test]
        fn bytes_that_are_no_facts_are_errors_with_their_line(bytes in proptest::collection::vec(any::<u8>(), 0..60)) {
            for row in back(&bytes) {
                prop_assert!(row.unwrap_err().to_string().starts_with("facts.ndjson:"));
            }
        }
    }

    #[test]
    fn the_model_gets_the_same_values_back() {
        let estate = estate("web01", HOSTILE);
        let text = lines(of_estate(&estate));
        let mut found = 0;
        let of_path = |fact: &Fact<'_>| fact.level == Level::Path && fact.setting != crate::facts::APPLICATION;
        for fact in back(text.as_bytes()).into_iter().map(std::result::Result::unwrap).filter(of_path) {
            let server = estate.servers.iter().find(|server| server.name == fact.server).unwrap();
            let site =
                server.sites.iter().find(|site| Some(site.name.as_str()) == fact.site.as_deref() && site.id == fact.site_id).unwrap();
            let scope = site.scopes.iter().find(|scope| Some(scope.path.as_str()) == fact.path.as_deref()).unwrap();
            let resolved = scope.settings.get(fact.setting().unwrap()).unwrap();
            // What the sites of one endpoint write differently is known of neither.
            let disputed = scope.path == "/" && server.disputed(site, fact.setting().unwrap()).is_some();
            assert_eq!(fact.model_value().as_ref(), resolved.known().filter(|_| !disputed), "{fact:?}");
            found += 1;
        }
        assert!(found > 5);
        for line in text.lines() {
            assert_eq!(violations(include_str!("../../schemas/facts.schema.json"), line), "", "{line}");
        }
    }

    #[test]
    fn what_is_not_known_has_no_value_and_says_what_would_tell() {
        let estate = Estate { servers: vec![iis7("web02", "Orders")], ..Estate::default() };
        let unknown: Vec<Fact<'_>> = of_estate(&estate).filter(|fact| !fact.known).collect();
        assert!(unknown.iter().any(|fact| fact.level == Level::Endpoint && fact.setting == "cert-check-mode"), "{unknown:?}");
        assert!(unknown.iter().any(|fact| fact.setting == "served-by-record"));
        assert!(unknown.iter().all(|fact| fact.value.is_none() && fact.number.is_none() && fact.needs.is_some()), "{unknown:?}");
    }

    #[test]
    fn an_endpoint_has_its_rows_for_each_site_on_it_and_names_its_record() {
        let config = include_bytes!("../../tests/fixtures/apphost/F2_shared_ipport_hostheaders.config");
        let listing = b"
SSL Certificate bindings:
-------------------------

    IP:port                      : 0.0.0.0:443
    Certificate Hash             : 5a21c9e07b3d4f8691a0b2c4d6e8f00112233445
    Verify Client Certificate Revocation : Disabled
    Negotiate Client Certificate : Enabled
";
        let estate = with_records(config, listing);
        let endpoint = |setting: &str| -> Vec<Fact<'_>> {
            of_estate(&estate)
                .filter(|fact| fact.level == Level::Endpoint && fact.setting == setting && fact.endpoint.as_deref() == Some("0.0.0.0:443"))
                .collect()
        };
        let certificates = endpoint("server-certificate");
        assert!(
            certificates.len() > 1 && certificates.iter().all(|fact| fact.kind == ValueType::Bytes && fact.line == Some(6)),
            "{certificates:?}"
        );
        let sites: Vec<_> = certificates.iter().map(|fact| fact.site.clone()).collect();
        assert!(sites.iter().all(Option::is_some) && sites[0] != sites[1], "{sites:?}");
        assert!(endpoint("served-by-record").iter().all(|fact| fact.value.as_deref() == Some("0.0.0.0:443")));
    }

    #[test]
    fn a_row_that_is_wrong_is_named_with_its_line_and_the_next_one_is_read() {
        let good = lines(of_estate(&estate("web01", "Shop")).take(1));
        let other_version = good.replace("\"v\":1", "\"v\":2");
        let unknown_column = good.replace("\"v\":1", "\"v\":1,\"colour\":\"red\"");
        let contradictory = good.replace("\"known\":true", "\"known\":false");
        let text = format!("\u{feff}{good}\n{other_version}{unknown_column}{{\n{contradictory}{good}");
        let rows = back(text.as_bytes());
        assert_eq!(rows.iter().filter(|row| row.is_ok()).count(), 2);
        let messages = messages(text.as_bytes());
        assert_eq!(messages[0], "facts.ndjson:3: rows of version 2 are not understood, only those of version 1");
        assert!(messages[1].starts_with("facts.ndjson:4: no fact: unknown field `colour`"), "{messages:?}");
        assert!(messages[2].starts_with("facts.ndjson:5: no fact: EOF"), "{messages:?}");
        assert_eq!(messages[3], "facts.ndjson:6: `known` and `origin` contradict each other");
        assert_eq!(messages.len(), 4);
    }

    #[test]
    fn utf_16_a_line_without_end_and_a_missing_file_are_told_once() {
        let utf_16: Vec<u8> = [0xFF, 0xFE].into_iter().chain("{}\n{}\n".encode_utf16().flat_map(u16::to_le_bytes)).collect();
        let told = messages(&utf_16);
        assert!(told.len() == 1 && told[0].contains("PowerShell"), "{told:?}");
        let told = messages(&vec![b' '; 1 << 21]);
        assert!(told.len() == 1 && told[0].contains("1048576 bytes"), "{told:?}");
        let error = crate::facts::read(std::path::Path::new("no-such-file")).unwrap_err();
        assert!(error.line.is_none() && error.to_string().starts_with("no-such-file: "));
    }
}
