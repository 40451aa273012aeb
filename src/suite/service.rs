//! One service as fixtures see it.

use std::{collections::BTreeMap, sync::Arc};

use serde_json::Value;

use super::State;
use crate::{
    model::{Contract, Operation, PayloadSide, SchemaError, Schemas, Violation},
    suite::requirement::Requirements,
    wire::{ParsedResponse, Protocol, Response, json::holds_null},
};

/// The services that fixtures may speak of, by folder.
pub(super) type Services = BTreeMap<String, ServiceFixtures>;

/// One service: its contract, its requirements and its states.
#[derive(Debug, Clone)]
pub struct ServiceFixtures {
    /// The folder's name, by which fixtures call it.
    pub name: String,
    /// The contract, with its compiled schemas.
    pub schemas: Arc<Schemas>,
    /// The requirements.
    pub requirements: Requirements,
    /// The states.
    pub states: BTreeMap<String, State>,
    /// Which members of derived inputs the states fill, the first that fits first.
    pub fillings: Vec<Filling>,
    /// How it is spoken to.
    pub protocol: &'static dyn Protocol,
}

/// A `states.yaml`, read.
#[derive(Debug, Clone, Default)]
pub(super) struct StateTable {
    pub(super) by_name: BTreeMap<String, State>,
    pub(super) fillings: Vec<Filling>,
}

/// A member of a derived input that is filled by a variable of a state: a resource that exists.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Filling {
    /// `Operation/Member`, deeper members after further slashes, with `*` for anything.
    pub glob: String,
    /// Whether every legal input holds the member, though the model does not require it (`!` behind the glob).
    pub always: bool,
    /// The state.
    pub state: String,
    /// Its variable.
    pub variable: String,
}

impl ServiceFixtures {
    /// A service of which nothing is known but its contract.
    #[must_use]
    pub fn of(name: &str, contract: Contract, protocol: &'static dyn Protocol) -> Self {
        Self {
            name: name.to_owned(),
            schemas: Arc::new(Schemas::new(Arc::new(contract), protocol.body_rules())),
            requirements: Requirements::default(),
            states: BTreeMap::new(),
            fillings: Vec::new(),
            protocol,
        }
    }

    /// The contract.
    #[must_use]
    pub fn contract(&self) -> &Arc<Contract> {
        self.schemas.contract()
    }

    /// Parses a response to a call of an operation.
    #[must_use]
    pub fn parse_response(&self, operation: &str, response: &Response) -> ParsedResponse {
        let contract = self.contract();
        self.protocol.parse_response(contract, contract.operation(operation), response)
    }

    /// What an input breaks of the model first, leaving out what rests on the values at the pointers `open`. A null
    /// member is an absent one.
    ///
    /// # Errors
    /// The schema of the input does not compile.
    pub fn violation(
        &self,
        operation: &Operation,
        input: &Value,
        open: &[String],
    ) -> Result<Option<Violation>, SchemaError> {
        let own = holds_null(input).then(|| self.contract().without_null_members(&operation.input, input));
        let input = own.as_ref().unwrap_or(input);
        let violations = self.schemas.violations(&operation.input, PayloadSide::Input, input)?;
        let is_open =
            |violation: &Violation| open.iter().any(|pointer| violation.pointer.starts_with(pointer.as_str()));
        Ok(violations.into_iter().find(|violation| !is_open(violation)))
    }
}
