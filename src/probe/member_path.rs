//! The path from an operation's input to a location in it.

use std::fmt;

use crate::model::walk::ShapeStep;

/// The path from an operation's input to a part of it.
///
/// Written as `Tags[]/Key`: `[]` is an item of a list, `{key}` a key and `{}` a value of a map.
#[derive(Debug, Clone, Default, PartialEq, Eq, Hash)]
pub struct MemberPath(pub Vec<ShapeStep>);

impl MemberPath {
    /// Returns whether this is the input itself.
    #[must_use]
    pub fn is_root(&self) -> bool {
        self.0.is_empty()
    }

    /// The path one step further.
    #[must_use]
    pub fn then(&self, token: ShapeStep) -> Self {
        Self(self.0.iter().cloned().chain([token]).collect())
    }

    /// The path to what this is a part of; the input itself is a part of nothing else.
    #[must_use]
    pub(super) fn above(&self) -> Self {
        Self(self.0.iter().take(self.0.len().saturating_sub(1)).cloned().collect())
    }

    /// The paths to what is around this part, and its own, outer ones first.
    pub(super) fn around(&self) -> impl Iterator<Item = Self> {
        (1..=self.0.len()).map(|length| Self(self.0.iter().take(length).cloned().collect()))
    }

    /// The names of the members on the way.
    pub fn members(&self) -> impl Iterator<Item = &str> {
        self.0.iter().filter_map(|token| match token {
            ShapeStep::Member(name) => Some(name.as_str()),
            ShapeStep::Item | ShapeStep::Key | ShapeStep::Value => None,
        })
    }

    /// The path as [`Filling`](crate::suite::Filling) globs write it: members by name, all else as `*`.
    #[must_use]
    pub(super) fn slashed(&self) -> String {
        let tokens = self.0.iter().map(|token| match token {
            ShapeStep::Member(name) => name.as_str(),
            ShapeStep::Item | ShapeStep::Key | ShapeStep::Value => "*",
        });
        tokens.collect::<Vec<_>>().join("/")
    }
}

impl fmt::Display for MemberPath {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (index, token) in self.0.iter().enumerate() {
            match token {
                ShapeStep::Member(name) if index == 0 => f.write_str(name)?,
                ShapeStep::Member(name) => write!(f, "/{name}")?,
                ShapeStep::Item => f.write_str("[]")?,
                ShapeStep::Key => f.write_str("{key}")?,
                ShapeStep::Value => f.write_str("{}")?,
            }
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use rstest::rstest;

    use super::*;

    fn member(name: &str) -> ShapeStep {
        ShapeStep::Member(name.to_owned())
    }

    #[rstest]
    #[case(vec![], "", "")]
    #[case(vec![member("Name")], "Name", "Name")]
    #[case(vec![member("Tags"), ShapeStep::Item, member("Key")], "Tags[]/Key", "Tags/*/Key")]
    #[case(vec![member("A"), ShapeStep::Key], "A{key}", "A/*")]
    #[case(vec![member("A"), ShapeStep::Value, ShapeStep::Item], "A{}[]", "A/*/*")]
    fn a_path_is_written_in_two_ways(#[case] tokens: Vec<ShapeStep>, #[case] shown: &str, #[case] slashed: &str) {
        let path = MemberPath(tokens);
        assert_eq!((path.to_string().as_str(), path.slashed().as_str()), (shown, slashed));
    }
}
