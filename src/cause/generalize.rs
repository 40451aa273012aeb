//! Names the root of each symptom. A fault at most locations of a service has one root for all of them.

use std::collections::BTreeMap;

use super::{
    judged_locations::{JudgedLocations, LocationCounts, constraint},
    location_tree::LocationTree,
    occurrence_group::Occurrence,
    response_text::part,
    root::Root,
    symptom::{ResponseFault, Symptom, symptoms},
};
use crate::{
    judge::{code::Code, fingerprint::steady, verdict::Severity},
    run::event::CaseReport,
    suite::{CaseId, RequestGroup},
};

/// A symptom of a case, with its root.
#[derive(Debug)]
pub(super) struct Rooted<'c> {
    pub(super) case: &'c CaseReport,
    pub(super) root: Root,
    /// The fault of the response as text.
    pub(super) response: String,
}

impl Occurrence for Rooted<'_> {
    fn case(&self) -> &CaseId {
        &self.case.id
    }

    fn operation(&self) -> String {
        format!("{}.{}", self.case.service, self.case.operation)
    }

    fn location(&self) -> &str {
        self.case.aim.location.as_deref().unwrap_or_default()
    }

    /// A case with its exchange is best, then a control.
    fn obscurity(&self) -> usize {
        2 * usize::from(self.case.exchange.is_none()) + usize::from(!self.case.aim.is_control())
    }
}

/// The operation of a service, and one way in which its valid probes fail.
type FailingOperation<'c> = (&'c str, &'c str, Symptom);

/// All that must be known of a run before a root can be named.
struct RunSymptoms<'c> {
    /// Each symptom with its case; true for the first one of a case.
    shown: Vec<(&'c CaseReport, Symptom, bool)>,
    judged: &'c JudgedLocations,
    valid: BTreeMap<FailingOperation<'c>, LocationTree>,
}

/// The symptoms of all cases, each with its root.
pub(super) fn rooted<'c>(
    judged: &'c JudgedLocations,
    cases: impl IntoIterator<Item = &'c CaseReport>,
) -> Vec<Rooted<'c>> {
    let mut run = RunSymptoms { shown: Vec::new(), judged, valid: BTreeMap::new() };
    cases.into_iter().for_each(|case| run.enter(case));
    let stored = run.stored();
    let root = |case: &CaseReport, symptom: &Symptom| match symptom {
        Symptom::Response(fault) if !is_of_behavior(case, fault) => stored
            .get(&fault_key(case, fault))
            .cloned()
            .unwrap_or_else(|| Root::Response { service: case.service.clone(), fault: fault.clone() }),
        _ => run.root(case, symptom),
    };
    let rooted = |(case, symptom, is_first): &(&'c CaseReport, Symptom, bool)| Rooted {
        case,
        root: root(case, symptom),
        response: part(case, symptom, *is_first),
    };
    run.shown.iter().map(rooted).collect()
}

/// A service, the kind of a constraint and the name of a member.
type StoredFault = (String, String, String);

fn fault_key(case: &CaseReport, fault: &ResponseFault) -> StoredFault {
    let member = fault.member.rsplit('/').next().unwrap_or_default();
    (case.service.clone(), fault.rule.clone().unwrap_or_default(), member.to_owned())
}

impl<'c> RunSymptoms<'c> {
    fn enter(&mut self, case: &'c CaseReport) {
        for (index, symptom) in symptoms(case).into_iter().enumerate() {
            if case.aim.valid && case.aim.group == RequestGroup::Sdk {
                let operation = (case.service.as_str(), case.operation.as_str(), symptom.clone());
                self.valid.entry(operation).or_default().enter(&case.aim);
            }
            self.shown.push((case, symptom, index == 0));
        }
    }

    /// The roots of invalid values that were accepted, by what later responses show of them.
    fn stored(&self) -> BTreeMap<StoredFault, Root> {
        let accepted = self.shown.iter().filter(|(_, symptom, _)| *symptom == Symptom::Accepted);
        let key = |case: &CaseReport| {
            let member = last_member(case.aim.location.as_deref()?);
            Some((case.service.clone(), case.aim.family.clone()?, member.to_owned()))
        };
        accepted.filter_map(|(case, symptom, _)| Some((key(case)?, self.root(case, symptom)))).collect()
    }

