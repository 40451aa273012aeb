//! The search for a text: what is tried, in which order, and when it is given up.

use super::{
    Witness,
    candidate::{candidates, familiar},
    class::Taste,
    grammar::Grammar,
    length,
    lengths::{LONGEST, Lengths},
    salt::Salt,
    write::write,
};
use crate::model::Matched;

/// How many texts are made of a pattern at most.
const TURNS: u64 = 600;

/// How many characters all attempts at one text may have together.
const EFFORT: u64 = 2_000_000;

/// How often the backtracking engine may reach its limit.
const UNDECIDED: u32 = 4;

/// The lengths that a text should rather have, the best first.
const AGREEABLE: [(u64, u64); 2] = [(8, 16), (2, 7)];

/// After how many attempts the length need not be agreeable any more.
const PATIENCE: u64 = 120;

/// Letters and digits, for a name of any length.
const BASE36: &str = "0123456789abcdefghijklmnopqrstuvwxyz";

impl Witness {
    /// A legal text: a natural one, else one made of the pattern.
    pub(super) fn search(&self, salt: u64) -> Option<String> {
        let legal: Vec<String> =
            candidates(self.source(), salt).into_iter().filter(|text| self.is_valid(text)).collect();
        let (low, high) = self.inside();
        let natural = legal.iter().find(|text| (low..=high).contains(&length(text))).or(legal.first());
        natural.cloned().or_else(|| {
            let Some(grammar) = &self.grammar else { return self.of_length(self.nearest_length(), salt) };
            let inside = grammar.root.lengths.within(low, high);
            let legal = if inside.is_empty() { grammar.root.lengths.within(self.min, self.max) } else { inside };
            let made = self.first_kept(salt, |turn, stream| agreeable(&legal, turn, stream))?;
            Some(familiar(made, |text| self.is_valid(text)))
        })
    }

    /// A text of exactly `n` characters that keeps the pattern, if one is found. It is legal where `n` is: of another
    /// length, its length alone is wrong.
    pub(in crate::probe) fn of_length(&self, n: u64, salt: u64) -> Option<String> {
        let named = named(n, salt)?;
        if self.pattern_allows(&named) {
            return Some(named);
        }
        let natural = self.text_of(n, salt);
        natural.or_else(|| self.first_kept(salt, |_, _| Some(n)))
    }

    /// Whether it is certain that no text of `n` characters keeps the pattern: what [`Self::of_length`] does not find
    /// otherwise may still exist.
    pub(in crate::probe) fn excludes_length(&self, n: u64) -> bool {
        self.excludes_lengths(n, n)
    }

    /// Whether it is certain that no text keeps both the pattern and the bounds.
    pub(super) fn is_contradiction(&self) -> bool {
        self.min > self.max || self.excludes_lengths(self.min, self.max)
    }

    fn excludes_lengths(&self, low: u64, high: u64) -> bool {
        let has_none = |grammar: &Grammar| {
            high.min(LONGEST) <= grammar.sure_to && grammar.root.lengths.within(low, high).is_empty()
        };
        low <= LONGEST && self.grammar.as_ref().is_some_and(has_none)
    }

    /// A natural text that happens to have the length.
    fn text_of(&self, n: u64, salt: u64) -> Option<String> {
        candidates(self.source(), salt).into_iter().find(|text| length(text) == n && self.pattern_allows(text))
    }

    /// The legal length that is closest to a name's.
    fn nearest_length(&self) -> u64 {
        let (low, high) = self.inside();
        12.clamp(low.min(high), high)
    }

    /// The bounds without their edges, where that leaves something: who is off by one at an edge is to be seen there,
    /// and not in every text.
    fn inside(&self) -> (u64, u64) {
        let is_wide = self.max.saturating_sub(self.min) >= 2;
        if is_wide { (self.min + 1, self.max - 1) } else { (self.min, self.max) }
    }

    /// The first text of the grammar that the pattern keeps, each attempt of the length that `wanted` gives.
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

/// A length to try: first of those that a name has, later of ever longer ones; none only if there is nothing else.
fn agreeable(legal: &Lengths, turn: u64, stream: &mut Salt) -> Option<u64> {
    let shortest = legal.within(1, LONGEST).shortest().unwrap_or(0);
    let reach = |more: u64| legal.within(shortest, shortest.saturating_add(more));
    let mut pools: Vec<Lengths> = AGREEABLE.into_iter().map(|(low, high)| legal.within(low, high)).collect();
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
