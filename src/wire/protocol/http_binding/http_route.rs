//! The operation that a request calls, by its method, path and constant query parameters.

use std::convert::Infallible;

use super::{query_pairs::QueryPairs, request_head::http_trait};
use crate::{
    model::{Contract, Operation},
    wire::{Request, protocol::routing},
};

/// Finds the operation with the most specific pattern that a request matches.
pub(in crate::wire::protocol) fn route<'c>(contract: &'c Contract, request: &Request) -> Option<&'c Operation> {
    let query = QueryPairs::of_target(&request.target);
    let path = routing::path(request);
    let matching = contract.operations().filter_map(|operation| {
        let (method, pattern) = http_trait(operation)?;
        let is_called = method == request.method && pattern.admits(&query) && pattern.matched(path).is_some();
        is_called.then_some((operation, pattern))
    });
    let best = matching.max_by(|(_, a), (_, b)| a.specificity(b));
    best.map(|(operation, _)| operation)
}

/// Returns whether the path of a request is one of the service, with any method and query.
pub(in crate::wire::protocol) fn has_path(contract: &Contract, request: &Request) -> bool {
    let path = routing::path(request);
    contract
        .operations()
        .any(|operation| http_trait(operation).is_some_and(|(_, pattern)| pattern.matched(path).is_some()))
}

/// Returns whether the path of an operation, with any labels, calls an operation by this method.
pub(in crate::wire::protocol) fn calls_anything(contract: &Contract, operation: &Operation, method: &str) -> bool {
    http_trait(operation).is_some_and(|(_, pattern)| {
        let target = pattern.path(|_| Ok::<_, Infallible>("wireproof".to_owned()));
        let target = target.unwrap_or_default();
        route(contract, &Request { method: method.to_owned(), target, ..Request::default() }).is_some()
    })
}

/// A path that leads to no operation, as near to that of a request as there is one: with more behind it, behind its
/// literals, or behind nothing. `None` if every such path leads to an operation.
pub(in crate::wire::protocol) fn unknown_path(
    contract: &Contract,
    operation: &Operation,
    request: &Request,
    name: &str,
) -> Option<String> {
    let (_, pattern) = http_trait(operation)?;
    let literals: String = pattern.literals().map(|literal| format!("/{literal}")).collect();
    let own = routing::path(request).trim_end_matches('/').to_owned();
    let repeated = |times: usize| format!("/{name}").repeat(times);
    let (own, literals) = (own.as_str(), literals.as_str());
    let candidates = [(own, 1), (own, 2), (literals, 1), (literals, 2), (literals, 8), ("", 1), ("", 2), ("", 8)];
    let mut candidates = candidates.into_iter().map(|(start, times)| format!("{start}{}", repeated(times)));
    candidates.find(|path| route(contract, &Request { target: path.clone(), ..request.clone() }).is_none())
}

#[cfg(test)]
mod tests {
    use rstest::rstest;

    use super::*;
    use crate::model::read;

    fn contract() -> Contract {
        let operations = [
            ("List", "GET", "/"),
            ("Get", "GET", "/things/{id}"),
            ("Own", "GET", "/things/own"),
            ("Tags", "GET", "/things/{id}?tags"),
            ("Put", "PUT", "/things/{id}"),
            ("File", "GET", "/files/{key+}"),
            ("FileTags", "GET", "/files/{key+}/tags"),
        ];
        let targets: Vec<String> = operations.iter().map(|(name, ..)| format!(r#"{{"target":"x#{name}"}}"#)).collect();
        let shapes: Vec<String> = operations.iter().map(|(name, method, uri)| format!(
            r#""x#{name}":{{"type":"operation","traits":{{"smithy.api#http":{{"method":"{method}","uri":"{uri}"}}}}}}"#
        )).collect();
        let text = format!(
            r#"{{"smithy":"2.0","shapes":{{"x#S":{{"type":"service","operations":[{}]}},{}}}}}"#,
            targets.join(","),
            shapes.join(",")
        );
        read("m", &text).unwrap()
    }

    fn request(method: &str, target: &str) -> Request {
        Request { method: method.to_owned(), target: target.to_owned(), ..Request::default() }
    }

    #[rstest]
    #[case("GET", "/", Some("List"))]
    #[case("GET", "/?x=1", Some("List"))]
    #[case("GET", "/things/5", Some("Get"))]
    #[case("GET", "/things/own", Some("Own"))]
    #[case("GET", "/things/5?tags", Some("Tags"))]
    #[case("PUT", "/things/5/", Some("Put"))]
    #[case("GET", "/files/a/b", Some("File"))]
    #[case("GET", "/files/a/tags", Some("FileTags"))]
    #[case("POST", "/things/5", None)]
    #[case("GET", "/nothing", None)]
    fn the_most_specific_operation_is_called(#[case] method: &str, #[case] target: &str, #[case] name: Option<&str>) {
        assert_eq!(route(&contract(), &request(method, target)).map(|operation| &*operation.name), name);
    }

    #[test]
    fn a_path_counts_with_any_method() {
        let contract = contract();
        assert!(
            has_path(&contract, &request("POST", "/things/5")) && !has_path(&contract, &request("GET", "/nothing"))
        );
    }

    #[rstest]
    #[case("Get", "/things/5", Some("/things/5/X"))]
    #[case("File", "/files/a", Some("/X"))]
    #[case("List", "/", Some("/X"))]
    fn an_unknown_path_is_near_the_known_one(#[case] name: &str, #[case] target: &str, #[case] expected: Option<&str>) {
        let contract = contract();
        let found = unknown_path(&contract, contract.operation(name).unwrap(), &request("GET", target), "X");
        assert_eq!(found.as_deref(), expected);
    }
}
