//! What a service of the reference is given and what it gives back.
//!
//! Pure and synchronous: a service sees the time as a number and never a socket, so that a test can hold,
//! step and speed it.

use serde_json::Value;

use crate::model::Violation;

/// One call that is authenticated, authorised and readable as JSON.
#[derive(Debug, Clone, Copy)]
pub(super) struct ServiceCall<'a> {
    /// The operation's name without a namespace.
    pub(super) operation: &'a str,
    /// The input without null members. It keeps the model: what breaks it went to [`Service::invalid`].
    pub(super) input: &'a Value,
    /// Whose call it is and where: state is kept apart by both.
    pub(super) partition: Partition<'a>,
    /// The reference's own time, in seconds since 1970.
    pub(super) now: f64,
}

/// An account in a region: nothing is shared between two of them.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Partition<'a> {
    /// The twelve digits of the account.
    pub(super) account: &'a str,
    /// The region of the credential scope.
    pub(super) region: &'a str,
}

/// An error that the service answers with. Its HTTP status is the model's, or the common errors' own.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Refusal {
    /// The error's name without a namespace.
    pub(super) error: &'static str,
    /// A message for a person; no document states one.
    pub(super) message: String,
}

impl Refusal {
    pub(super) fn new(error: &'static str, message: impl Into<String>) -> Self {
        Self { error, message: message.into() }
    }
}

/// One service of the reference: its state, and what moves it.
pub(super) trait ReferenceService: Send {
    /// The refusal of an input that breaks the model, in the order in which the documents let it be seen.
    ///
    /// Wrong JSON types never come here: they are a `SerializationException` before.
    fn invalid(&self, operation: &str, violations: &[Violation]) -> Refusal;

    /// Answers one call, after letting the time that has passed take effect.
    fn call(&mut self, call: ServiceCall<'_>) -> Result<Value, Refusal>;

    /// Establishes a state that no documented call can reach, and gives its variables.
    ///
    /// `None`: this service does not know the state.
    fn establish(&mut self, state: &str, params: &Value, partition: Partition<'_>, now: f64) -> Option<Value>;

    /// The same service with the same state, from here on apart. Identifiers stay unique over both.
    fn copy(&self) -> Box<dyn ReferenceService>;
}
