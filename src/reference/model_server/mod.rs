//! The model server: an endpoint derived from a model alone, for any service in any protocol.
//!
//! It authenticates its callers as the reference implementation does, rejects every request that violates the model or
//! the protocol, and responds to any other one with a valid example of the output. What is created exists until it is
//! deleted, unless the server has no states. Checks run in this order: routing, the signature, the form of the request,
//! types, constraints, states.

mod echo;
mod model_fault;
mod model_rejection;
mod resource_states;

use std::{
    borrow::Cow,
    cmp::Reverse,
    collections::BTreeMap,
    sync::{Arc, OnceLock},
};

use serde_json::{Value, json};

use super::{
    auth::authenticate_by,
    clock::real_now,
    identity::Identity,
    ids::Ids,
    response::{common_status, seal},
    server::{BODY_LIMIT, HttpEndpoint},
};
use crate::{
    model::{Contract, DefaultsBy, MemberBinding, Operation, PayloadSide, Schemas, ShapeId, ShapeRule, Violation},
    probe::{Examples, Unbuildable},
    wire::{
        Request, Response, UnknownProtocol,
        compression::{called_operation, uncompressed},
        protocol::{ErrorResponse, InputError, ServerProtocol, TypeFault, protocol_named, protocol_of, stream_member},
        sigv4::SigningProfile,
    },
};

use echo::echo;
pub use model_fault::{ConstraintSite, ModelFault, SpoiltError, SpoiltOutput};
use model_rejection::{ModelRejection, constraint_message};
pub use resource_states::StateFault;
use resource_states::{ResourceStates, StateRejection, StatefulCall};

/// An endpoint derived from a model alone.
#[derive(Debug)]
pub struct ModelServer {
    contract: Arc<Contract>,
    spoken: Arc<[SpokenProtocol]>,
    identities: Vec<Identity>,
    ids: Ids,
    fault: Option<ModelFault>,
    /// `None`: the server has no states.
    states: Option<ResourceStates>,
}

/// A protocol of the server, with what is compiled for it.
#[derive(Debug)]
struct SpokenProtocol {
    protocol: &'static dyn ServerProtocol,
    schemas: Arc<Schemas>,
    examples: Examples,
    outputs: BTreeMap<String, OnceLock<Result<Value, Unbuildable>>>,
}

impl ModelServer {
    /// The server of a model, with states: in one protocol, or in all supported ones of the model.
    ///
    /// # Errors
    /// The model has no supported protocol, and none is given.
    pub fn new(
        contract: Arc<Contract>,
        protocol: Option<&'static dyn ServerProtocol>,
    ) -> Result<Self, UnknownProtocol> {
        let protocols = match protocol {
            Some(protocol) => vec![protocol],
            None => all_protocols(&contract)?,
        };
        let spoken = protocols.into_iter().map(|protocol| SpokenProtocol::new(&contract, protocol)).collect();
        let states = Some(ResourceStates::default());
        Ok(Self { contract, spoken, identities: Identity::defaults(), ids: Ids::new(), fault: None, states })
    }

    /// The same server without states: every valid request is accepted.
    #[must_use]
    pub fn stateless(self) -> Self {
        Self { states: None, ..self }
    }

    /// The same server with one fault, and without resources. It shares what is compiled.
    #[must_use]
    pub fn with_fault(&self, fault: ModelFault) -> Self {
        Self {
            contract: Arc::clone(&self.contract),
            spoken: Arc::clone(&self.spoken),
            identities: self.identities.clone(),
            ids: Ids::new(),
            fault: Some(fault),
            states: self.states.as_ref().map(ResourceStates::emptied),
        }
    }

