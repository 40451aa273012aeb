//! Shapes compiled to JSON Schema (draft 2020-12), and the violations of a value.
//!
//! Everything that checks a value against a model does it here: responses, errors, the inputs of fixtures, the input
//! validation of the reference. The `jsonschema` crate finds the violations and stays behind this folder; what a
//! violation cites, and whether its value is shown, the [walker](super::walk) resolves from its pointer.
//! Schemas are compiled on first use, once, and read without a lock from then on.

mod constraint;
mod keyword;
mod schema_document;
mod violation;

use std::{
    collections::BTreeMap,
    sync::{Arc, OnceLock},
};

use jsonschema::{ValidationError, Validator};
use serde_json::Value;
use thiserror::Error;

use super::{
    Contract, TimestampFormat,
    exact_number::{ExactNumber, rounded},
    shape::ShapeId,
};

use keyword::{BLOB, CheckKeyword, PATTERN, TIMESTAMP};
use schema_document::document;
use violation::Reading;

pub use constraint::{JsonType, LengthUnit, Limit, ShapeConstraint};
pub use violation::{ShapeRule, Violation, Violations};

/// A shape that no value can be checked against: a defect of the model or of this crate.
#[derive(Debug, Clone, Error)]
#[error("{shape} has no schema: {problem}")]
pub struct SchemaError {
    /// The shape.
    pub shape: ShapeId,
    /// The problem that prevents a schema.
    pub problem: SchemaProblem,
}

/// The reason why a shape has no schema.
#[derive(Debug, Clone, Error)]
pub enum SchemaProblem {
    /// The shape is not the input, the output or an error of an operation.
    #[error("no operation of the contract uses it this way")]
    Unused,
    /// The schema does not compile.
    #[error("{0}")]
    Compile(Arc<ValidationError<'static>>),
}

/// The direction of a value: input or output.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum PayloadSide {
    /// From the caller to the endpoint.
    Input,
    /// From the endpoint to the caller.
    Output,
}

/// The rules of a protocol that hold for every body, regardless of its shape.
#[derive(Debug, Clone, Copy)]
pub struct BodyRules {
    /// The format of a timestamp whose model does not give one.
    pub timestamp_format: TimestampFormat,
    /// The members that a union may have beside its own one.
    pub ignored_union_members: &'static [&'static str],
}

/// The compiled schemas of a contract.
#[derive(Debug)]
pub struct Schemas {
    contract: Arc<Contract>,
    rules: BodyRules,
    compiled: BTreeMap<(ShapeId, PayloadSide), OnceLock<Result<Compiled, SchemaError>>>,
}

#[derive(Debug)]
struct Compiled {
    validator: Validator,
    document: Value,
}

impl Schemas {
    /// Prepares the schemas of all operations' inputs, outputs and errors. Nothing is compiled yet.
    #[must_use]
    pub fn new(contract: Arc<Contract>, rules: BodyRules) -> Self {
        let mut compiled = BTreeMap::new();
        for operation in contract.operations() {
            compiled.entry((operation.input.clone(), PayloadSide::Input)).or_default();
            compiled.entry((operation.output.clone(), PayloadSide::Output)).or_default();
            for error in &operation.errors {
                compiled.entry((error.clone(), PayloadSide::Output)).or_default();
            }
        }
        Self { contract, rules, compiled }
    }

    /// The rules of the protocol.
    #[must_use]
    pub fn rules(&self) -> &BodyRules {
        &self.rules
    }

    /// The contract that these schemas are of.
    #[must_use]
    pub fn contract(&self) -> &Arc<Contract> {
        &self.contract
    }

    /// The violations of `value` against the shape `id`, in the order of their pointers. The shape must be the input,
    /// the output or an error of an operation. Numbers beyond 64 bits are judged by the nearest ones that have them.
    ///
    /// # Errors
    /// A schema that does not compile, or a shape that is none of those.
    pub fn violations(&self, id: &ShapeId, side: PayloadSide, value: &Value) -> Result<Violations, SchemaError> {
        let cell = self
            .compiled
            .get(&(id.clone(), side))
            .ok_or_else(|| SchemaError { shape: id.clone(), problem: SchemaProblem::Unused })?;
        let compiled =
            cell.get_or_init(|| compile(&self.contract, &self.rules, id)).as_ref().map_err(SchemaError::clone)?;
        let exact = value;
        let value = &*rounded(exact);
        // Nearly every value keeps its shape, and a yes is cheaper than a list.
        if compiled.validator.is_valid(value) {
            return Ok(Violations::new());
        }
        let reading = Reading { contract: &self.contract, root: id, document: &compiled.document };
        let errors = compiled.validator.iter_errors(value);
        let mut found: Violations = errors.flat_map(|error| reading.violations(&error)).collect();
        for violation in &mut found {
            if let Some(number) = exact.pointer(&violation.pointer).and_then(ExactNumber::kept) {
                number.text().clone_into(&mut violation.actual);
            }
        }
        found.sort_by_cached_key(|one| (one.pointer.clone(), one.rule, one.expected.to_string(), one.actual.clone()));
        found.dedup();
        Ok(found)
    }
}

