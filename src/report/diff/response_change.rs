//! A difference between two responses: its kind, its location, and both values.

use std::{fmt, str::FromStr};

use serde::{Deserialize, Serialize};

use crate::model::pointer::child;

/// The kind of a difference, the most important first.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
#[non_exhaustive]
pub enum ChangeKind {
    /// An operation is implemented on one side only.
    Operation,
    /// The verdicts differ, without a difference that explains it.
    Verdict,
    /// Only one side responded.
    Response,
    /// One side accepted the request, and the other rejected it.
    Outcome,
    /// The errors differ.
    Error,
    /// The HTTP statuses differ.
    Status,
    /// A step ran on one side only.
    Step,
    /// The JSON types of a value differ.
    Type,
    /// The second side lacks a member or an item.
    Removed,
    /// A member has a different name.
    Renamed,
    /// The second side has an additional member or item.
    Added,
    /// A header differs, or is on one side only.
    Header,
    /// The values differ.
    Value,
    /// A list has the same items in a different order.
    Order,
    /// A finding is on one side only.
    Finding,
    /// The outcomes of a requirement differ.
    Requirement,
    /// A case is on one side only.
    Case,
}

impl ChangeKind {
    /// Every kind, the most important first.
    pub const ALL: [Self; 17] = [
        Self::Operation,
        Self::Verdict,
        Self::Response,
        Self::Outcome,
        Self::Error,
        Self::Status,
        Self::Step,
        Self::Type,
        Self::Removed,
        Self::Renamed,
        Self::Added,
        Self::Header,
        Self::Value,
        Self::Order,
        Self::Finding,
        Self::Requirement,
        Self::Case,
    ];

    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Operation => "operation",
            Self::Verdict => "verdict",
            Self::Response => "response",
            Self::Outcome => "outcome",
            Self::Error => "error",
            Self::Status => "status",
            Self::Step => "step",
            Self::Type => "type",
            Self::Removed => "removed",
            Self::Renamed => "renamed",
            Self::Added => "added",
            Self::Header => "header",
            Self::Value => "value",
            Self::Order => "order",
            Self::Finding => "finding",
            Self::Requirement => "requirement",
            Self::Case => "case",
        }
    }
}

impl fmt::Display for ChangeKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

/// The location of a difference.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum DiffLocation {
    /// The whole response.
    Response,
    /// A header, by its lowercase name.
    Header(String),
    /// A JSON pointer into the body, with `*` for any item of a list.
    Body(String),
}

impl fmt::Display for DiffLocation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Response => Ok(()),
            Self::Header(name) => f.write_str(name),
            Self::Body(pointer) if pointer.is_empty() => f.write_str("the body"),
            Self::Body(pointer) => f.write_str(pointer),
        }
    }
}

/// A difference. `before` is the value of the first side, `after` that of the second. Both lack what changes from run
/// to run.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct ResponseChange {
    pub(super) operation: String,
    pub(super) location: DiffLocation,
    pub(super) kind: ChangeKind,
    pub(super) before: String,
    pub(super) after: String,
}

impl ResponseChange {
    /// Returns whether this difference explains a finding, so that the finding is not a separate difference.
    pub(super) fn explains(&self, finding: &Self) -> bool {
        let (DiffLocation::Body(own), DiffLocation::Body(pointer)) = (&self.location, &finding.location) else {
            return false;
        };
        let renamed = || (self.kind == ChangeKind::Renamed).then(|| own.rsplit_once('/')).flatten();
        let is_there = own == pointer || renamed().is_some_and(|(above, _)| child(above, &self.after) == *pointer);
        let service = |change: &Self| change.operation.split('.').next().map(str::to_owned);
        let is_any = finding.operation.ends_with(".*") && service(self) == service(finding);
        is_there && (is_any || self.operation == finding.operation)
    }
}

/// A pattern of differences to ignore, or to show exclusively.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum ChangePattern {
    /// Differences of a kind.
    Kind(ChangeKind),
    /// Differences at a pointer or below it, by parts; `*` is any part.
    Pointer(Vec<String>),
    /// Differences of a header.
    Header(String),
}

impl FromStr for ChangePattern {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        if let Some(pointer) = text.strip_prefix('/') {
            return Ok(Self::Pointer(pointer.split('/').map(str::to_owned).collect()));
        }
        if let Some(name) = text.strip_prefix("header:").filter(|name| !name.is_empty()) {
            return Ok(Self::Header(name.to_ascii_lowercase()));
        }
        let kind = ChangeKind::ALL.into_iter().find(|kind| kind.name() == text).map(Self::Kind);
        let names = || ChangeKind::ALL.map(ChangeKind::name).join(", ");
        kind.ok_or_else(|| format!("expected a JSON pointer such as /a/*/b, header:NAME, or one of {}", names()))
    }
}

impl ChangePattern {
    /// Returns whether a difference of that kind at that location matches.
    #[must_use]
    pub fn fits(&self, kind: ChangeKind, location: &DiffLocation) -> bool {
        match (self, location) {
            (Self::Kind(wanted), _) => *wanted == kind,
            (Self::Header(wanted), DiffLocation::Header(name)) => wanted == name,
            (Self::Pointer(wanted), DiffLocation::Body(pointer)) => is_below(wanted, pointer),
            _ => false,
        }
    }
}

/// Returns whether a pointer starts with these parts.
fn is_below(wanted: &[String], pointer: &str) -> bool {
    let mut parts = pointer.split('/').skip(1);
    wanted.iter().all(|wanted| parts.next().is_some_and(|part| wanted == "*" || wanted == part))
}

#[cfg(test)]
mod tests {
    use rstest::rstest;

    use super::*;

    #[test]
    fn every_kind_has_the_name_that_programs_read() {
        for kind in ChangeKind::ALL {
            assert_eq!(serde_json::to_value(kind).unwrap(), kind.name());
            assert_eq!(kind.name().parse(), Ok(ChangePattern::Kind(kind)));
        }
        assert!(ChangeKind::ALL.is_sorted());
    }

    #[rstest]
    #[case::itself("/a/b", "/a/b", true)]
    #[case::below("/a", "/a/b", true)]
    #[case::above("/a/b", "/a", false)]
    #[case::beside("/a", "/ab", false)]
    #[case::any_part("/*/b", "/a/b", true)]
    #[case::items("/a/*/c", "/a/*/c/d", true)]
    fn a_pointer_means_what_is_there_and_below(#[case] pattern: &str, #[case] pointer: &str, #[case] fits: bool) {
        let pattern: ChangePattern = pattern.parse().unwrap();
        assert_eq!(pattern.fits(ChangeKind::Value, &DiffLocation::Body(pointer.to_owned())), fits);
        assert!(!pattern.fits(ChangeKind::Header, &DiffLocation::Header(pointer.to_owned())));
    }

    #[test]
    fn a_header_is_named_in_any_letter_case() {
        let pattern: ChangePattern = "header:Content-Type".parse().unwrap();
        assert!(pattern.fits(ChangeKind::Header, &DiffLocation::Header("content-type".to_owned())));
        assert!(!pattern.fits(ChangeKind::Header, &DiffLocation::Response));
    }

    #[rstest]
    #[case("values")]
    #[case("header:")]
    #[case("")]
    fn what_is_no_pattern_is_reported(#[case] text: &str) {
        assert!(text.parse::<ChangePattern>().unwrap_err().starts_with("expected a JSON pointer"));
    }
}
