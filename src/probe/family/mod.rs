//! The families of probes: one file and one row of [`FAMILIES`] each. Files without a row hold what several families share.
//!
//! A family looks at one location of an operation's input and drafts the probes for it.

mod absent;
mod blob;
mod carried;
mod consistent;
mod documented_forms;
mod duplicate;
mod echoes;
mod entries;
mod enumeration;
mod example;
mod exceptions;
mod family_selector;
mod full;
mod general_tags;
mod gone;
mod integer;
mod items;
mod json_type;
mod kept_parts;
mod length;
mod list_filter;
mod listed;
mod member_documents;
mod names;
mod narrowing;
mod pages;
mod pattern;
mod range;
mod related;
mod request;
mod required;
mod resource_view;
mod round_trip;
mod signing;
mod timestamp;
mod tokens;
mod union;
mod unique;
mod unknown_member;
mod unknown_names;
mod waits;

use std::fmt;

use serde_json::Value;

use super::{
    Location, UnprobedReason,
    change::InputChange,
    input::{Inputs, Recipe},
    sequence::Sequence,
};
use crate::{
    model::{Contract, Shape},
    suite::{RequestGroup, requirement::Evidence},
    wire::protocol::ValuePlace,
};

pub use echoes::differs_in_ending;
pub use family_selector::{FamilySelector, UnknownFamily};

/// The table of families, in the order in which their probes run: those of constraints first.
static FAMILIES: [FamilyDefinition; 29] = [
    required::FAMILY,
    length::FAMILY,
    range::FAMILY,
    pattern::FAMILY,
    enumeration::FAMILY,
    items::FAMILY,
    entries::FAMILY,
    unique::FAMILY,
    union::FAMILY,
    full::FAMILY,
    example::FAMILY,
    absent::FAMILY,
    round_trip::FAMILY,
    listed::FAMILY,
    consistent::FAMILY,
    pages::FAMILY,
    narrowing::FAMILY,
    names::FAMILY,
    tokens::FAMILY,
    duplicate::FAMILY,
    waits::FAMILY,
    gone::FAMILY,
    json_type::FAMILY,
    timestamp::FAMILY,
    blob::FAMILY,
    integer::FAMILY,
    unknown_member::FAMILY,
    request::FAMILY,
    signing::FAMILY,
];

/// A row of the table: everything that is known of a family.
#[derive(Debug)]
struct FamilyDefinition {
    /// The kebab-case name, as ids have it.
    name: &'static str,
    basis: FamilyBasis,
    group: RequestGroup,
    /// Describes its requests in a few words.
    asks: &'static str,
    /// The probes for one location; `None` where the family does not apply.
    draft: fn(&ProbeSubject<'_>) -> Option<FamilyDrafts>,
}

/// The basis of a family's probes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum FamilyBasis {
    /// A constraint that the model states as a trait.
    Constraint,
    /// An example of the documents.
    Example,
    /// The specification of the protocol, which holds for every input.
    Protocol,
    /// What operations on one resource promise each other.
    Relation,
    /// The same, where too many findings would be false if they were errors: they are warnings. `docs/appendix/behavior-precision.md`
    /// has the figures.
    LikelyRelation,
}

/// A family of probes: a row of the table.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct ProbeFamily(usize);

impl ProbeFamily {
    /// Every family, in the order in which its probes run.
    pub const ALL: [Self; FAMILIES.len()] = {
        let mut all = [Self(0); FAMILIES.len()];
        let mut row = 0;
        while row < all.len() {
            all[row] = Self(row);
            row += 1;
        }
        all
    };

    /// The family of that name.
    #[must_use]
    pub fn named(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|family| family.name() == name)
    }

    /// The kebab-case name, as ids have it.
    #[must_use]
    pub fn name(self) -> &'static str {
        self.definition().name
    }

    /// Returns whether it probes a constraint that the model states as a trait.
    #[must_use]
    pub fn is_constraint(self) -> bool {
        self.definition().basis == FamilyBasis::Constraint
    }

    /// Describes its requests in a few words.
    #[must_use]
    pub fn asks(self) -> &'static str {
        self.definition().asks
    }

    /// Its group.
    #[must_use]
    pub fn group(self) -> RequestGroup {
        self.definition().group
    }

    /// The evidence for what its probes expect.
    pub(super) fn evidence(self) -> Evidence {
        match self.definition().basis {
            FamilyBasis::Constraint | FamilyBasis::Example | FamilyBasis::Relation => Evidence::Modelled,
            FamilyBasis::Protocol => Evidence::Protocol,
            FamilyBasis::LikelyRelation => Evidence::Inferred,
        }
    }

    /// The probes for one location; `None` where the family does not apply.
    pub(super) fn draft(self, subject: &ProbeSubject<'_>) -> Option<FamilyDrafts> {
        let drafts = (self.definition().draft)(subject)?;
        Some(match exceptions::exception(subject, self.name()) {
            Some(reason) => FamilyDrafts { drafts: Vec::new(), unprobed: vec![reason], ..drafts },
            None => carried::carried(subject, drafts),
        })
    }

    fn definition(self) -> &'static FamilyDefinition {
        &FAMILIES[self.0]
    }
}