    /// The names of its protocols.
    pub fn protocols(&self) -> impl Iterator<Item = &'static str> {
        self.spoken.iter().map(|spoken| spoken.protocol.id())
    }

    /// Responds to a request that arrives now.
    #[must_use]
    pub fn respond(&self, request: &Request) -> Response {
        self.handle(request, real_now())
    }

    /// Responds to a request that arrived at the real time `real_now`, in epoch seconds.
    #[must_use]
    pub fn handle(&self, request: &Request, real_now: f64) -> Response {
        let mut response = self.response(request, real_now);
        if request.method == "HEAD" {
            response.body = bytes::Bytes::new();
        }
        seal(response, self.ids.uuid(), real_now)
    }

    fn response(&self, request: &Request, real_now: f64) -> Response {
        let Some(spoken) = self.recognized(request) else {
            return Response { status: 404, ..Response::default() };
        };
        let operation = match called_operation(spoken.protocol, &self.contract, request, BODY_LIMIT) {
            Ok(operation) => operation,
            Err(error) => {
                let name = spoken.protocol.routing_error_name(&error);
                let rejection = ModelRejection::new(name, error.status(), error.to_string());
                return self.reject(spoken, None, &rejection);
            }
        };
        match self.call(spoken, operation, request, real_now) {
            Ok(output) => self.succeed(spoken, operation, &output),
            Err(rejection) => self.reject(spoken, Some(operation), &rejection),
        }
    }

    /// The protocol that recognizes most of a request; of equal ones, the first.
    fn recognized(&self, request: &Request) -> Option<&SpokenProtocol> {
        self.spoken.iter().min_by_key(|spoken| Reverse(spoken.protocol.recognize(&self.contract, request)))
    }

    fn call(
        &self,
        spoken: &SpokenProtocol,
        operation: &Operation,
        request: &Request,
        real_now: f64,
    ) -> Result<Value, ModelRejection> {
        self.authenticate(spoken, operation, request, real_now)?;
        let unreadable = |error: &InputError| {
            ModelRejection::new(spoken.protocol.input_error_name(error), error.status(), error.to_string())
        };
        let request = uncompressed(operation, request, BODY_LIMIT)
            .map_err(|error| ModelRejection::new("SerializationException", 400, error.to_string()))?;
        let input =
            spoken.protocol.parse_input(&self.contract, operation, &request).map_err(|error| unreadable(&error))?;
        let input = self.contract.without_null_members(&operation.input, &input);
        self.validate(spoken, operation, &input)?;
        self.output(spoken, operation, &spoken.with_defaults(&self.contract, &operation.input, &input))
    }

    fn authenticate(
        &self,
        spoken: &SpokenProtocol,
        operation: &Operation,
        request: &Request,
        real_now: f64,
    ) -> Result<(), ModelRejection> {
        let Some(profile) = SigningProfile::of_operation(&self.contract, operation) else { return Ok(()) };
        let profile = profile.of_request(request);
        let name = &self.contract.service().signing_name;
        let caller = authenticate_by(&profile, request, &self.identities, name, real_now);
        caller.map(|_| ()).map_err(|rejection| {
            let name = spoken.protocol.auth_error_name(rejection.error);
            ModelRejection::new(name, common_status(name), rejection.message)
        })
    }

    /// Rejects an input that violates the model: wrong types first, then constraints.
    fn validate(&self, spoken: &SpokenProtocol, operation: &Operation, input: &Value) -> Result<(), ModelRejection> {
        let violations = spoken.schemas.violations(&operation.input, PayloadSide::Input, input);
        let violations = violations.map_err(|error| ModelRejection::internal(error.to_string()))?;
        let (mistyped, invalid): (Vec<Violation>, Vec<Violation>) = violations
            .into_iter()
            .filter(|violation| self.checks(operation, violation))
            .partition(|violation| is_type(violation.rule));
        if let Some(violation) = mistyped.first() {
            let message = format!("{} is not {}", violation.pointer, violation.expected);
            let fault = TypeFault { pointer: violation.pointer.clone(), expected: "a value of its type" };
            let error = InputError::Type(fault);
            return Err(ModelRejection::new(spoken.protocol.input_error_name(&error), error.status(), message));
        }
        let Some(first) = invalid.first() else { return Ok(()) };
        let name = spoken.protocol.constraint_error_name(first.rule == ShapeRule::Required);
        Err(ModelRejection::new(name, 400, constraint_message(&invalid)))
    }

    fn checks(&self, operation: &Operation, violation: &Violation) -> bool {
        let is_constraint = !matches!(violation.rule, ShapeRule::UnknownMember | ShapeRule::PatternUndecided);
        let is_unchecked =
            || self.fault.as_ref().is_some_and(|fault| fault.forgives(&self.contract, operation, violation));
        is_constraint && !is_unchecked()
    }

    /// A valid output: the example, with the members of the input that it has, too.
    fn output(&self, spoken: &SpokenProtocol, operation: &Operation, input: &Value) -> Result<Value, ModelRejection> {
        let example = spoken.example(operation).map_err(|error| ModelRejection::internal(error.to_string()))?;
        let example = spoken.with_defaults(&self.contract, &operation.output, example);
        let example = self.of_http(spoken, operation, example);
        let echoed = echo(&self.contract, operation, input, &example);
        let stream = stream_member(&self.contract, &operation.output).map(|member| member.name.as_str());
        let is_valid = |output: &Value| {
            let mut output = output.clone();
            if let (Some(name), Some(members)) = (stream, output.as_object_mut()) {
                members.shift_remove(name);
            }
            let violations = spoken.schemas.violations(&operation.output, PayloadSide::Output, &output);
            violations.is_ok_and(|violations| violations.is_empty())
        };
        let output = if is_valid(&echoed) { echoed } else { example };
        let mut output = self.with_states(spoken, operation, input, output, &is_valid)?;
        // A stream is a list of events.
        if let Some(event) = stream.and_then(|name| output.get_mut(name)) {
            *event = json!([event.take()]);
        }
        Ok(output)
    }

    /// The output with what is kept of the resources of earlier calls.
    fn with_states(
        &self,
        spoken: &SpokenProtocol,
        operation: &Operation,
        input: &Value,
        output: Value,
        is_valid: &dyn Fn(&Value) -> bool,
    ) -> Result<Value, ModelRejection> {
        let (Some(states), Some(input)) = (&self.states, input.as_object()) else { return Ok(output) };
        let call = StatefulCall {
            contract: &self.contract,
            operation,
            input,
            examples: &spoken.examples,
            output,
            is_valid,
            fault: self.fault.as_ref().and_then(ModelFault::of_states),
        };
        states.respond(&call).map_err(|rejection| match rejection {
            StateRejection::Absent(name) => ModelRejection::new(name, 404, "The resource does not exist"),
            StateRejection::Duplicate(name) => ModelRejection::new(name, 409, "The resource exists already"),
            StateRejection::Token(name) => {
                let common = || spoken.protocol.constraint_error_name(false).into();
                let name = name.map_or_else(common, Cow::Owned);
                ModelRejection::new(name, 400, "The token of the page was not returned for this request")
            }
            StateRejection::Crash => ModelRejection::internal("The resource does not exist".to_owned()),
        })
    }

    /// The output with the status of a success, and without optional headers that describe the bytes of the message.
    fn of_http(&self, spoken: &SpokenProtocol, operation: &Operation, mut output: Value) -> Value {
        let Some(values) = output.as_object_mut() else { return output };
        for member in self.contract.members(&operation.output) {
            match member.binding(PayloadSide::Output) {
                MemberBinding::Status if values.contains_key(&member.name) => {
                    values.insert(member.name.clone(), spoken.protocol.success_status(operation).into());
                }
                MemberBinding::Header(name) if !member.traits.required() && describes_message(name) => {
                    values.shift_remove(&member.name);
                }
                _ => {}
            }
        }
        output
    }

    fn succeed(&self, spoken: &SpokenProtocol, operation: &Operation, output: &Value) -> Response {
        let fault = self.fault.as_ref().and_then(|fault| fault.of_output(operation));
        let output = fault.map_or_else(|| output.clone(), |fault| fault.output(output));
        let mut response = spoken.protocol.write_output(&self.contract, operation, &output);
        if let Some(fault) = fault {
            fault.change(&mut response);
        }
        response
    }

    fn reject(&self, spoken: &SpokenProtocol, operation: Option<&Operation>, rejection: &ModelRejection) -> Response {
        let fault = self.fault.as_ref().and_then(|fault| fault.of_error(operation?));
        let name = if fault == Some(SpoiltError::Name) { "WireproofSpoilt" } else { rejection.name.as_ref() };
        let shape = operation.and_then(|operation| self.contract.error(operation, name));
        let status = shape.map_or(rejection.status, |shape| spoken.protocol.error_status(shape));
        let status = if fault == Some(SpoiltError::Status) { 500 } else { status };
        let members = operation.zip(shape).and_then(|(operation, shape)| {
            let mut members = spoken.examples.error(operation, &shape.id).ok()?;
            let own = self.contract.members(&shape.id).iter();
            let mut names = own.map(|member| &member.name).filter(|name| name.eq_ignore_ascii_case("message"));
            if let Some(name) = names.next() {
                members[name] = rejection.message.as_str().into();
            }
            Some(members)
        });
        let error = ErrorResponse { name, shape, status, message: &rejection.message, members: members.as_ref() };
        spoken.protocol.write_error(Some(&self.contract), &error)
    }
}

