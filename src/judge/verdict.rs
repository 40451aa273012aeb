//! Findings, their severity, the verdict, and the run's ledger. Plain data.

mod exception;

use std::fmt;

use serde::{Deserialize, Serialize};

use crate::{
    judge::{check::PointsAt, code::Code},
    suite::requirement::Evidence,
};

pub use exception::{EXCEPTIONS, Exception, exception};

/// The result of a case.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Verdict {
    /// At least one documented expectation was evaluated, and none was violated.
    Conforms,
    /// The case has a finding of severity error.
    Deviates,
    /// The endpoint does not implement the operation.
    NotImplemented,
    /// A state, a capture or a control that the case needs is unavailable.
    Blocked,
    /// The transport failed, the time ran out, or nothing was evaluated.
    Inconclusive,
    /// The target declares that it lacks something that the case needs.
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

/// The severity of a finding.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Severity {
    /// Real AWS does it as well, or no document forbids it.
    Note,
    /// Documents contradict each other, or real AWS sometimes violates the rule.
    Warning,
    /// A deviation from a documented requirement.
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

/// The call of a step that a finding is about.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum FindingRole {
    /// The step's own call.
    #[default]
    Step,
    /// The control of the step.
    Control,
    /// A read that must return the same before and after the step.
    Guard,
}

/// One deviation that a check found.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct Finding {
    /// The check.
    pub code: Code,
    /// The rule, if the check has several.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub rule: Option<String>,
    /// The severity.
    pub severity: Severity,
    /// The best evidence of the violated requirements.
    pub evidence: Evidence,
    /// The step of the scenario, from 1; 0 for the case as a whole.
    pub step: usize,
    /// The call of the step that it is about.
    pub role: FindingRole,
    /// The JSON pointer into the body of the response; empty for the whole response.
    pub pointer: String,
    /// The expected value or response, in one line.
    pub expected: String,
    /// The actual value or response, in one line.
    pub actual: String,
    /// The violated requirements.
    pub cites: Vec<String>,
}

impl Finding {
    /// True if it is a warning about what is only inferred.
    pub(crate) fn is_likely(&self) -> bool {
        self.severity == Severity::Warning && self.evidence == Evidence::Inferred
    }

    /// The call of the step whose response shows the finding.
    pub(crate) fn call(&self) -> FindingRole {
        match self.code.points_at() {
            PointsAt::Control => FindingRole::Control,
            PointsAt::Guard => FindingRole::Guard,
            _ => self.role,
        }
    }
}

/// The number of selected cases, and of cases with each verdict.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct Ledger {
    /// Selected cases.
    pub selected: usize,
    /// Cases that conform.
    pub conforms: usize,
    /// Cases that deviate.
    pub deviates: usize,
    /// Cases of operations that the endpoint does not implement.
    pub not_implemented: usize,
    /// Cases without a state, a capture or a control that they need.
    pub blocked: usize,
    /// Cases that could not be judged.
    pub inconclusive: usize,
    /// Cases that the target rules out.
    pub not_applicable: usize,
    /// Inconclusive cases in which the harness itself failed.
    #[serde(default, skip_serializing_if = "is_zero")]
    pub internal: usize,
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "the signature that serde requires")]
fn is_zero(count: &usize) -> bool {
    *count == 0
}

impl Ledger {
    /// Counts one verdict.
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

    /// The number of cases with this verdict.
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

    /// Every selected case has exactly one verdict.
    #[must_use]
    pub fn balances(&self) -> bool {
        self.entered() == self.selected
    }
}

#[cfg(test)]
mod tests {
    use super::{
        Severity::{Error, Note, Warning},
        *,
    };

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
}