impl fmt::Debug for ProbeFamily {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

impl fmt::Display for ProbeFamily {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

/// The probes of a family for one location, and what it cannot probe there.
#[derive(Debug, Default)]
pub(super) struct FamilyDrafts {
    /// The trait, or the rule of the protocol, in a few words.
    pub(super) rule: String,
    pub(super) drafts: Vec<ProbeDraft>,
    pub(super) unprobed: Vec<UnprobedReason>,
}

impl FamilyDrafts {
    fn of(rule: impl Into<String>, drafts: Vec<ProbeDraft>) -> Self {
        Self { rule: rule.into(), drafts, unprobed: Vec::new() }
    }
}

/// A probe without its location.
#[derive(Debug, Clone)]
pub(super) struct ProbeDraft {
    /// The last part of its id.
    pub(super) variant: String,
    /// The title, after the name of the location.
    pub(super) title: String,
    /// The change of the valid input.
    pub(super) change: InputChange,
    pub(super) expected: ExpectedOutcome,
    /// The documented form of a success, as a pattern of types. Reports say whether the response matches it.
    pub(super) looks_like: Option<Value>,
    /// True if such a request was seen to end an endpoint.
    pub(super) may_crash: bool,
    /// True if its findings only warn, although those of its family may be errors.
    pub(super) is_likely: bool,
    /// The calls, if they are several. The first one has the valid input, without a change.
    pub(super) sequence: Option<Sequence>,
}

impl ProbeDraft {
    fn new(
        variant: impl Into<String>,
        title: impl Into<String>,
        change: InputChange,
        expected: ExpectedOutcome,
    ) -> Self {
        let (variant, title) = (variant.into(), title.into());
        Self { variant, title, change, expected, looks_like: None, may_crash: false, is_likely: false, sequence: None }
    }

    fn value(
        variant: impl Into<String>,
        title: impl Into<String>,
        value: impl Into<Value>,
        expected: ExpectedOutcome,
    ) -> Self {
        Self::new(variant, title, InputChange::Set(value.into()), expected)
    }
}

/// The response that the endpoint must give to the request of a probe.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum ExpectedOutcome {
    /// Reject it for a constraint.
    Rejected,
    /// Reject it as unreadable or for a constraint: services differ in where they notice.
    RejectedOrUnreadable,
    /// Reject it as unreadable.
    Unreadable,
    /// Reject it because what it identifies does not exist.
    Absent,
    /// Reject it because the operation is unknown.
    UnknownOperation,
    /// Reject it for its signature.
    Unauthenticated,
    /// Do not reject its input as invalid.
    Accepted,
    /// The same, where the model states what is invalid and not that everything else is valid.
    Tolerated,
    /// Reject it with any client error: the protocol excludes the request, and names no error for it.
    ClientError,
    /// Reject it with any client error: seen on AWS, documented nowhere.
    RejectedInAnyWay,
    /// Respond with anything but a server error.
    Responded,
}

impl ExpectedOutcome {
    /// True if an endpoint that accepts the request meets it.
    pub(super) fn is_acceptance(self) -> bool {
        matches!(self, Self::Accepted | Self::Tolerated | Self::Responded)
    }
}

/// One location of an operation's input, with what a family needs to draft probes for it.
#[derive(Clone, Copy)]
pub(super) struct ProbeSubject<'a> {
    pub(super) inputs: &'a Inputs,
    pub(super) recipe: Recipe<'a>,
    pub(super) location: &'a Location,
    pub(super) shape: &'a Shape,
    /// The part of the request that carries the location.
    pub(super) place: ValuePlace,
}

impl ProbeSubject<'_> {
    fn contract(&self) -> &Contract {
        self.inputs.contract()
    }
}
