//! From paths to servers: every file is read, recognised by its content and given to the server it belongs to; one unreadable file
//! never stops the others and is never hidden.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;
use std::io::Read;
use std::num::NonZeroUsize;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, OnceLock, PoisonError};

use serde::Serialize;

use crate::apphost::{self, ConfigFile, PlacedFile};
use crate::evidence::{self, ReadEvents, ReadStores, ReadVerifications};
use crate::httpsys::{self, ReadRecords, Source, TextKind};
use crate::input::{self, Charset, FileId, Input, Place, Remark};
use crate::metabase::{self, MbSchema};
use crate::schannel::{self, Schannel};
use crate::server::{Generation, Server, WindowsVersion};
use crate::workers::Workers;
use crate::xml::{Event, Limits, XmlError, XmlReader};

/// How files are read.
#[derive(Debug, Clone, Default)]
pub struct Options {
    /// Limits of the XML reader.
    pub limits: Limits,
    /// Encoding of files that have no byte order mark and are not UTF-8.
    pub encoding: Option<Charset>,
    /// What the named files are, whatever their content looks like.
    pub kind: Option<FileKind>,
    /// The version of Windows of all servers; otherwise files tell it, if any does.
    pub windows: Option<WindowsVersion>,
    /// Number of the first file, so that places of two estates can stand in one report: the files of the second are numbered on from
    /// those of the first.
    pub first_file: u32,
    /// Whether logs of IIS and HTTP.sys are read. They can be larger than all other files by far, so that only who uses them asks for
    /// them; otherwise they are recognised by their first bytes and counted in [`Estate::logs_not_read`].
    pub logs: bool,
    /// Threads that read; otherwise one a core. What is read does not depend on it.
    pub threads: Option<NonZeroUsize>,
    /// Is told how far the reading has come.
    pub progress: Option<Progress>,
}

/// How far the reading has come.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Step {
    /// Files that were looked at.
    pub done: usize,
    /// Files that there are.
    pub total: usize,
    /// Files that could not be read so far.
    pub unreadable: usize,
}

/// What is called after each file.
#[derive(Clone)]
pub struct Progress(Arc<dyn Fn(Step) + Send + Sync>);

impl Progress {
    /// Calls `tell` after each file.
    pub fn new(tell: impl Fn(Step) + Send + Sync + 'static) -> Self {
        Progress(Arc::new(tell))
    }
}

impl fmt::Debug for Progress {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("Progress")
    }
}

/// Everything that one run has read.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Estate {
    /// The files that were recognised, or that were named and could not be read. A [`crate::input::FileId`] is an index into this list.
    pub inputs: Vec<InputReport>,
    /// The servers, sorted by name.
    pub servers: Vec<Server>,
    /// Number of files in directories that are no configuration of IIS.
    pub skipped: usize,
    /// Number of logs in directories that were not read, because nobody asked for logs.
    pub logs_not_read: usize,
}

/// What became of one input file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct InputReport {
    /// Path as shown, with `/` between its parts.
    pub path: String,
    /// What the file is; `None` when that could not be told.
    pub kind: Option<FileKind>,
    /// Encoding it was read in.
    pub encoding: Option<&'static str>,
    /// Name of the server it belongs to.
    pub server: Option<String>,
    /// Why it could not be read.
    pub error: Option<InputError>,
    /// What a reader should know although the file was read.
    pub warnings: Vec<String>,
}

/// Why a file could not be read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct InputError {
    /// What is wrong and what to do.
    pub message: String,
    /// Line from 1, when the fault has one.
    pub line: Option<u32>,
    /// Column from 1, when the fault has one.
    pub column: Option<u32>,
}

/// What a file is, told by its content.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum FileKind {
    /// The metabase of IIS 6, or an export of it.
    MetaBase,
    /// The schema of the metabase.
    MbSchema,
    /// applicationHost.config of a server or of IIS Express.
    ApplicationHost,
    /// redirection.config.
    Redirection,
    /// A web.config.
    WebConfig,
    /// The listing of `netsh http show sslcert`, as text or JSON.
    SslCert,
    /// The output of `httpcfg query ssl`.
    Httpcfg,
    /// A registry export or the output of `reg query` with keys of HTTP.sys or Schannel.
    Registry,
    /// The output of `certutil -store`, of one certificate store or several.
    CertStore,
    /// The output of `certutil -verify`, with or without `-urlfetch`.
    CertVerify,
    /// Events of Windows, as XML, text or columns.
    Events,
    /// The policy file of a run, which is no configuration of a server.
    Policy,
    /// The baseline of a run, which is no configuration of a server.
    Baseline,
}

impl FileKind {
    /// Whether it says how a server is configured. Files of ours are inputs, too, so that places in them can be shown.
    pub fn is_configuration(self) -> bool {
        !matches!(self, FileKind::Policy | FileKind::Baseline)
    }

    /// The name that administrators use.
    pub fn name(self) -> &'static str {
        match self {
            FileKind::MetaBase => "MetaBase.xml",
            FileKind::MbSchema => "MBSchema.xml",
            FileKind::ApplicationHost => "applicationHost.config",
            FileKind::Redirection => "redirection.config",
            FileKind::WebConfig => "web.config",
            FileKind::SslCert => "netsh http show sslcert",
            FileKind::Httpcfg => "httpcfg query ssl",
            FileKind::Registry => "registry export",
            FileKind::CertStore => "certutil -store",
            FileKind::CertVerify => "certutil -verify",
            FileKind::Events => "export of events",
            FileKind::Policy => "policy file",
            FileKind::Baseline => "baseline",
        }
    }
}

/// Reads everything below `paths`.
pub fn read(paths: &[PathBuf], options: &Options) -> Estate {
    let discovered = input::discover(paths);
    let mut siblings: BTreeMap<PathBuf, Vec<PathBuf>> = BTreeMap::new();
    for input in discovered.inputs.iter().filter(|input| !input.named) {
        if let Some(directory) = input.path.parent() {
            siblings.entry(directory.to_path_buf()).or_default().push(input.path.clone());
        }
    }
    let shared = Shared { options, siblings, schemas: Schemas::default(), tally: Tally::new(options, discovered.inputs.len()) };
    let workers = Workers::new(options.threads, discovered.inputs.len());
    let mut reading = Reading::new(&shared, 0);
    for (path, message) in discovered.errors {
        reading.estate.inputs.push(InputReport::failed(path, None, message, None));
    }
    if workers.count() == 1 {
        for input in &discovered.inputs {
            let before = reading.estate.inputs.len();
            reading.take(input);
            shared.tally.told(reading.estate.inputs.get(before));
        }
    } else {
        reading.take_together(&discovered.inputs, &workers);
    }
    reading.finish(&workers)
}

/// So many bytes of files are held at once, when several threads read, unless a single file has more.
const HELD: u64 = 256 << 20;
/// So many files are read for each thread before their results are joined.
const FILES_A_THREAD: usize = 64;

/// How many of the next files are read together.
fn together(inputs: &[Input], workers: &Workers) -> usize {
    let mut bytes = 0u64;
    let fits = |input: &&Input| {
        // What cannot be looked at fails when it is opened. Nobody knows how much standard input will give.
        let size = if input.path.as_os_str() == "-" { HELD } else { std::fs::metadata(&input.path).map_or(0, |metadata| metadata.len()) };
        bytes = bytes.saturating_add(size);
        bytes <= HELD
    };
    inputs.iter().take(FILES_A_THREAD * workers.count()).take_while(fits).count().max(1)
}

/// What all threads know.
struct Shared<'a> {
    options: &'a Options,
    /// The files of every directory.
    siblings: BTreeMap<PathBuf, Vec<PathBuf>>,
    schemas: Schemas,
    tally: Tally<'a>,
}

/// A schema, read when the first metabase asks for it; `None` for a file that is none.
type Schema = Arc<OnceLock<Option<MbSchema>>>;

/// Schema files by path, so that one beside many metabases is read once. Nothing in a schema says where it was read, so that it does not
/// matter who reads it first.
#[derive(Default)]
struct Schemas(Mutex<BTreeMap<PathBuf, Schema>>);

