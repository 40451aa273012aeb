//! Shapes, members and traits, after the Smithy 2.0 specification.

use std::{collections::BTreeMap, fmt, sync::LazyLock};

use serde_json::Value;

use super::TimestampFormat;

/// An absolute shape id, `namespace#Name`.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct ShapeId(String);

impl ShapeId {
    /// Wraps an absolute shape id.
    pub fn new(id: impl Into<String>) -> Self {
        Self(id.into())
    }

    /// The absolute id.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// The part after `#`, or the whole id without one.
    #[must_use]
    pub fn name(&self) -> &str {
        self.0.split_once('#').map_or(self.0.as_str(), |(_, name)| name)
    }

    /// The part before `#`, or an empty string without one.
    #[must_use]
    pub fn namespace(&self) -> &str {
        self.0.split_once('#').map_or("", |(namespace, _)| namespace)
    }

    /// Returns whether this is `smithy.api#Unit`, the shape of an operation without input or output.
    #[must_use]
    pub fn is_unit(&self) -> bool {
        self.0 == "smithy.api#Unit"
    }
}

impl fmt::Display for ShapeId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// A Smithy name in kebab-case, as folders and labels write it.
#[must_use]
pub fn kebab_case(name: &str) -> String {
    let mut out = String::new();
    for c in name.chars() {
        if c.is_ascii_uppercase() && !out.is_empty() {
            out.push('-');
        }
        out.push(c.to_ascii_lowercase());
    }
    out
}

/// A shape with its traits.
#[derive(Debug, Clone)]
pub struct Shape {
    /// The absolute id.
    pub id: ShapeId,
    /// The kind of value that it describes.
    pub kind: ShapeKind,
    /// The traits applied to the shape itself.
    pub traits: Traits,
}

impl Shape {
    /// The declared HTTP status of an error, or the default for a client or server error.
    #[must_use]
    pub fn error_status(&self) -> u16 {
        let by_fault = if self.traits.error() == Some(ErrorKind::Server) { 500 } else { 400 };
        self.traits.http_error().unwrap_or(by_fault)
    }
}

/// The kind of value that a shape describes.
#[derive(Debug, Clone)]
pub enum ShapeKind {
    /// An object with named members.
    Structure(Vec<Member>),
    /// An object with exactly one member.
    Union(Vec<Member>),
    /// An array (Smithy `list`, and the older `set`).
    List(Member),
    /// An object whose keys are data.
    Map {
        /// The shape of the keys.
        key: Member,
        /// The shape of the values.
        value: Member,
    },
    /// A string.
    String,
    /// One of a list of strings.
    Enum(Vec<EnumValue>),
    /// One of a list of integers.
    IntEnum(Vec<i64>),
    /// `true` or `false`.
    Boolean,
    /// A number.
    Number(NumberKind),
    /// Bytes; a base64 string in the JSON protocols.
    Blob,
    /// A point in time.
    Timestamp,
    /// Any JSON value.
    Document,
}

/// A value of an enum.
#[derive(Debug, Clone)]
pub struct EnumValue {
    /// The string on the wire.
    pub value: String,
    /// The traits applied to the value.
    pub traits: Traits,
}

/// Smithy's number shapes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum NumberKind {
    /// 8-bit signed.
    Byte,
    /// 16-bit signed.
    Short,
    /// 32-bit signed.
    Integer,
    /// 64-bit signed.
    Long,
    /// An integer of any size.
    BigInteger,
    /// Single precision; `"NaN"` and the infinities are strings on the wire.
    Float,
    /// Double precision; `"NaN"` and the infinities are strings on the wire.
    Double,
    /// A decimal number of any size.
    BigDecimal,
}

/// A member of a structure or union, an item of a list, or a key or value of a map.
#[derive(Debug, Clone)]
pub struct Member {
    /// The name in a JSON body; `member`, `key` or `value` for the parts of lists and maps.
    pub name: String,
    /// The shape of the member.
    pub target: ShapeId,
    /// The traits applied to the member; they win over those of the target.
    pub traits: Traits,
}

/// An inclusive lower and upper bound, each optional.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Bounds<N> {
    /// The least valid value.
    pub min: Option<N>,
    /// The greatest valid value.
    pub max: Option<N>,
}

/// The party at fault for an error, from `smithy.api#error`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ErrorKind {
    /// The caller's.
    Client,
    /// The service's.
    Server,
}

/// The traits of a shape or member, by absolute id.
#[derive(Debug, Clone, Default)]
pub struct Traits(pub(super) BTreeMap<String, Value>);

impl Traits {
    /// The value of the trait of that absolute id.
    #[must_use]
    pub fn get(&self, id: &str) -> Option<&Value> {
        self.0.get(id)
    }

    /// The ids of all traits.
    pub fn ids(&self) -> impl Iterator<Item = &str> {
        self.0.keys().map(String::as_str)
    }

    /// Returns whether `smithy.api#required` is set.
    #[must_use]
    pub fn required(&self) -> bool {
        self.0.contains_key("smithy.api#required")
    }

    /// Returns whether `smithy.api#sensitive` is set.
    #[must_use]
    pub fn sensitive(&self) -> bool {
        self.0.contains_key("smithy.api#sensitive")
    }

    /// The bounds of `smithy.api#length`: code points of a string, bytes of a blob, items of a list or map.
    #[must_use]
    pub fn length(&self) -> Option<Bounds<u64>> {
        let value = self.get("smithy.api#length")?;
        Some(Bounds { min: value["min"].as_u64(), max: value["max"].as_u64() })
    }

