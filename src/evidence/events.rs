//! Events of Windows as administrators export them: XML and text of `wevtutil`, the copy of an event from Event Viewer, and its columns as CSV
//! or with tabs. Every event of a source that says something about SSL is kept with its source and number, within bounds, and the others are
//! counted; what a message says is kept as text, in the language of the server.

use std::collections::BTreeMap;

use super::{Line, lines};
use crate::httpsys::Unknown;
use crate::input::{FileId, Place, Remark};
use crate::xml::{self, Limits, XmlError, XmlReader};

/// An event.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Event {
    /// Its source, as written.
    pub provider: String,
    /// Its number.
    pub id: u32,
    /// Its level as written: a word in the language of the server, or the number that XML has.
    pub level: String,
    /// Its time as written, may be empty.
    pub time: String,
    /// The computer that logged it, may be empty.
    pub computer: String,
    /// Its message, may be empty.
    pub message: String,
    /// Its data as name and value; the name may be empty. Only from XML and binary logs.
    pub data: Vec<(String, String)>,
    /// Where it begins. In a binary log the line is the number of the record.
    pub place: Place,
}

/// A source of events that says something about SSL.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Channel {
    /// Schannel: handshakes, certificates, lists of issuers.
    Schannel,
    /// HTTP.sys: SSL records made and deleted.
    HttpEvent,
    /// The web service.
    W3svc,
    /// Any other.
    Other,
}

/// The events of one file.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct ReadEvents {
    /// The events of sources that say something about SSL: in file order, those of a binary log by their numbers.
    pub events: Vec<Event>,
    /// Number of events of all other sources.
    pub others: u64,
    /// Events that were read, by source and number, while they are gathered.
    kept: BTreeMap<(Channel, u32), usize>,
    /// Number of events that were not kept, because there are so many.
    left_out: u64,
    /// About how many bytes the kept events take.
    bytes: usize,
    /// Lines, rows or elements that are not understood.
    pub unknown: Vec<Unknown>,
    /// What a reader should know although the file was read.
    pub warnings: Vec<Remark>,
}

impl Event {
    /// Its source, when it is a known one.
    pub fn channel(&self) -> Channel {
        let name = self.provider.to_ascii_lowercase();
        match name.strip_prefix("microsoft-windows-").unwrap_or(&name) {
            "schannel" | "schannel-events" => Channel::Schannel,
            "httpevent" | "httpservice" | "http" => Channel::HttpEvent,
            "w3svc" | "iis-w3svc" => Channel::W3svc,
            _ => Channel::Other,
        }
    }

    fn new(place: Place) -> Event {
        Event {
            provider: String::new(),
            id: 0,
            level: String::new(),
            time: String::new(),
            computer: String::new(),
            message: String::new(),
            data: Vec::new(),
            place,
        }
    }
}

/// Whether the first element of an XML text is that of events.
pub fn is_event_xml(root: &str) -> bool {
    matches!(root, "Event" | "Events")
}

/// Whether the beginning of a text is events as text or in columns.
pub(super) fn is_text(head: &str) -> bool {
    let mut lines =
        head.lines().map(|line| line.trim_matches(|c: char| c.is_whitespace() || c == '\u{feff}')).filter(|line| !line.is_empty());
    let Some(first) = lines.clone().next() else { return false };
    if Columns::of_heading(first).is_some() {
        return true;
    }
    if columns_of_2003(first) {
        return true;
    }
    // A log or a page may quote one of these lines; three different ones are an event.
    let mut seen = [false; 4];
    let mut numbered = false;
    for line in lines.by_ref().take(2000) {
        numbered |= number_of_block(line).is_some();
        let label = line.split_once(':').and_then(|(label, _)| field(label));
        for (seen, wanted) in seen.iter_mut().zip([Field::Provider, Field::Id, Field::Level, Field::Time]) {
            *seen |= label == Some(wanted);
        }
    }
    let fields = seen.iter().filter(|seen| **seen).count();
    (numbered && seen[1]) || (seen[0] && seen[1] && fields >= 3)
}

