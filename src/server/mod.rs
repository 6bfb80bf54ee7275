//! The joined model of one server: sites, bindings, endpoints and effective settings with their origin, the same for every generation
//! of IIS. Rules, comparisons and reports see this and nothing else.

mod anomaly;
mod binding;
mod elements;
mod rare;
mod settings;
mod windows;

use std::borrow::Cow;
use std::collections::BTreeSet;
use std::fmt;
use std::sync::Arc;

use serde::{Deserialize, Serialize};

pub use anomaly::{Anomaly, AnomalyKind};
pub use binding::{Binding, BindingFault, EndpointKey, binding_flags};
pub use elements::{
    Bits, Ftp, FtpCertificates, FtpChannel, Given, Hsts, HttpRedirect, LOG_TARGETS, LogFile, LogFormat, Names, Routing, SiteElements,
    ftp_validation, is_https, log_fields, seconds,
};
pub use rare::{Empty, Rare};
pub use settings::{Origin, Resolved, Settings};
pub use windows::WindowsVersion;

use crate::catalogue::{Level, Setting, Value, access, entry, readable_access};
use crate::evidence::Evidence;
use crate::httpsys::{ReadRecords, Record, Switch};
use crate::input::{FileId, Place};
use crate::schannel::Schannel;

/// Generation of IIS, as far as its files tell.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub enum Generation {
    /// IIS 6: everything is in MetaBase.xml.
    #[serde(rename = "iis-6")]
    Iis6,
    /// IIS 7 to 10: applicationHost.config, with the endpoint settings in HTTP.sys.
    #[serde(rename = "iis-7-or-later")]
    Iis7,
    /// IIS Express: the same files on a developer's machine.
    #[serde(rename = "iis-express")]
    IisExpress,
}

impl fmt::Display for Generation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Generation::Iis6 => "IIS 6",
            Generation::Iis7 => "IIS 7 or later",
            Generation::IisExpress => "IIS Express",
        })
    }
}

/// One server, put together from its files.
#[derive(Debug, Clone, PartialEq)]
pub struct Server {
    /// Its name: that of its directory or file.
    pub name: String,
    /// Its generation.
    pub generation: Generation,
    /// The version of Windows, where the user or a file names it. What the files merely rule out is not kept here.
    pub windows: Option<WindowsVersion>,
    /// The files it was made from, in reading order.
    pub inputs: Vec<FileId>,
    /// What holds at server level: `/LM/W3SVC`, or applicationHost.config outside of any location. Path is empty.
    pub scope: Rare<Scope>,
    /// The sites, in file order. Sites that repeat an id or a name are all kept.
    pub sites: Vec<Site>,
    /// The endpoints that the bindings of all sites lead to, sorted by key.
    pub endpoints: Vec<Endpoint>,
    /// The SSL records of HTTP.sys; `None` when they were not given, and always on IIS 6, which keeps their settings in the metabase.
    pub records: Option<Box<ReadRecords>>,
    /// IIS 6 beside a metabase only: the records that HTTP.sys has. What they say is in effect now; what the metabase writes instead stands
    /// in [`Site::overruled`].
    pub running: Option<Box<ReadRecords>>,
    /// The values of Schannel; `None` when they were not given.
    pub schannel: Option<Box<Schannel>>,
    /// What the server shows beside its configuration: certificate stores and events.
    pub evidence: Rare<Evidence>,
    /// Whether a list of sites was given at all. Without one nothing is said about missing sites or bindings.
    pub lists_sites: bool,
    /// What looked wrong or unknown while reading, for rules to judge.
    pub anomalies: Vec<Anomaly>,
    /// What could not be assessed, and what would settle it.
    pub notices: Vec<Notice>,
}

/// A site.
#[derive(Debug, Clone, PartialEq)]
pub struct Site {
    /// Its number; `None` when it has none that can be read, or is only known from location tags.
    pub id: Option<u32>,
    /// Its name (`ServerComment` on IIS 6), may be empty.
    pub name: String,
    /// Whether a site element or key declares it. Otherwise it is only known from location tags of a file without sites.
    pub declared: bool,
    /// Where it is declared, or the first location tag that names it.
    pub place: Option<Place>,
    /// Whether it starts with the service.
    pub auto_start: bool,
    /// Its bindings, in file order.
    pub bindings: Vec<Binding>,
    /// URL settings one level above the root of the site: the site's own key on IIS 6, the server level on IIS 7 and later.
    pub above: Arc<Settings>,
    /// The URL paths at which something is said, each with its effective settings; the first is `/`, the rest is sorted by path.
    pub scopes: Vec<Scope>,
    /// What its element says besides: HSTS, log and FTP. Empty on IIS 6.
    pub elements: SiteElements,
    /// IIS 6 only: what the metabase writes for the settings that a record of HTTP.sys decides now. Their value in effect is that of the root.
    pub overruled: Settings,
}

