//! Cases for the tests of causes: a server from a few lines, and verifications of one chain of three certificates.

use super::{Case, Cause, Judged, Url};
use crate::compare::SiteRef;
use crate::evidence::{read_log, read_stores, read_verifications, x509};
use crate::input::FileId;
use crate::policy::Date;
use crate::rules::testing::{SERVICE, apphost, https_site, joined, metabase, registry};
use crate::server::{Anomaly, AnomalyKind, Server};

/// What a verification says of the client certificate and of the authority that issued it: the error status, and the lines below it.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Sample {
    pub(crate) client: (&'static str, &'static str),
    pub(crate) authority: (&'static str, &'static str),
}

const GOOD_CLIENT: (&str, &str) = (
    "",
    "----------------  Certificate CDP  ----------------\n  Verified \"Base CRL (0a)\" Time: 1 b497913a9aa82a0cb578d8aabaffc64bcdcf0884\n    [0.0] http://crl.contoso.test/sub.crl\n",
);
const GOOD_AUTHORITY: (&str, &str) = (
    "",
    "----------------  Certificate CDP  ----------------\n  Verified \"Base CRL (0b)\" Time: 1 39a89dd158c8e9747943b00f84be79fc33fbd405\n    [0.0] http://crl.contoso.test/root.crl\n",
);
const OFFLINE: &str = "  Element.dwErrorStatus = CERT_TRUST_REVOCATION_STATUS_UNKNOWN (0x40)\n  Element.dwErrorStatus = CERT_TRUST_IS_OFFLINE_REVOCATION (0x1000000)\n";

/// Every address was reached.
pub(crate) const ALL_REACHED: Sample = Sample { client: GOOD_CLIENT, authority: GOOD_AUTHORITY };
/// The list for the authority cannot be fetched.
pub(crate) const SUBORDINATE_UNREACHABLE: Sample = Sample {
    client: GOOD_CLIENT,
    authority: (
        OFFLINE,
        "----------------  Certificate CDP  ----------------\n  Failed \"CDP\" Time: 0 (null)\n    Error retrieving URL: The server name or address could not be resolved 0x80072ee7 (WinHttp: 12007 ERROR_WINHTTP_NAME_NOT_RESOLVED)\n    http://crl.contoso.test/root.crl\n",
    ),
};
/// The client certificate is revoked.
pub(crate) const REVOKED: Sample =
    Sample { client: ("  Element.dwErrorStatus = CERT_TRUST_IS_REVOKED (0x4)\n", GOOD_CLIENT.1), authority: GOOD_AUTHORITY };
/// The list for the client certificate is too old.
pub(crate) const EXPIRED_LIST: Sample = Sample {
    client: (
        OFFLINE,
        "----------------  Certificate CDP  ----------------\n  Expired \"Base CRL (1b)\" Time: 0 95438a383abe53ef9e00fe24590a3ea37f7ba85b\n    [0.0] http://crl.contoso.test/sub.crl\n",
    ),
    authority: GOOD_AUTHORITY,
};
/// The client certificate says nowhere where its list is.
pub(crate) const NO_LIST_NAMED: Sample = Sample {
    client: (
        "  Element.dwErrorStatus = CERT_TRUST_REVOCATION_STATUS_UNKNOWN (0x40)\n",
        "----------------  Certificate CDP  ----------------\n  No URLs \"None\" Time: 0 (null)\n",
    ),
    authority: GOOD_AUTHORITY,
};
/// The list for the client certificate took 22 seconds.
pub(crate) const SLOW: Sample = Sample {
    client: (
        "",
        "----------------  Certificate CDP  ----------------\n  Verified \"Base CRL (0a)\" Time: 22 b497913a9aa82a0cb578d8aabaffc64bcdcf0884\n    [0.0] http://crl.contoso.test/sub.crl\n",
    ),
    authority: GOOD_AUTHORITY,
};
/// The proxy wants a name and password.
pub(crate) const PROXY_WANTS_PASSWORD: Sample = Sample {
    client: (
        OFFLINE,
        "----------------  Certificate CDP  ----------------\n  Failed \"CDP\" Time: 0 (null)\n    Error retrieving URL: Proxy authentication required (407). 0x80190197 (-2145844841 HTTP_E_STATUS_PROXY_AUTH_REQ)\n    http://crl.contoso.test/sub.crl\n",
    ),
    authority: GOOD_AUTHORITY,
};
/// The client certificate is outside its validity.
pub(crate) const CLIENT_EXPIRED: Sample =
    Sample { client: ("  Element.dwErrorStatus = CERT_TRUST_IS_NOT_TIME_VALID (0x1)\n", GOOD_CLIENT.1), authority: GOOD_AUTHORITY };
