//! A report as the events of its run, so that every other report can be made of it. It lacks what crossed the wire.

use crate::{
    report::ReportDocument,
    run::event::{CaseFinished, CaseReport, CitableRequirement, Event, RunFinished, RunStarted},
};

/// The events of a run. `requirements` are those of its fixtures, or none where the fixtures are not available.
#[must_use]
pub fn events(document: ReportDocument, requirements: Vec<CitableRequirement>) -> Vec<Event> {
    let started = RunStarted {
        target: document.target.name,
        endpoint: document.target.endpoint,
        region: document.target.region,
        suite: document.suite.digest,
        models: document.models,
        seed: document.seed,
        selected: document.cases.len(),
        selection: document.selection,
        shard: document.shard,
    };
    let finished = RunFinished {
        ledger: document.ledger,
        requirements: document.requirements,
        coverage: document.coverage,
        interrupted: document.interrupted,
        duration_ms: document.duration_ms,
        notes: document.notes,
        baseline: None,
    };
    let begin = [Event::RunStarted(started), Event::RequirementsListed(requirements)].into_iter();
    let checked = document.presence.into_iter().map(Event::PresenceChecked);
    let died = document.died.into_iter().map(Event::TargetDied);
    let cases = document.cases.into_iter().map(case);
    begin.chain(checked).chain(died).chain(cases).chain([Event::RunFinished(finished)]).collect()
}

fn case(report: CaseReport) -> Event {
    Event::CaseFinished(Box::new(CaseFinished { report, exchanges: Vec::new(), difference: None }))
}
