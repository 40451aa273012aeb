//! A pattern as a grammar that knows which lengths each of its parts can have.
//!
//! Repetitions become shared halves (eight times is four times, twice), so that neither `{0,1000}` nor nested
//! repetitions make the grammar large. A grammar has no look-around, so its strings must be verified.

use std::sync::Arc;

use regex_syntax::hir::{Hir, HirKind, Look, Repetition};

use super::{
    character_class::Class,
    lengths::{LONGEST, LengthSearch, Lengths},
    look::without_look_around,
};

/// A part of a grammar, shared where it occurs more than once.
pub(super) type GrammarPart = Arc<Node>;

/// A part, and the lengths of its strings.
#[derive(Debug)]
pub(super) struct Node {
    pub(super) lengths: Lengths,
    pub(super) form: GrammarForm,
}

/// The strings of a part.
#[derive(Debug)]
pub(super) enum GrammarForm {
    /// The empty string; without lengths, no string.
    Bare,
    /// One literal string.
    Text(String),
    /// Characters of one class.
    Run(Class),
    /// A string of the one, then a string of the other.
    Pair(GrammarPart, GrammarPart),
    /// A string of any of them.
    Choice(Vec<GrammarPart>),
}

/// A pattern as a grammar.
#[derive(Debug)]
pub(super) struct Grammar {
    pub(super) root: GrammarPart,
    /// Up to this length, the lengths are complete.
    pub(super) sure_to: u64,
    /// The signs that the pattern names, look-around included.
    pub(super) signs: Vec<char>,
}

impl Grammar {
    /// Reads a pattern in Rust's syntax without its look-around; `None` if it cannot be parsed.
    pub(super) fn parse(pattern: &str) -> Option<Self> {
        let plain = without_look_around(pattern);
        let hir = regex_syntax::parse(&plain.pattern).ok()?;
        let mut reader = GrammarReader { work: LengthSearch::new() };
        let root = reader.part(&hir, Edges { start: true, end: true });
        let signs = pattern.chars().filter(char::is_ascii_punctuation).collect();
        Some(Self { root, sure_to: if plain.lacks_text { 0 } else { reader.work.sure_to() }, signs })
    }
}

/// The edges at which a part may border on other text. If it may not, an anchor there fails.
#[derive(Debug, Clone, Copy)]
struct Edges {
    start: bool,
    end: bool,
}

struct GrammarReader {
    work: LengthSearch,
}

impl GrammarReader {
    fn part(&mut self, hir: &Hir, edges: Edges) -> GrammarPart {
        match hir.kind() {
            HirKind::Look(Look::Start) if !edges.start => nothing(),
            HirKind::Look(Look::End) if !edges.end => nothing(),
            HirKind::Empty | HirKind::Look(_) => empty(),
            HirKind::Literal(literal) => std::str::from_utf8(&literal.0).map_or_else(|_| nothing(), text),
            HirKind::Class(class) => Class::read(class).map_or_else(nothing, |class| run(class, 1, 1)),
            HirKind::Repetition(repetition) => self.repetition(repetition, edges),
            HirKind::Capture(capture) => self.part(&capture.sub, edges),
            HirKind::Concat(parts) => self.row(parts, edges),
            HirKind::Alternation(parts) => choice(parts.iter().map(|part| self.part(part, edges)).collect()),
        }
    }

    /// Parts in a sequence. Everything before a start anchor must be empty, and everything after an end anchor.
    fn row(&mut self, parts: &[Hir], edges: Edges) -> GrammarPart {
        let needs_start = |part: &Hir| part.properties().look_set_prefix().contains(Look::Start);
        let needs_end = |part: &Hir| part.properties().look_set_suffix().contains(Look::End);
        let first = parts.iter().rposition(needs_start).unwrap_or(0);
        let last = parts.iter().position(needs_end).unwrap_or(parts.len());
        let mut nodes = Vec::with_capacity(parts.len());
        for (place, part) in parts.iter().enumerate() {
            let start = edges.start && parts.iter().take(place).all(may_be_empty);
            let end = edges.end && parts.iter().skip(place + 1).all(may_be_empty);
            nodes.push(match (place < first || place > last, may_be_empty(part)) {
                (true, true) => empty(),
                (true, false) => nothing(),
                (false, _) => self.part(part, Edges { start, end }),
            });
        }
        self.fold(&nodes)
    }

    /// Halves of halves: the depth of a grammar stays small however long its pattern is.
    fn fold(&mut self, nodes: &[GrammarPart]) -> GrammarPart {
        match nodes {
            [] => empty(),
            [only] => Arc::clone(only),
            _ => {
                let (left, right) = nodes.split_at(nodes.len() / 2);
                let (left, right) = (self.fold(left), self.fold(right));
                self.pair(left, right)
            }
        }
    }

    fn pair(&mut self, left: GrammarPart, right: GrammarPart) -> GrammarPart {
        let lengths = left.lengths.sum(&right.lengths, &mut self.work);
        Arc::new(Node { lengths, form: GrammarForm::Pair(left, right) })
    }

