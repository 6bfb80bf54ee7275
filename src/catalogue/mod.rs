//! The catalogue: every setting's name, type, default and meaning in each generation of IIS, from `schemas/settings.toml`.
//!
//! It promises that a value is read, compared and shown by its meaning: flags are bit sets whose unknown bits are kept, thumbprints are
//! bytes, and a text that is no value is kept as it was written.

#[rustfmt::skip]
mod entries;
mod setting;
mod value;

pub use setting::{Bit, Entry, Iis6, Iis7, Kind, Level, Setting, entry};
pub use value::{Value, access, cert_check, readable_access};
