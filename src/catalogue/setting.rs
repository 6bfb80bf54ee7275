//! The settings that are audited, and their entries in the catalogue.

use std::fmt;
use std::str::FromStr;
use std::sync::OnceLock;

use serde::{Deserialize, Serialize};

macro_rules! settings {
    ($($variant:ident $name:literal $documentation:literal,)*) => {
        /// A setting that is audited. The order is the order of reports.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
        pub enum Setting {
            $(#[doc = $documentation] #[serde(rename = $name)] $variant,)*
        }

        impl Setting {
            /// All settings, in the order of reports.
            pub const ALL: &'static [Setting] = &[$(Setting::$variant,)*];

            /// The name in reports and JSON.
            pub const fn name(self) -> &'static str {
                match self { $(Setting::$variant => $name,)* }
            }
        }
    };
}

settings! {
    AccessFlags "access-flags" "SSL access flags of a URL: `AccessSSLFlags`, or `access@sslFlags`.",
    CertCheckMode "cert-check-mode" "Revocation and usage check of client certificates.",
    RevocationFreshnessTime "revocation-freshness-time" "Seconds after which a CRL is fetched anew.",
    RevocationUrlRetrievalTimeout "revocation-url-retrieval-timeout" "Milliseconds that fetching a CRL may take.",
    CtlIdentifier "ctl-identifier" "Certificate trust list that restricts the issuers.",
    CtlStoreName "ctl-store-name" "Store of the certificate trust list or of the issuers.",
    DsMapper "ds-mapper" "Mapping by Active Directory in the TLS layer.",
    NegotiateClientCertificate "negotiate-client-certificate" "Asking for the certificate in the first handshake.",
    ServerCertificate "server-certificate" "Thumbprint of the server certificate.",
    ServerCertificateStore "server-certificate-store" "Store of the server certificate.",
    UploadReadAheadSize "upload-read-ahead-size" "Bytes of a body that are read before a late certificate request.",
    MaxContentLength "max-content-length" "Largest request body.",
    AccessPermissions "access-permissions" "Read, write and script permissions of IIS 6.",
    AnonymousAuthentication "anonymous-authentication" "Anonymous authentication.",
    IisCertificateMapping "iis-certificate-mapping" "Certificate mapping by IIS.",
    AdCertificateMapping "ad-certificate-mapping" "Certificate mapping by Active Directory in IIS.",
    AllowDoubleEscaping "allow-double-escaping" "Double escaping in URLs.",
}

impl fmt::Display for Setting {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

impl FromStr for Setting {
    type Err = ();

    /// Finds a setting by its catalogue name or by its IIS 6 property name, without regard to case.
    fn from_str(text: &str) -> Result<Self, ()> {
        let matches = |setting: &&Setting| {
            setting.name().eq_ignore_ascii_case(text)
                || entry(**setting).iis6.as_ref().is_some_and(|iis6| iis6.property.eq_ignore_ascii_case(text))
        };
        Setting::ALL.iter().find(matches).copied().ok_or(())
    }
}

/// Type of a setting's value.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Kind {
    /// A bit set.
    Flags,
    /// An unsigned number.
    Number,
    /// True or false.
    Bool,
    /// A text that is compared without regard to case.
    Text,
    /// Bytes, written in hexadecimal.
    Bytes,
}

/// Where a setting is decided.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Level {
    /// Per URL path.
    Url,
    /// Per IP:port or HTTP.sys record, for all sites on it.
    Endpoint,
}

/// What the catalogue says of one setting.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Entry {
    /// The setting.
    #[serde(rename = "name")]
    pub setting: Setting,
    /// Short name for people.
    pub title: String,
    /// Type of the value.
    pub kind: Kind,
    /// Where it is decided.
    pub level: Level,
    /// Unit of a number.
    #[serde(default)]
    pub unit: String,
    /// What the setting does.
    pub about: String,
    /// What a value of 0 means.
    #[serde(default)]
    pub when_zero: String,
    /// What `true` means.
    #[serde(default)]
    pub when_true: String,
    /// What `false` means.
    #[serde(default)]
    pub when_false: String,
    /// What an empty or absent value means.
    #[serde(default)]
    pub when_none: String,
    /// Statuses that a difference in this setting can cause, such as `403.13`.
    pub statuses: Vec<String>,
    /// How IIS 6 spells it; `None` where IIS 6 has no such setting.
    pub iis6: Option<Iis6>,
    /// How IIS 7 and later spell it; `None` where they have no such setting.
    pub iis7: Option<Iis7>,
    /// Where the facts come from.
    pub sources: Vec<String>,
    /// The bits of a bit set, in the order in which IIS prints them.
    #[serde(default)]
    pub bits: Vec<Bit>,
}

