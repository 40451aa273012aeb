//! Endpoints that ignore the contract: no case may conform on them.

use std::sync::{Arc, Mutex, PoisonError};

use bytes::Bytes;

use super::{
    behavior::{ReceivedCall, is_success, set_body},
    sample::Sample,
};
use crate::{
    model::Contract,
    reference::{Clock, ReferenceEndpoint},
    run::transport::Reply,
    wire::{
        AwsJson, Protocol as _, Request, Response,
        protocol::{ErrorResponse, REQUEST_ID_HEADER, RoutingError, ServerProtocol as _, protocol_of},
    },
};

/// Responds to a request of the case with that ID. May keep state.
type Responder = Box<dyn FnMut(&ReceivedCall<'_>, &str) -> Reply + Send>;

/// An endpoint that responds without regard to the request.
#[derive(Clone)]
pub struct ConstantEndpoint {
    pub name: String,
    /// Its response, in one line.
    pub says: String,
    start: Arc<dyn Fn() -> Responder + Send + Sync>,
}

impl std::fmt::Debug for ConstantEndpoint {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("ConstantEndpoint").field("name", &self.name).finish_non_exhaustive()
    }
}

/// A running [`ConstantEndpoint`].
pub struct ConstantTransport {
    reference: ReferenceEndpoint,
    contracts: Vec<Arc<Contract>>,
    responder: Mutex<Responder>,
    responses: Mutex<u64>,
    case: Mutex<String>,
}

impl ConstantEndpoint {
    /// All constant endpoints for these contracts: fixed responses, each declared error of each operation under test,
    /// and endpoints with state.
    #[must_use]
    pub fn all(contracts: &[(String, Arc<Contract>)], sample: &Sample) -> Vec<Self> {
        let mut all = constants();
        for (service, contract) in contracts {
            let Ok(protocol) = protocol_of(contract) else { continue };
            for (name, seen) in sample.operations(service).filter(|(_, seen)| seen.under_test) {
                let content_type = protocol.content_type();
                if let Some(output) = &seen.output {
                    let says = format!("200 with the output of {name} for every request");
                    all.push(constant(&format!("always-{name}"), &says, 200, content_type, output.to_string()));
                }
                for error in contract.operation(name).into_iter().flat_map(|operation| &operation.errors) {
                    let shape = contract.shape(error);
                    let response = ErrorResponse { name: error.name(), shape, status: 400, message: "No." };
                    let body = protocol.write_error(&response).body;
                    let says = format!("400 {}, which {name} declares, for every request", error.name());
                    all.push(constant(&format!("always-{name}-{}", error.name()), &says, 400, content_type, body));
                }
            }
        }
        all.extend(stateful(sample));
        all
    }

    /// Starts the endpoint. Those that need correct responses get them from a copy of `pristine`.
    #[must_use]
    pub fn start(&self, pristine: &ReferenceEndpoint, contracts: Vec<Arc<Contract>>) -> ConstantTransport {
        ConstantTransport {
            reference: pristine.fork(Clock::new()),
            contracts,
            responder: Mutex::new((self.start)()),
            responses: Mutex::new(0),
            case: Mutex::new(String::new()),
        }
    }
}

impl std::fmt::Debug for ConstantTransport {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("ConstantTransport").finish_non_exhaustive()
    }
}

impl ConstantTransport {
    /// Sets the case of the next requests. No real endpoint knows it, and even this knowledge must not help.
    pub fn begin(&self, case: &str) {
        case.clone_into(&mut self.case.lock().unwrap_or_else(PoisonError::into_inner));
    }

    /// Handles a request that arrived at the real time `real_now`, in seconds since 1970.
    #[must_use]
    pub fn handle(&self, request: &Request, real_now: f64) -> Reply {
        let received = ReceivedCall::new(request, real_now, &self.contracts, &self.reference);
        let case = self.case.lock().unwrap_or_else(PoisonError::into_inner);
        let mut reply = (self.responder.lock().unwrap_or_else(PoisonError::into_inner))(&received, &case);
        if let Reply::Answer(response) = &mut reply {
            let mut responses = self.responses.lock().unwrap_or_else(PoisonError::into_inner);
            *responses += 1;
            // Vary the request ID. Else it alone would be a finding in every case but the first.
            response.headers.set(REQUEST_ID_HEADER, format!("00000000-0000-4000-8000-{:012}", *responses));
        }
        reply
    }
}

