//! The published JSON Schemas of what the program writes for programs.

use serde_json::Value;

use super::{REPORT_SCHEMA, diff::DIFF_SCHEMA, matrix::MUTANTS_SCHEMA};

/// A published JSON Schema (draft 2020-12).
#[derive(Debug, Clone, Copy)]
pub struct Schema {
    /// By which it is asked for.
    pub name: &'static str,
    /// What it is the form of, in a few words.
    pub of: &'static str,
    own: &'static str,
    /// Whether it refers to the schema of the report.
    refers: bool,
}

/// Every schema, in the order in which they are listed.
pub const SCHEMAS: &[Schema] = &[
    Schema { name: "report", of: "--report json of a run", own: REPORT_SCHEMA, refers: false },
    Schema {
        name: "ndjson",
        of: "a line of --report ndjson of a run",
        own: include_str!("ndjson.schema.json"),
        refers: true,
    },
    Schema { name: "matrix", of: "wireproof mutants --report json", own: MUTANTS_SCHEMA, refers: false },
    Schema {
        name: "judge",
        of: "wireproof judge --corpus --report json",
        own: include_str!("corpus/judge.schema.json"),
        refers: true,
    },
    Schema { name: "diff", of: "wireproof diff --report json", own: DIFF_SCHEMA, refers: false },
];

impl Schema {
    /// The schema of that name.
    #[must_use]
    pub fn named(name: &str) -> Option<&'static Self> {
        SCHEMAS.iter().find(|schema| schema.name == name)
    }

    /// The whole document. What it shares with the report's schema, it holds.
    #[must_use]
    pub fn text(&self) -> String {
        if !self.refers {
            return self.own.to_owned();
        }
        // Both are compiled in; tests see to it that they can be read.
        let parsed = |schema: &str| serde_json::from_str::<Value>(schema).unwrap_or_default();
        let mut own = parsed(self.own);
        if let Some(parts) = own.get_mut("$defs").and_then(Value::as_object_mut) {
            parts.insert("report".to_owned(), parsed(REPORT_SCHEMA));
        }
        format!("{own:#}\n")
    }
}

/// What of a document does not fit a schema.
#[cfg(test)]
pub(super) fn problems(name: &str, document: &Value) -> Vec<String> {
    let schema: Value = serde_json::from_str(&Schema::named(name).unwrap().text()).unwrap();
    assert!(jsonschema::meta::is_valid(&schema), "{name}");
    let validator = jsonschema::draft202012::new(&schema).unwrap();
    validator.iter_errors(document).map(|error| format!("{}: {error}", error.instance_path())).collect()
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    #[test]
    fn every_schema_has_a_name_an_identity_and_a_description_of_its_own() {
        let mut ids = BTreeSet::new();
        for schema in SCHEMAS {
            let document: Value = serde_json::from_str(&schema.text()).unwrap();
            let id = document["$id"].as_str().unwrap().to_owned();
            assert!(id.starts_with("urn:wireproof:") && ids.insert(id), "{}", schema.name);
            assert!(document["description"].as_str().unwrap().len() > 20);
            assert!(document["$defs"].is_object(), "{}", schema.name);
            assert_eq!(Schema::named(schema.name).map(|found| found.of), Some(schema.of));
        }
    }

    #[test]
    fn a_schema_needs_nothing_beside_it() {
        for schema in SCHEMAS {
            let text = schema.text();
            let refers = text.matches("urn:wireproof:report:v1#").count();
            assert_eq!(refers > 0, schema.refers, "{}", schema.name);
            assert_eq!(
                text.matches("\"$id\": \"urn:wireproof:report:v1\"").count(),
                usize::from(refers > 0 || schema.name == "report")
            );
        }
    }
}
