//! A complete run, for formats that are written at the end.

use std::io::{self, Write};

use super::{Reporter, requirement_index::RequirementIndex, without_beginning};
use crate::{
    cause::{Cause, condense},
    judge::verdict::Verdict,
    run::event::{CaseReport, Event, RunFinished, RunStarted},
};

/// A complete run.
#[derive(Debug)]
pub(super) struct CollectedRun {
    pub(super) started: RunStarted,
    /// The most important first.
    pub(super) causes: Vec<Cause>,
    /// Those of what is probably wrong.
    pub(super) likely_causes: Vec<Cause>,
    /// Sorted by ID.
    pub(super) cases: Vec<CaseReport>,
    pub(super) finished: RunFinished,
    pub(super) requirements: RequirementIndex,
}

impl CollectedRun {
    /// The first cause of a case's deviation.
    pub(super) fn cause_of(&self, case: &CaseReport) -> Option<&Cause> {
        self.causes.iter().find(|cause| cause.cases.contains(&case.id))
    }

    /// The case that represents a cause.
    pub(super) fn representative(&self, cause: &Cause) -> Option<&CaseReport> {
        let at = self.cases.binary_search_by(|case| case.id.cmp(&cause.representative)).ok()?;
        self.cases.get(at)
    }

    pub(super) fn of_verdict(&self, verdict: Verdict) -> impl Iterator<Item = &CaseReport> {
        self.cases.iter().filter(move |case| case.verdict == verdict)
    }
}

/// A format that is a function of the complete run.
pub(super) type CollectedForm = fn(&CollectedRun, &mut dyn Write) -> io::Result<()>;

/// Collects a run and writes the report at the end.
pub(super) struct AtEnd<W> {
    writer: W,
    form: CollectedForm,
    started: Option<RunStarted>,
    cases: Vec<CaseReport>,
    requirements: RequirementIndex,
}

impl<W: Write> AtEnd<W> {
    /// Creates a report in that format, which writes to `writer`.
    pub(super) fn new(writer: W, form: CollectedForm) -> Self {
        Self { writer, form, started: None, cases: Vec::new(), requirements: RequirementIndex::default() }
    }

    fn finish(&mut self, finished: &RunFinished) -> io::Result<()> {
        let started = self.started.take().ok_or_else(without_beginning)?;
        let mut cases = std::mem::take(&mut self.cases);
        cases.sort_by(|a, b| a.id.cmp(&b.id));
        let requirements = std::mem::take(&mut self.requirements);
        let (causes, likely_causes) = condense(&mut cases);
        let run = CollectedRun { started, causes, likely_causes, cases, finished: finished.clone(), requirements };
        (self.form)(&run, &mut self.writer)?;
        self.writer.flush()
    }
}

impl<W: Write + Send> Reporter for AtEnd<W> {
    fn event(&mut self, event: &Event) -> io::Result<()> {
        match event {
            Event::RunStarted(started) => self.started = Some(started.clone()),
            Event::RequirementsListed(requirements) => self.requirements = RequirementIndex::of(requirements),
            Event::PresenceChecked(_) | Event::TargetDied(_) => {}
            Event::CaseFinished(case) => self.cases.push(case.report.clone()),
            Event::RunFinished(finished) => return self.finish(finished),
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::report::testing::{events, report_of};

    fn ids(run: &CollectedRun, out: &mut dyn Write) -> io::Result<()> {
        run.cases.iter().try_for_each(|case| writeln!(out, "{}", case.id))
    }

    fn written(events: &[Event]) -> String {
        let mut out = Vec::new();
        report_of(&mut AtEnd::new(&mut out, ids), events).unwrap();
        String::from_utf8(out).unwrap()
    }

    #[test]
    fn cases_are_sorted_and_nothing_is_written_before_the_end() {
        let events = events();
        let mut reversed = events.clone();
        reversed[1..events.len() - 1].reverse();
        let lines = written(&reversed);
        assert!(lines.lines().is_sorted() && lines.lines().count() == 12, "{lines}");
        assert_eq!(written(&events), lines);
        assert_eq!(written(&events[..events.len() - 1]), "");
    }

    #[test]
    fn an_end_without_a_beginning_is_an_error() {
        let events = events();
        let error = report_of(&mut AtEnd::new(Vec::new(), ids), &events[events.len() - 1..]).unwrap_err();
        assert!(error.to_string().contains("before it started"));
    }
}
