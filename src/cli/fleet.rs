//! `iisaudit fleet`: many servers, and what differs among them.

use std::path::PathBuf;

use clap::{Args, ValueEnum};

use super::check::SeverityName;
use super::judge::{Against, JudgeOptions, Setup};
use super::output::{self, Destination};
use super::{Common, Outcome, complain, gather};
use crate::fleet::{Declared, Estate, Made, Run, Thresholds, against, compare_with};
use crate::input::display;
use crate::policy::FailOn;
use crate::report;
use crate::report::fleet::Survey;
use crate::review::Review;
use crate::rules::Severity;
use crate::workers::Workers;

/// Compares many servers: which sites differ from their peers, which servers from their twins, and the state of the whole
///
/// Peers are sites of the same name or host name on different servers, sites of one server with the same applications, and the cohorts of the
/// policy file. Twins are the nodes of --nodes, and servers that have the same sites with the same bindings.
#[derive(Args)]
#[command(after_help = "Examples:
  iisaudit fleet servers/
  iisaudit fleet datacentre-a/ datacentre-b/ --format json
  iisaudit fleet servers/ --report html=estate.html --report ndjson=estate.ndjson
  iisaudit fleet servers/ --nodes \"portal=web01,web02,web03,web04\"
  iisaudit fleet datacentre-a/ --format ndjson > a.ndjson
  iisaudit fleet --facts a.ndjson b.ndjson
  iisaudit fleet servers/ --against last.ndjson --report ndjson=this.ndjson
  iisaudit fleet servers/ --config policy/iisaudit.toml --min-size 5 --threshold 80
  iisaudit diff servers/web01 servers/web17

A policy file defines cohorts of its own:
  [[cohort]]
  name = \"portals\"
  sites = [\"portal*\"]
  servers = \"web*\"")]
pub(super) struct FleetArguments {
    /// Directories with one folder a server, or files
    #[arg(required_unless_present = "facts", value_name = "DIR")]
    paths: Vec<PathBuf>,
    /// Instead of directories: rows that --format ndjson wrote of parts of the fleet, or `iisaudit sites --format ndjson`, in any order; - is
    /// standard input
    #[arg(long, value_name = "FILE", num_args = 1.., conflicts_with = "paths")]
    facts: Vec<PathBuf>,
    /// Tells what changed since an earlier run, which --report ndjson=FILE wrote down; may be given several times, for a run in parts. Then
    /// only what is new decides the exit code: findings that are new or worse, and values that drifted. What was read then and not now is
    /// neither fixed nor drifted
    #[arg(long, value_name = "FILE")]
    against: Vec<PathBuf>,
    /// Least severity of findings that makes the exit code 1; otherwise that of the policy file, or low. Sites and servers that differ make
    /// it 1, too, unless this is never
    #[arg(long, value_enum, value_name = "SEVERITY")]
    fail_on: Option<SeverityName>,
    #[command(flatten)]
    judge: JudgeOptions,
    /// With fewer sites in a cohort nobody is blamed; otherwise that of the policy file, or 3
    #[arg(long, value_name = "SITES", value_parser = clap::value_parser!(u32).range(2..))]
    min_size: Option<u32>,
    /// Percent of a cohort that makes a majority; otherwise that of the policy file, or 66
    #[arg(long, value_name = "PERCENT", value_parser = clap::value_parser!(u8).range(51..=100))]
    threshold: Option<u8>,
    /// How many entries of each list the table shows; JSON has all, the page at most 200
    #[arg(long, value_name = "NUMBER", default_value_t = 20)]
    limit: usize,
    /// How results are written
    #[arg(long, value_enum, value_name = "FORMAT")]
    format: Option<FleetFormat>,
    /// Writes the results in this format to this file, too; may be given several times. FILE - is standard output
    #[arg(long, value_name = "FORMAT=FILE", value_parser = output::parse_destination::<FleetFormat>)]
    report: Vec<Destination<FleetFormat>>,
}

/// How a survey is written.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, ValueEnum)]
enum FleetFormat {
    /// Text for people
    #[default]
    Table,
    /// JSON for programs, described by schemas/report-fleet.schema.json
    Json,
    /// All rows that --facts needs to give the same result: one a line as JSON, described by schemas/fleet-line.schema.json
    Ndjson,
    /// One page for a browser or paper, complete in itself: no script, nothing from elsewhere
    Html,
}

pub(super) fn run(arguments: &FleetArguments, common: &Common) -> Outcome {
    match survey(arguments, common) {
        Ok(outcome) | Err(outcome) => outcome,
    }
}

