//! `iisaudit man`: the manual pages, made from the command line's own definition.

use std::path::PathBuf;

use clap::{Args, CommandFactory};
use clap_mangen::Man;

use super::output::write_whole;
use super::{Arguments, Common, Outcome, complain};

/// Prints the manual page, or writes those of all commands into a directory
#[derive(Args)]
#[command(after_help = "Examples:
  iisaudit man | man -l -
  iisaudit man check | man -l -
  iisaudit man --into /usr/local/share/man/man1")]
pub(super) struct ManArguments {
    /// The command that the page is about; without it, the page of iisaudit itself
    #[arg(value_name = "COMMAND")]
    command: Option<String>,
    /// Writes a page for iisaudit and one for each command into this directory
    #[arg(long, value_name = "DIRECTORY", conflicts_with = "command")]
    into: Option<PathBuf>,
}

/// A page: its name, such as `iisaudit-check`, and its text.
fn page(command: clap::Command, name: String) -> std::io::Result<(String, String)> {
    let mut text = Vec::new();
    Man::new(command.version(env!("CARGO_PKG_VERSION"))).render(&mut text)?;
    Ok((name, String::from_utf8_lossy(&text).into_owned()))
}

/// The pages of iisaudit and of every command.
fn pages() -> std::io::Result<Vec<(String, String)>> {
    let mut root = Arguments::command();
    // Passes the options of every command down to the commands.
    root.build();
    let mut pages = vec![page(root.clone(), "iisaudit".to_owned())?];
    for command in root.get_subcommands().filter(|command| command.get_name() != "help") {
        pages.push(page(command.clone(), format!("iisaudit-{}", command.get_name()))?);
    }
    Ok(pages)
}

pub(super) fn run(arguments: &ManArguments, common: &Common) -> Outcome {
    let pages = match pages() {
        Ok(pages) => pages,
        Err(error) => {
            complain(&format!("error: cannot make the manual pages: {error}"));
            return Outcome::Unwritable;
        }
    };
    if let Some(directory) = &arguments.into {
        for (name, text) in &pages {
            let file = directory.join(format!("{name}.1"));
            if let Err(error) = write_whole(&file, text.as_bytes()) {
                complain(&format!("error: {}: cannot write the page: {error}", file.display()));
                return Outcome::Unwritable;
            }
        }
        return Outcome::Clean;
    }
    let wanted = arguments.command.as_ref().map_or_else(|| "iisaudit".to_owned(), |command| format!("iisaudit-{command}"));
    match pages.iter().find(|(name, _)| *name == wanted) {
        Some((_, text)) => common.print(text),
        None => {
            let names: Vec<_> = pages.iter().filter_map(|(name, _)| name.strip_prefix("iisaudit-")).collect();
            complain(&format!("error: there is no such command; there are: {}", names.join(", ")));
            Outcome::Usage
        }
    }
}
