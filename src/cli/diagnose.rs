//! `iisaudit diagnose`: from the status that clients get to its cause.

use std::path::{Path, PathBuf};

use clap::Args;

use super::diff::{Target, parse_status};
use super::{Common, Format, FormatOption, Outcome, complain, judge_inputs, report_unreadable};
use crate::compare::{SiteRef, find_site, status_matches};
use crate::diagnose::{Case, Fact, Logged, Url, Verdict, causes_of, diagnose, is_served, logged, logged_by_site, named_in_logs};
use crate::estate::{Estate, FileKind, InputReport, NOT_USED_ON_IIS_6, Options, give_evidence};
use crate::explain::status_named;
use crate::input::{FileId, Place};
use crate::policy::Date;
use crate::report;
use crate::server::Server;

/// How many sites a message lists.
const LISTED: usize = 12;

/// Judges every known cause of a status at a URL: what speaks for it, what rules it out, what would decide it
#[derive(Args)]
#[command(after_help = "A SITE is an id, a name or a host header, or FILE#SITE where several servers have one of that name.

Evidence is what a server shows beside its configuration: the output of `certutil -verify -urlfetch client.cer` or `certutil -store`, events, \
an export of the registry, the output of `netsh http show sslcert`. Files that lie among the paths are used as well; those of --evidence belong \
to the server of the site wherever they lie, and count first.

Nothing that was not given is taken for being in order: what cannot be decided is open, and the report says which evidence would decide it.

Exit codes:
  0  nothing speaks for any cause, or the status cannot come from here
  1  something speaks for at least one cause
  3  a file could not be read or stops in its middle, whatever else was found

Examples:
  iisaudit diagnose MetaBase.xml --site 690402 --status 403.13 --evidence verify.txt
  iisaudit diagnose MetaBase.xml --site 690402 --working 90326589 --status 403.13
  iisaudit diagnose servers/ --site Orders --status 403.7 --url https://orders.example.com/api --format json")]
pub(super) struct DiagnoseArguments {
    /// Files or directories with the configuration, and evidence beside it
    #[arg(value_name = "PATH", required_unless_present = "site")]
    paths: Vec<PathBuf>,
    /// The site that fails; may be left out where a log names it, or only one wants client certificates
    #[arg(long, value_name = "SITE")]
    site: Option<String>,
    /// What clients get, such as 403.13; may be left out where a log tells it
    #[arg(long, value_name = "STATUS", value_parser = parse_status)]
    status: Option<String>,
    /// The path that fails, or the whole URL, which also tells the endpoint
    #[arg(long, value_name = "URL", default_value = "/", value_parser = Url::parse)]
    url: Url,
    /// Evidence of the server of the site
    #[arg(long, value_name = "FILE", num_args = 1..)]
    evidence: Vec<PathBuf>,
    /// A site that works; otherwise one that a log shows working
    #[arg(long, value_name = "SITE")]
    working: Option<String>,
    /// The day on which the status was met, as YYYY-MM-DD, which then counts; otherwise the last refusal in the log, or today
    #[arg(long, value_name = "DATE")]
    at: Option<Date>,
    #[command(flatten)]
    output: FormatOption,
}

/// A site as it was found: indexes of its server and of the site, and how it was chosen when it was not named.
struct Found {
    server: usize,
    site: usize,
    why: Option<String>,
}

