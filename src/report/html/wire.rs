//! The exchanges of a case as a page shows them: heads and bodies as text, marked where a finding points. Credentials are
//! left out.

use serde::Serialize;

use super::{
    json,
    marked::{Mark, Marked},
    visible,
};
use crate::{
    code::Code,
    event::CaseFinished,
    transcript::{Exchange, Role, Transcript},
    verdict::{Finding, FindingRole},
    wire::{Request, Response},
};

/// Longer heads and bodies are cut, in bytes: a page is for people.
const LONGEST: usize = 16 * 1024;

/// So many of a row of like exchanges, such as a poll, are shown at each end of it.
const ENDS: usize = 3;

/// An exchange.
#[derive(Debug, Serialize)]
pub(super) struct Shown {
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
pub(super) fn shown(case: &CaseFinished) -> Vec<Shown> {
    let exchanges = &case.transcript.exchanges;
    let mut shown: Vec<Shown> = Vec::new();
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

fn show(case: &CaseFinished, exchange: &Exchange) -> Shown {
    let findings: Vec<&Finding> =
        case.report.findings.iter().filter(|finding| is_about(finding, exchange, &case.transcript)).collect();
    let (status, response) = match &exchange.outcome {
        Ok(response) => (response.status.to_string(), answer(response, &findings)),
        Err(error) => ("no answer".to_owned(), no_answer(&error.to_string(), &findings)),
    };
    Shown {
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
    let is_of_role = |role: Role| match (finding.code, finding.role) {
        // What a golden holds is told by the difference to it.
        (Code::Snapshot, _) => false,
        (Code::Control, _) | (_, FindingRole::Control) => role == Role::Control,
        (Code::SideEffect, _) | (_, FindingRole::Guard) => matches!(role, Role::After(_)),
        (_, FindingRole::Step) => role == Role::Main,
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
    let bytes = request.to_bytes();
    // What goes in chunks is shown with their framing.
    let body = if request.chunked { &[][..] } else { &request.body[..] };
    let head = bytes.len().saturating_sub(body.len());
    let mut shown = Marked::default();
    shown.push(&cut(bytes.get(..head).unwrap_or_default()));
    shown.extend(laid_out(body, &[]));
    shown
}

fn answer(response: &Response, findings: &[&Finding]) -> Marked {
    let mut head = response.to_bytes();
    head.truncate(head.len().saturating_sub(response.body.len()));
    let head = cut(&head);
    let body = &response.body[..];
    let places: Vec<(Place<'_>, Mark)> =
        findings.iter().map(|finding| (place(finding, response, body), Mark::of(finding))).collect();
    let mut shown = marked_head(&head, &places);
    let in_body = places.into_iter().filter_map(|(place, mark)| match place {
        Place::Pointer(pointer) => Some((pointer.to_owned(), mark)),
        Place::Status | Place::Header(_) => None,
    });
    shown.extend(laid_out(body, &in_body.collect::<Vec<_>>()));
    if response.missing > 0 {
        shown.push(&format!("\n({} more bytes were promised, and never came)", response.missing));
    }
    if response.surplus > 0 {
        shown.push(&format!("\n({} more bytes came after the end)", response.surplus));
    }
    shown
}

fn no_answer(error: &str, findings: &[&Finding]) -> Marked {
    let mut shown = Marked::default();
    match findings.first() {
        Some(finding) => shown.mark(error, Mark::of(finding)),
        None => shown.push(error),
    }
    shown
}

/// Where in an answer a finding points.
enum Place<'a> {
    Status,
    Header(&'static str),
    Pointer(&'a str),
}

fn place<'a>(finding: &'a Finding, response: &Response, body: &[u8]) -> Place<'a> {
    let header = match finding.code {
        Code::ContentType => Some("content-type"),
        Code::ContentEncoding => Some("content-encoding"),
        Code::ContentLength => Some("content-length"),
        Code::RequestId => Some("x-amzn-requestid"),
        Code::ErrorIdentity | Code::DeclaredError => Some("x-amzn-errortype"),
        _ => None,
    };
    match header.filter(|name| response.headers.get(name).is_some()) {
        _ if !finding.pointer.is_empty() && !body.is_empty() => Place::Pointer(&finding.pointer),
        Some(name) => Place::Header(name),
        None if matches!(finding.code, Code::ErrorIdentity | Code::DeclaredError) => Place::Pointer("/__type"),
        None if matches!(finding.code, Code::Json | Code::ErrorShape | Code::ResponseShape) => Place::Pointer(""),
        None => Place::Status,
    }
}

fn marked_head(head: &str, places: &[(Place<'_>, Mark)]) -> Marked {
    let mut shown = Marked::default();
    for (index, line) in head.lines().enumerate() {
        let name = line.split(':').next().unwrap_or_default().trim();
        let is_here = |place: &Place<'_>| match place {
            Place::Status => index == 0,
            Place::Header(header) => index > 0 && name.eq_ignore_ascii_case(header),
            Place::Pointer(_) => false,
        };
        match places.iter().find(|(place, _)| is_here(place)) {
            Some((_, mark)) => shown.mark(line, mark.clone()),
            None => shown.push(line),
        }
        shown.push("\n");
    }
    shown
}

/// A body: JSON over several lines, anything else as it is.
fn laid_out(body: &[u8], marks: &[(String, Mark)]) -> Marked {
    let text = std::str::from_utf8(body).ok().filter(|text| text.len() <= LONGEST);
    text.and_then(|text| json::laid_out(text, marks)).unwrap_or_else(|| {
        let mut shown = Marked::default();
        match marks.first() {
            Some((_, mark)) if !body.is_empty() => shown.mark(&cut(body), mark.clone()),
            _ => shown.push(&cut(body)),
        }
        shown
    })
}

/// Bytes as lines of text; only the line breaks of HTTP itself are not spelled out.
fn cut(bytes: &[u8]) -> String {
    let text = visible::text_of(bytes.get(..LONGEST).unwrap_or(bytes)).replace("\r\n", "\n");
    if bytes.len() > LONGEST { format!("{text}… ({} bytes)", bytes.len()) } else { text }
}

#[cfg(test)]
mod tests {
    use rstest::rstest;

    use super::*;
    use crate::report::testing::deviation;

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
    #[case::status(Code::ErrorStatus, "", "«HTTP/1.1 500»\n")]
    #[case::header(Code::ContentType, "", "«content-type: application/x-amz-json-1.1»\n")]
    #[case::header_that_is_not_there(Code::RequestId, "", "«HTTP/1.1 500»\n")]
    #[case::body(Code::ExpectedBody, "/message", "«{\"__type\"")]
    #[case::whole_body(Code::Json, "", "«{\"__type\"")]
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
        let told = laid_out(&vec![b'x'; LONGEST + 1], &[]).told();
        assert!(told.ends_with("x… (16385 bytes)"));
        assert_eq!(laid_out(&vec![b'x'; LONGEST], &[]).told().len(), LONGEST);
    }
}
