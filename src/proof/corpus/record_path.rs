//! Locations in a recorded body as the corpus writes them: `$.A.b[].c`, `{}` for the value of a map, `{key}` for its
//! key.

use std::{fmt, str::FromStr};

use serde::Deserialize;
use thiserror::Error;

use crate::model::pointer::unescape;

/// A location, or a pattern that matches several.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(try_from = "String")]
pub struct RecordPath {
    text: String,
    steps: Vec<PathStep>,
}

#[derive(Debug, Clone, PartialEq, Eq)]
enum PathStep {
    Member(String),
    Item,
    Value,
    Key,
}

/// A text that is not a path.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
#[error("{0:?} is not a path\nhelp: write $.Member[].other, with {{}} for the value of a map and {{key}} for its key")]
pub struct RecordPathError(String);

impl RecordPath {
    /// Returns whether a JSON pointer leads to this location or below it.
    #[must_use]
    pub fn covers(&self, pointer: &str) -> bool {
        self.rest(pointer).is_some()
    }

    /// Returns whether a JSON pointer leads exactly to this location.
    #[must_use]
    pub fn is_at(&self, pointer: &str) -> bool {
        self.rest(pointer) == Some(0)
    }

    /// The number of tokens of the pointer below this location. Findings about the keys of a map point at the map.
    /// Names of members are compared case-insensitively, because a path has the spelling of the model and a body may
    /// have that of the protocol.
    fn rest(&self, pointer: &str) -> Option<usize> {
        let mut tokens = pointer.split('/').skip(1);
        for step in &self.steps {
            let fits = match step {
                PathStep::Key => return Some(tokens.count()),
                PathStep::Member(name) => tokens.next().is_some_and(|token| unescape(token).eq_ignore_ascii_case(name)),
                PathStep::Item => tokens.next().is_some_and(|token| token.bytes().all(|byte| byte.is_ascii_digit())),
                PathStep::Value => tokens.next().is_some(),
            };
            if !fits {
                return None;
            }
        }
        Some(tokens.count())
    }
}

impl fmt::Display for RecordPath {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.text)
    }
}

impl TryFrom<String> for RecordPath {
    type Error = RecordPathError;

    fn try_from(text: String) -> Result<Self, RecordPathError> {
        text.parse()
    }
}

impl FromStr for RecordPath {
    type Err = RecordPathError;

    fn from_str(text: &str) -> Result<Self, RecordPathError> {
        let broken = || RecordPathError(text.to_owned());
        let mut rest = text.strip_prefix('$').ok_or_else(broken)?;
        let mut steps = Vec::new();
        while !rest.is_empty() {
            let (step, after) = step(rest).ok_or_else(broken)?;
            steps.push(step);
            rest = after;
        }
        Ok(Self { text: text.to_owned(), steps })
    }
}

fn step(text: &str) -> Option<(PathStep, &str)> {
    let fixed = [("[]", PathStep::Item), ("{}", PathStep::Value), ("{key}", PathStep::Key)];
    for (sign, step) in fixed {
        if let Some(rest) = text.strip_prefix(sign) {
            return Some((step, rest));
        }
    }
    let name = text.strip_prefix('.')?;
    let end = name.find(['.', '[', '{']).unwrap_or(name.len());
    let (name, rest) = name.split_at(end);
    (!name.is_empty()).then(|| (PathStep::Member(name.to_owned()), rest))
}

#[cfg(test)]
mod tests {
    use rstest::rstest;

    use super::*;

    #[rstest]
    #[case::whole("$", "", true, true)]
    #[case::below_the_whole("$", "/a/0", true, false)]
    #[case::member("$.A", "/A", true, true)]
    #[case::spelled_otherwise("$.Configurations[].Description", "/configurations/3/description", true, true)]
    #[case::below("$.A", "/A/b", true, false)]
    #[case::another("$.A", "/B", false, false)]
    #[case::above("$.A.b", "/A", false, false)]
    #[case::item("$.A[]", "/A/10", true, true)]
    #[case::no_item("$.A[]", "/A/x", false, false)]
    #[case::value("$.A{}", "/A/x~1y", true, true)]
    #[case::key("$.A{key}", "/A", true, true)]
    #[case::below_key("$.A{key}", "/A/x", true, false)]
    #[case::escaped("$.a/b", "/a~1b", true, true)]
    fn a_path_fits_pointers(#[case] path: &str, #[case] pointer: &str, #[case] covers: bool, #[case] at: bool) {
        let path: RecordPath = path.parse().unwrap();
        assert_eq!((path.covers(pointer), path.is_at(pointer)), (covers, at));
    }

    #[rstest]
    fn what_is_no_path_is_rejected(#[values("", "A", "$A", "$.", "$..a", "$.a[0]", "$.a{k}")] text: &str) {
        let error = text.parse::<RecordPath>().unwrap_err().to_string();
        assert!(error.contains("is not a path\nhelp: write $.Member[].other, with {} for"), "{error}");
    }

    #[test]
    fn a_path_is_shown_as_it_was_written() {
        assert_eq!("$.A{}[].b{key}".parse::<RecordPath>().unwrap().to_string(), "$.A{}[].b{key}");
    }
}
