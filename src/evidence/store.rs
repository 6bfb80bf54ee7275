//! Text of `certutil -store`, of one store or of several in a row as a console shows them. English lines are known by their words. In other
//! languages the shape decides: a serial number is hexadecimal, issuer and subject are distinguished names in this order, and the hash
//! has `(sha1)` in every language.

use super::names::looks_like_name;
use super::{Line, lines};
use crate::httpsys::Unknown;
use crate::input::{Field, FileId, Place, Remark};

/// One store as listed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StoreListing {
    /// Its name, such as `Root`; `None` when neither the listing nor a command before it names it.
    pub name: Option<String>,
    /// Its name for people, in the language of the server.
    pub title: Option<String>,
    /// The option of the command that asked for another store of this name than that of the computer as a whole, such as `-user`.
    pub part: Option<String>,
    /// Where the listing begins.
    pub place: Place,
    /// The certificates, in the order of the listing.
    pub certificates: Vec<Certificate>,
    /// Number of other things that stores hold: revocation lists and trust lists.
    pub others: usize,
    /// How the listing ends.
    pub outcome: Outcome,
    /// Its last line, where it stops when it was cut.
    pub last: Place,
    /// Lines outside of any certificate that are not understood.
    pub unknown: Vec<Unknown>,
}

/// How a listing ends.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Outcome {
    /// With the line that says so: nothing is missing.
    Complete(Place),
    /// With an error.
    Failed {
        /// Its number.
        code: Option<u32>,
        /// Where it stands.
        place: Place,
    },
    /// Without any such line: it may have been cut.
    Open,
}

/// ERROR_FILE_NOT_FOUND as a result of Windows: there is no such store.
const NOT_FOUND: u32 = 0x8007_0002;

/// A certificate of a store.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Certificate {
    /// Where it begins.
    pub place: Option<Place>,
    /// Serial number in hexadecimal, in lower case.
    pub serial: Field<String>,
    /// Issuer as text.
    pub issuer: Field<String>,
    /// Subject as text.
    pub subject: Field<String>,
    /// Begin of its validity as written, in the format of the server's language.
    pub not_before: Field<String>,
    /// End of its validity as written.
    pub not_after: Field<String>,
    /// SHA-1 hash, 20 bytes.
    pub hash: Field<Vec<u8>>,
    /// Template it was issued by, may be empty.
    pub template: Field<String>,
    /// Container of its private key.
    pub container: Field<String>,
    /// Whether certutil calls it a root certificate, whose subject is its issuer.
    pub root: Field<bool>,
    /// What is said about its private key.
    pub key: PrivateKey,
    /// Lines that are not understood.
    pub unknown: Vec<Unknown>,
}

/// What a listing says about a private key.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum PrivateKey {
    /// Nothing that is understood.
    #[default]
    NotSaid,
    /// There is none.
    None,
    /// It is there.
    Present,
    /// The certificate names a key that is not there.
    Missing,
}

/// The stores of one file.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct ReadStores {
    /// The stores, in file order.
    pub stores: Vec<StoreListing>,
    /// Lines outside of any store that are not understood.
    pub unknown: Vec<Unknown>,
    /// What a reader should know although the file was read.
    pub warnings: Vec<Remark>,
    /// The first listing that stops before its end, and where.
    pub cut: Option<Remark>,
}

impl StoreListing {
    /// Whether it is the store `name`, in any letter case.
    pub fn is_called(&self, name: &str) -> bool {
        self.name.as_deref().is_some_and(|own| own.eq_ignore_ascii_case(name))
    }

    /// Whether the listing is complete, so that what is not in it is not in the store.
    pub fn is_whole(&self) -> bool {
        matches!(self.outcome, Outcome::Complete(_))
    }

    /// Whether the store is known to hold no certificate: the listing is complete and has none, or there is no such store.
    pub fn is_empty(&self) -> bool {
        match self.outcome {
            Outcome::Complete(_) => self.certificates.is_empty(),
            Outcome::Failed { code, .. } => code == Some(NOT_FOUND) && self.certificates.is_empty(),
            Outcome::Open => false,
        }
    }

    /// Its name for messages.
    pub fn label(&self) -> &str {
        self.name.as_deref().unwrap_or("(unnamed)")
    }
}

