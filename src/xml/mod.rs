//! The guarded XML reader: the only room that knows quick-xml.
//!
//! It promises that whatever the bytes are, reading them takes time linear in their number, bounded memory, no recursion and no
//! panic, and that everything it hands out is well-formed XML 1.0 without a document type: one root, matching end tags, legal
//! names and characters, no duplicate attributes, only the predefined entities and character references.

mod attributes;
mod declaration;
mod limits;
mod pieces;
mod reader;

pub use attributes::Attribute;
pub use limits::Limits;
pub use pieces::{PieceError, read_pieces};
pub use reader::{Event, XmlError, XmlErrorKind, XmlReader};