fn compile(contract: &Contract, rules: &BodyRules, root: &ShapeId) -> Result<Compiled, SchemaError> {
    let document = document(contract, rules, root);
    let validator = jsonschema::options()
        .with_draft(jsonschema::Draft::Draft202012)
        .offline()
        .with_keyword(PATTERN, |_, value, _| CheckKeyword::build(PATTERN, value))
        .with_keyword(TIMESTAMP, |_, value, _| CheckKeyword::build(TIMESTAMP, value))
        .with_keyword(BLOB, |_, value, _| CheckKeyword::build(BLOB, value))
        .build(&document)
        .map_err(|error| SchemaError {
            shape: root.clone(),
            problem: SchemaProblem::Compile(Arc::new(error.to_owned())),
        })?;
    Ok(Compiled { validator, document })
}

#[cfg(test)]
mod tests {
    use rstest::rstest;

    use serde_json::json;

    use super::*;

    const MODEL: &str = r#"{"smithy":"2.0","shapes":{
        "x#S":{"type":"service","version":"1","operations":[{"target":"x#Op"}],"traits":{"aws.protocols#awsJson1_0":{}}},
        "x#Op":{"type":"operation","input":{"target":"x#In"},"output":{"target":"x#Out"}},
        "x#In":{"type":"structure","members":{"name":{"target":"x#Name","traits":{"smithy.api#required":{},"wireproof#requirements":["T-1"]}}}},
        "x#Out":{"type":"structure","members":{
            "name":{"target":"x#Name","traits":{"smithy.api#required":{},"wireproof#requirements":["T-1"]}},
            "at":{"target":"smithy.api#Timestamp"},
            "status":{"target":"x#Status"},
            "count":{"target":"x#Count"},
            "tags":{"target":"x#Tags"},
            "map":{"target":"x#Map"},
            "choice":{"target":"x#Choice"},
            "data":{"target":"x#Data"},
            "secret":{"target":"x#Secret"},
            "next":{"target":"x#Out"},
            "ratio":{"target":"smithy.api#Double"},
            "free":{"target":"smithy.api#Document"},
            "events":{"target":"x#Events","traits":{"smithy.api#required":{}}},
            "day":{"target":"x#Day"}}},
        "x#Events":{"type":"union","members":{},"traits":{"smithy.api#streaming":{}}},
        "x#Name":{"type":"string","traits":{"smithy.api#length":{"min":1,"max":5},"smithy.api#pattern":"^[a-z]+$"}},
        "x#Status":{"type":"enum","members":{"A":{"target":"smithy.api#Unit","traits":{"smithy.api#enumValue":"Open"}}}},
        "x#Count":{"type":"integer","traits":{"smithy.api#range":{"min":1,"max":9}}},
        "x#Tags":{"type":"list","member":{"target":"x#Name"},"traits":{"smithy.api#length":{"min":1,"max":2},"smithy.api#uniqueItems":{}}},
        "x#Map":{"type":"map","key":{"target":"x#Name"},"value":{"target":"x#Count"}},
        "x#Choice":{"type":"union","members":{"a":{"target":"smithy.api#String"},"b":{"target":"smithy.api#String"}}},
        "x#Data":{"type":"blob","traits":{"smithy.api#length":{"max":2}}},
        "x#Day":{"type":"timestamp","traits":{"smithy.api#timestampFormat":"date-time"}},
        "x#Secret":{"type":"string","traits":{"smithy.api#sensitive":{},"smithy.api#length":{"max":1}}}}}"#;

    const RULES: BodyRules =
        BodyRules { timestamp_format: TimestampFormat::EpochSeconds, ignored_union_members: &["__type"] };

    fn found(value: &Value) -> Vec<(String, &'static str)> {
        let contract = Arc::new(crate::model::read("m", MODEL).unwrap());
        let schemas = Schemas::new(contract, RULES);
        let violations = schemas.violations(&ShapeId::new("x#Out"), PayloadSide::Output, value).unwrap();
        violations.into_iter().map(|v| (v.pointer, v.rule.name())).collect()
    }

    #[rstest]
    #[case::nothing(json!({"name": "ok", "at": 1.7e9, "status": "Open", "count": 3, "ratio": "NaN", "free": [1], "next": {"name": "b"}}), &[])]
    #[case::required(json!({}), &[("/name", "required")])]
    #[case::nested_required(json!({"name": "a", "next": {}}), &[("/next/name", "required")])]
    #[case::wrong_type(json!({"name": 1}), &[("/name", "type")])]
    #[case::not_an_object(json!([]), &[("", "type")])]
    #[case::null_member(json!({"name": "a", "status": null}), &[("/status", "null")])]
    #[case::too_long(json!({"name": "abcdef"}), &[("/name", "length")])]
    #[case::pattern(json!({"name": "a\n"}), &[("/name", "pattern")])]
    #[case::empty(json!({"name": ""}), &[("/name", "empty"), ("/name", "empty")])]
    #[case::unknown_value(json!({"name": "a", "status": "Odd"}), &[("/status", "enum")])]
    #[case::value_in_other_case(json!({"name": "a", "status": "OPEN"}), &[("/status", "enum-case")])]
    #[case::range(json!({"name": "a", "count": 10}), &[("/count", "range")])]
    #[case::zero_under_minimum(json!({"name": "a", "count": 0}), &[("/count", "empty")])]
    #[case::timestamp_text(json!({"name": "a", "at": "2020-01-01T00:00:00Z"}), &[("/at", "timestamp")])]
    #[case::timestamp_milliseconds(json!({"name": "a", "at": 1_617_398_999_962_i64}), &[("/at", "timestamp")])]
    #[case::own_format(json!({"name": "a", "day": "2020-01-01T00:00:00Z"}), &[])]
    #[case::own_format_broken(json!({"name": "a", "day": 5}), &[("/day", "timestamp")])]
    #[case::own_format_letters(json!({"name": "a", "day": "2026-XX-XXTXX:XX:not a time"}), &[("/day", "timestamp")])]
    #[case::list_bounds(json!({"name": "a", "tags": ["a", "b", "c"]}), &[("/tags", "length")])]
    #[case::duplicates(json!({"name": "a", "tags": ["a", "a"]}), &[("/tags", "unique")])]
    #[case::list_item(json!({"name": "a", "tags": ["A"]}), &[("/tags/0", "pattern")])]
    #[case::map_key(json!({"name": "a", "map": {"A": 1}}), &[("/map", "pattern")])]
    #[case::map_value(json!({"name": "a", "map": {"a": 99}}), &[("/map/a", "range")])]
    #[case::union_of_two(json!({"name": "a", "choice": {"a": "", "b": ""}}), &[("/choice", "union")])]
    #[case::union_of_none(json!({"name": "a", "choice": {}}), &[("/choice", "union")])]
    #[case::blob_text(json!({"name": "a", "data": "%%"}), &[("/data", "blob")])]
    #[case::blob_bytes(json!({"name": "a", "data": "YWJj"}), &[("/data", "length")])]
    #[case::unknown_member(json!({"name": "a", "extra": 1}), &[("/extra", "unknown-member")])]
    fn each_rule_is_found_at_its_pointer(#[case] value: Value, #[case] expected: &[(&str, &str)]) {
        let found = found(&value);
        let found: Vec<(&str, &str)> = found.iter().map(|(pointer, rule)| (pointer.as_str(), *rule)).collect();
        let mut expected = expected.to_vec();
        expected.dedup();
        let mut seen = found.clone();
        seen.dedup();
        assert_eq!(seen, expected);
    }

    #[test]
    fn a_violation_cites_the_requirements_of_the_member_and_hides_sensitive_values() {
        let schemas = Schemas::new(Arc::new(crate::model::read("m", MODEL).unwrap()), RULES);
        let found = schemas
            .violations(&ShapeId::new("x#Out"), PayloadSide::Output, &json!({"name": "TOO LONG", "secret": "hush"}))
            .unwrap();
        assert!(found.iter().filter(|v| v.pointer == "/name").all(|v| v.requirements == ["T-1"]));
        let secret = found.iter().find(|v| v.pointer == "/secret").unwrap();
        assert!(!secret.actual.contains("hush"), "{}", secret.actual);
    }

    #[test]
    fn an_unused_shape_is_an_error_without_a_panic() {
        let schemas = Schemas::new(Arc::new(crate::model::read("m", MODEL).unwrap()), RULES);
        assert!(schemas.violations(&ShapeId::new("x#Name"), PayloadSide::Output, &json!("a")).is_err());
    }
}
