//! Reproducible choices: the same salt makes the same choices.

/// An endless stream of numbers made from a salt (`SplitMix64`).
#[derive(Debug, Clone)]
pub(super) struct Salt {
    state: u64,
}

impl Salt {
    /// The stream of a salt; `turn` numbers the attempts with the same salt.
    pub(super) fn new(salt: u64, turn: u64) -> Self {
        let mut stream = Self { state: salt };
        stream.state = stream.next() ^ turn.wrapping_mul(0xD1B5_4A32_D192_ED03);
        stream
    }

    /// The next number.
    pub(super) fn next(&mut self) -> u64 {
        self.state = self.state.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mixed = (self.state ^ (self.state >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        let mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        mixed ^ (mixed >> 31)
    }

    /// A number below `end`, or 0.
    pub(super) fn below(&mut self, end: u64) -> u64 {
        self.next().checked_rem(end).unwrap_or(0)
    }

    /// One of `items`.
    pub(super) fn pick<'a, T>(&mut self, items: &'a [T]) -> Option<&'a T> {
        let index = self.below(u64::try_from(items.len()).unwrap_or(u64::MAX));
        items.get(usize::try_from(index).ok()?)
    }

    /// `count` characters of `alphabet`, which is ASCII.
    pub(super) fn characters(&mut self, alphabet: &str, count: usize) -> String {
        let alphabet = alphabet.as_bytes();
        (0..count).filter_map(|_| self.pick(alphabet).copied().map(char::from)).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_same_salt_and_turn_choose_alike_and_others_otherwise() {
        let draw = |salt, turn| Salt::new(salt, turn).characters("abcdefgh", 12);
        assert_eq!(draw(7, 0), draw(7, 0));
        assert_ne!(draw(7, 0), draw(8, 0));
        assert_ne!(draw(7, 0), draw(7, 1));
    }

    #[test]
    fn an_empty_list_has_nothing_to_pick() {
        assert_eq!(Salt::new(1, 0).pick::<u8>(&[]), None);
        assert_eq!(Salt::new(1, 0).below(0), 0);
    }
}
