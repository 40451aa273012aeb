//! The record of a response: one line of a corpus.

use std::collections::BTreeMap;

use base64::{Engine as _, engine::general_purpose::STANDARD as BASE64};
use serde::{Deserialize, Deserializer, Serialize, de};
use serde_json::Value;
use thiserror::Error;

use super::RecordPath;
use crate::wire::{
    self, AwsJson, RestJson,
    protocol::{QueryProtocol, RestXml, RpcV2},
};

/// A recorded response. Fields about its origin are ignored.
#[derive(Debug, Clone, PartialEq, Deserialize)]
pub struct Record {
    /// The ID.
    pub id: String,
    /// The service, by its botocore name.
    pub service: String,
    pub operation: String,
    pub protocol: RecordedProtocol,
    pub kind: RecordKind,
    /// The fidelity.
    pub tier: Tier,
    pub status: u16,
    pub headers: BTreeMap<String, String>,
    /// True if the headers are reconstructed.
    pub headers_reconstructed: bool,
    #[serde(default)]
    pub body: Value,
    /// The body as sent, if it is not JSON or its spelling matters. Takes precedence over `body`.
    #[serde(default)]
    pub body_text: Option<String>,
    /// The body as sent in base64, if it is not text. Takes precedence over both.
    #[serde(default, deserialize_with = "bytes")]
    pub body_base64: Option<Vec<u8>>,
    /// The name of the error, if it is one.
    #[serde(default)]
    pub error_code: Option<String>,
    /// The locations of values that were redacted.
    #[serde(default)]
    pub masked_paths: Vec<RecordPath>,
    /// The known violations of the model, with their causes.
    #[serde(default)]
    pub model_violations: Vec<Labelled>,
}

/// A violation that a person reviewed.
#[derive(Debug, Clone, PartialEq, Deserialize)]
pub struct Labelled {
    /// Its location.
    pub path: RecordPath,
    /// Its cause.
    pub label: Label,
}

/// The cause of a violation.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Label {
    /// AWS sends the value.
    Real,
    /// AWS sent the value; the model has changed since.
    Drift,
    /// The value was redacted.
    Sanitised,
    /// A person wrote the value.
    Edited,
    /// Unknown.
    Unsure,
    /// The recording tool produced the value.
    Artefact,
}

impl Label {
    /// Returns whether AWS sent the value, as far as known.
    #[must_use]
    pub fn is_of_aws(self) -> bool {
        matches!(self, Self::Real | Self::Drift | Self::Unsure)
    }
}

/// The fidelity of a record.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub enum Tier {
    /// The bytes on the wire.
    #[serde(rename = "W-wire")]
    Wire,
    /// Reconstructed from what a client library recorded.
    #[serde(rename = "A-recorded")]
    Recorded,
    /// Edited by a person, so that it proves nothing about AWS.
    #[serde(rename = "B-edited")]
    Edited,
}

/// The protocol of a record.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub enum RecordedProtocol {
    /// awsJson1.0.
    #[serde(rename = "json-1.0")]
    Json10,
    /// awsJson1.1.
    #[serde(rename = "json-1.1")]
    Json11,
    /// restJson1.
    #[serde(rename = "rest-json")]
    RestJson,
    /// restXml.
    #[serde(rename = "rest-xml")]
    RestXml,
    /// awsQuery.
    #[serde(rename = "query")]
    Query,
    /// ec2Query.
    #[serde(rename = "ec2")]
    Ec2,
    /// rpcv2Cbor.
    #[serde(rename = "smithy-rpc-v2-cbor")]
    Cbor,
}

impl RecordedProtocol {
    /// The name in records.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Json10 => "json-1.0",
            Self::Json11 => "json-1.1",
            Self::RestJson => "rest-json",
            Self::RestXml => "rest-xml",
            Self::Query => "query",
            Self::Ec2 => "ec2",
            Self::Cbor => "smithy-rpc-v2-cbor",
        }
    }

    /// The protocol that reads the responses.
    #[must_use]
    pub fn reader(self) -> &'static dyn wire::Protocol {
        match self {
            Self::Json10 => &AwsJson::V1_0,
            Self::Json11 => &AwsJson::V1_1,
            Self::RestJson => &RestJson,
            Self::RestXml => &RestXml,
            Self::Query => &QueryProtocol::Aws,
            Self::Ec2 => &QueryProtocol::Ec2,
            Self::Cbor => &RpcV2::Cbor,
        }
    }

    /// Returns whether members of its responses may be bound to headers, which most records do not have.
    #[must_use]
    pub fn binds_heads(self) -> bool {
        matches!(self, Self::RestJson | Self::RestXml)
    }
}

/// The kind of a record.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum RecordKind {
    Response,
    Error,
}

/// A line that is not a record.
#[derive(Debug, Error)]
#[error("line {line}{at}: {problem}", at = place(pointer))]
pub struct Broken {
    /// The line number, from 1.
    pub line: usize,
    /// The JSON pointer of the problem; empty for the whole line.
    pub pointer: String,
    /// The problem.
    pub problem: String,
}

fn place(pointer: &str) -> String {
    if pointer.is_empty() { String::new() } else { format!(" at {pointer}") }
}

/// Reads one record per line, and skips empty lines.
///
/// # Errors
/// A line is not a record.
pub fn read(text: &str) -> Result<Vec<Record>, Broken> {
    let lines = text.lines().enumerate().filter(|(_, line)| !line.trim().is_empty());
    lines
        .map(|(index, line)| record(line).map_err(|(pointer, problem)| Broken { line: index + 1, pointer, problem }))
        .collect()
}

