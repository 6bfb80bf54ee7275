//! Logs of IIS (W3C extended format) and of HTTP.sys (HTTPERR), counted as they stream by: memory is bounded whatever the file holds. What is
//! left out is counted, a line that is not understood is kept or counted, and summaries of files add up to the same in any order.
//!
//! Reading one file holds at most [`MAX_SITES`] sites (and a quarter more once host names are folded), [`MAX_GROUPS`] pairs of site and
//! outcome, [`MAX_HOURS`] hours over all pairs, and [`MAX_STEM_BYTES`] of URL stems. While reading, a pair of site and outcome holds
//! [`MAX_STEMS`] stems; when a further one comes, the rarer half is dropped into a counter. At the end [`TOP_STEMS`] stay. So the count of a
//! stem is exact while nothing is left out, and else too low by no more than what was left out. [`merge`] drops nothing, because dropping
//! would make the result depend on the order: a summary of n files holds at most n times the bounds.

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::fmt;
use std::hash::{BuildHasher, RandomState};
use std::io::{self, Read};

use memchr::{memchr, memrchr};

use crate::input::{FileId, Place};

/// URL stems of one site and outcome that are kept of a file.
pub const TOP_STEMS: usize = 100;
/// URL stems of one site and outcome that are held while a file is read.
pub const MAX_STEMS: usize = 2048;
/// Bytes of URL stems that are held while a file is read, over all sites and outcomes.
pub const MAX_STEM_BYTES: usize = 24 << 20;
/// Bytes of a URL stem that are kept; a longer one ends with an ellipsis.
pub const MAX_STEM: usize = 256;
/// Sites of one file that are told apart by their `cs-host`; further ones are counted without it.
pub const MAX_SITES: usize = 4096;
/// Pairs of site and outcome that are held of one file.
pub const MAX_GROUPS: usize = 16_384;
/// Hours that are counted of one file, over all pairs of site and outcome.
pub const MAX_HOURS: usize = 400_000;
/// Lines that are not understood of which the text is kept, of one file.
pub const MAX_UNKNOWN: usize = 10;
/// Bytes of one line; a longer one is counted and skipped.
pub const MAX_LINE: usize = 256 << 10;

/// What a word of the log may take: host names, reasons and the like are cut here.
const MAX_WORD: usize = 256;
/// Columns, programs and other names of one file that are kept.
const MAX_NAMES: usize = 256;

/// What the logs say, of one file or of many.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct LogSummary {
    /// What is to know of each file as a whole.
    pub files: BTreeMap<FileId, LogFile>,
    /// The requests, by site.
    pub sites: BTreeMap<Site, SiteLog>,
}

/// One log file.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct LogFile {
    /// Lines, with those that are empty.
    pub lines: u64,
    /// Lines that are requests.
    pub requests: u64,
    /// Requests that had no `#Fields:` before them and were read by the order of columns that IIS has by default.
    pub assumed: u64,
    /// Requests of lines that were cut out of a log without its columns: read are the three numbers of the outcome at their end, and what
    /// their method tells of URL and port.
    pub pieces: u64,
    /// Lines that are not understood.
    pub unknown: u64,
    /// The first of them, with their beginning.
    pub unknown_lines: BTreeSet<(Place, String)>,
    /// Lines longer than [`MAX_LINE`].
    pub too_long: u64,
    /// Requests of sites and outcomes beyond [`MAX_GROUPS`].
    pub left_out: u64,
    /// Requests that were counted without their `cs-host`, because there were too many hosts.
    pub hosts_folded: u64,
    /// Whether the last line is cut off and was left out.
    pub cut: bool,
    /// `#Fields:` lines.
    pub headers: u64,
    /// Names of all columns, as written.
    pub columns: BTreeSet<String>,
    /// What wrote the file, by `#Software:`.
    pub software: BTreeSet<String>,
    /// Why the file could not be read to its end.
    pub problems: BTreeSet<String>,
}

/// Which site a request went to, as far as the log tells. A column that is not logged, or holds `-`, is `None`.
#[derive(Debug, Clone, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Site {
    /// `s-sitename`, as `W3SVC1`. The number in `s-siteid` of HTTPERR is written in the same way, for it is the same number.
    pub name: Option<String>,
    /// `s-computername`.
    pub computer: Option<String>,
    /// `s-ip` and `s-port`, as `10.0.0.1:443` or `[::1]:443`; one of them alone as `10.0.0.1` or `:443`.
    pub endpoint: Option<String>,
    /// `cs-host`, in lower case. The client says it.
    pub host: Option<String>,
}

/// How a request ended.
#[derive(Debug, Clone, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Outcome {
    /// `sc-status`.
    pub status: Option<u32>,
    /// `sc-substatus`. Without it 403.7 and 403.13 cannot be told apart.
    pub substatus: Option<u32>,
    /// `sc-win32-status`; see [`win32`](super::win32).
    pub win32: Option<u32>,
    /// `s-reason` of HTTPERR; see [`reason`](super::reason).
    pub reason: Option<String>,
}

/// The requests of one site.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct SiteLog {
    /// How they ended.
    pub outcomes: BTreeMap<Outcome, Tally>,
}

/// The requests of one site that ended in one way.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Tally {
    /// How many.
    pub requests: u64,
    /// Time of the first.
    pub first: Option<Moment>,
    /// Time of the last.
    pub last: Option<Moment>,
    /// How many in each hour.
    pub hours: BTreeMap<Hour, u64>,
    /// How many have no time, or an hour beyond [`MAX_HOURS`].
    pub without_hour: u64,
    /// How many for each URL stem, as written; at least so many, when stems were left out.
    pub stems: BTreeMap<String, u64>,
    /// Requests of stems that are not listed.
    pub stems_left_out: u64,
}

/// A time of the log; W3C logs have UTC unless the server was told otherwise, HTTPERR always has.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Moment(u64);

/// An hour of a day.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Hour(u32);

/// A day.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Day(u32);

impl Moment {
    /// The hour it is in.
    pub fn hour(self) -> Hour {
        Hour(u32::try_from(self.0 / 10_000).unwrap_or(u32::MAX))
    }
}

impl Hour {
    /// The day it is in.
    pub fn day(self) -> Day {
        Day(self.0 / 100)
    }
}

impl fmt::Display for Moment {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Moment(at) = *self;
        let day = Day(u32::try_from(at / 1_000_000).unwrap_or(u32::MAX));
        write!(f, "{day} {:02}:{:02}:{:02}", at / 10_000 % 100, at / 100 % 100, at % 100)
    }
}

impl fmt::Display for Hour {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {:02}", self.day(), self.0 % 100)
    }
}

impl fmt::Display for Day {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:04}-{:02}-{:02}", self.0 / 10_000, self.0 / 100 % 100, self.0 % 100)
    }
}

impl fmt::Display for Site {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut parts = [&self.computer, &self.name, &self.endpoint, &self.host].into_iter().flatten();
        match parts.next() {
            None => f.write_str("-"),
            Some(first) => {
                f.write_str(first)?;
                parts.try_for_each(|part| write!(f, " {part}"))
            }
        }
    }
}

impl fmt::Display for Outcome {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.status {
            Some(status) => write!(f, "{status}")?,
            None => f.write_str("-")?,
        }
        if let Some(substatus) = self.substatus {
            write!(f, ".{substatus}")?;
        }
        if let Some(code) = self.win32 {
            write!(f, " {}", super::show_win32(code))?;
        }
        self.reason.iter().try_for_each(|reason| write!(f, " {reason}"))
    }
}

impl Outcome {
    /// Whether this can come of SSL or client-certificate settings. 401 is not among them: each first step of Windows authentication is one.
    pub fn is_of_interest(&self) -> bool {
        matches!(
            (self.status, self.substatus),
            (Some(403), None | Some(4 | 5 | 7 | 12 | 13 | 16 | 17)) | (Some(404), Some(11)) | (Some(413 | 500), _)
        )
    }
}

impl SiteLog {
    /// All requests.
    pub fn requests(&self) -> u64 {
        self.outcomes.values().map(|tally| tally.requests).sum()
    }
}

impl Tally {
    /// How many on each day.
    pub fn days(&self) -> BTreeMap<Day, u64> {
        let mut days = BTreeMap::new();
        for (hour, requests) in &self.hours {
            *days.entry(hour.day()).or_default() += requests;
        }
        days
    }

    /// The most frequent stems, the first by name among equals.
    pub fn top(&self, count: usize) -> Vec<(&str, u64)> {
        top(self.stems.iter().map(|(stem, requests)| (stem.as_str(), *requests)).collect(), count)
    }

    /// Leaves only the most frequent stems.
    fn prune(&mut self, keep: usize) {
        if self.stems.len() <= keep {
            return;
        }
        let mut all: Vec<(String, u64)> = std::mem::take(&mut self.stems).into_iter().collect();
        all.sort_unstable_by(|a, b| b.1.cmp(&a.1).then_with(|| a.0.cmp(&b.0)));
        self.stems_left_out += all.get(keep..).unwrap_or_default().iter().map(|(_, requests)| requests).sum::<u64>();
        all.truncate(keep);
        self.stems.extend(all);
    }

    fn add(&mut self, other: Tally) {
        self.requests += other.requests;
        self.first = earlier(self.first, other.first);
        self.last = self.last.max(other.last);
        self.without_hour += other.without_hour;
        self.stems_left_out += other.stems_left_out;
        for (hour, requests) in other.hours {
            *self.hours.entry(hour).or_default() += requests;
        }
        for (stem, requests) in other.stems {
            *self.stems.entry(stem).or_default() += requests;
        }
    }
}

impl LogFile {
    /// What a reader should know although the file was read.
    pub fn remarks(&self) -> Vec<String> {
        let told = |count: u64, what: &str| (count > 0).then(|| format!("{count} {what}"));
        let mut remarks: Vec<String> = self.problems.iter().map(|problem| format!("not read to its end: {problem}")).collect();
        remarks.extend(self.unknown_lines.iter().map(|(place, text)| format!("line {} is not understood: {text}", place.line)));
        let shown = self.unknown_lines.len() as u64;
        remarks.extend(told(self.unknown.saturating_sub(shown), "more lines are not understood"));
        remarks.extend(told(self.too_long, "lines were skipped because they are longer than 256 KB"));
        remarks.extend(told(self.assumed, "lines have no #Fields: before them and were read in the order that IIS has by default"));
        remarks.extend(told(self.pieces, "lines are pieces of a log; only their outcome was read, and what their method tells"));
        remarks.extend(told(self.left_out, "requests are not counted by site, because there are too many sites and outcomes"));
        remarks.extend(told(self.hosts_folded, "requests are counted without their host name, because there are too many"));
        remarks.extend(self.cut.then(|| "the last line is cut off and was left out".to_owned()));
        remarks
    }

    fn add(&mut self, other: LogFile) {
        self.lines += other.lines;
        self.requests += other.requests;
        self.assumed += other.assumed;
        self.pieces += other.pieces;
        self.unknown += other.unknown;
        self.too_long += other.too_long;
        self.left_out += other.left_out;
        self.hosts_folded += other.hosts_folded;
        self.headers += other.headers;
        self.cut |= other.cut;
        self.unknown_lines.extend(other.unknown_lines);
        self.columns.extend(other.columns);
        self.software.extend(other.software);
        self.problems.extend(other.problems);
    }
}

/// A status that can come of SSL settings, and who has it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Failure<'a> {
    /// `sc-status`.
    pub status: u32,
    /// `sc-substatus`.
    pub substatus: Option<u32>,
    /// The sites that have it.
    pub failing: Vec<FailingSite<'a>>,
    /// The sites that served requests and never had it.
    pub others: Vec<&'a Site>,
}

