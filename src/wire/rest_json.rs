//! Answers of restJson1, after the Smithy specification. Requests are not written here.
//!
//! What travels in headers and in the status is bound by the model, not by the body: a caller judges bodies by
//! [`Contract::bodies`](crate::model::Contract::bodies).

use serde_json::{Map, Value};

use super::{BuildError, ErrorIdentity, ParsedResponse, Protocol, Request, Response, json};
use crate::model::{Contract, Operation};

/// `restJson1`, as far as answers go: [`protocol`](super::protocol()) does not give it, because a run must send requests.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct RestJson;

impl Protocol for RestJson {
    fn id(&self) -> &'static str {
        "restJson1"
    }

    fn content_type(&self) -> &'static str {
        "application/json"
    }

    fn request(&self, _: &Contract, operation: &Operation, _: &Value) -> Result<Request, BuildError> {
        let problem = "requests of restJson1 are not written here, only its answers are read".to_owned();
        Err(BuildError { protocol: self.id(), operation: operation.name.clone(), problem })
    }

    /// There is no operation's name in such a request.
    fn rename(&self, _: &mut Request, _: &str, _: &str) {}

    fn answer(&self, response: &Response) -> ParsedResponse {
        // An output without members in the body has no body at all.
        let document = if response.body.is_empty() {
            json::JsonDocument { value: Some(Value::Object(Map::new())), problems: Vec::new() }
        } else {
            json::read(&response.body)
        };
        let identity = ErrorIdentity::of(response, document.value.as_ref());
        let refused = !(200..300).contains(&response.status) || identity.header.is_some();
        ParsedResponse { refusal: refused.then_some(identity), value: document.value, problems: document.problems }
    }

    fn success_status(&self, operation: &Operation) -> u16 {
        let code = operation.traits.get("smithy.api#http").and_then(|http| http.get("code"));
        code.and_then(Value::as_u64).and_then(|code| u16::try_from(code).ok()).unwrap_or(200)
    }

    fn fixes_success_status(&self) -> bool {
        false
    }

    fn calls_by_target(&self) -> bool {
        false
    }

    fn names_errors_in_body(&self) -> bool {
        false
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

    #[rstest]
    #[case::output(200, r#"{"a":1}"#, false)]
    #[case::made(201, "", false)]
    #[case::gone(404, r#"{"message":"m"}"#, true)]
    fn the_status_tells_a_refusal(#[case] status: u16, #[case] body: &'static str, #[case] refused: bool) {
        let answer = RestJson.answer(&response(status, body));
        assert_eq!(answer.refusal.is_some(), refused);
        assert!(answer.value.is_some_and(|value| value.is_object()) && answer.problems.is_empty());
    }

    #[test]
    fn the_header_names_an_error_even_under_200() {
        let mut response = response(200, "{}");
        response.headers.push("x-amzn-errortype", "Gone:http://internal.amazon.com/");
        assert_eq!(RestJson.answer(&response).error(), Some("Gone"));
    }

    #[test]
    fn a_body_that_is_no_json_is_told() {
        assert!(!RestJson.answer(&response(200, "<html>")).problems.is_empty());
    }

    #[test]
    fn a_success_has_the_status_of_the_model() {
        let contract = crate::model::read("m", MODEL).unwrap();
        let (get, make) = (contract.operation("Op").unwrap(), contract.operation("Make").unwrap());
        assert_eq!([get, make].map(|operation| RestJson.success_status(operation)), [200, 201]);
    }

    #[test]
    fn a_request_is_refused_in_words() {
        let contract = crate::model::read("m", MODEL).unwrap();
        let mut untouched = Request::default();
        RestJson.rename(&mut untouched, "S", "Op");
        assert_eq!(untouched, Request::default());
        let error = RestJson.request(&contract, contract.operation("Op").unwrap(), &Value::Null).unwrap_err();
        assert_eq!(
            error.to_string(),
            "restJson1 cannot carry the input of Op: requests of restJson1 are not written here, only its answers are read"
        );
        assert_eq!((RestJson.id(), RestJson.content_type()), ("restJson1", "application/json"));
        assert!(!RestJson.fixes_success_status() && !RestJson.names_errors_in_body());
    }
}
