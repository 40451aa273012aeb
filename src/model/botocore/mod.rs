//! Reads botocore's `service-2.json` into a [`Contract`], in the terms of the Smithy model that it was made from.
//!
//! Members have the names that they have on the wire. The documentation of shapes is left out. An error names the file and
//! the JSON pointer.

mod document;
mod paginators;
mod s3_roots;
mod shapes;
mod waiters;

use std::collections::BTreeMap;

use serde_json::{Map, Value, json};

use super::{
    Contract, Operation, Service,
    model_error::{ModelError, ModelProblem},
    shape::ShapeId,
    shape::Traits,
};
use crate::model::pointer::child;

use document::{BotocoreDocument, Metadata};
use shapes::ShapeNames;

pub(super) use document::read_examples;
pub(super) use paginators::read_paginators;
pub(super) use waiters::read_waiters;

/// Reads a model. `file` is only used in errors.
pub(super) fn read(file: &str, text: &str) -> Result<Contract, ModelError> {
    let document = BotocoreDocument::parse(file, text)?;
    BotocoreReader::new(file, &document).contract(&document)
}

/// The protocols that a model may name, each with its Smithy trait; JSON-RPC depends on the version, too.
const PROTOCOLS: [(&str, &str); 5] = [
    ("rest-json", "aws.protocols#restJson1"),
    ("rest-xml", "aws.protocols#restXml"),
    ("query", "aws.protocols#awsQuery"),
    ("ec2", "aws.protocols#ec2Query"),
    ("smithy-rpc-v2-cbor", "smithy.protocols#rpcv2Cbor"),
];

struct BotocoreReader<'a> {
    file: &'a str,
    namespace: String,
    protocols: Vec<ShapeId>,
}

impl<'a> BotocoreReader<'a> {
    fn new(file: &'a str, document: &BotocoreDocument<'_>) -> Self {
        let metadata = &document.metadata;
        let named = metadata.signing_name.as_deref().unwrap_or(&metadata.endpoint_prefix);
        // A namespace has no hyphens.
        let name: String = named.chars().filter(|c| c.is_ascii_alphanumeric() || *c == '.').collect();
        Self { file, namespace: format!("com.amazonaws.{name}"), protocols: protocols(metadata) }
    }

    fn error(&self, pointer: impl Into<String>, problem: ModelProblem) -> ModelError {
        ModelError { file: self.file.to_owned(), pointer: pointer.into(), problem }
    }

    fn id(&self, name: &str) -> ShapeId {
        ShapeId::new(format!("{}#{name}", self.namespace))
    }

    fn contract(&self, document: &BotocoreDocument<'_>) -> Result<Contract, ModelError> {
        let mut shapes = BTreeMap::new();
        for (name, raw) in document.shapes.iter() {
            let at = child("/shapes", name);
            let shape = self.shape(&at, name, raw, &document.shapes)?;
            shapes.insert(shape.id.clone(), shape);
        }
        let mut operations = BTreeMap::new();
        for (name, raw) in document.operations.iter() {
            let operation = self.operation(&child("/operations", name), name, raw, document)?;
            if let (Some(shape), Some(reference)) = (shapes.get_mut(&operation.input), &raw.input) {
                shapes::name_root(shape, reference);
            }
            for (error, reference) in operation.errors.iter().zip(&raw.errors) {
                if let Some(shape) = shapes.get_mut(error) {
                    shapes::mark_error(shape, reference);
                }
            }
            operations.insert(operation.name.clone(), operation);
        }
        s3_roots::name_roots(&document.metadata.service_id, &mut shapes);
        Ok(Contract::new(self.service(&document.metadata), operations, shapes))
    }

