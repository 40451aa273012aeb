//! Globs over IDs: the one implementation for every filter of the program and of the harness.
//!
//! | in a glob | matches |
//! |---|---|
//! | `*` | any number of characters, a `/` too |
//! | `?` | one character, a `/` too |
//! | `[abc]`, `[a-z]`, `[!a-z]` | one of these characters, or none of these |
//! | `{a,b}` | one of these globs |
//! | `\*` | the character after the backslash |
//!
//! IDs of probes contain `[]`, `{}` and `{key}`, so brackets without characters and braces without a comma stand for
//! themselves. A glob without wildcards matches every ID that contains it; a glob that equals an ID matches that ID. A glob
//! has at most 1,000 characters.

use std::{fmt, str::FromStr};

use regex::Regex;
use serde::{Deserialize, Serialize};
use thiserror::Error;

/// A glob.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(into = "String", try_from = "String")]
pub struct Glob {
    text: String,
    wanted: Wanted,
    /// The length of the head in bytes of the text.
    head: usize,
}

#[derive(Debug, Clone)]
enum Wanted {
    /// A part of the ID.
    Part(String),
    /// The whole ID.
    Whole(Regex),
}

/// A malformed glob.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
#[error("{problem} in the glob {glob}, at character {at}\nhelp: write \\ before a character that stands for itself")]
pub struct GlobError {
    /// The glob.
    pub glob: String,
    /// The position in characters, from 1.
    pub at: usize,
    /// A description of the problem.
    pub problem: &'static str,
}

impl Glob {
    /// The glob that matches every ID that contains a text.
    #[must_use]
    pub fn of_part(text: &str) -> Self {
        Self { text: text.to_owned(), wanted: Wanted::Part(text.to_owned()), head: text.len() }
    }

    /// The text of the glob.
    #[must_use]
    pub fn text(&self) -> &str {
        &self.text
    }

    /// The text before the first wildcard and the first backslash.
    #[must_use]
    pub fn head(&self) -> &str {
        &self.text[..self.head]
    }

    /// Returns whether the glob has wildcards. Every ID that it matches starts with its head.
    #[must_use]
    pub fn is_wild(&self) -> bool {
        matches!(self.wanted, Wanted::Whole(_))
    }

    /// Returns whether the glob matches an ID.
    #[must_use]
    pub fn matches(&self, id: &str) -> bool {
        match &self.wanted {
            Wanted::Part(part) => id.contains(part.as_str()) || self.text == id,
            Wanted::Whole(regex) => regex.is_match(id) || self.text == id,
        }
    }

    /// The same without a match by a part of the ID.
    #[must_use]
    pub fn matches_whole(&self, id: &str) -> bool {
        match &self.wanted {
            Wanted::Part(part) => part == id || self.text == id,
            Wanted::Whole(_) => self.matches(id),
        }
    }
}

impl PartialEq for Glob {
    fn eq(&self, other: &Self) -> bool {
        self.text == other.text
    }
}

impl Eq for Glob {}

impl fmt::Display for Glob {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.text)
    }
}

impl From<Glob> for String {
    fn from(glob: Glob) -> Self {
        glob.text
    }
}

impl TryFrom<String> for Glob {
    type Error = GlobError;

    fn try_from(text: String) -> Result<Self, GlobError> {
        text.parse()
    }
}

/// The longest glob, in characters. It bounds how deep braces can be nested.
const LONGEST: usize = 1000;

impl FromStr for Glob {
    type Err = GlobError;

    fn from_str(text: &str) -> Result<Self, GlobError> {
        if text.chars().nth(LONGEST).is_some() {
            let glob = text.chars().take(20).chain(['…']).collect();
            return Err(GlobError { glob, at: LONGEST + 1, problem: "more than 1000 characters" });
        }
        let mut reader = GlobReader { glob: text, characters: text.chars().collect(), at: 0, ..GlobReader::default() };
        reader.sequence(0)?;
        let regex =
            || Regex::new(&format!(r"\A(?s:{})\z", reader.regex)).map_err(|_| reader.error(0, "too many parts"));
        let wanted = if reader.is_wild { Wanted::Whole(regex()?) } else { Wanted::Part(reader.literal.clone()) };
        let common = text.chars().zip(reader.literal.chars()).take_while(|(a, b)| a == b);
        let head = common.map(|(c, _)| c.len_utf8()).sum();
        Ok(Self { text: text.to_owned(), wanted, head })
    }
}

/// Globs with commas between them.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(into = "String", try_from = "String")]
pub struct GlobList(pub Vec<Glob>);

