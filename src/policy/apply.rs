//! A policy applied to the findings of one run: expectations judged, levels set, suppressions and declared differences marked, and entries that
//! do nothing named.

use super::Date;
use super::expect;
use super::file::{Differs, Policy, Spot, Subject, Suppress};
use crate::catalogue::Setting;
use crate::compare::find_site;
use crate::estate::Estate;
use crate::input::FileId;
use crate::review::{Judged, PolicyUse, Review, State, Suppression};
use crate::rules::{Finding, POLICY_RULES, Profile, profiles};
use crate::server::Server;

/// Rules that say that sites or servers differ which should agree.
const DIFFERENCES: &[&str] = &[
    "ftp-sites-disagree",
    "nodes-disagree",
    "sites-disagree-on-access",
    "sites-disagree-on-issuers",
    "sites-disagree-on-revocation",
    "sites-disagree-on-tls-switches",
];

/// With what a policy is applied.
#[derive(Debug, Clone, Copy)]
pub struct Applied<'a> {
    /// The policy.
    pub policy: &'a Policy,
    /// Its file, in the list of inputs.
    pub file: FileId,
    /// The day on which suppressions are judged.
    pub today: Date,
    /// The benchmark of the run.
    pub profile: Option<Profile>,
    /// Whether the groups and nodes of the policy are those of the run; otherwise the command line names others.
    pub own_groups: bool,
    /// The same for nodes.
    pub own_nodes: bool,
}

/// What of a policy is decided server by server: which of its expectations and groups apply anywhere.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Seen {
    /// For each expectation whether it applies.
    pub expect: Vec<bool>,
    /// For each group whether a server has at least two of its sites.
    pub groups: Vec<bool>,
}

impl Seen {
    /// Adds what was seen of other servers.
    pub fn join(&mut self, other: &Seen) {
        for (all, one) in [(&mut self.expect, &other.expect), (&mut self.groups, &other.groups)] {
            all.resize(all.len().max(one.len()), false);
            all.iter_mut().zip(one).for_each(|(all, one)| *all |= one);
        }
    }
}

/// Judges one server by the expectations of a policy, whose file is `file`: adds what could not be assessed to the server's notices, and
/// gives what was found.
pub fn look(policy: &Policy, file: FileId, server: &mut Server) -> (Vec<Finding>, Seen) {
    let (mut findings, mut seen) = (Vec::new(), Seen::default());
    for entry in &policy.expect {
        let outcome = expect::judge(entry, server, entry.spot.place(file));
        seen.expect.push(outcome.applies);
        findings.extend(outcome.findings);
        for notice in outcome.notices {
            if !server.notices.contains(&notice) {
                server.notices.push(notice);
            }
        }
    }
    for (group, _) in &policy.groups {
        seen.groups.push(group.sites.iter().filter(|name| find_site(server, name).is_ok()).count() >= 2);
    }
    (findings, seen)
}

/// Applies a policy. Every finding stays in the review, except those of rules that are off.
pub fn apply(applied: &Applied<'_>, mut estate: Estate, mut findings: Vec<Finding>) -> Review {
    let mut seen = Seen::default();
    for server in &mut estate.servers {
        let (found, here) = look(applied.policy, applied.file, server);
        findings.extend(found);
        seen.join(&here);
    }
    conclude(applied, estate, findings, &seen)
}

