//! The case: one URL of one site, what is in effect there, and what the server shows besides. Causes ask it; it answers with facts.

use super::logged::of_status;
use super::{Fact, Logged, Need, Url, logged, named_in_logs, needs};
use crate::catalogue::{Level, Setting, Value, access, cert_check, entry};
use crate::compare::{Fix, Said, SiteRef};
use crate::evidence::Verification;
use crate::input::Place;
use crate::policy::Date;
use crate::remedy::{Remedy, Risk, adsutil};
use crate::server::{Binding, Endpoint, EndpointKey, Generation, Origin, Resolved, Scope, Server, Site};

/// How many bindings or names a note lists.
const BINDINGS: usize = 8;

/// What is asked.
#[derive(Debug, Clone)]
pub struct Case<'a> {
    /// All servers that were read: another one may publish what this one needs.
    pub servers: &'a [Server],
    /// The server that answers.
    pub server: &'a Server,
    /// Index of the site.
    pub site: usize,
    /// The URL.
    pub url: Url,
    /// The status, by its name in `explain`.
    pub status: String,
    /// How requests to the site ended, as the logs count them; empty without a log.
    pub logged: Vec<Logged>,
    /// The line of the log that the status was taken from, where it was not given.
    pub status_from: Option<Fact>,
    /// A site that works.
    pub working: Option<SiteRef<'a>>,
    /// What shows that it works, where it was not named.
    pub working_from: Option<String>,
    /// Why this site, where it was not named.
    pub chosen: Option<String>,
    /// The day on which it is judged what has expired.
    pub at: Option<Date>,
    /// Whether that day was named. Then it counts, and the times of a log do not.
    pub at_named: bool,
    /// What has to be known before anything that follows from the case: what was given and does not count.
    pub notes: Vec<Fact>,
    /// The files of configuration that could not be read.
    pub unreadable: Vec<Fact>,
    /// What is in effect at the URL.
    pub scope: &'a Scope,
    /// The endpoints through which the client may have come, sorted by key.
    pub endpoints: Vec<&'a Endpoint>,
}

/// The answer to a question of which parts may differ, such as one endpoint from another.
#[derive(Debug, Clone, Default)]
pub struct Answer {
    /// The facts that say yes.
    pub yes: Vec<Fact>,
    /// The facts that say no.
    pub no: Vec<Fact>,
    /// Where it is not known, with what would tell.
    pub unknown: Vec<(Fact, Need)>,
}

impl Answer {
    /// An answer by one fact.
    fn of(yes: bool, fact: Fact) -> Answer {
        if yes { Answer { yes: vec![fact], ..Answer::default() } } else { Answer { no: vec![fact], ..Answer::default() } }
    }

    /// Yes everywhere.
    pub fn is_yes(&self) -> bool {
        !self.yes.is_empty() && self.no.is_empty() && self.unknown.is_empty()
    }

    /// Yes at least somewhere.
    pub fn may_be_yes(&self) -> bool {
        !self.yes.is_empty()
    }

    /// No everywhere, and the fact that says so first.
    pub fn is_no(&self) -> Option<&Fact> {
        self.no.first().filter(|_| self.yes.is_empty() && self.unknown.is_empty())
    }

    /// What would tell what is not known.
    pub fn needs(&self) -> impl Iterator<Item = Need> {
        self.unknown.iter().map(|(_, need)| need.clone())
    }

    /// All facts: those for it, those against it, and what is not known.
    pub fn facts(&self) -> impl Iterator<Item = Fact> {
        self.yes.iter().chain(&self.no).chain(self.unknown.iter().map(|(fact, _)| fact)).cloned()
    }
}

