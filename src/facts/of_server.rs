//! The facts of servers, one at a time, in the order of reports: nothing but the row at hand is held.

use std::borrow::Cow;

use super::fact::{Fact, Level, OriginKind, VERSION, ValueType};
use crate::catalogue::{Setting, Value, entry};
use crate::estate::{Estate, InputReport};
use crate::input::{Field, Place};
use crate::schannel::{Role, Schannel};
use crate::server::{
    Binding, Endpoint, Ftp, Generation, Given, Hsts, LOG_TARGETS, LogFile, LogFormat, Names, Origin, Resolved, Served, Server, Settings,
    Site, ftp_validation, log_fields,
};

/// The facts of all servers of a run.
pub fn of_estate(estate: &Estate) -> impl Iterator<Item = Fact<'_>> {
    estate.servers.iter().flat_map(|server| of_server(server, &estate.inputs))
}

/// The facts of one server: what holds at its level, its sites in their order, its endpoints sorted by key. `inputs` are the files that
/// its places name.
pub fn of_server<'a>(server: &'a Server, inputs: &'a [InputReport]) -> impl Iterator<Item = Fact<'a>> + 'a {
    let all = Rows { server, inputs };
    let lists_sites = std::iter::once_with(move || all.lists_sites());
    let level = all.settings(About { level: Level::Server, ..About::default() }, &server.scope.settings);
    let schannel = server.schannel.iter().flat_map(move |schannel| all.schannel(schannel));
    let sites = server.sites.iter().flat_map(move |site| all.site(site));
    let endpoints = server.endpoints.iter().flat_map(move |endpoint| all.endpoint(endpoint));
    lists_sites.chain(level).chain(schannel).chain(sites).chain(endpoints)
}

/// The row of a setting, without what it is about.
pub(crate) fn of_setting<'a>(server: &'a Server, inputs: &'a [InputReport], setting: Setting, resolved: &'a Resolved) -> Fact<'a> {
    Rows { server, inputs }.setting(&About::default(), setting, resolved)
}

/// The row that says which record serves an endpoint, without what it is about; IIS 6 has none.
pub(crate) fn of_record<'a>(server: &'a Server, endpoint: &Endpoint, inputs: &'a [InputReport]) -> Option<Fact<'a>> {
    Rows { server, inputs }.served(&About::default(), endpoint)
}

/// The rows of the registry.
pub(crate) fn of_registry<'a>(server: &'a Server, inputs: &'a [InputReport]) -> Vec<Fact<'a>> {
    server.schannel.iter().flat_map(|schannel| Rows { server, inputs }.schannel(schannel)).collect()
}

/// The path of the file of a place.
pub(crate) fn path_of(inputs: &[InputReport], place: Place) -> &str {
    let input = usize::try_from(place.file.0).ok().and_then(|index| inputs.get(index));
    input.map_or("(unknown file)", |input| &input.path)
}

/// Whether the files list the sites of the server: a row that every server has.
pub const LISTS_SITES: &str = "lists-sites";
/// Whether a site is declared, and where: a row that every site has.
pub const DECLARED: &str = "declared";
/// That an application is at a path below the root.
pub const APPLICATION: &str = "application";
/// A binding as written.
pub const BINDING: &str = "binding";
/// The number `binding@sslFlags`.
pub const BINDING_FLAGS: &str = "binding-flags";
/// Key of the record that serves an endpoint.
pub const SERVED_BY_RECORD: &str = "served-by-record";

/// What rows are about.
#[derive(Debug, Clone, Default)]
struct About<'a> {
    level: Level,
    site: Option<&'a Site>,
    path: Option<&'a str>,
    endpoint: Option<String>,
}

#[derive(Clone, Copy)]
struct Rows<'a> {
    server: &'a Server,
    inputs: &'a [InputReport],
}

