//! Text of `certutil -verify`, with and without `-urlfetch`, of one certificate or of several in a row as a console shows them. The part that
//! names chain and elements is in English on every server; what is said round it is known by its words in English and in Chinese, and in
//! other languages by shape: codes, object identifiers, names, hashes and the order of the lines. No line is dropped without being kept.

use super::names::looks_like_name;
use super::store::{hash, is_console, is_hexadecimal};
use super::trust::{
    ERRORS, INFORMATION, IS_OFFLINE_REVOCATION, IS_REVOKED, IS_SELF_SIGNED, REVOCATION_STATUS_UNKNOWN, ResultCode, TrustBit,
};
use super::{Line, lines};
use crate::httpsys::Unknown;
use crate::input::{Field, FileId, Place, Remark};

/// One verification of a certificate.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Verification {
    /// Where it begins.
    pub place: Place,
    /// The command before it, when the text has it.
    pub command: Field<String>,
    /// Issuer of the certificate as text.
    pub issuer: Field<String>,
    /// Subject of the certificate as text, may be empty.
    pub subject: Field<String>,
    /// Serial number in hexadecimal, in lower case.
    pub serial: Field<String>,
    /// Flags of the verification (`dwFlags`) and of the chain (`ChainFlags`).
    pub flags: Vec<Flag>,
    /// Whose stores were used.
    pub engine: Field<Engine>,
    /// Status of the chain context, the sum of what is wrong with its elements.
    pub status: Status,
    /// Its chains. Windows gives one, and more only for trust lists.
    pub chains: Vec<Chain>,
    /// The certificate that is repeated at the end because the chain fails, as a position in chain and elements.
    pub blamed: Option<(usize, usize)>,
    /// Lines with a result that stand outside of the chain, in their order.
    pub messages: Vec<Message>,
    /// Issuance policies that were verified for the whole chain.
    pub issuance: Policies,
    /// Application policies that were verified for the whole chain.
    pub application: Policies,
    /// What is said about the revocation of the certificate itself.
    pub leaf: LeafCheck,
    /// Whether it is the certificate of an authority.
    pub authority: Field<bool>,
    /// How it ends. A verification that ends well need not have found the certificate valid.
    pub end: End,
    /// Its last line, where it stops when it was cut.
    pub last: Place,
    /// Lines outside of the elements that are not understood.
    pub unknown: Vec<Unknown>,
}

/// A flag by name and number.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Flag {
    /// Its name, such as `CERT_CHAIN_REVOCATION_CHECK_CHAIN_EXCLUDE_ROOT`.
    pub name: String,
    /// Its number.
    pub value: u32,
    /// Whether it is one of the chain (`ChainFlags`), which say how far revocation is checked.
    pub of_chain: bool,
}

/// Whose certificate stores were used.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Engine {
    /// Those of the computer, as IIS does.
    Machine,
    /// Those of the user who asked.
    User,
}

/// The two numbers of a trust status. Bits that are not known here stay in the numbers.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Status {
    /// `dwInfoStatus`.
    pub information: Field<u32>,
    /// `dwErrorStatus`. Of a chain an absent one is zero, for certutil prints no line then.
    pub error: Field<u32>,
    /// `dwRevocationFreshnessTime` as written.
    pub freshness: Field<String>,
    /// Names that the text gives to bits that are not known here.
    pub named: Vec<(u32, String)>,
}

/// A simple chain.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Chain {
    /// Its number.
    pub index: Option<u32>,
    /// Its status.
    pub status: Status,
    /// Its certificates: first the one that was verified, last the root if it was found.
    pub elements: Vec<Element>,
}

/// A certificate of a chain.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Element {
    /// Where it begins.
    pub place: Option<Place>,
    /// Its number in the chain; 0 is the certificate that was verified.
    pub index: u32,
    /// Its status.
    pub status: Status,
    /// Issuer as text.
    pub issuer: Field<String>,
    /// Subject as text.
    pub subject: Field<String>,
    /// Serial number in hexadecimal, in lower case.
    pub serial: Field<String>,
    /// Begin of its validity as written, in the format of the server's language.
    pub not_before: Field<String>,
    /// End of its validity as written.
    pub not_after: Field<String>,
    /// Other names of its subject, as written.
    pub alternative_names: Field<String>,
    /// Template it was issued by.
    pub template: Field<String>,
    /// SHA-1 hash, 20 bytes.
    pub hash: Field<Vec<u8>>,
    /// What was fetched for it, with `-urlfetch`.
    pub fetches: Vec<Fetch>,
    /// Revocation lists that were used.
    pub lists: Vec<RevocationList>,
    /// Its issuance policies.
    pub issuance: Vec<Policy>,
    /// Its application policies.
    pub application: Vec<Policy>,
    /// Lines that are not understood.
    pub unknown: Vec<Unknown>,
}

/// Where the URLs of a fetch come from.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Source {
    /// Authority information access: the certificate of the issuer.
    Aia,
    /// Distribution points of the certificate: its revocation list.
    Cdp,
    /// Distribution points that a revocation list names: the delta list.
    ListCdp,
    /// OCSP.
    Ocsp,
    /// Another, as its heading says.
    Other(String),
}

/// One entry of what was fetched.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Fetch {
    /// Where it stands.
    pub place: Place,
    /// Where its URLs come from.
    pub source: Source,
    /// What became of it.
    pub outcome: FetchOutcome,
    /// What it is about.
    pub what: Retrieved,
    /// Seconds that it took.
    pub seconds: Option<u32>,
    /// SHA-1 hash of what was fetched.
    pub hash: Option<Vec<u8>>,
    /// Its URLs, as written.
    pub urls: Vec<String>,
    /// Why it failed.
    pub error: Option<ResultCode>,
}

/// What became of a fetch.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum FetchOutcome {
    /// It was fetched and is right.
    Verified,
    /// It could not be fetched.
    Failed,
    /// There is nothing to fetch.
    NoUrls,
    /// It was fetched and is not for this certificate, for it covers others (its issuing distribution point).
    NoIntersection,
    /// It was fetched and is too old.
    Expired,
    /// It was fetched and is older than another that is known.
    Old,
    /// It was fetched and comes from another issuer.
    WrongIssuer,
    /// It was fetched, and its signature is wrong.
    BadSignature,
    /// It was fetched and says that the certificate is revoked.
    Revoked,
    /// It was fetched; what is said about it is not understood.
    Fetched(String),
    /// What is said is not understood, and nothing tells whether it was fetched.
    Other(String),
}

/// What a fetch is about.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Retrieved {
    /// A certificate, with its number.
    Certificate(String),
    /// A base revocation list, with its number.
    BaseList(String),
    /// A delta revocation list, with its number.
    DeltaList(String),
    /// An OCSP answer.
    Ocsp,
    /// Nothing that has a number, as the text says it.
    Other(String),
}

/// A revocation list that was used for a certificate. An OCSP answer has the same shape and no number.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RevocationList {
    /// Where it stands.
    pub place: Place,
    /// Its number in hexadecimal.
    pub number: Option<String>,
    /// Whether it is a delta list.
    pub delta: bool,
    /// Who issued it.
    pub issuer: Field<String>,
    /// When it was issued, as written.
    pub this_update: Field<String>,
    /// When the next one is due, as written.
    pub next_update: Field<String>,
    /// SHA-1 hash.
    pub hash: Field<Vec<u8>>,
}

/// A policy.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Policy {
    /// Object identifier.
    pub oid: String,
    /// Its name in the language of the server, may be empty.
    pub name: String,
}

/// Policies of a whole chain.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub enum Policies {
    /// Nothing is said.
    #[default]
    NotSaid,
    /// None.
    None,
    /// All.
    All,
    /// These.
    These(Vec<Policy>),
    /// A word in a language that is not known.
    Other(String),
}

/// A line with a result.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Message {
    /// The line.
    pub text: String,
    /// The result.
    pub code: ResultCode,
    /// Where it stands.
    pub place: Place,
}

/// What is said about the revocation of the certificate that was verified.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub enum LeafCheck {
    /// Nothing that is understood.
    #[default]
    NotSaid,
    /// It is not revoked.
    Passed,
    /// It is revoked, with the number of the reason.
    Revoked(Option<u32>),
    /// It was not checked: the server is offline, or there is nothing to check with.
    Skipped,
    /// The check failed.
    Failed(ResultCode),
}

