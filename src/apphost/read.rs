//! What one configuration file says: one pass over the text, every statement with its place, nothing inferred.

use std::collections::BTreeMap;
use std::collections::btree_map::Entry;
use std::hash::BuildHasher;

use super::elements::{Elements, Raw};
use super::vocabulary::{EVERYWHERE, Node, ROOTS, SOURCES, Section, Type, shape};
use crate::catalogue::Setting;
use crate::estate::FileKind;
use crate::hashing::Seed;
use crate::input::{FileId, Place};
use crate::server::{Anomaly, AnomalyKind, Bits, Empty, Generation, Mapping, Rare, is_https, seconds};
use crate::xml::{self, Attribute, Event, Limits, PieceError, XmlError, XmlReader};

/// What a configuration file says. The default is a file that was not given: it says nothing, and nothing follows from its silence.
#[derive(Debug)]
pub struct ConfigFile {
    /// The file; `None` stands for one that was not given.
    pub(super) file: Option<FileId>,
    pub(super) generation: Generation,
    /// Name of the root element.
    root: String,
    /// Whether the root element is one that is read.
    root_known: bool,
    has_application_host: bool,
    /// `configSections`, when there is one that declares a section.
    pub(super) declared: Option<Declared>,
    /// What is said, by location. The first one is what stands outside of any location tag.
    pub(super) blocks: Vec<Block>,
    pub(super) sites: Option<Sites>,
    pub(super) redirection: Option<Redirection>,
    /// Whether one log is written for all sites.
    pub(super) central_log: bool,
    /// What was noticed, with the index of the block that it concerns.
    pub(super) noticed: Vec<(Anomaly, Option<usize>)>,
    /// Sections that other files hold: section path and name of the other file.
    pub(super) elsewhere: Vec<(String, String)>,
}

/// The sections that `configSections` declares.
#[derive(Debug, Default)]
pub(super) struct Declared {
    /// By path; the place and whether lower files may hold it.
    pub(super) sections: BTreeMap<String, (Place, bool)>,
    groups: bool,
}

/// Whether files below may hold the sections of a location tag.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Mode {
    Inherit,
    Allow,
    Deny,
}

/// A location tag, or what stands outside of any.
#[derive(Debug)]
pub(super) struct Block {
    /// `path` as written, empty when absent.
    pub(super) path: String,
    pub(super) place: Place,
    pub(super) mode: Mode,
    pub(super) sections: Vec<SectionUse>,
    /// The first rule of the URL Rewrite module that redirects to https.
    pub(super) rewrites_to_https: Option<Place>,
}

/// A section element.
#[derive(Debug)]
pub(super) struct SectionUse {
    pub(super) section: Section,
    pub(super) place: Place,
    pub(super) values: Vec<Said>,
    pub(super) locks: Rare<ElementLocks>,
    /// Locks on `requestLimits`, the one child that is audited.
    pub(super) child_locks: Rare<ElementLocks>,
    pub(super) mappings: Vec<Mapping>,
    /// What a `httpRedirect` says.
    pub(super) redirect: Option<Box<Raw>>,
    /// The first pattern of a `httpRedirect` that leads to https.
    pub(super) pattern_to_https: Option<Place>,
}

/// A value as written.
#[derive(Debug)]
pub(super) struct Said {
    pub(super) setting: Setting,
    pub(super) text: String,
    pub(super) place: Place,
}

/// The `lock...` attributes of an element.
#[derive(Debug, Clone)]
pub(super) struct ElementLocks {
    pub(super) attributes: Vec<String>,
    pub(super) all_attributes_except: Option<Vec<String>>,
    pub(super) elements: Vec<String>,
    pub(super) all_elements_except: Option<Vec<String>>,
    pub(super) item: bool,
    pub(super) place: Option<Place>,
}

impl Empty for ElementLocks {
    const EMPTY: &'static ElementLocks = &ElementLocks {
        attributes: Vec::new(),
        all_attributes_except: None,
        elements: Vec::new(),
        all_elements_except: None,
        item: false,
        place: None,
    };
}

/// The `sites` section.
#[derive(Debug, Default)]
pub(super) struct Sites {
    pub(super) sites: Vec<SiteEntry>,
    pub(super) auto_start: Option<bool>,
    pub(super) bindings: Vec<BindingEntry>,
    pub(super) defaults: Defaults,
    /// Of `siteDefaults`.
    pub(super) elements: Rare<Elements>,
}

/// `applicationDefaults` and `virtualDirectoryDefaults` of one level.
#[derive(Debug, Default)]
pub(super) struct Defaults {
    pub(super) pool: Option<String>,
    pub(super) allow_sub_dir: Option<bool>,
}

#[derive(Debug)]
pub(super) struct SiteEntry {
    pub(super) name: String,
    pub(super) id: Option<u32>,
    pub(super) auto_start: Option<bool>,
    pub(super) place: Place,
    pub(super) bindings: Vec<BindingEntry>,
    /// Whether `<clear/>` removes the bindings of `siteDefaults`.
    pub(super) clears: bool,
    pub(super) applications: Vec<ApplicationEntry>,
    pub(super) defaults: Defaults,
    pub(super) elements: Rare<Elements>,
}

#[derive(Debug)]
pub(super) struct BindingEntry {
    pub(super) protocol: String,
    pub(super) information: String,
    pub(super) flags: Option<String>,
    pub(super) place: Place,
}

#[derive(Debug)]
pub(super) struct ApplicationEntry {
    pub(super) path: String,
    pub(super) pool: Option<String>,
    pub(super) place: Place,
    pub(super) directories: Vec<DirectoryEntry>,
    pub(super) defaults: Defaults,
}

#[derive(Debug)]
pub(super) struct DirectoryEntry {
    pub(super) path: String,
    pub(super) physical: String,
    pub(super) allow_sub_dir: Option<bool>,
    pub(super) place: Place,
}

/// `configurationRedirection`.
#[derive(Debug)]
pub(super) struct Redirection {
    pub(super) enabled: bool,
    pub(super) path: String,
    pub(super) place: Place,
}

