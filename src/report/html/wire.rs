//! The exchanges of a case as a page shows them: heads and bodies as text, marked where a finding points. Credentials are
//! left out.

use serde::Serialize;

use super::marked::Marked;
use crate::{
    judge::{
        transcript::{Exchange, Role, Transcript},
        verdict::{Finding, FindingRole},
    },
    report::{marked::MarkedMessage, text},
    run::event::CaseFinished,
    wire::{Request, Response},
};

/// Longer heads and bodies are cut, in bytes: a page is for people.
const LONGEST: usize = 16 * 1024;

/// So many of a row of like exchanges, such as a poll, are shown at each end of it.
const ENDS: usize = 3;

/// An exchange.
#[derive(Debug, Serialize)]
pub(super) struct WireView {
    /// The operation, or what else was asked.
    title: String,
    /// What it was for.
    part: String,
    /// The status, or that there is no answer.
    status: String,
    /// Whether it only prepares or cleans up.
    is_aside: bool,
    /// Whether it only cleans up.
    pub(super) is_teardown: bool,
    /// Whether a finding is about it.
    pub(super) is_marked: bool,
    /// How long it took.
    took: String,
    request: Marked,
    response: Marked,
    /// So many like it follow that are not shown.
    more: usize,
}

/// Everything that a case sent and received, in order.
pub(super) fn shown(case: &CaseFinished) -> Vec<WireView> {
    let exchanges = &case.transcript.exchanges;
    let mut shown: Vec<WireView> = Vec::new();
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

fn is_alike(a: &Exchange, b: &Exchange) -> bool {
    (a.step, a.role, &a.service, &a.operation) == (b.step, b.role, &b.service, &b.operation)
}

fn show(case: &CaseFinished, exchange: &Exchange) -> WireView {
    let findings: Vec<&Finding> =
        case.report.findings.iter().filter(|finding| is_about(finding, exchange, &case.transcript)).collect();
    let (status, response) = match &exchange.outcome {
        Ok(response) => (response.status.to_string(), answer(response, &findings)),
        Err(error) => ("no answer".to_owned(), Marked::of(&MarkedMessage::of(&error.to_string(), "", &findings))),
    };
    WireView {
        title: exchange.operation.clone(),
        part: part(exchange),
        status,
        is_aside: matches!(exchange.role, Role::Setup | Role::Teardown),
        is_teardown: exchange.role == Role::Teardown,
        is_marked: !findings.is_empty(),
        took: format!("{:.1} ms", exchange.elapsed.as_secs_f64() * 1000.0),
        request: request(&exchange.request),
        response,
        more: 0,
    }
}

/// Whether a finding is about that exchange: the last one of its call.
fn is_about(finding: &Finding, exchange: &Exchange, transcript: &Transcript) -> bool {
    let is_of_role = |role: Role| match finding.call() {
        FindingRole::Control => role == Role::Control,
        FindingRole::Guard => matches!(role, Role::After(_)),
        FindingRole::Step => role == Role::Main,
    };
    let last = transcript.of_step(finding.step).filter(|exchange| is_of_role(exchange.role)).last();
    finding.step > 0 && last.is_some_and(|last| std::ptr::eq(last, exchange))
}

fn part(exchange: &Exchange) -> String {
    let step = exchange.step;
    match exchange.role {
        Role::Question => "survey".to_owned(),
        Role::Setup => "setup".to_owned(),
        Role::Before(_) => format!("step {step}, read before"),
        Role::Main => format!("step {step}"),
        Role::Control => format!("step {step}, control"),
        Role::After(_) => format!("step {step}, read after"),
        Role::Teardown => "teardown".to_owned(),
    }
}

fn request(request: &Request) -> Marked {
    // What goes in chunks is shown with their framing.
    let body = if request.chunked { 0 } else { request.body.len() };
    Marked::of(&message(&request.to_bytes(), body, &[]))
}

fn answer(response: &Response, findings: &[&Finding]) -> Marked {
    let mut shown = Marked::of(&message(&response.to_bytes(), response.body.len(), findings));
    if response.missing > 0 {
        shown.push(&format!("\n({} more bytes were promised, and never came)", response.missing));
    }
    if response.surplus > 0 {
        shown.push(&format!("\n({} more bytes came after the end)", response.surplus));
    }
    shown
}

/// A message of which so many bytes at the end are the body.
fn message<'a>(bytes: &[u8], body: usize, findings: &[&'a Finding]) -> MarkedMessage<'a> {
    let head = bytes.len().saturating_sub(body);
    let (head, body) = bytes.split_at_checked(head).unwrap_or((bytes, &[]));
    MarkedMessage::of(&cut(head), &cut(body), findings)
}

/// Bytes as text.
fn cut(bytes: &[u8]) -> String {
    let text = text::of_bytes(bytes.get(..LONGEST).unwrap_or(bytes));
    if bytes.len() > LONGEST { format!("{text}… ({} bytes)", bytes.len()) } else { text }
}

#[cfg(test)]
mod tests {
    use rstest::rstest;

    use super::*;
    use crate::{judge::code::Code, report::testing::deviation};

    /// The case with other exchanges, and with the first finding alone.
    fn case(change: impl FnOnce(&mut Vec<Exchange>, &mut Finding)) -> CaseFinished {
        let mut case = deviation("x");
        let mut exchanges = case.transcript.exchanges.clone();
        case.report.findings.truncate(1);
        change(&mut exchanges, &mut case.report.findings[0]);
        case.transcript = std::sync::Arc::new(Transcript { exchanges, ..(*case.transcript).clone() });
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
        assert_eq!(marked, [false, false, false, false, false, false, true], "a poll counts by its last answer");
    }

    #[rstest]
    #[case::status(Code::ERROR_STATUS, "", "«HTTP/1.1 500»\n")]
    #[case::header(Code::CONTENT_TYPE, "", "«content-type: application/x-amz-json-1.1»\n")]
    #[case::header_that_is_not_there(Code::REQUEST_ID, "", "«HTTP/1.1 500»\n")]
    #[case::body(Code::EXPECTED_BODY, "/message", "«{\"__type\"")]
    #[case::whole_body(Code::JSON, "", "«{\"__type\"")]
    fn a_finding_points_at_its_place(#[case] code: Code, #[case] pointer: &str, #[case] marked: &str) {
        let shown = shown(&case(|_, finding| {
            finding.code = code;
            pointer.clone_into(&mut finding.pointer);
        }));
        let told = shown[1].response.told();
        assert!(told.contains(marked), "{told}");
        assert_eq!(told.matches('«').count(), 1, "{told}");
    }

    #[rstest]
    #[case::control(FindingRole::Control)]
    #[case::guard(FindingRole::Guard)]
    fn a_finding_of_another_call_marks_nothing_here(#[case] role: FindingRole) {
        assert!(shown(&case(|_, finding| finding.role = role)).iter().all(|exchange| !exchange.is_marked));
    }

    #[test]
    fn what_never_came_or_came_too_much_is_said() {
        let shown = shown(&case(|exchanges, _| {
            if let Ok(response) = &mut exchanges[1].outcome {
                (response.missing, response.surplus) = (3, 4);
            }
        }));
        let told = shown[1].response.told();
        assert!(told.contains("3 more bytes were promised") && told.contains("4 more bytes came after"), "{told}");
    }

    #[test]
    fn a_long_body_is_cut_and_its_length_told() {
        let told = cut(&vec![b'x'; LONGEST + 1]);
        assert!(told.ends_with("x… (16385 bytes)"));
        assert_eq!(cut(&vec![b'x'; LONGEST]).len(), LONGEST);
    }
}
