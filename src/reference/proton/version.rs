//! The number of a template version.

use std::fmt;

#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Version {
    pub(super) major: u64,
    pub(super) minor: u64,
}

impl Version {
    /// Returns true if the version has these parts. An absent part matches any version.
    ///
    /// The comparison uses strings, because the model allows parts that exceed every integer type and forbids leading zeros.
    pub(super) fn matches(self, major: Option<&str>, minor: Option<&str>) -> bool {
        let is_equal = |number: u64, part: Option<&str>| part.is_none_or(|part| part == number.to_string());
        is_equal(self.major, major) && is_equal(self.minor, minor)
    }
}

impl fmt::Display for Version {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}.{}", self.major, self.minor)
    }
}

#[cfg(test)]
mod tests {
    use rstest::rstest;

    use super::*;

    #[rstest]
    #[case(None, None, true)]
    #[case(Some("1"), None, true)]
    #[case(Some("1"), Some("10"), true)]
    #[case(Some("10"), Some("1"), false)]
    #[case(Some("1"), Some("99999999999999999999"), false)]
    fn absent_parts_match_any_version(#[case] major: Option<&str>, #[case] minor: Option<&str>, #[case] matches: bool) {
        assert_eq!(Version { major: 1, minor: 10 }.matches(major, minor), matches);
    }
}
