//! The causes of warnings. A warning never makes a case deviate, so only the warnings of cases that conform have causes: in
//! a case that deviates, they may be consequences.

use super::{Cause, causes, judged_locations::JudgedLocations};
use crate::{
    judge::verdict::{Finding, FindingRole, Severity, Verdict},
    run::event::CaseReport,
    suite::requirement::Evidence,
};

/// The causes of what is probably wrong: cases that conform, with warnings about what is only inferred. Their numbers follow
/// those of the causes of deviations, of which there are `before`.
#[must_use]
pub fn likely_causes<'c>(cases: impl IntoIterator<Item = &'c CaseReport>, before: usize) -> Vec<Cause> {
    let suspected: Vec<CaseReport> = cases.into_iter().filter_map(inferred).collect();
    let causes = causes(&JudgedLocations::default(), &suspected).into_iter();
    causes.map(|cause| Cause { number: before + cause.number, ..cause }).collect()
}

/// The causes of all warnings of cases that conform. Those about responses have the kind `response`.
#[must_use]
pub fn warning_causes<'c>(cases: impl IntoIterator<Item = &'c CaseReport>) -> Vec<Cause> {
    let suspected: Vec<CaseReport> =
        cases.into_iter().flat_map(|case| [inferred(case), stated(case)]).flatten().collect();
    causes(&JudgedLocations::default(), &suspected)
}

/// A case as if its warnings about what is inferred were its errors.
fn inferred(case: &CaseReport) -> Option<CaseReport> {
    let of = |finding: &&Finding| finding.evidence == Evidence::Inferred;
    suspected(case, case.findings.iter().filter(of).cloned())
}

/// A case as if its other warnings were its errors. They are about one response, whatever the step is.
fn stated(case: &CaseReport) -> Option<CaseReport> {
    let of = |finding: &&Finding| finding.evidence != Evidence::Inferred;
    let of_response = |finding: &Finding| Finding { step: 1, role: FindingRole::Step, ..finding.clone() };
    suspected(case, case.findings.iter().filter(of).map(of_response))
}

/// A case that conforms, as if some of its warnings were its errors; `None` if there are none.
fn suspected(case: &CaseReport, findings: impl Iterator<Item = Finding>) -> Option<CaseReport> {
    let warnings = findings.filter(|finding| finding.severity == Severity::Warning);
    let findings: Vec<Finding> = warnings.map(|one| Finding { severity: Severity::Error, ..one }).collect();
    let is_suspected = case.verdict == Verdict::Conforms && !findings.is_empty();
    is_suspected.then(|| CaseReport { verdict: Verdict::Deviates, findings, ..case.clone() })
}
