//! One SSL record of HTTP.sys, field by field, each as its store states it.

use std::collections::BTreeMap;

use crate::catalogue::cert_check;
use crate::input::{Field, Place, Remark, Said};
use crate::server::EndpointKey;

/// An SSL record of HTTP.sys.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Record {
    /// Its key. The address is written as bindings write it: `0.0.0.0`, `10.0.0.5`, `[::]`; a host is in lower case.
    pub key: EndpointKey,
    /// The key as the store spells it.
    pub key_written: String,
    /// Where the record begins.
    pub place: Place,
    /// What kind of file says it, which decides what an absent field means.
    pub source: Source,
    /// SHA-1 hash of the server certificate, 20 bytes; `None` inside for `(null)`, as in a record of the Central Certificate Store.
    pub certificate: Field<Option<Vec<u8>>>,
    /// Application that owns the record: a GUID in braces, in lower case.
    pub app_id: Field<String>,
    /// Store of the server certificate as written; `None` inside for `(null)`, which means MY.
    pub store: Field<Option<String>>,
    /// CertCheckMode, as far as the store states its bits.
    pub cert_check_mode: Bits,
    /// Seconds after which a CRL is fetched anew; counts only with bit 4 of CertCheckMode.
    pub freshness_seconds: Field<u64>,
    /// Milliseconds that fetching a CRL may take.
    pub url_timeout_milliseconds: Field<u64>,
    /// Certificate trust list; `None` inside for `(null)`.
    pub ctl_identifier: Field<Option<String>>,
    /// Store of the trust list or of the issuers; `None` inside for `(null)`.
    pub ctl_store: Field<Option<String>>,
    /// The switches that the store states. One that is missing here has no line in this layout, or no DefaultFlags in the registry.
    pub switches: BTreeMap<Switch, Field<bool>>,
    /// DefaultFlags as the registry writes it, unknown bits included. Absent in a listing, which has a line for each switch instead.
    pub default_flags: Field<u32>,
    /// Extended properties, in file order.
    pub extended: Vec<ExtendedProperty>,
    /// Lines or values within the record that are not understood, in file order.
    pub unknown: Vec<Unknown>,
}

/// What kind of file states a record.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Source {
    /// Text of `netsh http show sslcert`: an absent field has no line, because this build of Windows does not print it or because the
    /// text was shortened.
    Listing,
    /// `netsh http show sslcert json=enable`: as for a listing.
    Json,
    /// `httpcfg query ssl` of Windows Server 2003: all numbers stand in it; as for a listing.
    Httpcfg,
    /// Registry: an absent value means that HTTP.sys uses its default, provided that the whole key was exported.
    Registry,
}

/// A bit field of which the store may state only some bits.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Bits {
    /// The bits that are set.
    pub set: u32,
    /// The bits that the store states, set or not. All ones when it gives the number itself.
    pub known: u32,
    /// For each line or value that contributes: the bits that it states, and its place.
    pub said: Vec<Said<u32>>,
}

impl Bits {
    /// States `bits`: set or cleared by something at `place`.
    pub fn state(&mut self, bits: u32, on: bool, place: Place) {
        self.known |= bits;
        if on {
            self.set |= bits;
        }
        self.said.push(Said { value: bits, place });
    }

    /// Whether `bit` is set; `None` when the store does not state it.
    pub fn get(&self, bit: u32) -> Option<bool> {
        (self.known & bit == bit).then_some(self.set & bit != 0)
    }

    /// The number, when every bit that has a meaning for CertCheckMode is stated.
    pub fn number(&self) -> Option<u32> {
        (self.known & cert_check::KNOWN == cert_check::KNOWN).then_some(self.set)
    }

    /// The first place that states any bit of `bits`.
    pub fn place(&self, bits: u32) -> Option<Place> {
        self.said.iter().find(|said| said.value & bits != 0).map(|said| said.place)
    }
}

macro_rules! switches {
    ($($variant:ident $bit:expr, $label:literal, $word:literal, $documentation:literal;)*) => {
        /// A switch of a record. The order is that of the listing.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub enum Switch {
            $(#[doc = $documentation] $variant,)*
        }

        impl Switch {
            /// All switches, in the order of the listing.
            pub const ALL: &'static [Switch] = &[$(Switch::$variant,)*];

            /// Its bit in DefaultFlags; `None` when the number is not known.
            pub const fn bit(self) -> Option<u32> {
                match self { $(Switch::$variant => $bit,)* }
            }

            /// Its label in an English listing.
            pub const fn label(self) -> &'static str {
                match self { $(Switch::$variant => $label,)* }
            }

            /// Its word in `netsh http add sslcert`; empty when there is none that is known.
            pub const fn word(self) -> &'static str {
                match self { $(Switch::$variant => $word,)* }
            }
        }
    };
}