impl Certificate {
    /// Whether its subject is its issuer, as certutil says or as the texts tell; `None` when neither is known.
    pub fn is_self_signed(&self) -> Option<bool> {
        let texts = || Some(self.issuer.value()? == self.subject.value()?);
        self.root.value().copied().or_else(texts)
    }
}

/// Whether the beginning of a text is such a listing: it has the mark of an entry and a SHA-1 hash, or the line that ends a listing.
pub(super) fn is_listing(head: &str) -> bool {
    let (mut entry, mut hash, mut ended) = (false, false, false);
    for line in head.lines() {
        let line = line.trim();
        entry |= entry_of(line).is_some();
        hash |= entry && line.get(..200).unwrap_or(line).contains("(sha1)");
        match verdict(line) {
            Some(Verdict::Store(_)) => return true,
            Some(Verdict::Other) => ended = true,
            _ => {}
        }
    }
    // The same entries in the output of another command belong to that command.
    entry && hash && !ended
}

/// Reads the listing.
pub fn read_stores(text: &str, file: FileId) -> ReadStores {
    let lines = lines(text, file);
    let mut reading = Reading::default();
    for (index, line) in lines.iter().enumerate() {
        reading.take(line, lines.get(index + 1));
    }
    reading.finish()
}

/// A line of an entry as label and value.
#[derive(Debug)]
struct Said {
    label: String,
    value: String,
    text: String,
    place: Place,
}

/// An entry whose lines are not yet understood.
#[derive(Debug, Default)]
struct Entry {
    place: Option<Place>,
    /// Column of its first line.
    column: u32,
    lines: Vec<Said>,
    /// Whether it is in the long form (`certutil -v`), of which only the part that the short form has too is read.
    verbose: bool,
    /// Whether it is a revocation list or trust list.
    list: bool,
}

#[derive(Debug, Default)]
struct Reading {
    out: ReadStores,
    /// Whether lines belong to the last store.
    open: bool,
    entry: Option<Entry>,
    /// The last command.
    asked: Command,
    english: usize,
    foreign: usize,
}

impl Reading {
    fn take(&mut self, line: &Line<'_>, next: Option<&Line<'_>>) {
        if let Some(command) = command(line.text) {
            self.close();
            self.asked = command;
            return;
        }
        match verdict(line.text) {
            Some(Verdict::Store(code)) => return self.end(code, line.place),
            Some(Verdict::Other) => {
                self.asked = Command::default();
                return self.close();
            }
            // The error in words, after its line.
            Some(Verdict::Words) => return,
            None => {}
        }
        if let Some(list) = entry_of(line.text) {
            self.close_entry();
            if !self.open {
                self.begin(None, None, line.place);
            }
            self.entry = Some(Entry { place: Some(line.place), column: line.place.column, list, ..Entry::default() });
            if let Some(store) = self.out.stores.last_mut() {
                store.last = line.place;
            }
            return;
        }
        if let Some((name, title)) = heading(line.text) {
            self.close();
            return self.begin(Some(name), Some(title), line.place);
        }
        let announces = |next: &&Line<'_>| entry_of(next.text).is_some() || matches!(verdict(next.text), Some(Verdict::Store(_)));
        if !self.open && is_word(line.text) && next.as_ref().is_some_and(announces) {
            return self.begin(Some(line.text.to_owned()), None, line.place);
        }
        if is_console(line.text) {
            return;
        }
        if let Some(store) = self.out.stores.last_mut().filter(|_| self.open) {
            store.last = line.place;
        }
        match &mut self.entry {
            Some(entry) => entry.take(line),
            None => {
                let unknown = Unknown { text: line.text.to_owned(), place: line.place };
                match self.out.stores.last_mut().filter(|_| self.open) {
                    Some(store) => store.unknown.push(unknown),
                    None => self.out.unknown.push(unknown),
                }
            }
        }
    }

    fn begin(&mut self, name: Option<String>, title: Option<String>, place: Place) {
        let asked = std::mem::take(&mut self.asked);
        self.out.stores.push(StoreListing {
            name: name.or(asked.store),
            part: asked.part,
            title,
            place,
            certificates: Vec::new(),
            others: 0,
            outcome: Outcome::Open,
            last: place,
            unknown: Vec::new(),
        });
        self.open = true;
    }

