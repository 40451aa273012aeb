//! The interface of a service. It is synchronous and gets the time as a number, so that tests control the time.

use serde_json::Value;

use crate::model::Violation;

/// One authenticated and authorized call with a valid input.
#[derive(Debug, Clone, Copy)]
pub(super) struct ServiceCall<'a> {
    /// The operation's name without a namespace.
    pub(super) operation: &'a str,
    /// The input without null members. [`ReferenceService::invalid`] handles inputs that violate the model.
    pub(super) input: &'a Value,
    /// The account and region of the call.
    pub(super) partition: Partition<'a>,
    /// The time of the service in epoch seconds.
    pub(super) now: f64,
}

/// An account in a region. Two partitions share no state.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Partition<'a> {
    /// The twelve digits of the account.
    pub(super) account: &'a str,
    /// The region of the credential scope.
    pub(super) region: &'a str,
}

/// An error that the service returns. Its HTTP status comes from the model, or from the list of common errors.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Rejection {
    /// The error's name without a namespace.
    pub(super) error: &'static str,
    /// A message for a person. No document specifies messages.
    pub(super) message: String,
}

impl Rejection {
    pub(super) fn new(error: &'static str, message: impl Into<String>) -> Self {
        Self { error, message: message.into() }
    }
}

/// One service: its state and its operations.
pub(super) trait ReferenceService: Send {
    /// The error for an input that violates the model, in the documented order of the checks.
    ///
    /// Wrong JSON types are rejected earlier with a `SerializationException`.
    fn invalid(&self, operation: &str, violations: &[Violation]) -> Rejection;

    /// Handles one call, after applying the effects of the elapsed time.
    fn call(&mut self, call: ServiceCall<'_>) -> Result<Value, Rejection>;

    /// Establishes a state that no documented operation can reach, and returns its variables.
    ///
    /// Returns `None` for an unknown state.
    fn establish(&mut self, state: &str, params: &Value, partition: Partition<'_>, now: f64) -> Option<Value>;

    /// An independent service with the same state. Identifiers stay unique across both.
    fn copy(&self) -> Box<dyn ReferenceService>;
}
