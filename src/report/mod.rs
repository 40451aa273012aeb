//! Events to text: one file a format. A report sees events and nothing else.

#[cfg(feature = "reports")]
mod badge;
mod cases;
#[cfg(feature = "reports")]
mod collected;
#[cfg(feature = "cli")]
pub mod diff;
mod difference;
mod document;
mod file;
mod format;
#[cfg(feature = "reports")]
mod github;
#[cfg(feature = "reports")]
pub(crate) mod html;
pub mod human;
mod json;
#[cfg(feature = "reports")]
mod junit;
mod layout;
#[cfg(feature = "reports")]
mod markdown;
mod marked;
mod ndjson;
pub(crate) mod page;
mod requirements;
#[cfg(feature = "reports")]
mod sarif;
#[cfg(feature = "cli")]
pub mod schema;
#[cfg(test)]
mod testing;
pub(crate) mod text;
pub(crate) mod words;

use std::io;

use crate::run::{event::Event, recording::Recorder};

pub use document::{ReportDocument, ReportDocumentError, SuiteDigest, TargetNames, Tool};
pub use file::PendingFile;
pub use format::{FORMATS, Format};
#[cfg(feature = "reports")]
pub use html::{Html, HtmlOptions};
pub use human::{Human, HumanOptions};
pub use json::{Json, REPORT_SCHEMA};
pub use ndjson::Ndjson;
#[cfg(feature = "cli")]
pub use schema::Schema;

/// Something that writes down what happens in a run.
pub trait Reporter: Send {
    /// Takes one event.
    ///
    /// # Errors
    /// The report cannot be written.
    fn event(&mut self, event: &Event) -> io::Result<()>;
}

/// What is wrong with a run that ends before it began.
fn without_beginning() -> io::Error {
    io::Error::other("the run ended before it began: this is an error of wireproof")
}

impl Reporter for Recorder {
    fn event(&mut self, event: &Event) -> io::Result<()> {
        Recorder::event(self, event)
    }
}
