//! Writes binary logs of events for tests: as Windows does, with names, templates and values in blocks of 64 KB. Nothing here is used to read.

#![allow(unreachable_pub, dead_code, clippy::unwrap_used, reason = "several tests use it, each another part")]

use std::collections::BTreeMap;

use flate2::Crc;

/// A value of a template.
#[derive(Debug, Clone)]
pub enum Value {
    Null,
    Text(String),
    U8(u8),
    U16(u16),
    U32(u32),
    /// In steps of 100 nanoseconds since 1601.
    Time(u64),
    Texts(Vec<String>),
    /// Kind and bytes.
    Raw(u8, Vec<u8>),
    /// A piece with a template of its own, as EventData is written.
    Piece(Box<Node>),
}

/// An element. Windows keeps the shape of an event as a template, so that here every value is one of a template.
#[derive(Debug, Clone)]
pub struct Node {
    pub name: String,
    pub attributes: Vec<(String, Content)>,
    pub content: Vec<Content>,
}

#[derive(Debug, Clone)]
pub enum Content {
    Element(Node),
    /// Text in the template.
    Text(String),
    Value(Value),
    /// Left out with its element or attribute when it is null.
    Optional(Value),
}

pub fn node(name: &str, attributes: &[(&str, Content)], content: Vec<Content>) -> Node {
    let attributes = attributes.iter().map(|(name, value)| ((*name).to_owned(), value.clone())).collect();
    Node { name: name.to_owned(), attributes, content }
}

pub fn text(text: &str) -> Content {
    Content::Text(text.to_owned())
}

/// An event as most tests need it.
#[derive(Debug, Clone)]
pub struct Event {
    pub provider: String,
    pub id: u16,
    pub level: u8,
    pub time: u64,
    pub computer: String,
    /// Values of `EventData` with their names, which may be empty.
    pub data: Vec<(String, Value)>,
}

impl Event {
    pub fn new(provider: &str, id: u16) -> Event {
        let (level, time) = (2, 133_540_928_624_171_234);
        Event { provider: provider.to_owned(), id, level, time, computer: "WEB01.fabrikam.example".to_owned(), data: Vec::new() }
    }

    pub fn node(&self) -> Node {
        let optional = |value| Content::Optional(value);
        let system = node(
            "System",
            &[],
            vec![
                Content::Element(node("Provider", &[("Name", text(&self.provider)), ("Guid", text("{0}"))], Vec::new())),
                Content::Element(node("EventID", &[("Qualifiers", optional(Value::Null))], vec![optional(Value::U16(self.id))])),
                Content::Element(node("Level", &[], vec![optional(Value::U8(self.level))])),
                Content::Element(node("TimeCreated", &[("SystemTime", optional(Value::Time(self.time)))], Vec::new())),
                Content::Element(node("Correlation", &[("ActivityID", optional(Value::Null))], Vec::new())),
                Content::Element(node("Computer", &[], vec![text(&self.computer)])),
            ],
        );
        let data = self.data.iter().map(|(name, value)| {
            let named = [("Name", text(name))];
            Content::Element(node("Data", if name.is_empty() { &[] } else { &named }, vec![Content::Value(value.clone())]))
        });
        let data = node("EventData", &[], data.collect());
        let content = vec![Content::Element(system), Content::Value(Value::Piece(Box::new(data)))];
        node("Event", &[("xmlns", text("http://schemas.microsoft.com/win/2004/08/events/event"))], content)
    }
}

const BLOCK: usize = 1 << 16;
const RECORDS: usize = 512;

/// A log of these events with the numbers from 1.
pub fn log(events: &[Event]) -> Vec<u8> {
    let nodes: Vec<(u64, Node)> = (1..).zip(events.iter().map(Event::node)).collect();
    log_of(&nodes)
}

/// A log of these records: number and event.
pub fn log_of(records: &[(u64, Node)]) -> Vec<u8> {
    let mut blocks = Vec::new();
    let mut block = Block::new();
    for (number, event) in records {
        if !block.add(*number, event) {
            blocks.push(std::mem::replace(&mut block, Block::new()).finish());
            assert!(block.add(*number, event), "an event is longer than a block");
        }
    }
    blocks.push(block.finish());
    let mut file = vec![0; 4096];
    put(&mut file, 0, b"ElfFile\0");
    put(&mut file, 16, &(blocks.len() as u64 - 1).to_le_bytes());
    put(&mut file, 24, &(records.len() as u64 + 1).to_le_bytes());
    put(&mut file, 32, &128u32.to_le_bytes());
    put(&mut file, 36, &1u16.to_le_bytes());
    put(&mut file, 38, &3u16.to_le_bytes());
    put(&mut file, 40, &4096u16.to_le_bytes());
    put(&mut file, 42, &u16::try_from(blocks.len()).unwrap().to_le_bytes());
    seal_header(&mut file);
    file.extend(blocks.concat());
    file
}

