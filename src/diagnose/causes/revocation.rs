//! What the causes of 403.13 share: whether a certificate is asked for and checked at all, what a working site tells, and what to do.

use std::collections::{BTreeMap, BTreeSet};

use super::chains::{When, clients, of_one, several, shown};
use crate::catalogue::{Setting, Value, cert_check};
use crate::compare::revocation_looks;
use crate::diagnose::{Case, Fact, Judged, Need, Url, case::nearest, needs};
use crate::evidence::x509::{self, Crl, Revocation, Validity, X509};
use crate::evidence::{Element, Engine, Verification};
use crate::remedy::{Remedy, Risk};
use crate::rules::Confidence;
use crate::server::{Scope, Server, Site};

/// What is known of the check itself.
pub(super) struct Gate {
    /// The facts.
    pub(super) facts: Vec<Fact>,
    /// What would tell what is not known.
    pub(super) needs: Vec<Need>,
    /// Whether it is known that a certificate is asked for and checked, at least on one endpoint.
    pub(super) known: bool,
}

impl Gate {
    /// A strength that is no greater than what is known of the check allows.
    pub(super) fn cap(&self, strength: Confidence) -> Confidence {
        if self.known { strength } else { strength.min(Confidence::Likely) }
    }
}

/// Whether revocation is checked here at all; the verdict where it is not.
pub(super) fn gate(case: &Case<'_>) -> Result<Gate, Judged> {
    let asks = case.asks();
    if let Some(fact) = asks.is_no() {
        let none = Fact::at(format!("no client certificate is asked for: {}", fact.text), fact.place);
        return Err(Judged::excluded(Confidence::Firm, none).and(asks.no.iter().skip(1).cloned()));
    }
    let checks = case.checks_revocation();
    if checks.is_no().is_some() {
        let mut facts = checks.no.iter().cloned();
        let first = facts.next().unwrap_or_else(|| Fact::new("revocation is not checked"));
        return Err(Judged::excluded(Confidence::Firm, first).and(facts));
    }
    let known = asks.may_be_yes() && checks.may_be_yes();
    let needs = checks.needs().chain(asks.needs()).collect();
    Ok(Gate { facts: checks.facts().collect(), needs, known })
}

/// Whether revocation lists are fetched, and not only taken from the cache; the verdict where they are not.
pub(super) fn fetching(case: &Case<'_>) -> Result<Gate, Judged> {
    let gate = gate(case)?;
    let cached = case.mode_has(cert_check::CACHE_ONLY);
    if !cached.is_yes() {
        return Ok(gate);
    }
    let mut facts = cached.yes.into_iter();
    let first = facts.next().unwrap_or_else(|| Fact::new("only cached revocation lists are used"));
    let none = Fact::at(format!("nothing is fetched here, since only cached revocation lists are used: {}", first.text), first.place);
    Err(Judged::excluded(Confidence::Firm, none).and(facts))
}

/// How sure a verification makes: only that with the stores of the computer is what IIS does.
pub(super) fn sure(verification: &Verification) -> Confidence {
    if verification.engine.value() == Some(&Engine::Machine) { Confidence::Firm } else { Confidence::Likely }
}

/// An element of a chain in words: `"CN=Sub" (certificate 2 of 4 of the chain of "CN=Client"), issued by "CN=Root"`.
pub(super) fn named(verification: &Verification, chain: usize, element: &Element) -> String {
    let of = verification.chains.get(chain).map_or(0, |chain| chain.elements.len());
    let issuer = element.issuer.value().map(|issuer| format!(", issued by \"{issuer}\"")).unwrap_or_default();
    let number = element.index.saturating_add(1);
    if number == 1 {
        return format!("\"{}\"{issuer} (the client certificate itself)", element.label());
    }
    format!("\"{}\"{issuer} (certificate {number} of {of} in the chain of \"{}\")", element.label(), verification.label())
}

