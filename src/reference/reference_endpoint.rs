//! The behavior of the reference implementation as a function from requests to responses.
//!
//! Checks run in the observed order of real services: the protocol's routing, the syntax of the body,
//! authentication, authorization, the JSON types of members, constraints, and then the service.

use std::{
    cmp::Reverse,
    collections::BTreeMap,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};

use serde_json::Value;
use thiserror::Error;

use super::{
    auth::authenticate,
    clock::Clock,
    identity::Identity,
    ids::Ids,
    response,
    server::{BODY_LIMIT, HttpEndpoint},
    service::{ReferenceService, Rejection, ServiceCall},
    services,
    state_control::{self, CLOCK_PATH, STATE_PATH, SetupRequest},
};
use crate::{
    model::{Contract, Operation, PayloadSide, Schemas, ShapeRule, Violation},
    wire::{
        Request, Response, UnknownProtocol,
        protocol::{ErrorResponse, Recognition, RoutingError, ServerProtocol, protocol_of, state_change},
    },
};

/// Contracts that the reference implementation cannot serve.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
#[non_exhaustive]
pub enum ReferenceError {
    /// The list of contracts is empty.
    #[error("no contract for the reference implementation; give it at least one of {known}")]
    NoContract {
        /// The implemented services.
        known: String,
    },
    /// A service is not implemented.
    #[error("the reference implementation does not have {service}; it has {known}")]
    NotImplemented {
        /// The service.
        service: String,
        /// The implemented services.
        known: String,
    },
    /// Two contracts describe one service.
    #[error("two contracts describe {service}; remove one of them")]
    Twice {
        /// The service.
        service: String,
    },
    /// A service has no supported protocol.
    #[error(transparent)]
    Protocol(#[from] UnknownProtocol),
}

/// The reference implementation without a socket.
pub struct ReferenceEndpoint {
    hosted: BTreeMap<String, Hosted>,
    fallback: &'static dyn ServerProtocol,
    identities: Vec<Identity>,
    clock: Clock,
    ids: Ids,
}

impl std::fmt::Debug for ReferenceEndpoint {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Endpoint").field("services", &self.hosted.keys()).finish_non_exhaustive()
    }
}

/// The state of every service at one moment.
pub struct Snapshot(BTreeMap<String, Box<dyn ReferenceService>>);

impl std::fmt::Debug for Snapshot {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_tuple("Snapshot").field(&self.0.keys()).finish()
    }
}

/// A contract with its implementation.
struct Hosted {
    contract: Arc<Contract>,
    schemas: Arc<Schemas>,
    protocol: &'static dyn ServerProtocol,
    service: Mutex<Box<dyn ReferenceService>>,
}

impl ReferenceEndpoint {
    /// An endpoint without state that implements some contracts for some callers.
    ///
    /// # Errors
    /// A service is not implemented or has two contracts.
    pub fn new(contracts: Vec<Arc<Contract>>, identities: Vec<Identity>, clock: Clock) -> Result<Self, ReferenceError> {
        let mut hosted = BTreeMap::new();
        let mut fallback = None;
        for contract in contracts {
            let name = contract.service().id.name().to_owned();
            let service = services::implementation(&name)
                .ok_or_else(|| ReferenceError::NotImplemented { service: name.clone(), known: services::names() })?;
            let protocol = protocol_of(&contract)?;
            fallback.get_or_insert(protocol);
            let schemas = Arc::new(Schemas::new(Arc::clone(&contract), protocol.body_rules()));
            let new = Hosted { contract, schemas, protocol, service: Mutex::new(service) };
            if hosted.insert(name.clone(), new).is_some() {
                return Err(ReferenceError::Twice { service: name });
            }
        }
        let fallback = fallback.ok_or_else(|| ReferenceError::NoContract { known: services::names() })?;
        Ok(Self { hosted, fallback, identities, clock, ids: Ids::new() })
    }

    /// Responds to a request that arrived at the real time `real_now`, in epoch seconds.
    ///
    /// The age of signatures and the `Date` header depend on the real time. The services use the clock of the endpoint.
    #[must_use]
    pub fn handle(&self, request: &Request, real_now: f64) -> Response {
        let response = match state_change::posted_path(request) {
            Some(STATE_PATH) => controlled(state_control::change_state(&request.body, |setup| self.establish(setup))),
            Some(CLOCK_PATH) => controlled(state_control::control_clock(&self.clock, &request.body)),
            _ => self.respond(request, real_now),
        };
        response::seal(response, self.ids.uuid(), real_now)
    }

    /// The clock of the services.
    #[must_use]
    pub fn clock(&self) -> &Clock {
        &self.clock
    }

