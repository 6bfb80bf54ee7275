//! The records of HTTP.sys as the registry keeps them.

use super::record::ReadRecords;
use crate::input::FileId;

/// Reads the records in an export of the registry: a .reg file or the text of `reg query`.
pub fn read_registry(_text: &str, _file: FileId) -> ReadRecords {
    ReadRecords::default()
}
