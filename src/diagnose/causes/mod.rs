//! The causes. One cause, one file, with its meaning, when it stays open, and its tests: one case that supports it, one that rules it out,
//! and one that leaves it open.

mod certificate_revoked;
mod crl_expired;
mod crl_expired_in_cache;
mod crl_not_named;
mod crl_unreachable;
mod delta_crl_double_escaping;
mod freshness_refetch;
mod proxy;
mod retrieval_timeout_short;
mod revocation;
mod shared_endpoint_mode;

use super::Cause;

/// All causes, by status; among those of one status the more frequent first.
pub const CAUSES: &[&Cause] = &[
    // 403.13
    &crl_unreachable::CAUSE,
    &certificate_revoked::CAUSE,
    &crl_expired::CAUSE,
    &crl_expired_in_cache::CAUSE,
    &proxy::CAUSE,
    &retrieval_timeout_short::CAUSE,
    &freshness_refetch::CAUSE,
    &delta_crl_double_escaping::CAUSE,
    &crl_not_named::CAUSE,
    &shared_endpoint_mode::CAUSE,
];
