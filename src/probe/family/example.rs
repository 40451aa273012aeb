//! The examples that the documents show, as they stand, and whether a success looks like theirs.

use serde_json::{Map, Value, json};

use super::{DraftProbe, InputChange, ProbeDraft, ProbeSubject, Want};
use crate::model::{Contract, ShapeId, ShapeKind};

pub(super) fn ask(subject: &ProbeSubject<'_>) -> Option<DraftProbe> {
    let examples = subject.recipe.operation.traits.get("smithy.api#examples")?.as_array()?;
    if !subject.place.path.is_root() {
        return None;
    }
    let mut asked = DraftProbe::of("smithy.api#examples", Vec::new());
    for (index, example) in examples.iter().enumerate() {
        let input = example.get("input").cloned().unwrap_or_else(|| Value::Object(Map::new()));
        if subject.inputs.keeps_model(subject.recipe.operation, &input) {
            asked.drafts.push(draft(subject, index + 1, example, input));
        } else {
            asked.unasked.push("an example that breaks its own model is not sent".to_owned());
        }
    }
    Some(asked)
}

fn draft(subject: &ProbeSubject<'_>, number: usize, example: &Value, input: Value) -> ProbeDraft {
    let title = example["title"].as_str().unwrap_or("an example of the documents");
    // What an example speaks of does not exist here, and services say so in many ways: nothing is demanded.
    let want = if example.get("error").is_some() { Want::Answered } else { Want::Tolerated };
    let output = example.get("output").filter(|output| output.is_object());
    let looks_like = output.map(|output| types(subject.contract(), &subject.recipe.operation.output, output));
    let says = format!("is the example {title:?}");
    ProbeDraft { looks_like, ..ProbeDraft::new(number.to_string(), says, InputChange::Input(input), want) }
}

/// A pattern of the types of a value's members. Examples write times as people do: of them only the presence counts.
fn types(contract: &Contract, shape: &ShapeId, value: &Value) -> Value {
    let kind = contract.shape(shape).map(|shape| &shape.kind);
    match (kind, value) {
        (Some(ShapeKind::Structure(members) | ShapeKind::Union(members)), Value::Object(map)) => {
            let known = members.iter().filter_map(|member| {
                let value = map.get(&member.name).filter(|value| !value.is_null())?;
                Some((member.name.clone(), types(contract, &member.target, value)))
            });
            Value::Object(known.collect())
        }
        (Some(ShapeKind::Timestamp | ShapeKind::Document), _) => json!({ "$not": { "$absent": true } }),
        (_, Value::Object(_)) => json!({ "$type": "object" }),
        (_, Value::Array(_)) => json!({ "$type": "array" }),
        (_, Value::Bool(_)) => json!({ "$type": "boolean" }),
        (_, Value::Number(_)) => json!({ "$type": "number" }),
        (_, Value::String(_) | Value::Null) => json!({ "$type": "string" }),
    }
}
