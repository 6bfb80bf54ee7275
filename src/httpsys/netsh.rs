//! Text of `netsh http show sslcert` of every Windows since 2008 R2. English labels decide where there are any; in other languages the
//! shape of the values does, and after it the order that the lines have had since the first listing. Columns and line counts mean
//! nothing here: the text may have been indented, shortened, or pasted between other lines.

use super::record::{self, Bits, ExtendedProperty, Extent, ReadRecords, Record, Source, Unknown};
use super::words::{self, KeyLabel, Label, Vocabulary};
use crate::catalogue::cert_check;
use crate::input::{Field, FileId, Place, Remark, Said};
use crate::server::EndpointKey;

/// Reads the listing.
pub fn read_listing(text: &str, file: FileId) -> ReadRecords {
    let read = read_lines(text, file);
    // What stands in a line that was cut in its middle can be half a number or name.
    match (&read.cut, text.rfind('\n')) {
        (Some(_), Some(end)) if end + 1 < text.len() => {
            ReadRecords { cut: read.cut, extent: Extent::Asked, ..read_lines(&text[..=end], file) }
        }
        _ => read,
    }
}

fn read_lines(text: &str, file: FileId) -> ReadRecords {
    let lines = lines(text, file);
    let mut reading = Reading::default();
    let mut index = 0;
    while let Some(line) = lines.get(index) {
        let following = &lines[index + 1..];
        reading.take(line, following);
        index += 1;
    }
    reading.finish(&lines, !text.ends_with(['\n', '\r', '\0']))
}

/// The lines that a record has below its key in every Windows; the last of them is that of the negotiation.
const CLASSIC_LINES: usize = 12;

/// A line that is not blank.
#[derive(Debug)]
struct Line<'a> {
    text: &'a str,
    place: Place,
}

fn lines(text: &str, file: FileId) -> Vec<Line<'_>> {
    text.lines()
        .enumerate()
        .filter_map(|(number, line)| {
            let text = line.trim_matches(|c: char| c.is_whitespace() || c == '\0' || c == '\u{feff}');
            if text.is_empty() {
                return None;
            }
            let before = line.len() - line.trim_start_matches(|c: char| c.is_whitespace() || c == '\0' || c == '\u{feff}').len();
            let column = u32::try_from(line[..before].chars().count() + 1).unwrap_or(u32::MAX);
            let line = u32::try_from(number + 1).unwrap_or(u32::MAX);
            Some(Line { text, place: Place { file, line, column } })
        })
        .collect()
}

/// A line of a record whose label is not English, as label and value.
#[derive(Debug)]
struct Foreign {
    label: String,
    value: String,
    text: String,
    place: Place,
}

/// A record and what is not decided about it until the whole file is known.
#[derive(Debug)]
struct Draft {
    record: Record,
    /// Whether an English label other than that of the key was seen.
    english: bool,
    foreign: Vec<Foreign>,
    /// The family of a key whose address or host is `*`, which means the Central Certificate Store unless there is a hash.
    star: Option<KeyLabel>,
    use_freshness: Option<(Option<bool>, Place)>,
    /// Whether lines now belong to the last extended property.
    extended: bool,
}

impl Draft {
    fn take(&mut self, label: Label, value: &str, meaning: Option<bool>, text: &str, place: Place) {
        if label == Label::UseFreshness && self.use_freshness.is_none() {
            self.use_freshness = Some((meaning, place));
            if meaning.is_some() {
                return;
            }
        }
        state(&mut self.record, label, value, meaning, text, place);
    }
}

#[derive(Debug, Default)]
struct Reading {
    out: ReadRecords,
    drafts: Vec<Draft>,
    /// Whether lines belong to the last draft.
    open: bool,
    heading: bool,
    /// Whether a command in the file asks for one record, and whether one asks for all.
    asked: (bool, bool),
}

