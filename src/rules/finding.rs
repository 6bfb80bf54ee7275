//! A finding: one bad state at one place, said so that a person can act on it and a program can recognise it again.

use std::cmp::Ordering;

use serde::{Deserialize, Serialize};

use super::Rule;
use super::profiles::{Item, Profile, items_of};
use crate::catalogue::Setting;
use crate::input::Place;
use crate::remedy::Remedy;
use crate::server::{Generation, Server, Site};

/// How bad a finding is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Severity {
    /// Worth knowing.
    Info,
    /// Should be looked at.
    Low,
    /// Likely to break something or to weaken security.
    Medium,
    /// Breaks something or opens something.
    High,
}

impl Severity {
    /// The word in reports.
    pub fn name(self) -> &'static str {
        match self {
            Severity::Info => "info",
            Severity::Low => "low",
            Severity::Medium => "medium",
            Severity::High => "high",
        }
    }
}

/// How sure a finding is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Confidence {
    /// A heuristic.
    Hint,
    /// Likely; the message says why it is not certain.
    Likely,
    /// Follows from documented facts.
    Firm,
}

impl Confidence {
    /// The word in reports.
    pub fn name(self) -> &'static str {
        match self {
            Confidence::Hint => "hint",
            Confidence::Likely => "likely",
            Confidence::Firm => "firm",
        }
    }
}

/// Another place that belongs to a finding: the other site, the key that sets the inherited value.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Related {
    /// The place.
    pub place: Place,
    /// What is there.
    pub note: String,
}

/// What stands for the server of a finding that belongs to none.
pub const WITHOUT_SERVER: &str = "(policy)";

/// What makes two findings the same.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Identity<'a> {
    pub(crate) rule: &'a str,
    pub(crate) server: &'a str,
    pub(crate) site: Option<(Option<u32>, &'a str)>,
    pub(crate) path: Option<&'a str>,
    pub(crate) setting: Option<&'a str>,
    pub(crate) subject: &'a str,
}

/// The fingerprint of a finding.
pub(crate) fn fingerprint(of: &Identity<'_>) -> String {
    let (id, name) = match of.site {
        Some((id, name)) => (id.map(|id| id.to_string()).unwrap_or_default(), name.to_lowercase()),
        None => (String::new(), String::new()),
    };
    let path = of.path.unwrap_or_default().to_lowercase();
    let subject = of.subject.to_lowercase();
    let parts = [of.rule, of.server, &id, &name, &path, of.setting.unwrap_or_default(), &subject];
    // FNV-1a with 128 bits: stable everywhere, and an accidental collision is out of the question. It is no protection against
    // a deliberate one, which would only hide the attacker's own finding.
    let mut hash: u128 = 0x6c62_272e_07bb_0142_62b8_2175_6295_c58d;
    for byte in parts.iter().flat_map(|part| part.bytes().chain([0])) {
        hash = (hash ^ u128::from(byte)).wrapping_mul(0x0000_0000_0100_0000_0000_0000_0000_013b);
    }
    format!("{hash:032x}")
}

/// One bad state. Texts may hold pieces of files and must be escaped where they are printed.
#[derive(Debug, Clone)]
pub struct Finding {
    /// The rule that found it.
    pub rule: &'static Rule,
    /// How bad it is here.
    pub severity: Severity,
    /// How sure it is here.
    pub confidence: Confidence,
    /// Name of the server.
    pub server: String,
    /// Id and name of the site.
    pub site: Option<(Option<u32>, String)>,
    /// URL path within the site.
    pub path: Option<String>,
    /// The setting.
    pub setting: Option<Setting>,
    /// What is wrong, in one or two sentences.
    pub message: String,
    /// What a client or administrator sees here.
    pub sees: String,
    /// Where.
    pub place: Option<Place>,
    /// Other places.
    pub related: Vec<Related>,
    /// What can be done, in the order of risk.
    pub remedies: Vec<Remedy>,
    /// What tells two findings of one rule at one scope apart, such as an endpoint or attribute; part of the fingerprint.
    pub subject: String,
    /// The benchmark under which it was found.
    pub profile: Option<Profile>,
    /// Where sites are compared: the sides that disagree, each with its sites by id and name. Empty otherwise.
    pub sides: Vec<Vec<(Option<u32>, String)>>,
    /// The most it can be, from the state of its site and the kind of its server.
    most: Severity,
}

impl Finding {
    /// A finding of `rule` on `server`, with the rule's own severity and confidence.
    pub fn new(rule: &'static Rule, server: &Server, message: impl Into<String>) -> Self {
        // A developer's machine has no clients to protect.
        let most = if server.generation == Generation::IisExpress { Severity::Low } else { Severity::High };
        Finding {
            rule,
            severity: rule.severity.min(most),
            confidence: rule.confidence,
            server: server.name.clone(),
            site: None,
            path: None,
            setting: None,
            message: message.into(),
            sees: rule.sees.to_owned(),
            place: None,
            related: Vec::new(),
            remedies: Vec::new(),
            subject: String::new(),
            profile: None,
            sides: Vec::new(),
            most,
        }
    }

