//! What a server shows beside its configuration: listings of its certificate stores, its events, and verifications of certificates. Each reader gives what its file says with
//! its place, and infers nothing; no line is dropped without being kept and counted.
//!
//! A reader is one file here. Text is told by [`recognise_text`], XML by its first element. What is read is given to the server it belongs
//! to as one [`Evidence`], which has a list for each kind; a further kind is a further list.

mod codes;
mod events;
mod evtx;
pub mod log;
mod names;
mod recognise;
mod requests;
mod store;
mod timeline;
mod trust;
mod verify;
pub mod x509;

pub use codes::{Win32, reason, show_win32, win32};
pub use events::{Channel, Event, ReadEvents, is_event_xml, read_events, read_events_xml};
pub use evtx::{is_evtx, read_evtx};
pub use log::{LogHead, LogSummary, merge, read_log, recognise_log};
pub use names::encoded_size;
pub use recognise::{TextKind, recognise_text};
pub use requests::{By, Code, Failing, Match, Owner, Trouble, site_of, troubles};
pub use store::{Certificate, Outcome, PrivateKey, ReadStores, StoreListing, read_stores};
pub use timeline::{EventGroup, alert_meaning, alert_of, event_groups};
pub use trust::{ResultCode, TrustBit, name_of as name_of_result};
pub use verify::{
    Chain, Element, End, Engine, Fetch, FetchOutcome, Flag, LeafCheck, Message, Policies, Policy, ReadVerifications, Retrieved, Revocation,
    RevocationList, Source, Status, Unreachable, Verification, read_verifications,
};

use crate::input::{FileId, Place};
use crate::server::Empty;

/// What a server shows beside its configuration, of all files together.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Evidence {
    /// Listings of certificate stores, in the order of the files. A store that was listed twice is there twice.
    pub stores: Vec<StoreListing>,
    /// Events, in the order of the files. `None` when no events were given, which says nothing about whether there are any.
    pub events: Option<Vec<Event>>,
    /// Verifications of certificates, in the order of the files.
    pub verifications: Vec<Verification>,
    /// Certificates of files, in the order of the files. Such a file does not say which store it was taken from, or whether any has it.
    pub certificates: Vec<x509::X509>,
    /// Revocation lists of files, in the order of the files.
    pub crls: Vec<x509::Crl>,
    /// Trust lists of files, in the order of the files.
    pub ctls: Vec<x509::Ctl>,
    /// What the logs of IIS and HTTP.sys say, of all files together. `None` when none were given, or none were asked for (see
    /// [`Options::logs`](crate::estate::Options::logs)); either says nothing about how requests ended.
    pub logs: Option<LogSummary>,
}

impl Empty for Evidence {
    const EMPTY: &'static Evidence = &Evidence {
        stores: Vec::new(),
        events: None,
        verifications: Vec::new(),
        certificates: Vec::new(),
        crls: Vec::new(),
        ctls: Vec::new(),
        logs: None,
    };
}

impl Evidence {
    /// The listing of a store that counts: the first that is complete, else the first. Names are compared as Windows does.
    pub fn store(&self, name: &str) -> Option<&StoreListing> {
        let mut named = self.stores.iter().filter(|store| store.part.is_none() && store.is_called(name));
        let first = named.clone().next();
        named.find(|store| store.is_whole()).or(first)
    }

    /// Adds what was known before: it counts after what is here.
    pub(crate) fn append(&mut self, before: Evidence) {
        self.stores.extend(before.stores);
        self.verifications.extend(before.verifications);
        self.certificates.extend(before.certificates);
        self.crls.extend(before.crls);
        self.ctls.extend(before.ctls);
        if let Some(events) = before.events {
            self.events.get_or_insert_default().extend(events);
        }
        self.logs = match (self.logs.take(), before.logs) {
            (Some(one), Some(other)) => Some(merge(one, other)),
            (one, other) => one.or(other),
        };
    }

    /// The events with this number that come from `channel`, in the order of the files.
    pub fn events_of(&self, channel: Channel, id: u32) -> impl Iterator<Item = &Event> {
        self.events.iter().flatten().filter(move |event| event.id == id && event.channel() == channel)
    }
}

/// A line of text that is not blank, and where its content begins.
#[derive(Debug, Clone, Copy)]
struct Line<'a> {
    text: &'a str,
    place: Place,
}

/// The lines that are not blank.
fn lines(text: &str, file: FileId) -> Vec<Line<'_>> {
    let edge = |c: char| c.is_whitespace() || c == '\0' || c == '\u{feff}';
    text.lines()
        .enumerate()
        .filter_map(|(number, whole)| {
            let text = whole.trim_matches(edge);
            if text.is_empty() {
                return None;
            }
            let before = whole.len() - whole.trim_start_matches(edge).len();
            let column = u32::try_from(whole[..before].chars().count() + 1).unwrap_or(u32::MAX);
            let line = u32::try_from(number + 1).unwrap_or(u32::MAX);
            Some(Line { text, place: Place { file, line, column } })
        })
        .collect()
}
