//! What rules about SSL records of HTTP.sys share: each record once, with the endpoints and sites that it serves, and how much a finding
//! about it weighs. Records of other products are not among them: nobody but their owner may change them.

use super::record_remedy::{Change, mode_changes, update};
use super::{Finding, Rule, Severity, endpoints};
use crate::catalogue::{Setting, Value};
use crate::httpsys::{AppOwner, Record, Source, Switch};
use crate::input::Place;
use crate::remedy::{Remedy, Risk};
use crate::server::{Endpoint, EndpointKey, Generation, Server, Settings, Site};

/// A record and what it serves.
#[derive(Debug)]
pub(super) struct Used<'a> {
    server: &'a Server,
    /// The record.
    pub(super) record: &'a Record,
    /// What it puts into effect.
    pub(super) settings: &'a Settings,
    /// The endpoints that it serves.
    pub(super) endpoints: Vec<&'a Endpoint>,
    /// Indexes of the sites that it serves, ascending.
    pub(super) sites: Vec<usize>,
    /// Whether any of these sites wants client certificates.
    pub(super) wanted: bool,
}

/// Whether a record belongs to a product other than IIS. One without an application id is not known to.
pub(super) fn is_foreign(record: &Record) -> bool {
    record.app_id.value().is_some() && !matches!(record.owner(), Some(AppOwner::Iis | AppOwner::IisExpress | AppOwner::Zero))
}

/// The records that serve an endpoint or stand alone, in the order of the file, without those of other products.
pub(super) fn records(server: &Server) -> Vec<Used<'_>> {
    let Some(read) = &server.records else { return Vec::new() };
    let wants: Vec<bool> = server.sites.iter().map(Site::wants_certificates).collect();
    let mut served: Vec<Vec<&Endpoint>> = vec![Vec::new(); read.records.len()];
    for endpoint in &server.endpoints {
        if let Some(list) = endpoint.served.record().and_then(|number| served.get_mut(number)) {
            list.push(endpoint);
        }
    }
    let used = read.records.iter().zip(served).filter(|(record, _)| !is_foreign(record)).filter_map(|(record, endpoints)| {
        let settings = &endpoints.first()?.settings;
        let mut sites: Vec<usize> = endpoints.iter().flat_map(|endpoint| endpoint.sites.iter().copied()).collect();
        sites.sort_unstable();
        sites.dedup();
        let wanted = sites.iter().any(|site| wants[*site]);
        Some(Used { server, record, settings, endpoints, sites, wanted })
    });
    used.collect()
}

/// CertCheckMode of a record, as far as it is stated.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Mode {
    /// The bits that are set.
    pub(super) set: u32,
    /// Whether every bit is stated.
    pub(super) whole: bool,
}

impl Mode {
    /// The value in words, to stand before a verb or comma.
    pub(super) fn words(self) -> String {
        if self.whole { format!("CertCheckMode is {}", self.set) } else { format!("CertCheckMode holds {}, as far as it is listed", self.set) }
    }
}

impl<'a> Used<'a> {
    /// CertCheckMode.
    pub(super) fn mode(&self) -> Mode {
        match self.settings.get(Setting::CertCheckMode).and_then(|resolved| resolved.known()?.flags()) {
            Some(set) => Mode { set, whole: true },
            None => Mode { set: self.record.cert_check_mode.set, whole: false },
        }
    }

    /// The place that states any of these bits of CertCheckMode.
    pub(super) fn mode_place(&self, bits: u32) -> Option<Place> {
        self.record.cert_check_mode.place(bits).or(Some(self.record.place))
    }

