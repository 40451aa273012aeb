//! The errors that this service declares, each with the one way to make it.

use super::{Refusal, Violation};

/// More violations than a caller wants to read at once are counted and not listed.
const LISTED: usize = 10;

pub(super) fn invalid(message: impl Into<String>) -> Refusal {
    Refusal::new("ValidationException", message)
}

pub(super) fn conflict(message: impl Into<String>) -> Refusal {
    Refusal::new("ConflictException", message)
}

pub(super) fn not_found(what: &str, name: &str) -> Refusal {
    Refusal::new("ResourceNotFoundException", format!("There is no {what} {name}."))
}

pub(super) fn over_quota(message: impl Into<String>) -> Refusal {
    Refusal::new("ServiceQuotaExceededException", message)
}

pub(super) fn throttled() -> Refusal {
    Refusal::new("ThrottlingException", "Too many requests: try again later.")
}

pub(super) fn internal() -> Refusal {
    Refusal::new("InternalServerException", "The request failed to register with the service.")
}

/// All violations of an input as one error, in the order of their places.
pub(super) fn violated(violations: &[Violation]) -> Refusal {
    let count = violations.len();
    let noun = if count == 1 { "error" } else { "errors" };
    let listed: Vec<String> = violations.iter().take(LISTED).map(sentence).collect();
    invalid(format!("{count} validation {noun} detected: {}", listed.join("; ")))
}

fn sentence(violation: &Violation) -> String {
    let place = if violation.pointer.is_empty() { "/" } else { &violation.pointer };
    format!("the value at '{place}' must be {}", violation.expected)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::{LengthUnit, Limit, ShapeConstraint, ShapeRule};

    fn violation(pointer: &str) -> Violation {
        Violation {
            pointer: pointer.to_owned(),
            rule: ShapeRule::Length,
            expected: ShapeConstraint::Length { unit: LengthUnit::Characters, limit: Limit::AtMost(100) },
            actual: "a secret".to_owned(),
            requirements: Vec::new(),
        }
    }

    #[test]
    fn violations_are_counted_and_their_values_are_not_repeated() {
        let refusal = violated(&[violation("/serviceName"), violation("")]);
        assert_eq!(refusal.error, "ValidationException");
        assert!(
            refusal.message.starts_with("2 validation errors detected: the value at '/serviceName' must be at most")
        );
        assert!(!refusal.message.contains("secret"));
    }

    #[test]
    fn a_long_list_of_violations_is_cut() {
        let refusal = violated(&vec![violation("/a"); 1000]);
        assert!(refusal.message.len() < 1000, "{}", refusal.message);
    }
}
