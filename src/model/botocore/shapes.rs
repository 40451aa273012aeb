//! One shape of a `service-2.json` in Smithy's terms: its kind, its members, its traits.

use std::collections::BTreeMap;

use serde_json::{Number, Value, json};

use super::{
    BotocoreReader,
    document::{BotocoreDocument, BotocoreShape as Raw, BotocoreShapes, ErrorInfo, ShapeReference},
};
use crate::model::{
    model_error::{ModelError, ModelProblem},
    pointer::child,
    shape::{EnumValue, Member, NumberKind, OWN_NAME, Shape, ShapeKind, Traits},
};

/// The meaning of `locationName` for a member in a body. Except in restJson1, it is also the name of an XML element or
/// of a query parameter.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum ShapeNames {
    /// The name of the member: RPC protocols have only bodies.
    Location,
    /// The name of the member, unless it is bound outside of the body or is the whole body.
    LocationInBody,
    /// Not the name of the member.
    Own,
}

type TraitMap = BTreeMap<String, Value>;

fn set(traits: &mut TraitMap, id: &str, value: Value) {
    traits.insert(id.to_owned(), value);
}

fn flag(traits: &mut TraitMap, id: &str, on: bool) {
    if on {
        set(traits, id, json!({}));
    }
}

impl BotocoreReader<'_> {
    pub(super) fn shape(
        &self,
        at: &str,
        name: &str,
        raw: &Raw<'_>,
        shapes: &BotocoreShapes<'_>,
    ) -> Result<Shape, ModelError> {
        let kind = self.kind(at, raw, shapes)?;
        let traits = Traits(shape_traits(name, raw, &kind));
        Ok(Shape { id: self.id(name), kind, traits })
    }

    fn kind(&self, at: &str, raw: &Raw<'_>, shapes: &BotocoreShapes<'_>) -> Result<ShapeKind, ModelError> {
        let part = |field: &str, reference: Option<&ShapeReference<'_>>| match reference {
            Some(reference) => self.member(&format!("{at}/{field}"), field, reference, raw, shapes),
            None => Err(self.error(format!("{at}/{field}"), ModelProblem::NoShapeReference)),
        };
        Ok(match &*raw.kind {
            "structure" if raw.document => ShapeKind::Document,
            "structure" if raw.union || raw.eventstream => ShapeKind::Union(self.members(at, raw, shapes)?),
            "structure" => ShapeKind::Structure(self.members(at, raw, shapes)?),
            "list" => ShapeKind::List(part("member", raw.member.as_deref())?),
            "map" => {
                ShapeKind::Map { key: part("key", raw.key.as_deref())?, value: part("value", raw.value.as_deref())? }
            }
            "string" | "character" if raw.values.is_empty() => ShapeKind::String,
            "string" => ShapeKind::Enum(raw.values.iter().map(|value| enum_value(value)).collect()),
            "boolean" => ShapeKind::Boolean,
            "byte" => ShapeKind::Number(NumberKind::Byte),
            "short" => ShapeKind::Number(NumberKind::Short),
            "integer" => ShapeKind::Number(NumberKind::Integer),
            "long" => ShapeKind::Number(NumberKind::Long),
            "float" => ShapeKind::Number(NumberKind::Float),
            "double" => ShapeKind::Number(NumberKind::Double),
            "biginteger" | "bigInteger" => ShapeKind::Number(NumberKind::BigInteger),
            "bigdecimal" | "bigDecimal" => ShapeKind::Number(NumberKind::BigDecimal),
            "blob" => ShapeKind::Blob,
            "timestamp" => ShapeKind::Timestamp,
            other => {
                return Err(self.error(format!("{at}/type"), ModelProblem::UnknownType(other.to_owned())));
            }
        })
    }

    fn members(&self, at: &str, raw: &Raw<'_>, shapes: &BotocoreShapes<'_>) -> Result<Vec<Member>, ModelError> {
        let at = format!("{at}/members");
        raw.members.iter().map(|(name, member)| self.member(&child(&at, name), name, member, raw, shapes)).collect()
    }

    fn member(
        &self,
        at: &str,
        name: &str,
        reference: &ShapeReference<'_>,
        of: &Raw<'_>,
        shapes: &BotocoreShapes<'_>,
    ) -> Result<Member, ModelError> {
        let target = self.target(at, &reference.shape, shapes)?;
        let shape = shapes.get(&reference.shape);
        let names = self.names();
        let mut traits = member_traits(name, reference, shape);
        let is_payload = &*of.kind == "structure" && of.payload.as_deref() == Some(name);
        if &*of.kind == "structure" {
            flag(&mut traits, "smithy.api#required", of.required.iter().any(|required| required == name));
            flag(&mut traits, "smithy.api#httpPayload", is_payload);
        }
        // A shape may carry the name that all its uses have.
        let located = reference.location_name.as_deref().or_else(|| shape.and_then(|s| s.location_name.as_deref()));
        let is_renamed = &*of.kind == "structure"
            && match names {
                ShapeNames::Location => true,
                ShapeNames::LocationInBody => reference.location.is_none() && !is_payload,
                ShapeNames::Own => false,
            };
        let renamed = located.filter(|_| is_renamed);
        if names == ShapeNames::LocationInBody {
            if let Some(json) = renamed.filter(|json| *json != name) {
                set(&mut traits, "smithy.api#jsonName", json.into());
                set(&mut traits, OWN_NAME, name.into());
            }
        } else if let (None, Some(xml)) = (&reference.location, flat_item_name(reference, shape).or(located)) {
            set(&mut traits, "smithy.api#xmlName", xml.into());
        }
        Ok(Member { name: renamed.unwrap_or(name).to_owned(), target, traits: Traits(traits) })
    }
}

