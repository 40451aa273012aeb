//! Everything that a run leaves behind: reports, a recording, and an exit status.

use std::borrow::Cow;

use super::reports::{OpenReports, ReportFailure};
use crate::{
    gate::run_gate::RunGate,
    judge::transcript::Transcript,
    run::{
        event::{Event, PresenceChecked, RunFinished},
        judged_case::JudgedCase,
        observer::{EventDetail, Observer},
        recording::Recorder,
    },
};

/// Everything that a run leaves behind: reports, a recording, and an exit status. It takes the events of the run.
pub struct RunOutputs {
    reports: OpenReports,
    recorder: Option<Recorder>,
    gate: RunGate,
}

impl RunOutputs {
    /// Outputs without a recording.
    #[must_use]
    pub fn new(reports: OpenReports, gate: RunGate) -> Self {
        Self { reports, recorder: None, gate }
    }

    /// Records the run, too.
    #[must_use]
    pub fn recorder(self, recorder: Option<Recorder>) -> Self {
        Self { recorder, ..self }
    }

    /// True if the same cases must run once more with another seed, for [`repetition`](Self::repetition).
    #[must_use]
    pub fn wants_repetition(&self, finished: &RunFinished) -> bool {
        self.gate.wants_repetition(finished)
    }

    /// Observes the second run of an update of the baseline.
    pub fn repetition(&mut self) -> impl Observer + '_ {
        self.gate.repetition()
    }

    /// An event that was observed, as reports show it.
    #[must_use]
    pub fn completed<'e>(&self, event: &'e Event) -> Cow<'e, Event> {
        self.gate.completed(event)
    }

    /// Finishes the reports and the recording. Returns the gate, and everything that could not be written.
    pub fn close(self) -> (RunGate, Vec<ReportFailure>) {
        let Self { mut reports, recorder, gate } = self;
        reports.keep("the recording", recorder.map_or(Ok(()), Recorder::close));
        (gate, reports.close())
    }
}

impl Observer for RunOutputs {
    fn detail(&self) -> EventDetail {
        self.reports.detail()
    }

    fn event(&mut self, event: &Event) {
        self.gate.event(event);
        self.reports.event(&self.gate.completed(event));
        self.recorder.event(event);
    }

    fn case(&mut self, case: &JudgedCase) {
        self.recorder.case(case);
    }

    fn presence_checked(&mut self, checked: &PresenceChecked, transcript: Option<&Transcript>) {
        self.recorder.presence_checked(checked, transcript);
    }
}
