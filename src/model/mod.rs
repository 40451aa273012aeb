//! Published models: what they promise about a service, in Smithy's terms, whichever format they have.
//!
//! Owns [`Contract`], [`Operation`] and [`Shape`], the readers that make them, the validation of values, and the one
//! walker of shape and value. Pure: callers pass text. Scenarios, HTTP and verdicts are unknown here.
//!
//! | module | holds | may import |
//! |---|---|---|
//! | `shape` | Shapes, members and traits, after the Smithy 2.0 specification |  |
//! | `exact_number` | JSON numbers with the digits that they were written with, and one rule for their equality |  |
//! | `json_text` | Writes a value as JSON, each number with the digits that it was written with | `exact_number` |
//! | `binding` | The part of an HTTP message that carries a member of an input, an output or an error |  |
//! | `bounded_file` | Reads files of bounded size |  |
//! | `pointer` | Writes JSON pointers (RFC 6901); `serde_json` reads them |  |
//! | `model_error` | A model that cannot be read | `pointer` |
//! | `default_values` | The default values of absent members |  |
//! | `botocore` | Reads botocore's `service-2.json` into a `Contract`, in the terms of the Smithy model that it was made from | `shape`, `model_error`, `pointer` |
//! | `companion` | The files that botocore has for each model: examples, paginators, waiters | `botocore`, `model_error` |
//! | `optional_heads` | A contract by which responses are judged whose headers are not those that were sent | `shape` |
//! | `output_path` | A location in an output, which may be inside of lists and maps | `pointer`, `shape` |
//! | `pattern` | Patterns of models, in the syntax of Java and ECMAScript |  |
//! | `published` | The files of a published model, by its name | `bounded_file`, `companion` |
//! | `relation_role` | What an operation does to a kind of resource |  |
//! | `resource_shape` | Smithy's `resource` shapes | `shape` |
//! | `schema` | Shapes compiled to JSON Schema (draft 2020-12), and the violations of a value | `shape`, `pointer`, `exact_number` |
//! | `sensitive` | The operations with sensitive values, at any depth |  |
//! | `smithy` | Reads a Smithy JSON AST, 1.0 or 2.0, into a `Contract` | `shape`, `model_error`, `pointer`, `resource_shape` |
//! | `timestamp_format` | The formats of timestamps, and the check of a JSON value against them |  |
//! | `instant` | Points in time, read from one format of timestamps and written in another | `exact_number`, `timestamp_format` |
//! | `waiter` | Waiters: the responses that end a poll, in success or in failure |  |
//! | `walk` | One way through a value by its shape | `pointer` |

#![allow(missing_docs, reason = "this room has no promised API")]

mod binding;
mod botocore;
pub mod bounded_file;
mod companion;
mod default_values;
pub mod exact_number;
mod instant;
mod json_text;
mod model_error;
mod optional_heads;
mod output_path;
mod pattern;
pub mod pointer;
pub mod published;
mod relation_role;
mod resource_shape;
mod schema;
mod sensitive;
mod shape;
mod smithy;
mod timestamp_format;
mod waiter;
pub mod walk;

use std::{
    collections::{BTreeMap, BTreeSet, HashSet},
    sync::OnceLock,
};

use memchr::memmem;
use serde::{Deserialize, de::IgnoredAny};

pub use binding::MemberBinding;
pub use companion::Companion;
pub use default_values::DefaultsBy;
pub use instant::Instant;
pub use json_text::JsonText;
pub use model_error::{ModelError, ModelProblem};
pub use output_path::OutputPath;
pub use pattern::{Matched, Pattern, PatternError, PatternProblem};
pub use relation_role::RelationRole;
pub use resource_shape::{Lifecycle, ResourceShape};
pub use schema::{
    BodyRules, JsonType, LengthUnit, Limit, PayloadSide, SchemaError, SchemaProblem, Schemas, ShapeConstraint,
    ShapeRule, Violation, Violations,
};
pub use shape::{Bounds, EnumValue, ErrorKind, Member, NumberKind, Shape, ShapeId, ShapeKind, Traits, kebab_case};
pub use timestamp_format::{TimestampError, TimestampFormat, http_date_seconds};
pub use waiter::{Waiter, WaiterAcceptor, WaiterMatcher, WaiterState, WaiterTrigger, waiters};

