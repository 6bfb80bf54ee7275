//! The SCHANNEL key of the registry, and the values of HTTP\Parameters that switch protocols for the whole server.

use std::collections::BTreeSet;

use crate::input::registry::{self as text, Key, Value};
use crate::input::{Field, FileId, Place, Remark};
use crate::spelling::is_slip;

/// Values of the SCHANNEL key that are known but not looked at. They are here so that they are not taken for slips of the pen.
const OTHER: &[&str] = &[
    "AllowInsecureRenegoClients",
    "AllowInsecureRenegoServers",
    "ClientCacheTime",
    "ServerCacheTime",
    "DisableRenegoOnClient",
    "DisableRenegoOnServer",
    "FipsAlgorithmPolicy",
    "IssuerCacheSize",
    "IssuerCacheTime",
    "MaximumCacheSize",
    "MessageLimitClient",
    "MessageLimitServer",
    "SendExtraRecord",
    "UseScsvForTls",
    "DheMinimumServerKeyBitLength",
    "KeyDepth",
];

/// The same for `Services\HTTP\Parameters`.
const OTHER_HTTP: &[&str] = &[
    "AllowRestrictedChars",
    "EnableAggressiveMemoryUsage",
    "EnableNonUTF8",
    "FavorUTF8",
    "ListenOnlyList",
    "LogBufferSize",
    "MaxBytesPerSend",
    "MaxConnections",
    "MaxEndpoints",
    "MaxFieldLength",
    "MaxRequestBytes",
    "PercentUAllowed",
    "UrlSegmentMaxCount",
    "UrlSegmentMaxLength",
    "UriEnableCache",
    "UriMaxUriBytes",
    "UriScavengerPeriod",
    "UriMaxCacheMegabyteCount",
    "DisableServerHeader",
    "Http2MaxConcurrentClientStreams",
];

/// What the registry says about Schannel.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Schannel {
    /// Where the SCHANNEL key stands; `None` when the export has no such key, so that nothing can be said about its values.
    pub place: Option<Place>,
    /// SendTrustedIssuerList: whether the server lists the issuers that it accepts.
    pub send_trusted_issuer_list: Field<u32>,
    /// ClientAuthTrustMode: 0 Machine Trust, 1 Exclusive Root Trust, 2 Exclusive CA Trust.
    pub client_auth_trust_mode: Field<u32>,
    /// MessageLimitServerClientAuth: largest handshake message in bytes when a client certificate is asked for.
    pub message_limit_server_client_auth: Field<u32>,
    /// CertificateMappingMethods: bits of the ways to map a certificate to an account.
    pub certificate_mapping_methods: Field<u32>,
    /// EnableOcspStaplingForSni: whether records chosen by host name staple.
    pub enable_ocsp_stapling_for_sni: Field<u32>,
    /// EventLogging: bits of the events that are logged.
    pub event_logging: Field<u32>,
    /// Protocols, in file order.
    pub protocols: Vec<Protocol>,
    /// Values of `Services\HTTP\Parameters`.
    pub http: HttpValues,
    /// Values whose name is nearly that of a known one, so that Windows does not see them.
    pub misspelt: Vec<Misspelt>,
    /// Other values of the SCHANNEL key itself and of its protocols, in file order.
    pub unknown: Vec<UnknownValue>,
    /// Lines of the file that are neither a key nor a value; the reader of HTTP.sys records reports the same ones.
    pub unknown_lines: Vec<(String, Place)>,
    /// What a reader should know although the file was read.
    pub warnings: Vec<Remark>,
}

/// A protocol in one role.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Protocol {
    /// Name of the key, such as `TLS 1.2`.
    pub name: String,
    /// Server or client.
    pub role: Role,
    /// Enabled: 0 is off, every other number on.
    pub enabled: Field<u32>,
    /// DisabledByDefault.
    pub disabled_by_default: Field<u32>,
    /// Where the key stands.
    pub place: Place,
}

/// A side of a connection.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Role {
    /// Server.
    Server,
    /// Client.
    Client,
}

