//! The values of a sequence as templates: inputs and expected bodies name what earlier calls were given or returned.

use std::time::Duration;

use serde_json::{Value, json};

use super::{
    input::KnownValues,
    relations::IdentifierOrigin,
    sequence::{BodyPattern, CallOutcome, PatternLeaf, SequenceValue, WholeList},
};
use crate::{
    suite::{Alternative, Expectation, Expression, Repeat, Step, StepCondition, Template},
    wire::RejectionClass,
};

/// How long a read is repeated until it shows a change, and how often. Endpoints may be eventually consistent.
const READ_AGAIN: Repeat = Repeat::Eventually { within: Duration::from_secs(1), every: Duration::from_millis(200) };

/// The name of a variable among the known values. No member of an input has such a name.
pub(super) fn key_of_variable(state: &str, variable: &str) -> String {
    format!("state {state}/{variable}")
}

/// The sources of the values of a sequence.
pub(super) struct FirstCall<'a> {
    /// Its input.
    pub(super) input: &'a Value,
    /// The input of the probe.
    pub(super) probed: &'a Value,
    /// The value at the location of the probe.
    pub(super) given: &'a Value,
    /// The member of the input at the location of the probe; `None` if that is the whole input.
    pub(super) member: Option<&'a str>,
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

/// Any success, this status first. An endpoint that prepares with another status can still be judged.
fn successes(status: u16) -> Vec<Alternative> {
    let others = [200, 201, 202, 204].into_iter().filter(|other| *other != status);
    [status].into_iter().chain(others).map(|status| Alternative::Success { status, body: None }).collect()
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
        CallOutcome::Prepares => (successes(status), true),
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
