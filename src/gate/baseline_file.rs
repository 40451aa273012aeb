//! The file of a baseline: read, compared with a run, updated. [`baseline`](super::baseline) decides what differs.

use std::{
    collections::BTreeSet,
    env,
    fmt::Write as _,
    fs, io,
    path::{Path, PathBuf},
};

use thiserror::Error;
use time::OffsetDateTime;

use crate::{
    gate::baseline::{Baseline, BaselineError, Differing, SeenDeviations},
    report::{PendingFile, text},
    run::event::CaseReport,
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
    Form(#[from] BaselineError),
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
    seen: SeenDeviations,
}

impl BaselineFile {
    /// Reads a baseline. A missing file that is about to be created (`may_be_missing`) accepts nothing. `update` is the flag or
    /// variable that requests an update, for hints.
    ///
    /// # Errors
    /// The file cannot be read, or is not a baseline.
    pub fn open(path: &Path, may_be_missing: bool, update: &'static str) -> Result<Self, GateError> {
        if cfg!(not(feature = "baseline")) {
            return Err(BaselineError::Unsupported { file: path.display().to_string() }.into());
        }
        let baseline = if may_be_missing && !path.exists() { Baseline::default() } else { read(path, update)?.1 };
        Ok(Self { path: path.to_owned(), update, baseline, seen: SeenDeviations::default() })
    }

    /// Enters a case.
    pub fn enter(&mut self, case: &CaseReport) {
        self.seen.enter(case);
    }

    /// The cases of entries that the run did not include. The caller knows which of them exist.
    #[must_use]
    pub fn unseen(&self) -> BTreeSet<String> {
        self.baseline.unseen(&self.seen)
    }

    /// The differences today. `missing` are the ids of entries that no case has.
    #[must_use]
    pub fn compare(&self, missing: &BTreeSet<String>) -> Vec<Differing> {
        self.baseline.compare(&self.seen, &today(), missing)
    }

    /// The differences of one case alone, whatever was entered.
    #[must_use]
    pub fn compare_case(&self, case: &CaseReport) -> Vec<Differing> {
        let mut seen = SeenDeviations::default();
        seen.enter(case);
        self.baseline.compare(&seen, &today(), &BTreeSet::new())
    }

    /// The baseline.
    #[must_use]
    pub fn baseline(&self) -> &Baseline {
        &self.baseline
    }

    /// The differences as text, each with what to do about it.
    #[must_use]
    pub fn describe(&self, differing: &[Differing]) -> String {
        let path = self.path.display();
        match differing.len() {
            0 => format!("baseline {path}: {} known, nothing differs\n", self.seen.count()),
            1 => format!("baseline {path}: 1 differs\n{}", described(differing, self.update)),
            count => format!("baseline {path}: {count} differ\n{}", described(differing, self.update)),
        }
    }

    /// Writes the deviations of the run to the file, and returns a summary line. Other processes may do the same at the same
    /// time, each for the cases that it ran.
    ///
    /// # Errors
    /// The file is no longer a baseline, or cannot be written.
    pub fn update(&self, missing: &BTreeSet<String>, reason: Option<&str>) -> Result<String, GateError> {
        let failed = |error| GateError::Write { path: self.path.clone(), error };
        let _lock = lock(&self.path).map_err(failed)?;
        let (older, known) = if self.path.exists() {
            let (text, baseline) = read(&self.path, self.update)?;
            (Some(text), baseline)
        } else {
            (None, Baseline::default())
        };
        let baseline = known.updated(&self.seen, missing, reason);
        let file = self.path.display().to_string();
        let text = baseline.text_over(&file, older.as_deref().unwrap_or_default())?;
        if older.as_ref() != Some(&text) {
            PendingFile::replace(&self.path, &text).map_err(failed)?;
        }
        let (added, removed) = (baseline.beyond(&known), known.beyond(&baseline));
        Ok(format!("baseline {}: {}", self.path.display(), entries(&baseline, added, removed)))
    }
}

fn read(path: &Path, update: &'static str) -> Result<(String, Baseline), GateError> {
    let text = fs::read_to_string(path).map_err(|error| GateError::Read { path: path.to_owned(), update, error })?;
    let baseline = Baseline::read(&path.display().to_string(), &text)?;
    Ok((text, baseline))
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

fn entries(baseline: &Baseline, added: usize, removed: usize) -> String {
    let waiting = match baseline.unexplained() {
        0 => String::new(),
        1 => "; 1 has no reason yet, and fails the run until it has one".to_owned(),
        count => format!("; {count} have no reason yet, and fail the run until they have one"),
    };
    let noun = if baseline.len() == 1 { "entry" } else { "entries" };
    format!("{} {noun}, {added} added, {removed} removed{waiting}", baseline.len())
}

/// The differences by kind, each kind with what to do about it.
fn described(differing: &[Differing], update: &str) -> String {
    let mut out = String::new();
    for group in differing.chunk_by(|a, b| a.difference == b.difference) {
        let Some(difference) = group.first().map(|first| first.difference) else { continue };
        // Writing to a string does not fail.
        let _ = writeln!(out, "\n  {} ({})\n  {}", difference.words(), group.len(), difference.advice(update));
        for one in group {
            let _ = writeln!(out, "    {} ({})", one.case, one.code);
            for detail in one.details() {
                let _ = writeln!(out, "      {}", text::line(&detail));
            }
        }
    }
    out
}

fn today() -> String {
    let now = OffsetDateTime::now_utc();
    format!("{:04}-{:02}-{:02}", now.year(), u8::from(now.month()), now.day())
}
