//! What a fleet came to, from directories or from rows that were written of its parts. Either way the same rows are put together in the same
//! way, so that the report is the same; a server is forgotten as soon as its rows are there.

use std::collections::{BTreeMap, HashMap};
use std::io::{BufReader, Read, Write};
use std::path::{Path, PathBuf};
use std::sync::{Mutex, MutexGuard, PoisonError};

use super::judge::{OWN, Setup};
use super::output::{self, Destination};
use super::{Common, Outcome, complain, judge_inputs};
use crate::estate::{self, Estate};
use crate::facts::{self, Fact, FactError, FindingRow, Line, NoticeRow, Row, VERSION};
use crate::fleet::{self, Collector, Made};
use crate::input::{FileId, Place, display};
use crate::policy::{Seen, look};
use crate::report;
use crate::rules::Finding;
use crate::server::{Notice, Server};
use crate::workers::Workers;

/// So many mistakes of one file of rows are listed on standard error.
const LISTED: usize = 20;

/// What a fleet came to, before its policy.
#[derive(Default)]
pub(super) struct Gathered {
    /// The files, and the servers by name: their notices and nothing else.
    pub(super) estate: Estate,
    /// What the rules found.
    pub(super) findings: Vec<Finding>,
    /// What was seen of the policy.
    pub(super) seen: Seen,
    /// Sites and values.
    collector: Collector,
    /// Those that other threads gathered.
    others: Vec<Collector>,
}

/// What one or several servers came to.
struct Digest {
    estate: Estate,
    findings: Vec<Finding>,
    seen: Seen,
}

/// What is left of a server.
fn shell(server: Server) -> Server {
    let mut notices = server.notices;
    notices.shrink_to_fit();
    // A survey counts notices by name and by what would settle them.
    notices.iter_mut().for_each(|notice| notice.message = String::new());
    let windows = server.windows;
    Server { notices, windows, ..Server::unknown(server.name, server.generation) }
}

/// What nobody sees in a survey.
fn trim(finding: &mut Finding) {
    finding.remedies = Vec::new();
    finding.sees = String::new();
    finding.message.shrink_to_fit();
    finding.related.shrink_to_fit();
}

/// Judges servers that were read together.
fn judge(estate: &mut Estate, setup: &Setup) -> (Vec<Finding>, Seen) {
    let (mut findings, mut seen) = (Vec::new(), Seen::default());
    for server in &mut estate.servers {
        setup.note(server);
    }
    let twins = setup.twins(&estate.servers);
    findings.extend(estate.servers.iter().flat_map(|server| setup.check(server, &twins, false)));
    if let Some(loaded) = &setup.policy {
        for server in &mut estate.servers {
            let (found, here) = look(&loaded.policy, OWN, server);
            findings.extend(found);
            seen.join(&here);
        }
    }
    findings.iter_mut().for_each(trim);
    (findings, seen)
}

/// Gathers the values of servers that were judged, and forgets them.
fn forget(mut estate: Estate, findings: Vec<Finding>, seen: Seen, collector: &mut Collector) -> Digest {
    for server in &estate.servers {
        collector.settle(server, &estate.inputs);
    }
    estate.servers = std::mem::take(&mut estate.servers).into_iter().map(shell).collect();
    Digest { estate, findings, seen }
}

/// Collectors that no thread uses at the moment. There are as many as threads, so that each goes on with what it knows, and little is left
/// to be put together.
#[derive(Default)]
struct Collectors(Mutex<Vec<Collector>>);

impl Collectors {
    /// Nothing that is done while it is locked can fail, so that a lock is never left in between.
    fn all(&self) -> MutexGuard<'_, Vec<Collector>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Judges servers that were read together, gathers their values, and forgets them.
    fn digest(&self, mut estate: Estate, setup: &Setup) -> Digest {
        let (findings, seen) = judge(&mut estate, setup);
        let mut collector = self.all().pop().unwrap_or_default();
        let digest = forget(estate, findings, seen, &mut collector);
        self.all().push(collector);
        digest
    }

