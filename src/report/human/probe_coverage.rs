//! The coverage of a run of probes, and the crashes of the endpoint.

use super::{
    super::text_page::{FAINT, HEADING, PLAIN, of_verdict},
    HumanWriter,
};
use crate::{judge::verdict::Verdict, probe::ConstraintCounts, report::text, run::event::TargetDied};

/// The maximum number of reasons.
const REASONS: usize = 12;

impl HumanWriter<'_> {
    /// The constraints of the model by family, and the reasons why some are not probed.
    pub(super) fn coverage(&mut self) {
        let Some(coverage) = &self.run.coverage else { return };
        self.page.heading("coverage");
        self.page.whole(2, FAINT, &format!("{:<16}{:>9}{:>9}{:>9}{:>9}", "", "total", "probed", "judged", "probes"));
        for row in &coverage.families {
            self.page.whole(2, PLAIN, &line(&row.family, row.counts));
        }
        self.page.whole(2, HEADING, &line("constraints", coverage.constraints));
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
        self.page.heading(&format!("the endpoint crashed {}{restarted}", text::count(crashes.len(), "time")));
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
