//! From the paths of the command line to the files to look at: sorted, each once, without following link loops.

use std::collections::BTreeMap;
use std::collections::btree_map::Entry;
use std::path::{Path, PathBuf};

use walkdir::WalkDir;

/// One file to look at.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Input {
    /// Path for opening it; `-` is standard input.
    pub path: PathBuf,
    /// The path argument it was found under: the file itself, or a directory.
    pub root: PathBuf,
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
    seen: BTreeMap<PathBuf, usize>,
}

impl Files {
    fn add(&mut self, path: PathBuf, root: &Path, named: bool) {
        let real = if path.as_os_str() == "-" { None } else { std::fs::canonicalize(&path).ok() };
        match self.seen.entry(real.unwrap_or_else(|| path.clone())) {
            Entry::Vacant(entry) => {
                entry.insert(self.found.len());
                self.found.push(Input { path, root: root.to_path_buf(), named });
            }
            // Naming a file asks for it, also where a directory was given that holds it.
            Entry::Occupied(entry) => {
                if let Some(input) = self.found.get_mut(*entry.get()) {
                    input.named |= named;
                }
            }
        }
    }
}

/// Lists the files below `paths`. A directory is walked to its end, links to directories are followed unless they lead back to an
/// ancestor, and a file that is reached twice is listed once, as it was reached first.
pub fn discover(paths: &[PathBuf]) -> Discovered {
    let mut found = Discovered::default();
    let mut files = Files::default();
    for root in paths {
        if root.as_os_str() == "-" {
            files.add(root.clone(), root, true);
            continue;
        }
        match std::fs::metadata(root) {
            Err(error) => found.errors.push((display(root), format!("cannot be opened: {error}{}", hint(root)))),
            Ok(metadata) if metadata.is_dir() => {
                for entry in WalkDir::new(root).follow_links(true).sort_by_file_name() {
                    match entry {
                        Ok(entry) if entry.file_type().is_file() => files.add(entry.into_path(), root, false),
                        Ok(_) => {}
                        // A link that leads back to an ancestor holds nothing that was not listed already.
                        Err(error) if error.loop_ancestor().is_some() => {}
                        Err(error) => {
                            let path = error.path().map(display).unwrap_or_else(|| display(root));
                            let reason = error.io_error().map_or_else(|| error.to_string(), ToString::to_string);
                            found.errors.push((path, format!("cannot be read: {reason}")));
                        }
                    }
                }
            }
            Ok(_) => files.add(root.clone(), root, true),
        }
    }
    found.inputs = files.found;
    found
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
        let found = discover(&[directory.path().to_path_buf(), missing, directory.path().join("a.xml")]);
        assert_eq!(names(&found, directory.path()), ["a.xml", "b/a.config", "b/z.config"]);
        assert_eq!(found.errors.len(), 1);
    }

    #[test]
    fn a_file_is_listed_once_however_it_is_spelled_and_naming_it_counts() {
        let directory = tempfile::tempdir().unwrap();
        std::fs::create_dir(directory.path().join("b")).unwrap();
        std::fs::write(directory.path().join("a.xml"), "x").unwrap();
        let other_way = directory.path().join("b").join("..").join("a.xml");
        let found = discover(&[directory.path().to_path_buf(), other_way.clone(), other_way]);
        assert_eq!(names(&found, directory.path()), ["a.xml"]);
        assert!(found.inputs[0].named);
    }

    #[cfg(unix)]
    #[test]
    fn a_link_loop_ends() {
        let directory = tempfile::tempdir().unwrap();
        std::fs::write(directory.path().join("a.xml"), "x").unwrap();
        std::os::unix::fs::symlink(directory.path(), directory.path().join("loop")).unwrap();
        let found = discover(&[directory.path().to_path_buf()]);
        assert_eq!(names(&found, directory.path()), ["a.xml"]);
        assert!(found.errors.is_empty());
    }
}
