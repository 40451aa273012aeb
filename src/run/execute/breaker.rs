//! The circuit breaker of a run, which ends the run early if the endpoint stops responding.
//!
//! A request is unanswered if it gets no complete response within its time limit. After two in a row, the endpoint is in
//! doubt, and a plain health request decides: without a response to it or to any other request, the breaker opens. It
//! also opens after 20 s in which requests waited in vain and nothing was answered. An open breaker sends nothing. After
//! two waits in vain for one operation, only requests of that operation are no longer sent.
//!
//! An endpoint that responds to every request in time is never in doubt, however slow it is.

use std::{
    sync::{Mutex, MutexGuard, PoisonError},
    time::Duration,
};

use tokio::{sync::watch, time::Instant};

use super::silence::{OperationRef, RequestKind, Silence};
use crate::wire::{Response, TransportError};

/// The circuit breaker that the requests of a run share.
#[derive(Debug)]
pub struct Breaker {
    is_enabled: bool,
    silence: Mutex<Silence>,
    phase: watch::Sender<BreakerPhase>,
}

/// The decision about an endpoint.
#[derive(Debug, Clone, PartialEq, Eq)]
enum BreakerPhase {
    /// Requests are sent.
    Closed,
    /// A health request is to decide. It holds the number of responses before.
    Doubt(u64),
    /// Nothing is sent, for this reason.
    Open(String),
}

impl Default for Breaker {
    fn default() -> Self {
        Self { is_enabled: true, silence: Mutex::default(), phase: watch::Sender::new(BreakerPhase::Closed) }
    }
}

impl Breaker {
    /// A breaker that never opens, for requests that are not sent.
    #[must_use]
    pub fn disabled() -> Self {
        Self { is_enabled: false, ..Self::default() }
    }

    /// The reason why nothing is sent any more.
    #[must_use]
    pub fn open(&self) -> Option<String> {
        match &*self.phase.borrow() {
            BreakerPhase::Open(reason) => Some(reason.clone()),
            BreakerPhase::Closed | BreakerPhase::Doubt(_) => None,
        }
    }

    /// Returns true if requests are sent without a doubt.
    #[must_use]
    pub fn is_closed(&self) -> bool {
        *self.phase.borrow() == BreakerPhase::Closed
    }

    /// Waits until the breaker opens.
    pub async fn opened(&self) -> String {
        let mut phase = self.phase.subscribe();
        loop {
            if let BreakerPhase::Open(reason) = &*phase.borrow_and_update() {
                return reason.clone();
            }
            // The sender is `self`, which lives as long as this call.
            let _ = phase.changed().await;
        }
    }

    /// Waits until a health request is to decide.
    pub async fn doubted(&self) {
        let _ = self.phase.subscribe().wait_for(|phase| matches!(phase, BreakerPhase::Doubt(_))).await;
    }

    /// Waits until no health request is to decide.
    pub async fn decided(&self) {
        let _ = self.phase.subscribe().wait_for(|phase| !matches!(phase, BreakerPhase::Doubt(_))).await;
    }

    /// Puts the endpoint in doubt if the last request was not answered. Returns true if it was not.
    pub fn suspect(&self) -> bool {
        let is_suspicious = self.silence().is_suspicious();
        if is_suspicious {
            self.doubt();
        }
        is_suspicious
    }

    /// Decides by the health request. Any response since the doubt arose proves life, too.
    pub fn settle(&self, healthy: bool) {
        let mut silence = self.silence();
        self.phase.send_modify(|phase| {
            let BreakerPhase::Doubt(answers) = *phase else { return };
            *phase = if healthy || silence.answers() > answers {
                silence.is_healthy();
                BreakerPhase::Closed
            } else {
                BreakerPhase::Open(silence.death())
            };
        });
    }

    /// Forgets everything, because the endpoint was started again.
    pub fn reset(&self) {
        *self.silence() = Silence::default();
        self.phase.send_replace(BreakerPhase::Closed);
    }

    /// The time limit of the health request.
    #[must_use]
    pub fn health_limit(&self) -> Duration {
        self.silence().health_limit()
    }

    /// The time limit of a request, if it is shorter than that of the transport.
    pub(super) fn limit(&self) -> Option<Duration> {
        self.silence().limit()
    }

    /// The reason not to send a request of this operation.
    pub(super) fn refusal(&self, operation: OperationRef<'_>) -> Option<String> {
        let unanswered = || self.silence().is_mute(operation);
        let named = |count| format!("{} left {count} requests without a response, so no more are sent", operation.1);
        self.open().or_else(|| unanswered().map(named))
    }

