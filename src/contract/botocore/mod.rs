//! Reads botocore's `service-2.json` into a [`Contract`], in the terms of the Smithy model that it was made from.
//!
//! What a member is called is what it is called on the wire. Documentation is left out: it is most of the text, and
//! HTML. An error names the file and the JSON pointer of what is wrong.

mod document;
mod shapes;

use std::collections::BTreeMap;

use serde_json::{Map, Value, json};

use super::{Contract, Operation, Service, model_error::ModelError, shape::ShapeId, shape::Traits};
use crate::pointer::child;

use document::{Document, Metadata};
use shapes::Names;

pub(super) use document::read_examples;

/// Reads a model. `file` is used in errors alone.
pub(super) fn read(file: &str, text: &str) -> Result<Contract, ModelError> {
    let document = Document::parse(file, text)?;
    Reader::new(file, &document).contract(&document)
}

/// The protocols that a model may name, each with its Smithy trait; JSON-RPC depends on the version, too.
const PROTOCOLS: [(&str, &str); 5] = [
    ("rest-json", "aws.protocols#restJson1"),
    ("rest-xml", "aws.protocols#restXml"),
    ("query", "aws.protocols#awsQuery"),
    ("ec2", "aws.protocols#ec2Query"),
    ("smithy-rpc-v2-cbor", "smithy.protocols#rpcv2Cbor"),
];

struct Reader<'a> {
    file: &'a str,
    namespace: String,
    protocols: Vec<ShapeId>,
}

impl<'a> Reader<'a> {
    fn new(file: &'a str, document: &Document<'_>) -> Self {
        let metadata = &document.metadata;
        let named = metadata.signing_name.as_deref().unwrap_or(&metadata.endpoint_prefix);
        // A namespace has no hyphens.
        let name: String = named.chars().filter(|c| c.is_ascii_alphanumeric() || *c == '.').collect();
        Self { file, namespace: format!("com.amazonaws.{name}"), protocols: protocols(metadata) }
    }

    fn error(&self, pointer: impl Into<String>, problem: impl Into<String>) -> ModelError {
        ModelError { file: self.file.to_owned(), pointer: pointer.into(), problem: problem.into() }
    }

    fn id(&self, name: &str) -> ShapeId {
        ShapeId::new(format!("{}#{name}", self.namespace))
    }

    fn contract(&self, document: &Document<'_>) -> Result<Contract, ModelError> {
        let mut shapes = BTreeMap::new();
        for (name, raw) in document.shapes.iter() {
            let at = child("/shapes", name);
            let shape = self.shape(&at, name, raw, &document.shapes)?;
            shapes.insert(shape.id.clone(), shape);
        }
        let mut operations = BTreeMap::new();
        for (name, raw) in document.operations.iter() {
            let operation = self.operation(&child("/operations", name), name, raw, document)?;
            for (error, reference) in operation.errors.iter().zip(&raw.errors) {
                if let Some(shape) = shapes.get_mut(error) {
                    shapes::mark_error(shape, reference);
                }
            }
            operations.insert(operation.name.clone(), operation);
        }
        Ok(Contract::new(self.service(&document.metadata), operations, shapes))
    }

    fn service(&self, metadata: &Metadata<'_>) -> Service {
        let signing_name = metadata.signing_name.as_deref().unwrap_or(&metadata.endpoint_prefix);
        let name = metadata
            .target_prefix
            .as_deref()
            .map_or_else(|| metadata.service_id.chars().filter(|c| c.is_ascii_alphanumeric()).collect(), str::to_owned);
        let mut traits: BTreeMap<String, Value> =
            self.protocols.iter().map(|protocol| (protocol.as_str().to_owned(), json!({}))).collect();
        traits.insert("smithy.api#title".to_owned(), (*metadata.title).into());
        traits.insert("aws.auth#sigv4".to_owned(), json!({"name": signing_name}));
        let service = json!({"sdkId": *metadata.service_id, "endpointPrefix": *metadata.endpoint_prefix});
        traits.insert("aws.api#service".to_owned(), service);
        if metadata.query_compatible.is_some() {
            traits.insert("aws.protocols#awsQueryCompatible".to_owned(), json!({}));
        }
        Service {
            id: self.id(&name),
            version: metadata.api_version.clone().into_owned(),
            title: metadata.title.clone().into_owned(),
            signing_name: signing_name.to_owned(),
            protocols: self.protocols.clone(),
            traits: Traits(traits),
        }
    }

