//! The elements that are read, with the attributes and children that the schema of IIS gives them. What is not listed here is newer
//! than this table or a mistake; the reader says so and goes on.

use crate::catalogue::Setting;
use crate::server::{LOG_TARGETS, Names, ftp_validation, log_fields};

/// Type of an attribute, as far as a wrong value can be told.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Type {
    /// Anything; also what is checked elsewhere.
    Text,
    /// `true` or `false`.
    Bool,
    /// An unsigned number of 32 bits.
    Uint,
    /// One of these names, without regard to case.
    Enum(&'static [&'static str], &'static str),
    /// Any of these flags, separated by commas.
    Flags(&'static Names, &'static str),
    /// A length of time, `[d.]hh:mm:ss`.
    Span,
}

use Type::{Bool, Enum, Flags, Span, Text, Uint};

const LOGON: Type = Enum(&["Interactive", "Batch", "Network", "ClearText", "0", "1", "2", "3"], "Interactive, Batch, Network or ClearText");
const MODE: Type = Enum(&["Inherit", "Allow", "Deny"], "Allow, Deny or Inherit");

/// An element that is read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Node {
    Configuration,
    ConfigSections,
    SectionGroup,
    DeclaredSection,
    Location,
    WebServer,
    Security,
    Authentication,
    ApplicationHost,
    Sites,
    Site,
    Bindings,
    Binding,
    ClearBindings,
    Application,
    VirtualDirectory,
    SiteDefaults,
    ApplicationDefaults,
    VirtualDirectoryDefaults,
    CustomMetadata,
    Key,
    Property,
    Pools,
    Pool,
    ProcessModel,
    Redirection,
    Use(Section),
    RequestLimits,
    RedirectPattern,
    Rewrite,
    RewriteRules,
    RewriteRule,
    RewriteAction,
    LogFile,
    Hsts,
    FtpServer,
    FtpSecurity,
    FtpSsl,
    FtpCertificates,
    /// `system.applicationHost/log`.
    Log,
    OneToOneList,
    ManyToOneList,
    OneToOne,
    ManyToOne,
    Rules,
    Rule,
    /// Known, and of no interest.
    Passed,
}

/// A section whose values are audited.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(super) enum Section {
    Access,
    ServerRuntime,
    Anonymous,
    IisMapping,
    AdMapping,
    RequestFiltering,
    HttpRedirect,
}

impl Section {
    pub(super) const ALL: [Section; 7] = [
        Section::Access,
        Section::ServerRuntime,
        Section::Anonymous,
        Section::IisMapping,
        Section::AdMapping,
        Section::RequestFiltering,
        Section::HttpRedirect,
    ];

    pub(super) fn path(self) -> &'static str {
        match self {
            Section::Access => "system.webServer/security/access",
            Section::ServerRuntime => "system.webServer/serverRuntime",
            Section::Anonymous => "system.webServer/security/authentication/anonymousAuthentication",
            Section::IisMapping => "system.webServer/security/authentication/iisClientCertificateMappingAuthentication",
            Section::AdMapping => "system.webServer/security/authentication/clientCertificateMappingAuthentication",
            Section::RequestFiltering => "system.webServer/security/requestFiltering",
            Section::HttpRedirect => "system.webServer/httpRedirect",
        }
    }

    /// Whether a stock applicationHost.config forbids web.config to hold the section.
    pub(super) fn locked_in_stock(self) -> bool {
        !matches!(self, Section::RequestFiltering | Section::HttpRedirect)
    }
}

/// A setting and the attribute that says it.
#[derive(Debug, Clone, Copy)]
pub(super) struct Source {
    pub(super) setting: Setting,
    pub(super) section: Section,
    pub(super) node: Node,
    pub(super) attribute: &'static str,
}

/// Where each audited URL setting is written.
pub(super) const SOURCES: [Source; 7] = [
    source(Setting::AccessFlags, Section::Access, "sslFlags"),
    source(Setting::UploadReadAheadSize, Section::ServerRuntime, "uploadReadAheadSize"),
    Source {
        setting: Setting::MaxContentLength,
        section: Section::RequestFiltering,
        node: Node::RequestLimits,
        attribute: "maxAllowedContentLength",
    },
    source(Setting::AnonymousAuthentication, Section::Anonymous, "enabled"),
    source(Setting::IisCertificateMapping, Section::IisMapping, "enabled"),
    source(Setting::AdCertificateMapping, Section::AdMapping, "enabled"),
    source(Setting::AllowDoubleEscaping, Section::RequestFiltering, "allowDoubleEscaping"),
];

