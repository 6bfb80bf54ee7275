//! Elements that are no settings of the catalogue, from their text to their types: redirection, HSTS, the log and FTP. A value that
//! cannot be read counts as not said; the reader has noticed it.

use std::sync::Arc;

use super::read::{ConfigFile, SiteEntry, cut, parse_bool, parse_uint};
use crate::input::Place;
use crate::server::{
    Bits, Empty, Ftp, FtpCertificates, FtpChannel, Given, Hsts, HttpRedirect, LOG_TARGETS, LogFile, LogFormat, SiteElements,
    ftp_validation, log_fields, seconds,
};

/// An element with its attributes as written.
#[derive(Debug, Clone)]
pub(super) struct Raw {
    pub(super) place: Place,
    pub(super) values: Vec<(&'static str, String, Place)>,
}

/// The elements of a site, or of `siteDefaults`.
#[derive(Debug, Clone)]
pub(super) struct Elements {
    pub(super) log: Option<Raw>,
    pub(super) hsts: Option<Raw>,
    pub(super) ftp_ssl: Option<Raw>,
    pub(super) ftp_certificates: Option<Raw>,
}

impl Empty for Elements {
    const EMPTY: &'static Elements = &Elements { log: None, hsts: None, ftp_ssl: None, ftp_certificates: None };
}

impl Raw {
    fn get<T>(&self, attribute: &str, read: impl Fn(&str) -> Option<T>) -> Option<Given<T>> {
        let (_, text, place) = self.values.iter().find(|(name, ..)| *name == attribute)?;
        read(text.trim()).map(|value| Given { value, place: Some(*place) })
    }
}

/// The value of the first element that says it.
fn first<T>(raws: [Option<&Raw>; 2], attribute: &str, read: impl Fn(&str) -> Option<T>, default: T) -> Given<T> {
    raws.into_iter().flatten().find_map(|raw| raw.get(attribute, &read)).unwrap_or(Given::default_of(default))
}

/// Takes in what a `httpRedirect` says.
pub(super) fn redirect(into: &mut HttpRedirect, raw: &Raw, pattern_to_https: Option<Place>) {
    fn take<T>(into: &mut Given<T>, said: Option<Given<T>>) {
        if let Some(said) = said {
            *into = said;
        }
    }
    take(&mut into.enabled, raw.get("enabled", parse_bool));
    take(&mut into.destination, raw.get("destination", |text| Some(cut(text).to_owned())));
    take(&mut into.exact_destination, raw.get("exactDestination", parse_bool));
    take(&mut into.child_only, raw.get("childOnly", parse_bool));
    take(&mut into.status, raw.get("httpResponseStatus", status));
    into.pattern_to_https = pattern_to_https.or(into.pattern_to_https);
    into.said_here = true;
}

fn status(text: &str) -> Option<u16> {
    const NAMES: [(&str, u16); 4] = [("Permanent", 301), ("Found", 302), ("Temporary", 307), ("PermRedirect", 308)];
    NAMES.iter().find(|(name, code)| name.eq_ignore_ascii_case(text) || code.to_string() == text).map(|(_, code)| *code)
}

/// The log of a site that says nothing of it; `None` where that is not known.
pub(super) fn usual_log(host: &ConfigFile) -> Option<Arc<LogFile>> {
    let defaults = host.sites.as_ref().and_then(|sites| sites.elements.log.as_ref());
    (host.holds_site_defaults() && !host.central_log).then(|| Arc::new(log([None, defaults])))
}

/// The elements of a site over those of `siteDefaults`.
pub(super) fn site(entry: &SiteEntry, host: &ConfigFile, usual_log: Option<&Arc<LogFile>>) -> SiteElements {
    let defaults = host.sites.as_ref().map(|sites| &sites.elements);
    let hsts = entry.elements.hsts.as_ref().or(defaults.and_then(|defaults| defaults.hsts.as_ref()));
    let complete = host.holds_site_defaults();
    let is_ftp = |protocol: &str| protocol.trim().eq_ignore_ascii_case("ftp");
    let inherited = host.sites.iter().filter(|_| !entry.clears).flat_map(|sites| &sites.bindings);
    let serves_ftp = entry.bindings.iter().chain(inherited).any(|binding| is_ftp(&binding.protocol));
    SiteElements {
        hsts: hsts.map(|hsts| Box::new(self::hsts(hsts))),
        log: usual_log.map(|usual| match &entry.elements.log {
            None => Arc::clone(usual),
            own => Arc::new(log([own.as_ref(), defaults.and_then(|defaults| defaults.log.as_ref())])),
        }),
        ftp: (complete && serves_ftp).then(|| {
            Box::new(ftp(
                [entry.elements.ftp_ssl.as_ref(), defaults.and_then(|defaults| defaults.ftp_ssl.as_ref())],
                [entry.elements.ftp_certificates.as_ref(), defaults.and_then(|defaults| defaults.ftp_certificates.as_ref())],
            ))
        }),
    }
}

fn hsts(raw: &Raw) -> Hsts {
    let flag = |attribute| raw.get(attribute, parse_bool).unwrap_or_default();
    Hsts {
        place: raw.place,
        enabled: flag("enabled"),
        max_age: raw.get("max-age", parse_uint).unwrap_or_default(),
        include_sub_domains: flag("includeSubDomains"),
        preload: flag("preload"),
        redirect_http_to_https: flag("redirectHttpToHttps"),
    }
}

fn log(raws: [Option<&Raw>; 2]) -> LogFile {
    let format = |text: &str| match text.to_lowercase().as_str() {
        "iis" | "0" => Some(LogFormat::Iis),
        "ncsa" | "1" => Some(LogFormat::Ncsa),
        "w3c" | "2" => Some(LogFormat::W3c),
        "custom" | "3" => Some(LogFormat::Custom),
        _ => None,
    };
    LogFile {
        enabled: first(raws, "enabled", parse_bool, true),
        format: first(raws, "logFormat", format, LogFormat::W3c),
        fields: first(
            raws,
            "logExtFileFlags",
            |text| Some(Bits::parse(text, log_fields::NAMES)),
            Bits { bits: log_fields::DEFAULT, unknown: Vec::new() },
        ),
        target: first(raws, "logTargetW3C", |text| Some(Bits::parse(text, LOG_TARGETS)), Bits { bits: 1, unknown: Vec::new() }),
    }
}

fn ftp(ssl: [Option<&Raw>; 2], certificates: [Option<&Raw>; 2]) -> Ftp {
    let policy = |text: &str| match text.to_lowercase().as_str() {
        "certignore" | "0" => Some(FtpCertificates::Ignore),
        "certallow" | "1" => Some(FtpCertificates::Allow),
        "certrequire" | "2" => Some(FtpCertificates::Require),
        _ => None,
    };
    let control = |text: &str| match text.to_lowercase().as_str() {
        "sslallow" | "0" => Some(FtpChannel::Allow),
        "sslrequire" | "1" => Some(FtpChannel::Require),
        "sslrequirecredentialsonly" | "2" => Some(FtpChannel::RequireCredentialsOnly),
        _ => None,
    };
    let data = |text: &str| match text.to_lowercase().as_str() {
        "sslallow" | "0" => Some(FtpChannel::Allow),
        "sslrequire" | "1" => Some(FtpChannel::Require),
        "ssldeny" | "2" => Some(FtpChannel::Deny),
        _ => None,
    };
    let text = |text: &str| Some(text.to_owned());
    Ftp {
        client_certificates: first(certificates, "clientCertificatePolicy", policy, FtpCertificates::Ignore),
        validation: first(certificates, "validationFlags", |text| Some(Bits::parse(text, ftp_validation::NAMES)), Bits::default()),
        freshness: first(certificates, "revocationFreshnessTime", seconds, 0),
        retrieval_timeout: first(certificates, "revocationUrlRetrievalTimeout", seconds, 60),
        ad_mapping: first(certificates, "useActiveDirectoryMapping", parse_bool, false),
        control_channel: first(ssl, "controlChannelPolicy", control, FtpChannel::Require),
        data_channel: first(ssl, "dataChannelPolicy", data, FtpChannel::Require),
        server_certificate: first(ssl, "serverCertHash", text, String::new()),
        server_certificate_store: first(ssl, "serverCertStoreName", text, "MY".to_owned()),
        ssl128: first(ssl, "ssl128", parse_bool, false),
        store_flags: first(ssl, "sslFlags", parse_uint, 0),
    }
}

#[cfg(test)]
mod tests {
    use crate::apphost::{PlacedFile, assemble, read};
    use crate::input::FileId;
    use crate::server::{AnomalyKind, FtpCertificates, FtpChannel, LogFormat, Server, log_fields};
    use crate::xml::Limits;

