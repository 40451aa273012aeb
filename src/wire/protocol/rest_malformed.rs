//! Requests that break a REST protocol, for probes.

use super::{
    MalformedOutcome::{Accepted, AnyResponse, ClientError},
    MalformedRequest,
    RequestChange::{Chunked, Method, Path, RemoveHeader, SetHeader},
    http_binding::{BodyBinding, has_path, unknown_method},
    rest_json,
};
use crate::{
    model::{Contract, Operation, PayloadSide},
    wire::Request,
};

/// A path that hardly any service has.
const UNKNOWN_PATH: &str = "/wireproof-unknown/wireproof-unknown";

/// Requests with a wrong method, path, content type or form. `document` is the media type of the protocol's documents.
pub(super) fn rest_heads(contract: &Contract, operation: &Operation, document: &str) -> Vec<MalformedRequest> {
    let new = MalformedRequest::new;
    let mut requests = Vec::new();
    if let Some(method) = unknown_method(contract, operation) {
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
            requests.extend(wrong_content_types(document));
        }
    }
    let accept = SetHeader("accept", "application/x-wireproof".to_owned());
    requests.push(new("accept", "accepts an unknown media type only", accept, AnyResponse));
    requests
}

/// restJson1 excludes another content type; some of its services take a request without any. The specification of
/// restXml does not say what servers do, and S3 does not look at the header.
fn wrong_content_types(document: &str) -> [MalformedRequest; 2] {
    let wrong = if document == rest_json::DOCUMENT { ClientError } else { AnyResponse };
    let text = SetHeader("content-type", "text/x-wireproof".to_owned());
    [
        MalformedRequest::new("no-content-type", "has no content type", RemoveHeader("content-type"), AnyResponse),
        MalformedRequest::new("wrong-content-type", "has the content type text/x-wireproof", text, wrong),
    ]
}

#[cfg(test)]
mod tests {
    use super::*;

    const MODEL: &str = r#"{"smithy":"2.0","shapes":{
        "x#S":{"type":"service","operations":[{"target":"x#Get"},{"target":"x#Put"},{"target":"x#Load"},{"target":"x#Any"}]},
        "x#Get":{"type":"operation","traits":{"smithy.api#http":{"method":"GET","uri":"/a/{id}"}}},
        "x#Put":{"type":"operation","input":{"target":"x#In"},"traits":{"smithy.api#http":{"method":"PATCH","uri":"/a/{id}"}}},
        "x#Load":{"type":"operation","input":{"target":"x#Bytes"},"traits":{"smithy.api#http":{"method":"POST","uri":"/b"}}},
        "x#Any":{"type":"operation","traits":{"smithy.api#http":{"method":"HEAD","uri":"/c"}}},
        "x#In":{"type":"structure","members":{"a":{"target":"smithy.api#String"}}},
        "x#Bytes":{"type":"structure","members":{"a":{"target":"smithy.api#Blob","traits":{"smithy.api#httpPayload":{}}}}}}}"#;

    fn heads(contract: &Contract, name: &str) -> Vec<String> {
        let requests = rest_heads(contract, contract.operation(name).unwrap(), "application/json");
        let change = |request: MalformedRequest| match request.change {
            Method(method) => format!("{} {method}", request.variant),
            _ => request.variant.to_owned(),
        };
        requests.into_iter().map(change).collect()
    }

    #[test]
    fn another_method_calls_no_other_operation_and_content_types_need_a_body() {
        let contract = crate::model::read("m", MODEL).unwrap();
        assert_eq!(heads(&contract, "Get"), ["method PUT", "path", "accept"]);
        let of_document = ["method PUT", "path", "chunked", "no-content-type", "wrong-content-type", "accept"];
        assert_eq!(heads(&contract, "Put"), of_document);
        assert_eq!(heads(&contract, "Load"), ["method PATCH", "path", "chunked", "accept"]);
    }

    #[test]
    fn no_path_is_unknown_to_a_service_with_a_greedy_one() {
        let text = MODEL.replace("\"/c\"", "\"/{all+}\"");
        let contract = crate::model::read("m", &text).unwrap();
        assert_eq!(heads(&contract, "Get"), ["method PUT", "accept"]);
    }
}