/// The name of the items of a list that is flattened itself: they stand in the place of the member. Where the member is
/// what flattens the list, it gives them its own name.
fn flat_item_name<'r>(reference: &ShapeReference<'_>, target: Option<&'r Raw<'_>>) -> Option<&'r str> {
    let list = target.filter(|shape| shape.flattened && !reference.flattened)?;
    list.member.as_ref()?.location_name.as_deref()
}

fn enum_value(value: &str) -> EnumValue {
    EnumValue { value: value.to_owned(), traits: Traits::default() }
}

fn member_traits(name: &str, reference: &ShapeReference<'_>, target: Option<&Raw<'_>>) -> TraitMap {
    let mut traits = binding_traits(name, reference, target);
    flag(&mut traits, "smithy.api#idempotencyToken", reference.idempotency_token);
    flag(&mut traits, "smithy.api#deprecated", reference.deprecated);
    flag(&mut traits, "smithy.api#hostLabel", reference.host_label);
    flag(&mut traits, "smithy.api#streaming", reference.streaming);
    flag(&mut traits, "smithy.api#xmlFlattened", reference.flattened || target.is_some_and(|shape| shape.flattened));
    flag(&mut traits, "smithy.api#xmlAttribute", reference.xml_attribute);
    flag(&mut traits, "smithy.api#eventHeader", reference.event_header);
    flag(&mut traits, "smithy.api#eventPayload", reference.event_payload);
    if let Some(namespace) = &reference.xml_namespace {
        set(&mut traits, "smithy.api#xmlNamespace", xml_namespace(namespace));
    }
    if let Some(format) = reference.timestamp_format.as_deref().and_then(timestamp_format) {
        set(&mut traits, "smithy.api#timestampFormat", format.into());
    }
    if reference.jsonvalue {
        set(&mut traits, "smithy.api#mediaType", "application/json".into());
    }
    if let Some(name) = &reference.query_name {
        set(&mut traits, "aws.protocols#ec2QueryName", (**name).into());
    }
    // Of the documents of members, only those are kept that may list the forms of an identifier.
    if let Some(text) = reference.documentation.as_deref().filter(|text| text.contains("ARN")) {
        set(&mut traits, "smithy.api#documentation", text.into());
    }
    traits
}

/// The trait that binds a member to a part of a message other than the body.
fn binding_traits(name: &str, reference: &ShapeReference<'_>, target: Option<&Raw<'_>>) -> TraitMap {
    let mut traits = TraitMap::new();
    let located = reference.location_name.as_deref();
    let named = || Value::from(located.unwrap_or(name));
    match reference.location.as_deref() {
        Some("header") => set(&mut traits, "smithy.api#httpHeader", named()),
        Some("headers") => set(&mut traits, "smithy.api#httpPrefixHeaders", located.unwrap_or_default().into()),
        Some("querystring") if target.is_some_and(|shape| shape.kind == "map") => {
            set(&mut traits, "smithy.api#httpQueryParams", json!({}));
        }
        Some("querystring") => set(&mut traits, "smithy.api#httpQuery", named()),
        Some("uri") => set(&mut traits, "smithy.api#httpLabel", json!({})),
        Some("statusCode") => set(&mut traits, "smithy.api#httpResponseCode", json!({})),
        _ => {}
    }
    traits
}

