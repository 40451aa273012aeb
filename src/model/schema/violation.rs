//! The violations of a value in Smithy's terms: errors of the validator, read by the schema that raised them.

use jsonschema::{ValidationError, error::ValidationErrorKind};
use serde_json::Value;

use super::{
    constraint::{JsonType, LengthUnit, Limit, ShapeConstraint},
    keyword,
};
use crate::model::{Contract, ShapeId, pointer::child};

/// The kinds of violations, as finding codes name them.
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
    /// A value that is not a timestamp in its format.
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
    /// An absent optional member of which documents contradict each other whether it is always there.
    ContestedMember,
    /// A null where the shape has a value.
    Null,
    /// An empty string, list or map, or a 0, under a minimum, enum or pattern that forbids it.
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
            Self::ContestedMember => "contested-member",
            Self::Null => "null",
            Self::Empty => "empty",
        }
    }
}

/// One constraint that a value violates.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Violation {
    /// JSON pointer of the value; for a missing or unknown member, of the member.
    pub pointer: String,
    /// The rule that reports it.
    pub rule: ShapeRule,
    /// The constraint.
    pub expected: ShapeConstraint,
    /// The value, shortened; sensitive values are not shown.
    pub actual: String,
    /// Requirement ids that the model cites at that location.
    pub requirements: Vec<String>,
}

/// The violations of one value, in the order of their pointers.
pub type Violations = Vec<Violation>;

/// The context that translates an error of the validator to Smithy's terms.
pub(super) struct Reading<'a> {
    pub(super) contract: &'a Contract,
    /// The shape of the whole value.
    pub(super) root: &'a ShapeId,
    /// The schema that the shape compiled to.
    pub(super) document: &'a Value,
}

impl Reading<'_> {
    /// The violations that correspond to one error of the validator.
    pub(super) fn violations(&self, error: &ValidationError<'_>) -> Vec<Violation> {
        let schema_path = error.schema_path().as_str();
        let (parent, keyword) = schema_path.rsplit_once('/').unwrap_or(("", schema_path));
        let node = self.document.pointer(parent).unwrap_or(&Value::Null);
        let (pointer, instance) = (error.instance_path().as_str(), error.instance());
        match error.kind() {
            ValidationErrorKind::Required { property } => vec![self.missing(property, pointer)],
            ValidationErrorKind::AdditionalProperties { unexpected } => {
                unexpected.iter().map(|name| self.unknown(name, instance, node, pointer)).collect()
            }
            ValidationErrorKind::PropertyNames { error } => keys(self.violations(error), pointer),
            // Its null is reported once, by its type.
            ValidationErrorKind::Enum { .. } if instance.is_null() => Vec::new(),
            kind => {
                let expected = constraint(kind, keyword, node, instance);
                vec![Violation {
                    pointer: pointer.to_owned(),
                    rule: rule(&expected, instance),
                    expected,
                    actual: self.shown(pointer, instance),
                    requirements: self.requirements(node, pointer),
                }]
            }
        }
    }

    fn missing(&self, property: &Value, pointer: &str) -> Violation {
        let name = property.as_str().unwrap_or_default();
        let pointer = child(pointer, name);
        let member = self.contract.member_at(self.root, &pointer);
        Violation {
            rule: ShapeRule::Required,
            expected: ShapeConstraint::Required { member: name.to_owned() },
            actual: "absent".to_owned(),
            requirements: member
                .into_iter()
                .flat_map(|member| member.traits.requirements())
                .map(str::to_owned)
                .collect(),
            pointer,
        }
    }

    fn unknown(&self, name: &str, instance: &Value, node: &Value, pointer: &str) -> Violation {
        Violation {
            pointer: child(pointer, name),
            rule: ShapeRule::UnknownMember,
            expected: ShapeConstraint::UnknownMember,
            actual: self.shown(pointer, &instance[name]),
            requirements: own_requirements(node),
        }
    }

    fn shown(&self, pointer: &str, value: &Value) -> String {
        if self.contract.is_sensitive_at(self.root, pointer) { "a sensitive value".to_owned() } else { shorten(value) }
    }

    /// The requirements of the violated constraint, and of every member on the way to the value: a bound on a shared
    /// shape is cited by the member that has the shape.
    fn requirements(&self, node: &Value, pointer: &str) -> Vec<String> {
        let members = self.contract.members_on(self.root, pointer);
        let cited = members.iter().flat_map(|member| member.traits.requirements()).map(str::to_owned);
        let mut found: Vec<String> = own_requirements(node).into_iter().chain(cited).collect();
        found.sort();
        found.dedup();
        found
    }
}

/// A key has no pointer of its own: its violations are reported at the map.
fn keys(mut violations: Vec<Violation>, pointer: &str) -> Vec<Violation> {
    for violation in &mut violations {
        pointer.clone_into(&mut violation.pointer);
        violation.expected = ShapeConstraint::Keys(Box::new(violation.expected.clone()));
    }
    violations
}

