//! What services that used to speak awsQuery add to other protocols: the trait `aws.protocols#awsQueryCompatible`.

use super::{ErrorResponse, QUERY_ERROR_HEADER};
use crate::{
    model::{Contract, ErrorKind},
    wire::Response,
};

const TRAIT: &str = "aws.protocols#awsQueryCompatible";

/// The header by which a client asks for the errors of the query protocol, if the service has the trait.
pub(super) fn query_mode(contract: &Contract) -> Option<(&'static str, &'static str)> {
    is_query_compatible(contract).then_some(("x-amzn-query-mode", "true"))
}

/// Adds the code that a declared error has in the query protocol.
pub(super) fn write_query_error(contract: Option<&Contract>, error: &ErrorResponse<'_>, response: &mut Response) {
    let Some(shape) = error.shape.filter(|_| contract.is_some_and(is_query_compatible)) else { return };
    if let Some(code) = shape.traits.query_error_code() {
        let side = if shape.traits.error() == Some(ErrorKind::Server) { "Receiver" } else { "Sender" };
        response.headers.set(QUERY_ERROR_HEADER, format!("{code};{side}"));
    }
}

/// The code that an error has in the query protocol, if the service has the trait.
pub(super) fn read_query_error(contract: &Contract, response: &Response) -> Option<String> {
    let spelled = response.headers.get(QUERY_ERROR_HEADER).filter(|_| is_query_compatible(contract))?;
    Some(spelled.split_once(';').map_or(spelled, |(code, _)| code).to_owned())
}

/// The protocol that services with the trait still speak.
pub(super) const QUERY: &str = "awsQuery";

pub(super) fn is_query_compatible(contract: &Contract) -> bool {
    contract.service().traits.get(TRAIT).is_some()
}

#[cfg(test)]
mod tests {
    use rstest::rstest;

    use super::*;

    fn contract(traits: &str) -> Contract {
        let model = format!(
            r#"{{"smithy":"2.0","shapes":{{
            "x#S":{{"type":"service","version":"1","operations":[{{"target":"x#Op"}}],"traits":{{{traits}}}}},
            "x#Op":{{"type":"operation","errors":[{{"target":"x#Named"}},{{"target":"x#Server"}},{{"target":"x#Plain"}}]}},
            "x#Named":{{"type":"structure","members":{{}},"traits":{{"smithy.api#error":"client",
                "aws.protocols#awsQueryError":{{"code":"Custom","httpResponseCode":402}}}}}},
            "x#Server":{{"type":"structure","members":{{}},"traits":{{"smithy.api#error":"server",
                "aws.protocols#awsQueryError":{{"code":"Broken","httpResponseCode":500}}}}}},
            "x#Plain":{{"type":"structure","members":{{}},"traits":{{"smithy.api#error":"client"}}}}}}}}"#
        );
        crate::model::read("m", &model).unwrap()
    }

    #[rstest]
    #[case::client("Named", Some("Custom;Sender"))]
    #[case::server("Server", Some("Broken;Receiver"))]
    #[case::without_a_code("Plain", None)]
    #[case::undeclared("Other", None)]
    fn a_declared_error_has_its_query_code(#[case] name: &str, #[case] expected: Option<&str>) {
        let contract = contract(r#""aws.protocols#awsQueryCompatible":{}"#);
        let shape = contract.error(contract.operation("Op").unwrap(), name);
        let mut response = Response::default();
        let error = ErrorResponse { name, shape, status: 400, message: "m", members: None };
        write_query_error(Some(&contract), &error, &mut response);
        assert_eq!(response.headers.get("x-amzn-query-error"), expected);
        assert_eq!(query_mode(&contract), Some(("x-amzn-query-mode", "true")));
        let code = expected.map(|spelled| spelled.split(';').next().unwrap());
        assert_eq!(read_query_error(&contract, &response).as_deref(), code);
    }

    #[test]
    fn a_service_without_the_trait_adds_nothing() {
        let contract = contract("");
        let shape = contract.error(contract.operation("Op").unwrap(), "Named");
        let mut response = Response::default();
        let error = ErrorResponse { name: "Named", shape, status: 400, message: "m", members: None };
        write_query_error(Some(&contract), &error, &mut response);
        assert_eq!((response.headers.get("x-amzn-query-error"), query_mode(&contract)), (None, None));
        response.headers.set(QUERY_ERROR_HEADER, "Custom;Sender");
        assert_eq!(read_query_error(&contract, &response), None);
    }
}
