//! Valid inputs, built from the model: the least one, one that has a location, and a full one.
//!
//! They keep every constraint of the model. What the model does not say (which members go together, which resources
//! exist) is unknown here; known values of existing resources are used where a recipe gives them.

mod builder;
mod scalar;

use std::{
    cell::RefCell,
    collections::{BTreeSet, HashMap},
    sync::Arc,
};

use serde_json::Value;

use builder::{Builder, Extent};
pub(super) use scalar::{blob_of, write_number};

use super::{
    Location, MemberPath,
    relations::Relations,
    witness::{NearMiss, Patterns, TextRule, Witness, WitnessError},
};
use crate::{
    model::{
        BodyRules, Bounds, Contract, Member, Operation, PayloadSide, Schemas, Shape, ShapeId, ShapeKind, Traits,
        walk::ShapeStep,
    },
    suite::{ExclusiveMembers, Glob, ResourceNames, ServiceFixtures},
    wire::{Protocol, protocol::ValuePlace},
};

/// The reason why no valid input can be built.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Unbuildable {
    /// No string for a pattern was found.
    #[error(transparent)]
    String(#[from] WitnessError),
    /// A shape that requires itself without end.
    #[error("{0} requires itself without end")]
    Endless(String),
    /// Every valid value is too large to build and send.
    #[error("every valid value of {0} is too large to be sent")]
    TooLarge(String),
    /// A shape without a valid value, such as a union without members.
    #[error("{0} has no valid value")]
    Nothing(String),
}

/// The values of existing resources by globs over `Operation/Member`; the first glob that matches counts.
pub type KnownValues = Vec<(Glob, Value)>;

/// Builds inputs of one contract.
#[derive(Debug)]
pub(super) struct Inputs {
    schemas: Arc<Schemas>,
    protocol: &'static dyn Protocol,
    /// Members that a recipe adds to every valid input, required or not.
    always: Vec<Glob>,
    /// Members that a recipe has a value for.
    filled: Vec<Glob>,
    /// Members of which an input has one at most.
    exclusive: Vec<ExclusiveMembers>,
    /// The names of one resource that a recipe has values for.
    pub(super) names: Vec<ResourceNames>,
    relations: Relations,
    patterns: Patterns,
    texts: RefCell<HashMap<TextKey, Result<Arc<Witness>, Unbuildable>>>,
    misses: RefCell<HashMap<TextKey, NearMisses>>,
    lengths: RefCell<HashMap<(TextKey, u64), OfLength>>,
    /// The shapes that were tried already.
    unbuildable: RefCell<HashMap<ShapeId, Option<Unbuildable>>>,
    /// What a family knows of a member of an operation's input.
    remembered: RefCell<HashMap<(String, String), PathTexts>>,
}

type TextKey = (Option<String>, u64, Option<u64>);

/// Strings that violate a rule by one character.
type NearMisses = Arc<Vec<(NearMiss, String)>>;

/// Paths, as they are written.
type PathTexts = Arc<BTreeSet<String>>;

/// A string of one length, if one was found.
type OfLength = Option<Arc<str>>;

/// The options that build one input.
#[derive(Clone, Copy)]
pub(super) struct Recipe<'a> {
    pub(super) operation: &'a Operation,
    /// The values of resources that exist.
    pub(super) known: &'a KnownValues,
    /// The seed of new strings; `None`: any valid string.
    pub(super) salt: Option<u64>,
}

impl<'a> Recipe<'a> {
    /// The value that is known for a top-level member.
    pub(super) fn known_member(&self, member: &str) -> Option<&'a Value> {
        let name = format!("{}/{member}", self.operation.name);
        self.known.iter().find(|(glob, _)| glob.matches_whole(&name)).map(|(_, value)| value)
    }
}

/// An input that has a location.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Reached {
    pub(super) input: Value,
    /// The JSON pointer of the location; of a key, that of its entry.
    pub(super) pointer: String,
}

