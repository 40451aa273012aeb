//! Events to text: one file a format. A report sees events and nothing else.

mod badge;
mod collected;
pub mod corpus;
pub mod diff;
mod difference;
mod document;
mod file;
mod format;
mod github;
mod html;
pub mod human;
mod json;
mod junit;
mod layout;
mod markdown;
mod marked;
pub mod matrix;
mod ndjson;
mod page;
mod sarif;
mod schema;
mod statements;
#[cfg(test)]
mod testing;
pub(crate) mod text;
mod words;

use std::io;

use crate::{event::Event, recording::Recorder};

pub use document::{Document, DocumentError, SuiteDigest, TargetNames, Tool};
pub use file::PendingFile;
pub use format::{FORMATS, Format};
pub use html::{Html, HtmlOptions};
pub use human::{Human, HumanOptions};
pub use json::{Json, REPORT_SCHEMA};
pub use ndjson::Ndjson;
pub use schema::{SCHEMAS, Schema};

/// Something that writes down what happens in a run.
pub trait Reporter: Send {
    /// Takes one event.
    ///
    /// # Errors
    /// The report cannot be written.
    fn event(&mut self, event: &Event) -> io::Result<()>;
}

impl Reporter for Recorder {
    fn event(&mut self, event: &Event) -> io::Result<()> {
        Recorder::event(self, event)
    }
}
