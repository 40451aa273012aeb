//! Runs a sample of the cases of a certificate again and compares the verdicts.

use std::collections::BTreeSet;

use super::{VerifyCheck, VerifyProblem};
use crate::{certificate::certified_report::Reported, judge::verdict::Verdict, suite::CaseId, wire::digest::Sha256};

/// A case that was run again.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CertificateRerun {
    pub id: CaseId,
    pub verdict: Verdict,
    /// The reason, or the first finding.
    pub reason: String,
}

/// Chooses `count` of some cases by a seed that the vendor could not know.
#[must_use]
pub fn sample(mut ids: Vec<CaseId>, count: usize, seed: u64) -> BTreeSet<CaseId> {
    ids.sort_by_cached_key(|id| Sha256::new().chain_update(seed.to_be_bytes()).chain_update(&id.0).finalize());
    ids.truncate(count);
    ids.into_iter().collect()
}

/// The cases whose verdict differs from the certificate, and the number of compared cases.
///
/// A case is not compared if the verifier lacks the identity or region that it needs. Any other case counts, including
/// one that is blocked or gets no response.
#[must_use]
pub fn compare(said: &Reported, today: &[CertificateRerun]) -> (Vec<VerifyProblem>, usize) {
    let comparable: Vec<&CertificateRerun> =
        today.iter().filter(|again| again.verdict != Verdict::NotApplicable).collect();
    let problem = |again: &&CertificateRerun| {
        let said = said.cases.iter().find(|case| case.id == again.id).map(|case| case.verdict);
        let differs = said != Some(again.verdict);
        let said = said.map_or("missing", Verdict::name);
        let says = format!("{}: {said} in the certificate, {} now ({})", again.id, again.verdict, again.reason);
        differs.then(|| VerifyProblem::new(VerifyCheck::Rerun, says))
    };
    let mut problems: Vec<VerifyProblem> = comparable.iter().filter_map(problem).collect();
    if comparable.is_empty() {
        problems.push(VerifyProblem::new(VerifyCheck::Rerun, "no case of the sample could be compared"));
    }
    (problems, comparable.len())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        certificate::certified_report::{Addressed, ReportedCase, ReportedTool, SuiteName},
        judge::verdict::Ledger,
        suite::testing::BUNDLED,
    };

    fn said(verdicts: &[(&str, Verdict)]) -> Reported {
        let case = |(id, verdict): &(&str, Verdict)| ReportedCase {
            id: CaseId((*id).to_owned()),
            verdict: *verdict,
            reason: String::new(),
            findings: Vec::new(),
        };
        Reported {
            tool: ReportedTool { name: String::new(), version: String::new() },
            suite: SuiteName { digest: String::new() },
            target: Addressed { name: String::new(), endpoint: String::new(), region: String::new() },
            seed: 0,
            interrupted: false,
            ledger: Ledger::default(),
            cases: verdicts.iter().map(case).collect(),
            requirements: Vec::new(),
        }
    }

    fn today(verdicts: &[(&str, Verdict)]) -> Vec<CertificateRerun> {
        let again = |(id, verdict): &(&str, Verdict)| CertificateRerun {
            id: CaseId((*id).to_owned()),
            verdict: *verdict,
            reason: "why".to_owned(),
        };
        verdicts.iter().map(again).collect()
    }

    #[test]
    fn another_verdict_is_reported_and_cases_that_cannot_run_are_not_compared() {
        let said = said(&[("a", Verdict::Conforms), ("b", Verdict::Conforms), ("c", Verdict::Conforms)]);
        let today = today(&[("a", Verdict::Conforms), ("b", Verdict::Blocked), ("c", Verdict::NotApplicable)]);
        let (problems, compared) = compare(&said, &today);
        assert_eq!(compared, 2);
        assert_eq!(
            problems,
            [VerifyProblem::new(VerifyCheck::Rerun, "b: conforms in the certificate, blocked now (why)")]
        );
    }

    #[test]
    fn a_sample_without_comparable_cases_proves_nothing() {
        let (problems, compared) = compare(&said(&[]), &today(&[("c", Verdict::NotApplicable)]));
        assert_eq!((problems.len(), compared), (1, 0));
    }

    #[test]
    fn a_sample_depends_only_on_its_seed() {
        let cases = BUNDLED.cases().into_iter().map(|case| case.id);
        let all: Vec<CaseId> = cases.collect();
        let ids = |seed| sample(all.clone(), 5, seed);
        assert_eq!(ids(1), ids(1));
        assert_ne!(ids(1), ids(2));
        assert_eq!((ids(1).len(), sample(all.clone(), 100_000, 1).len()), (5, all.len()));
    }
}