/// Reads events as text or in columns.
pub fn read_events(text: &str, file: FileId) -> ReadEvents {
    let first = text.lines().find(|line| !line.trim().is_empty()).unwrap_or_default().trim_start_matches('\u{feff}');
    let mut out = match Columns::of_heading(first) {
        Some(columns) => by_columns(text, file, &columns, true),
        None if columns_of_2003(first) => by_columns(text, file, &Columns::of_2003(first), false),
        None => by_lines(&lines(text, file)),
    };
    // What is not understood was no event.
    let unknown = std::mem::take(&mut out.unknown);
    out = out.finished();
    out.unknown = unknown;
    out
}

/// A part of an event that is kept.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Field {
    Provider,
    Id,
    Level,
    Time,
    Computer,
    Message,
    /// Known, and not kept.
    Other,
}

/// The field that a label means, of every tool that writes such labels.
fn field(label: &str) -> Option<Field> {
    let label = label.trim().trim_matches('"');
    if label.len() > 40 {
        return None;
    }
    Some(match label.to_ascii_lowercase().as_str() {
        "source" | "event source" | "providername" | "provider" | "sourcename" => Field::Provider,
        "event id" | "eventid" | "id" | "event" => Field::Id,
        "level" | "event type" | "type" | "leveldisplayname" | "entrytype" => Field::Level,
        "date" | "time" | "date and time" | "date time" | "timecreated" | "timegenerated" => Field::Time,
        "computer" | "computername" | "machinename" => Field::Computer,
        "description" | "message" => Field::Message,
        "log name" | "event category" | "task" | "task category" | "opcode" | "keyword" | "keywords" | "user" | "user name"
        | "category" | "qualifiers" | "version" | "recordid" | "instanceid" | "index" => Field::Other,
        _ => return None,
    })
}

/// `Event[12]` or `Event[12]:`.
fn number_of_block(text: &str) -> Option<u32> {
    let rest = text.trim_end_matches(':').trim_end();
    let (word, number) = rest.strip_suffix(']')?.rsplit_once('[')?;
    ((1..=40).contains(&word.len()) && !word.contains(char::is_whitespace)).then(|| number.parse().ok())?
}

/// An event in the making.
#[derive(Debug)]
pub(super) struct Block {
    event: Event,
    id: Option<u32>,
    /// Values of labels in another language, in order.
    foreign: Vec<String>,
    /// Whether lines now belong to the message.
    message: bool,
}

/// The order of the labels of wevtutil, which is the same in every language.
const ORDER: [Field; 12] = [
    Field::Other,
    Field::Provider,
    Field::Time,
    Field::Id,
    Field::Other,
    Field::Level,
    Field::Other,
    Field::Other,
    Field::Other,
    Field::Other,
    Field::Computer,
    Field::Message,
];

