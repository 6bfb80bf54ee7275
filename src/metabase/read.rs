//! The keys of a MetaBase.xml and what each says: nothing inferred, nothing kept that is not audited, no secret kept at all.

use std::collections::BTreeSet;

use super::inherit::Tree;
use super::mbschema::{Facts, MbSchema, inherits};
use super::names::{Names, Verdict};
use crate::catalogue::{Setting, Value};
use crate::input::{FileId, Place};
use crate::server::{Anomaly, AnomalyKind};
use crate::xml::{self, Attribute, Event, Limits, PieceError, XmlError, XmlReader};

/// What a MetaBase.xml says.
#[derive(Debug)]
pub struct Metabase {
    pub(super) file: FileId,
    pub(super) tree: Tree,
    pub(super) facts: Facts,
    late_declaration: Option<Place>,
    repeated: Vec<Repeated>,
    unknown: Vec<(AnomalyKind, Place)>,
}

/// A key or a property that stands twice.
#[derive(Debug)]
pub(super) struct Repeated {
    pub(super) kind: AnomalyKind,
    pub(super) place: Place,
    /// Where the one stands that counts.
    pub(super) first: Place,
}

/// A key of the metabase.
#[derive(Debug)]
pub(super) struct Key {
    /// Its path for comparing: lower case, single slashes, none at the end.
    pub(super) path: String,
    /// Which part of the tree it belongs to.
    pub(super) level: Level,
    /// Its path as written, but for surplus slashes.
    pub(super) location: String,
    /// Whether it is a `IIsWebVirtualDir`.
    pub(super) is_virtual_directory: bool,
    /// Where it starts.
    pub(super) place: Place,
    /// What it says, in file order, each property once.
    pub(super) said: Vec<Said>,
}

/// What a key says of one property.
#[derive(Debug)]
pub(super) struct Said {
    pub(super) property: Property,
    /// The text as written; list items are separated by line breaks. Empty for a secret.
    pub(super) text: String,
    /// The value of a setting.
    pub(super) value: Value,
    /// Whether child keys inherit it.
    pub(super) inherits: bool,
    pub(super) place: Place,
}

/// A property that is read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Property {
    Setting(Setting),
    ServerComment,
    ServerAutoStart,
    SecureBindings,
    ServerBindings,
    DisableSocketPooling,
}

impl Property {
    fn named(name: &str) -> Option<Property> {
        Some(match name {
            "AccessFlags" => Property::Setting(Setting::AccessPermissions),
            "AccessSSLFlags" => Property::Setting(Setting::AccessFlags),
            "AuthFlags" => Property::Setting(Setting::AnonymousAuthentication),
            "CertCheckMode" => Property::Setting(Setting::CertCheckMode),
            "DisableSocketPooling" => Property::DisableSocketPooling,
            "MaxRequestEntityAllowed" => Property::Setting(Setting::MaxContentLength),
            "RevocationFreshnessTime" => Property::Setting(Setting::RevocationFreshnessTime),
            "RevocationURLRetrievalTimeout" => Property::Setting(Setting::RevocationUrlRetrievalTimeout),
            "SSLAlwaysNegoClientCert" => Property::Setting(Setting::NegotiateClientCertificate),
            "SSLCertHash" => Property::Setting(Setting::ServerCertificate),
            "SSLStoreName" => Property::Setting(Setting::ServerCertificateStore),
            "SecureBindings" => Property::SecureBindings,
            "ServerAutoStart" => Property::ServerAutoStart,
            "ServerBindings" => Property::ServerBindings,
            "ServerComment" => Property::ServerComment,
            "SslCtlIdentifier" => Property::Setting(Setting::CtlIdentifier),
            "SslCtlStoreName" => Property::Setting(Setting::CtlStoreName),
            "SslUseDsMapper" => Property::Setting(Setting::DsMapper),
            "UploadReadAheadSize" => Property::Setting(Setting::UploadReadAheadSize),
            _ => return None,
        })
    }

