//! `iisaudit check`: the rules over every server.

use std::path::PathBuf;

use clap::{Args, ValueEnum};

use super::judge::{self, Against, JudgeOptions};
use super::output::{self, Destination, ReportFormat};
use super::{Common, Outcome, complain};
use crate::policy::FailOn;
use crate::report::check::Detail;
use crate::rules::{self, Severity};

/// Checks every server against the rules
#[derive(Args)]
#[command(after_help = "Examples:
  iisaudit check MetaBase.xml
  iisaudit check servers/ --quiet --fail-on high
  iisaudit check applicationHost.config --group \"partners=Orders,Billing\"
  iisaudit check applicationHost.config --profile stig
  iisaudit check servers/ --report json=report.json
  iisaudit check servers/ --config policy/iisaudit.toml --baseline iisaudit-baseline.json
  iisaudit explain revocation-check-off")]
pub(super) struct CheckArguments {
    /// Files, directories, or - for standard input
    #[arg(required = true, value_name = "PATH")]
    paths: Vec<PathBuf>,
    /// Least severity that makes the exit code 1; otherwise that of the policy file, or low
    #[arg(long, value_enum, value_name = "SEVERITY")]
    fail_on: Option<SeverityName>,
    #[command(flatten)]
    judge: JudgeOptions,
    /// Findings in this baseline do not count; otherwise that of the policy file
    #[arg(long, value_name = "FILE")]
    baseline: Option<PathBuf>,
    /// Only this rule; may be given several times
    #[arg(long, value_name = "RULE", value_parser = parse_rule)]
    rule: Vec<&'static str>,
    /// Only severity, rule, site, message and place of each finding: no remedies, no reasons
    #[arg(short, long)]
    quiet: bool,
    /// How results are written
    #[arg(long, value_enum, value_name = "FORMAT")]
    format: Option<ReportFormat>,
    /// Writes the results in this format to this file, too; may be given several times. FILE - is standard output
    #[arg(long, value_name = "FORMAT=FILE", value_parser = output::parse_destination::<ReportFormat>)]
    report: Vec<Destination>,
}

impl CheckArguments {
    fn detail(&self) -> Detail {
        if self.quiet { Detail::Short } else { Detail::Full }
    }
}

/// Severities, for `--fail-on`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(super) enum SeverityName {
    High,
    Medium,
    Low,
    Info,
    Never,
}

impl SeverityName {
    pub(super) fn least(self) -> FailOn {
        FailOn(match self {
            SeverityName::High => Some(Severity::High),
            SeverityName::Medium => Some(Severity::Medium),
            SeverityName::Low => Some(Severity::Low),
            SeverityName::Info => Some(Severity::Info),
            SeverityName::Never => None,
        })
    }
}

fn parse_rule(name: &str) -> Result<&'static str, String> {
    rules::rule(name).map(|rule| rule.name).ok_or_else(|| {
        let mut nearest = crate::explain::explain(name).err().map(|unknown| unknown.nearest).unwrap_or_default();
        nearest.retain(|name| rules::rule(name).is_some());
        let hint = if nearest.is_empty() { String::new() } else { format!("; nearest: {}", nearest.join(", ")) };
        format!("no such rule{hint}; `iisaudit explain rules` lists all")
    })
}

pub(super) fn run(arguments: &CheckArguments, common: &Common) -> Outcome {
    let destinations = match output::destinations(arguments.format, &arguments.report) {
        Ok(destinations) => destinations,
        Err(message) => {
            complain(&format!("error: {message}"));
            return Outcome::Usage;
        }
    };
    let against = arguments.baseline.as_deref().map_or(Against::Policy, Against::File);
    let empty = !output::is_for_people(&destinations);
    let judgement = match judge::judge(&arguments.paths, &arguments.judge, &arguments.rule, against, common, empty) {
        Ok(judgement) => judgement,
        Err(outcome) => return outcome,
    };
    let mut outcome = judgement.outcome.max(output::write(&destinations, &judgement.review, arguments.detail(), common));
    let of_policy = judgement.policy.as_ref().and_then(|loaded| loaded.policy.fail_on);
    let FailOn(least) = arguments.fail_on.map(SeverityName::least).or(of_policy).unwrap_or(FailOn(Some(Severity::Low)));
    if least.is_some_and(|least| judgement.review.has_new(least)) {
        outcome = outcome.max(Outcome::Found);
    }
    // The program ends here, and taking a large review apart piece by piece would be the last thing it does.
    std::mem::forget(judgement);
    outcome
}