/// Writes the checksum of the header of a file.
pub fn seal_header(file: &mut [u8]) {
    let sum = checksum(&[&file[..120]]);
    put(file, 124, &sum.to_le_bytes());
}

/// Writes the checksums of a block.
pub fn seal_block(block: &mut [u8]) {
    let free = u32::from_le_bytes(block[48..52].try_into().unwrap()) as usize;
    let sum = checksum(&[&block[RECORDS..free]]);
    put(block, 52, &sum.to_le_bytes());
    let sum = checksum(&[&block[..120], &block[128..RECORDS]]);
    put(block, 124, &sum.to_le_bytes());
}

fn checksum(parts: &[&[u8]]) -> u32 {
    let mut sum = Crc::new();
    parts.iter().for_each(|part| sum.update(part));
    sum.sum()
}

fn put(bytes: &mut [u8], at: usize, what: &[u8]) {
    bytes[at..at + what.len()].copy_from_slice(what);
}

/// A block in the making.
#[derive(Clone)]
struct Block {
    bytes: Vec<u8>,
    names: BTreeMap<String, usize>,
    /// Definitions of templates and where they stand.
    templates: BTreeMap<String, usize>,
    numbers: Vec<u64>,
    last: usize,
}

impl Block {
    fn new() -> Block {
        Block { bytes: vec![0; RECORDS], names: BTreeMap::new(), templates: BTreeMap::new(), numbers: Vec::new(), last: 0 }
    }

    /// Adds a record; whether there was room.
    fn add(&mut self, number: u64, event: &Node) -> bool {
        let before = self.clone();
        let start = self.bytes.len();
        self.bytes.extend(*b"**\0\0\0\0\0\0");
        self.bytes.extend(number.to_le_bytes());
        self.bytes.extend([0; 8]);
        self.instance(event);
        while self.bytes.len() % 8 != 4 {
            self.bytes.push(0);
        }
        let size = self.bytes.len() + 4 - start;
        let size = u32::try_from(size).unwrap().to_le_bytes();
        self.bytes.extend(size);
        put(&mut self.bytes, start + 4, &size);
        if self.bytes.len() > BLOCK {
            *self = before;
            return false;
        }
        self.numbers.push(number);
        self.last = start;
        true
    }

    fn finish(mut self) -> Vec<u8> {
        let free = self.bytes.len();
        let bytes = &mut self.bytes;
        put(bytes, 0, b"ElfChnk\0");
        for (at, number) in [(8, self.numbers.first()), (16, self.numbers.last()), (24, self.numbers.first()), (32, self.numbers.last())] {
            put(bytes, at, &number.copied().unwrap_or_default().to_le_bytes());
        }
        put(bytes, 40, &128u32.to_le_bytes());
        put(bytes, 44, &u32::try_from(self.last).unwrap().to_le_bytes());
        put(bytes, 48, &u32::try_from(free).unwrap().to_le_bytes());
        bytes.resize(BLOCK, 0);
        seal_block(bytes);
        self.bytes
    }

    fn name(&mut self, name: &str) {
        let here = self.bytes.len() + 4;
        let at = *self.names.entry(name.to_owned()).or_insert(here);
        self.bytes.extend(u32::try_from(at).unwrap().to_le_bytes());
        if at == here {
            let units: Vec<u16> = name.encode_utf16().collect();
            self.bytes.extend([0; 6]);
            self.bytes.extend(u16::try_from(units.len()).unwrap().to_le_bytes());
            self.bytes.extend(units.iter().flat_map(|unit| unit.to_le_bytes()));
            self.bytes.extend([0; 2]);
        }
    }

