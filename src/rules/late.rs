//! What the rules about late requests share: which records are known not to ask in the first handshake although a URL behind them wants a
//! certificate, and what a client sees then.

use std::collections::BTreeMap;

use super::record_remedy::{Change, show};
use super::records::{Used, records};
use super::scopes::is_said_at;
use super::{Finding, Rule, Severity, endpoints};
use crate::catalogue::{Setting, access};
use crate::compare::decision::Demand;
use crate::httpsys::Switch;
use crate::input::Place;
use crate::remedy::Risk;
use crate::server::{Binding, Endpoint, EndpointKey, Server};

/// How many paths a message names.
const NAMED: usize = 5;

/// A URL whose certificate is asked for late.
#[derive(Debug, Clone, Copy)]
pub(super) struct Url<'a> {
    /// Index of the site.
    site: usize,
    /// Path.
    path: &'a str,
    /// What it demands: accept or require.
    demand: Demand,
    /// Where its access flags are said.
    place: Option<Place>,
}

/// A record that does not ask in the first handshake, and the URLs behind it that want a certificate.
#[derive(Debug)]
pub(super) struct Late<'a> {
    /// The record.
    pub(super) used: Used<'a>,
    /// The URLs, those of started sites that require a certificate first.
    urls: Vec<Url<'a>>,
}

/// Every record that is known not to ask in the first handshake, with the URLs behind its endpoints that `matters` picks. URLs that require
/// a certificate without asking for one are left to `requires-certificate-never-asks`, and the paths of products to their setup.
pub(super) fn late<'a>(server: &'a Server, matters: impl Fn(&Used<'a>, &[&'a Binding]) -> bool) -> Vec<Late<'a>> {
    let silent: Vec<Used<'a>> = records(server).into_iter().filter(|used| used.wanted && used.negotiates() == Some(false)).collect();
    if silent.is_empty() {
        return Vec::new();
    }
    let bindings = endpoints::bindings_by_endpoint(server);
    let mut late = Vec::new();
    for used in silent {
        let of = |key: &EndpointKey| -> Vec<&'a Binding> {
            bindings.get(key).map(|list| list.iter().map(|(_, binding)| *binding).collect()).unwrap_or_default()
        };
        let reached: Vec<&Endpoint> =
            used.endpoints.iter().copied().filter(|endpoint| !endpoint.sites.is_empty() && matters(&used, &of(&endpoint.key))).collect();
        let mut sites: Vec<usize> = reached.iter().flat_map(|endpoint| endpoint.sites.iter().copied()).collect();
        sites.sort_unstable();
        sites.dedup();
        let mut urls: Vec<Url<'a>> = sites.into_iter().flat_map(|site| urls(server, site)).collect();
        urls.sort_by_key(|url| (!server.sites[url.site].auto_start, url.demand != Demand::Require, url.site));
        if !urls.is_empty() {
            late.push(Late { used, urls });
        }
    }
    late
}

fn urls(server: &Server, site: usize) -> impl Iterator<Item = Url<'_>> {
    server.sites[site].scopes.iter().enumerate().filter_map(move |(index, scope)| {
        let resolved = scope.settings.get(Setting::AccessFlags)?;
        let flags = resolved.known()?.flags()?;
        let asks = flags & access::NEGOTIATE != 0 && scope.product.is_none() && is_said_at(index, resolved);
        asks.then_some(Url { site, path: &scope.path, demand: Demand::of(flags), place: resolved.origin.place() })
    })
}

impl Late<'_> {
    /// Whether a URL of a started site requires the certificate; only accepts it otherwise.
    pub(super) fn demand(&self) -> Demand {
        self.urls.first().map_or(Demand::Nothing, |url| url.demand)
    }

    /// The URLs in words: `"Billing" (id 12) requires client certificates at /`.
    pub(super) fn words(&self, server: &Server) -> String {
        let mut by_site: BTreeMap<(usize, bool), Vec<&str>> = BTreeMap::new();
        for url in &self.urls {
            by_site.entry((url.site, url.demand == Demand::Require)).or_default().push(url.path);
        }
        let parts = by_site.into_iter().map(|((site, requires), mut paths)| {
            let more = paths.len().saturating_sub(NAMED);
            paths.truncate(NAMED);
            let more = if more == 0 { String::new() } else { format!(" and {more} more") };
            let verb = if requires { "requires" } else { "accepts" };
            format!("{} {verb} client certificates at {}{more}", server.sites[site].label(), paths.join(", "))
        });
        endpoints::list(parts)
    }

    /// A finding about the record and these URLs.
    pub(super) fn finding(
        &self,
        rule: &'static Rule,
        server: &Server,
        message: String,
        place: Option<Place>,
        severity: Severity,
    ) -> Finding {
        let mut finding = self.used.finding(rule, Setting::NegotiateClientCertificate, message, place);
        if let Some(url) = self.urls.first() {
            finding = finding.site(&server.sites[url.site]).path(url.path).related(url.place, "a certificate is wanted here");
        }
        let early = "asks every visitor of this record in the first handshake, those of public paths included";
        finding.severity(severity).remedy(show(self.used.record)).remedies_of(self.used.set(
            Risk::Safe,
            early,
            Change::Switch(Switch::Negotiate, true),
        ))
    }
}
