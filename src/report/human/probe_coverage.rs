//! What a run of derived probes covers, and an endpoint that died.

use super::{
    super::text_page::{FAINT, HEADING, PLAIN, of_verdict},
    HumanWriter,
};
use crate::{judge::verdict::Verdict, probe::ConstraintCounts, report::text, run::event::TargetDied};

/// So many reasons are told.
const REASONS: usize = 12;

impl HumanWriter<'_> {
    /// Which constraint sites the model has, and what became of them.
    pub(super) fn coverage(&mut self) {
        let Some(coverage) = &self.run.coverage else { return };
        self.page.heading("coverage");
        self.page.whole(2, FAINT, &format!("{:<16}{:>9}{:>9}{:>9}{:>9}", "", "total", "probed", "judged", "probes"));
        for row in &coverage.families {
            self.page.whole(2, PLAIN, &line(&row.family, row.counts));
        }
        self.page.whole(2, HEADING, &line("constraints", coverage.constraints));
        for unprobed in coverage.unprobed.iter().take(REASONS) {
            let told = format!(
                "{}: {}",
                text::count(unprobed.constraints, "constraint"),
                text::shorten(&unprobed.reason, 160)
            );
            self.page.entry(2, FAINT, "not probed", &told);
        }
    }

    /// That the endpoint died, how often, and what was sent to it last.
    pub(super) fn deaths(&mut self, deaths: &[TargetDied]) {
        if deaths.is_empty() {
            return;
        }
        let restarted = if deaths.iter().all(|died| died.restarted) { ", and was started anew" } else { "" };
        self.page.heading(&format!("the endpoint died {}{restarted}", text::count(deaths.len(), "time")));
        for (index, died) in deaths.iter().enumerate() {
            let suspects = self.cases.iter().filter(|case| died.suspects.contains(&case.id));
            for case in suspects.take(SUSPECTS) {
                let lead = format!("{}. cut off", index + 1);
                self.page.entry(2, of_verdict(Verdict::Inconclusive), &lead, &format!("{}  {}", case.id, case.title));
                if let Some(exchange) = case.exchange.as_ref().filter(|_| index == 0) {
                    self.page.verbatim(4, FAINT, "> ", &exchange.request);
                }
            }
        }
    }
}

/// So many cases that may have ended it are told for each death.
const SUSPECTS: usize = 3;

fn line(name: &str, sums: ConstraintCounts) -> String {
    format!("{name:<16}{:>9}{:>9}{:>9}{:>9}", sums.total, sums.probed, sums.judged, sums.probes)
}
