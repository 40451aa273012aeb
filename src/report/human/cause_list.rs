//! The causes of the deviations: a list that fits a screen, and some of them in full.

use super::{
    super::text_page::{FAINT, HEADING, PLAIN, of_verdict},
    HumanWriter,
};
use crate::{cause::Cause, judge::verdict::Verdict, report::text, run::event::CaseReport};

/// The maximum number of causes in the list.
const LISTED: usize = 15;

/// With no more deviations than this, each is shown in full, and there is no list.
const FEW: usize = 10;

/// The maximum number of IDs of further cases with the same cause.
const FURTHER: usize = 20;

impl HumanWriter<'_> {
    /// The list of causes, and the deviations that the options ask for.
    pub(super) fn causes(&mut self, causes: &[Cause]) {
        if causes.is_empty() {
            return;
        }
        let is_few = self.of_verdict(Verdict::Deviates).count() <= FEW;
        if !is_few || !self.options.causes.is_empty() {
            self.list(causes);
        }
        if !self.options.causes.is_empty() {
            causes
                .iter()
                .filter(|cause| self.options.causes.contains(&cause.number))
                .for_each(|cause| self.cause(cause));
        } else if is_few || self.options.verbose {
            self.deviations(self.of_verdict(Verdict::Deviates));
        }
    }

    fn list(&mut self, causes: &[Cause]) {
        let deviating = self.of_verdict(Verdict::Deviates).count();
        self.page.heading(&format!(
            "{} of {}",
            text::count(causes.len(), "cause"),
            text::count(deviating, "deviation")
        ));
        let listed = if self.options.verbose { causes.len() } else { LISTED };
        for (index, cause) in causes.iter().take(listed).enumerate() {
            let is_first = index
                .checked_sub(1)
                .and_then(|before| causes.get(before))
                .is_none_or(|before| before.rank != cause.rank);
            if is_first {
                self.page.whole(2, HEADING, cause.rank.title());
            }
            let printed = format!("{}  ({})", cause.headline, text::count(cause.cases.len(), "case"));
            self.page.entry(2, of_verdict(Verdict::Deviates), &format!("{:>3}", cause.number), &printed);
        }
        let rest = causes.len().saturating_sub(listed);
        let more = if rest > 0 { format!("and {}; ", text::count(rest, "more cause")) } else { String::new() };
        self.page.whole(
            2,
            FAINT,
            &format!("{more}{} shows one in full, {} everything", self.options.one, self.options.more),
        );
    }

    /// One cause with the exchange of its representative, and its cases.
    fn cause(&mut self, cause: &Cause) {
        self.page.heading(&format!("cause {}: {}", cause.number, cause.headline));
        self.page.whole(2, FAINT, &format!("{}: {}", cause.rank.title(), cause.rank.reason()));
        self.page.blank();
        let of = |case: &&CaseReport| case.id == cause.representative;
        if let Some(case) = self.cases.iter().find(of) {
            self.deviation(case, true);
        }
        let others: Vec<&str> =
            cause.cases.iter().filter(|id| **id != cause.representative).map(|id| id.0.as_str()).collect();
        if others.is_empty() {
            return;
        }
        self.page.blank();
        self.page.whole(4, PLAIN, &format!("same cause in {}:", text::count(others.len(), "other case")));
        let shown = if self.options.verbose { others.len() } else { FURTHER };
        others.iter().take(shown).for_each(|id| self.page.whole(6, FAINT, id));
        if others.len() > shown {
            let printed = format!("and {} more ({} shows them)", others.len() - shown, self.options.more);
            self.page.whole(6, FAINT, &printed);
        }
    }
}
