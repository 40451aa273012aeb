//! The reference implementation: an embedded endpoint that follows the documents. Beside it, the model server: an endpoint
//! derived from a model alone.
//!
//! [`ReferenceEndpoint`] and [`ModelServer`] handle requests synchronously and without a socket. The server only transports bytes. It
//! listens on the loopback interface unless another address is allowed explicitly, because its credentials are public.
//!
//! | module | holds | may import |
//! |---|---|---|
//! | `service` | The interface of a service |  |
//! | `identity` | The callers that the reference implementation knows | `service` |
//! | `auth` | Authentication by Signature Version 4 in headers | `service`, `identity` |
//! | `bounded` | A map with a limit |  |
//! | `clock` | The clock of the services, which tests can hold, step and speed up |  |
//! | `ids` | Unique identifiers of requests, resources and deployments |  |
//! | `codedeploy` | CodeDeploy, as its documents describe it | `service`, `bounded`, `ids` |
//! | `proton` | Proton, limited to the operations of the contract | `service` |
//! | `response` | The parts of a response that are the same for all protocols | `service` |
//! | `services` | The implemented services, by the name of the service shape | `service`, `codedeploy`, `proton` |
//! | `state_control` | The two paths outside every contract | `service`, `clock` |
//! | `server` | The HTTP/1.1 server of an endpoint | `clock` |
//! | `reference_endpoint` | The behavior of the reference implementation as a function from requests to responses | `service`, `identity`, `auth`, `clock`, `ids`, `response`, `services`, `server`, `state_control` |
//! | `model_server` | The endpoint derived from a model alone | `identity`, `auth`, `bounded`, `clock`, `ids`, `response`, `server` |

#![allow(missing_docs, reason = "this room has no promised API")]

mod auth;
mod bounded;
mod clock;
mod codedeploy;
mod identity;
mod ids;
mod model_server;
mod proton;
mod reference_endpoint;
mod response;
mod server;
mod service;
mod services;
mod state_control;
#[cfg(test)]
mod testing;

use std::{
    io,
    net::{Ipv4Addr, SocketAddr},
    sync::Arc,
};

#[cfg(feature = "cli")]
pub(crate) use auth::is_of_signature;
pub use clock::{Clock, real_now};
pub use identity::Identity;
pub use model_server::{ConstraintSite, ModelFault, ModelServer, SpoiltError, SpoiltOutput, StateFault};
pub use reference_endpoint::{ReferenceEndpoint, ReferenceError, Snapshot};
pub use state_control::STATE_PATH;

use crate::model::Contract;
use server::{HttpEndpoint, RunningServer};

/// The settings of a [`Reference`].
#[derive(Debug, Clone)]
pub struct ReferenceOptions {
    /// The address to listen on. Port 0 selects a free port.
    pub listen: SocketAddr,
    /// Allow an address that other machines can reach.
    pub allow_non_loopback: bool,
    /// The known callers.
    pub identities: Vec<Identity>,
    /// The clock of the services.
    pub clock: Clock,
}

impl Default for ReferenceOptions {
    /// A free port of the loopback interface, the three default identities, and a running clock.
    fn default() -> Self {
        Self {
            listen: SocketAddr::from((Ipv4Addr::LOCALHOST, 0)),
            allow_non_loopback: false,
            identities: Identity::defaults(),
            clock: Clock::new(),
        }
    }
}

/// A running reference implementation. It stops when it is dropped.
#[derive(Debug)]
pub struct Reference {
    clock: Clock,
    server: RunningServer,
}

impl Reference {
    /// Starts a reference implementation of some contracts.
    ///
    /// # Errors
    /// A service is not implemented, the address is not allowed, or the address cannot be bound.
    pub async fn start(contracts: Vec<Arc<Contract>>, options: ReferenceOptions) -> io::Result<Self> {
        let invalid = |error: ReferenceError| io::Error::new(io::ErrorKind::InvalidInput, error);
        let endpoint =
            ReferenceEndpoint::new(contracts, options.identities.clone(), options.clock.clone()).map_err(invalid)?;
        let server = serve(Arc::new(endpoint), &options).await?;
        Ok(Self { clock: options.clock, server })
    }

    /// The URL of the endpoint.
    #[must_use]
    pub fn endpoint(&self) -> String {
        self.server.url()
    }

    /// The URL that establishes states which no documented operation can reach.
    #[must_use]
    pub fn state_change_url(&self) -> String {
        format!("{}{}", self.endpoint(), STATE_PATH)
    }

    /// The clock of the services.
    #[must_use]
    pub fn clock(&self) -> &Clock {
        &self.clock
    }

    /// Stops listening, completes open responses, and returns when all connections are closed.
    pub async fn stop(self) {
        self.server.stop().await;
    }
}

/// A running model server. It stops when it is dropped.
#[derive(Debug)]
pub struct ServedModel(RunningServer);

impl ServedModel {
    /// Starts a model server. Its clock is the real time.
    ///
    /// # Errors
    /// The address is not allowed, or cannot be bound.
    pub async fn start(model: ModelServer, options: &ReferenceOptions) -> io::Result<Self> {
        serve(Arc::new(model), options).await.map(Self)
    }

