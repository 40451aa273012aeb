//! Whether the endpoint still responds, and its restart.

use std::{convert::Infallible, time::Duration};

use super::{Collector, Session, interrupted};
use crate::{run::event::Event, wire::TransportError};

/// The time limit of a restart.
const RESTART_LIMIT: Duration = Duration::from_secs(30);

/// The pause before the session connects again to an endpoint that refused a connection.
const SECOND_LOOK: Duration = Duration::from_millis(300);

impl Session {
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
        let deadline = tokio::time::Instant::now() + RESTART_LIMIT;
        while tokio::time::Instant::now() < deadline {
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
        let knock = tokio::time::timeout(limit, executor.knock()).await;
        let outcome = knock.unwrap_or(Err(TransportError::Timeout(limit)));
        outcome.is_err_and(|error| mute || error == TransportError::Refused)
    }
}
