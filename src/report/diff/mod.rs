//! Two runs compared, case by case and answer by answer: what differs, and each difference once.
//!
//! Each side is what a run came to: an endpoint that was just asked, a recording, or the report of a run, of which only
//! verdicts, findings and requirements are known. Answers are compared as observations, in which times, ids and secrets
//! stand for themselves; what identities are called makes no difference, which of them are the same one does. Equal
//! differences are told once, with how many cases show them. It refuses to say which side is right, and sends nothing.

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
use change_group::{ShownGroup, group, transitions};

/// Which differences are told.
#[derive(Debug, Clone, Default)]
pub struct CompareOptions {
    /// None of these.
    pub ignore: Vec<ChangePattern>,
    /// Only these; none means all.
    pub only: Vec<ChangePattern>,
}

impl CompareOptions {
    fn tells(&self, kind: ChangeKind, location: &DiffLocation) -> bool {
        let any = |patterns: &[ChangePattern]| patterns.iter().any(|pattern| pattern.fits(kind, location));
        (self.only.is_empty() || any(&self.only)) && !any(&self.ignore)
    }
}

/// How far two sides can be compared.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Depth {
    /// By every answer.
    Responses,
    /// By verdicts, findings and requirements, since a report says no more.
    Findings,
}

/// What two sides differ in.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Comparison {
    /// The first side.
    pub a: Party,
    /// The second side.
    pub b: Party,
    /// How far they were compared.
    pub depth: Depth,
    /// How many cases both sides have a judgement on, so that their answers were compared.
    pub compared: usize,
    /// How many cases both sides have that differ in something that is told.
    pub different: usize,
    /// Cases that could not be compared, because neither side came to a judgement, by what they came to.
    pub unjudged: BTreeMap<Verdict, usize>,
    /// Other verdicts, counted.
    pub verdicts: Vec<Transition>,
    /// The differences, each once, the heaviest first.
    pub groups: Vec<ChangeGroup>,
    /// Requirements of which something else became.
    pub requirements: Vec<RequirementChange>,
    /// Cases of the first side alone.
    pub only_a: Vec<CaseId>,
    /// Cases of the second side alone.
    pub only_b: Vec<CaseId>,
    /// How many differences were left out, because the caller said so.
    pub ignored: usize,
}

/// A requirement of which something else became.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct RequirementChange {
    /// Its number.
    pub id: String,
    /// What it says.
    pub says: String,
    /// On the first side.
    pub before: RequirementOutcome,
    /// On the second side.
    pub after: RequirementOutcome,
}

impl Comparison {
    /// Whether nothing that is told differs.
    #[must_use]
    pub fn is_equal(&self) -> bool {
        self.groups.is_empty() && self.requirements.is_empty() && self.only_a.is_empty() && self.only_b.is_empty()
    }

    /// Whether there was nothing to compare.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.is_equal() && self.compared == 0
    }
}

/// Two observations of one case.
#[derive(Debug, Clone)]
pub struct DifferingCase {
    /// The case.
    pub case: CaseId,
    /// Its service.
    pub service: String,
    /// The one.
    pub before: Value,
    /// The other.
    pub after: Value,
}

/// What differs in observations, each difference once.
#[must_use]
pub fn of_observations(differing: &[DifferingCase]) -> Vec<ChangeGroup> {
    let shown = differing.iter().flat_map(|DifferingCase { case, service, before, after }| {
        let changes = of_steps(service, &diff_side::steps(before), &diff_side::steps(after));
        changes.into_iter().map(|change| ShownGroup { case: case.clone(), change })
    });
    group(shown.collect(), &BTreeMap::new())
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
        groups: group(tally.shown, &tally.verdicts),
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
    shown: Vec<ShownGroup>,
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
        changes.retain(|change| self.options.tells(change.kind, &change.location));
        self.ignored += all - changes.len();
        if let Some(verdict) = of_verdict(a, b) {
            if self.options.tells(verdict.kind, &DiffLocation::Response) {
                self.verdicts.insert(id.clone(), (a.verdict, b.verdict));
                // A difference that is told says why; without one, the verdict is what is told.
                changes.extend(changes.is_empty().then_some(verdict));
            } else {
                self.ignored += 1;
            }
        }
        self.different += usize::from(!changes.is_empty());
        self.shown.extend(changes.into_iter().map(|change| ShownGroup { case: id.clone(), change }));
    }

    /// Cases of one side alone.
    fn alone(&mut self, side: &DiffSide, other: &DiffSide) -> Vec<CaseId> {
        let mut alone: Vec<CaseId> = side.ids().filter(|id| !other.cases.contains_key(*id)).cloned().collect();
        if !self.options.tells(ChangeKind::Case, &DiffLocation::Response) {
            self.ignored += alone.len();
            alone.clear();
        }
        alone
    }

    /// Requirements of which something else became. Which cases a side lacks is told already.
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
        if !self.options.tells(ChangeKind::Requirement, &DiffLocation::Response) {
            self.ignored += changed.len();
            changed.clear();
        }
        changed
    }
}
