//! `iisaudit check`: the rules over every server.

use std::path::PathBuf;

use clap::{Args, ValueEnum};

use super::output::{self, Destination, ReportFormat};
use super::{Common, Outcome, ProfileName, complain, judge_inputs, no_site};
use crate::report::check::Detail;
use crate::review::Review;
use crate::rules::{self, Context, Finding, Group, Profile, Severity, profiles};
use crate::server::Server;

/// Checks every server against the rules
#[derive(Args)]
#[command(after_help = "Examples:
  iisaudit check MetaBase.xml
  iisaudit check servers/ --quiet --fail-on high
  iisaudit check applicationHost.config --group \"partners=Orders,Billing\"
  iisaudit check applicationHost.config --profile stig
  iisaudit check servers/ --report json=report.json
  iisaudit explain revocation-check-off")]
pub(super) struct CheckArguments {
    /// Files, directories, or - for standard input
    #[arg(required = true, value_name = "PATH")]
    paths: Vec<PathBuf>,
    /// Least severity that makes the exit code 1
    #[arg(long, value_enum, default_value_t = FailOn::Low, value_name = "SEVERITY")]
    fail_on: FailOn,
    /// Sites that should behave alike; replaces the default comparison of all sites that want client certificates
    #[arg(long, value_name = "NAME=SITE,SITE...", value_parser = parse_group)]
    group: Vec<Group>,
    /// Servers that are nodes of one role, such as those behind a load balancer: each is compared with the first of them
    #[arg(long, value_name = "NAME=SERVER,SERVER...", value_parser = parse_nodes)]
    nodes: Vec<Group>,
    /// Only this rule; may be given several times
    #[arg(long, value_name = "RULE", value_parser = parse_rule)]
    rule: Vec<&'static str>,
    /// Adds the rules of a benchmark, names its items, and says which of them were not assessed
    #[arg(long, value_enum, value_name = "BENCHMARK")]
    profile: Option<ProfileName>,
    /// Only severity, rule, site, message and place of each finding: no remedies, no reasons
    #[arg(short, long)]
    quiet: bool,
    /// How results are written
    #[arg(long, value_enum, value_name = "FORMAT")]
    format: Option<ReportFormat>,
    /// Writes the results in this format to this file, too; may be given several times. FILE - is standard output
    #[arg(long, value_name = "FORMAT=FILE", value_parser = output::parse_destination)]
    report: Vec<Destination>,
}

impl CheckArguments {
    fn detail(&self) -> Detail {
        if self.quiet { Detail::Short } else { Detail::Full }
    }
}

/// Least severity that makes the exit code 1.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum FailOn {
    High,
    Medium,
    Low,
    Info,
    Never,
}

impl FailOn {
    fn least(self) -> Option<Severity> {
        match self {
            FailOn::High => Some(Severity::High),
            FailOn::Medium => Some(Severity::Medium),
            FailOn::Low => Some(Severity::Low),
            FailOn::Info => Some(Severity::Info),
            FailOn::Never => None,
        }
    }
}

fn parse_group(text: &str) -> Result<Group, String> {
    let (name, sites) = text.split_once('=').ok_or("expected NAME=SITE,SITE, such as partners=Orders,Billing")?;
    let sites: Vec<String> = sites.split(',').map(|site| site.trim().to_owned()).filter(|site| !site.is_empty()).collect();
    if sites.len() < 2 {
        return Err("a group needs at least two sites, separated by commas".to_owned());
    }
    Ok(Group { name: name.trim().to_owned(), sites })
}

fn parse_nodes(text: &str) -> Result<Group, String> {
    let expected = "expected NAME=SERVER,SERVER with the names of at least two servers, such as web=web01,web02";
    parse_group(text).map_err(|_| expected.to_owned())
}

