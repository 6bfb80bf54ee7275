//! Reports: pure data to text. Every renderer is a function from what was found to a `String` that ends with a line break; the same data
//! gives the same bytes. JSON types are apart from the model, so that the format stays when the model changes.

pub mod baseline;
mod change;
pub mod check;
pub mod csv;
pub mod diagnose;
pub mod diff;
pub mod escape;
pub mod explain;
pub mod facts;
pub mod fleet;
pub mod github;
pub mod html;
mod json;
pub mod junit;
pub mod markdown;
pub mod ndjson;
mod page;
mod parts;
mod place;
mod records;
pub mod rules;
pub mod sarif;
pub mod sites;
pub mod style;
#[cfg(test)]
mod testing;
mod words;

pub use page::Page;
pub use place::{Location, Places};
pub use style::Style;
