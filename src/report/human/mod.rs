//! The text report: deviations with their details, cases that were not judged, and a summary. It is written at the end
//! of the run.

mod baseline_differences;
mod cause_list;
mod deviations;
mod probe_coverage;
mod summary;
mod unjudged;

use std::{
    collections::BTreeSet,
    io::{self, Write},
};

use super::{
    Reporter,
    hunk::{self, Hunk},
    phrasing,
    requirement_index::RequirementIndex,
    text,
    text_page::{FAINT, HEADING, TextPage},
};
use crate::{
    cause::{JudgedLocations, causes, likely_causes},
    judge::verdict::{Ledger, Severity, Verdict},
    run::{
        baseline_comparison::BaselineComparison,
        event::{
            CaseFinished, CaseReport, CitableRequirement, Event, RunFinished, RunStarted, SnapshotDifference,
            TargetDied,
        },
        observer::EventDetail,
    },
    suite::CaseId,
};

/// The format of the text report.
#[derive(Debug, Clone)]
#[allow(clippy::struct_excessive_bools, reason = "each is a flag of the command line, free of the others")]
pub struct HumanOptions {
    /// Use colors.
    pub color: bool,
    /// The width in columns. Words that are longer stay whole.
    pub width: usize,
    /// Show every exchange, warning, note and case ID.
    pub verbose: bool,
    /// The flag that does so, such as `--verbose`.
    pub more: &'static str,
    /// How to see one cause in full, such as `--cause N`.
    pub one: &'static str,
    /// Show only the summary.
    pub quiet: bool,
    /// Show a `curl` command for each case that does not conform.
    pub curl: bool,
    /// The command that runs a case by its ID, such as `wireproof run`, or a whole command with `{id}` and `{seed}` in
    /// it.
    pub command: String,
    /// The flags of this run for a run of a single case, such as `--endpoint http://…`.
    pub rerun: String,
    /// The numbers of the causes that are shown in full.
    pub causes: Vec<usize>,
}

/// Collects a run and writes the report at the end.
#[derive(Debug)]
pub struct Human<W> {
    writer: W,
    options: HumanOptions,
    seed: u64,
    /// The cases with a finding or a verdict other than `conforms`.
    cases: Vec<CaseReport>,
    judged: JudgedLocations,
    /// The differences from snapshots, by case.
    differences: Vec<(CaseId, Vec<Hunk>)>,
    died: Vec<TargetDied>,
    requirements: RequirementIndex,
}

impl<W: Write> Human<W> {
    /// Creates a report that writes to `writer`.
    pub fn new(writer: W, options: HumanOptions) -> Self {
        Self {
            writer,
            options,
            seed: 0,
            cases: Vec::new(),
            judged: JudgedLocations::default(),
            differences: Vec::new(),
            died: Vec::new(),
            requirements: RequirementIndex::default(),
        }
    }

    /// The writer.
    pub fn into_writer(self) -> W {
        self.writer
    }

    fn start(&mut self, run: &RunStarted) -> io::Result<()> {
        self.seed = run.seed;
        if self.options.quiet {
            return Ok(());
        }
        let mut page = self.page();
        let cases = text::count(run.selected, "case");
        let name = if run.target == run.endpoint { String::new() } else { format!("{} at ", run.target) };
        let target = format!("{cases} against {name}{}, seed {}", run.endpoint, run.seed);
        page.entry(0, HEADING, "wireproof", &target);
        for model in &run.models {
            page.entry(0, FAINT, "model", &phrasing::model(model));
        }
        self.write(&page)
    }

    fn finish(&mut self, run: &RunFinished) -> io::Result<()> {
        self.cases.sort_by(|a, b| a.id.cmp(&b.id));
        self.differences.sort_by(|(a, _), (b, _)| a.cmp(b));
        let mut writer = HumanWriter {
            page: self.page(),
            options: &self.options,
            seed: self.seed,
            cases: &self.cases,
            run,
            requirements: &self.requirements,
            shown: BTreeSet::new(),
        };
        let is_listed = run.baseline.is_none() || self.options.verbose || !self.options.causes.is_empty();
        if !self.options.quiet {
            // With a baseline, most causes are known.
            if is_listed {
                let causes = causes(&self.judged, &self.cases);
                let likely = likely_causes(&self.cases, causes.len());
                writer.causes(&causes);
                writer.likely(&likely);
                writer.chosen(causes.iter().chain(&likely));
            }
            writer.warnings_and_notes();
            writer.differences(&self.differences);
            // A red gate is about its differences.
            let differs = run.baseline.as_ref().is_some_and(|compared| !compared.differences.is_empty());
            if !differs || self.options.verbose {
                writer.not_implemented();
                for verdict in [Verdict::Blocked, Verdict::Inconclusive, Verdict::NotApplicable] {
                    writer.unjudged(verdict);
                }
            }
            writer.crashes(&self.died);
            writer.coverage();
        }
        if let Some(compared) = &run.baseline {
            baseline_differences::differences(&mut writer.page, compared, self.seed, &self.options);
        }
        if !self.options.quiet {
            writer.page.blank();
        }
        writer.summary();
        let page = writer.page;
        self.write(&page)
    }

