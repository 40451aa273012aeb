//! What a case came to: findings, their severity, the verdict and the run's ledger. Plain data.
//!
//! The severity of a finding follows the evidence of what it breaks, by the table [`SEVERITIES`]:
//! data with a reason for each row, so that it can be printed and argued about.

mod exception;

use std::fmt;

use serde::{Deserialize, Serialize};

use crate::{
    model::ShapeRule,
    suite::{code::Code, requirement::Evidence},
};

pub use exception::{EXCEPTIONS, Exception, exception};

/// What became of a case.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Verdict {
    /// At least one documented expectation was evaluated, and none was broken.
    Conforms,
    /// A finding of severity error.
    Deviates,
    /// The endpoint does not have the operation.
    NotImplemented,
    /// A state or a capture that the case needs could not be had.
    Blocked,
    /// Transport failed, time ran out, or nothing was evaluated.
    Inconclusive,
    /// The target declares that it lacks what the case needs.
    NotApplicable,
}

impl Verdict {
    /// Every verdict, in the order of the ledger.
    pub const ALL: [Self; 6] =
        [Self::Conforms, Self::Deviates, Self::NotImplemented, Self::Blocked, Self::Inconclusive, Self::NotApplicable];

    /// The kebab-case name.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Conforms => "conforms",
            Self::Deviates => "deviates",
            Self::NotImplemented => "not-implemented",
            Self::Blocked => "blocked",
            Self::Inconclusive => "inconclusive",
            Self::NotApplicable => "not-applicable",
        }
    }
}

impl fmt::Display for Verdict {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

/// How much a finding weighs.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Severity {
    /// Worth knowing; real AWS does it too, or no document promises otherwise.
    Note,
    /// Documents contradict each other, or real AWS breaks the rule now and then.
    Warning,
    /// A deviation.
    Error,
}

impl fmt::Display for Severity {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Note => "note",
            Self::Warning => "warning",
            Self::Error => "error",
        })
    }
}

/// Which of a step's calls a finding is about.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum FindingRole {
    /// The step's own.
    #[default]
    Step,
    /// Its legal neighbour.
    Control,
    /// A read that must give the same before and after.
    Guard,
}

/// One deviation that a check found.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct Finding {
    /// The check.
    pub code: Code,
    /// Which constraint, where the check knows several.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub rule: Option<String>,
    /// How much it weighs.
    pub severity: Severity,
    /// The ground that it stands on.
    pub evidence: Evidence,
    /// The step of the scenario, from 1; 0 for the case as a whole.
    pub step: usize,
    /// Which of the step's calls it is about.
    pub role: FindingRole,
    /// The JSON pointer into the answer's body; empty for the whole answer.
    pub pointer: String,
    /// What was expected, in one line.
    pub expected: String,
    /// What was there, in one line.
    pub actual: String,
    /// The requirements that it breaks.
    pub cites: Vec<String>,
}

/// A row of the severity table.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct SeverityRow {
    /// The check.
    pub code: Code,
    /// The constraint, where the check knows several; `None` for all others of the check.
    pub rule: Option<ShapeRule>,
    /// What breaking it weighs where a page states it.
    pub documented: Severity,
    /// What it weighs where only a published model or the protocol speaks.
    pub modelled: Severity,
    /// Why.
    pub reason: &'static str,
}

const fn row(code: Code, documented: Severity, modelled: Severity, reason: &'static str) -> SeverityRow {
    SeverityRow { code, rule: None, documented, modelled, reason }
}

const fn shape(rule: ShapeRule, documented: Severity, modelled: Severity, reason: &'static str) -> SeverityRow {
    SeverityRow { code: Code::ResponseShape, rule: Some(rule), documented, modelled, reason }
}

use Severity::{Error, Note, Warning};

