//! Strings of a valid length that violate their pattern by one character.

use std::{cell::Cell, iter};

use super::Witness;
use crate::model::Matched;

/// The way in which a string violates its pattern.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(in crate::probe) enum NearMiss {
    /// The first character is replaced.
    Start,
    /// A character between the first and the last is replaced.
    Middle,
    /// The last character is replaced.
    End,
    /// A newline is appended.
    Newline,
    /// An ASCII digit is replaced with an Arabic one.
    NonAsciiDigit,
}

/// Replacements for a character: signs that names seldom allow, then characters that only narrow patterns reject.
const REPLACEMENTS: &str = "!# %$*^\"<\\/.:_-@=+~azZ09é\u{663}\u{1F600}\t\u{1}\n";

/// The number of valid strings to try.
const BASES: u64 = 6;

/// The number of times that the backtracking engine may reach its limit.
const MOST_DOUBTS: u32 = 8;

/// At how many positions of a string a replacement is tried.
const INNER_PLACES: usize = 48;

impl NearMiss {
    const ALL: [Self; 5] = [Self::Start, Self::Middle, Self::End, Self::Newline, Self::NonAsciiDigit];

    /// The positions of a string of `length` characters to replace, the likeliest first.
    fn positions(self, length: usize) -> Vec<usize> {
        let last = length.saturating_sub(1);
        match self {
            Self::Start => (0..length.min(1)).collect(),
            Self::Middle => (length / 2..last).chain(1..length / 2).take(INNER_PLACES).collect(),
            Self::End => (last.max(1)..length).collect(),
            Self::Newline => Vec::new(),
            Self::NonAsciiDigit => (0..length).collect(),
        }
    }

    /// The changed forms of a string.
    fn spoiled<'a>(self, text: &'a [char], replacements: &'a [char]) -> Box<dyn Iterator<Item = String> + 'a> {
        let positions = self.positions(text.len()).into_iter();
        match self {
            Self::Newline => Box::new(iter::once(text.iter().chain(&['\n']).collect())),
            Self::NonAsciiDigit => Box::new(positions.filter_map(|position| {
                let arabic = char::from_u32(0x660 + text.get(position)?.to_digit(10)?)?;
                Some(with(text, position, arabic))
            })),
            Self::Start | Self::Middle | Self::End => Box::new(positions.flat_map(move |position| {
                let others = replacements.iter().filter(move |replacement| Some(*replacement) != text.get(position));
                others.map(move |replacement| with(text, position, *replacement))
            })),
        }
    }
}

fn with(text: &[char], position: usize, new: char) -> String {
    text.iter().enumerate().map(|(at, c)| if at == position { new } else { *c }).collect()
}

impl Witness {
    /// Strings of a valid length that violate the pattern by one character, each verified. Ways in which the pattern
    /// cannot be violated are left out: everything matches `.*`.
    pub(in crate::probe) fn near_misses(&self, salt: u64) -> Vec<(NearMiss, String)> {
        let Some(pattern) = self.pattern() else { return Vec::new() };
        let own = pattern.source().chars().filter(|c| c.is_ascii_punctuation() && !REPLACEMENTS.contains(*c));
        let mut replacements: Vec<char> = REPLACEMENTS.chars().chain(own).collect();
        // A newline comes last: what it breaks is doubtful.
        replacements.sort_by_key(|replacement| *replacement == '\n');
        let bases: Vec<Vec<char>> = self.bases(salt).iter().map(|text| text.chars().collect()).collect();
        let doubts = Cell::new(0);
        let miss = |way: NearMiss| {
            let spoiled = bases.iter().flat_map(|base| way.spoiled(base, &replacements));
            let mut tried = spoiled.take_while(|_| doubts.get() < MOST_DOUBTS);
            tried.find(|text| self.is_near_miss(text, &doubts)).map(|text| (way, text))
        };
        NearMiss::ALL.into_iter().filter_map(miss).collect()
    }

    /// Valid strings to change: shorter than the maximum for a newline, with a digit for a digit.
    fn bases(&self, salt: u64) -> Vec<String> {
        let mut bases: Vec<String> = (0..BASES).map(|turn| self.text(salt.wrapping_add(turn))).collect();
        let lengths = [self.max.saturating_sub(1), 3, 4];
        bases.extend(lengths.iter().filter(|n| **n < 512).filter_map(|n| self.of_length(*n, salt)));
        bases.retain(|base| self.pattern_allows(base));
        bases.dedup();
        bases
    }

    fn is_near_miss(&self, text: &str, doubts: &Cell<u32>) -> bool {
        let Some(judge) = &self.judge else { return false };
        match judge.pattern.matches(text) {
            // That a dot takes no newline is seldom meant: only what breaks the pattern otherwise, too, counts.
            Matched::No => self.length_is_valid(text) && (!text.contains('\n') || judge.rejects_dotall(text)),
            Matched::Undecided => {
                doubts.set(doubts.get() + 1);
                false
            }
            Matched::Yes => false,
        }
    }
}

#[cfg(test)]
mod tests {
    use rstest::rstest;

    use super::{
        super::{Patterns, TextRule},
        NearMiss::*,
        *,
    };
    use crate::model::Pattern;

    fn rejects(pattern: &str, text: &str) -> bool {
        Pattern::full(pattern).unwrap().matches(text) == Matched::No
    }

    #[rstest]
    #[case::name("[a-z][a-z0-9-]{2,20}", 0, None, &[Start, Middle, End, Newline, NonAsciiDigit])]
    #[case::anything(".*", 0, None, &[])]
    #[case::anything_but_spaces(r"\S+", 0, None, &[Start, Middle, End, Newline])]
    #[case::a_sign_of_its_own("[^;]+", 2, None, &[Start, Middle, End])]
    #[case::one_character("[a-z]", 1, Some(1), &[Start])]
    #[case::one_character_with_room("[a-z]", 0, None, &[Start, Newline])]
    #[case::two_characters("[a-z]{2}", 0, Some(2), &[Start, End])]
    #[case::account(r"\d{12}", 12, Some(12), &[Start, Middle, End, NonAsciiDigit])]
    #[case::prefix("(?!aws:).*", 0, None, &[])]
    #[case::inner("a.*z", 3, None, &[Start, End, Newline])]
    fn these_ways_to_miss_exist(
        #[case] pattern: &str,
        #[case] min: u64,
        #[case] max: Option<u64>,
        #[case] expected: &[NearMiss],
    ) {
        let witness = Witness::new(&TextRule { pattern: Some(pattern), min, max }, &Patterns::default()).unwrap();
        let misses = witness.near_misses(5);
        assert_eq!(misses.iter().map(|(way, _)| *way).collect::<Vec<_>>(), expected, "{misses:?}");
        for (_, text) in &misses {
            assert!(witness.length_is_valid(text) && rejects(pattern, text), "{text:?}");
        }
    }
}
