//! `binding-flag-differs-from-record`: a switch of a binding and the record that serves it say different things.

use std::collections::BTreeMap;

use super::binding_flag_too_new::unknown_bits;
use super::endpoints;
use super::record_options::{endpoint, weakens};
use super::record_remedy::{Change, update};
use super::records::is_foreign;
use super::steps::{self, Remedies};
use super::{Confidence, Context, Finding, Rule, Severity};
use crate::httpsys::{Record, Source, Switch};
use crate::remedy::{Remedy, Risk};
use crate::server::{Binding, EndpointKey, Generation, Served, Server, WindowsVersion, binding_flags};

pub(super) const RULE: Rule = Rule {
    name: "binding-flag-differs-from-record",
    severity: Severity::Medium,
    confidence: Confidence::Likely,
    title: "A binding and its SSL record differ in a protocol switch",
    meaning: "The bits 4 to 128 of the binding flags are what IIS wrote into the record of HTTP.sys when the binding was saved. The record says \
              something else now: somebody used netsh or the registry, or a tool wrote only one of the two. The record is in effect, and the next \
              time the binding is saved IIS likely writes its own flags over it.",
    sees: "A protocol that is off in IIS Manager is on, or the other way round; it changes when somebody saves the binding.",
    silent: "For a switch that the record does not list, for bindings of the Central Certificate Store (then `ccs-flag-combination`), for records of \
             other products, and for a record that negotiates where nothing shows that this Windows knows the bit 128.",
    evidence: "applicationHost.config and the HTTP.sys records",
    fix: "Decide which is meant and set both the same.",
    remedies: Remedies::iis7(
        steps::NO_BINDING_FLAGS,
        &[steps::SHOW_RECORD, steps::BINDING_FLAGS, steps::record!("or gives the record the switch of the binding", "OPTION=VALUE")],
    ),
    references: &[
        "MicrosoftDocs/iis-docs: .../sites/site/bindings/binding.md",
        "HTTP_SERVICE_CONFIG_SSL_PARAM (learn.microsoft.com)",
        "win-acme/win-acme#2831",
    ],
    check,
};

/// The switches that binding flags and record share.
pub(super) const SHARED: [(u32, Switch); 6] = [
    (binding_flags::NO_HTTP2, Switch::DisableHttp2),
    (binding_flags::NO_OCSP_STAPLING, Switch::DisableOcspStapling),
    (binding_flags::NO_QUIC, Switch::DisableQuic),
    (binding_flags::NO_TLS13, Switch::DisableTls13),
    (binding_flags::NO_LEGACY_TLS, Switch::DisableLegacyTls),
    (binding_flags::NEGOTIATE, Switch::Negotiate),
];

/// The bits of the shared switches that a record states, and those of them that are on.
pub(super) fn stated_bits(record: &Record) -> (u32, u32) {
    SHARED.iter().fold((0, 0), |(stated, on), (bit, switch)| match record.switch(*switch) {
        Some(true) => (stated | bit, on | bit),
        Some(false) => (stated | bit, on),
        None => (stated, on),
    })
}

fn check(context: &Context<'_>, findings: &mut Vec<Finding>) {
    let server = context.server;
    if server.generation == Generation::Iis6 || server.records.is_none() {
        return;
    }
    let knows_negotiate = knows_negotiate(server);
    // `binding-flag-too-new` speaks of these.
    let unknown = unknown_bits(server);
    for (key, bindings) in context.bindings_by_endpoint() {
        let Some(endpoint) = endpoint(server, key).filter(|_| !matches!(key, EndpointKey::Ccs(_))) else { continue };
        let Some(record) = server.record_of(endpoint).filter(|record| !is_foreign(record)) else { continue };
        let (stated, on) = stated_bits(record);
        // Bindings that share a record and say the same differ in the same way: one finding for each way.
        let mut ways: BTreeMap<u32, Vec<(usize, &Binding)>> = BTreeMap::new();
        for (site, binding) in bindings {
            let Some(flags) = binding.flags else { continue };
            let mut bits = (flags ^ on) & stated & !unknown;
            if !knows_negotiate {
                bits &= !(on & binding_flags::NEGOTIATE);
            }
            if bits != 0 {
                ways.entry(bits).or_default().push((*site, binding));
            }
        }
        let alone = ways.values().map(Vec::len).sum::<usize>() == bindings.len() && ways.len() == 1;
        for (bits, members) in ways {
            let own = alone && matches!(endpoint.served, Served::Own(_));
            findings.extend(report(server, record, bits, on, &members, own));
        }
    }
}

/// Whether this Windows knows the binding flag 128. An export of the registry holds a word for all switches, whatever its Windows knows.
fn knows_negotiate(server: &Server) -> bool {
    let listed = |switch| {
        let mut records = server.records.iter().flat_map(|records| &records.records);
        records.any(|record| record.source != Source::Registry && record.switches.contains_key(&switch))
    };
    server.windows == Some(WindowsVersion::Server2025)
        || listed(Switch::DisableSessionId)
        || listed(Switch::CachingClientHello)
        || endpoints::bindings(server).any(|(_, binding)| binding.has_flag(binding_flags::NEGOTIATE))
}

