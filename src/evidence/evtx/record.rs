//! One record of a binary log: its binary XML, with the templates that its block of records holds, becomes the parts of an event. No offset is
//! followed without a check, templates within templates are bounded in depth and in what they may come to, and no byte makes it panic.

use std::ops::Range;

use super::super::events::{Attributes, Block, Channel};
use super::value::{self, BINARY_XML, MANY, NULL, STRING};
use crate::httpsys::Unknown;
use crate::input::Place;

/// Templates and pieces of binary XML within each other. Windows writes three.
const NESTING: usize = 16;
/// Elements within each other.
const ELEMENTS: usize = 256;
/// Characters of a name.
const NAME: usize = 1024;
/// What each part of an event costs beside its text.
const PART: usize = 64;

/// How much the records of one block may come to, of which a record is a small part: templates make much of few bytes.
#[derive(Debug)]
pub(super) struct Budget {
    steps: usize,
    text: usize,
}

impl Budget {
    /// About five times of what a block full of events takes.
    pub(super) fn of_block() -> Budget {
        Budget { steps: 1 << 18, text: 4 << 20 }
    }
}

/// Why a record cannot be read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Fault {
    /// Byte within the block.
    pub(super) at: usize,
    pub(super) what: &'static str,
}

/// What a record holds.
#[derive(Debug)]
pub(super) enum Record {
    /// An event, and elements in it that are not known.
    Event(Box<Block>, Vec<Unknown>),
    /// An event of a source that says nothing about SSL. It is not read beyond that.
    Other,
}

/// Reads the binary XML at `range` of a block of records.
pub(super) fn read(block: &[u8], range: Range<usize>, budget: &mut Budget, place: Place) -> Result<Record, Fault> {
    let end = range.end.min(block.len());
    let frame = Frame { at: range.start, end, values: 0..0, template: false, opened: 0 };
    let mut reader = Reader {
        block,
        budget,
        frames: vec![frame],
        values: Vec::new(),
        open: Vec::new(),
        text: String::new(),
        gathering: None,
        many: None,
        event: None,
        unknown: Vec::new(),
        place,
    };
    while !reader.frames.is_empty() {
        if reader.step()? {
            return Ok(Record::Other);
        }
    }
    match reader.event {
        Some(event) => Ok(Record::Event(Box::new(event), reader.unknown)),
        None => Err(Fault { at: range.start, what: "it holds no event" }),
    }
}

/// A piece of binary XML that is being read.
#[derive(Debug)]
struct Frame {
    at: usize,
    end: usize,
    /// The values of a template, as a range of all values.
    values: Range<usize>,
    /// Whether it is the definition of a template, whose elements say what they depend on.
    template: bool,
    /// Number of elements that were open where it began.
    opened: usize,
}

/// A value of a template.
#[derive(Debug, Clone)]
struct Slot {
    kind: u8,
    bytes: Range<usize>,
}

#[derive(Debug)]
struct Element {
    name: String,
    /// Whether it is left out, because a value that it needs is not there.
    hidden: bool,
    /// Whether its tag is still open.
    tag: bool,
    attributes: Attributes,
    /// The attribute whose value is being read.
    attribute: Option<(String, String)>,
    /// Length of the gathered text where it began.
    start: usize,
}

struct Reader<'a, 'b> {
    block: &'a [u8],
    budget: &'b mut Budget,
    frames: Vec<Frame>,
    values: Vec<Slot>,
    open: Vec<Element>,
    /// The text of the element that is being gathered, with that of elements in it.
    text: String,
    /// The open element that is a part of the event.
    gathering: Option<usize>,
    /// Many values in that element, which stands once for each, and where in its text.
    many: Option<(usize, Vec<String>)>,
    event: Option<Block>,
    unknown: Vec<Unknown>,
    place: Place,
}

impl Reader<'_, '_> {
    fn fault<T>(&self, what: &'static str) -> Result<T, Fault> {
        Err(Fault { at: self.frames.last().map_or(0, |frame| frame.at), what })
    }