fn by_lines(lines: &[Line<'_>]) -> ReadEvents {
    let mut out = ReadEvents::default();
    let mut block: Option<Block> = None;
    // In the output of wevtutil only its own mark begins an event, so that a message may hold anything else.
    let marked = lines.iter().any(|line| line.place.column == 1 && number_of_block(line.text).is_some());
    let mut xml = false;
    for line in lines {
        if marked && line.place.column == 1 && number_of_block(line.text).is_some() {
            close(&mut out, block.take());
            block = Some(Block::new(line.place));
            continue;
        }
        let said = line.text.split_once(':').map(|(label, value)| (label, field(label), value.trim()));
        let begins = !marked
            && said.is_some_and(|(label, ..)| {
                let label = label.trim().to_ascii_lowercase();
                label == "log name" || label == "event type"
            });
        if begins {
            close(&mut out, block.take());
            block = Some(Block::new(line.place));
            xml = false;
        }
        let Some(block) = &mut block else {
            out.unknown.push(Unknown { text: line.text.to_owned(), place: line.place });
            continue;
        };
        if block.message {
            // Event Viewer copies the event once more as XML, which says the same.
            xml |= !marked && (line.text.starts_with("Event Xml:") || line.text.starts_with("<Event xmlns"));
            if !xml {
                block.say(line.text);
            }
            continue;
        }
        match said {
            Some((_, Some(field), value)) => block.set(field, value),
            Some((_, None, value)) if marked => {
                let field = ORDER.get(block.foreign.len()).copied().unwrap_or(Field::Other);
                block.foreign.push(value.to_owned());
                block.set(field, value);
            }
            _ => out.unknown.push(Unknown { text: line.text.to_owned(), place: line.place }),
        }
    }
    close(&mut out, block);
    out
}

/// The attributes of an element that say something about an event.
#[derive(Debug, Default)]
pub(super) struct Attributes {
    name: String,
    source: String,
    time: String,
}

impl Attributes {
    pub(super) fn set(&mut self, name: &str, value: String) {
        match name {
            "Name" => self.name = value,
            "EventSourceName" => self.source = value,
            "SystemTime" => self.time = value,
            _ => {}
        }
    }
}

impl Block {
    /// The element of `UserData` that holds data without being any.
    pub(super) const WRAPPER: &'static str = "EventXML";

    pub(super) fn new(place: Place) -> Block {
        Block { event: Event::new(place), id: None, foreign: Vec::new(), message: false }
    }

    pub(super) fn event(&self) -> &Event {
        &self.event
    }

    /// Whether an element of an event holds parts of it.
    pub(super) fn holds_parts(name: &str) -> bool {
        matches!(name, "System" | "EventData" | "UserData" | "RenderingInfo")
    }

    /// Takes a part of the event as XML has it: an element with so many elements around it, the event included, and all text in it.
    pub(super) fn element(&mut self, below: usize, name: &str, attributes: &Attributes, text: &str) {
        let event = &mut self.event;
        let text = text.trim();
        match name {
            "Provider" if event.provider.is_empty() => {
                let source = if attributes.name.is_empty() { &attributes.source } else { &attributes.name };
                event.provider.clone_from(source);
            }
            "TimeCreated" => event.time.clone_from(&attributes.time),
            "EventID" => self.id = number(text),
            // The words of RenderingInfo come after the number of System.
            "Level" => event.level = text.to_owned(),
            "Computer" => event.computer = text.to_owned(),
            "Message" => event.message = text.to_owned(),
            "Data" => event.data.push((attributes.name.clone(), text.to_owned())),
            // UserData holds an element of the provider's own with its values in it.
            name if below >= 3 => event.data.push((name.to_owned(), text.to_owned())),
            _ => {}
        }
    }

    fn set(&mut self, field: Field, value: &str) {
        let event = &mut self.event;
        match field {
            Field::Provider => event.provider = value.to_owned(),
            Field::Id => self.id = number(value),
            Field::Level => event.level = value.to_owned(),
            Field::Time if event.time.is_empty() => event.time = value.to_owned(),
            Field::Time => {
                event.time.push(' ');
                event.time.push_str(value);
            }
            Field::Computer => event.computer = value.to_owned(),
            Field::Message => {
                self.message = true;
                if !value.is_empty() {
                    self.say(value);
                }
            }
            // Some builds print the level behind the task, on one line.
            Field::Other => {
                if let Some((_, level)) = value.split_once("Level: ").filter(|_| event.level.is_empty()) {
                    event.level = level.split_whitespace().next().unwrap_or_default().to_owned();
                }
            }
        }
    }

    fn say(&mut self, text: &str) {
        if !self.event.message.is_empty() {
            self.event.message.push('\n');
        }
        self.event.message.push_str(text);
    }
}

/// So many events of one source and number are kept of a file.
const OF_ONE_NUMBER: usize = 10_000;
/// So many bytes of events are kept of a file.
const KEPT: usize = 64 << 20;

impl ReadEvents {
    fn add(&mut self, event: Event) {
        let channel = event.channel();
        if channel == Channel::Other {
            self.others += 1;
            return;
        }
        let text = event.message.len() + event.data.iter().map(|(name, value)| 64 + name.len() + value.len()).sum::<usize>();
        let bytes = self.bytes.saturating_add(300 + text);
        let kept = self.kept.entry((channel, event.id)).or_default();
        if *kept >= OF_ONE_NUMBER || bytes > KEPT {
            self.left_out += 1;
            return;
        }
        *kept += 1;
        self.bytes = bytes;
        self.events.push(event);
    }

    /// What to say of a file that has events, and none that says something about SSL.
    pub fn only_others(&self) -> Option<String> {
        let others = self.others;
        let is_so = self.events.is_empty() && others > 0;
        is_so.then(|| format!("no event of Schannel, HTTP.sys or the web service is in this file, only others ({others})"))
    }

    /// The events, with what a reader should know of those that were not kept.
    pub(super) fn finished(mut self) -> ReadEvents {
        let say = |message: String| Remark { message, place: None };
        if self.events.is_empty() && self.others == 0 && self.unknown.is_empty() {
            self.warnings.push(say("no event was found in this file".to_owned()));
        }
        if self.left_out > 0 {
            self.warnings.push(say(format!(
                "{} events were left out: of one source and number {OF_ONE_NUMBER} are kept, the first of the file, and {} MB of all",
                self.left_out,
                KEPT >> 20
            )));
        }
        self.kept.clear();
        self
    }
}

pub(super) fn close(out: &mut ReadEvents, block: Option<Block>) {
    let Some(block) = block else { return };
    match block.id.filter(|_| !block.event.provider.is_empty()) {
        Some(id) => out.add(Event { id, ..block.event }),
        None => {
            out.unknown.push(Unknown { text: "an event without its source or number".to_owned(), place: block.event.place });
        }
    }
}

fn number(text: &str) -> Option<u32> {
    let text = text.trim();
    if text.is_empty() || !text.bytes().all(|byte| byte.is_ascii_digit()) {
        return None;
    }
    text.parse().ok()
}

/// What the columns of a table of events hold.
#[derive(Debug)]
struct Columns {
    separator: char,
    fields: Vec<Field>,
}

impl Columns {
    /// Told by the line of titles: English, or five titles in another language in the order of Event Viewer.
    fn of_heading(line: &str) -> Option<Columns> {
        if line.len() > 1000 {
            return None;
        }
        [',', '\t', ';'].into_iter().find_map(|separator| {
            let titles: Vec<&str> = line.split(separator).map(|title| title.trim().trim_matches('"')).collect();
            let mut fields: Vec<Field> = titles.iter().map(|title| field(title).unwrap_or(Field::Other)).collect();
            let known = |wanted: Field| fields.contains(&wanted);
            if known(Field::Id) && known(Field::Provider) && titles.len() >= 4 {
                // Event Viewer gives the message no title.
                if !known(Field::Message) {
                    fields.push(Field::Message);
                }
                return Some(Columns { separator, fields });
            }
            // `Ebene,Datum und Uhrzeit,Quelle,Ereignis-ID,Aufgabenkategorie`
            let words = titles.len() == 5 && titles[3].to_uppercase().ends_with("ID") && titles.iter().all(|title| title.len() < 40);
            let fields = vec![Field::Level, Field::Time, Field::Provider, Field::Id, Field::Other, Field::Message];
            words.then_some(Columns { separator, fields })
        })
    }

    /// The columns of Event Viewer up to Windows Server 2003, which writes no titles.
    fn of_2003(line: &str) -> Columns {
        let separator = if line.contains('\t') { '\t' } else { ',' };
        let fields = vec![
            Field::Time,
            Field::Time,
            Field::Provider,
            Field::Level,
            Field::Other,
            Field::Id,
            Field::Other,
            Field::Computer,
            Field::Message,
        ];
        Columns { separator, fields }
    }
}

/// Whether a line is a row of Event Viewer up to Windows Server 2003: two fields with digits first, and a number in the sixth of at least
/// eight.
fn columns_of_2003(line: &str) -> bool {
    let Some(line) = line.get(..line.len().min(2000)) else { return false };
    [',', '\t'].into_iter().any(|separator| {
        let fields: Vec<&str> = line.splitn(9, separator).collect();
        let dated =
            |field: &str| field.len() < 30 && field.starts_with(|c: char| c.is_ascii_digit()) && field.contains(['/', '.', '-', ':']);
        fields.len() >= 8 && dated(fields[0]) && dated(fields[1]) && number(fields[5]).is_some() && !fields[2].is_empty()
    })
}

/// Reads a table. Rows are those of CSV: a quoted field may hold separators, line breaks, and quotes written twice.
fn by_columns(text: &str, file: FileId, columns: &Columns, headed: bool) -> ReadEvents {
    let mut out = ReadEvents::default();
    let mut skip = headed;
    let mut last: Option<Block> = None;
    for row in Rows::new(text, columns.separator) {
        let place = Place { file, line: row.line, column: 1 };
        if row.fields.iter().all(|field| field.trim().is_empty()) {
            continue;
        }
        if std::mem::take(&mut skip) {
            continue;
        }
        let mut block = Block::new(place);
        for (index, value) in row.fields.iter().enumerate() {
            // What a message without quotes was cut into belongs together again.
            let field = columns.fields.get(index).or(columns.fields.last()).copied().unwrap_or(Field::Other);
            block.set(field, value.trim());
        }
        if block.id.is_some() && !block.event.provider.is_empty() {
            close(&mut out, last.replace(block));
        } else {
            match &mut last {
                // A message that was written over several lines without quotes.
                Some(block) if row.fields.len() < 4 => {
                    block.event.message.push('\n');
                    block.event.message.push_str(&row.fields.join(" "));
                }
                _ => out.unknown.push(Unknown { text: row.fields.join(&columns.separator.to_string()), place }),
            }
        }
    }
    close(&mut out, last);
    out
}

/// A row of a table.
#[derive(Debug)]
struct Row {
    line: u32,
    fields: Vec<String>,
}

/// The rows of a table, one pass over its text.
#[derive(Debug)]
struct Rows<'a> {
    rest: &'a str,
    line: u32,
    separator: char,
}