    /// A piece of binary XML with one template and its values.
    fn instance(&mut self, node: &Node) {
        self.bytes.extend([0x0f, 1, 1, 0, 0x0c, 1, 0, 0, 0, 0]);
        let mut values = Vec::new();
        let shape = shape(node, &mut values);
        let here = self.bytes.len() + 4;
        let at = *self.templates.entry(shape).or_insert(here);
        self.bytes.extend(u32::try_from(at).unwrap().to_le_bytes());
        if at == here {
            self.bytes.extend([0; 24]);
            let body = self.bytes.len();
            self.bytes.extend([0x0f, 1, 1, 0]);
            self.define(node, &mut 0);
            self.bytes.push(0);
            let size = u32::try_from(self.bytes.len() - body).unwrap();
            put(&mut self.bytes, body - 4, &size.to_le_bytes());
        }
        self.bytes.extend(u32::try_from(values.len()).unwrap().to_le_bytes());
        let heads = self.bytes.len();
        self.bytes.extend(vec![0; values.len() * 4]);
        for (index, value) in values.iter().enumerate() {
            let start = self.bytes.len();
            let units = |text: &str| text.encode_utf16().flat_map(u16::to_le_bytes).collect::<Vec<u8>>();
            let kind = match value {
                Value::Null => 0,
                Value::Text(text) => {
                    self.bytes.extend(units(text));
                    1
                }
                Value::U8(number) => {
                    self.bytes.push(*number);
                    4
                }
                Value::U16(number) => {
                    self.bytes.extend(number.to_le_bytes());
                    6
                }
                Value::U32(number) => {
                    self.bytes.extend(number.to_le_bytes());
                    8
                }
                Value::Time(time) => {
                    self.bytes.extend(time.to_le_bytes());
                    0x11
                }
                Value::Texts(texts) => {
                    for text in texts {
                        self.bytes.extend(units(text));
                        self.bytes.extend([0; 2]);
                    }
                    0x81
                }
                Value::Raw(kind, bytes) => {
                    self.bytes.extend(bytes);
                    *kind
                }
                Value::Piece(node) => {
                    self.instance(node);
                    self.bytes.push(0);
                    0x21
                }
            };
            let size = u16::try_from(self.bytes.len() - start).unwrap().to_le_bytes();
            put(&mut self.bytes, heads + index * 4, &[size[0], size[1], kind]);
        }
    }

    fn define(&mut self, node: &Node, next: &mut u16) {
        let start = self.bytes.len();
        let depends = {
            let attributes = node.attributes.iter().map(|(_, value)| value);
            let before: u16 = attributes.map(|value| u16::from(matches!(value, Content::Value(_) | Content::Optional(_)))).sum();
            match node.content.first() {
                Some(Content::Optional(_)) => *next + before,
                _ => 0xffff,
            }
        };
        self.bytes.push(if node.attributes.is_empty() { 0x01 } else { 0x41 });
        self.bytes.extend(depends.to_le_bytes());
        let size = self.bytes.len();
        self.bytes.extend([0; 4]);
        self.name(&node.name);
        if !node.attributes.is_empty() {
            let list = self.bytes.len();
            self.bytes.extend([0; 4]);
            for (index, (name, value)) in node.attributes.iter().enumerate() {
                self.bytes.push(if index + 1 < node.attributes.len() { 0x46 } else { 0x06 });
                self.name(name);
                self.content(value, next);
            }
            let length = u32::try_from(self.bytes.len() - list - 4).unwrap();
            put(&mut self.bytes, list, &length.to_le_bytes());
        }
        if node.content.is_empty() {
            self.bytes.push(0x03);
        } else {
            self.bytes.push(0x02);
            for content in &node.content {
                self.content(content, next);
            }
            self.bytes.push(0x04);
        }
        let length = u32::try_from(self.bytes.len() - start - 7).unwrap();
        put(&mut self.bytes, size, &length.to_le_bytes());
    }

    fn content(&mut self, content: &Content, next: &mut u16) {
        match content {
            Content::Element(node) => self.define(node, next),
            Content::Text(text) => {
                let units: Vec<u16> = text.encode_utf16().collect();
                self.bytes.extend([0x05, 0x01]);
                self.bytes.extend(u16::try_from(units.len()).unwrap().to_le_bytes());
                self.bytes.extend(units.iter().flat_map(|unit| unit.to_le_bytes()));
            }
            Content::Value(_) | Content::Optional(_) => {
                self.bytes.push(if matches!(content, Content::Value(_)) { 0x0d } else { 0x0e });
                self.bytes.extend(next.to_le_bytes());
                self.bytes.push(0x01);
                *next += 1;
            }
        }
    }
}

/// The shape of an element, which is what its template is made of; its values in order.
fn shape(node: &Node, values: &mut Vec<Value>) -> String {
    let mut told = format!("<{}", node.name);
    let mut take = |content: &Content, told: &mut String| match content {
        Content::Element(node) => told.push_str(&shape(node, values)),
        Content::Text(text) => told.push_str(&format!("{text:?}")),
        Content::Value(value) | Content::Optional(value) => {
            told.push_str(if matches!(content, Content::Value(_)) { "%" } else { "?" });
            values.push(value.clone());
        }
    };
    for (name, value) in &node.attributes {
        told.push_str(&format!(" {name}="));
        take(value, &mut told);
    }
    told.push('>');
    for content in &node.content {
        take(content, &mut told);
    }
    told.push_str("</>");
    told
}