switches! {
    DsMapper Some(0x1), "DS Mapper Usage", "dsmapperusage", "Client certificates are mapped by Active Directory.";
    Negotiate Some(0x2), "Negotiate Client Certificate", "clientcertnegotiation", "The client certificate is asked for in the first handshake.";
    Reject Some(0x8), "Reject Connections", "reject", "Connections are reset.";
    DisableHttp2 Some(0x10), "Disable HTTP2", "disablehttp2", "HTTP/2 is off.";
    DisableQuic Some(0x20), "Disable QUIC", "disablequic", "QUIC is off.";
    DisableTls12 Some(0x1000), "Disable TLS1.2", "disabletls12", "TLS 1.2 is off.";
    DisableTls13 Some(0x40), "Disable TLS1.3", "disabletls13", "TLS 1.3 is off.";
    DisableOcspStapling Some(0x80), "Disable OCSP Stapling", "disableocspstapling", "OCSP stapling is off.";
    EnableTokenBinding Some(0x100), "Enable Token Binding", "enabletokenbinding", "Token binding is on.";
    LogExtendedEvents Some(0x200), "Log Extended Events", "logextendedevents", "Extended events are logged.";
    DisableLegacyTls Some(0x400), "Disable Legacy TLS Versions", "disablelegacytls", "TLS 1.0 and 1.1 are off.";
    EnableSessionTicket Some(0x800), "Enable Session Ticket", "enablesessionticket", "Session tickets are on.";
    EnableClientCorrelation Some(0x2000), "Enable Client Correlation", "", "Client correlation is on. No listing with such a line is known.";
    DisableSessionId Some(0x4000), "Disable Session ID", "disablesessionid", "Session ids are off.";
    CachingClientHello None, "Enable Caching Client Hello", "", "Client hellos are cached. Its bit in DefaultFlags is not known.";
}

/// NO_RAW_FILTER of DefaultFlags: without effect since Windows Vista.
pub(crate) const NO_RAW_FILTER: u32 = 0x4;

/// A block of `Extended Properties`.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct ExtendedProperty {
    /// The number after `PropertyId`; absent when the block has none that can be read.
    pub id: Field<u32>,
    /// Its other lines as label and value, each with its place.
    pub values: Vec<Said<(String, String)>>,
    /// Where it begins.
    pub place: Option<Place>,
}

/// A line or value that is not understood.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Unknown {
    /// Its text without surrounding white space.
    pub text: String,
    /// Where it stands.
    pub place: Place,
}

/// A value that stands on the key above the records, where HTTP.sys does not look.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StrayValue {
    /// The key it stands on.
    pub key: String,
    /// Its name.
    pub name: String,
    /// Its data as shown in the file.
    pub data: String,
    /// Its number, when it has one.
    pub number: Option<u64>,
    /// Where it stands.
    pub place: Place,
}

/// The records of one file.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct ReadRecords {
    /// The records, in file order. Records that repeat a key are all kept.
    pub records: Vec<Record>,
    /// Lines or values outside of any record that are not understood.
    pub unknown: Vec<Unknown>,
    /// Values on the keys above the records; only from a registry.
    pub stray: Vec<StrayValue>,
    /// Where the listing says that there is no such record.
    pub not_found: Option<Place>,
    /// How many of the server's records a listing shows.
    pub extent: Extent,
    /// What a reader should know although the file was read.
    pub warnings: Vec<Remark>,
    /// That the listing stops within its last record, and where.
    pub cut: Option<Remark>,
}

/// How many of the server's records a listing shows. The order is that of what can be concluded from it. It says nothing of an export of
/// the registry, whose keys tell that themselves.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Extent {
    /// The file holds the command, which asked for a record by its key: nothing is known of other records.
    Asked,
    /// A single record, which is the only one of the server or the one that was asked for.
    #[default]
    Single,
    /// All: there are several, or the file holds the command, which asked for no key.
    Whole,
}

/// An application that is known to own records.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum AppOwner {
    /// IIS.
    Iis,
    /// IIS Express.
    IisExpress,
    /// Active Directory Federation Services.
    AdFs,
    /// No owner is named: the Web Management Service and older tools write zeros.
    Zero,
}

impl AppOwner {
    /// The name that administrators use.
    pub const fn name(self) -> &'static str {
        match self {
            AppOwner::Iis => "IIS",
            AppOwner::IisExpress => "IIS Express",
            AppOwner::AdFs => "AD FS",
            AppOwner::Zero => "no application",
        }
    }
}

impl Record {
    /// Its owner, when the application id is a known one.
    pub fn owner(&self) -> Option<AppOwner> {
        match self.app_id.value()?.as_str() {
            "{4dc3e181-e14b-4a21-b022-59fc669b0914}" => Some(AppOwner::Iis),
            "{214124cd-d05b-4309-9af9-9caa44b2b74a}" => Some(AppOwner::IisExpress),
            "{5d89a20c-beab-4389-9447-324788eb944a}" => Some(AppOwner::AdFs),
            "{00000000-0000-0000-0000-000000000000}" => Some(AppOwner::Zero),
            _ => None,
        }
    }