/// A site that has a status.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FailingSite<'a> {
    /// The site.
    pub site: &'a Site,
    /// Requests with this status.
    pub requests: u64,
    /// Requests of the site in all.
    pub of: u64,
    /// Time of the first with this status.
    pub first: Option<Moment>,
    /// Time of the last with this status.
    pub last: Option<Moment>,
    /// How often with each `sc-win32-status`.
    pub win32: BTreeMap<Option<u32>, u64>,
    /// The stems that have it, the most frequent first.
    pub stems: Vec<(&'a str, u64)>,
    /// Stems that the site served well (below 400) and that never have it, the most frequent first. Cases are not told apart.
    pub well: Vec<(&'a str, u64)>,
    /// Requests with this status of stems that are not listed. When not zero, a stem in `well` may be among them.
    pub stems_left_out: u64,
}

impl LogSummary {
    /// All requests that were counted by site.
    pub fn requests(&self) -> u64 {
        self.sites.values().map(SiteLog::requests).sum()
    }

    /// Time of the first request.
    pub fn first(&self) -> Option<Moment> {
        self.tallies().filter_map(|tally| tally.first).min()
    }

    /// Time of the last request.
    pub fn last(&self) -> Option<Moment> {
        self.tallies().filter_map(|tally| tally.last).max()
    }

    fn tallies(&self) -> impl Iterator<Item = &Tally> {
        self.sites.values().flat_map(|site| site.outcomes.values())
    }

    /// Each status that can come of SSL settings, the sites and URLs that have it, and those that do not.
    pub fn failures(&self) -> Vec<Failure<'_>> {
        let mut found: BTreeMap<(u32, Option<u32>), BTreeSet<&Site>> = BTreeMap::new();
        for (site, log) in &self.sites {
            for outcome in log.outcomes.keys().filter(|outcome| outcome.is_of_interest()) {
                found.entry((outcome.status.unwrap_or(0), outcome.substatus)).or_default().insert(site);
            }
        }
        found
            .into_iter()
            .map(|((status, substatus), failing)| Failure {
                status,
                substatus,
                others: self.sites.keys().filter(|site| !failing.contains(site)).collect(),
                failing: failing.into_iter().filter_map(|site| self.failing(site, status, substatus)).collect(),
            })
            .collect()
    }

    fn failing<'a>(&'a self, site: &'a Site, status: u32, substatus: Option<u32>) -> Option<FailingSite<'a>> {
        Some(FailingSite::of(site, &[self.sites.get(site)?], status, substatus))
    }
}

impl<'a> FailingSite<'a> {
    /// What several logs of one site say of one status.
    pub(super) fn of(site: &'a Site, logs: &[&'a SiteLog], status: u32, substatus: Option<u32>) -> FailingSite<'a> {
        let mut out = FailingSite {
            site,
            requests: 0,
            of: logs.iter().map(|log| log.requests()).sum(),
            first: None,
            last: None,
            win32: BTreeMap::new(),
            stems: Vec::new(),
            well: Vec::new(),
            stems_left_out: 0,
        };
        let mut bad: BTreeMap<&str, u64> = BTreeMap::new();
        let mut well: BTreeMap<&str, u64> = BTreeMap::new();
        for (outcome, tally) in logs.iter().flat_map(|log| &log.outcomes) {
            let stems = tally.stems.iter();
            if outcome.status == Some(status) && outcome.substatus == substatus {
                out.requests += tally.requests;
                out.first = earlier(out.first, tally.first);
                out.last = out.last.max(tally.last);
                out.stems_left_out += tally.stems_left_out;
                *out.win32.entry(outcome.win32).or_default() += tally.requests;
                stems.for_each(|(stem, requests)| *bad.entry(stem).or_default() += requests);
            } else if outcome.status.is_some_and(|status| status < 400) {
                stems.for_each(|(stem, requests)| *well.entry(stem).or_default() += requests);
            }
        }
        let folded: BTreeSet<String> = bad.keys().map(|stem| stem.to_ascii_lowercase()).collect();
        well.retain(|stem, _| !folded.contains(&stem.to_ascii_lowercase()));
        out.stems = top(bad.into_iter().collect(), TOP_STEMS);
        out.well = top(well.into_iter().collect(), TOP_STEMS);
        out
    }
}

/// Two summaries as one. The order does not matter, nor which are put together first.
pub fn merge(a: LogSummary, b: LogSummary) -> LogSummary {
    let mut out = a;
    for (file, facts) in b.files {
        out.files.entry(file).or_default().add(facts);
    }
    for (site, log) in b.sites {
        let into = out.sites.entry(site).or_default();
        for (outcome, tally) in log.outcomes {
            into.outcomes.entry(outcome).or_default().add(tally);
        }
    }
    out
}

impl LogSummary {
    /// Names the sites that the log itself does not name, for a log that lies in the folder of one site.
    pub fn name_sites(&mut self, name: &str) {
        for (mut site, log) in std::mem::take(&mut self.sites) {
            site.name.get_or_insert_with(|| name.to_owned());
            let into = self.sites.entry(site).or_default();
            for (outcome, tally) in log.outcomes {
                into.outcomes.entry(outcome).or_default().add(tally);
            }
        }
    }

    /// Adds the summary of the next file, and leaves out what is too much: memory is bounded however many files there are. What is left
    /// out depends on the order, so files are to come in theirs; while nothing is left out it is the same as [`merge`].
    pub fn take_in(&mut self, next: LogSummary) {
        let mut groups: usize = self.sites.values().map(|site| site.outcomes.len()).sum();
        let mut hours: usize = self.tallies().map(|tally| tally.hours.len()).sum();
        let (mut folded, mut left_out) = (0, 0);
        for (mut site, mut log) in next.sites {
            if self.sites.len() >= MAX_SITES && !self.sites.contains_key(&site) && site.host.is_some() {
                site.host = None;
                folded += log.requests();
            }
            if self.sites.len() >= MAX_SITES + MAX_SITES / 4 && !self.sites.contains_key(&site) {
                left_out += log.requests();
                continue;
            }
            let known = self.sites.entry(site).or_default();
            for (outcome, mut tally) in std::mem::take(&mut log.outcomes) {
                let into = match known.outcomes.get_mut(&outcome) {
                    Some(into) => into,
                    None if groups >= MAX_GROUPS => {
                        left_out += tally.requests;
                        continue;
                    }
                    None => {
                        groups += 1;
                        known.outcomes.entry(outcome).or_default()
                    }
                };
                let before = into.hours.len();
                if hours >= MAX_HOURS {
                    tally.hours.retain(|hour, requests| {
                        let keep = into.hours.contains_key(hour);
                        tally.without_hour += if keep { 0 } else { *requests };
                        keep
                    });
                }
                into.add(tally);
                hours += into.hours.len() - before;
                if into.stems.len() > MAX_STEMS {
                    into.prune(MAX_STEMS / 2);
                }
            }
        }
        let bytes: usize = self.tallies().flat_map(|tally| tally.stems.keys()).map(String::len).sum();
        if bytes > MAX_STEM_BYTES {
            for tally in self.sites.values_mut().flat_map(|site| site.outcomes.values_mut()) {
                tally.prune((tally.stems.len() / 2).max(TOP_STEMS / 10));
            }
        }
        let last = next.files.keys().next_back().copied();
        for (file, facts) in next.files {
            self.files.entry(file).or_default().add(facts);
        }
        if let Some(facts) = last.and_then(|file| self.files.get_mut(&file)) {
            facts.left_out += left_out;
            facts.hosts_folded += folded;
        }
    }
}

fn earlier(a: Option<Moment>, b: Option<Moment>) -> Option<Moment> {
    a.into_iter().chain(b).min()
}

fn top<T: Ord>(mut all: Vec<(T, u64)>, count: usize) -> Vec<(T, u64)> {
    all.sort_unstable_by(|a, b| b.1.cmp(&a.1).then_with(|| a.0.cmp(&b.0)));
    all.truncate(count);
    all
}

/// Reads one log, plain or as gzip, in ANSI, UTF-8 or UTF-16. What was read before an error counts, and the error is told in the summary.
pub fn read_log(mut reader: impl Read + Send, file: FileId) -> LogSummary {
    let mut counter = Counter::new(file);
    let mut head = Vec::new();
    let start = (&mut reader).take(SHORT).read_to_end(&mut head);
    let outcome = match start {
        Ok(_) if head.len() as u64 == SHORT => read_apart(head.as_slice().chain(reader), &mut counter),
        Ok(_) => read_here(head.as_slice(), &mut counter),
        Err(error) => read_here(head.as_slice(), &mut counter).and(Err(error)),
    };
    if let Err(error) = outcome {
        counter.facts.problems.insert(error.to_string());
    }
    counter.finish()
}

/// A log of fewer bytes is read and counted by one thread.
const SHORT: u64 = 1 << 20;
/// So many blocks are read ahead at most.
const AHEAD: usize = 3;

fn read_here(reader: impl Read, counter: &mut Counter) -> io::Result<()> {
    read_packed(reader, &mut |block| {
        counter.block(&block);
        block
    })
}

/// Reads, unpacks and finds the lines in another thread while this one counts. The blocks, and their order, are the same as with one thread.
fn read_apart(reader: impl Read + Send, counter: &mut Counter) -> io::Result<()> {
    let outcome = std::thread::scope(|scope| {
        let (full, blocks) = std::sync::mpsc::sync_channel::<Block>(AHEAD);
        let (back, free) = std::sync::mpsc::channel::<Block>();
        let ahead = move || {
            read_packed(reader, &mut |block| {
                // It is taken in any case: the other thread counts until this one has ended.
                let _ = full.send(block);
                free.try_recv().unwrap_or_default()
            })
        };
        let thread = std::thread::Builder::new().spawn_scoped(scope, ahead)?;
        for block in blocks {
            counter.block(&block);
            let _ = back.send(block);
        }
        thread.join().map_err(|_| io::Error::other("the thread that reads it has failed"))
    });
    outcome?
}

fn read_packed(mut reader: impl Read, sink: &mut Sink<'_>) -> io::Result<()> {
    let head = head(&mut reader)?;
    let rest = head.as_slice().chain(reader);
    if head.starts_with(&[0x1f, 0x8b]) { read_encoded(&mut Unpacked::new(rest), sink) } else { read_encoded(&mut { rest }, sink) }
}

fn read_encoded(reader: &mut dyn Read, sink: &mut Sink<'_>) -> io::Result<()> {
    let head = head(reader)?;
    match head.as_slice() {
        [0xff, 0xfe, rest @ ..] => read_blocks(&mut Utf16::new(rest.chain(reader), encoding_rs::UTF_16LE), sink),
        [0xfe, 0xff, rest @ ..] => read_blocks(&mut Utf16::new(rest.chain(reader), encoding_rs::UTF_16BE), sink),
        [0xef, 0xbb, 0xbf] => read_blocks(reader, sink),
        all => read_blocks(&mut all.chain(reader), sink),
    }
}

/// So many bytes come out of a packed log for each that goes in, at most; a log shrinks to a tenth or a thirtieth.
const MAX_RATIO: u64 = 400;
/// So many come out in any case.
const MAX_UNPACKED: u64 = 256 << 20;

/// What was packed with gzip, as far as it is no bomb.
struct Unpacked<R> {
    decoder: flate2::read::MultiGzDecoder<Counted<R>>,
    given: u64,
}

struct Counted<R> {
    inner: R,
    taken: u64,
}

impl<R: Read> Read for Counted<R> {
    fn read(&mut self, into: &mut [u8]) -> io::Result<usize> {
        let read = self.inner.read(into)?;
        self.taken += read as u64;
        Ok(read)
    }
}

impl<R: Read> Unpacked<R> {
    fn new(inner: R) -> Self {
        Unpacked { decoder: flate2::read::MultiGzDecoder::new(Counted { inner, taken: 0 }), given: 0 }
    }
}

impl<R: Read> Read for Unpacked<R> {
    fn read(&mut self, into: &mut [u8]) -> io::Result<usize> {
        let read = self.decoder.read(into)?;
        self.given += read as u64;
        if self.given > MAX_UNPACKED && self.given / MAX_RATIO > self.decoder.get_ref().taken {
            let message = format!("it unpacks to more than {MAX_RATIO} times its size, which no log does; the rest was not read");
            return Err(io::Error::new(io::ErrorKind::InvalidData, message));
        }
        Ok(read)
    }
}

/// Bytes that are looked at to tell a log, unpacked.
const HEAD: u64 = 16 << 10;

/// What the beginning of a file tells of a log.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct LogHead {
    /// The computer that wrote it, when it says so.
    pub computer: Option<String>,
}

/// Whether this is the beginning of a log of IIS or HTTP.sys, plain or as gzip: by its headings, or because the lines are those of one. Logs
/// of FTP and of other programs in the same format are none, for their statuses mean something else.
pub fn recognise_log(bytes: &[u8]) -> Option<LogHead> {
    let mut head = Vec::new();
    let result = if bytes.starts_with(&[0x1f, 0x8b]) {
        Unpacked::new(bytes).take(HEAD).read_to_end(&mut head)
    } else {
        bytes.take(HEAD).read_to_end(&mut head)
    };
    // The beginning of a packed file ends where it was cut, which is an error after what could be unpacked.
    if result.is_err() && head.is_empty() {
        return None;
    }
    let summary = read_log(head.as_slice(), FileId(0));
    let facts = summary.files.values().next()?;
    let written_by = |names: &[&str]| facts.software.iter().any(|software| names.iter().any(|name| software.contains(name)));
    let has = |column: &str| facts.columns.iter().any(|known| known.eq_ignore_ascii_case(column));
    let is_log = if has("x-session") || has("x-fullpath") {
        false
    } else if facts.headers > 0 {
        has("sc-status") && (has("s-reason") || has("cs-uri-stem") || has("cs-uri") || has("cs-method"))
            || written_by(&["Internet Information Services"])
    } else if written_by(&["Internet Information Services", "Microsoft HTTP"]) {
        true
    } else {
        // A page that quotes a line or two of a log is none.
        // A line that was broken in two has its method in the one half and its outcome in the other.
        let has_method = |line: &[u8]| method_of(&line.split(|byte| *byte == b' ').collect::<Vec<_>>()).is_some();
        let is_piece = facts.pieces == 0
            || summary.tallies().any(|tally| !tally.stems.is_empty())
            || head.split(|byte| *byte == b'\n').any(has_method);
        facts.requests > 0 && is_piece && facts.requests >= facts.unknown
    };
    let computer = summary.sites.keys().find_map(|site| site.computer.clone());
    is_log.then_some(LogHead { computer })
}