impl<'a> Rows<'a> {
    /// A row without a value, which is not yet one of either kind.
    fn blank(self, about: &About<'a>, setting: impl Into<Cow<'a, str>>) -> Fact<'a> {
        Fact {
            v: VERSION,
            server: Cow::Borrowed(&self.server.name),
            generation: self.server.generation,
            windows: self.server.windows,
            level: about.level,
            site_id: about.site.and_then(|site| site.id),
            site: about.site.map(|site| Cow::Borrowed(site.name.as_str())),
            path: about.path.map(Cow::Borrowed),
            endpoint: about.endpoint.clone().map(Cow::Owned),
            setting: setting.into(),
            kind: ValueType::None,
            value: None,
            number: None,
            known: false,
            origin: OriginKind::Unknown,
            origin_from: None,
            why: None,
            needs: None,
            file: None,
            line: None,
            col: None,
        }
    }

    fn placed(self, mut fact: Fact<'a>, place: Place) -> Fact<'a> {
        fact.file = Some(Cow::Borrowed(path_of(self.inputs, place)));
        fact.line = Some(place.line);
        fact.col = Some(place.column);
        fact
    }

    fn settings(self, about: About<'a>, settings: &'a Settings) -> impl Iterator<Item = Fact<'a>> + 'a {
        settings.iter().map(move |(setting, resolved)| self.setting(&about, setting, resolved))
    }

    fn setting(self, about: &About<'a>, setting: Setting, resolved: &'a Resolved) -> Fact<'a> {
        let mut fact = self.blank(about, setting.name());
        match &resolved.origin {
            Origin::Explicit { .. } => fact.origin = OriginKind::Explicit,
            Origin::Inherited { from, .. } => {
                fact.origin = OriginKind::Inherited;
                fact.origin_from = Some(Cow::Borrowed(from));
            }
            Origin::Default { why } => {
                fact.origin = OriginKind::Default;
                fact.why = Some(Cow::Borrowed(why));
            }
            Origin::Unknown { needs } => {
                fact.needs = Some(Cow::Borrowed(needs));
                return fact;
            }
        }
        fact.known = true;
        fact.kind = kind(&resolved.value);
        fact.number = resolved.value.number().or(resolved.value.bool().map(u64::from));
        // One spelling for all generations, or a query could not compare them.
        let spelling = if entry(setting).iis7.is_some() { Generation::Iis7 } else { Generation::Iis6 };
        fact.value = Some(Cow::Owned(resolved.value.show(setting, spelling)));
        match resolved.origin.place() {
            Some(place) => self.placed(fact, place),
            None => fact,
        }
    }

    /// The one row that every server has.
    fn lists_sites(self) -> Fact<'a> {
        let place = self.server.inputs.first().map(|file| Place { file: *file, line: 1, column: 1 });
        let (value, number) = (word(self.server.lists_sites), u64::from(self.server.lists_sites));
        self.said(&About::default(), LISTS_SITES, ValueType::Bool, value, Some(number), place)
    }

    /// The one row that every site has.
    fn declared(self, about: &About<'a>, site: &'a Site) -> Fact<'a> {
        self.said(about, DECLARED, ValueType::Bool, word(site.declared), Some(u64::from(site.declared)), site.place)
    }

    fn site(self, site: &'a Site) -> impl Iterator<Item = Fact<'a>> + 'a {
        let bindings = site.bindings.iter().flat_map(move |binding| self.binding(site, binding));
        let about = About { level: Level::Site, site: Some(site), ..About::default() };
        let elements = &site.elements;
        let declared = self.declared(&about, site);
        let mut of_site = Elements { rows: self, about, facts: Vec::new() };
        elements.hsts.iter().for_each(|hsts| of_site.hsts(hsts));
        elements.log.iter().for_each(|log| of_site.log(log));
        elements.ftp.iter().for_each(|ftp| of_site.ftp(ftp));
        let scopes = site.scopes.iter().enumerate().flat_map(move |(index, scope)| {
            let about = About { level: Level::Path, site: Some(site), path: Some(&scope.path), endpoint: None };
            // The root is an application by nature.
            let application =
                (index > 0 && scope.is_application).then(|| self.said(&about, APPLICATION, ValueType::Bool, "true", Some(1), scope.place));
            let settings = scope.settings.iter().map(move |(setting, resolved)| {
                // What sites of one endpoint write differently is in effect for one of them at most.
                let disputed = self.server.disputed(site, setting).filter(|_| index == 0);
                self.setting(&about, setting, disputed.map_or(resolved, |(_, resolved)| resolved))
            });
            application.into_iter().chain(settings)
        });
        std::iter::once(declared).chain(bindings).chain(of_site.facts).chain(scopes)
    }

    fn binding(self, site: &'a Site, binding: &'a Binding) -> impl Iterator<Item = Fact<'a>> + use<'a> {
        let endpoint = binding.endpoint.as_ref().map(ToString::to_string);
        let about = About { level: Level::Binding, site: Some(site), endpoint, ..About::default() };
        let text = format!("{} {}", binding.protocol, binding.written);
        let kind = if binding.fault.is_some() { ValueType::Malformed } else { ValueType::Text };
        let written = self.said(&about, BINDING, kind, text, None, Some(binding.place));
        let place = binding.flags_written.is_some().then_some(binding.place);
        // IIS 6 has no such number, and where nobody wrote it, it decides about https only.
        let has_flags = place.is_some() || (self.server.generation != Generation::Iis6 && binding.is_https());
        let flags = has_flags.then(|| match binding.flags {
            Some(flags) => self.said(&about, BINDING_FLAGS, ValueType::Flags, flags.to_string(), Some(u64::from(flags)), place),
            None => {
                let text = binding.flags_written.as_deref().unwrap_or_default();
                self.said(&about, BINDING_FLAGS, ValueType::Malformed, text, None, place)
            }
        });
        std::iter::once(written).chain(flags)
    }

    fn endpoint(self, endpoint: &'a Endpoint) -> impl Iterator<Item = Fact<'a>> + 'a {
        let mut sites: Vec<Option<&Site>> = endpoint.sites.iter().filter_map(|site| self.server.sites.get(*site)).map(Some).collect();
        if sites.is_empty() {
            sites.push(None);
        }
        sites.into_iter().flat_map(move |site| {
            let about = About { level: Level::Endpoint, site, path: None, endpoint: Some(endpoint.key.to_string()) };
            let served = self.served(&about, endpoint);
            served.into_iter().chain(self.settings(about, &endpoint.settings))
        })
    }

    /// The record that serves an endpoint; IIS 6 has none.
    fn served(self, about: &About<'a>, endpoint: &Endpoint) -> Option<Fact<'a>> {
        let name = SERVED_BY_RECORD;
        let place = self.server.record_of(endpoint).map(|record| record.place);
        match (endpoint.served, self.server.record_of(endpoint)) {
            (Served::NotGiven, _) if self.server.generation == Generation::Iis6 => None,
            (Served::NotGiven, _) => {
                let mut fact = self.blank(about, name);
                fact.needs = Some(Cow::Borrowed("netsh http show sslcert"));
                Some(fact)
            }
            (_, Some(record)) => Some(self.said(about, name, ValueType::Text, record.key.to_string(), None, place)),
            (_, None) => Some(self.said(about, name, ValueType::None, "", None, None)),
        }
    }

    /// A known value that is said at `place`, or else the default.
    fn said(
        self,
        about: &About<'a>,
        name: impl Into<Cow<'a, str>>,
        kind: ValueType,
        value: impl Into<Cow<'a, str>>,
        number: Option<u64>,
        place: Option<Place>,
    ) -> Fact<'a> {
        let mut fact = self.blank(about, name);
        fact.known = true;
        fact.kind = kind;
        fact.value = Some(value.into());
        fact.number = number;
        match place {
            Some(place) => {
                fact.origin = OriginKind::Explicit;
                self.placed(fact, place)
            }
            None => {
                fact.origin = OriginKind::Default;
                fact.why = Some(Cow::Borrowed("no file that was given says it"));
                fact
            }
        }
    }

    /// The values that the registry export has. What it does not have has no row.
    fn schannel(self, schannel: &'a Schannel) -> Vec<Fact<'a>> {
        let about = About { level: Level::Server, ..About::default() };
        let mut facts = Vec::new();
        let mut add = |name: Cow<'static, str>, field: &'a Field<u32>| match field {
            Field::Said(said) => {
                let number = Some(u64::from(said.value));
                facts.push(self.said(&about, name, ValueType::Number, said.value.to_string(), number, Some(said.place)));
            }
            Field::Unreadable(said) => {
                facts.push(self.said(&about, name, ValueType::Malformed, said.value.as_str(), None, Some(said.place)))
            }
            Field::Absent => {}
        };
        add(Cow::Borrowed("schannel/SendTrustedIssuerList"), &schannel.send_trusted_issuer_list);
        add(Cow::Borrowed("schannel/ClientAuthTrustMode"), &schannel.client_auth_trust_mode);
        add(Cow::Borrowed("schannel/MessageLimitServerClientAuth"), &schannel.message_limit_server_client_auth);
        add(Cow::Borrowed("schannel/CertificateMappingMethods"), &schannel.certificate_mapping_methods);
        add(Cow::Borrowed("schannel/EnableOcspStaplingForSni"), &schannel.enable_ocsp_stapling_for_sni);
        add(Cow::Borrowed("schannel/EventLogging"), &schannel.event_logging);
        for protocol in &schannel.protocols {
            let role = match protocol.role {
                Role::Server => "Server",
                Role::Client => "Client",
            };
            add(Cow::Owned(format!("schannel/Protocols/{}/{role}/Enabled", protocol.name)), &protocol.enabled);
            add(Cow::Owned(format!("schannel/Protocols/{}/{role}/DisabledByDefault", protocol.name)), &protocol.disabled_by_default);
        }
        add(Cow::Borrowed("http/EnableHttp2Tls"), &schannel.http.enable_http2_tls);
        add(Cow::Borrowed("http/EnableHttp2Cleartext"), &schannel.http.enable_http2_cleartext);
        add(Cow::Borrowed("http/EnableHttp3"), &schannel.http.enable_http3);
        add(Cow::Borrowed("http/EnableAltSvc"), &schannel.http.enable_alt_svc);
        facts
    }
}

