//! IIS 6: what MetaBase.xml says, and what it means for each site and URL.
//!
//! It promises that a value is taken only from where IIS 6 takes it: the key itself, an ancestor whose property is inheritable, or the
//! default; and that time and memory stay proportional to the text, whatever the text is.

mod inherit;
mod mbschema;
mod names;
mod read;
mod sites;

pub use mbschema::MbSchema;
pub use read::{Metabase, read, read_pieces};
pub use sites::assemble;
