//! Unique identifiers of requests, resources and deployments. They are not secret.

use std::{
    hash::{BuildHasher, RandomState},
    sync::atomic::{AtomicU64, Ordering},
};

use crate::wire::digest::Sha256;

/// A source of unique identifiers.
#[derive(Debug)]
pub(super) struct Ids {
    seed: [u64; 2],
    drawn: AtomicU64,
}

impl Ids {
    pub(super) fn new() -> Self {
        // The standard library seeds its hashers from the operating system.
        let seed = [RandomState::new().hash_one(0), RandomState::new().hash_one(1)];
        Self { seed, drawn: AtomicU64::new(0) }
    }

    /// A version 4 UUID in lower case.
    pub(super) fn uuid(&self) -> String {
        let mut text = String::with_capacity(36);
        for (at, byte) in self.draw().into_iter().take(16).enumerate() {
            if matches!(at, 4 | 6 | 8 | 10) {
                text.push('-');
            }
            let byte = match at {
                6 => byte & 0x0f | 0x40,
                8 => byte & 0x3f | 0x80,
                _ => byte,
            };
            text.extend([byte >> 4, byte & 15].into_iter().filter_map(|digit| char::from_digit(digit.into(), 16)));
        }
        text
    }

    /// `length` characters from the digits and the uppercase letters.
    pub(super) fn alphanumeric(&self, length: usize) -> String {
        let digits = self.draw().into_iter().take(length);
        digits.filter_map(|byte| char::from_digit(u32::from(byte) % 36, 36)).map(|c| c.to_ascii_uppercase()).collect()
    }

    fn draw(&self) -> [u8; 32] {
        let number = self.drawn.fetch_add(1, Ordering::Relaxed);
        let [first, second] = self.seed.map(u64::to_be_bytes);
        Sha256::new().chain_update(first).chain_update(second).chain_update(number.to_be_bytes()).finalize()
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    #[test]
    fn uuids_are_version_4_and_unique() {
        let ids = Ids::new();
        let drawn: BTreeSet<String> = (0..1000).map(|_| ids.uuid()).collect();
        assert_eq!(drawn.len(), 1000);
        let form = regex::Regex::new("^[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$").unwrap();
        assert!(drawn.iter().all(|id| form.is_match(id)), "{drawn:?}");
    }

    #[test]
    fn two_sources_give_different_ids() {
        assert_ne!(Ids::new().uuid(), Ids::new().uuid());
        assert_eq!(Ids::new().alphanumeric(9).len(), 9);
    }
}