fn shape_traits(name: &str, raw: &Raw<'_>, kind: &ShapeKind) -> TraitMap {
    let mut traits = TraitMap::new();
    let bounds = match kind {
        ShapeKind::String | ShapeKind::Enum(_) | ShapeKind::Blob | ShapeKind::List(_) | ShapeKind::Map { .. } => {
            Some("smithy.api#length")
        }
        ShapeKind::Number(_) => Some("smithy.api#range"),
        _ => None,
    };
    if let Some((id, value)) = bounds.and_then(|id| Some((id, bounds_value(raw.min.as_ref(), raw.max.as_ref())?))) {
        set(&mut traits, id, value);
    }
    if let Some(pattern) = &raw.pattern {
        set(&mut traits, "smithy.api#pattern", (**pattern).into());
    }
    if let Some(format) = raw.timestamp_format.as_deref().and_then(timestamp_format) {
        set(&mut traits, "smithy.api#timestampFormat", format.into());
    }
    flag(&mut traits, "smithy.api#sensitive", raw.sensitive);
    flag(&mut traits, "smithy.api#sparse", raw.sparse);
    flag(&mut traits, "smithy.api#streaming", raw.streaming || raw.eventstream);
    flag(&mut traits, "smithy.api#requiresLength", raw.requires_length);
    flag(&mut traits, "smithy.api#deprecated", raw.deprecated);
    if let Some(namespace) = &raw.xml_namespace {
        set(&mut traits, "smithy.api#xmlNamespace", xml_namespace(namespace));
    }
    flag(&mut traits, "smithy.api#retryable", raw.retryable.is_some());
    if raw.exception || raw.fault || raw.error.is_some() {
        error_traits(&mut traits, name, raw.fault, raw.error.as_ref());
    }
    traits
}

fn bounds_value(min: Option<&Number>, max: Option<&Number>) -> Option<Value> {
    let bounds = [("min", min), ("max", max)];
    let bounds = bounds.into_iter().filter_map(|(name, bound)| Some((name.to_owned(), Value::from(bound?.clone()))));
    Some(Value::Object(bounds.collect())).filter(|value| value != &json!({}))
}

fn timestamp_format(name: &str) -> Option<&'static str> {
    match name {
        "iso8601" => Some("date-time"),
        "rfc822" => Some("http-date"),
        "unixTimestamp" => Some("epoch-seconds"),
        _ => None,
    }
}

fn error_traits(traits: &mut TraitMap, name: &str, fault: bool, info: Option<&ErrorInfo<'_>>) {
    let status = info.and_then(|info| info.http_status_code);
    let server = match info.and_then(|info| info.sender_fault) {
        Some(sender) => !sender,
        None => fault || info.is_some_and(|info| info.fault) || status.is_some_and(|status| status >= 500),
    };
    set(traits, "smithy.api#error", if server { "server" } else { "client" }.into());
    if let Some(status) = status {
        set(traits, "smithy.api#httpError", status.into());
    }
    if let Some(code) = info.and_then(|info| info.code.as_deref()).filter(|code| *code != name) {
        let status = status.unwrap_or(if server { 500 } else { 400 });
        set(traits, "aws.protocols#awsQueryError", json!({"code": code, "httpResponseCode": status}));
    }
}

/// A namespace, which older models write as its URI alone.
pub(super) fn xml_namespace(raw: &Value) -> Value {
    match raw {
        Value::String(uri) => json!({ "uri": uri }),
        other => other.clone(),
    }
}

/// Names the document element of an input.
pub(super) fn name_root(input: &mut Shape, reference: &ShapeReference<'_>) {
    if let Some(name) = &reference.location_name {
        set(&mut input.traits.0, "smithy.api#xmlName", (**name).into());
    }
    if let Some(namespace) = &reference.xml_namespace {
        set(&mut input.traits.0, "smithy.api#xmlNamespace", xml_namespace(namespace));
    }
}

/// Marks a shape as an error if an operation refers to it as one.
pub(super) fn mark_error(shape: &mut Shape, reference: &ShapeReference<'_>) {
    if shape.traits.error().is_none() {
        let name = shape.id.name().to_owned();
        error_traits(&mut shape.traits.0, &name, reference.fault, reference.error.as_ref());
    }
}

/// The URI with the names of members in its labels: botocore's have those of `locationName`.
pub(super) fn uri_by_members(uri: &str, input: Option<&ShapeReference<'_>>, document: &BotocoreDocument<'_>) -> String {
    let mut uri = uri.to_owned();
    let members = input.and_then(|input| document.shapes.get(&input.shape)).into_iter().flat_map(|s| s.members.iter());
    for (name, member) in members.filter(|(_, member)| member.location.as_deref() == Some("uri")) {
        if let Some(label) = member.location_name.as_deref().filter(|label| *label != name) {
            uri = uri.replace(&format!("{{{label}}}"), &format!("{{{name}}}"));
            uri = uri.replace(&format!("{{{label}+}}"), &format!("{{{name}+}}"));
        }
    }
    uri
}