const fn source(setting: Setting, section: Section, attribute: &'static str) -> Source {
    Source { setting, section, node: Node::Use(section), attribute }
}

/// Index of `setting` in [`SOURCES`].
pub(super) fn index_of(setting: Setting) -> Option<usize> {
    SOURCES.iter().position(|source| source.setting == setting)
}

/// Attributes that every element of a configuration file may have. Their prefix, if any, is gone.
pub(super) const EVERYWHERE: &[&str] = &[
    "lockAttributes",
    "lockAllAttributesExcept",
    "lockElements",
    "lockAllElementsExcept",
    "lockItem",
    "configSource",
    "configProtectionProvider",
    // Transformation files of Visual Studio: xdt:Transform and xdt:Locator.
    "Transform",
    "Locator",
    "xmlns",
    "space",
];

/// What the schema gives an element.
pub(super) struct Shape {
    /// Path for messages.
    pub(super) path: &'static str,
    /// Attributes with their types; `None` where anything goes.
    pub(super) attributes: Option<&'static [(&'static str, Type)]>,
    /// Attributes without which IIS refuses the element.
    pub(super) required: &'static [&'static str],
    /// Children that are read or known.
    pub(super) children: &'static [(&'static str, Node)],
    /// Whether other children may stand here, such as sections that are not audited.
    pub(super) open: bool,
}

const PASSED: Node = Node::Passed;

/// The root elements that are read, besides `configuration` pieces that people paste.
pub(super) const ROOTS: &[(&str, Node)] = &[
    ("configuration", Node::Configuration),
    ("system.applicationHost", Node::ApplicationHost),
    ("sites", Node::Sites),
    ("site", Node::Site),
    ("location", Node::Location),
    ("system.webServer", Node::WebServer),
];

const fn group(path: &'static str, children: &'static [(&'static str, Node)]) -> Shape {
    Shape { path, attributes: None, required: &[], children, open: true }
}

const fn element(
    path: &'static str,
    attributes: &'static [(&'static str, Type)],
    required: &'static [&'static str],
    children: &'static [(&'static str, Node)],
) -> Shape {
    Shape { path, attributes: Some(attributes), required, children, open: false }
}

const VIRTUAL_DIRECTORY: &[(&str, Type)] =
    &[("path", Text), ("physicalPath", Text), ("userName", Text), ("password", Text), ("logonMethod", LOGON), ("allowSubDirConfig", Bool)];
const APPLICATION: &[(&str, Type)] = &[
    ("path", Text),
    ("applicationPool", Text),
    ("enabledProtocols", Text),
    ("serviceAutoStartEnabled", Bool),
    ("serviceAutoStartProvider", Text),
    ("preloadEnabled", Bool),
];