impl Schemas {
    fn of(&self, path: &Path) -> Schema {
        let mut known = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        Arc::clone(known.entry(path.to_path_buf()).or_default())
    }
}

/// Counts files that were looked at, and tells it one after the other.
struct Tally<'a> {
    progress: Option<&'a Progress>,
    total: usize,
    /// Files that were looked at, and those of them that could not be read.
    counted: Mutex<(usize, usize)>,
}

impl Tally<'_> {
    fn new(options: &Options, total: usize) -> Tally<'_> {
        Tally { progress: options.progress.as_ref(), total, counted: Mutex::new((0, 0)) }
    }

    fn told(&self, report: Option<&InputReport>) {
        let Some(Progress(tell)) = self.progress else { return };
        let mut counted = self.counted.lock().unwrap_or_else(PoisonError::into_inner);
        counted.0 += 1;
        counted.1 += usize::from(report.is_some_and(|report| report.error.is_some()));
        // Told under the lock: otherwise an earlier step could come after a later one.
        tell(Step { done: counted.0, total: self.total, unreadable: counted.1 });
    }
}

/// A server file that was read, and where it lies.
struct Host {
    input: Input,
    file: FileId,
    said: Said,
}

enum Said {
    Metabase(Box<metabase::Metabase>),
    ApplicationHost(Box<ConfigFile>),
}

impl Host {
    /// Whether it is more than a location tag that somebody cut out.
    fn is_whole_server(&self) -> bool {
        !matches!(&self.said, Said::ApplicationHost(config) if config.is_location_of_a_site())
    }
}

/// A web.config or redirection.config, and where it lies.
struct Config {
    input: Input,
    file: FileId,
    config: ConfigFile,
}

/// The server that a configuration file belongs to, as an index, and the directory of the file relative to the server's tree.
type Owner = (usize, Vec<String>);

/// What a listing, registry export or export of events says, and where it lies.
struct Evidence {
    input: Input,
    file: FileId,
    records: Option<ReadRecords>,
    schannel: Option<Schannel>,
    /// The version of Windows, and where it stands.
    windows: Option<(WindowsVersion, Place)>,
    stores: Option<ReadStores>,
    events: Option<ReadEvents>,
    verifications: Option<ReadVerifications>,
}

impl Evidence {
    fn of(input: &Input, file: FileId) -> Evidence {
        Evidence {
            input: input.clone(),
            file,
            records: None,
            schannel: None,
            windows: None,
            stores: None,
            events: None,
            verifications: None,
        }
    }

    /// Whether it says something that counts on IIS 6, where HTTP.sys has no settings of its own.
    fn counts_on_iis_6(&self) -> bool {
        self.stores.is_some()
            || self.events.is_some()
            || self.verifications.is_some()
            || self.windows.is_some()
            || self.schannel.as_ref().is_some_and(|schannel| schannel.place.is_some())
    }

    fn says_more_than_the_version(&self) -> bool {
        self.records.is_some() || self.schannel.is_some() || self.stores.is_some() || self.events.is_some() || self.verifications.is_some()
    }

    fn of_events(input: &Input, file: FileId, events: ReadEvents) -> Evidence {
        Evidence { events: Some(events), ..Evidence::of(input, file) }
    }
}

struct Reading<'a> {
    options: &'a Options,
    shared: &'a Shared<'a>,
    /// Number of files that were reported before those of this reading.
    before: usize,
    estate: Estate,
    hosts: Vec<Host>,
    configs: Vec<Config>,
    evidence: Vec<Evidence>,
}

/// So much of a file that is no XML is looked at to tell whether it is a listing or a registry export. An even number, so that no UTF-16
/// unit is cut.
const HEAD: u64 = 1 << 16;

/// What a file should be.
const EXPECTED: &str = "expected MetaBase.xml, MBSchema.xml, applicationHost.config, redirection.config, web.config, the output of `netsh http show sslcert` or \
     `httpcfg query ssl` or `certutil -store` or `certutil -verify`, a registry export or an export of events";

/// The bytes of a file; `None` for one that is not ours, and why it cannot be read.
type Bytes = Result<Option<Vec<u8>>, String>;

impl<'a> Reading<'a> {
    fn new(shared: &'a Shared<'a>, before: usize) -> Self {
        let (hosts, configs, evidence) = (Vec::new(), Vec::new(), Vec::new());
        Reading { options: shared.options, shared, before, estate: Estate::default(), hosts, configs, evidence }
    }

    /// Number of the file that is reported next.
    fn next_file(&self) -> FileId {
        let index = self.before + self.estate.inputs.len();
        FileId(self.options.first_file.saturating_add(u32::try_from(index).unwrap_or(u32::MAX)))
    }

    /// Takes all files with several threads. The number of a file stands in every place that is read from it, and it depends on how many
    /// files before it are reported; so it is told first which are, and then all are read with their numbers.
    fn take_together(&mut self, inputs: &[Input], workers: &Workers) {
        let shared = self.shared;
        let mut rest = inputs;
        while !rest.is_empty() {
            let (batch, later) = rest.split_at(together(rest, workers).min(rest.len()));
            rest = later;
            let probe = Reading::new(shared, 0);
            let looked_at = workers.map(batch.iter().collect(), |input| {
                let bytes = probe.bytes(input);
                let is_reported = probe.is_reported(input, &bytes);
                (input, bytes, is_reported)
            });
            let mut next = self.estate.inputs.len();
            let numbered = looked_at.into_iter().map(|(input, bytes, is_reported)| {
                let number = next;
                next += usize::from(is_reported);
                (input, bytes, number)
            });
            let taken = workers.map(numbered.collect(), |(input, bytes, number)| {
                let mut one = Reading::new(shared, number);
                one.take_bytes(input, bytes);
                shared.tally.told(one.estate.inputs.first());
                (input, one)
            });
            for (input, one) in taken {
                let fits = one.estate.inputs.is_empty() || one.before == self.estate.inputs.len();
                debug_assert!(fits, "{} was taken for another number", input.display());
                if fits {
                    self.join(one);
                } else {
                    self.take(input);
                }
            }
        }
    }

    fn join(&mut self, one: Reading<'_>) {
        self.estate.inputs.extend(one.estate.inputs);
        self.estate.skipped += one.estate.skipped;
        self.estate.logs_not_read += one.estate.logs_not_read;
        self.hosts.extend(one.hosts);
        self.configs.extend(one.configs);
        self.evidence.extend(one.evidence);
    }

    /// Whether a file will be reported, and so has a number, or is skipped.
    fn is_reported(&self, input: &Input, bytes: &Bytes) -> bool {
        let bytes = match bytes {
            Err(_) => return true,
            Ok(None) => return false,
            Ok(Some(_)) if input.named => return true,
            Ok(Some(bytes)) => bytes,
        };
        if !looks_like_xml(bytes) || looks_like_event_xml(bytes) {
            let known = |text: &str| {
                looks_like_event_xml(bytes) || httpsys::recognise_text(text).is_some() || evidence::recognise_text(text).is_some()
            };
            if input::decode_text(bytes, self.options.encoding).is_ok_and(|decoded| known(&decoded.text)) {
                return true;
            }
        }
        let Ok(decoded) = input::decode(bytes, self.options.encoding) else { return self.must_be_ours(input) };
        match root_element(&decoded.text, FileId(0), self.options.limits) {
            Ok(root) => Shape::of_root(&root).is_some(),
            Err(_) => self.must_be_ours(input),
        }
    }

    fn take(&mut self, input: &Input) {
        self.take_bytes(input, self.bytes(input));
    }

