//! What a change does: two states of a server, before and after. Which settings are weaker or stronger now, which sites, bindings and
//! endpoints came and went, and which findings are new or fixed.
//!
//! Two equal states differ in nothing, and the other way round everything is the opposite: weaker is stronger, new is fixed, gone is come.
//! What one of the states does not know is never called equal, weaker or stronger.

mod elements;
mod findings;
mod schannel;
mod strength;

use std::collections::{BTreeMap, BTreeSet};

use crate::catalogue::{Level, Setting, entry};
use crate::compare::{
    Difference, EstateDiff, MatchedBy, NotAssessed, PENDING, Reach, Said, ServerDiff, Side, Sides, SiteDiff, SiteRef, SiteSummary,
};
use crate::estate::{FileKind, InputReport};
use crate::httpsys::Switch;
use crate::input::{FileId, Place};
use crate::server::{Binding, Endpoint, EndpointKey, Generation, Origin, Server};

pub use findings::Findings;
pub use strength::{Strength, Verdict, judge, judge_binding_flags};

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
    let listed = |switch: Switch| [diff.servers.left, diff.servers.right].iter().all(|server| server.lists_switch(switch));
    let in_records = strength::BINDING_SWITCHES.iter().filter(|(_, switch)| listed(*switch)).fold(0, |all, (bit, _)| all | bit);
    let mut gathered = Gathered { diff, files, on: &on, in_records, changes: Vec::new(), merged: BTreeMap::new(), folded: BTreeMap::new() };
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
    changes.extend(schannel::compare(diff.servers.left, diff.servers.right));
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
    /// Bits of binding flags whose switch the records of both states list.
    in_records: u32,
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
                effect: if self.is_told_by_records(flags) {
                    Effect::None("HTTP.sys goes by its records, which are compared by themselves".to_owned())
                } else {
                    Effect::Some
                },
                statuses: Sides::default(),
            });
        }
    }

    /// Whether two bindings differ only in switches that the records of both states list.
    fn is_told_by_records(&self, flags: &Sides<Binding>) -> bool {
        let (Some(before), Some(after)) = (flags.left.flags, flags.right.flags) else { return false };
        (before ^ after) & !self.in_records == 0
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
            // What was changed in the metabase is what counts from the next start on, whatever an old listing says.
            Reach::Pending => Effect::Some,
            _ if difference.in_effect() => Effect::Some,
            _ => {
                let why = difference.effect("the state before", "the state after");
                Effect::None(why.strip_prefix("not in effect: ").unwrap_or(&why).to_owned())
            }
        };
        let mut verdict = match &effect {
            Effect::WrittenOnly => Verdict::neutral("written differently, with the same effect"),
            _ => strength::judge(
                difference.setting,
                &difference.left.resolved.value,
                &difference.right.resolved.value,
                [difference.left.generation, difference.right.generation],
            ),
        };
        if difference.reach == Reach::Pending {
            verdict.why.push_str("; ");
            verdict.why.push_str(PENDING);
        }
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
                for (all, own) in [(&mut change.statuses.left, below.statuses.left), (&mut change.statuses.right, below.statuses.right)] {
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

#[cfg(test)]
mod tests {
    use std::path::Path;

    use proptest::prelude::*;

    use super::*;
    use crate::compare::compare_estates;
    use crate::compare::testing::{Build, BuildSite};
    use crate::estate::{Estate, Options, read};
    use crate::rules::Finding;

    fn estate(path: &str, first_file: u32) -> Estate {
        let path = Path::new(env!("CARGO_MANIFEST_DIR")).join(path);
        read(&[path], &Options { first_file, ..Options::default() })
    }

    /// Every fixture and example.
    fn paths() -> Vec<String> {
        let root = Path::new(env!("CARGO_MANIFEST_DIR"));
        let mut paths = Vec::new();
        for folder in ["tests/fixtures/apphost", "tests/fixtures/metabase", "examples"] {
            for entry in std::fs::read_dir(root.join(folder)).unwrap() {
                paths.push(format!("{folder}/{}", entry.unwrap().file_name().to_str().unwrap()));
            }
        }
        paths.sort();
        paths
    }

    fn of(left: &[Server], right: &[Server], told: impl Fn(&[ServerChange<'_>])) {
        told(&changes(&compare_estates(left, right), &[]));
    }

    /// What a change of servers built by hand is, in one line each.
    fn lines(left: &Server, right: &Server) -> Vec<String> {
        // Files of their own, or they would be two looks at one state.
        let right = Server { inputs: vec![FileId(9)], ..right.clone() };
        let diff = compare_estates(std::slice::from_ref(left), std::slice::from_ref(&right));
        let changes = changes(&diff, &[]);
        let line = |change: &Change| {
            let what = match &change.what {
                What::Setting(setting) => setting.name().to_owned(),
                What::Switch(switch) => switch.label().to_owned(),
                What::Other(what) => what.clone(),
            };
            let sites: Vec<&str> = change.sites.iter().map(|site| site.right.name.as_str()).collect();
            let strength = match &change.effect {
                Effect::Some => change.verdict.strength.words(),
                Effect::None(_) => "without effect",
                Effect::WrittenOnly => "written",
            };
            format!("{what} {} {}: {strength}", sites.join("+"), if change.server_level { "server" } else { &change.path })
        };
        changes[0].changes.iter().map(line).collect()
    }

    /// Everything that is said of a change, in an order that does not depend on the direction; `turned` exchanges the sides.
    fn essence(change: &ServerChange<'_>, turned: bool) -> Vec<String> {
        let turn = |side: Side| if turned { side.other() } else { side };
        let (old, new) = (turn(Side::Left), turn(Side::Right));
        let mut all = Vec::new();
        for one in &change.changes {
            let strength = if turned { one.verdict.strength.mirrored() } else { one.verdict.strength };
            let sites: Vec<_> = one.sites.iter().map(|site| (site.get(old), site.get(new))).collect();
            let effect = match one.effect {
                Effect::Some => 0,
                Effect::None(_) => 1,
                Effect::WrittenOnly => 2,
            };
            all.push(format!(
                "{:?} {sites:?} {} {:?} {:?} {:?} {:?} {strength:?} {} {effect} {:?} {:?}",
                one.what,
                one.path,
                one.endpoints.get(old),
                one.endpoints.get(new),
                one.states.get(old),
                one.states.get(new),
                one.verdict.likely,
                one.statuses.get(old),
                one.statuses.get(new),
            ));
        }
        for (side, word) in [(old, "gone"), (new, "came")] {
            all.extend(change.sites.get(side).iter().map(|site| format!("{word} site {}", site.get().label())));
            all.extend(change.endpoints.get(side).iter().map(|key| format!("{word} endpoint {key}")));
            all.extend(change.findings.untold.get(side).iter().map(|(finding, _)| format!("untold {word} {}", text(finding))));
            let bindings = change.bindings.iter().filter(|one| one.side == side);
            all.extend(
                bindings.map(|one| format!("{word} binding {:?} {:?} {}", one.site.get(old), one.site.get(new), one.binding.written)),
            );
        }
        let renamed = change.renamed.iter().map(|one| (one.sites.get(old).get().label(), one.sites.get(new).get().label()));
        all.extend(renamed.map(|(old, new)| format!("renamed {old} {new}")));
        let found = &change.findings;
        let (new, fixed, worse, milder) = if turned {
            (&found.fixed, &found.new, &found.milder, &found.worse)
        } else {
            (&found.new, &found.fixed, &found.worse, &found.milder)
        };
        all.extend(new.iter().map(|finding| format!("new {}", text(finding))));
        all.extend(fixed.iter().map(|finding| format!("fixed {}", text(finding))));
        all.push(format!("{} worse, {} milder, {} unchanged", worse.len(), milder.len(), found.unchanged));
        all.sort();
        all
    }

    /// What one list has and the other has not.
    fn apart(there: &[String], back: &[String]) -> Vec<String> {
        let only = |mark: &'static str, a: &[String], b: &[String]| -> Vec<String> {
            a.iter().filter(|line| !b.contains(line)).map(|line| format!("{mark} {line}")).collect()
        };
        [only("<", there, back), only(">", back, there)].concat()
    }

    fn text(finding: &Finding) -> String {
        format!("{} {:?} {:?} {}", finding.rule.name, finding.site, finding.path, finding.message)
    }

    #[test]
    fn a_state_compared_with_itself_changes_nothing_and_fixes_nothing() {
        for path in paths() {
            let (left, right) = (estate(&path, 0), estate(&path, 100));
            of(&left.servers, &right.servers, |changes| {
                for change in changes {
                    assert!(change.is_empty(), "{path}: {:?}", essence(change, false));
                    assert!(change.findings.untold.left.is_empty() && change.findings.untold.right.is_empty(), "{path}");
                }
            });
        }
    }

    #[test]
    fn the_other_way_round_weaker_is_stronger_new_is_fixed_and_gone_is_come() {
        let estates: Vec<(String, Estate)> = paths().into_iter().map(|path| (path.clone(), estate(&path, 0))).collect();
        let mut seen = 0;
        for (left_path, left) in &estates {
            for (right_path, right) in &estates {
                of(&left.servers, &right.servers, |there| {
                    of(&right.servers, &left.servers, |back| {
                        assert_eq!(there.len(), back.len());
                        for change in there {
                            let other = back.iter().find(|other| other.servers.right.name == change.servers.left.name).unwrap();
                            let apart = apart(&essence(change, false), &essence(other, true));
                            assert!(apart.is_empty(), "{left_path} {right_path}: {apart:#?}");
                        }
                    });
                });
                seen += 1;
            }
        }
        assert!(seen > 400);
    }

    /// The text with the attributes of every tag in the reverse order, and every line break doubled.
    fn reordered(text: &str) -> String {
        let mut out = String::new();
        for piece in text.split_inclusive('>') {
            let Some((before, tag)) = piece.rsplit_once('<').filter(|(_, tag)| !tag.starts_with(['?', '!', '/'])) else {
                out.push_str(piece);
                continue;
            };
            let mut attributes = Vec::new();
            let mut rest = tag.trim_end_matches('>').trim_end_matches('/');
            let name = rest.split_whitespace().next().unwrap_or_default();
            rest = &rest[name.len()..];
            while let Some((key, tail)) = rest.split_once('=') {
                let quote = tail.trim_start().chars().next().unwrap_or('"');
                let Some((value, tail)) = tail.trim_start()[1..].split_once(quote) else { break };
                attributes.push(format!("{}={quote}{value}{quote}", key.trim()));
                rest = tail;
            }
            attributes.reverse();
            let end = if tag.ends_with("/>") { "/>" } else { ">" };
            out.push_str(&format!("{before}\n<{name} {}{end}", attributes.join("\n  ")));
        }
        out
    }

    #[test]
    fn the_order_of_attributes_and_files_and_the_shape_of_the_text_change_nothing() {
        let mut moved = 0;
        for path in paths().into_iter().filter(|path| !path.ends_with(".xml") && !path.ends_with(".md")) {
            let root = Path::new(env!("CARGO_MANIFEST_DIR")).join(&path);
            let file = if root.is_dir() { root.join("applicationHost.config") } else { root };
            let Ok(bytes) = std::fs::read(&file) else { continue };
            let text = crate::input::decode(&bytes, None).unwrap().text.into_owned();
            let read = |text: &str, file| {
                let config = crate::apphost::read(text, FileId(file), crate::xml::Limits::default()).unwrap();
                crate::apphost::assemble(&config, &[], None, format!("server{file}"))
            };
            let other = reordered(&text);
            moved += usize::from(other != text);
            let (left, right) = (read(&text, 0), read(&other, 1));
            of(&[left], &[right], |changes| assert!(changes[0].is_empty(), "{path}: {:?}", essence(&changes[0], false)));
        }
        assert!(moved > 10);
        let left = estate("examples/flat-folder", 0);
        let mut right = estate("examples/flat-folder", 0);
        right.servers.reverse();
        of(&left.servers, &right.servers, |changes| assert!(changes.len() == 2 && changes.iter().all(ServerChange::is_empty)));
    }

    #[test]
    fn a_renamed_site_is_one_site_and_keeps_its_findings() {
        let server = |name: &str| {
            let site = |site: BuildSite| site.https(":443:").set(Setting::AccessFlags, "104").set(Setting::CertCheckMode, "1");
            Build::iis6().site(7, name, site).server()
        };
        let (left, right) = (server("Orders"), server("Orders 2"));
        of(&[left], &[right], |changes| {
            let change = &changes[0];
            assert!(change.sites.left.is_empty() && change.sites.right.is_empty() && change.changes.is_empty());
            assert_eq!(change.renamed.iter().map(|one| one.matched_by).collect::<Vec<_>>(), [MatchedBy::Id]);
            assert!(change.findings.is_empty() && change.findings.unchanged > 0, "{:?}", essence(change, false));
            assert!(!change.is_empty());
        });
    }

    #[test]
    fn sites_on_one_endpoint_share_one_change() {
        let server = |mode: &str| {
            let site = |site: BuildSite| site.https(":443:a").set(Setting::AccessFlags, "104");
            Build::iis6().service(Setting::CertCheckMode, mode).site(1, "a", site).site(2, "b", site).server()
        };
        assert_eq!(lines(&server("0"), &server("1")), ["cert-check-mode a+b server: weaker"]);
        assert_eq!(lines(&server("1"), &server("0")), ["cert-check-mode a+b server: stronger"]);
    }

    #[test]
    fn a_value_of_the_server_level_that_every_site_replaces_has_no_effect() {
        let server = |flags: &str| {
            let site = |site: BuildSite| site.https(":443:a").set(Setting::AccessFlags, "8");
            Build::iis6().service(Setting::AccessFlags, flags).site(1, "a", site).server()
        };
        assert_eq!(lines(&server("8"), &server("0")), ["access-flags  server: without effect"]);
    }

    #[test]
    fn where_sites_of_one_endpoint_contradict_one_another_nobody_is_called_weaker() {
        let server = |mode: &str| {
            let site = |site: BuildSite| site.https(":443:").set(Setting::AccessFlags, "104");
            Build::iis6().site(1, "a", |one| site(one).set(Setting::CertCheckMode, mode)).site(2, "b", site).server()
        };
        let unclear = ["cert-check-mode a /: cannot be told", "cert-check-mode b /: cannot be told"];
        assert_eq!(lines(&server("0"), &server("1")), unclear);
        assert_eq!(lines(&server("1"), &server("0")), unclear);
    }

    #[test]
    fn a_setting_that_does_nothing_on_either_side_is_said_to_be_without_effect() {
        let server = |mode: &str| Build::iis6().site(1, "a", |site| site.https(":443:").set(Setting::CertCheckMode, mode)).server();
        assert_eq!(lines(&server("0"), &server("1")), ["cert-check-mode a /: without effect"]);
    }

    #[test]
    fn what_only_one_state_was_given_the_records_of_is_neither_fixed_nor_new() {
        let (with, without) = (estate("examples/renewal-drift", 0), estate("examples/sni-pair", 10));
        of(&with.servers, &without.servers, |changes| {
            let found = &changes[0].findings;
            assert!(found.fixed.is_empty() && found.new.is_empty() && found.untold.left.len() > 5, "{:?}", essence(&changes[0], false));
            assert!(changes[0].changes.is_empty() && !changes[0].untold.is_empty());
        });
        of(&without.servers, &with.servers, |changes| {
            let found = &changes[0].findings;
            assert!(found.fixed.is_empty() && found.new.is_empty() && found.untold.right.len() > 5);
        });
    }

    /// Servers of one to three sites with settings of all kinds.
    fn servers() -> impl Strategy<Value = Server> {
        let flags = prop::sample::select(vec!["0", "8", "40", "104", "264", "232", "512"]);
        let mode = prop::sample::select(vec!["0", "1", "2", "4", "65536", "65537", "8"]);
        let binding = prop::sample::select(vec![":443:", ":443:a", "10.0.0.1:443:", ":444:"]);
        let site = (flags.clone(), prop::option::of(mode.clone()), binding, prop::option::of(flags.clone()), prop::bool::ANY);
        (prop::collection::vec(site, 1..4), prop::option::of(mode), prop::option::of(flags)).prop_map(|(sites, mode, flags)| {
            let mut build = Build::iis6();
            if let Some(mode) = mode {
                build = build.service(Setting::CertCheckMode, mode);
            }
            if let Some(flags) = flags {
                build = build.service(Setting::AccessFlags, flags);
            }
            for (index, (flags, mode, binding, below, named)) in sites.into_iter().enumerate() {
                let id = u32::try_from(index).unwrap() + 1;
                let name = if named { format!("site {id}") } else { format!("other {id}") };
                build = build.site(id, &name, |site| {
                    let mut site = site.https(binding).set(Setting::AccessFlags, flags);
                    if let Some(mode) = mode {
                        site = site.set(Setting::CertCheckMode, mode);
                    }
                    if let Some(below) = below {
                        site = site.at("/app", Setting::AccessFlags, below);
                    }
                    site
                });
            }
            build.server()
        })
    }

    proptest! {
        #[test]
        fn both_directions_say_the_opposite_and_the_same_state_says_nothing(left in servers(), right in servers()) {
            let (left, right) = ([left], [Server { inputs: vec![FileId(9)], ..right }]);
            of(&left, &right, |there| of(&right, &left, |back| {
                let apart = apart(&essence(&there[0], false), &essence(&back[0], true));
                assert!(apart.is_empty(), "{apart:#?}");
            }));
            of(&left, &left.clone(), |changes| assert!(changes[0].is_empty(), "{:?}", essence(&changes[0], false)));
        }
    }
}
