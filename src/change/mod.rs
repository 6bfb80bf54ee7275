//! What a change does: two states of a server, before and after. Which settings are weaker or stronger now, which sites, bindings and
//! endpoints came and went, and which findings are new or fixed.
//!
//! Two equal states differ in nothing, and the other way round everything is the opposite: weaker is stronger, new is fixed, gone is come.
//! What one of the states does not know is never called equal, weaker or stronger.

mod elements;
mod findings;
mod strength;

use std::collections::{BTreeMap, BTreeSet};

use crate::catalogue::{Level, Setting, entry};
use crate::compare::{Difference, EstateDiff, MatchedBy, NotAssessed, Reach, Said, ServerDiff, Side, Sides, SiteDiff, SiteRef, SiteSummary};
use crate::estate::{FileKind, InputReport};
use crate::httpsys::Switch;
use crate::input::{FileId, Place};
use crate::server::{Binding, Endpoint, EndpointKey, Generation, Origin, Server};

pub use findings::Findings;
pub use strength::{Strength, Verdict};

/// What a change is about.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub enum What {
    /// A setting of the catalogue.
    Setting(Setting),
    /// A switch of HTTP.sys records.
    Switch(Switch),
    /// Anything else, by the name that reports use. It may hold pieces of files and must be escaped where it is printed.
    Other(String),
}

/// What is said of anything that is no setting.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Plain {
    /// What is said. It comes from a file and must be escaped where it is printed.
    pub text: String,
    /// Where.
    pub place: Option<Place>,
    /// Whether nothing says it, so that it is the default.
    pub is_default: bool,
}

/// What one state says.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum State {
    /// Of a setting.
    Setting(Said),
    /// Of anything else.
    Plain(Plain),
}

/// Whether anybody can notice a change.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Effect {
    /// It is in effect.
    Some,
    /// It has no effect; the text says why.
    None(String),
    /// The values are equal in meaning and only written differently.
    WrittenOnly,
}

/// A site as a report names it.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct SiteName {
    /// Its number.
    pub id: Option<u32>,
    /// Its name, to be escaped where it is printed.
    pub name: String,
    /// Name and number for messages, to be escaped where they are printed.
    pub label: String,
}

impl SiteName {
    fn of(site: &SiteSummary) -> SiteName {
        SiteName { id: site.id, name: site.name.clone(), label: site.label.clone() }
    }
}

/// The names of a site in both states.
pub type Labels = Sides<SiteName>;

/// One change.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Change {
    /// What is different.
    pub what: What,
    /// The sites that it is about; at server level those that take the value from there.
    pub sites: Vec<Labels>,
    /// Whether it is one of the whole server.
    pub server_level: bool,
    /// URL path; empty at server level, and where a change is not one of a path.
    pub path: String,
    /// The endpoints that it is about, when it is one of endpoints.
    pub endpoints: Sides<Vec<EndpointKey>>,
    /// What is said before and after.
    pub states: Sides<State>,
    /// What it does to the protection.
    pub verdict: Verdict,
    /// Whether anybody notices.
    pub effect: Effect,
    /// Statuses that only one state can answer, each with whether that is only likely.
    pub statuses: Sides<Vec<(&'static str, bool)>>,
}

impl Change {
    /// What it does to the protection, when it is in effect.
    pub fn strength(&self) -> Option<Strength> {
        (self.effect == Effect::Some).then_some(self.verdict.strength)
    }

    /// The order of reports.
    fn rank(&self) -> (u8, Strength, &What, &[Labels], &str) {
        let effect = match self.effect {
            Effect::Some => 0,
            Effect::None(_) => 1,
            Effect::WrittenOnly => 2,
        };
        (effect, self.verdict.strength, &self.what, &self.sites, &self.path)
    }
}

/// A site that both states have under different names.
#[derive(Debug, Clone)]
pub struct Renamed<'a> {
    /// The site in both states.
    pub sites: Sides<SiteRef<'a>>,
    /// Why it is taken for the same one.
    pub matched_by: MatchedBy,
}

/// A binding that only one state has.
#[derive(Debug, Clone)]
pub struct BindingMove {
    /// The state that has it.
    pub side: Side,
    /// Its site.
    pub site: Labels,
    /// The binding.
    pub binding: Binding,
}

