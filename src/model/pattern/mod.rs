//! Patterns of models, in the syntax of Java and ECMAScript: whether a string matches one in full.
//!
//! The linear engine (`regex-automata`) comes first. `fancy-regex` matches what it cannot (look-around), with a
//! backtracking limit, so that no pattern can hang a run. A pattern that neither accepts is an error with its reason:
//! no pattern is skipped silently.
//!
//! A pattern must match in full, although Smithy says "find": only so can most of the recorded rejections be explained.

mod class;
mod escape;
mod repetition;
mod translate;

use std::fmt;

use regex_automata::meta;
use thiserror::Error;

use repetition::Repetition;
use translate::translate;

/// A compiled pattern.
pub struct Pattern {
    source: String,
    engine: Engine,
}

enum Engine {
    Linear(meta::Regex),
    /// One class with a count. Compiling large bounds takes an engine a second and much memory.
    Repeated(meta::Regex, Repetition),
    Backtracking(Box<fancy_regex::Regex>),
}

/// The result of matching a string.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Matched {
    /// The whole string matches.
    Yes,
    /// The string does not match.
    No,
    /// The backtracking engine reached its limit, or the string is too long for it.
    Undecided,
}

/// A pattern that no engine accepts.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
#[error("the pattern {pattern:?} cannot be checked: {reason}")]
pub struct PatternError {
    /// The pattern as the model has it.
    pub pattern: String,
    /// The reason why no engine accepts it.
    pub reason: PatternProblem,
}

/// The reason why no engine accepts a pattern.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
#[non_exhaustive]
pub enum PatternProblem {
    /// The pattern itself is too long.
    #[error("it is longer than {LONGEST_SOURCE} bytes")]
    TooLong,
    /// The compiled pattern is too large.
    #[error("compiled, it takes more than {LARGEST} bytes")]
    TooLarge,
    /// A flag that has another meaning, or none, in the engines.
    #[error("it sets a flag of Java that has no counterpart")]
    Flag,
    /// A backslash without the character that it escapes.
    #[error("it ends in a backslash")]
    EndsInBackslash,
    /// A character class without its closing bracket.
    #[error("a character class does not end")]
    OpenClass,
    /// Syntax that the engines do not have; the text is the engine's.
    #[error("{0}")]
    Syntax(String),
}

/// The longest of AWS's patterns has 2,500 bytes.
const LONGEST_SOURCE: usize = 64 << 10;
/// The memory of a compiled pattern, in bytes.
const LARGEST: usize = 32 << 20;
/// The limit of the backtracking engine; each step takes a tenth of a microsecond.
const MOST_BACKTRACKS: usize = 250_000;
/// Each step of the backtracking engine may read the whole string, so longer strings are not matched.
const LONGEST_TEXT: usize = 64 << 10;

impl Pattern {
    /// Compiles `source` so that it must match a string in full.
    ///
    /// # Errors
    /// Syntax that neither engine accepts after translation, or a pattern that is too large.
    pub fn full(source: &str) -> Result<Self, PatternError> {
        let engine = engine(source).map_err(|reason| PatternError { pattern: source.to_owned(), reason })?;
        Ok(Self { source: source.to_owned(), engine })
    }

    /// Matches the whole of `text`.
    #[must_use]
    pub fn matches(&self, text: &str) -> Matched {
        let found = match &self.engine {
            Engine::Linear(regex) => Ok(regex.is_match(text)),
            Engine::Repeated(class, times) => Ok(times.allows(text) && class.is_match(text)),
            Engine::Backtracking(_) if text.len() > LONGEST_TEXT => return Matched::Undecided,
            Engine::Backtracking(regex) => regex.is_match(text),
        };
        match found {
            Ok(true) => Matched::Yes,
            Ok(false) => Matched::No,
            Err(_) => Matched::Undecided,
        }
    }

    /// The pattern in the syntax of Rust's engines, without the anchors of a full match, for generators.
    #[must_use]
    pub(crate) fn translated(&self) -> String {
        // It compiled, so it can be translated.
        translate(&self.source).unwrap_or_default()
    }