    fn take_bytes(&mut self, input: &Input, bytes: Bytes) {
        let bytes = match bytes {
            Ok(Some(bytes)) => bytes,
            Ok(None) => {
                self.estate.skipped += 1;
                return;
            }
            Err(message) => {
                self.estate.inputs.push(InputReport::failed(input.display(), self.kind_by_name(input), message, None));
                return;
            }
        };
        let forced_text = self.options.kind.filter(|kind| input.named && is_text(*kind));
        if self.take_event_xml(input, &bytes) {
            return;
        }
        if (forced_text.is_some() || !looks_like_xml(&bytes)) && self.take_text(input, &bytes, forced_text) {
            return;
        }
        let decoded = match input::decode(&bytes, self.options.encoding) {
            Ok(decoded) => decoded,
            Err(error) => {
                if self.must_be_ours(input) {
                    let report = InputReport::failed(input.display(), self.kind_by_name(input), error.to_string(), Some((error.line, 1)));
                    self.estate.inputs.push(report);
                } else {
                    self.estate.skipped += 1;
                }
                return;
            }
        };
        let file = self.next_file();
        let root = root_element(&decoded.text, file, self.options.limits);
        let forced = self.options.kind.filter(|_| input.named);
        let looks = root.as_ref().ok().and_then(Shape::of_root);
        // Read as something else, every line of the file would be unknown and nothing would be found in it.
        if let (Some(kind), Some(looks)) = (forced, looks)
            && Shape::of_kind(kind) != Some(looks)
        {
            let message = format!("its content is not that of {}, as --as says, but that of {}", kind.name(), looks.name());
            self.estate.inputs.push(InputReport::failed(input.display(), Some(kind), message, None));
            return;
        }
        let shape = match (forced, &root) {
            (Some(kind), _) => Shape::of_kind(kind),
            (None, Ok(root)) => Shape::of_root(root),
            (None, Err(_)) => None,
        };
        let mut report = InputReport {
            path: input.display(),
            kind: None,
            encoding: Some(decoded.encoding),
            server: None,
            error: None,
            warnings: decoded.warning.into_iter().collect(),
        };
        let outcome = match (shape, root) {
            (None, Err(_)) if input.named && !looks_like_xml(&bytes) => {
                report.error = Some(InputError { message: format!("is no XML; {EXPECTED}"), line: None, column: None });
                self.estate.inputs.push(report);
                return;
            }
            (None, Err(error)) if self.must_be_ours(input) => Err(error),
            (None, _) if input.named => {
                let message = format!("not recognised; {EXPECTED}; --as names the kind");
                report.error = Some(InputError { message, line: None, column: None });
                self.estate.inputs.push(report);
                return;
            }
            (None, _) => {
                self.estate.skipped += 1;
                return;
            }
            (Some(Shape::Schema), _) => {
                report.kind = Some(FileKind::MbSchema);
                MbSchema::read(&decoded.text, file, self.options.limits).map(|schema| {
                    if has_head_of_schema(&bytes) {
                        // Where a metabase has asked for it already, it is known.
                        let _ = self.shared.schemas.of(&input.path).set(Some(schema));
                    }
                })
            }
            (Some(Shape::Metabase), _) => {
                report.kind = Some(FileKind::MetaBase);
                if decoded.encoding.starts_with("UTF-16") {
                    report
                        .warnings
                        .push(format!("{}: whether IIS 6 reads a metabase in this encoding is not documented", decoded.encoding));
                }
                let beside = self.schema_beside(input);
                let schema = beside.as_ref().and_then(|schema| schema.get()).and_then(Option::as_ref);
                metabase::read(&decoded.text, file, self.options.limits, schema).map(|said| {
                    self.hosts.push(Host { input: input.clone(), file, said: Said::Metabase(Box::new(said)) });
                })
            }
            (Some(Shape::Configuration), _) => apphost::read(&decoded.text, file, self.options.limits).map(|config| {
                let kind = forced.unwrap_or_else(|| config.kind());
                report.kind = Some(kind);
                report.warnings.extend(config.warnings());
                if kind == FileKind::ApplicationHost {
                    self.hosts.push(Host { input: input.clone(), file, said: Said::ApplicationHost(Box::new(config)) });
                } else {
                    self.configs.push(Config { input: input.clone(), file, config });
                }
            }),
        };
        if let Err(error) = outcome {
            report.kind = report.kind.or_else(|| self.kind_by_name(input));
            report.error = Some(InputError { message: error.to_string(), line: Some(error.place.line), column: Some(error.place.column) });
        }
        self.estate.inputs.push(report);
    }

    /// Takes a file of events as XML; whether it was one.
    fn take_event_xml(&mut self, input: &Input, bytes: &[u8]) -> bool {
        let forced = self.options.kind.filter(|_| input.named);
        if forced.is_some_and(|kind| kind != FileKind::Events) || !looks_like_event_xml(bytes) {
            return false;
        }
        let Ok(decoded) = input::decode_text(bytes, self.options.encoding) else { return false };
        let file = self.next_file();
        match evidence::read_events_xml(&decoded.text, file, self.options.limits) {
            Ok(events) => self.keep(input, decoded, FileKind::Events, Evidence::of_events(input, file, events)),
            Err(error) => {
                let place = Some((error.place.line, error.place.column));
                self.estate.inputs.push(InputReport::failed(input.display(), Some(FileKind::Events), error.to_string(), place));
            }
        }
        true
    }

    /// Keeps what a text says besides configuration, and reports the file.
    fn keep(&mut self, input: &Input, decoded: input::Decoded<'_>, kind: FileKind, evidence: Evidence) {
        let mut warnings: Vec<String> = decoded.warning.into_iter().collect();
        warnings.extend(remarks_of(evidence.stores.as_ref(), evidence.events.as_ref(), evidence.verifications.as_ref()));
        self.estate.inputs.push(InputReport {
            path: input.display(),
            kind: Some(kind),
            encoding: Some(decoded.encoding),
            server: None,
            error: None,
            warnings,
        });
        self.evidence.push(evidence);
    }

    /// Takes a file that is no XML, when it is a listing of SSL records or a registry export; whether it was one.
    fn take_text(&mut self, input: &Input, bytes: &[u8], forced: Option<FileKind>) -> bool {
        let Ok(decoded) = input::decode_text(bytes, self.options.encoding) else { return false };
        let file = self.next_file();
        let text = &*decoded.text;
        let asked = match forced {
            Some(FileKind::CertStore) => Some(evidence::TextKind::Stores),
            Some(FileKind::CertVerify) => Some(evidence::TextKind::Verifications),
            Some(FileKind::Events) => Some(evidence::TextKind::Events),
            _ => None,
        };
        let kind = match (httpsys::recognise_text(text).filter(|_| asked.is_none()), forced) {
            (Some(kind), _) => kind,
            (None, Some(FileKind::SslCert)) => TextKind::Listing,
            (None, Some(FileKind::Httpcfg)) => TextKind::Httpcfg,
            (None, Some(FileKind::Registry)) => TextKind::RegistryBoth,
            (None, _) => {
                let (kind, evidence) = match asked.or_else(|| evidence::recognise_text(text)) {
                    Some(evidence::TextKind::Stores) => {
                        (FileKind::CertStore, Evidence { stores: Some(evidence::read_stores(text, file)), ..Evidence::of(input, file) })
                    }
                    Some(evidence::TextKind::Verifications) => {
                        let verifications = Some(evidence::read_verifications(text, file));
                        (FileKind::CertVerify, Evidence { verifications, ..Evidence::of(input, file) })
                    }
                    Some(evidence::TextKind::Events) => {
                        (FileKind::Events, Evidence::of_events(input, file, evidence::read_events(text, file)))
                    }
                    None => return false,
                };
                self.keep(input, decoded, kind, evidence);
                return true;
            }
        };
        let records = match kind {
            TextKind::Listing => Some(httpsys::read_listing(text, file)),
            TextKind::ListingJson => Some(httpsys::read_json(text, file)),
            TextKind::RegistryHttp | TextKind::RegistryBoth => Some(httpsys::read_registry(text, file)),
            TextKind::Httpcfg => Some(httpsys::read_httpcfg(text, file)),
            TextKind::RegistrySchannel | TextKind::RegistryWindows => None,
        };
        let schannel = match kind {
            TextKind::RegistryHttp | TextKind::RegistryBoth | TextKind::RegistrySchannel => Some(schannel::read_schannel(text, file)),
            TextKind::Listing | TextKind::ListingJson | TextKind::Httpcfg | TextKind::RegistryWindows => None,
        };
        let windows = match kind {
            TextKind::Listing | TextKind::ListingJson | TextKind::Httpcfg => None,
            _ => schannel::read_windows(text, file),
        };
        let mut warnings: Vec<String> = decoded.warning.into_iter().collect();
        warnings.extend(remarks(records.as_ref(), schannel.as_ref()));
        if kind == TextKind::RegistryWindows && windows.is_none() {
            warnings.push("it tells no version of Windows that is known here; --windows can name it".to_owned());
        }
        self.estate.inputs.push(InputReport {
            path: input.display(),
            kind: Some(match kind {
                TextKind::Listing | TextKind::ListingJson => FileKind::SslCert,
                TextKind::Httpcfg => FileKind::Httpcfg,
                TextKind::RegistryHttp | TextKind::RegistryBoth | TextKind::RegistrySchannel | TextKind::RegistryWindows => {
                    FileKind::Registry
                }
            }),
            encoding: Some(decoded.encoding),
            server: None,
            error: None,
            warnings,
        });
        self.evidence.push(Evidence { records, schannel, windows, ..Evidence::of(input, file) });
        true
    }

