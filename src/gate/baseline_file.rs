//! The file of a baseline: read, compared with a run, updated. [`baseline`](super::baseline) decides what differs.

use std::{
    collections::BTreeSet,
    env, fs, io,
    path::{Path, PathBuf},
};

use thiserror::Error;
use time::OffsetDateTime;

use crate::{
    gate::baseline::{Baseline, BaselineError, SeenCases, SeenRuns},
    judge::verdict::Verdict,
    model::bounded_file::{self, FileKind},
    report::{PendingFile, text::count},
    run::{baseline_comparison::BaselineComparison, event::CaseReport},
    wire::{digest::Sha256, sigv4::hex},
};

/// The file of a baseline cannot be used.
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum GateError {
    /// It cannot be read.
    #[error("cannot read {}: {error}\nhelp: {update} creates it", path.display())]
    Read {
        /// The file.
        path: PathBuf,
        /// The flag or variable that creates it.
        update: &'static str,
        /// The cause.
        error: io::Error,
    },
    /// It is not a baseline.
    #[error(transparent)]
    Form(BaselineError),
    /// It is a baseline of an older version.
    #[error("{error}\nhelp: run once with {update}; it replaces the file, and its reasons have to be written again")]
    Older {
        /// The flag or variable that replaces it.
        update: &'static str,
        /// The error.
        error: BaselineError,
    },
    /// It is unknown which cases of the baseline exist.
    #[error("cannot check the cases of the baseline: {0}")]
    Cases(String),
    /// It cannot be written.
    #[error("cannot write {}: {error}", path.display())]
    Write {
        /// The file.
        path: PathBuf,
        /// The cause.
        error: io::Error,
    },
}

/// The known deviations of a target, and those that a run has.
#[derive(Debug, Clone)]
pub struct BaselineFile {
    path: PathBuf,
    update: &'static str,
    baseline: Baseline,
    seen: SeenCases,
    /// The results of the repetition that finds unstable cases.
    repeated: Option<SeenCases>,
}

impl BaselineFile {
    /// Reads a baseline. A file that is about to be written (`may_be_missing`) may be missing or of an older version, and
    /// accepts nothing then. `update` is the flag or variable that requests an update, for hints.
    ///
    /// # Errors
    /// The file cannot be read, or is not a baseline.
    pub fn open(path: &Path, may_be_missing: bool, update: &'static str) -> Result<Self, GateError> {
        if cfg!(not(feature = "baseline")) {
            return Err(GateError::Form(BaselineError::Unsupported { file: path.display().to_string() }));
        }
        let baseline = if may_be_missing { known(path, update)?.1 } else { read(path, update)?.1 };
        Ok(Self { path: path.to_owned(), update, baseline, seen: SeenCases::default(), repeated: None })
    }

    /// Enters a case.
    pub fn enter(&mut self, case: &CaseReport) {
        self.seen.enter(case);
    }

    /// Enters a case of the repetition.
    pub fn enter_repeated(&mut self, case: &CaseReport) {
        self.repeated.get_or_insert_default().enter(case);
    }

    /// The cases of entries that the run did not include. The caller knows which of them exist.
    #[must_use]
    pub fn unseen(&self) -> BTreeSet<String> {
        self.baseline.unseen(&self.seen)
    }

    /// The comparison today. `missing` are the IDs of entries that no case has.
    #[must_use]
    pub fn compare(&self, missing: &BTreeSet<String>) -> BaselineComparison {
        self.compared(&self.seen, missing)
    }

    /// The comparison of one case alone, whatever was entered.
    #[must_use]
    pub fn compare_case(&self, case: &CaseReport) -> BaselineComparison {
        let mut compared = self.compared(&SeenCases::alone(case), &BTreeSet::new());
        // The caller has it.
        compared.differences.iter_mut().for_each(|one| one.exchange = None);
        compared
    }

