//! Files of configuration that many servers have in common, letter by letter, are parsed once. Nodes that share their configuration have them,
//! and so have all servers that an application is rolled out to.

use std::collections::{BTreeMap, HashMap};
use std::hash::BuildHasher;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use crate::apphost::{self, ConfigFile};
use crate::hashing::Seed;
use crate::input::FileId;
use crate::xml::{Limits, XmlError};

/// So many samples are remembered; then they are forgotten.
const SAMPLES: usize = 1 << 16;

/// So many bytes of text are held, to tell what is the same from what merely looks alike.
const HELD: usize = if cfg!(test) { 1000 } else { 2 << 20 };

/// So much of a text's beginning, middle and end is its sample.
const SAMPLE: usize = 256;

/// What was parsed before.
#[derive(Default)]
pub(super) struct Repeated(Mutex<Known>);

#[derive(Default)]
struct Known {
    /// By a hash of sample and number.
    met: HashMap<u64, Met, Seed>,
    /// Samples of the texts that are held, by when they came last.
    order: BTreeMap<u64, u64>,
    /// How often a text that is held came, or came to be held.
    times: u64,
    /// Bytes of these texts.
    held: usize,
}

/// What is known of a sample.
enum Met {
    /// It was met. Most texts never come again, so that none is held for it.
    Once,
    /// Its text is held.
    Held(Parsed),
    /// Its text was held until others needed the room, and never came again. Mostly texts that begin and end alike differ between, so that no
    /// other one is held.
    InVain,
}

#[derive(Clone)]
struct Parsed {
    text: Arc<str>,
    config: Arc<ConfigFile>,
    /// When it came last.
    last: u64,
    /// Whether it came again since it is held.
    is_useful: bool,
}

impl Repeated {
    /// Reads a file as [`apphost::read`] does. The number is in all its places, so that it is as much a part of what is the same as the text.
    pub(super) fn read(&self, text: &str, file: FileId, limits: Limits) -> Result<Arc<ConfigFile>, XmlError> {
        let (sample, is_second, known) = self.meet(text, file);
        if let Some(known) = known.filter(|known| *known.text == *text) {
            self.known().came(sample);
            return Ok(known.config);
        }
        let config = Arc::new(apphost::read(text, file, limits)?);
        if is_second {
            self.known().hold(sample, text, &config);
        }
        Ok(config)
    }

    /// The sample of a text, whether it was met once before, and what is held of it.
    fn meet(&self, text: &str, file: FileId) -> (u64, bool, Option<Parsed>) {
        let bytes = text.as_bytes();
        let part = |at: usize| bytes.get(at..).map_or(bytes, |rest| rest.get(..SAMPLE).unwrap_or(rest));
        let parts = [part(0), part(bytes.len() / 2), part(bytes.len().saturating_sub(SAMPLE))];
        let mut known = self.known();
        let sample = known.met.hasher().hash_one((file.0, bytes.len(), parts));
        match known.met.get(&sample) {
            Some(Met::Once) => (sample, true, None),
            Some(Met::Held(parsed)) => (sample, false, Some(parsed.clone())),
            Some(Met::InVain) => (sample, false, None),
            None => {
                if known.met.len() == SAMPLES {
                    *known = Known::default();
                }
                known.met.insert(sample, Met::Once);
                (sample, false, None)
            }
        }
    }

    /// Nothing that is done while it is locked leaves it in between.
    fn known(&self) -> MutexGuard<'_, Known> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Known {
    /// A text that is held came again.
    fn came(&mut self, sample: u64) {
        // Another thread may have let it go.
        let Some(Met::Held(parsed)) = self.met.get_mut(&sample) else { return };
        self.times += 1;
        self.order.remove(&parsed.last);
        self.order.insert(self.times, sample);
        (parsed.last, parsed.is_useful) = (self.times, true);
    }

    /// Holds a text that came for the second time. Others have to go for it, as those of one farm do when the next one is read.
    fn hold(&mut self, sample: u64, text: &str, config: &Arc<ConfigFile>) {
        // Another thread may have been faster.
        if text.len() > HELD || !matches!(self.met.get(&sample), Some(Met::Once)) {
            return;
        }
        while self.held.saturating_add(text.len()) > HELD {
            let Some((_, oldest)) = self.order.pop_first() else { break };
            if let Some(met) = self.met.get_mut(&oldest)
                && let Met::Held(parsed) = met
            {
                self.held = self.held.saturating_sub(parsed.text.len());
                *met = if parsed.is_useful { Met::Once } else { Met::InVain };
            }
        }
        self.held += text.len();
        self.times += 1;
        self.order.insert(self.times, sample);
        let parsed = Parsed { text: Arc::from(text), config: Arc::clone(config), last: self.times, is_useful: false };
        self.met.insert(sample, Met::Held(parsed));
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
    fn each_of_many_farms_that_come_one_after_the_other_is_parsed_twice_and_what_all_have_stays() {
        let repeated = Repeated::default();
        let common = text("Common", 1);
        let parsed_anew = |text: &str| {
            let mut all: Vec<Arc<ConfigFile>> = (0..5).map(|_| read(&repeated, text, 0)).collect();
            all.dedup_by(|one, next| Arc::ptr_eq(one, next));
            all.len()
        };
        assert_eq!(parsed_anew(&common), 2);
        let known = read(&repeated, &common, 0);
        for farm in 0..50 {
            assert_eq!(parsed_anew(&text(&format!("Farm {farm}"), 2)), 2, "{farm}");
            assert!(Arc::ptr_eq(&known, &read(&repeated, &common, 0)), "{farm}");
            assert!(repeated.known().held <= HELD);
        }
    }

    #[test]
    fn what_only_looks_alike_is_held_once_and_no_more_when_others_need_the_room() {
        let repeated = Repeated::default();
        // Behind the beginning, and before the middle.
        let alike = |number: u32| format!("{:260}<!--{number:03}-->{}", text("Shop", 1), " ".repeat(500));
        for number in 0..3 {
            read(&repeated, &alike(number), 0);
        }
        let held = || repeated.known().order.len();
        assert_eq!(held(), 1);
        let is_given_up = || repeated.known().met.values().any(|met| matches!(met, Met::InVain));
        assert!(!is_given_up());
        (0..2).for_each(|_| _ = read(&repeated, &text("Mail", 8), 0));
        assert!(is_given_up());
        let before = held();
        (0..3).for_each(|_| _ = read(&repeated, &alike(7), 0));
        assert_eq!(held(), before);
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
