//! Where the results of `check` and `fleet` go: standard output and files, several in one run. A file is either written whole or not at all.

use std::ffi::{OsStr, OsString};
use std::fs::{self, File};
use std::io::{BufWriter, Write};
use std::path::{Path, PathBuf};

use clap::ValueEnum;

use super::{Common, Outcome, complain};
use crate::report::check::Detail;
use crate::report::github::Checkout;
use crate::report::{self, Style};
use crate::review::Review;

/// Width of text that goes to a file.
const FILE_WIDTH: usize = 100;

/// How the results of `check` are written.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, ValueEnum)]
pub(super) enum ReportFormat {
    /// Text for people
    #[default]
    Table,
    /// JSON for programs, described by schemas/report-check.schema.json
    Json,
    /// SARIF 2.1.0 for code scanning
    Sarif,
    /// JSON for streams: one object a line, described by schemas/report-check-line.schema.json
    Ndjson,
    /// A table for spreadsheets, one finding a row
    Csv,
    /// Test results for build servers
    Junit,
    /// Annotations of GitHub Actions, and the summary of the job
    Github,
    /// A comment for a pull request
    Markdown,
    /// One page for a browser or paper, complete in itself: no script, nothing from elsewhere
    Html,
}

impl ReportFormat {
    fn write(self, review: &Review, detail: Detail, style: Style, out: &mut dyn Write) -> std::io::Result<()> {
        let text = match self {
            ReportFormat::Json => return report::check::write_json(review, out),
            ReportFormat::Table => report::check::table(review, detail, style),
            ReportFormat::Sarif => report::sarif::render(review),
            ReportFormat::Ndjson => report::ndjson::render(review),
            ReportFormat::Csv => report::csv::render(review),
            ReportFormat::Junit => report::junit::render(review),
            ReportFormat::Github => report::github::render(review, &checkout()),
            ReportFormat::Markdown => report::markdown::render(review),
            ReportFormat::Html => report::html::render(review),
        };
        out.write_all(text.as_bytes())
    }
}

/// One result: a format and where it goes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Destination<F = ReportFormat> {
    pub(super) format: F,
    /// The file; `None` is standard output.
    pub(super) file: Option<PathBuf>,
}

/// Reads `FORMAT=FILE`.
pub(super) fn parse_destination<F: ValueEnum>(text: &str) -> Result<Destination<F>, String> {
    let (format, file) = text.split_once('=').ok_or("expected FORMAT=FILE, such as json=report.json; FILE - is standard output")?;
    let format = F::from_str(format, false).map_err(|_| {
        let names: Vec<_> =
            F::value_variants().iter().filter_map(|format| Some(format.to_possible_value()?.get_name().to_owned())).collect();
        format!("no such format; there are: {}", names.join(", "))
    })?;
    match file {
        "" => Err("the name of the file is missing; - is standard output".to_owned()),
        "-" => Ok(Destination { format, file: None }),
        file => Ok(Destination { format, file: Some(PathBuf::from(file)) }),
    }
}

/// The destinations of one run: those of `--report`, and standard output in `format`, unless a report claims it. An error when two results
/// would go to one place. The default of the formats is the table for people.
pub(super) fn destinations<F: Copy + Default>(format: Option<F>, reports: &[Destination<F>]) -> Result<Vec<Destination<F>>, String> {
    let mut all = reports.to_vec();
    let claimed = reports.iter().any(|report| report.file.is_none());
    if format.is_some() || !claimed {
        all.insert(0, Destination { format: format.unwrap_or_default(), file: None });
    }
    for (index, destination) in all.iter().enumerate() {
        if all.iter().skip(index + 1).any(|other| other.file == destination.file) {
            let place = destination.file.as_ref().map_or_else(|| "standard output".to_owned(), |file| file.display().to_string());
            return Err(format!("--report: two results would go to {place}; give each a place of its own"));
        }
    }
    Ok(all)
}