    /// The bytes of a file; `None` for a file in a directory whose first bytes are neither those of XML nor of a listing or registry
    /// export, and whose name promises nothing.
    fn bytes(&self, input: &Input) -> Bytes {
        let limit = self.options.limits.file_bytes;
        let mut bytes = Vec::new();
        let told = |error: std::io::Error| format!("cannot be read: {error}");
        if input.path.as_os_str() == "-" {
            std::io::stdin().lock().take(limit + 1).read_to_end(&mut bytes).map_err(told)?;
        } else {
            let mut file = std::fs::File::open(&input.path).map_err(told)?;
            (&mut file).take(512).read_to_end(&mut bytes).map_err(told)?;
            if !input.named && !self.must_be_ours(input) && !looks_like_xml(&bytes) {
                (&mut file).take(HEAD - 512).read_to_end(&mut bytes).map_err(told)?;
                let known = |text: &str| httpsys::recognise_text(text).is_some() || evidence::recognise_text(text).is_some();
                if !input::decode_text(&bytes, self.options.encoding).is_ok_and(|decoded| known(&decoded.text)) {
                    return Ok(None);
                }
            }
            let rest = (limit + 1).saturating_sub(bytes.len() as u64);
            file.take(rest).read_to_end(&mut bytes).map_err(told)?;
        }
        if bytes.len() as u64 > limit {
            return Err(format!("refused: larger than {limit} bytes"));
        }
        if bytes.is_empty() && (input.named || self.must_be_ours(input)) {
            return Err("the file is empty".to_owned());
        }
        Ok(Some(bytes))
    }

    /// Whether a file that cannot be recognised must be reported: it was named, or it has the name of a file that holds configuration.
    fn must_be_ours(&self, input: &Input) -> bool {
        input.named || self.kind_by_name(input).is_some()
    }

    /// What the name of a file promises. It never decides what a file is, only what an unreadable one should have been.
    fn kind_by_name(&self, input: &Input) -> Option<FileKind> {
        let name = input.path.file_name()?.to_str()?;
        [FileKind::MetaBase, FileKind::MbSchema, FileKind::ApplicationHost, FileKind::Redirection, FileKind::WebConfig]
            .into_iter()
            .find(|kind| kind.name().eq_ignore_ascii_case(name))
    }

    /// The schema that belongs to a metabase: in the history folder the one with the same numbers, else the one beside it.
    fn schema_beside(&self, input: &Input) -> Option<Schema> {
        if input.path.as_os_str() == "-" {
            return None;
        }
        let directory = input.path.parent()?;
        let name = input.path.file_name()?.to_str()?.to_ascii_lowercase();
        let paired = name.strip_prefix("metabase").map(|rest| format!("mbschema{rest}"));
        let mut beside: Vec<PathBuf> = if input.named {
            let entries = std::fs::read_dir(directory_or_here(directory)).ok()?;
            let wanted = |path: &PathBuf| {
                let name = path.file_name().and_then(|name| name.to_str()).map(str::to_ascii_lowercase);
                name.as_deref() == Some("mbschema.xml") || (name.is_some() && name == paired)
            };
            entries.filter_map(Result::ok).map(|entry| directory.join(entry.file_name())).filter(wanted).collect()
        } else {
            self.shared.siblings.get(directory).cloned().unwrap_or_default()
        };
        beside.sort();
        beside.retain(|path| *path != input.path);
        let is_paired = |path: &Path| {
            let name = path.file_name().and_then(|name| name.to_str()).map(str::to_ascii_lowercase);
            name.is_some() && name == paired
        };
        let schema = |path: PathBuf| {
            let schema = self.shared.schemas.of(&path);
            schema.get_or_init(|| read_schema(&path, self.options)).is_some().then_some((path, schema))
        };
        let mut schemas = beside.into_iter().filter_map(schema);
        let (path, first) = schemas.next()?;
        if is_paired(&path) {
            return Some(first);
        }
        Some(schemas.find(|(path, _)| is_paired(path)).map_or(first, |(_, paired)| paired))
    }

    fn finish(mut self, workers: &Workers) -> Estate {
        let first = self.options.first_file;
        let (owners, owners_of_evidence) = self.owners();
        let orphans = self.configs.iter().zip(&owners).filter(|(_, owner)| owner.is_none()).map(|(config, _)| (&config.input, false));
        let mut names = names(&self.hosts.iter().map(|host| (&host.input, host.is_whole_server())).chain(orphans).collect::<Vec<_>>());
        let names_of_orphans = names.split_off(self.hosts.len());
        let mut placed: Vec<Vec<PlacedFile>> = self.hosts.iter().map(|_| Vec::new()).collect();
        let mut placed_files: Vec<Vec<FileId>> = self.hosts.iter().map(|_| Vec::new()).collect();
        let mut redirections: Vec<Option<ConfigFile>> = self.hosts.iter().map(|_| None).collect();
        let mut evidence: Vec<Vec<Evidence>> = self.hosts.iter().map(|_| Vec::new()).collect();
        let mut evidence_alone: BTreeMap<String, Vec<Evidence>> = BTreeMap::new();
        let no_servers = self.hosts.is_empty();
        for (one, owner) in std::mem::take(&mut self.evidence).into_iter().zip(owners_of_evidence) {
            match owner {
                Some(host) => evidence[host].push(one),
                // Without any server file the records are all that is known of their server.
                None if no_servers && one.says_more_than_the_version() => {
                    evidence_alone.entry(name_of_evidence(&one.input)).or_default().push(one)
                }
                None => {
                    if let Some(report) = report_of(&mut self.estate, first, one.file) {
                        report.warnings.push(
                            "belongs to no server: put it into the directory of its server, or give it the same name up to the first dot as \
                             the server's file"
                                .to_owned(),
                        );
                    }
                }
            }
        }
        let mut given = Names { taken: names.iter().chain(&names_of_orphans).cloned().collect(), next: BTreeMap::new() };
        let mut alone = Vec::new();
        for (config, owner) in self.configs.into_iter().zip(owners) {
            let Some((host, directory)) = owner else {
                alone.push(config);
                continue;
            };
            placed_files[host].push(config.file);
            if let Some(report) = report_of(&mut self.estate, first, config.file) {
                report.server = Some(names[host].clone());
            }
            match config.config.kind() {
                FileKind::Redirection => redirections[host] = Some(config.config),
                _ => placed[host].push(PlacedFile { directory, config: config.config }),
            }
        }
        let assembled = workers.map(self.hosts.iter().enumerate().collect(), |(index, host)| {
            let name = names[index].clone();
            match &host.said {
                Said::Metabase(metabase) => metabase::assemble(metabase, name),
                Said::ApplicationHost(config) => apphost::assemble(config, &placed[index], redirections[index].as_ref(), name),
            }
        });
        for ((index, host), mut server) in self.hosts.iter().enumerate().zip(assembled) {
            if let Some(report) = report_of(&mut self.estate, first, host.file) {
                report.server = Some(server.name.clone());
            }
            server.inputs = std::iter::once(host.file).chain(placed_files[index].iter().copied()).collect();
            server.windows = self.options.windows;
            give(&mut server, std::mem::take(&mut evidence[index]), &mut self.estate, first);
            self.estate.servers.push(server);
        }
        for (name, files) in evidence_alone {
            // Nothing but Windows Server 2003 and Windows XP has that tool.
            let old = files.iter().all(|file| file.records.as_ref().is_some_and(of_httpcfg));
            let generation = if old { Generation::Iis6 } else { Generation::Iis7 };
            let mut server = Server::unknown(given.give(name), generation);
            server.windows = self.options.windows;
            give(&mut server, files, &mut self.estate, first);
            self.estate.servers.push(server);
        }
        for (config, name) in alone.into_iter().zip(names_of_orphans) {
            // A redirection without its server says where the configuration is, and nothing about any site.
            let mut server = match config.config.kind() {
                FileKind::Redirection => apphost::assemble(&config.config, &[], Some(&config.config), name.clone()),
                _ => apphost::assemble(&config.config, &[], None, name.clone()),
            };
            server.inputs = vec![config.file];
            server.windows = self.options.windows;
            if let Some(report) = report_of(&mut self.estate, first, config.file) {
                report.server = Some(name);
            }
            self.estate.servers.push(server);
        }
        self.estate.servers.sort_by(|a, b| a.name.cmp(&b.name));
        self.estate
    }

