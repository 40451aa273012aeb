//! A shape, and all that it reaches, as one JSON Schema document.
//!
//! Keywords that start with `x-` are this crate's: [`super::keyword`] checks patterns, timestamps and blobs;
//! requirements and unions are marks that a violation reads.

use serde_json::{Map, Value, json};

use super::{
    BodyRules,
    keyword::{BLOB, PATTERN, TIMESTAMP},
};
use crate::model::{
    Contract,
    shape::{Bounds, Member, NumberKind, Shape, ShapeId, ShapeKind, Traits},
};

/// The JSON Schema of a shape and of all that it reaches.
pub(super) fn document(contract: &Contract, rules: &BodyRules, root: &ShapeId) -> Value {
    let mut defs = Map::new();
    let mut open = vec![root.clone()];
    while let Some(id) = open.pop() {
        if defs.contains_key(id.as_str()) {
            continue;
        }
        let Some(shape) = contract.shape(&id) else { continue };
        defs.insert(id.as_str().to_owned(), shape_schema(contract, rules, shape));
        open.extend(shape.kind.parts().map(|part| part.target.clone()));
    }
    json!({"$schema": "https://json-schema.org/draft/2020-12/schema", "$ref": reference(root), "$defs": defs})
}

/// A `$ref` to a definition; `#` and `/` of a shape id are escaped.
fn reference(id: &ShapeId) -> String {
    format!("#/$defs/{}", id.as_str().replace('~', "~0").replace('/', "~1").replace('%', "%25").replace('#', "%23"))
}

fn shape_schema(contract: &Contract, rules: &BodyRules, shape: &Shape) -> Value {
    let mut schema = match &shape.kind {
        ShapeKind::Structure(members) => structure(contract, members),
        ShapeKind::Union(members) => union(contract, rules, members),
        ShapeKind::List(item) => {
            json!({"type": "array", "items": member_schema(contract, item, shape.traits.sparse())})
        }
        ShapeKind::Map { key, value } => json!({
            "type": "object",
            "propertyNames": member_schema(contract, key, false),
            "additionalProperties": member_schema(contract, value, shape.traits.sparse()),
        }),
        ShapeKind::String => json!({"type": "string"}),
        ShapeKind::Enum(values) => {
            let values: Vec<&str> = values.iter().map(|value| value.value.as_str()).collect();
            json!({"type": "string", "enum": values})
        }
        ShapeKind::IntEnum(values) => json!({"type": "integer", "enum": values}),
        ShapeKind::Boolean => json!({"type": "boolean"}),
        ShapeKind::Number(kind) => number(*kind),
        ShapeKind::Blob => json!({"type": "string", BLOB: {}}),
        ShapeKind::Timestamp | ShapeKind::Document => json!({}),
    };
    constrain(&mut schema, &shape.kind, &shape.traits);
    if matches!(shape.kind, ShapeKind::Timestamp) {
        let format = shape.traits.timestamp_format().unwrap_or(rules.timestamp_format);
        set(&mut schema, TIMESTAMP, format.name().into());
    }
    schema
}

fn properties(contract: &Contract, members: &[Member]) -> Map<String, Value> {
    members.iter().map(|m| (m.name.clone(), member_schema(contract, m, false))).collect()
}

fn union(contract: &Contract, rules: &BodyRules, members: &[Member]) -> Value {
    let mut properties = properties(contract, members);
    properties.extend(rules.ignored_union_members.iter().map(|name| ((*name).to_owned(), json!({}))));
    json!({"type": "object", "properties": properties, "x-union": true, "minProperties": 1, "maxProperties": 1})
}

fn structure(contract: &Contract, members: &[Member]) -> Value {
    let properties = properties(contract, members);
    // The events of a stream are not in the value of the structure.
    let is_required = |m: &&Member| m.traits.required() && !is_event_stream(contract, m);
    let required: Vec<&str> = members.iter().filter(is_required).map(|m| m.name.as_str()).collect();
    json!({"type": "object", "properties": properties, "required": required, "additionalProperties": false})
}

fn is_event_stream(contract: &Contract, member: &Member) -> bool {
    let is_stream =
        |shape: &Shape| matches!(shape.kind, ShapeKind::Union(_)) && shape.traits.get("smithy.api#streaming").is_some();
    contract.shape(&member.target).is_some_and(is_stream)
}

/// A member's schema: its target's, narrowed by its own traits, or a null where the list or map is sparse.
fn member_schema(contract: &Contract, member: &Member, sparse: bool) -> Value {
    let mut schema = json!({"$ref": reference(&member.target)});
    if let Some(target) = contract.shape(&member.target) {
        constrain(&mut schema, &target.kind, &member.traits);
        let format = member.traits.timestamp_format().filter(|_| matches!(target.kind, ShapeKind::Timestamp));
        if let Some(format) = format {
            schema = json!({TIMESTAMP: format.name()});
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

/// Adds the constraint traits, and the requirements that a violation cites.
fn constrain(schema: &mut Value, kind: &ShapeKind, traits: &Traits) {
    if let Some(Bounds { min, max }) = traits.length() {
        let (low, high) = match kind {
            ShapeKind::List(_) => ("minItems", "maxItems"),
            ShapeKind::Map { .. } => ("minProperties", "maxProperties"),
            ShapeKind::Blob => return set(schema, BLOB, json!({"min": min, "max": max})),
            _ => ("minLength", "maxLength"),
        };
        set_some(schema, low, min.map(Value::from));
        set_some(schema, high, max.map(Value::from));
    }
    if let Some(Bounds { min, max }) = traits.range() {
        set_some(schema, "minimum", min.map(Value::from));
        set_some(schema, "maximum", max.map(Value::from));
    }
    set_some(schema, PATTERN, traits.pattern().map(Value::from));
    if traits.unique_items() {
        set(schema, "uniqueItems", true.into());
    }
    let requirements: Vec<&str> = traits.requirements().collect();
    if !requirements.is_empty() {
        set(schema, "x-requirements", requirements.into());
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
