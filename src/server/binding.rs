//! Bindings, and the endpoint each leads to.

use std::borrow::Cow;
use std::fmt;

use crate::input::Place;

/// Bits of the number `binding@sslFlags` (MicrosoftDocs/iis-docs: .../sites/site/bindings/binding.md).
pub mod binding_flags {
    /// Server Name Indication: the record is chosen by host name.
    pub const SNI: u32 = 1;
    /// Central Certificate Store: one record for the port.
    pub const CCS: u32 = 2;
    /// HTTP/2 is off.
    pub const NO_HTTP2: u32 = 4;
    /// OCSP stapling is off.
    pub const NO_OCSP_STAPLING: u32 = 8;
    /// QUIC is off.
    pub const NO_QUIC: u32 = 16;
    /// TLS 1.3 over TCP is off.
    pub const NO_TLS13: u32 = 32;
    /// Legacy TLS is off.
    pub const NO_LEGACY_TLS: u32 = 64;
    /// The client certificate is negotiated in the first handshake (Server 2025; the number is not documented by the vendor).
    pub const NEGOTIATE: u32 = 128;
    /// All bits with a meaning.
    pub const KNOWN: u32 = 255;
}

/// A binding of a site.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Binding {
    /// `http`, `https`, or another protocol as written.
    pub protocol: String,
    /// The binding as written: `:443:` on IIS 6, `*:443:host` on IIS 7 and later.
    pub written: String,
    /// Address: `*` for any, an IPv4 address, or an IPv6 address in brackets. `*` also when the binding cannot be read.
    pub ip: String,
    /// Port; `None` when it cannot be read or the protocol has none.
    pub port: Option<u16>,
    /// Host header, may be empty.
    pub host: String,
    /// The number `binding@sslFlags`, 0 when absent; `None` when it is no number.
    pub flags: Option<u32>,
    /// `binding@sslFlags` as written; `None` when absent.
    pub flags_written: Option<String>,
    /// The endpoint it leads to; `None` for a binding without TLS and for one that cannot be read.
    pub endpoint: Option<EndpointKey>,
    /// Where it stands.
    pub place: Place,
    /// Why it cannot be read.
    pub fault: Option<BindingFault>,
}

/// Why a binding cannot be read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum BindingFault {
    /// The second colon is missing (`:443`): the documented format has none, all observed bindings have one.
    SecondColon,
    /// Not `ip:port:host` at all.
    Shape,
    /// The port is no number from 1 to 65535.
    Port,
    /// The address is neither empty, `*`, an IPv4 address nor an IPv6 address in brackets.
    Address,
}

/// Key of an endpoint, as `netsh http show sslcert` names the record.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum EndpointKey {
    /// `ip:port`; any address is `0.0.0.0`.
    IpPort(String, u16),
    /// `host:port`, chosen by SNI; the host in lower case.
    HostPort(String, u16),
    /// The Central Certificate Store record of a port.
    Ccs(u16),
    /// A Central Certificate Store record of one host and port. No binding of IIS leads to it; only HTTP.sys has it.
    ScopedCcs(String, u16),
}

impl fmt::Display for EndpointKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            EndpointKey::IpPort(ip, port) => write!(f, "{ip}:{port}"),
            EndpointKey::HostPort(host, port) => write!(f, "{host}:{port}"),
            EndpointKey::Ccs(port) => write!(f, "ccs:{port}"),
            EndpointKey::ScopedCcs(host, port) => write!(f, "scopedccs:{host}:{port}"),
        }
    }
}

impl Binding {
    /// Reads `written` as `ip:port:host`, from the right at the last two colons. `secure` says whether it leads to an endpoint.
    pub fn parse(protocol: &str, written: &str, secure: bool, flags_written: Option<String>, place: Place) -> Binding {
        let flags = match &flags_written {
            None => Some(0),
            Some(text) => text.trim().parse().ok(),
        };
        let mut binding = Binding {
            protocol: protocol.to_owned(),
            written: written.to_owned(),
            ip: "*".to_owned(),
            port: None,
            host: String::new(),
            flags,
            flags_written,
            endpoint: None,
            place,
            fault: None,
        };
        match split(written) {
            Ok((ip, port, host)) => {
                binding.ip = ip.into_owned();
                binding.port = Some(port);
                binding.host = host.to_owned();
            }
            Err((fault, port)) => {
                binding.fault = Some(fault);
                binding.port = port;
            }
        }
        // An address and a port without the second colon can only mean one endpoint. Nothing else that cannot be read leads anywhere: whoever
        // shares a guessed endpoint would be blamed for it.
        let lenient = binding.fault == Some(BindingFault::SecondColon)
            && match written.trim().rsplit_once(':').and_then(|(ip, _)| parse_ip(ip)) {
                Some(ip) => {
                    binding.ip = ip.into_owned();
                    true
                }
                None => false,
            };
        if let (true, Some(port), Some(flags), true) = (secure, binding.port, binding.flags, binding.fault.is_none() || lenient) {
            binding.endpoint = Some(if flags & binding_flags::CCS != 0 {
                EndpointKey::Ccs(port)
            } else if flags & binding_flags::SNI != 0 && !binding.host.is_empty() {
                EndpointKey::HostPort(binding.host.to_lowercase(), port)
            } else {
                EndpointKey::IpPort(if binding.ip == "*" { "0.0.0.0".to_owned() } else { binding.ip.clone() }, port)
            });
        }
        binding
    }