impl Default for ConfigFile {
    fn default() -> Self {
        ConfigFile {
            file: None,
            generation: Generation::Iis7,
            root: String::new(),
            root_known: false,
            has_application_host: false,
            declared: None,
            blocks: Vec::new(),
            sites: None,
            redirection: None,
            central_log: false,
            noticed: Vec::new(),
            elsewhere: Vec::new(),
        }
    }
}

impl ConfigFile {
    /// What the file is, told by its content.
    pub fn kind(&self) -> FileKind {
        if self.has_application_host || self.declared.as_ref().is_some_and(|declared| declared.groups) || self.is_location_of_a_site() {
            FileKind::ApplicationHost
        } else if self.redirection.is_some() {
            FileKind::Redirection
        } else {
            FileKind::WebConfig
        }
    }

    /// Whether it is a whole file and no piece of one, so that its silence means something.
    pub(super) fn is_whole(&self) -> bool {
        self.root == "configuration"
    }

    /// Whether it is a single location tag with a path. Such pieces are cut out of applicationHost.config, where the path begins with the
    /// name of a site; whoever cuts out a piece of a web.config takes the sections along with their own root.
    pub fn is_location_of_a_site(&self) -> bool {
        self.root == "location" && self.blocks.get(1).is_some_and(|block| !level(&block.path).is_empty())
    }

    /// Whether it is whole enough to hold `siteDefaults`, so that what neither they nor a site say is the default of IIS.
    pub(super) fn holds_site_defaults(&self) -> bool {
        matches!(self.root.as_str(), "configuration" | "system.applicationHost" | "sites")
    }

    /// What a reader should know although the file was read.
    pub fn warnings(&self) -> Vec<String> {
        match self.root.as_str() {
            "configuration" | "" => Vec::new(),
            "location" if self.is_location_of_a_site() => {
                vec![
                    "the root element is <location>, so this is likely a piece of an applicationHost.config; the first part of its path is \
                     taken for the name of a site"
                        .to_owned(),
                ]
            }
            root if self.root_known => {
                vec![format!(
                    "the root element is <{root}>, so this is a piece of a configuration file; read as if <configuration> stood round it"
                )]
            }
            root => vec![format!("the root element is <{root}> and not <configuration>; nothing in it was read")],
        }
    }
}

/// How the variables of IIS Express begin.
const EXPRESS: &[u8] = b"%IIS_";
/// Ways in which they go on.
const EXPRESS_VARIABLES: [&[u8]; 3] = [b"BIN%", b"SITES_HOME%", b"USER_HOME%"];
/// The longest of what tells it.
const EXPRESS_POOL: &[u8] = b"Clr4IntegratedAppPool";

/// Whether a text says what only a configuration of IIS Express says.
fn is_express(text: &[u8]) -> bool {
    let of_variable = |at: usize| EXPRESS_VARIABLES.iter().any(|name| text[at + EXPRESS.len()..].starts_with(name));
    memchr::memmem::find_iter(text, EXPRESS).any(of_variable) || memchr::memmem::find(text, EXPRESS_POOL).is_some()
}

/// Reads the text of an applicationHost.config, redirection.config or web.config.
pub fn read(text: &str, file: FileId, limits: Limits) -> Result<ConfigFile, XmlError> {
    let mut reader = XmlReader::new(text, file, limits);
    let mut builder = Builder::new(file);
    while let Some(event) = reader.next()? {
        builder.take(event, &reader);
    }
    Ok(builder.finish(is_express(text.as_bytes()), reader.late_declaration()))
}

/// So many bytes of the text of a large file are held.
const WINDOW: usize = 1 << 17;

/// Reads such a text of which `fill` appends some more, about so many bytes as it is told, and says whether anything is left.
pub fn read_pieces<E>(
    mut fill: impl FnMut(&mut String, usize) -> Result<bool, E>,
    file: FileId,
    limits: Limits,
) -> Result<ConfigFile, PieceError<E>> {
    let mut builder = Builder::new(file);
    let mut express = false;
    let fill = |text: &mut String, about: usize| {
        // The text holds every tag from its beginning until it was read, so that the beginning of what ends in the new part is there.
        let seen = text.len().saturating_sub(EXPRESS_POOL.len());
        let is_left = fill(text, about)?;
        express = express || is_express(&text.as_bytes()[seen..]);
        Ok(is_left)
    };
    let late_declaration = xml::read_pieces(fill, WINDOW, file, limits, |event, reader| builder.take(event, reader))?;
    Ok(builder.finish(express, late_declaration))
}

/// Adds to a list that seldom gets more than one.
pub(super) fn push_few<T>(list: &mut Vec<T>, item: T) {
    if list.len() == list.capacity() {
        list.reserve_exact(list.len().max(1));
    }
    list.push(item);
}

struct Builder {
    file: ConfigFile,
    /// Depth of the open element of which nothing is read, and nothing in it.
    passed_over: Option<usize>,
    /// The open elements that are read, outermost first.
    stack: Vec<Node>,
    /// Index of the block that the open elements belong to.
    block: usize,
    in_site: bool,
    /// Path of the open section groups, each with a `/` behind it, and its length before each of them was opened.
    group: String,
    group_lengths: Vec<usize>,
    configuration_children: usize,
    config_sections: Option<Place>,
    /// First use of every section of `system.applicationHost` that is read.
    first_use: BTreeMap<&'static str, Place>,
    /// Path of the open `customMetadata/key`.
    key: String,
    mapping: Option<Mapping>,
    /// Whether the open rewrite rule is switched off.
    rule_off: bool,
}

/// Section paths are short; longer ones are none of ours, and joining them could cost more than the file is long.
const LONGEST_SECTION_PATH: usize = 512;
/// Names and paths are repeated for everything below them; a longer one is none that IIS accepts, and is cut where it is repeated.
const LONGEST_NAME: usize = 2048;

/// The element that has just started.
#[derive(Clone, Copy)]
struct Tag<'r, 't> {
    reader: &'r XmlReader<'t>,
}

impl Tag<'_, '_> {
    fn place(self) -> Place {
        self.reader.place()
    }

    fn text(self, attribute: &str) -> Option<String> {
        self.reader.attribute(attribute).map(|attribute| attribute.value().into_owned())
    }

