//! The catalogue of rules as text, JSON and Markdown, and the items of benchmarks with the rules that check them. The files
//! `schemas/rules.json`, `docs/rules.md`, `docs/rules/` and `docs/profiles.md` are what this module gives.

use serde::Serialize;

use super::explain::plain;
use super::parts::{count, to_json};
use super::style::DIM;
use super::{Page, Style};
use crate::rules::profiles::{self, Item, State};
use crate::rules::{Confidence, Profile, RULES, Rule, Severity, Step, Steps};
use crate::server::Generation;

/// What a report under a profile is not.
const NO_COMPLIANCE: &str = "Only items about TLS, client certificates and what bears on them are in this list; the rest of the benchmark is not \
                             assessed at all. No findings is no compliance.";

/// The rules, or the items of a benchmark with the rules that check them, as a table.
pub fn table(profile: Option<Profile>, style: Style) -> String {
    let mut page = Page::new(style);
    let Some(profile) = profile else {
        let rows: Vec<Vec<String>> = RULES
            .iter()
            .map(|rule| {
                vec![
                    rule.name.to_owned(),
                    rule.severity.name().to_owned(),
                    confidence(rule.confidence).to_owned(),
                    rule.evidence.to_owned(),
                    title(rule),
                ]
            })
            .collect();
        page.table(0, &["rule", "severity", "confidence", "evidence", "title"], &rows);
        page.gap();
        page.prose(0, &format!("{}; `iisaudit explain RULE` explains one.", count(RULES.len(), "rule", "rules")));
        return page.finish();
    };
    page.heading(0, profile.title());
    page.gap();
    let (checked, open): (Vec<&Item>, Vec<&Item>) = profiles::items(profile).partition(|item| !item.rules().is_empty());
    let rows: Vec<Vec<String>> = checked.iter().map(|item| vec![identity(item), item.rules().join(", "), item.title.to_owned()]).collect();
    page.table(2, &["item", "rule", "asks for"], &rows);
    page.gap();
    page.heading(0, "Not assessed");
    for item in open {
        page.prose(2, &format!("{}: {}", identity(item), item.title));
        if let State::NotAssessed(needs) = item.state {
            page.labelled(4, "needs", DIM, needs);
        }
    }
    page.gap();
    page.prose(0, NO_COMPLIANCE);
    page.finish()
}

/// The title, with the profile without which the rule does not run.
fn title(rule: &Rule) -> String {
    let only: Vec<_> = profiles::only_under(rule.name).iter().map(|profile| profile.name()).collect();
    if only.is_empty() { rule.title.to_owned() } else { format!("{} (only with --profile {})", rule.title, only.join(" or ")) }
}

/// The ids of an item without the name of its benchmark.
fn identity(item: &Item) -> String {
    if item.also.is_empty() { item.id.to_owned() } else { format!("{} ({})", item.id, item.also) }
}

fn confidence(confidence: Confidence) -> &'static str {
    match confidence {
        Confidence::Firm => "firm",
        Confidence::Likely => "likely",
        Confidence::Hint => "hint",
    }
}

#[derive(Debug, Serialize)]
struct CatalogueJson {
    format: &'static str,
    version: u32,
    rules: Vec<RuleJson>,
    benchmarks: Vec<BenchmarkJson>,
}

#[derive(Debug, Serialize)]
struct RuleJson {
    name: &'static str,
    severity: Severity,
    confidence: Confidence,
    evidence: &'static str,
    title: &'static str,
    meaning: &'static str,
    sees: &'static str,
    silent: &'static str,
    fix: &'static str,
    remedies: [GenerationJson; 2],
    references: &'static [&'static str],
    only_with: &'static [Profile],
    benchmarks: Vec<ItemName>,
}

#[derive(Debug, Serialize)]
struct GenerationJson {
    generation: Generation,
    #[serde(skip_serializing_if = "Option::is_none")]
    never: Option<&'static str>,
    steps: &'static [Step],
}

impl GenerationJson {
    fn new(generation: Generation, steps: Steps) -> Self {
        match steps {
            Steps::Never(why) => GenerationJson { generation, never: Some(why), steps: &[] },
            Steps::Do(steps) => GenerationJson { generation, never: None, steps },
        }
    }
}

#[derive(Debug, Serialize)]
struct ItemName {
    profile: Profile,
    id: &'static str,
    also: &'static str,
}

#[derive(Debug, Serialize)]
struct BenchmarkJson {
    profile: Profile,
    title: &'static str,
    items: Vec<ItemJson>,
}

#[derive(Debug, Serialize)]
struct ItemJson {
    id: &'static str,
    also: &'static str,
    severity: &'static str,
    title: &'static str,
    rules: &'static [&'static str],
    limits: &'static str,
    needs: &'static str,
    exempt: &'static [&'static str],
}