    fn end(&mut self, code: Option<Option<u32>>, place: Place) {
        self.close_entry();
        if !self.open {
            self.begin(None, None, place);
        }
        self.open = false;
        self.asked = Command::default();
        if let Some(store) = self.out.stores.last_mut() {
            store.outcome = match code {
                None => Outcome::Complete(place),
                Some(code) => Outcome::Failed { code, place },
            };
        }
    }

    fn close(&mut self) {
        self.close_entry();
        self.open = false;
    }

    fn close_entry(&mut self) {
        let Some(entry) = self.entry.take() else { return };
        let Some(store) = self.out.stores.last_mut() else { return };
        match entry.certificate() {
            Some((certificate, english)) => {
                *if english { &mut self.english } else { &mut self.foreign } += 1;
                store.certificates.push(certificate);
            }
            None => store.others += 1,
        }
    }

    fn finish(mut self) -> ReadStores {
        self.close();
        let mut warnings = Vec::new();
        for store in &self.out.stores {
            let label = store.label();
            if let Some(part) = &store.part {
                let message = format!("the store {label} was listed with {part}; what the server itself trusts is in that of the computer");
                warnings.push(Remark { message, place: Some(store.place) });
                continue;
            }
            let mut warn = |message: String, place: Place| warnings.push(Remark { message, place: Some(place) });
            match store.outcome {
                Outcome::Open => {
                    self.out.cut.get_or_insert_with(|| Remark {
                        message: format!(
                            "the listing of the store {label} stops here, before the line that certutil ends with: it was cut, so that nothing is concluded \
                             from what is not in it; give the whole output"
                        ),
                        place: Some(store.last),
                    });
                }
                Outcome::Failed { code: Some(NOT_FOUND), place } if store.name.is_some() => {
                    warn(format!("certutil found no store {label}"), place);
                }
                Outcome::Failed { code, place } => {
                    let code = code.map(|code| format!(" with 0x{code:08x}")).unwrap_or_default();
                    warn(format!("certutil could not list the store {label}{code}"), place);
                }
                Outcome::Complete(_) => {}
            }
            if store.name.is_none() && !matches!(store.outcome, Outcome::Failed { .. }) {
                warn("no line names this store, so that it is not used".to_owned(), store.place);
            }
            if let Some(certificate) = store.certificates.iter().find(|certificate| certificate.subject.is_absent()) {
                warn(
                    "this entry has no subject that is understood, nor have others that look like it".to_owned(),
                    certificate.place.unwrap_or(store.place),
                );
            }
        }
        if self.out.stores.is_empty() {
            warnings.push(Remark { message: "no certificate store was found in this listing".to_owned(), place: None });
        }
        if self.foreign > 0 {
            let message = "this listing is not in English: certificates are read by the shape of their lines, and what it says in words, such \
                           as whether a private key is there, is not understood";
            warnings.push(Remark { message: message.to_owned(), place: None });
        }
        self.out.warnings = warnings;
        self.out
    }
}

/// What an entry's lines mean.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Label {
    Serial,
    Issuer,
    NotBefore,
    NotAfter,
    Subject,
    Hash,
    Template,
    Container,
    /// Understood, and not kept.
    Other,
}

fn english(label: &str) -> Option<Label> {
    Some(match label.to_ascii_lowercase().as_str() {
        "serial number" => Label::Serial,
        "issuer" => Label::Issuer,
        "notbefore" | "not before" => Label::NotBefore,
        "notafter" | "not after" => Label::NotAfter,
        "subject" => Label::Subject,
        "cert hash(sha1)" => Label::Hash,
        "template" => Label::Template,
        "key container" => Label::Container,
        "certificate template name (certificate type)"
        | "ca version"
        | "unique container name"
        | "simple container name"
        | "provider"
        | "providertype"
        | "provider type"
        | "flags"
        | "keyspec"
        | "archived!"
        | "friendly name"
        | "cert hash(sha256)"
        | "cert hash(md5)"
        | "previous ca certificate hash"
        | "keyset"
        | "error" => Label::Other,
        _ => return None,
    })
}

/// What a sentence of an entry says.
enum Sentence {
    Root(bool),
    Key(PrivateKey),
    Nothing,
}

