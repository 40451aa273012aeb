//! Writes what is kept of a resource into an example of an output.

use std::slice;

use serde_json::{Map, Value};

use super::{
    StatefulCall,
    kept_resource::KeptResource,
    state_plan::{KindUse, ResourceKind},
    tag_set::{TagSet, holds_tags},
};
use crate::{
    model::{Contract, Member, MemberBinding, PayloadSide, ShapeId, ShapeKind},
    probe::{Examples, OutputPath},
    reference::model_server::{describes_message, echo::is_plain},
};

/// A member of an output with its new value.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct OutputPart {
    /// The names of the structures around it, and its own.
    pub(super) at: Vec<String>,
    /// `None`: the member is left out.
    pub(super) value: Option<Value>,
}

impl OutputPart {
    pub(super) fn new(path: &[String], name: &str, value: Option<Value>) -> Self {
        Self { at: [path, slice::from_ref(&name.to_owned())].concat(), value }
    }

    /// Returns whether this part gives the member at a path a value, itself or within its own value.
    pub(super) fn holds(&self, at: &[String]) -> bool {
        let Some(inner) = at.strip_prefix(self.at.as_slice()) else { return false };
        let found = self.value.as_ref().and_then(|value| inner.iter().try_fold(value, |value, step| value.get(step)));
        inner.is_empty() || found.is_some()
    }

    /// The output with this part.
    pub(super) fn laid_on(&self, output: &Value) -> Value {
        let mut changed = output.clone();
        self.lay(&mut changed);
        changed
    }

    fn lay(&self, output: &mut Value) {
        let Some((name, path)) = self.at.split_last() else { return };
        let mut open = output;
        for step in path {
            let Some(inner) = open.get_mut(step) else { return };
            open = inner;
        }
        let Value::Object(members) = open else { return };
        match &self.value {
            Some(value) => drop(members.insert(name.clone(), value.clone())),
            None => drop(members.shift_remove(name)),
        }
    }
}

/// The output with the parts, without those that would make it invalid.
pub(super) fn laid(output: &Value, parts: &[OutputPart], is_valid: &dyn Fn(&Value) -> bool) -> Value {
    let mut all = output.clone();
    for part in parts {
        part.lay(&mut all);
    }
    if is_valid(&all) {
        return all;
    }
    parts.iter().fold(output.clone(), |valid, part| {
        let changed = part.laid_on(&valid);
        if is_valid(&changed) { changed } else { valid }
    })
}

/// A structure that may show a resource: an output, or the item of a list.
#[derive(Clone, Copy)]
pub(super) struct View<'c> {
    pub(super) contract: &'c Contract,
    pub(super) examples: &'c Examples,
    pub(super) kind: &'c ResourceKind,
    pub(super) root: &'c ShapeId,
    /// True if the members of the root are bound to parts of a response.
    pub(super) is_output: bool,
    /// Where the root has the identifier, if that is known.
    pub(super) held: Option<&'c OutputPath>,
}

/// A string by its number, for a new identifier.
pub(super) type NewText<'n> = &'n mut dyn FnMut(&Member) -> Option<String>;

impl<'c> View<'c> {
    /// The output of a call.
    pub(super) fn of_output(kind: &'c ResourceKind, one: &'c KindUse, call: &StatefulCall<'c>) -> Self {
        Self {
            contract: call.contract,
            examples: call.examples,
            kind,
            root: &call.operation.output,
            is_output: true,
            held: one.relation.output.as_ref(),
        }
    }

    /// The structures that may have members of the resource: the root, those in it, and those around its identifier.
    fn structures(&self) -> Vec<(Vec<String>, &'c ShapeId)> {
        let mut all = vec![(Vec::new(), self.root)];
        let is_structure =
            |id: &ShapeId| matches!(self.contract.shape(id).map(|shape| &shape.kind), Some(ShapeKind::Structure(_)));
        let inner = self.contract.members(self.root).iter().filter(|member| is_structure(&member.target));
        all.extend(inner.map(|member| (vec![member.name.clone()], &member.target)));
        let around = self.held.map(|path| path.0.as_slice()).unwrap_or_default();
        for length in 2..around.len() {
            let path = around.get(..length).unwrap_or_default();
            if let Some(shape) = self.shape_at(path) {
                all.push((path.to_vec(), shape));
            }
        }
        all
    }

