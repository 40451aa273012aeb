//! Shapes compiled to JSON Schema (draft 2020-12), and what a value breaks of them.
//!
//! The one mechanism that checks values against a model: answers, errors, the inputs of fixtures, and the
//! reference's own validation. The `jsonschema` crate stays behind this file; callers see [`Violation`]s.
//! Schemas are compiled on first use, once, and read without a lock from then on.

use std::{
    collections::{BTreeMap, BTreeSet},
    sync::{Arc, OnceLock},
};

use base64::Engine as _;
use jsonschema::{Keyword, ValidationError, Validator, error::ValidationErrorKind};
use serde_json::{Map, Value, json};
use thiserror::Error;

use super::{
    Contract, Matched, Pattern,
    shape::{Bounds, Kind, Member, NumberKind, Shape, ShapeId, TimestampFormat, Traits},
};
use crate::pointer::{escape, unescape};

/// A shape whose JSON Schema does not compile: a defect of the model or of this crate.
#[derive(Debug, Clone, Error)]
#[error("the schema of {shape} does not compile: {problem}")]
pub struct SchemaError {
    /// The shape.
    pub shape: ShapeId,
    /// What the schema compiler says.
    pub problem: String,
}

/// Which way a value travels.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Side {
    /// From the caller to the endpoint.
    Input,
    /// From the endpoint to the caller.
    Output,
}

/// Which kind of constraint a value breaks.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[non_exhaustive]
pub enum Rule {
    /// Another JSON type than the shape has.
    Type,
    /// A required member is absent.
    Required,
    /// A value outside the closed list.
    Enum,
    /// A value of the closed list in another letter case.
    EnumCase,
    /// Too short or too long.
    Length,
    /// The pattern does not match in full.
    Pattern,
    /// The pattern could not be decided.
    PatternUndecided,
    /// A number out of its range.
    Range,
    /// A timestamp in another encoding than the protocol's.
    Timestamp,
    /// A blob that is not base64.
    Blob,
    /// Items that must differ do not.
    Unique,
    /// A union without exactly one member.
    Union,
    /// A member that the shape does not have.
    UnknownMember,
    /// A value of the closed list about which documents contradict each other.
    ContestedValue,
    /// A null where the shape has a value.
    Null,
    /// An empty text, list or map, or a 0, under a minimum, enum or pattern that forbids it.
    Empty,
}

impl Rule {
    /// The stable kebab-case name.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Type => "type",
            Self::Required => "required",
            Self::Enum => "enum",
            Self::EnumCase => "enum-case",
            Self::Length => "length",
            Self::Pattern => "pattern",
            Self::PatternUndecided => "pattern-undecided",
            Self::Range => "range",
            Self::Timestamp => "timestamp",
            Self::Blob => "blob",
            Self::Unique => "unique",
            Self::Union => "union",
            Self::UnknownMember => "unknown-member",
            Self::ContestedValue => "contested-value",
            Self::Null => "null",
            Self::Empty => "empty",
        }
    }
}

/// One constraint that a value breaks.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Violation {
    /// JSON pointer of the value; for a missing or unknown member, of the member.
    pub pointer: String,
    /// Which kind of constraint.
    pub rule: Rule,
    /// What the model says, in words.
    pub expected: String,
    /// What was there, shortened; sensitive values are not shown.
    pub actual: String,
    /// Statement ids that the model cites at that place.
    pub statements: Vec<String>,
}

/// The violations of one value, in the order of their pointers.
pub type Violations = Vec<Violation>;

/// The compiled schemas of a contract.
#[derive(Debug)]
pub struct Schemas {
    contract: Arc<Contract>,
    compiled: BTreeMap<(ShapeId, Side), OnceLock<Result<Compiled, SchemaError>>>,
}

#[derive(Debug)]
struct Compiled {
    validator: Validator,
    document: Value,
}