fn sentence(text: &str) -> Option<Sentence> {
    let lower = text.get(..100).unwrap_or(text).to_ascii_lowercase();
    let starts = |head: &str| lower.starts_with(head);
    Some(if starts("root certificate: subject matches issuer") {
        Sentence::Root(true)
    } else if starts("non-root certificate") {
        Sentence::Root(false)
    } else if starts("missing stored keyset") {
        Sentence::Key(PrivateKey::Missing)
    } else if starts("no key provider information") {
        Sentence::Key(PrivateKey::None)
    } else if starts("private key is ") || starts("encryption test passed") || starts("signature test passed") {
        Sentence::Key(PrivateKey::Present)
    } else if starts("signature matches public key")
        || starts("cannot find the certificate and private key")
        || starts("encryption test failed")
        || starts("signature test failed")
        || starts("archived!")
        || starts("error:")
        || starts("non-root certificate uses same public key")
    {
        Sentence::Nothing
    } else {
        return None;
    })
}

impl Entry {
    fn take(&mut self, line: &Line<'_>) {
        let lower = line.text.get(..6).unwrap_or_default().to_ascii_lowercase();
        if lower.starts_with("x509") || lower.starts_with("x.509") {
            self.verbose = true;
            return;
        }
        let deep = line.place.column > self.column.saturating_add(1);
        if deep && self.verbose {
            // A name over several lines below its label; everything else at this depth is detail.
            if let Some(said) = self.lines.last_mut().filter(|said| said.text.ends_with([':', '：']) && looks_like_name(line.text)) {
                if !said.value.is_empty() {
                    said.value.push_str(", ");
                }
                said.value.push_str(line.text);
            }
            return;
        }
        let (label, value) = split(line.text).unwrap_or((line.text, ""));
        self.lines.push(Said { label: label.to_owned(), value: value.to_owned(), text: line.text.to_owned(), place: line.place });
    }

    /// The certificate, and whether its lines are English; `None` for an entry that is none.
    fn certificate(mut self) -> Option<(Certificate, bool)> {
        if self.list {
            return None;
        }
        let is = |label: Label| move |said: &Said| english(&said.label) == Some(label);
        let in_english = self.lines.iter().any(is(Label::Subject)) || self.lines.iter().any(is(Label::Serial));
        let mut out = Certificate { place: self.place, ..Certificate::default() };
        let mut rest = Vec::new();
        for said in std::mem::take(&mut self.lines) {
            match (sentence(&said.text), english(&said.label)) {
                (Some(Sentence::Root(root)), _) => out.root = Field::said(root, said.place),
                // The last word counts, but that a key is missing is not taken back.
                (Some(Sentence::Key(key)), _) if out.key != PrivateKey::Missing => out.key = key,
                (Some(_), _) => {}
                (None, Some(label)) => out.set(label, &said),
                (None, None) => rest.push(said),
            }
        }
        if !in_english {
            out.by_shape(&mut rest);
            if out.subject.is_absent() && out.hash.is_absent() && out.serial.is_absent() {
                return None;
            }
        }
        if !self.verbose {
            out.unknown = rest.into_iter().map(|said| Unknown { text: said.text, place: said.place }).collect();
        }
        Some((out, in_english))
    }
}

impl Certificate {
    fn set(&mut self, label: Label, said: &Said) {
        let text = |field: &mut Field<String>| {
            if field.is_absent() {
                *field = Field::said(said.value.clone(), said.place);
            }
        };
        match label {
            Label::Serial => self.serial = hexadecimal(said),
            Label::Issuer => text(&mut self.issuer),
            Label::Subject => text(&mut self.subject),
            Label::NotBefore => text(&mut self.not_before),
            Label::NotAfter => text(&mut self.not_after),
            Label::Template => text(&mut self.template),
            Label::Container => text(&mut self.container),
            Label::Hash => {
                self.hash =
                    hash(&said.value).map_or_else(|| Field::unreadable(&*said.value, said.place), |hash| Field::said(hash, said.place));
            }
            Label::Other => {}
        }
    }

