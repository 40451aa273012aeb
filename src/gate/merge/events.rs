//! A report as the events of its run, so that every other report can be made of it. What crossed the wire is not in it.

use std::sync::Arc;

use serde_json::Map;

use crate::{
    judge::transcript::{CaseEnd, Transcript},
    report::ReportDocument,
    run::event::{CaseFinished, CaseReport, Event, RunFinished, RunStarted},
    suite::{Case, CaseStanding, Fixtures, Scenario, ScenarioRow, requirement::Evidence, source::Source},
};

/// The events of a run. `suite` is what the report was made with, or one without a scenario where that is not at hand.
#[must_use]
pub fn events(document: ReportDocument, suite: &Arc<Fixtures>) -> Vec<Event> {
    let started = RunStarted {
        target: document.target.name,
        endpoint: document.target.endpoint,
        region: document.target.region,
        suite: document.suite.digest,
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
    };
    let mut known: Vec<Case> = suite.cases();
    known.sort_by(|a, b| a.id.cmp(&b.id));
    let case = |report: CaseReport| {
        let own = known.binary_search_by(|case| case.id.cmp(&report.id)).ok();
        let case = own.and_then(|at| known.get(at)).cloned().unwrap_or_else(|| bare(&report));
        let transcript = Arc::new(Transcript::empty(&case, started.seed, CaseEnd::Complete));
        let suite = Arc::clone(suite);
        Event::CaseFinished(Box::new(CaseFinished { report, case, suite, transcript, snapshot: None }))
    };
    let cases: Vec<Event> = document.cases.into_iter().map(case).collect();
    let before = document.surveyed.into_iter().map(Event::Surveyed);
    let died = document.died.into_iter().map(Event::TargetDied);
    let begin = std::iter::once(Event::RunStarted(started));
    begin.chain(before).chain(died).chain(cases).chain([Event::RunFinished(finished)]).collect()
}

/// A case of which the report alone is known.
fn bare(report: &CaseReport) -> Case {
    let scenario = Scenario {
        id: report.id.0.split('#').next().unwrap_or_default().to_owned(),
        service: report.service.clone(),
        operation: report.operation.clone(),
        title: report.title.clone(),
        cites: report.cites.clone(),
        evidence: Evidence::Recorded,
        tags: Vec::new(),
        given: Vec::new(),
        rows: Vec::new(),
        steps: Vec::new(),
        teardown: Vec::new(),
        source: Arc::new(Source::none(&report.place)),
        standing: CaseStanding::Free,
    };
    Case { id: report.id.clone(), scenario: Arc::new(scenario), row: ScenarioRow { name: None, values: Map::new() } }
}
