//! The overview of the page: the verdicts, by operation, and the causes of deviations.

use std::collections::{BTreeMap, BTreeSet};

use serde::Serialize;

use super::case_view::{anchor, mark};
use crate::{
    cause::Cause,
    judge::verdict::{Ledger, Severity, Verdict},
    report::{phrasing, text},
    run::event::{CaseReport, Presence, PresenceChecked, RunFinished, RunStarted, TargetDied},
};

/// The maximum number of causes.
const CAUSES: usize = 200;

/// The sums over all cases.
#[derive(Debug, Default)]
pub(super) struct Sums {
    operations: BTreeMap<(String, String), Ledger>,
    findings: BTreeMap<Severity, usize>,
    codes: BTreeMap<&'static str, usize>,
}

impl Sums {
    pub(super) fn enter(&mut self, case: &CaseReport) {
        let ledger = self.operations.entry((case.service.clone(), case.operation.clone())).or_default();
        ledger.selected += 1;
        ledger.enter(case.verdict);
        for finding in &case.findings {
            *self.findings.entry(finding.severity).or_default() += 1;
        }
        for code in case.findings.iter().map(|finding| finding.code.name()).collect::<BTreeSet<_>>() {
            *self.codes.entry(code).or_default() += 1;
        }
    }
}

#[derive(Debug, Serialize)]
pub(super) struct Overview<'a> {
    headline: String,
    tone: &'static str,
    target: &'a str,
    endpoint: &'a str,
    region: &'a str,
    suite: &'a str,
    seed: u64,
    took: String,
    interrupted: bool,
    ledger: Vec<VerdictShare>,
    selected: usize,
    /// The number of cases with an internal error.
    internal: usize,
    operations: Vec<OperationRow<'a>>,
    causes: Vec<CauseRow<'a>>,
    /// The number of causes that are not listed.
    more_causes: usize,
    likely_causes: Vec<CauseRow<'a>>,
    likely_precision: &'static str,
    /// The number of findings by severity, the highest first.
    severities: Vec<(String, usize)>,
    /// The number of cases with a finding, by check.
    codes: Vec<(&'static str, usize)>,
    missing: Vec<&'a PresenceChecked>,
    died: &'a [TargetDied],
    notes: &'a [String],
}

/// A part of a bar.
#[derive(Debug, Serialize)]
pub(super) struct VerdictShare {
    name: &'static str,
    words: &'static str,
    /// The number with its verb.
    in_words: String,
    mark: char,
    count: usize,
    /// The start and the length, in thousandths of the whole.
    start: usize,
    length: usize,
}

#[derive(Debug, Serialize)]
struct OperationRow<'a> {
    service: &'a str,
    operation: &'a str,
    selected: usize,
    shares: Vec<VerdictShare>,
}

#[derive(Debug, Serialize)]
struct CauseRow<'a> {
    number: usize,
    rank: &'static str,
    headline: &'a str,
    /// The HTML ID of the case that represents it.
    anchor: String,
    cases: usize,
    /// In thousandths of the most frequent cause.
    length: usize,
}

/// The overview of a run.
pub(super) fn of<'a>(
    started: &'a RunStarted,
    finished: &'a RunFinished,
    sums: &'a Sums,
    causes: &'a [Cause],
    likely_causes: &'a [Cause],
    checked: &'a [PresenceChecked],
    died: &'a [TargetDied],
) -> Overview<'a> {
    let (headline, tone) = headline(&finished.ledger);
    Overview {
        headline,
        tone,
        target: &started.target,
        endpoint: &started.endpoint,
        region: &started.region,
        suite: &started.suite,
        seed: started.seed,
        took: text::duration(finished.duration_ms),
        interrupted: finished.interrupted,
        ledger: shares(&finished.ledger),
        selected: finished.ledger.selected,
        internal: finished.ledger.internal,
        operations: sums.operations.iter().map(operation_row).collect(),
        more_causes: causes.len().saturating_sub(CAUSES),
        causes: cause_rows(causes),
        likely_causes: cause_rows(likely_causes),
        likely_precision: phrasing::LIKELY_PRECISION,
        severities: sums.findings.iter().rev().map(|(severity, count)| (severity.to_string(), *count)).collect(),
        codes: sums.codes.iter().map(|(code, cases)| (*code, *cases)).collect(),
        missing: checked.iter().filter(|checked| checked.presence != Presence::Implemented).collect(),
        died,
        notes: &finished.notes,
    }
}

/// The headline and its tone.
fn headline(ledger: &Ledger) -> (String, &'static str) {
    let all = text::count(ledger.selected, "case");
    let unjudged = ledger.not_implemented + ledger.blocked + ledger.inconclusive;
    match (ledger.selected, ledger.deviates) {
        (0, _) => ("No case was selected".to_owned(), "weak"),
        (_, deviates @ 1..) => (format!("{deviates} of {all} {}", phrasing::verb(Verdict::Deviates, deviates)), "bad"),
        (_, 0) if unjudged > 0 => {
            let is_missing = unjudged == ledger.not_implemented;
            let rest = if is_missing { "are not implemented" } else { "could not be judged" };
            (format!("{} of {all} conform, {unjudged} {rest}", ledger.conforms), "weak")
        }
        (1, 0) if ledger.conforms == 1 => ("The case conforms".to_owned(), "good"),
        _ if ledger.not_applicable == 0 => (format!("All {all} conform"), "good"),
        _ => (format!("All {} that are applicable conform", text::count(ledger.conforms, "case")), "good"),
    }
}

