//! The JSON Schema of the policy file, for editors: made from the rules and settings that the program knows, so that it is never behind.

use std::path::Path;

use serde_json::{Value, json};

use super::{CLIENT_CERTIFICATES, ClientCertificates, SUBJECTS, parse, setting_names};
use crate::rules::{POLICY_RULES, Profile, RULES};

fn schema() -> String {
    let about_policy = [POLICY_RULES.entry_unused.name, POLICY_RULES.suppression_expired.name];
    let names = |besides: &[&str]| {
        let mut names: Vec<String> = setting_names().into_iter().map(|(name, _)| name).collect();
        names.extend(besides.iter().map(|name| (*name).to_owned()));
        names.sort();
        names
    };
    let levels: serde_json::Map<String, Value> =
        RULES.iter().map(|rule| (rule.name.to_owned(), json!({ "$ref": "#/$defs/level", "description": rule.title }))).collect();
    let suppressible: Vec<&str> = RULES.iter().map(|rule| rule.name).filter(|name| !about_policy.contains(name)).collect();
    let one_or_more = |item: Value| json!({ "anyOf": [item.clone(), { "type": "array", "minItems": 1, "items": item }] });
    let pattern = json!({ "type": "string", "minLength": 1, "maxLength": 256 });
    let path = json!({ "type": "string", "pattern": "^[/*]", "maxLength": 256 });
    let with_pattern = |names: Value| json!({ "anyOf": [{ "enum": names }, { "type": "string", "pattern": "[*?]", "maxLength": 256 }] });
    let reason = json!({ "type": "string", "pattern": "\\S", "description": "Why; it stands in every report." });
    let group = json!({
        "type": "object",
        "additionalProperties": { "type": "array", "minItems": 2, "items": { "type": "string" } }
    });
    let described = |mut schema: Value, text: &str| {
        schema["description"] = text.into();
        schema
    };
    let clients: Vec<&str> =
        [ClientCertificates::Ignore, ClientCertificates::Accept, ClientCertificates::Require].map(ClientCertificates::name).to_vec();
    let schema = json!({
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": "iisaudit.toml",
        "description": "The policy file of iisaudit.",
        "type": "object",
        "additionalProperties": false,
        "properties": {
            "fail-on": { "enum": ["high", "medium", "low", "info", "never"], "description": "Least severity that makes the exit code 1." },
            "profile": {
                "enum": Profile::ALL.iter().map(|profile| profile.name()).collect::<Vec<_>>(),
                "description": "Adds the rules of a benchmark."
            },
            "baseline": { "type": "string", "description": "The baseline, relative to the directory of this file." },
            "groups": described(group.clone(), "Sites that should behave alike, each by id, name or host header."),
            "nodes": described(group, "Servers that are nodes of one role."),
            "rules": { "type": "object", "additionalProperties": false, "properties": levels, "description": "The level of rules." },
            "expect": { "type": "array", "items": { "$ref": "#/$defs/expect" }, "description": "Expected values." },
            "differs": { "type": "array", "items": { "$ref": "#/$defs/differs" }, "description": "Sites that are meant to differ." },
            "suppress": { "type": "array", "items": { "$ref": "#/$defs/suppress" }, "description": "Findings that do not count." },
            "cohort": { "type": "array", "items": { "$ref": "#/$defs/cohort" }, "description": "Sites of many servers that should behave alike, for fleet." },
            "fleet": {
                "type": "object",
                "additionalProperties": false,
                "description": "Numbers that decide in fleet.",
                "properties": {
                    "min-size": { "type": "integer", "minimum": 2, "maximum": 1_000_000, "description": "With fewer sites nobody is blamed; otherwise 3." },
                    "threshold": { "type": "integer", "minimum": 51, "maximum": 100, "description": "Percent of the sites that make a majority; otherwise 66." }
                }
            }
        },
        "$defs": {
            "level": { "enum": ["off", "info", "low", "medium", "high"] },
            "expect": {
                "type": "object",
                "additionalProperties": false,
                "required": ["setting", "value"],
                "properties": {
                    "servers": described(one_or_more(pattern.clone()), "Names of servers; * is any characters, ? is one."),
                    "sites": described(one_or_more(pattern.clone()), "Names or ids of sites; * is any characters, ? is one."),
                    "paths": described(one_or_more(path.clone()), "URL paths; * is any characters but /, /app/** is /app and all below."),
                    "setting": { "enum": names(&[CLIENT_CERTIFICATES]), "description": "The setting, by any of its names." },
                    "value": {
                        "anyOf": [
                            { "type": ["string", "boolean"] },
                            { "type": "integer", "minimum": 0 },
                            { "type": "array", "items": { "type": "string" } }
                        ],
                        "description": "The value, as IIS or TOML writes it."
                    },
                    "reason": { "type": "string", "description": "Why; it stands in the finding." }
                },
                "if": { "properties": { "setting": { "const": CLIENT_CERTIFICATES } }, "required": ["setting"] },
                "then": { "properties": { "value": { "enum": clients } } }
            },
            "differs": {
                "type": "object",
                "additionalProperties": false,
                "required": ["sites", "setting", "reason"],
                "properties": {
                    "servers": described(one_or_more(pattern.clone()), "Names of servers; * is any characters, ? is one."),
                    "sites": described(one_or_more(pattern.clone()), "Names or ids of the sites that are meant to differ."),
                    "setting": { "enum": names(&SUBJECTS.map(|(name, _)| name)), "description": "In what they differ." },
                    "reason": reason
                }
            },
            "cohort": {
                "type": "object",
                "additionalProperties": false,
                "required": ["name"],
                "anyOf": (["sites", "servers"].map(|key| json!({ "required": [key] }))),
                "properties": {
                    "name": { "type": "string", "pattern": "\\S", "description": "What reports call it." },
                    "sites": described(one_or_more(pattern.clone()), "Names, ids or host names of its sites; without it all sites of the servers."),
                    "servers": described(one_or_more(pattern.clone()), "Names of servers; without it all.")
                }
            },
            "suppress": {
                "type": "object",
                "additionalProperties": false,
                "required": ["reason"],
                "anyOf": (["rule", "server", "site", "path", "setting"].map(|key| json!({ "required": [key] }))),
                "properties": {
                    "rule": described(one_or_more(with_pattern(json!(suppressible))), "Names of rules; * is any characters."),
                    "server": described(one_or_more(pattern.clone()), "Names of servers; * is any characters, ? is one."),
                    "site": described(one_or_more(pattern), "Names or ids of sites; * is any characters, ? is one."),
                    "path": described(one_or_more(path), "URL paths; * is any characters but /, /app/** is /app and all below."),
                    "setting": described(one_or_more(with_pattern(json!(names(&[CLIENT_CERTIFICATES])))), "Settings, by any of their names."),
                    "until": { "description": "The last day on which it holds, such as 2027-03-31." },
                    "reason": reason
                }
            }
        }
    });
    serde_json::to_string_pretty(&schema).unwrap() + "\n"
}

