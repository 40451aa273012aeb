//! Outputs and errors in responses: status and headers.

use serde_json::{Map, Value};

use super::{BindingError, HttpBinding};
use crate::{
    model::{Contract, Member, MemberBinding, Operation, PayloadSide, ShapeId},
    wire::{
        ParsedResponse, Request, Response,
        protocol::{BodyProblem, SuccessStatus},
    },
};

/// The status of a success: 200, unless the operation has another one.
pub(in crate::wire::protocol) fn success_status(operation: &Operation) -> u16 {
    let code = operation.traits.get("smithy.api#http").and_then(|http| http.get("code"));
    code.and_then(Value::as_u64).and_then(|code| u16::try_from(code).ok()).unwrap_or(200)
}

/// Compares the status of a success with that of the operation. AWS itself sometimes sends another 2xx status, and an
/// output may hold any.
pub(in crate::wire::protocol) fn compare_status(
    contract: &Contract,
    operation: &Operation,
    actual: u16,
) -> SuccessStatus {
    let expected = success_status(operation);
    let is_status = |member: &Member| member.binding(PayloadSide::Output) == MemberBinding::Status;
    if actual == expected || contract.members(&operation.output).iter().any(is_status) {
        SuccessStatus::Expected
    } else {
        SuccessStatus::Tolerated { expected }
    }
}

/// Returns whether a response rejects its request. A recorded response may have no request.
pub(in crate::wire::protocol) fn is_rejection(request: &Request, response: &Response, parsed: &ParsedResponse) -> bool {
    parsed.rejection.is_some() && response.status >= 400 && !request.method.is_empty()
}

impl HttpBinding<'_> {
    /// The members of an output or an error that are not in the body of a response.
    pub(in crate::wire::protocol) fn read_response(
        self,
        shape: &ShapeId,
        response: &Response,
        problems: &mut Vec<BodyProblem>,
    ) -> Map<String, Value> {
        let mut found = self.read_headers(shape, PayloadSide::Output, &response.headers, problems);
        let members = self.contract.members(shape).iter();
        let of_status = members.filter(|member| member.binding(PayloadSide::Output) == MemberBinding::Status);
        found.extend(of_status.map(|member| (member.name.clone(), response.status.into())));
        found
    }

    /// Writes the members of an output or an error that are not in the body.
    ///
    /// # Errors
    /// A header cannot carry a value.
    pub(in crate::wire::protocol) fn write_response(
        self,
        shape: &ShapeId,
        value: &Map<String, Value>,
        response: &mut Response,
    ) -> Result<(), BindingError> {
        for member in self.contract.members(shape) {
            if member.binding(PayloadSide::Output) == MemberBinding::Status {
                let status = value.get(&member.name).and_then(Value::as_u64).and_then(|code| u16::try_from(code).ok());
                response.status = status.unwrap_or(response.status);
            }
        }
        self.write_headers(shape, PayloadSide::Output, value, &mut response.headers)
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::{
        model::{TimestampFormat, read},
        wire::Headers,
    };

    const MODEL: &str = r#"{"smithy":"2.0","shapes":{
        "x#S":{"type":"service","operations":[{"target":"x#Make"},{"target":"x#Get"}]},
        "x#Make":{"type":"operation","traits":{"smithy.api#http":{"method":"PUT","uri":"/","code":201}}},
        "x#Get":{"type":"operation","traits":{"smithy.api#http":{"method":"GET","uri":"/"}}},
        "x#Out":{"type":"structure","members":{
            "code":{"target":"smithy.api#Integer","traits":{"smithy.api#httpResponseCode":{}}},
            "tag":{"target":"smithy.api#String","traits":{"smithy.api#httpHeader":"ETag"}},
            "size":{"target":"smithy.api#Long","traits":{"smithy.api#httpHeader":"Content-Length"}},
            "all":{"target":"x#Meta","traits":{"smithy.api#httpPrefixHeaders":""}},
            "query":{"target":"smithy.api#String","traits":{"smithy.api#httpQuery":"q"}}}},
        "x#Meta":{"type":"map","key":{"target":"smithy.api#String"},"value":{"target":"smithy.api#String"}}}}"#;

    #[test]
    fn status_and_headers_hold_members_and_a_query_does_not() {
        let contract = read("m", MODEL).unwrap();
        let (binding, shape) = (HttpBinding::new(&contract, |_| TimestampFormat::HttpDate), ShapeId::new("x#Out"));
        let headers: Headers = [("etag", "\"x\""), ("content-length", "12")].into_iter().collect();
        let response = Response { status: 202, headers, ..Response::default() };
        let mut problems = Vec::new();
        let found = binding.read_response(&shape, &response, &mut problems);
        let all = json!({"etag": "\"x\"", "content-length": "12"});
        assert_eq!(Value::Object(found.clone()), json!({"code": 202, "tag": "\"x\"", "size": 12, "all": all}));
        let mut written = Response { status: 200, ..Response::default() };
        binding.write_response(&shape, &found, &mut written).unwrap();
        assert_eq!((written.status, written.headers.get("etag"), problems.len()), (202, Some("\"x\""), 0));
        assert_eq!(written.headers.iter().count(), 2, "a header of a member has precedence over a map");
    }

    #[test]
    fn a_status_that_is_no_status_does_not_change_it() {
        let contract = read("m", MODEL).unwrap();
        let binding = HttpBinding::new(&contract, |_| TimestampFormat::HttpDate);
        let mut written = Response { status: 200, ..Response::default() };
        let output = json!({"code": 70_000});
        binding.write_response(&ShapeId::new("x#Out"), output.as_object().unwrap(), &mut written).unwrap();
        assert_eq!(written.status, 200);
    }

    #[test]
    fn a_success_has_the_status_of_the_model() {
        let contract = read("m", MODEL).unwrap();
        assert_eq!(["Make", "Get"].map(|name| success_status(contract.operation(name).unwrap())), [201, 200]);
    }
}