impl<'a> Case<'a> {
    /// The case of `site` of `server`.
    pub fn new(servers: &'a [Server], at: SiteRef<'a>, url: Url, status: &str) -> Self {
        let site = at.get();
        let scope = nearest(site, &url.path);
        let mut endpoints: Vec<&Endpoint> =
            at.server.endpoints.iter().filter(|endpoint| endpoint.sites.binary_search(&at.site).is_ok()).collect();
        let leads_to: Vec<&Endpoint> = endpoints.iter().copied().filter(|endpoint| can_reach(&url, &endpoint.key)).collect();
        // A URL of a load balancer need not be one of the server.
        if !leads_to.is_empty() {
            endpoints = leads_to;
        }
        Case {
            servers,
            server: at.server,
            site: at.site,
            url,
            status: status.to_owned(),
            logged: logged(at.server, at.site),
            status_from: None,
            working: None,
            working_from: None,
            chosen: None,
            at: None,
            at_named: false,
            notes: Vec::new(),
            unreadable: Vec::new(),
            scope,
            endpoints,
        }
    }

    /// The site with its server.
    pub fn site_ref(&self) -> SiteRef<'a> {
        SiteRef { server: self.server, site: self.site }
    }

    /// The site.
    pub fn site(&self) -> &'a Site {
        self.site_ref().get()
    }

    /// The generation of the server.
    pub fn generation(&self) -> Generation {
        self.server.generation
    }

    /// Whether the server is one of IIS 6.
    pub fn is_iis6(&self) -> bool {
        self.server.generation == Generation::Iis6
    }

    /// That no binding of the site leads to the URL, with the bindings that there are; nothing where the URL has no host and port.
    pub fn url_misses(&self) -> Option<Fact> {
        let (host, port, scheme) = (self.url.host.as_deref()?, self.url.port?, self.url.scheme.as_deref()?);
        let site = self.site();
        if !site.declared || site.bindings.iter().any(|binding| takes(binding, scheme, host, port)) {
            return None;
        }
        let web = |binding: &&Binding| ["http", "https"].iter().any(|protocol| binding.protocol.eq_ignore_ascii_case(protocol));
        let mut written: Vec<String> =
            site.bindings.iter().filter(web).take(BINDINGS).map(|binding| format!("{} {}", binding.protocol, binding.written)).collect();
        let more = site.bindings.iter().filter(web).count().saturating_sub(BINDINGS);
        if more > 0 {
            written.push(format!("and {more} more"));
        }
        let others = self.server.sites.iter().enumerate().filter(|(index, _)| *index != self.site);
        let other = others.map(|(_, site)| site).find(|site| site.bindings.iter().any(|binding| takes(binding, scheme, host, port)));
        let other = other.map(|site| format!(" {} has one.", site.label())).unwrap_or_default();
        let bindings = if written.is_empty() { "none".to_owned() } else { written.join(", ") };
        Some(Fact::at(
            format!(
                "no binding of {} leads to {scheme}://{host}:{port}, so that the URL tells no endpoint and all of the site are looked at; its bindings: \
                 {bindings}.{other} Behind a load balancer this can be as it should",
                site.label()
            ),
            site.bindings.first().map(|binding| binding.place).or(site.place),
        ))
    }

    /// That a log was given and is not about the site.
    pub fn log_misses(&self) -> Option<Fact> {
        let logs = self.server.evidence.logs.as_ref()?;
        if !self.logged.is_empty() {
            return None;
        }
        let named = named_in_logs(self.server);
        let shown: Vec<&str> = named.iter().take(BINDINGS).map(|(name, _)| name.as_str()).collect();
        let of = if shown.is_empty() { "has no request".to_owned() } else { format!("speaks of {}", shown.join(", ")) };
        let text = format!("the log counts for nothing here: it {of}, and no line of it is known to be about {}", self.site().label());
        Some(Fact::at(text, logs.files.keys().next().map(|file| Place { file: *file, line: 1, column: 1 })))
    }

    /// How the URL is called in facts.
    pub fn place_name(&self) -> String {
        if self.scope.path == self.url.path { self.url.path.clone() } else { format!("{} (at {})", self.url.path, self.scope.path) }
    }

    /// What is in effect at the URL, for a setting that is decided there.
    pub fn at_url(&self, setting: Setting) -> Option<&'a Resolved> {
        self.scope.settings.get(setting).or_else(|| self.site().root().settings.get(setting))
    }

    /// The fact that a setting of the URL is what it is.
    pub fn url_fact(&self, setting: Setting) -> Option<Fact> {
        Some(Fact::setting(setting, self.at_url(setting)?, &self.place_name(), self.generation()))
    }

    /// The access flags in effect at the URL.
    pub fn access(&self) -> Option<u32> {
        self.at_url(Setting::AccessFlags)?.known()?.flags()
    }

    /// What is in effect on each endpoint through which the client may have come; the site's own value where it has none.
    pub fn on_endpoints(&self, setting: Setting) -> Vec<(Option<&'a Endpoint>, &'a Resolved)> {
        let of = |endpoint: &&'a Endpoint| endpoint.settings.get(setting).map(|resolved| (Some(*endpoint), resolved));
        let mut values: Vec<_> = self.endpoints.iter().filter_map(of).collect();
        if values.is_empty() {
            values.extend(self.site().root().settings.get(setting).map(|resolved| (None, resolved)));
        }
        values
    }

    /// Asks the URL about a setting that is decided there.
    pub fn ask_url(&self, setting: Setting, is: impl Fn(&Value) -> Option<bool>) -> Answer {
        let Some(resolved) = self.at_url(setting) else {
            let fact = Fact::new(format!("{} of {} is not known", entry(setting).title, self.place_name()));
            return Answer { unknown: vec![(fact, self.needs_for(setting))], ..Answer::default() };
        };
        let fact = Fact::setting(setting, resolved, &self.place_name(), self.generation());
        match resolved.known().and_then(is) {
            Some(yes) => Answer::of(yes, fact),
            None => Answer { unknown: vec![(fact, self.needs_for(setting))], ..Answer::default() },
        }
    }

    /// Whether any bit of `bits` is set in the access flags at the URL.
    pub fn access_has(&self, bits: u32) -> Answer {
        self.ask_url(Setting::AccessFlags, |value| Some(value.flags()? & bits != 0))
    }

    /// Asks each endpoint about a setting.
    pub fn ask(&self, setting: Setting, is: impl Fn(&Value) -> Option<bool>) -> Answer {
        let mut answer = Answer::default();
        for (endpoint, resolved) in self.on_endpoints(setting) {
            let of = endpoint.map_or_else(|| self.site().label(), |endpoint| endpoint.key.to_string());
            let fact = Fact::setting(setting, resolved, &of, self.generation());
            match resolved.known().and_then(&is) {
                Some(true) => answer.yes.push(fact),
                Some(false) => answer.no.push(fact),
                None => {
                    let contested = endpoint.and_then(|endpoint| self.contested(setting, endpoint));
                    let need = match &resolved.origin {
                        // The metabase itself lacks a key; no listing of records would settle what is written.
                        Origin::Unknown { needs } if self.is_iis6() && contested.is_none() && resolved.lacks_evidence() => {
                            Need::plain(needs.as_ref())
                        }
                        _ => self.needs_for(setting),
                    };
                    answer.unknown.push((contested.unwrap_or(fact), need));
                }
            }
        }
        if answer.yes.is_empty() && answer.no.is_empty() && answer.unknown.is_empty() {
            let fact = Fact::new(format!("{} of {} is not known", entry(setting).title, self.site().label()));
            answer.unknown.push((fact, self.needs_for(setting)));
        }
        answer
    }

    /// That the sites of an endpoint write different values, where that is why none is known.
    fn contested(&self, setting: Setting, endpoint: &Endpoint) -> Option<Fact> {
        if !self.is_iis6() || endpoint.sites.len() < 2 {
            return None;
        }
        let mine = self.site().root().settings.get(setting)?;
        let mut others = endpoint.sites.iter().filter(|site| **site != self.site).filter_map(|site| self.server.sites.get(*site));
        let other = others.find(|site| {
            let theirs = site.root().settings.get(setting).and_then(Resolved::known);
            theirs.is_some() && theirs != mine.known()
        })?;
        let theirs = other.root().settings.get(setting)?;
        let shown = |resolved: &Resolved| resolved.value.show(setting, Generation::Iis6);
        Some(Fact::at(
            format!(
                "{} of {} is not known: it is one value for all sites on the endpoint, and {} writes {} where {} writes {}; whose counts is not documented",
                entry(setting).title,
                endpoint.key,
                self.site().label(),
                shown(mine),
                other.label(),
                shown(theirs)
            ),
            theirs.origin.place().or(mine.origin.place()),
        ))
    }

    /// What tells a setting that is not known.
    pub fn needs_for(&self, setting: Setting) -> Need {
        match entry(setting).level {
            Level::Url => needs::configuration(self.server),
            Level::Endpoint => needs::records(self.server),
        }
    }

    /// Whether revocation is checked.
    pub fn checks_revocation(&self) -> Answer {
        self.ask(Setting::CertCheckMode, |value| Some(value.flags()? & cert_check::NO_REVOCATION == 0))
    }

    /// Whether all bits of `bits` are set in CertCheckMode.
    pub fn mode_has(&self, bits: u32) -> Answer {
        self.ask(Setting::CertCheckMode, |value| Some(value.flags()? & bits == bits))
    }

    /// Whether the first handshake asks for a client certificate.
    pub fn asks_early(&self) -> Answer {
        if let Some(fact) = self.without_tls() {
            return Answer::of(false, fact);
        }
        self.ask(Setting::NegotiateClientCertificate, Value::bool)
    }

    /// That no client can come by https, where the bindings tell that.
    pub fn without_tls(&self) -> Option<Fact> {
        let site = self.site();
        if self.url.is_plain() {
            return Some(Fact::new("the URL is called by http, and over http no certificate can be shown"));
        }
        let none = site.declared && !site.bindings.is_empty() && !site.has_binding("https");
        none.then(|| Fact::at(format!("{} has no https binding", site.label()), site.place))
    }

    /// Whether a client certificate is asked for at the URL, by the first handshake or later.
    pub fn asks(&self) -> Answer {
        if let Some(fact) = self.without_tls() {
            return Answer::of(false, fact);
        }
        let flags = self.url_fact(Setting::AccessFlags);
        match (self.access(), flags) {
            (Some(bits), Some(fact)) if bits & access::NEGOTIATE != 0 => Answer::of(true, fact),
            (Some(_), Some(fact)) => {
                let mut early = self.asks_early();
                early.no.insert(0, fact);
                if !early.yes.is_empty() {
                    early.no.remove(0);
                }
                early
            }
            (_, fact) => {
                let fact = fact.unwrap_or_else(|| Fact::new("the access flags of the URL are not known"));
                Answer { unknown: vec![(fact, needs::configuration(self.server))], ..Answer::default() }
            }
        }
    }

    /// That the log has the status with one of these results.
    pub fn logged_with(&self, status: &str, codes: &[u32]) -> Option<Fact> {
        let mut of = of_status(&self.logged, status);
        of.find(|one| one.win32.is_some_and(|win32| codes.contains(&win32))).map(Logged::fact)
    }

    /// That the log has the status with other results and never with one of these.
    pub fn logged_without(&self, status: &str, codes: &[u32]) -> Option<Fact> {
        let mut other = None;
        for one in of_status(&self.logged, status) {
            match one.win32 {
                Some(win32) if codes.contains(&win32) => return None,
                // Zero and "access denied" say nothing about a certificate, nor does a code that is not logged.
                Some(win32) if win32 > 0xffff => other = other.or_else(|| Some(one.fact())),
                _ => return None,
            }
        }
        other
    }

    /// The verifications of certificates that the server's files hold.
    pub fn verifications(&self) -> &'a [Verification] {
        &self.server.evidence.verifications
    }

    /// The command that sets a setting of the site or its endpoints, where there is one; the value that it replaces is named.
    pub fn set(&self, setting: Setting, risk: Risk, what: &str, value: &Value) -> Option<Remedy> {
        if let (true, Setting::DsMapper, Value::Bool(on)) = (self.is_iis6(), setting, value) {
            // IIS 6 knows it for the whole web service only.
            let text = if *on { "TRUE" } else { "FALSE" };
            return Some(Remedy::offer(risk, what, adsutil::set("/LM/W3SVC", "SslUseDsMapper", text)));
        }
        let resolved = match entry(setting).level {
            Level::Url => self.at_url(setting)?.clone(),
            Level::Endpoint => {
                let values = self.on_endpoints(setting);
                values.iter().find(|(_, resolved)| resolved.known().is_some()).or(values.first())?.1.clone()
            }
        };
        let said = Said { setting, generation: self.generation(), resolved };
        let keys: Vec<EndpointKey> = self.endpoints.iter().map(|endpoint| endpoint.key.clone()).collect();
        Fix { site: self.site_ref(), said: &said, path: &self.scope.path, only_on: &keys }.set(risk, what, value)
    }

    /// The command that shows a setting.
    pub fn look(&self, setting: Setting) -> Option<Remedy> {
        let resolved = match entry(setting).level {
            Level::Url => self.at_url(setting)?.clone(),
            Level::Endpoint => self.on_endpoints(setting).first()?.1.clone(),
        };
        let said = Said { setting, generation: self.generation(), resolved };
        Fix { site: self.site_ref(), said: &said, path: &self.scope.path, only_on: &[] }.look()
    }
}

