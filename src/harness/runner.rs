//! The one way to run a session: for tests, for every command of the program, and for proofs.

use std::{
    sync::Arc,
    time::{Duration, Instant},
};

use tokio::sync::watch;

use crate::{
    judge::snapshots::Snapshots,
    probe::Coverage,
    run::{
        event::RunFinished,
        execute::{Breaker, Patience},
        observer::Observer,
        redacting_transport::RedactingTransport,
        resolved_target::ResolvedTarget,
        session::{ReachError, Restart, RunOptions, Session},
        transport::Transport,
    },
    suite::{Fixtures, Plan},
    wire::Secrets,
};

/// Runs plans against one target.
#[derive(Clone)]
pub struct Runner {
    session: Session,
    secrets: Arc<Secrets>,
    coverage: Option<Coverage>,
}

impl Runner {
    /// A runner without snapshots, that nothing interrupts or restarts.
    #[must_use]
    pub fn new(
        fixtures: Arc<Fixtures>,
        mut target: ResolvedTarget,
        transport: Arc<dyn Transport>,
        options: RunOptions,
    ) -> Self {
        let secrets = Arc::new(target.secrets());
        target.hide(&secrets);
        let transport = Arc::new(RedactingTransport::new(transport, Arc::clone(&secrets)));
        let session = Session {
            suite: fixtures,
            target: Arc::new(target),
            transport,
            snapshots: Arc::default(),
            patience: Arc::new(Patience::new(options.patience)),
            options,
            breaker: Arc::new(Breaker::default()),
            interrupt: watch::channel(false).1,
            restart: None,
            start_check: Duration::ZERO,
        };
        Self { session, secrets, coverage: None }
    }

    /// Hides these credentials too, such as those of a proxy.
    #[must_use]
    pub fn hiding(self, credentials: &[String]) -> Self {
        for credential in credentials {
            self.secrets.learn(credential);
        }
        self
    }

    /// Compares observations with these snapshots.
    #[must_use]
    pub fn snapshots(mut self, snapshots: Arc<Snapshots>) -> Self {
        self.session.snapshots = snapshots;
        self
    }

    /// Ends the run early when this turns true.
    #[must_use]
    pub fn interrupt(mut self, interrupt: watch::Receiver<bool>) -> Self {
        self.session.interrupt = interrupt;
        self
    }

    /// Starts the endpoint again after a crash. Without it, a crash ends the run.
    #[must_use]
    pub fn restart(mut self, restart: Option<Restart>) -> Self {
        self.session.restart = restart;
        self
    }

    /// Reports how much of the model the probes cover.
    #[must_use]
    pub fn coverage(mut self, coverage: Option<Coverage>) -> Self {
        self.coverage = coverage;
        self
    }

    /// The runner of a second run: with another seed, so that generated names differ, against an endpoint that was started
    /// again if that is possible.
    pub async fn repeated(mut self) -> Self {
        self.session.options.seed = self.session.options.seed.wrapping_add(1);
        self.session.breaker = Arc::default();
        self.session.start_check = Duration::ZERO;
        self.session.start_again().await;
        self
    }

    /// Asks the endpoint whether it can be tested at all.
    ///
    /// # Errors
    /// Nothing listens, what listens does not respond or speaks no HTTP or TLS, or it is clearly no AWS endpoint.
    pub async fn reach(&mut self) -> Result<(), ReachError> {
        let begun = Instant::now();
        let reached = self.session.reach().await;
        self.session.start_check = begun.elapsed();
        reached
    }

    /// Runs the cases of a plan, and reports everything to `observer`, in one order.
    pub async fn run(&self, plan: &mut dyn Plan, observer: &mut dyn Observer) -> RunFinished {
        self.session.run(plan, self.coverage.clone(), observer).await
    }
}