/// One service's contract: its operations and every shape that they reach.
#[derive(Debug, Clone)]
pub struct Contract {
    service: Service,
    operations: BTreeMap<String, Operation>,
    shapes: BTreeMap<ShapeId, Shape>,
    /// The `resource` shapes, which only Smithy has.
    resources: Vec<ResourceShape>,
    /// The names and query codes of all errors.
    errors: BTreeSet<String>,
    /// The names of the operations with sensitive values, computed on first use.
    sensitive: OnceLock<HashSet<String>>,
}

/// The maximum number of shapes of a model: ten times that of the largest published one.
const MOST_TYPES: usize = 150_000;

/// Reads a model: a Smithy JSON AST or botocore's `service-2.json`, by its content. `file` is only used in errors.
///
/// # Errors
/// Text that is not JSON or not a model, too many shapes, and references to undefined shapes.
pub fn read(file: &str, text: &str) -> Result<Contract, ModelError> {
    #[derive(Deserialize)]
    struct Form {
        smithy: Option<IgnoredAny>,
        metadata: Option<IgnoredAny>,
    }
    if memmem::find_iter(text.as_bytes(), "\"type\"").nth(MOST_TYPES).is_some() {
        let problem = ModelProblem::TooManyShapes(MOST_TYPES);
        return Err(ModelError { file: file.to_owned(), pointer: String::new(), problem });
    }
    // Reading the form takes as long as skipping the whole text, so the two usual cases are decided without it.
    let is_smithy =
        || text.trim_start().strip_prefix('{').is_some_and(|rest| rest.trim_start().starts_with("\"smithy\""));
    let is_botocore = || !text.contains("\"smithy\"") && text.contains("\"metadata\"");
    if is_smithy() {
        return smithy::read(file, text);
    }
    if is_botocore() {
        return botocore::read(file, text);
    }
    let form: Form = model_error::decode(file, text)?;
    match form {
        Form { smithy: None, metadata: Some(_) } => botocore::read(file, text),
        _ => smithy::read(file, text),
    }
}

/// The properties of the service as a whole.
#[derive(Debug, Clone)]
pub struct Service {
    /// The shape id of the service; its name is the prefix of `X-Amz-Target` in the AWS JSON protocols.
    pub id: ShapeId,
    /// The API version, `2014-10-06` for CodeDeploy.
    pub version: String,
    /// The title from `smithy.api#title`.
    pub title: String,
    /// The service name of the SigV4 credential scope, from `aws.auth#sigv4`.
    pub signing_name: String,
    /// Protocol traits in the order of the file, absolute ids such as `aws.protocols#awsJson1_1`.
    pub protocols: Vec<ShapeId>,
    /// All traits of the service shape.
    pub traits: Traits,
}

/// One operation of a service.
#[derive(Debug, Clone)]
pub struct Operation {
    /// The name without its namespace, as `X-Amz-Target` carries it.
    pub name: String,
    /// The shape id of the operation.
    pub id: ShapeId,
    /// The input structure; `smithy.api#Unit` when there is none.
    pub input: ShapeId,
    /// The output structure; `smithy.api#Unit` when there is none.
    pub output: ShapeId,
    /// Declared errors, those of the service included, in the order of the file.
    pub errors: Vec<ShapeId>,
    /// All traits of the operation shape.
    pub traits: Traits,
}

impl Operation {
    /// The input of the first example (`smithy.api#examples`).
    #[must_use]
    pub fn example_input(&self) -> Option<&serde_json::Value> {
        self.traits.get("smithy.api#examples")?.as_array()?.first()?.get("input")
    }
}

impl Contract {
    fn new(service: Service, operations: BTreeMap<String, Operation>, shapes: BTreeMap<ShapeId, Shape>) -> Self {
        let mut errors = BTreeSet::new();
        for shape in shapes.values().filter(|shape| shape.traits.error().is_some()) {
            errors.insert(shape.id.name().to_owned());
            errors.extend(shape.traits.query_error_code().map(str::to_owned));
        }
        Self { service, operations, shapes, resources: Vec::new(), errors, sensitive: OnceLock::new() }
    }

    /// The service.
    #[must_use]
    pub fn service(&self) -> &Service {
        &self.service
    }

    /// The operation of that name, without a namespace.
    #[must_use]
    pub fn operation(&self, name: &str) -> Option<&Operation> {
        self.operations.get(name)
    }

    /// Every operation, by name.
    pub fn operations(&self) -> impl Iterator<Item = &Operation> {
        self.operations.values()
    }

    /// The shape of that id, from the model or from Smithy's prelude.
    #[must_use]
    pub fn shape(&self, id: &ShapeId) -> Option<&Shape> {
        self.shapes.get(id).or_else(|| shape::prelude(id))
    }

