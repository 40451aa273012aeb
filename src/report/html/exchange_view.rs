//! The exchanges of a case on a page, marked at the locations of findings.

use std::time::Duration;

use serde::Serialize;

use super::marked_text::MarkedText;
use crate::{
    judge::{
        transcript::Role,
        verdict::{Finding, FindingRole},
    },
    report::marked_message::MarkedMessage,
    run::{
        event::CaseFinished,
        exchange_report::{ExchangeOutcome, ExchangeReport, MessageReport},
    },
};

/// The number of exchanges that are shown at each end of a series of similar ones, such as a poll.
const ENDS: usize = 3;

/// An exchange.
#[derive(Debug, Serialize)]
pub(super) struct ExchangeView {
    /// The operation, or another kind of request.
    title: String,
    /// Its purpose.
    part: String,
    /// The status, or that there is no response.
    status: String,
    /// True if it is part of setup or teardown.
    is_aside: bool,
    /// True if it is part of the teardown.
    pub(super) is_teardown: bool,
    /// True if a finding is about it.
    pub(super) is_marked: bool,
    /// The duration.
    took: String,
    request: MarkedText,
    response: MarkedText,
    /// The number of similar exchanges that follow and are not shown.
    more: usize,
}

/// All exchanges of a case, in order.
pub(super) fn shown(case: &CaseFinished) -> Vec<ExchangeView> {
    let exchanges = &case.exchanges;
    let mut shown: Vec<ExchangeView> = Vec::new();
    let mut start = 0;
    while let Some(first) = exchanges.get(start) {
        let alike = exchanges.iter().skip(start).take_while(|exchange| is_alike(first, exchange)).count();
        for (index, exchange) in exchanges.iter().enumerate().skip(start).take(alike) {
            let (before, after) = (index - start, start + alike - 1 - index);
            if before < ENDS || after < ENDS {
                shown.push(show(case, exchange));
            } else if let Some(last) = shown.last_mut() {
                last.more += 1;
            }
        }
        start += alike;
    }
    shown
}

fn is_alike(a: &ExchangeReport, b: &ExchangeReport) -> bool {
    (a.step, a.role, &a.service, &a.operation) == (b.step, b.role, &b.service, &b.operation)
}

fn show(case: &CaseFinished, exchange: &ExchangeReport) -> ExchangeView {
    let findings: Vec<&Finding> =
        case.report.findings.iter().filter(|finding| is_about(finding, exchange, &case.exchanges)).collect();
    let (status, response) = match &exchange.outcome {
        ExchangeOutcome::Response { status, message, missing, surplus } => {
            (status.to_string(), response(message, *missing, *surplus, &findings))
        }
        ExchangeOutcome::Failed { reason } => {
            ("no response".to_owned(), MarkedText::of(&MarkedMessage::of(reason, "", &findings)))
        }
    };
    ExchangeView {
        title: exchange.operation.clone(),
        part: part(exchange),
        status,
        is_aside: matches!(exchange.role, Role::Setup | Role::Teardown),
        is_teardown: exchange.role == Role::Teardown,
        is_marked: !findings.is_empty(),
        took: format!("{:.1} ms", Duration::from_micros(exchange.elapsed_us).as_secs_f64() * 1000.0),
        request: message(&exchange.request, &[]),
        response,
        more: 0,
    }
}

/// Returns whether a finding is about that exchange. It is about the last exchange of its call.
fn is_about(finding: &Finding, exchange: &ExchangeReport, exchanges: &[ExchangeReport]) -> bool {
    let is_of_role = |role: Role| match finding.call() {
        FindingRole::Control => role == Role::Control,
        FindingRole::Guard => matches!(role, Role::After(_)),
        FindingRole::Step => role == Role::Main,
    };
    let last = exchanges.iter().rfind(|exchange| exchange.step == finding.step && is_of_role(exchange.role));
    finding.step > 0 && last.is_some_and(|last| std::ptr::eq(last, exchange))
}

