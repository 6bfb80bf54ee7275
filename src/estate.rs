//! From paths to servers: every file is read, recognised by its content and given to the server it belongs to; one unreadable file
//! never stops the others and is never hidden.

mod repeated;

use std::borrow::Cow;
use std::collections::{BTreeMap, BTreeSet, HashMap, HashSet};
use std::fmt;
use std::fs::{File, Metadata};
use std::io::Read;
use std::num::NonZeroUsize;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, OnceLock, PoisonError};

use serde::{Deserialize, Serialize};

use self::repeated::Repeated;
use crate::apphost::{self, ConfigFile, PlacedFile};
use crate::evidence::x509::{self, ReadX509};
use crate::evidence::{self, LogSummary, ReadEvents, ReadStores, ReadVerifications};
use crate::hashing::Seed;
use crate::httpsys::{self, ReadRecords, Source, TextKind};
use crate::input::{self, Charset, Discovered, FileId, Input, Place, Remark, TextStream};
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
    /// Files that are left out wherever they lie, because they are given to a server by [`give_evidence`].
    pub apart: Vec<PathBuf>,
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

impl InputReport {
    /// Whether the lines of its places are numbers of records: of a binary log of events, which has no text and no encoding.
    pub fn has_records(&self) -> bool {
        self.kind == Some(FileKind::Events) && self.encoding.is_none()
    }
}

/// Why a file could not be read, or not to its end: what it says before the place where it stops may count all the same.
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
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
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
    /// Events of Windows, as XML, text, columns or binary log.
    Events,
    /// Certificates, as DER, PEM or Base64.
    Certificate,
    /// A revocation list.
    RevocationList,
    /// A trust list.
    TrustList,
    /// PKCS #7 or a serialized certificate store, which can hold several of these.
    CertificateStoreFile,
    /// A file with a private key, which is told and not read.
    PrivateKey,
    /// A log of IIS in W3C format, or the error log of HTTP.sys.
    Log,
    /// The policy file of a run, which is no configuration of a server.
    Policy,
    /// The baseline of a run, which is no configuration of a server.
    Baseline,
}

impl FileKind {
    /// Whether it says how a server is configured. Files of ours are inputs, too, so that places in them can be shown.
    pub fn is_configuration(self) -> bool {
        !matches!(self, FileKind::Policy | FileKind::Baseline | FileKind::PrivateKey)
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
            FileKind::Events => "events of Windows",
            FileKind::Certificate => "certificate",
            FileKind::RevocationList => "CRL",
            FileKind::TrustList => "CTL",
            FileKind::CertificateStoreFile => "certificate store file",
            FileKind::PrivateKey => "private key",
            FileKind::Log => "log of IIS or HTTP.sys",
            FileKind::Policy => "policy file",
            FileKind::Baseline => "baseline",
        }
    }
}

/// The files below `paths`, but those that are read apart.
fn discover(paths: &[PathBuf], options: &Options) -> Discovered {
    let mut discovered = input::discover(paths, options.threads);
    if !options.apart.is_empty() {
        let real = |path: &Path| std::fs::canonicalize(path).unwrap_or_else(|_| path.to_path_buf());
        let apart: HashSet<PathBuf> =
            input::discover(&options.apart, options.threads).inputs.iter().map(|input| real(&input.path)).collect();
        discovered.inputs.retain(|input| !apart.contains(&real(&input.path)));
    }
    discovered
}

/// Reads everything below `paths`.
pub fn read(paths: &[PathBuf], options: &Options) -> Estate {
    let discovered = discover(paths, options);
    let siblings = siblings(&discovered.inputs);
    let shared =
        Shared { options, siblings, schemas: Schemas::default(), repeated: None, tally: Tally::new(options, discovered.inputs.len()) };
    let workers = Workers::new(options.threads, discovered.inputs.len());
    let mut reading = Reading::new(&shared, 0);
    for (path, message) in discovered.errors {
        reading.estate.inputs.push(InputReport::failed(path, None, message, None));
    }
    reading.take_all(&discovered.inputs, &workers);
    reading.finish(&workers)
}

/// Reads the listings, exports and other evidence below `paths` and gives them to one server, wherever they lie. What they say counts before
/// what was given to it already. A file of configuration among them is an error, since it belongs to a server by itself.
pub fn give_evidence(estate: &mut Estate, server: usize, paths: &[PathBuf], options: &Options) {
    let discovered = input::discover(paths, options.threads);
    let tally = Tally::new(options, discovered.inputs.len());
    let shared = Shared { options, siblings: BTreeMap::new(), schemas: Schemas::default(), repeated: None, tally };
    let mut reading = Reading::new(&shared, estate.inputs.len());
    reading.expected = EXPECTED_EVIDENCE;
    for (path, message) in discovered.errors {
        reading.estate.inputs.push(InputReport::failed(path, None, message, None));
    }
    for input in &discovered.inputs {
        reading.take(input);
    }
    let misplaced: Vec<FileId> =
        reading.hosts.iter().map(|host| host.file).chain(reading.configs.iter().map(|config| config.file)).collect();
    estate.inputs.extend(reading.estate.inputs);
    estate.skipped += reading.estate.skipped;
    estate.logs_not_read += reading.estate.logs_not_read;
    for file in misplaced {
        if let Some(report) = report_of(estate, options.first_file, file) {
            let message = "it is configuration and no evidence: give it as a path".to_owned();
            report.error = Some(InputError { message, line: None, column: None });
        }
    }
    let (logs, evidence): (Vec<Evidence>, Vec<Evidence>) = reading.evidence.into_iter().partition(|one| one.log.is_some());
    let workers = Workers::new(options.threads, logs.len());
    let logs = (!logs.is_empty()).then(|| read_logs(logs, estate, options.first_file, &shared.tally, &workers));
    let mut servers = std::mem::take(&mut estate.servers);
    if let Some(server) = servers.get_mut(server) {
        let before = std::mem::take(&mut server.evidence);
        if evidence.iter().any(|one| one.schannel.as_ref().is_some_and(|schannel| schannel.place.is_some())) {
            server.schannel = None;
        }
        give(server, evidence, estate, options.first_file);
        give_logs(server, logs, estate, options.first_file);
        server.evidence.append(before.into_value());
    }
    estate.servers = servers;
}

/// So many servers are read for each thread before what they came to is taken.
const SERVERS_A_THREAD: usize = 128;

/// The files of one server, as their paths promise.
struct Piece<'a> {
    /// Index of the server's file.
    host: usize,
    /// Where the tree of the server begins; `None` for a metabase, which has none.
    root: Option<&'a Path>,
    name: String,
    /// Indexes of all its files, ascending.
    files: Vec<usize>,
}

/// A server that was read by itself.
struct Alone<T> {
    digest: T,
    has_configs: bool,
}

/// Reads everything below `paths` as [`read`] does, but server by server: `digest` makes of the files of one server what is needed of it, on
/// any thread, `take` gets that in an order that depends on the files alone, and the server is forgotten. What belongs to no single server, and
/// servers whose name `is_held`, come last and together. The numbers of files begin anew each time.
///
/// That servers can be told from each other by the names of files is an assumption; where it is wrong in a way that would change anything, this
/// gives false, and what was taken is not the whole.
pub fn read_each<T: Send>(
    paths: &[PathBuf],
    options: &Options,
    is_held: &dyn Fn(&str) -> bool,
    digest: &(dyn Fn(Estate) -> T + Sync),
    take: &mut dyn FnMut(T),
) -> bool {
    let discovered = discover(paths, options);
    let inputs = discovered.inputs;
    let Pieces { of_servers: pieces, mut rest, named } = pieces(&inputs, is_held);
    if pieces.len() < 2 {
        return false;
    }
    let repeated = Repeated::default();
    let tally = Tally::new(options, inputs.len());
    let shared = Shared { options, siblings: BTreeMap::new(), schemas: Schemas::default(), repeated: Some(&repeated), tally };
    let workers = Workers::new(options.threads, inputs.len());
    // The servers that are what their names promise: the file, its piece, and whether files lie in its tree.
    let mut done: Vec<(usize, bool)> = Vec::new();
    // What was read of one batch is taken while the next one is read.
    let mut ready = Vec::new();
    for (batch, numbered) in pieces.chunks(SERVERS_A_THREAD * workers.count()).enumerate() {
        let first = batch * SERVERS_A_THREAD * workers.count();
        let read = workers.map_beside(
            numbered.iter().collect(),
            |piece: &Piece<'_>| read_piece(piece, &inputs, &shared, digest),
            || ready.drain(..).for_each(&mut *take),
        );
        for (at, (piece, read)) in numbered.iter().zip(read).enumerate() {
            match read {
                Some(Alone { digest, has_configs }) => {
                    done.push((first + at, has_configs));
                    ready.push(digest);
                }
                None => rest.extend(&piece.files),
            }
        }
    }
    ready.into_iter().for_each(&mut *take);
    rest.sort_unstable();
    let rest_inputs: Vec<Input> = rest.iter().map(|index| inputs[*index].clone()).collect();
    let shared = Shared { siblings: siblings(&rest_inputs), repeated: None, ..shared };
    let mut reading = Reading::new(&shared, 0);
    for (path, message) in discovered.errors {
        reading.estate.inputs.push(InputReport::failed(path, None, message, None));
    }
    reading.take_all(&rest_inputs, &workers);
    // Where nothing is left that could have a name or an owner, all have the names that they were given together.
    let is_all = done.len() == named && reading.hosts.is_empty() && reading.configs.is_empty() && reading.evidence.is_empty();
    let decided = if is_all { Some(Decided::default()) } else { reading.decide_beside(&inputs, &rest, &pieces, &done) };
    let Some(decided) = decided else { return false };
    take(digest(reading.finish_as(decided, !done.is_empty(), &workers)));
    true
}

/// The files below some paths, as far as their paths tell whose they are.
struct Pieces<'a> {
    of_servers: Vec<Piece<'a>>,
    /// Indexes of the files of nobody, and of servers that are held.
    rest: Vec<usize>,
    /// How many servers were given their names together.
    named: usize,
}

/// Files by server, as far as their paths tell, and all others.
fn pieces<'a>(inputs: &'a [Input], is_held: &dyn Fn(&str) -> bool) -> Pieces<'a> {
    let is_called = |input: &Input, kind: FileKind| {
        input.path.file_name().and_then(|name| name.to_str()).is_some_and(|name| kind.name().eq_ignore_ascii_case(name))
    };
    let (mut trees, mut metabases) = (Trees::default(), HashMap::with_hasher(Seed::default()));
    let mut hosts = Vec::new();
    for (index, input) in inputs.iter().enumerate().filter(|(_, input)| !input.named) {
        if is_called(input, FileKind::ApplicationHost) {
            trees.add(index, input);
            hosts.push(index);
        } else if is_called(input, FileKind::MetaBase) {
            metabases.entry(input.path.parent()).or_insert(index);
            hosts.push(index);
        }
    }
    let names = names(&hosts.iter().map(|index| (&inputs[*index], true)).collect::<Vec<_>>());
    let named = hosts.len();
    let mut pieces = Vec::with_capacity(named);
    // For each file the piece that it is the server's file of.
    let mut piece_of = vec![None; inputs.len()];
    for (host, name) in hosts.into_iter().zip(names).filter(|(_, name)| !is_held(name)) {
        piece_of[host] = Some(pieces.len());
        pieces.push(Piece { host, root: None, name, files: Vec::new() });
    }
    let mut rest = Vec::new();
    for (index, input) in inputs.iter().enumerate() {
        let tree = if input.named { None } else { trees.of(input) };
        let beside = || metabases.get(&input.path.parent()).filter(|_| !input.named).map(|host| (*host, None));
        let owner = tree.map(|(host, root)| (host, Some(root))).or_else(beside);
        match owner.and_then(|(host, root)| Some((pieces.get_mut(piece_of[host]?)?, root))) {
            Some((piece, root)) => {
                piece.files.push(index);
                piece.root = piece.root.or(root);
            }
            None => rest.push(index),
        }
    }
    // A server whose own file went elsewhere is none.
    pieces.retain_mut(|piece| {
        let is_one = piece.files.contains(&piece.host);
        if !is_one {
            rest.append(&mut piece.files);
        }
        is_one
    });
    Pieces { of_servers: pieces, rest, named }
}