    /// The port and the host name of a binding as it is written, as [`parse`](Self::parse) reads them, and nothing else of it.
    pub(crate) fn port_and_host(written: &str) -> (Option<u16>, &str) {
        match split(written) {
            Ok((_, port, host)) => (Some(port), host),
            Err((_, port)) => (port, ""),
        }
    }

    /// Whether it leads to an endpoint, that is, uses TLS.
    pub fn is_https(&self) -> bool {
        self.protocol.eq_ignore_ascii_case("https")
    }

    /// Whether any bit of `bits` is set.
    pub fn has_flag(&self, bits: u32) -> bool {
        self.flags.is_some_and(|flags| flags & bits != 0)
    }
}

/// Address, port and host name.
type Parts<'a> = (Cow<'a, str>, u16, &'a str);

fn split(written: &str) -> Result<Parts<'_>, (BindingFault, Option<u16>)> {
    let written = written.trim();
    let Some((rest, host)) = written.rsplit_once(':') else { return Err((BindingFault::Shape, None)) };
    let Some((ip, port)) = rest.rsplit_once(':') else {
        // `ip:port` without the second colon: what looks like a host is the port.
        return Err((BindingFault::SecondColon, parse_port(host)));
    };
    let Some(port) = parse_port(port) else { return Err((BindingFault::Port, None)) };
    let Some(ip) = parse_ip(ip) else { return Err((BindingFault::Address, Some(port))) };
    Ok((ip, port, host.trim()))
}

fn parse_ip(ip: &str) -> Option<Cow<'_, str>> {
    Some(match ip.trim() {
        "" | "*" | "0.0.0.0" => Cow::Borrowed("*"),
        ip if ip.parse::<std::net::Ipv4Addr>().is_ok() => Cow::Borrowed(ip),
        ip => {
            let address = ip.strip_prefix('[')?.strip_suffix(']')?.parse::<std::net::Ipv6Addr>().ok()?;
            Cow::Owned(format!("[{address}]"))
        }
    })
}

fn parse_port(text: &str) -> Option<u16> {
    let text = text.trim();
    text.parse().ok().filter(|port| *port != 0 && text.bytes().all(|byte| byte.is_ascii_digit()))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::input::FileId;

    fn https(written: &str, flags: Option<&str>) -> Binding {
        let place = Place { file: FileId(0), line: 1, column: 1 };
        Binding::parse("https", written, true, flags.map(str::to_owned), place)
    }

    fn endpoint(written: &str, flags: Option<&str>) -> String {
        https(written, flags).endpoint.map(|key| key.to_string()).unwrap_or_default()
    }

    #[test]
    fn a_binding_leads_to_the_record_that_its_flags_choose() {
        assert_eq!(endpoint("*:443:www.contoso.com", None), "0.0.0.0:443");
        assert_eq!(endpoint("*:443:WWW.contoso.com", Some("1")), "www.contoso.com:443");
        assert_eq!(endpoint("10.0.0.5:443:www.contoso.com", Some("5")), "www.contoso.com:443");
        assert_eq!(endpoint("*:443:www.contoso.com", Some("3")), "ccs:443");
        assert_eq!(endpoint("[2001:DB8::1]:443:", None), "[2001:db8::1]:443");
        assert_eq!(endpoint("[::]:443:", Some("0")), "[::]:443");
        assert_eq!(endpoint(":443:", None), "0.0.0.0:443");
    }

    #[test]
    fn the_port_and_the_host_name_alone_are_those_of_the_whole() {
        for written in [
            "*:443:www.contoso.com",
            "10.0.0.5:443: WWW ",
            "[::1]:8443:",
            ":443",
            "www.contoso.com:443",
            "*:0:a",
            "10.0.0.300:443:a",
            "443",
            "",
        ] {
            let whole = https(written, None);
            assert_eq!(Binding::port_and_host(written), (whole.port, whole.host.as_str()), "{written}");
        }
    }

    #[test]
    fn what_cannot_be_read_says_why_and_keeps_the_text() {
        assert_eq!(https(":443", None).fault, Some(BindingFault::SecondColon));
        assert_eq!(endpoint(":443", None), "0.0.0.0:443");
        assert_eq!((endpoint("10.0.0.1:443", None).as_str(), https("10.0.0.1:443", None).ip.as_str()), ("10.0.0.1:443", "10.0.0.1"));
        assert_eq!(https("10.0.0.1:443", None).fault, Some(BindingFault::SecondColon));
        assert_eq!((endpoint("www.contoso.com:443", None), endpoint("10.0.0.300:443", None)), (String::new(), String::new()));
        assert_eq!(https("443", None).fault, Some(BindingFault::Shape));
        assert_eq!(https("*:0:", None).fault, Some(BindingFault::Port));
        assert_eq!(https("*:65536:", None).fault, Some(BindingFault::Port));
        assert_eq!(https("*:+80:", None).fault, Some(BindingFault::Port));
        assert_eq!(https("2001:db8::1:443:", None).fault, Some(BindingFault::Address));
        assert_eq!(https("*:443:", Some("Sni")).flags, None);
        assert_eq!(endpoint("*:443:", Some("Sni")), "");
    }
}