/// A setting of a site that could not be compared.
#[derive(Debug, Clone)]
pub struct Untold {
    /// The site.
    pub site: Labels,
    /// What is missing.
    pub item: NotAssessed,
}

/// What is different between two states of a server.
#[derive(Debug, Clone)]
pub struct ServerChange<'a> {
    /// The server in both states.
    pub servers: Sides<&'a Server>,
    /// Changes, the most important first; those without effect last.
    pub changes: Vec<Change>,
    /// Sites that only one state has.
    pub sites: Sides<Vec<SiteRef<'a>>>,
    /// Sites that have another name now.
    pub renamed: Vec<Renamed<'a>>,
    /// Bindings of sites of both states that only one of them has.
    pub bindings: Vec<BindingMove>,
    /// Endpoints that only one state has.
    pub endpoints: Sides<Vec<EndpointKey>>,
    /// What could not be compared.
    pub untold: Vec<Untold>,
    /// Switches that could not be compared.
    pub switches_untold: BTreeSet<Switch>,
    /// Kinds of files that were given for one state only.
    pub one_sided: Sides<Vec<FileKind>>,
    /// What became of the findings.
    pub findings: Findings,
}

impl ServerChange<'_> {
    /// Whether nothing is different.
    pub fn is_empty(&self) -> bool {
        self.changes.is_empty()
            && self.sites.left.is_empty()
            && self.sites.right.is_empty()
            && self.renamed.is_empty()
            && self.bindings.is_empty()
            && self.endpoints.left.is_empty()
            && self.endpoints.right.is_empty()
            && self.findings.is_empty()
            && self.servers.left.generation == self.servers.right.generation
    }

    /// Whether a change that is in effect weakens something.
    pub fn is_weaker(&self) -> bool {
        self.changes.iter().any(|change| matches!(change.strength(), Some(Strength::Weaker | Strength::Mixed)))
    }

    /// Whether a finding is new or worse than before.
    pub fn has_new_findings(&self) -> bool {
        !self.findings.new.is_empty() || !self.findings.worse.is_empty()
    }
}

/// The word for the state of a side.
pub fn state(side: Side) -> &'static str {
    match side {
        Side::Left => "before",
        Side::Right => "after",
    }
}

/// The files of both states.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Files<'a>(&'a [InputReport]);

impl Files<'_> {
    fn kind(self, file: FileId) -> Option<FileKind> {
        self.0.get(usize::try_from(file.0).ok()?)?.kind
    }

    fn has(self, server: &Server, kind: FileKind) -> bool {
        server.inputs.iter().any(|file| self.kind(*file) == Some(kind))
    }

    fn kinds(self, server: &Server) -> BTreeSet<FileKind> {
        server.inputs.iter().filter_map(|file| self.kind(*file)).collect()
    }
}

/// What is different in each server that both sides have. `inputs` are the files of both sides.
pub fn changes<'a>(diff: &EstateDiff<'a>, inputs: &[InputReport]) -> Vec<ServerChange<'a>> {
    diff.pairs.iter().map(|pair| server_change(pair, Files(inputs))).collect()
}

/// A path as a sort key: without regard to case, a parent right before its children.
fn path_key(path: &str) -> String {
    path.trim_end_matches('/').to_lowercase().replace('/', "\0")
}

/// The endpoints of each site. Made once, so that asking for those of every site stays linear.
pub(crate) struct Endpoints<'a>(Vec<Vec<&'a Endpoint>>);

impl<'a> Endpoints<'a> {
    fn new(server: &'a Server) -> Self {
        let mut by_site = vec![Vec::new(); server.sites.len()];
        for endpoint in &server.endpoints {
            for site in &endpoint.sites {
                if let Some(endpoints) = by_site.get_mut(*site) {
                    endpoints.push(endpoint);
                }
            }
        }
        Endpoints(by_site)
    }

    fn of(&self, site: usize) -> &[&'a Endpoint] {
        self.0.get(site).map(Vec::as_slice).unwrap_or_default()
    }

    /// The endpoints of a site whose value of `setting` is not known.
    fn unknown(&self, site: usize, setting: Setting) -> impl Iterator<Item = &'a Endpoint> {
        let unknown = move |endpoint: &&Endpoint| endpoint.settings.get(setting).is_some_and(|resolved| resolved.known().is_none());
        self.of(site).iter().copied().filter(unknown)
    }
}