impl Inputs {
    pub(super) fn new(service: &ServiceFixtures) -> Self {
        let always =
            service.fillings.iter().filter(|filling| filling.always).map(|filling| filling.glob.clone()).collect();
        let filled = service.fillings.iter().map(|filling| filling.glob.clone()).collect();
        let relations = Relations::of_service(service);
        let names = service.names.clone();
        let exclusive = service.exclusive.clone();
        Self {
            always,
            filled,
            exclusive,
            names,
            relations,
            ..Self::of_shapes(Arc::clone(&service.schemas), service.protocol)
        }
    }

    /// Builds values by the model alone.
    pub(super) fn of_shapes(schemas: Arc<Schemas>, protocol: &'static dyn Protocol) -> Self {
        Self {
            schemas,
            protocol,
            always: Vec::new(),
            filled: Vec::new(),
            exclusive: Vec::new(),
            names: Vec::new(),
            relations: Relations::default(),
            patterns: Patterns::default(),
            texts: RefCell::default(),
            misses: RefCell::default(),
            lengths: RefCell::default(),
            unbuildable: RefCell::default(),
            remembered: RefCell::default(),
        }
    }

    /// Returns whether the least valid input has the member, if it has its structure.
    pub(super) fn is_wanted(&self, operation: &Operation, member: &Member, at: &MemberPath) -> bool {
        let by_recipe = || {
            let name = format!("{}/{}", operation.name, at.slashed());
            self.always.iter().any(|glob| glob.matches_whole(&name))
        };
        member.traits.required() || (!self.always.is_empty() && by_recipe())
    }

    /// Returns whether the least valid input has a member.
    pub(super) fn is_in_least(&self, operation: &Operation, member: &Member) -> bool {
        self.is_wanted(operation, member, &MemberPath(vec![ShapeStep::Member(member.name.clone())]))
    }

    /// Returns whether a recipe has a value for a member of an input.
    pub(super) fn is_filled(&self, operation: &Operation, member: &Member) -> bool {
        self.is_filled_at(operation, &MemberPath(vec![ShapeStep::Member(member.name.clone())]))
    }

    /// Returns whether a recipe has a value for a location of an input.
    pub(super) fn is_filled_at(&self, operation: &Operation, path: &MemberPath) -> bool {
        let name = format!("{}/{}", operation.name, path.slashed());
        self.filled.iter().any(|glob| glob.matches_whole(&name))
    }

    /// The members that a member of the structure at `path` excludes, and itself.
    fn excluded_by(&self, operation: &Operation, path: &MemberPath, member: &str) -> &[String] {
        let structure = || format!("{}/{}", operation.name, path.slashed());
        let is_at = |one: &&ExclusiveMembers| {
            one.members.iter().any(|name| name == member) && one.glob.matches_whole(structure().trim_end_matches('/'))
        };
        self.exclusive.iter().find(is_at).map_or(&[], |one| &one.members)
    }

    /// The names of one resource that a recipe has values for, if a location takes them.
    pub(super) fn names_at(&self, operation: &Operation, path: &MemberPath) -> Option<&ResourceNames> {
        let name = format!("{}/{}", operation.name, path.slashed());
        self.names.iter().find(|names| names.glob.matches_whole(&name))
    }

    /// Returns whether a call that follows another has a member, beside those that the first call determines: a required
    /// one, or a list with the names of the attributes to return.
    pub(super) fn is_sent_later(&self, operation: &Operation, member: &Member) -> bool {
        let name = member.name.to_ascii_lowercase();
        let names_parts = name.ends_with("attributenames") || name == "include";
        self.is_in_least(operation, member) || names_parts && self.is_filled(operation, member)
    }

    /// The relations of the service.
    pub(super) fn relations(&self) -> &Relations {
        &self.relations
    }