    fn into_all(self) -> Vec<Collector> {
        self.0.into_inner().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Gathered {
    /// Sites and values, put together.
    pub(super) fn members(&mut self, workers: &Workers) -> fleet::Estate {
        let mut collectors = std::mem::take(&mut self.others);
        collectors.push(std::mem::take(&mut self.collector));
        Collector::finish_all(collectors, workers)
    }

    fn take(&mut self, digest: Digest) {
        let Digest { estate, mut findings, seen } = digest;
        let first = u32::try_from(self.estate.inputs.len()).unwrap_or(u32::MAX);
        number(&mut findings, |file| FileId(file.0.saturating_add(first)));
        self.findings.append(&mut findings);
        self.seen.join(&seen);
        self.estate.inputs.extend(estate.inputs);
        self.estate.servers.extend(estate.servers);
        self.estate.skipped += estate.skipped;
        self.estate.logs_not_read += estate.logs_not_read;
    }

    /// Puts files and servers into an order that does not depend on how they were read.
    fn sort(&mut self) {
        let inputs = std::mem::take(&mut self.estate.inputs);
        let mut sorted: Vec<(usize, _)> = inputs.into_iter().enumerate().collect();
        sorted.sort_unstable_by(|a, b| a.1.path.cmp(&b.1.path).then(a.0.cmp(&b.0)));
        let mut new = vec![FileId(0); sorted.len()];
        for (to, (from, _)) in sorted.iter().enumerate() {
            new[*from] = FileId(u32::try_from(to).unwrap_or(u32::MAX));
        }
        self.estate.inputs = sorted.into_iter().map(|(_, input)| input).collect();
        number(&mut self.findings, |file| usize::try_from(file.0).ok().and_then(|file| new.get(file)).copied().unwrap_or(OWN));
        // They are large, so that a sort that moves them through a buffer of their size would be what takes the most memory.
        self.estate.servers.sort_by_cached_key(|server| server.name.clone());
    }
}

/// Gives the files in places other numbers.
fn number(findings: &mut [Finding], new: impl Fn(FileId) -> FileId) {
    for finding in findings {
        let related = finding.related.iter_mut().map(|related| &mut related.place);
        for place in finding.place.iter_mut().chain(related).filter(|place| place.file != OWN) {
            place.file = new(place.file);
        }
    }
}

/// Reads directories, and writes the rows of what they came to, a part of a fleet, to each destination of `rows`. With `empty`, none but
/// unreadable files are a result, too.
pub(super) fn of_directories<F>(
    paths: &[PathBuf],
    setup: &Setup,
    common: &Common,
    empty: bool,
    rows: &[Destination<F>],
) -> Result<(Gathered, Outcome), Outcome> {
    let mut gathered = Gathered::default();
    // One server that is renamed, and groups that all servers together must have, need all of them; and rows have an order.
    let each = common.name.is_none() && !setup.names_groups() && rows.is_empty();
    let held = |name: &str| setup.is_node(name);
    let collectors = Collectors::default();
    let digest = |estate| collectors.digest(estate, setup);
    if each && estate::read_each(paths, &common.options(), &held, &digest, &mut |digest| gathered.take(digest)) {
        gathered.others = collectors.into_all();
        gathered.sort();
        if let Some(message) = common.misfit(&gathered.estate) {
            complain(&message);
            return Err(Outcome::Usage);
        }
        common.say_what_was_read(&gathered.estate);
        let outcome = judge_inputs(&gathered.estate, paths);
        setup.refuse_wrong_nodes(&gathered.estate.servers, outcome)?;
        return Ok((gathered, outcome));
    }
    let mut gathered = Gathered::default();
    let mut estate = common.read(paths)?;
    let outcome = judge_inputs(&estate, paths);
    if outcome == Outcome::NoInput && !empty {
        return Err(outcome);
    }
    setup.refuse_wrong_groups(&estate.servers, outcome)?;
    setup.refuse_wrong_nodes(&estate.servers, outcome)?;
    let (findings, seen) = judge(&mut estate, setup);
    let part = |out: &mut dyn Write| write_part(&estate, &findings, &seen, setup, out);
    let outcome = rows.iter().map(|rows| output::write_long(rows.file.as_deref(), common, part)).fold(outcome, Outcome::max);
    let digest = forget(estate, findings, seen, &mut gathered.collector);
    gathered.take(digest);
    gathered.sort();
    Ok((gathered, outcome))
}

fn write_part(estate: &Estate, findings: &[Finding], seen: &Seen, setup: &Setup, out: &mut dyn Write) -> std::io::Result<()> {
    let policy = setup.policy.as_ref();
    let own = policy.map_or("", |loaded| loaded.shown.as_str());
    let path = |file: FileId| match usize::try_from(file.0).ok().and_then(|file| estate.inputs.get(file)) {
        Some(input) => input.path.as_str(),
        None => own,
    };
    let head = Row::Part { v: VERSION, policy: policy.map(|loaded| loaded.fingerprint.clone()), profile: setup.profile };
    let server = |server: &Server| Row::Server {
        v: VERSION,
        server: server.name.clone(),
        generation: server.generation,
        windows: server.windows,
        notices: server.notices.iter().map(NoticeRow::of).collect(),
    };
    let end = Row::End { v: VERSION, skipped: estate.skipped, expect: seen.expect.clone(), groups: seen.groups.clone() };
    let servers = estate.servers.iter().map(server);
    let findings = findings.iter().map(|finding| Row::Finding(Box::new(FindingRow::of(finding, path))));
    let files = estate.inputs.iter().map(Row::of_file);
    report::facts::rows(std::iter::once(head), out)?;
    report::facts::ndjson(facts::of_estate(estate), out)?;
    report::facts::rows(servers.chain(findings).chain(files).chain(std::iter::once(end)), out)
}

/// Files of rows that are put together.
struct Parts<'a> {
    setup: &'a Setup,
    gathered: Gathered,
    /// Servers by name: whether a row says what was not assessed of it, and the file that lists its sites.
    servers: HashMap<String, (bool, Option<String>)>,
    /// The file of rows that names each file.
    files: HashMap<String, String>,
    /// Numbers of files in places.
    numbers: BTreeMap<String, FileId>,
    /// For rows of an earlier run, which may have been made in another way: how.
    earlier: Option<Made>,
    complaints: usize,
    mistakes: usize,
}

/// Puts rows together.
pub(super) fn of_facts(files: &[PathBuf], setup: &Setup) -> (Gathered, Outcome) {
    let parts = Parts::of(files, setup, None);
    let mistakes = parts.mistakes;
    let gathered = parts.finish();
    let outcome = if mistakes > 0 { Outcome::Unreadable } else { Outcome::Clean };
    let read = if gathered.estate.servers.is_empty() && mistakes > 0 { Outcome::Clean } else { judge_inputs(&gathered.estate, files) };
    (gathered, outcome.max(read))
}

/// Puts the rows of an earlier run together, and says how it was made. With a row missing or wrong nothing could be told from it: what it
/// held would look new.
pub(super) fn of_earlier(files: &[PathBuf], setup: &Setup) -> Result<(Gathered, Made), Outcome> {
    let parts = Parts::of(files, setup, Some(Made::default()));
    let made = parts.earlier.unwrap_or_default();
    if parts.mistakes > 0 {
        return Err(Outcome::Usage);
    }
    Ok((parts.finish(), made))
}

impl<'a> Parts<'a> {
    fn of(files: &[PathBuf], setup: &'a Setup, earlier: Option<Made>) -> Self {
        let mut parts = Parts {
            setup,
            gathered: Gathered::default(),
            servers: HashMap::new(),
            files: HashMap::new(),
            numbers: BTreeMap::new(),
            earlier,
            complaints: 0,
            mistakes: 0,
        };
        for file in files {
            parts.read(file);
        }
        parts
    }

