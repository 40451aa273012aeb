//! The behavior of a fault: no effect, a different response, or a different request.

use std::{
    borrow::Cow,
    cell::{Cell, OnceCell, RefCell},
    sync::Arc,
};

use serde_json::Value;

use super::recorded_calls::RecordedCall;
use crate::{
    model::Contract,
    reference::{Identity, ReferenceEndpoint},
    wire::{
        ErrorIdentity, Protocol, Request, Response,
        protocol::{called, protocol_of, split_call},
        signing_date::amz_date,
        sigv4::{CredentialScope, sign},
    },
};

/// A running fault. It may keep state.
pub(super) trait Behavior: Send {
    /// The response of the fault; `None` for the response of the reference. A fault that has called the reference
    /// already returns the response in any case.
    fn respond(&mut self, received: &ReceivedCall<'_>) -> Option<Response>;
}

/// A request to a mutant, and the reference behind it.
pub(super) struct ReceivedCall<'a> {
    pub(super) request: &'a Request,
    /// The real time, in seconds since 1970.
    pub(super) real_now: f64,
    pub(super) endpoint: &'a ReferenceEndpoint,
    contracts: &'a [Arc<Contract>],
    input: OnceCell<Option<Value>>,
    deviated: Cell<bool>,
    /// The call of an earlier run that is received again. Its response is known, and nothing has an effect.
    recorded: Option<&'a RecordedCall>,
    /// The inputs of the calls that a fault made instead of a recorded one.
    substituted: RefCell<Vec<Value>>,
}

impl<'a> ReceivedCall<'a> {
    pub(super) fn new(
        request: &'a Request,
        real_now: f64,
        contracts: &'a [Arc<Contract>],
        endpoint: &'a ReferenceEndpoint,
    ) -> Self {
        Self {
            request,
            real_now,
            endpoint,
            contracts,
            input: OnceCell::new(),
            deviated: Cell::new(false),
            recorded: None,
            substituted: RefCell::default(),
        }
    }

    /// A call of an earlier run, received again.
    pub(super) fn recorded(
        call: &'a RecordedCall,
        contracts: &'a [Arc<Contract>],
        endpoint: &'a ReferenceEndpoint,
    ) -> Self {
        Self { recorded: Some(call), ..Self::new(&call.request, call.real_now, contracts, endpoint) }
    }

    /// The inputs of the calls that a fault made instead of a recorded one.
    pub(super) fn substituted(&self) -> Vec<Value> {
        self.substituted.take()
    }

    /// Records that the response or the effect differs from that of the reference.
    pub(super) fn deviate(&self) {
        self.deviated.set(true);
    }

    /// Returns whether the fault took effect.
    pub(super) fn deviated(&self) -> bool {
        self.deviated.get()
    }

    /// The response of the reference.
    pub(super) fn reference(&self) -> Response {
        match self.recorded {
            Some(call) => call.response.clone(),
            None => self.endpoint.handle(self.request, self.real_now),
        }
    }

    /// The response of the reference, without its effect.
    pub(super) fn rehearsed(&self) -> Response {
        if self.recorded.is_some() {
            return self.reference();
        }
        let before = self.endpoint.snapshot();
        let response = self.reference();
        self.endpoint.restore(&before);
        response
    }

    /// The response of the reference to another request.
    pub(super) fn instead(&self, request: &Request) -> Response {
        if self.recorded.is_some() {
            self.deviate();
            self.substituted.borrow_mut().extend(serde_json::from_slice::<Value>(&request.body));
            return self.reference();
        }
        self.endpoint.handle(request, self.real_now)
    }

    /// The operation as the request names it.
    pub(super) fn target(&self) -> &str {
        called(self.request).unwrap_or_default()
    }

    /// Returns whether it calls that operation, or an unknown operation in the protocol of its service.
    fn is_about(&self, target: &str) -> bool {
        let given = self.target();
        if given == target {
            return true;
        }
        let (service, operation) = split_call(given).unwrap_or_default();
        let of = |name: &str| self.contracts.iter().find(|contract| contract.service().id.name() == name);
        let is_real = of(service).is_some_and(|contract| contract.operation(operation).is_some());
        let wanted = of(split_call(target).unwrap_or_default().0).and_then(|contract| protocol_of(contract).ok());
        !is_real && wanted.map(Protocol::content_type) == self.request.headers.get("content-type")
    }

