//! Events to text: one file a format. A report sees events and nothing else.

pub mod corpus;
mod human;
mod json;
pub mod matrix;
mod page;
#[cfg(test)]
mod testing;
mod text;

use std::io;

use crate::{event::Event, recording::Recorder};

pub use human::{Human, HumanOptions};
pub use json::{Json, REPORT_SCHEMA};

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
