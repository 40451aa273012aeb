//! A text of which some places are marked by what was found there. Plain data.

use serde::{Serialize, Serializer, ser::SerializeTuple as _};

use super::visible;
use crate::verdict::{Finding, Severity};

/// What was found at a place, in one line.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Mark {
    severity: Severity,
    says: String,
}

/// The text in pieces, marked or not.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
#[serde(transparent)]
pub(super) struct Marked(Vec<Piece>);

#[derive(Debug, Clone, PartialEq, Eq)]
struct Piece {
    text: String,
    mark: Option<Mark>,
}

impl Mark {
    pub(super) fn of(finding: &Finding) -> Self {
        let says = format!("{}: expected {}, got {}", finding.code, finding.expected, finding.actual);
        Self { severity: finding.severity, says: visible::spelled_out(&says) }
    }
}

impl Marked {
    pub(super) fn push(&mut self, text: &str) {
        let text = visible::spelled_out(text);
        match self.0.last_mut() {
            Some(Piece { text: last, mark: None }) => last.push_str(&text),
            _ => self.0.push(Piece { text, mark: None }),
        }
    }

    pub(super) fn mark(&mut self, text: &str, mark: Mark) {
        self.0.push(Piece { text: visible::spelled_out(text), mark: Some(mark) });
    }

    /// Appends another text.
    pub(super) fn extend(&mut self, other: Self) {
        self.0.extend(other.0);
    }

    /// The text alone, with `«…»` around what is marked.
    #[cfg(test)]
    pub(super) fn told(&self) -> String {
        let told =
            |piece: &Piece| if piece.mark.is_some() { format!("«{}»", piece.text) } else { piece.text.clone() };
        self.0.iter().map(told).collect()
    }
}

/// As a list: the text, the severity of its mark, and what that says. Thousands of them make the names dear.
impl Serialize for Piece {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut tuple = serializer.serialize_tuple(3)?;
        tuple.serialize_element(&self.text)?;
        tuple.serialize_element(&self.mark.as_ref().map(|mark| mark.severity))?;
        tuple.serialize_element(&self.mark.as_ref().map(|mark| &mark.says))?;
        tuple.end()
    }
}
