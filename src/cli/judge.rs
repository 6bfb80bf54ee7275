//! From paths to a review: files read, rules run, policy and baseline applied. What `check` and `baseline` have in common.

use std::path::{Path, PathBuf};

use clap::Args;

use super::policy::{self, Loaded, PolicyOptions};
use super::{Common, Outcome, ProfileName, complain, judge_inputs, no_site};
use crate::estate::{Estate, FileKind};
use crate::input::{FileId, display};
use crate::policy::baseline::{Missing, Ran};
use crate::policy::{Applied, Baseline, Date, Policy, Seen, Spot, conclude, look};
use crate::review::Review;
use crate::rules::{self, Context, Finding, Group, Profile, profiles};
use crate::server::Server;
use crate::workers::Workers;

/// A larger file is no baseline.
const LARGEST: u64 = 64 << 20;

/// What decides which findings there are.
#[derive(Args)]
pub(super) struct JudgeOptions {
    /// Sites that should behave alike; replaces the default comparison of all sites that want client certificates
    #[arg(long, value_name = "NAME=SITE,SITE...", value_parser = parse_group)]
    group: Vec<Group>,
    /// Servers that are nodes of one role, such as those behind a load balancer: each is compared with the first of them
    #[arg(long, value_name = "NAME=SERVER,SERVER...", value_parser = parse_nodes)]
    nodes: Vec<Group>,
    /// Adds the rules of a benchmark, names its items, and says which of them were not assessed
    #[arg(long, value_enum, value_name = "BENCHMARK")]
    profile: Option<ProfileName>,
    #[command(flatten)]
    policy: PolicyOptions,
}

/// Which baseline a run is compared with.
#[derive(Debug, Clone, Copy)]
pub(super) enum Against<'a> {
    /// None.
    Nothing,
    /// That of the policy file, when it names one.
    Policy,
    /// This one.
    File(&'a Path),
}

