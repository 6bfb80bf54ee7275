//! Facts keep to their schema, are read back as they were written, and a real DuckDB answers every query of docs/facts.md as the page says.
//!
//! DuckDB is a module of Python: `IISAUDIT_PYTHON` names the interpreter, otherwise it is `python3`. Without it the test is left out with a
//! loud word; with `IISAUDIT_CI=1` that is a failure. With `IISAUDIT_UPDATE=1` the results in the page are rewritten.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::print_stderr, reason = "a test stops on anything unexpected")]

use std::fmt::Write as _;
use std::io::Write as _;
use std::path::Path;
use std::process::{Command, Output, Stdio};

use serde_json::Value;

const ROOT: &str = env!("CARGO_MANIFEST_DIR");
const PAGE: &str = "docs/facts.md";

fn sites(arguments: &[&str]) -> Output {
    Command::new(env!("CARGO_BIN_EXE_iisaudit")).arg("sites").args(arguments).current_dir(ROOT).output().unwrap()
}

fn ndjson(arguments: &[&str]) -> String {
    String::from_utf8(sites(&[arguments, &["--format", "ndjson"]].concat()).stdout).unwrap()
}

#[test]
fn every_line_of_every_example_keeps_to_the_schema_and_is_read_back() {
    let schema: Value = serde_json::from_str(&std::fs::read_to_string(Path::new(ROOT).join("schemas/facts.schema.json")).unwrap()).unwrap();
    jsonschema::meta::validate(&schema).unwrap();
    let validator = jsonschema::validator_for(&schema).unwrap();
    for input in ["examples", "tests/fixtures"] {
        let text = ndjson(&[input]);
        assert!(text.lines().count() > 1000, "{input}");
        assert_eq!(text, ndjson(&[input]), "the same input gives the same bytes");
        for line in text.lines() {
            let value: Value = serde_json::from_str(line).unwrap();
            let errors: Vec<String> = validator.iter_errors(&value).map(|error| format!("{}: {error}", error.instance_path())).collect();
            assert!(errors.is_empty(), "{line}: {errors:#?}");
        }
        let directory = tempfile::tempdir().unwrap();
        let file = directory.path().join("facts.ndjson");
        std::fs::write(&file, &text).unwrap();
        let facts: Vec<_> = iisaudit::facts::read(&file).unwrap().map(Result::unwrap).collect();
        let mut again = Vec::new();
        iisaudit::report::facts::ndjson(facts.into_iter(), &mut again).unwrap();
        assert!(again == text.as_bytes(), "{input}");
    }
}

#[test]
fn the_facts_say_the_same_as_the_report() {
    let input = "examples";
    let report: Value = serde_json::from_slice(&sites(&[input, "--format", "json"]).stdout).unwrap();
    let lines: Vec<Value> = ndjson(&[input]).lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    let mut expected = 0;
    for server in report["servers"].as_array().unwrap() {
        for site in server["sites"].as_array().unwrap() {
            for scope in site["scopes"].as_array().unwrap() {
                for (name, setting) in scope["settings"].as_object().unwrap() {
                    expected += 1;
                    let found = lines.iter().any(|line| {
                        line["level"] == "path"
                            && line["server"] == server["name"]
                            && line["site"] == site["name"]
                            && line["site_id"] == site["id"]
                            && line["path"] == scope["path"]
                            && line["setting"] == name.as_str()
                            && line["origin"] == setting["origin"]["kind"]
                            && line["line"] == setting["origin"]["line"]
                            && (setting["number"].is_null() || line["number"] == setting["number"])
                    });
                    assert!(found, "{} {} {} {name}: {setting}", server["name"], site["name"], scope["path"]);
                }
            }
        }
    }
    assert_eq!(lines.iter().filter(|line| line["level"] == "path" && line["setting"] != "application").count(), expected);
}

#[test]
fn only_the_sites_that_are_asked_for_have_rows_and_the_server_keeps_its_own() {
    let text = ndjson(&["examples/working-failing", "--site", "690402"]);
    let lines: Vec<Value> = text.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    assert!(lines.iter().any(|line| line["level"] == "server") && lines.iter().any(|line| line["level"] == "endpoint"));
    assert!(lines.iter().all(|line| line["site_id"] == 690_402 || line["level"] == "server"));
}

#[test]
fn a_file_that_cannot_be_read_is_named_and_the_exit_code_says_so() {
    for format in ["ndjson", "csv"] {
        let output = sites(&["examples/working-failing", "no-such-file", "--format", format]);
        assert_eq!(output.status.code(), Some(3));
        assert!(String::from_utf8(output.stderr).unwrap().contains("no-such-file"));
        assert!(output.stdout.len() > 1000);
    }
}

#[test]
fn the_table_for_spreadsheets_has_the_rows_of_the_facts() {
    let table = sites(&["examples", "--format", "csv"]).stdout;
    let mut reader = csv::Reader::from_reader(table.as_slice());
    let names: Vec<String> = reader.headers().unwrap().iter().map(str::to_owned).collect();
    let facts = ndjson(&["examples"]);
    let first: Value = serde_json::from_str(facts.lines().next().unwrap()).unwrap();
    assert_eq!(names.len(), first.as_object().unwrap().len());
    assert!(names.iter().all(|name| first.get(name).is_some()), "{names:?}");
    let settings = |values: Vec<String>| values.join("\n");
    let of_table = reader.records().map(|row| row.unwrap()[9].to_owned()).collect();
    let of_facts = facts.lines().map(|line| serde_json::from_str::<Value>(line).unwrap()["setting"].as_str().unwrap().to_owned()).collect();
    assert_eq!(settings(of_table), settings(of_facts));
}

