//! The characters of a class that strings are made of: those that a person would type come first.

use regex_syntax::hir;

use super::salt::Salt;

/// The plainness of a string's characters.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Taste {
    /// Lower-case letters and digits, if the class has any.
    Tidy,
    /// Any printable ASCII character, for patterns that no tidy string matches.
    Broad,
    /// Tidy, mixed with the signs that the pattern names: look-around often requires one of them.
    Signs,
}

/// The characters of a class, reduced to those that strings are made of.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Class {
    tidy: Vec<char>,
    broad: Vec<char>,
}

/// The most characters that are kept of a class without ASCII ones.
const MOST_FOREIGN: usize = 64;

impl Class {
    /// Reads a class; `None` if it holds no character.
    pub(super) fn read(class: &hir::Class) -> Option<Self> {
        let ranges: Vec<(char, char)> = match class {
            hir::Class::Unicode(class) => class.ranges().iter().map(|range| (range.start(), range.end())).collect(),
            hir::Class::Bytes(class) => {
                let ascii = class.ranges().iter().filter(|range| range.start().is_ascii());
                ascii.map(|range| (char::from(range.start()), char::from(range.end().min(0x7F)))).collect()
            }
        };
        let has = |c: &char| ranges.iter().any(|(low, high)| low <= c && c <= high);
        let of = |kind: fn(&char) -> bool| -> Vec<char> { ('!'..='~').filter(kind).filter(has).collect() };
        let mut broad = of(|_| true);
        broad.extend([' '].iter().filter(|space| has(space)));
        if broad.is_empty() {
            broad = foreign(&ranges);
        }
        let preferred =
            [of(|c| c.is_ascii_lowercase() || c.is_ascii_digit()), of(char::is_ascii_uppercase), of(|_| true)];
        let tidy = preferred.into_iter().find(|tidy| !tidy.is_empty()).unwrap_or_else(|| broad.clone());
        (!broad.is_empty()).then_some(Self { tidy, broad })
    }

    /// One of the characters; `signs` are those that the pattern names.
    pub(super) fn pick(&self, taste: Taste, signs: &[char], salt: &mut Salt) -> Option<char> {
        let sign = (taste == Taste::Signs && salt.below(4) == 0).then(|| salt.pick(signs).copied()).flatten();
        let sign = sign.filter(|sign| self.broad.contains(sign));
        sign.or_else(|| salt.pick(if taste == Taste::Broad { &self.broad } else { &self.tidy }).copied())
    }
}

/// Characters of a class that has no printable ASCII: letters first, control characters only if there is nothing else.
fn foreign(ranges: &[(char, char)]) -> Vec<char> {
    let of = |kind: fn(&char) -> bool| -> Vec<char> {
        // A class may span all of Unicode: only the first characters of each range are considered.
        ranges
            .iter()
            .flat_map(|(low, high)| (*low..=*high).take(4 * MOST_FOREIGN))
            .filter(kind)
            .take(MOST_FOREIGN)
            .collect()
    };
    let preferred = [of(|c| c.is_alphanumeric()), of(|c| !c.is_control()), of(|_| true)];
    preferred.into_iter().find(|found| !found.is_empty()).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use regex_syntax::hir::HirKind;
    use rstest::rstest;

    use super::*;

    fn class(pattern: &str) -> Option<Class> {
        match regex_syntax::parse(pattern).unwrap().into_kind() {
            HirKind::Class(class) => Class::read(&class),
            other => panic!("{pattern} is no class but {other:?}"),
        }
    }

    #[rstest]
    #[case::lower_case_and_digits("[A-Za-z0-9 _-]", "0123456789abcdefghijklmnopqrstuvwxyz")]
    #[case::capitals("[A-F_]", "ABCDEF")]
    #[case::signs("[-_ ]", "-_")]
    #[case::a_space_if_need_be("[ \t]", " ")]
    #[case::other_letters("[é\u{1}]", "é")]
    #[case::control_characters_at_last("[\t\n]", "\t\n")]
    fn a_tidy_string_is_made_of(#[case] pattern: &str, #[case] tidy: &str) {
        assert_eq!(class(pattern).unwrap().tidy.into_iter().collect::<String>(), tidy);
    }

    #[test]
    fn an_empty_class_is_not_a_class() {
        assert_eq!(class(r"[a&&b]"), None);
    }
}
