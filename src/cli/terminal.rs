//! The width of the terminal, and the progress of a run.

use std::io::{self, IsTerminal as _};

use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};

use crate::run::{event::Event, observer::Observer};

/// The width of the terminal, if the shell exports it; otherwise 100.
pub(super) fn width() -> usize {
    std::env::var("COLUMNS").ok().and_then(|columns| columns.parse().ok()).filter(|width| *width >= 40).unwrap_or(100)
}

/// The progress of a run on standard error. It is shown only on a terminal.
pub(super) struct Progress(ProgressBar);

impl Progress {
    /// The progress of a run with this number of cases.
    pub(super) fn of_cases(cases: usize, quiet: bool) -> Self {
        Self(bar("{bar:30} {pos}/{len} {wide_msg}", Some(cases as u64), quiet))
    }

    /// The progress of work whose size is not known yet.
    pub(super) fn of_work() -> Self {
        Self(bar("{bar:30} {pos}/{len}", None, false))
    }

    pub(super) fn set(&self, done: usize, all: usize) {
        self.0.set_length(all as u64);
        self.0.set_position(done as u64);
    }

    pub(super) fn clear(&self) {
        self.0.finish_and_clear();
    }
}

fn bar(template: &str, length: Option<u64>, quiet: bool) -> ProgressBar {
    let shown = io::stderr().is_terminal() && !quiet;
    let target = if shown { ProgressDrawTarget::stderr() } else { ProgressDrawTarget::hidden() };
    let style = ProgressStyle::with_template(template).unwrap_or_else(|_| ProgressStyle::default_bar());
    ProgressBar::with_draw_target(length, target).with_style(style)
}

impl Observer for Progress {
    fn event(&mut self, event: &Event) {
        match event {
            Event::CaseFinished(finished) => {
                self.0.inc(1);
                self.0.set_message(finished.report.id.0.clone());
            }
            Event::RunFinished(_) => self.clear(),
            _ => {}
        }
    }
}
