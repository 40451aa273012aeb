//! Several calls about one resource: those that prepare it, and those that are judged.
//!
//! A family states the calls; the inputs are built when the case runs, since they name what exists then. The output of the
//! n-th call is the variable `call<n>`.

use std::{collections::BTreeSet, time::Duration};

use serde_json::{Value, json};

use super::{
    input::KnownValues,
    relations::{IdentifierLink, IdentifierOrigin, OutputPath},
};
use crate::{
    suite::{Alternative, Expectation, Expression, Repeat, Step, StepCondition, Template},
    wire::RejectionClass,
};

/// The calls of a probe, in order. The first one is about the resource of all: it makes it, changes it, or names it.
#[derive(Debug, Clone)]
pub(super) struct Sequence {
    pub(super) calls: Vec<SequenceCall>,
}

/// One call.
#[derive(Debug, Clone)]
pub(super) struct SequenceCall {
    pub(super) operation: String,
    pub(super) input: CallInput,
    /// Members to set after all others.
    pub(super) set: Vec<(String, SequenceValue)>,
    /// It is made only if the output of an earlier call, by its number from 1, has a value at this path.
    pub(super) when: Option<(usize, Vec<String>)>,
    pub(super) expected: CallOutcome,
}

/// The input of a call, before members are set.
#[derive(Debug, Clone)]
pub(super) enum CallInput {
    /// That of the probe, with the identifiers that the first call determines.
    Probed(Vec<IdentifierLink>),
    /// The least valid input, with names of its own but for these members, which name the parents of the resource.
    Fresh(Vec<String>),
    /// The least valid input, with the identifiers that the first call determines.
    Linked(Vec<IdentifierLink>),
}

/// A value that earlier calls determine.
#[derive(Debug, Clone)]
pub(super) enum SequenceValue {
    /// A value that is known before.
    Constant(Value),
    /// The identifier of the resource that the first call made.
    Identifier(IdentifierOrigin),
    /// The value at the location of the probe.
    Given,
    /// The keys of the tags at the location of the probe.
    GivenKeys,
    /// A value in the output of an earlier call, by its number from 1 and the names on the way.
    Output(usize, Vec<String>),
    /// The variable of a state, by both names. If it is not known, the value at the location of the probe.
    OfState(String, String),
    /// In a pattern: one of these.
    AnyOf(Vec<SequenceValue>),
    /// A list of these.
    List(Vec<SequenceValue>),
    /// A structure with these members.
    Object(Vec<(String, SequenceValue)>),
}

/// What a call must be answered with.
#[derive(Debug, Clone)]
pub(super) enum CallOutcome {
    /// It only prepares later calls: if it is rejected, nothing is judged.
    Prepares,
    /// It only prepares later calls, and is repeated until one of these errors or bodies.
    Ends(Vec<String>, Vec<BodyPattern>),
    /// A success with one of these bodies. A read is repeated for a moment.
    Success(Vec<BodyPattern>),
    /// A success with one of these bodies, or any rejection that is no server error: no document says that the request is
    /// valid.
    Tolerated(Vec<BodyPattern>),
    /// One of these errors, or a success with one of these bodies.
    Rejected(Vec<String>, Vec<BodyPattern>),
}

/// A pattern for a body: values at their paths.
#[derive(Debug, Clone, Default)]
pub(super) struct BodyPattern(pub(super) Vec<(Vec<String>, PatternLeaf)>);

/// What is expected at a path. `[]` in a path is one of the items.
#[derive(Debug, Clone)]
pub(super) enum PatternLeaf {
    /// This value. Of a list, one that has each of its items.
    Equals(SequenceValue),
    /// Anything but nothing.
    Present,
    /// Nothing.
    Absent,
    /// A list of at most this number of items, or no list.
    AtMost(u64),
    /// A list with an item other than this one.
    HasOther(SequenceValue),
    /// A list without this item, or no list.
    Lacks(Vec<String>, SequenceValue),
    /// A list in whose items the value at these names, where there is one, is this.
    AllHave(Vec<String>, SequenceValue),
    /// A list that holds, together with an earlier part of it, every item of a whole once.
    Completes(WholeList),
    /// A list without the first item that was given, a map without the entries that were given, or nothing.
    LacksGiven,
    /// A text that matches a regular expression.
    Matches(&'static str),
    /// A list with an item of this pattern.
    Contains(BodyPattern),
    /// What the output of a call has at the names on the way, or nothing. Anything, where that output has nothing.
    Agrees(usize, Vec<String>),
}

/// A list that two calls return in parts.
#[derive(Debug, Clone)]
pub(super) struct WholeList {
    pub(super) whole: SequenceValue,
    pub(super) part: SequenceValue,
    /// The names on the way from an item to what identifies it.
    pub(super) by: Vec<String>,
}

/// How long a read is repeated until it shows a change, and how often. Endpoints may be eventually consistent.
const READ_AGAIN: Repeat = Repeat::Eventually { within: Duration::from_secs(1), every: Duration::from_millis(200) };

impl SequenceCall {
    /// A call with the input of the probe.
    pub(super) fn first(operation: &str, expected: CallOutcome) -> Self {
        let input = CallInput::Probed(Vec::new());
        Self { operation: operation.to_owned(), input, set: Vec::new(), when: None, expected }
    }