    fn flag(self, attribute: &str) -> Option<bool> {
        self.reader.attribute(attribute).and_then(|attribute| parse_bool(attribute.value().trim()))
    }

    fn leads_to_https(self, attribute: &str) -> bool {
        self.reader.attribute(attribute).is_some_and(|attribute| is_https(&attribute.value()))
    }

    /// The attributes that the schema knows of the element that has just started.
    fn raw(self, node: Node) -> Raw {
        let known = shape(node).attributes.unwrap_or_default().iter();
        let values = known.filter_map(|(name, _)| {
            let attribute = self.reader.attribute(name)?;
            Some((*name, attribute.value().into_owned(), self.reader.attribute_place(&attribute)))
        });
        Raw { place: self.place(), values: values.collect() }
    }

    fn locks(self) -> Rare<ElementLocks> {
        let mut locks: Rare<ElementLocks> = Rare::default();
        for attribute in self.reader.attributes() {
            let list = || -> Vec<String> {
                attribute.value().split(',').map(str::trim).filter(|name| !name.is_empty()).map(str::to_owned).collect()
            };
            match attribute.name {
                "lockAttributes" => locks.attributes = list(),
                "lockAllAttributesExcept" => locks.all_attributes_except = Some(list()),
                "lockElements" => locks.elements = list(),
                "lockAllElementsExcept" => locks.all_elements_except = Some(list()),
                "lockItem" => locks.item = parse_bool(attribute.value().trim()) == Some(true),
                _ => continue,
            }
            locks.place.get_or_insert_with(|| self.reader.attribute_place(attribute));
        }
        locks
    }
}

impl Builder {
    fn new(file: FileId) -> Self {
        let start = Place { file, line: 1, column: 1 };
        Builder {
            file: ConfigFile {
                file: Some(file),
                blocks: vec![Block {
                    path: String::new(),
                    place: start,
                    mode: Mode::Inherit,
                    sections: Vec::new(),
                    rewrites_to_https: None,
                }],
                ..ConfigFile::default()
            },
            passed_over: None,
            stack: Vec::new(),
            block: 0,
            in_site: false,
            group: String::new(),
            group_lengths: Vec::new(),
            configuration_children: 0,
            config_sections: None,
            first_use: BTreeMap::new(),
            key: String::new(),
            mapping: None,
            rule_off: false,
        }
    }

    fn take(&mut self, event: Event, reader: &XmlReader<'_>) {
        if let Some(depth) = self.passed_over {
            if reader.depth() < depth {
                self.passed_over = None;
            }
            return;
        }
        match event {
            Event::Start => self.start(Tag { reader }),
            Event::End => self.end(),
        }
    }

    fn start(&mut self, tag: Tag<'_, '_>) {
        let name = tag.reader.name();
        let Some(&parent) = self.stack.last() else {
            name.clone_into(&mut self.file.root);
            return match ROOTS.iter().find(|(root, _)| *root == name) {
                Some((_, node)) => {
                    self.file.root_known = true;
                    self.open(*node, tag);
                }
                None => self.pass_over(tag),
            };
        };
        if parent == Node::Configuration {
            self.configuration_children += 1;
        }
        let shape = shape(parent);
        match shape.children.iter().find(|(child, _)| *child == name) {
            // Sections of the server are not allowed below a location.
            Some((_, Node::Passed)) => self.pass_over(tag),
            Some((_, node)) => self.open(*node, tag),
            None => {
                if !shape.open {
                    let kind = AnomalyKind::UnknownElement { parent: shape.path.to_owned(), element: name.to_owned() };
                    self.notice(kind, tag.place());
                }
                self.pass_over(tag);
            }
        }
    }

    fn pass_over(&mut self, tag: Tag<'_, '_>) {
        self.passed_over = Some(tag.reader.depth());
    }

