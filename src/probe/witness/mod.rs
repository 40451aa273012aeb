//! Texts for a string shape, from its pattern and its bounds: legal ones, ones of a wrong length, ones that break the
//! pattern by one character.
//!
//! Natural texts are tried first; else the pattern is read as a grammar that knows which lengths it has. Every text is
//! verified by the [`Pattern`] that judges with it, so that no fault of this module becomes a wrong probe. It knows
//! nothing of shapes, requests and services.

mod candidate;
mod class;
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

/// What text a shape allows; lengths are in code points.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct TextRule<'a> {
    /// The pattern, which a text must match in full.
    pub(super) pattern: Option<&'a str>,
    /// The shortest legal length.
    pub(super) min: u64,
    /// The longest legal length, if there is one.
    pub(super) max: Option<u64>,
}

/// Why there is no text for a rule.
#[derive(Debug, Error)]
pub(super) enum Unwitnessed {
    /// No engine takes the pattern, so that no text could be verified.
    #[error(transparent)]
    NotCheckable(#[from] PatternError),
    /// The rule contradicts itself.
    #[error("no text of {lengths} characters keeps the pattern {pattern:?}: the rule contradicts itself")]
    Impossible {
        /// The pattern as the model has it.
        pattern: String,
        /// The legal lengths, in words.
        lengths: String,
    },
    /// There may be one, but it was not found.
    #[error("no text was found that keeps the pattern {pattern:?}: give one by hand")]
    NotFound {
        /// The pattern as the model has it.
        pattern: String,
    },
}

/// The patterns of one model, each compiled once: many rules share one, with other bounds.
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

/// A pattern that decides whether a text is legal.
#[derive(Debug)]
struct Judge {
    pattern: Pattern,
    /// The pattern with a dot that takes newlines, too; compiled when it is first asked for.
    dotall: OnceLock<Option<Pattern>>,
}

impl Judge {
    /// Whether the text is refused even if a dot takes newlines; that the pattern refuses it is known.
    fn refuses_dotall(&self, text: &str) -> bool {
        let source = self.pattern.source();
        if !source.contains('.') {
            return true;
        }
        let dotall = self.dotall.get_or_init(|| Pattern::full(&format!("(?s){source}")).ok());
        dotall.as_ref().is_some_and(|pattern| pattern.matches(text) == Matched::No)
    }
}

/// Makes texts for one rule; what it needs is compiled once.
#[derive(Debug)]
pub(super) struct Witness {
    min: u64,
    max: u64,
    judge: Option<Arc<Judge>>,
    /// `None` where the pattern cannot be read as one; natural texts may serve all the same.
    grammar: Option<Grammar>,
    /// A legal text, for the salts that find none.
    sample: String,
}

impl Witness {
    /// Reads a rule and makes sure that there is a text for it.
    ///
    /// # Errors
    /// The pattern cannot be checked, the rule contradicts itself, or no text was found.
    pub(super) fn new(rule: &TextRule<'_>, patterns: &Patterns) -> Result<Self, Unwitnessed> {
        let judge = rule.pattern.map(|source| patterns.judge(source)).transpose()?;
        let grammar = judge.as_ref().and_then(|judge| Grammar::parse(&judge.pattern.translated()));
        let max = rule.max.unwrap_or(u64::MAX);
        let mut witness = Self { min: rule.min, max, judge, grammar, sample: String::new() };
        witness.sample = witness.search(0).ok_or_else(|| witness.unwitnessed())?;
        Ok(witness)
    }

    /// A legal text. Another salt gives another one where the rule leaves room; the same salt the same.
    pub(super) fn text(&self, salt: u64) -> String {
        self.search(salt).unwrap_or_else(|| self.sample.clone())
    }

    /// The legal text that is at hand.
    pub(super) fn sample(&self) -> &str {
        &self.sample
    }

    fn unwitnessed(&self) -> Unwitnessed {
        let pattern = self.source().to_owned();
        if self.is_contradiction() {
            let most = if self.max == u64::MAX { "more".to_owned() } else { self.max.to_string() };
            Unwitnessed::Impossible { pattern, lengths: format!("{} to {most}", self.min) }
        } else {
            Unwitnessed::NotFound { pattern }
        }
    }

    fn pattern(&self) -> Option<&Pattern> {
        self.judge.as_ref().map(|judge| &judge.pattern)
    }

    /// The pattern as the model has it; an empty text where there is none.
    fn source(&self) -> &str {
        self.pattern().map(Pattern::source).unwrap_or_default()
    }

    fn is_legal(&self, text: &str) -> bool {
        self.length_is_legal(text) && self.pattern_allows(text)
    }

    fn length_is_legal(&self, text: &str) -> bool {
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
