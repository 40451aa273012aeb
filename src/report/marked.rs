//! An answer as people read it, with each finding marked at the line that it is about.

use super::{
    layout::{Row, rows},
    text,
};
use crate::{code::Code, verdict::Finding};

/// A longer body is shown around its marks alone.
const MOST: usize = 40;

/// So many lines are shown on each side of a mark then.
const AROUND: usize = 3;

/// A line of an answer, safe for a terminal.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Line<'a> {
    pub(super) text: String,
    /// The findings that are about it.
    pub(super) findings: Vec<&'a Finding>,
}

/// The lines of an answer. `findings` are those of the call that gave it.
pub(super) fn answer<'a>(response: &str, findings: &[&'a Finding]) -> Vec<Line<'a>> {
    let split = response.split_once("\r\n\r\n").or_else(|| response.split_once("\n\n"));
    let (head, body) = split.unwrap_or((response, ""));
    let mut lines: Vec<Line<'a>> = text::lines(head).map(unmarked).collect();
    let (of_body, of_head): (Vec<&Finding>, Vec<&Finding>) = findings.iter().partition(|found| names(found).is_none());
    for finding in of_head {
        let at = names(finding).and_then(|names| header(&lines, names)).unwrap_or_default();
        if let Some(line) = lines.get_mut(at) {
            line.findings.push(finding);
        }
    }
    if split.is_some() {
        lines.push(unmarked(String::new()));
    }
    lines.extend(body_lines(body, &of_body));
    lines
}

fn unmarked<'a>(text: String) -> Line<'a> {
    Line { text, findings: Vec::new() }
}

/// The header fields that a finding may be about, none for the status; `None`: it is about the body.
fn names(finding: &Finding) -> Option<&'static [&'static str]> {
    match finding.code {
        Code::Outcome | Code::Status | Code::ErrorStatus => Some(&[]),
        Code::ContentType => Some(&["content-type"]),
        Code::ContentEncoding => Some(&["content-encoding"]),
        Code::ContentLength => Some(&["content-length", "transfer-encoding"]),
        Code::RequestId => Some(&["x-amzn-requestid", "x-amz-request-id"]),
        _ => None,
    }
}

/// The line of a header field.
fn header(lines: &[Line<'_>], names: &[&str]) -> Option<usize> {
    let name_of = |line: &Line<'_>| line.text.split(':').next().unwrap_or_default().trim().to_ascii_lowercase();
    lines.iter().skip(1).position(|line| names.contains(&name_of(line).as_str())).map(|at| at + 1)
}

fn body_lines<'a>(body: &str, findings: &[&'a Finding]) -> Vec<Line<'a>> {
    let Some(rows) = rows(body) else {
        let mut lines: Vec<Line<'a>> = text::lines(body).map(unmarked).collect();
        if let Some(first) = lines.first_mut() {
            first.findings.extend(findings);
        }
        return lines;
    };
    let mut lines: Vec<Line<'a>> = rows.iter().map(|row| unmarked(text::line(&row.text))).collect();
    for finding in findings {
        if let Some(line) = place(&rows, finding).and_then(|at| lines.get_mut(at)) {
            line.findings.push(finding);
        }
    }
    around_marks(lines)
}

/// The line of the value that a finding is about; where it is missing, that of what should hold it.
fn place(rows: &[Row], finding: &Finding) -> Option<usize> {
    let mut pointer = finding.pointer.as_str();
    if pointer.is_empty() && matches!(finding.code, Code::ErrorIdentity | Code::DeclaredError) {
        pointer = "/__type";
    }
    loop {
        let found = rows.iter().position(|row| row.pointer.as_deref() == Some(pointer));
        match pointer.rsplit_once('/') {
            Some((above, _)) if found.is_none() => pointer = above,
            _ => return found,
        }
    }
}

/// A long text around its marks.
fn around_marks(lines: Vec<Line<'_>>) -> Vec<Line<'_>> {
    if lines.len() <= MOST {
        return lines;
    }
    let marks: Vec<usize> =
        lines.iter().enumerate().filter(|(_, line)| !line.findings.is_empty()).map(|(at, _)| at).collect();
    let last = lines.len() - 1;
    let is_near = |at: usize| match marks.as_slice() {
        [] => at < MOST,
        marks => at == 0 || at == last || marks.iter().any(|mark| mark.abs_diff(at) <= AROUND),
    };
    let mut shown: Vec<Line<'_>> = Vec::new();
    for (at, line) in lines.into_iter().enumerate() {
        if is_near(at) {
            shown.push(line);
        } else if shown.last().is_some_and(|line| line.text != "…") {
            shown.push(unmarked("…".to_owned()));
        }
    }
    shown
}

#[cfg(test)]
mod tests {
    use rstest::rstest;

    use super::*;
    use crate::report::testing::deviation;

    fn finding(code: Code, pointer: &str) -> Finding {
        Finding { code, pointer: pointer.to_owned(), ..deviation("x").report.findings[0].clone() }
    }

    /// The marked lines.
    fn marked(response: &str, finding: &Finding) -> Vec<String> {
        let lines = answer(response, &[finding]);
        lines.into_iter().filter(|line| !line.findings.is_empty()).map(|line| line.text).collect()
    }

    const ANSWER: &str = "HTTP/1.1 500 X\r\nContent-Type: a/b\r\n\r\n{\"a\":{\"b\":[1,2]},\"__type\":\"E\"}";

    #[rstest]
    #[case::status(Code::Outcome, "", "HTTP/1.1 500 X")]
    #[case::header(Code::ContentType, "", "Content-Type: a/b")]
    #[case::header_that_is_missing(Code::RequestId, "", "HTTP/1.1 500 X")]
    #[case::member(Code::ResponseShape, "/a/b/1", "      2")]
    #[case::member_that_is_missing(Code::ExpectedBody, "/a/c/d", "  \"a\": {")]
    #[case::all_of_it(Code::ResponseShape, "", "{")]
    #[case::error(Code::ErrorIdentity, "", "  \"__type\": \"E\"")]
    fn a_finding_is_marked_at_its_place(#[case] code: Code, #[case] pointer: &str, #[case] line: &str) {
        assert_eq!(marked(ANSWER, &finding(code, pointer)), [line]);
    }

    #[test]
    fn what_is_no_json_is_shown_as_it_is() {
        let html = "HTTP/1.1 200\r\n\r\n<html>\n\u{1b}[2J";
        assert_eq!(marked(html, &finding(Code::Json, "")), ["<html>"]);
        assert!(answer(html, &[]).iter().all(|line| !line.text.contains('\u{1b}')));
        assert_eq!(answer("no whole answer within 2s", &[]).len(), 1);
        assert_eq!(answer("", &[&finding(Code::Outcome, "")]), []);
    }

    #[test]
    fn a_long_body_is_shown_around_its_marks() {
        let body = format!("HTTP/1.1 200\r\n\r\n{}", serde_json::json!((0..200).collect::<Vec<u8>>()));
        let lines: Vec<String> =
            answer(&body, &[&finding(Code::ResponseShape, "/100")]).into_iter().map(|line| line.text).collect();
        assert_eq!(lines[2..5], ["[", "…", "  97,"]);
        assert_eq!(lines[lines.len() - 3..], ["  103,", "…", "]"]);
        assert_eq!(answer(&body, &[]).len(), 2 + MOST + 1);
    }
}