/// What breaking each rule weighs. The first row that fits counts; evidence `recorded` is always a note.
pub const SEVERITIES: &[SeverityRow] = &[
    shape(ShapeRule::Type, Error, Error, "no recorded AWS answer has a wrong JSON type: typed clients fail on it"),
    shape(ShapeRule::Timestamp, Error, Error, "a timestamp in another encoding is a wrong type to every client"),
    shape(ShapeRule::Union, Error, Error, "no recorded AWS answer breaks a union: clients cannot read one that does"),
    shape(ShapeRule::Blob, Error, Error, "a blob that is not base64 cannot be decoded by any client"),
    shape(
        ShapeRule::Required,
        Error,
        Error,
        "clients build on required members; where AWS itself omits one, the exceptions below say so",
    ),
    shape(ShapeRule::Unique, Error, Warning, "a set that repeats an item loses it in clients that build a set"),
    shape(ShapeRule::Enum, Error, Warning, "AWS adds values before its models have them"),
    shape(ShapeRule::EnumCase, Error, Warning, "AWS writes some values in another case"),
    shape(ShapeRule::Length, Error, Warning, "AWS exceeds its own maxima now and then"),
    shape(ShapeRule::Pattern, Error, Warning, "AWS breaks its own patterns now and then"),
    shape(ShapeRule::Range, Error, Warning, "AWS exceeds its own ranges now and then"),
    shape(ShapeRule::PatternUndecided, Note, Note, "a pattern that no engine here decides proves nothing"),
    shape(ShapeRule::Empty, Note, Note, "AWS sends empty values and zeros under a minimum: half of all its violations"),
    shape(
        ShapeRule::ContestedValue,
        Warning,
        Warning,
        "one document lists the value and another does not: strict clients may not know it",
    ),
    shape(ShapeRule::Null, Note, Note, "the AWS JSON protocols read a null member as an absent one"),
    shape(ShapeRule::UnknownMember, Note, Note, "AWS sends members that its models lack, and clients ignore them"),
    row(Code::Outcome, Error, Error, "a success where a refusal is due, or the reverse, is the plainest deviation"),
    row(
        Code::Status,
        Error,
        Error,
        "every recorded success of an AWS JSON service has the status 200; another 2xx of a REST service is a note",
    ),
    row(Code::ContentType, Error, Warning, "the protocol fixes the header; clients tolerate another one"),
    row(Code::ContentEncoding, Error, Error, "a client that asked for identity cannot read anything else"),
    row(Code::ContentLength, Error, Error, "a length that lies cuts the answer off or hangs the connection"),
    row(Code::RequestId, Error, Warning, "the page's sample shows one; elsewhere it is a convention"),
    row(Code::Json, Error, Error, "a body that is not JSON is unreadable"),
    row(Code::ErrorIdentity, Error, Error, "clients branch on the name of an error"),
    row(Code::DeclaredError, Error, Warning, "a third of recorded AWS errors are declared nowhere in the model"),
    row(Code::ErrorStatus, Error, Error, "a page states the status; elsewhere only the class of the status binds"),
    SeverityRow {
        code: Code::ErrorShape,
        rule: Some(ShapeRule::Type),
        documented: Error,
        modelled: Error,
        reason: "no recorded AWS answer has a wrong JSON type: typed clients fail on it",
    },
    row(Code::ErrorShape, Error, Note, "recorded AWS errors lack the modelled message now and then"),
    row(Code::ExpectedBody, Error, Error, "the scenario states the value"),
    row(Code::Eventually, Error, Error, "the scenario states what must come true, and by when"),
    row(Code::Consistently, Error, Error, "the scenario states what must stay true, and for how long"),
    row(
        Code::Control,
        Error,
        Error,
        "a legal request that is refused as well proves that the refusal has another reason",
    ),
    row(Code::SideEffect, Error, Error, "a refused request must not change anything"),
    row(Code::Implementation, Note, Note, "it decides the verdict itself and convicts nobody"),
    row(Code::Snapshot, Note, Note, "a snapshot is what one endpoint did, not what a document promises"),
];

/// What a finding weighs: the row of the table for its check and rule, read by its evidence.
///
/// Warning-class evidence of a contradiction between documents is the caller's to lower.
#[must_use]
pub fn severity(code: Code, rule: Option<ShapeRule>, evidence: Evidence) -> Severity {
    if evidence == Evidence::Recorded {
        return Note;
    }
    let row = SEVERITIES.iter().find(|row| row.code == code && (row.rule.is_none() || row.rule == rule));
    match (row, evidence) {
        (None, _) => Error,
        (Some(row), Evidence::Documented | Evidence::Linked) => row.documented,
        (Some(row), _) => row.modelled,
    }
}

/// How many cases were selected, and what became of each.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct Ledger {
    /// Cases that the selection holds.
    pub selected: usize,
    /// Cases that conform.
    pub conforms: usize,
    /// Cases that deviate.
    pub deviates: usize,
    /// Cases of operations that the endpoint does not have.
    pub not_implemented: usize,
    /// Cases whose state could not be had.
    pub blocked: usize,
    /// Cases of which nothing can be said.
    pub inconclusive: usize,
    /// Cases that the target rules out.
    pub not_applicable: usize,
    /// Inconclusive cases for which the harness itself is to blame.
    #[serde(default, skip_serializing_if = "is_zero")]
    pub internal: usize,
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "serde asks in this way")]
fn is_zero(count: &usize) -> bool {
    *count == 0
}

