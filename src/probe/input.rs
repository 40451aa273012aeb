//! Legal inputs, built from the model: the least one, one that reaches a place, and a full one.
//!
//! Every constraint of the model is kept; what the model does not say (which members go together, which resources
//! exist) is not known here. Values that are known to exist take the place of invented ones.

use std::{cell::RefCell, collections::HashMap, sync::Arc};

use base64::Engine as _;
use serde_json::{Map, Number, Value, json};

use super::{
    Path, Place, Token,
    witness::{NearMiss, TextRule, Witness},
};
use crate::{
    contract::{
        Bounds, Contract, Kind, Member, NumberKind, Operation, Schemas, Shape, ShapeId, Side, TimestampFormat, Traits,
    },
    pointer,
    scenario::{Filling, glob_matches},
};

/// Why no legal input can be built.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Unbuildable {
    /// No text that keeps the pattern is found.
    #[error("{0}")]
    Text(String),
    /// A shape that requires itself without end.
    #[error("{0} requires itself without end")]
    Endless(String),
    /// A union or enum that has nothing to choose from.
    #[error("{0} has no legal value")]
    Nothing(String),
}

/// Values of members that are known to exist: globs over `Operation/Member`, the first that fits counts.
pub type Known = Vec<(String, Value)>;

/// Builds inputs of one contract.
#[derive(Debug)]
pub(super) struct Inputs {
    schemas: Arc<Schemas>,
    /// Members that a recipe makes part of every legal input, required or not.
    always: Vec<String>,
    texts: RefCell<HashMap<TextKey, Result<Arc<Witness>, Unbuildable>>>,
    misses: RefCell<HashMap<TextKey, NearMisses>>,
    lengths: RefCell<HashMap<(TextKey, u64), OfLength>>,
    /// What is known of shapes by themselves.
    unbuildable: RefCell<HashMap<ShapeId, Option<Unbuildable>>>,
}

type TextKey = (Option<String>, u64, Option<u64>);

/// Texts that break a rule by one character.
type NearMisses = Arc<Vec<(NearMiss, String)>>;

/// A text of one length, where there is one.
type OfLength = Option<Arc<str>>;

/// How one input is built.
#[derive(Clone, Copy)]
pub(super) struct Recipe<'a> {
    /// The operation.
    pub(super) operation: &'a Operation,
    /// What is known to exist.
    pub(super) known: &'a Known,
    /// What fresh texts are derived from; `None`: any legal text will do.
    pub(super) salt: Option<u64>,
}

/// An input that holds a place, and where.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Reached {
    /// The input.
    pub(super) input: Value,
    /// The JSON pointer of the place; of a key, that of its entry.
    pub(super) pointer: String,
}

/// What is built beside the required members.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Extent {
    Least,
    Full,
}

/// How deep a full input goes.
const DEEPEST: usize = 6;

impl Inputs {
    pub(super) fn new(schemas: Arc<Schemas>, fillings: &[Filling]) -> Self {
        let always = fillings.iter().filter(|filling| filling.always).map(|filling| filling.glob.clone()).collect();
        Self {
            schemas,
            always,
            texts: RefCell::default(),
            misses: RefCell::default(),
            lengths: RefCell::default(),
            unbuildable: RefCell::default(),
        }
    }

    /// Whether the least legal input holds the member, if it holds its structure.
    pub(super) fn is_wanted(&self, operation: &Operation, member: &Member, at: &Path) -> bool {
        let by_recipe = || {
            let name = format!("{}/{}", operation.name, at.slashed());
            self.always.iter().any(|glob| fits(glob, &name))
        };
        member.traits.required() || (!self.always.is_empty() && by_recipe())
    }

    pub(super) fn contract(&self) -> &Arc<Contract> {
        self.schemas.contract()
    }

