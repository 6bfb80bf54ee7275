//! From the paths of the command line to the files to look at: sorted, each once, without following link loops.

use std::collections::HashMap;
use std::collections::hash_map::Entry;
use std::num::NonZeroUsize;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use walkdir::WalkDir;

use crate::hashing::Seed;
use crate::workers::Workers;

/// One file to look at.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Input {
    /// Path for opening it; `-` is standard input.
    pub path: PathBuf,
    /// The path argument it was found under: the file itself, or a directory.
    pub root: Arc<Path>,
    /// Whether the command line names this very file, so that not recognising it is an error and not a skipped file.
    pub named: bool,
}

impl Input {
    /// The path as it is shown: as given by the user, always with `/` so that reports are the same on every system.
    pub fn display(&self) -> String {
        display(&self.path)
    }
}

/// A path with `/` between its parts on every system. Characters that are no Unicode are shown as U+FFFD.
pub(crate) fn display(path: &Path) -> String {
    let text = path.to_string_lossy();
    let text = if std::path::MAIN_SEPARATOR == '\\' { text.replace('\\', "/") } else { text.into_owned() };
    text.strip_prefix("./").map(str::to_owned).unwrap_or(text)
}

/// What a list of paths came to.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Discovered {
    /// The files, in the order of the paths, sorted by name within a directory.
    pub inputs: Vec<Input>,
    /// Paths that could not be looked at, with the reason.
    pub errors: Vec<(String, String)>,
}

/// The files found so far, each once.
#[derive(Default)]
struct Files {
    found: Vec<Input>,
    /// Where the files really are, with their index: one file has many spellings.
    seen: HashMap<PathBuf, usize, Seed>,
}

impl Files {
    fn add(&mut self, path: PathBuf, root: &Arc<Path>, named: bool) {
        let real = if path.as_os_str() == "-" { None } else { std::fs::canonicalize(&path).ok() };
        self.add_real(real.unwrap_or_else(|| path.clone()), path, root, named);
    }

    fn add_real(&mut self, real: PathBuf, path: PathBuf, root: &Arc<Path>, named: bool) {
        match self.seen.entry(real) {
            Entry::Vacant(entry) => {
                entry.insert(self.found.len());
                self.found.push(Input { path, root: Arc::clone(root), named });
            }
            // Naming a file asks for it, also where a directory was given that holds it.
            Entry::Occupied(entry) => {
                if let Some(input) = self.found.get_mut(*entry.get()) {
                    input.named |= named;
                }
            }
        }
    }

    /// Adds what lies below a directory in which there are no links, so that no file has another spelling there.
    fn add_plain(&mut self, tree: Vec<PathBuf>, root: &Arc<Path>, is_only: bool) {
        if is_only {
            self.found = tree.into_iter().map(|path| Input { path, root: Arc::clone(root), named: false }).collect();
            return;
        }
        let real_root = std::fs::canonicalize(root).unwrap_or_else(|_| root.to_path_buf());
        for path in tree {
            let real = path.strip_prefix(root).map_or_else(|_| path.clone(), |below| real_root.join(below));
            self.add_real(real, path, root, false);
        }
    }
}

/// Lists the files below `paths`. A directory is walked to its end, links to directories are followed unless they lead back to an
/// ancestor, and a file that is reached twice is listed once, as it was reached first. `threads` look into directories, otherwise one a
/// core; what is listed does not depend on it.
pub fn discover(paths: &[PathBuf], threads: Option<NonZeroUsize>) -> Discovered {
    let mut found = Discovered::default();
    let mut files = Files::default();
    for path in paths {
        let root: Arc<Path> = Arc::from(path.as_path());
        if path.as_os_str() == "-" {
            files.add(path.clone(), &root, true);
            continue;
        }
        match std::fs::metadata(path) {
            Err(error) => found.errors.push((display(path), format!("cannot be opened: {error}{}", hint(path)))),
            Ok(metadata) if metadata.is_dir() => match plain_tree(path, threads) {
                Some(tree) => files.add_plain(tree, &root, paths.len() == 1),
                None => walk(&root, &mut files, &mut found.errors),
            },
            // Nothing else can be the same file.
            Ok(_) if paths.len() == 1 => files.found.push(Input { path: path.clone(), root, named: true }),
            Ok(_) => files.add(path.clone(), &root, true),
        }
    }
    found.inputs = files.found;
    found
}

