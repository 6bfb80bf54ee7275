//! The command line: what is asked for, where results and messages go, and what the exit code says. One file a command.

mod baseline;
mod check;
mod completions;
mod diagnose;
mod diff;
mod explain;
mod fleet;
mod gather;
mod judge;
mod man;
mod output;
mod policy;
mod progress;
mod rules;
mod sites;

use std::io::{IsTerminal, Write};
use std::num::NonZeroUsize;
use std::path::PathBuf;
use std::process::ExitCode;

use clap::builder::PossibleValue;
use clap::{Args, ColorChoice, Parser, Subcommand, ValueEnum};

use crate::compare::{NoSite, find_site};
use crate::estate::{Estate, FileKind, InputReport, Options};
use crate::input::Charset;
use crate::report::style::Style;
use crate::rules::Profile;
use crate::server::{Generation, Server, WindowsVersion};

/// Width of results that go to no terminal.
const PIPED_WIDTH: usize = 100;
/// Narrower terminals get lines of this width.
const LEAST_WIDTH: usize = 40;

/// Audits the SSL and client-certificate configuration of IIS servers, offline.
///
/// Reads MetaBase.xml (IIS 6), applicationHost.config and web.config (IIS 7 and later) and the SSL records of HTTP.sys, works out what is
/// in effect for every site and URL path, and says where each value comes from. It never changes a server and never uses the network.
#[derive(Parser)]
#[command(name = "iisaudit", version, max_term_width = 120, after_help = EXIT_CODES)]
struct Arguments {
    #[command(subcommand)]
    command: Command,
    #[command(flatten)]
    common: Common,
}

const EXIT_CODES: &str = "Examples:
  iisaudit check applicationHost.config sslcert.txt
  iisaudit diff --failing MetaBase.xml#Orders --working #Billing --status 403.13
  iisaudit diff before/ after/ --fail-on weaker
  iisaudit diagnose applicationHost.config sslcert.txt --site Orders --status 403.13 --evidence verify.txt
  iisaudit explain CertCheckMode=5

Exit codes:
  0  nothing found at or above --fail-on, no difference, no cause that anything speaks for
  1  findings, differences, or a cause that something speaks for
  2  wrong usage, or a mistake in the policy file or the baseline
  3  an input could not be read, or the result not be written, whatever else was found
  4  no configuration found in the given paths";

#[derive(Subcommand)]
enum Command {
    Sites(sites::SitesArguments),
    Diff(diff::DiffArguments),
    Diagnose(diagnose::DiagnoseArguments),
    Check(check::CheckArguments),
    Fleet(fleet::FleetArguments),
    Baseline(baseline::BaselineArguments),
    Explain(explain::ExplainArguments),
    Rules(rules::RulesArguments),
    Completions(completions::CompletionsArguments),
    Man(man::ManArguments),
}

/// Options of every command.
#[derive(Args)]
#[command(next_help_heading = "Options of every command")]
struct Common {
    /// When to use colour; NO_COLOR and a pipe switch it off, CLICOLOR_FORCE=1 on
    #[arg(long, global = true, value_enum, default_value_t = ColorChoice::Auto, value_name = "WHEN")]
    color: ColorChoice,
    /// Width of tables in columns; otherwise that of the terminal, or 100
    #[arg(long, global = true, value_name = "COLUMNS", value_parser = clap::value_parser!(u16).range(LEAST_WIDTH as i64..))]
    width: Option<u16>,
    /// Encoding of files that are neither UTF-8 nor UTF-16, such as windows-1252 or cp850
    #[arg(long, global = true, value_name = "NAME", value_parser = parse_encoding)]
    encoding: Option<Charset>,
    /// Version of Windows of the servers, which some rules need; otherwise a file tells it, if any does
    #[arg(long, global = true, value_enum, value_name = "VERSION")]
    windows: Option<Windows>,
    /// What the named files are; otherwise their content tells
    #[arg(long = "as", global = true, value_enum, value_name = "KIND")]
    kind: Option<Kind>,
    /// Name of the server in reports; otherwise that of its directory or file
    #[arg(long, global = true, value_name = "NAME")]
    name: Option<String>,
    /// Threads that read and judge; otherwise one a core. Results are the same with any number
    #[arg(long, global = true, value_name = "N")]
    threads: Option<NonZeroUsize>,
    /// Says on standard error what each file was taken for
    #[arg(short, long, global = true)]
    verbose: bool,
}

