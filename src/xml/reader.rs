//! The pull reader: start and end of elements with exact places, everything else checked and passed over.

use std::cell::Cell;
use std::fmt;

use quick_xml::Reader;
use quick_xml::errors::{Error as QuickXmlError, IllFormedError, SyntaxError};
use quick_xml::events::Event as QuickXmlEvent;

use super::attributes::{self, Attribute, Attributes};
use super::declaration;
use super::limits::Limits;
use crate::input::{FileId, Place};

/// What the reader met. Name and attributes of a started element are asked from the reader itself.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Event {
    /// An element starts; an empty element gives a start and an end.
    Start,
    /// The innermost open element ends.
    End,
}

/// Why a text is not XML that we (and IIS) accept.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum XmlErrorKind {
    /// Something in a start tag is missing; the text names what was expected.
    Attribute(&'static str),
    /// The same attribute twice on one element.
    DuplicateAttribute,
    /// `&` that starts neither a predefined entity nor a reference to a legal character.
    Reference,
    /// A document type declaration, which could define entities.
    DocumentType,
    /// The XML declaration is not as XML has it; the text names what was expected.
    Declaration(&'static str),
    /// `]]>` where no CDATA section is open.
    SectionEnd,
    /// A processing instruction without a legal name.
    Instruction,
    /// An element name that XML does not allow.
    Name,
    /// An end tag that does not match the element it should end.
    EndTag {
        /// The element that is open, empty when none is.
        expected: String,
        /// The end tag that was found.
        found: String,
    },
    /// The text ends while an element, comment or tag is still open.
    Truncated(String),
    /// More than one root element, or text outside of it.
    OutsideRoot,
    /// No element at all.
    NoRoot,
    /// A character that XML does not allow, by its code point.
    Character(u32),
    /// `--` inside a comment.
    Comment,
    /// One of [`Limits`]: what is limited, and the limit.
    Limit(&'static str, u64),
    /// Anything else, as the parser below says it.
    Other(String),
}

/// A fault in the text, with its place.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct XmlError {
    /// What is wrong.
    pub kind: XmlErrorKind,
    /// Where it is wrong.
    pub place: Place,
    /// Byte offset of the fault in the decoded text, without a byte order mark.
    pub offset: usize,
    /// Name and place of the element that is still open, when that helps.
    pub open: Option<(String, Place)>,
}

impl fmt::Display for XmlError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.kind {
            XmlErrorKind::Attribute(expected) => write!(f, "not well-formed XML: expected {expected}")?,
            XmlErrorKind::DuplicateAttribute => write!(f, "not well-formed XML: the attribute stands twice on this element")?,
            XmlErrorKind::Reference => write!(
                f,
                "not well-formed XML: '&' starts no known reference; write &amp; for the character itself (no document type is read, so no other entity exists)"
            )?,
            XmlErrorKind::DocumentType => write!(f, "a document type declaration is refused; IIS writes none, remove it")?,
            XmlErrorKind::Declaration(expected) => write!(f, "not well-formed XML: expected {expected} in the XML declaration")?,
            XmlErrorKind::SectionEnd => {
                write!(f, "not well-formed XML: ']]>' outside of a CDATA section; write ]]&gt; for the characters")?
            }
            XmlErrorKind::Instruction => write!(f, "not well-formed XML: expected the name of a processing instruction behind '<?'")?,
            XmlErrorKind::Name => write!(f, "not well-formed XML: expected an element name")?,
            XmlErrorKind::EndTag { expected, found } if expected.is_empty() => {
                write!(f, "not well-formed XML: </{found}> ends an element that was never opened")?;
            }
            XmlErrorKind::EndTag { expected, found } => write!(f, "not well-formed XML: expected </{expected}>, found </{found}>")?,
            XmlErrorKind::Truncated(what) => write!(f, "the file ends too early: {what}")?,
            XmlErrorKind::OutsideRoot => write!(f, "not well-formed XML: text or a second root element outside of the root element")?,
            XmlErrorKind::NoRoot => write!(f, "the file holds no XML element")?,
            XmlErrorKind::Character(code) => write!(f, "the character U+{code:04X} is not allowed in XML")?,
            XmlErrorKind::Comment => write!(f, "not well-formed XML: '--' inside a comment")?,
            XmlErrorKind::Limit(what, limit) => write!(f, "refused: more than {limit} {what}")?,
            XmlErrorKind::Other(message) => write!(f, "not well-formed XML: {message}")?,
        }
        if let Some((name, place)) = &self.open {
            write!(f, " (<{name}> was opened in line {}, column {})", place.line, place.column)?;
        }
        Ok(())
    }
}

impl std::error::Error for XmlError {}