    /// Whether an input keeps every constraint of the model.
    pub(super) fn keeps_model(&self, operation: &Operation, input: &Value) -> bool {
        let input = self.contract().without_null_members(&operation.input, input);
        self.schemas.violations(&operation.input, Side::Input, &input).is_ok_and(|broken| broken.is_empty())
    }

    /// The least legal input.
    pub(super) fn least(&self, recipe: Recipe<'_>) -> Result<Value, Unbuildable> {
        self.whole(recipe, Extent::Least)
    }

    /// A legal input with every member that can be built.
    pub(super) fn full(&self, recipe: Recipe<'_>) -> Result<Value, Unbuildable> {
        self.whole(recipe, Extent::Full)
    }

    fn whole(&self, recipe: Recipe<'_>, extent: Extent) -> Result<Value, Unbuildable> {
        Builder { inputs: self, recipe, extent, open: Vec::new() }.value(
            &recipe.operation.input,
            None,
            &Path::default(),
        )
    }

    /// The least legal input that holds a place.
    pub(super) fn reaching(&self, recipe: Recipe<'_>, place: &Place) -> Result<Reached, Unbuildable> {
        let mut input = self.least(recipe)?;
        let mut builder = Builder { inputs: self, recipe, extent: Extent::Least, open: Vec::new() };
        let mut at = String::new();
        let mut shape = recipe.operation.input.clone();
        let mut path = Path::default();
        for token in &place.path.0 {
            path = path.then(token.clone());
            let value = input.pointer_mut(&at).ok_or_else(|| Unbuildable::Nothing(path.to_string()))?;
            let (next, target) = builder.enter(&shape, value, token, &path)?;
            at = format!("{at}/{next}");
            shape = target;
        }
        Ok(Reached { input, pointer: at })
    }

    /// Why no legal input reaches a place, if none does: the least input, or a shape on the way, cannot be built.
    pub(super) fn obstacle(&self, operation: &Operation, place: &Place) -> Option<Unbuildable> {
        let mut shape = operation.input.clone();
        let mut found = self.unbuildable(operation, &shape, None);
        for token in &place.path.0 {
            if found.is_some() {
                break;
            }
            let members: Vec<&Member> = match (&self.contract().shape(&shape)?.kind, token) {
                (Kind::Structure(members) | Kind::Union(members), Token::Member(name)) => {
                    members.iter().filter(|member| member.name == *name).collect()
                }
                (Kind::List(item), Token::Item) => vec![item],
                (Kind::Map { key, value }, Token::Key) => vec![value, key],
                (Kind::Map { key, value }, Token::Value) => vec![key, value],
                _ => Vec::new(),
            };
            let unbuildable = |member: &&Member| self.unbuildable(operation, &member.target, Some(&member.traits));
            found = members.iter().find_map(unbuildable);
            shape = members.last()?.target.clone();
        }
        found
    }

    /// Why no legal value of a shape can be built. Nearly every shape is asked about in many places, and says the same.
    fn unbuildable(&self, operation: &Operation, target: &ShapeId, member: Option<&Traits>) -> Option<Unbuildable> {
        let narrows =
            |traits: &Traits| traits.length().is_some() || traits.pattern().is_some() || traits.range().is_some();
        let own = member.filter(|traits| narrows(traits));
        if let Some(known) = self.unbuildable.borrow().get(target).filter(|_| own.is_none()) {
            return known.clone();
        }
        let recipe = Recipe { operation, known: &Vec::new(), salt: None };
        let mut builder = Builder { inputs: self, recipe, extent: Extent::Least, open: Vec::new() };
        let reason = builder.value(target, member, &Path::default()).err();
        if own.is_none() {
            self.unbuildable.borrow_mut().insert(target.clone(), reason.clone());
        }
        reason
    }

