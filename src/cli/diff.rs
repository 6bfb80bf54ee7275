//! `iisaudit diff`: two sites, or two states of a server or of a directory of servers, before and after a change.

use std::path::{Path, PathBuf};

use clap::{Args, ValueEnum};

use super::{Common, Format, FormatOption, Outcome, complain, judge_inputs};
use crate::change::{self, ServerChange};
use crate::compare::{EstateDiff, Side, SiteRef, compare_estates, compare_sites, diagnose, find_site, split_target, status_matches};
use crate::estate::{Estate, Options};
use crate::explain::{Kind, Topic, statuses, topics};
use crate::report::{self, diff::Compared};
use crate::server::Server;

/// Says what a change does, or what differs between two sites
#[derive(Args)]
#[command(
    override_usage = "iisaudit diff [OPTIONS] <A> <B>\n       iisaudit diff [OPTIONS] --failing <A> --working <B> [--status <STATUS>]",
    after_help = "A and B are PATH, PATH#SITE, or #SITE for a site in the file of the other side. A SITE is an id, a name or a host header.

Without a site A is the state before and B the state after: two files, two directories, or two copies of the configuration history, such as
C:\\inetpub\\history\\CFGHISTORY_0000000012. Servers belong together by name.

Examples:
  iisaudit diff 'MetaBase.xml#690402' '#90326589'
  iisaudit diff --failing 'MetaBase.xml#Partner A' --working '#Partner B' --status 403.13
  iisaudit diff node1/applicationHost.config node2/applicationHost.config
  iisaudit diff before/ after/ --fail-on weaker,new-finding"
)]
pub(super) struct DiffArguments {
    /// The state before, or one side
    #[arg(value_name = "A", required_unless_present_all = ["failing", "working"], conflicts_with_all = ["failing", "working"])]
    left: Option<String>,
    /// The state after, or the other side
    #[arg(value_name = "B", required_unless_present_all = ["failing", "working"], conflicts_with_all = ["failing", "working"])]
    right: Option<String>,
    /// The site that fails; differences that can be the cause are put on top, with what to do about them
    #[arg(long, value_name = "A", requires = "working")]
    failing: Option<String>,
    /// The site that works
    #[arg(long, value_name = "B", requires = "failing")]
    working: Option<String>,
    /// What the failing site answers, such as 403.13
    #[arg(long, value_name = "STATUS", requires = "failing", value_parser = parse_status)]
    status: Option<String>,
    /// What makes the exit code 1; several are separated by commas
    #[arg(long, value_enum, value_name = "WHAT", value_delimiter = ',', default_value = "different")]
    fail_on: Vec<FailOn>,
    #[command(flatten)]
    output: FormatOption,
}

/// What makes the exit code 1.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum FailOn {
    /// Any difference
    Different,
    /// A setting that is weaker after than before
    Weaker,
    /// A finding that is new, or worse than before
    NewFinding,
    /// Nothing
    Never,
}

impl FailOn {
    fn is_met(self, diff: &EstateDiff<'_>, changes: &[ServerChange<'_>]) -> bool {
        match self {
            FailOn::Different => !diff.is_empty() || !changes.iter().all(ServerChange::is_empty),
            FailOn::Weaker => changes.iter().any(ServerChange::is_weaker),
            FailOn::NewFinding => changes.iter().any(ServerChange::has_new_findings),
            FailOn::Never => false,
        }
    }
}

/// A status that something is known about: what is known of no status can be said to cause none.
pub(super) fn parse_status(text: &str) -> Result<String, String> {
    let is = |topic: &Topic| topic.name.eq_ignore_ascii_case(text) || status_matches(&topic.name, text);
    if topics().iter().filter(|topic| topic.kind == Kind::Status).any(is) {
        return Ok(text.to_owned());
    }
    let known = statuses().collect::<Vec<_>>().join(", ");
    Err(format!("nothing is known about this status; known are {known}. Leave --status out to see all that differs"))
}

/// One side as it was asked for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Target {
    pub(super) path: Option<PathBuf>,
    pub(super) site: Option<String>,
}

impl Target {
    /// A file may be called `a#b`: when one of the whole name exists, that is meant.
    pub(super) fn new(text: &str) -> Target {
        if Path::new(text).exists() {
            return Target { path: Some(PathBuf::from(text)), site: None };
        }
        let (path, site) = split_target(text);
        Target { path: path.map(PathBuf::from), site: site.map(str::to_owned) }
    }
}

