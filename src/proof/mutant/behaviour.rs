//! What a fault does with one request: nothing, another answer, or another request in its location.

use std::{
    cell::{Cell, OnceCell},
    sync::Arc,
};

use serde_json::Value;

use crate::{
    model::Contract,
    reference::{Identity, ReferenceEndpoint},
    wire::{
        ErrorIdentity, Protocol, Request, Response,
        protocol::{called, protocol_of, split_call},
        sigv4::{CredentialScope, amz_date, sign},
    },
};

/// A fault at work. It may remember what it saw.
pub(super) trait Behaviour: Send {
    /// The deviating answer; `None` where the reference's own is to be given. A behaviour that has asked the
    /// reference already gives what it got, deviating or not.
    fn answer(&mut self, asked: &AskedCall<'_>) -> Option<Response>;
}

/// A request, and the reference behind the mutant.
pub(super) struct AskedCall<'a> {
    pub(super) request: &'a Request,
    /// The real time, in seconds since 1970.
    pub(super) real_now: f64,
    /// The reference behind.
    pub(super) endpoint: &'a ReferenceEndpoint,
    contracts: &'a [Arc<Contract>],
    input: OnceCell<Option<Value>>,
    deviated: Cell<bool>,
}

impl<'a> AskedCall<'a> {
    pub(super) fn new(
        request: &'a Request,
        real_now: f64,
        contracts: &'a [Arc<Contract>],
        endpoint: &'a ReferenceEndpoint,
    ) -> Self {
        Self { request, real_now, endpoint, contracts, input: OnceCell::new(), deviated: Cell::new(false) }
    }

    /// Notes that the answer is not, or what was done is not, what the reference would have given or done.
    pub(super) fn deviate(&self) {
        self.deviated.set(true);
    }

    /// Whether a fault took effect.
    pub(super) fn deviated(&self) -> bool {
        self.deviated.get()
    }

    /// What the reference answers.
    pub(super) fn reference(&self) -> Response {
        self.endpoint.handle(self.request, self.real_now)
    }

    /// What the reference would answer, without anything being done.
    pub(super) fn rehearsed(&self) -> Response {
        let before = self.endpoint.snapshot();
        let response = self.reference();
        self.endpoint.restore(&before);
        response
    }

    /// What the reference answers to another request.
    pub(super) fn instead(&self, request: &Request) -> Response {
        self.endpoint.handle(request, self.real_now)
    }

    /// The operation as the request names it.
    pub(super) fn target(&self) -> &str {
        called(self.request).unwrap_or_default()
    }

    /// Whether it calls that operation, or calls none that there is in the protocol of that operation's service.
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

    /// Whether it calls the reference's own paths, which are no part of any contract.
    pub(super) fn is_control(&self) -> bool {
        self.request.target.starts_with("/_wireproof/")
    }

    /// Whether it asks for an operation that changes nothing.
    pub(super) fn is_read(&self) -> bool {
        is_read(self.target())
    }

    /// The input, where the body is a JSON object.
    pub(super) fn input(&self) -> Option<&Value> {
        let read = || serde_json::from_slice::<Value>(&self.request.body).ok().filter(Value::is_object);
        self.input.get_or_init(read).as_ref()
    }

    /// The texts of the input: one of them names the resource.
    pub(super) fn texts(&self) -> Vec<String> {
        let members = self.input().and_then(Value::as_object).into_iter().flat_map(|members| members.values());
        members.filter_map(Value::as_str).map(str::to_owned).collect()
    }

    /// The same call with another input, signed anew.
    pub(super) fn with_input(&self, input: &Value) -> Request {
        self.signed(Request { body: input.to_string().into(), ..self.request.clone() })
    }

    /// A request signed by whoever signed this one, for the region that it was signed for; by the owner, where
    /// nobody known did.
    pub(super) fn signed(&self, request: Request) -> Request {
        let (identity, region) = self.signer();
        self.signed_by(request, &identity, &region)
    }

    /// A request signed by that identity, for that region, now.
    pub(super) fn signed_by(&self, mut request: Request, identity: &Identity, region: &str) -> Request {
        request.headers.remove("authorization");
        request.headers.set("content-length", request.body.len().to_string());
        let service = self.signing_name_of(&request);
        let scope = CredentialScope { region: region.to_owned(), service };
        #[expect(clippy::cast_possible_truncation, reason = "a signature's date has whole seconds")]
        sign(&mut request, identity.credentials(), &scope, self.real_now as i64, None);
        request
    }