fn server_change<'a>(diff: &ServerDiff<'a>, files: Files<'_>) -> ServerChange<'a> {
    let on = Sides { left: Endpoints::new(diff.servers.left), right: Endpoints::new(diff.servers.right) };
    let mut gathered = Gathered { diff, files, on: &on, changes: Vec::new(), merged: BTreeMap::new(), folded: BTreeMap::new() };
    let mut renamed = Vec::new();
    let mut bindings = Vec::new();
    let mut untold = Vec::new();
    let mut switches_untold = BTreeSet::new();
    for pair in &diff.pairs {
        let labels = Sides { left: SiteName::of(&pair.diff.sites.left), right: SiteName::of(&pair.diff.sites.right) };
        if pair.left.get().name != pair.right.get().name {
            let sites = Sides { left: pair.left, right: pair.right };
            renamed.push(Renamed { sites, matched_by: pair.matched_by });
        }
        gathered.site(&labels, &pair.diff, pair.left, pair.right);
        for (side, only) in [(Side::Left, &pair.diff.bindings.only.left), (Side::Right, &pair.diff.bindings.only.right)] {
            bindings.extend(only.iter().map(|binding| BindingMove { side, site: labels.clone(), binding: binding.clone() }));
        }
        untold.extend(pair.diff.not_assessed.iter().map(|item| Untold { site: labels.clone(), item: item.clone() }));
        switches_untold.extend(pair.diff.records.switches_not_assessed.iter().map(|(switch, _)| *switch));
    }
    gathered.server_level();
    let mut changes = gathered.changes;
    changes.sort_by(|a, b| a.rank().cmp(&b.rank()));
    let (left, right) = (diff.servers.left, diff.servers.right);
    let kinds = Sides { left: files.kinds(left), right: files.kinds(right) };
    ServerChange {
        servers: Sides { left, right },
        changes,
        sites: diff.only.clone(),
        renamed,
        bindings,
        endpoints: endpoints(left, right),
        untold,
        switches_untold,
        one_sided: Sides {
            left: kinds.left.difference(&kinds.right).copied().collect(),
            right: kinds.right.difference(&kinds.left).copied().collect(),
        },
        findings: findings::compare(diff, files, &on),
    }
}

/// Endpoints that only one state has. A record that no binding leads to counts only where both states have records.
fn endpoints(left: &Server, right: &Server) -> Sides<Vec<EndpointKey>> {
    let records = left.records.is_some() && right.records.is_some();
    let keys = |server: &Server| -> BTreeSet<EndpointKey> {
        let counted = server.endpoints.iter().filter(|endpoint| records || !endpoint.sites.is_empty());
        counted.map(|endpoint| endpoint.key.clone()).collect()
    };
    let (left, right) = (keys(left), keys(right));
    Sides { left: left.difference(&right).cloned().collect(), right: right.difference(&left).cloned().collect() }
}

/// A server's changes in the making.
struct Gathered<'d, 'a> {
    diff: &'d ServerDiff<'a>,
    files: Files<'d>,
    on: &'d Sides<Endpoints<'a>>,
    changes: Vec<Change>,
    /// Changes of endpoints by what they are, so that the sites of one endpoint share one.
    merged: BTreeMap<String, usize>,
    /// Changes of sites that take both values from the server level, by the setting.
    folded: BTreeMap<Setting, Vec<Change>>,
}