    fn open(&mut self, node: Node, tag: Tag<'_, '_>) {
        let parent = self.stack.last().copied();
        // A site is there before its attributes are checked, so that what is noticed names it.
        if node == Node::Site {
            self.open_site(tag);
        }
        if node == Node::Location {
            self.open_location(tag);
        }
        self.check(node, tag);
        match node {
            Node::ConfigSections => {
                let misplaced = self.configuration_children != 1;
                match self.config_sections {
                    Some(first) => {
                        self.notice_with(AnomalyKind::ConfigSectionsMisplaced, tag.place(), vec![(first, "the first one".to_owned())]);
                    }
                    None if misplaced => self.notice(AnomalyKind::ConfigSectionsMisplaced, tag.place()),
                    None => {}
                }
                self.config_sections.get_or_insert(tag.place());
            }
            Node::SectionGroup => {
                let name = tag.text("name").unwrap_or_default();
                if matches!(name.as_str(), "system.applicationHost" | "system.webServer") && self.group.is_empty() {
                    self.file.declared.get_or_insert_default().groups = true;
                }
                self.group_lengths.push(self.group.len());
                if self.group.len() + name.len() < LONGEST_SECTION_PATH {
                    self.group.push_str(&name);
                    self.group.push('/');
                }
            }
            Node::DeclaredSection => self.declare(tag),
            Node::ApplicationHost => self.file.has_application_host = true,
            Node::Sites => {
                self.file.has_application_host = true;
                self.file.sites.get_or_insert_default();
                self.once("system.applicationHost/sites", tag.place());
            }
            Node::CustomMetadata => self.once("system.applicationHost/customMetadata", tag.place()),
            Node::Pools => self.once("system.applicationHost/applicationPools", tag.place()),
            Node::SiteDefaults => {
                let auto_start = tag.flag("serverAutoStart");
                self.file.sites.get_or_insert_default().auto_start = auto_start;
            }
            Node::Bindings => {}
            Node::ClearBindings => {
                if let Some(site) = self.site() {
                    self.site_mut(site, |site| site.clears = true);
                }
            }
            Node::Binding => {
                let entry = BindingEntry {
                    protocol: tag.text("protocol").unwrap_or_default(),
                    information: tag.text("bindingInformation").unwrap_or_default(),
                    flags: tag.text("sslFlags"),
                    place: tag.place(),
                };
                let sites = self.file.sites.get_or_insert_default();
                match sites.sites.last_mut().filter(|_| self.in_site) {
                    Some(site) => push_few(&mut site.bindings, entry),
                    None => push_few(&mut sites.bindings, entry),
                }
            }
            Node::Application => {
                let entry = ApplicationEntry {
                    path: tag.text("path").unwrap_or_default(),
                    pool: tag.text("applicationPool"),
                    place: tag.place(),
                    directories: Vec::new(),
                    defaults: Defaults::default(),
                };
                if let Some(site) = self.site() {
                    self.site_mut(site, |site| push_few(&mut site.applications, entry));
                }
            }
            Node::VirtualDirectory => {
                let entry = DirectoryEntry {
                    path: tag.text("path").unwrap_or_default(),
                    physical: tag.text("physicalPath").unwrap_or_default(),
                    allow_sub_dir: tag.flag("allowSubDirConfig"),
                    place: tag.place(),
                };
                if let Some(site) = self.site() {
                    self.site_mut(site, |site| {
                        if let Some(application) = site.applications.last_mut() {
                            push_few(&mut application.directories, entry);
                        }
                    });
                }
            }
            Node::ApplicationDefaults => {
                let pool = tag.text("applicationPool");
                if let Some(defaults) = self.defaults(parent) {
                    defaults.pool = pool;
                }
            }
            Node::VirtualDirectoryDefaults => {
                let allow = tag.flag("allowSubDirConfig");
                if let Some(defaults) = self.defaults(parent) {
                    defaults.allow_sub_dir = allow;
                }
            }
            Node::Key => self.key = cut(&tag.text("path").unwrap_or_default()).to_owned(),
            Node::Property => {
                if let Some(id) = tag.text("id").and_then(|id| id.trim().parse::<u32>().ok()).filter(|id| (5500..=5599).contains(id)) {
                    let kind = AnomalyKind::CertificateResidue { key: self.key.clone(), id };
                    self.notice(kind, tag.place());
                }
            }
            Node::Redirection => {
                let redirection = Redirection {
                    enabled: tag.flag("enabled").unwrap_or(false),
                    path: tag.text("path").unwrap_or_default(),
                    place: tag.place(),
                };
                self.file.redirection.get_or_insert(redirection);
            }
            Node::Use(section) => {
                let locks = tag.locks();
                let used = SectionUse {
                    section,
                    place: tag.place(),
                    values: Vec::new(),
                    locks,
                    child_locks: Rare::default(),
                    mappings: Vec::new(),
                    redirect: (section == Section::HttpRedirect).then(|| Box::new(tag.raw(node))),
                    pattern_to_https: None,
                };
                push_few(&mut self.file.blocks[self.block].sections, used);
                self.say(node, tag);
            }
            Node::RequestLimits => {
                let locks = tag.locks();
                if let Some(used) = self.file.blocks[self.block].sections.last_mut() {
                    used.child_locks = locks;
                }
                self.say(node, tag);
            }
            Node::RedirectPattern => {
                if let (true, Some(used)) = (tag.leads_to_https("destination"), self.file.blocks[self.block].sections.last_mut()) {
                    used.pattern_to_https.get_or_insert(tag.place());
                }
            }
            Node::RewriteRule => self.rule_off = tag.flag("enabled") == Some(false),
            Node::RewriteAction => {
                let redirects = tag.text("type").is_some_and(|kind| kind.trim().eq_ignore_ascii_case("Redirect"));
                if redirects && !self.rule_off && tag.leads_to_https("url") {
                    self.file.blocks[self.block].rewrites_to_https.get_or_insert(tag.place());
                }
            }
            Node::Log => {
                self.file.central_log =
                    tag.text("centralLogFileMode").is_some_and(|mode| !matches!(mode.trim().to_lowercase().as_str(), "site" | "0"));
            }
            Node::LogFile | Node::Hsts | Node::FtpSsl | Node::FtpCertificates => {
                let raw = tag.raw(node);
                let sites = self.file.sites.get_or_insert_default();
                let elements = match sites.sites.last_mut().filter(|_| self.in_site) {
                    Some(site) => &mut site.elements,
                    None => &mut sites.elements,
                };
                match node {
                    Node::LogFile => elements.log.get_or_insert(raw),
                    Node::Hsts => elements.hsts.get_or_insert(raw),
                    Node::FtpSsl => elements.ftp_ssl.get_or_insert(raw),
                    _ => elements.ftp_certificates.get_or_insert(raw),
                };
            }
            Node::OneToOne | Node::ManyToOne => {
                self.mapping = Some(Mapping {
                    one_to_one: node == Node::OneToOne,
                    name: tag.text("name").unwrap_or_default(),
                    enabled: tag.flag("enabled").unwrap_or(true),
                    deny: tag.text("permissionMode").is_some_and(|mode| mode.eq_ignore_ascii_case("Deny") || mode == "2"),
                    rules: 0,
                    place: tag.place(),
                });
            }
            Node::Rule => {
                if let Some(mapping) = &mut self.mapping {
                    mapping.rules += 1;
                }
            }
            _ => {}
        }
        self.stack.push(node);
    }

    fn end(&mut self) {
        match self.stack.pop() {
            Some(Node::Location) => self.block = 0,
            Some(Node::Site) => self.in_site = false,
            Some(Node::SectionGroup) => self.group.truncate(self.group_lengths.pop().unwrap_or(0)),
            Some(Node::OneToOne | Node::ManyToOne) => {
                if let (Some(mapping), Some(used)) = (self.mapping.take(), self.file.blocks[self.block].sections.last_mut()) {
                    used.mappings.push(mapping);
                }
            }
            _ => {}
        }
    }

    fn open_site(&mut self, tag: Tag<'_, '_>) {
        self.file.has_application_host = true;
        self.in_site = true;
        let entry = SiteEntry {
            name: tag.text("name").unwrap_or_default(),
            id: tag.reader.attribute("id").and_then(|id| parse_uint(&id.value())),
            auto_start: tag.flag("serverAutoStart"),
            place: tag.place(),
            bindings: Vec::new(),
            clears: false,
            applications: Vec::new(),
            defaults: Defaults::default(),
            elements: Rare::default(),
        };
        self.file.sites.get_or_insert_default().sites.push(entry);
    }