/// The certificate of the authority is outside its validity.
pub(crate) const AUTHORITY_EXPIRED: Sample =
    Sample { client: GOOD_CLIENT, authority: ("  Element.dwErrorStatus = CERT_TRUST_IS_NOT_TIME_VALID (0x1)\n", GOOD_AUTHORITY.1) };
/// The client certificate is for something else.
pub(crate) const WRONG_USAGE: Sample =
    Sample { client: ("  Element.dwErrorStatus = CERT_TRUST_IS_NOT_VALID_FOR_USAGE (0x10)\n", GOOD_CLIENT.1), authority: GOOD_AUTHORITY };
/// The chain ends in a root that is not trusted.
pub(crate) const UNTRUSTED: Sample =
    Sample { client: GOOD_CLIENT, authority: ("  Element.dwErrorStatus = CERT_TRUST_IS_UNTRUSTED_ROOT (0x20)\n", GOOD_AUTHORITY.1) };
/// An issuer was not found.
pub(crate) const PARTIAL: Sample =
    Sample { client: GOOD_CLIENT, authority: ("  Element.dwErrorStatus = CERT_TRUST_IS_PARTIAL_CHAIN (0x10000)\n", GOOD_AUTHORITY.1) };

/// A client's certificate, valid from 2026-04-05 to 2031-04-05.
pub(crate) const CLIENT: &[u8] = include_bytes!("../../tests/fixtures/x509/client.cer");
/// A certificate of a server.
pub(crate) const SERVER: &[u8] = include_bytes!("../../tests/fixtures/x509/server.cer");
/// The authority of both, valid until 2051.
pub(crate) const ISSUING: &[u8] = include_bytes!("../../tests/fixtures/x509/issuing2.b64");
/// The root above, valid until 2070.
pub(crate) const ROOT: &[u8] = include_bytes!("../../tests/fixtures/x509/root.cer");
/// Two more clients of that authority, of whom one is revoked since 2027-01-02.
pub(crate) const USERS: &[u8] = include_bytes!("../../tests/fixtures/x509/users.pem");
/// The revocation list that says so.
pub(crate) const CRL: &[u8] = include_bytes!("../../tests/fixtures/x509/issuing2.crl");
/// A trust list with both authorities.
pub(crate) const LIST: &[u8] = include_bytes!("../../tests/fixtures/x509/contoso.stl");

/// The delta list for the client certificate cannot be fetched.
pub(crate) const DELTA_FAILED: Sample = Sample {
    client: (
        OFFLINE,
        "----------------  Certificate CDP  ----------------\n  Verified \"Base CRL (0a)\" Time: 1 b497913a9aa82a0cb578d8aabaffc64bcdcf0884\n    [0.0] http://crl.contoso.test/crld/sub.crl\n\n----------------  Base CRL CDP  ----------------\n  Failed \"CDP\" Time: 0 (null)\n    Error retrieving URL: Not found (404). 0x80190194 (-2145844844 HTTP_E_STATUS_NOT_FOUND)\n    http://crl.contoso.test/crld/sub+.crl\n",
    ),
    authority: GOOD_AUTHORITY,
};