/// A URL path of a site, with what is in effect there.
#[derive(Debug, Clone, PartialEq)]
pub struct Scope {
    /// `/` for the site itself, `/app/dir` below; spelled as in the file. Empty for the server level.
    pub path: String,
    /// How the store itself names this place: the metabase key `/LM/W3SVC/1/ROOT/app`, or the location path `Site/app`.
    pub store_path: String,
    /// Whether an application or virtual directory begins here.
    pub is_application: bool,
    /// Where this path is first mentioned.
    pub place: Option<Place>,
    /// The product whose setup owns this path, when that is known; its own defaults are not the administrator's mistakes.
    pub product: Option<Product>,
    /// Effective settings. At `/` all settings that the generation has; below, those that are decided per URL.
    pub settings: Settings,
    /// Certificate mapping entries that are written at this path.
    pub mappings: Vec<Mapping>,
    /// Where its requests go: directory and redirection. Empty on IIS 6.
    pub routing: Routing,
}

/// A product that sets up its own paths in IIS.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Product {
    /// Microsoft Exchange: applications whose pool is called `MSExchange...` or whose directory is that of Exchange, and its documented
    /// virtual directories beside them.
    Exchange,
    /// RPC over HTTP Proxy, a feature of Windows that sets up `/Rpc` and `/RpcWithCert` in `System32\RpcProxy`.
    RpcProxy,
}

/// A certificate mapping entry of `iisClientCertificateMappingAuthentication`. Account names and passwords are not kept.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Mapping {
    /// Whether one certificate maps to one account; otherwise rules map many.
    pub one_to_one: bool,
    /// Name of a many-to-one entry, may be empty.
    pub name: String,
    /// Whether the entry is enabled.
    pub enabled: bool,
    /// Whether it denies access instead of mapping.
    pub deny: bool,
    /// Number of rules of a many-to-one entry.
    pub rules: usize,
    /// Where it stands.
    pub place: Place,
}

/// An endpoint: one SSL record of HTTP.sys, shared by all sites whose bindings lead to it.
#[derive(Debug, Clone, PartialEq)]
pub struct Endpoint {
    /// Its key.
    pub key: EndpointKey,
    /// Indexes of the sites on it, each once, ascending. Empty for a record that no binding of the server leads to.
    pub sites: Vec<usize>,
    /// The record of HTTP.sys that serves it.
    pub served: Served,
    /// What is in effect on it. A setting that its sites write differently is [`Origin::Unknown`]: which one counts is not known.
    pub settings: Settings,
}

/// Which record of HTTP.sys serves an endpoint. Numbers are indexes into the records of the server.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Served {
    /// The records were not given, or the server is IIS 6, which has none of its own.
    NotGiven,
    /// The record with the endpoint's own key.
    Own(usize),
    /// Another record, because there is no record with the endpoint's own key, or because the other one comes first.
    Other(usize),
    /// No record at all: the connection is reset.
    Nobody,
}

impl Served {
    /// Index of the record, whichever it is.
    pub fn record(self) -> Option<usize> {
        match self {
            Served::Own(record) | Served::Other(record) => Some(record),
            Served::NotGiven | Served::Nobody => None,
        }
    }
}

/// Something that was not assessed because a store was not given.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize)]
pub struct Notice {
    /// Kebab-case name, such as `endpoint-not-assessed`.
    pub name: &'static str,
    /// What was not assessed.
    pub message: String,
    /// What to supply so that it can be.
    pub needs: Cow<'static, str>,
}

/// What stands for the site of a web.config that was given without the file of its server.
pub const LONE_WEB_CONFIG: &str = "(web.config)";

impl Server {
    /// A server of which nothing is known yet but its name and generation.
    pub fn unknown(name: String, generation: Generation) -> Self {
        Server {
            name,
            generation,
            windows: None,
            inputs: Vec::new(),
            scope: Rare::default(),
            sites: Vec::new(),
            endpoints: Vec::new(),
            records: None,
            running: None,
            schannel: None,
            evidence: Rare::default(),
            lists_sites: false,
            anomalies: Vec::new(),
            notices: Vec::new(),
        }
    }

    /// The generation of IIS, and the version of Windows where it is known.
    pub fn system(&self) -> String {
        match self.windows {
            Some(windows) => format!("{}, {windows}", self.generation),
            None => self.generation.to_string(),
        }
    }

    /// The record of HTTP.sys that serves an endpoint.
    pub fn record_of(&self, endpoint: &Endpoint) -> Option<&Record> {
        self.records.as_ref()?.records.get(endpoint.served.record()?)
    }

    /// The endpoint of a site of IIS 6 on which what the site writes is not known to be in effect, because another site writes something else,
    /// with what would tell.
    pub fn disputed(&self, site: &Site, setting: Setting) -> Option<(&Endpoint, &Resolved)> {
        if self.generation != Generation::Iis6 || entry(setting).level != Level::Endpoint || site.root().value(setting).is_none() {
            return None;
        }
        site.bindings.iter().filter_map(|binding| binding.endpoint.as_ref()).find_map(|key| {
            let found = self.endpoints.binary_search_by(|endpoint| endpoint.key.cmp(key)).ok()?;
            let endpoint = self.endpoints.get(found)?;
            let resolved = endpoint.settings.get(setting).filter(|resolved| resolved.known().is_none())?;
            Some((endpoint, resolved))
        })
    }