/// How a verification ends.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum End {
    /// With the line that says that the command did its work.
    Completed(Place),
    /// With an error, whose number is the exit code.
    Failed {
        /// The result.
        code: Option<ResultCode>,
        /// Where it stands.
        place: Place,
    },
    /// Without any such line: it may have been cut.
    Open,
}

/// What is known about the revocation of an element.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Revocation {
    /// It is not checked: it is the root, or the flags of the chain leave it out.
    NotChecked,
    /// It was checked, and it is not revoked.
    Good,
    /// It is revoked.
    Revoked,
    /// No current list or answer could be had.
    Offline,
    /// It is not known, as when the certificate says nowhere where its list is.
    Unknown,
    /// The text has no status that can be read.
    NotSaid,
}

/// An element whose revocation list could not be had.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Unreachable<'a> {
    /// The chain that it is in, as a position.
    pub chain: usize,
    /// The element; its list is issued by its issuer.
    pub element: &'a Element,
    /// The fetches of lists and OCSP answers that failed.
    pub failed: Vec<&'a Fetch>,
}

/// The verifications of one file.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct ReadVerifications {
    /// The verifications, in file order.
    pub verifications: Vec<Verification>,
    /// Lines outside of any verification that are not understood.
    pub unknown: Vec<Unknown>,
    /// What a reader should know although the file was read.
    pub warnings: Vec<Remark>,
    /// The first verification that stops in its middle, and where.
    pub cut: Option<Remark>,
}

const REVOCATION_FLAGS: u32 = 0x7000_0000;
const REVOCATION_END: u32 = 0x1000_0000;
const REVOCATION_CHAIN: u32 = 0x2000_0000;
const REVOCATION_NOT_ROOT: u32 = 0x4000_0000;

impl Status {
    /// What is wrong, bit by bit.
    pub fn errors(&self) -> impl Iterator<Item = &'static TrustBit> {
        decode(ERRORS, self.error.value())
    }

    /// What else is said, bit by bit.
    pub fn information(&self) -> impl Iterator<Item = &'static TrustBit> {
        decode(INFORMATION, self.information.value())
    }

    /// The bits of the error that are not known here.
    pub fn unknown_errors(&self) -> u32 {
        self.error.value().copied().unwrap_or_default() & !ERRORS.iter().fold(0, |all, known| all | known.bit)
    }

    /// Takes what follows the dot in `Element.dwErrorStatus = NAME (0x40)`. Whether it is such a line.
    fn take(&mut self, text: &str, place: Place) -> bool {
        if let Some(freshness) = text.strip_prefix("dwRevocationFreshnessTime:") {
            self.freshness = Field::said(freshness.trim().to_owned(), place);
            return true;
        }
        let Some((label, said)) = text.split_once('=') else { return false };
        let (field, known) = match label.trim() {
            "dwErrorStatus" => (&mut self.error, ERRORS),
            "dwInfoStatus" => (&mut self.information, INFORMATION),
            _ => return false,
        };
        let Some((name, value)) = named_number(said) else {
            if field.is_absent() {
                *field = Field::unreadable(said.trim(), place);
            }
            return true;
        };
        let all = field.value().copied().unwrap_or_default() | value;
        *field = Field::said(all, field.place().unwrap_or(place));
        if !known.iter().any(|known| known.bit == value) && !self.named.iter().any(|(bit, _)| *bit == value) && self.named.len() < 64 {
            self.named.push((value, name));
        }
        true
    }
}

fn decode(known: &'static [TrustBit], value: Option<&u32>) -> impl Iterator<Item = &'static TrustBit> + use<> {
    let value = value.copied().unwrap_or_default();
    known.iter().filter(move |known| value & known.bit != 0)
}

impl Element {
    /// Whether it is its own issuer, as the status says or as the names tell.
    pub fn is_root(&self) -> bool {
        match self.status.information.value() {
            Some(information) => information & IS_SELF_SIGNED != 0,
            None => self.subject.value().is_some_and(|subject| self.issuer.value() == Some(subject)),
        }
    }

    /// Its name for messages.
    pub fn label(&self) -> &str {
        let subject = self.subject.value().filter(|subject| !subject.is_empty());
        subject.or(self.serial.value()).map_or("(unnamed)", String::as_str)
    }

    /// The fetches that are about its revocation and had something to fetch.
    fn revocation_fetches(&self) -> impl Iterator<Item = &Fetch> {
        let about = |fetch: &&Fetch| matches!(fetch.source, Source::Cdp | Source::ListCdp | Source::Ocsp);
        self.fetches.iter().filter(about).filter(|fetch| fetch.outcome != FetchOutcome::NoUrls)
    }
}

impl Verification {
    /// Its name for messages.
    pub fn label(&self) -> &str {
        let first = self.chains.first().and_then(|chain| chain.elements.first());
        let own = self.subject.value().filter(|subject| !subject.is_empty()).map(String::as_str);
        own.or_else(|| first.map(Element::label)).or(self.serial.value().map(String::as_str)).unwrap_or("(unnamed)")
    }

    /// Whether URLs were tried: the command says so, or the text has their results.
    pub fn tried_urls(&self) -> bool {
        let told = self.command.value().is_some_and(|command| command.to_ascii_lowercase().contains("urlfetch"));
        told || self.chains.iter().flat_map(|chain| &chain.elements).any(|element| !element.fetches.is_empty())
    }

    /// Whether it ends as certutil ends. Nothing follows from what is not in one that was cut.
    pub fn is_whole(&self) -> bool {
        self.end != End::Open
    }

    /// Whether an address of a list or responder answered for every certificate but the root.
    pub fn reached_all(&self) -> bool {
        // A root may lack the mark of a root when the text was shortened; its names tell.
        let own_issuer = |element: &Element| element.subject.value().is_some() && element.subject.value() == element.issuer.value();
        let below = |element: &&Element| !element.is_root() && !own_issuer(element);
        let mut elements = self.chains.iter().flat_map(|chain| &chain.elements).filter(below).peekable();
        let answered = |element: &Element| element.revocation_fetches().any(|fetch| fetch.outcome != FetchOutcome::Failed);
        self.is_whole() && elements.peek().is_some() && elements.all(answered)
    }

    /// Whether it says of the chain as a whole that no current list could be had.
    pub fn says_offline(&self) -> bool {
        let mut statuses = self.chains.iter().map(|chain| &chain.status).chain([&self.status]);
        statuses.any(|status| status.error.value().is_some_and(|error| error & IS_OFFLINE_REVOCATION != 0))
    }

    /// What is known about the revocation of an element of this chain.
    pub fn revocation(&self, element: &Element) -> Revocation {
        let mut flags = self.flags.iter().filter(|flag| flag.of_chain).peekable();
        let told = flags.peek().is_some();
        let flags = flags.fold(0, |all, flag| all | flag.value) & REVOCATION_FLAGS;
        let root = element.is_root();
        let left_out = told
            && match flags {
                0 => true,
                flags if flags & REVOCATION_CHAIN != 0 => false,
                flags if flags & REVOCATION_NOT_ROOT != 0 => root,
                flags => flags & REVOCATION_END != 0 && element.index > 0,
            };
        let Some(error) = element.status.error.value() else {
            return if left_out || root { Revocation::NotChecked } else { Revocation::NotSaid };
        };
        match error {
            error if error & IS_REVOKED != 0 => Revocation::Revoked,
            error if error & IS_OFFLINE_REVOCATION != 0 => Revocation::Offline,
            error if error & REVOCATION_STATUS_UNKNOWN != 0 => Revocation::Unknown,
            // A root names no list of its own: even where the flags ask for it, nothing is looked up.
            _ if left_out || root => Revocation::NotChecked,
            _ => Revocation::Good,
        }
    }

    /// The elements whose revocation list could not be had: Windows says so, or nothing of what was tried could be fetched. In the latter
    /// case Windows may still have one from before.
    pub fn unreachable(&self) -> Vec<Unreachable<'_>> {
        let mut out = Vec::new();
        for (chain, elements) in self.chains.iter().map(|chain| &chain.elements).enumerate() {
            for element in elements {
                let offline = self.revocation(element) == Revocation::Offline;
                if element.is_root() && !offline {
                    continue;
                }
                let failed: Vec<&Fetch> = element.revocation_fetches().filter(|fetch| fetch.outcome == FetchOutcome::Failed).collect();
                let none = !failed.is_empty() && failed.len() == element.revocation_fetches().count();
                if offline || none {
                    out.push(Unreachable { chain, element, failed });
                }
            }
        }
        out
    }

    fn unknown_lines(&self) -> impl Iterator<Item = &Unknown> {
        let elements = self.chains.iter().flat_map(|chain| &chain.elements);
        self.unknown.iter().chain(elements.flat_map(|element| &element.unknown))
    }
}

