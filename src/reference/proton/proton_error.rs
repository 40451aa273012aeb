//! The errors that this service declares, and their constructors.

use super::{Rejection, Violation};

/// The maximum number of violations in a message.
const LISTED: usize = 10;

pub(super) fn invalid(message: impl Into<String>) -> Rejection {
    Rejection::new("ValidationException", message)
}

pub(super) fn conflict(message: impl Into<String>) -> Rejection {
    Rejection::new("ConflictException", message)
}

pub(super) fn not_found(what: &str, name: &str) -> Rejection {
    Rejection::new("ResourceNotFoundException", format!("The {what} {name} does not exist."))
}

pub(super) fn over_quota(message: impl Into<String>) -> Rejection {
    Rejection::new("ServiceQuotaExceededException", message)
}

pub(super) fn throttled() -> Rejection {
    Rejection::new("ThrottlingException", "Too many requests: try again later.")
}

pub(super) fn internal() -> Rejection {
    Rejection::new("InternalServerException", "The request failed to register with the service.")
}

/// One error for all violations of an input, in the order of their locations.
pub(super) fn violated(violations: &[Violation]) -> Rejection {
    let count = violations.len();
    let noun = if count == 1 { "error" } else { "errors" };
    let listed: Vec<String> = violations.iter().take(LISTED).map(sentence).collect();
    invalid(format!("{count} validation {noun} detected: {}", listed.join("; ")))
}

fn sentence(violation: &Violation) -> String {
    let location = if violation.pointer.is_empty() { "/" } else { &violation.pointer };
    format!("the value at '{location}' must be {}", violation.expected)
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
    fn the_message_counts_violations_and_omits_their_values() {
        let rejection = violated(&[violation("/serviceName"), violation("")]);
        assert_eq!(rejection.error, "ValidationException");
        assert!(
            rejection.message.starts_with("2 validation errors detected: the value at '/serviceName' must be at most")
        );
        assert!(!rejection.message.contains("secret"));
    }

    #[test]
    fn a_long_list_of_violations_is_truncated() {
        let rejection = violated(&vec![violation("/a"); 1000]);
        assert!(rejection.message.len() < 1000, "{}", rejection.message);
    }
}
