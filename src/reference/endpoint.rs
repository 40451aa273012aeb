//! A request in, its answer out: the whole behaviour of the reference, without a socket.
//!
//! The order of the checks is the one that real services of these protocols were seen to keep: path, target and
//! content type, JSON syntax, authentication, authorization, the JSON types of members, constraints, and only
//! then the service. A request under another content type names no operation of the protocol, and is refused as
//! an unknown one.

use std::{
    collections::BTreeMap,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};

use serde_json::{Value, json};
use thiserror::Error;

use super::{
    answer,
    auth::authenticate,
    clock::Clock,
    control::{self, CLOCK_PATH, STATE_PATH, SetupRequest},
    identity::Identity,
    ids::Ids,
    service::{ReferenceService, Refusal, ServiceCall},
    services,
};
use crate::{
    model::{Contract, Operation, PayloadSide, Schemas, ShapeRule, Violation},
    wire::{Protocol, Request, Response, UnknownProtocol, json as strict_json, protocol},
};

/// The largest body of a request, in bytes.
pub(super) const BODY_LIMIT: usize = 16 * 1024 * 1024;

/// Why an endpoint cannot answer for a contract.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
#[non_exhaustive]
pub enum ReferenceError {
    /// No contract at all.
    #[error("the reference was given no contract; give it at least one of {known}")]
    NoContract {
        /// The services that are implemented here.
        known: String,
    },
    /// A contract of a service that is not implemented here.
    #[error("the reference does not implement {service}; it implements {known}")]
    NotImplemented {
        /// The service of the contract.
        service: String,
        /// The services that are implemented here.
        known: String,
    },
    /// Two contracts of one service.
    #[error("two contracts describe {service}; give the reference one of them")]
    Twice {
        /// The service of both contracts.
        service: String,
    },
    /// A contract of a protocol that is not known here.
    #[error(transparent)]
    Protocol(#[from] UnknownProtocol),
}

/// The reference as a function of requests, its state and its clock.
pub struct ReferenceEndpoint {
    hosted: BTreeMap<String, Hosted>,
    fallback: &'static dyn Protocol,
    identities: Vec<Identity>,
    clock: Clock,
    ids: Ids,
}

impl std::fmt::Debug for ReferenceEndpoint {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Endpoint").field("services", &self.hosted.keys()).finish_non_exhaustive()
    }
}

/// The state of every service of an [`Endpoint`] at one moment.
pub struct Snapshot(BTreeMap<String, Box<dyn ReferenceService>>);

impl std::fmt::Debug for Snapshot {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_tuple("Snapshot").field(&self.0.keys()).finish()
    }
}

/// A contract and what keeps it.
struct Hosted {
    contract: Arc<Contract>,
    schemas: Arc<Schemas>,
    protocol: &'static dyn Protocol,
    service: Mutex<Box<dyn ReferenceService>>,
}

impl ReferenceEndpoint {
    /// An endpoint without any state that keeps those contracts, for those callers.
    ///
    /// # Errors
    /// A contract that nothing here keeps, or two of one service.
    pub fn new(contracts: Vec<Arc<Contract>>, identities: Vec<Identity>, clock: Clock) -> Result<Self, ReferenceError> {
        let mut hosted = BTreeMap::new();
        let mut fallback = None;
        for contract in contracts {
            let name = contract.service().id.name().to_owned();
            let service = services::implementation(&name)
                .ok_or_else(|| ReferenceError::NotImplemented { service: name.clone(), known: services::names() })?;
            let protocol = protocol(&contract)?;
            fallback.get_or_insert(protocol);
            let schemas = Arc::new(Schemas::new(Arc::clone(&contract)));
            let new = Hosted { contract, schemas, protocol, service: Mutex::new(service) };
            if hosted.insert(name.clone(), new).is_some() {
                return Err(ReferenceError::Twice { service: name });
            }
        }
        let fallback = fallback.ok_or_else(|| ReferenceError::NoContract { known: services::names() })?;
        Ok(Self { hosted, fallback, identities, clock, ids: Ids::new() })
    }

    /// Answers one request, which arrived at the real time `real_now` in seconds since 1970.
    ///
    /// Signatures are judged by `real_now`; everything else by the endpoint's own clock.
    #[must_use]
    pub fn handle(&self, request: &Request, real_now: f64) -> Response {
        let path = request.target.split_once('?').map_or(request.target.as_str(), |(path, _)| path);
        let response = match (request.method.as_str(), path) {
            ("POST", "/") => self.answer(request, real_now),
            ("POST", STATE_PATH) => control_answer(control::change_state(&request.body, |setup| self.establish(setup))),
            ("POST", CLOCK_PATH) => control_answer(control::drive(&self.clock, &request.body)),
            _ => self.wrong_path(request),
        };
        answer::seal(response, self.ids.uuid(), real_now)
    }

