//! Cells of a table in CSV.

use std::borrow::Cow;

use super::{Sink, terminal};

/// One whole cell. Spreadsheets run what begins like a formula, in a cell and, where they take other signs for the separator, after such a
/// sign: an apostrophe before it makes it text.
#[derive(Debug)]
pub struct CsvCell;

impl Sink for CsvCell {
    fn escape(text: &str) -> Cow<'_, str> {
        let visible = terminal(text);
        let mut cell = String::with_capacity(visible.len() + 8);
        let mut begins = true;
        for c in visible.chars() {
            if begins && is_formula(c) {
                cell.push('\'');
            }
            begins = matches!(c, ',' | ';') || (begins && (c.is_whitespace() || matches!(c, '"' | '\'')));
            cell.push(c);
        }
        if cell.contains(['"', ',', ';', '\r', '\n']) || cell.starts_with(char::is_whitespace) || cell.ends_with(char::is_whitespace) {
            cell = format!("\"{}\"", cell.replace('"', "\"\""));
        }
        Cow::Owned(cell)
    }
}

/// Whether a spreadsheet takes what begins with the character for a formula; the wide forms count in some languages.
fn is_formula(c: char) -> bool {
    matches!(c, '=' | '+' | '-' | '@' | '＝' | '＋' | '－' | '＠')
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn read(line: &str) -> Vec<String> {
        let mut reader = csv::ReaderBuilder::new().has_headers(false).from_reader(line.as_bytes());
        let rows: Vec<_> = reader.records().map(Result::unwrap).collect();
        assert_eq!(rows.len(), 1, "{line:?}");
        rows[0].iter().map(str::to_owned).collect()
    }

    #[test]
    fn a_formula_is_text_wherever_a_cell_could_begin() {
        assert_eq!(CsvCell::escape("=1+1"), "'=1+1");
        assert_eq!(CsvCell::escape("@SUM(A1)"), "'@SUM(A1)");
        assert_eq!(CsvCell::escape(" \"=1"), "\" \"\"'=1\"");
        assert_eq!(CsvCell::escape("x;=1,-2"), "\"x;'=1,'-2\"");
        assert_eq!(CsvCell::escape("\t=1\r"), r"\u{9}=1\u{d}");
        assert_eq!(CsvCell::escape("a - b = c"), "a - b = c");
    }

    proptest! {
        #[test]
        fn any_text_is_one_cell_of_one_line_and_no_formula(text in proptest::collection::vec(any::<char>(), 0..30), signs in "[=+@;,\"' \t\r\n-]{0,6}") {
            let text: String = signs.chars().chain(text).collect();
            let line = format!("{},end\r\n", CsvCell::escape(&text));
            prop_assert_eq!(line.matches(['\r', '\n']).count(), 2);
            let cells = read(&line);
            prop_assert_eq!(cells.len(), 2);
            let begins = cells[0].trim_start_matches(|c: char| c.is_whitespace() || c == '"').chars().next();
            prop_assert!(!begins.is_some_and(is_formula), "{:?}", cells[0]);
            prop_assert_eq!(cells[0].replace('\'', ""), terminal(&text).replace('\'', ""));
        }
    }
}
