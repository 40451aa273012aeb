//! awsJson1.0 and awsJson1.1, after the Smithy specification of the AWS JSON protocols.

use bytes::Bytes;
use serde_json::Value;

use super::{Answer, BuildError, ErrorIdentity, Protocol, Request, Response, json};
use crate::contract::{Contract, Operation};

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

    fn answer(&self, response: &Response) -> Answer {
        let document = json::read(&response.body);
        let identity = ErrorIdentity::of(response, document.value.as_ref());
        // An output may have a member called `code`; only the other two places make a 2xx an error.
        let refused =
            !(200..300).contains(&response.status) || identity.header.is_some() || identity.type_member.is_some();
        Answer { refusal: refused.then_some(identity), value: document.value, problems: document.problems }
    }
}

#[cfg(test)]
mod tests {
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
}
