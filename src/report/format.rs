//! The formats of a report, as data: what each is called, what it is for, and what writes it.

use std::{fmt, io::Write};

use super::{
    Html, HtmlOptions, Human, HumanOptions, Json, Ndjson, Reporter, badge, collected::AtEnd, github, junit, markdown,
    sarif,
};

/// A format of a report.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[non_exhaustive]
pub enum Format {
    /// For people at a terminal.
    Human,
    /// One document for programs.
    Json,
    /// Each event as it happens, for programs.
    Ndjson,
    /// `JUnit`'s XML, for CI systems.
    Junit,
    /// One page for a browser.
    Html,
    /// A summary in GitHub's Markdown.
    Markdown,
    /// Workflow commands of GitHub Actions.
    Github,
    /// SARIF 2.1.0, for code scanning.
    Sarif,
    /// A shields.io endpoint badge.
    Badge,
}

/// Every format, in the order in which they are listed.
pub const FORMATS: &[Format] = &[
    Format::Human,
    Format::Json,
    Format::Ndjson,
    Format::Junit,
    Format::Html,
    Format::Markdown,
    Format::Github,
    Format::Sarif,
    Format::Badge,
];

impl Format {
    /// The name, by which it is asked for.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Human => "human",
            Self::Json => "json",
            Self::Ndjson => "ndjson",
            Self::Junit => "junit",
            Self::Html => "html",
            Self::Markdown => "markdown",
            Self::Github => "github",
            Self::Sarif => "sarif",
            Self::Badge => "badge",
        }
    }

    /// What it is for, in a few words.
    #[must_use]
    pub fn purpose(self) -> &'static str {
        match self {
            Self::Human => "for people at a terminal",
            Self::Json => "one versioned document for programs",
            Self::Ndjson => "one line for each event as it happens",
            Self::Junit => "JUnit's XML for CI systems",
            Self::Html => "one page for a browser, which needs nothing beside it",
            Self::Markdown => "a job summary or comment in GitHub's Markdown",
            Self::Github => "annotations of GitHub Actions",
            Self::Sarif => "SARIF 2.1.0 for code scanning",
            Self::Badge => "a shields.io endpoint badge",
        }
    }

    /// The usual ending of its files, without the dot.
    #[must_use]
    pub fn extension(self) -> &'static str {
        match self {
            Self::Human | Self::Github => "txt",
            Self::Json | Self::Badge => "json",
            Self::Ndjson => "ndjson",
            Self::Junit => "xml",
            Self::Html => "html",
            Self::Markdown => "md",
            Self::Sarif => "sarif",
        }
    }

    /// Whether it is written as things happen, so that half of it is worth reading.
    #[must_use]
    pub fn is_stream(self) -> bool {
        self == Self::Ndjson
    }

    /// The format of that name.
    #[must_use]
    pub fn named(name: &str) -> Option<Self> {
        FORMATS.iter().copied().find(|format| format.name() == name)
    }

    /// What writes it to `writer`. Only the reports for people look at the options.
    #[must_use]
    pub fn reporter(self, writer: Box<dyn Write + Send>, options: &HumanOptions) -> Box<dyn Reporter> {
        match self {
            Self::Human => Box::new(Human::new(writer, options.clone())),
            Self::Json => Box::new(Json::new(writer)),
            Self::Ndjson => Box::new(Ndjson::new(writer)),
            Self::Html => {
                let (command, rerun) = (options.command.clone(), options.rerun.clone());
                Box::new(Html::new(writer, HtmlOptions { command, rerun }))
            }
            Self::Junit => Box::new(AtEnd::new(writer, junit::write)),
            Self::Markdown => Box::new(AtEnd::new(writer, markdown::write)),
            Self::Github => Box::new(AtEnd::new(writer, github::write)),
            Self::Sarif => Box::new(AtEnd::new(writer, sarif::write)),
            Self::Badge => Box::new(AtEnd::new(writer, badge::write)),
        }
    }
}

impl fmt::Display for Format {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
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