    fn read(&mut self, file: &Path) {
        self.complaints = 0;
        let shown = display(file);
        let source: Box<dyn Read> = if file.as_os_str() == "-" {
            Box::new(std::io::stdin().lock())
        } else {
            match std::fs::File::open(file) {
                Ok(opened) => Box::new(opened),
                Err(error) => return self.complain(&FactError { file: shown, line: None, message: format!("cannot be read: {error}") }),
            }
        };
        let mut lines = facts::Reader::new(BufReader::with_capacity(1 << 16, source), shown.clone()).lines();
        let (mut begun, mut ended, mut any) = (0_usize, 0_usize, false);
        while let Some(line) = lines.next() {
            let fault = match line {
                Err(error) => {
                    self.complain(&error);
                    continue;
                }
                Ok(Line::Fact(fact)) => self.fact(&fact),
                Ok(Line::Row(row)) => {
                    begun += usize::from(matches!(*row, Row::Part { .. }));
                    ended += usize::from(matches!(*row, Row::End { .. }));
                    self.row(*row, &shown)
                }
            };
            any = true;
            if let Err(message) = fault {
                self.complain(&lines.error(message));
            }
        }
        let message = match (begun == ended, any) {
            (false, _) => "it does not end as it was written: it was cut, or rows were left out; write it again",
            (true, false) => "it holds no rows",
            (true, true) => "",
        };
        if !message.is_empty() {
            self.complain(&lines.error(message));
        }
        if self.complaints > LISTED {
            complain(&format!("error: {shown}: {} more rows are wrong", self.complaints - LISTED));
        }
    }

    fn complain(&mut self, error: &FactError) {
        self.complaints += 1;
        self.mistakes += 1;
        if self.complaints <= LISTED {
            complain(&format!("error: {error}"));
        }
    }

