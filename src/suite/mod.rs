//! Fixtures: scenarios, the states that they start from, and the cases of a run.
//!
//! A fixture file is first read into its raw form, then resolved to a [`Scenario`]. Resolving rejects unknown
//! operations, broken templates and dangling pointers, so a run never meets one. This room does not know how a
//! request is sent or judged.
//!
//! | module | holds | may import |
//! |---|---|---|
//! | `aftermath` | The effect of a request on the resources of an endpoint |  |
//! | `call_signing` | The fault of a call's signature |  |
//! | `case` | A case |  |
//! | `case_aim` | The aim of a case |  |
//! | `corrected_relation` | Corrections of the relations that are derived from a model |  |
//! | `placeholder_text` | Placeholders for sensitive strings |  |
//! | `completed_list` | The items that two parts of a list lack, and those that both have |  |
//! | `matcher` | Expected bodies | `completed_list`, `placeholder_text` |
//! | `expectation` | The expected response of a step, and the comparison with an actual one | `matcher` |
//! | `source` | The text of a fixture |  |
//! | `glob` | Globs over IDs |  |
//! | `fixture_files` | Fixture and snapshot files, compiled in or from a folder | `source` |
//! | `requirement` | The numbered requirements of the documents | `source` |
//! | `model_identity` | The model that the cases of a service are judged by |  |
//! | `nearest` | Suggestions for misspelled names |  |
//! | `raw` | The raw form of a fixture, as serde reads it, before anything is resolved | `requirement` |
//! | `service_fixtures` | A service with its contract, requirements and states | `corrected_relation`, `matcher`, `requirement` |
//! | `resolve` | Resolves raw fixtures to validated types, so that a run never meets a broken fixture | `case`, `corrected_relation`, `matcher`, `source`, `nearest`, `raw`, `service_fixtures` |
//! | `fixtures` | All fixtures of a run | `source`, `requirement`, `service_fixtures`, `resolve` |
//! | `needed_fixtures` | The fixtures that single cases need | `fixture_files`, `source`, `raw`, `service_fixtures`, `resolve`, `fixtures` |
//! | `shard` | Shards |  |
//! | `plan` | The order in which cases run, and which run concurrently | `shard` |
//! | `selection` | The selection of cases to run |  |
//! | `selection_digest` | The number of cases in a selection and a digest of their IDs, which two runs can compare | `shard` |
//! | `state` | States |  |
//! | `template` | Values with `${…}` in them, and the bindings that fill them |  |
//! | `unknown_name` | A name that selects no case, with the suggestion that the program and the harness print | `nearest` |

mod aftermath;
mod call_signing;
mod case;
mod case_aim;
mod completed_list;
mod corrected_relation;
mod expectation;
mod fixture_files;
mod fixtures;
mod glob;
pub mod matcher;
mod model_identity;
mod nearest;
mod needed_fixtures;
pub mod placeholder_text;
mod plan;
mod raw;
pub mod requirement;
mod resolve;
mod selection;
mod selection_digest;
mod service_fixtures;
pub mod shard;
pub mod source;
mod state;
mod template;
#[cfg(test)]
pub(crate) mod testing;
mod unknown_name;

use std::{sync::Arc, time::Duration};

use serde_json::{Map, Value};

use crate::suite::{requirement::Evidence, source::Source};

pub use aftermath::Aftermath;
pub use call_signing::CallSigning;
pub use case::{Case, CaseId};
pub use case_aim::{CaseAim, RequestGroup};
pub use corrected_relation::{CorrectedRelation, RelationCorrections};
pub use expectation::{Alternative, Expectation};
pub use fixture_files::{FixtureFiles, FixtureFilesError};
pub use fixtures::{Fixtures, FixturesError};
pub use glob::{Glob, GlobError, GlobList};
pub use model_identity::ModelIdentity;
pub use nearest::nearest;
pub use plan::{Batch, Opening, Plan, PlanStage, Whole};
pub use raw::{BodyEncoding, CallerName, Region};
pub use selection::Selection;
pub use selection_digest::{SelectionDigest, SelectionDigester};
pub use service_fixtures::{ExclusiveMembers, Filling, ResourceNames, ServiceFixtures};
pub use state::{Given, State, Twin};
pub use template::{BindError, Bindings, Expression, Template, TemplateError, TemplatePart, TextFilter};
pub use unknown_name::UnknownName;

/// A scenario: its states, steps, expectations, and the requirements that it cites.
#[derive(Debug, Clone)]
pub struct Scenario {
    /// `service/operation/name`, the path of the fixture.
    pub id: String,
    /// The folder name of the service.
    pub service: String,
    /// The operation under test, as named in the contract.
    pub operation: String,
    /// A one-line description.
    pub title: String,
    /// The requirements that it exercises.
    pub cites: Vec<String>,
    /// The kind of source for its expectations.
    pub evidence: Evidence,
    /// Arbitrary words to select by.
    pub tags: Vec<String>,
    /// The states that it starts from.
    pub given: Vec<Given>,
    /// The rows of its table; a single unnamed row if it has no table.
    pub rows: Vec<ScenarioRow>,
    /// The calls, each with its expectation.
    pub steps: Vec<Step>,
    /// Cleanup steps, which always run, in reverse order.
    pub teardown: Vec<Step>,
    /// The calls that remove what a call of the operation creates, in order. They read `${input.…}` and `${output.…}`, and
    /// are made unless that call is rejected.
    pub removal: Vec<Step>,
    /// The fixture file, for error messages.
    pub source: Arc<Source>,
    /// Its dependency on other scenarios of the run.
    pub standing: CaseStanding,
    /// Its aim, if it is a probe.
    pub probe: Option<CaseAim>,
}