    /// Returns whether the time that a match takes is linear in the length of the text.
    #[must_use]
    pub fn is_linear(&self) -> bool {
        !matches!(self.engine, Engine::Backtracking(_))
    }

    /// The pattern as the model has it.
    #[must_use]
    pub fn source(&self) -> &str {
        &self.source
    }
}

impl fmt::Debug for Pattern {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Pattern({:?})", self.source)
    }
}

fn engine(source: &str) -> Result<Engine, PatternProblem> {
    if source.len() > LONGEST_SOURCE {
        return Err(PatternProblem::TooLong);
    }
    let translated = translate(source)?;
    let linear = |regex: &str| {
        // A dense automaton takes longer to build than the short texts of a run take to match.
        let config = meta::Config::new().nfa_size_limit(Some(LARGEST)).dfa(false).onepass(false);
        meta::Builder::new().configure(config).build(&format!(r"\A(?:{regex})\z")).map_err(Box::new)
    };
    if let Some((class, times)) = Repetition::read(&translated)
        && let Ok(regex) = linear(&format!("{class}*"))
    {
        return Ok(Engine::Repeated(regex, times));
    }
    match linear(&translated) {
        Ok(regex) => return Ok(Engine::Linear(regex)),
        Err(error) if error.size_limit().is_some() => {
            return Err(PatternProblem::TooLarge);
        }
        // The other engine may support the syntax.
        Err(_) => {}
    }
    let backtracking = fancy_regex::RegexBuilder::new(&format!(r"\A(?:{translated})\z"))
        .backtrack_limit(MOST_BACKTRACKS)
        .delegate_size_limit(LARGEST)
        .build();
    backtracking
        .map(|regex| Engine::Backtracking(Box::new(regex)))
        .map_err(|error| PatternProblem::Syntax(shorten(&error.to_string())))
}