fn siblings(inputs: &[Input]) -> BTreeMap<PathBuf, Siblings> {
    let mut siblings: BTreeMap<PathBuf, Siblings> = BTreeMap::new();
    for input in inputs.iter().filter(|input| !input.named) {
        if let Some(directory) = input.path.parent() {
            siblings.entry(directory.to_path_buf()).or_default().all.push(input.path.clone());
        }
    }
    siblings
}

/// Reads the files of one server; `None` when they are not what their names promise.
fn read_piece<T>(piece: &Piece<'_>, inputs: &[Input], shared: &Shared<'_>, digest: &(dyn Fn(Estate) -> T + Sync)) -> Option<Alone<T>> {
    let own =
        |path: &Path| piece.files.iter().map(|index| &inputs[*index].path).filter(|other| other.parent() == Some(path)).cloned().collect();
    let siblings = match (piece.root.is_none(), inputs[piece.host].path.parent()) {
        (true, Some(directory)) => BTreeMap::from([(directory.to_path_buf(), Siblings { all: own(directory), ..Siblings::default() })]),
        _ => BTreeMap::new(),
    };
    // Schemas are told apart by their paths, so that those of one server do not matter to another.
    let (options, tally) = (shared.options, Tally::new(shared.options, 0));
    let beside = Shared { options, siblings, schemas: Schemas::default(), repeated: shared.repeated, tally };
    let mut reading = Reading::new(&beside, 0);
    for index in &piece.files {
        let before = reading.estate.inputs.len();
        reading.take(&inputs[*index]);
        shared.tally.told(reading.estate.inputs.get(before));
    }
    let [host] = reading.hosts.as_slice() else { return None };
    let fits = host.is_whole_server()
        && host.input.path == inputs[piece.host].path
        && match &piece.root {
            Some(_) => host.applies(),
            None => !host.applies() && reading.configs.is_empty(),
        };
    if !fits {
        return None;
    }
    let owner = |config: &Config| {
        let directory = config.input.path.parent().unwrap_or(Path::new(""));
        let within = piece.root.and_then(|root| directory.strip_prefix(root).ok()).unwrap_or(directory);
        Some((0, parts_of(within)))
    };
    let decided = Decided {
        names: vec![piece.name.clone()],
        names_of_orphans: Vec::new(),
        owners: reading.configs.iter().map(owner).collect(),
        owners_of_evidence: vec![Some(0); reading.evidence.len()],
    };
    let has_configs = !reading.configs.is_empty();
    let estate = reading.finish_as(decided, true, &Workers::none());
    Some(Alone { digest: digest(estate), has_configs })
}

/// Memory for the bytes of a file, one a thread, used again for the next file: asking for fresh memory costs a third of reading it.
mod buffer {
    use std::cell::Cell;

    /// A larger one is given back to the system.
    const LARGEST: usize = 4 << 20;

    /// What tells a file, and is read first, fits into it.
    const LEAST: usize = 1 << 13;

    thread_local! {
        static FREE: Cell<Vec<u8>> = const { Cell::new(Vec::new()) };
    }

    /// An empty buffer.
    pub(super) fn take() -> Vec<u8> {
        let mut bytes = FREE.take();
        bytes.reserve(LEAST);
        bytes
    }

    pub(super) fn give_back(mut bytes: Vec<u8>) {
        bytes.clear();
        if bytes.capacity() <= LARGEST {
            FREE.set(bytes);
        }
    }
}

/// So many bytes of files are held at once, when several threads read, unless a single file has more.
const HELD: u64 = 256 << 20;
/// A MetaBase.xml or configuration file from this size on is read through a window. Real ones are far smaller.
const LARGE: u64 = if cfg!(test) { 1 << 14 } else { 16 << 20 };

/// Whether a file is one that may be read through a window.
fn is_large(input: &Input) -> bool {
    input.path.as_os_str() != "-" && std::fs::metadata(&input.path).is_ok_and(|metadata| has_large(&metadata))
}

fn has_large(metadata: &Metadata) -> bool {
    metadata.is_file() && metadata.len() >= LARGE
}

/// A file that was opened. Asked of it, what it is costs no second search for its path.
struct Opened {
    file: File,
    metadata: Option<Metadata>,
}

/// Opens a file; `None` for standard input.
fn open(input: &Input) -> Option<std::io::Result<Opened>> {
    let opened = |file: File| Opened { metadata: file.metadata().ok(), file };
    (input.path.as_os_str() != "-").then(|| File::open(&input.path).map(opened))
}

/// What is doubtful about a metabase in `encoding`.
fn doubtful_encoding(encoding: &str) -> Option<String> {
    let is_doubtful = encoding.starts_with("UTF-16");
    is_doubtful.then(|| format!("{encoding}: whether IIS 6 reads a metabase in this encoding is not documented"))
}

/// So many files are read for each thread before their results are joined.
const FILES_A_THREAD: usize = 64;

/// How many of the next files are read together.
fn together(inputs: &[Input], workers: &Workers) -> usize {
    let mut bytes = 0u64;
    let fits = |input: &&Input| {
        // What cannot be looked at fails when it is opened. Nobody knows how much standard input will give.
        let size = if input.path.as_os_str() == "-" { HELD } else { std::fs::metadata(&input.path).map_or(0, |metadata| metadata.len()) };
        bytes = bytes.saturating_add(size);
        bytes <= HELD && size < LARGE
    };
    inputs.iter().take(FILES_A_THREAD * workers.count()).take_while(fits).count().max(1)
}

/// What all threads know.
struct Shared<'a> {
    options: &'a Options,
    /// The files of every directory, but for those that the user named.
    siblings: BTreeMap<PathBuf, Siblings>,
    schemas: Schemas,
    /// Where the numbers of files begin anew with each server, so that files of several can be the same.
    repeated: Option<&'a Repeated>,
    tally: Tally<'a>,
}

/// A schema, read when the first metabase asks for it; `None` for a file that is none.
type Schema = Arc<OnceLock<Option<MbSchema>>>;

/// The files of a directory. What is asked of them is found out once, because thousands of metabases can lie in one directory.
#[derive(Default)]
struct Siblings {
    all: Vec<PathBuf>,
    named_as_schemas: OnceLock<Vec<PathBuf>>,
    /// The first of all that is a schema.
    first_schema: OnceLock<Option<Schema>>,
}

impl Siblings {
    /// Those whose names begin as that of a schema, in order.
    fn named_as_schemas(&self) -> &[PathBuf] {
        self.named_as_schemas.get_or_init(|| {
            let mut named: Vec<PathBuf> = self.all.iter().filter(|path| is_named_as_schema(path)).cloned().collect();
            named.sort();
            named
        })
    }

    fn first_schema(&self, schema: impl Fn(&Path) -> Option<Schema>) -> Option<Schema> {
        let first = || {
            let mut all: Vec<&PathBuf> = self.all.iter().collect();
            all.sort();
            all.into_iter().find_map(|path| schema(path))
        };
        self.first_schema.get_or_init(first).clone()
    }
}

/// Whether the name of a file begins as that of a schema.
fn is_named_as_schema(path: &Path) -> bool {
    let name = path.file_name().and_then(|name| name.to_str());
    name.and_then(|name| name.get(.."mbschema".len())).is_some_and(|start| start.eq_ignore_ascii_case("mbschema"))
}

/// Schema files by path, so that one beside many metabases is read once. Nothing in a schema says where it was read, so that it does not
/// matter who reads it first.
#[derive(Default)]
struct Schemas {
    known: Mutex<BTreeMap<PathBuf, Schema>>,
    /// By directory, files with names of schemas that lie beside files which the user named.
    beside_named: Mutex<BTreeMap<PathBuf, Arc<[PathBuf]>>>,
}

impl Schemas {
    fn of(&self, path: &Path) -> Schema {
        let mut known = self.known.lock().unwrap_or_else(PoisonError::into_inner);
        Arc::clone(known.entry(path.to_path_buf()).or_default())
    }

    /// Files with names of schemas in a directory, in order.
    fn in_directory(&self, directory: &Path) -> Arc<[PathBuf]> {
        let mut known = self.beside_named.lock().unwrap_or_else(PoisonError::into_inner);
        let list = || {
            let entries = std::fs::read_dir(directory_or_here(directory)).into_iter().flatten().filter_map(Result::ok);
            let mut named: Vec<PathBuf> =
                entries.map(|entry| directory.join(entry.file_name())).filter(|path| is_named_as_schema(path)).collect();
            named.sort();
            named.into()
        };
        Arc::clone(known.entry(directory.to_path_buf()).or_insert_with(list))
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
    ApplicationHost(Arc<ConfigFile>),
}

/// For each directory the server whose file lies at or below it; `None` where there are several, so that it belongs to no single one.
#[derive(Clone, Default)]
struct Trees<'a>(HashMap<&'a Path, Option<usize>, Seed>);

impl<'a> Trees<'a> {
    fn add(&mut self, index: usize, input: &'a Input) {
        for directory in input.path.ancestors().skip(1) {
            self.0.entry(directory).and_modify(|below| *below = None).or_insert(Some(index));
            if directory == &*input.root {
                break;
            }
        }
    }

    /// The server in whose tree a file lies, and the tree: the highest directory that holds no other server.
    fn of<'b>(&self, input: &'b Input) -> Option<(usize, &'b Path)> {
        let mut tree = None;
        for directory in input.path.ancestors().skip(1) {
            match self.0.get(directory) {
                Some(Some(index)) => tree = Some((*index, directory)),
                Some(None) => break,
                None => {}
            }
        }
        tree
    }
}

/// What the servers are called, and what belongs to which.
#[derive(Default)]
struct Decided {
    names: Vec<String>,
    names_of_orphans: Vec<String>,
    owners: Vec<Option<Owner>>,
    owners_of_evidence: Vec<Option<usize>>,
}

impl Host {
    /// Whether it can own a web.config. A lone location tag knows of no directories.
    fn applies(&self) -> bool {
        matches!(&self.said, Said::ApplicationHost(_)) && self.is_whole_server()
    }

    /// Whether it is more than a location tag that somebody cut out.
    fn is_whole_server(&self) -> bool {
        !matches!(&self.said, Said::ApplicationHost(config) if config.is_location_of_a_site())
    }
}