/// Reads one decoded text element by element.
pub struct XmlReader<'a> {
    text: &'a str,
    file: FileId,
    limits: Limits,
    /// The parser for what is rare or wrong.
    inner: Reader<&'a [u8]>,
    /// Where `inner` starts in `text`, always at the start of an event that is no text.
    inner_start: usize,
    /// Whether the text ends where this one ends.
    is_last: bool,
    /// Where the first event of this text starts that needs more of it, once that is met.
    paused: Option<usize>,
    before: Carried,
    /// Offset and name length of every open element that starts in this text, outermost first.
    open: Vec<(usize, usize)>,
    name: &'a str,
    element_offset: usize,
    attributes: Attributes<'a>,
    pending_end: bool,
    /// Where the next event starts.
    position: usize,
    /// Where the next `]]>` stands, once that was looked for. Most texts have none, so that looking for it once costs less than in every
    /// text between tags.
    next_section_end: Option<usize>,
    /// So far all characters are known to be legal.
    legal_to: usize,
    /// The text that is being gathered, while somebody wants it.
    gathered: Option<String>,
    cursor: Cell<Cursor>,
    /// Where the last place inside the current element was; the next one is likely to be further on.
    inside: Cell<Cursor>,
    work: Cell<u64>,
    /// Leaves everything to the parser, for a comparison.
    #[cfg(test)]
    careful: bool,
}

/// What the reader of one piece of a text hands on to the reader of the next.
#[derive(Debug, Default)]
pub(super) struct Carried {
    /// Bytes, lines and characters of the last line that were passed over.
    bytes: usize,
    lines: u32,
    characters: u32,
    /// Name and place of every element that is still open, outermost first.
    open: Vec<(String, Place)>,
    root_seen: bool,
    late_declaration: Option<Place>,
}

/// A position that only moves forward, so that working out all places costs one pass over the text.
#[derive(Debug, Clone, Copy)]
struct Cursor {
    offset: usize,
    line: u32,
    column: u32,
}

impl Cursor {
    fn advanced(self, text: &str, to: usize) -> Cursor {
        let between = &text[self.offset..to];
        let bytes = between.as_bytes();
        match memchr::memrchr(b'\n', bytes) {
            None => Cursor { offset: to, column: self.column.saturating_add(count_characters(between)), ..self },
            Some(last) => {
                let breaks = memchr::memchr_iter(b'\n', bytes).count();
                Cursor {
                    offset: to,
                    line: self.line.saturating_add(u32::try_from(breaks).unwrap_or(u32::MAX)),
                    column: 1u32.saturating_add(count_characters(&between[last + 1..])),
                }
            }
        }
    }
}

fn count_characters(text: &str) -> u32 {
    u32::try_from(text.chars().count()).unwrap_or(u32::MAX)
}

impl<'a> XmlReader<'a> {
    /// A reader over `text`, which is already decoded and has no byte order mark. Places name `file`.
    pub fn new(text: &'a str, file: FileId, limits: Limits) -> Self {
        Self::over(text, file, limits, Carried::default(), true)
    }

    /// A reader over a piece of a text. Where it is not the last, `next` gives `None` as soon as more is needed.
    pub(super) fn over(text: &'a str, file: FileId, limits: Limits, before: Carried, is_last: bool) -> Self {
        let start = Cursor { offset: 0, line: before.lines.saturating_add(1), column: before.characters.saturating_add(1) };
        XmlReader {
            text,
            file,
            limits,
            inner: parser(text),
            inner_start: 0,
            is_last,
            paused: None,
            before,
            open: Vec::new(),
            name: "",
            element_offset: 0,
            attributes: Attributes::default(),
            pending_end: false,
            position: 0,
            next_section_end: None,
            legal_to: 0,
            gathered: None,
            cursor: Cell::new(start),
            inside: Cell::new(start),
            work: Cell::new(0),
            #[cfg(test)]
            careful: false,
        }
    }

    /// What the reader of the rest must know, and where in this text the rest starts.
    pub(super) fn carry(self) -> (Carried, usize) {
        let rest = self.paused.unwrap_or(self.text.len());
        let mut cursor = self.start_cursor();
        let mut carried = self.before;
        for (offset, length) in self.open {
            cursor = cursor.advanced(self.text, offset);
            let place = Place { file: self.file, line: cursor.line, column: cursor.column };
            carried.open.push((self.text[offset + 1..offset + 1 + length].to_owned(), place));
        }
        cursor = cursor.advanced(self.text, rest);
        carried.bytes += rest;
        carried.lines = cursor.line - 1;
        carried.characters = cursor.column - 1;
        (carried, rest)
    }

    fn start_cursor(&self) -> Cursor {
        let (lines, characters) = (self.before.lines, self.before.characters);
        Cursor { offset: 0, line: lines.saturating_add(1), column: characters.saturating_add(1) }
    }

