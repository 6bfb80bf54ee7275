//! Remedies that change an SSL record of HTTP.sys: the one complete `netsh http update sslcert` command, or advice naming the option where
//! the record is not known in full, because a command that leaves out an option may reset it.

use super::netsh::{self, SslCertOptions};
use super::{Remedy, Risk};
use crate::catalogue::cert_check;
use crate::httpsys::{Record, Source, Switch};
use crate::input::Field;
use crate::server::EndpointKey;

/// One option of a record and its new value.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Change {
    /// Whether revocation is checked.
    Revocation(bool),
    /// Whether only cached CRLs are used.
    CachedOnly(bool),
    /// Whether the usage of client certificates is checked.
    Usage(bool),
    /// Seconds after which CRLs are fetched anew; 0 for when the cached ones expire.
    Freshness(u32),
    /// Milliseconds that fetching a CRL may take.
    UrlTimeout(u32),
    /// The certificate trust list.
    CtlIdentifier(Option<String>),
    /// The store of the trust list or of the issuers.
    CtlStore(Option<String>),
    /// A switch.
    Switch(Switch, bool),
}

impl Change {
    /// The word of netsh with its value, for advice.
    pub(crate) fn word(&self) -> String {
        let switch = |on: bool| if on { "enable" } else { "disable" };
        let text = |word: &str, value: &Option<String>| value.as_ref().map_or(format!("without {word}"), |value| format!("{word}={value}"));
        match self {
            Change::Revocation(on) => format!("verifyclientcertrevocation={}", switch(*on)),
            Change::CachedOnly(on) => format!("verifyrevocationwithcachedclientcertonly={}", switch(*on)),
            Change::Usage(on) => format!("usagecheck={}", switch(*on)),
            Change::Freshness(0) => "without revocationfreshnesstime".to_owned(),
            Change::Freshness(seconds) => format!("revocationfreshnesstime={seconds}"),
            Change::UrlTimeout(0) => "without urlretrievaltimeout".to_owned(),
            Change::UrlTimeout(milliseconds) => format!("urlretrievaltimeout={milliseconds}"),
            Change::CtlIdentifier(value) => text("sslctlidentifier", value),
            Change::CtlStore(value) => text("sslctlstorename", value),
            Change::Switch(of, on) => format!("{}={}", of.word(), switch(*on)),
        }
    }

    /// Whether the change leaves its word out, which `update` may take for "as before".
    fn leaves_out(&self) -> bool {
        matches!(self, Change::Freshness(0) | Change::UrlTimeout(0) | Change::CtlIdentifier(None) | Change::CtlStore(None))
    }

    fn apply(&self, options: &mut SslCertOptions) {
        match self {
            Change::Revocation(on) => options.verifyclientcertrevocation = Some(*on),
            Change::CachedOnly(on) => options.verifyrevocationwithcachedclientcertonly = Some(*on),
            Change::Usage(on) => options.usagecheck = Some(*on),
            Change::Freshness(seconds) => options.revocationfreshnesstime = Some(*seconds),
            Change::UrlTimeout(milliseconds) => options.urlretrievaltimeout = Some(*milliseconds),
            Change::CtlIdentifier(value) => options.sslctlidentifier.clone_from(value),
            Change::CtlStore(value) => options.sslctlstorename.clone_from(value),
            Change::Switch(switch, on) => {
                if let Some(option) = option(options, *switch) {
                    *option = Some(*on);
                }
            }
        }
    }
}

/// The changes that turn the bits of CertCheckMode from `old` into `new`. The bit of the freshness time is not among them: netsh sets it
/// when a time is given.
pub(crate) fn mode_changes(old: u32, new: u32) -> Vec<Change> {
    let differs = |bit| (old ^ new) & bit != 0;
    let has = |bit| new & bit != 0;
    let mut changes = Vec::new();
    if differs(cert_check::NO_REVOCATION) {
        changes.push(Change::Revocation(!has(cert_check::NO_REVOCATION)));
    }
    if differs(cert_check::CACHE_ONLY) {
        changes.push(Change::CachedOnly(has(cert_check::CACHE_ONLY)));
    }
    if differs(cert_check::NO_USAGE) {
        changes.push(Change::Usage(!has(cert_check::NO_USAGE)));
    }
    if differs(cert_check::FRESHNESS) && !has(cert_check::FRESHNESS) {
        changes.push(Change::Freshness(0));
    }
    changes
}

