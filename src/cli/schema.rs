//! `wireproof schema`: prints the JSON Schemas of the reports for programs.

use std::io::{self, Write as _};

use clap::Args;

use super::{Failure, verify::VERIFICATION, written};
use crate::{
    proof::{corpus::corpus_report::JUDGE, matrix::matrix_report::MATRIX},
    report::{
        diff::diff_report::DIFF,
        json_schema::{NDJSON, REPORT, Schema},
        relations_report::RELATIONS,
    },
    run::exit::ExitStatus,
    suite::nearest,
};

/// Every schema, in the order of the list.
pub const SCHEMAS: [Schema; 7] = [REPORT, NDJSON, MATRIX, JUDGE, DIFF, RELATIONS, VERIFICATION];

const EXAMPLES: &str = "Examples:
  wireproof schema                               list the schemas
  wireproof schema report > report.schema.json   save a schema";

/// Arguments of `wireproof schema`.
#[derive(Debug, Args)]
#[command(after_help = EXAMPLES)]
pub(super) struct SchemaArguments {
    /// Schema to print [default: list all schemas].
    #[arg(value_name = "NAME", value_parser = schema)]
    name: Option<Schema>,
}

fn schema(name: &str) -> Result<Schema, String> {
    SCHEMAS.into_iter().find(|schema| schema.name == name).ok_or_else(|| {
        let names = || SCHEMAS.iter().map(|schema| schema.name);
        let near = nearest(name, names()).map(|near| format!("did you mean {near}? ")).unwrap_or_default();
        format!("unknown schema\nhelp: {near}the schemas are {}", names().collect::<Vec<_>>().join(", "))
    })
}

pub(super) fn run(arguments: &SchemaArguments) -> Result<ExitStatus, Failure> {
    let mut out = io::stdout().lock();
    let result = match &arguments.name {
        Some(schema) => out.write_all(schema.text().as_bytes()),
        None => SCHEMAS.iter().try_for_each(|schema| writeln!(out, "{:<12} {}", schema.name, schema.of)),
    };
    written(result).map(|()| ExitStatus::Conforms)
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use serde_json::Value;

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
            assert_eq!(super::schema(schema.name).map(|found| found.of), Ok(schema.of));
        }
    }

    #[test]
    fn a_schema_is_self_contained() {
        for schema in SCHEMAS {
            let text = schema.text();
            let refers = text.matches("urn:wireproof:report:v3#").count();
            assert_eq!(refers > 0, schema.refers, "{}", schema.name);
            assert_eq!(
                text.matches("\"$id\": \"urn:wireproof:report:v3\"").count(),
                usize::from(refers > 0 || schema.name == "report")
            );
        }
    }
}
