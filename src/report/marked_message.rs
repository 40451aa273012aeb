//! A message with each finding at the line that it is about, for the terminal and for pages.

use super::{
    json_lines::{self, LayoutRow},
    text,
};
use crate::judge::verdict::Finding;

/// The maximum number of lines of a body that the terminal shows in full.
const MOST: usize = 40;

/// The number of lines around a mark in a longer body.
const AROUND: usize = 3;

/// A line without control characters.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct MarkedLine<'a> {
    pub(super) text: String,
    /// The findings about it.
    pub(super) findings: Vec<&'a Finding>,
}

/// A request, a response, or the reason why there is no response.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct MarkedMessage<'a> {
    /// The head, with the empty line at its end.
    head: Vec<MarkedLine<'a>>,
    body: Vec<MarkedLine<'a>>,
}

impl<'a> MarkedMessage<'a> {
    /// Marks the findings of a call in a head and a body.
    pub(super) fn of(head: &str, body: &str, findings: &[&'a Finding]) -> Self {
        let rows = json_lines::rows(body);
        let body = match &rows {
            Some(rows) => rows.iter().map(|row| unmarked(text::line(&row.text))).collect(),
            None => text::lines(body).map(unmarked).collect(),
        };
        let mut message = Self { head: text::lines(head).map(unmarked).collect(), body };
        for finding in findings {
            if let Some(line) = message.line_of(rows.as_deref(), finding) {
                line.findings.push(finding);
            }
        }
        message
    }

    /// Marks the findings of a call in a message.
    pub(super) fn read(message: &str, findings: &[&'a Finding]) -> Self {
        let end = |mark: &str| message.find(mark).map(|at| at + mark.len());
        let end = end("\r\n\r\n").or_else(|| end("\n\n")).unwrap_or(message.len());
        let (head, body) = message.split_at(end);
        Self::of(head, body, findings)
    }

    /// Reduces a long body to the lines around its marks.
    pub(super) fn around_marks(self) -> Self {
        Self { head: self.head, body: around_marks(self.body) }
    }

    pub(super) fn lines(&self) -> impl Iterator<Item = &MarkedLine<'a>> {
        self.head.iter().chain(&self.body)
    }

    /// The line that a finding is about: the value at its pointer, a header, or else the first line.
    fn line_of(&mut self, rows: Option<&[LayoutRow]>, finding: &Finding) -> Option<&mut MarkedLine<'a>> {
        let points_at = finding.code.points_at();
        let is_of_head = points_at.is_in_head() && finding.pointer.is_empty();
        let header = header(&self.head, points_at.headers()).filter(|_| finding.pointer.is_empty());
        match header {
            Some(at) => self.head.get_mut(at),
            None if self.body.is_empty() || is_of_head => self.head.first_mut(),
            None => {
                let at = match rows {
                    Some(rows) => row(rows, finding),
                    None => self.body.iter().position(|line| !line.text.trim().is_empty()),
                };
                self.body.get_mut(at.unwrap_or_default())
            }
        }
    }
}

fn unmarked<'a>(text: String) -> MarkedLine<'a> {
    MarkedLine { text, findings: Vec::new() }
}