    fn numbered(id: u32) -> Option<Property> {
        Some(match id {
            1015 => Property::ServerComment,
            1017 => Property::ServerAutoStart,
            1023 => Property::ServerBindings,
            1029 => Property::DisableSocketPooling,
            2021 => Property::SecureBindings,
            2160 => Property::Setting(Setting::CertCheckMode),
            2161 => Property::Setting(Setting::RevocationFreshnessTime),
            2162 => Property::Setting(Setting::RevocationUrlRetrievalTimeout),
            5506 => Property::Setting(Setting::ServerCertificate),
            5511 => Property::Setting(Setting::ServerCertificateStore),
            5512 => Property::Setting(Setting::CtlIdentifier),
            5517 => Property::Setting(Setting::CtlStoreName),
            5519 => Property::Setting(Setting::DsMapper),
            5521 => Property::Setting(Setting::NegotiateClientCertificate),
            6000 => Property::Setting(Setting::AnonymousAuthentication),
            6016 => Property::Setting(Setting::AccessPermissions),
            6030 => Property::Setting(Setting::AccessFlags),
            6045 => Property::Setting(Setting::UploadReadAheadSize),
            6051 => Property::Setting(Setting::MaxContentLength),
            _ => return None,
        })
    }
}

impl Key {
    /// What the key says of `property`.
    pub(super) fn says(&self, property: Property) -> Option<&Said> {
        self.said.iter().find(|said| said.property == property)
    }

    /// Takes over what another key of the same path says and this one does not.
    pub(super) fn absorb(&mut self, other: Key) {
        self.is_virtual_directory |= other.is_virtual_directory;
        for said in other.said {
            if self.says(said.property).is_none() {
                self.said.push(said);
            }
        }
    }

    /// Whether anything can come of it.
    fn matters(&self) -> bool {
        !self.said.is_empty() || self.is_virtual_directory || matches!(self.level, Level::Service | Level::Site | Level::Root)
    }
}

/// Which part of the tree a path belongs to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Level {
    /// `/` and `/LM`: inherited from, nothing else.
    Above,
    /// `/LM/W3SVC`.
    Service,
    /// `/LM/W3SVC/<n>`.
    Site,
    /// `/LM/W3SVC/<n>/ROOT`.
    Root,
    /// Everything below a ROOT.
    Url,
    /// Filters, application pools, templates, other services.
    Elsewhere,
}

impl Level {
    /// The level of a path in its form for comparing.
    pub(super) fn of(path: &str) -> Level {
        if matches!(path, "/" | "/lm") {
            return Level::Above;
        }
        let Some(rest) = path.strip_prefix("/lm/w3svc") else { return Level::Elsewhere };
        if rest.is_empty() {
            return Level::Service;
        }
        let mut parts = rest.splitn(4, '/');
        match (parts.next(), parts.next(), parts.next(), parts.next()) {
            (Some(""), Some(site), below, url) if !site.is_empty() && site.bytes().all(|byte| byte.is_ascii_digit()) => {
                match (below, url) {
                    (None, _) => Level::Site,
                    (Some("root"), None) => Level::Root,
                    (Some("root"), Some(_)) => Level::Url,
                    _ => Level::Elsewhere,
                }
            }
            _ => Level::Elsewhere,
        }
    }
}

/// An unsigned number, decimal or with `0x`.
pub(super) fn number(text: &str) -> Option<u32> {
    let text = text.trim();
    let (digits, radix) = text.strip_prefix("0x").or_else(|| text.strip_prefix("0X")).map_or((text, 10), |digits| (digits, 16));
    if digits.starts_with('+') { None } else { u32::from_str_radix(digits, radix).ok() }
}

/// Whether [`tidy`] would change nothing, told at a glance; most locations are written so.
fn is_tidy(location: &str) -> bool {
    let bytes = location.as_bytes();
    let inside = bytes.len() > 1 && bytes[0] == b'/' && bytes.last().is_some_and(|last| *last > b' ' && *last < 0x7f && *last != b'/');
    inside && !bytes.windows(2).any(|pair| pair == b"//")
}

/// A location with a slash in front, single slashes, and none at the end.
fn tidy(location: &str) -> String {
    let mut tidy = String::with_capacity(location.len() + 1);
    for part in location.trim().split('/').filter(|part| !part.is_empty()) {
        tidy.push('/');
        tidy.push_str(part);
    }
    if tidy.is_empty() {
        tidy.push('/');
    }
    tidy
}

/// Whether a value is encrypted: all such values start with the signature `IcDb` or `IcKb` in hexadecimal.
fn is_secret(value: &str) -> bool {
    let head = value.trim_start().get(..8);
    head.is_some_and(|head| head.eq_ignore_ascii_case("49634462") || head.eq_ignore_ascii_case("49634b62"))
}

