//! The reports of a run while they are written.

use std::{
    io::{self, Write},
    path::Path,
};

use thiserror::Error;

use crate::{
    report::{Format, HumanOptions, PendingFile, Reporter},
    run::{
        event::Event,
        observer::{EventDetail, Observer},
    },
};

/// The reports of a run. A report that cannot be written gets no more events, and its file does not appear. The others go on.
#[derive(Default)]
pub struct OpenReports {
    open: Vec<OpenReport>,
    failed: Vec<ReportFailure>,
}

/// A report, or another output of a run, that could not be written.
#[derive(Debug, Error)]
#[error("cannot write {what}: {error}")]
pub struct ReportFailure {
    /// The file, or another name of the output.
    pub what: String,
    /// The cause.
    pub error: io::Error,
}

struct OpenReport {
    name: String,
    reporter: Box<dyn Reporter>,
    /// The file that appears at the end of the run.
    file: Option<PendingFile>,
    /// The report has seen the end of the run.
    ended: bool,
}

impl OpenReports {
    /// Begins a report in a file.
    ///
    /// # Errors
    /// The file cannot be written.
    pub fn add_file(&mut self, format: Format, path: &Path, options: &HumanOptions) -> io::Result<()> {
        let file = if format.is_stream() { PendingFile::in_place(path)? } else { PendingFile::create(path)? };
        let reporter = format.reporter(Box::new(file.writer()?), options);
        self.open.push(OpenReport { name: path.display().to_string(), reporter, file: Some(file), ended: false });
        Ok(())
    }

    /// Begins a report on a stream.
    pub fn add_stream(&mut self, format: Format, stream: Box<dyn Write + Send>, options: &HumanOptions) {
        let (name, reporter) = (format!("the {format} report"), format.reporter(stream, options));
        self.open.push(OpenReport { name, reporter, file: None, ended: false });
    }

    /// Remembers what could not be written beside the reports.
    pub fn keep(&mut self, what: &str, result: io::Result<()>) {
        if let Err(error) = result {
            self.fail(what.to_owned(), error);
        }
    }

    fn fail(&mut self, what: String, error: io::Error) {
        // A reader that closed its end early has what it wants.
        if error.kind() != io::ErrorKind::BrokenPipe {
            let failure = ReportFailure { what, error };
            if !self.failed.iter().any(|known| known.to_string() == failure.to_string()) {
                self.failed.push(failure);
            }
        }
    }

    /// Moves every file to its path, and returns everything that could not be written.
    pub fn close(mut self) -> Vec<ReportFailure> {
        for OpenReport { name, reporter, file, ended } in std::mem::take(&mut self.open) {
            drop(reporter);
            if let Some(Err(error)) = file.filter(|_| ended).map(PendingFile::commit) {
                self.fail(name, error);
            }
        }
        self.failed
    }
}

impl Observer for OpenReports {
    fn detail(&self) -> EventDetail {
        self.open.iter().map(|report| report.reporter.detail()).fold(EventDetail::default(), EventDetail::and)
    }

    fn event(&mut self, event: &Event) {
        for mut report in std::mem::take(&mut self.open) {
            match report.reporter.event(event) {
                Ok(()) => {
                    report.ended |= matches!(event, Event::RunFinished(_));
                    self.open.push(report);
                }
                Err(error) => self.fail(report.name, error),
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::report::testing::events;

    struct Full;

    impl Write for Full {
        fn write(&mut self, _: &[u8]) -> io::Result<usize> {
            Err(io::Error::other("the disk is full"))
        }

        fn flush(&mut self) -> io::Result<()> {
            Ok(())
        }
    }

    fn options() -> HumanOptions {
        HumanOptions {
            color: false,
            width: 80,
            verbose: false,
            more: "",
            one: "",
            quiet: false,
            curl: false,
            command: String::new(),
            rerun: String::new(),
            causes: Vec::new(),
        }
    }

    #[test]
    fn a_report_that_fails_is_named_once_and_the_others_are_written() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("report.json");
        let mut reports = OpenReports::default();
        reports.add_stream(Format::NDJSON, Box::new(Full), &options());
        reports.add_file(Format::JSON, &path, &options()).unwrap();
        for event in &events() {
            reports.event(event);
        }
        let failed: Vec<String> = reports.close().iter().map(ToString::to_string).collect();
        assert_eq!(failed, ["cannot write the ndjson report: the disk is full"]);
        assert!(path.is_file());
    }

    #[test]
    fn an_unfinished_report_leaves_no_file() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("report.json");
        let mut reports = OpenReports::default();
        reports.add_file(Format::JSON, &path, &options()).unwrap();
        let events = events();
        events[..events.len() - 1].iter().for_each(|event| reports.event(event));
        assert!(reports.close().is_empty() && !path.exists());
    }
}