fn report(server: &Server, record: &Record, bits: u32, on: u32, members: &[(usize, &Binding)], own: bool) -> Option<Finding> {
    let (site, binding) = members.iter().find(|(site, _)| server.sites[*site].auto_start).or(members.first())?;
    let flags = binding.flags?;
    let site = &server.sites[*site];
    let mut parts = Vec::new();
    if bits & on != 0 {
        parts.push(format!("the record alone has: {}", endpoints::switch_list(bits & on)));
    }
    if bits & !on != 0 {
        parts.push(format!("the binding alone has: {}", endpoints::switch_list(bits & !on)));
    }
    let more = match members.len() {
        1 => String::new(),
        count => format!(" and {} more", count - 1),
    };
    let message = format!(
        "The binding \"{}\"{more} of {} has the binding flags (the number binding@sslFlags) {flags}, and the HTTP.sys record {} that serves it \
         says otherwise; {}. The record is in effect",
        binding.written,
        site.label(),
        record.key,
        parts.join("; ")
    );
    let mut finding =
        Finding::new(&RULE, server, message).site(site).at(Some(binding.place)).subject(format!("{} {}", binding.written, record.key));
    for (bit, switch) in SHARED.iter().filter(|(bit, _)| bits & bit != 0) {
        let state = if on & bit != 0 { "on" } else { "off" };
        finding = finding.related(record.switch_place(*switch), format!("{}: {state} in the record {}", switch.label(), record.key));
    }
    let wanted = (flags & !bits) | (on & bits);
    let what = format!("makes the binding say what the record does, when the record is right; the binding flags {flags} become {wanted}");
    finding = finding.remedy(Remedy::offer(Risk::Safe, what, endpoints::set_flags(server, site, binding, wanted)));
    if !own {
        let advice = "when the binding is right, give it a record of its own by saving it in IIS Manager with a server certificate";
        return Some(finding.remedy(Remedy::advice(Risk::Safe, advice)));
    }
    let changes: Vec<Change> =
        SHARED.iter().filter(|(bit, _)| bits & bit != 0).map(|(bit, switch)| Change::Switch(*switch, flags & bit != 0)).collect();
    let risk = if changes.iter().any(weakens) { Risk::WeakensSecurity } else { Risk::Safe };
    Some(finding.remedies_of(update(record, risk, "makes the record say what the binding does, when the binding is right", &changes)))
}

#[cfg(test)]
mod tests {
    use super::super::testing::{findings, fixture, https_site, joined, registry, with_records};
    use super::*;

    #[test]
    fn a_record_with_tls_1_3_off_and_a_binding_without_that_bit_differ() {
        let found = findings(&RULE, &with_records("apphost/F7_ccs_and_new_bits.config", "netsh/o02_2022_sni_drift_and_ccs.txt"));
        assert_eq!(found.len(), 1, "{:?}", found.iter().map(|finding| &finding.message).collect::<Vec<_>>());
        let message = &found[0].message;
        assert!(message.contains("*:8443:health.fabrikam.test") && message.contains("the record alone has: TLS 1.3 off."), "{message}");
        assert!(!message.contains("first handshake"), "negotiation agrees: {message}");
        let command = found[0].remedies.iter().find_map(|remedy| remedy.command.as_deref()).unwrap();
        assert!(command.contains("161"), "{command}");
    }

    #[test]
    fn an_own_record_can_be_written_either_way() {
        let found = findings(&RULE, &with_records("apphost/F6_mapping.config", "netsh/o03_2025_tls13_ctl_mapper.txt"));
        assert_eq!(found.len(), 1);
        let update = found[0].remedies.iter().find(|remedy| remedy.command.as_deref().is_some_and(|command| command.starts_with("netsh")));
        let update = update.unwrap();
        let command = update.command.as_deref().unwrap();
        assert_eq!(update.risk, Risk::WeakensSecurity, "legacy TLS would be on again");
        assert!(command.contains("disablehttp2=disable") && command.contains("usagecheck=disable"), "{command}");
    }

    #[test]
    fn without_records_or_their_lines_and_for_a_bit_that_nobody_knows_it_is_silent() {
        assert!(findings(&RULE, &fixture("apphost/F7_ccs_and_new_bits.config")).is_empty());
        for (config, listing) in [
            ("apphost/F3_specific_ip_shadows_sni.config", "netsh/o01_2012r2_conflict_revocation.txt"),
            ("apphost/F1_consistent_sni.config", "netsh/o02_2022_sni_drift_and_ccs.txt"),
        ] {
            assert!(findings(&RULE, &with_records(config, listing)).is_empty(), "{config}");
        }
    }

    #[test]
    fn negotiation_in_an_export_of_the_registry_says_nothing_of_a_binding_flag_that_windows_may_not_know() {
        let mut server = joined(&https_site(1, "*:443:", "Ssl"), &registry(&[("DefaultFlags", 2)]));
        assert!(findings(&RULE, &server).is_empty());
        server.windows = Some(WindowsVersion::Server2025);
        assert_eq!(findings(&RULE, &server).len(), 1, "on 2025 the binding would say so");
    }
}
