//! One run of the suite against an endpoint of this process, in virtual time.

use std::{
    collections::{BTreeMap, BTreeSet},
    io,
    sync::{Arc, Mutex, PoisonError},
    time::Duration,
};

use tokio::{runtime, sync::watch};

use super::{ProofError, rejudged::Rejudged};
use crate::{
    harness::Runner,
    judge::{
        redaction::SensitiveValues,
        snapshots::Snapshots,
        verdict::{Ledger, Verdict},
    },
    model::Contract,
    proof::mutant::{ConstantEndpoint, Mutant, MutantEndpoint, RecordedCalls},
    reference::{Clock, Identity, ReferenceEndpoint, STATE_PATH, real_now},
    run::{
        judged_case::JudgedCase,
        observer::OnCase,
        resolved_target::{ResolvedTarget, StateHandler},
        session::{self, PresenceChecks, RunOptions},
        transport::{self, InProcess, Reply, Transport},
    },
    suite::{Batch, Case, Fixtures},
    wire::{Request, client_style::ClientStyle},
};

/// The time limit of a case, in virtual time.
const CASE_TIMEOUT: Duration = Duration::from_secs(20);

/// The data that all runs of a proof share.
pub(super) struct ProofRunner<'a> {
    pub(super) suite: &'a Arc<Fixtures>,
    snapshots: &'a Arc<Snapshots>,
    seed: u64,
    judge_again: bool,
    /// The initial state of every endpoint: schemas are compiled only once.
    pristine: ReferenceEndpoint,
}

/// Sees each case, and returns whether the run goes on.
pub(super) type OnJudgedCase<'t> = &'t mut (dyn FnMut(&JudgedCase) -> bool + Send);

/// The result of a run against a constant endpoint.
pub(super) struct ConstantRun {
    pub(super) ledger: Ledger,
    /// The cases that conform, by ID, and whether every response of the case is that of the reference.
    pub(super) conforming: BTreeMap<String, bool>,
}

impl<'a> ProofRunner<'a> {
    pub(super) fn new(
        suite: &'a Arc<Fixtures>,
        snapshots: &'a Arc<Snapshots>,
        seed: u64,
        judge_again: bool,
    ) -> Result<Self, ProofError> {
        let contracts = suite.services().map(|service| Arc::clone(service.contract())).collect();
        let pristine = ReferenceEndpoint::new(contracts, Identity::defaults(), Clock::new())?;
        Ok(Self { suite, snapshots, seed, judge_again, pristine })
    }

    /// Runs every case against the reference, and records its calls.
    pub(super) fn reference(
        &self,
        calls: &Arc<Mutex<RecordedCalls>>,
        on_case: OnJudgedCase<'_>,
    ) -> Result<Ledger, ProofError> {
        runtime()?.block_on(async {
            let (reference, calls) = (self.pristine.fork(Clock::new()), Arc::clone(calls));
            let respond = move |request: &Request| {
                let now = real_now();
                let response = reference.handle(request, now);
                let mut calls = calls.lock().unwrap_or_else(PoisonError::into_inner);
                calls.add(request.clone(), response.clone(), now);
                Reply::Answer(response)
            };
            self.run(InProcess::new(respond), self.suite.cases(), true, on_case).await
        })
    }

    /// The cases among `shown` that must run to find out what a fault changes.
    pub(super) fn occasions(
        &self,
        mutant: &Mutant,
        shown: BTreeSet<String>,
        calls: &RecordedCalls,
    ) -> BTreeSet<String> {
        calls.occasions(mutant, shown, &self.pristine, &self.contracts())
    }

    /// Runs the cases against a mutant. Returns the number of requests at which its fault took effect.
    pub(super) fn mutant(
        &self,
        mutant: &Mutant,
        cases: Vec<Case>,
        on_case: OnJudgedCase<'_>,
    ) -> Result<usize, ProofError> {
        runtime()?.block_on(async {
            let endpoint = Arc::new(MutantEndpoint::new(&self.pristine, self.contracts(), Some(mutant)));
            let behind = Arc::clone(&endpoint);
            let respond = move |request: &Request| Reply::Answer(behind.handle(request, real_now()));
            self.run(InProcess::new(respond), cases, true, on_case).await?;
            Ok(endpoint.deviations())
        })
    }