/// A web.config or redirection.config, and where it lies.
struct Config {
    input: Input,
    file: FileId,
    config: Arc<ConfigFile>,
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
    certificates: Option<ReadX509>,
    /// A log that is still to be read, once it is known whose it is.
    log: Option<Log>,
}

/// A log that was recognised and not yet read.
struct Log {
    /// Its bytes, when they came from standard input, which can be read only once.
    held: Option<Vec<u8>>,
    /// The computer that it names near its beginning.
    computer: Option<String>,
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
            certificates: None,
            log: None,
        }
    }

    /// Whether it says something that counts on IIS 6, where HTTP.sys has no settings of its own.
    fn counts_on_iis_6(&self) -> bool {
        self.stores.is_some()
            || self.events.is_some()
            || self.verifications.is_some()
            || self.certificates.is_some()
            || self.log.is_some()
            || self.windows.is_some()
            || self.schannel.as_ref().is_some_and(|schannel| schannel.place.is_some())
    }

    fn says_more_than_the_version(&self) -> bool {
        self.records.is_some()
            || self.schannel.is_some()
            || self.stores.is_some()
            || self.events.is_some()
            || self.verifications.is_some()
            || self.certificates.is_some()
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
    /// What a file should be.
    expected: &'static str,
}

/// So much of a file that is no XML is looked at to tell whether it is a listing or a registry export. An even number, so that no UTF-16
/// unit is cut.
const HEAD: u64 = 1 << 16;

/// What is said of SSL records that cannot be those of an IIS 6.
pub const NOT_USED_ON_IIS_6: &str = "not used: on IIS 6 the metabase holds the settings of SSL endpoints";

/// What a file should be.
const EXPECTED: &str = "expected MetaBase.xml, MBSchema.xml, applicationHost.config, redirection.config, web.config, the output of `netsh http show sslcert` or \
     `httpcfg query ssl` or `certutil -store` or `certutil -verify`, a registry export, an export or log of events, a log of IIS, or a certificate, CRL or CTL";

/// What a file of evidence should be.
const EXPECTED_EVIDENCE: &str = "expected the output of `certutil -verify -urlfetch` or `certutil -store`, of `netsh http show sslcert` or `httpcfg query ssl`, a \
     registry export, an export or log of events, a log of IIS or HTTP.sys, or a certificate, CRL or CTL";

/// What a file holds, or why it cannot be read.
type Bytes = Result<Content, String>;

enum Content {
    /// A file that can be ours.
    Whole(Vec<u8>),
    /// A log, which is not held in memory.
    Log(Log),
    /// A binary log of events, which is not held either; its bytes when they came from standard input.
    EventLog(Option<Vec<u8>>),
    /// A file that is not ours.
    Other,
}

impl<'a> Reading<'a> {
    fn new(shared: &'a Shared<'a>, before: usize) -> Self {
        let (hosts, configs, evidence) = (Vec::new(), Vec::new(), Vec::new());
        Reading { options: shared.options, shared, before, estate: Estate::default(), hosts, configs, evidence, expected: EXPECTED }
    }

    /// Number of the file that is reported next.
    fn next_file(&self) -> FileId {
        let index = self.before + self.estate.inputs.len();
        FileId(self.options.first_file.saturating_add(u32::try_from(index).unwrap_or(u32::MAX)))
    }

    fn take_all(&mut self, inputs: &[Input], workers: &Workers) {
        if workers.count() > 1 {
            return self.take_together(inputs, workers);
        }
        for input in inputs {
            let before = self.estate.inputs.len();
            let logs = self.evidence.len();
            self.take(input);
            // A log is told when it has been read.
            if self.evidence.get(logs).is_none_or(|one| one.log.is_none()) {
                self.shared.tally.told(self.estate.inputs.get(before));
            }
        }
    }