fn shorten(reason: &str) -> String {
    match reason.char_indices().nth(300) {
        Some((end, _)) => format!("{}…", &reason[..end]),
        None => reason.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use rstest::rstest;

    use super::*;

    const NAME: &str = r"^[0-9A-Za-z]+[0-9A-Za-z_\-]*$";

    #[rstest]
    #[case::plain(NAME, "simple-svc", Matched::Yes)]
    #[case::trailing_newline(NAME, "a\n", Matched::No)]
    #[case::leading_hyphen(NAME, "-a", Matched::No)]
    #[case::other_digit(NAME, "a\u{663}", Matched::No)]
    #[case::unanchored("[a-z]+", "ab c", Matched::No)]
    #[case::alternatives_stay_together("a|b", "ab", Matched::No)]
    #[case::ascii_digits(r"\d+", "\u{663}", Matched::No)]
    #[case::version(r"^(0|([1-9]{1}\d*))$", "01", Matched::No)]
    #[case::version_ok(r"^(0|([1-9]{1}\d*))$", "10", Matched::Yes)]
    #[case::hyphen_after_class(r"[\w-.]+", "a-b.c", Matched::Yes)]
    #[case::posix(r"\p{Alnum}+", "a1", Matched::Yes)]
    #[case::code_point(r"[\u0041-\u0043]+", "ABC", Matched::Yes)]
    #[case::look_ahead(r"(?!aws:).*", "aws:x", Matched::No)]
    #[case::look_ahead_ok(r"(?!aws:).*", "my:x", Matched::Yes)]
    #[case::slash(r"a\/b", "a/b", Matched::Yes)]
    #[case::pairs(r"[\uD800\uDC00-\uDBFF\uDFFF]+", "\u{1F600}", Matched::Yes)]
    #[case::pairs_are_not_the_rest(r"[\uD800\uDC00-\uDBFF\uDFFF]+", "a", Matched::No)]
    #[case::halves(r"[\u0020-\uD7FF\uD800\uDBFF-\uDC00\uDFFF]+", "a\u{1F600}", Matched::Yes)]
    #[case::halves_apart(r"[\uD800-\uDBFF\uDC00-\uDFFF]", "\u{1F600}", Matched::Yes)]
    #[case::pair_outside(r"\uD83D\uDE00+", "\u{1F600}\u{1F600}", Matched::Yes)]
    #[case::up_to_surrogates(r"[\u0020-\uDFFF]", "\u{D7FF}", Matched::Yes)]
    #[case::octal(r"[^/\000-\037]+", "a\u{1F}", Matched::No)]
    #[case::octal_ok(r"[^/\000-\037]+", "a b", Matched::Yes)]
    #[case::hyphen_after_property(r"[\p{L}-_]+", "a-_", Matched::Yes)]
    #[case::hyphens_are_no_difference(r"[+--]+", "+,-", Matched::Yes)]
    #[case::hyphen_first("[-a]+", "a-", Matched::Yes)]
    #[case::hyphen_last("[a-]+", "a-", Matched::Yes)]
    #[case::hyphen_after_range("[0-9-_]+", "0-_", Matched::Yes)]
    #[case::bracket_in_class("[[a]+", "[a", Matched::Yes)]
    #[case::bracket_closes_first("[]a]+", "]a", Matched::Yes)]
    #[case::intersection(r"[\p{Print}&&[^|:/]]+", "a|", Matched::No)]
    #[case::intersection_ok(r"[\p{Print}&&[^|:/]]+", "a b", Matched::Yes)]
    #[case::tildes("[~~a&]+", "~a&", Matched::Yes)]
    #[case::letter_or_digit(r"\p{LD}+", "ä1", Matched::Yes)]
    #[case::anything(r"[\p{all}]*", "\n\u{1F600}", Matched::Yes)]
    #[case::dot_is_no_line_end("a.b", "a\rb", Matched::No)]
    #[case::dot_is_no_separator(".*", "a\u{2028}", Matched::No)]
    #[case::dot_is_all("(?s).{1,3}", "a\r\n", Matched::Yes)]
    #[case::repeated_look_ahead(r"(\/(?!\.)+[^#]+){1,4}", "/a", Matched::Yes)]
    #[case::repeated_look_ahead_no(r"(\/(?!\.)+[^#/]+){1,4}", "/.a", Matched::No)]
    #[case::large_bounds("^.{1,100000}$", "a", Matched::Yes)]
    #[case::large_bounds_none("^.{1,100000}$", "", Matched::No)]
    #[case::many_of_a_class("[^x]{2,3}", "aäb", Matched::Yes)]
    #[case::too_many_of_a_class("[^x]{2,3}", "aäbc", Matched::No)]
    #[case::exactly_so_many("[a]{2}", "aaa", Matched::No)]
    #[case::one_or_more("[a]+", "", Matched::No)]
    #[case::less_than_is_literal(r"\<a\>", "<a>", Matched::Yes)]
    #[case::end_before_more("a$|b", "b", Matched::Yes)]
    #[case::date(r"(\d)-\1", "1-1", Matched::Yes)]
    fn a_pattern_matches_in_full_as_java_would(#[case] pattern: &str, #[case] text: &str, #[case] expected: Matched) {
        assert_eq!(Pattern::full(pattern).unwrap().matches(text), expected);
    }

    #[test]
    fn a_pattern_that_no_engine_takes_is_an_error_with_a_reason() {
        let error = Pattern::full("a(").unwrap_err().to_string();
        assert!(error.contains("a(") && error.contains("cannot be checked"), "{error}");
    }

    #[test]
    fn a_backtracking_pattern_ends_at_its_limit_instead_of_hanging() {
        let pattern = Pattern::full(r"(?!x)(a+)+b\1").unwrap();
        assert_ne!(pattern.matches(&"a".repeat(5000)), Matched::Yes);
    }

    proptest! {
        #[test]
        fn no_text_makes_translation_or_compilation_panic(source in ".{0,24}") {
            let _ = Pattern::full(&source);
        }

        #[test]
        fn special_characters_do_not_panic(source in r"[\[\]\\(){}^$&~|?*+.,<>=!:a-cpPuxDWs0-9-]{0,24}") {
            if let Ok(pattern) = Pattern::full(&source) {
                let _ = pattern.matches("abc[]-");
            }
        }
    }
}
