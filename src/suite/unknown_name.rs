//! A name that selects no case, with the suggestion that the program and the harness print.

use super::nearest;

/// At most this many known names are listed.
const FEW: usize = 12;

/// A name in a selection that matches no case.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct UnknownName {
    /// The unknown name.
    pub word: String,
    /// The known names.
    pub known: Vec<String>,
    /// The number of cases that it would select as a filter.
    pub filtered: usize,
}

impl UnknownName {
    /// The suggestion on a line of its own, if there is one. `filter` formats a filter in the syntax of the caller.
    #[must_use]
    pub fn hint(&self, filter: impl FnOnce(&str) -> String) -> String {
        if let Some(name) = nearest(&self.word, self.known.iter().map(String::as_str)) {
            return format!("\nhelp: did you mean {name}?");
        }
        match (self.filtered, self.known.len()) {
            (0, 1..=FEW) => format!("\nhelp: the known names are {}", self.known.join(", ")),
            (0, _) => String::new(),
            (1, _) => format!("\nhelp: {} would select 1 case", filter(&self.word)),
            (many, _) => format!("\nhelp: {} would select {many} cases", filter(&self.word)),
        }
    }
}

#[cfg(test)]
mod tests {
    use rstest::rstest;

    use super::*;

    #[rstest]
    #[case::slip("GetThin", &["GetThing", "MakeThing"], 3, "\nhelp: did you mean GetThing?")]
    #[case::filter("xyz", &["GetThing"], 3, "\nhelp: filter(xyz) would select 3 cases")]
    #[case::filter_of_one("xyz", &["GetThing"], 1, "\nhelp: filter(xyz) would select 1 case")]
    #[case::few("xyz", &["GetThing", "MakeThing"], 0, "\nhelp: the known names are GetThing, MakeThing")]
    #[case::one("xyz", &["GetThing"], 0, "\nhelp: the known names are GetThing")]
    #[case::none("xyz", &[], 0, "")]
    #[case::as_many_as_are_listed("xyz", &["a"; FEW], 0, "\nhelp: the known names are a, a, a, a, a, a, a, a, a, a, a, a")]
    #[case::too_many("xyz", &["a"; FEW + 1], 0, "")]
    fn the_hint_is_the_likeliest(
        #[case] word: &str,
        #[case] known: &[&str],
        #[case] filtered: usize,
        #[case] hint: &str,
    ) {
        let known = known.iter().map(|name| (*name).to_owned()).collect();
        let unknown_name = UnknownName { word: word.to_owned(), known, filtered };
        assert_eq!(unknown_name.hint(|word| format!("filter({word})")), hint);
    }
}
