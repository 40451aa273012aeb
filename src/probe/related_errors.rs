//! The errors of an operation that say that a resource is absent, or that it exists already. Only the words of their names
//! decide: models do not say when an error is returned.

use crate::model::{Contract, Operation};

/// Parts of the names of errors for a resource that does not exist.
const ABSENT: [&str; 8] =
    ["NotFound", "DoesNotExist", "DoesntExist", "NoSuch", "NonExistent", "NotExist", "Unknown", "Nonexistent"];

/// Parts of the names of errors for a resource that exists already.
const PRESENT: [&str; 8] =
    ["AlreadyExist", "AlreadyOwned", "Exists", "Duplicate", "InUse", "Conflict", "AlreadyRegistered", "NameTaken"];

/// The declared errors for a resource that does not exist, by name and by code of the query protocol.
pub(super) fn absent(contract: &Contract, operation: &Operation) -> Vec<String> {
    named(contract, operation, &ABSENT)
}

/// The declared errors for a resource that exists already, by name and by code of the query protocol.
pub(super) fn present(contract: &Contract, operation: &Operation) -> Vec<String> {
    named(contract, operation, &PRESENT)
}

fn named(contract: &Contract, operation: &Operation, words: &[&str]) -> Vec<String> {
    let shapes = operation.errors.iter().filter_map(|id| contract.shape(id));
    let names = shapes.flat_map(|shape| [Some(shape.id.name()), shape.traits.query_error_code()]);
    let is_meant = |names: &[&str]| names.iter().any(|name| words.iter().any(|word| name.contains(word)));
    // Either name of an error may say it, and the protocol decides which of them is sent.
    let pairs: Vec<Vec<&str>> =
        names.collect::<Vec<_>>().chunks(2).map(|pair| pair.iter().flatten().copied().collect()).collect();
    let mut found: Vec<String> =
        pairs.iter().filter(|pair| is_meant(pair)).flatten().map(|name| (*name).to_owned()).collect();
    found.dedup();
    found
}

/// Words of documents that say that a second, equal request is no error.
const REPEATABLE: [&str; 7] = [
    "idempotent",
    "name of an existing",
    "does not result in an error",
    "no error is returned",
    "already exists with",
    "already own",
    "made multiple times",
];

/// Returns whether the documents of an operation say that doing it twice is no error: in words, or by an error for a second
/// request that differs.
pub(super) fn is_documented_as_repeatable(operation: &Operation) -> bool {
    let text = operation.traits.documentation().unwrap_or_default().to_ascii_lowercase();
    let tells_apart = operation.errors.iter().any(|id| id.name().starts_with("Idempotent"));
    operation.traits.get("smithy.api#idempotent").is_some()
        || tells_apart
        || REPEATABLE.iter().any(|words| text.contains(words))
}

#[cfg(test)]
mod tests {
    use rstest::rstest;

    use super::*;

    fn operation(errors: &[&str], documentation: &str) -> (Contract, Operation) {
        let targets: Vec<String> = errors.iter().map(|name| format!(r#"{{"target":"x#{name}"}}"#)).collect();
        let shapes = errors.iter().map(|name| {
            format!(
                r#","x#{name}":{{"type":"structure","members":{{}},"traits":{{"smithy.api#error":"client",
                "aws.protocols#awsQueryError":{{"code":"{name}.Code","httpResponseCode":400}}}}}}"#
            )
        });
        let model = format!(
            r#"{{"smithy":"2.0","shapes":{{
                "x#S":{{"type":"service","version":"1","operations":[{{"target":"x#Get"}}],
                    "traits":{{"aws.auth#sigv4":{{"name":"s"}},"aws.protocols#awsJson1_1":{{}}}}}},
                "x#Get":{{"type":"operation","errors":[{}],"traits":{{"smithy.api#documentation":"{documentation}"}}}}{}}}}}"#,
            targets.join(","),
            shapes.collect::<String>()
        );
        let contract = crate::model::read("model.json", &model).unwrap();
        let operation = contract.operation("Get").unwrap().clone();
        (contract, operation)
    }

    #[test]
    fn the_name_of_an_error_says_what_it_is_for() {
        let (contract, operation) = operation(&["NoSuchThing", "ThingAlreadyExistsException", "LimitExceeded"], "");
        assert_eq!(absent(&contract, &operation), ["NoSuchThing", "NoSuchThing.Code"]);
        let expected = ["ThingAlreadyExistsException", "ThingAlreadyExistsException.Code"];
        assert_eq!(present(&contract, &operation), expected);
    }

    #[rstest]
    #[case("This operation is idempotent.", true)]
    #[case("Deletes a thing.", false)]
    fn documents_may_say_that_an_operation_can_be_repeated(#[case] text: &str, #[case] expected: bool) {
        assert_eq!(is_documented_as_repeatable(&operation(&[], text).1), expected);
    }
}
