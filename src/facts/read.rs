//! Rows of facts read back, line by line. Every line is a fact or an error with its number; none is passed over.

use std::fmt;
use std::fs::File;
use std::io::{BufRead, BufReader, Read};
use std::path::Path;

use serde::Deserialize;
use serde::de::IgnoredAny;

use super::fact::Fact;
use super::row::{Line, Row};

/// A line of more bytes than this is not read.
pub const LONGEST_LINE: u64 = 1 << 20;

/// Why a line, or the whole file, is no fact.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FactError {
    /// The file as it was named.
    pub file: String,
    /// The line, from 1; `None` when the file cannot be read at all.
    pub line: Option<usize>,
    /// What is wrong. It may quote the file and must be escaped where it is printed.
    pub message: String,
}

impl fmt::Display for FactError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.line {
            Some(line) => write!(f, "{}:{line}: {}", self.file, self.message),
            None => write!(f, "{}: {}", self.file, self.message),
        }
    }
}

impl std::error::Error for FactError {}

/// The facts of one file. After a line that is no fact it goes on with the next one; after a failure of the disk, and after a line that is too
/// long, it ends.
#[derive(Debug)]
pub struct Reader<R> {
    source: R,
    file: String,
    line: usize,
    buffer: Vec<u8>,
    ended: bool,
}

/// Opens a file of facts as `sites --format ndjson` writes it.
pub fn read(path: &Path) -> Result<Reader<BufReader<File>>, FactError> {
    let file = path.display().to_string();
    match File::open(path) {
        Ok(opened) => Ok(Reader::new(BufReader::new(opened), file)),
        Err(error) => Err(FactError { file, line: None, message: error.to_string() }),
    }
}

impl<R: BufRead> Reader<R> {
    /// Reads facts from anywhere; `file` is the name in errors.
    pub fn new(source: R, file: String) -> Self {
        Reader { source, file, line: 0, buffer: Vec::new(), ended: false }
    }

    fn error(&self, message: impl Into<String>) -> FactError {
        FactError { file: self.file.clone(), line: Some(self.line), message: message.into() }
    }

    fn parsed<T>(&self, parse: fn(&str) -> Result<T, String>) -> Result<Option<T>, FactError> {
        let mut bytes = self.buffer.as_slice();
        if self.line == 1 {
            if bytes.starts_with(&[0xFF, 0xFE]) || bytes.starts_with(&[0xFE, 0xFF]) {
                let message = "this is UTF-16, which `>` of Windows PowerShell writes; write the file with `cmd /c` or convert it to UTF-8";
                return Err(self.error(message));
            }
            bytes = bytes.strip_prefix(&[0xEF, 0xBB, 0xBF]).unwrap_or(bytes);
        }
        let Ok(text) = std::str::from_utf8(bytes) else { return Err(self.error("the line is not UTF-8")) };
        if text.trim().is_empty() {
            return Ok(None);
        }
        parse(text).map(Some).map_err(|message| self.error(message))
    }

    /// The same file with the rows of other kinds that stand beside facts.
    pub fn lines(self) -> Lines<R> {
        Lines(self)
    }

    fn next_of<T>(&mut self, parse: fn(&str) -> Result<T, String>) -> Option<Result<T, FactError>> {
        while !self.ended {
            self.buffer.clear();
            self.line += 1;
            match self.source.by_ref().take(LONGEST_LINE + 1).read_until(b'\n', &mut self.buffer) {
                Ok(0) => self.ended = true,
                Ok(read) if read as u64 > LONGEST_LINE => {
                    self.ended = true;
                    return Some(Err(self.error(format!("the line has more than {LONGEST_LINE} bytes, so this is no file of facts"))));
                }
                Ok(_) => match self.parsed(parse) {
                    Ok(None) => {}
                    Ok(Some(fact)) => return Some(Ok(fact)),
                    Err(error) => {
                        // The lines of UTF-16 would all be wrong.
                        self.ended = self.line == 1 && self.buffer.first().is_some_and(|first| *first >= 0xFE);
                        return Some(Err(error));
                    }
                },
                Err(error) => {
                    self.ended = true;
                    return Some(Err(self.error(error.to_string())));
                }
            }
        }
        None
    }
}

/// serde_json counts lines within the text, which is always the first.
fn told(error: &serde_json::Error) -> String {
    format!("no fact: {error}").replace(" at line 1 column ", ", column ")
}

fn fact(text: &str) -> Result<Fact<'static>, String> {
    let fact: Fact<'static> = serde_json::from_str(text).map_err(|error| told(&error))?;
    fact.fault().map_or(Ok(fact), Err)
}

#[derive(Deserialize)]
struct Kind {
    row: Option<IgnoredAny>,
}

fn line(text: &str) -> Result<Line, String> {
    // A fact has no such column, and most lines are facts.
    let error = match fact(text) {
        Ok(fact) => return Ok(Line::Fact(Box::new(fact))),
        Err(error) => error,
    };
    if !serde_json::from_str::<Kind>(text).is_ok_and(|kind| kind.row.is_some()) {
        return Err(error);
    }
    let row: Row = serde_json::from_str(text).map_err(|error| told(&error).replace("no fact: ", "no row: "))?;
    row.fault().map_or(Ok(Line::Row(Box::new(row))), Err)
}

impl<R: BufRead> Iterator for Reader<R> {
    type Item = Result<Fact<'static>, FactError>;

    fn next(&mut self) -> Option<Self::Item> {
        self.next_of(fact)
    }
}

/// All lines of one file, read as [`Reader`] reads facts.
#[derive(Debug)]
pub struct Lines<R>(Reader<R>);

impl<R: BufRead> Lines<R> {
    /// An error about the line that was read last.
    pub fn error(&self, message: impl Into<String>) -> FactError {
        self.0.error(message)
    }
}

impl<R: BufRead> Iterator for Lines<R> {
    type Item = Result<Line, FactError>;

    fn next(&mut self) -> Option<Self::Item> {
        self.0.next_of(line)
    }
}