impl From<GlobList> for String {
    fn from(list: GlobList) -> Self {
        list.0.into_iter().map(Self::from).collect::<Vec<_>>().join(",")
    }
}

impl TryFrom<String> for GlobList {
    type Error = GlobError;

    fn try_from(text: String) -> Result<Self, GlobError> {
        text.parse()
    }
}

impl FromStr for GlobList {
    type Err = GlobError;

    fn from_str(text: &str) -> Result<Self, GlobError> {
        let (mut depth, mut escaped) = (0_usize, false);
        let mut parts = vec![String::new()];
        for c in text.chars() {
            match c {
                _ if escaped => {}
                '{' | '[' => depth += 1,
                '}' | ']' => depth = depth.saturating_sub(1),
                ',' if depth == 0 => {
                    parts.push(String::new());
                    continue;
                }
                _ => {}
            }
            escaped = c == '\\' && !escaped;
            parts.last_mut().into_iter().for_each(|part| part.push(c));
        }
        parts.iter().filter(|part| !part.is_empty()).map(|part| part.parse()).collect::<Result<_, _>>().map(Self)
    }
}

/// Reads a glob to a regular expression, and to the text that it stands for before its first wildcard.
#[derive(Default)]
struct GlobReader<'g> {
    glob: &'g str,
    characters: Vec<char>,
    at: usize,
    regex: String,
    literal: String,
    is_wild: bool,
}

impl GlobReader<'_> {
    fn error(&self, at: usize, problem: &'static str) -> GlobError {
        GlobError { glob: self.glob.to_owned(), at: at + 1, problem }
    }

    fn next(&mut self) -> Option<char> {
        let next = self.characters.get(self.at).copied();
        self.at += 1;
        next
    }

    /// Reads to the end, or to the brace that ends `depth` braces.
    fn sequence(&mut self, depth: usize) -> Result<(), GlobError> {
        loop {
            let at = self.at;
            match self.next() {
                None => return Ok(()),
                Some('*') => self.wild(".*"),
                Some('?') => self.wild("."),
                Some('[') => self.class(at)?,
                Some('{') => self.braces(at, depth)?,
                Some('}') if depth > 0 => return Ok(()),
                Some(',') if depth > 0 => self.regex.push('|'),
                Some('\\') => {
                    let literal = self.next().ok_or_else(|| self.error(at, "nothing after \\"))?;
                    self.literal(literal);
                }
                Some('}') => return Err(self.error(at, "a } without {")),
                Some(']') => return Err(self.error(at, "a ] without [")),
                Some(c) => self.literal(c),
            }
        }
    }

    fn literal(&mut self, c: char) {
        if !self.is_wild {
            self.literal.push(c);
        }
        self.regex.push_str(&regex::escape(c.encode_utf8(&mut [0; 4])));
    }

    fn wild(&mut self, regex: &str) {
        self.is_wild = true;
        self.regex.push_str(regex);
    }

    fn braces(&mut self, at: usize, depth: usize) -> Result<(), GlobError> {
        let end = self.closing().ok_or_else(|| self.error(at, "a { without }"))?;
        if !self.has_alternatives(end) {
            self.literal('{');
            let inner = self.characters.split_off(end);
            self.sequence(0)?;
            self.characters.extend(inner);
            self.at = end + 1;
            self.literal('}');
            return Ok(());
        }
        self.wild("(?:");
        self.sequence(depth + 1)?;
        self.regex.push(')');
        Ok(())
    }

    /// The position of the brace that closes the one before this position.
    fn closing(&self) -> Option<usize> {
        self.structure().find(|(_, c, depth)| *c == '}' && *depth == 0).map(|(at, ..)| at)
    }

    fn has_alternatives(&self, end: usize) -> bool {
        self.structure().take_while(|(at, ..)| *at < end).any(|(_, c, depth)| c == ',' && depth == 0)
    }

    /// The characters from here that do not stand for themselves, each with the number of braces around it.
    fn structure(&self) -> impl Iterator<Item = (usize, char, usize)> {
        let (mut depth, mut escaped, mut in_class) = (0_usize, false, false);
        self.characters.iter().copied().enumerate().skip(self.at).filter_map(move |(at, c)| {
            let stands_for_itself = std::mem::take(&mut escaped);
            let around = depth;
            match c {
                _ if stands_for_itself => return None,
                '\\' => escaped = true,
                ']' => in_class = false,
                _ if in_class => return None,
                '[' => in_class = true,
                '{' => depth += 1,
                '}' => depth = depth.saturating_sub(1),
                _ => {}
            }
            Some((at, c, around))
        })
    }

    fn class(&mut self, open: usize) -> Result<(), GlobError> {
        if self.peek() == Some(']') {
            self.at += 1;
            self.literal('[');
            self.literal(']');
            return Ok(());
        }
        let negated = matches!(self.peek(), Some('!' | '^'));
        self.at += usize::from(negated);
        self.wild(if negated { "[^" } else { "[" });
        loop {
            self.range(open)?;
            if self.peek() == Some(']') {
                self.at += 1;
                self.regex.push(']');
                return Ok(());
            }
        }
    }

    fn peek(&self) -> Option<char> {
        self.characters.get(self.at).copied()
    }

    /// A character of a class, or a range of them.
    fn range(&mut self, open: usize) -> Result<(), GlobError> {
        let low = self.member(open)?;
        let is_range = matches!(self.characters.get(self.at..), Some(['-', end, ..]) if *end != ']');
        self.at += usize::from(is_range);
        let high = if is_range { self.member(open)? } else { low };
        if high < low {
            return Err(self.error(open, "a range that ends before it starts"));
        }
        self.regex.push_str(&escaped(low));
        self.regex.push('-');
        self.regex.push_str(&escaped(high));
        Ok(())
    }

    fn member(&mut self, open: usize) -> Result<char, GlobError> {
        let next = match self.next() {
            Some('\\') => self.next(),
            next => next,
        };
        next.ok_or_else(|| self.error(open, "a [ without ]"))
    }
}

