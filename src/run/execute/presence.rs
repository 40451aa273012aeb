//! The requests of a presence check, which decides whether an operation is implemented.

use serde_json::{Map, Value};
use tokio::time::Instant;

use super::{Executor, breaker::is_silence, now, silence::PLAIN};
use crate::{
    judge::transcript::{Exchange, PresenceResponses, Role, SubresourceComparison, SubresourceResponses},
    model::Operation,
    suite::{Bindings, Call, CallerName, Region, ServiceFixtures, Template},
    wire::{
        Request, Response, TransportError,
        protocol::{Sentinels, SubresourceRequests},
        sigv4::{self, CredentialScope},
    },
};

impl Executor<'_> {
    /// Sends the requests that show whether the endpoint reads the subresource of an operation; `None` if the operation has
    /// none, or no responses came that can be compared. `sample` is an input that refers to what exists.
    pub async fn compare_subresource(
        &self,
        service: &ServiceFixtures,
        operation: &Operation,
        sample: &Value,
        exchanges: &mut Vec<Exchange>,
    ) -> Option<SubresourceResponses> {
        let own = self.presence_request(service, &operation.name, sample).ok()?;
        let SubresourceRequests { unknown, resource } =
            service.protocol.subresource(service.contract(), operation, &own)?;
        let mut requests = PresenceRequests::new(self, service, &operation.name, exchanges);
        let is_success = |response: &Response| (200..300).contains(&response.status);
        let Some(read) = resource.map(|resource| self.signed_again(resource, service)) else {
            let own = requests.send(Ok(own)).await.ok()?;
            let fallback = service.called(&unknown).map(str::to_owned);
            let unknown = requests.send(Ok(self.signed_again(unknown, service))).await.ok()?;
            return Some(SubresourceResponses { own, compared: SubresourceComparison::Unknown(unknown), fallback });
        };
        requests.send(Ok(read.clone())).await.ok().filter(is_success)?;
        let own = requests.send(Ok(own)).await.ok().filter(is_success)?;
        let after = requests.send(Ok(self.signed_again(read, service))).await.ok()?;
        Some(SubresourceResponses { own, compared: SubresourceComparison::ReadAfter(after), fallback: None })
    }

    /// Sends the four requests of a presence check in order, and a fifth after server errors. The input is `sample`, or the first example of the model.
    /// Adds each request with its response to `exchanges`, as a step of its own.
    pub async fn check_presence(
        &self,
        service: &ServiceFixtures,
        operation: &Operation,
        sample: Option<&Value>,
        exchanges: &mut Vec<Exchange>,
    ) -> PresenceResponses {
        let empty = Value::Object(Map::new());
        let sample = sample.or_else(|| operation.example_input()).unwrap_or(&empty);
        let modelled = operation;
        let operation = operation.name.as_str();
        let mut requests = PresenceRequests::new(self, service, operation, exchanges);
        // An empty sample compared with itself shows nothing.
        let empty_input = if *sample == empty {
            Err(TransportError::Unsendable("the sample is the empty input".to_owned()))
        } else {
            self.presence_request(service, operation, &empty)
        };
        let sample = self.presence_request(service, operation, sample);
        let response = requests.send(sample.clone()).await;
        if let Err(error) = &response {
            // An endpoint that does not respond to a valid request gets no further ones.
            let none = || Err(error.clone());
            return PresenceResponses {
                unknown_operation: none(),
                unknown_service: none(),
                empty_input: none(),
                sample: response,
                unknown_subresource: None,
                unknown_method: None,
                fallback: None,
            };
        }
        let sentinels = sample.and_then(|sample| {
            let sentinels = service.protocol.sentinels(service.contract(), modelled, &sample);
            sentinels.map_err(|error| TransportError::Unsendable(error.to_string()))
        });
        let (unknown_operation, unknown_service, unknown_method) = match sentinels {
            Ok(Sentinels { unknown_operation, unknown_service, unknown_method }) => {
                (Ok(unknown_operation), Ok(unknown_service), unknown_method)
            }
            Err(error) => (Err(error.clone()), Err(error), None),
        };
        let fallback = unknown_operation.as_ref().ok().and_then(|request| service.called(request)).map(str::to_owned);
        let signed =
            |request: Result<Request, TransportError>| request.map(|request| self.signed_again(request, service));
        let mut responses = PresenceResponses {
            sample: response,
            unknown_operation: requests.send(signed(unknown_operation)).await,
            unknown_service: requests.send(signed(unknown_service)).await,
            empty_input: requests.send(empty_input).await,
            unknown_subresource: None,
            unknown_method: None,
            fallback,
        };
        if let Some(request) = unknown_method.filter(|_| responses.inputs().all(|input| input.status >= 500)) {
            responses.unknown_method = requests.send(signed(Ok(request))).await.ok();
        }
        responses
    }

    fn presence_request(
        &self,
        service: &ServiceFixtures,
        operation: &str,
        input: &Value,
    ) -> Result<Request, TransportError> {
        let call = Call {
            service: service.name.clone(),
            operation: operation.to_owned(),
            input: Template::Literal(input.clone()),
            // The empty input may be invalid by the model.
            valid: false,
            caller: CallerName::Owner,
            region: Region::Home,
            signing: None,
            raw: None,
        };
        let written = self.written(&call, &call.input, service, &Bindings::default(), 0);
        written.map_err(|reason| TransportError::Unsendable(reason.to_string()))
    }

    fn signed_again(&self, mut request: Request, service: &ServiceFixtures) -> Request {
        request.headers.remove("authorization");
        // A sentinel may have another body than the request that it was made of.
        if request.headers.get("content-length").is_some() {
            request.headers.set("content-length", request.body.len().to_string());
        }
        let scope = CredentialScope {
            region: self.target.region.clone(),
            service: service.contract().service().signing_name.clone(),
        };
        sigv4::sign(&mut request, &self.target.owner, &scope, now(), None);
        request
    }

    /// The status with which the endpoint rejects `POST` for every operation of a service; `None` if one response may be
    /// that of an endpoint of AWS.
    pub async fn rejected_method(&self, service: &ServiceFixtures) -> Option<u16> {
        let (operation, requests) = self.unknown_calls(service)?;
        let mut rejected = None;
        for request in requests {
            let response = self.send((&service.name, operation), &request).await.ok().and_then(Result::ok);
            rejected = Some(response.filter(rejects_method)?.status);
        }
        rejected
    }

    /// Sends a request of the service to a service that no endpoint has. The outcome of it, if there is one in time.
    pub async fn call_unknown(&self, service: &ServiceFixtures) -> Option<Result<Response, TransportError>> {
        let (_, [request, ..]) = self.unknown_calls(service)?;
        self.send(PLAIN, &request).await.ok().filter(|outcome| !is_silence(outcome))
    }

    /// An operation of the service, with requests to an unknown service and to an unknown operation. A request to the
    /// operation itself comes last, because it may exist.
    fn unknown_calls<'s>(&self, service: &'s ServiceFixtures) -> Option<(&'s str, [Request; 3])> {
        let contract = service.contract();
        let operation = contract.operations().next()?;
        let sample = self.presence_request(service, &operation.name, &Value::Object(Map::new())).ok()?;
        let sentinels = service.protocol.sentinels(contract, operation, &sample).ok()?;
        let requests = [sentinels.unknown_service, sentinels.unknown_operation, sample];
        Some((&operation.name, requests.map(|request| self.signed_again(request, service))))
    }

    /// Sends a plain request, to check whether the endpoint listens.
    ///
    /// # Errors
    /// No response came, so the endpoint may not listen.
    pub async fn knock(&self) -> Result<Response, TransportError> {
        self.send(PLAIN, &self.plain_request()).await.unwrap_or_else(|unsent| Err(unsent.into()))
    }

    pub(super) fn plain_request(&self) -> Request {
        let headers = [("host", self.target.endpoint.host_header()), ("accept", "*/*".to_owned())];
        Request {
            method: "GET".to_owned(),
            target: format!("{}/", self.target.endpoint.prefix()),
            headers: headers.into_iter().collect(),
            ..Request::default()
        }
    }
}

