//! Schannel: what the registry says about the list of trusted issuers, the trust mode and the protocols, and which Windows it is. Values are kept as written;
//! what an absent value means depends on the version of Windows and is left to others.

mod registry;
mod windows;

pub use registry::{HttpValues, Misspelt, Protocol, Role, Schannel, UnknownValue, read_schannel};
pub use windows::read_windows;