impl Schemas {
    /// Prepares the schemas of all operations' inputs, outputs and errors. Nothing is compiled yet.
    #[must_use]
    pub fn new(contract: Arc<Contract>) -> Self {
        let mut compiled = BTreeMap::new();
        for operation in contract.operations() {
            compiled.entry((operation.input.clone(), Side::Input)).or_default();
            compiled.entry((operation.output.clone(), Side::Output)).or_default();
            for error in &operation.errors {
                compiled.entry((error.clone(), Side::Output)).or_default();
            }
        }
        Self { contract, compiled }
    }

    /// The contract that these schemas are of.
    #[must_use]
    pub fn contract(&self) -> &Arc<Contract> {
        &self.contract
    }

    /// What `value` breaks of the shape `id`, which must be the input, output or error of an operation.
    ///
    /// # Errors
    /// A schema that does not compile, or a shape that is none of those.
    pub fn violations(&self, id: &ShapeId, side: Side, value: &Value) -> Result<Violations, SchemaError> {
        let cell = self.compiled.get(&(id.clone(), side)).ok_or_else(|| SchemaError {
            shape: id.clone(),
            problem: "no operation of the contract uses it this way".to_owned(),
        })?;
        let compiled = cell.get_or_init(|| compile(&self.contract, id)).as_ref().map_err(SchemaError::clone)?;
        let mut found = BTreeSet::new();
        for error in compiled.validator.iter_errors(value) {
            found.extend(violations_of(&error, &compiled.document));
        }
        Ok(found.into_iter().collect())
    }
}

fn compile(contract: &Contract, root: &ShapeId) -> Result<Compiled, SchemaError> {
    let document = document(contract, root);
    let validator = jsonschema::options()
        .with_draft(jsonschema::Draft::Draft202012)
        .offline()
        .with_keyword("x-pattern", |_, value, _| Ok(Box::new(PatternKeyword::new(value))))
        .with_keyword("x-timestamp", |_, value, _| Ok(Box::new(TimestampKeyword::new(value))))
        .with_keyword("x-blob", |_, value, _| Ok(Box::new(BlobKeyword::new(value))))
        .build(&document)
        .map_err(|error| SchemaError { shape: root.clone(), problem: error.to_string() })?;
    Ok(Compiled { validator, document })
}

/// The JSON Schema of a shape and of all that it reaches.
fn document(contract: &Contract, root: &ShapeId) -> Value {
    let mut defs = Map::new();
    let mut open = vec![root.clone()];
    while let Some(id) = open.pop() {
        if defs.contains_key(id.as_str()) {
            continue;
        }
        let Some(shape) = contract.shape(&id) else { continue };
        defs.insert(id.as_str().to_owned(), shape_schema(contract, shape));
        match &shape.kind {
            Kind::Structure(members) | Kind::Union(members) => open.extend(members.iter().map(|m| m.target.clone())),
            Kind::List(item) => open.push(item.target.clone()),
            Kind::Map { key, value } => open.extend([key.target.clone(), value.target.clone()]),
            _ => {}
        }
    }
    json!({"$schema": "https://json-schema.org/draft/2020-12/schema", "$ref": reference(root), "$defs": defs})
}

/// A `$ref` to a definition; `#` and `/` of a shape id are escaped.
fn reference(id: &ShapeId) -> String {
    format!("#/$defs/{}", id.as_str().replace('~', "~0").replace('/', "~1").replace('%', "%25").replace('#', "%23"))
}

fn shape_schema(contract: &Contract, shape: &Shape) -> Value {
    let mut schema = match &shape.kind {
        Kind::Structure(members) => structure(contract, members, false),
        Kind::Union(members) => structure(contract, members, true),
        Kind::List(item) => json!({"type": "array", "items": member_schema(contract, item, shape.traits.sparse())}),
        Kind::Map { key, value } => json!({
            "type": "object",
            "propertyNames": member_schema(contract, key, false),
            "additionalProperties": member_schema(contract, value, shape.traits.sparse()),
        }),
        Kind::String => json!({"type": "string"}),
        Kind::Enum(values) => {
            let values: Vec<&str> = values.iter().map(|value| value.value.as_str()).collect();
            json!({"type": "string", "enum": values})
        }
        Kind::IntEnum(values) => json!({"type": "integer", "enum": values}),
        Kind::Boolean => json!({"type": "boolean"}),
        Kind::Number(kind) => number(*kind),
        Kind::Blob => json!({"type": "string", "x-blob": {}}),
        Kind::Timestamp | Kind::Document => json!({}),
    };
    constrain(&mut schema, &shape.kind, &shape.traits);
    if matches!(shape.kind, Kind::Timestamp) {
        set(&mut schema, "x-timestamp", timestamp_name(shape.traits.timestamp_format()).into());
    }
    schema
}