    fn open_location(&mut self, tag: Tag<'_, '_>) {
        let mode = match (tag.text("overrideMode"), tag.flag("allowOverride")) {
            (Some(mode), _) if mode.trim().eq_ignore_ascii_case("Allow") => Mode::Allow,
            (Some(mode), _) if mode.trim().eq_ignore_ascii_case("Deny") => Mode::Deny,
            (None, Some(true)) => Mode::Allow,
            (None, Some(false)) => Mode::Deny,
            _ => Mode::Inherit,
        };
        let path = tag.text("path").unwrap_or_default();
        self.block = self.file.blocks.len();
        self.file.blocks.push(Block { path, place: tag.place(), mode, sections: Vec::new(), rewrites_to_https: None });
        if tag.reader.attribute("overrideMode").is_some() && tag.reader.attribute("allowOverride").is_some() {
            self.notice(AnomalyKind::OverrideGivenTwice, tag.place());
        }
    }

    /// Compares the attributes of the element that has just started with what the schema knows.
    fn check(&mut self, node: Node, tag: Tag<'_, '_>) {
        let shape = shape(node);
        for required in shape.required {
            if tag.reader.attribute(required).is_none() {
                self.notice(AnomalyKind::MissingAttribute { element: shape.path.to_owned(), attribute: required }, tag.place());
            }
        }
        for index in 0..tag.reader.attributes().len() {
            let attribute = tag.reader.attributes()[index];
            let known = shape.attributes.and_then(|known| known.iter().find(|(name, _)| *name == attribute.name));
            match (known, shape.attributes) {
                (Some((_, of_type)), _) => self.check_value(tag, shape.path, attribute, *of_type),
                (None, Some(_)) if !EVERYWHERE.contains(&attribute.name) && !attribute.name.starts_with("xmlns:") => {
                    let kind = AnomalyKind::UnknownAttribute { element: shape.path.to_owned(), attribute: attribute.name.to_owned() };
                    let place = tag.reader.attribute_place(&attribute);
                    self.notice(kind, place);
                }
                _ => {}
            }
        }
        if matches!(node, Node::Use(_) | Node::Sites)
            && let Some(source) = tag.text("configSource")
        {
            self.file.elsewhere.push((shape.path.to_owned(), source));
        }
        let holds_password = matches!(
            node,
            Node::VirtualDirectory
                | Node::VirtualDirectoryDefaults
                | Node::ProcessModel
                | Node::OneToOne
                | Node::ManyToOne
                | Node::Redirection
                | Node::Use(Section::Anonymous)
        );
        if holds_password
            && let Some(password) = tag.reader.attribute("password")
            && !password.raw.trim().is_empty()
            && !password.value().trim_start().starts_with("[enc:")
        {
            let place = tag.reader.attribute_place(&password);
            self.notice(AnomalyKind::PlainTextPassword { element: shape.path.to_owned(), attribute: "password" }, place);
        }
    }

    fn check_value(&mut self, tag: Tag<'_, '_>, element: &'static str, attribute: Attribute<'_>, of_type: Type) {
        let value = attribute.value();
        let trimmed = value.trim();
        let expected = match of_type {
            Type::Text => return,
            Type::Bool if parse_bool(trimmed).is_some() => return,
            Type::Bool => "true or false",
            Type::Uint if parse_uint(trimmed).is_some() => return,
            Type::Uint => "an unsigned number",
            Type::Enum(names, _) if names.iter().any(|name| name.eq_ignore_ascii_case(trimmed)) => return,
            Type::Enum(_, expected) => expected,
            Type::Flags(names, _) if Bits::parse(trimmed, names).unknown.is_empty() => return,
            Type::Flags(_, expected) => expected,
            Type::Span if seconds(trimmed).is_some() => return,
            Type::Span => "a length of time such as 00:01:00",
        };
        let kind = AnomalyKind::InvalidValue {
            element: element.to_owned(),
            attribute: attribute.name.to_owned(),
            value: value.clone().into_owned(),
            expected,
        };
        let place = tag.reader.attribute_place(&attribute);
        self.notice(kind, place);
    }

    /// Keeps the audited values of the element that has just started.
    fn say(&mut self, node: Node, tag: Tag<'_, '_>) {
        for source in SOURCES.iter().filter(|source| source.node == node) {
            if let Some(attribute) = tag.reader.attribute(source.attribute) {
                let place = tag.reader.attribute_place(&attribute);
                let said = Said { setting: source.setting, text: attribute.value().into_owned(), place };
                if let Some(used) = self.file.blocks[self.block].sections.last_mut() {
                    push_few(&mut used.values, said);
                }
            }
        }
    }

    fn declare(&mut self, tag: Tag<'_, '_>) {
        let Some(name) = tag.text("name") else { return };
        let declared = self.file.declared.get_or_insert_default();
        let path = format!("{}{name}", self.group);
        if path.len() > LONGEST_SECTION_PATH {
            return;
        }
        let allow = !tag.reader.attribute("overrideModeDefault").is_some_and(|mode| mode.value().trim().eq_ignore_ascii_case("Deny"));
        match declared.sections.entry(path) {
            Entry::Vacant(entry) => {
                entry.insert((tag.place(), allow));
            }
            Entry::Occupied(entry) => {
                let first = entry.get().0;
                let kind = AnomalyKind::SectionDeclaredTwice { section: entry.key().clone() };
                self.notice_with(kind, tag.place(), vec![(first, "the first declaration".to_owned())]);
            }
        }
    }

    fn once(&mut self, section: &'static str, place: Place) {
        match self.first_use.entry(section) {
            Entry::Vacant(entry) => {
                entry.insert(place);
            }
            Entry::Occupied(entry) => {
                let related = vec![(*entry.get(), "the first one".to_owned())];
                let kind = AnomalyKind::SectionDefinedTwice { section: section.to_owned(), location: String::new() };
                self.notice_with(kind, place, related);
            }
        }
    }

    fn defaults(&mut self, parent: Option<Node>) -> Option<&mut Defaults> {
        let sites = self.file.sites.get_or_insert_default();
        match parent {
            Some(Node::Site) => sites.sites.last_mut().map(|site| &mut site.defaults),
            Some(Node::Application) => {
                sites.sites.last_mut().and_then(|site| site.applications.last_mut()).map(|application| &mut application.defaults)
            }
            _ => Some(&mut sites.defaults),
        }
    }