    /// Takes bytes of the innermost piece.
    fn take(&mut self, count: usize) -> Result<Range<usize>, Fault> {
        match self.frames.last_mut() {
            Some(frame) if frame.end.saturating_sub(frame.at) >= count => {
                let taken = frame.at..frame.at + count;
                frame.at += count;
                Ok(taken)
            }
            _ => self.fault("it ends too early"),
        }
    }

    fn number(&mut self, count: usize) -> Result<usize, Fault> {
        let range = self.take(count)?;
        Ok(number(self.block, range))
    }

    fn spend(&mut self, steps: usize, text: usize) -> Result<(), Fault> {
        match (self.budget.steps.checked_sub(steps), self.budget.text.checked_sub(text)) {
            (Some(steps), Some(text)) => {
                *self.budget = Budget { steps, text };
                Ok(())
            }
            _ => self.fault("the records of this block come to too much"),
        }
    }

    /// Reads one token; whether the event turned out to be of another source.
    fn step(&mut self) -> Result<bool, Fault> {
        if self.frames.last().is_some_and(|frame| frame.at >= frame.end) {
            self.leave()?;
            return Ok(false);
        }
        self.spend(1, 0)?;
        let token = self.number(1)?;
        match token {
            0x00 => self.leave()?,
            0x01 | 0x41 => self.begin(token == 0x41)?,
            0x02 => match self.open.last_mut() {
                Some(element) if element.tag => {
                    element.end_attribute();
                    element.tag = false;
                }
                _ => return self.fault("a tag ends that has not begun"),
            },
            0x03 => return self.end(true),
            0x04 => return self.end(false),
            0x05 | 0x45 => {
                if self.number(1)? != usize::from(STRING) {
                    return self.fault("a text is of another kind");
                }
                let text = self.counted()?;
                self.put(&text)?;
            }
            0x06 | 0x46 => {
                let name = self.name()?;
                match self.open.last_mut() {
                    Some(element) if element.tag => {
                        element.end_attribute();
                        element.attribute = Some((name, String::new()));
                    }
                    _ => return self.fault("an attribute stands outside of a tag"),
                }
            }
            0x07 | 0x47 => {
                let text = self.counted()?;
                self.put(&text)?;
            }
            0x08 | 0x48 => {
                let code = u32::try_from(self.number(2)?).unwrap_or_default();
                let character = char::from_u32(code).unwrap_or(char::REPLACEMENT_CHARACTER);
                self.put(character.encode_utf8(&mut [0; 4]))?;
            }
            0x09 | 0x49 => {
                let name = self.name()?;
                self.put(match name.as_str() {
                    "lt" => "<",
                    "gt" => ">",
                    "amp" => "&",
                    "quot" => "\"",
                    "apos" => "'",
                    _ => "\u{fffd}",
                })?;
            }
            0x0a => {
                self.name()?;
            }
            0x0b => {
                let count = self.number(2)?;
                self.take(count * 2)?;
            }
            0x0c => self.template()?,
            0x0d | 0x0e => self.substitute(token == 0x0e)?,
            0x0f => {
                self.take(3)?;
            }
            _ => return self.fault("there is no such token"),
        }
        Ok(false)
    }

    /// Ends the innermost piece.
    fn leave(&mut self) -> Result<(), Fault> {
        let Some(opened) = self.frames.last().map(|frame| frame.opened) else { return Ok(()) };
        if self.open.len() != opened {
            return self.fault("it ends within an element");
        }
        if let Some(frame) = self.frames.pop()
            && frame.template
        {
            self.values.truncate(frame.values.start);
        }
        Ok(())
    }

    fn enter(&mut self, range: Range<usize>, values: Range<usize>, template: bool) -> Result<(), Fault> {
        if self.frames.len() >= NESTING {
            return self.fault("templates are nested too deep");
        }
        self.frames.push(Frame { at: range.start, end: range.end, values, template, opened: self.open.len() });
        Ok(())
    }

