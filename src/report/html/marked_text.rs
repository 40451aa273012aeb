//! A message on a page: text in pieces, marked or not. Plain data.

use serde::{Serialize, Serializer, ser::SerializeTuple as _};

use crate::{
    judge::verdict::{Finding, Severity},
    report::{marked_message::MarkedMessage, text},
};

/// A text in pieces.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
#[serde(transparent)]
pub(super) struct MarkedText(Vec<Piece>);

#[derive(Debug, Clone, PartialEq, Eq)]
struct Piece {
    text: String,
    mark: Option<MarkView>,
}

/// The mark of the findings at one location.
#[derive(Debug, Clone, PartialEq, Eq)]
struct MarkView {
    /// The highest severity.
    severity: Severity,
    says: String,
}

impl MarkedText {
    pub(super) fn of(message: &MarkedMessage<'_>) -> Self {
        let mut shown = Self::default();
        for (index, line) in message.lines().enumerate() {
            if index > 0 {
                shown.push("\n");
            }
            match MarkView::of(&line.findings) {
                Some(mark) => shown.mark(&line.text, mark),
                None => shown.push(&line.text),
            }
        }
        shown
    }

    /// Appends text that is already safe.
    pub(super) fn push(&mut self, text: &str) {
        match self.0.last_mut() {
            Some(Piece { text: last, mark: None }) => last.push_str(text),
            _ => self.0.push(Piece { text: text.to_owned(), mark: None }),
        }
    }

    /// Appends a line; its indentation and its trailing comma are not marked.
    fn mark(&mut self, line: &str, mark: MarkView) {
        let text = line.trim_start();
        let (text, comma) = text.strip_suffix(',').map_or((text, ""), |text| (text, ","));
        self.push(line.get(..line.len() - text.len() - comma.len()).unwrap_or_default());
        self.0.push(Piece { text: text.to_owned(), mark: Some(mark) });
        self.push(comma);
    }

    /// The text, with `«…»` around marked pieces.
    #[cfg(test)]
    pub(super) fn with_marks(&self) -> String {
        let printed =
            |piece: &Piece| if piece.mark.is_some() { format!("«{}»", piece.text) } else { piece.text.clone() };
        self.0.iter().map(printed).collect()
    }
}

impl MarkView {
    fn of(findings: &[&Finding]) -> Option<Self> {
        let severity = findings.iter().map(|finding| finding.severity).max()?;
        let printed = |finding: &&Finding| {
            let (expected, actual) = (&finding.expected, &finding.actual);
            text::line(&format!("{}: expected {expected}, got {actual}", finding.code))
        };
        Some(Self { severity, says: findings.iter().map(printed).collect::<Vec<_>>().join("\n") })
    }
}

/// A list of text, severity and findings. Names of members would take too much space in thousands of pieces.
impl Serialize for Piece {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut tuple = serializer.serialize_tuple(3)?;
        tuple.serialize_element(&self.text)?;
        tuple.serialize_element(&self.mark.as_ref().map(|mark| mark.severity))?;
        tuple.serialize_element(&self.mark.as_ref().map(|mark| &mark.says))?;
        tuple.end()
    }
}

#[cfg(test)]
mod tests {
    use rstest::rstest;

    use super::*;
    use crate::{judge::code::Code, report::testing::deviation};

    fn finding(severity: Severity, pointer: &str) -> Finding {
        let found = deviation("x").report.findings[0].clone();
        Finding { code: Code::RESPONSE_SHAPE, pointer: pointer.to_owned(), severity, ..found }
    }

    #[rstest]
    #[case::scalar(r#"{"a":1,"b":[]}"#, "/a", "{\n  «\"a\": 1»,\n  \"b\": []\n}")]
    #[case::item("[1, {\"x\" : null}]", "/1/x", "[\n  1,\n  {\n    «\"x\": null»\n  }\n]")]
    #[case::container(r#"{"a":{"b":1}}"#, "/a", "{\n  «\"a\": {»\n    \"b\": 1\n  }\n}")]
    #[case::missing(r#"{"a":{"b":1}}"#, "/a/c/d", "{\n  «\"a\": {»\n    \"b\": 1\n  }\n}")]
    #[case::whole("7", "", "«7»")]
    #[case::escaped_name(r#"{"a/\u0062":"\"}"}"#, "/a~1b", "{\n  «\"a/\\u0062\": \"\\\"}\"»\n}")]
    fn a_place_is_marked_where_it_stands(#[case] body: &str, #[case] pointer: &str, #[case] shown: &str) {
        let finding = finding(Severity::Error, pointer);
        assert_eq!(MarkedText::of(&MarkedMessage::of("", body, &[&finding])).with_marks(), shown);
    }

    #[test]
    fn a_mark_says_all_that_was_found_there_and_looks_like_the_worst() {
        let [warning, error] = [Severity::Warning, Severity::Error].map(|severity| finding(severity, "/a"));
        let shown = MarkedText::of(&MarkedMessage::of("", r#"{"a":1}"#, &[&warning, &error]));
        let marks: Vec<&MarkView> = shown.0.iter().filter_map(|piece| piece.mark.as_ref()).collect();
        assert_eq!(marks.len(), 1);
        assert_eq!((marks[0].severity, marks[0].says.lines().count()), (Severity::Error, 2));
    }
}
