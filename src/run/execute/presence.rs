//! The four questions that tell whether an operation is there.

use serde_json::{Map, Value};
use tokio::time::Instant;

use super::{Executor, now};
use crate::{
    judge::transcript::{Exchange, PresenceResponses, Role},
    model::Operation,
    suite::{Bindings, Call, CallerName, Region, ServiceFixtures, Template},
    wire::{
        Request, Response, TransportError,
        protocol::Sentinels,
        sigv4::{self, CredentialScope},
    },
};

impl Executor<'_> {
    /// Asks the four questions of one operation, one after the other: with `sample`, else with the first of the
    /// model's examples. What was asked and answered is kept in `asked`, each question as a step.
    pub async fn check_presence(
        &self,
        service: &ServiceFixtures,
        operation: &Operation,
        sample: Option<&Value>,
        asked: &mut Vec<Exchange>,
    ) -> PresenceResponses {
        let empty = Value::Object(Map::new());
        let sample = sample.or_else(|| operation.example_input()).unwrap_or(&empty);
        let modelled = operation;
        let operation = operation.name.as_str();
        let mut put = PresenceRequests { executor: self, service, operation, asked, begun: Instant::now() };
        // An empty sample compared with itself tells nothing.
        let second = if *sample == empty {
            Err(TransportError::Unsendable("the sample is the empty input".to_owned()))
        } else {
            self.question(service, operation, &empty)
        };
        let sample = self.question(service, operation, sample);
        let answered = put.ask(sample.clone()).await;
        if let Err(error) = &answered {
            // Whoever does not answer a good request is not asked three more.
            let none = || Err(error.clone());
            return PresenceResponses {
                unknown_operation: none(),
                unknown_service: none(),
                empty_input: none(),
                sample: answered,
            };
        }
        let sentinels = sample.and_then(|sample| {
            let sentinels = service.protocol.sentinels(service.contract(), modelled, &sample);
            sentinels.map_err(|error| TransportError::Unsendable(error.to_string()))
        });
        let (unknown_operation, unknown_service) = match sentinels {
            Ok(Sentinels { unknown_operation, unknown_service }) => (Ok(unknown_operation), Ok(unknown_service)),
            Err(error) => (Err(error.clone()), Err(error)),
        };
        let signed =
            |request: Result<Request, TransportError>| request.map(|request| self.signed_again(request, service));
        PresenceResponses {
            sample: answered,
            unknown_operation: put.ask(signed(unknown_operation)).await,
            unknown_service: put.ask(signed(unknown_service)).await,
            empty_input: put.ask(second).await,
        }
    }

    fn question(&self, service: &ServiceFixtures, operation: &str, input: &Value) -> Result<Request, TransportError> {
        let call = Call {
            service: service.name.clone(),
            operation: operation.to_owned(),
            input: Template::Literal(input.clone()),
            // An empty input is asked with, whatever the model says of it.
            valid: false,
            caller: CallerName::Owner,
            region: Region::Home,
            fault: None,
            raw: None,
        };
        let written = self.written(&call, &call.input, service, &Bindings::default());
        written.map_err(|reason| TransportError::Unsendable(reason.to_string()))
    }

    fn signed_again(&self, mut request: Request, service: &ServiceFixtures) -> Request {
        request.headers.remove("authorization");
        let scope = CredentialScope {
            region: self.target.region.clone(),
            service: service.contract().service().signing_name.clone(),
        };
        sigv4::sign(&mut request, &self.target.owner, &scope, now(), None);
        request
    }

    /// A request that says nothing, to see whether somebody listens.
    ///
    /// # Errors
    /// No answer came, which may mean that nobody does.
    pub async fn knock(&self) -> Result<Response, TransportError> {
        let headers = [("host", self.target.endpoint.host_header()), ("accept", "*/*".to_owned())];
        let request = Request {
            method: "GET".to_owned(),
            target: "/".to_owned(),
            headers: headers.into_iter().collect(),
            ..Request::default()
        };
        self.transport.send(&self.target.endpoint, &request).await
    }
}

/// The questions of one operation, as they are put.
struct PresenceRequests<'a> {
    executor: &'a Executor<'a>,
    service: &'a ServiceFixtures,
    operation: &'a str,
    asked: &'a mut Vec<Exchange>,
    begun: Instant,
}

impl PresenceRequests<'_> {
    async fn ask(&mut self, request: Result<Request, TransportError>) -> Result<Response, TransportError> {
        let request = request?;
        let (started, sent) = (self.begun.elapsed(), Instant::now());
        let outcome = self.executor.transport.send(&self.executor.target.endpoint, &request).await;
        self.asked.push(Exchange {
            step: self.asked.len() + 1,
            role: Role::Question,
            service: self.service.name.clone(),
            operation: self.operation.to_owned(),
            request,
            outcome: outcome.clone(),
            started,
            elapsed: sent.elapsed(),
        });
        outcome
    }
}