    /// Tells the lines of another language by their shape, and leaves those that have none.
    fn by_shape(&mut self, lines: &mut Vec<Said>) {
        let mut names = 0;
        for said in std::mem::take(lines) {
            let hash_line = said.label.get(..80).unwrap_or(&said.label).contains("(sha1)");
            if hash_line && hash(&said.value).is_some() {
                // In the long form the hashes of the key come first.
                self.set(Label::Hash, &said);
            } else if names < 2 && looks_like_name(&said.value) {
                names += 1;
                self.set(if names == 1 { Label::Issuer } else { Label::Subject }, &said);
            } else if names == 0 && self.serial.is_absent() && is_hexadecimal(&said.value) {
                self.set(Label::Serial, &said);
            } else if names == 1 && is_date(&said.value) && (self.not_before.is_absent() || self.not_after.is_absent()) {
                let label = if self.not_before.is_absent() { Label::NotBefore } else { Label::NotAfter };
                self.set(label, &said);
            } else {
                lines.push(said);
            }
        }
    }
}

fn hexadecimal(said: &Said) -> Field<String> {
    let digits: String = said.value.chars().filter(|c| !c.is_whitespace()).collect();
    if is_hexadecimal(&digits) { Field::said(digits.to_ascii_lowercase(), said.place) } else { Field::unreadable(&*said.value, said.place) }
}

pub(super) fn is_hexadecimal(text: &str) -> bool {
    (1..=128).contains(&text.len()) && text.bytes().all(|byte| byte.is_ascii_hexdigit())
}

/// A SHA-1 hash with or without blanks between its bytes.
pub(super) fn hash(text: &str) -> Option<Vec<u8>> {
    if text.len() > 200 {
        return None;
    }
    let digits: Vec<u32> = text.chars().filter(|c| !c.is_whitespace()).map(|digit| digit.to_digit(16)).collect::<Option<_>>()?;
    (digits.len() == 40).then(|| digits.chunks_exact(2).map(|pair| u8::try_from(pair[0] * 16 + pair[1]).unwrap_or(0)).collect())
}

fn is_date(text: &str) -> bool {
    text.len() < 60 && text.bytes().filter(u8::is_ascii_digit).count() >= 5
}

/// Splits at the first colon, or at the first equals sign with blanks round it when that comes before.
fn split(text: &str) -> Option<(&str, &str)> {
    let colon = text.find([':', '：']);
    let equals = text.find(" = ");
    let (at, length) = match (colon, equals) {
        (Some(colon), Some(equals)) if equals < colon => (equals, 3),
        (Some(colon), _) => (colon, text[colon..].chars().next().map_or(1, char::len_utf8)),
        (None, Some(equals)) => (equals, 3),
        (None, None) => return None,
    };
    Some((text[..at].trim(), text[at + length..].trim()))
}

/// The line between two entries, `==== Certificate 0 ====` in any language; whether the entry is a revocation list or trust list, which
/// carry their abbreviations in every language that is known.
fn entry_of(text: &str) -> Option<bool> {
    let inner = text.strip_prefix("======")?.strip_suffix("======")?.trim_matches('=').trim();
    if inner.is_empty() || inner.len() > 120 {
        return None;
    }
    let numbered = inner.split_whitespace().any(|word| word.bytes().all(|byte| byte.is_ascii_digit()));
    numbered.then(|| inner.split_whitespace().any(|word| word == "CRL" || word == "CTL"))
}

/// `Root "Trusted Root Certification Authorities"`, whatever the language of the quoted part.
fn heading(text: &str) -> Option<(String, String)> {
    let (name, title) = text.split_once(" \"")?;
    let title = title.strip_suffix('"')?;
    is_word(name).then(|| (name.to_owned(), title.to_owned()))
}

/// A prompt without a command, or what a console shows when it opens.
pub(super) fn is_console(text: &str) -> bool {
    let prompt = text.len() < 300 && text.ends_with('>') && (text.get(1..3) == Some(":\\") || text.starts_with("PS "));
    prompt || text.starts_with("Microsoft Windows [") || (text.starts_with("(c) ") && text.contains("Microsoft"))
}

/// A text that can be the name of a store.
fn is_word(text: &str) -> bool {
    (1..=100).contains(&text.len()) && text.chars().all(|c| c.is_alphanumeric() || matches!(c, '_' | '-' | '.' | '\\' | '{' | '}'))
}

enum Verdict {
    /// The end of a listing, with the error if it failed.
    Store(Option<Option<u32>>),
    /// The end of another command of certutil.
    Other,
    /// An error in words.
    Words,
}

