//! Compares one case of two sides.

use serde_json::Value;

use super::{
    body_comparer::{ABSENT, FoundChange},
    compared_response::compare,
    diff_side::RespondedCase,
    identities::Identities,
    response_change::{ChangeKind, DiffLocation, ResponseChange},
};
use crate::judge::{
    code::Code,
    verdict::{Finding, FindingRole, Verdict},
};

/// Returns whether a case was judged, so that its responses can be compared.
pub(super) fn is_judged(verdict: Verdict) -> bool {
    matches!(verdict, Verdict::Conforms | Verdict::Deviates)
}

/// The differences between the responses, or between the findings if a side has no responses.
///
/// A case that was not judged on both sides has no differences but its verdict.
pub(super) fn changes(a: &RespondedCase, b: &RespondedCase) -> Vec<ResponseChange> {
    if !is_judged(a.verdict) || !is_judged(b.verdict) {
        return Vec::new();
    }
    let of_responses = match (&a.steps, &b.steps) {
        (Some(one), Some(other)) => of_steps(&a.service, one, other),
        _ => Vec::new(),
    };
    // Findings follow from responses, except for what observations do not contain.
    if of_responses.iter().all(|change| change.kind == ChangeKind::Step) {
        let of_findings = of_findings(a, b);
        return if of_findings.is_empty() { of_responses } else { of_findings };
    }
    of_responses
}

/// The difference between the verdicts. An operation that is implemented on one side only is one difference, whatever
/// the verdict on that side.
pub(super) fn of_verdict(a: &RespondedCase, b: &RespondedCase) -> Option<ResponseChange> {
    let lacks = |side: &RespondedCase| side.verdict == Verdict::NotImplemented;
    let has = |side: &RespondedCase| is_judged(side.verdict) || side.verdict == Verdict::Blocked;
    let is_of_one = (lacks(a) && has(b)) || (has(a) && lacks(b));
    let (kind, in_words): (ChangeKind, fn(Verdict) -> String) = if is_of_one {
        (ChangeKind::Operation, |verdict| {
            if verdict == Verdict::NotImplemented { "not implemented" } else { "implemented" }.to_owned()
        })
    } else {
        (ChangeKind::Verdict, |verdict| verdict.to_string())
    };
    (a.verdict != b.verdict).then(|| ResponseChange {
        operation: operation(&a.service, &a.operation),
        location: DiffLocation::Response,
        kind,
        before: in_words(a.verdict),
        after: in_words(b.verdict),
    })
}

fn operation(service: &str, operation: &str) -> String {
    format!("{service}.{operation}")
}

/// The differences between the responses to the steps of a case.
pub(super) fn of_steps(service: &str, a: &[Value], b: &[Value]) -> Vec<ResponseChange> {
    let mut identities = Identities::default();
    let mut changes = Vec::new();
    for (one, other) in a.iter().zip(b) {
        let call = one["call"].as_str().unwrap_or_default();
        if one["call"] != other["call"] {
            let in_words = |step: &Value| step["call"].as_str().unwrap_or_default().to_owned();
            changes.push(of_step(service, call, in_words(one), in_words(other)));
            return changes;
        }
        let mut found = compare(&mut identities, &one["got"], &other["got"]);
        if let (Some(one), Some(other)) = (one.get("control"), other.get("control")) {
            found.extend(compare(&mut identities, &one["got"], &other["got"]));
        }
        changes.extend(found.into_iter().map(|found| changed(service, call, found)));
    }
    // A case ends at the first wrong response. Further steps on the other side are not a separate difference.
    if changes.is_empty() && a.len() != b.len() {
        let more = if a.len() > b.len() { a.get(b.len()) } else { b.get(a.len()) };
        let call = more.and_then(|step| step["call"].as_str()).unwrap_or_default();
        let (made, left_out) = ("made".to_owned(), "not made".to_owned());
        let (before, after) = if a.len() > b.len() { (made, left_out) } else { (left_out, made) };
        changes.push(of_step(service, call, before, after));
    }
    changes
}

fn of_step(service: &str, call: &str, before: String, after: String) -> ResponseChange {
    ResponseChange {
        operation: operation(service, call),
        location: DiffLocation::Response,
        kind: ChangeKind::Step,
        before,
        after,
    }
}

fn changed(service: &str, call: &str, found: FoundChange) -> ResponseChange {
    let FoundChange { location, kind, before, after } = found;
    ResponseChange { operation: operation(service, call), location, kind, before, after }
}

/// The findings on one side only.
fn of_findings(a: &RespondedCase, b: &RespondedCase) -> Vec<ResponseChange> {
    let lacks = |other: &RespondedCase, finding: &Finding| !other.findings.iter().any(|one| mark(one) == mark(finding));
    let counts = |finding: &&Finding| finding.code != Code::SNAPSHOT;
    let gone = a.findings.iter().filter(counts).filter(|finding| lacks(b, finding));
    let new = b.findings.iter().filter(counts).filter(|finding| lacks(a, finding));
    let gone = gone.map(|finding| found(a, finding, in_words(finding), ABSENT.to_owned()));
    gone.chain(new.map(|finding| found(a, finding, ABSENT.to_owned(), in_words(finding)))).collect()
}

/// The identity of a finding. Values are not part of it, because they differ from run to run.
fn mark(finding: &Finding) -> (String, usize, bool, String) {
    (in_words(finding), finding.step, finding.role == FindingRole::Control, finding.pointer.clone())
}

fn in_words(finding: &Finding) -> String {
    let rule = finding.rule.as_ref().map(|rule| format!("/{rule}")).unwrap_or_default();
    format!("{}{rule} ({})", finding.code, finding.severity)
}

/// The operation of a finding about an unknown read.
const ANY: &str = "*";

fn found(case: &RespondedCase, finding: &Finding, before: String, after: String) -> ResponseChange {
    let location = if finding.pointer.is_empty() {
        DiffLocation::Response
    } else {
        DiffLocation::Body(without_indices(&finding.pointer))
    };
    let step = case.steps.as_ref().and_then(|steps| steps.get(finding.step.checked_sub(1)?)?["call"].as_str());
    let call = if finding.role == FindingRole::Guard { ANY } else { step.unwrap_or(&case.operation) };
    ResponseChange { operation: operation(&case.service, call), location, kind: ChangeKind::Finding, before, after }
}

fn without_indices(pointer: &str) -> String {
    let is_index = |part: &str| !part.is_empty() && part.bytes().all(|byte| byte.is_ascii_digit());
    pointer.split('/').map(|part| if is_index(part) { "*" } else { part }).collect::<Vec<_>>().join("/")
}
