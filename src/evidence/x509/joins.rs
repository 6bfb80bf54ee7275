//! What follows from certificates and lists together: chains, validity, purposes and revocation. Pure functions, which ask no clock.
//!
//! No signature is checked. A chain is what names and key identifiers say; that it holds is for Windows to verify.

use std::cmp::Reverse;
use std::collections::{BTreeMap, BTreeSet};

use super::{Crl, Instant, Name, Reason, Revoked, Serial, X509};
use crate::evidence::StoreListing;

/// Enhanced key usage of clients.
const CLIENT_AUTHENTICATION: &str = "1.3.6.1.5.5.7.3.2";
/// Enhanced key usage that stands for any.
const ANY_USAGE: &str = "2.5.29.37.0";

/// Certificates by their subject, to look for issuers of many certificates.
#[derive(Debug)]
pub struct Authorities<'a> {
    by_subject: BTreeMap<&'a [u8], Vec<&'a X509>>,
}

/// A certificate and those above it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Chain<'a> {
    /// The certificate first, then whose issuer each is. It is never empty.
    pub links: Vec<&'a X509>,
    /// How it ends.
    pub end: ChainEnd<'a>,
    /// Certificates that could stand in for a link (same name and key), of which the one that counts longest was taken.
    pub alternatives: Vec<&'a X509>,
}

/// How a chain ends.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum ChainEnd<'a> {
    /// With a certificate that names itself as its issuer. Whether it is trusted is for the store to say.
    SelfIssued,
    /// No certificate of that issuer is among the files.
    Missing {
        /// The issuer that is missing.
        issuer: &'a Name,
        /// Key identifier that it must have, when that is known.
        key_id: Option<&'a [u8]>,
        /// Certificates with that name and another key: an authority that was renewed.
        other_keys: Vec<&'a X509>,
    },
    /// The issuers go round in a circle.
    Circle,
    /// It is longer than any that is used, and was not followed further.
    TooLong,
}

/// So many links are followed.
const LONGEST: usize = 32;

impl<'a> Authorities<'a> {
    /// Of these certificates. One that is there twice counts once.
    pub fn new(all: impl IntoIterator<Item = &'a X509>) -> Authorities<'a> {
        let mut by_subject: BTreeMap<&[u8], Vec<&X509>> = BTreeMap::new();
        let mut seen = BTreeSet::new();
        for certificate in all {
            if seen.insert(certificate.thumbprint) {
                by_subject.entry(&certificate.subject.der).or_default().push(certificate);
            }
        }
        Authorities { by_subject }
    }

    /// All certificates with this subject, in the order in which they were given.
    pub fn called(&self, name: &Name) -> &[&'a X509] {
        self.by_subject.get(name.der.as_slice()).map_or(&[], Vec::as_slice)
    }

    /// The chain of a certificate, by the names of issuers and, where both have them, by key identifiers.
    pub fn chain(&self, leaf: &'a X509) -> Chain<'a> {
        let mut chain = Chain { links: vec![leaf], end: ChainEnd::SelfIssued, alternatives: Vec::new() };
        let mut seen = BTreeSet::from([leaf.thumbprint]);
        let mut last = leaf;
        while !last.is_own_issuer() {
            if chain.links.len() == LONGEST {
                chain.end = ChainEnd::TooLong;
                return chain;
            }
            let called = self.called(&last.issuer);
            let mut fitting: Vec<&X509> = called.iter().copied().filter(|issuer| fits(last, issuer)).collect();
            // What says less comes later: an authority that names its key, then one that may issue, then the one that counts longest.
            fitting.sort_by_key(|issuer| {
                let by_key = last.authority_key_id.is_some() && last.authority_key_id == issuer.subject_key_id;
                (!by_key, issuer.ca == Some(false), Reverse(issuer.not_after), issuer.thumbprint)
            });
            let Some((issuer, others)) = fitting.split_first() else {
                chain.end =
                    ChainEnd::Missing { issuer: &last.issuer, key_id: last.authority_key_id.as_deref(), other_keys: called.to_vec() };
                return chain;
            };
            chain.alternatives.extend(others);
            if !seen.insert(issuer.thumbprint) {
                chain.end = ChainEnd::Circle;
                return chain;
            }
            chain.links.push(issuer);
            last = issuer;
        }
        chain
    }
}

/// Whether `issuer`, which has the right name, can have issued `certificate`, as far as key identifiers say.
fn fits(certificate: &X509, issuer: &X509) -> bool {
    match (&certificate.authority_key_id, &issuer.subject_key_id) {
        (Some(wanted), Some(found)) => wanted == found,
        // Without an identifier of the key the serial number of the issuer's certificate may tell.
        _ => certificate.authority_serial.as_ref().is_none_or(|serial| *serial == issuer.serial),
    }
}

impl X509 {
    /// Whether it names itself as its issuer, with the same key as far as key identifiers say. Nobody has checked its signature.
    pub fn is_own_issuer(&self) -> bool {
        self.self_issued && fits(self, self)
    }
}

/// The chain of one certificate; see [`Authorities`] for many.
pub fn chain<'a>(leaf: &'a X509, all: &'a [X509]) -> Chain<'a> {
    Authorities::new(all).chain(leaf)
}

impl<'a> Chain<'a> {
    /// The first certificate, from the leaf up, whose usages leave no room for clients: those of every certificate count for all below it.
    pub fn not_for_clients(&self) -> Option<&'a X509> {
        self.links.iter().copied().find(|link| !for_client_authentication(link).is_allowed())
    }

    /// The first certificate above the leaf that may not issue what stands below it: it says that it is no authority, its key may not sign
    /// certificates, or more authorities are below it than it allows. One that says nothing is passed, as roots of version 1 are.
    pub fn may_not_issue(&self) -> Option<&'a X509> {
        let mut authorities = 0u32;
        for link in self.links.iter().copied().skip(1) {
            let too_many = link.path_length.is_some_and(|most| authorities > most);
            if link.ca == Some(false) || link.key_usage.is_some_and(|usage| !usage.signs_certificates()) || too_many {
                return Some(link);
            }
            // An authority that renewed itself with another key counts once.
            authorities += u32::from(!link.self_issued);
        }
        None
    }