/// The catalogue as JSON, as `schemas/report-rules.schema.json` describes it. With a profile it holds the rules that check its items.
pub fn json(profile: Option<Profile>) -> String {
    let wanted = |item: &&'static Item| profile.is_none_or(|profile| item.profile == profile);
    let rule = |rule: &&'static Rule| RuleJson {
        name: rule.name,
        severity: rule.severity,
        confidence: rule.confidence,
        evidence: rule.evidence,
        title: rule.title,
        meaning: rule.meaning,
        sees: rule.sees,
        silent: rule.silent,
        fix: rule.fix,
        remedies: [GenerationJson::new(Generation::Iis6, rule.remedies.iis6), GenerationJson::new(Generation::Iis7, rule.remedies.iis7)],
        references: rule.references,
        only_with: profiles::only_under(rule.name),
        benchmarks: profiles::items_of(rule.name)
            .filter(wanted)
            .map(|item| ItemName { profile: item.profile, id: item.id, also: item.also })
            .collect(),
    };
    let item = |item: &'static Item| {
        let (limits, needs) = match item.state {
            State::Checked { limits, .. } => (limits, ""),
            State::NotAssessed(needs) => ("", needs),
        };
        ItemJson {
            id: item.id,
            also: item.also,
            severity: item.severity,
            title: item.title,
            rules: item.rules(),
            limits,
            needs,
            exempt: item.exempt,
        }
    };
    let benchmark = |profile: &Profile| BenchmarkJson {
        profile: *profile,
        title: profile.title(),
        items: profiles::items(*profile).map(item).collect(),
    };
    to_json(&CatalogueJson {
        format: "iisaudit-rules",
        version: 1,
        rules: RULES.iter().map(rule).filter(|rule| profile.is_none() || !rule.benchmarks.is_empty()).collect(),
        benchmarks: Profile::ALL.iter().filter(|other| profile.is_none_or(|profile| profile == **other)).map(benchmark).collect(),
    })
}

/// The catalogue as Markdown: a table that links to the page of each rule, or the items of a benchmark.
pub fn markdown(profile: Option<Profile>) -> String {
    let Some(profile) = profile else {
        let mut out = "# Rules\n\nEvery rule, by name. `iisaudit rules` lists them, `iisaudit explain RULE` shows the page of one, and \
                       [profiles](profiles.md) says which of them check the items of a benchmark.\n\n\
                       | Rule | Severity | Confidence | Evidence | Bad state |\n|---|---|---|---|---|\n"
            .to_owned();
        for rule in RULES {
            out.push_str(&format!(
                "| [{0}](rules/{0}.md) | {1} | {2} | {3} | {4} |\n",
                rule.name,
                rule.severity.name(),
                confidence(rule.confidence),
                plain(rule.evidence),
                plain(&title(rule)),
            ));
        }
        return out;
    };
    let mut out = format!("## {}: {}\n\n", profile.label(), plain(profile.title()));
    out.push_str("| Item | Asks for | Rule | What the rule cannot tell |\n|---|---|---|---|\n");
    let (checked, open): (Vec<&Item>, Vec<&Item>) = profiles::items(profile).partition(|item| !item.rules().is_empty());
    for item in &checked {
        let rules: Vec<_> = item.rules().iter().map(|rule| format!("[{rule}](rules/{rule}.md)")).collect();
        let limits = if let State::Checked { limits, .. } = item.state { limits } else { "" };
        out.push_str(&format!("| {} | {} | {} | {} |\n", rated(item), plain(item.title), rules.join(", "), plain(limits)));
    }
    out.push_str("\nNot assessed:\n\n| Item | Asks for | Would need |\n|---|---|---|\n");
    for item in open {
        let needs = if let State::NotAssessed(needs) = item.state { needs } else { "" };
        out.push_str(&format!("| {} | {} | {} |\n", rated(item), plain(item.title), plain(needs)));
    }
    let exempting: Vec<_> = checked.iter().filter(|item| !item.exempt.is_empty()).collect();
    if !exempting.is_empty() {
        out.push_str("\nThe texts of these items do not apply to:\n\n");
        for item in exempting {
            out.push_str(&format!("- {}: {}\n", item.id, plain(&item.exempt.join("; "))));
        }
    }
    out.push_str(&format!("\n{NO_COMPLIANCE}\n"));
    out
}

/// The ids of an item and the severity that its benchmark gives it.
fn rated(item: &Item) -> String {
    if item.severity.is_empty() { identity(item) } else { format!("{}, {}", identity(item), item.severity) }
}

#[cfg(test)]
mod tests {
    use std::path::{Path, PathBuf};

    use super::super::testing::{too_wide, violations};
    use super::*;
    use crate::explain::explain;

    const SCHEMA: &str = include_str!("../../schemas/report-rules.schema.json");

