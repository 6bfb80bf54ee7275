//! The SSL records of HTTP.sys as an administrator can export them: the listing of `netsh http show sslcert`, its JSON form, the output of
//! `httpcfg query ssl`, and the registry. It gives what each record says with its place, and what it does not say stays absent: nothing is inferred, and no line is
//! dropped without being reported.

mod httpcfg;
mod json;
mod netsh;
mod recognise;
mod record;
mod registry;
mod select;
mod words;

pub use httpcfg::read_httpcfg;
pub use json::read_json;
pub use netsh::read_listing;
pub use recognise::{TextKind, recognise_text};
pub use record::{AppOwner, Bits, ExtendedProperty, Extent, ReadRecords, Record, Source, StrayValue, Switch, Unknown};
pub use registry::read_registry;
pub(crate) use select::Index;
pub use select::{join, run};