/// Whether people read what goes to standard output.
pub(super) fn is_for_people<F: Default + PartialEq>(destinations: &[Destination<F>]) -> bool {
    destinations.iter().all(|destination| destination.format == F::default() && destination.file.is_none())
}

/// The repository of a run of GitHub Actions, where it is one.
fn checkout() -> Checkout {
    let shown = |path: &Path| path.display().to_string().replace(std::path::MAIN_SEPARATOR, "/");
    let Some(root) = std::env::var_os("GITHUB_WORKSPACE").filter(|root| !root.is_empty()).map(PathBuf::from) else {
        return Checkout::default();
    };
    let below = std::env::current_dir().ok().and_then(|here| Some(shown(here.strip_prefix(&root).ok()?)));
    Checkout { root: shown(&root).trim_end_matches('/').to_owned(), below: below.unwrap_or_default() }
}

/// GitHub drops the summary of a step that is longer.
const LONGEST_SUMMARY: u64 = 1 << 20;
/// Less room than this is not worth a report.
const LEAST_SUMMARY: usize = 8192;

/// Adds the report to the summary of the job, where GitHub Actions names a file for it.
fn add_job_summary(review: &Review) -> Outcome {
    let Some(file) = std::env::var_os("GITHUB_STEP_SUMMARY").filter(|file| !file.is_empty()).map(PathBuf::from) else {
        return Outcome::Clean;
    };
    let taken = fs::metadata(&file).map_or(0, |found| found.len());
    let room = usize::try_from(LONGEST_SUMMARY.saturating_sub(taken)).unwrap_or(0).saturating_sub(1);
    if room < LEAST_SUMMARY {
        complain("warning: GITHUB_STEP_SUMMARY: the summary of this step is full, the report is not added to it");
        return Outcome::Clean;
    }
    // A blank line ends whatever stands there.
    let text = format!("\n{}", report::markdown::render_within(review, room));
    let written = File::options().create(true).append(true).open(&file).and_then(|mut out| out.write_all(text.as_bytes()));
    if let Err(error) = written {
        complain(&format!("error: {}: cannot write the summary of the job: {error}", file.display()));
        return Outcome::Unwritable;
    }
    Outcome::Clean
}

/// Writes every result of `check`.
pub(super) fn write(destinations: &[Destination], review: &Review, detail: Detail, common: &Common) -> Outcome {
    let outcome = write_all(destinations, common, |format, style, out| format.write(review, detail, style, out));
    if destinations.iter().any(|destination| destination.format == ReportFormat::Github) {
        return outcome.max(add_job_summary(review));
    }
    outcome
}

/// Writes every result. One that cannot be written is said and does not stop the others.
pub(super) fn write_all<F: Copy>(
    destinations: &[Destination<F>],
    common: &Common,
    write: impl Fn(F, Style, &mut dyn Write) -> std::io::Result<()>,
) -> Outcome {
    let mut outcome = Outcome::Clean;
    for destination in destinations {
        let written = match &destination.file {
            None => common.print_by(|out| write(destination.format, common.style(), out)),
            Some(file) => told(file, write_whole_by(file, |out| write(destination.format, Style::plain(FILE_WIDTH), out))),
        };
        outcome = outcome.max(written);
    }
    outcome
}

/// Writes what is too long to be held.
pub(super) fn write_long(file: Option<&Path>, common: &Common, write: impl FnOnce(&mut dyn Write) -> std::io::Result<()>) -> Outcome {
    match file {
        None => common.stream(write),
        Some(file) => told(file, write_whole_by(file, write)),
    }
}

fn told(file: &Path, written: std::io::Result<()>) -> Outcome {
    match written {
        Ok(()) => Outcome::Clean,
        Err(error) => {
            complain(&format!("error: {}: cannot write the report: {error}", file.display()));
            Outcome::Unwritable
        }
    }
}

/// Writes a file without a name, or under another name in the same directory, and gives it its own name when it is complete: nobody ever
/// sees half of it, and what was there before stays when something goes wrong.
pub(super) fn write_whole(file: &Path, bytes: &[u8]) -> std::io::Result<()> {
    write_whole_by(file, |out| out.write_all(bytes))
}