/// The first bytes, by which a file is told.
fn head(reader: &mut dyn Read) -> io::Result<Vec<u8>> {
    let mut head = Vec::with_capacity(3);
    reader.take(3).read_to_end(&mut head)?;
    Ok(head)
}

/// UTF-16 as UTF-8, as PowerShell writes the lines that it picked from a log.
struct Utf16<R> {
    inner: R,
    decoder: encoding_rs::Decoder,
    raw: Vec<u8>,
    /// What of `raw` is still to decode.
    waiting: std::ops::Range<usize>,
    ended: bool,
    done: bool,
}

impl<R: Read> Utf16<R> {
    fn new(inner: R, encoding: &'static encoding_rs::Encoding) -> Self {
        Utf16 {
            inner,
            decoder: encoding.new_decoder_without_bom_handling(),
            raw: vec![0; 64 << 10],
            waiting: 0..0,
            ended: false,
            done: false,
        }
    }
}

impl<R: Read> Read for Utf16<R> {
    fn read(&mut self, out: &mut [u8]) -> io::Result<usize> {
        loop {
            if self.done {
                return Ok(0);
            }
            if self.waiting.is_empty() && !self.ended {
                let read = read_some(&mut self.inner, &mut self.raw)?;
                self.waiting = 0..read;
                self.ended = read == 0;
            }
            let raw = self.raw.get(self.waiting.clone()).unwrap_or_default();
            let (result, taken, written, _) = self.decoder.decode_to_utf8(raw, out, self.ended);
            self.waiting.start += taken;
            self.done = self.ended && result == encoding_rs::CoderResult::InputEmpty;
            if written > 0 {
                return Ok(written);
            }
            if result == encoding_rs::CoderResult::OutputFull {
                return Err(io::Error::new(io::ErrorKind::InvalidInput, "no room for a character"));
            }
        }
    }
}

fn read_some(reader: &mut (impl Read + ?Sized), into: &mut [u8]) -> io::Result<usize> {
    loop {
        match reader.read(into) {
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            other => return other,
        }
    }
}

/// Whole lines of a log.
#[derive(Default)]
struct Block {
    bytes: Vec<u8>,
    lines: Vec<Line>,
    /// Whether the first line is the rest of one that is too long to be read.
    is_rest: bool,
    /// Whether the last line is the last one of the log, without a line feed.
    is_last: bool,
}

/// Where a line ends, and how many blanks are in it: much of a line is of no interest, and whoever finds its end has it at hand.
#[derive(Clone, Copy)]
struct Line {
    end: u32,
    blanks: u32,
}

impl Block {
    /// Finds the lines before `end`.
    fn find_lines(&mut self, end: usize) {
        self.lines.clear();
        let mut start = 0;
        while start < end {
            let rest = &self.bytes[start..end];
            let length = memchr(b'\n', rest).unwrap_or(rest.len());
            let number = |number: usize| u32::try_from(number).unwrap_or(u32::MAX);
            self.lines.push(Line { end: number(start + length), blanks: number(count_blanks(&rest[..length])) });
            start += length + 1;
        }
    }
}

/// Takes a block, and gives another one back that can be filled.
type Sink<'a> = dyn FnMut(Block) -> Block + 'a;

impl Counter {
    fn block(&mut self, block: &Block) {
        let mut start = 0;
        for (index, line) in block.lines.iter().enumerate() {
            let end = line.end as usize;
            if index == 0 && block.is_rest {
                self.too_long();
            } else {
                let is_ended = !block.is_last || index + 1 < block.lines.len();
                self.line(&block.bytes[start..end], line.blanks as usize, is_ended);
            }
            start = end + 1;
        }
    }
}

/// Gives the lines to the sink, many at once.
fn read_blocks(reader: &mut dyn Read, sink: &mut Sink<'_>) -> io::Result<()> {
    let mut block = Block { bytes: vec![0; MAX_LINE], ..Block::default() };
    let mut begun = Vec::new();
    let mut end = 0;
    let mut is_rest = false;
    loop {
        let read = read_some(reader, &mut block.bytes[end..])?;
        if read == 0 {
            if is_rest || end > 0 {
                // The rest of a line that is too long counts, even where nothing of it is left.
                block.find_lines(end.max(usize::from(is_rest)));
                sink(Block { is_rest, is_last: true, ..block });
            }
            return Ok(());
        }
        let known = end;
        end += read;
        // Only what is new can hold a line feed.
        let lines = memrchr(b'\n', &block.bytes[known..end]).map_or(0, |at| known + at + 1);
        // IIS allots a file in pieces filled with NUL; such a piece is no line, however long.
        let nuls = block.bytes[lines..end].iter().take_while(|byte| **byte == 0).count();
        if lines + nuls == 0 && end < block.bytes.len() {
            continue;
        }
        begun.clear();
        begun.extend_from_slice(&block.bytes[lines + nuls..end]);
        if lines > 0 {
            block.find_lines(lines);
            block = sink(Block { is_rest, is_last: false, ..block });
            block.bytes.resize(MAX_LINE, 0);
            is_rest = false;
        } else if begun.len() == block.bytes.len() {
            is_rest = true;
            begun.clear();
        }
        block.bytes[..begun.len()].copy_from_slice(&begun);
        end = begun.len();
    }
}

/// Columns that are looked at.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[repr(usize)]
enum Column {
    Date,
    Time,
    SiteName,
    SiteId,
    Computer,
    Ip,
    Port,
    Host,
    Stem,
    Uri,
    Status,
    Substatus,
    Win32,
    Reason,
}

const COLUMNS: [(&str, Column); 14] = [
    ("date", Column::Date),
    ("time", Column::Time),
    ("s-sitename", Column::SiteName),
    ("s-siteid", Column::SiteId),
    ("s-computername", Column::Computer),
    ("s-ip", Column::Ip),
    ("s-port", Column::Port),
    ("cs-host", Column::Host),
    ("cs-uri-stem", Column::Stem),
    ("cs-uri", Column::Uri),
    ("sc-status", Column::Status),
    ("sc-substatus", Column::Substatus),
    ("sc-win32-status", Column::Win32),
    ("s-reason", Column::Reason),
];

/// The columns that IIS 8 and later, IIS 7, and IIS 6 log by default.
const DEFAULTS: [&str; 3] = [
    "date time s-ip cs-method cs-uri-stem cs-uri-query s-port cs-username c-ip cs(User-Agent) cs(Referer) sc-status sc-substatus sc-win32-status time-taken",
    "date time s-ip cs-method cs-uri-stem cs-uri-query s-port cs-username c-ip cs(User-Agent) sc-status sc-substatus sc-win32-status time-taken",
    "date time s-sitename s-ip cs-method cs-uri-stem cs-uri-query s-port cs-username c-ip cs(User-Agent) sc-status sc-substatus sc-win32-status",
];

/// Columns of a line that are looked for; a log with more has the wanted ones among the first.
const MAX_COLUMNS: usize = 64;

/// How to cut a line.
#[derive(Debug, Clone, Default)]
struct Layout {
    blanks: usize,
    /// The columns that are looked at and are found from the beginning of the line: how many columns come between, and which it is.
    front: Vec<(usize, Column)>,
    /// Those that are found from its end, the last first.
    back: Vec<(usize, Column)>,
}

type Cells<'a> = [&'a [u8]; COLUMNS.len()];

impl Layout {
    fn new(fields: &str) -> Layout {
        let names: Vec<&str> = fields.split_ascii_whitespace().collect();
        let mut wanted: Vec<(usize, Column)> = Vec::new();
        for (at, name) in names.iter().enumerate().take(MAX_COLUMNS) {
            let column = COLUMNS.iter().find(|(known, _)| known.eq_ignore_ascii_case(name) || is_host(known, name));
            // The first of two columns with the same name counts.
            if let Some((_, column)) = column
                && !wanted.iter().any(|(_, known)| known == column)
            {
                wanted.push((at, *column));
            }
        }
        // The outcome stands behind the long texts that a client sends. The widest gap is stepped over, with nothing done to it but counting.
        let gap =
            |at: usize| wanted.get(at).map_or(names.len(), |next| next.0) - at.checked_sub(1).map_or(0, |before| wanted[before].0 + 1);
        let split = (0..=wanted.len()).rev().max_by_key(|at| gap(*at)).unwrap_or(0);
        let back = wanted.split_off(split);
        let mut next = 0;
        let front = wanted.into_iter().map(|(at, column)| (at - std::mem::replace(&mut next, at + 1), column)).collect();
        let mut end = names.len();
        let back = back.into_iter().rev().map(|(at, column)| (std::mem::replace(&mut end, at) - 1 - at, column)).collect();
        Layout { blanks: names.len().saturating_sub(1), front, back }
    }

    /// Fills in the cells of a line with so many blanks; `None` when it has another number of columns.
    fn cut<'a>(&self, line: &'a [u8], blanks: usize, cells: &mut Cells<'a>) -> Option<()> {
        if blanks != self.blanks {
            return None;
        }
        // What is not cut yet; the first column and the last take a line without any blank whole.
        let mut rest = Some(line);
        for (between, column) in &self.front {
            for _ in 0..*between {
                let at = first_blank(rest?);
                rest = rest?.get(at + 1..);
            }
            let text = rest?;
            let end = first_blank(text);
            cells[*column as usize] = &text[..end];
            rest = text.get(end + 1..);
        }
        let Some(mut rest) = rest else { return Some(()) };
        for (between, column) in &self.back {
            for _ in 0..*between {
                rest = &rest[..last_blank(rest)?];
            }
            let before = last_blank(rest);
            cells[*column as usize] = &rest[before.map_or(0, |blank| blank + 1)..];
            rest = &rest[..before.unwrap_or(0)];
        }
        Some(())
    }
}

/// Has the highest bit of each byte set that is a blank.
fn blanks_in(word: u64) -> u64 {
    const LOW: u64 = 0x7f7f_7f7f_7f7f_7f7f;
    let other = word ^ 0x2020_2020_2020_2020;
    !(((other & LOW) + LOW) | other | LOW)
}

/// Where the first blank stands, or the end. Columns are short, which is why no routine for long texts is called for each.
#[inline(always)]
fn first_blank(text: &[u8]) -> usize {
    let mut at = 0;
    while let Some(word) = text.get(at..).and_then(|rest| rest.first_chunk()) {
        let found = blanks_in(u64::from_le_bytes(*word));
        if found != 0 {
            return at + found.trailing_zeros() as usize / 8;
        }
        at += 8;
    }
    text[at..].iter().position(|byte| *byte == b' ').map_or(text.len(), |more| at + more)
}

/// Where the last blank stands.
#[inline(always)]
fn last_blank(text: &[u8]) -> Option<usize> {
    let mut rest = text;
    while let Some((before, word)) = rest.split_last_chunk() {
        let found = blanks_in(u64::from_be_bytes(*word));
        if found != 0 {
            return Some(rest.len() - 1 - found.trailing_zeros() as usize / 8);
        }
        rest = before;
    }
    rest.iter().rposition(|byte| *byte == b' ')
}

/// How many blanks there are. Bytes are what a processor adds up many at once, and a byte holds the sum of 224.
#[inline(always)]
fn count_blanks(text: &[u8]) -> usize {
    let whole = text.len() / 32 * 32;
    let count: usize = text[..whole].chunks(224).map(|part| usize::from(part.iter().map(|byte| u8::from(*byte == b' ')).sum::<u8>())).sum();
    let Some(last) = text.last_chunk::<32>() else { return text.iter().filter(|byte| **byte == b' ').count() };
    // What is left over is looked at together with bytes before it, which were counted.
    let mut counted = 32 - (text.len() - whole);
    let mut lanes = 0;
    for word in last.as_chunks::<8>().0 {
        let skip = counted.min(8);
        counted -= skip;
        lanes += (blanks_in(u64::from_le_bytes(*word)) >> 7).checked_shr(8 * skip as u32).unwrap_or(0);
    }
    count + (lanes.wrapping_mul(0x0101_0101_0101_0101) >> 56) as usize
}

