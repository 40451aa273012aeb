//! The formats of a report, as data: what each is called, what it is for, and what writes it.

use std::{fmt, io::Write};

#[cfg(feature = "reports")]
use super::{Html, HtmlOptions, badge, collected::AtEnd, github, junit, markdown, sarif};
use super::{Human, HumanOptions, Json, Ndjson, Reporter};

/// What writes a report.
type Make = fn(Box<dyn Write + Send>, &HumanOptions) -> Box<dyn Reporter>;

/// A format of a report.
#[derive(Clone, Copy)]
pub struct Format {
    name: &'static str,
    purpose: &'static str,
    extension: &'static str,
    make: Make,
}

/// Every format, in the order in which they are listed. With the feature `reports` there are more of them.
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
    /// For people at a terminal.
    pub const HUMAN: Self = Self {
        name: "human",
        purpose: "for people at a terminal",
        extension: "txt",
        make: |writer, options| Box::new(Human::new(writer, options.clone())),
    };

    /// One document for programs.
    pub const JSON: Self = Self {
        name: "json",
        purpose: "one versioned document for programs",
        extension: "json",
        make: |writer, _| Box::new(Json::new(writer)),
    };

    /// Each event as it happens, for programs.
    pub const NDJSON: Self = Self {
        name: "ndjson",
        purpose: "one line for each event as it happens",
        extension: "ndjson",
        make: |writer, _| Box::new(Ndjson::new(writer)),
    };
}

#[cfg(feature = "reports")]
impl Format {
    /// `JUnit`'s XML, for CI systems.
    pub const JUNIT: Self = Self {
        name: "junit",
        purpose: "JUnit's XML for CI systems",
        extension: "xml",
        make: |writer, _| Box::new(AtEnd::new(writer, junit::write)),
    };

    /// One page for a browser.
    pub const HTML: Self = Self {
        name: "html",
        purpose: "one page for a browser, which needs nothing beside it",
        extension: "html",
        make: |writer, options| {
            let (command, rerun) = (options.command.clone(), options.rerun.clone());
            Box::new(Html::new(writer, HtmlOptions { command, rerun }))
        },
    };

    /// A summary in GitHub's Markdown.
    pub const MARKDOWN: Self = Self {
        name: "markdown",
        purpose: "a job summary or comment in GitHub's Markdown",
        extension: "md",
        make: |writer, _| Box::new(AtEnd::new(writer, markdown::write)),
    };

    /// Workflow commands of GitHub Actions.
    pub const GITHUB: Self = Self {
        name: "github",
        purpose: "annotations of GitHub Actions",
        extension: "txt",
        make: |writer, _| Box::new(AtEnd::new(writer, github::write)),
    };

    /// SARIF 2.1.0, for code scanning.
    pub const SARIF: Self = Self {
        name: "sarif",
        purpose: "SARIF 2.1.0 for code scanning",
        extension: "sarif",
        make: |writer, _| Box::new(AtEnd::new(writer, sarif::write)),
    };

    /// A shields.io endpoint badge.
    pub const BADGE: Self = Self {
        name: "badge",
        purpose: "a shields.io endpoint badge",
        extension: "json",
        make: |writer, _| Box::new(AtEnd::new(writer, badge::write)),
    };
}

impl Format {
    /// The name, by which it is asked for.
    #[must_use]
    pub fn name(self) -> &'static str {
        self.name
    }

    /// What it is for, in a few words.
    #[must_use]
    pub fn purpose(self) -> &'static str {
        self.purpose
    }

    /// The usual ending of its files, without the dot.
    #[must_use]
    pub fn extension(self) -> &'static str {
        self.extension
    }

    /// Whether it is written as things happen, so that half of it is worth reading.
    #[must_use]
    pub fn is_stream(self) -> bool {
        self == Self::NDJSON
    }

    /// The format of that name.
    #[must_use]
    pub fn named(name: &str) -> Option<Self> {
        FORMATS.iter().copied().find(|format| format.name == name)
    }

    /// What writes it to `writer`. Only the reports for people look at the options.
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
        assert!(FORMATS.iter().all(|format| Format::named(format.name()) == Some(*format)));
        assert_eq!(FORMATS.iter().map(|format| format.name()).collect::<BTreeSet<_>>().len(), FORMATS.len());
        assert_eq!(Format::named("papyrus"), None);
    }
}