    /// The bounds of `smithy.api#range`.
    #[must_use]
    pub fn range(&self) -> Option<Bounds<f64>> {
        let value = self.get("smithy.api#range")?;
        Some(Bounds { min: value["min"].as_f64(), max: value["max"].as_f64() })
    }

    /// The pattern of `smithy.api#pattern`, untranslated.
    #[must_use]
    pub fn pattern(&self) -> Option<&str> {
        self.get("smithy.api#pattern")?.as_str()
    }

    /// Returns whether `smithy.api#uniqueItems` is set.
    #[must_use]
    pub fn unique_items(&self) -> bool {
        self.0.contains_key("smithy.api#uniqueItems")
    }

    /// Returns whether `smithy.api#sparse` is set, so that a list or map may hold nulls.
    #[must_use]
    pub fn sparse(&self) -> bool {
        self.0.contains_key("smithy.api#sparse")
    }

    /// The format of `smithy.api#timestampFormat`.
    #[must_use]
    pub fn timestamp_format(&self) -> Option<TimestampFormat> {
        self.get("smithy.api#timestampFormat")?.as_str().and_then(TimestampFormat::named)
    }

    /// The party at fault for an error; `None` for other shapes.
    #[must_use]
    pub fn error(&self) -> Option<ErrorKind> {
        match self.get("smithy.api#error")?.as_str()? {
            "server" => Some(ErrorKind::Server),
            _ => Some(ErrorKind::Client),
        }
    }

    /// The HTTP status of `smithy.api#httpError`.
    #[must_use]
    pub fn http_error(&self) -> Option<u16> {
        self.get("smithy.api#httpError")?.as_u64().and_then(|status| u16::try_from(status).ok())
    }

    /// The code of an error in the query protocol, from `aws.protocols#awsQueryError`.
    #[must_use]
    pub fn query_error_code(&self) -> Option<&str> {
        self.get("aws.protocols#awsQueryError")?["code"].as_str()
    }

    /// The HTTP status of an error in the query protocol, from `aws.protocols#awsQueryError`.
    #[must_use]
    pub fn query_error_status(&self) -> Option<u16> {
        let status = self.get("aws.protocols#awsQueryError")?["httpResponseCode"].as_u64()?;
        u16::try_from(status).ok()
    }

    /// The text of `smithy.api#documentation`.
    #[must_use]
    pub fn documentation(&self) -> Option<&str> {
        self.get("smithy.api#documentation")?.as_str()
    }

    /// The requirement ids of our own trait `wireproof#requirements`.
    pub fn requirements(&self) -> impl Iterator<Item = &str> {
        self.get("wireproof#requirements").and_then(Value::as_array).into_iter().flatten().filter_map(Value::as_str)
    }
}

/// Our own trait with the name that the model gives a member, if it has another one in JSON.
pub(super) const OWN_NAME: &str = "wireproof#memberName";

impl Member {
    /// The name of the member in the model.
    #[must_use]
    pub fn own_name(&self) -> &str {
        self.traits.get(OWN_NAME).and_then(Value::as_str).unwrap_or(&self.name)
    }
}

/// The shapes that every Smithy model may target without defining them.
pub(super) fn prelude(id: &ShapeId) -> Option<&'static Shape> {
    static SHAPES: LazyLock<BTreeMap<String, Shape>> = LazyLock::new(|| {
        let simple = [
            ("String", ShapeKind::String),
            ("Blob", ShapeKind::Blob),
            ("Boolean", ShapeKind::Boolean),
            ("Byte", ShapeKind::Number(NumberKind::Byte)),
            ("Short", ShapeKind::Number(NumberKind::Short)),
            ("Integer", ShapeKind::Number(NumberKind::Integer)),
            ("Long", ShapeKind::Number(NumberKind::Long)),
            ("BigInteger", ShapeKind::Number(NumberKind::BigInteger)),
            ("Float", ShapeKind::Number(NumberKind::Float)),
            ("Double", ShapeKind::Number(NumberKind::Double)),
            ("BigDecimal", ShapeKind::Number(NumberKind::BigDecimal)),
            ("Timestamp", ShapeKind::Timestamp),
            ("Document", ShapeKind::Document),
            ("Unit", ShapeKind::Structure(Vec::new())),
        ];
        let mut shapes = BTreeMap::new();
        for (name, kind) in simple {
            for prefix in ["", "Primitive"] {
                let id = format!("smithy.api#{prefix}{name}");
                let shape = Shape { id: ShapeId::new(&*id), kind: kind.clone(), traits: Traits::default() };
                shapes.insert(id, shape);
            }
        }
        shapes
    });
    SHAPES.get(id.as_str())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_shape_id_splits_at_the_hash() {
        let id = ShapeId::new("com.amazonaws.proton#Arn");
        assert_eq!((id.namespace(), id.name()), ("com.amazonaws.proton", "Arn"));
        assert_eq!((ShapeId::new("Arn").namespace(), ShapeId::new("Arn").name()), ("", "Arn"));
    }

    #[test]
    fn the_prelude_has_the_simple_shapes_and_nothing_else() {
        assert!(prelude(&ShapeId::new("smithy.api#PrimitiveBoolean")).is_some());
        assert!(prelude(&ShapeId::new("smithy.api#Strange")).is_none());
    }

    #[test]
    fn traits_of_a_wrong_form_read_as_absent_bounds() {
        let traits = Traits([("smithy.api#length".to_owned(), serde_json::json!({"min": "x"}))].into());
        assert_eq!(traits.length(), Some(Bounds { min: None, max: None }));
    }
}