fn parse_rule(name: &str) -> Result<&'static str, String> {
    rules::rule(name).map(|rule| rule.name).ok_or_else(|| {
        let mut nearest = crate::explain::explain(name).err().map(|unknown| unknown.nearest).unwrap_or_default();
        nearest.retain(|name| rules::rule(name).is_some());
        let hint = if nearest.is_empty() { String::new() } else { format!("; nearest: {}", nearest.join(", ")) };
        format!("no such rule{hint}; `iisaudit explain rules` lists all")
    })
}

pub(super) fn run(arguments: &CheckArguments, common: &Common) -> Outcome {
    let destinations = match output::destinations(arguments.format, &arguments.report) {
        Ok(destinations) => destinations,
        Err(message) => {
            complain(&format!("error: {message}"));
            return Outcome::Usage;
        }
    };
    let mut estate = match common.read(&arguments.paths) {
        Ok(estate) => estate,
        Err(outcome) => return outcome,
    };
    let mut outcome = judge_inputs(&estate, &arguments.paths);
    if outcome == Outcome::NoInput && output::is_for_people(&destinations) {
        return outcome;
    }
    // A group that is misspelt compares nothing, and no findings would look like agreement.
    let named = arguments.group.iter().flat_map(|group| group.sites.iter().map(move |site| (group, site)));
    let wrong: Vec<String> =
        named.filter_map(|(group, site)| Some(format!("--group {}: {}", group.name, no_site(&estate.servers, site)?))).collect();
    if !wrong.is_empty() && !estate.servers.is_empty() {
        for message in wrong {
            complain(&format!("error: {message}"));
        }
        // Where a file could not be read, that may be why the site was not found.
        return if outcome == Outcome::Unreadable { outcome } else { Outcome::Usage };
    }
    let profile = arguments.profile.map(Profile::from);
    for name in &arguments.rule {
        let only = profiles::only_under(name);
        if !only.is_empty() && !profile.is_some_and(|profile| only.contains(&profile)) {
            let names: Vec<_> = only.iter().map(|profile| format!("--profile {}", profile.name())).collect();
            complain(&format!("warning: {name} runs only with {}", names.join(" or ")));
        }
    }
    if let Some(profile) = profile {
        for server in &mut estate.servers {
            let notices = profiles::notices(server, profile);
            server.notices.extend(notices);
        }
    }
    let twins = match twins(&estate.servers, &arguments.nodes) {
        Ok(twins) => twins,
        Err(message) => {
            complain(&message);
            return outcome.max(Outcome::Usage);
        }
    };
    let twin = |server: &Server| twins.iter().find(|(name, _)| *name == server.name).map(|(_, twin)| *twin);
    let context = |server| Context { server, groups: &arguments.group, profile, twin: twin(server) };
    let mut findings: Vec<Finding> = estate.servers.iter().flat_map(|server| rules::check(&context(server))).collect();
    findings.retain(|finding| arguments.rule.is_empty() || arguments.rule.contains(&finding.rule.name));
    let review = Review::new(estate, findings);
    outcome = outcome.max(output::write(&destinations, &review, arguments.detail(), common));
    if arguments.fail_on.least().is_some_and(|least| review.has_new(least)) {
        outcome = outcome.max(Outcome::Found);
    }
    outcome
}

/// For each server that is declared to be a node, by name, the first node of its role.
fn twins<'a>(servers: &'a [Server], nodes: &'a [Group]) -> Result<Vec<(&'a str, &'a Server)>, String> {
    let mut twins = Vec::new();
    for role in nodes {
        let mut found = Vec::new();
        for name in &role.sites {
            let Some(server) = servers.iter().find(|server| server.name.eq_ignore_ascii_case(name)) else {
                let names: Vec<&str> = servers.iter().take(8).map(|server| server.name.as_str()).collect();
                return Err(format!("--nodes {}: no server is called {name}; there are: {}", role.name, names.join(", ")));
            };
            found.push(server);
        }
        if let Some((first, others)) = found.split_first() {
            twins.extend(others.iter().map(|other| (other.name.as_str(), *first)));
        }
    }
    Ok(twins)
}