    /// Returns whether it calls a path of the reference that belongs to no contract.
    pub(super) fn is_control(&self) -> bool {
        self.request.target.starts_with("/_wireproof/")
    }

    /// Returns whether the operation is a read.
    pub(super) fn is_read(&self) -> bool {
        is_read(self.target())
    }

    /// The input, if the body is a JSON object.
    pub(super) fn input(&self) -> Option<&Value> {
        if let Some(call) = self.recorded {
            return call.input();
        }
        let read = || serde_json::from_slice::<Value>(&self.request.body).ok().filter(Value::is_object);
        self.input.get_or_init(read).as_ref()
    }

    /// The output in the response of the reference; null if it is not JSON.
    pub(super) fn output(&self, response: &Response) -> Cow<'_, Value> {
        match self.recorded {
            Some(call) => Cow::Borrowed(call.output()),
            None => Cow::Owned(serde_json::from_slice(&response.body).unwrap_or_default()),
        }
    }

    /// The strings of the input. One of them names the resource.
    pub(super) fn texts(&self) -> Vec<String> {
        let members = self.input().and_then(Value::as_object).into_iter().flat_map(|members| members.values());
        members.filter_map(Value::as_str).map(str::to_owned).collect()
    }

    /// The same call with another input, signed again.
    pub(super) fn with_input(&self, input: &Value) -> Request {
        self.signed(Request { body: input.to_string().into(), ..self.request.clone() })
    }

    /// Signs a request with the identity and region of this one, or as the owner if the signer is unknown.
    pub(super) fn signed(&self, request: Request) -> Request {
        let (identity, region) = self.signer();
        self.signed_by(request, &identity, &region)
    }

    /// Signs a request now, with that identity and region.
    pub(super) fn signed_by(&self, mut request: Request, identity: &Identity, region: &str) -> Request {
        request.headers.remove("authorization");
        request.headers.set("content-length", request.body.len().to_string());
        let service = self.signing_name_of(&request);
        let scope = CredentialScope { region: region.to_owned(), service };
        #[expect(clippy::cast_possible_truncation, reason = "a signature's date has whole seconds")]
        sign(&mut request, identity.credentials(), &scope, self.real_now as i64, None);
        request
    }

    /// The identity and region in the authorization header.
    pub(super) fn signer(&self) -> (Identity, String) {
        let scope = self.scope();
        let known = Identity::defaults()
            .into_iter()
            .find(|identity| scope.first().is_some_and(|key| identity.credentials().access_key_id == *key));
        let region = scope.get(2).copied().unwrap_or("us-east-1");
        (known.unwrap_or_else(Identity::test), region.to_owned())
    }

    /// The key, date, region, service and terminator of the credential scope; empty without one.
    pub(super) fn scope(&self) -> Vec<&str> {
        scope_of(self.request)
    }

    /// The signing name of the called service.
    pub(super) fn signing_name(&self) -> String {
        self.signing_name_of(self.request)
    }

    /// The region in the credential scope.
    pub(super) fn region(&self) -> String {
        self.signer().1
    }

    /// Returns whether the date of the request is in the future.
    pub(super) fn is_dated_ahead(&self) -> bool {
        #[expect(clippy::cast_possible_truncation, reason = "a signature's date has whole seconds")]
        let now = amz_date(self.real_now as i64);
        self.request.headers.get("x-amz-date").is_some_and(|date| date > now.as_str())
    }

    fn signing_name_of(&self, request: &Request) -> String {
        let target = called(request).unwrap_or_default();
        let named = |contract: &&Arc<Contract>| target.starts_with(contract.service().id.name());
        let contract = self.contracts.iter().find(named).or(self.contracts.first());
        contract.map(|contract| contract.service().signing_name.clone()).unwrap_or_default()
    }
}

/// The key, date, region, service and terminator of a request's credential scope; empty without one.
fn scope_of(request: &Request) -> Vec<&str> {
    let authorization = request.headers.get("authorization").unwrap_or_default();
    let credential = authorization.split_once("Credential=").map_or("", |(_, rest)| rest);
    let credential = credential.split([',', ' ']).next().unwrap_or_default();
    credential.split('/').filter(|_| !credential.is_empty()).collect()
}

/// A text of a request with the Region of the request: the same text in another Region is about another resource.
pub(super) fn placed(request: &Request, text: &str) -> String {
    format!("{}/{text}", scope_of(request).get(2).copied().unwrap_or_default())
}

