//! Text of `netsh http show sslcert` of every Windows since 2008 R2, in any language as far as its shape tells.

use super::record::ReadRecords;
use crate::input::FileId;

/// Reads the listing.
pub fn read_listing(_text: &str, _file: FileId) -> ReadRecords {
    ReadRecords::default()
}

/// Reads the JSON form of the listing.
pub fn read_json(_text: &str, _file: FileId) -> ReadRecords {
    ReadRecords::default()
}