    const PROFILES: &str = "# Profiles\n\n\
        `iisaudit check --profile stig` and `--profile cis` add the rules of a benchmark to all others, name its items with each finding, and \
        say which of its items were not assessed. `iisaudit rules --profile stig` lists the same items without a server.\n\n\
        What a profile adds is the policy of the benchmark. A site that does not follow it need not be wrong, so these rules are silent \
        without the profile. Some demands conflict with other good practice: double escaping with publishing delta CRLs, a host name and an \
        address for each binding with SNI on all addresses. The page of the rule says how.\n\n\
        The texts exempt whole kinds of servers, listed below as the named release writes them. No file says that a server is public, or ends \
        TLS at a proxy, or runs SharePoint, WSUS, SCEP, NDES or an OCSP responder, so these exemptions are yours to judge and findings that \
        depend on them are `likely`. Exchange is recognised by its application pools and directories: where every site of a server holds \
        paths of Exchange, the item that exempts it (V-218748) is left out. IIS 6 is not judged by either benchmark.\n\n\
        No item of CIS and none of the STIG for IIS 10 asks for revocation checking; V-13672 of the STIG for IIS 7 does, and is kept.\n";

    fn docs() -> Vec<(PathBuf, String)> {
        let root = Path::new(env!("CARGO_MANIFEST_DIR"));
        let page = |rule: &&Rule| {
            let text = super::super::explain::markdown(&explain(rule.name).unwrap());
            (root.join("docs/rules").join(format!("{}.md", rule.name)), text)
        };
        let mut files: Vec<_> = RULES.iter().map(page).collect();
        files.push((root.join("docs/rules.md"), markdown(None)));
        files.push((root.join("schemas/rules.json"), json(None)));
        let profiles: Vec<_> = Profile::ALL.iter().map(|profile| markdown(Some(*profile))).collect();
        files.push((root.join("docs/profiles.md"), format!("{PROFILES}\n{}", profiles.join("\n"))));
        files
    }

    #[test]
    fn the_catalogue_in_docs_and_schemas_is_that_of_the_program() {
        let update = std::env::var_os("IISAUDIT_UPDATE").is_some_and(|value| value == "1");
        let mut stale = Vec::new();
        for (path, page) in docs() {
            if update {
                std::fs::create_dir_all(path.parent().unwrap()).unwrap();
                std::fs::write(&path, &page).unwrap();
            }
            if std::fs::read_to_string(&path).unwrap_or_default().replace("\r\n", "\n") != page {
                stale.push(path);
            }
        }
        assert!(stale.is_empty(), "run this test with IISAUDIT_UPDATE=1 to write them anew: {stale:?}");
    }

    #[test]
    fn docs_hold_no_page_of_a_rule_that_is_gone() {
        for file in std::fs::read_dir(Path::new(env!("CARGO_MANIFEST_DIR")).join("docs/rules")).unwrap() {
            let name = file.unwrap().file_name().into_string().unwrap();
            assert!(name.strip_suffix(".md").is_some_and(|name| RULES.iter().any(|rule| rule.name == name)), "{name}");
        }
    }

    #[test]
    fn every_item_is_in_the_docs_and_in_the_list_of_its_profile() {
        let docs = std::fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join("docs/profiles.md")).unwrap();
        for item in profiles::ITEMS {
            assert!(docs.contains(&format!("| {}", rated(item))), "{}", item.id);
            assert!(table(Some(item.profile), Style::plain(200)).contains(item.id), "{}", item.id);
        }
        assert!(docs.contains("No findings is no compliance."));
    }

    #[test]
    fn json_keeps_to_its_schema_with_and_without_a_profile() {
        for profile in [None, Some(Profile::Stig), Some(Profile::Cis)] {
            assert_eq!(violations(SCHEMA, &json(profile)), "");
        }
    }

    #[test]
    fn every_rule_is_listed_and_no_line_is_too_wide() {
        let text = table(None, Style::plain(120));
        for rule in RULES {
            assert!(text.contains(&rule.name[..8]), "{}", rule.name);
        }
        for profile in [None, Some(Profile::Stig), Some(Profile::Cis)] {
            assert_eq!(too_wide(&table(profile, Style::plain(80)), 80), Vec::<&str>::new());
        }
    }

    #[test]
    fn a_profile_lists_what_is_checked_and_then_what_is_not() {
        let text = table(Some(Profile::Cis), Style::plain(100));
        let start: Vec<&str> = text.lines().take(14).collect();
        insta::assert_snapshot!(start.join("\n"), @r"
        CIS Microsoft IIS 10 Benchmark, numbered as in its public copies

          item  rule                     asks for
          ──────────────────────────────────────────────────────────────────
          1.2   host-header-missing      Every site has a host header
          4.5   double-escaping-allowed  Double-encoded requests are refused
          5.3   log-targets-incomplete   Logging to ETW is on
          6.1   ftp-not-encrypted        FTP requests are encrypted
          7.1   hsts-not-enforced        HSTS is on

        Not assessed
          2.3: Forms authentication demands TLS
            needs system.web/authentication of web.config files, settings that this program does not read
          2.6: Basic authentication is used over TLS only
        ");
    }
}
