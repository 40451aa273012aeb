//! The cases that deviate, by operation, each with what is needed to see it again.

use std::collections::BTreeMap;

use super::{
    Telling,
    page::{FAINT, PLAIN, of_severity, of_verdict},
};
use crate::{
    event::{CaseReport, ShownExchange},
    report::{text, words},
    verdict::{Finding, Severity, Verdict},
};

impl Telling<'_> {
    pub(super) fn deviations(&mut self) {
        let mut operations: BTreeMap<(&str, &str), Vec<&CaseReport>> = BTreeMap::new();
        for case in self.of_verdict(Verdict::Deviates) {
            operations.entry((&case.service, &case.operation)).or_default().push(case);
        }
        for ((service, operation), cases) in operations {
            let verb = if cases.len() == 1 { "deviates" } else { "deviate" };
            self.page.heading(&format!("{service} {operation}: {} {verb}", text::count(cases.len(), "case")));
            let shown = self.options.most.unwrap_or(usize::MAX);
            for (index, case) in cases.iter().take(shown).enumerate() {
                self.page.blank();
                self.deviation(case, index == 0 || self.options.verbose);
            }
            if cases.len() > shown {
                let told =
                    format!("and {} more (--verbose shows them, --report json has them all)", cases.len() - shown);
                self.page.whole(2, FAINT, &told);
            }
        }
    }

    fn deviation(&mut self, case: &CaseReport, with_exchange: bool) {
        self.title(case);
        let shown = case.findings.iter().filter(|finding| finding.severity == Severity::Error || self.options.verbose);
        for finding in shown {
            self.finding(finding);
        }
        self.page.whole(4, FAINT, &format!("in {}", case.place));
        if let Some(exchange) = case.exchange.as_ref().filter(|_| with_exchange) {
            self.page.verbatim(4, FAINT, "> ", &exchange.request);
            self.page.verbatim(4, FAINT, "< ", &exchange.response);
        }
        let (command, id) = (&self.options.command, text::shell_word(&case.id.0));
        let again = format!("{command} {id} --seed {} {}", self.seed, self.options.rerun);
        self.page.whole(4, PLAIN, &format!("run it alone: {}", again.trim_end()));
        self.curl(4, case.exchange.as_ref());
    }

    pub(super) fn title(&mut self, case: &CaseReport) {
        let title = format!("{}  {}", case.id, case.title);
        self.page.entry(2, of_verdict(case.verdict), case.verdict.name(), &title);
    }

    pub(super) fn finding(&mut self, finding: &Finding) {
        // What is no error says so in words, for those who see no colours.
        let severity = match finding.severity {
            Severity::Error => String::new(),
            Severity::Warning | Severity::Note => format!("{}: ", finding.severity),
        };
        let lead = format!("{severity}{}", words::rule(finding));
        self.page.entry(4, of_severity(finding.severity), &lead, &words::found(finding));
    }

    /// The `curl` command of an exchange, where it is asked for. It goes over several lines already.
    pub(super) fn curl(&mut self, indent: usize, exchange: Option<&ShownExchange>) {
        if let Some(exchange) = exchange.filter(|_| self.options.curl) {
            self.page.verbatim(indent, PLAIN, "", &exchange.curl);
        }
    }
}