fn bytes<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<Vec<u8>>, D::Error> {
    let text = Option::<String>::deserialize(deserializer)?;
    text.map(|text| BASE64.decode(text).map_err(de::Error::custom)).transpose()
}

fn record(line: &str) -> Result<Record, (String, String)> {
    let mut deserializer = serde_json::Deserializer::from_str(line);
    let record: Record = serde_path_to_error::deserialize(&mut deserializer).map_err(|error| {
        let pointer = error.path().iter().map(segment).collect();
        (pointer, error.into_inner().to_string())
    })?;
    deserializer.end().map_err(|error| (String::new(), error.to_string()))?;
    if !(100..600).contains(&record.status) {
        return Err(("/status".to_owned(), format!("{} is not an HTTP status", record.status)));
    }
    Ok(record)
}

fn segment(segment: &serde_path_to_error::Segment) -> String {
    use serde_path_to_error::Segment;
    match segment {
        Segment::Seq { index } => format!("/{index}"),
        Segment::Map { key } => crate::model::pointer::child("", key),
        Segment::Enum { .. } | Segment::Unknown => String::new(),
    }
}

impl Record {
    /// The bytes of the body. A body that is a string is that of another format than JSON.
    #[must_use]
    pub fn bytes(&self) -> Vec<u8> {
        let text = || match (&self.body_text, &self.body) {
            (Some(text), _) | (None, Value::String(text)) => text.clone(),
            (None, Value::Null) => String::new(),
            (None, json) => json.to_string(),
        };
        self.body_base64.clone().unwrap_or_else(|| text().into_bytes())
    }
}

#[cfg(test)]
mod tests {
    use rstest::rstest;
    use serde_json::json;

    use super::*;

    fn line() -> Value {
        json!({"id": "1", "service": "ssm", "operation": "GetParameter", "protocol": "json-1.1", "kind": "response",
            "tier": "A-recorded", "status": 200, "headers": {"content-type": "x"}, "headers_reconstructed": true,
            "body": {"a": 1}, "masked_paths": ["$.a"], "model_violations": [{"kind": "enum", "path": "$.b", "label": "drift"}],
            "license": "of no concern"})
    }

    #[test]
    fn a_record_is_read_and_empty_lines_are_passed_over() {
        let records = read(&format!("\n{}\n\n{}\n", line(), line())).unwrap();
        assert_eq!(records.len(), 2);
        assert_eq!((records[0].tier, records[0].protocol), (Tier::Recorded, RecordedProtocol::Json11));
        assert_eq!(records[0].bytes(), br#"{"a":1}"#);
        assert!(records[0].masked_paths[0].covers("/a") && records[0].model_violations[0].label.is_of_aws());
    }

    #[test]
    fn a_body_in_its_own_spelling_goes_first() {
        let mut record = line();
        record["body_text"] = json!("<html>");
        assert_eq!(read(&record.to_string()).unwrap()[0].bytes(), b"<html>");
        record["body_base64"] = json!("oA==");
        assert_eq!(read(&record.to_string()).unwrap()[0].bytes(), b"\xa0");
    }

    #[test]
    fn a_body_of_another_format_is_a_string() {
        let mut record = line();
        record["body"] = json!("<A/>");
        assert_eq!(read(&record.to_string()).unwrap()[0].bytes(), b"<A/>");
    }

    #[rstest]
    #[case::no_json("", Value::Null, "line 2: EOF")]
    #[case::status("status", json!(99), "line 2 at /status: 99 is not an HTTP status")]
    #[case::no_number("status", json!("200"), "line 2 at /status: invalid type")]
    #[case::tier("tier", json!("C"), "line 2 at /tier: unknown variant `C`")]
    #[case::protocol("protocol", json!("soap"), "line 2 at /protocol: unknown variant `soap`")]
    #[case::base64("body_base64", json!("*"), "line 2 at /body_base64: Invalid")]
    #[case::path("masked_paths", json!(["a"]), "line 2 at /masked_paths/0: \"a\" is not a path")]
    #[case::label("model_violations", json!([{"path": "$", "label": "odd"}]), "line 2 at /model_violations/0/label: unknown variant")]
    fn a_broken_line_is_reported_with_its_number_and_place(
        #[case] name: &str,
        #[case] value: Value,
        #[case] printed: &str,
    ) {
        let mut record = line();
        let text = match name {
            "" => "{".to_owned(),
            name => {
                record[name] = value;
                record.to_string()
            }
        };
        let error = read(&format!("{}\n{text}\n", line())).unwrap_err().to_string();
        assert!(error.starts_with(printed), "{error}");
    }

    #[test]
    fn a_field_that_is_needed_and_missing_is_named() {
        let mut record = line();
        record.as_object_mut().unwrap().remove("operation");
        let error = read(&record.to_string()).unwrap_err().to_string();
        assert!(error.starts_with("line 1: missing field `operation`"), "{error}");
    }

    #[rstest]
    #[case(RecordedProtocol::Json10, "awsJson1_0")]
    #[case(RecordedProtocol::Json11, "awsJson1_1")]
    #[case(RecordedProtocol::RestJson, "restJson1")]
    #[case(RecordedProtocol::RestXml, "restXml")]
    #[case(RecordedProtocol::Query, "awsQuery")]
    #[case(RecordedProtocol::Ec2, "ec2Query")]
    #[case(RecordedProtocol::Cbor, "rpcv2Cbor")]
    fn each_protocol_has_its_name_and_reader(#[case] protocol: RecordedProtocol, #[case] id: &str) {
        assert_eq!(serde_json::to_value(protocol).unwrap(), protocol.name());
        assert_eq!(protocol.reader().id(), id);
    }
}