    fn enter(&mut self, CaseFinished { report, difference, .. }: &CaseFinished) {
        if let Some(difference) = difference.as_ref().filter(|_| self.options.verbose) {
            self.differences.push((report.id.clone(), hunk::of(difference)));
        }
        self.judged.enter(report);
        let is_plain = report.verdict == Verdict::Conforms && report.findings.is_empty();
        self.cases.extend((!is_plain).then(|| report.clone()));
    }

    fn page(&self) -> TextPage {
        TextPage::new(self.options.color, self.options.width)
    }

    fn write(&mut self, page: &TextPage) -> io::Result<()> {
        self.writer.write_all(page.text().as_bytes())?;
        self.writer.flush()
    }
}

impl<W: Write + Send> Reporter for Human<W> {
    fn event(&mut self, event: &Event) -> io::Result<()> {
        match event {
            Event::RunStarted(run) => return self.start(run),
            Event::RequirementsListed(requirements) => self.requirements = RequirementIndex::of(requirements),
            Event::PresenceChecked(_) => {}
            Event::TargetDied(died) => self.died.push(died.clone()),
            Event::CaseFinished(case) => self.enter(case),
            Event::RunFinished(run) => return self.finish(run),
        }
        Ok(())
    }

    fn detail(&self) -> EventDetail {
        EventDetail { difference: self.options.verbose, ..EventDetail::default() }
    }
}

/// The report of a single case. It is empty for a case that conforms.
#[must_use]
pub fn case(report: &CaseReport, requirements: &[CitableRequirement], seed: u64, options: &HumanOptions) -> String {
    let requirements = RequirementIndex::of(requirements);
    let (ledger, requirements_of_run) = (Ledger::default(), Vec::new());
    let run = RunFinished {
        ledger,
        requirements: requirements_of_run,
        coverage: None,
        interrupted: false,
        duration_ms: 0,
        notes: Vec::new(),
        baseline: None,
    };
    let mut writer = HumanWriter {
        page: TextPage::new(options.color, options.width),
        options,
        seed,
        cases: std::slice::from_ref(report),
        run: &run,
        requirements: &requirements,
        shown: BTreeSet::new(),
    };
    writer.deviations(writer.of_verdict(Verdict::Deviates));
    writer.not_implemented();
    for verdict in [Verdict::Blocked, Verdict::Inconclusive, Verdict::NotApplicable] {
        writer.unjudged(verdict);
    }
    writer.page.text().to_owned()
}

/// The differences from a baseline.
#[must_use]
pub fn baseline(compared: &BaselineComparison, seed: u64, options: &HumanOptions) -> String {
    let mut page = TextPage::new(options.color, options.width);
    baseline_differences::differences(&mut page, compared, seed, options);
    page.text().to_owned()
}

/// A difference from a snapshot, line by line.
#[must_use]
pub fn snapshot_difference(difference: &SnapshotDifference) -> String {
    let lines = hunk::of(difference).into_iter().flat_map(|hunk| {
        let lines = hunk.lines.into_iter().map(|line| format!("    {}{}", line.sign, line.text).trim_end().to_owned());
        std::iter::once(format!("    {}", hunk.range)).chain(lines)
    });
    lines.collect::<Vec<_>>().join("\n")
}

/// Writes the sections of a report to a page. Each section has a separate file.
struct HumanWriter<'a> {
    page: TextPage,
    options: &'a HumanOptions,
    seed: u64,
    /// Sorted by ID.
    cases: &'a [CaseReport],
    run: &'a RunFinished,
    requirements: &'a RequirementIndex,
    /// The requirements and URLs that were shown already.
    shown: BTreeSet<&'a str>,
}

impl<'a> HumanWriter<'a> {
    fn of_verdict(&self, verdict: Verdict) -> impl Iterator<Item = &'a CaseReport> + use<'a> {
        self.cases.iter().filter(move |case| case.verdict == verdict)
    }

    fn findings_of(&self, severity: Severity) -> usize {
        self.cases.iter().flat_map(|case| &case.findings).filter(|finding| finding.severity == severity).count()
    }
}

#[cfg(test)]
mod tests;