/// The elements of one site.
struct Elements<'a> {
    rows: Rows<'a>,
    about: About<'a>,
    facts: Vec<Fact<'a>>,
}

impl<'a> Elements<'a> {
    fn add<T>(&mut self, name: &'static str, given: &Given<T>, kind: ValueType, value: impl Into<Cow<'a, str>>, number: Option<u64>) {
        let value = value.into();
        // An empty text is no value, as with the settings of the catalogue.
        let kind = if value.is_empty() && kind == ValueType::Text { ValueType::None } else { kind };
        self.facts.push(self.rows.said(&self.about, name, kind, value, number, given.place));
    }

    fn bool(&mut self, name: &'static str, given: &Given<bool>) {
        self.add(name, given, ValueType::Bool, word(given.value), Some(u64::from(given.value)));
    }

    fn number<T: Copy + Into<u64>>(&mut self, name: &'static str, given: &Given<T>) {
        let number: u64 = given.value.into();
        self.add(name, given, ValueType::Number, number.to_string(), Some(number));
    }

    fn flags(&mut self, name: &'static str, given: &Given<crate::server::Bits>, names: &Names) {
        let shown = given.value.show(names);
        let number = u64::from(given.value.bits);
        if given.value.unknown.is_empty() {
            self.add(name, given, ValueType::Flags, shown, Some(number));
        } else {
            self.add(name, given, ValueType::Malformed, shown, None);
        }
    }

