//! Remedies: commands that are printed and never run, with what they risk. Quoting is done here and nowhere else: a command is exact, or
//! there is none.

pub mod adsutil;
pub mod appcmd;
mod attribute;
mod lines;
pub mod netsh;
#[cfg(test)]
pub(crate) mod parse;
mod powershell;
#[cfg(test)]
mod proofs;
mod quote;
pub(crate) mod record;

pub use attribute::Attribute;
pub use lines::Lines;

use serde::Serialize;

/// What a remedy does to security.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Risk {
    /// It looks and changes nothing.
    ReadOnly,
    /// It changes configuration and weakens nothing.
    Safe,
    /// It makes the server accept more than before.
    WeakensSecurity,
}

impl Risk {
    /// The word in reports.
    pub fn name(self) -> &'static str {
        match self {
            Risk::ReadOnly => "read-only",
            Risk::Safe => "safe",
            Risk::WeakensSecurity => "weakens-security",
        }
    }
}

/// One way to act on a finding. Remedies are listed in the order of their risk.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize)]
pub struct Remedy {
    /// What it risks.
    pub risk: Risk,
    /// What it does and when to choose it.
    pub what: String,
    /// The command for cmd.exe, for a person to run; `None` for advice, and where only PowerShell can carry the texts.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub command: Option<String>,
    /// The same for PowerShell; `None` for advice, for the scripts of IIS 6, and where only cmd.exe can carry the texts.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub powershell: Option<String>,
}

impl Remedy {
    /// A remedy with a command.
    pub fn command(risk: Risk, what: impl Into<String>, command: impl Into<Lines>) -> Self {
        let (command, powershell) = command.into().into_parts();
        Remedy { risk, what: what.into(), command, powershell }
    }

    /// A remedy with a command, or the advice alone where no command line can carry the texts that it would need.
    pub fn offer(risk: Risk, what: impl Into<String>, command: Option<impl Into<Lines>>) -> Self {
        match command {
            Some(command) => Remedy::command(risk, what, command),
            None => Remedy::advice(
                risk,
                format!("{}; no command is given, because a name or value in it would not reach the program unchanged", what.into()),
            ),
        }
    }

    /// Advice without a command.
    pub fn advice(risk: Risk, what: impl Into<String>) -> Self {
        Remedy { risk, what: what.into(), command: None, powershell: None }
    }

    /// The command lines that a report for people shows: that for cmd.exe, and that for PowerShell (named `true`) where it is another one and
    /// changes something, or is the only one.
    pub fn shown(&self) -> impl Iterator<Item = (bool, &str)> {
        let cmd = self.command.as_deref().map(|command| (false, command));
        let powershell = self
            .powershell
            .as_deref()
            .filter(|line| self.command.as_deref().is_none_or(|command| command != *line && self.risk != Risk::ReadOnly))
            .map(|line| (true, line));
        cmd.into_iter().chain(powershell)
    }

    /// Whether there is a command, for whichever shell.
    pub fn has_command(&self) -> bool {
        self.command.is_some() || self.powershell.is_some()
    }
}
