//! The reasons why constraints have no probe.

use thiserror::Error;

use super::Unbuildable;
use crate::wire::protocol::ValuePlace;

/// The reason why a constraint has no probe.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
#[non_exhaustive]
pub enum UnprobedReason {
    /// The filters leave its probes out.
    #[error("not selected")]
    NotSelected,
    /// The operation is not among the selected ones.
    #[error("the operation is not selected")]
    OperationNotSelected,
    /// The operation deletes something, and the run may not.
    #[error("the operation deletes resources (--destructive)")]
    Destructive,
    /// The operation writes, and the run may not.
    #[error("the operation writes, and the endpoint is not on loopback (--allow-writes)")]
    Writes,
    /// No request tells the operation from another one.
    #[error("its requests are those of {0}")]
    Superseded(String),
    /// No valid input reaches the location.
    #[error(transparent)]
    Unbuildable(#[from] Unbuildable),
    /// Every length is valid.
    #[error("a minimum of 0 makes no length invalid")]
    NoInvalidLength,
    /// The string or blob would be too long to send.
    #[error("a length over {limit} is not sent")]
    TooLong {
        /// The longest that is sent.
        limit: u64,
    },
    /// The list would be too long to send.
    #[error("a list of more than {limit} bytes is not sent")]
    TooManyItems {
        /// The most bytes of JSON that are sent.
        limit: u64,
    },
    /// The map would be too large to send.
    #[error("a map of {count} entries cannot be built")]
    TooManyEntries {
        /// The number of entries.
        count: u64,
    },
    /// Not enough different keys were found.
    #[error("{count} different keys were not found")]
    TooFewKeys {
        /// The number of keys that are needed.
        count: u64,
    },
    /// The pattern excludes the length.
    #[error("the pattern allows no string of {length} characters")]
    LengthForbiddenByPattern {
        /// The length in characters.
        length: u64,
    },
    /// No string of the length was found that matches the pattern.
    #[error("no string of {length} characters was found")]
    NoStringOfLength {
        /// The length in characters.
        length: u64,
    },
    /// No string of a valid length violates the pattern.
    #[error("every string of a valid length matches the pattern")]
    EveryStringMatches,
    /// A second member for a union cannot be built.
    #[error("the union has fewer than two members that can be built")]
    OneUnionMember,
    /// The part of the request cannot carry the value.
    #[error("{place} cannot carry {what}")]
    NotCarried {
        /// The part of the request.
        place: ValuePlace,
        /// The value.
        what: Inexpressible,
    },
    /// AWS is known to respond otherwise.
    #[error("AWS responds otherwise: {reason}")]
    Exception {
        /// How.
        reason: &'static str,
    },
    /// Only an expression says when a waiter succeeds.
    #[error("{0} has an expression that is not evaluated")]
    WaiterExpression(String),
    /// The example of the documents is invalid by its own model.
    #[error("an example that violates its own model is not sent")]
    InvalidExample,
}

/// A value that a part of a request cannot carry.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
pub enum Inexpressible {
    /// No value at all.
    #[error("an absent value")]
    Absence,
    /// A request without the member, which calls another operation.
    #[error("that a value is absent without a call of another operation")]
    OtherOperation,
    /// Null.
    #[error("null")]
    Null,
    /// An empty string.
    #[error("an empty string")]
    EmptyText,
    /// Control characters, or white space around a string.
    #[error("control characters, or white space around a string")]
    Text,
    /// An empty list, map or structure.
    #[error("an empty list or structure")]
    EmptyContainer,
    /// A member that the shape does not have.
    #[error("a member that the model does not have")]
    UnknownMember,
}

impl UnprobedReason {
    /// Returns whether a limit of this crate leaves a bound of the constraint out: other probes of it do not test that
    /// bound.
    pub(super) fn is_own_limit(&self) -> bool {
        matches!(self, Self::TooLong { .. } | Self::TooManyItems { .. } | Self::TooManyEntries { .. })
    }
}
