//! `iisaudit explain`: what a rule, setting, value or status means.

use clap::Args;

use super::{Common, Format, FormatOption, Outcome, complain};
use crate::explain::{explain, list};
use crate::report;

/// Explains a rule, a setting, a value or a status
#[derive(Args)]
#[command(after_help = "Examples:
  iisaudit explain 403.13
  iisaudit explain CertCheckMode=5
  iisaudit explain AccessSSLFlags=104
  iisaudit explain revocation-check-off
  iisaudit explain rules")]
pub(super) struct ExplainArguments {
    /// A rule, a setting, SETTING=VALUE, a status such as 403.13, a cause, or one of: rules, settings, statuses, causes, codes. Without it, what can be
    /// asked for
    topic: Option<String>,
    #[command(flatten)]
    output: FormatOption,
}

pub(super) fn run(arguments: &ExplainArguments, common: &Common) -> Outcome {
    let topic = arguments.topic.as_deref().unwrap_or_default();
    if let Some(list) = list(topic) {
        return common.print(&match arguments.output.format {
            Format::Table => report::explain::list(&list, common.style()),
            Format::Json => report::explain::list_json(&list),
        });
    }
    match explain(topic) {
        Ok(explanation) => common.print(&match arguments.output.format {
            Format::Table => report::explain::text(&explanation, common.style()),
            Format::Json => report::explain::json(&explanation),
        }),
        Err(unknown) => {
            complain(&format!("error: {}", report::explain::unknown(topic, &unknown).trim_end()));
            Outcome::Usage
        }
    }
}
