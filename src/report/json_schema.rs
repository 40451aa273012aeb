//! The published JSON Schemas.

use serde_json::Value;

use super::REPORT_SCHEMA;

/// A published JSON Schema (draft 2020-12).
#[derive(Debug, Clone, Copy)]
pub struct Schema {
    /// The name that selects it.
    pub name: &'static str,
    /// The document that it describes.
    pub of: &'static str,
    /// The text of the schema.
    pub own: &'static str,
    /// True if it refers to the schema of the report.
    pub refers: bool,
}

/// The schema of the JSON report.
pub const REPORT: Schema = Schema { name: "report", of: "--report json of a run", own: REPORT_SCHEMA, refers: false };

/// The schema of the events of a run.
pub const NDJSON: Schema = Schema {
    name: "ndjson",
    of: "a line of --report ndjson of a run",
    own: include_str!("ndjson.schema.json"),
    refers: true,
};

impl Schema {
    /// The whole schema, including the schema of the report if it refers to it.
    #[must_use]
    pub fn text(&self) -> String {
        if !self.refers {
            return self.own.to_owned();
        }
        // Both are compiled in, and tests prove that they are valid.
        let parsed = |schema: &str| serde_json::from_str::<Value>(schema).unwrap_or_default();
        let mut own = parsed(self.own);
        if let Some(parts) = own.get_mut("$defs").and_then(Value::as_object_mut) {
            parts.insert("report".to_owned(), parsed(REPORT_SCHEMA));
        }
        format!("{own:#}\n")
    }
}

/// The violations of a schema in a document.
#[cfg(test)]
pub(crate) fn problems(schema: &Schema, document: &Value) -> Vec<String> {
    let name = schema.name;
    let schema: Value = serde_json::from_str(&schema.text()).unwrap();
    assert!(jsonschema::meta::is_valid(&schema), "{name}");
    let validator = jsonschema::draft202012::new(&schema).unwrap();
    validator.iter_errors(document).map(|error| format!("{}: {error}", error.instance_path())).collect()
}