fn structure(contract: &Contract, members: &[Member], union: bool) -> Value {
    let properties: Map<String, Value> =
        members.iter().map(|m| (m.name.clone(), member_schema(contract, m, false))).collect();
    if union {
        let mut properties = properties;
        properties.insert("__type".to_owned(), json!({}));
        return json!({"type": "object", "properties": properties, "x-union": true, "minProperties": 1, "maxProperties": 1});
    }
    let required: Vec<&str> = members.iter().filter(|m| m.traits.required()).map(|m| m.name.as_str()).collect();
    json!({"type": "object", "properties": properties, "required": required, "additionalProperties": false})
}

/// A member's schema: its target's, narrowed by its own traits, or a null where the list or map is sparse.
fn member_schema(contract: &Contract, member: &Member, sparse: bool) -> Value {
    let mut schema = json!({"$ref": reference(&member.target)});
    if let Some(target) = contract.shape(&member.target) {
        constrain(&mut schema, &target.kind, &member.traits);
        if matches!(target.kind, Kind::Timestamp) && member.traits.timestamp_format().is_some() {
            schema = json!({"x-timestamp": timestamp_name(member.traits.timestamp_format())});
        }
    }
    if sparse { json!({"anyOf": [{"type": "null"}, schema]}) } else { schema }
}

fn number(kind: NumberKind) -> Value {
    let whole = |min: i64, max: i64| json!({"type": "integer", "minimum": min, "maximum": max});
    match kind {
        NumberKind::Byte => whole(i8::MIN.into(), i8::MAX.into()),
        NumberKind::Short => whole(i16::MIN.into(), i16::MAX.into()),
        NumberKind::Integer => whole(i32::MIN.into(), i32::MAX.into()),
        NumberKind::Long => whole(i64::MIN, i64::MAX),
        NumberKind::BigInteger => json!({"type": "integer"}),
        NumberKind::BigDecimal => json!({"type": "number"}),
        NumberKind::Float | NumberKind::Double => {
            json!({"type": ["number", "string"], "anyOf": [{"type": "number"}, {"enum": ["NaN", "Infinity", "-Infinity"]}]})
        }
    }
}

/// Adds the constraint traits, and the statements and sensitivity that a violation must know.
fn constrain(schema: &mut Value, kind: &Kind, traits: &Traits) {
    if let Some(Bounds { min, max }) = traits.length() {
        let (low, high) = match kind {
            Kind::List(_) => ("minItems", "maxItems"),
            Kind::Map { .. } => ("minProperties", "maxProperties"),
            Kind::Blob => return set(schema, "x-blob", json!({"min": min, "max": max})),
            _ => ("minLength", "maxLength"),
        };
        set_some(schema, low, min.map(Value::from));
        set_some(schema, high, max.map(Value::from));
    }
    if let Some(Bounds { min, max }) = traits.range() {
        set_some(schema, "minimum", min.map(Value::from));
        set_some(schema, "maximum", max.map(Value::from));
    }
    set_some(schema, "x-pattern", traits.pattern().map(Value::from));
    if traits.unique_items() {
        set(schema, "uniqueItems", true.into());
    }
    if traits.sensitive() {
        set(schema, "x-sensitive", true.into());
    }
    let statements: Vec<&str> = traits.statements().collect();
    if !statements.is_empty() {
        set(schema, "x-statements", statements.into());
    }
}

