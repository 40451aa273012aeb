//! Translates a pattern from Java's syntax to Rust's, so that it matches the same strings, as far as real patterns go.

use std::{iter::Peekable, str::Chars};

use super::{
    PatternProblem,
    class::class,
    escape::{atom, outside},
};

/// Java's `.`, which does not match line ends.
const DOT: &str = r"[^\n\r\x{85}\x{2028}\x{2029}]";

/// Translates a pattern; an error says which part has no counterpart.
pub(super) fn translate(source: &str) -> Result<String, PatternProblem> {
    let flags = inline_flags(source);
    if flags.contains(['U', 'd']) {
        return Err(PatternProblem::Flag);
    }
    let mut out = String::with_capacity(source.len() + 16);
    // For each open group, true if it is a look-around.
    let mut groups = Vec::new();
    let mut chars = source.chars().peekable();
    while let Some(c) = chars.next() {
        match c {
            '\\' => out.push_str(&atom(&mut chars, false).map(outside).ok_or(PatternProblem::EndsInBackslash)?),
            '[' => out.push_str(&class(&mut chars).ok_or(PatternProblem::OpenClass)?),
            '.' if !flags.contains('s') => out.push_str(DOT),
            '$' if !flags.contains('m') => out.push_str(r"\z"),
            '(' => {
                groups.push(looks_around(&chars));
                out.push('(');
            }
            ')' => {
                out.push(')');
                if groups.pop() == Some(true) {
                    skip_repetition(&mut chars);
                }
            }
            _ => out.push(c),
        }
    }
    Ok(out)
}

/// The letters of all inline flags, `(?s)` and `(?i:…)`.
fn inline_flags(source: &str) -> String {
    let groups = source.split("(?").skip(1);
    let flags = groups.filter_map(|rest| {
        let end = rest.find([')', ':'])?;
        rest.get(..end).filter(|flags| flags.chars().all(|c| c.is_ascii_alphabetic() || c == '-'))
    });
    flags.collect()
}

fn looks_around(after: &Peekable<Chars<'_>>) -> bool {
    let text: String = after.clone().take(3).collect();
    ["?=", "?!", "?<=", "?<!"].iter().any(|start| text.starts_with(start))
}

/// `(?!x)+` means `(?!x)`, and the engines reject it.
fn skip_repetition(chars: &mut Peekable<Chars<'_>>) {
    if chars.next_if_eq(&'+').is_some() {
        // `+?` and `++` are the same here.
        chars.next_if(|c| matches!(c, '?' | '+'));
    }
}
