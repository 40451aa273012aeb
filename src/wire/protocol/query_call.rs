//! The requests of awsQuery and ec2Query: forms that name the operation by `Action` and the service by `Version`.

use bytes::Bytes;
use serde_json::Value;

use super::{
    InputError, MalformedOutcome, MalformedRequest, Recognition, RequestChange, RoutePart, RouteRole, RoutingError,
    Sentinels,
    form::{FORM_TYPE, Form, FormNode, FormProblem, raw_field, with_raw_field},
    query_input::QueryInput,
    routing::{RPC_METHOD, RPC_PATH, media_type, path},
    sentinel::{UNKNOWN_OPERATION, UNKNOWN_VERSION},
    unshowable::Unshowable,
};
use crate::{
    model::{Contract, Operation},
    wire::Request,
};

/// The field that names the operation.
pub(super) const ACTION: &str = "Action";

/// The field that holds the version of the service.
pub(super) const VERSION: &str = "Version";

/// The method of a call whose fields are in the query string.
const QUERY_METHOD: &str = "GET";

/// The parameters of a signed query string start with this.
const SIGNATURE_PREFIX: &str = "X-Amz-";

/// Builds a call.
///
/// # Errors
/// A form cannot show a part of the input.
pub(super) fn build(fields: QueryInput<'_>, operation: &Operation, input: &Value) -> Result<Request, Unshowable> {
    let contract = fields.contract;
    let mut form = Form::default();
    form.push(ACTION, operation.name.as_str());
    form.push(VERSION, contract.service().version.as_str());
    fields.write(&mut form, contract.members(&operation.input), input)?;
    Ok(Request {
        method: RPC_METHOD.to_owned(),
        target: target(operation),
        headers: [("accept-encoding", "identity"), ("content-type", FORM_TYPE)].into_iter().collect(),
        body: Bytes::from(form.write()),
        ..Request::default()
    })
}

/// The path of calls; a few operations of one service have a query string.
fn target(operation: &Operation) -> String {
    let uri = operation.traits.get("smithy.api#http").and_then(|http| http["uri"].as_str());
    uri.filter(|uri| uri.starts_with("/?")).unwrap_or(RPC_PATH).to_owned()
}

pub(super) fn sentinels(request: &Request) -> Sentinels {
    let to = |key: &str, value: &str| {
        let mut request = request.clone();
        set_field(&mut request, key, value);
        request
    };
    Sentinels {
        unknown_operation: to(ACTION, UNKNOWN_OPERATION),
        unknown_service: to(VERSION, UNKNOWN_VERSION),
        unknown_method: None,
    }
}

/// The value of a field as it is written, in the body or in the query string.
pub(super) fn field<'r>(request: &'r Request, key: &str) -> Option<&'r str> {
    let body = std::str::from_utf8(&request.body).ok().filter(|_| has_form(request));
    let query = request.target.split_once('?').map(|(_, query)| query);
    body.and_then(|body| raw_field(body, key)).or_else(|| raw_field(query?, key))
}

fn set_field(request: &mut Request, key: &str, value: &str) {
    let body = String::from_utf8_lossy(&request.body).into_owned();
    match request.target.split_once('?') {
        Some((path, query)) if raw_field(&body, key).is_none() && raw_field(query, key).is_some() => {
            request.target = format!("{path}?{}", with_raw_field(query, key, value));
        }
        _ => request.body = Bytes::from(with_raw_field(&body, key, value)),
    }
}

pub(super) fn has_form(request: &Request) -> bool {
    media_type(request).is_some_and(|given| given.eq_ignore_ascii_case(FORM_TYPE))
}

pub(super) fn is_claimed(contract: &Contract, request: &Request) -> bool {
    let is_form = request.method == RPC_METHOD && has_form(request);
    let names = field(request, ACTION).is_some() && field(request, VERSION) == Some(&contract.service().version);
    names && (is_form || request.method == QUERY_METHOD)
}

pub(super) fn recognize(contract: &Contract, request: &Request) -> Recognition {
    let action = field(request, ACTION);
    if action.is_some() && field(request, VERSION) == Some(&contract.service().version) {
        Recognition::Service
    } else if action.is_some() || has_form(request) {
        Recognition::Protocol
    } else {
        Recognition::Nothing
    }
}

/// Finds the operation of a call.
///
/// # Errors
/// The request calls no operation of the service.
pub(super) fn route<'c>(contract: &'c Contract, request: &Request) -> Result<&'c Operation, RoutingError> {
    let is_query = request.method == QUERY_METHOD;
    if !(request.method == RPC_METHOD || is_query) || path(request) != RPC_PATH {
        return Err(RoutingError::Line { method: RPC_METHOD, path: RPC_PATH });
    }
    if !is_query && !has_form(request) {
        return Err(RoutingError::ContentType(FORM_TYPE));
    }
    let action = field(request, ACTION).filter(|action| !action.is_empty()).ok_or(RoutingError::NoAction)?;
    let service = contract.service();
    let unknown = || RoutingError::Operation { service: service.id.name().to_owned(), operation: action.to_owned() };
    match field(request, VERSION) {
        Some(version) if version != service.version => Err(RoutingError::Version(version.to_owned())),
        _ => contract.operation(action).ok_or_else(unknown),
    }
}