/// The files below a directory that may hold links, and directories that cannot be read.
fn walk(root: &Arc<Path>, files: &mut Files, errors: &mut Vec<(String, String)>) {
    for entry in WalkDir::new(root).follow_links(true).sort_by_file_name() {
        match entry {
            Ok(entry) if entry.file_type().is_file() => files.add(entry.into_path(), root, false),
            Ok(_) => {}
            // A link that leads back to an ancestor holds nothing that was not listed already.
            Err(error) if error.loop_ancestor().is_some() => {}
            Err(error) => {
                let path = error.path().map(display).unwrap_or_else(|| display(root));
                let reason = error.io_error().map_or_else(|| error.to_string(), ToString::to_string);
                errors.push((path, format!("cannot be read: {reason}")));
            }
        }
    }
}

/// An entry of a directory.
enum Listed {
    File(PathBuf),
    Directory(PathBuf),
}

impl Listed {
    fn path(&self) -> &Path {
        match self {
            Listed::File(path) | Listed::Directory(path) => path,
        }
    }
}

/// So many directories are worth a thread.
const DIRECTORIES_A_THREAD: usize = 32;

/// The files below a directory, in the order of [`walk`]; `None` when anything in it is a link or cannot be read. Most trees are that plain,
/// and then nobody needs to ask the system where each file really is, and the directories of one level are looked into all at once.
fn plain_tree(root: &Path, threads: Option<NonZeroUsize>) -> Option<Vec<PathBuf>> {
    // Level by level: the number of a directory is its place in this list.
    let mut directories: Vec<Vec<Listed>> = vec![list(root)?];
    let mut level = 0;
    while level < directories.len() {
        let below = directories.get(level..)?.iter().flatten();
        let next: Vec<&Path> = below.filter(|entry| matches!(entry, Listed::Directory(_))).map(Listed::path).collect();
        let workers = Workers::new(threads, next.len().div_ceil(DIRECTORIES_A_THREAD));
        let listed: Option<Vec<Vec<Listed>>> = workers.map(next, list).into_iter().collect();
        level = directories.len();
        directories.extend(listed?);
    }
    // In the order in which directories were met, their numbers ascend; so the entries of each know theirs by counting.
    let mut first_below = 1;
    let mut numbered = Vec::with_capacity(directories.len());
    for entries in directories {
        let here = first_below;
        first_below += entries.iter().filter(|entry| matches!(entry, Listed::Directory(_))).count();
        numbered.push((entries.into_iter(), here));
    }
    let mut files = Vec::new();
    let mut open = vec![0];
    while let Some(number) = open.last().copied() {
        let (entries, next_below) = numbered.get_mut(number)?;
        match entries.next() {
            Some(Listed::File(path)) => files.push(path),
            Some(Listed::Directory(_)) => {
                open.push(*next_below);
                *next_below += 1;
            }
            None => {
                open.pop();
            }
        }
    }
    files.shrink_to_fit();
    Some(files)
}

/// The files and directories in a directory, by name; `None` when it holds a link or cannot be read.
fn list(directory: &Path) -> Option<Vec<Listed>> {
    let mut entries = Vec::new();
    for entry in std::fs::read_dir(directory).ok()? {
        let entry = entry.ok()?;
        let kind = entry.file_type().ok()?;
        let name = entry.file_name();
        let path = || {
            // `join` takes twice the room that a long path needs.
            let mut path = PathBuf::with_capacity(directory.as_os_str().len() + 1 + name.len());
            path.push(directory);
            path.push(&name);
            path
        };
        if kind.is_symlink() {
            return None;
        } else if kind.is_file() {
            entries.push(Listed::File(path()));
        } else if kind.is_dir() {
            entries.push(Listed::Directory(path()));
        }
    }
    // They have all but the name in common.
    entries.sort_by(|a, b| a.path().as_os_str().cmp(b.path().as_os_str()));
    Some(entries)
}

