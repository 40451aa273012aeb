//! Cases for the tests of this room.

use crate::{
    judge::{
        code::Code,
        verdict::{Finding, Verdict},
    },
    run::event::CaseReport,
    suite::{CaseAim, RequestGroup},
};
use serde_json::json;

/// A conforming probe of a family at a location, to `s.Put`.
pub(super) fn probe(location: &str, family: &str) -> CaseReport {
    of_operation("Put", location, family)
}

/// The same, to another operation.
pub(super) fn of_operation(operation: &str, location: &str, family: &str) -> CaseReport {
    let aim = CaseAim {
        group: RequestGroup::Sdk,
        valid: family == "legal",
        location: Some(location.to_owned()),
        family: Some(family.to_owned()),
    };
    report(&format!("s.{operation}/{location}/{family}/x"), operation, &aim)
}

/// A conforming control at a location, to `s.Put`.
pub(super) fn control(location: &str) -> CaseReport {
    let aim = CaseAim { group: RequestGroup::Sdk, valid: true, location: Some(location.to_owned()), family: None };
    report(&format!("s.Put/{location}/control"), "Put", &aim)
}

pub(super) fn report(id: &str, operation: &str, aim: &CaseAim) -> CaseReport {
    let report = json!({
        "id": id, "service": "s", "operation": operation, "title": "t", "aim": aim, "verdict": "conforms",
        "findings": [], "checks": 1, "cites": [], "position": "p", "duration_ms": 1,
    });
    serde_json::from_value(report).unwrap()
}

/// The case with one more error.
pub(super) fn with(mut case: CaseReport, code: Code, rule: Option<&str>, pointer: &str, actual: &str) -> CaseReport {
    let finding: Finding = serde_json::from_value(json!({
        "code": code, "rule": rule, "severity": "error", "evidence": "modelled", "step": 1, "role": "step",
        "pointer": pointer, "expected": "what is documented", "actual": actual, "cites": [],
    }))
    .unwrap();
    case.findings.push(finding);
    case.verdict = Verdict::Deviates;
    case
}