impl Sample {
    fn text(self) -> String {
        let element = |number: u32, subject: &str, issuer: &str, root: bool, (error, below): (&str, &str)| {
            let own = if root {
                "  Element.dwInfoStatus = CERT_TRUST_IS_SELF_SIGNED (0x8)\n"
            } else {
                "  Element.dwInfoStatus = CERT_TRUST_HAS_KEY_MATCH_ISSUER (0x2)\n"
            };
            let bits: u32 = error
                .split("(0x")
                .skip(1)
                .filter_map(|part| u32::from_str_radix(part.split(')').next().unwrap_or_default(), 16).ok())
                .sum();
            format!(
                "CertContext[0][{number}]: dwInfoStatus=102 dwErrorStatus={bits:x}\n  Issuer: CN={issuer}\n  NotBefore: 2/3/2026 8:12 AM\n  NotAfter: 2/3/2027 8:12 AM\n  Subject: CN={subject}\n  Serial: 5a0000{number}\n{own}{error}  {below}\n"
            )
        };
        let status = format!("{}{}", self.client.0, self.authority.0).replace("Element.", "ChainContext.").replace("  Chain", "Chain");
        format!(
            "C:\\>certutil -verify -urlfetch client.cer\nIssuer:\n    CN=Sub CA 1\nSubject:\n    CN=Client\nCert Serial Number: 5a00000\n\ndwFlags = CA_VERIFY_FLAGS_CONSOLE_TRACE (0x20000000)\nChainFlags = CERT_CHAIN_REVOCATION_CHECK_CHAIN_EXCLUDE_ROOT (0x40000000)\nHCCE_LOCAL_MACHINE\nCERT_CHAIN_POLICY_BASE\n-------- CERT_CHAIN_CONTEXT --------\nChainContext.dwInfoStatus = CERT_TRUST_HAS_PREFERRED_ISSUER (0x100)\n{status}\n{}{}{}Exclude leaf cert:\n  Chain: 11f6ad8ec52a2984abaafd7c3b516503785c2072\nFull chain:\n  Chain: 95cb0bfd2977c761298d9624e4b4d4c72a39974a\n------------------------------------\nCert is an End Entity certificate\nCertUtil: -verify command completed successfully.\n",
            element(0, "Client", "Sub CA 1", false, self.client),
            element(1, "Sub CA 1", "Root CA", false, self.authority),
            element(
                2,
                "Root CA",
                "Root CA",
                true,
                ("", "----------------  Certificate CDP  ----------------\n  No URLs \"None\" Time: 0 (null)\n")
            ),
        )
    }
}

/// A case in the making: site 1 of a server, with a site 2 that can be the one that works.
#[derive(Debug, Clone)]
pub(crate) struct OneCase {
    of: Of,
    samples: Vec<Sample>,
    /// Where the outputs of the samples are cut off; empty for nowhere.
    cut: &'static str,
    beside: Vec<Server>,
    working: Option<usize>,
    url: &'static str,
    status: Option<&'static str>,
    log: String,
    listing: String,
    files: Vec<&'static [u8]>,
    at: Option<Date>,
    change: Option<fn(&mut Server)>,
}