fn survey(arguments: &FleetArguments, common: &Common) -> Result<Outcome, Outcome> {
    let destinations = output::destinations(arguments.format, &arguments.report).map_err(|message| {
        complain(&format!("error: {message}"));
        Outcome::Usage
    })?;
    let (rows, reports): (Vec<_>, Vec<_>) = destinations.into_iter().partition(|destination| destination.format == FleetFormat::Ndjson);
    let is_facts = !arguments.facts.is_empty();
    let setup = Setup::new(if is_facts { &arguments.facts } else { &arguments.paths }, &arguments.judge, Against::Policy, common)?;
    if is_facts && !rows.is_empty() {
        complain("error: ndjson writes rows of what is read, and rows were given");
        return Err(Outcome::Usage);
    }
    if is_facts && setup.names_groups() {
        complain("error: --group decides what the rules find, so give it to `iisaudit fleet --format ndjson`");
        return Err(Outcome::Usage);
    }
    // The earlier run is read first: with a mistake in it there is nothing to compare with.
    let earlier = match arguments.against.as_slice() {
        [] => None,
        files => Some(self::earlier(files, arguments, common)?),
    };
    let empty = !output::is_for_people(&reports) || !rows.is_empty();
    let (mut gathered, outcome) = match is_facts {
        true => gather::of_facts(&arguments.facts, &setup),
        false => gather::of_directories(&arguments.paths, &setup, common, empty, &rows)?,
    };
    if reports.is_empty() {
        return Ok(outcome);
    }
    if outcome == Outcome::NoInput && !empty {
        return Err(outcome);
    }
    let workers = Workers::new(common.threads, usize::MAX);
    let members = gathered.members(&workers);
    let judgement = setup.conclude(gathered.estate, gathered.findings, &gathered.seen, &[], outcome);
    let review = &judgement.review;
    let policy = judgement.policy.as_ref().map(|loaded| &loaded.policy);
    let cohort = |cohort: &crate::policy::Cohort| Declared {
        name: cohort.name.clone(),
        sites: cohort.sites.clone(),
        servers: cohort.servers.clone(),
    };
    let declared: Vec<Declared> = policy.iter().flat_map(|policy| &policy.cohorts).map(cohort).collect();
    let usual = Thresholds::default();
    let given = arguments.min_size.and_then(|size| usize::try_from(size).ok());
    let thresholds = Thresholds {
        min_size: given.or_else(|| policy?.min_size).unwrap_or(usual.min_size),
        majority: arguments.threshold.or_else(|| policy?.threshold).unwrap_or(usual.majority),
    };
    let fleet = compare_with(&workers, &members, &declared, &judgement.nodes, thresholds);
    let changes = earlier.as_ref().map(|earlier| {
        let before = Run { members: &earlier.members, review: &earlier.review };
        against(&earlier.name, before, Run { members: &members, review }, earlier.made)
    });
    let survey = Survey { review, members: &members, fleet: &fleet, thresholds, changes: changes.as_ref() };
    let mut outcome = judgement.outcome.max(output::write_all(&reports, common, |format, style, out| match format {
        FleetFormat::Table => out.write_all(report::fleet::table(&survey, arguments.limit, style).as_bytes()),
        FleetFormat::Html => out.write_all(report::fleet::html(&survey).as_bytes()),
        // Rows were written when the directories were read.
        FleetFormat::Json | FleetFormat::Ndjson => report::fleet::write_json(&survey, out),
    }));
    let of_policy = policy.and_then(|policy| policy.fail_on);
    let FailOn(least) = arguments.fail_on.map(SeverityName::least).or(of_policy).unwrap_or(FailOn(Some(Severity::Low)));
    let bad = |least: Severity| match &changes {
        Some(changes) => changes.is_bad(least),
        None => review.has_new(least) || !fleet.agrees(),
    };
    if least.is_some_and(bad) {
        outcome = outcome.max(Outcome::Found);
    }
    // The process ends here. To take apart what it holds of thousands of servers would take nearly as long as to compare them.
    std::mem::forget((members, judgement));
    Ok(outcome)
}

/// An earlier run.
struct Earlier {
    name: String,
    members: Estate,
    review: Review,
    made: Made,
}

/// Reads an earlier run and judges it by the policy of this one, so that what differs is the estate and not the policy.
fn earlier(files: &[PathBuf], arguments: &FleetArguments, common: &Common) -> Result<Earlier, Outcome> {
    let paths = if arguments.facts.is_empty() { &arguments.paths } else { &arguments.facts };
    let setup = Setup::new(paths, &arguments.judge, Against::Nothing, common)?;
    let (mut gathered, made) = gather::of_earlier(files, &setup)?;
    let members = gathered.members(&Workers::none());
    let judgement = setup.conclude(gathered.estate, gathered.findings, &gathered.seen, &[], Outcome::Clean);
    let name = files.iter().map(|file| display(file)).collect::<Vec<_>>().join(", ");
    Ok(Earlier { name, members, review: judgement.review, made })
}
