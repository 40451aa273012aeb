//! `smithy.api#length` of lists.

use serde_json::Value;

use super::{
    Asked, Draft, Subject,
    length::{describe, edges},
};
use crate::{contract::Kind, probe::Token};

/// A longer list is not sent.
const MOST: u64 = 1_000;

pub(super) fn ask(subject: &Subject<'_>) -> Option<Asked> {
    if !matches!(subject.shape.kind, Kind::List(_)) {
        return None;
    }
    let bounds = subject.place.length(subject.shape)?;
    let mut asked = Asked::of(describe(bounds), Vec::new());
    for (variant, count, want) in edges(bounds) {
        if count > MOST {
            asked.unasked.push(format!("a list of more than {MOST} items is not sent"));
            continue;
        }
        match list(subject, count) {
            Ok(value) => asked.drafts.push(Draft::value(variant, format!("has {count} items"), value, want)),
            Err(reason) => asked.unasked.push(reason),
        }
    }
    Some(asked)
}

/// So many items, each of its own salt.
pub(super) fn list(subject: &Subject<'_>, count: u64) -> Result<Value, String> {
    let item = |index| subject.inputs.value_at(subject.recipe, subject.place, Token::Item, index);
    let items: Result<Vec<Value>, _> = (0..count).map(item).collect();
    items.map(Value::Array).map_err(|reason| reason.to_string())
}