/// The line of a header.
fn header(head: &[MarkedLine<'_>], names: &[&str]) -> Option<usize> {
    let name_of = |line: &MarkedLine<'_>| line.text.split(':').next().unwrap_or_default().trim().to_ascii_lowercase();
    let found = |line: &MarkedLine<'_>| names.contains(&name_of(line).as_str());
    head.iter().skip(1).position(found).map(|at| at + 1)
}

/// The line of the value that a finding is about. If it is missing, the line of its closest parent.
fn row(rows: &[LayoutRow], finding: &Finding) -> Option<usize> {
    let mut pointer = finding.pointer.as_str();
    if pointer.is_empty() {
        pointer = finding.code.points_at().member();
    }
    loop {
        // Readers use the last of duplicate members.
        let found = rows.iter().rposition(|row| row.pointer.as_deref() == Some(pointer));
        match pointer.rsplit_once('/') {
            Some((above, _)) if found.is_none() => pointer = above,
            _ => return found,
        }
    }
}

/// The lines around the marks of a long text.
fn around_marks(lines: Vec<MarkedLine<'_>>) -> Vec<MarkedLine<'_>> {
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
    let mut shown: Vec<MarkedLine<'_>> = Vec::new();
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
    use crate::{judge::code::Code, report::testing::deviation};

    fn finding(code: Code, pointer: &str) -> Finding {
        Finding { code, pointer: pointer.to_owned(), ..deviation("x").report.findings[0].clone() }
    }

    fn lines(response: &str, findings: &[&Finding]) -> Vec<String> {
        MarkedMessage::read(response, findings).around_marks().lines().map(|line| line.text.clone()).collect()
    }

    /// The marked lines.
    fn marked(response: &str, finding: &Finding) -> Vec<String> {
        let message = MarkedMessage::read(response, &[finding]);
        message.lines().filter(|line| !line.findings.is_empty()).map(|line| line.text.clone()).collect()
    }

    const RESPONSE: &str = "HTTP/1.1 500 X\r\nContent-Type: a/b\r\n\r\n{\"a\":{\"b\":[1,2]},\"__type\":\"E\"}";

    #[rstest]
    #[case::status(Code::OUTCOME, "", "HTTP/1.1 500 X")]
    #[case::header(Code::CONTENT_TYPE, "", "Content-Type: a/b")]
    #[case::header_that_is_missing(Code::REQUEST_ID, "", "HTTP/1.1 500 X")]
    #[case::member(Code::RESPONSE_SHAPE, "/a/b/1", "      2")]
    #[case::member_that_is_missing(Code::EXPECTED_BODY, "/a/c/d", "  \"a\": {")]
    #[case::all_of_it(Code::RESPONSE_SHAPE, "", "{")]
    #[case::error(Code::ERROR_IDENTITY, "", "  \"__type\": \"E\"")]
    fn a_finding_is_marked_at_its_place(#[case] code: Code, #[case] pointer: &str, #[case] line: &str) {
        assert_eq!(marked(RESPONSE, &finding(code, pointer)), [line]);
    }

    #[rstest]
    #[case::identity_in_a_header(
        "HTTP/1.1 500\r\nx-amzn-errortype: E\r\n\r\n{}",
        Code::ERROR_IDENTITY,
        "x-amzn-errortype: E"
    )]
    #[case::identity_without_a_header("HTTP/1.1 500\r\n\r\n{\"a\":1}", Code::ERROR_IDENTITY, "{")]
    #[case::control("HTTP/1.1 500\r\n\r\n{\"a\":1}", Code::CONTROL, "HTTP/1.1 500")]
    #[case::no_body("HTTP/1.1 500\r\na: b\r\n\r\n", Code::BODY_FORMAT, "HTTP/1.1 500")]
    #[case::no_response("no whole answer within 2s", Code::EXPECTED_BODY, "no whole answer within 2s")]
    #[case::no_json("HTTP/1.1 200\r\n\r\n\n<html>\n</html>", Code::BODY_FORMAT, "<html>")]
    #[case::json_line_feeds("HTTP/1.1 200\n\n[]", Code::BODY_FORMAT, "[]")]
    fn what_a_finding_without_a_pointer_is_about_is_marked(
        #[case] response: &str,
        #[case] code: Code,
        #[case] line: &str,
    ) {
        assert_eq!(marked(response, &finding(code, "")), [line]);
    }

    #[test]
    fn the_last_of_duplicate_members_is_marked() {
        let twice = "HTTP/1.1 200\r\n\r\n{\"a\":1,\"a\":2}";
        assert_eq!(marked(twice, &finding(Code::RESPONSE_SHAPE, "/a")), ["  \"a\": 2"]);
    }

    #[test]
    fn invalid_json_is_shown_unchanged() {
        let html = "HTTP/1.1 200\r\n\r\n<html>\n\u{1b}[2J";
        assert_eq!(lines(html, &[]), ["HTTP/1.1 200", "", "<html>", r"\u{1b}[2J"]);
        assert_eq!(lines("", &[&finding(Code::OUTCOME, "")]), Vec::<String>::new());
    }

    #[test]
    fn a_long_body_is_shown_around_its_marks() {
        let body = format!("HTTP/1.1 200\r\n\r\n{}", serde_json::json!((0..200).collect::<Vec<u8>>()));
        let around = lines(&body, &[&finding(Code::RESPONSE_SHAPE, "/100")]);
        assert_eq!(around[2..5], ["[", "…", "  97,"]);
        assert_eq!(around[around.len() - 3..], ["  103,", "…", "]"]);
        assert_eq!(lines(&body, &[]).len(), 2 + MOST + 1);
    }
}