    /// The URL of the endpoint.
    #[must_use]
    pub fn endpoint(&self) -> String {
        self.0.url()
    }

    /// Stops listening, completes open responses, and returns when all connections are closed.
    pub async fn stop(self) {
        self.0.stop().await;
    }
}

/// Serves an endpoint at an address that the options allow.
async fn serve(endpoint: Arc<dyn HttpEndpoint>, options: &ReferenceOptions) -> io::Result<RunningServer> {
    if options.listen.ip().is_loopback() || options.allow_non_loopback {
        return RunningServer::start(endpoint, options.listen).await;
    }
    let problem = format!(
        "{} is reachable from other machines, and the credentials of the reference implementation are public; \
         listen on 127.0.0.1, or allow a non-loopback address",
        options.listen
    );
    Err(io::Error::new(io::ErrorKind::InvalidInput, problem))
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use tokio::{
        io::{AsyncReadExt as _, AsyncWriteExt as _},
        net::TcpStream,
        time::timeout,
    };

    use super::{testing::Bench, *};
    use crate::wire::sigv4::{CredentialScope, sign};

    async fn start() -> Reference {
        Reference::start(vec![Bench::contract()], ReferenceOptions::default()).await.unwrap()
    }

    fn request(body: &str) -> crate::wire::Request {
        let headers = [
            ("Host", "127.0.0.1"),
            ("X-Amz-Target", "CodeDeploy_20141006.StopDeployment"),
            ("Content-Type", "application/x-amz-json-1.1"),
            ("Content-Length", &*body.len().to_string()),
        ];
        let mut request = crate::wire::Request {
            method: "POST".to_owned(),
            target: "/".to_owned(),
            headers: headers.into_iter().collect(),
            body: body.to_owned().into(),
            ..Default::default()
        };
        let scope = CredentialScope { region: "us-east-1".to_owned(), service: "codedeploy".to_owned() };
        #[expect(clippy::cast_possible_truncation, reason = "the signature needs whole seconds")]
        let now = real_now() as i64;
        sign(&mut request, Identity::test().credentials(), &scope, now, None);
        request
    }

    /// Sends `bytes` on a new connection, and reads until `enough` holds or the connection ends.
    async fn exchange(reference: &Reference, bytes: &[u8], enough: impl Fn(&str) -> bool) -> String {
        let conversation = async {
            let mut stream = TcpStream::connect(reference.server.address).await.unwrap();
            stream.write_all(bytes).await.unwrap();
            let mut response = Vec::new();
            let mut buffer = [0; 4096];
            loop {
                let read = stream.read(&mut buffer).await.unwrap_or(0);
                response.extend_from_slice(&buffer[..read]);
                let text = String::from_utf8_lossy(&response).into_owned();
                if read == 0 || enough(&text) {
                    return text;
                }
            }
        };
        timeout(Duration::from_secs(20), conversation).await.unwrap()
    }

    #[tokio::test]
    async fn two_requests_on_one_connection_get_two_responses() {
        let reference = start().await;
        let one = request(r#"{"deploymentId":"d-000000000"}"#).to_bytes();
        let both = [one.clone(), one].concat();
        let response =
            exchange(&reference, &both, |text| text.matches("\"DeploymentDoesNotExistException\"").count() == 2).await;
        assert_eq!(response.matches("HTTP/1.1 400 Bad Request\r\n").count(), 2, "{response}");
        let ids: Vec<&str> = response.lines().filter(|line| line.starts_with("x-amzn-requestid: ")).collect();
        assert!(ids.len() == 2 && ids[0] != ids[1], "{response}");
        reference.stop().await;
    }

    #[tokio::test]
    async fn a_body_over_the_limit_is_rejected_with_413() {
        let reference = start().await;
        let large = request(&" ".repeat(server::BODY_LIMIT + 1)).to_bytes();
        let response = exchange(&reference, &large, |text| text.contains("message")).await;
        assert!(response.starts_with("HTTP/1.1 413 ") && response.contains("RequestEntityTooLarge"), "{response}");
    }

    #[tokio::test]
    async fn the_port_is_closed_after_a_stop_and_after_a_drop() {
        let reference = start().await;
        let (address, url) = (reference.server.address, reference.state_change_url());
        assert_eq!(url, format!("http://{address}/_wireproof/state"));
        reference.stop().await;
        assert!(TcpStream::connect(address).await.is_err());
        let dropped = start().await.server.address;
        let gone = async { while TcpStream::connect(dropped).await.is_ok() {} };
        timeout(Duration::from_secs(5), gone).await.unwrap();
    }

    #[tokio::test]
    async fn a_non_loopback_address_is_rejected_unless_allowed() {
        let listen = "0.0.0.0:0".parse().unwrap();
        let options = ReferenceOptions { listen, ..ReferenceOptions::default() };
        let error = Reference::start(vec![Bench::contract()], options.clone()).await.unwrap_err();
        assert!(error.to_string().contains("other machines"), "{error}");
        let options = ReferenceOptions { allow_non_loopback: true, ..options };
        Reference::start(vec![Bench::contract()], options).await.unwrap().stop().await;
    }
}
