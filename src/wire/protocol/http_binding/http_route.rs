//! The operation that a request calls, by its method, path and constant query parameters.

use std::{cmp::Reverse, collections::BTreeSet, convert::Infallible};

use bytes::Bytes;

use super::{bucket_host::called_path, query_pairs::QueryPairs, request_head::http_trait, uri_pattern::UriPattern};
use crate::{
    model::{Contract, Member, MemberBinding, Operation, PayloadSide},
    wire::{
        Request,
        protocol::{Sentinels, SubresourceRequests, routing},
    },
};

/// Finds the operation with the most specific pattern that a request matches.
///
/// S3 has patterns that several operations share: the parameters and headers that their inputs require distinguish
/// them, and a deprecated operation has a successor of the same form.
pub(in crate::wire::protocol) fn route<'c>(contract: &'c Contract, request: &Request) -> Option<&'c Operation> {
    let query = QueryPairs::of_target(&request.target);
    let path = called_path(contract, request);
    let matching = contract.operations().filter_map(|operation| {
        let (method, pattern) = http_trait(operation)?;
        let is_called = method == request.method && pattern.admits(&query) && pattern.matched(&path).is_some();
        is_called.then_some((operation, pattern))
    });
    let claim = |operation: &Operation| RequiredParts::of(contract, operation, request, &query);
    let best = matching.reduce(|best, other| {
        let order = other.1.specificity(&best.1).then_with(|| claim(other.0).cmp(&claim(best.0)));
        if order.is_gt() { other } else { best }
    });
    best.map(|(operation, _)| operation)
}

/// Returns whether a request calls this operation.
pub(in crate::wire::protocol) fn names(contract: &Contract, operation: &Operation, request: &Request) -> bool {
    route(contract, request).is_some_and(|called| called.id == operation.id)
}

/// Returns whether another operation has the same method and pattern, so that the query parameter or the header of this
/// member tells them apart.
pub(in crate::wire::protocol) fn distinguishes(contract: &Contract, operation: &Operation, member: &Member) -> bool {
    let Some((method, pattern)) = http_trait(operation) else { return false };
    let form = pattern.form();
    let same = |other: &Operation| {
        let is_same = |(other, pattern): (&str, UriPattern<'_>)| other == method && pattern.form() == form;
        other.name != operation.name && http_trait(other).is_some_and(is_same)
    };
    is_head_part(member) && member.traits.required() && contract.operations().any(same)
}

/// The operation that every request to a deprecated operation calls: it has the same method, pattern, and required
/// parameters and headers.
pub(in crate::wire::protocol) fn successor<'c>(contract: &'c Contract, operation: &Operation) -> Option<&'c Operation> {
    let deprecated = |operation: &Operation| operation.traits.get("smithy.api#deprecated").is_some();
    let (method, pattern) = http_trait(operation).filter(|_| deprecated(operation))?;
    let form = pattern.form();
    let same = |other: &&Operation| {
        let is_same = |(other, pattern): (&str, UriPattern<'_>)| other == method && pattern.form() == form;
        !deprecated(other) && http_trait(other).is_some_and(is_same)
    };
    let parts = |operation: &Operation| -> BTreeSet<String> {
        let required = contract.members(&operation.input).iter().filter(|member| member.traits.required());
        required.filter(|member| is_head_part(member)).map(|member| member.name.clone()).collect()
    };
    contract.operations().filter(same).find(|other| parts(other) == parts(operation))
}

/// Returns whether a member is a query parameter or a header.
fn is_head_part(member: &Member) -> bool {
    matches!(member.binding(PayloadSide::Input), MemberBinding::Query(_) | MemberBinding::Header(_))
}

/// A parameter without a value that neither the pattern nor the input of the operation has.
pub(in crate::wire::protocol) fn unknown_subresource(
    contract: &Contract,
    operation: &Operation,
    request: &Request,
) -> Option<String> {
    let (_, pattern) = http_trait(operation)?;
    let members = contract.members(&operation.input);
    let is_bound = |name: &str| {
        members.iter().any(|member| match member.binding(PayloadSide::Input) {
            MemberBinding::Query(known) => known == name,
            MemberBinding::QueryParams => true,
            _ => false,
        })
    };
    let query = QueryPairs::of_target(&request.target);
    let mut bare = query.iter().filter(|(_, value)| value.is_empty()).map(|(name, _)| name);
    bare.find(|name| !pattern.has_constant(name) && !is_bound(name)).map(str::to_owned)
}

/// How well a request fits the required parameters and headers of an operation; the best fit is the greatest.
#[derive(Debug, PartialEq, Eq, PartialOrd, Ord)]
struct RequiredParts {
    missing: Reverse<usize>,
    present: usize,
    is_current: bool,
}

