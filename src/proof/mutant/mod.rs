//! Mutants: endpoints that violate the contract in exactly one way.
//!
//! A mutant is the reference with one fault. The faults follow from the models and from a [`Sample`] of a run of the
//! reference: each member of each response, each error, each constraint, each transition of a state, and each route of
//! a rejected request. Pure and synchronous, like the reference itself.

mod arn_faults;
mod behavior;
mod caller_faults;
mod claim_faults;
mod constant_endpoint;
mod depth_faults;
mod elsewhere_faults;
mod error_faults;
mod header_faults;
mod input_faults;
mod known_resources;
mod late_faults;
mod lookup_faults;
mod member_location;
mod memory_faults;
mod misread_input;
mod name_faults;
mod neighbor_faults;
mod output_faults;
mod parser_faults;
mod premature_view;
mod recorded_calls;
mod routing_faults;
mod sample;
mod signature_faults;
mod state_faults;
#[cfg(test)]
mod testing;
mod time_faults;
mod view_faults;

use std::{
    fmt,
    sync::{
        Arc, Mutex, PoisonError,
        atomic::{AtomicUsize, Ordering},
    },
};

use bytes::Bytes;
use serde::Serialize;
use serde_json::{Value, json};

use crate::{
    judge::code::Code,
    model::{Contract, Member, Operation, Shape, walk::ShapeStep},
    reference::{Clock, ReferenceEndpoint},
    wire::{
        Request, Response,
        protocol::{ErrorResponse, ServerProtocol, called, protocol_of},
    },
};

use behavior::{Behavior, ReceivedCall, Understood};
use member_location::MemberLocation;

pub use constant_endpoint::ConstantEndpoint;
pub use recorded_calls::RecordedCalls;
pub use sample::Sample;

/// The family of a fault.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum MutantFamily {
    /// A member of an output.
    Output,
    Error,
    /// A constraint of an input.
    Input,
    /// The resource that an identifier finds.
    Lookup,
    /// The syntax of a body.
    Parser,
    /// A header or the framing of a response.
    Header,
    /// The operation that a request reaches.
    Routing,
    /// An operation or an input that is read from another part of the request.
    Elsewhere,
    /// The authentication or authorization of the caller.
    Caller,
    /// Shortcuts in verifying a signature.
    Signature,
    /// The effect of a call.
    State,
    /// The response of reads about the effect.
    View,
    /// A status in the response that contradicts the state.
    Claim,
    /// Second times: remembered responses, and calls that are made again.
    Memory,
    /// How far back a rollback or a cancellation goes.
    Depth,
    /// Changes long after the response.
    Late,
    /// The neighbors of a resource, and the filters of lists.
    Neighbor,
    /// Valid names of one class of characters, or of the greatest length.
    Name,
    /// Times in responses that are far from the response's own date.
    Time,
    /// ARNs in responses that name another service, Region or account.
    Arn,
}

impl MutantFamily {
    /// Every family, in the order of reports.
    pub const ALL: [Self; 20] = [
        Self::Output,
        Self::Error,
        Self::Input,
        Self::Lookup,
        Self::Parser,
        Self::Header,
        Self::Routing,
        Self::Elsewhere,
        Self::Caller,
        Self::Signature,
        Self::State,
        Self::View,
        Self::Claim,
        Self::Memory,
        Self::Depth,
        Self::Late,
        Self::Neighbor,
        Self::Name,
        Self::Time,
        Self::Arn,
    ];

    /// The name in IDs and reports.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Output => "output",
            Self::Error => "error",
            Self::Input => "input",
            Self::Lookup => "lookup",
            Self::Parser => "parser",
            Self::Header => "header",
            Self::Routing => "routing",
            Self::Elsewhere => "elsewhere",
            Self::Caller => "caller",
            Self::Signature => "signature",
            Self::State => "state",
            Self::View => "view",
            Self::Claim => "claim",
            Self::Memory => "memory",
            Self::Depth => "depth",
            Self::Late => "late",
            Self::Neighbor => "neighbor",
            Self::Name => "name",
            Self::Time => "time",
            Self::Arn => "arn",
        }
    }
}

impl fmt::Display for MutantFamily {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

/// Creates the fault for one run, because faults may keep state.
type MutantFault = Arc<dyn Fn() -> Box<dyn Behavior> + Send + Sync>;

/// The reference with one fault.
#[derive(Clone)]
pub struct Mutant {
    /// The ID, `SERVICE/OPERATION/FAMILY/…`. Stable as long as the models are.
    pub id: String,
    pub family: MutantFamily,
    /// The folder name of the service.
    pub service: String,
    /// The operation with the fault.
    pub operation: String,
    /// The expected checks. At least one of them must detect it.
    pub kind: &'static [Code],
    /// The fault, in one line.
    pub says: String,
    /// The responses that can show it.
    scope: FaultScope,
    memory: FaultMemory,
    fault: MutantFault,
}

/// What a fault depends on, besides a request and the response of the reference.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum FaultMemory {
    Nothing,
    /// On calls that have its body, or a text of its input in their input or output.
    Calls,
    /// On anything, such as the time or the state of the reference.
    Anything,
}

