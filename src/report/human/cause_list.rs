//! The causes of the deviations: a list that fits a screen, and some of them in full.

use super::{
    super::text_page::{FAINT, HEADING, PLAIN, of_verdict},
    HumanWriter,
};
use crate::{
    cause::{Cause, CauseRank},
    judge::verdict::{Finding, Severity, Verdict},
    report::{phrasing::LIKELY_PRECISION, text},
    run::event::CaseReport,
};

/// The maximum number of causes in the list.
const LISTED: usize = 15;

/// The number of causes of one rank that come before those of later ranks: many crashes must not hide all else.
const OF_ONE_RANK: usize = 5;

/// With no more deviations than this, each is shown in full, and there is no list.
const FEW: usize = 10;

/// The maximum number of causes of warnings.
const LIKELY: usize = 10;

/// The maximum number of IDs of further cases with the same cause.
const FURTHER: usize = 20;

impl HumanWriter<'_> {
    /// The list of causes, or all deviations if they are few.
    pub(super) fn causes(&mut self, causes: &[Cause]) {
        if causes.is_empty() {
            return;
        }
        let is_few = self.of_verdict(Verdict::Deviates).count() <= FEW;
        if !is_few || !self.options.causes.is_empty() {
            self.list(causes);
        }
        if self.options.causes.is_empty() && (is_few || self.options.verbose) {
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
        let ranks: Vec<CauseRank> = causes.iter().map(|cause| cause.rank).collect();
        let listed = if self.options.verbose { (0..causes.len()).collect() } else { chosen(&ranks) };
        let mut above = None;
        for cause in listed.iter().filter_map(|index| causes.get(*index)) {
            if above.replace(cause.rank) != Some(cause.rank) {
                self.page.whole(2, HEADING, cause.rank.title());
            }
            let printed = format!("{}  ({})", cause.headline, text::count(cause.cases.len(), "case"));
            self.page.entry(2, of_verdict(Verdict::Deviates), &format!("{:>3}", cause.number), &printed);
        }
        let rest = causes.len().saturating_sub(listed.len());
        let more = if rest > 0 { format!("and {}; ", text::count(rest, "more cause")) } else { String::new() };
        self.page.whole(
            2,
            FAINT,
            &format!("{more}{} shows one in full, {} everything", self.options.one, self.options.more),
        );
    }

    /// The causes of warnings that are probably true.
    pub(super) fn likely(&mut self, causes: &[Cause]) {
        if causes.is_empty() {
            return;
        }
        self.page.heading(&format!("probably wrong: {}", text::count(causes.len(), "cause")));
        let listed = if self.options.verbose { causes.len() } else { LIKELY };
        for cause in causes.iter().take(listed) {
            let printed = format!("{}  ({})", cause.headline, text::count(cause.cases.len(), "case"));
            self.page.entry(2, FAINT, &format!("{:>3}", cause.number), &printed);
        }
        let rest = causes.len().saturating_sub(listed);
        let more = if rest > 0 { format!("and {}; ", text::count(rest, "more cause")) } else { String::new() };
        let how = format!("{} shows one in full, {} lists them", self.options.one, self.options.more);
        self.page.whole(2, FAINT, &format!("{more}warnings; {LIKELY_PRECISION} ({how})"));
    }

    /// The causes that the options ask for, in full.
    pub(super) fn chosen<'c>(&mut self, causes: impl Iterator<Item = &'c Cause>) {
        causes.filter(|cause| self.options.causes.contains(&cause.number)).for_each(|cause| self.cause(cause));
    }

    /// One cause with the exchange of its representative, and its cases.
    fn cause(&mut self, cause: &Cause) {
        self.page.heading(&format!("cause {}: {}", cause.number, cause.headline));
        self.page.whole(2, FAINT, &format!("{}: {}", cause.rank.title(), cause.rank.reason()));
        self.page.blank();
        let of = |case: &&CaseReport| case.id == cause.representative;
        if let Some(case) = self.cases.iter().find(of) {
            let is_shown = |finding: &&Finding| finding.severity == Severity::Error || finding.is_likely();
            self.shown_case(case, &case.findings.iter().filter(is_shown).collect::<Vec<_>>(), true);
        }
        if cause.locations.len() > 1 {
            let members: Vec<String> = cause.locations.iter().map(|location| format!("`{location}`")).collect();
            self.page.blank();
            self.page.entry(4, PLAIN, "members:", &members.join(", "));
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

/// The indices of the causes in the list, by their ranks: some of each rank first, and then those that are next.
fn chosen(ranks: &[CauseRank]) -> Vec<usize> {
    let place = |index: usize| ranks[..index].iter().filter(|rank| **rank == ranks[index]).count();
    let (mut chosen, others): (Vec<usize>, Vec<usize>) =
        (0..ranks.len()).partition(|index| place(*index) < OF_ONE_RANK);
    chosen.extend(others);
    chosen.truncate(LISTED);
    chosen.sort_unstable();
    chosen
}

#[cfg(test)]
mod tests {
    use rstest::rstest;

    use super::*;
    use CauseRank::{ValidCrashes, WrongBehavior, WrongResponse};

    #[rstest]
    #[case::few(&[(ValidCrashes, 7), (WrongResponse, 2)], &[7, 2])]
    #[case::of_one_rank(&[(ValidCrashes, 20)], &[15])]
    #[case::the_first_of_each(&[(ValidCrashes, 20), (WrongBehavior, 20), (WrongResponse, 20)], &[5, 5, 5])]
    #[case::the_rest_in_order(&[(ValidCrashes, 20), (WrongBehavior, 8), (WrongResponse, 1)], &[9, 5, 1])]
    fn many_causes_of_one_rank_leave_room_for_the_others(
        #[case] causes: &[(CauseRank, usize)],
        #[case] expected: &[usize],
    ) {
        let ranks: Vec<CauseRank> = causes.iter().flat_map(|(rank, count)| vec![*rank; *count]).collect();
        let listed = chosen(&ranks);
        let of = |rank: CauseRank| listed.iter().filter(|index| ranks[**index] == rank).count();
        assert_eq!(causes.iter().map(|(rank, _)| of(*rank)).collect::<Vec<_>>(), expected);
        assert!(listed.is_sorted());
    }
}