    fn operation(
        &self,
        at: &str,
        name: &str,
        raw: &document::Operation<'_>,
        document: &Document<'_>,
    ) -> Result<Operation, ModelError> {
        let target = |field: &str, reference: Option<&document::Reference<'_>>| match reference {
            None => Ok(ShapeId::new("smithy.api#Unit")),
            Some(reference) => self.target(&format!("{at}/{field}"), &reference.shape, &document.shapes),
        };
        let errors = raw.errors.iter().enumerate();
        let errors = errors
            .map(|(index, error)| self.target(&format!("{at}/errors/{index}"), &error.shape, &document.shapes))
            .collect::<Result<_, _>>()?;
        Ok(Operation {
            name: name.to_owned(),
            id: self.id(name),
            input: target("input", raw.input.as_ref())?,
            output: target("output", raw.output.as_ref())?,
            errors,
            traits: operation_traits(raw, document),
        })
    }

    /// The id of a shape that is referred to at `at`.
    fn target(&self, at: &str, name: &str, shapes: &document::Shapes<'_>) -> Result<ShapeId, ModelError> {
        if shapes.contains(name) {
            Ok(self.id(name))
        } else {
            Err(self.error(format!("{at}/shape"), format!("no shape {name} in this model")))
        }
    }

    /// What the members of structures are called on the wire.
    fn names(&self) -> Names {
        let has = |name: &str| self.protocols.iter().any(|protocol| protocol.name() == name);
        if has("awsJson1_0") || has("awsJson1_1") || has("rpcv2Cbor") {
            Names::Location
        } else if has("restJson1") {
            Names::LocationInBody
        } else {
            Names::Own
        }
    }
}

/// The protocols in the order of the model, its `protocol` among them.
fn protocols(metadata: &Metadata<'_>) -> Vec<ShapeId> {
    let mut found: Vec<ShapeId> = Vec::new();
    let main = (!metadata.protocols.contains(&metadata.protocol)).then_some(&metadata.protocol);
    for name in main.into_iter().chain(&metadata.protocols) {
        let json = if metadata.json_version.as_deref() == Some("1.1") { "awsJson1_1" } else { "awsJson1_0" };
        let known = PROTOCOLS.iter().find(|(known, _)| name == known).map(|(_, id)| (*id).to_owned());
        let id = if name == "json" { Some(format!("aws.protocols#{json}")) } else { known };
        found.extend(id.map(ShapeId::new).filter(|id| !found.contains(id)));
    }
    found
}

fn operation_traits(raw: &document::Operation<'_>, document: &Document<'_>) -> Traits {
    let mut traits = BTreeMap::new();
    let mut set = |id: &str, value: Value| drop(traits.insert(format!("smithy.api#{id}"), value));
    if let Some(http) = &raw.http {
        let uri = shapes::uri_by_members(&http.request_uri, raw.input.as_ref(), document);
        set("http", json!({"method": *http.method, "uri": uri, "code": http.response_code.unwrap_or(200)}));
    }
    for (id, flag) in [
        ("readonly", raw.readonly),
        ("idempotent", raw.idempotent),
        ("deprecated", raw.deprecated),
        ("httpChecksumRequired", raw.http_checksum_required),
    ] {
        if flag {
            set(id, json!({}));
        }
    }
    if let Some(prefix) = raw.endpoint.as_ref().and_then(|endpoint| endpoint.host_prefix.as_deref()) {
        set("endpoint", json!({"hostPrefix": prefix}));
    }
    if raw.authtype.as_deref() == Some("none") || raw.auth.iter().any(|scheme| scheme == "smithy.api#noAuth") {
        set("auth", json!([]));
    }
    Traits(traits)
}

/// Puts botocore's examples into the terms of `smithy.api#examples`.
pub(super) fn example(raw: &Value) -> Value {
    let mut example = Map::new();
    let title = raw["title"].as_str().or_else(|| raw["id"].as_str()).unwrap_or("example");
    example.insert("title".to_owned(), title.into());
    if let Some(text) = raw["description"].as_str() {
        example.insert("documentation".to_owned(), text.into());
    }
    for part in ["input", "output"] {
        if raw[part].is_object() {
            example.insert(part.to_owned(), raw[part].clone());
        }
    }
    Value::Object(example)
}
