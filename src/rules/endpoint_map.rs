//! What rules need to know of the endpoints of a site, worked out once for all sites, and the known CertCheckMode of each.

use std::collections::BTreeSet;

use crate::catalogue::{Setting, Value};
use crate::httpsys::Record;
use crate::remedy::{Remedy, Risk, adsutil};
use crate::server::{Endpoint, EndpointKey, Generation, Resolved, Served, Server, Site};

use super::Severity;
use super::records::{is_express, is_foreign};
use super::scopes::site_key;

/// Which endpoints serve which site, and what is known of them.
#[derive(Debug, Clone)]
pub(super) struct EndpointMap<'a> {
    server: &'a Server,
    /// For each site the indexes of its endpoints, ascending.
    of_site: Lists,
    /// For each site the records that decide for it; `None` where the records were not given, so that its endpoints do.
    records: Option<Lists>,
    /// For each endpoint, whether any of its sites wants client certificates, or may want them, because its access flags cannot be read.
    wanted: Vec<bool>,
}

impl<'a> EndpointMap<'a> {
    /// Looks at every endpoint once.
    pub(super) fn new(server: &'a Server) -> Self {
        let wants: Vec<bool> = server.sites.iter().map(Site::may_want_certificates).collect();
        let mut pairs = Vec::new();
        let mut wanted = Vec::with_capacity(server.endpoints.len());
        for (index, endpoint) in server.endpoints.iter().enumerate() {
            pairs.extend(endpoint.sites.iter().map(|site| (*site, index)));
            wanted.push(endpoint.sites.iter().any(|site| wants[*site]));
        }
        let of_site = Lists::new(server.sites.len(), &pairs);
        let records = server.records.is_some().then(|| {
            let record = |(site, endpoint): &(usize, usize)| Some((*site, server.endpoints[*endpoint].served.record()?));
            let mut pairs: Vec<(usize, usize)> = pairs.iter().filter_map(record).collect();
            pairs.sort_unstable();
            pairs.dedup();
            Lists::new(server.sites.len(), &pairs)
        });
        EndpointMap { server, of_site, records, wanted }
    }

    /// Indexes of the endpoints that serve a site.
    pub(super) fn indexes(&self, site: usize) -> &[usize] {
        self.of_site.of(site)
    }

    /// Whether two sites are served by exactly the same endpoints or records, so that no setting of an endpoint can differ in effect
    /// between them.
    pub(super) fn same(&self, a: usize, b: usize) -> bool {
        !self.indexes(a).is_empty() && (self.indexes(a) == self.indexes(b) || self.deciders(a) == self.deciders(b))
    }

