//! awsJson1.0 and awsJson1.1, after the Smithy specification of the AWS JSON protocols.

use bytes::Bytes;
use serde_json::{Value, json};

use super::{
    BuildError, EVENT_STREAM_TYPE, ErrorIdentity, ErrorLocation, ErrorResponse, EventPayload, EventPayloads,
    IGNORED_UNION_MEMBERS, InputError, MalformedOutcome, MalformedRequest, ParsedResponse, Protocol, Recognition,
    RequestChange, RoutePart, RouteRole, RoutingError, Sentinels, ServerProtocol, TimestampLocation, ValuePlace,
    malformed_request::{json_bodies, json_forms},
    query_compatible::{query_mode, read_query_error, write_query_error},
    routing::{RPC_METHOD, RPC_PATH, media_type, path, replace, split_call},
    sentinel::{UNKNOWN_OPERATION, UNKNOWN_SERVICE},
    stream_body::{parse_stream, write_stream},
};
use crate::{
    model::{Contract, JsonText, Member, Operation, ShapeId, TimestampFormat, exact_number::rounded},
    wire::{Request, Response, json},
};

/// The header that names the operation, as `SERVICE.OPERATION`.
const TARGET: &str = "x-amz-target";

/// The namespace of errors that no model declares, as recorded services of awsJson1.0 spell it.
pub(super) const COMMON_NAMESPACE: &str = "com.amazon.coral.service";

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

    fn specification(&self) -> &'static str {
        "the AWS JSON protocols"
    }

    fn document(&self) -> &'static str {
        "one JSON object"
    }

    fn content_type(&self) -> &'static str {
        match self {
            Self::V1_0 => "application/x-amz-json-1.0",
            Self::V1_1 => "application/x-amz-json-1.1",
        }
    }

    fn timestamp_format(&self, _: TimestampLocation) -> TimestampFormat {
        TimestampFormat::EpochSeconds
    }

    fn ignored_union_members(&self) -> &'static [&'static str] {
        &IGNORED_UNION_MEMBERS
    }

    fn place(&self, _: &Contract, _: &Operation, _: Option<&Member>) -> ValuePlace {
        ValuePlace::Json
    }

    fn build_request(&self, contract: &Contract, operation: &Operation, input: &Value) -> Result<Request, BuildError> {
        let target = target(contract.service().id.name(), &operation.name);
        let headers =
            [("accept-encoding", "identity"), ("content-type", self.content_type()), (TARGET, target.as_str())];
        Ok(Request {
            method: RPC_METHOD.to_owned(),
            target: RPC_PATH.to_owned(),
            headers: headers.into_iter().chain(query_mode(contract)).collect(),
            body: Bytes::from(JsonText(input).to_string()),
            ..Request::default()
        })
    }

    fn sentinels(
        &self,
        contract: &Contract,
        operation: &Operation,
        request: &Request,
    ) -> Result<Sentinels, BuildError> {
        let to = |service: &str, operation: &str| {
            let mut request = request.clone();
            request.headers.set(TARGET, target(service, operation));
            request
        };
        Ok(Sentinels {
            unknown_method: None,
            unknown_operation: to(contract.service().id.name(), UNKNOWN_OPERATION),
            unknown_service: to(UNKNOWN_SERVICE, &operation.name),
        })
    }

    fn malformed_requests(&self, contract: &Contract, operation: &Operation) -> Vec<MalformedRequest> {
        let requires_member = contract.members(&operation.input).iter().any(|member| member.traits.required());
        let heads = malformed_heads(contract.service().id.name());
        [json_bodies(requires_member), json_forms(), heads].concat()
    }

    fn call<'r>(&self, request: &'r Request) -> Option<&'r str> {
        request.headers.get(TARGET)
    }

    fn is_claimed(&self, contract: &Contract, request: &Request) -> bool {
        let names_service =
            |target: &str| target.rsplit_once('.').is_some_and(|(service, _)| service == contract.service().id.name());
        request.method == RPC_METHOD && self.has_media_type(request) && self.call(request).is_some_and(names_service)
    }

    /// AWS responds to a GET with a text page, and rejects a request that does not claim the protocol in any form.
    fn binds_response(
        &self,
        contract: &Contract,
        request: &Request,
        response: &Response,
        parsed: &ParsedResponse,
    ) -> bool {
        let is_page = request.method != RPC_METHOD && parsed.value.is_none();
        let is_rejected = parsed.rejection.is_some() && response.status >= 400;
        !is_page && (!is_rejected || self.is_claimed(contract, request))
    }

    /// An operation without output may respond with an empty body, which is no document.
    fn parse_response(
        &self,
        contract: &Contract,
        operation: Option<&Operation>,
        response: &Response,
    ) -> ParsedResponse {
        if let Some(parsed) = parse_stream(contract, operation, response, self) {
            return parsed;
        }
        let mut document = json::read(&response.body);
        if response.body.is_empty() && operation.is_some_and(|operation| operation.output.is_unit()) {
            document.problems.clear();
        }
        let query_code = read_query_error(contract, response);
        let identity = ErrorIdentity { query_code, ..ErrorIdentity::of_json(response, document.value.as_ref()) };
        // An output may have a member called `code`; only the other two locations make a 2xx an error.
        let is_rejected = !(200..300).contains(&response.status)
            || identity.is_named_at(ErrorLocation::HEADER)
            || identity.is_named_at(ErrorLocation::TYPE);
        ParsedResponse { rejection: is_rejected.then_some(identity), ..document.into() }
    }

    fn error_location(&self) -> ErrorLocation {
        ErrorLocation::TYPE
    }

    fn success_status(&self, _: &Operation) -> u16 {
        200
    }
}