impl HttpEndpoint for ModelServer {
    fn handle(&self, request: &Request, real_now: f64) -> Response {
        Self::handle(self, request, real_now)
    }

    fn too_large(&self, request: &Request, real_now: f64) -> Response {
        let message = format!("The body of the request is larger than {BODY_LIMIT} bytes");
        let rejection = ModelRejection::new("RequestEntityTooLargeException", 413, message);
        let response = self.recognized(request).map(|spoken| self.reject(spoken, None, &rejection));
        seal(response.unwrap_or_default(), self.ids.uuid(), real_now)
    }
}

impl SpokenProtocol {
    fn new(contract: &Arc<Contract>, protocol: &'static dyn ServerProtocol) -> Self {
        let schemas = Arc::new(Schemas::new(Arc::clone(contract), protocol.body_rules()));
        let outputs = contract.operations().map(|operation| (operation.name.clone(), OnceLock::new())).collect();
        Self { protocol, examples: Examples::new(Arc::clone(&schemas), protocol), schemas, outputs }
    }

    /// A value as a server completes it.
    fn with_defaults(&self, contract: &Contract, shape: &ShapeId, value: &Value) -> Value {
        contract.with_defaults(shape, value, DefaultsBy::Server, self.protocol.body_rules().timestamp_format)
    }

