//! The requirements by operation, with their outcomes.

use std::collections::{BTreeMap, BTreeSet};

use serde::Serialize;

use super::case_view::{anchor, name};
use crate::{
    judge::verdict::Verdict,
    report::{case_groups::errors, requirement_index::RequirementIndex},
    run::event::{CaseReport, CitableRequirement, RequirementOutcome, RequirementReport},
    suite::requirement::{Contradiction, RequirementKind},
};

/// The maximum number of linked cases per requirement.
const LINKED: usize = 12;

/// A requirement that a finding cites, with its document.
#[derive(Debug, Serialize)]
pub(super) struct CitedView<'a> {
    id: &'a str,
    says: Option<&'a str>,
    document: Option<&'a str>,
    section: Option<&'a str>,
}

impl<'a> CitedView<'a> {
    pub(super) fn of(requirements: &'a RequirementIndex, id: &'a str) -> Self {
        let known = requirements.find(id);
        Self {
            id,
            says: known.map(|known| known.says.as_str()),
            document: known.and_then(|known| known.document.as_ref()).map(|document| document.title.as_str()),
            section: known.map(|known| known.section.as_str()),
        }
    }
}

/// The cases that cite each requirement.
#[derive(Debug, Default)]
pub(super) struct Citations(BTreeMap<String, Vec<(bool, Verdict, String)>>);

impl Citations {
    pub(super) fn enter(&mut self, case: &CaseReport) {
        let violated: BTreeSet<&str> = errors(case).flat_map(|finding| &finding.cites).map(String::as_str).collect();
        for id in super::case_view::requirements_of(case) {
            let entry = (!violated.contains(id), case.verdict, case.id.0.clone());
            self.0.entry(id.to_owned()).or_default().push(entry);
        }
    }
}

/// The requirements of an operation.
#[derive(Debug, Serialize)]
pub(super) struct RequirementRow<'a> {
    service: &'a str,
    /// `None` if the requirements bind the whole service.
    operation: Option<&'a str>,
    met: usize,
    violated: usize,
    not_exercised: usize,
    groups: Vec<RequirementGroup<'a>>,
}

/// The requirements of one kind.
#[derive(Debug, Serialize)]
struct RequirementGroup<'a> {
    kind: &'static str,
    cells: Vec<RequirementCell<'a>>,
}

#[derive(Debug, Serialize)]
struct RequirementCell<'a> {
    id: &'a str,
    says: &'a str,
    outcome: &'static str,
    mark: char,
    met: usize,
    violated: usize,
    reason: Option<&'a str>,
    evidence: String,
    section: Option<&'a str>,
    edition: Option<&'a str>,
    contradiction: Option<&'a Contradiction>,
    document: Option<&'a str>,
    url: Option<&'a str>,
    cases: Vec<Link<'a>>,
    /// The number of cases that are not linked.
    more: usize,
}

#[derive(Debug, Serialize)]
struct Link<'a> {
    anchor: String,
    /// The ID below the operation.
    name: &'a str,
    verdict: Verdict,
    mark: char,
}

/// The rows, by number of requirements.
pub(super) fn rows<'a>(
    requirements: &'a RequirementIndex,
    reports: &'a [RequirementReport],
    citations: &'a mut Citations,
) -> Vec<RequirementRow<'a>> {
    citations.0.values_mut().for_each(|cases| cases.sort());
    let mut rows: Vec<RequirementRow<'a>> = Vec::new();
    for report in reports {
        let known = requirements.find(&report.id);
        let service = known.map_or("", |known| known.service.as_str());
        let operation = known.and_then(|known| known.operation.as_deref());
        let place = rows.iter().position(|row| (row.service, row.operation) == (service, operation));
        let at = place.unwrap_or_else(|| {
            rows.push(RequirementRow { service, operation, met: 0, violated: 0, not_exercised: 0, groups: Vec::new() });
            rows.len() - 1
        });
        if let Some(row) = rows.get_mut(at) {
            let kind = known.map_or("other", |known| in_words(known.kind));
            row.enter(report.outcome, kind, cell(report, known, citations));
        }
    }
    // The operations under test have the most requirements.
    rows.sort_by_key(|row| std::cmp::Reverse(row.met + row.violated + row.not_exercised));
    rows
}

impl<'a> RequirementRow<'a> {
    fn enter(&mut self, outcome: RequirementOutcome, kind: &'static str, cell: RequirementCell<'a>) {
        match outcome {
            RequirementOutcome::Met => self.met += 1,
            RequirementOutcome::Violated => self.violated += 1,
            RequirementOutcome::NotExercised => self.not_exercised += 1,
        }
        match self.groups.iter_mut().find(|group| group.kind == kind) {
            Some(group) => group.cells.push(cell),
            None => self.groups.push(RequirementGroup { kind, cells: vec![cell] }),
        }
    }
}

fn cell<'a>(
    report: &'a RequirementReport,
    known: Option<&'a CitableRequirement>,
    citations: &'a Citations,
) -> RequirementCell<'a> {
    let cases = citations.0.get(&report.id).map(Vec::as_slice).unwrap_or_default();
    let document = known.and_then(|known| known.document.as_ref());
    let (outcome, mark) = outcome(report.outcome);
    RequirementCell {
        id: &report.id,
        says: &report.says,
        outcome,
        mark,
        met: report.met,
        violated: report.violated,
        reason: report.reason.as_deref(),
        evidence: report.evidence.to_string(),
        section: known.map(|known| known.section.as_str()),
        edition: known.map(|known| known.edition.as_str()),
        contradiction: known.and_then(|known| known.contradiction.as_ref()),
        document: document.map(|document| document.title.as_str()),
        // Fixtures may come from anywhere, and a URL may be a script.
        url: document.map(|document| document.url.as_str()).filter(|url| url.starts_with("https://")),
        cases: cases.iter().take(LINKED).map(|(_, verdict, id)| link(*verdict, id)).collect(),
        more: cases.len().saturating_sub(LINKED),
    }
}

fn link(verdict: Verdict, id: &str) -> Link<'_> {
    Link { anchor: anchor(id), name: name(id), verdict, mark: super::case_view::mark(verdict) }
}

fn outcome(outcome: RequirementOutcome) -> (&'static str, char) {
    match outcome {
        RequirementOutcome::Met => ("met", '✓'),
        RequirementOutcome::Violated => ("violated", '✕'),
        RequirementOutcome::NotExercised => ("not-exercised", '·'),
    }
}

fn in_words(kind: RequirementKind) -> &'static str {
    match kind {
        RequirementKind::RequestConstraint => "request constraints",
        RequirementKind::ResponseShape => "response shape",
        RequirementKind::Enum => "enumerations",
        RequirementKind::Error => "errors",
        RequirementKind::Behaviour => "behaviour",
        RequirementKind::Wire => "wire",
        RequirementKind::Example => "examples",
        RequirementKind::ClosedWorld => "closed world",
    }
}