    #[allow(clippy::should_implement_trait, reason = "a lending reader, no iterator: names and attributes are asked from it between calls")]
    /// The next start or end of an element; `None` when the root element has ended and nothing but white space and comments follows.
    pub fn next(&mut self) -> Result<Option<Event>, XmlError> {
        if self.pending_end {
            self.pending_end = false;
            self.open.pop();
            return Ok(Some(Event::End));
        }
        if self.paused.is_some() {
            return Ok(None);
        }
        loop {
            if let Some(event) = self.plain()? {
                return Ok(Some(event));
            }
            let before = self.position;
            let rest = &self.text.as_bytes()[before..];
            if rest.first().is_some_and(|first| !matches!(first, b'<' | b'&')) {
                let end = memchr::memchr2(b'<', b'&', rest).map_or(self.text.len(), |length| before + length);
                self.position = end;
                if !self.characters(before, end)? {
                    return Ok(None);
                }
                continue;
            }
            if self.within(self.inner.buffer_position()) != before {
                self.inner = parser(&self.text[before..]);
                self.inner_start = before;
            }
            let event = match self.inner.read_event() {
                Ok(QuickXmlEvent::Eof) | Err(_) if !self.is_last => {
                    self.paused = Some(before);
                    return Ok(None);
                }
                Ok(event) => event,
                Err(error) => {
                    self.check_characters(self.text.len())?;
                    return Err(self.translate(&error));
                }
            };
            let end = self.within(self.inner.buffer_position());
            self.position = end;
            if end > self.legal_to {
                self.check_characters(end)?;
            }
            match event {
                QuickXmlEvent::Start(tag) => {
                    self.start(before, tag.as_ref().len(), tag.name().as_ref().len())?;
                    return Ok(Some(Event::Start));
                }
                QuickXmlEvent::Empty(tag) => {
                    self.start(before, tag.as_ref().len(), tag.name().as_ref().len())?;
                    self.pending_end = true;
                    return Ok(Some(Event::Start));
                }
                QuickXmlEvent::End(tag) => {
                    let name = tag.name();
                    let found: &str = name.as_ref();
                    match self.open.last() {
                        Some(&(offset, length)) if &self.text[offset + 1..offset + 1 + length] == found => {
                            self.open.pop();
                            return Ok(Some(Event::End));
                        }
                        Some(&(offset, length)) => {
                            let expected = self.text[offset + 1..offset + 1 + length].to_owned();
                            let kind = XmlErrorKind::EndTag { expected: expected.clone(), found: shorten(found) };
                            let mut error = self.error(before, kind);
                            error.open = Some((expected, self.place_anywhere(offset)));
                            return Err(error);
                        }
                        None => {
                            let found = found.to_owned();
                            return self.end_of_carried(before, &found).map(Some);
                        }
                    }
                }
                // Only where the parser starts within a text, which it never does.
                QuickXmlEvent::Text(_) => {
                    if !self.characters(before, end)? {
                        return Ok(None);
                    }
                }
                QuickXmlEvent::GeneralRef(reference) => {
                    if self.depth() == 0 {
                        return Err(self.error(before, XmlErrorKind::OutsideRoot));
                    }
                    let length = reference.as_ref().len();
                    let whole = self.text.get(before..before + length + 2).unwrap_or("&");
                    if attributes::check_references(whole).is_err() {
                        return Err(self.error(before, XmlErrorKind::Reference));
                    }
                    if let Some(gathered) = &mut self.gathered {
                        gathered.push_str(&attributes::resolved(whole));
                    }
                }
                QuickXmlEvent::CData(_) if self.depth() == 0 => return Err(self.error(before, XmlErrorKind::OutsideRoot)),
                QuickXmlEvent::CData(data) => self.gather(data.as_ref()),
                QuickXmlEvent::Comment(_) => {}
                QuickXmlEvent::PI(instruction) => {
                    // A colon has no meaning in this name, so any number of them may stand in it.
                    let target: &str = instruction.target();
                    if !attributes::is_name(&target.replace(':', "_")) {
                        return Err(self.error(before + "<?".len(), XmlErrorKind::Instruction));
                    }
                }
                QuickXmlEvent::Decl(_) => {
                    let inner = self.text.get(before..end).and_then(|whole| whole.strip_prefix("<?xml")?.strip_suffix("?>"));
                    declaration::check(inner.unwrap_or_default())
                        .map_err(|(at, expected)| self.error(before + "<?xml".len() + at, XmlErrorKind::Declaration(expected)))?;
                    if self.before.bytes + before != 0 && self.before.late_declaration.is_none() {
                        self.before.late_declaration = Some(self.place_anywhere(before));
                    }
                }
                QuickXmlEvent::DocType(_) => return Err(self.error(before, XmlErrorKind::DocumentType)),
                QuickXmlEvent::Eof => {
                    return if let Some(&(offset, length)) = self.open.last() {
                        let name = self.text[offset + 1..offset + 1 + length].to_owned();
                        let mut error = self.error(self.text.len(), XmlErrorKind::Truncated(format!("</{name}> is missing")));
                        error.open = Some((name, self.place_anywhere(offset)));
                        Err(error)
                    } else if let Some((name, place)) = self.before.open.pop() {
                        let mut error = self.error(self.text.len(), XmlErrorKind::Truncated(format!("</{name}> is missing")));
                        error.open = Some((name, place));
                        Err(error)
                    } else if self.before.root_seen {
                        Ok(None)
                    } else {
                        Err(self.error(self.text.len(), XmlErrorKind::NoRoot))
                    };
                }
            }
        }
    }

