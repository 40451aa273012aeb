//! Filters that change the text of an expression: values that are nearly, but not exactly, those of a run.

use super::{TemplateProblem, argument};

/// A change of a text.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum TextFilter {
    /// Every ASCII letter in the other case.
    SwapCase,
    /// Every printable ASCII character in its full-width form.
    FullWidth,
    /// A digit for each character that is none.
    Digits,
    /// The text without this many characters at its end.
    Cut(usize),
    /// Another text instead of each occurrence of one.
    Replace(String, String),
}

impl TextFilter {
    /// Reads a filter, as it stands after a `|`.
    pub(super) fn read(text: &str) -> Result<Self, TemplateProblem> {
        let (name, arguments) = match text.strip_suffix(')').and_then(|text| text.split_once('(')) {
            Some((name, arguments)) => (name.trim(), Some(arguments)),
            None => (text, None),
        };
        match (name, arguments) {
            ("swap_case", None) => Ok(Self::SwapCase),
            ("full_width", None) => Ok(Self::FullWidth),
            ("digits", None) => Ok(Self::Digits),
            ("cut", Some(count)) => {
                let count = count.trim();
                count.parse().map(Self::Cut).map_err(|_| TemplateProblem::NotACount(count.to_owned()))
            }
            ("replace", Some(arguments)) => {
                let (from, to) = arguments.split_once(',').ok_or(TemplateProblem::ReplaceArguments)?;
                Ok(Self::Replace(argument(from)?, argument(to)?))
            }
            _ => Err(TemplateProblem::UnknownFilter(text.to_owned())),
        }
    }

    /// The changed text.
    pub(super) fn apply(&self, text: &str) -> String {
        match self {
            Self::SwapCase => text.chars().map(swap_case).collect(),
            Self::FullWidth => text.chars().map(full_width).collect(),
            Self::Digits => text.chars().map(digit).collect(),
            Self::Cut(count) => {
                let kept = text.chars().count().saturating_sub(*count);
                text.chars().take(kept).collect()
            }
            Self::Replace(from, to) => text.replace(from, to),
        }
    }
}

fn swap_case(c: char) -> char {
    if c.is_ascii_lowercase() { c.to_ascii_uppercase() } else { c.to_ascii_lowercase() }
}

fn full_width(c: char) -> char {
    /// The distance between `!` and its full-width form.
    const DISTANCE: u32 = 0xfee0;
    if c.is_ascii_graphic() { char::from_u32(u32::from(c) + DISTANCE).unwrap_or(c) } else { c }
}

fn digit(c: char) -> char {
    if c.is_ascii_digit() { c } else { char::from_digit(u32::from(c) % 10, 10).unwrap_or('0') }
}

#[cfg(test)]
mod tests {
    use rstest::rstest;

    use super::*;

    #[rstest]
    #[case("swap_case", "d-Ab1\u{e9}", "D-aB1\u{e9}")]
    #[case("full_width", "d-1 \u{e9}", "\u{ff44}\u{ff0d}\u{ff11} \u{e9}")]
    #[case("digits", "a-9z", "7592")]
    #[case("cut(2)", "a\u{e9}bc", "a\u{e9}")]
    #[case("cut(9)", "abc", "")]
    #[case("replace('-', '%2D')", "a-b-c", "a%2Db%2Dc")]
    #[case("replace('d-','')", "d-AB", "AB")]
    fn a_filter_changes_a_text(#[case] filter: &str, #[case] text: &str, #[case] expected: &str) {
        assert_eq!(TextFilter::read(filter).unwrap().apply(text), expected);
    }

    #[rstest]
    #[case("swap_case()", TemplateProblem::UnknownFilter("swap_case()".to_owned()))]
    #[case("lower", TemplateProblem::UnknownFilter("lower".to_owned()))]
    #[case("cut(x)", TemplateProblem::NotACount("x".to_owned()))]
    #[case("replace('a')", TemplateProblem::ReplaceArguments)]
    #[case("replace('a', b)", TemplateProblem::NotQuoted("b".to_owned()))]
    fn a_broken_filter_is_rejected(#[case] filter: &str, #[case] problem: TemplateProblem) {
        assert_eq!(TextFilter::read(filter), Err(problem));
    }
}
