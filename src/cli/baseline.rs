//! `iisaudit baseline`: writes down the findings of today, forgets those that are gone, and shows what is written down.

use std::path::{Path, PathBuf};

use clap::{Args, Subcommand};

use super::judge::{self, Against, JudgeOptions, Judgement};
use super::output::write_whole;
use super::policy::Loaded;
use super::{Common, Format, FormatOption, Outcome, complain};
use crate::input::display;
use crate::policy::Baseline;
use crate::policy::baseline::{FILE_NAME, Missing};
use crate::report;

/// Writes, prunes or shows a baseline: the known findings that `check --baseline` does not count
#[derive(Args)]
#[command(after_help = "Examples:
  iisaudit baseline create servers/
  iisaudit check servers/ --baseline iisaudit-baseline.json
  iisaudit baseline prune servers/
  iisaudit baseline show")]
pub(super) struct BaselineArguments {
    #[command(subcommand)]
    command: Command,
}

#[derive(Subcommand)]
enum Command {
    Create(CreateArguments),
    Prune(PruneArguments),
    Show(ShowArguments),
}

/// Writes down every finding that is not suppressed
#[derive(Args)]
#[command(after_help = "Examples:
  iisaudit baseline create servers/
  iisaudit baseline create servers/ -o policy/iisaudit-baseline.json")]
struct CreateArguments {
    /// Files, directories, or - for standard input
    #[arg(required = true, value_name = "PATH")]
    paths: Vec<PathBuf>,
    /// Where it is written; - is standard output. Otherwise the file that the policy file names, or iisaudit-baseline.json
    #[arg(short, long, value_name = "FILE")]
    output: Option<PathBuf>,
    #[command(flatten)]
    judge: JudgeOptions,
}

/// Removes what is not found any more. What this run cannot judge stays: entries of servers that are not read, and all where a file cannot be
/// read
#[derive(Args)]
#[command(after_help = "Examples:
  iisaudit baseline prune servers/
  iisaudit baseline prune servers/ --baseline policy/iisaudit-baseline.json")]
struct PruneArguments {
    /// Files, directories, or - for standard input
    #[arg(required = true, value_name = "PATH")]
    paths: Vec<PathBuf>,
    /// The baseline; otherwise the file that the policy file names, or iisaudit-baseline.json
    #[arg(long, value_name = "FILE")]
    baseline: Option<PathBuf>,
    #[command(flatten)]
    judge: JudgeOptions,
}

/// Shows what is written down
#[derive(Args)]
#[command(after_help = "Examples:
  iisaudit baseline show
  iisaudit baseline show policy/iisaudit-baseline.json --format json")]
struct ShowArguments {
    /// The baseline
    #[arg(default_value = FILE_NAME, value_name = "FILE")]
    file: PathBuf,
    #[command(flatten)]
    output: FormatOption,
}

pub(super) fn run(arguments: &BaselineArguments, common: &Common) -> Outcome {
    let outcome = match &arguments.command {
        Command::Create(arguments) => create(arguments, common),
        Command::Prune(arguments) => prune(arguments, common),
        Command::Show(arguments) => judge::read_baseline(&arguments.file).map(|baseline| {
            common.print(&match arguments.output.format {
                Format::Table => report::baseline::table(&baseline, common.style()),
                Format::Json => baseline.to_json(),
            })
        }),
    };
    outcome.unwrap_or_else(|outcome| outcome)
}

/// The file that the policy names, or the usual one.
fn usual(policy: Option<&Loaded>) -> PathBuf {
    policy.and_then(Loaded::baseline).unwrap_or_else(|| PathBuf::from(FILE_NAME))
}

fn create(arguments: &CreateArguments, common: &Common) -> Result<Outcome, Outcome> {
    let judgement = judge::judge(&arguments.paths, &arguments.judge, &[], Against::Nothing, common, false)?;
    if judgement.outcome != Outcome::Clean {
        complain("error: no baseline is written from inputs that could not all be read: what is in them would count as new later");
        return Err(judgement.outcome);
    }
    let baseline = Baseline::of(&judgement.review);
    let file = arguments.output.clone().unwrap_or_else(|| usual(judgement.policy.as_ref()));
    if file.as_os_str() == "-" {
        return Ok(common.print(&baseline.to_json()));
    }
    // A slip of the fingers must not replace the configuration of a server.
    if file.exists() && judge::read_baseline(&file).is_err() {
        complain(&format!("error: {}: is there and is no baseline, so it is not replaced", display(&file)));
        return Err(Outcome::Usage);
    }
    write(&file, &baseline)?;
    Ok(common.print(&report::baseline::written(&display(&file), &baseline, common.style())))
}

fn prune(arguments: &PruneArguments, common: &Common) -> Result<Outcome, Outcome> {
    let path = match &arguments.baseline {
        Some(path) => path.clone(),
        None => usual(judge::policy_of(&arguments.judge, &arguments.paths)?.as_ref()),
    };
    let judgement = judge::judge(&arguments.paths, &arguments.judge, &[], Against::File(&path), common, false)?;
    let Judgement { outcome, baseline: Some((baseline, path, missing)), .. } = judgement else { return Ok(judgement.outcome) };
    if !missing.gone.is_empty() {
        write(&path, &baseline.without(&missing))?;
    }
    Ok(outcome.max(pruned(&path, &baseline, &missing, common)))
}

fn pruned(path: &Path, baseline: &Baseline, missing: &Missing, common: &Common) -> Outcome {
    common.print(&report::baseline::pruned(&display(path), baseline, missing, common.style()))
}

fn write(file: &Path, baseline: &Baseline) -> Result<(), Outcome> {
    write_whole(file, baseline.to_json().as_bytes()).map_err(|error| {
        complain(&format!("error: {}: cannot write the baseline: {error}", display(file)));
        Outcome::Unwritable
    })
}