    /// A finding about the policy file, which belongs to no server.
    pub fn of_policy(rule: &'static Rule, message: impl Into<String>) -> Self {
        Finding {
            rule,
            severity: rule.severity,
            confidence: rule.confidence,
            server: WITHOUT_SERVER.to_owned(),
            site: None,
            path: None,
            setting: None,
            message: message.into(),
            sees: String::new(),
            place: None,
            related: Vec::new(),
            remedies: Vec::new(),
            subject: String::new(),
            profile: None,
            sides: Vec::new(),
            most: Severity::High,
        }
    }

    /// The most it can be, whatever a policy says.
    pub fn most(&self) -> Severity {
        self.most
    }

    /// A finding that was made elsewhere, of the server called `server`.
    pub(crate) fn recalled(rule: &'static Rule, server: String, severity: Severity, most: Severity) -> Self {
        Finding { server, severity: severity.min(most), most, ..Finding::of_policy(rule, String::new()) }
    }

    /// Names the site. A site that does not start by itself makes the finding low at most.
    pub fn site(mut self, site: &Site) -> Self {
        self.site = Some((site.id, site.name.clone()));
        if !site.auto_start {
            self.most = self.most.min(Severity::Low);
            self.severity = self.severity.min(self.most);
        }
        self
    }

    /// Names the URL path.
    pub fn path(mut self, path: &str) -> Self {
        self.path = Some(path.to_owned());
        self
    }

    /// Names the setting.
    pub fn setting(mut self, setting: Setting) -> Self {
        self.setting = Some(setting);
        self
    }

    /// Sets the place.
    pub fn at(mut self, place: Option<Place>) -> Self {
        self.place = place;
        self
    }

    /// Adds another place.
    pub fn related(mut self, place: Option<Place>, note: impl Into<String>) -> Self {
        if let Some(place) = place {
            self.related.push(Related { place, note: note.into() });
        }
        self
    }

    /// Sets the severity, within what the site and server allow.
    pub fn severity(mut self, severity: Severity) -> Self {
        self.severity = severity.min(self.most);
        self
    }

    /// Makes it `most` at most, whatever else is said.
    pub fn at_most(mut self, most: Severity) -> Self {
        self.most = self.most.min(most);
        self.severity = self.severity.min(self.most);
        self
    }

    /// Names the sides that disagree, as indexes of sites.
    pub fn sides<'a>(mut self, server: &Server, sides: impl IntoIterator<Item = &'a [usize]>) -> Self {
        let named = |site: &usize| server.sites.get(*site).map(|site| (site.id, site.name.clone()));
        self.sides = sides.into_iter().map(|sites| sites.iter().filter_map(named).collect()).collect();
        self
    }

    /// Sets the confidence.
    pub fn confidence(mut self, confidence: Confidence) -> Self {
        self.confidence = confidence;
        self
    }

    /// Says what is seen here, when it is not what the rule says in general.
    pub fn sees(mut self, sees: impl Into<String>) -> Self {
        self.sees = sees.into();
        self
    }

    /// Adds a remedy; they are kept in the order of risk.
    pub fn remedy(mut self, remedy: Remedy) -> Self {
        let at = self.remedies.partition_point(|other| other.risk <= remedy.risk);
        self.remedies.insert(at, remedy);
        self
    }

    /// Adds remedies, those that there are.
    pub fn remedies_of(self, remedies: impl IntoIterator<Item = Remedy>) -> Self {
        remedies.into_iter().fold(self, Finding::remedy)
    }

    /// Names the subject.
    pub fn subject(mut self, subject: impl Into<String>) -> Self {
        self.subject = subject.into();
        self
    }

    /// The items of the benchmark that it was found under and that its rule checks.
    pub fn benchmarks(&self) -> impl Iterator<Item = &'static Item> {
        items_of(self.rule.name).filter(|item| Some(item.profile) == self.profile)
    }

    /// A fingerprint made of meaning: rule, server, site, path, setting and subject, without places, so that it survives reformatting.
    pub fn fingerprint(&self) -> String {
        self.fingerprint_as(&self.server, self.site.as_ref().map(|(id, name)| (*id, name.as_str())))
    }

    /// The fingerprint that it would have on a server and site of other names, so that two states of one server can be compared whatever
    /// their folders are called and whether a site was renamed in between.
    pub fn fingerprint_as(&self, server: &str, site: Option<(Option<u32>, &str)>) -> String {
        fingerprint(&Identity {
            rule: self.rule.name,
            server,
            site,
            path: self.path.as_deref(),
            setting: self.setting.map(Setting::name),
            subject: &self.subject,
        })
    }

    /// The order of reports: the worst first, then by server and place, then by rule.
    pub fn order(a: &Finding, b: &Finding) -> Ordering {
        let key = |finding: &Finding| (finding.place.is_none(), finding.place, finding.rule.name);
        b.severity
            .cmp(&a.severity)
            .then_with(|| a.server.cmp(&b.server))
            .then_with(|| key(a).cmp(&key(b)))
            .then_with(|| a.subject.cmp(&b.subject))
            .then_with(|| a.message.cmp(&b.message))
    }
}
