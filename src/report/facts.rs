//! Facts as rows, written one at a time: exact as JSON lines, and as a table for spreadsheets, in which no cell is taken for a formula.

use std::io::{Result, Write};

use serde_json::Value;

use super::escape::{CsvCell, Out, json_line};
use crate::facts::Fact;

/// Writes each fact as a line of JSON, as `schemas/facts.schema.json` describes it.
pub fn ndjson(facts: impl Iterator<Item = Fact>, out: &mut dyn Write) -> Result<()> {
    for fact in facts {
        let json = serde_json::to_string(&fact)?;
        out.write_all(json_line(&json).as_bytes())?;
        out.write_all(b"\n")?;
    }
    Ok(())
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
pub fn csv(facts: impl Iterator<Item = Fact>, out: &mut dyn Write) -> Result<()> {
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
