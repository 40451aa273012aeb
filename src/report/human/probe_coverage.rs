//! The coverage of a run of probes, and the crashes of the endpoint.

use super::{
    super::text_page::{FAINT, HEADING, PLAIN, of_verdict},
    HumanWriter,
};
use crate::{
    judge::verdict::Verdict,
    probe::{ConstraintCounts, CoverageReport},
    report::text,
    run::event::TargetDied,
};

/// The maximum number of reasons.
const REASONS: usize = 12;

impl HumanWriter<'_> {
    /// The constraints of the model: their number, or in verbose reports a table by family, with the reasons why some are
    /// not probed.
    pub(super) fn coverage(&mut self) {
        let Some(coverage) = &self.run.coverage else { return };
        if self.options.verbose {
            self.coverage_table(coverage);
            return;
        }
        self.page.blank();
        let ConstraintCounts { total, judged, .. } = coverage.constraints;
        let left_out = match coverage.left_out.join(", ") {
            names if names.is_empty() => String::new(),
            names => format!("; left out: {names} (--probes all)"),
        };
        let printed = format!("{judged} of {} judged{left_out}", text::count(total, "constraint"));
        self.page.entry(0, HEADING, "coverage", &printed);
    }

    fn coverage_table(&mut self, coverage: &CoverageReport) {
        self.page.heading("coverage");
        self.page.whole(2, FAINT, &format!("{:<16}{:>9}{:>9}{:>9}{:>9}", "", "total", "probed", "judged", "probes"));
        for row in &coverage.families {
            self.page.whole(2, PLAIN, &line(&row.family, row.counts));
        }
        self.page.whole(2, HEADING, &line("constraints", coverage.constraints));
        if !coverage.left_out.is_empty() {
            let printed = format!("{} (--probes all runs them too)", coverage.left_out.join(", "));
            self.page.entry(2, FAINT, "left out", &printed);
        }
        for unprobed in coverage.unprobed.iter().take(REASONS) {
            let printed = format!(
                "{}: {}",
                text::count(unprobed.constraints, "constraint"),
                text::shorten(&unprobed.reason, 160)
            );
            self.page.entry(2, FAINT, "not probed", &printed);
        }
    }

    /// The crashes of the endpoint, with the requests before the first one.
    pub(super) fn crashes(&mut self, crashes: &[TargetDied]) {
        if crashes.is_empty() {
            return;
        }
        let restarted = if crashes.iter().all(|died| died.restarted) { ", and was restarted" } else { "" };
        self.page.heading(&format!(
            "the endpoint crashed or stopped responding {}{restarted}",
            text::count(crashes.len(), "time")
        ));
        for (index, died) in crashes.iter().enumerate() {
            let suspects = self.cases.iter().filter(|case| died.suspects.contains(&case.id));
            for case in suspects.take(SUSPECTS) {
                let lead = format!("{}. suspect", index + 1);
                self.page.entry(2, of_verdict(Verdict::Inconclusive), &lead, &format!("{}  {}", case.id, case.title));
                if let Some(exchange) = case.exchange.as_ref().filter(|_| index == 0) {
                    self.page.verbatim(4, FAINT, "> ", &exchange.request);
                }
            }
        }
    }
}

/// The maximum number of cases per crash.
const SUSPECTS: usize = 3;

fn line(name: &str, sums: ConstraintCounts) -> String {
    format!("{name:<16}{:>9}{:>9}{:>9}{:>9}", sums.total, sums.probed, sums.judged, sums.probes)
}
