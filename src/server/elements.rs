//! What elements of applicationHost.config say that are no settings of the catalogue: redirection, HSTS, the log and FTP. Each value has
//! its place, or none where it is the default of IIS.

use std::sync::Arc;

use crate::input::Place;

/// A value, and where it is said.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Given<T> {
    /// The value.
    pub value: T,
    /// Where it is said; `None` where nothing says it, so that it is the default.
    pub place: Option<Place>,
}

impl<T> Given<T> {
    /// The default, which nothing says.
    pub fn default_of(value: T) -> Self {
        Given { value, place: None }
    }
}

/// Where a request for a URL path goes.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Routing {
    /// Directory of the application or virtual directory that begins here, as in the file.
    pub physical_path: Option<String>,
    /// `httpRedirect` in effect here; `None` where no file that was given says anything about it.
    pub redirect: Option<Box<HttpRedirect>>,
    /// A rule of the URL Rewrite module, here or above, that redirects to https.
    pub rewrites_to_https: Option<Place>,
}

/// `system.webServer/httpRedirect` at a URL path.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct HttpRedirect {
    /// Whether it redirects at all; by default it does not.
    pub enabled: Given<bool>,
    /// Where to.
    pub destination: Given<String>,
    /// Whether the destination is taken as it is, without the rest of the URL.
    pub exact_destination: Given<bool>,
    /// Whether it holds for the files of the directory only, and not for the directories below.
    pub child_only: Given<bool>,
    /// Status code: 301, 302, 307 or 308; 302 by default.
    pub status: Given<u16>,
    /// The first entry for a pattern of URLs that leads to https.
    pub pattern_to_https: Option<Place>,
    /// Whether a file says any of it at this very path.
    pub said_here: bool,
}

impl Default for HttpRedirect {
    fn default() -> Self {
        HttpRedirect {
            enabled: Given::default(),
            destination: Given::default(),
            exact_destination: Given::default(),
            child_only: Given::default(),
            status: Given::default_of(302),
            pattern_to_https: None,
            said_here: false,
        }
    }
}

impl HttpRedirect {
    /// The place that sends requests for this path to https, when something does.
    pub fn to_https(&self) -> Option<Place> {
        if !self.enabled.value || (self.child_only.value && !self.said_here) {
            return None;
        }
        if is_https(&self.destination.value) { self.destination.place } else { self.pattern_to_https }
    }
}

/// Whether a destination begins with `https:`.
pub fn is_https(destination: &str) -> bool {
    destination.trim().get(..6).is_some_and(|scheme| scheme.eq_ignore_ascii_case("https:"))
}

/// Elements of a site. Those of `siteDefaults` are merged in.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct SiteElements {
    /// `hsts` of the site, or else of `siteDefaults`; one replaces the other as a whole. `None` where there is none.
    pub hsts: Option<Box<Hsts>>,
    /// `logFile`; `None` on IIS 6, in a piece of a file, and where the server writes one log for all sites. Sites that say nothing of it share
    /// what holds for all.
    pub log: Option<Arc<LogFile>>,
    /// The FTP service of the site; `None` where it has no ftp binding, and in a piece of a file.
    pub ftp: Option<Box<Ftp>>,
}

/// `site/hsts`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Hsts {
    /// Where it stands.
    pub place: Place,
    /// Whether it does anything; by default it does not.
    pub enabled: Given<bool>,
    /// How many seconds a browser remembers to use https.
    pub max_age: Given<u32>,
    /// Whether the domains below are meant too.
    pub include_sub_domains: Given<bool>,
    /// Whether browsers may list the domain.
    pub preload: Given<bool>,
    /// Whether http is redirected to https, on port 443.
    pub redirect_http_to_https: Given<bool>,
}

impl Hsts {
    /// Whether http is redirected to https.
    pub fn redirects(&self) -> bool {
        self.enabled.value && self.redirect_http_to_https.value
    }
}

