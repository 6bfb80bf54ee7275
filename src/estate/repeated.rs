//! Files of configuration that many servers have in common, letter by letter, are parsed once. Nodes that share their configuration have them,
//! and so have all servers that an application is rolled out to.

use std::collections::HashMap;
use std::hash::BuildHasher;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use crate::apphost::{self, ConfigFile};
use crate::hashing::Seed;
use crate::input::FileId;
use crate::xml::{Limits, XmlError};

/// So many samples are remembered; then they are forgotten.
const SAMPLES: usize = 1 << 16;

/// So many bytes of text are held, to tell what is the same from what merely looks alike.
const HELD: usize = if cfg!(test) { 1000 } else { 4 << 20 };

/// So much of a text's beginning, middle and end is its sample.
const SAMPLE: usize = 256;

/// What was parsed before.
#[derive(Default)]
pub(super) struct Repeated(Mutex<Known>);

#[derive(Default)]
struct Known {
    /// By a hash of sample and number; `None` for what was met once: most texts never come again, so that none is held for it.
    met: HashMap<u64, Option<Parsed>, Seed>,
    /// Bytes of the texts in there.
    held: usize,
}

#[derive(Clone)]
struct Parsed {
    text: Arc<str>,
    config: Arc<ConfigFile>,
}

impl Repeated {
    /// Reads a file as [`apphost::read`] does. The number is in all its places, so that it is as much a part of what is the same as the text.
    pub(super) fn read(&self, text: &str, file: FileId, limits: Limits) -> Result<Arc<ConfigFile>, XmlError> {
        let (sample, before) = self.meet(text, file);
        if let Some(Some(known)) = &before
            && *known.text == *text
        {
            return Ok(Arc::clone(&known.config));
        }
        let config = Arc::new(apphost::read(text, file, limits)?);
        // Something is held in the place of that sample already, or this is the first text of it.
        if matches!(before, Some(None)) {
            self.hold(sample, text, &config);
        }
        Ok(config)
    }

    /// The sample of a text, and what is known of it.
    fn meet(&self, text: &str, file: FileId) -> (u64, Option<Option<Parsed>>) {
        let bytes = text.as_bytes();
        let part = |at: usize| bytes.get(at..).map_or(bytes, |rest| rest.get(..SAMPLE).unwrap_or(rest));
        let parts = [part(0), part(bytes.len() / 2), part(bytes.len().saturating_sub(SAMPLE))];
        let mut known = self.known();
        let sample = known.met.hasher().hash_one((file.0, bytes.len(), parts));
        let before = known.met.get(&sample).cloned();
        if before.is_none() {
            if known.met.len() == SAMPLES {
                *known = Known::default();
            }
            known.met.insert(sample, None);
        }
        (sample, before)
    }

    fn hold(&self, sample: u64, text: &str, config: &Arc<ConfigFile>) {
        let mut known = self.known();
        if known.held.saturating_add(text.len()) > HELD {
            return;
        }
        if let Some(free @ None) = known.met.get_mut(&sample) {
            *free = Some(Parsed { text: Arc::from(text), config: Arc::clone(config) });
            known.held += text.len();
        }
    }

    /// Nothing that is done while it is locked leaves it in between.
    fn known(&self) -> MutexGuard<'_, Known> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn text(site: &str, bulk: usize) -> String {
        let bulk = "<add name='x' />".repeat(bulk);
        format!("<configuration><a>{bulk}</a><location path='{site}'><b>{bulk}</b></location><c>{bulk}</c></configuration>")
    }

    fn read(repeated: &Repeated, text: &str, file: u32) -> Arc<ConfigFile> {
        repeated.read(text, FileId(file), Limits::default()).unwrap()
    }

    #[test]
    fn a_text_is_parsed_for_the_first_and_the_second_file_and_for_no_later_one() {
        let (repeated, text) = (Repeated::default(), text("Shop", 1));
        let all: Vec<Arc<ConfigFile>> = (0..4).map(|_| read(&repeated, &text, 0)).collect();
        assert!(!Arc::ptr_eq(&all[0], &all[1]));
        assert!(Arc::ptr_eq(&all[1], &all[2]) && Arc::ptr_eq(&all[2], &all[3]));
        assert_eq!(format!("{:?}", all[0]), format!("{:?}", all[3]));
    }

    #[test]
    fn a_text_that_differs_outside_of_its_sample_or_has_another_number_is_parsed_by_itself() {
        let repeated = Repeated::default();
        // The beginning, the middle and the end are the same.
        let one = format!("{}{}", text("Shop", 20), " ".repeat(1100));
        let other = one.replace("Shop", "Mail");
        assert!(one.len() < 3000 && one.len() == other.len());
        let shop = [read(&repeated, &one, 0), read(&repeated, &one, 0)];
        for _ in 0..3 {
            let mail = format!("{:?}", read(&repeated, &other, 0));
            assert!(mail.contains("Mail") && !mail.contains("Shop"));
        }
        assert!(!Arc::ptr_eq(&shop[1], &read(&repeated, &one, 1)));
    }

    #[test]
    fn no_more_text_is_held_than_there_is_room_for_and_a_wrong_one_fails_each_time() {
        let (repeated, small, large) = (Repeated::default(), text("Shop", 1), text("Mail", 100));
        assert!(large.len() > HELD && small.len() < HELD);
        let read_twice = |text: &str| (0..2).map(|_| read(&repeated, text, 0)).last().unwrap();
        assert!(!Arc::ptr_eq(&read_twice(&large), &read(&repeated, &large, 0)));
        assert!(Arc::ptr_eq(&read_twice(&small), &read(&repeated, &small, 0)));
        assert!((0..4).all(|_| repeated.read("<configuration><a>", FileId(0), Limits::default()).is_err()));
    }
}
