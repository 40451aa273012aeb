//! Endpoints that ignore the contract, or keep nothing of it but a part: no case may conform on them by chance.

use std::{
    collections::{BTreeMap, BTreeSet, HashMap},
    sync::{Arc, Mutex, PoisonError},
};

use bytes::Bytes;
use serde_json::json;

use super::{
    behavior::{ReceivedCall, error_of, is_read, is_success, rejection, set_body},
    sample::Sample,
};
use crate::{
    judge::transcript::Transcript,
    model::{Contract, ShapeId},
    reference::{Clock, ReferenceEndpoint, Snapshot},
    run::transport::Reply,
    wire::{
        AwsJson, Protocol as _, Request, Response,
        protocol::{ErrorResponse, REQUEST_ID_HEADER, RoutingError, ServerProtocol as _, called, protocol_of},
    },
};

/// Responds to a request of the case with that ID, to which the reference gives that response. May keep state.
type Responder = Box<dyn FnMut(&ReceivedCall<'_>, &Response, &str) -> Reply + Send>;

/// An endpoint that responds without regard to the request, to its state, or to both.
#[derive(Clone)]
pub struct ConstantEndpoint {
    pub name: String,
    /// Its response, in one line.
    pub says: String,
    /// Creates its behavior from a reference on which nothing exists.
    start: Arc<dyn Fn(&ReferenceEndpoint) -> Responder + Send + Sync>,
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
    /// The request IDs of the responses that the reference does not give.
    deviating: Mutex<BTreeSet<String>>,
}

impl ConstantEndpoint {
    /// The ID by which a selection names it.
    #[must_use]
    pub fn id(&self) -> String {
        format!("constant/{}", self.name)
    }

    /// All constant endpoints for these contracts: fixed responses, each declared error of each operation under test,
    /// endpoints with state, patterns of responses, and endpoints that validate requests.
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
                    let response =
                        ErrorResponse { name: error.name(), shape, status: 400, message: "No.", members: None };
                    let body = protocol.write_error(Some(contract), &response).body;
                    let says = format!("400 {}, which {name} declares, for every request", error.name());
                    all.push(constant(&format!("always-{name}-{}", error.name()), &says, 400, content_type, body));
                }
            }
        }
        all.extend(stateful(sample));
        let shown = Arc::new(ShownResponses::of(contracts, sample));
        all.extend(patterns(&shown));
        all.extend(without_state(&shown));
        all
    }

    /// Starts the endpoint. Those that need correct responses get them from a copy of `pristine`.
    #[must_use]
    pub fn start(&self, pristine: &ReferenceEndpoint, contracts: Vec<Arc<Contract>>) -> ConstantTransport {
        ConstantTransport {
            reference: pristine.fork(Clock::new()),
            contracts,
            responder: Mutex::new((self.start)(pristine)),
            responses: Mutex::new(0),
            case: Mutex::new(String::new()),
            deviating: Mutex::new(BTreeSet::new()),
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
        let right = received.reference();
        let mut reply = (self.responder.lock().unwrap_or_else(PoisonError::into_inner))(&received, &right, &case);
        if let Reply::Answer(response) = &mut reply {
            let mut responses = self.responses.lock().unwrap_or_else(PoisonError::into_inner);
            *responses += 1;
            // Vary the request ID. Else it alone would be a finding in every case but the first.
            let id = format!("00000000-0000-4000-8000-{:012}", *responses);
            if (response.status, &response.body) != (right.status, &right.body) {
                self.deviating.lock().unwrap_or_else(PoisonError::into_inner).insert(id.clone());
            }
            response.headers.set(REQUEST_ID_HEADER, id);
        }
        reply
    }

    /// Returns whether every response of the transcript is that of the reference.
    #[must_use]
    pub fn responded_rightly(&self, transcript: &Transcript) -> bool {
        let deviating = self.deviating.lock().unwrap_or_else(PoisonError::into_inner);
        transcript.exchanges.iter().all(|exchange| {
            let response = exchange.outcome.as_ref().ok();
            let id = response.and_then(|response| response.headers.get(REQUEST_ID_HEADER));
            id.is_some_and(|id| !deviating.contains(id))
        })
    }
}

