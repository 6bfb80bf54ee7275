//! `iisaudit check`: the rules over every server.

use std::path::PathBuf;

use clap::{Args, ValueEnum};

use super::{Common, Format, Outcome, complain, judge_inputs};
use crate::report;
use crate::rules::{self, Context, Finding, Group, Severity};

/// Checks every server against the rules
#[derive(Args)]
#[command(after_help = "Examples:
  iisaudit check MetaBase.xml
  iisaudit check servers/ --fail-on high
  iisaudit check applicationHost.config --group \"partners=Orders,Billing\"
  iisaudit explain revocation-check-off")]
pub(super) struct CheckArguments {
    /// Files, directories, or - for standard input
    #[arg(required = true, value_name = "PATH")]
    paths: Vec<PathBuf>,
    /// Least severity that makes the exit code 1
    #[arg(long, value_enum, default_value_t = FailOn::Low, value_name = "SEVERITY")]
    fail_on: FailOn,
    /// Sites that should behave alike; replaces the default comparison of all sites that want client certificates
    #[arg(long, value_name = "NAME=SITE,SITE...", value_parser = parse_group)]
    group: Vec<Group>,
    /// Only this rule; may be given several times
    #[arg(long, value_name = "RULE", value_parser = parse_rule)]
    rule: Vec<&'static str>,
}

/// Least severity that makes the exit code 1.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum FailOn {
    High,
    Medium,
    Low,
    Info,
    Never,
}

impl FailOn {
    fn least(self) -> Option<Severity> {
        match self {
            FailOn::High => Some(Severity::High),
            FailOn::Medium => Some(Severity::Medium),
            FailOn::Low => Some(Severity::Low),
            FailOn::Info => Some(Severity::Info),
            FailOn::Never => None,
        }
    }
}

fn parse_group(text: &str) -> Result<Group, String> {
    let (name, sites) = text.split_once('=').ok_or("expected NAME=SITE,SITE, such as partners=Orders,Billing")?;
    let sites: Vec<String> = sites.split(',').map(|site| site.trim().to_owned()).filter(|site| !site.is_empty()).collect();
    if sites.len() < 2 {
        return Err("a group needs at least two sites, separated by commas".to_owned());
    }
    Ok(Group { name: name.trim().to_owned(), sites })
}

fn parse_rule(name: &str) -> Result<&'static str, String> {
    rules::rule(name).map(|rule| rule.name).ok_or_else(|| "no such rule; `iisaudit explain rules` lists them".to_owned())
}

pub(super) fn run(arguments: &CheckArguments, common: &Common) -> Outcome {
    let estate = match common.read(&arguments.paths) {
        Ok(estate) => estate,
        Err(outcome) => return outcome,
    };
    let mut outcome = judge_inputs(&estate);
    for group in &arguments.group {
        for site in &group.sites {
            if !estate.servers.iter().any(|server| crate::compare::find_site(server, site).is_ok()) {
                complain(&format!("warning: no site is called {site} (group {})", group.name));
            }
        }
    }
    let mut findings: Vec<Finding> =
        estate.servers.iter().flat_map(|server| rules::check(&Context { server, groups: &arguments.group })).collect();
    findings.retain(|finding| arguments.rule.is_empty() || arguments.rule.contains(&finding.rule.name));
    findings.sort_by(Finding::order);
    if outcome != Outcome::NoInput {
        common.print(&match common.format {
            Format::Table => report::check::table(&estate, &findings, common.style()),
            Format::Json => report::check::json(&estate, &findings),
        });
    }
    if arguments.fail_on.least().is_some_and(|least| findings.iter().any(|finding| finding.severity >= least)) {
        outcome = outcome.max(Outcome::Found);
    }
    outcome
}
