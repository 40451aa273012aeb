//! Finds the errors of an operation that reject an input for its form.
//!
//! Services name the rejection of an invalid input differently. An error counts if its name says that the input is
//! invalid in general (`InvalidParameterException`) or that the member is (`InvalidArn` for `stateMachineArn`). Only
//! the words of its name decide: models do not say when an error is returned.

use super::Location;
use crate::model::{Contract, Operation, ShapeId};

/// The names of errors that reject an input in general, without ending and without a service's acronym.
const GENERAL: [&str; 20] = [
    "BadRequest",
    "Client",
    "CodeValidation",
    "IllegalArgument",
    "InvalidArgs",
    "InvalidArgument",
    "InvalidArguments",
    "InvalidData",
    "InvalidInput",
    "InvalidParameter",
    "InvalidParameterCombination",
    "InvalidParameterValue",
    "InvalidParameterValues",
    "InvalidParameters",
    "InvalidRequest",
    "MissingParameter",
    "MissingRequiredParameter",
    "ParameterValidation",
    "UnprocessableEntity",
    "Validation",
];

/// Words that say that something is invalid.
const FAULTS: [&str; 26] = [
    "Bad",
    "Empty",
    "Error",
    "Exception",
    "Fault",
    "Format",
    "Illegal",
    "Incorrect",
    "Invalid",
    "Length",
    "Long",
    "Malformed",
    "Many",
    "Max",
    "Mismatch",
    "Missing",
    "Null",
    "Pattern",
    "Required",
    "Short",
    "Size",
    "Too",
    "Unsupported",
    "Valid",
    "Validation",
    "Value",
];

/// The errors of an operation that reject the value at `location` for its form; without a location, those that reject
/// any input.
#[must_use]
pub(super) fn own_errors(contract: &Contract, operation: &Operation, location: Option<&Location>) -> Vec<String> {
    let subject: Vec<String> = location.map(words_of_location).unwrap_or_default();
    let shapes = operation.errors.iter().filter_map(|id| contract.shape(id));
    let of_form = shapes.filter(|shape| is_general(shape.id.name()) || speaks_of(shape.id.name(), &subject));
    // The query protocol sends the code of an error instead of its name.
    of_form
        .flat_map(|shape| [Some(shape.id.name()), shape.traits.query_error_code()])
        .flatten()
        .map(str::to_owned)
        .collect()
}

fn is_general(name: &str) -> bool {
    let bare = ["Exception", "Error", "Fault"].iter().find_map(|end| name.strip_suffix(end)).unwrap_or(name);
    let without_acronym = bare.trim_start_matches(|c: char| c.is_ascii_uppercase());
    let start = bare.len() - without_acronym.len();
    let unprefixed = bare.get(start.saturating_sub(1)..).unwrap_or(bare);
    GENERAL.contains(&bare) || GENERAL.contains(&unprefixed)
}

/// Returns whether the name says that something is invalid, and every other word of it is one of the location's.
fn speaks_of(name: &str, subject: &[String]) -> bool {
    let (faults, things): (Vec<String>, Vec<String>) =
        words(name).into_iter().partition(|word| FAULTS.iter().any(|fault| fault.eq_ignore_ascii_case(word)));
    let says_wrong = faults.iter().any(|word| !matches!(word.as_str(), "exception" | "error" | "fault"));
    says_wrong && !things.is_empty() && things.iter().all(|word| subject.iter().any(|known| is_same(word, known)))
}

/// Returns whether two words are the same, or one abbreviates the other: `config` for `configuration`.
fn is_same(word: &str, known: &str) -> bool {
    let (short, long) = if word.len() < known.len() { (word, known) } else { (known, word) };
    short == long || (short.len() >= 4 && long.starts_with(short))
}

fn words_of_location(location: &Location) -> Vec<String> {
    let names =
        location.path.members().chain([location.target.name()]).chain(location.owner.as_ref().map(ShapeId::name));
    names.flat_map(words).collect()
}

/// The words of a name in camel case, in lower case and in the singular.
fn words(name: &str) -> Vec<String> {
    let mut words: Vec<String> = Vec::new();
    let mut previous = ' ';
    let mut chars = name.chars().peekable();
    while let Some(c) = chars.next() {
        let before_lower = chars.peek().is_some_and(char::is_ascii_lowercase);
        let starts = c.is_ascii_uppercase() && (!previous.is_ascii_uppercase() || before_lower);
        if !c.is_alphanumeric() {
            words.push(String::new());
        } else if starts || words.is_empty() {
            words.push(c.to_ascii_lowercase().to_string());
        } else if let Some(word) = words.last_mut() {
            word.push(c.to_ascii_lowercase());
        }
        previous = c;
    }
    let singular =
        |word: String| word.strip_suffix('s').filter(|rest| rest.len() >= 2).map_or(word.clone(), str::to_owned);
    words.into_iter().filter(|word| !word.is_empty()).map(singular).collect()
}

#[cfg(test)]
mod tests {
    use rstest::rstest;

    use super::*;

    #[rstest]
    #[case("ValidationException", true)]
    #[case("InvalidParameterException", true)]
    #[case("WAFInvalidParameterException", true)]
    #[case("ClientException", true)]
    #[case("InvalidStateException", false)]
    #[case("KMSInvalidStateException", false)]
    #[case("ResourceNotFoundException", false)]
    fn some_names_reject_any_input(#[case] name: &str, #[case] expected: bool) {
        assert_eq!(is_general(name), expected);
    }

    #[rstest]
    #[case("InvalidArn", &["stateMachineArn"], true)]
    #[case("DeploymentIdRequiredException", &["deploymentId"], true)]
    #[case("InvalidAllowedPatternException", &["Type"], false)]
    #[case("InvalidFilterValue", &["MaxResults"], false)]
    #[case("TooManyTagsException", &["Tags"], true)]
    #[case("InvalidAutoRollbackConfigException", &["autoRollbackConfiguration", "events"], true)]
    #[case("DeploymentIdRequiredException", &["deploymentIds"], true)]
    #[case("DeploymentDoesNotExistException", &["deploymentId"], false)]
    #[case("LimitExceededException", &["Limit"], false)]
    fn some_names_speak_of_one_member(#[case] name: &str, #[case] members: &[&str], #[case] expected: bool) {
        let subject: Vec<String> = members.iter().flat_map(|name| words(name)).collect();
        assert_eq!(speaks_of(name, &subject), expected);
    }

    #[rstest]
    #[case("stateMachineArn", &["state", "machine", "arn"])]
    #[case("KMSKeyIds", &["km", "key", "id"])]
    #[case("S3Bucket_name", &["s3", "bucket", "name"])]
    fn names_are_split_into_words(#[case] name: &str, #[case] expected: &[&str]) {
        assert_eq!(words(name), expected);
    }
}