impl ReadVerifications {
    /// All lines that are not understood.
    pub fn not_understood(&self) -> impl Iterator<Item = &Unknown> {
        self.unknown.iter().chain(self.verifications.iter().flat_map(Verification::unknown_lines))
    }
}

/// Whether the beginning of a text is such an output.
pub(super) fn is_verification(head: &str) -> bool {
    head.lines().map(str::trim).any(|line| {
        context(line).is_some()
            || rule(line).is_some_and(|inner| inner == "CERT_CHAIN_CONTEXT")
            || matches!(closing(line), Some(Closing::Verify(_)))
    })
}

/// Reads the output.
pub fn read_verifications(text: &str, file: FileId) -> ReadVerifications {
    let lines = lines(text, file);
    let mut reading = Reading::default();
    for (index, line) in lines.iter().enumerate() {
        reading.take(line, lines.get(index + 1));
    }
    reading.finish()
}

/// Which part of a verification a line stands in.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
enum Part {
    /// The certificate and the flags.
    #[default]
    Head,
    /// Chain and elements.
    Chain,
    /// The hashes of the chain, and the element that it fails for.
    Hashes,
    /// The result.
    Result,
}

/// Where names and policies that stand below a heading go.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
enum Below {
    #[default]
    Nothing,
    Issuer,
    Subject,
    Issuance,
    Application,
    /// Names after a heading, which tell what lacks in the chain.
    Lacking,
}

#[derive(Debug, Default)]
struct Reading {
    out: ReadVerifications,
    /// Whether lines belong to the last verification.
    open: bool,
    part: Part,
    below: Below,
    /// The section of fetches.
    source: Option<Source>,
    /// Whether lines belong to the last revocation list.
    in_list: bool,
    /// The last command, when it was a verification.
    command: Field<String>,
    /// Whether words in another language were met.
    foreign: bool,
}

impl Reading {
    fn take(&mut self, line: &Line<'_>, next: Option<&Line<'_>>) {
        if let Some(verify) = command(line.text) {
            self.close();
            self.command = if verify { Field::said(line.text.to_owned(), line.place) } else { Field::Absent };
            return;
        }
        match closing(line.text) {
            Some(Closing::Verify(failed)) => return self.end(failed, line.place),
            Some(Closing::Other) => return self.close(),
            // The error in words, after the line with its number.
            Some(Closing::Words) if self.open => return,
            Some(Closing::Words) | None => {}
        }
        if !self.open {
            if !begins(line.text, next) {
                if !is_console(line.text) {
                    self.out.unknown.push(unknown(line));
                }
                return;
            }
            self.begin(line.place);
        }
        let Some(mut verification) = self.out.verifications.pop() else { return };
        verification.last = line.place;
        let understood = match self.part {
            Part::Head => self.head(&mut verification, line),
            Part::Chain => self.chain(&mut verification, line, next),
            Part::Hashes => self.hashes(&mut verification, line),
            Part::Result => self.result(&mut verification, line),
        };
        if !understood && !is_console(line.text) {
            let element = verification.chains.last_mut().and_then(|chain| chain.elements.last_mut());
            match element.filter(|_| self.part == Part::Chain) {
                Some(element) => element.unknown.push(unknown(line)),
                None => verification.unknown.push(unknown(line)),
            }
        }
        self.out.verifications.push(verification);
    }

    fn begin(&mut self, place: Place) {
        self.out.verifications.push(Verification {
            place,
            command: std::mem::take(&mut self.command),
            issuer: Field::Absent,
            subject: Field::Absent,
            serial: Field::Absent,
            flags: Vec::new(),
            engine: Field::Absent,
            status: Status::default(),
            chains: Vec::new(),
            blamed: None,
            messages: Vec::new(),
            issuance: Policies::NotSaid,
            application: Policies::NotSaid,
            leaf: LeafCheck::NotSaid,
            authority: Field::Absent,
            end: End::Open,
            last: place,
            unknown: Vec::new(),
        });
        self.open = true;
        self.part = Part::Head;
        self.below = Below::Nothing;
        self.source = None;
        self.in_list = false;
    }

    fn close(&mut self) {
        self.open = false;
        self.command = Field::Absent;
    }

    fn end(&mut self, failed: Option<Option<ResultCode>>, place: Place) {
        if !self.open {
            self.begin(place);
        }
        self.close();
        if let Some(verification) = self.out.verifications.last_mut() {
            verification.end = match failed {
                None => End::Completed(place),
                Some(code) => End::Failed { code, place },
            };
        }
    }

    fn head(&mut self, out: &mut Verification, line: &Line<'_>) -> bool {
        let text = line.text;
        if is_chain_line(text) {
            self.part = Part::Chain;
            self.below = Below::Nothing;
            return self.chain(out, line, None);
        }
        for (prefix, of_chain) in [("dwFlags", false), ("ChainFlags", true)] {
            if let Some((name, value)) = text.strip_prefix(prefix).and_then(|rest| rest.trim().strip_prefix('=')).and_then(named_number) {
                out.flags.push(Flag { name, value, of_chain });
                return true;
            }
        }
        if let Some(rest) = text.strip_prefix("HCCE_") {
            let engine = match rest {
                "LOCAL_MACHINE" => Some(Engine::Machine),
                "CURRENT_USER" => Some(Engine::User),
                _ => None,
            };
            out.engine = engine.map_or_else(|| Field::unreadable(text, line.place), |engine| Field::said(engine, line.place));
            return true;
        }
        if text.starts_with("CERT_CHAIN_POLICY_") {
            return true;
        }
        // Hashes of issuer and subject stand between them.
        if text.get(..80).unwrap_or(text).contains("(sha1)") || text.get(..80).unwrap_or(text).contains("(md5)") {
            return true;
        }
        if let Some(code) = ResultCode::of(text) {
            out.messages.push(Message { text: text.to_owned(), code, place: line.place });
            return true;
        }
        if let Some(label) = text.strip_suffix([':', '：']) {
            let label = label.trim();
            let (below, field) = match (label.eq_ignore_ascii_case("issuer"), label.eq_ignore_ascii_case("subject")) {
                (true, _) => (Below::Issuer, &mut out.issuer),
                (_, true) => (Below::Subject, &mut out.subject),
                _ if out.issuer.is_absent() => (Below::Issuer, &mut out.issuer),
                _ if out.subject.is_absent() => (Below::Subject, &mut out.subject),
                _ => return false,
            };
            self.foreign |= !label.is_ascii() || !matches!(label.to_ascii_lowercase().as_str(), "issuer" | "subject");
            self.below = below;
            *field = Field::said(String::new(), line.place);
            return true;
        }
        let name = looks_like_name(text) || (line.place.column > 1 && text.starts_with("EMPTY"));
        let field = match self.below {
            Below::Issuer if name => &mut out.issuer,
            Below::Subject if name => &mut out.subject,
            _ => {
                let Some((_, value)) = text.split_once([':', '：']) else { return false };
                let digits: String = value.split_whitespace().collect();
                let is_serial = out.serial.is_absent() && !out.issuer.is_absent() && is_hexadecimal(&digits);
                if is_serial {
                    out.serial = Field::said(digits.to_ascii_lowercase(), line.place);
                    self.below = Below::Nothing;
                }
                return is_serial;
            }
        };
        if let Field::Said(said) = field {
            if !said.value.is_empty() {
                said.value.push_str(", ");
            }
            said.value.push_str(text);
        }
        true
    }

