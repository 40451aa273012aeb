//! The same suite gives the same verdicts and the same observations, whatever the seed, the order and the past.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "a panic here is a failed test")]

mod support;

use std::{
    collections::BTreeMap,
    sync::{Mutex, PoisonError},
    time::Duration,
};

use wireproof::{
    golden::Goldens,
    scenario::{Case, Files},
    session::Options,
    target::Target,
    verdict::Verdict,
};

use support::{PACE, Run, SUITE};

/// Runs of the whole suite one after the other, on references that are slower than any machine is busy.
static ONE_AT_A_TIME: Mutex<()> = Mutex::new(());
const SLOWLY: f64 = 0.25;

/// Verdict and observation of each case, by id.
type Outcomes = BTreeMap<String, (Verdict, String)>;

fn outcomes(target: &Target, seed: u64, jobs: usize) -> Outcomes {
    let session = support::session(target.clone(), Options { seed, jobs, ..PACE }, Duration::from_secs(20));
    let run = Run::of(&session, SUITE.cases(), Duration::from_secs(240));
    assert_eq!(run.ledger().selected, SUITE.cases().len());
    run.cases.iter().map(|case| (case.case.id.0.clone(), (case.report.verdict, case.observation.text()))).collect()
}

#[track_caller]
fn assert_same(one: &Outcomes, other: &Outcomes) {
    let differ: Vec<&String> = one.keys().filter(|id| one.get(*id) != other.get(*id)).collect();
    assert!(differ.is_empty(), "{} cases differ: {differ:?}{}", differ.len(), difference(one, other, &differ));
    assert_eq!(one.len(), other.len());
}

/// The first line in which the first of these cases differs.
fn difference(one: &Outcomes, other: &Outcomes, ids: &[&String]) -> String {
    let Some((one, other)) = ids.first().and_then(|id| one.get(*id).zip(other.get(*id))) else { return String::new() };
    let lines = one.1.lines().zip(other.1.lines());
    let line = lines.enumerate().find(|(_, (one, other))| one != other);
    format!("\n{} and {}, {line:?}", one.0, other.0)
}

#[test]
fn other_seeds_and_other_orders_give_the_same_verdicts_and_observations() {
    let _turn = ONE_AT_A_TIME.lock().unwrap_or_else(PoisonError::into_inner);
    let (_few, few) = support::reference_at(SLOWLY);
    let (_many, many) = support::reference_at(SLOWLY);
    assert_same(&outcomes(&few, 4, 8), &outcomes(&many, 987_654_321, 32));
}

#[test]
fn a_second_run_on_the_same_reference_gives_what_the_first_gave_and_the_goldens_hold() {
    let _turn = ONE_AT_A_TIME.lock().unwrap_or_else(PoisonError::into_inner);
    let (_reference, target) = support::reference_at(SLOWLY);
    let first = outcomes(&target, 5, 24);
    // The same seed would ask for the very names that the first run has used.
    let second = outcomes(&target, 6, 24);
    assert_same(&first, &second);
    let goldens = Goldens::new(Files::bundled_snapshots());
    let cases = SUITE.cases();
    let recorded = |case: &Case| goldens.get(&case.id).unwrap_or_default().to_owned();
    let expected: Outcomes =
        cases.iter().map(|case| (case.id.0.clone(), (Verdict::Conforms, recorded(case)))).collect();
    assert_same(&expected, &second);
}

#[test]
fn the_same_seed_asks_the_same_again_without_a_reset() {
    let (_reference, target) = support::reference();
    let some = |text: &str| SUITE.cases().into_iter().filter(|case| case.id.0.contains(text)).collect::<Vec<_>>();
    let session = support::session(target, PACE, Duration::from_secs(10));
    for text in ["/unknown-id", "/twice", "/minted-ids", "/only-the-named-service"] {
        for round in ["first", "second"] {
            let run = Run::of(&session, some(text), Duration::from_secs(60));
            let broken: String = run
                .cases
                .iter()
                .filter(|case| case.report.verdict != Verdict::Conforms)
                .map(support::describe)
                .collect();
            assert!(broken.is_empty() && !run.cases.is_empty(), "{text}, {round} round:\n{broken}");
        }
    }
}
