//! Valid names that are rejected, or not found, because they have one class of characters or the greatest length.

use super::{
    Mutant, MutantFamily, MutantSubject,
    behavior::{Acting, ReceivedCall, error_of, is_success, rejection},
};
use crate::{judge::code::Code, wire::Response};

const KIND: &[Code] = &[Code::OUTCOME, Code::ERROR_IDENTITY, Code::CONTROL];

/// The input member that is a name, and the errors of its operation.
struct NamedInput {
    operation: &'static str,
    member: &'static str,
    invalid: &'static str,
    unknown: &'static str,
}

/// No document gives the form of a deployment ID, so only names are here.
const NAMED: [NamedInput; 1] = [NamedInput {
    operation: "CancelServicePipelineDeployment",
    member: "serviceName",
    invalid: "ValidationException",
    unknown: "ResourceNotFoundException",
}];

/// Returns whether a name is of a class.
type IsOfClass = fn(&str) -> bool;

/// A name for the class, the class in words, and the names in it.
const CLASSES: &[(&str, &str, IsOfClass)] = &[
    ("digits", "of digits alone", |name| all(name, |c| c.is_ascii_digit())),
    ("one-digit", "of one digit", |name| name.len() == 1 && all(name, |c| c.is_ascii_digit())),
    ("one-character", "of one character", |name| name.len() == 1),
    ("zeros", "of zeros alone", |name| all(name, |c| c == '0')),
    ("many-digits", "of more digits than a number has", |name| name.len() > 20 && all(name, |c| c.is_ascii_digit())),
    ("upper-case", "of upper-case letters alone", |name| all(name, |c| c.is_ascii_uppercase())),
    ("lower-case", "of lower-case letters alone", |name| all(name, |c| c.is_ascii_lowercase())),
    ("hyphens", "of hyphens after its first character", |name| {
        name.len() > 2 && name.get(1..).is_some_and(|rest| all(rest, |c| c == '-'))
    }),
    ("underscores", "of underscores after its first character", |name| {
        name.len() > 2 && name.get(1..).is_some_and(|rest| all(rest, |c| c == '_'))
    }),
    ("100-characters", "of 100 characters", |name| name.len() == 100),
    ("64-characters", "of more than 63 characters", |name| name.len() > 63),
];

fn all(name: &str, is: impl Fn(char) -> bool) -> bool {
    !name.is_empty() && name.chars().all(is)
}

pub(super) fn mutants(subject: &MutantSubject<'_>) -> Vec<Mutant> {
    let Some(named) = NAMED.iter().find(|named| named.operation == subject.operation.name) else { return Vec::new() };
    let mut mutants: Vec<Mutant> = CLASSES
        .iter()
        .map(|&(name, says, is)| {
            let says = format!("a name {says} is rejected as invalid");
            rejecting(subject, named, (name, says), named.invalid, move |name, _| is(name))
        })
        .collect();
    let says = "an existing name of digits alone is read as a number and not found".to_owned();
    mutants.push(rejecting(subject, named, ("number", says), named.unknown, |name, right| {
        is_success(right) && all(name, |c| c.is_ascii_digit())
    }));
    mutants
}

fn rejecting(
    subject: &MutantSubject<'_>,
    named: &'static NamedInput,
    (name, says): (&str, String),
    error: &str,
    rejects: impl Fn(&str, &Response) -> bool + Clone + Send + Sync + 'static,
) -> Mutant {
    let (target, body) = (subject.target(), subject.error_body(error));
    subject.mutant(MutantFamily::Name, name, KIND, says, move || {
        let (target, body, rejects) = (target.clone(), body.clone(), rejects.clone());
        Acting(move |received: &ReceivedCall<'_>| {
            let given = received.input().filter(|_| received.target() == target)?[named.member].as_str()?;
            let right = received.rehearsed();
            let valid = error_of(&right).is_none_or(|error| error == named.unknown);
            (valid && rejects(given, &right)).then(|| {
                received.deviate();
                rejection(right, body.clone())
            })
        })
    })
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use rstest::rstest;

    use super::*;
    use crate::proof::mutant::testing::of_operation;

    #[rstest]
    #[case("7", &["digits", "one-digit", "one-character"])]
    #[case("000", &["digits", "zeros"])]
    #[case("Z", &["one-character", "upper-case"])]
    #[case("a--", &["hyphens"])]
    #[case("a-b_c", &[])]
    fn a_name_is_of_its_classes_only(#[case] name: &str, #[case] expected: &[&str]) {
        let classes: Vec<&str> = CLASSES.iter().filter(|(.., is)| is(name)).map(|(class, ..)| *class).collect();
        assert_eq!(classes, expected);
    }

    #[test]
    fn only_operations_with_a_documented_form_of_names_have_mutants() {
        let cancel = of_operation("proton", "CancelServicePipelineDeployment", mutants);
        let ids: BTreeSet<&str> = cancel.iter().map(|mutant| mutant.id.as_str()).collect();
        assert_eq!(ids.len(), CLASSES.len() + 1);
        assert!(of_operation("codedeploy", "StopDeployment", mutants).is_empty());
    }
}
