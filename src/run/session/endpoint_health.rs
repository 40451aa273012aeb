//! Whether the endpoint responds, before the run and during it, and its restart.

use std::{convert::Infallible, pin::pin, time::Duration};

use tokio::time::{Instant, timeout};

use super::{Collector, ReachError, Session, interrupted};
use crate::{
    run::{event::Event, execute::is_silence},
    wire::{Response, TransportError},
};

/// The time limit of a restart.
const RESTART_LIMIT: Duration = Duration::from_secs(30);

/// The pause before the session connects again to an endpoint that refused a connection.
const SECOND_LOOK: Duration = Duration::from_millis(300);

impl Session {
    /// Asks the endpoint whether it can be tested at all. It need not respond well.
    ///
    /// # Errors
    /// Nothing listens, what listens does not respond or speaks no HTTP or TLS, or it is clearly no AWS endpoint.
    pub async fn reach(&self) -> Result<(), ReachError> {
        let begun = Instant::now();
        match self.first_response().await {
            Err(
                error @ (TransportError::Refused
                | TransportError::Dns(_)
                | TransportError::ConnectTimeout(_)
                | TransportError::Tls { .. }
                | TransportError::NotHttp { .. }),
            ) => return Err(ReachError::Transport(error)),
            outcome @ Err(_) if is_silence(&outcome) => return Err(ReachError::Silent(begun.elapsed())),
            Err(_) => return Ok(()),
            Ok(_) => {}
        }
        let mut rejected = None;
        for service in self.suite.services() {
            rejected = self.executor().rejected_method(service).await;
            if rejected.is_none() {
                break;
            }
        }
        rejected.map_or(Ok(()), |status| Err(ReachError::NotAws(status)))
    }

    /// The outcome of a plain `GET`, or that of a request of a service if the `GET` has none after a while: an endpoint may
    /// leave out one of them.
    async fn first_response(&self) -> Result<Response, TransportError> {
        let executor = self.executor();
        let mut get = pin!(executor.knock());
        let early = timeout(self.breaker.health_limit(), &mut get).await;
        let service = self.suite.services().next();
        let call = async { executor.call_unknown(service?).await };
        match early {
            Ok(outcome) if !is_silence(&outcome) => outcome,
            Ok(silence) => call.await.unwrap_or(silence),
            Err(_) => tokio::select! {
                outcome = get => outcome,
                Some(outcome) = call => outcome,
            },
        }
    }

    /// Sends a health request whenever the breaker is in doubt.
    pub(super) async fn decide_doubts(&self) -> Infallible {
        loop {
            self.breaker.doubted().await;
            self.breaker.settle(self.executor().is_healthy().await);
        }
    }

    /// Waits while the breaker is in doubt. If it is open, the endpoint is restarted, or the run is over. Returns true if it
    /// was open.
    pub(super) async fn heed_breaker(&self, collector: &mut Collector<'_>) -> bool {
        let mut interrupt = self.interrupt.clone();
        tokio::select! {
            () = self.breaker.decided() => {}
            () = interrupted(&mut interrupt) => return false,
        }
        let is_open = self.breaker.open().is_some();
        if is_open && !collector.life.is_over() {
            self.look_after(collector).await;
        }
        is_open
    }

    /// Checks whether the endpoint crashed, and restarts it if possible. Returns true if it crashed.
    pub(super) async fn look_after(&self, collector: &mut Collector<'_>) -> bool {
        let silent = self.breaker.open();
        let gone = silent.is_some() || self.is_gone(collector.life.is_mute()).await;
        let restarted = gone && self.start_again().await;
        if let Some(died) = collector.life.settle(gone, restarted, silent) {
            collector.observer.event(&Event::TargetDied(died));
        }
        gone
    }

    /// Starts the endpoint again. Returns true if there is a way to do so, and it listens.
    pub async fn start_again(&self) -> bool {
        let Some(restart) = &self.restart else { return false };
        restart().await;
        self.breaker.reset();
        self.listens_again().await
    }

    async fn listens_again(&self) -> bool {
        let deadline = Instant::now() + RESTART_LIMIT;
        while Instant::now() < deadline {
            if !self.is_gone(false).await {
                return true;
            }
        }
        false
    }

    /// Nothing listens any more, even after a pause: a server may be restarting. With `mute`, it must also respond.
    async fn is_gone(&self, mute: bool) -> bool {
        tokio::time::sleep(SECOND_LOOK).await;
        let (executor, limit) = (self.executor(), self.breaker.health_limit());
        let knock = timeout(limit, executor.knock()).await;
        let outcome = knock.unwrap_or(Err(TransportError::Timeout(limit)));
        outcome.is_err_and(|error| mute || error == TransportError::Refused)
    }
}