    pub(super) fn protocol(&self) -> &'static dyn Protocol {
        self.protocol
    }

    /// The part of a request that carries a location.
    pub(super) fn place(&self, operation: &Operation, location: &Location) -> ValuePlace {
        self.place_of(operation, &location.path)
    }

    fn place_of(&self, operation: &Operation, path: &MemberPath) -> ValuePlace {
        let top = path.members().next();
        let members = self.contract().members(&operation.input);
        let member = top.and_then(|top| members.iter().find(|member| member.name == top));
        self.protocol.place(self.contract(), operation, member)
    }

    pub(super) fn rules(&self) -> &BodyRules {
        self.schemas.rules()
    }

    pub(super) fn contract(&self) -> &Arc<Contract> {
        self.schemas.contract()
    }

    /// Returns whether an input is valid by the model.
    pub(super) fn keeps_model(&self, operation: &Operation, input: &Value) -> bool {
        let input = self.contract().without_null_members(&operation.input, input);
        self.schemas.violations(&operation.input, PayloadSide::Input, &input).is_ok_and(|broken| broken.is_empty())
    }

    /// The least valid input.
    pub(super) fn least(&self, recipe: Recipe<'_>) -> Result<Value, Unbuildable> {
        self.whole(recipe, Extent::Least)
    }

    /// A valid input with every member that can be built.
    pub(super) fn full(&self, recipe: Recipe<'_>) -> Result<Value, Unbuildable> {
        self.whole(recipe, Extent::Full)
    }

    fn whole(&self, recipe: Recipe<'_>, extent: Extent) -> Result<Value, Unbuildable> {
        self.of_shape(recipe, &recipe.operation.input, extent)
    }

    /// The least valid value of a shape.
    pub(super) fn least_of(&self, recipe: Recipe<'_>, shape: &ShapeId) -> Result<Value, Unbuildable> {
        self.of_shape(recipe, shape, Extent::Least)
    }

    /// A valid value of a shape with every member that can be built.
    pub(super) fn full_of(&self, recipe: Recipe<'_>, shape: &ShapeId) -> Result<Value, Unbuildable> {
        self.of_shape(recipe, shape, Extent::Full)
    }

    fn of_shape(&self, recipe: Recipe<'_>, shape: &ShapeId, extent: Extent) -> Result<Value, Unbuildable> {
        Builder::new(self, recipe, extent).value(shape, None, &MemberPath::default())
    }

    /// The least valid input that has a location.
    pub(super) fn reaching(&self, recipe: Recipe<'_>, location: &Location) -> Result<Reached, Unbuildable> {
        let mut input = self.least(recipe)?;
        let mut builder = Builder::new(self, recipe, Extent::Least);
        let mut at = String::new();
        let mut shape = recipe.operation.input.clone();
        let mut path = MemberPath::default();
        for token in &location.path.0 {
            path = path.then(token.clone());
            let value = input.pointer_mut(&at).ok_or_else(|| Unbuildable::Nothing(path.to_string()))?;
            let (next, target) = builder.enter(&shape, value, token, &path)?;
            at = format!("{at}/{next}");
            shape = target;
        }
        Ok(Reached { input, pointer: at })
    }

    /// Returns why no valid input has a location, if none does: the least input, or a shape on the path, cannot be
    /// built.
    pub(super) fn obstacle(&self, operation: &Operation, location: &Location) -> Option<Unbuildable> {
        let mut shape = operation.input.clone();
        let mut found = self.unbuildable(operation, &shape, None);
        for token in &location.path.0 {
            if found.is_some() {
                break;
            }
            let kind = &self.contract().shape(&shape)?.kind;
            let target = kind.at(token)?;
            // An entry of a map needs both of its parts.
            let members: Vec<&Member> = if matches!(kind, ShapeKind::Map { .. }) {
                kind.parts().filter(|part| part.name != target.name).chain([target]).collect()
            } else {
                vec![target]
            };
            let unbuildable = |member: &&Member| self.unbuildable(operation, &member.target, Some(&member.traits));
            found = members.iter().find_map(unbuildable);
            shape = target.target.clone();
        }
        found
    }

    /// Returns why no valid value of a shape can be built. Cached, since most shapes occur at many locations.
    fn unbuildable(&self, operation: &Operation, target: &ShapeId, member: Option<&Traits>) -> Option<Unbuildable> {
        let narrows =
            |traits: &Traits| traits.length().is_some() || traits.pattern().is_some() || traits.range().is_some();
        let own = member.filter(|traits| narrows(traits));
        if let Some(known) = self.unbuildable.borrow().get(target).filter(|_| own.is_none()) {
            return known.clone();
        }
        let recipe = Recipe { operation, known: &Vec::new(), salt: None };
        let mut builder = Builder::new(self, recipe, Extent::Least);
        let reason = builder.value(target, member, &MemberPath::default()).err();
        if own.is_none() {
            self.unbuildable.borrow_mut().insert(target.clone(), reason.clone());
        }
        reason
    }

    /// A valid part of the value at a location; another `index` gives another value.
    pub(super) fn value_at(
        &self,
        recipe: Recipe<'_>,
        location: &Location,
        token: ShapeStep,
        index: u64,
    ) -> Result<Value, Unbuildable> {
        let salt = Some(recipe.salt.unwrap_or_default().wrapping_add(index));
        let recipe = Recipe { salt, known: &Vec::new(), ..recipe };
        let mut builder = Builder::new(self, recipe, Extent::Least);
        let shape =
            self.contract().shape(&location.target).ok_or_else(|| Unbuildable::Nothing(location.path.to_string()))?;
        let member = shape.kind.at(&token).ok_or_else(|| Unbuildable::Nothing(location.path.to_string()))?;
        builder.value(&member.target, Some(&member.traits), &location.path.then(token))
    }

    /// A list of `count` items for a location, each with a salt of its own.
    pub(super) fn list(&self, recipe: Recipe<'_>, location: &Location, count: u64) -> Result<Value, Unbuildable> {
        let items: Result<Vec<Value>, _> =
            (0..count).map(|index| self.value_at(recipe, location, ShapeStep::Item, index)).collect();
        items.map(Value::Array)
    }

    /// A valid value of a member of the union at a location.
    pub(super) fn member_value(
        &self,
        recipe: Recipe<'_>,
        location: &Location,
        member: &Member,
    ) -> Result<Value, Unbuildable> {
        let path = location.path.then(ShapeStep::Member(member.name.clone()));
        let mut builder = Builder::new(self, recipe, Extent::Least);
        builder.value(&member.target, Some(&member.traits), &path)
    }

    /// The paths inside a member of an operation's input that are chosen once.
    pub(super) fn remembered(
        &self,
        operation: &Operation,
        member: &str,
        choose: impl FnOnce() -> BTreeSet<String>,
    ) -> PathTexts {
        let key = (operation.name.clone(), member.to_owned());
        if let Some(known) = self.remembered.borrow().get(&key) {
            return Arc::clone(known);
        }
        let chosen = Arc::new(choose());
        self.remembered.borrow_mut().insert(key, Arc::clone(&chosen));
        chosen
    }

    /// The witness of a rule. Cached.
    pub(super) fn witness(&self, rule: TextRule<'_>) -> Result<Arc<Witness>, Unbuildable> {
        let key = key_of(rule);
        if let Some(known) = self.texts.borrow().get(&key) {
            return known.clone();
        }
        let made = Witness::new(&rule, &self.patterns).map(Arc::new).map_err(Unbuildable::String);
        self.texts.borrow_mut().insert(key, made.clone());
        made
    }

    /// The witness for a member that is a string.
    pub(super) fn witness_of(&self, member: &Member) -> Option<Arc<Witness>> {
        self.witness_at(&member.target, Some(&member.traits))
    }

    /// The witness for a string shape with the constraints of a member.
    pub(super) fn witness_at(&self, target: &ShapeId, member: Option<&Traits>) -> Option<Arc<Witness>> {
        let shape = self.contract().shape(target).filter(|shape| matches!(shape.kind, ShapeKind::String))?;
        self.witness(text_rule(shape, member)).ok()
    }

    /// Strings that violate the pattern of a rule by one character: the same ones at every location and for every seed,
    /// since the ids of probes depend on them.
    pub(super) fn near_misses(&self, rule: TextRule<'_>) -> Result<Arc<Vec<(NearMiss, String)>>, Unbuildable> {
        let key = key_of(rule);
        if let Some(known) = self.misses.borrow().get(&key) {
            return Ok(Arc::clone(known));
        }
        let made = Arc::new(self.witness(rule)?.near_misses(0));
        self.misses.borrow_mut().insert(key, Arc::clone(&made));
        Ok(made)
    }

    /// A string of `length` characters that matches the pattern of a rule, if one is found: the same for every seed.
    pub(super) fn of_length(&self, rule: TextRule<'_>, length: u64) -> Result<Option<Arc<str>>, Unbuildable> {
        let key = (key_of(rule), length);
        if let Some(known) = self.lengths.borrow().get(&key) {
            return Ok(known.clone());
        }
        let made: Option<Arc<str>> = self.witness(rule)?.of_length(length, 0).map(Arc::from);
        self.lengths.borrow_mut().insert(key, made.clone());
        Ok(made)
    }
}