/// What to do about a path that is not there: one that was written for Windows has no folders elsewhere.
fn hint(path: &Path) -> &'static str {
    if !cfg!(windows) && path.to_string_lossy().contains('\\') { "; on this system folders are separated by /, not by \\" } else { "" }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn names(found: &Discovered, base: &Path) -> Vec<String> {
        found.inputs.iter().map(|input| display(input.path.strip_prefix(base).unwrap_or(&input.path))).collect()
    }

    #[test]
    fn a_directory_is_walked_in_sorted_order_and_a_missing_path_is_an_error() {
        let directory = tempfile::tempdir().unwrap();
        for name in ["b/z.config", "b/a.config", "a.xml"] {
            let path = directory.path().join(name);
            std::fs::create_dir_all(path.parent().unwrap()).unwrap();
            std::fs::write(path, "x").unwrap();
        }
        let missing = directory.path().join("missing");
        let found = discover(&[directory.path().to_path_buf(), missing, directory.path().join("a.xml")], None);
        assert_eq!(names(&found, directory.path()), ["a.xml", "b/a.config", "b/z.config"]);
        assert_eq!(found.errors.len(), 1);
    }

    #[test]
    fn a_file_is_listed_once_however_it_is_spelled_and_naming_it_counts() {
        let directory = tempfile::tempdir().unwrap();
        std::fs::create_dir(directory.path().join("b")).unwrap();
        std::fs::write(directory.path().join("a.xml"), "x").unwrap();
        let other_way = directory.path().join("b").join("..").join("a.xml");
        let found = discover(&[directory.path().to_path_buf(), other_way.clone(), other_way], None);
        assert_eq!(names(&found, directory.path()), ["a.xml"]);
        assert!(found.inputs[0].named);
    }

    #[cfg(unix)]
    #[test]
    fn a_link_loop_ends() {
        let directory = tempfile::tempdir().unwrap();
        std::fs::write(directory.path().join("a.xml"), "x").unwrap();
        std::os::unix::fs::symlink(directory.path(), directory.path().join("loop")).unwrap();
        let found = discover(&[directory.path().to_path_buf()], None);
        assert_eq!(names(&found, directory.path()), ["a.xml"]);
        assert!(found.errors.is_empty());
    }

    #[test]
    fn a_tree_without_links_is_listed_as_one_that_is_walked_step_by_step() {
        let directory = tempfile::tempdir().unwrap();
        for server in 0..150 {
            for name in ["a.b/c/x", "a/z", "a/b/y", "a-b", "b", "c/a/b/c/d/e"].iter().take(1 + server % 6) {
                let path = directory.path().join(format!("s{}", server * 7919 % 1000)).join(name);
                std::fs::create_dir_all(path.parent().unwrap()).unwrap();
                std::fs::write(path, "x").unwrap();
            }
        }
        std::fs::create_dir(directory.path().join("empty")).unwrap();
        let root: Arc<Path> = Arc::from(directory.path());
        let (mut walked, mut errors) = (Files::default(), Vec::new());
        walk(&root, &mut walked, &mut errors);
        assert!(errors.is_empty() && walked.found.len() > 150);
        let roots = [directory.path().to_path_buf()];
        for threads in [1, 2, 8] {
            assert_eq!(discover(&roots, NonZeroUsize::new(threads)).inputs, walked.found);
        }
        // A directory that is given twice, in two spellings and as a part of itself, is listed once.
        let part = walked.found[0].path.parent().unwrap().to_path_buf();
        let again = [roots[0].clone(), roots[0].join("."), part];
        assert_eq!(discover(&again, None).inputs, walked.found);
    }

    #[cfg(unix)]
    #[test]
    fn a_link_to_a_directory_is_followed_and_its_files_are_listed_once() {
        let directory = tempfile::tempdir().unwrap();
        for name in ["b", "d"] {
            std::fs::create_dir(directory.path().join(name)).unwrap();
            std::fs::write(directory.path().join(name).join("a.xml"), "x").unwrap();
        }
        let other = tempfile::tempdir().unwrap();
        std::fs::write(other.path().join("o.xml"), "x").unwrap();
        std::os::unix::fs::symlink(directory.path().join("d"), directory.path().join("a")).unwrap();
        std::os::unix::fs::symlink(other.path(), directory.path().join("c")).unwrap();
        let found = discover(&[directory.path().to_path_buf()], None);
        assert_eq!(names(&found, directory.path()), ["a/a.xml", "b/a.xml", "c/o.xml"]);
    }

    #[cfg(unix)]
    #[test]
    fn a_link_to_nothing_is_an_error_and_stops_nothing() {
        let directory = tempfile::tempdir().unwrap();
        std::fs::write(directory.path().join("a.xml"), "x").unwrap();
        std::os::unix::fs::symlink(directory.path().join("gone"), directory.path().join("b")).unwrap();
        let found = discover(&[directory.path().to_path_buf()], None);
        assert_eq!(names(&found, directory.path()), ["a.xml"]);
        assert_eq!(found.errors.len(), 1);
    }
}
