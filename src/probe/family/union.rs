//! Unions: exactly one member.

use serde_json::{Map, Value};

use super::{Asked, Draft, Subject, Want};
use crate::model::Kind;

pub(super) fn ask(subject: &Subject<'_>) -> Option<Asked> {
    let Kind::Union(members) = &subject.shape.kind else { return None };
    let none = Draft::value("none", "has no member of its union", Value::Object(Map::new()), Want::Unread);
    let mut asked = Asked::of("union", vec![none]);
    let built = members.iter().filter_map(|member| {
        let value = subject.inputs.member_value(subject.recipe, subject.place, member).ok()?;
        Some((member.name.clone(), value))
    });
    let two: Map<String, Value> = built.take(2).collect();
    if two.len() == 2 {
        asked.drafts.push(Draft::value("two", "has two members of its union", Value::Object(two), Want::Unread));
    } else {
        asked.unasked.push("the union has not two members that can be built".to_owned());
    }
    Some(asked)
}