impl ServerProtocol for AwsJson {
    fn route_parts(&self) -> &'static [RoutePart] {
        &ROUTE_PARTS
    }

    fn recognize(&self, contract: &Contract, request: &Request) -> Recognition {
        if called_parts(request).is_some_and(|(service, _)| service == contract.service().id.name()) {
            Recognition::Service
        } else if self.has_media_type(request) {
            Recognition::Protocol
        } else {
            Recognition::Nothing
        }
    }

    fn route<'c>(&self, contract: &'c Contract, request: &Request) -> Result<&'c Operation, RoutingError> {
        if request.method != RPC_METHOD || path(request) != RPC_PATH {
            return Err(RoutingError::Line { method: RPC_METHOD, path: RPC_PATH });
        }
        let (service, operation) = called_parts(request).ok_or(RoutingError::Unnamed { header: TARGET })?;
        if service != contract.service().id.name() {
            return Err(RoutingError::Service(service.to_owned()));
        }
        if self.has_media_type(request) {
            let unknown = || RoutingError::Operation { service: service.to_owned(), operation: operation.to_owned() };
            contract.operation(operation).ok_or_else(unknown)
        } else {
            Err(RoutingError::ContentType(self.content_type()))
        }
    }

    /// An operation without any input may be called with an empty body.
    fn parse_input(&self, contract: &Contract, operation: &Operation, request: &Request) -> Result<Value, InputError> {
        if request.body.is_empty() && contract.members(&operation.input).is_empty() {
            return Ok(json!({}));
        }
        let document = json::read(&request.body);
        if let Some(problem) = document.problems.into_iter().find(json::JsonProblem::is_forbidden) {
            return Err(InputError::Body(problem.into()));
        }
        if let Some(limit) = document.limit {
            return Err(InputError::Limit(limit.into()));
        }
        let input = document.value.filter(Value::is_object).ok_or(InputError::NotAnObject)?;
        Ok(rounded(&input).into_owned())
    }

    fn write_output(&self, contract: &Contract, operation: &Operation, output: &Value) -> Response {
        if let Some(body) = write_stream(contract, operation, self, output) {
            let headers = [("Content-Type", EVENT_STREAM_TYPE)].into_iter().collect();
            return Response {
                status: self.success_status(operation),
                headers,
                body: body.into(),
                ..Response::default()
            };
        }
        self.respond(self.success_status(operation), output)
    }

    fn write_error(&self, contract: Option<&Contract>, error: &ErrorResponse<'_>) -> Response {
        let spelled = match (self, error.shape) {
            (Self::V1_0, Some(shape)) => shape.id.as_str().to_owned(),
            (Self::V1_0, None) => format!("{COMMON_NAMESPACE}#{}", error.name),
            (Self::V1_1, _) => error.name.to_owned(),
        };
        let mut body = json!({ self.error_location().name(): spelled });
        if let Some(members) = body.as_object_mut() {
            members.extend(error.members_with_message());
        }
        let mut response = self.respond(error.status, &body);
        write_query_error(contract, error, &mut response);
        response
    }
}