    /// For every web.config and redirection.config the server whose tree it lies in, and its directory relative to that tree. The tree
    /// of a server is the highest directory that holds no other server.
    fn owners(&self) -> (Vec<Option<Owner>>, Vec<Option<usize>>) {
        // A lone location tag knows of no directories.
        let applies = |host: &Host| matches!(&host.said, Said::ApplicationHost(_)) && host.is_whole_server();
        let mut servers_below: BTreeMap<PathBuf, Vec<usize>> = BTreeMap::new();
        for (index, host) in self.hosts.iter().enumerate().filter(|(_, host)| applies(host) && !host.input.named) {
            for directory in host.input.path.ancestors().skip(1) {
                let below = servers_below.entry(directory.to_path_buf()).or_default();
                // Two are enough to know that a directory belongs to no single server.
                if below.len() < 2 {
                    below.push(index);
                }
                if directory == host.input.root {
                    break;
                }
            }
        }
        let mut applicable = self.hosts.iter().enumerate().filter(|(_, host)| applies(host));
        let only = match (applicable.next(), applicable.next()) {
            (Some((index, _)), None) => Some(index),
            _ => None,
        };
        let tree = |input: &Input| {
            let mut tree: Option<(usize, PathBuf)> = None;
            for directory in input.path.ancestors().skip(1) {
                match servers_below.get(directory).map(Vec::as_slice) {
                    Some([index]) => tree = Some((*index, directory.to_path_buf())),
                    Some(_) => break,
                    None => {}
                }
            }
            tree
        };
        let owner = |config: &Config| {
            if config.input.path.as_os_str() == "-" {
                return None;
            }
            let directory = config.input.path.parent().unwrap_or(Path::new(""));
            match (tree(&config.input), only) {
                (Some((index, root)), _) => Some((index, parts_of(directory.strip_prefix(root).unwrap_or(directory)))),
                (None, Some(index)) => Some((index, parts_of(directory))),
                (None, None) => None,
            }
        };
        let mut by_stem: BTreeMap<(Option<PathBuf>, String), Option<usize>> = BTreeMap::new();
        let mut by_directory: BTreeMap<Option<PathBuf>, Option<usize>> = BTreeMap::new();
        let mut whole = None;
        for (index, host) in self.hosts.iter().enumerate().filter(|(_, host)| host.is_whole_server()) {
            // Two servers of one stem, or in one directory, have no evidence in common.
            by_stem.entry((directory_of(&host.input), first_stem(&host.input))).and_modify(|known| *known = None).or_insert(Some(index));
            by_directory.entry(directory_of(&host.input)).and_modify(|known| *known = None).or_insert(Some(index));
            whole = match whole {
                None => Some(Some(index)),
                Some(_) => Some(None),
            };
        }
        // In a flat folder a stem says more than the folder: web01.sslcert.txt belongs to web01.config. What lies beside a metabase belongs
        // to it as well, so that it can be said why it is not used.
        let owner_of_evidence = |evidence: &Evidence| {
            let directory = directory_of(&evidence.input);
            let beside = by_directory.get(&directory).copied().flatten();
            let paired = by_stem.get(&(directory, first_stem(&evidence.input))).copied().flatten();
            paired.or_else(|| tree(&evidence.input).map(|(index, _)| index)).or(beside).or(only).or(whole.flatten())
        };
        (self.configs.iter().map(owner).collect(), self.evidence.iter().map(owner_of_evidence).collect())
    }
}

/// The names of the servers made from `files`, each with whether it is the file of a whole server. A server is named by its directory, or
/// by its file where one directory holds several; a lone piece never takes the name of the directory from the server's file in it. Equal
/// names are told apart by the directories above.
fn names(files: &[(&Input, bool)]) -> Vec<String> {
    let directories: Vec<Option<PathBuf>> = files.iter().map(|(input, _)| directory_of(input)).collect();
    let mut whole_in: BTreeMap<&Option<PathBuf>, usize> = BTreeMap::new();
    let mut files_in: BTreeMap<&Option<PathBuf>, usize> = BTreeMap::new();
    let mut stems_in: BTreeMap<(&Option<PathBuf>, String), usize> = BTreeMap::new();
    for ((input, whole), directory) in files.iter().zip(&directories) {
        *whole_in.entry(directory).or_default() += usize::from(*whole);
        *files_in.entry(directory).or_default() += 1;
        *stems_in.entry((directory, stem(input))).or_default() += 1;
    }
    let mut names: Vec<Vec<String>> = Vec::new();
    for ((input, whole), directory) in files.iter().zip(&directories) {
        let mut parts = directory.as_deref().map(parts_of).unwrap_or_default();
        while parts.len() > 1 && parts.last().is_some_and(|part| is_folder_of_iis(part)) {
            parts.pop();
        }
        let rivals = if *whole { &whole_in } else { &files_in };
        if rivals.get(directory).is_some_and(|files| *files > 1) || parts.is_empty() {
            let stem = stem(input);
            let shared = stems_in.get(&(directory, stem.clone())).is_some_and(|files| *files > 1);
            parts.push(match input.path.file_name().filter(|_| shared && directory.is_some()) {
                Some(name) => name.to_string_lossy().into_owned(),
                None => stem,
            });
        }
        names.push(parts);
    }
    let mut lengths = vec![1; names.len()];
    loop {
        let mut by_name: BTreeMap<String, Vec<usize>> = BTreeMap::new();
        for (index, parts) in names.iter().enumerate() {
            by_name.entry(tail(parts, lengths[index])).or_default().push(index);
        }
        let mut grew = false;
        for indexes in by_name.values().filter(|indexes| indexes.len() > 1) {
            for index in indexes {
                if lengths[*index] < names[*index].len() {
                    lengths[*index] += 1;
                    grew = true;
                }
            }
        }
        if !grew {
            let mut given = Names::default();
            return names.iter().zip(lengths).map(|(parts, length)| given.give(tail(parts, length))).collect();
        }
    }
}

/// The name of a file without its ending.
fn stem(input: &Input) -> String {
    match input.path.file_stem() {
        Some(stem) if input.path.as_os_str() != "-" => stem.to_string_lossy().into_owned(),
        _ => "stdin".to_owned(),
    }
}

