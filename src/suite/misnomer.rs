//! A name that selects nothing, and what may have been meant by it: one place for the words, whoever asks.

use super::nearest;

/// So many names are told at most.
const FEW: usize = 12;

/// What a selection asks for by name, and is not there.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Misnomer {
    /// What was asked for.
    pub word: String,
    /// The names that there are.
    pub known: Vec<String>,
    /// How many cases it would select as a filter.
    pub filtered: usize,
}

impl Misnomer {
    /// What may have been meant, to be said behind "selects nothing"; `filter` is how whoever asks writes a filter.
    #[must_use]
    pub fn hint(&self, filter: impl FnOnce(&str) -> String) -> String {
        if let Some(name) = nearest(&self.word, self.known.iter().map(String::as_str)) {
            return format!("; did you mean {name}?");
        }
        match (self.filtered, self.known.len()) {
            (0, 1) => format!("; there is {}", self.known.concat()),
            (0, 2..=FEW) => format!("; there are {}", self.known.join(", ")),
            (0, _) => String::new(),
            (1, _) => format!("; {} would select 1 case", filter(&self.word)),
            (many, _) => format!("; {} would select {many} cases", filter(&self.word)),
        }
    }
}

#[cfg(test)]
mod tests {
    use rstest::rstest;

    use super::*;

    #[rstest]
    #[case::slip("GetThin", &["GetThing", "MakeThing"], 3, "; did you mean GetThing?")]
    #[case::filter("xyz", &["GetThing"], 3, "; filter(xyz) would select 3 cases")]
    #[case::filter_of_one("xyz", &["GetThing"], 1, "; filter(xyz) would select 1 case")]
    #[case::few("xyz", &["GetThing", "MakeThing"], 0, "; there are GetThing, MakeThing")]
    #[case::one("xyz", &["GetThing"], 0, "; there is GetThing")]
    #[case::none("xyz", &[], 0, "")]
    #[case::as_many_as_are_told("xyz", &["a"; FEW], 0, "; there are a, a, a, a, a, a, a, a, a, a, a, a")]
    #[case::too_many("xyz", &["a"; FEW + 1], 0, "")]
    fn the_hint_is_the_likeliest(
        #[case] word: &str,
        #[case] known: &[&str],
        #[case] filtered: usize,
        #[case] hint: &str,
    ) {
        let known = known.iter().map(|name| (*name).to_owned()).collect();
        let misnomer = Misnomer { word: word.to_owned(), known, filtered };
        assert_eq!(misnomer.hint(|word| format!("filter({word})")), hint);
    }
}