pub(super) fn run(arguments: &DiagnoseArguments, common: &Common) -> Outcome {
    let targets: Vec<Option<Target>> = [&arguments.site, &arguments.working].map(|site| site.as_deref().map(target)).into();
    let mut paths = arguments.paths.clone();
    for path in targets.iter().flatten().filter_map(|target| target.path.clone()) {
        if !paths.iter().any(|known| path.starts_with(known)) {
            paths.push(path);
        }
    }
    if paths.is_empty() {
        complain("error: no file is named; give the configuration of the server as a path, or FILE#SITE as --site");
        return Outcome::Usage;
    }
    let options = Options { logs: true, apart: arguments.evidence.clone(), ..common.options() };
    let mut estate = match common.read_with(&paths, &options) {
        Ok(estate) => estate,
        Err(outcome) => return outcome,
    };
    let before = judge_inputs(&estate, &paths);
    if before == Outcome::NoInput {
        return before;
    }
    let wrong = |message: String| {
        complain(&format!("error: {message}"));
        // Where a file could not be read, that may be why the site was not found.
        if before == Outcome::Unreadable { before } else { Outcome::Usage }
    };
    let read = estate.inputs.len();
    let give = |estate: &mut Estate, server: usize| {
        if !arguments.evidence.is_empty() {
            give_evidence(estate, server, &arguments.evidence, &options);
        }
    };
    // Evidence can hold the log that tells the site.
    let alone = estate.servers.len() == 1;
    if alone {
        give(&mut estate, 0);
    }
    let asked = arguments.status.as_deref().map(|status| status_named(status).map_or(status, |(name, _)| name).to_owned());
    let found = match targets.first().and_then(Option::as_ref) {
        Some(target) => named(&estate, target, "--site"),
        None => told_by_log(&estate.servers, asked.as_deref()).map_or_else(|| only(&estate.servers), Ok),
    };
    let found = match found {
        Ok(found) => found,
        Err(message) => {
            report_unreadable(estate.inputs.get(read..).unwrap_or_default());
            let heard: String = estate.servers.iter().map(heard).collect();
            return wrong(format!("{message}{heard}"));
        }
    };
    let working = match targets.get(1).and_then(Option::as_ref).map(|target| working(&estate, target, found.server)).transpose() {
        Ok(working) => working,
        Err(message) => return wrong(message),
    };
    if working.as_ref().is_some_and(|working| (working.server, working.site) == (found.server, found.site)) {
        return wrong("--working: this is the site that fails".to_owned());
    }
    if !alone {
        give(&mut estate, found.server);
    }
    let outcome = before.max(report_unreadable(estate.inputs.get(read..).unwrap_or_default()));
    let Some((status, status_from)) =
        asked.map(|status| (status, None)).or_else(|| estate.servers.get(found.server).and_then(|server| from_log(server, found.site)))
    else {
        let heard = estate.servers.get(found.server).map(heard).unwrap_or_default();
        return wrong(format!(
            "--status is needed, for there is no log that tells it{heard}: what do clients get? For example --status 403.13"
        ));
    };
    if causes_of(&status).next().is_none() {
        return wrong(format!(
            "--status: no cause of {status} can be told from configuration; `iisaudit explain {status}` says what is known of it"
        ));
    }
    let working = working.or_else(|| works_by_log(estate.servers.get(found.server)?, &found, &status));
    let reference = |found: &Found| Some(SiteRef { server: estate.servers.get(found.server)?, site: found.site });
    let Some(at) = reference(&found) else { return outcome };
    let mut case = Case::new(&estate.servers, at, arguments.url.clone(), &status);
    case.status_from = status_from;
    case.working = working.as_ref().and_then(reference);
    case.working_from = working.as_ref().and_then(|working| working.why.clone());
    case.at = Some(arguments.at.unwrap_or_else(Date::today));
    case.at_named = arguments.at.is_some();
    case.notes = not_used(&estate, at.server).into_iter().chain(case.url_misses()).chain(case.log_misses()).collect();
    case.unreadable = unreadable_configuration(&estate);
    case.chosen = found.why;
    let diagnosis = diagnose(&case);
    let printed = common.print(&match arguments.output.format {
        Format::Table => report::diagnose::table(&estate, &case, &diagnosis, common.style()),
        Format::Json => report::diagnose::json(&estate, &case, &diagnosis),
    });
    let supported = diagnosis.with(Verdict::Supported).next().is_some();
    outcome.max(printed).max(if supported { Outcome::Found } else { Outcome::Clean })
}

/// The status that the log has most often, of those whose causes are known.
fn from_log(server: &Server, site: usize) -> Option<(String, Option<Fact>)> {
    let one = logged(server, site).into_iter().find(|one| causes_of(&one.status).next().is_some())?;
    Some((one.status.clone(), Some(one.fact())))
}