fn endpoint(name: &str, says: &str, start: impl Fn() -> Responder + Send + Sync + 'static) -> ConstantEndpoint {
    ConstantEndpoint { name: name.to_owned(), says: says.to_owned(), start: Arc::new(start) }
}

fn constant(name: &str, says: &str, status: u16, content_type: &str, body: impl Into<Bytes>) -> ConstantEndpoint {
    let headers = [("content-type", content_type)].into_iter().collect();
    let mut response = Response { status, headers, ..Response::default() };
    set_body(&mut response, body);
    endpoint(name, says, move || {
        let response = response.clone();
        Box::new(move |_, _| Reply::Answer(response.clone()))
    })
}

fn constants() -> Vec<ConstantEndpoint> {
    let json = CONSTANT_PROTOCOL.content_type();
    vec![
        constant("empty-success", "200 with an empty body", 200, json, ""),
        constant("empty-object", "200 with an empty object", 200, json, "{}"),
        constant("empty-not-found", "404 with an empty body", 404, json, ""),
        constant("html", "404 with an HTML page", 404, "text/html", "<html><h1>404 Not Found</h1></html>"),
        constant(
            "unknown-operation",
            "400 UnknownOperationException for every request",
            400,
            json,
            error_body(RoutingError::NAME),
        ),
        constant(
            "access-denied",
            "400 AccessDeniedException for every request",
            400,
            json,
            error_body("AccessDeniedException"),
        ),
        constant("server-error", "500 InternalFailure", 500, json, error_body("InternalFailure")),
        constant("not-implemented", "501 with an empty object", 501, json, "{}"),
        endpoint("echo", "200 with the body of the request", move || {
            Box::new(move |received, _| {
                let headers = [("content-type", json)].into_iter().collect();
                let mut response = Response { status: 200, headers, ..Response::default() };
                set_body(&mut response, received.request.body.clone());
                Reply::Answer(response)
            })
        }),
        endpoint("silent", "accepts a request and never responds", || Box::new(|_, _| Reply::Silence)),
        endpoint("closing", "closes the connection without a response", || Box::new(|_, _| Reply::Close)),
    ]
}

/// The protocol of endpoints without a service.
const CONSTANT_PROTOCOL: AwsJson = AwsJson::V1_1;

fn error_body(name: &str) -> Bytes {
    CONSTANT_PROTOCOL.write_error(&ErrorResponse { name, shape: None, status: 400, message: "No." }).body
}

fn stateful(sample: &Sample) -> Vec<ConstantEndpoint> {
    let (outputs, script) = (sample.outputs(), sample.script());
    vec![
        endpoint(
            "parrot",
            "the correct error of each case that expects one, for every request; else a declared error",
            move || {
                let script = script.clone();
                Box::new(move |received, case| {
                    let rejected = || rejected(&received.reference());
                    Reply::Answer(script.get(case).cloned().unwrap_or_else(rejected))
                })
            },
        ),
        endpoint("last-success", "the previous success for every request", || {
            let mut last = None;
            Box::new(move |received, _| {
                let right = received.reference();
                let before = if is_success(&right) { last.replace(right.clone()) } else { last.clone() };
                // Before the first success, a response that no operation has.
                let none = || {
                    let mut none = Response { status: 200, ..right };
                    set_body(&mut none, "{}");
                    none
                };
                Reply::Answer(before.unwrap_or_else(none))
            })
        }),
        endpoint("other-operation", "a correct response of another operation", move || {
            let outputs = outputs.clone();
            Box::new(move |received, _| {
                let mut response = Response { status: 200, ..received.reference() };
                let other = outputs.iter().find(|(target, _)| target != received.target() && !target.is_empty());
                set_body(&mut response, other.map_or_else(String::new, |(_, output)| output.to_string()));
                Reply::Answer(response)
            })
        }),
    ]
}

/// A rejection instead of a success.
fn rejected(right: &Response) -> Response {
    let mut response = Response { status: 400, ..right.clone() };
    set_body(&mut response, error_body("ValidationException"));
    response
}
