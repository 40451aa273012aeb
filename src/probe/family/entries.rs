//! `smithy.api#length` of maps.

use serde_json::{Map, Value};

use super::{
    DraftProbe, ProbeDraft, ProbeSubject,
    length::{edges, nothing_yet},
};
use crate::{model::ShapeKind, probe::Token};

/// A larger map is not sent.
const MOST: u64 = 1_000;

pub(super) fn ask(subject: &ProbeSubject<'_>) -> Option<DraftProbe> {
    let ShapeKind::Map { key, .. } = &subject.shape.kind else { return None };
    let bounds = subject.place.length(subject.shape)?;
    let keys = keys(subject, &key.target);
    let mut asked = nothing_yet(bounds);
    for (variant, count, want) in edges(bounds) {
        if count > keys.as_ref().map_or(MOST, |keys| keys.len() as u64) {
            asked.unasked.push(format!("no map of {count} entries can be written"));
            continue;
        }
        match map(subject, count, keys.as_deref()) {
            Ok(value) => asked.drafts.push(ProbeDraft::value(variant, format!("has {count} entries"), value, want)),
            Err(reason) => asked.unasked.push(reason),
        }
    }
    Some(asked)
}

/// The only keys that there are, where they are an enum's.
fn keys(subject: &ProbeSubject<'_>, key: &crate::model::ShapeId) -> Option<Vec<String>> {
    match &subject.contract().shape(key)?.kind {
        ShapeKind::Enum(values) => Some(values.iter().map(|value| value.value.clone()).collect()),
        _ => None,
    }
}

fn map(subject: &ProbeSubject<'_>, count: u64, keys: Option<&[String]>) -> Result<Value, String> {
    let mut entries = Map::new();
    for index in 0..count {
        let part = |token| subject.inputs.value_at(subject.recipe, subject.place, token, index);
        let known = keys.and_then(|keys| keys.get(usize::try_from(index).unwrap_or_default()));
        let key = match known {
            Some(key) => key.clone(),
            None => part(Token::Key).map_err(|reason| reason.to_string())?.as_str().unwrap_or_default().to_owned(),
        };
        entries.insert(key, part(Token::Value).map_err(|reason| reason.to_string())?);
    }
    if entries.len() as u64 == count {
        Ok(Value::Object(entries))
    } else {
        Err(format!("no {count} different keys are found"))
    }
}