/// The constraint that corresponds to an error of the validator.
fn constraint(kind: &ValidationErrorKind, keyword: &str, node: &Value, instance: &Value) -> ShapeConstraint {
    use ShapeConstraint as C;
    use ValidationErrorKind as Kind;
    let length = |unit, limit| C::Length { unit, limit };
    match kind {
        Kind::Type { .. } => json_type(&node["type"]).map_or_else(|| C::Keyword(keyword.to_owned()), C::Type),
        Kind::Enum { options } => C::Enum { values: words(options) },
        Kind::MinProperties { .. } | Kind::MaxProperties { .. } if node["x-union"] == true => C::Union,
        Kind::MinLength { limit } => length(LengthUnit::Characters, Limit::AtLeast(*limit)),
        Kind::MaxLength { limit } => length(LengthUnit::Characters, Limit::AtMost(*limit)),
        Kind::MinItems { limit } => length(LengthUnit::Items, Limit::AtLeast(*limit)),
        Kind::MaxItems { limit } => length(LengthUnit::Items, Limit::AtMost(*limit)),
        Kind::MinProperties { limit } => length(LengthUnit::Entries, Limit::AtLeast(*limit)),
        Kind::MaxProperties { limit } => length(LengthUnit::Entries, Limit::AtMost(*limit)),
        Kind::Minimum { limit } => C::Range(Limit::AtLeast(limit.to_string())),
        Kind::Maximum { limit } => C::Range(Limit::AtMost(limit.to_string())),
        Kind::UniqueItems => C::UniqueItems,
        Kind::AnyOf { .. } if node["type"].is_array() => C::Type(JsonType::NumberOrSpecial),
        Kind::AnyOf { .. } => C::NullOrValue,
        other => keyword::violated(keyword, &node[keyword], instance)
            .unwrap_or_else(|| C::Keyword(other.keyword().to_owned())),
    }
}

/// The rule of a violation: nulls, empty values and enum values in another letter case have rules of their own.
fn rule(constraint: &ShapeConstraint, instance: &Value) -> ShapeRule {
    use ShapeConstraint as C;
    let or_empty = |rule: ShapeRule| if is_empty(instance) { ShapeRule::Empty } else { rule };
    match constraint {
        C::Type(JsonType::NumberOrSpecial) | C::NullOrValue | C::Keyword(_) => ShapeRule::Type,
        C::Type(_) | C::Timestamp(_) if instance.is_null() => ShapeRule::Null,
        C::Type(_) => ShapeRule::Type,
        C::Timestamp(_) => ShapeRule::Timestamp,
        C::Enum { values } if is_in_another_case(values, instance) => ShapeRule::EnumCase,
        C::Enum { .. } => or_empty(ShapeRule::Enum),
        C::Length { limit: Limit::AtLeast(_), unit } if *unit != LengthUnit::Bytes => or_empty(ShapeRule::Length),
        C::Length { .. } => ShapeRule::Length,
        C::Range(Limit::AtLeast(_)) => or_empty(ShapeRule::Range),
        C::Range(_) => ShapeRule::Range,
        C::Pattern { .. } => or_empty(ShapeRule::Pattern),
        C::BacktrackingLimit | C::UnusablePattern(_) => ShapeRule::PatternUndecided,
        C::Base64 => ShapeRule::Blob,
        C::UniqueItems => ShapeRule::Unique,
        C::Union => ShapeRule::Union,
        C::Required { .. } => ShapeRule::Required,
        C::UnknownMember => ShapeRule::UnknownMember,
        C::Keys(inner) => rule(inner, instance),
    }
}

fn own_requirements(node: &Value) -> Vec<String> {
    node["x-requirements"].as_array().into_iter().flatten().filter_map(|id| id.as_str().map(str::to_owned)).collect()
}

fn json_type(name: &Value) -> Option<JsonType> {
    Some(match name {
        Value::Array(_) => JsonType::Number,
        Value::String(name) => match name.as_str() {
            "object" => JsonType::Object,
            "array" => JsonType::Array,
            "string" => JsonType::String,
            "integer" => JsonType::Integer,
            "number" => JsonType::Number,
            "boolean" => JsonType::Boolean,
            _ => return None,
        },
        _ => return None,
    })
}

/// The values of an enum, strings without their quotes.
fn words(options: &Value) -> Vec<String> {
    let options = options.as_array().into_iter().flatten();
    options.map(|option| option.as_str().map_or_else(|| option.to_string(), str::to_owned)).collect()
}

fn is_in_another_case(values: &[String], instance: &Value) -> bool {
    instance.as_str().is_some_and(|text| values.iter().any(|value| value.eq_ignore_ascii_case(text)))
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
