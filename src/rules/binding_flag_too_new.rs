//! `binding-flag-too-new`: a binding carries a switch that this version of Windows does not have.

use super::endpoints;
use super::steps::{self, Remedies};
use super::{Confidence, Context, Finding, Rule, Severity};
use crate::httpsys::{Record, Source, Switch};
use crate::remedy::{Remedy, Risk};
use crate::server::{EndpointKey, Generation, Server, WindowsVersion, binding_flags};

pub(super) const RULE: Rule = Rule {
    name: "binding-flag-too-new",
    severity: Severity::Info,
    confidence: Confidence::Likely,
    title: "A binding flag is newer than the version of Windows",
    meaning: "The version of Windows is named by `--windows` or by an export of the registry, or the lines of `netsh http show sslcert` tell its age: \
              the twelve classic lines belong to Windows Server 2012 R2 and older, each later version prints more. The binding flags hold a switch that only a later version knows, as happens when a configuration \
              is copied between servers.",
    sees: "The switch is likely ignored or refused: what it should turn off stays on.",
    silent: "Without the version and a listing of the records, and where the layout does not tell the version. Likely, because updates have brought \
             some switches to older versions; firm for a known version up to Windows Server 2016, for which it is documented. Silent before Windows \
             Server 2012, where `sni-on-old-version` speaks of all flags.",
    evidence: "applicationHost.config, and the version of Windows or the listing of the HTTP.sys records",
    fix: "Clear the switch on this server, or bring it to the version that knows it.",
    remedies: Remedies::iis7(
        steps::NO_BINDING_FLAGS,
        &[steps::BINDING_FLAGS, steps::advice("or bring the server to the version of Windows that knows the switch")],
    ),
    references: &[
        "MicrosoftDocs/iis-docs: .../sites/site/bindings/binding.md",
        "simple-acme/simple-acme: src/main.lib/Clients/IIS/SSLFlags.cs",
    ],
    check,
};

/// What is too new for a Windows.
struct TooNew {
    /// The bits.
    bits: u32,
    /// What the Windows is, as the end of a sentence.
    version: String,
    confidence: Confidence,
}

const AFTER_2016: u32 = binding_flags::NO_QUIC | binding_flags::NO_TLS13 | binding_flags::NO_LEGACY_TLS | binding_flags::NEGOTIATE;

/// The same for a version that is known.
fn too_new_for(windows: WindowsVersion) -> Option<TooNew> {
    let (bits, confidence) = match windows {
        WindowsVersion::Server2003 | WindowsVersion::Server2008 | WindowsVersion::Server2008R2 | WindowsVersion::Server2025 => return None,
        WindowsVersion::Server2012 | WindowsVersion::Server2012R2 => {
            (AFTER_2016 | binding_flags::NO_HTTP2 | binding_flags::NO_OCSP_STAPLING, Confidence::Firm)
        }
        WindowsVersion::Server2016 => (AFTER_2016 | binding_flags::NO_OCSP_STAPLING, Confidence::Firm),
        WindowsVersion::Server2019 | WindowsVersion::Server2022 => (binding_flags::NEGOTIATE, Confidence::Likely),
    };
    Some(TooNew { bits, version: format!("this is {windows}, which does not know it"), confidence })
}

/// The bits that this Windows does not know, as far as that is known.
pub(super) fn unknown_bits(server: &Server) -> u32 {
    match server.windows {
        Some(windows) => too_new_for(windows).map_or(0, |too_new| too_new.bits),
        None => too_new(server).map_or(0, |(bits, _)| bits),
    }
}

/// The bits that are too new for the Windows that printed the records, and what it is; `None` when that is not known.
fn too_new(server: &Server) -> Option<(u32, &'static str)> {
    // The record of the Central Certificate Store has the classic lines alone, whatever the version.
    let tells = |record: &&Record| {
        record.source != Source::Registry
            && !matches!(record.key, EndpointKey::Ccs(_) | EndpointKey::ScopedCcs(..))
            && record.switches.contains_key(&Switch::Negotiate)
    };
    let records: Vec<&Record> = server.records.as_ref()?.records.iter().filter(tells).collect();
    if records.is_empty() {
        return None;
    }
    let lists = |switch| records.iter().any(|record| record.switches.contains_key(&switch));
    if lists(Switch::DisableSessionId) || lists(Switch::CachingClientHello) {
        None
    } else if lists(Switch::DisableTls13) {
        Some((binding_flags::NEGOTIATE, "Windows Server 2022 or older"))
    } else if lists(Switch::DisableHttp2) {
        Some((AFTER_2016, "Windows Server 2016 or an early 2019"))
    } else if lists(Switch::Reject) {
        None
    } else {
        Some((AFTER_2016 | binding_flags::NO_HTTP2 | binding_flags::NO_OCSP_STAPLING, "Windows Server 2012 R2 or older"))
    }
}

