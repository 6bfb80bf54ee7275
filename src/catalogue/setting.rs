//! The settings that are audited, and their entries in the catalogue.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

use super::entries::ENTRIES;

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

            /// A bit for each, for sets of them.
            pub(crate) const fn bit(self) -> u64 {
                1 << self as u64
            }

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
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
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
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Level {
    /// Per URL path.
    Url,
    /// Per IP:port or HTTP.sys record, for all sites on it.
    Endpoint,
}

/// What the catalogue says of one setting.
#[derive(Debug)]
pub struct Entry {
    /// The setting.
    pub setting: Setting,
    /// Short name for people.
    pub title: &'static str,
    /// Type of the value.
    pub kind: Kind,
    /// Where it is decided.
    pub level: Level,
    /// Unit of a number.
    pub unit: &'static str,
    /// What the setting does.
    pub about: &'static str,
    /// What a value of 0 means.
    pub when_zero: &'static str,
    /// What `true` means.
    pub when_true: &'static str,
    /// What `false` means.
    pub when_false: &'static str,
    /// What an empty or absent value means.
    pub when_none: &'static str,
    /// Statuses that a difference in this setting can cause, such as `403.13`.
    pub statuses: &'static [&'static str],
    /// How IIS 6 spells it; `None` where IIS 6 has no such setting.
    pub iis6: Option<Iis6>,
    /// How IIS 7 and later spell it; `None` where they have no such setting.
    pub iis7: Option<Iis7>,
    /// Where the facts come from.
    pub sources: &'static [&'static str],
    /// The bits of a bit set, in the order in which IIS prints them.
    pub bits: &'static [Bit],
}

/// A metabase property.
#[derive(Debug)]
pub struct Iis6 {
    /// Name of the property.
    pub property: &'static str,
    /// Its number in the metabase.
    pub id: u32,
    /// Whether child keys inherit it by the schema.
    pub inherit: bool,
    /// Its value where no key says anything.
    pub default: &'static str,
}

/// An attribute of applicationHost.config, or a field of an HTTP.sys record.
#[derive(Debug)]
pub struct Iis7 {
    /// Section path, empty for a field of a record.
    pub section: &'static str,
    /// Attribute of the section; a part before `/` is a child element.
    pub attribute: &'static str,
    /// Its value where no file says anything.
    pub default: &'static str,
    /// Field of the HTTP.sys record, empty for an attribute.
    pub record: &'static str,
    /// The command whose output would tell the value.
    pub needs: &'static str,
}

/// One bit of a bit set.
#[derive(Debug)]
pub struct Bit {
    /// The bit's value.
    pub value: u32,
    /// Its name in IIS 6.
    pub iis6: &'static str,
    /// Its name in IIS 7 and later.
    pub iis7: &'static str,
    /// What it does when it is set.
    pub meaning: &'static str,
}

/// The entry of `setting`.
pub fn entry(setting: Setting) -> &'static Entry {
    &ENTRIES[setting as usize]
}

#[cfg(test)]
mod tests {
    use std::fmt::Write;

    use toml::{Table, Value};

    use super::*;

    const TEXT: &str = include_str!("../../schemas/settings.toml");

    /// The table without what the closure took out of it; nothing may be left, so that no misspelt key is passed over.
    fn taken<T>(table: &Table, take: impl FnOnce(&mut Table) -> T) -> T {
        let mut rest = table.clone();
        let result = take(&mut rest);
        assert!(rest.is_empty(), "unknown keys: {rest:?}");
        result
    }

    fn text(table: &mut Table, key: &str) -> String {
        format!("{:?}", table.remove(key).map(|value| value.as_str().unwrap().to_owned()).unwrap_or_default())
    }

    /// Fields with a text each, as Rust; a key that is missing is an empty text.
    fn texts(table: &mut Table, keys: &[&str]) -> String {
        keys.iter().map(|key| format!("{key}: {}, ", text(table, key))).collect()
    }

