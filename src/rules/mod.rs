//! The rules: pure functions from a server to findings. One rule, one file, with its meaning, its silence and its tests.

mod access_flags_unreadable;
mod address_family_options_differ;
mod anonymous_beside_mapping;
mod asks_everyone_needlessly;
mod attribute_missing;
mod attribute_value_invalid;
mod binding_flag_differs_from_record;
mod binding_flag_too_new;
mod binding_flag_unknown;
mod binding_flags_not_numeric;
mod binding_in_both_lists;
mod ccs_cannot_negotiate;
mod ccs_flag_combination;
mod certificate_hash_inherited;
mod certificate_not_required;
mod certificate_wanted_without_tls;
mod child_weakens_parent;
mod configuration_redirected;
mod ctl_identifier_dead;
mod ctl_reference_incomplete;
mod delta_crl_blocked;
mod disagreement;
mod double_escaping_allowed;
mod ds_mapper_half_configured;
mod duplicate_binding_across_sites;
mod duplicate_binding_in_site;
mod duplicate_site_id;
mod duplicate_site_name;
mod endpoint_map;
mod endpoints;
mod exclusive_trust_empty_store;
mod expected_value_differs;
mod finding;
mod foreign_record_owner;
mod freshness_too_small;
mod freshness_without_effect;
mod ftp;
mod ftp_not_encrypted;
mod ftp_revocation_check_off;
mod ftp_sites_disagree;
mod ftp_usage_check_off;
mod host_header_missing;
mod hsts_not_enforced;
mod https_binding_without_certificate;
mod intermediate_in_root_store;
mod ip_in_sni_binding;
mod issuer_list_truncated;
pub(crate) mod issuers;
mod late;
mod late_request_body_limit;
mod late_request_http2;
mod late_request_tls13;
mod late_xml_declaration;
mod legacy_certificate_residue;
mod location_case_variants;
mod location_without_site;
mod locked_section_set;
mod log_targets_incomplete;
mod malformed_binding;
mod mapping;
mod mapping_at_application_level;
mod mapping_not_required;
mod mapping_without_rules;
mod maps_certificate_never_asks;
mod metabase_key_twice;
mod nodes_disagree;
mod noticed;
mod orphan_record;
mod peers;
mod plain_http_beside_https;
mod plain_text_password;
mod policy_entry_unused;
pub mod profiles;
mod read_ahead_excessive;
mod read_ahead_unit_mistake;
mod record_differs_from_metabase;
mod record_options;
mod record_options_lost;
mod record_sources_disagree;
mod records;
mod redirect_blocked_by_tls_requirement;
mod requires_certificate_never_asks;
mod revocation_cache_only;
mod revocation_check_off;
mod revocation_mode_contradictory;
mod revocation_mode_unknown_bits;
mod revocation_value_on_parent_key;
mod schannel_value_misspelt;
mod scopes;
mod section_defined_twice;
mod section_not_declared;
mod setting_without_effect_here;
mod shared_endpoint_disagrees;
mod shared_record_mixed_policy;
mod shared_record_two_names;
mod sites_disagree_on_access;
mod sites_disagree_on_issuers;
mod sites_disagree_on_revocation;
mod sites_disagree_on_tls_switches;
mod sni_on_old_version;
mod sni_or_ccs_without_host;
mod socket_pooling_setting_ignored;
mod specific_ip_shadows_sni;
mod split_endpoint;
mod ssl128_without_ssl;
mod ssl_map_cert_used;
pub mod steps;
mod strict_access_flags;
mod substatus_not_logged;
mod suppression_expired;
#[cfg(test)]
pub(crate) mod testing;
mod tls_not_required;
mod tls_required_unreachable;
mod two_mapping_kinds_enabled;
mod unknown_attribute;
mod usage_check_off;

use std::cell::OnceCell;

use crate::remedy::record as record_remedy;
use crate::server::Server;

use endpoint_map::EndpointMap;
use endpoints::BindingsByEndpoint;
use records::Used;

pub use finding::{Confidence, Finding, Related, Severity, WITHOUT_SERVER};
pub(crate) use finding::{Identity, fingerprint};
pub(crate) use freshness_too_small::SHORTEST as SHORTEST_FRESHNESS;
pub use peers::{Group, PeerSet};
pub use profiles::Profile;
pub use steps::{Remedies, Step, Steps};

/// What a rule sees: one server, and which of its sites the user declares to be peers.
/// [`Context::new`] makes one; what else is known is set afterwards.
#[derive(Debug, Clone)]
pub struct Context<'a> {
    /// The server.
    pub server: &'a Server,
    /// Declared groups; empty means the default peers.
    pub groups: &'a [Group],
    /// The benchmark whose own rules run too.
    pub profile: Option<Profile>,
    /// The server that the user declares to be its twin, the node of the same role to compare it with.
    pub twin: Option<&'a Server>,
    /// Whether findings get their remedies. A survey of thousands of servers shows none, so that a rule may leave them out.
    pub remedies: bool,
    /// What several rules ask of the server, worked out when the first one does.
    pub(crate) shared: Shared<'a>,
}

