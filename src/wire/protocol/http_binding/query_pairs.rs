//! The parameters of a query.

use super::percent_text::{decode, encode};

/// Parameters in their order. A name may occur more than once.
#[derive(Debug, Default, Clone, PartialEq, Eq)]
pub(super) struct QueryPairs(Vec<(String, String)>);

impl QueryPairs {
    /// Reads the query of a request target. A bare name has an empty value.
    pub(super) fn of_target(target: &str) -> Self {
        let query = target.split_once('?').map_or("", |(_, query)| query);
        let pairs = query.split('&').filter(|pair| !pair.is_empty());
        let pairs = pairs.map(|pair| pair.split_once('=').unwrap_or((pair, "")));
        Self(pairs.map(|(name, value)| (decode(name).into_owned(), decode(value).into_owned())).collect())
    }

    /// Adds a parameter.
    pub(super) fn push(&mut self, name: impl Into<String>, value: impl Into<String>) {
        self.0.push((name.into(), value.into()));
    }

    /// Returns whether there is a parameter of that name.
    pub(super) fn contains(&self, name: &str) -> bool {
        self.all(name).next().is_some()
    }

    /// The values of a name.
    pub(super) fn all<'q>(&'q self, name: &'q str) -> impl Iterator<Item = &'q str> {
        self.0.iter().filter(move |(known, _)| known == name).map(|(_, value)| value.as_str())
    }

    /// Every parameter.
    pub(super) fn iter(&self) -> impl Iterator<Item = (&str, &str)> {
        self.0.iter().map(|(name, value)| (name.as_str(), value.as_str()))
    }

    /// The query of a request target.
    pub(super) fn encoded(&self) -> String {
        let pairs: Vec<String> =
            self.iter().map(|(name, value)| format!("{}={}", encode(name), encode(value))).collect();
        pairs.join("&")
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn a_bare_name_has_an_empty_value_and_a_name_may_repeat() {
        let pairs = QueryPairs::of_target("/p?a=1&b&a=2%263&&c=x=y+z");
        assert_eq!(pairs.all("a").collect::<Vec<_>>(), ["1", "2&3"]);
        assert!(pairs.contains("b") && !pairs.contains("d") && !QueryPairs::of_target("/p").contains(""));
        assert_eq!(pairs.encoded(), "a=1&b=&a=2%263&c=x%3Dy%2Bz");
    }

    proptest! {
        #[test]
        fn what_is_written_is_read_again(pairs in prop::collection::vec((".{1,8}", ".{0,8}"), 0..5)) {
            let pairs = QueryPairs(pairs);
            prop_assert_eq!(QueryPairs::of_target(&format!("/?{}", pairs.encoded())), pairs);
        }
    }
}
