//! `smithy.api#length` of maps.

use serde_json::{Map, Value};

use super::{
    FamilyBasis, FamilyDefinition, FamilyDrafts, ProbeDraft, ProbeSubject, RequestGroup,
    length::{edges, no_drafts},
};
use crate::{
    model::{LengthUnit, ShapeId, ShapeKind, walk::ShapeStep},
    probe::UnprobedReason,
};

/// A larger map is not sent.
const MOST_ENTRIES: u64 = 1_001;

pub(super) const FAMILY: FamilyDefinition = FamilyDefinition {
    name: "entries",
    basis: FamilyBasis::Constraint,
    group: RequestGroup::Sdk,
    asks: "a map of invalid size",
    draft,
};

fn draft(subject: &ProbeSubject<'_>) -> Option<FamilyDrafts> {
    let ShapeKind::Map { key, .. } = &subject.shape.kind else { return None };
    let bounds = subject.location.length(subject.shape)?;
    let keys = keys(subject, &key.target);
    let mut family = no_drafts(bounds);
    for (variant, count, expected) in edges(bounds) {
        if keys.as_ref().is_some_and(|keys| count > keys.len() as u64) {
            family.unprobed.push(UnprobedReason::TooFewKeys { count });
            continue;
        }
        if count > MOST_ENTRIES {
            family.unprobed.push(UnprobedReason::TooManyEntries { count });
            continue;
        }
        match map(subject, count, keys.as_deref()) {
            Ok(value) => family.drafts.push(ProbeDraft::value(
                variant,
                format!("has {}", LengthUnit::Entries.counted(count)),
                value,
                expected,
            )),
            Err(reason) => family.unprobed.push(reason),
        }
    }
    Some(family)
}

/// The only valid keys, where they are the values of an enum.
fn keys(subject: &ProbeSubject<'_>, key: &ShapeId) -> Option<Vec<String>> {
    match &subject.contract().shape(key)?.kind {
        ShapeKind::Enum(values) => Some(values.iter().map(|value| value.value.clone()).collect()),
        _ => None,
    }
}

fn map(subject: &ProbeSubject<'_>, count: u64, keys: Option<&[String]>) -> Result<Value, UnprobedReason> {
    let mut entries = Map::new();
    for index in 0..count {
        let part = |token| subject.inputs.value_at(subject.recipe, subject.location, token, index);
        let known = keys.and_then(|keys| keys.get(usize::try_from(index).unwrap_or_default()));
        let key = match known {
            Some(key) => key.clone(),
            None => part(ShapeStep::Key)?.as_str().unwrap_or_default().to_owned(),
        };
        entries.insert(key, part(ShapeStep::Value)?);
    }
    if entries.len() as u64 == count { Ok(Value::Object(entries)) } else { Err(UnprobedReason::TooFewKeys { count }) }
}
