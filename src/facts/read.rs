//! Rows of facts read back, line by line. Every line is a fact or an error with its number; none is passed over.

use std::fmt;
use std::fs::File;
use std::io::{BufRead, BufReader, Read};
use std::path::Path;

use super::fact::Fact;

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

    fn fact(&self) -> Result<Option<Fact>, FactError> {
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
        // serde_json counts lines within the text, which is always the first.
        let fact: Fact = serde_json::from_str(text)
            .map_err(|error| self.error(format!("no fact: {error}").replace(" at line 1 column ", ", column ")))?;
        match fact.fault() {
            Some(fault) => Err(self.error(fault)),
            None => Ok(Some(fact)),
        }
    }
}

impl<R: BufRead> Iterator for Reader<R> {
    type Item = Result<Fact, FactError>;

    fn next(&mut self) -> Option<Self::Item> {
        while !self.ended {
            self.buffer.clear();
            self.line += 1;
            match self.source.by_ref().take(LONGEST_LINE + 1).read_until(b'\n', &mut self.buffer) {
                Ok(0) => self.ended = true,
                Ok(read) if read as u64 > LONGEST_LINE => {
                    self.ended = true;
                    return Some(Err(self.error(format!("the line has more than {LONGEST_LINE} bytes, so this is no file of facts"))));
                }
                Ok(_) => match self.fact() {
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
