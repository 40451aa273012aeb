//! The parts of a response that are the same for all protocols.

use time::OffsetDateTime;

use super::service::Rejection;
use crate::{
    model::{Contract, Operation, Shape},
    wire::{
        Response,
        protocol::{ErrorResponse, REQUEST_ID_HEADER, ServerProtocol},
    },
};

/// Writes a rejection: an error that the operation declares, or a common error.
pub(super) fn rejection(
    protocol: &dyn ServerProtocol,
    operation: Option<(&Contract, &Operation)>,
    rejection: &Rejection,
) -> Response {
    let shape = operation.and_then(|(contract, operation)| contract.error(operation, rejection.error));
    let status = shape.map_or_else(|| common_status(rejection.error), Shape::error_status);
    let contract = operation.map(|(contract, _)| contract);
    protocol.write_error(
        contract,
        &ErrorResponse { name: rejection.error, shape, status, message: &rejection.message, members: None },
    )
}

/// The HTTP status of an error that no operation declares.
pub(super) fn common_status(error: &str) -> u16 {
    match error {
        "UnrecognizedClientException"
        | "InvalidClientTokenId"
        | "MissingAuthenticationToken"
        | "SignatureDoesNotMatch" => 403,
        "RequestEntityTooLargeException" => 413,
        "InternalFailure" => 500,
        "ServiceUnavailable" => 503,
        _ => 400,
    }
}

/// Adds the length, the request ID and the date.
pub(super) fn seal(mut response: Response, request_id: String, real_now: f64) -> Response {
    response.headers.set("Content-Length", response.body.len().to_string());
    response.headers.set(REQUEST_ID_HEADER, request_id);
    response.headers.set("Date", http_date(real_now));
    response
}

/// Formats epoch seconds as an IMF-fixdate of RFC 9110. A time beyond the calendar becomes 1970.
fn http_date(now: f64) -> String {
    let now = OffsetDateTime::UNIX_EPOCH
        .checked_add(time::Duration::saturating_seconds_f64(now))
        .unwrap_or(OffsetDateTime::UNIX_EPOCH);
    let (weekday, month) = (now.weekday().to_string(), now.month().to_string());
    format!(
        "{}, {:02} {} {:04} {:02}:{:02}:{:02} GMT",
        weekday.get(..3).unwrap_or_default(),
        now.day(),
        month.get(..3).unwrap_or_default(),
        now.year(),
        now.hour(),
        now.minute(),
        now.second()
    )
}

#[cfg(test)]
mod tests {
    use rstest::rstest;

    use serde_json::{Value, json};

    use super::*;
    use crate::{
        model,
        wire::{AwsJson, Protocol as _},
    };

    const MODEL: &str = r#"{"smithy":"2.0","shapes":{
        "x#S":{"type":"service","version":"1","operations":[{"target":"x#Op"}],"traits":{"aws.protocols#awsJson1_0":{}}},
        "x#Op":{"type":"operation","errors":[{"target":"x#Plain"},{"target":"x#Server"},{"target":"x#Own"}]},
        "x#Plain":{"type":"structure","members":{},"traits":{"smithy.api#error":"client"}},
        "x#Server":{"type":"structure","members":{},"traits":{"smithy.api#error":"server"}},
        "x#Own":{"type":"structure","members":{},"traits":{"smithy.api#error":"client","smithy.api#httpError":409}}}}"#;

    #[rstest]
    #[case("Plain", 400, "x#Plain")]
    #[case("Server", 500, "x#Server")]
    #[case("Own", 409, "x#Own")]
    #[case("SerializationException", 400, "com.amazon.coral.service#SerializationException")]
    #[case("UnrecognizedClientException", 403, "com.amazon.coral.service#UnrecognizedClientException")]
    #[case("InternalFailure", 500, "com.amazon.coral.service#InternalFailure")]
    #[case("ServiceUnavailable", 503, "com.amazon.coral.service#ServiceUnavailable")]
    #[case("RequestEntityTooLargeException", 413, "com.amazon.coral.service#RequestEntityTooLargeException")]
    fn each_error_has_its_status_and_name_in_both_protocols(
        #[case] error: &'static str,
        #[case] status: u16,
        #[case] long: &str,
    ) {
        let contract = model::read("m", MODEL).unwrap();
        let operation = contract.operation("Op").map(|operation| (&contract, operation));
        for (protocol, written) in [(AwsJson::V1_0, long), (AwsJson::V1_1, error)] {
            let response = rejection(&protocol, operation, &Rejection::new(error, "why"));
            let body: Value = serde_json::from_slice(&response.body).unwrap();
            assert_eq!((response.status, body), (status, json!({"__type": written, "message": "why"})));
            assert_eq!(response.headers.get("content-type"), Some(protocol.content_type()));
        }
    }

    #[test]
    fn seal_adds_length_id_and_date() {
        let response =
            seal(Response { body: r#"{"a":"é"}"#.into(), ..Response::default() }, "id".to_owned(), 784_111_777.4);
        assert_eq!(response.headers.get("content-length"), Some("10"));
        assert_eq!(response.headers.get("x-amzn-requestid"), Some("id"));
        assert_eq!(response.headers.get("date"), Some("Sun, 06 Nov 1994 08:49:37 GMT"));
        assert_eq!(http_date(f64::INFINITY), "Thu, 01 Jan 1970 00:00:00 GMT");
    }
}