/// Names of bits, as a file writes them.
pub type Names = [(&'static str, u32)];

/// Flags as a file writes them.
#[derive(Debug, Clone, Default, PartialEq, Eq, PartialOrd, Ord)]
pub struct Bits {
    /// The bits of the names that are known, and those of a number.
    pub bits: u32,
    /// Names that are not known, as written.
    pub unknown: Vec<String>,
}

impl Bits {
    /// Reads names separated by commas, without regard to case and blanks, or a number.
    pub fn parse(text: &str, names: &Names) -> Bits {
        let mut flags = Bits::default();
        for part in text.split(',').map(str::trim).filter(|part| !part.is_empty()) {
            match names.iter().find(|(name, _)| name.eq_ignore_ascii_case(part)) {
                Some((_, bit)) => flags.bits |= bit,
                None => match part.parse::<u32>() {
                    Ok(bits) => flags.bits |= bits,
                    Err(_) => flags.unknown.push(part.to_owned()),
                },
            }
        }
        flags
    }

    /// Whether any bit of `bits` is set.
    pub fn has(&self, bits: u32) -> bool {
        self.bits & bits != 0
    }

    /// The names in the order of their bits, then bits and names without a known meaning. Empty for none.
    pub fn show(&self, names: &Names) -> String {
        let mut shown: Vec<String> = names.iter().filter(|(_, bit)| self.has(*bit)).map(|(name, _)| (*name).to_owned()).collect();
        let rest = names.iter().fold(self.bits, |rest, (_, bit)| rest & !bit);
        if rest != 0 {
            shown.push(format!("{rest:#x}"));
        }
        shown.extend(self.unknown.iter().cloned());
        shown.join(", ")
    }
}

/// Fields of the W3C log (`logExtFileFlags`; MicrosoftDocs/iis-docs: .../sites/site/logFile/index.md).
pub mod log_fields {
    /// The status code of Windows, such as 64 for a connection that is gone.
    pub const WIN32_STATUS: u32 = 0x800;
    /// The part behind the dot of 403.7.
    pub const HTTP_SUB_STATUS: u32 = 0x0020_0000;
    /// What IIS logs where nothing says anything.
    pub const DEFAULT: u32 = 0x0021_CFCF;

    /// All fields by name.
    pub const NAMES: &super::Names = &[
        ("Date", 0x1),
        ("Time", 0x2),
        ("ClientIP", 0x4),
        ("UserName", 0x8),
        ("SiteName", 0x10),
        ("ComputerName", 0x20),
        ("ServerIP", 0x40),
        ("Method", 0x80),
        ("UriStem", 0x100),
        ("UriQuery", 0x200),
        ("HttpStatus", 0x400),
        ("Win32Status", WIN32_STATUS),
        ("BytesSent", 0x1000),
        ("BytesRecv", 0x2000),
        ("TimeTaken", 0x4000),
        ("ServerPort", 0x8000),
        ("UserAgent", 0x1_0000),
        ("Cookie", 0x2_0000),
        ("Referer", 0x4_0000),
        ("ProtocolVersion", 0x8_0000),
        ("Host", 0x10_0000),
        ("HttpSubStatus", HTTP_SUB_STATUS),
    ];
}

/// `site/logFile`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LogFile {
    /// Whether the site is logged; by default it is.
    pub enabled: Given<bool>,
    /// The format; W3C by default.
    pub format: Given<LogFormat>,
    /// The fields of the W3C format.
    pub fields: Given<Bits>,
    /// Where the W3C log goes: 1 to a file, 2 to Event Tracing, 3 to both; a file by default.
    pub target: Given<Bits>,
}

/// Names of `logTargetW3C`.
pub const LOG_TARGETS: &Names = &[("File", 1), ("ETW", 2)];

/// Format of a log.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum LogFormat {
    /// Fields as chosen.
    W3c,
    /// The fixed format of old versions of IIS.
    Iis,
    /// The common log format of NCSA.
    Ncsa,
    /// A module of somebody else.
    Custom,
}

/// Bits of `validationFlags` of FTP. They differ from those of CertCheckMode: the usage check is 8 here and 0x10000 there
/// (MicrosoftDocs/iis-docs: .../ftpServer/security/sslClientCertificates.md).
pub mod ftp_validation {
    /// Revocation is not checked.
    pub const NO_REVOCATION: u32 = 1;
    /// Revocation is checked with cached CRLs only.
    pub const CACHE_ONLY: u32 = 2;
    /// Nothing is fetched while the chain is built.
    pub const CACHE_ONLY_URL: u32 = 4;
    /// The usage is not checked.
    pub const NO_USAGE: u32 = 8;

    /// All bits by name.
    pub const NAMES: &super::Names = &[
        ("NoRevocationCheck", NO_REVOCATION),
        ("CertChainRevocationCheckCacheOnly", CACHE_ONLY),
        ("CertChainCacheOnlyUrlRetrieval", CACHE_ONLY_URL),
        ("CertNoUsageCheck", NO_USAGE),
    ];
}

/// `ftpServer/security` of a site.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Ftp {
    /// Whether client certificates are wanted; they are ignored by default.
    pub client_certificates: Given<FtpCertificates>,
    /// How a client certificate is checked.
    pub validation: Given<Bits>,
    /// For how many seconds a fetched CRL counts as fresh; 0, the default, leaves that to the CRL.
    pub freshness: Given<u64>,
    /// After how many seconds the attempt to fetch a CRL is given up; 60 by default.
    pub retrieval_timeout: Given<u64>,
    /// Whether Active Directory maps the certificate to an account.
    pub ad_mapping: Given<bool>,
    /// Whether the control channel needs TLS; it does by default.
    pub control_channel: Given<FtpChannel>,
    /// Whether the data channel needs TLS; it does by default.
    pub data_channel: Given<FtpChannel>,
    /// Thumbprint of the server certificate as written; empty for none.
    pub server_certificate: Given<String>,
    /// Store of the server certificate; `MY` by default.
    pub server_certificate_store: Given<String>,
    /// Whether 128 bit encryption is demanded.
    pub ssl128: Given<bool>,
    /// The number `ssl@sslFlags`; 1 takes the server certificate from the Central Certificate Store.
    pub store_flags: Given<u32>,
}