fn key_of(rule: TextRule<'_>) -> TextKey {
    (rule.pattern.map(str::to_owned), rule.min, rule.max)
}

/// The rule for strings of a shape; the member's traits win.
pub(super) fn text_rule<'a>(shape: &'a Shape, member: Option<&'a Traits>) -> TextRule<'a> {
    let length = member.and_then(Traits::length).or_else(|| shape.traits.length());
    let pattern = member.and_then(Traits::pattern).or_else(|| shape.traits.pattern());
    let Bounds { min, max } = length.unwrap_or(Bounds { min: None, max: None });
    TextRule { pattern, min: min.unwrap_or(0), max }
}

#[cfg(test)]
mod tests {
    use rstest::rstest;
    use serde_json::{Map, json};

    use super::*;
    use crate::probe::{
        location::locations,
        testing::{SHAPES, inputs, put},
    };

    fn reaching(path: &str, known: &KnownValues) -> Value {
        let inputs = inputs(SHAPES);
        let operation = put(&inputs);
        let recipe = Recipe { operation: &operation, known, salt: Some(7) };
        let locations = locations(&inputs, &operation);
        let location = locations.iter().find(|location| location.path.to_string() == path).unwrap();
        let reached = inputs.reaching(recipe, location).unwrap();
        assert!(reached.input.pointer(&reached.pointer).is_some(), "{path} is at {}", reached.pointer);
        assert!(inputs.keeps_model(&operation, &reached.input), "{}", reached.input);
        reached.input
    }

