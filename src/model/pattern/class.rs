//! A character class of Java in the syntax of Rust: `[\w-.]`, surrogate pairs, `&&`, octal escapes.
//!
//! Each item is translated, because the two disagree on the meaning of a hyphen, a bracket and `~` in a class.

use std::{fmt::Write as _, iter::Peekable, str::Chars};

use super::escape::{Atom, atom};

/// Translates the class whose `[` was just read; `None` if it does not end.
pub(super) fn class(chars: &mut Peekable<Chars<'_>>) -> Option<String> {
    let mut out = Items::default();
    let negated = chars.next_if_eq(&'^').is_some();
    let mut first = true;
    loop {
        match chars.next()? {
            ']' if !first => return Some(out.finish(negated)),
            // Java has `&&`; a bracket opens a class within the class only there, because ECMA's are literal.
            '&' if chars.peek() == Some(&'&') && !first => {
                chars.next();
                out.text.push_str("&&");
                if chars.next_if_eq(&'[').is_some() {
                    out.text.push_str(&class(chars)?);
                }
            }
            c => item(c, chars, &mut out)?,
        }
        first = false;
    }
}

/// One item: a class escape, a character, or a range of characters.
fn item(c: char, chars: &mut Peekable<Chars<'_>>, out: &mut Items) -> Option<()> {
    let low = match member(c, chars)? {
        Atom::Class(class) => {
            out.text.push_str(&class);
            return Some(());
        }
        Atom::Point(point) => point,
    };
    let mut ahead = chars.clone();
    if ahead.next() != Some('-') || matches!(ahead.peek(), None | Some(']')) {
        out.push(low, low);
        return Some(());
    }
    chars.next();
    let c = chars.next()?;
    match member(c, chars)? {
        Atom::Point(high) => out.push(low, high),
        Atom::Class(class) => {
            out.push(low, low);
            out.push('-'.into(), '-'.into());
            out.text.push_str(&class);
        }
    }
    Some(())
}

fn member(c: char, chars: &mut Peekable<Chars<'_>>) -> Option<Atom> {
    if c == '\\' { atom(chars, true) } else { Some(Atom::Point(c.into())) }
}

const HIGH: std::ops::RangeInclusive<u32> = 0xD800..=0xDBFF;
const LOW: std::ops::RangeInclusive<u32> = 0xDC00..=0xDFFF;

#[derive(Default)]
struct Items {
    text: String,
    /// The first is true if high surrogates were named, the second if low ones were; well-formed strings have them only
    /// as pairs.
    surrogates: (bool, bool),
}

impl Items {
    fn push(&mut self, low: u32, high: u32) {
        let halves = [low, high];
        if halves.iter().all(|point| HIGH.contains(point) || LOW.contains(point)) {
            self.surrogates.0 |= halves.iter().any(|point| HIGH.contains(point));
            self.surrogates.1 |= halves.iter().any(|point| LOW.contains(point));
            return;
        }
        let low = if HIGH.contains(&low) || LOW.contains(&low) { 0xE000 } else { low };
        let high = if HIGH.contains(&high) || LOW.contains(&high) { 0xD7FF } else { high };
        // Writing to a string cannot fail.
        let _ = if low == high {
            write!(self.text, "{}", literal(low))
        } else {
            write!(self.text, "{}-{}", literal(low), literal(high))
        };
    }

    /// Halves of pairs without order, such as `\uD800\uDBFF-\uDC00\uDFFF`, are meant as all supplementary characters.
    fn finish(mut self, negated: bool) -> String {
        if self.surrogates == (true, true) {
            self.text.push_str(r"\x{10000}-\x{10FFFF}");
        }
        match (self.text.is_empty(), negated) {
            (true, true) => r"[\x{0}-\x{10FFFF}]".to_owned(),
            (true, false) => r"[^\x{0}-\x{10FFFF}]".to_owned(),
            (false, true) => format!("[^{}]", self.text),
            (false, false) => format!("[{}]", self.text),
        }
    }
}

/// A character that no engine reads as anything else.
pub(super) fn literal(point: u32) -> String {
    match char::from_u32(point) {
        Some(c) if c.is_ascii_alphanumeric() || c == '_' => c.to_string(),
        _ => format!("\\x{{{point:X}}}"),
    }
}
