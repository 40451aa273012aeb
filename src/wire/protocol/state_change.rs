//! Requests that change the state of an endpoint under test, in the form of Pact's provider states.
//!
//! They belong to no AWS protocol: nothing signs them, and no check judges them.

use bytes::Bytes;
use serde_json::Value;

use crate::wire::{Request, Response};

const METHOD: &str = "POST";
const CONTENT_TYPE: &str = "application/json";

/// Builds the request that posts `body` to a path.
#[must_use]
pub fn request(host: String, path: &str, body: &Value) -> Request {
    let body = body.to_string();
    let headers = [
        ("host", host),
        ("accept", "*/*".to_owned()),
        ("content-type", CONTENT_TYPE.to_owned()),
        ("content-length", body.len().to_string()),
    ];
    Request {
        method: METHOD.to_owned(),
        target: path.to_owned(),
        headers: headers.into_iter().collect(),
        body: Bytes::from(body),
        ..Request::default()
    }
}

/// The path that a request posts to, without its query; `None` for another method.
#[must_use]
pub fn posted_path(request: &Request) -> Option<&str> {
    (request.method == METHOD).then(|| super::routing::path(request))
}

/// Builds the response to a posted request.
#[must_use]
pub fn response(status: u16, body: &Value) -> Response {
    let headers = [("Content-Type", CONTENT_TYPE)].into_iter().collect();
    Response { status, headers, body: Bytes::from(body.to_string()), ..Response::default() }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn a_change_is_posted_as_json() {
        let request = request("h".to_owned(), "/states?a", &json!({"state": "s"}));
        assert_eq!(posted_path(&request), Some("/states"));
        assert_eq!(
            request.to_bytes(),
            b"POST /states?a HTTP/1.1\r\nhost: h\r\naccept: */*\r\ncontent-type: application/json\r\ncontent-length: 13\r\n\r\n{\"state\":\"s\"}"
        );
        assert_eq!(posted_path(&Request { method: "GET".to_owned(), ..request }), None);
        assert_eq!(response(404, &json!({})).to_bytes(), b"HTTP/1.1 404\r\nContent-Type: application/json\r\n\r\n{}");
    }
}
