//! Escapes with Java's meaning: ASCII `\d`, `\w` and `\s`, POSIX classes, octal, surrogate pairs.

use std::{iter::Peekable, str::Chars};

use super::class::literal;

/// One escape.
pub(super) enum Atom {
    /// A character, or half of a pair.
    Point(u32),
    /// Many characters, or an assertion: as Rust writes it.
    Class(String),
}

/// Reads the escape whose backslash was just read; `None` at the end of the pattern.
pub(super) fn atom(chars: &mut Peekable<Chars<'_>>, in_class: bool) -> Option<Atom> {
    let escaped = chars.next()?;
    let class = |text: &str| Some(Atom::Class(text.to_owned()));
    let point = |point: u32| Some(Atom::Point(point));
    match escaped {
        'd' => class("[0-9]"),
        'D' => class("[^0-9]"),
        'w' => class("[0-9A-Za-z_]"),
        'W' => class("[^0-9A-Za-z_]"),
        's' => class(r"[\t\n\x0B\f\r ]"),
        'S' => class(r"[^\t\n\x0B\f\r ]"),
        'h' => class(r"[\t \xA0\x{1680}\x{180E}\x{2000}-\x{200A}\x{202F}\x{205F}\x{3000}]"),
        'p' | 'P' => Some(Atom::Class(property(escaped, chars))),
        'u' => Some(code_point(chars)),
        'x' => Some(hex(chars)),
        '0' => point(octal(chars)),
        't' => point(9),
        'n' => point(10),
        'f' => point(12),
        'r' => point(13),
        'a' => point(7),
        'e' => point(27),
        // The engines read these as text: assertions, and references to groups. A class has neither.
        'Z' if !in_class => class(r"\z"),
        c if c.is_ascii_alphanumeric() => Some(Atom::Class(format!("\\{c}"))),
        c => point(c.into()),
    }
}

/// Reads at most `most` digits of a radix.
fn digits(chars: &mut Peekable<Chars<'_>>, radix: u32, most: usize) -> String {
    let mut found = String::new();
    while found.len() < most
        && let Some(digit) = chars.next_if(|c| c.is_digit(radix))
    {
        found.push(digit);
    }
    found
}

fn octal(chars: &mut Peekable<Chars<'_>>) -> u32 {
    let mut ahead = chars.clone();
    let most = if ahead.next().is_some_and(|c| matches!(c, '0'..='3')) { 3 } else { 2 };
    u32::from_str_radix(&digits(chars, 8, most), 8).unwrap_or(0)
}

fn hex(chars: &mut Peekable<Chars<'_>>) -> Atom {
    if chars.peek() == Some(&'{') {
        let braced: String = chars.by_ref().skip(1).take_while(|c| *c != '}').collect();
        let point = u32::from_str_radix(&braced, 16);
        return point.map_or_else(|_| Atom::Class(format!(r"\x{{{braced}}}")), Atom::Point);
    }
    four_or_two(chars, 2).map_or_else(|| Atom::Class(r"\x".to_owned()), Atom::Point)
}

/// `\uXXXX`; two that are a pair are one character.
fn code_point(chars: &mut Peekable<Chars<'_>>) -> Atom {
    let Some(high) = four_or_two(chars, 4) else { return Atom::Class(r"\u".to_owned()) };
    let mut ahead = chars.clone();
    let escape = (ahead.next(), ahead.next()) == (Some('\\'), Some('u'));
    let low = if escape { four_or_two(&mut ahead, 4) } else { None };
    match low {
        Some(low @ 0xDC00..=0xDFFF) if (0xD800..=0xDBFF).contains(&high) => {
            *chars = ahead;
            Atom::Point(0x10000 + ((high - 0xD800) << 10) + (low - 0xDC00))
        }
        _ => Atom::Point(high),
    }
}

fn four_or_two(chars: &mut Peekable<Chars<'_>>, length: usize) -> Option<u32> {
    let mut ahead = chars.clone();
    let digits = digits(&mut ahead, 16, length);
    let point = u32::from_str_radix(&digits, 16).ok().filter(|_| digits.len() == length)?;
    *chars = ahead;
    Some(point)
}

/// Java's names of the POSIX classes, which are ASCII there, and its own of some others.
fn property(escape: char, chars: &mut Peekable<Chars<'_>>) -> String {
    if chars.next_if_eq(&'{').is_none() {
        let letter: String = chars.next_if(char::is_ascii_alphabetic).into_iter().collect();
        return format!("\\{escape}{letter}");
    }
    let name: String = chars.by_ref().take_while(|c| *c != '}').collect();
    let not = if escape == 'P' { "^" } else { "" };
    let posix = match name.as_str() {
        "LD" => return format!(r"[{not}\p{{L}}\p{{Nd}}]"),
        "L1" => return format!(r"[{not}\x00-\x{{FF}}]"),
        "all" if not.is_empty() => return r"[\x{0}-\x{10FFFF}]".to_owned(),
        "Graph" | "Print" | "Punct" | "Alnum" | "Alpha" | "Digit" | "XDigit" | "Lower" | "Upper" | "Space"
        | "Blank" | "Cntrl" | "ASCII" => name.to_ascii_lowercase(),
        _ => return format!("\\{escape}{{{}}}", name.strip_prefix("Is").unwrap_or(&name)),
    };
    format!("[{not}[:{posix}:]]")
}

/// The escape outside of a class, for the engines; half of a pair matches nothing.
pub(super) fn outside(atom: Atom) -> String {
    match atom {
        Atom::Class(text) => text,
        Atom::Point(point) => literal(point),
    }
}
