//! The form of a fixture as it is written: a mirror for serde, before anything is looked up.
//!
//! Unknown fields are refused everywhere. What may have several forms (`given`, `expect`, `sign`) stays a
//! value here, because serde's untagged enums cannot say what is wrong.

use std::collections::BTreeMap;

use serde::Deserialize;
use serde_json::{Map, Value};

use crate::suite::requirement::Evidence;

/// A scenario file.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct RawScenario {
    pub(super) title: String,
    pub(super) cites: Vec<String>,
    pub(super) evidence: Evidence,
    #[serde(default)]
    pub(super) tags: Vec<String>,
    /// Why the scenario is as it is, where that is not plain.
    #[serde(default, rename = "why")]
    pub(super) _why: Option<String>,
    #[serde(default)]
    pub(super) given: Map<String, Value>,
    #[serde(default)]
    pub(super) table: Vec<Map<String, Value>>,
    pub(super) steps: Vec<RawStep>,
    #[serde(default)]
    pub(super) teardown: Vec<RawStep>,
}

/// One step of a scenario, of a state, or of a teardown.
#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct RawStep {
    pub(super) call: String,
    #[serde(default)]
    pub(super) service: Option<String>,
    #[serde(default)]
    pub(super) input: Option<Value>,
    #[serde(default, rename = "as")]
    pub(super) caller: CallerName,
    #[serde(default)]
    pub(super) region: Region,
    #[serde(default)]
    pub(super) sign: Option<Value>,
    #[serde(default)]
    pub(super) raw: Option<RawRequest>,
    #[serde(default)]
    pub(super) expect: Option<Value>,
    #[serde(default)]
    pub(super) control: Option<Value>,
    #[serde(default)]
    pub(super) unchanged: Vec<RawGuard>,
    #[serde(default)]
    pub(super) capture: BTreeMap<String, String>,
    #[serde(default)]
    pub(super) eventually: Option<RawEventually>,
    #[serde(default)]
    pub(super) consistently: Option<RawConsistently>,
    #[serde(default)]
    pub(super) concurrently: Option<u16>,
    #[serde(default)]
    pub(super) illegal: bool,
    /// The answer depends on how fast things go, so the snapshot does not hold it.
    #[serde(default)]
    pub(super) racing: bool,
}

/// Whose credentials sign a call.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum CallerName {
    /// The target's own.
    #[default]
    Owner,
    /// An identity of the same account that may not call the operation.
    Denied,
    /// An identity of another account.
    OtherAccount,
}

/// Which region a call goes to.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Region {
    /// The target's own.
    #[default]
    Home,
    /// Another one.
    Other,
}

/// Changes to the bytes of a well-formed request.
#[derive(Debug, Clone, Default, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct RawRequest {
    #[serde(default)]
    pub(super) method: Option<String>,
    #[serde(default)]
    pub(super) path: Option<String>,
    #[serde(default)]
    pub(super) set: Map<String, Value>,
    #[serde(default)]
    pub(super) remove: Vec<String>,
    #[serde(default)]
    pub(super) body: Option<RawBody>,
    #[serde(default, rename = "content-length")]
    pub(super) content_length: Option<u64>,
    #[serde(default)]
    pub(super) chunked: bool,
}

/// A body given byte for byte; exactly one of the three.
#[derive(Debug, Clone, Default, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct RawBody {
    #[serde(default)]
    pub(super) text: Option<String>,
    #[serde(default)]
    pub(super) base64: Option<String>,
    #[serde(default)]
    pub(super) hex: Option<String>,
}

/// A read that must give the same before and after a request.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct RawGuard {
    pub(super) call: String,
    #[serde(default)]
    pub(super) service: Option<String>,
    #[serde(default)]
    pub(super) input: Option<Value>,
    /// JSON pointers of what must not change; none: the whole answer.
    #[serde(default)]
    pub(super) at: Vec<String>,
}

/// How long to wait for a condition.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct RawEventually {
    pub(super) within: String,
    pub(super) every: String,
}

/// How long a condition must last.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct RawConsistently {
    #[serde(rename = "for")]
    pub(super) lasting: String,
    pub(super) every: String,
}

/// A `states.yaml`.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct RawStates {
    pub(super) states: BTreeMap<String, RawState>,
    /// Which members of derived inputs the states' variables fill: `Operation/Member`, with `*` for anything, to
    /// `state/variable`. The first that fits counts.
    #[serde(default)]
    pub(super) members: Map<String, Value>,
}

/// How one state is reached.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct RawState {
    /// What holds in it, for people.
    pub(super) says: String,
    /// Default values of its parameters.
    #[serde(default)]
    pub(super) params: Map<String, Value>,
    #[serde(default)]
    pub(super) given: Map<String, Value>,
    #[serde(default)]
    pub(super) steps: Vec<RawStep>,
    /// Its variables: a template for those that are reached by steps, else their names with `true`.
    pub(super) yields: Map<String, Value>,
    #[serde(default)]
    pub(super) teardown: Vec<RawStep>,
}
