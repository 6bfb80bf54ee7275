//! Findings before and after: which are new, which are fixed, and which cannot be compared, because a file that tells was given for one
//! state only. They are matched by what they mean, so that reformatting a file or renaming a folder or a site changes nothing.

use std::collections::BTreeMap;

use crate::catalogue::{Level, Setting, entry};
use crate::compare::{ServerDiff, Side, Sides};
use crate::estate::FileKind;
use crate::rules::{self, Context, Finding};
use crate::server::{Generation, Resolved, Server};

use super::{Endpoints, Files};

/// What became of the findings.
#[derive(Debug, Clone, Default)]
pub struct Findings {
    /// Found after and not before, the worst first.
    pub new: Vec<Finding>,
    /// Found before and not after.
    pub fixed: Vec<Finding>,
    /// Found in both states, with a higher severity after.
    pub worse: Vec<Sides<Finding>>,
    /// Found in both states, with a lower severity after.
    pub milder: Vec<Sides<Finding>>,
    /// Number of those that are the same in both.
    pub unchanged: usize,
    /// Found in one state only, while the files of the other cannot tell whether they hold there too; each with the reason.
    pub untold: Sides<Vec<(Finding, String)>>,
}

impl Findings {
    /// Whether nothing came, went or changed.
    pub fn is_empty(&self) -> bool {
        self.new.is_empty() && self.fixed.is_empty() && self.worse.is_empty() && self.milder.is_empty()
    }
}

/// The site of a finding: its number and its name in lower case.
type SiteKey = (Option<u32>, String);

/// Runs the rules over both states and matches what they find.
pub(super) fn compare(diff: &ServerDiff<'_>, files: Files<'_>, on: &Sides<Endpoints<'_>>) -> Findings {
    let (left, right) = (diff.servers.left, diff.servers.right);
    let key = |server: &Server, site: usize| server.sites.get(site).map(|site| (site.id, site.name.to_lowercase()));
    // A site of the later state under the name that it had.
    let mut was: BTreeMap<SiteKey, (SiteKey, usize)> = BTreeMap::new();
    let mut is: BTreeMap<SiteKey, usize> = BTreeMap::new();
    for pair in &diff.pairs {
        if let (Some(before), Some(after)) = (key(left, pair.left.site), key(right, pair.right.site)) {
            is.entry(before.clone()).or_insert(pair.right.site);
            was.entry(after).or_insert((before, pair.left.site));
        }
    }
    let own = |finding: &Finding| finding.site.as_ref().map(|(id, name)| (*id, name.to_lowercase()));
    let before_of = |finding: &Finding| own(finding).map(|key| was.get(&key).map_or(key, |(before, _)| before.clone()));
    let print =
        |finding: &Finding, site: &Option<SiteKey>| finding.fingerprint_as("", site.as_ref().map(|(id, name)| (*id, name.as_str())));

    let mut known: BTreeMap<String, Vec<Finding>> = BTreeMap::new();
    for finding in rules::check(&Context::new(left)).into_iter().rev() {
        known.entry(print(&finding, &own(&finding))).or_default().push(finding);
    }
    let mut found = Findings::default();
    let mut unmatched = Vec::new();
    for finding in rules::check(&Context::new(right)) {
        match known.get_mut(&print(&finding, &before_of(&finding))).and_then(Vec::pop) {
            Some(before) => found.take(before, finding),
            None => unmatched.push(finding),
        }
    }
    let mut left_over: Vec<Finding> = known.into_values().flatten().collect();
    left_over.sort_by(Finding::order);
    // What a finding is about may be told by the name of its site, too: where a site was renamed, the only finding of a rule that went is
    // the only one that came.
    let coarse =
        |finding: &Finding, site: Option<SiteKey>| (finding.rule.name, site, finding.path.as_ref().map(|path| path.to_lowercase()));
    let renamed = |finding: &Finding| own(finding).is_some_and(|key| was.get(&key).is_some_and(|(before, _)| *before != key));
    let mut gone: BTreeMap<_, Vec<usize>> = BTreeMap::new();
    for (index, finding) in left_over.iter().enumerate() {
        gone.entry(coarse(finding, own(finding))).or_default().push(index);
    }
    let mut matched = BTreeMap::new();
    let mut came: BTreeMap<_, Vec<usize>> = BTreeMap::new();
    for (index, finding) in unmatched.iter().enumerate().filter(|(_, finding)| renamed(finding)) {
        came.entry(coarse(finding, before_of(finding))).or_default().push(index);
    }
    for (key, came) in came {
        if let ([came], Some([gone])) = (came.as_slice(), gone.get(&key).map(Vec::as_slice)) {
            matched.insert(*came, *gone);
        }
    }
    let mut left_over: Vec<Option<Finding>> = left_over.into_iter().map(Some).collect();
    for (index, finding) in unmatched.into_iter().enumerate() {
        match matched.get(&index).and_then(|gone| left_over.get_mut(*gone)).and_then(Option::take) {
            Some(before) => found.take(before, finding),
            None => {
                let site = own(&finding).and_then(|key| was.get(&key)).map(|(_, site)| *site);
                match untold(&finding, Sides { left: right, right: left }, site, Side::Left, files, &on.left) {
                    Some(why) => found.untold.right.push((finding, why)),
                    None => found.new.push(finding),
                }
            }
        }
    }
    for finding in left_over.into_iter().flatten() {
        let site = own(&finding).and_then(|key| is.get(&key)).copied();
        match untold(&finding, Sides { left, right }, site, Side::Right, files, &on.right) {
            Some(why) => found.untold.left.push((finding, why)),
            None => found.fixed.push(finding),
        }
    }
    found
}