fn write_whole_by(file: &Path, write: impl FnOnce(&mut dyn Write) -> std::io::Result<()>) -> std::io::Result<()> {
    // A device or pipe cannot be replaced; what is written to it is gone at once anyway.
    if fs::metadata(file).is_ok_and(|found| !found.is_file() && !found.is_dir()) {
        let mut out = BufWriter::new(File::options().write(true).open(file)?);
        return write(&mut out).and_then(|()| out.flush());
    }
    let name = file.file_name().ok_or_else(|| std::io::Error::other("this is no name of a file"))?;
    let parts = || part_names(name).map(|part| file.with_file_name(part));
    let filled = |out: File| {
        let mut out = BufWriter::new(out);
        write(&mut out)?;
        let out = out.into_inner().map_err(std::io::IntoInnerError::into_error)?;
        out.sync_data().map(|()| out)
    };
    if let Some(out) = nameless::create(file) {
        return nameless::name(&filled(out)?, file, parts());
    }
    let (out, part) = first_free(parts(), |part| File::create_new(part))?;
    let renamed = filled(out).and_then(|_| fs::rename(&part, file));
    if renamed.is_err() {
        // What went wrong before counts, not whether the remains can be removed.
        let _ = fs::remove_file(&part);
    }
    renamed
}

/// Names for a file that is not complete. The first can be taken by a run of the same number that was killed.
fn part_names(name: &OsStr) -> impl Iterator<Item = OsString> {
    let process = std::process::id();
    (0..100_u8).map(move |attempt| {
        let mut part = OsString::from(".");
        part.push(name);
        part.push(if attempt == 0 { format!(".{process}.part") } else { format!(".{process}-{attempt}.part") });
        part
    })
}

/// Makes what is wanted at the first of these paths that nothing is at.
fn first_free<T>(paths: impl Iterator<Item = PathBuf>, make: impl Fn(&Path) -> std::io::Result<T>) -> std::io::Result<(T, PathBuf)> {
    let mut taken = std::io::Error::other("there is no free name beside it");
    for path in paths {
        match make(&path) {
            Ok(made) => return Ok((made, path)),
            Err(error) if error.kind() == std::io::ErrorKind::AlreadyExists => taken = error,
            Err(error) => return Err(error),
        }
    }
    Err(taken)
}

/// Files that have no name until they are complete, so that a run that is killed, in whatever way, leaves nothing of them.
#[cfg(target_os = "linux")]
mod nameless {
    use std::fs::{self, File};
    use std::io::Result;
    use std::os::fd::AsRawFd;
    use std::path::{Path, PathBuf};

    use rustix::fs::{AtFlags, CWD, Mode, OFlags, linkat, openat};

    /// A file without a name where `file` is to be; `None` where the file system has no such files.
    pub(super) fn create(file: &Path) -> Option<File> {
        let directory = file.parent().filter(|parent| !parent.as_os_str().is_empty()).unwrap_or(Path::new("."));
        // The name is given by way of this directory, which a container can lack.
        if !Path::new("/proc/self/fd").is_dir() {
            return None;
        }
        openat(CWD, directory, OFlags::TMPFILE | OFlags::WRONLY | OFlags::CLOEXEC, Mode::from_raw_mode(0o666)).ok().map(File::from)
    }

    /// Gives such a file its name. Where there is one of that name it is replaced: for a moment, in which nothing is written, the new one has
    /// a name of `parts`.
    pub(super) fn name(out: &File, file: &Path, parts: impl Iterator<Item = PathBuf>) -> Result<()> {
        let own = format!("/proc/self/fd/{}", out.as_raw_fd());
        let link = |path: &Path| linkat(CWD, &own, CWD, path, AtFlags::SYMLINK_FOLLOW).map_err(std::io::Error::from);
        match link(file) {
            Err(error) if error.kind() == std::io::ErrorKind::AlreadyExists => {}
            done => return done,
        }
        let ((), part) = super::first_free(parts, link)?;
        let renamed = fs::rename(&part, file);
        if renamed.is_err() {
            // What went wrong before counts, not whether the remains can be removed.
            let _ = fs::remove_file(&part);
        }
        renamed
    }
}