/// Values of `Services\HTTP\Parameters` that hold for all records.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct HttpValues {
    /// Where the key stands; `None` when the export does not have it.
    pub place: Option<Place>,
    /// EnableHttp2Tls: HTTP/2 over TLS.
    pub enable_http2_tls: Field<u32>,
    /// EnableHttp2Cleartext: HTTP/2 without TLS.
    pub enable_http2_cleartext: Field<u32>,
    /// EnableHttp3.
    pub enable_http3: Field<u32>,
    /// EnableAltSvc: whether HTTP/3 is announced.
    pub enable_alt_svc: Field<u32>,
}

/// A value whose name is nearly that of a known one.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Misspelt {
    /// The key it stands on.
    pub key: String,
    /// Its name as written.
    pub name: String,
    /// The name that it was probably meant to be.
    pub meant: &'static str,
    /// Its data as shown in the file.
    pub data: String,
    /// Where it stands.
    pub place: Place,
}

/// A value that is not known here.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct UnknownValue {
    /// The key it stands on.
    pub key: String,
    /// Its name.
    pub name: String,
    /// Its data as shown in the file.
    pub data: String,
    /// Where it stands.
    pub place: Place,
}

/// Reads the Schannel values in an export of the registry: a .reg file, the text of `reg query`, or a property list of PowerShell. Keys
/// that have nothing to do with Schannel or HTTP.sys are passed over.
pub fn read_schannel(export: &str, file: FileId) -> Schannel {
    let read = text::read(export, file);
    let mut out = Schannel { unknown_lines: read.unknown, ..Schannel::default() };
    let relevant = |key: &Key| key.below(&HTTP).is_some_and(|below| below.is_empty()) || key.below(&SCHANNEL).is_some();
    let sets: BTreeSet<Option<String>> = read.keys.iter().filter(|key| relevant(key)).map(Key::control_set).collect();
    // The current control set is a link to one of the numbered ones, which hold the same or an older state.
    let current = Some("currentcontrolset".to_owned());
    let chosen = if sets.contains(&current) { Some(current) } else { sets.first().cloned() };
    let mut left: Option<Place> = None;
    for key in read.keys.iter().filter(|key| relevant(key)) {
        if chosen.as_ref().is_some_and(|chosen| *chosen != key.control_set()) {
            left = left.or(Some(key.place));
            continue;
        }
        if key.below(&HTTP).is_some() {
            out.http.place = out.http.place.or(Some(key.place));
            key.values.iter().for_each(|value| take_http(&mut out, key, value));
            continue;
        }
        match key.below(&SCHANNEL).unwrap_or_default().as_slice() {
            [] => {
                out.place = out.place.or(Some(key.place));
                key.values.iter().for_each(|value| take(&mut out, key, value));
            }
            [protocols, name, role] if protocols.eq_ignore_ascii_case("Protocols") => {
                let role = match role.to_ascii_lowercase().as_str() {
                    "server" => Role::Server,
                    "client" => Role::Client,
                    _ => {
                        out.unknown.extend(key.values.iter().map(|value| unknown(key, value)));
                        continue;
                    }
                };
                take_protocol(&mut out, key, name, role);
            }
            // Ciphers, hashes and key exchanges decide nothing about client certificates.
            _ => {}
        }
    }
    if let Some(place) = left {
        let set = chosen.flatten().unwrap_or_default();
        let message = format!("the export holds several control sets; only {set} was used");
        out.warnings.push(Remark { message, place: Some(place) });
    }
    out
}

const SCHANNEL: [&str; 3] = ["Control", "SecurityProviders", "SCHANNEL"];
const HTTP: [&str; 3] = ["Services", "HTTP", "Parameters"];