/// How results are written.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum Format {
    /// Text for people
    Table,
    /// JSON for programs, described by the schemas in schemas/
    Json,
}

/// The option of commands that know these formats.
#[derive(Args)]
struct FormatOption {
    /// How results are written
    #[arg(long, value_enum, default_value_t = Format::Table)]
    format: Format,
}

/// Kinds of files, for `--as`.
#[derive(Debug, Clone, Copy, ValueEnum)]
enum Kind {
    /// MetaBase.xml
    Metabase,
    /// MBSchema.xml
    Mbschema,
    /// applicationHost.config
    ApplicationHost,
    /// redirection.config
    Redirection,
    /// web.config
    WebConfig,
    /// The output of `netsh http show sslcert`
    Sslcert,
    /// The output of `httpcfg query ssl` of Windows Server 2003
    Httpcfg,
    /// A registry export of HTTP.sys or Schannel
    Registry,
    /// The output of `certutil -store`
    Certstore,
    /// The output of `certutil -verify`
    Certverify,
    /// Events of Windows as XML, text, CSV or binary log (.evtx)
    Events,
    /// A log of IIS in W3C format, or the error log of HTTP.sys
    Log,
}

impl From<Kind> for FileKind {
    fn from(kind: Kind) -> Self {
        match kind {
            Kind::Metabase => FileKind::MetaBase,
            Kind::Mbschema => FileKind::MbSchema,
            Kind::ApplicationHost => FileKind::ApplicationHost,
            Kind::Redirection => FileKind::Redirection,
            Kind::WebConfig => FileKind::WebConfig,
            Kind::Sslcert => FileKind::SslCert,
            Kind::Httpcfg => FileKind::Httpcfg,
            Kind::Registry => FileKind::Registry,
            Kind::Certstore => FileKind::CertStore,
            Kind::Certverify => FileKind::CertVerify,
            Kind::Events => FileKind::Events,
            Kind::Log => FileKind::Log,
        }
    }
}

/// Versions of Windows Server, for `--windows`.
#[derive(Debug, Clone, Copy)]
struct Windows(WindowsVersion);

impl ValueEnum for Windows {
    fn value_variants<'a>() -> &'a [Self] {
        const {
            &[
                Windows(WindowsVersion::Server2003),
                Windows(WindowsVersion::Server2008),
                Windows(WindowsVersion::Server2008R2),
                Windows(WindowsVersion::Server2012),
                Windows(WindowsVersion::Server2012R2),
                Windows(WindowsVersion::Server2016),
                Windows(WindowsVersion::Server2019),
                Windows(WindowsVersion::Server2022),
                Windows(WindowsVersion::Server2025),
            ]
        }
    }

    fn to_possible_value(&self) -> Option<PossibleValue> {
        Some(PossibleValue::new(self.0.name()))
    }
}

/// Benchmarks, for `--profile`.
#[derive(Debug, Clone, Copy, ValueEnum)]
enum ProfileName {
    /// DISA STIG for IIS 10.0
    Stig,
    /// CIS benchmark for IIS 10
    Cis,
}

impl From<ProfileName> for Profile {
    fn from(name: ProfileName) -> Self {
        match name {
            ProfileName::Stig => Profile::Stig,
            ProfileName::Cis => Profile::Cis,
        }
    }
}

fn parse_encoding(name: &str) -> Result<Charset, String> {
    Charset::for_label(name).ok_or_else(|| "not the name of an encoding; try windows-1252, cp850 or ibm866".to_owned())
}

/// What a command came to. The order is that of precedence: the greatest counts.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Outcome {
    Clean,
    Found,
    NoInput,
    Unreadable,
    Unwritable,
    Usage,
}

impl From<Outcome> for ExitCode {
    fn from(outcome: Outcome) -> Self {
        ExitCode::from(match outcome {
            Outcome::Clean => 0,
            Outcome::Found => 1,
            Outcome::Usage => 2,
            Outcome::Unreadable | Outcome::Unwritable => 3,
            Outcome::NoInput => 4,
        })
    }
}

