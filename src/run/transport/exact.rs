//! Sends requests byte for byte, each on its own connection.

use tokio::time;

use super::{
    Endpoint, ExchangeFuture, Limits, Settings, SetupError, Transport, connector::Connector, http1::Parser,
    received_body::BodyBudget,
};
use crate::wire::{Request, Response, TransportError};

/// A transport that sends requests byte for byte.
pub struct Exact {
    connector: Connector,
    limits: Limits,
    bodies: BodyBudget,
    proxied: bool,
}

impl Exact {
    /// Sets up a transport. It does not connect.
    ///
    /// # Errors
    /// The certificates cannot be used.
    pub fn new(settings: &Settings) -> Result<Self, SetupError> {
        Self::with_budget(settings, BodyBudget::default())
    }

    /// The same with the budget of another transport.
    pub(super) fn with_budget(settings: &Settings, bodies: BodyBudget) -> Result<Self, SetupError> {
        let proxied = settings.proxy.is_some();
        Ok(Self { connector: Connector::new(settings)?, limits: settings.limits, bodies, proxied })
    }

    async fn exchange(&self, endpoint: &Endpoint, request: &Request) -> Result<Response, TransportError> {
        if self.proxied {
            // A request that bypasses the proxy would be worse than an error.
            return Err(TransportError::Unsendable("an exact request does not go through a proxy".to_owned()));
        }
        let mut parser = Parser::new(&request.method, self.limits.head, self.bodies.body(self.limits.body));
        let round_trip = async {
            let mut connection = self.connector.connect(endpoint).await?;
            let end = connection.exchange(&request.to_bytes(), declares_more(request), &mut parser).await?;
            Ok::<_, TransportError>((connection, end))
        };
        let limit = self.limits.timeout;
        let Ok(outcome) = time::timeout(limit, round_trip).await else { return Err(parser.timed_out(limit)) };
        let (mut connection, end) = outcome?;
        if parser.is_complete() {
            connection.count_surplus(self.limits.surplus_wait, &mut parser).await;
        }
        parser.into_response(end.body)
    }
}

impl Transport for Exact {
    fn send<'a>(&'a self, endpoint: &'a Endpoint, request: &'a Request) -> ExchangeFuture<'a> {
        Box::pin(self.exchange(endpoint, request))
    }
}

/// Returns true if the peer waits for more of the body than there is. Half-closing shows it the end.
fn declares_more(request: &Request) -> bool {
    let declared = request.headers.get("content-length").and_then(|value| value.trim().parse::<u64>().ok());
    !request.chunked && declared.is_some_and(|declared| declared > request.body.len() as u64)
}
