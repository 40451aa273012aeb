//! awsJson1.0 and awsJson1.1, after the Smithy specification of the AWS JSON protocols.

use bytes::Bytes;
use serde_json::Value;

use super::{BuildError, ErrorIdentity, ParsedResponse, Protocol, Request, Response, json};
use crate::model::{Contract, Operation};

/// One of the two AWS JSON protocols.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum AwsJson {
    /// `awsJson1_0`.
    V1_0,
    /// `awsJson1_1`.
    V1_1,
}

impl Protocol for AwsJson {
    fn id(&self) -> &'static str {
        match self {
            Self::V1_0 => "awsJson1_0",
            Self::V1_1 => "awsJson1_1",
        }
    }

    fn content_type(&self) -> &'static str {
        match self {
            Self::V1_0 => "application/x-amz-json-1.0",
            Self::V1_1 => "application/x-amz-json-1.1",
        }
    }

    fn request(&self, contract: &Contract, operation: &Operation, input: &Value) -> Result<Request, BuildError> {
        let mut request = Request {
            method: "POST".to_owned(),
            target: "/".to_owned(),
            headers: [("accept-encoding", "identity"), ("content-type", self.content_type())].into_iter().collect(),
            body: Bytes::from(input.to_string()),
            ..Request::default()
        };
        self.rename(&mut request, contract.service().id.name(), &operation.name);
        Ok(request)
    }

    fn rename(&self, request: &mut Request, service: &str, operation: &str) {
        request.headers.set("x-amz-target", format!("{service}.{operation}"));
    }

    fn answer(&self, response: &Response) -> ParsedResponse {
        let document = json::read(&response.body);
        let identity = ErrorIdentity::of(response, document.value.as_ref());
        // An output may have a member called `code`; only the other two places make a 2xx an error.
        let refused =
            !(200..300).contains(&response.status) || identity.header.is_some() || identity.type_member.is_some();
        ParsedResponse { refusal: refused.then_some(identity), value: document.value, problems: document.problems }
    }
}

#[cfg(test)]
mod tests {
    use rstest::rstest;

    use super::*;

    fn response(status: u16, body: &'static str) -> Response {
        Response { status, body: Bytes::from_static(body.as_bytes()), ..Response::default() }
    }

    #[test]
    fn a_success_has_a_value_and_no_refusal() {
        let answer = AwsJson::V1_1.answer(&response(200, r#"{"code":"x"}"#));
        assert!(answer.refusal.is_none() && answer.value.is_some() && answer.problems.is_empty());
    }

    #[test]
    fn a_200_with_an_error_body_is_a_refusal() {
        assert_eq!(AwsJson::V1_1.answer(&response(200, r#"{"__type":"a#Bad"}"#)).error(), Some("Bad"));
    }

    #[test]
    fn a_page_of_html_is_a_refusal_without_a_name() {
        let answer = AwsJson::V1_0.answer(&response(500, "<html>"));
        assert!(answer.refusal.is_some() && answer.error().is_none() && answer.value.is_none());
    }

    #[test]
    fn a_request_is_a_post_to_the_root_that_names_its_operation() {
        let model = r#"{"smithy":"2.0","shapes":{
            "x#S_1":{"type":"service","version":"1","operations":[{"target":"x#Op"}],"traits":{"aws.protocols#awsJson1_0":{}}},
            "x#Op":{"type":"operation","input":{"target":"smithy.api#Unit"},"output":{"target":"smithy.api#Unit"}}}}"#;
        let contract = crate::model::read("m", model).unwrap();
        let operation = contract.operation("Op").unwrap();
        let mut request = AwsJson::V1_0.request(&contract, operation, &serde_json::json!({"a": 1})).unwrap();
        assert_eq!(request.to_bytes(), b"POST / HTTP/1.1\r\naccept-encoding: identity\r\ncontent-type: application/x-amz-json-1.0\r\nx-amz-target: S_1.Op\r\n\r\n{\"a\":1}");
        AwsJson::V1_0.rename(&mut request, "Other", "Thing");
        assert_eq!(request.headers.all("x-amz-target").collect::<Vec<_>>(), ["Other.Thing"]);
    }

    #[test]
    fn each_version_has_its_id_and_media_type() {
        let names = [AwsJson::V1_0, AwsJson::V1_1].map(|version| (version.id(), version.content_type()));
        let expected = [("awsJson1_0", "application/x-amz-json-1.0"), ("awsJson1_1", "application/x-amz-json-1.1")];
        assert_eq!(names, expected);
    }

    #[rstest]
    #[case::last_before_success(199, true)]
    #[case::first_success(200, false)]
    #[case::last_success(299, false)]
    #[case::first_after_success(300, true)]
    fn a_status_beside_2xx_is_a_refusal(#[case] status: u16, #[case] refused: bool) {
        assert_eq!(AwsJson::V1_1.answer(&response(status, "{}")).refusal.is_some(), refused);
    }

    #[test]
    fn a_200_with_an_error_header_is_a_refusal() {
        let mut response = response(200, "{}");
        response.headers.push("x-amzn-errortype", "Bad");
        assert_eq!(AwsJson::V1_1.answer(&response).error(), Some("Bad"));
    }
}