    fn chain(&mut self, out: &mut Verification, line: &Line<'_>, next: Option<&Line<'_>>) -> bool {
        let (text, place) = (line.text, line.place);
        if let Some(inner) = rule(text) {
            let known = self.source.take().is_some();
            self.in_list = false;
            if inner == "CERT_CHAIN_CONTEXT" {
                return true;
            }
            if !inner.is_empty() {
                self.source = Some(source(inner));
            } else if !known {
                self.part = Part::Result;
            }
            return true;
        }
        if let Some(rest) = text.strip_prefix("ChainContext.") {
            return out.status.take(rest, place);
        }
        if let Some(rest) = text.strip_prefix("SimpleChain.") {
            if out.chains.last().is_none_or(|chain| !chain.elements.is_empty()) {
                out.chains.push(Chain::default());
            }
            return out.chains.last_mut().is_some_and(|chain| chain.status.take(rest, place));
        }
        if let Some(context) = context(text) {
            self.source = None;
            self.in_list = false;
            if out.chains.last().is_none_or(|chain| chain.index.is_some_and(|index| index != context.chain)) {
                out.chains.push(Chain::default());
            }
            if let Some(chain) = out.chains.last_mut() {
                chain.index = Some(context.chain);
                chain.elements.push(context.element(place));
            }
            return true;
        }
        let Some(element) = out.chains.last_mut().and_then(|chain| chain.elements.last_mut()) else { return false };
        if let Some(rest) = text.strip_prefix("Element.") {
            // The first line of the element has the number; these name its bits.
            let mut named = Status::default();
            let understood = named.take(rest, place);
            if element.status.error.value().is_none() && !named.error.is_absent() {
                element.status.error = named.error;
            }
            if element.status.information.value().is_none() && !named.information.is_absent() {
                element.status.information = named.information;
            }
            if !named.freshness.is_absent() {
                element.status.freshness = named.freshness;
            }
            if element.status.named.len() < 64 {
                element.status.named.append(&mut named.named);
            }
            return understood;
        }
        if let Some(source) = &self.source {
            return fetched(element, source, line, next);
        }
        if let Some((delta, number)) = list_heading(text) {
            self.in_list = true;
            element.lists.push(RevocationList {
                place,
                number,
                delta,
                issuer: Field::Absent,
                this_update: Field::Absent,
                next_update: Field::Absent,
                hash: Field::Absent,
            });
            return true;
        }
        for (prefix, policies) in [("Issuance[", &mut element.issuance), ("Application[", &mut element.application)] {
            if let Some(policy) = text.strip_prefix(prefix).and_then(|rest| rest.split_once("] =")).and_then(|(_, rest)| policy(rest)) {
                self.in_list = false;
                policies.push(policy);
                return true;
            }
        }
        if place.column <= 1 && text.ends_with(':') || text == "Exclude leaf cert:" || text == "Full chain:" {
            self.part = Part::Hashes;
            return true;
        }
        if self.in_list
            && let Some(list) = element.lists.last_mut()
            && list.take(line)
        {
            return true;
        }
        if element.take(line) {
            return true;
        }
        if let Some(code) = ResultCode::of(text) {
            out.messages.push(Message { text: text.to_owned(), code, place });
            return true;
        }
        false
    }

    fn hashes(&mut self, out: &mut Verification, line: &Line<'_>) -> bool {
        let text = line.text;
        if rule(text).is_some_and(str::is_empty) {
            self.part = Part::Result;
            return true;
        }
        if let Some(code) = ResultCode::of(text) {
            out.messages.push(Message { text: text.to_owned(), code, place: line.place });
            return true;
        }
        if matches!(text, "Exclude leaf cert:" | "Full chain:") || (line.place.column <= 1 && text.ends_with(':')) {
            return true;
        }
        let value = text.split_once(':').map_or(text, |(_, value)| value.trim());
        if let Some(hash) = hash(value) {
            // The hashes of a chain are no hashes of certificates, so that only a certificate of the chain is found.
            let found = out.chains.iter().enumerate().find_map(|(chain, elements)| {
                let is = |element: &Element| element.hash.value() == Some(&hash);
                Some((chain, elements.elements.iter().position(is)?))
            });
            out.blamed = found.or(out.blamed);
            return true;
        }
        // The lines of the element again.
        Element::default().take(line)
    }

    fn result(&mut self, out: &mut Verification, line: &Line<'_>) -> bool {
        let (text, place) = (line.text, line.place);
        if let Some(code) = ResultCode::of(text) {
            self.below = Below::Nothing;
            let leaf =
                text.starts_with("ERROR: Verifying leaf certificate revocation status") || text.starts_with("错误: 验证分支证书吊销状态");
            // In other languages the code tells what it is about, and the colon that a check returned it.
            if leaf || (is_about_revocation(code.value) && out.leaf == LeafCheck::NotSaid && text.contains([':', '：'])) {
                let revoked = matches!(code.value, 0x8009_2010 | 0x800b_010c);
                match out.leaf {
                    // That it is revoked is not taken back.
                    LeafCheck::Revoked(_) => {}
                    _ if revoked => out.leaf = LeafCheck::Revoked(None),
                    _ => out.leaf = LeafCheck::Failed(code.clone()),
                }
            }
            out.messages.push(Message { text: text.to_owned(), code, place });
            return true;
        }
        if let Some(policy) = policy(text) {
            let policies = match self.below {
                Below::Issuance => &mut out.issuance,
                Below::Application => &mut out.application,
                _ => return false,
            };
            match policies {
                Policies::These(these) => these.push(policy),
                _ => *policies = Policies::These(vec![policy]),
            }
            return true;
        }
        match sentence(text) {
            Some(Sentence::Leaf(leaf)) => {
                // The first of two that say it is revoked has the reason, and neither that nor a failure is taken back.
                if !matches!(out.leaf, LeafCheck::Revoked(Some(_)) | LeafCheck::Failed(_)) {
                    out.leaf = leaf;
                }
                self.below = Below::Nothing;
                return true;
            }
            Some(Sentence::Authority(authority)) => {
                out.authority = Field::said(authority, place);
                self.below = Below::Nothing;
                return true;
            }
            Some(Sentence::Lacking) => {
                self.below = Below::Lacking;
                return true;
            }
            None => {}
        }
        if self.below == Below::Lacking && (looks_like_name(text) || text.contains("(sha1)") || text.contains("(md5)")) {
            return true;
        }
        let Some((label, value)) = text.split_once([':', '：']) else { return false };
        let (label, value) = (label.trim(), value.trim());
        let below = match label {
            "Verified Issuance Policies" | "已验证的颁发策略" => Below::Issuance,
            "Verified Application Policies" | "已验证的应用程序策略" => Below::Application,
            // Both are always there, in this order.
            _ if looks_like_name(value) || value.len() > 40 || !out.messages.is_empty() => return false,
            _ if out.issuance == Policies::NotSaid => Below::Issuance,
            _ if out.application == Policies::NotSaid => Below::Application,
            _ => return false,
        };
        self.foreign |= !label.is_ascii();
        self.below = below;
        let policies = if below == Below::Issuance { &mut out.issuance } else { &mut out.application };
        *policies = match value {
            "" => Policies::These(Vec::new()),
            "None" | "无" => Policies::None,
            "All" => Policies::All,
            word => Policies::Other(word.to_owned()),
        };
        true
    }