    /// The state of a switch; `None` when the store does not state it or states it in a way that cannot be read.
    pub fn switch(&self, switch: Switch) -> Option<bool> {
        self.switches.get(&switch).and_then(Field::value).copied()
    }

    /// Where a switch is stated, readable or not.
    pub fn switch_place(&self, switch: Switch) -> Option<Place> {
        self.switches.get(&switch).and_then(Field::place)
    }

    /// The bits of DefaultFlags in the registry that have no known meaning.
    pub fn unknown_flags(&self) -> u32 {
        let known = Switch::ALL.iter().filter_map(|switch| switch.bit()).fold(NO_RAW_FILTER, |all, bit| all | bit);
        self.default_flags.value().map_or(0, |flags| flags & !known)
    }

    /// A record that says nothing but its key.
    pub(super) fn new(key: EndpointKey, key_written: String, place: Place, source: Source) -> Record {
        Record {
            key,
            key_written,
            place,
            source,
            certificate: Field::Absent,
            app_id: Field::Absent,
            store: Field::Absent,
            cert_check_mode: Bits::default(),
            freshness_seconds: Field::Absent,
            url_timeout_milliseconds: Field::Absent,
            ctl_identifier: Field::Absent,
            ctl_store: Field::Absent,
            switches: BTreeMap::new(),
            default_flags: Field::Absent,
            extended: Vec::new(),
            unknown: Vec::new(),
        }
    }
}

/// Reads a GUID in any letter case, with or without braces, into lower case with braces.
pub(super) fn parse_guid(text: &str) -> Option<String> {
    let text = text.trim();
    let bare = text.strip_prefix('{').map_or(Some(text), |rest| rest.strip_suffix('}'))?;
    let groups = [8, 4, 4, 4, 12];
    let mut parts = bare.split('-');
    let fits = groups
        .iter()
        .all(|length| parts.next().is_some_and(|part| part.len() == *length && part.bytes().all(|byte| byte.is_ascii_hexdigit())));
    (fits && parts.next().is_none()).then(|| format!("{{{}}}", bare.to_ascii_lowercase()))
}

/// Reads a SHA-1 hash: 40 hexadecimal digits.
pub(super) fn parse_hash(text: &str) -> Option<Vec<u8>> {
    let digits: Vec<u32> = text.trim().chars().map(|digit| digit.to_digit(16)).collect::<Option<_>>()?;
    (digits.len() == 40).then(|| digits.chunks_exact(2).map(|pair| u8::try_from(pair[0] * 16 + pair[1]).unwrap_or(0)).collect())
}

/// Reads `address:port` or `host:port`, whichever the text before the last colon is.
pub(super) fn parse_host_port(text: &str) -> Option<(String, u16)> {
    let (host, port) = text.trim().rsplit_once(':')?;
    let host = host.trim();
    (!host.is_empty() && !host.contains(char::is_whitespace)).then_some(())?;
    Some((host.to_owned(), parse_port(port)?))
}

/// A port from 1 to 65535.
pub(super) fn parse_port(text: &str) -> Option<u16> {
    let text = text.trim();
    text.parse().ok().filter(|port| *port != 0 && text.bytes().all(|byte| byte.is_ascii_digit()))
}

/// Reads an address as bindings write it: `*` is `0.0.0.0`, IPv6 in brackets and in its shortest form.
pub(super) fn parse_address(text: &str) -> Option<String> {
    if text == "*" {
        return Some("0.0.0.0".to_owned());
    }
    if let Ok(address) = text.parse::<std::net::Ipv4Addr>() {
        return Some(address.to_string());
    }
    let inner = text.strip_prefix('[').and_then(|text| text.strip_suffix(']')).unwrap_or(text);
    let (inner, zone) = inner.split_once('%').map_or((inner, None), |(inner, zone)| (inner, Some(zone)));
    let address = inner.parse::<std::net::Ipv6Addr>().ok()?;
    Some(zone.map_or_else(|| format!("[{address}]"), |zone| format!("[{address}%{zone}]")))
}

/// Reads a key that is `address:port` or `host:port`. No host name is an address, so the text decides.
pub(super) fn parse_key(text: &str) -> Option<EndpointKey> {
    let (host, port) = parse_host_port(text)?;
    match parse_address(&host) {
        Some(address) => Some(EndpointKey::IpPort(address, port)),
        None => is_host(&host).then(|| EndpointKey::HostPort(host.to_lowercase(), port)),
    }
}

/// Whether `text` can be a host name: no white space and none of the signs that host names do not have.
pub(super) fn is_host(text: &str) -> bool {
    !text.is_empty() && text.chars().all(|c| c.is_alphanumeric() || matches!(c, '.' | '-' | '_' | '*'))
}