    /// What is missing, for people; `None` when the chain reaches a certificate that is its own issuer.
    pub fn gap(&self) -> Option<String> {
        match &self.end {
            ChainEnd::SelfIssued => None,
            ChainEnd::Missing { issuer, other_keys, .. } if other_keys.is_empty() => {
                Some(format!("no certificate of {} among the files", issuer.shown))
            }
            ChainEnd::Missing { issuer, .. } => {
                Some(format!("no certificate of {} with the key that issued it among the files, only with another key", issuer.shown))
            }
            ChainEnd::Circle => Some("the issuers go round in a circle".to_owned()),
            ChainEnd::TooLong => Some(format!("more than {LONGEST} certificates, which no chain has")),
        }
    }
}

/// Whether a certificate counts at a point in time.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Validity {
    /// It begins later.
    NotYet,
    /// It counts.
    Valid,
    /// It has ended.
    Expired,
}

/// Whether a certificate counts at `at`. The first and the last second are included.
pub fn validity(certificate: &X509, at: Instant) -> Validity {
    within(certificate.not_before, Some(certificate.not_after), at)
}

fn within(from: Instant, to: Option<Instant>, at: Instant) -> Validity {
    if at < from {
        Validity::NotYet
    } else if to.is_some_and(|to| to < at) {
        Validity::Expired
    } else {
        Validity::Valid
    }
}

/// Whether a certificate is for clients.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum ClientUse {
    /// It names no usages, which means any.
    NotRestricted,
    /// It names Client Authentication.
    Named,
    /// It names the usage that stands for any.
    Any,
    /// It names these others only, as object identifiers.
    OthersOnly(Vec<String>),
}

impl ClientUse {
    /// Whether it may be used by a client.
    pub fn is_allowed(&self) -> bool {
        !matches!(self, ClientUse::OthersOnly(_))
    }
}

/// Whether a certificate is for clients. The application policies of Microsoft count where it has them, and else its enhanced key usages:
/// likely, for Windows documents them as the same thing under two names. The certificates above may restrict it further.
pub fn for_client_authentication(certificate: &X509) -> ClientUse {
    let usages = match certificate.application_policies.as_ref().or(certificate.eku.as_ref()) {
        None => return ClientUse::NotRestricted,
        Some(usages) => usages,
    };
    if usages.iter().any(|usage| usage == CLIENT_AUTHENTICATION) {
        ClientUse::Named
    } else if usages.iter().any(|usage| usage == ANY_USAGE || usage == "1.3.6.1.4.1.311.10.12.1") {
        ClientUse::Any
    } else {
        ClientUse::OthersOnly(usages.clone())
    }
}

/// Whether a revocation list speaks for a certificate.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Coverage {
    /// It does.
    Covers,
    /// It is of another issuer.
    OtherIssuer,
    /// It is of the same issuer with another key, as after a renewal.
    OtherKey,
    /// It is for another kind of certificates, such as those of authorities.
    OtherKind,
    /// It is for another distribution point than the certificate names.
    OtherPoint,
    /// It names certificates of several issuers, or covers some reasons only; what it says of this one is not known.
    Partial,
}

