//! A page of text for the terminal: styled, wrapped to a width, and without control characters.

use std::fmt::Write;

use anstyle::{AnsiColor, Style};

use crate::{
    judge::verdict::{Severity, Verdict},
    report::text,
};

pub(crate) const HEADING: Style = Style::new().bold();
pub(crate) const FAINT: Style = Style::new().dimmed();
pub(crate) const PLAIN: Style = Style::new();

/// The minimum width.
const NARROWEST: usize = 40;

/// The style of a verdict.
pub(crate) fn of_verdict(verdict: Verdict) -> Style {
    match verdict {
        Verdict::Conforms => AnsiColor::Green.on_default(),
        Verdict::Deviates => AnsiColor::Red.on_default().bold(),
        Verdict::NotImplemented | Verdict::Blocked | Verdict::Inconclusive => AnsiColor::Yellow.on_default(),
        Verdict::NotApplicable => FAINT,
    }
}

/// The style of a severity.
pub(crate) fn of_severity(severity: Severity) -> Style {
    match severity {
        Severity::Error => AnsiColor::Red.on_default(),
        Severity::Warning => AnsiColor::Yellow.on_default(),
        Severity::Note => AnsiColor::Cyan.on_default(),
    }
}

/// A page of text.
#[derive(Debug)]
pub(crate) struct TextPage {
    text: String,
    color: bool,
    width: usize,
}

impl TextPage {
    pub(crate) fn new(color: bool, width: usize) -> Self {
        Self { text: String::new(), color, width: width.max(NARROWEST) }
    }

    pub(crate) fn text(&self) -> &str {
        &self.text
    }

    pub(crate) fn blank(&mut self) {
        self.text.push('\n');
    }

    pub(crate) fn heading(&mut self, heading: &str) {
        self.blank();
        let heading = self.styled(HEADING, &text::line(heading));
        self.push(0, &heading);
    }

    /// A styled lead, and text that is wrapped beside and below it.
    pub(crate) fn entry(&mut self, indent: usize, style: Style, lead: &str, text: &str) {
        let lead = text::line(lead);
        let below = indent + 4;
        let beside = indent + text::width(&lead) + 2;
        let room = |taken: usize| self.width.saturating_sub(taken);
        let lines = text::wrap(&text::line(text), room(beside), room(below));
        let lead = self.styled(style, &lead);
        for (index, line) in lines.iter().enumerate() {
            match index {
                0 => self.push(indent, format!("{lead}  {line}").trim_end()),
                _ => self.push(below, line.trim_end()),
            }
        }
    }

    /// A styled lead, and text beside it that is not wrapped, so that it can be copied.
    pub(crate) fn lead(&mut self, indent: usize, style: Style, lead: &str, text: &str) {
        let lead = self.styled(style, &text::line(lead));
        self.push(indent, &format!("{lead}  {}", text::line(text)));
    }

    /// Styled terms with their signs, wrapped between terms.
    pub(crate) fn terms(&mut self, terms: &[(Style, String, String)]) {
        let mut taken = 0;
        let mut line = String::new();
        for (style, sign, term) in terms {
            let more = text::width(sign) + text::width(term);
            let indent = if taken > 0 && taken + more > self.width {
                self.push(0, &std::mem::take(&mut line));
                taken = 0;
                "   "
            } else {
                ""
            };
            line.push_str(indent);
            line.push_str(sign);
            line.push_str(&self.styled(*style, term));
            taken += indent.len() + more;
        }
        self.push(0, &line);
    }

    /// Wrapped text.
    pub(crate) fn paragraph(&mut self, indent: usize, style: Style, text: &str) {
        let room = self.width.saturating_sub(indent);
        for line in text::wrap(&text::line(text), room, room) {
            let line = self.styled(style, line.trim_end());
            self.push(indent, &line);
        }
    }

    /// One line that is not wrapped, so that it can be copied or read at a glance.
    pub(crate) fn whole(&mut self, indent: usize, style: Style, line: &str) {
        let line = self.styled(style, &text::line(line));
        self.push(indent, &line);
    }

    /// Text line by line, each with a prefix.
    pub(crate) fn verbatim(&mut self, indent: usize, style: Style, prefix: &str, text: &str) {
        for line in text::lines(text) {
            let line = self.styled(style, format!("{prefix}{line}").trim_end());
            self.push(indent, &line);
        }
    }

    /// A line that is already safe and styled.
    pub(crate) fn push(&mut self, indent: usize, line: &str) {
        // Writing to a String cannot fail.
        let _ = writeln!(self.text, "{:indent$}{line}", "");
    }

    pub(crate) fn styled(&self, style: Style, text: &str) -> String {
        if self.color && style != PLAIN { format!("{style}{text}{style:#}") } else { text.to_owned() }
    }
}