/// A metabase property.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Iis6 {
    /// Name of the property.
    pub property: String,
    /// Its number in the metabase.
    pub id: u32,
    /// Whether child keys inherit it by the schema.
    pub inherit: bool,
    /// Its value where no key says anything.
    pub default: String,
}

/// An attribute of applicationHost.config, or a field of an HTTP.sys record.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Iis7 {
    /// Section path, empty for a field of a record.
    #[serde(default)]
    pub section: String,
    /// Attribute of the section; a part before `/` is a child element.
    #[serde(default)]
    pub attribute: String,
    /// Its value where no file says anything.
    #[serde(default)]
    pub default: String,
    /// Field of the HTTP.sys record, empty for an attribute.
    #[serde(default)]
    pub record: String,
    /// The command whose output would tell the value.
    #[serde(default)]
    pub needs: String,
}

/// One bit of a bit set.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Bit {
    /// The bit's value.
    pub value: u32,
    /// Its name in IIS 6.
    #[serde(default)]
    pub iis6: String,
    /// Its name in IIS 7 and later.
    #[serde(default)]
    pub iis7: String,
    /// What it does when it is set.
    pub meaning: String,
}

const TEXT: &str = include_str!("../../schemas/settings.toml");

#[derive(Deserialize)]
struct File {
    setting: Vec<Entry>,
}

/// The entry of `setting`.
pub fn entry(setting: Setting) -> &'static Entry {
    static ENTRIES: OnceLock<Vec<Entry>> = OnceLock::new();
    // The text is part of the program, and a test proves that it parses and is complete.
    #[expect(clippy::expect_used, reason = "compiled-in text, proven by a test")]
    let entries = ENTRIES.get_or_init(|| {
        let mut entries = toml::from_str::<File>(TEXT).expect("schemas/settings.toml is valid").setting;
        entries.sort_by_key(|entry| entry.setting);
        entries
    });
    &entries[setting as usize]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_catalogue_has_exactly_one_entry_for_every_setting_in_the_same_order() {
        let parsed = toml::from_str::<File>(TEXT).unwrap().setting;
        assert_eq!(parsed.iter().map(|entry| entry.setting).collect::<Vec<_>>(), Setting::ALL);
        for setting in Setting::ALL {
            assert_eq!(entry(*setting).setting, *setting);
        }
    }

    #[test]
    fn every_entry_says_what_its_values_mean() {
        for entry in Setting::ALL.iter().map(|setting| entry(*setting)) {
            assert!(!entry.about.is_empty() && !entry.sources.is_empty() && (entry.iis6.is_some() || entry.iis7.is_some()));
            match entry.kind {
                Kind::Flags => assert!(!entry.bits.is_empty() && !entry.when_zero.is_empty(), "{}", entry.setting),
                Kind::Bool => assert!(!entry.when_true.is_empty() && !entry.when_false.is_empty(), "{}", entry.setting),
                Kind::Number => assert!(!entry.unit.is_empty(), "{}", entry.setting),
                Kind::Text | Kind::Bytes => assert!(!entry.when_none.is_empty(), "{}", entry.setting),
            }
            if let Some(iis7) = &entry.iis7 {
                assert_ne!(iis7.record.is_empty(), iis7.section.is_empty(), "{}", entry.setting);
            }
        }
    }

    #[test]
    fn a_setting_is_found_by_either_name() {
        assert_eq!("certcheckmode".parse(), Ok(Setting::CertCheckMode));
        assert_eq!("ctl-store-name".parse(), Ok(Setting::CtlStoreName));
        assert!("sslFlags".parse::<Setting>().is_err());
    }
}