/// Whether a revocation list speaks for a certificate, as far as names, key identifiers and restrictions say.
pub fn crl_covers(crl: &Crl, certificate: &X509) -> Coverage {
    if crl.issuer != certificate.issuer {
        return if crl.scope.indirect { Coverage::Partial } else { Coverage::OtherIssuer };
    }
    if let (Some(list), Some(own)) = (&crl.authority_key_id, &certificate.authority_key_id)
        && list != own
    {
        return Coverage::OtherKey;
    }
    let is_authority = certificate.ca == Some(true);
    if crl.scope.attributes_only || crl.scope.users_only && is_authority || crl.scope.authorities_only && !is_authority {
        return Coverage::OtherKind;
    }
    let points = if crl.delta.is_some() { &certificate.delta_crl_urls } else { &certificate.crl_urls };
    if !crl.scope.urls.is_empty() && !points.is_empty() && !crl.scope.urls.iter().any(|url| points.contains(url)) {
        return Coverage::OtherPoint;
    }
    if crl.scope.indirect || crl.scope.some_reasons { Coverage::Partial } else { Coverage::Covers }
}

/// What the given revocation lists say about a certificate.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Revocation<'a> {
    /// None of the lists speaks for it.
    NoList,
    /// A list that speaks for it names it.
    Revoked {
        /// What it says.
        entry: &'a Revoked,
        /// The list, which may be a delta list.
        crl: &'a Crl,
        /// Whether the list counts at that time.
        list: Validity,
    },
    /// The newest list that speaks for it does not name it, but does not count at that time: Windows would look for another.
    NotCurrent {
        /// The list.
        crl: &'a Crl,
        /// Why it does not count.
        list: Validity,
    },
    /// The newest list that speaks for it counts, and does not name it.
    NotRevoked {
        /// The list.
        crl: &'a Crl,
        /// The delta list that was looked at as well.
        delta: Option<&'a Crl>,
    },
}

/// What the given revocation lists say about a certificate at `at`: the newest whole list that speaks for it and had been made by then, and
/// the newest delta list to it that counts. Later lists are looked at only where there is no other.
pub fn revoked<'a>(certificate: &X509, crls: &'a [Crl], at: Instant) -> Revocation<'a> {
    let newest = |wanted: &dyn Fn(&Crl) -> bool| {
        let covering = crls.iter().filter(|crl| wanted(crl) && crl_covers(crl, certificate) == Coverage::Covers);
        // Of those that were made by then the newest, else the first that will be.
        covering.max_by_key(|crl| {
            let made = crl.this_update <= at;
            (made, if made { crl.this_update.0 } else { -crl.this_update.0 }, crl.thumbprint)
        })
    };
    let Some(base) = newest(&|crl| crl.delta.is_none()) else { return Revocation::NoList };
    let list = within(base.this_update, base.next_update, at);
    let delta = newest(&|crl| {
        crl.delta.as_ref().is_some_and(|based_on| {
            // A delta list can be put on top of any list between the one that it is based on and itself.
            rank(&base.number).is_some_and(|own| based_on.rank() <= own && rank(&crl.number).is_some_and(|delta| own <= delta))
                && within(crl.this_update, crl.next_update, at) == Validity::Valid
        })
    });
    if let Some(crl) = delta
        && let Some(entry) = crl.entry(&certificate.serial)
    {
        if entry.reason != Some(Reason::REMOVE_FROM_CRL) {
            return Revocation::Revoked { entry, crl, list: Validity::Valid };
        }
    } else if let Some(entry) = base.entry(&certificate.serial) {
        return Revocation::Revoked { entry, crl: base, list };
    }
    if list == Validity::Valid { Revocation::NotRevoked { crl: base, delta } } else { Revocation::NotCurrent { crl: base, list } }
}

impl Crl {
    /// What it says about a serial number; of several entries the first of the file.
    pub fn entry(&self, serial: &Serial) -> Option<&Revoked> {
        let first = self.revoked.partition_point(|entry| entry.serial < *serial);
        self.revoked.get(first).filter(|entry| entry.serial == *serial)
    }

    /// Whether it counts at `at`.
    pub fn validity(&self, at: Instant) -> Validity {
        within(self.this_update, self.next_update, at)
    }
}

impl super::Ctl {
    /// Whether it counts at `at`.
    pub fn validity(&self, at: Instant) -> Validity {
        within(self.this_update, self.next_update, at)
    }

    /// Whether it names a certificate.
    pub fn names(&self, certificate: &X509) -> bool {
        self.members.contains(&certificate.thumbprint)
    }
}

impl Serial {
    /// To compare two of them as numbers: longer ones are greater.
    fn rank(&self) -> (usize, &[u8]) {
        (self.bytes().len(), self.bytes())
    }
}

/// Of a number that may be missing.
fn rank(number: &Option<Serial>) -> Option<(usize, &[u8])> {
    number.as_ref().map(Serial::rank)
}

/// Whether a certificate is in a store, by its thumbprint; `None` when the listing is not whole and does not show it.
pub fn in_store(certificate: &X509, store: &StoreListing) -> Option<bool> {
    let mut hashes = store.certificates.iter().filter_map(|listed| listed.hash.value());
    if hashes.any(|hash| hash.as_slice() == certificate.thumbprint) {
        return Some(true);
    }
    (store.is_whole() || store.is_empty()).then_some(false)
}
