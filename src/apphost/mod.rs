//! IIS 7 and later: what applicationHost.config and web.config say, and what it means for each site and URL. A value that a file does
//! not say is never made up, and a file that says something odd is read to its end.

mod elements;
mod locks;
mod read;
mod sections;
mod sites;
mod vocabulary;
mod web_config;

use std::sync::Arc;

pub use read::{ConfigFile, read, read_pieces};
pub use sites::assemble;

/// A web.config and the directory it lies in, relative to the directory of its server.
#[derive(Debug)]
pub struct PlacedFile {
    /// Parts of the directory, outermost first.
    pub directory: Vec<String>,
    /// What it says.
    pub config: Arc<ConfigFile>,
}