    /// Index of the open site.
    fn site(&self) -> Option<usize> {
        self.file.sites.as_ref().filter(|_| self.in_site).and_then(|sites| sites.sites.len().checked_sub(1))
    }

    fn site_mut(&mut self, index: usize, change: impl FnOnce(&mut SiteEntry)) {
        if let Some(site) = self.file.sites.as_mut().and_then(|sites| sites.sites.get_mut(index)) {
            change(site);
        }
    }

    fn notice(&mut self, kind: AnomalyKind, place: Place) {
        self.notice_with(kind, place, Vec::new());
    }

    fn notice_with(&mut self, kind: AnomalyKind, place: Place, related: Vec<(Place, String)>) {
        let site = self.site();
        let block = (self.block > 0).then_some(self.block);
        self.file.noticed.push((Anomaly { kind, place, related, site, path: None }, block));
    }

    fn finish(mut self, is_express: bool, late_declaration: Option<Place>) -> ConfigFile {
        if is_express {
            self.file.generation = Generation::IisExpress;
        }
        if let Some(place) = late_declaration {
            self.notice(AnomalyKind::LateDeclaration, place);
        }
        let repeated = self.repeated();
        self.file.noticed.extend(repeated);
        if let Some(declared) = self.file.declared.as_ref().filter(|declared| !declared.sections.is_empty()) {
            let mut used: BTreeMap<&str, (Place, Option<usize>)> =
                self.first_use.iter().map(|(path, place)| (*path, (*place, None))).collect();
            for (index, block) in self.file.blocks.iter().enumerate() {
                for section in &block.sections {
                    used.entry(section.section.path()).or_insert((section.place, (index > 0).then_some(index)));
                }
            }
            if self.file.kind() == FileKind::ApplicationHost {
                let undeclared: Vec<_> = used
                    .into_iter()
                    .filter(|(path, _)| !declared.sections.contains_key(*path))
                    .map(|(path, (place, block))| (anomaly(AnomalyKind::SectionNotDeclared { section: path.to_owned() }, place), block))
                    .collect();
                self.file.noticed.extend(undeclared);
            }
        }
        self.file
    }

    /// Sections that stand twice for one location, or for two that differ only in letter case.
    fn repeated(&self) -> Vec<(Anomaly, Option<usize>)> {
        let mut found = Vec::new();
        // Nearly every file has none of either, which hashes tell in a fraction of the time.
        let seed = Seed::default();
        let mut hashes: Vec<u64> = Vec::with_capacity(self.file.blocks.len());
        for block in &self.file.blocks {
            let path = level(&block.path).to_lowercase();
            hashes.extend(block.sections.iter().map(|used| seed.hash_one((&path, used.section))));
        }
        hashes.sort_unstable();
        if hashes.windows(2).all(|pair| pair[0] != pair[1]) {
            return found;
        }
        let mut exact: BTreeMap<(&str, Section), Place> = BTreeMap::new();
        let mut folded: BTreeMap<(String, Section), (&str, &SectionUse)> = BTreeMap::new();
        for (index, block) in self.file.blocks.iter().enumerate() {
            let path = level(&block.path);
            let block_index = (index > 0).then_some(index);
            for used in &block.sections {
                let section = used.section;
                match exact.entry((path, section)) {
                    Entry::Occupied(first) => {
                        let kind = AnomalyKind::SectionDefinedTwice { section: section.path().to_owned(), location: cut(path).to_owned() };
                        let mut anomaly = anomaly(kind, used.place);
                        anomaly.related.push((*first.get(), "the first one".to_owned()));
                        found.push((anomaly, block_index));
                    }
                    Entry::Vacant(entry) => {
                        entry.insert(used.place);
                        match folded.entry((path.to_lowercase(), section)) {
                            Entry::Vacant(entry) => {
                                entry.insert((&block.path, used));
                            }
                            Entry::Occupied(first) => {
                                let (other, other_used) = *first.get();
                                let kind = AnomalyKind::LocationCaseVariants {
                                    section: section.path().to_owned(),
                                    path: block.path.clone(),
                                    other: other.to_owned(),
                                };
                                let mut anomaly = anomaly(kind, block.place);
                                anomaly.related.push((used.place, format!("\"{}\" {}", block.path, says(used))));
                                anomaly.related.push((other_used.place, format!("\"{other}\" {}", says(other_used))));
                                found.push((anomaly, block_index));
                            }
                        }
                    }
                }
            }
        }
        found
    }
}

/// What a section element sets, for people.
fn says(used: &SectionUse) -> String {
    if used.values.is_empty() {
        return "sets nothing that is audited".to_owned();
    }
    let values: Vec<String> = used.values.iter().map(|said| format!("{} to \"{}\"", said.setting, said.text)).collect();
    format!("sets {}", values.join(", "))
}

fn anomaly(kind: AnomalyKind, place: Place) -> Anomaly {
    Anomaly { kind, place, related: Vec::new(), site: None, path: None }
}

/// A location path without what does not count: slashes at its ends, and `.` for the level of the file.
pub(super) fn level(path: &str) -> &str {
    match path.trim().trim_matches('/') {
        "." => "",
        path => path,
    }
}

/// `name`, or its beginning.
pub(super) fn cut(name: &str) -> &str {
    if name.len() <= LONGEST_NAME {
        return name;
    }
    let mut end = LONGEST_NAME;
    while !name.is_char_boundary(end) {
        end -= 1;
    }
    &name[..end]
}

pub(super) fn parse_bool(text: &str) -> Option<bool> {
    if text.eq_ignore_ascii_case("true") {
        Some(true)
    } else if text.eq_ignore_ascii_case("false") {
        Some(false)
    } else {
        None
    }
}

