//! What a value breaks of its shape, in Smithy's terms: validation errors read by the schema that raised them.

use jsonschema::{ValidationError, error::ValidationErrorKind};
use serde_json::{Value, json};

use crate::model::pointer::{child, unescape};

/// Which kind of constraint a value breaks.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[non_exhaustive]
pub enum ShapeRule {
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

impl ShapeRule {
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
    pub rule: ShapeRule,
    /// What the model says, in words.
    pub expected: String,
    /// What was there, shortened; sensitive values are not shown.
    pub actual: String,
    /// Requirement ids that the model cites at that place.
    pub requirements: Vec<String>,
}

/// The violations of one value, in the order of their pointers.
pub type Violations = Vec<Violation>;

/// The violations that one error of the validator stands for.
pub(super) fn violations_of(error: &ValidationError<'_>, document: &Value) -> Vec<Violation> {
    let schema_path = error.schema_path().as_str();
    let (parent, keyword) = schema_path.rsplit_once('/').unwrap_or(("", schema_path));
    let node = document.pointer(parent).unwrap_or(&Value::Null);
    let (pointer, instance) = (error.instance_path().as_str(), error.instance());
    match error.kind() {
        ValidationErrorKind::Required { property } => vec![missing(property, node, pointer)],
        ValidationErrorKind::AdditionalProperties { unexpected } => {
            unexpected.iter().map(|name| unknown(name, instance, node, pointer)).collect()
        }
        ValidationErrorKind::PropertyNames { error } => keys(violations_of(error, document), pointer),
        // Its null is reported once, by its type.
        ValidationErrorKind::Enum { .. } if instance.is_null() => Vec::new(),
        kind => {
            let (rule, expected) = broken(kind, keyword, node, instance);
            let hidden = node["x-sensitive"] == json!(true);
            vec![Violation {
                pointer: pointer.to_owned(),
                rule,
                expected,
                actual: if hidden { "a sensitive value".to_owned() } else { shorten(instance) },
                requirements: requirements_at(document, node, pointer),
            }]
        }
    }
}

fn missing(property: &Value, node: &Value, pointer: &str) -> Violation {
    let name = property.as_str().unwrap_or_default();
    Violation {
        pointer: child(pointer, name),
        rule: ShapeRule::Required,
        expected: format!("the required member {name}"),
        actual: "absent".to_owned(),
        requirements: own_requirements(&node["properties"][name]),
    }
}

fn unknown(name: &str, instance: &Value, node: &Value, pointer: &str) -> Violation {
    Violation {
        pointer: child(pointer, name),
        rule: ShapeRule::UnknownMember,
        expected: "no member of that name".to_owned(),
        actual: shorten(&instance[name]),
        requirements: own_requirements(node),
    }
}

/// What keys break is told at their map: a key has no pointer of its own.
fn keys(mut violations: Vec<Violation>, pointer: &str) -> Vec<Violation> {
    for violation in &mut violations {
        pointer.clone_into(&mut violation.pointer);
        violation.expected = format!("keys of {}", violation.expected);
    }
    violations
}

/// Which rule an error breaks, and what the rule says.
fn broken(kind: &ValidationErrorKind, keyword: &str, node: &Value, instance: &Value) -> (ShapeRule, String) {
    use ValidationErrorKind as Kind;
    let or_empty = |rule: ShapeRule| if is_empty(instance) { ShapeRule::Empty } else { rule };
    match kind {
        Kind::Type { .. } if instance.is_null() => (ShapeRule::Null, type_words(node)),
        Kind::Type { .. } => (ShapeRule::Type, type_words(node)),
        Kind::Enum { options } if same_but_for_case(options, instance) => (ShapeRule::EnumCase, one_of(options)),
        Kind::Enum { options } => (or_empty(ShapeRule::Enum), one_of(options)),
        Kind::MinProperties { .. } | Kind::MaxProperties { .. } if node["x-union"] == json!(true) => {
            (ShapeRule::Union, "exactly one member of the union".to_owned())
        }
        Kind::MinLength { limit } => (or_empty(ShapeRule::Length), format!("at least {limit} characters")),
        Kind::MaxLength { limit } => (ShapeRule::Length, format!("at most {limit} characters")),
        Kind::MinItems { limit } => (or_empty(ShapeRule::Length), format!("at least {limit} items")),
        Kind::MaxItems { limit } => (ShapeRule::Length, format!("at most {limit} items")),
        Kind::MinProperties { limit } => (or_empty(ShapeRule::Length), format!("at least {limit} entries")),
        Kind::MaxProperties { limit } => (ShapeRule::Length, format!("at most {limit} entries")),
        Kind::Minimum { limit } => (or_empty(ShapeRule::Range), format!("at least {limit}")),
        Kind::Maximum { limit } => (ShapeRule::Range, format!("at most {limit}")),
        Kind::UniqueItems => (ShapeRule::Unique, "items that all differ".to_owned()),
        Kind::AnyOf { .. } => (ShapeRule::Type, "a number, or NaN or an infinity as text".to_owned()),
        Kind::Custom { message, .. } => match custom(keyword, message, node) {
            (ShapeRule::Pattern, expected) => (or_empty(ShapeRule::Pattern), expected),
            (_, expected) if instance.is_null() => (ShapeRule::Null, expected),
            other => other,
        },
        other => (ShapeRule::Type, format!("a value that keeps {}", other.keyword())),
    }
}

/// What our own keywords report: the message carries what the keyword alone knows.
fn custom(keyword: &str, message: &str, node: &Value) -> (ShapeRule, String) {
    match keyword {
        "x-pattern" if message.is_empty() => {
            (ShapeRule::Pattern, format!("text matching {} in full", node["x-pattern"].as_str().unwrap_or_default()))
        }
        "x-pattern" => (ShapeRule::PatternUndecided, message.to_owned()),
        "x-timestamp" => (ShapeRule::Timestamp, message.to_owned()),
        _ if message.contains("base64") => (ShapeRule::Blob, message.to_owned()),
        _ => (ShapeRule::Length, message.to_owned()),
    }
}

/// Requirements of the innermost cited place on the way to `pointer`: a bound on a shared shape is cited by
/// the member that has the shape.
fn requirements_at(document: &Value, node: &Value, pointer: &str) -> Vec<String> {
    let mut found = own_requirements(node);
    let mut current = resolve(document, document);
    for token in pointer.split('/').skip(1) {
        let name = unescape(token);
        let next = match (&current["properties"][&name], &current["items"], &current["additionalProperties"]) {
            (property, _, _) if property.is_object() => property,
            (_, items, _) if items.is_object() => items,
            (_, _, values) if values.is_object() => values,
            _ => break,
        };
        let cited = own_requirements(next);
        if !cited.is_empty() {
            found.extend(cited);
        }
        current = resolve(document, next);
    }
    found.sort();
    found.dedup();
    found
}

fn own_requirements(node: &Value) -> Vec<String> {
    node["x-requirements"].as_array().into_iter().flatten().filter_map(|id| id.as_str().map(str::to_owned)).collect()
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

fn one_of(options: &Value) -> String {
    let words: Vec<String> = options
        .as_array()
        .into_iter()
        .flatten()
        .map(|option| option.as_str().map_or_else(|| option.to_string(), str::to_owned))
        .collect();
    format!("one of {}", words.join(", "))
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