    fn finish(mut self) -> ReadVerifications {
        let mut warnings = Vec::new();
        let mut unsure = false;
        for verification in &self.out.verifications {
            let label = verification.label();
            let mut warn = |message: String, place: Place| warnings.push(Remark { message, place: Some(place) });
            match &verification.end {
                End::Open => {
                    self.out.cut.get_or_insert_with(|| Remark {
                        message: format!(
                            "the verification of {label} stops here, before the line that certutil ends with: it was cut, so that nothing of it counts; \
                             give the whole output"
                        ),
                        place: Some(verification.last),
                    });
                    // What it says of itself so far need not be what it comes to.
                    continue;
                }
                End::Failed { code, place } => {
                    let code = code.as_ref().map(|code| format!(" with {}", code.label())).unwrap_or_default();
                    warn(format!("certutil could not verify {label}{code}"), *place);
                }
                End::Completed(place) if verification.chains.iter().all(|chain| chain.elements.is_empty()) => {
                    warn("this output shows no chain; it may have been shortened".to_owned(), *place);
                }
                End::Completed(_) => {}
            }
            if verification.engine.value() == Some(&Engine::User) {
                warn(
                    format!(
                        "the verification of {label} used the certificate stores of a user; those of the computer, which IIS uses, may give another result"
                    ),
                    verification.engine.place().unwrap_or(verification.place),
                );
            }
            for one in verification.unreachable() {
                let Some(place) = one.failed.first().map(|fetch| fetch.place).or(one.element.place) else { continue };
                let of = format!("certificate {} of the chain, {}", one.element.index, one.element.label());
                let urls: Vec<String> = one.failed.iter().filter_map(|fetch| told(fetch)).collect();
                let urls = if urls.is_empty() { String::new() } else { format!(": {}", urls.join("; ")) };
                let message = match verification.revocation(one.element) {
                    Revocation::Offline => format!("no current revocation list or OCSP answer could be had for {of}{urls}"),
                    Revocation::Good => {
                        format!(
                            "no revocation list or OCSP answer could be fetched for {of}{urls}; Windows used one that it had from before"
                        )
                    }
                    _ => format!("no revocation list or OCSP answer could be fetched for {of}{urls}"),
                };
                warn(message, place);
            }
            let elements = || verification.chains.iter().flat_map(|chain| &chain.elements);
            for element in elements() {
                for field in [&element.status.error, &element.status.information] {
                    if let Field::Unreadable(said) = field {
                        warn(format!("the status {} is not understood", said.value), said.place);
                    }
                }
            }
            let unclear = |fetch: &Fetch| matches!(fetch.outcome, FetchOutcome::Fetched(_) | FetchOutcome::Other(_));
            unsure |= elements().flat_map(|element| &element.fetches).any(unclear);
            unsure |= matches!(verification.end, End::Completed(_)) && verification.leaf == LeafCheck::NotSaid;
        }
        if self.out.verifications.is_empty() {
            warnings.push(Remark { message: "no verification of a certificate was found in this text".to_owned(), place: None });
        }
        if self.foreign && unsure {
            let message = "this output is not in English: its chain is read, and of what else it says in words not everything is understood, such as \
                           whether a list that was fetched is valid";
            warnings.push(Remark { message: message.to_owned(), place: None });
        }
        self.out.warnings = warnings;
        self.out
    }
}

/// URL and reason of a fetch that failed.
fn told(fetch: &Fetch) -> Option<String> {
    let url = fetch.urls.first()?;
    Some(match &fetch.error {
        Some(error) => format!("{url} ({})", error.label()),
        None => url.clone(),
    })
}

fn unknown(line: &Line<'_>) -> Unknown {
    Unknown { text: line.text.to_owned(), place: line.place }
}

/// `NAME (0x40)`.
fn named_number(text: &str) -> Option<(String, u32)> {
    let (name, rest) = text.trim().split_once(" (0x")?;
    let digits = rest.strip_suffix(')')?;
    Some((name.trim().to_owned(), u32::from_str_radix(digits, 16).ok()?))
}

fn is_chain_line(text: &str) -> bool {
    rule(text).is_some_and(|inner| inner == "CERT_CHAIN_CONTEXT")
        || text.starts_with("ChainContext.")
        || text.starts_with("SimpleChain.")
        || context(text).is_some()
}

/// Whether a verification begins with this line, after something else.
fn begins(text: &str, next: Option<&Line<'_>>) -> bool {
    let heading = || text.ends_with([':', '：']) && text.len() < 60 && next.is_some_and(|next| looks_like_name(next.text));
    let flags = || text.starts_with("dwFlags = ") || text.starts_with("ChainFlags = ") || text.starts_with("HCCE_");
    heading() || flags() || is_chain_line(text) || (text.starts_with("LoadCert") && ResultCode::of(text).is_some())
}

/// What stands between the dashes of a line that begins and ends with them.
fn rule(text: &str) -> Option<&str> {
    // Texts that went through a word processor have other dashes.
    let is_dash = |c: char| matches!(c, '-' | '—' | '–');
    let dashes = text.chars().take_while(|c| is_dash(*c)).map(|c| if c == '-' { 1 } else { 2 }).sum::<usize>();
    (dashes >= 8 && text.ends_with(is_dash)).then(|| text.trim_matches(is_dash).trim())
}

struct Context {
    chain: u32,
    element: u32,
    information: Result<u32, String>,
    error: Result<u32, String>,
}

impl Context {
    fn element(self, place: Place) -> Element {
        let field = |said: Result<u32, String>| match said {
            Ok(value) => Field::said(value, place),
            Err(text) => Field::unreadable(text, place),
        };
        let status = Status { information: field(self.information), error: field(self.error), ..Status::default() };
        Element { place: Some(place), index: self.element, status, ..Element::default() }
    }
}

/// `CertContext[0][1]: dwInfoStatus=102 dwErrorStatus=0`, the numbers in hexadecimal.
fn context(text: &str) -> Option<Context> {
    let rest = text.strip_prefix("CertContext[")?;
    let (chain, rest) = rest.split_once("][")?;
    let (element, rest) = rest.split_once("]:")?;
    let number = |label: &str| {
        let said = rest.split_whitespace().find_map(|word| word.strip_prefix(label)).unwrap_or_default();
        u32::from_str_radix(said, 16).map_err(|_| rest.trim().to_owned())
    };
    Some(Context {
        chain: chain.parse().ok()?,
        element: element.parse().ok()?,
        information: number("dwInfoStatus="),
        error: number("dwErrorStatus="),
    })
}

/// The abbreviations are the same in every language that is known.
fn source(heading: &str) -> Source {
    let has = |word: &str| heading.split_whitespace().any(|part| part == word);
    if has("OCSP") {
        Source::Ocsp
    } else if has("AIA") {
        Source::Aia
    } else if has("CDP") {
        if has("CRL") { Source::ListCdp } else { Source::Cdp }
    } else {
        Source::Other(heading.to_owned())
    }
}

/// Takes a line of a section of fetches.
fn fetched(element: &mut Element, source: &Source, line: &Line<'_>, next: Option<&Line<'_>>) -> bool {
    let quote = |c: char| matches!(c, '"' | '“' | '”');
    if let Some(url) = url(line.text) {
        let Some(fetch) = element.fetches.last_mut() else { return false };
        fetch.urls.push(url.to_owned());
        return true;
    }
    if let Some((words, rest)) = line.text.split_once(quote)
        && let Some((what, rest)) = rest.split_once(quote)
    {
        let (_, timed) = rest.split_once([':', '：']).unwrap_or_default();
        let mut timed = timed.split_whitespace();
        let seconds = timed.next().and_then(|word| word.parse().ok());
        let hash = hash(&timed.collect::<String>());
        // A failure has its reason in the line below, and what is there its URL.
        let code = next.filter(|next| url(next.text).is_none()).and_then(|next| ResultCode::of(next.text));
        let outcome = outcome(words.trim(), hash.is_some(), code.is_some(), next.is_some_and(|next| url(next.text).is_some()));
        element.fetches.push(Fetch {
            place: line.place,
            source: source.clone(),
            outcome,
            what: retrieved(what, source),
            seconds,
            hash,
            urls: Vec::new(),
            error: None,
        });
        return true;
    }
    if let Some(code) = ResultCode::of(line.text)
        && let Some(fetch) = element.fetches.last_mut()
    {
        fetch.error.get_or_insert(code);
        return true;
    }
    false
}

fn outcome(words: &str, hash: bool, code: bool, url: bool) -> FetchOutcome {
    match words.to_ascii_lowercase().as_str() {
        "verified" | "ok" | "已验证" => FetchOutcome::Verified,
        "failed" | "unsuccessful" | "失败" => FetchOutcome::Failed,
        "no urls" | "没有 url" => FetchOutcome::NoUrls,
        "expired" => FetchOutcome::Expired,
        "revoked" => FetchOutcome::Revoked,
        "wrong issuer" => FetchOutcome::WrongIssuer,
        "bad signature" => FetchOutcome::BadSignature,
        lower if lower.starts_with("old") => FetchOutcome::Old,
        _ if code => FetchOutcome::Failed,
        _ if words.contains("IDP") => FetchOutcome::NoIntersection,
        _ if words.contains("URL") && !hash && !url => FetchOutcome::NoUrls,
        _ if hash => FetchOutcome::Fetched(words.to_owned()),
        _ => FetchOutcome::Other(words.to_owned()),
    }
}