static CONFIGURATION: Shape = group(
    "configuration",
    &[
        ("configSections", Node::ConfigSections),
        ("location", Node::Location),
        ("system.webServer", Node::WebServer),
        ("system.applicationHost", Node::ApplicationHost),
        ("configurationRedirection", Node::Redirection),
    ],
);
static CONFIG_SECTIONS: Shape = group("configSections", &[("sectionGroup", Node::SectionGroup), ("section", Node::DeclaredSection)]);
static DECLARED_SECTION: Shape = group("configSections/section", &[]);
static LOCATION: Shape = Shape {
    path: "location",
    attributes: Some(&[("path", Text), ("overrideMode", MODE), ("allowOverride", Bool), ("inheritInChildApplications", Bool)]),
    required: &[],
    children: &[("system.webServer", Node::WebServer)],
    open: true,
};
static WEB_SERVER: Shape = group(
    "system.webServer",
    &[
        ("security", Node::Security),
        ("serverRuntime", Node::Use(Section::ServerRuntime)),
        ("httpRedirect", Node::Use(Section::HttpRedirect)),
        ("rewrite", Node::Rewrite),
    ],
);
static HTTP_REDIRECT: Shape = element(
    "system.webServer/httpRedirect",
    &[
        ("enabled", Bool),
        ("destination", Text),
        ("exactDestination", Bool),
        ("childOnly", Bool),
        (
            "httpResponseStatus",
            Enum(
                &["Permanent", "Found", "Temporary", "PermRedirect", "301", "302", "307", "308"],
                "Permanent, Found, Temporary or PermRedirect",
            ),
        ),
    ],
    &[],
    &[("add", Node::RedirectPattern), ("clear", PASSED), ("remove", PASSED)],
);
static REDIRECT_PATTERN: Shape = element("system.webServer/httpRedirect/add", &[("wildcard", Text), ("destination", Text)], &[], &[]);
static REWRITE: Shape = group("system.webServer/rewrite", &[("rules", Node::RewriteRules), ("globalRules", Node::RewriteRules)]);
static REWRITE_RULES: Shape = group("system.webServer/rewrite/rules", &[("rule", Node::RewriteRule)]);
static REWRITE_RULE: Shape = group("system.webServer/rewrite/rules/rule", &[("action", Node::RewriteAction)]);
static REWRITE_ACTION: Shape = group("system.webServer/rewrite/rules/rule/action", &[]);
static LOG_FILE: Shape = element(
    "sites/site/logFile",
    &[
        ("logExtFileFlags", Flags(log_fields::NAMES, "names of log fields, separated by commas")),
        ("customLogPluginClsid", Text),
        ("logFormat", Enum(&["W3C", "IIS", "NCSA", "Custom", "0", "1", "2", "3"], "W3C, IIS, NCSA or Custom")),
        ("logTargetW3C", Flags(LOG_TARGETS, "File, ETW or both, separated by a comma")),
        ("directory", Text),
        ("period", Text),
        ("truncateSize", Text),
        ("localTimeRollover", Bool),
        ("enabled", Bool),
        ("logSiteId", Bool),
        ("flushByEntryCountW3CLog", Uint),
        ("maxLogLineLength", Uint),
    ],
    &[],
    &[("customFields", PASSED)],
);
static HSTS: Shape = element(
    "sites/site/hsts",
    &[("enabled", Bool), ("max-age", Uint), ("includeSubDomains", Bool), ("preload", Bool), ("redirectHttpToHttps", Bool)],
    &[],
    &[],
);
static FTP_SERVER: Shape = group("sites/site/ftpServer", &[("security", Node::FtpSecurity)]);
static FTP_SECURITY: Shape =
    group("sites/site/ftpServer/security", &[("ssl", Node::FtpSsl), ("sslClientCertificates", Node::FtpCertificates)]);
