//! What rules about SSL records of HTTP.sys share: each record once, with the endpoints and sites that it serves, and how much a finding
//! about it weighs. Records of other products are not among them: nobody but their owner may change them.

use std::collections::BTreeSet;

use super::record_remedy::{Change, mode_changes, update};
use super::{Finding, Rule, Severity, endpoints};
use crate::catalogue::{Setting, Value, cert_check};
use crate::httpsys::{AppOwner, Record, Source, Switch};
use crate::input::Place;
use crate::remedy::{Remedy, Risk};
use crate::server::{Endpoint, EndpointKey, Generation, Server, Settings, Site, WindowsVersion};

/// A record and what it serves.
#[derive(Debug, Clone)]
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
    /// Indexes of the sites that it serves besides, to clients who come through its address and ask for a host name, ascending.
    pub(super) through_address: Vec<usize>,
    /// Whether any of these sites wants client certificates, or may want them, because its access flags cannot be read.
    pub(super) wanted: bool,
}

/// A mode without the bits 1, 2 and 4 where it holds several of them: they exclude one another, and without them revocation is checked.
pub(super) fn without_contradiction(mode: u32) -> u32 {
    let exclusive = cert_check::NO_REVOCATION | cert_check::CACHE_ONLY | cert_check::FRESHNESS;
    if (mode & exclusive).count_ones() > 1 { mode & !exclusive } else { mode }
}

/// What is to be said of sites that count as wanting client certificates only because access flags cannot be read; else empty.
pub(super) fn doubt(server: &Server, sites: &[usize]) -> String {
    let of = |site: &usize| server.sites.get(*site);
    if sites.iter().filter_map(of).any(Site::wants_certificates) {
        return String::new();
    }
    let unreadable: Vec<usize> = sites.iter().copied().filter(|site| of(site).is_some_and(Site::may_want_certificates)).collect();
    if unreadable.is_empty() {
        return String::new();
    }
    format!("; access flags of {} cannot be read, so that client certificates may be wanted there", endpoints::names(server, unreadable))
}

/// Whether a record belongs to a product other than IIS. One without an application id is not known to.
pub(super) fn is_foreign(record: &Record) -> bool {
    record.app_id.value().is_some() && !matches!(record.owner(), Some(AppOwner::Iis | AppOwner::IisExpress | AppOwner::Zero))
}

/// Whether a record belongs to a developer's machine.
pub(super) fn is_express(record: &Record) -> bool {
    record.owner() == Some(AppOwner::IisExpress)
}

/// The records that serve an endpoint or stand alone, in the order of the file, without those of other products.
pub(super) fn records(server: &Server) -> Vec<Used<'_>> {
    let Some(read) = &server.records else { return Vec::new() };
    let reached = endpoints::Reached::new(server);
    let wants: Vec<bool> = server.sites.iter().map(Site::may_want_certificates).collect();
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
        let mut through_address: Vec<usize> = reached.through(&record.key).iter().map(|(site, _)| *site).collect();
        through_address.retain(|site| !sites.contains(site));
        through_address.sort_unstable();
        through_address.dedup();
        let wanted = sites.iter().chain(&through_address).any(|site| wants[*site]);
        Some(Used { server, record, settings, endpoints, sites, through_address, wanted })
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
        if self.whole {
            format!("CertCheckMode is {}", self.set)
        } else {
            format!("CertCheckMode holds {}, as far as it is listed", self.set)
        }
    }
}

