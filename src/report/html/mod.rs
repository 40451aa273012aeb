//! The report of a run as a self-contained HTML page, readable without scripts.
//!
//! The cases and exchanges are data in the page, which its script unpacks. The causes, and the cases that represent them,
//! are also written as markup; on a small page, every case is.

mod case_view;
mod exchange_view;
mod html_escape;
mod kept_cases;
mod marked_text;
mod overview;
mod packed_cases;
pub(crate) mod page_template;
mod requirement_matrix;
#[cfg(test)]
mod tests;

use std::io::{self, Write};

use minijinja::value::Value;
use serde::Serialize;

use super::{Reporter, requirement_index::RequirementIndex, without_beginning};
use crate::{
    cause::{JudgedLocations, causes, likely_causes},
    judge::verdict::Verdict,
    probe::CoverageReport,
    run::{
        event::{CaseFinished, CaseReport, Event, PresenceChecked, RunFinished, RunStarted, TargetDied},
        observer::EventDetail,
    },
};

use case_view::{CaseViews, RerunOptions};
use kept_cases::{CollectedCases, KeptCases};
use overview::{Overview, Sums};
use packed_cases::PackedPage;
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
    citations: Citations,
    cases: CollectedCases,
}

/// The values of the template.
#[derive(Debug, Serialize)]
struct ReportPage<'a> {
    summary: Overview<'a>,
    rows: Vec<RequirementRow<'a>>,
    operations: Vec<OperationSection<'a>>,
    coverage: Option<&'a CoverageReport>,
    /// True if every case is readable without scripts.
    is_whole: bool,
    packed: PackedPage,
}

/// The cases of an operation.
#[derive(Debug, Serialize)]
struct OperationSection<'a> {
    service: &'a str,
    name: &'a str,
    count: usize,
    /// The number of cases that are written out.
    written: usize,
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
            citations: Citations::default(),
            cases: CollectedCases::default(),
        }
    }

    fn enter(&mut self, case: &CaseFinished) -> io::Result<()> {
        self.sums.enter(&case.report);
        self.citations.enter(&case.report);
        self.judged.enter(&case.report);
        self.cases.enter(case)
    }

    fn finish(&mut self, finished: &RunFinished) -> io::Result<()> {
        let Some(started) = &self.started else {
            return Err(without_beginning());
        };
        self.cases.reports.sort_by_cached_key(|case| {
            (case.service.clone(), case.operation.clone(), weight(case.verdict), case.id.clone())
        });
        let causes = causes(&self.judged, &self.cases.reports);
        let likely = likely_causes(&self.cases.reports, causes.len());
        let kept = KeptCases::of(self.cases.reports.len(), &causes, &likely);
        let rerun = RerunOptions { options: &self.options, seed: started.seed };
        let mut views = CaseViews::new(&self.requirements, rerun, &kept);
        let page = ReportPage {
            summary: overview::of(started, finished, &self.sums, &causes, &likely, &self.presence, &self.died),
            rows: requirement_matrix::rows(&self.requirements, &finished.requirements, &mut self.citations),
            operations: operations(&self.cases, &mut views)?,
            coverage: finished.coverage.as_ref(),
            is_whole: kept.is_whole,
            packed: views.finish()?,
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

/// The cases of each operation. `cases` are sorted by operation.
fn operations<'c>(cases: &'c CollectedCases, views: &mut CaseViews<'_>) -> io::Result<Vec<OperationSection<'c>>> {
    let mut sections = Vec::new();
    for of_one in cases.reports.chunk_by(|a, b| (&a.service, &a.operation) == (&b.service, &b.operation)) {
        let Some(CaseReport { service, operation, .. }) = of_one.first() else { continue };
        let mut written = 0;
        let mut markup = String::new();
        for report in of_one {
            if let Some(case) = views.enter(cases, report)? {
                written += 1;
                markup.push_str(&case);
            }
        }
        let cases = Value::from_safe_string(markup);
        sections.push(OperationSection { service, name: operation, count: of_one.len(), written, cases });
    }
    Ok(sections)
}
