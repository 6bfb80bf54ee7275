//! The SCHANNEL key of the registry, and the values of HTTP\Parameters that switch protocols for the whole server.

use crate::input::{Field, FileId, Place, Remark};

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
    /// Other values on the key itself, in file order.
    pub unknown: Vec<UnknownValue>,
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

/// Reads the Schannel values in an export of the registry: a .reg file or the text of `reg query`.
pub fn read_schannel(_text: &str, _file: FileId) -> Schannel {
    Schannel::default()
}
