//! The list of cases that may conform on a constant endpoint, each with its reason.

use serde::Deserialize;

use crate::suite::Glob;

/// The list: tables `[[allowance]]` with a `reason`, with `endpoints`, and with `cases`, which are globs that match
/// whole IDs.
const LIST: &str = include_str!("allowances.toml");

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Allowances {
    #[serde(default)]
    allowance: Vec<AllowanceRow>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct AllowanceRow {
    reason: String,
    endpoints: Vec<String>,
    cases: Vec<Glob>,
}

impl Allowances {
    /// The bundled list. A test proves that it is valid.
    pub(super) fn bundled() -> Self {
        toml::from_str(LIST).unwrap_or(Self { allowance: Vec::new() })
    }

    /// The reason why a case may conform on the endpoint of that name.
    pub(super) fn reason(&self, endpoint: &str, case: &str) -> Option<&str> {
        let mut rows = self.of(endpoint);
        let row = rows.find(|row| row.cases.iter().any(|glob| glob.matches_whole(case)))?;
        Some(&row.reason)
    }

    /// The globs for the endpoint that match none of its conforming cases.
    pub(super) fn unused<'a>(
        &self,
        endpoint: &str,
        conforming: &(impl Iterator<Item = &'a str> + Clone),
    ) -> Vec<String> {
        let globs = self.of(endpoint).flat_map(|row| &row.cases);
        let is_unused = |glob: &&Glob| !conforming.clone().any(|case| glob.matches_whole(case));
        globs.filter(is_unused).map(ToString::to_string).collect()
    }

    fn of(&self, endpoint: &str) -> impl Iterator<Item = &AllowanceRow> {
        self.allowance.iter().filter(move |row| row.endpoints.iter().any(|name| name == endpoint))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_bundled_list_is_read_and_every_row_has_a_reason() {
        let list: Allowances = toml::from_str(LIST).unwrap();
        let is_whole = |row: &AllowanceRow| row.reason.len() > 20 && !row.cases.is_empty() && !row.endpoints.is_empty();
        assert!(list.allowance.iter().all(is_whole));
    }

    #[test]
    fn a_case_has_the_reason_of_the_first_row_of_its_endpoint_that_fits() {
        let text = "[[allowance]]\nreason = 'one'\nendpoints = ['e']\ncases = ['a/b', 'c/*']\n";
        let list: Allowances = toml::from_str(text).unwrap();
        let reasons = [list.reason("e", "c/x"), list.reason("e", "a"), list.reason("f", "a/b")];
        assert_eq!(reasons, [Some("one"), None, None]);
        assert_eq!(list.unused("e", &["a/b", "d"].into_iter()), ["c/*"]);
        assert!(list.unused("f", &std::iter::empty()).is_empty());
    }
}