    /// A call that makes a resource of its own for the probe.
    pub(super) fn maker(operation: &str) -> Self {
        Self { input: CallInput::Fresh(Vec::new()), ..Self::first(operation, CallOutcome::Prepares) }
    }

    /// The call of the probe, about the resource that the first call made.
    pub(super) fn probed(operation: &str, links: Vec<IdentifierLink>) -> Self {
        Self { input: CallInput::Probed(links), ..Self::first(operation, CallOutcome::Prepares) }
    }

    /// A call about the resource that the first one made.
    pub(super) fn linked(operation: &str, links: Vec<IdentifierLink>, expected: CallOutcome) -> Self {
        Self { operation: operation.to_owned(), input: CallInput::Linked(links), set: Vec::new(), when: None, expected }
    }

    fn reads_output_of(&self, number: usize) -> bool {
        let linked = match &self.input {
            CallInput::Linked(links) | CallInput::Probed(links) => {
                links.iter().any(|link| is_output(&link.origin, number))
            }
            CallInput::Fresh(_) => false,
        };
        let patterns = match &self.expected {
            CallOutcome::Prepares => &[][..],
            CallOutcome::Success(patterns)
            | CallOutcome::Tolerated(patterns)
            | CallOutcome::Rejected(_, patterns)
            | CallOutcome::Ends(_, patterns) => patterns,
        };
        linked
            || self.set.iter().any(|(_, value)| value.is_output_of(number))
            || patterns.iter().any(|pattern| pattern.reads_output_of(number))
    }

    /// The locations that its links, the values set in it and its patterns take from the output of an earlier call.
    fn taken_from(&self, number: usize) -> impl Iterator<Item = String> {
        let links = match &self.input {
            CallInput::Linked(links) | CallInput::Probed(links) => links.as_slice(),
            CallInput::Fresh(_) => &[],
        };
        let patterns = match &self.expected {
            CallOutcome::Prepares => &[][..],
            CallOutcome::Success(patterns)
            | CallOutcome::Tolerated(patterns)
            | CallOutcome::Rejected(_, patterns)
            | CallOutcome::Ends(_, patterns) => patterns,
        };
        let linked = links.iter().filter_map(move |link| returned_identifier(&link.origin, number));
        let set = self.set.iter().filter_map(move |(_, value)| value.taken_from(number));
        linked.chain(set).chain(patterns.iter().flat_map(move |pattern| pattern.taken_from(number)))
    }

    /// Returns whether it is judged by a success.
    pub(super) fn is_success(&self) -> bool {
        matches!(self.expected, CallOutcome::Success(_) | CallOutcome::Tolerated(_))
    }
}

/// The location of an identifier that the first call returns, if `number` is that call.
fn returned_identifier(origin: &IdentifierOrigin, number: usize) -> Option<String> {
    match origin {
        IdentifierOrigin::Output(path) if number == 1 => path.pointer(),
        IdentifierOrigin::Output(_) | IdentifierOrigin::Input(_) => None,
    }
}

fn is_output(origin: &IdentifierOrigin, number: usize) -> bool {
    number == 1 && matches!(origin, IdentifierOrigin::Output(_))
}

impl SequenceValue {
    fn taken_from(&self, number: usize) -> Option<String> {
        match self {
            Self::Identifier(origin) => returned_identifier(origin, number),
            Self::Output(call, path) if *call == number => OutputPath(path.clone()).pointer(),
            // One of them suffices.
            Self::AnyOf(_)
            | Self::Constant(_)
            | Self::Given
            | Self::GivenKeys
            | Self::OfState(..)
            | Self::Output(..) => None,
            Self::List(values) => values.iter().find_map(|value| value.taken_from(number)),
            Self::Object(members) => members.iter().find_map(|(_, value)| value.taken_from(number)),
        }
    }