impl Ftp {
    /// Whether client certificates are asked for.
    pub fn wants_certificates(&self) -> bool {
        self.client_certificates.value != FtpCertificates::Ignore
    }

    /// Whether the site can speak TLS at all: it has a server certificate, or takes one from the central store.
    pub fn can_use_tls(&self) -> bool {
        !self.server_certificate.value.trim().is_empty() || self.store_flags.value != 0
    }
}

/// `clientCertificatePolicy` of FTP.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum FtpCertificates {
    /// `CertIgnore`.
    Ignore,
    /// `CertAllow`.
    Allow,
    /// `CertRequire`.
    Require,
}

impl FtpCertificates {
    /// The name in the file.
    pub fn name(self) -> &'static str {
        match self {
            FtpCertificates::Ignore => "CertIgnore",
            FtpCertificates::Allow => "CertAllow",
            FtpCertificates::Require => "CertRequire",
        }
    }
}

/// `controlChannelPolicy` and `dataChannelPolicy` of FTP.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum FtpChannel {
    /// `SslAllow`.
    Allow,
    /// `SslRequire`.
    Require,
    /// `SslRequireCredentialsOnly`, of the control channel: TLS only while the user logs on.
    RequireCredentialsOnly,
    /// `SslDeny`, of the data channel.
    Deny,
}

impl FtpChannel {
    /// The name in the file.
    pub fn name(self) -> &'static str {
        match self {
            FtpChannel::Allow => "SslAllow",
            FtpChannel::Require => "SslRequire",
            FtpChannel::RequireCredentialsOnly => "SslRequireCredentialsOnly",
            FtpChannel::Deny => "SslDeny",
        }
    }
}

/// Seconds of a `[d.]hh:mm:ss` text.
pub fn seconds(text: &str) -> Option<u64> {
    let text = text.trim();
    let number = |part: &str| part.bytes().all(|byte| byte.is_ascii_digit()).then(|| part.parse::<u32>().ok()).flatten().map(u64::from);
    let (days, time) = match text.split_once('.') {
        Some((days, time)) if days.bytes().all(|byte| byte.is_ascii_digit()) => (number(days)?, time),
        _ => (0, text),
    };
    // Fractions of a second do not matter here.
    let time = time.split_once('.').map_or(time, |(time, _)| time);
    let mut parts = time.split(':');
    let (hours, minutes, seconds) = (number(parts.next()?)?, number(parts.next()?)?, number(parts.next()?)?);
    (parts.next().is_none() && hours < 24 && minutes < 60 && seconds < 60).then_some(((days * 24 + hours) * 60 + minutes) * 60 + seconds)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn flags_are_names_in_any_order_or_a_number_and_unknown_ones_are_kept() {
        let flags = Bits::parse(" certnousagecheck ,NoRevocationCheck, Later,16", ftp_validation::NAMES);
        assert_eq!((flags.bits, flags.show(ftp_validation::NAMES).as_str()), (25, "NoRevocationCheck, CertNoUsageCheck, 0x10, Later"));
        assert_eq!(Bits::parse("", ftp_validation::NAMES), Bits::default());
    }

    #[test]
    fn the_fields_that_iis_logs_by_default_hold_both_statuses() {
        let shown = Bits { bits: log_fields::DEFAULT, unknown: Vec::new() }.show(log_fields::NAMES);
        assert_eq!(
            shown,
            "Date, Time, ClientIP, UserName, ServerIP, Method, UriStem, UriQuery, HttpStatus, Win32Status, TimeTaken, ServerPort, UserAgent, \
             HttpSubStatus"
        );
    }

    #[test]
    fn a_time_span_is_days_hours_minutes_and_seconds() {
        assert_eq!(
            ["00:01:00", "1.02:00:03", "23:59:59", "00:00:01.5000000"].map(seconds),
            [Some(60), Some(93_603), Some(86_399), Some(1)]
        );
        assert_eq!(["", "60", "1:2", "24:00:00", "00:60:00", "-00:01:00", "1.x", "99999999999.00:00:00", "a:b:c"].map(seconds), [None; 9]);
    }

    #[test]
    fn only_the_scheme_https_is_https() {
        assert!(is_https(" HTTPS://www.contoso.com$V"));
        assert!(!is_https("http://www.contoso.com") && !is_https("/owa") && !is_https("https") && !is_https("éééé"));
    }

    #[test]
    fn a_redirect_for_files_only_ends_where_it_is_said() {
        let place = Place { file: crate::input::FileId(0), line: 1, column: 1 };
        let given = |value| Given { value, place: Some(place) };
        let mut redirect = HttpRedirect {
            enabled: given(true),
            destination: Given { value: "https://a".to_owned(), place: Some(place) },
            child_only: given(true),
            said_here: true,
            ..HttpRedirect::default()
        };
        assert_eq!(redirect.to_https(), Some(place));
        redirect.said_here = false;
        assert_eq!(redirect.to_https(), None);
        redirect.child_only = given(false);
        assert_eq!(redirect.to_https(), Some(place));
        redirect.enabled = given(false);
        assert_eq!(redirect.to_https(), None);
    }
}