    /// The answer to a request whose body is over the limit, and was not read to its end.
    pub(super) fn too_large(&self, request: &Request, real_now: f64) -> Response {
        let message = format!("The body of the request is larger than {BODY_LIMIT} bytes");
        let refusal = Refusal::new("RequestEntityTooLargeException", message);
        let response = answer::refusal(self.protocol_of(request), None, &refusal);
        answer::seal(response, self.ids.uuid(), real_now)
    }

    /// The clock that the services live by.
    #[must_use]
    pub fn clock(&self) -> &Clock {
        &self.clock
    }

    /// The state of every service, as it is now.
    #[must_use]
    pub fn snapshot(&self) -> Snapshot {
        Snapshot(self.hosted.iter().map(|(name, hosted)| (name.clone(), hosted.service().copy())).collect())
    }

    /// Another endpoint with the same state, from here on apart, that lives by another clock. It shares what is
    /// compiled of the contracts.
    #[must_use]
    pub fn fork(&self, clock: Clock) -> Self {
        let hosted = self.hosted.iter().map(|(name, hosted)| (name.clone(), hosted.fork())).collect();
        Self { hosted, fallback: self.fallback, identities: self.identities.clone(), clock, ids: Ids::new() }
    }

    /// Puts every service back to where it was, as if nothing had been asked since.
    pub fn restore(&self, snapshot: &Snapshot) {
        for (name, service) in &snapshot.0 {
            if let Some(hosted) = self.hosted.get(name) {
                *hosted.service() = service.copy();
            }
        }
    }

    fn wrong_path(&self, request: &Request) -> Response {
        let refusal = unknown("Operations are called by POST on the path /");
        Response { status: 404, ..answer::refusal(self.protocol_of(request), None, &refusal) }
    }

    fn answer(&self, request: &Request, real_now: f64) -> Response {
        let (hosted, operation) = match self.addressed(request) {
            Ok(addressed) => addressed,
            Err(refusal) => return answer::refusal(self.protocol_of(request), None, &refusal),
        };
        match self.call(hosted, operation, request, real_now) {
            Ok(output) => answer::json(200, hosted.protocol.content_type(), &output),
            Err(refusal) => answer::refusal(hosted.protocol, Some((&hosted.contract, operation)), &refusal),
        }
    }

    /// The service and the operation that target and content type name.
    fn addressed(&self, request: &Request) -> Result<(&Hosted, &Operation), Refusal> {
        let (service, operation) = target(request)
            .ok_or_else(|| unknown("The request needs one X-Amz-Target header of the form SERVICE.OPERATION"))?;
        let hosted = self.hosted.get(service).ok_or_else(|| unknown(format!("No service {service} is here")))?;
        let wanted = hosted.protocol.content_type();
        if !media_type(request).is_some_and(|given| given.eq_ignore_ascii_case(wanted)) {
            return Err(unknown(format!("The content type of this protocol is {wanted}")));
        }
        let operation = hosted
            .contract
            .operation(operation)
            .ok_or_else(|| unknown(format!("{service} has no operation {operation}")))?;
        Ok((hosted, operation))
    }

