//! Requests that break a REST protocol, for probes.

use super::{
    MalformedOutcome::{Accepted, AnyResponse, ClientError},
    MalformedRequest,
    RequestChange::{Chunked, Method, Path, RemoveHeader, SetHeader},
    http_binding::{BodyBinding, calls_anything, has_path},
};
use crate::{
    model::{Contract, Operation, PayloadSide},
    wire::Request,
};

/// A path that hardly any service has.
const UNKNOWN_PATH: &str = "/wireproof-unknown/wireproof-unknown";

/// Methods that change nothing where no operation has them.
const METHODS: [&str; 3] = ["PATCH", "PUT", "POST"];

/// Requests with a wrong method, path, content type or form. `document` is the media type of the protocol's documents.
pub(super) fn rest_heads(contract: &Contract, operation: &Operation, document: &str) -> Vec<MalformedRequest> {
    let new = MalformedRequest::new;
    let mut requests = Vec::new();
    if let Some(method) = METHODS.into_iter().find(|method| !calls_anything(contract, operation, method)) {
        requests.push(new("method", "has another method", Method(method), ClientError));
    }
    if !has_path(contract, &Request { target: UNKNOWN_PATH.to_owned(), ..Request::default() }) {
        requests.push(new(
            "path",
            "goes to a path that the service does not have",
            Path(UNKNOWN_PATH.to_owned()),
            ClientError,
        ));
    }
    let body = BodyBinding::of(contract, &operation.input, PayloadSide::Input);
    if body.media_type(contract, document).is_some() {
        requests.push(new("chunked", "is chunked", Chunked, Accepted));
        if !body.has_any_media_type(contract) {
            requests.extend(wrong_content_types());
        }
    }
    let accept = SetHeader("accept", "application/x-wireproof".to_owned());
    requests.push(new("accept", "accepts an unknown media type only", accept, AnyResponse));
    requests
}

/// The protocol excludes them; some services do not look at the header.
fn wrong_content_types() -> [MalformedRequest; 2] {
    let text = SetHeader("content-type", "text/x-wireproof".to_owned());
    [
        MalformedRequest::new("no-content-type", "has no content type", RemoveHeader("content-type"), AnyResponse),
        MalformedRequest::new("wrong-content-type", "has the content type text/x-wireproof", text, ClientError),
    ]
}