    /// Enters the outcome of a request; `None` if it was not waited for to its end.
    pub(super) fn enter(
        &self,
        operation: OperationRef<'_>,
        kind: RequestKind,
        sent: Instant,
        outcome: Option<&Result<Response, TransportError>>,
    ) {
        if !self.is_enabled || matches!(outcome, Some(Err(TransportError::Unsendable(_)))) {
            return;
        }
        let now = Instant::now();
        if outcome.is_some_and(|outcome| !is_silence(outcome)) {
            self.silence().responded(operation, kind, sent, now);
            return;
        }
        let (is_doubtful, excess) = {
            let mut silence = self.silence();
            silence.unanswered(operation, kind, sent, now);
            (silence.is_doubtful(), silence.excess())
        };
        match excess {
            Some(reason) => self.trip(reason),
            None if is_doubtful => self.doubt(),
            None => {}
        }
    }

    fn doubt(&self) {
        let answers = self.silence().answers();
        self.phase.send_if_modified(|phase| {
            let arises = *phase == BreakerPhase::Closed;
            if arises {
                *phase = BreakerPhase::Doubt(answers);
            }
            arises
        });
    }

    fn trip(&self, reason: String) {
        self.phase.send_if_modified(|phase| {
            let opens = !matches!(phase, BreakerPhase::Open(_));
            if opens {
                *phase = BreakerPhase::Open(reason);
            }
            opens
        });
    }

    fn silence(&self) -> MutexGuard<'_, Silence> {
        self.silence.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// No complete response came within the time limit.
#[must_use]
pub fn is_silence(outcome: &Result<Response, TransportError>) -> bool {
    matches!(
        outcome,
        Err(TransportError::Timeout(_) | TransportError::Unfinished { .. } | TransportError::ConnectTimeout(_))
    )
}

#[cfg(test)]
mod tests {
    use rstest::rstest;

    use super::*;

    const STOP: OperationRef<'static> = ("s", "Stop");

    fn enter(breaker: &Breaker, outcome: &Result<Response, TransportError>) {
        breaker.enter(STOP, RequestKind::Regular, Instant::now(), Some(outcome));
    }

    fn timeout() -> Result<Response, TransportError> {
        Err(TransportError::Timeout(Duration::from_secs(10)))
    }

    #[rstest]
    #[case::no_response(false, false, true)]
    #[case::a_response_to_the_health_request(true, false, false)]
    #[case::a_response_to_another_request(false, true, false)]
    #[tokio::test(start_paused = true)]
    async fn a_health_request_decides(#[case] healthy: bool, #[case] meanwhile: bool, #[case] opens: bool) {
        let breaker = Breaker::default();
        enter(&breaker, &timeout());
        assert!(breaker.is_closed());
        breaker.enter(STOP, RequestKind::Regular, Instant::now(), None);
        breaker.doubted().await;
        assert!(!breaker.is_closed() && breaker.open().is_none());
        if meanwhile {
            enter(&breaker, &Ok(Response::default()));
        }
        breaker.settle(healthy);
        breaker.decided().await;
        assert_eq!((breaker.open().is_some(), breaker.is_closed()), (opens, !opens));
    }

    #[rstest]
    #[case::closed(TransportError::Closed)]
    #[case::not_http(TransportError::NotHttp { problem: "p".to_owned(), received: String::new() })]
    #[tokio::test(start_paused = true)]
    async fn an_error_that_comes_in_time_is_a_sign_of_life(#[case] error: TransportError) {
        let breaker = Breaker::default();
        enter(&breaker, &timeout());
        enter(&breaker, &Err(error));
        enter(&breaker, &timeout());
        assert!(breaker.is_closed());
    }

    #[tokio::test(start_paused = true)]
    async fn twenty_seconds_in_vain_open_it_although_the_endpoint_responds_in_between() {
        let breaker = Breaker::default();
        for _ in 0..2 {
            let sent = Instant::now();
            tokio::time::sleep(Duration::from_secs(10)).await;
            assert_eq!(breaker.open(), None);
            breaker.enter(STOP, RequestKind::Regular, sent, Some(&timeout()));
            enter(&breaker, &Ok(Response::default()));
        }
        let reason = "the endpoint left 2 requests without a response, and the run waited 20 s for them in vain";
        assert_eq!(breaker.opened().await, reason);
        assert_eq!(breaker.refusal(STOP).as_deref(), Some(reason));
        breaker.reset();
        assert!(breaker.is_closed() && breaker.refusal(STOP).is_none());
    }
}
