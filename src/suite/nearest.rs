//! Suggestions for misspelled names.

/// The least similarity, in per mille, of a misspelled name.
const ALIKE: u32 = 500;

/// The known name that is most similar to a misspelled one, if it is similar enough.
#[must_use]
pub fn nearest<'n>(wrong: &str, known: impl Iterator<Item = &'n str>) -> Option<&'n str> {
    let scored = known.map(|name| (similarity(wrong, name), name));
    scored.max_by_key(|(score, _)| *score).filter(|(score, _)| *score >= ALIKE).map(|(_, name)| name)
}

/// The similarity of two names, in per mille.
#[cfg(feature = "diff")]
fn similarity(a: &str, b: &str) -> u32 {
    let ratio = similar::TextDiff::from_chars(a, b).ratio();
    // The ratio is between 0 and 1.
    #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "0 to 1000")]
    let score = (ratio * 1000.0) as u32;
    score
}

/// In a build without the feature `diff`, only letter case is forgiven.
#[cfg(not(feature = "diff"))]
fn similarity(a: &str, b: &str) -> u32 {
    if a.eq_ignore_ascii_case(b) { 1000 } else { 0 }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_typo_is_recognized_but_another_word_is_not() {
        let known = || ["GetDeployment", "StopDeployment"].into_iter();
        assert_eq!(nearest("StopDeploymnt", known()), Some("StopDeployment"));
        assert_eq!(nearest("xyz", known()), None);
    }

    #[test]
    fn names_that_are_half_equal_are_similar() {
        assert_eq!((similarity("ab", "ab"), similarity("ab", "ax"), similarity("ab", "xy")), (1000, 500, 0));
        assert_eq!(nearest("ab", ["xy", "ax"].into_iter()), Some("ax"));
        assert_eq!(nearest("abc", ["axy"].into_iter()), None);
    }
}