    /// The root of a symptom that is not a fault in a response.
    fn root(&self, case: &CaseReport, symptom: &Symptom) -> Root {
        let (aim, service) = (&case.aim, case.service.clone());
        let is_unverified = matches!(symptom, Symptom::Accepted) || aim.family.is_some();
        match (aim.group, &aim.family) {
            (RequestGroup::Signing, _) if is_unverified && !aim.valid => Root::Signatures,
            (RequestGroup::Wire, Some(family)) => {
                Root::Wire { service, family: family.clone(), symptom: symptom.clone() }
            }
            (RequestGroup::Sdk, _) if aim.valid && aim.location.is_some() => self.of_valid(case, symptom),
            (RequestGroup::Behavior, Some(family)) => {
                self.of_known_crash(case, symptom).unwrap_or_else(|| of_behavior(case, family, symptom))
            }
            (RequestGroup::Sdk, Some(family)) => self.of_invalid(case, family, symptom),
            _ => of_scenario(case, symptom),
        }
    }

    /// Valid probes: one root for one location, in all operations; an operation that fails as a whole by itself.
    fn of_valid(&self, case: &CaseReport, symptom: &Symptom) -> Root {
        let tree = self.valid.get(&(case.service.as_str(), case.operation.as_str(), symptom.clone()));
        let location = tree.map(|tree| tree.root(&case.aim)).unwrap_or_default();
        let operation = location.is_empty().then(|| case.operation.clone());
        Root::Valid { service: case.service.clone(), operation, location, symptom: symptom.clone() }
    }

    /// A crash that valid probes of the same operation show, too: with the same status and page, at the same location.
    fn of_known_crash(&self, case: &CaseReport, symptom: &Symptom) -> Option<Root> {
        let Symptom::Crash { response, .. } = symptom else { return None };
        let symptom = Symptom::Crash { response: response.clone(), valid: true };
        let (service, operation) = (case.service.clone(), case.operation.clone());
        let tree = self.valid.get(&(service.as_str(), operation.as_str(), symptom.clone()))?;
        let location = tree.same(case.aim.location.as_deref().unwrap_or_default())?;
        let operation = location.is_empty().then_some(operation);
        Some(Root::Valid { service, operation, location, symptom })
    }

    fn of_invalid(&self, case: &CaseReport, family: &str, symptom: &Symptom) -> Root {
        let (service, family) = (case.service.clone(), family.to_owned());
        let location = constraint(&case.aim).map(|(_, location)| location.to_owned()).unwrap_or_default();
        match symptom {
            Symptom::Crash { response, .. } => Root::InvalidCrashes { service, family, response: response.clone() },
            Symptom::WrongError { error } | Symptom::Rejected { error } => {
                Root::WrongError { service, error: error.clone() }
            }
            Symptom::Accepted | Symptom::Response(_) => match self.judged.counts(&service, &family) {
                Some(counts) if !counts.are_mostly_open() && self.judged.is_unvalidated(case) => {
                    Root::Unvalidated { service }
                }
                Some(LocationCounts { accepted, judged }) => Root::Unenforced { service, family, accepted, judged },
                None => Root::Accepted { service, family, location },
            },
        }
    }
}

/// Returns whether a fault is about what operations promise each other: the others are of the response alone.
fn is_of_behavior(case: &CaseReport, fault: &ResponseFault) -> bool {
    let expected = [Code::EVENTUALLY, Code::EXPECTED_BODY, Code::OUTCOME, Code::ERROR_IDENTITY];
    case.aim.group == RequestGroup::Behavior && expected.contains(&fault.code)
}

/// Operations that fail in one way at members of one name share a root, whatever the values are.
fn of_behavior(case: &CaseReport, family: &str, symptom: &Symptom) -> Root {
    let symptom = match symptom {
        Symptom::Response(fault) => Symptom::Response(ResponseFault {
            code: fault.code,
            rule: None,
            member: String::new(),
            expected: String::new(),
        }),
        other => other.clone(),
    };
    let location = case.aim.location.clone().unwrap_or_default();
    Root::Behavior { service: case.service.clone(), family: family.to_owned(), location, symptom }
}

/// Scenarios of an operation that expect the same share a root.
fn of_scenario(case: &CaseReport, symptom: &Symptom) -> Root {
    let first = case.findings.iter().find(|finding| finding.severity == Severity::Error);
    Root::Scenario {
        service: case.service.clone(),
        operation: case.operation.clone(),
        group: case.aim.group,
        expected: first.map(|finding| steady(&finding.expected)).unwrap_or_default(),
        symptom: symptom.clone(),
    }
}

/// The name of the member that a location ends with.
fn last_member(location: &str) -> &str {
    let last = location.rsplit('/').next().unwrap_or_default();
    last.split(['[', '{']).next().unwrap_or_default()
}
