//! The summary: what is read in five seconds.

use std::{
    cmp::Reverse,
    collections::{BTreeMap, BTreeSet},
};

use super::{
    super::text_page::{FAINT, HEADING, PLAIN, of_verdict},
    HumanWriter,
};
use crate::{
    judge::verdict::{Ledger, Severity, Verdict},
    report::{case_groups::errors, phrasing, text},
    run::event::{RequirementOutcome, RequirementReport},
};

/// So many causes are listed.
const CAUSES: usize = 8;

/// So many violated requirements are named.
const NAMED: usize = 6;

impl HumanWriter<'_> {
    /// The deviations by what they are, the most frequent first, where there are several.
    pub(super) fn causes(&mut self) {
        let mut causes: BTreeMap<(String, &str), usize> = BTreeMap::new();
        for case in self.of_verdict(Verdict::Deviates) {
            let of_case: BTreeSet<(String, &str)> =
                errors(case).map(|finding| (phrasing::rule(finding), finding.expected.as_str())).collect();
            for cause in of_case {
                *causes.entry(cause).or_default() += 1;
            }
        }
        let mut causes: Vec<((String, &str), usize)> = causes.into_iter().filter(|(_, cases)| *cases > 1).collect();
        causes.sort_by_key(|(_, cases)| Reverse(*cases));
        if causes.is_empty() {
            return;
        }
        self.page.heading("what deviates in several cases");
        for ((code, expected), cases) in causes.into_iter().take(CAUSES) {
            let told = format!("{}: expected {}", text::count(cases, "case"), text::shorten(expected, 160));
            self.page.entry(2, of_verdict(Verdict::Deviates), &code, &told);
        }
    }

    pub(super) fn summary(&mut self) {
        self.headline();
        self.ledger();
        self.requirements();
        self.lesser_findings();
        let word = if self.run.interrupted { "interrupted" } else { "finished" };
        let time = text::duration(self.run.duration_ms);
        let style = if self.run.interrupted { of_verdict(Verdict::Inconclusive) } else { PLAIN };
        self.page.whole(0, style, &format!("{word} after {time}, seed {}", self.seed));
    }

    /// What it came to, in one sentence.
    fn headline(&mut self) {
        let ledger = &self.run.ledger;
        let unjudged = ledger.not_implemented + ledger.blocked + ledger.inconclusive;
        let (verdict, told) = match ledger {
            Ledger { selected: 0, .. } => (Verdict::Inconclusive, "nothing was selected".to_owned()),
            Ledger { selected, deviates: 1.., .. } => {
                let verb = phrasing::verb(Verdict::Deviates, ledger.deviates);
                (Verdict::Deviates, format!("{} of {} {verb}", ledger.deviates, text::count(*selected, "case")))
            }
            _ if unjudged > 0 => {
                let verb = if unjudged == 1 { "was" } else { "were" };
                let told = format!("nothing deviates, but {} {verb} not judged", text::count(unjudged, "case"));
                (Verdict::Inconclusive, told)
            }
            Ledger { conforms: 0, .. } => (Verdict::NotApplicable, "no case applies".to_owned()),
            _ => (Verdict::Conforms, "everything conforms".to_owned()),
        };
        self.page.whole(0, of_verdict(verdict).bold(), &told);
    }

    /// The balance: cases selected, and what became of each. Violated between its terms where it is too wide.
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
            let told = format!(
                "{} were selected and {} came: this is an error of wireproof",
                text::count(ledger.selected, "case"),
                text::count(ledger.entered(), "verdict")
            );
            self.page.entry(0, of_verdict(Verdict::Deviates), "the ledger does not balance:", &told);
        }
    }

    fn requirements(&mut self) {
        let [met, violated, not_exercised] = RequirementOutcome::ALL.map(|outcome| self.run.count(outcome));
        let told = format!(
            "{} = {met} met + {violated} violated{} + {not_exercised} not exercised",
            text::count(self.run.requirements.len(), "requirement"),
            named(&self.run.requirements),
        );
        self.page.paragraph(0, PLAIN, &told);
    }

    fn lesser_findings(&mut self) {
        let (warnings, notes) = (self.findings_of(Severity::Warning), self.findings_of(Severity::Note));
        if warnings + notes > 0 {
            let hint =
                if self.options.verbose { String::new() } else { format!(" ({} lists them)", self.options.more) };
            let told = format!("{}, {}{hint}", text::count(warnings, "warning"), text::count(notes, "note"));
            self.page.whole(0, FAINT, &told);
        }
    }
}

/// The numbers of the violated requirements, in brackets.
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