/// Answers that several rules need, each worked out once and only when it is asked for.
#[derive(Debug, Clone, Default)]
pub(crate) struct Shared<'a> {
    endpoints: OnceCell<EndpointMap<'a>>,
    access_peers: OnceCell<Vec<PeerSet>>,
    bindings_by_endpoint: OnceCell<BindingsByEndpoint<'a>>,
    records: OnceCell<Vec<Used<'a>>>,
}

impl<'a> Context<'a> {
    /// A server by itself: default peers, no profile, no twin.
    pub fn new(server: &'a Server) -> Self {
        Context { server, groups: &[], profile: None, twin: None, remedies: true, shared: Shared::default() }
    }

    /// Which endpoints serve which site.
    fn endpoints(&self) -> &EndpointMap<'a> {
        self.shared.endpoints.get_or_init(|| EndpointMap::new(self.server))
    }

    /// The bindings of declared sites that lead to each endpoint, each with the index of its site.
    fn bindings_by_endpoint(&self) -> &BindingsByEndpoint<'a> {
        self.shared.bindings_by_endpoint.get_or_init(|| endpoints::bindings_by_endpoint(self.server))
    }

    /// The records of HTTP.sys that serve sites, without those of other products.
    fn records(&self) -> &[Used<'a>] {
        self.shared.records.get_or_init(|| records::records(self.server))
    }
}

/// A rule: what bad state it names, and how it finds it.
#[derive(Debug)]
pub struct Rule {
    /// Kebab-case name of the bad state.
    pub name: &'static str,
    /// How bad it is, when nothing speaks for less.
    pub severity: Severity,
    /// How sure a finding is, when nothing speaks for less.
    pub confidence: Confidence,
    /// One line: the bad state.
    pub title: &'static str,
    /// What it means and why it matters.
    pub meaning: &'static str,
    /// What a client or administrator sees.
    pub sees: &'static str,
    /// When the rule stays silent, or says less.
    pub silent: &'static str,
    /// Which stores it needs.
    pub evidence: &'static str,
    /// How to fix it, in general.
    pub fix: &'static str,
    /// How to fix it in each generation, step by step.
    pub remedies: Remedies,
    /// Where the facts come from.
    pub references: &'static [&'static str],
    /// Finds the bad state in one server.
    pub check: fn(&Context<'_>, &mut Vec<Finding>),
}

/// All rules, sorted by name.
pub const RULES: &[&Rule] = &[
    &access_flags_unreadable::RULE,
    &address_family_options_differ::RULE,
    &anonymous_beside_mapping::RULE,
    &asks_everyone_needlessly::RULE,
    &attribute_missing::RULE,
    &attribute_value_invalid::RULE,
    &binding_flag_differs_from_record::RULE,
    &binding_flag_too_new::RULE,
    &binding_flag_unknown::RULE,
    &binding_flags_not_numeric::RULE,
    &binding_in_both_lists::RULE,
    &ccs_cannot_negotiate::RULE,
    &ccs_flag_combination::RULE,
    &certificate_hash_inherited::RULE,
    &certificate_not_required::RULE,
    &certificate_wanted_without_tls::RULE,
    &child_weakens_parent::RULE,
    &configuration_redirected::RULE,
    &ctl_identifier_dead::RULE,
    &ctl_reference_incomplete::RULE,
    &delta_crl_blocked::RULE,
    &double_escaping_allowed::RULE,
    &ds_mapper_half_configured::RULE,
    &duplicate_binding_across_sites::RULE,
    &duplicate_binding_in_site::RULE,
    &duplicate_site_id::RULE,
    &duplicate_site_name::RULE,
    &exclusive_trust_empty_store::RULE,
    &expected_value_differs::RULE,
    &foreign_record_owner::RULE,
    &freshness_too_small::RULE,
    &freshness_without_effect::RULE,
    &ftp_not_encrypted::RULE,
    &ftp_revocation_check_off::RULE,
    &ftp_sites_disagree::RULE,
    &ftp_usage_check_off::RULE,
    &host_header_missing::RULE,
    &hsts_not_enforced::RULE,
    &https_binding_without_certificate::RULE,
    &intermediate_in_root_store::RULE,
    &ip_in_sni_binding::RULE,
    &issuer_list_truncated::RULE,
    &late_request_body_limit::RULE,
    &late_request_http2::RULE,
    &late_request_tls13::RULE,
    &late_xml_declaration::RULE,
    &legacy_certificate_residue::RULE,
    &location_case_variants::RULE,
    &location_without_site::RULE,
    &locked_section_set::RULE,
    &log_targets_incomplete::RULE,
    &malformed_binding::RULE,
    &mapping_at_application_level::RULE,
    &mapping_not_required::RULE,
    &mapping_without_rules::RULE,
    &maps_certificate_never_asks::RULE,
    &metabase_key_twice::RULE,
    &nodes_disagree::RULE,
    &orphan_record::RULE,
    &plain_http_beside_https::RULE,
    &plain_text_password::RULE,
    &policy_entry_unused::RULE,
    &read_ahead_excessive::RULE,
    &read_ahead_unit_mistake::RULE,
    &record_differs_from_metabase::RULE,
    &record_options_lost::RULE,
    &record_sources_disagree::RULE,
    &redirect_blocked_by_tls_requirement::RULE,
    &requires_certificate_never_asks::RULE,
    &revocation_cache_only::RULE,
    &revocation_check_off::RULE,
    &revocation_mode_contradictory::RULE,
    &revocation_mode_unknown_bits::RULE,
    &revocation_value_on_parent_key::RULE,
    &schannel_value_misspelt::RULE,
    &section_defined_twice::RULE,
    &section_not_declared::RULE,
    &setting_without_effect_here::RULE,
    &shared_endpoint_disagrees::RULE,
    &shared_record_mixed_policy::RULE,
    &shared_record_two_names::RULE,
    &sites_disagree_on_access::RULE,
    &sites_disagree_on_issuers::RULE,
    &sites_disagree_on_revocation::RULE,
    &sites_disagree_on_tls_switches::RULE,
    &sni_on_old_version::RULE,
    &sni_or_ccs_without_host::RULE,
    &socket_pooling_setting_ignored::RULE,
    &specific_ip_shadows_sni::RULE,
    &split_endpoint::RULE,
    &ssl_map_cert_used::RULE,
    &ssl128_without_ssl::RULE,
    &strict_access_flags::RULE,
    &substatus_not_logged::RULE,
    &suppression_expired::RULE,
    &tls_not_required::RULE,
    &tls_required_unreachable::RULE,
    &two_mapping_kinds_enabled::RULE,
    &unknown_attribute::RULE,
    &usage_check_off::RULE,
];