    /// What the servers of this reading are called, and what belongs to which, beside the servers that were `done` by themselves; `None`
    /// when one of those would have been read in another way had all been read together. `numbers` are the indexes of the files that this
    /// reading took.
    fn decide_beside(&self, inputs: &[Input], numbers: &[usize], pieces: &[Piece<'_>], done: &[(usize, bool)]) -> Option<Decided> {
        const OTHER: usize = usize::MAX;
        let mut others = Trees::default();
        for (piece, _) in done {
            let piece = &pieces[*piece];
            if piece.root.is_some() {
                others.add(OTHER, &inputs[piece.host]);
            }
        }
        let (owners, owners_of_evidence) = self.owners(&others);
        let belongs_elsewhere = owners.iter().flatten().any(|(owner, _)| *owner == OTHER) || owners_of_evidence.contains(&Some(OTHER));
        // Where there is only one server, it owns what lies anywhere.
        let applicable = done.iter().filter(|(piece, _)| pieces[*piece].root.is_some()).count()
            + self.hosts.iter().filter(|host| host.applies()).count();
        let whole = done.len() + self.hosts.iter().filter(|host| host.is_whole_server()).count();
        let loose = !self.configs.is_empty() || !self.evidence.is_empty();
        if belongs_elsewhere || loose && (applicable < 2 || whole < 2) {
            return None;
        }
        // The tree of a server is larger than its path promised when one beside it could not be read.
        let mut trees = others;
        for host in self.hosts.iter().filter(|host| host.applies() && !host.input.named) {
            trees.add(OTHER, &host.input);
        }
        let is_same = |piece: &Piece<'_>| trees.of(&inputs[piece.host]).map(|(_, root)| root) == piece.root;
        if done.iter().any(|(piece, has_configs)| *has_configs && !is_same(&pieces[*piece])) {
            return None;
        }
        // In the order of all files, which decides where names are the same.
        let mut position: BTreeMap<&Path, usize> = numbers.iter().map(|index| (inputs[*index].path.as_path(), *index)).collect();
        let mut files: Vec<(usize, &Input, bool, Option<&str>)> = done
            .iter()
            .map(|(piece, _)| &pieces[*piece])
            .map(|piece| (piece.host, &inputs[piece.host], true, Some(piece.name.as_str())))
            .collect();
        for host in &self.hosts {
            files.push((position.remove(host.input.path.as_path())?, &host.input, host.is_whole_server(), None));
        }
        files.sort_by_key(|(index, ..)| *index);
        let orphans = self.configs.iter().zip(&owners).filter(|(_, owner)| owner.is_none()).map(|(config, _)| (&config.input, false));
        let mut real = names(&files.iter().map(|(_, input, whole, _)| (*input, *whole)).chain(orphans).collect::<Vec<_>>());
        let names_of_orphans = real.split_off(files.len());
        if files.iter().zip(&real).any(|((.., given), real)| given.is_some_and(|given| given != real)) {
            return None;
        }
        let names = files.iter().zip(real).filter(|((.., given), _)| given.is_none()).map(|(_, real)| real).collect();
        Some(Decided { names, names_of_orphans, owners, owners_of_evidence })
    }

    /// Takes all files with several threads. The number of a file stands in every place that is read from it, and it depends on how many
    /// files before it are reported; so it is told first which are, and then all are read with their numbers.
    fn take_together(&mut self, inputs: &[Input], workers: &Workers) {
        let shared = self.shared;
        let mut rest = inputs;
        while !rest.is_empty() {
            if let [large, later @ ..] = rest
                && is_large(large)
            {
                let before = self.estate.inputs.len();
                self.take(large);
                shared.tally.told(self.estate.inputs.get(before));
                rest = later;
                continue;
            }
            let (batch, later) = rest.split_at(together(rest, workers).min(rest.len()));
            rest = later;
            let probe = Reading::new(shared, 0);
            let looked_at = workers.map(batch.iter().collect(), |input| {
                let bytes = probe.bytes(input, open(input));
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
                if !one.evidence.iter().any(|one| one.log.is_some()) {
                    shared.tally.told(one.estate.inputs.first());
                }
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
            Ok(Content::Other) => return false,
            Ok(Content::Log(_)) => return input.named || self.options.logs,
            Ok(Content::EventLog(_)) => return true,
            Ok(Content::Whole(_)) if input.named => return true,
            Ok(Content::Whole(bytes)) => bytes,
        };
        if x509::is_binary(bytes) {
            return true;
        }
        if !looks_like_xml(bytes) || looks_like_event_xml(bytes) {
            let known = |text: &str| looks_like_event_xml(bytes) || is_known_text(text);
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
        let opened = open(input);
        let limit = self.options.limits.file_bytes;
        let fits = |metadata: &Metadata| has_large(metadata) && metadata.len() <= limit;
        let is_large = matches!(&opened, Some(Ok(Opened { metadata: Some(metadata), .. })) if fits(metadata));
        if !(is_large && self.take_through_window(input)) {
            self.take_bytes(input, self.bytes(input, opened));
        }
    }

    /// Takes a MetaBase.xml or configuration file without holding it; whether that was done. Whatever is wrong with it is left to be told as
    /// of any other file, and so are the kinds of files that are never large.
    fn take_through_window(&mut self, input: &Input) -> bool {
        let Options { limits, kind, .. } = *self.options;
        let forced = kind.filter(|_| input.named);
        let Ok(opened) = File::open(&input.path) else { return false };
        let Ok(mut stream) = TextStream::new(opened.take(limits.file_bytes)) else { return false };
        let mut head = String::new();
        let file = self.next_file();
        if stream.fill(&mut head, usize::try_from(HEAD).unwrap_or(usize::MAX)).is_err() {
            return false;
        }
        let Some(shape) = root_element(&head, file, limits).ok().and_then(|root| Shape::of_root(&root)) else { return false };
        if forced.is_some_and(|kind| Shape::of_kind(kind) != Some(shape)) {
            return false;
        }
        let encoding = stream.encoding();
        let mut report = InputReport {
            path: input.display(),
            kind: None,
            encoding: Some(encoding),
            server: None,
            error: None,
            warnings: stream.warning().map(str::to_owned).into_iter().collect(),
        };
        let mut head = Some(head);
        let fill = |text: &mut String, about: usize| match head.take() {
            Some(head) => {
                text.push_str(&head);
                Ok(true)
            }
            None => stream.fill(text, about),
        };
        match shape {
            Shape::Metabase => {
                report.kind = Some(FileKind::MetaBase);
                report.warnings.extend(doubtful_encoding(encoding));
                let beside = self.schema_beside(input);
                let schema = beside.as_ref().and_then(|schema| schema.get()).and_then(Option::as_ref);
                let Ok(said) = metabase::read_pieces(fill, file, limits, schema) else { return false };
                self.hosts.push(Host { input: input.clone(), file, said: Said::Metabase(Box::new(said)) });
            }
            Shape::Configuration => {
                let Ok(config) = apphost::read_pieces(fill, file, limits) else { return false };
                self.keep_config(input, file, Arc::new(config), &mut report);
            }
            Shape::Schema => return false,
        }
        self.estate.inputs.push(report);
        true
    }

    fn keep_config(&mut self, input: &Input, file: FileId, config: Arc<ConfigFile>, report: &mut InputReport) {
        let kind = self.options.kind.filter(|_| input.named).unwrap_or_else(|| config.kind());
        report.kind = Some(kind);
        report.warnings.extend(config.warnings());
        if kind == FileKind::ApplicationHost {
            self.hosts.push(Host { input: input.clone(), file, said: Said::ApplicationHost(config) });
        } else {
            self.configs.push(Config { input: input.clone(), file, config });
        }
    }

    fn take_bytes(&mut self, input: &Input, bytes: Bytes) {
        match bytes {
            Ok(Content::Whole(bytes)) => {
                self.take_whole(input, &bytes);
                buffer::give_back(bytes);
            }
            Ok(Content::Log(log)) => self.take_log(input, log),
            Ok(Content::EventLog(held)) => self.take_event_log(input, held),
            Ok(Content::Other) => self.estate.skipped += 1,
            Err(message) => {
                self.estate.inputs.push(InputReport::failed(input.display(), self.kind_by_name(input), message, None));
            }
        }
    }

    fn take_whole(&mut self, input: &Input, bytes: &[u8]) {
        let forced_text = self.options.kind.filter(|kind| input.named && is_text(*kind));
        // Binary files are told before anybody takes them for text.
        if x509::is_binary(bytes) && (self.options.kind.is_none() || !input.named) {
            let file = self.next_file();
            self.keep_x509(input, x509::read_binary(bytes, file), file, None);
            return;
        }
        if self.take_event_xml(input, bytes) {
            return;
        }
        if (forced_text.is_some() || !looks_like_xml(bytes)) && self.take_text(input, bytes, forced_text) {
            return;
        }
        let decoded = match input::decode(bytes, self.options.encoding) {
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
            (None, Err(_)) if input.named && !looks_like_xml(bytes) => {
                report.error = Some(not_recognised(&decoded.text, self.expected));
                self.estate.inputs.push(report);
                return;
            }
            (None, Err(error)) if self.must_be_ours(input) => Err(error),
            (None, _) if input.named => {
                let message = format!("not recognised; {}; --as names the kind", self.expected);
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
                    if has_head_of_schema(bytes) {
                        // Where a metabase has asked for it already, it is known.
                        let _ = self.shared.schemas.of(&input.path).set(Some(schema));
                    }
                })
            }
            (Some(Shape::Metabase), _) => {
                report.kind = Some(FileKind::MetaBase);
                report.warnings.extend(doubtful_encoding(decoded.encoding));
                let beside = self.schema_beside(input);
                let schema = beside.as_ref().and_then(|schema| schema.get()).and_then(Option::as_ref);
                metabase::read(&decoded.text, file, self.options.limits, schema).map(|said| {
                    self.hosts.push(Host { input: input.clone(), file, said: Said::Metabase(Box::new(said)) });
                })
            }
            (Some(Shape::Configuration), _) => {
                self.read_config(&decoded.text, file).map(|config| self.keep_config(input, file, config, &mut report))
            }
        };
        if let Err(error) = outcome {
            report.kind = report.kind.or_else(|| self.kind_by_name(input));
            report.error = Some(InputError { message: error.to_string(), line: Some(error.place.line), column: Some(error.place.column) });
        }
        self.estate.inputs.push(report);
    }

    fn read_config(&self, text: &str, file: FileId) -> Result<Arc<ConfigFile>, XmlError> {
        match self.shared.repeated {
            Some(repeated) => repeated.read(text, file, self.options.limits),
            None => apphost::read(text, file, self.options.limits).map(Arc::new),
        }
    }

    /// Takes a log: to be read later, or only to be counted, where nobody asked for logs.
    fn take_log(&mut self, input: &Input, log: Log) {
        let wanted = self.options.logs;
        self.estate.logs_not_read += usize::from(!wanted);
        if !wanted && !input.named {
            return;
        }
        let file = self.next_file();
        let warnings = if wanted { Vec::new() } else { vec!["not read: `iisaudit diagnose` is the command that reads logs".to_owned()] };
        self.estate.inputs.push(InputReport {
            path: input.display(),
            kind: Some(FileKind::Log),
            encoding: None,
            server: None,
            error: None,
            warnings,
        });
        if wanted {
            self.evidence.push(Evidence { log: Some(log), ..Evidence::of(input, file) });
        }
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

    /// Takes a binary log of events, block by block, so that its size does not matter.
    fn take_event_log(&mut self, input: &Input, held: Option<Vec<u8>>) {
        let forced = self.options.kind.filter(|kind| input.named && *kind != FileKind::Events);
        if let Some(kind) = forced {
            let message = format!("its content is not that of {}, as --as says, but that of a binary log of events", kind.name());
            self.estate.inputs.push(InputReport::failed(input.display(), Some(kind), message, None));
            return;
        }
        let file = self.next_file();
        let read = match held {
            Some(bytes) => evidence::read_evtx(bytes.as_slice(), file),
            None => File::open(&input.path).and_then(|log| evidence::read_evtx(log, file)),
        };
        match read {
            Ok(events) => {
                let mut warnings = remarks_of(None, Some(&events), None);
                // Whoever copies the folder of all logs knows that most are about something else.
                warnings.extend(events.only_others().filter(|_| input.named));
                self.estate.inputs.push(InputReport {
                    path: input.display(),
                    kind: Some(FileKind::Events),
                    encoding: None,
                    server: None,
                    error: None,
                    warnings,
                });
                self.evidence.push(Evidence::of_events(input, file, events));
            }
            Err(error) => {
                let message = format!("cannot be read: {error}");
                self.estate.inputs.push(InputReport::failed(input.display(), Some(FileKind::Events), message, None));
            }
        }
    }

    /// Keeps what a text says besides configuration, and reports the file.
    fn keep(&mut self, input: &Input, decoded: input::Decoded<'_>, kind: FileKind, evidence: Evidence) {
        let mut warnings: Vec<String> = decoded.warning.into_iter().collect();
        warnings.extend(remarks_of(evidence.stores.as_ref(), evidence.events.as_ref(), evidence.verifications.as_ref()));
        warnings.extend(evidence.events.as_ref().and_then(ReadEvents::only_others));
        let of_verifications = evidence.verifications.as_ref().and_then(|read| read.cut.as_ref());
        let cut = evidence.stores.as_ref().and_then(|read| read.cut.as_ref()).or(of_verifications);
        self.estate.inputs.push(InputReport {
            path: input.display(),
            kind: Some(kind),
            encoding: Some(decoded.encoding),
            server: None,
            error: cut.map(InputError::of),
            warnings,
        });
        self.evidence.push(evidence);
    }

    /// Keeps what a file of certificates says, and reports it. A file with nothing but a private key is reported and belongs to nobody.
    fn keep_x509(
        &mut self,
        input: &Input,
        read: Result<ReadX509, x509::X509Error>,
        file: FileId,
        text: Option<(&'static str, Option<String>)>,
    ) {
        let read = match read {
            Ok(read) => read,
            Err(error) => {
                let place = error.line.map(|line| (line, 1));
                self.estate.inputs.push(InputReport::failed(input.display(), Some(FileKind::Certificate), error.to_string(), place));
                return;
            }
        };
        let kind = kind_of(&read);
        let (encoding, warning) = text.unzip();
        let mut warnings: Vec<String> = warning.flatten().into_iter().collect();
        warnings.extend(worded(read.warnings.iter(), Vec::new()));
        self.estate.inputs.push(InputReport { path: input.display(), kind: Some(kind), encoding, server: None, error: None, warnings });
        if kind != FileKind::PrivateKey {
            self.evidence.push(Evidence { certificates: Some(read), ..Evidence::of(input, file) });
        }
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
                    None if forced.is_none() && x509::is_text(text) => {
                        let read = x509::read_text(text, file);
                        self.keep_x509(input, read, file, Some((decoded.encoding, decoded.warning)));
                        return true;
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
            error: records.as_ref().and_then(|records| records.cut.as_ref()).map(InputError::of),
            warnings,
        });
        self.evidence.push(Evidence { records, schannel, windows, ..Evidence::of(input, file) });
        true
    }

    /// The bytes of a file; `None` for a file in a directory whose first bytes are neither those of XML nor of a listing or registry
    /// export, and whose name promises nothing.
    fn bytes(&self, input: &Input, opened: Option<std::io::Result<Opened>>) -> Bytes {
        let limit = self.options.limits.file_bytes;
        let mut bytes = buffer::take();
        let forced = self.options.kind.filter(|_| input.named);
        let log = |bytes: &[u8]| match forced {
            Some(FileKind::Log) => Some(evidence::recognise_log(bytes).unwrap_or_default()),
            Some(_) => None,
            None => evidence::recognise_log(bytes),
        };
        let told = |error: std::io::Error| format!("cannot be read: {error}");
        if let Some(opened) = opened {
            let Opened { mut file, metadata } = opened.map_err(told)?;
            (&mut file).take(512).read_to_end(&mut bytes).map_err(told)?;
            if evidence::is_evtx(&bytes) {
                return Ok(Content::EventLog(None));
            }
            if (!looks_like_xml(&bytes) && !x509::is_binary(&bytes)) || forced == Some(FileKind::Log) || has_request(&bytes) {
                // A name of a computer may stand a little behind the headings.
                (&mut file).take(HEAD - 512).read_to_end(&mut bytes).map_err(told)?;
                if let Some(head) = log(&bytes) {
                    return Ok(Content::Log(Log { held: None, computer: head.computer }));
                }
            }
            if !input.named && !self.must_be_ours(input) && !looks_like_xml(&bytes) && !x509::is_binary(&bytes) {
                let known = |decoded: input::Decoded<'_>| is_known_text(&decoded.text);
                if !x509::is_binary(&bytes) && !input::decode_text(&bytes, self.options.encoding).is_ok_and(known) {
                    return Ok(Content::Other);
                }
            }
            // A file that has a length is read at once, and what has none, such as a pipe, in growing pieces.
            match metadata.map_or(0, |metadata| metadata.len()) {
                length if (1..=limit).contains(&length) => file.read_to_end(&mut bytes).map_err(told)?,
                _ => file.take((limit + 1).saturating_sub(bytes.len() as u64)).read_to_end(&mut bytes).map_err(told)?,
            };
        } else {
            std::io::stdin().lock().take(limit + 1).read_to_end(&mut bytes).map_err(told)?;
            if bytes.len() as u64 <= limit
                && let Some(head) = log(&bytes)
            {
                return Ok(Content::Log(Log { held: Some(bytes), computer: head.computer }));
            }
            if bytes.len() as u64 <= limit && evidence::is_evtx(&bytes) {
                return Ok(Content::EventLog(Some(bytes)));
            }
        }
        if bytes.len() as u64 > limit {
            return Err(format!("refused: larger than {limit} bytes"));
        }
        if bytes.is_empty() && (input.named || self.must_be_ours(input)) {
            return Err("the file is empty".to_owned());
        }
        Ok(Content::Whole(bytes))
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
        let schema = |path: &Path| {
            let schema = self.shared.schemas.of(path);
            schema.get_or_init(|| read_schema(path, self.options)).is_some().then_some(schema)
        };
        // Each of `named` whose name is this one, until one is a schema.
        let called = |named: &[PathBuf], wanted: &str| {
            let is_wanted = |path: &&PathBuf| path.file_name().is_some_and(|name| name.eq_ignore_ascii_case(wanted));
            named.iter().filter(is_wanted).find_map(|path| schema(path))
        };
        if input.named {
            let named = self.shared.schemas.in_directory(directory);
            return paired.and_then(|paired| called(&named, &paired)).or_else(|| called(&named, "mbschema.xml"));
        }
        let siblings = self.shared.siblings.get(directory)?;
        paired.and_then(|paired| called(siblings.named_as_schemas(), &paired)).or_else(|| siblings.first_schema(schema))
    }

    fn finish(self, workers: &Workers) -> Estate {
        let (owners, owners_of_evidence) = self.owners(&Trees::default());
        let orphans = self.configs.iter().zip(&owners).filter(|(_, owner)| owner.is_none()).map(|(config, _)| (&config.input, false));
        let mut names = names(&self.hosts.iter().map(|host| (&host.input, host.is_whole_server())).chain(orphans).collect::<Vec<_>>());
        let names_of_orphans = names.split_off(self.hosts.len());
        self.finish_as(Decided { names, names_of_orphans, owners, owners_of_evidence }, false, workers)
    }

    /// Makes servers of what was read. `others` says whether there are servers besides.
    fn finish_as(mut self, decided: Decided, others: bool, workers: &Workers) -> Estate {
        let first = self.options.first_file;
        let Decided { names, names_of_orphans, owners, owners_of_evidence } = decided;
        let mut placed: Vec<Vec<PlacedFile>> = self.hosts.iter().map(|_| Vec::new()).collect();
        let mut placed_files: Vec<Vec<FileId>> = self.hosts.iter().map(|_| Vec::new()).collect();
        let mut redirections: Vec<Option<Arc<ConfigFile>>> = self.hosts.iter().map(|_| None).collect();
        let mut evidence: Vec<Vec<Evidence>> = self.hosts.iter().map(|_| Vec::new()).collect();
        let mut evidence_alone: BTreeMap<String, Vec<Evidence>> = BTreeMap::new();
        let no_servers = self.hosts.is_empty() && !others;
        let mut logs: BTreeMap<Option<usize>, Vec<Evidence>> = BTreeMap::new();
        for (one, owner) in std::mem::take(&mut self.evidence).into_iter().zip(owners_of_evidence) {
            if let Some(log) = &one.log {
                let owner = owner.or_else(|| log.computer.as_deref().and_then(|computer| called(&names, computer)));
                logs.entry(owner).or_default().push(one);
                continue;
            }
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
        let mut logs_alone = None;
        let mut summaries: BTreeMap<usize, (Vec<FileId>, LogSummary)> = BTreeMap::new();
        for (owner, logs) in logs {
            match owner {
                Some(host) => {
                    summaries.insert(host, read_logs(logs, &mut self.estate, first, &self.shared.tally, workers));
                }
                None if no_servers && evidence_alone.len() <= 1 => {
                    logs_alone = Some(read_logs(logs, &mut self.estate, first, &self.shared.tally, workers));
                }
                None => {
                    for log in logs {
                        let report = report_of(&mut self.estate, first, log.file);
                        if let Some(report) = report {
                            report.warnings.push(
                                "not read, for it belongs to no server: put it below the directory of its server, or let the server log \
                                 s-computername with the name that its directory has"
                                    .to_owned(),
                            );
                            self.shared.tally.told(Some(report));
                        }
                    }
                }
            }
        }
        let mut given = Names { taken: names.iter().chain(&names_of_orphans).cloned().collect(), next: HashMap::default() };
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
                Said::ApplicationHost(config) => apphost::assemble(config, &placed[index], redirections[index].as_deref(), name),
            }
        });
        for ((index, host), mut server) in self.hosts.iter().enumerate().zip(assembled) {
            if let Some(report) = report_of(&mut self.estate, first, host.file) {
                report.server = Some(server.name.clone());
            }
            server.inputs = std::iter::once(host.file).chain(placed_files[index].iter().copied()).collect();
            server.windows = self.options.windows;
            give(&mut server, std::mem::take(&mut evidence[index]), &mut self.estate, first);
            give_logs(&mut server, summaries.remove(&index), &mut self.estate, first);
            self.estate.servers.push(server);
        }
        if logs_alone.is_some() && evidence_alone.is_empty() {
            evidence_alone.insert("logs".to_owned(), Vec::new());
        }
        for (name, files) in evidence_alone {
            // Nothing but Windows Server 2003 and Windows XP has that tool.
            let old = !files.is_empty() && files.iter().all(|file| file.records.as_ref().is_some_and(of_httpcfg));
            let generation = if old { Generation::Iis6 } else { Generation::Iis7 };
            let mut server = Server::unknown(given.give(name), generation);
            server.windows = self.options.windows;
            give(&mut server, files, &mut self.estate, first);
            give_logs(&mut server, logs_alone.take(), &mut self.estate, first);
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
    fn owners(&self, others: &Trees<'_>) -> (Vec<Option<Owner>>, Vec<Option<usize>>) {
        let applies = Host::applies;
        let mut trees = others.clone();
        for (index, host) in self.hosts.iter().enumerate().filter(|(_, host)| applies(host) && !host.input.named) {
            trees.add(index, &host.input);
        }
        let mut applicable = self.hosts.iter().enumerate().filter(|(_, host)| applies(host));
        let only = match (applicable.next(), applicable.next()) {
            (Some((index, _)), None) if others.0.is_empty() => Some(index),
            _ => None,
        };
        let owner = |config: &Config| {
            if config.input.path.as_os_str() == "-" {
                return None;
            }
            let directory = config.input.path.parent().unwrap_or(Path::new(""));
            match (trees.of(&config.input), only) {
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
                None if others.0.is_empty() => Some(Some(index)),
                _ => Some(None),
            };
        }
        // In a flat folder a stem says more than the folder: web01.sslcert.txt belongs to web01.config. What lies beside a metabase belongs
        // to it as well, so that it can be said why it is not used.
        let owner_of_evidence = |evidence: &Evidence| {
            let directory = directory_of(&evidence.input);
            let beside = by_directory.get(&directory).copied().flatten();
            let paired = by_stem.get(&(directory, first_stem(&evidence.input))).copied().flatten();
            paired.or_else(|| trees.of(&evidence.input).map(|(index, _)| index)).or(beside).or(only).or(whole.flatten())
        };
        (self.configs.iter().map(owner).collect(), self.evidence.iter().map(owner_of_evidence).collect())
    }
}

/// The names of the servers made from `files`, each with whether it is the file of a whole server. A server is named by its directory, or
/// by its file where one directory holds several; a lone piece never takes the name of the directory from the server's file in it. Equal
/// names are told apart by the directories above.
fn names(files: &[(&Input, bool)]) -> Vec<String> {
    let directories: Vec<Option<PathBuf>> = files.iter().map(|(input, _)| directory_of(input)).collect();
    // For each directory the files in it, and those of them that are a whole server's.
    let mut files_in: HashMap<Option<&Path>, (usize, usize), Seed> = HashMap::default();
    for ((_, whole), directory) in files.iter().zip(&directories) {
        let (all, of_servers) = files_in.entry(directory.as_deref()).or_default();
        *all += 1;
        *of_servers += usize::from(*whole);
    }
    let several_in = |directory: &Option<PathBuf>| files_in.get(&directory.as_deref()).copied().filter(|(all, _)| *all > 1);
    let mut stems_in: HashMap<(Option<&Path>, Cow<'_, str>), usize, Seed> = HashMap::default();
    for ((input, _), directory) in files.iter().zip(&directories).filter(|(_, directory)| several_in(directory).is_some()) {
        *stems_in.entry((directory.as_deref(), stem(input))).or_default() += 1;
    }
    let mut names: Vec<Vec<Cow<'_, str>>> = Vec::with_capacity(files.len());
    for ((input, whole), directory) in files.iter().zip(&directories) {
        let mut parts: Vec<Cow<'_, str>> = directory.iter().flat_map(|directory| normal_parts(directory)).collect();
        while parts.len() > 1 && parts.last().is_some_and(|part| is_folder_of_iis(part)) {
            parts.pop();
        }
        let has_rivals = several_in(directory).is_some_and(|(_, of_servers)| !*whole || of_servers > 1);
        if has_rivals || parts.is_empty() {
            let stem = stem(input);
            let shared = stems_in.get(&(directory.as_deref(), stem.clone())).is_some_and(|files| *files > 1);
            parts.push(match input.path.file_name().filter(|_| shared && directory.is_some()) {
                Some(name) => name.to_string_lossy(),
                None => stem,
            });
        }
        names.push(parts);
    }
    let mut lengths = vec![1; names.len()];
    loop {
        let tails: Vec<Cow<'_, str>> = names.iter().zip(&lengths).map(|(parts, length)| tail(parts, *length)).collect();
        let mut times: HashMap<&str, usize, Seed> = HashMap::default();
        for tail in &tails {
            *times.entry(tail).or_default() += 1;
        }
        let mut grew = false;
        for ((parts, length), tail) in names.iter().zip(&mut lengths).zip(&tails) {
            if *length < parts.len() && times.get(&**tail).is_some_and(|times| *times > 1) {
                *length += 1;
                grew = true;
            }
        }
        if !grew {
            let mut given = Names::default();
            return tails.into_iter().map(|tail| given.give(tail.into_owned())).collect();
        }
    }
}

/// The name of a file without its ending.
fn stem(input: &Input) -> Cow<'_, str> {
    match input.path.file_stem() {
        Some(stem) if input.path.as_os_str() != "-" => stem.to_string_lossy(),
        _ => Cow::Borrowed("stdin"),
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
                report.warnings.push(NOT_USED_ON_IIS_6.to_owned());
            }
            if metabase && !is_old && !one.counts_on_iis_6() {
                continue;
            }
        }
        server.inputs.push(one.file);
        server.windows = server.windows.or(one.windows.map(|(version, _)| version));
        // One that was cut may lack the very line that would say otherwise.
        let verifications = one.verifications.into_iter().flat_map(|read| read.verifications);
        server.evidence.verifications.extend(verifications.filter(|verification| verification.is_whole()));
        if let Some(read) = one.certificates {
            server.evidence.certificates.extend(read.certificates);
            server.evidence.crls.extend(read.crls);
            server.evidence.ctls.extend(read.ctls);
        }
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
                server.schannel = Some(Box::new(schannel));
            }
        }
    }
    if let Some(mut records) = all {
        // The sort is stable: within one kind of source the order of the files stays.
        records.records.sort_by_key(|record| rank(record.source));
        let known = if metabase { server.running.take() } else { server.records.take() };
        if let Some(known) = known {
            records.extent = records.extent.max(known.extent);
            records.records.extend(known.records);
            records.unknown.extend(known.unknown);
            records.stray.extend(known.stray);
            // The join makes endpoints of records that no binding leads to.
            server.endpoints.retain(|endpoint| !endpoint.sites.is_empty());
        }
        if metabase {
            httpsys::run(server, records);
        } else {
            httpsys::join(server, records);
            let mut told = BTreeSet::new();
            server.notices.retain(|notice| told.insert(notice.clone()));
        }
    }
}