fn set(schema: &mut Value, keyword: &str, value: Value) {
    if let Value::Object(map) = schema {
        map.insert(keyword.to_owned(), value);
    }
}

fn set_some(schema: &mut Value, keyword: &str, value: Option<Value>) {
    if let Some(value) = value {
        set(schema, keyword, value);
    }
}

/// awsJson, restJson and CBOR bodies carry epoch seconds unless the model says otherwise.
fn timestamp_name(format: Option<TimestampFormat>) -> &'static str {
    match format {
        Some(TimestampFormat::DateTime) => "date-time",
        Some(TimestampFormat::HttpDate) => "http-date",
        Some(TimestampFormat::EpochSeconds) | None => "epoch-seconds",
    }
}

fn violations_of(error: &ValidationError<'_>, document: &Value) -> Vec<Violation> {
    let schema_path = error.schema_path().as_str();
    let (parent, keyword) = schema_path.rsplit_once('/').unwrap_or(("", schema_path));
    let node = document.pointer(parent).unwrap_or(&Value::Null);
    let instance = error.instance();
    let pointer = error.instance_path().as_str().to_owned();
    let actual = if node["x-sensitive"] == json!(true) { "a sensitive value".to_owned() } else { shorten(instance) };
    let statements = |pointer: &str| statements_at(document, node, pointer);
    let one = |rule: Rule, expected: String| {
        vec![Violation {
            statements: statements(&pointer),
            pointer: pointer.clone(),
            rule,
            expected,
            actual: actual.clone(),
        }]
    };
    let or_empty = |rule: Rule| if is_empty(instance) { Rule::Empty } else { rule };
    match error.kind() {
        ValidationErrorKind::Required { property } => {
            let name = property.as_str().unwrap_or_default();
            let member = &node["properties"][name];
            vec![Violation {
                pointer: format!("{pointer}/{}", escape(name)),
                rule: Rule::Required,
                expected: format!("the required member {name}"),
                actual: "absent".to_owned(),
                statements: own_statements(member),
            }]
        }
        ValidationErrorKind::AdditionalProperties { unexpected } => unexpected
            .iter()
            .map(|name| Violation {
                pointer: format!("{pointer}/{}", escape(name)),
                rule: Rule::UnknownMember,
                expected: "no member of that name".to_owned(),
                actual: shorten(&instance[name.as_str()]),
                statements: own_statements(node),
            })
            .collect(),
        ValidationErrorKind::Type { .. } if instance.is_null() => one(Rule::Null, type_words(node)),
        ValidationErrorKind::Type { .. } => one(Rule::Type, type_words(node)),
        ValidationErrorKind::Enum { options } => {
            let rule = if same_but_for_case(options, instance) { Rule::EnumCase } else { or_empty(Rule::Enum) };
            one(rule, format!("one of {}", list(options)))
        }
        ValidationErrorKind::MinProperties { .. } | ValidationErrorKind::MaxProperties { .. }
            if node["x-union"] == json!(true) =>
        {
            one(Rule::Union, "exactly one member of the union".to_owned())
        }
        ValidationErrorKind::MinLength { limit } => one(or_empty(Rule::Length), format!("at least {limit} characters")),
        ValidationErrorKind::MaxLength { limit } => one(Rule::Length, format!("at most {limit} characters")),
        ValidationErrorKind::MinItems { limit } => one(or_empty(Rule::Length), format!("at least {limit} items")),
        ValidationErrorKind::MaxItems { limit } => one(Rule::Length, format!("at most {limit} items")),
        ValidationErrorKind::MinProperties { limit } => {
            one(or_empty(Rule::Length), format!("at least {limit} entries"))
        }
        ValidationErrorKind::MaxProperties { limit } => one(Rule::Length, format!("at most {limit} entries")),
        ValidationErrorKind::Minimum { limit } => one(or_empty(Rule::Range), format!("at least {limit}")),
        ValidationErrorKind::Maximum { limit } => one(Rule::Range, format!("at most {limit}")),
        ValidationErrorKind::UniqueItems => one(Rule::Unique, "items that all differ".to_owned()),
        ValidationErrorKind::AnyOf { .. } => one(Rule::Type, "a number, or NaN or an infinity as text".to_owned()),
        ValidationErrorKind::Custom { message, .. } => {
            let (rule, expected) = custom(keyword, message, node);
            let rule = if rule == Rule::Pattern {
                or_empty(rule)
            } else if instance.is_null() {
                Rule::Null
            } else {
                rule
            };
            one(rule, expected)
        }
        ValidationErrorKind::PropertyNames { error } => {
            let mut nested = violations_of(error, document);
            for violation in &mut nested {
                violation.pointer.clone_from(&pointer);
                violation.expected = format!("keys of {}", violation.expected);
            }
            nested
        }
        other => one(Rule::Type, format!("a value that keeps {}", other.keyword())),
    }
}