/// The same when every server was looked at already, and only its name is needed.
pub fn conclude(applied: &Applied<'_>, estate: Estate, findings: Vec<Finding>, seen: &Seen) -> Review {
    let policy = applied.policy;
    let mut unused: Vec<(Spot, String)> = Vec::new();
    let is_seen = |list: &[bool], index: usize| list.get(index).copied().unwrap_or(false);
    for (index, entry) in policy.expect.iter().enumerate() {
        if !is_seen(&seen.expect, index) {
            unused.push((entry.spot, format!("the expectation {} matches no site or path", expect::label(entry))));
        }
    }
    let mut marks = Marks { suppress: vec![0; policy.suppress.len()], differs: vec![0; policy.differs.len()] };
    let mut judged: Vec<Judged> = findings.into_iter().filter_map(|finding| level(policy, finding)).collect();
    for one in &mut judged {
        one.state = marks.state(applied, &one.finding);
    }
    let mut own = marks.expired(applied);
    unused.extend(marks.unused(applied));
    unused.extend(groups(applied, &estate, |index| is_seen(&seen.groups, index)));
    // A file that could not be read may be why nothing matches.
    if estate.inputs.iter().all(|input| input.error.is_none()) {
        for (spot, message) in unused {
            let subject = message.clone();
            let finding = Finding::of_policy(POLICY_RULES.entry_unused, message).at(Some(spot.place(applied.file)));
            own.push(finding.subject(subject).sees(POLICY_RULES.entry_unused.sees));
        }
    }
    judged.extend(own.into_iter().filter_map(|finding| level(policy, finding)));
    judged.sort_by(|a, b| Finding::order(&a.finding, &b.finding));
    // Two entries that expect the same say the same.
    judged.dedup_by(|a, b| {
        let same = |rule| a.finding.rule.name == rule && b.finding.rule.name == rule;
        (same(POLICY_RULES.value_differs.name) || same(POLICY_RULES.entry_unused.name))
            && a.finding.fingerprint() == b.finding.fingerprint()
    });
    let path = usize::try_from(applied.file.0).ok().and_then(|file| estate.inputs.get(file)).map(|input| input.path.clone());
    let off = policy.levels.iter().filter(|(_, level)| level.is_none()).map(|(rule, _)| *rule).collect();
    let policy = path.map(|path| PolicyUse { path, rules_off: off });
    Review { estate, findings: judged, baseline: None, policy }
}

/// Gives a finding the level of its rule; nothing when the rule is off.
fn level(policy: &Policy, mut finding: Finding) -> Option<Judged> {
    let before = finding.severity;
    if let Some(level) = policy.levels.get(finding.rule.name) {
        finding = finding.severity((*level)?);
    }
    let severity_before = Some(before).filter(|before| *before != finding.severity);
    Some(Judged { finding, state: State::New, severity_before })
}

/// How many findings each entry matches.
struct Marks {
    suppress: Vec<usize>,
    differs: Vec<usize>,
}

impl Marks {
    fn state(&mut self, applied: &Applied<'_>, finding: &Finding) -> State {
        let mut reasons: Vec<(Option<Date>, &str, Spot)> = Vec::new();
        for (index, entry) in applied.policy.suppress.iter().enumerate().filter(|(_, entry)| suppresses(entry, finding)) {
            self.suppress[index] += 1;
            if !is_expired(entry, applied.today) {
                reasons.push((entry.until, &entry.reason, entry.spot));
            }
        }
        for (index, entry) in applied.policy.differs.iter().enumerate().filter(|(_, entry)| declares(entry, finding)) {
            self.differs[index] += 1;
            reasons.push((None, &entry.reason, entry.spot));
        }
        // Of several the one that holds longest, whatever their order in the file.
        let first = reasons.into_iter().min_by_key(|(until, reason, spot)| (until.is_some(), std::cmp::Reverse(*until), *reason, *spot));
        match first {
            None => State::New,
            Some((until, reason, spot)) => State::Suppressed(Suppression {
                reason: reason.to_owned(),
                until: until.map(|until| until.to_string()),
                place: Some(spot.place(applied.file)),
            }),
        }
    }

    fn expired(&self, applied: &Applied<'_>) -> Vec<Finding> {
        let mut findings = Vec::new();
        for (entry, count) in applied.policy.suppress.iter().zip(&self.suppress) {
            if let Some(until) = entry.until.filter(|_| is_expired(entry, applied.today)) {
                let effect = match count {
                    0 => "it matches nothing any more".to_owned(),
                    1 => "what it suppressed counts again: 1 finding".to_owned(),
                    count => format!("what it suppressed counts again: {count} findings"),
                };
                let message = format!("the suppression of {} ended on {until}; {effect}. Its reason was: {}", entry.label, entry.reason);
                let finding = Finding::of_policy(POLICY_RULES.suppression_expired, message);
                findings.push(finding.at(Some(entry.spot.place(applied.file))).subject(format!("{} {until}", entry.label)));
            }
        }
        findings
    }