/// The responses of an operation that can show a fault.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
enum FaultScope {
    /// Any response.
    Anywhere,
    Success,
    /// An error with that name.
    Error(String),
    /// A success with a member at that location.
    Member(MemberLocation),
}

impl fmt::Debug for Mutant {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Mutant").field("id", &self.id).finish_non_exhaustive()
    }
}

impl Mutant {
    fn at(self, scope: FaultScope) -> Self {
        Self { scope, ..self }
    }

    fn remembering(self, memory: FaultMemory) -> Self {
        Self { memory, ..self }
    }
}

/// The operation whose mutants are enumerated, with its service.
#[derive(Debug, Clone, Copy)]
struct MutantSubject<'a> {
    service: &'a str,
    contract: &'a Arc<Contract>,
    protocol: &'static dyn ServerProtocol,
    operation: &'a Operation,
}

impl MutantSubject<'_> {
    fn mutant<B: Behavior + 'static>(
        &self,
        family: MutantFamily,
        name: &str,
        kind: &'static [Code],
        says: impl Into<String>,
        fault: impl Fn() -> B + Send + Sync + 'static,
    ) -> Mutant {
        Mutant {
            id: format!("{}/{}/{family}/{name}", self.service, self.operation.name),
            family,
            service: self.service.to_owned(),
            operation: self.operation.name.clone(),
            kind,
            says: says.into(),
            scope: FaultScope::Anywhere,
            memory: FaultMemory::Anything,
            fault: Arc::new(move || Box::new(fault())),
        }
    }

    /// A mutant that reads some requests as others, which are signed again.
    fn understood(
        &self,
        family: MutantFamily,
        name: &str,
        kind: &'static [Code],
        says: String,
        rewrite: impl Fn(&ReceivedCall<'_>) -> Option<Request> + Clone + Send + Sync + 'static,
    ) -> Mutant {
        let mutant = self.mutant(family, name, kind, says, move || {
            let rewrite = rewrite.clone();
            Understood {
                rewrite: move |received: &ReceivedCall<'_>| rewrite(received).map(|request| received.signed(request)),
            }
        });
        mutant.remembering(FaultMemory::Nothing)
    }

    /// The member of the output at a location, and its shape.
    fn member(&self, location: &MemberLocation) -> Option<(&Member, &Shape)> {
        let mut shape = self.contract.shape(&self.operation.output)?;
        let mut found = None;
        for name in location.names() {
            let step = name.map_or(ShapeStep::Item, |name| ShapeStep::Member(name.to_owned()));
            let member = shape.kind.at(&step)?;
            shape = self.contract.shape(&member.target)?;
            found = Some((member, shape));
        }
        found
    }

    /// A valid call of the operation, unsigned.
    fn request(&self, input: &Value) -> Option<Request> {
        self.protocol.build_request(self.contract, self.operation, input).ok()
    }

    /// The operation as requests name it.
    fn target(&self) -> String {
        let request = self.request(&json!({}));
        request.as_ref().and_then(called).unwrap_or_default().to_owned()
    }

    /// The body of an error with a fixed message.
    fn error_body(&self, error: &str) -> Bytes {
        let shape = self.contract.error(self.operation, error);
        self.protocol
            .write_error(
                Some(self.contract),
                &ErrorResponse { name: error, shape, status: 400, message: "No.", members: None },
            )
            .body
    }
}

