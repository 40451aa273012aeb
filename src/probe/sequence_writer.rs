//! The steps of a sequence, with inputs that name what exists.

use serde_json::{Map, Value};

use super::{
    Effect, KnownValues, Location,
    first_call::{CallForm, FirstCall, condition, expecting, variable},
    input::{Inputs, Reached, Recipe},
    relations::IdentifierLink,
    sequence::{CallInput, Sequence, SequenceCall},
};
use crate::{
    model::{EnumValue, Member, Operation, ShapeKind},
    suite::{Call, Expectation, Step, Template},
};

/// Writes the steps of one probe.
pub(super) struct SequenceWriter<'a> {
    /// The operation of the probe.
    pub(super) operation: &'a Operation,
    pub(super) inputs: &'a Inputs,
    /// The values of resources that exist.
    pub(super) known: &'a KnownValues,
    /// The seed of new names.
    pub(super) salt: u64,
    /// Makes a call of the operation with an input that is valid or not known to be.
    pub(super) call: &'a dyn Fn(Value, bool) -> Call,
}

impl SequenceWriter<'_> {
    /// The steps of a sequence in which one call has an input that reaches the location of the probe.
    pub(super) fn steps(&self, sequence: &Sequence, location: &Location, reached: Reached) -> Option<Vec<Step>> {
        let (probed, given) = distinct(reached, self.choices(location), self.limit(location));
        let made = match sequence.calls.first().filter(|_| sequence.makes_its_own()) {
            Some(call) => Some(self.least(self.inputs.contract().operation(&call.operation)?, 1)?),
            None => None,
        };
        let first = FirstCall {
            input: made.as_ref().unwrap_or(&probed),
            probed: &probed,
            given: &given,
            member: location.path.members().next(),
            known: self.known,
        };
        let calls = sequence.calls.iter().enumerate();
        let step = |(index, call)| {
            let step = self.step(call, index + 1, &first)?;
            Some(Step { capture: captures(sequence, index + 1), ..step })
        };
        calls.map(step).collect()
    }

    /// The values of the enum at a location, or in the items of a list there, unless a recipe chooses one.
    fn choices(&self, location: &Location) -> &[EnumValue] {
        let kind = |target| self.inputs.contract().shape(target).map(|shape| &shape.kind);
        let is_chosen = || self.is_chosen(location);
        let own = kind(&location.target);
        let of_items = match own {
            Some(ShapeKind::List(item)) => kind(&item.target),
            _ => None,
        };
        match of_items.or(own) {
            Some(ShapeKind::Enum(values)) if !is_chosen() => values,
            _ => &[],
        }
    }

    /// The greatest number at a location; `None` if a recipe chooses the number.
    fn limit(&self, location: &Location) -> Option<f64> {
        let shape = self.inputs.contract().shape(&location.target)?;
        let greatest = location.range(shape).and_then(|range| range.max).unwrap_or(f64::MAX);
        (!self.is_chosen(location)).then_some(greatest)
    }

    /// Returns whether a recipe has the value at a location, or one that has it.
    fn is_chosen(&self, location: &Location) -> bool {
        location.path.around().any(|path| self.inputs.is_filled_at(self.operation, &path))
    }

    fn step(&self, call: &SequenceCall, number: usize, first: &FirstCall<'_>) -> Option<Step> {
        let operation = self.inputs.contract().operation(&call.operation)?;
        let mut members = self.input(call, operation, number, first)?;
        for (name, value) in &call.set {
            set(&mut members, name, first.template(value)?);
        }
        let members = members.into_iter().map(|(name, value)| (Template::Literal(name.into()), value));
        let made = Call {
            operation: call.operation.clone(),
            input: Template::Object(members.collect()),
            ..(self.call)(Value::Null, false)
        };
        let form = CallForm {
            status: self.inputs.protocol().success_status(operation),
            is_read: Effect::of(operation) == Effect::Reads,
            is_head: operation.traits.get("smithy.api#http").is_some_and(|http| http["method"] == "HEAD"),
        };
        let when = call.when.as_ref().map(|(call, path)| condition(*call, path, form.status));
        let step = Step { when, ..Step::once(made, Expectation { alternatives: Vec::new() }) };
        expecting(step, &call.expected, first, form)
    }

    /// The members of an input, each with its value.
    fn input(
        &self,
        call: &SequenceCall,
        operation: &Operation,
        number: usize,
        first: &FirstCall<'_>,
    ) -> Option<Vec<(String, Template)>> {
        let literal = |value: Value| match value {
            Value::Object(members) => {
                members.into_iter().map(|(name, value)| (name, Template::Literal(value))).collect()
            }
            _ => Vec::new(),
        };
        match &call.input {
            CallInput::Probed(links) => {
                let mut members = literal(first.probed.clone());
                // The value of the probe stays.
                for link in links.iter().filter(|link| first.member != Some(&link.member)) {
                    set(&mut members, &link.member, linked(link, first)?);
                }
                Some(members)
            }
            CallInput::Fresh(same) => {
                let mut members = literal(self.least(operation, number)?);
                for name in same {
                    set(&mut members, name, Template::Literal(first.input.get(name)?.clone()));
                }
                Some(members)
            }
            CallInput::Linked(links) => {
                let mut members = literal(self.later(operation, number)?);
                for link in links {
                    set(&mut members, &link.member, linked(link, first)?);
                }
                Some(members)
            }
        }
    }

    fn recipe<'r>(&'r self, operation: &'r Operation, number: usize) -> Recipe<'r> {
        Recipe { operation, known: self.known, salt: Some(self.salt.wrapping_add(number as u64)) }
    }

    fn least(&self, operation: &Operation, number: usize) -> Option<Value> {
        self.inputs.least(self.recipe(operation, number)).ok()
    }

    /// The least valid input of a call that follows, with the lists that a recipe has values for, and with the names of all
    /// parts that it can return.
    fn later(&self, operation: &Operation, number: usize) -> Option<Value> {
        let mut input = self.least(operation, number)?;
        let members = input.as_object_mut().map_or(&mut Map::new(), |members| members).clone();
        let wanted = self.inputs.contract().members(&operation.input).iter();
        let wanted =
            wanted.filter(|member| !members.contains_key(&member.name) && self.inputs.is_sent_later(operation, member));
        for member in wanted {
            let value = self.recipe(operation, number).known_member(&member.name).cloned();
            if let (Some(value), Some(members)) = (value, input.as_object_mut()) {
                members.insert(member.name.clone(), value);
            }
        }
        for member in self.inputs.contract().members(&operation.input) {
            if let (Some(parts), Some(members)) = (self.all_parts(member), input.as_object_mut()) {
                members.entry(&member.name).or_insert(parts);
            }
        }
        Some(input)
    }

    /// The names of all parts that a call can return, if this member of its input lists those to include.
    fn all_parts(&self, member: &Member) -> Option<Value> {
        let contract = self.inputs.contract();
        let is_choice = member.name.eq_ignore_ascii_case("include");
        let ShapeKind::List(item) = &contract.shape(&member.target).filter(|_| is_choice)?.kind else { return None };
        match &contract.shape(&item.target)?.kind {
            ShapeKind::Enum(values) => Some(values.iter().map(|one| Value::from(one.value.clone())).collect()),
            _ => None,
        }
    }
}