    fn name<T>(&mut self, name: &'static str, given: &Given<T>, value: &'a str) {
        self.add(name, given, ValueType::Text, value, None);
    }

    fn hsts(&mut self, hsts: &Hsts) {
        self.bool("hsts/enabled", &hsts.enabled);
        self.number("hsts/max-age", &hsts.max_age);
        self.bool("hsts/include-sub-domains", &hsts.include_sub_domains);
        self.bool("hsts/preload", &hsts.preload);
        self.bool("hsts/redirect-http-to-https", &hsts.redirect_http_to_https);
    }

    fn log(&mut self, log: &LogFile) {
        self.bool("log/enabled", &log.enabled);
        let format = match log.format.value {
            LogFormat::W3c => "W3C",
            LogFormat::Iis => "IIS",
            LogFormat::Ncsa => "NCSA",
            LogFormat::Custom => "Custom",
        };
        self.name("log/format", &log.format, format);
        self.flags("log/fields", &log.fields, log_fields::NAMES);
        self.flags("log/target", &log.target, LOG_TARGETS);
    }

    fn ftp(&mut self, ftp: &'a Ftp) {
        self.name("ftp/client-certificates", &ftp.client_certificates, ftp.client_certificates.value.name());
        self.flags("ftp/validation-flags", &ftp.validation, ftp_validation::NAMES);
        self.number("ftp/revocation-freshness-time", &ftp.freshness);
        self.number("ftp/revocation-url-retrieval-timeout", &ftp.retrieval_timeout);
        self.bool("ftp/ad-certificate-mapping", &ftp.ad_mapping);
        self.name("ftp/control-channel", &ftp.control_channel, ftp.control_channel.value.name());
        self.name("ftp/data-channel", &ftp.data_channel, ftp.data_channel.value.name());
        self.name("ftp/server-certificate", &ftp.server_certificate, &ftp.server_certificate.value);
        self.name("ftp/server-certificate-store", &ftp.server_certificate_store, &ftp.server_certificate_store.value);
        self.bool("ftp/ssl128", &ftp.ssl128);
        self.number("ftp/store-flags", &ftp.store_flags);
    }
}