/// The rules that judge with a policy file. Their findings are made where the policy is applied, because a rule sees one server and nothing else.
#[derive(Debug)]
pub struct PolicyRules {
    /// `expected-value-differs`.
    pub value_differs: &'static Rule,
    /// `policy-entry-unused`.
    pub entry_unused: &'static Rule,
    /// `suppression-expired`.
    pub suppression_expired: &'static Rule,
}

/// The rules that judge with a policy file.
pub const POLICY_RULES: PolicyRules = PolicyRules {
    value_differs: &expected_value_differs::RULE,
    entry_unused: &policy_entry_unused::RULE,
    suppression_expired: &suppression_expired::RULE,
};

/// The check of [`POLICY_RULES`]: without a policy there is nothing to find.
fn found_with_a_policy(_: &Context<'_>, _: &mut Vec<Finding>) {}

/// The rule called `name`.
pub fn rule(name: &str) -> Option<&'static Rule> {
    RULES.iter().find(|rule| rule.name.eq_ignore_ascii_case(name)).copied()
}

/// All findings of all rules for one server, sorted by severity, then by place and rule.
pub fn check(context: &Context<'_>) -> Vec<Finding> {
    let mut findings = Vec::new();
    let profile = context.profile.filter(|_| profiles::covers(context.server.generation));
    for rule in RULES.iter().filter(|rule| profiles::runs(rule, profile)) {
        (rule.check)(context, &mut findings);
    }
    for finding in &mut findings {
        finding.profile = profile;
    }
    findings.sort_by(Finding::order);
    findings
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rules_are_sorted_named_in_kebab_case_and_fully_documented() {
        assert!(RULES.windows(2).all(|pair| pair[0].name < pair[1].name));
        for rule in RULES {
            assert!(rule.name.bytes().all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'-'), "{}", rule.name);
            for text in [rule.title, rule.meaning, rule.sees, rule.silent, rule.evidence, rule.fix] {
                assert!(!text.is_empty(), "{} lacks a text", rule.name);
            }
            assert!(!rule.references.is_empty(), "{} has no reference", rule.name);
        }
    }

    #[test]
    fn a_file_with_six_faults_gives_six_findings() {
        let server = testing::fixture("apphost/F8_rejected_by_iis.config");
        let mut names: Vec<_> = check(&Context::new(&server)).iter().map(|finding| finding.rule.name).collect();
        names.sort_unstable();
        assert_eq!(
            names,
            [
                "access-flags-unreadable",
                "binding-flags-not-numeric",
                "duplicate-binding-in-site",
                "duplicate-site-id",
                "duplicate-site-name",
                "unknown-attribute"
            ]
        );
    }
}