    fn list(table: &mut Table, key: &str) -> String {
        let items = table.remove(key).map(|value| value.as_array().unwrap().clone()).unwrap_or_default();
        format!("&{:?}", items.iter().map(|item| item.as_str().unwrap()).collect::<Vec<_>>())
    }

    fn option(value: Option<Value>, of: impl FnOnce(&mut Table) -> String) -> String {
        value.map_or("None".to_owned(), |value| format!("Some({})", taken(value.as_table().unwrap(), of)))
    }

    /// A word such as `flags` as the variant `Flags`.
    fn variant(table: &mut Table, key: &str) -> String {
        let word = table.remove(key).unwrap().as_str().unwrap().to_owned();
        word[..1].to_uppercase() + &word[1..]
    }

    fn bit(table: &mut Table) -> String {
        format!("Bit {{ value: {}, {}}}", table.remove("value").unwrap().as_integer().unwrap(), texts(table, &["iis6", "iis7", "meaning"]))
    }

    fn entry_of(table: &mut Table) -> String {
        let name = table.remove("name").unwrap();
        let setting = Setting::ALL.iter().find(|setting| Some(setting.name()) == name.as_str()).unwrap();
        let iis6 = option(table.remove("iis6"), |table| {
            let id = table.remove("id").unwrap().as_integer().unwrap();
            let inherit = table.remove("inherit").unwrap().as_bool().unwrap();
            format!("Iis6 {{ {}id: {id}, inherit: {inherit} }}", texts(table, &["property", "default"]))
        });
        let iis7 = option(table.remove("iis7"), |table| {
            format!("Iis7 {{ {}}}", texts(table, &["section", "attribute", "default", "record", "needs"]))
        });
        let bits = table.remove("bits").map(|bits| bits.as_array().unwrap().clone()).unwrap_or_default();
        let mut rust = format!(
            "    Entry {{\n        setting: Setting::{setting:?},\n        kind: Kind::{},\n        level: Level::{},\n",
            variant(table, "kind"),
            variant(table, "level"),
        );
        for key in ["title", "unit", "about", "when_zero", "when_true", "when_false", "when_none"] {
            writeln!(rust, "        {key}: {},", text(table, key)).unwrap();
        }
        for key in ["statuses", "sources"] {
            writeln!(rust, "        {key}: {},", list(table, key)).unwrap();
        }
        writeln!(rust, "        iis6: {iis6},\n        iis7: {iis7},\n        bits: &[").unwrap();
        for of in bits {
            writeln!(rust, "            {},", taken(of.as_table().unwrap(), bit)).unwrap();
        }
        rust + "        ],\n    },\n"
    }

    #[test]
    fn the_table_of_entries_says_what_the_catalogue_says() {
        let parsed: Table = TEXT.parse().unwrap();
        let entries = taken(&parsed, |table| table.remove("setting").unwrap().as_array().unwrap().clone());
        let mut expected = String::from(
            "//! The catalogue of settings as a table, so that nothing is parsed when the program starts. Made from `schemas/settings.toml` by\n\
             //! `IISAUDIT_UPDATE=1 cargo test catalogue`; change it there.\n\n\
             use super::setting::{Bit, Entry, Iis6, Iis7, Kind, Level, Setting};\n\n\
             pub(super) const ENTRIES: &[Entry] = &[\n",
        );
        expected.extend(entries.iter().map(|entry| taken(entry.as_table().unwrap(), entry_of)));
        expected.push_str("];\n");
        let path = concat!(env!("CARGO_MANIFEST_DIR"), "/src/catalogue/entries.rs");
        if std::env::var_os("IISAUDIT_UPDATE").is_some_and(|value| value == "1") {
            std::fs::write(path, &expected).unwrap();
        }
        let written = std::fs::read_to_string(path).unwrap().replace("\r\n", "\n");
        assert!(written == expected, "run this test with IISAUDIT_UPDATE=1 to write {path} anew");
    }

    #[test]
    fn the_catalogue_has_exactly_one_entry_for_every_setting_in_the_same_order() {
        assert_eq!(ENTRIES.iter().map(|entry| entry.setting).collect::<Vec<_>>(), Setting::ALL);
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
