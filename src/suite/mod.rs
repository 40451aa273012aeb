//! What to ask: scenarios, the states that they start from, and the cases that really run.
//!
//! A fixture becomes a raw mirror of its form, then a [`Scenario`] in which nothing is left to look up: a
//! run never meets an unknown operation, a broken template or a pointer that leads nowhere. Refuses to
//! know how a request is sent or judged.

mod case;
mod expectation;
mod files;
mod fixtures;
pub mod matcher;
mod misnomer;
pub mod placeholder;
mod plan;
mod raw;
pub mod requirement;
mod resolve;
mod selected;
mod selection;
mod service;
pub mod shard;
pub mod source;
mod spelling;
mod state;
mod template;
#[cfg(test)]
mod testing;

use std::{sync::Arc, time::Duration};

use serde_json::{Map, Value};

use crate::{
    suite::{requirement::Evidence, source::Source},
    wire::sigv4::SigningFault,
};

pub use case::{Case, CaseId};
pub use expectation::{Alternative, Expectation};
pub use files::{FixtureFiles, FixtureFilesError};
pub use fixtures::{Fixtures, FixturesError};
pub use misnomer::Misnomer;
pub use plan::{Batch, Opening, Plan, PlanStage, Whole};
pub use raw::{CallerName, Region};
pub use selected::{Selected, Selecting};
pub use selection::{Selection, glob_matches};
pub use service::{Filling, ServiceFixtures};
pub use spelling::nearest;
pub use state::{Given, State};
pub use template::{BindError, Bindings, Expression, Template, TemplateError, TemplatePart};

/// One scenario: given, steps, expectations, and the requirements that it cites.
#[derive(Debug, Clone)]
pub struct Scenario {
    /// `service/operation/name`, which is the fixture's path.
    pub id: String,
    /// The service, by its folder.
    pub service: String,
    /// The operation under test, by its name in the contract.
    pub operation: String,
    /// One line for people.
    pub title: String,
    /// The requirements that it exercises.
    pub cites: Vec<String>,
    /// The ground of what it expects.
    pub evidence: Evidence,
    /// Free words to select by.
    pub tags: Vec<String>,
    /// The states that it starts from.
    pub given: Vec<Given>,
    /// The rows of its table; one row without a name where it has none.
    pub rows: Vec<ScenarioRow>,
    /// What is done and expected.
    pub steps: Vec<Step>,
    /// What is cleaned up, in reverse, whatever happened.
    pub teardown: Vec<Step>,
    /// The fixture itself, for messages about it.
    pub source: Arc<Source>,
    /// How it stands to the other scenarios of a run.
    pub standing: CaseStanding,
}

/// How a scenario stands to the others of a run.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub enum CaseStanding {
    /// It is judged by itself.
    #[default]
    Free,
    /// Others rest on it: where its legal input is refused, it is blocked, and so are they.
    Control,
    /// It says something only where that case, a [`Standing::Control`], conformed.
    Controlled(CaseId),
}

/// A row of a scenario's table.
#[derive(Debug, Clone, PartialEq)]
pub struct ScenarioRow {
    /// Its name; `None` for a scenario without a table.
    pub name: Option<String>,
    /// Its values, which `${row.…}` reads.
    pub values: Map<String, Value>,
}

/// One step: a call, what is expected of it, and what is done around it.
#[derive(Debug, Clone)]
pub struct Step {
    /// Where it stands in the fixture.
    pub pointer: String,
    /// What is sent.
    pub call: Call,
    /// What must come back; `None` in a setup: a success.
    pub expect: Expectation,
    /// A legal neighbour of a refused call, which must not be refused as invalid.
    pub control: Option<Template>,
    /// Reads that must give the same before and after.
    pub unchanged: Vec<Guard>,
    /// Variables taken from the answer, by JSON pointer.
    pub capture: Vec<(String, String)>,
    /// How often it is sent.
    pub repeat: Repeat,
    /// Whether its answer depends on how fast things go, so that a snapshot must not hold it.
    pub racing: bool,
}

impl Step {
    /// A step that the program makes up: one call, made once, with nothing around it.
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
        }
    }
}

/// A call as a fixture describes it.
#[derive(Debug, Clone)]
pub struct Call {
    /// The service, by its folder.
    pub service: String,
    /// The operation.
    pub operation: String,
    /// The input.
    pub input: Template,
    /// Whether the input is meant to keep the model, so that one that does not is a fault of the harness.
    pub legal: bool,
    /// Whose credentials sign it.
    pub caller: CallerName,
    /// Which region it goes to.
    pub region: Region,
    /// How it is signed wrongly, if it is.
    pub fault: Option<SigningFault>,
    /// What is changed in its bytes, if anything is.
    pub raw: Option<ByteChanges>,
}

/// Changes to the bytes of a well-formed request.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct ByteChanges {
    /// Another method.
    pub method: Option<String>,
    /// Another path.
    pub path: Option<String>,
    /// Headers that get another value.
    pub set: Vec<(String, Template)>,
    /// Headers that are left out.
    pub remove: Vec<String>,
    /// Another body.
    pub body: Option<Body>,
    /// Another `content-length` than the body's.
    pub content_length: Option<u64>,
    /// Whether the body goes in chunks.
    pub chunked: bool,
}

/// A body given byte for byte.
#[derive(Debug, Clone, PartialEq)]
pub enum Body {
    /// Text, which may hold expressions.
    Text(Template),
    /// Bytes.
    Bytes(Vec<u8>),
}

/// A read that must give the same before and after a call.
#[derive(Debug, Clone)]
pub struct Guard {
    /// The read.
    pub call: Call,
    /// JSON pointers of what must not change; none: the whole answer.
    pub at: Vec<String>,
}

/// How often a step's call is sent.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Repeat {
    /// Once.
    Once,
    /// Until the expectation holds.
    Eventually {
        /// It must hold within this time.
        within: Duration,
        /// The pause between two tries.
        every: Duration,
    },
    /// For a time, in which the expectation must always hold.
    Consistently {
        /// This long.
        lasting: Duration,
        /// The pause between two tries.
        every: Duration,
    },
    /// Several at once, started together.
    Concurrently(u16),
}