fn word(is_so: bool) -> &'static str {
    if is_so { "true" } else { "false" }
}

fn kind(value: &Value) -> ValueType {
    match value {
        Value::None => ValueType::None,
        Value::Flags(_) => ValueType::Flags,
        Value::Number(_) => ValueType::Number,
        Value::Bool(_) => ValueType::Bool,
        Value::Text(_) => ValueType::Text,
        Value::Bytes(_) => ValueType::Bytes,
        Value::Malformed(_) => ValueType::Malformed,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::input::FileId;

    #[test]
    fn what_two_sites_of_one_endpoint_write_differently_is_known_at_no_level() {
        let text = r#"<c><m><IIsWebService Location="/LM/W3SVC"/>
            <IIsWebServer Location="/LM/W3SVC/1" SecureBindings=":443:" CertCheckMode="1"/>
            <IIsWebServer Location="/LM/W3SVC/2" SecureBindings=":443:b.test"/></m></c>"#;
        let metabase = crate::metabase::read(text, FileId(0), crate::xml::Limits::default(), None).unwrap();
        let server = crate::metabase::assemble(&metabase, String::new());
        let of = |setting: Setting| {
            of_server(&server, &[]).filter(|fact| fact.setting == setting.name() && fact.level != Level::Server).collect::<Vec<_>>()
        };
        let modes = of(Setting::CertCheckMode);
        assert!(modes.len() == 4 && modes.iter().all(|fact| !fact.known && fact.value.is_none()), "{modes:?}");
        assert!(of(Setting::NegotiateClientCertificate).iter().all(|fact| fact.known));
    }
}
