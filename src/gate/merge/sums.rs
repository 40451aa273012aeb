//! The sums of all shards of a run.

use crate::{
    judge::verdict::Ledger,
    report::ReportDocument,
    run::event::{PresenceChecked, RequirementOutcome, RequirementReport, UNJUDGED},
};

/// The sum of shards that are known to be one run.
pub(super) fn sum(documents: impl IntoIterator<Item = ReportDocument>) -> Option<ReportDocument> {
    let mut sum = documents.into_iter().reduce(plus)?;
    sum.shard = None;
    sum.settle();
    sum.presence = presence(sum.presence);
    Some(sum)
}

fn plus(mut sum: ReportDocument, other: ReportDocument) -> ReportDocument {
    sum.target.endpoint = joined(&sum.target.endpoint, &other.target.endpoint);
    sum.interrupted |= other.interrupted;
    // They ran at the same time.
    sum.duration_ms = sum.duration_ms.max(other.duration_ms);
    sum.ledger = ledger(sum.ledger, other.ledger);
    sum.presence.extend(other.presence);
    sum.died.extend(other.died);
    let new = other.notes.into_iter().filter(|note| !sum.notes.contains(note)).collect::<Vec<_>>();
    sum.notes.extend(new);
    sum.cases.extend(other.cases);
    for (requirement, more) in sum.requirements.iter_mut().zip(other.requirements) {
        add(requirement, more);
    }
    sum.coverage = match (sum.coverage, other.coverage) {
        (Some(one), Some(more)) => Some(one.plus(&more)),
        (one, more) => one.or(more),
    };
    sum
}

/// Each shard may have its own endpoint.
fn joined(endpoints: &str, other: &str) -> String {
    if endpoints.split(", ").any(|known| known == other) {
        endpoints.to_owned()
    } else {
        format!("{endpoints}, {other}")
    }
}

fn ledger(one: Ledger, other: Ledger) -> Ledger {
    Ledger {
        selected: one.selected + other.selected,
        conforms: one.conforms + other.conforms,
        deviates: one.deviates + other.deviates,
        not_implemented: one.not_implemented + other.not_implemented,
        blocked: one.blocked + other.blocked,
        inconclusive: one.inconclusive + other.inconclusive,
        not_applicable: one.not_applicable + other.not_applicable,
        internal: one.internal + other.internal,
    }
}

fn add(requirement: &mut RequirementReport, other: RequirementReport) {
    requirement.met += other.met;
    requirement.violated += other.violated;
    requirement.outcome = RequirementOutcome::of(requirement.met, requirement.violated);
    requirement.reason = match (requirement.outcome, requirement.reason.take(), other.reason) {
        // A case that cites it says more than a shard without such a case.
        (RequirementOutcome::NotExercised, Some(_), Some(reason)) if reason == UNJUDGED => Some(reason),
        (RequirementOutcome::NotExercised, reason, other) => reason.or(other),
        _ => None,
    };
}

/// The presence of each operation. Where shards disagree, all results are kept.
fn presence(mut all: Vec<PresenceChecked>) -> Vec<PresenceChecked> {
    all.sort_by(|a, b| (&a.service, &a.operation).cmp(&(&b.service, &b.operation)));
    all.dedup_by(|a, b| (&a.service, &a.operation, a.presence) == (&b.service, &b.operation, b.presence));
    all
}
