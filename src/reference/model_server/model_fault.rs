//! The one fault of a mutant of the model server.

use serde_json::Value;

use super::StateFault;
use crate::{
    model::{
        Contract, LengthUnit, Operation, ShapeConstraint, ShapeKind, ShapeRule, Violation, pointer::unescape,
        walk::ShapeStep,
    },
    probe::{MemberPath, ProbeFamily},
    wire::Response,
};

/// The one fault of a model server.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum ModelFault {
    /// A constraint is not checked.
    Unchecked(ConstraintSite),
    /// The outputs of an operation are spoilt.
    Output(String, SpoiltOutput),
    /// The errors of an operation are spoilt.
    Error(String, SpoiltError),
    /// The states have a fault.
    State(StateFault),
}

/// A constraint at one location of an operation's input.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct ConstraintSite {
    /// The name of the operation.
    pub operation: String,
    /// The location, as [`MemberPath`] is written.
    pub location: String,
    /// The family of probes for the constraint.
    pub family: ProbeFamily,
}

/// The part of an output that is spoilt.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum SpoiltOutput {
    /// A top-level member is missing.
    Missing(String),
    /// The status is that of a failure.
    Status,
    /// The content type is another one.
    ContentType,
    /// A header is missing.
    Header(String),
}

/// The part of an error that is spoilt.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum SpoiltError {
    /// The name is one that no service has.
    Name,
    /// The status is 500.
    Status,
}

impl ModelFault {
    /// Returns whether a violation is not noticed.
    pub(super) fn forgives(&self, contract: &Contract, operation: &Operation, violation: &Violation) -> bool {
        let Self::Unchecked(site) = self else { return false };
        let is_null = violation.rule == ShapeRule::Null;
        site.operation == operation.name
            && !is_null
            && family(&violation.expected) == Some(site.family.name())
            && location(contract, operation, violation) == site.location
    }

    pub(super) fn of_states(&self) -> Option<StateFault> {
        match self {
            Self::State(fault) => Some(*fault),
            _ => None,
        }
    }

    pub(super) fn of_output(&self, operation: &Operation) -> Option<&SpoiltOutput> {
        match self {
            Self::Output(name, fault) if *name == operation.name => Some(fault),
            _ => None,
        }
    }

    pub(super) fn of_error(&self, operation: &Operation) -> Option<SpoiltError> {
        match self {
            Self::Error(name, fault) if *name == operation.name => Some(*fault),
            _ => None,
        }
    }
}

impl SpoiltOutput {
    pub(super) fn output(&self, output: &Value) -> Value {
        let mut output = output.clone();
        if let (Self::Missing(name), Some(members)) = (self, output.as_object_mut()) {
            members.shift_remove(name);
        }
        output
    }

    pub(super) fn change(&self, response: &mut Response) {
        match self {
            Self::Missing(_) => {}
            Self::Status => response.status = 500,
            Self::ContentType => response.headers.set("Content-Type", "text/wireproof"),
            Self::Header(name) => response.headers.remove(name),
        }
    }
}

/// The family of probes for a constraint.
fn family(constraint: &ShapeConstraint) -> Option<&'static str> {
    Some(match constraint {
        ShapeConstraint::Keys(inner) => return family(inner),
        ShapeConstraint::Required { .. } => "required",
        ShapeConstraint::UniqueItems => "unique",
        ShapeConstraint::Union => "union",
        ShapeConstraint::Pattern { .. } => "pattern",
        ShapeConstraint::Enum { .. } => "enum",
        ShapeConstraint::Length { unit: LengthUnit::Items, .. } => "items",
        ShapeConstraint::Length { unit: LengthUnit::Entries, .. } => "entries",
        ShapeConstraint::Length { .. } => "length",
        ShapeConstraint::Range(_) => "range",
        _ => return None,
    })
}

/// The location of a violation, without the indexes of lists and the keys of maps.
fn location(contract: &Contract, operation: &Operation, violation: &Violation) -> String {
    let mut path = MemberPath::default();
    let mut shape = Some(operation.input.clone());
    for token in violation.pointer.split('/').skip(1).map(unescape) {
        let kind = shape.as_ref().and_then(|id| contract.shape(id)).map(|shape| &shape.kind);
        let step = match kind {
            Some(ShapeKind::List(_)) => ShapeStep::Item,
            Some(ShapeKind::Map { .. }) => ShapeStep::Value,
            _ => ShapeStep::Member(token.clone()),
        };
        shape = kind.and_then(|kind| kind.at(&step)).map(|member| member.target.clone());
        path = path.then(step);
    }
    if matches!(violation.expected, ShapeConstraint::Keys(_)) {
        path = path.then(ShapeStep::Key);
    }
    path.to_string()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::{Limit, read};

    const MODEL: &str = r#"{"smithy":"2.0","shapes":{"x#S":{"type":"service","operations":[{"target":"x#Put"}]},
        "x#Put":{"type":"operation","input":{"target":"x#In"}},
        "x#In":{"type":"structure","members":{"l":{"target":"x#L"},"m":{"target":"x#M"}}},
        "x#L":{"type":"list","member":{"target":"x#In"}},
        "x#M":{"type":"map","key":{"target":"smithy.api#String"},"value":{"target":"x#In"}}}}"#;

    #[test]
    fn a_violation_is_located_without_indexes_and_keys() {
        let contract = read("m", MODEL).unwrap();
        let operation = contract.operation("Put").unwrap();
        let at = |pointer: &str, expected: ShapeConstraint| {
            let pointer = pointer.to_owned();
            let violation = Violation {
                pointer,
                rule: ShapeRule::Length,
                expected,
                actual: String::new(),
                requirements: Vec::new(),
            };
            location(&contract, operation, &violation)
        };
        let unit = LengthUnit::Characters;
        let length = ShapeConstraint::Length { unit, limit: Limit::AtMost(1) };
        assert_eq!(at("/l/0/m/k/l", length.clone()), "l[]/m{}/l");
        assert_eq!(at("/m", ShapeConstraint::Keys(Box::new(length))), "m{key}");
    }
}