    fn is_output_of(&self, number: usize) -> bool {
        match self {
            Self::Output(call, _) => *call == number,
            Self::Identifier(origin) => is_output(origin, number),
            Self::AnyOf(values) | Self::List(values) => values.iter().any(|value| value.is_output_of(number)),
            Self::Object(members) => members.iter().any(|(_, value)| value.is_output_of(number)),
            Self::Constant(_) | Self::Given | Self::GivenKeys | Self::OfState(..) => false,
        }
    }
}

impl BodyPattern {
    fn taken_from(&self, number: usize) -> Vec<String> {
        let of = |leaf: &PatternLeaf| match leaf {
            PatternLeaf::Equals(value)
            | PatternLeaf::HasOther(value)
            | PatternLeaf::Lacks(_, value)
            | PatternLeaf::AllHave(_, value) => value.taken_from(number).into_iter().collect(),
            PatternLeaf::Completes(list) => {
                [&list.whole, &list.part].into_iter().filter_map(|value| value.taken_from(number)).collect()
            }
            PatternLeaf::Contains(item) => item.taken_from(number),
            // Where the output has nothing, nothing is compared.
            PatternLeaf::Agrees(..)
            | PatternLeaf::Present
            | PatternLeaf::Absent
            | PatternLeaf::AtMost(_)
            | PatternLeaf::LacksGiven
            | PatternLeaf::Matches(_) => Vec::new(),
        };
        self.0.iter().flat_map(|(_, leaf)| of(leaf)).collect()
    }

    fn reads_output_of(&self, number: usize) -> bool {
        self.0.iter().any(|(_, leaf)| match leaf {
            PatternLeaf::Equals(value)
            | PatternLeaf::HasOther(value)
            | PatternLeaf::Lacks(_, value)
            | PatternLeaf::AllHave(_, value) => value.is_output_of(number),
            PatternLeaf::Completes(list) => [&list.whole, &list.part].iter().any(|value| value.is_output_of(number)),
            PatternLeaf::Contains(item) => item.reads_output_of(number),
            PatternLeaf::Agrees(call, _) => *call == number,
            PatternLeaf::Present
            | PatternLeaf::Absent
            | PatternLeaf::AtMost(_)
            | PatternLeaf::LacksGiven
            | PatternLeaf::Matches(_) => false,
        })
    }
}

impl Sequence {
    /// True if the last call must succeed.
    pub(super) fn ends_in_success(&self) -> bool {
        self.calls.last().is_some_and(SequenceCall::is_success)
    }

    /// Returns whether a later call needs the output of a call, by its number from 1.
    pub(super) fn reads_output_of(&self, number: usize) -> bool {
        self.calls.iter().any(|call| call.reads_output_of(number))
    }

    /// The locations that a call, by its number from 1, must return if it only prepares those that take something from them.
    pub(super) fn needed_from(&self, number: usize) -> BTreeSet<String> {
        let prepares =
            self.calls.get(number.saturating_sub(1)).is_some_and(|call| matches!(call.expected, CallOutcome::Prepares));
        let later = self.calls.iter().skip(number).filter(|_| prepares);
        later.flat_map(|call| call.taken_from(number)).collect()
    }

    /// The states that values set in a call are taken from.
    pub(super) fn states(&self) -> impl Iterator<Item = &str> {
        self.calls.iter().flat_map(|call| &call.set).filter_map(|(_, value)| match value {
            SequenceValue::OfState(state, _) => Some(state.as_str()),
            _ => None,
        })
    }

    pub(super) fn operations(&self) -> impl Iterator<Item = &str> {
        self.calls.iter().map(|call| call.operation.as_str())
    }
}

/// The name of a variable among the known values. No member of an input has such a name.
pub(super) fn key_of_variable(state: &str, variable: &str) -> String {
    format!("state {state}/{variable}")
}

/// What the values of a sequence are taken from.
pub(super) struct FirstCall<'a> {
    /// Its input.
    pub(super) input: &'a Value,
    /// The input of the probe.
    pub(super) probed: &'a Value,
    /// The value at the location of the probe.
    pub(super) given: &'a Value,
    /// The values of resources that exist.
    pub(super) known: &'a KnownValues,
}