    #[test]
    fn every_location_is_reached_by_a_valid_input() {
        let inputs = inputs(SHAPES);
        for location in locations(&inputs, &put(&inputs)) {
            reaching(&location.path.to_string(), &KnownValues::new());
        }
    }

    #[test]
    fn a_union_holds_the_member_that_is_reached_and_no_other() {
        let input = reaching("choice/b", &KnownValues::new());
        assert_eq!(input["choice"].as_object().map(Map::len), Some(1));
        assert_eq!(input["choice"]["b"], 1);
    }

    #[test]
    fn known_values_replace_generated_ones() {
        let known = vec![("Put/name".parse().unwrap(), json!("known")), ("*/key".parse().unwrap(), json!("akey"))];
        let input = reaching("tags[]/key", &known);
        assert_eq!((&input["name"], &input["tags"][0]["key"]), (&json!("known"), &json!("akey")));
    }

    #[test]
    fn a_shape_that_requires_itself_has_an_obstacle_and_one_that_may_hold_itself_has_none() {
        let shapes = r#""x#In":{"type":"structure","members":{"t":{"target":"x#T"}}},
            "x#T":{"type":"structure","members":{"t":{"target":"x#T","traits":{"smithy.api#required":{}}}}}"#;
        let inputs = inputs(shapes);
        let operation = put(&inputs);
        let obstacles: Vec<bool> = locations(&inputs, &operation)
            .iter()
            .map(|location| inputs.obstacle(&operation, location).is_some())
            .collect();
        assert_eq!(obstacles, [false, true, true]);
    }