/// What a line `CertUtil: ...` says. In every language the command stands in it, and an error with its number.
fn verdict(text: &str) -> Option<Verdict> {
    let rest = text.get(..9).filter(|head| head.eq_ignore_ascii_case("certutil:")).and_then(|_| text.get(9..))?;
    let rest = rest.get(..400).unwrap_or(rest).trim();
    let Some(verb) = rest.strip_prefix('-') else { return Some(Verdict::Words) };
    let verb: String = verb.chars().take_while(char::is_ascii_alphanumeric).flat_map(char::to_lowercase).collect();
    if !matches!(verb.as_str(), "store" | "viewstore" | "verifystore") {
        return Some(Verdict::Other);
    }
    let code = rest.find("0x").map(|at| {
        let digits: String = rest[at + 2..].chars().take_while(char::is_ascii_hexdigit).take(8).collect();
        u32::from_str_radix(&digits, 16).ok()
    });
    let failed = code.is_some() || rest.contains("FAILED");
    Some(Verdict::Store(failed.then(|| code.flatten())))
}

/// A command line of certutil.
#[derive(Debug, Default, PartialEq, Eq)]
struct Command {
    /// The store that it lists.
    store: Option<String>,
    /// The option that asks for another store of this name.
    part: Option<String>,
}

/// A command line of certutil behind a prompt.
fn command(text: &str) -> Option<Command> {
    if text.len() > 400 || text.starts_with("CertUtil:") {
        return None;
    }
    let mut words = text.split_whitespace().skip_while(|word| {
        let word = word.rsplit(['>', '\\', '#', '$']).next().unwrap_or(word).to_ascii_lowercase();
        word != "certutil" && word != "certutil.exe"
    });
    words.next()?;
    let mut words = words.peekable();
    // Prose that names the program has no option behind it.
    words.peek().filter(|word| word.starts_with(['-', '/']))?;
    let mut command = Command::default();
    let mut lists = false;
    for word in words {
        match word.strip_prefix(['-', '/']).map(str::to_ascii_lowercase).as_deref() {
            Some("store" | "viewstore" | "verifystore") => lists = true,
            Some("user" | "enterprise" | "grouppolicy" | "service") => command.part = Some(word.to_owned()),
            None if lists && command.store.is_none() => command.store = Some(word.trim_matches('"').to_owned()),
            _ => {}
        }
    }
    if lists && command.store.is_none() {
        // Without a name certutil lists the intermediate authorities.
        command.store = Some("CA".to_owned());
    }
    Some(command)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::super::recognise_text;
    use super::super::{Evidence, TextKind};
    use super::*;

    const CONSOLE: &str = include_str!("../../tests/fixtures/evidence/e01_stores_console.txt");
    const FRENCH: &str = include_str!("../../tests/fixtures/evidence/e05_root_french.txt");

    fn read(text: &str) -> ReadStores {
        read_stores(text, FileId(0))
    }

    fn messages(out: &ReadStores) -> Vec<&str> {
        out.warnings.iter().map(|warning| warning.message.as_str()).collect()
    }

    fn texts(lines: &[Unknown]) -> Vec<&str> {
        lines.iter().map(|line| line.text.as_str()).collect()
    }

    #[test]
    fn a_console_with_several_stores_gives_each_with_its_certificates() {
        assert_eq!(recognise_text(CONSOLE), Some(TextKind::Stores));
        let out = read(CONSOLE);
        let stores: Vec<_> =
            out.stores.iter().map(|store| (store.label(), store.certificates.len(), store.others, store.is_whole())).collect();
        assert_eq!(
            stores,
            [
                ("Root", 2, 0, true),
                ("CA", 0, 1, true),
                ("ClientAuthIssuer", 0, 0, true),
                ("My", 2, 0, true),
                ("AdfsTrustedDevices", 0, 0, false)
            ]
        );
        let root = &out.stores[0];
        assert_eq!((root.title.as_deref(), root.place.line), (Some("Trusted Root Certification Authorities"), 5));
        let first = &root.certificates[0];
        assert_eq!(first.serial.value().unwrap(), "3e11f0c4a2b79d5544c1e0aa97d3b612");
        assert_eq!(first.subject.value().unwrap(), "CN=Fabrikam Root CA 1, O=Fabrikam Trust, Inc., C=US");
        assert_eq!(
            (first.not_before.value().unwrap().as_str(), first.not_after.value().unwrap().as_str()),
            ("3/1/2015 9:00 AM", "3/1/2035 9:00 AM")
        );
        assert_eq!((first.is_self_signed(), first.key, first.place.unwrap().line), (Some(true), PrivateKey::None, 6));
        let second = &root.certificates[1];
        assert_eq!((second.is_self_signed(), second.hash.value().unwrap()[..2].to_vec()), (Some(false), vec![0x5b, 0xc0]));
        assert_eq!(second.template.value().unwrap(), "SubCA, Subordinate Certification Authority");
        let keys: Vec<_> = out.stores[3].certificates.iter().map(|certificate| certificate.key).collect();
        assert_eq!(keys, [PrivateKey::Present, PrivateKey::Missing]);
        assert_eq!(out.stores[4].outcome, Outcome::Failed { code: Some(0x8007_0002), place: out.stores[4].place });
        assert_eq!(messages(&out), ["certutil found no store AdfsTrustedDevices"]);
        let unknown = out.stores.iter().flat_map(|store| store.certificates.iter().flat_map(|one| &one.unknown).chain(&store.unknown));
        assert_eq!(unknown.count(), 0);
        assert_eq!(texts(&out.unknown), [""; 0]);
        let empty: Vec<_> = out.stores.iter().filter(|store| store.is_empty()).map(StoreListing::label).collect();
        assert_eq!(empty, ["CA", "ClientAuthIssuer", "AdfsTrustedDevices"]);
    }

    #[test]
    fn another_language_is_read_by_shape_and_told() {
        assert_eq!(recognise_text(FRENCH), Some(TextKind::Stores));
        let out = read(FRENCH);
        assert_eq!((out.stores.len(), out.stores[0].label(), out.stores[0].is_whole()), (1, "Root", true));
        let [first, second] = &out.stores[0].certificates[..] else { panic!("{:?}", out.stores[0].certificates.len()) };
        assert_eq!((first.is_self_signed(), second.is_self_signed()), (Some(true), Some(false)));
        assert_eq!((first.serial.value().unwrap().len(), first.not_after.value().unwrap().as_str()), (32, "01/03/2035 09:00"));
        assert_eq!(second.hash.value().unwrap()[0], 0x5b);
        assert_eq!(texts(&second.unknown), ["Certificat non-racine", "Aucune information sur le fournisseur de clé"]);
        assert!(messages(&out)[0].contains("not in English"), "{:?}", messages(&out));
        let chinese = "Root \"受信任的根证书颁发机构\"\n================ 证书 0 ================\n序列号: 01ab\n颁发者: CN=A\n NotBefore: 2026/7/18 0:13\n NotAfter: 2126/7/18 0:23\n\
                       使用者: CN=A\n签名与公钥匹配\n证书哈希(sha1): f72d8174e4378ca11b31141290954483f437d6b7\nCertUtil: -store 命令成功完成。\n";
        let out = read(chinese);
        let only = &out.stores[0].certificates[0];
        assert_eq!((only.subject.value().unwrap().as_str(), only.hash.value().is_some(), out.stores[0].is_whole()), ("CN=A", true, true));
    }

    #[test]
    fn the_long_form_is_read_as_far_as_the_short_one_goes() {
        let text = "Root \"x\"\n================ Certificate 0 ================\nX509 Certificate:\nVersion: 3\nSerial Number: 0A\nSignature Algorithm:\n    Algorithm \
                    ObjectId: 1.2.840.113549.1.1.11 sha256RSA\nIssuer:\n    CN=A\n    O=B\n  Name Hash(sha1): b03a7d15177326c244488e6982e78a1e75dd9cee\n\n NotBefore: \
                    1/1/2020 1:00 AM\n NotAfter: 1/1/2030 1:00 AM\n\nSubject:\n    CN=A\n    O=B\nCertificate Extensions: 1\n    2.5.29.35: Flags = 0\n        Certificate \
                    Issuer: CN=X\nKey Id Hash(sha1): c232b4f7155627ec68b734dd2f5f50395d643c41\nCert Hash(sha1): f72d8174e4378ca11b31141290954483f437d6b7\nCertUtil: \
                    -store command completed successfully.\n";
        let out = read(text);
        let only = &out.stores[0].certificates[0];
        assert_eq!((only.issuer.value().unwrap().as_str(), only.serial.value().unwrap().as_str()), ("CN=A, O=B", "0a"));
        assert_eq!((only.is_self_signed(), only.hash.value().unwrap()[0]), (Some(true), 0xf7));
        assert!(only.unknown.is_empty() && messages(&out).is_empty(), "{out:?}");
    }

    #[test]
    fn a_listing_that_was_cut_says_so_and_proves_no_store_empty() {
        let out = read("ClientAuthIssuer \"Client Authentication Issuers\"\r\n");
        assert!(out.stores.is_empty() || !out.stores[0].is_empty());
        let cut = CONSOLE.split("Cannot find").next().unwrap();
        let out = read(cut);
        assert_eq!(out.stores[0].outcome, Outcome::Open);
        let cut = out.cut.unwrap();
        assert!(cut.message.contains("stops here, before the line that certutil ends with"), "{cut:?}");
    }

    #[test]
    fn the_store_of_a_user_or_of_the_domain_alone_is_not_that_of_the_computer() {
        let text = |option: &str| {
            format!(
                "PS C:\\> certutil {option} -store Root\nRoot \"x\"\nCertUtil: -store command completed successfully.\nPS C:\\> certutil -verify a.cer\nrest\n"
            )
        };
        for option in ["-user", "-enterprise", "-GroupPolicy"] {
            let out = read(&text(option));
            assert_eq!(out.stores[0].part.as_deref(), Some(option));
            assert!(messages(&out)[0].contains(option));
            let evidence = Evidence { stores: out.stores, ..Evidence::default() };
            assert_eq!(evidence.store("root"), None);
        }
        let evidence = Evidence { stores: read(&text("")).stores, ..Evidence::default() };
        assert!(evidence.store("ROOT").is_some());
    }

    #[test]
    fn without_a_heading_the_command_or_one_word_names_the_store() {
        let entry = "================ Certificate 0 ================\nSerial Number: 01\nIssuer: CN=A\nSubject: CN=B\nOdd line\n";
        let out = read(&format!("TestStore\n{entry}CertUtil: -store command completed successfully.\n"));
        assert_eq!(out.stores[0].name.as_deref(), Some("TestStore"));
        assert_eq!(texts(&out.stores[0].certificates[0].unknown), ["Odd line"]);
        let out = read(&format!(
            "C:\\>certutil.exe -store \"Root\"\n{entry}CertUtil: -store command FAILED: 0x80070005 (x)\nCertUtil: Access is denied.\n"
        ));
        assert_eq!(out.stores[0].name.as_deref(), Some("Root"));
        assert!(messages(&out)[0].contains("could not list the store Root with 0x80070005"), "{:?}", messages(&out));
        let out = read(entry);
        assert_eq!((out.stores[0].name.clone(), out.warnings.len()), (None, 1));
        assert!(out.cut.is_some());
        assert_eq!(read("").warnings.len(), 1);
    }

    #[test]
    fn what_another_command_prints_is_no_listing_of_stores() {
        let verify = "Issuer:\n    CN=A\nCert Serial Number: 01\nCertUtil: -verify command completed successfully.\n";
        assert_eq!(recognise_text(verify), Some(TextKind::Verifications));
        let card = "================ Certificate 0 ================\nSerial Number: 01\nCert Hash(sha1): aa\nCertUtil: -SCInfo command completed successfully.\n";
        assert_eq!(recognise_text(card), None);
        assert_eq!(recognise_text("CertUtil: -store command FAILED: 0x80070002 (WIN32: 2)\n"), Some(TextKind::Stores));
        assert_eq!(recognise_text("certutil -store Root lists the roots\n"), None);
    }

    proptest! {
        #[test]
        fn any_text_is_read_without_a_panic(lines in proptest::collection::vec(prop_oneof![
            ".{0,60}",
            Just("================ Certificate 0 ================".to_owned()),
            Just("Root \"x\"".to_owned()),
            Just("X509 Certificate:".to_owned()),
            "CertUtil: -?store.{0,30}",
            "[A-Za-z ()]{0,12}[:：=] ?.{0,30}",
            ".{0,5}certutil [-/][a-z]{0,6} .{0,10}",
        ], 0..25), cut in 0usize..300) {
            let text = lines.join("\n");
            let cut = text.char_indices().map(|(at, _)| at).nth(cut).unwrap_or(text.len());
            let _ = recognise_text(&text[cut..]);
            let _ = read(&text[cut..]);
        }
    }
}