    /// A legal value of a place by itself; `index` tells several of one list apart.
    pub(super) fn value_at(
        &self,
        recipe: Recipe<'_>,
        place: &Place,
        token: Token,
        index: u64,
    ) -> Result<Value, Unbuildable> {
        let salt = Some(recipe.salt.unwrap_or_default().wrapping_add(index));
        let recipe = Recipe { salt, known: &Vec::new(), ..recipe };
        let mut builder = Builder { inputs: self, recipe, extent: Extent::Least, open: Vec::new() };
        let shape = self.contract().shape(&place.target).ok_or_else(|| Unbuildable::Nothing(place.path.to_string()))?;
        let member = match (&shape.kind, &token) {
            (Kind::List(item), Token::Item) => item,
            (Kind::Map { key, .. }, Token::Key) => key,
            (Kind::Map { value, .. }, Token::Value) => value,
            _ => return Err(Unbuildable::Nothing(place.path.to_string())),
        };
        builder.value(&member.target, Some(&member.traits), &place.path.then(token))
    }

    /// A list of so many items at a place, each of its own salt.
    pub(super) fn list(&self, recipe: Recipe<'_>, place: &Place, count: u64) -> Result<Value, Unbuildable> {
        let items: Result<Vec<Value>, _> =
            (0..count).map(|index| self.value_at(recipe, place, Token::Item, index)).collect();
        items.map(Value::Array)
    }

    /// A legal value of a member of a union at a place.
    pub(super) fn member_value(
        &self,
        recipe: Recipe<'_>,
        place: &Place,
        member: &Member,
    ) -> Result<Value, Unbuildable> {
        let path = place.path.then(Token::Member(member.name.clone()));
        let mut builder = Builder { inputs: self, recipe, extent: Extent::Least, open: Vec::new() };
        builder.value(&member.target, Some(&member.traits), &path)
    }

    /// The witness of a rule for texts.
    pub(super) fn witness(&self, rule: TextRule<'_>) -> Result<Arc<Witness>, Unbuildable> {
        let key = key_of(rule);
        if let Some(known) = self.texts.borrow().get(&key) {
            return known.clone();
        }
        let made = Witness::new(&rule).map(Arc::new).map_err(|reason| Unbuildable::Text(reason.to_string()));
        self.texts.borrow_mut().insert(key, made.clone());
        made
    }

    /// Texts that break the pattern of a rule by one character: the same ones at every place and for every seed, since
    /// which there are names the probes.
    pub(super) fn near_misses(&self, rule: TextRule<'_>) -> Result<Arc<Vec<(NearMiss, String)>>, Unbuildable> {
        let key = key_of(rule);
        if let Some(known) = self.misses.borrow().get(&key) {
            return Ok(Arc::clone(known));
        }
        let made = Arc::new(self.witness(rule)?.near_misses(0));
        self.misses.borrow_mut().insert(key, Arc::clone(&made));
        Ok(made)
    }

    /// A text of `length` characters that keeps the pattern of a rule, if one is found, for every seed the same.
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

/// Whether a glob over `Operation/Member` is that of a member. Without a `*` it must be the whole name.
pub(super) fn fits(glob: &str, name: &str) -> bool {
    glob == name || (glob.contains('*') && glob_matches(glob, name))
}

/// What a text at a place must be like.
pub(super) fn text_rule<'a>(shape: &'a Shape, member: Option<&'a Traits>) -> TextRule<'a> {
    let length = member.and_then(Traits::length).or_else(|| shape.traits.length());
    let pattern = member.and_then(Traits::pattern).or_else(|| shape.traits.pattern());
    let Bounds { min, max } = length.unwrap_or(Bounds { min: None, max: None });
    TextRule { pattern, min: min.unwrap_or(0), max }
}

struct Builder<'a> {
    inputs: &'a Inputs,
    recipe: Recipe<'a>,
    extent: Extent,
    open: Vec<ShapeId>,
}