    /// Every shape of the model, without the prelude.
    pub fn shapes(&self) -> impl Iterator<Item = &Shape> {
        self.shapes.values()
    }

    /// The `resource` shapes of a Smithy model, each before those that belong to it; none of botocore.
    #[must_use]
    pub fn resources(&self) -> &[ResourceShape] {
        &self.resources
    }

    /// The shape of a declared error of `operation`: by its name without a namespace, else by its code of the query
    /// protocol, which services that used to speak it may still send.
    #[must_use]
    pub fn error(&self, operation: &Operation, name: &str) -> Option<&Shape> {
        let by_name = operation.errors.iter().find(|id| id.name() == name).and_then(|id| self.shape(id));
        by_name.or_else(|| {
            let mut shapes = operation.errors.iter().filter_map(|id| self.shape(id));
            shapes.find(|shape| shape.traits.query_error_code() == Some(name))
        })
    }

    /// Returns whether the service has an error of that name or query code.
    #[must_use]
    pub fn knows_error(&self, name: &str) -> bool {
        self.errors.contains(name)
    }

    /// The members of a structure or union; none for any other shape.
    #[must_use]
    pub fn members(&self, id: &ShapeId) -> &[Member] {
        match self.shape(id).map(|shape| &shape.kind) {
            Some(ShapeKind::Structure(members) | ShapeKind::Union(members)) => members,
            _ => &[],
        }
    }

    /// The enum values that `value` holds below the shape `root`, each with its JSON pointer.
    #[must_use]
    pub fn enum_values(&self, root: &ShapeId, value: &serde_json::Value) -> Vec<(String, &EnumValue)> {
        let mut found = Vec::new();
        walk::walk(self, Some(root), value, &(), &mut |at, ()| {
            let shape = at.shape?;
            if let (ShapeKind::Enum(values), Some(text)) = (&shape.kind, at.value.as_str()) {
                let known = values.iter().find(|known| known.value == text);
                found.extend(known.map(|known| (at.pointer.to_owned(), known)));
            }
            Some(())
        });
        found
    }

    /// A copy of `input` without the null members of structures, which the AWS JSON protocols read as absent.
    ///
    /// Nulls inside lists and maps stay: there they are values.
    #[must_use]
    pub fn without_null_members(&self, root: &ShapeId, input: &serde_json::Value) -> serde_json::Value {
        walk::rewrite(self, root, input, &mut |at: &walk::VisitedValue<'_, '_, &serde_json::Value>| {
            if at.is_in_structure() && at.value.is_null() {
                walk::Rewritten::Nothing
            } else if at.shape.is_none() {
                walk::Rewritten::Value(at.value.clone())
            } else {
                walk::Rewritten::Parts
            }
        })
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    const MODEL: &str = r#"{"smithy":"2.0","shapes":{
        "x#S":{"type":"service","version":"1","operations":[{"target":"x#Put"}],
               "traits":{"aws.auth#sigv4":{"name":"s"},"aws.protocols#awsJson1_0":{}}},
        "x#Put":{"type":"operation","input":{"target":"x#In"},"output":{"target":"smithy.api#Unit"},"errors":[{"target":"x#Bad"}]},
        "x#In":{"type":"structure","members":{"a":{"target":"smithy.api#String"},"l":{"target":"x#L"}}},
        "x#L":{"type":"list","member":{"target":"x#In"}},
        "x#Bad":{"type":"structure","members":{},"traits":{"smithy.api#error":"client"}}}}"#;

    #[test]
    fn null_members_are_dropped_but_null_list_items_stay() {
        let contract = read("m.json", MODEL).unwrap();
        let input = json!({"a": null, "l": [null, {"a": null}]});
        let id = ShapeId::new("x#In");
        assert_eq!(contract.without_null_members(&id, &input), json!({"l": [null, {}]}));
    }

    #[test]
    fn a_pointer_leads_through_lists_to_a_member() {
        let contract = read("m.json", MODEL).unwrap();
        let member = contract.member_at(&ShapeId::new("x#In"), "/l/0/a").unwrap();
        assert_eq!(member.name, "a");
        assert!(contract.member_at(&ShapeId::new("x#In"), "/l/0/zz").is_none());
    }

    #[test]
    fn an_error_is_found_by_its_name_on_the_operation_that_declares_it() {
        let contract = read("m.json", MODEL).unwrap();
        let put = contract.operation("Put").unwrap();
        assert!(contract.error(put, "Bad").is_some());
        assert!(contract.error(put, "Worse").is_none());
        assert!(contract.knows_error("Bad") && !contract.knows_error("In"));
    }
}