impl Gathered<'_, '_> {
    fn site(&mut self, labels: &Labels, diff: &SiteDiff, left: SiteRef<'_>, right: SiteRef<'_>) {
        for difference in &diff.differences {
            let change = self.setting(labels, diff, difference);
            if difference.path == "/" && self.is_from_server_level(difference) {
                self.folded.entry(difference.setting).or_default().push(change);
            } else if entry(difference.setting).level == Level::Endpoint && change.effect != Effect::WrittenOnly {
                self.merge(change);
            } else {
                self.changes.push(change);
            }
        }
        for one in &diff.records.switches {
            let plain = |said: &crate::compare::SwitchSaid| {
                let text = if said.on { "Enabled" } else { "Disabled" };
                State::Plain(Plain { text: text.to_owned(), place: said.place, is_default: said.place.is_none() })
            };
            self.merge(Change {
                what: What::Switch(one.switch),
                sites: vec![labels.clone()],
                server_level: false,
                path: String::new(),
                endpoints: Sides { left: one.said.left.endpoints.clone(), right: one.said.right.endpoints.clone() },
                states: Sides { left: plain(&one.said.left), right: plain(&one.said.right) },
                verdict: strength::judge_switch(one.switch, one.said.right.on),
                effect: Effect::Some,
                statuses: Sides::default(),
            });
        }
        if diff.records.unserved_differ {
            let keys = &diff.records.unserved;
            let text = |keys: &[EndpointKey]| {
                let names: Vec<String> = keys.iter().map(EndpointKey::to_string).collect();
                if names.is_empty() { "none".to_owned() } else { names.join(", ") }
            };
            let said = Sides { left: text(&keys.left), right: text(&keys.right) };
            let verdict = Verdict::neutral("without a record connections are reset, so nobody gets in");
            self.fact(labels, "endpoints without a record of HTTP.sys", said, verdict);
        }
        self.site_facts(labels, diff);
        self.contests(labels, diff, left, right);
        for item in elements::compare(left, right) {
            self.changes.push(Change {
                what: What::Other(item.name.to_owned()),
                sites: vec![labels.clone()],
                server_level: false,
                path: item.path,
                endpoints: Sides::default(),
                states: Sides { left: State::Plain(item.said.left), right: State::Plain(item.said.right) },
                verdict: item.verdict,
                effect: item.without_effect.map_or(Effect::Some, |why| Effect::None(why.to_owned())),
                statuses: Sides::default(),
            });
        }
    }

    fn site_facts(&mut self, labels: &Labels, diff: &SiteDiff) {
        let sites = &diff.sites;
        if sites.left.id != sites.right.id {
            let text = |id: Option<u32>| id.map_or_else(|| "none".to_owned(), |id| id.to_string());
            let said = Sides { left: text(sites.left.id), right: text(sites.right.id) };
            self.fact(labels, "site id", said, Verdict::neutral("the folder of its log has another name"));
        }
        if diff.starts_differ() {
            let text = |starts: bool| if starts { "yes" } else { "no" }.to_owned();
            let said = Sides { left: text(sites.left.auto_start), right: text(sites.right.auto_start) };
            self.fact(labels, "starts by itself", said, Verdict::neutral("whether the site runs after a restart"));
        }
        if diff.mappings_differ() {
            let said = Sides { left: mappings(&sites.left.mappings), right: mappings(&sites.right.mappings) };
            let why = "whether more certificates lead to an account or fewer stands in the entries themselves";
            self.fact(labels, "certificate mapping entries", said, Verdict::unclear(why));
        }
        for flags in &diff.bindings.flags {
            let plain = |binding: &Binding| {
                let text = binding.flags_written.clone().unwrap_or_else(|| "0".to_owned());
                State::Plain(Plain { text, place: Some(binding.place), is_default: binding.flags_written.is_none() })
            };
            self.changes.push(Change {
                what: What::Other(format!("binding flags of {} {}", flags.left.protocol, flags.left.written)),
                sites: vec![labels.clone()],
                server_level: false,
                path: String::new(),
                endpoints: Sides::default(),
                states: Sides { left: plain(&flags.left), right: plain(&flags.right) },
                verdict: strength::judge_binding_flags(flags.left.flags, flags.right.flags),
                effect: Effect::Some,
                statuses: Sides::default(),
            });
        }
    }

    fn fact(&mut self, labels: &Labels, what: &str, said: Sides<String>, verdict: Verdict) {
        let plain = |text: String| State::Plain(Plain { text, place: None, is_default: false });
        self.changes.push(Change {
            what: What::Other(what.to_owned()),
            sites: vec![labels.clone()],
            server_level: false,
            path: String::new(),
            endpoints: Sides::default(),
            states: Sides { left: plain(said.left), right: plain(said.right) },
            verdict,
            effect: Effect::Some,
            statuses: Sides::default(),
        });
    }