/// Returns true if a response rejects the method of a request as web servers do, not as endpoints of AWS do.
///
/// JSON, XML and the headers of AWS may be those of an emulator that implements little.
fn rejects_method(response: &Response) -> bool {
    let kind = response.headers.get("content-type").unwrap_or_default().to_ascii_lowercase();
    let is_of_aws = response.headers.iter().any(|(name, _)| name.to_ascii_lowercase().starts_with("x-amz"));
    let start = response.body.trim_ascii_start();
    let is_data = kind.contains("xml") || matches!(start, [b'{' | b'[', ..]) || start.starts_with(b"<?xml");
    let is_rejected = match response.status {
        405 => true,
        501 => kind.contains("html"),
        _ => false,
    };
    is_rejected && !is_of_aws && !is_data
}

/// Sends and records the requests of one presence check.
struct PresenceRequests<'a> {
    executor: &'a Executor<'a>,
    service: &'a ServiceFixtures,
    operation: &'a str,
    exchanges: &'a mut Vec<Exchange>,
    begun: Instant,
}

impl<'a> PresenceRequests<'a> {
    fn new(
        executor: &'a Executor<'a>,
        service: &'a ServiceFixtures,
        operation: &'a str,
        exchanges: &'a mut Vec<Exchange>,
    ) -> Self {
        Self { executor, service, operation, exchanges, begun: Instant::now() }
    }

    async fn send(&mut self, request: Result<Request, TransportError>) -> Result<Response, TransportError> {
        let request = request?;
        let (started, sent) = (self.begun.elapsed(), Instant::now());
        let sending = self.executor.send((&self.service.name, self.operation), &request).await;
        let outcome = sending.map_err(TransportError::from)?;
        self.exchanges.push(Exchange {
            step: self.exchanges.len() + 1,
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

#[cfg(test)]
mod tests {
    use bytes::Bytes;
    use rstest::rstest;

    use super::*;

    const HTML: &str = "text/html;charset=utf-8";

    #[rstest]
    #[case::python(501, &[("Content-type", HTML)], "<!DOCTYPE HTML>", true)]
    #[case::nginx(405, &[("content-type", HTML)], "<html>", true)]
    #[case::go(405, &[("content-type", "text/plain")], "Method Not Allowed\n", true)]
    #[case::empty(405, &[], "", true)]
    #[case::another_status(404, &[("content-type", HTML)], "<html>", false)]
    #[case::not_implemented(501, &[], "", false)]
    #[case::json(405, &[], " {\"__type\":\"UnknownOperationException\"}", false)]
    #[case::xml(405, &[], "<?xml version=\"1.0\"?><Error/>", false)]
    #[case::type_of_xml(405, &[("content-type", "application/xml")], "<Error/>", false)]
    #[case::header_of_aws(405, &[("X-Amzn-RequestId", "x")], "", false)]
    fn only_the_response_of_a_web_server_rejects_the_method(
        #[case] status: u16,
        #[case] headers: &[(&str, &str)],
        #[case] body: &'static str,
        #[case] expected: bool,
    ) {
        let headers = headers.iter().copied().collect();
        let body = Bytes::from_static(body.as_bytes());
        assert_eq!(rejects_method(&Response { status, headers, body, ..Response::default() }), expected);
    }
}