/// Runs the command that the process was started with.
pub fn run() -> ExitCode {
    let arguments = Arguments::parse();
    let common = &arguments.common;
    let outcome = match &arguments.command {
        Command::Sites(command) => sites::run(command, common),
        Command::Diff(command) => diff::run(command, common),
        Command::Diagnose(command) => diagnose::run(command, common),
        Command::Check(command) => check::run(command, common),
        Command::Fleet(command) => fleet::run(command, common),
        Command::Baseline(command) => baseline::run(command, common),
        Command::Explain(command) => explain::run(command, common),
        Command::Rules(command) => rules::run(command, common),
        Command::Completions(command) => completions::run(command, common),
        Command::Man(command) => man::run(command, common),
    };
    outcome.into()
}

/// What is said where logs lie among the files and the command has no use for them.
fn logs_not_read(count: usize) -> String {
    match count {
        1 => "1 log file was not read; `iisaudit diagnose` reads it".to_owned(),
        _ => format!("{count} log files were not read; `iisaudit diagnose` reads them"),
    }
}

impl Common {
    fn options(&self) -> Options {
        Options {
            encoding: self.encoding,
            kind: self.kind.map(FileKind::from),
            windows: self.windows.map(|windows| windows.0),
            threads: self.threads,
            progress: progress::on_terminal(),
            ..Options::default()
        }
    }

    /// Says which logs were not read, and what was read, where that was asked for.
    fn say_what_was_read(&self, estate: &Estate) {
        if estate.logs_not_read > 0 {
            complain(&logs_not_read(estate.logs_not_read));
        }
        if !self.verbose {
            return;
        }
        for input in estate.inputs.iter().filter(|input| input.error.is_none()) {
            let kind = input.kind.map_or("not recognised", FileKind::name);
            let encoding = input.encoding.map(|encoding| format!(", {encoding}")).unwrap_or_default();
            let server = input.server.as_ref().map(|server| format!(", server {server}")).unwrap_or_default();
            complain(&format!("read {}: {kind}{encoding}{server}", input.path));
        }
        complain(&format!("{} other files skipped", estate.skipped));
    }

    /// Reads `paths`, renames the server when asked to, and reports unreadable inputs on standard error.
    fn read(&self, paths: &[PathBuf]) -> Result<Estate, Outcome> {
        self.read_with(paths, &self.options())
    }

    /// The same with other options than those of every command.
    fn read_with(&self, paths: &[PathBuf], options: &Options) -> Result<Estate, Outcome> {
        let mut estate = crate::estate::read(paths, options);
        if let Some(message) = self.misfit(&estate) {
            complain(&message);
            return Err(Outcome::Usage);
        }
        if let Some(name) = &self.name {
            match estate.servers.as_mut_slice() {
                [server] => {
                    for input in &mut estate.inputs {
                        if input.server.as_ref() == Some(&server.name) {
                            input.server = Some(name.clone());
                        }
                    }
                    server.name.clone_from(name);
                }
                servers => {
                    complain(&format!("--name needs exactly one server, these paths hold {}", servers.len()));
                    return Err(Outcome::Usage);
                }
            }
        }
        self.say_what_was_read(&estate);
        Ok(estate)
    }

    /// Why `--windows` cannot be right: IIS 7 and later never ran on Windows Server 2003.
    fn misfit(&self, estate: &Estate) -> Option<String> {
        let named = self.windows.filter(|windows| windows.0 == WindowsVersion::Server2003)?;
        let later = estate.servers.iter().find(|server| server.generation != Generation::Iis6)?;
        Some(format!("error: --windows {} does not fit {}, which has {}", named.0.name(), later.name, later.generation))
    }

    fn style(&self) -> Style {
        let terminal = std::io::stdout().is_terminal();
        let colour = match self.color {
            ColorChoice::Always => true,
            ColorChoice::Never => false,
            ColorChoice::Auto => anstream::AutoStream::choice(&std::io::stdout()) != anstream::ColorChoice::Never,
        };
        let found = || terminal_size::terminal_size().filter(|_| terminal).map(|(width, _)| usize::from(width.0));
        let width = self.width.map(usize::from).or_else(found).unwrap_or(PIPED_WIDTH).max(LEAST_WIDTH);
        Style { colour, width }
    }