    /// The current state of every service.
    #[must_use]
    pub fn snapshot(&self) -> Snapshot {
        Snapshot(self.hosted.iter().map(|(name, hosted)| (name.clone(), hosted.service().copy())).collect())
    }

    /// An independent endpoint with the same state and another clock. It shares the compiled contracts.
    #[must_use]
    pub fn fork(&self, clock: Clock) -> Self {
        let hosted = self.hosted.iter().map(|(name, hosted)| (name.clone(), hosted.fork())).collect();
        Self { hosted, fallback: self.fallback, identities: self.identities.clone(), clock, ids: Ids::new() }
    }

    /// Restores the state of every service.
    pub fn restore(&self, snapshot: &Snapshot) {
        for (name, service) in &snapshot.0 {
            if let Some(hosted) = self.hosted.get(name) {
                *hosted.service() = service.copy();
            }
        }
    }

    fn respond(&self, request: &Request, real_now: f64) -> Response {
        let (hosted, operation) = match self.route(request) {
            Ok(routed) => routed,
            Err(error) => {
                let (name, status, message) = (RoutingError::NAME, error.status(), error.to_string());
                let response = ErrorResponse { name, shape: None, status, message: &message, members: None };
                return self.recognized(request).write_error(None, &response);
            }
        };
        match self.call(hosted, operation, request, real_now) {
            Ok(output) => hosted.protocol.write_output(&hosted.contract, operation, &output),
            Err(rejection) => response::rejection(hosted.protocol, Some((&hosted.contract, operation)), &rejection),
        }
    }

    /// Returns the service and the operation that a request calls.
    ///
    /// If no service has the operation, the error is that of the service that recognizes most of the request.
    fn route(&self, request: &Request) -> Result<(&Hosted, &Operation), RoutingError> {
        let mut error = None;
        for hosted in self.by_recognition(request) {
            match hosted.protocol.route(&hosted.contract, request) {
                Ok(operation) => return Ok((hosted, operation)),
                Err(other) => drop(error.get_or_insert(other)),
            }
        }
        // An endpoint hosts at least one service.
        Err(error.unwrap_or_else(|| RoutingError::Service(String::new())))
    }

    fn call(
        &self,
        hosted: &Hosted,
        operation: &Operation,
        request: &Request,
        real_now: f64,
    ) -> Result<Value, Rejection> {
        let input = hosted
            .protocol
            .parse_input(&hosted.contract, operation, request)
            .map_err(|error| unreadable(error.to_string()))?;
        let signing_name = hosted.contract.service().signing_name.as_str();
        let caller = authenticate(request, &self.identities, signing_name, real_now)?;
        caller.identity.authorize(signing_name, &operation.name)?;
        let input = hosted.contract.without_null_members(&operation.input, &input);
        hosted.check(operation, &input)?;
        hosted.service().call(ServiceCall {
            operation: &operation.name,
            input: &input,
            partition: caller.partition(),
            now: self.clock.now(),
        })
    }

    fn establish(&self, setup: SetupRequest<'_>) -> Option<Value> {
        let now = self.clock.now();
        self.hosted
            .values()
            .filter(|hosted| setup.service.is_none_or(|name| hosted.contract.service().signing_name == name))
            .find_map(|hosted| hosted.service().establish(setup.state, setup.params, setup.partition, now))
    }

    /// The hosted services, sorted by how much of a request they recognize.
    fn by_recognition(&self, request: &Request) -> Vec<&Hosted> {
        let mut hosted: Vec<&Hosted> = self.hosted.values().collect();
        hosted.sort_by_key(|hosted| Reverse(hosted.protocol.recognize(&hosted.contract, request)));
        hosted
    }

    /// The protocol for a rejection.
    ///
    /// The service that recognizes most of the request determines it. If none does, the first contract determines it.
    fn recognized(&self, request: &Request) -> &'static dyn ServerProtocol {
        let first = self.by_recognition(request).into_iter().next();
        let recognized =
            first.filter(|first| first.protocol.recognize(&first.contract, request) > Recognition::Nothing);
        recognized.map_or(self.fallback, |hosted| hosted.protocol)
    }
}

impl HttpEndpoint for ReferenceEndpoint {
    fn handle(&self, request: &Request, real_now: f64) -> Response {
        Self::handle(self, request, real_now)
    }

    fn too_large(&self, request: &Request, real_now: f64) -> Response {
        let message = format!("The body of the request is larger than {BODY_LIMIT} bytes");
        let rejection = Rejection::new("RequestEntityTooLargeException", message);
        let response = response::rejection(self.recognized(request), None, &rejection);
        response::seal(response, self.ids.uuid(), real_now)
    }
}

