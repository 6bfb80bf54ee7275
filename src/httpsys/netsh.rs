//! Text of `netsh http show sslcert` of every Windows since 2008 R2. English labels decide where there are any; in other languages the
//! shape of the values does, and after it the order that the lines have had since the first listing. Columns and line counts mean
//! nothing here: the text may have been indented, shortened, or pasted between other lines.

use super::record::{self, Bits, ExtendedProperty, ReadRecords, Record, Source, Unknown};
use super::words::{self, KeyLabel, Label, Vocabulary};
use crate::catalogue::cert_check;
use crate::input::{Field, FileId, Place, Remark};
use crate::server::EndpointKey;

/// Reads the listing.
pub fn read_listing(text: &str, file: FileId) -> ReadRecords {
    let lines = lines(text, file);
    let mut reading = Reading::default();
    let mut index = 0;
    while let Some(line) = lines.get(index) {
        let following = &lines[index + 1..];
        reading.take(line, following);
        index += 1;
    }
    reading.finish(&lines)
}

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
}

impl Reading {
    fn take(&mut self, line: &Line<'_>, following: &[Line<'_>]) {
        if let Some((label, value)) = words::english(line.text) {
            return self.english(label, value, line);
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
                        Ok(id) if property.id.is_none() && property.values.is_empty() => property.id = Some(id),
                        _ => property.values.push((label.to_owned(), value.to_owned())),
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
                (Some(property), Ok(id)) if property.id.is_none() => property.id = Some(id),
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

    fn finish(mut self, lines: &[Line<'_>]) -> ReadRecords {
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

fn put<T>(field: &mut Field<T>, value: Option<T>, text: &str, place: Place) -> bool {
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

fn unknown(text: &str, place: Place) -> Unknown {
    Unknown { text: text.to_owned(), place }
}

/// A line of hyphens below a heading, perhaps behind the mark of a log.
pub(super) fn is_rule(text: &str) -> bool {
    text.ends_with("-----")
        && text.trim_end_matches('-').chars().all(|c| c.is_alphanumeric() || c.is_whitespace() || matches!(c, ':' | '[' | ']'))
}

/// A prompt, or the command that made the listing.
fn is_prompt(text: &str) -> bool {
    if text.len() > 400 {
        return false;
    }
    let lower = text.to_lowercase();
    let command = lower.rsplit('>').next().unwrap_or(&lower).trim();
    let words: Vec<&str> = command.split_whitespace().take(4).collect();
    matches!(
        words.as_slice(),
        ["netsh" | "netsh.exe", "http", "show", "sslcert"] | ["http", "show", "sslcert", ..] | ["show", "sslcert", ..]
    ) || (lower.ends_with('>') && (lower.ends_with("netsh>") || lower.get(1..3) == Some(":\\") || lower.starts_with("ps ")))
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
