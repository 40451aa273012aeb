//! restJson1, after the Smithy specification: responses only.
//!
//! Bindings to headers and to the status come from the model, not from the body: judge bodies by
//! [`Protocol::body_contract`].

use serde_json::{Map, Value};

use super::{
    BuildError, ErrorIdentity, ErrorLocation, IGNORED_UNION_MEMBERS, MalformedRequest, ParsedResponse, Protocol,
    Sentinels, SuccessStatus, TimestampLocation, ValuePlace,
};
use crate::{
    model::{Contract, Member, Operation, TimestampFormat},
    wire::{Request, Response, json},
};

/// `restJson1`. [`protocol`](super::protocol_of()) does not return it, because it cannot build requests.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct RestJson;

impl Protocol for RestJson {
    fn id(&self) -> &'static str {
        "restJson1"
    }

    fn specification(&self) -> &'static str {
        "the restJson1 protocol"
    }

    fn document(&self) -> &'static str {
        "one JSON object"
    }

    fn content_type(&self) -> &'static str {
        "application/json"
    }

    fn timestamp_format(&self, location: TimestampLocation) -> TimestampFormat {
        match location {
            TimestampLocation::Body => TimestampFormat::EpochSeconds,
            TimestampLocation::Header => TimestampFormat::HttpDate,
            TimestampLocation::Uri => TimestampFormat::DateTime,
        }
    }

    fn body_contract(&self, contract: Contract) -> Contract {
        contract.bodies()
    }

    fn ignored_union_members(&self) -> &'static [&'static str] {
        &IGNORED_UNION_MEMBERS
    }

    fn place(&self, _: &Contract, _: &Operation, _: Option<&Member>) -> ValuePlace {
        ValuePlace::Json
    }

    fn build_request(&self, _: &Contract, operation: &Operation, _: &Value) -> Result<Request, BuildError> {
        Err(self.unsupported(operation))
    }

    fn sentinels(&self, _: &Contract, operation: &Operation, _: &Request) -> Result<Sentinels, BuildError> {
        Err(self.unsupported(operation))
    }

    fn malformed_requests(&self, _: &Contract, _: &Operation) -> Vec<MalformedRequest> {
        Vec::new()
    }

    /// Returns `None`: the method and the path name the operation.
    fn call<'r>(&self, _: &'r Request) -> Option<&'r str> {
        None
    }

    fn is_claimed(&self, _: &Contract, _: &Request) -> bool {
        false
    }

    fn binds_response(&self, _: &Contract, _: &Request, _: &Response, _: &ParsedResponse) -> bool {
        true
    }

    /// An output without members in the body has an empty body.
    fn parse_response(&self, _: &Contract, _: Option<&Operation>, response: &Response) -> ParsedResponse {
        let document = if response.body.is_empty() {
            json::JsonDocument { value: Some(Value::Object(Map::new())), problems: Vec::new(), limit: None }
        } else {
            json::read(&response.body)
        };
        let identity = ErrorIdentity::of_json(response, document.value.as_ref());
        let is_rejected = !(200..300).contains(&response.status) || identity.is_named_at(ErrorLocation::HEADER);
        ParsedResponse {
            rejection: is_rejected.then_some(identity),
            value: document.value,
            problems: document.problems.into_iter().map(Into::into).collect(),
            limit: document.limit.map(Into::into),
        }
    }

    fn error_location(&self) -> ErrorLocation {
        ErrorLocation::HEADER
    }

    fn success_status(&self, operation: &Operation) -> u16 {
        let code = operation.traits.get("smithy.api#http").and_then(|http| http.get("code"));
        code.and_then(Value::as_u64).and_then(|code| u16::try_from(code).ok()).unwrap_or(200)
    }

    /// AWS itself sometimes sends another 2xx status.
    fn compare_success_status(&self, operation: &Operation, actual: u16) -> SuccessStatus {
        let expected = self.success_status(operation);
        if actual == expected { SuccessStatus::Expected } else { SuccessStatus::Tolerated { expected } }
    }
}

impl RestJson {
    fn unsupported(self, operation: &Operation) -> BuildError {
        let problem = "only its responses are supported".to_owned();
        BuildError { protocol: self.id(), operation: operation.name.clone(), problem }
    }
}

#[cfg(test)]
mod tests {
    use bytes::Bytes;
    use rstest::rstest;

    use super::*;

    const MODEL: &str = r#"{"smithy":"2.0","shapes":{
        "x#S":{"type":"service","operations":[{"target":"x#Op"},{"target":"x#Make"}],"traits":{"aws.protocols#restJson1":{}}},
        "x#Op":{"type":"operation","traits":{"smithy.api#http":{"method":"GET","uri":"/"}}},
        "x#Make":{"type":"operation","traits":{"smithy.api#http":{"method":"PUT","uri":"/","code":201}}}}}"#;

    fn response(status: u16, body: &'static str) -> Response {
        Response { status, body: Bytes::from_static(body.as_bytes()), ..Response::default() }
    }

    fn parse(response: &Response) -> ParsedResponse {
        RestJson.parse_response(&crate::model::read("m", MODEL).unwrap(), None, response)
    }

    #[rstest]
    #[case::output(200, r#"{"a":1}"#, false)]
    #[case::made(201, "", false)]
    #[case::gone(404, r#"{"message":"m"}"#, true)]
    fn the_status_shows_a_rejection(#[case] status: u16, #[case] body: &'static str, #[case] rejected: bool) {
        let parsed = parse(&response(status, body));
        assert_eq!(parsed.rejection.is_some(), rejected);
        assert!(parsed.value.is_some_and(|value| value.is_object()) && parsed.problems.is_empty());
    }

    #[test]
    fn the_header_names_an_error_even_under_200() {
        let mut response = response(200, "{}");
        response.headers.push("x-amzn-errortype", "Gone:http://internal.amazon.com/");
        assert_eq!(parse(&response).error(), Some("Gone"));
    }

    #[test]
    fn a_body_that_is_not_json_has_a_problem() {
        assert!(!parse(&response(200, "<html>")).problems.is_empty());
    }

    #[test]
    fn a_success_has_the_status_of_the_model_and_another_one_is_tolerated() {
        let contract = crate::model::read("m", MODEL).unwrap();
        let (get, make) = (contract.operation("Op").unwrap(), contract.operation("Make").unwrap());
        assert_eq!([get, make].map(|operation| RestJson.success_status(operation)), [200, 201]);
        let compared = [200, 201].map(|status| RestJson.compare_success_status(make, status));
        assert_eq!(compared, [SuccessStatus::Tolerated { expected: 201 }, SuccessStatus::Expected]);
    }

    #[test]
    fn each_location_has_its_timestamp_format() {
        use TimestampLocation::{Body, Header, Uri};
        let formats = [Body, Header, Uri].map(|location| RestJson.timestamp_format(location).name());
        assert_eq!(formats, ["epoch-seconds", "http-date", "date-time"]);
    }

    #[test]
    fn a_request_is_an_error() {
        let contract = crate::model::read("m", MODEL).unwrap();
        let error = RestJson.build_request(&contract, contract.operation("Op").unwrap(), &Value::Null).unwrap_err();
        let expected = "cannot build a restJson1 request for Op: only its responses are supported";
        assert_eq!(error.to_string(), expected);
    }
}