    /// The endpoints that serve a site.
    pub(super) fn of(&self, site: usize) -> impl Iterator<Item = &'a Endpoint> {
        let server = self.server;
        self.indexes(site).iter().map(move |index| &server.endpoints[*index])
    }

    /// Indexes of the endpoints on which a mode is in effect.
    pub(super) fn indexes_of(&self, mode: &Mode<'_>) -> Vec<usize> {
        mode.endpoint.map_or_else(|| self.indexes(mode.index).to_vec(), |endpoint| vec![endpoint])
    }

    /// Keys of the endpoints on which a mode is in effect, for messages; empty when its site has none.
    pub(super) fn keys_of(&self, mode: &Mode<'_>) -> String {
        match mode.endpoint.and_then(|endpoint| self.server.endpoints.get(endpoint)) {
            Some(endpoint) => endpoint.key.to_string(),
            None => self.keys(mode.index),
        }
    }

    /// Whether the value of a mode is that of one of several sites, without anything telling which of them counts.
    pub(super) fn contests(&self, mode: &Mode<'_>) -> bool {
        mode.endpoint.is_none() && self.contested(mode.index, Setting::CertCheckMode)
    }

    /// Keys of a site's endpoints, for messages; empty when it has none.
    pub(super) fn keys(&self, site: usize) -> String {
        let keys: Vec<String> = self.of(site).map(|endpoint| endpoint.key.to_string()).collect();
        keys.join(", ")
    }

    /// Whether any site on the endpoints of a site wants client certificates.
    pub(super) fn wanted(&self, site: usize) -> bool {
        self.indexes(site).iter().any(|endpoint| self.wanted[*endpoint])
    }

    /// Whether the sites on an endpoint of a site say different things of `setting`, so that one of them is not in effect.
    pub(super) fn contested(&self, site: usize, setting: Setting) -> bool {
        self.of(site).any(|endpoint| endpoint.settings.get(setting).is_some_and(|effective| effective.known().is_none()))
    }

    /// Whether the client certificate is asked for in the first handshake on all endpoints of a site; `None` when that is not known.
    pub(super) fn negotiates(&self, site: usize) -> Option<bool> {
        let of = |settings: Option<&Resolved>| settings.and_then(Resolved::known).and_then(Value::bool);
        let setting = Setting::NegotiateClientCertificate;
        if self.indexes(site).is_empty() {
            return of(self.server.sites[site].root().settings.get(setting));
        }
        let mut all = self.of(site).filter(|endpoint| endpoint.served != Served::Nobody).map(|endpoint| of(endpoint.settings.get(setting)));
        let first = all.next()??;
        all.all(|other| other == Some(first)).then_some(first)
    }

    /// The endpoints of a site whose record is known not to ask for the client certificate in the first handshake. Records of other
    /// products are left to their owners.
    pub(super) fn late(&self, site: usize) -> impl Iterator<Item = &'a Endpoint> {
        let server = self.server;
        let late = |endpoint: &&Endpoint| {
            let asks = endpoint.settings.get(Setting::NegotiateClientCertificate).and_then(Resolved::known).and_then(Value::bool);
            asks == Some(false)
        };
        self.of(site).filter(late).filter(|endpoint| server.record_of(endpoint).is_some_and(|record| !is_foreign(record)))
    }

    /// Whether every endpoint of a site is served by nobody or by the record of another product, so that nothing is said about it.
    pub(super) fn out_of_reach(&self, site: usize) -> bool {
        let server = self.server;
        server.records.is_some()
            && !self.indexes(site).is_empty()
            && self.of(site).all(|endpoint| endpoint.served == Served::Nobody || server.record_of(endpoint).is_some_and(is_foreign))
    }

    /// The value in effect for a site: on IIS 6 that of its root, on IIS 7 and later that of the records that serve it, when they agree. An endpoint
    /// without record and the records of other products do not count.
    pub(super) fn in_effect(&self, site: usize, setting: Setting) -> Option<&'a Resolved> {
        let server = self.server;
        if server.generation == Generation::Iis6 {
            return server.sites[site].root().settings.get(setting);
        }
        let mut values = self
            .of(site)
            .filter(|endpoint| server.record_of(endpoint).is_some_and(|record| !is_foreign(record)))
            .map(|endpoint| endpoint.settings.get(setting).filter(|value| value.known().is_some()));
        let first = values.next()??;
        values.all(|other| other.is_some_and(|other| other.value == first.value)).then_some(first)
    }

    /// The server.
    pub(super) fn server(&self) -> &'a Server {
        self.server
    }

    /// The most that a finding about the records of a site can be: those of IIS Express have no clients to protect.
    pub(super) fn most(&self, site: usize) -> Severity {
        let records = self.records(site);
        if !records.is_empty() && records.iter().all(|record| is_express(record)) { Severity::Low } else { Severity::High }
    }

    /// The records of HTTP.sys that serve a site, without those of other products.
    pub(super) fn records(&self, site: usize) -> Vec<&'a Record> {
        let server = self.server;
        let mut records: Vec<&Record> =
            self.of(site).filter_map(|endpoint| server.record_of(endpoint)).filter(|record| !is_foreign(record)).collect();
        records.sort_by_key(|record| record.place);
        records.dedup_by_key(|record| record.place);
        records
    }

    /// What decides for a site, ascending: the records that serve it, or its endpoints where the records were not given.
    pub(super) fn deciders(&self, site: usize) -> &[usize] {
        self.records.as_ref().unwrap_or(&self.of_site).of(site)
    }
}

/// A list of numbers for each site, all in one piece: a server can have thousands of sites, and each of these lists is short.
#[derive(Debug, Clone)]
struct Lists {
    items: Vec<usize>,
    /// Where the list of each site begins, and behind them where the last one ends.
    starts: Vec<usize>,
}

impl Lists {
    /// The numbers in `pairs` of site and number, those of each site in the order in which they stand.
    fn new(sites: usize, pairs: &[(usize, usize)]) -> Lists {
        let mut starts = vec![0; sites + 1];
        for (site, _) in pairs {
            starts[site + 1] += 1;
        }
        for site in 0..sites {
            starts[site + 1] += starts[site];
        }
        let mut next = starts.clone();
        let mut items = vec![0; pairs.len()];
        for (site, item) in pairs {
            items[next[*site]] = *item;
            next[*site] += 1;
        }
        Lists { items, starts }
    }

    fn of(&self, site: usize) -> &[usize] {
        &self.items[self.starts[site]..self.starts[site + 1]]
    }
}