/// Reads the text of a MetaBase.xml.
pub fn read(text: &str, file: FileId, limits: Limits, schema: Option<&MbSchema>) -> Result<Metabase, XmlError> {
    let facts = Facts::new(schema);
    let mut gathering = Gathering::new(&facts, schema);
    let mut reader = XmlReader::new(text, file, limits);
    while let Some(event) = reader.next()? {
        gathering.take(event, &reader);
    }
    let Gathering { keys, repeated, unknown, .. } = gathering;
    let unknown = unknown.found;
    Ok(Metabase::of(file, facts, keys, repeated, unknown, reader.late_declaration()))
}

/// So many bytes of the text of a large file are held.
const WINDOW: usize = 1 << 18;

/// Reads a MetaBase.xml of which `fill` appends some more text, about so many bytes as it is told, and says whether anything is left.
pub fn read_pieces<E>(
    fill: impl FnMut(&mut String, usize) -> Result<bool, E>,
    file: FileId,
    limits: Limits,
    schema: Option<&MbSchema>,
) -> Result<Metabase, PieceError<E>> {
    let facts = Facts::new(schema);
    let mut gathering = Gathering::new(&facts, schema);
    let late_declaration = xml::read_pieces(fill, WINDOW, file, limits, |event, reader| gathering.take(event, reader))?;
    let Gathering { keys, repeated, unknown, .. } = gathering;
    let unknown = unknown.found;
    Ok(Metabase::of(file, facts, keys, repeated, unknown, late_declaration))
}

/// The keys read so far.
struct Gathering<'f> {
    values: Values<'f>,
    open: Vec<Option<Key>>,
    keys: Vec<Key>,
    repeated: Vec<Repeated>,
    unknown: Unknown<'f>,
}

impl<'f> Gathering<'f> {
    fn new(facts: &'f Facts, schema: Option<&'f MbSchema>) -> Self {
        let values = Values { facts, last: vec![None; Setting::ALL.len()] };
        let unknown = Unknown { names: Names::new(schema), told: BTreeSet::new(), found: Vec::new() };
        Gathering { values, open: Vec::new(), keys: Vec::new(), repeated: Vec::new(), unknown }
    }

    fn take(&mut self, event: Event, reader: &XmlReader<'_>) {
        match event {
            Event::Start if reader.name() == "Custom" => {
                if let Some(Some(key)) = self.open.last_mut()
                    && let Some(said) = custom(reader, &mut self.values)
                {
                    match key.says(said.property) {
                        None => key.said.push(said),
                        Some(first) => self.repeated.push(Repeated {
                            kind: AnomalyKind::PropertyTwice { property: property_name(reader), key: key.location.clone() },
                            place: said.place,
                            first: first.place,
                        }),
                    }
                }
                self.open.push(None);
            }
            Event::Start => {
                let key = start(reader, &mut self.values);
                if let Some(key) = &key {
                    self.unknown.look(reader, &key.location);
                }
                self.open.push(key);
            }
            Event::End => self.keys.extend(self.open.pop().flatten().filter(Key::matters)),
        }
    }
}

/// Attributes that are no properties.
struct Unknown<'s> {
    names: Names<'s>,
    /// Types of keys with the names that were told once, because nothing is near to them.
    told: BTreeSet<(String, String)>,
    found: Vec<(AnomalyKind, Place)>,
}

impl Unknown<'_> {
    fn look(&mut self, reader: &XmlReader<'_>, key: &str) {
        for attribute in reader.attributes().iter().filter(|attribute| Property::named(attribute.name).is_none()) {
            let nearest = match self.names.judge(attribute.name) {
                Verdict::Other => continue,
                Verdict::Near(name) => Some(name),
                Verdict::Unknown if self.told.insert((reader.name().to_owned(), attribute.name.to_owned())) => None,
                Verdict::Unknown => continue,
            };
            let (key_type, property) = (reader.name().to_owned(), attribute.name.to_owned());
            let kind = AnomalyKind::UnknownProperty { key_type, key: key.to_owned(), property, nearest };
            self.found.push((kind, reader.attribute_place(attribute)));
        }
    }
}

/// Reads values. Many keys say the same, so what was said last of each setting is not worked out again.
struct Values<'f> {
    facts: &'f Facts,
    last: Vec<Option<(String, Value)>>,
}