    fn shape_at(&self, path: &[String]) -> Option<&'c ShapeId> {
        path.iter().try_fold(self.root, |shape, name| {
            let member = self.contract.members(shape).iter().find(|member| member.name == *name)?;
            Some(&member.target)
        })
    }

    /// Every member that a part may replace, with the path to its structure.
    pub(super) fn members(&self) -> Vec<(Vec<String>, &'c Member)> {
        let mut all = Vec::new();
        for (path, shape) in self.structures() {
            for member in self.contract.members(shape) {
                all.push((path.clone(), member));
            }
        }
        all
    }

    /// The members that were given, under the same name and shape, or a simple shape of the same kind.
    pub(super) fn given(&self, kept: &KeptResource) -> Vec<OutputPart> {
        let mut parts = Vec::new();
        for (path, member) in self.members() {
            let same = kept.members.get(&member.name).filter(|own| self.is_alike(&own.target, &member.target));
            let is_carried = |value: &Value| is_plain(value) && (!path.is_empty() || self.carries(member, value));
            if let Some(own) = same.filter(|own| is_carried(&own.value)) {
                parts.push(OutputPart::new(&path, &member.name, Some(own.value.clone())));
            }
        }
        parts
    }

    /// The tags, in each member that holds tags.
    pub(super) fn tags(&self, tags: &TagSet) -> Vec<OutputPart> {
        let mut parts = Vec::new();
        for (path, member) in self.members().into_iter().filter(|(_, member)| holds_tags(self.contract, member)) {
            let value = tags.written(self.contract, member).filter(|_| !tags.is_empty() || member.traits.required());
            parts.push(OutputPart::new(&path, &member.name, value));
        }
        parts
    }

    /// The identifiers, and new ones of the forms that the resource has not had yet.
    pub(super) fn identity(&self, kept: &mut KeptResource, new: NewText<'_>) -> Vec<OutputPart> {
        let mut parts = Vec::new();
        for (path, member) in self.members() {
            if !self.is_text(member) {
                continue;
            }
            if let Some(parent) = kept.parents.get(&member.name) {
                parts.push(OutputPart::new(&path, &member.name, Some(parent.as_str().into())));
                continue;
            }
            let Some(form) = self.kind.resource.identity_form(&member.name, &path) else { continue };
            let value = match kept.identity.get(&form) {
                Some(known) => self.examples.allows(member, known).then(|| known.clone()),
                None => self.kind.is_made.then(|| new(member)).flatten(),
            };
            if let Some(value) = &value {
                kept.keep_identity(form, value.clone());
            }
            parts.extend(value.map(|value| OutputPart::new(&path, &member.name, Some(value.into()))));
        }
        parts
    }

    pub(super) fn is_alike(&self, one: &ShapeId, other: &ShapeId) -> bool {
        let kinds =
            (self.contract.shape(one).map(|one| &one.kind), self.contract.shape(other).map(|other| &other.kind));
        one == other
            || matches!(
                kinds,
                (Some(ShapeKind::String), Some(ShapeKind::String))
                    | (Some(ShapeKind::Boolean), Some(ShapeKind::Boolean))
                    | (Some(ShapeKind::Number(_)), Some(ShapeKind::Number(_)))
            )
    }

    fn is_text(&self, member: &Member) -> bool {
        matches!(self.contract.shape(&member.target).map(|shape| &shape.kind), Some(ShapeKind::String))
    }

    /// Returns whether the part of the response that carries a member of the root can carry this value.
    fn carries(&self, member: &Member, value: &Value) -> bool {
        if !self.is_output {
            return true;
        }
        match member.binding(PayloadSide::Output) {
            MemberBinding::Status => false,
            MemberBinding::Header(name) => !describes_message(name) && is_plain_header(value),
            MemberBinding::PrefixHeaders(_) => value
                .as_object()
                .is_some_and(|entries| entries.iter().all(|(name, value)| is_token(name) && is_plain_header(value))),
            _ => true,
        }
    }
}

