//! The formats of a report, as data: what each is called, what it is for, and what writes it.

use std::{fmt, io::Write};

use super::{Human, HumanOptions, Json, Reporter};

/// A format of a report.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[non_exhaustive]
pub enum Format {
    /// For people at a terminal.
    Human,
    /// One document for programs.
    Json,
}

/// Every format, in the order in which they are listed.
pub const FORMATS: &[Format] = &[Format::Human, Format::Json];

impl Format {
    /// The name, by which it is asked for.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Human => "human",
            Self::Json => "json",
        }
    }

    /// What it is for, in a few words.
    #[must_use]
    pub fn purpose(self) -> &'static str {
        match self {
            Self::Human => "for people at a terminal",
            Self::Json => "one versioned document for programs",
        }
    }

    /// The usual ending of its files, without the dot.
    #[must_use]
    pub fn extension(self) -> &'static str {
        match self {
            Self::Human => "txt",
            Self::Json => "json",
        }
    }

    /// Whether it is written as things happen, so that half of it is worth reading.
    #[must_use]
    pub fn is_stream(self) -> bool {
        match self {
            Self::Human | Self::Json => false,
        }
    }

    /// The format of that name.
    #[must_use]
    pub fn named(name: &str) -> Option<Self> {
        FORMATS.iter().copied().find(|format| format.name() == name)
    }

    /// What writes it to `writer`. Only the report for people looks at the options.
    #[must_use]
    pub fn reporter(self, writer: Box<dyn Write + Send>, options: &HumanOptions) -> Box<dyn Reporter> {
        match self {
            Self::Human => Box::new(Human::new(writer, options.clone())),
            Self::Json => Box::new(Json::new(writer)),
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