/// The remedy that makes `changes` to a record; `None` without any.
pub(crate) fn update(record: &Record, risk: Risk, what: &str, changes: &[Change]) -> Option<Remedy> {
    if changes.is_empty() {
        return None;
    }
    let command =
        options(record).filter(|_| record.source != Source::Httpcfg && !changes.iter().any(Change::leaves_out)).and_then(|mut options| {
            changes.iter().for_each(|change| change.apply(&mut options));
            netsh::update(&options)?.lines()
        });
    if let Some(command) = command {
        return Some(Remedy::command(risk, what, command));
    }
    if record.source == Source::Httpcfg {
        let how = "on Windows Server 2003 set the property in the metabase of the site, from which the web service writes the record";
        return Some(Remedy::advice(risk, format!("{what}: {how}")));
    }
    let words: Vec<String> = changes.iter().map(Change::word).collect();
    if let EndpointKey::Ccs(_) = record.key {
        let what = format!(
            "{what}: the record of the Central Certificate Store takes nothing but defaults, so give the host a binding with SNI and a record \
             of its own, with {}",
            words.join(" ")
        );
        return Some(Remedy::advice(risk, what));
    }
    let how = if changes.iter().any(Change::leaves_out) { "delete the record and add it anew" } else { "write the record anew" };
    Some(Remedy::advice(risk, format!("{what}: {how} with netsh, for {} with all its other options and {}", record.key, words.join(" "))))
}

/// The command that shows the record.
pub(crate) fn show(record: &Record) -> Remedy {
    let what = "shows the record with all its options; note them before it is changed";
    if record.source == Source::Httpcfg {
        return Remedy::command(Risk::ReadOnly, what, "httpcfg query ssl");
    }
    let command = netsh::show(&record.key).and_then(|command| command.lines());
    Remedy::command(Risk::ReadOnly, what, command.unwrap_or_else(|| "netsh http show sslcert".into()))
}

/// All options of a record; `None` where one of them is not known or has no word, so that writing it anew would lose it.
fn options(record: &Record) -> Option<SslCertOptions> {
    // An absent value of the registry is the default; an absent line of a listing may be any value.
    let registry = record.source == Source::Registry;
    if !record.unknown.is_empty() || record.unknown_flags() != 0 {
        return None;
    }
    let mode = match record.cert_check_mode.number() {
        Some(mode) => mode,
        None if registry && record.cert_check_mode.said.is_empty() => 0,
        None => return None,
    };
    let mut options = SslCertOptions::new(record.key.clone());
    options.certhash = Some(record.certificate.value()?.as_ref()?.iter().map(|byte| format!("{byte:02x}")).collect());
    options.appid = Some(record.app_id.value()?.clone());
    options.certstorename = text(&record.store, registry)?;
    options.sslctlidentifier = text(&record.ctl_identifier, registry)?;
    options.sslctlstorename = text(&record.ctl_store, registry)?;
    options.verifyclientcertrevocation = Some(mode & cert_check::NO_REVOCATION == 0);
    options.verifyrevocationwithcachedclientcertonly = Some(mode & cert_check::CACHE_ONLY != 0);
    options.usagecheck = Some(mode & cert_check::NO_USAGE == 0);
    let freshness = number(&record.freshness_seconds, registry)?;
    options.revocationfreshnesstime = Some(if mode & cert_check::FRESHNESS != 0 { freshness } else { 0 });
    options.urlretrievaltimeout = Some(number(&record.url_timeout_milliseconds, registry)?);
    for switch in Switch::ALL {
        let on = match record.switches.get(switch) {
            Some(Field::Said(said)) => said.value,
            Some(Field::Unreadable(_)) => return None,
            Some(Field::Absent) | None => match switch {
                Switch::DsMapper | Switch::Negotiate if registry => false,
                Switch::DsMapper | Switch::Negotiate => return None,
                _ => continue,
            },
        };
        // The registry gives all bits at once; an older Windows does not know the words of the newer ones.
        let needed = on || !registry || matches!(switch, Switch::DsMapper | Switch::Negotiate);
        match option(&mut options, *switch) {
            Some(option) if needed => *option = Some(on),
            None if on => return None,
            _ => {}
        }
    }
    Some(options)
}