impl RequiredParts {
    fn of(contract: &Contract, operation: &Operation, request: &Request, query: &QueryPairs) -> Self {
        let required = contract.members(&operation.input).iter().filter(|member| member.traits.required());
        let are_given = required.filter_map(|member| match member.binding(PayloadSide::Input) {
            MemberBinding::Query(name) => Some(query.contains(name)),
            MemberBinding::Header(name) => Some(request.headers.get(name).is_some()),
            _ => None,
        });
        let (present, missing): (Vec<bool>, Vec<bool>) = are_given.partition(|is_given| *is_given);
        let is_current = operation.traits.get("smithy.api#deprecated").is_none();
        Self { missing: Reverse(missing.len()), present: present.len(), is_current }
    }
}

/// Returns whether the path of a request is one of the service, with any method and query.
pub(in crate::wire::protocol) fn has_path(contract: &Contract, request: &Request) -> bool {
    let path = called_path(contract, request);
    contract
        .operations()
        .any(|operation| http_trait(operation).is_some_and(|(_, pattern)| pattern.matched(&path).is_some()))
}

/// Returns whether the path of an operation, with any labels, calls an operation by this method.
pub(in crate::wire::protocol) fn calls_anything(contract: &Contract, operation: &Operation, method: &str) -> bool {
    http_trait(operation).is_some_and(|(_, pattern)| {
        let target = pattern.path(|_| Ok::<_, Infallible>("wireproof".to_owned()));
        let target = target.unwrap_or_default();
        route(contract, &Request { method: method.to_owned(), target, ..Request::default() }).is_some()
    })
}

/// Methods that change nothing where no operation has them.
const HARMLESS_METHODS: [&str; 3] = ["PATCH", "PUT", "POST"];

/// A method that no operation has on the path of an operation, if there is a harmless one.
pub(in crate::wire::protocol) fn unknown_method(contract: &Contract, operation: &Operation) -> Option<&'static str> {
    HARMLESS_METHODS.into_iter().find(|method| !calls_anything(contract, operation, method))
}

/// The method that reads what a path names.
const READ: &str = "GET";

/// The method that removes it.
const REMOVE: &str = "DELETE";

/// Returns true if the operation has constant parameters other than the one that only names it.
pub(in crate::wire::protocol) fn has_subresource(operation: &Operation) -> bool {
    http_trait(operation).is_some_and(|(_, pattern)| !pattern.form().1.is_empty())
}

/// Requests that show whether an endpoint reads the constant parameters of an operation, other than the one that only
/// names the operation.
pub(in crate::wire::protocol) fn subresource(
    contract: &Contract,
    operation: &Operation,
    request: &Request,
) -> Option<SubresourceRequests> {
    let (_, pattern) = http_trait(operation)?;
    if pattern.form().1.is_empty() {
        return None;
    }
    let (path, query) = request.target.split_once('?')?;
    let name_of = |pair: &str| pair.split('=').next().unwrap_or_default().to_owned();
    let others =
        query.split('&').filter(|pair| !pattern.has_constant(&name_of(pair)) || name_of(pair) == NAME_PARAMETER);
    let query: Vec<&str> = [Sentinels::UNKNOWN_OPERATION].into_iter().chain(others).collect();
    let is_read = || request.method == REMOVE && calls_anything(contract, operation, READ);
    Some(SubresourceRequests {
        unknown: Request { target: format!("{path}?{}", query.join("&")), ..request.clone() },
        resource: is_read().then(|| Request {
            method: READ.to_owned(),
            target: path.to_owned(),
            body: Bytes::new(),
            ..request.clone()
        }),
    })
}

/// The parameter by which SDKs name an operation. Servers ignore it.
const NAME_PARAMETER: &str = "x-id";