/// What our own keywords report: the message carries what the keyword alone knows.
fn custom(keyword: &str, message: &str, node: &Value) -> (Rule, String) {
    match keyword {
        "x-pattern" if message.is_empty() => {
            (Rule::Pattern, format!("text matching {} in full", node["x-pattern"].as_str().unwrap_or_default()))
        }
        "x-pattern" => (Rule::PatternUndecided, message.to_owned()),
        "x-timestamp" => (Rule::Timestamp, message.to_owned()),
        _ if message.contains("base64") => (Rule::Blob, message.to_owned()),
        _ => (Rule::Length, message.to_owned()),
    }
}

/// Statements of the innermost cited place on the way to `pointer`: a bound on a shared shape is cited by
/// the member that has the shape.
fn statements_at(document: &Value, node: &Value, pointer: &str) -> Vec<String> {
    let mut found = own_statements(node);
    let mut current = resolve(document, document);
    for token in pointer.split('/').skip(1) {
        let name = unescape(token);
        let next = match (&current["properties"][&name], &current["items"], &current["additionalProperties"]) {
            (property, _, _) if property.is_object() => property,
            (_, items, _) if items.is_object() => items,
            (_, _, values) if values.is_object() => values,
            _ => break,
        };
        let cited = own_statements(next);
        if !cited.is_empty() {
            found.extend(cited);
        }
        current = resolve(document, next);
    }
    found.sort();
    found.dedup();
    found
}

fn own_statements(node: &Value) -> Vec<String> {
    node["x-statements"].as_array().into_iter().flatten().filter_map(|id| id.as_str().map(str::to_owned)).collect()
}

fn resolve<'d>(document: &'d Value, node: &'d Value) -> &'d Value {
    let Some(reference) = node["$ref"].as_str() else { return node };
    let name = reference
        .trim_start_matches("#/$defs/")
        .replace("%23", "#")
        .replace("%25", "%")
        .replace("~1", "/")
        .replace("~0", "~");
    &document["$defs"][name]
}

fn type_words(node: &Value) -> String {
    match &node["type"] {
        Value::String(name) if name == "object" => "a JSON object".to_owned(),
        Value::String(name) if name == "array" => "a JSON array".to_owned(),
        Value::String(name) => format!("a JSON {name}"),
        Value::Array(_) => "a JSON number".to_owned(),
        _ => "another JSON type".to_owned(),
    }
}

fn list(options: &Value) -> String {
    let words: Vec<String> = options
        .as_array()
        .into_iter()
        .flatten()
        .map(|option| option.as_str().map_or_else(|| option.to_string(), str::to_owned))
        .collect();
    words.join(", ")
}

fn same_but_for_case(options: &Value, instance: &Value) -> bool {
    let Some(text) = instance.as_str() else { return false };
    options.as_array().into_iter().flatten().filter_map(Value::as_str).any(|option| option.eq_ignore_ascii_case(text))
}

fn is_empty(value: &Value) -> bool {
    match value {
        Value::String(text) => text.is_empty(),
        Value::Array(items) => items.is_empty(),
        Value::Object(map) => map.is_empty(),
        Value::Number(number) => number.as_f64() == Some(0.0),
        _ => false,
    }
}

