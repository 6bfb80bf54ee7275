//! IIS 6: what MetaBase.xml says, and what it means for each site and URL.

use crate::input::FileId;
use crate::server::Server;
use crate::xml::{Limits, XmlError};

/// What a MetaBase.xml says.
#[derive(Debug)]
pub struct Metabase {}

/// What a MBSchema.xml says: types, defaults and inheritance of properties, and which key type lists which.
#[derive(Debug)]
pub struct MbSchema {}

/// Reads the text of a MetaBase.xml.
pub fn read(_text: &str, _file: FileId, _limits: Limits, _schema: Option<&MbSchema>) -> Result<Metabase, XmlError> {
    Ok(Metabase {})
}

/// Works out the server that a metabase describes.
pub fn assemble(_metabase: &Metabase, _name: String) -> Server {
    unimplemented!()
}
