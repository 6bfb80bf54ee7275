//! Which policy file a run has, and its mistakes on standard error.

use std::path::{Path, PathBuf};

use clap::Args;

use super::{Outcome, complain};
use crate::input::display;
use crate::policy::{self, Date, FILE_NAME, Mistake, Policy};

/// A larger file is no policy.
const LARGEST: u64 = 1 << 20;

/// Options about the policy file.
#[derive(Args)]
pub(super) struct PolicyOptions {
    /// The policy file; otherwise the nearest iisaudit.toml in the directory of the first PATH or above it, up to the directory that holds
    /// .git
    #[arg(long, value_name = "FILE", conflicts_with = "no_config")]
    config: Option<PathBuf>,
    /// Uses no policy file
    #[arg(long)]
    no_config: bool,
    /// The day on which suppressions are judged, such as 2027-03-31; otherwise today in UTC
    #[arg(long, value_name = "DATE")]
    at: Option<Date>,
}

impl PolicyOptions {
    /// The day of the run. Nothing else of the program asks the clock.
    pub(super) fn today(&self) -> Date {
        self.at.unwrap_or_else(Date::today)
    }
}

/// A policy file that was read.
pub(super) struct Loaded {
    pub(super) policy: Policy,
    /// Its path as shown.
    pub(super) shown: String,
    /// What tells its text from others.
    pub(super) fingerprint: String,
    /// The directory that paths in it are relative to.
    directory: PathBuf,
}

impl Loaded {
    /// The baseline that it names: the path for opening it.
    pub(super) fn baseline(&self) -> Option<PathBuf> {
        self.policy.baseline.as_ref().map(|baseline| self.directory.join(baseline))
    }
}

/// Reads the policy file of a run over `paths`, when there is one. All its mistakes are told.
pub(super) fn load(options: &PolicyOptions, paths: &[PathBuf]) -> Result<Option<Loaded>, Outcome> {
    if options.no_config {
        return Ok(None);
    }
    let Some(path) = options.config.clone().or_else(|| find(paths.first()?)) else { return Ok(None) };
    let shown = display(&path);
    let text = read(&path, &shown, LARGEST)?;
    match policy::parse(&text) {
        Ok(policy) => {
            let directory = path.parent().map(Path::to_path_buf).unwrap_or_default();
            Ok(Some(Loaded { policy, shown, fingerprint: fingerprint(&text), directory }))
        }
        Err(mistakes) => {
            tell(&shown, &mistakes);
            Err(Outcome::Usage)
        }
    }
}

/// FNV-1a: enough to tell an edited policy from the one that was used before.
fn fingerprint(text: &str) -> String {
    let step = |hash: u64, byte: u8| (hash ^ u64::from(byte)).wrapping_mul(0x0000_0100_0000_01b3);
    format!("{:016x}", text.bytes().fold(0xcbf2_9ce4_8422_2325, step))
}

/// The text of a file of ours.
pub(super) fn read(path: &Path, shown: &str, largest: u64) -> Result<String, Outcome> {
    let fail = |message: String| {
        complain(&format!("error: {shown}: {message}"));
        Outcome::Usage
    };
    let mut bytes = Vec::new();
    let file = std::fs::File::open(path).map_err(|error| fail(format!("cannot be read: {error}")))?;
    std::io::Read::read_to_end(&mut std::io::Read::take(file, largest + 1), &mut bytes)
        .map_err(|error| fail(format!("cannot be read: {error}")))?;
    if bytes.len() as u64 > largest {
        return Err(fail(format!("refused: larger than {largest} bytes")));
    }
    String::from_utf8(bytes).map_err(|error| {
        let before = error.as_bytes().get(..error.utf8_error().valid_up_to()).unwrap_or_default();
        let line = before.iter().filter(|byte| **byte == b'\n').count() + 1;
        fail(format!("is no UTF-8: line {line} holds other bytes"))
    })
}

/// Says every mistake of a file, each at its place.
pub(super) fn tell(shown: &str, mistakes: &[Mistake]) {
    for mistake in mistakes {
        let place = mistake.spot.map(|spot| format!(":{}:{}", spot.line, spot.column)).unwrap_or_default();
        complain(&format!("error: {shown}{place}: {}", mistake.message));
    }
}

/// The nearest policy file at or above the directory of `path`. A path relative to the working directory gives a relative one, so that
/// reports are the same on every machine.
fn find(path: &Path) -> Option<PathBuf> {
    let working = std::env::current_dir().ok()?;
    let path = if path.as_os_str() == "-" { Path::new("") } else { path };
    let joined = working.join(path);
    // `..` cannot be taken away from a path without looking where links lead.
    let climbs = path.components().any(|part| part == std::path::Component::ParentDir);
    let start = if climbs { joined.canonicalize().unwrap_or(joined) } else { joined };
    let directory = if start.is_dir() { start.as_path() } else { start.parent()? };
    // Without the `.` of `./servers`, which would be a directory of its own.
    let directory: PathBuf = directory.components().collect();
    for directory in directory.ancestors() {
        let candidate = directory.join(FILE_NAME);
        if candidate.is_file() {
            return Some(relative(&candidate, directory, &working, path.is_absolute()));
        }
        if directory.join(".git").exists() {
            return None;
        }
    }
    None
}

fn relative(candidate: &Path, directory: &Path, working: &Path, absolute: bool) -> PathBuf {
    if absolute {
        return candidate.to_path_buf();
    }
    match (candidate.strip_prefix(working), working.strip_prefix(directory)) {
        (Ok(below), _) => below.to_path_buf(),
        (_, Ok(down)) => down.components().map(|_| "..").chain([FILE_NAME]).collect(),
        _ => candidate.to_path_buf(),
    }
}