    /// The next tag, where it is written as nearly all tags are: with names of ASCII characters, without prefixes, and without a mistake.
    /// White space before it is passed over. Whatever is otherwise is left to the parser, which begins where this stops.
    fn plain(&mut self) -> Result<Option<Event>, XmlError> {
        #[cfg(test)]
        if self.careful {
            return Ok(None);
        }
        let text = self.text;
        let bytes = text.as_bytes();
        let mut at = self.position;
        while bytes.get(at).is_some_and(|byte| attributes::is_blank(*byte)) {
            at += 1;
        }
        if bytes.get(at) != Some(&b'<') {
            return Ok(None);
        }
        if at > self.position {
            self.gather(&text[self.position..at]);
            self.position = at;
        }
        if bytes.get(at + 1) == Some(&b'/') {
            let Some(&(offset, length)) = self.open.last() else { return Ok(None) };
            let (name, found) = (&bytes[offset + 1..offset + 1 + length], &bytes[at + 2..]);
            if !found.starts_with(name) || found.get(length) != Some(&b'>') {
                return Ok(None);
            }
            self.position = at + 2 + length + 1;
            self.open.pop();
            return Ok(Some(Event::End));
        }
        let depth = self.depth();
        if depth == self.limits.depth || (depth == 0 && self.before.root_seen) {
            return Ok(None);
        }
        let Some(attributes::PlainTag { name_length, end, is_empty }) = self.attributes.plain_tag(text, at + 1, &self.limits) else {
            return Ok(None);
        };
        self.position = end;
        if end > self.legal_to {
            self.check_characters(end)?;
        }
        self.before.root_seen = true;
        self.worked(end - at + attributes::comparisons(self.attributes().len()));
        self.name = &text[at + 1..at + 1 + name_length];
        self.element_offset = at;
        self.open.push((at, name_length));
        self.pending_end = is_empty;
        Ok(Some(Event::Start))
    }

    /// The end of an element that starts before this text.
    fn end_of_carried(&mut self, at: usize, found: &str) -> Result<Event, XmlError> {
        match self.before.open.pop() {
            Some((name, _)) if name == found => Ok(Event::End),
            Some((expected, place)) => {
                let mut error = self.error(at, XmlErrorKind::EndTag { expected: expected.clone(), found: shorten(found) });
                error.open = Some((expected, place));
                Err(error)
            }
            None => Err(self.error(at, XmlErrorKind::EndTag { expected: String::new(), found: shorten(found) })),
        }
    }

    /// Characters between tags. Says whether they can be judged without more text.
    fn characters(&mut self, start: usize, end: usize) -> Result<bool, XmlError> {
        let all = self.text;
        let text = &all[start..end];
        let is_whole = self.is_last || end < all.len();
        if self.depth() > 0 {
            let wrong = self.section_end(start, end);
            if let (Some(at), true) = (wrong, is_whole) {
                self.check_characters(end)?;
                return Err(self.error(at, XmlErrorKind::SectionEnd));
            }
            // What is wrong is told when all of the text is there, and brackets may be the start of "]]>".
            let brackets = || text.bytes().rev().take_while(|byte| *byte == b']').count().min(2);
            let kept = if wrong.is_some() { text.len() } else { brackets() };
            if kept > 0 && !is_whole {
                self.check_characters(end - kept)?;
                self.paused = Some(end - kept);
                return Ok(false);
            }
        }
        if self.depth() == 0 {
            let blanks = text.bytes().take_while(|byte| attributes::is_blank(*byte)).count();
            if blanks < text.len() {
                // What follows may be a character that is not allowed at all, which is told first.
                if !is_whole {
                    self.paused = Some(start);
                    return Ok(false);
                }
                self.check_characters(end)?;
                return Err(self.error(start + blanks, XmlErrorKind::OutsideRoot));
            }
        }
        self.check_characters(end)?;
        self.gather(text);
        Ok(true)
    }

    /// Where `]]>` stands between two places.
    fn section_end(&mut self, start: usize, end: usize) -> Option<usize> {
        let next = match self.next_section_end {
            Some(next) if next >= start => next,
            _ => section_end(self.text, start),
        };
        self.next_section_end = Some(next);
        Some(next).filter(|at| *at < end)
    }

    /// Refuses a character before `end` that XML forbids. Looks far ahead, because many small searches cost more than one large.
    #[cold]
    fn check_characters(&mut self, end: usize) -> Result<(), XmlError> {
        while self.legal_to < end {
            let mut to = self.text.len().min(self.legal_to.saturating_add(CHECKED_AT_ONCE));
            while !self.text.is_char_boundary(to) {
                to += 1;
            }
            match illegal_character(&self.text[self.legal_to..to]) {
                None => self.legal_to = to,
                Some((after, code)) => {
                    self.legal_to += after;
                    if self.legal_to < end {
                        return Err(self.error(self.legal_to, XmlErrorKind::Character(code)));
                    }
                }
            }
        }
        Ok(())
    }

    /// Passes over the rest of the element that has just started, checking all of it.
    pub fn skip(&mut self) -> Result<(), XmlError> {
        let outside = self.depth().saturating_sub(1);
        while self.depth() > outside {
            if self.next()?.is_none() {
                break;
            }
        }
        Ok(())
    }

    /// Passes over the rest of the element that has just started and gives its text, that of elements in it included, with references
    /// resolved and every literal line break as one line feed.
    pub fn text(&mut self) -> Result<String, XmlError> {
        self.gathered = Some(String::new());
        let outcome = self.skip();
        let text = self.gathered.take().unwrap_or_default();
        outcome.map(|()| text)
    }