impl Hosted {
    fn fork(&self) -> Self {
        Self {
            contract: Arc::clone(&self.contract),
            schemas: Arc::clone(&self.schemas),
            protocol: self.protocol,
            service: Mutex::new(self.service().copy()),
        }
    }

    fn service(&self) -> MutexGuard<'_, Box<dyn ReferenceService>> {
        self.service.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Rejects an input that violates the model: wrong JSON types first, then constraints.
    fn check(&self, operation: &Operation, input: &Value) -> Result<(), Rejection> {
        let violations = self
            .schemas
            .violations(&operation.input, PayloadSide::Input, input)
            .map_err(|error| Rejection::new("InternalFailure", error.to_string()))?;
        let (mistyped, invalid): (Vec<Violation>, Vec<Violation>) = violations
            .into_iter()
            .filter(|violation| violation.rule != ShapeRule::UnknownMember)
            .partition(|violation| {
                matches!(violation.rule, ShapeRule::Type | ShapeRule::Timestamp | ShapeRule::Blob | ShapeRule::Null)
            });
        if let Some(Violation { pointer, expected, .. }) = mistyped.first() {
            return Err(unreadable(format!("{pointer} is not {expected}")));
        }
        if invalid.is_empty() { Ok(()) } else { Err(self.service().invalid(&operation.name, &invalid)) }
    }
}

fn controlled((status, body): (u16, Value)) -> Response {
    state_change::response(status, &body)
}

fn unreadable(message: impl Into<String>) -> Rejection {
    Rejection::new("SerializationException", message)
}

#[cfg(test)]
mod tests {
    use rstest::rstest;
    use serde_json::json;

    use super::*;
    use crate::{
        model,
        reference::testing::{Bench, NOW},
        wire::{
            AwsJson, ErrorIdentity, Protocol as _,
            sigv4::{CredentialScope, SigningFault, sign},
        },
    };

    const STOP: &str = "CodeDeploy_20141006.StopDeployment";

    /// A valid `StopDeployment` call, except that the deployment does not exist.
    fn stop(body: &str) -> Request {
        let headers = [("host", "h"), ("content-type", "application/x-amz-json-1.1"), ("x-amz-target", STOP)];
        Request {
            method: "POST".to_owned(),
            target: "/".to_owned(),
            headers: headers.into_iter().collect(),
            body: body.to_owned().into(),
            ..Request::default()
        }
    }

    fn signed(mut request: Request, fault: Option<&SigningFault>) -> Request {
        let scope = CredentialScope { region: "us-east-1".to_owned(), service: "codedeploy".to_owned() };
        sign(&mut request, Identity::test().credentials(), &scope, NOW, fault);
        request
    }

    fn rejected(request: &Request) -> (u16, String) {
        let response = Bench::new().handle(request);
        let body: Value = serde_json::from_slice(&response.body).unwrap();
        assert!(body["message"].is_string(), "{body}");
        (response.status, ErrorIdentity::of_json(&response, Some(&body)).name.unwrap_or_default())
    }

    const UNKNOWN_ID: &str = r#"{"deploymentId":"d-000000000"}"#;

    #[rstest]
    #[case::get("GET", "/", 404)]
    #[case::other_path("POST", "/x", 404)]
    #[case::two_slashes("POST", "//", 404)]
    #[case::get_state("GET", "/_wireproof/state", 404)]
    fn only_a_post_to_the_root_calls_an_operation(#[case] method: &str, #[case] target: &str, #[case] status: u16) {
        let request = Request { method: method.to_owned(), target: target.to_owned(), ..stop(UNKNOWN_ID) };
        assert_eq!(rejected(&signed(request, None)), (status, "UnknownOperationException".to_owned()));
    }

    #[test]
    fn a_query_on_the_root_is_ignored() {
        let request = Request { target: "/?Action=GetDeployment".to_owned(), ..stop(UNKNOWN_ID) };
        assert_eq!(rejected(&signed(request, None)).1, "DeploymentDoesNotExistException");
    }

    #[rstest]
    #[case("application/x-amz-json-1.1; charset=utf-8", "DeploymentDoesNotExistException")]
    #[case("Application/X-AMZ-JSON-1.1", "DeploymentDoesNotExistException")]
    #[case("application/x-amz-json-1.0", "UnknownOperationException")]
    #[case("application/json", "UnknownOperationException")]
    #[case("", "UnknownOperationException")]
    fn the_content_type_must_match_the_protocol(#[case] content_type: &str, #[case] expected: &str) {
        let mut request = stop(UNKNOWN_ID);
        request.headers.set("content-type", content_type);
        assert_eq!(rejected(&signed(request, None)), (400, expected.to_owned()));
    }