#[derive(Debug, Clone)]
enum Of {
    Iis6 { access: String, values: Vec<(String, String)>, service: String, bindings: [&'static str; 2], hash: bool, theirs: u32 },
    Iis7 { access: String, values: Vec<(String, u32)>, records: bool, authentication: String },
    Config,
}

const REQUIRE_6: &str = "AccessSSL | AccessSSLNegotiateCert | AccessSSLRequireCert";
const REQUIRE_7: &str = "Ssl, SslNegotiateCert, SslRequireCert";

/// A site of IIS 6 that requires certificates, with this CertCheckMode, beside one that does not check.
pub(crate) fn iis6(mode: u32) -> OneCase {
    OneCase::iis6(REQUIRE_6, Some(mode))
}

/// A site of IIS 7 or later that requires certificates, with this CertCheckMode in its record.
pub(crate) fn iis7(mode: u32) -> OneCase {
    OneCase::iis7(REQUIRE_7, &[("DefaultSslCertCheckMode", mode)])
}

/// A server that publishes lists for crl.contoso.test; `body` is added to its configuration.
pub(crate) fn publisher(body: &str) -> Server {
    let mut server = apphost(&format!(
        r#"<system.applicationHost><sites><site name="CRL" id="5"><application path="/"/><bindings><binding protocol="http"
           bindingInformation="*:80:crl.contoso.test"/></bindings></site></sites></system.applicationHost>{body}"#
    ));
    server.name = "pki".to_owned();
    server
}

/// The sections of mapping by IIS and by Active Directory, and what stands beside them.
pub(crate) fn mapping(iis: bool, directory: bool, beside: &str) -> String {
    format!(
        r#"<iisClientCertificateMappingAuthentication enabled="{iis}"/><clientCertificateMappingAuthentication enabled="{directory}"/>{beside}"#
    )
}

/// Lets the site set a section that the server level has locked.
pub(crate) fn locked(server: &mut Server) {
    server.anomalies.push(Anomaly {
        kind: AnomalyKind::LockedSectionSet {
            section: "system.webServer/security/access".to_owned(),
            attribute: None,
            level: String::new(),
            same_file: false,
        },
        place: server.sites[0].place.unwrap(),
        related: Vec::new(),
        site: Some(0),
        path: Some("/".to_owned()),
    });
}

impl OneCase {
    fn new(of: Of) -> Self {
        OneCase {
            of,
            samples: Vec::new(),
            cut: "",
            beside: Vec::new(),
            working: None,
            url: "/",
            status: None,
            log: String::new(),
            listing: String::new(),
            files: Vec::new(),
            at: None,
            change: None,
        }
    }

    /// A site of IIS 6 with these access flags.
    pub(crate) fn iis6(access: &str, mode: Option<u32>) -> Self {
        let values = mode.map(|mode| ("CertCheckMode".to_owned(), mode.to_string())).into_iter().collect();
        OneCase::new(Of::Iis6 {
            access: access.to_owned(),
            values,
            service: String::new(),
            bindings: ["192.0.2.1:443:", "192.0.2.2:443:"],
            hash: true,
            theirs: 1,
        })
    }

    /// Two sites of IIS 6 on one endpoint, with these modes.
    pub(crate) fn iis6_shared(mine: u32, theirs: u32) -> Self {
        let values = vec![("CertCheckMode".to_owned(), mine.to_string())];
        OneCase::new(Of::Iis6 {
            access: REQUIRE_6.to_owned(),
            values,
            service: String::new(),
            bindings: [":443:a", ":443:b"],
            hash: true,
            theirs,
        })
    }

    /// A site of IIS 6 without SSLCertHash.
    pub(crate) fn iis6_without_certificate() -> Self {
        let bindings = ["192.0.2.1:443:", "192.0.2.2:443:"];
        OneCase::new(Of::Iis6 {
            access: REQUIRE_6.to_owned(),
            values: Vec::new(),
            service: String::new(),
            bindings,
            hash: false,
            theirs: 1,
        })
    }

    /// A site of IIS 7 or later with these access flags, and these values in its record.
    pub(crate) fn iis7(access: &str, values: &[(&str, u32)]) -> Self {
        let values = values.iter().map(|(name, value)| ((*name).to_owned(), *value)).collect();
        OneCase::new(Of::Iis7 { access: access.to_owned(), values, records: true, authentication: String::new() })
    }

    /// A web.config without the file of its server.
    pub(crate) fn lone_web_config() -> Self {
        OneCase::new(Of::Config)
    }

    /// A property of the site, or a value of the record.
    pub(crate) fn with(mut self, name: &str, value: &str) -> Self {
        match &mut self.of {
            Of::Iis6 { values, .. } => values.push((name.to_owned(), value.to_owned())),
            Of::Iis7 { values, .. } => values.push((name.to_owned(), value.parse().unwrap())),
            Of::Config => {}
        }
        self
    }

    /// A property of the web service of IIS 6.
    pub(crate) fn with_service(mut self, name: &str, value: &str) -> Self {
        if let Of::Iis6 { service, .. } = &mut self.of {
            service.push_str(&format!(" {name}=\"{value}\""));
        }
        self
    }

    /// With authentication sections at the site, on IIS 7 and later.
    pub(crate) fn holding(mut self, sections: &str) -> Self {
        if let Of::Iis7 { authentication, .. } = &mut self.of {
            authentication.push_str(sections);
        }
        self
    }

    /// With a section of request filtering at the site, on IIS 7 and later.
    pub(crate) fn filtering(self, section: &str) -> Self {
        self.holding(&format!("</authentication>{section}<authentication>"))
    }

    /// With a log of the site that has these outcomes: status, substatus and win32 status.
    pub(crate) fn logging(mut self, outcomes: &[&str]) -> Self {
        self.log = "#Software: Microsoft Internet Information Services 10.0\r\n#Fields: date time s-sitename s-port cs-uri-stem sc-status sc-substatus sc-win32-status\r\n".to_owned();
        for outcome in outcomes {
            self.log.push_str(&format!("2026-11-20 08:00:01 W3SVC1 443 / {outcome}\r\n"));
        }
        self
    }

    /// With the output of `certutil -store`.
    pub(crate) fn listing(mut self, text: &str) -> Self {
        self.listing.push_str(text);
        self
    }

    /// With a file of certificates or lists.
    pub(crate) fn file(mut self, bytes: &'static [u8]) -> Self {
        self.files.push(bytes);
        self
    }

    /// Judged on this day.
    pub(crate) fn on(mut self, day: &str) -> Self {
        self.at = Some(day.parse().unwrap());
        self
    }

    /// Without the records of HTTP.sys.
    pub(crate) fn without_records(mut self) -> Self {
        if let Of::Iis7 { records, .. } = &mut self.of {
            *records = false;
        }
        self
    }

    /// With a verification of a client certificate.
    pub(crate) fn verified(mut self, sample: Sample) -> Self {
        self.samples.push(sample);
        self
    }

    /// With outputs of certutil that are cut off before this text.
    pub(crate) fn cut_before(mut self, text: &'static str) -> Self {
        self.cut = text;
        self
    }

    /// With another server.
    pub(crate) fn beside(mut self, server: Server) -> Self {
        self.beside.push(server);
        self
    }

    /// With the site of this index as the one that works.
    pub(crate) fn with_working(mut self, site: usize) -> Self {
        self.working = Some(site);
        self
    }

    /// With the server changed by hand.
    pub(crate) fn changed(mut self, change: fn(&mut Server)) -> Self {
        self.change = Some(change);
        self
    }

    /// Asked for this status, where that is not the first of the cause.
    pub(crate) fn of_status(mut self, status: &'static str) -> Self {
        self.status = Some(status);
        self
    }

    /// Asked for this URL.
    pub(crate) fn at(mut self, url: &'static str) -> Self {
        self.url = url;
        self
    }

    fn server(&self) -> Server {
        let mut server = match &self.of {
            Of::Iis6 { access, values, service, bindings: [mine, other], hash, theirs } => {
                let hash = if *hash { " SSLCertHash=\"aa\"" } else { "" };
                let service = SERVICE.replacen('>', &format!("{service}>"), 1);
                let values: String = values.iter().map(|(name, value)| format!(" {name}=\"{value}\"")).collect();
                metabase(&format!(
                    "{service}<IIsWebServer Location=\"/LM/W3SVC/1\" ServerComment=\"Orders\" SecureBindings=\"{mine}\"{hash}{values}></IIsWebServer>\
                     <IIsWebVirtualDir Location=\"/LM/W3SVC/1/ROOT\" AccessSSLFlags=\"{access}\"></IIsWebVirtualDir>\
                     <IIsWebServer Location=\"/LM/W3SVC/2\" ServerComment=\"Other\" SecureBindings=\"{other}\" SSLCertHash=\"aa\" CertCheckMode=\"{theirs}\"></IIsWebServer>\
                     <IIsWebVirtualDir Location=\"/LM/W3SVC/2/ROOT\" AccessSSLFlags=\"{access}\"></IIsWebVirtualDir>"
                ))
            }
            Of::Iis7 { access, values, records, authentication } => {
                let values: Vec<(&str, u32)> = values.iter().map(|(name, value)| (name.as_str(), *value)).collect();
                let sections = format!("<authentication>{authentication}</authentication></security>");
                let body = https_site(1, "*:443:", access).replacen("</security>", &sections, 1);
                if *records { joined(&body, &registry(&values)) } else { apphost(&body) }
            }
            Of::Config => apphost("<system.webServer><security><access sslFlags=\"Ssl, SslNegotiateCert\"/></security></system.webServer>"),
        };
        for (index, sample) in self.samples.iter().enumerate() {
            let file = FileId(7 + u32::try_from(index).unwrap());
            let text = sample.text();
            let end = text.find(self.cut).filter(|_| !self.cut.is_empty()).unwrap_or(text.len());
            server.evidence.verifications.extend(read_verifications(&text[..end], file).verifications);
        }
        if !self.log.is_empty() {
            server.evidence.logs = Some(read_log(self.log.as_bytes(), FileId(5)));
        }
        if !self.listing.is_empty() {
            server.evidence.stores.extend(read_stores(&self.listing, FileId(6)).stores);
        }
        for (index, bytes) in self.files.iter().enumerate() {
            let read = x509::read(bytes, FileId(20 + u32::try_from(index).unwrap())).unwrap();
            server.evidence.certificates.extend(read.certificates);
            server.evidence.crls.extend(read.crls);
            server.evidence.ctls.extend(read.ctls);
        }
        if let Some(change) = self.change {
            change(&mut server);
        }
        server
    }

    /// What a cause says of it, asked for the first of its statuses.
    pub(crate) fn judge(&self, cause: &'static Cause) -> Judged {
        let mut servers = vec![self.server()];
        servers.extend(self.beside.iter().cloned());
        let server = &servers[0];
        if server.sites.is_empty() {
            panic!("the case has no site");
        }
        let mut case =
            Case::new(&servers, SiteRef { server, site: 0 }, Url::parse(self.url).unwrap(), self.status.unwrap_or(cause.statuses[0]));
        case.at = self.at;
        case.working = self.working.map(|site| SiteRef { server, site });
        (cause.check)(&case)
    }
}