pub(super) fn parse_uint(text: &str) -> Option<u32> {
    let text = text.trim();
    match text.strip_prefix("0x").or_else(|| text.strip_prefix("0X")) {
        Some(digits) if digits.bytes().all(|byte| byte.is_ascii_hexdigit()) => u32::from_str_radix(digits, 16).ok(),
        None if text.bytes().all(|byte| byte.is_ascii_digit()) => text.parse().ok(),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn config(text: &str) -> ConfigFile {
        read(text, FileId(0), Limits::default()).unwrap()
    }

    /// Line, column and kind of what is noticed, in file order.
    fn noticed(text: &str) -> Vec<(u32, u32, AnomalyKind)> {
        let mut noticed: Vec<_> =
            config(text).noticed.into_iter().map(|(anomaly, _)| (anomaly.place.line, anomaly.place.column, anomaly.kind)).collect();
        noticed.sort_by_key(|(line, column, _)| (*line, *column));
        noticed
    }

    fn kinds(text: &str) -> Vec<AnomalyKind> {
        noticed(text).into_iter().map(|(_, _, kind)| kind).collect()
    }

    const DECLARED: &str =
        r#"<configSections><sectionGroup name="system.applicationHost"><section name="sites"/></sectionGroup></configSections>"#;
    const ACCESS: &str = r#"<system.webServer><security><access sslFlags="Ssl"/></security></system.webServer>"#;

    #[test]
    fn a_file_is_known_by_its_content() {
        let kind = |inside: &str| config(&format!("<configuration>{inside}</configuration>")).kind();
        assert_eq!(kind("<system.applicationHost/>"), FileKind::ApplicationHost);
        assert_eq!(kind(DECLARED), FileKind::ApplicationHost);
        assert_eq!(kind(r#"<configSections><sectionGroup name="system.webServer"/></configSections>"#), FileKind::ApplicationHost);
        assert_eq!(
            kind(r#"<configSections><sectionGroup name="x"><sectionGroup name="system.webServer"/></sectionGroup></configSections>"#),
            FileKind::WebConfig
        );
        assert_eq!(kind("<configurationRedirection/>"), FileKind::Redirection);
        assert_eq!(kind("<configurationRedirection/><system.applicationHost/>"), FileKind::ApplicationHost);
        assert_eq!(kind(ACCESS), FileKind::WebConfig);
        assert_eq!(kind(""), FileKind::WebConfig);
    }

    #[test]
    fn pieces_of_a_file_are_read_with_a_warning() {
        let site = r#"<site name="A" id="1"><application path="/"/></site>"#;
        for piece in [
            site.to_owned(),
            format!("<sites>{site}</sites>"),
            format!("<system.applicationHost><sites>{site}</sites></system.applicationHost>"),
        ] {
            let file = config(&piece);
            assert_eq!((file.kind(), file.sites.as_ref().unwrap().sites[0].name.as_str()), (FileKind::ApplicationHost, "A"), "{piece}");
            assert!(file.warnings()[0].contains("piece"), "{piece}");
        }
        let file = config(&format!("<location path='A'>{ACCESS}</location>"));
        assert_eq!((file.kind(), file.blocks[1].path.as_str(), file.blocks[1].sections.len()), (FileKind::ApplicationHost, "A", 1));
        let file = config(ACCESS);
        assert_eq!((file.blocks[0].sections.len(), file.warnings().len()), (1, 1));
        let other = config("<appSettings><security><access sslFlags='Ssl'/></security></appSettings>");
        assert!(other.blocks[0].sections.is_empty() && other.warnings()[0].contains("nothing in it was read"));
        assert!(config("<configuration/>").warnings().is_empty());
    }

    #[test]
    fn iis_express_is_known_by_its_variables() {
        let express = "<configuration><system.webServer><globalModules><add image='%IIS_BIN%\\x.dll'/></globalModules></system.webServer></configuration>";
        assert_eq!(config(express).generation, Generation::IisExpress);
        assert_eq!(config(&express.replace("%IIS_BIN%", "%windir%")).generation, Generation::Iis7);
    }

    #[test]
    fn sections_are_known_by_their_whole_path_and_may_be_spread() {
        let file = config(
            r#"<configuration>
            <security><access sslFlags="Ssl"/></security>
            <system.webServer><access sslFlags="Ssl"/><Security><access sslFlags="Ssl"/></Security></system.webServer>
            <system.webServer><security><access sslFlags="Ssl"/></security></system.webServer>
            <system.webServer><security><requestFiltering allowDoubleEscaping="true"/></security></system.webServer>
            </configuration>"#,
        );
        let found: Vec<_> =
            file.blocks[0].sections.iter().map(|used| (used.section, used.place.line, used.values[0].text.as_str())).collect();
        assert_eq!(found, [(Section::Access, 4, "Ssl"), (Section::RequestFiltering, 5, "true")]);
        assert!(file.noticed.is_empty());
    }

    #[test]
    fn what_follows_a_location_tag_stands_outside_of_it() {
        let file = config(&format!("<configuration><location path='A'>{ACCESS}</location>{ACCESS}<location path='B'/></configuration>"));
        let found: Vec<_> = file.blocks.iter().map(|block| (block.path.as_str(), block.sections.len())).collect();
        assert_eq!(found, [("", 1), ("A", 1), ("B", 0)]);
    }

    #[test]
    fn what_the_schema_does_not_know_is_noticed_at_its_place_and_the_rest_is_read() {
        let text = r#"<configuration><system.applicationHost><sites>
  <site name="A" id="4294967296" serverAutoStart="yes" note="x" lockItem="true">
    <bindings xmlns:x="u" x:lockAttributes="*"><binding protocol="http" /><add/></bindings>
    <application><virtualDirectory path="/" physicalPath="C:\" logonMethod="Kerberos" password="hunter2"/></application>
  </site>
  <site id="2"/>
</sites></system.applicationHost><location overrideMode="allow"/><location path="A" allowOverride="true" overrideMode="Sometimes"/></configuration>"#;
        let invalid = |element: &str, attribute: &str, value: &str, expected| AnomalyKind::InvalidValue {
            element: element.into(),
            attribute: attribute.into(),
            value: value.into(),
            expected,
        };
        let missing = |element: &str, attribute| AnomalyKind::MissingAttribute { element: element.into(), attribute };
        assert_eq!(
            noticed(text),
            [
                (2, 18, invalid("sites/site", "id", "4294967296", "an unsigned number")),
                (2, 34, invalid("sites/site", "serverAutoStart", "yes", "true or false")),
                (2, 56, AnomalyKind::UnknownAttribute { element: "sites/site".into(), attribute: "note".into() }),
                (3, 48, missing("sites/site/bindings/binding", "bindingInformation")),
                (3, 75, AnomalyKind::UnknownElement { parent: "sites/site/bindings".into(), element: "add".into() }),
                (4, 5, missing("sites/site/application", "path")),
                (
                    4,
                    64,
                    invalid(
                        "sites/site/application/virtualDirectory",
                        "logonMethod",
                        "Kerberos",
                        "Interactive, Batch, Network or ClearText"
                    )
                ),
                (
                    4,
                    87,
                    AnomalyKind::PlainTextPassword { element: "sites/site/application/virtualDirectory".into(), attribute: "password" }
                ),
                (6, 3, missing("sites/site", "name")),
                (7, 66, AnomalyKind::OverrideGivenTwice),
                (7, 106, invalid("location", "overrideMode", "Sometimes", "Allow, Deny or Inherit")),
            ]
        );
        let sites: Vec<_> = config(text).noticed.iter().map(|(anomaly, _)| anomaly.site).collect();
        assert_eq!(sites[..9], [[Some(0)].repeat(8), vec![Some(1)]].concat());
        assert_eq!(sites[9..], [None, None]);
        assert!(!format!("{:?}", config(text)).contains("hunter2"));
    }

    #[test]
    fn an_encrypted_or_empty_password_is_none_in_plain_text() {
        let kinds = |password: &str| {
            kinds(&format!(
                r#"<configuration><system.applicationHost><applicationPools><add name="p"><processModel password="{password}"/></add></applicationPools></system.applicationHost></configuration>"#
            ))
        };
        assert_eq!(
            kinds("x"),
            [AnomalyKind::PlainTextPassword { element: "applicationPools/add/processModel".into(), attribute: "password" }]
        );
        assert_eq!(kinds("[enc:AesProvider:AAAA:enc]"), []);
        assert_eq!(kinds(" "), []);
    }

    #[test]
    fn config_sections_must_come_first_and_once_and_name_a_section_once() {
        let wrap = |inside: &str| format!("<configuration>{inside}</configuration>");
        assert_eq!(kinds(&wrap(DECLARED)), []);
        assert_eq!(kinds(&wrap(&format!("<appSettings/>{DECLARED}"))), [AnomalyKind::ConfigSectionsMisplaced]);
        assert_eq!(
            kinds(&wrap(&format!("{DECLARED}{DECLARED}"))),
            [AnomalyKind::ConfigSectionsMisplaced, AnomalyKind::SectionDeclaredTwice { section: "system.applicationHost/sites".into() }]
        );
    }

    #[test]
    fn an_undeclared_section_counts_only_where_others_are_declared() {
        let undeclared = AnomalyKind::SectionNotDeclared { section: "system.webServer/security/access".into() };
        let wrap = |inside: &str| {
            format!("<configuration>{inside}{ACCESS}<system.applicationHost><sites/></system.applicationHost></configuration>")
        };
        assert_eq!(kinds(&wrap(DECLARED)), [undeclared]);
        assert_eq!(kinds(&wrap("<configSections/>")), []);
        assert_eq!(kinds(&wrap("")), []);
        let web_config = "<configuration><configSections><section name='log4net'/></configSections>";
        assert_eq!(kinds(&format!("{web_config}{ACCESS}</configuration>")), []);
    }

    #[test]
    fn one_section_twice_for_one_path_is_noticed_once_for_each_repetition() {
        let tag = |path: &str| format!("<location path='{path}'>{ACCESS}</location>");
        let wrap = |inside: &str| format!("<configuration>{inside}</configuration>");
        let twice = |location: &str| AnomalyKind::SectionDefinedTwice {
            section: "system.webServer/security/access".into(),
            location: location.into(),
        };
        assert_eq!(kinds(&wrap(&format!("{}{}", tag("A"), tag("A/")))), [twice("A")]);
        assert_eq!(kinds(&wrap(&format!("{ACCESS}{ACCESS}{}", tag(".")))), [twice(""), twice("")]);
        assert_eq!(kinds(&wrap(&format!("{}{}", tag("A"), tag("A/b")))), []);
        let other = "<location path='A'><system.webServer><serverRuntime/></system.webServer></location>";
        assert_eq!(kinds(&wrap(&format!("{}{other}", tag("A")))), []);
    }

    #[test]
    fn a_declaration_behind_the_start_is_noticed() {
        assert_eq!(noticed("<!-- x -->\n<?xml version='1.0'?><configuration/>"), [(2, 1, AnomalyKind::LateDeclaration)]);
    }

    #[test]
    fn a_lone_location_tag_is_a_piece_of_the_server_file_when_it_names_a_site() {
        let read = |attributes: &str| {
            let file = config(&format!("<location {attributes}>{ACCESS}</location>"));
            (file.kind(), file.warnings().concat().contains("the name of a site"))
        };
        assert_eq!(read("path='Shop/cart'"), (FileKind::ApplicationHost, true));
        assert_eq!(read("path='.'"), (FileKind::WebConfig, false));
        assert_eq!(read("inheritInChildApplications='false'"), (FileKind::WebConfig, false));
    }

    #[test]
    fn only_ids_of_certificate_properties_are_residue() {
        let property = |id: &str| {
            kinds(&format!(r#"<configuration><system.applicationHost><customMetadata><key path="LM/W3SVC/1"><property id="{id}" dataType="Binary" value="AA"/></key></customMetadata></system.applicationHost></configuration>"#)).len()
        };
        assert_eq!(["5499", "5500", "5599", "5600", "1002"].map(property), [0, 1, 1, 0, 0]);
    }

    #[test]
    fn deep_and_long_section_groups_are_read() {
        let deep = format!("{}{}", "<sectionGroup name='g'>".repeat(200), "</sectionGroup>".repeat(200));
        let long = format!("<sectionGroup name='{}'><section name='s'/><section name='s'/></sectionGroup>", "g".repeat(1 << 20));
        let file = config(&format!("<configuration><configSections>{deep}{long}</configSections></configuration>"));
        assert_eq!(file.declared.unwrap().sections.len(), 1);
    }
}
