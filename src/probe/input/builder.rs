//! Builds a value of a shape, part by part.

use std::sync::Arc;

use serde_json::{Map, Value, json};

use super::{
    Inputs, Recipe, Unbuildable,
    scalar::{blob, number, timestamp},
    text_rule,
};
use crate::{
    model::{Bounds, Member, Shape, ShapeId, ShapeKind, Traits, pointer, walk::ShapeStep},
    probe::MemberPath,
};

/// The members to build.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Extent {
    Least,
    Full,
}

/// The greatest depth of a full input.
const DEEPEST: usize = 6;

/// The maximum number of parts of a value.
const MOST_PARTS: usize = 20_000;

/// The maximum length of a blob, in bytes. A longer one would test the limits of transports, not of the model.
const LONGEST_BLOB: u64 = 300_000;

/// The number of keys to try for each entry.
const KEY_TURNS: u64 = 16;

/// Builds one value.
pub(super) struct Builder<'a> {
    inputs: &'a Inputs,
    recipe: Recipe<'a>,
    extent: Extent,
    open: Vec<ShapeId>,
    /// The number of parts that may still be built.
    left: usize,
}

impl<'a> Builder<'a> {
    pub(super) fn new(inputs: &'a Inputs, recipe: Recipe<'a>, extent: Extent) -> Self {
        Self { inputs, recipe, extent, open: Vec::new(), left: MOST_PARTS }
    }

    pub(super) fn value(
        &mut self,
        target: &ShapeId,
        member: Option<&Traits>,
        at: &MemberPath,
    ) -> Result<Value, Unbuildable> {
        if let Some(known) = self.known(at) {
            return Ok(known.clone());
        }
        let contract = Arc::clone(self.inputs.contract());
        let shape = contract.shape(target).ok_or_else(|| Unbuildable::Nothing(target.to_string()))?;
        self.left = self.left.checked_sub(1).ok_or_else(|| Unbuildable::TooLarge(target.name().to_owned()))?;
        if self.open.contains(target) {
            return Err(Unbuildable::Endless(target.name().to_owned()));
        }
        self.open.push(target.clone());
        let value = self.of_kind(shape, member, at);
        self.open.pop();
        value
    }

    fn known(&self, at: &MemberPath) -> Option<&Value> {
        if at.is_root() || self.recipe.known.is_empty() {
            return None;
        }
        let name = format!("{}/{}", self.recipe.operation.name, at.slashed());
        self.recipe.known.iter().find(|(glob, _)| glob.matches_whole(&name)).map(|(_, value)| value)
    }

    fn of_kind(&mut self, shape: &Shape, member: Option<&Traits>, at: &MemberPath) -> Result<Value, Unbuildable> {
        Ok(match &shape.kind {
            ShapeKind::Structure(members) => self.structure(members, at)?,
            ShapeKind::Union(members) => self.union(shape, members, at)?,
            ShapeKind::List(item) => self.list(shape, member, item, at)?,
            ShapeKind::Map { key, value } => self.map(shape, member, key, value, at)?,
            ShapeKind::String => {
                let witness = self.inputs.witness(text_rule(shape, member))?;
                self.recipe.salt.map_or_else(|| witness.sample().to_owned(), |salt| witness.text(salt)).into()
            }
            ShapeKind::Enum(values) => {
                let first = values.first().ok_or_else(|| Unbuildable::Nothing(shape.id.to_string()))?;
                first.value.clone().into()
            }
            ShapeKind::IntEnum(values) => {
                (*values.first().ok_or_else(|| Unbuildable::Nothing(shape.id.to_string()))?).into()
            }
            ShapeKind::Boolean => false.into(),
            ShapeKind::Number(kind) => number(*kind, member.and_then(Traits::range).or_else(|| shape.traits.range())),
            ShapeKind::Blob => {
                let bounds = member.and_then(Traits::length).or_else(|| shape.traits.length());
                if bounds.and_then(|bounds| bounds.min).is_some_and(|min| min > LONGEST_BLOB) {
                    return Err(Unbuildable::TooLarge(shape.id.name().to_owned()));
                }
                blob(bounds)
            }
            ShapeKind::Timestamp => {
                let own = member.and_then(Traits::timestamp_format).or_else(|| shape.traits.timestamp_format());
                timestamp(own.unwrap_or(self.inputs.rules().timestamp_format), at)
            }
            ShapeKind::Document => json!({}),
        })
    }

