//! The causes. One cause, one file, with its meaning, when it stays open, and its tests: one case that supports it, one that rules it out,
//! and one that leaves it open.

mod blank_certificate_chooser;
mod body_before_late_request;
mod certificate_revoked;
mod chain_certificate_expired;
mod chains;
mod client_auth_issuers_empty;
mod client_certificate_expired;
mod client_certificate_not_yet_valid;
mod client_certificate_without_private_key;
mod configuration;
mod configuration_invalid;
mod configuration_locked;
mod content_length_limit;
mod crl_expired;
mod crl_expired_in_cache;
mod crl_not_named;
mod crl_unreachable;
mod delta_crl_double_escaping;
mod double_escaping_refused;
mod ds_mapper_without_domain;
mod freshness_refetch;
mod intermediate_missing;
mod issuer_list_truncated;
mod issuer_not_in_ctl;
mod late_request_http2;
mod late_request_unsupported;
mod mapping_denies;
mod negotiate_missing;
mod no_certificate_sent;
mod no_mapping_matches;
mod no_record;
mod node_differs;
mod non_self_signed_in_root;
mod only_enterprise_roots;
mod plain_http_request;
mod proxy;
mod record_asks_everyone;
mod retrieval_timeout_short;
mod revocation;
mod root_not_trusted;
mod server_clock;
mod server_private_key;
mod shared_endpoint_mode;
mod tls_required_without_https;
mod two_mapping_kinds;
mod url_asks;
mod weak_encryption;
mod wrong_usage;

pub(super) use chains::When;

use super::Cause;

/// All causes, by status. Of two that are equally sure the one that stands first here is told first, so that what explains more stands before
/// what it explains.
pub const CAUSES: &[&Cause] = &[
    // 401
    &no_mapping_matches::CAUSE,
    &two_mapping_kinds::CAUSE,
    // 403.4
    &plain_http_request::CAUSE,
    &tls_required_without_https::CAUSE,
    // 403.5
    &weak_encryption::CAUSE,
    // 403.7
    &negotiate_missing::CAUSE,
    &issuer_list_truncated::CAUSE,
    &issuer_not_in_ctl::CAUSE,
    &blank_certificate_chooser::CAUSE,
    &client_certificate_without_private_key::CAUSE,
    &late_request_http2::CAUSE,
    &no_certificate_sent::CAUSE,
    // 403.12
    &mapping_denies::CAUSE,
    // 403.13
    &certificate_revoked::CAUSE,
    &delta_crl_double_escaping::CAUSE,
    &crl_unreachable::CAUSE,
    &crl_expired::CAUSE,
    &crl_expired_in_cache::CAUSE,
    &proxy::CAUSE,
    &retrieval_timeout_short::CAUSE,
    &freshness_refetch::CAUSE,
    &crl_not_named::CAUSE,
    &shared_endpoint_mode::CAUSE,
    // 403.16
    &root_not_trusted::CAUSE,
    &intermediate_missing::CAUSE,
    &node_differs::CAUSE,
    &non_self_signed_in_root::CAUSE,
    &client_auth_issuers_empty::CAUSE,
    &only_enterprise_roots::CAUSE,
    // and 403.7
    &wrong_usage::CAUSE,
    // 403.17
    &chain_certificate_expired::CAUSE,
    &client_certificate_expired::CAUSE,
    &client_certificate_not_yet_valid::CAUSE,
    &server_clock::CAUSE,
    // 404.11
    &double_escaping_refused::CAUSE,
    // 413
    &body_before_late_request::CAUSE,
    &content_length_limit::CAUSE,
    // 500, besides those of 401
    &ds_mapper_without_domain::CAUSE,
    // 500.19
    &configuration_locked::CAUSE,
    &configuration_invalid::CAUSE,
    // 500.0, handshake
    &late_request_unsupported::CAUSE,
    // handshake
    &no_record::CAUSE,
    &server_private_key::CAUSE,
    // prompt
    &record_asks_everyone::CAUSE,
    &url_asks::CAUSE,
];
