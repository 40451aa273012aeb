//! The report of a run as a self-contained HTML page, readable without scripts.
//!
//! Each case becomes markup when it ends, so that no run is kept in memory. Exchanges are data in the page, which its
//! script unpacks when a case is opened. Exchanges with findings are also written as markup.

mod case_view;
mod exchange_view;
mod html_escape;
mod marked_text;
mod overview;
mod packed_cases;
pub(crate) mod page_template;
mod requirement_matrix;
#[cfg(test)]
mod tests;

use std::{
    collections::BTreeMap,
    io::{self, Write},
};

use minijinja::value::Value;
use serde::Serialize;

use super::{Reporter, requirement_index::RequirementIndex, without_beginning};
use crate::{
    cause::{JudgedLocations, causes},
    judge::verdict::Verdict,
    probe::CoverageReport,
    run::{
        event::{CaseFinished, CaseReport, Event, PresenceChecked, RunFinished, RunStarted, TargetDied},
        observer::EventDetail,
    },
    suite::CaseId,
};

use overview::{Overview, Sums};
use packed_cases::PackedCases;
use requirement_matrix::{Citations, RequirementRow};

const SOURCE: page_template::PageTemplate = page_template::PageTemplate {
    template: include_str!("report.html"),
    style: include_str!("report.css"),
    script: include_str!("report.js"),
};

/// The command that runs a case again.
#[derive(Debug, Clone, Default)]
pub struct HtmlOptions {
    /// The command that runs a case by its ID, such as `wireproof run`.
    pub command: String,
    /// The flags of this run for a run of a single case, such as `--endpoint http://…`.
    pub rerun: String,
}

/// Collects a run and writes its page at the end.
#[derive(Debug)]
pub struct Html<W> {
    writer: W,
    options: HtmlOptions,
    started: Option<RunStarted>,
    requirements: RequirementIndex,
    presence: Vec<PresenceChecked>,
    died: Vec<TargetDied>,
    sums: Sums,
    judged: JudgedLocations,
    /// The deviating cases, without their exchanges.
    deviating: Vec<CaseReport>,
    citations: Citations,
    packed: PackedCases,
    /// Sorted by operation, then by urgency.
    cases: BTreeMap<SectionKey, String>,
}

/// The order on the page: service, operation, urgency, ID.
type SectionKey = (String, String, usize, CaseId);

/// The values of the template.
#[derive(Debug, Serialize)]
struct ReportPage<'a> {
    summary: Overview<'a>,
    rows: Vec<RequirementRow<'a>>,
    operations: Vec<OperationSection<'a>>,
    coverage: Option<&'a CoverageReport>,
    chunks: Vec<String>,
}

/// The cases of an operation.
#[derive(Debug, Serialize)]
struct OperationSection<'a> {
    service: &'a str,
    name: &'a str,
    count: usize,
    cases: Value,
}

impl<W: Write> Html<W> {
    /// Creates a report that writes to `writer`.
    pub fn new(writer: W, options: HtmlOptions) -> Self {
        Self {
            writer,
            options,
            started: None,
            requirements: RequirementIndex::default(),
            presence: Vec::new(),
            died: Vec::new(),
            sums: Sums::default(),
            judged: JudgedLocations::default(),
            deviating: Vec::new(),
            citations: Citations::default(),
            packed: PackedCases::default(),
            cases: BTreeMap::new(),
        }
    }

    fn enter(&mut self, case: &CaseFinished) -> io::Result<()> {
        let seed = self.started.as_ref().map_or(0, |started| started.seed);
        self.sums.enter(&case.report);
        self.citations.enter(&case.report);
        self.judged.enter(&case.report);
        let is_deviating = case.report.verdict == Verdict::Deviates;
        self.deviating.extend(is_deviating.then(|| CaseReport { exchange: None, ..case.report.clone() }));
        let rerun = case_view::RerunOptions { options: &self.options, seed };
        let markup = case_view::markup(case, &self.requirements, rerun, &mut self.packed)?;
        let report = &case.report;
        let key = (report.service.clone(), report.operation.clone(), weight(report.verdict), report.id.clone());
        self.cases.insert(key, markup);
        Ok(())
    }

    fn finish(&mut self, finished: &RunFinished) -> io::Result<()> {
        let Some(started) = &self.started else {
            return Err(without_beginning());
        };
        let causes = causes(&self.judged, &self.deviating);
        let page = ReportPage {
            summary: overview::of(started, finished, &self.sums, &causes, &self.presence, &self.died),
            rows: requirement_matrix::rows(&self.requirements, &finished.requirements, &mut self.citations),
            operations: operations(&self.cases),
            coverage: finished.coverage.as_ref(),
            chunks: std::mem::take(&mut self.packed).finish()?,
        };
        let page = page_template::page(&SOURCE, &page)?;
        self.writer.write_all(page.as_bytes())?;
        self.writer.flush()
    }
}

impl<W: Write + Send> Reporter for Html<W> {
    fn event(&mut self, event: &Event) -> io::Result<()> {
        match event {
            Event::RunStarted(started) => self.started = Some(started.clone()),
            Event::RequirementsListed(requirements) => self.requirements = RequirementIndex::of(requirements),
            Event::PresenceChecked(checked) => checked.enter(&mut self.presence),
            Event::TargetDied(died) => self.died.push(died.clone()),
            Event::CaseFinished(case) => return self.enter(case),
            Event::RunFinished(finished) => return self.finish(finished),
        }
        Ok(())
    }

    fn detail(&self) -> EventDetail {
        EventDetail { exchanges: true, difference: true }
    }
}

/// The urgency of a verdict; 0 comes first.
fn weight(verdict: Verdict) -> usize {
    match verdict {
        Verdict::Deviates => 0,
        Verdict::Inconclusive => 1,
        Verdict::Blocked => 2,
        Verdict::NotImplemented => 3,
        Verdict::Conforms => 4,
        Verdict::NotApplicable => 5,
    }
}

fn operations(cases: &BTreeMap<SectionKey, String>) -> Vec<OperationSection<'_>> {
    let mut operations: Vec<(&str, &str, usize, String)> = Vec::new();
    for ((service, name, ..), case) in cases {
        match operations.last_mut().filter(|(of, last, ..)| of == service && last == name) {
            Some((.., count, markup)) => {
                *count += 1;
                markup.push_str(case);
            }
            None => operations.push((service, name, 1, case.clone())),
        }
    }
    let made = |(service, name, count, markup)| OperationSection {
        service,
        name,
        count,
        cases: Value::from_safe_string(markup),
    };
    operations.into_iter().map(made).collect()
}
