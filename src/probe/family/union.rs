//! Unions: exactly one member.

use serde_json::{Map, Value};

use super::{DraftProbe, ProbeDraft, ProbeSubject, Want};
use crate::model::ShapeKind;

pub(super) fn ask(subject: &ProbeSubject<'_>) -> Option<DraftProbe> {
    let ShapeKind::Union(members) = &subject.shape.kind else { return None };
    let none = ProbeDraft::value("none", "has no member of its union", Value::Object(Map::new()), Want::Unread);
    let mut asked = DraftProbe::of("union", vec![none]);
    let built = members.iter().filter_map(|member| {
        let value = subject.inputs.member_value(subject.recipe, subject.place, member).ok()?;
        Some((member.name.clone(), value))
    });
    let two: Map<String, Value> = built.take(2).collect();
    if two.len() == 2 {
        asked.drafts.push(ProbeDraft::value("two", "has two members of its union", Value::Object(two), Want::Unread));
    } else {
        asked.unasked.push("the union has not two members that can be built".to_owned());
    }
    Some(asked)
}
