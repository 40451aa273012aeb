//! Decides the level that is granted for each group of probes, and what is missing for the next one. Pure.
//!
//! | level | what it takes |
//! |---|---|
//! | core | no probe of the group deviates or is inconclusive, and an operation is covered |
//! | extended | every probe conforms, and every operation of the model is covered |
//!
//! An operation is covered if it accepts its least valid request. A blocked probe shows nothing, so it never counts for an
//! endpoint: some valid values, such as the token of a page, can be unknown to any program.

use std::collections::{BTreeMap, BTreeSet};

use serde::{Deserialize, Serialize};

use super::{
    decision::{Decision, Missing, OperationGap, granted},
    probe_scope::{ProbeScope, StatedProbes},
    profile::Level,
};
use crate::{
    judge::verdict::Verdict,
    report::ReportDocument,
    run::event::{CaseReport, Presence},
    suite::RequestGroup,
};

/// The operations and constraints of a model that probes cover, with the causes of deviations.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct ProbedModel {
    /// The number of the model's operations.
    pub operations: usize,
    /// The operations whose least valid request the endpoint accepts.
    pub covered: BTreeSet<String>,
    /// The operations that the endpoint has and whose least valid request it does not accept.
    pub not_shown: BTreeSet<String>,
    /// The operations that the endpoint lacks.
    pub not_implemented: BTreeSet<String>,
    /// The operations without any probe.
    pub not_probed: BTreeSet<String>,
    /// The number of the model's constraints that probes of these groups can be about.
    pub constraints: usize,
    /// The number of those that are probed.
    pub constraints_probed: usize,
    /// The known deviations, the most important first.
    pub causes: Vec<StatedCause>,
}

/// A cause of deviations.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct StatedCause {
    pub says: String,
    /// The number of deviating cases.
    pub cases: usize,
    /// The case that shows it best.
    pub such_as: String,
}

impl ProbedModel {
    /// Derives them from a report of probes.
    #[must_use]
    pub fn of(scope: &ProbeScope, report: &ReportDocument) -> Self {
        let service = scope.suite.service(&scope.model.service);
        let operations: BTreeSet<String> = service
            .map(|service| service.contract().operations().map(|operation| operation.name.clone()).collect())
            .unwrap_or_default();
        let absent = report.presence.iter().filter(|checked| checked.presence == Presence::NotImplemented);
        let not_implemented: BTreeSet<String> = absent.map(|checked| checked.operation.clone()).collect();
        let probed: BTreeSet<String> = report.cases.iter().map(|case| case.operation.clone()).collect();
        let not_probed = operations.difference(&probed).cloned().collect();
        let is_covered = |name: &&String| {
            let control = format!("{}.{name}/control", scope.model.service);
            report.cases.iter().any(|case| case.id.0 == control && case.verdict == Verdict::Conforms)
        };
        let (covered, not_shown) = probed.difference(&not_implemented).partition(is_covered);
        let owned = |names: BTreeSet<&String>| names.into_iter().cloned().collect();
        let causes = report.causes.iter().map(|cause| StatedCause {
            says: cause.headline.clone(),
            cases: cause.cases.len(),
            such_as: cause.representative.0.clone(),
        });
        let constraints = report.coverage.as_ref().map(|coverage| &coverage.constraints);
        Self {
            operations: operations.len(),
            not_probed,
            covered: owned(covered),
            not_shown: owned(not_shown),
            not_implemented,
            constraints: constraints.map_or(0, |sums| sums.total),
            constraints_probed: constraints.map_or(0, |sums| sums.probed),
            causes: causes.collect(),
        }
    }
}

/// The decision for each group of probes that a vendor states.
#[must_use]
pub fn decide_probes(stated: &StatedProbes, probed: &ProbedModel, report: &ReportDocument) -> Vec<Decision> {
    stated.groups.iter().map(|group| decide_group(stated, *group, probed, report)).collect()
}

fn decide_group(stated: &StatedProbes, group: RequestGroup, probed: &ProbedModel, report: &ReportDocument) -> Decision {
    let service = &stated.model.service;
    let counts = |case: &&CaseReport| case.aim.group == group && !probed.not_implemented.contains(&case.operation);
    let cases: Vec<&CaseReport> = report.cases.iter().filter(counts).collect();
    let mut missing = unmet(&cases);
    if probed.covered.is_empty() || !cases.iter().any(|case| case.verdict == Verdict::Conforms) {
        let because = "no probe of a covered operation conforms".to_owned();
        missing.push(Missing { level: Level::Core, what: service.clone(), because, gap: None });
    }
    missing.extend(absent(service, &probed.not_implemented, OperationGap::NotImplemented));
    missing.extend(absent(service, &probed.not_probed, OperationGap::NotProbed));
    missing.extend(absent(service, &probed.not_shown, OperationGap::NotShown));
    missing.sort_by(|a, b| (a.level, &a.what).cmp(&(b.level, &b.what)));
    Decision {
        service: service.clone(),
        profile: format!("probes/{}", group.name()),
        granted: granted(&missing),
        cases: cases.len(),
        requirements: 0,
        missing,
    }
}

fn absent(service: &str, operations: &BTreeSet<String>, gap: OperationGap) -> Vec<Missing> {
    let of = |name: &String| Missing {
        level: Level::Extended,
        what: format!("{service}.{name}"),
        because: gap.text().to_owned(),
        gap: Some(gap),
    };
    operations.iter().map(of).collect()
}

/// The cases that do not conform, by operation and verdict.
fn unmet(cases: &[&CaseReport]) -> Vec<Missing> {
    let mut groups: BTreeMap<(String, &str), Vec<&CaseReport>> = BTreeMap::new();
    for case in cases.iter().filter(|case| case.verdict != Verdict::Conforms) {
        let what = format!("{}.{}", case.service, case.operation);
        groups.entry((what, case.verdict.name())).or_default().push(case);
    }
    let of = |((what, verdict), cases): ((String, &str), Vec<&CaseReport>)| {
        let such_as = cases.first().map(|case| case.id.0.as_str()).unwrap_or_default();
        let because = format!("{verdict}: {} of its probes, such as {such_as}", cases.len());
        let shows_nothing = [Verdict::Blocked, Verdict::NotApplicable].map(Verdict::name).contains(&verdict);
        Missing { level: if shows_nothing { Level::Extended } else { Level::Core }, what, because, gap: None }
    };
    groups.into_iter().map(of).collect()
}