/// Returns whether an operation is a read, by the naming conventions of AWS.
pub(super) fn is_read(target: &str) -> bool {
    let operation = split_call(target).map_or("", |(_, operation)| operation);
    ["Get", "List", "BatchGet", "Describe"].iter().any(|verb| operation.starts_with(verb))
}

/// Returns whether a response is a success.
pub(super) fn is_success(response: &Response) -> bool {
    response.status == 200
}

/// The name of the error in a response of the reference.
pub(super) fn error_of(response: &Response) -> Option<String> {
    if is_success(response) {
        return None;
    }
    let body: Value = serde_json::from_slice(&response.body).ok()?;
    ErrorIdentity::of_json(response, Some(&body)).name
}

/// Sets the body of a response and its `content-length`.
pub(super) fn set_body(response: &mut Response, body: impl Into<bytes::Bytes>) {
    response.body = body.into();
    response.headers.set("content-length", response.body.len().to_string());
}

/// A rejection with this body in place of a response.
pub(super) fn rejection(right: Response, body: impl Into<bytes::Bytes>) -> Response {
    let mut response = Response { status: 400, ..right };
    set_body(&mut response, body);
    response
}

/// Changes the body of a response if it is JSON.
pub(super) fn change_body(response: &mut Response, change: impl FnOnce(&mut Value)) {
    if let Ok(mut body) = serde_json::from_slice::<Value>(&response.body) {
        change(&mut body);
        set_body(response, body.to_string());
    }
}

/// A fault with a memory of its own: no response means that of the reference.
pub(super) struct Acting<F>(pub(super) F);

impl<F: FnMut(&ReceivedCall<'_>) -> Option<Response> + Send> Behavior for Acting<F> {
    fn respond(&mut self, received: &ReceivedCall<'_>) -> Option<Response> {
        if received.is_control() { None } else { (self.0)(received) }
    }
}

/// Calls that a fault makes some time after the request that caused them, in virtual time.
#[derive(Default)]
pub(super) struct DelayedCalls(Vec<(f64, Request)>);

impl DelayedCalls {
    pub(super) fn add(&mut self, received: &ReceivedCall<'_>, call: Request, seconds: f64) {
        self.0.push((received.endpoint.clock().now() + seconds, call));
    }

    /// Makes the calls that are due, before a request is responded to.
    pub(super) fn run(&mut self, received: &ReceivedCall<'_>) {
        let now = received.endpoint.clock().now();
        let (due, later) = std::mem::take(&mut self.0).into_iter().partition(|(at, _)| *at <= now);
        self.0 = later;
        for (_, call) in due {
            // The effect matters; nobody sees the response.
            if is_success(&received.instead(&call)) {
                received.deviate();
            }
        }
    }
}

/// The responses of an operation that a fault alters.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum ResponseRule {
    Successes,
    Rejections,
    /// Errors with that name.
    Error(String),
}

impl ResponseRule {
    fn include(&self, response: &Response) -> bool {
        match self {
            Self::Successes => is_success(response),
            Self::Rejections => !is_success(response),
            Self::Error(name) => error_of(response).as_deref() == Some(name),
        }
    }
}

/// Alters responses of one operation, but not its effect.
pub(super) struct Altered<F> {
    pub(super) target: String,
    pub(super) responses: ResponseRule,
    pub(super) alter: F,
}

impl<F: FnMut(&mut Response) + Send> Behavior for Altered<F> {
    fn respond(&mut self, received: &ReceivedCall<'_>) -> Option<Response> {
        if received.is_control() || !received.is_about(&self.target) {
            return None;
        }
        let right = received.reference();
        let mut response = right.clone();
        if self.responses.include(&response) {
            (self.alter)(&mut response);
        }
        if response != right {
            received.deviate();
        }
        Some(response)
    }
}

/// Reads requests as different ones, to which the reference responds.
pub(super) struct Understood<F> {
    pub(super) rewrite: F,
}

impl<F: FnMut(&ReceivedCall<'_>) -> Option<Request> + Send> Behavior for Understood<F> {
    fn respond(&mut self, received: &ReceivedCall<'_>) -> Option<Response> {
        let other = if received.is_control() { None } else { (self.rewrite)(received) };
        other.map(|request| {
            received.deviate();
            received.instead(&request)
        })
    }
}