/// `Base CRL (0c)`, `Delta CRL (0d)`, `Certificate (0)`, `OCSP`, or the name of the section when nothing was fetched.
fn retrieved(what: &str, source: &Source) -> Retrieved {
    let numbered = what.trim().strip_suffix(')').and_then(|rest| rest.rsplit_once('('));
    let number = numbered.map(|(_, number)| number.trim().to_owned());
    match (number, source) {
        (Some(number), _) if what.contains("CRL") => {
            let delta = what.starts_with("Delta") || (*source == Source::ListCdp && !what.starts_with("Base"));
            if delta { Retrieved::DeltaList(number) } else { Retrieved::BaseList(number) }
        }
        (Some(number), Source::Aia) => Retrieved::Certificate(number),
        (_, Source::Ocsp) if what.trim() == "OCSP" => Retrieved::Ocsp,
        _ => Retrieved::Other(what.to_owned()),
    }
}

/// A URL, with its position before it (`[0.0]`) or without.
fn url(text: &str) -> Option<&str> {
    let position = text.strip_prefix('[').and_then(|rest| rest.split_once(']'));
    let position = position.filter(|(inner, _)| inner.contains('.') && inner.bytes().all(|b| b.is_ascii_digit() || b == b'.'));
    if let Some((_, rest)) = position {
        return Some(rest.trim()).filter(|rest| !rest.is_empty());
    }
    let (scheme, _) = text.split_once("://")?;
    ((2..=10).contains(&scheme.len()) && scheme.bytes().all(|b| b.is_ascii_alphabetic())).then_some(text)
}

/// `CRL 0c:`, `Delta CRL 0d:` or `CRL (null):`; whether it is a delta list, and its number.
fn list_heading(text: &str) -> Option<(bool, Option<String>)> {
    let (before, number) = text.strip_suffix([':', '：'])?.rsplit_once("CRL ")?;
    let number = number.trim();
    if before.len() > 40 || !(number == "(null)" || is_hexadecimal(number)) {
        return None;
    }
    let number = (number != "(null)").then(|| number.to_owned());
    Some((before.contains("Delta"), number))
}

impl RevocationList {
    fn take(&mut self, line: &Line<'_>) -> bool {
        let (label, value) = line.text.split_once(':').map_or(("", line.text), |(label, value)| (label.trim(), value.trim()));
        let field = match label {
            "Issuer" => &mut self.issuer,
            "ThisUpdate" => &mut self.this_update,
            "NextUpdate" => &mut self.next_update,
            _ => {
                let found = hash(value).filter(|_| label.is_empty() || label.contains("CRL"));
                let is_hash = found.is_some();
                if let Some(found) = found {
                    self.hash = Field::said(found, line.place);
                }
                return is_hash;
            }
        };
        if field.is_absent() {
            *field = Field::said(value.to_owned(), line.place);
            return true;
        }
        false
    }
}

impl Element {
    fn take(&mut self, line: &Line<'_>) -> bool {
        // Older versions print the hash without a label.
        if let Some(found) = hash(line.text) {
            self.hash = Field::said(found, line.place);
            return true;
        }
        let Some((label, value)) = line.text.split_once(':') else { return false };
        let value = value.trim();
        let field = match label.trim() {
            "Issuer" => &mut self.issuer,
            "Subject" => &mut self.subject,
            "NotBefore" => &mut self.not_before,
            "NotAfter" => &mut self.not_after,
            "SubjectAltName" => &mut self.alternative_names,
            "Template" => &mut self.template,
            "Serial" => {
                let digits: String = value.split_whitespace().collect();
                let read = is_hexadecimal(&digits);
                self.serial =
                    if read { Field::said(digits.to_ascii_lowercase(), line.place) } else { Field::unreadable(value, line.place) };
                return true;
            }
            "Cert" => {
                self.hash = hash(value).map_or_else(|| Field::unreadable(value, line.place), |found| Field::said(found, line.place));
                return true;
            }
            _ => return false,
        };
        if !field.is_absent() {
            return false;
        }
        *field = Field::said(value.to_owned(), line.place);
        true
    }
}

/// `1.3.6.1.5.5.7.3.2 Client Authentication`.
fn policy(text: &str) -> Option<Policy> {
    let text = text.trim();
    let (oid, name) = text.split_once(char::is_whitespace).unwrap_or((text, ""));
    let arcs = oid.split('.').all(|arc| !arc.is_empty() && arc.bytes().all(|b| b.is_ascii_digit()));
    (arcs && oid.contains('.')).then(|| Policy { oid: oid.to_owned(), name: name.trim().to_owned() })
}

fn is_about_revocation(code: u32) -> bool {
    (0x8009_2010..=0x8009_2014).contains(&code) || matches!(code, 0x800b_010c | 0x800b_010e)
}

enum Sentence {
    Leaf(LeafCheck),
    Authority(bool),
    /// Something is wrong that the status of the chain says as well; names may follow.
    Lacking,
}

/// The sentences of the result.
fn sentence(text: &str) -> Option<Sentence> {
    let lower = text.chars().take(100).collect::<String>().to_ascii_lowercase();
    let starts = |head: &str| lower.starts_with(head);
    Some(if starts("leaf certificate revocation check passed") || starts("通过了分支证书吊销检查") {
        Sentence::Leaf(LeafCheck::Passed)
    } else if starts("leaf certificate is revoked") || starts("certificate is revoked") {
        let reason = lower.split_once("reason=").map(|(_, rest)| rest.chars().take_while(char::is_ascii_hexdigit).collect::<String>());
        Sentence::Leaf(LeafCheck::Revoked(reason.and_then(|digits| u32::from_str_radix(&digits, 16).ok())))
    } else if starts("revocation check skipped") || starts("cannot check leaf certificate revocation") || starts("跳过了吊销检查") {
        Sentence::Leaf(LeafCheck::Skipped)
    } else if starts("cert is a ca certificate") {
        Sentence::Authority(true)
    } else if starts("cert is an end entity certificate") || starts("证书是一个最终实体证书") {
        Sentence::Authority(false)
    } else if starts("incomplete certificate chain")
        || starts("cannot find certificate")
        || starts("missing issuer")
        || starts("expired certificate")
        || starts("verifies against untrusted root")
    {
        Sentence::Lacking
    } else {
        return None;
    })
}

enum Closing {
    /// The end of a verification, with the error if it failed.
    Verify(Option<Option<ResultCode>>),
    /// The end of another command of certutil.
    Other,
    /// An error in words.
    Words,
}

/// What a line `CertUtil: ...` says. In every language the command stands in it, and an error with its number.
fn closing(text: &str) -> Option<Closing> {
    let rest = text.get(..9).filter(|head| head.eq_ignore_ascii_case("certutil:")).and_then(|_| text.get(9..))?.trim();
    let Some(verb) = rest.strip_prefix('-') else { return Some(Closing::Words) };
    let verb: String = verb.chars().take_while(char::is_ascii_alphanumeric).collect();
    if !verb.eq_ignore_ascii_case("verify") {
        return Some(Closing::Other);
    }
    let code = ResultCode::of(rest);
    let failed = code.is_some() || rest.contains("FAILED");
    Some(Closing::Verify(failed.then_some(code)))
}

