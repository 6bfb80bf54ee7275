//! The report of `check` as a table for spreadsheets, RFC 4180: one finding a row and a line, the worst first, also those that are known or
//! suppressed. No cell is taken for a formula. What does not fit a table (all remedies, other places, notices) stands in the JSON.

use super::escape::{CsvCell, Out};
use super::place::Places;
use super::words;
use crate::catalogue::Setting;
use crate::remedy::{Remedy, Risk};
use crate::review::{Judged, Review};

/// Names of the columns.
const COLUMNS: [&str; 21] = [
    "state",
    "severity",
    "confidence",
    "rule",
    "server",
    "site_id",
    "site",
    "path",
    "setting",
    "message",
    "sees",
    "file",
    "line",
    "column",
    "remedy_risk",
    "remedy",
    "command",
    "remedies",
    "benchmarks",
    "known_because",
    "fingerprint",
];

/// The table.
pub fn render(review: &Review) -> String {
    let places = Places { inputs: &review.estate.inputs };
    let mut out = Out::<CsvCell>::default();
    row(&mut out, COLUMNS);
    for judged in &review.findings {
        let cells = cells(judged, places);
        row(&mut out, cells.iter().map(String::as_str));
    }
    out.finish()
}

fn row<'a>(out: &mut Out<CsvCell>, cells: impl IntoIterator<Item = &'a str>) {
    for (index, cell) in cells.into_iter().enumerate() {
        if index > 0 {
            out.markup(",");
        }
        out.text(cell);
    }
    out.markup("\r\n");
}

/// The cells of a finding, in the order of the columns.
fn cells(judged: &Judged, places: Places<'_>) -> [String; COLUMNS.len()] {
    let finding = &judged.finding;
    let (id, name) = finding.site.as_ref().map(|(id, name)| (*id, name.clone())).unwrap_or_default();
    let place = finding.place.map(|place| places.json(place));
    let remedy = first_choice(&finding.remedies);
    let text = |text: &str| text.to_owned();
    [
        text(judged.state.name()),
        text(finding.severity.name()),
        text(finding.confidence.name()),
        text(finding.rule.name),
        finding.server.clone(),
        id.map(|id| id.to_string()).unwrap_or_default(),
        name,
        finding.path.clone().unwrap_or_default(),
        finding.setting.map(Setting::name).map(text).unwrap_or_default(),
        finding.message.clone(),
        finding.sees.clone(),
        place.map(|place| text(place.file)).unwrap_or_default(),
        place.map(|place| place.line.to_string()).unwrap_or_default(),
        place.map(|place| place.column.to_string()).unwrap_or_default(),
        remedy.map(|remedy| text(remedy.risk.name())).unwrap_or_default(),
        remedy.map(|remedy| remedy.what.clone()).unwrap_or_default(),
        remedy.and_then(|remedy| Some(remedy.shown().next()?.1.to_owned())).unwrap_or_default(),
        finding.remedies.len().to_string(),
        finding.benchmarks().map(|item| item.label()).collect::<Vec<_>>().join(", "),
        words::why_known(judged).unwrap_or_default(),
        finding.fingerprint(),
    ]
}

/// The remedy that has room in a row: the first that changes something and weakens nothing, else the first.
fn first_choice(remedies: &[Remedy]) -> Option<&Remedy> {
    remedies.iter().find(|remedy| remedy.risk == Risk::Safe).or(remedies.first())
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::super::testing::{acting, judged};
    use super::*;

    fn read(text: &str) -> Vec<Vec<String>> {
        let mut reader = csv::ReaderBuilder::new().has_headers(false).from_reader(text.as_bytes());
        reader.records().map(|record| record.unwrap().iter().map(str::to_owned).collect()).collect()
    }

    #[test]
    fn each_finding_is_a_row_also_those_that_are_known() {
        insta::assert_snapshot!(render(&judged("")).replace("\r\n", "\n"), @r#"
        state,severity,confidence,rule,server,site_id,site,path,setting,message,sees,file,line,column,remedy_risk,remedy,command,remedies,benchmarks,known_because,fingerprint
        new,high,likely,revocation-check-off,web01,1,Shop,/app,cert-check-mode,CertCheckMode is 1: revocation is not checked,Nothing: revoked certificates are accepted.,estate/web01/MetaBase.xml,22,5,safe,checks revocation again,adsutil.vbs set W3SVC/1/CertCheckMode 0,3,,,006991750f2541f6c38f61c629bab0aa
        baselined,high,firm,plain-text-password,web01,2,Shop (old),,,Known before.,"Nothing: IIS works, and the secret is readable.",estate/web01/MetaBase.xml,50,5,,,,0,,in the baseline,6186f000228efc795b5d4092d114edc6
        suppressed,medium,likely,certificate-not-required,web01,2,Shop (old),,,Wanted so.,Visitors without a certificate are served.,,,,,,,0,,suppressed until 2031-12-31: the partner has no certificate yet,8ba7651636f45bb9789cdaec27346a23
        new,info,firm,revocation-check-off,web02,,,,,A second message.,Nothing: revoked certificates are accepted.,,,,,,,0,,,1c11ac2f620366a547db3f99d681a148
        "#);
    }

    #[test]
    fn without_findings_the_columns_are_still_named() {
        assert_eq!(render(&Review::default()), format!("{}\r\n", COLUMNS.join(",")));
    }

    #[test]
    fn a_reader_gets_every_name_exactly() {
        let rows = read(&render(&judged("Shop, \"old\"; new")));
        let site = COLUMNS.iter().position(|column| *column == "site").unwrap();
        assert_eq!(rows[1][site], "Shop, \"old\"; new");
        assert_eq!(rows.len(), 5);
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(64))]
        #[test]
        fn no_name_makes_a_cell_a_row_or_a_formula(name in proptest::collection::vec(any::<char>(), 0..30), signs in "[=+@;,\"' \t\r\n-]{0,6}") {
            let name: String = signs.chars().chain(name).collect();
            let text = render(&judged(&name));
            prop_assert_eq!(acting(&text.replace("\r\n", "\n")), "");
            let rows = read(&text);
            prop_assert_eq!((rows.len(), text.lines().count()), (5, 5));
            for cell in rows.iter().flatten() {
                prop_assert!(!cell.trim_start_matches(['"', ' ']).starts_with(['=', '+', '-', '@']), "{:?}", cell);
            }
        }
    }
}