fn shorten(value: &Value) -> String {
    let text = value.to_string();
    match text.char_indices().nth(96) {
        Some((end, _)) => format!("{}… ({} bytes)", &text[..end], text.len()),
        None => text,
    }
}

struct PatternKeyword {
    source: String,
    compiled: OnceLock<Result<Pattern, String>>,
}

impl PatternKeyword {
    fn new(value: &Value) -> Self {
        Self { source: value.as_str().unwrap_or_default().to_owned(), compiled: OnceLock::new() }
    }

    /// `None` when the text is fine; an empty message when it does not match; else why nothing can be said.
    fn problem(&self, instance: &Value) -> Option<String> {
        let text = instance.as_str()?;
        let compiled = self.compiled.get_or_init(|| Pattern::full(&self.source).map_err(|error| error.to_string()));
        match compiled.as_ref().map(|pattern| pattern.matches(text)) {
            Ok(Matched::Yes) => None,
            Ok(Matched::No) => Some(String::new()),
            Ok(Matched::Undecided) => Some("a decision within the backtracking limit".to_owned()),
            Err(problem) => Some(problem.clone()),
        }
    }
}

struct TimestampKeyword(String);

impl TimestampKeyword {
    fn new(value: &Value) -> Self {
        Self(value.as_str().unwrap_or_default().to_owned())
    }

    fn problem(&self, instance: &Value) -> Option<String> {
        match self.0.as_str() {
            "epoch-seconds" => epoch_problem(instance),
            "date-time" => {
                (!instance.as_str().is_some_and(is_date_time)).then(|| "an RFC 3339 timestamp as text".to_owned())
            }
            _ => (!instance.as_str().is_some_and(|text| text.ends_with(" GMT")))
                .then(|| "an IMF-fixdate as text".to_owned()),
        }
    }
}

/// Seconds beyond the year 5138 are milliseconds in truth.
const LATEST_EPOCH_SECONDS: f64 = 1e11;

fn epoch_problem(instance: &Value) -> Option<String> {
    match instance.as_f64() {
        None => Some("a JSON number of epoch seconds".to_owned()),
        Some(seconds) if seconds.abs() >= LATEST_EPOCH_SECONDS => Some("epoch seconds, not milliseconds".to_owned()),
        Some(_) => None,
    }
}

fn is_date_time(text: &str) -> bool {
    let bytes = text.as_bytes();
    let shape = |at: usize, c: u8| bytes.get(at) == Some(&c);
    bytes.len() >= 20
        && bytes[..4].iter().all(u8::is_ascii_digit)
        && shape(4, b'-')
        && shape(7, b'-')
        && matches!(bytes[10], b'T' | b't')
        && shape(13, b':')
        && shape(16, b':')
}

struct BlobKeyword(Bounds<u64>);

impl BlobKeyword {
    fn new(value: &Value) -> Self {
        Self(Bounds { min: value["min"].as_u64(), max: value["max"].as_u64() })
    }

    fn problem(&self, instance: &Value) -> Option<String> {
        let text = instance.as_str()?;
        let Ok(bytes) = base64::engine::general_purpose::STANDARD.decode(text) else {
            return Some("base64 text".to_owned());
        };
        let length = bytes.len() as u64;
        match self.0 {
            Bounds { min: Some(min), .. } if length < min => Some(format!("at least {min} bytes")),
            Bounds { max: Some(max), .. } if length > max => Some(format!("at most {max} bytes")),
            _ => None,
        }
    }
}