static FTP_SSL: Shape = element(
    "sites/site/ftpServer/security/ssl",
    &[
        ("serverCertHash", Text),
        ("serverCertStoreName", Text),
        ("ssl128", Bool),
        (
            "controlChannelPolicy",
            Enum(
                &["SslAllow", "SslRequire", "SslRequireCredentialsOnly", "0", "1", "2"],
                "SslAllow, SslRequire or SslRequireCredentialsOnly",
            ),
        ),
        ("dataChannelPolicy", Enum(&["SslAllow", "SslRequire", "SslDeny", "0", "1", "2"], "SslAllow, SslRequire or SslDeny")),
        ("sslFlags", Uint),
    ],
    &[],
    &[],
);
static FTP_CERTIFICATES: Shape = element(
    "sites/site/ftpServer/security/sslClientCertificates",
    &[
        (
            "clientCertificatePolicy",
            Enum(&["CertIgnore", "CertAllow", "CertRequire", "0", "1", "2"], "CertIgnore, CertAllow or CertRequire"),
        ),
        ("validationFlags", Flags(ftp_validation::NAMES, "names of validation flags, separated by commas")),
        ("revocationFreshnessTime", Span),
        ("revocationUrlRetrievalTimeout", Span),
        ("useActiveDirectoryMapping", Bool),
    ],
    &[],
    &[],
);
static LOG: Shape = group("log", &[]);
static SECURITY: Shape = group(
    "system.webServer/security",
    &[
        ("access", Node::Use(Section::Access)),
        ("authentication", Node::Authentication),
        ("requestFiltering", Node::Use(Section::RequestFiltering)),
    ],
);
static AUTHENTICATION: Shape = group(
    "system.webServer/security/authentication",
    &[
        ("anonymousAuthentication", Node::Use(Section::Anonymous)),
        ("iisClientCertificateMappingAuthentication", Node::Use(Section::IisMapping)),
        ("clientCertificateMappingAuthentication", Node::Use(Section::AdMapping)),
    ],
);
static APPLICATION_HOST: Shape = group(
    "system.applicationHost",
    &[("sites", Node::Sites), ("customMetadata", Node::CustomMetadata), ("applicationPools", Node::Pools), ("log", Node::Log)],
);
static SITES: Shape = element(
    "sites",
    &[],
    &[],
    &[
        ("site", Node::Site),
        ("siteDefaults", Node::SiteDefaults),
        ("applicationDefaults", Node::ApplicationDefaults),
        ("virtualDirectoryDefaults", Node::VirtualDirectoryDefaults),
        ("clear", PASSED),
    ],
);
static SITE: Shape = element(
    "sites/site",
    &[("name", Text), ("id", Uint), ("serverAutoStart", Bool)],
    &["name", "id"],
    &[
        ("bindings", Node::Bindings),
        ("application", Node::Application),
        ("applicationDefaults", Node::ApplicationDefaults),
        ("virtualDirectoryDefaults", Node::VirtualDirectoryDefaults),
        ("limits", PASSED),
        ("logFile", Node::LogFile),
        ("traceFailedRequestsLogging", PASSED),
        ("hsts", Node::Hsts),
        ("ftpServer", Node::FtpServer),
        ("clear", PASSED),
    ],
);
static SITE_DEFAULTS: Shape = element(
    "sites/siteDefaults",
    &[("name", Text), ("id", Uint), ("serverAutoStart", Bool)],
    &[],
    &[
        ("bindings", Node::Bindings),
        ("application", PASSED),
        ("applicationDefaults", PASSED),
        ("virtualDirectoryDefaults", PASSED),
        ("limits", PASSED),
        ("logFile", Node::LogFile),
        ("traceFailedRequestsLogging", PASSED),
        ("hsts", Node::Hsts),
        ("ftpServer", Node::FtpServer),
    ],
);
static BINDINGS: Shape = element("sites/site/bindings", &[], &[], &[("binding", Node::Binding), ("clear", Node::ClearBindings)]);
static BINDING: Shape = element(
    "sites/site/bindings/binding",
    &[
        ("protocol", Text),
        ("bindingInformation", Text),
        ("sslFlags", Uint),
        // Run-time attributes of a schema extension; no file needs them.
        ("certificateHash", Text),
        ("certificateStoreName", Text),
        ("isDsMapperEnabled", Text),
    ],
    &["protocol", "bindingInformation"],
    &[],
);
static CLEAR: Shape = element("sites/site/bindings/clear", &[], &[], &[]);
static APPLICATION_SHAPE: Shape = element(
    "sites/site/application",
    APPLICATION,
    &["path"],
    &[("virtualDirectory", Node::VirtualDirectory), ("virtualDirectoryDefaults", Node::VirtualDirectoryDefaults), ("clear", PASSED)],
);
static APPLICATION_DEFAULTS: Shape = element("applicationDefaults", APPLICATION, &[], &[("virtualDirectoryDefaults", PASSED)]);
static VIRTUAL_DIRECTORY_SHAPE: Shape = element("sites/site/application/virtualDirectory", VIRTUAL_DIRECTORY, &["path"], &[]);
static VIRTUAL_DIRECTORY_DEFAULTS: Shape = element("virtualDirectoryDefaults", VIRTUAL_DIRECTORY, &[], &[]);
static CUSTOM_METADATA: Shape = element("customMetadata", &[], &[], &[("key", Node::Key)]);
static KEY: Shape = element("customMetadata/key", &[("path", Text)], &[], &[("property", Node::Property)]);
static PROPERTY: Shape = element(
    "customMetadata/key/property",
    &[("id", Uint), ("dataType", Text), ("userType", Text), ("attributes", Text), ("value", Text)],
    &[],
    &[],
);
static POOLS: Shape = group("applicationPools", &[("add", Node::Pool), ("applicationPoolDefaults", Node::Pool)]);
static POOL: Shape = group("applicationPools/add", &[("processModel", Node::ProcessModel)]);
static PROCESS_MODEL: Shape = group("applicationPools/add/processModel", &[]);
static REDIRECTION: Shape = element(
    "configurationRedirection",
    &[("enabled", Bool), ("path", Text), ("userName", Text), ("password", Text), ("enableUncPolling", Bool), ("pollingPeriod", Text)],
    &[],
    &[],
);
static ACCESS: Shape = element("system.webServer/security/access", &[("sslFlags", Text)], &[], &[]);
static SERVER_RUNTIME: Shape = element(
    "system.webServer/serverRuntime",
    &[
        ("enabled", Bool),
        ("appConcurrentRequestLimit", Uint),
        ("maxRequestEntityAllowed", Uint),
        ("uploadReadAheadSize", Uint),
        ("alternateHostName", Text),
        ("enableNagling", Bool),
        ("frequentHitThreshold", Uint),
        ("frequentHitTimePeriod", Text),
        ("authenticatedUserOverride", Text),
    ],
    &[],
    &[],
);
static ANONYMOUS: Shape = element(
    "system.webServer/security/authentication/anonymousAuthentication",
    &[("enabled", Bool), ("userName", Text), ("password", Text), ("logonMethod", LOGON), ("defaultLogonDomain", Text)],
    &[],
    &[],
);
static IIS_MAPPING: Shape = element(
    "system.webServer/security/authentication/iisClientCertificateMappingAuthentication",
    &[
        ("enabled", Bool),
        ("oneToOneCertificateMappingsEnabled", Bool),
        ("manyToOneCertificateMappingsEnabled", Bool),
        ("logonMethod", LOGON),
        ("defaultLogonDomain", Text),
    ],
    &[],
    &[("oneToOneMappings", Node::OneToOneList), ("manyToOneMappings", Node::ManyToOneList)],
);
static AD_MAPPING: Shape =
    element("system.webServer/security/authentication/clientCertificateMappingAuthentication", &[("enabled", Bool)], &[], &[]);
