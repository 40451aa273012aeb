//! The JSON Schema of the kill matrix.

use crate::report::json_schema::Schema;

pub const MATRIX: Schema = Schema {
    name: "matrix",
    of: "wireproof mutants --report json",
    own: include_str!("matrix.schema.json"),
    refers: false,
};

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;
    use crate::{
        judge::check::CHECKS,
        proof::matrix::{
            Fate, KillMatrix,
            matrix_report::json as write,
            testing::{hostile, matrix, proven},
        },
    };

    fn document(matrix: &KillMatrix) -> Value {
        let mut out = Vec::new();
        write(matrix, &mut out).unwrap();
        assert!(out.ends_with(b"}\n"));
        serde_json::from_slice(&out).unwrap()
    }

    fn problems(document: &Value) -> Vec<String> {
        let schema: Value = serde_json::from_str(MATRIX.own).unwrap();
        assert!(jsonschema::meta::is_valid(&schema));
        let validator = jsonschema::draft202012::new(&schema).unwrap();
        validator.iter_errors(document).map(|error| format!("{}: {error}", error.instance_path())).collect()
    }

    #[test]
    fn a_matrix_with_every_fate_fits_the_schema() {
        let document = document(&matrix());
        assert_eq!(problems(&document), Vec::<String>::new());
        for fate in Fate::ALL {
            let has_it = |row: &Value| row["fate"] == fate.name();
            assert!(document["mutants"].as_array().unwrap().iter().any(has_it), "{}", fate.name());
        }
    }

    #[test]
    fn a_proven_matrix_and_an_odd_one_fit_it_too() {
        assert_eq!(problems(&document(&proven())), Vec::<String>::new());
        assert_eq!(problems(&document(&hostile())), Vec::<String>::new());
    }

    #[test]
    fn the_document_is_read_back_as_the_matrix() {
        let read: KillMatrix = serde_json::from_value(document(&hostile())).unwrap();
        assert_eq!(read, hostile());
    }

    #[test]
    fn the_schema_rejects_what_is_not_of_its_form() {
        let whole = document(&matrix());
        let changes: [(&str, Value); 11] = [
            ("/schema", json!("wireproof/mutants/v9")),
            ("/seed", json!("7")),
            ("/reference/conforms", json!(-1)),
            ("/mutants/0/fate", json!("slain")),
            ("/mutants/0/kind", json!(["No Code"])),
            ("/mutants/0/codes", json!({ "No Code": { "severity": "error", "cases": 1 } })),
            ("/mutants/0/codes", json!({ "body-format": { "severity": "error" } })),
            ("/mutants/0/detection", json!({ "case": "x" })),
            // An equivalent mutant has a reason.
            ("/mutants/0/fate", json!("equivalent")),
            ("/constant_endpoints/0/conforms_unchecked", Value::Null),
            ("/unused_equivalents", json!([1])),
        ];
        for (pointer, value) in changes {
            let mut broken = whole.clone();
            *broken.pointer_mut(pointer).unwrap() = value;
            assert!(!problems(&broken).is_empty(), "{pointer}");
        }
    }

    #[test]
    fn every_code_fits_the_schema() {
        let schema: Value = serde_json::from_str(MATRIX.own).unwrap();
        let code = jsonschema::draft202012::new(&schema["$defs"]["code"]).unwrap();
        assert!(CHECKS.iter().all(|check| code.is_valid(&json!(check.code))));
    }
}