impl Findings {
    fn take(&mut self, before: Finding, after: Finding) {
        let pair = Sides { left: before, right: after };
        match pair.right.severity.cmp(&pair.left.severity) {
            std::cmp::Ordering::Greater => self.worse.push(pair),
            std::cmp::Ordering::Less => self.milder.push(pair),
            std::cmp::Ordering::Equal => self.unchanged += 1,
        }
    }
}

/// Why the other state may have the finding as well; `None` where its files would tell. `servers.left` is the server that has it; `site` is
/// its site on the other, which is the side `lacking`.
fn untold(
    finding: &Finding,
    servers: Sides<&Server>,
    site: Option<usize>,
    lacking: Side,
    files: Files<'_>,
    on: &Endpoints<'_>,
) -> Option<String> {
    let Sides { left: has, right: other } = servers;
    let state = super::state(lacking);
    let needs = |words: &[&str]| words.iter().any(|word| finding.rule.evidence.contains(word));
    if has.records.is_some() && other.records.is_none() && other.generation != Generation::Iis6 && needs(&["HTTP.sys"]) {
        return Some(format!("the records of HTTP.sys were not given for the state {state}"));
    }
    if has.schannel.is_some() && other.schannel.is_none() && needs(&["Schannel", "SCHANNEL", "registry", "HTTP\\Parameters"]) {
        return Some(format!("the values of Schannel and HTTP.sys in the registry were not given for the state {state}"));
    }
    for (kind, word) in [(FileKind::CertStore, "certutil"), (FileKind::Events, "events"), (FileKind::Httpcfg, "httpcfg")] {
        if needs(&[word]) && files.has(has, kind) && !files.has(other, kind) {
            return Some(format!("{} was not given for the state {state}", kind.name()));
        }
    }
    if has.lists_sites && !other.lists_sites {
        return Some(format!("the list of sites was not given for the state {state}"));
    }
    if finding.place.is_some_and(|place| files.kind(place.file) == Some(FileKind::WebConfig)) && !files.has(other, FileKind::WebConfig) {
        return Some(format!("it stands in a web.config, and none was given for the state {state}"));
    }
    let (setting, site) = (finding.setting?, site?);
    unknown(other, on, site, finding.path.as_deref(), setting).then(|| format!("{setting} was not assessed for the state {state}"))
}

/// Whether a setting is unknown for a site, at a path or on any of its endpoints that a record serves.
fn unknown(server: &Server, on: &Endpoints<'_>, site: usize, path: Option<&str>, setting: Setting) -> bool {
    let is_unknown = |resolved: Option<&Resolved>| resolved.is_some_and(|resolved| resolved.known().is_none());
    let scopes = server.sites.get(site).map(|site| site.scopes.as_slice()).unwrap_or_default();
    let scope = scopes.iter().find(|scope| path.is_some_and(|path| scope.path.eq_ignore_ascii_case(path))).or_else(|| scopes.first());
    // The root of a site knows no value either where its endpoints have different ones; then they say whether each of theirs is known.
    if entry(setting).level == Level::Endpoint && on.of(site).iter().any(|endpoint| endpoint.served.record().is_some()) {
        return on.unknown(site, setting).any(|endpoint| endpoint.served.record().is_some());
    }
    is_unknown(scope.and_then(|scope| scope.settings.get(setting)))
}
