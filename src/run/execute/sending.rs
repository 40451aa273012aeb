//! Sends requests through the circuit breaker.

use std::time::Duration;

use futures_util::future::select_ok;
use tokio::time::{Instant, timeout};

use super::{
    Executor,
    breaker::{Breaker, is_silence},
    silence::{OperationRef, RequestKind},
};
use crate::{
    judge::transcript::CaseEnd,
    run::transport::{
        Endpoint,
        late_bytes::{LateBytes, watched},
    },
    wire::{Delivery, Request, Response, TransportError},
};

/// The number of health requests, which are sent together: an endpoint may leave every second one unanswered.
const HEALTH_REQUESTS: usize = 3;

/// The outcome of a request.
pub(super) struct Sent {
    pub(super) outcome: Result<Response, TransportError>,
    /// What will be known of the bytes after the response.
    pub(super) late: Option<LateBytes>,
}

/// A request was not sent, for this reason.
#[derive(Debug)]
pub(super) struct Unsent(pub(super) String);

impl From<Unsent> for TransportError {
    fn from(Unsent(reason): Unsent) -> Self {
        Self::Unsendable(reason)
    }
}

impl From<Unsent> for CaseEnd {
    fn from(Unsent(reason): Unsent) -> Self {
        Self::Abandoned(reason)
    }
}

impl Executor<'_> {
    /// Sends a request of an operation to the endpoint, unless the breaker keeps it back.
    pub(super) async fn send(
        &self,
        operation: OperationRef<'_>,
        request: &Request,
    ) -> Result<Result<Response, TransportError>, Unsent> {
        self.send_to(&self.target.endpoint, operation, request).await
    }

    /// The same with what will be known of the bytes after the response.
    pub(super) async fn send_watched(&self, operation: OperationRef<'_>, request: &Request) -> Result<Sent, Unsent> {
        let (outcome, late) = watched(self.send(operation, request)).await;
        Ok(Sent { outcome: outcome?, late })
    }

    /// The same for another endpoint, such as that of state changes.
    pub(super) async fn send_to(
        &self,
        endpoint: &Endpoint,
        operation: OperationRef<'_>,
        request: &Request,
    ) -> Result<Result<Response, TransportError>, Unsent> {
        if let Some(reason) = self.breaker.refusal(operation) {
            return Err(Unsent(reason));
        }
        let kind = match request.delivery {
            _ if *endpoint != self.target.endpoint => RequestKind::Elsewhere,
            Delivery::Exact => RequestKind::Faulty,
            Delivery::Pooled => RequestKind::Regular,
        };
        let mut wait = Wait { breaker: self.breaker, operation, kind, sent: Instant::now(), is_over: false };
        let outcome = self.limited(endpoint, request).await;
        wait.is_over = true;
        self.breaker.enter(operation, kind, wait.sent, Some(&outcome));
        Ok(outcome)
    }

    /// Ends a case whose request got no response, if the breaker opened meanwhile.
    pub(super) fn go_on(&self) -> Result<(), Unsent> {
        self.breaker.open().map_or(Ok(()), |reason| Err(Unsent(reason)))
    }

    /// The response within the limit of the breaker, if the breaker stays closed.
    async fn limited(&self, endpoint: &Endpoint, request: &Request) -> Result<Response, TransportError> {
        let sent = Instant::now();
        let exchange = self.transport.send(endpoint, request);
        let limit = self.breaker.limit().unwrap_or(Duration::MAX);
        tokio::select! {
            biased;
            outcome = timeout(limit, exchange) => outcome.unwrap_or(Err(TransportError::Timeout(limit))),
            _ = self.breaker.opened() => Err(TransportError::Timeout(sent.elapsed())),
        }
    }

    /// Sends plain requests, past the breaker. Returns true if one of them got a response or an error in time.
    pub async fn is_healthy(&self) -> bool {
        let request = self.plain_request();
        let one = || async {
            let outcome = self.transport.send(&self.target.endpoint, &request).await;
            if is_silence(&outcome) || outcome == Err(TransportError::Refused) { Err(()) } else { Ok(()) }
        };
        let any = select_ok((0..HEALTH_REQUESTS).map(|_| Box::pin(one())));
        timeout(self.breaker.health_limit(), any).await.is_ok_and(|outcome| outcome.is_ok())
    }
}

/// A request under way. If it is dropped before its end, it counts as unanswered.
struct Wait<'w> {
    breaker: &'w Breaker,
    operation: OperationRef<'w>,
    kind: RequestKind,
    sent: Instant,
    is_over: bool,
}

impl Drop for Wait<'_> {
    fn drop(&mut self) {
        if !self.is_over {
            self.breaker.enter(self.operation, self.kind, self.sent, None);
        }
    }
}