/// The minimum length of a part, in thousandths.
const SEEN: usize = 8;

/// The parts of a ledger in its order. Together they have the length of the bar, and each of them is visible.
fn shares(ledger: &Ledger) -> Vec<VerdictShare> {
    let mut start = 0;
    let share = |(verdict, length): (Verdict, usize)| {
        let count = ledger.count(verdict);
        let words = phrasing::verb(verdict, 1);
        let in_words = format!("{count} {}", phrasing::verb(verdict, count));
        let share = VerdictShare { name: verdict.name(), words, in_words, mark: mark(verdict), count, start, length };
        start += length;
        share
    };
    Verdict::ALL.into_iter().zip(lengths(ledger)).map(share).collect()
}

fn lengths(ledger: &Ledger) -> Vec<usize> {
    let length = |verdict: Verdict| match ledger.count(verdict) {
        0 => 0,
        count => thousandths(count, ledger.selected).max(SEEN),
    };
    let mut lengths: Vec<usize> = Verdict::ALL.into_iter().map(length).collect();
    let sum: usize = lengths.iter().sum();
    // Shorten the longest part, because small parts are longer than their share, and rounding loses some.
    if let Some(longest) = lengths.iter_mut().max().filter(|longest| **longest > 0) {
        *longest = (*longest + 1_000).saturating_sub(sum);
    }
    lengths
}

fn thousandths(part: usize, whole: usize) -> usize {
    (part * 1_000).checked_div(whole).unwrap_or(0)
}

fn operation_row<'a>(((service, operation), ledger): (&'a (String, String), &Ledger)) -> OperationRow<'a> {
    OperationRow { service, operation, selected: ledger.selected, shares: shares(ledger) }
}

fn cause_rows(causes: &[Cause]) -> Vec<CauseRow<'_>> {
    let most = causes.iter().map(|cause| cause.cases.len()).max().unwrap_or(1);
    let causes = causes.iter().take(CAUSES);
    let rows = causes.map(|cause| CauseRow {
        number: cause.number,
        rank: cause.rank.title(),
        headline: &cause.headline,
        anchor: anchor(&cause.representative.0),
        cases: cause.cases.len(),
        length: thousandths(cause.cases.len(), most),
    });
    rows.collect()
}

#[cfg(test)]
mod tests {
    use rstest::rstest;

    use super::*;

    fn ledger(conforms: usize, deviates: usize, blocked: usize, not_applicable: usize) -> Ledger {
        let selected = conforms + deviates + blocked + not_applicable;
        Ledger { selected, conforms, deviates, blocked, not_applicable, ..Ledger::default() }
    }

    #[rstest]
    #[case::nothing(ledger(0, 0, 0, 0), "No case was selected", "weak")]
    #[case::one_deviation(ledger(2, 1, 1, 0), "1 of 4 cases deviates", "bad")]
    #[case::deviations(ledger(2, 2, 0, 0), "2 of 4 cases deviate", "bad")]
    #[case::unjudged(ledger(2, 0, 1, 1), "2 of 4 cases conform, 1 could not be judged", "weak")]
    #[case::missing(Ledger { selected: 3, not_implemented: 2, conforms: 1, ..Ledger::default() }, "1 of 3 cases conform, 2 are not implemented", "weak")]
    #[case::one(ledger(1, 0, 0, 0), "The case conforms", "good")]
    #[case::all(ledger(3, 0, 0, 0), "All 3 cases conform", "good")]
    #[case::all_that_apply(ledger(3, 0, 0, 1), "All 3 cases that are applicable conform", "good")]
    fn the_headline_says_the_worst_first(#[case] of: Ledger, #[case] says: &str, #[case] expected: &str) {
        let (headline, tone) = headline(&of);
        assert_eq!((headline.as_str(), tone), (says, expected));
    }

    #[test]
    fn the_shares_of_a_bar_make_the_whole() {
        for of in [ledger(1, 1, 1, 0), ledger(463, 2, 2, 1), ledger(0, 7, 0, 0), ledger(9_999, 1, 0, 0)] {
            let shares = shares(&of);
            assert!(shares.iter().all(|share| (share.count == 0) == (share.length == 0)));
            assert_eq!(shares.iter().map(|share| share.length).sum::<usize>(), 1_000);
            assert!(shares.windows(2).all(|pair| pair[0].start + pair[0].length == pair[1].start));
        }
        assert_eq!(shares(&Ledger::default()).iter().map(|share| share.length).sum::<usize>(), 0);
    }
}