impl EventPayloads for AwsJson {
    fn read(&self, _: &Contract, _: &ShapeId, payload: &[u8]) -> EventPayload {
        EventPayload::of_json(payload)
    }

    fn write(&self, _: &Contract, _: &ShapeId, value: &Value) -> Bytes {
        JsonText(value).to_string().into()
    }

    fn media_type(&self) -> &'static str {
        self.content_type()
    }

    fn timestamp_format(&self) -> TimestampFormat {
        TimestampFormat::EpochSeconds
    }
}

impl AwsJson {
    fn respond(self, status: u16, body: &Value) -> Response {
        let headers = [("Content-Type", self.content_type())].into_iter().collect();
        Response { status, headers, body: Bytes::from(body.to_string()), ..Response::default() }
    }

    fn has_media_type(self, request: &Request) -> bool {
        media_type(request).is_some_and(|given| given.eq_ignore_ascii_case(self.content_type()))
    }
}

const ROUTE_PARTS: [RoutePart; 4] = [
    RoutePart::method(RouteRole::Fixed),
    RoutePart::path(RouteRole::Fixed),
    RoutePart {
        name: "target",
        role: RouteRole::Operation,
        read: |request| request.headers.get(TARGET),
        write: |request, value| replace(&mut request.headers, TARGET, value),
    },
    RoutePart::content_type(),
];

fn target(service: &str, operation: &str) -> String {
    format!("{service}.{operation}")
}

/// The service and the operation of the one target header.
fn called_parts(request: &Request) -> Option<(&str, &str)> {
    let mut values = request.headers.all(TARGET);
    let value = values.next().filter(|_| values.next().is_none())?;
    split_call(value)
}

fn malformed_heads(service: &str) -> Vec<MalformedRequest> {
    use MalformedOutcome::{Accepted, AnyRejection, AnyResponse, ClientError, UnknownOperation};
    use RequestChange::{Chunked, Method, Path, RemoveHeader, SetHeader};
    let new = MalformedRequest::new;
    let content_type = |value: &str| SetHeader("content-type", value.to_owned());
    let to = |value: &str| SetHeader(TARGET, value.to_owned());
    let unknown_operation = to(&target(service, "WireproofUnknown"));
    vec![
        new("no-content-type", "has no content type", RemoveHeader("content-type"), AnyRejection),
        new("text-content-type", "has the content type text/plain", content_type("text/plain"), AnyRejection),
        new(
            "json-content-type",
            "has the content type application/json",
            content_type("application/json"),
            AnyResponse,
        ),
        new("chunked", "is chunked", Chunked, Accepted),
        new("no-target", "names no operation", RemoveHeader(TARGET), UnknownOperation),
        new("target-without-a-dot", "names an operation without a service", to("wireproof"), UnknownOperation),
        new(
            "unknown-operation",
            "names an operation that the service does not have",
            unknown_operation,
            UnknownOperation,
        ),
        new("unknown-service", "names an unknown service", to("Wireproof_20000101.Unknown"), UnknownOperation),
        new("get", "is a GET", Method("GET"), ClientError),
        new("put", "is a PUT", Method("PUT"), ClientError),
        new("path", "goes to another path", Path("/wireproof".to_owned()), AnyResponse),
    ]
}

#[cfg(test)]
mod tests {
    use rstest::rstest;
    use serde_json::json;

    use super::*;