impl Builder<'_> {
    fn value(&mut self, target: &ShapeId, member: Option<&Traits>, at: &Path) -> Result<Value, Unbuildable> {
        if let Some(known) = self.known(at) {
            return Ok(known.clone());
        }
        let contract = Arc::clone(self.inputs.contract());
        let shape = contract.shape(target).ok_or_else(|| Unbuildable::Nothing(target.to_string()))?;
        if self.open.contains(target) {
            return Err(Unbuildable::Endless(target.name().to_owned()));
        }
        self.open.push(target.clone());
        let value = self.of_kind(shape, member, at);
        self.open.pop();
        value
    }

    fn known(&self, at: &Path) -> Option<&Value> {
        if at.is_root() || self.recipe.known.is_empty() {
            return None;
        }
        let name = format!("{}/{}", self.recipe.operation.name, at.slashed());
        self.recipe.known.iter().find(|(glob, _)| fits(glob, &name)).map(|(_, value)| value)
    }

    fn of_kind(&mut self, shape: &Shape, member: Option<&Traits>, at: &Path) -> Result<Value, Unbuildable> {
        Ok(match &shape.kind {
            Kind::Structure(members) => self.structure(members, at)?,
            Kind::Union(members) => self.union(shape, members, at)?,
            Kind::List(item) => self.list(shape, member, item, at)?,
            Kind::Map { key, value } => self.map(shape, member, key, value, at)?,
            Kind::String => {
                let witness = self.inputs.witness(text_rule(shape, member))?;
                self.recipe.salt.map_or_else(|| witness.sample().to_owned(), |salt| witness.text(salt)).into()
            }
            Kind::Enum(values) => {
                let first = values.first().ok_or_else(|| Unbuildable::Nothing(shape.id.to_string()))?;
                first.value.clone().into()
            }
            Kind::IntEnum(values) => {
                (*values.first().ok_or_else(|| Unbuildable::Nothing(shape.id.to_string()))?).into()
            }
            Kind::Boolean => false.into(),
            Kind::Number(kind) => number(*kind, member.and_then(Traits::range).or_else(|| shape.traits.range())),
            Kind::Blob => blob(member.and_then(Traits::length).or_else(|| shape.traits.length())),
            Kind::Timestamp => {
                let own = member.and_then(Traits::timestamp_format).or_else(|| shape.traits.timestamp_format());
                timestamp(own, at)
            }
            Kind::Document => json!({}),
        })
    }

    fn structure(&mut self, members: &[Member], at: &Path) -> Result<Value, Unbuildable> {
        let mut map = Map::new();
        for member in members {
            let path = at.then(Token::Member(member.name.clone()));
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
        Ok(Value::Object(map))
    }

    fn union(&mut self, shape: &Shape, members: &[Member], at: &Path) -> Result<Value, Unbuildable> {
        let built = members.iter().find_map(|member| {
            let path = at.then(Token::Member(member.name.clone()));
            let value = self.value(&member.target, Some(&member.traits), &path).ok()?;
            Some(json!({ member.name.as_str(): value }))
        });
        built.ok_or_else(|| Unbuildable::Nothing(shape.id.name().to_owned()))
    }

    fn list(&mut self, shape: &Shape, member: Option<&Traits>, item: &Member, at: &Path) -> Result<Value, Unbuildable> {
        let bounds = member.and_then(Traits::length).or_else(|| shape.traits.length());
        let count = least_count(bounds);
        let salt = self.recipe.salt;
        let mut items = Vec::new();
        for index in 0..count {
            self.recipe.salt = Some(salt.unwrap_or_default().wrapping_add(index));
            match self.value(&item.target, Some(&item.traits), &at.then(Token::Item)) {
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
        at: &Path,
    ) -> Result<Value, Unbuildable> {
        let bounds = member.and_then(Traits::length).or_else(|| shape.traits.length());
        let salt = self.recipe.salt;
        let mut entries = Map::new();
        for index in 0..least_count(bounds) {
            self.recipe.salt = Some(salt.unwrap_or_default().wrapping_add(index));
            let key = self.value(&key.target, Some(&key.traits), &at.then(Token::Key))?;
            match self.value(&value.target, Some(&value.traits), &at.then(Token::Value)) {
                Ok(value) => drop(entries.insert(key.as_str().unwrap_or_default().to_owned(), value)),
                Err(Unbuildable::Endless(_)) if bounds.and_then(|bounds| bounds.min).unwrap_or(0) == 0 => break,
                Err(reason) => return Err(reason),
            }
        }
        self.recipe.salt = salt;
        Ok(Value::Object(entries))
    }

    /// Goes one step into a value, building what is not there yet: the next pointer token, and the shape there.
    fn enter(
        &mut self,
        shape: &ShapeId,
        value: &mut Value,
        token: &Token,
        at: &Path,
    ) -> Result<(String, ShapeId), Unbuildable> {
        let contract = Arc::clone(self.inputs.contract());
        let nothing = || Unbuildable::Nothing(at.to_string());
        let kind = &contract.shape(shape).ok_or_else(nothing)?.kind;
        match (kind, token, value) {
            (Kind::Structure(members) | Kind::Union(members), Token::Member(name), Value::Object(map)) => {
                let member = members.iter().find(|member| member.name == *name).ok_or_else(nothing)?;
                if !map.contains_key(name) {
                    if matches!(kind, Kind::Union(_)) {
                        map.clear();
                    }
                    map.insert(name.clone(), self.value(&member.target, Some(&member.traits), at)?);
                }
                Ok((pointer::escape(name), member.target.clone()))
            }
            (Kind::List(item), Token::Item, Value::Array(items)) => {
                if items.is_empty() {
                    items.push(self.value(&item.target, Some(&item.traits), at)?);
                }
                Ok(("0".to_owned(), item.target.clone()))
            }
            (Kind::Map { key, value }, Token::Key | Token::Value, Value::Object(entries)) => {
                if entries.is_empty() {
                    let name = self.value(&key.target, Some(&key.traits), &sibling(at, Token::Key))?;
                    let value = self.value(&value.target, Some(&value.traits), &sibling(at, Token::Value))?;
                    entries.insert(name.as_str().unwrap_or_default().to_owned(), value);
                }
                let name = entries.keys().next().cloned().unwrap_or_default();
                let target = if *token == Token::Key { &key.target } else { &value.target };
                Ok((pointer::escape(&name), target.clone()))
            }
            _ => Err(nothing()),
        }
    }
}

fn sibling(at: &Path, token: Token) -> Path {
    Path(at.0[..at.0.len().saturating_sub(1)].to_vec()).then(token)
}

/// One entry at least: an empty list is legal by many models and refused by most services.
fn least_count(bounds: Option<Bounds<u64>>) -> u64 {
    let Bounds { min, max } = bounds.unwrap_or(Bounds { min: None, max: None });
    min.unwrap_or(0).max(1).min(max.unwrap_or(u64::MAX))
}

/// A legal number: 1 where the range allows it, else the bound that is nearest to it.
pub(super) fn number(kind: NumberKind, range: Option<Bounds<f64>>) -> Value {
    let Bounds { min, max } = range.unwrap_or(Bounds { min: None, max: None });
    let value = 1.0_f64.max(min.unwrap_or(f64::MIN)).min(max.unwrap_or(f64::MAX));
    write_number(kind, value)
}

/// A number as the kind writes it: whole numbers without a fraction.
pub(super) fn write_number(kind: NumberKind, value: f64) -> Value {
    let is_float = matches!(kind, NumberKind::Float | NumberKind::Double | NumberKind::BigDecimal);
    if is_float && value.fract() != 0.0 {
        return Number::from_f64(value).map_or(Value::Null, Value::Number);
    }
    #[expect(
        clippy::cast_possible_truncation,
        reason = "bounds of ranges are whole and within 64 bits; a cast saturates"
    )]
    let whole = value as i64;
    whole.into()
}

