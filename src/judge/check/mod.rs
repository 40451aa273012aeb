//! Checks: pure functions from a transcript to findings.
//!
//! A check is one file and one line in [`CHECKS`]. The file declares the [`Code`], and a [`Check`] with everything that
//! the program knows about it: the requirement, the reason, the severities, the location to mark in a report, and the
//! function. A check looks at one response, at one step with all its exchanges, or at a whole case. The verdict is
//! computed from the findings.

mod body_format;
mod consistently;
mod content_encoding;
mod content_length;
mod content_type;
mod control;
mod declared_error;
mod error_identity;
mod error_shape;
mod error_status;
mod eventually;
mod expected_body;
pub mod implementation;
mod judgement;
mod line_ends;
mod outcome;
mod points_at;
pub mod request_id;
mod response_shape;
mod server_error;
mod side_effect;
mod snapshot;
mod status;
mod subject;
pub mod subresource;
#[cfg(test)]
pub(crate) mod testing;

use crate::{
    judge::{
        code::Code,
        verdict::{Finding, Severity},
    },
    model::ShapeRule,
    suite::requirement::Evidence,
};

pub use judgement::{CaseJudgement, judge};
pub use points_at::PointsAt;
pub use subject::{CaseSubject, ResponseSubject, StepSubject};

use subject::Basis;

/// Every check, in the order in which they run and are explained.
pub const CHECKS: &[Check] = &[
    implementation::CHECK,
    server_error::CHECK,
    outcome::CHECK,
    status::CHECK,
    error_identity::CHECK,
    declared_error::CHECK,
    error_status::CHECK,
    error_shape::CHECK,
    content_type::CHECK,
    content_encoding::CHECK,
    content_length::CHECK,
    line_ends::CHECK,
    request_id::CHECK,
    body_format::CHECK,
    response_shape::CHECK,
    expected_body::CHECK,
    eventually::CHECK,
    consistently::CHECK,
    control::CHECK,
    side_effect::CHECK,
    snapshot::CHECK,
];

/// One check, with everything that the program knows about it.
#[derive(Debug, Clone, Copy)]
pub struct Check {
    /// The stable code.
    pub code: Code,
    /// The requirement in one line; it completes the sentence "The check requires …".
    pub wants: &'static str,
    /// The reason for the requirement, and its source.
    pub why: &'static str,
    /// The heading of a narrow column: two lines of at most five characters.
    pub label: [&'static str; 2],
    /// The severities of its findings. The first row that fits counts.
    pub severities: &'static [SeverityRow],
    /// The requirements and the evidence that its findings rest on.
    pub basis: CheckBasis,
    /// The part of the exchange that a report marks for a finding without a JSON pointer.
    pub points_at: PointsAt,
    /// One recorded response suffices to judge it. Otherwise it needs a scenario, several responses, or exact bytes.
    pub from_recording: bool,
    /// The function, by what it looks at.
    pub look: CheckScope,
}

impl Check {
    /// The severity of a finding: that of the first row that fits, by the evidence.
    ///
    /// The caller lowers the severity where documents contradict each other.
    #[must_use]
    pub fn severity(&self, rule: Option<ShapeRule>, evidence: Evidence) -> Severity {
        if evidence == Evidence::Recorded {
            return Severity::Note;
        }
        let row = self.severities.iter().find(|row| row.rule.is_none() || row.rule == rule);
        let severity = match (row, evidence) {
            (None, _) => Severity::Error,
            (Some(row), Evidence::Documented | Evidence::Linked) => row.documented,
            (Some(row), _) => row.modelled,
        };
        if evidence == Evidence::Inferred { severity.min(Severity::Warning) } else { severity }
    }

    /// Each row of the severities, with the name of its rule: `code/rule`, or `code` for all other rules.
    pub fn rules(&self) -> impl Iterator<Item = (String, &'static SeverityRow)> {
        let code = self.code;
        let name = move |row: &SeverityRow| {
            row.rule.map_or_else(|| code.to_string(), |rule| format!("{code}/{}", rule.name()))
        };
        self.severities.iter().map(move |row| (name(row), row))
    }
}

/// The severity of the findings of one rule.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct SeverityRow {
    /// The rule, for a check with several; `None` for all rules without a row above.
    pub rule: Option<ShapeRule>,
    /// The severity if a page states the rule.
    pub documented: Severity,
    /// The severity if only a published model or the protocol states it.
    pub modelled: Severity,
    /// The reason for the severities.
    pub reason: &'static str,
}

