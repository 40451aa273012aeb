//! The one line that is read in five seconds, and what to do about each thing that is wrong.

use crate::{
    proof::matrix::{Fate, KillMatrix},
    report::text,
};

/// Whether the judge is proven.
pub(super) fn word(matrix: &KillMatrix) -> &'static str {
    if matrix.is_proven() { "proven" } else { "not proven" }
}

/// What it rests on: the mutants by their fates, what was given away, and the time.
pub(super) fn terms(matrix: &KillMatrix) -> String {
    let shown = |fate: &Fate| fate.is_good() || matrix.count(*fate, None) > 0;
    let fates: Vec<String> = Fate::ALL.into_iter().filter(shown).map(|fate| counted(matrix, fate)).collect();
    let mut terms = vec![format!("{} = {}", text::count(matrix.mutants.len(), "mutant"), fates.join(" + "))];
    if matrix.reference.conforms != matrix.reference.selected {
        terms.push(format!("the reference {}", rate(matrix)));
    }
    if !matrix.unused_equivalents.is_empty() {
        terms.push(text::count(matrix.unused_equivalents.len(), "dead reason"));
    }
    terms.push(given_away(matrix));
    terms.push(text::duration(matrix.duration_ms));
    terms.join(", ")
}

fn given_away(matrix: &KillMatrix) -> String {
    let given = matrix
        .constant_endpoints
        .iter()
        .filter(|endpoint| endpoint.ledger.conforms + endpoint.conforms_unchecked > 0)
        .count();
    let place = if given == 0 { "anywhere" } else { "somewhere" };
    format!("{given} of {} conform {place}", text::count(matrix.constant_endpoints.len(), "null target"))
}

/// How much of the suite conforms on the reference; never rounded up.
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

/// What to do about mutants of that fate; nothing where it is a good one.
pub(super) fn remedy(fate: Fate) -> &'static str {
    match fate {
        Fate::Killed | Fate::Equivalent => "",
        Fate::Survived => {
            "No code of its kind convicts it: a check or an expectation is missing or too mild. If no document \
             rules the fault out, write it down in src/proof/equivalents.toml with the reason."
        }
        Fate::FalsePositive => {
            "It is written down as equivalent, and is convicted all the same: the check is too strict, or the \
             reason in src/proof/equivalents.toml is wrong."
        }
        Fate::Idle => {
            "Its fault never took effect: write a scenario that gives it an occasion, or, where there can be none, \
             write it down in src/proof/equivalents.toml with the reason."
        }
    }
}

/// What to do about rows of the list of equivalents that fit no mutant.
pub(super) const UNUSED_EQUIVALENTS: &str = "Rows of src/proof/equivalents.toml that fit no mutant. A mutant was renamed \
    or is gone: mend the id or strike the row, so that it cannot excuse another mutant later.";

/// What to do about cases that a null target was given.
pub(super) const GIVEN_AWAY: &str = "A target that keeps nothing conforms in some cases: these have no expectation \
    that a constant answer breaks. Give them one.";

#[cfg(test)]
mod tests {
    use rstest::rstest;

    use super::*;
    use crate::proof::matrix::testing::{matrix, proven};

    #[test]
    fn what_is_wrong_is_counted_and_what_is_right_is_always_there() {
        assert_eq!(word(&matrix()), "not proven");
        assert_eq!(
            terms(&matrix()),
            "7 mutants = 3 killed + 1 equivalent + 1 survived + 1 false alarm + 1 idle, 1 dead reason, \
             1 of 2 null targets conform somewhere, 4 min 37 s"
        );
        assert_eq!(word(&proven()), "proven");
        assert_eq!(
            terms(&proven()),
            "4 mutants = 3 killed + 1 equivalent, 0 of 1 null target conform anywhere, 4 min 37 s"
        );
    }

    #[test]
    fn a_reference_that_does_not_conform_is_in_the_summary() {
        let mut matrix = proven();
        matrix.reference.conforms -= 1;
        assert!(terms(&matrix).contains(", the reference 465 of 466 (99.7 %), "), "{}", terms(&matrix));
    }

    #[rstest]
    #[case(466, 466, "466 of 466 (100 %)")]
    #[case(9_999, 10_000, "9999 of 10000 (99.9 %)")]
    #[case(0, 0, "0 of 0")]
    fn a_rate_is_never_rounded_up(#[case] conforms: usize, #[case] selected: usize, #[case] told: &str) {
        let mut matrix = proven();
        (matrix.reference.conforms, matrix.reference.selected) = (conforms, selected);
        assert_eq!(rate(&matrix), told);
    }

    #[test]
    fn there_is_a_remedy_for_what_is_wrong_and_for_nothing_else() {
        for fate in Fate::ALL {
            assert_eq!(remedy(fate).is_empty(), fate.is_good(), "{}", fate.name());
        }
    }
}
