//! IIS 7 and later: what applicationHost.config and web.config say, and what it means for each site and URL.

use crate::input::FileId;
use crate::server::Server;
use crate::xml::{Limits, XmlError};

/// What a configuration file says.
#[derive(Debug)]
pub struct ConfigFile {}

/// A web.config and the directory it lies in, relative to the directory of its server.
#[derive(Debug)]
pub struct PlacedFile {
    /// Parts of the directory, outermost first.
    pub directory: Vec<String>,
    /// What it says.
    pub config: ConfigFile,
}

/// Reads the text of an applicationHost.config, redirection.config or web.config.
pub fn read(_text: &str, _file: FileId, _limits: Limits) -> Result<ConfigFile, XmlError> {
    Ok(ConfigFile {})
}

/// Works out the server that the files describe.
pub fn assemble(_host: &ConfigFile, _web_configs: &[PlacedFile], _redirection: Option<&ConfigFile>, _name: String) -> Server {
    unimplemented!()
}
