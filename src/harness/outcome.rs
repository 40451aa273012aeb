//! The outcome of a run, as a test needs it.

use std::collections::BTreeMap;

use super::Problem;
use crate::{
    judge::verdict::Ledger,
    report::text,
    run::{baseline_comparison::Differing, event::CaseReport, exit::ExitStatus},
    suite::CaseId,
};

/// The outcome of a run; also of one that could not start.
#[derive(Debug)]
#[must_use = "assert_conforms() fails the test"]
pub struct Outcome {
    pub(super) problem: Option<Problem>,
    pub(super) status: ExitStatus,
    pub(super) seed: u64,
    pub(super) ledger: Ledger,
    pub(super) cases: Vec<CaseReport>,
    /// Empty for probes, of which there may be very many.
    pub(super) observations: BTreeMap<CaseId, String>,
    pub(super) differing: Vec<Differing>,
    pub(super) report: String,
    /// The result of an update of the baseline.
    pub(super) updated: Option<String>,
}

impl From<Problem> for Outcome {
    fn from(problem: Problem) -> Self {
        Self {
            status: ExitStatus::Usage,
            seed: 0,
            ledger: Ledger::default(),
            cases: Vec::new(),
            observations: BTreeMap::new(),
            differing: Vec::new(),
            report: described(&problem),
            updated: None,
            problem: Some(problem),
        }
    }
}

/// A problem as text. Broken fixtures have their own prefix.
pub(super) fn described(problem: &Problem) -> String {
    let text = text::block(&problem.to_string());
    if text.starts_with("error: ") { format!("{text}\n") } else { format!("error: {text}\n") }
}

impl Outcome {
    /// Every case conforms, or the suite accepts its deviations or its verdict.
    #[must_use]
    pub fn conforms(&self) -> bool {
        self.status == ExitStatus::Conforms
    }

    /// Fails the test unless the run [conforms](Self::conforms).
    ///
    /// # Panics
    /// With the report for people, if it does not.
    #[track_caller]
    pub fn assert_conforms(&self) {
        let what = if self.problem.is_some() { "the run failed" } else { "the endpoint does not conform" };
        assert!(self.conforms(), "{what}\n\n{}", self.report);
    }

    /// The problem that kept the run from starting or ending.
    #[must_use]
    pub fn problem(&self) -> Option<&Problem> {
        self.problem.as_ref()
    }

    /// The exit status of the program after such a run.
    #[must_use]
    pub fn status(&self) -> ExitStatus {
        self.status
    }

    /// The cases, counted by verdict.
    #[must_use]
    pub fn ledger(&self) -> &Ledger {
        &self.ledger
    }

    /// Every case with its verdict and findings, sorted by id.
    #[must_use]
    pub fn cases(&self) -> &[CaseReport] {
        &self.cases
    }

    /// The case with that id.
    #[must_use]
    pub fn case(&self, id: &str) -> Option<&CaseReport> {
        let at = self.cases.binary_search_by(|case| case.id.0.as_str().cmp(id)).ok()?;
        self.cases.get(at)
    }

    /// The differences from the baseline.
    #[must_use]
    pub fn differing(&self) -> &[Differing] {
        &self.differing
    }

    /// The result of an update of the baseline, in one line.
    #[must_use]
    pub fn updated(&self) -> Option<&str> {
        self.updated.as_deref()
    }

    /// The seed of generated names.
    #[must_use]
    pub fn seed(&self) -> u64 {
        self.seed
    }

    /// The report for people, without color.
    #[must_use]
    pub fn report(&self) -> &str {
        &self.report
    }

    /// What a case observed, for `insta::assert_snapshot!`: it is redacted, so that a second run gives the same text. Probes have
    /// no observation.
    #[must_use]
    pub fn observation(&self, id: &str) -> Option<String> {
        self.observations.get(&CaseId(id.to_owned())).cloned()
    }
}
