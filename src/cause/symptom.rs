//! The symptoms of a case: its first fault. All later findings of the case are consequences.

use super::occurrence_group::member;
use crate::{
    judge::{
        code::Code,
        fingerprint::steady,
        verdict::{Finding, FindingRole, Severity},
    },
    run::event::CaseReport,
};

/// A fault in a case.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Symptom {
    /// A server error, in a few words, to a request that must be accepted or not.
    Crash { response: String, valid: bool },
    /// A request was rejected that must be accepted.
    Rejected { error: String },
    /// A request was accepted that must be rejected.
    Accepted,
    /// A request was rejected with another error than the expected one.
    WrongError { error: String },
    /// Anything else in a response.
    Response(ResponseFault),
}

/// A fault in a response, without what differs from case to case.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct ResponseFault {
    /// The check, and its rule if it has several.
    pub(super) code: Code,
    pub(super) rule: Option<String>,
    /// The last two names of the location in the body.
    pub(super) member: String,
    pub(super) expected: String,
}

/// The symptoms of a case; none if it does not deviate. Only faults of responses to valid requests are several.
pub(super) fn symptoms(case: &CaseReport) -> Vec<Symptom> {
    let errors: Vec<&Finding> = case.findings.iter().filter(|finding| finding.severity == Severity::Error).collect();
    let Some(step) = errors.iter().map(|finding| finding.step).min() else { return Vec::new() };
    let first: Vec<&Finding> = errors.into_iter().filter(|finding| finding.step == step).collect();
    if let Some(outcome) = outcome(case, &first) {
        return vec![outcome];
    }
    let mut faults: Vec<Symptom> = first.into_iter().map(|finding| Symptom::Response(fault(finding))).collect();
    faults.sort();
    faults.dedup();
    faults
}

/// The symptom of a request that was accepted, rejected or answered by a crash against the expectation.
fn outcome(case: &CaseReport, findings: &[&Finding]) -> Option<Symptom> {
    let of = |code: Code| {
        let of_step = |finding: &&&Finding| finding.role == FindingRole::Step && finding.code == code;
        findings.iter().find(of_step).map(|finding| finding.actual.as_str())
    };
    if let Some(response) = of(Code::SERVER_ERROR) {
        return Some(Symptom::Crash { response: steady(response), valid: case.aim.valid });
    }
    if let Some(error) = of(Code::OUTCOME) {
        return Some(if case.aim.valid { Symptom::Rejected { error: steady(error) } } else { Symptom::Accepted });
    }
    of(Code::ERROR_IDENTITY).map(|error| Symptom::WrongError { error: steady(error) })
}

/// The fault in a response that a finding describes.
pub(super) fn fault(finding: &Finding) -> ResponseFault {
    ResponseFault {
        code: finding.code,
        rule: finding.rule.clone(),
        member: member(&finding.pointer),
        expected: steady(&finding.expected),
    }
}