static REQUEST_FILTERING: Shape = element(
    "system.webServer/security/requestFiltering",
    &[("allowDoubleEscaping", Bool), ("allowHighBitCharacters", Bool), ("unescapeQueryString", Bool), ("removeServerHeader", Bool)],
    &[],
    &[
        ("requestLimits", Node::RequestLimits),
        ("fileExtensions", PASSED),
        ("verbs", PASSED),
        ("hiddenSegments", PASSED),
        ("denyUrlSequences", PASSED),
        ("alwaysAllowedUrls", PASSED),
        ("alwaysAllowedQueryStrings", PASSED),
        ("denyQueryStringSequences", PASSED),
        ("filteringRules", PASSED),
    ],
);
static REQUEST_LIMITS: Shape = element(
    "system.webServer/security/requestFiltering/requestLimits",
    &[("maxAllowedContentLength", Uint), ("maxUrl", Uint), ("maxQueryString", Uint)],
    &[],
    &[("headerLimits", PASSED)],
);
static ONE_TO_ONE_LIST: Shape = element("oneToOneMappings", &[], &[], &[("add", Node::OneToOne), ("clear", PASSED), ("remove", PASSED)]);
static MANY_TO_ONE_LIST: Shape = element("manyToOneMappings", &[], &[], &[("add", Node::ManyToOne), ("clear", PASSED), ("remove", PASSED)]);
static ONE_TO_ONE: Shape =
    element("oneToOneMappings/add", &[("enabled", Bool), ("userName", Text), ("password", Text), ("certificate", Text)], &[], &[]);
static MANY_TO_ONE: Shape = element(
    "manyToOneMappings/add",
    &[
        ("name", Text),
        ("description", Text),
        ("enabled", Bool),
        ("permissionMode", Enum(&["Allow", "Deny", "1", "2"], "Allow or Deny")),
        ("userName", Text),
        ("password", Text),
    ],
    &["name"],
    &[("rules", Node::Rules)],
);
static RULES: Shape = element("manyToOneMappings/add/rules", &[], &[], &[("add", Node::Rule), ("clear", PASSED), ("remove", PASSED)]);
static RULE: Shape = element(
    "manyToOneMappings/add/rules/add",
    &[
        ("certificateField", Enum(&["Subject", "Issuer", "1", "2"], "Subject or Issuer")),
        ("certificateSubField", Text),
        ("matchCriteria", Text),
        ("compareCaseSensitive", Bool),
    ],
    &[],
    &[],
);
static NOTHING: Shape = group("", &[]);

