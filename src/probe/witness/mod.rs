//! Strings for a pattern and bounds: valid ones, ones of a given length, ones that violate the pattern by one
//! character.
//!
//! Natural strings are tried first; else the pattern is read as a grammar that knows its lengths. Every string is
//! verified by the [`Pattern`] that validates with it, so that no bug of this module makes a wrong probe. Shapes,
//! requests and services are unknown here.
//!
//! | module | holds |
//! |---|---|
//! | `candidate` | natural strings: names, ARNs, addresses |
//! | `grammar`, `class`, `look` | a pattern as a grammar |
//! | `lengths` | the lengths that a grammar has |
//! | `write` | strings from a grammar |
//! | `near_miss` | strings that violate a pattern by one character |
//! | `search`, `salt` | the search for a string, reproducible by its salt |

mod candidate;
mod character_class;
mod grammar;
mod lengths;
mod look;
mod near_miss;
mod salt;
mod search;
mod write;

use std::{
    cell::RefCell,
    collections::HashMap,
    sync::{Arc, OnceLock},
};

use thiserror::Error;

use crate::model::{Matched, Pattern, PatternError};

use grammar::Grammar;
pub(super) use near_miss::NearMiss;

/// The strings that a shape allows; lengths are in code points.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct TextRule<'a> {
    /// The pattern, which a string must match in full.
    pub(super) pattern: Option<&'a str>,
    /// The least valid length.
    pub(super) min: u64,
    /// The greatest valid length, if there is one.
    pub(super) max: Option<u64>,
}

/// A problem that prevents a string for a rule.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum WitnessError {
    /// No engine accepts the pattern, so that no string could be verified.
    #[error(transparent)]
    NotCheckable(#[from] PatternError),
    /// The pattern and the bounds contradict each other.
    #[error("no string of {lengths} characters matches the pattern {pattern:?}: the model contradicts itself")]
    Impossible {
        /// The pattern as the model has it.
        pattern: String,
        /// The valid lengths, in words.
        lengths: String,
    },
    /// No string was found, though there may be one.
    #[error("no string was found that matches the pattern {pattern:?}: give one in a recipe")]
    NotFound {
        /// The pattern as the model has it.
        pattern: String,
    },
}

/// The patterns of one model, each compiled once: many rules share one.
#[derive(Debug, Default)]
pub(super) struct Patterns(RefCell<HashMap<String, Arc<Judge>>>);

impl Patterns {
    fn judge(&self, source: &str) -> Result<Arc<Judge>, PatternError> {
        if let Some(known) = self.0.borrow().get(source) {
            return Ok(Arc::clone(known));
        }
        let judge = Arc::new(Judge { pattern: Pattern::full(source)?, dotall: OnceLock::new() });
        self.0.borrow_mut().insert(source.to_owned(), Arc::clone(&judge));
        Ok(judge)
    }
}

/// A pattern that decides whether a string is valid.
#[derive(Debug)]
struct Judge {
    pattern: Pattern,
    /// The pattern with a dot that matches newlines, compiled on first use.
    dotall: OnceLock<Option<Pattern>>,
}

impl Judge {
    /// Returns whether a string that the pattern rejects is rejected even if a dot matches newlines.
    fn rejects_dotall(&self, text: &str) -> bool {
        let source = self.pattern.source();
        if !source.contains('.') {
            return true;
        }
        let dotall = self.dotall.get_or_init(|| Pattern::full(&format!("(?s){source}")).ok());
        dotall.as_ref().is_some_and(|pattern| pattern.matches(text) == Matched::No)
    }
}

/// Makes strings for one rule.
#[derive(Debug)]
pub(super) struct Witness {
    min: u64,
    max: u64,
    judge: Option<Arc<Judge>>,
    /// `None` where the pattern cannot be read as a grammar; natural strings may still match it.
    grammar: Option<Grammar>,
    /// A valid string, for the salts that find none.
    sample: String,
}

impl Witness {
    /// Reads a rule and finds a first string for it.
    ///
    /// # Errors
    /// The pattern cannot be checked, the rule contradicts itself, or no string was found.
    pub(super) fn new(rule: &TextRule<'_>, patterns: &Patterns) -> Result<Self, WitnessError> {
        let judge = rule.pattern.map(|source| patterns.judge(source)).transpose()?;
        let grammar = judge.as_ref().and_then(|judge| Grammar::parse(&judge.pattern.translated()));
        let max = rule.max.unwrap_or(u64::MAX);
        let mut witness = Self { min: rule.min, max, judge, grammar, sample: String::new() };
        witness.sample = witness.search(0).ok_or_else(|| witness.error())?;
        Ok(witness)
    }

    /// A valid string: the same for the same salt, and another one for another salt if the rule has more than one.
    pub(super) fn text(&self, salt: u64) -> String {
        self.search(salt).unwrap_or_else(|| self.sample.clone())
    }

    /// A valid string that is already built.
    pub(super) fn sample(&self) -> &str {
        &self.sample
    }

    fn error(&self) -> WitnessError {
        let pattern = self.source().to_owned();
        if self.is_contradiction() {
            let most = if self.max == u64::MAX { "more".to_owned() } else { self.max.to_string() };
            WitnessError::Impossible { pattern, lengths: format!("{} to {most}", self.min) }
        } else {
            WitnessError::NotFound { pattern }
        }
    }

    fn pattern(&self) -> Option<&Pattern> {
        self.judge.as_ref().map(|judge| &judge.pattern)
    }

    /// The pattern as the model has it; empty where there is none.
    fn source(&self) -> &str {
        self.pattern().map(Pattern::source).unwrap_or_default()
    }

    /// Returns whether the rule allows a string.
    pub(super) fn is_valid(&self, text: &str) -> bool {
        self.length_is_valid(text) && self.pattern_allows(text)
    }

    fn length_is_valid(&self, text: &str) -> bool {
        (self.min..=self.max).contains(&length(text))
    }

    fn pattern_allows(&self, text: &str) -> bool {
        self.pattern().is_none_or(|pattern| pattern.matches(text) == Matched::Yes)
    }
}

fn length(text: &str) -> u64 {
    u64::try_from(text.chars().count()).unwrap_or(u64::MAX)
}

#[cfg(test)]
mod tests;