    fn structure(&mut self, members: &[Member], at: &MemberPath) -> Result<Value, Unbuildable> {
        let mut map = Map::new();
        for member in members {
            let excluded = self.inputs.excluded_by(self.recipe.operation, at, &member.name);
            if excluded.iter().any(|name| map.contains_key(name)) {
                continue;
            }
            let path = at.then(ShapeStep::Member(member.name.clone()));
            let required = self.inputs.is_wanted(self.recipe.operation, member, &path);
            if !required && (self.extent == Extent::Least || path.0.len() > DEEPEST) {
                continue;
            }
            match self.value(&member.target, Some(&member.traits), &path) {
                Ok(value) => drop(map.insert(member.name.clone(), value)),
                Err(reason) if required => return Err(reason),
                Err(_) => {}
            }
        }
        if map.is_empty() && self.is_lost_if_empty(at) {
            map.extend(self.first_optional(members, at));
        }
        Ok(Value::Object(map))
    }

    /// Returns whether the request has no place for an empty structure.
    fn is_lost_if_empty(&self, at: &MemberPath) -> bool {
        !at.is_root() && !self.inputs.place_of(self.recipe.operation, at).has_empty_containers()
    }

    /// The first member that can be built.
    fn first_optional(&mut self, members: &[Member], at: &MemberPath) -> Option<(String, Value)> {
        members.iter().find_map(|member| {
            let path = at.then(ShapeStep::Member(member.name.clone()));
            Some((member.name.clone(), self.value(&member.target, Some(&member.traits), &path).ok()?))
        })
    }

    fn union(&mut self, shape: &Shape, members: &[Member], at: &MemberPath) -> Result<Value, Unbuildable> {
        let built = members.iter().find_map(|member| {
            let path = at.then(ShapeStep::Member(member.name.clone()));
            let value = self.value(&member.target, Some(&member.traits), &path).ok()?;
            Some(json!({ member.name.as_str(): value }))
        });
        built.ok_or_else(|| Unbuildable::Nothing(shape.id.name().to_owned()))
    }

    pub(super) fn list(
        &mut self,
        shape: &Shape,
        member: Option<&Traits>,
        item: &Member,
        at: &MemberPath,
    ) -> Result<Value, Unbuildable> {
        let bounds = member.and_then(Traits::length).or_else(|| shape.traits.length());
        let count = least_count(bounds);
        let salt = self.recipe.salt;
        let mut items = Vec::new();
        for index in 0..count {
            self.recipe.salt = Some(salt.unwrap_or_default().wrapping_add(index));
            match self.value(&item.target, Some(&item.traits), &at.then(ShapeStep::Item)) {
                Ok(value) => items.push(value),
                Err(Unbuildable::Endless(_)) if bounds.and_then(|bounds| bounds.min).unwrap_or(0) == 0 => break,
                Err(reason) => return Err(reason),
            }
        }
        self.recipe.salt = salt;
        Ok(Value::Array(items))
    }

    fn map(
        &mut self,
        shape: &Shape,
        member: Option<&Traits>,
        key: &Member,
        value: &Member,
        at: &MemberPath,
    ) -> Result<Value, Unbuildable> {
        let bounds = member.and_then(Traits::length).or_else(|| shape.traits.length());
        let salt = self.recipe.salt;
        let mut entries = Map::new();
        let wanted = least_count(bounds);
        // A pattern with few strings yields the same key again.
        for turn in 0..wanted.saturating_mul(KEY_TURNS) {
            if entries.len() as u64 == wanted {
                break;
            }
            self.recipe.salt = Some(salt.unwrap_or_default().wrapping_add(turn));
            let key = self.value(&key.target, Some(&key.traits), &at.then(ShapeStep::Key))?;
            match self.value(&value.target, Some(&value.traits), &at.then(ShapeStep::Value)) {
                Ok(value) => drop(entries.insert(key.as_str().unwrap_or_default().to_owned(), value)),
                Err(Unbuildable::Endless(_)) if bounds.and_then(|bounds| bounds.min).unwrap_or(0) == 0 => break,
                Err(reason) => return Err(reason),
            }
        }
        self.recipe.salt = salt;
        Ok(Value::Object(entries))
    }