pub(super) fn run(arguments: &DiffArguments, common: &Common) -> Outcome {
    let (Some(left), Some(right)) =
        (arguments.failing.as_ref().or(arguments.left.as_ref()), arguments.working.as_ref().or(arguments.right.as_ref()))
    else {
        complain("error: two sides are needed; see `iisaudit diff --help`");
        return Outcome::Usage;
    };
    let (left, right) = (Target::new(left), Target::new(right));
    let (left_path, right_path) = match (&left.path, &right.path) {
        (Some(left), Some(right)) => (left.clone(), right.clone()),
        (Some(path), None) | (None, Some(path)) => (path.clone(), path.clone()),
        (None, None) => {
            complain("error: neither side names a file; write PATH#SITE on one of them");
            return Outcome::Usage;
        }
    };
    let one_site = |target: &Target| target.site.is_some();
    if one_site(&left) != one_site(&right) {
        complain("error: one side names a site and the other does not; write PATH#SITE on both, or on neither");
        return Outcome::Usage;
    }
    if arguments.failing.is_some() && !one_site(&left) {
        complain("error: --failing and --working need a site each: PATH#SITE");
        return Outcome::Usage;
    }
    if one_site(&left) && arguments.fail_on.iter().any(|fail_on| matches!(fail_on, FailOn::Weaker | FailOn::NewFinding)) {
        complain("error: --fail-on weaker and new-finding compare two states of a server: give two files or directories, without a site");
        return Outcome::Usage;
    }
    if common.name.is_some() {
        complain("error: --name has no meaning for diff, where both sides have servers");
        return Outcome::Usage;
    }

    let real = |path: &PathBuf| std::fs::canonicalize(path).ok();
    let same = left_path == right_path || (real(&left_path).is_some() && real(&left_path) == real(&right_path));
    let left_estate = crate::estate::read(std::slice::from_ref(&left_path), &common.options());
    common.say_what_was_read(&left_estate);
    let first_file = u32::try_from(left_estate.inputs.len()).unwrap_or(u32::MAX);
    let right_estate = (!same).then(|| crate::estate::read(std::slice::from_ref(&right_path), &Options { first_file, ..common.options() }));
    if let Some(message) = std::iter::once(&left_estate).chain(&right_estate).find_map(|estate| common.misfit(estate)) {
        complain(&message);
        return Outcome::Usage;
    }
    let mut outcome = judge_inputs(&left_estate, std::slice::from_ref(&left_path));
    if let Some(estate) = &right_estate {
        common.say_what_was_read(estate);
        outcome = outcome.max(judge_inputs(estate, std::slice::from_ref(&right_path)));
    }
    // A side of which nothing could be read would look as if it were missing.
    if left_estate.servers.is_empty() || right_estate.as_ref().is_some_and(|estate| estate.servers.is_empty()) {
        return outcome;
    }
    let right_servers = right_estate.as_ref().map_or(&left_estate.servers, |estate| &estate.servers);
    // The files of both sides, for the report; it needs no servers.
    let files = Estate {
        inputs: left_estate.inputs.iter().chain(right_estate.iter().flat_map(|estate| &estate.inputs)).cloned().collect(),
        servers: Vec::new(),
        skipped: left_estate.skipped + right_estate.as_ref().map_or(0, |estate| estate.skipped),
        logs_not_read: left_estate.logs_not_read + right_estate.as_ref().map_or(0, |estate| estate.logs_not_read),
    };

    let (text, differs) = match (&left.site, &right.site) {
        (Some(left_site), Some(right_site)) => {
            let (left, right) = match (site(&left_estate.servers, left_site, &left_path), site(right_servers, right_site, &right_path)) {
                (Ok(left), Ok(right)) => (left, right),
                (left, right) => {
                    for message in [left.err(), right.err()].into_iter().flatten() {
                        complain(&format!("error: {message}"));
                    }
                    // Where a file could not be read, that is why the site was not found.
                    return if outcome == Outcome::Unreadable { outcome } else { Outcome::Usage };
                }
            };
            let diff = compare_sites(left, right);
            let diagnosis = arguments.failing.as_ref().map(|_| diagnose(&diff, Side::Left, left, arguments.status.as_deref()));
            let differs = !diff.is_empty() && arguments.fail_on.contains(&FailOn::Different);
            (render(&files, Compared::Sites { diff: &diff, diagnosis: diagnosis.as_ref() }, arguments.output.format, common), differs)
        }
        _ => {
            let diff = compare_estates(&left_estate.servers, right_servers);
            let changes = change::changes(&diff, &files.inputs);
            let differs = arguments.fail_on.iter().any(|fail_on| fail_on.is_met(&diff, &changes));
            (render(&files, Compared::Servers { diff: &diff, changes: &changes }, arguments.output.format, common), differs)
        }
    };
    outcome = outcome.max(common.print(&text));
    if differs { outcome.max(Outcome::Found) } else { outcome }
}

fn render(files: &Estate, compared: Compared<'_>, format: Format, common: &Common) -> String {
    match format {
        Format::Table => report::diff::table(files, compared, common.style()),
        Format::Json => report::diff::json(files, compared),
    }
}

/// The site called `text` among all servers of one side; it must be one.
fn site<'a>(servers: &'a [Server], text: &str, path: &Path) -> Result<SiteRef<'a>, String> {
    let mut found = Vec::new();
    let mut problem = None;
    for server in servers {
        match find_site(server, text) {
            Ok(site) => found.push(SiteRef { server, site }),
            Err(error) => problem = Some(error.to_string()),
        }
    }
    match found.as_slice() {
        [site] => Ok(*site),
        [] => Err(format!(
            "{}: {}",
            path.display(),
            problem.unwrap_or_else(|| format!("no site {text}: no server could be read from this path"))
        )),
        several => {
            let servers: Vec<&str> = several.iter().map(|site| site.server.name.as_str()).collect();
            Err(format!("{}: several servers have a site {text}: {}; name the file of one of them", path.display(), servers.join(", ")))
        }
    }
}
