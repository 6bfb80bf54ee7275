//! What a file says about one field, kept apart from what it does not say and from what it says in a way that cannot be read.

use super::Place;

/// Something that a file says, and where.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Said<T> {
    /// What it says.
    pub value: T,
    /// Where.
    pub place: Place,
}

/// A field as a file states it.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub enum Field<T> {
    /// The file has no such line or value. What that means depends on the kind of file.
    #[default]
    Absent,
    /// The file says this.
    Said(Said<T>),
    /// The file has the line or value, and this text in it is not understood.
    Unreadable(Said<String>),
}

impl<T> Field<T> {
    /// A field that says `value` at `place`.
    pub fn said(value: T, place: Place) -> Self {
        Field::Said(Said { value, place })
    }

    /// A field that says `text`, which is not understood, at `place`.
    pub fn unreadable(text: impl Into<String>, place: Place) -> Self {
        Field::Unreadable(Said { value: text.into(), place })
    }

    /// What it says, when that can be read.
    pub fn value(&self) -> Option<&T> {
        match self {
            Field::Said(said) => Some(&said.value),
            Field::Absent | Field::Unreadable(_) => None,
        }
    }

    /// Where it stands, readable or not.
    pub fn place(&self) -> Option<Place> {
        match self {
            Field::Absent => None,
            Field::Said(said) => Some(said.place),
            Field::Unreadable(said) => Some(said.place),
        }
    }

    /// Whether the file has no such line or value.
    pub fn is_absent(&self) -> bool {
        matches!(self, Field::Absent)
    }
}

/// Something that a reader tells its caller about a file that could be read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Remark {
    /// What it is about. It may quote the file and must be escaped where it is printed.
    pub message: String,
    /// Where, when it is about one place.
    pub place: Option<Place>,
}
