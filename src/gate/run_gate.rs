//! The exit status of a run: by its ledger, the allowed verdicts, and what differs from a baseline.

use std::{borrow::Cow, collections::BTreeSet, path::PathBuf, sync::Arc};

use super::baseline_file::{BaselineFile, GateError};
use crate::{
    judge::verdict::Verdict,
    run::{
        baseline_comparison::BaselineComparison,
        event::{Event, RunFinished, RunStarted},
        exit::ExitStatus,
        observer::{Observer, OnEvent},
    },
};

/// The causes that fail a run.
#[derive(Debug, Clone, Default)]
pub struct GateRules {
    /// Verdicts that do not fail it.
    pub allowed: Vec<Verdict>,
    /// The file of known deviations.
    pub baseline: Option<PathBuf>,
    /// The run updates the file. Nothing differs then.
    pub update: bool,
    /// The reason of entries that an update adds.
    pub reason: Option<String>,
    /// The flag or variable that requests an update, for hints.
    pub update_hint: &'static str,
}

/// Returns those IDs that belong to no case, or why that is unknown.
pub type MissingCases = Arc<dyn Fn(&BTreeSet<String>) -> Result<BTreeSet<String>, String> + Send + Sync>;

/// Decides the exit status of a run. It takes the run's events.
#[derive(Clone)]
pub struct RunGate {
    rules: GateRules,
    baseline: Option<BaselineFile>,
    missing_cases: MissingCases,
    /// The comparison with the baseline, once the run is over.
    comparison: Option<Result<BaselineComparison, String>>,
    /// The reason why an empty run is right.
    idle: Option<String>,
}

/// The exit status of a run, and what people should know about it.
#[derive(Debug, Clone)]
pub struct GateResult {
    /// The exit status.
    pub status: ExitStatus,
    /// The comparison with the baseline; `None` without a baseline, and after an update.
    pub comparison: Option<BaselineComparison>,
    /// The result of an update, in one line.
    pub updated: Option<String>,
    /// The reason why an empty run is right.
    pub idle: Option<String>,
}

impl RunGate {
    /// Reads the baseline. `missing_cases` returns those IDs that belong to no case.
    ///
    /// # Errors
    /// The file of the baseline cannot be read, or is not a baseline.
    pub fn open(rules: GateRules, missing_cases: MissingCases) -> Result<Self, GateError> {
        let open = |path: &PathBuf| BaselineFile::open(path, rules.update, rules.update_hint);
        let baseline = rules.baseline.as_ref().map(open).transpose()?;
        Ok(Self { rules, baseline, missing_cases, comparison: None, idle: None })
    }

    /// The rules.
    #[must_use]
    pub fn rules(&self) -> &GateRules {
        &self.rules
    }

    /// The baseline.
    #[must_use]
    pub fn baseline(&self) -> Option<&BaselineFile> {
        self.baseline.as_ref()
    }

    /// If the run is empty, this reason makes that right.
    #[must_use]
    pub fn with_idle(self, reason: Option<String>) -> Self {
        Self { idle: reason.or(self.idle), ..self }
    }

    /// True if the same cases must run once more with another seed, for [`repetition`](Self::repetition).
    #[must_use]
    pub fn wants_repetition(&self, finished: &RunFinished) -> bool {
        self.rules.update && self.baseline.is_some() && !finished.interrupted && finished.ledger.selected > 0
    }

