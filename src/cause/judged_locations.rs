//! Counts of the locations at which constraints were judged, and of those at which an invalid value was accepted.
//!
//! One kind of constraint has one cause in a service, however many of its locations lack it. A threshold of locations
//! would decide about the number of causes: with half of 84 locations one, with one location less 42. No bug is hidden:
//! the cause lists its members and cases, a new case is red in a gate, and all of them have the lowest rank that an SDK
//! can reach. The share decides only between two causes, neither of which splits: if most locations of a kind are
//! enforced, a location at which every kind fails is a member that the service does not look at.

use std::collections::{BTreeMap, BTreeSet};

use super::symptom::{Symptom, symptoms};
use crate::{
    judge::verdict::Verdict,
    run::event::CaseReport,
    suite::{CaseAim, RequestGroup},
};

/// A location of an operation's input, as `Operation/location`.
type OperationLocation = (String, String);

/// The locations of one family in one service.
#[derive(Debug, Clone, Default)]
struct FamilyLocations {
    judged: BTreeSet<OperationLocation>,
    accepted: BTreeSet<OperationLocation>,
}

/// The locations of all families in all services. Conforming cases count too: how many locations reject an invalid value
/// decides whether a constraint is enforced at all.
#[derive(Debug, Clone, Default)]
pub struct JudgedLocations(BTreeMap<(String, String), FamilyLocations>);

/// The locations of one family.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct LocationCounts {
    /// Those that accept an invalid value.
    pub(super) accepted: usize,
    /// All that were judged.
    pub(super) judged: usize,
}

impl LocationCounts {
    /// At least half of the locations reject no invalid value.
    pub(super) fn are_mostly_open(self) -> bool {
        self.accepted >= FEWEST && self.accepted * 2 >= self.judged
    }
}

/// Fewer locations than this say nothing about a whole service.
const FEWEST: usize = 3;

impl JudgedLocations {
    /// Enters a case, if it is an invalid probe that an SDK can send.
    pub fn enter(&mut self, case: &CaseReport) {
        let is_judged = matches!(case.verdict, Verdict::Conforms | Verdict::Deviates);
        let Some((family, location)) = constraint(&case.aim).filter(|_| is_judged) else { return };
        let of_family = self.0.entry((case.service.clone(), family.to_owned())).or_default();
        let location = (case.operation.clone(), location.to_owned());
        if symptoms(case).contains(&Symptom::Accepted) {
            of_family.accepted.insert(location.clone());
        }
        of_family.judged.insert(location);
    }

    /// The counts of a family; `None` if none of its cases was entered.
    pub(super) fn counts(&self, service: &str, family: &str) -> Option<LocationCounts> {
        let of_family = self.0.get(&(service.to_owned(), family.to_owned()))?;
        Some(LocationCounts { accepted: of_family.accepted.len(), judged: of_family.judged.len() })
    }

    /// Returns whether every family at a location, two at least, had an invalid value accepted.
    pub(super) fn is_unvalidated(&self, case: &CaseReport) -> bool {
        let Some(location) = &case.aim.location else { return false };
        let location = (case.operation.clone(), location.clone());
        let here = self.0.iter().filter(|((service, _), of)| *service == case.service && of.judged.contains(&location));
        let here: Vec<bool> = here.map(|(_, of)| of.accepted.contains(&location)).collect();
        here.len() >= 2 && here.iter().all(|accepted| *accepted)
    }
}

/// The family and the location of an invalid probe that an SDK can send.
pub(super) fn constraint(aim: &CaseAim) -> Option<(&str, &str)> {
    let is_invalid = aim.group == RequestGroup::Sdk && !aim.valid;
    Some((aim.family.as_deref()?, aim.location.as_deref()?)).filter(|_| is_invalid)
}
