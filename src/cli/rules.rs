//! `iisaudit rules`: the catalogue of rules, and which of them check the items of a benchmark.

use clap::Args;

use super::{Common, Format, FormatOption, Outcome, ProfileName};
use crate::report;
use crate::rules::Profile;

/// Lists all rules, or those that check a benchmark
#[derive(Args)]
#[command(after_help = "Examples:
  iisaudit rules
  iisaudit rules --profile stig
  iisaudit rules --format json
  iisaudit explain revocation-check-off")]
pub(super) struct RulesArguments {
    /// Only what checks this benchmark, item by item, and which of its items are not assessed
    #[arg(long, value_enum, value_name = "BENCHMARK")]
    profile: Option<ProfileName>,
    /// Writes Markdown
    #[arg(long, conflicts_with = "format")]
    markdown: bool,
    #[command(flatten)]
    output: FormatOption,
}

pub(super) fn run(arguments: &RulesArguments, common: &Common) -> Outcome {
    let profile = arguments.profile.map(Profile::from);
    common.print(&match arguments.output.format {
        _ if arguments.markdown => report::rules::markdown(profile),
        Format::Table => report::rules::table(profile, common.style()),
        Format::Json => report::rules::json(profile),
    })
}
