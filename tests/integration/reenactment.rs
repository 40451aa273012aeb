//! The seed and the responses determine every request of a recording, so a forger cannot replace one.

use std::{sync::LazyLock, time::Duration};

use wireproof::internals::{
    certificate::reenactment::Reenactment,
    judge::transcript::Transcript,
    reference::STATE_PATH,
    run::{judged_case::JudgedCase, resolved_target::StateHandler},
};

use crate::support::{PACE, SUITE, Virtual, target};

/// Every case of the suite, against a reference with slow responses.
static RUN: LazyLock<Vec<JudgedCase>> =
    LazyLock::new(|| Virtual::start().run(SUITE.cases(), PACE, Duration::from_micros(3_337)).cases);

/// The differences of cases that were recorded like that and reenacted with a seed.
fn differences(seed: u64, change: impl Fn(&mut Transcript)) -> Vec<(String, String)> {
    let changed: Vec<Transcript> = RUN
        .iter()
        .map(|case| {
            let mut transcript = Transcript::clone(&case.transcript);
            change(&mut transcript);
            transcript
        })
        .collect();
    let recorded = RUN.iter().map(|case| &case.case).zip(&changed);
    let mut target = target("http://127.0.0.1:1");
    target.state_handler = Some(StateHandler::Url { endpoint: target.endpoint.clone(), path: STATE_PATH.to_owned() });
    Reenactment { suite: &SUITE, target: &target, seed }.differences(recorded).unwrap()
}

#[test]
#[ignore = "a full run takes a minute without optimisation"]
fn the_seed_and_the_responses_determine_every_request() {
    let exchanges: usize = RUN.iter().map(|case| case.transcript.exchanges.len()).sum();
    let began = std::time::Instant::now();
    let differences = differences(1, |_| {});
    println!("{} cases, {exchanges} exchanges, {:?}", RUN.len(), began.elapsed());
    assert_eq!(differences, []);
}

#[test]
#[ignore = "a full run takes a minute without optimisation"]
fn another_seed_changes_nearly_every_case() {
    let differences = differences(2, |transcript| transcript.seed = 2);
    let same: Vec<&str> = RUN
        .iter()
        .map(|case| case.case.id.0.as_str())
        .filter(|id| !differences.iter().any(|(other, _)| other == id))
        .collect();
    println!("{} of {} cases differ; the others: {same:?}", differences.len(), RUN.len());
    assert!(differences.len() * 2 > RUN.len());
}
