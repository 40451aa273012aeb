//! The number of a template version.

use std::fmt;

#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Version {
    pub(super) major: u64,
    pub(super) minor: u64,
}

impl Version {
    /// Whether this is the version of those parts; a part that is not given fits any.
    ///
    /// Compared as text: the model allows parts that no number type holds, and no leading zeros.
    pub(super) fn fits(self, major: Option<&str>, minor: Option<&str>) -> bool {
        let fits = |number: u64, part: Option<&str>| part.is_none_or(|part| part == number.to_string());
        fits(self.major, major) && fits(self.minor, minor)
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
    fn parts_that_are_not_given_fit_any_version(
        #[case] major: Option<&str>,
        #[case] minor: Option<&str>,
        #[case] fits: bool,
    ) {
        assert_eq!(Version { major: 1, minor: 10 }.fits(major, minor), fits);
    }
}
