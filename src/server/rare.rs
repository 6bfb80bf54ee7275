//! A value that most of its owners lack, in the room of a pointer: one that is empty takes no more.

use std::ops::{Deref, DerefMut};

/// What can be empty.
pub trait Empty: Clone + 'static {
    /// The empty one.
    const EMPTY: &'static Self;
}

/// A value that is read like any other, and takes room of its own from when it is first written to.
#[derive(Debug, Clone)]
pub struct Rare<T>(Option<Box<T>>);

impl<T> Default for Rare<T> {
    fn default() -> Self {
        Rare(None)
    }
}

impl<T> From<T> for Rare<T> {
    fn from(value: T) -> Self {
        Rare(Some(Box::new(value)))
    }
}

impl<T: Empty> Rare<T> {
    /// The value itself.
    pub fn into_value(self) -> T {
        self.0.map_or_else(|| T::EMPTY.clone(), |value| *value)
    }
}

impl<T: Empty> Deref for Rare<T> {
    type Target = T;

    fn deref(&self) -> &T {
        self.0.as_deref().unwrap_or(T::EMPTY)
    }
}

impl<T: Empty> DerefMut for Rare<T> {
    fn deref_mut(&mut self) -> &mut T {
        self.0.get_or_insert_with(|| Box::new(T::EMPTY.clone()))
    }
}

impl<T: Empty + PartialEq> PartialEq for Rare<T> {
    fn eq(&self, other: &Self) -> bool {
        **self == **other
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::evidence::Evidence;

    #[test]
    fn one_that_was_never_written_to_is_one_that_was_written_empty() {
        let mut written: Rare<Evidence> = Rare::default();
        assert_eq!((written.stores.len(), written.0.is_none()), (0, true));
        written.events = None;
        assert_eq!((&written, written.0.is_some()), (&Rare::default(), true));
        written.events = Some(Vec::new());
        assert_ne!(written, Rare::default());
    }
}