fn endpoint(name: &str, says: &str, start: impl Fn() -> Responder + Send + Sync + 'static) -> ConstantEndpoint {
    ConstantEndpoint { name: name.to_owned(), says: says.to_owned(), start: Arc::new(move |_| start()) }
}

fn constant(name: &str, says: &str, status: u16, content_type: &str, body: impl Into<Bytes>) -> ConstantEndpoint {
    let headers = [("content-type", content_type)].into_iter().collect();
    let mut response = Response { status, headers, ..Response::default() };
    set_body(&mut response, body);
    endpoint(name, says, move || {
        let response = response.clone();
        Box::new(move |_, _, _| Reply::Answer(response.clone()))
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
            Box::new(move |received, _, _| {
                let headers = [("content-type", json)].into_iter().collect();
                let mut response = Response { status: 200, headers, ..Response::default() };
                set_body(&mut response, received.request.body.clone());
                Reply::Answer(response)
            })
        }),
        endpoint("silent", "accepts a request and never responds", || Box::new(|_, _, _| Reply::Silence)),
        endpoint("closing", "closes the connection without a response", || Box::new(|_, _, _| Reply::Close)),
    ]
}

/// The protocol of endpoints without a service.
const CONSTANT_PROTOCOL: AwsJson = AwsJson::V1_1;

fn error_body(name: &str) -> Bytes {
    CONSTANT_PROTOCOL
        .write_error(None, &ErrorResponse { name, shape: None, status: 400, message: "No.", members: None })
        .body
}

fn stateful(sample: &Sample) -> Vec<ConstantEndpoint> {
    let (outputs, script) = (sample.outputs(), sample.script());
    vec![
        endpoint(
            "parrot",
            "the correct error of each case that expects one, for every request; else a declared error",
            move || {
                let script = script.clone();
                Box::new(move |_, right, case| {
                    Reply::Answer(script.get(case).cloned().unwrap_or_else(|| rejected(right)))
                })
            },
        ),
        endpoint("last-success", "the previous success for every request", || {
            let mut last = None;
            Box::new(move |_, right, _| {
                let before = if is_success(right) { last.replace(right.clone()) } else { last.clone() };
                // Before the first success, a response that no operation has.
                let none = || {
                    let mut none = Response { status: 200, ..right.clone() };
                    set_body(&mut none, "{}");
                    none
                };
                Reply::Answer(before.unwrap_or_else(none))
            })
        }),
        endpoint("other-operation", "a correct response of another operation", move || {
            let outputs = outputs.clone();
            Box::new(move |received, right, _| {
                let mut response = Response { status: 200, ..right.clone() };
                let other = outputs.iter().find(|(target, _)| target != received.target() && !target.is_empty());
                set_body(&mut response, other.map_or_else(String::new, |(_, output)| output.to_string()));
                Reply::Answer(response)
            })
        }),
    ]
}

/// A rejection instead of a success.
fn rejected(right: &Response) -> Response {
    rejection(right.clone(), error_body("ValidationException"))
}

/// Responses of the operations that the sample shows, by target.
struct ShownResponses {
    outputs: BTreeMap<String, Bytes>,
    /// The declared errors of the operations under test.
    errors: BTreeMap<String, Vec<Bytes>>,
}

impl ShownResponses {
    fn of(contracts: &[(String, Arc<Contract>)], sample: &Sample) -> Self {
        let outputs =
            sample.outputs().into_iter().map(|(target, output)| (target, output.to_string().into())).collect();
        let mut errors = BTreeMap::new();
        for (service, contract) in contracts {
            let Ok(protocol) = protocol_of(contract) else { continue };
            for (name, _) in sample.operations(service).filter(|(_, seen)| seen.under_test) {
                let Some(operation) = contract.operation(name) else { continue };
                let body = |error: &ShapeId| {
                    let shape = contract.shape(error);
                    protocol
                        .write_error(
                            Some(contract),
                            &ErrorResponse { name: error.name(), shape, status: 400, message: "No.", members: None },
                        )
                        .body
                };
                let request = protocol.build_request(contract, operation, &json!({}));
                let target = request.as_ref().ok().and_then(called).unwrap_or_default().to_owned();
                errors.insert(target, operation.errors.iter().map(body).collect());
            }
        }
        Self { outputs, errors }
    }

