//! `smithy.api#uniqueItems`.

use serde_json::Value;

use super::{DraftProbe, ProbeDraft, ProbeSubject, Want};
use crate::{model::ShapeKind, probe::Token};

pub(super) fn ask(subject: &ProbeSubject<'_>) -> Option<DraftProbe> {
    if !matches!(subject.shape.kind, ShapeKind::List(_)) || !subject.place.unique(subject.shape) {
        return None;
    }
    let mut asked = DraftProbe::of("smithy.api#uniqueItems", Vec::new());
    match subject.inputs.value_at(subject.recipe, subject.place, Token::Item, 0) {
        Ok(item) => {
            let twice = Value::Array(vec![item.clone(), item]);
            asked.drafts.push(ProbeDraft::value("twice", "has an item twice", twice, Want::Refused));
        }
        Err(reason) => asked.unasked.push(reason.to_string()),
    }
    Some(asked)
}