    fn call(&self, hosted: &Hosted, operation: &Operation, request: &Request, real_now: f64) -> Result<Value, Refusal> {
        let input = read_input(&hosted.contract, operation, &request.body)?;
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

    /// The protocol in which a request is refused that names no operation: its service's, its content type's, or
    /// the first one here.
    fn protocol_of(&self, request: &Request) -> &'static dyn Protocol {
        let by_target = target(request).and_then(|(service, _)| self.hosted.get(service));
        let by_content_type = || {
            let given = media_type(request)?;
            self.hosted.values().find(|hosted| hosted.protocol.content_type().eq_ignore_ascii_case(given))
        };
        by_target.or_else(by_content_type).map_or(self.fallback, |hosted| hosted.protocol)
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

    /// Refuses an input that breaks the model: wrong JSON types first, then constraints.
    fn check(&self, operation: &Operation, input: &Value) -> Result<(), Refusal> {
        let violations = self
            .schemas
            .violations(&operation.input, PayloadSide::Input, input)
            .map_err(|error| Refusal::new("InternalFailure", error.to_string()))?;
        let (unreadable, broken): (Vec<Violation>, Vec<Violation>) = violations
            .into_iter()
            .filter(|violation| violation.rule != ShapeRule::UnknownMember)
            .partition(|violation| {
                matches!(violation.rule, ShapeRule::Type | ShapeRule::Timestamp | ShapeRule::Blob | ShapeRule::Null)
            });
        if let Some(Violation { pointer, expected, .. }) = unreadable.first() {
            return Err(unreadable_body(format!("{pointer} is not {expected}")));
        }
        if broken.is_empty() { Ok(()) } else { Err(self.service().invalid(&operation.name, &broken)) }
    }
}

fn control_answer((status, body): (u16, Value)) -> Response {
    answer::json(status, "application/json", &body)
}

fn unknown(message: impl Into<String>) -> Refusal {
    Refusal::new("UnknownOperationException", message)
}

fn unreadable_body(message: impl Into<String>) -> Refusal {
    Refusal::new("SerializationException", message)
}

/// The two parts of the one `X-Amz-Target` header.
fn target(request: &Request) -> Option<(&str, &str)> {
    let mut values = request.headers.all("x-amz-target");
    let value = values.next().filter(|_| values.next().is_none())?;
    value.split_once('.')
}

/// The content type without its parameters, which servers of these protocols ignore.
fn media_type(request: &Request) -> Option<&str> {
    let value = request.headers.get("content-type")?;
    Some(value.split_once(';').map_or(value, |(media_type, _)| media_type).trim())
}

/// The body as a JSON object. An operation without any input may be called with an empty one.
fn read_input(contract: &Contract, operation: &Operation, body: &[u8]) -> Result<Value, Refusal> {
    if body.is_empty() && contract.members(&operation.input).is_empty() {
        return Ok(json!({}));
    }
    let document = strict_json::read(body);
    if let Some(problem) = document.problems.iter().find(|problem| problem.is_forbidden()) {
        return Err(unreadable_body(format!("The body is {problem}")));
    }
    document.value.filter(Value::is_object).ok_or_else(|| unreadable_body("The body is not a JSON object"))
}

#[cfg(test)]
mod tests {
    use rstest::rstest;

    use super::*;
    use crate::{
        model,
        reference::testing::{Bench, NOW},
        wire::{
            AwsJson, ErrorIdentity,
            sigv4::{CredentialScope, SigningFault, sign},
        },
    };

    const STOP: &str = "CodeDeploy_20141006.StopDeployment";

    /// A call of `StopDeployment` that is right but for the deployment, which nobody has.
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

    fn refused(request: &Request) -> (u16, String) {
        let response = Bench::new().handle(request);
        let body: Value = serde_json::from_slice(&response.body).unwrap();
        assert!(body["message"].is_string(), "{body}");
        (response.status, ErrorIdentity::of(&response, Some(&body)).name.unwrap_or_default())
    }

    const UNKNOWN_ID: &str = r#"{"deploymentId":"d-000000000"}"#;

    #[rstest]
    #[case::get("GET", "/", 404)]
    #[case::other_path("POST", "/x", 404)]
    #[case::two_slashes("POST", "//", 404)]
    #[case::get_state("GET", "/_wireproof/state", 404)]
    fn only_a_post_on_the_root_calls_an_operation(#[case] method: &str, #[case] target: &str, #[case] status: u16) {
        let request = Request { method: method.to_owned(), target: target.to_owned(), ..stop(UNKNOWN_ID) };
        assert_eq!(refused(&signed(request, None)), (status, "UnknownOperationException".to_owned()));
    }

    #[test]
    fn a_query_on_the_root_is_ignored() {
        let request = Request { target: "/?Action=GetDeployment".to_owned(), ..stop(UNKNOWN_ID) };
        assert_eq!(refused(&signed(request, None)).1, "DeploymentDoesNotExistException");
    }