    /// Who signed, and for which region, as the authorization header says.
    pub(super) fn signer(&self) -> (Identity, String) {
        let scope = self.scope();
        let known = Identity::defaults()
            .into_iter()
            .find(|identity| scope.first().is_some_and(|key| identity.credentials().access_key_id == *key));
        let region = scope.get(2).copied().unwrap_or("us-east-1");
        (known.unwrap_or_else(Identity::test), region.to_owned())
    }

    /// Key, date, region, service and end of the credential scope; empty where there is none.
    pub(super) fn scope(&self) -> Vec<&str> {
        let authorization = self.request.headers.get("authorization").unwrap_or_default();
        let credential = authorization.split_once("Credential=").map_or("", |(_, rest)| rest);
        let credential = credential.split([',', ' ']).next().unwrap_or_default();
        credential.split('/').filter(|_| !credential.is_empty()).collect()
    }

    /// The signing name of the service that the request is about.
    pub(super) fn signing_name(&self) -> String {
        self.signing_name_of(self.request)
    }

    /// The region that the request is signed for.
    pub(super) fn region(&self) -> String {
        self.signer().1
    }

    /// Whether the request is dated later than now.
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

/// Whether the operation of a target changes nothing, as AWS names such operations.
pub(super) fn is_read(target: &str) -> bool {
    let operation = split_call(target).map_or("", |(_, operation)| operation);
    ["Get", "List", "BatchGet", "Describe"].iter().any(|verb| operation.starts_with(verb))
}

/// Whether an answer is a success.
pub(super) fn is_success(response: &Response) -> bool {
    response.status == 200
}

/// The name of the error that an answer of the reference gives.
pub(super) fn error_of(response: &Response) -> Option<String> {
    if is_success(response) {
        return None;
    }
    let body: Value = serde_json::from_slice(&response.body).ok()?;
    ErrorIdentity::of(response, Some(&body)).name
}

/// Whether an error says that the caller is not known.
pub(super) fn is_of_signature(error: &str) -> bool {
    const ERRORS: [&str; 5] = [
        "IncompleteSignatureException",
        "InvalidSignatureException",
        "MissingAuthenticationTokenException",
        "RequestExpired",
        "UnrecognizedClientException",
    ];
    ERRORS.contains(&error)
}

/// Gives an answer another body, with the length that it has.
pub(super) fn set_body(response: &mut Response, body: impl Into<bytes::Bytes>) {
    response.body = body.into();
    response.headers.set("content-length", response.body.len().to_string());
}

/// Changes the body of an answer, where that is JSON.
pub(super) fn change_body(response: &mut Response, change: impl FnOnce(&mut Value)) {
    if let Ok(mut body) = serde_json::from_slice::<Value>(&response.body) {
        change(&mut body);
        set_body(response, body.to_string());
    }
}

/// Which answers of one operation a fault is about.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum ResponseRule {
    Successes,
    Refusals,
    /// Refusals with the error of that name.
    Error(String),
}

impl ResponseRule {
    fn include(&self, response: &Response) -> bool {
        match self {
            Self::Successes => is_success(response),
            Self::Refusals => !is_success(response),
            Self::Error(name) => error_of(response).as_deref() == Some(name),
        }
    }
}

/// Alters answers of one operation; the operation itself is done as the reference does it.
pub(super) struct Altered<F> {
    pub(super) target: String,
    pub(super) answers: ResponseRule,
    pub(super) alter: F,
}

impl<F: FnMut(&mut Response) + Send> Behaviour for Altered<F> {
    fn answer(&mut self, asked: &AskedCall<'_>) -> Option<Response> {
        if asked.is_control() || !asked.is_about(&self.target) {
            return None;
        }
        let right = asked.reference();
        let mut response = right.clone();
        if self.answers.include(&response) {
            (self.alter)(&mut response);
        }
        if response != right {
            asked.deviate();
        }
        Some(response)
    }
}

/// Understands requests otherwise than they are: the reference answers another one in their location.
pub(super) struct Understood<F> {
    pub(super) rewrite: F,
}

impl<F: FnMut(&AskedCall<'_>) -> Option<Request> + Send> Behaviour for Understood<F> {
    fn answer(&mut self, asked: &AskedCall<'_>) -> Option<Response> {
        let other = if asked.is_control() { None } else { (self.rewrite)(asked) };
        other.map(|request| {
            asked.deviate();
            asked.instead(&request)
        })
    }
}