    fn setting(&self, labels: &Labels, diff: &SiteDiff, difference: &Difference) -> Change {
        let mut endpoints = Sides::default();
        if entry(difference.setting).level == Level::Endpoint {
            let of = |only: &[EndpointKey], all: &[EndpointKey]| if only.is_empty() { all.to_vec() } else { only.to_vec() };
            endpoints.left = of(&difference.only_on.left, &diff.sites.left.endpoints);
            endpoints.right = of(&difference.only_on.right, &diff.sites.right.endpoints);
        }
        let mut change = self.change(difference);
        change.sites.push(labels.clone());
        // Where the sites of every endpoint contradict one another, nobody knows which value counts.
        let contested = |side: Side| {
            let contested = difference.contested.get(side);
            !contested.is_empty() && contested.len() >= diff.sites.get(side).endpoints.len()
        };
        for side in [Side::Left, Side::Right] {
            let keys: Vec<String> = difference.contested.get(side).iter().map(|contest| contest.endpoint.to_string()).collect();
            if contested(side) && change.effect == Effect::Some {
                change.verdict = Verdict::unclear(contradiction(side, &keys));
            } else if !keys.is_empty() && change.effect == Effect::Some && change.verdict.strength != Strength::Unclear {
                change.verdict.why.push_str(&format!(", but not for sure on {}, whose sites write different values", keys.join(", ")));
            }
        }
        change.endpoints = endpoints;
        change
    }

