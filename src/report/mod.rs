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
pub(crate) mod testing;
pub(crate) mod text;
pub(crate) mod words;

use std::io;

use crate::run::{event::Event, observer::EventDetail};

pub use document::{ReportDocument, ReportDocumentError, SuiteDigest, TargetNames, Tool};
pub use file::PendingFile;
pub use format::{DocumentKind, FORMATS, Format, UnknownFormat};
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

    /// The details that it shows of cases.
    fn detail(&self) -> EventDetail {
        EventDetail::default()
    }
}

/// What is wrong with a run that ends before it began.
fn without_beginning() -> io::Error {
    io::Error::other("the run ended before it began: this is an error of wireproof")
}

#[cfg(test)]
mod tests {
    use super::{
        testing::{deviation, events, run},
        *,
    };
    use crate::run::event::{SnapshotDifference, TargetDied};

    #[test]
    fn every_event_is_read_back_from_its_json() {
        let mut case = deviation("x");
        case.difference = Some(SnapshotDifference { recorded: "1".to_owned(), observed: "2".to_owned() });
        assert!(!case.exchanges.is_empty() && case.report.exchange.is_some());
        let died =
            TargetDied { suspects: vec![case.report.id.clone()], restarted: true, reason: "it is gone".to_owned() };
        let mut all = [events(), run(vec![case])].concat();
        all.push(Event::TargetDied(died));
        for event in all {
            let text = serde_json::to_string(&event).unwrap();
            assert_eq!(serde_json::from_str::<Event>(&text).unwrap(), event, "{text}");
        }
    }
}
