//! Places as reports show them: the path of the file, the line and the column.

use std::collections::BTreeMap;

use serde::Serialize;

use super::escape;
use crate::estate::InputReport;
use crate::input::{FileId, Place};

/// Turns places into text and JSON; it knows the paths of the files.
#[derive(Debug, Clone, Copy)]
pub struct Places<'a> {
    /// The files of the run.
    pub inputs: &'a [InputReport],
}

/// A place in JSON.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
pub struct Location<'a> {
    /// Path of the file, as in `inputs`.
    pub file: &'a str,
    /// Line, from 1.
    pub line: u32,
    /// Column, from 1.
    pub column: u32,
}

impl<'a> Places<'a> {
    /// `path:line:column`, safe for a terminal.
    pub fn text(&self, place: Place) -> String {
        format!("{}:{}:{}", escape::terminal(self.path(place.file)), place.line, place.column)
    }

    /// The place for JSON.
    pub fn json(&self, place: Place) -> Location<'a> {
        Location { file: self.path(place.file), line: place.line, column: place.column }
    }

    /// Path of the file, not escaped. A file that is not in the list is called unknown.
    pub fn path(&self, file: FileId) -> &'a str {
        usize::try_from(file.0).ok().and_then(|index| self.inputs.get(index)).map_or("(unknown file)", |input| &input.path)
    }
}

/// Places within the block of one server, whose files stand in its heading: a name that only one of them has says enough.
#[derive(Debug)]
pub(super) struct PlacesOfServer<'a> {
    places: Places<'a>,
    short: BTreeMap<FileId, &'a str>,
}

impl<'a> PlacesOfServer<'a> {
    pub(super) fn new(places: Places<'a>, files: &[FileId]) -> Self {
        let mut by_name: BTreeMap<&str, Vec<FileId>> = BTreeMap::new();
        for file in files {
            by_name.entry(base_name(places.path(*file))).or_default().push(*file);
        }
        let alone = by_name.into_iter().filter_map(|(name, files)| match files.as_slice() {
            [file] if !name.is_empty() => Some((*file, name)),
            _ => None,
        });
        PlacesOfServer { places, short: alone.collect() }
    }

    /// `name:line:column`, with the whole path where the name could be that of several files; safe for a terminal.
    pub(super) fn text(&self, place: Place) -> String {
        match self.short.get(&place.file) {
            Some(name) => format!("{}:{}:{}", escape::terminal(name), place.line, place.column),
            None => self.places.text(place),
        }
    }
}

fn base_name(path: &str) -> &str {
    path.rsplit(['/', '\\']).next().unwrap_or(path)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn input(path: &str) -> InputReport {
        InputReport { path: path.to_owned(), kind: None, encoding: None, server: None, error: None, warnings: Vec::new() }
    }

    #[test]
    fn a_place_is_path_line_and_column_and_its_path_cannot_act_on_the_terminal() {
        let inputs = [input("a.xml"), input("evil\u{1b}[2J/MetaBase.xml")];
        let places = Places { inputs: &inputs };
        assert_eq!(places.text(Place { file: FileId(0), line: 3, column: 7 }), "a.xml:3:7");
        assert_eq!(places.text(Place { file: FileId(1), line: 1, column: 1 }), r"evil\u{1b}[2J/MetaBase.xml:1:1");
    }

    #[test]
    fn within_a_server_a_file_is_called_by_its_name_unless_two_have_it() {
        let inputs = [input("w/applicationHost.config"), input("w/a/web.config"), input("w/b/web.config"), input("x/evil\u{1b}.config")];
        let places = PlacesOfServer::new(Places { inputs: &inputs }, &[FileId(0), FileId(1), FileId(2), FileId(3)]);
        let at = |file| places.text(Place { file: FileId(file), line: 3, column: 7 });
        assert_eq!([at(0), at(1), at(2)], ["applicationHost.config:3:7", "w/a/web.config:3:7", "w/b/web.config:3:7"]);
        assert_eq!((at(3), at(9)), (r"evil\u{1b}.config:3:7".to_owned(), "(unknown file):3:7".to_owned()));
    }

    #[test]
    fn a_place_of_an_unknown_file_is_still_shown() {
        let place = Place { file: FileId(u32::MAX), line: 3, column: 7 };
        assert_eq!(Places { inputs: &[] }.text(place), "(unknown file):3:7");
        assert_eq!(Places { inputs: &[] }.json(place).line, 3);
    }
}