    /// A name, which stands here when it is used for the first time in the block, else where its offset says.
    fn name(&mut self) -> Result<String, Fault> {
        let at = self.number(4)?;
        let here = self.frames.last().map_or(0, |frame| frame.at);
        let text = at.checked_add(8).and_then(|begin| {
            let length = number(self.block, begin - 2..begin);
            (length <= NAME).then(|| begin..begin + length * 2)
        });
        let Some(units) = text.clone().and_then(|range| self.block.get(range)) else { return self.fault("a name is damaged") };
        let name = value::utf16(units);
        if at == here
            && let Some(text) = text
        {
            self.take(text.end + 2 - at)?;
        }
        self.spend(0, name.len())?;
        Ok(name)
    }

    /// A text behind the number of its characters.
    fn counted(&mut self) -> Result<String, Fault> {
        let count = self.number(2)?;
        let range = self.take(count * 2)?;
        Ok(value::utf16(self.block.get(range).unwrap_or_default()))
    }

    /// Takes text where it stands: in the value of an attribute or in an element.
    fn put(&mut self, text: &str) -> Result<(), Fault> {
        self.spend(0, text.len())?;
        match self.open.last_mut() {
            None => return self.fault("a text stands outside of the event"),
            Some(Element { tag: true, attribute: Some((_, value)), .. }) => value.push_str(text),
            Some(Element { tag: true, attribute: None, .. }) => return self.fault("a text stands in a tag"),
            Some(_) if self.gathering.is_some() => self.text.push_str(text),
            Some(_) => {}
        }
        Ok(())
    }

    fn begin(&mut self, attributes: bool) -> Result<(), Fault> {
        let depends = match self.frames.last() {
            Some(frame) if frame.template => Some(self.number(2)?),
            _ => None,
        };
        self.take(4)?;
        let name = self.name()?;
        if attributes {
            self.take(4)?;
        }
        let below = self.open.len();
        let parent = self.open.last();
        if parent.is_some_and(|parent| parent.tag) {
            return self.fault("an element stands in a tag");
        }
        if below >= ELEMENTS {
            return self.fault("elements are nested too deep");
        }
        let missing = depends.filter(|slot| *slot != 0xffff).is_some_and(|slot| self.slot(slot).is_none());
        let hidden = missing || parent.is_some_and(|parent| parent.hidden);
        if self.gathering.is_none() && !hidden {
            let is_part = match below {
                0 if name == "Event" && self.event.is_none() => {
                    self.event = Some(Block::new(self.place));
                    false
                }
                0 => return self.fault("it is no event"),
                1 => !Block::holds_parts(&name),
                _ => name != Block::WRAPPER,
            };
            if is_part {
                self.gathering = Some(below);
                self.text.clear();
                self.many = None;
            }
        }
        let start = self.text.len();
        self.open.push(Element { name, hidden, tag: true, attributes: Attributes::default(), attribute: None, start });
        Ok(())
    }

    /// Ends the innermost element; whether the event turned out to be of another source.
    fn end(&mut self, empty: bool) -> Result<bool, Fault> {
        let opened = self.frames.last().map_or(0, |frame| frame.opened);
        if self.open.len() <= opened || self.open.last().is_some_and(|element| element.tag != empty) {
            return self.fault("an element ends that has not begun");
        }
        let Some(mut element) = self.open.pop() else { return Ok(false) };
        element.end_attribute();
        let below = self.open.len();
        match self.gathering {
            Some(gathering) if gathering == below => self.gathering = None,
            Some(_) => {
                if element.hidden {
                    self.text.truncate(element.start);
                }
                return Ok(false);
            }
            None => return Ok(false),
        }
        if element.hidden {
            return Ok(false);
        }
        if below < 2 {
            self.unknown.push(Unknown { text: format!("<{}>", element.name), place: self.place });
            return Ok(false);
        }
        let text = std::mem::take(&mut self.text);
        match self.many.take() {
            None => self.part(below, &element, &text)?,
            Some((at, values)) => {
                let (before, behind) = text.split_at_checked(at).unwrap_or((&text, ""));
                for value in values {
                    self.part(below, &element, &format!("{before}{value}{behind}"))?;
                }
            }
        }
        let event = self.event.as_ref().map(Block::event);
        Ok(event.is_some_and(|event| !event.provider.is_empty() && event.channel() == Channel::Other))
    }

