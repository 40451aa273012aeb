//! Compares two runs, case by case and response by response.
//!
//! A side is the run of an endpoint, a recording, or a report, which only has verdicts, findings and requirements.
//! Responses are compared as observations, in which times, IDs and secrets are placeholders. Equal differences are
//! reported once, with the cases that show them: they are condensed like the findings of a run to causes. Neither side is
//! the correct one.

mod body_comparer;
mod case_changes;
mod change_group;
mod compared_response;
mod diff_human;
pub mod diff_report;
mod diff_side;
mod identities;
mod response_change;
#[cfg(test)]
mod tests;
mod volatile;

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::{judge::verdict::Verdict, run::event::RequirementOutcome, suite::CaseId};

pub use change_group::{ChangeGroup, Transition, Values};
pub use diff_side::{DiffSide, Party, PartyKind};
pub use response_change::{ChangeKind, ChangePattern, DiffLocation};

use case_changes::{changes, is_judged, of_steps, of_verdict};
use change_group::{ShownChange, group, transitions};

/// The differences to report.
#[derive(Debug, Clone, Default)]
pub struct CompareOptions {
    /// The patterns to ignore.
    pub ignore: Vec<ChangePattern>,
    /// The patterns to report exclusively. Without any, all differences are reported.
    pub only: Vec<ChangePattern>,
}

impl CompareOptions {
    fn includes(&self, kind: ChangeKind, location: &DiffLocation) -> bool {
        let any = |patterns: &[ChangePattern]| patterns.iter().any(|pattern| pattern.fits(kind, location));
        (self.only.is_empty() || any(&self.only)) && !any(&self.ignore)
    }
}

/// The depth of a comparison.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Depth {
    /// All responses.
    Responses,
    /// Verdicts, findings and requirements, because a report contains no responses.
    Findings,
}

/// The result of a comparison.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Comparison {
    /// The first side.
    pub a: Party,
    /// The second side.
    pub b: Party,
    /// The depth.
    pub depth: Depth,
    /// The number of cases that were judged on both sides, so that their responses were compared.
    pub compared: usize,
    /// The number of cases on both sides with a reported difference.
    pub different: usize,
    /// The number of cases with the same verdict on both sides that were not judged, by verdict.
    pub unjudged: BTreeMap<Verdict, usize>,
    /// The verdicts that differ.
    pub verdicts: Vec<Transition>,
    /// The differences, the most important first.
    pub groups: Vec<ChangeGroup>,
    /// The requirements whose outcomes differ.
    pub requirements: Vec<RequirementChange>,
    /// The cases on the first side only.
    pub only_a: Vec<CaseId>,
    /// The cases on the second side only.
    pub only_b: Vec<CaseId>,
    /// The number of ignored differences.
    pub ignored: usize,
}

/// A requirement whose outcomes differ.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct RequirementChange {
    /// The ID.
    pub id: String,
    /// The schema in the file.
    pub says: String,
    /// On the first side.
    pub before: RequirementOutcome,
    /// On the second side.
    pub after: RequirementOutcome,
}

impl Comparison {
    /// Returns whether there is no reported difference.
    #[must_use]
    pub fn is_equal(&self) -> bool {
        self.groups.is_empty() && self.requirements.is_empty() && self.only_a.is_empty() && self.only_b.is_empty()
    }

    /// Returns whether there was nothing to compare.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.is_equal() && self.compared == 0
    }
}

/// Two observations of one case.
#[derive(Debug, Clone)]
pub struct DifferingCase {
    pub case: CaseId,
    pub service: String,
    /// The first observation.
    pub before: Value,
    /// The second observation.
    pub after: Value,
}

/// The differences between observations.
#[must_use]
pub fn of_observations(differing: &[DifferingCase]) -> Vec<ChangeGroup> {
    let shown = differing.iter().flat_map(|DifferingCase { case, service, before, after }| {
        let changes = of_steps(service, &diff_side::steps(before), &diff_side::steps(after));
        changes.into_iter().map(|change| ShownChange { case: case.clone(), change, verdicts: None })
    });
    group(shown.collect())
}