    /// A server with these `sites` and sections, and a web.config of the first site in `S`.
    fn server(sites: &str, body: &str, web_config: &str) -> Server {
        let host = format!("<configuration><system.applicationHost>{sites}</system.applicationHost>{body}</configuration>");
        let host = read(&host, FileId(0), Limits::default()).unwrap();
        let web_config = read(&format!("<configuration>{web_config}</configuration>"), FileId(1), Limits::default()).unwrap();
        assemble(&host, &[PlacedFile { directory: vec!["S".to_owned()], config: web_config.into() }], None, String::new())
    }

    fn site(inside: &str) -> String {
        format!(
            r#"<site name="S" id="1"><application path="/"><virtualDirectory path="/" physicalPath="D:\web"/><virtualDirectory path="/crl" physicalPath="D:\pki"/></application><bindings><binding protocol="ftp" bindingInformation="*:21:"/></bindings>{inside}</site>"#
        )
    }

    fn redirect(attributes: &str) -> String {
        format!("<system.webServer><httpRedirect {attributes}/></system.webServer>")
    }

    #[test]
    fn a_redirect_is_inherited_attribute_by_attribute_and_ends_where_it_is_switched_off() {
        let body = redirect(r#"enabled="true" httpResponseStatus="Permanent""#)
            + &format!(r#"<location path="S/a">{}</location>"#, redirect(r#"enabled="false""#))
            + r#"<location path="S/a/b"/>"#;
        let server =
            server(&format!("<sites>{}</sites>", site("")), &body, &redirect(r#"destination="HTTPS://www.contoso.com" childOnly="true""#));
        let found: Vec<_> = server.sites[0]
            .scopes
            .iter()
            .map(|scope| {
                let redirect = scope.routing.redirect.as_deref().unwrap();
                (scope.path.as_str(), redirect.enabled.value, redirect.status.value, redirect.said_here, redirect.to_https().is_some())
            })
            .collect();
        // At /crl only the files of the directory above are redirected.
        assert_eq!(
            found,
            [
                ("/", true, 301, true, true),
                ("/a", false, 301, true, false),
                ("/a/b", false, 301, false, false),
                ("/crl", true, 301, false, false)
            ]
        );
        let root = server.sites[0].root().routing.redirect.as_deref().unwrap();
        assert_eq!((root.status.place.unwrap().file, root.destination.place.unwrap().file), (FileId(0), FileId(1)));
        assert_eq!(server.scope.routing.redirect.as_deref().unwrap().destination.place, None);
        let directories: Vec<_> = server.sites[0].scopes.iter().map(|scope| scope.routing.physical_path.as_deref()).collect();
        assert_eq!(directories, [Some(r"D:\web"), None, None, Some(r"D:\pki")]);
    }

    #[test]
    fn a_pattern_or_a_rewrite_rule_can_lead_to_https_too() {
        let sites = format!("<sites>{}</sites>", site(""));
        let pattern = r#"<system.webServer><httpRedirect enabled="true" destination="/x"><add wildcard="/a" destination="/b"/><add wildcard="*" destination="https://a"/></httpRedirect></system.webServer>"#;
        let found = server(&sites, pattern, "");
        assert!(found.sites[0].root().routing.redirect.as_deref().unwrap().to_https().is_some());
        let rule = |rule: &str, action: &str| {
            let rules = format!(
                "<system.webServer><rewrite><rules><rule {rule}><match url='x'/><action {action}/></rule></rules></rewrite></system.webServer>"
            );
            let server = server(&sites, "", &rules);
            assert_eq!(server.anomalies, []);
            server.sites[0].scopes[1].routing.rewrites_to_https.is_some()
        };
        assert!(rule("", r#"type="redirect" url="https://{HTTP_HOST}/{R:1}""#));
        assert!(!rule("enabled='false'", r#"type="Redirect" url="https://{HTTP_HOST}/{R:1}""#));
        assert!(!rule("", r#"type="Rewrite" url="https://{HTTP_HOST}/{R:1}""#));
        assert!(!rule("", r#"type="Redirect" url="http://{HTTP_HOST}/{R:1}""#));
    }

    #[test]
    fn a_locked_redirect_of_a_web_config_does_not_count() {
        let body = format!(r#"<location path="S" overrideMode="Deny">{}</location>"#, redirect(r#"enabled="false""#));
        let server = server(&format!("<sites>{}</sites>", site("")), &body, &redirect(r#"enabled="true""#));
        assert!(!server.sites[0].root().routing.redirect.as_deref().unwrap().enabled.value);
        assert!(matches!(&server.anomalies[0].kind, AnomalyKind::LockedSectionSet { section, .. } if section.ends_with("httpRedirect")));
    }

    #[test]
    fn hsts_of_a_site_replaces_that_of_the_defaults_and_other_elements_are_merged() {
        let defaults = r#"<siteDefaults><hsts enabled="true" max-age="5" redirectHttpToHttps="true"/><logFile logFormat="NCSA" logTargetW3C="ETW,File"/>
            <ftpServer><security><ssl controlChannelPolicy="SslAllow" serverCertHash="AB"/><sslClientCertificates clientCertificatePolicy="CertRequire" revocationUrlRetrievalTimeout="00:00:20"/></security></ftpServer></siteDefaults>"#;
        let own = r#"<hsts enabled="true"/><logFile logFormat="W3C" enabled="false"/><ftpServer serverAutoStart="false"><security><authentication/><sslClientCertificates validationFlags="CertNoUsageCheck" clientCertificatePolicy="1"/></security></ftpServer>"#;
        let found = server(&format!("<sites>{}{defaults}</sites>", site(own)), "", "");
        assert_eq!(found.anomalies, []);
        let elements = &found.sites[0].elements;
        let hsts = elements.hsts.as_deref().unwrap();
        assert_eq!((hsts.enabled.value, hsts.max_age.value, hsts.redirects(), hsts.max_age.place), (true, 0, false, None));
        let log = elements.log.as_ref().unwrap();
        assert_eq!(
            (log.enabled.value, log.format.value, log.target.value.bits, log.fields.value.bits, log.fields.place),
            (false, LogFormat::W3c, 3, log_fields::DEFAULT, None)
        );
        let ftp = elements.ftp.as_ref().unwrap();
        assert_eq!((ftp.client_certificates.value, ftp.validation.value.bits), (FtpCertificates::Allow, 8));
        assert_eq!((ftp.retrieval_timeout.value, ftp.freshness.value, ftp.freshness.place), (20, 0, None));
        assert_eq!((ftp.control_channel.value, ftp.data_channel.value), (FtpChannel::Allow, FtpChannel::Require));
        assert!(ftp.can_use_tls() && ftp.server_certificate.place.is_some() && ftp.server_certificate_store.value == "MY");
        let without = server(&format!("<sites>{}{defaults}</sites>", site("")), "", "");
        assert!(without.sites[0].elements.hsts.as_deref().unwrap().redirects());
    }

    #[test]
    fn a_piece_of_a_file_a_central_log_and_a_site_without_ftp_leave_out_what_does_not_hold() {
        let piece = read(&site(""), FileId(0), Limits::default()).unwrap();
        let piece = assemble(&piece, &[], None, String::new());
        assert!(piece.sites[0].elements.log.is_none() && piece.sites[0].elements.ftp.is_none());
        let central = |mode: &str| {
            let sites = format!(r#"<log centralLogFileMode="{mode}"/><sites>{}</sites>"#, site("").replace("\"ftp\"", "\"http\""));
            let elements = server(&sites, "", "").sites[0].elements.clone();
            (elements.log.is_some(), elements.ftp.is_some())
        };
        assert_eq!((central("CentralW3C"), central("Site")), ((false, false), (true, false)));
    }

    #[test]
    fn what_the_schema_does_not_know_of_these_elements_is_noticed() {
        let own = r#"<hsts enabled="maybe" report="x"/><logFile logExtFileFlags="Date,Shoe"/><ftpServer><security><ssl dataChannelPolicy="x"/><sslClientCertificates validationFlags="NoCheck" revocationFreshnessTime="60"/></security></ftpServer>"#;
        let found = server(&format!("<sites>{}</sites>", site(own)), &redirect(r#"httpResponseStatus="303" target="x""#), "");
        let mut noticed: Vec<String> = found
            .anomalies
            .iter()
            .map(|anomaly| match &anomaly.kind {
                AnomalyKind::InvalidValue { attribute, .. } => attribute.clone(),
                AnomalyKind::UnknownAttribute { attribute, .. } => format!("unknown {attribute}"),
                other => format!("{other:?}"),
            })
            .collect();
        noticed.sort();
        assert_eq!(
            noticed,
            [
                "dataChannelPolicy",
                "enabled",
                "httpResponseStatus",
                "logExtFileFlags",
                "revocationFreshnessTime",
                "unknown report",
                "unknown target",
                "validationFlags"
            ]
        );
        let elements = &found.sites[0].elements;
        assert!(!elements.hsts.as_deref().unwrap().enabled.value);
        assert_eq!(elements.ftp.as_ref().unwrap().validation.value.unknown, ["NoCheck"]);
        assert_eq!(elements.log.as_ref().unwrap().fields.value.bits, 1);
    }
}