    #[rstest]
    #[case::absent(None)]
    #[case::empty(Some(""))]
    #[case::other_service(Some("AwsProton20200720.StopDeployment"))]
    #[case::other_version(Some("CodeDeploy_20141007.StopDeployment"))]
    #[case::other_case(Some("codedeploy_20141006.stopdeployment"))]
    #[case::unknown_operation(Some("CodeDeploy_20141006.Nothing"))]
    fn the_target_must_name_an_operation(#[case] target: Option<&str>) {
        let mut request = stop("not JSON either");
        match target {
            Some(target) => request.headers.set("x-amz-target", target),
            None => request.headers.remove("x-amz-target"),
        }
        assert_eq!(rejected(&request), (400, "UnknownOperationException".to_owned()));
        request.headers.push("x-amz-target", STOP);
        request.headers.push("x-amz-target", STOP);
        assert_eq!(rejected(&request).1, "UnknownOperationException");
    }

    #[rstest]
    #[case::empty("")]
    #[case::open("{")]
    #[case::trailing("{}x")]
    #[case::comma(r#"{"deploymentId":"d-000000000",}"#)]
    #[case::bom("\u{feff}{}")]
    #[case::array("[]")]
    #[case::text("\"x\"")]
    #[case::null("null")]
    #[case::lone_surrogate(r#"{"deploymentId":"d-\ud800"}"#)]
    fn a_body_that_is_not_a_json_object_is_rejected_before_the_signature_check(#[case] body: &str) {
        assert_eq!(rejected(&stop(body)), (400, "SerializationException".to_owned()));
        assert_eq!(rejected(&signed(stop(body), None)), (400, "SerializationException".to_owned()));
    }

    #[test]
    fn a_body_that_is_not_utf_8_is_rejected() {
        let request = Request { body: bytes::Bytes::from_static(b"{\"a\":\"\xff\"}"), ..stop("") };
        assert_eq!(rejected(&request).1, "SerializationException");
    }