/// Answers each query with a table in Markdown, and a statement that asks nothing with null.
const ASK: &str = r#"
import duckdb, json, sys
database = duckdb.connect()
answers = []
for query in json.load(sys.stdin):
    result = database.execute(query)
    if query.lstrip().upper().startswith(("CREATE", "COPY")):
        answers.append(None)
        continue
    rows = [[column[0] for column in result.description]] + result.fetchall()
    lines = ["| " + " | ".join("" if cell is None else str(cell) for cell in row) + " |" for row in rows]
    lines.insert(1, "|" + "---|" * len(rows[0]))
    answers.append("\n".join(lines))
print(json.dumps(answers))
"#;

fn python() -> String {
    std::env::var("IISAUDIT_PYTHON").unwrap_or_else(|_| "python3".to_owned())
}

fn has_duckdb() -> bool {
    let python = python();
    let found = Command::new(&python).args(["-c", "import duckdb"]).stderr(Stdio::null()).status();
    if found.is_ok_and(|status| status.success()) {
        return true;
    }
    assert!(std::env::var_os("IISAUDIT_CI").is_none(), "{python} has no module duckdb; IISAUDIT_PYTHON names another interpreter");
    eprintln!("SKIPPED: {python} has no module duckdb, so nobody has asked the queries of {PAGE}");
    false
}

fn ask(directory: &Path, queries: &[String]) -> Vec<Option<String>> {
    let mut python =
        Command::new(python()).args(["-c", ASK]).current_dir(directory).stdin(Stdio::piped()).stdout(Stdio::piped()).spawn().unwrap();
    python.stdin.take().unwrap().write_all(serde_json::to_string(queries).unwrap().as_bytes()).unwrap();
    let output = python.wait_with_output().unwrap();
    assert!(output.status.success(), "DuckDB refuses a query of {PAGE}");
    serde_json::from_slice(&output.stdout).unwrap()
}

/// The text of each fenced block of the language, in order.
fn blocks(page: &str, language: &str) -> Vec<String> {
    let opening = format!("```{language}\n");
    page.split(&opening).skip(1).map(|rest| rest.split_once("```").unwrap().0.to_owned()).collect()
}

/// The page with the table behind each query replaced by what DuckDB answers now.
fn answered(page: &str, answers: &[Option<String>]) -> String {
    let mut out = String::new();
    let mut answers = answers.iter();
    let mut lines = page.lines().peekable();
    let mut in_query = false;
    while let Some(line) = lines.next() {
        writeln!(out, "{line}").unwrap();
        if line == "```sql" {
            in_query = true;
        } else if line == "```" && std::mem::take(&mut in_query) {
            let mut old = Vec::new();
            if lines.next_if_eq(&"").is_some() {
                while let Some(row) = lines.next_if(|line| line.starts_with('|')) {
                    old.push(row);
                }
                if !old.is_empty() {
                    lines.next_if_eq(&"");
                }
            }
            let table = answers.next().unwrap().as_ref().map(|table| format!("\n{table}\n")).unwrap_or_default();
            writeln!(out, "{table}").unwrap();
        }
    }
    out
}

#[test]
fn duckdb_answers_every_query_of_the_page_as_the_page_says() {
    let path = Path::new(ROOT).join(PAGE);
    let page = std::fs::read_to_string(&path).unwrap().replace("\r\n", "\n");
    let queries = blocks(&page, "sql");
    assert!(queries.len() > 5);
    let command = blocks(&page, "sh").remove(0);
    let arguments: Vec<&str> = command.split(" > ").next().unwrap().split_whitespace().skip(2).collect();
    if !has_duckdb() {
        return;
    }
    let directory = tempfile::tempdir().unwrap();
    let facts = sites(&arguments);
    assert_eq!(facts.status.code(), Some(0));
    std::fs::write(directory.path().join("facts.ndjson"), facts.stdout).unwrap();
    let now = answered(&page, &ask(directory.path(), &queries));
    if std::env::var_os("IISAUDIT_UPDATE").is_some_and(|value| value == "1") {
        std::fs::write(&path, now).unwrap();
    } else {
        assert!(now == page, "{PAGE} now reads\n{now}");
    }
}

#[test]
fn duckdb_reads_rows_of_any_text_with_types_of_its_own_finding() {
    if !has_duckdb() {
        return;
    }
    let directory = tempfile::tempdir().unwrap();
    let name = "evil\u{1b}[2J\r\n=1+1,\"';\u{202e}gpj\u{2028}日本語 ##vso[";
    let example = [Path::new(ROOT).join("examples/working-failing")];
    let estate = iisaudit::estate::read(&example, &iisaudit::estate::Options::default());
    let mut fact = iisaudit::facts::of_estate(&estate).find(|fact| fact.number == Some(104)).unwrap();
    fact.server = name.to_owned().into();
    let mut lines = Vec::new();
    iisaudit::report::facts::ndjson([fact].into_iter(), &mut lines).unwrap();
    std::fs::write(directory.path().join("facts.ndjson"), lines).unwrap();
    let bytes: String = name.bytes().map(|byte| format!("{byte:02X}")).collect();
    let query = "SELECT hex(encode(server)) AS bytes, number + 0 AS number FROM read_ndjson_auto('facts.ndjson')";
    let copy = "COPY (FROM read_ndjson_auto('facts.ndjson')) TO 'facts.parquet'";
    let answers = ask(directory.path(), &[copy.to_owned(), query.to_owned()]);
    assert_eq!(answers[1].as_ref().unwrap().lines().last().unwrap(), format!("| {bytes} | 104 |"));
}