fn take(out: &mut Schannel, key: &Key, value: &Value) {
    let fields: [(&'static str, &mut Field<u32>); 6] = [
        ("SendTrustedIssuerList", &mut out.send_trusted_issuer_list),
        ("ClientAuthTrustMode", &mut out.client_auth_trust_mode),
        ("MessageLimitServerClientAuth", &mut out.message_limit_server_client_auth),
        ("CertificateMappingMethods", &mut out.certificate_mapping_methods),
        ("EnableOcspStaplingForSni", &mut out.enable_ocsp_stapling_for_sni),
        ("EventLogging", &mut out.event_logging),
    ];
    match place_value(fields, OTHER, key, value) {
        Taken::Yes => {}
        Taken::Misspelt(misspelt) => out.misspelt.push(misspelt),
        Taken::No => out.unknown.push(unknown(key, value)),
    }
}

fn take_http(out: &mut Schannel, key: &Key, value: &Value) {
    let fields: [(&'static str, &mut Field<u32>); 4] = [
        ("EnableHttp2Tls", &mut out.http.enable_http2_tls),
        ("EnableHttp2Cleartext", &mut out.http.enable_http2_cleartext),
        ("EnableHttp3", &mut out.http.enable_http3),
        ("EnableAltSvc", &mut out.http.enable_alt_svc),
    ];
    // The many other values of HTTP.sys are none of our business; only one that was meant for us is.
    if let Taken::Misspelt(misspelt) = place_value(fields, OTHER_HTTP, key, value) {
        out.misspelt.push(misspelt);
    }
}

fn take_protocol(out: &mut Schannel, key: &Key, name: &str, role: Role) {
    let mut protocol =
        Protocol { name: name.to_owned(), role, enabled: Field::Absent, disabled_by_default: Field::Absent, place: key.place };
    for value in &key.values {
        let fields = [("Enabled", &mut protocol.enabled), ("DisabledByDefault", &mut protocol.disabled_by_default)];
        match place_value(fields, &[], key, value) {
            Taken::Yes => {}
            Taken::Misspelt(misspelt) => out.misspelt.push(misspelt),
            Taken::No => out.unknown.push(unknown(key, value)),
        }
    }
    out.protocols.push(protocol);
}

enum Taken {
    Yes,
    Misspelt(Misspelt),
    No,
}

fn place_value<const N: usize>(fields: [(&'static str, &mut Field<u32>); N], others: &[&str], key: &Key, value: &Value) -> Taken {
    if value.name.is_empty() {
        // The default value of a key, which nothing reads.
        return Taken::Yes;
    }
    if others.iter().any(|other| other.eq_ignore_ascii_case(&value.name)) {
        return Taken::No;
    }
    let mut near = None;
    for (name, field) in fields {
        if name.eq_ignore_ascii_case(&value.name) {
            if !field.is_absent() {
                return Taken::No;
            }
            *field = match value.dword() {
                Some(number) => Field::said(number, value.place),
                None => Field::unreadable(value.shown.as_str(), value.place),
            };
            return Taken::Yes;
        }
        if near.is_none() && is_slip(name, &value.name) {
            near = Some(name);
        }
    }
    match near {
        Some(meant) => Taken::Misspelt(Misspelt {
            key: key.path.clone(),
            name: value.name.clone(),
            meant,
            data: value.shown.clone(),
            place: value.place,
        }),
        None => Taken::No,
    }
}

fn unknown(key: &Key, value: &Value) -> UnknownValue {
    UnknownValue { key: key.path.clone(), name: value.name.clone(), data: value.shown.clone(), place: value.place }
}

#[cfg(test)]
mod tests {
    use super::*;

    const ROOT: &str = "HKEY_LOCAL_MACHINE\\SYSTEM\\CurrentControlSet\\Control\\SecurityProviders\\SCHANNEL";

    fn read(text: &str) -> Schannel {
        read_schannel(text, FileId(0))
    }

    #[test]
    fn values_and_protocols_are_read_with_their_places() {
        let out = read(&format!(
            "Windows Registry Editor Version 5.00\r\n\r\n[{ROOT}]\r\n\"EventLogging\"=dword:00000001\r\n\"SendTrustedIssuerList\"=dword:00000001\r\n\
             \"ClientAuthTrustMode\"=dword:00000002\r\n\r\n[{ROOT}\\Protocols\\TLS 1.0\\Server]\r\n\"Enabled\"=dword:00000000\r\n\
             \"DisabledByDefault\"=dword:00000001\r\n\r\n[{ROOT}\\Protocols\\TLS 1.3\\Client]\r\n\"Enabled\"=dword:ffffffff\r\n"
        ));
        assert_eq!(out.send_trusted_issuer_list.value(), Some(&1));
        assert_eq!(out.send_trusted_issuer_list.place().map(|place| place.line), Some(5));
        assert_eq!(out.client_auth_trust_mode.value(), Some(&2));
        assert_eq!(out.event_logging.value(), Some(&1));
        assert!(out.message_limit_server_client_auth.is_absent());
        assert_eq!(out.protocols.len(), 2);
        assert_eq!((out.protocols[0].name.as_str(), out.protocols[0].role), ("TLS 1.0", Role::Server));
        assert_eq!((out.protocols[0].enabled.value(), out.protocols[0].disabled_by_default.value()), (Some(&0), Some(&1)));
        assert_eq!((out.protocols[1].role, out.protocols[1].enabled.value()), (Role::Client, Some(&u32::MAX)));
        assert!(out.protocols[1].disabled_by_default.is_absent());
        assert!(out.misspelt.is_empty() && out.unknown.is_empty() && out.warnings.is_empty());
    }

    #[test]
    fn a_misspelt_name_is_told_from_known_and_from_strange_ones() {
        let out = read(&format!(
            "{ROOT}\r\n    SendTrusterIssuerList    REG_DWORD    0x0\r\n    MessageLimitServer    REG_DWORD    0x1\r\n    Zebra    REG_SZ    x\r\n"
        ));
        assert_eq!(out.misspelt.len(), 1);
        assert_eq!((out.misspelt[0].name.as_str(), out.misspelt[0].meant), ("SendTrusterIssuerList", "SendTrustedIssuerList"));
        assert!(out.send_trusted_issuer_list.is_absent());
        assert_eq!(out.unknown.iter().map(|value| value.name.as_str()).collect::<Vec<_>>(), ["MessageLimitServer", "Zebra"]);
    }

    #[test]
    fn a_value_of_another_type_is_unreadable_and_not_zero() {
        let out = read(&format!("{ROOT}\r\n    SendTrustedIssuerList    REG_SZ    0\r\n"));
        assert_eq!(out.send_trusted_issuer_list.value(), None);
        assert!(matches!(&out.send_trusted_issuer_list, Field::Unreadable(said) if said.value == "0"));
    }

    #[test]
    fn the_switches_of_the_whole_server_are_read_from_the_parameters_of_http() {
        let out = read(
            "[HKEY_LOCAL_MACHINE\\SYSTEM\\ControlSet001\\Services\\HTTP\\Parameters]\n\"EnableHttp2Tls\"=dword:00000000\n\"EnableHttp2Tsl\"=dword:0\n\
             \"MaxFieldLength\"=dword:1\n[HKEY_LOCAL_MACHINE\\SYSTEM\\ControlSet001\\Services\\HTTP\\Parameters\\SslBindingInfo]\n\"EnableHttp3\"=dword:1\n",
        );
        assert_eq!(out.http.enable_http2_tls.value(), Some(&0));
        assert!(out.http.enable_http3.is_absent() && out.place.is_none());
        assert_eq!(out.misspelt.len(), 1);
    }

    #[test]
    fn the_current_control_set_counts_and_the_others_are_mentioned() {
        let other = ROOT.replace("CurrentControlSet", "ControlSet002");
        let out = read(&format!("[{other}]\n\"SendTrustedIssuerList\"=dword:1\n[{ROOT}]\n\"SendTrustedIssuerList\"=dword:0\n"));
        assert_eq!(out.send_trusted_issuer_list.value(), Some(&0));
        assert_eq!(out.warnings.len(), 1);
    }
}
