//! The examples of the documents, unchanged, and whether a success looks like theirs.

use serde_json::{Map, Value, json};

use super::{
    ExpectedOutcome, FamilyBasis, FamilyDefinition, FamilyDrafts, InputChange, ProbeDraft, ProbeSubject, RequestGroup,
};
use crate::model::{
    Contract, ShapeId, ShapeKind,
    walk::{Rewritten, VisitedValue, rewrite},
};
use crate::probe::UnprobedReason;

pub(super) const FAMILY: FamilyDefinition = FamilyDefinition {
    name: "example",
    basis: FamilyBasis::Example,
    group: RequestGroup::Sdk,
    asks: "an example of the documents",
    draft,
};

fn draft(subject: &ProbeSubject<'_>) -> Option<FamilyDrafts> {
    let examples = subject.recipe.operation.traits.get("smithy.api#examples")?.as_array()?;
    if !subject.location.path.is_root() {
        return None;
    }
    let mut family = FamilyDrafts::of("smithy.api#examples", Vec::new());
    for (index, example) in examples.iter().enumerate() {
        let input = example.get("input").cloned().unwrap_or_else(|| Value::Object(Map::new()));
        if subject.inputs.keeps_model(subject.recipe.operation, &input) {
            family.drafts.push(one(subject, index + 1, example, input));
        } else {
            family.unprobed.push(UnprobedReason::InvalidExample);
        }
    }
    Some(family)
}

fn one(subject: &ProbeSubject<'_>, number: usize, example: &Value, input: Value) -> ProbeDraft {
    let title = example["title"].as_str().unwrap_or("an example of the documents");
    // The resources of an example do not exist here, and services say so in many ways: no outcome is required.
    let expected = if example.get("error").is_some() { ExpectedOutcome::Responded } else { ExpectedOutcome::Tolerated };
    let output = example.get("output").filter(|output| output.is_object());
    let looks_like = output.map(|output| types(subject.contract(), &subject.recipe.operation.output, output));
    let title_text = format!("is the example {title:?}");
    ProbeDraft { looks_like, ..ProbeDraft::new(number.to_string(), title_text, InputChange::Input(input), expected) }
}

/// A pattern of the types of a value's members. Examples write times as people do: a timestamp only has to be present.
fn types(contract: &Contract, shape: &ShapeId, value: &Value) -> Value {
    rewrite(contract, shape, value, &mut |at: &VisitedValue<'_, '_, &Value>| {
        if at.is_in_structure() && (at.member.is_none() || at.value.is_null()) {
            return Rewritten::Nothing;
        }
        Rewritten::Value(match (at.shape.map(|shape| &shape.kind), at.value) {
            (Some(ShapeKind::Structure(_) | ShapeKind::Union(_)), Value::Object(_)) => return Rewritten::Parts,
            (Some(ShapeKind::Timestamp | ShapeKind::Document), _) => json!({ "$not": { "$absent": true } }),
            (_, Value::Object(_)) => json!({ "$type": "object" }),
            (_, Value::Array(_)) => json!({ "$type": "array" }),
            (_, Value::Bool(_)) => json!({ "$type": "boolean" }),
            (_, Value::Number(_)) => json!({ "$type": "number" }),
            (_, Value::String(_) | Value::Null) => json!({ "$type": "string" }),
        })
    })
}