/// The revocation lists of files that have expired, where no later one of the same authority is among them, and how sure it is that the chain
/// of a refused client needs them.
pub(super) fn expired_lists(case: &Case<'_>) -> (Vec<Fact>, Option<Confidence>) {
    let crls = &case.server.evidence.crls;
    let (Some(when), false) = (When::of(case, "403.13"), crls.is_empty()) else { return (Vec::new(), None) };
    let mut facts = Vec::new();
    let mut strength = None;
    let clients = clients(case);
    let several = several(&clients);
    let mut reason = None;
    let mut told = BTreeSet::new();
    let known = !clients.is_empty();
    for link in clients.into_iter().flat_map(|chain| chain.links).filter(|link| !link.self_issued) {
        let (Revocation::Revoked { crl, list: Validity::Expired, .. } | Revocation::NotCurrent { crl, list: Validity::Expired }) =
            x509::revoked(link, crls, when.last)
        else {
            continue;
        };
        if told.insert(crl.thumbprint) {
            facts.push(expired(crl, &when, &format!("it is of the authority of {}", shown(link))));
            strength = strength.max(Some(of_one(&several, Confidence::Likely, &mut reason)));
        }
    }
    if !known {
        let mut newest: BTreeMap<_, x509::Instant> = BTreeMap::new();
        for crl in crls.iter().filter(|crl| crl.delta.is_none()) {
            let made = newest.entry((&crl.issuer.der, &crl.authority_key_id)).or_insert(crl.this_update);
            *made = crl.this_update.max(*made);
        }
        for crl in crls.iter().filter(|crl| crl.delta.is_none() && crl.validity(when.last) == Validity::Expired) {
            if newest.get(&(&crl.issuer.der, &crl.authority_key_id)).is_some_and(|made| *made > crl.this_update) {
                continue;
            }
            let elements = case.verifications().iter().flat_map(|one| &one.chains).flat_map(|chain| &chain.elements);
            let verified = elements.into_iter().find(|element| element.issuer.value().is_some_and(|issuer| *issuer == crl.issuer.shown));
            let (whose, sure) = match verified {
                Some(element) => (format!("it is of the authority of \"{}\"", element.label()), Confidence::Likely),
                None => {
                    ("no certificate of a client was given, so that nothing tells whether its chain needs it".to_owned(), Confidence::Hint)
                }
            };
            facts.push(expired(crl, &when, &whose));
            strength = strength.max(Some(sure));
        }
    }
    facts.extend(reason);
    (facts, strength)
}

fn expired(crl: &Crl, when: &When, whose: &str) -> Fact {
    let end = crl.next_update.map(|end| format!(": it counts until {end}")).unwrap_or_default();
    let text = format!(
        "the revocation list of \"{}\" in this file had expired {}{end}; {whose}; the server may have fetched a later one",
        crl.issuer.shown, when.words
    );
    Fact::at(text, Some(crl.place))
}

/// A path at which a list is published.
pub(super) struct Publisher<'a> {
    /// The server.
    pub(super) server: &'a Server,
    /// The site.
    pub(super) site: &'a Site,
    /// What is in effect at the path.
    pub(super) scope: &'a Scope,
}

/// The sites of all servers that have the host and port of `url`, with what is in effect at its path.
pub(super) fn publishers<'a>(servers: &'a [Server], url: &str) -> Vec<Publisher<'a>> {
    let Ok(url) = Url::parse(url) else { return Vec::new() };
    let (Some(host), Some(port)) = (&url.host, url.port) else { return Vec::new() };
    let mut found = Vec::new();
    for server in servers {
        let has = |site: &&Site| site.bindings.iter().any(|binding| binding.port == Some(port) && binding.host.eq_ignore_ascii_case(host));
        for site in server.sites.iter().filter(has) {
            found.push(Publisher { server, site, scope: nearest(site, &url.path) });
        }
    }
    found
}

