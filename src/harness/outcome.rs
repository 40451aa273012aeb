//! What a run came to, as a test wants to know it.

use std::collections::BTreeMap;

use super::Problem;
use crate::{
    gate::baseline::Differing,
    judge::verdict::Ledger,
    run::{
        event::{CaseFinished, CaseReport},
        exit::ExitStatus,
    },
    suite::CaseId,
};

/// What a run came to; also where nothing was run, because something could not be set up.
#[derive(Debug)]
#[must_use = "assert_conforms() fails the test"]
pub struct Outcome {
    pub(super) problem: Option<Problem>,
    pub(super) status: ExitStatus,
    pub(super) seed: u64,
    pub(super) ledger: Ledger,
    pub(super) cases: Vec<CaseReport>,
    /// Empty for probes, of which there may be very many.
    pub(super) observed: BTreeMap<CaseId, CaseFinished>,
    pub(super) differing: Vec<Differing>,
    pub(super) report: String,
    /// What became of the file of the baseline, where it was brought up to date.
    pub(super) updated: Option<String>,
}

impl From<Problem> for Outcome {
    fn from(problem: Problem) -> Self {
        Self {
            status: ExitStatus::Usage,
            seed: 0,
            ledger: Ledger::default(),
            cases: Vec::new(),
            observed: BTreeMap::new(),
            differing: Vec::new(),
            report: told(&problem),
            updated: None,
            problem: Some(problem),
        }
    }
}

/// A problem in the words of a report. Broken fixtures come with words of their own.
pub(super) fn told(problem: &Problem) -> String {
    let told = problem.to_string();
    if told.starts_with("error: ") { format!("{told}\n") } else { format!("error: {told}\n") }
}

impl Outcome {
    /// Whether every case conforms, or is as the suite accepts it: by its baseline, or by an allowed verdict.
    #[must_use]
    pub fn conforms(&self) -> bool {
        self.status == ExitStatus::Conforms
    }

    /// Fails the test unless the run [conforms](Self::conforms).
    ///
    /// # Panics
    /// With the report for people, where it does not.
    #[track_caller]
    pub fn assert_conforms(&self) {
        let what = if self.problem.is_some() { "the run failed" } else { "the endpoint does not conform" };
        assert!(self.conforms(), "{what}\n\n{}", self.report);
    }

    /// Why nothing, or not all of it, was run.
    #[must_use]
    pub fn problem(&self) -> Option<&Problem> {
        self.problem.as_ref()
    }

    /// What the program would end with after such a run.
    #[must_use]
    pub fn status(&self) -> ExitStatus {
        self.status
    }

    /// How many cases, and what became of them.
    #[must_use]
    pub fn ledger(&self) -> &Ledger {
        &self.ledger
    }

    /// Every case with its verdict and its findings, in the order of their ids.
    #[must_use]
    pub fn cases(&self) -> &[CaseReport] {
        &self.cases
    }

    /// The case of that id.
    #[must_use]
    pub fn case(&self, id: &str) -> Option<&CaseReport> {
        let at = self.cases.binary_search_by(|case| case.id.0.as_str().cmp(id)).ok()?;
        self.cases.get(at)
    }

    /// What differs from the baseline.
    #[must_use]
    pub fn differing(&self) -> &[Differing] {
        &self.differing
    }

    /// What became of the baseline's file, in a line, where it was brought up to date.
    #[must_use]
    pub fn updated(&self) -> Option<&str> {
        self.updated.as_deref()
    }

    /// What fresh names were derived from.
    #[must_use]
    pub fn seed(&self) -> u64 {
        self.seed
    }

    /// The report for people, without colour.
    #[must_use]
    pub fn report(&self) -> &str {
        &self.report
    }

    /// What a case observed, redacted so that a second run gives the same text: for `insta::assert_snapshot!`. Probes
    /// have none.
    #[must_use]
    pub fn observation(&self, id: &str) -> Option<String> {
        Some(self.observed.get(&CaseId(id.to_owned()))?.observation().text())
    }
}
