//! Writes a string of an exact length from a grammar.

use std::iter;

use super::{
    character_class::Taste,
    grammar::{Grammar, GrammarForm, Node},
    lengths::Lengths,
    salt::Salt,
};

/// Writes a string of `length` characters if the grammar has one; `salt` and `taste` choose among several.
pub(super) fn write(grammar: &Grammar, length: u64, taste: Taste, salt: &mut Salt) -> Option<String> {
    let mut writer = Writer { text: String::new(), taste, signs: &grammar.signs, salt };
    writer.part(&grammar.root, length)?;
    Some(writer.text)
}

struct Writer<'a> {
    text: String,
    taste: Taste,
    signs: &'a [char],
    salt: &'a mut Salt,
}

impl Writer<'_> {
    fn part(&mut self, node: &Node, length: u64) -> Option<()> {
        if !node.lengths.contains(length) {
            return None;
        }
        if length == 0 {
            return Some(());
        }
        match &node.form {
            GrammarForm::Bare => None,
            GrammarForm::Text(text) => {
                self.text.push_str(text);
                Some(())
            }
            GrammarForm::Run(class) => {
                let count = usize::try_from(length).ok()?;
                let salt = &mut *self.salt;
                self.text.extend(iter::repeat_with(|| class.pick(self.taste, self.signs, salt)).take(count).flatten());
                Some(())
            }
            GrammarForm::Pair(left, right) => {
                let first = self.one_of(&left.lengths.leaving(&right.lengths, length))?;
                self.part(left, first)?;
                self.part(right, length - first)
            }
            GrammarForm::Choice(parts) => {
                let able: Vec<_> = parts.iter().filter(|part| part.lengths.contains(length)).collect();
                self.salt.pick(&able).and_then(|part| self.part(part, length))
            }
        }
    }

    fn one_of(&mut self, lengths: &Lengths) -> Option<u64> {
        lengths.nth(self.salt.below(lengths.count()))
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use rstest::rstest;

    use super::*;
    use crate::model::{Matched, Pattern};

    #[rstest]
    #[case("[a-z]{3}-[0-9]{1,5}", 8)]
    #[case("(ab|cde)+", 101)]
    #[case("([a-z][0-9]){0,2500}", 5000)]
    #[case("[a-z]{0,100000}", 100_000)]
    #[case("([a-z]+,)*[a-z]+", 4999)]
    #[case("(a{2,3}b?){7,}", 64)]
    fn a_text_has_exactly_the_wanted_length(#[case] pattern: &str, #[case] length: usize) {
        let grammar = Grammar::parse(pattern).unwrap();
        let full = Pattern::full(pattern).unwrap();
        for salt in 0..4 {
            let text = write(&grammar, length as u64, Taste::Tidy, &mut Salt::new(salt, 0)).unwrap();
            assert_eq!(text.chars().count(), length);
            assert_eq!(full.matches(&text), Matched::Yes, "{text}");
        }
    }

    /// Patterns with neither look-around nor anchors.
    fn patterns() -> impl Strategy<Value = String> {
        let leaf = prop::sample::select(vec!["[a-c]", "x", "yz", "é", "[0-9]{2,5}", "[^a]"]).prop_map(str::to_owned);
        leaf.prop_recursive(4, 24, 4, |inner| {
            prop_oneof![
                prop::collection::vec(inner.clone(), 1..4).prop_map(|parts| parts.concat()),
                prop::collection::vec(inner.clone(), 1..4).prop_map(|parts| format!("({})", parts.join("|"))),
                (inner, 0_u32..4, 0_u32..4).prop_map(|(part, min, more)| format!("({part}){{{min},{}}}", min + more)),
            ]
        })
    }

    proptest! {
        #[test]
        fn every_length_of_a_grammar_can_be_written_and_no_other(pattern in patterns(), salt: u64, length in 0_u64..40) {
            let grammar = Grammar::parse(&pattern).unwrap();
            let text = write(&grammar, length, Taste::Broad, &mut Salt::new(salt, 0));
            prop_assert_eq!(text.is_some(), grammar.root.lengths.contains(length));
            if let Some(text) = text {
                prop_assert_eq!(text.chars().count() as u64, length);
                prop_assert_eq!(Pattern::full(&pattern).unwrap().matches(&text), Matched::Yes, "{} of {}", text, pattern);
            }
        }
    }
}
