//! Filters of a list by members of its items.

use serde_json::{Map, Value};

use super::{StatefulCall, overlay::members_of};
use crate::model::{Member, ShapeId, ShapeKind};

/// Members of a filter that has a name and values.
const NAMES: [&str; 4] = ["Name", "name", "Key", "key"];
const VALUES: [&str; 2] = ["Values", "values"];

/// Returns whether a call filters by a member of the items of its list.
pub(super) fn has_filter(call: &StatefulCall<'_>, item: &ShapeId) -> bool {
    let members = call.contract.members(item);
    let is_filter = |(name, value): (&String, &Value)| {
        named_values(value).next().is_some() || members.iter().any(|member| member.name == *name)
    };
    call.input.iter().any(is_filter)
}

/// Returns whether an item has the values that a call asks for. What the item lacks is not asked.
pub(super) fn is_asked_for(call: &StatefulCall<'_>, item: &ShapeId, shown: &Value) -> bool {
    let shown = members_of(shown);
    let plain = call.contract.members(item).iter().filter(|member| is_text(call, member)).all(|member| {
        let asked = call.input.get(&member.name).and_then(Value::as_str);
        asked.is_none_or(|asked| shown.get(&member.name).is_none_or(|value| value.as_str() == Some(asked)))
    });
    plain && call.input.values().flat_map(named_values).all(|(name, values)| has_one(shown, name, values))
}

/// The name and the values of each filter in a list of filters.
fn named_values(filters: &Value) -> impl Iterator<Item = (&str, &[Value])> {
    filters.as_array().into_iter().flatten().filter_map(|filter| {
        let name = NAMES.iter().find_map(|name| filter.get(*name)?.as_str())?;
        let values = VALUES.iter().find_map(|name| filter.get(*name)?.as_array())?;
        Some((name, values.as_slice()))
    })
}

/// Returns whether the member that a filter names has one of its values.
fn has_one(shown: &Map<String, Value>, name: &str, values: &[Value]) -> bool {
    let is_meant = |(member, _): &(&String, &Value)| member.eq_ignore_ascii_case(&name.replace('-', ""));
    shown.iter().find(is_meant).is_some_and(|(_, value)| values.contains(value))
}

fn is_text(call: &StatefulCall<'_>, member: &Member) -> bool {
    let kind = call.contract.shape(&member.target).map(|shape| &shape.kind);
    matches!(kind, Some(ShapeKind::String | ShapeKind::Enum(_)))
}