macro_rules! keyword {
    ($($name:ty),*) => {$(
        impl<'i> Keyword<'i> for $name {
            fn validate(&self, instance: &'i Value) -> Result<(), ValidationError<'i>> {
                self.problem(instance).map_or(Ok(()), |problem| Err(ValidationError::custom(problem)))
            }

            fn is_valid(&self, instance: &'i Value) -> bool {
                self.problem(instance).is_none()
            }
        }
    )*};
}
keyword!(PatternKeyword, TimestampKeyword, BlobKeyword);

#[cfg(test)]
mod tests {
    use rstest::rstest;

    use super::*;

    const MODEL: &str = r#"{"smithy":"2.0","shapes":{
        "x#S":{"type":"service","version":"1","operations":[{"target":"x#Op"}],"traits":{"aws.protocols#awsJson1_0":{}}},
        "x#Op":{"type":"operation","input":{"target":"x#In"},"output":{"target":"x#Out"}},
        "x#In":{"type":"structure","members":{"name":{"target":"x#Name","traits":{"smithy.api#required":{},"wireproof#statement":["T-1"]}}}},
        "x#Out":{"type":"structure","members":{
            "name":{"target":"x#Name","traits":{"smithy.api#required":{},"wireproof#statement":["T-1"]}},
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
            "day":{"target":"x#Day"}}},
        "x#Name":{"type":"string","traits":{"smithy.api#length":{"min":1,"max":5},"smithy.api#pattern":"^[a-z]+$"}},
        "x#Status":{"type":"enum","members":{"A":{"target":"smithy.api#Unit","traits":{"smithy.api#enumValue":"Open"}}}},
        "x#Count":{"type":"integer","traits":{"smithy.api#range":{"min":1,"max":9}}},
        "x#Tags":{"type":"list","member":{"target":"x#Name"},"traits":{"smithy.api#length":{"min":1,"max":2},"smithy.api#uniqueItems":{}}},
        "x#Map":{"type":"map","key":{"target":"x#Name"},"value":{"target":"x#Count"}},
        "x#Choice":{"type":"union","members":{"a":{"target":"smithy.api#String"},"b":{"target":"smithy.api#String"}}},
        "x#Data":{"type":"blob","traits":{"smithy.api#length":{"max":2}}},
        "x#Day":{"type":"timestamp","traits":{"smithy.api#timestampFormat":"date-time"}},
        "x#Secret":{"type":"string","traits":{"smithy.api#sensitive":{},"smithy.api#length":{"max":1}}}}}"#;

    fn found(value: &Value) -> Vec<(String, &'static str)> {
        let contract = Arc::new(super::super::read("m", MODEL).unwrap());
        let schemas = Schemas::new(contract);
        let violations = schemas.violations(&ShapeId::new("x#Out"), Side::Output, value).unwrap();
        violations.into_iter().map(|v| (v.pointer, v.rule.name())).collect()
    }

    #[rstest]
    #[case::nothing(json!({"name": "ok", "at": 1.7e9, "status": "Open", "count": 3, "ratio": "NaN", "free": [1], "next": {"name": "b"}}), &[])]
    #[case::required(json!({}), &[("/name", "required")])]
    #[case::nested_required(json!({"name": "a", "next": {}}), &[("/next/name", "required")])]
    #[case::wrong_type(json!({"name": 1}), &[("/name", "type")])]
    #[case::not_an_object(json!([]), &[("", "type")])]
    #[case::null_member(json!({"name": "a", "status": null}), &[("/status", "enum"), ("/status", "null")])]
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
    fn a_violation_cites_the_statements_of_the_member_and_hides_sensitive_values() {
        let schemas = Schemas::new(Arc::new(super::super::read("m", MODEL).unwrap()));
        let found = schemas
            .violations(&ShapeId::new("x#Out"), Side::Output, &json!({"name": "TOO LONG", "secret": "hush"}))
            .unwrap();
        assert!(found.iter().filter(|v| v.pointer == "/name").all(|v| v.statements == ["T-1"]));
        let secret = found.iter().find(|v| v.pointer == "/secret").unwrap();
        assert!(!secret.actual.contains("hush"), "{}", secret.actual);
    }

    #[test]
    fn a_shape_that_no_operation_uses_is_an_error_and_no_panic() {
        let schemas = Schemas::new(Arc::new(super::super::read("m", MODEL).unwrap()));
        assert!(schemas.violations(&ShapeId::new("x#Name"), Side::Output, &json!("a")).is_err());
    }
}
