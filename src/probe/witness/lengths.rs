//! Sets of string lengths, in code points: sorted intervals, so that `{0,100000}` costs as much as `{0,1}`.
//!
//! A set never has a length that was not added. Where a sum would exceed its budget, it keeps the short lengths, and
//! `Work` records it.

/// Longer lengths are not considered.
pub(super) const LONGEST: u64 = 1 << 21;

/// The most intervals that one set holds.
const MOST_SPANS: usize = 1 << 15;

/// The most pairs of intervals that one sum adds.
const MOST_PAIRS: usize = 1 << 17;

/// The remaining budget of a grammar's sums, and the length up to which none of them was cut.
#[derive(Debug)]
pub(super) struct LengthSearch {
    left: usize,
    sure_to: u64,
}

impl LengthSearch {
    /// The budget of one grammar.
    pub(super) fn new() -> Self {
        Self { left: 1 << 21, sure_to: LONGEST }
    }

    /// Up to this length, a set has every length that exists.
    pub(super) fn sure_to(&self) -> u64 {
        self.sure_to
    }

    /// The first length that a set may miss.
    fn unsure_from(&mut self, length: u64) {
        self.sure_to = self.sure_to.min(length.saturating_sub(1));
    }

    /// The number of spans out of `left` times `right` that the budget allows.
    fn grant(&mut self, left: usize, right: usize) -> (usize, usize) {
        let most = MOST_PAIRS.min(self.left).max(64);
        let granted = if left.saturating_mul(right) <= most {
            (left, right)
        } else {
            let short = left.min(right).min(most.isqrt());
            let long = most / short.max(1);
            if left <= right { (short, right.min(long)) } else { (left.min(long), short) }
        };
        self.left = self.left.saturating_sub(granted.0 * granted.1);
        granted
    }
}

/// Both ends belong to it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
struct Span {
    low: u64,
    high: u64,
}

/// A set of lengths up to [`LONGEST`].
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Lengths {
    /// Sorted; neither overlapping nor touching.
    spans: Vec<Span>,
}

impl Lengths {
    /// The empty set.
    pub(super) fn none() -> Self {
        Self { spans: Vec::new() }
    }

    /// One length.
    pub(super) fn exactly(length: u64) -> Self {
        Self::between(length, length)
    }

    /// The lengths from `low` to `high`, both included.
    pub(super) fn between(low: u64, high: u64) -> Self {
        let high = high.min(LONGEST);
        Self { spans: if low <= high { vec![Span { low, high }] } else { Vec::new() } }
    }

    /// The total lengths of up to `count` strings, each of `low` to `high` characters.
    pub(super) fn multiples(low: u64, high: u64, count: u64, work: &mut LengthSearch) -> Self {
        let mut spans = Vec::new();
        for times in 0..=count {
            let (from, to) = (low.saturating_mul(times), high.saturating_mul(times));
            if from > LONGEST {
                break;
            }
            if spans.len() >= MOST_SPANS {
                work.unsure_from(from);
                break;
            }
            let runs_on = to.saturating_add(1) >= from.saturating_add(low);
            let to = if runs_on { high.saturating_mul(count) } else { to };
            spans.push(Span { low: from, high: to.min(LONGEST) });
            if runs_on {
                break;
            }
        }
        Self::merged(spans)
    }