fn check(context: &Context<'_>, findings: &mut Vec<Finding>) {
    let server = context.server;
    if server.generation == Generation::Iis6 {
        return;
    }
    let by_layout = || {
        too_new(server).map(|(bits, version)| TooNew {
            bits,
            version: format!("the layout of the HTTP.sys records is that of {version}, which likely does not know it"),
            confidence: Confidence::Likely,
        })
    };
    let Some(TooNew { bits, version, confidence }) = server.windows.map_or_else(by_layout, too_new_for) else { return };
    for (index, binding) in endpoints::bindings(server) {
        let Some(flags) = binding.flags.filter(|flags| binding.is_https() && flags & bits != 0) else { continue };
        let site = &server.sites[index];
        let message = format!(
            "The binding flags (the number binding@sslFlags) {flags} of \"{}\" hold {}, but {version}",
            binding.written,
            endpoints::switch_list(flags & bits)
        );
        let finding = Finding::new(&RULE, server, message)
            .site(site)
            .at(Some(binding.place))
            .confidence(confidence)
            .subject(format!("{} {}", binding.protocol, binding.written));
        findings.push(match endpoints::set_flags(server, site, binding, flags & !bits) {
            Some(command) => {
                let what = "clears what this version does not know; what it was meant to do needs another way or a newer version";
                finding.remedy(Remedy::command(Risk::Safe, what, command))
            }
            None => finding,
        });
    }
}

#[cfg(test)]
mod tests {
    use super::super::testing::{findings, fixture, with_records};
    use super::*;

    fn found(config: &str, listing: &str) -> Vec<String> {
        findings(&RULE, &with_records(config, listing)).into_iter().map(|finding| finding.message).collect()
    }

    #[test]
    fn the_layout_of_the_listing_tells_which_switches_are_too_new() {
        let old = found("apphost/F3_specific_ip_shadows_sni.config", "netsh/o01_2012r2_conflict_revocation.txt");
        assert!(old.len() == 1 && old[0].contains("HTTP/2 off") && old[0].contains("2012 R2 or older"), "{old:?}");
        let newer = found("apphost/F7_ccs_and_new_bits.config", "netsh/o02_2022_sni_drift_and_ccs.txt");
        assert!(newer.iter().all(|message| message.contains("first handshake") && !message.contains("TLS 1.3")), "{newer:?}");
        assert!(newer.iter().any(|message| message.contains("*:8443:health.fabrikam.test")), "{newer:?}");
    }

    #[test]
    fn a_known_version_counts_before_the_layout() {
        let of = |windows| {
            let mut server = with_records("apphost/F7_ccs_and_new_bits.config", "netsh/o03_2025_tls13_ctl_mapper.txt");
            server.windows = Some(windows);
            findings(&RULE, &server)
        };
        let old = of(WindowsVersion::Server2016);
        assert!(!old.is_empty() && old.iter().all(|finding| finding.confidence == Confidence::Firm), "{old:?}");
        assert!(old[0].message.contains("this is Windows Server 2016, which does not know it"), "{}", old[0].message);
        assert!(of(WindowsVersion::Server2022).iter().all(|finding| finding.confidence == Confidence::Likely));
        assert!(of(WindowsVersion::Server2025).is_empty());
    }

    #[test]
    fn an_unknown_or_the_newest_version_is_silent() {
        assert!(findings(&RULE, &fixture("apphost/F7_ccs_and_new_bits.config")).is_empty());
        assert!(found("apphost/F7_ccs_and_new_bits.config", "netsh/o03_2025_tls13_ctl_mapper.txt").is_empty());
        assert!(found("apphost/F7_ccs_and_new_bits.config", "netsh/o04_regquery_sslbindinginfo.txt").is_empty());
    }
}
