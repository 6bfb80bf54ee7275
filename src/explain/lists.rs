//! Lists of topics, for whoever does not know yet what to ask for: all rules, settings, statuses, codes and notices, one line each, and
//! the kinds of topics themselves.

use super::texts::texts;
use super::{names, statuses};
use crate::catalogue::{Setting, entry};
use crate::diagnose::{CAUSES, Cause};
use crate::rules::RULES;

/// A list of topics: pure data, safe to print anywhere.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct List {
    /// What is listed, one word.
    pub kind: &'static str,
    /// One line.
    pub title: &'static str,
    /// Names of the columns.
    pub columns: &'static [&'static str],
    /// The rows, with a cell for each column.
    pub rows: Vec<Vec<String>>,
    /// What to do next.
    pub next: &'static str,
}

/// The list called `word`: `rules`, `settings`, `statuses`, `causes`, `codes`, `notices`, or for an empty word the kinds of topics. `None` when the
/// word is the name of no list.
pub fn list(word: &str) -> Option<List> {
    let word = word.trim();
    let is = |name: &str| word.eq_ignore_ascii_case(name);
    Some(if word.is_empty() || is("topics") {
        topics()
    } else if is("rules") || is("rule") {
        rules()
    } else if is("settings") || is("setting") {
        settings()
    } else if is("statuses") || is("status") {
        statuses_list()
    } else if is("causes") || is("cause") {
        causes()
    } else if is("codes") || is("code") {
        codes()
    } else if is("registry") {
        registry()
    } else if is("events") || is("event") {
        events()
    } else if is("notices") || is("notice") {
        notices()
    } else {
        return None;
    })
}

fn topics() -> List {
    let row = |topic: &str, example: &str, all: &str| vec![topic.to_owned(), example.to_owned(), all.to_owned()];
    List {
        kind: "topics",
        title: "What `iisaudit explain TOPIC` can explain",
        columns: &["topic", "for example", "list of all"],
        rows: vec![
            row("a rule of `check`", "revocation-check-off", "rules"),
            row("a setting, by any of its names", "CertCheckMode", "settings"),
            row("a value of a setting", "CertCheckMode=5", ""),
            row("a flag", "AccessSSLRequireCert", ""),
            row("what a client gets", "403.13", "statuses"),
            row("a cause that `diagnose` judges", "crl-unreachable", "causes"),
            row("a win32 status or HRESULT", "2148204812", "codes"),
            row("a value of the registry", "ClientAuthTrustMode", "registry"),
            row("an event of Windows", "36885", "events"),
            row("what a report leaves open", "endpoint-not-assessed", "notices"),
        ],
        next: "For example: `iisaudit explain 403.13`, `iisaudit explain rules`. Letter case does not matter.",
    }
}

fn rules() -> List {
    let mut rules: Vec<_> = RULES.iter().collect();
    rules.sort_by(|a, b| b.severity.cmp(&a.severity).then(a.name.cmp(b.name)));
    List {
        kind: "rules",
        title: "Rules of `iisaudit check`, the most severe first",
        columns: &["severity", "rule", "what it finds"],
        rows: rules.iter().map(|rule| vec![rule.severity.name().to_owned(), rule.name.to_owned(), rule.title.to_owned()]).collect(),
        next: "`iisaudit explain RULE` says what it means, when it is silent and how to fix it; `iisaudit check --rule RULE` runs it alone.",
    }
}

fn settings() -> List {
    let row = |setting: &Setting| {
        let mut names = names(*setting).into_iter();
        vec![names.next().unwrap_or_default(), entry(*setting).title.to_owned(), names.collect::<Vec<_>>().join(", ")]
    };
    List {
        kind: "settings",
        title: "Settings that are audited",
        columns: &["setting", "what it is", "also called"],
        rows: Setting::ALL.iter().map(row).collect(),
        next: "`iisaudit explain SETTING` says what it does and what its values mean; `iisaudit explain SETTING=VALUE` explains one value.",
    }
}