/// Elsewhere every file has a name.
#[cfg(not(target_os = "linux"))]
mod nameless {
    use std::fs::File;
    use std::io::Result;
    use std::path::{Path, PathBuf};

    pub(super) fn create(_file: &Path) -> Option<File> {
        None
    }

    pub(super) fn name(_out: &File, _file: &Path, _parts: impl Iterator<Item = PathBuf>) -> Result<()> {
        Err(std::io::Error::other("a file cannot be given a name here"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_destination_names_a_format_and_a_file() {
        let json = Destination { format: ReportFormat::Json, file: Some(PathBuf::from("out=1.json")) };
        assert_eq!(parse_destination("json=out=1.json"), Ok(json));
        assert_eq!(parse_destination("table=-"), Ok(Destination { format: ReportFormat::Table, file: None }));
        assert!(parse_destination::<ReportFormat>("json").unwrap_err().starts_with("expected FORMAT=FILE"));
        assert!(parse_destination::<ReportFormat>("jason=x").unwrap_err().starts_with("no such format; there are: table, json"));
        assert!(parse_destination::<ReportFormat>("json=").unwrap_err().contains("missing"));
    }

    #[test]
    fn the_table_stays_on_standard_output_unless_a_report_goes_there() {
        let to_file = parse_destination("json=a.json").unwrap();
        let to_stdout = parse_destination("json=-").unwrap();
        let table = Destination { format: ReportFormat::Table, file: None };
        assert_eq!(destinations(None, &[]).unwrap(), std::slice::from_ref(&table));
        assert_eq!(destinations(None, std::slice::from_ref(&to_file)).unwrap(), [table, to_file.clone()]);
        assert_eq!(destinations(None, std::slice::from_ref(&to_stdout)).unwrap(), std::slice::from_ref(&to_stdout));
        assert!(destinations(Some(ReportFormat::Table), &[to_stdout]).unwrap_err().contains("standard output"));
        assert!(destinations(None, &[to_file.clone(), to_file]).unwrap_err().contains("a.json"));
    }

    #[test]
    fn a_file_is_replaced_whole_and_nothing_else_is_left() {
        let directory = tempfile::tempdir().unwrap();
        let file = directory.path().join("report.json");
        write_whole(&file, b"old").unwrap();
        write_whole(&file, b"new").unwrap();
        assert_eq!(fs::read(&file).unwrap(), b"new");
        assert_eq!(fs::read_dir(directory.path()).unwrap().count(), 1);
        let error = write_whole(&directory.path().join("missing/report.json"), b"x").unwrap_err();
        assert_eq!(error.kind(), std::io::ErrorKind::NotFound);
    }

    #[test]
    fn remains_of_a_run_that_was_killed_disturb_no_other() {
        let directory = tempfile::tempdir().unwrap();
        let file = directory.path().join("report.json");
        let left: Vec<PathBuf> = part_names(OsStr::new("report.json")).take(3).map(|part| directory.path().join(part)).collect();
        left.iter().for_each(|part| fs::write(part, b"half").unwrap());
        write_whole(&file, b"old").unwrap();
        write_whole(&file, b"new").unwrap();
        assert_eq!(fs::read(&file).unwrap(), b"new");
        assert!(left.iter().all(|part| fs::read(part).unwrap() == b"half"), "they may belong to a run elsewhere");
        assert_eq!(fs::read_dir(directory.path()).unwrap().count(), 4);
    }

    #[test]
    fn a_directory_is_not_replaced() {
        let directory = tempfile::tempdir().unwrap();
        let inner = directory.path().join("inner");
        fs::create_dir(&inner).unwrap();
        assert!(write_whole(&inner, b"x").is_err());
        assert_eq!(fs::read_dir(directory.path()).unwrap().count(), 1);
    }
}
