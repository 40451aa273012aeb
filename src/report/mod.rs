//! Events to text: one file a format. A report sees events and nothing else.

pub mod corpus;
mod html;
mod human;
mod json;
pub mod matrix;
mod page;
#[cfg(test)]
mod testing;
mod text;
mod wire;

use std::io;

use crate::event::Event;

pub use html::{Html, HtmlOptions};
pub use human::{Human, HumanOptions};
pub use json::{Json, REPORT_SCHEMA};
pub use wire::WireFiles;

/// Something that writes down what happens in a run.
pub trait Reporter: Send {
    /// Takes one event.
    ///
    /// # Errors
    /// The report cannot be written.
    fn event(&mut self, event: &Event) -> io::Result<()>;
}