    #[rstest]
    #[case(SigningFault::None, 400, "MissingAuthenticationTokenException")]
    #[case(SigningFault::FlippedDigit, 400, "InvalidSignatureException")]
    #[case(SigningFault::UnknownKey, 403, "UnrecognizedClientException")]
    #[case(SigningFault::SkewedClock(-960), 400, "RequestExpired")]
    fn authentication_runs_before_the_type_check(
        #[case] fault: SigningFault,
        #[case] status: u16,
        #[case] expected: &str,
    ) {
        assert_eq!(rejected(&signed(stop(r#"{"deploymentId":1}"#), Some(&fault))), (status, expected.to_owned()));
    }

    #[test]
    fn authorization_runs_before_the_type_check() {
        let mut request = stop(r#"{"deploymentId":1}"#);
        let scope = CredentialScope { region: "us-east-1".to_owned(), service: "codedeploy".to_owned() };
        sign(&mut request, Identity::denied().credentials(), &scope, NOW, None);
        assert_eq!(rejected(&request), (400, "AccessDeniedException".to_owned()));
    }

    #[rstest]
    #[case::number(r#"{"deploymentId":1}"#, "SerializationException")]
    #[case::list(r#"{"deploymentId":["d-000000000"]}"#, "SerializationException")]
    #[case::flag(r#"{"deploymentId":"","autoRollbackEnabled":"true"}"#, "SerializationException")]
    #[case::missing("{}", "DeploymentIdRequiredException")]
    #[case::null(r#"{"deploymentId":null}"#, "DeploymentIdRequiredException")]
    #[case::other_case(r#"{"DeploymentId":"d-000000000"}"#, "DeploymentIdRequiredException")]
    #[case::null_flag(
        r#"{"deploymentId":"d-000000000","autoRollbackEnabled":null}"#,
        "DeploymentDoesNotExistException"
    )]
    #[case::unknown_member(r#"{"deploymentId":"d-000000000","force":[null]}"#, "DeploymentDoesNotExistException")]
    #[case::last_duplicate(
        r#"{"deploymentId":"nonsense","deploymentId":"d-000000000"}"#,
        "DeploymentDoesNotExistException"
    )]
    #[case::escapes(r#"{ "\u0064eploymentId" : "d-00000000\u0030" }"#, "DeploymentDoesNotExistException")]
    fn types_are_checked_before_constraints_and_constraints_before_state(#[case] body: &str, #[case] expected: &str) {
        assert_eq!(rejected(&signed(stop(body), None)), (400, expected.to_owned()));
    }

    #[test]
    fn every_response_has_a_unique_id_and_the_headers_of_the_protocol() {
        let bench = Bench::new();
        let responses = [bench.handle(&signed(stop(UNKNOWN_ID), None)), bench.handle(&stop(""))];
        for response in &responses {
            assert_eq!(response.headers.get("content-type"), Some("application/x-amz-json-1.1"));
            assert_eq!(response.headers.get("content-length"), Some(response.body.len().to_string().as_str()));
            assert!(response.headers.get("date").is_some() && response.headers.get("content-encoding").is_none());
        }
        let ids = responses.each_ref().map(|response| response.headers.get("x-amzn-requestid").unwrap());
        assert_ne!(ids[0], ids[1]);
    }

    #[test]
    fn a_body_over_the_limit_gets_status_413() {
        let response = Bench::new().endpoint.too_large(&stop(""), 1.7e9);
        let body: Value = serde_json::from_slice(&response.body).unwrap();
        assert_eq!((response.status, &body["__type"]), (413, &json!("RequestEntityTooLargeException")));
    }

    #[test]
    fn the_control_paths_work_without_a_signature() {
        let bench = Bench::new();
        let post = |path: &str, body: &str| {
            let response = bench.handle(&Request { target: path.to_owned(), ..stop(body) });
            (response.status, serde_json::from_slice::<Value>(&response.body).unwrap())
        };
        assert_eq!(post("/_wireproof/state", r#"{"state":"an unknown state"}"#).0, 404);
        let (status, body) = post("/_wireproof/state", r#"{"state":"a deployment owned by CloudFormation"}"#);
        assert!(status == 200 && body["variables"]["deploymentId"].is_string(), "{body}");
        let other = r#"{"state":"a deployment owned by CloudFormation","params":{"service":"proton"}}"#;
        assert_eq!(post("/_wireproof/state", other).0, 404);
        let before = bench.endpoint.clock().now();
        assert_eq!(post("/_wireproof/clock", r#"{"step":7}"#).0, 200);
        assert!((bench.endpoint.clock().now() - before - 7.0).abs() < 1e-6);
    }

    #[test]
    fn an_unsupported_contract_is_an_error_that_lists_the_implemented_services() {
        let model = r#"{"smithy":"2.0","shapes":{"x#Strange":{"type":"service","version":"1",
            "traits":{"aws.protocols#awsJson1_0":{}}}}}"#;
        let start = |contracts: Vec<Arc<Contract>>| {
            ReferenceEndpoint::new(contracts, Identity::defaults(), Clock::new()).map(|_| ()).unwrap_err().to_string()
        };
        let message = start(vec![Arc::new(model::read("m", model).unwrap())]);
        assert!(message.contains("Strange") && message.contains("CodeDeploy_20141006"), "{message}");
        let same = Bench::contract();
        assert!(start(vec![Arc::clone(&same), same]).contains("two contracts"));
        assert!(start(Vec::new()).contains("no contract"));
    }

    proptest::proptest! {
        #![proptest_config(proptest::prelude::ProptestConfig::with_cases(64))]
        #[test]
        fn any_random_request_is_rejected_with_a_json_body(
            authorization in "(AWS4-HMAC-SHA256 )?(Credential=[a-z/0-9]{0,40}, ?)?(SignedHeaders=[a-zA-Z;-]{0,20},)?.{0,20}",
            date in "[0-9]{0,9}T?[0-9é]{0,7}Z?",
            body in proptest::collection::vec(proptest::prelude::any::<u8>(), 0..40),
            target in "/?[_a-z/?]{0,30}",
        ) {
            let mut request = Request { target, body: body.into(), ..stop("") };
            for (name, value) in [("authorization", authorization), ("x-amz-date", date)] {
                request.headers.push(name, value);
            }
            let response = Bench::shared().handle(&request);
            proptest::prop_assert!((400..500).contains(&response.status));
            proptest::prop_assert!(serde_json::from_slice::<Value>(&response.body).is_ok());
        }
    }

    #[test]
    fn a_request_built_by_the_protocol_reaches_the_service() {
        let contract = Bench::contract();
        let operation = contract.operation("StopDeployment").unwrap();
        let input = json!({"deploymentId": "d-000000000"});
        let mut request = AwsJson::V1_1.build_request(&contract, operation, &input).unwrap();
        request.headers.set("host", "h");
        assert_eq!(rejected(&signed(request, None)).1, "DeploymentDoesNotExistException");
    }
}