/// Gives a server the records and registry values that belong to it. A listing says more than a registry export, so where both have a
/// record the listing counts.
fn give(server: &mut Server, files: Vec<Evidence>, estate: &mut Estate, first: u32) {
    let rank = |source: Source| match source {
        Source::Listing | Source::Httpcfg => 0,
        Source::Json => 1,
        Source::Registry => 2,
    };
    let metabase = server.generation == Generation::Iis6 && !server.inputs.is_empty();
    let mut all: Option<ReadRecords> = None;
    for one in files {
        let report = report_of(estate, first, one.file);
        let is_old = one.records.as_ref().is_some_and(of_httpcfg)
            || one.records.as_ref().is_some_and(|records| records.records.iter().any(|record| record.source == Source::Registry));
        if let Some(report) = report {
            report.server = Some(server.name.clone());
            if let (Some((told, _)), Some(known)) = (one.windows, server.windows)
                && told != known
            {
                report.warnings.push(format!("it is of {told}, but {known} was named, which counts"));
            }
            if metabase && one.records.is_some() && !is_old {
                report.warnings.push("not used: on IIS 6 the metabase holds the settings of SSL endpoints".to_owned());
            }
            if metabase && !is_old && !one.counts_on_iis_6() {
                continue;
            }
        }
        server.inputs.push(one.file);
        server.windows = server.windows.or(one.windows.map(|(version, _)| version));
        server.evidence.verifications.extend(one.verifications.into_iter().flat_map(|read| read.verifications));
        server.evidence.stores.extend(one.stores.into_iter().flat_map(|read| read.stores));
        if let Some(read) = one.events {
            server.evidence.events.get_or_insert_default().extend(read.events);
        }
        if let Some(records) = one.records.filter(|_| !metabase || is_old) {
            let all = all.get_or_insert_default();
            // An export of the registry says nothing about how much a listing shows.
            if records.records.iter().any(|record| record.source != Source::Registry) {
                let listed = all.records.iter().any(|record| record.source != Source::Registry);
                all.extent = if listed { all.extent.max(records.extent) } else { records.extent };
            }
            all.records.extend(records.records);
            all.unknown.extend(records.unknown);
            all.stray.extend(records.stray);
            all.not_found = all.not_found.or(records.not_found);
            all.warnings.extend(records.warnings);
        }
        if let Some(schannel) = one.schannel.filter(|schannel| schannel.place.is_some() || schannel.http.place.is_some()) {
            // An export of Schannel says more than one of HTTP\Parameters alone.
            if server.schannel.as_ref().is_none_or(|known| known.place.is_none()) {
                server.schannel = Some(schannel);
            }
        }
    }
    if let Some(mut records) = all {
        // The sort is stable: within one kind of source the order of the files stays.
        records.records.sort_by_key(|record| rank(record.source));
        if metabase {
            httpsys::run(server, records);
        } else {
            httpsys::join(server, records);
        }
    }
}

/// Whether these are the records of `httpcfg query ssl`.
fn of_httpcfg(records: &ReadRecords) -> bool {
    records.records.first().is_some_and(|record| record.source == Source::Httpcfg)
}

/// What a reader should know of a listing or registry export: its warnings, and the lines that are not understood.
fn remarks(records: Option<&ReadRecords>, schannel: Option<&Schannel>) -> Vec<String> {
    let warnings = records.iter().flat_map(|records| &records.warnings).chain(schannel.iter().flat_map(|schannel| &schannel.warnings));
    let within = records.iter().flat_map(|records| records.records.iter().flat_map(|record| &record.unknown).chain(&records.unknown));
    let mut unknown: Vec<(u32, &str)> = within.map(|unknown| (unknown.place.line, unknown.text.as_str())).collect();
    unknown.extend(schannel.iter().flat_map(|schannel| &schannel.unknown_lines).map(|(text, place)| (place.line, text.as_str())));
    worded(warnings, unknown)
}

/// The same of listings of certificate stores and of events. A line that comes again is said once.
fn remarks_of(stores: Option<&ReadStores>, events: Option<&ReadEvents>, verifications: Option<&ReadVerifications>) -> Vec<String> {
    let warnings = stores.iter().flat_map(|read| &read.warnings).chain(events.iter().flat_map(|read| &read.warnings));
    let warnings = warnings.chain(verifications.iter().flat_map(|read| &read.warnings));
    let certificates = stores
        .iter()
        .flat_map(|read| &read.stores)
        .flat_map(|store| store.unknown.iter().chain(store.certificates.iter().flat_map(|certificate| &certificate.unknown)));
    let outside = stores.iter().flat_map(|read| &read.unknown).chain(events.iter().flat_map(|read| &read.unknown));
    let verified = verifications.iter().flat_map(|read| read.not_understood());
    let mut texts = BTreeMap::new();
    for unknown in certificates.chain(outside).chain(verified) {
        let first = texts.entry(unknown.text.as_str()).or_insert(unknown.place.line);
        *first = unknown.place.line.min(*first);
    }
    worded(warnings, texts.into_iter().map(|(text, line)| (line, text)).collect())
}

fn worded<'a>(warnings: impl Iterator<Item = &'a Remark>, mut unknown: Vec<(u32, &'a str)>) -> Vec<String> {
    const SHOWN: usize = 10;
    let mut seen = BTreeSet::new();
    let mut remarks: Vec<String> = Vec::new();
    for warning in warnings {
        let place = warning.place.map(|place| format!("line {}: ", place.line)).unwrap_or_default();
        let remark = format!("{place}{}", warning.message);
        if seen.insert(remark.clone()) {
            remarks.push(remark);
        }
    }
    unknown.sort_unstable();
    unknown.dedup();
    remarks.extend(unknown.iter().take(SHOWN).map(|(line, text)| format!("line {line} is not understood: {text}")));
    if unknown.len() > SHOWN {
        remarks.push(format!("{} more lines are not understood", unknown.len() - SHOWN));
    }
    remarks
}

/// The name of a file up to its first dot, in lower case: what pairs files in a flat folder.
fn first_stem(input: &Input) -> String {
    let name = input.path.file_name().unwrap_or_default().to_string_lossy().to_lowercase();
    name.split('.').next().unwrap_or_default().to_owned()
}

/// The name of a server of which only listings or registry exports are given: their directory, or in a named file its stem.
fn name_of_evidence(input: &Input) -> String {
    if input.path.as_os_str() == "-" {
        return "stdin".to_owned();
    }
    let name = input.path.file_name().unwrap_or_default().to_string_lossy();
    name.split('.').next().unwrap_or_default().to_owned()
}

impl Estate {
    /// Adds a file of ours, which was read elsewhere, to the inputs, so that places in it can be shown. Gives its number.
    pub fn add_own_file(&mut self, path: String, kind: FileKind) -> FileId {
        let file = FileId(u32::try_from(self.inputs.len()).unwrap_or(u32::MAX));
        let kind = Some(kind);
        self.inputs.push(InputReport { path, kind, encoding: Some("UTF-8"), server: None, error: None, warnings: Vec::new() });
        file
    }

    /// The files that say how servers are configured.
    pub fn configuration_files(&self) -> impl Iterator<Item = &InputReport> {
        self.inputs.iter().filter(|input| input.kind.is_none_or(FileKind::is_configuration))
    }
}

fn report_of(estate: &mut Estate, first: u32, file: FileId) -> Option<&mut InputReport> {
    estate.inputs.get_mut(usize::try_from(file.0.checked_sub(first)?).ok()?)
}

/// How a file is read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Shape {
    Metabase,
    Schema,
    Configuration,
}

impl Shape {
    fn of_kind(kind: FileKind) -> Option<Shape> {
        Some(match kind {
            FileKind::MetaBase => Shape::Metabase,
            FileKind::MbSchema => Shape::Schema,
            FileKind::ApplicationHost | FileKind::Redirection | FileKind::WebConfig => Shape::Configuration,
            // These are no XML and were read before.
            FileKind::SslCert
            | FileKind::Httpcfg
            | FileKind::Registry
            | FileKind::CertStore
            | FileKind::CertVerify
            | FileKind::Events
            | FileKind::Policy
            | FileKind::Baseline => return None,
        })
    }

    fn name(self) -> &'static str {
        match self {
            Shape::Metabase => "MetaBase.xml",
            Shape::Schema => "MBSchema.xml",
            Shape::Configuration => "applicationHost.config or web.config",
        }
    }

    /// Told by the root element and the first element in it.
    fn of_root((root, first): &(String, Option<String>)) -> Option<Shape> {
        match (root.as_str(), first.as_deref()) {
            ("configuration", Some("MBProperty")) => Some(Shape::Metabase),
            ("MBProperty", _) => Some(Shape::Metabase),
            ("MetaData", _) => Some(Shape::Schema),
            ("configuration", _) => Some(Shape::Configuration),
            ("system.applicationHost" | "sites" | "site" | "location" | "system.webServer", _) => Some(Shape::Configuration),
            // Keys cut out of a metabase: IIsWebServer, IIsWebVirtualDir and the like.
            (name, _) if name.starts_with("IIsWeb") || name == "IIsConfigObject" => Some(Shape::Metabase),
            _ => None,
        }
    }
}

