//! The table of report formats: the name and the purpose of each, the documents that it can show, and its writer.

use std::{fmt, io::Write};

use thiserror::Error;

#[cfg(feature = "reports")]
use super::{Html, HtmlOptions, badge, collected_run::AtEnd, github, junit, markdown, sarif};
use super::{Human, HumanOptions, Json, Ndjson, Reporter};
use crate::suite::nearest;

/// Makes a writer of the report of a run.
type Make = fn(Box<dyn Write + Send>, &HumanOptions) -> Box<dyn Reporter>;

/// A format of a report.
#[derive(Clone, Copy)]
pub struct Format {
    name: &'static str,
    purpose: &'static str,
    extension: &'static str,
    documents: &'static [DocumentKind],
    make: Make,
}

/// A document that the program writes in some of the formats.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum DocumentKind {
    /// The report of a run.
    Run,
    /// The comparison of two endpoints, recordings or reports.
    Comparison,
    /// The kill matrix of the mutants.
    KillMatrix,
    /// The result of judging recorded responses of AWS.
    Corpus,
}

impl DocumentKind {
    const ALL: [Self; 4] = [Self::Run, Self::Comparison, Self::KillMatrix, Self::Corpus];
}

/// A format that does not exist, or that cannot show the document.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
#[error("{problem}\nhelp: {hint}the formats are {known}")]
pub struct UnknownFormat {
    problem: String,
    hint: String,
    known: String,
}

/// Every format, in the order in which they are listed. The feature `reports` adds some.
pub const FORMATS: &[Format] = &[
    Format::HUMAN,
    Format::JSON,
    Format::NDJSON,
    #[cfg(feature = "reports")]
    Format::JUNIT,
    #[cfg(feature = "reports")]
    Format::HTML,
    #[cfg(feature = "reports")]
    Format::MARKDOWN,
    #[cfg(feature = "reports")]
    Format::GITHUB,
    #[cfg(feature = "reports")]
    Format::SARIF,
    #[cfg(feature = "reports")]
    Format::BADGE,
];

impl Format {
    /// Text for a terminal.
    pub const HUMAN: Self = Self {
        name: "human",
        purpose: "text for a terminal",
        extension: "txt",
        documents: &DocumentKind::ALL,
        make: |writer, options| Box::new(Human::new(writer, options.clone())),
    };

    /// One JSON document.
    pub const JSON: Self = Self {
        name: "json",
        purpose: "one versioned JSON document",
        extension: "json",
        documents: &DocumentKind::ALL,
        make: |writer, _| Box::new(Json::new(writer)),
    };

    /// One JSON line for each event, as it happens.
    pub const NDJSON: Self = Self {
        name: "ndjson",
        purpose: "one JSON line per event, as it happens",
        extension: "ndjson",
        documents: &[DocumentKind::Run],
        make: |writer, _| Box::new(Ndjson::new(writer)),
    };
}

#[cfg(feature = "reports")]
impl Format {
    /// `JUnit` XML, for CI systems.
    pub const JUNIT: Self = Self {
        name: "junit",
        purpose: "JUnit XML for CI systems",
        extension: "xml",
        documents: &[DocumentKind::Run],
        make: |writer, _| Box::new(AtEnd::new(writer, junit::write)),
    };

    /// A self-contained web page.
    pub const HTML: Self = Self {
        name: "html",
        purpose: "a self-contained web page",
        extension: "html",
        documents: &[DocumentKind::Run, DocumentKind::KillMatrix],
        make: |writer, options| {
            let (command, rerun) = (options.command.clone(), options.rerun.clone());
            Box::new(Html::new(writer, HtmlOptions { command, rerun }))
        },
    };

    /// A summary in GitHub Markdown.
    pub const MARKDOWN: Self = Self {
        name: "markdown",
        purpose: "a job summary or comment in GitHub Markdown",
        extension: "md",
        documents: &[DocumentKind::Run],
        make: |writer, _| Box::new(AtEnd::new(writer, markdown::write)),
    };

    /// Workflow commands of GitHub Actions.
    pub const GITHUB: Self = Self {
        name: "github",
        purpose: "GitHub Actions annotations",
        extension: "txt",
        documents: &[DocumentKind::Run],
        make: |writer, _| Box::new(AtEnd::new(writer, github::write)),
    };