    const MODEL: &str = r#"{"smithy":"2.0","shapes":{
        "x#S_1":{"type":"service","version":"1","operations":[{"target":"x#Op"}],"traits":{"aws.protocols#awsJson1_0":{}}},
        "x#Op":{"type":"operation","input":{"target":"smithy.api#Unit"},"output":{"target":"smithy.api#Unit"},
            "errors":[{"target":"x#Own"}]},
        "x#Own":{"type":"structure","members":{},"traits":{"smithy.api#error":"client"}}}}"#;

    fn contract() -> Contract {
        crate::model::read("m", MODEL).unwrap()
    }

    fn response(status: u16, body: &'static str) -> Response {
        Response { status, body: Bytes::from_static(body.as_bytes()), ..Response::default() }
    }

    fn parse(version: AwsJson, response: &Response) -> ParsedResponse {
        version.parse_response(&contract(), None, response)
    }

    fn call() -> Request {
        let contract = contract();
        let operation = contract.operation("Op").unwrap();
        AwsJson::V1_0.build_request(&contract, operation, &json!({"a": 1})).unwrap()
    }

    #[test]
    fn a_success_has_a_value_and_no_error() {
        let parsed = parse(AwsJson::V1_1, &response(200, r#"{"code":"x"}"#));
        assert!(parsed.rejection.is_none() && parsed.value.is_some() && parsed.problems.is_empty());
    }

    #[rstest]
    #[case::without_output(200, true, 0)]
    #[case::unknown_operation(200, false, 1)]
    #[case::page(500, true, 0)]
    fn an_empty_body_is_fine_without_an_output(#[case] status: u16, #[case] is_known: bool, #[case] problems: usize) {
        let contract = contract();
        let operation = contract.operation("Op").filter(|_| is_known);
        let parsed = AwsJson::V1_0.parse_response(&contract, operation, &response(status, ""));
        assert_eq!((parsed.problems.len(), parsed.value), (problems, None));
        assert_eq!(parsed.rejection.is_some(), status >= 400);
    }

    #[test]
    fn a_200_with_an_error_body_is_a_rejection() {
        assert_eq!(parse(AwsJson::V1_1, &response(200, r#"{"__type":"a#Bad"}"#)).error(), Some("Bad"));
    }

    #[test]
    fn an_html_page_is_a_rejection_without_a_name() {
        let parsed = parse(AwsJson::V1_0, &response(500, "<html>"));
        assert!(parsed.rejection.is_some() && parsed.error().is_none() && parsed.value.is_none());
    }

    #[test]
    fn a_request_is_a_post_to_the_root_that_names_its_operation() {
        assert_eq!(call().to_bytes(), b"POST / HTTP/1.1\r\naccept-encoding: identity\r\ncontent-type: application/x-amz-json-1.0\r\nx-amz-target: S_1.Op\r\n\r\n{\"a\":1}");
        assert_eq!(AwsJson::V1_0.call(&call()), Some("S_1.Op"));
    }

    #[test]
    fn a_sentinel_differs_only_in_its_target() {
        let contract = contract();
        let sentinels = AwsJson::V1_0.sentinels(&contract, contract.operation("Op").unwrap(), &call()).unwrap();
        for (sentinel, target) in [
            (sentinels.unknown_operation, "S_1.WireproofUnknownOperation"),
            (sentinels.unknown_service, "WireproofUnknown_20000101.Op"),
        ] {
            assert_eq!(sentinel.headers.all("x-amz-target").collect::<Vec<_>>(), [target]);
            let mut same = sentinel;
            same.headers.set("x-amz-target", "S_1.Op");
            assert_eq!(same, call());
        }
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
    fn a_status_other_than_2xx_is_a_rejection(#[case] status: u16, #[case] rejected: bool) {
        assert_eq!(parse(AwsJson::V1_1, &response(status, "{}")).rejection.is_some(), rejected);
    }

    #[test]
    fn a_200_with_an_error_header_is_a_rejection() {
        let mut response = response(200, "{}");
        response.headers.push("x-amzn-errortype", "Bad");
        assert_eq!(parse(AwsJson::V1_1, &response).error(), Some("Bad"));
    }

    #[rstest]
    #[case::whole(|_: &mut Request| {}, None, Recognition::Service)]
    #[case::query(|request: &mut Request| request.target = "/?a=b".to_owned(), None, Recognition::Service)]
    #[case::parameter(|request: &mut Request| request.headers.set("content-type", "Application/X-Amz-Json-1.0; a=b"), None, Recognition::Service)]
    #[case::method(|request: &mut Request| request.method = "GET".to_owned(), Some(RoutingError::Line { method: "POST", path: "/" }), Recognition::Service)]
    #[case::path(|request: &mut Request| request.target = "//".to_owned(), Some(RoutingError::Line { method: "POST", path: "/" }), Recognition::Service)]
    #[case::no_target(|request: &mut Request| request.headers.remove(TARGET), Some(RoutingError::Unnamed { header: TARGET }), Recognition::Protocol)]
    #[case::two_targets(|request: &mut Request| request.headers.push(TARGET, "S_1.Op"), Some(RoutingError::Unnamed { header: TARGET }), Recognition::Protocol)]
    #[case::service(|request: &mut Request| request.headers.set(TARGET, "T.Op"), Some(RoutingError::Service("T".to_owned())), Recognition::Protocol)]
    #[case::operation(
        |request: &mut Request| request.headers.set(TARGET, "S_1.No"),
        Some(RoutingError::Operation { service: "S_1".to_owned(), operation: "No".to_owned() }),
        Recognition::Service
    )]
    #[case::content_type(
        |request: &mut Request| request.headers.set("content-type", "text/plain"),
        Some(RoutingError::ContentType("application/x-amz-json-1.0")),
        Recognition::Service
    )]
    fn a_request_is_routed_by_line_target_and_content_type(
        #[case] change: fn(&mut Request),
        #[case] expected: Option<RoutingError>,
        #[case] recognition: Recognition,
    ) {
        let (contract, mut request) = (contract(), call());
        change(&mut request);
        let routed = AwsJson::V1_0.route(&contract, &request);
        assert_eq!(routed.map(|operation| operation.name.as_str()), expected.map_or(Ok("Op"), Err));
        assert_eq!(AwsJson::V1_0.recognize(&contract, &request), recognition);
    }

    #[test]
    fn a_part_of_the_route_is_read_as_it_was_written() {
        for part in AwsJson::V1_0.route_parts() {
            let mut request = call();
            (part.write)(&mut request, "x");
            assert_eq!((part.read)(&request), Some("x"), "{}", part.name);
        }
    }

    #[rstest]
    #[case::empty_without_members("", Ok(json!({})))]
    #[case::object("{\"a\":1}", Ok(json!({"a": 1})))]
    #[case::array("[]", Err("The body is not a JSON object"))]
    #[case::not_json("{", Err("The body is text that is not JSON (EOF while parsing an object at line 1 column 1)"))]
    fn an_input_is_a_json_object(#[case] body: &'static str, #[case] expected: Result<Value, &str>) {
        let contract = contract();
        let request = Request { body: body.into(), ..call() };
        let input = AwsJson::V1_0.parse_input(&contract, contract.operation("Op").unwrap(), &request);
        assert_eq!(input.map_err(|error| error.to_string()), expected.map_err(str::to_owned));
    }

    #[rstest]
    #[case(AwsJson::V1_0, true, "x#Own")]
    #[case(AwsJson::V1_0, false, "com.amazon.coral.service#Own")]
    #[case(AwsJson::V1_1, true, "Own")]
    #[case(AwsJson::V1_1, false, "Own")]
    fn each_version_spells_an_error_in_its_own_way(
        #[case] version: AwsJson,
        #[case] declared: bool,
        #[case] spelled: &str,
    ) {
        let contract = contract();
        let shape = contract.error(contract.operation("Op").unwrap(), "Own").filter(|_| declared);
        let written = version.write_error(
            Some(&contract),
            &ErrorResponse { name: "Own", shape, status: 409, message: "m", members: None },
        );
        assert_eq!(written.status, 409);
        assert_eq!(written.body, format!(r#"{{"__type":"{spelled}","message":"m"}}"#));
        assert_eq!(written.headers.get("content-type"), Some(version.content_type()));
    }
}