/// The scope whose settings count at `path`: the nearest one at or above it.
pub(crate) fn nearest<'a>(site: &'a Site, path: &str) -> &'a Scope {
    let path = path.to_lowercase();
    let holds = |scope: &&Scope| {
        let own = scope.path.to_lowercase();
        path.strip_prefix(own.trim_end_matches('/')).is_some_and(|rest| rest.is_empty() || rest.starts_with('/'))
    };
    site.scopes.iter().filter(holds).max_by_key(|scope| scope.path.len()).unwrap_or_else(|| site.root())
}

/// Whether a request to this host and port comes to the binding.
fn takes(binding: &Binding, scheme: &str, host: &str, port: u16) -> bool {
    let numeric = host.parse::<std::net::Ipv4Addr>().is_ok() || host.starts_with('[');
    let own = binding.host.to_lowercase();
    let same = own.is_empty()
        || own == host
        || own.strip_prefix('*').is_some_and(|rest| host.split_once('.').is_some_and(|(_, tail)| rest.strip_prefix('.') == Some(tail)));
    let address = binding.ip == "*" || !numeric || binding.ip == host;
    binding.protocol.eq_ignore_ascii_case(scheme) && binding.port == Some(port) && same && address
}

/// Whether a client of `url` can come to the endpoint.
fn can_reach(url: &Url, key: &EndpointKey) -> bool {
    let port = |port: &u16| url.port.is_none_or(|wanted| wanted == *port);
    match key {
        EndpointKey::IpPort(ip, of) => {
            let numeric = url.host.as_deref().filter(|host| host.parse::<std::net::Ipv4Addr>().is_ok() || host.starts_with('['));
            port(of) && (ip == "0.0.0.0" || ip == "[::]" || numeric.is_none_or(|host| host == ip))
        }
        EndpointKey::HostPort(host, of) | EndpointKey::ScopedCcs(host, of) => {
            let same = |wanted: &str| {
                wanted == host
                    || host
                        .strip_prefix('*')
                        .is_some_and(|rest| wanted.split_once('.').is_some_and(|(_, tail)| rest.strip_prefix('.') == Some(tail)))
            };
            port(of) && url.host.as_deref().is_none_or(same)
        }
        EndpointKey::Ccs(of) => port(of),
    }
}
