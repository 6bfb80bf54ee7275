//! From the paths of the command line to the files to look at: sorted, each once, without following link loops.

use std::collections::BTreeSet;
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

/// Lists the files below `paths`. A directory is walked to its end, links to directories are followed unless they lead back to an
/// ancestor, and a file that is reached twice by the same path is listed once.
pub fn discover(paths: &[PathBuf]) -> Discovered {
    let mut found = Discovered::default();
    let mut seen = BTreeSet::new();
    for root in paths {
        if root.as_os_str() == "-" {
            if seen.insert(root.clone()) {
                found.inputs.push(Input { path: root.clone(), root: root.clone(), named: true });
            }
            continue;
        }
        match std::fs::metadata(root) {
            Err(error) => found.errors.push((display(root), format!("cannot be opened: {error}{}", hint(root)))),
            Ok(metadata) if metadata.is_dir() => {
                for entry in WalkDir::new(root).follow_links(true).sort_by_file_name() {
                    match entry {
                        Ok(entry) if entry.file_type().is_file() => {
                            if seen.insert(entry.path().to_path_buf()) {
                                found.inputs.push(Input { path: entry.into_path(), root: root.clone(), named: false });
                            }
                        }
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
            Ok(_) => {
                if seen.insert(root.clone()) {
                    found.inputs.push(Input { path: root.clone(), root: root.clone(), named: true });
                }
            }
        }
    }
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
