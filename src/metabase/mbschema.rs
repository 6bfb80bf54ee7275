//! What MBSchema.xml says about properties: type, default, inheritance, flag names, and which key type lists which property.
//!
//! It promises that no text reaches the tree parser before the guarded reader has accepted the whole of it.

use std::collections::{BTreeMap, BTreeSet};

use roxmltree::{Document, Node, ParsingOptions};

use super::read::number;
use crate::catalogue::{Setting, Value, entry};
use crate::input::{FileId, Place};
use crate::server::Generation;
use crate::xml::{Event, Limits, XmlError, XmlErrorKind, XmlReader};

/// Namespace declarations that a schema may hold; the one of IIS holds a single one. The tree parser copies those in scope.
const NAMESPACES: usize = 16;

/// What a MBSchema.xml says: types, defaults and inheritance of properties, and which key type lists which.
#[derive(Debug)]
pub struct MbSchema {
    properties: BTreeMap<String, SchemaProperty>,
    key_types: BTreeMap<String, BTreeSet<String>>,
}

/// A property as the schema defines it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SchemaProperty {
    /// Its number.
    pub id: Option<u32>,
    /// Its type, such as `DWORD` or `MULTISZ`.
    pub kind: String,
    /// Whether child keys inherit it.
    pub inherits: bool,
    /// Its value where no key sets it; `None` when the schema gives none.
    pub default: Option<String>,
    /// Names of its bits, in the order in which IIS prints them.
    pub flags: Vec<(String, u32)>,
}

impl MbSchema {
    /// Reads the text of a MBSchema.xml.
    pub fn read(text: &str, file: FileId, limits: Limits) -> Result<MbSchema, XmlError> {
        guard(text, file, limits)?;
        let options = ParsingOptions { allow_dtd: false, ..ParsingOptions::default() };
        let document = Document::parse_with_options(text, options).map_err(|error| {
            let position = error.pos();
            XmlError {
                kind: XmlErrorKind::Other(error.to_string()),
                place: Place { file, line: position.row, column: position.col },
                offset: offset_of(text, position.row, position.col),
                open: None,
            }
        })?;
        let mut schema = MbSchema { properties: BTreeMap::new(), key_types: BTreeMap::new() };
        for collection in document.descendants().filter(|node| node.tag_name().name() == "Collection") {
            let listed = schema.key_types.entry(collection.attribute("InternalName").unwrap_or_default().to_owned()).or_default();
            for property in collection.children().filter(|node| node.tag_name().name() == "Property") {
                if let Some(from) = property.attribute("InheritsPropertiesFrom") {
                    let name = from.rsplit_once(':').map_or(from, |(_, name)| name);
                    listed.insert(name.to_owned());
                } else if let Some(name) = property.attribute("InternalName") {
                    listed.insert(name.to_owned());
                    schema.properties.entry(name.to_owned()).or_insert_with(|| SchemaProperty::of(&property));
                }
            }
        }
        Ok(schema)
    }

    /// The definition of the property called `name`, spelled exactly.
    pub fn property(&self, name: &str) -> Option<&SchemaProperty> {
        self.properties.get(name)
    }

    /// Whether keys of type `key_type` hold `property` as a plain attribute. On any other key it can only stand in a `Custom` element.
    pub fn lists(&self, key_type: &str, property: &str) -> bool {
        self.key_types.get(key_type).is_some_and(|listed| listed.contains(property))
    }

    /// Finds an audited property by its name, else by its number.
    fn find(&self, name: &str, id: u32) -> Option<&SchemaProperty> {
        self.property(name).or_else(|| self.properties.values().find(|property| property.id == Some(id)))
    }
}

impl SchemaProperty {
    fn of(node: &Node<'_, '_>) -> SchemaProperty {
        let flags = node.children().filter(|child| child.tag_name().name() == "Flag");
        SchemaProperty {
            id: node.attribute("ID").and_then(number),
            kind: node.attribute("Type").unwrap_or_default().to_owned(),
            inherits: node.attribute("Attributes").is_some_and(inherits),
            default: node.attribute("DefaultValue").map(str::to_owned),
            flags: flags.filter_map(|flag| Some((flag.attribute("InternalName")?.to_owned(), number(flag.attribute("Value")?)?))).collect(),
        }
    }
}

/// Whether a list of metabase attributes, names or their sum, holds INHERIT.
pub(super) fn inherits(attributes: &str) -> bool {
    attributes.split('|').map(str::trim).any(|name| name.eq_ignore_ascii_case("INHERIT") || number(name).is_some_and(|bits| bits & 1 != 0))
}

