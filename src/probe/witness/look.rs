//! Removes look-around and back-references, which `regex-syntax` does not support, from a pattern.
//!
//! The rest matches more than the pattern, so a string made from it must be verified.

use std::{iter::Peekable, str::Chars};

/// A pattern without look-around and back-references.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Plain {
    pub(super) pattern: String,
    /// True if a back-reference was removed: a string of the pattern may be longer than one of the rest.
    pub(super) lacks_text: bool,
}

/// `source`, in Rust's syntax, with an empty group instead of each look-around and back-reference.
pub(super) fn without_look_around(source: &str) -> Plain {
    let mut lacks_text = false;
    let mut scan = PatternScan { rest: source.chars().peekable(), class_depth: 0 };
    let mut out = String::with_capacity(source.len());
    while let Some(c) = scan.step() {
        let opening = scan.opening();
        match c {
            '(' if is_look_around(&opening) => {
                scan.skip_group();
                out.push_str("(?:)");
            }
            '(' if opening.starts_with("?>") => {
                scan.skip(2);
                out.push_str("(?:");
            }
            '\\' if scan.class_depth == 0 && opening.starts_with(|c: char| matches!(c, '1'..='9')) => {
                while scan.rest.next_if(char::is_ascii_digit).is_some() {}
                lacks_text = true;
                out.push_str("(?:)");
            }
            '\\' => {
                out.push(c);
                out.extend(scan.rest.next());
            }
            _ => out.push(c),
        }
    }
    Plain { pattern: out, lacks_text }
}

fn is_look_around(rest: &str) -> bool {
    ["?=", "?!", "?<=", "?<!"].iter().any(|opening| rest.starts_with(opening))
}

struct PatternScan<'a> {
    rest: Peekable<Chars<'a>>,
    class_depth: u32,
}

impl PatternScan<'_> {
    /// The next character; groups do not open within a class, so that a bracket of one is not shown.
    fn step(&mut self) -> Option<char> {
        let c = self.rest.next()?;
        match c {
            '[' => self.class_depth += 1,
            ']' => self.class_depth = self.class_depth.saturating_sub(1),
            _ => {}
        }
        Some(c)
    }

    /// The next three characters, which identify a group; nothing within a class.
    fn opening(&self) -> String {
        if self.class_depth > 0 { String::new() } else { self.rest.clone().take(3).collect() }
    }

    fn skip(&mut self, count: usize) {
        for _ in 0..count {
            self.rest.next();
        }
    }

    /// Skips the rest of the group whose bracket was read.
    fn skip_group(&mut self) {
        let mut depth = 1_u32;
        while depth > 0
            && let Some(c) = self.step()
        {
            match c {
                '\\' => self.skip(1),
                '(' if self.class_depth == 0 => depth += 1,
                ')' if self.class_depth == 0 => depth -= 1,
                _ => {}
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use rstest::rstest;

    use super::*;

    #[rstest]
    #[case::none("a(b|c)*", "a(b|c)*")]
    #[case::ahead("(?!aws:).{1,128}", "(?:).{1,128}")]
    #[case::behind("[a-z]*(?<!-)", "[a-z]*(?:)")]
    #[case::groups_within("(?=(a|(b))c)d", "(?:)d")]
    #[case::brackets_within(r"(?![)\]]\)x)y", "(?:)y")]
    #[case::not_in_a_class("[(?=]a", "[(?=]a")]
    #[case::escaped_bracket(r"\(?=a", r"\(?=a")]
    #[case::back_reference(r"(-?)a\17b", "(-?)a(?:)b")]
    #[case::atomic("(?>ab)c", "(?:ab)c")]
    #[case::non_capturing("(?:ab)c", "(?:ab)c")]
    #[case::not_closed("(?!ab", "(?:)")]
    fn look_around_is_removed(#[case] source: &str, #[case] expected: &str) {
        let plain = without_look_around(source);
        assert_eq!(plain.pattern, expected);
        assert_eq!(plain.lacks_text, source.contains(r"\17"));
    }
}
