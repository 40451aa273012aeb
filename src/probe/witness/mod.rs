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

use std::sync::OnceLock;

use thiserror::Error;

use crate::contract::{Matched, Pattern, PatternError};

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

/// Makes texts for one rule; what it needs is compiled once.
#[derive(Debug)]
pub(super) struct Witness {
    min: u64,
    max: u64,
    pattern: Option<Pattern>,
    /// `None` where the pattern cannot be read as one; natural texts may serve all the same.
    grammar: Option<Grammar>,
    /// The pattern with a dot that takes newlines, too; compiled when it is first asked for.
    dotall: OnceLock<Option<Pattern>>,
    /// A legal text, for the salts that find none.
    sample: String,
}

impl Witness {
    /// Reads a rule and makes sure that there is a text for it.
    ///
    /// # Errors
    /// The pattern cannot be checked, the rule contradicts itself, or no text was found.
    pub(super) fn new(rule: &TextRule<'_>) -> Result<Self, Unwitnessed> {
        let pattern = rule.pattern.map(Pattern::full).transpose()?;
        let grammar = pattern.as_ref().and_then(|pattern| Grammar::parse(&pattern.translated()));
        let max = rule.max.unwrap_or(u64::MAX);
        let mut witness = Self { min: rule.min, max, pattern, grammar, dotall: OnceLock::new(), sample: String::new() };
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
        let pattern = self.pattern.as_ref().map(Pattern::source).unwrap_or_default().to_owned();
        if self.is_contradiction() {
            let most = if self.max == u64::MAX { "more".to_owned() } else { self.max.to_string() };
            Unwitnessed::Impossible { pattern, lengths: format!("{} to {most}", self.min) }
        } else {
            Unwitnessed::NotFound { pattern }
        }
    }

    fn is_legal(&self, text: &str) -> bool {
        self.length_is_legal(text) && self.pattern_allows(text)
    }

    fn length_is_legal(&self, text: &str) -> bool {
        (self.min..=self.max).contains(&length(text))
    }

    fn pattern_allows(&self, text: &str) -> bool {
        self.pattern.as_ref().is_none_or(|pattern| pattern.matches(text) == Matched::Yes)
    }

    /// Whether the pattern refuses the text even if a dot takes newlines.
    fn refuses_dotall(&self, text: &str) -> bool {
        let Some(pattern) = &self.pattern else { return false };
        let dotall = self.dotall.get_or_init(|| Pattern::full(&format!("(?s){}", pattern.source())).ok());
        dotall.as_ref().is_some_and(|pattern| pattern.matches(text) == Matched::No)
    }
}

fn length(text: &str) -> u64 {
    u64::try_from(text.chars().count()).unwrap_or(u64::MAX)
}

#[cfg(test)]
mod tests;