/// Names of the root element and of the first element in it.
fn root_element(text: &str, file: FileId, limits: Limits) -> Result<(String, Option<String>), XmlError> {
    let mut reader = XmlReader::new(text, file, limits);
    let mut root = None;
    loop {
        match (reader.next(), root.take()) {
            (Ok(Some(Event::Start)), None) => root = Some(reader.name().to_owned()),
            (Ok(Some(Event::Start)), Some(root)) => return Ok((root, Some(reader.name().to_owned()))),
            // What follows the root is judged by the reader of the store.
            (_, Some(root)) => return Ok((root, None)),
            (Err(error), None) => return Err(error),
            (Ok(_), None) => return Ok((String::new(), None)),
        }
    }
}

/// Whether the root of a schema stands near the start. It decides whether a metabase beside it is read with it, whichever is looked at first.
fn has_head_of_schema(bytes: &[u8]) -> bool {
    let head = bytes.get(..usize::try_from(HEAD).unwrap_or(usize::MAX)).unwrap_or(bytes);
    looks_like_xml(bytes) && String::from_utf8_lossy(head).replace('\0', "").contains("<MetaData")
}

fn read_schema(path: &Path, options: &Options) -> Option<MbSchema> {
    let mut bytes = Vec::new();
    let mut file = std::fs::File::open(path).ok()?;
    (&mut file).take(HEAD).read_to_end(&mut bytes).ok()?;
    if !has_head_of_schema(&bytes) {
        return None;
    }
    file.take(options.limits.file_bytes).read_to_end(&mut bytes).ok()?;
    let decoded = input::decode(&bytes, options.encoding).ok()?;
    // Its own faults are reported where the schema is an input itself; a metabase is read without it.
    MbSchema::read(&decoded.text, FileId(0), options.limits).ok()
}

/// Whether a file of this kind is text and no XML. Events can be both.
fn is_text(kind: FileKind) -> bool {
    matches!(
        kind,
        FileKind::SslCert | FileKind::Httpcfg | FileKind::Registry | FileKind::CertStore | FileKind::CertVerify | FileKind::Events
    )
}

/// Whether the first element of a text is that of events. The output of a command need not be in the encoding that XML has without a word.
fn looks_like_event_xml(bytes: &[u8]) -> bool {
    let head = String::from_utf8_lossy(bytes.get(..512).unwrap_or(bytes)).replace('\0', "");
    let mut start = head.trim_start_matches(|c: char| c.is_whitespace() || matches!(c, '\u{feff}' | '\u{fffd}'));
    if start.starts_with("<?xml") {
        start = start.split_once("?>").map_or("", |(_, rest)| rest.trim_start());
    }
    let name = start.strip_prefix('<').and_then(|rest| rest.split(|c: char| c.is_whitespace() || matches!(c, '>' | '/')).next());
    name.is_some_and(evidence::is_event_xml)
}

/// Whether the first bytes can be those of an XML text in any encoding that is read.
fn looks_like_xml(bytes: &[u8]) -> bool {
    let bytes = bytes
        .strip_prefix(b"\xef\xbb\xbf")
        .or_else(|| bytes.strip_prefix(b"\xff\xfe"))
        .or_else(|| bytes.strip_prefix(b"\xfe\xff"))
        .unwrap_or(bytes);
    bytes.iter().find(|byte| !matches!(byte, 0 | b' ' | b'\t' | b'\r' | b'\n')) == Some(&b'<')
}

/// The directory of a file as an absolute path, so that `MetaBase.xml` alone is named by the directory it is read in; `None` for
/// standard input.
fn directory_of(input: &Input) -> Option<PathBuf> {
    if input.path.as_os_str() == "-" {
        return None;
    }
    let absolute = std::path::absolute(&input.path).ok()?;
    absolute.parent().map(Path::to_path_buf)
}

fn directory_or_here(directory: &Path) -> &Path {
    if directory.as_os_str().is_empty() { Path::new(".") } else { directory }
}

fn parts_of(path: &Path) -> Vec<String> {
    let normal = path.components().filter_map(|component| match component {
        std::path::Component::Normal(part) => Some(part.to_string_lossy().into_owned()),
        _ => None,
    });
    normal.collect()
}

fn tail(parts: &[String], length: usize) -> String {
    parts[parts.len().saturating_sub(length)..].join("/")
}

/// Folders that every IIS server has, so that none of them can name a server.
fn is_folder_of_iis(name: &str) -> bool {
    ["config", "inetsrv", "system32", "windows"].iter().any(|folder| name.eq_ignore_ascii_case(folder))
}

/// Names that are given, each once.
#[derive(Default)]
struct Names {
    taken: BTreeSet<String>,
    /// The next number to try for a name that is wanted again, so that many equal names cost no search.
    next: BTreeMap<String, usize>,
}

impl Names {
    fn give(&mut self, name: String) -> String {
        if self.taken.insert(name.clone()) {
            return name;
        }
        let number = self.next.entry(name.clone()).or_insert(2);
        loop {
            let candidate = format!("{name}#{number}");
            *number += 1;
            if self.taken.insert(candidate.clone()) {
                return candidate;
            }
        }
    }
}

