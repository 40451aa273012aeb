//! The summary of the kill matrix, and the remedy for each problem.

use crate::{
    proof::matrix::{ConstantRow, Fate, KillMatrix},
    report::text,
};

/// The result in one or two words.
pub(super) fn word(matrix: &KillMatrix) -> &'static str {
    if matrix.is_proven() { "proven" } else { "not proven" }
}

/// The sums: mutants by fate, constant endpoints, and the duration.
pub(super) fn terms(matrix: &KillMatrix) -> String {
    let always = [Fate::Killed, Fate::Equivalent];
    let shown = |fate: &Fate| always.contains(fate) || matrix.count(*fate, None) > 0;
    let fates: Vec<String> = Fate::ALL.into_iter().filter(shown).map(|fate| counted(matrix, fate)).collect();
    let mut terms = Vec::new();
    let is_whole = matrix.only.is_empty();
    if is_whole || !matrix.mutants.is_empty() {
        terms.push(format!("{} = {}", text::count(matrix.mutants.len(), "mutant"), fates.join(" + ")));
    }
    if matrix.reference.conforms != matrix.reference.selected {
        terms.push(format!("the reference conforms in {}", rate(matrix)));
    }
    if !matrix.unused_equivalents.is_empty() {
        terms.push(text::count(matrix.unused_equivalents.len(), "unused entry"));
    }
    if is_whole || !matrix.constant_endpoints.is_empty() {
        terms.push(undeserved(matrix));
    }
    terms.push(text::duration(matrix.duration_ms));
    terms.join(", ")
}

fn undeserved(matrix: &KillMatrix) -> String {
    let endpoints = text::count(matrix.constant_endpoints.len(), "constant endpoint");
    let conform = matrix.constant_endpoints.iter().filter(|endpoint| is_conforming(endpoint)).count();
    match matrix.undeserved() {
        0 => format!("{conform} of {endpoints} conform"),
        bad => format!("{conform} of {endpoints} conform, {bad} in cases without a reason"),
    }
}

/// The endpoint as a whole conforms.
fn is_conforming(endpoint: &ConstantRow) -> bool {
    endpoint.ledger.selected > 0 && endpoint.ledger.conforms == endpoint.ledger.selected
}

/// The share of cases that conform on the reference, never rounded up.
pub(super) fn rate(matrix: &KillMatrix) -> String {
    let (conforms, selected) = (matrix.reference.conforms, matrix.reference.selected);
    match (conforms * 1_000).checked_div(selected) {
        Some(1_000) => format!("{conforms} of {selected} (100 %)"),
        Some(share) => format!("{conforms} of {selected} ({}.{} %)", share / 10, share % 10),
        None => format!("{conforms} of {selected}"),
    }
}

fn counted(matrix: &KillMatrix, fate: Fate) -> String {
    let count = matrix.count(fate, None);
    match fate {
        Fate::FalsePositive => text::count(count, "false positive"),
        _ => format!("{count} {}", fate.name()),
    }
}

/// The remedy for mutants with that fate; empty for a good fate.
pub(super) fn remedy(fate: Fate) -> &'static str {
    match fate {
        Fate::Killed | Fate::Equivalent | Fate::Inconclusive => "",
        Fate::Survived => {
            "None of the expected checks detects it. Add or tighten a check or an expectation. If the fault violates no \
    requirement, add it to src/proof/equivalents.toml with the reason. If it is listed there as unbounded, every case \
    has a verdict."
        }
        Fate::FalsePositive => {
            "It is in src/proof/equivalents.toml, but a check detects it. The check is too strict, or the reason in the \
    list is wrong."
        }
        Fate::Idle => {
            "Its fault had no effect in any case. Write a scenario that triggers it. If that is impossible, add it to \
    src/proof/equivalents.toml with the reason."
        }
    }
}

/// The remedy for entries of the list of equivalent mutants that match no mutant.
pub(super) const UNUSED_EQUIVALENTS: &str = "Entries of src/proof/equivalents.toml that match no mutant, because a mutant was renamed or \
    removed. Correct the ID or delete the entry, so that it cannot excuse another mutant later.";

/// The remedy for cases that conform on a constant endpoint without a reason.
pub(super) const UNDESERVED: &str = "Some cases conform on an endpoint that responds without regard to the request or to its state. Add an \
    expectation or a control that such an endpoint violates. If it may conform in a case, add the case to \
    src/proof/allowances.toml with the reason.";

#[cfg(test)]
mod tests {
    use rstest::rstest;

    use super::*;
    use crate::proof::matrix::testing::{matrix, proven};

    #[test]
    fn every_fate_is_counted() {
        assert_eq!(word(&matrix()), "not proven");
        assert_eq!(
            terms(&matrix()),
            "8 mutants = 3 killed + 1 equivalent + 1 inconclusive + 1 survived + 1 false positive + 1 idle, 1 unused entry, \
             0 of 2 constant endpoints conform, 1 in cases without a reason, 4 min 37 s"
        );
        assert_eq!(word(&proven()), "proven");
        assert_eq!(
            terms(&proven()),
            "5 mutants = 3 killed + 1 equivalent + 1 inconclusive, 0 of 1 constant endpoint conform, 4 min 37 s"
        );
    }

    #[test]
    fn a_reference_that_does_not_conform_is_in_the_summary() {
        let mut matrix = proven();
        matrix.reference.conforms -= 1;
        assert!(terms(&matrix).contains(", the reference conforms in 465 of 466 (99.7 %), "), "{}", terms(&matrix));
    }

    #[rstest]
    #[case(466, 466, "466 of 466 (100 %)")]
    #[case(9_999, 10_000, "9999 of 10000 (99.9 %)")]
    #[case(0, 0, "0 of 0")]
    fn a_rate_is_never_rounded_up(#[case] conforms: usize, #[case] selected: usize, #[case] printed: &str) {
        let mut matrix = proven();
        (matrix.reference.conforms, matrix.reference.selected) = (conforms, selected);
        assert_eq!(rate(&matrix), printed);
    }

    #[test]
    fn only_wrong_fates_have_a_hint() {
        for fate in Fate::ALL {
            assert_eq!(remedy(fate).is_empty(), fate.is_good(), "{}", fate.name());
        }
    }
}