    /// Observes the second run. Cases with another result in it become unstable in the baseline.
    pub fn repetition(&mut self) -> impl Observer + '_ {
        OnEvent(|event: &Event| {
            if let (Event::CaseFinished(finished), Some(baseline)) = (event, &mut self.baseline) {
                baseline.enter_repeated(&finished.report);
            }
        })
    }

    /// The event for reports: the end of a run has the comparison with the baseline.
    #[must_use]
    pub fn completed<'e>(&self, event: &'e Event) -> Cow<'e, Event> {
        match (event, &self.comparison) {
            (Event::RunFinished(finished), Some(Ok(comparison))) => {
                let baseline = Some(comparison.clone());
                Cow::Owned(Event::RunFinished(RunFinished { baseline, ..finished.clone() }))
            }
            _ => Cow::Borrowed(event),
        }
    }

    /// Decides the exit status.
    ///
    /// # Errors
    /// It is unknown which cases exist, or the baseline cannot be updated.
    pub fn conclude(&self, finished: &RunFinished) -> Result<GateResult, GateError> {
        let mut result = GateResult { status: ExitStatus::Internal, comparison: None, updated: None, idle: None };
        if let Some(baseline) = self.baseline.as_ref().filter(|_| self.rules.update) {
            let missing = self.missing(baseline).map_err(GateError::Cases)?;
            result.updated = Some(baseline.update(&missing, self.rules.reason.as_deref())?);
        }
        result.comparison = self.comparison.clone().transpose().map_err(GateError::Cases)?;
        result.idle = self.idle.clone().filter(|_| finished.ledger.selected == 0 && !finished.interrupted);
        let status = if result.idle.is_some() { ExitStatus::Conforms } else { self.status(finished) };
        let differs = result.comparison.as_ref().is_some_and(|compared| !compared.differences.is_empty());
        result.status = red(status, differs);
        Ok(result)
    }

    /// With a baseline, a deviation counts as conforming, and so does a recorded result of an unstable case: only a
    /// difference fails the run.
    fn status(&self, finished: &RunFinished) -> ExitStatus {
        let mut ledger = finished.ledger;
        if let Some(baseline) = &self.baseline {
            ledger.conforms += std::mem::take(&mut ledger.deviates);
            for (verdict, count) in
                [(Verdict::Blocked, &mut ledger.blocked), (Verdict::Inconclusive, &mut ledger.inconclusive)]
            {
                let unstable = baseline.unstable_with(verdict).min(*count);
                *count -= unstable;
                ledger.conforms += unstable;
            }
        }
        ExitStatus::of_run(&ledger, &self.rules.allowed, finished.interrupted)
    }

    fn missing(&self, baseline: &BaselineFile) -> Result<BTreeSet<String>, String> {
        let unseen = baseline.unseen();
        if unseen.is_empty() { Ok(unseen) } else { (self.missing_cases)(&unseen) }
    }
}

impl Observer for RunGate {
    fn event(&mut self, event: &Event) {
        match (event, &mut self.baseline) {
            (Event::CaseFinished(finished), Some(baseline)) => baseline.enter(&finished.report),
            (Event::RunStarted(started), _) => self.idle = empty_shard(started),
            (Event::RunFinished(_), Some(_)) if !self.rules.update => {
                let compare = |baseline: &BaselineFile| Ok(baseline.compare(&self.missing(baseline)?));
                self.comparison = self.baseline.as_ref().map(compare);
            }
            _ => {}
        }
    }
}

/// The status of a run with differences from the recorded state. More severe statuses stay.
#[must_use]
pub fn red(status: ExitStatus, differs: bool) -> ExitStatus {
    let outweighed = differs && matches!(status, ExitStatus::Conforms | ExitStatus::Incomplete);
    if outweighed { ExitStatus::Deviates } else { status }
}

/// A small selection leaves some shards without a case.
fn empty_shard(started: &RunStarted) -> Option<String> {
    let shard = started.shard.filter(|_| started.selected == 0 && started.selection.cases > 0)?;
    Some(format!("shard {shard} has none of the {} selected cases", started.selection.cases))
}

#[cfg(test)]
mod tests {
    use rstest::rstest;

    use super::*;
    use crate::judge::verdict::Ledger;

    fn finished(deviates: usize) -> RunFinished {
        let ledger = Ledger { selected: deviates, deviates, ..Ledger::default() };
        RunFinished {
            ledger,
            requirements: Vec::new(),
            coverage: None,
            interrupted: false,
            duration_ms: 1,
            notes: Vec::new(),
            baseline: None,
        }
    }

    fn status(gate: &RunGate, finished: &RunFinished) -> ExitStatus {
        gate.conclude(finished).unwrap().status
    }

    fn open(rules: GateRules) -> RunGate {
        RunGate::open(rules, Arc::new(|_| Ok(BTreeSet::new()))).unwrap()
    }

    #[rstest]
    #[case::deviation(&[], 1, ExitStatus::Deviates)]
    #[case::allowed(&[Verdict::Deviates], 1, ExitStatus::Incomplete)]
    #[case::nothing_selected(&[], 0, ExitStatus::Incomplete)]
    fn the_ledger_and_the_allowed_verdicts_decide(
        #[case] allowed: &[Verdict],
        #[case] deviates: usize,
        #[case] expected: ExitStatus,
    ) {
        let gate = open(GateRules { allowed: allowed.to_vec(), ..GateRules::default() });
        assert_eq!(status(&gate, &finished(deviates)), expected);
    }

    #[test]
    fn a_reason_accepts_only_an_empty_run() {
        let gate = open(GateRules::default()).with_idle(Some("everything conformed before".to_owned()));
        assert_eq!(status(&gate, &finished(0)), ExitStatus::Conforms);
        assert_eq!(status(&gate, &finished(1)), ExitStatus::Deviates);
    }

    #[test]
    fn with_a_baseline_only_a_difference_fails() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("baseline.toml");
        std::fs::write(&path, "schema = \"wireproof/baseline/v2\"\n").unwrap();
        let gate = open(GateRules { baseline: Some(path), ..GateRules::default() });
        assert_eq!(status(&gate, &finished(1)), ExitStatus::Conforms);
    }
}