/// The files that were given for the server and do not count on it.
fn not_used(estate: &Estate, server: &Server) -> Vec<Fact> {
    let given = estate.inputs.iter().filter(|input| input.server.as_ref() == Some(&server.name));
    let given = given.filter(|input| input.warnings.iter().any(|warning| warning == NOT_USED_ON_IIS_6));
    given
        .map(|input| Fact::new(format!("{}: {NOT_USED_ON_IIS_6}; `httpcfg query ssl` shows what HTTP.sys really has", input.path)))
        .collect()
}

/// The web.config files that could not be read: likely IIS cannot, either.
fn unreadable_configuration(estate: &Estate) -> Vec<Fact> {
    let broken = estate.inputs.iter().enumerate().filter(|(_, input)| input.kind == Some(FileKind::WebConfig));
    let fact = |(index, input): (usize, &InputReport)| {
        let error = input.error.as_ref()?;
        let file = FileId(u32::try_from(index).ok()?);
        let place = error.line.map(|line| Place { file, line, column: error.column.unwrap_or(1) });
        Some(Fact::at(format!("this web.config cannot be read here, and likely not by IIS: {}", error.message), place))
    };
    broken.filter_map(fact).collect()
}

/// Whom the logs of a server speak of, where they were given and did not tell what was asked for.
fn heard(server: &Server) -> String {
    let names = named_in_logs(server);
    if names.is_empty() {
        return String::new();
    }
    let shown: Vec<&str> = names.iter().take(LISTED).map(|(name, _)| name.as_str()).collect();
    format!(" (the log speaks of {})", shown.join(", "))
}

/// The site that logs tell: the only one that they have the status of, or the only one that they speak of. Nothing where they leave a choice.
fn told_by_log(servers: &[Server], status: Option<&str>) -> Option<Found> {
    let mut failing = Vec::new();
    let mut heard = Vec::new();
    for (index, server) in servers.iter().enumerate() {
        for (site, outcomes) in logged_by_site(server) {
            let is_it = |one: &&Logged| match status {
                Some(status) => status_matches(&one.status, status),
                None => causes_of(&one.status).next().is_some(),
            };
            if let Some(one) = outcomes.iter().find(is_it) {
                failing.push((index, site, one.status.clone()));
            }
            heard.push((index, site));
        }
    }
    let wants = |found: &(usize, usize, String)| {
        servers.get(found.0).and_then(|server| server.sites.get(found.1)).is_some_and(|site| site.wants_certificates())
    };
    if failing.len() > 1 && failing.iter().any(wants) {
        failing.retain(wants);
    }
    let (server, site, why) = match (failing.as_slice(), heard.as_slice()) {
        ([(server, site, status)], _) => (*server, *site, format!("the only site that the log has {status} of")),
        ([], [(server, site)]) => (*server, *site, "the only site that the log speaks of".to_owned()),
        _ => return None,
    };
    // Where there is no choice, nothing was chosen.
    let sites: usize = servers.iter().map(|server| server.sites.len()).sum();
    (sites > 1).then_some(Found { server, site, why: Some(why) })
}

/// The site that works as the log tells: it wants client certificates, too, serves requests and never has the status. Of several the one that
/// served most.
fn works_by_log(server: &Server, failing: &Found, status: &str) -> Option<Found> {
    let by_site = logged_by_site(server);
    let has = |outcomes: &[Logged]| outcomes.iter().any(|one| status_matches(&one.status, status));
    if !by_site.get(&failing.site).is_some_and(|outcomes| has(outcomes)) {
        return None;
    }
    let served = |outcomes: &[Logged]| outcomes.iter().filter(|one| is_served(one)).map(|one| one.requests).sum::<u64>();
    let wants = |site: usize| server.sites.get(site).is_some_and(|site| site.wants_certificates());
    let candidates = by_site.iter().filter(|(site, outcomes)| **site != failing.site && wants(**site) && !has(outcomes));
    let (requests, site) = candidates.map(|(site, outcomes)| (served(outcomes), std::cmp::Reverse(*site))).max()?;
    (requests > 0).then(|| Found {
        server: failing.server,
        site: site.0,
        why: Some(format!("the log has {requests} served requests of it, and none with {status}; --working names another")),
    })
}