    /// Runs every case against a constant endpoint.
    pub(super) fn constant_endpoint(
        &self,
        endpoint: &ConstantEndpoint,
        check_presence: bool,
    ) -> Result<ConstantRun, ProofError> {
        runtime()?.block_on(async {
            let cases = self.suite.cases();
            let endpoint = Arc::new(endpoint.start(&self.pristine, self.contracts()));
            let ids: Vec<String> = cases.iter().map(|case| case.id.0.clone()).collect();
            let mut next = ids.into_iter();
            let mut begin = || endpoint.begin(next.next().as_deref().unwrap_or_default());
            begin();
            let behind = Arc::clone(&endpoint);
            let respond = move |request: &Request| behind.handle(request, real_now());
            let mut conforming = BTreeMap::new();
            let mut on_case = |judged: &JudgedCase| {
                if judged.report.verdict == Verdict::Conforms {
                    let is_right = endpoint.responded_rightly(&judged.transcript);
                    conforming.insert(judged.case.id.0.clone(), is_right);
                }
                begin();
                true
            };
            let ledger = self.run(InProcess::new(respond), cases, check_presence, &mut on_case).await?;
            Ok(ConstantRun { ledger, conforming })
        })
    }

    async fn run(
        &self,
        transport: impl Transport + 'static,
        cases: Vec<Case>,
        check_presence: bool,
        on_case: OnJudgedCase<'_>,
    ) -> Result<Ledger, ProofError> {
        let (stop, interrupt) = watch::channel(false);
        let options = RunOptions {
            // One after the other: a fault with a memory sees the same in every run.
            jobs: 1,
            seed: self.seed,
            case_timeout: CASE_TIMEOUT,
            patience: session::PATIENCE,
            fail_fast: false,
            presence: if check_presence { PresenceChecks::all() } else { PresenceChecks::Assumed },
            sensitive: SensitiveValues::Hidden,
        };
        let runner = Runner::new(Arc::clone(self.suite), target()?, Arc::new(transport), options)
            .snapshots(Arc::clone(self.snapshots))
            .interrupt(interrupt);
        let mut again = self.judge_again.then(Rejudged::new).transpose()?;
        let news = OnCase(|case: &JudgedCase| {
            if !*stop.borrow() && !on_case(case) {
                stop.send_replace(true);
            }
        });
        let recorded = self.judge_again.then(|| cases.clone());
        let ledger = runner.run(&mut Batch::new(cases), &mut (&mut again, news)).await.ledger;
        if let Some((again, cases)) = again.zip(recorded) {
            again.compare(self.suite, self.snapshots, cases)?;
        }
        Ok(ledger)
    }

    fn contracts(&self) -> Vec<Arc<Contract>> {
        self.suite.services().map(|service| Arc::clone(service.contract())).collect()
    }
}

/// A runtime whose clock advances when every task waits.
fn runtime() -> io::Result<runtime::Runtime> {
    runtime::Builder::new_current_thread().enable_time().start_paused(true).build()
}

/// A target with all identities of the reference, at an address that gets no request.
fn target() -> Result<ResolvedTarget, ProofError> {
    let endpoint: transport::Endpoint = "http://127.0.0.1:1".parse()?;
    Ok(ResolvedTarget {
        state_handler: Some(StateHandler::Url { endpoint: endpoint.clone(), path: STATE_PATH.to_owned() }),
        endpoint,
        name: "in process".to_owned(),
        region: "us-east-1".to_owned(),
        other_region: Some("eu-west-1".to_owned()),
        owner: Identity::test().credentials().clone(),
        denied: Some(Identity::denied().credentials().clone()),
        other_account: Some(Identity::other_account().credentials().clone()),
        states: BTreeMap::new(),
        client: ClientStyle::default(),
    })
}