impl Reading {
    fn take(&mut self, line: &Line<'_>, following: &[Line<'_>]) {
        if let Some((label, value)) = words::english(line.text) {
            return self.english(label, value, line);
        }
        if let Some(one) = command(line.text) {
            self.asked = (self.asked.0 || one, self.asked.1 || !one);
            self.open = false;
            return;
        }
        if is_rule(line.text) || is_prompt(line.text) {
            return;
        }
        if following.first().is_some_and(|next| is_rule(next.text)) && line.text.ends_with([':', '：']) {
            self.heading = true;
            self.open = false;
            return;
        }
        if line.text.eq_ignore_ascii_case("SSL Certificate bindings:") {
            self.heading = true;
            self.open = false;
            return;
        }
        if line.text.to_ascii_lowercase().starts_with("the system cannot find the file specified") {
            self.out.not_found = self.out.not_found.or(Some(line.place));
            self.open = false;
            return;
        }
        if words::english_label(label_of(line.text)) == Some(Label::ExtendedProperties) {
            return self.english(Label::ExtendedProperties, "", line);
        }
        let Some((label, value)) = split(line.text) else {
            return self.foreign_without_value(line, following);
        };
        if let Some(label) = words::english_label(label) {
            return self.english(label, value, line);
        }
        if let Some(key) = foreign_key(label, value, following) {
            return self.begin(key, None, value, line.place);
        }
        match self.current() {
            Some(draft) if draft.extended => {
                if let Some(property) = draft.record.extended.last_mut() {
                    match value.parse() {
                        Ok(id) if property.id.is_absent() && property.values.is_empty() => property.id = Field::said(id, line.place),
                        _ => property.values.push(Said { value: (label.to_owned(), value.to_owned()), place: line.place }),
                    }
                }
            }
            Some(draft) => {
                draft.foreign.push(Foreign {
                    label: label.to_owned(),
                    value: value.to_owned(),
                    text: line.text.to_owned(),
                    place: line.place,
                });
            }
            None => self.out.unknown.push(unknown(line.text, line.place)),
        }
    }

    fn current(&mut self) -> Option<&mut Draft> {
        if self.open { self.drafts.last_mut() } else { None }
    }

    fn begin(&mut self, key: EndpointKey, kind: Option<KeyLabel>, written: &str, place: Place) {
        self.open = true;
        self.drafts.push(Draft {
            record: Record::new(key, written.to_owned(), place, Source::Listing),
            english: false,
            foreign: Vec::new(),
            star: kind.filter(|kind| matches!(kind, KeyLabel::Address | KeyLabel::Host) && written.starts_with('*')),
            use_freshness: None,
            extended: false,
        });
    }

    fn english(&mut self, label: Label, value: &str, line: &Line<'_>) {
        if let Label::Key(kind) = label {
            if let Some(key) = english_key(kind, value) {
                return self.begin(key, Some(kind), value, line.place);
            }
            self.open = false;
            self.out.unknown.push(unknown(line.text, line.place));
            self.warn(format!("the key \"{value}\" cannot be read; the lines of its record are not used"), line.place);
            return;
        }
        let Some(draft) = self.current() else {
            self.out.unknown.push(unknown(line.text, line.place));
            return;
        };
        match label {
            Label::ExtendedProperties => {
                draft.extended = true;
                draft.record.extended.push(ExtendedProperty { place: Some(line.place), ..Default::default() });
            }
            Label::PropertyId if draft.extended => match (draft.record.extended.last_mut(), value.parse()) {
                (Some(property), Ok(id)) if property.id.is_absent() => property.id = Field::said(id, line.place),
                _ => draft.record.unknown.push(unknown(line.text, line.place)),
            },
            Label::Hash if !draft.record.certificate.is_absent() => {
                // A second hash can only belong to another record, whose key line is missing.
                self.open = false;
                self.out.unknown.push(unknown(line.text, line.place));
                self.warn("a record begins here without a line for its key; its lines are not used".to_owned(), line.place);
            }
            label => {
                // Newer lines are often left in English in other languages too; the first two never.
                draft.english |= matches!(label, Label::Hash | Label::AppId);
                draft.take(label, value, words::meaning(value), line.text, line.place);
            }
        }
    }

    /// A line without a value: the title of extended properties in another language, or noise.
    fn foreign_without_value(&mut self, line: &Line<'_>, following: &[Line<'_>]) {
        let followed_by_number = following.first().and_then(|next| split(next.text)).is_some_and(|(_, value)| value.parse::<u32>().is_ok());
        match self.current() {
            Some(draft) if line.text.ends_with([':', '：']) && followed_by_number && !draft.english && draft.foreign.len() >= 12 => {
                draft.extended = true;
                draft.record.extended.push(ExtendedProperty { place: Some(line.place), ..Default::default() });
            }
            Some(draft) => draft.record.unknown.push(unknown(line.text, line.place)),
            None => self.out.unknown.push(unknown(line.text, line.place)),
        }
    }

    fn warn(&mut self, message: String, place: Place) {
        self.out.warnings.push(Remark { message, place: Some(place) });
    }

    /// Whether the text ends before the last of the lines that a record has in every Windows, and not because somebody shortened all records
    /// alike: it ends within a line, or an earlier record has more lines.
    fn is_cut(&self, within_line: bool) -> bool {
        let Some((draft, earlier)) = self.drafts.split_last().filter(|_| self.open) else { return false };
        let ends = |draft: &Draft| {
            let reached = draft.record.switches.keys().any(|switch| *switch >= record::Switch::Negotiate);
            draft.extended || reached || (!draft.english && draft.foreign.len() >= CLASSIC_LINES)
        };
        !ends(draft) && (within_line || earlier.iter().any(ends))
    }

    fn finish(mut self, lines: &[Line<'_>], within_line: bool) -> ReadRecords {
        let cut = self.is_cut(within_line);
        let mut classic = Vocabulary::default();
        let mut newer = Vocabulary::default();
        for draft in self.drafts.iter().filter(|draft| !draft.english) {
            let order = Order::of(&draft.foreign);
            for (line, label) in draft.foreign.iter().zip(&order.0) {
                match label {
                    Some(Label::Switch(switch)) if *switch > record::Switch::Reject => newer.hear(&line.value),
                    Some(label) if is_word(*label) => classic.hear(&line.value),
                    _ => {}
                }
            }
        }
        let mut untold = false;
        for mut draft in std::mem::take(&mut self.drafts) {
            let foreign = std::mem::take(&mut draft.foreign);
            let order = if draft.english { Order(vec![None; foreign.len()]) } else { Order::of(&foreign) };
            for (line, label) in foreign.iter().zip(order.0) {
                let Some(label) = label else {
                    draft.record.unknown.push(unknown(&line.text, line.place));
                    continue;
                };
                let vocabulary = if matches!(label, Label::Switch(switch) if switch > record::Switch::Reject) { &newer } else { &classic };
                let meaning = if is_word(label) { vocabulary.meaning(&line.value) } else { None };
                untold |= is_word(label) && meaning.is_none();
                draft.take(label, &line.value, meaning, &line.text, line.place);
            }
            if let (Some(kind), Some(Some(_))) = (draft.star, draft.record.certificate.value()) {
                // Only a record of the Central Certificate Store has no certificate of its own; this one has.
                if let EndpointKey::Ccs(port) = draft.record.key {
                    draft.record.key = match kind {
                        KeyLabel::Host => EndpointKey::HostPort("*".to_owned(), port),
                        _ => EndpointKey::IpPort("0.0.0.0".to_owned(), port),
                    };
                }
            }
            close(&mut draft.record, draft.use_freshness);
            draft.record.unknown.sort_by_key(|unknown| unknown.place);
            self.out.records.push(draft.record);
        }
        if untold {
            let message = "this listing is not in English, and which of its words mean enabled and disabled cannot be told; an export of the \
                           registry key SslBindingInfo has no such words";
            self.out.warnings.push(Remark { message: message.to_owned(), place: None });
        }
        self.empty(lines);
        self.out.extent = extent(self.out.records.len(), self.asked);
        if let Some(half) = lines.last().filter(|last| within_line && !cut && is_half_a_key(last.text)) {
            let message = "the listing stops here, where a record begins: it was cut, so that nothing is concluded from what is not in it; give the whole \
                           output of netsh http show sslcert";
            self.out.cut = Some(Remark { message: message.to_owned(), place: Some(half.place) });
            self.out.extent = Extent::Asked;
        }
        if let (true, Some(record)) = (cut, self.out.records.last()) {
            let message = format!(
                "the listing stops here, within the record {}: it was cut, so that nothing is concluded from what is not in it; give the whole output of \
                 netsh http show sslcert",
                record.key
            );
            self.out.cut = Some(Remark { message, place: lines.last().map(|line| line.place) });
            self.out.extent = Extent::Asked;
        }
        repeated_keys(&mut self.out);
        self.out.warnings.sort_by_key(|warning| warning.place);
        self.out
    }

    /// Says what a text without records is.
    fn empty(&mut self, lines: &[Line<'_>]) {
        if !self.out.records.is_empty() {
            return;
        }
        if is_help(lines.iter().map(|line| line.text)) {
            self.out.unknown.clear();
            let message = "this is the help text or a command of netsh, not a listing; the output of netsh http show sslcert is needed";
            self.out.warnings.push(Remark { message: message.to_owned(), place: lines.first().map(|line| line.place) });
        } else if let (true, None, [only]) = (self.heading, self.out.not_found, self.out.unknown.as_slice()) {
            // A heading and one sentence: in other languages too, that is how netsh says that there is no such record.
            let (message, place) = (format!("taken for the message that there is no such record: {}", only.text), only.place);
            self.out.not_found = Some(place);
            self.warn(message, place);
        } else if self.out.not_found.is_none() && !self.heading {
            self.out.warnings.push(Remark { message: "no record was found in this listing".to_owned(), place: None });
        }
    }
}

/// The labels of a record in another language, by the order of its lines.
struct Order(Vec<Option<Label>>);

impl Order {
    /// The application id is known by its braces, the two times are two numbers in a row; between and after them, the lines have kept
    /// their order since 2008 R2. Where that does not fit, nothing is said.
    fn of(lines: &[Foreign]) -> Order {
        let mut labels: Vec<Option<Label>> = vec![None; lines.len()];
        let looks_like_id = |line: &Foreign| record::parse_guid(&line.value).is_some() && line.value.starts_with('{');
        let Some(id) = lines.iter().take(4).position(looks_like_id) else {
            // Without the application id only the hash can be told.
            if let Some(first) = lines.first().filter(|line| is_like_hash(&line.value)) {
                labels[0] = Some(Label::Hash).filter(|_| !first.value.is_empty());
            }
            return Order(labels);
        };
        labels[id] = Some(Label::AppId);
        if let Some(hash) = lines[..id].iter().position(|line| is_like_hash(&line.value) || is_null(&line.value)) {
            labels[hash] = Some(Label::Hash);
        }
        let rest = id + 1;
        if rest < lines.len() && !is_number(&lines[rest].value) {
            labels[rest] = Some(Label::Store);
        }
        let numbers =
            (rest..lines.len().saturating_sub(1)).find(|index| is_number(&lines[*index].value) && is_number(&lines[index + 1].value));
        let Some(numbers) = numbers else { return Order(labels) };
        let words: &[Label] = match numbers - rest {
            4 => &[Label::Revocation, Label::CachedOnly, Label::Usage],
            5 => &[Label::Revocation, Label::CachedOnly, Label::UseFreshness, Label::Usage],
            _ => return Order(labels),
        };
        let after = [
            Label::Freshness,
            Label::UrlTimeout,
            Label::CtlIdentifier,
            Label::CtlStore,
            Label::Switch(record::Switch::DsMapper),
            Label::Switch(record::Switch::Negotiate),
        ];
        for (slot, label) in labels.iter_mut().skip(rest + 1).zip(words) {
            *slot = Some(*label);
        }
        for (slot, label) in labels.iter_mut().skip(numbers).zip(after) {
            *slot = Some(label);
        }
        let newer = numbers + after.len();
        for (index, (slot, line)) in labels.iter_mut().zip(lines).enumerate().skip(newer) {
            *slot = match words::technical_switch(&line.label) {
                Some(switch) => Some(Label::Switch(switch)),
                None if index == newer => Some(Label::Switch(record::Switch::Reject)),
                None => None,
            };
        }
        Order(labels)
    }
}

fn is_word(label: Label) -> bool {
    matches!(label, Label::Revocation | Label::CachedOnly | Label::UseFreshness | Label::Usage | Label::Switch(_))
}

/// Writes one field of a record. What cannot be read, and what was said before, is kept as unknown too.
pub(super) fn state(record: &mut Record, label: Label, value: &str, meaning: Option<bool>, text: &str, place: Place) {
    let taken = match label {
        Label::Hash => put(&mut record.certificate, nullable(value, record::parse_hash), value, place),
        Label::AppId => put(&mut record.app_id, record::parse_guid(value), value, place),
        Label::Store => put(&mut record.store, nullable(value, some_text), value, place),
        Label::CtlIdentifier => put(&mut record.ctl_identifier, nullable(value, some_text), value, place),
        Label::CtlStore => put(&mut record.ctl_store, nullable(value, some_text), value, place),
        Label::Freshness => put(&mut record.freshness_seconds, number(value), value, place),
        Label::UrlTimeout => put(&mut record.url_timeout_milliseconds, number(value), value, place),
        Label::Revocation => bit(&mut record.cert_check_mode, cert_check::NO_REVOCATION, meaning.map(|on| !on), place),
        Label::CachedOnly => bit(&mut record.cert_check_mode, cert_check::CACHE_ONLY, meaning, place),
        Label::Usage => bit(&mut record.cert_check_mode, cert_check::NO_USAGE, meaning.map(|on| !on), place),
        Label::Switch(switch) => put(record.switches.entry(switch).or_default(), meaning, value, place),
        Label::Key(_) | Label::UseFreshness | Label::ExtendedProperties | Label::PropertyId => false,
    };
    if !taken {
        record.unknown.push(unknown(text, place));
    }
}

/// Settles what needs more than one line: the bit of the freshness time is set when its own line says so or, where there is no such
/// line, when the time is not zero.
pub(super) fn close(record: &mut Record, use_freshness: Option<(Option<bool>, Place)>) {
    let by_time = match (&record.freshness_seconds, record.freshness_seconds.place()) {
        (Field::Said(said), Some(place)) => Some((Some(said.value != 0), place)),
        _ => None,
    };
    if let Some((Some(on), place)) = use_freshness.or(by_time) {
        record.cert_check_mode.state(cert_check::FRESHNESS, on, place);
    }
}

pub(super) fn put<T>(field: &mut Field<T>, value: Option<T>, text: &str, place: Place) -> bool {
    if !field.is_absent() {
        return false;
    }
    let readable = value.is_some();
    *field = value.map_or_else(|| Field::unreadable(text, place), |value| Field::said(value, place));
    readable
}

fn bit(bits: &mut Bits, bit: u32, on: Option<bool>, place: Place) -> bool {
    match on {
        Some(on) if bits.known & bit == 0 => {
            bits.state(bit, on, place);
            true
        }
        _ => false,
    }
}

fn nullable<T>(value: &str, parse: impl Fn(&str) -> Option<T>) -> Option<Option<T>> {
    if is_null(value) { Some(None) } else { parse(value).map(Some) }
}

fn is_null(value: &str) -> bool {
    value.is_empty() || value.eq_ignore_ascii_case("(null)")
}

fn some_text(value: &str) -> Option<String> {
    Some(value.to_owned())
}

fn number(value: &str) -> Option<u64> {
    if is_number(value) { value.parse().ok() } else { None }
}

fn is_number(value: &str) -> bool {
    !value.is_empty() && value.bytes().all(|byte| byte.is_ascii_digit())
}

/// Whether it is a hash, or was one before somebody made it unreadable.
fn is_like_hash(value: &str) -> bool {
    (36..=44).contains(&value.len()) && value.bytes().all(|byte| byte.is_ascii_alphanumeric())
}

pub(super) fn unknown(text: &str, place: Place) -> Unknown {
    Unknown { text: text.to_owned(), place }
}

/// Whether it is the beginning of a line with the key of a record in an English listing.
fn is_half_a_key(text: &str) -> bool {
    let lower = text.to_ascii_lowercase();
    let lower = lower.trim_end_matches([' ', ':']);
    lower.len() > 1
        && ["ip:port", "hostname:port", "central certificate store"].iter().any(|key| key.starts_with(lower) || lower.starts_with(key))
}

/// A line of hyphens below a heading, perhaps behind the mark of a log.
pub(super) fn is_rule(text: &str) -> bool {
    text.ends_with("-----")
        && text.trim_end_matches('-').chars().all(|c| c.is_alphanumeric() || c.is_whitespace() || matches!(c, ':' | '[' | ']'))
}

/// A prompt without a command.
fn is_prompt(text: &str) -> bool {
    if text.len() > 400 {
        return false;
    }
    let lower = text.to_lowercase();
    lower.ends_with('>')
        && (lower.ends_with("netsh>") || lower.ends_with("netsh http>") || lower.get(1..3) == Some(":\\") || lower.starts_with("ps "))
}

/// Whether a line is the command that made the listing, perhaps behind a prompt, and then whether it asks for one record: netsh takes its
/// key with `ipport=` and the like, or without.
fn command(text: &str) -> Option<bool> {
    if text.len() > 400 {
        return None;
    }
    let lower = text.to_ascii_lowercase();
    let (before, after) = lower.split_once("show sslcert")?;
    if !(after.is_empty() || after.starts_with(char::is_whitespace) || after.starts_with(['>', '|', '"'])) {
        return None;
    }
    let typed = before.rsplit('>').next().unwrap_or(before);
    let words: Vec<&str> = typed.split_whitespace().map(|word| word.trim_matches('"')).collect();
    let tool = |word: &str| matches!(word.rsplit('\\').next(), Some("netsh" | "netsh.exe"));
    match words.as_slice() {
        [] | ["http"] => {}
        [first, "http"] if tool(first) => {}
        _ => return None,
    }
    let given = after.split(['>', '|', '&']).next().unwrap_or_default().split_whitespace().map(|word| word.trim_matches('"'));
    Some(given.filter(|word| !word.is_empty()).any(|word| !word.starts_with("json")))
}

/// How many of the server's records a listing shows, by their number and by what the commands in the file asked for: (one, all).
pub(super) fn extent(records: usize, asked: (bool, bool)) -> Extent {
    match asked {
        (_, true) => Extent::Whole,
        (true, false) => Extent::Asked,
        (false, false) if records > 1 => Extent::Whole,
        (false, false) => Extent::Single,
    }
}

/// Splits at the last colon that has white space on both sides, else at the last one that has it behind or ends the line. A label in
/// another language may itself end in a colon.
pub(super) fn split(text: &str) -> Option<(&str, &str)> {
    let colon = |c: char| c == ':' || c == '：';
    let mut behind = None;
    for (at, found) in text.char_indices().rev().filter(|(_, c)| colon(*c)) {
        let (before, after) = (&text[..at], &text[at + found.len_utf8()..]);
        if !(after.is_empty() || after.starts_with(char::is_whitespace)) {
            continue;
        }
        if before.ends_with(char::is_whitespace) {
            return Some((label_of(before), after.trim()));
        }
        if behind.is_none() && !after.trim().is_empty() {
            behind = Some((label_of(before), after.trim()));
        }
    }
    behind
}

fn label_of(text: &str) -> &str {
    text.trim().trim_end_matches([':', '：']).trim_end()
}

/// The key that an English key line gives.
pub(super) fn english_key(kind: KeyLabel, value: &str) -> Option<EndpointKey> {
    match kind {
        KeyLabel::Address => match record::parse_host_port(value) {
            Some((host, port)) if host == "*" => Some(EndpointKey::Ccs(port)),
            _ => record::parse_key(value),
        },
        KeyLabel::Host => {
            let (host, port) = record::parse_host_port(value)?;
            match host.as_str() {
                "*" => Some(EndpointKey::Ccs(port)),
                host => (record::is_host(host) || record::parse_address(host).is_some())
                    .then(|| EndpointKey::HostPort(host.to_lowercase(), port)),
            }
        }
        KeyLabel::Ccs | KeyLabel::ScopedCcs => {
            let (host, port) = match record::parse_port(value) {
                Some(port) => (None, port),
                None => {
                    let (host, port) = record::parse_host_port(value)?;
                    (Some(host).filter(|host| !matches!(host.as_str(), "*" | "0.0.0.0" | "[::]")), port)
                }
            };
            match (host, kind) {
                (Some(host), _) => record::is_host(&host).then(|| EndpointKey::ScopedCcs(host.to_lowercase(), port)),
                (None, KeyLabel::ScopedCcs) => Some(EndpointKey::ScopedCcs("*".to_owned(), port)),
                (None, _) => Some(EndpointKey::Ccs(port)),
            }
        }
    }
}

/// The key that a line in another language gives, told by its shape and by what follows: `address:port` or `host:port` with a label
/// that itself holds a colon, or before a hash; a port alone before an empty hash and an application id.
fn foreign_key(label: &str, value: &str, following: &[Line<'_>]) -> Option<EndpointKey> {
    let value_of = |index: usize| following.get(index).and_then(|line| split(line.text)).map(|(_, value)| value);
    let next_is_hash = value_of(0).is_some_and(|next| is_like_hash(next) || next.starts_with('{'));
    let then_id = value_of(1).is_some_and(|next| record::parse_guid(next).is_some());
    if let Some(port) = record::parse_port(value) {
        return (value_of(0).is_some_and(is_null) && then_id).then_some(EndpointKey::Ccs(port));
    }
    let (host, port) = record::parse_host_port(value)?;
    if host == "*" && (value_of(0).is_some_and(is_null) || next_is_hash) {
        return Some(EndpointKey::Ccs(port));
    }
    if !(next_is_hash || label.contains([':', '：'])) {
        return None;
    }
    // Every language calls it IP. A name in a record that is chosen by host name may itself be an address.
    let says_ip = label.split(|c: char| !c.is_ascii_alphanumeric()).any(|word| word.eq_ignore_ascii_case("ip"));
    match record::parse_address(&host) {
        Some(address) if says_ip => Some(EndpointKey::IpPort(address, port)),
        Some(_) => next_is_hash.then(|| EndpointKey::HostPort(host.to_lowercase(), port)),
        None => (record::is_host(&host) && (next_is_hash || host.contains('.'))).then(|| EndpointKey::HostPort(host.to_lowercase(), port)),
    }
}

/// Whether the lines are the usage text of netsh or commands for it: they name several of its words as parameters.
pub(super) fn is_help<'a>(lines: impl Iterator<Item = &'a str>) -> bool {
    const WORDS: [&str; 6] = ["certhash", "certstorename", "appid", "hostnameport", "ipport", "clientcertnegotiation"];
    let mut seen = [false; WORDS.len()];
    for line in lines.take(200) {
        let lower = line.get(..2000).unwrap_or(line).to_ascii_lowercase();
        for (seen, word) in seen.iter_mut().zip(WORDS) {
            *seen |= lower.contains(word);
        }
    }
    seen.iter().filter(|seen| **seen).count() >= 3
}

/// Reports keys that stand more than once.
pub(super) fn repeated_keys(out: &mut ReadRecords) {
    let mut seen = std::collections::BTreeMap::new();
    for record in &out.records {
        if let Some(first) = seen.get(&record.key) {
            let first: &Place = first;
            let message = format!("the record {} stands here again; it was already given in line {}", record.key_written, first.line);
            out.warnings.push(Remark { message, place: Some(record.place) });
        } else {
            seen.insert(record.key.clone(), record.place);
        }
    }
}

#[cfg(test)]
mod tests {
    use std::fmt::Write as _;

    use proptest::prelude::*;

    use super::super::record::{AppOwner, Switch};
    use super::*;

    const O01: &str = include_str!("../../tests/fixtures/netsh/o01_2012r2_conflict_revocation.txt");
    const O02: &str = include_str!("../../tests/fixtures/netsh/o02_2022_sni_drift_and_ccs.txt");
    const O03: &str = include_str!("../../tests/fixtures/netsh/o03_2025_tls13_ctl_mapper.txt");
    const HASH: &str = "1f0c6b7c2a9d4e58b3a7c0d1e2f30415263748a9";
    const IIS: &str = "{4dc3e181-e14b-4a21-b022-59fc669b0914}";

    fn read(text: &str) -> ReadRecords {
        read_listing(text, FileId(0))
    }

    fn keys(out: &ReadRecords) -> Vec<String> {
        out.records.iter().map(|record| record.key.to_string()).collect()
    }

    fn all_known(out: &ReadRecords) {
        assert!(out.unknown.is_empty(), "{:?}", out.unknown);
        assert!(out.warnings.is_empty(), "{:?}", out.warnings);
        for record in &out.records {
            assert!(record.unknown.is_empty(), "{:?}", record.unknown);
        }
    }

    /// A listing in another language: the labels in order, and the words for enabled and disabled.
    fn localised(labels: [&str; 13], on: &str, off: &str) -> String {
        let values = ["0.0.0.0:443", HASH, IIS, "My", off, on, on, "0", "15000", "(null)", "ClientAuthIssuer", off, on];
        let mut text = String::from("\r\nSSL-Zertifikatbindungen:\r\n-------------------------\r\n\r\n");
        for (label, value) in labels.iter().zip(values) {
            let _ = write!(text, "    {label:<28} : {value}\r\n");
        }
        text
    }

    const GERMAN: [&str; 13] = [
        "IP:Port",
        "Zertifikathash",
        "Anwendungs-ID",
        "Zertifikatspeichername",
        "Clientzertifikatsperrung überprüfen",
        "Sperrung nur mit zwischengespeichertem Clientzertifikat überprüfen",
        "Verwendungsüberprüfung",
        "Sperraktualitätszeit",
        "URL-Abrufzeitlimit",
        "Ctl-Bezeichner",
        "Ctl-Speichername",
        "DS-Zuordnungsverwendung",
        "Clientzertifikat aushandeln",
    ];

    fn check_localised(out: &ReadRecords) {
        assert_eq!(keys(out), ["0.0.0.0:443"]);
        let record = &out.records[0];
        assert_eq!(record.owner(), Some(AppOwner::Iis));
        assert_eq!(record.certificate.value(), Some(&record::parse_hash(HASH)));
        assert_eq!(record.store.value(), Some(&Some("My".to_owned())));
        assert_eq!((record.freshness_seconds.value(), record.url_timeout_milliseconds.value()), (Some(&0), Some(&15000)));
        assert_eq!(record.ctl_identifier.value(), Some(&None));
        assert_eq!(record.ctl_store.value(), Some(&Some("ClientAuthIssuer".to_owned())));
    }

    #[test]
    fn the_command_in_a_transcript_tells_whether_the_listing_is_whole() {
        let one = format!(
            "SSL Certificate bindings:\n-----\n\n    IP:port : 0.0.0.0:443\n    Certificate Hash : {HASH}\n    Application ID : {IIS}\n"
        );
        let two = format!("{one}\n    IP:port : 0.0.0.0:8443\n    Certificate Hash : {HASH}\n");
        for (command, text, extent) in [
            ("", &one, Extent::Single),
            ("", &two, Extent::Whole),
            ("C:\\Users\\a>netsh http show sslcert", &one, Extent::Whole),
            ("C:\\>netsh http show sslcert > all.txt", &one, Extent::Whole),
            ("netsh http>show sslcert json=disable", &one, Extent::Whole),
            ("PS C:\\> netsh http show sslcert ipport=0.0.0.0:443", &one, Extent::Asked),
            ("C:\\>C:\\Windows\\System32\\netsh.exe http show sslcert 0.0.0.0:443 >one.txt", &one, Extent::Asked),
            ("C:\\>netsh http show sslcert hostnameport=a.test:443", &two, Extent::Asked),
            ("use netsh http show sslcert ipport=0.0.0.0:443", &one, Extent::Single),
        ] {
            let out = read(&format!("{command}\r\n\r\n{text}"));
            assert_eq!(out.extent, extent, "{command}");
            if !command.starts_with("use") {
                assert!(out.unknown.is_empty(), "{command}: {:?}", out.unknown);
            }
        }
    }

    #[test]
    fn a_listing_that_stops_within_a_record_says_where_and_proves_no_record_missing() {
        let whole = O01.trim_end();
        assert_eq!(read(whole).cut, None);
        // Within the number of a time: half a number would be another one.
        let end = whole.find("URL Retrieval Timeout        : 15000").unwrap() + "URL Retrieval Timeout        : 15".len();
        let out = read(&whole[..end]);
        let cut = out.cut.as_ref().unwrap();
        assert!(cut.message.starts_with("the listing stops here, within the record "), "{cut:?}");
        assert_eq!(cut.place.map(|place| place.line), u32::try_from(whole[..end].lines().count()).ok());
        assert_eq!((out.extent, out.records.last().unwrap().url_timeout_milliseconds.is_absent()), (Extent::Asked, true));
        // Within the line of a key, whose record would otherwise never have been there.
        for half in ["[::]:4", "[::", "IP:po"] {
            let end = whole.rfind("IP:port").unwrap();
            let text = if half == "IP:po" {
                format!("{}IP:po", &whole[..end])
            } else {
                format!("{}IP:port                      : {half}", &whole[..end])
            };
            let out = read(&text);
            assert!(out.cut.is_some() && out.extent == Extent::Asked, "{half}");
        }
        // At the end of a line: the records before have more.
        let third = whole.rfind("Application ID").unwrap();
        let out = read(&whole[..third]);
        assert!(out.cut.is_some() && out.extent == Extent::Asked, "{:?}", out.cut);
    }

    #[test]
    fn the_layout_of_2012_r2_has_its_switches_and_none_of_the_later_ones() {
        let out = read(O01);
        all_known(&out);
        assert_eq!(keys(&out), ["0.0.0.0:443", "10.20.0.5:443", "[::]:443"]);
        let modes: Vec<Option<u32>> = out.records.iter().map(|record| record.cert_check_mode.number()).collect();
        assert_eq!(modes, [Some(1), Some(4), Some(0)]);
        let second = &out.records[1];
        assert_eq!((second.place.line, second.place.column), (19, 5));
        assert_eq!(second.cert_check_mode.place(cert_check::FRESHNESS).map(|place| place.line), Some(26));
        assert_eq!((second.freshness_seconds.value(), second.url_timeout_milliseconds.value()), (Some(&3600), Some(&15000)));
        assert_eq!(second.switch(Switch::Negotiate), Some(true));
        assert_eq!(second.switches.keys().copied().collect::<Vec<_>>(), [Switch::DsMapper, Switch::Negotiate]);
        assert_eq!(second.switch(Switch::DisableTls13), None);
        assert_eq!(out.records[2].owner(), None);
        assert_eq!(out.records[2].app_id.value().map(String::as_str), Some("{ba195980-cd49-458b-9e23-c84ee0adcd75}"));
    }

    #[test]
    fn the_layout_of_2022_has_sni_and_ccs_records_and_extended_properties() {
        let out = read(O02);
        all_known(&out);
        assert_eq!(keys(&out), ["orders.fabrikam.test:443", "billing.fabrikam.test:443", "*.fabrikam.test:8443", "ccs:443"]);
        let [orders, billing, wildcard, ccs] = out.records.as_slice() else { panic!("four records") };
        assert_eq!(orders.ctl_store.value(), Some(&Some("ClientAuthIssuer".to_owned())));
        assert_eq!(billing.ctl_store.value(), Some(&None));
        assert_eq!((orders.switch(Switch::Negotiate), billing.switch(Switch::Negotiate)), (Some(true), Some(false)));
        assert_eq!(wildcard.cert_check_mode.number(), Some(1));
        assert_eq!((wildcard.switch(Switch::DisableTls13), wildcard.switch(Switch::DisableHttp2)), (Some(true), Some(false)));
        let extended: Vec<(Option<u32>, usize)> =
            orders.extended.iter().map(|property| (property.id.value().copied(), property.values.len())).collect();
        assert_eq!(extended, [(Some(0), 1), (Some(1), 2)]);
        assert_eq!(orders.extended[1].values[1].value, ("Max Settings Per Minute".to_owned(), "4294967295".to_owned()));
        assert_eq!((ccs.certificate.value(), ccs.store.value()), (Some(&None), Some(&None)));
        assert_eq!(ccs.switches.len(), 2);
    }

    #[test]
    fn the_layout_of_2025_has_every_switch() {
        let out = read(O03);
        all_known(&out);
        let [wildcard, partner] = out.records.as_slice() else { panic!("two records") };
        assert_eq!(wildcard.cert_check_mode.number(), Some(1));
        assert_eq!(wildcard.ctl_identifier.value(), Some(&Some("MyIssuersCtl".to_owned())));
        assert_eq!((wildcard.switch(Switch::DsMapper), wildcard.switch(Switch::CachingClientHello)), (Some(true), Some(false)));
        assert_eq!(partner.cert_check_mode.number(), Some(cert_check::CACHE_ONLY | cert_check::NO_USAGE));
        let on: Vec<Switch> = Switch::ALL.iter().copied().filter(|switch| partner.switch(*switch) == Some(true)).collect();
        assert_eq!(on, [Switch::Negotiate, Switch::DisableHttp2, Switch::DisableLegacyTls]);
        assert_eq!(partner.switches.len(), Switch::ALL.len() - 1);
    }

    #[test]
    fn blanks_indents_and_colons_do_not_matter() {
        let plain = read(O02);
        for change in [
            |line: &str| line.split_whitespace().collect::<Vec<_>>().join(" "),
            |line: &str| line.trim().replacen(" :", ":", 1).replace("   ", ""),
            |line: &str| format!(" {}", line.trim().replace("IP:port", "ip:port").replace(" : ", "\t:\t")),
            |line: &str| line.replace(" : ", " ： "),
            |line: &str| format!("VERBOSE: {line}"),
        ] {
            let text: String = O02.lines().filter(|line| !line.trim().is_empty()).map(|line| change(line) + "\r\n").collect();
            let changed = read(&text);
            assert_eq!(keys(&changed), keys(&plain), "{text}");
            for (a, b) in changed.records.iter().zip(&plain.records) {
                assert_eq!(a.certificate.value(), b.certificate.value());
                assert_eq!(a.cert_check_mode.number(), b.cert_check_mode.number());
                assert_eq!(a.ctl_store.value(), b.ctl_store.value());
                for switch in Switch::ALL {
                    assert_eq!(a.switch(*switch), b.switch(*switch), "{switch:?}");
                }
                assert_eq!(a.extended.len(), b.extended.len());
            }
        }
    }

    #[test]
    fn a_german_listing_is_read_by_shape_and_order() {
        let out = read(&localised(GERMAN, "Aktiviert", "Deaktiviert"));
        all_known(&out);
        check_localised(&out);
        assert_eq!(out.records[0].cert_check_mode.number(), Some(cert_check::NO_REVOCATION | cert_check::CACHE_ONLY));
        assert_eq!((out.records[0].switch(Switch::DsMapper), out.records[0].switch(Switch::Negotiate)), (Some(false), Some(true)));
    }

    #[test]
    fn newer_lines_of_another_language_are_known_by_their_technical_names() {
        let mut text = localised(GERMAN, "Aktiviert", "Deaktiviert");
        text += "    Verbindungen ablehnen        : Deaktiviert\r\n    HTTP2 deaktivieren           : Nicht festgelegt\r\n    \
                 TLS1.3 deaktivieren          : Festgelegt\r\n    Sitzungsticket aktivieren    : Nicht festgelegt\r\n \
                 Erweiterte Eigenschaften:\r\n    PropertyId                   : 0\r\n    Empfangsfenster              : 1048576\r\n";
        let out = read(&text);
        check_localised(&out);
        let record = &out.records[0];
        assert_eq!((record.switch(Switch::Reject), record.switch(Switch::DisableHttp2)), (Some(false), Some(false)));
        assert_eq!(record.switch(Switch::DisableTls13), Some(true));
        assert_eq!(
            record.unknown.iter().map(|unknown| unknown.text.as_str()).collect::<Vec<_>>(),
            ["Sitzungsticket aktivieren    : Nicht festgelegt"]
        );
        assert_eq!(
            record.extended.iter().map(|property| (property.id.value().copied(), property.values.len())).collect::<Vec<_>>(),
            [(Some(0), 1)]
        );
    }

    #[test]
    fn english_lines_in_a_listing_of_another_language_do_not_disturb_it() {
        let mut text = localised(GERMAN, "Aktiviert", "Deaktiviert");
        text += "    Reject Connections           : Disabled\r\n    Disable HTTP2                : Set\r\n";
        let out = read(&text);
        all_known(&out);
        check_localised(&out);
        assert_eq!((out.records[0].switch(Switch::Reject), out.records[0].switch(Switch::DisableHttp2)), (Some(false), Some(true)));
    }

    #[test]
    fn a_chinese_listing_with_wide_colons_is_read() {
        let labels = [
            "主机名:端口",
            "证书哈希",
            "应用程序 ID",
            "证书存储名称",
            "验证客户端证书吊销",
            "仅使用缓存的客户端证书验证吊销",
            "使用情况检查",
            "吊销刷新时间",
            "URL 检索超时",
            "Ctl 标识符",
            "Ctl 存储名称",
            "DS 映射程序使用情况",
            "协商客户端证书",
        ];
        let text = localised(labels, "已启用", "已禁用").replace(':', "：").replace("0.0.0.0：443", "www.contoso.test:443");
        let out = read(&text);
        assert_eq!(keys(&out), ["www.contoso.test:443"]);
        assert_eq!(out.records[0].cert_check_mode.number(), Some(3));
        assert_eq!(out.records[0].switch(Switch::Negotiate), Some(true));
    }

    #[test]
    fn a_french_label_may_end_in_a_colon() {
        let mut labels = GERMAN;
        labels[0] = "Adresse IP:port";
        labels[3] = "Nom du magasin de certificats :";
        let out = read(&localised(labels, "Activé", "Désactivé"));
        check_localised(&out);
        assert_eq!(out.records[0].cert_check_mode.number(), Some(3));
        labels[0] = "Nom d'hôte:port";
        let host = read(&localised(labels, "Activé", "Désactivé").replace("0.0.0.0:443", "10.0.0.6:443"));
        assert_eq!(host.records[0].key, EndpointKey::HostPort("10.0.0.6".to_owned(), 443));
    }

    #[test]
    fn words_that_cannot_be_told_are_reported_and_not_guessed() {
        let out = read(&localised(GERMAN, "blau", "gelb"));
        check_localised(&out);
        let record = &out.records[0];
        assert_eq!(record.cert_check_mode.get(cert_check::NO_REVOCATION), None);
        assert_eq!(record.cert_check_mode.number(), None);
        assert_eq!(record.switch(Switch::Negotiate), None);
        assert!(matches!(record.switches.get(&Switch::Negotiate), Some(Field::Unreadable(said)) if said.value == "blau"));
        assert_eq!(record.unknown.len(), 5);
        assert_eq!(out.warnings.len(), 1);
    }

    #[test]
    fn accents_that_were_lost_leave_enough_to_tell_the_words() {
        let out = read(&localised(GERMAN, "activ?", "d?sactiv?"));
        assert_eq!(out.records[0].cert_check_mode.number(), Some(3));
    }

    #[test]
    fn an_unknown_line_is_kept_with_its_place() {
        let text = format!("IP:port : 0.0.0.0:443\nCertificate Hash : {HASH}\nDisable AIA : Set\nReject Connections : Perhaps\nnoise\n");
        let out = read(&text);
        let record = &out.records[0];
        let unknown: Vec<(&str, u32)> = record.unknown.iter().map(|unknown| (unknown.text.as_str(), unknown.place.line)).collect();
        assert_eq!(unknown, [("Disable AIA : Set", 3), ("Reject Connections : Perhaps", 4), ("noise", 5)]);
        assert_eq!(record.switch(Switch::Reject), None);
    }

    #[test]
    fn a_record_without_its_key_line_is_not_mixed_into_the_one_before() {
        let text = format!("IP:port : 0.0.0.0:443\nCertificate Hash : {HASH}\nCertificate Hash : {HASH}\nUsage Check : Disabled\n");
        let out = read(&text);
        assert_eq!(out.records[0].cert_check_mode.known, 0);
        assert_eq!(out.unknown.len(), 2);
        assert_eq!(out.warnings.len(), 1);
        let unreadable = read(&text.replace("0.0.0.0:443", "0.0.0.0:99999"));
        assert!(unreadable.records.is_empty());
        assert_eq!(unreadable.unknown.len(), 4);
    }

    #[test]
    fn keys_of_the_central_certificate_store_are_read_in_every_form() {
        for (line, key) in [
            ("Central Certificate Store    : 443", "ccs:443"),
            ("CCS:port : 443", "ccs:443"),
            ("CCS:port : *:8443", "ccs:8443"),
            ("IP:port : *:443", "ccs:443"),
            ("Hostname:port : *:443", "ccs:443"),
            ("Scoped CCS:port : www.contoso.test:443", "scopedccs:www.contoso.test:443"),
            ("Zentraler Zertifikatspeicher : 443", "ccs:443"),
        ] {
            let out = read(&format!("{line}\nZertifikathash : (null)\nAnwendungs-ID : {IIS}\n"));
            assert_eq!(keys(&out), [key], "{line}");
        }
        let with_hash = read(&format!("IP:port : *:443\nCertificate Hash : {HASH}\n"));
        assert_eq!(keys(&with_hash), ["0.0.0.0:443"]);
    }

    #[test]
    fn a_line_for_the_use_of_the_freshness_time_outranks_the_time() {
        let text = format!(
            "IP:port : 0.0.0.0:443\nCertificate Hash : {HASH}\nUse Revocation Freshness Time : Disabled\nRevocation Freshness Time : 60\n"
        );
        assert_eq!(read(&text).records[0].cert_check_mode.get(cert_check::FRESHNESS), Some(false));
        let on = text.replace("Disabled", "Enabled").replace("60", "0");
        assert_eq!(read(&on).records[0].cert_check_mode.get(cert_check::FRESHNESS), Some(true));
    }

    #[test]
    fn the_message_that_there_is_no_such_record_is_understood() {
        let head = "\nSSL Certificate bindings:\n-------------------------\n\n";
        let out = read(&format!("{head}The system cannot find the file specified.\n\n"));
        assert_eq!(out.not_found.map(|place| place.line), Some(5));
        all_known(&out);
        let german = read("\nSSL-Zertifikatbindungen:\n-------------\n\nDas System kann die angegebene Datei nicht finden.\n");
        assert!(german.not_found.is_some() && german.warnings.len() == 1);
        assert!(read(head).not_found.is_none());
    }

    #[test]
    fn help_text_and_commands_are_told_from_a_listing() {
        for text in [
            "Usage: add sslcert hostnameport=<name:port> | ipport=<ipaddr:port>\n appid=<GUID>\n [certhash=<string>]\n",
            "netsh http add sslcert ipport=0.0.0.0:443 certhash=00 appid={0} clientcertnegotiation=enable",
        ] {
            let out = read(text);
            assert!(out.records.is_empty());
            assert!(out.warnings[0].message.contains("not a listing"), "{:?}", out.warnings);
        }
    }

    #[test]
    fn prompts_and_commands_around_a_listing_are_not_noise() {
        all_known(&read(&format!("C:\\Users\\Admin>netsh http show sslcert\n{O01}\nC:\\Users\\Admin>\n")));
        all_known(&read(&format!("PS C:\\> netsh http show sslcert\n{O01}\nPS C:\\>\n")));
    }

    #[test]
    fn a_record_that_stands_twice_is_kept_and_mentioned() {
        let out = read(&format!("{O01}{O01}"));
        assert_eq!(out.records.len(), 6);
        assert_eq!(out.warnings.len(), 3);
    }

    #[test]
    fn the_time_for_a_long_text_grows_with_its_length_only() {
        let colons = format!("IP:port : 0.0.0.0:443\n{}\n{}", ": a".repeat(200_000), " : x:443\n".repeat(50_000));
        let started = std::time::Instant::now();
        let _ = read(&colons);
        assert!(started.elapsed().as_secs() < 20);
    }

    proptest! {
        #[test]
        fn no_text_makes_it_panic(text in "\\PC*") {
            let _ = read(&text);
            let _ = super::super::recognise_text(&text);
        }

        #[test]
        fn every_line_of_a_damaged_listing_is_used_or_reported(cut in 0_usize..4712, from in 0_usize..4712, insert in "[ :：{}0-9a-zA-Z(){}\n.*-]{0,12}") {
            let cut = O02.floor_char_boundary(cut.min(O02.len()));
            let from = O02.floor_char_boundary(from.min(O02.len()));
            let text = format!("{}{insert}{}", &O02[..cut], &O02[from..]);
            let out = read(&text);
            // Nothing may be dropped: what is no record, field or frame of the listing is unknown.
            for (number, line) in text.lines().enumerate() {
                let number = u32::try_from(number + 1).unwrap();
                let trimmed = line.trim();
                let frame = trimmed.is_empty() || is_rule(trimmed) || is_prompt(trimmed) || trimmed.ends_with([':', '：']);
                prop_assert!(frame || mentions(&out, number), "line {number} is lost: {line}\n{text}");
            }
        }
    }

    fn mentions(out: &ReadRecords, line: u32) -> bool {
        let at = |place: Option<Place>| place.is_some_and(|place| place.line == line);
        out.warnings.iter().any(|warning| warning.message.contains("not a listing"))
            || out.unknown.iter().any(|unknown| unknown.place.line == line)
            || at(out.not_found)
            || out.records.iter().any(|record| {
                at(Some(record.place))
                    || record.unknown.iter().any(|unknown| unknown.place.line == line)
                    || at(record.certificate.place())
                    || at(record.app_id.place())
                    || at(record.store.place())
                    || at(record.freshness_seconds.place())
                    || at(record.url_timeout_milliseconds.place())
                    || at(record.ctl_identifier.place())
                    || at(record.ctl_store.place())
                    || record.cert_check_mode.said.iter().any(|said| said.place.line == line)
                    || record.switches.values().any(|field| at(field.place()))
                    || record.extended.iter().any(|property| {
                        at(property.place) || at(property.id.place()) || property.values.iter().any(|value| at(Some(value.place)))
                    })
            })
    }
}