    fn compared(&self, seen: &SeenCases, missing: &BTreeSet<String>) -> BaselineComparison {
        let mut differences = self.baseline.compare(seen, &today(), missing);
        for one in &mut differences {
            one.advice = one.difference.advice(self.update);
        }
        let file = self.path.display().to_string();
        let unknown: usize = differences.iter().filter(|one| one.is_of_deviations()).map(|one| one.count).sum();
        let known = seen.count().saturating_sub(unknown);
        BaselineComparison { file, known, unstable: self.baseline.unstable(), differences }
    }

    /// The number of unstable cases with this verdict, which is one of their recorded results.
    #[must_use]
    pub fn unstable_with(&self, verdict: Verdict) -> usize {
        self.baseline.unstable_with(verdict, &self.seen)
    }

    /// The baseline.
    #[must_use]
    pub fn baseline(&self) -> &Baseline {
        &self.baseline
    }

    /// Writes the deviations of the run to the file, and returns a summary line. Other processes may do the same at the same
    /// time, each for the cases that it ran.
    ///
    /// # Errors
    /// The file is no longer a baseline, or cannot be written.
    pub fn update(&self, missing: &BTreeSet<String>, reason: Option<&str>) -> Result<String, GateError> {
        let failed = |error| GateError::Write { path: self.path.clone(), error };
        let _lock = lock(&self.path).map_err(failed)?;
        let (older, known) = known(&self.path, self.update)?;
        let seen = SeenRuns { first: &self.seen, repeated: self.repeated.as_ref() };
        let baseline = known.updated(seen, missing, reason);
        let text = baseline.text_over(&self.path.display().to_string(), &older).map_err(GateError::Form)?;
        if older != text || !self.path.exists() {
            PendingFile::replace(&self.path, &text).map_err(failed)?;
        }
        let (added, removed) = (baseline.beyond(&known), known.beyond(&baseline));
        Ok(format!("baseline {}: {}", self.path.display(), causes(&baseline, added, removed)))
    }
}

fn read(path: &Path, update: &'static str) -> Result<(String, Baseline), GateError> {
    let text = bounded_file::text(path, FileKind::Baseline).map_err(|error| GateError::Read {
        path: path.to_owned(),
        update,
        error,
    })?;
    let baseline = Baseline::read(&path.display().to_string(), &text).map_err(|error| match error {
        BaselineError::Older { .. } => GateError::Older { update, error },
        error => GateError::Form(error),
    })?;
    Ok((text, baseline))
}

/// The same; a file that is missing or of an older version has no text and accepts nothing.
fn known(path: &Path, update: &'static str) -> Result<(String, Baseline), GateError> {
    if !path.exists() {
        return Ok(Default::default());
    }
    match read(path, update) {
        Err(GateError::Older { .. }) => Ok(Default::default()),
        read => read,
    }
}

/// Keeps other processes from updating the same file until it is dropped. It is a file of its own, because an update replaces
/// the baseline.
fn lock(path: &Path) -> io::Result<fs::File> {
    let place = std::path::absolute(path)?;
    let name = hex(&Sha256::digest(place.as_os_str().as_encoded_bytes()));
    let lock = fs::File::create(env::temp_dir().join(format!("wireproof-{}.lock", &name[..16])))?;
    lock.lock()?;
    Ok(lock)
}

fn causes(baseline: &Baseline, added: usize, removed: usize) -> String {
    let unstable = match baseline.unstable() {
        0 => String::new(),
        cases => format!("; {} unstable", count(cases, "case")),
    };
    let waiting = match baseline.unexplained() {
        0 => String::new(),
        1 => "; 1 has no reason yet, and fails the run until it has one".to_owned(),
        count => format!("; {count} have no reason yet, and fail the run until they have one"),
    };
    let causes = count(baseline.entries().len(), "cause");
    let warnings = match baseline.warnings().len() {
        0 => String::new(),
        causes => format!("; {} of warnings", count(causes, "cause")),
    };
    format!("{causes}, {added} added, {removed} removed{warnings}{unstable}{waiting}")
}

fn today() -> String {
    let now = OffsetDateTime::now_utc();
    format!("{:04}-{:02}-{:02}", now.year(), u8::from(now.month()), now.day())
}
