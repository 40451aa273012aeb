//! The presence of an operation that shares its method and path with others, and differs by a subresource.
//!
//! An endpoint that lacks such an operation responds as the operation without the subresource does: `GET` with an unknown
//! one lists a bucket, `PUT` stores an object, `DELETE` deletes it. So a success proves nothing by itself.

use std::collections::BTreeSet;

use super::implementation::{NotImplementedReason, PresenceDecision, PresenceProof, PresenceSubject};
use crate::{
    judge::transcript::{SubresourceComparison, SubresourceResponses},
    wire::Response,
};

/// Decides whether an operation is implemented. `None` if its response is not a success.
#[must_use]
pub fn presence_by_subresource(
    subject: PresenceSubject<'_>,
    SubresourceResponses { own, compared, .. }: &SubresourceResponses,
) -> Option<PresenceDecision> {
    if !(200..300).contains(&own.status) {
        return None;
    }
    let ignored = PresenceDecision::NotImplemented(NotImplementedReason::SubresourceIgnored);
    match compared {
        SubresourceComparison::Unknown(unknown) if are_alike(subject, own, unknown) => Some(ignored),
        SubresourceComparison::Unknown(_) => Some(PresenceDecision::Implemented(PresenceProof::Success(own.status))),
        SubresourceComparison::ReadAfter(after) => (after.status == GONE).then_some(ignored),
    }
}

/// The status of what is not there.
const GONE: u16 = 404;

/// Headers of transports.
const FRAMING: [&str; 6] = ["date", "server", "connection", "keep-alive", "transfer-encoding", "content-length"];

/// Compares status, media type, text, and the names of the headers: some outputs are headers only.
fn are_alike(subject: PresenceSubject<'_>, one: &Response, other: &Response) -> bool {
    subject.normalized(one) == subject.normalized(other) && header_names(one) == header_names(other)
}

fn header_names(response: &Response) -> BTreeSet<String> {
    let names = response.headers.iter().map(|(name, _)| name.to_ascii_lowercase());
    names.filter(|name| !FRAMING.contains(&name.as_str())).collect()
}

#[cfg(test)]
mod tests {
    use bytes::Bytes;
    use rstest::rstest;

    use super::*;
    use crate::{
        model,
        wire::{Protocol, protocol::RestXml},
    };

    const MODEL: &str = r#"{"smithy":"2.0","shapes":{
        "x#S":{"type":"service","operations":[{"target":"x#Get"}]},
        "x#Get":{"type":"operation","traits":{"smithy.api#http":{"method":"GET","uri":"/{id}?rules"}}}}}"#;

    fn response(status: u16, headers: &[(&str, &str)], body: &'static str) -> Response {
        let headers = headers.iter().copied().collect();
        Response { status, headers, body: Bytes::from_static(body.as_bytes()), ..Response::default() }
    }

    fn decided(own: Response, compared: SubresourceComparison) -> Option<PresenceDecision> {
        let contract = model::read("m", MODEL).unwrap();
        let protocol: &dyn Protocol = &RestXml;
        let subject = PresenceSubject { contract: &contract, operation: contract.operation("Get").unwrap(), protocol };
        presence_by_subresource(subject, &SubresourceResponses { own, compared, fallback: None })
    }

    #[rstest]
    #[case::another_body(response(200, &[], "<Rules/>"), response(200, &[], "<List/>"), Some(true))]
    #[case::an_error_for_the_unknown_one(response(200, &[], "<Rules/>"), response(400, &[], "<Error/>"), Some(true))]
    #[case::an_output_of_headers(response(200, &[], ""), response(200, &[("ETag", "a")], ""), Some(true))]
    #[case::the_same(response(200, &[("Date", "a")], "<List/>"), response(200, &[], "<List/>"), Some(false))]
    #[case::the_same_with_other_values(response(200, &[("etag", "a")], ""), response(200, &[("ETag", "b")], ""), Some(false))]
    #[case::an_error(response(404, &[], "<Error/>"), response(404, &[], "<Error/>"), None)]
    fn a_success_that_an_unknown_subresource_gets_too_is_not_of_the_operation(
        #[case] own: Response,
        #[case] unknown: Response,
        #[case] is_implemented: Option<bool>,
    ) {
        let found = decided(own, SubresourceComparison::Unknown(unknown));
        assert_eq!(found.map(|found| matches!(found, PresenceDecision::Implemented(_))), is_implemented);
    }

    #[rstest]
    #[case::removed(204, 404, true)]
    #[case::still_there(204, 200, false)]
    #[case::rejected(403, 404, false)]
    fn a_request_that_removes_what_its_path_names_is_not_of_the_operation(
        #[case] own: u16,
        #[case] after: u16,
        #[case] is_missing: bool,
    ) {
        let found = decided(response(own, &[], ""), SubresourceComparison::ReadAfter(response(after, &[], "")));
        let ignored = PresenceDecision::NotImplemented(NotImplementedReason::SubresourceIgnored);
        assert_eq!(found, is_missing.then_some(ignored));
    }
}