    /// Goes one step into a value and builds the part if it is missing: the next pointer token, and the shape of the
    /// part.
    pub(super) fn enter(
        &mut self,
        shape: &ShapeId,
        value: &mut Value,
        token: &ShapeStep,
        at: &MemberPath,
    ) -> Result<(String, ShapeId), Unbuildable> {
        let contract = Arc::clone(self.inputs.contract());
        let nothing = || Unbuildable::Nothing(at.to_string());
        let kind = &contract.shape(shape).ok_or_else(nothing)?.kind;
        match (kind, token, value) {
            (
                ShapeKind::Structure(members) | ShapeKind::Union(members),
                ShapeStep::Member(name),
                Value::Object(map),
            ) => {
                let member = members.iter().find(|member| member.name == *name).ok_or_else(nothing)?;
                if !map.contains_key(name) {
                    if matches!(kind, ShapeKind::Union(_)) {
                        map.clear();
                    }
                    let excluded = self.inputs.excluded_by(self.recipe.operation, &at.above(), name);
                    map.retain(|name, _| !excluded.contains(name));
                    map.insert(name.clone(), self.value(&member.target, Some(&member.traits), at)?);
                }
                Ok((pointer::escape(name), member.target.clone()))
            }
            (ShapeKind::List(item), ShapeStep::Item, Value::Array(items)) => {
                if items.is_empty() {
                    items.push(self.value(&item.target, Some(&item.traits), at)?);
                }
                Ok(("0".to_owned(), item.target.clone()))
            }
            (ShapeKind::Map { key, value }, ShapeStep::Key | ShapeStep::Value, Value::Object(entries)) => {
                if entries.is_empty() {
                    let name = self.value(&key.target, Some(&key.traits), &sibling(at, ShapeStep::Key))?;
                    let value = self.value(&value.target, Some(&value.traits), &sibling(at, ShapeStep::Value))?;
                    entries.insert(name.as_str().unwrap_or_default().to_owned(), value);
                }
                let name = entries.keys().next().cloned().unwrap_or_default();
                let target = if *token == ShapeStep::Key { &key.target } else { &value.target };
                Ok((pointer::escape(&name), target.clone()))
            }
            _ => Err(nothing()),
        }
    }
}

fn sibling(at: &MemberPath, token: ShapeStep) -> MemberPath {
    at.above().then(token)
}

/// At least one entry: an empty list is valid by many models and rejected by most services.
fn least_count(bounds: Option<Bounds<u64>>) -> u64 {
    let Bounds { min, max } = bounds.unwrap_or(Bounds { min: None, max: None });
    min.unwrap_or(0).max(1).min(max.unwrap_or(u64::MAX))
}

#[cfg(test)]
mod tests {
    use rstest::rstest;
    use serde_json::{Value, json};

    use crate::probe::{
        input::{Inputs, KnownValues, Recipe},
        location::locations,
        testing::{SHAPES, put, suite},
    };

    const STATES: &str = "states: {}\nexclusive:\n  Put: [choice, tags]\n  Put/tree: [leaf, left]\n";

    fn inputs() -> Inputs {
        Inputs::new(suite(SHAPES, STATES).service("s").unwrap())
    }

    #[rstest]
    #[case::at_the_top("choice/b", "/choice", &["name", "choice"], "")]
    #[case::below("tree/left", "/tree/left", &["left"], "/tree")]
    fn a_member_that_is_reached_replaces_those_that_it_excludes(
        #[case] path: &str,
        #[case] pointer: &str,
        #[case] members: &[&str],
        #[case] structure: &str,
    ) {
        let inputs = inputs();
        let operation = put(&inputs);
        let known: KnownValues = vec![
            ("Put/tags".parse().unwrap(), json!([{"key": "abc"}, {"key": "abd"}])),
            ("Put/tree".parse().unwrap(), json!({"leaf": true})),
        ];
        let recipe = Recipe { operation: &operation, known: &known, salt: None };
        let locations = locations(&inputs, &operation);
        let location = locations.iter().find(|location| location.path.to_string() == path).unwrap();
        let reached = inputs.reaching(recipe, location).unwrap().input;
        assert!(reached.pointer(pointer).is_some(), "{reached}");
        let names = reached.pointer(structure).and_then(Value::as_object).unwrap().keys();
        assert_eq!(names.collect::<Vec<_>>(), members);
    }

    #[test]
    fn a_full_input_has_one_of_the_members_that_exclude_each_other() {
        let inputs = inputs();
        let operation = put(&inputs);
        let recipe = Recipe { operation: &operation, known: &KnownValues::new(), salt: None };
        let full = inputs.full(recipe).unwrap();
        let members: Vec<&str> = full.as_object().unwrap().keys().map(String::as_str).collect();
        assert_eq!(members, ["name", "tags", "tree", "by"]);
        assert_eq!(full["tree"], json!({"leaf": false}));
    }
}
