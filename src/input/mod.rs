//! Which files are read, what they are, and their text: from paths to decoded characters, with a clear error for everything that is
//! neither.

mod decode;
mod discover;
mod field;
mod oem;
pub(crate) mod registry;
mod source;
mod stream;

pub use decode::{Charset, DecodeError, Decoded, decode, decode_text};
pub(crate) use discover::display;
pub use discover::{Discovered, Input, discover};
pub use field::{Field, Remark, Said};
pub use oem::CodePage;
pub use source::{FileId, Place};
pub use stream::{StreamError, TextStream};