impl<'a> Rows<'a> {
    fn new(text: &'a str, separator: char) -> Self {
        Rows { rest: text.trim_start_matches('\u{feff}'), line: 1, separator }
    }
}

impl Iterator for Rows<'_> {
    type Item = Row;

    fn next(&mut self) -> Option<Row> {
        if self.rest.is_empty() {
            return None;
        }
        let mut row = Row { line: self.line, fields: Vec::new() };
        let mut field = String::new();
        let (mut quoted, mut fresh) = (false, true);
        let mut end = self.rest.len();
        let mut characters = self.rest.char_indices().peekable();
        while let Some((at, c)) = characters.next() {
            if c == '\n' {
                self.line = self.line.saturating_add(1);
            }
            match c {
                '"' if quoted => {
                    if characters.next_if(|(_, next)| *next == '"').is_some() {
                        field.push('"');
                    } else {
                        quoted = false;
                    }
                }
                '"' if fresh => (quoted, fresh) = (true, false),
                '\n' if !quoted => {
                    end = at + 1;
                    break;
                }
                c if c == self.separator && !quoted => {
                    row.fields.push(std::mem::take(&mut field));
                    fresh = true;
                }
                c => {
                    fresh &= c == ' ';
                    if c != '\r' {
                        field.push(c);
                    }
                }
            }
        }
        row.fields.push(field);
        self.rest = &self.rest[end..];
        Some(row)
    }
}