    fn service(&self, metadata: &Metadata<'_>) -> Service {
        let signing_name = metadata.signing_name.as_deref().unwrap_or(&metadata.endpoint_prefix);
        let name = metadata
            .target_prefix
            .as_deref()
            .map_or_else(|| metadata.service_id.chars().filter(char::is_ascii_alphanumeric).collect(), str::to_owned);
        let mut traits: BTreeMap<String, Value> =
            self.protocols.iter().map(|protocol| (protocol.as_str().to_owned(), json!({}))).collect();
        traits.insert("smithy.api#title".to_owned(), (*metadata.title).into());
        traits.insert("aws.auth#sigv4".to_owned(), json!({"name": signing_name}));
        let service = json!({"sdkId": *metadata.service_id, "endpointPrefix": *metadata.endpoint_prefix});
        traits.insert("aws.api#service".to_owned(), service);
        if metadata.query_compatible.is_some() {
            traits.insert("aws.protocols#awsQueryCompatible".to_owned(), json!({}));
        }
        traits.extend(service_traits(metadata));
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
        raw: &document::BotocoreOperation<'_>,
        document: &BotocoreDocument<'_>,
    ) -> Result<Operation, ModelError> {
        let target = |field: &str, reference: Option<&document::ShapeReference<'_>>| match reference {
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
    fn target(&self, at: &str, name: &str, shapes: &document::BotocoreShapes<'_>) -> Result<ShapeId, ModelError> {
        if shapes.contains(name) {
            Ok(self.id(name))
        } else {
            Err(self.error(format!("{at}/shape"), ModelProblem::UnknownShape(name.to_owned())))
        }
    }

    /// The names of structure members on the wire.
    fn names(&self) -> ShapeNames {
        let has = |name: &str| self.protocols.iter().any(|protocol| protocol.name() == name);
        if has("awsJson1_0") || has("awsJson1_1") || has("rpcv2Cbor") {
            ShapeNames::Location
        } else if has("restJson1") {
            ShapeNames::LocationInBody
        } else {
            ShapeNames::Own
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

/// The traits of a service that depend on few services.
fn service_traits(metadata: &Metadata<'_>) -> BTreeMap<String, Value> {
    let mut traits = BTreeMap::new();
    if let Some(namespace) = &metadata.xml_namespace {
        traits.insert("smithy.api#xmlNamespace".to_owned(), shapes::xml_namespace(namespace));
    }
    if !metadata.auth.is_empty() {
        traits.insert("smithy.api#auth".to_owned(), json!(metadata.auth));
    }
    // Of the services of restXml, only S3 sends errors without an outer element.
    if metadata.service_id == "S3" && metadata.protocol == "rest-xml" {
        traits.insert("aws.protocols#restXml".to_owned(), json!({"noErrorWrapping": true}));
    }
    traits
}

/// The output that is its only member on the wire, without an element around it.
const UNWRAPPED_OUTPUT: &str = "GetBucketLocationOutput";

fn operation_traits(raw: &document::BotocoreOperation<'_>, document: &BotocoreDocument<'_>) -> Traits {
    let mut traits = aws_traits(raw);
    let mut set = |id: &str, value: Value| drop(traits.insert(format!("smithy.api#{id}"), value));
    if let Some(http) = &raw.http {
        let uri = shapes::uri_by_members(&http.request_uri, raw.input.as_ref(), document);
        set("http", json!({"method": *http.method, "uri": uri, "code": http.response_code.unwrap_or(200)}));
    }
    if let Some(text) = &raw.documentation {
        set("documentation", json!(text));
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
    if let Some(compression) = &raw.request_compression {
        set("requestCompression", compression.clone());
    }
    if raw.authtype.as_deref() == Some("none") || raw.auth.iter().any(|scheme| scheme == "smithy.api#noAuth") {
        set("auth", json!([]));
        set("optionalAuth", json!({}));
    } else if !raw.auth.is_empty() {
        set("auth", json!(raw.auth));
    }
    Traits(traits)
}

/// The traits of an operation outside of Smithy's prelude.
fn aws_traits(raw: &document::BotocoreOperation<'_>) -> BTreeMap<String, Value> {
    let mut traits = BTreeMap::new();
    if let Some(checksum) = &raw.http_checksum {
        traits.insert("aws.protocols#httpChecksum".to_owned(), checksum.clone());
    }
    if raw.unsigned_payload || raw.authtype.as_deref() == Some("v4-unsigned-body") {
        traits.insert("aws.auth#unsignedPayload".to_owned(), json!({}));
    }
    if raw.output.as_ref().is_some_and(|output| output.shape == UNWRAPPED_OUTPUT) {
        traits.insert("aws.customizations#s3UnwrappedXmlOutput".to_owned(), json!({}));
    }
    traits
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

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use rstest::rstest;

    use super::*;
    use crate::model::{Bounds, ErrorKind, ShapeKind, read};

    const METADATA: &str =
        r#""apiVersion":"2020-01-01","endpointPrefix":"toy","serviceFullName":"Toy Service","serviceId":"Toy Box""#;

    fn model(metadata: &str, shapes: &str) -> String {
        format!(
            r#"{{"metadata":{{{METADATA},{metadata}}},
            "operations":{{"Get":{{"name":"Get","readonly":true,"http":{{"method":"POST","requestUri":"/b/{{bucket}}"}},
              "input":{{"shape":"In"}},"errors":[{{"shape":"Bad"}}]}}}},
            "shapes":{{"Bad":{{"type":"structure","members":{{}},"exception":true,
                "error":{{"code":"Toy.Bad","httpStatusCode":404,"senderFault":true}}}},
              "In":{{"type":"structure","required":["Name"],"members":{{
                "Name":{{"shape":"Name","locationName":"name"}},
                "Bucket":{{"shape":"Name","location":"uri","locationName":"bucket"}}}}}},
              "Name":{{"type":"string","min":1,"max":5,"pattern":"[a-z]*","sensitive":true}}{shapes}}}}}"#
        )
    }

    const JSON: &str = r#""protocol":"json","jsonVersion":"1.1","targetPrefix":"Toy_20200101""#;

    #[test]
    fn the_service_is_named_by_its_target_prefix() {
        let contract = read("m", &model(JSON, "")).unwrap();
        let service = contract.service();
        assert_eq!(service.id.as_str(), "com.amazonaws.toy#Toy_20200101");
        assert_eq!((&*service.signing_name, &*service.title), ("toy", "Toy Service"));
        assert_eq!(service.protocols, [ShapeId::new("aws.protocols#awsJson1_1")]);
    }

    #[test]
    fn a_service_without_a_target_prefix_is_named_by_its_id() {
        let contract = read("m", &model(r#""protocol":"rest-json","signingName":"box-1""#, "")).unwrap();
        assert_eq!(contract.service().id.as_str(), "com.amazonaws.box1#ToyBox");
        assert_eq!(contract.service().signing_name, "box-1");
    }

    #[rstest]
    #[case::several(r#""protocol":"smithy-rpc-v2-cbor","protocols":["smithy-rpc-v2-cbor","json","query"],"jsonVersion":"1.0""#, &["rpcv2Cbor", "awsJson1_0", "awsQuery"])]
    #[case::main_first(r#""protocol":"query","protocols":["json"],"jsonVersion":"1.1""#, &["awsQuery", "awsJson1_1"])]
    #[case::unknown(r#""protocol":"smoke-signals""#, &[])]
    fn protocols_are_a_set(#[case] metadata: &str, #[case] expected: &[&str]) {
        let contract = read("m", &model(metadata, "")).unwrap();
        let names: Vec<&str> = contract.service().protocols.iter().map(ShapeId::name).collect();
        assert_eq!(names, expected);
    }

    #[rstest]
    #[case::rpc(JSON, &["name", "bucket"])]
    #[case::rest(r#""protocol":"rest-json""#, &["name", "Bucket"])]
    #[case::xml(r#""protocol":"query""#, &["Name", "Bucket"])]
    fn a_member_has_its_name_on_the_wire(#[case] metadata: &str, #[case] expected: &[&str]) {
        let contract = read("m", &model(metadata, "")).unwrap();
        let operation = contract.operation("Get").unwrap();
        let members = contract.members(&operation.input);
        assert_eq!(members.iter().map(|member| &*member.name).collect::<Vec<_>>(), expected);
        assert!(members[0].traits.required() && !members[1].traits.required());
        assert_eq!(operation.traits.get("smithy.api#http").unwrap()["uri"], "/b/{Bucket}");
    }

    #[rstest]
    #[case::rest(r#""protocol":"rest-json""#, "smithy.api#jsonName")]
    #[case::xml(r#""protocol":"query""#, "smithy.api#xmlName")]
    #[case::several(r#""protocol":"json","protocols":["json","query"]"#, "smithy.api#xmlName")]
    fn a_location_name_is_a_name_in_json_or_in_xml(#[case] metadata: &str, #[case] id: &str) {
        let contract = read("m", &model(metadata, "")).unwrap();
        let members = contract.members(&contract.operation("Get").unwrap().input);
        assert_eq!(members[0].traits.get(id), Some(&json!("name")));
        assert_eq!(members[1].traits.get(id), None);
    }

    const XML: &str = r#""protocol":"rest-xml","auth":["aws.auth#sigv4"],"xmlNamespace":"http://toy/""#;

    fn member_traits(contract: &Contract, shape: &str, name: &str) -> Traits {
        let members = contract.members(&ShapeId::new(format!("com.amazonaws.toy#{shape}")));
        members.iter().find(|member| member.name == name).unwrap().traits.clone()
    }

    #[test]
    fn names_in_xml_become_traits() {
        let shapes = r#","X":{"type":"structure","xmlNamespace":{"prefix":"xsi","uri":"http://i"},"payload":"P","members":{
            "A":{"shape":"Name","locationName":"xsi:type","xmlAttribute":true},
            "P":{"shape":"X","locationName":"Root","xmlNamespace":{"uri":"http://p"}},
            "F":{"shape":"Flat","locationName":"Other"},"G":{"shape":"Plain","flattened":true,"locationName":"Own"},
            "T":{"shape":"Name","timestampFormat":"iso8601","eventheader":true},"E":{"shape":"Name","eventpayload":true}}},
          "Flat":{"type":"list","flattened":true,"member":{"shape":"Name","locationName":"Item"}},
          "Plain":{"type":"list","member":{"shape":"Name"}},
          "M":{"type":"map","key":{"shape":"Name","locationName":"K"},"value":{"shape":"Name","locationName":"V"}}"#;
        let contract = read("m", &model(XML, shapes)).unwrap();
        let value =
            |name: &str, id: &str| member_traits(&contract, "X", name).get(&format!("smithy.api#{id}")).cloned();
        assert_eq!((value("A", "xmlName"), value("A", "xmlAttribute")), (Some(json!("xsi:type")), Some(json!({}))));
        assert_eq!((value("P", "xmlName"), value("P", "httpPayload")), (Some(json!("Root")), Some(json!({}))));
        assert_eq!(value("P", "xmlNamespace"), Some(json!({"uri": "http://p"})));
        assert_eq!((value("F", "xmlName"), value("F", "xmlFlattened")), (Some(json!("Item")), Some(json!({}))));
        assert_eq!((value("G", "xmlName"), value("G", "xmlFlattened")), (Some(json!("Own")), Some(json!({}))));
        assert_eq!(
            (value("T", "timestampFormat"), value("T", "eventHeader")),
            (Some(json!("date-time")), Some(json!({})))
        );
        assert_eq!(value("E", "eventPayload"), Some(json!({})));
        let shape = |name: &str| contract.shape(&ShapeId::new(format!("com.amazonaws.toy#{name}"))).unwrap();
        assert_eq!(
            shape("X").traits.get("smithy.api#xmlNamespace"),
            Some(&json!({"uri": "http://i", "prefix": "xsi"}))
        );
        let ShapeKind::Map { key, value } = &shape("M").kind else { panic!("a map") };
        assert_eq!(
            [key, value].map(|part| part.traits.get("smithy.api#xmlName").cloned()),
            ["K", "V"].map(|n| Some(json!(n)))
        );
        let service = &contract.service().traits;
        assert_eq!(service.get("smithy.api#xmlNamespace"), Some(&json!({"uri": "http://toy/"})));
        assert_eq!(service.get("smithy.api#auth"), Some(&json!(["aws.auth#sigv4"])));
    }

    #[test]
    fn what_an_operation_says_becomes_its_traits() {
        let text = r#"{"metadata":{"apiVersion":"1","endpointPrefix":"s3","serviceFullName":"f","serviceId":"S3","protocol":"rest-xml"},
            "operations":{"Put":{"name":"Put","http":{"method":"PUT","requestUri":"/"},"authtype":"v4-unsigned-body",
                "input":{"shape":"In","locationName":"PutRoot","xmlNamespace":{"uri":"http://r"}},
                "output":{"shape":"GetBucketLocationOutput"},"requestcompression":{"encodings":["gzip"]},
                "httpChecksum":{"requestChecksumRequired":true}},
              "Open":{"name":"Open","authtype":"none"},"Bear":{"name":"Bear","auth":["smithy.api#httpBearerAuth"]}},
            "shapes":{"In":{"type":"structure","members":{}},"GetBucketLocationOutput":{"type":"structure","members":{}}}}"#;
        let contract = read("m", text).unwrap();
        let of = |name: &str, id: &str| contract.operation(name).unwrap().traits.get(id).cloned();
        assert_eq!(of("Put", "aws.protocols#httpChecksum"), Some(json!({"requestChecksumRequired": true})));
        assert_eq!(of("Put", "smithy.api#requestCompression"), Some(json!({"encodings": ["gzip"]})));
        assert!(of("Put", "aws.auth#unsignedPayload").is_some() && of("Put", "smithy.api#auth").is_none());
        assert!(of("Put", "aws.customizations#s3UnwrappedXmlOutput").is_some());
        assert!(of("Open", "aws.customizations#s3UnwrappedXmlOutput").is_none());
        assert!(of("Open", "smithy.api#optionalAuth").is_some() && of("Open", "smithy.api#auth") == Some(json!([])));
        assert_eq!(of("Bear", "smithy.api#auth"), Some(json!(["smithy.api#httpBearerAuth"])));
        let root = &contract.shape(&ShapeId::new("com.amazonaws.s3#In")).unwrap().traits;
        assert_eq!(root.get("smithy.api#xmlName"), Some(&json!("PutRoot")));
        assert_eq!(root.get("smithy.api#xmlNamespace"), Some(&json!({"uri": "http://r"})));
        let protocol = contract.service().traits.get("aws.protocols#restXml");
        assert_eq!(protocol, Some(&json!({"noErrorWrapping": true})));
    }

    #[test]
    fn constraints_become_traits_of_the_shape() {
        let contract = read("m", &model(JSON, r#","N":{"type":"integer","min":-1,"box":true}"#)).unwrap();
        let shape = |name: &str| contract.shape(&ShapeId::new(format!("com.amazonaws.toy#{name}"))).unwrap();
        let name = &shape("Name").traits;
        assert_eq!(name.length(), Some(Bounds { min: Some(1), max: Some(5) }));
        assert!(name.pattern() == Some("[a-z]*") && name.sensitive());
        assert_eq!(shape("N").traits.range(), Some(Bounds { min: Some(-1.0), max: None }));
    }

    #[test]
    fn an_error_is_found_by_its_name_and_by_its_code() {
        let contract = read("m", &model(JSON, "")).unwrap();
        let operation = contract.operation("Get").unwrap();
        for name in ["Bad", "Toy.Bad"] {
            let error = contract.error(operation, name).unwrap();
            assert_eq!((error.traits.error(), error.error_status()), (Some(ErrorKind::Client), 404));
            assert!(contract.knows_error(name));
        }
        assert!(contract.error(operation, "Worse").is_none() && !contract.knows_error("In"));
    }

    #[rstest]
    #[case::union(r#"{"type":"structure","union":true,"members":{}}"#, "Union")]
    #[case::events(r#"{"type":"structure","eventstream":true,"members":{}}"#, "Union")]
    #[case::document(r#"{"type":"structure","document":true,"members":{}}"#, "Document")]
    #[case::values(r#"{"type":"string","enum":["A"]}"#, "Enum")]
    #[case::map(r#"{"type":"map","key":{"shape":"Name"},"value":{"shape":"X"}}"#, "Map")]
    #[case::time(r#"{"type":"timestamp","timestampFormat":"iso8601"}"#, "Timestamp")]
    fn each_type_has_its_kind(#[case] shape: &str, #[case] kind: &str) {
        let contract = read("m", &model(JSON, &format!(r#","X":{shape}"#))).unwrap();
        let found: &ShapeKind = &contract.shape(&ShapeId::new("com.amazonaws.toy#X")).unwrap().kind;
        assert!(format!("{found:?}").starts_with(kind), "{found:?}");
    }

    #[rstest]
    #[case::no_json("{", "m: not JSON: EOF")]
    #[case::array("[]", "m: ")]
    #[case::no_shapes(
        r#"{"metadata":{"endpointPrefix":"e","serviceFullName":"f","serviceId":"i","protocol":"json"}}"#,
        "m: missing field `shapes`"
    )]
    #[case::no_id(r#"{"metadata":{"endpointPrefix":"e"},"shapes":{}}"#, "m at /metadata: missing field")]
    #[case::wrong_type(&model(JSON, r#","X/Y":{"type":"string","min":"one"}"#), "m at /shapes/X~1Y/min: ")]
    #[case::unknown_type(&model(JSON, r#","X":{"type":"strin"}"#), "m at /shapes/X/type: unknown shape type \"strin\"")]
    #[case::no_member(&model(JSON, r#","X":{"type":"list"}"#), "m at /shapes/X/member: expected")]
    #[case::dangling(&model(JSON, r#","X":{"type":"list","member":{"shape":"Gone"}}"#), "m at /shapes/X/member/shape: the model does not define the shape Gone")]
    fn a_broken_model_names_the_file_and_the_pointer(#[case] text: &str, #[case] starts: &str) {
        let error = read("m", text).unwrap_err().to_string();
        assert!(error.starts_with(starts), "{error}");
    }

    proptest! {
        #[test]
        fn no_text_makes_the_readers_panic(at in 0_usize..900, cut in 0_usize..20, put in r#"[\[\]{}",:0-9a-z]{0,8}"#) {
            let mut text = model(JSON, r#","X":{"type":"map","key":{"shape":"Name"},"value":{"shape":"X"}}"#);
            let at = at.min(text.len());
            let end = (at + cut).min(text.len());
            text.replace_range(at..end, &put);
            let _ = read("m", &text);
        }

        #[test]
        fn another_value_at_any_location_does_not_panic(place in 0_usize..200, value in prop_oneof![Just(json!(null)), Just(json!([])), Just(json!({})), Just(json!("x")), Just(json!(-1)), Just(json!(true))]) {
            let mut whole: Value = serde_json::from_str(&model(JSON, "")).unwrap();
            let mut places = Vec::new();
            collect("", &whole, &mut places);
            let pointer = &places[place % places.len()];
            *whole.pointer_mut(pointer).unwrap() = value;
            let _ = read("m", &whole.to_string());
        }
    }

    fn collect(at: &str, value: &Value, places: &mut Vec<String>) {
        places.push(at.to_owned());
        for (name, value) in value.as_object().into_iter().flatten() {
            collect(&child(at, name), value, places);
        }
    }
}
