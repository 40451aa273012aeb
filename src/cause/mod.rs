//! Causes: findings that share one root become one cause. Pure; it sees the events of a run and nothing else.
//!
//! A run of probes may deviate in thousands of cases for a dozen reasons. Each deviating case has symptoms. Symptoms with
//! the same root are one cause. Causes are ranked by their effect on the users of an endpoint.
//!
//! | module | holds | may import |
//! |---|---|---|
//! | `occurrence_group` | Groups occurrences with the same root: findings of a run, differences between two runs |  |
//! | `symptom` | The first fault of a case | `occurrence_group` |
//! | `root` | The root that symptoms share | `symptom` |
//! | `location_tree` | The outermost location at which valid requests fail |  |
//! | `judged_locations` | Counts of the locations at which constraints were judged | `symptom` |
//! | `response_text` | A response as text that is the same in every run | `symptom` |
//! | `generalize` | From the symptoms of a run to their roots | `occurrence_group`, `symptom`, `root`, `location_tree`, `judged_locations`, `response_text` |
//! | `cause_rank` | The ranks of causes, and why they are in this order | `symptom`, `root`, `generalize` |
//! | `cause_key` | The identity of a cause across runs | `symptom`, `root` |
//! | `headline` | A cause in one line | `occurrence_group`, `symptom`, `root`, `generalize` |
//! | `warning` | The causes of warnings | `judged_locations` |

#![allow(missing_docs, reason = "this room has no promised API")]

mod cause_key;
mod cause_rank;
mod generalize;
mod headline;
mod judged_locations;
mod location_tree;
pub(crate) mod occurrence_group;
mod response_text;
mod root;
mod symptom;
#[cfg(test)]
mod testing;
#[cfg(test)]
mod tests;
mod warning;

use std::collections::{BTreeMap, BTreeSet};

use serde::{Deserialize, Serialize};

use crate::{judge::verdict::Verdict, run::event::CaseReport, suite::CaseId};

pub use cause_key::CauseKey;
pub use cause_rank::CauseRank;
pub use judged_locations::JudgedLocations;
pub use response_text::response;
pub use warning::{likely_causes, warning_causes};

use generalize::{Rooted, rooted};
use headline::headline;
use occurrence_group::{OccurrenceGroup, condensed};
use root::Root;

/// Findings that share one root.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Cause {
    /// Its number in the run, from 1.
    pub number: usize,
    /// Its identity across runs.
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
    let occurrences = rooted(judged, cases).into_iter().map(|one| (one.root.clone(), one));
    let groups = condensed(occurrences, |group| (CauseRank::of(&group.root, &group.occurrences), headline(group)));
    groups.into_iter().zip(1..).filter_map(|(group, number)| cause(number, group)).collect()
}

/// A larger cause keeps the exchange of its representative only.
const FEW: usize = 10;

/// The causes of the deviations of a whole run, and those of what is probably wrong. Drops exchanges that add nothing: those
/// of the many cases of a cause beside the one that represents it.
#[must_use]
pub fn condense(cases: &mut [CaseReport]) -> (Vec<Cause>, Vec<Cause>) {
    let mut judged = JudgedLocations::default();
    for case in cases.iter() {
        judged.enter(case);
    }
    let causes = causes(&judged, cases.iter());
    let likely = likely_causes(cases.iter(), causes.len());
    let kept: BTreeSet<&CaseId> = causes.iter().chain(&likely).flat_map(Cause::shown).collect();
    let may_drop = |case: &CaseReport| matches!(case.verdict, Verdict::Conforms | Verdict::Deviates);
    for case in cases.iter_mut().filter(|case| may_drop(case) && !kept.contains(&case.id)) {
        case.exchange = None;
    }
    (causes, likely)
}

fn cause(number: usize, group: OccurrenceGroup<Root, Rooted<'_>>) -> Option<Cause> {
    let mut responses: BTreeMap<String, BTreeSet<CaseId>> = BTreeMap::new();
    for Rooted { case, response, .. } in &group.occurrences {
        responses.entry(response.clone()).or_default().insert(case.id.clone());
    }
    Some(Cause {
        number,
        key: CauseKey::of(&group.root),
        rank: CauseRank::of(&group.root, &group.occurrences),
        headline: headline(&group),
        representative: group.occurrences.first()?.case.id.clone(),
        operations: group.operations,
        locations: group.locations,
        cases: group.cases,
        responses,
    })
}

impl Cause {
    /// The cases whose exchanges reports have.
    pub(crate) fn shown(&self) -> impl Iterator<Item = &CaseId> {
        let all = self.cases.len() <= FEW;
        self.cases.iter().filter(move |id| all || **id == self.representative)
    }
}
