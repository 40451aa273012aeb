//! The root that symptoms share.

use super::symptom::{ResponseFault, Symptom};
use crate::suite::RequestGroup;

/// The root of symptoms. Equal roots are one cause.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Root {
    /// Valid probes crash or are rejected: at one location, or in an operation as a whole, where the location is empty.
    Valid { service: String, operation: Option<String>, location: String, symptom: Symptom },
    /// A fault in responses.
    Response { service: String, fault: ResponseFault },
    /// Invalid probes are rejected with the wrong error.
    WrongError { service: String, error: String },
    /// Invalid probes of a family crash.
    InvalidCrashes { service: String, family: String, response: String },
    /// A service does not enforce a kind of constraint at some or all of its locations.
    Unenforced { service: String, family: String, accepted: usize, judged: usize },
    /// Members are not validated: whatever their constraints exclude is accepted, although most others are validated.
    Unvalidated { service: String },
    /// A constraint is not enforced, and nothing is known of the other locations.
    Accepted { service: String, family: String, location: String },
    /// Probes that no SDK sends.
    Wire { service: String, family: String, symptom: Symptom },
    /// Requests with a wrong signature are not rejected for it.
    Signatures,
    /// Operations on one resource do not do what they promise each other, in one way, at one location or at none.
    Behavior { service: String, family: String, location: String, symptom: Symptom },
    /// Scenarios of an operation that expect the same.
    Scenario { service: String, operation: String, group: RequestGroup, expected: String, symptom: Symptom },
}