    /// The union of the sets.
    pub(super) fn union<'a>(sets: impl IntoIterator<Item = &'a Self>) -> Self {
        Self::merged(sets.into_iter().flat_map(|set| set.spans.iter().copied()).collect())
    }

    /// The lengths of two strings, one after the other.
    pub(super) fn sum(&self, other: &Self, work: &mut LengthSearch) -> Self {
        let (left, right) = work.grant(self.spans.len(), other.spans.len());
        for (cut, whole) in [(self.spans.get(left), other), (other.spans.get(right), self)] {
            if let (Some(span), Some(shortest)) = (cut, whole.shortest()) {
                work.unsure_from(span.low.saturating_add(shortest));
            }
        }
        let sums = self.spans.iter().take(left).flat_map(|a| {
            let sum = |b: &Span| Span { low: a.low + b.low, high: (a.high + b.high).min(LONGEST) };
            other.spans.iter().take(right).map(sum)
        });
        let mut set = Self::merged(sums.filter(|span| span.low <= LONGEST).collect());
        if let Some(span) = set.spans.get(MOST_SPANS) {
            work.unsure_from(span.low);
            set.spans.truncate(MOST_SPANS);
        }
        set
    }

    /// The part of the set from `low` to `high`, both included.
    pub(super) fn within(&self, low: u64, high: u64) -> Self {
        if low > high {
            return Self::none();
        }
        let first = self.spans.partition_point(|span| span.high < low);
        let near = self.spans.iter().skip(first).take_while(|span| span.low <= high);
        Self { spans: near.map(|span| Span { low: span.low.max(low), high: span.high.min(high) }).collect() }
    }

    /// The lengths of a first string when a second one, with a length in `rest`, adds up to `whole`.
    pub(super) fn leaving(&self, rest: &Self, whole: u64) -> Self {
        let rest = rest.within(0, whole);
        let mut wanted = rest.spans.iter().rev().map(|s| Span { low: whole - s.high, high: whole - s.low }).peekable();
        let own = self.within(0, whole);
        let mut own = own.spans.into_iter().peekable();
        let mut spans = Vec::new();
        while let (Some(a), Some(b)) = (own.peek().copied(), wanted.peek().copied()) {
            let shared = Span { low: a.low.max(b.low), high: a.high.min(b.high) };
            if shared.low <= shared.high {
                spans.push(shared);
            }
            _ = if a.high <= b.high { own.next() } else { wanted.next() };
        }
        Self { spans }
    }

    /// Returns whether the length is in the set.
    pub(super) fn contains(&self, length: u64) -> bool {
        let position = self.spans.partition_point(|span| span.high < length);
        self.spans.get(position).is_some_and(|span| span.low <= length)
    }

    /// Returns whether no length is in it.
    pub(super) fn is_empty(&self) -> bool {
        self.spans.is_empty()
    }

    /// The shortest.
    pub(super) fn shortest(&self) -> Option<u64> {
        self.spans.first().map(|span| span.low)
    }

    /// The two ends, if every length between them is in the set.
    pub(super) fn as_interval(&self) -> Option<(u64, u64)> {
        if let [only] = self.spans.as_slice() { Some((only.low, only.high)) } else { None }
    }

    /// The number of lengths.
    pub(super) fn count(&self) -> u64 {
        self.spans.iter().map(|span| span.high - span.low + 1).sum()
    }

    /// The length at a position of the sorted set.
    pub(super) fn nth(&self, mut position: u64) -> Option<u64> {
        for span in &self.spans {
            let size = span.high - span.low + 1;
            if position < size {
                return Some(span.low + position);
            }
            position -= size;
        }
        None
    }

    fn merged(mut spans: Vec<Span>) -> Self {
        spans.sort_unstable();
        let mut merged: Vec<Span> = Vec::with_capacity(spans.len().min(MOST_SPANS));
        for span in spans {
            match merged.last_mut() {
                Some(last) if span.low <= last.high.saturating_add(1) => last.high = last.high.max(span.high),
                _ => merged.push(span),
            }
        }
        Self { spans: merged }
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use proptest::prelude::*;

    use super::*;

    fn set(lengths: &BTreeSet<u64>) -> Lengths {
        let sets: Vec<Lengths> = lengths.iter().map(|n| Lengths::exactly(*n)).collect();
        Lengths::union(&sets)
    }

    fn members(lengths: &Lengths) -> BTreeSet<u64> {
        (0..lengths.count()).filter_map(|position| lengths.nth(position)).collect()
    }

    fn some() -> impl Strategy<Value = BTreeSet<u64>> {
        prop::collection::btree_set(0_u64..40, 0..12)
    }

    proptest! {
        #[test]
        fn a_sum_holds_the_lengths_of_all_pairs(a in some(), b in some()) {
            let pairs: BTreeSet<u64> = a.iter().flat_map(|x| b.iter().map(move |y| x + y)).collect();
            prop_assert_eq!(members(&set(&a).sum(&set(&b), &mut LengthSearch::new())), pairs);
        }

        #[test]
        fn a_quotient_completes_its_remainder(a in some(), b in some(), whole in 0_u64..80) {
            let expected: BTreeSet<u64> = a.iter().copied().filter(|x| *x <= whole && b.contains(&(whole - x))).collect();
            prop_assert_eq!(members(&set(&a).leaving(&set(&b), whole)), expected);
        }

        #[test]
        fn multiples_are_the_repeated_sums(low in 0_u64..6, more in 0_u64..4, count in 0_u64..7) {
            let once = Lengths::union([&Lengths::exactly(0), &Lengths::between(low, low + more)]);
            let work = &mut LengthSearch::new();
            let sums = (0..count).fold(Lengths::exactly(0), |sum, _| sum.sum(&once, work));
            prop_assert_eq!(Lengths::multiples(low, low + more, count, work), sums);
        }

        #[test]
        fn a_set_contains_its_members_alone(a in some(), n in 0_u64..50) {
            prop_assert_eq!(set(&a).contains(n), a.contains(&n));
            prop_assert_eq!(set(&a).within(n, n + 5), set(&a.range(n..=n + 5).copied().collect()));
        }
    }

    #[test]
    fn a_sum_beyond_its_budget_keeps_the_short_lengths_and_says_so() {
        let mut work = LengthSearch::new();
        let even = Lengths::multiples(2, 2, 1_000_000, &mut work);
        assert!(even.contains(60_000));
        assert_eq!(work.sure_to(), 65_535);
        let sum = even.sum(&even, &mut work);
        assert!(sum.contains(500) && !sum.contains(501));
        assert!((500..1100).contains(&work.sure_to()));
    }

    #[test]
    fn no_length_is_above_the_longest() {
        let all = Lengths::between(0, u64::MAX);
        assert_eq!(all.count(), LONGEST + 1);
        assert_eq!(all.sum(&all, &mut LengthSearch::new()), all);
    }
}