    /// Writes a result to standard output. A reader that has gone away, such as `head`, is no failure; a full disk is one, or a script would
    /// take half a report for the whole.
    fn print(&self, text: &str) -> Outcome {
        self.print_by(|out| out.write_all(text.as_bytes()))
    }

    /// The same for a result that is written piece by piece, in large pieces.
    fn print_by(&self, write: impl FnOnce(&mut dyn Write) -> std::io::Result<()>) -> Outcome {
        // A result in colour may have to be put into other words for an old console; one without goes out as it is.
        let mut stdout: Box<dyn Write> = match self.style().colour {
            true => Box::new(anstream::AutoStream::new(std::io::stdout(), anstream::ColorChoice::Always)),
            false => Box::new(std::io::stdout()),
        };
        written(write(&mut *stdout).and_then(|()| stdout.flush()))
    }

    /// The same for a result for programs that is too long to be held.
    fn stream(&self, write: impl FnOnce(&mut dyn Write) -> std::io::Result<()>) -> Outcome {
        let mut stdout = std::io::BufWriter::new(std::io::stdout().lock());
        written(write(&mut stdout).and_then(|()| stdout.flush()))
    }
}

/// What writing to standard output came to.
fn written(result: std::io::Result<()>) -> Outcome {
    match result {
        Err(error) if error.kind() != std::io::ErrorKind::BrokenPipe => {
            complain(&format!("error: standard output: cannot write the result: {error}"));
            Outcome::Unwritable
        }
        _ => Outcome::Clean,
    }
}

/// Says on standard error what is wrong. The text is escaped, because it can quote the command line or a file.
fn complain(message: &str) {
    let mut stderr = anstream::stderr().lock();
    // Nothing can be done when standard error itself is gone.
    let _ = writeln!(stderr, "iisaudit: {}", crate::report::escape::terminal(message));
}

/// More unreadable files than this are not listed on standard error; the report lists them all.
const LISTED: usize = 20;

/// Reports unreadable inputs on standard error, and says what they and an empty estate make of the exit code. What a reader should know
/// of files that were read stands in the report only.
fn judge_inputs(estate: &Estate, paths: &[PathBuf]) -> Outcome {
    let outcome = report_unreadable(&estate.inputs);
    if estate.servers.is_empty() && outcome == Outcome::Clean {
        let paths = paths.iter().map(|path| path.display().to_string()).collect::<Vec<_>>().join(", ");
        let skipped = match estate.skipped {
            0 => String::new(),
            1 => " (1 other file skipped)".to_owned(),
            skipped => format!(" ({skipped} other files skipped)"),
        };
        complain(&format!(
            "error: {paths}: no configuration of IIS found{skipped}; give a MetaBase.xml, applicationHost.config or web.config, the output of `netsh http \
             show sslcert`, a registry export of HTTP.sys or Schannel, or a directory that holds one"
        ));
        return Outcome::NoInput;
    }
    outcome
}

/// Reports the unreadable ones among `inputs` on standard error.
fn report_unreadable(inputs: &[InputReport]) -> Outcome {
    let mut outcome = Outcome::Clean;
    let mut unreadable = 0;
    for input in inputs {
        if let Some(error) = &input.error {
            unreadable += 1;
            if unreadable <= LISTED {
                let place = match (error.line, error.column) {
                    (Some(line), Some(column)) => format!(":{line}:{column}"),
                    _ => String::new(),
                };
                complain(&format!("error: {}{place}: {}", input.path, error.message));
            }
            outcome = Outcome::Unreadable;
        }
    }
    if unreadable > LISTED {
        complain(&format!("error: {} more files could not be read", unreadable - LISTED));
    }
    outcome
}

/// Says why `text` names no site of `servers`, with the names that there are; nothing when it names at least one and is never ambiguous.
fn no_site(servers: &[Server], text: &str) -> Option<String> {
    let failures: Vec<NoSite> = servers.iter().filter_map(|server| find_site(server, text).err()).collect();
    if let Some(ambiguous) = failures.iter().find(|failure| failure.ambiguous.is_some()) {
        return Some(ambiguous.to_string());
    }
    if failures.len() < servers.len() {
        return None;
    }
    match failures.as_slice() {
        [only] => Some(only.to_string()),
        _ => Some(format!("no site of {} servers has the id, name or host header {text}; `iisaudit sites` lists them", servers.len())),
    }
}