fn option(options: &mut SslCertOptions, switch: Switch) -> Option<&mut Option<bool>> {
    Some(match switch {
        Switch::DsMapper => &mut options.dsmapperusage,
        Switch::Negotiate => &mut options.clientcertnegotiation,
        Switch::Reject => &mut options.reject,
        Switch::DisableHttp2 => &mut options.disablehttp2,
        Switch::DisableQuic => &mut options.disablequic,
        Switch::DisableTls12 => &mut options.disabletls12,
        Switch::DisableTls13 => &mut options.disabletls13,
        Switch::DisableOcspStapling => &mut options.disableocspstapling,
        Switch::EnableTokenBinding => &mut options.enabletokenbinding,
        Switch::LogExtendedEvents => &mut options.logextendedevents,
        Switch::DisableLegacyTls => &mut options.disablelegacytls,
        Switch::EnableSessionTicket => &mut options.enablesessionticket,
        Switch::DisableSessionId => &mut options.disablesessionid,
        Switch::EnableClientCorrelation | Switch::CachingClientHello => return None,
    })
}

fn text(field: &Field<Option<String>>, registry: bool) -> Option<Option<String>> {
    match field {
        Field::Said(said) => Some(said.value.clone()),
        Field::Absent if registry => Some(None),
        Field::Absent | Field::Unreadable(_) => None,
    }
}

fn number(field: &Field<u64>, registry: bool) -> Option<u32> {
    match field {
        Field::Said(said) => u32::try_from(said.value).ok(),
        Field::Absent if registry => Some(0),
        Field::Absent | Field::Unreadable(_) => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::rules::testing::records_alone;
    use crate::server::Server;

    fn record<'a>(server: &'a Server, key: &str) -> &'a Record {
        server.records.as_ref().unwrap().records.iter().find(|record| record.key.to_string() == key).unwrap()
    }

    #[test]
    fn the_command_carries_every_option_of_the_record_and_the_change() {
        let server = records_alone("netsh/o02_2022_sni_drift_and_ccs.txt");
        let remedy = update(
            record(&server, "orders.fabrikam.test:443"),
            Risk::Safe,
            "turns TLS 1.3 off",
            &[Change::Switch(Switch::DisableTls13, true)],
        );
        let command = remedy.unwrap().command.unwrap();
        for word in [
            "update sslcert hostnameport=orders.fabrikam.test:443",
            "certhash=1f0c6b7c2a9d4e58b3a7c0d1e2f30415263748a9",
            "appid=\"{4dc3e181-e14b-4a21-b022-59fc669b0914}\"",
            "certstorename=WebHosting",
            "sslctlstorename=ClientAuthIssuer",
            "urlretrievaltimeout=15000",
            "clientcertnegotiation=enable",
            "disablehttp2=disable",
            "disabletls13=enable",
        ] {
            assert!(command.contains(word), "{word}: {command}");
        }
    }

    #[test]
    fn a_word_that_the_layout_does_not_print_is_not_written() {
        let server = records_alone("netsh/o01_2012r2_conflict_revocation.txt");
        let command = update(record(&server, "0.0.0.0:443"), Risk::Safe, "checks", &[Change::Revocation(true)]).unwrap().command.unwrap();
        assert!(command.contains("verifyclientcertrevocation=enable"), "{command}");
        assert!(!command.contains("tls13") && !command.contains("http2"), "{command}");
    }

    #[test]
    fn a_record_that_is_not_known_in_full_gets_advice() {
        let mut server = records_alone("netsh/o02_2022_sni_drift_and_ccs.txt");
        let records = &mut server.records.as_mut().unwrap().records;
        records[0].ctl_store = Field::Absent;
        let remedy = update(&records[0], Risk::Safe, "asks early", &[Change::Switch(Switch::Negotiate, true)]).unwrap();
        assert_eq!(remedy.command, None);
        assert!(remedy.what.contains("clientcertnegotiation=enable"), "{}", remedy.what);
        assert_eq!(update(&records[1], Risk::Safe, "drops it", &[Change::CtlStore(None)]).unwrap().command, None, "nothing to leave out");
    }

    #[test]
    fn bits_become_the_words_of_netsh() {
        assert_eq!(mode_changes(1, 0), [Change::Revocation(true)]);
        assert_eq!(mode_changes(0x1_0002, 0), [Change::CachedOnly(false), Change::Usage(true)]);
        assert_eq!(mode_changes(5, 0), [Change::Revocation(true), Change::Freshness(0)]);
        assert_eq!(mode_changes(2, 2), []);
    }
}