fn blob(length: Option<Bounds<u64>>) -> Value {
    let Bounds { min, max } = length.unwrap_or(Bounds { min: None, max: None });
    let length = min.unwrap_or(0).max(9).min(max.unwrap_or(u64::MAX));
    blob_of(length)
}

/// A blob of that many bytes, as the JSON protocols write it.
pub(super) fn blob_of(length: u64) -> Value {
    let bytes: Vec<u8> =
        b"wireproof".iter().copied().cycle().take(usize::try_from(length).unwrap_or_default()).collect();
    base64::engine::general_purpose::STANDARD.encode(bytes).into()
}

/// The beginning of 2026; a day later for what ends something.
fn timestamp(format: Option<TimestampFormat>, at: &Path) -> Value {
    let ends =
        at.members().last().is_some_and(|name| name.contains("End") || name.contains("end") || name.contains("Until"));
    match format {
        Some(TimestampFormat::DateTime) if ends => json!("2026-01-02T00:00:00Z"),
        Some(TimestampFormat::DateTime) => json!("2026-01-01T00:00:00Z"),
        Some(TimestampFormat::HttpDate) => json!("Thu, 01 Jan 2026 00:00:00 GMT"),
        Some(TimestampFormat::EpochSeconds) | None if ends => json!(1_767_312_000),
        Some(TimestampFormat::EpochSeconds) | None => json!(1_767_225_600),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::probe::{
        place::places,
        testing::{SHAPES, inputs, put},
    };

    fn reaching(path: &str, known: &Known) -> Value {
        let inputs = inputs(SHAPES);
        let operation = put(&inputs);
        let recipe = Recipe { operation: &operation, known, salt: Some(7) };
        let places = places(&inputs, &operation);
        let place = places.iter().find(|place| place.path.to_string() == path).unwrap();
        let reached = inputs.reaching(recipe, place).unwrap();
        assert!(reached.input.pointer(&reached.pointer).is_some(), "{path} is at {}", reached.pointer);
        assert!(inputs.keeps_model(&operation, &reached.input), "{}", reached.input);
        reached.input
    }

    #[test]
    fn every_place_is_reached_by_a_legal_input() {
        let inputs = inputs(SHAPES);
        for place in places(&inputs, &put(&inputs)) {
            reaching(&place.path.to_string(), &Known::new());
        }
    }

    #[test]
    fn a_union_holds_the_member_that_is_reached_and_no_other() {
        let input = reaching("choice/b", &Known::new());
        assert_eq!(input["choice"].as_object().map(Map::len), Some(1));
        assert_eq!(input["choice"]["b"], 1);
    }

    #[test]
    fn what_is_known_stands_in_place_of_what_is_made_up() {
        let known = vec![("Put/name".to_owned(), json!("known")), ("*/key".to_owned(), json!("akey"))];
        let input = reaching("tags[]/key", &known);
        assert_eq!((&input["name"], &input["tags"][0]["key"]), (&json!("known"), &json!("akey")));
    }

    #[test]
    fn a_shape_that_requires_itself_has_an_obstacle_and_one_that_may_hold_itself_has_none() {
        let shapes = r#""x#In":{"type":"structure","members":{"t":{"target":"x#T"}}},
            "x#T":{"type":"structure","members":{"t":{"target":"x#T","traits":{"smithy.api#required":{}}}}}"#;
        let inputs = inputs(shapes);
        let operation = put(&inputs);
        let obstacles: Vec<bool> =
            places(&inputs, &operation).iter().map(|place| inputs.obstacle(&operation, place).is_some()).collect();
        assert_eq!(obstacles, [false, true, true]);
    }

    #[test]
    fn numbers_are_1_or_the_bound_that_is_nearest() {
        let range = |min, max| Some(Bounds { min, max });
        assert_eq!(number(NumberKind::Integer, None), 1);
        assert_eq!(number(NumberKind::Integer, range(Some(5.0), None)), 5);
        assert_eq!(number(NumberKind::Long, range(None, Some(-3.0))), -3);
        assert_eq!(number(NumberKind::Double, range(Some(1.5), None)), 1.5);
    }
}
