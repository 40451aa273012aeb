//! A finished case with everything that it did.

use std::sync::Arc;

use super::{
    event::{CaseFinished, CaseReport, SnapshotDifference},
    exchange_report::ExchangeReport,
    observer::EventDetail,
};
use crate::{
    judge::{observation::Observation, transcript::Transcript},
    suite::{Case, Fixtures},
};

/// A finished case with everything that it did: for recordings, snapshots and comparisons. Reports see its
/// [event](CaseFinished) alone.
#[derive(Debug, Clone)]
pub struct JudgedCase {
    /// The verdict, and what led to it.
    pub report: CaseReport,
    /// The case.
    pub case: Case,
    /// The fixtures that it was judged by.
    pub fixtures: Arc<Fixtures>,
    /// What it did.
    pub transcript: Arc<Transcript>,
    /// The recorded observation, if there is a snapshot.
    pub snapshot: Option<String>,
}

impl JudgedCase {
    /// What the case observed, redacted. It is made on demand, because few need it.
    #[must_use]
    pub fn observation(&self) -> Observation {
        Observation::of(&self.fixtures, &self.case, &self.transcript)
    }

    /// How the observation differs from the snapshot. `None` also where no step was run.
    #[must_use]
    pub fn difference(&self) -> Option<SnapshotDifference> {
        let was_run = self.transcript.exchanges.iter().any(|exchange| exchange.step > 0);
        let recorded = self.snapshot.as_ref().filter(|_| was_run)?;
        let observed = self.observation().text();
        (*recorded != observed).then(|| SnapshotDifference { recorded: recorded.clone(), observed })
    }

    /// The event of the case.
    pub(super) fn finished(self, detail: EventDetail) -> CaseFinished {
        let difference = if detail.difference { self.difference() } else { None };
        let exchanges = if detail.exchanges { self.transcript.exchanges.as_slice() } else { &[] };
        let exchanges = exchanges.iter().map(ExchangeReport::of).collect();
        CaseFinished { report: self.report, exchanges, difference }
    }
}
