//! Causes: findings that share one root become one cause. Pure; it sees the events of a run and nothing else.
//!
//! A run of probes may deviate in thousands of cases for a dozen reasons. Each deviating case has symptoms. Symptoms with
//! the same root are one cause. Causes are ranked by their effect on the users of an endpoint.
//!
//! | module | holds | may import |
//! |---|---|---|
//! | `symptom` | The first fault of a case |  |
//! | `root` | The root that symptoms share | `symptom` |
//! | `location_tree` | The outermost location at which valid requests fail |  |
//! | `judged_locations` | Counts of the locations at which constraints were judged | `symptom` |
//! | `response_text` | A response as text that is the same in every run | `symptom` |
//! | `generalize` | From the symptoms of a run to their roots | `symptom`, `root`, `location_tree`, `judged_locations`, `response_text` |
//! | `cause_rank` | The ranks of causes, and why they are in this order | `symptom`, `root`, `generalize` |
//! | `cause_key` | What makes a cause the same in another run | `symptom`, `root` |
//! | `headline` | A cause in one line | `symptom`, `root`, `generalize` |

#![allow(missing_docs, reason = "this room has no promised API")]

mod cause_key;
mod cause_rank;
mod generalize;
mod headline;
mod judged_locations;
mod location_tree;
mod response_text;
mod root;
mod symptom;
#[cfg(test)]
mod testing;
#[cfg(test)]
mod tests;

use std::{
    cmp::Reverse,
    collections::{BTreeMap, BTreeSet},
};

use serde::{Deserialize, Serialize};

use crate::{judge::verdict::Verdict, run::event::CaseReport, suite::CaseId};

pub use cause_key::CauseKey;
pub use cause_rank::CauseRank;
pub use judged_locations::JudgedLocations;
pub use response_text::response;

use generalize::{Rooted, rooted};
use headline::headline;
use root::Root;

/// Findings that share one root.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Cause {
    /// Its number in the run, from 1.
    pub number: usize,
    /// What makes it the same in another run.
    #[serde(flatten)]
    pub key: CauseKey,
    /// Its effect on the users of the endpoint.
    pub rank: CauseRank,
    /// Describes the fault in one line.
    pub headline: String,
    /// The operations with the number of deviating cases, as `service.Operation`.
    pub operations: BTreeMap<String, usize>,
    /// The locations in inputs that its probes are about.
    #[serde(default, skip_serializing_if = "BTreeSet::is_empty")]
    pub locations: BTreeSet<String>,
    /// The case that shows it best. Reports have its exchange.
    pub representative: CaseId,
    /// Every case that shows it.
    pub cases: BTreeSet<CaseId>,
    /// The cases by what was wrong in their responses.
    #[serde(skip)]
    pub responses: BTreeMap<String, BTreeSet<CaseId>>,
}

/// The causes of the deviations among some cases, the most important first. `judged` has the locations of all cases of
/// the run.
#[must_use]
pub fn causes<'c>(judged: &'c JudgedLocations, cases: impl IntoIterator<Item = &'c CaseReport>) -> Vec<Cause> {
    let mut by_root: BTreeMap<Root, Vec<Rooted<'c>>> = BTreeMap::new();
    for one in rooted(judged, cases) {
        by_root.entry(one.root.clone()).or_default().push(one);
    }
    let mut causes: Vec<Cause> = by_root.into_iter().filter_map(|(root, members)| cause(&root, &members)).collect();
    causes.sort_by_cached_key(|cause| (cause.rank, Reverse(cause.reach()), cause.headline.clone()));
    causes.iter_mut().zip(1..).for_each(|(cause, number)| cause.number = number);
    causes
}

/// A larger cause keeps the exchange of its representative only.
const FEW: usize = 10;

/// The causes of a whole run. Drops exchanges that add nothing: those of the many cases of a cause beside the one that
/// represents it.
#[must_use]
pub fn condense(cases: &mut [CaseReport]) -> Vec<Cause> {
    let mut judged = JudgedLocations::default();
    for case in cases.iter() {
        judged.enter(case);
    }
    let causes = causes(&judged, cases.iter());
    let kept: BTreeSet<&CaseId> = causes.iter().flat_map(Cause::shown).collect();
    for case in cases.iter_mut().filter(|case| case.verdict == Verdict::Deviates && !kept.contains(&case.id)) {
        case.exchange = None;
    }
    causes
}

fn cause(root: &Root, members: &[Rooted<'_>]) -> Option<Cause> {
    let representative = members.iter().min_by_key(|member| member.clarity())?;
    let mut operations = BTreeMap::new();
    let mut seen = BTreeSet::new();
    let mut responses: BTreeMap<String, BTreeSet<CaseId>> = BTreeMap::new();
    for Rooted { case, response, .. } in members {
        responses.entry(response.clone()).or_default().insert(case.id.clone());
        if seen.insert(&case.id) {
            *operations.entry(format!("{}.{}", case.service, case.operation)).or_default() += 1;
        }
    }
    let locations = members.iter().filter_map(|member| member.case.aim.location.clone());
    Some(Cause {
        number: 0,
        key: CauseKey::of(root),
        rank: CauseRank::of(root, members),
        headline: headline(root, members, representative),
        operations,
        locations: locations.filter(|location| !location.is_empty()).collect(),
        representative: representative.case.id.clone(),
        cases: seen.into_iter().cloned().collect(),
        responses,
    })
}

impl Cause {
    /// The cases whose exchanges reports have.
    fn shown(&self) -> impl Iterator<Item = &CaseId> {
        let all = self.cases.len() <= FEW;
        self.cases.iter().filter(move |id| all || **id == self.representative)
    }

    /// How much of the endpoint it touches: operations, then locations, then cases.
    fn reach(&self) -> (usize, usize, usize) {
        (self.operations.len(), self.locations.len(), self.cases.len())
    }
}