impl Values<'_> {
    fn read(&mut self, setting: Setting, text: &str) -> Value {
        let last = &mut self.last[setting as usize];
        if let Some((_, value)) = last.as_ref().filter(|(said, _)| said == text) {
            return value.clone();
        }
        let value = self.facts.value(setting, text);
        // Other values are as long as their text, and seldom the same.
        if matches!(value, Value::Flags(_) | Value::Number(_) | Value::Bool(_)) {
            *last = Some((text.to_owned(), value.clone()));
        }
        value
    }
}

/// The key that has just started, when anything audited can stand there.
fn start(reader: &XmlReader<'_>, values: &mut Values<'_>) -> Option<Key> {
    let written = reader.attribute("Location")?.value();
    let location = if is_tidy(&written) { written } else { tidy(&written).into() };
    let path = if location.is_ascii() { location.to_ascii_lowercase() } else { location.to_lowercase() };
    let level = Level::of(&path);
    if level == Level::Elsewhere {
        return None;
    }
    let location = location.into_owned();
    let place = reader.place();
    let found = reader.attributes().iter().filter_map(|attribute| {
        let property = Property::named(attribute.name)?;
        let inherits = matches!(property, Property::Setting(setting) if values.facts.of(setting).inherits);
        Some(say(property, attribute, inherits, reader.attribute_place(attribute), values))
    });
    // Most keys say fewer audited things than this.
    let mut said = Vec::with_capacity(reader.attributes().len().min(6));
    said.extend(found);
    Some(Key { path, level, location, is_virtual_directory: reader.name() == "IIsWebVirtualDir", place, said })
}

/// What the `Custom` element that has just started says. Its number decides; the name helps only where there is no number.
fn custom(reader: &XmlReader<'_>, values: &mut Values<'_>) -> Option<Said> {
    let value = reader.attribute("Value")?;
    let property = match reader.attribute("ID").and_then(|id| number(&id.value())) {
        Some(id) => Property::numbered(id)?,
        None => Property::named(&reader.attribute("Name")?.value())?,
    };
    let inherits = match (reader.attribute("Attributes"), property) {
        (Some(attributes), _) => inherits(&attributes.value()),
        (None, Property::Setting(setting)) => values.facts.of(setting).inherits,
        (None, _) => false,
    };
    Some(say(property, &value, inherits, reader.attribute_place(&value), values))
}

/// Name of the `Custom` element that has just started, or its number where the name is missing.
fn property_name(reader: &XmlReader<'_>) -> String {
    let name = reader.attribute("Name").map(|name| name.value().into_owned()).filter(|name| !name.is_empty());
    name.or_else(|| reader.attribute("ID").map(|id| id.value().into_owned())).unwrap_or_default()
}

fn say(property: Property, attribute: &Attribute<'_>, inherits: bool, place: Place, values: &mut Values<'_>) -> Said {
    let written = attribute.value();
    if is_secret(&written) {
        return Said { property, text: String::new(), value: Value::Malformed("(encrypted)".to_owned()), inherits, place };
    }
    let text = match property {
        // Bindings never hold blanks, and a tool that normalised the line breaks leaves blanks between them.
        Property::SecureBindings | Property::ServerBindings => items(&attribute.unfolded()),
        _ => written.into_owned(),
    };
    let value = match property {
        Property::Setting(setting) => values.read(setting, &text),
        _ => Value::None,
    };
    Said { property, text, value, inherits, place }
}

/// The items of a list that are separated by whatever is blank, separated by line breaks.
fn items(list: &str) -> String {
    // Most lists have one item.
    if list.bytes().fold(true, |one, byte| one & matches!(byte, b'!'..=b'~')) {
        return list.to_owned();
    }
    list.split_whitespace().collect::<Vec<_>>().join("\n")
}

impl Metabase {
    fn of(
        file: FileId,
        facts: Facts,
        keys: Vec<Key>,
        mut repeated: Vec<Repeated>,
        unknown: Vec<(AnomalyKind, Place)>,
        late_declaration: Option<Place>,
    ) -> Metabase {
        let (tree, keys_twice) = Tree::new(keys);
        repeated.extend(keys_twice);
        Metabase { file, tree, facts, late_declaration, repeated, unknown }
    }