impl InputReport {
    fn failed(path: String, kind: Option<FileKind>, message: String, place: Option<(u32, u32)>) -> Self {
        InputReport {
            path,
            kind,
            encoding: None,
            server: None,
            error: Some(InputError { message, line: place.map(|place| place.0), column: place.map(|place| place.1) }),
            warnings: Vec::new(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const HOST: &str = "<configuration><system.applicationHost><sites/></system.applicationHost></configuration>";
    const WEB: &str = "<configuration><system.webServer/></configuration>";
    const PIECE: &str =
        r#"<location path="Shop"><system.webServer><security><access sslFlags="Ssl"/></security></system.webServer></location>"#;

    /// Path and server of every file, the paths relative to the directory that holds them; `named` are given by name.
    fn servers(files: &[(&str, &str)], named: &[&str]) -> Vec<(String, String)> {
        let directory = tempfile::tempdir().unwrap();
        for (path, text) in files {
            let path = directory.path().join(path);
            std::fs::create_dir_all(path.parent().unwrap()).unwrap();
            std::fs::write(path, text).unwrap();
        }
        let mut paths: Vec<PathBuf> = named.iter().map(|path| directory.path().join(path)).collect();
        if paths.is_empty() {
            paths.push(directory.path().to_path_buf());
        }
        let estate = read(&paths, &Options::default());
        let names: Vec<&str> = estate.servers.iter().map(|server| server.name.as_str()).collect();
        assert!(names.windows(2).all(|pair| pair[0] < pair[1]), "{names:?}");
        let relative = |path: &str| path.rsplit_once(&*directory.path().file_name().unwrap().to_string_lossy()).unwrap().1[1..].to_owned();
        estate.inputs.iter().map(|input| (relative(&input.path), input.server.clone().unwrap_or_default())).collect()
    }

    fn pairs(found: &[(String, String)]) -> Vec<(&str, &str)> {
        found.iter().map(|(path, server)| (path.as_str(), server.as_str())).collect()
    }

    #[test]
    fn lone_files_in_one_directory_are_called_by_their_file_and_one_alone_by_its_directory() {
        let found = servers(&[("web/a.config", WEB), ("web/b.config", WEB), ("other/web.config", WEB)], &[]);
        assert_eq!(pairs(&found), [("other/web.config", "other"), ("web/a.config", "a"), ("web/b.config", "b")]);
    }

    #[test]
    fn a_piece_of_a_server_file_takes_no_web_config_for_its_own() {
        let found = servers(&[("web/a.config", WEB), ("web/piece.config", PIECE), ("other/web.config", WEB)], &[]);
        assert_eq!(pairs(&found), [("other/web.config", "other"), ("web/a.config", "a"), ("web/piece.config", "piece")]);
    }

    #[test]
    fn files_that_differ_in_their_ending_only_keep_it_and_equal_names_take_the_directory_above() {
        let found = servers(&[("x/a.config", WEB), ("x/a.xml", WEB), ("y/a.config", WEB), ("y/b.config", WEB)], &[]);
        assert_eq!(pairs(&found), [("x/a.config", "a.config"), ("x/a.xml", "a.xml"), ("y/a.config", "a"), ("y/b.config", "b")]);
        let found = servers(&[("x/a.config", WEB), ("x/b.config", WEB), ("y/a.config", WEB), ("y/c.config", WEB)], &[]);
        assert_eq!(pairs(&found), [("x/a.config", "x/a"), ("x/b.config", "b"), ("y/a.config", "y/a"), ("y/c.config", "c")]);
    }

    #[test]
    fn a_server_keeps_the_name_of_its_directory_beside_a_file_that_is_not_its_own() {
        let files = [("a/applicationHost.config", HOST), ("a/web.config", WEB), ("b/applicationHost.config", HOST)];
        let found = servers(&files, &["a/applicationHost.config", "a/web.config", "b/applicationHost.config"]);
        assert_eq!(pairs(&found), [("a/applicationHost.config", "a"), ("a/web.config", "web"), ("b/applicationHost.config", "b")]);
    }

    #[test]
    fn several_server_files_in_one_directory_are_called_by_their_file() {
        let found = servers(&[("all/one.config", HOST), ("all/two.config", HOST), ("all/three.config", PIECE)], &[]);
        assert_eq!(pairs(&found), [("all/one.config", "one"), ("all/three.config", "three"), ("all/two.config", "two")]);
    }

    #[test]
    fn equal_names_are_numbered_and_none_is_given_twice() {
        let mut names = Names { taken: BTreeSet::from(["web#3".to_owned()]), next: BTreeMap::new() };
        let given: Vec<_> = ["web", "web", "web", "web#2"].into_iter().map(|name| names.give(name.to_owned())).collect();
        assert_eq!(given, ["web", "web#2", "web#4", "web#2#2"]);
    }

    #[test]
    fn records_beside_a_metabase_are_told_to_be_not_used() {
        let metabase = "<configuration><MBProperty><IIsWebServer Location=\"/LM/W3SVC/1\"></IIsWebServer></MBProperty></configuration>";
        let listing = "SSL Certificate bindings:\r\n-------------------------\r\n\r\n    IP:port                      : 0.0.0.0:443\r\n";
        let directory = tempfile::tempdir().unwrap();
        for (name, text) in [("WEB01/MetaBase.xml", metabase), ("WEB01/sslcert.txt", listing)] {
            let path = directory.path().join(name);
            std::fs::create_dir_all(path.parent().unwrap()).unwrap();
            std::fs::write(path, text).unwrap();
        }
        let estate = read(&[directory.path().to_path_buf()], &Options::default());
        let listed = estate.inputs.iter().find(|input| input.kind == Some(FileKind::SslCert)).unwrap();
        assert_eq!(listed.server.as_deref(), Some("WEB01"));
        assert_eq!(listed.warnings, ["not used: on IIS 6 the metabase holds the settings of SSL endpoints"]);
        assert!(estate.servers[0].records.is_none());
    }

    fn estate(files: &[(&str, &str)], options: &Options) -> Estate {
        let directory = tempfile::tempdir().unwrap();
        for (name, text) in files {
            std::fs::write(directory.path().join(name), text).unwrap();
        }
        read(&[directory.path().to_path_buf()], options)
    }

    const HTTPCFG: &str = include_str!("../tests/fixtures/netsh/o05_2003_httpcfg_query_ssl.txt");
    const BUILD: &str =
        "HKEY_LOCAL_MACHINE\\SOFTWARE\\Microsoft\\Windows NT\\CurrentVersion\r\n    CurrentBuildNumber    REG_SZ    17763\r\n";

    #[test]
    fn the_records_of_iis_6_are_kept_to_compare_the_metabase_with_and_decide_nothing() {
        let metabase = "<configuration><MBProperty><IIsWebServer Location=\"/LM/W3SVC/1\"></IIsWebServer></MBProperty></configuration>";
        let found = estate(&[("MetaBase.xml", metabase), ("httpcfg.txt", HTTPCFG)], &Options::default());
        assert!(found.inputs.iter().all(|input| input.warnings.is_empty()), "{:?}", found.inputs);
        assert_eq!(found.inputs[1].kind.map(FileKind::name), Some("httpcfg query ssl"));
        let server = &found.servers[0];
        assert!(server.records.is_none() && server.running.as_ref().unwrap().records.len() == 2);
    }

    #[test]
    fn the_output_of_httpcfg_alone_is_a_server_of_iis_6_with_its_records() {
        let found = estate(&[("httpcfg.txt", HTTPCFG)], &Options::default());
        let server = &found.servers[0];
        assert_eq!((server.generation, server.endpoints.len(), found.inputs[0].warnings.len()), (Generation::Iis6, 2, 0));
    }

    #[test]
    fn the_version_of_windows_is_told_by_a_file_or_by_the_user_who_counts() {
        let files = [("applicationHost.config", HOST), ("windows.txt", BUILD)];
        let told = estate(&files, &Options::default());
        assert_eq!(told.servers[0].windows, Some(WindowsVersion::Server2019));
        assert!(told.inputs.iter().all(|input| input.warnings.is_empty() && input.error.is_none()), "{:?}", told.inputs);
        let named = estate(&files, &Options { windows: Some(WindowsVersion::Server2012R2), ..Options::default() });
        assert_eq!(named.servers[0].windows, Some(WindowsVersion::Server2012R2));
        assert!(named.inputs[1].warnings[0].contains("Windows Server 2019") && named.inputs[1].warnings[0].contains("2012 R2 was named"));
        let alone = estate(&[("windows.txt", BUILD)], &Options::default());
        assert!(alone.servers.is_empty() && alone.inputs[0].warnings[0].contains("belongs to no server"));
    }

    #[test]
    fn two_listings_of_one_record_each_are_not_taken_for_all_records() {
        let one = |key: &str| {
            format!(
                "SSL Certificate bindings:\n-----------\n\n    IP:port : {key}\n    Certificate Hash : 1f0c6b7c2a9d4e58b3a7c0d1e2f30415263748a9\n"
            )
        };
        let host = r#"<configuration><system.applicationHost><sites><site name="S" id="1"><bindings><binding protocol="https" bindingInformation="*:9443:"/></bindings></site></sites></system.applicationHost></configuration>"#;
        let (a, b) = (one("0.0.0.0:443"), one("0.0.0.0:8443"));
        let found = estate(&[("applicationHost.config", host), ("one.txt", &a), ("two.txt", &b)], &Options::default());
        let endpoint = found.servers[0].endpoints.iter().find(|endpoint| !endpoint.sites.is_empty()).unwrap();
        assert_eq!(endpoint.served, crate::server::Served::NotGiven);
        let both = format!("{a}{b}");
        let found = estate(&[("applicationHost.config", host), ("one.txt", &both)], &Options::default());
        let endpoint = found.servers[0].endpoints.iter().find(|endpoint| !endpoint.sites.is_empty()).unwrap();
        assert_eq!(endpoint.served, crate::server::Served::Nobody);
    }

    #[test]
    fn a_metabase_in_utf_16_is_read_with_a_warning() {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("MetaBase.xml");
        let text = "<configuration><MBProperty><IIsWebServer Location=\"/LM/W3SVC/1\"></IIsWebServer></MBProperty></configuration>";
        let bytes: Vec<u8> = [0xff, 0xfe].into_iter().chain(text.encode_utf16().flat_map(u16::to_le_bytes)).collect();
        std::fs::write(&path, bytes).unwrap();
        let estate = read(&[path], &Options::default());
        assert_eq!((estate.servers.len(), estate.inputs[0].warnings.len()), (1, 1));
        assert!(estate.inputs[0].warnings[0].contains("UTF-16LE"), "{:?}", estate.inputs[0].warnings);
    }
}
