//! Facts: what servers are set to, one value a row, in rows that are all alike and mean the same in every generation of IIS. What was
//! written is read back as it was.

mod fact;
mod of_server;
mod read;
mod row;

pub use fact::{Fact, Level, OriginKind, VERSION, ValueType};
pub use of_server::{APPLICATION, BINDING, BINDING_FLAGS, DECLARED, LISTS_SITES, SERVED_BY_RECORD, of_estate, of_server};
pub(crate) use of_server::{of_record, of_registry, of_setting, path_of};
pub use read::{FactError, LONGEST_LINE, Lines, Reader, read};
pub use row::{ErrorRow, FindingRow, Line, NoticeRow, PlaceRow, Row};
