//! The examples that the documents show, as they stand.

use serde_json::{Map, Value};

use super::{Asked, Change, Draft, Subject, Want};

pub(super) fn ask(subject: &Subject<'_>) -> Option<Asked> {
    let examples = subject.recipe.operation.traits.get("smithy.api#examples")?.as_array()?;
    if !subject.place.path.is_root() {
        return None;
    }
    let mut asked = Asked::of("smithy.api#examples", Vec::new());
    for (index, example) in examples.iter().enumerate() {
        let number = (index + 1).to_string();
        let title = example["title"].as_str().unwrap_or("an example of the documents");
        let input = example.get("input").cloned().unwrap_or_else(|| Value::Object(Map::new()));
        if !subject.inputs.keeps_model(subject.recipe.operation, &input) {
            asked.unasked.push("an example that breaks its own model is not sent".to_owned());
        } else if example.get("error").is_some() {
            asked.drafts.push(Draft::new(
                number,
                format!("is the example {title:?}"),
                Change::Input(input),
                Want::Answered,
            ));
        } else {
            asked.drafts.push(Draft::new(
                number,
                format!("is the example {title:?}"),
                Change::Input(input),
                Want::Admitted,
            ));
        }
    }
    Some(asked)
}
