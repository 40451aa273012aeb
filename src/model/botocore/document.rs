//! The parts of a `service-2.json` that are read, borrowed from its text.

#![expect(clippy::struct_excessive_bools, reason = "the form has these flags")]

use std::{borrow::Cow, collections::BTreeMap, fmt, marker::PhantomData};

use serde::{
    Deserialize, Deserializer,
    de::{IgnoredAny, MapAccess, Visitor},
};
use serde_json::{Number, Value};

use crate::model::model_error::{ModelError, decode};

#[derive(Deserialize)]
pub(super) struct BotocoreDocument<'t> {
    #[serde(borrow)]
    pub(super) metadata: Metadata<'t>,
    #[serde(borrow, default)]
    pub(super) operations: Entries<'t, BotocoreOperation<'t>>,
    #[serde(borrow)]
    pub(super) shapes: BotocoreShapes<'t>,
}

impl<'t> BotocoreDocument<'t> {
    pub(super) fn parse(file: &str, text: &'t str) -> Result<Self, ModelError> {
        let mut document: Self = decode(file, text)?;
        document.shapes.index();
        Ok(document)
    }
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Metadata<'t> {
    #[serde(borrow, default)]
    pub(super) api_version: Cow<'t, str>,
    #[serde(borrow)]
    pub(super) endpoint_prefix: Cow<'t, str>,
    #[serde(borrow)]
    pub(super) signing_name: Option<Cow<'t, str>>,
    #[serde(borrow)]
    pub(super) target_prefix: Option<Cow<'t, str>>,
    #[serde(borrow)]
    pub(super) service_id: Cow<'t, str>,
    #[serde(borrow, rename = "serviceFullName")]
    pub(super) title: Cow<'t, str>,
    #[serde(borrow)]
    pub(super) protocol: Cow<'t, str>,
    #[serde(borrow, default)]
    pub(super) protocols: Vec<Cow<'t, str>>,
    #[serde(borrow)]
    pub(super) json_version: Option<Cow<'t, str>>,
    #[serde(rename = "awsQueryCompatible")]
    pub(super) query_compatible: Option<IgnoredAny>,
    #[serde(borrow, default)]
    pub(super) auth: Vec<Cow<'t, str>>,
    pub(super) xml_namespace: Option<Value>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct BotocoreOperation<'t> {
    #[serde(borrow)]
    pub(super) http: Option<Http<'t>>,
    #[serde(borrow)]
    pub(super) input: Option<ShapeReference<'t>>,
    #[serde(borrow)]
    pub(super) output: Option<ShapeReference<'t>>,
    #[serde(borrow, default)]
    pub(super) errors: Vec<ShapeReference<'t>>,
    #[serde(borrow)]
    pub(super) documentation: Option<Cow<'t, str>>,
    #[serde(default)]
    pub(super) readonly: bool,
    #[serde(default)]
    pub(super) idempotent: bool,
    #[serde(default)]
    pub(super) deprecated: bool,
    #[serde(default)]
    pub(super) http_checksum_required: bool,
    pub(super) http_checksum: Option<Value>,
    #[serde(rename = "requestcompression")]
    pub(super) request_compression: Option<Value>,
    #[serde(default)]
    pub(super) unsigned_payload: bool,
    #[serde(borrow)]
    pub(super) endpoint: Option<BotocoreEndpoint<'t>>,
    #[serde(borrow)]
    pub(super) authtype: Option<Cow<'t, str>>,
    #[serde(borrow, default)]
    pub(super) auth: Vec<Cow<'t, str>>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Http<'t> {
    #[serde(borrow)]
    pub(super) method: Cow<'t, str>,
    #[serde(borrow)]
    pub(super) request_uri: Cow<'t, str>,
    pub(super) response_code: Option<u16>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct BotocoreEndpoint<'t> {
    #[serde(borrow)]
    pub(super) host_prefix: Option<Cow<'t, str>>,
}

/// A use of a shape: by a member, a list, a map or an operation.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct ShapeReference<'t> {
    #[serde(borrow)]
    pub(super) shape: Cow<'t, str>,
    #[serde(borrow)]
    pub(super) location: Option<Cow<'t, str>>,
    #[serde(borrow)]
    pub(super) location_name: Option<Cow<'t, str>>,
    #[serde(borrow)]
    pub(super) query_name: Option<Cow<'t, str>>,
    #[serde(borrow)]
    pub(super) documentation: Option<Cow<'t, str>>,
    #[serde(default)]
    pub(super) idempotency_token: bool,
    #[serde(default)]
    pub(super) jsonvalue: bool,
    #[serde(default)]
    pub(super) deprecated: bool,
    #[serde(default)]
    pub(super) host_label: bool,
    #[serde(default)]
    pub(super) streaming: bool,
    #[serde(default)]
    pub(super) flattened: bool,
    #[serde(default)]
    pub(super) xml_attribute: bool,
    pub(super) xml_namespace: Option<Value>,
    #[serde(borrow)]
    pub(super) timestamp_format: Option<Cow<'t, str>>,
    #[serde(default, rename = "eventheader")]
    pub(super) event_header: bool,
    #[serde(default, rename = "eventpayload")]
    pub(super) event_payload: bool,
    #[serde(default)]
    pub(super) fault: bool,
    #[serde(borrow)]
    pub(super) error: Option<ErrorInfo<'t>>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct BotocoreShape<'t> {
    #[serde(borrow, rename = "type")]
    pub(super) kind: Cow<'t, str>,
    #[serde(borrow, default)]
    pub(super) members: Entries<'t, ShapeReference<'t>>,
    #[serde(borrow, default)]
    pub(super) required: Vec<Cow<'t, str>>,
    #[serde(borrow)]
    pub(super) member: Option<Box<ShapeReference<'t>>>,
    #[serde(borrow)]
    pub(super) key: Option<Box<ShapeReference<'t>>>,
    #[serde(borrow)]
    pub(super) value: Option<Box<ShapeReference<'t>>>,
    #[serde(borrow, rename = "enum", default)]
    pub(super) values: Vec<Cow<'t, str>>,
    pub(super) min: Option<Number>,
    pub(super) max: Option<Number>,
    #[serde(borrow)]
    pub(super) pattern: Option<Cow<'t, str>>,
    #[serde(borrow)]
    pub(super) timestamp_format: Option<Cow<'t, str>>,
    #[serde(borrow)]
    pub(super) payload: Option<Cow<'t, str>>,
    #[serde(borrow)]
    pub(super) location_name: Option<Cow<'t, str>>,
    #[serde(borrow)]
    pub(super) error: Option<ErrorInfo<'t>>,
    #[serde(default)]
    pub(super) exception: bool,
    #[serde(default)]
    pub(super) fault: bool,
    pub(super) retryable: Option<Value>,
    #[serde(default)]
    pub(super) sensitive: bool,
    #[serde(default)]
    pub(super) sparse: bool,
    #[serde(default)]
    pub(super) union: bool,
    #[serde(default)]
    pub(super) document: bool,
    #[serde(default)]
    pub(super) eventstream: bool,
    #[serde(default)]
    pub(super) streaming: bool,
    #[serde(default)]
    pub(super) requires_length: bool,
    #[serde(default)]
    pub(super) flattened: bool,
    pub(super) xml_namespace: Option<Value>,
    #[serde(default)]
    pub(super) deprecated: bool,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct ErrorInfo<'t> {
    pub(super) http_status_code: Option<u16>,
    #[serde(borrow)]
    pub(super) code: Option<Cow<'t, str>>,
    pub(super) sender_fault: Option<bool>,
    #[serde(default)]
    pub(super) fault: bool,
}

/// The shapes of a model by name.
#[derive(Deserialize)]
#[serde(transparent)]
pub(super) struct BotocoreShapes<'t> {
    #[serde(borrow)]
    entries: Entries<'t, BotocoreShape<'t>>,
    #[serde(skip)]
    by_name: BTreeMap<Cow<'t, str>, usize>,
}

