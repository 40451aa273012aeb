//! An endpoint that crashes during a run, as emulators do: the run ends soon, has no false positive and loses no case.

use std::{
    collections::{BTreeMap, BTreeSet},
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    },
    time::{Duration, Instant},
};

use anyhow::Result;
use rstest::rstest;
use tokio::time::timeout;
use wireproof::internals::{
    harness::Runner,
    judge::{redaction::SensitiveValues, verdict::Verdict},
    reference::{self, Identity, Reference},
    run::{
        exit::ExitStatus,
        judged_case::JudgedCase,
        observer::OnCase,
        resolved_target::ResolvedTarget,
        session::{PresenceChecks, RunOptions},
        transport::{InProcess, Reply, Settings, Wire},
    },
    suite::{Batch, Fixtures},
    wire::{Request, client_style::ClientStyle},
};

use crate::support::{self, PACE, Run, SUITE, Virtual};

/// The number of cases with a verdict before the endpoint crashes.
const LIVES_FOR: usize = 20;

#[tokio::test(flavor = "multi_thread")]
async fn a_crash_leaves_cases_inconclusive_or_blocked_without_a_false_positive() -> Result<()> {
    let suite = Fixtures::bundled()?;
    let contracts = suite.services().map(|service| Arc::clone(service.contract())).collect();
    let mut endpoint = Some(Reference::start(contracts, reference::ReferenceOptions::default()).await?);
    let url = endpoint.as_ref().map(Reference::endpoint).unwrap_or_default();
    let cases = suite.cases();
    let options = RunOptions {
        jobs: 4,
        seed: 1,
        case_timeout: Duration::from_secs(60),
        patience: Duration::from_secs(30),
        fail_fast: false,
        presence: PresenceChecks::all(),
        sensitive: SensitiveValues::Hidden,
    };
    let runner = Runner::new(Arc::new(suite), target(&url)?, Arc::new(Wire::new(&Settings::default())?), options);
    let (mut verdicts, mut died) = (Vec::new(), None);
    let mut observer = OnCase(|case: &JudgedCase| {
        verdicts.push(case.report.verdict);
        if verdicts.len() == LIVES_FOR && endpoint.take().is_some() {
            died = Some(Instant::now());
        }
    });
    let finished = timeout(Duration::from_secs(120), runner.run(&mut Batch::new(cases), &mut observer)).await?;
    let lasted = died.map(|died| died.elapsed());
    assert!(lasted.is_some_and(|lasted| lasted < Duration::from_secs(30)), "the run went on for {lasted:?}");
    let ledger = finished.ledger;
    assert!(ledger.balances() && verdicts.len() == ledger.selected, "{ledger:?}");
    assert_eq!(ledger.deviates, 0, "{ledger:?}");
    assert!(ledger.conforms <= LIVES_FOR + 4, "nothing conforms once the endpoint is gone: {ledger:?}");
    assert!(!verdicts.contains(&Verdict::NotImplemented), "{ledger:?}");
    assert_eq!(ExitStatus::of_run(&ledger, &[], finished.interrupted), ExitStatus::Incomplete);
    Ok(())
}

fn target(url: &str) -> Result<ResolvedTarget> {
    Ok(ResolvedTarget {
        endpoint: url.parse()?,
        name: "an endpoint that dies".to_owned(),
        region: "us-east-1".to_owned(),
        other_region: Some("eu-west-1".to_owned()),
        owner: Identity::test().credentials().clone(),
        denied: None,
        other_account: None,
        state_handler: None,
        states: BTreeMap::new(),
        client: ClientStyle::default(),
    })
}

/// A run against the reference that leaves those requests unanswered, with the time that it took by its own clock.
fn run_with_silence(
    jobs: usize,
    is_silent: impl Fn(usize, &Request) -> bool + Send + Sync + 'static,
) -> (Run, Duration) {
    let reference = Virtual::start();
    let (right, requests) = (reference.endpoint(), AtomicUsize::new(0));
    let transport = InProcess::new(move |request: &Request| {
        let index = requests.fetch_add(1, Ordering::SeqCst);
        if is_silent(index, request) { Reply::Silence } else { Reply::Answer(support::handle(&right, request)) }
    });
    let now = || reference.block_on(async { tokio::time::Instant::now() });
    let begun = now();
    let run = reference.run_over(transport, support::some_rows(), RunOptions { jobs, ..PACE });
    (run, now() - begun)
}

/// The reasons of cases without a verdict about the endpoint.
fn reasons(run: &Run) -> BTreeSet<&str> {
    let open = run.cases.iter().filter(|case| case.report.verdict == Verdict::Inconclusive);
    open.map(|case| case.report.reason.as_str()).collect()
}

#[rstest]
#[case::one_job(1)]
#[case::many_jobs(64)]
fn an_endpoint_that_never_responds_ends_a_run_within_30_s_for_one_reason(#[case] jobs: usize) {
    let (run, lasted) = run_with_silence(jobs, |_, _| true);
    assert!(lasted <= Duration::from_secs(30), "{lasted:?}");
    let ledger = run.ledger();
    assert_eq!((ledger.inconclusive, reasons(&run).len()), (ledger.selected, 1), "{ledger:?} {:?}", reasons(&run));
}

#[rstest]
#[case::one_job(1)]
#[case::many_jobs(64)]
fn an_endpoint_that_falls_silent_ends_a_run_within_30_s(#[case] jobs: usize) {
    let (run, lasted) = run_with_silence(jobs, |index, _| index > 100);
    let (answered, needed) = (run.ledger(), Duration::from_secs(10));
    assert!(lasted <= Duration::from_secs(30) + needed, "{lasted:?}");
    assert!(answered.balances() && answered.deviates == 0 && answered.inconclusive > 100, "{answered:?}");
}

#[rstest]
#[case::one_job(1)]
#[case::many_jobs(64)]
fn an_endpoint_that_leaves_every_third_request_unanswered_is_never_convicted(#[case] jobs: usize) {
    let (run, lasted) = run_with_silence(jobs, |index, _| index % 3 == 2);
    assert!(lasted <= Duration::from_secs(60), "{lasted:?}");
    assert_eq!((run.ledger().deviates, run.ledger().balances()), (0, true), "{:?}", run.ledger());
}

#[test]
fn one_operation_that_hangs_costs_its_own_cases_only() {
    let hangs = |request: &Request| {
        request.headers.get("x-amz-target").is_some_and(|target| target.ends_with(".StopDeployment"))
    };
    let (run, lasted) = run_with_silence(16, move |_, request| hangs(request));
    let ledger = run.ledger();
    assert!(ledger.conforms > 100 && ledger.deviates == 0, "{ledger:?} after {lasted:?}: {:?}", reasons(&run));
}

#[test]
fn a_slow_endpoint_is_not_a_dead_one() {
    let reference = Virtual::start();
    let cases = SUITE.cases().into_iter().filter(|case| case.scenario.given.is_empty()).take(40).collect();
    let options = RunOptions { case_timeout: Duration::from_secs(600), ..PACE };
    let run = reference.run(cases, options, Duration::from_secs(9));
    assert!(reasons(&run).is_empty(), "{:?}", reasons(&run));
}
