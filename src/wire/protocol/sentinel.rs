//! The requests of the presence check that no endpoint implements, and what differs in the responses to them.

use crate::{
    model::{Contract, Operation},
    wire::Request,
};

/// An operation that no service has.
pub(super) const UNKNOWN_OPERATION: &str = "WireproofUnknownOperation";

/// A service that no endpoint has.
pub(super) const UNKNOWN_SERVICE: &str = "WireproofUnknown_20000101";

/// A version that no service has.
pub(super) const UNKNOWN_VERSION: &str = "2000-01-01";

/// A valid request, sent to an operation and to a service that no endpoint has.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Sentinels {
    /// The request to an unknown operation of the same service.
    pub unknown_operation: Request,
    /// The request to an operation of the same name of an unknown service.
    pub unknown_service: Request,
    /// The request with a method that no operation has on this path, in protocols whose methods differ.
    pub unknown_method: Option<Request>,
}

/// Requests that show whether an endpoint reads the subresource of a request.
///
/// Where several operations share a method and a path, a subresource distinguishes them: a constant parameter of the query
/// string. An endpoint that does not know it responds as to a request without it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SubresourceRequests {
    /// The request with an unknown subresource in place of its own.
    pub unknown: Request,
    /// The request that reads what the path names, if the request itself may remove that.
    pub resource: Option<Request>,
}

impl Sentinels {
    /// An operation, or a subresource, that no service has.
    pub const UNKNOWN_OPERATION: &'static str = UNKNOWN_OPERATION;

    /// The body of a response without the names by which the request and its sentinels differ.
    #[must_use]
    pub fn mask_names(contract: &Contract, operation: &Operation, body: &str) -> String {
        let mut text = body.to_owned();
        for name in [operation.name.as_str(), UNKNOWN_OPERATION] {
            text = text.replace(&snake_case(name), "<operation>").replace(name, "<operation>");
        }
        for name in [contract.service().id.name(), UNKNOWN_SERVICE] {
            text = text.replace(name, "<service>");
        }
        let version = contract.service().version.as_str();
        for name in [version, UNKNOWN_VERSION].into_iter().filter(|name| name.len() == UNKNOWN_VERSION.len()) {
            text = text.replace(name, "<version>");
        }
        // In a path that a response repeats, the sentinels have segments more than the request.
        text.replace("/<operation>", "").replace("<service>/", "")
    }
}

fn snake_case(name: &str) -> String {
    let mut out = String::new();
    for (index, c) in name.chars().enumerate() {
        if c.is_ascii_uppercase() && index > 0 {
            out.push('_');
        }
        out.push(c.to_ascii_lowercase());
    }
    out
}

#[cfg(test)]
mod tests {
    use rstest::rstest;

    use super::*;

    #[rstest]
    #[case("StopDeployment", "stop_deployment")]
    #[case("getX", "get_x")]
    #[case("", "")]
    fn a_name_in_snake_case(#[case] name: &str, #[case] expected: &str) {
        assert_eq!(snake_case(name), expected);
    }

    #[test]
    fn a_response_to_a_request_and_to_its_sentinels_is_the_same_without_names() {
        let model = r#"{"smithy":"2.0","shapes":{
            "x#S_1":{"type":"service","version":"2010-05-08","operations":[{"target":"x#GetIt"}]},"x#GetIt":{"type":"operation"}}}"#;
        let contract = crate::model::read("m", model).unwrap();
        let operation = contract.operation("GetIt").unwrap();
        let masked = |text: &str| Sentinels::mask_names(&contract, operation, text);
        let expected = "<service>.<operation> <operation>";
        assert_eq!(masked("S_1.GetIt get_it"), expected);
        assert_eq!(masked(&format!("{UNKNOWN_SERVICE}.{UNKNOWN_OPERATION} wireproof_unknown_operation")), expected);
        assert_eq!(masked("GetIt of 2010-05-08"), masked(&format!("GetIt of {UNKNOWN_VERSION}")));
        let paths = ["/a/b".to_owned(), format!("/a/b/{UNKNOWN_OPERATION}"), format!("/{UNKNOWN_SERVICE}/a/b")];
        assert_eq!(paths.map(|path| masked(&path)), ["/a/b"; 3]);
    }
}
