//! A transport whose responses and errors hold no credential of the run.
//!
//! Everything after it, from the wait for a state to a report, sees asterisks. So nothing else has to know a credential.

use std::sync::Arc;

use super::transport::{Endpoint, ExchangeFuture, Transport};
use crate::wire::{Request, Secrets};

/// Sends requests through another transport, and overwrites credentials in what comes back.
pub(crate) struct RedactingTransport {
    inner: Arc<dyn Transport>,
    secrets: Arc<Secrets>,
}

impl RedactingTransport {
    pub(crate) fn new(inner: Arc<dyn Transport>, secrets: Arc<Secrets>) -> Self {
        Self { inner, secrets }
    }
}

impl Transport for RedactingTransport {
    fn send<'a>(&'a self, endpoint: &'a Endpoint, request: &'a Request) -> ExchangeFuture<'a> {
        self.secrets.enter(request);
        Box::pin(async move {
            let mut outcome = self.inner.send(endpoint, request).await;
            match &mut outcome {
                Ok(response) => self.secrets.hide_in(response),
                Err(error) => self.secrets.hide_in_error(error),
            }
            outcome
        })
    }

    fn cannot_carry(&self, request: &Request) -> Option<String> {
        self.inner.cannot_carry(request)
    }

    fn notes(&self) -> Vec<String> {
        self.inner.notes().iter().map(|note| self.secrets.hidden(note).into_owned()).collect()
    }
}

#[cfg(test)]
mod tests {
    use rstest::rstest;

    use super::*;
    use crate::wire::{Response, TransportError};

    const TOKEN: &str = "canary-token-of-a-session";

    struct Canned(Result<Response, TransportError>);

    impl Transport for Canned {
        fn send<'a>(&'a self, _: &'a Endpoint, _: &'a Request) -> ExchangeFuture<'a> {
            Box::pin(async { self.0.clone() })
        }

        fn notes(&self) -> Vec<String> {
            vec![TOKEN.to_owned()]
        }
    }

    async fn sent(outcome: Result<Response, TransportError>) -> Result<Response, TransportError> {
        let transport = RedactingTransport::new(Arc::new(Canned(outcome)), Arc::new(Secrets::of([TOKEN])));
        assert!(!transport.notes().concat().contains(TOKEN));
        transport.send(&"http://127.0.0.1:1".parse().unwrap(), &Request::default()).await
    }

    #[rstest]
    #[case::response(Ok(Response { body: TOKEN.into(), ..Response::default() }))]
    #[case::error(Err(TransportError::Other(format!("panicked with {TOKEN}"))))]
    #[tokio::test]
    async fn nothing_that_comes_back_holds_a_credential(#[case] outcome: Result<Response, TransportError>) {
        let shown = format!("{:?}", sent(outcome).await);
        assert!(shown.contains("****") && !shown.contains("canary"), "{shown}");
    }
}