impl FirstCall<'_> {
    /// The value as a template; `None` if the first call lacks it.
    pub(super) fn template(&self, value: &SequenceValue) -> Option<Template> {
        Some(match value {
            SequenceValue::Constant(value) => Template::Literal(value.clone()),
            SequenceValue::Given => Template::Literal(self.given.clone()),
            SequenceValue::GivenKeys => Template::Literal(keys(self.given)?),
            SequenceValue::Identifier(origin) => self.identifier(origin)?,
            SequenceValue::Output(call, path) => output(*call, path.clone()),
            SequenceValue::OfState(state, variable) => {
                let key = key_of_variable(state, variable);
                let known = self.known.iter().find(|(glob, _)| glob.text() == key).map(|(_, value)| value);
                Template::Literal(known.unwrap_or(self.given).clone())
            }
            SequenceValue::AnyOf(values) => matcher("$any_of", self.list(values)?),
            SequenceValue::List(values) => self.list(values)?,
            SequenceValue::Object(members) => {
                let member = |(name, value): &(String, SequenceValue)| {
                    Some((Template::Literal(name.as_str().into()), self.template(value)?))
                };
                Template::Object(members.iter().map(member).collect::<Option<_>>()?)
            }
        })
    }

    fn list(&self, values: &[SequenceValue]) -> Option<Template> {
        values.iter().map(|value| self.template(value)).collect::<Option<_>>().map(Template::Array)
    }

    /// An identifier that the call was given, or will return.
    pub(super) fn identifier(&self, origin: &IdentifierOrigin) -> Option<Template> {
        match origin {
            IdentifierOrigin::Input(member) => Some(Template::Literal(self.input.get(member)?.clone())),
            IdentifierOrigin::Output(path) => Some(output(1, path.0.clone())),
        }
    }

    /// The body that a pattern describes.
    pub(super) fn pattern(&self, pattern: &BodyPattern) -> Option<Template> {
        let mut members = Vec::new();
        for (path, leaf) in &pattern.0 {
            insert(&mut members, path, self.leaf(leaf)?);
        }
        Some(Template::Object(members))
    }

    fn whole_list(&self, list: &WholeList) -> Option<Template> {
        let by = Template::Literal(list.by.as_slice().into());
        Some(object([("whole", self.template(&list.whole)?), ("part", self.template(&list.part)?), ("by", by)]))
    }

    fn leaf(&self, leaf: &PatternLeaf) -> Option<Template> {
        let literal = |value: Value| Template::Literal(value);
        Some(match leaf {
            PatternLeaf::Equals(value) => returned(self.template(value)?),
            PatternLeaf::Present => literal(present()),
            PatternLeaf::Absent => literal(json!({"$any_of": [{"$absent": true}, ""]})),
            PatternLeaf::AtMost(most) => literal(json!({"$items_at_most": most})),
            PatternLeaf::HasOther(value) => matcher("$contains", matcher("$not", self.template(value)?)),
            PatternLeaf::Lacks(path, value) => matcher("$lacks", wrapped(path, self.template(value)?)),
            PatternLeaf::AllHave(path, value) => {
                matcher("$lacks", wrapped(path, matcher("$not", self.template(value)?)))
            }
            PatternLeaf::Completes(list) => matcher("$completes", self.whole_list(list)?),
            PatternLeaf::LacksGiven => literal(match self.given {
                Value::Array(items) => json!({"$lacks": items.first()?}),
                entries => json!({"$any_of": [{"$absent": true}, {"$not": entries}]}),
            }),
            PatternLeaf::Matches(regex) => literal(json!({"$matches": regex})),
            PatternLeaf::Contains(item) => matcher("$contains", self.pattern(item)?),
            PatternLeaf::Agrees(call, path) => {
                let known = Expression::IfKnown { root: variable(*call), tokens: path.clone() };
                matcher("$agrees", Template::Whole(known))
            }
        })
    }
}

/// An object with one member for each name.
fn object<const N: usize>(members: [(&str, Template); N]) -> Template {
    Template::Object(members.map(|(name, value)| (Template::Literal(name.into()), value)).into())
}

/// The keys of tags: those of a map, or the member of each item that is named so.
fn keys(tags: &Value) -> Option<Value> {
    let key = |tag: &Value| {
        let mut members = tag.as_object()?.iter();
        members.find(|(name, _)| name.to_ascii_lowercase().ends_with("key")).map(|(_, key)| key.clone())
    };
    match tags {
        Value::Object(entries) => Some(entries.keys().cloned().collect()),
        Value::Array(items) => items.iter().map(key).collect::<Option<Vec<_>>>().map(Value::Array),
        _ => None,
    }
}

