//! Patterns of the models: Java and ECMA syntax in, a full-match decision out.
//!
//! The linear engine (`regex`) comes first; `fancy-regex` serves what it cannot do (look-around), with a
//! backtrack limit, so that no pattern can hang a run. What neither takes is an error that says why:
//! a pattern is never skipped in silence.
//!
//! Full match, although Smithy says "find": of the recorded real rejections most are explicable only so.

use std::fmt;

use thiserror::Error;

/// A compiled pattern.
pub struct Pattern {
    source: String,
    engine: Engine,
}

enum Engine {
    Linear(regex::Regex),
    Backtracking(Box<fancy_regex::Regex>),
}

/// What matching a text gave.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Matched {
    /// The whole text matches.
    Yes,
    /// It does not.
    No,
    /// The backtracking engine reached its limit: nothing may be concluded.
    Undecided,
}

/// A pattern that no engine here takes.
#[derive(Debug, Error)]
#[error("the pattern {pattern:?} cannot be checked: {reason}")]
pub struct PatternError {
    /// The pattern as the model has it.
    pub pattern: String,
    /// Why the engines refuse it.
    pub reason: String,
}

impl Pattern {
    /// Compiles `source` so that it must match a text in full.
    ///
    /// # Errors
    /// Syntax that neither engine takes after translation.
    pub fn full(source: &str) -> Result<Self, PatternError> {
        let anchored = format!(r"\A(?:{})\z", translate(source));
        let engine = match regex::RegexBuilder::new(&anchored).size_limit(64 << 20).build() {
            Ok(linear) => Engine::Linear(linear),
            Err(_) => Engine::Backtracking(Box::new(
                fancy_regex::Regex::new(&anchored)
                    .map_err(|error| PatternError { pattern: source.to_owned(), reason: error.to_string() })?,
            )),
        };
        Ok(Self { source: source.to_owned(), engine })
    }

    /// Whether `text` matches in full.
    #[must_use]
    pub fn matches(&self, text: &str) -> Matched {
        let found = match &self.engine {
            Engine::Linear(regex) => Ok(regex.is_match(text)),
            Engine::Backtracking(regex) => regex.is_match(text),
        };
        match found {
            Ok(true) => Matched::Yes,
            Ok(false) => Matched::No,
            Err(_) => Matched::Undecided,
        }
    }

    /// Whether the time that a match takes is linear in the length of the text.
    #[must_use]
    pub fn is_linear(&self) -> bool {
        matches!(self.engine, Engine::Linear(_))
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

/// Rewrites what Java and ECMA mean and Rust does not: `\d`, `\w` and `\s` are ASCII, `\/` is a slash,
/// `\uXXXX` is a code point, POSIX classes have other names, and `$` means the end of the text.
fn translate(source: &str) -> String {
    let mut out = String::with_capacity(source.len() + 8);
    let mut class_depth = 0_u32;
    let mut chars = source.chars().peekable();
    while let Some(c) = chars.next() {
        match c {
            '\\' => match chars.next() {
                Some(escaped) => out.push_str(&escape(escaped, class_depth > 0, &mut chars)),
                None => out.push('\\'),
            },
            '[' if class_depth > 0 && chars.peek() != Some(&':') => out.push_str(r"\["),
            '[' => {
                class_depth += 1;
                out.push('[');
            }
            ']' if class_depth > 0 => {
                class_depth -= 1;
                out.push(']');
            }
            '-' if class_depth > 0 && follows_class_escape(&out) => out.push_str(r"\-"),
            '&' | '~' if class_depth > 0 => {
                out.push('\\');
                out.push(c);
            }
            '$' if class_depth == 0 => out.push_str(r"\z"),
            _ => out.push(c),
        }
    }
    out
}

/// `[\w-.]` means a literal hyphen to Java; Rust reads it as a range from a class.
fn follows_class_escape(out: &str) -> bool {
    ["0-9", "0-9A-Za-z_", r"\t\n\x0B\f\r "].iter().any(|class| out.ends_with(class))
}

fn escape(escaped: char, in_class: bool, rest: &mut std::iter::Peekable<std::str::Chars<'_>>) -> String {
    let set = |members: &str| if in_class { members.to_owned() } else { format!("[{members}]") };
    match escaped {
        'd' => set("0-9"),
        'w' => set("0-9A-Za-z_"),
        's' => set(r"\t\n\x0B\f\r "),
        'D' => "[^0-9]".to_owned(),
        'W' => "[^0-9A-Za-z_]".to_owned(),
        'S' => r"[^\t\n\x0B\f\r ]".to_owned(),
        'u' => code_point(rest).map_or_else(|| r"\u".to_owned(), |hex| format!(r"\x{{{hex}}}")),
        'p' | 'P' => property(escaped, rest),
        'Z' => r"\z".to_owned(),
        c if c.is_ascii_alphanumeric() => format!("\\{c}"),
        c if c.is_ascii() => format!("\\{c}"),
        c => c.to_string(),
    }
}

fn code_point(rest: &mut std::iter::Peekable<std::str::Chars<'_>>) -> Option<String> {
    let hex: String = rest.clone().take(4).collect();
    let whole = hex.len() == 4 && hex.chars().all(|c| c.is_ascii_hexdigit());
    if whole {
        rest.nth(3);
    }
    whole.then_some(hex)
}

/// Java's names of the POSIX classes, which are ASCII there.
fn property(escape: char, rest: &mut std::iter::Peekable<std::str::Chars<'_>>) -> String {
    let name: Option<String> = (rest.peek() == Some(&'{')).then(|| {
        rest.next();
        rest.by_ref().take_while(|c| *c != '}').collect()
    });
    let Some(name) = name else { return format!("\\{escape}") };
    let posix = match name.as_str() {
        "Graph" => "graph",
        "Print" => "print",
        "Punct" => "punct",
        "Alnum" => "alnum",
        "Alpha" => "alpha",
        "Digit" => "digit",
        "XDigit" => "xdigit",
        "Lower" => "lower",
        "Upper" => "upper",
        "Space" => "space",
        "Blank" => "blank",
        "Cntrl" => "cntrl",
        "ASCII" => "ascii",
        _ => return format!("\\{escape}{{{name}}}"),
    };
    if escape == 'P' { format!("[^[:{posix}:]]") } else { format!("[[:{posix}:]]") }
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
    }
}
