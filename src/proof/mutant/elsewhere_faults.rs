//! Faults in where a request is read: from the query string or the path, instead of the body and the header of the target.

use serde_json::{Map, Value, json};

use super::{Mutant, MutantFamily, MutantSubject, known_resources::key_member};
use crate::{
    judge::code::Code,
    wire::{Request, protocol::RouteRole},
};

const KIND: &[Code] = &[Code::OUTCOME, Code::ERROR_IDENTITY, Code::SIDE_EFFECT, Code::IMPLEMENTATION];

/// The operation that a request without a target names elsewhere, by its path, its query string, and the right target.
type NamedElsewhere = fn(&str, &str, &str) -> bool;

/// A name, the place in words, and whether the operation is there.
const OPERATIONS: [(&str, &str, NamedElsewhere); 5] = [
    ("query-action", "the parameter Action of the query string", |_, query, target| {
        parameter(query, "Action") == Some(operation(target))
    }),
    ("query-operation", "any parameter of the query string", |_, query, target| {
        parameters(query).any(|(_, value)| value == operation(target))
    }),
    ("query-target", "the parameter X-Amz-Target of the query string", |_, query, target| {
        parameter(query, "X-Amz-Target") == Some(target)
    }),
    ("path-end", "the last part of the path", |path, _, target| path.rsplit('/').next() == Some(operation(target))),
    ("path-target", "the path", |path, _, target| path.strip_prefix('/') == Some(target)),
];

/// A name, the reading in words, and whether a parameter of the query string is the member.
type Parameter = fn(&str, &str) -> bool;

const INPUTS: [(&str, &str, Parameter); 3] = [
    ("query", "a parameter of its name", |name, key| name == key),
    ("query-any-case", "a parameter of its name in any case", |name, key| {
        name != key && name.eq_ignore_ascii_case(key)
    }),
    ("query-any-name", "any parameter", |name, key| !name.eq_ignore_ascii_case(key)),
];

pub(super) fn mutants(subject: &MutantSubject<'_>) -> Vec<Mutant> {
    let operations = OPERATIONS.iter().filter_map(|named| of_operation(subject, *named));
    let key = key_member(subject.contract, subject.operation);
    let inputs = key.into_iter().flat_map(|key| {
        let absent = INPUTS.map(|parameter| of_input(subject, &key, parameter, false));
        absent.into_iter().chain([of_input(subject, &key, INPUTS[0], true)]).collect::<Vec<_>>()
    });
    operations.chain(of_method(subject)).chain(inputs).collect()
}

/// A request with another method, whose header names the right one, calls the operation.
fn of_method(subject: &MutantSubject<'_>) -> Option<Mutant> {
    let (target, method) = (subject.target(), subject.request(&json!({}))?.method);
    let says = "the method is read from a header".to_owned();
    Some(subject.understood(MutantFamily::Elsewhere, "method/override", KIND, says, move |received| {
        let given = received.request;
        let is_named = given.headers.get("x-http-method-override") == Some(&method);
        let is_read = is_named && given.method != method && received.target() == target;
        is_read.then(|| Request { method: method.clone(), ..given.clone() })
    }))
}

/// A request without a target calls the operation that it names elsewhere. `None` in a protocol without targets.
fn of_operation(subject: &MutantSubject<'_>, (name, place, is_named): (&str, &str, NamedElsewhere)) -> Option<Mutant> {
    let (right, protocol) = (subject.target(), subject.protocol);
    let part = protocol.route_parts().iter().find(|part| part.role == RouteRole::Operation)?;
    let says = format!("the operation is read from {place}");
    Some(subject.understood(MutantFamily::Elsewhere, &format!("operation/{name}"), KIND, says, move |received| {
        let given = received.request;
        let (path, query) = split(&given.target);
        (protocol.call(given).is_none() && is_named(path, query, &right)).then(|| {
            let mut request = at_root(given);
            (part.write)(&mut request, &right);
            request
        })
    }))
}