/// Whether a line is a command of certutil, and then whether it is a verification.
fn command(text: &str) -> Option<bool> {
    if text.len() > 400 || closing(text).is_some() {
        return None;
    }
    let mut words = text.split_whitespace().skip_while(|word| {
        let word = word.rsplit(['>', '\\', '#', '$']).next().unwrap_or(word).trim_matches('"').to_ascii_lowercase();
        word != "certutil" && word != "certutil.exe"
    });
    words.next()?;
    let mut options = words.filter_map(|word| word.strip_prefix(['-', '/'])).peekable();
    options.peek()?;
    Some(options.any(|option| option.eq_ignore_ascii_case("verify")))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::super::{TextKind, recognise_text};
    use super::*;

    const FOUR: &str = include_str!("../../tests/fixtures/evidence/e06_verify_four_levels.txt");
    const REVOKED: &str = include_str!("../../tests/fixtures/evidence/e07_verify_revoked_2008.txt");
    const GERMAN: &str = include_str!("../../tests/fixtures/evidence/e08_verify_german.txt");

    fn read(text: &str) -> ReadVerifications {
        assert_eq!(recognise_text(text), Some(TextKind::Verifications));
        read_verifications(text, FileId(0))
    }

    fn one(text: &str) -> Verification {
        let mut read = read(text);
        assert_eq!(read.verifications.len(), 1);
        read.verifications.remove(0)
    }

    fn messages(out: &ReadVerifications) -> Vec<&str> {
        out.warnings.iter().map(|warning| warning.message.as_str()).collect()
    }

    fn not_understood(out: &ReadVerifications) -> Vec<&str> {
        out.not_understood().map(|line| line.text.as_str()).collect()
    }

    fn names(bits: impl Iterator<Item = &'static TrustBit>) -> Vec<&'static str> {
        bits.map(|bit| bit.name).collect()
    }

    #[test]
    fn a_chain_of_four_levels_names_the_certificate_whose_list_could_not_be_had() {
        let read = read(FOUR);
        assert_eq!(not_understood(&read), [""; 0]);
        let verification = &read.verifications[0];
        let elements = &verification.chains[0].elements;
        assert_eq!(elements.iter().map(|element| element.index).collect::<Vec<_>>(), [0, 1, 2, 3]);
        let unreachable = verification.unreachable();
        assert_eq!(unreachable.len(), 1);
        assert_eq!(unreachable[0].element.label(), "CN=Fabrikam Policy CA 2, O=Fabrikam Trust, Inc., C=US");
        assert_eq!(unreachable[0].failed[0].urls, ["http://rootcrl.fabrikam.test/root1.crl"]);
        let states: Vec<_> = elements.iter().map(|element| verification.revocation(element)).collect();
        assert_eq!(states, [Revocation::Good, Revocation::Good, Revocation::Offline, Revocation::NotChecked]);
        assert_eq!(verification.blamed, Some((0, 2)));
        assert_eq!(
            messages(&read),
            [
                "no current revocation list or OCSP answer could be had for certificate 2 of the chain, CN=Fabrikam Policy CA 2, O=Fabrikam Trust, Inc., \
              C=US: http://rootcrl.fabrikam.test/root1.crl (0x80072ee7 ERROR_WINHTTP_NAME_NOT_RESOLVED)"
            ]
        );
    }

    #[test]
    fn certificate_flags_and_elements_are_read_with_their_places() {
        let verification = one(FOUR);
        assert_eq!(verification.issuer.value().unwrap(), "CN=Fabrikam Users CA 3, O=Fabrikam Trust, Inc., C=US");
        assert_eq!(verification.subject.value().unwrap(), "CN=Dana Ruiz, OU=Staff, O=Fabrikam Trust, Inc., C=US");
        assert_eq!(verification.serial.value().unwrap(), "5a00000c1be2f0774d9a310e52000000000c1b");
        assert_eq!((verification.command.place().unwrap().line, verification.place.line), (4, 5));
        assert!(verification.tried_urls());
        let chain_flags: Vec<_> =
            verification.flags.iter().filter(|flag| flag.of_chain).map(|flag| (flag.name.as_str(), flag.value)).collect();
        assert_eq!(chain_flags, [("CERT_CHAIN_REVOCATION_CHECK_CHAIN_EXCLUDE_ROOT", 0x4000_0000)]);
        assert_eq!(verification.engine.value(), Some(&Engine::Machine));
        assert_eq!(names(verification.status.errors()), ["CERT_TRUST_REVOCATION_STATUS_UNKNOWN", "CERT_TRUST_IS_OFFLINE_REVOCATION"]);
        assert_eq!(verification.chains[0].status.error.value(), Some(&0x0100_0040));
        let [first, _, third, root] = &verification.chains[0].elements[..] else { panic!() };
        assert_eq!(
            (first.not_before.value().unwrap().as_str(), first.not_after.value().unwrap().as_str()),
            ("2/3/2026 8:12 AM", "2/3/2027 8:12 AM")
        );
        assert_eq!(first.template.value().unwrap(), "FabrikamUser");
        assert_eq!(first.hash.value().unwrap().len(), 20);
        assert_eq!((third.status.error.value(), third.status.named.len()), (Some(&0x0100_0040), 0));
        assert!(root.is_root() && !first.is_root());
        let lists: Vec<_> =
            first.lists.iter().map(|list| (list.delta, list.number.as_deref(), list.next_update.value().unwrap().as_str())).collect();
        assert_eq!(lists, [(false, Some("0a1c"), "2/17/2026 6:20 PM"), (true, Some("0a1f"), "2/12/2026 6:20 PM")]);
        assert_eq!(first.application[0], Policy { oid: "1.3.6.1.5.5.7.3.2".to_owned(), name: "Client Authentication".to_owned() });
        assert_eq!((first.issuance.len(), verification.leaf.clone(), verification.authority.value()), (1, LeafCheck::Passed, Some(&false)));
        assert_eq!(verification.end, End::Completed(Place { line: 175, ..verification.place }), "the last line of the command");
    }

    #[test]
    fn every_url_has_its_result_and_the_code_of_its_failure() {
        let verification = one(FOUR);
        let of = |index: usize| {
            let fetches = verification.chains[0].elements[index].fetches.iter();
            fetches.map(|fetch| (fetch.source.clone(), fetch.outcome.clone(), fetch.what.clone())).collect::<Vec<_>>()
        };
        let base = |number: &str| Retrieved::BaseList(number.to_owned());
        let delta = || Retrieved::DeltaList("0a1f".to_owned());
        assert_eq!(
            of(0),
            [
                (Source::Aia, FetchOutcome::Verified, Retrieved::Certificate("0".to_owned())),
                (Source::Cdp, FetchOutcome::Verified, base("0a1c")),
                (Source::Cdp, FetchOutcome::Verified, delta()),
                (Source::ListCdp, FetchOutcome::Verified, delta()),
                (Source::Ocsp, FetchOutcome::Verified, Retrieved::Ocsp),
            ]
        );
        assert_eq!(
            of(2)[1..3],
            [(Source::Cdp, FetchOutcome::Failed, Retrieved::Other("CDP".to_owned())), (Source::Cdp, FetchOutcome::Expired, base("1b")),]
        );
        assert!(of(3).iter().all(|(_, outcome, _)| *outcome == FetchOutcome::NoUrls));
        let failed = &verification.chains[0].elements[1].fetches[1];
        assert_eq!((failed.error.as_ref().unwrap().value, failed.seconds, failed.hash.is_none()), (0x8007_203a, Some(12), true));
        assert!(failed.urls[0].starts_with("ldap:///CN=Fabrikam%20Policy"));
        // One URL that works is enough.
        assert_eq!(verification.unreachable().len(), 1);
    }

    #[test]
    fn a_revoked_certificate_of_an_old_windows_is_read_without_urls_and_names() {
        let read = read(REVOKED);
        assert_eq!(not_understood(&read), [""; 0]);
        assert!(messages(&read)[0].contains("stores of a user"), "{:?}", messages(&read));
        let verification = &read.verifications[0];
        assert!(!verification.tried_urls() && verification.unreachable().is_empty());
        assert_eq!((verification.leaf.clone(), verification.blamed), (LeafCheck::Revoked(Some(1)), Some((0, 0))));
        assert_eq!(verification.messages[0].code.name(), Some("CRYPT_E_REVOKED"));
        assert_eq!(names(verification.status.errors()), ["CERT_TRUST_IS_REVOKED", "CERT_TRUST_IS_UNTRUSTED_ROOT"]);
        let [leaf, root] = &verification.chains[0].elements[..] else { panic!() };
        assert_eq!((verification.revocation(leaf), verification.revocation(root)), (Revocation::Revoked, Revocation::NotChecked));
        assert_eq!((leaf.hash.value().unwrap().len(), leaf.lists[0].hash.value().unwrap().len()), (20, 20));
    }

    #[test]
    fn another_language_is_read_by_shape_and_codes() {
        let read = read(GERMAN);
        let verification = &read.verifications[0];
        assert_eq!(
            (verification.subject.value().unwrap().as_str(), verification.serial.value().unwrap().as_str()),
            ("CN=Anna Berg", "4d00a1")
        );
        let outcomes: Vec<_> = verification.chains[0].elements[0].fetches.iter().map(|fetch| fetch.outcome.clone()).collect();
        assert_eq!(outcomes, [FetchOutcome::Fetched("Überprüft".to_owned()), FetchOutcome::Failed, FetchOutcome::NoUrls]);
        assert_eq!(verification.unreachable()[0].failed[0].error.as_ref().unwrap().value, 0x8007_2ee2);
        assert!(matches!(&verification.leaf, LeafCheck::Failed(code) if code.value == 0x8009_2013));
        assert!(matches!(verification.end, End::Completed(_)));
        assert_eq!(not_understood(&read), ["Sperrprüfung übersprungen -- Server offline", "Zertifikat ist ein Endeinheitszertifikat"]);
        assert!(messages(&read).iter().any(|message| message.contains("not in English")), "{:?}", messages(&read));
        let policies = "CERT_CHAIN_POLICY_BASE\nCertContext[0][0]: dwInfoStatus=102 dwErrorStatus=0\n  Subject: CN=a\n\nFull chain:\n  Chain: x\n\
                        ------------------------------------\nÜberprüfte Ausstellungsrichtlinien: Keine\nÜberprüfte Anwendungsrichtlinien:\n    1.3.6.1.5.5.7.3.2 x\n\
                        CertUtil: -verify-Befehl wurde erfolgreich ausgeführt.\n";
        let verification = one(policies);
        assert_eq!(verification.issuance, Policies::Other("Keine".to_owned()));
        assert_eq!(verification.application, Policies::These(vec![Policy { oid: "1.3.6.1.5.5.7.3.2".to_owned(), name: "x".to_owned() }]));
    }

    #[test]
    fn a_list_that_windows_had_from_before_is_told_apart_from_none() {
        let cached = FOUR.replace("dwErrorStatus=1000040", "dwErrorStatus=0").replace("  Expired \"Base CRL (1b)\"", "  Failed \"CDP\"");
        let read = read(&cached);
        assert_eq!(read.verifications[0].revocation(&read.verifications[0].chains[0].elements[2]), Revocation::Good);
        assert!(messages(&read)[0].ends_with("Windows used one that it had from before"), "{:?}", messages(&read));
    }

    #[test]
    fn the_flags_of_the_chain_say_for_whom_revocation_is_checked() {
        let flagged = |flags: &str| {
            let verification = one(&FOUR
                .replace("dwErrorStatus=1000040", "dwErrorStatus=0")
                .replace("(0x40000000)\r\nHCCE", &format!("({flags})\r\nHCCE")));
            verification.chains[0].elements.iter().map(|element| verification.revocation(element)).collect::<Vec<_>>()
        };
        use Revocation::{Good, NotChecked};
        assert_eq!(flagged("0x20000000"), [Good, Good, Good, NotChecked]);
        assert_eq!(flagged("0x10000000"), [Good, NotChecked, NotChecked, NotChecked]);
        assert_eq!(flagged("0x0"), [NotChecked; 4]);
    }

    #[test]
    fn what_was_cut_or_failed_says_so() {
        let cut = FOUR.split("Exclude leaf").next().unwrap();
        let out = read(cut);
        assert_eq!(out.verifications[0].end, End::Open);
        let stops = out.cut.unwrap();
        let lines = u32::try_from(cut.trim_end().lines().count()).unwrap();
        assert!(stops.message.contains("it was cut, so that nothing of it counts"), "{stops:?}");
        assert_eq!(stops.place.map(|place| place.line), Some(lines));
        let failed = "LoadCert(Cert) returned The system cannot find the file specified. 0x80070002 (WIN32: 2 ERROR_FILE_NOT_FOUND)\n\
                      CertUtil: -verify command FAILED: 0x80070002 (WIN32: 2 ERROR_FILE_NOT_FOUND)\nCertUtil: The system cannot find the file specified.\n";
        let out = read(failed);
        assert!(matches!(&out.verifications[0].end, End::Failed { code: Some(code), .. } if code.value == 0x8007_0002));
        assert!(messages(&out)[0].contains("0x80070002 ERROR_FILE_NOT_FOUND"), "{:?}", messages(&out));
    }

    #[test]
    fn several_verifications_of_one_console_are_told_apart_and_odd_lines_are_kept() {
        let odd = FOUR.replace("  Template: SubCA", "  Odd: thing").replace("Leaf certificate revocation check passed", "Odd end");
        let text = format!(
            "{odd}rest of another tool\n{REVOKED}C:\\>certutil -store Root\nmore\nCertUtil: -store command completed successfully.\n"
        );
        // Where stores are listed as well the whole text is one of stores, unless --as says otherwise.
        assert_eq!(recognise_text(&text), Some(TextKind::Stores));
        let out = read_verifications(&text, FileId(0));
        assert_eq!(
            out.verifications.iter().map(Verification::label).collect::<Vec<_>>(),
            ["CN=Dana Ruiz, OU=Staff, O=Fabrikam Trust, Inc., C=US", "CN=portal.contoso.test"]
        );
        assert_eq!(not_understood(&out), ["rest of another tool", "more", "Odd end", "Odd: thing"]);
        assert!(out.verifications[1].command.is_absent());
    }

    #[test]
    fn bits_that_are_not_known_are_kept_with_the_name_that_the_text_gives() {
        let text = "ChainContext.dwErrorStatus = CERT_TRUST_NEW_THING (0x80000000)\nChainContext.dwErrorStatus = odd\n\
                    CertContext[0][0]: dwInfoStatus=0 dwErrorStatus=zz\n  Subject: CN=a\nCertUtil: -verify command completed successfully.\n";
        let out = read(text);
        let verification = &out.verifications[0];
        assert_eq!(verification.status.unknown_errors(), 0x8000_0000);
        assert_eq!(verification.status.named, [(0x8000_0000, "CERT_TRUST_NEW_THING".to_owned())]);
        assert_eq!(verification.revocation(&verification.chains[0].elements[0]), Revocation::NotSaid);
        assert!(messages(&out).iter().any(|message| message.contains("dwErrorStatus=zz is not understood")), "{:?}", messages(&out));
    }

    proptest! {
        #[test]
        fn any_text_is_read_without_a_panic_and_no_line_of_it_is_taken_twice(lines in proptest::collection::vec(prop_oneof![
            ".{0,60}",
            "CertContext\\[[0-9]{0,12}\\]\\[[0-9]{0,2}\\]: dwInfoStatus=[0-9a-f]{0,10} dwErrorStatus=[0-9a-f]{0,9}",
            "(Element|ChainContext|SimpleChain)\\.dw(Error|Info)Status ?= ?.{0,10}(\\(0x[0-9a-f]{0,9}\\))?",
            "-{6,40} ?(Certificate (AIA|CDP|OCSP)|Base CRL CDP|CERT_CHAIN_CONTEXT)? ?-{6,40}",
            "  .{0,9}\"(Base CRL|CDP|OCSP)? ?\\([0-9a-f]{0,4}\\)?\".{0,3}[:：] ?[0-9]{0,3} .{0,8}",
            "    \\[?[0-9.]{0,4}\\]? ?[a-z]{0,6}://.{0,9}",
            ".{0,9}0x[0-9a-f]{7,9} ?\\(?.{0,20}",
            "(Issuer|Subject|Full chain|Delta CRL 0d|CRL \\(null\\)|Verified Issuance Policies):.{0,6}",
            "CertUtil: -?(verify|store)?.{0,30}",
            ".{0,5}certutil [-/](verify|urlfetch) .{0,10}",
        ], 0..40), cut in 0usize..300) {
            let text = lines.join("\n");
            let cut = text.char_indices().map(|(at, _)| at).nth(cut).unwrap_or(text.len());
            let text = &text[cut..];
            let _ = recognise_text(text);
            let out = read_verifications(text, FileId(0));
            let mut places: Vec<_> = out.not_understood().map(|line| line.place).collect();
            let count = places.len();
            places.sort();
            places.dedup();
            prop_assert_eq!(places.len(), count);
            for verification in &out.verifications {
                let _ = (verification.label(), verification.unreachable());
            }
        }

        #[test]
        fn any_bytes_in_place_of_a_part_are_survived(bytes in proptest::collection::vec(any::<u8>(), 0..200), at in 0usize..6000) {
            let mut text = FOUR.as_bytes().to_vec();
            let at = at.min(text.len());
            text.splice(at..(at + bytes.len()).min(text.len()), bytes);
            let out = read_verifications(&String::from_utf8_lossy(&text), FileId(0));
            prop_assert!(!out.verifications.is_empty());
        }
    }
}