/// A character of a class of a regular expression, by its number.
fn escaped(c: char) -> String {
    format!(r"\x{{{:x}}}", u32::from(c))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use rstest::rstest;

    use super::*;

    fn glob(text: &str) -> Glob {
        text.parse().unwrap()
    }

    const ID: &str = "codedeploy/stop-deployment/unknown-id#random";

    #[rstest]
    #[case("stop", true)]
    #[case("*/stop-*", true)]
    #[case("codedeploy/*#random", true)]
    #[case("*#other", false)]
    #[case("stop*", false)]
    #[case("*", true)]
    #[case("*/stop?deployment/*", true)]
    #[case("codedeploy?stop-*", true)]
    #[case("*-i?", false)]
    #[case("*/[a-s]top-*", true)]
    #[case("*/[!s]top-*", false)]
    #[case("*/[^s]top-*", false)]
    #[case("*/[xs]top-*", true)]
    #[case("{codedeploy,proton}/*", true)]
    #[case("*/{cancel-*,stop-deployment}/*", true)]
    #[case("*/{get,list}-*", false)]
    #[case("*{/{a,unknown},x}-id#*", true)]
    fn a_glob_matches_an_id(#[case] text: &str, #[case] matches: bool) {
        assert_eq!(glob(text).matches(ID), matches);
    }

    #[rstest]
    #[case(500, true)]
    #[case(501, false)]
    #[case(60_000, false)]
    fn braces_can_be_nested_as_deep_as_the_longest_glob_allows(#[case] depth: usize, #[case] valid: bool) {
        let text = ["{".repeat(depth), "}".repeat(depth)].concat();
        assert_eq!(text.parse::<Glob>().is_ok_and(|glob| glob.matches(&text)), valid);
    }

    #[test]
    fn a_glob_that_is_too_long_is_shown_by_its_beginning() {
        let error = "é".repeat(1001).parse::<Glob>().unwrap_err();
        assert_eq!((error.at, error.problem), (1001, "more than 1000 characters"));
        assert_eq!(error.glob, format!("{}…", "é".repeat(20)));
    }

    #[rstest]
    #[case("a*c", "abc", true)]
    #[case("a*c", "abcd", false)]
    #[case("a*b*", "xab", false)]
    #[case("a*b*c", "a-b-c", true)]
    #[case("a*b*c", "a-c", false)]
    #[case("a*b*c", "acb", false)]
    #[case("ab*ba", "aba", false)]
    #[case("*bb", "bbb", true)]
    #[case("a?c", "a\nc", true)]
    #[case("a[.]c", "abc", false)]
    #[case("a.c*", "abc", false)]
    #[case("[]-]]", "]]", false)]
    #[case("[a-]x", "-x", true)]
    #[case("[!]]x", "ax", true)]
    #[case("[!]]x", "]x", false)]
    #[case(r"[\]]x", "]x", true)]
    #[case(r"\*x?", "*xy", true)]
    #[case(r"\*x?", "axy", false)]
    #[case(r"\*", "a*b", true)]
    #[case(r"\*", "ab", false)]
    #[case("{a,}b", "b", true)]
    #[case(r"{a\,b,c}", "a,b", true)]
    #[case("é?", "éa", true)]
    fn the_parts_of_a_glob_keep_their_order(#[case] text: &str, #[case] id: &str, #[case] matches: bool) {
        let wanted = text.parse::<Glob>();
        assert_eq!(wanted.is_ok_and(|wanted| wanted.matches(id)), matches);
    }

    #[rstest]
    #[case("svc.Op/Tags[]/Key/length", true)]
    #[case("Tags[]", true)]
    #[case("Op/Map{key}/", false)]
    #[case("*/Tags[]/*", true)]
    #[case("*/Tags[]/Value/*", false)]
    fn brackets_of_ids_stand_for_themselves(#[case] text: &str, #[case] matches: bool) {
        assert_eq!(glob(text).matches("svc.Op/Tags[]/Key/length/long"), matches);
        assert!(glob("Map{key}/").matches("svc.Op/Map{key}/pattern") && glob("*/Map{}[]").matches("svc.Op/Map{}[]"));
        assert!(glob("*/Map{?ey}").matches("svc.Op/Map{key}"));
    }

    #[rstest]
    #[case("a", "ab", false)]
    #[case("ab", "ab", true)]
    #[case("a*", "ab", true)]
    #[case("A{}", "A{}", true)]
    fn a_whole_match_is_no_part(#[case] text: &str, #[case] id: &str, #[case] matches: bool) {
        assert_eq!(glob(text).matches_whole(id), matches);
    }

    #[rstest]
    #[case("a[b", 2, "a [ without ]")]
    #[case("a[!", 2, "a [ without ]")]
    #[case("é{b", 2, "a { without }")]
    #[case("{a,{b}", 1, "a { without }")]
    #[case("a]", 2, "a ] without [")]
    #[case("a}b", 2, "a } without {")]
    #[case("{a]}", 3, "a ] without [")]
    #[case("[z-a]", 1, "a range that ends before it starts")]
    #[case(r"a\", 2, "nothing after \\")]
    fn a_malformed_glob_is_an_error_at_its_position(#[case] text: &str, #[case] at: usize, #[case] problem: &str) {
        let error = text.parse::<Glob>().unwrap_err();
        assert_eq!((error.at, error.problem), (at, problem));
        assert!(error.to_string().contains(&format!("in the glob {text}, at character {at}")), "{error}");
    }

    #[rstest]
    #[case("a,b", &["a", "b"])]
    #[case("*{a,b}*,c", &["*{a,b}*", "c"])]
    #[case("[,]?,c", &["[,]?", "c"])]
    #[case(r"a\,b", &[r"a\,b"])]
    #[case("a,,b,", &["a", "b"])]
    fn a_list_has_commas_between_its_globs(#[case] text: &str, #[case] expected: &[&str]) {
        let list: GlobList = text.parse().unwrap();
        assert_eq!(list.0.iter().map(Glob::text).collect::<Vec<_>>(), expected);
    }

    /// The matches of `*` and `?` by definition.
    fn by_definition(glob: &[char], text: &[char]) -> bool {
        match (glob, text) {
            ([], []) => true,
            (['*', rest @ ..], _) => (0..=text.len()).any(|skipped| by_definition(rest, &text[skipped..])),
            (['?', rest @ ..], [_, text @ ..]) => by_definition(rest, text),
            ([c, rest @ ..], [d, text @ ..]) => c == d && by_definition(rest, text),
            _ => false,
        }
    }

    proptest! {
        #[test]
        fn wildcards_match_by_their_definition(text in "[ab/*?]{0,6}", id in "[ab/]{0,6}") {
            let characters = |text: &str| text.chars().collect::<Vec<_>>();
            let expected = by_definition(&characters(&text), &characters(&id));
            prop_assert_eq!(glob(&text).matches_whole(&id), expected);
        }

        #[test]
        fn a_text_with_backslashes_matches_itself(text in "\\PC{1,12}") {
            let escaped: String = text.chars().flat_map(|c| ['\\', c]).collect();
            prop_assert!(glob(&escaped).matches_whole(&text) && glob(&[&*escaped, "*"].concat()).matches(&text));
        }

        #[test]
        fn a_glob_is_read_or_rejected_and_equals_its_own_text(text in "[ab*?,!^\\[\\]{}\\\\-]{0,12}") {
            if let Ok(glob) = text.parse::<Glob>() {
                prop_assert!(glob.matches(&text) && glob.matches_whole(&text));
            }
        }
    }
}