    /// SARIF 2.1.0, for code scanning.
    pub const SARIF: Self = Self {
        name: "sarif",
        purpose: "SARIF 2.1.0 for code scanning",
        extension: "sarif",
        documents: &[DocumentKind::Run],
        make: |writer, _| Box::new(AtEnd::new(writer, sarif::write)),
    };

    /// A shields.io endpoint badge.
    pub const BADGE: Self = Self {
        name: "badge",
        purpose: "a shields.io endpoint badge",
        extension: "json",
        documents: &[DocumentKind::Run],
        make: |writer, _| Box::new(AtEnd::new(writer, badge::write)),
    };
}

impl Format {
    /// The name that selects it.
    #[must_use]
    pub fn name(self) -> &'static str {
        self.name
    }

    /// A short description.
    #[must_use]
    pub fn purpose(self) -> &'static str {
        self.purpose
    }

    /// The usual extension of its files, without the dot.
    #[must_use]
    pub fn extension(self) -> &'static str {
        self.extension
    }

    /// True if it is written as events happen, so that a partial file is useful.
    #[must_use]
    pub fn is_stream(self) -> bool {
        self == Self::NDJSON
    }

    /// The formats that can show a document.
    pub fn of(document: DocumentKind) -> impl Iterator<Item = Self> {
        FORMATS.iter().copied().filter(move |format| format.documents.contains(&document))
    }

    /// The format of that name for a document.
    ///
    /// # Errors
    /// No format has the name, or the format cannot show the document.
    pub fn named(name: &str, document: DocumentKind) -> Result<Self, UnknownFormat> {
        Self::of(document).find(|format| format.name == name).ok_or_else(|| {
            let known: Vec<&str> = Self::of(document).map(Self::name).collect();
            let exists = FORMATS.iter().any(|format| format.name == name);
            let problem = if exists { "unsupported" } else { "unknown" };
            let hint = nearest(name, known.iter().copied()).filter(|_| !exists);
            UnknownFormat {
                problem: format!("{problem} report format {name:?}"),
                hint: hint.map(|near| format!("did you mean {near}? ")).unwrap_or_default(),
                known: known.join(", "),
            }
        })
    }

    /// A writer of the report of a run. Only the reports for people use the options.
    #[must_use]
    pub fn reporter(self, writer: Box<dyn Write + Send>, options: &HumanOptions) -> Box<dyn Reporter> {
        (self.make)(writer, options)
    }
}

impl PartialEq for Format {
    fn eq(&self, other: &Self) -> bool {
        self.name == other.name
    }
}

impl Eq for Format {}

impl fmt::Debug for Format {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name)
    }
}

impl fmt::Display for Format {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name)
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    #[test]
    fn every_format_is_found_by_its_name_and_no_two_share_one() {
        assert!(FORMATS.iter().all(|format| Format::named(format.name(), DocumentKind::Run) == Ok(*format)));
        assert_eq!(FORMATS.iter().map(|format| format.name()).collect::<BTreeSet<_>>().len(), FORMATS.len());
    }

    #[test]
    fn a_document_has_the_formats_that_can_show_it() {
        let names = |document| Format::of(document).map(Format::name).collect::<Vec<_>>();
        assert_eq!(names(DocumentKind::Comparison), ["human", "json"]);
        assert_eq!(names(DocumentKind::Corpus), ["human", "json"]);
        assert_eq!(names(DocumentKind::Run).len(), FORMATS.len());
    }

    #[test]
    fn an_unknown_format_is_one_sentence_and_a_hint() {
        let error = |name| Format::named(name, DocumentKind::Comparison).unwrap_err().to_string();
        assert_eq!(error("papyrus"), "unknown report format \"papyrus\"\nhelp: the formats are human, json");
        assert_eq!(
            error("jsno"),
            "unknown report format \"jsno\"\nhelp: did you mean json? the formats are human, json"
        );
        assert_eq!(error("ndjson"), "unsupported report format \"ndjson\"\nhelp: the formats are human, json");
    }
}
