//! What a value breaks of its shape, in Smithy's terms: validation errors read by the schema that raised them.

use jsonschema::{ValidationError, error::ValidationErrorKind};
use serde_json::{Value, json};

use crate::pointer::{escape, unescape};

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

/// The violations that one error of the validator stands for.
pub(super) fn violations_of(error: &ValidationError<'_>, document: &Value) -> Vec<Violation> {
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
        // Its null is reported once, by its type.
        ValidationErrorKind::Enum { .. } if instance.is_null() => Vec::new(),
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
