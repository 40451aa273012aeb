//! `smithy.api#uniqueItems`.

use serde_json::Value;

use super::{Asked, Draft, Subject, Want};
use crate::{model::Kind, probe::Token};

pub(super) fn ask(subject: &Subject<'_>) -> Option<Asked> {
    if !matches!(subject.shape.kind, Kind::List(_)) || !subject.place.unique(subject.shape) {
        return None;
    }
    let mut asked = Asked::of("smithy.api#uniqueItems", Vec::new());
    match subject.inputs.value_at(subject.recipe, subject.place, Token::Item, 0) {
        Ok(item) => {
            let twice = Value::Array(vec![item.clone(), item]);
            asked.drafts.push(Draft::value("twice", "has an item twice", twice, Want::Refused));
        }
        Err(reason) => asked.unasked.push(reason.to_string()),
    }
    Some(asked)
}