    #[rstest]
    #[case("application/x-amz-json-1.1; charset=utf-8", "DeploymentDoesNotExistException")]
    #[case("Application/X-AMZ-JSON-1.1", "DeploymentDoesNotExistException")]
    #[case("application/x-amz-json-1.0", "UnknownOperationException")]
    #[case("application/json", "UnknownOperationException")]
    #[case("", "UnknownOperationException")]
    fn the_content_type_must_be_the_protocols_own(#[case] content_type: &str, #[case] expected: &str) {
        let mut request = stop(UNKNOWN_ID);
        request.headers.set("content-type", content_type);
        assert_eq!(refused(&signed(request, None)), (400, expected.to_owned()));
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
        assert_eq!(refused(&request), (400, "UnknownOperationException".to_owned()));
        request.headers.push("x-amz-target", STOP);
        request.headers.push("x-amz-target", STOP);
        assert_eq!(refused(&request).1, "UnknownOperationException");
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
    fn a_body_that_is_no_json_object_is_refused_before_the_signature_is_looked_at(#[case] body: &str) {
        assert_eq!(refused(&stop(body)), (400, "SerializationException".to_owned()));
        assert_eq!(refused(&signed(stop(body), None)), (400, "SerializationException".to_owned()));
    }

    #[test]
    fn bytes_that_are_not_utf_8_are_refused() {
        let request = Request { body: bytes::Bytes::from_static(b"{\"a\":\"\xff\"}"), ..stop("") };
        assert_eq!(refused(&request).1, "SerializationException");
    }

    #[rstest]
    #[case(SigningFault::None, 400, "MissingAuthenticationTokenException")]
    #[case(SigningFault::FlippedDigit, 400, "InvalidSignatureException")]
    #[case(SigningFault::UnknownKey, 403, "UnrecognizedClientException")]
    #[case(SigningFault::SkewedClock(-960), 400, "RequestExpired")]
    fn authentication_comes_before_the_types_of_members(
        #[case] fault: SigningFault,
        #[case] status: u16,
        #[case] expected: &str,
    ) {
        assert_eq!(refused(&signed(stop(r#"{"deploymentId":1}"#), Some(&fault))), (status, expected.to_owned()));
    }

    #[test]
    fn authorization_comes_before_the_types_of_members() {
        let mut request = stop(r#"{"deploymentId":1}"#);
        let scope = CredentialScope { region: "us-east-1".to_owned(), service: "codedeploy".to_owned() };
        sign(&mut request, Identity::denied().credentials(), &scope, NOW, None);
        assert_eq!(refused(&request), (400, "AccessDeniedException".to_owned()));
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
    fn types_come_before_constraints_and_these_before_the_state(#[case] body: &str, #[case] expected: &str) {
        assert_eq!(refused(&signed(stop(body), None)), (400, expected.to_owned()));
    }

    #[test]
    fn every_answer_has_an_id_of_its_own_and_the_headers_of_the_protocol() {
        let bench = Bench::new();
        let answers = [bench.handle(&signed(stop(UNKNOWN_ID), None)), bench.handle(&stop(""))];
        for answer in &answers {
            assert_eq!(answer.headers.get("content-type"), Some("application/x-amz-json-1.1"));
            assert_eq!(answer.headers.get("content-length"), Some(answer.body.len().to_string().as_str()));
            assert!(answer.headers.get("date").is_some() && answer.headers.get("content-encoding").is_none());
        }
        let ids = answers.each_ref().map(|answer| answer.headers.get("x-amzn-requestid").unwrap());
        assert_ne!(ids[0], ids[1]);
    }

    #[test]
    fn a_body_over_the_limit_has_the_status_413() {
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
        assert_eq!(post("/_wireproof/state", r#"{"state":"nobody knows this"}"#).0, 404);
        let (status, body) = post("/_wireproof/state", r#"{"state":"a deployment owned by CloudFormation"}"#);
        assert!(status == 200 && body["variables"]["deploymentId"].is_string(), "{body}");
        let other = r#"{"state":"a deployment owned by CloudFormation","params":{"service":"proton"}}"#;
        assert_eq!(post("/_wireproof/state", other).0, 404);
        let before = bench.endpoint.clock().now();
        assert_eq!(post("/_wireproof/clock", r#"{"step":7}"#).0, 200);
        assert!((bench.endpoint.clock().now() - before - 7.0).abs() < 1e-6);
    }

    #[test]
    fn a_contract_that_nothing_here_keeps_is_refused_with_what_is_kept() {
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
        fn any_request_gets_an_answer_that_refuses_it(
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
    fn the_sample_request_of_the_protocol_reaches_the_service() {
        let contract = Bench::contract();
        let operation = contract.operation("StopDeployment").unwrap();
        let input = json!({"deploymentId": "d-000000000"});
        let mut request = AwsJson::V1_1.request(&contract, operation, &input).unwrap();
        request.headers.set("host", "h");
        assert_eq!(refused(&signed(request, None)).1, "DeploymentDoesNotExistException");
    }
}