/// Reads events as XML: below a root element, or one after the other as wevtutil writes them.
pub fn read_events_xml(text: &str, file: FileId, limits: Limits) -> Result<ReadEvents, XmlError> {
    const OPEN: &str = "<Events>";
    let rooted = {
        let mut reader = XmlReader::new(text, file, limits);
        reader.next()?;
        reader.name() == "Events"
    };
    if rooted {
        return read_rooted(text, file, limits);
    }
    // A declaration may stand at the very start only; its length is kept, and with it all places but those of the first line.
    let declared = text.starts_with("<?xml").then(|| text.find("?>")).flatten().map_or(0, |at| at + 2);
    let blank: String = text[..declared].chars().map(|c| if c == '\n' { '\n' } else { ' ' }).collect();
    let whole = format!("{OPEN}{blank}{}</Events>", &text[declared..]);
    let shift = |place: &mut Place| {
        if place.line == 1 {
            place.column = place.column.saturating_sub(8).max(1);
        }
    };
    let mut out = read_rooted(&whole, file, limits).map_err(|mut error| {
        shift(&mut error.place);
        error
    })?;
    out.events.iter_mut().for_each(|event| shift(&mut event.place));
    out.unknown.iter_mut().for_each(|unknown| shift(&mut unknown.place));
    Ok(out)
}

