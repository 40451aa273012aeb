//! A response as text: the findings of a case in a form that is the same in every run with the same deviation.

use super::symptom::{Symptom, fault, symptoms};
use crate::{
    judge::{
        fingerprint::steady,
        verdict::{Finding, FindingRole, Severity},
    },
    run::event::CaseReport,
};

/// The maximum length of a value in characters.
const LONGEST: usize = 160;

/// All errors of a case as text. If it was wrongly accepted or rejected, the faults in its body are consequences, and left
/// out.
#[must_use]
pub fn response(case: &CaseReport) -> String {
    let is_located = symptoms(case).iter().all(|symptom| matches!(symptom, Symptom::Response(_)));
    joined(errors(case), is_located)
}

/// The errors of a case that belong to one of its symptoms. The first one has the consequences in later steps, too.
pub(super) fn part(case: &CaseReport, symptom: &Symptom, is_first: bool) -> String {
    let Symptom::Response(of) = symptom else { return response(case) };
    let first = errors(case).map(|finding| finding.step).min();
    let is_of_it = |finding: &&Finding| {
        let is_later = Some(finding.step) != first;
        if is_later { is_first } else { fault(finding) == *of }
    };
    joined(errors(case).filter(is_of_it), true)
}

fn errors(case: &CaseReport) -> impl Iterator<Item = &Finding> {
    case.findings.iter().filter(|finding| finding.severity == Severity::Error)
}

fn joined<'f>(findings: impl Iterator<Item = &'f Finding>, is_located: bool) -> String {
    let shown = findings.filter(|finding| is_located || finding.pointer.is_empty());
    let mut lines: Vec<String> = shown.map(line).collect();
    lines.sort();
    lines.dedup();
    lines.join("; ")
}

/// A finding without the parts that differ from run to run: IDs, times, generated texts, and the index in a list.
fn line(finding: &Finding) -> String {
    let rule = finding.rule.as_ref().map(|rule| format!("/{rule}")).unwrap_or_default();
    let call = match (finding.role, finding.step) {
        (FindingRole::Step, 0 | 1) => String::new(),
        (FindingRole::Step, step) => format!(" in step {step}"),
        (FindingRole::Control, step) => format!(" in the control of step {step}"),
        (FindingRole::Guard, step) => format!(" in the guard of step {step}"),
    };
    // A value of the body is the endpoint's data; the status and the error of a response are not.
    let what = if finding.pointer.is_empty() {
        let actual: String = steady(&finding.actual).chars().take(LONGEST).collect();
        format!(": {}", actual.trim_end())
    } else {
        let tokens = finding.pointer.split('/').map(|token| if token.parse::<usize>().is_ok() { "*" } else { token });
        format!(" at {}", tokens.collect::<Vec<_>>().join("/"))
    };
    format!("{}{rule}{call}{what}", finding.code)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        cause::{
            symptom::symptoms,
            testing::{control, with},
        },
        judge::code::Code,
    };

    #[test]
    fn a_response_has_no_ids_and_no_indexes() {
        let case = with(control(""), Code::RESPONSE_SHAPE, Some("type"), "/Tables/0/Table", "1");
        let case = with(case, Code::RESPONSE_SHAPE, Some("type"), "/Tables/1/Table", "2");
        assert_eq!(response(&case), "response-shape/type at /Tables/*/Table");
        let case = with(case, Code::ERROR_IDENTITY, None, "", "NotFound (404) for d-LGUMS25CC");
        assert_eq!(response(&case), "error-identity: NotFound (404) for d-<id>");
    }

    #[test]
    fn each_fault_has_its_findings_and_the_first_one_those_of_later_steps() {
        let mut case = with(control(""), Code::RESPONSE_SHAPE, Some("type"), "/A", "1");
        case = with(case, Code::RESPONSE_SHAPE, Some("type"), "/B", "1");
        case = with(case, Code::STATUS, None, "", "202");
        case.findings[2].step = 2;
        let symptoms = symptoms(&case);
        let parts: Vec<String> =
            symptoms.iter().enumerate().map(|(index, symptom)| part(&case, symptom, index == 0)).collect();
        assert_eq!(parts, ["response-shape/type at /A; status in step 2: 202", "response-shape/type at /B"]);
    }
}
