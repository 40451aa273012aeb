//! Groups the cases of a run by operation.

use std::collections::BTreeMap;

use crate::{
    judge::verdict::{Finding, Severity},
    run::event::CaseReport,
};

/// The cases by service and operation.
pub(super) fn by_operation<'a>(
    cases: impl IntoIterator<Item = &'a CaseReport>,
) -> BTreeMap<(&'a str, &'a str), Vec<&'a CaseReport>> {
    let mut operations: BTreeMap<(&str, &str), Vec<&CaseReport>> = BTreeMap::new();
    for case in cases {
        operations.entry((&case.service, &case.operation)).or_default().push(case);
    }
    operations
}

/// The findings of a case that are errors.
pub(super) fn errors(case: &CaseReport) -> impl Iterator<Item = &Finding> {
    case.findings.iter().filter(|finding| finding.severity == Severity::Error)
}