    /// On IIS 6 a site may write what it always wrote, while the sites of its endpoint begin or cease to contradict one another.
    fn contests(&mut self, labels: &Labels, diff: &SiteDiff, left: SiteRef<'_>, right: SiteRef<'_>) {
        let iis6 = |at: SiteRef<'_>| at.server.generation == Generation::Iis6;
        if !iis6(left) || !iis6(right) {
            return;
        }
        let asks = left.get().wants_certificates() || right.get().wants_certificates();
        let told: BTreeSet<Setting> =
            diff.differences.iter().filter(|one| one.reach != Reach::WrittenOnly).map(|one| one.setting).collect();
        for setting in Setting::ALL.iter().copied().filter(|setting| entry(*setting).level == Level::Endpoint && !told.contains(setting)) {
            let certificate = matches!(setting, Setting::ServerCertificate | Setting::ServerCertificateStore);
            let keys = |on: &Endpoints<'_>, site: usize| on.unknown(site, setting).map(|one| one.key.clone()).collect::<Vec<_>>();
            let keys = Sides { left: keys(&self.on.left, left.site), right: keys(&self.on.right, right.site) };
            if keys.left.is_empty() == keys.right.is_empty() || !(asks || certificate) {
                continue;
            }
            let said = |at: SiteRef<'_>| {
                let resolved = at.get().scopes.first()?.settings.get(setting)?.clone();
                Some(State::Setting(Said { setting, generation: at.server.generation, resolved }))
            };
            let (Some(before), Some(after)) = (said(left), said(right)) else { continue };
            let side = if keys.left.is_empty() { Side::Right } else { Side::Left };
            let names: Vec<String> = keys.get(side).iter().map(EndpointKey::to_string).collect();
            let why = contradiction(side, &names);
            self.changes.push(Change {
                what: What::Setting(setting),
                sites: vec![labels.clone()],
                server_level: false,
                path: "/".to_owned(),
                endpoints: Sides { left: diff.sites.left.endpoints.clone(), right: diff.sites.right.endpoints.clone() },
                states: Sides { left: before, right: after },
                verdict: Verdict::unclear(why),
                effect: Effect::Some,
                statuses: Sides::default(),
            });
        }
    }

    /// A difference with its verdict, without its sites.
    fn change(&self, difference: &Difference) -> Change {
        let effect = match &difference.reach {
            Reach::WrittenOnly => Effect::WrittenOnly,
            _ if difference.in_effect() => Effect::Some,
            _ => {
                let why = difference.effect("the state before", "the state after");
                Effect::None(why.strip_prefix("not in effect: ").unwrap_or(&why).to_owned())
            }
        };
        let mut verdict = match &effect {
            Effect::WrittenOnly => Verdict::neutral("written differently, with the same effect"),
            _ => strength::judge(difference.setting, &difference.left.resolved.value, &difference.right.resolved.value),
        };
        for (side, other) in [(Side::Left, self.diff.servers.right), (Side::Right, self.diff.servers.left)] {
            let place = difference.said(side).place();
            let in_web_config = place.is_some_and(|place| self.files.kind(place.file) == Some(FileKind::WebConfig));
            if in_web_config && effect != Effect::WrittenOnly && !self.files.has(other, FileKind::WebConfig) {
                let lacking = state(side.other());
                verdict = Verdict::unclear(format!("a web.config says it {}, and none was given for the state {lacking}", state(side)));
            }
        }
        let statuses = |side: Side| {
            let mut statuses: BTreeMap<&'static str, bool> = BTreeMap::new();
            for cause in difference.causes.iter().filter(|cause| cause.side == side) {
                let likely = statuses.entry(cause.status).or_insert(true);
                *likely = *likely && cause.likely;
            }
            statuses.into_iter().collect()
        };
        Change {
            what: What::Setting(difference.setting),
            sites: Vec::new(),
            server_level: false,
            path: difference.path.clone(),
            endpoints: Sides::default(),
            states: Sides { left: State::Setting(difference.left.clone()), right: State::Setting(difference.right.clone()) },
            verdict,
            effect,
            statuses: Sides { left: statuses(Side::Left), right: statuses(Side::Right) },
        }
    }

    /// Whether a difference at the root of a site is that of the server level, seen from the site.
    fn is_from_server_level(&self, difference: &Difference) -> bool {
        let above = self.diff.differences.iter().find(|above| above.setting == difference.setting);
        let Some(above) = above.filter(|above| above.reach == Reach::ServerLevel) else { return false };
        let same = |own: &Said, above: &Said| {
            own.resolved.value == above.resolved.value
                && match (&own.resolved.origin, &above.resolved.origin) {
                    (Origin::Inherited { at, .. }, Origin::Explicit { at: above } | Origin::Inherited { at: above, .. }) => at == above,
                    (Origin::Default { .. }, Origin::Default { .. }) => true,
                    _ => false,
                }
        };
        same(&difference.left, &above.left) && same(&difference.right, &above.right)
    }

    /// Changes of the server level, with the sites that take the value from there.
    fn server_level(&mut self) {
        for difference in &self.diff.differences {
            let mut change = self.change(difference);
            change.server_level = true;
            let mut in_effect = false;
            let mut idle = None;
            for below in self.folded.remove(&difference.setting).unwrap_or_default() {
                change.sites.extend(below.sites);
                match below.effect {
                    Effect::Some => {
                        in_effect = true;
                        if below.verdict.strength == Strength::Unclear {
                            change.verdict = below.verdict;
                        }
                    }
                    effect => idle = Some(effect),
                }
                for (all, own) in
                    [(&mut change.statuses.left, below.statuses.left), (&mut change.statuses.right, below.statuses.right)]
                {
                    for (status, likely) in own {
                        match all.iter_mut().find(|(known, _)| *known == status) {
                            Some((_, known)) => *known = *known && likely,
                            None => all.push((status, likely)),
                        }
                    }
                    all.sort_unstable();
                }
            }
            if change.effect == Effect::Some && !in_effect && !self.diff.pairs.is_empty() {
                let nobody = || Effect::None("every site says otherwise".to_owned());
                change.effect = idle.unwrap_or_else(nobody);
            }
            self.changes.push(change);
        }
        self.changes.extend(std::mem::take(&mut self.folded).into_values().flatten());
    }

    /// Adds a change of endpoints, or its site to the same change of another site on them.
    fn merge(&mut self, change: Change) {
        let key = format!("{:?} {:?} {:?} {:?} {:?}", change.what, change.states, change.endpoints, change.effect, change.verdict);
        match self.merged.get(&key).and_then(|index| self.changes.get_mut(*index)) {
            Some(known) => known.sites.extend(change.sites),
            None => {
                self.merged.insert(key, self.changes.len());
                self.changes.push(change);
            }
        }
    }
}

/// Why the value of endpoints is not known.
fn contradiction(side: Side, keys: &[String]) -> String {
    format!("{} the sites on {} write different values, and which one counts stands in no file", state(side), keys.join(", "))
}

/// What is counted of the mapping entries of a site.
pub(crate) fn mappings(count: &crate::compare::MappingCount) -> String {
    let parts = [
        (count.one_to_one, "one-to-one"),
        (count.many_to_one, "many-to-one"),
        (count.deny, "that deny access"),
        (count.disabled, "disabled"),
        (count.below_site, "below the site, ignored"),
    ];
    let parts: Vec<String> = parts.iter().filter(|(number, _)| *number > 0).map(|(number, what)| format!("{number} {what}")).collect();
    if parts.is_empty() { "none".to_owned() } else { parts.join(", ") }
}
