//! The raw form of a fixture, as serde reads it, before anything is resolved.
//!
//! Unknown fields are rejected everywhere. Fields with several forms (`given`, `table`, `expect`, `sign`) stay plain
//! values here, because the errors of serde's untagged enums do not say what is wrong.

use std::collections::BTreeMap;

use serde::Deserialize;
use serde_json::{Map, Value};

use crate::suite::requirement::Evidence;

/// The contents of a scenario file.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct RawScenario {
    pub(super) title: String,
    /// The model, if the file stands alone.
    #[serde(default)]
    pub(super) model: Option<String>,
    #[serde(default)]
    pub(super) cites: Vec<String>,
    #[serde(default = "documented")]
    pub(super) evidence: Evidence,
    #[serde(default)]
    pub(super) tags: Vec<String>,
    /// The reason for the scenario, if it is not obvious.
    #[serde(default, rename = "why")]
    pub(super) _why: Option<String>,
    #[serde(default)]
    pub(super) given: Map<String, Value>,
    /// Its rows, or the name of a shared table.
    #[serde(default)]
    pub(super) table: Value,
    pub(super) steps: Vec<RawStep>,
    #[serde(default)]
    pub(super) teardown: Vec<RawStep>,
}

/// The evidence of a scenario that states none: its author vouches for it.
fn documented() -> Evidence {
    Evidence::Documented
}

/// The contents of a table that scenarios share.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct RawTable {
    /// A description for people.
    #[serde(rename = "says")]
    pub(super) _says: String,
    pub(super) table: Value,
}

/// A step of a scenario, a state or a teardown.
#[derive(Debug, Clone, Default, Deserialize)]
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
    pub(super) invalid: bool,
    /// The response depends on timing, so the snapshot does not contain it.
    #[serde(default)]
    pub(super) racing: bool,
    /// A condition on the response of the last step before it that has no condition.
    #[serde(default)]
    pub(super) when: Option<Value>,
    /// The call is made at the end of the run.
    #[serde(default)]
    pub(super) at_end: bool,
}

/// The identity whose credentials sign a call.
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

/// The Region that a call goes to.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Region {
    /// The target's own.
    #[default]
    Home,
    /// The target's other Region.
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
    pub(super) query: Option<String>,
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

/// A literal request body; exactly one of the three is set.
#[derive(Debug, Clone, Default, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct RawBody {
    #[serde(default)]
    pub(super) text: Option<String>,
    #[serde(default)]
    pub(super) base64: Option<String>,
    #[serde(default)]
    pub(super) hex: Option<String>,
    /// The encoding of `text`.
    #[serde(default)]
    pub(super) encoding: BodyEncoding,
}

/// The character encoding of a text body.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Deserialize)]
pub enum BodyEncoding {
    /// One byte for each ASCII character.
    #[default]
    #[serde(rename = "utf-8")]
    Utf8,
    /// Two bytes for each unit, the low one first.
    #[serde(rename = "utf-16le")]
    Utf16le,
    /// Two bytes for each unit, the high one first.
    #[serde(rename = "utf-16be")]
    Utf16be,
    /// One byte for each character up to U+00FF, and a question mark for any other.
    #[serde(rename = "latin-1")]
    Latin1,
}

impl BodyEncoding {
    /// The bytes of a text. A byte order mark is a character of the text.
    #[must_use]
    pub fn encode(self, text: &str) -> Vec<u8> {
        match self {
            Self::Utf8 => text.as_bytes().to_vec(),
            Self::Utf16le => text.encode_utf16().flat_map(u16::to_le_bytes).collect(),
            Self::Utf16be => text.encode_utf16().flat_map(u16::to_be_bytes).collect(),
            Self::Latin1 => text.chars().map(|c| u8::try_from(u32::from(c)).unwrap_or(b'?')).collect(),
        }
    }
}

/// A read that must return the same before and after a request.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct RawGuard {
    pub(super) call: String,
    #[serde(default)]
    pub(super) service: Option<String>,
    #[serde(default)]
    pub(super) input: Option<Value>,
    /// JSON pointers that must not change; an empty list means the whole response.
    #[serde(default)]
    pub(super) at: Vec<String>,
}

/// A condition that must become true in time.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct RawEventually {
    pub(super) within: String,
    pub(super) every: String,
}

/// A condition that must stay true for a time.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct RawConsistently {
    #[serde(rename = "for")]
    pub(super) lasting: String,
    pub(super) every: String,
}

/// The contents of a `states.yaml`.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct RawStates {
    pub(super) states: BTreeMap<String, RawState>,
    /// The members of derived inputs that variables of states fill: from `Operation/Member`, with `*` as a wildcard, to
    /// `state/variable`. The first match wins.
    #[serde(default)]
    pub(super) members: Map<String, Value>,
    /// The names of one resource that a member takes: from `Operation/Member`, with `*` as a wildcard, to a list of
    /// `state/variable`, the usual one first. The first match wins.
    #[serde(default)]
    pub(super) names: Map<String, Value>,
    /// By structure, as `Operation/Member` with `*` as a wildcard: members of which an input has one at most.
    #[serde(default)]
    pub(super) exclusive: BTreeMap<String, Vec<String>>,
    /// By operation that creates a resource: the calls that remove it, in order.
    #[serde(default)]
    pub(super) removals: BTreeMap<String, Vec<RawStep>>,
    /// By operation that is polled: the body that reports a change in progress.
    #[serde(default)]
    pub(super) pending: BTreeMap<String, Value>,
    /// By operation that is polled: the body that reports a change that failed, where the documents allow that.
    #[serde(default)]
    pub(super) failed: BTreeMap<String, Value>,
    /// By operation: what it does to which resources, where names say it wrongly.
    #[serde(default)]
    pub(super) relations: Map<String, Value>,
}

/// The definition of a state.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct RawState {
    /// A description for people.
    pub(super) says: String,
    /// The default values of its parameters.
    #[serde(default)]
    pub(super) params: Map<String, Value>,
    #[serde(default)]
    pub(super) given: Map<String, Value>,
    #[serde(default)]
    pub(super) steps: Vec<RawStep>,
    /// Its variables: templates for a state that steps reach, otherwise their names with `true`.
    pub(super) yields: Map<String, Value>,
    #[serde(default)]
    pub(super) teardown: Vec<RawStep>,
}

#[cfg(test)]
mod tests {
    use super::BodyEncoding;

    #[test]
    fn a_text_is_encoded_in_the_order_of_its_bytes() {
        assert_eq!(BodyEncoding::default().encode("\u{e9}"), [0xc3, 0xa9]);
        assert_eq!(BodyEncoding::Utf16le.encode("\u{feff}a"), [0xff, 0xfe, 0x61, 0]);
        assert_eq!(BodyEncoding::Utf16be.encode("\u{feff}a"), [0xfe, 0xff, 0, 0x61]);
        assert_eq!(BodyEncoding::Latin1.encode("a\u{e9}\u{20ac}"), [0x61, 0xe9, b'?']);
    }
}