    fn fact(&mut self, fact: &Fact<'_>) -> Result<(), String> {
        if !self.servers.contains_key(&*fact.server) {
            self.servers.insert(fact.server.clone().into_owned(), (false, None));
        }
        if fact.setting == facts::LISTS_SITES
            && let (Some((_, listed)), Some(file)) = (self.servers.get_mut(&*fact.server), &fact.file)
            && listed.get_or_insert_with(|| file.clone().into_owned()) != file
        {
            return Err(format!(
                "two servers are called {}, one with {} and one with {file}, and cannot be told apart; read them together, or from folders of other names",
                fact.server,
                listed.as_deref().unwrap_or_default()
            ));
        }
        self.gathered.collector.fact(fact);
        Ok(())
    }

    fn row(&mut self, row: Row, from: &str) -> Result<(), String> {
        match row {
            Row::Part { policy, profile, .. } => {
                let loaded = self.setup.policy.as_ref();
                let decides = |loaded: &&super::policy::Loaded| !loaded.policy.expect.is_empty() || !loaded.policy.groups.is_empty();
                let same = policy.as_deref() == loaded.map(|loaded| loaded.fingerprint.as_str());
                if let Some(made) = &mut self.earlier {
                    made.other_policy |= !same;
                    made.other_profile |= profile != self.setup.profile;
                    return Ok(());
                }
                if loaded.filter(decides).is_some() && !same {
                    return Err(
                        "it was written without this policy file, whose expectations and groups are judged where servers are read; \
                                write it again with the same --config"
                            .to_owned(),
                    );
                }
                if profile != self.setup.profile {
                    return Err("it was written with another --profile; give the same here".to_owned());
                }
            }
            Row::Server { server, generation, windows, notices, .. } => {
                let known = self.servers.entry(server.clone()).or_default();
                if std::mem::replace(&mut known.0, true) {
                    return Err(format!("a server called {server} was already in these rows"));
                }
                let notices: Vec<Notice> = notices.iter().map(NoticeRow::notice).collect::<Result<_, _>>()?;
                self.gathered.estate.servers.push(Server { windows, notices, ..Server::unknown(server, generation) });
            }
            Row::Finding(finding) => {
                let numbers = &mut self.numbers;
                let next = |path: &str| {
                    let new = FileId(u32::try_from(numbers.len()).unwrap_or(u32::MAX));
                    *numbers.entry(path.to_owned()).or_insert(new)
                };
                self.gathered.findings.extend(finding.finding(next));
            }
            Row::End { skipped, expect, groups, .. } => {
                self.gathered.seen.join(&Seen { expect, groups });
                self.gathered.estate.skipped += skipped;
            }
            file @ Row::File { .. } => {
                let Some(input) = file.file() else { return Ok(()) };
                if let Some(other) = self.files.insert(input.path.clone(), from.to_owned()) {
                    return Err(format!("the file {} was already in the rows of {other}", input.path));
                }
                self.gathered.estate.inputs.push(input);
            }
        }
        Ok(())
    }

    fn finish(self) -> Gathered {
        let Parts { mut gathered, servers, numbers, .. } = self;
        // A server of facts alone: what the rules found on it, nobody wrote down.
        let servers: BTreeMap<String, _> = servers.into_iter().collect();
        for (name, _) in servers.into_iter().filter(|(_, (told, _))| !told) {
            let notice = Notice {
                name: "findings-not-given",
                message: String::new(),
                needs: "rows of `iisaudit fleet --format ndjson`, which hold findings".into(),
            };
            let shell = Server::unknown(name, crate::server::Generation::Iis7);
            gathered.estate.servers.push(Server { notices: vec![notice], ..shell });
        }
        // Places are numbered in the order in which findings came; they must be numbered as the files are.
        gathered.estate.inputs.sort_by(|a, b| a.path.cmp(&b.path));
        let known: HashMap<&str, usize> =
            gathered.estate.inputs.iter().enumerate().map(|(index, input)| (input.path.as_str(), index)).collect();
        let mut new = vec![OWN; numbers.len()];
        for (path, number) in &numbers {
            if let (Some(index), Ok(at)) = (known.get(path.as_str()), usize::try_from(number.0)) {
                new[at] = FileId(u32::try_from(*index).unwrap_or(u32::MAX));
            }
        }
        number(&mut gathered.findings, |file| usize::try_from(file.0).ok().and_then(|at| new.get(at)).copied().unwrap_or(OWN));
        // Without a policy there is no file of ours for a place to be in.
        if self.setup.policy.is_none() {
            let lost = |place: Place| place.file == OWN;
            for finding in &mut gathered.findings {
                finding.place = finding.place.filter(|place| !lost(*place));
                finding.related.retain(|related| !lost(related.place));
            }
        }
        gathered.sort();
        gathered
    }
}
