//! A service with its contract, requirements and states.

use std::{collections::BTreeMap, sync::Arc};

use serde_json::Value;

use super::{
    Glob, ModelIdentity, State, Step,
    corrected_relation::RelationCorrections,
    matcher::{self, Hidden},
};
use crate::{
    model::{Contract, DefaultsBy, Operation, PayloadSide, SchemaError, Schemas, Violation},
    suite::requirement::Requirements,
    wire::{ParsedResponse, Protocol, Request, Response, json::holds_null},
};

/// The services that fixtures may use, by folder name.
pub(super) type Services = BTreeMap<String, ServiceFixtures>;

/// A service: its contract, requirements and states.
#[derive(Debug, Clone)]
pub struct ServiceFixtures {
    /// The folder name, which fixtures use to refer to it.
    pub name: String,
    /// The state of its model; empty where the contract does not come from a file.
    pub model: ModelIdentity,
    /// The contract, with its compiled schemas.
    pub schemas: Arc<Schemas>,
    /// The numbered requirements.
    pub requirements: Requirements,
    /// The states, by name.
    pub states: BTreeMap<String, State>,
    /// What its model cannot express of its states, one sentence each.
    pub skipped: Vec<String>,
    /// The members of derived inputs that states fill; the first match wins.
    pub fillings: Vec<Filling>,
    /// The names of one resource that members take; the first match wins.
    pub names: Vec<ResourceNames>,
    /// The members of derived inputs that exclude each other, although the model has no union.
    pub exclusive: Vec<ExclusiveMembers>,
    /// By operation that creates a resource: the calls that remove it, in order.
    pub removals: BTreeMap<String, Vec<Step>>,
    /// By operation that is polled: a [`matcher`] pattern for the body that reports a change in progress. No document bounds
    /// how long a change takes.
    pub pending: BTreeMap<String, Value>,
    /// By operation that is polled: a pattern for the body that reports that a change failed. The documents allow it.
    pub failed: BTreeMap<String, Value>,
    /// The relations of operations that a person states, instead of those that names and shapes say.
    pub corrections: RelationCorrections,
    /// The wire protocol.
    pub protocol: &'static dyn Protocol,
    /// The service only helps to establish the states of another one.
    pub is_helper: bool,
}

/// A resolved `states.yaml`.
#[derive(Debug, Clone, Default)]
pub(super) struct StateTable {
    pub(super) by_name: BTreeMap<String, State>,
    pub(super) skipped: Vec<String>,
    pub(super) fillings: Vec<Filling>,
    pub(super) names: Vec<ResourceNames>,
    pub(super) exclusive: Vec<ExclusiveMembers>,
    pub(super) removals: BTreeMap<String, Vec<Step>>,
    pub(super) pending: BTreeMap<String, Value>,
    pub(super) failed: BTreeMap<String, Value>,
    pub(super) corrections: RelationCorrections,
}

/// A variable of a state that fills a member of derived inputs, such as the name of an existing resource.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Filling {
    /// `Operation/Member`, with nested members after further slashes; it matches whole names.
    pub glob: Glob,
    /// True if every valid input contains the member although the model does not require it (`!` after the name).
    pub always: bool,
    /// The name of the state.
    pub state: String,
    /// The variable of the state.
    pub variable: String,
}

/// Members of a structure of which an input has one at most.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ExclusiveMembers {
    /// The structure, as `Operation/Member`; it matches whole names.
    pub glob: Glob,
    /// The names of the members.
    pub members: Vec<String>,
}

/// The names of one resource, each of which a member takes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ResourceNames {
    /// `Operation/Member`; it matches whole names.
    pub glob: Glob,
    /// The name of the state.
    pub state: String,
    /// The variables of the state, the usual name first.
    pub variables: Vec<String>,
}

impl ServiceFixtures {
    /// The operation that a request calls.
    #[must_use]
    pub fn called(&self, request: &Request) -> Option<&str> {
        let contract = self.contract();
        let mut operations = contract.operations();
        let called = operations.find(|operation| self.protocol.names(contract, operation, request));
        called.map(|operation| operation.name.as_str())
    }

    /// A service with only a contract.
    #[must_use]
    pub fn of(name: &str, contract: Contract, protocol: &'static dyn Protocol) -> Self {
        Self {
            name: name.to_owned(),
            model: ModelIdentity::default(),
            schemas: Arc::new(Schemas::new(Arc::new(contract), protocol.body_rules())),
            requirements: Requirements::default(),
            states: BTreeMap::new(),
            skipped: Vec::new(),
            fillings: Vec::new(),
            names: Vec::new(),
            exclusive: Vec::new(),
            removals: BTreeMap::new(),
            pending: BTreeMap::new(),
            failed: BTreeMap::new(),
            corrections: RelationCorrections::new(),
            protocol,
            is_helper: false,
        }
    }

    pub(super) fn set_states(&mut self, states: StateTable) {
        self.states = states.by_name;
        self.skipped = states.skipped;
        self.fillings = states.fillings;
        self.names = states.names;
        self.exclusive = states.exclusive;
        self.removals = states.removals;
        self.pending = states.pending;
        self.failed = states.failed;
        self.corrections = states.corrections;
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

    /// The output of a response as clients have it: with the default values of absent members. The members of an error
    /// stay as they are.
    #[must_use]
    pub fn received(&self, operation: &str, response: &Response) -> Option<Value> {
        let parsed = self.parse_response(operation, response);
        let (value, contract) = (parsed.value?, self.contract());
        match contract.operation(operation).filter(|_| parsed.rejection.is_none()) {
            Some(operation) => {
                let format = self.protocol.body_rules().timestamp_format;
                Some(contract.with_defaults(&operation.output, &value, DefaultsBy::ClientOutput, format))
            }
            None => Some(value),
        }
    }

    /// Returns whether a response reports a change in progress.
    #[must_use]
    pub fn is_pending(&self, operation: &str, parsed: &ParsedResponse) -> bool {
        reports(&self.pending, operation, parsed)
    }

    /// Returns whether a response reports that a change failed, which the documents allow.
    #[must_use]
    pub fn is_failed(&self, operation: &str, parsed: &ParsedResponse) -> bool {
        reports(&self.failed, operation, parsed)
    }

    /// The first violation of the model in an input, except below the pointers `open`, whose values are unknown. A null
    /// member counts as absent.
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

/// Returns whether a response matches the pattern of its operation.
fn reports(patterns: &BTreeMap<String, Value>, operation: &str, parsed: &ParsedResponse) -> bool {
    let hidden = Hidden { places: &[], key: "", date: None };
    let reports = |pattern: &Value, body| matcher::mismatches(pattern, body, hidden).is_empty();
    patterns.get(operation).zip(parsed.value.as_ref()).is_some_and(|(pattern, body)| reports(pattern, body))
}
