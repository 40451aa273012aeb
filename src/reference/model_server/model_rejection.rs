//! The rejection of a request, and the message for violated constraints.

use std::borrow::Cow;

use crate::model::{Violation, pointer::unescape};

/// The rejection of a request.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct ModelRejection {
    /// The name of the error without a namespace.
    pub(super) name: Cow<'static, str>,
    /// The HTTP status, unless the model declares the error.
    pub(super) status: u16,
    pub(super) message: String,
}

impl ModelRejection {
    pub(super) fn new(name: impl Into<Cow<'static, str>>, status: u16, message: impl Into<String>) -> Self {
        Self { name: name.into(), status, message: message.into() }
    }

    /// A model that cannot be served.
    pub(super) fn internal(message: String) -> Self {
        Self::new("InternalFailure", 500, message)
    }
}

/// The message for violations, of which there is at least one, in the form of AWS.
pub(super) fn constraint_message(violations: &[Violation]) -> String {
    let count = violations.len();
    let noun = if count == 1 { "error" } else { "errors" };
    let each: Vec<String> = violations.iter().map(described).collect();
    format!("{count} validation {noun} detected: {}", each.join("; "))
}

fn described(violation: &Violation) -> String {
    let Violation { actual, expected, pointer, .. } = violation;
    format!("Value {actual} at '{}' failed to satisfy constraint: expected {expected}", lower_camel(pointer))
}

/// The location as AWS writes it: `tags.1.member.key` for `/Tags/0/Key`.
fn lower_camel(pointer: &str) -> String {
    let tokens = pointer.split('/').skip(1).map(unescape);
    let written = tokens.map(|token| match token.parse::<usize>() {
        Ok(index) => format!("{}.member", index.saturating_add(1)),
        Err(_) => lower_first(&token),
    });
    written.collect::<Vec<_>>().join(".")
}

fn lower_first(name: &str) -> String {
    let mut chars = name.chars();
    chars.next().map(|first| first.to_lowercase().chain(chars).collect()).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use rstest::rstest;

    use super::*;

    #[rstest]
    #[case("/Tags/0/Key", "tags.1.member.key")]
    #[case("/a~1b", "a/b")]
    #[case("", "")]
    fn a_location_is_written_as_aws_writes_it(#[case] pointer: &str, #[case] expected: &str) {
        assert_eq!(lower_camel(pointer), expected);
    }
}