/// Every mutant for these contracts and this sample, in a stable order, each ID once.
#[must_use]
pub fn enumerate(contracts: &[(String, Arc<Contract>)], sample: &Sample) -> Vec<Mutant> {
    let mut all = Vec::new();
    for (service, contract) in contracts {
        let Ok(protocol) = protocol_of(contract) else { continue };
        for operation in contract.operations() {
            let subject = MutantSubject { service, contract, protocol, operation };
            let Some(seen) = sample.of(service, &operation.name) else { continue };
            if seen.judged {
                all.extend(output_faults::mutants(&subject, seen));
                all.extend(time_faults::mutants(&subject, seen));
                all.extend(arn_faults::mutants(&subject, seen));
            }
            if seen.under_test {
                all.extend(error_faults::mutants(&subject, seen));
                all.extend(input_faults::mutants(&subject, seen));
                all.extend(lookup_faults::mutants(&subject));
                all.extend(parser_faults::mutants(&subject));
                all.extend(header_faults::mutants(&subject));
                all.extend(routing_faults::mutants(&subject, seen));
                all.extend(elsewhere_faults::mutants(&subject));
                all.extend(caller_faults::mutants(&subject));
                all.extend(signature_faults::mutants(&subject));
                all.extend(state_faults::mutants(&subject, seen));
                all.extend(claim_faults::mutants(&subject));
                all.extend(memory_faults::mutants(&subject, seen));
                all.extend(depth_faults::mutants(&subject));
                all.extend(late_faults::mutants(&subject));
                all.extend(neighbor_faults::mutants(&subject));
                all.extend(name_faults::mutants(&subject));
            } else if seen.judged {
                all.extend(memory_faults::of_read(&subject));
                all.extend(neighbor_faults::of_list(&subject));
                all.extend(view_faults::mutants(&subject, seen, sample));
            }
        }
    }
    all
}

/// The reference with the fault of a mutant, or without a fault.
pub struct MutantEndpoint {
    reference: ReferenceEndpoint,
    contracts: Vec<Arc<Contract>>,
    behavior: Option<Mutex<Box<dyn Behavior>>>,
    deviations: AtomicUsize,
}

impl fmt::Debug for MutantEndpoint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("MutantEndpoint").field("reference", &self.reference).finish_non_exhaustive()
    }
}

impl MutantEndpoint {
    /// A copy of `pristine` with a separate clock and the fault of `mutant`.
    #[must_use]
    pub fn new(pristine: &ReferenceEndpoint, contracts: Vec<Arc<Contract>>, mutant: Option<&Mutant>) -> Self {
        Self {
            reference: pristine.fork(Clock::new()),
            contracts,
            behavior: mutant.map(|mutant| Mutex::new((mutant.fault)())),
            deviations: AtomicUsize::new(0),
        }
    }

    /// Responds to a request that arrived at the real time `real_now`, in seconds since 1970.
    #[must_use]
    pub fn handle(&self, request: &Request, real_now: f64) -> Response {
        let received = ReceivedCall::new(request, real_now, &self.contracts, &self.reference);
        let deviating = self
            .behavior
            .as_ref()
            .and_then(|behavior| behavior.lock().unwrap_or_else(PoisonError::into_inner).respond(&received));
        self.deviations.fetch_add(usize::from(received.deviated()), Ordering::Relaxed);
        deviating.unwrap_or_else(|| received.reference())
    }

    /// The number of requests in which its fault took effect.
    #[must_use]
    pub fn deviations(&self) -> usize {
        self.deviations.load(Ordering::Relaxed)
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;
    use crate::{
        model::{self, ShapeKind},
        wire::AwsJson,
    };

    const MODEL: &str = r#"{"smithy":"2.0","shapes":{
        "x#S":{"type":"service","version":"1","operations":[{"target":"x#Get"}],"traits":{"aws.protocols#awsJson1_0":{}}},
        "x#Get":{"type":"operation","input":{"target":"x#In"},"output":{"target":"x#Out"}},
        "x#In":{"type":"structure","members":{}},
        "x#Out":{"type":"structure","members":{"list":{"target":"x#List"}}},
        "x#List":{"type":"list","member":{"target":"x#Item"}},
        "x#Item":{"type":"structure","members":{"at":{"target":"smithy.api#Timestamp"}}}}}"#;

    #[test]
    fn a_location_leads_through_lists_to_the_shape_of_a_member() {
        let contract = Arc::new(model::read("m", MODEL).unwrap());
        let subject = MutantSubject {
            service: "s",
            contract: &contract,
            protocol: &AwsJson::V1_0,
            operation: contract.operation("Get").unwrap(),
        };
        let location = MemberLocation::root().member("list").items().member("at");
        assert!(matches!(subject.member(&location).unwrap().1.kind, ShapeKind::Timestamp));
        assert!(subject.member(&MemberLocation::root().member("nothing")).is_none());
        assert_eq!(subject.target(), "S.Get");
    }

    #[test]
    fn no_faults_are_derived_from_unseen_members() {
        let contracts = vec![("s".to_owned(), Arc::new(model::read("m", MODEL).unwrap()))];
        assert!(enumerate(&contracts, &Sample::new(&contracts)).is_empty());
    }

    #[test]
    fn names_of_families_are_those_that_reports_serialise() {
        let names: BTreeSet<&str> = MutantFamily::ALL.into_iter().map(MutantFamily::name).collect();
        assert_eq!(names.len(), MutantFamily::ALL.len());
        assert!(MutantFamily::ALL.iter().all(|family| json!(family) == family.name()));
    }
}