/// Reads the logs of one server, a few at a time, so that no more than their summaries and one file for each thread is held.
fn read_logs(logs: Vec<Evidence>, estate: &mut Estate, first: u32, tally: &Tally<'_>, workers: &Workers) -> (Vec<FileId>, LogSummary) {
    let mut files = Vec::new();
    let mut all = LogSummary::default();
    let mut rest = logs.into_iter().peekable();
    while rest.peek().is_some() {
        let next: Vec<Evidence> = rest.by_ref().take(workers.count()).collect();
        let read = workers.map(next, |mut one| {
            let held = one.log.as_mut().and_then(|log| log.held.take());
            let summary = match held {
                Some(bytes) => Ok(evidence::read_log(bytes.as_slice(), one.file)),
                None => File::open(&one.input.path).map(|file| evidence::read_log(file, one.file)),
            };
            (one.file, summary)
        });
        for (file, summary) in read {
            let Some(report) = report_of(estate, first, file) else { continue };
            match summary {
                Err(error) => report.error = Some(InputError { message: format!("cannot be read: {error}"), line: None, column: None }),
                Ok(mut summary) => {
                    if let Some(name) = site_of_folder(&report.path) {
                        summary.name_sites(name);
                    }
                    report.warnings.extend(summary.files.get(&file).iter().flat_map(|facts| facts.remarks()));
                    all.take_in(summary);
                    files.push(file);
                }
            }
            tally.told(Some(report));
        }
    }
    (files, all)
}