/// The dependency of a scenario on others of the run.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub enum CaseStanding {
    /// It is independent.
    #[default]
    Free,
    /// Others depend on it: if its valid input is rejected, it is blocked, and so are they.
    Control,
    /// Its result counts only if that case, a [`CaseStanding::Control`], conforms.
    Controlled(CaseId),
    /// A probe that makes the resource that it needs: its own calls show whether a valid input is accepted.
    Prepared,
}

/// A row of a scenario's table.
#[derive(Debug, Clone, PartialEq)]
pub struct ScenarioRow {
    /// The row ID; `None` for a scenario without a table.
    pub name: Option<String>,
    /// The values that `${row.…}` reads.
    pub values: Map<String, Value>,
}

/// A step: a call, its expectation, and the checks around it.
#[derive(Debug, Clone)]
pub struct Step {
    /// JSON pointer to the step in the fixture.
    pub pointer: String,
    /// The call to make.
    pub call: Call,
    /// The expected response.
    pub expect: Expectation,
    /// A valid variation of a rejected call, which must not be rejected as invalid.
    pub control: Option<Template>,
    /// Reads that must return the same before and after the call.
    pub unchanged: Vec<Guard>,
    /// Variables captured from the response, by JSON pointer.
    pub capture: Vec<(String, String)>,
    /// The repetition of the call.
    pub repeat: Repeat,
    /// True if the response depends on timing, so that the snapshot must not contain it.
    pub racing: bool,
    /// The condition of the call; without one, it is always made.
    pub when: Option<StepCondition>,
    /// True if the call is made at the end of the run, after all other cases.
    pub at_end: bool,
    /// True if the call only prepares later ones: the case is blocked if its expectation is not met.
    pub prepares: bool,
}

/// A condition of a call: the response of an earlier step meets an expectation.
#[derive(Debug, Clone, PartialEq)]
pub struct StepCondition {
    /// The number of the earlier step, from 1.
    pub step: usize,
    /// The expectation.
    pub expect: Expectation,
}

impl Step {
    /// A generated step: one call, made once, without further checks.
    #[must_use]
    pub fn once(call: Call, expect: Expectation) -> Self {
        Self {
            pointer: String::new(),
            call,
            expect,
            control: None,
            unchanged: Vec::new(),
            capture: Vec::new(),
            repeat: Repeat::Once,
            racing: false,
            when: None,
            at_end: false,
            prepares: false,
        }
    }
}

/// A call of an operation, as a fixture describes it.
#[derive(Debug, Clone)]
pub struct Call {
    /// The folder name of the service.
    pub service: String,
    /// The operation to call.
    pub operation: String,
    /// The input of the operation.
    pub input: Template,
    /// True if the input is intended to be valid, so that an invalid one is an error of the harness.
    pub valid: bool,
    /// The identity whose credentials sign the request.
    pub caller: CallerName,
    /// The Region to call.
    pub region: Region,
    /// A deliberate deviation of the signature.
    pub signing: Option<CallSigning>,
    /// Changes to the bytes of the request.
    pub raw: Option<ByteChanges>,
}

/// Changes to the bytes of a well-formed request.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct ByteChanges {
    /// Replaces the HTTP method.
    pub method: Option<String>,
    /// Replaces the path.
    pub path: Option<Template>,
    /// Goes to the end of the path, after a question mark.
    pub query: Option<Template>,
    /// Headers to set.
    pub set: Vec<(String, Template)>,
    /// Headers to remove.
    pub remove: Vec<String>,
    /// Replaces the body.
    pub body: Option<Body>,
    /// Bytes before and after the body.
    pub around: Option<(Vec<u8>, Vec<u8>)>,
    /// A `content-length` that differs from the length of the body.
    pub content_length: Option<u64>,
    /// Use chunked transfer encoding.
    pub chunked: bool,
}

impl ByteChanges {
    /// Returns whether the request has another method or path than the operation.
    #[must_use]
    pub fn leads_elsewhere(&self) -> bool {
        let is_root = |path: &Template| matches!(path, Template::Literal(Value::String(path)) if path.split('?').next() == Some("/"));
        self.method.is_some() || self.path.as_ref().is_some_and(|path| !is_root(path))
    }

    /// Returns whether the request has another media type than the protocol, or none.
    #[must_use]
    pub fn has_another_media_type(&self) -> bool {
        let set = self.set.iter().map(|(name, _)| name);
        set.chain(&self.remove).any(|name| name.eq_ignore_ascii_case("content-type"))
    }
}

/// A literal request body.
#[derive(Debug, Clone, PartialEq)]
pub enum Body {
    /// Text with optional expressions, in this encoding.
    Text(Template, BodyEncoding),
    /// Raw bytes.
    Bytes(Vec<u8>),
}

/// A read that must return the same before and after a call.
#[derive(Debug, Clone)]
pub struct Guard {
    /// The call that reads.
    pub call: Call,
    /// JSON pointers that must not change; an empty list means the whole response.
    pub at: Vec<String>,
}

/// The repetition of a step's call.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Repeat {
    /// Once.
    Once,
    /// Repeatedly, until the expectation holds.
    Eventually {
        /// Time limit.
        within: Duration,
        /// Pause between attempts.
        every: Duration,
    },
    /// Repeatedly for a time, during which the expectation must always hold.
    Consistently {
        /// Duration.
        lasting: Duration,
        /// Pause between attempts.
        every: Duration,
    },
    /// This many times concurrently.
    Concurrently(u16),
}