/// A site as it is written; without a `#` it is the name, not a path.
fn target(text: &str) -> Target {
    let target = Target::new(text);
    match target.site {
        Some(_) => target,
        None => Target { path: None, site: Some(text.to_owned()) },
    }
}

/// Whether any file of the server is `path` or lies below it.
fn is_of(estate: &Estate, server: &Server, path: &Path) -> bool {
    let path = crate::input::display(path);
    let below = format!("{}/", path.trim_end_matches('/'));
    let mut files = server.inputs.iter().filter_map(|file| estate.inputs.get(usize::try_from(file.0).ok()?));
    files.any(|input| input.path == path || input.path.starts_with(&below))
}

fn named(estate: &Estate, target: &Target, option: &str) -> Result<Found, String> {
    let text = target.site.as_deref().unwrap_or_default();
    let mut found = Vec::new();
    let mut problem = None;
    for (index, server) in estate.servers.iter().enumerate() {
        if target.path.as_deref().is_some_and(|path| !is_of(estate, server, path)) {
            continue;
        }
        match find_site(server, text) {
            Ok(site) => found.push(Found { server: index, site, why: None }),
            Err(error) => problem = Some(error.to_string()),
        }
    }
    if found.len() > 1 {
        let servers: Vec<&str> = found.iter().filter_map(|found| Some(estate.servers.get(found.server)?.name.as_str())).collect();
        return Err(format!("{option}: several servers have a site {text}: {}; write FILE#SITE", servers.join(", ")));
    }
    found
        .pop()
        .ok_or_else(|| format!("{option}: {}", problem.unwrap_or_else(|| format!("no site {text}: no server was read from that path"))))
}

/// The site that works: one of the same server when that has it, else one of any.
fn working(estate: &Estate, target: &Target, server: usize) -> Result<Found, String> {
    let text = target.site.as_deref().unwrap_or_default();
    let here = estate.servers.get(server).filter(|_| target.path.is_none()).and_then(|server| find_site(server, text).ok());
    match here {
        Some(site) => Ok(Found { server, site, why: None }),
        None => named(estate, target, "--working"),
    }
}

/// The site that is meant when none is named: the only one that wants client certificates, or the only one at all.
fn only(servers: &[Server]) -> Result<Found, String> {
    let all = || servers.iter().enumerate().flat_map(|(index, server)| (0..server.sites.len()).map(move |site| (index, site)));
    let at = |(server, site): (usize, usize)| servers.get(server).and_then(|server| server.sites.get(site));
    let wanting: Vec<_> = all().filter(|found| at(*found).is_some_and(|site| site.wants_certificates())).collect();
    if let [(server, site)] = wanting[..] {
        return Ok(Found { server, site, why: Some("the only site that wants client certificates".to_owned()) });
    }
    let every: Vec<_> = all().collect();
    if let [(server, site)] = every[..] {
        return Ok(Found { server, site, why: Some("the only site".to_owned()) });
    }
    let listed = if wanting.is_empty() { &every } else { &wanting };
    let what = match (listed.len(), wanting.is_empty()) {
        (0, _) => return Err("no site was found in these files; --site needs the configuration of a server".to_owned()),
        (_, true) => "no site is known to want client certificates",
        _ => "several sites want client certificates",
    };
    let name = |found: &(usize, usize)| {
        let server = servers.get(found.0).map(|server| server.name.as_str()).unwrap_or_default();
        at(*found).map(|site| if servers.len() > 1 { format!("{} on {server}", site.label()) } else { site.label() })
    };
    let mut names: Vec<String> = listed.iter().take(LISTED).filter_map(name).collect();
    if listed.len() > LISTED {
        names.push(format!("and {} more", listed.len() - LISTED));
    }
    Err(format!("{what}; name the one that fails with --site: {}", names.join(", ")))
}