/// Whether two short texts are the same.
#[inline(always)]
fn is_same(a: &[u8], b: &[u8]) -> bool {
    if a.len() != b.len() {
        return false;
    }
    let (Some(a_end), Some(b_end)) = (a.last_chunk::<8>(), b.last_chunk::<8>()) else {
        return a.iter().zip(b).all(|(a, b)| a == b);
    };
    let (a, _) = a.as_chunks::<8>();
    let (b, _) = b.as_chunks::<8>();
    a_end == b_end && a.iter().zip(b).all(|(a, b)| a == b)
}

/// The last eight bytes as a number, or all of a shorter text.
#[inline(always)]
fn ending(text: &[u8]) -> u64 {
    match text.last_chunk() {
        Some(last) => u64::from_le_bytes(*last),
        None => text.iter().fold(0, |word, byte| word << 8 | u64::from(*byte)),
    }
}

/// The host is `cs-host`, in older logs `cs(Host)`.
fn is_host(known: &str, name: &str) -> bool {
    known == "cs-host" && name.eq_ignore_ascii_case("cs(Host)")
}

/// A quick hash for keys that come from the log. It begins with random values, so that nobody can write a log of keys that collide; what
/// is given out never depends on it.
#[derive(Clone, Copy)]
struct Seed(u64, u64);

impl Seed {
    fn new() -> Seed {
        let random = RandomState::new();
        Seed(random.hash_one(0), random.hash_one(1))
    }

    fn hash(self, text: &[u8]) -> u64 {
        let mut state = self.0 ^ text.len() as u64;
        let (pairs, rest) = text.as_chunks::<16>();
        for pair in pairs {
            let (a, b) = halves(pair);
            state = fold(state ^ a, self.1 ^ b);
        }
        // The last bytes come once more when there are more than 16, and alone when there are fewer.
        let (a, b) = match text.last_chunk::<16>() {
            Some(last) => halves(last),
            None => match (rest.first_chunk(), rest.last_chunk()) {
                (Some(first), Some(last)) => (u64::from_le_bytes(*first), u64::from_le_bytes(*last)),
                _ => (ending(rest), 0),
            },
        };
        fold(state ^ a, self.1 ^ b)
    }
}

fn halves(pair: &[u8; 16]) -> (u64, u64) {
    let both = u128::from_le_bytes(*pair);
    (both as u64, (both >> 64) as u64)
}

/// The product of two numbers, its halves laid over each other.
fn fold(a: u64, b: u64) -> u64 {
    let product = u128::from(a) * u128::from(b);
    (product as u64) ^ ((product >> 64) as u64)
}

/// Words, each with its number and a count. They lie in one piece of memory, and are compared where they lie.
struct Words {
    seed: Seed,
    /// At a place that the hash gives, or the next that is free: the upper half of the hash, and the number plus one.
    slots: Vec<(u32, u32)>,
    words: Vec<Word>,
    text: Vec<u8>,
}

#[derive(Clone, Copy)]
struct Word {
    hash: u64,
    count: u64,
    start: u32,
    length: u32,
}

impl Words {
    fn new(seed: Seed) -> Words {
        Words { seed, slots: Vec::new(), words: Vec::new(), text: Vec::new() }
    }

    fn len(&self) -> usize {
        self.words.len()
    }

    fn text_of(&self, word: &Word) -> &[u8] {
        self.text.get(word.start as usize..(word.start + word.length) as usize).unwrap_or_default()
    }

    fn get(&self, number: u32) -> Option<&[u8]> {
        self.words.get(number as usize).map(|word| self.text_of(word))
    }

    /// The number of a word.
    fn find(&self, text: &[u8], hash: u64) -> Option<u32> {
        let mask = self.slots.len().checked_sub(1)?;
        let mut at = hash as usize & mask;
        // There is always a free place, which ends the search.
        loop {
            let (mark, next) = self.slots[at];
            let number = next.checked_sub(1)?;
            if mark == (hash >> 32) as u32 && self.get(number).is_some_and(|known| is_same(known, text)) {
                return Some(number);
            }
            at = (at + 1) & mask;
        }
    }

    /// Adds a word that is not there yet.
    fn add(&mut self, text: &[u8], hash: u64, count: u64) -> Option<u32> {
        let start = u32::try_from(self.text.len()).ok()?;
        let length = u32::try_from(text.len()).ok()?;
        start.checked_add(length)?;
        let number = u32::try_from(self.words.len()).ok().filter(|number| *number < u32::MAX)?;
        self.text.extend_from_slice(text);
        self.words.push(Word { hash, count, start, length });
        if self.slots.len() < 2 * self.words.len() {
            let room = (4 * self.words.len()).next_power_of_two();
            self.slots.clear();
            self.slots.resize(room, (0, 0));
            for (number, word) in (1..).zip(&self.words) {
                put(&mut self.slots, word.hash, number);
            }
        } else {
            put(&mut self.slots, hash, number + 1);
        }
        Some(number)
    }

    /// The counts of the most frequent words, the first by name among equals, and of the others.
    fn most_frequent(&self, keep: usize) -> (Vec<Word>, Vec<Word>) {
        let mut all = self.words.clone();
        if all.len() <= keep {
            return (all, Vec::new());
        }
        all.select_nth_unstable_by(keep, |a, b| b.count.cmp(&a.count).then_with(|| self.text_of(a).cmp(self.text_of(b))));
        let dropped = all.split_off(keep);
        (all, dropped)
    }
}

fn put(slots: &mut [(u32, u32)], hash: u64, next: u32) {
    let mask = slots.len().wrapping_sub(1);
    let mut at = hash as usize & mask;
    while let Some(slot) = slots.get_mut(at) {
        if slot.1 == 0 {
            *slot = ((hash >> 32) as u32, next);
            return;
        }
        at = (at + 1) & mask;
    }
}

/// A site and an outcome as numbers. `NONE` stands for a value that is not there.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
struct Key {
    site: u32,
    reason: u32,
    status: u64,
    substatus: u64,
    win32: u64,
}

const NONE: u64 = u64::MAX;

struct Group {
    key: Key,
    tally: Tally,
    /// The hour of the last request, and how many of it are not yet in the tally.
    hour: u32,
    in_hour: u64,
    first: u64,
    last: u64,
    stems: Words,
}

/// The cells by which sites differ.
const SITE: [Column; 6] = [Column::SiteName, Column::SiteId, Column::Computer, Column::Ip, Column::Port, Column::Host];

struct Counter {
    file: FileId,
    facts: LogFile,
    layout: Option<Layout>,
    defaults: Vec<Layout>,
    /// The day of `#Date:`, for logs without a column for it.
    dated: u32,
    /// The day seen last.
    day_text: [u8; 10],
    day: u32,
    /// The time of day seen last.
    time_text: [u8; 8],
    time: u32,
    /// The cells of [`SITE`], each with a blank behind it.
    sites: Words,
    /// The sites seen last, by a few bits of what they are called.
    recent_sites: [u32; 64],
    /// Where such cells are put together.
    joined: Vec<u8>,
    reasons: Words,
    groups: Vec<Group>,
    group_index: HashMap<Key, u32>,
    /// The groups seen last, by a few bits of their key.
    recent: [u32; 64],
    hours: usize,
    stem_bytes: usize,
    seed: Seed,
}

impl Counter {
    fn new(file: FileId) -> Counter {
        let seed = Seed::new();
        Counter {
            file,
            facts: LogFile::default(),
            layout: None,
            defaults: DEFAULTS.iter().map(|fields| Layout::new(fields)).collect(),
            dated: 0,
            day_text: *b"0001-01-01",
            day: 10_101,
            time_text: *b"00:00:00",
            time: 0,
            sites: Words::new(seed),
            recent_sites: [u32::MAX; 64],
            joined: Vec::new(),
            reasons: Words::new(seed),
            groups: Vec::new(),
            group_index: HashMap::new(),
            recent: [u32::MAX; 64],
            hours: 0,
            stem_bytes: 0,
            seed,
        }
    }

    fn too_long(&mut self) {
        self.facts.lines += 1;
        self.facts.too_long += 1;
    }

    /// Takes a line with so many blanks in it.
    fn line(&mut self, line: &[u8], blanks: usize, ended: bool) {
        self.facts.lines += 1;
        let line = match line {
            [rest @ .., b'\r'] => rest,
            all => all,
        };
        // After a crash, IIS goes on behind the NULs of the piece that it had allotted.
        let line = match line {
            [0, ..] | [.., 0] => trim(line, |byte| byte == 0 || byte == b'\r'),
            all => all,
        };
        if line.first() == Some(&b'#') {
            return self.directive(line, ended);
        }
        let understood = match self.layout.take() {
            Some(layout) => {
                let mut cells = Cells::default();
                let again = || trim(line, |byte| byte == b' ');
                let is_cut =
                    layout.cut(line, blanks, &mut cells).or_else(|| layout.cut(again(), count_blanks(again()), &mut cells)).is_some();
                let understood = is_cut && self.request(&cells);
                self.layout = Some(layout);
                understood
            }
            None => self.assumed(line) || self.piece(line),
        };
        if understood {
            self.facts.requests += 1;
        } else if line.iter().all(|byte| byte.is_ascii_whitespace() || *byte == 0) {
            // An empty line says nothing.
        } else if ended {
            self.unknown(line);
        } else {
            self.facts.cut = true;
        }
    }

    /// A line before any `#Fields:`, as in a piece cut from a log: read when it fits the columns that IIS logs by default and every value is
    /// of its kind.
    fn assumed(&mut self, line: &[u8]) -> bool {
        let defaults = std::mem::take(&mut self.defaults);
        let understood = defaults.iter().any(|layout| {
            let mut cells = Cells::default();
            if layout.cut(line, count_blanks(line), &mut cells).is_none() {
                return false;
            }
            let number = |column: Column| number(cells[column as usize]);
            let plausible = number(Column::Status).is_some_and(|status| (100..600).contains(&status))
                && number(Column::Port).is_some_and(|port| port < 65_536)
                && number(Column::Win32).is_some()
                && is_address(cells[Column::Ip as usize]);
            plausible && self.request(&cells)
        });
        self.facts.assumed += u64::from(understood);
        self.defaults = defaults;
        understood
    }

    /// A line that somebody cut out of a log, or wrote into a ticket: names and addresses may be replaced, columns may be missing. IIS logs
    /// status, substatus and code of Windows side by side, and behind them nothing but numbers unless columns were added.
    fn piece(&mut self, line: &[u8]) -> bool {
        let words: Vec<&[u8]> = line.split(|byte| *byte == b' ').filter(|word| !word.is_empty()).take(MAX_NAMES).collect();
        let numbers = words.iter().rev().take_while(|word| number(word).is_some()).count();
        let start = words.len() - numbers;
        let [status, substatus, win32, rest @ ..] = &words[start..] else { return false };
        let is_outcome =
            number(status).is_some_and(|status| (100..600).contains(&status)) && number(substatus).is_some_and(|sub| sub < 100);
        if start == 0 || rest.len() > 3 || !is_outcome {
            return false;
        }
        let mut cells: Cells<'_> = [&[]; COLUMNS.len()];
        cells[Column::Status as usize] = status;
        cells[Column::Substatus as usize] = substatus;
        cells[Column::Win32 as usize] = win32;
        if let [day, time, ..] = words.as_slice()
            && date(day).is_some()
            && time_of_day(time).is_some()
        {
            cells[Column::Date as usize] = day;
            cells[Column::Time as usize] = time;
        }
        if let Some(at) = method_of(&words) {
            cells[Column::Stem as usize] = words[at + 1];
            if let Some(ip) = at.checked_sub(1).map(|before| words[before]).filter(|word| is_address(word)) {
                cells[Column::Ip as usize] = ip;
            }
            // Behind the URL come the query, the port and the user.
            if let Some(port) = words[..start].get(at + 3).filter(|word| number(word).is_some_and(|port| (1..65_536).contains(&port))) {
                cells[Column::Port as usize] = port;
            }
        }
        let understood = self.request(&cells);
        self.facts.pieces += u64::from(understood);
        understood
    }

    fn unknown(&mut self, line: &[u8]) {
        self.facts.unknown += 1;
        if self.facts.unknown_lines.len() < MAX_UNKNOWN {
            let place = Place { file: self.file, line: u32::try_from(self.facts.lines).unwrap_or(u32::MAX), column: 1 };
            self.facts.unknown_lines.insert((place, lossy(line, MAX_WORD)));
        }
    }