    /// Anomalies of the file itself.
    pub(super) fn file_anomalies(&self) -> Vec<Anomaly> {
        let late = self.late_declaration.map(|place| Anomaly {
            kind: AnomalyKind::LateDeclaration,
            place,
            related: Vec::new(),
            site: None,
            path: None,
        });
        let repeated = self.repeated.iter().map(|repeated| Anomaly {
            kind: repeated.kind.clone(),
            place: repeated.place,
            related: vec![(repeated.first, "stands first and counts".to_owned())],
            site: None,
            path: None,
        });
        let unknown = self.unknown.iter().map(|(kind, place)| Anomaly {
            kind: kind.clone(),
            place: *place,
            related: Vec::new(),
            site: None,
            path: None,
        });
        late.into_iter().chain(repeated).chain(unknown).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::catalogue::entry;

    #[test]
    fn names_and_numbers_of_properties_agree_with_the_catalogue() {
        for setting in Setting::ALL {
            if let Some(iis6) = &entry(*setting).iis6 {
                assert_eq!(Property::named(iis6.property), Some(Property::Setting(*setting)));
                assert_eq!(Property::numbered(iis6.id), Some(Property::Setting(*setting)));
            }
        }
    }

    #[test]
    fn a_path_is_compared_without_case_and_surplus_slashes_and_shown_as_written() {
        for location in ["/LM/W3SVC/99", "/lm//w3svc/99/", "LM/W3SVC/99", " /Lm/W3svc/99 "] {
            assert_eq!(tidy(location).to_lowercase(), "/lm/w3svc/99", "{location}");
        }
        assert_eq!(tidy("/LM/w3svc/1/Root/Äpp/"), "/LM/w3svc/1/Root/Äpp");
        assert_eq!((tidy("/").as_str(), tidy("").as_str()), ("/", "/"));
    }

    #[test]
    fn templates_filters_and_other_services_are_no_sites() {
        let level = |path| Level::of(path);
        assert_eq!(level("/lm/w3svc/1"), Level::Site);
        assert_eq!(level("/lm/w3svc/1/root"), Level::Root);
        assert_eq!(level("/lm/w3svc/1/root/root"), Level::Url);
        for path in [
            "/lm/w3svc/info/templates/secure web site",
            "/lm/w3svc/1/filters",
            "/lm/w3svcx",
            "/lm/w3svc/1x",
            "/lm/msftpsvc/1",
            "/.",
            "/lm/w3svc/-1",
        ] {
            assert_eq!(level(path), Level::Elsewhere, "{path}");
        }
    }

    #[test]
    fn custom_elements_are_read_with_whatever_attributes_they_have() {
        let text = r#"<c><m><IIsWebServer Location="/LM/W3SVC/1">
            <Custom Name="" ID="0x870" Value="1"/><Custom Name="SSLStoreName" Value="WebHosting"/><Custom ID="5517"/><Custom/>
            <Custom Name="CertCheckMode" ID="9999" Value="7"/><Odd Location="x"><Custom ID="5512" Value="no"/></Odd>
            </IIsWebServer></m></c>"#;
        let metabase = read(text, FileId(0), Limits::default(), None).unwrap();
        let key = &metabase.tree.keys()[0];
        assert_eq!(key.says(Property::Setting(Setting::CertCheckMode)).unwrap().text, "1");
        assert!(key.says(Property::Setting(Setting::CertCheckMode)).unwrap().inherits);
        assert_eq!(key.says(Property::Setting(Setting::ServerCertificateStore)).unwrap().text, "WebHosting");
        assert_eq!(key.said.len(), 2);
    }

    #[test]
    fn bindings_are_split_at_line_breaks_and_at_the_blanks_that_other_tools_leave() {
        let text = "<c><m><IIsWebServer Location='/LM/W3SVC/1' ServerBindings=':80:a    :80:b\r\n\t\t\t:80:c&#13;&#10;:80:d'/></m></c>";
        let metabase = read(text, FileId(0), Limits::default(), None).unwrap();
        assert_eq!(metabase.tree.keys()[0].says(Property::ServerBindings).unwrap().text, ":80:a\n:80:b\n:80:c\n:80:d");
    }

    #[test]
    fn a_late_declaration_is_noticed() {
        let metabase = read("\n<?xml version =\"1.0\"?><c/>", FileId(0), Limits::default(), None).unwrap();
        assert!(matches!(metabase.file_anomalies()[..], [Anomaly { kind: AnomalyKind::LateDeclaration, .. }]));
    }
}
