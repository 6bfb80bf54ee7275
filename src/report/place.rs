//! Places as reports show them: the path of the file, the line and the column; in a binary log of events the number of the record.

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
    /// Line, from 1; in a binary log of events the number of the record.
    pub line: u32,
    /// Column, from 1.
    pub column: u32,
}

impl<'a> Places<'a> {
    /// `path:line:column`, or `path: record 7`, safe for a terminal.
    pub fn text(&self, place: Place) -> String {
        format!("{}{}", escape::terminal(self.path(place.file)), self.within(place))
    }

    /// What stands behind the path: `:line:column`, or `: record 7`.
    pub(super) fn within(&self, place: Place) -> String {
        if self.is_record(place) { format!(": record {}", place.line) } else { format!(":{}:{}", place.line, place.column) }
    }

    /// Whether the place is a record of a binary log, which has no lines.
    pub(super) fn is_record(&self, place: Place) -> bool {
        self.input(place.file).is_some_and(InputReport::has_records)
    }

    /// The place for JSON.
    pub fn json(&self, place: Place) -> Location<'a> {
        Location { file: self.path(place.file), line: place.line, column: place.column }
    }

    /// Path of the file, not escaped. A file that is not in the list is called unknown.
    pub fn path(&self, file: FileId) -> &'a str {
        self.input(file).map_or("(unknown file)", |input| &input.path)
    }

    fn input(&self, file: FileId) -> Option<&'a InputReport> {
        usize::try_from(file.0).ok().and_then(|index| self.inputs.get(index))
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

    /// `name:line:column` or `name: record 7`, with the whole path where the name could be that of several files; safe for a terminal.
    pub(super) fn text(&self, place: Place) -> String {
        match self.short.get(&place.file) {
            Some(name) => format!("{}{}", escape::terminal(name), self.places.within(place)),
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
    use crate::estate::FileKind;

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
    fn a_place_in_a_binary_log_is_the_number_of_the_record() {
        let log = InputReport { kind: Some(FileKind::Events), ..input("w/System.evtx") };
        let inputs = [log.clone(), InputReport { encoding: Some("UTF-8"), ..log }];
        let places = Places { inputs: &inputs };
        let at = |file| Place { file: FileId(file), line: 7, column: 1 };
        assert_eq!([places.text(at(0)), places.text(at(1))], ["w/System.evtx: record 7", "w/System.evtx:7:1"]);
        assert_eq!(PlacesOfServer::new(places, &[FileId(0)]).text(at(0)), "System.evtx: record 7");
    }

    #[test]
    fn a_place_of_an_unknown_file_is_still_shown() {
        let place = Place { file: FileId(u32::MAX), line: 3, column: 7 };
        assert_eq!(Places { inputs: &[] }.text(place), "(unknown file):3:7");
        assert_eq!(Places { inputs: &[] }.json(place).line, 3);
    }
}
