//! A recorded answer, one JSON object a line.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use serde_json::Value;
use thiserror::Error;

use super::RecordPath;
use crate::wire::{self, AwsJson, RestJson};

/// An answer as it was recorded. Fields that say where it comes from are the collector's, and not read.
#[derive(Debug, Clone, PartialEq, Deserialize)]
pub struct Record {
    /// What it is called by.
    pub id: String,
    /// The service, by botocore's name.
    pub service: String,
    /// The operation.
    pub operation: String,
    /// The protocol.
    pub protocol: RecordedProtocol,
    /// Success or error.
    pub kind: RecordKind,
    /// How true it is to the wire.
    pub tier: Tier,
    /// The HTTP status.
    pub status: u16,
    /// The header fields.
    pub headers: BTreeMap<String, String>,
    /// Whether the header fields were put together afterwards.
    pub headers_reconstructed: bool,
    /// The body as JSON.
    #[serde(default)]
    pub body: Value,
    /// The body as sent, where it is no JSON or its spelling counts; it goes before `body`.
    #[serde(default)]
    pub body_text: Option<String>,
    /// The error's name, where it is one.
    #[serde(default)]
    pub error_code: Option<String>,
    /// Places whose values are not those that were sent.
    #[serde(default)]
    pub masked_paths: Vec<RecordPath>,
    /// What is known to break the model, and why.
    #[serde(default)]
    pub model_violations: Vec<Labelled>,
}

/// A place at which a person has looked.
#[derive(Debug, Clone, PartialEq, Deserialize)]
pub struct Labelled {
    /// The place.
    pub path: RecordPath,
    /// What the person found.
    pub label: Label,
}

/// Why a recorded value breaks its model.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Label {
    /// AWS sends it.
    Real,
    /// AWS sent it; the model has changed since.
    Drift,
    /// It was replaced, to hide what was there.
    Sanitised,
    /// Somebody wrote it.
    Edited,
    /// Nobody knows.
    Unsure,
    /// The recording tool made it.
    Artefact,
}

impl Label {
    /// Whether the value is AWS's own, as far as one knows.
    #[must_use]
    pub fn is_of_aws(self) -> bool {
        matches!(self, Self::Real | Self::Drift | Self::Unsure)
    }
}

/// How true a record is to the wire.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub enum Tier {
    /// Raw HTTP, as sent.
    #[serde(rename = "W-wire")]
    Wire,
    /// What a client library recorded, turned back.
    #[serde(rename = "A-recorded")]
    Recorded,
    /// A recording that somebody has edited: it says nothing of AWS.
    #[serde(rename = "B-edited")]
    Edited,
}

/// The protocol of a recorded answer.
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
}

impl RecordedProtocol {
    /// The name that records have.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Json10 => "json-1.0",
            Self::Json11 => "json-1.1",
            Self::RestJson => "rest-json",
        }
    }

    /// What reads its answers.
    #[must_use]
    pub fn reader(self) -> &'static dyn wire::Protocol {
        match self {
            Self::Json10 => &AwsJson::V1_0,
            Self::Json11 => &AwsJson::V1_1,
            Self::RestJson => &RestJson,
        }
    }
}

/// Whether a record is a success.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum RecordKind {
    /// A success.
    Response,
    /// An error.
    Error,
}

/// A line that is no record.
#[derive(Debug, Error)]
#[error("line {line}{at}: {problem}", at = place(pointer))]
pub struct Broken {
    /// The line, from 1.
    pub line: usize,
    /// The JSON pointer of what is wrong; empty for the line as a whole.
    pub pointer: String,
    /// What is wrong.
    pub problem: String,
}

fn place(pointer: &str) -> String {
    if pointer.is_empty() { String::new() } else { format!(" at {pointer}") }
}

/// Reads records, one a line; empty lines are passed over.
///
/// # Errors
/// The first line that is no record.
pub fn read(text: &str) -> Result<Vec<Record>, Broken> {
    let lines = text.lines().enumerate().filter(|(_, line)| !line.trim().is_empty());
    lines
        .map(|(index, line)| record(line).map_err(|(pointer, problem)| Broken { line: index + 1, pointer, problem }))
        .collect()
}

fn record(line: &str) -> Result<Record, (String, String)> {
    let mut deserializer = serde_json::Deserializer::from_str(line);
    let record: Record = serde_path_to_error::deserialize(&mut deserializer).map_err(|error| {
        let pointer = error.path().iter().map(segment).collect();
        (pointer, error.into_inner().to_string())
    })?;
    deserializer.end().map_err(|error| (String::new(), error.to_string()))?;
    if !(100..600).contains(&record.status) {
        return Err(("/status".to_owned(), format!("{} is no HTTP status", record.status)));
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
    /// The bytes of the body.
    #[must_use]
    pub fn bytes(&self) -> Vec<u8> {
        self.body_text.clone().unwrap_or_else(|| self.body.to_string()).into_bytes()
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
    }

    #[rstest]
    #[case::no_json("", Value::Null, "line 2: EOF")]
    #[case::status("status", json!(99), "line 2 at /status: 99 is no HTTP status")]
    #[case::no_number("status", json!("200"), "line 2 at /status: invalid type")]
    #[case::tier("tier", json!("C"), "line 2 at /tier: unknown variant `C`")]
    #[case::protocol("protocol", json!("query"), "line 2 at /protocol: unknown variant `query`")]
    #[case::path("masked_paths", json!(["a"]), "line 2 at /masked_paths/0: \"a\" is no path")]
    #[case::label("model_violations", json!([{"path": "$", "label": "odd"}]), "line 2 at /model_violations/0/label: unknown variant")]
    fn a_broken_line_is_told_with_its_number_and_place(#[case] name: &str, #[case] value: Value, #[case] told: &str) {
        let mut record = line();
        let text = match name {
            "" => "{".to_owned(),
            name => {
                record[name] = value;
                record.to_string()
            }
        };
        let error = read(&format!("{}\n{text}\n", line())).unwrap_err().to_string();
        assert!(error.starts_with(told), "{error}");
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
    fn each_protocol_has_its_name_and_reader(#[case] protocol: RecordedProtocol, #[case] id: &str) {
        assert_eq!(serde_json::to_value(protocol).unwrap(), protocol.name());
        assert_eq!(protocol.reader().id(), id);
    }
}
