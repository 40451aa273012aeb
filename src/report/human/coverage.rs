//! What a run of derived probes covers, and an endpoint that died.

use super::{
    Telling,
    page::{FAINT, HEADING, PLAIN, of_verdict},
};
use crate::{event::TargetDied, probe::Sites, report::text, verdict::Verdict};

/// So many reasons are told.
const REASONS: usize = 12;

impl Telling<'_> {
    /// Which constraint sites the model has, and what became of them.
    pub(super) fn coverage(&mut self) {
        let Some(coverage) = &self.run.coverage else { return };
        self.page.heading("coverage");
        self.page.whole(2, FAINT, &format!("{:<16}{:>9}{:>9}{:>9}{:>9}", "", "sites", "probed", "judged", "probes"));
        for row in &coverage.families {
            self.page.whole(2, PLAIN, &line(&row.family, row.sums));
        }
        self.page.whole(2, HEADING, &line("constraints", coverage.constraints));
        for unprobed in coverage.unprobed.iter().take(REASONS) {
            let told = format!("{}: {}", text::count(unprobed.sites, "site"), text::shorten(&unprobed.reason, 160));
            self.page.entry(2, FAINT, "not probed", &told);
        }
    }

    /// That the endpoint died, and what was sent to it last.
    pub(super) fn death(&mut self, died: Option<&TargetDied>) {
        let Some(died) = died else { return };
        self.page.heading("the endpoint died");
        let suspects = self.cases.iter().filter(|case| died.suspects.contains(&case.id));
        for case in suspects {
            self.page.entry(2, of_verdict(Verdict::Inconclusive), "cut off", &format!("{}  {}", case.id, case.title));
            if let Some(exchange) = &case.exchange {
                self.page.verbatim(4, FAINT, "> ", &exchange.request);
            }
        }
    }
}

fn line(name: &str, sums: Sites) -> String {
    format!("{name:<16}{:>9}{:>9}{:>9}{:>9}", sums.sites, sums.probed, sums.judged, sums.probes)
}