    /// The example of an output, built once.
    fn example(&self, operation: &Operation) -> Result<&Value, Unbuildable> {
        let nothing = || Unbuildable::Nothing(operation.name.clone());
        let cell = self.outputs.get(&operation.name).ok_or_else(nothing)?;
        cell.get_or_init(|| self.examples.output(operation)).as_ref().map_err(Unbuildable::clone)
    }
}

fn all_protocols(contract: &Contract) -> Result<Vec<&'static dyn ServerProtocol>, UnknownProtocol> {
    let of_model = contract.service().protocols.iter().filter_map(|id| protocol_named(id.name()));
    let all: Vec<&'static dyn ServerProtocol> = of_model.collect();
    if all.is_empty() { protocol_of(contract).map(|protocol| vec![protocol]) } else { Ok(all) }
}

/// Returns whether HTTP itself gives a header a meaning for the bytes of a message.
fn describes_message(header: &str) -> bool {
    const HEADERS: [&str; 4] = ["content-encoding", "content-length", "content-range", "transfer-encoding"];
    HEADERS.iter().any(|name| name.eq_ignore_ascii_case(header))
}

fn is_type(rule: ShapeRule) -> bool {
    matches!(rule, ShapeRule::Type | ShapeRule::Timestamp | ShapeRule::Blob | ShapeRule::Null)
}

#[cfg(test)]
mod tests;