/// What is known of an address that failed: whether the certificate itself names it, where its file is there, and the site of a server that was
/// read which has its host.
pub(super) fn about_address(case: &Case<'_>, element: &Element, url: &str) -> Vec<Fact> {
    let mut facts = Vec::new();
    let Ok(failed) = Url::parse(url) else { return facts };
    let is_it = |one: &&X509| match element.hash.value() {
        Some(hash) => hash.as_slice() == one.thumbprint,
        None => element.serial.value().is_some_and(|serial| one.serial.is_written(serial)),
    };
    let certificate = case.server.evidence.certificates.iter().find(is_it);
    if let Some(certificate) = certificate.filter(|certificate| !certificate.crl_urls.is_empty()) {
        let hosts: BTreeSet<String> = certificate.crl_urls.iter().filter_map(|url| Url::parse(url).ok()?.host).collect();
        let named = certificate.crl_urls.join(", ");
        let text = match failed.host.as_ref().is_some_and(|host| hosts.contains(host)) {
            true => format!("the address is one that {} names for its list: {named}", shown(certificate)),
            false => format!("{} names other addresses for its list than the one that failed: {named}", shown(certificate)),
        };
        facts.push(Fact::at(text, Some(certificate.place)));
    }
    for publisher in publishers(case.servers, url).into_iter().take(ADDRESSES) {
        let stopped = if publisher.site.auto_start { "" } else { ", which is not started with the server" };
        let text = format!(
            "{} is a host of {} of {}{stopped}: look there first",
            failed.host.as_deref().unwrap_or_default(),
            publisher.site.label(),
            publisher.server.name
        );
        facts.push(Fact::at(text, publisher.site.place));
    }
    facts
}

/// So many sites of one host are told.
const ADDRESSES: usize = 3;

/// What a site that works tells: it does not check, where this one does, and no endpoint serves both.
pub(super) fn working_does_not_check(case: &Case<'_>) -> Option<Fact> {
    let working = Case::new(case.servers, case.working?, Url::default(), &case.status);
    let shared = working.server.name == case.server.name
        && working.endpoints.iter().any(|theirs| case.endpoints.iter().any(|mine| mine.key == theirs.key));
    if shared || !case.checks_revocation().may_be_yes() {
        return None;
    }
    let checks = working.checks_revocation();
    let fact = checks.is_no()?;
    let text = format!("{} works and does not check revocation, where this site does: {}", working.site().label(), fact.text);
    Some(Fact::at(text, fact.place))
}

/// What can be done about a revocation list that cannot be had; the last resort costs the check itself.
pub(super) fn remedies(case: &Case<'_>) -> Vec<Remedy> {
    let mut remedies = revocation_looks(case.generation());
    remedies.push(Remedy::command(
        Risk::ReadOnly,
        "forgets cached lists and answers, so that the next attempt is a real one",
        "certutil -urlcache * delete",
    ));
    remedies.push(Remedy::advice(
        Risk::Safe,
        "make every CRL and OCSP address of the chain reachable from this server, for the account of the system: firewall, WinHTTP proxy, name \
         resolution; nothing else has to change",
    ));
    let mode = case.on_endpoints(Setting::CertCheckMode).into_iter().find_map(|(_, resolved)| resolved.known()?.flags());
    let Some(mode) = mode else { return remedies };
    let rest = mode & !(cert_check::NO_REVOCATION | cert_check::CACHE_ONLY | cert_check::FRESHNESS);
    if mode & cert_check::CACHE_ONLY == 0 {
        remedies.extend(case.set(
            Setting::CertCheckMode,
            Risk::Safe,
            "where the server may never reach them: install the CRLs on it (certutil -addstore CA file.crl), renew them by a regular job before \
             they expire, and check against them only",
            &Value::Flags(rest | cert_check::CACHE_ONLY),
        ));
    }
    remedies.extend(no_check(case, mode));
    remedies
}

/// The advice that is given most, and what it costs.
pub(super) fn no_check(case: &Case<'_>, mode: u32) -> Option<Remedy> {
    let rest = mode & !(cert_check::NO_REVOCATION | cert_check::CACHE_ONLY | cert_check::FRESHNESS);
    case.set(
        Setting::CertCheckMode,
        Risk::WeakensSecurity,
        "the last resort, although it is the advice given most: 403.13 ends because nothing is checked any more, and revoked certificates are \
         accepted from then on, on every site of the endpoint",
        &Value::Flags(rest | cert_check::NO_REVOCATION),
    )
}

/// Results with 403.13 that mean a list or answer could not be had.
pub(super) const NOT_CHECKABLE: &[u32] = &[0x8009_2012, 0x8009_2013, 0x800b_010e];
/// The result when nothing says where to look.
pub(super) const NOTHING_TO_CHECK_WITH: &[u32] = &[0x8009_2012];
/// Results that mean really revoked.
pub(super) const REALLY_REVOKED: &[u32] = &[0x8009_2010, 0x800b_010c];

/// What decides most causes of 403.13.
pub(super) fn usual_needs() -> [Need; 2] {
    [needs::verification(), needs::log()]
}
