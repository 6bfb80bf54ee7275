//! `iisaudit completions`: a completion script for a shell, made from the command line's own definition.

use clap::{Args, CommandFactory};
use clap_complete::Shell;

use super::{Arguments, Common, Outcome};

/// Prints a completion script for a shell
#[derive(Args)]
#[command(after_help = "Examples:
  iisaudit completions bash > /etc/bash_completion.d/iisaudit
  iisaudit completions zsh > \"${fpath[1]}/_iisaudit\"
  iisaudit completions fish > ~/.config/fish/completions/iisaudit.fish
  iisaudit completions powershell >> $PROFILE")]
pub(super) struct CompletionsArguments {
    /// The shell
    shell: Shell,
}

pub(super) fn run(arguments: &CompletionsArguments, common: &Common) -> Outcome {
    let mut script = Vec::new();
    clap_complete::generate(arguments.shell, &mut Arguments::command(), "iisaudit", &mut script);
    common.print(&String::from_utf8_lossy(&script))
}