/// The folder of a site's logs, `W3SVC7`, which names the site although its column is not logged by default.
fn site_of_folder(path: &str) -> Option<&str> {
    let (folder, _) = path.rsplit_once('/')?;
    let folder = folder.rsplit('/').next()?;
    let number = folder.get(..5).filter(|head| head.eq_ignore_ascii_case("W3SVC")).and_then(|_| folder.get(5..))?;
    (!number.is_empty() && number.bytes().all(|byte| byte.is_ascii_digit())).then_some(folder)
}

/// Gives a server what its logs say.
fn give_logs(server: &mut Server, logs: Option<(Vec<FileId>, LogSummary)>, estate: &mut Estate, first: u32) {
    let Some((files, summary)) = logs else { return };
    for file in &files {
        if let Some(report) = report_of(estate, first, *file) {
            report.server = Some(server.name.clone());
        }
    }
    if !files.is_empty() {
        server.inputs.extend(files);
        server.evidence.logs = Some(summary);
    }
}

/// The only one of the servers that has the name of a computer, by the last part of its name up to the first dot.
fn called(names: &[String], computer: &str) -> Option<usize> {
    let short = |name: &str| name.rsplit('/').next().unwrap_or_default().split('.').next().unwrap_or_default().to_lowercase();
    let wanted = short(computer);
    let mut named = names.iter().enumerate().filter(|(_, name)| short(name) == wanted);
    match (named.next(), named.next()) {
        (Some((index, _)), None) => Some(index),
        _ => None,
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
            | FileKind::Certificate
            | FileKind::RevocationList
            | FileKind::TrustList
            | FileKind::CertificateStoreFile
            | FileKind::PrivateKey
            | FileKind::Log
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
    // Both stand near the start nearly always; a reader looks further ahead than to the next element.
    let cut = (0..4).find_map(|back| text.get(..FIRST_ELEMENTS.saturating_sub(back)));
    let head = cut.filter(|head| head.len() < text.len());
    match head.map(|head| first_elements(head, file, limits)) {
        Some(Ok((root, Some(first)))) => Ok((root, Some(first))),
        _ => first_elements(text, file, limits),
    }
}

/// In so many bytes the first two elements are looked for first.
const FIRST_ELEMENTS: usize = 4096;

fn first_elements(text: &str, file: FileId, limits: Limits) -> Result<(String, Option<String>), XmlError> {
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
    let mut file = File::open(path).ok()?;
    (&mut file).take(HEAD).read_to_end(&mut bytes).ok()?;
    if !has_head_of_schema(&bytes) {
        return None;
    }
    file.take(options.limits.file_bytes).read_to_end(&mut bytes).ok()?;
    let decoded = input::decode(&bytes, options.encoding).ok()?;
    // The first bytes may show a word of a comment.
    let root = root_element(&decoded.text, FileId(0), options.limits).ok()?;
    if Shape::of_root(&root) != Some(Shape::Schema) {
        return None;
    }
    // Its own faults are reported where the schema is an input itself; a metabase is read without it.
    MbSchema::read(&decoded.text, FileId(0), options.limits).ok()
}

/// Whether a text that is no XML is one that is read.
fn is_known_text(text: &str) -> bool {
    httpsys::recognise_text(text).is_some() || evidence::recognise_text(text).is_some() || x509::is_text(text)
}

/// Why a text that was named is none that is read, and the line that shows it: that of the columns of a log, else the first.
fn not_recognised(text: &str, expected: &str) -> InputError {
    let line_of = |number: usize| Some(u32::try_from(number + 1).unwrap_or(u32::MAX));
    let columns = text.lines().enumerate().find(|(_, line)| line.trim_start_matches('\u{feff}').starts_with("#Fields:"));
    if let Some((number, line)) = columns {
        let missing = if line.split_whitespace().any(|column| column == "sc-status") {
            "whose columns are not those of requests to IIS or HTTP.sys; expected a log of requests".to_owned()
        } else {
            "without the columns of how requests ended; expected at least sc-status, and sc-substatus and sc-win32-status to tell 403.7 from 403.13".to_owned()
        };
        return InputError { message: format!("this is a log {missing}"), line: line_of(number), column: Some(1) };
    }
    let edge = |c: char| c.is_whitespace() || c == '\u{feff}' || c == '\0';
    let first = text.lines().enumerate().map(|(number, line)| (number, line.trim_matches(edge))).find(|(_, line)| !line.is_empty());
    let Some((number, first)) = first else {
        return InputError { message: format!("the file has nothing but blanks; {expected}"), line: Some(1), column: Some(1) };
    };
    let mut begin: String = first.chars().take(BEGINNING).collect();
    if begin.len() < first.len() {
        begin.push('…');
    }
    InputError { message: format!("not recognised: it begins with \"{begin}\"; {expected}"), line: line_of(number), column: Some(1) }
}

/// So many characters of a text that is not recognised are quoted.
const BEGINNING: usize = 40;

/// What a file of certificates and lists is called: by what it holds, or by its container when that can hold anything.
fn kind_of(read: &ReadX509) -> FileKind {
    let nothing = read.certificates.is_empty() && read.crls.is_empty() && read.ctls.is_empty();
    if nothing && read.private_keys > 0 {
        FileKind::PrivateKey
    } else if read.ctls.len() == 1 && read.crls.is_empty() {
        // The certificates beside it are those of its signers.
        FileKind::TrustList
    } else if read.certificates.is_empty() && read.ctls.is_empty() && !read.crls.is_empty() {
        FileKind::RevocationList
    } else if matches!(read.container, x509::PKCS_7 | x509::SERIALIZED_STORE) || !read.crls.is_empty() || !read.ctls.is_empty() || nothing {
        FileKind::CertificateStoreFile
    } else {
        FileKind::Certificate
    }
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

/// Whether the first line has a request in it, behind a `<address>` that somebody put in the place of a real one.
fn has_request(bytes: &[u8]) -> bool {
    let first = bytes.split(|byte| *byte == b'\n').next().unwrap_or_default();
    [&b" GET /"[..], b" POST /"].into_iter().any(|request| memchr::memmem::find(first, request).is_some())
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
    let mut absolute = std::path::absolute(&input.path).ok()?;
    absolute.pop().then_some(absolute)
}

fn directory_or_here(directory: &Path) -> &Path {
    if directory.as_os_str().is_empty() { Path::new(".") } else { directory }
}

fn parts_of(path: &Path) -> Vec<String> {
    normal_parts(path).map(Cow::into_owned).collect()
}

fn normal_parts(path: &Path) -> impl Iterator<Item = Cow<'_, str>> {
    path.components().filter_map(|component| match component {
        std::path::Component::Normal(part) => Some(part.to_string_lossy()),
        _ => None,
    })
}

fn tail<'a>(parts: &'a [Cow<'a, str>], length: usize) -> Cow<'a, str> {
    match &parts[parts.len().saturating_sub(length)..] {
        [part] => Cow::Borrowed(part),
        parts => Cow::Owned(parts.join("/")),
    }
}

/// Folders that every IIS server has, so that none of them can name a server.
fn is_folder_of_iis(name: &str) -> bool {
    ["config", "inetsrv", "system32", "windows"].iter().any(|folder| name.eq_ignore_ascii_case(folder))
}

/// Names that are given, each once.
#[derive(Default)]
struct Names {
    taken: HashSet<String, Seed>,
    /// The next number to try for a name that is wanted again, so that many equal names cost no search.
    next: HashMap<String, usize, Seed>,
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

impl InputError {
    fn of(remark: &Remark) -> Self {
        InputError {
            message: remark.message.clone(),
            line: remark.place.map(|place| place.line),
            column: remark.place.map(|place| place.column),
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
        let mut names = Names { taken: HashSet::from_iter(["web#3".to_owned()]), next: HashMap::default() };
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
            let path = directory.path().join(name);
            std::fs::create_dir_all(path.parent().unwrap()).unwrap();
            std::fs::write(path, text).unwrap();
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

    type Told = (Vec<Server>, Vec<(String, Option<String>, bool, usize)>, usize);

    /// Servers without the numbers of their files, and the files.
    fn told(estates: Vec<Estate>) -> Told {
        let (mut servers, mut inputs, mut skipped) = (Vec::new(), Vec::new(), 0);
        for estate in estates {
            skipped += estate.skipped;
            let file = |input: &InputReport| (input.path.clone(), input.server.clone(), input.error.is_some(), input.warnings.len());
            inputs.extend(estate.inputs.iter().map(file));
            servers.extend(estate.servers);
        }
        servers.sort_by(|a: &Server, b| a.name.cmp(&b.name));
        inputs.sort();
        (servers, inputs, skipped)
    }

    /// What `read` and `read_each` make of files; nothing for the latter when it gives up.
    fn both(files: &[(&str, &str)], is_held: &dyn Fn(&str) -> bool) -> (Told, Option<(Told, usize)>) {
        let directory = tempfile::tempdir().unwrap();
        for (name, text) in files {
            let path = directory.path().join(name);
            std::fs::create_dir_all(path.parent().unwrap()).unwrap();
            std::fs::write(path, text).unwrap();
        }
        let paths = [directory.path().to_path_buf()];
        let mut estates = Vec::new();
        let fits = read_each(&paths, &Options::default(), is_held, &|estate| estate, &mut |estate| estates.push(estate));
        let pieces = estates.len();
        (told(vec![read(&paths, &Options::default())]), fits.then(|| (told(estates), pieces)))
    }

    /// The facts of a server but for the order of files, which is another when they are read together.
    fn meaning(servers: &[Server]) -> Vec<String> {
        let rows =
            |server: &Server| crate::facts::of_server(server, &[]).map(|fact| serde_json::to_string(&fact).unwrap()).collect::<Vec<_>>();
        servers.iter().flat_map(rows).collect()
    }

    #[test]
    fn servers_that_are_read_one_by_one_are_what_they_are_when_all_are_read_together() {
        let metabase = "<configuration><MBProperty><IIsWebServer Location=\"/LM/W3SVC/1\"></IIsWebServer></MBProperty></configuration>";
        let sites = r#"<configuration><system.applicationHost><sites><site name="S" id="1"><application path="/"><virtualDirectory path="/" physicalPath="D:\www\s" /></application><bindings><binding protocol="https" bindingInformation="*:443:"/></bindings></site></sites></system.applicationHost></configuration>"#;
        let web = r#"<configuration><system.webServer><security><access sslFlags="Ssl" /></security></system.webServer></configuration>"#;
        let listing = "SSL Certificate bindings:\r\n-------------------------\r\n\r\n    IP:port                      : 0.0.0.0:443\r\n";
        let broken = "<configuration><";
        let usual: &[(&str, &str)] = &[
            ("a/applicationHost.config", sites),
            ("a/www/s/web.config", web),
            ("a/sslcert.txt", listing),
            ("b/inetsrv/config/applicationHost.config", sites),
            ("b/notes.txt", "nothing"),
            ("c/MetaBase.xml", metabase),
            ("c/listing.txt", listing),
            ("d/applicationHost.config", sites),
        ];
        let with = |more: &[(&'static str, &'static str)]| [usual, more].concat();
        // Files, and whether servers can be read one by one all the same.
        let cases: Vec<(Vec<(&str, &str)>, bool)> = vec![
            (usual.to_vec(), true),
            // What is no server, what belongs to nobody, and what lies between.
            (
                with(&[
                    ("e/applicationHost.config", broken),
                    ("web.config", web),
                    ("x/y/redirection.config", web),
                    ("sslcert.txt", listing),
                ]),
                true,
            ),
            // Servers in files of other names, in the tree of another server and beside.
            (with(&[("a/old/copy.config", sites), ("f/web09.config", sites), ("f/web09.sslcert.txt", listing)]), true),
            // Names that are the same are told apart by what is above.
            (with(&[("x/a/applicationHost.config", sites), ("y/c/MetaBase.xml", metabase), ("y/c/web.config", web)]), true),
            // A metabase in the place of another file, and a directory that holds both.
            (with(&[("g/applicationHost.config", metabase), ("h/MetaBase.xml", metabase), ("h/applicationHost.config", sites)]), true),
            // The one that cannot be read would have shortened the name of another.
            (with(&[("x/a/applicationHost.config", broken)]), false),
            // Without the one that cannot be read its neighbour has all of the directory.
            (
                vec![
                    ("x/a/applicationHost.config", sites),
                    ("x/a/www/web.config", web),
                    ("x/b/applicationHost.config", broken),
                    ("y/applicationHost.config", sites),
                ],
                false,
            ),
            (vec![("a/applicationHost.config", sites), ("web.config", web)], false),
        ];
        for (number, (files, one_by_one)) in cases.iter().enumerate() {
            let ((servers, inputs, skipped), each) = both(files, &|_| false);
            assert_eq!(each.is_some(), *one_by_one, "case {number}");
            let Some(((each_servers, each_inputs, each_skipped), pieces)) = each else { continue };
            assert!(pieces > 3, "case {number}");
            assert_eq!((inputs.len(), skipped), (each_inputs.len(), each_skipped), "case {number}");
            // Each reading has a directory of its own.
            let servers_of = |inputs: &[(String, Option<String>, bool, usize)]| {
                inputs
                    .iter()
                    .map(|(path, server, error, warnings)| (path.rsplit('/').next().unwrap().to_owned(), server.clone(), *error, *warnings))
                    .collect::<Vec<_>>()
            };
            assert_eq!(servers_of(&inputs), servers_of(&each_inputs), "case {number}");
            assert_eq!(meaning(&servers), meaning(&each_servers), "case {number}");
            assert_eq!(
                servers.iter().map(|server| &server.notices).collect::<Vec<_>>(),
                each_servers.iter().map(|server| &server.notices).collect::<Vec<_>>(),
                "case {number}"
            );
        }
        let (_, held) = both(usual, &|name| name == "a" || name == "d");
        assert_eq!(held.unwrap().1, 3, "two by themselves, and the rest");
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

    #[test]
    fn a_metabase_takes_the_schema_of_its_numbers_else_that_without_and_in_a_directory_else_any() {
        let directory = tempfile::tempdir().unwrap();
        let schema = |default: u32| {
            format!(
                "<MetaData><DatabaseMeta><Collection InternalName=\"IIsConfigObject\">\
                 <Property InternalName=\"CertCheckMode\" ID=\"2160\" Type=\"DWORD\" DefaultValue=\"{default}\"/></Collection></DatabaseMeta></MetaData>"
            )
        };
        let metabase = "<configuration><MBProperty><IIsWebService Location=\"/LM/W3SVC\"/><IIsWebServer Location=\"/LM/W3SVC/1\"/></MBProperty></configuration>";
        let write = |name: &str, text: &str| {
            let path = directory.path().join(name);
            std::fs::create_dir_all(path.parent().unwrap()).unwrap();
            std::fs::write(&path, text).unwrap();
            path
        };
        write("history/MBSchema.xml", &schema(4));
        write("history/mbschema_0000000002_0000000000.xml", &schema(2));
        write("history/mbschema_0000000003_0000000000.xml", "<other/>");
        write("other/a-schema.xml", &schema(1));
        let names = ["MetaBase.xml", "MetaBase_0000000002_0000000000.xml", "MetaBase_0000000003_0000000000.xml", "base.xml"];
        let mut paths: Vec<PathBuf> = names.iter().map(|name| write(&format!("history/{name}"), metabase)).collect();
        paths.push(write("other/MetaBase.xml", metabase));
        let modes = |paths: &[PathBuf]| -> Vec<Option<u32>> {
            let estate = read(paths, &Options::default());
            let mut modes: Vec<(&str, Option<u32>)> = estate
                .servers
                .iter()
                .map(|server| {
                    let mode =
                        server.sites[0].root().value(crate::catalogue::Setting::CertCheckMode).and_then(crate::catalogue::Value::flags);
                    (estate.inputs[server.inputs[0].0 as usize].path.as_str(), mode)
                })
                .collect();
            modes.sort_unstable();
            modes.into_iter().map(|(_, mode)| mode).collect()
        };
        assert_eq!(modes(&[directory.path().to_path_buf()]), [Some(4), Some(2), Some(4), Some(4), Some(1)]);
        assert_eq!(modes(&paths), [Some(4), Some(2), Some(4), Some(4), Some(0)]);
    }

    #[test]
    fn a_comment_makes_no_schema_of_a_metabase() {
        let directory = tempfile::tempdir().unwrap();
        // With a schema that does not have it the name would be told as unknown.
        let text = "<!-- <MetaData> --><configuration><MBProperty><IIsWebServer Location=\"/LM/W3SVC/1\" FrobNicate=\"7\"/></MBProperty></configuration>";
        let paths = ["MetaBase.xml", "MBSchema.xml"].map(|name| directory.path().join(name));
        paths.iter().for_each(|path| std::fs::write(path, text).unwrap());
        for paths in [vec![directory.path().to_path_buf()], paths.to_vec()] {
            let estate = read(&paths, &Options::default());
            assert_eq!(estate.servers.len(), 2);
            assert!(estate.servers.iter().all(|server| server.anomalies.is_empty()), "{:?}", estate.servers);
        }
    }

    const X509: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/fixtures/x509/");

    fn with_certificates(files: &[(&str, &str)]) -> (tempfile::TempDir, Estate) {
        let directory = tempfile::tempdir().unwrap();
        for (name, from) in files {
            let path = directory.path().join(name);
            std::fs::create_dir_all(path.parent().unwrap()).unwrap();
            match *from {
                "host" => std::fs::write(path, HOST).unwrap(),
                from => drop(std::fs::copy(format!("{X509}{from}"), path).unwrap()),
            }
        }
        let estate = read(&[directory.path().to_path_buf()], &Options::default());
        (directory, estate)
    }

    #[test]
    fn certificates_and_lists_are_known_by_content_and_given_to_their_server() {
        let (_directory, found) = with_certificates(&[
            ("WEB01/applicationHost.config", "host"),
            ("WEB01/a.txt", "client.cer"),
            ("WEB01/b.bin", "issuing2.crl"),
            ("WEB01/c", "contoso.stl"),
            ("WEB01/d.dat", "store.sst"),
            ("WEB01/e.log", "users.pem"),
            ("WEB01/f", "issuing2.b64"),
            ("WEB01/g", "chain.p7b"),
            ("WEB02/applicationHost.config", "host"),
            ("WEB02/x.cer", "plain.cer"),
        ]);
        let kinds: Vec<_> = found.inputs.iter().map(|input| (input.kind.map_or("", FileKind::name), input.server.as_deref())).collect();
        let (one, two) = (Some("WEB01"), Some("WEB02"));
        assert_eq!(
            kinds,
            [
                ("certificate", one),
                ("applicationHost.config", one),
                ("CRL", one),
                ("CTL", one),
                ("certificate store file", one),
                ("certificate", one),
                ("certificate", one),
                ("certificate store file", one),
                ("applicationHost.config", two),
                ("certificate", two),
            ]
        );
        assert!(found.inputs.iter().all(|input| input.error.is_none() && input.warnings.is_empty()), "{:?}", found.inputs);
        let evidence = &found.servers[0].evidence;
        assert_eq!((evidence.certificates.len(), evidence.crls.len(), evidence.ctls.len()), (9, 3, 2));
        assert_eq!(found.servers[1].evidence.certificates.len(), 1);
        assert_eq!(found.inputs[evidence.certificates[0].place.file.0 as usize].kind, Some(FileKind::Certificate));
        assert_eq!((found.inputs[0].encoding, found.inputs[5].encoding, found.skipped), (None, Some("UTF-8"), 0));
    }

    #[test]
    fn a_file_with_a_private_key_is_told_and_belongs_to_nobody() {
        let (_directory, found) =
            with_certificates(&[("applicationHost.config", "host"), ("client.pfx", "head.pfx"), ("site.pem", "refused.pem")]);
        let told: Vec<_> = found.inputs.iter().skip(1).map(|input| (input.kind.unwrap(), input.warnings.concat())).collect();
        assert_eq!(told[0], (FileKind::PrivateKey, "holds a private key; not needed, not read (byte 0)".to_owned()));
        assert_eq!(told[1].0, FileKind::Certificate);
        assert!(told[1].1.starts_with("line ") && told[1].1.ends_with("holds a private key; not needed, not read"), "{told:?}");
        assert_eq!((found.inputs[1].server.as_deref(), found.servers[0].evidence.certificates.len()), (None, 1));
    }

    #[test]
    fn a_broken_certificate_is_an_error_with_its_byte_and_stops_nothing() {
        let directory = tempfile::tempdir().unwrap();
        std::fs::write(directory.path().join("applicationHost.config"), HOST).unwrap();
        let whole = std::fs::read(format!("{X509}client.cer")).unwrap();
        std::fs::write(directory.path().join("cut.cer"), &whole[..600]).unwrap();
        let found = read(&[directory.path().to_path_buf()], &Options::default());
        assert_eq!(found.servers.len(), 1);
        let error = found.inputs[1].error.as_ref().unwrap();
        assert!(error.message.ends_with("but only 596 are left (byte 0)"), "{}", error.message);
    }

    #[test]
    fn many_threads_read_certificates_as_one_does() {
        let files = [("WEB01/applicationHost.config", "host"), ("WEB01/a.cer", "client.cer"), ("WEB01/b.crl", "issuing2.crl")];
        let (directory, one) = with_certificates(&files);
        let options = Options { threads: NonZeroUsize::new(4), ..Options::default() };
        assert_eq!(read(&[directory.path().to_path_buf()], &options), one);
    }

    const LOG: &str = "#Software: Microsoft Internet Information Services 10.0\n#Fields: date time s-ip s-port cs-method cs-uri-stem sc-status sc-substatus sc-win32-status\n2025-01-15 09:15:24 10.0.0.5 443 GET /pay 403 13 2148081683\n2025-01-15 09:15:25 10.0.0.5 443 GET /pay 200 0 0\n";

    #[test]
    fn logs_are_counted_and_not_read_unless_somebody_asks_for_them() {
        let files = [("web01/applicationHost.config", HOST), ("web01/LogFiles/W3SVC1/u_ex250115.log", LOG)];
        let found = estate(&files, &Options::default());
        assert_eq!((found.logs_not_read, found.skipped, found.inputs.len()), (1, 0, 1));
        assert!(found.servers[0].evidence.logs.is_none());
    }

    #[test]
    fn logs_belong_to_the_server_of_their_tree_and_add_up() {
        let files = [
            ("web01/applicationHost.config", HOST),
            ("web01/LogFiles/W3SVC1/u_ex250115.log", LOG),
            ("web01/LogFiles/W3SVC1/u_ex250116.log", LOG),
            ("web02/applicationHost.config", HOST),
            ("web02/u_ex250115.log", LOG),
            ("web03/applicationHost.config", HOST),
        ];
        for threads in [1, 3] {
            let found = estate(&files, &Options { logs: true, threads: NonZeroUsize::new(threads), ..Options::default() });
            let requests: Vec<Option<u64>> =
                found.servers.iter().map(|server| server.evidence.logs.as_ref().map(LogSummary::requests)).collect();
            assert_eq!(requests, [Some(4), Some(2), None]);
            assert_eq!(found.servers[0].inputs.len(), 3);
            let named: Vec<_> =
                found.servers[..2].iter().flat_map(|server| server.evidence.logs.iter().flat_map(|logs| logs.sites.keys())).collect();
            assert_eq!(named.iter().map(|site| site.to_string()).collect::<Vec<_>>(), ["W3SVC1 10.0.0.5:443", "10.0.0.5:443"]);
            assert!(found.inputs.iter().all(|input| input.error.is_none() && input.warnings.is_empty()), "{:?}", found.inputs);
            assert_eq!((found.logs_not_read, found.inputs[1].kind), (0, Some(FileKind::Log)));
        }
    }

    #[test]
    fn the_limit_of_other_files_does_not_hold_for_logs() {
        let long = format!("{LOG}{}", "2025-01-15 09:15:25 10.0.0.5 443 GET /pay 200 0 0\n".repeat(5000));
        let limits = Limits { file_bytes: 10_000, ..Limits::default() };
        let found = estate(
            &[("web01/applicationHost.config", HOST), ("web01/u.log", &long)],
            &Options { logs: true, limits, ..Options::default() },
        );
        assert_eq!(found.servers[0].evidence.logs.as_ref().unwrap().requests(), 5002);
    }

    #[test]
    fn a_log_in_a_common_folder_belongs_to_the_computer_that_it_names() {
        let log = LOG.replace("s-ip s-port", "s-computername s-port").replace("10.0.0.5", "WEB02");
        let other = log.replace("WEB02", "WEB09");
        let files = [
            ("web01/applicationHost.config", HOST),
            ("web02/applicationHost.config", HOST),
            ("logs/a.log", &*log),
            ("logs/b.log", &*other),
        ];
        let found = estate(&files, &Options { logs: true, ..Options::default() });
        let requests: Vec<Option<u64>> =
            found.servers.iter().map(|server| server.evidence.logs.as_ref().map(LogSummary::requests)).collect();
        assert_eq!(requests, [None, Some(2)]);
        let stray = found.inputs.iter().find(|input| input.path.ends_with("b.log")).unwrap();
        assert!(stray.warnings[0].contains("belongs to no server"), "{stray:?}");
    }

    #[test]
    fn logs_without_any_server_are_a_server_of_their_own() {
        let found = estate(&[("a/u1.log", LOG), ("b/u2.log", LOG)], &Options { logs: true, ..Options::default() });
        assert_eq!(found.servers.len(), 1);
        assert_eq!(found.servers[0].evidence.logs.as_ref().unwrap().requests(), 4);
    }

    #[test]
    fn a_log_that_is_named_where_none_is_read_says_so() {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("u.log");
        std::fs::write(&path, LOG).unwrap();
        let found = read(&[path], &Options::default());
        assert_eq!((found.inputs[0].kind, found.logs_not_read), (Some(FileKind::Log), 1));
        assert!(found.inputs[0].error.is_none() && found.inputs[0].warnings[0].contains("iisaudit diagnose"));
    }

    #[test]
    fn a_binary_log_of_events_is_told_by_its_first_bytes_and_one_that_cannot_be_read_is_an_error() {
        for threads in [1, 3] {
            let options = Options { threads: NonZeroUsize::new(threads), ..Options::default() };
            let found = estate(&[("applicationHost.config", HOST), ("System.old", "ElfFile\0\0\0")], &options);
            let report = found.inputs.iter().find(|input| input.path.ends_with(".old")).unwrap();
            assert_eq!(report.kind, Some(FileKind::Events));
            assert_eq!(report.error.as_ref().unwrap().message, "cannot be read: the file ends within its header");
            assert!(found.servers[0].evidence.events.is_none());
        }
    }

    #[test]
    fn a_line_with_names_in_angle_brackets_is_a_log_and_no_xml() {
        let files = [
            ("web01/applicationHost.config", HOST),
            ("web01/ticket.txt", "<IP> GET /MP LIST 443 - <IP> MANAGER - 403 13 2148081683 1 18\n"),
        ];
        let found = estate(&files, &Options { logs: true, ..Options::default() });
        assert_eq!(found.servers[0].evidence.logs.as_ref().map(LogSummary::requests), Some(1));
        assert!(found.inputs[1].warnings[0].contains("pieces of a log"), "{:?}", found.inputs[1]);
    }

    #[test]
    fn logs_that_are_given_to_a_server_as_evidence_are_read_and_added_to_its_own() {
        let directory = tempfile::tempdir().unwrap();
        let at = |name: &str| directory.path().join(name);
        for (name, text) in [("web01/applicationHost.config", HOST), ("web01/own.log", LOG), ("other/W3SVC3/u.log", LOG)] {
            std::fs::create_dir_all(at(name).parent().unwrap()).unwrap();
            std::fs::write(at(name), text).unwrap();
        }
        let options = Options { logs: true, ..Options::default() };
        let mut found = read(&[at("web01")], &options);
        give_evidence(&mut found, 0, &[at("other")], &options);
        let logs = found.servers[0].evidence.logs.as_ref().unwrap();
        assert_eq!((logs.requests(), logs.files.len()), (4, 2));
        assert!(logs.sites.keys().any(|site| site.name.as_deref() == Some("W3SVC3")));
        assert!(found.inputs.iter().all(|input| input.error.is_none() && input.server.is_some()), "{:?}", found.inputs);
    }

    #[test]
    fn a_file_read_through_a_window_says_what_it_says_when_it_is_held() {
        let directory = tempfile::tempdir().unwrap();
        let sites: String = (1..400)
            .map(|site| {
                format!(
                    "<IIsWebServer Location=\"/LM/W3SVC/{site}\" ServerComment=\"Grüße {site}\" SecureBindings=\"10.0.0.1:{site}:\"\r\n\tSSLCertHash=\"{site:040x}\">\r\n</IIsWebServer>\r\n\
                     <IIsWebVirtualDir Location=\"/LM/W3SVC/{site}/root\" AccessSSLFlags=\"AccessSSL\">\r\n<Custom ID=\"2160\" Value=\"1\"/></IIsWebVirtualDir>\r\n\
                     <IIsConfigObject Location=\"/LM/W3SVC/{site}/root/x\"/>\r\n"
                )
            })
            .collect();
        let metabase = format!("<?xml version =\"1.0\"?>\r\n<configuration><MBProperty>\r\n{sites}</MBProperty></configuration>\r\n");
        let sites: String = (1..2000)
            .map(|site| {
                format!(
                    "<site name=\"Grüße {site}\" id=\"{site}\" new=\"\">\r\n<application path=\"/\"><virtualDirectory path=\"/\" physicalPath=\"D:\\{site}\" password=\"p\"/></application>\r\n\
                     <bindings><binding protocol=\"https\" bindingInformation=\"*:443:s{site}\" sslFlags=\"1\"/></bindings></site>\r\n"
                )
            })
            .collect();
        let locations: String = (1..2000)
            .map(|site| {
                format!(
                    "<location path=\"Grüße {site}\"><system.webServer><security><access sslFlags=\"Ssl, New\"/></security>\r\n\
                     <handlers><add><deep/></add></handlers></system.webServer></location>\r\n"
                )
            })
            .collect();
        let config = format!(
            "<configuration><system.applicationHost><sites>\r\n{sites}</sites></system.applicationHost>{locations}\
             <system.webServer><globalModules><add image=\"%IIS_BIN%\\x.dll\"/></globalModules></system.webServer></configuration>"
        );
        let options = Options::default();
        let shared = Shared {
            options: &options,
            siblings: BTreeMap::new(),
            schemas: Schemas::default(),
            repeated: None,
            tally: Tally::new(&options, 1),
        };
        let told = |reading: &Reading<'_>| {
            let servers: Vec<String> = reading
                .hosts
                .iter()
                .map(|host| match &host.said {
                    Said::Metabase(said) => format!("{:?}", metabase::assemble(said, "SERVER".to_owned())),
                    Said::ApplicationHost(said) => format!("{said:?}"),
                })
                .chain(reading.configs.iter().map(|config| format!("{:?}", config.config)))
                .collect();
            (format!("{:?}", reading.estate.inputs), servers)
        };
        let utf16 = |text: &str| -> Vec<u8> { text.encode_utf16().flat_map(u16::to_le_bytes).collect() };
        for (name, text) in [("MetaBase.xml", &metabase), ("applicationHost.config", &config)] {
            for (bytes, fits) in [
                (text.clone().into_bytes(), true),
                (utf16(text), true),
                (text.replace("MBProperty", "system.webServer").into_bytes(), true),
                (text.replace("</configuration>", "").into_bytes(), false),
                ([text.as_bytes(), b"<!-- \xff -->"].concat(), false),
                (text.replace("configuration", "unknown").into_bytes(), false),
            ] {
                let path = directory.path().join(name);
                std::fs::write(&path, bytes).unwrap();
                let input = Input { path, root: directory.path().into(), named: true };
                let (mut streamed, mut held) = (Reading::new(&shared, 0), Reading::new(&shared, 0));
                assert_eq!(streamed.take_through_window(&input), fits);
                held.take_bytes(&input, held.bytes(&input, open(&input)));
                if fits {
                    assert!(told(&streamed) == told(&held), "{name}");
                    assert_eq!(streamed.hosts.len() + streamed.configs.len(), 1);
                    let is_express = told(&held).1[0].contains("generation: IisExpress");
                    assert_eq!(is_express, name == "applicationHost.config");
                } else {
                    assert!(streamed.estate.inputs.is_empty() && streamed.hosts.is_empty() && streamed.configs.is_empty());
                }
            }
        }
    }
}
