//! What looked wrong or unknown while a store was read. Readers only notice; rules judge.

use crate::catalogue::Setting;
use crate::input::Place;

/// Something that a reader noticed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Anomaly {
    /// What it is.
    pub kind: AnomalyKind,
    /// Where it stands.
    pub place: Place,
    /// Other places that belong to it, each with a word on what is there.
    pub related: Vec<(Place, String)>,
    /// Index of the site that it concerns.
    pub site: Option<usize>,
    /// URL path within that site.
    pub path: Option<String>,
}

/// What a reader noticed. Texts are as in the file and must be escaped where they are printed. Passwords are never kept.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum AnomalyKind {
    /// An attribute of a known element that is not in the known schema.
    UnknownAttribute {
        /// Element path, such as `sites/site/bindings/binding`.
        element: String,
        /// The attribute.
        attribute: String,
    },
    /// An element inside a known section that is not in the known schema.
    UnknownElement {
        /// Element path of the parent.
        parent: String,
        /// The element.
        element: String,
    },
    /// A value that the schema's type does not allow.
    InvalidValue {
        /// Element path.
        element: String,
        /// The attribute.
        attribute: String,
        /// The value.
        value: String,
        /// What was expected, such as `true or false`.
        expected: &'static str,
    },
    /// A required attribute is missing.
    MissingAttribute {
        /// Element path.
        element: String,
        /// The attribute.
        attribute: &'static str,
    },
    /// A section is used that `configSections` does not declare although it declares others.
    SectionNotDeclared {
        /// Section path.
        section: String,
    },
    /// A section is declared twice in `configSections`.
    SectionDeclaredTwice {
        /// Section path.
        section: String,
    },
    /// `configSections` twice, or not the first child of `configuration`.
    ConfigSectionsMisplaced,
    /// One section twice for one path, or outside of any location and inside `path="."`.
    SectionDefinedTwice {
        /// Section path.
        section: String,
        /// Location path, empty for the level of the file.
        location: String,
    },
    /// `overrideMode` and `allowOverride` on one location tag.
    OverrideGivenTwice,
    /// A section or attribute is set below a lock.
    LockedSectionSet {
        /// Section path.
        section: String,
        /// The locked attribute; `None` when the whole section is locked.
        attribute: Option<String>,
        /// The location path that holds the lock, or the path of the web.config that does; empty for the server level.
        level: String,
        /// Whether the lock and what it binds stand in the same file, one location below the other. Whether IIS refuses that, too, is
        /// not documented.
        same_file: bool,
    },
    /// Two location paths differ only in letter case and hold the same section.
    LocationCaseVariants {
        /// Section path.
        section: String,
        /// The path at the anomaly's place.
        path: String,
        /// The other path.
        other: String,
    },
    /// A location path whose first part is no site of the file.
    LocationWithoutSite {
        /// The path.
        path: String,
    },
    /// A password that is not in the encrypted form `[enc:...]`. The value itself is not kept.
    PlainTextPassword {
        /// Element path.
        element: String,
        /// The attribute.
        attribute: &'static str,
    },
    /// Certificate properties of IIS 6 left in `customMetadata`.
    CertificateResidue {
        /// The metabase key, such as `LM/W3SVC/91`.
        key: String,
        /// The property id, such as 5506.
        id: u32,
    },
    /// The configuration is redirected elsewhere (`configurationRedirection enabled="true"`).
    Redirected {
        /// Where to.
        path: String,
    },
    /// Certificate mapping entries below the site level, which IIS ignores.
    MappingBelowSite,
    /// A setting at a metabase key where it has no effect.
    WithoutEffect {
        /// The setting.
        setting: Setting,
        /// The key.
        key: String,
        /// The value as written.
        value: String,
        /// Where it would count.
        counts_at: &'static str,
    },
    /// Bindings at a metabase key where they have no effect: they count at the key of a site only and are never inherited.
    BindingsWithoutEffect {
        /// `SecureBindings` or `ServerBindings`.
        property: &'static str,
        /// The key.
        key: String,
        /// The bindings, separated by line breaks.
        value: String,
    },
    /// One property twice on one metabase key; the first counts.
    PropertyTwice {
        /// The property, or its number.
        property: String,
        /// The key.
        key: String,
    },
    /// An attribute of a metabase key that is no property: nearly the name of an audited one, or none of the schema that was given.
    UnknownProperty {
        /// The type of the key, such as `IIsWebServer`.
        key_type: String,
        /// The key. Of a name that is near to none the first key of this type that has it.
        key: String,
        /// The attribute.
        property: String,
        /// The property that was likely meant.
        nearest: Option<&'static str>,
    },
    /// `DisableSocketPooling`, which IIS 6 accepts and ignores.
    SocketPoolingIgnored,
    /// A server certificate at `/LM/W3SVC`, which every site without its own inherits.
    CertificateAtService {
        /// `SSLCertHash` or `SSLStoreName`.
        property: &'static str,
    },
    /// Two metabase keys with the same path.
    KeyTwice {
        /// The key.
        key: String,
    },
    /// The XML declaration does not stand at the start of the file.
    LateDeclaration,
}