/// Returns whether a header returns the value as it is, for any reader.
fn is_plain_header(value: &Value) -> bool {
    let is_plain =
        |text: &str| !text.is_empty() && text == text.trim() && text.chars().all(|c| c == ' ' || c.is_ascii_graphic());
    match value {
        Value::String(text) => is_plain(text),
        Value::Array(items) => items.iter().all(|item| {
            let is_split = item.as_str().is_some_and(|text| text.contains([',', '"']));
            !is_split && is_plain_header(item)
        }),
        Value::Object(_) => false,
        _ => true,
    }
}

fn is_token(name: &str) -> bool {
    !name.is_empty() && name.chars().all(|c| c.is_ascii_alphanumeric() || c == '-')
}

/// Leaves out the first given member, or replaces it by the example's value where it is required.
pub(super) fn without_first(
    contract: &Contract,
    root: &ShapeId,
    example: &Value,
    parts: Vec<OutputPart>,
    kept: &KeptResource,
) -> Vec<OutputPart> {
    let mut is_dropped = false;
    let mut left = Vec::new();
    for part in parts {
        let name = part.at.last().cloned().unwrap_or_default();
        let is_name = part.value.as_ref().and_then(Value::as_str).is_some_and(|text| kept.names.contains(text));
        if is_dropped || is_name {
            left.push(part);
            continue;
        }
        is_dropped = true;
        let shape =
            part.at.split_last().map(|(_, path)| path).unwrap_or_default().iter().try_fold(root, |shape, step| {
                contract.members(shape).iter().find(|member| member.name == *step).map(|member| &member.target)
            });
        let member = shape.and_then(|shape| contract.members(shape).iter().find(|member| member.name == name));
        let at = part.at.iter().try_fold(example, |value, step| value.get(step));
        let value = at.filter(|_| member.is_some_and(|member| member.traits.required())).cloned();
        left.push(OutputPart { value, ..part });
    }
    left
}

/// The values of an object; none of anything else.
pub(super) fn members_of(value: &Value) -> &Map<String, Value> {
    static NONE: std::sync::LazyLock<Map<String, Value>> = std::sync::LazyLock::new(Map::new);
    value.as_object().unwrap_or(&NONE)
}

#[cfg(test)]
mod tests {
    use rstest::rstest;
    use serde_json::json;

    use super::*;

    #[rstest]
    #[case(json!("plain; charset=x, y"), true)]
    #[case(json!(7), true)]
    #[case(json!(["a", "b"]), true)]
    #[case(json!(["a,b"]), false)]
    #[case(json!(" a"), false)]
    #[case(json!("é"), false)]
    #[case(json!({"a": "b"}), false)]
    fn a_header_carries_what_every_reader_reads_alike(#[case] value: Value, #[case] expected: bool) {
        assert_eq!(is_plain_header(&value), expected);
    }

    #[rstest]
    #[case(&["a"], true)]
    #[case(&["a", "b"], true)]
    #[case(&["a", "c"], false)]
    #[case(&["b"], false)]
    fn a_part_holds_its_own_member_and_those_in_its_value(#[case] at: &[&str], #[case] expected: bool) {
        let at: Vec<String> = at.iter().map(|step| (*step).to_owned()).collect();
        let part = OutputPart::new(&[], "a", Some(json!({"b": 1})));
        assert_eq!(part.holds(&at), expected);
    }

    #[test]
    fn a_part_that_makes_the_output_invalid_is_left_out() {
        let part = |at: &[&str], value: Option<Value>| OutputPart {
            at: at.iter().map(|step| (*step).to_owned()).collect(),
            value,
        };
        let parts = [part(&["inner", "a"], Some(json!(2))), part(&["b"], None), part(&["none", "c"], Some(json!(3)))];
        let output = json!({"inner": {"a": 1}, "b": 1});
        assert_eq!(laid(&output, &parts, &|_| true), json!({"inner": {"a": 2}}));
        assert_eq!(laid(&output, &parts, &|output| output.get("b").is_some()), json!({"inner": {"a": 2}, "b": 1}));
    }
}