/// Refuses what would cost the tree parser more than its size: deep nesting, many attributes and many namespaces, none of which a
/// schema has.
fn guard(text: &str, file: FileId, limits: Limits) -> Result<(), XmlError> {
    let limits = Limits { depth: limits.depth.min(32), attributes: limits.attributes.min(64), ..limits };
    let mut reader = XmlReader::new(text, file, limits);
    let mut namespaces = 0;
    while let Some(event) = reader.next()? {
        if event == Event::Start {
            namespaces += reader.attributes().iter().filter(|attribute| attribute.name.starts_with("xmlns")).count();
            if namespaces > NAMESPACES {
                let place = reader.place();
                let kind = XmlErrorKind::Limit("namespace declarations of a schema", NAMESPACES as u64);
                return Err(XmlError { kind, place, offset: offset_of(text, place.line, place.column), open: None });
            }
        }
    }
    Ok(())
}

fn offset_of(text: &str, line: u32, column: u32) -> usize {
    let start: usize = text.split_inclusive('\n').take(line.saturating_sub(1) as usize).map(str::len).sum();
    let rest = text.get(start..).unwrap_or_default();
    start + rest.char_indices().nth(column.saturating_sub(1) as usize).map_or(rest.len(), |(offset, _)| offset)
}

/// What holds for the audited settings of IIS 6: the catalogue's word, refined by the schema that the server brought along.
#[derive(Debug)]
pub(super) struct Facts(Vec<Fact>);

/// What holds for one setting.
#[derive(Debug)]
pub(super) struct Fact {
    /// Whether child keys inherit it as a plain attribute.
    pub(super) inherits: bool,
    /// Its value where no key sets it.
    pub(super) default: Value,
    /// Whether the default is the schema's.
    pub(super) from_schema: bool,
    flags: Vec<(String, u32)>,
}

impl Facts {
    pub(super) fn new(schema: Option<&MbSchema>) -> Facts {
        Facts(Setting::ALL.iter().map(|setting| Fact::new(*setting, schema)).collect())
    }

    pub(super) fn of(&self, setting: Setting) -> &Fact {
        &self.0[setting as usize]
    }

    /// Reads a value, with the schema's flag names where the catalogue knows none.
    pub(super) fn value(&self, setting: Setting, text: &str) -> Value {
        parse(setting, text, &self.of(setting).flags)
    }
}

impl Fact {
    fn new(setting: Setting, schema: Option<&MbSchema>) -> Fact {
        let iis6 = entry(setting).iis6.as_ref();
        let known = iis6.and_then(|iis6| schema?.find(iis6.property, iis6.id));
        let flags = known.map(|property| property.flags.clone()).unwrap_or_default();
        let from_schema = known.and_then(|property| property.default.as_deref()).map(|text| parse(setting, text, &flags));
        let from_schema = from_schema.filter(|value| !matches!(value, Value::Malformed(_)));
        Fact {
            inherits: known.map_or_else(|| iis6.is_some_and(|iis6| iis6.inherit), |property| property.inherits),
            from_schema: from_schema.is_some(),
            default: from_schema.or_else(|| Value::default_of(setting, Generation::Iis6)).unwrap_or(Value::None),
            flags,
        }
    }
}

/// Names of the bits of AuthFlags, of which only the first is audited.
const AUTH: &[(&str, u32)] = &[("AuthAnonymous", 1), ("AuthBasic", 2), ("AuthNTLM", 4), ("AuthMD5", 16), ("AuthPassport", 64)];

fn parse(setting: Setting, text: &str, names: &[(String, u32)]) -> Value {
    let names = || names.iter().map(|(name, bits)| (name.as_str(), *bits));
    if setting == Setting::AnonymousAuthentication {
        return match bits(text, || AUTH.iter().copied().chain(names())) {
            Some(bits) => Value::Bool(bits & 1 != 0),
            None => Value::Malformed(text.to_owned()),
        };
    }
    match Value::parse(setting, Generation::Iis6, text) {
        malformed @ Value::Malformed(_) => bits(text, names).filter(|_| names().next().is_some()).map_or(malformed, Value::Flags),
        value => value,
    }
}