    fn directive(&mut self, line: &[u8], ended: bool) {
        let colon = memchr(b':', line).unwrap_or(line.len());
        let name = line[..colon].to_ascii_lowercase();
        let value = line.get(colon + 1..).unwrap_or_default();
        match name.as_slice() {
            b"#fields" if ended => {
                let fields = String::from_utf8_lossy(value);
                let columns = &mut self.facts.columns;
                for column in fields.split_ascii_whitespace().map(|name| lossy(name.as_bytes(), MAX_WORD)) {
                    if columns.len() < MAX_NAMES {
                        columns.insert(column);
                    }
                }
                self.facts.headers += 1;
                self.layout = Some(Layout::new(&fields));
            }
            b"#software" => {
                if self.facts.software.len() < MAX_NAMES {
                    self.facts.software.insert(lossy(trim(value, |byte| byte == b' '), MAX_WORD));
                }
            }
            b"#date" => {
                let value = trim(value, |byte| byte == b' ');
                self.dated = value.get(..10).and_then(date).unwrap_or(0);
            }
            b"#version" | b"#start-date" | b"#end-date" | b"#remark" => {}
            _ if ended => self.unknown(line),
            _ => self.facts.cut = true,
        }
    }

    /// Counts a request; `false` when a cell is not of its kind.
    fn request(&mut self, cells: &Cells<'_>) -> bool {
        let cell = |column: Column| cells[column as usize];
        let (Some(status), Some(substatus), Some(win32)) =
            (optional(cell(Column::Status)), optional(cell(Column::Substatus)), optional(cell(Column::Win32)))
        else {
            return false;
        };
        let Some(at) = self.moment(cell(Column::Date), cell(Column::Time)) else { return false };
        let Some(reason) = self.reason(cell(Column::Reason)) else { return false };
        let key = |site: u32| Key { site, reason, status, substatus, win32 };
        let mut group = self.site(cells).and_then(|site| self.group(key(site)));
        if group.is_none() && !cell(Column::Host).is_empty() {
            // Rather a site without the host of the client than no site at all.
            let mut cells = *cells;
            cells[Column::Host as usize] = &[];
            group = self.site(&cells).and_then(|site| self.group(key(site)));
            self.facts.hosts_folded += u64::from(group.is_some());
        }
        let Some(group) = group else {
            self.facts.left_out += 1;
            return true;
        };
        let stem = match cell(Column::Stem) {
            [] => {
                let uri = cell(Column::Uri);
                &uri[..memchr(b'?', uri).unwrap_or(uri.len())]
            }
            stem => stem,
        };
        self.count(group, at, stem);
        true
    }

    fn count(&mut self, index: usize, at: u64, stem: &[u8]) {
        let Some(group) = self.groups.get_mut(index) else { return };
        group.tally.requests += 1;
        if at == 0 {
            group.tally.without_hour += 1;
        } else {
            group.first = group.first.min(at);
            group.last = group.last.max(at);
            let hour = Moment(at).hour().0;
            if hour != group.hour {
                group.next_hour(hour, &mut self.hours);
            }
            group.in_hour += 1;
        }
        if matches!(stem, [] | b"-") {
            return;
        }
        let stem = &stem[..stem.len().min(MAX_STEM)];
        let hash = self.seed.hash(stem);
        if let Some(known) = group.stems.find(stem, hash) {
            if let Some(word) = group.stems.words.get_mut(known as usize) {
                word.count += 1;
            }
            return;
        }
        if group.stems.len() >= MAX_STEMS {
            self.stem_bytes -= group.prune(MAX_STEMS / 2);
        }
        if self.stem_bytes + stem.len() > MAX_STEM_BYTES {
            for group in &mut self.groups {
                self.stem_bytes -= group.prune(group.stems.len() / 2);
            }
        }
        if let Some(group) = self.groups.get_mut(index) {
            self.stem_bytes += stem.len();
            group.stems.add(stem, hash, 1);
        }
    }

    /// Date and time as one number, 0 when they are not logged; `None` when they are neither.
    fn moment(&mut self, day: &[u8], time: &[u8]) -> Option<u64> {
        let day = if day == self.day_text {
            self.day
        } else {
            match day {
                [] => self.dated,
                b"-" => 0,
                text => {
                    self.day = date(text)?;
                    self.day_text.copy_from_slice(text);
                    self.day
                }
            }
        };
        let time = match time {
            text if text == self.time_text => self.time,
            [] | b"-" => return Some(0),
            text => {
                let time = time_of_day(text)?;
                if let Ok(text) = text.try_into() {
                    (self.time_text, self.time) = (text, time);
                }
                time
            }
        };
        Some(if day == 0 { 0 } else { u64::from(day) * 1_000_000 + u64::from(time) })
    }

    /// The number of a site; `None` when there are too many.
    fn site(&mut self, cells: &Cells<'_>) -> Option<u32> {
        let slot = SITE
            .iter()
            .fold(0, |mixed: u64, column| (mixed.rotate_left(7) ^ ending(cells[*column as usize])).wrapping_mul(0x9e37_79b9_7f4a_7c15));
        let slot = (slot >> 58) as usize % self.recent_sites.len();
        let recent = self.recent_sites[slot];
        if self.sites.get(recent).is_some_and(|site| is_joined(site, cells)) {
            return Some(recent);
        }
        self.joined.clear();
        for column in SITE {
            let cell = cells[column as usize];
            self.joined.extend_from_slice(&cell[..cell.len().min(MAX_WORD)]);
            self.joined.push(b' ');
        }
        let hash = self.seed.hash(&self.joined);
        let site = self.sites.find(&self.joined, hash).or_else(|| {
            // Hosts are what clients make up; sites of the server keep a share of their own.
            let room = if cells[Column::Host as usize].is_empty() { MAX_SITES + MAX_SITES / 4 } else { MAX_SITES };
            if self.sites.len() >= room { None } else { self.sites.add(&self.joined, hash, 0) }
        })?;
        self.recent_sites[slot] = site;
        Some(site)
    }

    /// The number of a reason; 0 is none. `None` when there are so many that they are no reasons.
    fn reason(&mut self, word: &[u8]) -> Option<u32> {
        if matches!(word, [] | b"-") {
            return Some(0);
        }
        let hash = self.seed.hash(word);
        if let Some(known) = self.reasons.find(word, hash) {
            return Some(known + 1);
        }
        if self.reasons.len() >= MAX_NAMES || word.len() > MAX_WORD {
            return None;
        }
        self.reasons.add(word, hash, 0).map(|reason| reason + 1)
    }

    /// The index of a group; `None` when there are too many.
    fn group(&mut self, key: Key) -> Option<usize> {
        // Values that are not there are the largest number, so the sum goes round.
        let mixed = u64::from(key.site)
            .wrapping_mul(7)
            .wrapping_add(key.status)
            .wrapping_add(key.substatus.wrapping_mul(5))
            .wrapping_add(key.win32.wrapping_mul(3));
        let slot = mixed as usize % self.recent.len();
        let recent = self.recent[slot] as usize;
        if self.groups.get(recent).is_some_and(|group| group.key == key) {
            return Some(recent);
        }
        let index = match self.group_index.get(&key) {
            Some(index) => *index,
            None if self.groups.len() >= MAX_GROUPS => return None,
            None => {
                let index = u32::try_from(self.groups.len()).ok()?;
                self.groups.push(Group::new(key, self.seed));
                self.group_index.insert(key, index);
                index
            }
        };
        self.recent[slot] = index;
        Some(index as usize)
    }

    fn finish(mut self) -> LogSummary {
        let mut out = LogSummary::default();
        for mut group in std::mem::take(&mut self.groups) {
            group.next_hour(0, &mut self.hours);
            let (stems, dropped) = group.stems.most_frequent(TOP_STEMS);
            let mut tally = group.tally;
            tally.stems_left_out += dropped.iter().map(|word| word.count).sum::<u64>();
            if group.last > 0 {
                tally.first = Some(Moment(group.first));
                tally.last = Some(Moment(group.last));
            }
            for word in stems {
                let stem = group.stems.text_of(&word);
                let mut text = String::from_utf8_lossy(stem).into_owned();
                if stem.len() == MAX_STEM {
                    text.push('…');
                }
                *tally.stems.entry(text).or_default() += word.count;
            }
            let small = |value: u64| u32::try_from(value).ok();
            let reason = group.key.reason.checked_sub(1).and_then(|at| self.reasons.get(at));
            let outcome = Outcome {
                status: small(group.key.status),
                substatus: small(group.key.substatus),
                win32: small(group.key.win32),
                reason: reason.map(|word| lossy(word, MAX_WORD)),
            };
            let site = self.sites.get(group.key.site).map(named_site).unwrap_or_default();
            // Cells that differ only in bytes that are no text, or in case of the host, are one site.
            out.sites.entry(site).or_default().outcomes.entry(outcome).or_default().add(tally);
        }
        out.files.insert(self.file, self.facts);
        out
    }
}

impl Group {
    fn new(key: Key, seed: Seed) -> Group {
        Group { key, tally: Tally::default(), hour: 0, in_hour: 0, first: u64::MAX, last: 0, stems: Words::new(seed) }
    }

    /// Puts what was counted of the last hour into the tally.
    fn next_hour(&mut self, hour: u32, hours: &mut usize) {
        let counted = std::mem::take(&mut self.in_hour);
        if counted > 0 {
            if let Some(known) = self.tally.hours.get_mut(&Hour(self.hour)) {
                *known += counted;
            } else if *hours < MAX_HOURS {
                *hours += 1;
                self.tally.hours.insert(Hour(self.hour), counted);
            } else {
                self.tally.without_hour += counted;
            }
        }
        self.hour = hour;
    }

    /// Leaves only the most frequent stems, and gives the bytes of the others.
    fn prune(&mut self, keep: usize) -> usize {
        if self.stems.len() <= keep {
            return 0;
        }
        let (kept, dropped) = self.stems.most_frequent(keep);
        let mut stems = Words::new(self.stems.seed);
        for word in kept {
            stems.add(self.stems.text_of(&word), word.hash, word.count);
        }
        self.stems = stems;
        self.tally.stems_left_out += dropped.iter().map(|word| word.count).sum::<u64>();
        dropped.iter().map(|word| word.length as usize).sum()
    }
}

/// Where a method stands that has a URL behind it.
fn method_of(words: &[&[u8]]) -> Option<usize> {
    const METHODS: [&[u8]; 9] = [b"GET", b"POST", b"HEAD", b"PUT", b"DELETE", b"OPTIONS", b"PATCH", b"CCM_POST", b"BITS_POST"];
    words.windows(2).position(|pair| METHODS.contains(&pair[0]) && pair[1].starts_with(b"/"))
}

fn is_address(text: &[u8]) -> bool {
    std::str::from_utf8(text).is_ok_and(|ip| ip.split('%').next().unwrap_or(ip).parse::<std::net::IpAddr>().is_ok())
}

/// Whether these cells are what a site was made of.
fn is_joined(joined: &[u8], cells: &Cells<'_>) -> bool {
    let mut rest = joined;
    for column in SITE {
        let cell = cells[column as usize];
        match rest.get(cell.len()) {
            Some(b' ') if is_same(&rest[..cell.len()], cell) => rest = &rest[cell.len() + 1..],
            _ => return false,
        }
    }
    rest.is_empty()
}

fn named_site(joined: &[u8]) -> Site {
    let mut cells = joined.split(|byte| *byte == b' ').map(|cell| match cell {
        [] | b"-" => None,
        cell => Some(lossy(cell, MAX_WORD)),
    });
    let mut next = || cells.next().flatten();
    let (name, id, computer, ip, port, host) = (next(), next(), next(), next(), next(), next());
    let id = id.map(|id| if id.bytes().all(|byte| byte.is_ascii_digit()) { format!("W3SVC{id}") } else { id });
    let endpoint = match (ip, port) {
        (Some(ip), Some(port)) if ip.contains(':') => Some(format!("[{ip}]:{port}")),
        (Some(ip), Some(port)) => Some(format!("{ip}:{port}")),
        (None, Some(port)) => Some(format!(":{port}")),
        (ip, None) => ip,
    };
    Site { name: name.or(id), computer, endpoint, host: host.map(|host| host.to_lowercase()) }
}

fn trim(bytes: &[u8], is_edge: impl Fn(u8) -> bool) -> &[u8] {
    let start = bytes.iter().position(|byte| !is_edge(*byte)).unwrap_or(bytes.len());
    let end = bytes.iter().rposition(|byte| !is_edge(*byte)).map_or(start, |last| last + 1);
    &bytes[start..end]
}

/// Text of at most so many bytes; what is no UTF-8 becomes replacement characters.
fn lossy(bytes: &[u8], most: usize) -> String {
    let mut text = String::from_utf8_lossy(&bytes[..bytes.len().min(most)]).into_owned();
    if bytes.len() > most {
        text.push('…');
    }
    text
}

