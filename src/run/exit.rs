//! The exit status of the program.

use crate::judge::verdict::{Ledger, Verdict};

/// The exit status of the program.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[repr(u8)]
pub enum ExitStatus {
    /// All selected cases conform, or are not applicable.
    Conforms = 0,
    /// At least one case deviates.
    Deviates = 1,
    /// The command line, the configuration or a fixture is invalid. No case was run.
    Usage = 2,
    /// No case deviates, but a case was blocked, inconclusive or not implemented, or no case was selected.
    Incomplete = 3,
    /// The program itself failed, or a report could not be written.
    Internal = 4,
    /// The run was interrupted; the report holds what was done.
    Interrupted = 130,
}

impl ExitStatus {
    /// The status of a run. `allowed` verdicts count as conforming.
    #[must_use]
    pub fn of_run(ledger: &Ledger, allowed: &[Verdict], interrupted: bool) -> Self {
        let any = |verdict: Verdict| ledger.count(verdict) > 0 && !allowed.contains(&verdict);
        if interrupted {
            Self::Interrupted
        } else if !ledger.balances() || ledger.internal > 0 {
            Self::Internal
        } else if any(Verdict::Deviates) {
            Self::Deviates
        } else if ledger.conforms == 0
            || [Verdict::NotImplemented, Verdict::Blocked, Verdict::Inconclusive].into_iter().any(any)
        {
            Self::Incomplete
        } else {
            Self::Conforms
        }
    }

    /// The exit code of the process.
    #[must_use]
    pub fn code(self) -> u8 {
        self as u8
    }
}

#[cfg(test)]
mod tests {
    use rstest::rstest;

    use super::*;

    fn ledger(verdicts: &[Verdict]) -> Ledger {
        let mut ledger = Ledger { selected: verdicts.len(), ..Ledger::default() };
        for verdict in verdicts {
            ledger.enter(*verdict);
        }
        ledger
    }

    #[rstest]
    #[case::all(&[Verdict::Conforms, Verdict::NotApplicable], &[], ExitStatus::Conforms)]
    #[case::deviation_wins(&[Verdict::Conforms, Verdict::Deviates, Verdict::Blocked], &[], ExitStatus::Deviates)]
    #[case::blocked(&[Verdict::Conforms, Verdict::Blocked], &[], ExitStatus::Incomplete)]
    #[case::allowed(&[Verdict::Conforms, Verdict::Blocked], &[Verdict::Blocked], ExitStatus::Conforms)]
    #[case::nothing_selected(&[], &[], ExitStatus::Incomplete)]
    #[case::nothing_judged(&[Verdict::NotImplemented], &[Verdict::NotImplemented], ExitStatus::Incomplete)]
    #[case::nothing_applicable(&[Verdict::NotApplicable], &[], ExitStatus::Incomplete)]
    #[case::nothing_conforms(&[Verdict::Deviates], &[Verdict::Deviates], ExitStatus::Incomplete)]
    fn the_status_follows_the_ledger(
        #[case] verdicts: &[Verdict],
        #[case] allowed: &[Verdict],
        #[case] expected: ExitStatus,
    ) {
        assert_eq!(ExitStatus::of_run(&ledger(verdicts), allowed, false), expected);
    }

    #[test]
    fn a_ledger_that_does_not_balance_is_an_internal_error() {
        let ledger = Ledger { selected: 1, ..Ledger::default() };
        assert_eq!(ExitStatus::of_run(&ledger, &[], false), ExitStatus::Internal);
        assert_eq!(ExitStatus::of_run(&ledger, &[], true).code(), 130);
    }

    #[test]
    fn a_fault_of_the_harness_has_precedence_over_findings_and_cannot_be_allowed() {
        let ledger = Ledger { internal: 1, ..ledger(&[Verdict::Deviates, Verdict::Inconclusive]) };
        assert_eq!(ExitStatus::of_run(&ledger, &[Verdict::Inconclusive], false), ExitStatus::Internal);
    }
}
