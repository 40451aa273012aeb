//! The published JSON Schemas of what the program writes for programs.

use serde_json::Value;

use super::REPORT_SCHEMA;

/// A published JSON Schema (draft 2020-12).
#[derive(Debug, Clone, Copy)]
pub struct Schema {
    /// By which it is asked for.
    pub name: &'static str,
    /// What it is the form of, in a few words.
    pub of: &'static str,
    /// The document itself.
    pub own: &'static str,
    /// Whether it refers to the schema of the report.
    pub refers: bool,
}

/// Of a run's report as JSON.
pub const REPORT: Schema = Schema { name: "report", of: "--report json of a run", own: REPORT_SCHEMA, refers: false };

/// Of a run's events.
pub const NDJSON: Schema = Schema {
    name: "ndjson",
    of: "a line of --report ndjson of a run",
    own: include_str!("ndjson.schema.json"),
    refers: true,
};

impl Schema {
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
pub(crate) fn problems(schema: &Schema, document: &Value) -> Vec<String> {
    let name = schema.name;
    let schema: Value = serde_json::from_str(&schema.text()).unwrap();
    assert!(jsonschema::meta::is_valid(&schema), "{name}");
    let validator = jsonschema::draft202012::new(&schema).unwrap();
    validator.iter_errors(document).map(|error| format!("{}: {error}", error.instance_path())).collect()
}