    /// A success of the called operation, as the reference once gave it.
    fn success(&self, received: &ReceivedCall<'_>, right: &Response) -> Option<Response> {
        let mut response = Response { status: 200, ..right.clone() };
        set_body(&mut response, self.outputs.get(received.target())?.clone());
        Some(response)
    }

    /// A declared error of the called operation; the number wraps around.
    fn error(&self, received: &ReceivedCall<'_>, right: &Response, number: usize) -> Option<Response> {
        let errors = self.errors.get(received.target())?;
        Some(rejection(right.clone(), errors.get(number.checked_rem(errors.len())?)?.clone()))
    }
}

/// The behavior of an endpoint that knows its operations and establishes states. For `None`, the reference responds.
fn knowing(mut respond: impl FnMut(&ReceivedCall<'_>, &Response) -> Option<Response> + Send + 'static) -> Responder {
    Box::new(move |received, right, _| {
        let own = if received.is_control() { None } else { respond(received, right) };
        Reply::Answer(own.unwrap_or_else(|| right.clone()))
    })
}

/// Endpoints with a fixed pattern of responses. Reads always succeed, because a rejected read would end most cases.
fn patterns(shown: &Arc<ShownResponses>) -> Vec<ConstantEndpoint> {
    let pattern = |name: &str, says: &str, period: &'static [bool]| {
        let shown = Arc::clone(shown);
        endpoint(name, says, move || {
            let (shown, mut calls) = (Arc::clone(&shown), HashMap::<String, usize>::new());
            knowing(move |received, right| {
                if is_read(received.target()) {
                    return shown.success(received, right);
                }
                let call = calls.entry(received.target().to_owned()).or_default();
                *call += 1;
                let (succeeds, round) = (period[*call % period.len()], *call / period.len());
                if succeeds { shown.success(received, right) } else { shown.error(received, right, round) }
            })
        })
    };
    vec![
        pattern("alternating", "a success and a declared error in turn; reads succeed", &[true, false]),
        pattern("two-to-one", "two successes and a declared error in turn; reads succeed", &[true, true, false]),
        pattern("errors-in-turn", "every declared error in turn; reads succeed", &[false]),
    ]
}

/// Endpoints that validate each request as the reference does, but remember nothing, or every response.
fn without_state(shown: &Arc<ShownResponses>) -> Vec<ConstantEndpoint> {
    let shown = Arc::clone(shown);
    let validator = ConstantEndpoint {
        name: "validator".to_owned(),
        says: "the correct response of an endpoint on which nothing exists".to_owned(),
        start: Arc::new(|pristine| {
            let empty = pristine.snapshot();
            knowing(move |received, _| Some(from_nothing(received, &empty)))
        }),
    };
    let accepting = ConstantEndpoint {
        name: "accepting-validator".to_owned(),
        says: "an error for an invalid request, and a success for every valid one".to_owned(),
        start: Arc::new(move |pristine| {
            let (shown, empty) = (Arc::clone(&shown), pristine.snapshot());
            knowing(move |received, right| {
                let response = from_nothing(received, &empty);
                let is_valid = error_of(&response).is_none_or(|error| is_of_unknown_resource(&error));
                shown.success(received, right).filter(|_| is_valid).or(Some(response))
            })
        }),
    };
    let says = "the correct response to the first of equal requests, and the same response to all others";
    let memoizing = endpoint("memoizing", says, || {
        let mut known = HashMap::<(String, Bytes), Response>::new();
        knowing(move |received, right| {
            let key = (received.target().to_owned(), received.request.body.clone());
            Some(known.entry(key).or_insert_with(|| right.clone()).clone())
        })
    });
    vec![validator, accepting, memoizing]
}

/// The response of the reference if nothing exists, without an effect.
fn from_nothing(received: &ReceivedCall<'_>, empty: &Snapshot) -> Response {
    let before = received.endpoint.snapshot();
    received.endpoint.restore(empty);
    let response = received.reference();
    received.endpoint.restore(&before);
    response
}

/// Returns whether an error says that the named resource does not exist.
fn is_of_unknown_resource(error: &str) -> bool {
    error.ends_with("DoesNotExistException") || error == "ResourceNotFoundException"
}
