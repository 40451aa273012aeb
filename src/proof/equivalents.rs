//! The list of mutants that no check detects, each with its reason: those that violate no requirement, and those that
//! violate none within any time.

use std::collections::BTreeSet;

use serde::Deserialize;

use crate::suite::Glob;

/// The list: tables `[[equivalent]]` and `[[unbounded]]` with a `reason`, and with `mutants`, which are globs that match
/// whole IDs.
const LIST: &str = include_str!("equivalents.toml");

#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Equivalents {
    #[serde(default)]
    equivalent: Vec<Excuse>,
    #[serde(default)]
    unbounded: Vec<Excuse>,
}

/// A row of the list.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Excuse {
    reason: String,
    mutants: Vec<Glob>,
}

/// Why no check detects a mutant.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum ExcuseKind {
    /// It violates no requirement.
    Equivalent,
    /// Its change never ends, and no document says when it must end.
    Unbounded,
}

impl Equivalents {
    /// The bundled list. A test proves that it is valid.
    pub(super) fn bundled() -> Self {
        toml::from_str(LIST).unwrap_or_default()
    }

    /// The first row that has the mutant.
    pub(super) fn excuse(&self, id: &str) -> Option<(ExcuseKind, &str)> {
        let mut rows = self.rows();
        let (kind, row) = rows.find(|(_, row)| row.mutants.iter().any(|glob| glob.matches_whole(id)))?;
        Some((kind, &row.reason))
    }

    /// The globs that match none of the IDs.
    pub(super) fn dead(&self, ids: &BTreeSet<String>) -> Vec<String> {
        let globs = self.rows().flat_map(|(_, row)| &row.mutants);
        globs.filter(|glob| !ids.iter().any(|id| glob.matches_whole(id))).map(ToString::to_string).collect()
    }

    fn rows(&self) -> impl Iterator<Item = (ExcuseKind, &Excuse)> {
        let equivalent = self.equivalent.iter().map(|row| (ExcuseKind::Equivalent, row));
        equivalent.chain(self.unbounded.iter().map(|row| (ExcuseKind::Unbounded, row)))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_bundled_list_is_read_and_every_row_has_a_reason() {
        let list: Equivalents = toml::from_str(LIST).unwrap();
        assert!(list.rows().all(|(_, row)| row.reason.len() > 20 && !row.mutants.is_empty()));
    }

    #[test]
    fn an_id_has_the_reason_of_the_first_row_that_fits_and_rows_that_fit_nothing_are_dead() {
        let text = "[[unbounded]]\nreason = 'two'\nmutants = ['c/*']\n\
                    [[equivalent]]\nreason = 'one'\nmutants = ['a/b', 'c/*/d']\n";
        let list: Equivalents = toml::from_str(text).unwrap();
        let one = Some((ExcuseKind::Equivalent, "one"));
        assert_eq!((list.excuse("c/x/d"), list.excuse("a/b/c"), list.excuse("a/b")), (one, None, one));
        assert_eq!(list.excuse("c/x"), Some((ExcuseKind::Unbounded, "two")));
        assert_eq!(list.dead(&BTreeSet::from(["a/b".to_owned()])), ["c/*/d", "c/*"]);
    }
}
