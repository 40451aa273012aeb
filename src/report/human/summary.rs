//! The summary of a run.

use super::{
    super::text_page::{FAINT, HEADING, PLAIN, of_verdict},
    HumanWriter,
};
use crate::{
    judge::verdict::{Ledger, Severity, Verdict},
    report::{phrasing, text},
    run::event::{RequirementOutcome, RequirementReport},
};

/// The maximum number of violated requirements that are named.
const NAMED: usize = 6;

impl HumanWriter<'_> {
    pub(super) fn summary(&mut self) {
        self.headline();
        self.ledger();
        self.requirements();
        self.lesser_findings();
        for note in &self.run.notes {
            self.page.entry(0, of_verdict(Verdict::Inconclusive), "note:", note);
        }
        let word = if self.run.interrupted { "interrupted" } else { "finished" };
        let time = text::duration(self.run.duration_ms);
        let style = if self.run.interrupted { of_verdict(Verdict::Inconclusive) } else { PLAIN };
        self.page.whole(0, style, &format!("{word} after {time}, seed {}", self.seed));
    }

    /// The result in one sentence.
    fn headline(&mut self) {
        let ledger = &self.run.ledger;
        let unjudged = ledger.not_implemented + ledger.blocked + ledger.inconclusive;
        let (verdict, printed) = match ledger {
            Ledger { selected: 0, .. } => (Verdict::Inconclusive, "no case was selected".to_owned()),
            Ledger { selected, deviates: 1.., .. } => {
                let verb = phrasing::verb(Verdict::Deviates, ledger.deviates);
                (Verdict::Deviates, format!("{} of {} {verb}", ledger.deviates, text::count(*selected, "case")))
            }
            _ if unjudged > 0 => {
                let verb = if unjudged == 1 { "was" } else { "were" };
                let printed = format!("no deviation, but {} {verb} not judged", text::count(unjudged, "case"));
                (Verdict::Inconclusive, printed)
            }
            Ledger { conforms: 0, .. } => (Verdict::NotApplicable, "no case is applicable".to_owned()),
            _ => (Verdict::Conforms, "all cases conform".to_owned()),
        };
        self.page.whole(0, of_verdict(verdict).bold(), &printed);
    }

    /// The ledger: selected cases = the sum of all verdicts. Wrapped between its terms.
    fn ledger(&mut self) {
        let ledger = &self.run.ledger;
        let always = |verdict: &Verdict| matches!(verdict, Verdict::Conforms | Verdict::Deviates);
        let shown = Verdict::ALL.into_iter().filter(|verdict| always(verdict) || ledger.count(*verdict) > 0);
        let selected = format!("{} selected", text::count(ledger.selected, "case"));
        let mut terms = vec![(HEADING, String::new(), selected)];
        for verdict in shown {
            let count = ledger.count(verdict);
            let style = if count > 0 { of_verdict(verdict) } else { PLAIN };
            let sign = match terms.len() {
                1 if ledger.balances() => " = ",
                1 => " ≠ ",
                _ => " + ",
            };
            terms.push((style, sign.to_owned(), format!("{count} {}", phrasing::plural(verdict))));
        }
        self.page.terms(&terms);
        if !ledger.balances() {
            let printed = format!(
                "{} and {}; this is a bug in wireproof",
                text::count(ledger.selected, "case"),
                text::count(ledger.entered(), "verdict")
            );
            self.page.entry(0, of_verdict(Verdict::Deviates), "the ledger does not balance:", &printed);
        }
    }

    fn requirements(&mut self) {
        if self.run.requirements.is_empty() {
            return;
        }
        let [met, violated, not_exercised] = RequirementOutcome::ALL.map(|outcome| self.run.count(outcome));
        let printed = format!(
            "{} = {met} met + {violated} violated{} + {not_exercised} not exercised",
            text::count(self.run.requirements.len(), "requirement"),
            named(&self.run.requirements),
        );
        self.page.paragraph(0, PLAIN, &printed);
    }

    fn lesser_findings(&mut self) {
        let (warnings, notes) = (self.findings_of(Severity::Warning), self.findings_of(Severity::Note));
        if warnings + notes > 0 {
            let hint =
                if self.options.verbose { String::new() } else { format!(" ({} lists them)", self.options.more) };
            let printed = format!("{}, {}{hint}", text::count(warnings, "warning"), text::count(notes, "note"));
            self.page.whole(0, FAINT, &printed);
        }
    }
}

/// The IDs of the violated requirements, in parentheses.
fn named(requirements: &[RequirementReport]) -> String {
    let violated: Vec<&str> = requirements
        .iter()
        .filter(|requirement| requirement.outcome == RequirementOutcome::Violated)
        .map(|requirement| requirement.id.as_str())
        .collect();
    match violated.len() {
        0 => String::new(),
        1..=NAMED => format!(" ({})", violated.join(", ")),
        _ => format!(" ({} …)", violated.iter().take(NAMED).copied().collect::<Vec<_>>().join(", ")),
    }
}