/// A path that leads to no operation, as near to that of a request as there is one: with more behind it, behind its
/// literals, or behind nothing. `None` if every such path leads to an operation.
pub(in crate::wire::protocol) fn unknown_path(
    contract: &Contract,
    operation: &Operation,
    request: &Request,
    name: &str,
) -> Option<String> {
    let (_, pattern) = http_trait(operation)?;
    let literals: String = pattern.literals().flat_map(|literal| ["/", literal]).collect();
    let own = routing::path(request).trim_end_matches('/').to_owned();
    let repeated = |times: usize| format!("/{name}").repeat(times);
    let (own, literals) = (own.as_str(), literals.as_str());
    let candidates = [(own, 1), (own, 2), (literals, 1), (literals, 2), (literals, 8), ("", 1), ("", 2), ("", 8)];
    let mut candidates = candidates.into_iter().map(|(start, times)| format!("{start}{}", repeated(times)));
    let query = request.target.split_once('?').map(|(_, query)| format!("?{query}")).unwrap_or_default();
    let calls = |target: String| route(contract, &Request { target, ..request.clone() }).is_some();
    candidates.find(|path| !calls(path.clone()) && !calls(format!("{path}{query}")))
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
            ("Import", "DELETE", "/things/{id}?mode=import"),
            ("Drop", "DELETE", "/drops/{id}?mode"),
            ("Named", "GET", "/names/{id}?x-id=Named"),
            ("Patch", "PATCH", "/things/{id}"),
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
    #[case::replaced("Tags", "GET", "/things/5?tags", Some(("/things/5?WireproofUnknownOperation", None)))]
    #[case::others_stay("Tags", "GET", "/things/5?a=1&tags&b", Some(("/things/5?WireproofUnknownOperation&a=1&b", None)))]
    #[case::by_its_value("Import", "DELETE", "/things/5?mode=import", Some(("/things/5?WireproofUnknownOperation", Some("/things/5"))))]
    #[case::not_read("Drop", "DELETE", "/drops/5?mode", Some(("/drops/5?WireproofUnknownOperation", None)))]
    #[case::only_a_name("Named", "GET", "/names/5?x-id=Named", None)]
    #[case::none("Get", "GET", "/things/5?x=1", None)]
    fn a_subresource_is_replaced_and_the_path_of_a_removal_is_read(
        #[case] name: &str,
        #[case] method: &str,
        #[case] target: &str,
        #[case] expected: Option<(&str, Option<&str>)>,
    ) {
        let contract = contract();
        let operation = contract.operation(name).unwrap();
        let found = subresource(&contract, operation, &request(method, target));
        assert_eq!(has_subresource(operation), expected.is_some());
        assert_eq!(
            found,
            expected.map(|(unknown, resource)| SubresourceRequests {
                unknown: request(method, unknown),
                resource: resource.map(|resource| request("GET", resource)),
            })
        );
    }

    #[test]
    fn a_method_is_unknown_if_no_operation_has_it_on_the_path() {
        let contract = contract();
        let unknown = |name: &str| unknown_method(&contract, contract.operation(name).unwrap());
        assert_eq!((unknown("Get"), unknown("Patch")), (Some("POST"), Some("POST")));
        assert_eq!(unknown("List"), Some("PATCH"));
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

    const SHARED: &str = r#"{"smithy":"2.0","shapes":{
        "x#S":{"type":"service","operations":[{"target":"x#Abort"},{"target":"x#Delete"},{"target":"x#DeleteOld"},{"target":"x#Move"}]},
        "x#Abort":{"type":"operation","input":{"target":"x#AbortIn"},"traits":{"smithy.api#http":{"method":"DELETE","uri":"/{k}"}}},
        "x#Delete":{"type":"operation","traits":{"smithy.api#deprecated":{},"smithy.api#http":{"method":"DELETE","uri":"/{k}"}}},
        "x#DeleteOld":{"type":"operation","traits":{"smithy.api#http":{"method":"DELETE","uri":"/{k}"}}},
        "x#Move":{"type":"operation","input":{"target":"x#MoveIn"},"traits":{"smithy.api#http":{"method":"DELETE","uri":"/{k}"}}},
        "x#AbortIn":{"type":"structure","members":{"id":{"target":"smithy.api#String","traits":{"smithy.api#required":{},"smithy.api#httpQuery":"id"}}}},
        "x#MoveIn":{"type":"structure","members":{"to":{"target":"smithy.api#String","traits":{"smithy.api#required":{},"smithy.api#httpHeader":"x-to"}}}}}}"#;

    #[rstest]
    #[case::nothing("/a", false, "DeleteOld")]
    #[case::parameter("/a?id=1", false, "Abort")]
    #[case::header("/a", true, "Move")]
    fn required_members_distinguish_operations_of_one_pattern(
        #[case] target: &str,
        #[case] has_header: bool,
        #[case] name: &str,
    ) {
        let contract = read("m", SHARED).unwrap();
        let mut request = request("DELETE", target);
        if has_header {
            request.headers.push("X-To", "b");
        }
        assert_eq!(route(&contract, &request).unwrap().name, name);
    }

    #[test]
    fn a_path_with_any_labels_may_be_called_by_another_method() {
        let contract = contract();
        let called = |name: &str, method: &str| calls_anything(&contract, contract.operation(name).unwrap(), method);
        assert_eq!([called("Get", "PUT"), called("Get", "POST"), called("Own", "PUT")], [true, false, true]);
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