/// Compares two sides.
#[must_use]
pub fn compare(a: &DiffSide, b: &DiffSide, options: &CompareOptions) -> Comparison {
    let mut tally = DiffTally::new(options);
    for (id, one) in &a.cases {
        if let Some(other) = b.cases.get(id) {
            tally.case(id, one, other);
        }
    }
    let knows = |side: &DiffSide| side.cases.values().all(|case| case.steps.is_some());
    let depth = if knows(a) && knows(b) { Depth::Responses } else { Depth::Findings };
    let (only_a, only_b) = (tally.alone(a, b), tally.alone(b, a));
    let requirements = tally.requirements(a, b);
    Comparison {
        a: a.party.clone(),
        b: b.party.clone(),
        depth,
        compared: tally.compared,
        different: tally.different,
        unjudged: tally.unjudged,
        verdicts: transitions(tally.verdicts.values().copied()),
        groups: group(tally.shown),
        requirements,
        only_a,
        only_b,
        ignored: tally.ignored,
    }
}

struct DiffTally<'o> {
    options: &'o CompareOptions,
    compared: usize,
    different: usize,
    ignored: usize,
    unjudged: BTreeMap<Verdict, usize>,
    verdicts: BTreeMap<CaseId, (Verdict, Verdict)>,
    shown: Vec<ShownChange>,
}

impl<'o> DiffTally<'o> {
    fn new(options: &'o CompareOptions) -> Self {
        Self {
            options,
            compared: 0,
            different: 0,
            ignored: 0,
            unjudged: BTreeMap::new(),
            verdicts: BTreeMap::new(),
            shown: Vec::new(),
        }
    }

    fn case(&mut self, id: &CaseId, a: &diff_side::RespondedCase, b: &diff_side::RespondedCase) {
        let judged = [a, b].map(|side| is_judged(side.verdict));
        match judged {
            [true, true] => self.compared += 1,
            _ if a.verdict == b.verdict => *self.unjudged.entry(a.verdict).or_default() += 1,
            _ => {}
        }
        let mut changes = changes(a, b);
        let all = changes.len();
        changes.retain(|change| self.options.includes(change.kind, &change.location));
        self.ignored += all - changes.len();
        if let Some(verdict) = of_verdict(a, b) {
            if self.options.includes(verdict.kind, &DiffLocation::Response) {
                self.verdicts.insert(id.clone(), (a.verdict, b.verdict));
                // A reported difference explains the verdict. Without one, the verdict is the difference.
                changes.extend(changes.is_empty().then_some(verdict));
            } else {
                self.ignored += 1;
            }
        }
        self.different += usize::from(!changes.is_empty());
        let verdicts = self.verdicts.get(id).copied();
        self.shown.extend(changes.into_iter().map(|change| ShownChange { case: id.clone(), change, verdicts }));
    }

    /// The cases on one side only.
    fn alone(&mut self, side: &DiffSide, other: &DiffSide) -> Vec<CaseId> {
        let mut alone: Vec<CaseId> = side.ids().filter(|id| !other.cases.contains_key(*id)).cloned().collect();
        if !self.options.includes(ChangeKind::Case, &DiffLocation::Response) {
            self.ignored += alone.len();
            alone.clear();
        }
        alone
    }

    /// The requirements whose outcomes differ.
    fn requirements(&mut self, a: &DiffSide, b: &DiffSide) -> Vec<RequirementChange> {
        let both = a.requirements.iter().filter_map(|(id, one)| Some((one, b.requirements.get(id)?)));
        let mut changed: Vec<RequirementChange> = both
            .filter(|(one, other)| one.outcome != other.outcome)
            .map(|(one, other)| RequirementChange {
                id: one.id.clone(),
                says: one.says.clone(),
                before: one.outcome,
                after: other.outcome,
            })
            .collect();
        if !self.options.includes(ChangeKind::Requirement, &DiffLocation::Response) {
            self.ignored += changed.len();
            changed.clear();
        }
        changed
    }
}