/// Reads the input of a call.
///
/// # Errors
/// The fields are not a form.
pub(super) fn parse_input(
    fields: QueryInput<'_>,
    operation: &Operation,
    request: &Request,
) -> Result<Value, InputError> {
    let query = request.target.split_once('?').map(|(_, query)| query.as_bytes());
    let text = query.filter(|_| request.method == QUERY_METHOD).unwrap_or(&request.body);
    let form = Form::read(text);
    if let Some(problem) = form.problems.into_iter().find(FormProblem::is_forbidden) {
        return Err(InputError::Body(problem.into()));
    }
    let is_input = |key: &str| key != ACTION && key != VERSION && !key.starts_with(SIGNATURE_PREFIX);
    let kept: Vec<(String, String)> = form.fields.into_iter().filter(|(key, _)| is_input(key)).collect();
    let (tree, _) = FormNode::of(&kept).map_err(|limit| InputError::Limit(limit.into()))?;
    Ok(fields.read(fields.contract.members(&operation.input), &tree))
}

pub(super) const ROUTE_PARTS: [RoutePart; 5] = [
    RoutePart::method(RouteRole::Fixed),
    RoutePart::path(RouteRole::Fixed),
    RoutePart {
        name: "action",
        role: RouteRole::Operation,
        read: |request| field(request, ACTION),
        write: |request, value| set_field(request, ACTION, value),
    },
    RoutePart {
        name: "version",
        role: RouteRole::Operation,
        read: |request| field(request, VERSION),
        write: |request, value| set_field(request, VERSION, value),
    },
    RoutePart::content_type(),
];

/// The depth of a key that recursive parsers do not reach.
const DEEP: usize = 5_000;

/// 1 MiB.
const LARGE: usize = 1 << 20;

/// Requests that break the protocol.
///
/// The documents name an error for a missing and for an unknown action alone. They say nothing of broken escapes,
/// repeated keys and gaps in lists, and servers differ.
pub(super) fn malformed_requests(contract: &Contract, operation: &Operation) -> Vec<MalformedRequest> {
    let version = &contract.service().version;
    [malformed_calls(version, &operation.name), malformed_fields(), malformed_heads()].concat()
}

fn malformed_calls(version: &str, name: &str) -> Vec<MalformedRequest> {
    use MalformedOutcome::{AnyRejection, AnyResponse, UnknownOperation};
    let body = |variant, title, text: String, expected| {
        MalformedRequest::new(variant, title, RequestChange::Body(text.into_bytes()), expected)
    };
    let unknown = format!("Action={UNKNOWN_OPERATION}&Version={version}");
    let versioned = |version: &str| format!("Action={name}&Version={version}");
    vec![
        body("no-action", "names no action", format!("Version={version}"), UnknownOperation),
        body("empty-action", "has an empty action", format!("Action=&Version={version}"), UnknownOperation),
        body("unknown-operation", "names an operation that the service does not have", unknown, UnknownOperation),
        body("empty", "is empty", String::new(), UnknownOperation),
        body(
            "unknown-version",
            "has a version that the service does not have",
            versioned(UNKNOWN_VERSION),
            AnyRejection,
        ),
        body("no-version", "has no version", format!("Action={name}"), AnyResponse),
        body("json", "is JSON", "{}".to_owned(), AnyRejection),
        body("xml", "is XML", format!("<{name}/>"), AnyRejection),
    ]
}

fn malformed_fields() -> Vec<MalformedRequest> {
    use MalformedOutcome::AnyResponse;
    let further = |variant, title, text: Vec<u8>| {
        MalformedRequest::new(variant, title, RequestChange::Around(Vec::new(), text), AnyResponse)
    };
    let deep = format!("&WireproofUnknown{}=w", ".member.1".repeat(DEEP));
    let large = format!("&WireproofUnknown={}", "w".repeat(LARGE));
    let gap = b"&WireproofUnknown.member.1=w&WireproofUnknown.member.3=w".to_vec();
    let crashing = |request: MalformedRequest| MalformedRequest { may_crash: true, ..request };
    vec![
        crashing(further("broken-escape", "has a percent sign without digits", b"&WireproofUnknown=%zz".to_vec())),
        crashing(further("invalid-utf-8", "has escapes that are not UTF-8", b"&WireproofUnknown=%FF%FE".to_vec())),
        further("key-twice", "has a duplicate key", b"&WireproofUnknown=1&WireproofUnknown=2".to_vec()),
        further("action-twice", "names two actions", format!("&{ACTION}={UNKNOWN_OPERATION}").into_bytes()),
        further("gap", "has a list with a gap in its numbers", gap),
        crashing(further(
            "huge-number",
            "has a list with a huge number",
            b"&WireproofUnknown.member.4294967296=w".to_vec(),
        )),
        further("trailing-ampersand", "ends with an ampersand", b"&".to_vec()),
        crashing(further("deep-nesting", "has a key of 10,000 segments", deep.into_bytes())),
        crashing(further("large-body", "has a value of 1 MiB", large.into_bytes())),
    ]
}

fn malformed_heads() -> Vec<MalformedRequest> {
    use MalformedOutcome::{Accepted, AnyResponse, ClientError};
    use RequestChange::{Chunked, Method, Path, RemoveHeader, SetHeader};
    let new = MalformedRequest::new;
    let content_type = |value: &str| SetHeader("content-type", value.to_owned());
    let charset = content_type(&format!("{FORM_TYPE}; charset=utf-8"));
    vec![
        new("charset", "names the charset of its form", charset, Accepted),
        new("no-content-type", "has no content type", RemoveHeader("content-type"), AnyResponse),
        new(
            "json-content-type",
            "has the content type application/json",
            content_type("application/json"),
            AnyResponse,
        ),
        new("chunked", "is chunked", Chunked, AnyResponse),
        new("get", "is a GET", Method("GET"), AnyResponse),
        new("put", "is a PUT", Method("PUT"), ClientError),
        new("path", "goes to another path", Path("/wireproof".to_owned()), AnyResponse),
    ]
}
