//! The list of equivalent mutants: those that violate no requirement, each with its reason.

use std::collections::BTreeSet;

use serde::Deserialize;

use crate::suite::Glob;

/// The list: tables `[[equivalent]]` with a `reason`, and with `mutants`, which are globs that match whole IDs.
const LIST: &str = include_str!("equivalents.toml");

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Equivalents {
    #[serde(default)]
    equivalent: Vec<EquivalentRow>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct EquivalentRow {
    reason: String,
    mutants: Vec<Glob>,
}

impl Equivalents {
    /// The bundled list. A test proves that it is valid.
    pub(super) fn bundled() -> Self {
        toml::from_str(LIST).unwrap_or(Self { equivalent: Vec::new() })
    }

    pub(super) fn reason(&self, id: &str) -> Option<&str> {
        let row = self.equivalent.iter().find(|row| row.mutants.iter().any(|glob| glob.matches_whole(id)))?;
        Some(&row.reason)
    }

    /// The globs that match none of the IDs.
    pub(super) fn dead(&self, ids: &BTreeSet<String>) -> Vec<String> {
        let globs = self.equivalent.iter().flat_map(|row| &row.mutants);
        globs.filter(|glob| !ids.iter().any(|id| glob.matches_whole(id))).map(ToString::to_string).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_bundled_list_is_read_and_every_row_has_a_reason() {
        let list: Equivalents = toml::from_str(LIST).unwrap();
        assert!(list.equivalent.iter().all(|row| row.reason.len() > 20 && !row.mutants.is_empty()));
    }

    #[test]
    fn an_id_has_the_reason_of_the_first_row_that_fits_and_rows_that_fit_nothing_are_dead() {
        let text = "[[equivalent]]\nreason = 'one'\nmutants = ['a/b', 'c/*/d']\n";
        let list: Equivalents = toml::from_str(text).unwrap();
        assert_eq!((list.reason("c/x/d"), list.reason("a/b/c"), list.reason("a/b")), (Some("one"), None, Some("one")));
        assert_eq!(list.dead(&BTreeSet::from(["a/b".to_owned()])), ["c/*/d"]);
    }
}