fn number(text: &[u8]) -> Option<u64> {
    if text.is_empty() || text.len() > 10 {
        return None;
    }
    let mut value = 0;
    for byte in text {
        if !byte.is_ascii_digit() {
            return None;
        }
        value = value * 10 + u64::from(byte - b'0');
    }
    (value <= u64::from(u32::MAX)).then_some(value)
}

/// A number, `NONE` when there is none; `None` when it is something else. Some programs write codes of Windows with a sign.
fn optional(text: &[u8]) -> Option<u64> {
    match text {
        [] | b"-" => Some(NONE),
        [b'-', digits @ ..] => {
            let value = number(digits).filter(|value| *value <= 1 << 31)?;
            Some((1_u64 << 32).wrapping_sub(value) & u64::from(u32::MAX))
        }
        digits => number(digits),
    }
}

/// `2025-01-15` as 20250115.
fn date(text: &[u8]) -> Option<u32> {
    let [y1, y2, y3, y4, b'-', m1, m2, b'-', d1, d2] = text else { return None };
    let (year, month, day) = (two(*y1, *y2)? * 100 + two(*y3, *y4)?, two(*m1, *m2)?, two(*d1, *d2)?);
    (year > 0 && (1..=12).contains(&month) && (1..=31).contains(&day)).then_some(year * 10_000 + month * 100 + day)
}

/// `09:15:24` as 91524.
fn time_of_day(text: &[u8]) -> Option<u32> {
    let [h1, h2, b':', m1, m2, b':', s1, s2, ..] = text else { return None };
    // A fraction of a second may follow, as other programs write it.
    let fraction = &text[8..];
    if !(fraction.is_empty() || fraction[0] == b'.' && fraction[1..].iter().all(u8::is_ascii_digit)) {
        return None;
    }
    let (hour, minute, second) = (two(*h1, *h2)?, two(*m1, *m2)?, two(*s1, *s2)?);
    (hour < 24 && minute < 60 && second <= 60).then_some(hour * 10_000 + minute * 100 + second)
}

