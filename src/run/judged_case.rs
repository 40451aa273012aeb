//! A finished case with its transcript.

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

/// A finished case with its transcript, for recordings, snapshots and comparisons. Reports only see its
/// [event](CaseFinished).
#[derive(Debug, Clone)]
pub struct JudgedCase {
    /// The verdict with its findings.
    pub report: CaseReport,
    /// The case.
    pub case: Case,
    /// The fixtures of the judgement.
    pub fixtures: Arc<Fixtures>,
    /// All its requests and responses.
    pub transcript: Arc<Transcript>,
    /// The recorded observation, if there is a snapshot.
    pub snapshot: Option<String>,
}

impl JudgedCase {
    /// The redacted observation of the case. It is made on demand, because few callers need it.
    #[must_use]
    pub fn observation(&self) -> Observation {
        Observation::of(&self.fixtures, &self.case, &self.transcript)
    }

    /// The difference between the observation and the snapshot. It is `None` also if no step was run.
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

#[cfg(test)]
mod tests {
    use rstest::rstest;
    use serde_json::json;

    use super::*;
    use crate::judge::check::testing::*;

    fn judged(trial: Trial, snapshot: Option<&str>) -> JudgedCase {
        let report = json!({
            "id": trial.case.id, "service": "s", "operation": "O", "title": "T", "verdict": "conforms", "findings": [],
            "checks": 1, "cites": [], "position": "p", "duration_ms": 1,
        });
        JudgedCase {
            report: serde_json::from_value(report).unwrap(),
            case: trial.case,
            fixtures: Arc::new(trial.suite),
            transcript: Arc::new(trial.transcript),
            snapshot: snapshot.map(str::to_owned),
        }
    }

    fn stopped() -> Trial {
        Trial::stop(STOP).responds(1, 200, &stopping())
    }

    #[test]
    fn only_a_case_that_ran_differs_from_its_snapshot() {
        let observed = judged(stopped(), None).observation().text();
        let difference = SnapshotDifference { recorded: "{}".to_owned(), observed: observed.clone() };
        assert_eq!(judged(stopped(), Some("{}")).difference(), Some(difference));
        assert_eq!(judged(stopped(), Some(&observed)).difference(), None);
        assert_eq!(judged(stopped(), None).difference(), None);
        assert_eq!(judged(Trial::stop(STOP), Some("{}")).difference(), None);
    }

    #[rstest]
    #[case(EventDetail { exchanges: false, difference: false })]
    #[case(EventDetail { exchanges: true, difference: false })]
    #[case(EventDetail { exchanges: false, difference: true })]
    fn an_event_has_the_requested_details(#[case] detail: EventDetail) {
        let finished = judged(stopped(), Some("{}")).finished(detail);
        assert_eq!(
            (finished.exchanges.len() == 1, finished.difference.is_some()),
            (detail.exchanges, detail.difference)
        );
    }
}
