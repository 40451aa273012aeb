//! Several calls about one resource: those that prepare it, and those that are judged.
//!
//! A family states the calls; the inputs are built when the case runs, since they name what exists then. The output of the
//! n-th call is the variable `call<n>`.

use std::collections::BTreeSet;

use serde_json::Value;

use super::relations::{IdentifierLink, IdentifierOrigin, OutputPath};

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

    /// Returns whether the first call makes a resource for the others.
    pub(super) fn makes_its_own(&self) -> bool {
        self.calls.first().is_some_and(|call| matches!(call.input, CallInput::Fresh(_)))
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
