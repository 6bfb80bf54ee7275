//! A quick hash for keys that come from files. It begins with a random value, so that nobody can write a file of keys that collide; what is
//! given out must never depend on it.

use std::hash::{BuildHasher, Hasher, RandomState};

/// Where hashing begins.
#[derive(Debug, Clone)]
pub(crate) struct Seed(u64);

impl Default for Seed {
    fn default() -> Self {
        Seed(RandomState::new().hash_one(0))
    }
}

impl BuildHasher for Seed {
    type Hasher = Quick;

    fn build_hasher(&self) -> Quick {
        Quick(self.0)
    }
}

/// A hash in the making.
pub(crate) struct Quick(u64);

impl Quick {
    fn mix(&mut self, word: u64) {
        let product = u128::from(self.0 ^ word).wrapping_mul(0x9e37_79b9_7f4a_7c15_f39c_c060_5ced_c835);
        self.0 = (product as u64) ^ ((product >> 64) as u64);
    }
}

impl Hasher for Quick {
    fn write(&mut self, bytes: &[u8]) {
        let (words, rest) = bytes.as_chunks::<8>();
        for word in words {
            self.mix(u64::from_le_bytes(*word));
        }
        if !rest.is_empty() {
            let mut last = [0; 8];
            last[..rest.len()].copy_from_slice(rest);
            self.mix(u64::from_le_bytes(last));
        }
    }

    fn write_u8(&mut self, value: u8) {
        self.mix(u64::from(value));
    }

    fn write_u32(&mut self, value: u32) {
        self.mix(u64::from(value));
    }

    fn write_u64(&mut self, value: u64) {
        self.mix(value);
    }

    fn write_usize(&mut self, value: usize) {
        self.mix(value as u64);
    }

    fn finish(&self) -> u64 {
        self.0
    }
}

#[cfg(test)]
mod tests {
    use std::collections::HashSet;

    use super::*;

    #[test]
    fn texts_that_differ_little_rarely_collide() {
        let seed = Seed::default();
        let hashes: HashSet<u64> = (0..100_000).map(|number| seed.hash_one(format!("site {number}"))).collect();
        assert!(hashes.len() > 99_990);
        let low: HashSet<u64> = (0..100_000).map(|number| seed.hash_one(format!("site {number}")) & 0xffff).collect();
        assert!(low.len() > 40_000, "the low bits are spread, too: {}", low.len());
    }

    #[test]
    fn two_seeds_give_two_hashes() {
        assert_ne!(Seed::default().hash_one("site"), Seed::default().hash_one("site"));
    }
}