impl Ledger {
    /// Enters one verdict.
    pub fn enter(&mut self, verdict: Verdict) {
        match verdict {
            Verdict::Conforms => self.conforms += 1,
            Verdict::Deviates => self.deviates += 1,
            Verdict::NotImplemented => self.not_implemented += 1,
            Verdict::Blocked => self.blocked += 1,
            Verdict::Inconclusive => self.inconclusive += 1,
            Verdict::NotApplicable => self.not_applicable += 1,
        }
    }

    /// The count of one verdict.
    #[must_use]
    pub fn count(&self, verdict: Verdict) -> usize {
        match verdict {
            Verdict::Conforms => self.conforms,
            Verdict::Deviates => self.deviates,
            Verdict::NotImplemented => self.not_implemented,
            Verdict::Blocked => self.blocked,
            Verdict::Inconclusive => self.inconclusive,
            Verdict::NotApplicable => self.not_applicable,
        }
    }

    /// The selected cases that apply to the target.
    #[must_use]
    pub fn applicable(&self) -> usize {
        self.selected.saturating_sub(self.not_applicable)
    }

    /// The verdicts entered so far.
    #[must_use]
    pub fn entered(&self) -> usize {
        Verdict::ALL.into_iter().map(|verdict| self.count(verdict)).sum()
    }

    /// Whether every selected case has exactly one verdict.
    #[must_use]
    pub fn balances(&self) -> bool {
        self.entered() == self.selected
    }
}

#[cfg(test)]
mod tests {
    use rstest::rstest;

    use super::*;

    #[rstest]
    #[case::a_page_states_the_enum(Code::ResponseShape, Some(ShapeRule::Enum), Evidence::Documented, Error)]
    #[case::only_the_model_does(Code::ResponseShape, Some(ShapeRule::Enum), Evidence::Modelled, Warning)]
    #[case::wrong_type(Code::ResponseShape, Some(ShapeRule::Type), Evidence::Modelled, Error)]
    #[case::empty(Code::ResponseShape, Some(ShapeRule::Empty), Evidence::Documented, Note)]
    #[case::recorded(Code::Outcome, None, Evidence::Recorded, Note)]
    #[case::linked_counts_as_a_page(Code::ContentType, None, Evidence::Linked, Error)]
    fn severity_follows_the_evidence(
        #[case] code: Code,
        #[case] rule: Option<ShapeRule>,
        #[case] evidence: Evidence,
        #[case] expected: Severity,
    ) {
        assert_eq!(severity(code, rule, evidence), expected);
    }

    #[test]
    fn every_code_has_a_row_with_a_reason() {
        for code in Code::ALL {
            assert!(SEVERITIES.iter().any(|row| row.code == code && !row.reason.is_empty()), "{code}");
        }
    }

    #[test]
    fn a_ledger_balances_when_every_selected_case_has_a_verdict() {
        let mut ledger = Ledger { selected: 6, ..Ledger::default() };
        assert!(!ledger.balances());
        for verdict in Verdict::ALL {
            ledger.enter(verdict);
        }
        assert!(ledger.balances());
        assert!(Verdict::ALL.into_iter().all(|verdict| ledger.count(verdict) == 1));
    }

    #[test]
    fn a_ledger_counts_each_verdict_by_itself() {
        for (index, verdict) in Verdict::ALL.into_iter().enumerate() {
            let mut ledger = Ledger::default();
            (0..=index).for_each(|_| ledger.enter(verdict));
            let counts = Verdict::ALL.map(|other| ledger.count(other));
            let mut expected = [0; 6];
            expected[index] = index + 1;
            assert_eq!((counts, ledger.entered()), (expected, index + 1), "{verdict}");
        }
    }

    #[test]
    fn verdicts_and_severities_are_shown_as_they_are_written() {
        for verdict in Verdict::ALL {
            assert_eq!(serde_json::json!(verdict.to_string()), serde_json::to_value(verdict).unwrap());
            assert_eq!(verdict.name(), verdict.to_string());
        }
        for severity in [Note, Warning, Error] {
            assert_eq!(serde_json::json!(severity.to_string()), serde_json::to_value(severity).unwrap());
        }
    }

    #[rstest]
    #[case::of_another_rule(Code::ErrorShape, Some(ShapeRule::Required), Note)]
    #[case::of_its_own_rule(Code::ErrorShape, Some(ShapeRule::Type), Error)]
    #[case::a_rule_of_a_check_without_rules(Code::RequestId, Some(ShapeRule::Type), Warning)]
    fn the_first_row_that_fits_decides(
        #[case] code: Code,
        #[case] rule: Option<ShapeRule>,
        #[case] expected: Severity,
    ) {
        assert_eq!(severity(code, rule, Evidence::Modelled), expected);
    }
}