/// The pattern that any value matches.
fn present() -> Value {
    json!({"$not": {"$absent": true}})
}

fn matcher(name: &str, argument: Template) -> Template {
    Template::Object(vec![(Template::Literal(name.into()), argument)])
}

/// The pattern for a value that was given: lists may have more items, and another order.
fn returned(given: Template) -> Template {
    match given {
        Template::Literal(Value::Array(items)) => match items.into_iter().next() {
            Some(item) => matcher("$contains", Template::Literal(item)),
            None => Template::Literal(json!({"$any_of": [[], {"$absent": true}]})),
        },
        other => other,
    }
}

/// A value below the names of a path.
fn wrapped(path: &[String], value: Template) -> Template {
    path.iter().rev().fold(value, |value, name| {
        if name == "[]" {
            matcher("$contains", value)
        } else {
            Template::Object(vec![(Template::Literal(name.as_str().into()), value)])
        }
    })
}

/// Puts a leaf at its path, beside those that are there.
fn insert(members: &mut Vec<(Template, Template)>, path: &[String], leaf: Template) {
    let Some((name, rest)) = path.split_first() else { return };
    let key = Template::Literal(name.as_str().into());
    let below = rest.first().is_some_and(|next| next != "[]");
    if let Some((_, Template::Object(inner))) = members.iter_mut().find(|(known, _)| *known == key && below) {
        insert(inner, rest, leaf);
    } else {
        members.push((key, wrapped(rest, leaf)));
    }
}

fn output(call: usize, tokens: Vec<String>) -> Template {
    Template::Whole(Expression::Path { root: variable(call), tokens })
}

/// The variable with the output of a call.
pub(super) fn variable(call: usize) -> String {
    format!("call{call}")
}

/// The condition that the output of an earlier call has a value at a path.
pub(super) fn condition(call: usize, path: &[String], status: u16) -> StepCondition {
    let body = Some(wrapped(path, Template::Literal(present())));
    StepCondition { step: call, expect: Expectation { alternatives: vec![Alternative::Success { status, body }] } }
}

/// The form of a call.
#[derive(Clone, Copy)]
pub(super) struct CallForm {
    /// The status of a success.
    pub(super) status: u16,
    /// True if it may be repeated.
    pub(super) is_read: bool,
    /// True if its method is HEAD.
    pub(super) is_head: bool,
}

/// Completes a step for what is expected of its call.
pub(super) fn expecting(step: Step, outcome: &CallOutcome, first: &FirstCall<'_>, form: CallForm) -> Option<Step> {
    let CallForm { status, is_read, is_head } = form;
    let bodies = |patterns: &[BodyPattern]| -> Option<Vec<Alternative>> {
        let success = |pattern: &BodyPattern| {
            let body = (!pattern.0.is_empty()).then(|| first.pattern(pattern));
            Some(Alternative::Success { status, body: body.map_or(Some(None), |body| body.map(Some))? })
        };
        patterns.iter().map(success).collect()
    };
    let (alternatives, prepares) = match outcome {
        CallOutcome::Prepares => (vec![Alternative::Success { status, body: None }], true),
        CallOutcome::Success(patterns) => (bodies(patterns)?, false),
        CallOutcome::Tolerated(patterns) => {
            let classes = vec![RejectionClass::Client];
            let rejection = Alternative::Rejection { errors: Vec::new(), classes, statuses: Vec::new() };
            ([bodies(patterns)?, vec![rejection]].concat(), false)
        }
        CallOutcome::Rejected(errors, patterns) | CallOutcome::Ends(errors, patterns) => {
            // A response to HEAD has no body to name the error.
            let classes = if is_head { vec![RejectionClass::Client] } else { Vec::new() };
            let rejection = Alternative::Rejection { errors: errors.clone(), classes, statuses: Vec::new() };
            let is_named = !errors.is_empty();
            let rejections = is_named.then_some(rejection).into_iter().collect();
            ([rejections, bodies(patterns)?].concat(), matches!(outcome, CallOutcome::Ends(..)))
        }
    };
    let is_repeated = !prepares || matches!(outcome, CallOutcome::Ends(..));
    let repeat = if is_read && is_repeated { READ_AGAIN } else { Repeat::Once };
    Some(Step { expect: Expectation { alternatives }, prepares, repeat, ..step })
}
