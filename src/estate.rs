//! From paths to servers: every file is read, recognised by its content and given to the server it belongs to; one unreadable file
//! never stops the others and is never hidden.

use serde::Serialize;

use crate::server::Server;

/// Everything that one run has read.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Estate {
    /// The files that were recognised, or that were named and could not be read. A [`crate::input::FileId`] is an index into this list.
    pub inputs: Vec<InputReport>,
    /// The servers, sorted by name.
    pub servers: Vec<Server>,
    /// Number of files in directories that are no configuration of IIS.
    pub skipped: usize,
}

/// What became of one input file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct InputReport {
    /// Path as shown, with `/` between its parts.
    pub path: String,
    /// What the file is; `None` when that could not be told.
    pub kind: Option<FileKind>,
    /// Encoding it was read in.
    pub encoding: Option<&'static str>,
    /// Name of the server it belongs to.
    pub server: Option<String>,
    /// Why it could not be read.
    pub error: Option<InputError>,
    /// What a reader should know although the file was read.
    pub warnings: Vec<String>,
}

/// Why a file could not be read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct InputError {
    /// What is wrong and what to do.
    pub message: String,
    /// Line from 1, when the fault has one.
    pub line: Option<u32>,
    /// Column from 1, when the fault has one.
    pub column: Option<u32>,
}

/// What a file is, told by its content.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum FileKind {
    /// The metabase of IIS 6, or an export of it.
    MetaBase,
    /// The schema of the metabase.
    MbSchema,
    /// applicationHost.config of a server or of IIS Express.
    ApplicationHost,
    /// redirection.config.
    Redirection,
    /// A web.config.
    WebConfig,
}

impl FileKind {
    /// The name that administrators use.
    pub fn name(self) -> &'static str {
        match self {
            FileKind::MetaBase => "MetaBase.xml",
            FileKind::MbSchema => "MBSchema.xml",
            FileKind::ApplicationHost => "applicationHost.config",
            FileKind::Redirection => "redirection.config",
            FileKind::WebConfig => "web.config",
        }
    }
}