fn statuses_list() -> List {
    let row = |name: &str| {
        let status = texts().status.iter().find(|status| status.name == name);
        vec![name.to_owned(), status.map(|status| status.title.clone()).unwrap_or_default()]
    };
    List {
        kind: "statuses",
        title: "What a client gets",
        columns: &["status", "meaning"],
        rows: statuses().map(row).collect(),
        next: "`iisaudit explain STATUS` says what causes it and what to do; `iisaudit diagnose PATH --site SITE --status STATUS` judges its \
               causes.",
    }
}

fn causes() -> List {
    let row = |cause: &&&Cause| vec![cause.id.to_owned(), cause.statuses.join(", "), cause.title.to_owned()];
    List {
        kind: "causes",
        title: "Causes that `iisaudit diagnose` judges, by status",
        columns: &["cause", "of", "what is wrong"],
        rows: CAUSES.iter().collect::<Vec<_>>().iter().map(row).collect(),
        next: "`iisaudit explain CAUSE` says what it means and what decides it; `iisaudit diagnose PATH --site SITE --status STATUS` judges all of a \
               status.",
    }
}

fn codes() -> List {
    let row = |code: &super::texts::Code| vec![format!("{:#010x}", code.value), code.name.clone(), code.meaning.clone()];
    List {
        kind: "codes",
        title: "Codes in logs and error pages (sc-win32-status, HRESULT)",
        columns: &["code", "name", "meaning"],
        rows: texts().code.iter().map(row).collect(),
        next: "`iisaudit explain CODE` takes the number in decimal or hexadecimal, or the name.",
    }
}

fn registry() -> List {
    List {
        kind: "registry",
        title: "Values of the registry that hold for the whole server",
        columns: &["value", "what it is"],
        rows: texts().registry.iter().map(|value| vec![value.name.clone(), value.title.clone()]).collect(),
        next: "`iisaudit explain VALUE` says what it does, and what holds where it is absent.",
    }
}

fn events() -> List {
    List {
        kind: "events",
        title: "Events of Windows that have to do with SSL and client certificates",
        columns: &["event", "source", "meaning"],
        rows: texts().event.iter().map(|event| vec![event.id.to_string(), event.source.clone(), event.title.clone()]).collect(),
        next: "`iisaudit explain EVENT` takes the number.",
    }
}

fn notices() -> List {
    List {
        kind: "notices",
        title: "What a report can leave open",
        columns: &["notice", "when"],
        rows: texts().notice.iter().map(|notice| vec![notice.name.clone(), notice.when.clone()]).collect(),
        next: "`iisaudit explain NOTICE` says which file would tell.",
    }
}

#[cfg(test)]
mod tests {
    use super::super::explain;
    use super::*;

    #[test]
    fn every_list_fills_its_columns_and_every_topic_in_it_can_be_explained() {
        for word in ["rules", "SETTINGS", "statuses", "causes", "codes", "notices"] {
            let list = list(word).unwrap();
            assert!(!list.rows.is_empty(), "{word}");
            for row in &list.rows {
                assert_eq!(row.len(), list.columns.len(), "{word}");
                let name = if list.kind == "rules" { &row[1] } else { &row[0] };
                assert!(explain(name).is_ok(), "{name}");
            }
        }
    }

    #[test]
    fn the_rules_are_all_there_and_the_most_severe_come_first() {
        let rows = list("rules").unwrap().rows;
        assert_eq!(rows.len(), RULES.len());
        assert_eq!((rows[0][0].as_str(), rows[rows.len() - 1][0].as_str()), ("high", "info"));
    }

    #[test]
    fn every_example_among_the_topics_can_be_explained_and_every_list_exists() {
        for row in list("").unwrap().rows {
            assert!(explain(&row[1]).is_ok(), "{row:?}");
            assert!(row[2].is_empty() || list(&row[2]).is_some(), "{row:?}");
        }
    }

    #[test]
    fn the_name_of_a_list_is_no_topic_of_its_own() {
        assert!(super::super::topics().iter().all(|topic| list(&topic.name).is_none()));
        assert!(list("403.13").is_none());
    }
}