    fn part(&mut self, below: usize, element: &Element, text: &str) -> Result<(), Fault> {
        self.spend(1, PART + text.len())?;
        if let Some(event) = &mut self.event {
            event.element(below, &element.name, &element.attributes, text);
        }
        Ok(())
    }

    /// A template with its values. It is defined here when it is used for the first time in the block, else where its offset says.
    fn template(&mut self) -> Result<(), Fault> {
        const HEAD: usize = 24;
        if self.open.last().is_some_and(|element| element.tag) {
            return self.fault("a template stands in a tag");
        }
        self.take(5)?;
        let at = self.number(4)?;
        let here = self.frames.last().map_or(0, |frame| frame.at);
        let size = number(self.block, at.saturating_add(HEAD - 4)..at.saturating_add(HEAD));
        let body = at.saturating_add(HEAD)..at.saturating_add(HEAD).saturating_add(size);
        if self.block.get(body.clone()).is_none() || size == 0 {
            return self.fault("a template is damaged");
        }
        if at == here {
            self.take(HEAD + size)?;
        }
        let count = self.number(4)?;
        let heads = self.take(count.saturating_mul(4))?;
        self.spend(count, 0)?;
        let first = self.values.len();
        for head in self.block.get(heads).unwrap_or_default().chunks_exact(4) {
            let bytes = self.take(usize::from(u16::from_le_bytes([head[0], head[1]])))?;
            self.values.push(Slot { kind: head[2], bytes });
        }
        self.enter(body, first..self.values.len(), true)
    }

    /// A value of the innermost template that is there.
    fn slot(&self, index: usize) -> Option<Slot> {
        let frame = self.frames.last()?;
        let slot = self.values.get(frame.values.clone())?.get(index)?;
        (slot.kind != NULL).then(|| slot.clone())
    }

    fn substitute(&mut self, optional: bool) -> Result<(), Fault> {
        let index = self.number(2)?;
        self.take(1)?;
        let slot = self.slot(index);
        let Some(element) = self.open.last_mut() else {
            // A template may be nothing but another one.
            return match slot {
                Some(Slot { kind: BINARY_XML, bytes }) => self.enter(bytes, 0..0, false),
                _ => Ok(()),
            };
        };
        let (tag, hidden) = (element.tag, element.hidden);
        let Some(Slot { kind, bytes }) = slot else {
            element.hidden |= optional && !tag;
            return Ok(());
        };
        if hidden {
            return Ok(());
        }
        if kind == BINARY_XML {
            return if tag { self.fault("an element stands in a tag") } else { self.enter(bytes, 0..0, false) };
        }
        let bytes = self.block.get(bytes).unwrap_or_default();
        if kind & MANY == 0 {
            // What nobody keeps is not worked out.
            return if tag || self.gathering.is_some() { self.put(&value::text(kind, bytes)) } else { Ok(()) };
        }
        let values = value::texts(kind & !MANY, bytes);
        self.spend(values.len(), bytes.len())?;
        let is_part = !tag && self.gathering.is_some_and(|gathering| gathering + 1 == self.open.len());
        if is_part && self.many.is_none() && !values.is_empty() {
            self.many = Some((self.text.len(), values));
            return Ok(());
        }
        self.put(&values.join(if tag { "," } else { "" }))
    }
}

impl Element {
    fn end_attribute(&mut self) {
        if let Some((name, value)) = self.attribute.take() {
            self.attributes.set(&name, value);
        }
    }
}

/// A number of up to four bytes; 0 outside of the block.
fn number(block: &[u8], range: Range<usize>) -> usize {
    block.get(range).unwrap_or_default().iter().rev().fold(0, |number, byte| number << 8 | usize::from(*byte))
}
