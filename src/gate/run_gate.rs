//! The exit status of a run: by its ledger, the allowed verdicts, and what differs from a baseline.

use std::{collections::BTreeSet, path::PathBuf};

use super::{
    baseline::Differing,
    baseline_file::{BaselineFile, GateError},
};
use crate::{
    judge::verdict::Verdict,
    run::{
        event::{Event, RunFinished, RunStarted},
        exit::ExitStatus,
        observer::Observer,
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

/// Decides the exit status of a run. It takes the run's events.
#[derive(Debug, Clone)]
pub struct RunGate {
    rules: GateRules,
    baseline: Option<BaselineFile>,
    /// The reason why an empty run is right.
    idle: Option<String>,
}

/// The exit status of a run, and what people should know about it.
#[derive(Debug, Clone)]
pub struct GateResult {
    /// The exit status.
    pub status: ExitStatus,
    /// The differences from the baseline.
    pub differing: Vec<Differing>,
    /// The differences as text; `None` without a baseline, and after an update.
    pub compared: Option<String>,
    /// The result of an update, in one line.
    pub updated: Option<String>,
    /// The reason why an empty run is right.
    pub idle: Option<String>,
}

impl RunGate {
    /// Reads the baseline.
    ///
    /// # Errors
    /// The file of the baseline cannot be read, or is not a baseline.
    pub fn open(rules: GateRules) -> Result<Self, GateError> {
        let open = |path: &PathBuf| BaselineFile::open(path, rules.update, rules.update_hint);
        let baseline = rules.baseline.as_ref().map(open).transpose()?;
        Ok(Self { rules, baseline, idle: None })
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

    /// Decides the exit status. `missing` returns those ids that belong to no case.
    ///
    /// # Errors
    /// `missing` fails, or the baseline cannot be updated.
    pub fn conclude<E: From<GateError>>(
        &self,
        finished: &RunFinished,
        missing: impl FnOnce(&BTreeSet<String>) -> Result<BTreeSet<String>, E>,
    ) -> Result<GateResult, E> {
        let mut result = GateResult {
            status: ExitStatus::Internal,
            differing: Vec::new(),
            compared: None,
            updated: None,
            idle: None,
        };
        if let Some(baseline) = &self.baseline {
            let missing = missing(&baseline.unseen())?;
            if self.rules.update {
                result.updated = Some(baseline.update(&missing, self.rules.reason.as_deref())?);
            } else {
                result.differing = baseline.compare(&missing);
                result.compared = Some(baseline.describe(&result.differing));
            }
        }
        result.idle = self.idle.clone().filter(|_| finished.ledger.selected == 0 && !finished.interrupted);
        let status = if result.idle.is_some() { ExitStatus::Conforms } else { self.status(finished) };
        result.status = red(status, !result.differing.is_empty());
        Ok(result)
    }

    /// With a baseline, a deviation counts as conforming: only a difference fails the run.
    fn status(&self, finished: &RunFinished) -> ExitStatus {
        let mut ledger = finished.ledger;
        if self.baseline.is_some() {
            ledger.conforms += std::mem::take(&mut ledger.deviates);
        }
        ExitStatus::of_run(&ledger, &self.rules.allowed, finished.interrupted)
    }
}

impl Observer for RunGate {
    fn event(&mut self, event: &Event) {
        match (event, &mut self.baseline) {
            (Event::CaseFinished(finished), Some(baseline)) => baseline.enter(&finished.report),
            (Event::RunStarted(started), _) => self.idle = empty_shard(started),
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
        }
    }

    fn status(gate: &RunGate, finished: &RunFinished) -> ExitStatus {
        gate.conclude(finished, |_| Ok::<_, GateError>(BTreeSet::new())).unwrap().status
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
        let gate = RunGate::open(GateRules { allowed: allowed.to_vec(), ..GateRules::default() }).unwrap();
        assert_eq!(status(&gate, &finished(deviates)), expected);
    }

    #[test]
    fn a_reason_accepts_only_an_empty_run() {
        let gate =
            RunGate::open(GateRules::default()).unwrap().with_idle(Some("everything conformed before".to_owned()));
        assert_eq!(status(&gate, &finished(0)), ExitStatus::Conforms);
        assert_eq!(status(&gate, &finished(1)), ExitStatus::Deviates);
    }

    #[test]
    fn with_a_baseline_only_a_difference_fails() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("baseline.toml");
        std::fs::write(&path, "schema = \"wireproof/baseline/v1\"\n").unwrap();
        let gate = RunGate::open(GateRules { baseline: Some(path), ..GateRules::default() }).unwrap();
        assert_eq!(status(&gate, &finished(1)), ExitStatus::Conforms);
    }
}
