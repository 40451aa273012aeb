//! Reports of a run that go to files.

use std::path::{Path, PathBuf};

use super::Problem;
use crate::{
    report::{FORMATS, Format, HumanOptions, PendingFile, Reporter},
    run::event::Event,
};

/// The reports of a run. One that cannot be written gets no more events, and never comes to be.
#[derive(Default)]
pub(super) struct ReportFiles {
    open: Vec<OpenReport>,
    failed: Option<Problem>,
}

struct OpenReport {
    path: PathBuf,
    file: PendingFile,
    reporter: Box<dyn Reporter>,
}

impl ReportFiles {
    /// Begins a report at each of these paths.
    pub(super) fn open(paths: &[PathBuf], options: &HumanOptions) -> Result<Self, Problem> {
        let open = paths.iter().map(|path| begin(path, options)).collect::<Result<_, _>>()?;
        Ok(Self { open, failed: None })
    }

    /// Gives an event to every report.
    pub(super) fn take(&mut self, event: &Event) {
        let failed = &mut self.failed;
        self.open.retain_mut(|report| match report.reporter.event(event) {
            Ok(()) => true,
            Err(error) => {
                failed.get_or_insert(Problem::Write { path: report.path.clone(), error });
                false
            }
        });
    }

    /// Puts the reports in their places.
    pub(super) fn close(self) -> Result<(), Problem> {
        for OpenReport { path, file, reporter } in self.open {
            drop(reporter);
            file.commit().map_err(|error| Problem::Write { path, error })?;
        }
        self.failed.map_or(Ok(()), Err)
    }
}

fn begin(path: &Path, options: &HumanOptions) -> Result<OpenReport, Problem> {
    let format = format(path)?;
    let begun = || {
        let file = if format.is_stream() { PendingFile::in_place(path)? } else { PendingFile::create(path)? };
        let reporter = format.reporter(Box::new(file.writer()?), options);
        Ok(OpenReport { path: path.to_owned(), file, reporter })
    };
    begun().map_err(|error| Problem::Write { path: path.to_owned(), error })
}

/// The format of a file, by its ending.
fn format(path: &Path) -> Result<Format, Problem> {
    let ending = path.extension().unwrap_or_default();
    let found = FORMATS.iter().copied().find(|format| ending == format.extension());
    found.ok_or_else(|| {
        let mut known: Vec<&str> = FORMATS.iter().map(|format| format.extension()).collect();
        known.sort_unstable();
        known.dedup();
        Problem::ReportFormat { path: path.to_owned(), known: known.join(", ") }
    })
}

#[cfg(test)]
mod tests {
    use rstest::rstest;

    use super::*;

    #[rstest]
    #[case("a/b.html", Format::HTML)]
    #[case("b.json", Format::JSON)]
    #[case("b.xml", Format::JUNIT)]
    #[case("b.txt", Format::HUMAN)]
    fn a_report_has_the_format_of_its_ending(#[case] path: &str, #[case] expected: Format) {
        assert_eq!(format(Path::new(path)).unwrap(), expected);
    }

    #[test]
    fn an_ending_of_no_format_is_refused_with_those_that_there_are() {
        let problem = format(Path::new("a.pdf")).unwrap_err().to_string();
        assert!(problem.starts_with("a.pdf: no report has this ending; there are html, json,"), "{problem}");
    }
}