fn part(exchange: &ExchangeReport) -> String {
    let step = exchange.step;
    match exchange.role {
        Role::Question => "presence check".to_owned(),
        Role::Setup => "setup".to_owned(),
        Role::Before(_) => format!("step {step}, read before"),
        Role::Main => format!("step {step}"),
        Role::EarlyControl => format!("step {step}, control before"),
        Role::Control => format!("step {step}, control"),
        Role::After(_) => format!("step {step}, read after"),
        Role::Teardown => "teardown".to_owned(),
    }
}

fn response(text: &MessageReport, missing: u64, surplus: u64, findings: &[&Finding]) -> MarkedText {
    let mut shown = message(text, findings);
    if missing > 0 {
        shown.push(&format!("\n({missing} more bytes were announced, and never came)"));
    }
    if surplus > 0 {
        shown.push(&format!("\n({surplus} more bytes came after the end)"));
    }
    shown
}

fn message(text: &MessageReport, findings: &[&Finding]) -> MarkedText {
    MarkedText::of(&MarkedMessage::of(&text.head, &text.body, findings))
}

#[cfg(test)]
mod tests {
    use rstest::rstest;

    use super::*;
    use crate::{judge::code::Code, report::testing::deviation};

    /// A deviation with changed exchanges and only its first finding.
    fn case(change: impl FnOnce(&mut Vec<ExchangeReport>, &mut Finding)) -> CaseFinished {
        let mut case = deviation("x");
        case.report.findings.truncate(1);
        change(&mut case.exchanges, &mut case.report.findings[0]);
        case
    }

    #[test]
    fn the_middle_of_a_long_poll_is_counted_and_not_shown() {
        let shown = shown(&case(|exchanges, _| {
            let poll = exchanges[1].clone();
            exchanges.extend(std::iter::repeat_n(poll, 19));
        }));
        assert_eq!(shown.len(), 1 + 2 * ENDS);
        assert_eq!(shown.iter().map(|exchange| exchange.more).collect::<Vec<_>>(), [0, 0, 0, 14, 0, 0, 0]);
        let marked: Vec<bool> = shown.iter().map(|exchange| exchange.is_marked).collect();
        assert_eq!(marked, [false, false, false, false, false, false, true], "a poll counts by its last response");
    }

    #[rstest]
    #[case::status(Code::ERROR_STATUS, "", "«HTTP/1.1 500»\n")]
    #[case::header(Code::CONTENT_TYPE, "", "«content-type: application/x-amz-json-1.1»\n")]
    #[case::header_that_is_not_there(Code::REQUEST_ID, "", "«HTTP/1.1 500»\n")]
    #[case::body(Code::EXPECTED_BODY, "/message", "«{\"__type\"")]
    #[case::whole_body(Code::BODY_FORMAT, "", "«{\"__type\"")]
    fn a_finding_points_at_its_place(#[case] code: Code, #[case] pointer: &str, #[case] marked: &str) {
        let shown = shown(&case(|_, finding| {
            finding.code = code;
            pointer.clone_into(&mut finding.pointer);
        }));
        let printed = shown[1].response.with_marks();
        assert!(printed.contains(marked), "{printed}");
        assert_eq!(printed.matches('«').count(), 1, "{printed}");
    }

    #[rstest]
    #[case::control(FindingRole::Control)]
    #[case::guard(FindingRole::Guard)]
    fn a_finding_of_another_call_marks_nothing_here(#[case] role: FindingRole) {
        assert!(shown(&case(|_, finding| finding.role = role)).iter().all(|exchange| !exchange.is_marked));
    }

    #[test]
    fn missing_responses_and_surplus_bytes_are_reported() {
        let shown = shown(&case(|exchanges, _| {
            if let ExchangeOutcome::Response { missing, surplus, .. } = &mut exchanges[1].outcome {
                (*missing, *surplus) = (3, 4);
            }
        }));
        let printed = shown[1].response.with_marks();
        assert!(
            printed.contains("3 more bytes were announced") && printed.contains("4 more bytes came after"),
            "{printed}"
        );
    }
}