    fn repetition(&mut self, repetition: &Repetition, edges: Edges) -> GrammarPart {
        let least = u64::from(repetition.min);
        let most = repetition.max.map_or(LONGEST, u64::from);
        let once = self.part(&repetition.sub, edges);
        if let GrammarForm::Run(class) = &once.form
            && once.lengths == Lengths::exactly(1)
        {
            return run(class.clone(), least, most);
        }
        if once.lengths.is_empty() {
            return if least == 0 { empty() } else { once };
        }
        let needed = self.times(&once, least, &mut |_, times| {
            let (low, high) = once.lengths.as_interval()?;
            Some(Lengths::between(low.saturating_mul(times), high.saturating_mul(times)))
        });
        let spare = self.spare(&once, most.saturating_sub(least));
        self.pair(needed, spare)
    }

    /// At most `count` times `once`.
    fn spare(&mut self, once: &GrammarPart, count: u64) -> GrammarPart {
        // More of them than characters would only add empty ones.
        let shortest = once.lengths.within(1, LONGEST).shortest().unwrap_or(LONGEST);
        let count = count.min(LONGEST / shortest);
        let maybe = choice(vec![empty(), Arc::clone(once)]);
        self.times(&maybe, count, &mut |work, times| {
            let (low, high) = once.lengths.as_interval()?;
            Some(Lengths::multiples(low, high, times, work))
        })
    }

    /// Exactly `count` times `once`, by doubling; `known` gives the lengths where they need no sum.
    fn times(
        &mut self,
        once: &GrammarPart,
        count: u64,
        known: &mut dyn FnMut(&mut LengthSearch, u64) -> Option<Lengths>,
    ) -> GrammarPart {
        let mut join = |reader: &mut Self, left: &GrammarPart, right: &GrammarPart, times: u64| {
            let lengths = known(&mut reader.work, times);
            let lengths = lengths.unwrap_or_else(|| left.lengths.sum(&right.lengths, &mut reader.work));
            Arc::new(Node { lengths, form: GrammarForm::Pair(Arc::clone(left), Arc::clone(right)) })
        };
        let (mut whole, mut have) = (empty(), 0);
        let (mut power, mut worth) = (Arc::clone(once), 1);
        while have < count {
            if count & worth != 0 {
                have += worth;
                whole = if have == worth { Arc::clone(&power) } else { join(self, &whole, &power, have) };
            }
            if have < count {
                worth *= 2;
                power = join(self, &power, &power, worth);
            }
        }
        whole
    }
}

fn may_be_empty(part: &Hir) -> bool {
    part.properties().minimum_len() == Some(0)
}

fn empty() -> GrammarPart {
    Arc::new(Node { lengths: Lengths::exactly(0), form: GrammarForm::Bare })
}

fn nothing() -> GrammarPart {
    Arc::new(Node { lengths: Lengths::none(), form: GrammarForm::Bare })
}

fn text(text: &str) -> GrammarPart {
    let length = u64::try_from(text.chars().count()).unwrap_or(u64::MAX);
    Arc::new(Node { lengths: Lengths::exactly(length), form: GrammarForm::Text(text.to_owned()) })
}

fn run(class: Class, least: u64, most: u64) -> GrammarPart {
    Arc::new(Node { lengths: Lengths::between(least, most), form: GrammarForm::Run(class) })
}

fn choice(parts: Vec<GrammarPart>) -> GrammarPart {
    let lengths = Lengths::union(parts.iter().map(|part| &part.lengths));
    Arc::new(Node { lengths, form: GrammarForm::Choice(parts) })
}

#[cfg(test)]
mod tests {
    use rstest::rstest;

    use super::*;

    fn read(pattern: &str) -> Grammar {
        Grammar::parse(pattern).unwrap()
    }

    #[rstest]
    #[case::literal("abc", &[3])]
    #[case::characters_not_bytes("äö", &[2])]
    #[case::class("[a-c]{2,4}", &[2, 3, 4])]
    #[case::pairs("(ab){1,3}", &[2, 4, 6])]
    #[case::alternatives("a|bcd|(efgh)?", &[0, 1, 3, 4])]
    #[case::uneven_repetition("(a|bcde){2}", &[2, 5, 8])]
    #[case::uneven_up_to("(abc|abcde){0,2}", &[0, 3, 5, 6, 8, 10])]
    #[case::anchors("^ab$", &[2])]
    #[case::anchored_alternatives("^$|^ab$", &[0, 2])]
    #[case::start_after_nothing("x*^ab", &[2])]
    #[case::end_before_nothing("ab$x*", &[2])]
    #[case::start_after_something("x(^a|bcd)", &[4])]
    #[case::never("/^ab$/", &[])]
    #[case::repeated_never("(x^a)*b", &[1])]
    fn a_pattern_has_these_lengths_up_to_ten(#[case] pattern: &str, #[case] lengths: &[u64]) {
        let grammar = read(pattern);
        let found: Vec<u64> = (0..=10).filter(|n| grammar.root.lengths.contains(*n)).collect();
        assert_eq!(found, lengths);
        assert_eq!(grammar.sure_to, LONGEST);
    }

    #[rstest]
    #[case("[a-z]{0,100000}", 100_000)]
    #[case("([a-z][0-9]){0,50000}", 8000)]
    #[case("((a{0,1000}){0,1000}){0,1000}", 2_000_000)]
    #[case("([a-z]+,)*[a-z]+", 1_000_000)]
    #[case("(((ab|cdefg)*xyz)*uvw|hijklmnopq)*", 300)]
    fn a_large_repetition_is_a_small_grammar(#[case] pattern: &str, #[case] length: u64) {
        assert!(read(pattern).root.lengths.contains(length));
    }
}
