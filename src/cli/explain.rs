//! `iisaudit explain`: what a rule, setting, value or status means.

use clap::Args;

use super::{Common, Format, Outcome, complain};
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
    /// A rule, a setting, SETTING=VALUE, a status such as 403.13, or one of: rules, settings, statuses
    topic: String,
}

pub(super) fn run(arguments: &ExplainArguments, common: &Common) -> Outcome {
    match crate::explain::explain(&arguments.topic) {
        Ok(explanation) => {
            common.print(&match common.format {
                Format::Table => report::explain::text(&explanation, common.style()),
                Format::Json => report::explain::json(&explanation),
            });
            Outcome::Clean
        }
        Err(unknown) => {
            let hint = if unknown.nearest.is_empty() { String::new() } else { format!("; nearest: {}", unknown.nearest.join(", ")) };
            complain(&format!("nothing is known about {:?}{hint}", arguments.topic));
            Outcome::Usage
        }
    }
}