/// What a run came to.
pub(super) struct Judgement {
    /// The review.
    pub(super) review: Review,
    /// What the inputs make of the exit code.
    pub(super) outcome: Outcome,
    /// The policy file.
    pub(super) policy: Option<Loaded>,
    /// The servers that are nodes of one role.
    pub(super) nodes: Vec<Group>,
    /// The baseline, its path, and its entries that were not found.
    pub(super) baseline: Option<(Baseline, PathBuf, Missing)>,
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

/// Reads a baseline; its mistakes are told.
pub(super) fn read_baseline(path: &Path) -> Result<Baseline, Outcome> {
    let shown = display(path);
    if !path.exists() {
        complain(&format!("error: {shown}: there is no such baseline; `iisaudit baseline create` writes one"));
        return Err(Outcome::Usage);
    }
    let text = policy::read(path, &shown, LARGEST)?;
    Baseline::parse(&text).map_err(|mistakes| {
        policy::tell(&shown, &mistakes);
        Outcome::Usage
    })
}

/// The policy file of a run.
pub(super) fn policy_of(options: &JudgeOptions, paths: &[PathBuf]) -> Result<Option<Loaded>, Outcome> {
    policy::load(&options.policy, paths)
}

/// Reads `paths` and judges what is in them, with the given rules or all. Without any input there is nothing to judge; `empty` says whether
/// a review of nothing is wanted then.
pub(super) fn judge(
    paths: &[PathBuf],
    options: &JudgeOptions,
    only: &[&'static str],
    against: Against<'_>,
    common: &Common,
    empty: bool,
) -> Result<Judgement, Outcome> {
    let setup = Setup::new(paths, options, against, common)?;
    let mut estate = common.read(paths)?;
    let outcome = judge_inputs(&estate, paths);
    if outcome == Outcome::NoInput && !empty {
        return Err(outcome);
    }
    setup.refuse_wrong_groups(&estate.servers, outcome)?;
    setup.warn_of_rules_without_profile(only);
    for server in &mut estate.servers {
        setup.note(server);
    }
    setup.refuse_wrong_nodes(&estate.servers, outcome)?;
    let twins = setup.twins(&estate.servers);
    let workers = Workers::new(common.threads, estate.servers.len());
    let findings = workers.map(estate.servers.iter().collect(), |server: &Server| setup.check(server, &twins, true));
    let mut findings: Vec<Finding> = findings.into_iter().flatten().collect();
    let mut seen = Seen::default();
    if let Some(loaded) = &setup.policy {
        for server in &mut estate.servers {
            let (found, here) = look(&loaded.policy, OWN, server);
            findings.extend(found);
            seen.join(&here);
        }
    }
    Ok(setup.conclude(estate, findings, &seen, only, outcome))
}

/// Stands for the policy file in places, until its number is known.
pub(super) const OWN: FileId = FileId(u32::MAX);

/// What is known before anything is read.
pub(super) struct Setup {
    pub(super) policy: Option<Loaded>,
    baseline: Option<(Baseline, PathBuf)>,
    groups: Vec<Group>,
    pub(super) nodes: Vec<Group>,
    pub(super) profile: Option<Profile>,
    /// Whether groups and nodes are those of the policy; otherwise the command line names them.
    own_groups: bool,
    own_nodes: bool,
    today: Date,
}

/// For each server that is declared to be a node, by name, the first node of its role.
pub(super) type TwinsByName<'a> = Vec<(&'a str, &'a Server)>;

impl Setup {
    /// Reads the policy file and the baseline.
    pub(super) fn new(paths: &[PathBuf], options: &JudgeOptions, against: Against<'_>, common: &Common) -> Result<Setup, Outcome> {
        let policy = policy::load(&options.policy, paths)?;
        if let Some(loaded) = policy.as_ref().filter(|_| common.verbose) {
            complain(&format!("policy file: {}", loaded.shown));
        }
        let baseline = match against {
            Against::Nothing => None,
            Against::File(path) => Some(path.to_path_buf()),
            Against::Policy => policy.as_ref().and_then(Loaded::baseline),
        };
        let baseline = match baseline {
            Some(path) => Some((read_baseline(&path)?, path)),
            None => None,
        };
        // What the command line says wins over the policy file.
        let (own_groups, own_nodes) = (options.group.is_empty(), options.nodes.is_empty());
        let declared = |of: fn(&Policy) -> &Vec<(Group, Spot)>| -> Vec<Group> {
            policy.iter().flat_map(|loaded| of(&loaded.policy)).map(|(group, _)| group.clone()).collect()
        };
        let groups = if own_groups { declared(|policy| &policy.groups) } else { options.group.clone() };
        let nodes = if own_nodes { declared(|policy| &policy.nodes) } else { options.nodes.clone() };
        let profile = options.profile.map(Profile::from).or_else(|| policy.as_ref()?.policy.profile);
        Ok(Setup { baseline, groups, nodes, profile, own_groups, own_nodes, today: options.policy.today(), policy })
    }

    /// Whether the command line names groups, which all servers together must have.
    pub(super) fn names_groups(&self) -> bool {
        !self.own_groups
    }

    /// A group that is misspelt compares nothing, and no findings would look like agreement.
    pub(super) fn refuse_wrong_groups(&self, servers: &[Server], outcome: Outcome) -> Result<(), Outcome> {
        if self.own_groups || servers.is_empty() {
            return Ok(());
        }
        let named = self.groups.iter().flat_map(|group| group.sites.iter().map(move |site| (group, site)));
        let wrong: Vec<String> =
            named.filter_map(|(group, site)| Some(format!("--group {}: {}", group.name, no_site(servers, site)?))).collect();
        if wrong.is_empty() {
            return Ok(());
        }
        for message in wrong {
            complain(&format!("error: {message}"));
        }
        // Where a file could not be read, that may be why the site was not found.
        Err(if outcome == Outcome::Unreadable { outcome } else { Outcome::Usage })
    }

    fn warn_of_rules_without_profile(&self, only: &[&'static str]) {
        for name in only {
            let under = profiles::only_under(name);
            if !under.is_empty() && !self.profile.is_some_and(|profile| under.contains(&profile)) {
                let names: Vec<_> = under.iter().map(|profile| format!("--profile {}", profile.name())).collect();
                complain(&format!("warning: {name} runs only with {}", names.join(" or ")));
            }
        }
    }

    /// Adds what a benchmark asks for and nobody assesses.
    pub(super) fn note(&self, server: &mut Server) {
        if let Some(profile) = self.profile {
            let notices = profiles::notices(server, profile);
            server.notices.extend(notices);
        }
    }

    /// Refuses nodes that the command line names and that are none of the servers.
    pub(super) fn refuse_wrong_nodes(&self, servers: &[Server], outcome: Outcome) -> Result<(), Outcome> {
        let wrong = if self.own_nodes { None } else { missing_node(servers, &self.nodes) };
        wrong.map_or(Ok(()), |message| {
            complain(&message);
            Err(outcome.max(Outcome::Usage))
        })
    }

    /// Whether a server is a node that others are compared with.
    pub(super) fn is_node(&self, server: &str) -> bool {
        self.nodes.iter().flat_map(|role| &role.sites).any(|name| server.eq_ignore_ascii_case(name))
    }

    /// For each node among `servers`, by name, the first one of its role.
    pub(super) fn twins<'a>(&self, servers: &'a [Server]) -> TwinsByName<'a> {
        known_twins(servers, &self.nodes)
    }

    /// What the rules find on a server, with or without remedies.
    pub(super) fn check(&self, server: &Server, twins: &TwinsByName<'_>, remedies: bool) -> Vec<Finding> {
        let twin = twins.iter().find(|(name, _)| *name == server.name).map(|(_, twin)| *twin);
        rules::check(&Context { groups: &self.groups, profile: self.profile, twin, remedies, ..Context::new(server) })
    }

    /// Applies policy and baseline to what was found. `seen` is what was seen of the policy server by server.
    pub(super) fn conclude(
        self,
        mut estate: Estate,
        mut findings: Vec<Finding>,
        seen: &Seen,
        only: &[&'static str],
        outcome: Outcome,
    ) -> Judgement {
        let Setup { policy, baseline, nodes, profile, own_groups, own_nodes, today, .. } = self;
        let mut review = match &policy {
            None => Review::new(estate, findings),
            Some(loaded) => {
                let file = estate.add_own_file(loaded.shown.clone(), FileKind::Policy);
                for finding in &mut findings {
                    let related = finding.related.iter_mut().map(|related| &mut related.place);
                    finding.place.iter_mut().chain(related).filter(|place| place.file == OWN).for_each(|place| place.file = file);
                }
                conclude(&Applied { policy: &loaded.policy, file, today, profile, own_groups, own_nodes }, estate, findings, seen)
            }
        };
        review.findings.retain(|judged| only.is_empty() || only.contains(&judged.finding.rule.name));
        let baseline = baseline.map(|(baseline, path)| {
            let shown = display(&path);
            let file = review.estate.add_own_file(shown.clone(), FileKind::Baseline);
            let missing = baseline.mark(&mut review, file, &Ran { rules: only, profile });
            review.baseline = Some(baseline.in_use(&shown, &missing));
            (baseline, path, missing)
        });
        Judgement { review, outcome, policy, nodes, baseline }
    }
}

/// Says which of the declared nodes is no server.
fn missing_node(servers: &[Server], nodes: &[Group]) -> Option<String> {
    for role in nodes {
        for name in &role.sites {
            if !servers.iter().any(|server| server.name.eq_ignore_ascii_case(name)) {
                let names: Vec<&str> = servers.iter().take(8).map(|server| server.name.as_str()).collect();
                return Some(format!("--nodes {}: no server is called {name}; there are: {}", role.name, names.join(", ")));
            }
        }
    }
    None
}

/// For each server that is declared to be a node and is there, by name, the first such node of its role.
fn known_twins<'a>(servers: &'a [Server], nodes: &[Group]) -> Vec<(&'a str, &'a Server)> {
    let mut twins = Vec::new();
    for role in nodes {
        let mut found = role.sites.iter().filter_map(|name| servers.iter().find(|server| server.name.eq_ignore_ascii_case(name)));
        if let Some(first) = found.next() {
            twins.extend(found.map(|other| (other.name.as_str(), first)));
        }
    }
    twins
}