fn bits<'a, I: Iterator<Item = (&'a str, u32)>>(text: &str, names: impl Fn() -> I) -> Option<u32> {
    text.split('|').map(str::trim).try_fold(0, |bits, word| {
        let named = names().find(|(name, _)| name.eq_ignore_ascii_case(word)).map(|(_, bits)| bits);
        Some(bits | named.or_else(|| number(word))?)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    const SCHEMA: &str = r#"<?xml version ="1.0"?>
<MetaData xmlns="x-urn:microsoft-catalog:MetaData_V7"><DatabaseMeta>
  <Collection InternalName="IIsConfigObject">
    <Property InternalName="SSLCertHash" ID="5506" Type="BINARY" Attributes="INHERIT"/>
    <Property InternalName="SslCtlStoreName" ID="5517" Type="STRING" Attributes="NO_ATTRIBUTES" DefaultValue=""/>
    <Property InternalName="RenamedTime" ID="2161" Type="DWORD" Attributes="INHERIT | REFERENCE" DefaultValue="3600"/>
    <Property InternalName="AccessFlags" ID="6016" Type="DWORD" Attributes="INHERIT" DefaultValue="AccessRead">
      <Flag InternalName="AccessRead" Value="1" ID="6207"/>
    </Property>
  </Collection>
  <Collection InternalName="IIsWebServer"><Property InheritsPropertiesFrom ="IIsConfigObject:SSLCertHash"/></Collection>
</DatabaseMeta></MetaData>"#;

    fn schema(text: &str) -> Result<MbSchema, XmlError> {
        MbSchema::read(text, FileId(0), Limits::default())
    }

    #[test]
    fn properties_and_the_key_types_that_list_them_are_read() {
        let schema = schema(SCHEMA).unwrap();
        let flags = schema.property("AccessFlags").unwrap();
        assert_eq!((flags.id, flags.kind.as_str(), flags.inherits), (Some(6016), "DWORD", true));
        assert_eq!(flags.flags, [("AccessRead".to_owned(), 1)]);
        assert!(!schema.property("SslCtlStoreName").unwrap().inherits);
        assert!(schema.lists("IIsWebServer", "SSLCertHash") && schema.lists("IIsConfigObject", "AccessFlags"));
        assert!(!schema.lists("IIsWebServer", "AccessFlags") && !schema.lists("IIsNothing", "SSLCertHash"));
    }

    #[test]
    fn the_schema_refines_the_catalogue_by_name_or_number_and_the_catalogue_fills_the_gaps() {
        let facts = Facts::new(Some(&schema(SCHEMA).unwrap()));
        assert_eq!(facts.of(Setting::RevocationFreshnessTime).default, Value::Number(3600));
        assert_eq!(facts.of(Setting::AccessPermissions).default, Value::Flags(1));
        assert_eq!(facts.of(Setting::UploadReadAheadSize).default, Value::Number(49152));
        assert_eq!(facts.of(Setting::ServerCertificate).default, Value::None);
        assert!(!facts.of(Setting::ServerCertificate).from_schema);
    }

    #[test]
    fn what_would_cost_the_tree_parser_more_than_its_size_is_refused_before_it_sees_it() {
        let many = |part: &dyn Fn(usize) -> String| format!("<a{}/>", (0..100).map(part).collect::<String>());
        let limit = |text: &str| matches!(schema(text).unwrap_err().kind, XmlErrorKind::Limit(..));
        assert!(limit(&many(&|index| format!(" a{index}=\"\""))));
        assert!(limit(&many(&|index| if index < 40 { format!(" xmlns:a{index}=\"u\"") } else { String::new() })));
        assert!(limit(&format!("{}{}", "<a>".repeat(100), "</a>".repeat(100))));
        assert!(matches!(schema("<!DOCTYPE a><a/>").unwrap_err().kind, XmlErrorKind::DocumentType));
    }

    #[test]
    fn a_fault_that_only_the_tree_parser_sees_is_an_error_with_its_place() {
        let error = schema("<a>\n  <b x:y=\"1\"/>\n</a>").unwrap_err();
        assert!(matches!(error.kind, XmlErrorKind::Other(_)));
        assert_eq!(error.place.line, 2);
        assert!(error.offset > 4 && error.offset < 20);
    }

    #[test]
    fn flags_of_authentication_come_down_to_anonymous_or_not() {
        let facts = Facts::new(None);
        let anonymous = |text| facts.value(Setting::AnonymousAuthentication, text);
        assert_eq!(anonymous("AuthAnonymous | AuthNTLM"), Value::Bool(true));
        assert_eq!(anonymous("AuthBasic|AuthMD5"), Value::Bool(false));
        assert_eq!(anonymous("5"), Value::Bool(true));
        assert_eq!(anonymous("0"), Value::Bool(false));
        assert_eq!(anonymous("AuthMagic"), Value::Malformed("AuthMagic".to_owned()));
    }

    #[test]
    fn inherit_is_read_from_names_and_from_numbers() {
        for (attributes, expected) in [
            ("INHERIT", true),
            ("SECURE | inherit", true),
            ("5", true),
            ("0x21", true),
            ("NO_ATTRIBUTES", false),
            ("4", false),
            ("", false),
        ] {
            assert_eq!(inherits(attributes), expected, "{attributes}");
        }
    }
}