impl SeverityRow {
    const fn new(documented: Severity, modelled: Severity, reason: &'static str) -> Self {
        Self { rule: None, documented, modelled, reason }
    }

    const fn of_rule(self, rule: ShapeRule) -> Self {
        Self { rule: Some(rule), ..self }
    }
}

/// The requirements and the evidence that the findings of a check rest on.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum CheckBasis {
    /// The requirements that the scenario cites, and its evidence.
    Scenario,
    /// The requirements whose `checks` name the check.
    Requirements {
        /// The evidence if no requirement names it.
        otherwise: Evidence,
    },
    /// A recorded observation.
    Snapshot,
}

/// The subject of a check, with its function.
#[derive(Debug, Clone, Copy)]
pub enum CheckScope {
    /// Each response of a scenario's steps.
    Response(for<'a> fn(&ResponseSubject<'a>) -> Checked<'a>),
    /// A step with all its exchanges.
    Step(for<'a> fn(&StepSubject<'a>) -> Checked<'a>),
    /// A whole case.
    Case(for<'a> fn(&CaseSubject<'a>) -> Checked<'a>),
    /// The run as a whole; the session evaluates it.
    Run,
}

/// The result of one check on one subject.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Checked<'a> {
    /// The check found something to evaluate.
    pub evaluated: bool,
    /// The requirements that it judged, met or violated.
    pub cites: Vec<&'a str>,
    /// The deviations.
    pub findings: Vec<Finding>,
}

impl<'a> Checked<'a> {
    /// The result if there is nothing to evaluate.
    #[must_use]
    pub fn nothing() -> Self {
        Self::default()
    }

    /// The result of an evaluation.
    #[must_use]
    pub fn with(cites: Vec<&'a str>, findings: Vec<Finding>) -> Self {
        Self { evaluated: true, cites, findings }
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use rstest::rstest;

    use super::*;

    #[test]
    fn every_check_has_a_code_a_label_and_an_explanation_of_its_own() {
        let (mut codes, mut labels) = (BTreeSet::new(), BTreeSet::new());
        for check in CHECKS {
            assert!(codes.insert(check.code.name()) && labels.insert(check.label), "{} is not unique", check.code);
            assert!(check.label.iter().all(|line| line.len() <= 5), "{:?} is too wide", check.label);
            assert!(check.wants.len() > 10 && check.why.len() > 20, "{} is not explained", check.code);
            let has_reasons = check.severities.iter().all(|row| !row.reason.is_empty());
            assert!(!check.severities.is_empty() && has_reasons, "{} has no severity or no reason", check.code);
        }
    }

    #[rstest]
    #[case::a_page_states_the_enum(&response_shape::CHECK, Some(ShapeRule::Enum), Evidence::Documented, Severity::Error)]
    #[case::only_the_model_does(&response_shape::CHECK, Some(ShapeRule::Enum), Evidence::Modelled, Severity::Warning)]
    #[case::wrong_type(&response_shape::CHECK, Some(ShapeRule::Type), Evidence::Modelled, Severity::Error)]
    #[case::empty(&response_shape::CHECK, Some(ShapeRule::Empty), Evidence::Documented, Severity::Note)]
    #[case::recorded(&outcome::CHECK, None, Evidence::Recorded, Severity::Note)]
    #[case::inferred(&outcome::CHECK, None, Evidence::Inferred, Severity::Warning)]
    #[case::linked_counts_as_a_page(&content_type::CHECK, None, Evidence::Linked, Severity::Error)]
    #[case::the_row_of_all_other_rules(&error_shape::CHECK, Some(ShapeRule::Required), Evidence::Modelled, Severity::Note)]
    #[case::the_row_of_its_rule(&error_shape::CHECK, Some(ShapeRule::Type), Evidence::Modelled, Severity::Error)]
    #[case::a_rule_of_a_check_without_rules(&request_id::CHECK, Some(ShapeRule::Type), Evidence::Modelled, Severity::Warning)]
    fn the_first_row_that_fits_decides_by_the_evidence(
        #[case] check: &Check,
        #[case] rule: Option<ShapeRule>,
        #[case] evidence: Evidence,
        #[case] expected: Severity,
    ) {
        assert_eq!(check.severity(rule, evidence), expected);
    }

    #[test]
    fn rows_are_named_by_check_and_rule() {
        let names: Vec<String> = error_shape::CHECK.rules().map(|(name, _)| name).collect();
        assert_eq!(names, ["error-shape/type", "error-shape"]);
    }
}