fn validator() -> jsonschema::Validator {
    let schema: Value = serde_json::from_str(&schema()).unwrap();
    jsonschema::meta::validate(&schema).unwrap();
    jsonschema::validator_for(&schema).unwrap()
}

/// A policy as an editor sees it.
fn as_json(text: &str) -> Value {
    fn convert(value: toml::Value) -> Value {
        match value {
            toml::Value::Datetime(date) => date.to_string().into(),
            toml::Value::Array(values) => values.into_iter().map(convert).collect(),
            toml::Value::Table(table) => table.into_iter().map(|(key, value)| (key, convert(value))).collect(),
            value => serde_json::to_value(value).unwrap(),
        }
    }
    convert(toml::Value::Table(toml::from_str(text).unwrap()))
}

#[test]
fn the_schema_in_schemas_lists_exactly_the_rules_and_settings_of_the_program() {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("schemas/policy.schema.json");
    if std::env::var_os("IISAUDIT_UPDATE").is_some_and(|value| value == "1") {
        std::fs::write(&path, schema()).unwrap();
    }
    let written = std::fs::read_to_string(&path).unwrap_or_default().replace("\r\n", "\n");
    assert!(written == schema(), "run this test with IISAUDIT_UPDATE=1 to write {} anew", path.display());
}

#[test]
fn what_the_program_accepts_the_schema_accepts_and_what_one_refuses_the_other_refuses() {
    let validator = validator();
    let example = std::fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join("examples/policy/iisaudit.toml")).unwrap();
    for text in ["", "fail-on = 'never'", super::tests::EVERYTHING, &example] {
        assert!(parse(text).is_ok(), "{text}: {:?}", parse(text));
        let errors: Vec<String> = validator.iter_errors(&as_json(text)).map(|error| error.to_string()).collect();
        assert!(errors.is_empty(), "{text}: {errors:?}");
    }
    for text in [
        "fail_on = 'high'",
        "fail-on = 'severe'",
        "profile = 'pci'",
        "[rules]\nrevocation-check-of = 'high'",
        "[rules]\nrevocation-check-off = 'on'",
        "[groups]\npartners = ['Orders']",
        "[[expect]]\nsetting = 'cert-check-mode'",
        "[[expect]]\nsetting = 'sslFlags'\nvalue = 0",
        "[[expect]]\nsetting = 'client-certificates'\nvalue = 'required'",
        "[[expect]]\nsetting = 'cert-check-mode'\nvalue = -1",
        "[[differs]]\nsites = 'a'\nsetting = 'cert-check-mode'",
        "[[suppress]]\nreason = 'x'",
        "[[suppress]]\nrule = 'x'\nreason = 'x'",
        "[[suppress]]\nrule = 'policy-entry-unused'\nreason = 'x'",
        "[[suppress]]\nsite = 'a'\nreason = ' '",
        "[[suppress]]\nsite = ''\nreason = 'x'",
        "[[suppress]]\npath = 'app'\nreason = 'x'",
        "[[suppress]]\nsites = 'a'\nreason = 'x'",
        "[[cohort]]\nname = 'a'",
        "[[cohort]]\nsites = 'a'",
        "[[cohort]]\nname = ' '\nsites = 'a'",
        "[[cohort]]\nname = 'a'\nsite = 'a'",
        "[fleet]\nmin-size = 1",
        "[fleet]\nthreshold = 50",
        "[fleet]\nthreshold = '66'",
    ] {
        assert!(parse(text).is_err(), "{text}");
        assert!(!validator.is_valid(&as_json(text)), "{text}");
    }
}

#[test]
fn the_example_of_the_docs_is_the_file_that_the_examples_run() {
    let read = |path: &str| std::fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join(path)).unwrap().replace("\r\n", "\n");
    assert!(read("docs/policy.md").contains(&format!("```toml\n{}```", read("examples/policy/iisaudit.toml"))));
}