impl<'t> BotocoreShapes<'t> {
    fn index(&mut self) {
        self.by_name = self.entries.0.iter().enumerate().map(|(at, (name, _))| (name.clone(), at)).collect();
    }

    pub(super) fn iter(&self) -> impl Iterator<Item = (&str, &BotocoreShape<'t>)> {
        self.entries.iter()
    }

    pub(super) fn get(&self, name: &str) -> Option<&BotocoreShape<'t>> {
        self.by_name.get(name).and_then(|at| self.entries.0.get(*at)).map(|(_, shape)| shape)
    }

    pub(super) fn contains(&self, name: &str) -> bool {
        self.by_name.contains_key(name)
    }
}

/// The entries of an object in the order of the file.
pub(super) struct Entries<'t, T>(Vec<(Cow<'t, str>, T)>);

impl<T> Entries<'_, T> {
    pub(super) fn iter(&self) -> impl Iterator<Item = (&str, &T)> {
        self.0.iter().map(|(name, value)| (name.as_ref(), value))
    }
}

impl<T> Default for Entries<'_, T> {
    fn default() -> Self {
        Self(Vec::new())
    }
}

impl<'de: 't, 't, T: Deserialize<'de>> Deserialize<'de> for Entries<'t, T> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_map(EntriesVisitor(PhantomData))
    }
}

struct EntriesVisitor<'t, T>(PhantomData<Entries<'t, T>>);

impl<'de: 't, 't, T: Deserialize<'de>> Visitor<'de> for EntriesVisitor<'t, T> {
    type Value = Entries<'t, T>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an object")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Self::Value, A::Error> {
        let mut entries = Vec::new();
        while let Some(name) = map.next_key::<DocumentText<'t>>()? {
            entries.push((name.0, map.next_value()?));
        }
        Ok(Entries(entries))
    }
}

/// A string that is borrowed unless it has escapes; serde's own `Cow` never is.
#[derive(Deserialize)]
#[serde(transparent)]
struct DocumentText<'t>(#[serde(borrow)] Cow<'t, str>);

/// The examples of an `examples-1.json`, by operation.
pub(in crate::model) fn read_examples(file: &str, text: &str) -> Result<BTreeMap<String, Vec<Value>>, ModelError> {
    #[derive(Deserialize)]
    struct Examples {
        examples: BTreeMap<String, Vec<Value>>,
    }
    decode(file, text).map(|document: Examples| document.examples)
}
