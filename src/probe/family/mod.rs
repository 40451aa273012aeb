//! The families of probes, one file each: what a constraint at one place of an input gives to ask.

mod blob;
mod entries;
mod enumeration;
mod example;
mod integer;
mod items;
mod json_type;
mod legal;
mod length;
mod pattern;
mod range;
mod request;
mod required;
mod signing;
mod timestamp;
mod union;
mod unique;
mod unknown_member;

use std::fmt;

use serde_json::Value;

use super::{
    Location,
    change::InputChange,
    input::{Inputs, Recipe},
};
use crate::model::{Contract, Shape};

pub(super) use request::deadly;

/// A family of probes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum ProbeFamily {
    /// A required member is absent or null.
    Required,
    /// A text or a blob is too short or too long, or just fits.
    Length,
    /// A number is out of its range, or just within.
    Range,
    /// A text breaks its pattern by one character, or keeps it.
    Pattern,
    /// Each value of a closed list, one outside of it, one in another letter case.
    Enum,
    /// A list has too few or too many items, or just enough.
    Items,
    /// A map has too few or too many entries, or just enough.
    Entries,
    /// Items that must differ do not.
    Unique,
    /// A union with no member, or with two.
    Union,
    /// A value of each other JSON type.
    Type,
    /// A timestamp as text, or in milliseconds.
    Timestamp,
    /// A blob that is not base64.
    Blob,
    /// A whole number beyond 32 or 64 bits.
    Integer,
    /// A member that the shape does not have.
    UnknownMember,
    /// A legal input with every member.
    Legal,
    /// The request as a whole: its body, headers, method and path.
    Request,
    /// The signature.
    Signing,
    /// The examples of the documents.
    Example,
}

impl ProbeFamily {
    /// Every family, in the order in which its probes run.
    pub const ALL: [Self; 18] = [
        Self::Legal,
        Self::Example,
        Self::Required,
        Self::Length,
        Self::Range,
        Self::Pattern,
        Self::Enum,
        Self::Items,
        Self::Entries,
        Self::Unique,
        Self::Union,
        Self::Type,
        Self::Timestamp,
        Self::Blob,
        Self::Integer,
        Self::UnknownMember,
        Self::Request,
        Self::Signing,
    ];

    /// The kebab-case name, as ids have it.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Required => "required",
            Self::Length => "length",
            Self::Range => "range",
            Self::Pattern => "pattern",
            Self::Enum => "enum",
            Self::Items => "items",
            Self::Entries => "entries",
            Self::Unique => "unique",
            Self::Union => "union",
            Self::Type => "type",
            Self::Timestamp => "timestamp",
            Self::Blob => "blob",
            Self::Integer => "integer",
            Self::UnknownMember => "unknown-member",
            Self::Legal => "legal",
            Self::Request => "request",
            Self::Signing => "signing",
            Self::Example => "example",
        }
    }

    /// Whether it probes a constraint that the model states as a trait, rather than what every input has.
    #[must_use]
    pub fn is_constraint(self) -> bool {
        use ProbeFamily as F;
        matches!(
            self,
            F::Required | F::Length | F::Range | F::Pattern | F::Enum | F::Items | F::Entries | F::Unique | F::Union
        )
    }
}

impl fmt::Display for ProbeFamily {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

/// What a family has to ask at one place.
#[derive(Debug, Default)]
pub(super) struct DraftProbe {
    /// The trait, or the rule of the protocol, in a few words.
    pub(super) rule: String,
    /// The questions.
    pub(super) drafts: Vec<ProbeDraft>,
    /// What cannot be asked, and why.
    pub(super) unasked: Vec<String>,
}

impl DraftProbe {
    fn of(rule: impl Into<String>, drafts: Vec<ProbeDraft>) -> Self {
        Self { rule: rule.into(), drafts, unasked: Vec::new() }
    }
}

/// One question.
#[derive(Debug, Clone)]
pub(super) struct ProbeDraft {
    /// The last part of its id.
    pub(super) variant: String,
    /// What is asked, after the name of the place.
    pub(super) says: String,
    /// How the legal input is changed.
    pub(super) change: InputChange,
    /// What is due.
    pub(super) want: Want,
    /// What a success looks like in the documents, as a pattern of types: which of the two came is told.
    pub(super) looks_like: Option<Value>,
}

impl ProbeDraft {
    fn new(variant: impl Into<String>, says: impl Into<String>, change: InputChange, want: Want) -> Self {
        Self { variant: variant.into(), says: says.into(), change, want, looks_like: None }
    }

    fn value(variant: impl Into<String>, says: impl Into<String>, value: impl Into<Value>, want: Want) -> Self {
        Self::new(variant, says, InputChange::Set(value.into()), want)
    }
}

/// What a probe must get.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Want {
    /// A refusal because of a constraint.
    Refused,
    /// A refusal because it cannot be read, or because of a constraint: services differ in where they notice.
    Unread,
    /// A refusal because it cannot be read.
    Malformed,
    /// A refusal because the operation is unknown.
    Unknown,
    /// A refusal because of who signed.
    Unsigned,
    /// No refusal of the input as invalid.
    Admitted,
    /// The same, of which the model says nothing: it says what is illegal, not that all else is taken.
    Tolerated,
    /// A refusal of the caller, whatever its name: seen on AWS, promised nowhere.
    Turned,
    /// Any answer but a failure of the server.
    Answered,
}

/// One place of one operation's input, as families look at it.
#[derive(Clone, Copy)]
pub(super) struct ProbeSubject<'a> {
    pub(super) inputs: &'a Inputs,
    pub(super) recipe: Recipe<'a>,
    pub(super) place: &'a Location,
    pub(super) shape: &'a Shape,
}

impl ProbeSubject<'_> {
    fn contract(&self) -> &Contract {
        self.inputs.contract()
    }
}

type Ask = fn(&ProbeSubject<'_>) -> Option<DraftProbe>;

/// What each family asks, wherever its constraint stands; `None` where there is no such constraint.
pub(super) const ASKS: [(ProbeFamily, Ask); 18] = [
    (ProbeFamily::Legal, legal::ask),
    (ProbeFamily::Example, example::ask),
    (ProbeFamily::Required, required::ask),
    (ProbeFamily::Length, length::ask),
    (ProbeFamily::Range, range::ask),
    (ProbeFamily::Pattern, pattern::ask),
    (ProbeFamily::Enum, enumeration::ask),
    (ProbeFamily::Items, items::ask),
    (ProbeFamily::Entries, entries::ask),
    (ProbeFamily::Unique, unique::ask),
    (ProbeFamily::Union, union::ask),
    (ProbeFamily::Type, json_type::ask),
    (ProbeFamily::Timestamp, timestamp::ask),
    (ProbeFamily::Blob, blob::ask),
    (ProbeFamily::Integer, integer::ask),
    (ProbeFamily::UnknownMember, unknown_member::ask),
    (ProbeFamily::Request, request::ask),
    (ProbeFamily::Signing, signing::ask),
];