impl<'a> Used<'a> {
    /// The server.
    pub(super) fn server(&self) -> &'a Server {
        self.server
    }

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

    /// The record alone, in words.
    pub(super) fn name(&self) -> String {
        format!("the HTTP.sys record {}", self.record.key)
    }

    /// The record and what it serves within a sentence that goes on.
    pub(super) fn clause(&self) -> String {
        format!("{},", self.words())
    }

    /// The record and what it serves at the end of a sentence: `the HTTP.sys record 0.0.0.0:443, which serves "A" (id 1)`.
    pub(super) fn words(&self) -> String {
        let name = self.name();
        let through = endpoints::names(self.server, self.through_address.iter().copied());
        if self.sites.is_empty() && !self.through_address.is_empty() {
            return format!("{name}, which serves those who come through that address to {through}");
        }
        if self.sites.is_empty() {
            let why = if self.server.lists_sites { "which serves no site" } else { "whose sites are not known" };
            return format!("{name}, {why}");
        }
        format!("{name}, which serves {}", endpoints::names(self.server, self.sites.iter().copied()))
    }

    /// `wanted` when a site on the record wants client certificates, `unwanted` when none does, and `info` when that is not known.
    pub(super) fn weigh(&self, wanted: Severity, unwanted: Severity) -> Severity {
        match (self.wanted, self.sites.is_empty() && self.through_address.is_empty()) {
            (true, _) => wanted,
            (false, true) => Severity::Info,
            (false, false) => unwanted,
        }
    }

    /// A finding about the record, at `place` or at its key.
    pub(super) fn finding(&self, rule: &'static Rule, setting: Setting, message: String, place: Option<Place>) -> Finding {
        let site = |index: &usize| &self.server.sites[*index];
        // A started site that wants certificates speaks for the record: that another one is switched off does not make the hole smaller.
        let sites = if self.sites.is_empty() { &self.through_address } else { &self.sites };
        let speaker = sites.iter().min_by_key(|index| (!site(index).auto_start, !site(index).wants_certificates(), **index));
        let mut finding = Finding::new(rule, self.server, message)
            .setting(setting)
            .at(place.or(Some(self.record.place)))
            .subject(self.record.key.to_string());
        if let Some(speaker) = speaker {
            finding = finding.site(site(speaker)).path("/");
        }
        if is_express(self.record) {
            finding = finding.at_most(Severity::Low);
        }
        finding
    }

    /// The remedy that turns CertCheckMode into `new`.
    pub(super) fn set_mode(&self, risk: Risk, what: &str, new: u32) -> Option<Remedy> {
        let old = self.mode().set;
        // netsh sets no bit that has no meaning, and of those that exclude one another none is the one that was meant.
        let new = without_contradiction(new & cert_check::KNOWN);
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

/// The switches that this Windows is seen to know. The registry gives all bits at once, known to that Windows or not; only one that is set
/// is a sign there.
#[derive(Debug)]
pub(super) struct Known(BTreeSet<Switch>);

impl Known {
    /// Looks at every record once.
    pub(super) fn new(server: &Server) -> Self {
        let records = server.records.iter().flat_map(|records| &records.records);
        Known(records.flat_map(|record| Switch::ALL.iter().filter(|switch| shows(record, **switch))).copied().collect())
    }

    /// Whether anything shows that this Windows knows `switch`.
    pub(super) fn has(&self, switch: Switch) -> bool {
        self.0.contains(&switch)
    }

    /// What shows that this Windows knows `switch`.
    pub(super) fn proof(&self, record: &Record, switch: Switch) -> Proof {
        match (shows(record, switch), self.has(switch)) {
            (true, _) => Proof::Itself,
            (false, true) => Proof::Elsewhere,
            (false, false) => Proof::None,
        }
    }
}

fn shows(record: &Record, switch: Switch) -> bool {
    match record.source {
        Source::Listing | Source::Json | Source::Httpcfg => record.switches.contains_key(&switch),
        Source::Registry => record.switch(switch) == Some(true),
    }
}

/// Whether the records are those of Windows Server 2012 or later: the version is known, or else the files prove it by keys by host name or of the Central Certificate Store, lines that no
/// older version prints, or a binding flag (the number `binding@sslFlags`).
pub(super) fn after_2008_r2(server: &Server) -> bool {
    let newer = |record: &Record| {
        let later = |switch: &Switch| !matches!(switch, Switch::DsMapper | Switch::Negotiate) && shows(record, *switch);
        !matches!(record.key, EndpointKey::IpPort(..)) || record.switches.keys().any(later)
    };
    if let (Some(windows), true) = (server.windows, server.generation != Generation::Iis6) {
        return windows >= WindowsVersion::Server2012;
    }
    server.generation != Generation::Iis6
        && (server.records.iter().flat_map(|records| &records.records).any(newer) || has_binding_flags(server))
}

fn has_binding_flags(server: &Server) -> bool {
    server.sites.iter().flat_map(|site| &site.bindings).any(|binding| binding.flags_written.is_some())
}

#[cfg(test)]
mod tests {
    use super::super::testing::{https_site, joined, registry, with_records};
    use super::super::{Context, RULES, rule};
    use super::*;

    /// The rules that judge records.
    const JUDGES: &[&str] = &[
        "asks-everyone-needlessly",
        "ctl-identifier-dead",
        "ctl-reference-incomplete",
        "ds-mapper-half-configured",
        "freshness-too-small",
        "freshness-without-effect",
        "late-request-body-limit",
        "late-request-http2",
        "late-request-tls13",
        "revocation-cache-only",
        "revocation-check-off",
        "revocation-mode-contradictory",
        "revocation-mode-unknown-bits",
        "sites-disagree-on-issuers",
        "sites-disagree-on-revocation",
        "usage-check-off",
    ];

    fn found(server: &Server) -> Vec<Finding> {
        assert!(JUDGES.iter().all(|name| rule(name).is_some()));
        let mut findings = Vec::new();
        for rule in RULES.iter().filter(|rule| JUDGES.contains(&rule.name)) {
            (rule.check)(&Context::new(server), &mut findings);
        }
        findings
    }

    /// The server with every record owned by the application `id`.
    fn owned(path: &str, listing: &str, id: &str) -> Server {
        let mut server = with_records(path, listing);
        for record in &mut server.records.as_mut().unwrap().records {
            record.app_id = crate::input::Field::said(id.to_owned(), record.place);
        }
        server
    }

    const PAIRS: [(&str, &str); 4] = [
        ("apphost/F1_consistent_sni.config", "netsh/o02_2022_sni_drift_and_ccs.txt"),
        ("apphost/F2_shared_ipport_hostheaders.config", "netsh/o01_2012r2_conflict_revocation.txt"),
        ("apphost/F6_mapping.config", "netsh/o03_2025_tls13_ctl_mapper.txt"),
        ("apphost/F7_ccs_and_new_bits.config", "netsh/o02_2022_sni_drift_and_ccs.txt"),
    ];

    #[test]
    fn records_of_other_products_are_left_to_their_owners() {
        for (path, listing) in PAIRS {
            assert!(!found(&with_records(path, listing)).is_empty(), "{path}");
            for owner in ["{5d89a20c-beab-4389-9447-324788eb944a}", "{ba195980-cd49-458b-9e23-c84ee0adcd75}"] {
                let findings = found(&owned(path, listing, owner));
                assert!(findings.is_empty(), "{path}: {:?}", findings.iter().map(|finding| &finding.message).collect::<Vec<_>>());
            }
        }
    }

    #[test]
    fn records_of_iis_express_are_low_at_most_and_records_without_owner_are_judged() {
        for (path, listing) in PAIRS {
            let express = found(&owned(path, listing, "{214124cd-d05b-4309-9af9-9caa44b2b74a}"));
            assert!(!express.is_empty() && express.iter().all(|finding| finding.severity <= Severity::Low), "{path}");
            assert!(!found(&owned(path, listing, "{00000000-0000-0000-0000-000000000000}")).is_empty(), "{path}");
        }
    }

    #[test]
    fn an_endpoint_without_a_record_is_not_judged() {
        assert!(found(&joined(&https_site(1, "*:8443:", "Ssl, SslNegotiateCert"), &registry(&[]))).is_empty());
    }

    #[test]
    fn the_pairs_of_samples_give_what_is_wrong_with_them_and_nothing_else() {
        let names = |index: usize| {
            let (path, listing) = PAIRS[index];
            let mut names: Vec<String> = found(&with_records(path, listing))
                .iter()
                .map(|finding| format!("{} {}", finding.severity.name(), finding.rule.name))
                .collect();
            names.sort();
            names
        };
        assert_eq!(
            names(0),
            [
                "high late-request-tls13",
                "info revocation-check-off",
                "low late-request-body-limit",
                "medium late-request-http2",
                "medium sites-disagree-on-issuers",
                "medium sites-disagree-on-revocation"
            ]
        );
        assert_eq!(names(1), ["high revocation-check-off", "low late-request-body-limit", "low late-request-body-limit"]);
        assert_eq!(
            names(2),
            [
                "info ctl-identifier-dead",
                "info revocation-check-off",
                "low revocation-cache-only",
                "medium ds-mapper-half-configured",
                "medium usage-check-off"
            ]
        );
    }
}
