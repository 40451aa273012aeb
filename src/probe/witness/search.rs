//! The search for a string: the order of attempts, and their limit.

use super::{
    Witness,
    candidate::{candidates, familiar},
    character_class::Taste,
    grammar::Grammar,
    length,
    lengths::{LONGEST, Lengths},
    salt::Salt,
    write::write,
};
use crate::model::Matched;

/// At most this many strings are made from a pattern.
const TURNS: u64 = 600;

/// At most this many characters are made in all attempts together.
const EFFORT: u64 = 2_000_000;

/// The number of times that the backtracking engine may reach its limit.
const UNDECIDED: u32 = 4;

/// Preferred lengths, the best first.
const PREFERRED: [(u64, u64); 2] = [(8, 16), (2, 7)];

/// After this many attempts any length will do.
const PATIENCE: u64 = 120;

/// Letters and digits, for a name of any length.
const BASE36: &str = "0123456789abcdefghijklmnopqrstuvwxyz";

impl Witness {
    /// A valid string: a natural one, else one made from the pattern.
    pub(super) fn search(&self, salt: u64) -> Option<String> {
        let valid: Vec<String> =
            candidates(self.source(), salt).into_iter().filter(|text| self.is_valid(text)).collect();
        let (low, high) = self.inside();
        let natural = valid.iter().find(|text| (low..=high).contains(&length(text))).or(valid.first());
        natural.cloned().or_else(|| {
            let Some(grammar) = &self.grammar else { return self.of_length(self.nearest_length(), salt) };
            let inside = grammar.root.lengths.within(low, high);
            let valid = if inside.is_empty() { grammar.root.lengths.within(self.min, self.max) } else { inside };
            let made = self.first_kept(salt, |turn, stream| preferred(&valid, turn, stream))?;
            Some(familiar(made, |text| self.is_valid(text)))
        })
    }

    /// A string of exactly `n` characters that matches the pattern, if one is found. Its length may be invalid.
    pub(in crate::probe) fn of_length(&self, n: u64, salt: u64) -> Option<String> {
        let named = named(n, salt)?;
        if self.pattern_allows(&named) {
            return Some(named);
        }
        let natural = self.text_of(n, salt);
        natural.or_else(|| self.first_kept(salt, |_, _| Some(n)))
    }

    /// Returns whether certainly no string of `n` characters matches the pattern. Otherwise one may exist even if
    /// [`Self::of_length`] does not find it.
    pub(in crate::probe) fn excludes_length(&self, n: u64) -> bool {
        self.excludes_lengths(n, n)
    }

    /// Returns whether certainly no string within the bounds matches the pattern.
    pub(super) fn is_contradiction(&self) -> bool {
        self.min > self.max || self.excludes_lengths(self.min, self.max)
    }

    fn excludes_lengths(&self, low: u64, high: u64) -> bool {
        let has_none = |grammar: &Grammar| {
            high.min(LONGEST) <= grammar.sure_to && grammar.root.lengths.within(low, high).is_empty()
        };
        low <= LONGEST && self.grammar.as_ref().is_some_and(has_none)
    }

    /// A natural string that has the length.
    fn text_of(&self, n: u64, salt: u64) -> Option<String> {
        candidates(self.source(), salt).into_iter().find(|text| length(text) == n && self.pattern_allows(text))
    }

    /// The valid length that is closest to that of a name.
    fn nearest_length(&self) -> u64 {
        let (low, high) = self.inside();
        12.clamp(low.min(high), high)
    }

    /// The bounds without their ends, if that leaves something: an endpoint that is off by one should fail the probes
    /// of the bounds, and not every probe.
    fn inside(&self) -> (u64, u64) {
        let is_wide = self.max.saturating_sub(self.min) >= 2;
        if is_wide { (self.min + 1, self.max - 1) } else { (self.min, self.max) }
    }

    /// The first string of the grammar that matches the pattern; `wanted` gives the length of each attempt.
    fn first_kept(&self, salt: u64, wanted: impl Fn(u64, &mut Salt) -> Option<u64>) -> Option<String> {
        let grammar = self.grammar.as_ref()?;
        let (mut spent, mut undecided) = (0_u64, 0_u32);
        for turn in 0..TURNS {
            let stream = &mut Salt::new(salt, turn + 1);
            let length = wanted(turn, stream)?;
            spent = spent.saturating_add(length);
            if turn > 0 && spent > EFFORT {
                return None;
            }
            let taste =
                [Taste::Tidy, Taste::Signs, Taste::Broad].into_iter().cycle().nth(usize::try_from(turn % 3).ok()?)?;
            let text = write(grammar, length, taste, stream)?;
            match self.pattern().map_or(Matched::Yes, |pattern| pattern.matches(&text)) {
                Matched::Yes => return Some(text),
                Matched::Undecided if undecided >= UNDECIDED => return None,
                Matched::Undecided => undecided += 1,
                Matched::No => {}
            }
        }
        None
    }
}

/// A length to try: first those of names, later longer and longer ones; 0 only if there is nothing else.
fn preferred(valid: &Lengths, turn: u64, stream: &mut Salt) -> Option<u64> {
    let shortest = valid.within(1, LONGEST).shortest().unwrap_or(0);
    let reach = |more: u64| valid.within(shortest, shortest.saturating_add(more));
    let mut pools: Vec<Lengths> = PREFERRED.into_iter().map(|(low, high)| valid.within(low, high)).collect();
    pools.retain(|pool| !pool.is_empty());
    let pool = match stream.below(4) {
        _ if turn >= PATIENCE => None,
        0 => pools.pop(),
        _ => pools.into_iter().next(),
    };
    let pool = pool.unwrap_or_else(|| reach(16 + turn));
    pool.nth(stream.below(pool.count()))
}

/// A name of that length.
fn named(n: u64, salt: u64) -> Option<String> {
    let count = usize::try_from(n.min(LONGEST + 1)).ok().filter(|_| n <= LONGEST)?;
    let filling = Salt::new(salt, 0).characters(BASE36, count.saturating_sub(3));
    Some("wp-".chars().chain(filling.chars()).take(count).collect())
}
