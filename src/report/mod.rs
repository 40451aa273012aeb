//! Turns events into reports: one file for each format. A report sees events and nothing else.
//!
//! | module | holds | may import |
//! |---|---|---|
//! | `requirement_index` | The requirements that findings cite, with their documents |  |
//! | `collected_run` | A complete run, for formats that are written at the end | `requirement_index` |
//! | `case_groups` | Groups the cases of a run by operation |  |
//! | `json_schema` | The published JSON Schemas |  |
//! | `text` | Makes text from outside safe, and formats it for people |  |
//! | `badge` | A badge for shields.io | `collected_run`, `text` |
//! | `phrasing` | Phrases that several formats share | `text` |
//! | `text_page` | A page of text for the terminal | `text` |
//! | `diff` | Compares two runs, case by case and response by response | `json_schema`, `text`, `phrasing`, `text_page` |
//! | `github` | Workflow commands of GitHub Actions | `collected_run`, `case_groups`, `text`, `phrasing` |
//! | `junit` | `JUnit` XML, for CI systems | `collected_run`, `case_groups`, `text`, `phrasing` |
//! | `markdown` | A summary in GitHub Markdown, for job summaries and comments | `collected_run`, `case_groups`, `text`, `phrasing` |
//! | `sarif` | SARIF 2.1.0, for code scanning and editors | `collected_run`, `text`, `phrasing` |
//! | `format` | The table of report formats | `collected_run`, `badge`, `github`, `junit`, `markdown`, `sarif` |
//! | `hunk` | The difference between a snapshot and an observation, line by line | `text` |
//! | `json_lines` | Splits a JSON text into lines with one value each, and the pointer of that value |  |
//! | `marked_message` | A message with each finding at the line that it is about, for the terminal and for pages | `text`, `json_lines` |
//! | `html` | The report of a run as a self-contained HTML page, readable without scripts | `requirement_index`, `case_groups`, `text`, `phrasing`, `hunk`, `marked_message` |
//! | `human` | The text report | `requirement_index`, `case_groups`, `text`, `phrasing`, `text_page`, `hunk`, `marked_message` |
//! | `item_lines` | A layout of JSON for large documents |  |
//! | `stored_cases` | Cases as the JSON report stores them |  |
//! | `report_document` | The JSON report as data, written at the end of a run and read to compare or merge runs | `stored_cases` |
//! | `json_report` | The report for programs | `text`, `item_lines` |
//! | `relations_report` | Writes the relations of a service as text and as JSON | `json_schema`, `text` |
//! | `ndjson` | The events of a run | `report_document`, `text` |
//! | `pending_file` | Writes files atomically |  |

#![allow(missing_docs, reason = "this room has no promised API")]

#[cfg(feature = "reports")]
mod badge;
mod case_groups;
#[cfg(feature = "reports")]
mod collected_run;
#[cfg(feature = "cli")]
pub mod diff;
mod format;
#[cfg(feature = "reports")]
mod github;
#[cfg(all(test, feature = "reports"))]
mod hostile_text_tests;
#[cfg(feature = "reports")]
pub(crate) mod html;
pub mod human;
mod hunk;
mod item_lines;
mod json_lines;
mod json_report;
#[cfg(feature = "cli")]
pub mod json_schema;
#[cfg(feature = "reports")]
mod junit;
#[cfg(feature = "reports")]
mod markdown;
mod marked_message;
mod ndjson;
mod pending_file;
pub(crate) mod phrasing;
#[cfg(feature = "cli")]
pub mod relations_report;
mod report_document;
mod requirement_index;
#[cfg(feature = "reports")]
mod sarif;
mod stored_cases;
#[cfg(test)]
pub(crate) mod testing;
pub(crate) mod text;
pub(crate) mod text_page;

use std::io;

use crate::run::{event::Event, observer::EventDetail};

pub use format::{DocumentKind, FORMATS, Format, UnknownFormat};
#[cfg(feature = "reports")]
pub use html::{Html, HtmlOptions};
pub use human::{Human, HumanOptions};
pub use json_report::{Json, REPORT_SCHEMA};
#[cfg(feature = "cli")]
pub use json_schema::Schema;
pub use ndjson::Ndjson;
pub use pending_file::PendingFile;
pub use report_document::{ReportDocument, ReportDocumentError, SuiteDigest, TargetNames, Tool};

/// Writes a report from the events of a run.
pub trait Reporter: Send {
    /// Handles one event.
    ///
    /// # Errors
    /// The report cannot be written.
    fn event(&mut self, event: &Event) -> io::Result<()>;

    /// The details of cases that it needs.
    fn detail(&self) -> EventDetail {
        EventDetail::default()
    }
}

/// The error of a run that ends before it starts.
fn without_beginning() -> io::Error {
    io::Error::other("the run ended before it started: this is a bug in wireproof")
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