    fn unused(&self, applied: &Applied<'_>) -> Vec<(Spot, String)> {
        let mut unused = Vec::new();
        let runs = |rule: &&'static str| {
            let only = profiles::only_under(rule);
            only.is_empty() || applied.profile.is_some_and(|profile| only.contains(&profile))
        };
        for (entry, count) in applied.policy.suppress.iter().zip(&self.suppress) {
            let could = entry.rules.as_ref().is_none_or(|rules| rules.iter().any(&runs));
            if *count == 0 && could && !is_expired(entry, applied.today) {
                unused.push((entry.spot, format!("the suppression of {} matches no finding", entry.label)));
            }
        }
        for (entry, count) in applied.policy.differs.iter().zip(&self.differs) {
            if *count == 0 {
                let sites: Vec<&str> = entry.sites.0.iter().map(super::Glob::text).collect();
                let message = format!("the declared difference of {} in {} matches no finding", sites.join(" or "), name(entry.subject));
                unused.push((entry.spot, message));
            }
        }
        unused
    }
}

/// Groups and roles that name fewer than two sites or servers.
fn groups(applied: &Applied<'_>, estate: &Estate, is_seen: impl Fn(usize) -> bool) -> Vec<(Spot, String)> {
    let mut unused = Vec::new();
    for (index, (group, spot)) in applied.policy.groups.iter().enumerate().filter(|_| applied.own_groups) {
        if !is_seen(index) {
            unused.push((*spot, format!("the group {} has fewer than two sites on every server, so nothing is compared", group.name)));
        }
    }
    for (role, spot) in applied.policy.nodes.iter().filter(|_| applied.own_nodes) {
        let known = |name: &&String| estate.servers.iter().any(|server| server.name.eq_ignore_ascii_case(name));
        let missing: Vec<&str> = role.sites.iter().filter(|name| !known(name)).map(String::as_str).collect();
        if !missing.is_empty() {
            let text =
                format!("of the role {} these servers are not in this run, so they are not compared: {}", role.name, missing.join(", "));
            unused.push((*spot, text));
        }
    }
    unused
}

fn is_expired(entry: &Suppress, today: Date) -> bool {
    entry.until.is_some_and(|until| until < today)
}

fn suppresses(entry: &Suppress, finding: &Finding) -> bool {
    let about_policy = [POLICY_RULES.entry_unused.name, POLICY_RULES.suppression_expired.name].contains(&finding.rule.name);
    !about_policy
        && entry.rules.as_ref().is_none_or(|rules| rules.contains(&finding.rule.name))
        && entry.server.as_ref().is_none_or(|names| names.matches(&finding.server))
        && entry.site.as_ref().is_none_or(|names| finding.site.as_ref().is_some_and(|(id, name)| names.matches_site(*id, name)))
        && entry.path.as_ref().is_none_or(|names| finding.path.as_ref().is_some_and(|path| names.matches(path)))
        && entry.setting.as_ref().is_none_or(|settings| finding.setting.is_some_and(|setting| settings.contains(&setting)))
}

/// Whether a difference is declared: without the sites that are meant to differ, nobody is left to disagree with.
fn declares(entry: &Differs, finding: &Finding) -> bool {
    if !DIFFERENCES.contains(&finding.rule.name) || !entry.servers.matches(&finding.server) {
        return false;
    }
    let about = match (finding.rule.name, finding.setting) {
        ("ftp-sites-disagree", _) => entry.subject == Subject::FtpClientCertificates,
        ("sites-disagree-on-tls-switches", _) => entry.subject == Subject::TlsSwitches,
        // The list of issuers is named by two settings that are compared together.
        ("sites-disagree-on-issuers", _) => {
            matches!(entry.subject, Subject::Setting(Setting::CtlIdentifier | Setting::CtlStoreName))
        }
        (_, Some(setting)) => entry.subject == Subject::Setting(setting),
        (_, None) => false,
    };
    let declared = |(id, name): &(Option<u32>, String)| entry.sites.matches_site(*id, name);
    let meant = if finding.sides.is_empty() {
        finding.site.as_ref().is_some_and(declared)
    } else {
        finding.sides.iter().filter(|side| !side.iter().all(declared)).count() <= 1
    };
    about && meant
}

fn name(subject: Subject) -> &'static str {
    match subject {
        Subject::Setting(setting) => setting.name(),
        Subject::TlsSwitches => "tls-switches",
        Subject::FtpClientCertificates => "ftp-client-certificates",
    }
}