    /// Keeps `text`, which stands between two tags, comments or references, while somebody wants it. A line break is over where it ends.
    fn gather(&mut self, text: &str) {
        if let Some(gathered) = &mut self.gathered {
            let mut rest = text;
            while let Some((line, after)) = rest.split_once('\r') {
                gathered.push_str(line);
                gathered.push('\n');
                rest = after.strip_prefix('\n').unwrap_or(after);
            }
            gathered.push_str(rest);
        }
    }

    /// Local name of the element that has just started, spelled as in the file.
    pub fn name(&self) -> &'a str {
        self.name
    }

    /// Attributes of the element that has just started, in file order.
    pub fn attributes(&self) -> &[Attribute<'a>] {
        self.attributes.as_slice()
    }

    /// The attribute `name` of the element that has just started. Names are compared exactly, as IIS does.
    pub fn attribute(&self, name: &str) -> Option<Attribute<'a>> {
        self.attributes().iter().find(|attribute| attribute.name == name).copied()
    }

    /// Number of open elements: 1 when the root has just started.
    pub fn depth(&self) -> usize {
        self.before.open.len() + self.open.len()
    }

    /// Place of the `<` of the element that has just started.
    pub fn place(&self) -> Place {
        self.place_at(self.element_offset)
    }

    /// Place of the name of an attribute of the element that has just started.
    pub fn attribute_place(&self, attribute: &Attribute<'_>) -> Place {
        self.place_at(attribute.name_offset)
    }

    /// Where an XML declaration stands that is not at the very start of the text. XML forbids it, and IIS is likely to refuse the file.
    pub fn late_declaration(&self) -> Option<Place> {
        self.before.late_declaration
    }

    /// How much this reader has done so far, in bytes looked at and comparisons made. It grows linearly with the text whatever its
    /// shape, which a test proves by counting, because a clock cannot.
    pub fn work(&self) -> u64 {
        self.work.get()
    }

    fn worked(&self, amount: usize) {
        self.work.set(self.work.get().saturating_add(amount as u64));
    }

    /// An offset that the parser below tells, as one in the text.
    fn within(&self, told: u64) -> usize {
        usize::try_from(told).unwrap_or(usize::MAX).saturating_add(self.inner_start).min(self.text.len())
    }

    fn start(&mut self, offset: usize, tag_length: usize, name_length: usize) -> Result<(), XmlError> {
        let depth = self.depth();
        if depth == 0 && self.before.root_seen {
            return Err(self.error(offset, XmlErrorKind::OutsideRoot));
        }
        self.before.root_seen = true;
        if depth == self.limits.depth {
            return Err(self.error(offset, XmlErrorKind::Limit("levels of nested elements", self.limits.depth as u64)));
        }
        let text = self.text;
        let name_start = offset + 1;
        let Some((name, raw)) = text.get(name_start..name_start + tag_length).and_then(|tag| tag.split_at_checked(name_length)) else {
            return Err(self.error(offset, XmlErrorKind::Name));
        };
        let simple = attributes::is_simple_name(name);
        if !simple && !attributes::is_name(name) {
            return Err(self.error(offset, XmlErrorKind::Name));
        }
        self.worked(tag_length + 1);
        let outcome = self.attributes.split(raw, name_start + name_length, &self.limits);
        self.worked(attributes::comparisons(self.attributes().len()));
        outcome.map_err(|(at, kind)| self.error(at, kind))?;
        self.name = if simple { name } else { attributes::local(name) };
        self.element_offset = offset;
        self.open.push((offset, name_length));
        Ok(())
    }

    /// Places are asked for inside the current element, so the cursor rests at its start and never has to go back.
    fn place_at(&self, offset: usize) -> Place {
        let mut cursor = self.cursor.get();
        if cursor.offset <= self.element_offset {
            self.worked(self.element_offset - cursor.offset);
            cursor = cursor.advanced(self.text, self.element_offset);
            self.cursor.set(cursor);
        }
        if offset < cursor.offset {
            return self.place_anywhere(offset);
        }
        let inside = self.inside.get();
        let nearest = if (cursor.offset..=offset).contains(&inside.offset) { inside } else { cursor };
        self.worked(offset - nearest.offset);
        let found = nearest.advanced(self.text, offset);
        self.inside.set(found);
        self.place_of(found)
    }

    /// A place counted from the start of the text; only for errors and late declarations, of which one is told.
    fn place_anywhere(&self, offset: usize) -> Place {
        let mut offset = offset.min(self.text.len());
        while !self.text.is_char_boundary(offset) {
            offset -= 1;
        }
        self.worked(offset);
        self.place_of(self.start_cursor().advanced(self.text, offset))
    }

    fn place_of(&self, cursor: Cursor) -> Place {
        Place { file: self.file, line: cursor.line, column: cursor.column }
    }

    fn error(&self, offset: usize, kind: XmlErrorKind) -> XmlError {
        XmlError { kind, place: self.place_anywhere(offset), offset: self.before.bytes + offset, open: None }
    }

    fn translate(&self, error: &QuickXmlError) -> XmlError {
        let offset = self.within(self.inner.error_position());
        let kind = match error {
            QuickXmlError::Syntax(
                SyntaxError::UnclosedTag
                | SyntaxError::UnclosedSingleQuotedAttributeValue
                | SyntaxError::UnclosedDoubleQuotedAttributeValue,
            ) => XmlErrorKind::Truncated("a tag is not closed; look for a missing quote or '>'".to_owned()),
            QuickXmlError::Syntax(SyntaxError::UnclosedComment) => XmlErrorKind::Truncated("a comment is not closed".to_owned()),
            QuickXmlError::Syntax(SyntaxError::UnclosedCData) => XmlErrorKind::Truncated("a CDATA section is not closed".to_owned()),
            QuickXmlError::Syntax(SyntaxError::UnclosedDoctype) => XmlErrorKind::DocumentType,
            QuickXmlError::IllFormed(IllFormedError::DoubleHyphenInComment) => XmlErrorKind::Comment,
            other => XmlErrorKind::Other(other.to_string()),
        };
        self.error(offset, kind)
    }
}

