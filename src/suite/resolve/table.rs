//! Resolves the rows of a scenario: its own, or those of a table that scenarios share.

use serde_json::{Map, Value};

use super::{Resolver, with_nearest};
use crate::suite::{
    ScenarioRow,
    raw::RawTable,
    source::{Diagnostic, Source},
};

/// The folder of the tables that scenarios share.
const TABLES: &str = "tables";

impl Resolver<'_> {
    /// The rows of a scenario. `table` is a list of rows, or the name of a file in the folder of shared tables.
    pub(super) fn table(&self, table: &Value) -> Result<Vec<ScenarioRow>, Diagnostic> {
        match table {
            Value::Null => Ok(vec![ScenarioRow { name: None, values: Map::new() }]),
            Value::String(name) => self.shared_table(name),
            table => self.rows(table),
        }
    }

    fn shared_table(&self, name: &str) -> Result<Vec<ScenarioRow>, Diagnostic> {
        let path = format!("{TABLES}/{name}.yaml");
        let Some(text) = self.files.get(&path) else {
            let names = self.files.iter().filter_map(|(path, _)| name_of_table(path));
            let diagnostic = self.source.at("/table", format!("there is no table {path}"));
            return Err(with_nearest(diagnostic, name, names));
        };
        let source = Source::read(&self.files.display(&path), text)?;
        let raw: RawTable = source.decode()?;
        Resolver { source: &source, ..*self }.rows(&raw.table)
    }

    fn rows(&self, table: &Value) -> Result<Vec<ScenarioRow>, Diagnostic> {
        let Some(table) = table.as_array().filter(|table| !table.is_empty()) else {
            return Err(self.source.at("/table", "expected rows, or the name of a table"));
        };
        let mut rows: Vec<ScenarioRow> = Vec::new();
        for (index, raw) in table.iter().enumerate() {
            let row = self.row(raw, &format!("/table/{index}"))?;
            if rows.iter().any(|known| known.name == row.name) {
                let name = row.name.unwrap_or_default();
                return Err(self.source.at(&format!("/table/{index}/id"), format!("duplicate row {name:?}")));
            }
            rows.push(row);
        }
        Ok(rows)
    }

    fn row(&self, raw: &Value, at: &str) -> Result<ScenarioRow, Diagnostic> {
        let raw = raw.as_object().ok_or_else(|| self.source.at(at, "expected a row, such as { id: a, value: 1 }"))?;
        let name = raw.get("id").and_then(Value::as_str);
        let valid = name
            .filter(|name| !name.is_empty() && name.chars().all(|c| c.is_ascii_alphanumeric() || "._-".contains(c)));
        let name = valid.ok_or_else(|| {
            self.source.at(&format!("{at}/id"), "a row needs an id of letters, digits, dots, hyphens and underscores")
        })?;
        Ok(ScenarioRow { name: Some(name.to_owned()), values: self.row_values(raw, at)? })
    }
}

fn name_of_table(path: &str) -> Option<&str> {
    path.strip_prefix(TABLES)?.strip_prefix('/')?.strip_suffix(".yaml")
}

#[cfg(test)]
mod tests {
    use rstest::rstest;

    use crate::suite::testing::{read, text};

    const SCENARIO: &str = "table: names\nsteps:\n  - { call: MakeThing, input: { name: '${row.v}' } }";

    fn ids(table: (&str, &str), scenario: &str) -> Result<Vec<String>, Vec<String>> {
        let suite = read(&[table, ("works/make-thing/x.yaml", &text(scenario))])?;
        Ok(suite.cases().into_iter().map(|case| case.id.0).collect())
    }

    #[test]
    fn a_table_that_scenarios_share_makes_the_cases_of_each() {
        let table = ("tables/names.yaml", "says: Names.\ntable: [{ id: a, v: x }, { id: b, v: z }]\n");
        assert_eq!(ids(table, SCENARIO).unwrap(), ["works/make-thing/x#a", "works/make-thing/x#b"]);
    }

    #[rstest]
    #[case::unknown(("tables/nams.yaml", "says: Names.\ntable: [{ id: a, v: x }]\n"), SCENARIO, "4: there is no table tables/names.yaml")]
    #[case::in_the_table(("tables/names.yaml", "says: Names.\ntable:\n  - { id: a, v: x }\n  - { id: a, v: z }\n"), SCENARIO, "4: duplicate row \"a\"")]
    #[case::no_rows(("tables/names.yaml", "says: Names.\ntable: []\n"), SCENARIO, "2: expected rows, or the name of a table")]
    #[case::a_value(("tables/names.yaml", "says: Names.\ntable: [5]\n"), SCENARIO, "2: expected a row, such as { id: a, value: 1 }")]
    #[case::member(("tables/names.yaml", "says: Names.\ntable: [{ id: a, w: x }]\n"), SCENARIO, "6: the row \"a\" has no \"v\"")]
    #[case::number(("tables/names.yaml", "says: Names.\ntable: [{ id: a, v: x }]\n"), "table: 5\nsteps: []", "4: expected rows, or the name of a table")]
    fn a_broken_table_is_an_error_at_its_position(
        #[case] table: (&str, &str),
        #[case] scenario: &str,
        #[case] expected: &str,
    ) {
        assert_eq!(ids(table, scenario), Err(vec![expected.to_owned()]));
    }
}