/// What is kept of the output of a call. A value that it lacks blocks the case: nothing can be said of the later calls.
fn captures(sequence: &Sequence, number: usize) -> Vec<(String, String)> {
    let whole = sequence.reads_output_of(number).then(|| (variable(number), String::new()));
    let needed = sequence.needed_from(number).into_iter().enumerate();
    whole.into_iter().chain(needed.map(|(at, pointer)| (format!("{}_{at}", variable(number)), pointer))).collect()
}

fn linked(link: &IdentifierLink, first: &FirstCall<'_>) -> Option<Template> {
    let value = first.identifier(&link.origin)?;
    Some(if link.is_list { Template::Array(vec![value]) } else { value })
}

fn set(members: &mut Vec<(String, Template)>, name: &str, value: Template) {
    match members.iter_mut().find(|(known, _)| known == name) {
        Some((_, known)) => *known = value,
        None => members.push((name.to_owned(), value)),
    }
}

/// The input and the value at the location, which differs from the likely default: that may not be returned at all.
fn distinct(reached: Reached, choices: &[EnumValue], limit: Option<f64>) -> (Value, Value) {
    let Reached { mut input, pointer } = reached;
    match (input.pointer_mut(&pointer), choices) {
        (Some(flag @ Value::Bool(false)), _) => *flag = Value::Bool(true),
        (Some(Value::Number(number)), _) => {
            let fits = number.as_f64().zip(limit).is_some_and(|(number, limit)| number + 2.0 <= limit);
            let other = number.as_i64().filter(|_| fits).and_then(|number| number.checked_add(2));
            *number = other.map_or_else(|| number.clone(), Into::into);
        }
        (Some(choice @ Value::String(_)), [_, ..]) => set_unlikely(choice, &pointer, choices),
        (Some(Value::Array(items)), [_, ..]) => {
            if let [choice @ Value::String(_)] = items.as_mut_slice() {
                set_unlikely(choice, &pointer, choices);
            }
        }
        _ => {}
    }
    let given = input.pointer(&pointer).cloned().unwrap_or_default();
    (input, given)
}

fn set_unlikely(choice: &mut Value, pointer: &str, choices: &[EnumValue]) {
    if let Some(other) = unlikely(pointer, choices) {
        *choice = other.value.clone().into();
    }
}

/// The choice that is probably not the default: one that turns something on, else the second. A state is on by default.
fn unlikely<'c>(pointer: &str, choices: &'c [EnumValue]) -> Option<&'c EnumValue> {
    let is_on = |choice: &&EnumValue| ON.iter().any(|on| choice.value.eq_ignore_ascii_case(on));
    let name = pointer.rsplit('/').next().unwrap_or_default().to_ascii_lowercase();
    let is_state = name.ends_with("state") || name.ends_with("status");
    choices.iter().find(|choice| !is_state && is_on(choice)).or_else(|| choices.get(1))
}

/// Choices that turn something on.
const ON: [&str; 4] = ["enable", "enabled", "on", "true"];