/// The shape of `node`.
pub(super) fn shape(node: Node) -> &'static Shape {
    match node {
        Node::Configuration => &CONFIGURATION,
        Node::ConfigSections | Node::SectionGroup => &CONFIG_SECTIONS,
        Node::DeclaredSection => &DECLARED_SECTION,
        Node::Location => &LOCATION,
        Node::WebServer => &WEB_SERVER,
        Node::Security => &SECURITY,
        Node::Authentication => &AUTHENTICATION,
        Node::ApplicationHost => &APPLICATION_HOST,
        Node::Sites => &SITES,
        Node::Site => &SITE,
        Node::SiteDefaults => &SITE_DEFAULTS,
        Node::Bindings => &BINDINGS,
        Node::Binding => &BINDING,
        Node::ClearBindings => &CLEAR,
        Node::Application => &APPLICATION_SHAPE,
        Node::ApplicationDefaults => &APPLICATION_DEFAULTS,
        Node::VirtualDirectory => &VIRTUAL_DIRECTORY_SHAPE,
        Node::VirtualDirectoryDefaults => &VIRTUAL_DIRECTORY_DEFAULTS,
        Node::CustomMetadata => &CUSTOM_METADATA,
        Node::Key => &KEY,
        Node::Property => &PROPERTY,
        Node::Pools => &POOLS,
        Node::Pool => &POOL,
        Node::ProcessModel => &PROCESS_MODEL,
        Node::Redirection => &REDIRECTION,
        Node::Use(Section::Access) => &ACCESS,
        Node::Use(Section::ServerRuntime) => &SERVER_RUNTIME,
        Node::Use(Section::Anonymous) => &ANONYMOUS,
        Node::Use(Section::IisMapping) => &IIS_MAPPING,
        Node::Use(Section::AdMapping) => &AD_MAPPING,
        Node::Use(Section::RequestFiltering) => &REQUEST_FILTERING,
        Node::Use(Section::HttpRedirect) => &HTTP_REDIRECT,
        Node::RedirectPattern => &REDIRECT_PATTERN,
        Node::Rewrite => &REWRITE,
        Node::RewriteRules => &REWRITE_RULES,
        Node::RewriteRule => &REWRITE_RULE,
        Node::RewriteAction => &REWRITE_ACTION,
        Node::LogFile => &LOG_FILE,
        Node::Hsts => &HSTS,
        Node::FtpServer => &FTP_SERVER,
        Node::FtpSecurity => &FTP_SECURITY,
        Node::FtpSsl => &FTP_SSL,
        Node::FtpCertificates => &FTP_CERTIFICATES,
        Node::Log => &LOG,
        Node::RequestLimits => &REQUEST_LIMITS,
        Node::OneToOneList => &ONE_TO_ONE_LIST,
        Node::ManyToOneList => &MANY_TO_ONE_LIST,
        Node::OneToOne => &ONE_TO_ONE,
        Node::ManyToOne => &MANY_TO_ONE,
        Node::Rules => &RULES,
        Node::Rule => &RULE,
        Node::Passed => &NOTHING,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::catalogue::{Level, entry};

    #[test]
    fn every_url_setting_of_the_catalogue_is_read_where_the_catalogue_says() {
        let mut wanted = Vec::new();
        for setting in Setting::ALL {
            let entry = entry(*setting);
            if let Some(iis7) = entry.iis7.as_ref().filter(|_| entry.level == Level::Url) {
                wanted.push((*setting, format!("{}/{}", iis7.section, iis7.attribute)));
            }
        }
        let mut given: Vec<_> =
            SOURCES.iter().map(|source| (source.setting, format!("{}/{}", shape(source.node).path, source.attribute))).collect();
        given.sort();
        assert_eq!(given, wanted);
        assert!(SOURCES.iter().all(|source| shape(source.node).path.starts_with(source.section.path())));
    }
}
