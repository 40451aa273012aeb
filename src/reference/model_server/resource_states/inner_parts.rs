//! What was given inside structures, in outputs that have it in a structure of another shape or without the structure.

use serde_json::{Map, Value};

use super::{
    StatefulCall,
    kept_resource::{KeptMember, KeptResource},
    overlay::{OutputPart, View, members_of},
};
use crate::{
    model::{Member, ShapeId, ShapeKind},
    probe::differs_in_ending,
    reference::model_server::echo::is_plain,
};

impl View<'_> {
    /// The parts of members that were given, where no member has them as they are; `shown`: an example of what is shown.
    pub(super) fn given_inside(&self, kept: &KeptResource, shown: &Value, call: &StatefulCall<'_>) -> Vec<OutputPart> {
        let mut parts = Vec::new();
        for (path, member) in self.members().into_iter().filter(|(_, member)| self.is_structured(&member.target)) {
            let at = OutputPart::new(&path, &member.name, None).at;
            let example = at.iter().try_fold(shown, |value, step| value.get(step));
            let mut kept = kept.members.iter();
            let value = kept.find_map(|(name, own)| self.found(name, own, member, example, call));
            parts.extend(value.map(|value| OutputPart { at, value: Some(value) }));
        }
        parts
    }

    /// What a kept member gives to a member of the output: its parts, or one of them.
    fn found(
        &self,
        name: &str,
        own: &KeptMember,
        member: &Member,
        example: Option<&Value>,
        call: &StatefulCall<'_>,
    ) -> Option<Value> {
        if own.target == member.target {
            return None;
        }
        if name == member.name || differs_in_ending(name, &member.name) {
            return self.converted(&own.value, &own.target, &member.target, example, call);
        }
        let wrapped = self.contract.members(&own.target).iter().find(|inner| inner.name == member.name)?;
        self.converted(own.value.get(&wrapped.name)?, &wrapped.target, &member.target, example, call)
    }

    /// A value in another shape, with what the example has beside it.
    fn converted(
        &self,
        value: &Value,
        from: &ShapeId,
        to: &ShapeId,
        example: Option<&Value>,
        call: &StatefulCall<'_>,
    ) -> Option<Value> {
        if self.is_alike(from, to) {
            return is_plain(value).then(|| value.clone());
        }
        let kinds = (&self.contract.shape(from)?.kind, &self.contract.shape(to)?.kind);
        match kinds {
            (ShapeKind::Structure(_), ShapeKind::Structure(wanted)) => {
                let built = || call.examples.part(call.operation, to).ok();
                let mut members: Map<String, Value> = members_of(&example.cloned().or_else(built)?).clone();
                for member in wanted {
                    let given = self.contract.members(from).iter().find(|given| given.name == member.name);
                    let inner = given.zip(value.get(&member.name)).and_then(|(given, inner)| {
                        self.converted(inner, &given.target, &member.target, members.get(&member.name), call)
                    });
                    members.extend(inner.map(|inner| (member.name.clone(), inner)));
                }
                Some(Value::Object(members))
            }
            (ShapeKind::List(given), ShapeKind::List(wanted)) => {
                let first = example.and_then(|example| example.get(0));
                let item = |item: &Value| self.converted(item, &given.target, &wanted.target, first, call);
                value.as_array()?.iter().map(item).collect::<Option<Vec<_>>>().map(Value::Array)
            }
            _ => None,
        }
    }

    fn is_structured(&self, target: &ShapeId) -> bool {
        let kind = self.contract.shape(target).map(|shape| &shape.kind);
        matches!(kind, Some(ShapeKind::Structure(_) | ShapeKind::List(_)))
    }
}

/// Leaves out the last member inside the first structure that was given.
pub(super) fn without_inner(mut parts: Vec<OutputPart>) -> Vec<OutputPart> {
    let mut structures = parts.iter_mut().filter_map(|part| part.value.as_mut()?.as_object_mut());
    if let Some(members) = structures.find(|members| !members.is_empty()) {
        let last = members.keys().next_back().cloned();
        last.map(|last| members.shift_remove(&last));
    }
    parts
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn one_member_inside_the_first_structure_is_left_out() {
        let part = |name: &str, value: Value| OutputPart::new(&[], name, Some(value));
        let parts = vec![part("a", json!(1)), part("b", json!({"x": 1, "y": 2})), part("c", json!({"z": 3}))];
        let left: Vec<Option<Value>> = without_inner(parts).into_iter().map(|part| part.value).collect();
        assert_eq!(left, [Some(json!(1)), Some(json!({"x": 1})), Some(json!({"z": 3}))]);
    }
}