    /// A known number or truth value.
    pub(super) fn value(&self, setting: Setting) -> Option<&'a Value> {
        self.settings.get(setting)?.known()
    }

    /// Whether it asks for the client certificate in the first handshake; `None` when that is not known.
    pub(super) fn negotiates(&self) -> Option<bool> {
        self.value(Setting::NegotiateClientCertificate)?.bool()
    }

    /// The record and what it serves, in words: `the HTTP.sys record 0.0.0.0:443, which serves "A" (id 1)`.
    pub(super) fn words(&self) -> String {
        let key = &self.record.key;
        if self.sites.is_empty() {
            let why = if self.server.lists_sites { "which serves no site" } else { "whose sites are not known" };
            return format!("the HTTP.sys record {key}, {why}");
        }
        format!("the HTTP.sys record {key}, which serves {}", endpoints::names(self.server, self.sites.iter().copied()))
    }

    /// `wanted` when a site on the record wants client certificates, `unwanted` when none does, and `info` when that is not known.
    pub(super) fn weigh(&self, wanted: Severity, unwanted: Severity) -> Severity {
        match (self.wanted, self.sites.is_empty()) {
            (true, _) => wanted,
            (false, true) => Severity::Info,
            (false, false) => unwanted,
        }
    }

    /// A finding about the record, at `place` or at its key.
    pub(super) fn finding(&self, rule: &'static Rule, setting: Setting, message: String, place: Option<Place>) -> Finding {
        let site = |index: &usize| &self.server.sites[*index];
        // A started site that wants certificates speaks for the record: that another one is switched off does not make the hole smaller.
        let speaker = self.sites.iter().min_by_key(|index| (!site(index).auto_start, !site(index).wants_certificates(), **index));
        let mut finding = Finding::new(rule, self.server, message)
            .setting(setting)
            .at(place.or(Some(self.record.place)))
            .subject(self.record.key.to_string());
        if let Some(speaker) = speaker {
            finding = finding.site(site(speaker)).path("/");
        }
        if self.record.owner() == Some(AppOwner::IisExpress) {
            finding = finding.at_most(Severity::Low);
        }
        finding
    }

    /// The remedy that turns CertCheckMode into `new`.
    pub(super) fn set_mode(&self, risk: Risk, what: &str, new: u32) -> Option<Remedy> {
        let old = self.mode().set;
        update(self.record, risk, &format!("{what}; CertCheckMode {old} becomes {new}"), &mode_changes(old, new))
    }

    /// The remedy that changes one option.
    pub(super) fn set(&self, risk: Risk, what: &str, change: Change) -> Option<Remedy> {
        update(self.record, risk, what, &[change])
    }
}

/// What a file shows of the Windows version, beyond the values themselves.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Proof {
    /// Nothing shows that this Windows knows it.
    None,
    /// Another record or part of the files does.
    Elsewhere,
    /// The record itself does.
    Itself,
}

/// Whether this Windows knows `switch`: the record has its line, or other records or the newest bits do. The registry gives all bits at
/// once, known to that Windows or not; only one that is set is a sign there.
pub(super) fn knows(server: &Server, record: &Record, switch: Switch) -> Proof {
    let shows = |record: &Record| match record.source {
        Source::Listing | Source::Json => record.switches.contains_key(&switch),
        Source::Registry => record.switch(switch) == Some(true),
    };
    let all = server.records.iter().flat_map(|records| &records.records);
    if shows(record) {
        Proof::Itself
    } else if all.into_iter().any(shows) {
        Proof::Elsewhere
    } else {
        Proof::None
    }
}

/// Whether the records are those of Windows Server 2012 or later: keys by host name or of the Central Certificate Store, lines that no
/// older version prints, or a binding flag (the number `binding@sslFlags`).
pub(super) fn after_2008_r2(server: &Server) -> bool {
    let newer = |record: &Record| {
        let lines = record.source != Source::Registry && record.switches.keys().any(|switch| !is_classic(*switch));
        let bits = record.source == Source::Registry && record.switches.keys().any(|switch| !is_classic(*switch) && record.switch(*switch) == Some(true));
        !matches!(record.key, EndpointKey::IpPort(..)) || lines || bits
    };
    server.generation != Generation::Iis6
        && (server.records.iter().flat_map(|records| &records.records).any(newer) || has_binding_flags(server))
}

fn is_classic(switch: Switch) -> bool {
    matches!(switch, Switch::DsMapper | Switch::Negotiate)
}

fn has_binding_flags(server: &Server) -> bool {
    server.sites.iter().flat_map(|site| &site.bindings).any(|binding| binding.flags_written.is_some())
}