fn two(a: u8, b: u8) -> Option<u32> {
    (a.is_ascii_digit() && b.is_ascii_digit()).then(|| u32::from(a - b'0') * 10 + u32::from(b - b'0'))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    const IIS10: &[u8] = include_bytes!("../../tests/fixtures/evidence/e06_iis10.log");
    const IIS6: &[u8] = include_bytes!("../../tests/fixtures/evidence/e07_iis6_ansi.log");
    const HTTPERR: &[u8] = include_bytes!("../../tests/fixtures/evidence/e08_httperr.log");

    const FIELDS: &str = "#Fields: date time s-ip cs-uri-stem s-port sc-status sc-substatus sc-win32-status\n";

    fn read(bytes: &[u8]) -> LogSummary {
        read_log(bytes, FileId(0))
    }

    fn facts(summary: &LogSummary) -> &LogFile {
        &summary.files[&FileId(0)]
    }

    /// Each site and outcome with its count, as a user would see it.
    fn told(summary: &LogSummary) -> Vec<String> {
        let tallies = |(site, log): (&Site, &SiteLog)| {
            let site = site.to_string();
            log.outcomes.iter().map(move |(outcome, tally)| format!("{site}: {outcome} x{}", tally.requests)).collect::<Vec<_>>()
        };
        summary.sites.iter().flat_map(tallies).collect()
    }

    fn only(summary: &LogSummary) -> &Tally {
        summary.sites.values().next().unwrap().outcomes.values().next().unwrap()
    }

    #[test]
    fn columns_that_change_within_a_file_are_followed() {
        let summary = read(IIS10);
        assert_eq!(
            told(&summary),
            [
                "10.0.0.5:443: 200.0 0 ERROR_SUCCESS x1",
                "10.0.0.5:443: 403.7 5 ERROR_ACCESS_DENIED x1",
                "10.0.0.5:443: 403.13 2148081683 (0x80092013) CRYPT_E_REVOCATION_OFFLINE x1",
                "10.0.0.6:443: 200.0 0 ERROR_SUCCESS x1",
                "WEB01 W3SVC2 10.0.0.5:443 portal.contoso.example: 413.0 0 ERROR_SUCCESS x1",
                "WEB01 W3SVC2 10.0.0.5:443 portal.contoso.example: 500.0 64 ERROR_NETNAME_DELETED x1",
            ]
        );
        assert_eq!(summary.first().unwrap().to_string(), "2025-03-03 08:00:01");
        assert_eq!(summary.last().unwrap().to_string(), "2025-03-04 00:00:00");
        let facts = facts(&summary);
        assert_eq!((facts.requests, facts.headers, facts.cut, facts.unknown), (6, 2, true, 1));
        assert!(facts.columns.contains("X-Forwarded-For"));
        let (place, text) = facts.unknown_lines.first().unwrap();
        assert_eq!((place.line, text.as_str()), (9, "2025-03-03 09:00:00 10.0.0.6 GET /short - 443"));
    }

    #[test]
    fn who_fails_and_who_does_not_is_told_with_the_urls() {
        let summary = read(IIS10);
        let failures = summary.failures();
        assert_eq!(
            failures.iter().map(|failure| (failure.status, failure.substatus)).collect::<Vec<_>>(),
            [(403, Some(7)), (403, Some(13)), (413, Some(0)), (500, Some(0))]
        );
        let revocation = &failures[1];
        let site = &revocation.failing[0];
        assert_eq!((site.site.to_string().as_str(), site.requests, site.of), ("10.0.0.5:443", 1, 3));
        assert_eq!(site.stems, [("/portal/login.aspx", 1)]);
        assert_eq!(site.well, [("/portal/", 1)]);
        assert_eq!(site.win32, BTreeMap::from([(Some(2148081683), 1)]));
        assert_eq!(
            revocation.others.iter().map(ToString::to_string).collect::<Vec<_>>(),
            ["10.0.0.6:443", "WEB01 W3SVC2 10.0.0.5:443 portal.contoso.example"]
        );
    }

    #[test]
    fn a_log_of_iis_6_with_ansi_text_and_nul_padding_is_read_to_its_end() {
        let summary = read(IIS6);
        assert_eq!(
            told(&summary),
            [
                "W3SVC1 10.1.0.1:443: 200.0 0 ERROR_SUCCESS x2",
                "W3SVC1 10.1.0.1:443: 403.16 2148204809 (0x800B0109) CERT_E_UNTRUSTEDROOT x2",
            ]
        );
        // The day is that of `#Date:`, for there is no column for it.
        assert_eq!(summary.last().unwrap().to_string(), "2009-11-02 23:00:09");
        assert_eq!(summary.failures()[0].failing[0].stems, [("/caf\u{fffd}/menu.asp", 2)]);
        assert_eq!((facts(&summary).unknown, facts(&summary).cut), (0, false));
    }

    #[test]
    fn nul_padding_longer_than_the_longest_line_is_no_line() {
        let mut bytes = format!("{FIELDS}2025-01-01 00:00:00 ::1 /a 443 200 0 0\n").into_bytes();
        bytes.resize(bytes.len() + 2 * MAX_LINE + 17, 0);
        bytes.extend_from_slice(b"2025-01-01 00:00:01 ::1 /a 443 200 0 0\r\n");
        let summary = read(&bytes);
        assert_eq!(told(&summary), ["[::1]:443: 200.0 0 ERROR_SUCCESS x2"]);
        assert_eq!((facts(&summary).lines, facts(&summary).too_long, facts(&summary).unknown), (3, 0, 0));
    }

    #[test]
    fn reasons_of_httperr_are_counted_by_site_and_url_without_its_query() {
        let summary = read(HTTPERR);
        assert_eq!(
            told(&summary),
            [
                "10.0.0.5:443: - Timer_ConnectionIdle x1",
                "10.0.0.5:443: 400 BadRequest x1",
                "W3SVC1 [::1%0]:443: 503 Something_New x1",
                "W3SVC2 10.0.0.5:443: - Connection_Dropped x1",
            ]
        );
        let dropped = summary.sites.values().last().unwrap().outcomes.values().next().unwrap();
        assert_eq!(dropped.top(5), [("/upload/big.ashx", 1)]);
    }

    #[test]
    fn hours_and_days_are_counted() {
        let summary = read(
            format!("{FIELDS}2025-01-01 00:00:00 ::1 /a 443 200 0 0\n2025-01-01 23:59:59 ::1 /a 443 200 0 0\n2025-01-01 00:10:00 ::1 /a 443 200 0 0\n2025-01-02 05:00:00 ::1 /a 443 200 0 0\n2025-01-02 - ::1 /a 443 200 0 0\n")
                .as_bytes(),
        );
        let tally = only(&summary);
        let hours: Vec<String> = tally.hours.iter().map(|(hour, count)| format!("{hour}h {count}")).collect();
        assert_eq!(hours, ["2025-01-01 00h 2", "2025-01-01 23h 1", "2025-01-02 05h 1"]);
        let days: Vec<String> = tally.days().iter().map(|(day, count)| format!("{day} {count}")).collect();
        assert_eq!(days, ["2025-01-01 3", "2025-01-02 1"]);
        assert_eq!((tally.requests, tally.without_hour), (5, 1));
    }

    #[test]
    fn a_piece_without_its_heading_is_read_by_the_default_columns_and_said_to_be() {
        let summary = read(
            b"2025-01-15 09:15:24 fe80::1%4 GET /owa/ - 443 - ::1 Probe - 403 7 5 19\n2009-01-15 09:15:24 W3SVC1 10.0.0.1 GET /a - 443 - ::1 Agent 403 13 2148081683\n2009-01-15 09:15:24 10.0.0.1 GET /a - 443 - ::1 Agent 403 17 2148204801 3\n<IP> GET /a - 403 13 2148081683\n",
        );
        assert_eq!(
            told(&summary),
            [
                "-: 403.13 2148081683 (0x80092013) CRYPT_E_REVOCATION_OFFLINE x1",
                "10.0.0.1:443: 403.17 2148204801 (0x800B0101) CERT_E_EXPIRED x1",
                "[fe80::1%4]:443: 403.7 5 ERROR_ACCESS_DENIED x1",
                "W3SVC1 10.0.0.1:443: 403.13 2148081683 (0x80092013) CRYPT_E_REVOCATION_OFFLINE x1",
            ]
        );
        assert_eq!((facts(&summary).assumed, facts(&summary).pieces, facts(&summary).unknown), (3, 1, 0));
    }

    #[test]
    fn gzip_and_utf_16_are_read_as_the_plain_file() {
        use std::io::Write as _;
        let plain = read(HTTPERR);
        let pack = |bytes: &[u8]| {
            let mut packed = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
            packed.write_all(bytes).unwrap();
            packed.finish().unwrap()
        };
        let text = std::str::from_utf8(HTTPERR).unwrap();
        let little: Vec<u8> = "\u{feff}".encode_utf16().chain(text.encode_utf16()).flat_map(u16::to_le_bytes).collect();
        let big: Vec<u8> = "\u{feff}".encode_utf16().chain(text.encode_utf16()).flat_map(u16::to_be_bytes).collect();
        assert_eq!(read(&pack(HTTPERR)), plain);
        assert_eq!(read(&little), plain);
        assert_eq!(read(&big), plain);
        assert_eq!(read(&pack(&little)), plain);
        assert_eq!(read(format!("\u{feff}{text}").as_bytes()), plain);
        // Two members, as when files are put together.
        let both = read(&[pack(HTTPERR), pack(HTTPERR)].concat());
        assert_eq!(both.requests(), 2 * plain.requests());
    }

    #[test]
    fn a_damaged_gzip_keeps_what_was_read_and_says_so() {
        use std::io::Write as _;
        let mut packed = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::none());
        packed.write_all(HTTPERR).unwrap();
        let packed = packed.finish().unwrap();
        let summary = read(&packed[..packed.len() - 6]);
        assert_eq!(summary.requests(), 4);
        assert_eq!(facts(&summary).problems.len(), 1);
        assert_eq!(facts(&read(b"\x1f\x8b")).problems.len(), 1);
    }

    #[test]
    fn a_line_that_is_too_long_is_counted_and_the_next_is_read() {
        let line = "2025-01-01 00:00:00 ::1 /a 443 200 0 0\n";
        let long = "x".repeat(3 * MAX_LINE);
        let summary = read(format!("{FIELDS}{line}{long}\n{line}{long}").as_bytes());
        assert_eq!(summary.requests(), 2);
        assert_eq!((facts(&summary).too_long, facts(&summary).lines, facts(&summary).unknown), (2, 5, 0));
    }

    #[test]
    fn frequent_stems_survive_many_rare_ones_and_what_is_left_out_is_counted() {
        let mut text = FIELDS.to_owned();
        for number in 0..20_000 {
            let stem = if number % 4 == 0 { "/often".to_owned() } else { format!("/scan/{number}") };
            text.push_str(&format!("2025-01-01 00:00:00 ::1 {stem} 443 404 0 2\n"));
        }
        let summary = read(text.as_bytes());
        let tally = only(&summary);
        assert_eq!(tally.top(1), [("/often", 5000)]);
        assert_eq!(tally.stems.len(), TOP_STEMS);
        assert_eq!(tally.stems.values().sum::<u64>() + tally.stems_left_out, tally.requests);
    }

    #[test]
    fn hosts_and_statuses_without_end_take_a_bounded_place() {
        let mut text = "#Fields: date time s-ip s-port cs-host cs-uri-stem sc-status sc-win32-status\n".to_owned();
        for number in 0..40_000 {
            text.push_str(&format!("2025-01-01 00:00:00 ::1 443 h{number} /{number} 403 {}\n", number % 7));
        }
        let summary = read(text.as_bytes());
        assert!(summary.sites.len() <= MAX_SITES + 1);
        assert_eq!(facts(&summary).hosts_folded, 40_000 - MAX_SITES as u64);
        assert_eq!(summary.requests(), 40_000);
        let mut text = "#Fields: sc-status sc-win32-status\n".to_owned();
        (0..MAX_GROUPS + 5).for_each(|number| text.push_str(&format!("403 {number}\n")));
        let summary = read(text.as_bytes());
        assert_eq!((summary.requests(), facts(&summary).left_out), (MAX_GROUPS as u64, 5));
    }

    #[test]
    fn values_that_are_of_no_kind_make_the_line_unknown() {
        let summary = read(
            format!("{FIELDS}2025-13-01 00:00:00 ::1 /a 443 200 0 0\n2025-01-01 00:00:00 ::1 /a 443 OK 0 0\n2025-01-01 25:00:00 ::1 /a 443 200 0 0\n2025-01-01 00:00:00 ::1 /a 443 403 7 -2146885613\n#Odd: 1\n\n")
                .as_bytes(),
        );
        assert_eq!(told(&summary), ["[::1]:443: 403.7 2148081683 (0x80092013) CRYPT_E_REVOCATION_OFFLINE x1"]);
        assert_eq!((facts(&summary).unknown, facts(&summary).lines), (4, 7));
    }

    #[test]
    fn pieces_of_a_log_are_read_as_far_as_they_are_sure() {
        let text = "<IP> GET /MP/.sms_aut LIST 443 - <IP> MANAGER - 403 13 2148081683 5701 18\nPOST /Reg/Verify - 443 -<IP>\nPlugin - 403 16 2148204809 453  \n2025-01-15 09:15:24 10.0.0.5 GET /a - 443 - <client> 403 7 5\n";
        let summary = read(text.as_bytes());
        assert_eq!(
            told(&summary),
            [
                "-: 403.16 2148204809 (0x800B0109) CERT_E_UNTRUSTEDROOT x1",
                "10.0.0.5:443: 403.7 5 ERROR_ACCESS_DENIED x1",
                ":443: 403.13 2148081683 (0x80092013) CRYPT_E_REVOCATION_OFFLINE x1",
            ]
        );
        assert_eq!((facts(&summary).pieces, facts(&summary).unknown, facts(&summary).lines), (3, 1, 4));
        assert!(recognise_log(text.as_bytes()).is_some());
        let broken: Vec<&str> = text.lines().skip(1).take(2).collect();
        assert!(recognise_log(broken.join("\n").as_bytes()).is_some());
    }

    #[test]
    fn numbers_that_need_not_be_an_outcome_are_not_guessed() {
        for line in ["403 7 5", "a b 403 7", "x 10.0.0.1 443 200 0 0 15", "x 403 7 5 1 2 3 4", "x 99 7 5", "see 403 13 and 403 16 here"] {
            assert_eq!(read(format!("{line}\n").as_bytes()).requests(), 0, "{line}");
        }
    }

    #[test]
    fn a_log_is_told_by_its_beginning_and_others_are_not() {
        let packed = |text: &str| {
            let mut packed = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
            std::io::Write::write_all(&mut packed, text.as_bytes()).unwrap();
            packed.finish().unwrap()
        };
        let wide = |text: &str| [0xff, 0xfe].into_iter().chain(text.encode_utf16().flat_map(u16::to_le_bytes)).collect::<Vec<u8>>();
        let headings = "#Software: Microsoft Internet Information Services 10.0\r\n#Version: 1.0\r\n";
        for text in [
            headings,
            FIELDS,
            "#Software: Microsoft HTTP API 2.0\r\n",
            "2025-01-15 09:15:24 ::1 GET /OWA/auth.owa &e=; 443 - ::1 Probe - 403 7 5 19\n",
        ] {
            assert!(recognise_log(text.as_bytes()).is_some(), "{text}");
            assert!(recognise_log(&wide(text)).is_some(), "{text}");
            assert!(recognise_log(&packed(text)).is_some(), "{text}");
        }
        let long = packed(&format!(
            "{headings}{FIELDS}{}",
            (0..5000).map(|at| format!("2025-01-01 00:00:00 ::1 /{at} 443 200 0 0\n")).collect::<String>()
        ));
        assert!(recognise_log(&long[..512]).is_some());
        for text in [
            "",
            "#Software: Microsoft Internet Information Services 10.0\n#Fields: date time c-ip cs-username s-ip s-port cs-method cs-uri-stem sc-status sc-win32-status sc-substatus x-session x-fullpath\n",
            "#Version: 1.5\n#Software: Microsoft Windows Firewall\n#Fields: date time action protocol src-ip dst-ip\n",
            "#Software: Microsoft Exchange Server\n#Fields: date-time,session-id,seq-number\n",
            "GET /a with status 403 7 5\nmany\nlines\nof prose\n",
            "10.0.0.1 - - [15/Jan/2025:10:00:00 +0000] \"GET /a HTTP/1.1\" 200 17\n",
        ] {
            assert_eq!(recognise_log(text.as_bytes()), None, "{text}");
            assert_eq!(recognise_log(&packed(text)), None, "{text}");
        }
        assert_eq!(recognise_log(&[0x1f, 0x8b, 8, 0, 1, 2, 3]), None);
    }

    #[test]
    fn the_computer_is_told_by_the_beginning() {
        let text = "#Fields: date time s-computername sc-status cs-method\n2025-01-01 00:00:00 WEB01 200 GET\n";
        assert_eq!(recognise_log(text.as_bytes()).unwrap().computer.as_deref(), Some("WEB01"));
    }

    #[test]
    fn many_files_do_not_hold_more_than_the_bounds_and_nothing_is_lost() {
        let mut all = LogSummary::default();
        for file in 0..40 {
            let lines: String = (0..100).map(|at| format!("2025-01-01 00:00:00 ::1 /{file}/{at} 443 200 0 0\n")).collect();
            all.take_in(read_log(format!("{FIELDS}{lines}").as_bytes(), FileId(file)));
        }
        let tally = all.tallies().next().unwrap();
        assert_eq!((tally.requests, all.files.len()), (4000, 40));
        assert!(tally.stems.len() <= MAX_STEMS);
        assert_eq!(tally.stems.values().sum::<u64>() + tally.stems_left_out, 4000);
        let mut hosts = LogSummary::default();
        for file in 0..3 {
            let lines: String = (0..2000).map(|at| format!("h{file}-{at} 403\n")).collect();
            hosts.take_in(read_log(format!("#Fields: cs-host sc-status\n{lines}").as_bytes(), FileId(file)));
        }
        assert_eq!((hosts.requests(), hosts.sites.len()), (6000, MAX_SITES + 1));
        assert_eq!(hosts.files.values().map(|facts| facts.hosts_folded).sum::<u64>(), 6000 - MAX_SITES as u64);
    }

    #[test]
    fn a_packed_file_that_is_a_bomb_is_given_up() {
        let mut packed = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::best());
        let zeros = vec![b'a'; 1 << 20];
        (0..300).for_each(|_| std::io::Write::write_all(&mut packed, &zeros).unwrap());
        let summary = read(&packed.finish().unwrap());
        assert!(facts(&summary).problems.iter().any(|problem| problem.contains("400 times")), "{:?}", facts(&summary).problems);
    }

    /// Gives a few bytes at a time.
    struct Slow<'a>(&'a [u8], usize);

    /// Read by one thread, and by two, which must come to the same.
    fn read_slowly(slow: Slow<'_>) -> LogSummary {
        let Slow(bytes, piece) = slow;
        let (mut here, mut apart) = (Counter::new(FileId(0)), Counter::new(FileId(0)));
        let told = |outcome: io::Result<()>| outcome.map_err(|error| error.to_string());
        let outcome = told(read_here(Slow(bytes, piece), &mut here));
        assert_eq!(told(read_apart(Slow(bytes, piece), &mut apart)), outcome);
        let here = here.finish();
        assert_eq!(apart.finish(), here);
        here
    }

    impl Read for Slow<'_> {
        fn read(&mut self, into: &mut [u8]) -> io::Result<usize> {
            let most = self.1.min(into.len());
            self.0.read(&mut into[..most])
        }
    }

    fn log() -> impl Strategy<Value = String> {
        let line = prop_oneof![
            6 => (1..4u8, 0..24u8, 1..3u8, "[ab]{1,2}", prop::sample::select(vec!["200 0 0", "403 7 5", "403 13 2148081683", "- - -"]))
                .prop_map(|(day, hour, ip, stem, status)| format!("2025-01-0{day} {hour:02}:00:00 10.0.0.{ip} /{stem} 443 {status}\n")),
            1 => Just("#Fields: time s-sitename cs-host sc-status\r\n".to_owned()),
            1 => Just(FIELDS.to_owned()),
            1 => Just("10:00:00 W3SVC1 Host 500\r\n".to_owned()),
            1 => "[ -~\\x00]{0,20}\n",
        ];
        prop::collection::vec(line, 0..30).prop_map(|lines| format!("{FIELDS}{}", lines.concat()))
    }

    /// The summary of a log that begins with its heading and exceeds no bound, in the plainest way: all is held, lines are split at line
    /// feeds and cells at blanks, and nothing is remembered from line to line.
    fn read_plainly(bytes: &[u8]) -> LogSummary {
        let mut facts = LogFile::default();
        let mut sites: BTreeMap<Site, SiteLog> = BTreeMap::new();
        let (mut columns, mut dated) = (Vec::new(), 0);
        let count = bytes.split(|byte| *byte == b'\n').count();
        for (number, line) in (1..).zip(bytes.split(|byte| *byte == b'\n')) {
            let ended = number < count;
            if !ended && line.iter().all(|byte| *byte == 0) {
                break;
            }
            facts.lines += 1;
            let line = line.strip_suffix(b"\r").unwrap_or(line);
            let is_padded = line.first() == Some(&0) || line.last() == Some(&0);
            let line = if is_padded { trim(line, |byte| byte == 0 || byte == b'\r') } else { line };
            let understood = if line.starts_with(b"#") {
                let (name, value) = line.split_at(line.iter().position(|byte| *byte == b':').unwrap_or(line.len()));
                let value = String::from_utf8_lossy(value.get(1..).unwrap_or_default()).into_owned();
                match String::from_utf8_lossy(name).to_ascii_lowercase().as_str() {
                    "#fields" if ended => {
                        columns = value.split_ascii_whitespace().map(str::to_owned).collect();
                        facts.columns.extend(columns.iter().cloned());
                        facts.headers += 1;
                        true
                    }
                    "#date" => {
                        dated = value.trim_matches(' ').as_bytes().get(..10).and_then(date).unwrap_or(0);
                        true
                    }
                    _ => false,
                }
            } else {
                let understood =
                    plain_request(line, &columns, dated).or_else(|| plain_request(trim(line, |byte| byte == b' '), &columns, dated));
                if let Some((site, outcome, at, stem)) = understood {
                    facts.requests += 1;
                    let tally = sites.entry(site).or_default().outcomes.entry(outcome).or_default();
                    tally.requests += 1;
                    match at {
                        Some(at) => {
                            tally.first = Some(tally.first.map_or(at, |first| first.min(at)));
                            tally.last = tally.last.max(Some(at));
                            *tally.hours.entry(at.hour()).or_default() += 1;
                        }
                        None => tally.without_hour += 1,
                    }
                    if let Some(stem) = stem {
                        *tally.stems.entry(stem).or_default() += 1;
                    }
                    true
                } else {
                    line.iter().all(|byte| byte.is_ascii_whitespace() || *byte == 0)
                }
            };
            if !understood && !ended {
                facts.cut = true;
            } else if !understood {
                facts.unknown += 1;
                if facts.unknown <= MAX_UNKNOWN as u64 {
                    let place = Place { file: FileId(0), line: number.try_into().unwrap(), column: 1 };
                    facts.unknown_lines.insert((place, lossy(line, MAX_WORD)));
                }
            }
        }
        LogSummary { files: BTreeMap::from([(FileId(0), facts)]), sites }
    }

    type PlainRequest = (Site, Outcome, Option<Moment>, Option<String>);

    fn plain_request(line: &[u8], columns: &[String], dated: u32) -> Option<PlainRequest> {
        let cells: Vec<&[u8]> = line.split(|byte| *byte == b' ').collect();
        if cells.len() != columns.len().max(1) {
            return None;
        }
        let cell = |names: &[&str]| -> &[u8] {
            let is_named = |column: &&String| names.iter().any(|name| name.eq_ignore_ascii_case(column));
            columns.iter().take(MAX_COLUMNS).find(is_named).map_or(&[], |name| {
                let at = columns.iter().position(|column| column == name).unwrap();
                cells[at]
            })
        };
        let number = |name: &str| -> Option<Option<u32>> {
            let text = std::str::from_utf8(cell(&[name])).ok()?;
            if matches!(text, "" | "-") {
                return Some(None);
            }
            let digits = text.strip_prefix('-').unwrap_or(text);
            if digits.len() > 10 || digits.is_empty() || !digits.bytes().all(|byte| byte.is_ascii_digit()) {
                return None;
            }
            let value: i64 = text.parse().ok()?;
            let value = if text.starts_with('-') { i32::try_from(value).ok()? as u32 } else { u32::try_from(value).ok()? };
            Some(Some(value))
        };
        let reason = match cell(&["s-reason"]) {
            [] | b"-" => None,
            reason if reason.len() > MAX_WORD => return None,
            reason => Some(lossy(reason, MAX_WORD)),
        };
        let outcome =
            Outcome { status: number("sc-status")?, substatus: number("sc-substatus")?, win32: number("sc-win32-status")?, reason };
        let day = match cell(&["date"]) {
            [] => dated,
            b"-" => 0,
            day => date(day)?,
        };
        let at = match cell(&["time"]) {
            [] | b"-" => None,
            time => Some(Moment(u64::from(day) * 1_000_000 + u64::from(time_of_day(time)?))).filter(|_| day > 0),
        };
        let of_site = ["s-sitename", "s-siteid", "s-computername", "s-ip", "s-port"].map(|name| cell(&[name]));
        let mut joined = of_site.to_vec();
        joined.push(cell(&["cs-host", "cs(host)"]));
        let joined: Vec<&[u8]> = joined.into_iter().map(|cell| &cell[..cell.len().min(MAX_WORD)]).collect();
        let stem = match cell(&["cs-uri-stem"]) {
            [] => cell(&["cs-uri"]).split(|byte| *byte == b'?').next().unwrap(),
            stem => stem,
        };
        let kept = &stem[..stem.len().min(MAX_STEM)];
        let ellipsis = if kept.len() == MAX_STEM { "…" } else { "" };
        let stem = (!matches!(stem, [] | b"-")).then(|| format!("{}{ellipsis}", String::from_utf8_lossy(kept)));
        Some((named_site(&[joined.join(&b' '), b" ".to_vec()].concat()), outcome, at, stem))
    }

    /// A heading of any columns in any order.
    fn heading() -> impl Strategy<Value = Vec<String>> {
        let wanted =
            prop::sample::select(COLUMNS.iter().map(|(name, _)| *name).chain(["cs(Host)", "DATE", "Sc-Status"]).collect::<Vec<_>>());
        let other = prop::sample::select(vec!["cs-method", "cs(User-Agent)", "cs-username", "time-taken", "x-own"]);
        let column = prop_oneof![3 => wanted, 1 => other].prop_map(str::to_owned);
        let usual = prop::sample::select(DEFAULTS.to_vec()).prop_map(|names| names.split(' ').map(str::to_owned).collect());
        let wide = prop::collection::vec(Just("x-own".to_owned()), 40..80);
        prop_oneof![
            2 => usual,
            4 => prop::collection::vec(column.clone(), 0..16),
            1 => (wide, prop::collection::vec(column, 1..8)).prop_map(|(wide, more)| [&more[..more.len() / 2], &wide, &more].concat()),
        ]
    }

    /// What may stand in a cell: mostly what belongs there, so that lines are understood.
    fn value(column: &str) -> BoxedStrategy<Vec<u8>> {
        let usual: Vec<&[u8]> = match column.to_ascii_lowercase().as_str() {
            "date" => vec![b"2025-01-01", b"2025-01-02", b"0001-01-01", b"-"],
            "time" => vec![b"00:00:00", b"10:20:30", b"10:20:31", b"23:59:60", b"10:20:30.5", b"-"],
            "s-sitename" => vec![b"W3SVC1", b"W3SVC2", b"-"],
            "s-siteid" => vec![b"1", b"2", b"-", b"x"],
            "s-ip" => vec![b"10.0.0.1", b"10.0.0.2", b"::1", b"fe80::1234:5678:9abc%12", b"-"],
            "s-port" => vec![b"443", b"80", b"8443", b"-"],
            "sc-status" => vec![b"200", b"403", b"500", b"-"],
            "sc-substatus" => vec![b"0", b"7", b"13"],
            "sc-win32-status" => vec![b"0", b"64", b"2148081683", b"-2146885613", b"-2147483648", b"4294967295", b"-"],
            "s-reason" => vec![b"Timer_ConnectionIdle", b"BadRequest", b"-"],
            _ => vec![b"/", b"/a", b"/a/b.aspx", b"/a/b.aspy", b"/a/longer/than/eight/and/sixteen.svc?x=1", b"host.example", b"-", b""],
        };
        let usual: Vec<Vec<u8>> = usual.into_iter().map(<[u8]>::to_vec).collect();
        let odd: Vec<&[u8]> = vec![
            b"\0\0\0\0\0\0\0\0",
            b"\0\0\0\0\0\0\0\0\0\0",
            b"-1",
            b"caf\xe9",
            b"4294967296",
            b"2025-13-01",
            b"24:00:00",
            b"\t",
            b"\x21\x1f\xa0",
        ];
        let odd = prop::sample::select(odd).prop_map(<[u8]>::to_vec);
        let long = (prop::sample::select(vec![b'a', b'/', 0xa0]), 250..600_usize).prop_map(|(byte, length)| vec![byte; length]);
        prop_oneof![60 => prop::sample::select(usual), 1 => odd, 1 => long].boxed()
    }

    /// A log of several headings, with lines of their columns and with others.
    fn any_log() -> impl Strategy<Value = Vec<u8>> {
        let part = heading().prop_flat_map(|columns| {
            let cells: Vec<BoxedStrategy<Vec<u8>>> = columns.iter().map(|column| value(column)).collect();
            let line = cells.prop_map(|cells| cells.join(&b' '));
            let odd = prop::sample::select(vec![" a", "", " ", "#Date: 2024-02-03 10:00:00", "#Odd: 1", "\0\0", "\r", "403 7 5"])
                .prop_map(|odd| odd.as_bytes().to_vec());
            let line = prop_oneof![
                20 => line.clone(),
                1 => line.clone().prop_map(|line| [b" ", line.as_slice(), b"  "].concat()),
                1 => line.clone().prop_map(|line| [line.as_slice(), b" more"].concat()),
                1 => line.clone().prop_map(|line| [b"\0\0\0", line.as_slice(), b"\0"].concat()),
                1 => line.prop_map(|line| line[..line.len() / 2].to_vec()),
                1 => odd,
            ];
            let end = prop::sample::select(vec!["\r\n", "\n"]);
            let lines = prop::collection::vec((line, end), 0..20);
            lines.prop_map(move |lines| {
                let heading = format!("#Fields: {}\r\n", columns.join(" ")).into_bytes();
                lines.into_iter().fold(heading, |text, (line, end)| [text, line, end.as_bytes().to_vec()].concat())
            })
        });
        (prop::collection::vec(part, 1..4), 0..30_usize).prop_map(|(parts, cut)| {
            let mut bytes = parts.concat();
            let heading = bytes.iter().position(|byte| *byte == b'\n').unwrap() + 1;
            bytes.truncate((bytes.len() - bytes.len().min(cut.saturating_sub(15))).max(heading));
            bytes
        })
    }

    #[test]
    fn lines_across_the_ends_of_blocks_are_read_as_when_split_plainly() {
        use proptest::strategy::ValueTree as _;
        let mut runner = proptest::test_runner::TestRunner::deterministic();
        for shift in [0, 1, 63] {
            let (mut bytes, mut part) = (Vec::new(), Vec::new());
            while bytes.len() < 2 * MAX_LINE {
                if part.len() < 500 {
                    part = any_log().new_tree(&mut runner).unwrap().current();
                }
                bytes.extend_from_slice(&part);
                bytes.extend_from_slice("\n".repeat(1 + shift).as_bytes());
            }
            assert_eq!(read(&bytes), read_plainly(&bytes));
        }
    }

    #[test]
    fn a_long_log_is_read_ahead_and_what_was_read_before_an_error_counts() {
        let line = "2026-01-02 03:04:05 10.0.0.1 GET /a - 443 - 10.0.0.9 curl - 403 13 2148081683 5\n";
        let mut text = format!("#Fields: {}\n", DEFAULTS[0]);
        while text.len() as u64 <= 3 * SHORT {
            text.push_str(line);
        }
        let lines = text.lines().count() as u64 - 1;
        let all = read(text.as_bytes());
        assert_eq!((all.requests(), facts(&all).problems.len()), (lines, 0));
        struct Broken;
        impl Read for Broken {
            fn read(&mut self, _: &mut [u8]) -> io::Result<usize> {
                Err(io::Error::other("the disk is gone"))
            }
        }
        let broken = read_log(text.as_bytes().chain(Broken), FileId(0));
        assert_eq!((broken.requests(), facts(&broken).problems.first().map(String::as_str)), (lines, Some("the disk is gone")));
    }

    #[test]
    fn blanks_are_found_wherever_they_stand() {
        for length in 0..100 {
            for at in 0..length {
                let mut text: Vec<u8> = [0x21, 0x1f, 0xa0, 0x00, b'a', 0xff, 0x20 ^ 0x80, 0x21].into_iter().cycle().take(length).collect();
                assert_eq!((first_blank(&text), last_blank(&text), count_blanks(&text)), (length, None, 0));
                text[at] = b' ';
                assert_eq!((first_blank(&text), last_blank(&text), count_blanks(&text)), (at, Some(at), 1), "{length}");
                text[at..].fill(b' ');
                assert_eq!((first_blank(&text), last_blank(&text), count_blanks(&text)), (at, Some(length - 1), length - at));
            }
        }
        assert_eq!(count_blanks(&[b' '; 4000]), 4000);
    }

    proptest! {
        #[test]
        fn a_log_is_read_as_when_it_is_split_plainly(bytes in any_log(), piece in 1..700usize) {
            let expected = read_plainly(&bytes);
            prop_assert_eq!(&read_slowly(Slow(&bytes, piece)), &expected);
            prop_assert_eq!(&read(&bytes), &expected);
        }

        #[test]
        fn any_bytes_are_read_and_every_line_is_accounted_for(bytes: Vec<u8>, piece in 1..9usize) {
            let summary = read(&bytes);
            let facts = facts(&summary);
            prop_assert!(facts.requests + facts.unknown + facts.too_long <= facts.lines);
            prop_assert_eq!(&summary, &read_slowly(Slow(&bytes, piece)));
        }

        #[test]
        fn any_bytes_behind_a_heading_are_read(bytes: Vec<u8>) {
            let summary = read(&[FIELDS.as_bytes(), &bytes].concat());
            prop_assert_eq!(summary.requests() + facts(&summary).left_out, facts(&summary).requests);
        }

        #[test]
        fn the_order_of_files_changes_nothing(logs in prop::collection::vec((log(), 0..3u32), 3)) {
            let [a, b, c] = [0, 1, 2].map(|at| read_log(logs[at].0.as_bytes(), FileId(logs[at].1)));
            let mut taken_in = a.clone();
            taken_in.take_in(b.clone());
            prop_assert_eq!(&taken_in, &merge(a.clone(), b.clone()));
            let left = merge(merge(a.clone(), b.clone()), c.clone());
            prop_assert_eq!(&left, &merge(a.clone(), merge(b.clone(), c.clone())));
            prop_assert_eq!(&left, &merge(merge(c.clone(), a.clone()), b.clone()));
            prop_assert_eq!(merge(LogSummary::default(), a.clone()), a.clone());
            prop_assert_eq!(left.requests(), a.requests() + b.requests() + c.requests());
        }

        #[test]
        fn the_size_of_pieces_changes_nothing(text in log(), piece in 1..50usize) {
            prop_assert_eq!(read(text.as_bytes()), read_slowly(Slow(text.as_bytes(), piece)));
        }
    }
}