/// A known CertCheckMode of a site.
#[derive(Debug, Clone, Copy)]
pub(super) struct Mode<'a> {
    /// Index of the site.
    pub(super) index: usize,
    /// The site.
    pub(super) site: &'a Site,
    /// The value with its origin.
    pub(super) resolved: &'a Resolved,
    /// Its bits.
    pub(super) bits: u32,
    /// The one endpoint on which it is in effect, where the records of HTTP.sys give the site several values; `None` for all of them.
    endpoint: Option<usize>,
}

impl Mode<'_> {
    /// What says it: the property that the site writes or inherits, or the record that HTTP.sys has.
    pub(super) fn words(&self) -> String {
        if self.of_record() {
            format!("CertCheckMode is {} in the record that HTTP.sys has", self.bits)
        } else {
            format!("CertCheckMode is {}", self.bits)
        }
    }

    /// Whether a record of HTTP.sys says it and not the metabase.
    fn of_record(&self) -> bool {
        self.endpoint.is_some() || self.site.overruled.get(Setting::CertCheckMode).is_some()
    }
}

/// The known CertCheckMode of every site of IIS 6 that has one, endpoint by endpoint where their records differ. On IIS 7 and later it is a
/// value of the record, not of the site.
pub(super) fn modes(server: &Server) -> impl Iterator<Item = Mode<'_>> {
    let sites = if server.generation == Generation::Iis6 { server.sites.as_slice() } else { &[] };
    sites.iter().enumerate().flat_map(move |(index, site)| {
        let root = site.root().settings.get(Setting::CertCheckMode);
        let one = root.and_then(|resolved| Some(Mode { index, site, resolved, bits: resolved.known()?.flags()?, endpoint: None }));
        let several = one.is_none() && site.overruled.get(Setting::CertCheckMode).is_some();
        one.into_iter().chain(if several { of_endpoints(server, index, site) } else { Vec::new() })
    })
}

/// The known modes of a site on each of its endpoints.
fn of_endpoints<'a>(server: &'a Server, index: usize, site: &'a Site) -> Vec<Mode<'a>> {
    let keys: BTreeSet<&EndpointKey> = site.bindings.iter().filter_map(|binding| binding.endpoint.as_ref()).collect();
    let found = keys.into_iter().filter_map(|key| server.endpoints.binary_search_by(|endpoint| endpoint.key.cmp(key)).ok());
    let mode = |endpoint: usize| {
        let resolved = server.endpoints.get(endpoint)?.settings.get(Setting::CertCheckMode)?;
        Some(Mode { index, site, resolved, bits: resolved.known()?.flags()?, endpoint: Some(endpoint) })
    };
    found.filter_map(mode).collect()
}

/// Whether the site of a mode that HTTP.sys has writes `new` already, so that nothing is left to write.
pub(super) fn writes_already(mode: &Mode<'_>, new: u32) -> bool {
    mode.of_record() && mode.site.written(Setting::CertCheckMode).and_then(|written| written.known()?.flags()) == Some(new)
}

/// A remedy that replaces the CertCheckMode of a site; `None` where the value is kept in an HTTP.sys record. `what` says what it does; the
/// old and the new value are added to it.
pub(super) fn set_mode(server: &Server, mode: &Mode<'_>, risk: Risk, what: &str, new: u32) -> Option<Remedy> {
    let key = site_key(server, mode.site)?;
    let written = mode.site.written(Setting::CertCheckMode).and_then(|written| written.known()?.flags());
    if writes_already(mode, new) {
        let restart = format!(
            "{what}: the metabase says {new} already, so restart the web service (IISADMIN and W3SVC) in a maintenance window, which most likely \
             writes the record anew, and list it again with httpcfg query ssl"
        );
        return Some(Remedy::advice(risk, restart));
    }
    let what = match written.filter(|_| mode.of_record()) {
        Some(written) => {
            format!("{what}; CertCheckMode {written} becomes {new}, in effect at the latest when the web service is restarted")
        }
        None => format!("{what}; CertCheckMode {} becomes {new}", mode.bits),
    };
    Some(Remedy::offer(risk, what, adsutil::set(&key, "CertCheckMode", &new.to_string())))
}

/// The remedy that every change of the revocation check begins with.
pub(super) fn test_revocation() -> Remedy {
    Remedy::command(
        Risk::ReadOnly,
        "on the server: shows for each CRL and OCSP address of a client certificate whether it can be reached",
        "certutil -verify -urlfetch client.cer",
    )
}
