//! The identity of a cause across runs.

use serde::{Deserialize, Serialize};

use super::{
    root::Root,
    symptom::{ResponseFault, Symptom},
};
use crate::suite::RequestGroup;

/// The identity of a cause. It has no counts and no values, so it stays when the cause grows or shrinks.
#[derive(Debug, Clone, Default, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct CauseKey {
    /// The generalization, such as `unenforced`.
    #[serde(default)]
    pub kind: String,
    /// The service, with an operation, a location, a family or a response.
    #[serde(default)]
    pub scope: String,
}

impl CauseKey {
    pub(super) fn of(root: &Root) -> Self {
        Self { kind: kind(root).to_owned(), scope: scope(root) }
    }
}

fn kind(root: &Root) -> &'static str {
    match root {
        Root::Valid { .. } => "valid",
        Root::Response { .. } => "response",
        Root::WrongError { .. } => "wrong-error",
        Root::InvalidCrashes { .. } => "invalid-crashes",
        Root::Unenforced { .. } => "unenforced",
        Root::Unvalidated { .. } => "unvalidated",
        Root::Accepted { .. } => "accepted",
        Root::Wire { .. } => "wire",
        Root::Signatures => "signatures",
        Root::Behavior { .. } => "behaviour",
        Root::Scenario { .. } => "scenario",
    }
}

fn scope(root: &Root) -> String {
    let parts = match root {
        Root::Valid { service, operation, location, symptom } => {
            let operation = operation.as_ref().map(|name| format!(".{name}")).unwrap_or_default();
            vec![format!("{service}{operation}"), location.clone(), of_symptom(symptom)]
        }
        Root::Response { service, fault } => vec![service.clone(), of_fault(fault)],
        Root::WrongError { service, error } => vec![service.clone(), error.clone()],
        Root::InvalidCrashes { service, family, response } => {
            vec![service.clone(), family.clone(), response.clone()]
        }
        Root::Unenforced { service, family, .. } => vec![service.clone(), family.clone()],
        Root::Unvalidated { service } => vec![service.clone()],
        Root::Accepted { service, family, location } => vec![service.clone(), location.clone(), family.clone()],
        Root::Wire { service, family, symptom } => vec![service.clone(), family.clone(), of_symptom(symptom)],
        Root::Behavior { service, family, location, symptom } => {
            vec![service.clone(), location.clone(), family.clone(), of_symptom(symptom)]
        }
        Root::Signatures => vec!["endpoint".to_owned()],
        Root::Scenario { service, operation, group, expected, symptom } => {
            let group = if *group == RequestGroup::Sdk { String::new() } else { group.name().to_owned() };
            let expected = format!("{} instead of {expected}", of_symptom(symptom));
            vec![format!("{service}.{operation}"), group, expected]
        }
    };
    parts.into_iter().filter(|part| !part.is_empty()).collect::<Vec<_>>().join(": ")
}

fn of_symptom(symptom: &Symptom) -> String {
    match symptom {
        Symptom::Crash { response, valid: false } => response.clone(),
        Symptom::Crash { response, valid: true } => format!("{response} for a valid request"),
        Symptom::Rejected { error } => format!("rejected with {error}"),
        Symptom::WrongError { error } => error.clone(),
        Symptom::Accepted => "accepted".to_owned(),
        Symptom::Response(fault) => of_fault(fault),
    }
}

fn of_fault(fault: &ResponseFault) -> String {
    let rule = fault.rule.as_ref().map(|rule| format!("/{rule}")).unwrap_or_default();
    let member = if fault.member.is_empty() { String::new() } else { format!(" of {}", fault.member) };
    format!("{}{rule}{member}, expected {}", fault.code, fault.expected)
}