    #[rstest]
    #[case::items(r#""x#L":{"type":"list","member":{"target":"smithy.api#String"},"traits":{"smithy.api#length":{"min":100000000}}}"#)]
    #[case::items_of_items(
        r#""x#L":{"type":"list","member":{"target":"x#M"},"traits":{"smithy.api#length":{"min":1000}}},
        "x#M":{"type":"list","member":{"target":"smithy.api#String"},"traits":{"smithy.api#length":{"min":1000}}}"#
    )]
    #[case::entries(
        r#""x#L":{"type":"map","key":{"target":"smithy.api#String"},"value":{"target":"smithy.api#String"},
        "traits":{"smithy.api#length":{"min":100000000}}}"#
    )]
    #[case::bytes(r#""x#L":{"type":"blob","traits":{"smithy.api#length":{"min":1000000000}}}"#)]
    fn a_value_that_is_too_large_is_an_obstacle(#[case] shape: &str) {
        let shapes = format!(
            r#""x#In":{{"type":"structure","members":{{"l":{{"target":"x#L","traits":{{"smithy.api#required":{{}}}}}}}}}},{shape}"#
        );
        let inputs = inputs(&shapes);
        let operation = put(&inputs);
        let recipe = Recipe { operation: &operation, known: &KnownValues::new(), salt: None };
        assert!(matches!(inputs.least(recipe), Err(Unbuildable::TooLarge(_))));
    }

    #[test]
    fn a_value_with_exponentially_many_parts_is_an_obstacle() {
        let required = r#""traits":{"smithy.api#required":{}}"#;
        let two = |below: usize| {
            format!(r#"{{"a":{{"target":"x#A{below}",{required}}},"b":{{"target":"x#A{below}",{required}}}}}"#)
        };
        let part = |number: usize| format!(r#""x#A{number}":{{"type":"structure","members":{}}},"#, two(number + 1));
        let parts = (0..40).map(part).collect::<Vec<_>>().concat();
        let shapes =
            format!(r#"{parts}"x#A40":{{"type":"string"}},"x#In":{{"type":"structure","members":{}}}"#, two(0));
        let inputs = inputs(&shapes);
        let operation = put(&inputs);
        let recipe = Recipe { operation: &operation, known: &KnownValues::new(), salt: None };
        assert!(matches!(inputs.least(recipe), Err(Unbuildable::TooLarge(_))));
        assert_eq!(locations(&inputs, &operation).len(), crate::probe::location::MOST);
    }

    #[test]
    fn a_map_has_its_minimum_of_entries_despite_duplicate_keys() {
        let shapes = r#""x#In":{"type":"structure","members":{"m":{"target":"x#M","traits":{"smithy.api#required":{}}}}},
            "x#K":{"type":"string","traits":{"smithy.api#pattern":"^(a|b|c)$"}},
            "x#M":{"type":"map","key":{"target":"x#K"},"value":{"target":"smithy.api#Integer"},
                "traits":{"smithy.api#length":{"min":3}}}"#;
        let inputs = inputs(shapes);
        let operation = put(&inputs);
        for salt in 0..20 {
            let recipe = Recipe { operation: &operation, known: &KnownValues::new(), salt: Some(salt) };
            let input = inputs.least(recipe).unwrap();
            assert!(inputs.keeps_model(&operation, &input), "{input}");
        }
    }
}