/// A member of the input is read from the query string, if the body has none or in any case.
fn of_input(
    subject: &MutantSubject<'_>,
    key: &str,
    (name, place, is_member): (&str, &str, Parameter),
    prevails: bool,
) -> Mutant {
    let (target, key) = (subject.target(), key.to_owned());
    let (suffix, when) = if prevails { ("-first", ", even if the body has one") } else { ("", "") };
    let says = format!("{key} is read from {place} in the query string{when}");
    subject.understood(MutantFamily::Elsewhere, &format!("{key}/{name}{suffix}"), KIND, says, move |received| {
        let (_, query) = split(&received.request.target);
        let value = parameters(query).find(|(name, _)| is_member(name, &key))?.1;
        let empty = || received.request.body.is_empty().then(Map::new);
        let mut input = received.input().and_then(Value::as_object).cloned().or_else(empty)?;
        let is_read = received.target() == target && (prevails || input.get(&key).is_none());
        is_read.then(|| {
            input.insert(key.clone(), json!(value));
            Request { body: Value::Object(input).to_string().into(), ..at_root(received.request) }
        })
    })
}

fn at_root(request: &Request) -> Request {
    Request { target: "/".to_owned(), ..request.clone() }
}

/// The path and the query string.
fn split(target: &str) -> (&str, &str) {
    target.split_once('?').unwrap_or((target, ""))
}

/// `StopDeployment` for `CodeDeploy_20141006.StopDeployment`.
fn operation(target: &str) -> &str {
    target.split_once('.').map_or(target, |(_, operation)| operation)
}

fn parameters(query: &str) -> impl Iterator<Item = (&str, &str)> {
    query.split('&').filter_map(|parameter| parameter.split_once('='))
}

fn parameter<'q>(query: &'q str, name: &str) -> Option<&'q str> {
    parameters(query).find(|(given, _)| *given == name).map(|(_, value)| value)
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use rstest::rstest;

    use super::*;
    use crate::proof::mutant::testing::of_operation;

    const TARGET_NAME: &str = "X_1.Get";

    #[rstest]
    #[case("query-action", "/", "Action=Get&Version=1")]
    #[case("query-operation", "/", "Operation=Get")]
    #[case("query-target", "/", "X-Amz-Target=X_1.Get")]
    #[case("path-end", "/service/X_1/operation/Get", "")]
    #[case("path-target", "/X_1.Get", "")]
    fn an_operation_is_found_where_the_fault_says(#[case] name: &str, #[case] path: &str, #[case] query: &str) {
        let (_, _, is_named) = OPERATIONS.iter().find(|(operation, ..)| *operation == name).unwrap();
        assert!(is_named(path, query, TARGET_NAME));
        assert!(!is_named("/", "", TARGET_NAME) && !is_named("/Put", "Action=Put", TARGET_NAME));
    }

    #[rstest]
    #[case("query", "deploymentId")]
    #[case("query-any-case", "DeploymentId")]
    #[case("query-any-name", "id")]
    fn one_fault_reads_each_name_of_a_parameter(#[case] name: &str, #[case] given: &str) {
        let read = INPUTS.iter().filter(|(_, _, is_member)| is_member(given, "deploymentId"));
        assert_eq!(read.map(|(name, ..)| *name).collect::<Vec<_>>(), [name]);
    }

    #[test]
    fn every_fault_is_enumerated_for_both_operations_under_its_own_name() {
        for (service, operation) in [("codedeploy", "StopDeployment"), ("proton", "CancelServicePipelineDeployment")] {
            let ids: BTreeSet<String> =
                of_operation(service, operation, mutants).into_iter().map(|mutant| mutant.id).collect();
            assert_eq!(ids.len(), OPERATIONS.len() + INPUTS.len() + 2, "{ids:?}");
        }
    }
}