/// A parser that starts here.
fn parser(text: &str) -> Reader<&[u8]> {
    let mut parser = Reader::from_str(text);
    let config = parser.config_mut();
    config.enable_all_checks(true);
    config.check_end_names = false;
    config.allow_unmatched_ends = true;
    parser
}

/// Where the next `]]>` stands from `start` on, wherever it belongs to.
fn section_end(text: &str, start: usize) -> usize {
    text.as_bytes().get(start..).and_then(|rest| memchr::memmem::find(rest, b"]]>")).map_or(usize::MAX, |at| start + at)
}

/// So many bytes are searched for forbidden characters at once.
const CHECKED_AT_ONCE: usize = 1 << 16;

/// The first character that XML 1.0 forbids, with its offset. Works in blocks so that the compiler can use vector instructions.
fn illegal_character(text: &str) -> Option<(usize, u32)> {
    // Without a branch, and in blocks of one size, so that the compiler takes many bytes at once.
    let forbidden = |byte: u8| (byte < 0x20) & (byte != b'\t') & (byte != b'\n') & (byte != b'\r');
    let bytes = text.as_bytes();
    let (blocks, rest) = bytes.as_chunks::<64>();
    let mut all = rest.iter().fold(0, |all, byte| all | byte);
    let mut is_clean = |block: &[u8; 64]| {
        let (found, here) = block.iter().fold((0, 0), |(found, here), byte| (found | u8::from(forbidden(*byte)), here | byte));
        all |= here;
        found == 0
    };
    let clean = blocks.iter().take_while(|block| is_clean(block)).count();
    let unclean = blocks.get(clean).map_or(rest, |block| block.as_slice());
    let control = unclean.iter().position(|byte| forbidden(*byte)).map(|at| clean * 64 + at);
    // U+FFFE and U+FFFF, which begin like other characters of their row. One that stands after a forbidden character does not matter.
    let mut row = memchr::memmem::find_iter(bytes, b"\xef\xbf");
    let noncharacter = if all.is_ascii() { None } else { row.find(|at| bytes.get(at + 2).is_some_and(|last| *last >= 0xbe)) };
    let offset = match (control, noncharacter) {
        (Some(control), Some(other)) => control.min(other),
        (found, other) => found.or(other)?,
    };
    text[offset..].chars().next().map(|character| (offset, u32::from(character)))
}