    /// Whether any record was listed by a Windows that prints `switch`, so that a record without that line is no proof against it.
    pub fn lists_switch(&self, switch: Switch) -> bool {
        self.records.iter().flat_map(|records| &records.records).any(|record| record.switches.contains_key(&switch))
    }
}

impl Server {
    /// Whether it is a web.config without the file of its server: where on the server it belongs is not known.
    pub fn is_lone_web_config(&self) -> bool {
        !self.lists_sites && matches!(self.sites.as_slice(), [only] if !only.declared && only.name == LONE_WEB_CONFIG)
    }

    /// Forgets all sites but those with the given indexes, for showing a part of the server. Endpoints without a site left go too.
    pub fn keep_sites(&mut self, wanted: &[usize]) {
        let wanted: BTreeSet<usize> = wanted.iter().copied().collect();
        let mut new_index = vec![None; self.sites.len()];
        let mut kept = Vec::new();
        for (index, site) in std::mem::take(&mut self.sites).into_iter().enumerate() {
            if wanted.contains(&index) {
                new_index[index] = Some(kept.len());
                kept.push(site);
            }
        }
        self.sites = kept;
        for endpoint in &mut self.endpoints {
            endpoint.sites = endpoint.sites.iter().filter_map(|site| new_index[*site]).collect();
        }
        self.endpoints.retain(|endpoint| !endpoint.sites.is_empty());
        self.anomalies.retain_mut(|anomaly| match anomaly.site {
            None => true,
            Some(site) => {
                anomaly.site = new_index.get(site).copied().flatten();
                anomaly.site.is_some()
            }
        });
    }
}

impl Site {
    /// The root scope.
    pub fn root(&self) -> &Scope {
        &self.scopes[0]
    }

    /// What the configuration of the site itself says of a setting at its root, whatever the record of HTTP.sys has now.
    pub fn written(&self, setting: Setting) -> Option<&Resolved> {
        self.overruled.get(setting).or_else(|| self.root().settings.get(setting))
    }

    /// Name for messages: `"name" (id 7)`, `id 7` or `"name"`. The name comes from a file and must be escaped where it is printed.
    pub fn label(&self) -> String {
        match (self.id, self.name.as_str()) {
            (Some(id), "") => format!("site {id}"),
            (Some(id), name) => format!("\"{name}\" (id {id})"),
            (None, name) => format!("\"{name}\""),
        }
    }

    /// Whether at least one path asks for or requires a client certificate.
    pub fn wants_certificates(&self) -> bool {
        self.scopes.iter().any(Scope::wants_certificates)
    }

    /// Whether at least one path asks for or requires a client certificate, or has access flags that cannot be read, so that it may.
    pub fn may_want_certificates(&self) -> bool {
        self.scopes.iter().any(|scope| scope.wants_certificates() || matches!(scope.value(Setting::AccessFlags), Some(Value::Malformed(_))))
    }

    /// Whether at least one path requires a client certificate.
    pub fn requires_certificates(&self) -> bool {
        self.scopes.iter().any(|scope| scope.demands() & access::REQUIRE != 0)
    }

    /// Whether it has a binding of `protocol`.
    pub fn has_binding(&self, protocol: &str) -> bool {
        self.bindings.iter().any(|binding| binding.protocol.eq_ignore_ascii_case(protocol))
    }
}

impl Empty for Scope {
    /// That of a server of which nothing is known.
    const EMPTY: &'static Scope = &Scope {
        path: String::new(),
        store_path: String::new(),
        is_application: false,
        place: None,
        product: None,
        settings: Settings::NONE,
        mappings: Vec::new(),
        routing: Routing { physical_path: None, redirect: None, rewrites_to_https: None },
    };
}

impl Scope {
    /// The effective value of `setting`, when it is known.
    pub fn value(&self, setting: Setting) -> Option<&Value> {
        self.settings.get(setting).and_then(Resolved::known)
    }

    /// The effective SSL access flags, when they can be read.
    pub fn access(&self) -> Option<u32> {
        self.value(Setting::AccessFlags).and_then(Value::flags)
    }

    /// Whether a client certificate is asked for or required here.
    pub fn wants_certificates(&self) -> bool {
        self.demands() & (access::NEGOTIATE | access::REQUIRE) != 0
    }

    /// The SSL access flags as far as they can be read: a word that is no flag takes nothing from those beside it.
    fn demands(&self) -> u32 {
        match self.value(Setting::AccessFlags) {
            Some(Value::Flags(bits)) => *bits,
            Some(Value::Malformed(text)) => readable_access(text).0,
            _ => 0,
        }
    }
}