fn read_rooted(text: &str, file: FileId, limits: Limits) -> Result<ReadEvents, XmlError> {
    let mut reader = XmlReader::new(text, file, limits);
    let mut out = ReadEvents::default();
    let mut block: Option<Block> = None;
    while let Some(event) = reader.next()? {
        // Parts of an event stand two levels below the root, their values three.
        if event == xml::Event::End {
            if reader.depth() == 1 {
                close(&mut out, block.take());
            }
            continue;
        }
        let place = reader.place();
        match (reader.depth(), reader.name()) {
            (1, _) => {}
            (3, name) if Block::holds_parts(name) => {}
            (2, "Event") => block = Some(Block::new(place)),
            (2 | 3, name) => {
                out.unknown.push(Unknown { text: format!("<{name}>"), place });
                reader.skip()?;
            }
            (_, Block::WRAPPER) if block.is_some() => {}
            (depth, name) => {
                let Some(block) = &mut block else {
                    reader.skip()?;
                    continue;
                };
                let mut attributes = Attributes::default();
                for attribute in reader.attributes().iter().rev() {
                    attributes.set(attribute.name, attribute.value().into_owned());
                }
                let name = name.to_owned();
                let text = reader.text()?;
                block.element(depth - 2, &name, &attributes, &text);
            }
        }
    }
    Ok(out.finished())
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::super::{TextKind, recognise_text};
    use super::*;

    const TEXT: &str = include_str!("../../tests/fixtures/evidence/e02_schannel_wevtutil.txt");
    const XML: &str = include_str!("../../tests/fixtures/evidence/e03_schannel.xml");
    const CSV: &str = include_str!("../../tests/fixtures/evidence/e04_event_viewer.csv");

    fn read(text: &str) -> ReadEvents {
        assert_eq!(recognise_text(text), Some(TextKind::Events), "{text}");
        read_events(text, FileId(0))
    }

    fn numbers(out: &ReadEvents) -> Vec<(&str, u32, u32)> {
        out.events.iter().map(|event| (event.provider.as_str(), event.id, event.place.line)).collect()
    }

    #[test]
    fn the_text_of_wevtutil_gives_every_event_with_its_message() {
        let out = read(TEXT);
        assert_eq!(
            numbers(&out),
            [("Schannel", 36885, 1), ("Schannel", 36887, 16), ("Microsoft-Windows-HttpEvent", 15300, 33), ("Schannel", 36885, 48)]
        );
        assert!(out.unknown.is_empty() && out.warnings.is_empty());
        let first = &out.events[0];
        assert_eq!(
            (first.level.as_str(), first.time.as_str(), first.computer.as_str()),
            ("Warning", "2024-03-05T08:14:22.417", "web01.fabrikam.example")
        );
        assert!(first.message.starts_with("When asking for client authentication"));
        assert!(out.events[1].message.ends_with("Source: this line is part of the message."), "{}", out.events[1].message);
        assert_eq!((out.events[1].channel(), out.events[2].channel()), (Channel::Schannel, Channel::HttpEvent));
    }

    #[test]
    fn labels_of_another_language_are_known_by_their_order() {
        let text = "Event[0]\n  Protokollname: System\n  Quelle: Schannel\n  Datum: 2024-03-05\n  Ereignis-ID: 36885\n  Aufgabe: N/A\n  Ebene: Warnung\n  Opcode: Info\n  \
                    Schlüsselwort: N/A\n  Benutzer: S-1-5-18\n  Benutzername: x\n  Computer: web01\n  Beschreibung: \nDie Liste ist zu lang.\n";
        let out = read_events(text, FileId(0));
        assert_eq!(numbers(&out), [("Schannel", 36885, 1)]);
        assert_eq!((out.events[0].level.as_str(), out.events[0].computer.as_str()), ("Warnung", "web01"));
    }

    #[test]
    fn xml_is_read_with_and_without_a_root() {
        let plain = read_events_xml(XML, FileId(0), Limits::default()).unwrap();
        assert_eq!(numbers(&plain), [("Schannel", 36885, 1), ("Schannel", 36887, 2), ("Schannel", 36888, 3)]);
        assert_eq!((plain.events[0].place.column, plain.events[0].level.as_str()), (1, "3"));
        assert_eq!(plain.events[1].data, [("AlertDesc".to_owned(), "46".to_owned()), (String::new(), "a & b".to_owned())]);
        assert_eq!((plain.events[2].level.as_str(), plain.events[2].message.as_str()), ("Error", "An alert <48> was sent."));
        assert_eq!(plain.events[2].data, [("AlertDesc".to_owned(), "48".to_owned())]);
        let rooted = format!("<?xml version=\"1.0\" encoding=\"utf-8\" standalone=\"yes\"?>\n<Events>{XML}</Events>");
        assert_eq!(read_events_xml(&rooted, FileId(0), Limits::default()).unwrap().events.len(), 3);
        let declared = format!("<?xml version=\"1.0\"?>\n{XML}");
        let read = read_events_xml(&declared, FileId(0), Limits::default()).unwrap();
        assert_eq!((read.events.len(), read.events[0].place.line), (3, 2));
        assert_eq!(read_events_xml("<Events></Events>", FileId(0), Limits::default()).unwrap().warnings.len(), 1);
        let cut = XML.rsplit_once("</UserData>").unwrap().0;
        let error = read_events_xml(cut, FileId(0), Limits::default()).unwrap_err();
        assert_eq!(error.place.line, 3);
    }

    #[test]
    fn columns_are_known_by_their_titles_and_quotes_are_those_of_csv() {
        let out = read(CSV);
        assert_eq!(numbers(&out), [("Schannel", 36885, 2), ("Schannel", 36887, 4)]);
        assert_eq!(out.others, 1);
        assert!(out.events[0].message.ends_with("It is \"too long\", and was cut off."), "{:?}", out.events[0].message);
        assert!(out.unknown.is_empty());
        let german = "Ebene\tDatum und Uhrzeit\tQuelle\tEreignis-ID\tAufgabenkategorie\nWarnung\t05.03.2024 08:14:22\tSchannel\t36885\tKeine\tDie Liste\n";
        assert_eq!(numbers(&read(german)), [("Schannel", 36885, 2)]);
        let script = "\"Type\",\"Event\",\"Date Time\",\"Source\",\"ComputerName\"\n\"warning\",\"36885\",\"3/5/2007 8:14:22 AM\",\"Schannel\",\"WEB01\"\n";
        assert_eq!(numbers(&read(script)), [("Schannel", 36885, 2)]);
    }

    #[test]
    fn lines_of_a_message_without_quotes_belong_to_the_event_before_them_also_when_it_is_not_kept() {
        let rows = "Level,Date and Time,Source,Event ID,Task Category\nError,1,Schannel,36870,None,No key.\nNone at all.\nError,1,Disk,7,None,A block\nis bad.\nError,1,Schannel,36885,None,Cut.\n";
        let out = read(rows);
        let messages: Vec<&str> = out.events.iter().map(|event| event.message.as_str()).collect();
        assert_eq!((messages, out.others), (vec!["No key.\nNone at all.", "Cut."], 1));
        let other = read_events("Level,Date and Time,Source,Event ID,Task Category\nError,1,Disk,7,None,A block\n", FileId(0));
        assert!(other.warnings.is_empty() && other.only_others().unwrap().ends_with("only others (1)"));
    }

    #[test]
    fn the_forms_of_windows_server_2003_are_read() {
        let row =
            "3/5/2007,8:14:22 AM,Schannel,Warning,None,36885,N/A,WEB01,When asking for client authentication, the list is too long.\n";
        let out = read(row);
        assert_eq!((numbers(&out), out.events[0].time.as_str()), (vec![("Schannel", 36885, 1)], "3/5/2007 8:14:22 AM"));
        let copy = "Event Type:\tWarning\nEvent Source:\tSchannel\nEvent Category:\tNone\nEvent ID:\t36885\nDate:\t\t3/5/2007\nTime:\t\t8:14:22 AM\nUser:\t\tN/A\nComputer:\tWEB01\n\
                    Description:\nThe list is too long.\n\nEvent Type:\tError\nEvent Source:\tSchannel\nEvent ID:\t36870\nDescription:\nNo key.\n";
        assert_eq!(numbers(&read(copy)), [("Schannel", 36885, 1), ("Schannel", 36870, 12)]);
    }

    #[test]
    fn the_copy_of_event_viewer_repeats_the_event_as_xml_which_is_passed_over() {
        let text = "Log Name:      System\nSource:        Schannel\nDate:          3/5/2024 8:14:22 AM\nEvent ID:      36885\nTask Category: None\nLevel:         Warning\n\
                    Keywords:      \nUser:          SYSTEM\nComputer:      web01\nDescription:\nThe list is too long.\nEvent Xml:\n<Event xmlns=\"x\">\n  <System>\n</Event>\n";
        let out = read(text);
        assert_eq!((out.events.len(), out.events[0].message.as_str()), (1, "The list is too long."));
    }

    #[test]
    fn an_event_without_number_is_reported_and_other_texts_are_no_events() {
        let out = read_events("Event[0]:\n  Source: Schannel\n  Event ID: x\n", FileId(0));
        assert_eq!((out.events.len(), out.unknown.len(), out.warnings.len()), (0, 1, 1));
        for text in ["", "Source: a book\n", "name,id\n1,2\n", "2024-01-01 10:00:00 GET / 200\n", "1.2.3.4, x, y, z\n"] {
            assert_eq!(recognise_text(text), None, "{text}");
        }
    }

    proptest! {
        #[test]
        fn any_text_is_read_without_a_panic(lines in proptest::collection::vec(prop_oneof![
            ".{0,60}",
            "Event\\[[0-9]{0,12}\\]:?",
            " {0,2}(Source|Event ID|Level|Date|Description|Log Name|x): ?.{0,12}",
            "[\",;\t\n ]{0,6}.{0,6}[\",\t]{0,4}",
            Just("Level,Date and Time,Source,Event ID,Task Category".to_owned()),
            Just("<Event><System><EventID>1</EventID></System></Event>".to_owned()),
        ], 0..25)) {
            let text = lines.join("\n");
            let _ = recognise_text(&text);
            let _ = read_events(&text, FileId(0));
            let _ = read_events_xml(&text, FileId(0), Limits::default());
        }
    }
}