/// A name fit for a message: names of hostile files can be megabytes long.
fn shorten(name: &str) -> String {
    match name.char_indices().nth(80) {
        Some((end, _)) => format!("{}…", &name[..end]),
        None => name.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn the_text_of_an_element_has_its_references_and_character_data_resolved() {
        let mut reader =
            XmlReader::new("<a>no<b>1 &lt; <c>&#50;</c><!-- x --><![CDATA[ & ]]>3</b><b/>no</a>", FileId(0), Limits::default());
        assert_eq!(reader.next(), Ok(Some(Event::Start)));
        assert_eq!(reader.next(), Ok(Some(Event::Start)));
        assert_eq!(reader.text().unwrap(), "1 < 2 & 3");
        assert_eq!((reader.next(), reader.name()), (Ok(Some(Event::Start)), "b"));
        assert_eq!((reader.text().unwrap(), reader.depth()), (String::new(), 1));
        assert_eq!((reader.next(), reader.next()), (Ok(Some(Event::End)), Ok(None)));
    }

    #[test]
    fn a_line_break_in_a_text_is_one_line_feed_and_two_that_a_tag_or_a_reference_parts_are_two() {
        let text = |inner: &str| {
            let text = format!("<a>{inner}</a>");
            let mut reader = XmlReader::new(&text, FileId(0), Limits::default());
            reader.next().unwrap();
            reader.text().unwrap()
        };
        assert_eq!(text("x\r\ny\rz\n"), "x\ny\nz\n");
        assert_eq!(text("x\r<!-- -->\ny"), "x\n\ny");
        assert_eq!(text("x\r&#10;y"), "x\n\ny");
        assert_eq!(text("x&#13;\ny<![CDATA[\r\n]]>"), "x\r\ny\n");
    }

    const PARTS: &[&str] = &[
        "<a>",
        "</a>",
        "<a",
        "</a",
        "a",
        "b",
        ":",
        "1",
        "=",
        "'",
        "\"",
        "x='1'",
        " y=\"2\"",
        " y='&amp;'",
        " ",
        "\r\n\t",
        ">",
        "/>",
        "/",
        "<",
        "</",
        "&",
        "&lt;",
        "&#65;",
        ";",
        "ü",
        "\u{feff}",
        "\0",
        "\u{ffff}",
        "]]>",
        "]]",
        "<![CDATA[",
        "<!--",
        "-->",
        "--",
        "<?p ",
        "?>",
        "<!",
        "é='1'",
        "<b x='1' y='2'>",
        "<c/>",
        "</b>",
        "</b >",
        "text",
        "<?xml version='1.0'?>",
        "<a x='1'>",
        " z = 'a>b' ",
    ];

    /// Names that are easily taken for one another.
    const NAMES: &[[&str; 3]] = &[
        ["a", "b", "ab"],
        ["name", "namf", "eame"],
        ["name", "names", "nam"],
        ["names", "namef", "mames"],
        ["x:name", "name", "y:name"],
        ["preCondition", "preConditiox", "xreCondition"],
        ["preConditionPreConditionA", "preConditionPreConditionB", "preCondition"],
    ];

    /// Everything that a reader tells: events, names, attributes with their places, gathered texts, and how it ends.
    fn told(text: &str, careful: bool, limits: Limits) -> (Vec<String>, Option<XmlError>) {
        let mut reader = XmlReader::new(text, FileId(0), limits);
        reader.careful = careful;
        let mut told = Vec::new();
        loop {
            match reader.next() {
                Ok(Some(Event::Start)) if reader.name() == "b" && reader.depth() > 2 => match reader.text() {
                    Ok(text) => told.push(format!("text {text:?}")),
                    Err(error) => return (told, Some(error)),
                },
                Ok(Some(Event::Start)) => {
                    let attribute = |one: &Attribute<'_>| format!("{one:?} {:?}", reader.attribute_place(one));
                    let attributes: Vec<String> = reader.attributes().iter().map(attribute).collect();
                    told.push(format!("{} {:?} {} {attributes:?}", reader.name(), reader.place(), reader.depth()));
                }
                Ok(Some(Event::End)) => told.push(format!("end {}", reader.depth())),
                Ok(None) => return (told, None),
                Err(error) => return (told, Some(error)),
            }
        }
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(4096))]
        #[test]
        fn tags_that_are_read_in_one_pass_are_read_as_the_parser_reads_them(
            parts in proptest::collection::vec(0..PARTS.len(), 0..24),
            is_wrapped in proptest::bool::ANY,
        ) {
            let inner: String = parts.into_iter().map(|index| PARTS[index]).collect();
            let text = if is_wrapped { format!("<r>{inner}</r>") } else { inner };
            let limits = Limits { depth: 4, attributes: 3, attribute_bytes: 8, ..Limits::default() };
            prop_assert_eq!(told(&text, false, limits), told(&text, true, limits));
        }
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(4096))]
        #[test]
        fn tags_with_the_names_of_a_tag_before_are_read_as_the_parser_reads_them(
            names in 0..NAMES.len(),
            tags in proptest::collection::vec((proptest::collection::vec((0..3usize, 0..ATTRIBUTES.len()), 0..3), 0..3usize), 1..8),
        ) {
            let mut text = String::from("<r>");
            for (attributes, kind) in tags {
                text.push_str("<e");
                for (name, value) in attributes {
                    text.push_str(&ATTRIBUTES[value].replace("name", NAMES[names][name]));
                }
                text.push_str([">", "/>", "></e>"][kind]);
            }
            prop_assert_eq!(told(&text, false, Limits::default()), told(&text, true, Limits::default()));
        }
    }

    /// Ways to write an attribute, mostly the usual one.
    const ATTRIBUTES: &[&str] = &[
        "name=\"1\"",
        " name=\"1\"",
        " name=\"\"",
        " name=\"a longer value, with words\"",
        "\r\n\tname=\"1\"",
        " name='\"'",
        " name = \"1\"",
        " name=\"&lt;\"",
    ];

    /// Names and places of all elements, or the error.
    fn read(text: &str) -> Result<Vec<(String, u32, u32)>, XmlError> {
        let mut reader = XmlReader::new(text, FileId(0), Limits::default());
        let mut seen = Vec::new();
        while let Some(event) = reader.next()? {
            if event == Event::Start {
                let place = reader.place();
                seen.push((reader.name().to_owned(), place.line, place.column));
            }
        }
        Ok(seen)
    }

    fn fault(text: &str) -> XmlError {
        read(text).unwrap_err()
    }

    #[test]
    fn elements_come_with_line_and_column_counted_in_characters() {
        let text = "<?xml version =\"1.0\"?>\r\n<a>\r\n<!-- ü --> <b x='1'/>\t<x:c/>\n</a>\n";
        assert_eq!(read(text).unwrap(), [("a".into(), 2, 1), ("b".into(), 3, 12), ("c".into(), 3, 23)]);
    }

    #[test]
    fn the_place_of_an_attribute_is_the_place_of_its_name() {
        let mut reader = XmlReader::new("<a\n  b='1'\n\tc='ü' d='2'/>", FileId(3), Limits::default());
        reader.next().unwrap();
        let places: Vec<(u32, u32)> =
            reader.attributes().iter().map(|attribute| reader.attribute_place(attribute)).map(|place| (place.line, place.column)).collect();
        assert_eq!(places, [(2, 3), (3, 2), (3, 8)]);
        assert_eq!(reader.place().line, 1);
    }

    #[test]
    fn a_missing_end_tag_names_the_element_that_is_open() {
        let error = fault("<a>\n <b>\n</a>");
        assert_eq!(error.kind, XmlErrorKind::EndTag { expected: "b".into(), found: "a".into() });
        assert_eq!((error.place.line, error.open.unwrap().1.line), (3, 2));
    }

    #[test]
    fn every_truncation_of_a_document_is_an_error() {
        let text = "<?xml version='1.0'?><a b='1'><!-- c --><d><![CDATA[x]]></d></a>";
        for end in 0..text.len() {
            assert!(read(&text[..end]).is_err(), "accepted {:?}", &text[..end]);
        }
        assert!(read(text).is_ok());
    }

    #[test]
    fn hostile_shapes_are_refused_with_their_reason() {
        assert!(matches!(fault("").kind, XmlErrorKind::NoRoot));
        assert!(matches!(fault("  \n").kind, XmlErrorKind::NoRoot));
        assert!(matches!(fault("<a/><b/>").kind, XmlErrorKind::OutsideRoot));
        assert!(matches!(fault("<a/>x").kind, XmlErrorKind::OutsideRoot));
        assert!(matches!(fault("x<a/>").kind, XmlErrorKind::OutsideRoot));
        assert!(matches!(fault("<!DOCTYPE a [<!ENTITY b 'c'>]><a>&b;</a>").kind, XmlErrorKind::DocumentType));
        assert!(matches!(fault("<a>&b;</a>").kind, XmlErrorKind::Reference));
        assert!(matches!(fault("<a>\0</a>").kind, XmlErrorKind::Character(0)));
        assert!(matches!(fault("<a b='\u{1b}'/>").kind, XmlErrorKind::Character(0x1b)));
        assert!(matches!(fault("<a>\u{ffff}</a>").kind, XmlErrorKind::Character(0xffff)));
        assert!(matches!(fault("</a>").kind, XmlErrorKind::EndTag { .. }));
        assert!(matches!(fault("<<<<<<< HEAD\n<a/>").kind, XmlErrorKind::Name | XmlErrorKind::Attribute(_)));
        assert!(matches!(fault("<1a/>").kind, XmlErrorKind::Name));
        assert!(matches!(fault("<a><?<b/>?></a>"), XmlError { kind: XmlErrorKind::Instruction, offset: 5, .. }));
        assert!(matches!(fault("<a>\n x]]>\n</a>"), XmlError { kind: XmlErrorKind::SectionEnd, offset: 6, .. }));
        assert!(read("<a>]] ]>]]<!-- ]]> --><![CDATA[]]]]>&gt;]]&gt;</a>").is_ok());
        assert!(matches!(fault("<? a?><a/>").kind, XmlErrorKind::Instruction));
        assert!(read("<?some:thing:else x='<'?><a><?b?></a>").is_ok());
        assert!(matches!(fault("<a><!-- -- --></a>").kind, XmlErrorKind::Comment));
        assert!(matches!(fault(&"<a>".repeat(300)).kind, XmlErrorKind::Limit(_, 256)));
        let many: String = (0..1025).map(|index| format!(" a{index}=''")).collect();
        assert!(matches!(fault(&format!("<a{many}/>")).kind, XmlErrorKind::Limit(_, 1024)));
    }

    #[test]
    fn a_declaration_with_a_wrong_word_is_refused_at_that_word() {
        let error = fault("<?xml version=\"1.0\"\r\n encXding=\"UTF-8\"?><a/>");
        assert!(matches!(error.kind, XmlErrorKind::Declaration(_)));
        assert_eq!((error.place.line, error.place.column, error.offset), (2, 2, 22));
        assert!(error.to_string().contains("in the XML declaration"), "{error}");
        assert!(matches!(fault("<?xml?><a/>").kind, XmlErrorKind::Declaration(_)));
        assert!(read("<?xml version =\"1.0\"?><a/>").is_ok());
    }

    #[test]
    fn a_declaration_that_is_not_at_the_start_is_noticed() {
        let mut reader = XmlReader::new("\n<?xml version='1.0'?><a/>", FileId(0), Limits::default());
        while reader.next().unwrap().is_some() {}
        assert_eq!(reader.late_declaration().map(|place| place.line), Some(2));
    }

    #[test]
    fn skip_passes_over_a_subtree_and_still_checks_it() {
        let mut reader = XmlReader::new("<a><b><c/><c/></b><d/></a>", FileId(0), Limits::default());
        reader.next().unwrap();
        reader.next().unwrap();
        reader.skip().unwrap();
        assert_eq!(reader.next().unwrap(), Some(Event::Start));
        assert_eq!(reader.name(), "d");
        let mut broken = XmlReader::new("<a><b><c></b></a>", FileId(0), Limits::default());
        broken.next().unwrap();
        broken.next().unwrap();
        assert!(broken.skip().is_err());
    }
}
