//! The same suite gives the same verdicts and the same observations, whatever the order, the number of jobs, the seed,
//! the past of the endpoint and its slowness.
//!
//! Nearly all of it runs against a reference in this process, in time that passes by itself.

use std::{collections::BTreeMap, sync::LazyLock, thread, time::Duration};

use wireproof::internals::{judge::verdict::Verdict, run::session::RunOptions, suite::Case};

use crate::support::{self, OTHER_RUN, PACE, RUN, Run, SUITE, Virtual, shuffled, some_rows};

/// Verdict and observation of each case, by id.
type Outcomes = BTreeMap<String, (Verdict, String)>;

/// The result that every other run must have as well. `conformance` compares it with the snapshots.
static BASE: LazyLock<Outcomes> = LazyLock::new(|| outcomes(&RUN));

fn outcomes(run: &Run) -> Outcomes {
    assert_eq!(run.ledger().selected, run.cases.len());
    run.cases.iter().map(|case| (case.case.id.0.clone(), (case.report.verdict, case.observation().text()))).collect()
}

/// The result of the base for the cases of another run.
fn base(other: &Outcomes) -> Outcomes {
    BASE.iter().filter(|(id, _)| other.contains_key(*id)).map(|(id, outcome)| (id.clone(), outcome.clone())).collect()
}

#[track_caller]
fn assert_same(one: &Outcomes, other: &Outcomes) {
    let differ: Vec<&String> = one.keys().filter(|id| one.get(*id) != other.get(*id)).collect();
    assert!(differ.is_empty(), "{} cases differ: {differ:#?}{}", differ.len(), difference(one, other, &differ));
    assert_eq!(one.len(), other.len());
}

/// The first line in which the first of these cases differs.
fn difference(one: &Outcomes, other: &Outcomes, ids: &[&String]) -> String {
    let Some((one, other)) = ids.first().and_then(|id| one.get(*id).zip(other.get(*id))) else { return String::new() };
    let lines = one.1.lines().zip(other.1.lines());
    let line = lines.enumerate().find(|(_, (one, other))| one != other);
    format!("\n{} and {}, {line:?}", one.0, other.0)
}

#[track_caller]
fn assert_same_verdicts(one: &Outcomes, other: &Outcomes) {
    let differ = differing_verdicts(one, other);
    assert!(differ.is_empty(), "{} verdicts differ: {differ:#?}", differ.len());
    assert_eq!(one.len(), other.len());
}

fn differing_verdicts<'o>(one: &'o Outcomes, other: &'o Outcomes) -> Vec<(&'o str, Verdict, Option<Verdict>)> {
    let both = one.iter().map(|(id, (verdict, _))| (id.as_str(), *verdict, other.get(id).map(|(other, _)| *other)));
    both.filter(|(_, one, other)| Some(*one) != *other).collect()
}

fn reversed() -> Vec<Case> {
    SUITE.cases().into_iter().rev().collect()
}

/// Several things differ at once: a verdict that hung on any of them would differ.
#[test]
fn a_shuffled_run_with_many_jobs_and_another_seed_gives_the_same_verdicts_and_observations() {
    let other = outcomes(&OTHER_RUN);
    assert_eq!(other.len(), some_rows().len());
    assert_same(&base(&other), &other);
}

#[test]
#[ignore = "a full run takes a minute without optimisation"]
fn a_run_in_reverse_and_one_at_a_time_gives_the_same_verdicts_and_observations() {
    let run = Virtual::start().run(reversed(), RunOptions { jobs: 1, ..PACE }, Duration::ZERO);
    assert_same(&BASE, &outcomes(&run));
}

#[test]
#[ignore = "a full run takes a minute without optimisation"]
fn a_second_run_on_the_same_reference_gives_the_same_verdicts() {
    // The same seed would generate the names that the first run has used.
    let seeds = [PACE.seed, PACE.seed + 1];
    let reference = Virtual::start();
    for options in seeds.map(|seed| RunOptions { seed, ..PACE }) {
        assert_same(&BASE, &outcomes(&reference.run(SUITE.cases(), options, Duration::ZERO)));
    }
}

#[test]
#[ignore = "a full run takes a minute without optimisation"]
fn responses_after_200_ms_give_the_same_verdicts() {
    // Ten times as long as a case takes at all, for none may end because of the delay. What a case observes of
    // something that goes on meanwhile may differ.
    let options = RunOptions { case_timeout: 10 * PACE.case_timeout, ..PACE };
    let run = Virtual::start().run(SUITE.cases(), options, Duration::from_millis(200));
    assert_same_verdicts(&BASE, &outcomes(&run));
}

#[test]
fn the_same_seed_sends_the_same_requests_without_a_reset() {
    let reference = Virtual::start();
    let some = |text: &str| SUITE.cases().into_iter().filter(|case| case.id.0.contains(text)).collect::<Vec<_>>();
    for text in ["/unknown-id", "/twice", "/minted-ids", "/only-the-named-service"] {
        for round in ["first", "second"] {
            let run = reference.run(some(text), PACE, Duration::ZERO);
            let broken = run.cases.iter().filter(|case| case.report.verdict != Verdict::Conforms);
            let broken: String = broken.map(support::describe).collect();
            assert!(broken.is_empty() && !run.cases.is_empty(), "{text}, {round} round:\n{broken}");
        }
    }
}

/// One case of so many runs over sockets, too: all of them take half a minute without optimization.
const OVER_SOCKETS: usize = if cfg!(debug_assertions) { 4 } else { 1 };

#[test]
fn a_run_over_sockets_with_many_jobs_gives_the_same_verdicts() {
    let (_reference, target) = support::reference();
    let runner = support::runner(target, RunOptions { jobs: 32, ..PACE }, Duration::from_secs(20));
    let cases: Vec<Case> = some_rows().into_iter().step_by(OVER_SOCKETS).collect();
    let selected = cases.len();
    let run = outcomes(&Run::of(&runner, cases, Duration::from_secs(120)));
    assert_eq!(run.len(), selected);
    // The speed of a busy machine may affect an observation; `conformance` compares those.
    assert_same_verdicts(&base(&run), &run);
}

#[test]
#[ignore = "50 full runs take minutes"]
fn fifty_repeated_runs_differ_in_no_verdict() {
    let workers = thread::available_parallelism().map_or(2, usize::from);
    let share = |worker: usize| (1..=50).skip(worker).step_by(workers).flat_map(differences_of_run).collect::<Vec<_>>();
    let differ: Vec<String> = thread::scope(|scope| {
        let shares: Vec<_> = (0..workers).map(|worker| scope.spawn(move || share(worker))).collect();
        shares.into_iter().flat_map(|share| share.join().unwrap()).collect()
    });
    println!("50 runs x {} cases: {} differing verdicts", BASE.len(), differ.len());
    assert!(differ.is_empty(), "{differ:#?}");
}

/// The verdicts in which a full run of that seed differs from the base.
fn differences_of_run(seed: u64) -> Vec<String> {
    const JOBS: [usize; 5] = [1, 4, 16, 32, 64];
    let jobs = JOBS[usize::try_from(seed).unwrap() % JOBS.len()];
    let run = Virtual::start().run(shuffled(seed, SUITE.cases()), RunOptions { seed, jobs, ..PACE }, Duration::ZERO);
    let outcomes = outcomes(&run);
    let differing = differing_verdicts(&BASE, &outcomes);
    differing.into_iter().map(|differing| format!("seed {seed}, {jobs} jobs: {differing:?}")).collect()
}
